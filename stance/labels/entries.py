"""Labelled records with the place where each stands, for whatever looks at a file as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from stance.errors import LabelError
from stance.labels.records import expand_paths, read_rows
from stance.labels.schemes import Scheme, find_scheme

KNOWN_FIELDS = {"stance": "oppose", "sentiment": "sentiment"}
"""Label fields of this project's own files, and the finest shipped scheme of each."""


@dataclass(frozen=True)
class Entry:
    """A record and where it stands.

    Attributes
    ----------
    record : dict
    path : str
    line : int
        Line of the file (row, in Parquet).
    """

    record: dict[str, Any]
    path: str
    line: int

    @property
    def where(self) -> str:
        """``file:line``."""
        return f"{self.path}:{self.line}"

    @property
    def name(self) -> str:
        """The record's id, or its place if it has none."""
        found = self.record.get("id")
        return self.where if found is None or found == "" else str(found)

    @property
    def place(self) -> str:
        """``file:line (id)``, or ``file:line`` of a record without an id."""
        return self.where if self.name == self.where else f"{self.where} ({self.name})"


@dataclass(frozen=True)
class Unreadable:
    """A line that is no record.

    Attributes
    ----------
    path, line
        As in `Entry`; `line` is 0 where the whole file is meant.
    message : str
    """

    path: str
    line: int
    message: str


def read_entries(paths: Iterable[str | Path]) -> tuple[list[Entry], list[Unreadable]]:
    """Read every record of some files (JSONL, CSV, TSV, .gz of these, Parquet; folders and globs too).

    Raises
    ------
    LabelError
        A file is absent, of an unknown kind, or holds no record at all.
    """
    entries: list[Entry] = []
    faults: list[Unreadable] = []
    for path in expand_paths(paths):
        before = len(entries) + len(faults)
        for row in read_rows(path):
            if isinstance(row, str):
                faults.append(_unreadable(path, row))
            else:
                entries.append(Entry(row[1], str(path), row[0]))
        if len(entries) + len(faults) == before:
            faults.append(Unreadable(str(path), 0, "holds no record"))
    if not entries and not faults:
        raise LabelError("no file was found; expected .jsonl, .csv, .tsv or .parquet files, or folders of them")
    return entries, faults


def _unreadable(path: Path, message: str) -> Unreadable:
    """Take apart ``path:line: what is wrong``."""
    rest = message.removeprefix(str(path)).lstrip(":")
    line, colon, text = rest.partition(":")
    if colon and line.strip().isdigit():
        return Unreadable(str(path), int(line), text.strip())
    return Unreadable(str(path), 0, rest.strip())


def require_readable(faults: Sequence[Unreadable]) -> None:
    """Raise a `LabelError` that lists the lines that are no records, if there are any."""
    if faults:
        shown = "\n".join(f"{f.path}:{f.line}: {f.message}" for f in faults[:20])
        raise LabelError(f"{len(faults)} unreadable line(s):\n{shown}\nstance labels check lists them all")


def columns(entries: Iterable[Entry]) -> list[str]:
    """Return the names of the fields of some records, in order of appearance."""
    return list(dict.fromkeys(str(name) for entry in entries for name in entry.record))


def require_field(entries: Sequence[Entry], name: str, option: str) -> None:
    """Raise a `LabelError` if no record has the field."""
    there = columns(entries)
    if name not in there:
        raise LabelError(f"no record has a field {name!r}; name the right one with {option}. Fields there: {', '.join(there)}")


def label_fields(entries: Sequence[Entry], asked: Sequence[str] | None = None) -> list[str]:
    """Return the fields that hold labels: those asked for, else ``stance`` and ``sentiment``, else ``label``.

    Raises
    ------
    LabelError
        There is none of them.
    """
    for name in asked or ():
        require_field(entries, name, "--label-field")
    if asked:
        return list(asked)
    there = columns(entries)
    found = [name for name in KNOWN_FIELDS if name in there] or [name for name in ("label",) if name in there]
    if not found:
        raise LabelError(f"no label field; name it with --label-field. Fields there: {', '.join(there)}")
    return found


def scheme_for(field: str, labels: Iterable[str], asked: str | None = None) -> Scheme | None:
    """Return the scheme that a field's labels must obey, or None if they are taken as found.

    Parameters
    ----------
    field : str
    labels : iterable of str
        The labels that stand in the files.
    asked : str, optional
        A shipped scheme, a scheme file, or ``"none"``. Without it a field of `KNOWN_FIELDS` gets its shipped scheme if
        at least one label belongs to it; a file with other labels altogether has a scheme of its own.
    """
    if asked == "none":
        return None
    if asked is not None:
        scheme = find_scheme(asked)
        return scheme if scheme.task == field or field not in KNOWN_FIELDS else None
    if field not in KNOWN_FIELDS:
        return None
    scheme = find_scheme(KNOWN_FIELDS[field])
    return scheme if any(label in scheme.known for label in labels) else None


def label_of(entry: Entry, field: str) -> str | None:
    """Return a record's label as text, or None if it has none."""
    value = entry.record.get(field)
    return None if is_missing(value) else str(value).strip()


def is_missing(value: object) -> bool:
    """Tell whether a field has no value: None, an empty text, or NaN as pandas writes it."""
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and isnan(value))
