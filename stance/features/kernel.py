"""The compiled kernel: from code points to counts, fingerprints or logits, without a Python object on the way.

Each public function walks a batch of documents that lie one after the other in a buffer of code points, and releases
the GIL. For each document it (1) replaces code points by the normalisation table and cuts the result into words and
tokens (`_read`); (2) hashes tokens and looks up their classes (`_hash_tokens`); (3) finds the fingerprints of every
block's features (`_token_features`, `_char_features`) and looks them up in the vocabulary; (4) counts, weighs and,
when scoring, multiplies with the coefficients. The meaning of the features is `stance.features.blocks`.

Two facts make it fast. The ``char_wb`` n-grams of a word depend on the word alone, so a small cache remembers the
features of the words seen lately, and most words cost one look instead of twenty. And features are numbered by falling
document frequency, so that the rows that matter lie together in the processor's caches.

Arrays that several functions share
-----------------------------------
codes : (n_codes,) uint32
    The code points of all documents, NFKC already.
bounds : (n_documents + 1,) int64
    Document `d` is ``codes[bounds[d]:bounds[d + 1]]``.
char_table : (1114112,) uint32
    What each code point becomes: bits 0-20 a code point, 21-22 its class (`WORD`, `SPACE`); or, with bit 23 set, bits
    0-20 an index into `long_start`.
long_start, long_codes : (n + 1,) and (m,) uint32
    Replacements that are not exactly one code point: number `i` is ``long_codes[long_start[i]:long_start[i + 1]]``,
    each with its class bits.
lex_keys : (n_forms,) uint64, lex_buckets : int64, lex_class : (n_forms,) int8
    Hashes of the lexicon's forms, sorted, with their bucket index (see `lookup`) and class numbers (from 1).
class_role : (n_classes + 1,) int8, class_hash : (n_classes + 1,) uint64
    The role of each class (`CUE`, `MASK`, `MARK`) and the hash of its bracketed name. Number 0 is no class.
blocks : (n_blocks, 6) int64
    Per block: analyser, shortest and longest n-gram, token form, window, number of the class for digits (0: none).
seeds : (n_blocks,) uint64
    The blocks' seeds.
keys : (n_features,) uint64, buckets : int64, rank : (n_features,) int32
    The vocabulary: sorted fingerprints, their bucket index, and each one's number by falling document frequency.
"""

# The types of compiled functions are numba's affair.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator,assignment"

import numpy as np
from numba import njit

from stance.features.hashing import FOLD as _FOLD
from stance.features.hashing import START as _START
from stance.features.hashing import STEP as _STEP
from stance.features.hashing import text_hash

CHAR_WB, WORD_NGRAM, CUE_PAIR, OUTLINE = 0, 1, 2, 3
SURFACE, STEM, MASKED = 0, 1, 2
CUE, MASK, MARK = 1, 2, 3
IS_WORD, IS_SPACE = 1, 2
CLASS_SHIFT, LONG_BIT, CODE_MASK = 21, 1 << 23, (1 << 21) - 1
CACHE_BITS, CACHE_ARENA, CACHED_WORD = 17, 1 << 22, 48

START, STEP, FOLD = np.uint64(_START), np.uint64(_STEP), np.uint64(_FOLD)
HALF, ONE = np.uint64(32), np.uint64(1)
BEFORE, AFTER = np.uint64(text_hash("<")), np.uint64(text_hash(">"))
_WORDS = ("count", "first", "order", "place", "before")
W_COUNT, W_FIRST, W_ORDER, W_PLACE, W_BEFORE = (np.uint64(text_hash(w)) for w in _WORDS)
DIGIT_HASH = np.array([text_hash(str(n)) for n in range(10)], dtype=np.uint64)

compiled = njit(cache=True, nogil=True, fastmath=False)


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
def lookup(key, keys, buckets, shift):
    """Return the index of a key in the sorted `keys`, or -1.

    ``buckets[b]`` is where the keys begin whose leading bits (``key >> shift``) are at least `b`; keys are uniformly
    distributed, so a bucket holds one key or none and the search ends at once.
    """
    b = np.int64(key >> shift)
    for i in range(buckets[b], buckets[b + 1]):
        if keys[i] == key:
            return i
    return -1


