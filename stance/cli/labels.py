"""``stance labels``: check, stats, agreement, errors, suggest, import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stance.cli import exchange
from stance.cli.options import Format, FormatOption

app = typer.Typer(help="Look after labelled sentences: check, count, compare, find errors, choose and exchange.", no_args_is_help=True)

FilesArgument = Annotated[list[str], typer.Argument(help="Label files (.jsonl, .csv, .tsv, .parquet), folders or globs.")]
TextField = Annotated[str, typer.Option(help="Field that holds the text.")]
LabelFields = Annotated[list[str] | None, typer.Option("--label-field", help="Field that holds labels (may be repeated); default: stance and sentiment, else label.")]


@app.command()
def check(
    files: FilesArgument,
    against: Annotated[list[str] | None, typer.Option(help="Files that must share no text with them, e.g. a test split (may be repeated).")] = None,
    text_field: TextField = "text",
    label_field: LabelFields = None,
    scheme: Annotated[str | None, typer.Option(help="Shipped label scheme, a .toml file, or none.")] = None,
    map: Annotated[list[str] | None, typer.Option("--map", help="What a label is called in the scheme, e.g. Favor=support (may be repeated).")] = None,
    within: Annotated[str | None, typer.Option(help="Field, e.g. the target: a text may have another label for each of its values.")] = None,
    similarity: Annotated[float, typer.Option(help="Share of common character 5-grams from which texts are near-duplicates.")] = 0.7,
    max_length: Annotated[int, typer.Option(min=1, help="Characters beyond which a text is too long.")] = 1000,
    show: Annotated[int, typer.Option(min=0, help="Findings shown of each kind; 0 for all.")] = 5,
    format: FormatOption = Format.table,
) -> None:
    """Look for everything that can be wrong with labelled files; exit code 3 if there are errors."""
    from stance.labels.checks import check_labels
    from stance.present.labels import report_tables
    from stance.present.output import show as print_result
    from stance.present.training import training_progress

    with training_progress() as progress:
        report = check_labels(
            files, against=against or (), text_field=text_field, fields=label_field, scheme=scheme, mapping=_mapping(map),
            within=within, similarity=similarity, longest=max_length, progress=progress,
        )  # fmt: skip
    print_result(format, report.to_dict(), [f.to_dict() for f in report.findings], lambda: report_tables(report, show))
    if report.n_errors:
        raise typer.Exit(3)


@app.command()
def stats(
    files: FilesArgument, text_field: TextField = "text", label_field: LabelFields = None, format: FormatOption = Format.table
) -> None:
    """Count labels and other fields, lengths and words."""
    from stance.labels.statistics import label_statistics
    from stance.present.labels import statistics_tables
    from stance.present.output import show as print_result

    found = label_statistics(files, text_field=text_field, fields=label_field)
    rows = [{"field": field, "label": label, **f} for field, labels in found["labels"].items() for label, f in labels.items()]
    print_result(format, found, rows, lambda: statistics_tables(found))


def _mapping(pairs: list[str] | None) -> dict[str, str]:
    for pair in pairs or ():
        if "=" not in pair:
            raise typer.BadParameter(f"{pair!r}; expected OLD=NEW, e.g. Favor=support", param_hint="--map")
    return {old.strip(): new.strip() for old, _, new in (pair.partition("=") for pair in pairs or ())}


@app.command()
def agreement(
    files: Annotated[list[str], typer.Argument(help="Two or more files, one an annotator.")],
    label_field: Annotated[str | None, typer.Option(help="Field that holds the label; default: stance, else sentiment, else label.")] = None,
    text_field: TextField = "text",
    on: Annotated[str | None, typer.Option(help="Field to join the files on; default: id, or the text where ids do not join.")] = None,
    map: Annotated[list[str] | None, typer.Option("--map", help="What a label is called, e.g. oppose=neutral (may be repeated).")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the disagreements to this .csv or .jsonl, with a column to fill.")] = None,
    resamples: Annotated[int, typer.Option(min=10, help="Bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
    show: Annotated[int, typer.Option(min=0, help="Disagreements shown; 0 for all.")] = 10,
    format: FormatOption = Format.table,
) -> None:
    """Measure how far annotators agree, and list what they disagree on."""
    from stance.labels.agreement import agreement as agree
    from stance.labels.joining import adjudication_rows, choose_field, join_files
    from stance.labels.sheets import write_rows
    from stance.present.labels import agreement_tables
    from stance.present.output import show as print_result

    field, order = choose_field(files, label_field)
    joined = join_files(files, field, text_field=text_field, key=on, mapping=_mapping(map))
    found = agree(joined.columns, order, seed=seed, resamples=resamples).to_dict()
    different = joined.disagreements()
    whole = {"field": field, "joined_on": joined.key, **found, "disagreements": different}
    if out:
        write_rows(out, adjudication_rows(joined, field))
    print_result(format, whole, [{"id": d["id"], **d["labels"], "text": d["text"]} for d in different], lambda: agreement_tables(whole, different, show))
    if out:
        typer.echo(f"Wrote {len(different):,} disagreements to {out}; fill the column {field}, then: stance labels import {out}", err=True)


@app.command()
def errors(
    files: FilesArgument,
    recipe: Annotated[str | None, typer.Option(help="Recipe whose features and classifier to use; default: the shipped one for the labels.")] = None,
    label_field: Annotated[str | None, typer.Option(help="Field that holds the label; default: stance, else sentiment, else label.")] = None,
    text_field: TextField = "text",
    scheme: Annotated[str | None, typer.Option(help="Shipped label scheme, a .toml file, or none.")] = None,
    folds: Annotated[int | None, typer.Option(min=2, max=50, help="Folds of the cross-validation.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write all of them to this .csv or .jsonl, with a column to fill.")] = None,
    show: Annotated[int, typer.Option(min=0, help="Records shown; 0 for all.")] = 20,
    format: FormatOption = Format.table,
) -> None:
    """Rank the records that are likely mislabelled, by confident learning on out-of-fold probabilities."""
    from stance.labels.sheets import write_rows
    from stance.learn.mislabelled import find_mislabelled
    from stance.present.labels import suspects_tables
    from stance.present.output import show as print_result
    from stance.present.training import training_progress

    with training_progress() as progress:
        found = find_mislabelled(
            files, recipe=recipe, text_field=text_field, field=label_field, scheme=scheme, folds=folds, progress=progress
        )
    if out:
        write_rows(out, found.rows())
    print_result(format, found.to_dict(), found.issues, lambda: suspects_tables(found.to_dict(), show))
    if out:
        typer.echo(
            f"Wrote {len(found.issues):,} records to {out}; fill the column {found.field} where the label is wrong, then: "
            f"stance labels import {out} --update FILES", err=True,
        )  # fmt: skip


app.command("suggest")(exchange.suggest)
app.command("import")(exchange.import_)
