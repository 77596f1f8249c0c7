"""Drives the compiled kernel: packs texts into a buffer, prepares its tables, spreads the batch over threads."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.arabic.characters import CODE_POINTS, character_classes, code_points, text_bounds
from stance.arabic.normalize import Normalizer
from stance.features.blocks import ANALYZERS, TOKENS, Block
from stance.features.hashing import block_seed, text_hash
from stance.features.lexicon import NUMBER, ROLES, Lexicon, class_group
from stance.features.vocabulary import Vocabulary

log = logging.getLogger("stance")
CHUNK = 2048
_LINE = 8  # numbers of 64 bits in a line of the processor's cache
_NORMS = {None: 0, "l1": 1, "l2": 2}


def kernel_is_loaded() -> bool:
    """Tell whether the compiled kernel has been imported into this process."""
    return "stance.features.kernel" in sys.modules


def packed_table(keys: npt.NDArray[np.uint64], numbers: npt.NDArray[Any]) -> tuple[Any, Any, np.uint64]:
    """Return the table that `kernel.lookup` reads: keys (n,) uint64, sorted, and the number of each, (n,)."""
    bits = max(8, len(keys).bit_length(), int(numbers.max(initial=0)).bit_length())
    starts = np.searchsorted(keys, np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits))
    entries = np.zeros(len(keys) + 2, dtype=np.uint64)
    entries[:-2] = keys << np.uint64(bits) | numbers.astype(np.uint64)
    return np.append(starts, len(keys)).astype(np.uint32), entries, np.uint64(bits)


def block_rules(blocks: Sequence[Block]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the `block_rules` and `block_weight` of `kernel.score_documents`."""
    rules = np.array([[int(b.sublinear_tf), _NORMS[b.norm]] for b in blocks], dtype=np.int64).reshape(-1, 2)
    return rules, np.array([b.weight for b in blocks], dtype=np.float64)


