"""``stance score``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from stance.cli.options import Format, FormatOption, ModelOption, SchemeOption, TaskOption, UncertainOption


def score(
    paths: Annotated[list[str], typer.Argument(help="Articles: text, HTML, JSON, CSV, Parquet, Word or PDF files, .gz or .zip of these, folders, globs, or -.")],
    model: ModelOption = None,
    task: TaskOption = None,
    scheme: SchemeOption = None,
    format: FormatOption = Format.table,
    uncertain: UncertainOption = False,
    text_field: Annotated[str | None, typer.Option(help="Field of a record that holds the text.")] = None,
    title_field: Annotated[str | None, typer.Option(help="Field that holds the title.")] = None,
    date_field: Annotated[str | None, typer.Option(help="Field that holds the date.")] = None,
) -> None:
    """Cut articles into sentences and label each; what cannot be read is named, and the rest goes on."""
    from stance.api import _model
    from stance.articles.documents import ReadFailure, read_documents
    from stance.articles.scoring import score_documents
    from stance.errors import DocumentError
    from stance.present.rows import article_columns, article_values, csv_line, json_line

    failures = 0

    def report(failure: ReadFailure) -> None:
        nonlocal failures
        failures += 1
        typer.echo(f"skipped: {failure}", err=True)

    loaded = _model(model, task, scheme)
    documents = read_documents(
        paths, text_field=text_field, title_field=title_field, date_field=date_field, on_error=report
    )
    if format is Format.csv:
        typer.echo(csv_line(article_columns(loaded.labels)))
    whole = []
    for article in score_documents(documents, loaded, uncertain=uncertain):
        if format is Format.table:
            from stance.present.tables import article_table, console

            console().print(article_table(article), "")
        elif format is Format.csv:
            typer.echo("\n".join(csv_line(row) for row in article_values(article)))
        elif format is Format.jsonl:
            typer.echo(json_line(article.to_dict()))
        else:
            whole.append(json.loads(json_line(article.to_dict())))
    if format is Format.json:
        typer.echo(json.dumps(whole, ensure_ascii=False))
    if failures:
        raise DocumentError(f"{failures} document(s) or record(s) could not be read; the others were scored")
