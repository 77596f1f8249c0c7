"""The compiled half of `stance.arabic.batches`: lines and pieces of many texts in one pass, where no pattern is needed.

What is decided here is what `stance.arabic.sentences` decides; what would take one of its patterns (an abbreviation, words
after an ellipsis, the wording of a link) is left to it, by marking the line. So these functions may be in doubt, and must
never be wrong.

Arrays that several functions share
-----------------------------------
codes : (n_codes,) uint32
    The code points of all texts, one after the other.
bounds : (n_texts, 2) int64
    Text `d` is ``codes[bounds[d, 0]:bounds[d, 1]]``.
flags : (1114112,) uint16
    Bits that say what a code point is: `SPACE` and those below it.
fold : (n,) uint32
    What the first code points become in `wording.clean`.
heads, markers, shorts, carriers : (2**n,) uint64
    Sets of keys (see `contains`): of `wording.HEADS` and `wording.MARKERS`; of short forms that are mostly no end of a
    sentence; of the two or three letters with which words begin that carry a sentence on after dots.
lines : (n_lines, 7) int64
    A line each: text, start, end (places in `codes`), words, whether it ends with a stop, whether its wording has to be
    looked at, whether it is brief.
"""

# The types of compiled functions are numba's affair.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator,assignment,misc"

import numpy as np

from stance.compiling import compiled

FLAGS = ("SPACE", "BREAK", "WORD", "DIGIT", "LETTER", "STOP", "BULLET", "UNSEEN", "ORNAMENT", "CLOSE", "LISTED", "LINE_STOP", "QUOTE")
SPACE, BREAK, WORD, DIGIT, LETTER, STOP, BULLET, UNSEEN, ORNAMENT, CLOSE, LISTED, LINE_STOP, QUOTE = (1 << i for i in range(len(FLAGS)))
TEXT, START, END, WORDS, STOPPED, LOOK, BRIEF = range(7)
SENTENCE, HEADLINE, SUBHEADING, DATELINE, LIST, QUOTED, ADVERT, ELSEWHERE = range(8)
KEY_BITS, HEAD = 10, 5
NO, YES, DOUBT = 0, 1, 2

_LONG_QUOTE, _BRIEF_LINE, _MANY_WORDS, _ELLIPSIS = 500, 220, 120, 5  # as sentences.py has them (a test compares)
_DATELINE, _ITEM = 80, 40
_MAY_START_AFRESH = (0x641, 0x62B, 0x643, 0x644, 0x63A)  # ف ث ك ل غ; و always does
_SPREAD, _KEY = np.uint64(0x9E3779B97F4A7C15), np.uint64((1 << KEY_BITS) - 1)
_BITS, _EMPTY = np.uint64(KEY_BITS), np.uint64(0)
_DOT, _DOTS, _QUERIES, _BLANK, _END = 0x2E, 0x2026, (0x21, 0x3F, 0x61F, 0x203D, 0x2047, 0x2048, 0x2049, 0xFF01, 0xFF1F), 32, 0x24
_STRAIGHT, _APOSTROPHE, _OPEN, _SHUT, _SIX, _NINE = 0x22, 0x27, 0xAB, 0xBB, 0x201C, 0x201D


@compiled
def joined(key, code):
    """Return a key with one more character, ten bits of it; a key holds six, longer words need a guard."""
    return key << _BITS | np.uint64(code) & _KEY


@compiled
def slot(key, size):
    """Return where a set of `size` places (a power of two) looks for a key first."""
    return np.int64((key * _SPREAD) >> np.uint64(40)) & (size - 1)


@compiled
def contains(places, key):
    """Tell whether a key is in a set: an open hash table without number 0; two letters may share a key, which costs a look."""
    at = slot(key, places.size)
    while places[at] != _EMPTY:
        if places[at] == key:
            return True
        at = (at + 1) & (places.size - 1)
    return False


@compiled
def _grown(rows, size):
    if size <= rows.shape[0]:
        return rows
    larger = np.empty((max(size, 2 * rows.shape[0]), rows.shape[1]), np.int64)
    larger[: rows.shape[0]] = rows
    return larger


@compiled
def _stripped(codes, flags, start, end):
    while start < end and flags[codes[start]] & SPACE:
        start += 1
    while end > start and flags[codes[end - 1]] & SPACE:
        end -= 1
    return start, end


