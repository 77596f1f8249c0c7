"""Who holds the stances of an article: spans, entities, and what only the article can tell."""

from __future__ import annotations

import csv
import io
import json

import pytest
from conftest import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st

import stance
from stance.actors.ranker import shipped_finder
from stance.articles.documents import Document
from stance.articles.holders import find_holders
from stance.articles.rows import sentence_columns, sentence_rows
from stance.articles.scoring import Beside, Sentence, score_batch


def labelled(*parts: tuple[str, str | None]) -> tuple[str, list[Sentence]]:
    text, sentences = "", []
    for piece, label in parts:
        sentences.append(Sentence(piece, len(text), len(text) + len(piece), "sentence", label, 0.9))
        text += piece + " "
    find_holders(sentences, shipped_finder())
    return text, sentences


def test_offsets_are_those_of_the_article() -> None:
    text, sentences = labelled(
        ("وصل الوفد صباحا.", "neutral"), ("وأدانت وزارة الخارجية النرويجية الهجوم.", "oppose"), ("ورحبت كينيا بالهدنة.", "support")
    )
    assert sentences[0].actor is None
    assert [s.actor.entity for s in sentences[1:]] == ["NO", "KE"]
    assert [s.actor.kind for s in sentences[1:]] == ["body", "state"]
    for s in sentences[1:]:
        for span in (s.actor, s.target):
            assert span is None or (text[span.start : span.end] == span.text and s.start <= span.start < span.end <= s.end)
    assert sentences[2].target is not None
    assert "الهدنة" in sentences[2].target.text or "هدنة" in sentences[2].target.text


def test_a_verb_without_subject_is_the_last_holder() -> None:
    _, (first, second) = labelled(
        ("أعرب وزير الخارجية الكندي عن دعمه للاتفاق.", "support"), ("وأضاف أنه يرفض التدخل في شؤون غيره.", "oppose")
    )
    assert first.actor.entity == "CA"
    assert (second.actor.kind, second.actor.entity, second.actor.name) == ("implied", "CA", first.actor.name)
    assert second.actor.text in second.text


def test_a_verb_without_subject_is_who_spoke_in_the_neutral_sentence_before() -> None:
    _, (_, second) = labelled(
        ("وقال الرئيس الكيني إن اللقاء كان قصيرا.", "neutral"), ("وأضاف أنه يؤيد المبادرة الجديدة.", "support")
    )
    assert second.actor.entity == "KE"


def test_a_verb_without_subject_and_without_anybody_before_it_is_nobody() -> None:
    _, (only,) = labelled(("وأضاف أنه يؤيد المبادرة الجديدة.", "support"))
    assert only.actor.kind == "implied"
    assert (only.actor.entity, only.actor.name) == (None, "")


def test_a_surname_is_who_was_introduced_with_office_and_state() -> None:
    _, (_, second) = labelled(
        ("التقى وزير الخارجية النرويجي بيتر هارمان نظراءه في جنيف.", "neutral"), ("ورحب هارمان بالهدنة.", "support")
    )
    assert second.actor.text == "هارمان"
    assert second.actor.entity == "NO"


def test_other_labels_than_stances_have_no_holder() -> None:
    _, sentences = labelled(("أدانت كينيا الهجوم.", "neutral"), ("أدانت كينيا الهجوم.", None), ("أدانت كينيا الهجوم.", "uncertain"))
    assert [s.actor for s in sentences] == [None] * 3
    article = stance.score("أدانت كينيا الهجوم.", task="sentiment")
    assert [(s.actor, s.sentiment) for s in article.sentences] == [(None, None)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.sampled_from(["وأضاف أنه", "قال", "بلاده ترحب", "هو"])), max_size=5))
def test_any_text_has_spans_within_it(pieces: list[str]) -> None:
    text, sentences = labelled(*[(p, label) for p, label in zip(pieces, ["support", "oppose", "abstain", "support", "neutral"], strict=False)])
    for s in sentences:
        for span in (s.actor, s.target):
            assert span is None or (span.text and text[span.start : span.end] == span.text)


def test_rows_and_json_have_the_same_spans() -> None:
    article = score_batch([Document("x", "أدانت كينيا الهجوم على السفارة.\nوصل الوفد.")], stance.load("stance-oppose-ar"))[0]
    record = json.loads(json.dumps(article.to_dict(), ensure_ascii=False))
    columns = sentence_columns(article.labels)
    rows = [dict(zip(columns, row, strict=True)) for row in sentence_rows(article)]
    actor = record["sentences"][0]["actor"]
    assert actor.keys() == {"text", "start", "end", "entity", "name", "kind", "probability"}
    assert rows[0]["actor"] == actor["text"]
    assert all(rows[0][f"actor_{key}"] == value for key, value in actor.items() if key != "text")
    assert record["sentences"][1]["actor"] is None
    assert all(rows[1][c] is None for c in columns if c.startswith(("actor", "target")))
    assert record["actors"][0]["entity"] == "KE"
    assert record["verdict"]["stance"] == "oppose"
    assert rows[0]["sentiment"] == record["sentences"][0]["sentiment"] == "negative"


def test_what_is_beside_can_be_left_out() -> None:
    plain = score_batch([Document("x", "أدانت كينيا الهجوم.")], stance.load("stance-oppose-ar"), beside=Beside(False, False))[0]
    assert plain.sentences[0].label == "oppose"
    assert (plain.sentences[0].actor, plain.sentences[0].sentiment) == (None, None)


def test_parquet_has_typed_columns(tmp_path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    from stance.articles.stream import score_to_file

    (tmp_path / "a.txt").write_text("أدانت كينيا الهجوم على السفارة.\nوصل الوفد.", encoding="utf-8")
    score_to_file([tmp_path / "a.txt"], tmp_path / "a.parquet", stance.load("stance-oppose-ar"))
    table = pq.read_table(tmp_path / "a.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert [kinds[c] for c in ("actor", "actor_start", "actor_entity", "actor_probability", "target_end", "sentiment")] == [
        "string", "int64", "string", "float", "int64", "string",
    ]  # fmt: skip
    assert table["actor_entity"].to_pylist() == ["KE", None]
    score_to_file([tmp_path / "a.txt"], tmp_path / "a.csv", stance.load("stance-oppose-ar"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    assert [r["actor_entity"] for r in rows] == ["KE", ""]
