from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from conftest import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli import ABSTAIN, SUPPORT, run

import stance
import stance.model.weights
from stance.arabic.align import align
from stance.arabic.normalize import Normalizer, derive
from stance.articles.documents import Document
from stance.articles.scoring import score_documents
from stance.errors import StanceError
from stance.features.blocks import Analysis, feature_name
from stance.features.locate import locate
from stance.model.classifier import merge_logits
from stance.present.article_html import article_page
from stance.present.explanation import explanation_view, weights_view
from stance.present.explanation_html import (
    explanation_fragment,
    explanation_page,
    weights_fragment,
    weights_page,
)
from stance.present.shades import LEVELS, shade_levels, shaded_runs
from stance.present.tables import console

DRESSED = "أعربَ وزيرُ الخارجيّة عن دعـمه لوحدة ليبيا، وامتنع عن التصويت ﷺ e\u0301"
NAMES = ["stance-ar", "stance-oppose-ar", "sentiment-ar"]


@pytest.fixture(scope="module")
def normalizer():
    return derive()


@pytest.mark.parametrize("text", [*HOSTILE, DRESSED, "각 \u1100\u1161\u11a8", "ﻻﷲ\u064b", "ᾼΣ ﷽Σ"])
def test_aligned_text_is_the_normalised_text(normalizer, text):
    found = align(text, normalizer)
    assert found.text == normalizer(text)
    assert len(found.start) == len(found.stop) == len(found.text)
    assert np.all(found.start < found.stop)
    assert np.all(np.diff(found.start) >= 0)
    assert found.stop.max(initial=0) <= len(text)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("ابتأإآةىـًٌّْﻻﷺ\u0301\u1161\u11a8Σ ")), max_size=30))
def test_alignment_holds_for_any_text(text):
    normalizer = stance.load("stance-ar").space.normalizer
    found = align(text, normalizer)
    assert found.text == normalizer(text)
    covered = np.zeros(len(text), dtype=bool)
    for a, b in zip(found.start, found.stop, strict=True):
        covered[a:b] = True
    for i in np.flatnonzero(~covered):  # only what normalisation deletes, beside no letter, belongs to nobody
        assert normalizer(text[i]) == "" or normalizer(text[i - 1 : i + 1]) == normalizer(text[i - 1])


def test_a_vowel_sign_belongs_to_its_letter(normalizer):
    found = align("دعـمَه", normalizer)
    assert found.text == "دعمه"
    assert found.span(0, 4) == (0, 6)
    assert found.span(1, 3) == (1, 5)
    plain = align("a b", Normalizer())
    assert plain.span(1, 2) is None
    assert plain.span(0, 2) == (0, 1)


def test_places_hold_the_features_they_are_given_for(own_sentences):
    space = stance.load("stance-ar").space
    for text in [*own_sentences[:60], *HOSTILE]:
        analysis = space.analysis(text)
        for block in space.blocks:
            for feature, places in locate(analysis, block):
                read = [analysis.text[a:b] for a, b in places]
                if block.analyzer == "char_wb":
                    assert "".join(read) == feature[0].strip()
                elif block.analyzer == "word":
                    assert all(r == f or re.fullmatch("<.*>", f) for r, f in zip(read, feature, strict=True))
                elif block.analyzer == "cue":
                    assert len(read) == 2
                    assert feature[2] in read or feature[2].startswith("<")


@pytest.mark.parametrize("name", NAMES)
def test_contributions_and_intercept_are_the_logit(name, own_sentences):
    model = stance.load(name)
    texts = [*own_sentences[::40], *HOSTILE, DRESSED]
    logits = model.decision_function(texts)
    proba = model.predict_proba(texts)
    for text, row, shares in zip(texts, logits, proba, strict=True):
        e = stance.explain(text, model=model)
        merged = merge_logits(np.array([list(e.logits.values())]), model.places)[0]
        assert merged == pytest.approx(row, abs=2e-5)  # the compiled kernel multiplies in single precision
        for label in model.fine_labels:
            total = e.intercepts[label] + sum(c.contributions[label] for c in e.contributions)
            assert total == pytest.approx(e.logits[label], abs=1e-10)
            assert total / e.temperature == pytest.approx(e.calibrated_logits[label], abs=1e-10)
            placed = sum(c.contributions[label] for c in e.contributions if c.spans)
            weights = e.character_weights(label)
            assert weights.shape == (len(text),)
            assert weights.sum() == pytest.approx(placed, abs=1e-9)
        for label, share in zip(model.labels, shares, strict=True):
            finer = [x for x in model.fine_labels if model.coarse(x) == label]
            assert sum(e.probabilities[x] for x in finer) == pytest.approx(share, abs=1e-5)
        assert e.predicted == model.labels[merged.argmax()]
        assert model.coarse(e.label) == e.predicted


