"""Arabic normalisation as a code-point table that travels with the model.

The table is derived from camel-tools when a model is trained (`derive`), stored in the model's file, and applied
from there, so that prediction never imports camel-tools and an old model goes on normalising as it was trained.

A text is normalised in two moves: it is brought to Unicode form NFKC, which alone depends on neighbouring
characters and is skipped for a text that has the form already; then every code point is replaced by what the table
says, which depends on nothing but itself.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from stance.arabic.remembered import recall, remember

STEPS = ("unicode", "dediacritize", "alef", "alef_maksura", "teh_marbuta", "tatweel", "digits", "lowercase")
"""Names of the steps that are taken where nothing is said, in the order in which they are applied.

``unicode``
    NFKC, after camel-tools' own spelling of two ligatures (presentation forms become letters).
``dediacritize``
    Short vowels, tanween, shadda, sukun and dagger alef are removed.
``alef``
    Alef with hamza or madda and alef wasla become bare alef.
``alef_maksura``
    Alef maqsura becomes yeh.
``teh_marbuta``
    Teh marbuta becomes heh.
``tatweel``
    The elongation character is removed (a step of ours: camel-tools has none).
``digits``
    Every decimal digit of any script becomes 0-9.
``lowercase``
    `str.lower` of each code point; within Greek words of the whole text.
"""
OPTIONAL_STEPS = ("symbols",)
"""Names of the steps that are taken only where they are named, after the others.

``symbols``
    Emoji and other pictures become words of their own, so that features and a lexicon see them: each is spelled
    as its Unicode name, e.g. ``red_heart``, between spaces. Skin tones and the joiners of emoji are removed.
