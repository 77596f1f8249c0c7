"""Cutting a data set into slices by a field of its records."""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from stance.errors import LabelError

LENGTH = "length"
"""Name of the built-in slice: bands of the text's length in characters."""
BANDS = (100, 200, 300)
MOST_SLICES, FEWEST_TEXTS = 20, 5
MOST_VALUES = 12
OTHERS, MISSING = "(others)", "(none)"
_DATE = re.compile(r"(\d{4})-\d\d")


def _band(text: str) -> str:
    low = 1
    for high in BANDS:
        if len(text) <= high:
            return f"{low} to {high} characters"
        low = high + 1
    return f"over {BANDS[-1]} characters"


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _plain(value: Any) -> list[str]:
    """Return the slices that a value belongs to: each item of a list is one."""
    if isinstance(value, list | tuple):
        return sorted({str(x) for x in value}) or [MISSING]
    return [MISSING if value is None or value == "" else str(value)]


def _quartiles(numbers: Sequence[float | None]) -> list[list[str]]:
    known = sorted(x for x in numbers if x is not None)
    edges = sorted({known[len(known) * q // 4] for q in (1, 2, 3)})
    names = [f"below {edges[0]:g}", *[f"{a:g} to below {b:g}" for a, b in itertools.pairwise(edges)], f"{edges[-1]:g} and more"]
    return [[MISSING if x is None else names[sum(x >= e for e in edges)]] for x in numbers]


def slice_rows(field: str, records: Sequence[Mapping[str, Any]], texts: Sequence[str]) -> dict[str, list[int]]:
    """Return the rows of each slice, by name.

    Parameters
    ----------
    field : str
        A field of the records; ``"length"``, unless a record has such a field, means bands of the text's length.
    records : sequence of mapping, length n
    texts : sequence of str, length n

    Returns
    -------
    dict of str to list of int
        Dates (``2024-05-01...``) are sliced by year, whole numbers with few values or that look like years by value,
        other numbers in quarters; everything else by value, where the items of a list each count, and all but the
        20 most frequent values are put together as ``(others)``, and where that happens values of fewer than 5 texts
        too.

    Raises
    ------
    LabelError
        No record has the field.
    """
    there = sorted({name for record in records for name in record})
    numbers: list[float | None] = []
    if field in there:
        raw = [record.get(field) for record in records]
        given = [x for x in raw if x is not None and x != ""]
        numbers = [_number(x) for x in raw]
        known = {x for x in numbers if x is not None}
        dates = [_DATE.match(str(x)) for x in given]
        if given and all(dates):
            names = [[MISSING if x is None or x == "" else str(x)[:4]] for x in raw]
        elif given and len(known) > MOST_VALUES and all(_number(x) is not None for x in given) and not _years(known):
            names = _quartiles(numbers)
        else:
            names = [_plain(x) for x in raw]
    elif field == LENGTH:
        names = [[_band(text)] for text in texts]
    else:
        raise LabelError(f"--slice {field}: no record has this field; fields there: {', '.join(map(str, there))}; built in: {LENGTH}")
    rows: dict[str, list[int]] = defaultdict(list)
    for i, found in enumerate(names):
        for name in found:
            rows[name].append(i)
    if len(rows) > MOST_SLICES:
        largest = set(sorted(rows, key=lambda name: (-len(rows[name]), name))[:MOST_SLICES])
        largest = {name for name in largest if len(rows[name]) >= FEWEST_TEXTS}
        others = sorted({i for name, mine in rows.items() if name not in largest for i in mine})
        rows = defaultdict(list, {name: mine for name, mine in rows.items() if name in largest})
        rows[OTHERS] = others
    return dict(sorted(rows.items(), key=lambda item: _order(item[0])))


def _years(numbers: set[float]) -> bool:
    return all(x == int(x) and 1800 <= x <= 2200 for x in numbers)


def _order(name: str) -> tuple[Any, ...]:
    first = re.match(r"(below |over )?(-?\d+(?:\.\d+)?)", name)
    last = name in (OTHERS, MISSING)
    if first is None:
        return (1, last, 0.0, 0, name)
    return (0, last, float(first[2]), {"below ": -1, "over ": 1}.get(first[1] or "", 0), name)