@compiled
def _readable(codes, flags, start, end):
    for i in range(start, end):  # noqa: SIM110  # numba has no generators
        if flags[codes[i]] & WORD:
            return True
    return False


@compiled
def may_be_furniture(codes, flags, fold, heads, markers, start, end):
    """Tell whether a piece may be an advert by its wording; false only if `wording.is_advert` says no."""
    key, gram = _EMPTY, _EMPTY
    letters, state = 0, 0  # 0 before the first word, 1 in it, 2 after what is looked at of it
    before = 0
    for i in range(start, end):
        flag = flags[codes[i]]
        if flag & UNSEEN:
            continue
        code = fold[codes[i]] if codes[i] < fold.size else codes[i]
        word = (flag & WORD) != 0 and code != 0x5F
        if state == 0:
            if code == 0xA9 or (word and flag & DIGIT):
                return True
            if word:
                state = 1
        if state == 1:
            key = joined(key, code if word else _END)
            letters += 1
            if contains(heads, key):
                return True
            if not word or letters == HEAD:
                state = 2
        if code in (0x40, 0x23):  # @ #
            return True
        if code == 0x2F and (before == 0x2F or flags[before] & SPACE):
            return True
        gram = (gram << np.uint64(16)) | np.uint64(code & 0xFFFF)
        if contains(markers, gram):
            return True
        if gram & np.uint64(0xFFFFFFFFFFFF) == np.uint64(0x007700770077):  # www
            return True
        before = code
    return state == 0 or (state == 1 and contains(heads, joined(key, _END)))  # without a word, let the patterns tell


@compiled
def find_lines(codes, bounds, flags, fold, heads, markers):
    """Find the lines of every text.

    Returns `lines`, and `doubtful` (n_texts,) bool: texts that may be hard-wrapped, which is not decided here.
    """
    lines, n = np.empty((1024, 7), np.int64), 0
    doubtful = np.zeros(bounds.shape[0], np.bool_)
    for d in range(bounds.shape[0]):
        at, stop = bounds[d, 0], bounds[d, 1]
        first, widest = n, 0
        while at < stop:
            begin, ornament = at, True
            while at < stop and not flags[codes[at]] & BREAK:
                ornament = ornament and (flags[codes[at]] & ORNAMENT) != 0
                at += 1
            if not ornament:
                start, end = _stripped(codes, flags, begin, at)
                lines = _grown(lines, n + 1)
                lines[n, TEXT], lines[n, START], lines[n, END] = d, start, end
                widest = max(widest, end - start)
                last, tail = end - 1, max(start, end - 12)
                while last >= tail and _closes(codes[last], flags):
                    last -= 1
                lines[n, STOPPED] = last < tail or (flags[codes[last]] & LINE_STOP) != 0
                listed = (flags[codes[start]] & LISTED) != 0 or (start + 1 < end and codes[start + 1] == 0x29)
                brief = end - start <= _BRIEF_LINE
                lines[n, BRIEF], lines[n, WORDS], lines[n, LOOK] = brief, 999, listed
                if brief:
                    words, letters = _measured(codes, flags, start, end)
                    lines[n, WORDS] = max(words, 1)
                    if letters + words - 1 < _DATELINE or may_be_furniture(codes, flags, fold, heads, markers, start, end):
                        lines[n, LOOK] = 1
                n += 1
            at += 1
        doubtful[d] = n - first >= 4 and 30 <= widest <= 130
    return lines[:n].copy(), doubtful


@compiled
def _closes(code, flags):
    # What may follow the stop at the end of a line: what `sentences._lines` strips (which knows no ﴾), and the unseen.
    if flags[code] & (UNSEEN | CLOSE):
        return code != 0xFD3E
    return code in (_STRAIGHT, _APOSTROPHE, _BLANK, 9, 0xA0)


@compiled
def _measured(codes, flags, start, end):
    """Return how many words and how many characters, blanks aside, there are when the unseen is left out."""
    words, letters, within = 0, 0, False
    for i in range(start, end):
        flag = flags[codes[i]]
        if flag & UNSEEN:
            continue
        if flag & SPACE:
            within = False
        else:
            letters += 1
            words += not within
            within = True
    return words, letters


