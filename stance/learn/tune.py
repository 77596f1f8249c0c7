"""Searching for a better recipe by cross-validation, with optuna (Akiba et al. 2019).

The best of many trials looks better than it is on the folds that chose it. So the winner and the recipe it started
from are validated once more, on other folds, and only that comparison is reported as the gain. It still measures text
like the training data; what it is worth on other text only `stance evaluate` on such text tells.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from stance.arabic.normalize import Normalizer
from stance.errors import DependencyError, LabelError, RecipeError, StanceError
from stance.features.lexicon import Lexicon
from stance.features.space import learn_space
from stance.labels.records import LabelledData
from stance.learn.compare import paired_macro_f1
from stance.learn.confusion import Estimate, confusion_counts, macro_f1
from stance.learn.evaluate import plain
from stance.learn.fit import count_features, held_out_logits
from stance.learn.recipe import Recipe
from stance.learn.search_space import starting_point, suggest
from stance.learn.train import prepare

SECONDS = 60.0
STARTUP = 5  # trials before unpromising ones are given up
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h)?\s*")


@dataclass(frozen=True)
class TrialResult:
    """One trial.

    Attributes
    ----------
    number : int
    macro_f1 : float
        Over the folds that were done.
    complete : bool
        Whether all folds were done; unpromising trials are given up after some.
    settings : dict
        What the trial proposed.
    seconds : float
    """

    number: int
    macro_f1: float
    complete: bool
    settings: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Tuning:
    """What a search gave.

    Attributes
    ----------
    recipe : Recipe
        The winner; the recipe that was given if no trial was better.
    improved : bool
        Whether a trial was better than the recipe that was given, on the folds of the search.
    start, best : float
        Macro-F1 of the recipe that was given and of the winner, on the folds of the search.
    checked_start, checked, gain : Estimate
        The same on other folds, and the paired difference.
    trials : list of TrialResult
    folds, seed : int
    seconds : float
    conclusion : str
    """

    recipe: Recipe
    improved: bool
    start: float
    best: float
    checked_start: Estimate
    checked: Estimate
    gain: Estimate
    trials: list[TrialResult]
    folds: int
    seed: int
    seconds: float
    conclusion: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the recipe as plain data, as ``stance tune --format json`` prints it."""
        return {name: plain(getattr(self, name)) for name in self.__dataclass_fields__ if name != "recipe"}


def parse_seconds(text: str) -> float:
    """Return the seconds of ``"60s"``, ``"5m"``, ``"1h"`` or a number.

    Raises
    ------
    RecipeError
        It is none of these.
    """
    match = _DURATION.fullmatch(text)
    if match is None or float(match[1]) <= 0:
        raise RecipeError(f"--time is {text!r}; expected for instance 60s, 5m or 1h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2] or "s"]


class _Bench:
    """The data in folds: what a recipe's macro-F1 on them is, with a report after every fold."""

    def __init__(self, data: LabelledData, folds: int, seed: int, normalizer: Normalizer, lexicon: Lexicon) -> None:
        self.data, self.labels = data, data.scheme.labels
        self.y = np.array([self.labels.index(label) for label in data.labels])
        self.folds = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(self.y, self.y))
        self.normalizer, self.lexicon = normalizer, lexicon

    def score(self, guess: npt.NDArray[Any], rows: npt.NDArray[Any]) -> float:
        return float(macro_f1(confusion_counts(self.y[rows], guess[rows], len(self.labels))))

    def run(self, recipe: Recipe, report: Callable[[int, float], None] = lambda *_: None) -> npt.NDArray[np.int64]:
        """Return the label number of every text from models that did not see it."""
        space = learn_space(self.data.texts, recipe.blocks, self.normalizer, self.lexicon)
        counts = count_features(space, self.data.texts)
        guess = np.full(len(self.y), -1)
        for i, (held, logits) in enumerate(held_out_logits(space, counts, self.data, recipe, self.folds)):
            guess[held] = logits.argmax(axis=1)
            report(i, self.score(guess, np.flatnonzero(guess >= 0)))
        return guess


def _conclusion(improved: bool, gain: Estimate, n: int, start_seconds: float) -> str:
    if not n:
        return (
            f"There was no time for a trial: validating the recipe that was given took {start_seconds:.0f} s. It is written "
            f"unchanged. For about twenty trials give --time {math.ceil(start_seconds * 22 / 60)}m."
        )
    if not improved:
        return f"None of {n:,} trials was better than the recipe that was given; it is written unchanged. More trials may find one."
    told = f"On other folds than those of the search, macro-F1 changed by {gain.value:+.3f} (95% interval {gain.low:+.3f} to {gain.high:+.3f})"
    if gain.low > 0:
        return f"{told}: the new recipe is better on text like the training data. Evaluate it on other text before you rely on it."
    return f"{told}: it is not shown that the new recipe is better; the search may have found the chance of its folds."


