"""Training the finder of actors and targets on the spans in the labelled sentences."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance.actors.entities import read_entities, read_toml
from stance.actors.phrases import STANCES, Phraser
from stance.actors.ranker import ActorFinder, phrase_features
from stance.arabic.normalize import derive
from stance.errors import LabelError
from stance.features.lexicon import read_lexicon

STEPS = ("unicode", "dediacritize", "alef", "alef_maksura", "teh_marbuta", "tatweel", "digits", "lowercase")
THRESHOLD = {"actor": 0.1, "target": 0.1}
"""Below these probabilities nobody is named: no phrase of the sentence looks like a holder (or a target)."""


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """A labelled sentence with the names of its holders and its target, verbatim."""

    text: str
    stance: str
    actors: tuple[str, ...]
    target: str


def read_spans(paths: Iterable[Path]) -> list[SpanRecord]:
    """Read the sentences that take a stance and name its holder.

    Raises
    ------
    LabelError
        A line is no JSON, or a span does not stand in its text.
    """
    found = []
    for path in paths:
        with path.open(encoding="utf-8") as handle:
            for number, line in enumerate(handle, 1):
                try:
                    record = json.loads(line)
                    text, stance, actors = record["text"], record["stance"], tuple(record.get("actors") or ())
                except (ValueError, KeyError, TypeError) as error:
                    raise LabelError(
                        f"{path}:{number}: expected a JSON record with text and stance ({error})"
                    ) from None
                target = record.get("target") or ""
                if stance in STANCES and actors:
                    for span in (*actors, target):
                        if span not in text:
                            raise LabelError(
                                f"{path}:{number}: {span!r} does not stand in the text; spans are verbatim"
                            )
                    found.append(SpanRecord(text, stance, actors, target))
    return found


def occurrences(text: str, spans: Iterable[str]) -> list[tuple[int, int]]:
    """Return every place where one of the spans stands in the text."""
    found = []
    for span in spans:
        at = text.find(span) if span else -1
        while at >= 0:
            found.append((at, at + len(span)))
            at = text.find(span, at + 1)
    return found


def overlaps(start: int, end: int, places: Sequence[tuple[int, int]]) -> bool:
    """Say whether a span shares a character with one of the places."""
    return any(start < b and a < end for a, b in places)


def evaluate_finder(finder: ActorFinder, records: Sequence[SpanRecord]) -> dict[str, float]:
    """Measure a finder on sentences whose stance is given.

    Returns
    -------
    dict
        ``actor_overlap`` and ``target_overlap``: share of the sentences whose span shares characters with a labelled
        one; ``actor_found`` and ``target_found``: share for which any was named; ``sentences``.
    """
    hits = np.zeros(4)
    for r in records:
        actor, target = finder.find(r.text, r.stance)
        hits[1] += actor is not None
        hits[3] += target is not None
        hits[0] += actor is not None and overlaps(actor.start, actor.end, occurrences(r.text, r.actors))
        hits[2] += target is not None and overlaps(target.start, target.end, occurrences(r.text, [r.target]))
    names = ("actor_overlap", "actor_found", "target_overlap", "target_found")
    return dict(zip(names, (hits / max(1, len(records))).round(4).tolist(), strict=True)) | {
        "sentences": len(records)
    }


def train_actors(
    labels: Sequence[Path],
    entities: Path,
    lexicon: Path,
    *,
    C: float = 0.3,
    progress: Callable[[str], None] = lambda _: None,
) -> ActorFinder:
    """Train the finder.

    Parameters
    ----------
    labels : sequence of Path
        JSON Lines with ``text, stance, actors, target``.
    entities : Path
        Folder of ``states.toml``, ``organisations.toml`` and ``words.toml``.
    lexicon : Path
        Stance cues.
    C : float
        Inverse strength of the regularisation.

    Returns
    -------
    ActorFinder
        With 5-fold figures on the labels in ``info["cross_validation"]``.
    """
    from sklearn.model_selection import KFold

    normalizer = derive(STEPS)
    words = {str(k): list(v) for k, v in read_toml(entities / "words.toml")["words"].items()}
    phraser = Phraser(
        normalizer, read_lexicon(lexicon, normalizer), words, read_entities(entities, normalizer)
    )
    records = read_spans(labels)
    if len(records) < 50:
        raise LabelError(
            f"only {len(records)} sentences name the holder of their stance; expected at least 50 (field 'actors')"
        )
    progress(f"{len(records):,} sentences with holders")
    candidates = [_candidates(phraser, r) for r in records]
    figures = []
    for fold, (train, test) in enumerate(KFold(5, shuffle=True, random_state=0).split(records), 1):
        progress(f"fold {fold} of 5")
        finder = ActorFinder(phraser, normalizer, _fit([candidates[i] for i in train], C), THRESHOLD, {})
        figures.append(evaluate_finder(finder, [records[i] for i in test]))
    mean = {
        name: round(float(np.mean([f[name] for f in figures])), 4)
        for name in figures[0]
        if name != "sentences"
    }
    digest = hashlib.sha256(
        "\n".join(sorted(r.text for r in records)).encode("utf-8", "surrogatepass")
    ).hexdigest()
    info: dict[str, Any] = {
        "sentences": len(records),
        "cross_validation": mean,
        "fingerprint": digest[:16],
        "C": C,
    }
    return ActorFinder(phraser, normalizer, _fit(candidates, C), THRESHOLD, info)


Candidates = list[tuple[list[str], bool, bool]]


def _candidates(phraser: Phraser, record: SpanRecord) -> Candidates:
    tokens = phraser.tokens(record.text)
    phrases = phraser.phrases(tokens)
    actors, targets = occurrences(record.text, record.actors), occurrences(record.text, [record.target])
    rows = []
    for i, phrase in enumerate(phrases):
        start, end = phraser.span(record.text, tokens, phrase, 9)
        names = phrase_features(tokens, phrases, i, record.stance)
        rows.append((names, overlaps(start, end, actors), overlaps(start, end, targets)))
    return rows


def _fit(sentences: Sequence[Candidates], C: float) -> dict[str, dict[str, float]]:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    rows = [row for sentence in sentences for row in sentence]
    vectorizer = DictVectorizer(dtype=np.float64)
    matrix = vectorizer.fit_transform([dict.fromkeys(names, 1.0) for names, _, _ in rows])
    weights = {}
    for at, what in ((1, "actor"), (2, "target")):
        answer = np.array([row[at] for row in rows])
        head = LogisticRegression(C=C, max_iter=2000).fit(matrix, answer)
        values = np.asarray(head.coef_[0], dtype=np.float32).tolist()
        weights[what] = dict(zip(vectorizer.feature_names_, values, strict=True)) | {
            "": float(np.float32(head.intercept_[0]))
        }
    return weights
