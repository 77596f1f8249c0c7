"""What an article as a whole says: the rule by which the stances of its sentences become one answer.

The rule
--------
1. Only sentences that take a stance have a vote. Most sentences of any article are background; if they voted, every
   article would be neutral. How many took none is told beside the verdict (`Verdict.silent`).
2. A vote weighs its probability, so that two hesitant labels do not beat a sure one. A sentence reported as "uncertain"
   has no vote.
3. A stance is the verdict when it has at least `MAJORITY` of the weight, two votes against one. Else the verdict is
   ``"conflicting"``, and the shares stand beside it: what conflicts is reported, not averaged.
4. Where no sentence takes a stance the verdict is ``"neutral"``.

The same rule makes one answer of the sentences of one actor.

Why two thirds: with three votes it takes two wrong ones, not one, to turn the answer into another stance; one wrong vote
of three or more turns it into "conflicting" at worst when it is surer than the others. With a simple majority the answer
hangs on a single sentence whenever the vote is close, and where two parties dispute in one article, as they do in the
news, the article would be said to hold the view of whoever was quoted once more.

Measured by `tests/benchmarks/verdict.py`, which draws articles from the shipped four-label model's answers on real
sentences (four sentences with a stance, ten without; in the dispute two against two): of articles with one voice a simple
majority names the right stance in 76%, a wrong one in 13%; two thirds name the right one in 53%, a wrong one in 3%, and say
"conflicting" or "neutral" else. Of articles in dispute a simple majority sees 21%, two thirds 68%. Three quarters would see
82% of the disputes and name the one voice in 40%. An analyst who is told "conflicting" looks at the actors; one who is told
the wrong stance does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stance.articles.scoring import Sentence

MAJORITY = 2 / 3
SILENT = ("neutral", "uncertain")
"""Labels that are no stance."""
CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer for many sentences.

    Attributes
    ----------
    stance : str
        A stance, ``"conflicting"``, or ``"neutral"`` where none is taken.
    share : float
        The part of the votes' weight that the leading stance has; where none is taken 1.
    shares : dict of str to float
        Of every stance that was taken, the largest first.
    confidence : float
        Mean probability of the sentences with the leading stance; where none is taken, of all.
    voted, silent : int
        Sentences that take a stance, and that take none.
    """

    stance: str
    share: float
    shares: dict[str, float]
    confidence: float
    voted: int
    silent: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            "stance": self.stance, "share": self.share, "shares": self.shares, "confidence": self.confidence,
            "voted": self.voted, "silent": self.silent,
        }  # fmt: skip


def verdict_of(votes: Iterable[tuple[str | None, float]], majority: float = MAJORITY) -> Verdict:
    """Return the verdict on labels with their probabilities, by the rule above."""
    known = [(label, p) for label, p in votes if label is not None]
    cast = [(label, p) for label, p in known if label not in SILENT]
    silent = len(known) - len(cast)
    if not cast:
        mean = sum(p for _, p in known) / len(known) if known else 0.0
        return Verdict("neutral", 1.0, {}, mean, 0, silent)
    weights: dict[str, float] = {}
    for label, p in cast:
        weights[label] = weights.get(label, 0.0) + p
    total = sum(weights.values())
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    shares = {label: (weight / total if total else 1 / len(weights)) for label, weight in ordered}
    leading, share = next(iter(shares.items()))
    own = [p for label, p in cast if label == leading]
    stance = leading if share >= majority - 1e-9 else CONFLICTING
    return Verdict(stance, share, shares, sum(own) / len(own), len(cast), silent)


@dataclass(slots=True)
class ActorStance:
    """The stance of one actor in an article.

    Attributes
    ----------
    name : str
        Of the known entity that the actor is or speaks for; else as the article names it; empty for nobody named.
    entity : str or None
    kind : str
        Of the first mention.
    verdict : Verdict
        Over the actor's sentences.
    counts : dict of str to int
    sentences : list of int
        Places in ``article.sentences``.
    mentions : list of str
        How the article names it, each once.
    targets : list of str
        On what, each once.
    """

    name: str
    entity: str | None
    kind: str
    verdict: Verdict
    counts: dict[str, int] = field(default_factory=dict)
    sentences: list[int] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    @property
    def stance(self) -> str:
        """The actor's stance, or ``"conflicting"``."""
        return self.verdict.stance

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            "name": self.name, "entity": self.entity, "kind": self.kind, "stance": self.stance,
            "share": self.verdict.share, "confidence": self.verdict.confidence, "counts": self.counts,
            "sentences": self.sentences, "mentions": self.mentions, "targets": self.targets,
        }  # fmt: skip


def actor_stances(sentences: Sequence[Sentence]) -> list[ActorStance]:
    """Return who takes which stance, most sentences first; sentences without a named actor come last, together."""
    groups: dict[str, list[int]] = {}
    for index, sentence in enumerate(sentences):
        if sentence.label is not None and sentence.label not in SILENT and (sentence.actor is not None):
            groups.setdefault(sentence.actor.entity or sentence.actor.name, []).append(index)
    found = []
    for places in groups.values():
        first = sentences[places[0]].actor
        assert first is not None
        one = ActorStance(
            first.name, first.entity, first.kind,
            verdict_of([(sentences[i].label, sentences[i].probability or 0.0) for i in places]), sentences=places,
        )  # fmt: skip
        for i in places:
            label, actor, target = sentences[i].label or "", sentences[i].actor, sentences[i].target
            one.counts[label] = one.counts.get(label, 0) + 1
            if actor is not None and actor.kind != "implied" and actor.text not in one.mentions:
                one.mentions.append(actor.text)
            if target is not None and target.text not in one.targets:
                one.targets.append(target.text)
        found.append(one)
    return sorted(found, key=lambda a: (not a.name, -len(a.sentences)))
