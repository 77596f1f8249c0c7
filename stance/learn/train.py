"""Training: from a recipe to a calibrated, validated model."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight

from stance.arabic.normalize import Normalizer, derive
from stance.errors import LabelError, RecipeError
from stance.features.lexicon import Lexicon, read_lexicon
from stance.features.space import FeatureSpace, learn_space
from stance.features.vocabulary import SEPARATOR
from stance.labels.records import LabelledData, read_labels
from stance.labels.schemes import find_scheme
from stance.learn.metrics import summarize
from stance.learn.recipe import Recipe, read_recipe
from stance.model.classifier import Model, merge_logits, softmax

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many of its steps are done, and how many there are."""

DESCRIPTION_BYTES = 15_000  # of a model file: recipe, metrics, headers
TOLERANCE, FOLD_TOLERANCE = 1e-5, 1e-4  # of the gradient of the mean loss: of the model, and of those that only validate
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


def fitted_labels(data: LabelledData, recipe: Recipe) -> tuple[list[str], tuple[str, ...]]:
    """Return what the regression is fitted to: a label for every text, and the labels that there are."""
    if recipe.merge == "after":
        there = set(data.fine_labels)
        return data.fine_labels, tuple(label for label in data.scheme.known if label in there)
    return data.labels, data.scheme.labels


def _groups(data: LabelledData, recipe: Recipe) -> npt.NDArray[Any] | None:
    """Return the group of each text (n,), within which its label is balanced, or None."""
    if recipe.balance_within is None:
        return None
    if not any(recipe.balance_within in record for record in data.records):
        there = ", ".join(map(str, data.records[0]))
        raise LabelError(f"classifier.balance_within is {recipe.balance_within!r}; no record has that field (fields there: {there})")
    return np.array([str(record.get(recipe.balance_within)) for record in data.records])


def sample_weights(y: Sequence[str], recipe: Recipe, groups: npt.NDArray[Any] | None = None) -> npt.NDArray[np.float64]:
    """Return the weight of each text (n,) in the fit.

    Balanced, all labels that a group has weigh the same in it, and each group as it is large; without groups, all texts
    are one. The recipe's `label_weights` are factors on that.
    """
    labels = np.asarray(y)
    if unknown := set(recipe.label_weights) - set(y):
        raise RecipeError(f"classifier.label_weights names {sorted(unknown)[0]!r}; labels there: {', '.join(sorted(set(y)))}")
    weights = np.array([recipe.label_weights.get(label, 1.0) for label in y])
    if recipe.class_weight is not None:
        groups = np.zeros(len(y)) if groups is None else groups
        for group in np.unique(groups):
            rows = groups == group
            weights[rows] *= compute_sample_weight(recipe.class_weight, labels[rows])
    return weights


@contextmanager
def _convergence_is_checked_here() -> Iterator[None]:
    """Keep scikit-learn's warning quiet: `_fit` looks at the number of iterations itself, and raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _fit(
    x: Any, y: Sequence[str], recipe: Recipe, labels: Sequence[str], groups: npt.NDArray[Any] | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Fit scikit-learn's logistic regression; return weights (n_labels, n_features) and intercepts (n_labels,)."""
    own = groups is not None or bool(recipe.label_weights)  # else scikit-learn's own weights: the same, but for rounding
    balanced = None if own else recipe.class_weight
    # newton-cg comes 50 times nearer to the optimum than lbfgs at its default tolerance, in half its time.
    regression = LogisticRegression(
        C=recipe.C, class_weight=balanced, max_iter=recipe.max_iter, random_state=recipe.seed, solver="newton-cg", tol=tolerance
    )
    regression.fit(x, y, sample_weights(y, recipe, groups) if own else None)
    if max(regression.n_iter_) >= recipe.max_iter:
        raise RecipeError(f"the solver did not converge in {recipe.max_iter} iterations; raise classifier.max_iter or lower C")
    weights, intercepts = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:  # scikit-learn keeps one row; the softmax of two halves is the same
        weights, intercepts = np.vstack([-weights, weights]) / 2, np.array([-intercepts[0], intercepts[0]]) / 2
    order = [list(regression.classes_).index(label) for label in labels]
    return weights[order], intercepts[order]


