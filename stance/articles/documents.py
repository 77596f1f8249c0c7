"""Reading documents: text files, JSON and JSON Lines, folders of them, their gzip files, and standard input."""

from __future__ import annotations

import glob
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from stance.articles.encoding import decode
from stance.errors import DocumentError

SUFFIXES = (".txt", ".md", ".jsonl", ".ndjson", ".json")
TEXT_FIELDS = ("text", "body", "content", "article", "article_text", "النص", "نص", "المتن", "الخبر")
TITLE_FIELDS = ("title", "headline", "العنوان", "عنوان")
DATE_FIELDS = ("date", "published", "published_at", "date_published", "التاريخ", "تاريخ")
ID_FIELDS = ("id", "doc_id", "url")


@dataclass(slots=True)
class Document:
    """A text as it was read.

    Attributes
    ----------
    id : str
    text : str
    title, date : str or None
    source : str
        The path, or ``"-"``.
    record : int or None
        Line number within the file, from 1, for formats that hold many documents.
    encoding : str or None
    meta : dict
        The record's other fields.
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
    """Something that could not be read: where, and why."""

    source: str
    record: int | None
    reason: str
    raw: bytes = b""

    def __str__(self) -> str:
        """Return ``source:record: reason``."""
        return f"{self.source}:{self.record}: {self.reason}" if self.record else f"{self.source}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds against hostile input.

    Attributes
    ----------
    record_bytes : int
        Longest record or text file, unpacked.
    """

    record_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class _Fields:
    text: str | None = None
    title: str | None = None
    date: str | None = None
    id: str | None = None


OnError = Callable[[ReadFailure], None]


def _refuse(failure: ReadFailure) -> None:
    raise DocumentError(str(failure))


def read_documents(
    paths: Iterable[str | Path],
    *,
    text_field: str | None = None,
    title_field: str | None = None,
    date_field: str | None = None,
    id_field: str | None = None,
    on_error: OnError | None = None,
    limits: ReadLimits = ReadLimits(),
) -> Iterator[Document]:
    """Yield the documents that paths stand for, one after the other.

    Parameters
    ----------
    paths : iterable of str or Path
        Files (``.txt``, ``.md``, ``.json``, ``.jsonl``, ``.ndjson``, each also with ``.gz``), folders, glob patterns,
        or ``"-"`` for standard input (JSON Lines if the first line is an object, text otherwise).
    text_field, title_field, date_field, id_field : str, optional
        Names of the record fields; common English and Arabic names are found without.
    on_error : callable, optional
        Called with each `ReadFailure`; reading goes on. Without it the first failure raises.
    limits : ReadLimits

    Raises
    ------
    DocumentError
        Something cannot be read and there is no `on_error`.
    """
    fields = _Fields(text_field, title_field, date_field, id_field)
    report = on_error or _refuse
    for path in paths:
        if str(path) == "-":
            yield from _read_stream(sys.stdin.buffer, "-", "", fields, report, limits)
            continue
        for file in _files(Path(path), report):
            yield from _read_file(file, fields, report, limits)


