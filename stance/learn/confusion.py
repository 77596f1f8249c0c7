"""Figures from confusion matrices, and their bootstrap intervals.

Macro-F1, accuracy, precision and recall depend on the texts only through the confusion matrix, and drawing n texts
with replacement changes that matrix exactly as one draw of n from a multinomial distribution over its cells does. So
the bootstrap draws k * k counts a resample instead of n texts: the same distribution as `scipy.stats.bootstrap` with
``method="percentile"``, without walking the texts a thousand times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.learn.metrics import RESAMPLES

Counts = npt.NDArray[Any]


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95% interval.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"value": ..., "interval": [low, high]}``."""
        return {"value": self.value, "interval": [self.low, self.high]}

    def __str__(self) -> str:
        """Return the figure and its interval, three places each."""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def confusion_counts(truth: Counts, guess: Counts, n_labels: int) -> Counts:
    """Return the confusion matrix (n_labels, n_labels) int64 of label numbers (n,): rows truth, columns prediction."""
    return np.bincount(truth * n_labels + guess, minlength=n_labels**2).reshape(n_labels, n_labels)


def _ratio(above: Counts, below: Counts) -> npt.NDArray[np.float64]:
    result: npt.NDArray[np.float64] = np.divide(above, below, out=np.zeros(np.shape(above)), where=below > 0)
    return result


def precision(confusion: Counts) -> npt.NDArray[np.float64]:
    """Return precision per label (..., k) of matrices (..., k, k); 0 where the label is never predicted."""
    return _ratio(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-2))


def recall(confusion: Counts) -> npt.NDArray[np.float64]:
    """Return recall per label (..., k) of matrices (..., k, k); 0 where the label never occurs."""
    return _ratio(np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1))


def f1(confusion: Counts) -> npt.NDArray[np.float64]:
    """Return F1 per label (..., k) of matrices (..., k, k): ``2 hits / (predicted + occurring)``, 0 where both are 0."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return _ratio(2.0 * hits, confusion.sum(axis=-1) + confusion.sum(axis=-2))


def macro_f1(confusion: Counts, labels: Sequence[int] | None = None) -> npt.NDArray[np.float64]:
    """Return the mean of F1 over the labels (or some of them, by number), (...,), of matrices (..., k, k)."""
    per_label = f1(confusion)
    mean: npt.NDArray[np.float64] = (per_label if labels is None else per_label[..., list(labels)]).mean(axis=-1)
    return mean


def accuracy(confusion: Counts) -> npt.NDArray[np.float64]:
    """Return the share of hits, (...,), of matrices (..., k, k)."""
    return _ratio(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum(axis=(-2, -1)))


def resample(counts: Counts, seed: int = 0, resamples: int = RESAMPLES) -> Counts:
    """Return bootstrap resamples (resamples, *counts.shape) of a table of counts of any shape."""
    n = int(counts.sum())
    draws = np.random.default_rng(seed).multinomial(n, counts.ravel() / n, size=resamples)
    return draws.reshape(resamples, *counts.shape)


def interval(values: Counts) -> tuple[float, float]:
    """Return the 95% percentile interval of resampled figures (resamples,)."""
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def estimate(statistic: Callable[[Counts], Counts], counts: Counts, draws: Counts) -> Any:
    """Return a statistic of a table of counts with its interval.

    Parameters
    ----------
    statistic : callable
        From tables (..., k, k) to figures (...,) or (..., k).
    counts : (k, k)
    draws : (resamples, k, k)
        See `resample`.

    Returns
    -------
    Estimate, or list of Estimate (one a label)
    """
    value, drawn = np.asarray(statistic(counts)), statistic(draws)
    if not value.ndim:
        return Estimate(float(value), *interval(drawn))
    return [Estimate(float(v), *interval(drawn[:, i])) for i, v in enumerate(value)]
