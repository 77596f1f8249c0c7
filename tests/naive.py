"""Slow, obvious reference implementations: what the fast paths must equal."""

from __future__ import annotations

import math
import re
from collections import Counter


def words(text: str) -> list[str]:
    return re.findall(r"(?u)\b\w\w+\b", text)


def word_ngrams(text: str, low: int, high: int) -> list[str]:
    tokens = words(text)
    return [" ".join(tokens[i : i + n]) for n in range(low, high + 1) for i in range(len(tokens) - n + 1)]


def char_wb_ngrams(text: str, low: int, high: int) -> list[str]:
    found = []
    for word in text.split():
        padded = " " + word + " "
        if len(padded) <= low:
            found.append(padded)
        else:
            for n in range(low, high + 1):
                found += [padded[i : i + n] for i in range(len(padded) - n + 1)]
    return found


def tfidf(
    documents, analyze, *, sublinear=False, smooth=True, norm="l2", min_df=1, max_df=1.0, max_features=None
):
    """Return one dictionary a document: feature to TF-IDF value.

    `min_df` and `max_df` are counts if int, shares of the documents if float; `max_features` keeps those that occur
    most often (which of equals is not said here).
    """
    counted = [Counter(analyze(document)) for document in documents]
    df = Counter(feature for counts in counted for feature in counts)
    n = len(documents)
    least = min_df * n if isinstance(min_df, float) else min_df
    most = max_df * n if isinstance(max_df, float) else max_df
    kept = {feature for feature in df if least <= df[feature] <= most}
    if max_features is not None:
        occurrences = Counter()
        for counts in counted:
            occurrences.update({feature: count for feature, count in counts.items() if feature in kept})
        kept = {feature for feature, _ in occurrences.most_common(max_features)}
    rows = []
    for counts in counted:
        row = {}
        for feature, count in counts.items():
            if feature in kept:
                idf = math.log((n + smooth) / (df[feature] + smooth)) + 1
                row[feature] = (1 + math.log(count) if sublinear else count) * idf
        if norm == "l2":
            length = math.sqrt(sum(v * v for v in row.values()))
        elif norm == "l1":
            length = sum(abs(v) for v in row.values())
        else:
            length = 1.0
        rows.append({f: v / length for f, v in row.items()} if length else row)
    return rows
