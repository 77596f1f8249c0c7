"""Files that go to people for labelling, and come back: spreadsheets, JSON Lines, Label Studio, doccano."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from stance.errors import LabelError
from stance.labels.checks import check_entries
from stance.labels.entries import KNOWN_FIELDS, Entry, is_missing, scheme_for
from stance.labels.findings import ERROR
from stance.labels.journal import replay
from stance.labels.label_studio import ID, configuration, read_tasks, tasks
from stance.labels.records import kind_of, read_rows
from stance.labels.schemes import find_scheme
from stance.labels.sheets import jsonl_bytes, read_sheet, sheet_bytes, write_aside

KINDS = {"csv": ".csv", "jsonl": ".jsonl", "label-studio": ".json", "doccano": ".jsonl"}
"""Kind of file to the suffix of its name."""
NOT_KEPT = frozenset({"guess", "guess_probability", "uncertainty", "rank", "margin", "p_given", "p_suggested", "given", "suggested", "path", "line"})
"""Columns of a sheet that are for the person who fills it, and no part of the record."""
Imported = tuple[int, dict[str, Any], str]


def label_choices(field: str, of_model: Sequence[str]) -> tuple[str, ...]:
    """Return the labels to offer: those of the field's finest shipped scheme if the model's are among them, else the model's."""
    scheme = scheme_for(field, of_model)
    return scheme.labels if scheme and set(of_model) <= set(scheme.known) else tuple(of_model)