def _fold_idf(space: FeatureSpace, counts: Any, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the idf as learnt from some of the rows; 0 for features too rare or too frequent among them."""
    vocabulary = space.vocabulary
    df = np.bincount(counts[rows].indices, minlength=len(vocabulary))
    known = replace(vocabulary, document_frequency=df.astype(np.int32), n_documents=len(rows))
    idf = known.idf(space.blocks)
    for b, block in enumerate(space.blocks):
        low = block.min_df * len(rows) if isinstance(block.min_df, float) else block.min_df
        high = block.max_df * len(rows) if isinstance(block.max_df, float) else block.max_df
        idf[(vocabulary.block == b) & ((df < max(low, 1)) | (df > high))] = 0.0
    return idf


def _weighed(space: FeatureSpace, counts: Any, idf: npt.NDArray[np.float64] | None = None) -> Any:
    values = space.weigh(counts.indptr, counts.indices, counts.data, idf)
    return csr_array((values.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


def _validate(
    space: FeatureSpace, counts: Any, data: LabelledData, recipe: Recipe, progress: Progress
) -> npt.NDArray[np.float64]:
    """Return out-of-fold logits (n, n_labels), each from a model that saw neither the text nor its n-grams' idf."""
    y = np.array(data.labels)
    logits = np.zeros((len(y), len(data.scheme.labels)))
    folds = StratifiedKFold(recipe.folds, shuffle=True, random_state=recipe.seed).split(y, y)
    progress("cross-validating", 0, recipe.folds)
    for i, (held, of_fold) in enumerate(held_out_logits(space, counts, data, recipe, folds), 1):
        logits[held] = of_fold
        progress("cross-validating", i, recipe.folds)
    return logits


def held_out_logits(
    space: FeatureSpace, counts: Any, data: LabelledData, recipe: Recipe, folds: Iterable[tuple[Any, Any]]
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Yield for every fold the rows held out and their logits, from a model fitted to the other rows.

    Parameters
    ----------
    space : FeatureSpace
    counts : (n_texts, n_features) sparse
        See `count_features`. What a fold's model must not know (idf, which n-grams are frequent enough) is learnt anew.
    data : LabelledData
    recipe : Recipe
    folds : iterable of (rows to fit, rows held out)
    """
    truth, fitted = fitted_labels(data, recipe)
    y, groups = np.array(truth), _groups(data, recipe)

    def of_fold(seen: npt.NDArray[np.int64], held: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        x = _weighed(space, counts, _fold_idf(space, counts, seen))
        its_groups = None if groups is None else groups[seen]
        weights, intercepts = _fit(x[seen], y[seen].tolist(), recipe, fitted, its_groups, FOLD_TOLERANCE)
        logits: npt.NDArray[np.float64] = x[held] @ weights.T + intercepts
        return logits if fitted == data.scheme.labels else merge_logits(logits, data.scheme.places(fitted))

    # Products of sparse matrices, which take the time, release the GIL. More than two at once would take much memory.
    pool = ThreadPoolExecutor(min(2, os.cpu_count() or 1), thread_name_prefix="stance-fold")
    try:
        jobs = [(held, pool.submit(of_fold, seen, held)) for seen, held in folds]
        for held, job in jobs:
            with _convergence_is_checked_here():
                logits = job.result()
            yield held, logits
    finally:
        pool.shutdown(cancel_futures=True)


def fit_temperature(logits: npt.NDArray[np.float64], truth: npt.NDArray[np.int64]) -> float:
    """Return the temperature that minimises the log loss of logits (n, k) on label numbers (n,)."""

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(truth)), truth].mean())

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
    weights, intercepts = _first_fit(space, counts, data, recipe, progress)
    pruned: dict[str, int | float] | None = None
    if recipe.max_size and (kept := _prune(space, weights, recipe.max_size)) is not None:
        pruned = {"before": len(space.vocabulary), "after": int(kept.sum())}
        if recipe.folds:
            whole = _validate(space, counts, data, recipe, progress)
            pruned["macro_f1_before"] = summarize(data.labels, softmax(whole), labels, recipe.seed)["macro_f1"]
        space = FeatureSpace(space.blocks, normalizer, lexicon, space.runs, space.vocabulary.keep(kept))
        counts = count_features(space, data.texts)
        weights, intercepts = _first_fit(space, counts, data, recipe, progress)
    metrics, temperature = None, 1.0
    if recipe.folds:
        logits = _validate(space, counts, data, recipe, progress)
        truth = np.array([labels.index(label) for label in data.labels])
        temperature = fit_temperature(logits, truth)
        metrics = summarize(data.labels, softmax(logits / temperature), labels, recipe.seed)
        if pruned is not None:
            pruned["macro_f1_after"] = metrics["macro_f1"]
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
    texts, scheme, groups = [data.texts[i] for i in rows], data.scheme, _groups(data, recipe)
    space = learn_space(texts, recipe.blocks, normalizer, lexicon)
    truth, fitted = fitted_labels(data, recipe)
    x, its_groups = _weighed(space, count_features(space, texts)), None if groups is None else groups[list(rows)]
    with _convergence_is_checked_here():
        weights, intercepts = _fit(x, [truth[i] for i in rows], recipe, fitted, its_groups)
    return Model(
        recipe.name, scheme.task, scheme.name, scheme.labels, space, weights.astype(np.float32),
        intercepts.astype(np.float64), fine_labels=fitted, merge=dict(scheme.merge),
    )  # fmt: skip


def prepare(recipe: Recipe) -> tuple[Normalizer, Lexicon]:
    """Return the normalisation and the lexicon that a recipe names."""
    normalizer = derive(recipe.normalization)
    return normalizer, read_lexicon(recipe.base / recipe.lexicon, normalizer) if recipe.lexicon else Lexicon()


def count_features(space: FeatureSpace, texts: Sequence[str]) -> Any:
    """Return how often each text has each feature, a sparse array (n_texts, n_features) of int32."""
    indptr, indices, data = space.bound_engine.count(texts)
    counts = csr_array((data, indices, indptr), shape=(len(texts), len(space.vocabulary)))
    counts.sort_indices()
    return counts


def _first_fit(space: FeatureSpace, counts: Any, data: LabelledData, recipe: Recipe, progress: Progress) -> Any:
    progress("fitting the logistic regression", 0, 1)
    truth, fitted = fitted_labels(data, recipe)
    with _convergence_is_checked_here():
        return _fit(_weighed(space, counts), truth, recipe, fitted, _groups(data, recipe))


def _plain(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as plain data, without the place where it lies."""
    data = asdict(recipe)
    del data["base"]
    data["labels"] = [Path(label).name for label in recipe.labels]
    return data


def read_data(recipe: Recipe) -> LabelledData:
    """Read the labelled records that a recipe names."""
    scheme = find_scheme(recipe.scheme) if recipe.scheme else None
    return read_labels(
        recipe.labels, scheme, task=recipe.task, text_field=recipe.text_field, label_field=recipe.label_field,
        mapping=recipe.mapping, base=recipe.base, skip_conflicts=recipe.skip_conflicts,
        append_fields=recipe.append_fields,
    )  # fmt: skip


def train(recipe: Recipe | str | Path, progress: Progress = lambda *_: None) -> Training:
    """Train a model from a recipe, or from the path of one."""
    if not isinstance(recipe, Recipe):
        recipe = read_recipe(recipe)
    progress("reading labels", 0, 1)
    return fit_model(read_data(recipe), recipe, progress)
