from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix
from test_cli import run

from stance.errors import LabelError
from stance.labels.agreement import (
    agreement,
    bootstrap,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    value_counts,
)
from stance.labels.joining import join_files
from stance.labels.sheets import guard, read_sheet, sheet_bytes, unguard, write_rows

krippendorff = pytest.importorskip("krippendorff")
inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")


def random_codes(seed, n_items=80, n_annotators=4, k=4, missing=0.0, noise=0.4):
    draw = np.random.default_rng(seed)
    truth = draw.choice(k, n_items, p=draw.dirichlet(np.ones(k)))[:, None]
    codes = np.where(draw.random((n_items, n_annotators)) < noise, draw.integers(0, k, (n_items, n_annotators)), truth)
    codes[draw.random(codes.shape) < missing] = -1
    return codes


@pytest.mark.parametrize("seed", range(20))
def test_every_figure_equals_that_of_its_library(seed):
    k = 2 + seed % 4
    codes = random_codes(seed, k=k, n_annotators=2 + seed % 3)
    assert cohen_kappa(codes[:, 0], codes[:, 1], k) == pytest.approx(cohen_kappa_score(codes[:, 0], codes[:, 1]), abs=1e-12)
    counts = value_counts(codes, k)
    assert np.array_equal(counts, inter_rater.aggregate_raters(codes, k)[0])
    assert fleiss_kappa(counts) == pytest.approx(inter_rater.fleiss_kappa(counts[:, counts.any(axis=0)]), abs=1e-12)
    holes = random_codes(seed, k=k, n_annotators=5, missing=0.4)
    wanted = krippendorff.alpha(
        np.where(holes < 0, np.nan, holes).T, level_of_measurement="nominal", value_domain=list(range(k))
    )
    assert krippendorff_alpha(value_counts(holes, k)) == pytest.approx(wanted, abs=1e-12)


def test_krippendorffs_own_example():
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", part C: alpha is 0.743."""
    a = ["1", "2", "3", "3", "2", "1", "4", "1", "2", ".", ".", "."]
    b = ["1", "2", "3", "3", "2", "2", "4", "1", "2", "5", ".", "3"]
    c = [".", "3", "3", "3", "2", "3", "4", "2", "2", "5", "1", "."]
    d = ["1", "2", "3", "3", "2", "4", "4", "1", "2", "5", "1", "."]
    found = agreement({n: [None if x == "." else x for x in column] for n, column in zip("abcd", (a, b, c, d), strict=True)}, resamples=20)
    assert found.alpha.value == pytest.approx(0.743, abs=0.0005)
    assert (found.n_items, found.alpha.n_items) == (12, 11)


def test_agreement_as_a_whole():
    codes = random_codes(7, n_items=300, n_annotators=3, missing=0.1)
    names = np.array(["neutral", "support", "oppose", "abstain"])
    columns = {n: [None if x < 0 else str(names[x]) for x in codes[:, i]] for i, n in enumerate("xyz")}
    found = agreement(columns, ["support", "oppose", "abstain", "neutral"])
    assert found.labels == ["support", "oppose", "abstain", "neutral"]
    assert found.n_complete == int((codes >= 0).all(axis=1).sum())
    assert [(p.first, p.second) for p in found.pairs] == [("x", "y"), ("x", "z"), ("y", "z")]
    both = [(a, b) for a, b in zip(columns["x"], columns["y"], strict=True) if a and b]
    one, two = zip(*both, strict=True)
    pair = found.pairs[0]
    assert pair.confusion == confusion_matrix(one, two, labels=found.labels).tolist()
    assert pair.kappa.value == pytest.approx(cohen_kappa_score(one, two))
    assert pair.observed == pytest.approx(np.mean(np.array(one) == np.array(two)))
    for estimate in (pair.kappa, found.fleiss, found.alpha):
        assert estimate.low < estimate.value < estimate.high
    assert agreement(columns, found.labels) == found  # the same seed gives the same intervals


def test_the_bootstrap_interval_is_that_of_scipy():
    from scipy.stats import bootstrap as scipy_bootstrap

    x = np.random.default_rng(0).normal(size=200)
    mine = bootstrap(lambda rows: float(x[rows].mean()), 200, seed=1, resamples=5000)
    low, high = scipy_bootstrap((x,), np.mean, n_resamples=5000, method="percentile", rng=2).confidence_interval
    assert (mine.low, mine.high) == pytest.approx((low, high), abs=0.01)


def test_what_is_not_defined_is_said_to_be():
    found = agreement({"a": ["x", "x"], "b": ["x", "x"]})
    assert (found.alpha.value, found.fleiss.value, found.pairs[0].kappa.value) == (None, None, None)
    with pytest.raises(LabelError, match="at least two annotators"):
        agreement({"a": ["x"]})
    with pytest.raises(LabelError, match="no item was labelled by two"):
        agreement({"a": ["x", None], "b": [None, "x"]})


