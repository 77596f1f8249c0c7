"""Does `stance explain` point at the words that show the stance? Measured against words that a reader marked.

    python tests/benchmarks/rationales.py

`labels/rationales/` has, for sentences of `labels/` that take a stance, the words that show it, as one reader marked them. Each
sentence is explained by a model of the four-label recipe that was trained without it (five folds; neither pruned nor calibrated). Measures after DeYoung
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

from stance.features.lexicon import class_group
from stance.learn.recipe import read_recipe
from stance.learn.train import fit_once, prepare, read_data
from stance.model.classifier import Model
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


def plausibility(model: Model, text: str, label: str, inside: Callable[[int, int], bool]) -> dict[str, float]:
    """Compare the words' weights with the marking; nothing where all words are marked, or none."""
    words = [word for word in explain_text(model, text, label).words(label) if word[0].strip()]
    truth = [inside(start, stop) for _, start, stop, _ in words]
    if not any(truth) or all(truth):
        return {}
    weights = [weight for *_, weight in words]
    cues = [cue_weight(model, word, label) for word, *_ in words]
    return {
        "AUC, explanation": float(roc_auc_score(truth, weights)),
        "AUC, cues of the lexicon": float(roc_auc_score(truth, cues)),
        "heaviest word marked, explanation": float(truth[int(np.argmax(weights))]),
        "heaviest word marked, cues of the lexicon": float(np.mean([t for t, c in zip(truth, cues, strict=True) if c == max(cues)])),
        "heaviest word marked, chance": float(np.mean(truth)),
    }


def cue_weight(model: Model, word: str, label: str) -> float:
    roles = model.space.lexicon.roles
    cues = [c for c in model.space.analysis(word).classes if roles.get(c) == "cue"]
    return max((1.0 if class_group(c) == label else 0.5 for c in cues), default=0.0)


def versions(text: str, inside: Callable[[int, int], bool], choose: random.Random) -> dict[str, str]:
    """Return the sentence, and what is left of it without some words."""
    words = [(m.group(), inside(m.start(), m.end())) for m in WORD.finditer(text)]
    others = [i for i, (_, shown) in enumerate(words) if not shown]
    dropped = set(choose.sample(others, min(len(others), len(words) - len(others))))
    return {
        "P(label), whole sentence": text,
        "P(label), without the marked words": " ".join(word for word, shown in words if not shown),
        "P(label), without as many others": " ".join(word for i, (word, _) in enumerate(words) if i not in dropped),
        "P(label), the marked words alone": " ".join(word for word, shown in words if shown),
    }


def main() -> None:
    lines = (ROOT / "labels" / "rationales" / "rationales.jsonl").read_text(encoding="utf-8").splitlines()
    rationales = {r["id"]: r["rationale"] for r in map(json.loads, lines)}
    recipe = read_recipe(ROOT / "training" / "stance-oppose-ar.toml")
    data = read_data(recipe)
    normalizer, lexicon = prepare(recipe)
    choose, found = random.Random(0), defaultdict(list)
    for seen, held in StratifiedKFold(5, shuffle=True, random_state=0).split(data.labels, data.labels):
        model = fit_once(data, seen.tolist(), recipe, normalizer, lexicon)
        asked: list[tuple[str, str, str]] = []  # measure, text, label
        for i in (i for i in held.tolist() if data.records[i]["id"] in rationales):
            text, label = data.texts[i], data.labels[i]
            inside = marked(text, rationales[data.records[i]["id"]])
            if not (measures := plausibility(model, text, label, inside)):
                continue
            for measure, value in measures.items():
                found[measure].append(value)
            asked += [(measure, left, label) for measure, left in versions(text, inside, choose).items()]
        rows = model.predict_proba([text for _, text, _ in asked])
        for (measure, _, label), row in zip(asked, rows, strict=True):
            found[measure].append(float(row[model.labels.index(label)]))
    print(f"{len(found['AUC, explanation']):,} sentences; 95% bootstrap intervals over them\n")
    for measure, values in found.items():
        print(f"{measure:45} {interval(values)}")


if __name__ == "__main__":
    main()
