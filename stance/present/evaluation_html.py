"""Evaluations as HTML."""

from __future__ import annotations

from stance.learn.evaluate import Evaluation
from stance.present.evaluation import left_out_line
from stance.present.html import render
from stance.present.plots import intervals_svg, reliability_svg


def _values(found: Evaluation) -> dict[str, object]:
    rows = [("macro", found.macro_f1.value, found.macro_f1.low, found.macro_f1.high)]
    rows += [(label, m["f1"].value, m["f1"].low, m["f1"].high) for label, m in found.per_label.items()]
    slices = [(f"{s.field}: {s.value}", s.macro_f1.value, s.macro_f1.low, s.macro_f1.high) for s in found.slices]
    return {
        "e": found, "left_out": left_out_line(found.skipped, found.repeated, found.conflicting),
        "reliability": reliability_svg(found.calibration.bins), "f1_plot": intervals_svg(rows, "F1"),
        "slice_plot": intervals_svg(slices, "macro-F1") if slices else "",
    }  # fmt: skip


def evaluation_page(found: Evaluation) -> str:
    """Return a page about an evaluation.

    Raises
    ------
    DependencyError
        Jinja2 or matplotlib is not installed.
    """
    return render("evaluation.html", **_values(found))


def evaluation_fragment(found: Evaluation) -> str:
    """Return what a notebook shows for an evaluation."""
    return render("evaluation_fragment.html", e=found)
