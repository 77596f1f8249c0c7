"""Reading what people have: files of many kinds, packed or not, folders, globs and standard input, as documents.

One document at a time; JSON Lines, CSV and TSV in constant memory whatever their size. What cannot be read is reported
with its place and the reading goes on. Nothing stays open when the caller stops early.
"""

from __future__ import annotations

import glob
import io
import os
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from stance.articles import delimited, markup, tables
from stance.articles.archives import bounded, unpacking, whole, zip_members
from stance.articles.charsets import SAMPLE, decode
from stance.articles.dates import iso_date
from stance.articles.fields import Records
from stance.articles.records import Document, Fields, OnError, ReadFailure, ReadLimits, UnreadableError
from stance.errors import DocumentError

__all__ = [
    "SUFFIXES", "Document", "DocumentReader", "InputFile", "OnError", "ReadFailure", "ReadLimits", "iso_date",
    "read_documents",
]  # fmt: skip

SUFFIXES = (
    ".txt", ".md", ".html", ".htm", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".docx", ".pdf", ".zip",
)  # fmt: skip
_EXPECTED = f"expected one ending in {', '.join(SUFFIXES)}, or .gz of these"
_MARKUP = {".html": markup.html, ".htm": markup.html, ".docx": markup.docx, ".pdf": markup.pdf}
_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, UnicodeError)


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
        Files (see `SUFFIXES`, each also with ``.gz``, or in a ``.zip``), folders (walked in order of names; hidden files
        and unknown suffixes are passed over), glob patterns, or ``"-"`` for standard input, which is JSON Lines if
        every line of its first 64 KiB begins with ``{``, and one text otherwise.
    text_field, title_field, date_field, id_field : str, optional
        Names of the record fields; common English and Arabic names are found without.
    on_error : callable, optional
        Called with each `ReadFailure`; reading goes on. Without it the first failure raises.
    limits : ReadLimits
        Bounds against hostile and overlong input.

    Yields
    ------
    Document

    Raises
    ------
    DocumentError
        Something cannot be read and there is no `on_error`.
    DependencyError
        A format needs a package that is not installed; the message names the extra.

    """
    reader = DocumentReader(Fields(text_field, title_field, date_field, id_field), on_error, limits)
    for file in reader.files(paths):
        yield from reader.read(file)


def _kind(name: str) -> str:
    """Return the suffix that says how to read a file, without ``.gz``; "" where it is unknown."""
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    return suffix if suffix in SUFFIXES and not name.lower().endswith(".zip.gz") else ""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes
    ----------
    path : Path
        ``-`` for standard input.
    name : str
        What its documents are called: its path within the folder that was named, or its last part.

    """

    path: Path
    name: str


class DocumentReader:
    """Reads files one by one, for callers that must know in which file they are; see `read_documents`.

    Parameters
    ----------
    fields : Fields
    on_error : callable, optional
    limits : ReadLimits

    """

    def __init__(
        self, fields: Fields = Fields(), on_error: OnError | None = None, limits: ReadLimits = ReadLimits()
    ) -> None:
        self.fields, self.limits = fields, limits
        self._report = on_error or _refuse
        self._raised: Exception | None = None
        self._handle: IO[bytes] | None = None

    def files(self, paths: Iterable[str | Path]) -> Iterator[InputFile]:
        """Yield the files that paths stand for, in order; what is not there is reported."""
        for path in [paths] if isinstance(paths, (str, Path)) else paths:
            if str(path) == "-":
                yield InputFile(Path("-"), "-")
            else:
                yield from self._files(Path(path))

    def read(self, file: InputFile) -> Iterator[Document]:
        """Yield the documents of one file; what cannot be read is reported."""
        if str(file.path) == "-":
            yield from self._guarded("-", self._unnamed(bounded(sys.stdin.buffer), "-", "-"))
        else:
            yield from self._guarded(str(file.path), self._opened(file.path, file.name))

    def read_stream(
        self, handle: IO[bytes], source: str, name: str, groups: range | None = None
    ) -> Iterator[Document]:
        """Yield the documents of an open, seekable file, as `read` does of a file of that name.

        `groups` are the row groups to read of a Parquet file.
        """
        yield from self._guarded(source, self._given(handle, source, name, groups))

    def _given(self, handle: IO[bytes], source: str, name: str, groups: range | None) -> Iterator[Document]:
        kind = _kind(name)
        if not kind:
            raise UnreadableError(f"unknown kind of file; {_EXPECTED}")
        if kind == ".zip":
            raise UnreadableError("a zip archive cannot be read from here; unpack it first")
        if not handle.seek(0, io.SEEK_END):
            raise UnreadableError("empty: there is nothing in it")
        handle.seek(0)
        if kind == ".parquet" and not name.lower().endswith(".gz"):
            yield from tables.parquet(handle, self._records(source, name), groups)
        else:
            with unpacking(handle, name, self.limits) as stream:
                yield from self._stream(stream, kind, source, name)

    def position(self) -> int:
        """Return how many bytes of the file at hand have been read, as far as that is known."""
        try:
            return self._handle.tell() if self._handle is not None else 0
        except ValueError:  # closed
            return 0

    def _say(self, failure: ReadFailure) -> None:
        try:
            self._report(failure)
        except Exception as error:
            # What the caller's handler raises (its own disk may be full) is the caller's, not a fault of the file.
            self._raised = error
            raise

    def _files(self, path: Path) -> Iterator[InputFile]:
        try:
            if path.is_dir():
                yield from self._folder(path)
                return
            there = path.exists()
        except (OSError, ValueError) as error:  # a name too long, or with a zero byte
            self._say(ReadFailure(str(path), None, f"cannot be read: {error}"))
            return
        if there:
            yield InputFile(path, path.name)
        elif any(c in str(path) for c in "*?["):
            found = sorted(glob.iglob(str(path), recursive=True))
            if not found:
                self._say(
                    ReadFailure(
                        str(path), None, "no file matches this pattern; check its spelling, and quote it"
                    )
                )
            for name in found:
                match = Path(name)
                if match.is_dir():
                    yield from self._folder(match)
                else:
                    yield InputFile(match, match.name)
        else:
            self._say(ReadFailure(str(path), None, "no such file or folder; check its spelling"))

    def _folder(self, folder: Path) -> Iterator[InputFile]:
        found = False
        for file in self._walk(folder):
            found = True
            yield InputFile(file, file.relative_to(folder).as_posix())
        if not found:
            self._say(ReadFailure(str(folder), None, f"no document in this folder; {_EXPECTED}"))

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted((e.name, e.is_dir(follow_symlinks=False), e.is_file()) for e in listing)
        except OSError as error:
            self._say(ReadFailure(str(folder), None, f"cannot be read: {error.strerror}"))
            return
        for name, is_folder, is_file in entries:
            if name.startswith("."):
                continue
            if is_folder:
                yield from self._walk(folder / name)
            elif is_file and _kind(name):
                yield folder / name

    def _guarded(self, source: str, documents: Iterator[Document]) -> Iterator[Document]:
        """Pass documents on, and turn what ends the reading of one file into a report."""
        try:
            yield from documents
        except UnreadableError as error:
            self._say(ReadFailure(source, None, str(error)))
        except _DAMAGE as error:
            if error is self._raised:
                raise
            self._say(ReadFailure(source, None, f"cannot be read: {error}; is it damaged, or cut short?"))

    def _opened(self, path: Path, name: str) -> Iterator[Document]:
        kind, source = _kind(path.name), str(path)
        if not path.is_file():
            if not path.is_fifo():
                raise UnreadableError("is neither a file nor a folder")
            with path.open("rb", buffering=0) as pipe:
                yield from self._unnamed(bounded(pipe), source, name)
        elif not kind:
            raise UnreadableError(f"unknown kind of file; {_EXPECTED}")
        elif path.stat().st_size == 0:
            raise UnreadableError("empty: there is nothing in it")
        elif kind == ".zip":
            yield from self._zipped(path, name)
        elif kind == ".parquet" and not path.name.lower().endswith(".gz"):
            with path.open("rb") as self._handle:
                yield from tables.parquet(self._handle, self._records(source, name))
        else:
            with path.open("rb") as self._handle, unpacking(self._handle, path.name, self.limits) as stream:
                yield from self._stream(stream, kind, source, name)

    def _zipped(self, path: Path, name: str) -> Iterator[Document]:
        found = False
        for member, stream in zip_members(path, self.limits, lambda inner: bool(_kind(inner))):
            found, source = True, f"{path}!{member}"
            if isinstance(stream, UnreadableError):
                self._say(ReadFailure(source, None, str(stream)))
            elif member.lower().endswith((".zip", ".gz")):
                self._say(
                    ReadFailure(source, None, "an archive within an archive is not opened; unpack it first")
                )
            else:
                yield from self._guarded(
                    source, self._stream(stream, _kind(member), source, f"{name}!{member}")
                )
        if not found:
            raise UnreadableError(f"holds no document; {_EXPECTED}")

    def _unnamed(self, stream: io.BufferedReader, source: str, name: str) -> Iterator[Document]:
        sample = stream.peek(SAMPLE)[:SAMPLE]
        try:
            head = decode(sample)[0]
        except ValueError:
            head = ""
        lines = [line for line in head.splitlines() if line.strip()]
        if len(sample) == SAMPLE:
            lines = lines[:-1] or lines
        records = bool(lines) and all(line.lstrip().startswith("{") for line in lines)
        return self._stream(stream, ".jsonl" if records else ".txt", source, name)

    def _records(self, source: str, name: str) -> Records:
        return Records(source, name, self.fields, self._say, self.limits)

    def _stream(self, stream: IO[bytes], kind: str, source: str, name: str) -> Iterator[Document]:
        limits = self.limits
        if kind in (".jsonl", ".ndjson"):
            yield from tables.json_lines(stream, self._records(source, name), limits)
        elif kind == ".json":
            yield from tables.json_file(stream, self._records(source, name), limits)
        elif kind in (".csv", ".tsv"):
            yield from delimited.delimited(
                stream, self._records(source, name), limits, "\t" if kind == ".tsv" else None
            )
        elif kind == ".parquet":
            yield from tables.parquet(
                io.BytesIO(whole(stream, limits.whole_bytes)), self._records(source, name)
            )
        elif kind in _MARKUP:
            bound = limits.html_bytes if kind in (".html", ".htm") else limits.whole_bytes
            found = _MARKUP[kind](whole(stream, bound), limits)
            yield Document(
                name, found.text, found.title, found.date, source, None, found.encoding, found.meta
            )
        else:
            try:
                text, encoding = decode(whole(stream, limits.record_bytes))
            except ValueError as error:
                raise UnreadableError(str(error)) from None
            if not text.strip():
                raise UnreadableError("empty: there is no text in it")
            yield Document(name, text, source=source, encoding=encoding)
