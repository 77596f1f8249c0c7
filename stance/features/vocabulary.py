"""A vocabulary: which features a model knows, as sorted fingerprints with their texts beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from stance.features.blocks import Block, Feature, feature_name

_PART, _FEATURE = "\x1f", "\x1e"  # Unicode's own unit and record separators: no token and no word contains them
SEPARATOR = ord(_FEATURE)
"""The byte between two features in `Vocabulary.text`."""


@dataclass(frozen=True)
class Vocabulary:
    """The features of a model. All arrays have one entry a feature and are sorted by fingerprint.

    Attributes
    ----------
    fingerprints : (n_features,) uint64
    block : (n_features,) uint8
        Number of the block that the feature belongs to.
    document_frequency : (n_features,) int32
        Documents of the training set that have the feature.
    text : (n_bytes,) uint8
        The features themselves, UTF-8, parts and features closed by separator characters; only read to explain.
    n_documents : int
        Size of the training set.
    salt : int
        What the fingerprints were salted with.
    """

    fingerprints: npt.NDArray[np.uint64]
    block: npt.NDArray[np.uint8]
    document_frequency: npt.NDArray[np.int32]
    text: npt.NDArray[np.uint8]
    n_documents: int
    salt: int

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.fingerprints)

    @cached_property
    def features(self) -> list[Feature]:
        """The features as tuples of strings."""
        if not len(self):
            return []
        return [tuple(f.split(_PART)) for f in self.text.tobytes().decode("utf-8", "surrogatepass").split(_FEATURE)]

    def names(self, blocks: Sequence[Block]) -> list[str]:
        """Return every feature as it is written (see `feature_name`)."""
        return [feature_name(blocks[b], f) for b, f in zip(self.block.tolist(), self.features, strict=True)]

    def idf(self, blocks: Sequence[Block]) -> npt.NDArray[np.float64]:
        """Return the inverse document frequencies, (n_features,) float64.

        ``ln((1 + n) / (1 + df)) + 1`` where smooth, ``ln(n / df) + 1`` where not (scikit-learn's definition).
        """
        smooth = np.array([float(block.smooth_idf) for block in blocks])[self.block]
        used = np.array([block.use_idf for block in blocks])[self.block]
        with np.errstate(divide="ignore"):
            idf = np.log((self.n_documents + smooth) / (self.document_frequency + smooth)) + 1.0
        return np.where(used, idf, 1.0)

    def keep(self, mask: npt.NDArray[np.bool_]) -> Vocabulary:
        """Return the vocabulary of the features for which `mask` (n_features,) bool is true."""
        features = [f for f, kept in zip(self.features, mask.tolist(), strict=True) if kept]
        return Vocabulary(
            self.fingerprints[mask], self.block[mask], self.document_frequency[mask], pack(features), self.n_documents, self.salt
        )

    def find(self, fingerprints: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return the index of each fingerprint, or -1, shape as given, int64."""
        if not len(self):
            return np.full(fingerprints.shape, -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.fingerprints, fingerprints), len(self) - 1)
        return np.where(self.fingerprints[at] == fingerprints, at, -1)


def pack(features: Sequence[Feature]) -> npt.NDArray[np.uint8]:
    """Return features as the bytes of `Vocabulary.text`."""
    text = _FEATURE.join(_PART.join(parts) for parts in features)
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
