from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import ROOT
from test_cli import run

from stance.errors import LabelError
from stance.labels.sheets import read_sheet
from stance.learn.mislabelled import find_mislabelled, label_issues


@pytest.mark.parametrize("seed", range(12))
def test_the_issues_and_their_order_are_cleanlabs(seed):
    find_label_issues = pytest.importorskip("cleanlab.filter").find_label_issues
    draw = np.random.default_rng(seed)
    n, k = 600, 2 + seed % 4
    truth = draw.choice(k, n, p=draw.dirichlet(np.full(k, 3.0)))
    probabilities = draw.dirichlet(np.ones(k), n) * 0.6 + 0.4 * np.eye(k)[truth]
    labels = np.where(draw.random(n) < 0.15, draw.integers(0, k, n), truth)
    labels[:k] = np.arange(k)
    wanted = find_label_issues(labels, probabilities, filter_by="confident_learning", return_indices_ranked_by="normalized_margin", n_jobs=1)
    rows, suggested, margin = label_issues(labels, probabilities)
    assert rows.tolist() == wanted.tolist()
    assert len(rows) > 10
    assert (suggested != labels[rows]).all()
    assert (np.diff(margin) <= 0).all()


@pytest.fixture(scope="module")
def with_errors(tmp_path_factory):
    """A part of the corpus with 40 labels exchanged at random."""
    lines = (ROOT / "labels" / "free.jsonl").read_text(encoding="utf-8").splitlines()[:1200]
    records = [json.loads(line) for line in lines]
    draw = np.random.default_rng(5)
    wrong = set()
    for i in draw.choice(len(records), 40, replace=False).tolist():
        records[i]["stance"] = draw.choice([x for x in ("support", "oppose", "abstain", "neutral") if x != records[i]["stance"]])
        wrong.add(records[i]["id"])
    records += [{"id": "twice", "text": records[0]["text"], "stance": "abstain" if records[0]["stance"] != "abstain" else "neutral"}, {"id": "none", "text": "x"}]
    path = tmp_path_factory.mktemp("errors") / "x.jsonl"
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path, wrong


def test_exchanged_labels_are_found_far_more_often_than_by_chance(with_errors):
    path, wrong = with_errors
    found = find_mislabelled([path], folds=3)
    assert (found.field, found.n_records, found.n_left_out) == ("stance", 1199, 3)
    ids = [i["id"] for i in found.issues]
    assert len(ids) < 0.2 * 1199
    assert len(wrong & set(ids)) >= 18  # of forty; by chance it would be six or seven
    assert len(wrong & set(ids[:50])) >= 10  # by chance: fewer than two
    for i in found.issues:
        assert i["given"] != i["suggested"]
        assert i["p_suggested"] > i["p_given"]


def test_command_writes_a_sheet_to_fill(with_errors, tmp_path):
    path, _ = with_errors
    text, err = run("labels", "errors", path, "--folds", "2", "--out", tmp_path / "e.csv", "--show", "3")
    assert "may be mislabelled" in text
    assert "fill the column stance" in err
    rows = [row for _, row in read_sheet(tmp_path / "e.csv")]
    assert [r["rank"] for r in rows] == [str(i) for i in range(1, len(rows) + 1)]
    assert {r["stance"] for r in rows} == {""}
    assert rows[0]["path"] == str(path)


def test_any_labels_and_columns_will_do_and_too_few_are_refused(tmp_path):
    lines = [f"{word} رقم {i},{label}" for i in range(12) for word, label in (("أحب هذا", "good"), ("أكره هذا", "bad"))] + ["أحب هذا جدا,bad"]
    (tmp_path / "x.csv").write_text("post,mood\n" + "\n".join(lines), encoding="utf-8")
    found = find_mislabelled([tmp_path / "x.csv"], text_field="post", field="mood", folds=4)
    assert [(i["text"], i["given"], i["suggested"]) for i in found.issues] == [("أحب هذا جدا", "bad", "good")]
    (tmp_path / "y.csv").write_text("text,label\nا,x\nب,x\n", encoding="utf-8")
    with pytest.raises(LabelError, match="every record is labelled 'x'"):
        find_mislabelled([tmp_path / "y.csv"])
    (tmp_path / "z.csv").write_text("text,label\nا,x\nب,y\n", encoding="utf-8")
    with pytest.raises(LabelError, match="has 1 text"):
        find_mislabelled([tmp_path / "z.csv"])
