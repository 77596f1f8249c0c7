"""Scored articles as records for machines: one object an article, one row a sentence. Every output derives from here.

Both forms are made from `Article.to_dict`, so that a new field of a sentence is a new column of every format at once.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.articles.scoring import Article

ARTICLE_COLUMNS = ("id", "source", "date", "title")
"""The fields of an article that its rows repeat."""
NESTED = {"actor": ("start", "end", "entity", "name", "kind", "probability"), "target": ("start", "end")}
"""Fields that are spans: their text has the column of their name, and what else they have stands in columns beside it."""
COLUMN_TYPES = {
    "index": "int32", "start": "int64", "end": "int64", "actor_start": "int64", "actor_end": "int64", "target_start": "int64",
    "target_end": "int64", "probability": "float32", "actor_probability": "float32", "sentiment_probability": "float32",
}  # fmt: skip
"""Columns that are no strings, in Arrow's terms; the labels' own columns are ``float32``."""
PLACES = 6
"""Decimal places of a probability in text formats."""


def json_line(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON; probabilities keep six places."""
    return json.dumps(_rounded(record), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    # A call for every leaf would take half the time of writing a record, so the commonest are seen to where they are.
    kind = type(value)
    if kind is dict:
        return {
            key: round(item, PLACES) if (leaf := type(item)) is float else _rounded(item) if leaf in _HOLDERS else item
            for key, item in value.items()
        }
    if kind is list:
        return [_rounded(item) for item in value]
    return round(value, PLACES) if kind is float else value


_HOLDERS = frozenset((dict, list))


@cache
def sentence_columns(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of a sentence's row, in order.

    The probability of each label stands in a column of the label's name (``probability_NAME`` where that name is
    taken already).
    """
    from stance.articles.scoring import Sentence

    fields = [name for name in Sentence("", 0, 0, "").to_dict() if name != "probabilities"]
    fixed = tuple(
        column for name in (*ARTICLE_COLUMNS, "index", *fields) for column in (name, *(f"{name}_{part}" for part in NESTED.get(name, ())))
    )
    return (*fixed, *(f"probability_{label}" if label in fixed else label for label in labels))


def sentence_rows(article: Article) -> list[list[Any]]:
    """Return an article's sentences as values in the order of `sentence_columns`; None where there is nothing."""
    head = [getattr(article, name) for name in ARTICLE_COLUMNS]
    labels = article.labels
    rows = []
    for index, sentence in enumerate(article.sentences):
        fields = sentence.to_dict()
        shares = fields.pop("probabilities")
        flat: list[Any] = []
        for name, value in fields.items():
            if name not in NESTED:
                flat.append(value)
            elif value is None:
                flat += [None] * (1 + len(NESTED[name]))
            else:
                flat += [value["text"], *(value[part] for part in NESTED[name])]
        rows.append([*head, index, *flat, *map(shares.get, labels)])
    return rows
