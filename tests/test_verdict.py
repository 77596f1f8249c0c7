"""The rule by which stances of sentences become one answer, and the tables over many articles."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stance
from stance.articles.documents import Document
from stance.articles.scoring import score_documents
from stance.articles.trends import Taken, by_actor, day_of, stances_taken, start_of, trends_of
from stance.articles.verdict import MAJORITY, verdict_of

LABELS = ("support", "oppose", "abstain", "neutral", "uncertain")


def test_background_has_no_vote() -> None:
    found = verdict_of([("neutral", 0.99)] * 30 + [("support", 0.8)])
    assert (found.stance, found.share, found.voted, found.silent) == ("support", 1.0, 1, 30)
    assert found.confidence == 0.8


def test_conflicting_stances_are_said_and_not_averaged() -> None:
    found = verdict_of([("support", 0.9), ("oppose", 0.9), ("neutral", 0.9)])
    assert found.stance == "conflicting"
    assert found.shares == {"oppose": 0.5, "support": 0.5}


def test_two_against_one_is_enough_and_less_is_not() -> None:
    assert verdict_of([("oppose", 0.9), ("oppose", 0.9), ("support", 0.9)]).stance == "oppose"
    assert verdict_of([("oppose", 0.9)] * 3 + [("support", 0.9)] * 2).stance == "conflicting"


def test_a_sure_vote_outweighs_hesitant_ones() -> None:
    assert verdict_of([("support", 0.99), ("oppose", 0.4)]).stance == "support"


def test_nothing_and_nobody() -> None:
    assert verdict_of([]).to_dict() == {"stance": "neutral", "share": 1.0, "shares": {}, "confidence": 0.0, "voted": 0, "silent": 0}
    assert verdict_of([("uncertain", 0.4), (None, 0.0)]).stance == "neutral"
    assert verdict_of([("support", 0.0), ("oppose", 0.0)]).stance == "conflicting"


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.floats(0, 1)), max_size=30), st.randoms())
def test_the_rule_holds_for_any_votes(votes: list[tuple[str, float]], order) -> None:
    found = verdict_of(votes)
    cast = [label for label, _ in votes if label not in ("neutral", "uncertain")]
    assert found.voted + found.silent == len(votes)
    assert (found.stance == "neutral") == (not cast)
    if cast:
        assert sum(found.shares.values()) == pytest.approx(1)
        assert list(found.shares.values()) == sorted(found.shares.values(), reverse=True)
        assert (found.stance == "conflicting") == (max(found.shares.values()) < MAJORITY - 1e-9)
    shuffled = list(votes)
    order.shuffle(shuffled)
    again = verdict_of(shuffled)
    assert again.shares.keys() == found.shares.keys()
    assert again.share == pytest.approx(found.share)


def test_actors_of_an_article_are_told_apart() -> None:
    article = stance.score("أدانت كينيا الهجوم على مالي.\nورحبت النرويج بالهدنة.\nوأشادت النرويج بالوسطاء.", scheme="oppose")
    assert article.verdict.stance in ("conflicting", "support")
    assert [(a.entity, a.stance, a.counts) for a in article.actors] == [("NO", "support", {"support": 2}), ("KE", "oppose", {"oppose": 1})]
    assert article.actors[0].sentences == [1, 2]


def taken(actor: str, stance_: str, day: str | None, target: str = "الاتفاق", article: str = "1") -> Taken:
    return Taken(actor, actor or None, target, stance_, 0.9, day_of(day), article, 0, 1)


def test_the_table_has_a_row_for_each_actor_and_target() -> None:
    rows = by_actor(
        [taken("KE", "support", "2020-03-01"), taken("KE", "oppose", "2020-01-01", article="2"), taken("KE", "oppose", None, "الهدنة"),
         taken("NO", "support", None), taken("", "support", None)], LABELS,
    )  # fmt: skip
    assert [(g.actor, g.target, g.verdict.stance) for g in rows] == [
        ("KE", "الاتفاق", "conflicting"), ("KE", "الهدنة", "oppose"), ("NO", "الاتفاق", "support"), ("", "الاتفاق", "support"),
    ]  # fmt: skip
    assert rows[0].to_dict() | {} == {
        "actor": "KE", "entity": "KE", "target": "الاتفاق", "stance": "conflicting", "share": 0.5, "support": 1, "oppose": 1,
        "abstain": 0, "sentences": 2, "first": "2020-01-01", "last": "2020-03-01", "articles": ["1", "2"], "other_targets": 0,
    }  # fmt: skip
    assert [g.target for g in by_actor([taken("KE", "support", None)], LABELS, targets=False)] == [""]


def test_a_shift_is_seen() -> None:
    found = trends_of(
        [taken("KE", "support", "2020-01-10"), taken("KE", "support", "2020-01-20"), taken("KE", "oppose", "2020-03-05"),
         taken("NO", "abstain", "2020-03-06"), taken("KE", "oppose", None), taken("", "oppose", "2020-03-06")], LABELS, period="month", top=1, least=1,
    )  # fmt: skip
    assert (found.undated, found.unnamed, found.others) == (1, 1, 1)
    (trend,) = found.actors
    assert [d.isoformat() for d in trend.periods] == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert trend.counts == {"support": [2, 0, 0], "oppose": [0, 0, 1], "abstain": [0, 0, 0]}
    assert trend.shifts == [(datetime.date(2020, 3, 1), "support", "oppose")]
    assert [r["leading"] for r in trend.rows()] == ["support", "oppose"]
    assert [t.actor for t in trends_of([taken("KE", "support", "2020-01-10"), taken("NO", "support", "2020-01-10")], LABELS, actors=["NO"]).actors] == ["NO"]


def test_few_sentences_have_no_row_of_their_own() -> None:
    some = [taken("KE", "support", None, f"هدف {n}") for n in range(3)] + [taken("KE", "support", None, "الهدنة")] * 2
    rows = by_actor([*some, taken("NO", "support", None), taken("", "oppose", None)], LABELS, least=2)
    assert [(g.actor, g.target, g.others, sum(g.counts.values())) for g in rows] == [("KE", "الهدنة", 0, 2), ("KE", "", 3, 3)]
    assert sum(sum(g.counts.values()) for g in by_actor(some, LABELS, least=5)) == 5
    assert by_actor(some, LABELS, least=6) == []


@pytest.mark.parametrize(
    ("sentences", "shifts"),
    [  # stance and month of each sentence, with the default of three on each side
        ("s1 s1 s1 o2", []), ("s1 o2 o2 o2", []), ("s1 s1 s1 o2 o2 o2", [("2020-02-01", "support", "oppose")]),
        ("s1 s1 s2 o3 o4 o5", [("2020-03-01", "support", "oppose")]),  # a side may be several months long
        ("s1 s1 o2 s3 o4 o4 o4", [("2020-04-01", "support", "oppose")]),  # one sentence between does not cut a side in two
        ("s1 s1 s1 o2 s3 s3 s3", []), ("s1 o2 s3 o4 s5 o6", []),
        ("s1 s1 s1 s2 o2 o3 o3 o3", [("2020-03-01", "support", "oppose")]),  # the mixed month is on neither side
    ],
)  # fmt: skip
def test_a_shift_needs_several_sentences_on_both_sides(sentences: str, shifts: list) -> None:
    names = {"s": "support", "o": "oppose"}
    found = trends_of([taken("KE", names[x[0]], f"2020-0{x[1]}-05") for x in sentences.split()], LABELS, period="month")
    assert [(day.isoformat(), a, b) for day, a, b in found.actors[0].shifts] == shifts
    assert found.to_dict()["min_sentences"] == 3


def test_no_date_no_trend() -> None:
    assert trends_of([taken("KE", "support", None)], LABELS).actors == []
    assert trends_of([], LABELS).to_dict()["actors"] == []


@given(st.dates(), st.sampled_from(["day", "week", "month", "year"]))
def test_a_period_holds_its_days(day: datetime.date, period: str) -> None:
    try:
        start = start_of(day, period)
    except OverflowError:  # the first week of all
        return
    assert start <= day
    assert start_of(start, period) == start


def test_days_far_apart_do_not_make_endless_periods() -> None:
    found = trends_of([taken("KE", "support", "0001-01-02"), taken("KE", "support", "9999-12-31")], LABELS)
    assert found.period == "year"
    assert len(found.actors[0].periods) == 9999


@pytest.mark.parametrize(("text", "day"), [("2020-02-30", None), ("2020-02-03T10:00:00Z", "2020-02-03"), ("أمس", None), (None, None)])
def test_days_of_dates(text: str | None, day: str | None) -> None:
    assert day_of(text) == (day and datetime.date.fromisoformat(day))


def test_dates_come_from_the_articles() -> None:
    documents = [Document("1", "أدانت كينيا الهجوم.", date="2021-05-06"), Document("2", "أدانت كينيا الهجوم.")]
    found = stances_taken(score_documents(documents, stance.load("stance-oppose-ar")))
    assert [(t.entity, t.stance, t.date and t.date.isoformat(), t.article) for t in found] == [
        ("KE", "oppose", "2021-05-06", "1"), ("KE", "oppose", None, "2"),
    ]  # fmt: skip


def test_a_mixed_period_is_no_shift() -> None:
    days = [("support", "2020-01-01"), ("support", "2020-02-01"), ("oppose", "2020-02-02"), ("support", "2020-03-01")]
    (trend,) = trends_of([taken("KE", s, d) for s, d in days], LABELS, period="month").actors
    assert [r["leading"] for r in trend.rows()] == ["support", "conflicting", "support"]
    assert trend.shifts == []
