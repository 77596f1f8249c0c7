"""What the finder of actors learns from: marked spans, variations, patterns, and the recipe that names them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from scipy.optimize import check_grad
from scipy.sparse import csr_matrix

from stance.actors.ranker import shipped_finder
from stance.errors import LabelError, RecipeError
from stance.learn.actor_patterns import patterned
from stance.learn.actors import SpanRecord, read_spans, varied
from stance.learn.actors_run import read_actor_recipe, run_actor_training
from stance.learn.conditional import conditional_loss, fit_choice

RECIPE = ROOT / "training" / "actors-ar.toml"


def test_the_shipped_recipe_reads_and_the_shipped_model_is_of_it() -> None:
    settings = read_actor_recipe(RECIPE)
    records = read_spans(settings["labels"], settings["spans"])
    made = patterned(settings["patterns"])
    info = shipped_finder().info
    assert len(records) >= info["sentences"] > 1000
    assert len(made) == info["patterned"]
    assert sum(bool(r.target) for r in read_spans(settings["target_labels"])) == info["of_targets"] > 1000
    for text, stance_, (holder,), target in made:
        assert holder in text
        assert target in text
        assert "{" not in text
        assert stance_ in ("support", "oppose", "abstain")


def test_patterns_are_filled_alike_every_time() -> None:
    path = ROOT / "labels" / "spans" / "patterns.toml"
    assert patterned(path) == patterned(path)
    assert patterned(path, seed=1) != patterned(path)


@pytest.mark.parametrize(
    ("pattern", "reason"), [("قال {state} ذلك", "has no holder"), ("قال {H:nothing} ذلك", "no list named 'nothing'")]
)
def test_a_broken_pattern_is_named(tmp_path: Path, pattern: str, reason: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(f'[fill]\nstate = ["كينيا"]\n[[pattern]]\nstance = "support"\ntext = ["{pattern}"]\n', encoding="utf-8")
    with pytest.raises(RecipeError, match=reason):
        patterned(path)


def test_variations_say_the_same_with_less() -> None:
    record = SpanRecord("وأكد وزير الخارجية الكيني بيتر هارمان دعمه للهدنة.", "support", ("وزير الخارجية الكيني بيتر هارمان",), "للهدنة")
    records = varied([record] * 30, shipped_finder().phraser)
    assert all(a in r.text for r in records for a in r.actors)
    assert any(len(r.actors[0].split()) == 1 and r.actors[0] not in record.text for r in records)  # a bare surname
    assert any(r.actors == ("وأكد",) and "وزير" not in r.text for r in records)  # the verb stands for the holder
    assert any(r.text.startswith(r.actors[0]) for r in records)  # a headline


def test_spans_must_stand_in_their_texts(tmp_path: Path) -> None:
    labels, spans = tmp_path / "l.jsonl", tmp_path / "s.jsonl"
    labels.write_text(json.dumps({"id": "a", "text": "رحبت كينيا بالهدنة", "stance": "support"}) + "\n", encoding="utf-8")
    spans.write_text(json.dumps({"id": "a", "actors": ["كينيا"], "target": "بالهدنة"}) + "\n", encoding="utf-8")
    assert read_spans([labels], [spans]) == [SpanRecord("رحبت كينيا بالهدنة", "support", ("كينيا",), "بالهدنة")]
    spans.write_text(json.dumps({"id": "a", "actors": ["تونس"], "target": ""}) + "\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"l.jsonl:1: 'تونس' does not stand in the text"):
        read_spans([labels], [spans])
    spans.write_text(json.dumps({"id": "b", "actors": ["تونس"]}) + "\n", encoding="utf-8")
    with pytest.raises(LabelError, match="none of the label files, first 'b'"):
        read_spans([labels], [spans])
    labels.write_text("{\n", encoding="utf-8")
    with pytest.raises(LabelError, match="l.jsonl:1: expected a JSON record"):
        read_spans([labels])


def test_the_loss_has_its_gradient() -> None:
    rng = np.random.default_rng(0)
    rows = csr_matrix(rng.random((9, 4)))
    answer = np.array([1, 0, 0, 0, 1, 1, 0, 0, 1], dtype=bool)
    loss = conditional_loss(rows, answer, np.array([3, 4, 2]), 0.5)
    assert check_grad(lambda w: loss(w)[0], lambda w: loss(w)[1], rng.random(4)) < 1e-5


def test_the_choice_is_learnt() -> None:
    sentences = [[(["good"], True, False), (["bad"], False, True), (["bad", "rare"], False, False)]] * 20
    weights = fit_choice(sentences, 1.0)
    assert weights["actor"]["good"] > 0.5 > weights["actor"]["bad"]
    assert weights["target"]["bad"] > weights["target"]["good"]


def test_sentences_for_targets_teach_nothing_of_actors() -> None:
    first = [[(["good"], True, False), (["bad"], False, True), (["bad", "rare"], False, False)]] * 20
    more = [[(["good"], False, False), (["bad"], False, False), (["rare"], False, True)]] * 40
    alone, both = fit_choice(first, 1.0), fit_choice([*first, *more], 1.0)
    assert both["actor"] == pytest.approx(alone["actor"], abs=1e-3)
    assert both["target"]["rare"] > alone["target"]["rare"] + 0.5


def test_a_recipe_with_a_fault_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    for text, reason in (("x = 1", "missing or unknown"), ("= 1", "not a TOML file")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(RecipeError, match=reason):
            read_actor_recipe(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        read_actor_recipe(tmp_path / "none.toml")
    with pytest.raises(RecipeError, match=r"ending in \.joblib"):
        run_actor_training(RECIPE, tmp_path / "x.pkl")
