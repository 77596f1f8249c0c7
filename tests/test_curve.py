from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from test_cli import run
from test_train import LABELS, small

from stance.errors import DocumentError, LabelError
from stance.learn.curve import _curve, default_sizes, learning_curve, nested_order, parse_sizes
from stance.learn.train import fit_once, prepare, read_data
from stance.present.curve import curve_fragment, save_plot


@pytest.fixture(scope="module")
def recipe():
    return small()


@pytest.fixture(scope="module")
def data(recipe):
    return read_data(recipe)


def test_every_beginning_of_the_order_keeps_the_shares():
    labels = ["a"] * 600 + ["b"] * 300 + ["c"] * 100
    order = nested_order(labels, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(1000))
    for size in (20, 100, 500):
        shares = [sum(labels[i] == x for i in order[:size]) / size for x in "abc"]
        assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.08)
    assert default_sizes(1000) == [125, 250, 500, 1000]
    assert parse_sizes("500, 1000 2000") == [500, 1000, 2000]
    with pytest.raises(LabelError, match="expected whole numbers"):
        parse_sizes("many")


def test_full_size_equals_a_plain_cross_validation(data, recipe):
    found = learning_curve(data, recipe, seed=3)
    assert [p.n for p in found.points] == sorted(p.n for p in found.points)
    y, texts, guess = np.array(data.labels), np.array(data.texts, dtype=object), np.empty(len(data), dtype=object)
    size = found.points[-1].n
    rng = np.random.default_rng(3)
    for seen, held in StratifiedKFold(5, shuffle=True, random_state=3).split(y, y):
        rows = seen[nested_order(y[seen], rng)][:size]
        model = fit_once(data, rows.tolist(), recipe, *prepare(recipe))
        guess[held] = [p.label for p in model.predict(texts[held].tolist())]
    assert found.points[-1].macro_f1.value == pytest.approx(f1_score(y, guess.astype(str), average="macro"))
    per_label = f1_score(y, guess.astype(str), average=None, labels=data.scheme.labels)
    assert list(found.points[-1].f1.values()) == pytest.approx(per_label.tolist())
    assert found.points[0].macro_f1.value < found.points[-1].macro_f1.value
    again = learning_curve(data, recipe, seed=3)
    assert again == found


def test_intervals_are_those_of_scipys_bootstrap():
    rng = np.random.default_rng(2)
    y = rng.integers(3, size=300)
    half, whole = (np.where(rng.random(300) < p, y, rng.integers(3, size=300)) for p in (0.5, 0.6))
    found = _curve("x", [150, 300], y, np.stack([half, whole])[:, None, :], ["a", "b", "c"], 3, False, 1, 0)
    for point, guess in zip(found.points, (half, whole), strict=True):
        assert point.macro_f1.value == pytest.approx(f1_score(y, guess, average="macro"))

    def gain(t, a, b):
        return f1_score(t, b, average="macro") - f1_score(t, a, average="macro")

    peer = bootstrap((y, half, whole), gain, paired=True, vectorized=False, n_resamples=1000, method="percentile", rng=0)
    low, high = peer.confidence_interval
    assert found.gain.value == pytest.approx(gain(y, half, whole))
    assert (found.gain.low, found.gain.high) == pytest.approx((low, high), abs=0.015)


def test_measuring_on_other_texts(data, recipe):
    on = read_data(small(labels=(str(LABELS).replace("free", "regions"),)))
    found = learning_curve(data, recipe, on=on, sizes=[200, 400, len(data)], repeats=2)
    model = fit_once(data, range(len(data)), recipe, *prepare(recipe))
    order = nested_order(data.labels, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(len(data)))
    guess = [p.label for p in model.predict(on.texts)]
    assert found.points[-1].macro_f1.value == pytest.approx(f1_score(on.labels, guess, average="macro"), abs=0.01)
    assert found.n_test == len(on)
    assert "other texts" in found.conclusion


def test_conclusions_follow_the_gain():
    from stance.learn.confusion import Estimate
    from stance.learn.curve import _conclusion

    for gain, words in (
        (Estimate(0.03, 0.01, 0.05), "would probably still help"), (Estimate(0.0, -0.005, 0.005), "would hardly help"),
        (Estimate(0.01, -0.01, 0.03), "It is not shown"), (Estimate(-0.03, -0.05, -0.01), "made it worse"),
    ):  # fmt: skip
        assert words in _conclusion([], gain, (500, 1000), "10 texts")
    assert "nothing is said" in _conclusion([], None, None, "10 texts")


def test_sizes_out_of_range_are_named(data, recipe, tmp_path):
    with pytest.raises(LabelError, match="expected sizes from 2 to"):
        learning_curve(data, recipe, sizes=[10**6])
    with pytest.raises(LabelError, match="no text labelled"):
        learning_curve(data, recipe, sizes=[2])
    found = learning_curve(data, recipe, sizes=[200, 400])
    with pytest.raises(DocumentError, match=r"expected one of: \.svg, \.png, \.pdf"):
        save_plot(found, tmp_path / "x.doc")
    save_plot(found, tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert "F1 support" in curve_fragment(found)


def test_command_and_page(tmp_path):
    (tmp_path / "r.toml").write_text(f'labels = ["{LABELS}"]\nscheme = "default"\n', encoding="utf-8")
    out, _ = run("learning-curve", tmp_path / "r.toml", "--sizes", "150,300", "--html", tmp_path / "c.html", "--format", "json")
    found = json.loads(out)
    assert [p["n"] for p in found["points"]] == [150, 300]
    assert set(found["gain"]) == {"value", "interval"}
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert not re.search(r"<script|<link|\bsrc=|@import|url\(http", page)
    _, err = run("learning-curve", tmp_path / "r.toml", "--sizes", "1000000", code=3)
    assert "expected sizes from 2" in err
