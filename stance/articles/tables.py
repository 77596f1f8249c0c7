"""Files of many records: JSON Lines, JSON and Parquet; one bad record does not cost the others."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial
from typing import IO, Any

from stance.articles.archives import Budget, whole
from stance.articles.charsets import as_utf8, decode, encoding_of_lines, peek
from stance.articles.fields import Records
from stance.articles.records import RAW_BYTES, Document, ReadLimits, UnreadableError
from stance.errors import DependencyError

_AT_ONCE = 256 << 20
"""Bytes that a batch of Parquet rows may take at the very worst."""
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
            yield from records.document(record, number, partial(_raw, record))
    else:
        yield from records.document(parsed, 1, data[:RAW_BYTES])


def _decoded(data: bytes) -> tuple[str, str]:
    try:
        return decode(data)
    except ValueError as error:
        raise UnreadableError(str(error)) from None


def _raw(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "replace")[:RAW_BYTES]


def parquet(handle: Any, records: Records, groups: range | None = None) -> Iterator[Document]:
    """Yield the documents of a Parquet file, some rows at a time; a damaged row group does not cost the others.

    Parameters
    ----------
    handle : seekable binary file
    records : Records
    groups : range, optional
        The row groups to read; all of them by default. What is wrong with the whole file is told with the first.

    """
    try:
        import pyarrow
        import pyarrow.parquet as reader
    except ImportError:
        raise DependencyError(
            'reading Parquet needs pyarrow: pip install "diplomatic-stance[documents]"'
        ) from None
    damage = (pyarrow.ArrowException, OSError, UnicodeDecodeError)
    try:
        file = reader.ParquetFile(handle)
        names = tuple(file.schema_arrow.names)
        whole_size = handle.seek(0, io.SEEK_END)
    except damage as error:
        raise UnreadableError(f"cannot be read as Parquet: {error}") from None
    every = range(file.metadata.num_row_groups)
    groups = every if groups is None else groups
    if records.columns(names)[0] is None or file.metadata.num_rows == 0:
        if groups.start:
            return  # the first row group has said so
        raise UnreadableError(
            "empty: there is no row in it" if file.metadata.num_rows == 0 else records.missing(names)
        )
    number = sum(file.metadata.row_group(group).num_rows for group in every[: groups.start])
    for group in groups:
        about = file.metadata.row_group(group)
        first, number = number, number + about.num_rows
        budget = Budget(records.limits)
        packed = min(sum(about.column(i).total_compressed_size for i in range(about.num_columns)), whole_size)
        try:
            budget.check(about.total_byte_size, packed)
            # A dictionary can repeat its longest value in every row, which is as long as the column at most.
            rows = max(1, min(512, _AT_ONCE // max(about.total_byte_size, 1)))
            for batch in file.iter_batches(batch_size=rows, row_groups=[group]):
                for row in batch.to_pylist():
                    first += 1
                    budget.spend(sum(len(value) for value in row.values() if isinstance(value, str)), packed)
                    yield from records.document(row, first, partial(_raw, row))
        except (*damage, UnreadableError) as error:
            records.fail(None, f"row group {group} cannot be read from row {first + 1} on: {error}")
