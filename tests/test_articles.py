from __future__ import annotations

import gzip
import json

import pytest
from conftest import HOSTILE, ROOT, SHARED, WHOLE
from hypothesis import given
from hypothesis import strategies as st

import stance
from stance.arabic.sentences import split_sentences
from stance.articles.charsets import decode
from stance.articles.documents import read_documents
from stance.errors import DocumentError

EXAMPLE = ROOT / "stance" / "articles" / "example.txt"


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("ابت .؟!\n«»:،؛…٣.5")))
def test_offsets_hold_for_any_text(text):
    end = 0
    for span in split_sentences(text):
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end].strip() == text[span.start : span.end] != ""
        end = span.end


def test_the_example_is_read_as_a_reader_would():
    article = stance.score(EXAMPLE)
    assert article.sentences[0].kind == "headline"
    assert [s.kind for s in article.sentences if s.label is None] == ["advert"]
    by_start = {s.text.split()[0]: s for s in article.sentences}
    assert by_start["أما"].label == "abstain"
    assert by_start["لشبونة"].label == "support"
    assert by_start["وارتفعت"].label == "neutral"
    assert all(article.text[s.start : s.end] == s.text for s in article.sentences)
    assert sum(article.counts.values()) == len(article.scored)
    assert sum(article.shares.values()) == pytest.approx(1.0, abs=1e-4)
    oppose = stance.score(EXAMPLE, scheme="oppose")
    assert next(s for s in oppose.sentences if s.text.startswith("وأدانت")).label == "oppose"


def test_text_and_path_give_the_same_answer():
    text = EXAMPLE.read_text(encoding="utf-8")
    assert [s.label for s in stance.score(text).sentences] == [s.label for s in stance.score(str(EXAMPLE)).sentences]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_scored(text):
    article = stance.score(text + "\n")
    assert all(article.text[s.start : s.end] == s.text for s in article.sentences)


def test_shared_articles_are_scored():
    """All are read, and every sixth of them is scored; each with ``STANCE_TESTS=all``."""
    path = SHARED / "articles" / "saudi-news-2015.jsonl.gz"
    if not path.exists():
        pytest.skip("the shared articles are not here: ../shared/articles/saudi-news-2015.jsonl.gz")
    from stance.articles.scoring import score_documents

    documents = list(read_documents([path]))
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        texts = [json.loads(line)["text"] for line in handle]
    assert [d.text for d in documents] == texts
    assert len(documents) == 476
    chosen = documents[:: 1 if WHOLE else 6]
    articles = list(score_documents(chosen, stance.load()))
    assert [a.text for a in articles] == [d.text for d in chosen]
    for article in articles:
        assert article.scored
        assert all(article.text[s.start : s.end] == s.text for s in article.sentences)


def failures(*paths):
    found = []
    documents = list(read_documents(paths, on_error=found.append))
    return documents, [str(f) for f in found]


def test_bad_files_are_named_and_the_good_ones_read(tmp_path):
    (tmp_path / "good.txt").write_text("أيدت مصر القرار.", encoding="utf-8")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "damaged.txt.gz").write_bytes(gzip.compress(b"abc" * 1000)[:20])
    documents, faults = failures(tmp_path, tmp_path / "absent.txt", tmp_path / "x*.txt")
    assert [d.id for d in documents] == ["good.txt"]
    for name, reason in (("empty.txt", "empty"), ("binary.txt", "binary data"), ("damaged.txt.gz", "cannot be read"),
                         ("absent.txt", "no such file"), ("x*.txt", "no file matches")):  # fmt: skip
        assert any(name in f and reason in f for f in faults), (name, faults)


def test_bad_records_are_named_by_line_and_the_good_ones_read(tmp_path):
    path = tmp_path / "x.jsonl"
    lines = [b'{"text": "a b"}', b"{", b'{"text": null}', b'{"foo": 1}', b"\xff\xfe", b"3", b'{"body": "c d", "date": "2020"}']
    path.write_bytes(b"\n".join(lines))
    documents, faults = failures(path)
    assert [(d.text, d.record, d.date) for d in documents] == [("a b", 1, None), ("c d", 7, "2020")]
    assert [f.split(":")[1] for f in faults] == ["2", "3", "4", "5", "6"]


def test_without_a_handler_the_first_failure_raises(tmp_path):
    with pytest.raises(DocumentError, match="absent.txt: no such file"):
        list(read_documents([tmp_path / "absent.txt"]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1256"])
def test_encodings_are_found(encoding):
    text = "أعربت فرنسا عن دعمها لوحدة ليبيا. " * 5
    assert decode(text.encode(encoding))[0] == text


def test_latin_1_is_read_as_what_it_is():
    assert decode("élève à côté".encode("latin-1")) == ("élève à côté", "latin-1")


def test_a_line_of_megabytes_is_scored(tmp_path):
    """Five of them; fifty with ``STANCE_TESTS=all``."""
    path = tmp_path / "long.txt"
    path.write_text("أيدت مصر القرار الجديد وقال الوزير ذلك " * (700_000 if WHOLE else 70_000), encoding="utf-8")
    article = stance.score(path)
    assert len(article.sentences) > 1000
    assert article.sentences[-1].end <= len(article.text)
