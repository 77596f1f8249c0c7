"""Fitting the logistic regression: to everything, and to everything but a fold; scikit-learn's solver, called well.

What takes memory is the counts (five bytes for each n-gram of each text, see `count_features`), and the weighed rows of
each fit under way (eight bytes), of which there are two at a time, or one where the counts are many.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight

from stance.errors import LabelError, RecipeError
from stance.features.engine import BoundEngine
from stance.features.space import FeatureSpace
from stance.labels.records import LabelledData
from stance.learn.products import SolverRows
from stance.learn.recipe import Recipe
from stance.model.classifier import merge_logits

TOLERANCE, FOLD_TOLERANCE = 1e-5, 1e-4  # of the gradient of the mean loss: of the model, and of those that only validate
FITS_AT_A_TIME, MANY_COUNTS = 2, 1 << 25  # each takes memory; from so many counts on there is one, which takes half the speed
AT_ONCE = 1 << 18  # numbers that are looked at in one go, where that takes memory


def fitted_labels(data: LabelledData, recipe: Recipe) -> tuple[list[str], tuple[str, ...]]:
    """Return what the regression is fitted to: a label for every text, and the labels that there are."""
    if recipe.merge == "after":
        there = set(data.fine_labels)
        return data.fine_labels, tuple(label for label in data.scheme.known if label in there)
    return data.labels, data.scheme.labels


def groups_of(data: LabelledData, recipe: Recipe) -> npt.NDArray[Any] | None:
    """Return the group of each text (n,), within which its label is balanced, or None."""
    if recipe.balance_within is None:
        return None
    if not any(recipe.balance_within in record for record in data.records):
        there = ", ".join(map(str, data.records[0]))
        raise LabelError(f"classifier.balance_within is {recipe.balance_within!r}; no record has that field (fields there: {there})")
    return np.array([str(record.get(recipe.balance_within)) for record in data.records])


def factors_of(data: LabelledData, recipe: Recipe) -> npt.NDArray[np.float64] | None:
    """Return the factor on the weight of each text (n,) that its file has, or None where no file has one."""
    if not recipe.file_weights:
        return None
    return np.array([recipe.file_weights.get(name, 1.0) for name in data.files])


def of_rows(each: npt.NDArray[Any] | None, rows: npt.NDArray[np.int64] | list[int]) -> npt.NDArray[Any] | None:
    """Return what some texts have of what each text has, where it has it."""
    return None if each is None else each[rows]


def sample_weights(
    y: Sequence[str] | npt.NDArray[Any], recipe: Recipe, groups: npt.NDArray[Any] | None = None,
    factors: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the weight of each text (n,) in the fit.

    Balanced, all labels that a group has weigh the same in it, and each group as it is large; without groups, all texts
    are one. The recipe's `label_weights`, and the `factors` of each text, come on top of that.
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
    return weights if factors is None else weights * factors


def fit(
    x: Any, y: Sequence[str] | npt.NDArray[Any], recipe: Recipe, labels: Sequence[str], groups: npt.NDArray[Any] | None = None,
    factors: npt.NDArray[np.float64] | None = None, tolerance: float = TOLERANCE,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Fit scikit-learn's logistic regression; return weights (n_labels, n_features) and intercepts (n_labels,)."""
    own = groups is not None or factors is not None or bool(recipe.label_weights)  # else scikit-learn's own weights: the same, but for rounding
    balanced = None if own else recipe.class_weight
    # newton-cg comes 50 times nearer to the optimum than lbfgs at its default tolerance, in half its time.
    regression = LogisticRegression(
        C=recipe.C, class_weight=balanced, max_iter=recipe.max_iter, random_state=recipe.seed, solver="newton-cg", tol=tolerance
    )
    regression.fit(x, y, sample_weights(y, recipe, groups, factors) if own else None)
    if max(regression.n_iter_) >= recipe.max_iter:
        raise RecipeError(f"the solver did not converge in {recipe.max_iter} iterations; raise classifier.max_iter or lower C")
    weights, intercepts = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:  # scikit-learn keeps one row; the softmax of two halves is the same
        weights, intercepts = np.vstack([-weights, weights]) / 2, np.array([-intercepts[0], intercepts[0]]) / 2
    order = [list(regression.classes_).index(label) for label in labels]
    return weights[order], intercepts[order]


