"""What explanations in the terminal and as pages share: weights as shades of a few levels, features with visible spaces."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

import numpy as np
import numpy.typing as npt

from stance.model.explain import Explanation

LEVELS = 5


def shade_levels(weights: npt.NDArray[np.float64], largest: float | None = None) -> npt.NDArray[np.int64]:
    """Return the level of each weight, (n,) int64, from ``-LEVELS`` (strongest against) to ``LEVELS`` (strongest for).

    Parameters
    ----------
    weights : (n,) float64
    largest : float, optional
        The weight that counts as strongest; the largest of them by default. A weight below a tenth of it is level 0.
    """
    largest = largest or float(np.abs(weights).max(initial=0.0))
    if largest <= 0:
        return np.zeros(len(weights), dtype=np.int64)
    return np.clip(np.round(weights / largest * LEVELS), -LEVELS, LEVELS).astype(np.int64)


def shaded_runs(text: str, levels: npt.NDArray[np.int64]) -> list[tuple[str, int]]:
    """Return the text as runs of one level each; joined they are the text."""
    pairs = zip(text, levels.tolist(), strict=True)
    return [("".join(c for c, _ in run), level) for level, run in groupby(pairs, key=lambda pair: pair[1])]


def visible(feature: str) -> str:
    """Return a feature with the spaces at its edges made visible."""
    inner = feature.strip(" ")
    if not inner:
        return "␣" * len(feature)
    lead = len(feature) - len(feature.lstrip(" "))
    return "␣" * lead + inner + "␣" * (len(feature) - lead - len(inner))


def merging_note(merged: Mapping[str, str]) -> str:
    """Return which finer labels of a model count as which others; empty where none does."""
    if not merged:
        return ""
    coarse = [f"{', '.join(x for x, y in merged.items() if y == label)} as {label}" for label in dict.fromkeys(merged.values())]
    return f"The model tells finer labels apart than it answers; it counts {'; '.join(coarse)}."


def merged_note(e: Explanation) -> str:
    """Return how the labels of a model are sums of finer ones; empty where they are not."""
    sums = []
    for label, probability in e.reported.items():
        finer = [x for x in e.labels if e.merged.get(x, x) == label]
        if finer != [label]:
            sums.append(f"{label} {probability:.2f} = " + " + ".join(f"{x} {e.probabilities[x]:.2f}" for x in finer))
    return f"The model tells finer labels apart and is explained in these: {'; '.join(sums)}." if sums else ""
