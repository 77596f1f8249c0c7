"""Who holds the stances of an article, and on what: the finder's answers, with what only the article can tell.

A sentence often names its holder short (a surname, an office, "the government") or not at all ("and he added that …").
Who that is stands elsewhere in the article: a phrase that says more and has all the words of the short one, or the last
holder before a verb without a subject. Spans stay where the sentence has them; only entity and name come from elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from stance.actors.phrases import IMPLIED, STANCES
from stance.actors.ranker import Actor, ActorFinder

if TYPE_CHECKING:
    from stance.articles.scoring import Sentence

BACK = 3
"""How many sentences before a verb without a subject its holder is looked for."""
_OF_THE_SPEAKER = frozenset(
    ["بلاده", "بلادها", "بلادهم", "بلادنا", "بلادي", "حكومته", "حكومتها", "حكومتنا", "وزارته", "وزارتها", "حزبه", "حزبها", "حركته", "جماعته", "دولته"]
)


def find_holders(sentences: list[Sentence], finder: ActorFinder) -> None:
    """Set `actor` and `target` of the sentences of one article that take a stance."""
    whom = _Known(sentences, finder)
    last: tuple[int, Actor] | None = None
    for index, sentence in enumerate(sentences):
        if sentence.label not in STANCES:
            continue
        actor, sentence.target = finder.find(sentence.text, sentence.label, sentence.start)
        if actor is not None and actor.entity is None:
            if actor.kind == IMPLIED:
                before = last[1] if last is not None and index - last[0] <= BACK else whom.speaker_before(index)
                actor = _as(actor, before) if before is not None else actor
            else:
                actor = whom.introduced(actor, index)
        if actor is not None and (actor.kind != IMPLIED or actor.name):
            last = index, actor
        sentence.actor = actor


def _as(actor: Actor, other: Actor) -> Actor:
    return replace(actor, entity=other.entity, name=other.name if other.entity else other.name or other.text)


class _Known:
    """The phrases of an article that name a known entity, made sentence by sentence when they are asked for."""

    def __init__(self, sentences: list[Sentence], finder: ActorFinder) -> None:
        self._sentences, self._finder = sentences, finder
        self._phrases: dict[int, list[tuple[frozenset[str], tuple[str, str]]]] = {}

    def introduced(self, actor: Actor, index: int) -> Actor:
        """Return an actor with the entity of the nearest phrase, mostly before it, that says more about it."""
        words = self._words(actor.text)
        if words & _OF_THE_SPEAKER:
            before = self.speaker_before(index, here=True)
            return actor if before is None else _as(actor, before)
        found = [
            (at > index, abs(at - index), entity)
            for at, forms in enumerate(self._forms if words else ())
            if words <= forms  # cutting phrases costs a hundred times as much as this look
            for more, entity in self._named(at)
            if words < more
        ]
        if not found:
            return actor
        _, _, (entity, name) = min(found, key=lambda item: item[:2])
        return replace(actor, entity=entity, name=name)

    def speaker_before(self, index: int, *, here: bool = False) -> Actor | None:
        """Return who speaks in the nearest of the sentences before this one."""
        for at in range(index - (not here), max(-1, index - BACK - 1), -1):
            sentence = self._sentences[at]
            if sentence.kind in ("sentence", "quote"):
                actor, _ = self._finder.find(sentence.text, "support", sentence.start)
                if actor is not None and actor.kind != IMPLIED and not self._words(actor.text) & _OF_THE_SPEAKER:
                    return actor
        return None

    def _words(self, text: str) -> frozenset[str]:
        tokens = self._finder.phraser.tokens(text)
        return frozenset(t.form.removeprefix("ال") for t in tokens if t.kind not in ("mark", "quote"))

    @cached_property
    def _forms(self) -> list[frozenset[str]]:
        """The words of each sentence, without their article; none of adverts."""
        read = self._finder.phraser.forms
        return [
            frozenset() if s.kind == "advert" else frozenset(form.removeprefix("ال") for form in read(s.text))
            for s in self._sentences
        ]

    def _named(self, at: int) -> list[tuple[frozenset[str], tuple[str, str]]]:
        """Return the offices and bodies of known entities that a sentence names: the words of each, and the entity."""
        if at not in self._phrases:
            phraser = self._finder.phraser
            tokens, phrases = phraser.cut(self._sentences[at].text)
            self._phrases[at] = found = []
            for phrase in phrases:
                if phrase.entities and phrase.kinds & {"title", "body"}:
                    words = frozenset(t.form.removeprefix("ال") for t in tokens[phrase.first : phrase.last] if t.kind != "mark")
                    known = phraser.table.entities[phrase.entities[0][0]]
                    found.append((words, (known.id, known.name)))
        return self._phrases[at]