def _kind(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")


def _files(path: Path, report: OnError) -> Iterator[Path]:
    if path.is_dir():
        found = [p for p in sorted(path.rglob("*")) if p.is_file() and _kind(p) and not p.name.startswith(".")]
        if not found:
            report(ReadFailure(str(path), None, f"no document in this folder; expected files ending in {', '.join(SUFFIXES)}"))
        yield from found
    elif path.exists():
        yield path
    elif any(c in str(path) for c in "*?["):
        found = [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]
        if not found:
            report(ReadFailure(str(path), None, "no file matches this pattern"))
        yield from found
    else:
        report(ReadFailure(str(path), None, "no such file or folder"))


def _read_file(path: Path, fields: _Fields, report: OnError, limits: ReadLimits) -> Iterator[Document]:
    kind = _kind(path)
    if not kind:
        report(ReadFailure(str(path), None, f"unknown kind of file; expected one ending in {', '.join(SUFFIXES)}, or .gz of these"))
        return
    try:
        with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as handle:
            yield from _read_stream(handle, str(path), kind, fields, report, limits)
    except (OSError, EOFError, zlib.error) as error:
        report(ReadFailure(str(path), None, f"cannot be read: {error}"))


def _read_stream(
    handle: IO[bytes] | Any, source: str, kind: str, fields: _Fields, report: OnError, limits: ReadLimits
) -> Iterator[Document]:
    if kind in (".jsonl", ".ndjson"):
        yield from _json_lines(handle, source, fields, report, limits)
        return
    data = handle.read(limits.record_bytes + 1)
    if len(data) > limits.record_bytes:
        report(ReadFailure(source, None, f"longer than {limits.record_bytes:,} bytes; cut it into records"))
        return
    if kind == "" and data.lstrip()[:1] == b"{":
        yield from _json_lines(io.BytesIO(data), source, fields, report, limits)
        return
    try:
        text, encoding = decode(data)
    except ValueError as error:
        report(ReadFailure(source, None, str(error)))
        return
    if not text.strip():
        report(ReadFailure(source, None, "empty: there is no text in it"))
    elif kind == ".json":
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError) as error:
            report(ReadFailure(source, None, f"not JSON: {error}"))
            return
        for number, record in enumerate(parsed if isinstance(parsed, list) else [parsed], 1):
            document = _document(record, source, number, encoding, fields, report, b"")
            if document:
                yield document
    else:
        yield Document(source if source == "-" else Path(source).name, text, source=source, encoding=encoding)


def _json_lines(handle: IO[bytes], source: str, fields: _Fields, report: OnError, limits: ReadLimits) -> Iterator[Document]:
    number, found = 0, False
    while line := handle.readline(limits.record_bytes + 1):
        number += 1
        if len(line) > limits.record_bytes:
            report(ReadFailure(source, number, f"longer than {limits.record_bytes:,} bytes"))
            while line and not line.endswith(b"\n"):
                line = handle.readline(limits.record_bytes)
            continue
        if not line.strip():
            continue
        found = True
        try:
            record = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            report(ReadFailure(source, number, f"byte {error.start + 1} is not UTF-8", line))
            continue
        except (ValueError, RecursionError) as error:
            report(ReadFailure(source, number, f"not JSON: {error}; expected one object a line", line))
            continue
        document = _document(record, source, number, "utf-8", fields, report, line)
        if document:
            yield document
    if not found:
        report(ReadFailure(source, None, "empty: there is no record in it"))


def _pick(record: dict[str, Any], named: str | None, common: tuple[str, ...]) -> str | None:
    if named is not None:
        return named if named in record else None
    by_lower = {str(key).lower(): key for key in record}
    return next((by_lower[name] for name in common if name in by_lower), None)


def _document(
    record: Any, source: str, number: int, encoding: str, fields: _Fields, report: OnError, raw: bytes
) -> Document | None:
    if not isinstance(record, dict):
        report(ReadFailure(source, number, f"{type(record).__name__} instead of an object; expected {{\"text\": ...}}", raw))
        return None
    column = _pick(record, fields.text, TEXT_FIELDS)
    if column is None:
        there = ", ".join(map(str, record)) or "none"
        wanted = repr(fields.text) if fields.text else "a text field (text, body, content, النص)"
        report(ReadFailure(source, number, f"{wanted} is missing (fields there: {there}); name it with --text-field", raw))
        return None
    text = record[column]
    if not isinstance(text, str) or not text.strip():
        report(ReadFailure(source, number, f"field {column!r} is {text!r}; expected a text", raw))
        return None
    taken = {column}
    values: list[str | None] = []
    for named, common in ((fields.id, ID_FIELDS), (fields.title, TITLE_FIELDS), (fields.date, DATE_FIELDS)):
        key = _pick(record, named, common)
        values.append(str(record[key]) if key is not None and record[key] is not None else None)
        if key is not None:
            taken.add(key)
    identifier, title, date = values
    rest = {key: value for key, value in record.items() if key not in taken}
    return Document(identifier or f"{Path(source).name}:{number}", text, title, date, source, number, encoding, rest)
