"""``stance score``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stance.cli.options import Format, FormatOption, ModelOption, SchemeOption, TaskOption, UncertainOption


class By(StrEnum):
    """What a table over many articles has a row for."""

    actor = "actor"


def score(
    paths: Annotated[list[str], typer.Argument(help="Articles: text, HTML, JSON, CSV, Parquet, Word or PDF files, .gz or .zip of these, folders, globs, or -.")],
    model: ModelOption = None,
    task: TaskOption = None,
    scheme: SchemeOption = None,
    format: FormatOption = Format.table,
    by: Annotated[By | None, typer.Option(help="actor: one table over all articles of who took which stance on what, with dates.")] = None,
    min_sentences: Annotated[int | None, typer.Option(min=1, help="With --by: leave out actors with fewer sentences, and take targets with fewer together. By default a table that would have over 40 rows does so with 2.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a self-contained page to this file too: the articles to read, or the table with plots.")] = None,
    actors: Annotated[bool, typer.Option("--actors/--no-actors", help="Find who holds each stance, and on what.")] = True,
    sentiment: Annotated[bool, typer.Option("--sentiment/--no-sentiment", help="Judge sentiment beside stance.")] = True,
    uncertain: UncertainOption = False,
    text_field: Annotated[str | None, typer.Option(help="Field of a record that holds the text.")] = None,
    title_field: Annotated[str | None, typer.Option(help="Field that holds the title.")] = None,
    date_field: Annotated[str | None, typer.Option(help="Field that holds the date.")] = None,
    out: Annotated[str | None, typer.Option(help="Write to this .jsonl, .csv (or .gz of these) or .parquet file, for inputs of any size. If interrupted, the same command goes on.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where records that cannot be read go; default OUT.rejects.jsonl.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first record that cannot be read.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Begin afresh, and replace OUT.")] = False,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Score on a Dask cluster (tcp://host:8786, or local) into the folder OUT.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by default one a processor for large inputs.")] = None,
) -> None:
    """Cut articles into sentences and label each; what cannot be read is named, and the rest goes on."""
    from stance.api import _model
    from stance.articles.documents import DocumentReader
    from stance.articles.records import Fields
    from stance.articles.rejects import reject_log
    from stance.articles.scoring import Beside, score_documents
    from stance.errors import DocumentError
    from stance.model.script import ForeignTexts
    from stance.present.html import need_html
    from stance.present.scores import print_by_actor, print_scores

    if cluster is not None and (rejects is not None or strict or workers):
        raise typer.BadParameter("--rejects, --strict and --workers do not go with --cluster; rejects lie beside each part in OUT")
    if out is not None and (by is not None or html is not None):
        raise typer.BadParameter("--by and --html do not go with --out, which writes a row a sentence")
    if min_sentences is not None and by is None:
        raise typer.BadParameter("--min-sentences goes with --by actor")
    if by is not None and not actors:
        raise typer.BadParameter("--by actor needs actors; leave out --no-actors")
    beside = Beside(actors, sentiment and by is None)  # that table has no sentiment
    loaded = _model(model, task, scheme)
    if by is not None and loaded.task != "stance":
        raise typer.BadParameter(f"--by actor needs a model of stance; {loaded.name} is one of {loaded.task}")
    if html is not None:
        need_html(html, plots=by is not None)
    fields = Fields(text_field, title_field, date_field)
    if out is not None:
        from stance.articles.stream import score_to_file
        from stance.present.streaming import show_run, streaming_progress

        with streaming_progress() as progress:
            if cluster is not None:
                from stance.articles.cluster import score_on_cluster

                run = score_on_cluster(
                    paths, out, loaded, cluster, uncertain=uncertain, beside=beside, fields=fields, restart=restart,
                    progress=progress,
                )  # fmt: skip
            else:
                run = score_to_file(
                    paths, out, loaded, uncertain=uncertain, beside=beside, fields=fields, rejects=rejects, strict=strict,
                    restart=restart, processes=workers, progress=progress,
                )  # fmt: skip
        show_run(run, as_json=format in (Format.json, Format.jsonl))
        if run.rejected:
            raise DocumentError(f"{run.rejected:,} document(s) or record(s) could not be read: see {run.rejects}. {'The others were' if run.articles else 'Nothing was'} scored")
        return
    foreign = ForeignTexts(loaded)
    if restart or workers or cluster:
        raise typer.BadParameter("--restart, --workers and --cluster go with --out")
    with reject_log(rejects, strict=strict) as log:
        reader = DocumentReader(fields, log)
        documents = foreign.documents(document for file in reader.files(paths) for document in reader.read(file))
        articles = score_documents(documents, loaded, uncertain=uncertain, beside=beside)
        if by is By.actor:
            scored = print_by_actor(articles, loaded.labels, format.value, html, min_sentences)
        else:
            scored = print_scores(articles, loaded.labels, format.value, html)
    if warning := foreign.warning():
        typer.echo(warning, err=True)
    if log.count:
        raise DocumentError(log.summary(scored))
