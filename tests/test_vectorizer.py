"""The transformer: a scikit-learn estimator with the numbers of scikit-learn's own vectoriser."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys

import naive
import numpy as np
import pytest
from conftest import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.utils import estimator_checks

from stance.arabic.normalize import derive
from stance.errors import RecipeError, StanceError
from stance.features.vectorizer import NgramTfidfVectorizer
from stance.resources import resource

LOWER = derive(["lowercase"])
VERY_HOSTILE = [
    *[text for text in HOSTILE if "\ud800" not in text], " " * 100_000, "\u0651" * 1000,
    "𐎀𐎁 𝔸𝔹 👩‍👩‍👧 \U0010ffff", "ﬁ ǆ ẞ İ ŉ", "a" * 47 + " " + "b" * 48 + " " + "c" * 49 + " c c c",
]  # fmt: skip
SETTINGS = [
    {}, {"ngram_range": (1, 3), "sublinear_tf": True}, {"ngram_range": (2, 2), "norm": "l1"}, {"ngram_range": (3, 7)},
    {"analyzer": "char_wb"}, {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True, "min_df": 2},
    {"analyzer": "char_wb", "ngram_range": (4, 9), "norm": None}, {"analyzer": "char_wb", "ngram_range": (6, 6), "norm": "l1"},
    {"smooth_idf": False, "sublinear_tf": True}, {"use_idf": False, "norm": "l1"}, {"min_df": 0.01, "max_df": 0.5},
    {"max_df": 20, "min_df": 2, "ngram_range": (1, 2)}, {"max_features": 500, "ngram_range": (1, 2), "sublinear_tf": True},
    {"analyzer": "char_wb", "ngram_range": (1, 4), "max_features": 999, "min_df": 3},
]  # fmt: skip


def theirs(**given):
    # scikit-learn lower-cases the text as a whole; so does the table, by a twin that is tested elsewhere
    return TfidfVectorizer(preprocessor=LOWER, **given)


def assert_same(ours, sklearns, fit_on, texts):
    expected = sklearns.fit(fit_on).transform(texts)
    found = ours.fit(fit_on).transform(texts)
    assert list(ours.get_feature_names_out()) == list(sklearns.get_feature_names_out())
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert np.array_equal(found.indptr, expected.indptr)
    expected.sort_indices()
    assert np.array_equal(found.indices, expected.indices)
    assert np.abs(found.data - expected.data).max(initial=0) < 1e-6
    return found


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_equals_tfidf_vectorizer_column_by_column(options, own_sentences):
    texts = own_sentences[:200] + VERY_HOSTILE
    assert_same(NgramTfidfVectorizer(**options), theirs(**options), texts, [*texts[::-1], "لم ير قط", *own_sentences[200:250]])


@pytest.mark.parametrize("options", [{"ngram_range": (1, 2), "min_df": 2}, {"analyzer": "char_wb", "ngram_range": (2, 5), "sublinear_tf": True}])
def test_equals_tfidf_vectorizer_on_the_real_sentences(options, real_sentences):
    found = assert_same(NgramTfidfVectorizer(**options), theirs(**options), real_sentences[::2], real_sentences)
    assert found.nnz > 90_000


@pytest.mark.parametrize("analyzer", ["word", "char_wb"])
def test_equals_tfidf_vectorizer_on_words_of_a_megabyte(analyzer):
    texts = ["ab" * 500_000, "م" * 1_000_000, "ab", "م ab"]
    options = {"analyzer": analyzer, "ngram_range": (1, 3), "sublinear_tf": True}
    assert_same(NgramTfidfVectorizer(**options), theirs(**options), texts, texts)


def test_default_preprocessing_is_that_of_tfidf_vectorizer(own_sentences):
    texts = [*own_sentences[:100], "ΟΔΟΣ Straße İstanbul", "Σ ΑΣ"]
    assert_same(NgramTfidfVectorizer(), TfidfVectorizer(), texts, texts)


def test_a_union_of_several_equals_theirs(own_sentences):
    texts, options = own_sentences[:300], [SETTINGS[1], SETTINGS[5], SETTINGS[9]]
    ours = FeatureUnion([(str(i), NgramTfidfVectorizer(**o)) for i, o in enumerate(options)], transformer_weights={"1": 0.5})
    sklearns = FeatureUnion([(str(i), theirs(**o)) for i, o in enumerate(options)], transformer_weights={"1": 0.5})
    assert_same(ours, sklearns, texts, texts)


WORD = st.text(alphabet=st.sampled_from("ابتوفلك ـَةى .،ab\u0301𝔸\n"), max_size=30) | st.text(max_size=30)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(WORD, min_size=1, max_size=8), st.sampled_from(["word", "char_wb"]), st.integers(1, 4), st.integers(0, 3),
    st.sampled_from(["l1", "l2", None]), st.booleans(), st.booleans(), st.sampled_from([1, 2, 0.3]), st.sampled_from([1.0, 0.6, 2]),
    st.sampled_from([None, 1, 5]),
)  # fmt: skip
def test_equals_the_naive_twin(texts, analyzer, low, more, norm, sublinear, smooth, min_df, max_df, max_features):
    analyze = {"word": naive.word_ngrams, "char_wb": naive.char_wb_ngrams}[analyzer]
    wanted = naive.tfidf(
        texts, lambda t: analyze(LOWER(t), low, low + more), sublinear=sublinear, smooth=smooth, norm=norm, min_df=min_df,
        max_df=max_df, max_features=max_features,
    )  # fmt: skip
    ours = NgramTfidfVectorizer(
        analyzer=analyzer, ngram_range=(low, low + more), sublinear_tf=sublinear, smooth_idf=smooth, norm=norm, min_df=min_df,
        max_df=max_df, max_features=max_features,
    )  # fmt: skip
    if not any(wanted):
        with pytest.raises(StanceError, match="no feature is left"):
            ours.fit(texts)
        return
    names = ours.fit(texts).get_feature_names_out()
    for row, expected in zip(ours.transform(texts).toarray(), wanted, strict=True):
        found = {str(names[i]): row[i] for i in np.flatnonzero(row)}
        if max_features is None:
            assert found == pytest.approx(expected, abs=1e-9)
        else:  # which of equally frequent features stay is scikit-learn's affair
            assert len(names) <= max_features


def test_passes_the_checks_of_scikit_learn():
    ours = NgramTfidfVectorizer()
    results = estimator_checks.check_estimator(ours, on_fail="raise", on_skip=None)
    assert results
    # Of the checks that check_estimator runs, those that need no numeric input:
    for check in (
        estimator_checks.check_estimator_cloneable, estimator_checks.check_estimator_repr,
        estimator_checks.check_no_attributes_set_in_init, estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params, estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_valid_tag_types, estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_mixin_order,
    ):  # fmt: skip
        check("NgramTfidfVectorizer", ours)


def test_clones_and_pickles(own_sentences):
    texts = own_sentences[:200]
    fitted = NgramTfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), normalization="arabic", min_df=2).fit(texts)
    wanted = fitted.transform(texts)
    data = pickle.dumps(fitted)
    again = pickle.loads(data)
    assert (again.transform(texts) != wanted).nnz == 0
    assert len(data) < 4_000_000  # the tables stay at home
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.transform(texts)
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).transform(['يدعم القرار']).sum())"
    elsewhere = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True).stdout
    assert float(elsewhere) == pytest.approx(fitted.transform(["يدعم القرار"]).sum())


def test_sits_in_a_pipeline_and_a_grid_search():
    rng = random.Random(0)
    texts = [f"{rng.choice(['يدعم', 'نؤيد'] if i % 2 else ['يرفض', 'نعارض'])} القرار رقم {i}" for i in range(60)]
    labels = ["for" if i % 2 else "against" for i in range(60)]
    pipeline = make_pipeline(NgramTfidfVectorizer(), LogisticRegression())
    grid = {
        "ngramtfidfvectorizer__analyzer": ["word", "char_wb"], "ngramtfidfvectorizer__normalization": ["arabic", ["alef"], None],
        "logisticregression__C": [1.0, 10.0],
    }  # fmt: skip
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=2, error_score="raise").fit(texts, labels)
    assert search.best_score_ == 1.0
    assert list(search.predict(["نؤيد هذا", "نعارض هذا"])) == ["for", "against"]
    assert "NgramTfidfVectorizer" in repr(search.best_estimator_)


def test_our_own_analysers_work_in_it_too():
    texts = ["أيدت فرنسا القرار", "امتنعت الصين عن التصويت", "وصل الوفد"]
    ours = NgramTfidfVectorizer(analyzer="cue", token="masked", normalization="arabic", lexicon=resource("labels", "lexicon.toml"))
    assert ours.fit_transform(texts).nnz > 0
    assert any("<abstain" in name for name in ours.get_feature_names_out())


def test_idf_is_by_column(own_sentences):
    texts = own_sentences[:100]
    ours, sklearns = NgramTfidfVectorizer().fit(texts), theirs().fit(texts)
    assert np.abs(ours.idf_ - sklearns.idf_).max() < 1e-12
    assert ours.vocabulary_ == {str(k): int(v) for k, v in sklearns.vocabulary_.items()}


def test_dtype_and_iterators():
    ours = NgramTfidfVectorizer(dtype=np.float32)
    assert ours.fit(iter(["aa bb", "bb cc"])).transform(iter(["aa"])).dtype == np.float32


def test_wrong_values_are_named():
    with pytest.raises(RecipeError, match="analyzer is 'char'"):
        NgramTfidfVectorizer(analyzer="char").fit(["نص"])
    with pytest.raises(ValueError, match="unknown normalisation step 'upper'"):
        NgramTfidfVectorizer(normalization="upper").fit(["نص"])
    with pytest.raises(ValueError, match="got one text"):
        NgramTfidfVectorizer().fit("نص")
    with pytest.raises(ValueError, match="document number 1 is None"):
        NgramTfidfVectorizer().fit(["نص", None])
