"""Many articles: who took which stance, on what, and when."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from stance.actors.ranker import shipped_finder
from stance.articles.scoring import Article
from stance.articles.verdict import CONFLICTING, SILENT, Verdict, verdict_of

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
ENOUGH = 40
"""As many periods are drawn at most where the length of a period is chosen for you."""
SHIFT_SENTENCES = 3
"""So many sentences must stand on each side of a shift.

One sentence is no shift: its label may be wrong, and three that agree are rarely all wrong. A test of significance would
promise more than it holds, since the sentences of an article repeat each other.
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """One stance that somebody takes in one sentence.

    Attributes
    ----------
    actor : str
        Name of the known entity, else as the article has it; empty for nobody named.
    entity : str or None
    target : str
        Name of the known entity in it, else its words; empty where none was found.
    stance : str
    probability : float
    date : datetime.date or None
    article : str
        Its id.
    start, end : int
        Where the sentence lies in it.
    """

    actor: str
    entity: str | None
    target: str
    stance: str
    probability: float
    date: datetime.date | None
    article: str
    start: int
    end: int


def stances_taken(articles: Iterable[Article]) -> list[Taken]:
    """Return every stance that the sentences of articles take."""
    finder = shipped_finder()
    found = []
    for article in articles:
        date = day_of(article.date)
        for s in article.sentences:
            if s.label is None or s.label in SILENT:
                continue
            known = finder.entity_in(s.target.text) if s.target else None
            target = known.name if known else s.target.text if s.target else ""
            actor = s.actor.name if s.actor else ""
            found.append(
                Taken(actor, s.actor.entity if s.actor else None, target, s.label, s.probability or 0.0, date, article.id, s.start, s.end)
            )
    return found


def day_of(text: str | None) -> datetime.date | None:
    """Return the day of an ISO 8601 date or date-time; None where there is no such day."""
    match = _DATE.match(text or "")
    try:
        return datetime.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


@dataclass(slots=True)
class Group:
    """The stances of one actor, on one target where they are told apart.

    Attributes
    ----------
    actor, target : str
    entity : str or None
    counts : dict of str to int
        Sentences by stance.
    verdict : Verdict
        By the rule of `stance.articles.verdict`.
    first, last : datetime.date or None
    articles : list of str
        Ids, each once.
    others : int
        How many targets the row takes together, because each has too few sentences for a row of its own; its own target
        is empty then.
    """

    actor: str
    target: str
    entity: str | None
    counts: dict[str, int]
    verdict: Verdict
    first: datetime.date | None
    last: datetime.date | None
    articles: list[str] = field(default_factory=list)
    others: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data, a key for each stance's count."""
        return {
            "actor": self.actor, "entity": self.entity, "target": self.target, "stance": self.verdict.stance,
            "share": self.verdict.share, **self.counts, "sentences": sum(self.counts.values()),
            "first": self.first and self.first.isoformat(), "last": self.last and self.last.isoformat(), "articles": self.articles,
            "other_targets": self.others,
        }  # fmt: skip


def by_actor(taken: Sequence[Taken], labels: Sequence[str], *, targets: bool = True, least: int = 1) -> list[Group]:
    """Return the table actor x target x stance; actors with most sentences first, then their targets.

    Parameters
    ----------
    taken : sequence of Taken
    labels : sequence of str
        Of the model; stances among them are counted in this order.
    targets : bool
        Tell targets apart.
    least : int
        Actors with fewer sentences are left out; targets with fewer have one row together, the last of their actor.
    """
    stances = [label for label in labels if label not in SILENT]
    size = Counter(t.entity or t.actor for t in taken)
    of_target = Counter((t.entity or t.actor, t.target) for t in taken)
    rows: dict[tuple[str, str | None], list[Taken]] = {}
    for t in taken:
        key = t.entity or t.actor
        if size[key] >= least:
            rows.setdefault((key, "" if not targets else t.target if of_target[key, t.target] >= least else None), []).append(t)
    found = []
    for (_, target), some in rows.items():
        days = sorted(t.date for t in some if t.date)
        counted = Counter(t.stance for t in some)
        found.append(
            Group(
                some[0].actor, target or "", some[0].entity, {s: counted[s] for s in stances},
                verdict_of([(t.stance, t.probability) for t in some]), days[0] if days else None,
                days[-1] if days else None, list(dict.fromkeys(t.article for t in some)),
                len({t.target for t in some}) if target is None else 0,
            )
        )  # fmt: skip
    return sorted(
        found, key=lambda g: (not g.actor, -size[g.entity or g.actor], g.actor, g.others > 0, -sum(g.counts.values()), g.target)
    )


