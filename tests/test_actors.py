"""Who takes a stance: known names in every form, spans that stand in the text, and a finder that survives its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HOSTILE, ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.actors.nobody import NOBODY
from stance.actors.ranker import ActorFinder, load_finder, shipped_finder
from stance.errors import ArtifactError
from stance.learn.actors import train_actors


@pytest.fixture(scope="module")
def finder() -> ActorFinder:
    return train_actors([ROOT / "labels" / "regions.jsonl"], ROOT / "labels" / "entities", ROOT / "labels" / "lexicon.toml", folds=0)


@pytest.mark.parametrize(
    ("word", "entity"),
    [
        ("الأميركي", "US"), ("الأمريكي", "US"), ("الامريكية", "US"), ("واشنطن", "US"), ("وواشنطن", "US"),
        ("الكرملين", "RU"), ("الإليزيه", "FR"), ("للسعودية", "SA"), ("بالقاهرة", "EG"), ("كازاخستان", "KZ"),
        ("الأمم المتحدة", "UN"), ("حلف شمال الأطلسي", "NATO"), ("فَرَنسا", "FR"), ("والصين", "CN"), ("لليابان", "JP"),
    ],
)  # fmt: skip
def test_known_actors_in_every_form(finder: ActorFinder, word: str, entity: str) -> None:
    tokens = finder.phraser.tokens(word)
    assert tokens[0].entity is not None
    assert tokens[0].entity[0] == entity


def test_every_state_of_cldr_is_known(finder: ActorFinder) -> None:
    from babel import Locale

    for code in ("DE", "BR", "JP", "MA", "TD", "FJ", "LK", "UY", "WS"):
        tokens = finder.phraser.tokens(Locale("ar").territories[code])
        assert tokens[0].entity is not None
        assert tokens[0].entity[0] == code


def test_holder_and_target_of_a_plain_sentence(finder: ActorFinder) -> None:
    text = "وأعرب وزير الخارجية الفرنسي عن دعم بلاده لوحدة ليبيا"
    actor, target = finder.find(text, "support", offset=100)
    assert actor is not None
    assert (actor.entity, actor.kind) == ("FR", "person")
    assert text[actor.start - 100 : actor.end - 100] == actor.text
    assert target is not None
    assert "ليبيا" in target.text


@pytest.mark.parametrize(
    "text",
    ["وربما نرفض هذا كله غدا.", "ولا يحق لنا أن نرفض الخطة.", "هذا مرفوض تماما.", "أولا نرفض الخطة كلها.", "فهو يرفض الخطة.",
     "وخصوصًا حين نندد بالعدوان.", "هذا ربما ما ندعمه.", "نعم نؤيد المشروع."],
)  # fmt: skip
def test_particles_adverbs_and_verbs_are_nobody(text: str) -> None:
    for stance in ("support", "oppose"):
        actor, _ = shipped_finder().find(text, stance)
        assert actor is None or actor.kind == "implied"


@pytest.mark.parametrize(
    ("text", "holder", "entity"),
    [
        ('وقال سانتوس لنظيره الكازاخستاني مراد أحمدوف "كما تعلمون، البرتغال تدعم بحزم سيادة كازاخستان".', "سانتوس", None),
        ("وأكد وزير الخارجية التركي لنظيره المصري دعم بلاده للهدنة", "وزير الخارجية التركي", "TR"),
        ("وأعرب رئيس الوزراء الهندي ونظيرته الدنماركية عن دعمهما للهدنة", "رئيس الوزراء الهندي", "IN"),
    ],
)
def test_a_counterpart_is_somebody_else(text: str, holder: str, entity: str) -> None:
    actor, _ = shipped_finder().find(text, "support")
    assert actor is not None
    assert (actor.text, actor.entity) == (holder, entity)


def test_words_that_name_nobody_are_normalised_and_name_no_known_actor() -> None:
    phraser = shipped_finder().phraser
    for word in NOBODY:
        assert phraser.normalize(word) == word
        assert phraser.tokens(word)[0].entity is None


@given(st.one_of(st.text(max_size=80), st.sampled_from(HOSTILE)), st.sampled_from(["support", "oppose", "abstain"]))
@settings(max_examples=150, deadline=None)
def test_spans_stand_in_the_text(finder: ActorFinder, text: str, label: str) -> None:
    for span in finder.find(text, label):
        assert span is None or (span.text and text[span.start : span.end] == span.text)


def test_the_file_gives_the_same_finder(finder: ActorFinder, tmp_path: Path, own_sentences: list[str]) -> None:
    finder.save(tmp_path / "a.joblib")
    again = load_finder(tmp_path / "a.joblib")
    for text in own_sentences[:100]:
        (actor, target), (actor2, target2) = finder.find(text, "support"), again.find(text, "support")
        assert target == target2
        assert str(actor and (actor.text, actor.start, actor.entity)) == str(actor2 and (actor2.text, actor2.start, actor2.entity))


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(ArtifactError, match="not a model of actors"):
        load_finder(ROOT / "models" / "stance-ar.joblib")
