"""The compiled cutter finds what `split_sentences` finds, in any text."""

from __future__ import annotations

import gzip
import json
import re
import re._constants as opcodes  # type: ignore[import-not-found]  # no types, and no other way to read a pattern
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stance.arabic import batches, cutting, sentences, wording
from stance.arabic.characters import code_points, text_bounds
from stance.arabic.sentences import SentenceSpan, split_sentences

ARTICLES = Path(__file__).resolve().parents[2] / "shared" / "articles"
PIECES = st.sampled_from(
    re.split(
        " ",
        'د. أ. م. و. U.S. 3.5 3.a ٣٫٥ 12.3.2015 2014م 29 1402 ... .. … … ؟ ! !! ؟! ؛ ، . .» « » " “ ” \' ( ) [ ] ﴾ : - – • ▪ ■ * *** --- '
        "\n \n \r\n \u2028 \u00a0 \u200f \ufeff \u00ad ـ ً كثيراً قال الوزير ندعم وأضاف .وقال واشنطن رويترز (رويترز) اقرأ أيضا شارك 1. 2) أ) "
        "https://a.b www.a @x #y © (c) / // بي. سي. ود. تلف. p.m. he He قائلا قال: في حيث بل الأمر حتى، محفوظ اضغط هنا كل تم قد x copy _ __ "
        "الحقوق جميع محفوظة المزيد سمات صورة: انتهى حزيران/يونيو لا. الآن. " + "كلمة " * 30,
    )
)
COPY = st.lists(PIECES, max_size=80).map(" ".join) | st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200)


def many(texts: list[str]) -> list[list[SentenceSpan]]:
    found: list[list[SentenceSpan]] = [[] for _ in texts]
    for text, start, end, kind in zip(*(column.tolist() for column in batches.split_many(texts)), strict=True):
        found[text].append(SentenceSpan(start, end, batches.KINDS[kind]))
    return found


@settings(max_examples=600, deadline=None)
@given(st.lists(COPY, max_size=4))
@example([])
@example(["", "\n", " "])
@example(["!\n؟", ". . .", '"' * 9, "«««»»»", "•\n• \n•", "a\u2028b\x85c\x1cd"])
@example([("كلمة " * 130 + "، و") * 3, "\ud800 نص. \udc00 نص."])
@example(["رحبت تونس بالقرار الجديد.\n" * 6 + "قال الوزير إن بلاده. تدعم\n" * 3])  # narrow lines: perhaps wrapped
@example(["عنوان\n" + "كلمة " * 20 + "نهاية. ثم " + "كلمة " * 20 + "آخر.\nعنوان فرعي\n" + "كلمة " * 20 + "نهاية."])
def test_it_finds_what_the_patterns_find(texts: list[str]) -> None:
    assert many(texts) == [split_sentences(text) for text in texts]


@pytest.mark.skipif(not ARTICLES.exists(), reason="the shared articles are not beside the project")
def test_it_finds_what_the_patterns_find_in_real_articles_and_leaves_few_lines_to_them() -> None:
    with gzip.open(ARTICLES / "saudi-news-2015.jsonl.gz", "rt", encoding="utf-8") as handle:
        records = [json.loads(line) for line in handle]
    texts = [f"{record['title']}\n{record['text']}" for record in records]
    texts += [text.replace("\n", " ") for text in texts[::7]]  # one endless line each
    assert many(texts) == [split_sentences(text) for text in texts]
    codes, bounds = code_points(texts), text_bounds(texts)
    tables = batches._tables()
    lines, wrapped = cutting.find_lines(codes, bounds, *tables[:4])
    kinds = batches._kinds_of_lines(texts, lines, bounds, wrapped)
    _, doubtful = cutting.find_pieces(codes, bounds, *tables, lines, kinds)
    assert doubtful.mean() < 0.1


@settings(max_examples=300, deadline=None)
@given(COPY.filter(lambda text: len(text) <= sentences.SHORT_LINE))
@example("تابعونا على تويتر")
@example("٣ تعليقات")
@example("أحمد / رويترز")
@example("ﷺ جميع الحقوق محفوظة لموقعنا")
@example("\u212aeep / غيتي")
def test_furniture_is_never_overlooked(text: str) -> None:
    codes = code_points([text])
    flags, fold, heads, markers, *_ = batches._tables()
    if wording.is_advert(wording.clean(text)):
        assert cutting.may_be_furniture(codes, flags, fold, heads, markers, 0, len(codes))


