"""Files of many records: JSON Lines, JSON and Parquet; one bad record does not cost the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from stance.articles.archives import whole
from stance.articles.charsets import as_utf8, decode, encoding_of_lines, peek
from stance.articles.fields import Records
from stance.articles.records import RAW_BYTES, Document, ReadLimits, UnreadableError
from stance.errors import DependencyError

_CONTAINERS = ("articles", "documents", "items", "records", "data", "results", "المقالات")


def json_lines(stream: IO[bytes], records: Records, limits: ReadLimits) -> Iterator[Document]:
    """Yield the documents of a JSON Lines stream, line by line, in constant memory."""
    sample = peek(stream)
    records.encoding = encoding_of_lines(sample)
    if not records.encoding.startswith("utf") and not _any_parses(sample, records.encoding):
        records.encoding = "utf-8"  # the strange lines are damage, not records in another encoding
    stream = as_utf8(stream, records.encoding)
    number, found = 0, False
    while line := stream.readline(limits.record_bytes + 1):
        number += 1
        if len(line) > limits.record_bytes:
            found = True
            records.fail(
                number,
                f"longer than {limits.record_bytes:,} bytes; cut it up, or raise the limit",
                line[:RAW_BYTES],
            )
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 20)
            continue
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line.strip():
            continue
        found = True
        try:
            record = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            records.fail(number, f"byte {error.start + 1} of the line is invalid UTF-8; expected UTF-8", line)
        except RecursionError:
            records.fail(number, "broken JSON: nested too deeply; expected one object a line", line)
        except ValueError as error:
            records.fail(number, f"broken JSON: {error}; expected one object a line", line)
        else:
            yield from records.document(record, number, line)
    if not found:
        records.fail(None, "empty: there is no record in it")


def _any_parses(sample: bytes, encoding: str) -> bool:
    for line in sample.splitlines()[:1000]:
        try:
            if not line.isascii() and isinstance(json.loads(line.decode(encoding)), dict):
                return True
        except (ValueError, RecursionError):
            continue
    return False


def json_file(stream: IO[bytes], records: Records, limits: ReadLimits) -> Iterator[Document]:
    """Yield the documents of a JSON file: one object, a list of them, or an object that holds such a list."""
    data = whole(stream, limits.whole_bytes)
    text, records.encoding = _decoded(data)
    if not text.strip():
        raise UnreadableError("empty: there is no text in it")
    try:
        parsed = json.loads(text)
    except RecursionError:
        raise UnreadableError("broken JSON: nested too deeply") from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text.lstrip().startswith("{"):
            raise UnreadableError(
                f"broken JSON: {error}; if it holds one object a line, name it .jsonl"
            ) from None
        raise UnreadableError(f"broken JSON: {error}") from None
    except ValueError as error:  # a number of more digits than Python converts
        raise UnreadableError(f"broken JSON: {error}") from None
    if isinstance(parsed, dict) and records.columns(tuple(parsed))[0] is None:
        parsed = next((parsed[key] for key in _CONTAINERS if isinstance(parsed.get(key), list)), parsed)
    if isinstance(parsed, list):
        if not parsed:
            raise UnreadableError("empty: there is no record in it")
        for number, record in enumerate(parsed, 1):
            yield from records.document(
                record, number, json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
            )
    else:
        yield from records.document(parsed, 1, data[:RAW_BYTES])


def _decoded(data: bytes) -> tuple[str, str]:
    try:
        return decode(data)
    except ValueError as error:
        raise UnreadableError(str(error)) from None


def parquet(handle: Any, records: Records, groups: range | None = None) -> Iterator[Document]:
    """Yield the documents of a Parquet file, a batch of rows at a time.

    Parameters
    ----------
    handle : seekable binary file
    records : Records
    groups : range, optional
        The row groups to read; all of them by default.

    """
    try:
        import pyarrow
        import pyarrow.parquet as reader
    except ImportError:
        raise DependencyError(
            'reading Parquet needs pyarrow: pip install "diplomatic-stance[documents]"'
        ) from None
    try:
        file = reader.ParquetFile(handle)
        names = tuple(file.schema_arrow.names)
        if records.columns(names)[0] is None:
            raise UnreadableError(records.missing(names))
        if file.metadata.num_rows == 0:
            raise UnreadableError("empty: there is no row in it")
        groups = range(file.metadata.num_row_groups) if groups is None else groups
        number = sum(file.metadata.row_group(group).num_rows for group in range(groups.start))
        for batch in file.iter_batches(batch_size=512, row_groups=list(groups)):
            for row in batch.to_pylist():
                number += 1
                raw = json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "replace")[:RAW_BYTES]
                yield from records.document(row, number, raw)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"cannot be read as Parquet: {error}") from None