def write_for_labelling(path: Path, kind: str, records: Sequence[dict[str, Any]], field: str, labels: Sequence[str], model: str = "") -> list[Path]:
    """Write records for people to label; return the files that were written.

    Parameters
    ----------
    path : Path
    kind : str
        One of `KINDS`. ``label-studio`` also writes the labelling configuration, with the suffix ``.xml``.
    records : sequence of dict
        Each with ``id`` and ``text``; ``guess`` and ``guess_probability`` if the model's guess may be seen.
    field : str
        The field to fill.
    labels : sequence of str
    model : str
        Name of the model that guessed.

    Raises
    ------
    LabelError
        The suffix does not fit the kind, or a file cannot be written.
    """
    if kind not in KINDS:
        raise LabelError(f"unknown kind {kind!r}; expected one of: {', '.join(KINDS)}")
    if path.suffix.lower() != KINDS[kind]:
        raise LabelError(f"{path}: a {kind} file ends in {KINDS[kind]}")
    if kind in ("csv", "jsonl"):
        rows = [{"id": r["id"], "text": r["text"], field: "" if kind == "csv" else None, "comment": "",
                 **{k: v for k, v in r.items() if k not in ("id", "text", field, "comment")}} for r in records]  # fmt: skip
        write_aside(path, sheet_bytes(rows) if kind == "csv" else jsonl_bytes(rows))
        return [path]
    if kind == "doccano":
        rows = [{"text": r["text"], "label": [r["guess"]] if r.get("guess") else [], ID: r["id"],
                 **{k: v for k, v in r.items() if k not in ("id", "text", "label", "guess", "guess_probability", field)}} for r in records]  # fmt: skip
        write_aside(path, jsonl_bytes(rows))
        return [path]
    write_aside(path, (json.dumps(tasks(records, field, model), ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace"))
    config = path.with_suffix(".xml")
    write_aside(config, configuration(field, labels).encode())
    return [path, config]


def read_labelled(path: Path, field: str | None = None) -> list[Imported]:
    """Read a file that comes back from labelling: any that `write_for_labelling` wrote, or a journal of `stance label`.

    Parameters
    ----------
    path : Path
        ``.csv`` and ``.tsv`` are spreadsheets, ``.json`` is Label Studio's; a ``.journal`` a session's; a ``.jsonl``
        is doccano's if its labels are lists, else records.
    field : str, optional
        The field that was filled; doccano does not say, and there ``stance`` is meant by default.

    Returns
    -------
    list of (int, dict, str)
        Line or task number, the record (its label None where there is none), and the field.

    Raises
    ------
    LabelError
        The file is absent, damaged, of no known kind, or gives a record several labels.
    """
    if not path.exists():
        raise LabelError(f"{path}: no such file")
    suffix = path.suffix.lower()
    if suffix == ".json":
        return read_tasks(path, field)
    if suffix in (".csv", ".tsv"):
        return [_row(path, number, row, field) for number, row in read_sheet(path)]
    if suffix == ".journal":
        return replay(path)
    if kind_of(path) != ".jsonl":
        raise LabelError(f"{path}: unknown kind of file {suffix!r}; expected .csv, .jsonl (or .jsonl.gz), or Label Studio's .json")
    found: list[Imported] = []
    for row in read_rows(path):
        if isinstance(row, str):
            if found or "not JSON" not in row:
                raise LabelError(row)
            raise LabelError(f"{row}. Label Studio's exports end in .json")
        number, record = row
        found.append(_doccano(path, number, record, field) if isinstance(record.get("label"), list) else _row(path, number, record, field))
    return found


def _row(path: Path, number: int, row: dict[str, Any], field: str | None) -> Imported:
    name = field or next((n for n in (*KNOWN_FIELDS, "label") if n in row), None)
    if name is None or name not in row:
        raise LabelError(f"{path}:{number}: no column {field or 'stance'!r}; columns there: {', '.join(map(str, row))}; name it with --label-field")
    record = {k: v for k, v in row.items() if not is_missing(v) and k not in NOT_KEPT and not str(k).startswith("label of ")}
    value = row.get(name)
    record[name] = None if is_missing(value) else str(value).strip()
    return number, record, name


def _doccano(path: Path, number: int, record: dict[str, Any], field: str | None) -> Imported:
    labels = [str(x) for x in record["label"]]
    if len(labels) > 1:
        raise LabelError(f"{path}:{number}: labelled {' and '.join(map(repr, labels))}; expected one label")
    name = field or "stance"
    comments = record.get("Comments") or record.get("comments") or []
    kept = {k: v for k, v in record.items() if k not in ("id", "label", "Comments", "comments", ID, *NOT_KEPT) and not is_missing(v)}
    found = {"id": str(record.get(ID) or record.get("id", number)), **kept, name: labels[0] if labels else None}
    if comments:
        found["comment"] = " ".join(map(str, comments)) if isinstance(comments, list) else str(comments)
    return number, found, name


def import_labels(
    paths: Iterable[str | Path], field: str | None = None, *, scheme: str | None = None, text_field: str = "text"
) -> tuple[list[dict[str, Any]], str, int]:
    """Read files that come back from labelling, and check them.

    Returns
    -------
    records : list of dict
        The labelled ones.
    field : str
        The label field.
    n_unlabelled : int
        Records that nobody has labelled; they are left out.

    Raises
    ------
    LabelError
        A file cannot be read; nothing is labelled; or the check finds errors, which the message lists.
    """
    entries: list[Entry] = []
    names: list[str] = []
    unlabelled = 0
    for path in paths:
        for number, record, name in read_labelled(Path(path), field):
            if record.get(name) is None:
                unlabelled += 1
                continue
            names.append(name)
            entries.append(Entry(record, str(path), number))
    if not entries:
        raise LabelError(f"nobody has labelled anything in {', '.join(map(str, paths))} yet ({unlabelled:,} records without a label)")
    if len(set(names)) > 1:
        raise LabelError(f"the files fill different fields: {', '.join(sorted(set(names)))}; name one with --label-field")
    # Records of known fields must obey a shipped scheme even if all of their labels are wrong.
    strict = scheme or (KNOWN_FIELDS.get(names[0]) if names[0] in KNOWN_FIELDS else "none")
    report = check_entries(entries, text_field=text_field, fields=[names[0]], scheme=strict)
    wrong = [f for f in report.findings if f.severity == ERROR and f.rule != "span-not-in-text"]
    if wrong:
        shown = "\n".join(f"{f.where}: {f.rule}: {f.message}" for f in wrong[:20])
        more = f"\n... and {len(wrong) - 20} more" if len(wrong) > 20 else ""
        raise LabelError(f"nothing was imported, {len(wrong)} error(s):\n{shown}{more}\nother labels than the shipped scheme's? --scheme none, or a file")
    return [e.record for e in entries], names[0], unlabelled


def update_files(
    records: Sequence[dict[str, Any]], field: str, paths: Iterable[Path], progress: Callable[[str, int, int], None] = lambda *_: None
) -> dict[str, int]:
    """Put labels into the records of the same id in JSON Lines files; return file to number of labels that changed.

    Raises
    ------
    LabelError
        A file is no JSON Lines, or an id stands in none of them; then nothing is written.
    """
    wanted = {str(r["id"]): r[field] for r in records if not is_missing(r.get("id"))}
    if len(wanted) < len(records):
        raise LabelError(f"{len(records) - len(wanted)} record(s) have no id of their own; --update needs ids")
    written: list[tuple[Path, bytes, int]] = []
    there: set[str] = set()
    for path in paths:
        if path.suffix.lower() != ".jsonl":
            raise LabelError(f"{path}: only .jsonl files can be updated")
        lines, changed = [], 0
        for row in read_rows(path):
            if isinstance(row, str):
                raise LabelError(row)
            record = row[1]
            id_ = str(record.get("id"))
            if id_ in wanted:
                there.add(id_)
                changed += record.get(field) != wanted[id_]
                record[field] = wanted[id_]
            lines.append(record)
        written.append((path, jsonl_bytes(lines), changed))
    if missing := sorted(set(wanted) - there):
        raise LabelError(f"{len(missing)} id(s) stand in none of the files, e.g. {missing[0]!r}; nothing was written")
    for path, data, changed in written:
        if changed:
            write_aside(path, data)
    return {str(path): changed for path, _, changed in written}


def labels_of_scheme(scheme: str | None, field: str) -> tuple[str, ...]:
    """Return the labels of a scheme by name, or of the field's finest shipped one."""
    if scheme is None and field not in KNOWN_FIELDS:
        raise LabelError(f"which labels has {field!r}? Name a scheme with --scheme, or the labels with --labels")
    return find_scheme(scheme or KNOWN_FIELDS[field]).labels


def refuse_to_replace(path: Path, force: bool) -> None:
    """Raise a `LabelError` if the file is there and may not be replaced: a person's labels may be in it."""
    if path.exists() and not force:
        raise LabelError(f"{path}: is there already; name another file with --out, or replace it with --force")
