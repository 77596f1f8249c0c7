from __future__ import annotations

import contextlib
import io
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from stance.errors import ArtifactError
from stance.learn.recipe import Recipe
from stance.learn.train import train
from stance.model.artifact import VERSION, read_artifact, write_artifact
from stance.model.classifier import load_model

RAN: list[str] = []


class Evil:
    def __reduce__(self):
        return (RAN.append, ("it ran",))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    rows = "".join("text,label\n" if i == 0 else f"{w} نص {i},{lab}\n" for i, (w, lab) in enumerate([("", "")] + [("يدعم القرار", "for"), ("يرفض القرار", "against"), ("وصل الوفد", "none")] * 10))
    (folder / "data.csv").write_text(rows, encoding="utf-8")
    return train(Recipe(name="small", labels=(str(folder / "data.csv"),), task="label", folds=2)).model


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / "small.joblib"
    model.save(path)
    return path


def hostile_files(good: bytes) -> dict[str, bytes]:
    def dumped(value):
        out = io.BytesIO()
        joblib.dump(value, out)
        return out.getvalue()

    def content(**changes):
        return {"format": "stance-model", "version": 1, "meta": "{}", "arrays": {}} | changes

    huge = dumped(content(arrays={"a": np.zeros(1000)}))
    at = huge.index(pickle.BININT2 + (1000).to_bytes(2, "little"))
    return {
        "empty": b"",
        "text": "ليس نموذجا".encode(),
        "truncated": good[: len(good) // 2],
        "cut at the end": good[:-3],
        "global that runs": pickle.dumps(Evil()),
        "global inside": dumped(content(arrays={"a": Evil()})),
        "object array": dumped(content(arrays={"a": np.array([Evil()], dtype=object)})),
        "os.system by protocol 0": b"cos\nsystem\n(S'true'\ntR.",
        "builtins eval": pickle.dumps(eval),
        "structured array": dumped(content(arrays={"a": np.zeros(2, dtype=[("x", "f4")])})),
        "dates": dumped(content(arrays={"a": np.zeros(2, dtype="M8[D]")})),
        "three dimensions": dumped(content(arrays={"a": np.zeros((1, 1, 1))})),
        "array larger than the file": huge[:at] + pickle.BININT2 + (60000).to_bytes(2, "little") + huge[at + 3 :],
        "huge bytearray": b"\x80\x05\x96" + (1 << 40).to_bytes(8, "little") + b".",
        "a bare number": dumped(np.float64(3)),
        "another dictionary": dumped({"weights": np.zeros(3)}),
        "future version": dumped(content(version=VERSION + 1)),
        "version zero": dumped(content(version=0)),
        "meta is no JSON": dumped(content(meta="{")),
        "deep JSON": dumped(content(meta="[" * 100_000)),
        "arrays missing": dumped(content()),
        "compressed": good[:2] + b"\x00" * 40,
        "persistent id": b"\x80\x04Pabc\n.",
        "extension": b"\x80\x04\x82\x01.",
        "endless stack": b"\x80\x04" + b"(" * 100_000 + b".",
    }


def test_every_hostile_file_is_refused_and_runs_nothing(saved, tmp_path):
    before = set(sys.modules)
    for name, data in hostile_files(saved.read_bytes()).items():
        path = tmp_path / "hostile.joblib"
        path.write_bytes(data)
        with pytest.raises(ArtifactError) as caught:
            load_model(path)
        assert str(path) in str(caught.value), name
    assert RAN == []
    assert not {m for m in set(sys.modules) - before if m.startswith("antigravity")}


def test_random_damage_gives_a_model_or_an_error(saved, tmp_path):
    good = saved.read_bytes()
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.joblib"
    for _ in range(300):
        data = bytearray(good)
        for at in rng.integers(0, min(len(data), 6000), size=3):
            data[at] = rng.integers(0, 256)
        path.write_bytes(bytes(data))
        with contextlib.suppress(ArtifactError):
            load_model(path)


def refuse(folder, meta, arrays, message):
    """A file with this in it is refused, with this message."""
    write_artifact(folder / "bad.joblib", meta, arrays)
    with pytest.raises(ArtifactError, match=message):
        load_model(folder / "bad.joblib")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [("coefficients", np.zeros((2, 3), "f4"), "coefficients"), ("intercepts", np.zeros(9), "intercept"),
     ("block", np.zeros(1, "u1"), "differ in length"), ("document_frequency", None, "missing"),
     ("intercepts", np.full(3, np.nan), "not finite"), ("text", np.frombuffer(b"one\x1etwo", "u1"), "texts of 2 features")],
)  # fmt: skip
def test_arrays_that_contradict_each_other_are_named(saved, tmp_path, name, array, message):
    meta, arrays = read_artifact(saved)
    arrays = dict(arrays)
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    refuse(tmp_path, meta, arrays, message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"labels": ["for", "for", "none"]}, "occurs twice"), ({"fine_labels": ["for", "for", "none"]}, "occurs twice"),
     ({"fine_labels": []}, "do not merge into"), ({"fine_labels": ["for", "none", "war"]}, "do not merge into"),
     ({"fine_labels": ["against", "none", "war"], "merge": {"war": "peace"}}, "unknown"),
     ({"fine_labels": ["against", "none", "war"], "merge": {"war": "none"}}, "do not merge into"),
     ({"merge": {"against": "for", "for": "against"}}, "a label merges too"), ({"merge": ["against"]}, "damaged"),
     ({"merge": {"war": ["none"]}}, "unknown"), ({"fine_labels": 3}, "damaged"), ({"labels": None}, "damaged")],
)  # fmt: skip
def test_labels_that_merge_into_nothing_sensible_are_refused(saved, tmp_path, changes, message):
    meta, arrays = read_artifact(saved)
    refuse(tmp_path, meta | changes, arrays, message)
    for name in changes:
        del meta[name]
    refuse(tmp_path, meta, arrays, "damaged")


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"temperature": 1e-300}, "temperature"), ({"floor": 7}, "floor"), ({"info": {"recipe": 3}}, "info.recipe"),
     ({"info": {"merge": ["war"]}}, "info.merge"), ({"lexicon": {"roles": [], "forms": {"cues": "يدعم"}}}, "without a role")],
)  # fmt: skip
def test_settings_that_would_fail_later_are_refused(saved, tmp_path, changes, message):
    meta, arrays = read_artifact(saved)
    refuse(tmp_path, meta | changes, arrays, message)


