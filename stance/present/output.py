"""One way to print a result: tables for a person, JSON, JSON Lines or CSV for a machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from stance.articles.rows import _rounded, json_line
from stance.present.rows import csv_line


def show(
    format: str,
    whole: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    tables: Callable[[], Iterable[RenderableType]],
) -> None:
    """Print a result.

    Parameters
    ----------
    format : {"table", "json", "jsonl", "csv"}
    whole : dict
        What ``json`` prints, as one object.
    rows : sequence of dict
        What ``jsonl`` and ``csv`` print; all have the keys of the first. Lists in a CSV cell are joined by ``; ``.
    tables : callable
        Gives what ``table`` prints.
    """
    if format == "json":
        print(json.dumps(_rounded(whole), ensure_ascii=False))
    elif format == "jsonl":
        for row in rows:
            print(json_line(row))
    elif format == "csv":
        if rows:
            print(csv_line(list(rows[0])))
        for row in rows:
            print(csv_line([_cell(value) for value in row.values()]))
    else:
        from stance.present.tables import console

        out = console()
        for item in tables():
            out.print(item, soft_wrap=not out.is_terminal and isinstance(item, str | Text))


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return round(value, 6) if isinstance(value, float) else value
