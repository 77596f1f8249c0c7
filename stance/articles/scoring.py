"""Scoring articles: cut into sentences, label each, sum up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from stance.arabic.sentences import split_sentences
from stance.articles.charsets import whole_characters
from stance.articles.documents import Document
from stance.model.classifier import Model

UNSCORED = ("advert", "dateline")
BATCH = 256
"""Documents that are scored together."""


@dataclass(slots=True)
class Sentence:
    """A sentence of an article.

    Attributes
    ----------
    text : str
    start, end : int
        Where it lies: ``article.text[start:end] == text``.
    kind : str
        ``"sentence"``, ``"headline"``, ``"subheading"``, ``"list"``, ``"quote"``, ``"dateline"`` or ``"advert"``.
    label : str or None
        None for what is not scored (advertising lines and bare datelines).
    probability : float or None
        Of the label.
    probabilities : dict of str to float
        Of every label; empty for what is not scored.
    """

    text: str
    start: int
    end: int
    kind: str
    label: str | None = None
    probability: float | None = None
    probabilities: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            "text": self.text, "start": self.start, "end": self.end, "kind": self.kind, "label": self.label,
            "probability": self.probability, "probabilities": self.probabilities,
        }  # fmt: skip


@dataclass(slots=True)
class Article:
    """A scored article.

    Attributes
    ----------
    id, title, date, source
        As read (see `stance.articles.documents.Document`).
    text : str
    sentences : list of Sentence
        All of them, in order.
    task, model : str
        What was judged, and the name of the model that judged.
    labels : tuple of str
        The model's labels.
    """

    id: str
    text: str
    sentences: list[Sentence]
    task: str
    model: str
    labels: tuple[str, ...]
    title: str | None = None
    date: str | None = None
    source: str = "-"

    @property
    def scored(self) -> list[Sentence]:
        """The sentences that have a label."""
        return [s for s in self.sentences if s.label is not None]

    @property
    def counts(self) -> dict[str, int]:
        """How many sentences have each label."""
        found = Counter(s.label for s in self.scored)
        return {label: found[label] for label in (*self.labels, "uncertain") if label in self.labels or found[label]}

    @property
    def shares(self) -> dict[str, float]:
        """The mean probability of each label over the scored sentences."""
        rows = self.scored
        return {label: sum(s.probabilities[label] for s in rows) / len(rows) for label in self.labels} if rows else {}

    @property
    def summary(self) -> str:
        """One line: the counts, most frequent first."""
        if not self.scored:
            return "no sentence to score"
        counts = sorted(self.counts.items(), key=lambda item: -item[1])
        return ", ".join(f"{n} {label}" for label, n in counts if n) + f" of {len(self.scored)} sentences"

    def to_dict(self) -> dict[str, Any]:
        """Return the article as plain data, as ``--format jsonl`` prints it."""
        return {
            "id": self.id, "title": self.title, "date": self.date, "source": self.source, "task": self.task,
            "model": self.model, "counts": self.counts, "shares": self.shares,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
        }  # fmt: skip


def score_documents(documents: Iterable[Document], model: Model, *, uncertain: bool = False) -> Iterator[Article]:
    """Yield every document as a scored article, in order; sentences of many documents are scored together."""
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        yield from score_batch(batch, model, uncertain=uncertain)


def score_batch(
    documents: Iterable[Document], model: Model, *, uncertain: bool = False, threads: int | None = None
) -> list[Article]:
    """Return documents as scored articles: what every road to a score goes through, in one process or in many."""
    articles = [_cut(document, model) for document in documents]
    waiting = [s for article in articles for s in article.sentences if s.kind not in UNSCORED]
    decisions = model.decide([s.text for s in waiting], uncertain=uncertain, threads=threads)
    for sentence, (label, probability, probabilities) in zip(waiting, decisions, strict=True):
        sentence.label, sentence.probability, sentence.probabilities = label, probability, probabilities
    return articles


def _cut(document: Document, model: Model) -> Article:
    text = document.text
    sentences = [Sentence(text[s.start : s.end], s.start, s.end, s.kind) for s in split_sentences(text)]
    return Article(
        whole_characters(document.id), text, sentences, model.task, model.name, model.labels, document.title,
        document.date, whole_characters(document.source),
    )  # fmt: skip
