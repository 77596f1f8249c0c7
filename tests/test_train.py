from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

import stance
from stance.arabic.normalize import derive
from stance.errors import LabelError, RecipeError, StanceError
from stance.features.blocks import Block
from stance.features.space import learn_space
from stance.learn import fit
from stance.learn.card import render_card
from stance.learn.fit import count_features, held_out_logits
from stance.learn.metrics import expected_calibration_error, macro_f1_interval, summarize
from stance.learn.recipe import Recipe, parse_size, read_recipe
from stance.learn.run import run_training
from stance.learn.train import fit_temperature, read_data, train
from stance.present.training import show_training

LABELS = str(ROOT / "labels" / "free.jsonl")


def small(**changes):
    settings = {
        "name": "small", "labels": (LABELS,), "scheme": "default", "C": 5.0, "folds": 3,
        "blocks": (Block("word", (1, 2), min_df=2, sublinear_tf=True), Block("char_wb", (3, 4), min_df=3)),
    }  # fmt: skip
    return Recipe(**(settings | changes))


@pytest.fixture(scope="module")
def training():
    return train(small())


def test_equals_sklearn_end_to_end():
    """One block, no tricks: our training and inference against TfidfVectorizer and LogisticRegression."""
    ours = train(small(blocks=(Block("char_wb", (2, 4), min_df=2, sublinear_tf=True),), scheme="oppose"))
    x, y = ours.data.texts, ours.data.labels
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True, preprocessor=derive())
    peer = make_pipeline(vectorizer, LogisticRegression(C=5.0, class_weight="balanced", solver="newton-cg", tol=1e-6))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    theirs = f1_score(y, cross_val_predict(peer, x, y, cv=folds), average="macro")
    assert ours.metrics["macro_f1"] == pytest.approx(theirs, abs=0.01)
    peer.fit(x, y)
    order = [list(peer.classes_).index(label) for label in ours.model.labels]
    ours.model.temperature = 1.0
    assert np.abs(ours.model.predict_proba(x) - peer.predict_proba(x)[:, order]).max() < 0.005  # solvers stop at their tolerance, and we fit in float32


def test_held_out_logits_are_those_of_sklearn_fitted_to_the_other_texts(monkeypatch):
    """The naive way: vectoriser and regression anew for every fold, each with nothing but the fold's own texts."""
    monkeypatch.setattr(fit, "FOLD_TOLERANCE", 1e-6)  # to compare the optimum, not where two solvers stop before it
    recipe = small(blocks=(Block("char_wb", (2, 3), min_df=3, sublinear_tf=True),), scheme="oppose")
    data, normalizer = read_data(recipe), derive()
    texts, y = np.array(data.texts, dtype=object), np.array(data.labels)
    space = learn_space(data.texts, recipe.blocks, normalizer)
    folds = list(StratifiedKFold(3, shuffle=True, random_state=0).split(y, y))
    seen_once = np.zeros(len(y), dtype=int)
    for (seen, held), (rows, logits) in zip(
        folds, held_out_logits(space, count_features(space, data.texts), data, recipe, folds), strict=True
    ):
        vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), min_df=3, sublinear_tf=True, preprocessor=normalizer)
        peer = make_pipeline(vectorizer, LogisticRegression(C=5.0, class_weight="balanced", solver="newton-cg", tol=1e-7))
        peer.fit(texts[seen], y[seen])
        wanted = peer.decision_function(texts[held])[:, [list(peer.classes_).index(label) for label in data.scheme.labels]]
        assert np.array_equal(rows, held)
        assert np.abs(logits - wanted).max() < 0.002
        seen_once[rows] += 1
    assert (seen_once == 1).all()


@pytest.mark.parametrize("name", ["stance-ar", "stance-oppose-ar", "sentiment-ar"])
def test_exported_pipeline_agrees_to_a_millionth(name, own_sentences):
    model = stance.load(ROOT / "models" / f"{name}.joblib")
    texts = [*own_sentences[:150], "", "abc 123"]
    exported = model.to_sklearn()
    assert np.abs(exported.predict_proba(texts) - model.predict_proba(texts)).max() < 1e-6
    assert list(exported.predict(texts)) == [p.label for p in model.predict(texts)]


