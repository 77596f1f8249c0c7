"""Training: from a recipe to a calibrated, validated model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.model_selection import StratifiedKFold

from stance.arabic.normalize import Normalizer, derive
from stance.errors import LabelError, RecipeError
from stance.features.lexicon import Lexicon, read_lexicon
from stance.features.space import FeatureSpace, learn_space
from stance.features.vocabulary import SEPARATOR
from stance.labels.records import LabelledData, read_labels
from stance.labels.schemes import find_scheme
from stance.learn.fit import (
    count_features,
    factors_of,
    fit,
    fit_everything,
    fitted_labels,
    groups_of,
    held_out_logits,
    of_rows,
    solvers,
    weighed,
)
from stance.learn.metrics import summarize
from stance.learn.recipe import Recipe, read_recipe
from stance.model.classifier import Model, softmax

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many of its steps are done, and how many there are."""

DESCRIPTION_BYTES = 15_000  # of a model file: recipe, metrics, headers
TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True)
class Training:
    """What a training run gave.

    Attributes
    ----------
    model : Model
    data : LabelledData
    metrics : dict or None
        Of the cross-validation (see `stance.learn.metrics.summarize`); None without one.
    seconds : float
    """

    model: Model
    data: LabelledData
    metrics: dict[str, Any] | None
    seconds: float


def validate(
    space: FeatureSpace, counts: Any, data: LabelledData, recipe: Recipe, progress: Progress, pool: Executor | None = None
) -> npt.NDArray[np.float64]:
    """Return out-of-fold logits (n, n_labels), each from a model that saw neither the text nor its n-grams' idf."""
    y = np.array(data.labels)
    logits = np.zeros((len(y), len(data.scheme.labels)))
    folds = StratifiedKFold(recipe.folds, shuffle=True, random_state=recipe.seed).split(y, y)
    progress("cross-validating", 0, recipe.folds)
    for i, (held, of_fold) in enumerate(held_out_logits(space, counts, data, recipe, folds, pool), 1):
        logits[held] = of_fold
        progress("cross-validating", i, recipe.folds)
    return logits


def fit_temperature(
    logits: npt.NDArray[np.float64], truth: npt.NDArray[np.int64], factors: npt.NDArray[np.float64] | None = None
) -> float:
    """Return the temperature that minimises the log loss of logits (n, k) on label numbers (n,).

    `factors` (n,), of `factors_of`, weigh the texts: those of a file that counts less in the fit count less here.
    """

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-np.average(scaled[np.arange(len(truth)), truth], weights=factors))

    low, high = TEMPERATURES
    return float(np.exp(minimize_scalar(loss, bounds=(np.log(low), np.log(high)), method="bounded").x))


def _feature_bytes(space: FeatureSpace, n_labels: int) -> npt.NDArray[np.int64]:
    """Return how many bytes of a model file each feature takes: fingerprint, block, frequency, weights and its text."""
    ends = np.flatnonzero(np.append(space.vocabulary.text, SEPARATOR) == SEPARATOR)
    return np.diff(ends, prepend=-1) + 8 + 1 + 4 + 4 * n_labels


def _fixed_bytes(space: FeatureSpace) -> int:
    """Return about how large a model file is beside its features: character runs, normalisation, lexicon, description."""
    arrays = sum(a.nbytes for a in (space.runs, *space.normalizer.arrays().values()))
    before = sum(len(new.encode()) + 12 for new in space.normalizer.before.values())
    return arrays + before + sum(len(form.encode()) + 1 for form in space.lexicon.forms) + DESCRIPTION_BYTES


def _prune(space: FeatureSpace, weights: npt.NDArray[Any], max_size: int) -> npt.NDArray[np.bool_] | None:
    """Return which features to keep so that the model file fits `max_size` bytes, or None if it fits already."""
    sizes, room = _feature_bytes(space, len(weights)), max_size - _fixed_bytes(space)
    if sizes.sum() <= room:
        return None
    if room < sizes.min():
        raise RecipeError(f"max_size is {max_size:,} bytes; a model needs at least {max_size - room + int(sizes.min()):,}")
    # What a feature can change: its spread over the labels, times how often it is there to change it.
    importance = (weights.max(axis=0) - weights.min(axis=0)) * space.idf * np.sqrt(space.vocabulary.document_frequency)
    kept = np.zeros(len(space.vocabulary), dtype=bool)
    order = np.argsort(-importance, kind="stable")
    kept[order[np.cumsum(sizes[order]) <= room]] = True
    return kept


def _check_data(data: LabelledData, recipe: Recipe) -> None:
    for label, n in data.counts().items():
        if n < max(2, recipe.folds):
            raise LabelError(
                f"label {label!r} has {n} text(s); at least {max(2, recipe.folds)} are needed for {recipe.folds}-fold "
                "validation. Label more, merge labels in the scheme, or lower validation.folds"
            )


