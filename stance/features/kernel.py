"""The compiled kernel: from code points to counts, fingerprints or logits, without a Python object on the way.

Each public function walks a batch of documents that lie one after the other in a buffer of code points, and releases
the GIL. For each document it (1) replaces code points by the normalisation table and cuts the result into words and
tokens (`_read`); (2) hashes tokens and looks up their classes (`_hash_tokens`); (3) finds the fingerprints of every
block's features (`_token_features`, `_char_features`) and looks them up in the vocabulary; (4) counts, weighs and,
when scoring, multiplies with the coefficients. The meaning of the features is `stance.features.blocks`.

Three facts make it fast. The ``char_wb`` n-grams of a word depend on the word alone, so a cache remembers which features
the words seen lately have and what they add up to, and most words cost one look instead of twenty. A feature that occurs
once, as most do, needs no counting: a bit set that fits the innermost cache finds those that occur again. And features
are numbered by falling document frequency (their rank), so that what is needed often lies together.

Arrays that several functions share
-----------------------------------
codes : (n_codes,) uint32
    The code points of all documents, NFKC already.
bounds : (n_documents, 2) int64
    Document `d` is ``codes[bounds[d, 0]:bounds[d, 1]]``.
char_table : (1114112,) uint32
    What each code point becomes: bits 0-20 a code point, 21-22 its class (`IS_WORD`, `IS_SPACE`); or, with bit 23 set,
    bits 0-20 an index into `long_start`.
long_start, long_codes : (n + 1,) and (m,) uint32
    Replacements that are not exactly one code point: number `i` is ``long_codes[long_start[i]:long_start[i + 1]]``,
    each with its class bits.
starts, entries, bits : (2**bits + 1,) uint32, (n,) uint64, uint64
    A packed table from fingerprints to numbers, see `lookup`: of the vocabulary (to ranks), and as `lex_starts`,
    `lex_entries`, `lex_bits` of the lexicon's forms (to class numbers, from 1).
class_role : (n_classes + 1,) int8, class_hash : (n_classes + 1,) uint64
    The role of each class (`CUE`, `MASK`, `MARK`) and the hash of its bracketed name. Number 0 is no class.
class_group : (n_classes + 1,) uint64
    The hash of the bracketed name of each class's group, 0 where the class is a group by itself.
number : int
    The class of digits (0: none).
blocks : (n_blocks, 6) int64
    Per block: analyser, shortest and longest n-gram, token form, window, 0.
seeds : (n_blocks,) uint64
    The blocks' seeds.
counts : (n_features + 1,) int32
    All zero between documents.
seen : (2**n,) uint64
    A bit a feature (see `_bit_place`), all zero between documents.
cache : (2**CACHE_BITS, 4 m) uint64, cache_sums : the same memory as float32
    The word cache. A word can be in either of two rows (see `cache_row`), which lie together. Column 0 is its hash (0:
    none), column 1 where its features begin in `arena` (high half) and end (low half); from column 4 of `cache_sums` on
    there are, per ``char_wb`` block, the sums of their rows of `table`.
arena : (CACHE_ARENA,) int32, used : (1,) int64
    Features of remembered words, as ranks, and how much of the arena is taken. When it is full all is forgotten.
"""

# The types of compiled functions are numba's affair.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator,assignment,misc"

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from stance.compiling import compiled
from stance.features.hashing import FOLD as _FOLD
from stance.features.hashing import START as _START
from stance.features.hashing import STEP as _STEP
from stance.features.hashing import text_hash

CHAR_WB, WORD_NGRAM, CUE_PAIR, OUTLINE, CLASS_NGRAM, CUE_CLASS, CLASS_PAIR = 0, 1, 2, 3, 4, 5, 6
SURFACE, STEM, MASKED = 0, 1, 2
CUE, MASK, MARK = 1, 2, 3
IS_WORD, IS_SPACE = 1, 2
CLASS_SHIFT, LONG_BIT, CODE_MASK = 21, 1 << 23, (1 << 21) - 1
CACHE_BITS, CACHE_ARENA, CACHED_WORD = 18, 1 << 22, 48

