from __future__ import annotations

import json
import re

import numpy as np
import pytest
from conftest import ROOT
from scipy.stats import bootstrap
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)  # fmt: skip
from test_cli import run

import stance
from stance.errors import DependencyError, LabelError
from stance.learn.confusion import accuracy, confusion_counts, interval, macro_f1, resample
from stance.learn.evaluate import evaluate_files, evaluate_model
from stance.learn.heldout import parse_mapping, read_heldout, scheme_of_model
from stance.learn.slices import slice_rows
from stance.learn.train import train
from stance.present.evaluation_html import evaluation_fragment, evaluation_page

WORDS = {"support": "أيدت مصر القرار", "oppose": "أدانت مصر القرار", "abstain": "امتنعت مصر عن التصويت", "neutral": "وصل الوفد إلى جنيف"}


@pytest.fixture(scope="module")
def data_file(tmp_path_factory):
    """A file of our own sentences whose labels are partly wrong, so that there is something to measure."""
    path = tmp_path_factory.mktemp("data") / "own.jsonl"
    rng = np.random.default_rng(5)
    lines = (ROOT / "labels" / "free.jsonl").read_text(encoding="utf-8").splitlines()[::4]
    records = [json.loads(line) for line in lines]
    names = list(WORDS)
    for i, record in enumerate(records):
        if rng.random() < 0.3:
            record["stance"] = names[rng.integers(4)]
        record["year"] = 2019 + i % 4
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def evaluated(data_file):
    model = stance.load("stance-oppose-ar")
    data = read_heldout([data_file], model)
    return model, data, evaluate_model(model, data, slices=["year", "length"])


def test_figures_equal_sklearn(evaluated):
    model, data, found = evaluated
    p = model.predict_proba(data.texts).astype(float)
    guess = [model.labels[i] for i in p.argmax(axis=1)]
    assert found.macro_f1.value == pytest.approx(f1_score(data.labels, guess, average="macro"))
    assert found.accuracy.value == pytest.approx(accuracy_score(data.labels, guess))
    assert found.confusion == confusion_matrix(data.labels, guess, labels=model.labels).tolist()
    wanted = precision_recall_fscore_support(data.labels, guess, labels=model.labels, zero_division=0)
    for i, label in enumerate(model.labels):
        m = found.per_label[label]
        assert [m["precision"].value, m["recall"].value, m["f1"].value, m["n"]] == pytest.approx([w[i] for w in wanted])
        assert m["f1"].low <= m["f1"].value <= m["f1"].high
    y = np.array([model.labels.index(x) for x in data.labels])
    one_hot = np.eye(4)[y]
    assert found.calibration.brier == pytest.approx(((p - one_hot) ** 2).sum(axis=1).mean())
    assert found.calibration.brier == pytest.approx(sum(brier_score_loss(one_hot[:, i], p[:, i]) for i in range(4)))
    assert found.calibration.log_loss == pytest.approx(log_loss(y, p / p.sum(axis=1, keepdims=True)), abs=1e-6)
    shares, means = calibration_curve(p.argmax(axis=1) == y, p.max(axis=1), n_bins=10)
    assert [b["correct"] for b in found.calibration.bins] == pytest.approx(shares.tolist())
    assert [b["probability"] for b in found.calibration.bins] == pytest.approx(means.tolist())
    assert sum(b["n"] for b in found.calibration.bins) == len(data)
    gap = sum(b["n"] * abs(b["correct"] - b["probability"]) for b in found.calibration.bins) / len(data)
    assert found.calibration.ece == pytest.approx(gap, abs=1e-6)


def test_slices_equal_sklearn_on_their_rows(evaluated):
    model, data, found = evaluated
    guess = np.array([p.label for p in model.predict(data.texts)])
    truth = np.array(data.labels)
    years = [s for s in found.slices if s.field == "year"]
    assert [s.value for s in years] == ["2019", "2020", "2021", "2022"]
    assert sum(s.n for s in found.slices if s.field == "length") == len(data)
    for s in years:
        rows = np.array([r["year"] == int(s.value) for r in data.records])
        there = sorted(set(truth[rows]))
        assert s.n == rows.sum()
        assert s.macro_f1.value == pytest.approx(f1_score(truth[rows], guess[rows], labels=there, average="macro"))
        assert s.accuracy.value == pytest.approx(accuracy_score(truth[rows], guess[rows]))


def test_intervals_are_those_of_scipys_bootstrap():
    rng = np.random.default_rng(1)
    y = rng.integers(3, size=250)
    guess = np.where(rng.random(250) < 0.6, y, rng.integers(3, size=250))
    draws = resample(confusion_counts(y, guess, 3), seed=0, resamples=4000)
    for ours, theirs in (
        (macro_f1, lambda a, b: f1_score(a, b, average="macro")),
        (accuracy, accuracy_score),
    ):
        peer = bootstrap((y, guess), theirs, paired=True, vectorized=False, n_resamples=1500, method="percentile", rng=0)
        low, high = peer.confidence_interval
        assert interval(ours(draws)) == pytest.approx((low, high), abs=0.012)


def test_worst_errors_are_errors_and_their_reasons_add_up(evaluated):
    model, data, found = evaluated
    gaps = []
    for case in found.worst:
        assert case.predicted == max(case.probabilities, key=case.probabilities.get) != case.truth
        assert data.labels[data.texts.index(case.text)] == case.truth
        gaps.append(case.probabilities[case.predicted] - case.probabilities[case.truth])
        e = stance.explain(case.text, model=model)
        best = max(e.contributions, key=lambda c: c.contributions[case.predicted] - c.contributions[case.truth])
        assert case.reasons[0]["feature"] == best.feature
    assert gaps == sorted(gaps, reverse=True)


