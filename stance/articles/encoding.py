"""Finding out in which encoding a text is written: UTF-8, UTF-16, Windows-1256 or Latin-1."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 16
_CONTROL = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27})


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of some bytes, and the name of the encoding they are in.

    Raises
    ------
    ValueError
        They are no text.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(name), name
            except UnicodeDecodeError as error:
                raise ValueError(f"begins as {name} but byte {error.start + 1} does not fit; the file is damaged") from None
    sample = data[:_SAMPLE]
    high = {name: half.count(0) + half.count(6) for name, half in (("utf-16-be", sample[::2]), ("utf-16-le", sample[1::2]))}
    name = max(high, key=high.__getitem__)
    if len(data) % 2 == 0 and high[name] > 0.4 * len(sample):  # Latin and Arabic letters have the upper byte 0 or 6
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            text = ""
        if text and sum(c.isprintable() or c.isspace() for c in text[:2000]) > 0.95 * len(text[:2000]):
            return text, name
    if any(code in sample for code in _CONTROL):
        raise ValueError("binary data, not text; expected a text file")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} is not UTF-8"
    try:
        arabic = data.decode("cp1256")
    except UnicodeDecodeError:
        arabic = ""
    letters = [c for c in arabic[:_SAMPLE] if c.isalpha()]
    if letters and sum("\u0600" <= c <= "\u06ff" for c in letters) > 0.5 * len(letters):
        return arabic, "windows-1256"
    if sum(byte >= 0x80 for byte in sample) < 0.5 * len(sample):
        return data.decode("latin-1"), "latin-1"
    raise ValueError(f"{reason}, and it is no other encoding that is known; save the file as UTF-8")
