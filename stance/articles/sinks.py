"""Output files by their suffix: how a batch of scored articles becomes bytes, and bytes become the finished file.

A batch is encoded on its own, to the same bytes whatever came before, so that batches can be encoded in any process and
laid one after the other. For text formats that row of batches is the file (gzip files may consist of many members).
Parquet cannot be appended to; there the batches are Arrow streams, from which the file is made in the end.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stance.articles.rows import COLUMN_TYPES, PLACES, json_line, sentence_columns, sentence_rows
from stance.errors import DependencyError, StanceError

if TYPE_CHECKING:
    from stance.articles.scoring import Article

SUFFIXES = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz", ".parquet")
GZIP_LEVEL = 1
"""Level 6 makes files a quarter smaller and takes more time than the scoring itself."""
ROW_GROUP = 1 << 16
"""Rows from which on a row group of Parquet is closed; it ends where a batch ends."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """How one kind of file is written.

    Attributes
    ----------
    kind : {"jsonl", "csv", "parquet"}
    packed : bool
        Through gzip.
    labels : tuple of str
        The model's labels.

    """

    kind: str
    packed: bool
    labels: tuple[str, ...]

    @property
    def assembled(self) -> bool:
        """Whether the file is made from the batches in the end, rather than consisting of them."""
        return self.kind == "parquet"

    def header(self) -> bytes:
        """Return what stands before the first batch."""
        return self._pack(_csv([sentence_columns(self.labels)])) if self.kind == "csv" else b""

    def encode(self, articles: Sequence[Article]) -> bytes:
        """Return a batch as bytes."""
        if self.kind == "jsonl":
            return self._pack("".join(json_line(article.to_dict()) + "\n" for article in articles).encode())
        rows = [row for article in articles for row in sentence_rows(article)]
        if self.kind == "csv":
            return self._pack(_csv(rows))
        return arrow_stream(arrow_table(rows, self.labels))

    def _pack(self, data: bytes) -> bytes:
        return gzip.compress(data, GZIP_LEVEL, mtime=0) if self.packed and data else data

    def assemble(self, spool: Path, target: Path, metadata: dict[str, str]) -> None:
        """Make the file from its batches; the same batches always give the same bytes."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = arrow_schema(self.labels).with_metadata(metadata)
        repeated = [name for name in schema.names if pa.types.is_string(schema.field(name).type) and name != "text"]
        with pq.ParquetWriter(
            target, schema, compression="zstd", compression_level=1, use_dictionary=repeated, write_page_index=True
        ) as writer:
            waiting: list[Any] = []
            for table in _tables(spool):
                waiting.append(table)
                if sum(map(len, waiting)) >= ROW_GROUP:
                    writer.write_table(pa.concat_tables(waiting).replace_schema_metadata(metadata), 1 << 30)
                    waiting = []
            if waiting:
                writer.write_table(pa.concat_tables(waiting).replace_schema_metadata(metadata), 1 << 30)


def encoder_for(out: Path, labels: tuple[str, ...]) -> Encoder:
    """Return how a file of this name is written.

    Raises
    ------
    StanceError
        The suffix is unknown.
    DependencyError
        Parquet was asked for and pyarrow is not installed.
    """
    name = out.name.lower()
    suffix = next((s for s in SUFFIXES if name.endswith(s)), None)
    if suffix is None:
        raise StanceError(f"{out}: unknown kind of output file; expected one ending in {', '.join(SUFFIXES)}")
    if suffix == ".parquet":
        need_arrow()
    return Encoder(suffix.split(".")[1], suffix.endswith(".gz"), labels)


def need_arrow() -> None:
    """Raise `DependencyError` where pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise DependencyError('writing Parquet needs pyarrow: pip install "diplomatic-stance[parquet]"') from None


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [round(v, PLACES) if type(v) is float else v for v in row] for row in rows
    )
    return out.getvalue().encode()


def arrow_schema(labels: tuple[str, ...]) -> Any:
    """Return the columns of a sentence's row with their types, a `pyarrow.Schema`."""
    import pyarrow as pa

    names = sentence_columns(labels)
    first_label = len(names) - len(labels)
    return pa.schema(
        [
            pa.field(name, pa.float32() if i >= first_label else getattr(pa, COLUMN_TYPES.get(name, "string"))())
            for i, name in enumerate(names)
        ]
    )  # fmt: skip


def arrow_table(rows: Sequence[Sequence[Any]], labels: tuple[str, ...]) -> Any:
    """Return rows of sentences (see `sentence_rows`) as a `pyarrow.Table`."""
    import pyarrow as pa

    schema = arrow_schema(labels)
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def arrow_stream(table: Any) -> bytes:
    """Return a table as the bytes of a batch of Parquet's spool."""
    import pyarrow as pa

    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return bytes(out.getvalue())


def _tables(spool: Path) -> Iterator[Any]:
    """Yield the batches of a file of Arrow streams."""
    import pyarrow as pa

    size = spool.stat().st_size
    with pa.OSFile(str(spool), "rb") as source:
        while source.tell() < size:
            with pa.ipc.open_stream(source) as reader:
                yield reader.read_all()