@compiled
def grown(array, size):
    """Return the array, or a copy of at least twice its length that holds `size` items."""
    if size <= array.size:
        return array
    larger = np.empty(max(size, 2 * array.size), dtype=array.dtype)
    larger[: array.size] = array
    return larger


@compiled
def _read(codes, lo, hi, char_table, long_start, long_codes, text, words, tokens):
    """Normalise one document and cut it.

    Returns the arrays (perhaps grown) and how much of them is used: `text` uint32, the words with one space before,
    between and after; `words` int64, start and stop of each word in `text`, flat; `tokens` likewise for the tokens
    (runs of two or more word characters).
    """
    space = np.uint32(32)
    text = grown(text, hi - lo + 64)
    text[0] = space
    n, n_words, n_tokens = 1, 0, 0
    word_start, token_start = -1, -1
    for c in range(lo, hi):
        entry = char_table[codes[c]]
        first, last = 0, 1
        is_long = entry & np.uint32(LONG_BIT)
        if is_long:
            which = entry & np.uint32(CODE_MASK)
            first, last = np.int64(long_start[which]), np.int64(long_start[which + 1])
            text = grown(text, n + (hi - c) + (last - first) + 64)
        for e in range(first, last):
            if is_long:
                entry = long_codes[e]
            kind = entry >> np.uint32(CLASS_SHIFT)
            if kind != IS_WORD and token_start >= 0:
                if n - token_start >= 2:
                    tokens = grown(tokens, n_tokens + 2)
                    tokens[n_tokens], tokens[n_tokens + 1] = token_start, n
                    n_tokens += 2
                token_start = -1
            if kind == IS_SPACE:
                if word_start >= 0:
                    words = grown(words, n_words + 2)
                    words[n_words], words[n_words + 1] = word_start, n
                    n_words += 2
                    word_start = -1
                    text[n] = space
                    n += 1
                continue
            if word_start < 0:
                word_start = n
            if kind == IS_WORD and token_start < 0:
                token_start = n
            text[n] = entry & np.uint32(CODE_MASK)
            n += 1
    if token_start >= 0 and n - token_start >= 2:
        tokens = grown(tokens, n_tokens + 2)
        tokens[n_tokens], tokens[n_tokens + 1] = token_start, n
        n_tokens += 2
    if word_start >= 0:
        words = grown(words, n_words + 2)
        words[n_words], words[n_words + 1] = word_start, n
        n_words += 2
        text[n] = space
        n += 1
    return text, n, words, n_words // 2, tokens, n_tokens // 2


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
def _hash_tokens(text, tokens, n_tokens, lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number, hashes, kinds):
    """Hash every token in its three forms and look up its class.

    `hashes` is flat uint64, three a token (`SURFACE`, `STEM`, `MASKED`); `kinds` int8, the class number of each.
    """
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
        elif lex_keys.size:
            found = lookup(surface, lex_keys, lex_buckets, lex_shift)
            if found < 0 and cut:
                found = lookup(stemmed, lex_keys, lex_buckets, lex_shift)
            if found >= 0:
                kind = lex_class[found]
        kinds[t] = kind
        hashes[3 * t] = surface
        hashes[3 * t + 1] = stemmed
        hashes[3 * t + 2] = class_hash[kind] if class_role[kind] == MASK else stemmed
    return hashes, kinds


@compiled
def _token_features(block, seed, hashes, kinds, n_tokens, class_role, class_hash, prints, where):
    """Find the fingerprints of one block that works on tokens.

    Returns `prints` uint64, `where` int64 (two a feature: token and length for ``word``, ordinal and 0 otherwise) and
    how many there are.
    """
    kind, shortest, longest, form, window = block[0], block[1], block[2], block[3], block[4]
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
            for c in range(1, class_role.size):
                if class_role[c] == MASK or class_role[c] == MARK:
                    for t in range(first):
                        if kinds[t] == c:
                            prints[n] = fold(fold(fold(seed, W_BEFORE), name), class_hash[c])
                            n += 1
                            break
    for i in range(n):
        where[2 * i], where[2 * i + 1] = i, 0
    return prints, where, n


