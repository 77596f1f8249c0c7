"""The model card: what a model is, what it was trained on, what was measured, where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stance.labels.schemes import scheme_names
from stance.learn.confusion import Estimate
from stance.learn.evaluate import Evaluation
from stance.learn.train import Training

USES = """\
## Intended use

First reading of Arabic news and official text by people who then look at the sentences themselves: which sentences
take a stance, which way, and where to look. Each decision can be traced to its n-grams.

Not to be used to judge persons, to decide about anyone, or as evidence of what somebody said. The unit is one
sentence on its own words; irony, quotation within quotation and what the article says elsewhere are not seen.
"""

NGRAMS = ("word", "char_wb", "class")

OWN_USES = """\
## Intended use

To be said by who trained it. It labels text like its training data; on other text its figures say little. Not to be used to
judge persons, or to decide about anyone. Each decision can be traced to its n-grams.
"""


def figures_table(metrics: dict[str, Any]) -> str:
    """Return a Markdown table of per-label figures."""
    rows = ["| label | precision | recall | F1 | sentences |", "| --- | --- | --- | --- | --- |"]
    for label, m in metrics["labels"].items():
        rows.append(
            f"| {label} | {m['precision']:.3f} | {m['recall']:.3f} | {m['f1']:.3f} | {m['support']:,} |"
        )
    return "\n".join(rows)


def pruning_sentence(pruned: dict[str, Any]) -> str:
    """Say what was pruned and what it cost, where that was measured."""
    text = f"Pruned from {pruned['before']:,} to {pruned['after']:,} features to fit the size"
    if "macro_f1_before" not in pruned:
        return text + "."
    before, after = pruned["macro_f1_before"], pruned["macro_f1_after"]
    return f"{text}; macro-F1 in cross-validation {before:.3f} before, {after:.3f} after ({after - before:+.3f})."


def _weights(recipe: dict[str, Any]) -> str:
    within = f" within each {recipe['balance_within']}" if recipe.get("balance_within") else ""
    factors = "".join(
        f", {name} times {factor:g}" for key in ("label_weights", "file_weights") for name, factor in (recipe.get(key) or {}).items()
    )
    return f"{recipe['class_weight'] or 'none'}{within}{factors}"


def held_out_section(found: Evaluation, files: Sequence[str]) -> str:
    """Return a card's section on data that the model was not trained on."""

    def shown(x: Estimate) -> str:
        return f"{x.value:.3f} ({x.low:.3f} to {x.high:.3f})"

    names = ", ".join(f"`{Path(file).name}`" for file in files)
    rows = [
        f"| {label} | {shown(s['precision'])} | {shown(s['recall'])} | {shown(s['f1'])} | {s['n']:,} |"
        for label, s in found.per_label.items()
    ]
    bins = "; ".join(
        f"{b['probability']:.2f} given, {b['correct']:.2f} right ({b['n']:,})" for b in found.calibration.bins
    )
    return "\n".join([
        f"## On other data: {names}", "",
        f"{found.n:,} texts on which nothing was trained: macro-F1 **{shown(found.macro_f1)}**, accuracy "
        f"{shown(found.accuracy)}. In brackets 95% bootstrap intervals over the texts.", "",
        "| label | precision | recall | F1 | texts |", "| --- | --- | --- | --- | --- |", *rows, "",
        f"Calibration: expected calibration error {found.calibration.ece:.3f}, Brier score {found.calibration.brier:.3f}. Mean "
        f"probability of the label given, share that was right, and texts, in bands: {bins}.",
    ])  # fmt: skip


def render_card(training: Training, extra: str = "") -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    training : Training
    extra : str
        Sections to add before the end, e.g. results on other data.
    """
    model, info = training.model, training.model.info
    recipe, metrics = info["recipe"], training.metrics
    blocks = "\n".join(
        f"- {b['analyzer']}: "
        + (f"n-grams of {b['ngram_range'][0]} to {b['ngram_range'][1]}, " if b["analyzer"] in NGRAMS else "")
        + (f"{b['token']} tokens, " if b["analyzer"] not in ("char_wb", "class", "class_pair") else "")
        + f"min_df {b['min_df']}"
        + ("" if b["norm"] == "l2" else f", norm {b['norm'] or 'none'}")
        + ("" if b["weight"] == 1 else f", weight {b['weight']:g}")
        for b in recipe["blocks"]
    )
    counts = ", ".join(f"{label} {n:,}" for label, n in info["n_by_label"].items())
    lines = [
        f"# {model.name}", "",
        recipe["description"] or f"TF-IDF and logistic regression for {model.task}, labels {', '.join(model.labels)}.", "",
        "## Data", "",
        f"{info['n_texts']:,} labelled sentences ({counts}) from {', '.join(recipe['labels'])}; scheme `{model.scheme}`.",
        f"Fingerprint of texts and labels (SHA-256): `{info['data_fingerprint']}`.", "",
        "## Features and classifier", "", blocks, "",
        f"{len(model.space.vocabulary):,} features; logistic regression with C = {recipe['C']:g} and "
        f"class weights {_weights(recipe)}; temperature {model.temperature:.3f}.",
    ]  # fmt: skip
    if model.fine_labels != model.labels:
        lines.append(f"The regression tells {', '.join(model.fine_labels)} apart; a label has the sum of the probabilities of those that count as it.")
    if info["pruned"]:
        lines.append(pruning_sentence(info["pruned"]))
    if appended := recipe.get("append_fields"):
        lines.append(f"It expects behind the text, each after a space: {', '.join(appended)}.")
    lines += ["", USES if recipe["scheme"] in scheme_names() else OWN_USES]
    if metrics:
        low, high = metrics["macro_f1_interval"]
        lines += [
            f"## Cross-validation on the training data ({recipe['folds']} folds)", "",
            f"Macro-F1 **{metrics['macro_f1']:.3f}** (95% bootstrap interval {low:.3f} to {high:.3f}), accuracy "
            f"{metrics['accuracy']:.3f}, expected calibration error {metrics['ece']:.3f}. These sentences resemble the "
            "training data; on other text expect less.", "",
            figures_table(metrics), "",
        ]  # fmt: skip
    if extra:
        lines += [extra.strip(), ""]
    versions = ", ".join(f"{name} {number}" for name, number in info["versions"].items())
    lines += [f"Trained with {versions}. Seed {recipe['seed']}."]
    return "\n".join(lines) + "\n"