@dataclass(frozen=True, slots=True)
class Trend:
    """The stances of one actor over time.

    Attributes
    ----------
    actor : str
    entity : str or None
    periods : list of datetime.date
        First day of each, without gaps, the same for all actors.
    counts : dict of str to list of int
        Stance to sentences in each period.
    shifts : list of tuple of (datetime.date, str, str)
        Where the clear stance of a period (two thirds) differs from that of the periods before it, at least
        `SHIFT_SENTENCES` sentences on each side.
    """

    actor: str
    entity: str | None
    periods: list[datetime.date]
    counts: dict[str, list[int]]
    shifts: list[tuple[datetime.date, str, str]]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each period in which the actor took a stance."""
        found = []
        for i, period in enumerate(self.periods):
            counts = {stance: values[i] for stance, values in self.counts.items()}
            if total := sum(counts.values()):
                found.append(
                    {"actor": self.actor, "entity": self.entity, "period": period.isoformat(), **counts, "sentences": total,
                     "leading": _leading(counts)}
                )  # fmt: skip
        return found


@dataclass(frozen=True, slots=True)
class Trends:
    """Trends of several actors, and what they leave out.

    Attributes
    ----------
    period : str
        ``"day"``, ``"week"``, ``"month"`` or ``"year"``.
    stances : list of str
    actors : list of Trend
        Most sentences first.
    undated, unnamed : int
        Sentences with a stance that have no date, or whose holder is not named; they are in no trend.
    others : int
        Actors that are not shown.
    least : int
        Sentences that stand on each side of a shift, or more.
    """

    period: str
    stances: list[str]
    actors: list[Trend]
    undated: int
    unnamed: int
    others: int
    least: int = SHIFT_SENTENCES

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "period": self.period, "stances": self.stances, "undated": self.undated, "unnamed": self.unnamed,
            "others": self.others, "min_sentences": self.least,
            "actors": [
                {"actor": t.actor, "entity": t.entity, "periods": t.rows(),
                 "shifts": [{"period": day.isoformat(), "from": a, "to": b} for day, a, b in t.shifts]}
                for t in self.actors
            ],
        }  # fmt: skip


def trends_of(
    taken: Sequence[Taken],
    labels: Sequence[str],
    *,
    period: str | None = None,
    actors: Sequence[str] = (),
    top: int = 8,
    least: int = SHIFT_SENTENCES,
) -> Trends:
    """Return how stances go over time.

    Parameters
    ----------
    taken : sequence of Taken
    labels : sequence of str
        Of the model.
    period : {"day", "week", "month", "year"}, optional
        By default the shortest that gives at most `ENOUGH` of them.
    actors : sequence of str
        Names or entity ids to show; the `top` most frequent by default.
    top : int
    least : int
        Sentences that must stand on each side of a shift.
    """
    stances = [label for label in labels if label not in SILENT]
    named = [t for t in taken if t.actor]
    dated = [t for t in named if t.date]
    size = Counter((t.entity or t.actor) for t in dated)
    wanted = [k for k, _ in sorted(size.items(), key=lambda item: (-item[1], item[0]))]
    if actors:
        names = {t.entity or t.actor: t.actor for t in dated}
        wanted = [k for k in wanted if k in actors or names[k] in actors]
    shown = wanted if actors else wanted[:top]
    rows = [t for t in dated if (t.entity or t.actor) in set(shown)]
    days = [t.date for t in rows if t.date]
    chosen = period or _shortest(days)
    periods = _periods(min(days), max(days), chosen) if days else []
    place = {day: i for i, day in enumerate(periods)}
    found = []
    for key in shown:
        some = [t for t in rows if (t.entity or t.actor) == key]
        counts = {stance: [0] * len(periods) for stance in stances}
        for t in some:
            if t.date:
                counts[t.stance][place[start_of(t.date, chosen)]] += 1
        found.append(Trend(some[0].actor, some[0].entity, periods, counts, _shifts(periods, counts, least)))
    return Trends(
        chosen, stances, found, len(named) - len(dated), len(taken) - len(named), len(size) - len(shown), least
    )


def start_of(day: datetime.date, period: str) -> datetime.date:
    """Return the first day of the period that a day is in; weeks begin on Monday."""
    if period == "week":
        return day - datetime.timedelta(days=day.weekday())
    return {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[period]


def _next(day: datetime.date, period: str) -> datetime.date:
    if period in ("day", "week"):
        return day + datetime.timedelta(days=1 if period == "day" else 7)
    if period == "year":
        return day.replace(year=day.year + 1)
    return (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)


def _periods(first: datetime.date, last: datetime.date, period: str) -> list[datetime.date]:
    found = [start_of(first, period)]
    while found[-1] < start_of(last, period):
        found.append(_next(found[-1], period))
    return found


def _shortest(days: Sequence[datetime.date]) -> str:
    span = (max(days) - min(days)).days if days else 31 * ENOUGH
    return next((p for p, length in (("day", 1), ("week", 7), ("month", 31)) if span < length * ENOUGH), "year")


def _leading(counts: dict[str, int]) -> str:
    """Return the stance of a period by the rule of the verdict, each sentence one vote."""
    return verdict_of([(stance, 1.0) for stance, n in counts.items() for _ in range(n)]).stance


def _shifts(periods: list[datetime.date], counts: dict[str, list[int]], least: int) -> list[tuple[datetime.date, str, str]]:
    """Cut the periods into runs of one clear stance, drop the runs with too few sentences, and return where two meet."""
    runs: list[tuple[str, datetime.date, int]] = []  # stance, first day, sentences that take it
    for i, day in enumerate(periods):
        here = {stance: values[i] for stance, values in counts.items()}
        if any(here.values()) and (leading := _leading(here)) != CONFLICTING:  # a mixed period is on neither side
            runs.append((leading, day, here[leading]))
    runs = _joined(runs)
    while runs and (smallest := min(runs, key=lambda run: run[2]))[2] < least:
        runs.remove(smallest)
        runs = _joined(runs)
    return [(day, before, stance) for (before, _, _), (stance, day, _) in pairwise(runs)]


def _joined(runs: list[tuple[str, datetime.date, int]]) -> list[tuple[str, datetime.date, int]]:
    """Make one run of neighbours with the same stance."""
    found: list[tuple[str, datetime.date, int]] = []
    for stance, day, n in runs:
        if found and found[-1][0] == stance:
            found[-1] = (stance, found[-1][1], found[-1][2] + n)
        else:
            found.append((stance, day, n))
    return found
