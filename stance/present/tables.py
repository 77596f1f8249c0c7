"""Tables for the terminal: coloured for a person, plain when piped."""

from __future__ import annotations

from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from stance.model.prediction import Prediction

STYLES = {
    "support": "bold green", "oppose": "bold red", "abstain": "bold yellow", "neutral": "dim",
    "positive": "bold green", "negative": "bold red", "uncertain": "italic",
}  # fmt: skip


def console(*, stderr: bool = False) -> Console:
    """Return a console; piped output is neither coloured nor cut to a width."""
    # No markup: names, labels and texts are the user's, and may look like it.
    found = Console(stderr=stderr, highlight=False, soft_wrap=False, markup=False)
    if not found.is_terminal:
        found = Console(stderr=stderr, highlight=False, markup=False, width=160, no_color=True)
    return found


def label_text(label: str | None) -> Text:
    """Return a label in its colour."""
    return Text(label or "-", style=STYLES.get(label or "", ""))


def _shares(probabilities: dict[str, float]) -> str:
    return "  ".join(f"{label} {p:.2f}" for label, p in probabilities.items())


def predictions_table(predictions: list[Prediction]) -> Table:
    """Return predictions as a table."""
    table = Table("label", "probability", "all", "text", box=None, header_style="bold", pad_edge=False)
    for p in predictions:
        table.add_row(label_text(p.label), f"{p.probability:.2f}", _shares(p.probabilities), Text(p.text, justify="right"))
    return table


def metrics_tables(metrics: dict[str, Any], heading: str) -> list[RenderableType]:
    """Return the figures of a validation: per label, and the confusion matrix."""
    low, high = metrics["macro_f1_interval"]
    title = f"{heading}: macro-F1 {metrics['macro_f1']:.3f} (95% interval {low:.3f} to {high:.3f}), ECE {metrics['ece']:.3f}"
    figures = Table(box=None, header_style="bold", pad_edge=False)  # a title would be wrapped to the table's width
    for column in ("label", "precision", "recall", "F1", "sentences"):
        figures.add_column(column, justify="left" if column == "label" else "right")
    for label, m in metrics["labels"].items():
        row = (f"{m['precision']:.3f}", f"{m['recall']:.3f}", f"{m['f1']:.3f}", f"{m['support']:,}")
        figures.add_row(label_text(label), *row)
    confusion = Table(box=None, header_style="bold", pad_edge=False)
    confusion.add_column("")
    for label in metrics["labels"]:
        confusion.add_column(Text(label), justify="right")  # as text: a label of the user's may look like markup
    for label, counts in zip(metrics["labels"], metrics["confusion"], strict=True):
        confusion.add_row(label_text(label), *[f"{n:,}" for n in counts])
    return [title, figures, "", "Confusion (rows: labelled, columns: predicted)", confusion]