def tune(
    data: LabelledData,
    recipe: Recipe,
    *,
    trials: int | None = None,
    seconds: float | None = None,
    folds: int | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Tuning:
    """Search for features and settings with a higher cross-validated macro-F1 than a recipe's.

    Parameters
    ----------
    data : LabelledData
    recipe : Recipe
        Where the search starts, and what it keeps (see `stance.learn.search_space.suggest`).
    trials : int, optional
        How many trials. The same number, seed, data and library versions give the same winner, unless `seconds` ends
        the search before.
    seconds : float, optional
        How long the whole run may take; 60 if `trials` is not given either. The time that validating both recipes on
        other folds will take at the end is set aside: no trial or fold begins after that. Only a validation of the given
        recipe that takes longer than that exceeds it, and then there are no trials.
    folds : int, optional
        The recipe's by default.
    seed : int
        Of the folds and of the sampler.

    Raises
    ------
    DependencyError
        optuna is not installed.
    LabelError
        A label has fewer texts than there are folds.
    RecipeError
        No trial could be finished.
    """
    try:
        import optuna
    except ImportError:
        raise DependencyError('tuning needs optuna: pip install "diplomatic-stance[tune]"') from None
    folds = folds or max(2, recipe.folds)
    if few := [label for label, n in data.counts().items() if n < folds]:
        raise LabelError(f"label {few[0]!r} has {data.counts()[few[0]]} text(s); {folds} folds need at least {folds}: lower --folds or label more")
    if trials is None and seconds is None:
        seconds = SECONDS
    begin = time.perf_counter()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    normalizer, lexicon = prepare(recipe)
    bench = _Bench(data, folds, seed, normalizer, lexicon)
    every = np.arange(len(data))
    progress("validating the recipe that was given", 0, 0)
    start = bench.score(bench.run(recipe), every)
    start_seconds = time.perf_counter() - begin
    best, winner, winner_seconds = start, recipe, 0.0
    results: list[TrialResult] = []

    def is_late() -> bool:
        closing = start_seconds + winner_seconds  # what the check on other folds will take
        return seconds is not None and time.perf_counter() - begin + closing > seconds

    def objective(trial: optuna.Trial) -> float:
        nonlocal best, winner, winner_seconds
        began, last = time.perf_counter(), 0.0
        progress(f"trial {trial.number + 1}, best macro-F1 {best:.3f}", trial.number, trials or 0)
        candidate = suggest(trial, recipe)
        if candidate == replace(recipe, max_size=None):  # measured already
            results.append(TrialResult(trial.number, start, True, dict(trial.params), 0.0))
            return start

        def report(fold: int, score: float) -> None:
            nonlocal last
            last = score
            trial.report(score, fold)
            if fold < folds - 1 and (trial.should_prune() or is_late()):
                raise optuna.TrialPruned

        complete = False
        try:
            bench.run(candidate, report)
            complete = True
        except StanceError as error:  # no feature is left, or the solver does not converge: a bad place, not an end
            raise optuna.TrialPruned(str(error)) from None
        finally:
            results.append(TrialResult(trial.number, last, complete, dict(trial.params), time.perf_counter() - began))
        if last > best:
            best, winner, winner_seconds = last, candidate, results[-1].seconds
        return last

    def stop_when_late(study: optuna.Study, _: object) -> None:
        if is_late():
            study.stop()

    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP),
    )
    study.enqueue_trial(starting_point(recipe))
    if not is_late():
        study.optimize(objective, n_trials=trials, callbacks=[stop_when_late])
    winner = replace(winner, max_size=recipe.max_size)
    progress("validating both on other folds", 0, 0)
    other = _Bench(data, folds, seed + 1, normalizer, lexicon)
    before = other.run(recipe)
    after = before if winner == recipe else other.run(winner)
    checked_start, checked, gain = paired_macro_f1(other.y, before, after, len(other.labels), seed)
    improved = winner != recipe
    return Tuning(
        winner, improved, start, best, checked_start, checked, gain, results, folds, seed,
        time.perf_counter() - begin, _conclusion(improved, gain, len(results), start_seconds),
    )  # fmt: skip
