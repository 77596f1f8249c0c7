"""Tables of cells: CSV and TSV, row by row; a quotation mark that is never closed costs one row, not the rest."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from typing import IO

from stance.articles.charsets import as_utf8, encoding_of_lines, peek
from stance.articles.fields import Records
from stance.articles.records import RAW_BYTES, Document, ReadLimits, UnreadableError

_RETRIES = 100
"""How often the lines after a broken row are read again, lest hostile quotes make the work quadratic."""


class _Lines:
    """Lines for `csv.reader`: keeps those of the record at hand, so that a broken one can be given back."""

    def __init__(self, stream: IO[bytes], encoding: str, limit: int) -> None:
        self._stream, self._limit = as_utf8(stream, encoding), limit
        self._back: list[bytes] = []
        self.number, self.held, self.size = 0, list[bytes](), 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else self._stream.readline(self._limit + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        self.held.append(line[:RAW_BYTES] if len(line) > self._limit else line)
        self.size += len(line)
        if self.size > self._limit:
            while line and not line.endswith(b"\n"):
                line = self._stream.readline(1 << 20)
            raise UnreadableError(
                f"longer than {self._limit:,} bytes, or a quotation mark that is never closed"
            )
        return line.decode("utf-8", "surrogateescape")

    def begin(self) -> int:
        self.held, self.size = [], 0
        return self.number + 1

    def give_back(self) -> None:
        """Read the lines of this record again, but the first, which is the broken one."""
        again = self.held[1:]
        self._back.extend(reversed(again))
        self.number -= len(again)
        self.held = self.held[:1]


def delimited(
    stream: IO[bytes], records: Records, limits: ReadLimits, delimiter: str | None
) -> Iterator[Document]:
    """Yield the documents of a CSV or TSV stream, row by row, in constant memory.

    The first row names the columns. Without a delimiter the commonest of ``, ; tab |`` in that row is taken.
    A row with more cells than columns is reported; cells missing at its end are None.
    """
    sample = peek(stream)
    records.encoding = encoding_of_lines(sample)
    # The limit is one of the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), min(limits.record_bytes, sys.maxsize >> 33)))
    lines = _Lines(stream, records.encoding, limits.record_bytes)
    head = (
        sample.decode(records.encoding, "replace").lstrip("\ufeff\r\n ").split("\n", 1)[0]
        if delimiter is None
        else ""
    )
    if head.lower().startswith("sep=") and len(head.strip()) == 5:
        delimiter = head.strip()[4]
        next(lines)
    reader = csv.reader(lines, delimiter=delimiter or max(",;\t|", key=head.count), strict=True)
    header: list[str] | None = None
    rows, retries = 0, 0
    while True:
        number = lines.begin()
        try:
            row = next(reader)
        except StopIteration:
            break
        except (csv.Error, UnreadableError) as error:
            if retries < _RETRIES and not isinstance(error, UnreadableError):
                retries += 1
                lines.give_back()
            records.fail(
                number,
                f"broken row: {error}; expected cells as the first row has",
                b"".join(lines.held)[:RAW_BYTES],
            )
            continue
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = [name.strip() or f"column {i}" for i, name in enumerate(row, 1)]
            if records.columns(tuple(header))[0] is None:
                raise UnreadableError(records.missing(tuple(header)))
            continue
        rows += 1
        raw = b"".join(lines.held)
        if len(row) > len(header):
            records.fail(
                number,
                f"{len(row)} cells, but the first row names {len(header)}; quote cells that hold the delimiter",
                raw,
            )
            continue
        yield from records.document(
            dict(zip(header, row + [None] * (len(header) - len(row)), strict=True)), number, raw
        )
    if not rows and header is not None:
        records.fail(None, "empty: there is a row of column names, but no other")
    elif header is None:
        records.fail(None, "empty: there is no row in it")
