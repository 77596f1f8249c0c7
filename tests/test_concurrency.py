"""One model, many threads and processes: always the answers of one thread."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import stance
from stance.model.classifier import load_model
from stance.resources import resource

PATH = resource("models", "stance-ar.joblib")


@pytest.fixture(scope="module")
def wanted(own_sentences):
    stance.load().predict_proba(["نص"] * 200)  # the kernel, not plain Python
    return load_model(PATH).predict_proba(own_sentences, threads=1)


def test_many_threads_that_use_a_new_model_at_once(own_sentences, wanted):
    for _ in range(3):
        model = load_model(PATH)
        together = threading.Barrier(8)

        def work(number, model=model, together=together):
            together.wait()
            return model.predict_proba(own_sentences, threads=1 + number % 3)

        with ThreadPoolExecutor(8) as pool:
            assert all(np.array_equal(found, wanted) for found in pool.map(work, range(8)))


def test_the_order_of_batches_leaves_no_trace(own_sentences, wanted):
    """The word cache remembers what it saw; the answers must not."""
    model = load_model(PATH)
    for first in (0, 7, 300):
        found = [model.predict_proba(own_sentences[i : i + 1], threads=1) for i in range(first, len(own_sentences), 311)]
        assert np.array_equal(np.concatenate(found), wanted[first::311])


def test_a_used_model_travels_whole(own_sentences, wanted):
    model = stance.load()
    model.predict_proba(own_sentences[:3000])
    copy = pickle.loads(pickle.dumps(model))
    assert copy.fingerprint == model.fingerprint
    assert (copy.name, copy.labels, copy.info) == (model.name, model.labels, model.info)
    assert np.array_equal(copy.predict_proba(own_sentences), wanted)


def _answers(model, texts):
    return model.predict_proba(texts)


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_of_every_kind(own_sentences, wanted, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    texts = own_sentences[:2500] * 2  # more than a chunk, so that threads are used in the child as well
    model = stance.load()
    assert np.array_equal(model.predict_proba(texts), np.concatenate([wanted[:2500]] * 2))  # used before the fork
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
        for found in (pool.submit(_answers, model, texts).result(timeout=120) for _ in range(2)):
            # a process that has not loaded the kernel works few texts in plain Python, to within rounding
            assert np.array_equal(found, np.concatenate([wanted[:2500]] * 2))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process")
def test_a_fork_while_other_threads_score(own_sentences, wanted):
    """Locks and borrowed tables are copied as they are at that moment; the child must neither hang nor err."""
    model = stance.load()
    stop = threading.Event()

    def work():
        while not stop.is_set():
            model.predict_proba(own_sentences[:4500], threads=2)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(12):
            child = os.fork()
            if child == 0:
                signal.alarm(60)  # should it hang
                good = np.array_equal(model.predict_proba(own_sentences[:2100], threads=2), wanted[:2100])
                os._exit(0 if good else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
