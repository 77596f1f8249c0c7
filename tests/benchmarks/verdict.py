"""What the rule of the verdict makes of a labeller's errors, for several majorities, by simulation.

    python tests/benchmarks/verdict.py [GOLD.jsonl]

The shipped four-label model labels the gold sentences; its answers, with their probabilities, are drawn from by true label.
An article of one voice has n sentences with one true stance and ten neutral ones; an article in dispute has n/2 of each of
two stances. "Right" is the true stance, and "conflicting" for the article in dispute; "wrong" is another stance (for the
dispute: one of the two is said to be the article's). What is neither is "unsure": "conflicting" or "neutral" instead of the
stance. A good majority has few wrong answers at little cost.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import stance
from stance.articles.verdict import verdict_of

GOLD = Path(__file__).resolve().parents[3] / "shared" / "gold" / "dev.jsonl"
STANCES = ("support", "oppose", "abstain")
ROUNDS = 3000


def answers(path: Path) -> dict[str, list[tuple[str, float]]]:
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = defaultdict(list)
    predictions = stance.predict([r["text"] for r in records], scheme="oppose")
    for record, p in zip(records, predictions, strict=True):
        found[record["stance"]].append((p.label, p.probability))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="?", default=GOLD)
    drawn = answers(parser.parse_args().gold)
    print("majority  sentences   one voice: right wrong unsure    dispute: right wrong unsure")
    for majority in (0.5, 0.6, 2 / 3, 0.75, 0.9):
        for n in (2, 4, 8):
            choose = random.Random(0)
            counts = {"one": [0, 0, 0], "two": [0, 0, 0]}
            for _ in range(ROUNDS):
                background = choose.choices(drawn["neutral"], k=10)
                true, other = choose.sample(STANCES, 2)
                found = verdict_of([*choose.choices(drawn[true], k=n), *background], majority).stance
                counts["one"][0 if found == true else 1 if found in STANCES else 2] += 1
                both = [*choose.choices(drawn[true], k=n // 2), *choose.choices(drawn[other], k=n // 2)]
                found = verdict_of([*both, *background], majority).stance
                counts["two"][0 if found == "conflicting" else 1 if found in STANCES else 2] += 1
            cells = ["  ".join(f"{x / ROUNDS:.2f}" for x in counts[k]) for k in ("one", "two")]
            print(f"{majority:8.2f}  {n:9}              {cells[0]}              {cells[1]}")


if __name__ == "__main__":
    main()
