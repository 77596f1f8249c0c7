from __future__ import annotations

import gzip
import json
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import entropy
from sklearn.metrics.pairwise import cosine_similarity
from test_cli import run
from test_labels_agreement import NASTY

import stance
from stance.errors import LabelError
from stance.labels.exchange import (
    KINDS,
    import_labels,
    label_choices,
    read_labelled,
    update_files,
    write_for_labelling,
)
from stance.labels.sameness import fold
from stance.labels.unlabelled import read_unlabelled, stable_id
from stance.learn.suggest import choose_diverse, suggest, uncertainty

LABELS = ("support", "oppose", "abstain", "neutral")
RECORDS = [{"id": f"n{i}", "text": f"{text} جملة {i}", "source": "صحيفة"} for i, text in enumerate(t for t in NASTY if "\ud800" not in t)]


# Round trips: what goes out comes back, through each kind of tool

def fill_csv(path):
    """A person fills the column in a spreadsheet."""
    import csv
    import io

    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    for i, row in enumerate(rows):
        row["stance"], row["comment"] = ("" if i == 0 else LABELS[i % 4]), ("ملاحظة" if i == 1 else "")
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=";", lineterminator="\r\n")  # as a European Excel saves it
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode("utf-8-sig"))
    return path


def fill_jsonl(path):
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for i, row in enumerate(rows):
        row["stance"], row["comment"] = (None if i == 0 else LABELS[i % 4]), ("ملاحظة" if i == 1 else "")
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def fill_label_studio(path, *, short=False):
    """Label Studio's export, as its documentation of the task format shows it."""
    config = ElementTree.fromstring(path.with_suffix(".xml").read_text(encoding="utf-8"))
    choices = config.find("Choices")
    assert [c.get("value") for c in choices] == list(LABELS)
    assert choices.get("toName") == config.find("View/Text").get("name")
    assert "direction: rtl" in config.find("Style").text
    exported = []
    for i, task in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        given = LABELS[i % 4]
        comment = ["ملاحظة"] if i == 1 else []
        if short:
            item = {"id": 70 + i, **task["data"], "annotator": 1, "annotation_id": 5, "created_at": "x", "updated_at": "x", "lead_time": 3.1}
            exported.append(item if i == 0 else item | {choices.get("name"): given} | ({"comment": comment} if comment else {}))
            continue
        result = [{"id": "a", "from_name": choices.get("name"), "to_name": "text", "type": "choices", "origin": "manual", "value": {"choices": [given]}}]
        if comment:
            result.append({"id": "b", "from_name": "comment", "to_name": "text", "type": "textarea", "value": {"text": comment}})
        annotations = [{"id": 1, "completed_by": 1, "result": result, "was_cancelled": False, "ground_truth": False, "lead_time": 4.2}]
        if i == 0:
            annotations[0] |= {"was_cancelled": True}
        exported.append({"id": 70 + i, "annotations": annotations, "drafts": [], "predictions": [], "data": task["data"], "meta": {}, "project": 1})
    path = path.with_name("export.json")
    path.write_text(json.dumps(exported), encoding="utf-8")
    return path


def fill_doccano(path):
    """doccano's export: its own id, the text, our other columns, a list of labels, a list of comments."""
    rows = []
    for i, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        assert row.pop("label") == []
        rows.append({"id": 900 + i, **row, "label": [] if i == 0 else [LABELS[i % 4]], "Comments": ["ملاحظة"] if i == 1 else []})
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "fill"),
    [("csv", fill_csv), ("jsonl", fill_jsonl), ("label-studio", fill_label_studio), ("doccano", fill_doccano),
     ("label-studio", lambda path: fill_label_studio(path, short=True))],
    ids=["csv", "jsonl", "label-studio", "doccano", "label-studio-min"],
)  # fmt: skip
def test_records_come_back_as_they_went_out(tmp_path, kind, fill):
    path = tmp_path / f"x{KINDS[kind]}"
    write_for_labelling(path, kind, RECORDS, "stance", LABELS)
    records, field, unlabelled = import_labels([fill(path)])
    assert (field, unlabelled) == ("stance", 1)
    wanted = [r | {"stance": LABELS[i % 4]} | ({"comment": "ملاحظة"} if i == 1 else {}) for i, r in enumerate(RECORDS)][1:]
    assert [dict(sorted(r.items())) for r in records] == [dict(sorted(r.items())) for r in wanted]


@pytest.mark.parametrize("kind", KINDS)
def test_untouched_files_hold_no_label(tmp_path, kind):
    path = tmp_path / f"x{KINDS[kind]}"
    write_for_labelling(path, kind, RECORDS, "stance", LABELS)
    with pytest.raises(LabelError, match="nobody has labelled anything"):
        import_labels([path])


