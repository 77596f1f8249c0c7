from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import f1_score
from statsmodels.stats.contingency_tables import mcnemar
from test_cli import run
from test_evaluate import data_file as data_file  # noqa: PLC0414

import stance
from stance.errors import StanceError
from stance.learn.compare import common_scheme, compare_files, mcnemar_exact
from stance.learn.heldout import read_heldout
from stance.present.comparison import comparison_fragment, comparison_page


@pytest.fixture(scope="module")
def models():
    return stance.load("stance-ar"), stance.load("stance-oppose-ar")


@pytest.fixture(scope="module")
def compared(models, data_file):
    return compare_files(*models, [data_file])


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (1, 0), (5, 5), (3, 12), (40, 21), (0, 9)])
def test_mcnemar_equals_statsmodels(only_a, only_b):
    wanted = mcnemar([[50, only_a], [only_b, 7]], exact=True).pvalue if only_a + only_b else 1.0
    assert mcnemar_exact(only_a, only_b) == pytest.approx(min(wanted, 1.0))


def test_labels_are_those_of_the_coarser_model(models):
    assert common_scheme(*models).labels == common_scheme(*models[::-1]).labels == ("support", "neutral", "abstain")
    with pytest.raises(StanceError, match="cannot be compared"):
        common_scheme(models[0], stance.load("sentiment-ar"))


def test_figures_equal_sklearn_and_scipy(models, compared, data_file):
    a, b = models
    scheme = common_scheme(a, b)
    data = read_heldout([data_file], a)
    truth = np.array(data.labels)
    ga = np.array([p.label for p in a.predict(data.texts)])
    gb = np.array([scheme.view(p.label) for p in b.predict(data.texts)])
    f1 = [f1_score(truth, g, average="macro") for g in (ga, gb)]
    assert [compared.macro_f1_a.value, compared.macro_f1_b.value] == pytest.approx(f1)
    assert compared.difference.value == pytest.approx(f1[1] - f1[0])
    right_a, right_b = ga == truth, gb == truth
    table = [[(right_a & right_b).sum(), (right_a & ~right_b).sum()], [(~right_a & right_b).sum(), (~right_a & ~right_b).sum()]]
    assert [[compared.both, compared.only_a], [compared.only_b, compared.neither]] == table
    assert compared.mcnemar_p == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert sum(d.n for d in compared.differences) == (ga != gb).sum()
    assert sum(d.n for d in compared.differences if d.kind == "only A is right") == compared.only_a
    for d in compared.differences:
        for text in d.examples:
            i = data.texts.index(text)
            assert (truth[i], ga[i], gb[i]) == (d.truth, d.a, d.b)

    def difference(t, x, y):
        return f1_score(t, y, average="macro") - f1_score(t, x, average="macro")

    number = {label: i for i, label in enumerate(scheme.labels)}
    coded = tuple(np.array([number[x] for x in g]) for g in (truth, ga, gb))
    peer = bootstrap(coded, difference, paired=True, vectorized=False, n_resamples=800, method="percentile", rng=0)
    low, high = peer.confidence_interval
    assert (compared.difference.low, compared.difference.high) == pytest.approx((low, high), abs=0.006)


def test_a_model_against_itself(models, data_file):
    found = compare_files(models[0], models[0], [data_file])
    assert (found.difference.value, found.difference.low, found.difference.high, found.mcnemar_p) == (0, 0, 0, 1)
    assert found.differences == []
    assert "nothing tells them apart" in found.conclusion


def test_conclusions_follow_the_interval(compared):
    from stance.learn.compare import _conclusion
    from stance.learn.confusion import Estimate

    better = _conclusion("a", "b", 500, Estimate(0.05, 0.02, 0.08), 0.001, 20, 60)
    assert better.startswith("b is better than a on these 500 texts: macro-F1 higher by 0.050 (95% interval 0.020 to 0.080)")
    worse = _conclusion("a", "b", 500, Estimate(-0.05, -0.08, -0.02), 0.3, 60, 50)
    assert worse.startswith("a is better than b")
    assert "0.020 to 0.080" in worse
    assert "that test alone shows no difference" in worse
    assert _conclusion("a", "b", 500, Estimate(0.01, -0.02, 0.04), 0.4, 9, 12).startswith("No difference in macro-F1 is shown")
    assert (not compared.conclusion.startswith("No difference")) == (compared.difference.low > 0 or compared.difference.high < 0)


def test_command_and_page(tmp_path, data_file, compared):
    out, _ = run("compare", "stance-ar", "stance-oppose-ar", data_file, "--html", tmp_path / "c.html", "--examples", "1")
    assert compared.conclusion[:40] in out
    page = (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "McNemar" in page
    assert not re.search(r"<script|<link|\bsrc=|@import|url\(http", page + comparison_fragment(compared))
    assert page == comparison_page(compare_files(stance.load("stance-ar"), stance.load("stance-oppose-ar"), [data_file], examples=1))
    out, _ = run("compare", "stance-ar", "stance-oppose-ar", data_file, "--format", "json")
    assert json.loads(out) == json.loads(json.dumps(compared.to_dict()))
    _, err = run("compare", "stance-ar", "sentiment-ar", data_file, code=1)
    assert "compare models of one task" in err
