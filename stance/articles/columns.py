"""Labels of many documents as the columns of a table, without an object for a sentence: the fast road to Parquet.

It gives what `scoring.score_batch` and `sinks.arrow_table` give together where nothing but labels is asked for; the long
way round is its twin in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stance.arabic.batches import KINDS, split_many
from stance.articles.charsets import whole_characters
from stance.articles.documents import Document
from stance.articles.scoring import UNSCORED
from stance.articles.sinks import arrow_schema
from stance.model.classifier import Model
from stance.model.prediction import UNCERTAIN


def label_table(documents: Sequence[Document], model: Model, *, uncertain: bool = False, threads: int | None = None) -> Any:
    """Return the sentences of documents with their labels as a `pyarrow.Table`, a row each.

    Parameters
    ----------
    documents : sequence of Document
    model : Model
    uncertain : bool
        Say ``"uncertain"`` instead of a label below the model's floor.
    threads : int, optional
    """
    import pyarrow as pa

    texts = [document.text for document in documents]
    number, start, end, kind = split_many(texts)
    pieces = [texts[i][a:b] for i, a, b in zip(number.tolist(), start.tolist(), end.tolist(), strict=True)]
    scored = ~np.isin(kind, [KINDS.index(name) for name in UNSCORED])
    known = np.flatnonzero(scored)
    chosen = pieces if len(known) == len(pieces) else [pieces[i] for i in known.tolist()]
    found = model.predict_proba(chosen, threads=threads)
    proba = np.zeros((len(pieces), len(model.labels)), dtype=np.float32)
    proba[known] = found
    best = proba.argmax(axis=1)
    highest = proba[np.arange(len(pieces)), best]
    if uncertain:
        best = np.where(highest.astype(np.float64) < model.floor, len(model.labels), best)

    def repeated(values: Sequence[str | None]) -> Any:
        return pa.array(values, pa.string()).take(pa.array(number))

    def named(names: Sequence[str], numbers: Any, mask: Any = None) -> Any:
        return pa.array(names, pa.string()).take(pa.array(numbers, mask=mask))

    absent = ~scored
    first = np.searchsorted(number, np.arange(len(texts)))
    columns = {
        "id": repeated([whole_characters(document.id) for document in documents]),
        "source": repeated([whole_characters(document.source) for document in documents]),
        "date": repeated([document.date for document in documents]),
        "title": repeated([document.title for document in documents]),
        "index": pa.array((np.arange(len(pieces)) - first[number]).astype(np.int32)),
        "text": pa.array(pieces, pa.string()), "start": pa.array(start), "end": pa.array(end),
        "kind": named(KINDS, kind), "label": named((*model.labels, UNCERTAIN), best, absent),
        "probability": pa.array(highest, mask=absent),
    }  # fmt: skip
    schema = arrow_schema(model.labels)
    shares = {name: pa.array(proba[:, i], mask=absent) for i, name in enumerate(schema.names[-len(model.labels) :])}
    columns |= shares
    return pa.Table.from_arrays([columns[f.name] if f.name in columns else pa.nulls(len(pieces), f.type) for f in schema], schema=schema)