def count_features(space: FeatureSpace, texts: Sequence[str]) -> Any:
    """Return how often each text has each feature, a sparse array (n_texts, n_features) of small unsigned integers."""
    indptr, indices, data = BoundEngine(space.engine, space.vocabulary).count(texts, 1)  # not to keep its working memory
    if len(indices) < 2**31:  # else scipy would widen the indices to match
        indptr = indptr.astype(np.int32)
    return csr_array((data, indices, indptr), shape=(len(texts), len(space.vocabulary)))


def fold_idf(space: FeatureSpace, counts: Any) -> npt.NDArray[np.float64]:
    """Return the idf as learnt from the texts of `counts`; 0 for features too rare or too frequent among them."""
    vocabulary, n = space.vocabulary, counts.shape[0]
    df = np.zeros(len(vocabulary), dtype=np.int64)
    for first in range(0, len(counts.indices), AT_ONCE):
        df += np.bincount(counts.indices[first : first + AT_ONCE], minlength=len(df))
    known = replace(vocabulary, document_frequency=df.astype(np.int32), n_documents=n)
    idf = known.idf(space.blocks)
    for b, block in enumerate(space.blocks):
        low = block.min_df * n if isinstance(block.min_df, float) else block.min_df
        high = block.max_df * n if isinstance(block.max_df, float) else block.max_df
        idf[(vocabulary.block == b) & ((df < max(low, 1)) | (df > high))] = 0.0
    return idf


def weighed(space: FeatureSpace, counts: Any, idf: npt.NDArray[np.float64] | None = None) -> Any:
    """Return the TF-IDF rows of `counts`, float32; where the values stand is not copied, but shared."""
    values = space.weigh(counts.indptr, counts.indices, counts.data, idf, np.float32)
    return SolverRows((values, counts.indices, counts.indptr), shape=counts.shape)


def fit_everything(space: FeatureSpace, counts: Any, data: LabelledData, recipe: Recipe) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Fit the model to all texts; returns what `fit` does."""
    truth, fitted = fitted_labels(data, recipe)
    return fit(weighed(space, counts), truth, recipe, fitted, groups_of(data, recipe), factors_of(data, recipe))


@contextmanager
def solvers(counts: Any) -> Iterator[Executor]:
    """Lend threads for fits to these counts; those that have not begun when the context is left are called off.

    Two at the most, as each takes memory; which fit runs in which thread, and beside which, changes no number.
    """
    threads = 1 if counts.nnz > MANY_COUNTS else min(FITS_AT_A_TIME, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="stance-fit")
    with warnings.catch_warnings():  # of the whole process, so here and not in the threads
        warnings.simplefilter("ignore", ConvergenceWarning)  # `fit` looks at the number of iterations itself, and raises
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def held_out_logits(
    space: FeatureSpace, counts: Any, data: LabelledData, recipe: Recipe, folds: Iterable[tuple[Any, Any]],
    pool: Executor | None = None,
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
    pool : Executor, optional
        From `solvers`.

    Notes
    -----
    Every fit begins with zeros. To begin with the weights of the fit to everything would be quicker, but these have seen
    the rows held out, and a solver that stops at its tolerance does not forget it: measured on 10,000 sentences, the log
    loss came out as 0.176 instead of 0.183; with a tolerance tight enough for 0.183 nothing was won.
    """
    truth, fitted = fitted_labels(data, recipe)
    y, groups, factors = np.array(truth), groups_of(data, recipe), factors_of(data, recipe)

    def of_fold(seen: npt.NDArray[np.int64], held: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        part = counts[seen]
        idf = fold_idf(space, part)
        x = weighed(space, part, idf)
        del part  # its counts are not needed while the solver works
        weights, intercepts = fit(x, y[seen], recipe, fitted, of_rows(groups, seen), of_rows(factors, seen), FOLD_TOLERANCE)
        del x
        logits: npt.NDArray[np.float64] = weighed(space, counts[held], idf) @ weights.T + intercepts
        return logits if fitted == data.scheme.labels else merge_logits(logits, data.scheme.places(fitted))

    with solvers(counts) if pool is None else nullcontext(pool) as lent:
        jobs = [(held, lent.submit(of_fold, seen, held)) for seen, held in folds]
        for held, job in jobs:
            yield held, job.result()
