"""Evaluating a model on labelled data: figures with intervals, calibration, slices, and the worst errors explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from stance.labels.records import LabelledData
from stance.labels.schemes import Scheme
from stance.learn.confusion import (
    Estimate,
    accuracy,
    confusion_counts,
    estimate,
    f1,
    macro_f1,
    precision,
    recall,
    resample,
)
from stance.learn.heldout import probabilities, read_heldout
from stance.learn.metrics import RESAMPLES, expected_calibration_error
from stance.learn.slices import slice_rows
from stance.model.classifier import Model
from stance.model.explain import explain_text

BINS = 10
WORST, REASONS = 10, 5


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities mean what they say.

    Attributes
    ----------
    ece : float
        Expected calibration error over 10 equal bins of the predicted label's probability (Guo et al. 2017).
    brier : float
        Brier score over all labels, the mean squared distance to the truth, from 0 to 2 (Brier 1950).
    log_loss : float
        Mean negative logarithm of the true label's probability.
    bins : list of dict
        The reliability diagram (scikit-learn's `calibration_curve`): ``n``, mean ``probability`` and share
        ``correct`` of every bin that is not empty.
    """

    ece: float
    brier: float
    log_loss: float
    bins: list[dict[str, float]]


@dataclass(frozen=True)
class WrongCase:
    """A text that the model gets wrong.

    Attributes
    ----------
    text, truth, predicted : str
    probabilities : dict of str to float
    reasons : list of dict
        The features that did most to set the predicted label above the true one: ``feature``, ``block`` and
        ``difference``, what it adds to the predicted label's logit more than to the true one's. Where finer labels are
        merged, the logits are those of the strongest finer label of either.
    """

    text: str
    truth: str
    predicted: str
    probabilities: dict[str, float]
    reasons: list[dict[str, Any]]


@dataclass(frozen=True)
class Slice:
    """The figures of one slice.

    Attributes
    ----------
    field, value : str
    n : int
    macro_f1 : Estimate
        Over the labels that occur in the slice.
    accuracy : Estimate
    """

    field: str
    value: str
    n: int
    macro_f1: Estimate
    accuracy: Estimate


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on some labelled data. All intervals are 95% bootstrap percentile intervals over texts.

    Attributes
    ----------
    model, task : str
    labels : tuple of str
    n, skipped, repeated, conflicting : int
        Texts evaluated, and records left out: without a label, repeating a text, of texts with different labels.
    macro_f1, accuracy : Estimate
        Macro-F1 is over the labels that occur in the data or are predicted, as in scikit-learn.
    per_label : dict of str to dict
        ``precision``, ``recall``, ``f1`` (`Estimate`) and ``n``.
    confusion : list of list of int
        Rows truth, columns prediction, both in the order of `labels`.
    calibration : Calibration
    worst : list of WrongCase
        The errors that the model was surest of.
    slices : list of Slice
    seed, resamples : int
        Of the bootstrap.
    """

    model: str
    task: str
    labels: tuple[str, ...]
    n: int
    skipped: int
    repeated: int
    conflicting: int
    macro_f1: Estimate
    accuracy: Estimate
    per_label: dict[str, dict[str, Any]]
    confusion: list[list[int]]
    calibration: Calibration
    worst: list[WrongCase]
    slices: list[Slice]
    seed: int
    resamples: int = RESAMPLES

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, as ``stance evaluate --format json`` prints it."""
        data: dict[str, Any] = plain(self)
        return data

    def _repr_html_(self) -> str:
        # The one call up the house, by name: notebooks look for this method on the object itself.
        return str(import_module("stance.present.evaluation_html").evaluation_fragment(self))


def plain(value: Any) -> Any:
    """Return a result as built-in containers, numbers and strings."""
    if isinstance(value, Estimate):
        return value.to_dict()
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _calibration(y: npt.NDArray[Any], p: npt.NDArray[Any]) -> Calibration:
    top, correct = p.max(axis=1), p.argmax(axis=1) == y
    shares, means = calibration_curve(correct, top, n_bins=BINS)
    place = np.searchsorted(np.linspace(0.0, 1.0, BINS + 1)[1:-1], top)  # as calibration_curve does
    counts = np.bincount(place, minlength=BINS)
    bins = [
        {"n": int(n), "probability": float(mean), "correct": float(share)}
        for n, mean, share in zip(counts[counts > 0], means, shares, strict=True)
    ]
    k = p.shape[1]
    # scikit-learn's own score for more than two labels is younger than the oldest release we run with; it is this sum.
    brier = sum(float(brier_score_loss(y == i, p[:, i], pos_label=True)) for i in range(k))
    rows = p / p.sum(axis=1, keepdims=True)  # they were rounded to single precision
    loss = float(log_loss(y, rows, labels=range(k)))
    return Calibration(expected_calibration_error(correct, top), brier, loss, bins)


