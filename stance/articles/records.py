"""What reading yields: a document, or the reason why there is none; and the bounds that hold for all readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

RAW_BYTES = 1 << 16


@dataclass(slots=True)
class Document:
    """A text as it was read.

    Attributes
    ----------
    id : str
        The record's own, else its source, with ``:record`` where a file holds several.
    text : str
    title : str or None
    date : str or None
        ISO 8601 date or date-time where what was found is clear, else as found.
    source : str
        The path, ``"-"`` for standard input, ``archive.zip!member`` for a file in an archive.
    record : int or None
        Line (JSON Lines, CSV, TSV) or row (JSON, Parquet), from 1, for formats that hold many documents.
    encoding : str or None
        As detected; None for formats that carry their own.
    meta : dict
        The record's other fields, or the file's other properties.

    """

    id: str
    text: str
    title: str | None = None
    date: str | None = None
    source: str = "-"
    record: int | None = None
    encoding: str | None = None
    meta: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """Something that could not be read: where, and why.

    Attributes
    ----------
    source : str
    record : int or None
        None where the whole file is meant.
    reason : str
        What was wrong, what was expected, what to do.
    raw : bytes
        The record as it stood (of an overlong one the first `RAW_BYTES` bytes); empty for whole files.

    """

    source: str
    record: int | None
    reason: str
    raw: bytes = b""

    def __str__(self) -> str:
        """Return ``source:record: reason``."""
        return (
            f"{self.source}: {self.reason}"
            if self.record is None
            else f"{self.source}:{self.record}: {self.reason}"
        )


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds against hostile input; all sizes in bytes, unpacked.

    Attributes
    ----------
    record_bytes : int
        Longest record: a line of JSON Lines, a row of a table, a whole text file; the longest text of any record.
    whole_bytes : int
        Largest file of a format that must be held whole (JSON, docx, pdf; Parquet within an archive).
    unpacked_bytes : int
        What one archive (``.gz``, ``.zip``, ``.docx``) may unpack to, in all.
    ratio : float
        What a packed byte may unpack to, on average; asked from `ratio_from` unpacked bytes on.
    ratio_from : int
    members : int
        How many files an archive may hold.
    html_bytes : int
        Largest HTML page.
    html_depth : int
        Deepest nesting of its elements.
    html_tags, html_attributes : int
        Most tags of a page, and most attributes of one tag.

    """

    record_bytes: int = 64 << 20
    whole_bytes: int = 512 << 20
    unpacked_bytes: int = 64 << 30
    ratio: float = 250.0
    ratio_from: int = 32 << 20
    members: int = 100_000
    html_bytes: int = 16 << 20
    html_depth: int = 500
    html_tags: int = 50_000
    html_attributes: int = 500


@dataclass(frozen=True, slots=True)
class Fields:
    """The field names that the caller gave; None where they are to be found."""

    text: str | None = None
    title: str | None = None
    date: str | None = None
    id: str | None = None


class UnreadableError(Exception):
    """Raised inside the readers, caught at the file or record it is about, and made a `ReadFailure` there."""


OnError = Callable[[ReadFailure], None]
