"""Explanations as HTML: a page of its own, and the fragment that a notebook shows."""

from __future__ import annotations

import numpy as np

from stance.model.explain import Explanation
from stance.model.weights import LearnedWeights
from stance.present.explanation import feature_key
from stance.present.html import render
from stance.present.shades import merged_note, merging_note, shade_levels, shaded_runs

TOP = 30


def _values(explanation: Explanation, top: int) -> dict[str, object]:
    weights = {label: explanation.character_weights(label) for label in explanation.labels}
    largest = max((float(np.abs(w).max(initial=0.0)) for w in weights.values()), default=0.0)
    sentences = {label: shaded_runs(explanation.text, shade_levels(w, largest)) for label, w in weights.items()}
    order = sorted(explanation.labels, key=lambda label: (label != explanation.label, -explanation.probabilities[label]))
    shown = explanation.contributions[:top]
    return {
        "e": explanation, "sentences": sentences, "order": order, "shown": shown,
        "rest": sum(c.contribution for c in explanation.contributions[top:]),
        "n_rest": max(0, len(explanation.contributions) - top),
        "without_span": explanation.without_span,
        "note": merged_note(explanation),
        "n_without_span": len(explanation.without_span),
        "key": feature_key(c.block for c in shown),
        "total": sum(c.contribution for c in explanation.contributions),
    }  # fmt: skip


def explanation_page(explanation: Explanation, top: int = TOP) -> str:
    """Return a page about one decision: the sentence shaded for every label, and the weightiest features."""
    return render("explanation.html", **_values(explanation, top))


def explanation_fragment(explanation: Explanation, top: int = 12) -> str:
    """Return what a notebook shows for an explanation."""
    return render("explanation_fragment.html", **_values(explanation, top))


def weights_page(weights: LearnedWeights) -> str:
    """Return a page about what a model has learnt."""
    key = feature_key(f.block for side in (weights.toward, weights.away) for found in side.values() for f in found)
    return render("weights.html", w=weights, key=key, note=merging_note(weights.merged))


def weights_fragment(weights: LearnedWeights) -> str:
    """Return what a notebook shows for learnt weights."""
    return render("weights_fragment.html", w=weights, note=merging_note(weights.merged))
