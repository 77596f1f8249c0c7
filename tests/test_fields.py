"""Labels that are about something: a field put behind the text, and labels balanced within each of its values."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight
from test_cli import run

from stance.errors import LabelError, RecipeError
from stance.features.blocks import Block
from stance.learn.compare import compare_files
from stance.learn.evaluate import evaluate_files
from stance.learn.fit import count_features, sample_weights, weighed
from stance.learn.recipe import Recipe, read_recipe
from stance.learn.recipe_file import recipe_toml
from stance.learn.train import read_data, train

PLACES = ("النهر", "الجسر", "الميناء", "الطريق", "السوق", "المطار", "القرية", "الجزيرة")


@pytest.fixture
def file(tmp_path):
    """One text about two targets, for the one and against the other, so that only the target tells the label."""
    rows = ["text,target,stance"]
    for i, place in enumerate(PLACES):
        rows += [f"نفضل هذا على ذاك قرب {place},dam,for", f"نفضل هذا على ذاك قرب {place},road,against"]
        if i % 2:
            rows.append(f"نذكر السد والشارع عند {place},road,for")
    path = tmp_path / "targets.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def recipe_for(file, **changes):
    return Recipe(**{"labels": (str(file),), "blocks": (Block("word", (1, 2)),), "folds": 2} | changes)


def test_the_field_tells_the_label(file):
    with pytest.raises(LabelError, match="has the same text"):
        read_data(recipe_for(file))
    data = read_data(recipe_for(file, append_fields=("target",)))
    assert len(data) == 20
    assert data.texts[0].endswith(" dam")
    model = train(recipe_for(file, append_fields=("target",))).model
    found = evaluate_files([file], model)  # the model knows what it was trained with
    assert found.n == 20
    assert found.accuracy.value == 1.0


def test_a_field_that_is_not_there_is_named_once(file, tmp_path):
    with pytest.raises(LabelError, match="'topic' is missing .* --append-field") as caught:
        read_data(recipe_for(file, append_fields=("topic",)))
    assert "1 fault(s)" in str(caught.value)
    with pytest.raises(LabelError, match="balance_within is 'topic'"):
        train(recipe_for(file, append_fields=("target",), balance_within="topic"))


def test_each_model_of_a_comparison_reads_what_it_was_trained_on(file):
    with_target = train(recipe_for(file, append_fields=("target",), name="with")).model
    without = replace(with_target, name="without", info={})  # such as were trained on the bare text
    found = compare_files(with_target, without, [file])
    assert found.n == 20
    assert found.both + found.only_a == 20
    bare = [*[f"نفضل هذا على ذاك قرب {place}" for place in PLACES], *[f"نذكر السد والشارع عند {place}" for place in PLACES[1::2]]]
    answers = [p.label for p in without.predict(bare)]
    # Of a text that stands there twice, with both labels, one is a hit whatever the answer.
    assert found.both + found.only_b == 8 + answers[8:].count("for")


def test_weights_are_sklearns_within_each_group():
    rng = np.random.default_rng(0)
    y, groups = rng.choice(["a", "b", "c"], 300, p=[0.7, 0.2, 0.1]), rng.choice(["x", "y"], 300)
    weights = sample_weights(y.tolist(), Recipe(), groups)
    for group in ("x", "y"):
        rows = groups == group
        labels = np.unique(y[rows])
        wanted = dict(zip(labels, compute_class_weight("balanced", classes=labels, y=y[rows]), strict=True))
        assert weights[rows] == pytest.approx([wanted[label] for label in y[rows]])
        assert weights[rows].sum() == pytest.approx(rows.sum())
    assert sample_weights(y.tolist(), Recipe(class_weight=None)).tolist() == [1.0] * 300
    halved = sample_weights(y.tolist(), Recipe(label_weights={"b": 0.5}), groups)
    assert halved == pytest.approx(np.where(y == "b", weights / 2, weights))
    with pytest.raises(RecipeError, match="label_weights names 'z'; labels there: a, b, c"):
        sample_weights(y.tolist(), Recipe(label_weights={"z": 2.0}))


def test_training_is_sklearns_with_these_weights(file):
    trained = train(recipe_for(file, append_fields=("target",), balance_within="target", folds=0, C=2.0))
    data, space = trained.data, trained.model.space
    groups = np.array([r["target"] for r in data.records])
    peer = LogisticRegression(C=2.0, max_iter=500, solver="newton-cg", tol=1e-6)  # two labels: one row of coefficients, the difference of our two
    values = weighed(space, count_features(space, data.texts))
    peer.fit(values, data.labels, sample_weights(data.labels, Recipe(), groups))
    ours = trained.model.coefficients[1] - trained.model.coefficients[0]
    assert ours == pytest.approx(peer.coef_[0] if peer.classes_[1] == trained.model.labels[1] else -peer.coef_[0], abs=1e-6)
    plain = train(recipe_for(file, append_fields=("target",), folds=0, C=2.0)).model
    assert np.abs(plain.coefficients - trained.model.coefficients).max() > 0.01


def test_recipe_files_hold_both(file, tmp_path):
    wanted = recipe_for(file, append_fields=("target",), balance_within="target", label_weights={"for": 0.5}, base=tmp_path)
    path = tmp_path / "r.toml"
    path.write_text(recipe_toml(wanted, tmp_path), encoding="utf-8")
    found = read_recipe(path)
    assert (found.append_fields, found.balance_within, found.label_weights) == (("target",), "target", {"for": 0.5})
    path.write_text(path.read_text().replace('"balanced"', '"none"'), encoding="utf-8")
    with pytest.raises(RecipeError, match="balance_within"):
        read_recipe(path)


def test_command(file, tmp_path):
    model = tmp_path / "m.joblib"
    run("train", file, "--append-field", "target", "--folds", 2, "--out", model)
    card = model.with_suffix(".md").read_text(encoding="utf-8")
    assert "behind the text, each after a space: target." in card
    assert "diplomatic" not in card and "Arabic news" not in card  # it is the user's own model, not one of ours
    out, _ = run("evaluate", file, "--model", model, "--slice", "target", "--format", "json")
    assert {s["value"]: s["n"] for s in json.loads(out)["slices"]} == {"dam": 8, "road": 12}


def test_a_file_that_weighs_double_counts_as_if_it_were_there_twice(file, tmp_path):
    head, *rows = file.read_text("utf-8").splitlines()
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("\n".join([head, *rows[::2]]), "utf-8")
    other.write_text("\n".join([head, *rows[1::2]]), "utf-8")
    wanted = recipe_for(one, labels=(str(one), str(other)), append_fields=("target",), class_weight=None, folds=0, file_weights={"other.csv": 2.0})
    trained = train(wanted)
    data, space = trained.data, trained.model.space
    double = np.array([name == "other.csv" for name in data.files])
    assert double.any() and not double.all()
    values = weighed(space, count_features(space, data.texts))
    rows_twice = np.concatenate([np.arange(len(data)), np.flatnonzero(double)])
    peer = LogisticRegression(C=wanted.C, max_iter=500, solver="newton-cg", tol=1e-6).fit(values[rows_twice], np.array(data.labels)[rows_twice])
    ours = trained.model.coefficients[1] - trained.model.coefficients[0]
    assert ours == pytest.approx(peer.coef_[0] if peer.classes_[1] == trained.model.labels[1] else -peer.coef_[0], abs=1e-5)
    path = tmp_path / "r.toml"
    path.write_text(recipe_toml(wanted, tmp_path), "utf-8")
    assert read_recipe(path).file_weights == {"other.csv": 2.0}
    with pytest.raises(RecipeError, match="file_weights names 'third.csv'; files there: one.csv, other.csv"):
        train(replace(wanted, file_weights={"third.csv": 2.0}))
    path.write_text("labels = ['one.csv']\n[classifier]\nfile_weights = 3", "utf-8")
    with pytest.raises(RecipeError, match="expected a table"):
        read_recipe(path)