def test_finer_labels_merge_as_the_scheme_says(data_file):
    found = evaluate_files([data_file], stance.load("stance-ar"))
    assert set(found.per_label) == {"support", "neutral", "abstain"}
    assert scheme_of_model(stance.load("stance-ar")).view("oppose") == "neutral"


@pytest.mark.parametrize("merge", ["before", "after"])
def test_a_model_remembers_the_merging_of_a_scheme_of_ones_own(tmp_path, data_file, merge):
    (tmp_path / "mine.toml").write_text('task = "stance"\nlabels = ["yes", "no"]\n[merge]\nsupport = "yes"\noppose = "no"\n'
                                        'abstain = "no"\nneutral = "no"\n', encoding="utf-8")  # fmt: skip
    from test_train import small

    model = train(small(scheme=str(tmp_path / "mine.toml"), folds=0, merge=merge)).model
    model.save(tmp_path / "m.joblib")
    found = evaluate_files([data_file], stance.load(tmp_path / "m.joblib"))
    assert list(found.per_label) == ["yes", "no"]
    assert all(case.reasons for case in found.worst)
    assert found.worst


def test_slices_by_kind_of_value():
    texts = ["ا" * n for n in (5, 150, 250, 400)]
    assert list(slice_rows("length", [{}] * 4, texts)) == ["1 to 100 characters", "101 to 200 characters", "201 to 300 characters", "over 300 characters"]
    rows = slice_rows("d", [{"d": "2020-01-02"}, {"d": "2019-05-05T10:00"}, {"d": None}, {}], texts)
    assert rows == {"2019": [1], "2020": [0], "(none)": [2, 3]}
    assert slice_rows("tags", [{"tags": ["a", "b"]}, {"tags": ["b"]}], texts[:2]) == {"a": [0], "b": [0, 1]}
    many = slice_rows("x", [{"x": i / 2} for i in range(40)], ["ا"] * 40)
    assert [len(r) for r in many.values()] == [10, 10, 10, 10]
    assert next(iter(many)) == "below 5"
    assert list(slice_rows("y", [{"y": str(1990 + i)} for i in range(15)], ["ا"] * 15)) == [str(1990 + i) for i in range(15)]
    scattered = slice_rows("id", [{"id": f"s{i}"} for i in range(50)] + [{"id": "often"}] * 9, ["ا"] * 59)
    assert {name: len(r) for name, r in scattered.items()} == {"often": 9, "(others)": 50}
    with pytest.raises(LabelError, match="no record has this field; fields there: a"):
        slice_rows("b", [{"a": 1}], ["ا"])


def test_ones_own_columns_and_labels(tmp_path):
    rows = [(w, {"support": "Favor", "oppose": "Against", "neutral": "None", "abstain": "Skip"}[k]) for k, w in WORDS.items()]
    text = "post\tview\n" + "\n".join(f"{w} {i}\t{k}" for i in range(3) for w, k in rows)
    (tmp_path / "x.tsv").write_text(text, encoding="utf-8")
    arguments = ("evaluate", tmp_path / "x.tsv", "--scheme", "oppose", "--text-field", "post", "--label-field", "view")
    _, err = run(*arguments, code=3)
    assert "12 fault(s)" in err
    assert "'Favor' (3)" in err
    assert "--map" in err
    out, _ = run(*arguments, "--map", "Favor=support", "--map", "Against=oppose", "--map", "None=neutral", "--map", "Skip=", "--format", "json")
    found = json.loads(out)
    assert (found["n"], found["skipped"]) == (9, 3)
    assert found["per_label"]["oppose"]["n"] == 3
    assert set(found["macro_f1"]) == {"value", "interval"}
    _, err = run(*arguments, "--map", "Favor", code=3)
    assert 'expected "OLD=NEW"' in err
    assert parse_mapping(["a = b", "x=y=z"]) == {"a": "b", "x=y": "z"}


def test_texts_with_two_labels_are_refused_or_left_out(tmp_path):
    (tmp_path / "x.csv").write_text("text,stance\nأيد,support\nأيد,oppose\nأيد,support\nوصل,neutral\n", encoding="utf-8")
    model = stance.load("stance-oppose-ar")
    with pytest.raises(LabelError, match="--skip-conflicts"):
        read_heldout([tmp_path / "x.csv"], model)
    data = read_heldout([tmp_path / "x.csv"], model, skip_conflicts=True)
    assert data.texts == ["وصل"]
    assert data.conflicting + data.repeated == 3


def test_command_and_page(tmp_path, data_file):
    out, _ = run("evaluate", data_file, "--slice", "year", "--html", tmp_path / "e.html", "--worst", "2")
    assert "macro-F1" in out
    assert "\x1b" not in out
    page = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert not re.search(r"<script|<link|\bsrc=|@import|url\(http|<!DOCTYPE svg", page)
    assert "currentColor" in page
    assert 'dir="auto"' in page
    _, err = run("evaluate", data_file, "--slice", "nothing", code=3)
    assert "--slice nothing" in err
    assert stance.evaluate(data_file, worst=0).to_dict() == stance.evaluate([data_file], worst=0).to_dict()


def test_pages_say_what_is_missing(evaluated, monkeypatch):
    import sys

    from stance.present import html

    _, _, found = evaluated
    assert "macro-F1" in evaluation_fragment(found)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DependencyError, match=r"diplomatic-stance\[plots\]"):
        evaluation_page(found)
    html._environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(DependencyError, match=r"diplomatic-stance\[html\]"):
        evaluation_fragment(found)
    html._environment.cache_clear()