@compiled
def _find_quotes(codes, flags, base, start, end, quotes):
    """Find the quotations of a line, (n, 2) int64 `quotes`: twin of `sentences._QUOTE`."""
    n, at = 0, start
    while at < end:
        code = codes[at]
        if not flags[code] & QUOTE:
            at += 1
            continue
        close = -1
        if code in (_OPEN, _SIX, _NINE):
            other = _SHUT if code == _OPEN else _NINE if code == _SIX else _SIX
            i = at + 1
            while i < end and codes[i] != code and codes[i] != other:
                i += 1
            if i < end and codes[i] == other and i > at + 1:
                close = i
        elif code == _STRAIGHT and _opens(codes, flags, base, at):
            i = at + 1
            while i < end and codes[i] != _STRAIGHT:
                i += 1
            full = i > at + 1 and not (flags[codes[at + 1]] | flags[codes[i - 1]]) & SPACE
            if i < end and full and (i + 1 >= end or not flags[codes[i + 1]] & WORD):
                close = i
        if close >= 0:
            quotes = _grown(quotes, n + 1)
            quotes[n, 0], quotes[n, 1] = at, close + 1
            n += 1
            at = close
        at += 1
    return quotes, n


@compiled
def _opens(codes, flags, base, at):
    """Tell whether a straight quotation mark stands where a word could begin."""
    if at == base:
        return True
    last = codes[at - 1]
    # ( [ : ، ؛ . - – ـ
    if flags[last] & SPACE or last in (0x28, 0x5B, 0x3A, 0x60C, 0x61B, 0x2E, 0x2D, 0x2013, 0x640):
        return True
    if at - 2 < base:
        return False
    last_but_one = codes[at - 2]
    if flags[last_but_one] & SPACE and last in (0x648, 0x644, 0x628, 0x643, 0x641):  # و ل ب ك ف
        return True
    return last == 0x644 and last_but_one == 0x627


@compiled
def _is_harmless(codes, flags, base, at, end):
    """Tell whether a stop belongs to a number, an address or an initial."""
    if codes[at] != _DOT or at - 1 < base:
        return False
    before = flags[codes[at - 1]]
    following = codes[at + 1] if at + 1 < end else 0
    skipped = codes[at + 2] if at + 2 < end and _is_invisible(flags, following) else following
    if before & DIGIT and at + 1 < end and (flags[following] | flags[skipped]) & DIGIT:
        return True
    if at + 1 < end and _is_plain(codes[at - 1]) and _is_plain(following):
        return True
    if not before & LETTER or (at + 1 < end and following in (_DOT, _DOTS)):
        return False
    if at - 2 >= base and flags[codes[at - 2]] & (WORD | UNSEEN):
        return False
    era = codes[at - 1] in (0x645, 0x647) and at - 3 >= base  # م ه after a year
    return not (era and flags[codes[at - 2]] & SPACE and flags[codes[at - 3]] & DIGIT)


@compiled
def _is_plain(code):
    return 48 <= code <= 57 or 65 <= code <= 90 or 97 <= code <= 122


@compiled
def _is_mark(code):
    # what of the unseen is a mark: the rest is invisible
    return 0x610 <= code <= 0x61A or 0x64B <= code <= 0x65F or code == 0x670 or 0x6D6 <= code <= 0x6ED or code == 0x640


@compiled
def _is_invisible(flags, code):
    return (flags[code] & UNSEEN) != 0 and not _is_mark(code)


@compiled
def _run_end(codes, flags, at, end):
    """Return where a run of stops ends that begins at a place."""
    i = at + 1
    while i < end and (flags[codes[i]] & STOP or _is_invisible(flags, codes[i])):
        i += 1
    while True:
        j = i
        while j < end and j < i + 3 and flags[codes[j]] & SPACE and codes[j] != 10 and codes[j] != 13:
            j += 1
        k = j
        while k < end and flags[codes[k]] & STOP:
            k += 1
        if j in (i, k):
            return i
        i = k


@compiled
def _close_end(codes, flags, at, end):
    """Return where the brackets and quotation marks end that close at a place."""
    while at < end:
        code = codes[at]
        if flags[code] & CLOSE or (code in (_STRAIGHT, _APOSTROPHE) and (at + 1 >= end or not flags[codes[at + 1]] & WORD)):
            at += 1
        elif flags[code] & SPACE and at + 1 < end and codes[at + 1] in (_SHUT, _NINE, _STRAIGHT):
            # a blank before the mark: only where nothing or a blank or . ، , follows
            if at + 2 < end and not flags[codes[at + 2]] & SPACE and codes[at + 2] not in (0x2E, 0x60C, 0x2C):
                return at
            at += 2
        else:
            return at
    return at


