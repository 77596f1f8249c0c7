"""Label Studio's formats: tasks with a labelling configuration out, exported annotations in.

The formats are those of Label Studio's documentation ("Label Studio JSON format of annotated tasks", "Import
pre-annotated data", the tags ``Text``, ``Choices``, ``TextArea`` and ``Style``): a task is ``{"data": {...},
"predictions": [...]}``, an exported one has ``annotations``, each with a ``result`` of ``choices``; the short export
(JSON-MIN) has the data and the choice on one level.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from stance.errors import LabelError

ID = "record_id"
"""Our id travels under this name: ``id`` is Label Studio's (and doccano's) own number of the task."""


def tasks(records: Sequence[dict[str, Any]], field: str, model: str = "") -> list[dict[str, Any]]:
    """Return records as tasks; one that has a ``guess`` gets it as a prediction."""
    found: list[dict[str, Any]] = []
    for record in records:
        data = {ID: record["id"], **{k: v for k, v in record.items() if k not in ("id", "guess", "guess_probability", field, "comment")}}
        task: dict[str, Any] = {"data": data}
        if record.get("guess"):
            choice = {"from_name": field, "to_name": "text", "type": "choices", "value": {"choices": [record["guess"]]}}
            task["predictions"] = [{"model_version": model, "score": record.get("guess_probability"), "result": [choice]}]
        found.append(task)
    return found


def configuration(field: str, labels: Sequence[str]) -> str:
    """Return the labelling configuration: the text from right to left, a choice of one label, a comment."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Style").text = ".rtl { direction: rtl; text-align: right; font-size: 1.2em }"
    box = ElementTree.SubElement(view, "View", className="rtl")
    ElementTree.SubElement(box, "Text", name="text", value="$text")
    choices = ElementTree.SubElement(
        view, "Choices", name=field, toName="text", choice="single", required="true", showInLine="true"
    )
    for number, label in enumerate(labels, 1):
        ElementTree.SubElement(choices, "Choice", value=label, hotkey=str(number))
    ElementTree.SubElement(view, "TextArea", name="comment", toName="text", placeholder="comment", maxSubmissions="1", rows="1")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def read_tasks(path: Path, field: str | None) -> list[tuple[int, dict[str, Any], str]]:
    """Read an export (JSON or JSON-MIN).

    Returns
    -------
    list of (number, record, field)
        The number of the task in the file, from 1; the record with its label in the field (None where the task was
        skipped or not labelled); and the field.

    Raises
    ------
    LabelError
        The file is no such export, or annotators labelled a task differently.
    """
    try:
        items = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{path}: not JSON in UTF-8: {error}") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise LabelError(f"{path}: not an export of Label Studio; expected a list of tasks")
    found = []
    for number, item in enumerate(items, 1):
        whole = isinstance(item.get("data"), dict)
        data = dict(item["data"]) if whole else {k: v for k, v in item.items() if k not in _OWN}
        name, given, comment = _given(path, number, item, field) if whole else _short(path, number, item, field)
        record = {"id": data.pop(ID, None) or str(item.get("id", number)), **{k: v for k, v in data.items() if k not in ("id", "comment", name)}}
        record |= {name: given}
        if comment:
            record["comment"] = comment
        found.append((number, record, name))
    return found


_OWN = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}


def _given(path: Path, number: int, task: dict[str, Any], field: str | None) -> tuple[str, str | None, str]:
    """Return field, label and comment of a task in full form."""
    labels: dict[str, set[str]] = {}
    comment = ""
    for annotation in task.get("annotations") or ():
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        for result in annotation.get("result") or ():
            value = result.get("value") or {}
            if result.get("type") == "choices":
                labels.setdefault(str(result.get("from_name")), set()).update(map(str, value.get("choices") or ()))
            elif result.get("type") == "textarea" and result.get("from_name") == "comment":
                text = value.get("text")
                comment = " ".join(text) if isinstance(text, list) else str(text or "")
    names = [field] if field else list(labels) or [""]
    if len(names) > 1:
        raise LabelError(f"{path}: task {number}: choices of {', '.join(names)}; name the one to import with --label-field")
    return names[0], _one(path, number, sorted(labels.get(names[0], ()))), comment


def _short(path: Path, number: int, task: dict[str, Any], field: str | None) -> tuple[str, str | None, str]:
    """Return field, label and comment of a task in short form."""
    name = field or next((n for n in ("stance", "sentiment", "label") if n in task), "")
    value = task.get(name)
    choices = value.get("choices") if isinstance(value, dict) else value
    labels = [str(x) for x in choices] if isinstance(choices, list) else [str(choices)] if choices else []
    comment = task.get("comment")
    return name, _one(path, number, labels), " ".join(comment) if isinstance(comment, list) else str(comment or "")


def _one(path: Path, number: int, labels: Sequence[str]) -> str | None:
    if len(labels) > 1:
        raise LabelError(f"{path}: task {number}: labelled {' and '.join(map(repr, labels))}; expected one label: adjudicate first")
    return labels[0] if labels else None
