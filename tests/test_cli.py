from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

import stance
from stance.cli import main

SUPPORT, ABSTAIN = "أعربت فرنسا عن دعمها لوحدة ليبيا", "امتنعت الصين عن التصويت على مشروع القرار"


def run(*arguments, stdin=b"", code=0, cwd=ROOT):
    """Run the command line in this process; return what it prints. What is no `StanceError` ends the test."""
    given, out, err = (io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", write_through=True) for data in (stdin, b"", b""))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for name, value in (("argv", ["stance", *map(str, arguments)]), ("stdin", given), ("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, value)
        try:
            found = main()
        except SystemExit as end:
            found = end.code
    printed, errors = (stream.buffer.getvalue().decode() for stream in (out, err))
    assert (found or 0) == code, errors
    return printed, errors


def run_alone(*arguments, stdin=b"", code=0, cwd=ROOT):
    """Do the same in a process of its own, as a shell does."""
    done = subprocess.run([sys.executable, "-m", "stance", *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    assert done.returncode == code, err
    return out, err


def test_predict_prints_a_table_for_a_person():
    out, err = run_alone("predict", SUPPORT, ABSTAIN)
    assert not err
    assert run("predict", SUPPORT, ABSTAIN)[0] == out
    assert [line.split()[0] for line in out.splitlines()] == ["label", "support", "abstain"]
    assert "\x1b" not in out


def test_predict_formats_agree_with_the_library():
    wanted = stance.predict([SUPPORT, ABSTAIN])
    lines, _ = run("predict", "--format", "jsonl", SUPPORT, ABSTAIN)
    whole, _ = run("predict", "--format", "json", SUPPORT, ABSTAIN)
    rows, _ = run("predict", "--format", "csv", stdin=f"{SUPPORT}\n\n{ABSTAIN}\n".encode())
    records = [json.loads(line) for line in lines.splitlines()]
    assert records == json.loads(whole)
    assert [r["label"] for r in records] == [p.label for p in wanted]
    table = list(csv.DictReader(io.StringIO(rows)))
    for record, row, p in zip(records, table, wanted, strict=True):
        assert record["probabilities"] == pytest.approx(p.probabilities, abs=1e-5)
        assert float(row["probability"]) == pytest.approx(p.probability, abs=1e-5)
        assert row["text"] == p.text


def test_tasks_and_schemes_choose_the_model():
    assert stance.predict(SUPPORT, task="sentiment").task == "sentiment"
    assert "oppose" in stance.predict(SUPPORT, scheme="oppose").probabilities
    assert set(stance.predict(SUPPORT).probabilities) == {"support", "neutral", "abstain"}


def test_score_prints_every_sentence_and_a_summary():
    out, _ = run("score", "stance/articles/example.txt")
    assert "abstain" in out
    assert "of 8 sentences" in out
    records, _ = run_alone("score", "--format", "jsonl", "-", stdin="أيدت مصر القرار. وصل الوفد إلى جنيف.".encode())
    assert len(json.loads(records)["sentences"]) == 2


def test_errors_are_sentences_with_documented_codes(tmp_path):
    _, err = run_alone("score", "no-such-file.txt", code=5)
    assert run("score", "no-such-file.txt", code=5)[1] == err
    assert "no-such-file.txt: no such file" in err
    assert "nothing was scored" in err
    _, err = run("score", "stance/articles/example.txt", "no-such-file.txt", code=5)
    assert "the others were scored" in err
    out, err = run("trends", "stance/articles/example.txt", "--html", tmp_path / "nowhere" / "x.html", code=5)
    assert "there is no folder" in err
    assert not out
    out, _ = run("trends", "stance/articles/example.txt")
    assert "No trend" in out
    _, err = run("predict", "--model", "README.md", "نص", code=4)
    assert "README.md: not a model file" in err
    _, err = run("explain", " ", code=2)
    assert "the sentence is empty" in err
    _, err = run("predict", "--model", "nothing", "نص", code=4)
    assert "no model named 'nothing'; there are: sentiment-ar" in err
    _, err = run("predict", "--task", "weather", "نص", code=4)
    assert "no shipped model for task 'weather'" in err
    (tmp_path / "x.joblib").write_bytes(b"junk")
    _, err = run("predict", "--model", tmp_path / "x.joblib", "نص", code=4)
    assert "nothing was run" in err
    _, err = run("train", "no.toml", code=3)
    assert "no.toml: no such recipe" in err
    _, err = run("predict", stdin=b"", code=2)
    assert "no text was given" in err
    _, err = run("predict", stdin="نص".encode("cp1256"), code=5)
    assert "standard input:1: byte 1 is not UTF-8" in err


def test_a_long_table_of_actors_is_shortened_for_a_person_and_whole_for_a_machine(tmp_path):
    lands = ("كينيا", "النرويج", "كندا")
    lines = [f"أدانت {land} الهجوم على {place}." for land in lands for place in ("السفارة", "القنصلية", "الميناء", "المطار", "الجسر")]
    lines += [f"وأدانت {land} الهجوم على السفارة في المدينة رقم {n}." for n in range(15) for land in lands] + ["أدانت تونس الهجوم على القرية."]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    arguments = ("score", tmp_path / "a.txt", "--scheme", "oppose", "--by", "actor")
    whole = json.loads(run(*arguments, "--format", "json")[0])["rows"]
    assert {"TN", "KE"} <= {row["entity"] for row in whole}
    shown, _ = run(*arguments, "--min-sentences", "3", "--html", tmp_path / "a.html")
    assert "تونس" not in shown
    assert "actors with fewer than 3 sentences are not shown" in shown
    assert "not shown" in (tmp_path / "a.html").read_text(encoding="utf-8")
    fewer = json.loads(run(*arguments, "--format", "json", "--min-sentences", "3")[0])["rows"]
    assert len(fewer) < len(whole) and all(row["sentences"] >= 3 for row in fewer if not row["other_targets"])
    assert sum(row["sentences"] for row in fewer if row["entity"] == "KE") == sum(row["sentences"] for row in whole if row["entity"] == "KE")
    assert "not shown" not in run(*arguments, "--min-sentences", "1")[0]
    assert ("not shown" in run(*arguments)[0]) == (len(whole) > 40)
    _, err = run("score", tmp_path / "a.txt", "--min-sentences", "3", code=2)
    assert "goes with --by actor" in err


def test_train_on_ones_own_csv(tmp_path):
    rows = "\n".join(f"{w} رقم {i},{label}" for i in range(12) for w, label in (("أحب", "good"), ("أكره", "bad")))
    (tmp_path / "mine.csv").write_text("post,mood\n" + rows, encoding="utf-8")
    out, _ = run("train", "mine.csv", "--text-field", "post", "--label-field", "mood", "--folds", "3", cwd=tmp_path)
    assert "macro-F1 1.000" in out
    assert (tmp_path / "models" / "mine.md").exists()
    out, _ = run("predict", "--model", "mine", "أكره هذا", cwd=tmp_path)
    assert "bad" in out
    assert sorted(p.name for p in (tmp_path / "models").iterdir()) == ["mine.joblib", "mine.md"]


def test_text_in_letters_that_the_model_does_not_know_is_warned_of_once(tmp_path):
    _, err = run("predict", SUPPORT, "France backs the plan", "Франция поддержала план", "12 !", code=0)
    assert err == "warning: model stance-ar knows text in Arabic letters only; 2 of 4 text(s) have none, and what it says of them means nothing\n"
    assert run("predict", SUPPORT, "NATO: " + SUPPORT, "", "2015")[1] == ""
    (tmp_path / "a.txt").write_text("France backs the plan. China does not.", encoding="utf-8")
    for command in (("score",), ("score", "--by", "actor"), ("score", "--format", "jsonl"), ("trends",)):
        assert run(command[0], tmp_path / "a.txt", *command[1:])[1].count("1 of 1 text(s) have none") == 1
    assert run("score", "stance/articles/example.txt")[1] == ""


def test_a_model_of_another_language_warns_of_what_is_foreign_to_it(tmp_path):
    rows = "\n".join(f"{w} number {i},{label}" for i in range(12) for w, label in (("love", "good"), ("hate", "bad")))
    (tmp_path / "mine.csv").write_text("text,label\n" + rows, encoding="utf-8")
    run("train", "mine.csv", "--label-field", "label", "--folds", "0", cwd=tmp_path)
    assert run("predict", "--model", "mine", "hate this", "ça va", cwd=tmp_path)[1] == ""
    assert "knows text in Latin letters only; 1 of 1" in run("predict", "--model", "mine", SUPPORT, cwd=tmp_path)[1]


def test_importing_stance_imports_nothing_heavy():
    heavy = "sklearn|pandas|scipy|camel_tools|numba|torch|joblib|rich|typer"
    code = f"import sys, stance; print([m for m in '{heavy}'.split('|') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_one_sentence_needs_neither_compiler_nor_sklearn():
    heavy = "sklearn|pandas|scipy|camel_tools|numba|torch|joblib"
    code = f"import sys, stance; stance.predict('نص'); print([m for m in '{heavy}'.split('|') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("arguments", [["score"], ["score", "--out", "x.jsonl"], ["explain", "نص"]])
def test_reading_articles_imports_nothing_that_only_training_needs(tmp_path, arguments):
    (tmp_path / "a.txt").write_text("أيدت مصر القرار.", encoding="utf-8")
    command = ["stance", arguments[0], *(["a.txt"] if arguments[0] == "score" else []), *arguments[1:]]
    code = f"import sys; sys.argv = {command}\nfrom stance.cli import main\nimport atexit\n"
    code += "atexit.register(lambda: print([m for m in ('sklearn', 'pandas', 'torch', 'camel_tools') if m in sys.modules], file=sys.stderr))\nmain()"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_library_contract():
    model = stance.load("stance-ar")
    assert model.labels == ("support", "neutral", "abstain")
    proba = stance.predict_proba([SUPPORT, ABSTAIN, ""])
    assert proba.dtype == np.float32
    assert proba.shape == (3, 3)
    assert proba.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert stance.predict([]) == []
    assert stance.predict_proba([]).shape == (0, 3)
    unsure = stance.predict("", uncertain=True)
    assert unsure.label == ("uncertain" if unsure.probability < model.floor else max(unsure.probabilities, key=unsure.probabilities.get))
    with pytest.raises(TypeError, match="text number 1 is None"):
        stance.predict(["نص", None])
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = stance.nothing
    assert set(stance.__all__) <= set(dir(stance))


def test_many_threads_give_the_answers_of_one(own_sentences):
    from concurrent.futures import ThreadPoolExecutor

    model = stance.load("stance-ar")
    wanted = model.predict_proba(own_sentences, threads=1)
    with ThreadPoolExecutor(6) as pool:
        for found in pool.map(lambda _: model.predict_proba(own_sentences), range(12)):
            assert np.array_equal(found, wanted)
