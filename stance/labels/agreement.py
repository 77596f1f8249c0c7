"""Agreement of annotators: Cohen's kappa, Fleiss' kappa, Krippendorff's alpha, with bootstrap intervals.

Everything is worked from how many annotators gave each item each label, so that a bootstrap resample of the items is a
matter of indexing; the tests compare every figure with scikit-learn, statsmodels and the ``krippendorff`` package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import LabelError

RESAMPLES = 1000
Codes = npt.NDArray[np.int64]
"""Label numbers (n_items, n_annotators); -1 where an annotator has none."""


def value_counts(codes: Codes, n_labels: int) -> npt.NDArray[np.float64]:
    """Return how many annotators gave each item each label, (n_items, n_labels) float64."""
    counts: npt.NDArray[np.float64] = (codes[:, :, None] == np.arange(n_labels)).sum(axis=1).astype(np.float64)
    return counts


def cohen_kappa(first: Codes, second: Codes, n_labels: int) -> float:
    """Return Cohen's kappa (Cohen 1960) of two annotators; NaN where both always give one and the same label.

    Parameters
    ----------
    first, second : (n_items,) int64
        Label numbers, none missing.
    """
    n = len(first)
    if not n:
        return float("nan")
    joint = np.bincount(first * n_labels + second, minlength=n_labels**2).reshape(n_labels, n_labels) / n
    expected = float(joint.sum(axis=1) @ joint.sum(axis=0))
    return float((np.trace(joint) - expected) / (1 - expected)) if expected < 1 else float("nan")


def fleiss_kappa(counts: npt.NDArray[np.float64]) -> float:
    """Return Fleiss' kappa (Fleiss 1971); NaN where there is but one label.

    Parameters
    ----------
    counts : (n_items, n_labels) float64
        See `value_counts`; every item has the same number of annotators, two or more.
    """
    if not len(counts):
        return float("nan")
    n = counts[0].sum()
    agreement = ((counts**2).sum(axis=1) - n) / (n * (n - 1))
    expected = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return float((agreement.mean() - expected) / (1 - expected)) if expected < 1 else float("nan")


def krippendorff_alpha(counts: npt.NDArray[np.float64]) -> float:
    """Return Krippendorff's alpha for nominal data (Krippendorff 2011); NaN where there is but one label.

    Parameters
    ----------
    counts : (n_items, n_labels) float64
        See `value_counts`; items with fewer than two labels count for nothing.
    """
    m = counts.sum(axis=1)
    counts, m = counts[m > 1], m[m > 1]
    totals = counts.sum(axis=0)
    n = totals.sum()
    # Pairs of different labels, observed within items and expected over all of them.
    observed = float((((m**2) - (counts**2).sum(axis=1)) / (m - 1)).sum())
    expected = float((n**2 - (totals**2).sum()) / (n - 1)) if n > 1 else 0.0
    return 1 - observed / expected if expected > 0 else float("nan")


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% bootstrap interval.

    Attributes
    ----------
    value : float or None
        None where it is not defined: no item, or a single label throughout.
    low, high : float or None
    n_items : int
        Items that it rests on.
    """

    value: float | None
    low: float | None
    high: float | None
    n_items: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"value": self.value, "low": self.low, "high": self.high, "n_items": self.n_items}


def bootstrap(statistic: Callable[[npt.NDArray[np.int64]], float], n: int, seed: int, resamples: int = RESAMPLES) -> Estimate:
    """Return a statistic of items with its percentile bootstrap interval (items resampled with replacement).

    Parameters
    ----------
    statistic : callable
        From item numbers (n,) int64 to a figure, NaN where it is not defined; such resamples are left out.
    """
    value = statistic(np.arange(n))
    if np.isnan(value):
        return Estimate(None, None, None, n)
    draws = np.random.default_rng(seed).integers(0, n, (resamples, n))
    values = np.array([statistic(rows) for rows in draws])
    values = values[~np.isnan(values)]
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high), n)