def test_the_cutter_has_the_limits_of_the_patterns() -> None:
    mine = (cutting._LONG_QUOTE, cutting._BRIEF_LINE, cutting._MANY_WORDS, cutting._ELLIPSIS, cutting._DATELINE, cutting._ITEM)
    theirs = (sentences.QUOTE_CHARS, sentences.SHORT_LINE, sentences.MAX_WORDS, sentences.ELLIPSIS_WORDS)
    assert mine == (*theirs, wording.LONGEST_DATELINE, sentences.ITEM_WORDS)
    assert {chr(code) for code in cutting._QUERIES} == {c for c in map(chr, range(0x10000)) if sentences.ASKS.match(c)}


Openings = set[tuple[str, bool]]
Grow = Callable[[tuple[str, bool], str], tuple[str, bool]]


def head(opening: tuple[str, bool], letter: str) -> tuple[str, bool]:
    """Grow the first word, up to five letters; ``$`` for its end."""
    word, may_grow = opening
    if not may_grow:
        return opening
    if not letter.isalnum():
        return (f"{word}$", False) if word else opening
    return word + letter, len(word) + 1 < cutting.HEAD


def first_three(opening: tuple[str, bool], letter: str) -> tuple[str, bool]:
    text, may_grow = opening
    return (text + letter, len(text) < 2) if may_grow else opening


def everything(opening: tuple[str, bool], letter: str) -> tuple[str, bool]:
    return opening[0] + letter, True


def openings(pattern: Any, found: Openings, grow: Grow = head) -> Openings:
    """How what a parsed pattern matches can begin, and whether that is known to go on; (``""``, False) is anything."""
    for op, arg in pattern:
        if op is opcodes.LITERAL:
            found = {grow(o, chr(arg)) for o in found}
        elif op is opcodes.SUBPATTERN:
            found = openings(arg[3], found, grow)
        elif op is opcodes.BRANCH:
            found = set[tuple[str, bool]]().union(*(openings(branch, found, grow) for branch in arg[1]))
        elif op in (opcodes.MAX_REPEAT, opcodes.POSSESSIVE_REPEAT):
            low, high, repeated = arg
            result: Openings = set(found) if low == 0 else set()
            for times in range(1, min(int(high), cutting.HEAD) + 1):
                found = openings(repeated, found, grow)
                if times >= low:
                    result |= found
            found = result
        elif op is opcodes.IN:
            found = set[tuple[str, bool]]().union(*(of_set(kind, value, found, grow) for kind, value in arg))
        elif op not in (opcodes.AT, opcodes.ASSERT, opcodes.ASSERT_NOT):
            found = {(text, False) for text, _ in found}
    return found


def of_set(kind: Any, value: Any, found: Openings, grow: Grow) -> Openings:
    if kind is opcodes.LITERAL:
        return {grow(o, chr(value)) for o in found}
    if value is opcodes.CATEGORY_DIGIT:
        return {grow(o, "0") for o in found}
    if value in (opcodes.CATEGORY_NOT_WORD, opcodes.CATEGORY_SPACE):
        return {grow(o, " ") for o in found}
    return {(text, False) for text, _ in found}


def openings_of(pattern: re.Pattern[str], grow: Grow = head) -> Openings:
    return openings(parser.parse(pattern.pattern), {("", True)}, grow)


@pytest.mark.parametrize("pattern", [wording._ADVERT_STARTS, wording._PLATFORMS, wording._WIRE_MARK])
def test_every_pattern_of_adverts_opens_with_a_known_head(pattern: re.Pattern[str]) -> None:
    found = openings_of(pattern)
    assert ("", False) not in found, "an alternative that opens with any word: no head can find it"
    heads = {word for word, _ in found if word}
    assert len(heads) > 2
    assert not [h for h in heads if not any(h.startswith(known) for known in wording.HEADS) and not h.startswith("0")]


def test_every_advert_that_is_known_by_what_it_holds_has_a_marker() -> None:
    texts = {text for text, _ in openings_of(wording._ADVERT_ANYWHERE, everything)}
    assert len(texts) > 10
    assert not [text for text in texts if not any(marker in text for marker in wording.MARKERS)]


def test_whatever_may_carry_a_sentence_on_is_left_to_the_patterns() -> None:
    found = {text for pattern in (sentences.CARRIES_ON, sentences.CARRIES_THOUGHT) for text, _ in openings_of(pattern, first_three)}
    assert len(found) > 25
    assert not [text for text in found if not text.startswith(batches._CARRIERS)]
    afresh = {text[0] for text, _ in openings_of(sentences.STARTS_AFRESH, first_three)}
    assert afresh == {"و", *map(chr, cutting._MAY_START_AFRESH)}