"""

_ASKED_AT_ONCE = 1 << 13  # code points; all at once would take a hundred megabytes
_SEPARATOR = "\ue000"  # private use: no step changes it and nothing composes with it
_CHECKED = (range(0x700), range(0x2000, 0x2200))  # where `quick_check` looks closer: Latin to Arabic, punctuation
_FIXED = range(10, 200)  # combining classes of marks that never compose with another character, like Arabic vowels
_SYMBOLS, _NOT_SYMBOLS = 0x2190, range(0xFB50, 0xFE00)  # the first arrow; ornaments and ligatures of Arabic
_JOINS = {0x200D, 0xFE0F, *range(0x1F3FB, 0x1F400)}  # zero width joiner, emoji presentation, skin tones
_SIGMA = "\u03a3"  # the one letter whose lower case depends on its neighbours


@dataclass(frozen=True)
class Normalizer:
    """A normalisation: its steps by name, and the tables that carry them out.

    Attributes
    ----------
    steps : tuple of str
        The names, of `STEPS` and `OPTIONAL_STEPS`, in their order.
    before : dict of int to str
        Code points that are spelled out before NFKC.
    table : dict of int to str
        Code point to its replacement (possibly empty), applied after NFKC.
    """

    steps: tuple[str, ...] = ()
    before: dict[int, str] = field(default_factory=dict)
    table: dict[int, str] = field(default_factory=dict)

    def compose(self, text: str) -> str:
        """Do the part that depends on neighbouring characters; what remains is the table alone."""
        if "unicode" in self.steps and not unicodedata.is_normalized("NFKC", text):
            if any(chr(code) in text for code in self.before):  # translating is slow, and these few are rare
                text = text.translate(self.before)
            text = unicodedata.normalize("NFKC", text)
        if _SIGMA in text and "lowercase" in self.steps:
            text = text.lower()
        return text

    @cached_property
    def quick_check(self) -> npt.NDArray[np.uint8]:
        """What each of the first code points says about whether `compose` changes a text, (8704,) uint8.

        0: nothing, whatever its neighbours are. 255: it may. Else it is a mark's combining class: nothing as long as the
        classes of the marks that follow each other do not fall. Code points beyond the table may.
        """
        table = np.full(_CHECKED[-1].stop, 255, dtype=np.uint8)
        for code in (code for part in _CHECKED for code in part):
            kind = unicodedata.combining(chr(code))
            if unicodedata.is_normalized("NFKC", chr(code)) and (kind == 0 or kind in _FIXED):
                table[code] = kind
        if "unicode" not in self.steps:
            table[:] = 0
        if "lowercase" in self.steps:
            table[ord(_SIGMA)] = 255
        return table

    def __call__(self, text: str) -> str:
        """Return the normalised text."""
        return self.compose(text).translate(self.table)

    def arrays(self) -> dict[str, npt.NDArray[np.uint32]]:
        """Return the table as plain arrays: ``source`` (n,), ``start`` (n + 1,) and ``target`` (code points)."""
        source = np.array(sorted(self.table), dtype=np.uint32)
        parts = [self.table[int(code)] for code in source]
        start = np.zeros(len(parts) + 1, dtype=np.uint32)
        np.cumsum([len(part) for part in parts], out=start[1:])
        target = np.array([ord(c) for part in parts for c in part], dtype=np.uint32)
        return {"source": source, "start": start, "target": target}

    @classmethod
    def from_arrays(
        cls,
        steps: Iterable[str],
        before: dict[int, str],
        source: npt.NDArray[np.uint32],
        start: npt.NDArray[np.uint32],
        target: npt.NDArray[np.uint32],
    ) -> Normalizer:
        """Rebuild from `arrays`."""
        text = "".join(map(chr, target.tolist()))
        bounds = start.tolist()
        table = {code: text[a:b] for code, a, b in zip(source.tolist(), bounds, bounds[1:], strict=False)}
        return cls(tuple(steps), dict(before), table)


def check_steps(steps: Iterable[str]) -> tuple[str, ...]:
    """Return the steps in their canonical order.

    Raises
    ------
    ValueError
        A name is not one of `STEPS` or `OPTIONAL_STEPS`.
    """
    wanted, known = set(steps), (*STEPS, *OPTIONAL_STEPS)
    if unknown := wanted - set(known):
        raise ValueError(f"unknown normalisation step {sorted(unknown)[0]!r}; expected some of: {', '.join(known)}")
    return tuple(step for step in known if step in wanted)


def _spell_symbol(character: str) -> str:
    """Return a picture as a word between spaces, nothing for what only joins or tints pictures, and others as they are."""
    code = ord(character)
    if code in _JOINS:
        return ""
    if unicodedata.category(character) != "So" or code < _SYMBOLS or code in _NOT_SYMBOLS:
        return character
    return " " + re.sub(r"\W+", "_", unicodedata.name(character).lower()) + " "


def _per_character(step: str) -> Callable[[str], str]:
    """Return the function of camel-tools (or of Python, where it has none) that carries out one step."""
    if step == "digits":
        return lambda text: re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), text)
    if step == "lowercase":
        return str.lower
    if step == "symbols":
        return lambda text: "".join(map(_spell_symbol, text))
    if step == "tatweel":
        return lambda text: text.replace("\u0640", "")
    from camel_tools.utils import dediac, normalize

    functions: dict[str, Callable[[str], str]] = {
        "dediacritize": dediac.dediac_ar,
        "alef": normalize.normalize_alef_ar,
        "alef_maksura": normalize.normalize_alef_maksura_ar,
        "teh_marbuta": normalize.normalize_teh_marbuta_ar,
    }
    return functions[step]


def derive(steps: Iterable[str] = STEPS) -> Normalizer:
    """Derive a normalisation from camel-tools by asking it about every assigned code point; the answer is kept (`stance.arabic.remembered`).

    Parameters
    ----------
    steps : iterable of str
        Some of `STEPS` and `OPTIONAL_STEPS`. Only ``digits``, ``lowercase``, ``tatweel`` and ``symbols`` work without
        camel-tools.

    Returns
    -------
    Normalizer
        Equal to applying the steps' functions one after the other, for every text.
    """
    return _derive(check_steps(steps))


@lru_cache(maxsize=8)
def _derive(steps: tuple[str, ...]) -> Normalizer:
    if not steps:
        return Normalizer()
    if (kept := recall(steps)) is not None:
        return Normalizer(steps, *kept)
    before: dict[int, str] = {}
    table: dict[int, str] = {}
    for first in range(0, sys.maxunicode + 1, _ASKED_AT_ONCE):
        # Characters without a meaning (not assigned, private, halves of pairs) mean nothing to any step either.
        part = map(chr, range(first, min(first + _ASKED_AT_ONCE, sys.maxunicode + 1)))
        if characters := [c for c in part if unicodedata.category(c) not in {"Cn", "Co", "Cs"}]:
            _ask(steps, characters, before, table)
    remember(steps, before, table)
    return Normalizer(steps, before, table)


def _ask(steps: tuple[str, ...], characters: list[str], before: dict[int, str], table: dict[int, str]) -> None:
    """Ask what the steps make of some characters; add what they change to `before` and `table` (see `Normalizer`)."""
    images = characters
    if "unicode" in steps:
        from camel_tools.utils.normalize import normalize_unicode

        # Each character stands between separators, so that nothing composes with its neighbour.
        joined = _SEPARATOR.join(characters)
        plain = unicodedata.normalize("NFKC", joined).split(_SEPARATOR)
        camel = normalize_unicode(joined).split(_SEPARATOR)
        before |= {ord(c): b for c, a, b in zip(characters, plain, camel, strict=True) if a != b}
        characters = [c for c, a in zip(characters, plain, strict=True) if a == c]
        images = [before.get(ord(c), c) for c in characters]
    text = _SEPARATOR.join(images)
    for step in steps:
        if step != "unicode":
            text = _per_character(step)(text)
    if characters:  # else splitting gives one empty text
        table |= {ord(c): new for c, new in zip(characters, text.split(_SEPARATOR), strict=True) if c != new}
