"""Damage that a wrong encoding does to Arabic text, and what the text was before, where that can be told."""

from __future__ import annotations

import re
from typing import NamedTuple

_FOREIGN_RUN = re.compile(r"[^\x00-\x7f]+(?:[ -@\[-`{-\x7f]+[^\x00-\x7f]+)*")
_LATIN_WORD = re.compile(r"[^\W\d_]+")
_LOST = re.compile(r"\?{3,}(?: \?{2,})*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_COMMON = frozenset("اليمنورتبعةهد")


class Damage(NamedTuple):
    """What is wrong with a text.

    Attributes
    ----------
    kind : str
        ``replacement-character``, ``mojibake``, ``question-marks``, ``control-character`` or ``surrogate``.
    message : str
    repaired : str or None
        The text as it was, where the damage can be undone.
    """

    kind: str
    message: str
    repaired: str | None = None


def _bytes(text: str, encoding: str) -> bytes | None:
    """Encode, with the holes of Windows-1252 filled as browsers fill them; None if a character has no byte."""
    out = bytearray()
    for c in text:
        try:
            out += c.encode(encoding)
        except UnicodeEncodeError:
            if ord(c) > 0xFF:
                return None
            out.append(ord(c))
    return bytes(out)


def _is_arabic(text: str) -> bool:
    letters = [c for c in text if c.isalpha() and not c.isascii()]
    arabic = [c for c in letters if "\u0621" <= c <= "\u06ff"]
    return len(arabic) >= 3 and len(arabic) > 0.8 * len(letters) and sum(c in _COMMON for c in arabic) > 0.4 * len(arabic)


def _utf8_read_as(text: str, encoding: str) -> str | None:
    """Undo UTF-8 that was read as a one-byte encoding, run by run; None if no run can have been that."""
    found = False

    def undo(match: re.Match[str]) -> str:
        nonlocal found
        raw = _bytes(match.group(), encoding)
        try:
            plain = raw.decode("utf-8") if raw else match.group()
        except UnicodeDecodeError as error:  # the last character may have been cut in two
            plain = raw[: error.start].decode("utf-8") if raw and error.start >= len(raw) - 2 else match.group()
        if plain != match.group() and _is_arabic(plain):
            found = True
            return plain
        return match.group()

    repaired = _FOREIGN_RUN.sub(undo, text)
    return repaired if found else None


def _windows_1256_read_as(text: str, encoding: str) -> str | None:
    """Undo Windows-1256 that was read as a western encoding; Arabic words then have no ASCII letter among them."""
    words = [w for w in _LATIN_WORD.findall(text) if not w.isascii()]
    pure = [w for w in words if not any(c.isascii() for c in w)]
    if not pure or len(pure) <= 0.6 * len(words) or max(map(ord, "".join(pure))) > 0x2122:
        return None
    raw = _bytes(text, encoding)
    if raw is None:
        return None
    try:
        plain = raw.decode("cp1256")
    except UnicodeDecodeError:
        return None
    return plain if _is_arabic(plain) else None


def find_damage(text: str) -> list[Damage]:
    """Return what wrong encodings have done to a text; empty for a sound one.

    The misreadings that are recognised: UTF-8 as Windows-1252, Latin-1 or Windows-1256, and Windows-1256 as Windows-1252
    or Latin-1. They are recognised by undoing them: what comes out must be Arabic of common letters.
    """
    found = []
    if "\ufffd" in text:
        found.append(Damage("replacement-character", "holds U+FFFD: characters were lost in a conversion; restore the text from its source"))
    if any("\ud800" <= c <= "\udfff" for c in text):
        found.append(Damage("surrogate", "holds half of a surrogate pair, which cannot be written as UTF-8; restore the text from its source"))
    for name, undo, encoding in (
        ("UTF-8 read as Windows-1252", _utf8_read_as, "cp1252"),
        ("UTF-8 read as Latin-1", _utf8_read_as, "latin-1"),
        ("UTF-8 read as Windows-1256", _utf8_read_as, "cp1256"),
        ("Windows-1256 read as Latin-1", _windows_1256_read_as, "latin-1"),
        ("Windows-1256 read as Windows-1252", _windows_1256_read_as, "cp1252"),
    ):
        if repaired := undo(text, encoding):
            found.append(Damage("mojibake", f"{name}; it was: {repaired[:60]}", repaired))
            break
    else:
        if control := _CONTROL.search(text):
            found.append(Damage("control-character", f"holds the control character U+{ord(control.group()):04X}; remove it"))
    if (lost := _LOST.search(text)) and len(lost.group()) >= 3 and not _ends_a_sentence(text, lost):
        found.append(Damage("question-marks", f"holds {lost.group()[:20]!r}: letters may have been lost in a conversion"))
    return found


def _ends_a_sentence(text: str, marks: re.Match[str]) -> bool:
    """Tell emphasis ("really???") from lost letters: emphasis follows a word, and letters stand in the text."""
    before = text[: marks.start()].rstrip()
    return " " not in marks.group() and bool(before) and any(c.isalpha() for c in before[-20:])
