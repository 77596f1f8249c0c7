"""Training the finder of actors and targets on the spans in the labelled sentences."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stance.actors.entities import read_entities, read_toml
from stance.actors.features import sentence_features
from stance.actors.phrases import IMPLIED, STANCES, Phraser
from stance.actors.ranker import ACTOR_WORDS, ActorFinder
from stance.arabic.normalize import derive
from stance.errors import LabelError
from stance.features.lexicon import read_lexicon
from stance.learn.actor_patterns import patterned
from stance.learn.conditional import Candidates, fit_choice

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


def read_spans(paths: Iterable[Path], spans: Iterable[Path] = ()) -> list[SpanRecord]:
    """Read the sentences that take a stance and name its holder.

    Parameters
    ----------
    paths : iterable of Path
        JSON Lines of sentences with ``text``, ``stance`` and, where they are known, ``actors`` and ``target``.
    spans : iterable of Path
        JSON Lines of ``id, actors, target`` for sentences of `paths` that do not have them.

    Raises
    ------
    LabelError
        A line is no JSON, or a span does not stand in its text, or belongs to no sentence.
    """
    beside = {record["id"]: record for path in spans for _, record in _records(path, ("id", "actors"))}
    found = []
    for path in paths:
        for number, record in _records(path, ("text", "stance")):
            record = {**record, **beside.pop(record.get("id"), {})}
            text, stance, actors = record["text"], record["stance"], tuple(record.get("actors") or ())
            target = record.get("target") or ""
            if stance in STANCES and actors:
                for span in (*actors, target):
                    if span not in text:
                        raise LabelError(f"{path}:{number}: {span!r} does not stand in the text; spans are verbatim")
                found.append(SpanRecord(text, stance, actors, target))
    if beside:
        raise LabelError(f"spans for {len(beside)} sentence(s) that are in none of the label files, first {next(iter(beside))!r}")
    return found


def _records(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            try:
                record = json.loads(line)
                for key in needed:
                    record[key]
            except (ValueError, KeyError, TypeError) as error:
                raise LabelError(
                    f"{path}:{number}: expected a JSON record with {' and '.join(needed)} ({error})"
                ) from None
            yield number, record


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
    spans: Sequence[Path] = (),
    target_labels: Sequence[Path] = (),
    patterns: Path | None = None,
    C: float = 0.03,
    folds: int = 5,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> ActorFinder:
    """Train the finder.

    Parameters
    ----------
    labels : sequence of Path
        JSON Lines with ``text, stance`` and, where they are known, ``actors, target``.
    entities : Path
        Folder of ``states.toml``, ``organisations.toml`` and ``words.toml``.
    lexicon : Path
        Stance cues.
    spans : sequence of Path
        JSON Lines with ``id, actors, target`` of further sentences of `labels`.
    target_labels : sequence of Path
        As `labels`, but only what a stance is on is learnt from them, not who holds it; never measured on.
    patterns : Path, optional
        Sentence patterns, as in ``labels/spans/patterns.toml``; learnt from, never measured on.
    C : float
        Inverse strength of the regularisation.
    folds : int
        Of the cross-validation; 0 for none.

    Returns
    -------
    ActorFinder
        With the figures on the labels in ``info["cross_validation"]``.
    """
    from sklearn.model_selection import KFold

    normalizer = derive(STEPS)
    words = {str(k): list(v) for k, v in read_toml(entities / "words.toml")["words"].items()}
    phraser = Phraser(
        normalizer, read_lexicon(lexicon, normalizer), words, read_entities(entities, normalizer)
    )
    records = read_spans(labels, spans)
    if len(records) < 50:
        raise LabelError(
            f"only {len(records)} sentences name the holder of their stance; expected at least 50 (field 'actors')"
        )

    made = [SpanRecord(*parts) for parts in patterned(patterns)] if patterns else []
    further = [r for r in read_spans(target_labels) if r.target]
    of_targets = [[(names, False, on) for names, _, on in _candidates(phraser, r)] for r in further]

    def fit(some: Sequence[SpanRecord]) -> ActorFinder:
        weights = fit_choice([*(_candidates(phraser, r) for r in [*varied(some, phraser), *made]), *of_targets], C)
        return ActorFinder(phraser, normalizer, weights, dict(THRESHOLD), {})

    figures = []
    splits = KFold(folds, shuffle=True, random_state=0).split(records) if folds else ()
    for fold, (train, test) in enumerate(splits):
        progress("cross-validation", fold, folds + 1)
        figures.append(evaluate_finder(fit([records[i] for i in train]), [records[i] for i in test]))
    progress("fitting", folds, folds + 1)
    finder = fit(records)
    digest = hashlib.sha256(
        "\n".join(sorted(r.text for r in [*records, *made, *further])).encode("utf-8", "surrogatepass")
    ).hexdigest()
    finder.info = {
        "sentences": len(records), "patterned": len(made), "of_targets": len(further), "fingerprint": digest[:16], "C": C, "folds": folds,
        "cross_validation": {
            name: round(float(np.mean([f[name] for f in figures])), 4) for name in (figures[0] if figures else ()) if name != "sentences"
        },
    }  # fmt: skip
    return finder

_SURNAMES = ["الحمداني", "برونيفسكي", "كاستيلو", "ديلان", "العبيدي", "موراتا", "سوندرز", "الزيدي", "هارمان", "كوفاتش", "روسيني", "الشامي", "بيرغمان", "أوكونيو", "تاكادا", "لينغ", "الفقيه", "دراغان", "ويلكنز", "سانتوس", "بوكوف", "يلماز", "قرداش", "شتاينر", "موانغي", "الدباغ", "غولدمان", "كيم", "رازافي", "لوبيز", "أندرسون", "الخطيب"]
_SPEECH = ("report", *STANCES)
IMPLIED_SHARE = 0.3
"""Of the sentences in which the holder follows a verb of speech, how many are learnt from without their holder too."""


def varied(records: Sequence[SpanRecord], phraser: Phraser, seed: int = 0) -> list[SpanRecord]:
    """Return the records and, of each, what the news would write where the holder was named in full before.

    That is a bare surname; the holder before the verb, as in headlines; and, after a verb of speech, nothing: there the
    verb itself stands for the holder.
    """
    choose = random.Random(seed)
    found = list(records)
    for r in records:
        at = r.text.find(r.actors[0])
        before, after = r.text[:at], r.text[at + len(r.actors[0]) :]
        if r.target and r.target in r.actors[0]:
            continue
        name = choose.choice(_SURNAMES)
        found.append(SpanRecord(before + name + after, r.stance, (name,), r.target))
        tokens = phraser.tokens(before)
        if len(tokens) == 1 and tokens[0].kind in _SPEECH and before.endswith(" "):
            verb = before.strip().removeprefix("و")
            for who in (r.actors[0], name):  # a headline puts the subject first
                found.append(SpanRecord(f"{who} {verb}{after}", r.stance, (who,), r.target))
        if tokens and tokens[-1].kind in _SPEECH and before.endswith(" ") and choose.random() < IMPLIED_SHARE:
            verb = before[tokens[-1].start : tokens[-1].end]
            found.append(SpanRecord(before + after.lstrip(" ،"), r.stance, (verb,), r.target))
    return [r for r in found if all(a in r.text for a in r.actors) and r.target in r.text]


def _candidates(phraser: Phraser, record: SpanRecord) -> Candidates:
    tokens = phraser.tokens(record.text)
    phrases = phraser.phrases(tokens)
    actors, targets = occurrences(record.text, record.actors), occurrences(record.text, [record.target])
    rows = []
    for phrase, names in zip(phrases, sentence_features(tokens, phrases, record.stance), strict=True):
        start, end = phraser.span(record.text, tokens, phrase, ACTOR_WORDS)
        named = IMPLIED not in phrase.kinds
        rows.append((names, overlaps(start, end, actors), named and overlaps(start, end, targets)))
    return rows