def test_guesses_go_out_only_if_asked_and_are_no_labels(tmp_path):
    guessed = [r | {"guess": "support", "guess_probability": 0.7} for r in RECORDS]
    for kind, suffix in KINDS.items():
        path = tmp_path / f"{kind}{suffix}"
        write_for_labelling(path, kind, guessed, "stance", LABELS, "stance-ar")
        assert "support" in path.read_text(encoding="utf-8")
    task = json.loads((tmp_path / "label-studio.json").read_text(encoding="utf-8"))[0]
    assert task["predictions"][0] == {
        "model_version": "stance-ar", "score": 0.7,
        "result": [{"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": ["support"]}}],
    }  # fmt: skip
    assert "guess" not in task["data"]
    assert {record["stance"] for _, record, _ in read_labelled(tmp_path / "csv.csv")} == {None}


def test_what_comes_back_wrong_is_refused_with_its_place(tmp_path):
    sheet = tmp_path / "x.csv"
    sheet.write_text("id,text,stance\n1,نص,maybe\n2,آخر,Support\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"(?s)nothing was imported, 2 error.*x.csv:2: unknown-label: unknown label 'maybe'.*is it 'support'"):
        import_labels([sheet])
    assert [r["stance"] for r in import_labels([sheet], scheme="none")[0]] == ["maybe", "Support"]
    sheet.write_text("id,text,stance\n1,نص,support\n2,«نص»,oppose\n", encoding="utf-8")
    with pytest.raises(LabelError, match="x.csv:3: contradiction"):
        import_labels([sheet])
    sheet.write_text("id,text,label of a,view\n1,نص,support,\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no column 'stance'; columns there: id, text, label of a, view"):
        import_labels([sheet])
    two = tmp_path / "x.jsonl"
    two.write_text('{"id": 1, "text": "نص", "label": ["support", "oppose"]}\n')
    with pytest.raises(LabelError, match=r"x.jsonl:1: labelled 'support' and 'oppose'; expected one label"):
        import_labels([two])
    studio = tmp_path / "x.json"
    studio.write_text('{"a": 1}')
    with pytest.raises(LabelError, match="expected a list of tasks"):
        import_labels([studio])
    choice = [{"from_name": "stance", "type": "choices", "value": {"choices": [x]}} for x in ("support", "oppose")]
    studio.write_text(json.dumps([{"id": 1, "data": {"text": "نص"}, "annotations": [{"result": [c]} for c in choice]}]))
    with pytest.raises(LabelError, match=r"task 1: labelled 'oppose' and 'support'; expected one label: adjudicate first"):
        import_labels([studio])
    with pytest.raises(LabelError, match="a doccano file ends in .jsonl"):
        write_for_labelling(tmp_path / "y.csv", "doccano", RECORDS, "stance", LABELS)


def test_corrections_go_into_the_files_they_came_from(tmp_path):
    path = tmp_path / "x.jsonl"
    lines = ['{"id": "a", "text": "نص", "stance": "support", "actors": ["x"]}', '{"id": "b", "text": "آخر", "stance": "neutral"}']
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert update_files([{"id": "b", "stance": "abstain"}], "stance", [path]) == {str(path): 1}
    assert path.read_text(encoding="utf-8").splitlines() == [lines[0], lines[1].replace("neutral", "abstain")]
    before = path.read_bytes()
    with pytest.raises(LabelError, match=r"1 id\(s\) stand in none of the files, e.g. 'z'; nothing was written"):
        update_files([{"id": "a", "stance": "oppose"}, {"id": "z", "stance": "oppose"}], "stance", [path])
    assert path.read_bytes() == before


def test_offered_labels_are_the_finest():
    assert label_choices("stance", ("support", "neutral", "abstain")) == LABELS
    assert label_choices("mood", ("good", "bad")) == ("good", "bad")
    assert label_choices("stance", ("Favor", "Against")) == ("Favor", "Against")


# Reading sentences

def test_sentences_are_read_from_every_kind_of_file_without_repetition(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"body": ["جملة أولى", "جملة ثانية", "«جملةٌ أولى»"], "date": ["1", "2", "3"]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    for suffix in ("csv", "parquet", "jsonl"):
        found = read_unlabelled([tmp_path / f"a.{suffix}"], "body")
        assert [(r["text"], r["date"]) for r in found] == [("جملة أولى", "1"), ("جملة ثانية", "2")]
        assert found[0]["id"] == stable_id("جملة أولى!")
    (tmp_path / "a.txt").write_text("\ufeffجملة أولى\r\n\r\nجملة ثانية\n", encoding="utf-8")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress("جملة ثالثة".encode()))
    assert [r["text"] for r in read_unlabelled([tmp_path / "a.txt", tmp_path / "b.txt.gz"])] == ["جملة أولى", "جملة ثانية", "جملة ثالثة"]
    (tmp_path / "c.txt").write_bytes("سطر\n".encode() + "نص".encode("cp1256"))
    with pytest.raises(LabelError, match="c.txt:2: byte 8 of the file is not UTF-8"):
        read_unlabelled([tmp_path / "c.txt"])
    with pytest.raises(LabelError, match=r"a.csv:2: field 'text' is missing \(fields there: body, date\); name another with --text-field"):
        read_unlabelled([tmp_path / "a.csv"])


# Choosing

def test_uncertainty_is_what_it_says():
    p = np.random.default_rng(0).dirichlet(np.ones(4), 50)
    assert uncertainty(p) == pytest.approx(entropy(p, axis=1, base=4))
    for strategy in ("entropy", "margin", "least-confident"):
        assert uncertainty(np.array([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3]]), strategy) == pytest.approx([0, 1], abs=1e-12)
    with pytest.raises(LabelError, match="unknown strategy 'x'"):
        uncertainty(p, "x")


