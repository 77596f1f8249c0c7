"""Where batches are scored: in this process, with the kernel's threads, or in a pool of processes.

Cutting sentences and writing rows is Python and holds the interpreter's lock, so threads alone leave processors idle;
a process does the whole work on a batch (cut, score, encode) and sends back bytes.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from stance.articles.documents import Document
from stance.articles.scoring import ALL, Beside, score_batch
from stance.articles.sinks import Encoder, arrow_stream
from stance.model.classifier import Model
from stance.model.prediction import UNCERTAIN

POOL_FROM = 24 << 20
"""Bytes of input (unpacked, as a guess) from which on a pool is faster: starting it takes about two seconds."""
_PACKED = 6
"""What a byte of a packed file counts for."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What comes of a batch: its bytes in the output, and what is in it."""

    payload: bytes
    articles: int
    sentences: int
    counts: dict[str, int]


def score_encoded(
    documents: Sequence[Document], model: Model, encoder: Encoder, *, uncertain: bool = False, threads: int | None = None, beside: Beside = ALL
) -> Scored:
    """Score a batch and encode it: the same batch gives the same bytes in any process."""
    # Small batches would be worked in plain Python where the kernel is not loaded, and differ in the seventh place. (The
    # cutter finds the same pieces as the patterns; it is loaded for its speed.)
    import stance.arabic.cutting
    import stance.features.kernel  # noqa: F401

    if encoder.kind == "parquet" and not (model.task == "stance" and (beside.actors or beside.sentiment)):
        return _labels_encoded(documents, model, uncertain, threads)
    articles = score_batch(documents, model, uncertain=uncertain, threads=threads, beside=beside)
    counts: Counter[str] = Counter()
    for article in articles:
        counts.update({label: n for label, n in article.counts.items() if n})
    return Scored(encoder.encode(articles), len(articles), sum(len(a.sentences) for a in articles), dict(counts))


def _labels_encoded(documents: Sequence[Document], model: Model, uncertain: bool, threads: int | None) -> Scored:
    from stance.articles.columns import label_table

    table = label_table(documents, model, uncertain=uncertain, threads=threads)
    counted = {row["values"]: row["counts"] for row in table["label"].drop_null().value_counts().to_pylist()}
    counts = {label: counted[label] for label in (*model.labels, UNCERTAIN) if label in counted}
    return Scored(arrow_stream(table), len(documents), len(table), counts)


_mine: dict[str, Any] = {}
"""What a worker process was started with."""


def _begin(model: Model, encoder: Encoder, uncertain: bool, beside: Beside) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the first one decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if (parent := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _mine.update(model=model, encoder=encoder, uncertain=uncertain, beside=beside)
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)  # batches make many objects and no cycles


def _end_with(sentinel: int) -> None:
    """End this process when its parent is gone, however it went."""
    wait([sentinel])
    os._exit(1)


def _score(documents: Sequence[Document]) -> Scored:
    # One thread: the pool has a process for every processor already.
    return score_encoded(
        documents, _mine["model"], _mine["encoder"], uncertain=_mine["uncertain"], threads=1, beside=_mine["beside"]
    )


def _import() -> None:
    import stance.arabic.batches
    import stance.features.kernel  # noqa: F401


def _warm() -> None:
    import stance.features.kernel  # noqa: F401
    from stance.arabic.batches import split_many

    split_many([" "])
    _mine["model"].predict_proba([" "], threads=1)


class _Here(Executor):
    """Works at once, in this process."""

    def __init__(self, model: Model, encoder: Encoder, uncertain: bool, beside: Beside) -> None:
        self._model, self._encoder, self._uncertain, self._beside = model, encoder, uncertain, beside

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(score_encoded(args[0], self._model, self._encoder, uncertain=self._uncertain, beside=self._beside))
        return future


class Workers:
    """The executor of a run; a context manager.

    Parameters
    ----------
    model : Model
    encoder : Encoder
    uncertain : bool
    processes : int
        1 is this process.
    beside : Beside

    """

    def __init__(
        self, model: Model, encoder: Encoder, uncertain: bool, processes: int, beside: Beside = ALL
    ) -> None:
        self.processes = processes
        self._warm: Future[None] | None = None
        if processes == 1:
            self._pool: Executor = _Here(model, encoder, uncertain, beside)
            return
        # "spawn", because a fork would copy locks that the threads of this process may hold.
        self._pool = ProcessPoolExecutor(
            processes, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(model, encoder, uncertain, beside)
        )
        # One worker goes first: should the kernel have to be compiled, it is compiled once. The others import meanwhile.
        self._warm = self._pool.submit(_warm)
        for _ in range(processes - 1):
            self._pool.submit(_import)

    def submit(self, documents: list[Document]) -> Future[Scored]:
        """Have a batch scored."""
        if self._warm is not None:
            self._warm.result()
            self._warm = None
        return self._pool.submit(_score, documents)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def processes_for(names: Sequence[str], size: int) -> int:
    """Return how many processes pay for inputs of so many bytes."""
    packed = any(name.lower().endswith((".gz", ".zip", ".parquet")) for name in names)
    return available() if size * (_PACKED if packed else 1) >= POOL_FROM else 1


def available() -> int:
    """Return the processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
