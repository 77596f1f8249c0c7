"""One contender doing one job in a process of its own: `speed.py` starts it and reads the line of JSON that it prints.

    python contenders.py CONTENDER train FOLDER DATA.jsonl FOLDS     # saves its model in FOLDER
    python contenders.py CONTENDER score FOLDER TEXTS THREADS        # after a warm-up on other texts
    python contenders.py CONTENDER load FOLDER - TIMES               # after a first time, which imports what it needs

All use the same labelled texts and the same settings where they have them: char_wb n-grams of 2 to 5, three labels.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path

WARM_UP = 300  # texts
AT_LEAST = 3.0  # seconds of scoring
BERT_SAMPLE = 24  # texts; at most: it is slow
FASTTEXT = {"minn": 2, "maxn": 5, "dim": 100, "bucket": 100_000, "epoch": 25, "lr": 0.5, "verbose": 0}


def read_rows(path):
    with Path(path).open(encoding="utf-8") as handle:
        return [json.loads(line) for line in handle]


def read_texts(path):
    return Path(path).read_text(encoding="utf-8").split("\n")


def clocks():
    return {"seconds": time.perf_counter(), "cpu_seconds": time.process_time()}


def since(begin):
    return {name: now - begin[name] for name, now in clocks().items()}


class Stance:
    def train(self, folder, path, folds):
        from stance.features.blocks import Block
        from stance.labels.records import read_labels
        from stance.labels.schemes import find_scheme
        from stance.learn.recipe import Recipe
        from stance.learn.train import fit_model

        recipe = Recipe(blocks=(Block("char_wb", (2, 5), min_df=2, sublinear_tf=True),), C=10.0, folds=folds)
        data = read_labels([path], find_scheme("default"))
        begin = clocks()
        model = fit_model(data, recipe).model
        spent = since(begin)
        model.save(Path(folder, "stance.joblib"))
        return spent

    def load(self, folder, mapped=False):
        from stance.model.classifier import load_model

        self.model = load_model(Path(folder, "stance.joblib"), mmap=mapped)

    def score(self, texts, threads):
        return self.model.predict_proba(texts, threads=threads)


class ScikitLearn:
    def train(self, folder, path, folds):
        import joblib
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_predict
        from sklearn.pipeline import make_pipeline

        # Without normalisation but scikit-learn's own lower-casing: ours has all of camel-tools' steps to do.
        vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
        peer = make_pipeline(vectorizer, LogisticRegression(C=10.0, class_weight="balanced", max_iter=500))
        rows = read_rows(path)
        texts, labels = [r["text"] for r in rows], [r["stance"] for r in rows]
        begin = clocks()
        if folds:
            cross_val_predict(peer, texts, labels, cv=folds, method="predict_proba")
        peer.fit(texts, labels)
        spent = since(begin)
        joblib.dump(peer, Path(folder, "scikit-learn.joblib"))
        return spent

    def load(self, folder, mapped=False):
        import joblib

        self.model = joblib.load(Path(folder, "scikit-learn.joblib"), mmap_mode="r" if mapped else None)

    def score(self, texts, threads):
        return self.model.predict_proba(texts)


class FastText:
    def train(self, folder, path, folds):
        import fasttext

        rows = read_rows(path)
        lines = [f"__label__{r['stance']} {r['text']}".replace("\n", " ") for r in rows]
        begin = clocks()
        for fold in range(folds + 1):  # the last one is fitted to everything
            kept = [line for i, line in enumerate(lines) if fold == folds or i % folds != fold]
            Path(folder, "fasttext.txt").write_text("\n".join(kept), encoding="utf-8")
            model = fasttext.train_supervised(str(Path(folder, "fasttext.txt")), thread=os.cpu_count(), **FASTTEXT)
            if fold < folds:
                model.predict([line.split(" ", 1)[1] for i, line in enumerate(lines) if i % folds == fold], k=3)
        spent = since(begin)
        model.save_model(str(Path(folder, "fasttext.bin")))
        return spent

    def load(self, folder):
        import fasttext

        self.model = fasttext.load_model(str(Path(folder, "fasttext.bin")))

    def score(self, texts, threads):
        return self.model.predict(texts, k=3)


class Bert:
    """The architecture of camel-tools' classifiers (CAMeLBERT: BERT-base, 30,000 pieces), with random weights.

    Random token numbers stand for the pieces, 1.3 a word; so this says nothing but how long it takes.
    """

    def train(self, folder, path, folds):
        import torch
        from transformers import BertConfig, BertForSequenceClassification

        torch.manual_seed(0)
        model = BertForSequenceClassification(BertConfig(vocab_size=30_000, num_labels=3))
        rows = read_rows(path)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-5)
        seconds = 0.0
        for step in range(2):  # the first is a warm-up
            ids = self.encode([r["text"] for r in rows[step * 8 : step * 8 + 8]])
            begin = time.perf_counter()
            model(input_ids=ids, labels=torch.zeros(len(ids), dtype=torch.long)).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            seconds = time.perf_counter() - begin
        model.save_pretrained(Path(folder, "bert"))
        return {"seconds": seconds / 8 * len(rows) * 3 * (1 + folds * (1 - 1 / max(folds, 1)))}  # three epochs a fit, worked out

    def encode(self, texts):
        import torch

        length = max(int(1.3 * len(t.split())) + 2 for t in texts)
        return torch.randint(5, 30_000, (len(texts), min(length, 512)))

    def load(self, folder):
        from transformers import BertForSequenceClassification

        self.model = BertForSequenceClassification.from_pretrained(Path(folder, "bert")).eval()

    def score(self, texts, threads):
        import torch

        torch.set_num_threads(threads)
        with torch.inference_mode():
            return [self.model(input_ids=self.encode(texts[i : i + 8])).logits for i in range(0, len(texts), 8)]


CAN_MAP = ("stance", "scikit-learn")  # the arrays of a model's file into memory, on request
CONTENDERS = {"stance": Stance, "scikit-learn": ScikitLearn, "fasttext": FastText, "bert": Bert}


def main():
    name, job, folder, path, number = sys.argv[1:]
    contender = CONTENDERS[name]()
    if job == "train":
        result = contender.train(folder, path, int(number))
    elif job == "load":
        result = {}
        for mapped in (False, True) if name in CAN_MAP else (False,):
            seconds = []
            for _ in range(int(number) + 1):
                begin = time.perf_counter()
                contender.load(folder, mapped) if name in CAN_MAP else contender.load(folder)
                seconds.append(time.perf_counter() - begin)
            result["mapped_ms" if mapped else "load_ms"] = statistics.median(seconds[1:]) * 1000
    else:
        texts = read_texts(path)
        size, limit = (8, WARM_UP + BERT_SAMPLE) if name == "bert" else (WARM_UP, len(texts))
        wall = cpu = passes = 0
        while wall < AT_LEAST:
            contender.load(folder)  # anew, so that nothing is remembered of the pass before
            contender.score(texts[:size], int(number))
            begin, cpu_begin = time.perf_counter(), time.process_time()
            contender.score(texts[WARM_UP:limit], int(number))
            wall, cpu, passes = wall + time.perf_counter() - begin, cpu + time.process_time() - cpu_begin, passes + 1
        n = passes * (limit - WARM_UP)
        result = {"rate": n / wall, "cpu_rate": n / cpu}
    # Linux counts the parent's memory into ru_maxrss of a child, so its own record comes first.
    status = Path("/proc/self/status")
    own = [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
    result["peak_mb"] = (own or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] / 1024
    print(json.dumps(result))


if __name__ == "__main__":
    main()
