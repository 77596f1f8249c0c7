"""Does `stance explain` point at the words that show the stance? Measured against words that a person marked.

    python tests/benchmarks/rationales.py

`labels/rationales/` has, for sentences of `labels/` that take a stance, the words that show it, as one reader marked them. Each
sentence is explained by a model of the four-label recipe that was trained without it (five folds). Measures after DeYoung
et al. 2020 (ERASER):

plausibility
    Do the words that weigh most for the label stand in the marked ones? The area under the ROC curve of the words' weights,
    a mean over sentences; and the share of sentences whose heaviest word is marked. Beside it what chance gives, and what the
    lexicon gives without a model: a cue of the label's own group weighs 1, any other cue a half.
faithfulness
    The mean probability of the label when the marked words are taken out, when as many others are, and when only the
    marked ones are left.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from stance.features.blocks import Analysis
from stance.learn.recipe import read_recipe
from stance.learn.train import fit_once, prepare, read_data
from stance.model.explain import explain_text

ROOT = Path(__file__).resolve().parents[2]
WORD = re.compile(r"\S+")


def marked(text: str, rationale: list[str]) -> Callable[[int, int], bool]:
    """Return whether a range of the text shares a character with the rationale."""
    places = [(m.start(), m.end()) for piece in rationale for m in re.finditer(re.escape(piece), text)]
    return lambda start, stop: any(start < b and a < stop for a, b in places)


def interval(values: list[float]) -> str:
    draw = np.random.default_rng(0)
    means = [np.mean(draw.choice(values, len(values))) for _ in range(1000)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{np.mean(values):.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    lines = (ROOT / "labels" / "rationales" / "rationales.jsonl").read_text(encoding="utf-8").splitlines()
    rationales = {r["id"]: r["rationale"] for r in map(json.loads, lines)}
    recipe = read_recipe(ROOT / "training" / "stance-oppose-ar.toml")
    data = read_data(recipe)
    normalizer, lexicon = prepare(recipe)
    choose, found = random.Random(0), defaultdict(list)
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(data.labels, data.labels)
    for seen, held in folds:
        model = fit_once(data, seen.tolist(), recipe, normalizer, lexicon)
        asked: list[tuple[str, str, str]] = []  # measure, text, label
        for i in held.tolist():
            text, label = data.texts[i], data.labels[i]
            if (rationale := rationales.get(data.records[i]["id"])) is None:
                continue
            inside = marked(text, rationale)
            explained = [(w, start, stop, weight) for w, start, stop, weight in explain_text(model, text, label).words(label) if w.strip()]
            truth = [inside(start, stop) for _, start, stop, _ in explained]
            if not any(truth) or all(truth):
                continue
            weights = [weight for *_, weight in explained]
            found["AUC, explanation"].append(float(roc_auc_score(truth, weights)))
            found["heaviest word marked, explanation"].append(float(truth[int(np.argmax(weights))]))
            found["heaviest word marked, chance"].append(float(np.mean(truth)))
            cues = []
            for w, *_ in explained:
                classes = [c for c in Analysis(normalizer(w), lexicon).classes if c and lexicon.roles[c] == "cue"]
                cues.append(max((1.0 if c.startswith(label) else 0.5 for c in classes), default=0.0))
            found["AUC, cues of the lexicon"].append(float(roc_auc_score(truth, cues)))
            best = [t for t, c in zip(truth, cues, strict=True) if c == max(cues)]
            found["heaviest word marked, cues of the lexicon"].append(float(np.mean(best)))
            words = [(m.group(), inside(m.start(), m.end())) for m in WORD.finditer(text)]
            others = [k for k, (_, shown) in enumerate(words) if not shown]
            drop = set(choose.sample(others, min(len(others), len(words) - len(others))))
            asked += [
                ("P(label), whole sentence", text, label),
                ("P(label), without the marked words", " ".join(w for w, shown in words if not shown), label),
                ("P(label), without as many others", " ".join(w for k, (w, _) in enumerate(words) if k not in drop), label),
                ("P(label), the marked words alone", " ".join(w for w, shown in words if shown), label),
            ]
        p = model.predict_proba([text for _, text, _ in asked])
        for (measure, _, label), row in zip(asked, p, strict=True):
            found[measure].append(float(row[model.labels.index(label)]))
    print(f"{len(found['AUC, explanation']):,} sentences; 95% bootstrap intervals over them\n")
    for measure, values in found.items():
        print(f"{measure:45} {interval(values)}")


if __name__ == "__main__":
    main()
