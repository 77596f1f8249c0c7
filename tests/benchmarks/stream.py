"""A million sentences through `stance score --out`, as ratios to the kernel's own rate in the same run.

    python tests/benchmarks/stream.py SENTENCES [--sentences 1000000] [--out scored.parquet ...] [--beside]

`SENTENCES` is a text file (or .gz), a sentence a line; articles of 21 sentences are made by joining them. The kernel's
own rate is that of `Model.predict_proba` over the same sentences in memory, with a thread for every processor, measured
before and after each run and averaged; the ratio by processor time is the one to trust on a machine with neighbours,
for it says what the whole costs in kernels. With --beside actors and sentiment are looked for too. Memory is the largest sum over all processes of the run (needs psutil).
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

import stance
from stance.arabic.batches import split_many
from stance.articles.documents import read_documents
from stance.articles.scoring import Beside, score_batch
from stance.articles.sinks import encoder_for
from stance.articles.workers import score_encoded

ARTICLE = 21


def make_input(path, sentences, wanted):
    """Write JSON Lines of articles; return how many sentences they were joined from."""
    made = 0
    with path.open("w", encoding="utf-8") as out:
        while made < wanted:
            lines = [sentences[(made + i) % len(sentences)] for i in range(ARTICLE)]
            text = "\n".join(" ".join(lines[i : i + 3]) for i in range(0, ARTICLE, 3))
            record = {"id": f"a{made}", "date": "2015-07-21", "title": "عنوان", "text": text}
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
            made += ARTICLE
    return made


def measured(command):
    """Return what a command printed, its seconds, its seconds of processor time, and its peak of memory, all with its children's."""
    begin, peak, spent = time.perf_counter(), 0, os.times()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    watched = psutil.Process(process.pid)
    ended = threading.Event()

    def watch():
        nonlocal peak
        while not ended.wait(0.2):
            total = 0
            for one in [watched, *_children(watched)]:
                try:
                    total += one.memory_info().rss
                except psutil.Error:
                    continue
            peak = max(peak, total)

    thread = threading.Thread(target=watch)
    thread.start()
    printed, _ = process.communicate()
    seconds = time.perf_counter() - begin
    ended.set()
    thread.join()
    if process.returncode:
        sys.exit(process.returncode)
    now = os.times()
    busy = now.children_user + now.children_system - spent.children_user - spent.children_system
    return json.loads(printed), seconds, busy, peak


def _children(process):
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def processor_time(work, count):
    """Microseconds of processor time a sentence, the better of two."""
    best = float("inf")
    for _ in range(2):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best / count * 1e6


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("sentences_file")
    arguments.add_argument("--sentences", type=int, default=1_000_000)
    arguments.add_argument("--out", nargs="*", default=["scored.parquet", "scored.jsonl", "scored.csv", "scored.jsonl.gz"])
    arguments.add_argument("--beside", action="store_true")
    given = arguments.parse_args()
    options = [] if given.beside else ["--no-actors", "--no-sentiment"]
    beside = Beside(given.beside, given.beside)
    opener = gzip.open if given.sentences_file.endswith(".gz") else open
    with opener(given.sentences_file, "rt", encoding="utf-8") as handle:
        sentences = [line.rstrip("\n") for line in handle]
    model = stance.load()
    model.predict_proba(sentences[:5000])

    def kernel():
        begin, busy = time.perf_counter(), time.process_time()
        for _ in range(3):
            model.predict_proba(sentences)
        done = 3 * len(sentences)
        return done / (time.perf_counter() - begin), done / (time.process_time() - busy)

    console = Console(width=120)
    console.print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "articles.jsonl")
        made = make_input(source, sentences, given.sentences)
        console.print(f"{made:,} sentences in {made // ARTICLE:,} articles, {source.stat().st_size / 1e6:,.0f} MB")
        table = Table("end to end", "seconds", "sentences/s", "kernel alone", "ratio", "ratio by processor time", "peak memory", "output")
        for name in given.out:
            out = Path(folder, name)
            before = kernel()
            run, seconds, busy, peak = measured(
                [sys.executable, "-m", "stance", "score", str(source), "--out", str(out), "--format", "json", *options]
            )
            alone, alone_busy = ((a + b) / 2 for a, b in zip(before, kernel(), strict=True))
            table.add_row(
                f"{name}, {run['processes']} processes", f"{seconds:.1f}", f"{made / seconds:,.0f}", f"{alone:,.0f}",
                f"{made / seconds / alone:.2f}", f"{made / busy / alone_busy:.2f}", f"{peak / 1e6:,.0f} MB", f"{out.stat().st_size / 1e6:,.0f} MB",
            )  # fmt: skip
            out.unlink()
        console.print(table)

        part = Path(folder, "part.jsonl")
        n = make_input(part, sentences, 40_000)
        documents = list(read_documents([part]))
        batches = [documents[i : i + 130] for i in range(0, len(documents), 130)]
        texts = [
            batch[i].text[start:end] for batch in batches
            for i, start, end, _ in zip(*(column.tolist() for column in split_many([d.text for d in batch])), strict=True)
        ]  # fmt: skip
        score_batch(batches[0], model, threads=1, beside=beside)
        gc.collect()
        gc.freeze()  # as the workers do
        gc.set_threshold(200_000, 20, 50)
        table = Table("where one thread's time goes", "µs a sentence", "ratio to the kernel")
        alone = processor_time(lambda: model.predict_proba(texts, threads=1), n)
        cut = processor_time(lambda: [split_many([d.text for d in batch]) for batch in batches], n)
        rows = [
            ("the kernel", alone), ("reading JSON Lines", processor_time(lambda: list(read_documents([part])), n)), ("cutting sentences", cut),
        ]  # fmt: skip
        more = "records, actors, sentiment, " if given.beside else "records, "
        for name in given.out:
            encoder = encoder_for(Path(name), model.labels)

            def encoded(encoder=encoder):
                return [score_encoded(batch, model, encoder, threads=1, beside=beside).payload for batch in batches]

            rows.append((f"{more}encoding {name.split('.', 1)[1]}", processor_time(encoded, n) - alone - cut))
            if encoder.assembled:
                spool = Path(folder, "spool")
                spool.write_bytes(b"".join(encoded()))
                cost = processor_time(lambda e=encoder, s=spool: e.assemble(s, Path(folder, "o.parquet"), {}), n)
                rows.append(("assembling parquet in the end", cost))
        for what, cost in rows:
            table.add_row(what, f"{cost:.1f}", f"{cost / alone:.2f}")
        console.print(table)


if __name__ == "__main__":
    main()
