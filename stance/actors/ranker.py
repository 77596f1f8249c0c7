"""Choosing among the phrases of a sentence: who holds the stance, and on what.

Two linear models over features of a phrase (what it is made of, what stands before and after it, where the cue of the
stance is) give every phrase a score; a softmax over the phrases of the sentence makes probabilities of them, and the
highest is the answer, or nobody where it is below a threshold. The weights are plain numbers by feature name, trained on
the spans in ``labels/``, and shipped in ``models/actors-ar.joblib``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from stance.actors.entities import Entity, EntityTable
from stance.actors.features import sentence_features
from stance.actors.nobody import names_nobody
from stance.actors.phrases import IMPLIED, Phrase, Phraser, Token
from stance.arabic.normalize import Normalizer
from stance.errors import ArtifactError
from stance.features.lexicon import Lexicon
from stance.model.artifact import read_artifact, write_artifact

ACTOR_WORDS, TARGET_WORDS = 9, 8
"""Longest spans, in words."""
FINDER = "actors-ar"
"""The shipped finder."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a text: ``text == source[start:end]``."""

    text: str
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {"text": self.text, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class Actor(Span):
    """Who holds a stance.

    Attributes
    ----------
    text, start, end
        Where the article names the actor.
    entity : str or None
        Id of the known state, organisation or movement that the actor is or speaks for (ISO 3166-1 for states).
    name : str
        Canonical Arabic name of the entity; without one, the text; empty where it is not named.
    kind : str
        ``"state"``, ``"organisation"``, ``"bloc"``, ``"movement"``, ``"party"``, ``"person"``, ``"body"`` (a
        government, ministry, parliament, party, ...), ``"implied"`` (a verb or pronoun stands for it), or ``"other"``.
    probability : float
        Of this phrase being the holder, by the ranker.
    """

    entity: str | None
    name: str
    kind: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            "text": self.text, "start": self.start, "end": self.end, "entity": self.entity, "name": self.name,
            "kind": self.kind, "probability": self.probability,
        }  # fmt: skip


