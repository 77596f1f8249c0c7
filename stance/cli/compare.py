"""``stance compare``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from stance.cli.options import (
    HtmlOption,
    LabelFieldOption,
    MapOption,
    ReportFormat,
    ReportFormatOption,
    SkipConflictsOption,
    TextFieldOption,
)  # fmt: skip


def compare(
    model_a: Annotated[str, typer.Argument(help="Name or file of the first model.")],
    model_b: Annotated[str, typer.Argument(help="Name or file of the second model.")],
    data: Annotated[list[str], typer.Argument(help="Labelled files: .jsonl, .csv, .tsv, .parquet, folders, globs.")],
    text_field: TextFieldOption = None,
    label_field: LabelFieldOption = None,
    mapping: MapOption = None,
    skip_conflicts: SkipConflictsOption = False,
    examples: Annotated[int, typer.Option(min=0, help="Texts to show of each kind of difference.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    format: ReportFormatOption = ReportFormat.table,
    html: HtmlOption = None,
) -> None:
    """Compare two models on the same labelled data: whether one is better, and where they differ."""
    from stance.learn.compare import compare_files
    from stance.learn.heldout import parse_mapping
    from stance.model.catalogue import load
    from stance.present.comparison import comparison_page, show_comparison
    from stance.present.training import training_progress

    with training_progress() as progress:
        found = compare_files(
            load(model_a), load(model_b), data, text_field=text_field, label_field=label_field,
            mapping=parse_mapping(mapping) if mapping else None, skip_conflicts=skip_conflicts, examples=examples,
            seed=seed, progress=progress,
        )  # fmt: skip
    if html is not None:
        from stance.present.html import write_html

        write_html(html, comparison_page(found))
    if format is ReportFormat.json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False))
    else:
        show_comparison(found)
