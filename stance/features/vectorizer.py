"""The compiled TF-IDF as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from stance.arabic.normalize import STEPS, derive
from stance.features.blocks import Block
from stance.features.lexicon import read_lexicon
from stance.features.space import FeatureSpace, learn_space

_BLOCK_SETTINGS = (
    "analyzer", "ngram_range", "token", "window", "min_df", "max_df", "max_features", "sublinear_tf", "use_idf",
    "smooth_idf", "norm",
)  # fmt: skip


class NgramTfidfVectorizer(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[misc, call-arg]
    """Texts to TF-IDF rows: the numbers of scikit-learn's ``TfidfVectorizer``, many times faster.

    Parameters with a name that ``TfidfVectorizer`` has mean the same, have the same default, and give the same columns
    in the same order. The work is spread over threads and holds no Python object per n-gram.

    Parameters
    ----------
    analyzer : {"word", "char_wb", "cue", "outline"}, default="word"
        The last two are ours, see `stance.features.blocks.Block`.
    ngram_range : tuple of int, default=(1, 1)
    token : {"surface", "stem", "masked"}, default="surface"
        What a word is: itself, itself without prefixed Arabic clitics, or that with masked classes replaced.
    window : int, default=4
        Reach of ``cue`` in words.
    normalization : str, sequence of str or None, default="lowercase"
        Steps of `stance.arabic.normalize.STEPS` and `OPTIONAL_STEPS`; ``"arabic"`` is all of the first, None is none.
        The default is what ``TfidfVectorizer`` does.
    lexicon : str, Path or None, default=None
        File of word classes, for what looks at them.
    max_df, min_df : float or int, default=1.0 and 1
    max_features : int or None, default=None
    norm : {"l1", "l2"} or None, default="l2"
    use_idf, smooth_idf : bool, default=True
    sublinear_tf : bool, default=False
    dtype : dtype, default=numpy.float64
    n_jobs : int or None, default=None
        Threads; all processors by default.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        Feature to column.
    idf_ : (n_features,) float64
    space_ : FeatureSpace

    Examples
    --------
    >>> from stance.features.vectorizer import NgramTfidfVectorizer
    >>> x = NgramTfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).fit_transform(["يدعم القرار", "يرفض القرار"])
    """

    def __init__(
        self,
        *,
        analyzer: str = "word",
        ngram_range: tuple[int, int] = (1, 1),
        token: str = "surface",
        window: int = 4,
        normalization: str | Sequence[str] | None = "lowercase",
        lexicon: str | Path | None = None,
        max_df: float | int = 1.0,
        min_df: float | int = 1,
        max_features: int | None = None,
        norm: str | None = "l2",
        use_idf: bool = True,
        smooth_idf: bool = True,
        sublinear_tf: bool = False,
        dtype: Any = np.float64,
        n_jobs: int | None = None,
    ) -> None:
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.token = token
        self.window = window
        self.normalization = normalization
        self.lexicon = lexicon
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf
        self.dtype = dtype
        self.n_jobs = n_jobs

    def fit(self, raw_documents: Iterable[str], y: Any = None) -> NgramTfidfVectorizer:
        """Learn the features and their document frequencies.

        Parameters
        ----------
        raw_documents : iterable of str
        y : ignored

        Raises
        ------
        RecipeError
            A parameter has a value that it cannot have.
        StanceError
            No feature is left.
        """
        texts = _texts(raw_documents)
        block = Block.from_dict({name: getattr(self, name) for name in _BLOCK_SETTINGS})
        normalizer = derive(_steps(self.normalization))
        lexicon = read_lexicon(Path(self.lexicon), normalizer) if self.lexicon is not None else None
        self.space_ = learn_space(texts, [block], normalizer, lexicon)
        names = self.space_.vocabulary.names([block])
        # Columns are in the order of the features' names, as scikit-learn's are.
        by_name = sorted(range(len(names)), key=names.__getitem__)
        self._column = np.empty(len(names), dtype=np.int32)
        self._column[by_name] = np.arange(len(names), dtype=np.int32)
        self.vocabulary_ = {names[feature]: column for column, feature in enumerate(by_name)}
        return self

    def transform(self, raw_documents: Iterable[str]) -> csr_matrix:
        """Return TF-IDF values, (n_texts, n_features) sparse, rows sorted by column."""
        check_is_fitted(self, "space_")
        texts = _texts(raw_documents)
        indptr, indices, values = self.space_.transform(texts, self.n_jobs)
        shape = (len(texts), len(self._column))
        found = csr_matrix((values.astype(self.dtype, copy=False), self._column[indices], indptr), shape=shape)
        found.sort_indices()
        return found

    @property
    def idf_(self) -> npt.NDArray[np.float64]:
        """Inverse document frequencies by column, (n_features,) float64."""
        check_is_fitted(self, "space_")
        return self.space_.idf[np.argsort(self._column)]

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the features by column, as scikit-learn writes them."""
        check_is_fitted(self, "space_")
        return np.array(list(self.vocabulary_), dtype=object)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        if (space := state.get("space_")) is not None:  # without the compiled tables and the caches
            state["space_"] = FeatureSpace(space.blocks, space.normalizer, space.lexicon, space.runs, space.vocabulary)
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _steps(normalization: str | Sequence[str] | None) -> tuple[str, ...]:
    if normalization is None:
        return ()
    if isinstance(normalization, str):
        return STEPS if normalization == "arabic" else (normalization,)
    return tuple(normalization)


def _texts(raw_documents: Iterable[str]) -> list[str]:
    if isinstance(raw_documents, str):
        raise ValueError("expected an iterable of texts, got one text; put it in a list")
    texts = list(raw_documents)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"document number {i} is {text!r} ({type(text).__name__}); expected str")
    return texts
