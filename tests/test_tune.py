from __future__ import annotations

import json
import sys
from dataclasses import fields, replace

import numpy as np
import optuna
import pytest
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from test_cli import run
from test_train import LABELS, small

from stance.errors import DependencyError, LabelError, RecipeError
from stance.features.blocks import Block
from stance.features.space import learn_space
from stance.learn.fit import count_features, held_out_logits
from stance.learn.recipe import Recipe, read_recipe
from stance.learn.recipe_file import recipe_toml, write_recipe
from stance.learn.search_space import starting_point, suggest
from stance.learn.train import prepare, read_data
from stance.learn.tune import parse_seconds, tune
from stance.resources import resource


@pytest.fixture(scope="module")
def recipe():
    return small(blocks=(Block("word", (1, 1), min_df=3),), C=0.2)


@pytest.fixture(scope="module")
def data(recipe):
    return read_data(recipe)


def macro_f1_on_folds(data, recipe, folds, seed):
    normalizer, lexicon = prepare(recipe)
    space = learn_space(data.texts, recipe.blocks, normalizer, lexicon)
    y = np.array([data.scheme.labels.index(x) for x in data.labels])
    guess = np.empty(len(y), dtype=int)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed).split(y, y)
    for held, logits in held_out_logits(space, count_features(space, data.texts), data, recipe, split):
        guess[held] = logits.argmax(axis=1)
    return f1_score(y, guess, average="macro")


def test_a_search_is_reproducible_and_measures_what_it_says(data, recipe):
    found = tune(data, recipe, trials=4, folds=3, seed=1)
    again = tune(data, recipe, trials=4, folds=3, seed=1)
    assert found.recipe == again.recipe
    assert [(t.settings, t.macro_f1) for t in found.trials] == [(t.settings, t.macro_f1) for t in again.trials]
    assert found.start == pytest.approx(macro_f1_on_folds(data, recipe, 3, 1))
    assert found.best == pytest.approx(macro_f1_on_folds(data, found.recipe, 3, 1))
    assert found.best == max(found.start, *(t.macro_f1 for t in found.trials if t.complete))
    assert found.improved == (found.best > found.start)
    assert found.checked_start.value == pytest.approx(macro_f1_on_folds(data, recipe, 3, 2))
    assert found.checked.value == pytest.approx(macro_f1_on_folds(data, found.recipe, 3, 2))
    assert found.gain.value == pytest.approx(found.checked.value - found.checked_start.value)
    assert found.trials[0].settings["ngrams"] == "word"
    json.dumps(found.to_dict())


class Clock:
    """Stands for the clock: `now` moves only when the search looks at it."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        self.now += 1.0
        return self.now


def test_a_search_keeps_its_time(data, recipe, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("stance.learn.tune.time", clock)
    found = tune(data, recipe, seconds=40.0, folds=3)
    assert found.trials
    assert found.seconds <= 40.0
    assert clock.now <= 42.0


def test_too_little_time_is_said_and_nothing_is_searched(data, recipe, monkeypatch):
    monkeypatch.setattr("stance.learn.tune.time", Clock())
    found = tune(data, recipe, seconds=1.0, folds=3)
    assert found.trials == []
    assert found.recipe == recipe
    assert "no time for a trial" in found.conclusion and "--time" in found.conclusion


def test_the_starting_point_is_the_recipe():
    for name in ("stance-ar", "stance-oppose-ar", "sentiment-ar"):
        recipe = read_recipe(resource("training", f"{name}.toml"))
        trial = optuna.trial.FixedTrial(starting_point(recipe))
        assert suggest(trial, recipe) == replace(recipe, max_size=None)


def test_every_proposal_is_a_recipe_that_can_be_written_and_read(tmp_path):
    recipe = read_recipe(resource("training", "stance-ar.toml"))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for i in range(25):
        wanted = replace(suggest(study.ask(), recipe), max_size=4_000_000, name=f"r{i}")
        path = tmp_path / "sub" / f"r{i}.toml"
        path.parent.mkdir(exist_ok=True)
        write_recipe(wanted, path)
        found = read_recipe(path)
        assert replace(found, base=wanted.base, labels=wanted.labels, lexicon=wanted.lexicon, notes=wanted.notes) == wanted
        assert [(path.parent / f).resolve() for f in found.lexicon] == [(wanted.base / f).resolve() for f in wanted.lexicon]


def test_a_recipe_file_holds_everything(tmp_path):
    wanted = Recipe(
        name="x", description="Ein \"Rezept\"", labels=("a.csv",), task="view", text_field="post", label_field="v", seed=3,
        mapping={"Favor": "support", "None": ""}, normalization=("tatweel",), C=2.5, class_weight=None, folds=0, floor=0.25,
        blocks=(Block("char_wb", (2, 4), norm=None, max_features=50, weight=0.5, min_df=0.01),), skip_conflicts=True, notes="n.md", base=tmp_path,
    )  # fmt: skip
    weighted = replace(
        wanted, class_weight="balanced", balance_within="target", label_weights={"support": 0.5}, merge="after", file_weights={"a.csv": 2.0},
        append_fields=("target",), max_size=500_000, scheme="oppose", lexicon=("lexicon.toml", "more.toml"), max_iter=700,
    )  # fmt: skip
    left = [f.name for f in fields(Recipe) if getattr(wanted, f.name) == getattr(weighted, f.name) == getattr(Recipe(), f.name)]
    assert left == [], "a setting that this test forgets"
    for recipe in (wanted, weighted):
        write_recipe(recipe, tmp_path / "x.toml")
        assert read_recipe(tmp_path / "x.toml") == recipe
    with pytest.raises(RecipeError, match=r"expected a file name ending in \.toml"):
        write_recipe(wanted, tmp_path / "x.json")
    with pytest.raises(RecipeError, match="existing folder"):
        write_recipe(wanted, tmp_path / "no" / "x.toml")


def test_refusals_say_what_to_do(data, recipe, monkeypatch, tmp_path):
    assert [parse_seconds(t) for t in ("60", "60s", "1.5m", "2 h")] == [60, 60, 90, 7200]
    with pytest.raises(RecipeError, match="--time is 'soon'"):
        parse_seconds("soon")
    with pytest.raises(LabelError, match="lower --folds or label more"):
        tune(data, recipe, trials=1, folds=10_000)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(DependencyError, match=r"diplomatic-stance\[tune\]"):
        tune(data, recipe, trials=1)
    monkeypatch.setitem(sys.modules, "tomli_w", None)
    with pytest.raises(DependencyError, match=r"diplomatic-stance\[tune\]"):
        recipe_toml(recipe, tmp_path)


def test_the_winner_can_be_trained(tmp_path):
    (tmp_path / "r.toml").write_text(f'labels = ["{LABELS}"]\nscheme = "default"\n[classifier]\nC = 0.2\n[[features]]\nanalyzer = "word"\nmin_df = 3\n', encoding="utf-8")
    out, _ = run("tune", "r.toml", "--trials", "2", "--folds", "2", "--out", "new.toml", cwd=tmp_path)
    assert "Train it: stance train new.toml" in out
    assert "on other folds" in out
    run("train", "new.toml", "--folds", "0", cwd=tmp_path)
    assert (tmp_path / "models" / "new.joblib").exists()
    out, _ = run("tune", "r.toml", "--trials", "1", "--folds", "2", "--format", "json", cwd=tmp_path)
    assert json.loads(out)["recipe"] == "r-tuned.toml"