def pack_texts(texts: Sequence[str], normalizer: Normalizer) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Return texts as one buffer of code points (n,) uint32 and where each begins and ends in it, (n_texts, 2) int64.

    Texts that are not in form NFKC yet stand in the buffer as they are, and once more, composed, at its end.
    """
    from stance.features import kernel

    codes, bounds = code_points(texts), text_bounds(texts)
    if normalizer.steps and len(codes):
        doubtful = np.flatnonzero(kernel.find_uncomposed(codes, bounds, normalizer.quick_check))
        size, composed = len(codes), []
        for i in doubtful.tolist():
            if (new := normalizer.compose(texts[i])) != texts[i]:
                composed.append(new)
                bounds[i] = size, size + len(new)
                size += len(new)
        if composed:
            codes = np.concatenate([codes, code_points(composed)])
            codes.flags.writeable = False  # as the others are: the kernel is compiled once for each kind
    return codes, bounds


def nothing_learnt() -> tuple[Any, ...]:
    """Return what `kernel.learn_vocabulary` begins with."""
    slots, room = 1 << 16, 1 << 15
    return (
        np.zeros(slots, np.uint64), np.full(slots, -1, np.int32), np.empty(room, np.uint64), np.empty(room, np.uint8),
        np.empty((room, 5), np.int32), np.empty(room, np.int64), 0,
    )  # fmt: skip


class Engine:
    """The kernel with its tables for one set of blocks, normalisation and lexicon.

    Parameters
    ----------
    blocks : sequence of Block
    normalizer : Normalizer
    lexicon : Lexicon
    runs : (n, 3) int32
        Word and space characters, see `stance.arabic.characters`.
    salt : int
        Salt of the fingerprints.
    """

    def __init__(
        self, blocks: Sequence[Block], normalizer: Normalizer, lexicon: Lexicon, runs: npt.NDArray[np.int32], salt: int
    ) -> None:
        self.blocks = tuple(blocks)
        self.normalizer = normalizer
        self.lexicon = lexicon
        self.runs = runs
        self.salt = salt

    @cached_property
    def _char_tables(self) -> tuple[Any, ...]:
        from stance.features import kernel

        classes = character_classes(self.runs)
        table = np.arange(CODE_POINTS, dtype=np.uint32)
        table |= classes.astype(np.uint32) << np.uint32(kernel.CLASS_SHIFT)
        long: list[list[int]] = []
        for code, new in self.normalizer.table.items():
            if len(new) == 1:
                target = ord(new)
                table[code] = target | int(classes[target]) << kernel.CLASS_SHIFT
            else:
                table[code] = kernel.LONG_BIT | len(long)
                long.append([ord(c) | int(classes[ord(c)]) << kernel.CLASS_SHIFT for c in new])
        start = np.zeros(len(long) + 1, dtype=np.uint32)
        start[1:] = np.cumsum([len(codes) for codes in long])
        return table, start, np.array([code for codes in long for code in codes], dtype=np.uint32)

    @cached_property
    def _lexicon(self) -> tuple[Any, ...]:
        names = list(self.lexicon.roles)
        number = {name: i for i, name in enumerate(names, 1)}
        items = sorted((text_hash(form), number[name]) for form, name in self.lexicon.forms.items())
        keys = np.array([key for key, _ in items], dtype=np.uint64)
        classes = np.array([c for _, c in items], dtype=np.uint64)
        roles = np.array([0] + [1 + ROLES.index(self.lexicon.roles[name]) for name in names], dtype=np.int8)
        hashes = np.array([0] + [text_hash(f"<{name}>") for name in names], dtype=np.uint64)
        groups = np.array([0] + [text_hash(f"<{g}>") if (g := class_group(n)) != n else 0 for n in names], dtype=np.uint64)
        return *packed_table(keys, classes), roles, hashes, groups, number.get(NUMBER, 0)

    @cached_property
    def _blocks(self) -> npt.NDArray[np.int64]:
        rows = [
            [ANALYZERS.index(b.analyzer), *b.ngram_range, TOKENS.index(b.token), b.window, 0] for b in self.blocks
        ]
        return np.array(rows, dtype=np.int64).reshape(len(rows), 6)

    @cached_property
    def _seeds(self) -> npt.NDArray[np.uint64]:
        return np.array([block_seed(self.salt, b) for b in range(len(self.blocks))], dtype=np.uint64)

    def under(self, salt: int) -> Engine:
        """Return the same engine under another salt; the large tables are shared."""
        _ = self._char_tables, self._lexicon, self._blocks  # made now, if need be
        other = copy(self)
        other.salt = salt
        other.__dict__.pop("_seeds", None)
        return other

    def learn(self, texts: Sequence[str], bits: int = 64) -> tuple[npt.NDArray[Any], ...]:
        """Collect the distinct features of `texts`.

        Returns
        -------
        fingerprints : (n,) uint64
            In the order of first occurrence.
        block : (n,) uint8
        stats : (n, 5) int32
            See `kernel.learn_vocabulary`.
        occurrences : (n,) int64
        """
        from stance.features import kernel

        mask = np.uint64((1 << bits) - 1)
        learnt = nothing_learnt()
        for first in range(0, len(texts), CHUNK):
            codes, bounds = pack_texts(texts[first : first + CHUNK], self.normalizer)
            learnt = kernel.learn_vocabulary(
                codes, bounds, first, self._char_tables, self._lexicon, self._blocks, self._seeds, mask, learnt
            )
        return tuple(array[: learnt[-1]] for array in learnt[2:6])


class BoundEngine:
    """An engine bound to a vocabulary (and, for scoring, to coefficients); safe to use from many threads."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary) -> None:
        self.engine = engine
        self.vocabulary = vocabulary
        # Frequent features first, so that the rows most often needed lie together.
        self.by_rank = np.argsort(-vocabulary.document_frequency.astype(np.int64), kind="stable").astype(np.int32)
        rank = np.empty_like(self.by_rank)
        rank[self.by_rank] = np.arange(len(rank), dtype=np.int32)
        self._vocabulary = packed_table(vocabulary.fingerprints, rank)
        self._counting = Scratch(engine.blocks, len(vocabulary), 0)
        self._warm = False

    def _each_chunk(
        self, texts: Sequence[str], work: Callable[[int, Any, Any, Any], Any], scratch: Scratch, threads: int | None
    ) -> list[Any]:
        """Call ``work(first, codes, bounds, scratch)`` on every chunk of the batch, over threads; keep the order."""

        def run(first: int) -> Any:
            codes, bounds = pack_texts(texts[first : first + CHUNK], self.engine.normalizer)
            with scratch.borrowed() as lent:
                return work(first, codes, bounds, lent)

        starts = range(0, len(texts), CHUNK)
        threads = threads or os.cpu_count() or 1
        if threads == 1 or len(starts) < 2:
            return [run(first) for first in starts]
        # The first chunk that this engine sees goes alone: it compiles, if need be, and prepares the tables.
        head = [] if self._warm else [run(0)]
        self._warm = True
        with ThreadPoolExecutor(threads, thread_name_prefix="stance") as pool:
            return [*head, *pool.map(run, starts[len(head) :])]

    def count(self, texts: Sequence[str], threads: int | None = None) -> tuple[npt.NDArray[Any], ...]:
        """Return counts as compressed sparse rows.

        Returns
        -------
        indptr : (n_texts + 1,) int64
        indices : (n_values,) int32
            Vocabulary order, not sorted within a row.
        counts : (n_values,) uint8, or as many bytes as the largest needs
        """
        from stance.features import kernel

        e = self.engine
        no_table = np.empty((len(self.vocabulary), 0), dtype=np.float32)

        def work(first: int, codes: Any, bounds: Any, scratch: Any) -> Any:
            starts, ranks, counts = kernel.count_documents(
                codes, bounds, e._char_tables, e._lexicon, e._blocks, e._seeds, self._vocabulary, scratch, no_table
            )
            return np.diff(starts), self.by_rank[ranks], counts.astype(np.min_scalar_type(counts.max(initial=0)))

        parts = self._each_chunk(texts, work, self._counting, threads)
        indptr = np.zeros(len(texts) + 1, dtype=np.int64)
        if parts:
            np.cumsum(np.concatenate([sizes for sizes, _, _ in parts]), out=indptr[1:])
        indices = np.empty(indptr[-1], dtype=np.int32)
        counts = np.empty(indptr[-1], dtype=np.result_type(np.uint8, *(c.dtype for _, _, c in parts)))
        end = len(indices)
        while parts:  # from the last on, so that each is freed as soon as it is copied
            _, its_indices, its_counts = parts.pop()
            indices[end - len(its_indices) : end], counts[end - len(its_indices) : end] = its_indices, its_counts
            end -= len(its_indices)
        return indptr, indices, counts

    def bind(self, coefficients: npt.NDArray[Any], intercepts: npt.NDArray[Any]) -> Callable[..., npt.NDArray[np.float64]]:
        """Return a function from texts to logits (n_texts, n_labels) float64.

        Parameters
        ----------
        coefficients : (n_labels, n_features)
        intercepts : (n_labels,)
        """
        e = self.engine
        idf = self.vocabulary.idf(e.blocks)
        squared = np.array([b.norm == "l2" for b in e.blocks])[self.vocabulary.block]
        norm = np.where(squared, idf * idf, np.abs(idf))
        table = np.zeros((len(idf), -(-(1 + len(intercepts)) // 4) * 4), dtype=np.float32)
        table[:, 0] = norm[self.by_rank]
        table[:, 1 : 1 + len(intercepts)] = (idf[:, None] * coefficients.T)[self.by_rank]
        feature_block = np.ascontiguousarray(self.vocabulary.block[self.by_rank])
        rules, weight = block_rules(e.blocks)
        pool = Scratch(e.blocks, len(self.vocabulary), table.shape[1])
        extra: list[Any] = []

        def logits(texts: Sequence[str], threads: int | None = None) -> npt.NDArray[np.float64]:
            out = np.tile(intercepts.astype(np.float64), (len(texts), 1))

            def work(first: int, codes: Any, bounds: Any, scratch: Any) -> None:
                from stance.features import kernel

                if not extra:
                    extra.append(kernel.extra_weights(rules, 256))
                kernel.score_documents(
                    codes, bounds, e._char_tables, e._lexicon, e._blocks, e._seeds, self._vocabulary, scratch,
                    table, feature_block, rules, weight, extra[0], out[first : first + len(bounds)],
                )  # fmt: skip

            self._each_chunk(texts, work, pool, threads)
            return out

        return logits


class Scratch:
    """Working memory of the kernel, lent to one thread at a time; what it remembers of words holds for one table.

    Parameters
    ----------
    blocks : sequence of Block
    n_features : int
    n_columns : int
        Of the kernel's `table`.
    """

    def __init__(self, blocks: Sequence[Block], n_features: int, n_columns: int) -> None:
        self._n_features = n_features
        self._n_sums = n_columns * sum(b.analyzer == "char_wb" for b in blocks)
        # A plain list, whose append and pop are atomic: a queue has a lock, which a fork could copy while it is held.
        self._free: list[tuple[npt.NDArray[Any], ...]] = []

    def _new(self) -> tuple[npt.NDArray[Any], ...]:
        from stance.features import kernel

        # Two rows of the word cache begin with a line of the processor's cache, and fill one if there are few labels.
        rows, width = 1 << kernel.CACHE_BITS, 2 + (self._n_sums + 1) // 2
        width += -width % (_LINE // 2)
        memory = np.empty(rows * width + _LINE, np.uint64)
        memory.fill(0)  # unlike `np.zeros`, this gets large pages, which random access needs
        first = -(memory.ctypes.data // 8) % _LINE
        cache = memory[first : first + rows * width].reshape(rows, width)
        words_seen = 1 << max(0, (self._n_features // 64).bit_length())
        return (
            np.zeros(self._n_features + 1, np.int32), np.zeros(words_seen, np.uint64), cache,
            cache.view(np.float32), np.empty(kernel.CACHE_ARENA, np.int32), np.zeros(1, np.int64),
        )  # fmt: skip

    @contextmanager
    def borrowed(self) -> Iterator[tuple[npt.NDArray[Any], ...]]:
        """Lend the memory."""
        try:
            scratch = self._free.pop()
        except IndexError:
            scratch = self._new()
        yield scratch  # not given back after an error: its counts may be dirty
        self._free.append(scratch)
