"""Rows for machines: JSON Lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from stance.model.prediction import Prediction

if TYPE_CHECKING:
    from stance.articles.scoring import Article


def json_line(record: dict[str, Any]) -> str:
    """Return a record as one line of JSON; probabilities keep six places."""
    return json.dumps(_rounded(record), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


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
    return ["article", "title", "date", "start", "end", "kind", "label", "probability", *labels, "text"]


def article_values(article: Article) -> list[list[Any]]:
    """Return a scored article as CSV values, a row a sentence."""
    rows = []
    for s in article.sentences:
        p = "" if s.probability is None else round(s.probability, 6)
        shares = [round(s.probabilities[label], 6) if s.probabilities else "" for label in article.labels]
        rows.append([article.id, article.title, article.date, s.start, s.end, s.kind, s.label, p, *shares, s.text])
    return rows
