"""Scored articles as a page to read: tinted sentences, underlined actors, what is behind each label, the table of actors."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from stance.articles.scoring import Article, Sentence
from stance.articles.verdict import SILENT
from stance.model.explain import explain_text
from stance.present.html import render
from stance.present.shades import visible

NGRAMS = 8
EXPLAINED = 500
"""So many sentences of a page are explained down to their n-grams; of the others only those that take a stance."""
ARABIC = {
    "support": "تأييد", "oppose": "معارضة", "abstain": "امتناع", "neutral": "حياد", "conflicting": "مواقف متعارضة",
    "uncertain": "غير محسوم", "positive": "إيجابي", "negative": "سلبي",
}  # fmt: skip
MARKS = {"support": "▲", "oppose": "▼", "abstain": "◇", "positive": "▲", "negative": "▼", "uncertain": "?", "conflicting": "⇄", "neutral": "○"}
"""So that a stance can be told without its colour."""
KINDS = {
    "state": "دولة", "organisation": "منظمة", "bloc": "تكتل", "movement": "حركة", "party": "حزب", "person": "شخص", "body": "هيئة",
    "implied": "ضمير", "other": "",
}  # fmt: skip


def article_page(articles: Article | Sequence[Article]) -> str:
    """Return a self-contained page about one article, or about several, one after the other.

    Raises
    ------
    DependencyError
        Jinja2 is not installed.
    """
    several = [articles] if isinstance(articles, Article) else list(articles)
    labels = several[0].labels if several else ()
    return render(
        "article.html", articles=[_view(a, f"a{i}") for i, a in enumerate(several)],
        details={k: v for i, a in enumerate(several) for k, v in _details(a, f"a{i}", len(several) == 1).items()},
        arabic=ARABIC, marks=MARKS, kinds=KINDS, labels=[x for x in (*labels, "uncertain") if x in labels or any(x in a.counts for a in several)],
    )  # fmt: skip


def article_fragment(article: Article) -> str:
    """Return what a notebook shows for an article: the page, in a frame of its own that may do nothing but show it."""
    height = min(900, 420 + 40 * len(article.sentences))
    return (
        f'<iframe sandbox="allow-scripts" style="width: 100%; height: {height}px; border: 0" title="scored article" '
        f'srcdoc="{html.escape(article_page(article), quote=True)}"></iframe>'
    )


def _view(article: Article, key: str) -> dict[str, Any]:
    paragraphs: list[list[dict[str, Any]]] = []
    reached = 0
    for index, s in enumerate(article.sentences):
        if not paragraphs or "\n" in article.text[reached : s.start] or s.kind in ("headline", "subheading"):
            paragraphs.append([])
        paragraphs[-1].append(
            {"id": f"{key}-s{index}", "s": s, "pieces": _pieces(s), "label": s.label or "none", "title": _title(s)}
        )
        reached = s.end
    return {
        "a": article, "key": key, "paragraphs": paragraphs, "verdict": article.verdict, "actors": article.actors,
        "title": article.title or article.id, "sentiment": article.sentiment,
    }  # fmt: skip


def _title(s: Sentence) -> str:
    """Return what hovering over a sentence shows."""
    if s.label is None:
        return ""
    return "  ".join(f"{ARABIC.get(x, x)} {p:.2f}" for x, p in s.probabilities.items())


def _pieces(s: Sentence) -> list[tuple[str, str]]:
    """Return the sentence as (class, text): the actor, the target, and what is neither."""
    spans = [(x.start - s.start, x.end - s.start, name) for x, name in ((s.actor, "actor"), (s.target, "target")) if x]
    found, reached = [], 0
    for start, end, name in sorted(spans):
        if start >= reached:
            found += [("", s.text[reached:start]), (name, s.text[start:end])]
            reached = end
    return [piece for piece in [*found, ("", s.text[reached:])] if piece[1]]


def _details(article: Article, key: str, explain_all: bool) -> dict[str, Any]:
    """Return what clicking on a sentence shows."""
    found: dict[str, Any] = {}
    for index, s in enumerate(article.sentences):
        if s.label is None:
            continue
        ngrams: list[Any] = []
        explained = s.label
        taken = s.label not in SILENT
        if article.judge is not None and (taken or (explain_all and index < EXPLAINED)):
            e = explain_text(article.judge, s.text)  # the label it was given; of finer ones that merge into it, the strongest
            explained = e.label
            ngrams = [[visible(c.feature), round(c.contribution, 3)] for c in e.contributions[:NGRAMS]]
        found[f"{key}-s{index}"] = {
            "label": s.label, "probabilities": {x: round(p, 4) for x, p in s.probabilities.items()}, "ngrams": ngrams,
            "explained": explained,
            "actor": (s.actor.name or s.actor.text) if s.actor else None, "actor_text": s.actor.text if s.actor else None,
            "actor_kind": KINDS.get(s.actor.kind, "") if s.actor else None, "target": s.target.text if s.target else None,
            "sentiment": s.sentiment,
            "sentiment_p": None if s.sentiment_probability is None else round(s.sentiment_probability, 2),
        }  # fmt: skip
    return found
