"""Columns without objects: the same table, and the same bytes, as the long way round."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import stance
import stance.features.kernel  # both ways through the compiled kernel, as workers do
from stance.articles.documents import Document
from stance.articles.rows import sentence_rows
from stance.articles.scoring import Beside, score_batch
from stance.articles.workers import score_encoded

pytest.importorskip("pyarrow")
from stance.articles.columns import label_table
from stance.articles.sinks import Encoder, arrow_stream, arrow_table

LABELS_ONLY = Beside(actors=False, sentiment=False)
TEXT = st.lists(
    st.sampled_from(["أيدت تونس القرار.", "وامتنعت مالطا عن التصويت.", "تابعونا على تويتر", "الرياض - واس", "\n", "• ", "عنوان", "😀"]), max_size=12
).map(" ".join) | st.text(max_size=80).filter(lambda t: t.isprintable())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXT, st.none() | st.just("2015-07-21"), st.none() | st.just("عنوان")), max_size=4), st.booleans())
@example([], False)
@example([("تابعونا على تويتر", None, None)], True)
def test_columns_are_what_the_rows_would_be(rows: list[tuple[str, str | None, str | None]], uncertain: bool) -> None:
    model = stance.load()
    documents = [Document(f"d{i}", text, title, date, "x.jsonl", i) for i, (text, date, title) in enumerate(rows)]
    articles = score_batch(documents, model, uncertain=uncertain, beside=LABELS_ONLY, threads=1)
    slowly = arrow_table([row for article in articles for row in sentence_rows(article)], model.labels)
    table = label_table(documents, model, uncertain=uncertain, threads=1)
    assert table.equals(slowly)
    assert arrow_stream(table) == arrow_stream(slowly)
    encoded = score_encoded(documents, model, Encoder("parquet", False, model.labels), uncertain=uncertain, beside=LABELS_ONLY)
    assert encoded.payload == arrow_stream(slowly)
    assert encoded.sentences == len(slowly)
    counts: dict[str, int] = {}
    for article in articles:
        for label, n in article.counts.items():
            counts[label] = counts.get(label, 0) + n
    assert encoded.counts == {label: n for label, n in counts.items() if n}
