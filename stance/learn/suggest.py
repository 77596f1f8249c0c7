"""Active learning: which sentences to label next, so that a label is worth most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.errors import LabelError
from stance.labels.entries import read_entries
from stance.labels.sameness import SIMILARITY, fold, near_duplicates
from stance.model.classifier import Model

STRATEGIES = ("entropy", "margin", "least-confident")
POOL = 10
LARGEST_POOL = 20_000
Progress = Callable[[str, int, int], None]


def uncertainty(probabilities: npt.NDArray[Any], strategy: str = "entropy") -> npt.NDArray[np.float64]:
    """Return how unsure a model is, (n,) float64, from 0 (certain) to 1 (all labels equally likely).

    Parameters
    ----------
    probabilities : (n, k) float
    strategy : {"entropy", "margin", "least-confident"}
        Entropy over its maximum log k; one less the difference of the two most probable labels; one less the probability
        of the most probable label, over its maximum (Settles 2009, section 3.1).
    """
    p = np.asarray(probabilities, dtype=np.float64)
    k = p.shape[1]
    if strategy == "entropy":
        logs = np.log(np.where(p > 0, p, 1.0))
        found: npt.NDArray[np.float64] = -(p * logs).sum(axis=1) / np.log(k)
    elif strategy == "margin":
        top = np.sort(p, axis=1)
        found = 1 - (top[:, -1] - top[:, -2])
    elif strategy == "least-confident":
        found = (1 - p.max(axis=1)) * k / (k - 1)
    else:
        raise LabelError(f"unknown strategy {strategy!r}; expected one of: {', '.join(STRATEGIES)}")
    return np.clip(found, 0.0, 1.0)


def choose_diverse(vectors: Any, worth: npt.NDArray[np.float64], n: int, progress: Progress = lambda *_: None) -> list[int]:
    """Choose rows that are worth most and unlike each other, one after the other.

    Parameters
    ----------
    vectors : scipy.sparse.csr_array (n_rows, n_features)
        Non-negative.
    worth : (n_rows,) float64
    n : int

    Returns
    -------
    list of int
        Each the row with the greatest product of its worth and of its distance (one less the cosine similarity) to the
        nearest row chosen so far: a greedy maximal marginal relevance. Ties go to the earlier row.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import norm

    lengths = norm(vectors, axis=1) if vectors.shape[0] else np.empty(0)
    unit = diags_array(np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)) @ vectors
    unit = unit.tocsr()
    nearest = np.zeros(len(worth))
    free = np.ones(len(worth), dtype=bool)
    chosen: list[int] = []
    for i in range(min(n, len(worth))):
        progress("choosing", i, n)
        best = int(np.where(free, worth * (1 - nearest), -1.0).argmax())
        chosen.append(best)
        free[best] = False
        row = np.asarray(unit[[best]].todense()).ravel()
        nearest = np.clip(np.maximum(nearest, unit @ row), 0.0, 1.0)
    return chosen


@dataclass(frozen=True)
class Suggestions:
    """Sentences to label next.

    Attributes
    ----------
    task, model : str
    n_sentences, n_labelled_already, n_similar : int
        Sentences that were looked at; how many of them are left out as labelled already (exactly or nearly), and as nearly
        the same as one that is chosen.
    records : list of dict
        The best first: ``id``, ``text``, ``guess``, ``guess_probability``, ``uncertainty``, and what else the sentence had.
    """

    task: str
    model: str
    n_sentences: int
    n_labelled_already: int
    n_similar: int
    records: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--format json`` prints it."""
        return {
            "task": self.task, "model": self.model, "n_sentences": self.n_sentences,
            "n_labelled_already": self.n_labelled_already, "n_similar": self.n_similar, "records": self.records,
        }  # fmt: skip


def suggest(
    records: Sequence[dict[str, Any]],
    model: Model,
    n: int = 100,
    *,
    labelled: Sequence[str] = (),
    strategy: str = "entropy",
    similarity: float = SIMILARITY,
    progress: Progress = lambda *_: None,
) -> Suggestions:
    """Choose the sentences that are most worth labelling.

    Parameters
    ----------
    records : sequence of dict
        With ``id`` and ``text``; see `stance.labels.unlabelled.read_unlabelled`.
    model : Model
    n : int
        How many.
    labelled : sequence of str
        Texts that have labels already.
    strategy : str
        One of `STRATEGIES`.
    similarity : float
        From which texts count as nearly the same; see `stance.labels.sameness.near_duplicates`.

    Notes
    -----
    The `POOL` * n sentences that the model is least sure of are the pool (Zhdanov 2019 prefilters so); sentences nearly
    the same as a labelled one, or as a less certain one of the pool, leave it; from the rest, `choose_diverse` chooses.
    """
    if n < 1:
        raise LabelError(f"the number of sentences is {n}; expected 1 or more")
    uncertainty(np.full((1, 2), 0.5), strategy)  # an unknown strategy is refused before the work
    known = {fold(text) for text in labelled}
    fresh = [r for r in records if fold(r["text"]) not in known]
    exact = len(records) - len(fresh)
    if not fresh:
        raise LabelError(f"all {len(records):,} sentences are labelled already")
    progress("scoring", 0, 1)
    probabilities = model.predict_proba([r["text"] for r in fresh])
    unsure = uncertainty(probabilities, strategy)
    order = np.argsort(-unsure, kind="stable")
    pool: list[int] = []
    near_labelled = similar = start = 0
    size = min(max(POOL * n, 200), max(LARGEST_POOL, n))
    while len(pool) < n and start < len(order):  # what leaves the pool is replaced by the next in order
        more = order[start : start + size].tolist()
        start += size
        candidates = [*pool, *more]
        texts = [fold(fresh[i]["text"]) for i in candidates]
        labelled_too = {p.first for p in near_duplicates(texts, list(known), similarity, progress)} if known else set()
        dropped: set[int] = set()
        for pair in near_duplicates(texts, threshold=similarity, progress=progress):
            if pair.first not in dropped and pair.first not in labelled_too:
                dropped.add(pair.second)
        near_labelled += len(labelled_too)
        similar += len(dropped - labelled_too)
        pool = [i for at, i in enumerate(candidates) if at not in labelled_too and at not in dropped]
    from scipy.sparse import csr_array

    indptr, indices, values = model.space.transform([fresh[i]["text"] for i in pool])
    vectors = csr_array((values, indices, indptr), shape=(len(pool), len(model.space.vocabulary)))
    chosen = [pool[i] for i in choose_diverse(vectors, unsure[pool], n, progress)]
    best = probabilities.argmax(axis=1)
    found = [
        {
            **{k: v for k, v in fresh[i].items() if k not in (model.task, "comment")}, "guess": model.labels[best[i]],
            "guess_probability": round(float(probabilities[i, best[i]]), 4), "uncertainty": round(float(unsure[i]), 4),
        }
        for i in chosen
    ]  # fmt: skip
    return Suggestions(model.task, model.name, len(records), exact + near_labelled, similar, found)


def labelled_texts(paths: Sequence[str | Path], text_field: str = "text") -> list[str]:
    """Return the texts of labelled files; lines that are no records are passed over."""
    entries, _ = read_entries(paths)
    return [text for e in entries if isinstance(text := e.record.get(text_field) or e.record.get("text"), str)]
