"""Random and hostile input, in bounded time; the coverage-guided twin of this file is tests/fuzz/fuzz.py."""

from __future__ import annotations

import gzip
import io
import json
import re
import resource
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from conftest import HOSTILE, ROOT, WHOLE
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import stance
from stance.arabic.sentences import split_sentences
from stance.articles.documents import DocumentReader
from stance.articles.records import RAW_BYTES, ReadFailure, ReadLimits
from stance.articles.rejects import reject_line
from stance.articles.stream import score_to_file
from stance.errors import ArtifactError
from stance.model.classifier import load_model, merge_logits
from stance.resources import resource as shipped

BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]) | st.sampled_from("ابتدوم .؟!…\n«»\"()،؛:ـ\u0651\u200f٣.5"), max_size=300)
LIMITS = ReadLimits(record_bytes=2000, whole_bytes=1 << 16, unpacked_bytes=1 << 18, html_bytes=1 << 14)


@BOUNDED
@given(st.binary(max_size=400), st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".txt", ".html", ".parquet", ".docx", ".pdf", ".jsonl.gz"]))
def test_a_stream_of_any_bytes_is_read_or_reported(data, suffix):
    failures = []
    documents = list(DocumentReader(on_error=failures.append, limits=LIMITS).read_stream(io.BytesIO(data), "x", "x" + suffix))
    assert documents or failures
    for failure in failures:
        assert json.loads(reject_line(failure))["file"] == "x"


RECORD = st.dictionaries(
    st.sampled_from(["text", "id", "title", "date", "body", "\ud800"]),
    st.none() | st.integers() | st.floats() | TEXT | st.text() | st.just("\ud800") | st.lists(st.integers(), max_size=2),
    max_size=4,
)