def test_choice_weighs_worth_against_likeness_as_a_plain_loop_does():
    draw = np.random.default_rng(1)
    dense = draw.random((40, 30)) * (draw.random((40, 30)) < 0.2)
    dense[7] = 0  # an empty row is like nothing
    worth = draw.random(40)
    cosine = cosine_similarity(dense)
    chosen = []
    for _ in range(15):
        scores = [-1 if i in chosen else worth[i] * (1 - max((cosine[i, j] for j in chosen), default=0)) for i in range(40)]
        chosen.append(int(np.argmax(scores)))
    assert choose_diverse(csr_array(dense), worth, 15) == chosen
    assert sorted(choose_diverse(csr_array(dense), worth, 100)) == list(range(40))


def test_suggestions_are_uncertain_new_and_unlike_each_other(own_sentences):
    model = stance.load("stance-ar")
    texts = [*own_sentences[:600], *(t + " اليوم" for t in own_sentences[:50])]
    records = [{"id": stable_id(t), "text": t, "date": "1"} for t in texts]
    found = suggest(records, model, 40, labelled=[*own_sentences[100:150], own_sentences[160] + " أمس"])
    chosen = [r["text"] for r in found.records]
    assert len({fold(t) for t in chosen}) == 40
    assert not set(chosen) & set(own_sentences[100:150])
    assert own_sentences[160] not in chosen
    assert sum(t + " اليوم" in chosen for t in chosen) == 0
    assert found.n_labelled_already >= 50
    everyone = uncertainty(model.predict_proba(texts))
    assert np.mean([r["uncertainty"] for r in found.records]) > everyone.mean() + 0.1
    assert found.records[0]["date"] == "1"
    plain = np.argsort(-everyone)[:40]  # the most uncertain alone are more like each other

    def likeness(texts):
        indptr, indices, values = model.space.transform(texts)
        cosine = cosine_similarity(csr_array((values, indices, indptr), shape=(len(texts), len(model.space.vocabulary))))
        return (cosine.sum() - len(texts)) / (len(texts) * (len(texts) - 1))

    assert likeness(chosen) < likeness([texts[i] for i in plain])
    with pytest.raises(LabelError, match="all 1 sentences are labelled already"):
        suggest(records[:1], model, 5, labelled=texts)
    assert len(suggest(records[:3], model, 50).records) == 3


def test_commands_there_and_back(tmp_path):
    (tmp_path / "new.txt").write_text("".join(f"أعلنت الدولة رقم {i} موقفها من القضية {i * 7}\n" for i in range(30)), encoding="utf-8")
    out, _ = run("labels", "suggest", "new.txt", "-n", "5", "--similarity", "1", cwd=tmp_path)
    assert "Wrote suggested.csv. Fill the column stance" in out
    data = (tmp_path / "suggested.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfid,text,stance,comment\r\n")
    _, err = run("labels", "suggest", "new.txt", cwd=tmp_path, code=3)
    assert "is there already" in err
    (tmp_path / "suggested.csv").write_bytes(data.replace(b",,\r\n", b",support,\r\n", 2))
    out, _ = run("labels", "import", "suggested.csv", cwd=tmp_path)
    assert "2 labelled records (stance: support 2); 3 without a label left out." in out
    records = [json.loads(line) for line in (tmp_path / "labels" / "new.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [set(r) for r in records] == [{"id", "text", "stance"}] * 2
    run("labels", "check", "labels/new.jsonl", cwd=tmp_path)
    _, err = run("labels", "import", "suggested.csv", cwd=tmp_path, code=3)
    assert "is there already" in err
    whole = json.loads(run("labels", "suggest", "new.txt", "-n", "3", "--to", "label-studio", "--format", "json", "--labelled", "labels", cwd=tmp_path)[0])
    assert whole["written"] == ["suggested.json", "suggested.xml"]
    assert {r["id"] for r in whole["records"]} & {r["id"] for r in records} == set()
    out, _ = run("labels", "import", "suggested.csv", "--update", "labels/new.jsonl", cwd=tmp_path)
    assert "0 label(s) changed" in out
