"""Cut Arabic (and English) copy into sentences with exact offsets, and say what each piece is.

The work is done in three passes, each linear in the length of the text:

1. **Lines.** A line break ends a sentence, unless the whole text is hard-wrapped at a narrow width.
2. **Stops.** Within a line every stop is weighed: decimals, dates, initials, abbreviations, addresses, and stops inside
   a short quotation do not end a sentence. What is left without a stop for `MAX_WORDS` words is cut at a clause mark.
3. **Kinds.** The piece is named by its wording (adverts, datelines, list items) and by its place (headlines).

Decisions a reader may want to know
-----------------------------------
* The Arabic semicolon joins clauses; it ends a sentence only with ``semicolons=True``.
* Two dots or an ellipsis end a sentence when at least `ELLIPSIS_WORDS` words stand before them and the next word does
  not carry the thought on, for Arabic newspapers use ``..`` both as a comma and as a full stop.
* A stop inside a quotation of up to `QUOTE_CHARS` characters does not end the sentence, so that the speaker stays with
  what was said; in a longer quotation it does, and the pieces that lie within it are of kind "quote".
* Pieces longer than `MAX_WORDS` words are cut at the last ``؛``, else at the last comma before a conjunction (و, ف, …),
  else at the last comma, in the latter two thirds of the window; else between two words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from stance.arabic.wording import BULLET, INVISIBLE, MARKS, UNSEEN, clean, is_advert, kind_by_wording

MAX_WORDS = 120
ELLIPSIS_WORDS = 5
QUOTE_CHARS = 500
SHORT_LINE = 220

STOPS = ".!?؟۔…‽⁇⁈⁉！？。"
BULLETS = "•▪●■►"
LINE_STOPS = f"{STOPS}:،؛"
_WORD = rf"\w{MARKS}{INVISIBLE}"

_LINE = re.compile("[^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
ORNAMENTS = rf"\s{INVISIBLE}*\-_=~#•·.…|/\\+–—―─━═■□◆◇●○★☆"
_ORNAMENT = re.compile(rf"[{ORNAMENTS}]*+\Z")
_VISIBLE = re.compile(r"\S")
_WINDOW = re.compile(rf"(?:\S++\s++){{{MAX_WORDS}}}")
_CLAUSES = (
    re.compile(r"[؛;]\s"),
    re.compile(r"[،,]\s?(?=(?:و|ف|كما |بينما |حيث |إذ |ثم |لكن |and |but |while ))"),
    re.compile(r"[،,:]\s|\s[-–—]\s"),
)


def _stop_pattern(stops: str) -> re.Pattern[str]:
    # The pattern opens with one set of characters, so that the engine leaps from stop to stop; the look-arounds settle
    # the commonest harmless dots (3.5, a.b, د.) there too, lest a text made of them alone cost a Python call each.
    return re.compile(
        rf"""
        [{stops}{BULLETS}]
        (?: (?<=\s[{BULLETS}])(?P<bullet>\s)
          | (?<=[{stops}])
            (?! (?<=\d\.)[{INVISIBLE}]?(?=\d)
              | (?<=[A-Za-z0-9]\.)(?=[A-Za-z0-9])
              | (?<![{_WORD}]{{2}}\.)(?<=[^\W\d_]\.)(?<!\d\s[مه]\.)(?![.…])
            )
            [{stops}{INVISIBLE}]*+(?:[^\S\r\n]{{1,3}}+[{stops}]++)*+
            (?P<close>(?:[»”’)\]›}}﴾]|["'](?!\w)|\s[»”](?=[\s.،,]|\Z)|\s"(?=[\s.،,]|\Z))*+)
        )
        """,
        re.VERBOSE,
    )


_STOP = _stop_pattern(STOPS)
_STOP_OR_SEMICOLON = _stop_pattern(STOPS + "؛;")
_QUOTE = re.compile(
    r"[«“”\"](?:(?<=«)[^«»]++»|(?<=“)[^“”]++”|(?<=”)[^“”]++“"
    # a straight quote opens only where a word could begin, after a clitic (وب"…") or the article
    r"|(?<=\")(?:(?<=[\s(\[:،؛.\-–ـ]\")|(?<=\s[ولبكف]\")|(?<=ال\")|(?<![^\n]\"))(?=\S)[^\"]++(?<=\S)\"(?!\w))"
)

PROSE_WORDS = 25
"""A line of more words is prose, whether it ends with a stop or not."""
ITEM_WORDS = 40
"""A bullet before more words opens a paragraph, and only its first sentence is an item."""

_ABBREVIATIONS = frozenset(
    re.findall(
        r"\w+",
        "mr mrs ms dr prof gen col lt maj capt sgt sen rep gov st no vs jr sr mt ft fig al approx dept est "
        "jan feb mar apr jun jul aug sep sept oct nov dec تلف",
    )
)
_TITLES_JOINED = frozenset(["ود", "وأ", "وا", "وم", "لد", "بد"])  # و before د. and أ.
# How Arabic copy spells Latin letters: "بي. بي. سي" is one name, not three sentences.
_LETTER_NAMES = frozenset(
    re.findall(
        r"\w+",
        "إيه أيه ايه أي آي اي بي سي دي إي إف اف جي جيه إتش اتش كيه كي إل ال إم ام إن ان أو او كيو آر ار إس اس تي يو "
        "في دبليو إكس اكس واي زد",
    )
)
SHORT_FORMS = _ABBREVIATIONS | _TITLES_JOINED | _LETTER_NAMES
CARRIES_ON = re.compile(
    r"(?:قائل|مؤكد|مضيف|مشير|موضح|معتبر|لافت|مبين|بحسب\b|حسب\b|وفق|على حد|في إشارة|في اشارة|كما قال|كما جاء|قال\b|قالت\b|"
    r"يقول\b|تقول\b|he said|she said|said\b)"
)
CARRIES_THOUGHT = re.compile(
    r"(?:بل|حيث|لأن|إما|أو|أم|إلخ|الخ|حتى|عندما|بدءا|مثل|رغم|الأمر الذي|في وقت|or|because)\b"
)
STARTS_AFRESH = re.compile(r"(?:و|ف(?!ي\b)|ثم\b|كما\b|لكن\b|غير أن)")


class SentenceSpan(NamedTuple):
    """One piece of a text.

    Attributes
    ----------
    start, end : int
        Offsets in code points, half open: ``text[start:end]`` is the piece without outer white space.
    kind : str
        "sentence", "headline", "subheading", "dateline", "list", "quote" or "advert".

    """

    start: int
    end: int
    kind: str


@dataclass(slots=True)
class Line:
    """A line of copy (or a paragraph of hard-wrapped lines) and what its place and its wording tell."""

    start: int
    end: int
    short: str  # cleaned for the patterns; "" where the line is too long to be anything but prose
    words: int
    stopped: bool
    kind: str = ""


def split_sentences(text: str, *, semicolons: bool = False) -> list[SentenceSpan]:
    """Cut a text into sentences, headlines, list items and the rest.

    Parameters
    ----------
    text : str
        Any text, of any length; nothing in it raises.
    semicolons : bool, default False
        Whether ``؛`` and ``;`` end a sentence.

    Returns
    -------
    list of SentenceSpan
        In order, without overlap, none empty. Together they cover every character that is not white space, except
        lines of nothing but ornament (``***``, ``---``) or invisible characters.

    Examples
    --------
    >>> text = "رحبت تونس بالقرار. وامتنعت مالطا عن التعليق."
    >>> [text[s.start : s.end] for s in split_sentences(text)]
    ['رحبت تونس بالقرار.', 'وامتنعت مالطا عن التعليق.']

    """
    lines = _lines(text)
    for line in lines:
        line.kind = kind_by_wording(text, line.start, line.end, line.short)
    name_by_place(lines)
    stop = _STOP_OR_SEMICOLON if semicolons else _STOP
    spans: list[SentenceSpan] = []
    for line in lines:
        if line.kind in ("advert", "dateline"):
            spans.append(SentenceSpan(line.start, line.end, line.kind))
            continue
        spans.extend(cut_line(text, line, stop))
    return spans


def cut_line(text: str, line: Line, stop: re.Pattern[str] = _STOP) -> Iterator[SentenceSpan]:
    """Yield the pieces of a line that is neither advert nor dateline."""
    quotes = _quotes(text, line.start, line.end)
    cuts = _cuts(text, line, stop, quotes)
    if line.kind in ("headline", "subheading") and len(cuts) > 1 and "." in text[line.start : line.end]:
        line.kind = ""
    return _named_pieces(text, line, cuts, quotes)


def _quotes(text: str, start: int, end: int) -> list[tuple[int, int]]:
    # most lines quote nobody, and looking for four characters is faster than the pattern
    if all(text.find(mark, start, end) < 0 for mark in "\"«“”"):
        return []
    return [m.span() for m in _QUOTE.finditer(text, start, end)]


# ---------------------------------------------------------------------------------------------------------- lines


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    first = _VISIBLE.search(text, start, end)
    if first is None:
        return end, end
    return first.start(), first.start() + len(text[first.start() : end].rstrip())


def _lines(text: str) -> list[Line]:
    spans = []
    for match in _LINE.finditer(text):
        if _ORNAMENT.match(text, match.start(), match.end()) is None:
            spans.append(_strip(text, *match.span()))
    lines = []
    for start, end in _unwrapped(text, spans):
        brief = end - start <= SHORT_LINE
        piece = text[start:end] if brief else ""
        stopped = text[end - 1] in LINE_STOPS
        if not stopped:
            tail = UNSEEN.sub("", text[max(start, end - 12) : end]).rstrip("\"'»”’)]›} \t\xa0")
            stopped = tail[-1:] in LINE_STOPS
        short = clean(piece) if brief else ""
        lines.append(Line(start, end, short, short.count(" ") + 1 if brief else 999, stopped))
    return lines



def _unwrapped(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join the lines of hard-wrapped copy into paragraphs; copy with one paragraph a line passes unchanged.

    A text counts as wrapped when its lines are narrow, most of them are nearly as long as the longest and end without
    a stop, and stops stand within the lines: a list of headlines fails the last.
    """
    widest = max((end - start for start, end in spans), default=0)
    if len(spans) < 4 or not 30 <= widest <= 130:
        yield from spans
        return
    full = [end - start >= 0.7 * widest and text[end - 1] not in STOPS + ":" for start, end in spans]
    within = sum(1 for start, end in spans if _STOP_WITHIN.search(text, start, end))
    if sum(full) < 0.6 * len(spans) or within < max(2, len(spans) // 5):
        yield from spans
        return
    start, end = spans[0]
    for i in range(1, len(spans)):
        gap = text[end : spans[i][0]]
        blank = gap.count("\n") + (gap.count("\r") if "\n" not in gap else 0) > 1
        if full[i - 1] and not blank and not BULLET.match(text, *spans[i]):
            end = spans[i][1]
        else:
            yield start, end
            start, end = spans[i]
    yield start, end


_STOP_WITHIN = re.compile(r"[.؟!]\s+\w")

# ---------------------------------------------------------------------------------------------------------- stops


def _cuts(
    text: str, line: Line, pattern: re.Pattern[str], quotes: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the pieces of one line, stripped, each with something to read in it."""
    pieces: list[tuple[int, int]] = []
    start, quote = line.start, 0
    for match in pattern.finditer(text, line.start, line.end):
        while quote < len(quotes) and quotes[quote][1] <= match.start():
            quote += 1
        inside = quotes[quote] if quote < len(quotes) and quotes[quote][0] < match.start() else None
        if match["bullet"] is not None:
            if inside is None:
                start = _add(text, pieces, start, match.start())
        elif match.end() < line.end and _ends_sentence(text, start, line.end, match, inside):
            start = _add(text, pieces, start, match.end())
    _add(text, pieces, start, line.end)
    return [part for start, end in pieces for part in _short_enough(text, start, end)]


_READABLE = re.compile(r"\w")


def _add(text: str, pieces: list[tuple[int, int]], start: int, end: int) -> int:
    # Loose punctuation goes with what stands before it, so that no piece is without a word, if the line has one.
    if _READABLE.search(text, start, end):
        if pieces and not _READABLE.search(text, *pieces[-1]):
            start = pieces.pop()[0]
        pieces.append(_strip(text, start, end))
    else:
        start, end = _strip(text, start, end)
        if start < end:
            pieces.append((pieces.pop()[0] if pieces else start, end))
        else:
            return start
    return end


def _ends_sentence(
    text: str, start: int, end: int, match: re.Match[str], quote: tuple[int, int] | None
) -> bool:
    at, close = match.start(), match["close"]
    run = text[at : match.start("close")]
    after = text[match.end() : min(end, match.end() + 32)].lstrip()
    if not after or after[0] in "،,؛;:":
        return False
    previous = text[at - 1 : at] if at > start else ""
    if previous in ("(", "["):  # (...) and (؟) stand for what was left out or doubted
        return False
    if quote is not None and match.end() < quote[1]:
        return quote[1] - quote[0] > QUOTE_CHARS
    if run != "." and ASKS.search(run) is not None:
        if close[:1] in (")", "]"):
            return False
        if close or quote is not None:  # a question quoted: "… ؟" وأضاف against the title «… ؟» للكاتب
            return STARTS_AFRESH.match(after) is not None
        return not (run[-1] in "!?" and match.end() < end and text[match.end()] in _ADDRESS)
    if close and _QUOTE_ENDS.search(close) and CARRIES_ON.match(after):
        return False
    dots = run.count(".") + 3 * run.count("…")
    if dots > 1:
        if CARRIES_ON.match(after) or CARRIES_THOUGHT.match(after):
            return False
        return len(text[max(start, at - 160) : at].split()) >= ELLIPSIS_WORDS
    return "؛" in run or ";" in run or not _is_abbreviation(text, start, at, after, bool(close))


ASKS = re.compile(r"[!?؟‽⁇⁈⁉！？]")
_QUOTE_ENDS = re.compile(r"[\"'»”’]")
_ADDRESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=&/#")
_LAST_WORD = re.compile(rf"[{_WORD}]+\s?\Z")
_FIRST_WORD = re.compile(rf"[{_WORD}]+")


def _is_abbreviation(text: str, start: int, at: int, after: str, closed: bool) -> bool:
    plain = text[max(start, at - 24) : at].rpartition(" ")[2]
    if len(plain) > 1 and plain.isalpha() and not plain.isascii() and UNSEEN.search(plain) is None and plain not in SHORT_FORMS:
        return False  # as most words; the rest of this function would find the same
    last = _LAST_WORD.search(text, max(start, at - 24), at)
    if last is None:
        return False
    word = UNSEEN.sub("", last.group()).strip()
    first = _FIRST_WORD.match(after)
    following = UNSEEN.sub("", first.group()) if first else ""
    if word.isdigit():
        # "1." that opens a line or follows a colon counts a list; elsewhere a number may well end a sentence
        lead = text[start : last.start()].rstrip()[-1:] if last.start() - start < 40 else "x"
        return not closed and len(word) <= 2 and lead in ("", ":", "؛", "-")
    if len(word) == 1 and word.isalpha():
        era = word in "مه" and text[max(start, last.start() - 8) : last.start()].rstrip()[-1:].isdigit()
        return not era and not closed
    if word in _TITLES_JOINED:
        return not closed
    if word in _LETTER_NAMES:
        before = text[max(start, last.start() - 12) : last.start()].rstrip()
        chained = (
            before.endswith(".")
            and before[:-1].split()[-1:] != []
            and before[:-1].split()[-1] in _LETTER_NAMES
        )
        if following in _LETTER_NAMES or (chained and not STARTS_AFRESH.match(after)):
            return True
    return word.lower() in _ABBREVIATIONS or (not closed and "a" <= after[0] <= "z" and word.isascii())


def _short_enough(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > 2 * MAX_WORDS and (window := _WINDOW.match(text, start, end)) is not None:
        if window.end() >= end:
            break
        third = start + (window.end() - start) // 3
        cut = window.end()
        for clause in _CLAUSES:
            marks = [m.end() for m in clause.finditer(text, third, window.end())]
            if marks:
                cut = marks[-1]
                break
        yield _strip(text, start, cut)
        rest = _VISIBLE.search(text, cut, end)
        start = rest.start() if rest else end
    yield start, end


# ---------------------------------------------------------------------------------------------------------- kinds

def name_by_place(lines: list[Line]) -> None:
    """Name headlines, subheadings and lonely bullets, which only their neighbours tell from sentences."""
    body = [line.stopped or line.words > PROSE_WORDS for line in lines]
    if not any(body):
        return  # nothing but lines without a stop: perhaps a list of headlines, perhaps a list of sentences
    prose = [i for i, line in enumerate(lines) if line.kind == ""]
    last = max((i for i in prose if body[i]), default=-1)
    after = prose[next((at for at, i in enumerate(prose) if body[i]), 0) :]
    mostly_stopped = sum(body[i] for i in after) * 2 >= len(after)
    opening = 0
    for at, i in enumerate(prose):
        line = lines[i]
        if body[i] or i > last:
            opening = 3
        elif opening < 3 and at == opening:
            line.kind = "headline"
            opening += 1
        elif mostly_stopped and line.words <= 14:
            line.kind = "subheading"
    for i, line in enumerate(lines):
        if line.kind == "list" and not body[i] and line.words <= 10:
            beside = (lines[j].kind for j in (i - 1, i + 1) if 0 <= j < len(lines))
            if i < last and "list" not in beside:
                line.kind = "subheading"


def _named_pieces(
    text: str, line: Line, cuts: list[tuple[int, int]], quotes: list[tuple[int, int]]
) -> Iterator[SentenceSpan]:
    quote, tail_is_advert = 0, False
    for number, (start, end) in enumerate(cuts):
        while quote < len(quotes) and quotes[quote][1] < end - 2:
            quote += 1
        kind = line.kind or "sentence"
        if kind == "list" and number and line.words > ITEM_WORDS:  # a bullet that opens a paragraph, not an item
            kind = "sentence"
        if (
            kind == "sentence"
            and quote < len(quotes)
            and quotes[quote][0] <= start
            and end <= quotes[quote][1] + 1
        ):
            kind = "quote"
        # Links glued to a paragraph stand at its head or its tail; a tail of links goes on to the end of the line.
        if len(cuts) > 1 and (number == 0 or number >= len(cuts) - 3) and not tail_is_advert:
            if end - start <= SHORT_LINE and is_advert(clean(text[start:end])):
                kind, tail_is_advert = "advert", number > 0
        elif tail_is_advert:
            kind = "advert"
        if kind == "sentence" and text[start] in BULLETS:
            kind = "list"
        yield SentenceSpan(start, end, kind)