@compiled
def _char_features(block, seed, text, start, stop, prints, where, n):
    """Append the ``char_wb`` fingerprints of one word, ``text[start:stop]`` (a space stands on either side)."""
    shortest, longest = block[1], block[2]
    lo, hi = start - 1, stop + 1
    size = hi - lo
    if size <= shortest:
        prints, where = grown(prints, n + 1), grown(where, 2 * n + 2)
        state = START
        for i in range(lo, hi):
            state = step(state, text[i])
        prints[n] = fold(seed, state)
        where[2 * n], where[2 * n + 1] = lo, size
        return prints, where, n + 1
    room = n + size * (longest - shortest + 1)
    prints, where = grown(prints, room), grown(where, 2 * room)
    for first in range(lo, hi - shortest + 1):
        state = START
        for length in range(1, min(longest, hi - first) + 1):
            state = step(state, text[first + length - 1])
            if length >= shortest:
                prints[n] = fold(seed, state)
                where[2 * n], where[2 * n + 1] = first, length
                n += 1
    return prints, where, n


@compiled
def _count(prints, n, keys, buckets, shift, rank, counts, touched, n_touched):
    """Look up fingerprints and add them to the counts of the document."""
    for i in range(n):
        found = lookup(prints[i], keys, buckets, shift)
        if found >= 0:
            feature = rank[found]
            if counts[feature] == 0:
                touched[n_touched] = feature
                n_touched += 1
            counts[feature] += 1
    return n_touched


@compiled
def _count_chars(text, words, n_words, blocks, seeds, keys, buckets, shift, rank, cache_key, cache_slot, arena, used, prints, where, counts, touched, n_touched):
    """Count the ``char_wb`` features of all words, by way of the word cache.

    `cache_key` (2**CACHE_BITS,) uint64 holds the hash of the word remembered in each slot (0: none), `cache_slot`
    (2**CACHE_BITS, 2) int32 where its features lie in `arena` (int32) and how many, `used` (1,) int64 how much of the
    arena is taken. When the arena is full all is forgotten.
    """
    for w in range(n_words):
        start, stop = words[2 * w], words[2 * w + 1]
        remember = stop - start <= CACHED_WORD
        slot = 0
        key = ONE
        if remember:
            key = START
            for i in range(start, stop):
                key = step(key, text[i])
            slot = np.int64(key >> np.uint64(64 - CACHE_BITS))
            key |= ONE
            if cache_key[slot] == key:
                begin = cache_slot[slot, 0]
                for i in range(begin, begin + cache_slot[slot, 1]):
                    feature = arena[i]
                    if counts[feature] == 0:
                        touched[n_touched] = feature
                        n_touched += 1
                    counts[feature] += 1
                continue
        n = 0
        for b in range(blocks.shape[0]):
            if blocks[b, 0] == CHAR_WB:
                prints, where, n = _char_features(blocks[b], seeds[b], text, start, stop, prints, where, n)
        if remember and n <= arena.size:
            if used[0] + n > arena.size:
                cache_key[:] = 0
                used[0] = 0
            begin = used[0]
            end = begin
            for i in range(n):
                found = lookup(prints[i], keys, buckets, shift)
                if found >= 0:
                    feature = rank[found]
                    arena[end] = feature
                    end += 1
                    if counts[feature] == 0:
                        touched[n_touched] = feature
                        n_touched += 1
                    counts[feature] += 1
            cache_key[slot] = key
            cache_slot[slot, 0], cache_slot[slot, 1] = begin, end - begin
            used[0] = end
        else:
            n_touched = _count(prints, n, keys, buckets, shift, rank, counts, touched, n_touched)
    return prints, where, n_touched


