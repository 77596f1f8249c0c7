"""``stance train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stance.cli.options import (
    AppendFieldOption,
    Format,
    FormatOption,
    LabelFieldOption,
    MapOption,
    SkipConflictsOption,
    TextFieldOption,
)


def train(
    sources: Annotated[
        list[str] | None, typer.Argument(help="One recipe (.toml), or label files (.jsonl, .csv, .tsv, .parquet); default: stance-ar.")
    ] = None,
    scheme: Annotated[str | None, typer.Option(help="Label scheme: default, oppose, sentiment, or a .toml file.")] = None,
    task: Annotated[str | None, typer.Option(help="Field that holds the label, e.g. stance or sentiment.")] = None,
    text_field: TextFieldOption = None,
    label_field: LabelFieldOption = None,
    mapping: MapOption = None,
    skip_conflicts: SkipConflictsOption = False,
    append_field: AppendFieldOption = None,
    name: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; default models/NAME.joblib.")] = None,
    max_size: Annotated[str | None, typer.Option(help="Largest size of the file, e.g. 1MB; features are pruned to fit.")] = None,
    on: Annotated[
        list[str] | None, typer.Option("--on", help="Labelled files to measure the model on, for its card. Can be repeated.")
    ] = None,
    folds: Annotated[int | None, typer.Option(min=0, max=50, help="Folds of the cross-validation; 0 for none.")] = None,
    format: FormatOption = Format.table,
) -> None:
    """Train a model: the default one, one from a recipe, or one from your own labelled data."""
    from stance.learn.command import recipe_for
    from stance.learn.run import run_training
    from stance.present.training import show_training, training_progress

    recipe = recipe_for(
        sources or [], scheme=scheme, task=task, text_field=text_field, label_field=label_field, name=name,
        max_size=max_size, folds=folds, mapping=mapping or (), skip_conflicts=skip_conflicts, append_fields=append_field or (),
    )  # fmt: skip
    with training_progress() as progress:
        result = run_training(recipe, out, progress, on or ())
    show_training(result, as_json=format is not Format.table)
