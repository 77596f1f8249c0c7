"""``stance tune``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from stance.cli.options import (
    AppendFieldOption,
    LabelFieldOption,
    MapOption,
    ReportFormat,
    ReportFormatOption,
    SkipConflictsOption,
    TextFieldOption,
)  # fmt: skip


def tune(
    sources: Annotated[
        list[str] | None, typer.Argument(help="One recipe (.toml), or label files; default: the recipe of stance-ar.")
    ] = None,
    scheme: Annotated[str | None, typer.Option(help="Label scheme: default, oppose, sentiment, or a .toml file.")] = None,
    text_field: TextFieldOption = None,
    label_field: LabelFieldOption = None,
    mapping: MapOption = None,
    skip_conflicts: SkipConflictsOption = False,
    append_field: AppendFieldOption = None,
    seconds: Annotated[str | None, typer.Option("--time", help="About how long it may take in all: 60s (default), 5m, 1h.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="How many trials; without --time this makes the search reproducible.")] = None,
    folds: Annotated[int | None, typer.Option(min=2, max=50, help="Folds of the cross-validation; by default the recipe's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the folds and of the search.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Recipe to write; default NAME-tuned.toml.")] = None,
    format: ReportFormatOption = ReportFormat.table,
) -> None:
    """Search for better features and settings by cross-validation, and write the winning recipe."""
    from stance.learn.command import read_recipe_data, recipe_for
    from stance.learn.recipe_file import recipe_toml, write_recipe
    from stance.learn.tune import parse_seconds
    from stance.learn.tune import tune as run
    from stance.present.training import training_progress
    from stance.present.tuning import show_tuning

    recipe = recipe_for(
        sources or [], scheme=scheme, text_field=text_field, label_field=label_field, mapping=mapping or (),
        skip_conflicts=skip_conflicts, append_fields=append_field or (),
    )  # fmt: skip
    path = out or Path(f"{recipe.name}-tuned.toml")
    recipe_toml(recipe, path.parent)  # a missing dependency is told before the search, not after
    data, _ = read_recipe_data(recipe)
    with training_progress() as progress:
        limit = parse_seconds(seconds) if seconds else None
        found = run(data, recipe, trials=trials, seconds=limit, folds=folds, seed=seed, progress=progress)
    write_recipe(replace(found.recipe, name=path.stem), path)
    if format is ReportFormat.json:
        typer.echo(json.dumps({"recipe": str(path), **found.to_dict()}, ensure_ascii=False))
    else:
        show_tuning(found, path)
