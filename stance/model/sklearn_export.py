"""A model as an ordinary fitted scikit-learn Pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from stance.arabic.normalize import Normalizer
from stance.features.blocks import Analysis, Block, analyze, feature_name
from stance.features.lexicon import Lexicon
from stance.model.classifier import merge_logits, softmax

if TYPE_CHECKING:
    from stance.model.classifier import Model


@dataclass(frozen=True)
class BlockAnalyzer:
    """A block's analyser in the form that scikit-learn's vectorisers call: text in, list of feature names out."""

    block: Block
    normalizer: Normalizer
    lexicon: Lexicon

    def __call__(self, text: str) -> list[str]:
        """Return the names of the features of a text."""
        analysis = Analysis(self.normalizer(text), self.lexicon)
        return [feature_name(self.block, parts) for parts in analyze(analysis, self.block)]


class MergedLogisticRegression(LogisticRegression):  # type: ignore[misc]
    """A fitted logistic regression whose labels each take the probability of the finer labels that merge into them.

    Attributes
    ----------
    classes_ : (n_labels,) array of str
    places_ : list of int
        For each row of ``coef_``, the number of its label.
    temperature_ : float
        What the merged logits are divided by.
    """

    def decision_function(self, X: Any) -> Any:
        """Return the logits (n_texts, n_labels), calibrated."""
        return merge_logits(np.asarray(X @ self.coef_.T + self.intercept_), self.places_) / self.temperature_

    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities (n_texts, n_labels)."""
        return softmax(self.decision_function(X))

    def predict(self, X: Any) -> Any:
        """Return the labels (n_texts,)."""
        return self.classes_[self.decision_function(X).argmax(axis=1)]


def pipeline_of(model: Model) -> Pipeline:
    """Return the Pipeline; see `Model.to_sklearn`."""
    space = model.space
    names, idf = space.vocabulary.names(space.blocks), space.idf
    steps, columns, weights = [], [], {}
    for b, block in enumerate(space.blocks):
        mine = sorted(np.flatnonzero(space.vocabulary.block == b).tolist(), key=names.__getitem__)
        if not mine:
            continue
        vectorizer = TfidfVectorizer(
            analyzer=BlockAnalyzer(block, space.normalizer, space.lexicon),
            vocabulary={names[feature]: i for i, feature in enumerate(mine)},
            norm=block.norm,
            use_idf=block.use_idf,
            smooth_idf=block.smooth_idf,
            sublinear_tf=block.sublinear_tf,
        )
        vectorizer._validate_vocabulary()
        if block.use_idf:
            vectorizer.idf_ = idf[mine]
        name = f"{b}-{block.analyzer}"
        steps.append((name, vectorizer))
        weights[name] = block.weight
        columns += mine
    merged = model.fine_labels != model.labels
    regression = MergedLogisticRegression() if merged else LogisticRegression()
    if merged:
        regression.places_, regression.temperature_ = model.places, model.temperature
    divisor = 1.0 if merged else model.temperature  # merged logits are divided, not those that are merged
    coefficients = model.coefficients[:, columns].astype(np.float64) / divisor
    intercepts = np.asarray(model.intercepts) / divisor
    if len(model.labels) == 2 and not merged:
        coefficients, intercepts = coefficients[1:] - coefficients[:1], intercepts[1:] - intercepts[:1]
    regression.classes_ = np.array(model.labels)
    regression.coef_, regression.intercept_ = coefficients, intercepts
    regression.n_features_in_ = len(columns)
    regression.n_iter_ = np.array([0])
    return Pipeline([("features", FeatureUnion(steps, transformer_weights=weights)), ("classifier", regression)])
