"""Evaluations for the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stance.learn.confusion import Estimate
from stance.learn.evaluate import Evaluation
from stance.present.shades import visible
from stance.present.tables import console, label_text


def _ranged(x: Estimate) -> str:
    return f"{x.value:.3f} ({x.low:.3f}-{x.high:.3f})"


def plain_table(*columns: str, names: int = 1) -> Table:
    """Return an empty table; the first `names` columns are left-aligned, the others right-aligned."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for i, column in enumerate(columns):
        # as text, because a user's label may look like markup
        table.add_column(Text(column), justify="left" if i < names else "right")
    return table


def left_out_line(skipped: int, repeated: int, conflicting: int) -> str:
    """Return which records were left out, or an empty string."""
    pairs = ((skipped, "without a label"), (repeated, "that repeat a text"), (conflicting, "of texts with different labels"))
    parts = [f"{n:,} {why}" for n, why in pairs if n]
    return f"Left out: records {', '.join(parts)}." if parts else ""


def show_evaluation(found: Evaluation, *, worst: int) -> None:
    """Print an evaluation."""
    out = console()
    out.print(
        f"{found.model} on {found.n:,} texts: macro-F1 {_ranged(found.macro_f1)}, accuracy {_ranged(found.accuracy)}, "
        f"ECE {found.calibration.ece:.3f}, Brier {found.calibration.brier:.3f}. Brackets: 95% bootstrap intervals."
    )
    if left := left_out_line(found.skipped, found.repeated, found.conflicting):
        out.print(left)
    figures = plain_table("label", "precision", "recall", "F1", "texts")
    for label, m in found.per_label.items():
        figures.add_row(label_text(label), _ranged(m["precision"]), _ranged(m["recall"]), _ranged(m["f1"]), f"{m['n']:,}")
    parts: list[RenderableType] = ["", figures, "", "Confusion (rows: labelled, columns: predicted)"]
    confusion = plain_table("", *found.labels)
    for label, counts in zip(found.labels, found.confusion, strict=True):
        confusion.add_row(label_text(label), *[f"{n:,}" for n in counts])
    bins = plain_table("probability given", "share correct", "texts", names=0)
    for b in found.calibration.bins:
        bins.add_row(f"{b['probability']:.3f}", f"{b['correct']:.3f}", f"{b['n']:,}")
    parts += [confusion, "", "Calibration", bins]
    if found.slices:
        slices = plain_table("slice", "value", "macro-F1", "accuracy", "texts", names=2)
        for s in found.slices:
            slices.add_row(s.field, Text(s.value), _ranged(s.macro_f1), _ranged(s.accuracy), f"{s.n:,}")
        parts += ["", "Slices (macro-F1 over the labels that occur in the slice)", slices]
    if found.worst[:worst]:
        errors = plain_table("labelled", "predicted", "p", "because of", "text", names=5)
        errors.columns[-1].overflow = "fold"
        for case in found.worst[:worst]:
            because = ", ".join(f"{visible(r['feature'])} {r['difference']:+.2f}" for r in case.reasons[:3])
            p = f"{case.probabilities[case.predicted]:.2f}"
            errors.add_row(label_text(case.truth), label_text(case.predicted), p, Text(because), Text(case.text))
        parts += ["", "The errors it was surest of, and the features that did most to set the predicted label above the true one", errors]
    out.print(Group(*parts))
