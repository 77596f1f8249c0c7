"""Figures about predictions; the formulas are scikit-learn's, the intervals a percentile bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

RESAMPLES = 1000


def expected_calibration_error(correct: npt.NDArray[np.bool_], probability: npt.NDArray[Any], bins: int = 10) -> float:
    """Return the expected calibration error over equal bins of the top probability (Guo et al. 2017).

    Parameters
    ----------
    correct : (n,) bool
    probability : (n,) float
        Of the predicted label.
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gap = np.bincount(place, correct.astype(float) - probability, minlength=bins)
    return float(np.abs(gap).sum() / len(correct))


def _macro_f1(confusion: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return macro-F1 of confusion matrices (..., k, k): the mean of F1 over labels, 0 where a label is absent."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    total = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    f1: npt.NDArray[np.float64] = np.divide(2.0 * hits, total, out=np.zeros(hits.shape), where=total > 0).mean(axis=-1)
    return f1


def macro_f1_interval(truth: npt.NDArray[Any], guess: npt.NDArray[Any], n_labels: int, seed: int = 0) -> tuple[float, float]:
    """Return the 95% bootstrap interval of macro-F1 (1,000 resamples of the texts, percentiles).

    Parameters
    ----------
    truth, guess : (n,) int
        Label numbers.
    """
    # Resampling texts is drawing cell counts of the confusion matrix from a multinomial distribution.
    cells = np.bincount(truth * n_labels + guess, minlength=n_labels * n_labels)
    draws = np.random.default_rng(seed).multinomial(len(truth), cells / len(truth), size=RESAMPLES)
    low, high = np.percentile(_macro_f1(draws.reshape(-1, n_labels, n_labels)), [2.5, 97.5])
    return float(low), float(high)


def summarize(
    truth: Sequence[str], probabilities: npt.NDArray[Any], labels: Sequence[str], seed: int = 0
) -> dict[str, Any]:
    """Return the figures of a set of predictions, as plain data.

    Parameters
    ----------
    truth : sequence of str, length n
    probabilities : (n, n_labels) float
    labels : sequence of str
        Names of the columns.

    Returns
    -------
    dict
        ``n``, ``macro_f1``, ``macro_f1_interval``, ``accuracy``, ``ece``, ``labels`` (per label ``precision``,
        ``recall``, ``f1``, ``support``) and ``confusion`` (rows truth, columns prediction).
    """
    number = {label: i for i, label in enumerate(labels)}
    y = np.array([number[label] for label in truth])
    guess = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(
        y, guess, labels=range(len(labels)), zero_division=0.0
    )
    return {
        "n": len(y),
        "macro_f1": float(np.mean(f1)),
        "macro_f1_interval": macro_f1_interval(y, guess, len(labels), seed),
        "accuracy": float((y == guess).mean()),
        "ece": expected_calibration_error(y == guess, probabilities.max(axis=1)),
        "labels": {
            label: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]), "support": int(support[i])}
            for i, label in enumerate(labels)
        },
        "confusion": confusion_matrix(y, guess, labels=range(len(labels))).tolist(),
    }
