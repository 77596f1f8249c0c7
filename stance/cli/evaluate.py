"""``stance evaluate``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from stance.cli.options import (
    HtmlOption,
    LabelFieldOption,
    MapOption,
    ModelOption,
    ReportFormat,
    ReportFormatOption,
    SchemeOption,
    SkipConflictsOption,
    TaskOption,
    TextFieldOption,
)  # fmt: skip


def evaluate(
    data: Annotated[list[str], typer.Argument(help="Labelled files: .jsonl, .csv, .tsv, .parquet, folders, globs.")],
    model: ModelOption = None,
    task: TaskOption = None,
    scheme: SchemeOption = None,
    text_field: TextFieldOption = None,
    label_field: LabelFieldOption = None,
    mapping: MapOption = None,
    skip_conflicts: SkipConflictsOption = False,
    slices: Annotated[
        list[str] | None, typer.Option("--slice", help="Field to cut the data by, or length. Can be repeated.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="How many errors to explain.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    format: ReportFormatOption = ReportFormat.table,
    html: HtmlOption = None,
) -> None:
    """Measure a model on labelled data: figures with intervals, confusion, calibration, slices, worst errors."""
    from stance.api import _model
    from stance.learn.evaluate import evaluate_files
    from stance.learn.heldout import parse_mapping
    from stance.present.training import training_progress

    loaded = _model(model, task, scheme)
    with training_progress() as progress:
        found = evaluate_files(
            data, loaded, text_field=text_field, label_field=label_field, skip_conflicts=skip_conflicts,
            mapping=parse_mapping(mapping) if mapping else None, slices=slices or (), worst=worst, seed=seed,
            progress=progress,
        )  # fmt: skip
    if html is not None:
        from stance.present.evaluation_html import evaluation_page
        from stance.present.html import write_html

        write_html(html, evaluation_page(found))
    if format is ReportFormat.json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False))
        return
    from stance.present.evaluation import show_evaluation

    show_evaluation(found, worst=worst)
