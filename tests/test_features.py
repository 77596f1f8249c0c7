from __future__ import annotations

import random
from collections import Counter

import naive
import numpy as np
import pytest
from conftest import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer

from stance.arabic.normalize import STEPS, derive
from stance.errors import RecipeError, StanceError
from stance.features import engine
from stance.features.blocks import Analysis, Block, analyze
from stance.features.hashing import fingerprint
from stance.features.lexicon import build_lexicon, clitic_length, read_lexicon, stem
from stance.features.space import learn_space
from stance.resources import resource

LOWER = derive(["lowercase"])
FULL = derive()
TEXT = st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("ابتوفلك ـَةى .،"), max_size=60)


def matrix(space, texts):
    indptr, indices, values = space.transform(texts)
    return csr_array((values, indices, indptr), shape=(len(texts), len(space.vocabulary))).toarray()


def same_as_sklearn(texts, block, **options):
    vectorizer = TfidfVectorizer(analyzer=block.analyzer, preprocessor=LOWER, ngram_range=block.ngram_range, dtype=np.float64, **options)
    expected = vectorizer.fit_transform(texts).tocsc()
    space = learn_space(texts, [block], LOWER)
    names = space.vocabulary.names(space.blocks)
    assert sorted(names) == sorted(vectorizer.vocabulary_)
    indptr, indices, values = space.transform(texts)
    ours = csr_array((values, indices, indptr), shape=(len(texts), len(names))).tocsc()
    order = [vectorizer.vocabulary_[name] for name in names]
    difference = abs(ours - expected[:, order])
    assert difference.max() < 1e-6
    return space


OPTIONS = [
    ("word", (1, 1), {}),
    ("word", (1, 3), {"sublinear_tf": True}),
    ("word", (2, 2), {"norm": "l1"}),
    ("char_wb", (2, 5), {"sublinear_tf": True}),
    ("char_wb", (1, 1), {"norm": None}),
    ("char_wb", (4, 8), {"smooth_idf": False}),
    ("char_wb", (3, 5), {"min_df": 2, "use_idf": False}),
]


@pytest.mark.parametrize(("analyzer", "ngrams", "options"), OPTIONS)
def test_equals_sklearn_on_our_sentences_and_hostile_text(analyzer, ngrams, options, own_sentences):
    texts = own_sentences[:300] + [t for t in HOSTILE if "\ud800" not in t]
    same_as_sklearn(texts, Block(analyzer, ngrams, **options), **options)


def test_equals_sklearn_on_the_real_sentences(real_sentences):
    options = {"sublinear_tf": True, "min_df": 3}
    same_as_sklearn(real_sentences, Block("char_wb", (2, 5), **options), **options)


def test_max_features_keeps_what_sklearn_keeps(own_sentences):
    same_as_sklearn(own_sentences[:200], Block("word", (1, 2), max_features=150), max_features=150)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=6), st.integers(1, 4), st.integers(0, 3), st.booleans())
def test_equals_the_naive_twin_on_random_text(texts, low, more, sublinear):
    for analyzer, reference in (("word", naive.word_ngrams), ("char_wb", naive.char_wb_ngrams)):
        expected = naive.tfidf(texts, lambda t, f=reference: f(LOWER(t), low, low + more), sublinear=sublinear)
        if not any(expected):
            continue
        space = learn_space(texts, [Block(analyzer, (low, low + more), sublinear_tf=sublinear)], LOWER)
        names = space.vocabulary.names(space.blocks)
        dense = matrix(space, texts)
        for row, wanted in zip(dense, expected, strict=True):
            got = {names[i]: row[i] for i in np.flatnonzero(row)}
            assert got == pytest.approx(wanted, abs=1e-9)


