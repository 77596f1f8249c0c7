"""``stance learning-curve``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from stance.cli.options import (
    AppendFieldOption,
    HtmlOption,
    LabelFieldOption,
    MapOption,
    ReportFormat,
    ReportFormatOption,
    SkipConflictsOption,
    TextFieldOption,
)  # fmt: skip


def learning_curve(
    sources: Annotated[
        list[str] | None, typer.Argument(help="One recipe (.toml), or label files; default: the recipe of stance-ar.")
    ] = None,
    scheme: Annotated[str | None, typer.Option(help="Label scheme: default, oppose, sentiment, or a .toml file.")] = None,
    text_field: TextFieldOption = None,
    label_field: LabelFieldOption = None,
    mapping: MapOption = None,
    skip_conflicts: SkipConflictsOption = False,
    append_field: AppendFieldOption = None,
    sizes: Annotated[str | None, typer.Option(help="Sentences to train on, e.g. 500,1000,2000.")] = None,
    on: Annotated[
        list[str] | None, typer.Option("--on", help="Labelled files to measure on, with the same columns; default: held-out folds.")
    ] = None,
    repeats: Annotated[int | None, typer.Option(min=1, max=100, help="Draws of the subsets: 1 with folds, 5 with --on.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="By default the recipe's.")] = None,
    format: ReportFormatOption = ReportFormat.table,
    plot: Annotated[Path | None, typer.Option(help="Write the plot to this .svg, .png or .pdf too.")] = None,
    html: HtmlOption = None,
) -> None:
    """Show macro-F1 against the number of labelled sentences, and whether more would help."""
    from stance.learn.command import read_recipe_data, recipe_for
    from stance.learn.curve import learning_curve as run
    from stance.learn.curve import parse_sizes
    from stance.present.curve import curve_page, save_plot, show_curve
    from stance.present.training import training_progress

    recipe = recipe_for(
        sources or [], scheme=scheme, text_field=text_field, label_field=label_field, mapping=mapping or (),
        skip_conflicts=skip_conflicts, append_fields=append_field or (),
    )  # fmt: skip
    data, other = read_recipe_data(recipe, on)
    with training_progress() as progress:
        found = run(data, recipe, sizes=parse_sizes(sizes), on=other, repeats=repeats, seed=seed, progress=progress)
    if plot is not None:
        save_plot(found, plot)
    if html is not None:
        from stance.present.html import write_html

        write_html(html, curve_page(found))
    if format is ReportFormat.json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False))
    else:
        show_curve(found)