def test_two_labels_train_and_export(tmp_path):
    path = tmp_path / "x.tsv"
    rows = [f"{i} {w} كلمة\t{label}" for i in range(8) for w, label in (("نعم", "yes"), ("كلا", "no"))]
    path.write_text("body\tanswer\n" + "\n".join(rows), encoding="utf-8")
    recipe = Recipe(labels=(str(path),), task="answer", text_field="body", folds=2, blocks=(Block("word"),))
    model = train(recipe).model
    assert model.labels == ("no", "yes")
    assert [p.label for p in model.predict(["نعم", "كلا"])] == ["yes", "no"]
    assert np.abs(model.to_sklearn().predict_proba(["نعم", "x"]) - model.predict_proba(["نعم", "x"])).max() < 1e-6


def test_same_recipe_and_labels_give_the_same_bytes(training, tmp_path):
    again = train(small())
    training.model.save(tmp_path / "a.joblib")
    again.model.save(tmp_path / "b.joblib")
    assert (tmp_path / "a.joblib").read_bytes() == (tmp_path / "b.joblib").read_bytes()


def test_a_second_thread_changes_no_bit(training, monkeypatch):
    monkeypatch.setattr(fit, "FITS_AT_A_TIME", 1)
    alone = train(small())
    assert np.array_equal(alone.model.coefficients, training.model.coefficients)
    assert (alone.model.temperature, alone.metrics) == (training.model.temperature, training.metrics)


@pytest.mark.parametrize("name", ["stance-ar"])
def test_shipped_model_is_what_its_recipe_makes(name):
    shipped = stance.load(ROOT / "models" / f"{name}.joblib")
    made = train(replace(read_recipe(ROOT / "training" / f"{name}.toml"), folds=0)).model  # its figures are not compared
    assert made.info["data_fingerprint"] == shipped.info["data_fingerprint"]
    assert np.array_equal(made.space.vocabulary.fingerprints, shipped.space.vocabulary.fingerprints)
    # another processor may round the solver's sums otherwise
    assert np.allclose(made.coefficients, shipped.coefficients, atol=0.02)


def test_pruning_meets_the_size_and_says_what_it_cost(training, tmp_path, capsys):
    run = run_training(small(max_size=400_000), tmp_path / "small.joblib")
    assert run.model_path.stat().st_size <= 400_000
    assert run.training.model.info["pruned"]["after"] < len(training.model.space.vocabulary)
    assert run.training.metrics["macro_f1"] > training.metrics["macro_f1"] - 0.05
    pruned = run.training.model.info["pruned"]
    assert pruned["macro_f1_before"] == pytest.approx(training.metrics["macro_f1"])
    assert pruned["macro_f1_after"] == run.training.metrics["macro_f1"]
    sentence = f"{pruned['macro_f1_before']:.3f} before, {pruned['macro_f1_after']:.3f} after"
    assert sentence in run.card_path.read_text(encoding="utf-8")
    show_training(run, as_json=False)
    assert sentence in " ".join(capsys.readouterr().out.split())


def test_card_states_data_figures_and_fingerprint(training):
    card = render_card(training)
    for part in (training.data.fingerprint(), f"{training.metrics['macro_f1']:.3f}", "Not to be used", "| abstain |"):
        assert part in card


def test_card_says_that_finer_labels_were_fitted(training):
    assert "The regression tells" not in render_card(training)
    merged = train(small(scheme="default", merge="after", folds=0))
    assert merged.model.fine_labels == ("support", "neutral", "abstain", "oppose")
    assert "The regression tells support, neutral, abstain, oppose apart" in render_card(merged)


