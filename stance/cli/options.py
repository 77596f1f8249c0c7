"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


class ReportFormat(StrEnum):
    """How reports are printed."""

    table = "table"
    json = "json"


ModelOption = Annotated[str | None, typer.Option("--model", help="Name or file of a model.")]
TaskOption = Annotated[str | None, typer.Option("--task", help="stance (default) or sentiment.")]
SchemeOption = Annotated[str | None, typer.Option("--scheme", help="Label scheme of the shipped model: default or oppose.")]
FormatOption = Annotated[Format, typer.Option("--format", help="table for a person; json, jsonl or csv for a machine.")]
UncertainOption = Annotated[
    bool, typer.Option("--uncertain", help="Say 'uncertain' where the probability is below the model's floor.")
]
ReportFormatOption = Annotated[ReportFormat, typer.Option("--format", help="table for a person; json for a machine.")]
HtmlOption = Annotated[Path | None, typer.Option("--html", help="Write a self-contained page to this file too.")]
TextFieldOption = Annotated[str | None, typer.Option("--text-field", help="Field (column) that holds the text.")]
LabelFieldOption = Annotated[
    str | None, typer.Option("--label-field", help="Field (column) that holds the label, if not named as the task.")
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="OLD=NEW: what a label of the data is called here; OLD= leaves it out. Can be repeated."),
]
AppendFieldOption = Annotated[
    list[str] | None,
    typer.Option("--append-field", help="Field whose value is put behind the text, e.g. the target of the stance. Can be repeated."),
]
SkipConflictsOption = Annotated[
    bool, typer.Option("--skip-conflicts", help="Leave out texts that occur with different labels, instead of refusing them.")
]