@compiled
def score_documents(codes, bounds, char_tables, lexicon, blocks, seeds, vocabulary, scratch, table, feature_block, block_rules, block_weight, tf, logits):
    """Compute the logits of a batch of documents.

    Parameters
    ----------
    codes, bounds
        See the module.
    char_tables : (char_table, long_start, long_codes)
    lexicon : (lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number)
    blocks, seeds
        See the module.
    vocabulary : (keys, buckets, shift, rank)
    scratch : (counts, touched, cache_key, cache_slot, arena, used)
        Working memory of one thread; `counts` (n_features,) int32 is all zero between documents.
    table : (n_features, 1 + n_labels) float32
        By rank: idf, then idf times the coefficient of each label.
    feature_block : (n_features,) uint8
        By rank: the block.
    block_rules : (n_blocks, 2) int64
        Per block: 1 if sublinear; norm 0 none, 1 l1, 2 l2.
    block_weight : (n_blocks,) float64
    tf : (n,) float64
        1 + ln(count) for the first counts.
    logits : (n_documents, n_labels) float64
        Filled; it comes in holding the intercepts.
    """
    char_table, long_start, long_codes = char_tables
    lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number = lexicon
    keys, buckets, shift, rank = vocabulary
    counts, touched, cache_key, cache_slot, arena, used = scratch
    text, words, tokens = np.empty(4096, np.uint32), np.empty(1024, np.int64), np.empty(1024, np.int64)
    hashes, kinds = np.empty(1024, np.uint64), np.empty(512, np.int8)
    prints, where = np.empty(4096, np.uint64), np.empty(8192, np.int64)
    n_blocks, n_labels = blocks.shape[0], logits.shape[1]
    any_token, any_char = np.any(blocks[:, 0] != CHAR_WB), np.any(blocks[:, 0] == CHAR_WB)
    total, square = np.zeros((n_blocks, n_labels)), np.zeros(n_blocks)
    for d in range(bounds.size - 1):
        text, _, words, n_words, tokens, n_tokens = _read(
            codes, bounds[d], bounds[d + 1], char_table, long_start, long_codes, text, words, tokens
        )
        n_touched = 0
        if any_char:
            prints, where, n_touched = _count_chars(
                text, words, n_words, blocks, seeds, keys, buckets, shift, rank,
                cache_key, cache_slot, arena, used, prints, where, counts, touched, n_touched,
            )  # fmt: skip
        if any_token:
            hashes, kinds = _hash_tokens(
                text, tokens, n_tokens, lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number,
                hashes, kinds,
            )  # fmt: skip
            for b in range(n_blocks):
                if blocks[b, 0] != CHAR_WB:
                    prints, where, n = _token_features(
                        blocks[b], seeds[b], hashes, kinds, n_tokens, class_role, class_hash, prints, where
                    )
                    n_touched = _count(prints, n, keys, buckets, shift, rank, counts, touched, n_touched)
        total[:] = 0.0
        square[:] = 0.0
        for i in range(n_touched):
            feature = touched[i]
            count = counts[feature]
            counts[feature] = 0
            b = feature_block[feature]
            weight = 1.0
            if count > 1:
                weight = float(count)
                if block_rules[b, 0]:
                    weight = tf[count] if count < tf.size else 1.0 + np.log(weight)
            value = weight * table[feature, 0]
            square[b] += abs(value) if block_rules[b, 1] == 1 else value * value
            for k in range(n_labels):
                total[b, k] += weight * table[feature, 1 + k]
        for b in range(n_blocks):
            if square[b] > 0.0:
                length = 1.0
                if block_rules[b, 1] == 2:
                    length = np.sqrt(square[b])
                elif block_rules[b, 1] == 1:
                    length = square[b]
                for k in range(n_labels):
                    logits[d, k] += block_weight[b] * total[b, k] / length