@settings(BOUNDED, max_examples=60)
@given(st.lists(RECORD | st.integers() | st.text(max_size=5), min_size=1, max_size=12), st.sampled_from(["o.jsonl", "o.csv", "o.parquet"]))
@example([{"text": "نعم", "title": "\ud800", "id": "\udc80"}], "o.parquet")  # what no file could hold, in a title
def test_every_record_ends_in_the_output_or_among_the_rejects(tmp_path, records, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    run = score_to_file([path], tmp_path / name, stance.load(), restart=True)
    assert run.articles + run.rejected == len(records)


@BOUNDED
@given(TEXT, st.booleans())
def test_pieces_cover_all_that_can_be_read(text, semicolons):
    spans = split_sentences(text, semicolons=semicolons)
    covered = np.zeros(len(text), dtype=bool)
    for span in spans:
        assert not covered[span.start : span.end].any()
        covered[span.start : span.end] = True
    assert all(covered[i] for i, c in enumerate(text) if c.isalnum())


@BOUNDED
@given(st.lists(TEXT | st.sampled_from(HOSTILE) | st.text(), min_size=1, max_size=4))
def test_the_kernel_says_what_plain_python_says(texts):
    import stance.features.kernel

    model = stance.load()
    found = model.decision_function(texts, threads=1)
    for text, row in zip(texts, found, strict=True):
        indices, values = model.space.row(text)
        plain = merge_logits((model.intercepts + model.coefficients[:, indices] @ values)[None], model.places)[0]
        assert np.allclose(row, plain, atol=1e-4)


@BOUNDED
@given(st.data())
def test_a_model_file_with_wrong_bytes_is_refused_or_is_a_model(tmp_path, data):
    whole = shipped("models", "stance-ar.joblib").read_bytes()
    head = data.draw(st.booleans())
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 3000 if head else len(whole) - 1))
        damaged[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    path = tmp_path / "x.joblib"
    path.write_bytes(bytes(damaged))
    try:
        model = load_model(path)
    except ArtifactError as error:
        assert str(path) in str(error)
    else:
        assert model.predict_proba(["نص"]).shape == (1, len(model.labels))


@BOUNDED
@given(st.binary(max_size=200) | st.binary(min_size=1, max_size=9).map(lambda b: (b * RAW_BYTES)[: RAW_BYTES + len(b) - 4]))
@example((b"\0\0\x80\0" * RAW_BYTES)[:RAW_BYTES])  # a wrong byte near the cut is not the cut's
def test_a_reject_gives_back_the_bytes_of_the_record(raw):
    record = json.loads(reject_line(ReadFailure("f", 1, "why", raw)))
    if record.get("escaped"):
        back = record["raw"].encode().decode("unicode_escape").encode("latin-1") if record["raw"].isascii() else None
    else:
        back = record["raw"].encode()
    if back is not None:
        assert raw.startswith(back)
        assert len(back) >= min(len(raw), RAW_BYTES) - 3
        assert record.get("truncated", False) == (len(raw) >= RAW_BYTES)


def test_scripts_comments_and_drawings_are_no_attributes():
    pytest.importorskip("trafilatura")
    page = (
        "<html><body><script>if(a<b && " + "x y = 1;" * 900 + "</script><!-- " + "a b c " * 900 + "--><svg><path d='" + "M 1 2 " * 900
        + "'/></svg><p>" + "أيدت مالطا خطة السلام الجديدة في مؤتمر جنيف. " * 5 + "</p></body></html>"
    )  # fmt: skip
    (document,) = DocumentReader().read_stream(io.BytesIO(page.encode()), "x", "x.html")
    assert "مالطا" in document.text


@pytest.mark.parametrize("suffix", [".json", ".parquet"])
def test_the_longest_text_is_bounded_in_every_format(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    records = [{"text": "x" * 5000}, {"text": "نعم"}]
    if suffix == ".json":
        path.write_text(json.dumps(records))
    else:
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        pq.write_table(pa.Table.from_pylist(records), path)
    failures = []
    reader = DocumentReader(on_error=failures.append, limits=ReadLimits(record_bytes=4000))
    assert [d.text for file in reader.files([path]) for d in reader.read(file)] == ["نعم"]
    assert [(f.record, "longer than 4,000" in f.reason) for f in failures] == [(1, True)]


# ------------------------------------------------------------------------------- what is made to take all there is


def a_zip_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.txt", "w", force_zip64=True) as member:
        for _ in range(300):
            member.write(b"\0" * (1 << 20))


def a_gzip_bomb(path):
    with gzip.open(path, "wb") as out:
        for _ in range(300):
            out.write(b" " * (1 << 20))


def nested_tags(path):
    path.write_bytes(b"<html><body>" + b"<div>" * 1_000_000 + "نص".encode())


def many_tags(path):
    path.write_bytes(b"<html><body>" + b"<table><tr><td>x</td></tr></table>" * 200_000)


def many_attributes(path):
    path.write_bytes(b'<html><body><p title=">" ' + b" ".join(b"a%d=1" % n for n in range(800_000)) + b">x")


def a_parquet_bomb(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["x" * (1 << (29 if WHOLE else 27))]}), path, compression="zstd", use_dictionary=False)


def a_repeating_parquet(path):
    """A dictionary of one long text, named by every row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    column = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array(["x" * 5_000_000]))
    pq.write_table(pa.table({"text": column}), path, compression="zstd")


def nested_json(path):
    path.write_bytes(b'{"text": ' + b"[" * 5_000_000)


def many_quotes(path):
    path.write_bytes(b"id,text\n" + b'1,"x\n' * 100_000)


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("a.zip", a_zip_bomb, "as a zip bomb does; refused"), ("a.jsonl.gz", a_gzip_bomb, "as a zip bomb does; refused|longer than"),
        ("a.html", nested_tags, "nested"), ("a.html", many_tags, "tags; refused"), ("a.html", many_attributes, "attributes in a tag; refused"),
        ("a.parquet", a_parquet_bomb, "as a zip bomb does; refused"), ("a.parquet", a_repeating_parquet, "as a zip bomb does; refused"),
        ("a.jsonl", nested_json, "nested too deeply"), ("a.csv", many_quotes, "broken row"),
    ],
)  # fmt: skip
def test_what_is_made_to_take_all_memory_is_refused_in_bounds(tmp_path, name, make, reason):
    if name.endswith("html"):
        pytest.importorskip("trafilatura")
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    make(tmp_path / name)
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "stance", "score", str(tmp_path / name), "--out", str(tmp_path / "o.jsonl"), "--workers", "1"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30)),
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < 60
    rejects = (tmp_path / "o.jsonl.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert any(re.search(reason, json.loads(line)["reason"]) for line in rejects)
    assert max(map(len, rejects)) < 2 * RAW_BYTES