def all_blocks():
    return [
        Block("word", (1, 2), "masked", sublinear_tf=True), Block("char_wb", (2, 4), norm="l1"),
        Block("cue", token="masked", window=3), Block("outline", token="stem", weight=0.5), Block("cue", token="surface"),
        Block("class", (1, 3)), Block("class", (2, 2)), Block("cue_class", token="stem", window=4, sublinear_tf=True),
        Block("class_pair", norm=None, weight=0.1),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def lexicon():
    classes = {
        "support.back": ("cue", ["{ي,ت,}دعم"]), "support.accept": ("cue", ["تأييد"]), "oppose": ("cue", ["رفض{,ت}"]), "number": ("mask", []),
        "state": ("mask", ["فرنسا", "الصين"]), "office": ("mark", ["وزير"]),
    }  # fmt: skip
    return build_lexicon(classes, FULL)


def test_kernel_equals_plain_python_for_every_block(lexicon, own_sentences):
    rng = random.Random(0)
    bag = [*" ".join(own_sentences[:200]).split(), "يدعم", "رفضت", "فرنسا", "ووزير", "٣٤", "12", "بالصين"]
    texts = [" ".join(rng.choices(bag, k=rng.randint(0, 40))) for _ in range(200)] + HOSTILE + own_sentences[:100]
    space = learn_space(texts, all_blocks(), FULL, lexicon)
    indptr, indices, values = space.transform(texts, threads=2)
    assert indptr[-1] > 10_000
    weights = np.random.default_rng(0).normal(size=(3, len(space.vocabulary)))
    logits = space.scorer(weights, np.array([0.1, 0.2, 0.3]))(texts)
    for d, text in enumerate(texts):
        wanted, amounts = space.row(text)
        got = indices[indptr[d] : indptr[d + 1]]
        order = np.argsort(got)
        assert np.array_equal(got[order], wanted)
        assert np.allclose(values[indptr[d] : indptr[d + 1]][order], amounts, atol=1e-12)
        assert np.allclose(logits[d], weights[:, wanted] @ amounts + [0.1, 0.2, 0.3], atol=1e-5)


def test_kernel_equals_plain_python_with_more_classes_than_a_byte_counts(own_sentences):
    words = sorted({w for text in own_sentences[:100] for w in FULL(text).split() if len(w) > 3})[:300]
    lexicon = build_lexicon({f"group{i % 7}.class{i}": (("cue", "mark", "mask")[i % 3], [word]) for i, word in enumerate(words)}, FULL)
    assert len(lexicon.roles) == 300
    space = learn_space(own_sentences[:60], all_blocks(), FULL, lexicon)
    indptr, indices, values = space.transform(own_sentences[:120], threads=1)
    for d, text in enumerate(own_sentences[:120]):
        wanted, amounts = space.row(text)
        order = np.argsort(indices[indptr[d] : indptr[d + 1]])
        assert np.array_equal(indices[indptr[d] : indptr[d + 1]][order], wanted)
        assert np.allclose(values[indptr[d] : indptr[d + 1]][order], amounts, atol=1e-12)


def test_kernel_equals_plain_python_where_pictures_are_words():
    lexicon = build_lexicon({"good": ("cue", ["👍", "❤"]), "bad": ("cue", ["👎"])}, derive(["symbols"]))
    texts = ["شكرا👍🏽👍", "❤️ ❤", "لا👎شكرا", "", "🇯🇴"] * 30
    space = learn_space(texts, [Block("word", (1, 2)), Block("char_wb", (2, 5)), Block("class", (1, 2))], derive([*STEPS, "symbols"]), lexicon)
    assert {"<good> <good>", "<bad>", "heavy_black_heart"} <= set(space.vocabulary.names(space.blocks))
    indptr, indices, values = space.transform(texts)
    for d, text in enumerate(texts[:5]):
        wanted, amounts = space.row(text)
        order = np.argsort(indices[indptr[d] : indptr[d + 1]])
        assert np.array_equal(indices[indptr[d] : indptr[d + 1]][order], wanted)
        assert np.allclose(values[indptr[d] : indptr[d + 1]][order], amounts, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_are_weighed_as_numpy_weighs_them_to_the_last_bit(lexicon, own_sentences, dtype):
    texts = [*own_sentences[:150], *HOSTILE, "لا " * 300, "", *own_sentences[150:200]]
    space = learn_space(texts, all_blocks(), FULL, lexicon)
    indptr, indices, counts = space.bound_engine.count(texts)
    assert counts.max() > 255  # more than a byte holds
    idf = space.idf.copy()
    idf[::3] = 0.0  # as of features that a fold does not know
    idf[space.vocabulary.block == 4] = 0.0
    for which in (None, idf):
        plain = space.weigh_plainly(indptr, indices, counts, which)
        assert np.array_equal(space.weigh(indptr, indices, counts, which, dtype), plain.astype(dtype))
        assert plain.any()


def test_features_learnt_in_several_chunks_are_those_of_one(monkeypatch, lexicon, own_sentences):
    texts = own_sentences[:300]
    blocks = [*all_blocks(), Block("word", (1, 2), min_df=2, max_features=60)]
    whole = learn_space(texts, blocks, FULL, lexicon)
    monkeypatch.setattr(engine, "CHUNK", 7)
    parts = learn_space(texts, blocks, FULL, lexicon)
    for name in ("fingerprints", "block", "document_frequency", "text"):
        assert np.array_equal(getattr(parts.vocabulary, name), getattr(whole.vocabulary, name)), name
    for one, other in zip(parts.bound_engine.count(texts, 2), whole.bound_engine.count(texts, 1), strict=True):
        assert np.array_equal(one, other)


def test_document_frequencies_and_features_are_those_of_plain_python(lexicon, own_sentences):
    texts = [*own_sentences[:120], *HOSTILE]
    space = learn_space(texts, all_blocks(), FULL, lexicon)
    for b, block in enumerate(space.blocks):
        wanted = Counter(f for text in texts for f in set(analyze(space.analysis(text), block)))
        mine = np.flatnonzero(space.vocabulary.block == b)
        got = {space.vocabulary.features[i]: int(space.vocabulary.document_frequency[i]) for i in mine}
        assert got == dict(wanted)


def test_classes_of_words_and_what_stands_around_cues(lexicon):
    analysis = Analysis(FULL("لم يدعم وزير فرنسا اليوم تأييد أحد"), lexicon)
    assert list(analyze(analysis, Block("class", (2, 2)))) == [
        ("<support.back>", "<office>"), ("<office>", "<state>"), ("<state>", "<support.accept>"),
    ]  # fmt: skip
    assert list(analyze(analysis, Block("cue_class", window=1))) == [
        ("يدعم", ">", "<office>"), ("<support.back>", ">", "<office>"), ("<support>", ">", "<office>"),
    ]  # fmt: skip


def test_pairs_of_classes_are_said_once(lexicon):
    analysis = Analysis(FULL("يدعم وزير ويدعم وزير تأييد"), lexicon)
    pairs = [(a, b) for a, _, b in analyze(analysis, Block("class_pair"))]
    assert len(pairs) == len(set(pairs)) == 7
    assert ("<support>", "<office>") in pairs and ("<support.back>", "<support.accept>") in pairs


def test_words_that_the_cache_forgets_are_counted_all_the_same(own_sentences):
    space = learn_space(own_sentences[:50], [Block("char_wb", (1, 6))])
    rng = random.Random(1)
    flood = [" ".join("".join(rng.choices("ابتثجحخدذرز", k=12)) for _ in range(400)) for _ in range(150)]
    texts = [*flood, *own_sentences[:50]]
    indptr, indices, values = space.transform(texts, threads=1)
    for d in (0, 77, 149, 160, 199):
        wanted, amounts = space.row(texts[d])
        order = np.argsort(indices[indptr[d] : indptr[d + 1]])
        assert np.array_equal(indices[indptr[d] : indptr[d + 1]][order], wanted)
        assert np.allclose(values[indptr[d] : indptr[d + 1]][order], amounts)


def test_a_word_of_a_million_letters_is_counted():
    space = learn_space(["abab", "ab"], [Block("char_wb", (2, 2), norm=None, use_idf=False)])
    indptr, indices, values = space.transform(["ab" * 500_000] * 101)
    names = space.vocabulary.names(space.blocks)
    assert dict(zip([names[i] for i in indices[: indptr[1]]], values[: indptr[1]], strict=True))["ab"] == 500_000


def test_colliding_fingerprints_are_noticed(own_sentences):
    with pytest.raises(StanceError, match="collide"):
        learn_space(own_sentences[:300], [Block("char_wb", (2, 4))], bits=20)


def test_fingerprints_tell_parts_and_seeds_apart():
    assert len({fingerprint(1, ("ab", "c")), fingerprint(1, ("a", "bc")), fingerprint(2, ("ab", "c")), fingerprint(1, ("abc",))}) == 4


@given(st.text(alphabet="وفبلكسالمن", max_size=9))
def test_a_stem_is_the_tail_of_its_word(word):
    assert word.endswith(stem(word))
    assert len(stem(word)) >= min(len(word), 3)
    assert clitic_length(word) + len(stem(word)) == len(word)


def test_clitics_come_off():
    assert [stem(w) for w in ("والسلام", "بالقرار", "للامم", "فقالت", "وعد", "ليبيا")] == ["سلام", "قرار", "امم", "قالت", "وعد", "يبيا"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [({"analyzer": "char"}, "analyzer is 'char'"), ({"ngram_range": [3, 2]}, "ngram_range"), ({"min_df": 1.5}, "min_df is 1.5"),
     ({"norm": "l3"}, "norm is 'l3'"), ({"colour": 1}, "unknown setting 'colour'"), ({"window": 0}, "window is 0")],
)  # fmt: skip
def test_wrong_settings_are_named(setting, message):
    with pytest.raises(RecipeError, match=message):
        Block.from_dict(setting)


def test_no_feature_left_is_said():
    with pytest.raises(StanceError, match="lower min_df"):
        learn_space(["ا ب", ""], [Block("word", (1, 1))])


def test_a_later_lexicon_file_adds_forms_and_takes_none_away(tmp_path):
    (tmp_path / "a.toml").write_text('[classes."support.back"]\nrole = "cue"\nforms = ["يدعم"]\n[classes.vote]\nrole = "mark"\nforms = ["تصويت"]\n', encoding="utf-8")
    (tmp_path / "b.toml").write_text('[classes."support.back"]\nrole = "cue"\nforms = ["تصويت", "يساند"]\n[classes.sport]\nrole = "mark"\nforms = ["مباراة"]\n', encoding="utf-8")
    both = read_lexicon([tmp_path / "a.toml", tmp_path / "b.toml"], FULL)
    assert both.roles == {"support.back": "cue", "vote": "mark", "sport": "mark"}
    assert both.forms == {FULL(w): c for w, c in {"يدعم": "support.back", "تصويت": "vote", "يساند": "support.back", "مباراة": "sport"}.items()}
    assert list(read_lexicon([tmp_path / "b.toml", tmp_path / "a.toml"], FULL).forms.values()).count("vote") == 0
    (tmp_path / "c.toml").write_text('[classes.vote]\nrole = "cue"\nforms = ["صوت"]\n', encoding="utf-8")
    with pytest.raises(RecipeError, match=r"c\.toml: classes\.vote\.role is 'cue'; a lexicon file before it says 'mark'"):
        read_lexicon([tmp_path / "a.toml", tmp_path / "c.toml"], FULL)


def test_shipped_lexicon_reads():
    shipped = read_lexicon(resource("labels", "lexicon.toml"), FULL)
    assert shipped.word_class("امتنعت", "امتنعت") == "abstain.withhold"
    assert shipped.word_class("2024", "2024") == "number"


def test_lexicon_of_tweets_has_words_that_a_text_can_have():
    steps = derive([*STEPS, "symbols"])
    tweets = read_lexicon(resource("training", "tweets-lexicon.toml"), steps)
    assert [form for form in tweets.forms if Analysis(form).surface != [form]] == []  # or no token would ever be it
    analysis = Analysis(steps("شكرا لكم، بس هالفكرة فاشلة وغير ضروري، مش لازم👎🏽"), tweets)
    assert [c for c in analysis.classes if c] == ["good.thanks", "contrast", "bad.insult", "negation", "must", "negation", "must", "bad.sign"]
