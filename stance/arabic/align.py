"""Normalisation that remembers where each character came from.

`Normalizer` only gives the normalised text. To show on the *original* sentence what a model saw, every normalised
character needs its place there, although normalisation deletes characters (diacritics, tatweel), spells one out as
several (a ligature, a presentation form) and composes several into one (NFKC).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stance.arabic.normalize import Normalizer


@dataclass(frozen=True)
class AlignedText:
    """A normalised text with the place of each of its characters in the original.

    Attributes
    ----------
    original : str
    text : str
        Exactly what the normalizer gives for `original`.
    start, stop : (len(text),) int64
        Character `i` of `text` came from ``original[start[i]:stop[i]]``. Deleted characters belong to the letter
        before them (a vowel sign to its letter), or to the one after where a space or nothing is before them, so that
        only texts and edges without any letter have characters that belong to nobody.
    """

    original: str
    text: str
    start: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Return the place in the original of ``text[first:last]`` less its outer white space; None if nothing is left."""
        while first < last and self.text[first].isspace():
            first += 1
        while last > first and self.text[last - 1].isspace():
            last -= 1
        return None if first == last else (int(self.start[first:last].min()), int(self.stop[first:last].max()))


def _composed_pieces(text: str, normalizer: Normalizer) -> Iterator[tuple[str, int, int]]:
    """Yield composed pieces of a text with their start and stop; together they are the composed text.

    A piece begins at a character that does not combine with what is before it. Unicode's combining class finds most of
    these places; where composition still crosses one (Hangul jamo, some vowel signs of India), pieces are joined.
    """
    if "unicode" not in normalizer.steps or unicodedata.is_normalized("NFKC", text):
        for i, character in enumerate(text):
            yield character, i, i + 1
        return

    def compose(start: int, stop: int) -> str:
        return unicodedata.normalize("NFKC", text[start:stop].translate(normalizer.before))

    starts = [i for i, c in enumerate(text) if i == 0 or not unicodedata.combining(c)]
    pieces: list[tuple[str, int, int]] = []
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = compose(start, stop)
        while pieces and compose(pieces[-1][1], stop) != pieces[-1][0] + piece:
            start = pieces.pop()[1]
            piece = compose(start, stop)
        pieces.append((piece, start, stop))
    if "".join(piece for piece, _, _ in pieces) == compose(0, len(text)):
        yield from pieces
    else:  # no script known to us does this; a span that is too wide is still a true one
        yield compose(0, len(text)), 0, len(text)


def align(text: str, normalizer: Normalizer) -> AlignedText:
    """Normalise a text and keep, for each character of the result, its place in the original.

    Parameters
    ----------
    text : str
    normalizer : Normalizer

    Returns
    -------
    AlignedText
        Its `text` equals ``normalizer(text)``.
    """
    composed: list[str] = []
    places: list[tuple[int, int]] = []
    for piece, start, stop in _composed_pieces(text, normalizer):
        composed.append(piece)
        places += [(start, stop)] * len(piece)
    whole = "".join(composed)
    lowered = normalizer.compose(text)
    if lowered != whole:  # lower case in context (Greek sigma): the same characters become as many, whatever surrounds them
        places = [place for c, place in zip(whole, places, strict=True) for _ in c.lower()]
        whole = lowered
    out: list[str] = []
    start_of: list[int] = []
    stop_of: list[int] = []
    orphans: list[tuple[int, int]] = []  # deleted before any letter that could take them
    for character, (start, stop) in zip(whole, places, strict=True):
        new = normalizer.table.get(ord(character), character)
        if not new:
            if out and not out[-1].isspace():
                stop_of[-1] = max(stop_of[-1], stop)
            else:
                orphans.append((start, stop))
            continue
        if orphans and not new[0].isspace():
            start = min(start, orphans[0][0])
        orphans.clear()
        out += new
        start_of += [start] * len(new)
        stop_of += [stop] * len(new)
    return AlignedText(text, "".join(out), np.array(start_of, dtype=np.int64), np.array(stop_of, dtype=np.int64))
