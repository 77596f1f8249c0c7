"""Finding out in which encoding a text is written: UTF-8, UTF-16, Windows-1256, Latin-1 or Windows-1252."""

from __future__ import annotations

import codecs
import io
import re
from typing import IO

from stance.articles.records import UnreadableError

SAMPLE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive, perhaps a Word document"),
    (b"\x1f\x8b", "a gzip file"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
)
_CONTROL = bytes((set(range(32)) - {9, 10, 11, 12, 13, 27}) | {127})
_FOREIGN_WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_COMMON = frozenset("اليمنورتبعةهد")


def sniff(sample: bytes) -> str:
    """Return the Python name of the encoding that the beginning of a text is in.

    Parameters
    ----------
    sample : bytes
        The text or its first bytes; it may end within a character.

    Raises
    ------
    ValueError
        It is no text, or in no encoding that is known; the message says what to do.

    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    for magic, what in _MAGIC:
        if sample.startswith(magic):
            raise ValueError(f"binary data: this is {what}; give the file the suffix of what it is")
    if (wide := _utf16_by_high_bytes(sample)) is not None:
        return wide
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    if b"\0" in sample or (controls > 2 and controls * 50 > len(sample)):
        raise ValueError("binary data, not text; expected a text file")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError as error:
        return _one_byte_encoding(sample, error)
    return "utf-8"


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of some bytes, without a byte order mark, and the name of the encoding they are in.

    Raises
    ------
    ValueError
        They are no text, or damaged; the message says what to do.

    """
    name = sniff(data[:SAMPLE])
    if name == "utf-8" and b"\0" in data:
        raise ValueError("binary data (zero bytes), not text; expected a text file")
    try:
        return data.decode(name).removeprefix("\ufeff"), name
    except UnicodeDecodeError as error:
        if name == "utf-8":  # the sample was plain ASCII, or the damage lies behind it
            name = _one_byte_encoding(data, error)
            return data.decode(name), name
        raise ValueError(
            f"written as {name}, but byte {error.start + 1} does not fit: the file is damaged; save it as UTF-8"
        ) from None


def peek(stream: IO[bytes]) -> bytes:
    """Return the first bytes of a buffered stream, up to `SAMPLE`, and leave them there to be read."""
    look = getattr(stream, "peek", None)
    return bytes(look(SAMPLE))[:SAMPLE] if look is not None else b""


def encoding_of_lines(sample: bytes) -> str:
    """Return the encoding of a file of records of which some may be damaged: sound lines outvote broken ones.

    Raises
    ------
    UnreadableError
        It is no text.

    """
    damaged = sound = 0
    for line in sample.splitlines()[:-1] if len(sample) >= SAMPLE else sample.splitlines():
        try:
            sound += not line.decode("utf-8").isascii()
        except UnicodeDecodeError:
            damaged += 1
    try:
        name = sniff(sample)
    except ValueError as error:
        if "binary" in str(error):
            raise UnreadableError(str(error)) from None
        return "utf-8"
    return "utf-8" if name in ("windows-1256", "windows-1252", "latin-1") and sound > damaged else name


def as_utf8(stream: IO[bytes], name: str) -> IO[bytes]:
    """Return a stream of UTF-8 bytes for one in another encoding; nothing is read ahead but one buffer.

    UTF-8 passes as it is, so that damaged records can be told from sound ones; elsewhere what does not fit becomes
    U+FFFD.
    """
    if name in ("utf-8", "utf-8-sig"):
        return stream
    return io.BufferedReader(_Transcoder(stream, name), SAMPLE)


def whole_characters(text: str) -> str:
    """Return a text with half characters (lone surrogates) replaced by U+FFFD, for no file could hold them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


class _Transcoder(io.RawIOBase):
    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._rest = stream, b""
        self._decoder = codecs.getincrementaldecoder(name)("replace")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            data = self._stream.read(SAMPLE)
            self._rest = self._decoder.decode(data, final=not data).encode("utf-8", "replace")
            if not data:
                break
        part = self._rest[: len(buffer)]
        buffer[: len(part)] = part
        self._rest = self._rest[len(part) :]
        return len(part)


def _utf16_by_high_bytes(sample: bytes) -> str | None:
    """Tell UTF-16 without a mark by its high bytes: 0x00 for Latin letters and spaces, 0x06 for Arabic letters."""
    for high, low, name in (
        (sample[1::2], sample[::2], "utf-16-le"),
        (sample[::2], sample[1::2], "utf-16-be"),
    ):
        plausible = high.count(0) + high.count(6)
        if len(high) > 1 and plausible > 0.9 * len(high) and low.count(0) + low.count(6) < 0.1 * len(low):
            return name
    return None


def _one_byte_encoding(data: bytes, error: UnicodeDecodeError) -> str:
    sample = data[max(0, error.start - SAMPLE // 2) : error.start + SAMPLE // 2]
    lenient = sample.decode("utf-8", "replace")
    damaged = lenient.count("\ufffd")
    sound = sum(c > "\x7f" for c in lenient) - damaged
    if sound > 4 * damaged:
        raise ValueError(
            f"byte {error.start + 1} is not UTF-8, though the text around it is: the file is damaged; save it as UTF-8"
        )
    words = _FOREIGN_WORD.findall(sample)
    letters = [c for c in b"".join(words).decode("cp1256", "replace") if c.isalpha() and c > "\x7f"]
    arabic = [c for c in letters if "\u0621" <= c <= "\u06ff"]
    # Western words mix such bytes with ASCII; Cyrillic and Greek ones too read as Arabic letters, but not as those
    # that Arabic is mostly made of.
    pure = sum(_ASCII_LETTER.search(word) is None for word in words) > 0.5 * len(words)
    if pure and len(arabic) > 0.7 * len(letters) and sum(c in _COMMON for c in arabic) > 0.5 * len(arabic):
        return "windows-1256"
    if not pure or sum(byte >= 0x80 for byte in sample) < 0.5 * len(sample):
        # the two differ in 0x80 to 0x9F only, where Latin-1 has no letters and Windows-1252 five holes
        if any(0x80 <= b <= 0x9F for b in sample) and not any(b in sample for b in b"\x81\x8d\x8f\x90\x9d"):
            return "windows-1252"
        return "latin-1"
    raise ValueError(
        f"byte {error.start + 1} is not UTF-8, and no other known encoding fits; save the file as UTF-8"
    )
