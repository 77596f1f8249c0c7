"""Why a model decided as it did: the exact share of every feature in every logit.

A linear model explains itself: the logit of a label is its intercept plus, for every feature of the text, the
feature's TF-IDF value times its weight for that label. Nothing here is estimated, sampled or smoothed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.arabic.align import align
from stance.errors import StanceError
from stance.features.blocks import Analysis, feature_name
from stance.features.locate import locate
from stance.model.classifier import Model, merge_logits, softmax

Span = tuple[int, int]


@dataclass(frozen=True)
class Contribution:
    """What one feature adds to the logits.

    Attributes
    ----------
    feature : str
        As scikit-learn would name it; ``<class>`` stands for a class of words.
    block : str
        The analyser of the feature block, one of `stance.features.blocks.ANALYZERS`.
    spans : tuple of tuple of (int, int)
        One entry an occurrence, each the half-open ranges of the original text it was read from. Empty for features
        of the sentence as a whole.
    value : float
        The TF-IDF value, with the norm and the weight of its block.
    weight, contribution : float
        The weight of the explained label, and ``value * weight``: what is added to that label's logit.
    weights, contributions : dict of str to float
        The same for every label of the explanation.
    """

    feature: str
    block: str
    spans: tuple[tuple[Span, ...], ...]
    value: float
    weight: float
    contribution: float
    weights: dict[str, float]
    contributions: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain data."""
        return {
            "feature": self.feature, "block": self.block, "spans": [[list(s) for s in place] for place in self.spans],
            "value": self.value, "weight": self.weight, "contribution": self.contribution,
            "weights": self.weights, "contributions": self.contributions,
        }  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """Why a model gave a text its logits.

    ``intercepts[x] + sum(c.contributions[x] for c in contributions)`` is ``logits[x]`` for every label `x`, to float
    tolerance. These are the logits *before* the temperature; dividing all three by it gives the same identity for
    `calibrated_logits`, whose softmax is `probabilities`.

    A model that merges finer labels (`Model.fine_labels`) is explained in these: they are the `labels` here, and `merged`
    says what each counts as. The probability of a label that the model gives (`reported`) is the sum of those of its
    finer labels, among which it is shared as their logits say. Such a model divides the *merged* logits by the
    temperature, so that `probabilities` are then not the softmax of `calibrated_logits`.

    Attributes
    ----------
    text : str
    label : str
        The label that is explained: the predicted one unless another was asked for; of a label that finer ones merge
        into, the finer one with the highest logit.
    predicted : str
        The label that the model gives, a key of `reported`.
    logits : dict of str to float
        Before the temperature.
    temperature : float
    probabilities : dict of str to float
        Of `labels`: ``softmax(logits / temperature)``, unless finer labels are merged (see above).
    intercepts : dict of str to float
    contributions : list of Contribution
        Every feature that the model knows and the text has, the largest contribution to `label` first, whatever its
        sign. A feature that is unknown, or was pruned, adds nothing and is not listed.
    n_unknown : int
        Features of the text that the model does not know.
    model, task : str
    merged : dict of str to str
        Finer label to the label that it counts as, where that is another.
    """

    text: str
    label: str
    predicted: str
    logits: dict[str, float]
    temperature: float
    probabilities: dict[str, float]
    intercepts: dict[str, float]
    contributions: list[Contribution]
    n_unknown: int
    model: str
    task: str
    merged: dict[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the regression tells apart, in the model's order."""
        return tuple(self.logits)

    @property
    def reported(self) -> dict[str, float]:
        """The probabilities of the labels that the model gives, in which finer ones are merged."""
        found: dict[str, float] = {}
        for label, probability in self.probabilities.items():
            coarse = self.merged.get(label, label)
            found[coarse] = found.get(coarse, 0.0) + probability
        return found

    def strongest(self, label: str) -> str:
        """Return, of the finer labels that count as a label, the one with the highest logit; mostly the label itself."""
        finer = [x for x in self.labels if self.merged.get(x, x) == label]
        return max(finer, key=self.logits.__getitem__) if finer else label

    @property
    def calibrated_logits(self) -> dict[str, float]:
        """The logits after the temperature."""
        return {label: logit / self.temperature for label, logit in self.logits.items()}

    @property
    def without_span(self) -> list[Contribution]:
        """The features that belong to the sentence as a whole and to no part of it."""
        return [c for c in self.contributions if not c.spans]

    def character_weights(self, label: str | None = None) -> npt.NDArray[np.float64]:
        """Return what each character of the text adds to a label's logit, (n_characters,) float64.

        A feature's contribution is shared evenly among its occurrences, and each share among the characters it was read
        from, so that the array sums to the contributions of all features that have a place in the text.

        Parameters
        ----------
        label : str, optional
            One of `labels`; the explained one by default.
        """
        label = self._known(label or self.label)
        weights = np.zeros(len(self.text))
        for c in self.contributions:
            for occurrence in c.spans:
                share = c.contributions[label] / len(c.spans) / sum(b - a for a, b in occurrence)
                for a, b in occurrence:
                    weights[a:b] += share
        return weights

    def words(self, label: str | None = None) -> list[tuple[str, int, int, float]]:
        """Return every word of the text with its start, its stop and the sum of its `character_weights`."""
        weights = self.character_weights(label)
        return [(m[0], *m.span(), float(weights[slice(*m.span())].sum())) for m in re.finditer(r"\S+", self.text)]

    def for_label(self, label: str) -> Explanation:
        """Return the same explanation with another label in its centre.

        Raises
        ------
        StanceError
            The model does not have that label.
        """
        self._known(label)
        turned = [replace(c, weight=c.weights[label], contribution=c.contributions[label]) for c in self.contributions]
        turned.sort(key=lambda c: -abs(c.contribution))
        return replace(self, label=label, contributions=turned)

    def _known(self, label: str) -> str:
        if label not in self.logits:
            raise StanceError(f"label {label!r}: model {self.model!r} has no such label; expected one of: {', '.join(self.labels)}")
        return label

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, as ``stance explain --format json`` prints it."""
        return {
            "text": self.text, "model": self.model, "task": self.task, "label": self.label, "predicted": self.predicted,
            "logits": self.logits, "temperature": self.temperature, "calibrated_logits": self.calibrated_logits,
            "probabilities": self.probabilities, "reported": self.reported, "intercepts": self.intercepts,
            "contributions": [c.to_dict() for c in self.contributions], "n_unknown": self.n_unknown, "merged": self.merged,
            "character_weights": self.character_weights().tolist(),
            "words": [{"word": w, "start": a, "stop": b, "weight": x} for w, a, b, x in self.words()],
        }  # fmt: skip

    def _repr_html_(self) -> str:
        # The one call up the house, by name: notebooks look for this method on the object itself.
        return str(import_module("stance.present.explanation_html").explanation_fragment(self))


def explain_text(model: Model, text: str, label: str | None = None) -> Explanation:
    """Explain what a model says about a text.

    Parameters
    ----------
    model : Model
    text : str
    label : str, optional
        The label to explain, finer or as the model gives it; the predicted one by default. A name that is both means
        the finer label.

    Raises
    ------
    TypeError
        The text is none.
    StanceError
        The model does not have that label.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected a text, got {text!r} ({type(text).__name__})")
    space = model.space
    indices, values = space.row(text)
    weights = model.coefficients[:, indices].astype(np.float64)
    products = weights * values
    logits = model.intercepts.astype(np.float64) + products.sum(axis=1)
    aligned = align(text, space.normalizer)
    analysis = Analysis(aligned.text, space.lexicon)
    places: dict[int, list[tuple[Span, ...]]] = defaultdict(list)
    unknown = set()
    for b, block in enumerate(space.blocks):
        for feature, at in locate(analysis, block):
            index = space.find(b, feature)
            if index < 0:
                unknown.add((b, feature))
            elif spans := tuple(s for s in (aligned.span(*place) for place in at) if s):
                places[index].append(spans)
    names = model.fine_labels

    def named(row: npt.NDArray[Any]) -> dict[str, float]:
        return dict(zip(names, map(float, row), strict=True))

    view = merge_logits(logits[None], model.places)[0]
    predicted = model.labels[int(view.argmax())]
    best = max((i for i, x in enumerate(names) if model.coarse(x) == predicted), key=lambda i: float(logits[i]))
    found = []
    for i, index in enumerate(indices.tolist()):
        b = int(space.vocabulary.block[index])
        found.append(
            Contribution(
                feature_name(space.blocks[b], space.vocabulary.features[index]), space.blocks[b].analyzer,
                tuple(places[index]), float(values[i]), float(weights[best, i]), float(products[best, i]),
                named(weights[:, i]), named(products[:, i]),
            )
        )  # fmt: skip
    shares = softmax(view[None] / model.temperature)[0][model.places] * np.exp(logits - view[model.places])
    plain = Explanation(
        text, names[best], predicted, named(logits), model.temperature, named(shares), named(model.intercepts), found,
        len(unknown), model.name, model.task, {x: model.coarse(x) for x in names if model.coarse(x) != x},
    )  # fmt: skip
    if label is not None and label not in names:
        label = plain.strongest(label)
    return plain.for_label(label or plain.label)