@dataclass
class ActorFinder:
    """Finds holder and target of a stance.

    Attributes
    ----------
    phraser : Phraser
    normalizer : Normalizer
    weights : dict of str to dict of str to float
        ``"actor"`` and ``"target"`` to feature name to weight.
    threshold : dict of str to float
        Lowest probability that is reported.
    info : dict
        Where it comes from, and what was measured.
    """

    phraser: Phraser
    normalizer: Normalizer
    weights: dict[str, dict[str, float]]
    threshold: dict[str, float]
    info: dict[str, Any]
    _both: dict[str, tuple[float, float]] | None = field(default=None, init=False, repr=False)

    def find(self, text: str, label: str, offset: int = 0) -> tuple[Actor | None, Span | None]:
        """Return who takes a stance in a sentence, and on what.

        Parameters
        ----------
        text : str
            One sentence.
        label : {"support", "oppose", "abstain"}
        offset : int
            Where the sentence starts in its article; added to the spans.

        Returns
        -------
        actor : Actor or None
        target : Span or None
        """
        tokens, phrases = self.phraser.cut(text)
        if not phrases:
            return None, None
        scores = self._scores(sentence_features(tokens, phrases, label))
        implied: set[int | None] = {i for i, phrase in enumerate(phrases) if IMPLIED in phrase.kinds}
        actor_at, actor_p = self._best("actor", scores, set())
        target_at, _ = self._best("target", scores, implied | {actor_at})
        actor = target = None
        # Where such a word wins, the phrases that lost to it are hardly ever the holder: better nobody than the wrong one.
        if actor_at is not None and not names_nobody(tokens, phrases[actor_at]):
            start, end = self.phraser.span(text, tokens, phrases[actor_at], ACTOR_WORDS)
            entity, name, kind = self._identify(phrases[actor_at], tokens, text[start:end])
            actor = Actor(text[start:end], start + offset, end + offset, entity, name, kind, actor_p)
        if target_at is not None:
            start, end = self.phraser.span(text, tokens, phrases[target_at], TARGET_WORDS, whole=True)
            target = Span(text[start:end], start + offset, end + offset)
        return actor, target

    def entity_in(self, text: str) -> Entity | None:
        """Return the first known entity that a span names."""
        tokens = self.phraser.tokens(text)
        found = next((t.entity for t in tokens if t.entity), None)
        return self.phraser.table.entities[found[0]] if found else None

    def _scores(self, features: list[list[str]]) -> dict[str, list[float]]:
        if self._both is None:  # one look-up for both answers
            actor, target = self.weights["actor"], self.weights["target"]
            self._both = {name: (weight, target.get(name, 0.0)) for name, weight in actor.items()}
        weights_of = self._both.get
        found: dict[str, list[float]] = {"actor": [], "target": []}
        for names in features:
            a = t = 0.0
            for name in names:
                if pair := weights_of(name):
                    a += pair[0]
                    t += pair[1]
            found["actor"].append(a)
            found["target"].append(t)
        return found

    def _best(self, what: str, scores: dict[str, list[float]], taken: set[int | None]) -> tuple[int | None, float]:
        logits = [-math.inf if i in taken else z for i, z in enumerate(scores[what])]
        best = max(logits)
        if best == -math.inf:
            return None, 0.0
        probability = 1 / sum(math.exp(max(z - best, -700.0)) for z in logits)
        return (logits.index(best), probability) if probability >= self.threshold[what] else (None, 0.0)

    def _identify(self, phrase: Phrase, tokens: list[Token], text: str) -> tuple[str | None, str, str]:
        """Say what a phrase names: the entity it is or speaks for, its canonical name, its kind."""
        known: Entity | None = (
            self.phraser.table.entities.get(phrase.entities[0][0]) if phrase.entities else None
        )
        head = tokens[phrase.first]
        if IMPLIED in phrase.kinds:
            return None, "", IMPLIED
        if head.kind == "title":
            kind = "person"
        elif head.kind == "body":
            kind = "body"
        elif head.kind == "entity" and known:
            kind = known.kind
        elif "title" in phrase.kinds:
            kind = "person"
        else:
            kind = "other" if known is None else "body"
        return (known.id, known.name, kind) if known else (None, text, kind)

    def save(self, path: Path) -> None:
        """Write the finder as a plain-data file, like every model."""
        names = sorted(set(self.weights["actor"]) | set(self.weights["target"]))
        arrays = {
            f"weights.{what}": np.array([self.weights[what].get(n, 0.0) for n in names], dtype=np.float32)
            for what in ("actor", "target")
        } | {f"normalizer.{k}": v for k, v in self.normalizer.arrays().items()}
        before = {str(k): v for k, v in self.normalizer.before.items()}
        meta = {
            "kind": "actors", "features": names, "threshold": self.threshold, "info": self.info,
            "normalizer": {"steps": list(self.normalizer.steps), "before": before}, **self.phraser.to_dict(),
        }  # fmt: skip
        write_artifact(path, meta, arrays)


def load_finder(path: Path) -> ActorFinder:
    """Load a finder.

    Raises
    ------
    ArtifactError
        The file is absent, damaged, or holds another kind of model.
    """
    meta, arrays = read_artifact(path)
    try:
        if meta["kind"] != "actors":
            raise KeyError("kind")
        steps, before = (
            meta["normalizer"]["steps"],
            {int(k): v for k, v in meta["normalizer"]["before"].items()},
        )
        normalizer = Normalizer.from_arrays(
            steps, before, *(arrays[f"normalizer.{k}"] for k in ("source", "start", "target"))
        )
        entities = {key: Entity(key, name, kind) for key, name, kind in meta["entities"]}
        forms = {tuple(words.split()): (key, role) for words, key, role in meta["forms"]}
        lexicon = Lexicon(meta["lexicon"]["roles"], meta["lexicon"]["forms"])
        phraser = Phraser(normalizer, lexicon, {name: list(patterns) for name, patterns in meta["words"]}, EntityTable(entities, forms))
        names = meta["features"]
        weights = {
            what: dict(zip(names, arrays[f"weights.{what}"].tolist(), strict=True))
            for what in ("actor", "target")
        }
        threshold = {what: float(meta["threshold"][what]) for what in ("actor", "target")}
        return ActorFinder(phraser, normalizer, weights, threshold, meta["info"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ArtifactError(
            f"{path}: not a model of actors, or a damaged one ({type(error).__name__}: {error})"
        ) from None


@lru_cache(maxsize=1)
def shipped_finder() -> ActorFinder:
    """Load the shipped finder, once in a process."""
    from stance.resources import resource

    return load_finder(resource("models", f"{FINDER}.joblib"))
