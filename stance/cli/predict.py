"""``stance predict``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from stance.cli.options import Format, FormatOption, ModelOption, SchemeOption, TaskOption, UncertainOption

BATCH = 4096


def predict(
    texts: Annotated[list[str] | None, typer.Argument(help="Sentences; without any, lines are read from standard input.")] = None,
    model: ModelOption = None,
    task: TaskOption = None,
    scheme: SchemeOption = None,
    format: FormatOption = Format.table,
    uncertain: UncertainOption = False,
) -> None:
    """Label sentences."""
    from stance.api import _model
    from stance.model.script import ForeignTexts
    from stance.present.rows import csv_line, json_line, prediction_columns, prediction_values

    loaded = _model(model, task, scheme)
    if not texts and sys.stdin.isatty():
        typer.echo("Type or paste sentences, one a line; end with Ctrl-D.", err=True)
    foreign = ForeignTexts(loaded)
    lines = foreign.seen(texts or _stdin_lines())
    first = True
    whole = []
    while batch := list(islice(lines, BATCH)):
        predictions = loaded.predict(batch, uncertain=uncertain)
        if format is Format.table:
            from stance.present.tables import console, predictions_table

            console().print(predictions_table(predictions))
        elif format is Format.json:
            whole += [json.loads(json_line(p.to_dict())) for p in predictions]
        elif format is Format.jsonl:
            typer.echo("\n".join(json_line(p.to_dict()) for p in predictions))
        else:
            if first:
                typer.echo(csv_line(prediction_columns(loaded.labels)))
            typer.echo("\n".join(csv_line(prediction_values(p)) for p in predictions))
        first = False
    if format is Format.json:
        typer.echo(json.dumps(whole, ensure_ascii=False))
    if warning := foreign.warning():
        typer.echo(warning, err=True)
    if first:
        typer.echo("nothing to label: no text was given", err=True)
        raise typer.Exit(2)


def _stdin_lines() -> Iterator[str]:
    from stance.errors import DocumentError

    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            raise DocumentError(f"standard input:{number}: byte {error.start + 1} is not UTF-8; expected UTF-8 text") from None
        if text:
            yield text
