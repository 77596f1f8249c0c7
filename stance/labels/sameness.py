"""When two texts are the same: folding of spelling and punctuation, and an exact join of near-duplicates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

SHINGLE = 5
SIMILARITY = 0.7
_CHUNK = 1000
_VERIFY = 20_000
_FOLDS = str.maketrans({"ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": None})
_NOT_WORD = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return a text without what does not make it another one: diacritics, letter variants, case, punctuation, space.

    Presentation forms become letters (NFKC), combining marks and tatweel go, alef and yeh variants and teh marbuta
    become one letter each, digits become 0-9, and everything that is no letter or digit becomes one space.
    """
    plain = unicodedata.normalize("NFKD", text).translate(_FOLDS).casefold()
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    kept = "".join(str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else c for c in kept)
    return _NOT_WORD.sub(" ", kept).strip()


class Pair(NamedTuple):
    """Two texts by their numbers, and the Jaccard similarity of their shingles."""

    first: int
    second: int
    similarity: float


def _shingles(texts: Sequence[str]) -> Any:
    """Return which character 5-grams each text has: csr (n_texts, n_shingles) of ones, columns from rare to frequent."""
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer="char", ngram_range=(SHINGLE, SHINGLE), binary=True, lowercase=False, dtype=np.int32)
    try:
        found = counter.fit_transform(texts)
    except ValueError:  # no text is as long as a shingle
        return csr_array((len(texts), 0), dtype=np.int32)
    frequency = np.bincount(found.indices, minlength=found.shape[1])
    rank = np.empty(len(frequency), dtype=np.int32)
    rank[np.argsort(frequency, kind="stable")] = np.arange(len(frequency), dtype=np.int32)
    ranked = csr_array((found.data, rank[found.indices], found.indptr), shape=found.shape)
    ranked.sort_indices()
    return ranked


def _prefixes(shingles: Any, sizes: npt.NDArray[np.int64], threshold: float) -> Any:
    """Keep each row's rarest shingles, as many as two rows of the threshold's similarity must share one of."""
    from scipy.sparse import csr_array

    length = sizes - np.ceil(threshold * sizes - 1e-9).astype(np.int64) + 1
    place = np.arange(shingles.nnz) - np.repeat(shingles.indptr[:-1], sizes)
    kept = place < np.repeat(length, sizes)
    indptr = np.concatenate([[0], np.cumsum(kept)])[shingles.indptr]
    return csr_array((shingles.data[kept], shingles.indices[kept], indptr), shape=shingles.shape)


def near_duplicates(
    texts: Sequence[str],
    against: Sequence[str] | None = None,
    threshold: float = SIMILARITY,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Pair]:
    """Return every pair of texts whose character 5-grams have a Jaccard similarity of at least `threshold`.

    Parameters
    ----------
    texts : sequence of str
        As `fold` gives them.
    against : sequence of str, optional
        The second text of a pair is one of these; otherwise it is a later one of `texts`.
    threshold : float
        Above 0, up to 1.
    progress : callable
        Called with what is being done, how many texts are done, and how many there are.

    Returns
    -------
    list of Pair
        Ordered by first and second. No pair is missed: two sets of at least that similarity share one of the
        ``n - ceil(threshold * n) + 1`` rarest members of each (prefix filtering: Bayardo, Ma and Srikant 2007), and every
        pair that does is compared in full. Texts shorter than five characters have no shingles and are in no pair.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}; expected a number above 0, up to 1")
    everything = [*texts, *(against or [])]
    if len(everything) < 2:
        return []
    shingles = _shingles(everything)
    sizes = np.diff(shingles.indptr).astype(np.int64)
    prefixes = _prefixes(shingles, sizes, threshold)
    other = 0 if against is None else len(texts)
    right = prefixes[other:].T.tocsr()
    pairs: list[Pair] = []
    for start in range(0, len(texts), _CHUNK):
        progress("looking for near-duplicates", start, len(texts))
        block = (prefixes[start : min(start + _CHUNK, len(texts))] @ right).tocoo()
        first, second = block.row + start, block.col + other
        small, large = np.minimum(sizes[first], sizes[second]), np.maximum(sizes[first], sizes[second])
        possible = (second > first) & (small >= threshold * large - 1e-9)
        first, second = first[possible], second[possible]
        for at in range(0, len(first), _VERIFY):
            i, j = first[at : at + _VERIFY], second[at : at + _VERIFY]
            common = np.asarray(shingles[i].multiply(shingles[j]).sum(axis=1)).ravel()
            jaccard = common / (sizes[i] + sizes[j] - common)
            near = jaccard >= threshold - 1e-9
            found = zip(i[near].tolist(), j[near].tolist(), jaccard[near].tolist(), strict=True)
            pairs += [Pair(a, b - other, s) for a, b, s in found]
    progress("looking for near-duplicates", len(texts), len(texts))
    return sorted(pairs)