def fit_model(data: LabelledData, recipe: Recipe, progress: Progress = lambda *_: None) -> Training:
    """Train on data that has been read already.

    Raises
    ------
    LabelError
        A label has too few texts.
    RecipeError
        A setting cannot work.
    """
    begin = time.perf_counter()
    _check_data(data, recipe)
    labels = data.scheme.labels
    progress("deriving the normalisation", 0, 1)
    normalizer, lexicon = prepare(recipe)
    progress("collecting n-grams", 0, 1)
    space = learn_space(data.texts, recipe.blocks, normalizer, lexicon)
    counts = count_features(space, data.texts)
    pruned: dict[str, int | float] | None = None
    metrics, temperature = None, 1.0
    progress("fitting the logistic regression", 0, 1)
    with solvers(counts) as pool:
        model_fit = pool.submit(fit_everything, space, counts, data, recipe)
        if recipe.max_size and (kept := _prune(space, model_fit.result()[0], recipe.max_size)) is not None:
            pruned = {"before": len(space.vocabulary), "after": int(kept.sum())}
            if recipe.folds:
                whole = validate(space, counts, data, recipe, progress, pool)
                pruned["macro_f1_before"] = summarize(data.labels, softmax(whole), labels, recipe.seed)["macro_f1"]
            space = FeatureSpace(space.blocks, normalizer, lexicon, space.runs, space.vocabulary.keep(kept))
            counts = count_features(space, data.texts)
            model_fit = pool.submit(fit_everything, space, counts, data, recipe)
        if recipe.folds:
            logits = validate(space, counts, data, recipe, progress, pool)
            truth = np.array([labels.index(label) for label in data.labels])
            temperature = fit_temperature(logits, truth, factors_of(data, recipe))
            metrics = summarize(data.labels, softmax(logits / temperature), labels, recipe.seed)
            if pruned is not None:
                pruned["macro_f1_after"] = metrics["macro_f1"]
        weights, intercepts = model_fit.result()
    info = {
        "recipe": _plain(recipe), "metrics": metrics, "data_fingerprint": data.fingerprint(), "n_texts": len(data),
        "n_by_label": data.counts(), "pruned": pruned, "merge": dict(data.scheme.merge),
        "versions": {name: version(name) for name in ("scikit-learn", "numpy", "scipy")},
    }  # fmt: skip
    model = Model(
        recipe.name, data.scheme.task, data.scheme.name, labels, space, weights.astype(np.float32),
        intercepts.astype(np.float64), temperature, recipe.floor, info, fitted_labels(data, recipe)[1], dict(data.scheme.merge),
    )  # fmt: skip
    return Training(model, data, metrics, time.perf_counter() - begin)


def fit_once(data: LabelledData, rows: Sequence[int], recipe: Recipe, normalizer: Normalizer, lexicon: Lexicon) -> Model:
    """Fit a model on some texts, without validation, calibration or pruning: for those who fit many.

    Parameters
    ----------
    data : LabelledData
    rows : sequence of int
        Which of its texts; each label that is fitted must occur among them.
    recipe : Recipe
    normalizer, lexicon
        What `prepare` gives for the recipe.
    """
    texts, scheme = [data.texts[i] for i in rows], data.scheme
    space = learn_space(texts, recipe.blocks, normalizer, lexicon)
    truth, fitted = fitted_labels(data, recipe)
    x = weighed(space, count_features(space, texts))
    groups, factors = (of_rows(each, list(rows)) for each in (groups_of(data, recipe), factors_of(data, recipe)))
    with solvers(x) as pool:
        weights, intercepts = pool.submit(fit, x, [truth[i] for i in rows], recipe, fitted, groups, factors).result()
    return Model(
        recipe.name, scheme.task, scheme.name, scheme.labels, space, weights.astype(np.float32),
        intercepts.astype(np.float64), fine_labels=fitted, merge=dict(scheme.merge),
    )  # fmt: skip


def prepare(recipe: Recipe) -> tuple[Normalizer, Lexicon]:
    """Return the normalisation and the lexicon that a recipe names."""
    normalizer = derive(recipe.normalization)
    files = [recipe.base / file for file in recipe.lexicon]
    return normalizer, read_lexicon(files, normalizer) if files else Lexicon()


def _plain(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as plain data, without the place where it lies."""
    data = asdict(recipe)
    del data["base"]
    data["labels"] = [Path(label).name for label in recipe.labels]
    return data


def read_data(recipe: Recipe) -> LabelledData:
    """Read the labelled records that a recipe names.

    Raises
    ------
    LabelError
        Something is wrong with them.
    RecipeError
        The recipe gives a weight to a file that is not among them.
    """
    scheme = find_scheme(recipe.scheme) if recipe.scheme else None
    data = read_labels(
        recipe.labels, scheme, task=recipe.task, text_field=recipe.text_field, label_field=recipe.label_field,
        mapping=recipe.mapping, base=recipe.base, skip_conflicts=recipe.skip_conflicts,
        append_fields=recipe.append_fields,
    )  # fmt: skip
    if unknown := sorted(set(recipe.file_weights) - set(data.files)):
        raise RecipeError(f"classifier.file_weights names {unknown[0]!r}; files there: {', '.join(sorted(set(data.files)))}")
    return data


def train(recipe: Recipe | str | Path, progress: Progress = lambda *_: None) -> Training:
    """Train a model from a recipe, or from the path of one."""
    if not isinstance(recipe, Recipe):
        recipe = read_recipe(recipe)
    progress("reading labels", 0, 1)
    return fit_model(read_data(recipe), recipe, progress)
