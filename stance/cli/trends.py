"""``stance trends``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from stance.cli.options import Format, FormatOption, HtmlOption, ModelOption, SchemeOption, UncertainOption

if TYPE_CHECKING:
    from stance.articles.scoring import Article


class Period(StrEnum):
    """Length of the periods that are counted."""

    auto = "auto"
    day = "day"
    week = "week"
    month = "month"
    year = "year"


def trends(
    paths: Annotated[list[str], typer.Argument(help="Articles with dates: files, .gz or .zip of these, folders, globs, or -.")],
    model: ModelOption = None,
    scheme: SchemeOption = None,
    period: Annotated[Period, typer.Option(help="Length of a period; auto takes the shortest of which there are not too many.")] = Period.auto,
    actor: Annotated[list[str] | None, typer.Option("--actor", help="Show this actor (Arabic name, or id such as SA or UN). Can be repeated.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Without --actor: how many actors, those with most sentences.")] = 8,
    min_sentences: Annotated[int | None, typer.Option(min=1, help="How many sentences must stand on each side of a shift (3).")] = None,
    format: FormatOption = Format.table,
    html: HtmlOption = None,
    uncertain: UncertainOption = False,
    text_field: Annotated[str | None, typer.Option(help="Field of a record that holds the text.")] = None,
    title_field: Annotated[str | None, typer.Option(help="Field that holds the title.")] = None,
    date_field: Annotated[str | None, typer.Option(help="Field that holds the date.")] = None,
) -> None:
    """Show how the stances of actors go over time, and where they shift."""
    from stance.api import _model
    from stance.articles.documents import DocumentReader
    from stance.articles.records import Fields
    from stance.articles.rejects import reject_log
    from stance.articles.scoring import Beside, score_documents
    from stance.articles.trends import SHIFT_SENTENCES, stances_taken, trends_of
    from stance.errors import DocumentError
    from stance.model.script import ForeignTexts
    from stance.present.html import need_html, write_html
    from stance.present.scores import counting
    from stance.present.trends import show_trends, trends_page

    loaded = _model(model, "stance", scheme)
    if html is not None:
        need_html(html, plots=True)
    scored, foreign = 0, ForeignTexts(loaded)

    def counted(articles: Iterable[Article]) -> Iterator[Article]:
        nonlocal scored
        for scored, article in enumerate(counting(articles), 1):  # noqa: B007
            yield article

    with reject_log(None) as log:
        reader = DocumentReader(Fields(text_field, title_field, date_field), log)
        documents = foreign.documents(document for file in reader.files(paths) for document in reader.read(file))
        taken = stances_taken(counted(score_documents(documents, loaded, uncertain=uncertain, beside=Beside(sentiment=False))))
    found = trends_of(
        taken, loaded.labels, period=None if period is Period.auto else period.value, actors=actor or (), top=top,
        least=min_sentences or SHIFT_SENTENCES,
    )
    show_trends(found, format.value)
    if html is not None:
        write_html(html, trends_page(found))
    if warning := foreign.warning():
        typer.echo(warning, err=True)
    if log.count:
        raise DocumentError(log.summary(scored))
