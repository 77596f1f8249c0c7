"""The same items in several annotators' files, joined on their id or on their text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import LabelError
from stance.labels.entries import (
    Entry,
    is_missing,
    label_fields,
    label_of,
    read_entries,
    require_field,
    require_readable,
    scheme_for,
)
from stance.labels.sameness import fold


@dataclass
class Joined:
    """Items with the labels that each annotator gave them.

    Attributes
    ----------
    annotators : list of str
    key : str
        The field that the files were joined on.
    ids : list of str or None
    texts : list of str
    columns : dict of str to list of (str or None)
        Annotator to labels, one an item.
    """

    annotators: list[str]
    key: str
    ids: list[str | None] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    columns: dict[str, list[str | None]] = field(default_factory=dict)

    def disagreements(self) -> list[dict[str, Any]]:
        """Return the items that got different labels: ``id``, ``text``, ``labels`` (annotator to label or None)."""
        found = []
        for i, text in enumerate(self.texts):
            given = {name: self.columns[name][i] for name in self.annotators}
            if len({label for label in given.values() if label is not None}) > 1:
                found.append({"id": self.ids[i], "text": text, "labels": given})
        return found


def _names(paths: Sequence[str | Path]) -> list[str]:
    """Return a short name for each file: its stem, or as much of its path as tells it from the others."""
    for depth in range(1, 8):
        names = ["/".join(Path(p).with_suffix("").parts[-depth:]) for p in paths]
        if len(set(names)) == len(names):
            return names
    return [f"{Path(p).stem} {i}" for i, p in enumerate(paths, 1)]


def join_files(
    paths: Sequence[str | Path], label_field: str, *, text_field: str = "text", key: str | None = None, mapping: Mapping[str, str] | None = None
) -> Joined:
    """Join annotators' files, one a file.

    Parameters
    ----------
    paths : sequence of str or Path
        Two or more files.
    label_field, text_field : str
    key : str, optional
        The field to join on. By default ``id`` where every record has one and at least one stands in two files, else the
        text (folded, so that punctuation and spelling variants do not matter).
    mapping : mapping of str to str, optional
        What labels are called.

    Raises
    ------
    LabelError
        Fewer than two files, an unreadable line, a field that is not there, a key that is there twice with different
        labels, or one id with two texts.
    """
    if len(paths) < 2:
        raise LabelError("agreement needs at least two files, one an annotator")
    files: list[list[Entry]] = []
    for path in paths:
        entries, faults = read_entries([path])
        require_readable(faults)
        require_field(entries, label_field, "--label-field")
        files.append(entries)
    everything = [e for entries in files for e in entries]
    key = key or ("id" if _joins(files) else text_field)
    require_field(everything, key, "--on")
    names = _names(paths)
    joined = Joined(names, key)
    number: dict[str, int] = {}
    texts: dict[str, str] = {}
    given: list[dict[str, str | None]] = [{} for _ in files]
    for file, entries in zip(given, files, strict=True):
        for entry in entries:
            value = entry.record.get(key)
            if is_missing(value):
                raise LabelError(f"{entry.where}: field {key!r} is empty; expected something to join the files on")
            name = fold(str(value)) if key == text_field else str(value)
            text = entry.record.get(text_field)
            if name not in number:
                number[name] = len(number)
                joined.ids.append(None if is_missing(entry.record.get("id")) else str(entry.record["id"]))
                joined.texts.append(str(text or ""))
                texts[name] = str(text or "")
            elif text and texts[name] and fold(str(text)) != fold(texts[name]):
                raise LabelError(f"{entry.where}: {key} {value!r} has another text than elsewhere; join on another field with --on")
            label = label_of(entry, label_field)
            label = (mapping or {}).get(label, label) if label is not None else None
            if name in file and file[name] != label and None not in (file[name], label):
                raise LabelError(f"{entry.where}: {key} {value!r} has two labels in one file, {file[name]!r} and {label!r}; keep one")
            file[name] = label if label is not None else file.get(name)
    for annotator, file in zip(names, given, strict=True):
        joined.columns[annotator] = [file.get(name) for name in number]
    return joined


def _joins(files: Sequence[Sequence[Entry]]) -> bool:
    """Tell whether ids can join the files: every record has one, and some stand in two files."""
    ids = [{str(e.record["id"]) for e in entries if not is_missing(e.record.get("id"))} for entries in files]
    whole = all(not is_missing(e.record.get("id")) for entries in files for e in entries)
    return whole and any(a & b for i, a in enumerate(ids) for b in ids[i + 1 :])


def choose_field(paths: Sequence[str | Path], asked: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the field that holds the labels in some files, and its labels in the order in which to show them."""
    entries, faults = read_entries(paths)
    require_readable(faults)
    field = label_fields(entries, [asked] if asked else None)[0]
    scheme = scheme_for(field, {label for e in entries if (label := label_of(e, field))})
    return field, scheme.labels if scheme else ()


def adjudication_rows(joined: Joined, label_field: str) -> list[dict[str, Any]]:
    """Return the disagreements as rows for a person to fill: the text, who said what, an empty label, a comment."""
    rows = []
    for item in joined.disagreements():
        given = {f"label of {name}": label or "" for name, label in item["labels"].items()}
        rows.append({"id": item["id"] or "", "text": item["text"], **given, label_field: "", "comment": ""})
    return rows