@dataclass(frozen=True)
class PairAgreement:
    """Agreement of two annotators.

    Attributes
    ----------
    first, second : str
        Their names.
    kappa : Estimate
        Cohen's kappa.
    observed : float or None
        Share of the items on which they agree.
    confusion : list of list of int
        Rows the first's labels, columns the second's, in the order of `Agreement.labels`.
    """

    first: str
    second: str
    kappa: Estimate
    observed: float | None
    confusion: list[list[int]]


@dataclass(frozen=True)
class Agreement:
    """Agreement of annotators over items.

    Attributes
    ----------
    annotators, labels : list of str
    n_items : int
        Items that at least one annotator has labelled.
    n_complete : int
        Items that all have labelled; Fleiss' kappa rests on these.
    pairs : list of PairAgreement
    fleiss, alpha : Estimate
    """

    annotators: list[str]
    labels: list[str]
    n_items: int
    n_complete: int
    pairs: list[PairAgreement]
    fleiss: Estimate
    alpha: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--format json`` prints it."""
        return {
            "annotators": self.annotators, "labels": self.labels, "n_items": self.n_items, "n_complete": self.n_complete,
            "pairs": [
                {"first": p.first, "second": p.second, "cohen_kappa": p.kappa.to_dict(), "observed": p.observed, "confusion": p.confusion}
                for p in self.pairs
            ],
            "fleiss_kappa": self.fleiss.to_dict(), "krippendorff_alpha": self.alpha.to_dict(),
        }  # fmt: skip


def agreement(
    columns: Mapping[str, Sequence[str | None]], labels: Sequence[str] | None = None, *, seed: int = 0, resamples: int = RESAMPLES
) -> Agreement:
    """Return the agreement of annotators.

    Parameters
    ----------
    columns : mapping of str to sequence of str or None
        Annotator to labels, one an item and in the same order for all; None where there is none.
    labels : sequence of str, optional
        The labels in the order in which to show them.
    seed : int
        Of the bootstrap.
    resamples : int

    Raises
    ------
    LabelError
        There are fewer than two annotators, or no item was labelled by two.
    """
    names = list(columns)
    if len(names) < 2:
        raise LabelError("agreement needs at least two annotators")
    found = {label for column in columns.values() for label in column if label is not None}
    order = [label for label in labels or () if label in found]
    order += sorted(found - set(order))
    number = {label: i for i, label in enumerate(order)}
    codes: Codes = np.array([[-1 if x is None else number[x] for x in columns[name]] for name in names], dtype=np.int64).T
    codes = codes[(codes >= 0).any(axis=1)]
    k = len(order)
    if not ((codes >= 0).sum(axis=1) > 1).any():
        raise LabelError("no item was labelled by two annotators; are the files joined on the right field?")
    pairs = []
    for a, b in combinations(range(len(names)), 2):
        both = codes[(codes[:, a] >= 0) & (codes[:, b] >= 0)][:, [a, b]]
        kappa = bootstrap(lambda rows, both=both: cohen_kappa(both[rows, 0], both[rows, 1], k), len(both), seed, resamples)  # type: ignore[misc]
        confusion = np.bincount(both[:, 0] * k + both[:, 1], minlength=k * k).reshape(k, k)
        observed = float((both[:, 0] == both[:, 1]).mean()) if len(both) else None
        pairs.append(PairAgreement(names[a], names[b], kappa, observed, confusion.tolist()))
    counts = value_counts(codes, k)
    complete = counts[(codes >= 0).all(axis=1)]
    paired = counts[counts.sum(axis=1) > 1]
    return Agreement(
        names, order, len(codes), len(complete), pairs,
        bootstrap(lambda rows: fleiss_kappa(complete[rows]), len(complete), seed, resamples),
        bootstrap(lambda rows: krippendorff_alpha(paired[rows]), len(paired), seed, resamples),
    )  # fmt: skip
