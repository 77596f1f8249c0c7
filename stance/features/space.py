"""A feature space: blocks, normalisation, lexicon and vocabulary together; it turns texts into TF-IDF rows.

Large batches go through the compiled kernel. A few texts in a process that has not loaded the kernel are worked in
plain Python with the same result, so that a one-sentence prediction does not pay for the compiler.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.arabic.characters import character_runs
from stance.arabic.normalize import Normalizer
from stance.errors import StanceError
from stance.features.blocks import Analysis, Block, Feature, analyze, feature_name
from stance.features.engine import BoundEngine, Engine, block_rules, kernel_is_loaded
from stance.features.hashing import block_seed, fingerprint
from stance.features.lexicon import Lexicon
from stance.features.vocabulary import Vocabulary, pack

SALTS = 4
FEW_TEXTS = 100
"""Up to this many texts are worked in plain Python when the kernel is not loaded yet: loading takes longer."""


@dataclass
class FeatureSpace:
    """Everything that turns text into features.

    Attributes
    ----------
    blocks : tuple of Block
    normalizer : Normalizer
    lexicon : Lexicon
    runs : (n, 3) int32
        Word and space characters.
    vocabulary : Vocabulary
    """

    blocks: tuple[Block, ...]
    normalizer: Normalizer
    lexicon: Lexicon
    runs: npt.NDArray[np.int32]
    vocabulary: Vocabulary

    @cached_property
    def engine(self) -> Engine:
        """The kernel's tables."""
        return Engine(self.blocks, self.normalizer, self.lexicon, self.runs, self.vocabulary.salt)

    @cached_property
    def bound_engine(self) -> BoundEngine:
        """The kernel's tables with the vocabulary."""
        return BoundEngine(self.engine, self.vocabulary)

    @cached_property
    def idf(self) -> npt.NDArray[np.float64]:
        """Inverse document frequencies, (n_features,) float64."""
        return self.vocabulary.idf(self.blocks)

    @cached_property
    def _seeds(self) -> list[int]:
        return [block_seed(self.vocabulary.salt, b) for b in range(len(self.blocks))]

    def analysis(self, text: str) -> Analysis:
        """Return a text as the analysers see it."""
        return Analysis(self.normalizer(text), self.lexicon)

    def find(self, block: int, feature: Feature) -> int:
        """Return the index of a feature of block number `block`, or -1 if it was never seen or has been pruned."""
        print_ = np.array([fingerprint(self._seeds[block], feature)], dtype=np.uint64)
        return int(self.vocabulary.find(print_)[0])

    def row(self, text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return one text's features (indices, sorted, int64) and TF-IDF values (float64), worked in plain Python."""
        analysis = self.analysis(text)
        counts: Counter[int] = Counter()
        for block, seed in zip(self.blocks, self._seeds, strict=True):
            for parts, n in Counter(analyze(analysis, block)).items():
                counts[fingerprint(seed, parts)] += n
        prints = np.fromiter(counts.keys(), dtype=np.uint64, count=len(counts))
        number = np.fromiter(counts.values(), dtype=np.int32, count=len(counts))
        at = self.vocabulary.find(prints)
        known = at >= 0
        indices, number = at[known], number[known]
        order = np.argsort(indices)
        indices = indices[order]
        indptr = np.array([0, len(indices)])
        return indices, self.weigh_plainly(indptr, indices, number[order])

    def weigh(
        self,
        indptr: npt.NDArray[Any],
        indices: npt.NDArray[Any],
        counts: npt.NDArray[Any],
        idf: npt.NDArray[np.float64] | None = None,
        dtype: Any = np.float64,
    ) -> npt.NDArray[Any]:
        """Turn counts in compressed sparse rows into TF-IDF values of the same shape.

        `idf` (n_features,) float64 replaces the vocabulary's own, as cross-validation needs.
        """
        if not kernel_is_loaded():
            return self.weigh_plainly(indptr, indices, counts, idf).astype(dtype, copy=False)
        from stance.features import kernel

        values = np.empty(len(indices), dtype=dtype)
        damped = np.zeros(int(counts.max(initial=0)) + 1)
        damped[1:] = 1.0 + np.log(np.arange(1, len(damped)))
        block = self.vocabulary.block.copy()  # those of a mapped file cannot be written, which were another compilation
        kernel.weigh_rows(
            indptr.astype(np.int64, copy=False), indices, counts, block, self.idf if idf is None else idf, damped,
            *block_rules(self.blocks), values,
        )  # fmt: skip
        return values

    def weigh_plainly(
        self,
        indptr: npt.NDArray[Any],
        indices: npt.NDArray[Any],
        counts: npt.NDArray[Any],
        idf: npt.NDArray[np.float64] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Do what `weigh` does without the kernel, with the same result to the last bit."""
        values = counts.astype(np.float64)
        n_rows, n_blocks = len(indptr) - 1, len(self.blocks)
        block = self.vocabulary.block[indices]
        sublinear = np.array([b.sublinear_tf for b in self.blocks])[block]
        values = np.where(sublinear, 1.0 + np.log(values), values) * (self.idf if idf is None else idf)[indices]
        row = np.repeat(np.arange(n_rows), np.diff(indptr))
        cell = row * n_blocks + block
        l2 = np.array([b.norm == "l2" for b in self.blocks])[block]
        plain = np.array([b.norm is None for b in self.blocks])[block]
        total = np.bincount(cell, np.where(l2, values * values, np.abs(values)), minlength=n_rows * n_blocks)[cell]
        length = np.where(plain, 1.0, np.where(l2, np.sqrt(total), total))
        weight = np.array([b.weight for b in self.blocks])[block]
        scaled: npt.NDArray[np.float64] = np.divide(values, length, out=np.zeros_like(values), where=length > 0) * weight
        return scaled

    def transform(self, texts: Sequence[str], threads: int | None = None) -> tuple[npt.NDArray[Any], ...]:
        """Return TF-IDF values as compressed sparse rows.

        Returns
        -------
        indptr : (n_texts + 1,) int64
        indices : (n_values,) int32, not sorted within a row
        values : (n_values,) float64
        """
        if len(texts) <= FEW_TEXTS and not kernel_is_loaded():
            rows = [self.row(text) for text in texts]
            indptr = np.concatenate([[0], np.cumsum([len(i) for i, _ in rows])]).astype(np.int64)
            indices = np.concatenate([np.empty(0, np.int64), *(i for i, _ in rows)]).astype(np.int32)
            return indptr, indices, np.concatenate([np.empty(0), *(v for _, v in rows)])
        indptr, indices, counts = self.bound_engine.count(texts, threads)
        return indptr, indices, self.weigh(indptr, indices, counts)

    def scorer(
        self, coefficients: npt.NDArray[Any], intercepts: npt.NDArray[Any]
    ) -> Callable[..., npt.NDArray[np.float64]]:
        """Return a function from texts to logits (n_texts, n_labels) float64, compiled where that pays.

        Parameters
        ----------
        coefficients : (n_labels, n_features)
        intercepts : (n_labels,)
        """
        bound: list[Callable[..., npt.NDArray[np.float64]]] = []

        def logits(texts: Sequence[str], threads: int | None = None) -> npt.NDArray[np.float64]:
            if len(texts) <= FEW_TEXTS and not kernel_is_loaded():
                out = np.tile(np.asarray(intercepts, dtype=np.float64), (len(texts), 1))
                for i, text in enumerate(texts):
                    indices, values = self.row(text)
                    out[i] += coefficients[:, indices] @ values
                return out
            if not bound:
                bound.append(self.bound_engine.bind(coefficients, intercepts))
            return bound[0](texts, threads)

        return logits


def _share(value: int | float, n: int) -> float:
    return value * n if isinstance(value, float) else value


def _rebuild(texts: Sequence[str], space: FeatureSpace, stats: npt.NDArray[np.int32], block: npt.NDArray[np.uint8]) -> list[Feature]:
    """Cut the features themselves out of the documents in which the kernel saw them first."""
    features: list[Feature] = [()] * len(stats)
    order = np.argsort(stats[:, 2], kind="stable")
    current, analysis = -1, Analysis("")
    listed: dict[int, list[Feature]] = {}
    for i in order.tolist():
        _, _, document, where, length = stats[i].tolist()
        if document != current:
            current, analysis, listed = document, space.analysis(texts[document]), {}
        b = int(block[i])
        kind = space.blocks[b]
        if kind.analyzer == "char_wb":
            features[i] = (analysis.spaced[where : where + length],)
        elif kind.analyzer == "word":
            features[i] = tuple(getattr(analysis, kind.token)[where : where + length])
        else:
            if b not in listed:
                listed[b] = list(analyze(analysis, kind))
            features[i] = listed[b][where]
    return features


def _most_frequent(names: list[str], occurrences: npt.NDArray[np.int64], limit: int) -> npt.NDArray[np.int64]:
    """Return which features scikit-learn's ``max_features`` keeps: its own expression, over its own order."""
    alphabetical = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
    kept: npt.NDArray[np.int64] = alphabetical[(-occurrences[alphabetical]).argsort()[:limit]]
    return kept


def _learn(engine: Engine, texts: Sequence[str], bits: int) -> tuple[Engine, tuple[npt.NDArray[Any], ...]]:
    """Return the engine under a salt with which no fingerprints collide, and what it learns of the texts."""
    most = -1
    for salt in range(SALTS):
        engine = engine.under(salt)
        found = engine.learn(texts, bits)
        if len(found[0]) == most:
            return engine, found
        most = max(most, len(found[0]))
        del found  # before the next takes as much
    raise StanceError(f"n-gram fingerprints of {bits} bits collide under {SALTS} salts; use longer fingerprints")


def learn_space(
    texts: Sequence[str],
    blocks: Sequence[Block],
    normalizer: Normalizer | None = None,
    lexicon: Lexicon | None = None,
    *,
    bits: int = 64,
) -> FeatureSpace:
    """Build the feature space of some texts.

    Parameters
    ----------
    texts : sequence of str
    blocks : sequence of Block
    normalizer : Normalizer, optional
    lexicon : Lexicon, optional
        Needed by blocks that look at word classes.
    bits : int
        Length of the fingerprints; less than 64 only to test what happens when they collide.

    Raises
    ------
    StanceError
        No feature is left, or fingerprints collide under every salt.

    Notes
    -----
    Collisions are detected by building the vocabulary under two salts: features that collide under one are (but for a
    chance of 2**-64) apart under the other, so that equal numbers of features mean that none collided.
    """
    blocks = tuple(blocks)
    normalizer, lexicon, runs = normalizer or Normalizer(), lexicon or Lexicon(), character_runs()
    engine, (prints, block, stats, occurrences) = _learn(Engine(blocks, normalizer, lexicon, runs, 0), texts, bits)
    empty = Vocabulary(prints[:0], block[:0], np.empty(0, np.int32), pack([]), len(texts), engine.salt)
    space = FeatureSpace(blocks, normalizer, lexicon, runs, empty)
    space.engine = engine
    kept = np.zeros(len(prints), dtype=bool)
    for b, rules in enumerate(blocks):
        df = stats[:, 0]
        kept |= (block == b) & (df >= _share(rules.min_df, len(texts))) & (df <= _share(rules.max_df, len(texts)))
    prints, stats, block, occurrences = prints[kept], stats[kept], block[kept], occurrences[kept]
    features = _rebuild(texts, space, stats, block)
    limited = np.ones(len(prints), dtype=bool)
    for b, rules in enumerate(blocks):
        mine = np.flatnonzero(block == b)
        if rules.max_features is not None and len(mine) > rules.max_features:
            names = [feature_name(rules, features[i]) for i in mine]
            limited[mine] = False
            limited[mine[_most_frequent(names, occurrences[mine], rules.max_features)]] = True
    order = np.flatnonzero(limited)
    order = order[np.argsort(prints[order])]
    if not len(order):
        raise StanceError("no feature is left: the texts are empty, or min_df and max_df leave none; lower min_df")
    space.vocabulary = Vocabulary(
        prints[order], block[order], stats[order, 0].copy(), pack([features[i] for i in order]), len(texts), engine.salt
    )
    return space