@compiled
def _ends_sentence(codes, flags, shorts, carriers, start, end, at, run, close, quote_start, quote_end):
    """Decide whether a stop ends a sentence, `YES` or `NO`, or say `DOUBT`: twin of `sentences._ends_sentence`.

    The stop is at `at`, its run goes to `run`, what closes to `close`; `quote_start` and `quote_end` are those of the
    quotation around it, 0 for none.
    """
    after = close
    while after < min(end, close + 32) and flags[codes[after]] & SPACE:
        after += 1
    if after >= min(end, close + 32) or codes[after] in (0x2C, 0x60C, 0x61B, 0x3B, 0x3A):  # , ، ؛ ; :
        return NO
    if at > start and (codes[at - 1] == 0x28 or codes[at - 1] == 0x5B):
        return NO
    if quote_end > 0 and close < quote_end:
        return YES if quote_end - quote_start > _LONG_QUOTE else NO
    asks, dots = False, 0
    for i in range(at, run):
        asks = asks or codes[i] in _QUERIES
        dots += (codes[i] == _DOT) + 3 * (codes[i] == _DOTS)
    if asks:
        if close > run and (codes[run] == 0x29 or codes[run] == 0x5D):
            return NO
        if close > run or quote_end > 0:
            if codes[after] == 0x648:  # و
                return YES
            return DOUBT if codes[after] in _MAY_START_AFRESH else NO
        shouted = codes[run - 1] == 0x21 or codes[run - 1] == 0x3F
        return NO if shouted and (_is_plain(codes[close]) or codes[close] in (0x3D, 0x26, 0x2F, 0x23)) else YES
    two_letters = joined(np.uint64(codes[after]) & _KEY, codes[after + 1]) if after + 1 < end else _EMPTY
    three_letters = joined(two_letters, codes[after + 2]) if after + 2 < end else _EMPTY
    quoted = False
    for i in range(run, close):
        quoted = quoted or codes[i] in (_STRAIGHT, _APOSTROPHE, _SHUT, _NINE, 0x2019)
    if (quoted or dots > 1) and (contains(carriers, two_letters) or contains(carriers, three_letters)):
        return DOUBT
    if dots > 1:
        return YES if _words_before(codes, flags, max(start, at - 160), at) >= _ELLIPSIS else NO
    return _is_no_abbreviation(codes, flags, shorts, start, at, close > run)


@compiled
def _words_before(codes, flags, start, end):
    words, within = 0, False
    for i in range(start, end):
        blank = (flags[codes[i]] & SPACE) != 0
        words += not blank and not within
        within = not blank
    return words


@compiled
def _is_no_abbreviation(codes, flags, shorts, start, at, closed):
    """Return `YES` where the word before a stop surely ends its sentence: twin of `sentences._is_abbreviation`."""
    window = max(start, at - 24)
    last = at
    if last > window and flags[codes[last - 1]] & SPACE:
        last -= 1
    first, n, digits, key = last, 0, 0, _EMPTY
    while first > window and flags[codes[first - 1]] & (WORD | UNSEEN):
        first -= 1
    if first == last:
        return YES
    for i in range(first, last):
        code = codes[i]
        if flags[code] & UNSEEN:
            continue
        if flags[code] & DIGIT:
            digits += 1
        elif not (0x620 <= code <= 0x64A or 0x671 <= code <= 0x6D3):  # Arabic letters
            return DOUBT
        n += 1
        key = joined(key, code)
    if digits and digits == n:
        if closed or n > 2 or first - start >= 40:
            return YES
        # "1." that opens a line or follows a colon counts a list
        while first > start and flags[codes[first - 1]] & SPACE:
            first -= 1
        return NO if first == start or codes[first - 1] in (0x3A, 0x61B, 0x2D) else YES
    return DOUBT if n < 2 or (n <= 6 and contains(shorts, key)) else YES


@compiled
def _add(codes, flags, cuts, n, start, end):
    """Add a piece to those of a line: twin of `sentences._add`. Returns the pieces, their number, and where the next begins."""
    cuts = _grown(cuts, n + 1)
    if _readable(codes, flags, start, end):
        if n and not _readable(codes, flags, cuts[n - 1, 0], cuts[n - 1, 1]):
            n -= 1
            start = cuts[n, 0]
        cuts[n, 0], cuts[n, 1] = _stripped(codes, flags, start, end)
        return cuts, n + 1, end
    start, end = _stripped(codes, flags, start, end)
    if start < end:
        if n:
            n -= 1
            start = cuts[n, 0]
        cuts[n, 0], cuts[n, 1] = start, end
        return cuts, n + 1, end
    return cuts, n, start


