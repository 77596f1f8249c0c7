"""Ours against plain scikit-learn, fastText and BERT: throughput, training, cold start, size, memory, within one run.

    pip install -e ".[bench]"
    python tests/benchmarks/speed.py [TEXTS] [--train 1000 10000] [--rounds 3] [--only scikit-learn fasttext bert]

`TEXTS` is a text file (or .gz), a sentence a line; without it the labelled sentences of this project are repeated. Every
figure comes from a process of its own; the contenders take turns, so that what else the machine does meets all of them;
a ratio is the median over the rounds. What is not installed is left out.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SENTENCE = "أعربت فرنسا عن دعمها لوحدة ليبيا"
NEEDS = {"stance": "stance", "scikit-learn": "sklearn", "fasttext": "fasttext", "bert": "transformers"}
COLD = {
    "stance": "import stance; stance.predict({text!r}, model={folder!r} + '/stance.joblib')",
    "scikit-learn": "import joblib; joblib.load({folder!r} + '/scikit-learn.joblib').predict([{text!r}])",
    "fasttext": "import fasttext; fasttext.load_model({folder!r} + '/fasttext.bin').predict([{text!r}])",
    "bert": "import torch; from transformers import BertForSequenceClassification as B; "
    "B.from_pretrained({folder!r} + '/bert')(torch.ones((1, 12), dtype=torch.long))",
}
LOADS = 5
FILES = {"stance": "stance.joblib", "scikit-learn": "scikit-learn.joblib", "fasttext": "fasttext.bin", "bert": "bert"}


def job(name, *arguments):
    command = [sys.executable, str(HERE / "contenders.py"), name, *map(str, arguments)]
    # A second thread of the linear algebra helps none of them, and is in the way of whatever else the machine does.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{name} {arguments}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def whole_process(command):
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def size_of(path):
    return sum(p.stat().st_size for p in path.rglob("*")) if path.is_dir() else path.stat().st_size


def read_lines(path):
    if path is None:
        from stance.resources import resource

        return [json.loads(line)["text"] for line in (resource("labels") / "free.jsonl").read_text("utf-8").splitlines()] * 8
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as handle:
        return [line.rstrip("\n") for line in handle]


def labelled(texts, n, seed=0):
    """Return `n` different texts with the labels that the shipped model gives them, rare labels more often than they are."""
    import stance

    rng = random.Random(seed)
    distinct = list(dict.fromkeys(texts))
    rng.shuffle(distinct)
    while len(distinct) < 2 * n:  # beginnings and ends of different sentences
        one, other = rng.choice(texts).split(), rng.choice(texts).split()
        distinct.append(" ".join(one[: len(one) // 2] + other[len(other) // 2 :]))
    distinct = list(dict.fromkeys(distinct))
    by_label = {}
    for text, prediction in zip(distinct, stance.predict(distinct), strict=True):
        by_label.setdefault(prediction.label, []).append(text)
    order = sorted(by_label, key=lambda label: len(by_label[label]))
    rows = []
    for i, label in enumerate(order):
        wanted = n - len(rows) if i == len(order) - 1 else n // (4 * (len(order) - 1 - i))
        rows += [{"text": text, "stance": label} for text in by_label[label][:wanted]]
    rng.shuffle(rows)
    return rows


def show(figures, names, n_texts):
    """Print the table, in Markdown: medians, and in brackets how many times better ours is."""
    print(f"{processor()}, {os.cpu_count()} processors, Python {platform.python_version()}; {n_texts:,} sentences\n")
    print("| | " + " | ".join(names) + " |\n" + "| --- " * (len(names) + 1) + "|")
    for what, by_name in figures.items():
        cells = []
        for name in names:
            if name not in by_name:
                cells.append("-")
                continue
            values, ours = by_name[name], by_name["stance"]
            ratios = [o / v if "a second" in what else v / o for o, v in zip(ours, values, strict=True)]
            text = f"{statistics.median(values):,.0f}" if statistics.median(values) >= 100 else f"{statistics.median(values):.3g}"
            cells.append(text if name == "stance" else f"{text} ({statistics.median(ratios):.3g}x)")
        print(f"| {what} | " + " | ".join(cells) + " |")


def processor():
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        return next(line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name"))
    return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="?")
    parser.add_argument("--train", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=["scikit-learn", "fasttext", "bert"])
    given = parser.parse_args()
    names = ["stance", *(n for n in given.only if importlib.util.find_spec(NEEDS[n]))]
    texts = read_lines(given.texts)
    figures: dict[str, dict[str, list[float]]] = {}

    def note(what, name, value):
        figures.setdefault(what, {}).setdefault(name, []).append(value)
        print(f"{what}: {name} {value:,.4g}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.jsonl")
        for n in sorted(given.train):  # the model of the largest stays in the folder for what follows
            data.write_text("".join(json.dumps(r) + "\n" for r in labelled(texts, n)), encoding="utf-8")
            for name in names:
                found = job(name, "train", folder, data, 5)
                note(f"training with 5 folds, {n:,} texts (s)", name, found["seconds"])
                if "cpu_seconds" in found:
                    note(f"processor time of that, {n:,} texts (s)", name, found["cpu_seconds"])
                note(f"peak memory of training, {n:,} texts (MB)", name, found["peak_mb"])
        lines = Path(folder, "texts.txt")
        lines.write_text("\n".join(t.replace("\n", " ") for t in texts), encoding="utf-8")
        for _ in range(given.rounds):
            for name in names:
                threaded = name in ("stance", "bert")  # the others use one thread, however many there are
                for threads in (1, 2):
                    if threads == 1 or threaded:
                        found = job(name, "score", folder, lines, threads)
                    note(f"sentences a second, {threads} thread{'s' * (threads > 1)}", name, found["rate"])
                    if threads == 1:
                        note("sentences a second of processor time", name, found["cpu_rate"])
                note("peak memory of that (MB)", name, found["peak_mb"])
                found = job(name, "load", folder, "-", LOADS)
                note("loading the model (ms)", name, found["load_ms"])
                if "mapped_ms" in found:
                    note("loading it, its arrays mapped (ms)", name, found["mapped_ms"])
                code = COLD[name].format(text=SENTENCE, folder=folder)
                note("cold start in Python, one sentence (s)", name, whole_process([sys.executable, "-c", code]))
            command = [sys.executable, "-m", "stance", "predict", "--model", f"{folder}/stance.joblib", SENTENCE]
            note("cold start of the command (s)", "stance", whole_process(command))
        for name in names:
            note("model file (MB)", name, size_of(Path(folder, FILES[name])) / 1e6)
    figures["cold start of the command (s)"] |= {
        n: v for n, v in figures["cold start in Python, one sentence (s)"].items() if n != "stance"
    }
    show(figures, names, len(texts))


if __name__ == "__main__":
    main()
