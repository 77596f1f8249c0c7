"""Scored articles on standard output: tables for a person, JSON, JSON Lines or CSV for a machine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from stance.present.rows import article_columns, article_values, csv_line, json_line

if TYPE_CHECKING:
    from stance.articles.scoring import Article


def print_scores(articles: Iterable[Article], labels: tuple[str, ...], form: str) -> None:
    """Print articles as they come, as ``"table"``, ``"json"``, ``"jsonl"`` or ``"csv"``."""
    if form == "csv":
        print(csv_line(article_columns(labels)))
    whole = []
    for article in articles:
        if form == "table":
            from stance.present.tables import article_table, console

            console().print(article_table(article), "")
        elif form == "csv":
            for row in article_values(article):
                print(csv_line(row))
        elif form == "jsonl":
            print(json_line(article.to_dict()))
        else:
            whole.append(json.loads(json_line(article.to_dict())))
    if form == "json":
        print(json.dumps(whole, ensure_ascii=False))