@compiled
def find_pieces(codes, bounds, flags, fold, heads, markers, shorts, carriers, lines, kinds):
    """Cut the lines into pieces.

    Parameters
    ----------
    kinds : (n_lines,) int8
        What each line is, `SENTENCE` where it is nothing particular; lines that are `ELSEWHERE` are passed over.

    Returns
    -------
    pieces : (n, 5) int64
        Line, start, end, kind, and whether its wording has to be looked at: is it an advert, the line is cut elsewhere.
    doubtful : (n_lines,) bool
        Lines that are not cut, because that takes patterns.
    """
    pieces, n = np.empty((1024, 5), np.int64), 0
    quotes, cuts = np.empty((64, 2), np.int64), np.empty((64, 2), np.int64)
    doubtful = np.zeros(lines.shape[0], np.bool_)
    for line in range(lines.shape[0]):
        kind, start, end, base = kinds[line], lines[line, START], lines[line, END], bounds[lines[line, TEXT], 0]
        if kind == ELSEWHERE:
            continue
        if kind in (ADVERT, DATELINE):
            pieces = _grown(pieces, n + 1)
            pieces[n, 0], pieces[n, 1], pieces[n, 2], pieces[n, 3], pieces[n, 4] = line, start, end, kind, 0
            n += 1
            continue
        quotes, n_quotes = _find_quotes(codes, flags, base, start, end, quotes)
        at, begin, q, n_cuts, sure = start, start, 0, 0, True
        while at < end:
            flag = flags[codes[at]]
            if not flag & (STOP | BULLET):
                at += 1
                continue
            blanks = at - 1 >= base and at + 1 < end and (flags[codes[at - 1]] & flags[codes[at + 1]] & SPACE) != 0
            bullet = (flag & BULLET) != 0 and blanks
            if not bullet and (not flag & STOP or _is_harmless(codes, flags, base, at, end)):
                at += 1
                continue
            while q < n_quotes and quotes[q, 1] <= at:
                q += 1
            inside = q < n_quotes and quotes[q, 0] < at
            if bullet:
                if not inside:
                    cuts, n_cuts, begin = _add(codes, flags, cuts, n_cuts, begin, at)
                at += 2
                continue
            run = _run_end(codes, flags, at, end)
            close = _close_end(codes, flags, run, end)
            if close < end:
                quote_start, quote_end = (quotes[q, 0], quotes[q, 1]) if inside else (0, 0)
                verdict = _ends_sentence(
                    codes, flags, shorts, carriers, begin, end, at, run, close, quote_start, quote_end
                )
                if verdict == DOUBT:
                    sure = False
                    break
                if verdict == YES:
                    cuts, n_cuts, begin = _add(codes, flags, cuts, n_cuts, begin, close)
            at = close
        if sure:
            cuts, n_cuts, begin = _add(codes, flags, cuts, n_cuts, begin, end)
        if kind in (HEADLINE, SUBHEADING) and n_cuts > 1 and np.any(codes[start:end] == _DOT):
            kind = SENTENCE
        first, q = n, 0
        for c in range(n_cuts if sure else 0):
            begin, stop = cuts[c, 0], cuts[c, 1]
            if stop - begin > 2 * _MANY_WORDS and _words_before(codes, flags, begin, stop) > _MANY_WORDS:
                sure = False
                break
            while q < n_quotes and quotes[q, 1] < stop - 2:
                q += 1
            its = kind
            if its == LIST and c and lines[line, WORDS] > _ITEM:
                its = SENTENCE
            if its == SENTENCE and q < n_quotes and quotes[q, 0] <= begin and stop <= quotes[q, 1] + 1:
                its = QUOTED
            look = n_cuts > 1 and (c == 0 or c >= n_cuts - 3) and stop - begin <= _BRIEF_LINE
            look = look and may_be_furniture(codes, flags, fold, heads, markers, begin, stop)
            if its == SENTENCE and flags[codes[begin]] & BULLET:
                its = LIST
            pieces = _grown(pieces, n + 1)
            pieces[n, 0], pieces[n, 1], pieces[n, 2], pieces[n, 3], pieces[n, 4] = line, begin, stop, its, look
            n += 1
        if not sure:
            n, doubtful[line] = first, True
    return pieces[:n].copy(), doubtful
