"""A page of statistics about a corpus of articles, with every promise about offsets checked on the way.

    python tests/benchmarks/articles.py [PATHS ...] [--scheme default|oppose]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import stance
from stance.articles.documents import read_documents
from stance.articles.records import ReadFailure
from stance.articles.scoring import Article, score_documents
from stance.articles.trends import day_of
from stance.articles.verdict import SILENT

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "articles" / "saudi-news-2015.jsonl.gz"


def check(article: Article) -> None:
    for s in article.sentences:
        assert article.text[s.start : s.end] == s.text, (article.id, s)
        for span in (s.actor, s.target):
            assert span is None or article.text[span.start : span.end] == span.text, (article.id, span)
    assert sum(article.counts.values()) == len(article.scored)
    assert article.verdict.voted + article.verdict.silent == len(article.scored)


def table(title: str, counts: Counter[str], total: int, top: int = 15) -> Iterable[str]:
    yield f"\n| {title} | n | share |\n| --- | ---: | ---: |"
    for name, n in counts.most_common(top):
        yield f"| {name} | {n:,} | {n / max(1, total):.1%} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", default=[CORPUS])
    parser.add_argument("--scheme", default="oppose")
    asked = parser.parse_args()
    failures: list[ReadFailure] = []
    started = time.perf_counter()
    articles = list(score_documents(read_documents(asked.paths, on_error=failures.append), stance.load(f"stance-{asked.scheme}-ar" if asked.scheme != "default" else "stance-ar")))
    seconds = time.perf_counter() - started
    for article in articles:
        check(article)
    sentences = [s for a in articles for s in a.sentences]
    taken = [s for s in sentences if s.label is not None and s.label not in SILENT]
    actors = [s.actor for s in taken if s.actor]
    print(f"{len(articles):,} articles, {len(failures):,} failures, {len(sentences):,} pieces in {seconds:.1f} s; all offsets hold.")
    print(f"{sum(day_of(a.date) is not None for a in articles):,} articles have a date, {sum(bool(a.title) for a in articles):,} a title.")
    print(f"{len(taken):,} sentences take a stance; {len(actors):,} have an actor, {sum(a.entity is not None for a in actors):,} of them a known one, "
          f"{sum(s.target is not None for s in taken):,} a target.")  # fmt: skip
    for title, counts, total in (
        ("kind of piece", Counter(s.kind for s in sentences), len(sentences)),
        ("label", Counter(s.label or "(not scored)" for s in sentences), len(sentences)),
        ("sentiment", Counter(s.sentiment or "(not scored)" for s in sentences), len(sentences)),
        ("verdict of article", Counter(a.verdict.stance for a in articles), len(articles)),
        ("kind of actor", Counter(a.kind for a in actors), len(actors)),
        ("actor", Counter(a.name for a in actors if a.entity), len(actors)),
    ):
        print("\n".join(table(title, counts, total)))


if __name__ == "__main__":
    main()