def test_finer_labels_come_back_as_they_were_saved(model, tmp_path):
    merged = replace(model, labels=("for", "rest"), merge={"against": "rest", "none": "rest"})
    merged.save(tmp_path / "merged.joblib")
    again = load_model(tmp_path / "merged.joblib")
    assert (again.labels, again.fine_labels, again.merge) == (merged.labels, model.labels, merged.merge)
    assert np.array_equal(again.predict_proba(["يدعم"]), merged.predict_proba(["يدعم"]))


def test_a_model_comes_back_as_it_was_saved(model, saved):
    texts = ["الوفد يدعم", "", "يرفض نص 3"]
    for mmap in (False, True):
        again = load_model(saved, mmap=mmap)
        assert again.labels == model.labels
        assert isinstance(again.coefficients, np.memmap) is mmap
        assert isinstance(again.space.vocabulary.fingerprints, np.memmap) is mmap
        assert np.array_equal(again.predict_proba(texts), model.predict_proba(texts))
        assert again.info["data_fingerprint"] == model.info["data_fingerprint"]


def test_a_file_of_format_version_1_still_loads_and_answers_as_it_did():
    old = load_model(Path(__file__).parent / "data" / "version-1.joblib")
    assert old.fine_labels == old.labels == ("support", "neutral", "abstain")
    expected = [[0.8305, 0.0846, 0.0849], [0.0839, 0.0843, 0.8318]]
    assert np.allclose(old.predict_proba(["رحبت تونس بالهدنة", "امتنعت كينيا عن التصويت"]), expected, atol=1e-4)


def test_the_same_model_gives_the_same_bytes(model, saved, tmp_path):
    load_model(saved).save(tmp_path / "again.joblib")
    assert (tmp_path / "again.joblib").read_bytes() == saved.read_bytes()


def test_joblib_reads_the_file_too_and_finds_plain_data(saved):
    data = joblib.load(saved)
    assert data["format"] == "stance-model"
    assert all(type(a) is np.ndarray and not a.dtype.hasobject for a in data["arrays"].values())


def test_nothing_is_left_behind_when_writing_fails(tmp_path):
    with pytest.raises(ValueError):
        write_artifact(tmp_path / "x.joblib", {"bad": float("nan")}, {})
    assert list(tmp_path.iterdir()) == []
