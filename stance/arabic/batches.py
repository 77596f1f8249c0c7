"""Cut many texts into sentences at once: the same pieces as `split_sentences` finds, several times as fast.

The compiled cutter does what needs no pattern, which is most of any copy; it marks the lines that it is in doubt about,
and those go through `stance.arabic.sentences`, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.arabic import cutting as c
from stance.arabic.characters import CODE_POINTS, code_points, every_character, text_bounds
from stance.arabic.sentences import (
    BULLETS,
    LINE_STOPS,
    ORNAMENTS,
    PROSE_WORDS,
    SHORT_FORMS,
    STOPS,
    Line,
    cut_line,
    name_by_place,
    split_sentences,
)
from stance.arabic.wording import FOLD, HEADS, INVISIBLE, MARKERS, MARKS, clean, is_advert, kind_by_wording

KINDS = ("sentence", "headline", "subheading", "dateline", "list", "quote", "advert")
"""What the numbers of kinds stand for."""
_NUMBER = {"": c.SENTENCE} | {kind: number for number, kind in enumerate(KINDS)}
_SETS = {
    "SPACE": r"\s", "BREAK": "[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "WORD": r"\w", "DIGIT": r"\d", "LETTER": r"[^\W\d_]",
    "STOP": f"[{STOPS}]", "BULLET": f"[{BULLETS}]", "UNSEEN": f"[{INVISIBLE}{MARKS}]", "ORNAMENT": f"[{ORNAMENTS}]",
    "CLOSE": r"[»”’)\]›}﴾]", "LISTED": "[•▪◦●○■□►▶➤✓✔*\\-–—0-9٠-٩]", "LINE_STOP": f"[{LINE_STOPS}]", "QUOTE": '[«“”"]',
}  # fmt: skip
# With these letters begins what carries a sentence on after a quotation or after dots.
_CARRIERS = (
    *("قائ", "مؤك", "مضي", "مشي", "موض", "معت", "لاف", "مبي", "بحس", "حسب", "وفق", "على", "في ", "كما", "قال", "يقو", "تقو", "he ", "she", "sai"),
    *("بل", "أو", "أم", "or", "حيث", "لأن", "إما", "إلخ", "الخ", "حتى", "عند", "بدء", "مثل", "رغم", "الأ", "bec"),
)


def split_many(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], ...]:
    """Cut every text as `split_sentences` does (semicolons join clauses here: ``semicolons=True`` has no twin).

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    text : (n_pieces,) int64
        The number of the text that a piece is of; ascending.
    start, end : (n_pieces,) int64
        ``texts[text][start:end]`` is the piece.
    kind : (n_pieces,) int64
        Places in `KINDS`.
    """
    codes, bounds = code_points(texts), text_bounds(texts)
    flags, fold, heads, markers, shorts, carriers = _tables()
    lines, wrapped = c.find_lines(codes, bounds, flags, fold, heads, markers)
    kinds = _kinds_of_lines(texts, lines, bounds, wrapped)
    pieces, doubtful = c.find_pieces(codes, bounds, flags, fold, heads, markers, shorts, carriers, lines, kinds)
    for i, start, end, _, _ in pieces[pieces[:, 4] != 0].tolist():
        d = int(lines[i, c.TEXT])
        # An advert at the head or the tail changes the kinds of its neighbours, so the whole line is cut again.
        doubtful[i] |= is_advert(clean(texts[d][start - bounds[d, 0] : end - bounds[d, 0]]))
    more: list[tuple[int, int, int, int, int]] = []
    for i in np.flatnonzero(doubtful).tolist():
        row, base = lines[i].tolist(), int(bounds[lines[i, c.TEXT], 0])
        line = _line(row, base, kinds[i])
        more += ((i, s.start + base, s.end + base, _NUMBER[s.kind], 0) for s in cut_line(texts[row[c.TEXT]], line))
    for d in np.flatnonzero(wrapped).tolist():
        first, base = int(np.searchsorted(lines[:, c.TEXT], d)), int(bounds[d, 0])
        more += ((first, s.start + base, s.end + base, _NUMBER[s.kind], 0) for s in split_sentences(texts[d]))
    if more:
        pieces = np.concatenate([pieces[~doubtful[pieces[:, 0]]], np.array(more, dtype=np.int64)])
        pieces = pieces[np.argsort(pieces[:, 0], kind="stable")]
    text = lines[pieces[:, 0], c.TEXT]
    base_of = bounds[text, 0]
    return text, pieces[:, 1] - base_of, pieces[:, 2] - base_of, pieces[:, 3]


def _line(row: list[int], base: int, kind: int) -> Line:
    name = "" if kind == c.SENTENCE else KINDS[kind]
    return Line(row[c.START] - base, row[c.END] - base, "", row[c.WORDS], bool(row[c.STOPPED]), name)


def _kinds_of_lines(
    texts: Sequence[str], lines: npt.NDArray[np.int64], bounds: npt.NDArray[np.int64], wrapped: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int8]:
    """Say what every line is, by its wording and by its place; what is cut elsewhere is `cutting.ELSEWHERE`."""
    kinds = np.zeros(len(lines), dtype=np.int8)
    elsewhere = wrapped[lines[:, c.TEXT]]
    for i in np.flatnonzero((lines[:, c.LOOK] != 0) & ~elsewhere).tolist():
        d, start, end, _, _, _, brief = lines[i].tolist()
        text, base = texts[d], int(bounds[d, 0])
        start, end = start - base, end - base
        kinds[i] = _NUMBER[kind_by_wording(text, start, end, clean(text[start:end]) if brief else "")]
    # A line's place can tell only where some of a text's lines are prose, and some are not.
    body = (lines[:, c.STOPPED] != 0) | (lines[:, c.WORDS] > PROSE_WORDS)
    n = np.bincount(lines[:, c.TEXT], minlength=len(texts))
    prose = np.bincount(lines[:, c.TEXT], body, minlength=len(texts))
    last = np.cumsum(n)
    for d in np.flatnonzero((prose > 0) & (prose < n) & ~wrapped).tolist():
        its, base = slice(last[d] - n[d], last[d]), int(bounds[d, 0])
        rows = [_line(row, base, kind) for row, kind in zip(lines[its].tolist(), kinds[its].tolist(), strict=True)]
        name_by_place(rows)
        kinds[its] = [_NUMBER[row.kind] for row in rows]
    kinds[elsewhere] = c.ELSEWHERE
    return kinds


@cache
def _tables() -> tuple[npt.NDArray[Any], ...]:
    """Return `flags`, `fold`, `heads`, `markers`, `shorts` and `carriers` of `stance.arabic.cutting`."""
    every = every_character()
    flags = np.zeros(CODE_POINTS, dtype=np.uint16)
    for bit, name in enumerate(c.FLAGS):
        for run in re.finditer(f"(?:{_SETS[name]})+", every):
            flags[run.start() : run.end()] |= 1 << bit
    fold = np.arange(0x2200, dtype=np.uint32)
    for old, new in (*FOLD, *((chr(n), chr(n).lower()) for n in range(0x41, 0x5B)), ("\u0130", "i"), ("\u212a", "k")):
        fold[ord(old)] = ord(new)
    shorts = [form for form in SHORT_FORMS if not form.isascii()]
    if max(map(len, shorts)) > 6:
        raise AssertionError("a short form of more than six letters has no key")
    return flags, fold, _set(map(_key, HEADS)), _set(map(_marker, MARKERS)), _set(map(_key, shorts)), _set(map(_key, _CARRIERS))


def _key(word: str) -> int:
    key = 0
    for letter in word:
        key = key << c.KEY_BITS | ord(letter) & ((1 << c.KEY_BITS) - 1)
    return key


def _marker(word: str) -> int:
    return int.from_bytes(b"".join(ord(letter).to_bytes(2, "big") for letter in word), "big")


def _set(keys: Iterable[int]) -> npt.NDArray[np.uint64]:
    """Return the open hash table that `cutting.contains` reads."""
    wanted = sorted(set(keys))
    places = np.zeros(1 << max(4, (8 * len(wanted)).bit_length()), dtype=np.uint64)
    for key in wanted:
        at = int(c.slot(np.uint64(key), places.size))
        while places[at]:
            at = (at + 1) % places.size
        places[at] = key
    return places
