"""``stance labels suggest`` and ``stance labels import``: sentences go out to be labelled, and come back."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stance.cli.options import Format, FormatOption, ModelOption, SchemeOption, TaskOption


class Kind(StrEnum):
    """Kinds of files for labelling."""

    csv = "csv"
    jsonl = "jsonl"
    label_studio = "label-studio"
    doccano = "doccano"


def suggest(
    files: Annotated[list[str], typer.Argument(help="Unlabelled sentences: .txt (one a line), .txt.gz, .jsonl, .csv, .tsv, .parquet.")],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many sentences.")] = 100,
    out: Annotated[Path | None, typer.Option(help="File to write; default suggested, with the suffix of the kind.")] = None,
    to: Annotated[Kind, typer.Option(help="csv for a spreadsheet, jsonl, Label Studio's or doccano's.")] = Kind.csv,
    model: ModelOption = None,
    task: TaskOption = None,
    scheme: SchemeOption = None,
    labelled: Annotated[list[str] | None, typer.Option(help="Files that are labelled already (may be repeated); default: the shipped labels.")] = None,
    text_field: Annotated[str, typer.Option(help="Field that holds the text.")] = "text",
    strategy: Annotated[str, typer.Option(help="entropy, margin or least-confident.")] = "entropy",
    similarity: Annotated[float, typer.Option(min=0.01, max=1, help="Share of common character 5-grams from which texts are nearly the same.")] = 0.7,
    with_guess: Annotated[bool, typer.Option("--with-guess", help="Write the model's guess too. People who see it tend to agree with it.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    format: FormatOption = Format.table,
) -> None:
    """Choose the sentences that are most worth labelling, and write them for people to label."""
    from stance.api import _model
    from stance.labels.exchange import KINDS, label_choices, refuse_to_replace, write_for_labelling
    from stance.labels.unlabelled import read_unlabelled
    from stance.learn.suggest import labelled_texts
    from stance.learn.suggest import suggest as choose
    from stance.present.labels import suggestions_tables
    from stance.present.output import show as print_result
    from stance.present.training import training_progress
    from stance.resources import resource

    out = out or Path(f"suggested{KINDS[to]}")
    refuse_to_replace(out, force)
    loaded = _model(model, task, scheme)
    known = labelled_texts(labelled or [resource("labels")])
    with training_progress() as progress:
        found = choose(
            read_unlabelled(files, text_field), loaded, n, labelled=known, strategy=strategy, similarity=similarity, progress=progress
        )
    hidden = () if with_guess else ("guess", "guess_probability", "uncertainty")
    records = [{k: v for k, v in r.items() if k not in hidden} for r in found.records]
    written = write_for_labelling(out, to, records, loaded.task, label_choices(loaded.task, loaded.labels), loaded.name)
    whole = {**found.to_dict(), "kind": str(to), "written": [str(path) for path in written]}
    print_result(format, whole, found.records, lambda: suggestions_tables(whole))


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files that come back: .csv, .jsonl (ours, doccano's, or a journal), Label Studio's .json.")],
    out: Annotated[Path | None, typer.Option(help="Label file to write (.jsonl).")] = None,
    update: Annotated[list[str] | None, typer.Option(help="Put the labels into these .jsonl files instead, by id (may be repeated).")] = None,
    label_field: Annotated[str | None, typer.Option(help="Field that was filled; default stance, else sentiment, else label.")] = None,
    text_field: Annotated[str, typer.Option(help="Field that holds the text.")] = "text",
    scheme: Annotated[str | None, typer.Option(help="Shipped label scheme, a .toml file, or none; default the field's finest.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    format: FormatOption = Format.table,
) -> None:
    """Read files that come back from labelling, check them, and write labels."""
    from stance.labels.exchange import import_labels, refuse_to_replace, update_files
    from stance.labels.records import expand_paths
    from stance.labels.sheets import write_rows
    from stance.present.labels import import_lines
    from stance.present.output import show as print_result

    if out and update:
        raise typer.BadParameter("give either --out or --update", param_hint="--out")
    if not update:
        out = out or Path("labels", "new.jsonl")
        refuse_to_replace(out, force)
    records, field, unlabelled = import_labels(files, label_field, scheme=scheme, text_field=text_field)
    changed = update_files(records, field, expand_paths(update)) if update else {}
    if out:
        write_rows(out, records)
    counts: dict[str, int] = {}
    for record in records:
        counts[record[field]] = counts.get(record[field], 0) + 1
    whole = {
        "field": field, "n_labelled": len(records), "n_unlabelled": unlabelled, "counts": counts,
        "written": str(out) if out else None, "updated": changed,
    }  # fmt: skip
    print_result(format, whole, records, lambda: import_lines(whole))
