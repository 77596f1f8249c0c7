"""Ours against plain scikit-learn: scoring, training and cold start, as ratios within one run.

    python tests/benchmarks/speed.py [SENTENCES]

`SENTENCES` is a text file (or .gz), a sentence a line; without it the labelled sentences of this project are repeated.
Both sides score the same model: char_wb 2-5, sublinear, logistic regression with three labels.
"""

from __future__ import annotations

import gzip
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import joblib
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from stance.arabic.normalize import derive
from stance.features.blocks import Block
from stance.labels.records import read_labels
from stance.labels.schemes import find_scheme
from stance.learn.recipe import Recipe
from stance.learn.train import fit_model
from stance.resources import resource

SENTENCE = "أعربت فرنسا عن دعمها لوحدة ليبيا"


def timed(work, repeats=3):
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def cold(code):
    """Median seconds of a whole process."""
    runs = [timed(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True), 1) for _ in range(7)]
    return statistics.median(runs)


def main():
    data = read_labels([resource("labels") / "*.jsonl"], find_scheme("default"))
    if len(sys.argv) > 1:
        opener = gzip.open if sys.argv[1].endswith(".gz") else open
        with opener(sys.argv[1], "rt", encoding="utf-8") as handle:
            texts = [line.rstrip("\n") for line in handle]
    else:
        texts = data.texts * 8
    table = Table("what", "stance", "scikit-learn", "ratio")

    def row(what, ours, theirs, unit="{:.2f} s"):
        table.add_row(what, unit.format(ours), unit.format(theirs), f"{max(ours, theirs) / min(ours, theirs):.1f}")

    recipe = Recipe(blocks=(Block("char_wb", (2, 5), min_df=2, sublinear_tf=True),), C=10.0, folds=5)
    fit_model(data, recipe)  # compiles
    ours = []
    t_ours = timed(lambda: ours.append(fit_model(data, recipe)), 1)
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True, preprocessor=derive())
    peer = make_pipeline(vectorizer, LogisticRegression(C=10.0, class_weight="balanced", max_iter=500))

    def their_training():
        cross_val_predict(peer, data.texts, data.labels, cv=5, method="predict_proba")
        peer.fit(data.texts, data.labels)

    t_theirs = timed(their_training, 1)
    model = ours[0].model
    model.predict_proba(texts[:5000])
    one = len(texts) / timed(lambda: model.predict_proba(texts, threads=1))
    two = len(texts) / timed(lambda: model.predict_proba(texts, threads=2))
    plain = len(texts) / timed(lambda: peer.predict_proba(texts), 1)
    row(f"sentences a second, one thread ({len(texts):,})", one, plain, "{:,.0f}")
    row("sentences a second, two threads", two, plain, "{:,.0f}")
    row(f"training with 5 folds ({len(data):,} sentences)", t_ours, t_theirs)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder, "ours.joblib"))
        plain_vectorizer = peer.named_steps["tfidfvectorizer"]
        plain_vectorizer.preprocessor = None  # so that the peer's file needs nothing of ours
        joblib.dump(peer, Path(folder, "theirs.joblib"))
        for name in ("ours", "theirs"):
            table.add_row(f"bytes of the model file: {name}", f"{Path(folder, name + '.joblib').stat().st_size:,}", "", "")
        start = f"import stance; stance.predict({SENTENCE!r}, model={str(Path(folder, 'ours.joblib'))!r})"
        peer_start = f"import joblib; joblib.load({str(Path(folder, 'theirs.joblib'))!r}).predict([{SENTENCE!r}])"
        row("cold start in Python, one sentence", cold(start), cold(peer_start))
        whole = timed(lambda: subprocess.run(
            [sys.executable, "-m", "stance", "predict", "--model", str(Path(folder, "ours.joblib")), SENTENCE],
            check=True, capture_output=True), 7)  # fmt: skip
        row("cold start of the command", whole, cold(peer_start))
    Console(width=110).print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}", table)


if __name__ == "__main__":
    main()
