"""Explanations for the terminal: the sentence shaded, its words and its features with what each adds."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stance.model.explain import Contribution, Explanation
from stance.model.weights import LearnedWeights
from stance.present.shades import LEVELS, merged_note, merging_note, shade_levels, shaded_runs, visible
from stance.present.tables import console, label_text

_FOR, _AGAINST = (0, 95, 175), (190, 80, 0)
_BAR = 20
KEY = (
    "How to read a feature: <name> is a class of words, ␣ the edge of a word. A cue is a word that can tell a stance: \"a > b\" is the cue a "
    "with b a few words after it at most, \"a < b\" with b before it; \"a & b\" stand anywhere in the text. \"count\" is the number of cues (4: or more), "
    "\"first\" the first of them, \"order\" the first three, \"place\" where the first stands (0: words 1 to 4, 1: 5 to 8, ...), "
    "\"before\" what stands before it."
)
_CUE_BLOCKS = {"cue", "cue_class", "outline", "class_pair"}


def feature_key(blocks: Iterable[str]) -> str | None:
    """Return how to read the features of these blocks; None where they are plain n-grams, which need no key."""
    return KEY if _CUE_BLOCKS & set(blocks) else None


def shaded_text(explanation: Explanation, *, colour: bool = True) -> Text:
    """Return the sentence with every character in the shade of its weight.

    Towards the label is blue and underlined, away from it orange and italic, so that colour is not all that tells.
    """
    out = Text()
    for run, level in shaded_runs(explanation.text, shade_levels(explanation.character_weights())):
        strength = abs(level) / LEVELS
        if not level or not colour:
            out.append(run)
            continue
        r, g, b = (int(255 - (255 - c) * strength * 0.7) for c in (_FOR if level > 0 else _AGAINST))
        out.append(run, style=f"{'underline' if level > 0 else 'italic'} #000000 on #{r:02x}{g:02x}{b:02x}")
    return out


def _bar(value: float, largest: float) -> Text:
    cells = round(abs(value) / largest * _BAR) if largest else 0
    return Text(("+" if value > 0 else "-") * cells, style="blue" if value > 0 else "dark_orange3")


def _read_from(c: Contribution, text: str) -> str:
    if not c.spans:
        return "(whole sentence)"
    return " · ".join(" … ".join(text[a:b] for a, b in place) for place in c.spans)


def explanation_view(explanation: Explanation, top: int = 15, *, colour: bool = True) -> RenderableType:
    """Return an explanation for the terminal."""
    e = explanation
    total = sum(c.contribution for c in e.contributions)
    head = Text.assemble(label_text(e.predicted), "  ", "  ".join(f"{x} {p:.2f}" for x, p in e.reported.items()))
    head.append(f"   (model {e.model})", style="dim")
    sums = Text(
        f"logit of {e.label}, before temperature: {e.logits[e.label]:+.4f} = intercept {e.intercepts[e.label]:+.4f} "
        f"+ {len(e.contributions):,} features {total:+.4f}"
        # Merged logits are divided by the temperature, not those that are merged.
        + ("" if e.merged else f"; after temperature {e.temperature:.3f}: {e.calibrated_logits[e.label]:+.4f}")
        + f". {e.n_unknown:,} features of the text are unknown to the model and add nothing."
    )
    words = Table("word", "adds", "", box=None, header_style="bold", pad_edge=False)
    found = e.words()
    largest = max((abs(w) for *_, w in found), default=0.0)
    for word, _, _, weight in found:
        words.add_row(Text(word), f"{weight:+.3f}", _bar(weight, largest))
    features = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("feature", "block", "value", "weight", "adds", "read from"):
        features.add_column(column, justify="right" if column in ("value", "weight", "adds") else "left")
    for c in e.contributions[:top]:
        numbers = (f"{c.value:.3f}", f"{c.weight:+.3f}", f"{c.contribution:+.3f}")
        features.add_row(Text(visible(c.feature)), Text(c.block, style="dim"), *numbers, Text(_read_from(c, e.text)))
    if rest := e.contributions[top:]:
        features.add_row(Text(f"{len(rest):,} others", style="dim"), "", "", "", f"{sum(c.contribution for c in rest):+.3f}", "")
    # Headings stand beside the tables: a table would wrap its title to its own width.
    parts: list[RenderableType] = [
        head, *([Text(note)] if (note := merged_note(e)) else []), "", shaded_text(e, colour=colour), "", sums,
        "", Text(f"Words, and what they add to {e.label}", style="italic"), words,
        "", Text(f"Features that weigh most for {e.label}", style="italic"), features,
    ]  # fmt: skip
    if whole := e.without_span:
        listed = ", ".join(f"{c.feature} ({c.contribution:+.3f})" for c in whole)
        parts += ["", Text(f"Of the sentence as a whole, in no word: {listed}")]
    if key := feature_key(c.block for c in e.contributions[:top]):
        parts += ["", Text(key, style="dim")]
    return Group(*parts)


def weights_view(weights: LearnedWeights) -> RenderableType:
    """Return what a model has learnt, for the terminal."""
    parts: list[RenderableType] = [
        Text(f"{weights.model}: {weights.n_features:,} features from {weights.n_documents:,} texts. Weights are coefficients: "
             "what a TF-IDF value of 1 adds to the logit."),
    ]  # fmt: skip
    if note := merging_note(weights.merged):
        parts.append(Text(note))
    for label in weights.toward:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in ("towards it", "block", "weight", "texts", "away from it", "block", "weight", "texts"):
            table.add_column(column, justify="right" if column in ("weight", "texts") else "left")
        sides = (weights.toward[label], weights.away[label])
        for i in range(max(map(len, sides))):
            row: list[str | Text] = []
            for side in sides:
                if i < len(side):
                    f = side[i]
                    row += [Text(visible(f.feature)), Text(f.block, style="dim"), f"{f.weight:+.3f}", f"{f.document_frequency:,}"]
                else:
                    row += [""] * 4
            table.add_row(*row)
        counts_as = f", counts as {weights.merged[label]}" if label in weights.merged else ""
        parts += ["", Text(f"{label} (intercept {weights.intercepts[label]:+.3f}{counts_as})", style="italic"), table]
    if key := feature_key(f.block for side in (weights.toward, weights.away) for found in side.values() for f in found):
        parts += ["", Text(key, style="dim")]
    return Group(*parts)


def show(found: Explanation | LearnedWeights, top: int) -> None:
    """Print an explanation, or what a model has learnt."""
    out = console()
    out.print(explanation_view(found, top, colour=out.is_terminal) if isinstance(found, Explanation) else weights_view(found))