def test_equals_coefficients_times_values_of_the_sklearn_export():
    model = stance.load("stance-oppose-ar")
    pipeline = model.to_sklearn()
    row = pipeline["features"].transform([DRESSED])
    names = [n.split("__", 1)[1] for n in pipeline["features"].get_feature_names_out()]
    blocks = [n.split("__", 1)[0].split("-")[1] for n in pipeline["features"].get_feature_names_out()]
    e = stance.explain(DRESSED, model=model, label="support")
    wanted = {
        (blocks[j], names[j]): float(v * pipeline["classifier"].coef_[0, j] * model.temperature)
        for j, v in zip(row.indices, row.data, strict=True)
    }
    assert {(c.block, c.feature): c.contribution for c in e.contributions} == pytest.approx(wanted, abs=1e-9)


def test_contributions_know_their_words():
    e = stance.explain(ABSTAIN)
    assert e.label == "abstain"
    assert list(e.contributions) == sorted(e.contributions, key=lambda c: -abs(c.contribution))
    words = {w: x for w, _, _, x in e.words()}
    assert words["امتنعت"] == max(words.values())
    assert all(e.text[a:b] == w for w, a, b, _ in e.words())
    assert {c.feature.split()[0] for c in e.without_span} == {"count"}
    other = e.for_label("support")
    assert other.contributions[0].contribution == other.contributions[0].contributions["support"]
    assert other.logits == e.logits
    with pytest.raises(StanceError, match="no such label; expected one of: support, neutral, abstain"):
        stance.explain(ABSTAIN, label="war")
    with pytest.raises(TypeError, match="expected a text"):
        stance.explain(["نص"])


def test_unknown_and_pruned_features_add_nothing():
    model = stance.load("stance-ar")
    e = stance.explain("qzxqzx", model=model)
    assert [c.feature for c in e.contributions] == ["count 0"]
    assert e.n_unknown > 0
    assert not e.character_weights().any()
    kept = np.ones(len(model.space.vocabulary), dtype=bool)
    best = stance.explain(ABSTAIN, model=model).contributions[0]
    names = model.space.vocabulary.names(model.space.blocks)
    kept[[i for i, n in enumerate(names) if n == best.feature]] = False
    space = type(model.space)(
        model.space.blocks, model.space.normalizer, model.space.lexicon, model.space.runs, model.space.vocabulary.keep(kept)
    )
    pruned = stance.Model(
        model.name, model.task, model.scheme, model.labels, space, model.coefficients[:, kept], model.intercepts,
        fine_labels=model.fine_labels, merge=model.merge,
    )  # fmt: skip
    found = stance.explain(ABSTAIN, model=pruned)
    assert best.feature not in [c.feature for c in found.contributions]
    assert found.logits["abstain"] == pytest.approx(pruned.decision_function([ABSTAIN])[0, 2], abs=2e-5)


def test_learned_weights_are_the_largest_coefficients():
    model = stance.load("stance-oppose-ar")
    found = model_weights = stance.model.weights.learned_weights(model, 7)
    for row, label in enumerate(model.labels):
        wanted = np.sort(model.coefficients[row])
        assert [f.weight for f in found.toward[label]] == pytest.approx(wanted[::-1][:7].tolist())
        assert [f.weight for f in found.away[label]] == pytest.approx(wanted[:7].tolist())
    names = model.space.vocabulary.names(model.space.blocks)
    kinds = [b.analyzer for b in model.space.blocks]
    first = model_weights.toward["oppose"][0]
    at = [i for i, n in enumerate(names) if n == first.feature and kinds[model.space.vocabulary.block[i]] == first.block]
    assert model.coefficients[1, at[0]] == pytest.approx(first.weight)
    only = stance.model.weights.learned_weights(model, 3, "cue")
    assert {f.block for side in only.toward.values() for f in side} == {"cue"}
    with pytest.raises(StanceError, match="has: char_wb, word, cue, outline"):
        stance.model.weights.learned_weights(model, 3, "bpe")


def test_shades_are_runs_of_the_text():
    weights = np.array([0.0, 1.0, 0.5, -1.0, 0.05])
    levels = shade_levels(weights)
    assert levels.tolist() == [0, LEVELS, 2, -LEVELS, 0]
    assert "".join(run for run, _ in shaded_runs("abcde", levels)) == "abcde"
    assert not shade_levels(np.zeros(3)).any()


def test_pages_are_self_contained_and_escape_the_text():
    e = stance.explain('<script>alert("x")</script> ' + ABSTAIN)
    for page in (explanation_page(e), explanation_fragment(e), e._repr_html_(), weights_page(stance.model.weights.learned_weights(stance.load(), 5))):
        assert "<script" not in page
        assert not re.search(r"(src|href)\s*=|url\(|@import", page)
    shown = re.sub(r"<[^>]+>", "", re.search(r'<div class="sentence" dir="auto">(.*?)</div>', explanation_page(e), re.S)[1])
    assert shown == e.text.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")


