"""Figures about labelled files: labels, other fields, lengths, vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stance.labels.entries import (
    columns,
    label_fields,
    label_of,
    read_entries,
    require_field,
    require_readable,
)
from stance.labels.sameness import fold

MOST_VALUES = 50
"""A field with more different values than this is no category."""
BINS = 12
_WORD = re.compile(r"\w+")


def lengths(values: Sequence[int]) -> dict[str, Any]:
    """Return the figures of some lengths: least, quartiles, mean, 95th percentile, most, and a histogram.

    The histogram has `BINS` bins of equal width at most: ``edges`` (one more than bins) and ``counts``; the last bin
    takes its upper edge in, as numpy's does.
    """
    if not len(values):
        return {"min": 0, "p25": 0.0, "median": 0.0, "p75": 0.0, "mean": 0.0, "p95": 0.0, "max": 0, "histogram": {"edges": [], "counts": []}}
    data = np.asarray(values)
    p25, median, p75, p95 = np.percentile(data, [25, 50, 75, 95])
    low, high = int(data.min()), int(data.max())
    width = max(1, -(-(high - low + 1) // BINS))
    edges = np.arange(low, high + width + 1, width)
    counts, _ = np.histogram(data, edges)
    return {
        "min": low, "p25": float(p25), "median": float(median), "p75": float(p75), "mean": float(data.mean()),
        "p95": float(p95), "max": high, "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }  # fmt: skip


def vocabulary(texts: Iterable[str], top: int = 20) -> dict[str, Any]:
    """Return figures of the words of some texts, folded as for the comparison of texts.

    Returns
    -------
    dict
        ``tokens``, ``types``, ``hapax`` (types that occur once), ``type_token_ratio`` and ``top`` (word and count).
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_WORD.findall(fold(text)))
    tokens = sum(counts.values())
    return {
        "tokens": tokens, "types": len(counts), "hapax": sum(n == 1 for n in counts.values()),
        "type_token_ratio": len(counts) / tokens if tokens else 0.0, "top": [[w, n] for w, n in counts.most_common(top)],
    }  # fmt: skip


def label_statistics(
    paths: Iterable[str | Path], *, text_field: str = "text", fields: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the figures of labelled files as plain data.

    Parameters
    ----------
    paths : iterable of str or Path
    text_field : str
    fields : sequence of str, optional
        Fields that hold labels; see `stance.labels.entries.label_fields`.

    Returns
    -------
    dict
        ``n_records``, ``files`` (file to records), ``labels`` (field to label to ``n``, ``share``, ``mean_words``),
        ``crossed`` (two label fields: first label to second label to records; else None), ``fields`` (every other field
        of up to 50 different values: value to records), ``characters`` and ``words`` (see `lengths`), ``vocabulary``.

    Raises
    ------
    LabelError
        A file is absent or has an unreadable line, or no record has the fields.
    """
    entries, faults = read_entries(paths)
    require_readable(faults)
    require_field(entries, text_field, "--text-field")
    named = label_fields(entries, fields)
    texts = [str(e.record.get(text_field) or "") for e in entries]
    words = np.array([len(_WORD.findall(text)) for text in texts])
    labels: dict[str, dict[str, Any]] = {}
    for field in named:
        found = np.array([label_of(e, field) or "" for e in entries])
        labels[field] = {
            str(label): {"n": int(n), "share": n / len(entries), "mean_words": float(words[found == label].mean())}
            for label, n in Counter(found.tolist()).most_common()
        }
    crossed: dict[str, dict[str, int]] | None = None
    if len(named) == 2:
        crossed = {label: {} for label in labels[named[0]]}
        pairs = Counter((label_of(e, named[0]) or "", label_of(e, named[1]) or "") for e in entries)
        for first in crossed:
            crossed[first] = {second: pairs[first, second] for second in labels[named[1]]}
    others = {}
    for name in columns(entries):
        if name in (text_field, "id", *named):
            continue
        values = [e.record.get(name) for e in entries]
        plain = [v for v in values if isinstance(v, str | int | bool) and v != ""]
        if plain and len(set(plain)) <= MOST_VALUES and len(set(plain)) < len(plain):
            others[name] = {str(v): n for v, n in Counter(plain).most_common()}
    return {
        "n_records": len(entries), "files": dict(Counter(e.path for e in entries)), "labels": labels, "crossed": crossed,
        "fields": others, "characters": lengths([len(t) for t in texts]), "words": lengths(words.tolist()),
        "vocabulary": vocabulary(texts),
    }  # fmt: skip
