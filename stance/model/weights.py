"""What a model has learnt: the features with the largest weights of each label."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from stance.errors import StanceError
from stance.features.blocks import ANALYZERS, feature_name

if TYPE_CHECKING:
    from stance.model.classifier import Model


@dataclass(frozen=True)
class FeatureWeight:
    """A feature with its weight for one label.

    Attributes
    ----------
    feature : str
    block : str
        The analyser of its block.
    weight : float
        Coefficient of the logistic regression, before the temperature.
    document_frequency : int
        Training texts that have the feature.
    """

    feature: str
    block: str
    weight: float
    document_frequency: int


@dataclass(frozen=True)
class LearnedWeights:
    """The weightiest features of every label.

    Attributes
    ----------
    model, task : str
    n_features, n_documents : int
        Size of the vocabulary and of the training set.
    intercepts : dict of str to float
        Of the labels that the regression tells apart, as `toward` and `away`: finer ones where the model merges them.
    toward, away : dict of str to list of FeatureWeight
        Per label the features with the largest positive weights, and those with the largest negative ones.
    merged : dict of str to str
        Finer label to the label that it counts as in what the model answers; empty where it answers all that it tells apart.
    """

    model: str
    task: str
    n_features: int
    n_documents: int
    intercepts: dict[str, float]
    toward: dict[str, list[FeatureWeight]]
    away: dict[str, list[FeatureWeight]]
    merged: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, as ``stance explain --global --format json`` prints it."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return str(import_module("stance.present.explanation_html").weights_fragment(self))


def learned_weights(model: Model, top: int = 20, block: str | None = None) -> LearnedWeights:
    """Return the features with the largest weights of each label.

    Parameters
    ----------
    model : Model
    top : int
        How many a label, each way.
    block : {"char_wb", "word", "cue", "outline", "class", "cue_class", "class_pair"}, optional
        Only features of these blocks.

    Raises
    ------
    StanceError
        `top` is not positive, or the model has no such block.
    """
    if top < 1:
        raise StanceError(f"top is {top}; expected a whole number from 1")
    kinds = [b.analyzer for b in model.space.blocks]
    if block is not None and block not in kinds:
        known = ", ".join(sorted(set(kinds), key=ANALYZERS.index))
        raise StanceError(f"block is {block!r}; model {model.name!r} has: {known}")
    vocabulary = model.space.vocabulary
    mine = np.isin(vocabulary.block, [b for b, kind in enumerate(kinds) if block in (None, kind)])
    candidates = np.flatnonzero(mine)

    def described(index: int, row: int) -> FeatureWeight:
        b = int(vocabulary.block[index])
        name = feature_name(model.space.blocks[b], vocabulary.features[index])
        return FeatureWeight(name, kinds[b], float(model.coefficients[row, index]), int(vocabulary.document_frequency[index]))

    toward, away = {}, {}
    for row, label in enumerate(model.fine_labels):
        order = candidates[np.argsort(-model.coefficients[row, candidates], kind="stable")].tolist()
        toward[label] = [described(i, row) for i in order[:top] if model.coefficients[row, i] > 0]
        away[label] = [described(i, row) for i in order[::-1][:top] if model.coefficients[row, i] < 0]
    intercepts = dict(zip(model.fine_labels, map(float, model.intercepts), strict=True))
    merged = {label: model.coarse(label) for label in model.fine_labels if model.coarse(label) != label}
    return LearnedWeights(model.name, model.task, len(vocabulary), vocabulary.n_documents, intercepts, toward, away, merged)