def test_command_prints_table_json_and_page(tmp_path):
    out, _ = run("explain", ABSTAIN, "--html", tmp_path / "e.html")
    assert "\x1b" not in out
    assert "before temperature" in out
    assert "التصويت" in out
    assert "prefers-color-scheme: dark" in (tmp_path / "e.html").read_text(encoding="utf-8")
    out, _ = run("explain", SUPPORT, "--scheme", "oppose", "--label", "oppose", "--format", "json")
    found = json.loads(out)
    total = found["intercepts"]["oppose"] + sum(c["contribution"] for c in found["contributions"])
    assert total == pytest.approx(found["logits"]["oppose"], abs=1e-9)
    assert len(found["character_weights"]) == len(SUPPORT)
    out, _ = run("explain", "--global", "--top", "3", "--format", "json", "--task", "sentiment")
    assert [len(v) for v in json.loads(out)["toward"].values()] == [3, 3, 3]
    out, _ = run("explain", "--global", "--top", "2", "--block", "word")
    assert "towards it" in out
    _, err = run("explain", code=2)
    assert "give either one sentence, or --global" in err
    _, err = run("explain", SUPPORT, "--label", "war", code=1)
    assert "no such label" in err
    _, err = run("explain", SUPPORT, "--html", tmp_path / "no" / "e.html", code=5)
    assert "give a file in an existing folder" in err


MERGED = [
    (("support", "neutral", "abstain"), {"oppose": "neutral"}),
    (("support", "other"), {"oppose": "other", "abstain": "other", "neutral": "other"}),  # its name is no finer label's
]
OPPOSE = "أدانت فرنسا الهجوم ورفضت القرار."


@pytest.mark.parametrize(("labels", "merge"), MERGED)
def test_labels_that_take_finer_ones_together_are_explained_in_these(labels, merge, capsys):
    model = replace(stance.load("stance-oppose-ar"), labels=labels, merge=merge, temperature=1.7)
    found, e = model.predict(OPPOSE), stance.explain(OPPOSE, model=model)
    assert (e.label, e.predicted) == ("oppose", labels[1]) == ("oppose", found.label)
    assert list(e.reported) == list(labels)
    assert e.reported == pytest.approx(found.probabilities, abs=1e-5)
    assert e.strongest(labels[1]) == "oppose"
    assert e.strongest("support") == "support"
    if labels[1] == "other":
        assert stance.explain(OPPOSE, model=model, label="other").label == "oppose"
    assert stance.explain(OPPOSE, model=model, label="neutral").label == "neutral"
    sum_of_finer = f"{labels[1]} {found.probability:.2f} = "
    console().print(explanation_view(e))
    shown = capsys.readouterr().out
    assert f"{labels[1]}  support {found.probabilities['support']:.2f}" in shown
    for view in (shown, explanation_page(e), explanation_fragment(e)):
        assert sum_of_finer in view
        assert "after temperature" not in view  # only merged logits are divided by it
    assert f"<h1>{labels[1]} with probability {found.probability:.2f}</h1>" in explanation_page(e)


def test_what_a_merging_model_has_learnt_says_what_counts_as_what(capsys):
    labels, merge = MERGED[1]
    model = replace(stance.load("stance-oppose-ar"), labels=labels, merge=merge)
    found = stance.model.weights.learned_weights(model, 3)
    assert found.to_dict()["merged"] == merge
    console().print(weights_view(found))
    shown = capsys.readouterr().out
    for view in (shown, weights_page(found), weights_fragment(found)):
        assert "oppose, neutral, abstain as other" in view or "oppose, abstain, neutral as other" in view
        assert view.count("counts as other") == 3
    plain = stance.model.weights.learned_weights(stance.load("stance-oppose-ar"), 3)
    assert plain.merged == {} and "counts" not in weights_page(plain)


@pytest.mark.parametrize(("labels", "merge"), MERGED)
def test_a_report_says_which_finer_label_it_explains(labels, merge):
    model = replace(stance.load("stance-oppose-ar"), labels=labels, merge=merge)
    page = article_page(next(score_documents([Document("x", OPPOSE)], model)))
    details = json.loads(re.search(r'id="details">(.*?)</script>', page)[1])["a0-s0"]
    assert (details["label"], details["explained"]) == (labels[1], "oppose")
    best = stance.explain(OPPOSE, model=model).contributions[0]
    assert details["ngrams"][0][1] == round(best.contributions["oppose"], 3)


def test_names_of_features_are_those_of_the_vocabulary():
    space = stance.load("stance-ar").space
    for block in space.blocks:
        for feature, _ in locate(Analysis("دعم"), block):
            assert feature_name(block, feature)
