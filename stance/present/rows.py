"""Rows for machines: JSON Lines and CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from stance.articles.rows import PLACES, json_line, sentence_columns, sentence_rows
from stance.model.prediction import Prediction

if TYPE_CHECKING:
    from stance.articles.scoring import Article


__all__ = [
    "article_columns", "article_values", "csv_line", "json_line", "prediction_columns", "prediction_values",
]  # fmt: skip


def csv_line(values: list[Any]) -> str:
    """Return values as one line of CSV, without its line end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()


def prediction_columns(labels: tuple[str, ...]) -> list[str]:
    """Return the heading of predictions as CSV."""
    return ["label", "probability", *labels, "text"]


def prediction_values(p: Prediction) -> list[Any]:
    """Return a prediction as CSV values."""
    return [p.label, round(p.probability, 6), *(round(x, 6) for x in p.probabilities.values()), p.text]


def article_columns(labels: tuple[str, ...]) -> list[str]:
    """Return the heading of scored articles as CSV, a row a sentence."""
    return list(sentence_columns(labels))


def article_values(article: Article) -> list[list[Any]]:
    """Return a scored article as CSV values, a row a sentence."""
    return [[round(v, PLACES) if type(v) is float else v for v in row] for row in sentence_rows(article)]