START, STEP, FOLD = np.uint64(_START), np.uint64(_STEP), np.uint64(_FOLD)
U64 = np.uint64  # also of indices in the hottest loops: unsigned ones spare the test for negative ones
ZERO, ONE, TWO, HALF, WHOLE, LOW_HALF = U64(0), U64(1), U64(2), U64(32), U64(64), U64(0xFFFFFFFF)
THREE, FOUR = U64(3), U64(4)
BEFORE, AFTER, BESIDE = np.uint64(text_hash("<")), np.uint64(text_hash(">")), np.uint64(text_hash("&"))
_WORDS = ("count", "first", "order", "place", "before")
W_COUNT, W_FIRST, W_ORDER, W_PLACE, W_BEFORE = (np.uint64(text_hash(w)) for w in _WORDS)
DIGIT_HASH = np.array([text_hash(str(n)) for n in range(10)], dtype=np.uint64)


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the line of memory of ``array[index]`` (first axis), so that it is near when it is read."""

    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, number = ir.IntType(8), ir.IntType(32)
        stride = builder.extract_value(view.strides, 0)
        where = builder.gep(builder.bitcast(view.data, byte.as_pointer()), [builder.mul(arguments[1], stride)])
        pointer = byte.as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer], kind)
        builder.call(function, [where, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@compiled
def step(state, code):
    """Take one code point into a text hash."""
    state = (state ^ np.uint64(code)) * STEP
    return state ^ (state >> HALF)


@compiled
def fold(state, part):
    """Take the hash of one part into a fingerprint."""
    state = (state ^ part) * FOLD
    return state ^ (state >> HALF)


@compiled
def lookup(key, starts, entries, bits):
    """Return the number that belongs to a key in a packed table, or -1 (`engine.packed_table` builds it).

    The leading `bits` of a key say in which bucket it is: ``entries[starts[b]:starts[b + 1]]``, mostly none, one or two.
    An entry holds the other bits of its key, then its number, so that eight bytes tell a key from every other.
    """
    bucket = key >> (WHOLE - bits)
    tail = key << bits
    first, last = U64(starts[bucket]), U64(starts[bucket + ONE])
    mask = (ONE << bits) - ONE
    one, two = entries[first], entries[first + ONE]  # there are two more entries than keys
    # No branch that a processor could guess wrong:
    found = np.int64(one & mask) if (first < last) & ((one ^ tail) >> bits == ZERO) else np.int64(-1)
    found = np.int64(two & mask) if (first + ONE < last) & ((two ^ tail) >> bits == ZERO) else found
    if first + TWO < last:
        for i in range(first + TWO, last):
            if (entries[i] ^ tail) >> bits == ZERO:
                return np.int64(entries[i] & mask)
    return found


@compiled
def grown(array, size):
    """Return the array, or a copy of at least twice its length that holds `size` items."""
    if size <= array.size:
        return array
    larger = np.empty(max(size, 2 * array.size), dtype=array.dtype)
    larger[: array.size] = array
    return larger


@compiled
def find_uncomposed(codes, bounds, quick):
    """Tell which documents may have to be brought to NFKC: (n_documents,) bool, true if in doubt.

    `quick` (n,) uint8 says of the first code points: 0 stands by itself; 255 must be looked at; any other number is a
    combining class, and the classes of a run of marks must not fall. All further code points must be looked at.
    """
    doubtful = np.zeros(bounds.shape[0], np.bool_)
    for d in range(bounds.shape[0]):
        last = np.uint8(0)
        for c in range(U64(bounds[d, 0]), U64(bounds[d, 1])):
            kind = quick[codes[c]] if codes[c] < quick.size else np.uint8(255)
            if kind != 0 and (kind == 255 or kind < last):
                doubtful[d] = True
                break
            last = kind
    return doubtful


@compiled
def _read(codes, lo, hi, char_table, long_start, long_codes, cache, text, words, word_hash, tokens):
    """Normalise one document and cut it.

    Returns the arrays (perhaps grown) and how much of them is used: `text` uint32, the words with one space before,
    between and after; `words` int64, start and stop of each word in `text`, flat; `word_hash` uint64, a hash of each;
    `tokens` like `words` for the tokens (runs of two or more word characters).
    """
    text = grown(text, hi - lo + 2)
    end = ONE
    for c in range(U64(lo), U64(hi)):
        entry = char_table[codes[c]]
        if entry & np.uint32(LONG_BIT):
            which = entry & np.uint32(CODE_MASK)
            first, last = U64(long_start[which]), U64(long_start[which + np.uint32(1)])
            text = grown(text, np.int64(end) + (hi - np.int64(c)) + np.int64(last - first) + 2)
            for e in range(first, last):
                text[end] = long_codes[e]
                end += ONE
        else:
            text[end] = entry
            end += ONE
    # A word or token has at least one character and one that ends it, so these are large enough.
    size = np.int64(end) + 2
    words, word_hash, tokens = grown(words, size), grown(word_hash, size // 2), grown(tokens, size)
    # Cut in place: what is written never overtakes what is read.
    space = np.uint32(32)
    text[ZERO] = space
    n, word_start, token_start, n_words, n_tokens = ONE, ONE, ONE, ZERO, ZERO  # the last two count numbers, two each
    state = START
    for i in range(ONE, end):
        code = text[i] & np.uint32(CODE_MASK)
        kind = text[i] >> np.uint32(CLASS_SHIFT)
        if kind == IS_WORD:
            text[n] = code
            n += ONE
            state = step(state, code)
            continue
        if n > token_start + ONE:
            tokens[n_tokens], tokens[n_tokens + ONE] = token_start, n
            n_tokens += TWO
        if kind != IS_SPACE:
            text[n] = code
            n += ONE
            state = step(state, code)
        elif n > word_start:
            prefetch(cache, np.int64(cache_row(state)))
            words[n_words], words[n_words + ONE], word_hash[n_words >> ONE] = word_start, n, state
            n_words += TWO
            text[n] = space
            n += ONE
            state = START
            word_start = n
        token_start = n
    if n > token_start + ONE:
        tokens[n_tokens], tokens[n_tokens + ONE] = token_start, n
        n_tokens += TWO
    if n > word_start:
        prefetch(cache, np.int64(cache_row(state)))
        words[n_words], words[n_words + ONE], word_hash[n_words >> ONE] = word_start, n, state
        n_words += TWO
        text[n] = space
    return text, words, word_hash, np.int64(n_words >> ONE), tokens, np.int64(n_tokens >> ONE)


WAW, FEH, ALEF, LAM, BEH, KAF, SEEN = 0x648, 0x641, 0x627, 0x644, 0x628, 0x643, 0x633


@compiled
def _clitics(text, start, stop):
    """Return how many characters of prefixed clitics a token has (twin of `lexicon.clitic_length`)."""
    n = stop - start
    i = 1 if n > 3 and (text[start] == WAW or text[start] == FEH) else 0
    if n - i <= 4:
        return i
    a, b, c = text[start + i], text[start + i + 1], text[start + i + 2]
    if (a == ALEF or a == LAM) and b == LAM:
        return i + 2
    if (a == BEH or a == KAF or a == LAM) and b == ALEF and c == LAM:
        return i + 3
    if a == BEH or a == LAM or a == SEEN:
        return i + 1
    return i


@compiled
def _hash_tokens(text, tokens, n_tokens, lexicon, hashes, kinds):
    """Hash every token in its three forms and look up its class.

    `hashes` is flat uint64, three a token (`SURFACE`, `STEM`, `MASKED`); `kinds` int16, the class number of each.
    """
    lex_starts, lex_entries, lex_bits, class_role, class_hash, _, number = lexicon
    hashes = grown(hashes, 3 * n_tokens + 3)
    kinds = grown(kinds, n_tokens + 1)
    for t in range(n_tokens):
        start, stop = tokens[2 * t], tokens[2 * t + 1]
        surface = START
        digits = True
        for i in range(start, stop):
            surface = step(surface, text[i])
            digits = digits and 48 <= text[i] <= 57
        cut = _clitics(text, start, stop)
        stemmed = surface
        if cut:
            stemmed = START
            for i in range(start + cut, stop):
                stemmed = step(stemmed, text[i])
        kind = 0
        if digits and number:
            kind = number
        elif lex_entries.size:
            found = lookup(surface, lex_starts, lex_entries, lex_bits)
            if found < 0 and cut:
                found = lookup(stemmed, lex_starts, lex_entries, lex_bits)
            kind = max(found, 0)
        kinds[t] = kind
        hashes[3 * t] = surface
        hashes[3 * t + 1] = stemmed
        hashes[3 * t + 2] = class_hash[kind] if class_role[kind] == MASK else stemmed
    return hashes, kinds


@compiled
def classes_in(kinds, n, n_classes):
    """Return the numbers of the classes that the first `n` tokens have, each once, in order; int64."""
    there = np.zeros(n_classes, np.bool_)
    for t in range(n):
        there[kinds[t]] = True
    there[0] = False  # no class
    return np.flatnonzero(there)


@compiled
def _token_features(block, seed, hashes, kinds, n_tokens, lexicon, prints, where):
    """Find the fingerprints of one block that works on tokens.

    Returns `prints` uint64, `where` int64 (two a feature: token and length for ``word``, ordinal and 0 otherwise) and
    how many there are.
    """
    kind, shortest, longest, form, window = block[0], block[1], block[2], block[3], block[4]
    _, _, _, class_role, class_hash, class_group, _ = lexicon
    n = 0
    if kind == WORD_NGRAM:
        size = n_tokens * (longest - shortest + 1) + 1
        prints, where = grown(prints, size), grown(where, 2 * size)
        for first in range(n_tokens):
            state = seed
            for length in range(1, min(longest, n_tokens - first) + 1):
                state = fold(state, hashes[3 * (first + length - 1) + form])
                if length >= shortest:
                    prints[n] = state
                    where[2 * n], where[2 * n + 1] = first, length
                    n += 1
        return prints, where, n
    if kind == CUE_PAIR:
        for cue in range(n_tokens):
            if class_role[kinds[cue]] != CUE:
                continue
            prints, where = grown(prints, n + 4 * window), grown(where, 2 * (n + 4 * window))
            by_token = fold(seed, hashes[3 * cue + form])
            by_class = fold(seed, class_hash[kinds[cue]])
            for other in range(max(0, cue - window), min(n_tokens, cue + window + 1)):
                if other == cue:
                    continue
                side = BEFORE if other < cue else AFTER
                neighbour = hashes[3 * other + form]
                prints[n] = fold(fold(by_token, side), neighbour)
                prints[n + 1] = fold(fold(by_class, side), neighbour)
                n += 2
    elif kind == CLASS_NGRAM:
        size = n_tokens * (longest - shortest + 1) + 1
        prints, where = grown(prints, size), grown(where, 2 * size)
        for first in range(n_tokens):
            if not kinds[first]:
                continue
            state, length = seed, 0
            for t in range(first, n_tokens):
                if not kinds[t]:
                    continue
                state = fold(state, class_hash[kinds[t]])
                length += 1
                if length >= shortest:
                    prints[n] = state
                    n += 1
                if length == longest:
                    break
    elif kind == CUE_CLASS:
        for cue in range(n_tokens):
            if class_role[kinds[cue]] != CUE:
                continue
            prints, where = grown(prints, n + 6 * window), grown(where, 2 * (n + 6 * window))
            by_token = fold(seed, hashes[3 * cue + form])
            by_class = fold(seed, class_hash[kinds[cue]])
            group = class_group[kinds[cue]]
            by_group = fold(seed, group)
            for other in range(max(0, cue - window), min(n_tokens, cue + window + 1)):
                if other == cue or not kinds[other]:
                    continue
                side = BEFORE if other < cue else AFTER
                neighbour = class_hash[kinds[other]]
                prints[n] = fold(fold(by_token, side), neighbour)
                prints[n + 1] = fold(fold(by_class, side), neighbour)
                n += 2
                if group:
                    prints[n] = fold(fold(by_group, side), neighbour)
                    n += 1
    elif kind == CLASS_PAIR:
        n_classes = class_role.size
        there = classes_in(kinds, n_tokens, n_classes)
        prints, where = grown(prints, 2 * there.size * there.size), grown(where, 4 * there.size * there.size)
        for groups in range(2):
            for i in range(there.size):
                c = there[i]
                if class_role[c] != CUE:
                    continue
                centre = class_hash[c]
                if groups:
                    centre = class_group[c]
                    for earlier in there[:i]:
                        if class_role[earlier] == CUE and class_group[earlier] == centre:
                            centre = U64(0)
                    if not centre:
                        continue
                state = fold(fold(seed, centre), BESIDE)
                for other in there:
                    if class_hash[other] != centre:
                        prints[n] = fold(state, class_hash[other])
                        n += 1
    else:
        prints, where = grown(prints, 16 + class_role.size), grown(where, 2 * (16 + class_role.size))
        first, count = -1, 0
        order = fold(seed, W_ORDER)
        for t in range(n_tokens):
            if class_role[kinds[t]] == CUE:
                if first < 0:
                    first = t
                if count < 3:
                    order = fold(order, class_hash[kinds[t]])
                count += 1
        prints[0] = fold(fold(seed, W_COUNT), DIGIT_HASH[min(count, 4)])
        n = 1
        if first >= 0:
            name = class_hash[kinds[first]]
            prints[1] = fold(fold(seed, W_FIRST), name)
            prints[2] = fold(fold(seed, W_FIRST), hashes[3 * first + form])
            prints[3] = order
            prints[4] = fold(fold(fold(seed, W_PLACE), name), DIGIT_HASH[min(first // 4, 5)])
            n = 5
            for c in classes_in(kinds, first, class_role.size):  # before the first cue there are none but masks and marks
                prints[n] = fold(fold(fold(seed, W_BEFORE), name), class_hash[c])
                n += 1
    for i in range(n):
        where[2 * i], where[2 * i + 1] = i, 0
    return prints, where, n


@compiled
def _char_features(shortest, longest, seed, text, start, stop, prints):
    """Find the ``char_wb`` fingerprints of one word, ``text[start:stop]`` (a space stands on either side).

    Returns `prints` (perhaps grown) and how many there are.
    """
    lo, hi = U64(start - 1), U64(stop + 1)
    size = stop - start + 2
    if size <= shortest:  # a word that is too short is counted once
        state = START
        for i in range(lo, hi):
            state = step(state, text[i])
        prints[ZERO] = fold(seed, state)
        return prints, 1
    prints = grown(prints, size * (longest - shortest + 1))
    n = ZERO
    for first in range(lo, hi - U64(shortest) + ONE):
        state = START
        for i in range(first, first + U64(shortest) - ONE):
            state = step(state, text[i])
        for i in range(first + U64(shortest) - ONE, min(first + U64(longest), hi)):
            state = step(state, text[i])
            prints[n] = fold(seed, state)
            n += ONE
    return prints, np.int64(n)


@compiled
def _char_places(shortest, longest, start, stop, where, n):
    """Append where the features stand that `_char_features` finds: begin and length, two numbers each."""
    lo, hi = start - 1, stop + 1
    size = hi - lo
    where = grown(where, n + 2 * size * (longest - shortest + 1) + 2)
    if size <= shortest:
        where[n], where[n + 1] = lo, size
        return where, n + 2
    for first in range(lo, hi - shortest + 1):
        for length in range(shortest, min(longest, hi - first) + 1):
            where[n], where[n + 1] = first, length
            n += 2
    return where, n


@compiled
def buffers():
    """Return empty `text`, `words`, `word_hash` and `tokens` for `_read`, which grows them."""
    return np.empty(4096, np.uint32), np.empty(1024, np.int64), np.empty(512, np.uint64), np.empty(1024, np.int64)


@compiled
def more_buffers():
    """Return empty `hashes`, `kinds`, `prints` and `where` for the functions that find features."""
    return np.empty(1024, np.uint64), np.empty(512, np.int16), np.empty(4096, np.uint64), np.empty(8192, np.int64)


@compiled
def _find(prints, n, vocabulary, found, end):
    """Look up `n` fingerprints and append the ranks of those that the vocabulary has to `found`; return its new end.

    The lines of memory that are needed are all asked for before the first is used.
    """
    starts, entries, bits = vocabulary
    shift, to = WHOLE - bits, U64(end)
    for i in range(U64(n)):
        prefetch(starts, np.int64(prints[i] >> shift))
    for i in range(U64(n)):
        prefetch(entries, np.int64(starts[prints[i] >> shift]))
    for i in range(U64(n)):
        feature = lookup(prints[i], starts, entries, bits)
        found[to] = feature
        to += U64(feature >= 0)
    return np.int64(to)


@compiled
def _add_rows(table, features, begin, end, column, sums, at):
    """Add four columns of some rows of `table`, beginning with `column`, to ``sums[at:at + 4]``."""
    a = b = c = d = 0.0
    for i in range(U64(begin), U64(end)):
        feature = np.uint32(features[i])
        a += table[feature, column]
        b += table[feature, column + ONE]
        c += table[feature, column + TWO]
        d += table[feature, column + THREE]
    sums[at] += a
    sums[at + ONE] += b
    sums[at + TWO] += c
    sums[at + THREE] += d


@compiled
def cache_row(key):
    """Return the first of the two rows of the word cache in which a word can be."""
    return (key >> np.uint64(64 - CACHE_BITS)) & ~ONE


@compiled
def _analyse_word(text, start, stop, blocks, seeds, char_blocks, vocabulary, table, arena, end, sums, prints):
    """Append the ``char_wb`` features of one word to `arena` and put the sums of their rows of `table` into `sums`.

    Returns the new end of the arena, and `prints` (perhaps grown).
    """
    at = ZERO
    sums[:] = 0.0
    for b in char_blocks:
        prints, n = _char_features(blocks[b, 1], blocks[b, 2], seeds[b], text, start, stop, prints)
        first = end
        end = _find(prints, n, vocabulary, arena, end)
        for i in range(first, end):
            prefetch(table, np.int64(arena[i]))
        for column in range(ZERO, U64(table.shape[1]), FOUR):
            _add_rows(table, arena, first, end, column, sums, at)
            at += FOUR
    return end, prints


@compiled
def _recall_words(text, words, word_hash, n_words, blocks, seeds, char_blocks, vocabulary, table, cache, cache_sums, arena, used, prints, spans, total):
    """Find the ``char_wb`` features of every word of a document, by way of the word cache.

    Returns `arena`, `prints` and `spans` (perhaps grown or replaced). The features of word `w`, as ranks, are
    ``arena[spans[2 * w]:spans[2 * w + 1]]``, repeats included. What they add up to, each occurrence with the weight of
    a first one, is added to `total` (see `score_documents`).
    """
    width = table.shape[1]
    spans = grown(spans, 2 * n_words + 2)
    room = 0  # more than all features of the document can take
    for b in char_blocks:
        room += (words[2 * n_words - 1] + n_words + 2) * (blocks[b, 2] - blocks[b, 1] + 1)
    remember = room <= arena.size
    end = 0
    if not remember:
        arena = np.empty(room, np.int32)
    elif used[0] + room > arena.size:
        cache[:, 0] = ZERO
    else:
        end = used[0]
    n_sums = U64(char_blocks.size * width)
    sums, char_total = np.empty(n_sums, np.float32), np.zeros(n_sums)
    for w in range(U64(n_words)):
        key = word_hash[w] | ONE
        row = cache_row(key)
        if cache[row, ZERO] != key:
            row |= ONE
        if remember and cache[row, ZERO] == key:
            begin, stop = cache[row, ONE] >> HALF, cache[row, ONE] & LOW_HALF
            spans[TWO * w], spans[TWO * w + ONE] = begin, stop
            prefetch(arena, np.int64(begin))
            prefetch(arena, np.int64(begin) + 16)
            for k in range(n_sums):
                char_total[k] += cache_sums[row, k + FOUR]
            continue
        begin, start, stop = U64(end), words[TWO * w], words[TWO * w + ONE]
        end, prints = _analyse_word(
            text, start, stop, blocks, seeds, char_blocks, vocabulary, table, arena, end, sums, prints
        )
        spans[TWO * w], spans[TWO * w + ONE] = begin, end
        for k in range(n_sums):
            char_total[k] += sums[k]
        if remember and stop - start <= CACHED_WORD:
            row = cache_row(key)
            for k in range(U64(cache.shape[1])):  # the older of two goes
                cache[row | ONE, k] = cache[row, k]
            cache[row, ZERO], cache[row, ONE] = key, begin << HALF | U64(end)
            for k in range(n_sums):
                cache_sums[row, k + FOUR] = sums[k]
    at = 0
    for b in char_blocks:
        for k in range(width):
            total[b, k] += char_total[at]
            at += 1
    if remember:
        used[0] = end
    return arena, prints, spans


@compiled
def _bit_place(seen):
    """Return `mask` and `shift`: feature `f` has bit ``f >> shift`` of ``seen[f & mask]``.

    So neighbours in rank, which often follow each other, do not wait for each other's word to be written.
    """
    mask = np.uint64(seen.size - 1)
    shift = ZERO
    while mask >> shift:
        shift += ONE
    return mask, shift


@compiled
def _note(features, spans, n_spans, seen, again, n_again):
    """Mark the features in `n_spans` spans of `features` in the bit set `seen`; append to `again` those marked already.

    Returns `again` (perhaps grown), how much of it is used, and how many features there were.
    """
    size = 0
    for s in range(n_spans):
        size += spans[2 * s + 1] - spans[2 * s]
    again = grown(again, n_again + size + 1)
    mask, shift = _bit_place(seen)
    n = U64(n_again)
    for s in range(U64(n_spans)):
        for i in range(U64(spans[s * TWO]), U64(spans[s * TWO + ONE])):
            feature = np.uint32(features[i])
            at, bit = feature & mask, feature >> shift
            before = seen[at]
            seen[at] = before | (ONE << bit)
            again[n] = feature
            n += (before >> bit) & ONE
    return again, np.int64(n), size


@compiled
def _forget(features, spans, n_spans, seen):
    """Undo the marks of `_note`."""
    mask, _ = _bit_place(seen)
    for s in range(U64(n_spans)):
        for i in range(U64(spans[s * TWO]), U64(spans[s * TWO + ONE])):
            seen[np.uint32(features[i]) & mask] = ZERO


@compiled
def _extra(count, linear, norm):
    """Return what a feature that occurs `count` times weighs beyond `count` first occurrences: logit, norm."""
    weight = float(count) if linear else 1.0 + np.log(float(count))
    return weight - count, (weight * weight if norm == 2 else weight) - count


@compiled
def extra_weights(block_rules, n):
    """Return `_extra` of the counts below `n` for every block, (n_blocks, n, 2) float64."""
    extra = np.zeros((block_rules.shape[0], n, 2))
    for b in range(block_rules.shape[0]):
        for count in range(1, n):
            extra[b, count, 0], extra[b, count, 1] = _extra(count, block_rules[b, 0] == 0, block_rules[b, 1])
    return extra


@compiled
def score_documents(codes, bounds, char_tables, lexicon, blocks, seeds, vocabulary, scratch, table, feature_block, block_rules, block_weight, extra, logits):
    """Compute the logits of a batch of documents.

    Most features occur once in a document. So each occurrence is first taken for a first one, which makes the sums of a
    word something that can be remembered; then the few features that do occur again are put right.

    Parameters
    ----------
    codes, bounds
        See the module.
    char_tables : (char_table, long_start, long_codes)
    lexicon : (lex_starts, lex_entries, lex_bits, class_role, class_hash, number)
    blocks, seeds
        See the module.
    vocabulary : (starts, entries, bits)
    scratch : (counts, seen, cache, cache_sums, arena, used)
        Working memory of one thread, see the module.
    table : (n_features, 4 m) float32
        By rank, what one occurrence adds: to the norm (squared idf for l2, else idf), and to the logit of each label
        (idf times coefficient); then columns of zeros, so that four can be added at a time.
    feature_block : (n_features,) uint8
        By rank: the block.
    block_rules : (n_blocks, 2) int64
        Per block: 1 if sublinear; norm 0 none, 1 l1, 2 l2.
    block_weight : (n_blocks,) float64
    extra : (n_blocks, n, 2) float64
        `_extra` of the first `n` counts.
    logits : (n_documents, n_labels) float64
        Filled; it comes in holding the intercepts.
    """
    char_table, long_start, long_codes = char_tables
    counts, seen, cache, cache_sums, memory, used = scratch
    text, words, word_hash, tokens = buffers()
    hashes, kinds, prints, where = more_buffers()
    spans, found, again = np.empty(1024, np.int64), np.empty(1024, np.int32), np.empty(4096, np.int32)
    whole = np.zeros(2, np.int64)
    n_blocks, width = blocks.shape[0], table.shape[1]
    char_blocks, token_blocks = np.flatnonzero(blocks[:, 0] == CHAR_WB), np.flatnonzero(blocks[:, 0] != CHAR_WB)
    total = np.zeros((n_blocks, width))
    for d in range(bounds.shape[0]):
        text, words, word_hash, n_words, tokens, n_tokens = _read(
            codes, bounds[d, 0], bounds[d, 1], char_table, long_start, long_codes, cache, text, words, word_hash, tokens
        )
        total[:] = 0.0
        n_again, n_found, n_marked = 0, 0, 0
        arena = memory
        if char_blocks.size and n_words:
            arena, prints, spans = _recall_words(
                text, words, word_hash, n_words, blocks, seeds, char_blocks, vocabulary, table,
                cache, cache_sums, memory, used, prints, spans, total,
            )  # fmt: skip
            again, n_again, n_marked = _note(arena, spans, n_words, seen, again, n_again)
        if token_blocks.size:
            hashes, kinds = _hash_tokens(text, tokens, n_tokens, lexicon, hashes, kinds)
            for b in token_blocks:
                prints, where, n = _token_features(blocks[b], seeds[b], hashes, kinds, n_tokens, lexicon, prints, where)
                found = grown(found, n_found + n + 1)
                first, n_found = n_found, _find(prints, n, vocabulary, found, n_found)
                for column in range(ZERO, U64(width), FOUR):
                    _add_rows(table, found, first, n_found, column, total[b], column)
            whole[1] = n_found
            again, n_again, _ = _note(found, whole, 1, seen, again, n_again)
        # Bring the bit set back to zero, in the cheaper of two ways.
        if n_marked + n_found > seen.size // 8:
            for i in range(seen.size):
                seen[i] = ZERO
        else:
            if char_blocks.size:
                _forget(arena, spans, n_words, seen)
            _forget(found, whole, 1, seen)
        n_repeated = ZERO  # features that occur again, each once
        for i in range(U64(n_again)):
            feature = np.uint32(again[i])
            before = counts[feature]
            counts[feature] = before + 1
            again[n_repeated] = feature
            n_repeated += U64(before == 0)
        for i in range(n_repeated):
            feature = np.uint32(again[i])
            count = U64(counts[feature]) + ONE
            counts[feature] = 0
            b = feature_block[feature]
            if count < extra.shape[1]:
                more, more_norm = extra[b, count, ZERO], extra[b, count, ONE]
            else:
                more, more_norm = _extra(np.int64(count), block_rules[b, 0] == 0, block_rules[b, 1])
            total[b, ZERO] += more_norm * table[feature, ZERO]
            total[b, ONE] += more * table[feature, ONE]
            total[b, TWO] += more * table[feature, TWO]
            total[b, THREE] += more * table[feature, THREE]
            for k in range(FOUR, U64(width)):
                total[b, k] += more * table[feature, k]
        for b in range(n_blocks):
            if total[b, 0] > 0.0:
                length = 1.0
                if block_rules[b, 1] == 2:
                    length = np.sqrt(total[b, 0])
                elif block_rules[b, 1] == 1:
                    length = total[b, 0]
                for k in range(1, logits.shape[1] + 1):
                    logits[d, k - 1] += block_weight[b] * total[b, k] / length


@compiled
def count_documents(codes, bounds, char_tables, lexicon, blocks, seeds, vocabulary, scratch, table):
    """Count the vocabulary's features in a batch of documents.

    Returns the counts as compressed sparse rows: `indptr` (n_documents + 1,) int64, `indices` int32 (ranks, in the
    order of first occurrence) and `data` int32. Parameters as in `score_documents`; `table` has no columns.
    """
    char_table, long_start, long_codes = char_tables
    starts, entries, bits = vocabulary
    counts, _, cache, cache_sums, memory, used = scratch
    text, words, word_hash, tokens = buffers()
    hashes, kinds, prints, where = more_buffers()
    spans = np.empty(1024, np.int64)
    n_blocks = blocks.shape[0]
    char_blocks, token_blocks = np.flatnonzero(blocks[:, 0] == CHAR_WB), np.flatnonzero(blocks[:, 0] != CHAR_WB)
    total = np.zeros((n_blocks, table.shape[1]))
    indptr = np.zeros(bounds.shape[0] + 1, np.int64)
    indices, data = np.empty(1 << 16, np.int32), np.empty(1 << 16, np.int32)
    n_out = 0
    for d in range(bounds.shape[0]):
        text, words, word_hash, n_words, tokens, n_tokens = _read(
            codes, bounds[d, 0], bounds[d, 1], char_table, long_start, long_codes, cache, text, words, word_hash, tokens
        )
        first = n_out
        if char_blocks.size and n_words:
            arena, prints, spans = _recall_words(
                text, words, word_hash, n_words, blocks, seeds, char_blocks, vocabulary, table,
                cache, cache_sums, memory, used, prints, spans, total,
            )  # fmt: skip
            for w in range(n_words):
                begin, end = spans[2 * w], spans[2 * w + 1]
                indices = grown(indices, n_out + (end - begin) + 1)
                for i in range(begin, end):
                    feature = np.uint32(arena[i])
                    before = counts[feature]
                    counts[feature] = before + 1
                    indices[n_out] = feature
                    n_out += np.int64(before == 0)
        if token_blocks.size:
            hashes, kinds = _hash_tokens(text, tokens, n_tokens, lexicon, hashes, kinds)
            for b in token_blocks:
                prints, where, n = _token_features(blocks[b], seeds[b], hashes, kinds, n_tokens, lexicon, prints, where)
                indices = grown(indices, n_out + n + 1)
                for i in range(n):
                    feature = lookup(prints[i], starts, entries, bits)
                    if feature >= 0:
                        before = counts[feature]
                        counts[feature] = before + 1
                        indices[n_out] = feature
                        n_out += np.int64(before == 0)
        data = grown(data, indices.size)
        for i in range(first, n_out):
            feature = np.uint32(indices[i])
            data[i] = counts[feature]
            counts[feature] = 0
        indptr[d + 1] = n_out
    return indptr, indices[:n_out].copy(), data[:n_out].copy()


@compiled
def _rehash(keys, new_keys, slots, new_slots):
    mask = np.uint64(new_keys.size - 1)
    for i in range(keys.size):
        if slots[i] >= 0:
            at = keys[i] & mask
            while new_slots[np.int64(at)] >= 0:
                at = (at + ONE) & mask
            new_keys[np.int64(at)] = keys[i]
            new_slots[np.int64(at)] = slots[i]


@compiled
def learn_vocabulary(codes, bounds, first, char_tables, lexicon, blocks, seeds, bits, learnt):
    """Collect the distinct features of a batch of documents, beside those of earlier batches.

    `first` int64 is the number of the batch's first document; `bits` uint64 is a mask on the fingerprints, all ones but
    in the tests of collisions; `learnt` is what the call for the batch before returned, or `engine.nothing_learnt`.

    Returns
    -------
    slot_key : (2**n,) uint64, slots : (2**n,) int32
        An open hash table from fingerprints to numbers of features, -1 where nothing is.
    entry_key : (m,) uint64
        By number, in the order of first occurrence: the fingerprint. This and the following are used as far as `size`.
    entry_block : (m,) uint8
        The block.
    stats : (m, 5) int32
        Documents that have it, last document, first document, and where in it (two numbers, see `_token_features` and
        `_char_features`).
    occurrences : (m,) int64
    size : int64
        How many features there are.
    """
    char_table, long_start, long_codes = char_tables
    slot_key, slots, entry_key, entry_block, stats, occurrences, size = learnt
    text, words, word_hash, tokens = buffers()
    cache, word_prints = np.zeros((0, 2), np.uint64), np.empty(4096, np.uint64)
    hashes, kinds, prints, where = more_buffers()
    for d in range(bounds.shape[0]):
        text, words, word_hash, n_words, tokens, n_tokens = _read(
            codes, bounds[d, 0], bounds[d, 1], char_table, long_start, long_codes, cache, text, words, word_hash, tokens
        )
        hashes, kinds = _hash_tokens(text, tokens, n_tokens, lexicon, hashes, kinds)
        document = np.int32(first + d)
        for b in range(blocks.shape[0]):
            if blocks[b, 0] == CHAR_WB:
                n, n_where = 0, 0
                for w in range(n_words):
                    start, stop = words[2 * w], words[2 * w + 1]
                    word_prints, n_word = _char_features(
                        blocks[b, 1], blocks[b, 2], seeds[b], text, start, stop, word_prints
                    )
                    where, n_where = _char_places(blocks[b, 1], blocks[b, 2], start, stop, where, n_where)
                    prints = grown(prints, n + n_word)
                    prints[n : n + n_word] = word_prints[:n_word]
                    n += n_word
            else:
                prints, where, n = _token_features(
                    blocks[b], seeds[b], hashes, kinds, n_tokens, lexicon, prints, where
                )
            for i in range(n):
                key = prints[i] & bits
                mask = np.uint64(slots.size - 1)
                at = np.int64(key & mask)
                while slots[at] >= 0 and slot_key[at] != key:
                    at = (at + 1) & np.int64(mask)
                entry = np.int64(slots[at])
                if entry < 0:
                    entry = size
                    size += 1
                    if size > entry_key.size:
                        entry_key, entry_block = grown(entry_key, size), grown(entry_block, size)
                        occurrences = grown(occurrences, size)
                        more = np.empty((entry_key.size, 5), np.int32)
                        more[: stats.shape[0]] = stats
                        stats = more
                    slot_key[at], slots[at] = key, entry
                    entry_key[entry], entry_block[entry], occurrences[entry] = key, b, 1
                    stats[entry, 0], stats[entry, 1], stats[entry, 2] = 1, document, document
                    stats[entry, 3], stats[entry, 4] = where[2 * i], where[2 * i + 1]
                    if 2 * size > slots.size:
                        new_key, new_slots = np.zeros(2 * slots.size, np.uint64), np.full(2 * slots.size, -1, np.int32)
                        _rehash(slot_key, new_key, slots, new_slots)
                        slot_key, slots = new_key, new_slots
                else:
                    occurrences[entry] += 1
                    if stats[entry, 1] != document:
                        stats[entry, 0] += 1
                        stats[entry, 1] = document
    return slot_key, slots, entry_key, entry_block, stats, occurrences, size


@compiled
def weigh_rows(indptr, indices, counts, feature_block, idf, damped, block_rules, block_weight, values):
    """Turn counts in compressed sparse rows into TF-IDF values (twin of `FeatureSpace.weigh_plainly`).

    Parameters
    ----------
    indptr : (n_rows + 1,) int64, indices : (n,) int32, counts : (n,) unsigned
    feature_block : (n_features,) uint8
        The block of each feature, numbered as in `indices`.
    idf : (n_features,) float64
    damped : (largest count + 1,) float64
        What a count becomes where the block is sublinear.
    block_rules : (n_blocks, 2) int64, block_weight : (n_blocks,) float64
        As in `score_documents`.
    values : (n,) float64 or float32
        Filled.
    """
    length = np.zeros(block_rules.shape[0])
    for r in range(indptr.size - 1):
        length[:] = 0.0
        for i in range(U64(indptr[r]), U64(indptr[r + 1])):
            feature = np.uint32(indices[i])
            b = feature_block[feature]
            value = (damped[counts[i]] if block_rules[b, 0] else float(counts[i])) * idf[feature]
            length[b] += value * value if block_rules[b, 1] == 2 else abs(value)
        for b in range(length.size):
            if block_rules[b, 1] == 2:
                length[b] = np.sqrt(length[b])
            elif block_rules[b, 1] == 0:
                length[b] = 1.0
        for i in range(U64(indptr[r]), U64(indptr[r + 1])):
            feature = np.uint32(indices[i])
            b = feature_block[feature]
            value = (damped[counts[i]] if block_rules[b, 0] else float(counts[i])) * idf[feature]
            values[i] = value / length[b] * block_weight[b] if length[b] > 0.0 else 0.0
