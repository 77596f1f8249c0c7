"""Scoring articles: cut into sentences, label each, sum up."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from typing import Any

from stance.actors.ranker import FINDER, Actor, Span, shipped_finder
from stance.arabic.sentences import split_sentences
from stance.articles.charsets import whole_characters
from stance.articles.documents import Document
from stance.articles.holders import find_holders
from stance.articles.verdict import ActorStance, Verdict, actor_stances, verdict_of
from stance.errors import ArtifactError
from stance.model.catalogue import load, model_path
from stance.model.classifier import Model
from stance.resources import resource

UNSCORED = ("advert", "dateline")
SENTIMENT = "sentiment-ar"
"""The model that judges sentiment beside stance."""
BATCH = 256
"""Documents that are scored together."""
MANY_CHARACTERS, CUTTER = 1 << 18, "stance.arabic.cutting"
"""From so many characters on loading the compiled cutter pays, if it is not loaded already."""


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
    actor : Actor or None
        Who holds the stance; None where none is taken (and for other tasks than stance).
    target : Span or None
        On what, as far as it can be told.
    sentiment : str or None
        What an ordinary reader finds it, judged by the shipped model of sentiment; None for other tasks than stance.
    sentiment_probability : float or None
    """

    text: str
    start: int
    end: int
    kind: str
    label: str | None = None
    probability: float | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    actor: Actor | None = None
    target: Span | None = None
    sentiment: str | None = None
    sentiment_probability: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            "text": self.text, "start": self.start, "end": self.end, "kind": self.kind, "label": self.label,
            "probability": self.probability, "probabilities": self.probabilities,
            "actor": self.actor and self.actor.to_dict(), "target": self.target and self.target.to_dict(),
            "sentiment": self.sentiment, "sentiment_probability": self.sentiment_probability,
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
    judge : Model or None
        The model itself, for the views that explain its labels.
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
    judge: Model | None = field(default=None, repr=False, compare=False)

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
    def actors(self) -> list[ActorStance]:
        """Who takes which stance, with the sentences; the most mentioned first."""
        return actor_stances(self.sentences)

    @property
    def verdict(self) -> Verdict:
        """The article's answer; see `stance.articles.verdict` for the rule."""
        return verdict_of([(s.label, s.probability or 0.0) for s in self.scored])

    @property
    def sentiment(self) -> dict[str, int]:
        """How many sentences are positive, neutral, negative; empty where sentiment was not judged."""
        return dict(Counter(s.sentiment for s in self.sentences if s.sentiment is not None).most_common())

    def to_frame(self) -> Any:
        """Return the sentences as a `pandas.DataFrame`, a row each, with the columns that CSV and Parquet have."""
        from stance.articles.rows import sentence_columns, sentence_rows
        from stance.errors import DependencyError

        try:
            import pandas as pd
        except ImportError:
            raise DependencyError("to_frame needs pandas: pip install pandas") from None
        return pd.DataFrame(sentence_rows(self), columns=list(sentence_columns(self.labels)))

    def _repr_html_(self) -> str:
        # The one call up the house, by name: notebooks look for this method on the object itself.
        return str(import_module("stance.present.article_html").article_fragment(self))

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
            "model": self.model, "counts": self.counts, "shares": self.shares, "verdict": self.verdict.to_dict(),
            "actors": [actor.to_dict() for actor in self.actors], "sentiment": self.sentiment,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Beside:
    """What is found beside the labels of a model of stance: who holds it and on what, and the sentiment.

    Attributes
    ----------
    actors, sentiment : bool
        Actors cost two to three times the time of cutting and labelling, sentiment about two thirds of it.
    """

    actors: bool = True
    sentiment: bool = True


ALL = Beside()


def companions(model: Model, beside: Beside) -> dict[str, str]:
    """Return digests of the model files that are used beside a model, by what they find: they too decide what a run writes.

    Raises
    ------
    ArtifactError
        One is not there.
    """
    files = {}
    if model.task == "stance" and beside.actors:
        files["actors"] = resource("models", f"{FINDER}.joblib")
    if model.task == "stance" and beside.sentiment:
        files["sentiment"] = model_path(SENTIMENT)
    try:
        return {what: hashlib.sha256(path.read_bytes()).hexdigest()[:32] for what, path in files.items()}
    except OSError as error:
        raise ArtifactError(f"{error.filename}: cannot be read: {error.strerror}") from None


def score_documents(
    documents: Iterable[Document], model: Model, *, uncertain: bool = False, beside: Beside = ALL
) -> Iterator[Article]:
    """Yield every document as a scored article, in order; sentences of many documents are scored together."""
    stream = iter(documents)
    while batch := list(islice(stream, BATCH)):
        yield from score_batch(batch, model, uncertain=uncertain, beside=beside)


def score_batch(
    documents: Iterable[Document],
    model: Model,
    *,
    uncertain: bool = False,
    threads: int | None = None,
    beside: Beside = ALL,
) -> list[Article]:
    """Return documents as scored articles: what every road to a score goes through, in one process or in many."""
    articles = _cut(list(documents), model)
    waiting = [s for article in articles for s in article.sentences if s.kind not in UNSCORED]
    decisions = model.decide([s.text for s in waiting], uncertain=uncertain, threads=threads)
    for sentence, (label, probability, probabilities) in zip(waiting, decisions, strict=True):
        sentence.label, sentence.probability, sentence.probabilities = label, probability, probabilities
    if model.task == "stance" and beside.actors:
        finder = shipped_finder()
        for article in articles:
            find_holders(article.sentences, finder)
    if model.task == "stance" and beside.sentiment:
        feeling = load(SENTIMENT).decide([s.text for s in waiting], threads=threads)
        for sentence, (label, probability, _) in zip(waiting, feeling, strict=True):
            sentence.sentiment, sentence.sentiment_probability = label, probability
    return articles


def _cut(documents: Sequence[Document], model: Model) -> list[Article]:
    """Return documents as articles with their sentences, not scored yet."""
    articles = [
        Article(
            whole_characters(document.id), document.text, [], model.task, model.name, model.labels, document.title,
            document.date, whole_characters(document.source), model,
        )
        for document in documents
    ]  # fmt: skip
    if sum(len(article.text) for article in articles) < MANY_CHARACTERS and CUTTER not in sys.modules:
        for article in articles:
            text = article.text
            article.sentences = [Sentence(text[s.start : s.end], s.start, s.end, s.kind) for s in split_sentences(text)]
        return articles
    from stance.arabic.batches import KINDS, split_many

    pieces = split_many([article.text for article in articles])
    for number, start, end, kind in zip(*(column.tolist() for column in pieces), strict=True):
        article = articles[number]
        article.sentences.append(Sentence(article.text[start:end], start, end, KINDS[kind]))
    return articles
