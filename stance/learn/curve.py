"""The learning curve: what a recipe makes of ever more labelled sentences, and whether more of them would help.

Subsets are nested and keep the shares of the labels, each half of the next, so that every step is a doubling. All
models of a curve label the same texts: held-out folds, or data given for the purpose. The intervals are percentiles of
one bootstrap over these texts and over the repeats, the same resamples at every size, so that the gain of a doubling is
a paired difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from stance.errors import LabelError
from stance.labels.records import LabelledData
from stance.learn.confusion import Estimate, confusion_counts, f1, interval, macro_f1
from stance.learn.evaluate import plain
from stance.learn.fit import fitted_labels
from stance.learn.metrics import RESAMPLES
from stance.learn.recipe import Recipe
from stance.learn.train import fit_once, prepare

FOLDS, REPEATS = 5, 5
SMALLEST, MOST_SIZES = 100, 7


@dataclass(frozen=True)
class CurvePoint:
    """One size of the training set.

    Attributes
    ----------
    n : int
        Labelled sentences.
    macro_f1 : Estimate
    f1 : dict of str to float
        Per label.
    """

    n: int
    macro_f1: Estimate
    f1: dict[str, float]


@dataclass(frozen=True)
class LearningCurve:
    """Macro-F1 against labelled sentences.

    Attributes
    ----------
    name : str
        Of the recipe.
    measured_on : str
        The texts on which it was measured, in words.
    n_test : int
    points : list of CurvePoint
        The smallest size first.
    gain : Estimate or None
        Macro-F1 of the largest size less that of the largest size of at most half of it; None if there is none.
    conclusion : str
        Whether more labels would help.
    repeats, seed : int
    """

    name: str
    measured_on: str
    n_test: int
    points: list[CurvePoint]
    gain: Estimate | None
    conclusion: str
    repeats: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, as ``stance learning-curve --format json`` prints it."""
        data: dict[str, Any] = plain(self)
        return data

    def _repr_html_(self) -> str:
        # The one call up the house, by name: notebooks look for this method on the object itself.
        return str(import_module("stance.present.curve").curve_fragment(self))


