"""``stance label``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from stance.cli.options import ModelOption, SchemeOption, TaskOption


def label(
    files: Annotated[list[str], typer.Argument(help="Sentences: .txt (one a line), .txt.gz, .jsonl, .csv, .tsv, .parquet.")],
    out: Annotated[Path | None, typer.Option(help="Label file to write (.jsonl); default NAME.labelled.jsonl. Give it again to go on.")] = None,
    task: TaskOption = None,
    labels: Annotated[str | None, typer.Option(help="Labels of your own, e.g. for,against,none; default those of the task.")] = None,
    label_field: Annotated[str | None, typer.Option(help="Field to fill; default the task.")] = None,
    text_field: Annotated[str, typer.Option(help="Field that holds the text.")] = "text",
    model: ModelOption = None,
    scheme: SchemeOption = None,
    bidi: Annotated[str, typer.Option(help="Who orders Arabic letters: terminal, visual (we), or auto.")] = "auto",
) -> None:
    """Label sentences one at a time, by key; every answer is on the disk before the next sentence is shown."""
    from stance.api import _model
    from stance.errors import DependencyError, LabelError
    from stance.labels.exchange import labels_of_scheme
    from stance.labels.session import Session
    from stance.labels.unlabelled import read_unlabelled
    from stance.present.bidi import MODES, choose_mode, display_lines

    if bidi not in MODES:
        raise typer.BadParameter(f"{bidi!r}; expected one of: {', '.join(MODES)}", param_hint="--bidi")
    try:
        from stance.present.labelling import run_labelling
    except ImportError:
        raise DependencyError('labelling in the terminal needs textual: pip install "diplomatic-stance[label]"') from None
    mode = choose_mode(bidi)
    display_lines("", 80, mode)  # a missing library is named before the screen opens
    field = label_field or task or "stance"
    choices = tuple(x.strip() for x in labels.split(",") if x.strip()) if labels else labels_of_scheme(scheme, field)
    records = read_unlabelled(files, text_field)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise LabelError("stance label needs a terminal; for files to fill elsewhere: stance labels suggest")
    out = out or Path(f"{Path(files[0]).name.split('.')[0]}.labelled.jsonl")

    def guess(text: str) -> str:
        from stance.errors import StanceError

        try:
            prediction = _model(model, task, scheme).predict(text)
        except StanceError as error:
            return str(error)
        return f"{prediction.label} ({prediction.probability:.0%})"

    session = Session(records, out, field, choices, ", ".join(files))
    try:
        run_labelling(session, guess, mode)
    finally:
        n = session.finish()
    left = len(session.records) - session.n_done
    typer.echo(f"{n:,} labels in {out}; {left:,} of {len(session.records):,} sentences are left (the same command goes on).")