@compiled
def count_documents(codes, bounds, char_tables, lexicon, blocks, seeds, vocabulary, scratch):
    """Count the vocabulary's features in a batch of documents.

    Returns the counts as compressed sparse rows: `indptr` (n_documents + 1,) int64, `indices` int32 (ranks, in the
    order of first occurrence) and `data` int32. Parameters as in `score_documents`.
    """
    char_table, long_start, long_codes = char_tables
    lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number = lexicon
    keys, buckets, shift, rank = vocabulary
    counts, touched, cache_key, cache_slot, arena, used = scratch
    text, words, tokens = np.empty(4096, np.uint32), np.empty(1024, np.int64), np.empty(1024, np.int64)
    hashes, kinds = np.empty(1024, np.uint64), np.empty(512, np.int8)
    prints, where = np.empty(4096, np.uint64), np.empty(8192, np.int64)
    n_blocks = blocks.shape[0]
    indptr = np.zeros(bounds.size, np.int64)
    indices, data = np.empty(1 << 16, np.int32), np.empty(1 << 16, np.int32)
    n_out = 0
    for d in range(bounds.size - 1):
        text, _, words, n_words, tokens, n_tokens = _read(
            codes, bounds[d], bounds[d + 1], char_table, long_start, long_codes, text, words, tokens
        )
        prints, where, n_touched = _count_chars(
            text, words, n_words, blocks, seeds, keys, buckets, shift, rank,
            cache_key, cache_slot, arena, used, prints, where, counts, touched, 0,
        )  # fmt: skip
        hashes, kinds = _hash_tokens(
            text, tokens, n_tokens, lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number,
            hashes, kinds,
        )  # fmt: skip
        for b in range(n_blocks):
            if blocks[b, 0] != CHAR_WB:
                prints, where, n = _token_features(
                    blocks[b], seeds[b], hashes, kinds, n_tokens, class_role, class_hash, prints, where
                )
                n_touched = _count(prints, n, keys, buckets, shift, rank, counts, touched, n_touched)
        indices, data = grown(indices, n_out + n_touched), grown(data, n_out + n_touched)
        for i in range(n_touched):
            feature = touched[i]
            indices[n_out] = feature
            data[n_out] = counts[feature]
            counts[feature] = 0
            n_out += 1
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
def learn_vocabulary(codes, bounds, char_tables, lexicon, blocks, seeds, bits):
    """Collect the distinct features of a batch of documents.

    `bits` uint64 is a mask on the fingerprints, all ones but in the tests of collisions.

    Returns
    -------
    entry_key : (n,) uint64
        The fingerprints, in the order of first occurrence.
    stats : (n, 6) int64
        Per feature: documents that have it, occurrences, last document, first document, and where in it
        (two numbers, see `_token_features` and `_char_features`).
    entry_block : (n,) uint8
        The block.
    """
    char_table, long_start, long_codes = char_tables
    lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number = lexicon
    text, words, tokens = np.empty(4096, np.uint32), np.empty(1024, np.int64), np.empty(1024, np.int64)
    hashes, kinds = np.empty(1024, np.uint64), np.empty(512, np.int8)
    prints, where = np.empty(4096, np.uint64), np.empty(8192, np.int64)
    slot_key, slots = np.zeros(1 << 16, np.uint64), np.full(1 << 16, -1, np.int64)
    entry_key, entry_block = np.empty(1 << 15, np.uint64), np.empty(1 << 15, np.uint8)
    stats = np.empty((1 << 15, 6), np.int64)
    size = 0
    for d in range(bounds.size - 1):
        text, _, words, n_words, tokens, n_tokens = _read(
            codes, bounds[d], bounds[d + 1], char_table, long_start, long_codes, text, words, tokens
        )
        hashes, kinds = _hash_tokens(
            text, tokens, n_tokens, lex_keys, lex_buckets, lex_shift, lex_class, class_role, class_hash, number,
            hashes, kinds,
        )  # fmt: skip
        for b in range(blocks.shape[0]):
            if blocks[b, 0] == CHAR_WB:
                n = 0
                for w in range(n_words):
                    prints, where, n = _char_features(
                        blocks[b], seeds[b], text, words[2 * w], words[2 * w + 1], prints, where, n
                    )
            else:
                prints, where, n = _token_features(
                    blocks[b], seeds[b], hashes, kinds, n_tokens, class_role, class_hash, prints, where
                )
            for i in range(n):
                key = prints[i] & bits
                mask = np.uint64(slots.size - 1)
                at = np.int64(key & mask)
                while slots[at] >= 0 and slot_key[at] != key:
                    at = (at + 1) & np.int64(mask)
                entry = slots[at]
                if entry < 0:
                    entry = size
                    size += 1
                    if size > entry_key.size:
                        entry_key, entry_block = grown(entry_key, size), grown(entry_block, size)
                        more = np.empty((entry_key.size, 6), np.int64)
                        more[: stats.shape[0]] = stats
                        stats = more
                    slot_key[at], slots[at] = key, entry
                    entry_key[entry], entry_block[entry] = key, b
                    stats[entry, 0], stats[entry, 1], stats[entry, 2], stats[entry, 3] = 1, 1, d, d
                    stats[entry, 4], stats[entry, 5] = where[2 * i], where[2 * i + 1]
                    if 2 * size > slots.size:
                        new_key, new_slots = np.zeros(2 * slots.size, np.uint64), np.full(2 * slots.size, -1, np.int64)
                        _rehash(slot_key, new_key, slots, new_slots)
                        slot_key, slots = new_key, new_slots
                else:
                    stats[entry, 1] += 1
                    if stats[entry, 2] != d:
                        stats[entry, 0] += 1
                        stats[entry, 2] = d
    return entry_key[:size].copy(), stats[:size].copy(), entry_block[:size].copy()
