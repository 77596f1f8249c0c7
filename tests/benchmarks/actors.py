"""How often the finder names who holds a stance, and on what, in real sentences whose stance is given.

    python tests/benchmarks/actors.py [GOLD.jsonl] [--model actors.joblib] [--misses]

The gold file has ``text, stance, actors, target``; only sentences that take a stance and name a holder count. "Overlap" is
the share of sentences in which the span found shares characters with a marked one; since a long span overlaps easily, the
mean share of characters in common (intersection over union with the best marked span) stands beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path

from stance.actors.phrases import STANCES
from stance.actors.ranker import ActorFinder, Span, load_finder, shipped_finder
from stance.learn.actors import SpanRecord, occurrences, overlaps

GOLD = Path(__file__).resolve().parents[3] / "shared" / "gold" / "dev.jsonl"


def read_gold(path: Path) -> list[SpanRecord]:
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        r = json.loads(line)
        if r["stance"] in STANCES and r["actors"]:
            records.append(SpanRecord(r["text"], r["stance"], tuple(r["actors"]), r["target"] or ""))
    return records


def in_common(span: Span | None, places: Sequence[tuple[int, int]]) -> float:
    """Intersection over union, in characters, with the marked span that fits best."""
    if span is None:
        return 0.0
    return max(
        (
            max(0, min(span.end, b) - max(span.start, a)) / (max(span.end, b) - min(span.start, a))
            for a, b in places
        ),
        default=0.0,
    )


def interval(hits: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95% bootstrap interval of a mean."""
    choose = random.Random(seed)
    means = sorted(sum(choose.choices(hits, k=len(hits))) / len(hits) for _ in range(1000))
    return means[25], means[974]


def measure(finder: ActorFinder, records: Sequence[SpanRecord]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"actor overlap": [], "actor in common": [], "target overlap": [], "target in common": []}
    for r in records:
        actor, target = finder.find(r.text, r.stance)
        for name, span, marked in (("actor", actor, r.actors), ("target", target, (r.target,))):
            places = occurrences(r.text, marked)
            if places:
                found[f"{name} overlap"].append(float(span is not None and overlaps(span.start, span.end, places)))
                found[f"{name} in common"].append(in_common(span, places))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="?", default=GOLD)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--misses", action="store_true", help="list the sentences whose holder is missed")
    asked = parser.parse_args()
    finder = load_finder(asked.model) if asked.model else shipped_finder()
    records = read_gold(asked.gold)
    started = time.perf_counter()
    figures = measure(finder, records)
    each = (time.perf_counter() - started) / len(records)
    for name, hits in figures.items():
        low, high = interval(hits)
        print(f"{name:17} {sum(hits) / len(hits):.3f}  (95% {low:.3f} to {high:.3f}; {len(hits)} sentences)")
    for stance in STANCES:
        some = measure(finder, [r for r in records if r.stance == stance])["actor overlap"]
        print(f"  actor, {stance:8} {sum(some) / max(1, len(some)):.3f}  ({len(some)})")
    print(f"{each * 1e6:,.0f} microseconds a sentence")
    if asked.misses:
        for r in records:
            actor, _ = finder.find(r.text, r.stance)
            if actor is None or not overlaps(actor.start, actor.end, occurrences(r.text, r.actors)):
                print(f"\n[{r.stance}] {r.text}\n   marked: {', '.join(r.actors)}\n   found:  {actor.text if actor else None}")


if __name__ == "__main__":
    main()
