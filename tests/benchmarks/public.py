"""Public data sets with published results: our recipes and plain scikit-learn, in one table.

    python tests/benchmarks/public.py FOLDER [--no-floor]

`FOLDER` holds the data, which is not part of this project: ``mawqif_train.csv`` and ``mawqif_test.csv`` (Alturayeif,
Luqman and Ahmed 2022, as split for StanceEval 2024; columns text, target, stance, sentiment) and ``ajgt.csv`` (Alomari,
ElSherif and Shaalan 2017; columns text, sentiment). A file that is not there is passed over.

Mawqif's models are trained on the training split alone, and the recipes in ``training/`` were chosen by cross-validation on
it (``training/RESULTS.md`` says how often the test split was looked at). The floor is word 1-2 and char_wb 2-5 TF-IDF with the
default normalisation and a balanced logistic regression (C = 10) of plain scikit-learn; the target's name stands behind
Mawqif's texts.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union

from stance.arabic.normalize import derive
from stance.features.space import learn_space
from stance.learn.fit import count_features, held_out_logits
from stance.learn.heldout import read_heldout
from stance.learn.recipe import read_recipe
from stance.learn.train import fit_model, prepare, read_data
from stance.resources import resource

SIDES = ["Favor", "Against"]
SEEDS = range(5)
RESAMPLES = 1000


def floor():
    normalize = derive()
    return make_pipeline(
        make_union(
            TfidfVectorizer(preprocessor=normalize, ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(preprocessor=normalize, analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        ),
        LogisticRegression(C=10, class_weight="balanced", max_iter=1000),
    )


def recipe_of(name, data):
    recipe = read_recipe(resource("training", f"{name}.toml"))
    return replace(recipe, labels=(str(data),), lexicon=tuple(str(recipe.base / file) for file in recipe.lexicon), base=Path(), folds=0)


def over_all(truth, guess):
    """F1 of Favor and of Against over all texts, averaged."""
    return f1_score(truth, guess, labels=SIDES, average="macro", zero_division=0)


def by_target(truth, guess, target):
    """Macro-F1 of Favor and Against on each target, and their mean: the measure of StanceEval 2024."""
    each = [over_all(truth[target == t], guess[target == t]) for t in sorted(set(target))]
    return [*each, float(np.mean(each))]


def interval(figure, n, *arrays):
    """95% percentile interval of a figure under a bootstrap over the texts."""
    rng = np.random.default_rng(0)
    drawn = [figure(*(a[rows] for a in arrays)) for rows in rng.integers(n, size=(RESAMPLES, n))]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{low:.3f} to {high:.3f}"


def held_out(name, folder):
    """Return truth, our answers, the floor's and the targets on Mawqif's test split, of models of its training split."""
    recipe = recipe_of(name, folder / "mawqif_train.csv")
    training = fit_model(read_data(recipe), recipe)
    test = read_heldout([folder / "mawqif_test.csv"], training.model)
    guess = [p.label for p in training.model.predict(test.texts)]
    base = floor().fit(training.data.texts, training.data.labels).predict(test.texts) if FLOOR else None
    return np.array(test.labels), np.array(guess), base, np.array([r["target"] for r in test.records])


def mawqif_stance(folder):
    truth, guess, base, target = held_out("mawqif-stance", folder)
    names = sorted(set(target))
    for who, answers in (("stance", guess), ("floor", base)):
        if answers is not None:
            each = ", ".join(f"{t} {x:.3f}" for t, x in zip(names, by_target(truth, answers, target), strict=False))
            print(f"Mawqif stance, {who}: {each}", file=sys.stderr)

    def mean(t, g, of):
        return by_target(t, g, of)[-1]

    yield "mean F1 (Favor, Against) over all texts", over_all(truth, guess), interval(over_all, len(truth), truth, guess), base is not None and over_all(truth, base)
    yield (
        "the same on each target, mean of three", mean(truth, guess, target), interval(mean, len(truth), truth, guess, target),
        base is not None and mean(truth, base, target),
    )  # fmt: skip


def mawqif_sentiment(folder):
    truth, guess, base, _ = held_out("mawqif-sentiment", folder)

    def figure(t, g):
        return f1_score(t, g, average="macro")

    yield "macro-F1", figure(truth, guess), interval(figure, len(truth), truth, guess), base is not None and figure(truth, base)


def ajgt(folder):
    recipe = recipe_of("ajgt", folder / "ajgt.csv")
    data = read_data(recipe)
    labels = np.array(data.labels)
    normalizer, lexicon = prepare(recipe)
    space = learn_space(data.texts, recipe.blocks, normalizer, lexicon)
    counts = count_features(space, data.texts)
    ours, base = [], []
    for seed in SEEDS:
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        guess = np.empty(len(labels), dtype=object)
        for held, logits in held_out_logits(space, counts, data, recipe, folds.split(labels, labels)):
            guess[held] = np.array(data.scheme.labels)[logits.argmax(axis=1)]
        ours.append(accuracy_score(labels, guess.astype(str)))
        if FLOOR and seed == 0:
            base.append(accuracy_score(labels, cross_val_predict(floor(), data.texts, labels, cv=folds)))
    span = f"{min(ours):.3f} to {max(ours):.3f} over {len(ours)} shuffles"
    yield "accuracy, 5-fold", float(np.mean(ours)), span, base and base[0]


TASKS = {
    "Mawqif, stance": (mawqif_stance, ("mawqif_train.csv", "mawqif_test.csv")),
    "Mawqif, sentiment": (mawqif_sentiment, ("mawqif_train.csv", "mawqif_test.csv")),
    "AJGT, sentiment": (ajgt, ("ajgt.csv",)),
}


def main():
    folder = Path(next(a for a in sys.argv[1:] if not a.startswith("--")))
    print("| data | measure | recipe | interval | plain scikit-learn |\n| --- | --- | --- | --- | --- |")
    for task, (work, files) in TASKS.items():
        if missing := [name for name in files if not (folder / name).exists()]:
            print(f"{task}: passed over, {missing[0]} is not in {folder}", file=sys.stderr)
            continue
        for measure, value, span, base in work(folder):
            print(f"| {task} | {measure} | {value:.3f} | {span} | {f'{base:.3f}' if base else ''} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    FLOOR = "--no-floor" not in sys.argv
    main()
