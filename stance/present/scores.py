"""Scored articles on standard output: tables for a person, JSON, JSON Lines or CSV for a machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stance.present.rows import article_columns, article_values, csv_line, json_line

if TYPE_CHECKING:
    from stance.articles.scoring import Article


def print_scores(articles: Iterable[Article], labels: tuple[str, ...], form: str, html: Path | None = None) -> int:
    """Print articles as they come, as ``"table"``, ``"json"``, ``"jsonl"`` or ``"csv"``, and write them as a page if asked.

    Returns how many there were.
    """
    if html is not None:
        from stance.present.article_html import article_page
        from stance.present.html import write_html

        articles = list(articles)
        write_html(html, article_page(articles))
    if form == "csv":
        print(csv_line(article_columns(labels)))
    whole = []
    count = 0
    for count, article in enumerate(articles, 1):  # noqa: B007
        if form == "table":
            from stance.present.article import article_view
            from stance.present.tables import console

            console().print(article_view(article), "")
        elif form == "csv":
            for row in article_values(article):
                print(csv_line(row))
        elif form == "jsonl":
            print(json_line(article.to_dict()))
        else:
            whole.append(json.loads(json_line(article.to_dict())))
    if form == "json":
        print(json.dumps(whole, ensure_ascii=False))
    return count


LONG_TABLE = 40
"""A table of more rows leaves out what one sentence says alone, unless everything is asked for."""


def print_by_actor(
    articles: Iterable[Article], labels: tuple[str, ...], form: str, html: Path | None = None, least: int | None = None
) -> int:
    """Print who took which stance on what over many articles, and write the table and its plots as a page if asked.

    With `least`, actors and targets with fewer sentences have no row of their own; by default that is so in long tables
    for a person, with 2. Returns how many articles there were.
    """
    from stance.articles.trends import by_actor, stances_taken, trends_of
    from stance.articles.verdict import SILENT
    from stance.present.html import write_html
    from stance.present.trends import groups_page, left_out, show_groups

    count = 0

    def counted() -> Iterator[Article]:
        nonlocal count
        for count, article in enumerate(counting(articles), 1):  # noqa: B007
            yield article

    taken = stances_taken(counted())
    stances = [label for label in labels if label not in SILENT]
    whole = by_actor(taken, labels)
    readable = by_actor(taken, labels, least=least or (2 if len(whole) > LONG_TABLE else 1))
    left = left_out(whole, readable, least or 2)
    complete = form != "table" and least is None
    show_groups(whole if complete else readable, stances, count, form, left)
    if html is not None:
        write_html(html, groups_page(readable, stances, count, trends_of(taken, labels), left))
    return count


def counting(articles: Iterable[Article]) -> Iterator[Article]:
    """Yield articles while the terminal shows how many there were."""
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from stance.present.tables import console

    err = console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} articles scored"))
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)
        for article in articles:
            bar.advance(task)
            yield article