def nested_order(labels: Sequence[str], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return an order (n,) int64 of the texts each beginning of which has the labels in about their shares."""
    y = np.asarray(labels)
    place = np.empty(len(y))
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        place[rows] = (np.arange(len(rows)) + rng.random()) / len(rows)
    return np.argsort(place, kind="stable")


def parse_sizes(text: str | None) -> list[int] | None:
    """Return what ``--sizes 500,1000`` means.

    Raises
    ------
    LabelError
        It is no list of whole numbers.
    """
    if text is None:
        return None
    try:
        return [int(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise LabelError(f"--sizes is {text!r}; expected whole numbers, e.g. 500,1000,2000") from None


def default_sizes(n: int) -> list[int]:
    """Return the sizes of a curve up to n texts: halves of halves, down to about a hundred, the smallest first."""
    sizes = [n]
    while len(sizes) < MOST_SIZES and sizes[-1] // 2 >= SMALLEST:
        sizes.append(sizes[-1] // 2)
    return sizes[::-1]


def _check_sizes(sizes: Sequence[int] | None, n: int, held: str) -> list[int]:
    if sizes is None:
        return default_sizes(n)
    if not sizes or min(sizes) < 2 or max(sizes) > n:
        raise LabelError(f"--sizes {', '.join(map(str, sizes))}: expected sizes from 2 to {n:,}, the labelled sentences {held}")
    return sorted(set(sizes))


def _runs(
    data: LabelledData, on: LabelledData | None, repeats: int, seed: int
) -> list[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]]:
    """Return for each repeat its fits: rows to train on, in a nested order, and rows of the measured texts."""
    rng = np.random.default_rng(seed)
    if on is not None:
        every = np.arange(len(on))
        return [[(nested_order(data.labels, rng), every)] for _ in range(repeats)]
    runs = []
    y = np.array(data.labels)
    for repeat in range(repeats):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed + repeat)
        runs.append([(seen[nested_order(y[seen], rng)], held) for seen, held in folds.split(y, y)])
    return runs


def _conclusion(points: list[CurvePoint], gain: Estimate | None, step: tuple[int, int] | None, measured_on: str) -> str:
    if gain is None or step is None:
        return "No size is at least twice another, so nothing is said about more labels; give such --sizes."
    said = (
        f"From {step[0]:,} to {step[1]:,} labelled sentences macro-F1 changed by {gain.value:+.3f} (95% interval "
        f"{gain.low:+.3f} to {gain.high:+.3f}), measured on {measured_on}."
    )
    if gain.low > 0:
        return (
            f"{said} More labels of this kind would probably still help. A further doubling usually gains less than the last: "
            f"expect at most about {gain.value:+.3f}."
        )
    if gain.high < 0:
        return f"{said} More labels of this kind made it worse; look at what was added last before labelling more."
    if gain.high < 0.01:
        return f"{said} More labels of this kind would hardly help: a doubling gains less than 0.01."
    return (
        f"{said} It is not shown that more labels of this kind would help; the gain of a doubling may be as large as "
        f"{gain.high:+.3f}, or nothing. More texts to measure on would tell."
    )


def learning_curve(
    data: LabelledData,
    recipe: Recipe,
    *,
    sizes: Sequence[int] | None = None,
    on: LabelledData | None = None,
    repeats: int | None = None,
    seed: int | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> LearningCurve:
    """Train a recipe on ever larger parts of labelled data and measure each model.

    Parameters
    ----------
    data : LabelledData
    recipe : Recipe
        Its features and classifier; models are not calibrated, which changes no label, nor pruned to `max_size`.
    sizes : sequence of int, optional
        Sentences to train on; by default all, half of them, half of these, ... down to about a hundred.
    on : LabelledData, optional
        Texts to measure on, in the same labels. Without them every text is labelled by models that did not see its
        fold (5 folds).
    repeats : int, optional
        How often to draw the subsets: 1 by default with folds, of which each draws its own, 5 with `on`.
    seed : int, optional
        The recipe's by default.

    Raises
    ------
    LabelError
        A size is out of range, or so small that a label is missing, or a label has fewer than 5 texts.
    """
    seed = recipe.seed if seed is None else seed
    repeats = repeats or (1 if on is None else REPEATS)
    labels, k = data.scheme.labels, len(data.scheme.labels)
    if on is None and (few := [label for label, n in data.counts().items() if n < FOLDS]):
        raise LabelError(f"label {few[0]!r} has {data.counts()[few[0]]} text(s); {FOLDS} folds need at least {FOLDS}, or give --on")
    runs = _runs(data, on, repeats, seed)
    available = min(len(seen) for run in runs for seen, _ in run)
    sizes = _check_sizes(sizes, available, f"less a fold of {FOLDS}" if on is None else "there are")
    test = data if on is None else on
    y = np.array([labels.index(label) for label in test.labels])
    guess = np.zeros((len(sizes), repeats, len(test)), dtype=np.int64)
    normalizer, lexicon = prepare(recipe)
    fitted, needed = fitted_labels(data, recipe)
    total = len(sizes) * sum(map(len, runs))
    done = 0
    for r, run in enumerate(runs):
        for seen, held in run:
            for s, size in enumerate(sizes):
                progress(f"training on {size:,} sentences", done, total)
                done += 1
                if on is not None and r and size == len(data):  # all of them are the same in every repeat
                    guess[s, r] = guess[s, 0]
                    continue
                rows = seen[:size].tolist()
                if missing := set(needed) - {fitted[i] for i in rows}:
                    raise LabelError(f"--sizes {size}: no text labelled {sorted(missing)[0]!r} among {size}; give larger sizes")
                model = fit_once(data, rows, recipe, normalizer, lexicon)
                guess[s, r, held] = model.decision_function([test.texts[i] for i in held]).argmax(axis=1)
    progress("bootstrap", total, total)
    return _curve(recipe.name, sizes, y, guess, labels, k, on is None, repeats, seed)


def _curve(
    name: str, sizes: Sequence[int], y: npt.NDArray[Any], guess: npt.NDArray[Any], labels: Sequence[str], k: int,
    held_out: bool, repeats: int, seed: int,
) -> LearningCurve:  # fmt: skip
    rng = np.random.default_rng(seed)
    n = len(y)
    times = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float32)  # how often each text is drawn
    turn = rng.integers(repeats, size=(RESAMPLES, repeats))  # which repeats are drawn
    there = np.unique(np.concatenate([y, guess.ravel()])).tolist()
    of = partial(macro_f1, labels=there)
    drawn, values, per_label = [], [], []
    for of_size in guess:
        counts = np.stack([confusion_counts(y, g, k) for g in of_size])
        values.append(float(of(counts).mean()))
        per_label.append(dict(zip(labels, f1(counts).mean(axis=0).tolist(), strict=True)))
        cells = np.stack([times @ np.eye(k * k, dtype=np.float32)[y * k + g] for g in of_size])
        scores = of(cells.reshape(repeats, RESAMPLES, k, k))
        drawn.append(scores[turn, np.arange(RESAMPLES)[:, None]].mean(axis=1))
    points = [
        CurvePoint(size, Estimate(value, *interval(draws)), shares)
        for size, value, draws, shares in zip(sizes, values, drawn, per_label, strict=True)
    ]
    half = [s for s, size in enumerate(sizes) if 2 * size <= sizes[-1]]
    gain = Estimate(values[-1] - values[half[-1]], *interval(drawn[-1] - drawn[half[-1]])) if half else None
    step = (sizes[half[-1]], sizes[-1]) if half else None
    measured_on = f"{n:,} texts of the same data, each by models that did not see it" if held_out else f"{n:,} other texts"
    return LearningCurve(name, measured_on, n, points, gain, _conclusion(points, gain, step, measured_on), repeats, seed)