def _occurring(confusion: npt.NDArray[Any]) -> list[int]:
    return np.flatnonzero(confusion.sum(axis=0) + confusion.sum(axis=1)).tolist()


def _slices(fields: Sequence[str], data: LabelledData, y: npt.NDArray[Any], guess: npt.NDArray[Any], k: int, seed: int) -> list[Slice]:
    found = []
    for field in fields:
        for value, rows in slice_rows(field, data.records, data.texts).items():
            counts = confusion_counts(y[rows], guess[rows], k)
            there = np.flatnonzero(counts.sum(axis=1)).tolist()
            draws = resample(counts, seed)
            of_slice = estimate(partial(macro_f1, labels=there), counts, draws)
            found.append(Slice(field, value, len(rows), of_slice, estimate(accuracy, counts, draws)))
    return found


def _worst(model: Model, data: LabelledData, y: npt.NDArray[Any], p: npt.NDArray[Any], n: int) -> list[WrongCase]:
    guess = p.argmax(axis=1)
    wrong = np.flatnonzero(guess != y)
    gap = p[wrong, guess[wrong]] - p[wrong, y[wrong]]
    cases = []
    for i in wrong[np.argsort(-gap, kind="stable")[:n]].tolist():
        truth, predicted = model.labels[y[i]], model.labels[guess[i]]
        e = explain_text(model, data.texts[i])
        high, low = e.strongest(predicted), e.strongest(truth)
        parts = sorted(e.contributions, key=lambda c: c.contributions[low] - c.contributions[high])
        reasons = [
            {"feature": c.feature, "block": c.block, "difference": c.contributions[high] - c.contributions[low]}
            for c in parts[:REASONS]
        ]
        shares = dict(zip(model.labels, p[i].tolist(), strict=True))
        cases.append(WrongCase(data.texts[i], truth, predicted, shares, reasons))
    return cases


def evaluate_model(
    model: Model,
    data: LabelledData,
    *,
    slices: Sequence[str] = (),
    worst: int = WORST,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Evaluation:
    """Evaluate a model on labelled data in its own labels (see `stance.learn.heldout.read_heldout`).

    Parameters
    ----------
    model : Model
    data : LabelledData
    slices : sequence of str
        Fields of the records to cut the data by, or ``"length"``.
    worst : int
        How many errors to explain.
    seed : int
        Of the bootstrap.
    progress : callable, optional

    Raises
    ------
    LabelError
        No record has the field of a slice.
    """
    labels, k = model.labels, len(model.labels)
    for field in slices:
        slice_rows(field, data.records, data.texts)  # a wrong name is told before the work is done
    p = probabilities(model, data.texts, progress)
    y, guess = np.array([labels.index(label) for label in data.labels]), p.argmax(axis=1)
    counts = confusion_counts(y, guess, k)
    draws, there = resample(counts, seed), _occurring(counts)
    of_label = {name: estimate(f, counts, draws) for name, f in (("precision", precision), ("recall", recall), ("f1", f1))}
    per_label = {
        label: {**{name: values[i] for name, values in of_label.items()}, "n": int(counts[i].sum())}
        for i, label in enumerate(labels)
    }
    return Evaluation(
        model.name, model.task, labels, len(data), data.skipped, data.repeated, data.conflicting,
        estimate(partial(macro_f1, labels=there), counts, draws), estimate(accuracy, counts, draws), per_label,
        counts.tolist(), _calibration(y, p), _worst(model, data, y, p, worst), _slices(slices, data, y, guess, k, seed), seed,
    )  # fmt: skip


def evaluate_files(
    paths: Sequence[str | Path],
    model: Model,
    *,
    text_field: str | None = None,
    label_field: str | None = None,
    mapping: Mapping[str, str] | None = None,
    scheme: Scheme | None = None,
    skip_conflicts: bool = False,
    **options: Any,
) -> Evaluation:
    """Read labelled files and evaluate a model on them; see `read_heldout` and `evaluate_model` for the options."""
    data = read_heldout(
        paths, model, text_field=text_field, label_field=label_field, mapping=mapping, scheme=scheme,
        skip_conflicts=skip_conflicts,
    )  # fmt: skip
    return evaluate_model(model, data, **options)
