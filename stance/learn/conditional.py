"""Fitting a conditional logit: one phrase of a sentence is chosen, and phrases compete with those beside them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

RARE = 3
"""Features of fewer phrases are not learnt."""
Candidates = list[tuple[list[str], bool, bool]]
"""The phrases of a sentence: features, whether it names the holder, whether it names the target."""


def fit_choice(sentences: Sequence[Candidates], C: float) -> dict[str, dict[str, float]]:
    """Fit a conditional logit: the probability of a phrase is a softmax over the phrases of its sentence.

    So that phrases compete with those beside them, and not with all phrases of the language. A sentence whose holder is
    none of the phrases teaches nothing, and is left out.
    """
    from scipy.optimize import minimize
    from sklearn.feature_extraction import DictVectorizer

    rows = [[dict.fromkeys(names, 1.0) for names, _, _ in sentence] for sentence in sentences]
    seen = Counter(name for sentence in rows for row in sentence for name in row)
    vectorizer = DictVectorizer(dtype=np.float64)
    matrix = vectorizer.fit_transform(
        {name: 1.0 for name in row if seen[name] >= RARE} for sentence in rows for row in sentence
    ).tocsr()
    bounds = np.cumsum([0, *map(len, sentences)])
    weights = {}
    for at, what in ((1, "actor"), (2, "target")):
        taken = [i for i, sentence in enumerate(sentences) if any(row[at] for row in sentence)]
        sizes = np.array([len(sentences[i]) for i in taken])
        places = np.concatenate([np.arange(bounds[i], bounds[i + 1]) for i in taken])
        loss = conditional_loss(
            matrix[places], np.array([row[at] for i in taken for row in sentences[i]]), sizes, C
        )
        found = minimize(loss, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
        values = np.asarray(found.x, dtype=np.float32).tolist()
        weights[what] = dict(zip(vectorizer.feature_names_, values, strict=True))
    return weights


def conditional_loss(
    rows: Any, answer: npt.NDArray[np.bool_], sizes: npt.NDArray[np.int64], C: float
) -> Callable[[npt.NDArray[np.float64]], tuple[float, npt.NDArray[np.float64]]]:
    """Return the penalised negative log likelihood, with its gradient.

    Parameters
    ----------
    rows : sparse matrix, (n_phrases, n_features)
    answer : array of bool, (n_phrases,)
        Several phrases of a sentence may be right: their probabilities add up.
    sizes : array of int, (n_sentences,)
        How many phrases each sentence has.
    C : float
    """
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    sentence = np.repeat(np.arange(len(sizes)), sizes)

    def loss(w: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        z = rows @ w
        e = np.exp(z - np.maximum.reduceat(z, start)[sentence])
        right = np.where(answer, e, 0.0)
        total, good = np.add.reduceat(e, start), np.add.reduceat(right, start)
        value = float(np.sum(np.log(total) - np.log(good)) + w @ w / (2 * C))
        return value, rows.T @ (e / total[sentence] - right / good[sentence]) + w / C

    return loss