def annotators(tmp_path, *columns, ids=True):
    paths = []
    for name, labels in zip("abc", columns, strict=False):
        path = tmp_path / f"{name}.jsonl"
        rows = [{"id": f"i{i}", "text": f"نص رقم {i}", "stance": x} for i, x in enumerate(labels) if x != "-"]
        if not ids:
            rows = [{k: v for k, v in r.items() if k != "id"} for r in rows]
        path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
        paths.append(path)
    return paths


A, B = ["support", "abstain", "neutral", "neutral", None], ["support", "neutral", "neutral", "-", "oppose"]


@pytest.mark.parametrize("ids", [True, False])
def test_files_are_joined_on_ids_or_texts(tmp_path, ids):
    joined = join_files(annotators(tmp_path, A, B, ids=ids), "stance")
    assert joined.key == ("id" if ids else "text")
    assert joined.columns == {"a": A, "b": ["support", "neutral", "neutral", None, "oppose"]}
    assert joined.disagreements() == [{"id": "i1" if ids else None, "text": "نص رقم 1", "labels": {"a": "abstain", "b": "neutral"}}]


def test_ids_that_do_not_fit_together_are_refused(tmp_path):
    a, b = annotators(tmp_path, A, B)
    b.write_text('{"id": "i0", "text": "غيره", "stance": "support"}\n')
    with pytest.raises(LabelError, match=r"b.jsonl:1: id 'i0' has another text than elsewhere; join on another field with --on"):
        join_files([a, b], "stance")
    b.write_text('{"id": "i0", "text": "نص رقم 0", "stance": "support"}\n{"id": "i0", "text": "نص رقم 0", "stance": "oppose"}\n')
    with pytest.raises(LabelError, match="has two labels in one file"):
        join_files([a, b], "stance")
    b.write_text('{"text": "x", "label": "support"}\n')
    with pytest.raises(LabelError, match="no record has a field 'stance'"):
        join_files([a, b], "stance")


def test_command_and_adjudication_sheet(tmp_path):
    paths = annotators(tmp_path, A, B)
    out, err = run("labels", "agreement", *paths, "--out", tmp_path / "x.csv")
    assert "Cohen's kappa of a and b" in out
    assert "1 disagreements" in out
    assert "stance labels import" in err
    assert list(read_sheet(tmp_path / "x.csv")) == [
        (2, {"id": "i1", "text": "نص رقم 1", "label of a": "abstain", "label of b": "neutral", "stance": "", "comment": ""})
    ]
    whole = json.loads(run("labels", "agreement", *paths, "--format", "json")[0])
    assert whole["n_items"] == 5
    assert whole["pairs"][0]["cohen_kappa"]["n_items"] == 3
    merged = json.loads(run("labels", "agreement", *paths, "--format", "json", "--map", "abstain=neutral")[0])
    assert merged["disagreements"] == []
    _, err = run("labels", "agreement", paths[0], code=3)
    assert "at least two files" in err


# Sheets

NASTY = ["=1+1", "+SUM(A1)", "-2", "@x", "\t=1", "'=1", "''@", "'سلام", "- قال الوزير", "a;b,c\"d", "س\r\nص", "", "=HYPERLINK(\"x\")", "＝1", "\n=1", "\r=1"]


@pytest.mark.parametrize("text", NASTY)
def test_guarding_is_undone_and_leaves_no_formula(text):
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))


def test_sheets_read_back_as_they_were_written_whatever_a_spreadsheet_made_of_them(tmp_path):
    rows = [{"id": str(i), "text": text, "stance": ""} for i, text in enumerate(NASTY)]
    data = sheet_bytes(rows)
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    for name, saved in (
        ("plain.csv", data), ("wide.csv", text.encode("utf-16")), ("marked.csv", b"sep=,\r\n" + text.encode()),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(saved)
        assert [row for _, row in read_sheet(tmp_path / name)] == rows
    (tmp_path / "semicolon.csv").write_bytes("id;text;stance\r\n1;نص;support\r\n".encode())
    assert list(read_sheet(tmp_path / "semicolon.csv")) == [(2, {"id": "1", "text": "نص", "stance": "support"})]
    (tmp_path / "old.csv").write_bytes("id,text\r\n1,نص\r\n".encode("cp1256"))
    with pytest.raises(LabelError, match="CSV UTF-8"):
        list(read_sheet(tmp_path / "old.csv"))
    with pytest.raises(LabelError, match=r"ending in .csv or .jsonl"):
        write_rows(tmp_path / "x.xlsx", rows)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["marked.csv", "old.csv", "plain.csv", "semicolon.csv", "wide.csv"]