def test_temperature_recovers_a_known_one():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(3, p=p) for p in chances])
    assert fit_temperature(logits * 4.0, truth) == pytest.approx(4.0, rel=0.05)
    both, twice = np.vstack([logits * 4.0, logits]), np.concatenate([truth, truth])
    only_first = np.repeat([1.0, 1e-9], len(truth))  # texts of a file that counts for nothing
    assert fit_temperature(both, twice, only_first) == pytest.approx(fit_temperature(logits * 4.0, truth), rel=1e-3)
    assert fit_temperature(both, twice) < 3.5


def test_metrics_equal_sklearn_and_intervals_hold_the_figure():
    rng = np.random.default_rng(1)
    chances = rng.dirichlet([1, 1, 1], size=400)
    truth = [["a", "b", "c"][i] for i in rng.integers(0, 3, 400)]
    found = summarize(truth, chances, ("a", "b", "c"))
    guess = [["a", "b", "c"][i] for i in chances.argmax(axis=1)]
    assert found["macro_f1"] == pytest.approx(f1_score(truth, guess, average="macro"))
    low, high = found["macro_f1_interval"]
    assert low < found["macro_f1"] < high
    y = np.array([0, 1, 0, 1] * 50)
    assert macro_f1_interval(y, y, 2) == (1.0, 1.0)


def test_calibration_error_by_hand():
    correct, p = np.array([True, False, True, True]), np.array([0.95, 0.95, 0.55, 0.55])
    assert expected_calibration_error(correct, p) == pytest.approx((2 * 0.45 + 2 * 0.45) / 4)


WRONG = [
    ("colour = 1\nlabels=['x']", "unknown setting 'colour'"),
    ("labels = []", "labels is"),
    ("labels=['x']\n[classifier]\nC = 'strong'", r"classifier\.C is 'strong'; expected a number"),
    ("labels=['x']\n[validation]\nfolds = 99", r"validation\.folds is 99"),
    ("labels=['x']\nnormalization=['magic']", "unknown normalisation step 'magic'"),
    ("labels=['x']\n[[features]]\nanalyzer='cue'", "there is no lexicon"),
    ("labels=['x']\nlexicon=[3]", r"lexicon is \[3\]; expected a file or a list of files"),
    ("labels=['x']\nmax_size='big'", "size is 'big'"),
    ("labels = [", "not a TOML file"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_wrong_recipes_are_explained(tmp_path, text, message):
    path = tmp_path / "r.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=message):
        read_recipe(path)


def test_too_few_texts_of_a_label_is_said(tmp_path):
    path = tmp_path / "x.jsonl"
    rows = [{"text": f"نص رقم {i}", "stance": "neutral" if i else "support"} for i in range(9)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(LabelError, match="label 'support' has 1 text"):
        train(small(labels=(str(path),), folds=2))


def test_sizes_are_read():
    assert (parse_size("4MB"), parse_size("800kB"), parse_size(1234), parse_size("12b")) == (4_000_000, 800_000, 1234, 12)


def test_training_leaves_torch_alone():
    assert "torch" not in sys.modules


def test_notes_and_other_data_go_into_the_card_and_a_fault_in_them_leaves_no_file(tmp_path):
    (tmp_path / "notes.md").write_text("## Known failures\n\n- Irony.", encoding="utf-8")
    recipe = small(folds=0, notes=str(tmp_path / "notes.md"))
    other = tmp_path / "other.jsonl"
    rows = [{"text": "أيدت غانا القرار اليوم", "stance": "support"}, {"text": "امتنعت مالي عن التصويت أمس", "stance": "abstain"}]
    other.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    card = run_training(recipe, tmp_path / "a.joblib", on=[str(other)]).card_path.read_text(encoding="utf-8")
    assert "On other data: `other.jsonl`" in card and "2 texts on which nothing was trained" in card and "- Irony." in card
    with pytest.raises(RecipeError, match="notes is 'none.md'"):
        run_training(small(folds=0, notes="none.md"), tmp_path / "b.joblib")
    with pytest.raises(StanceError):
        run_training(recipe, tmp_path / "b.joblib", on=[str(tmp_path / "absent.jsonl")])
    assert not list(tmp_path.glob("*b.*"))
