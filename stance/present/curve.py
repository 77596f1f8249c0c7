"""Learning curves for the terminal and as HTML."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group
from rich.text import Text

from stance.learn.curve import LearningCurve
from stance.present.evaluation import plain_table
from stance.present.html import render
from stance.present.tables import console

_WIDTH = 50


def _line(value: float, low: float, high: float, bottom: float, top: float) -> str:
    def at(x: float) -> int:
        return round((x - bottom) / ((top - bottom) or 1.0) * (_WIDTH - 1))

    cells = [" "] * _WIDTH
    for i in range(at(low), at(high) + 1):
        cells[i] = "-"
    cells[at(value)] = "o"
    return "".join(cells).rstrip()


def show_curve(found: LearningCurve) -> None:
    """Print a learning curve."""
    bottom = min(p.macro_f1.low for p in found.points)
    top = max(p.macro_f1.high for p in found.points)
    labels = list(found.points[0].f1)
    table = plain_table("sentences", "macro-F1", "95% interval", *(f"F1 {x}" for x in labels), f"{bottom:.2f} to {top:.2f}", names=0)
    table.columns[-1].justify = "left"
    for p in found.points:
        x = p.macro_f1
        row = (f"{p.n:,}", f"{x.value:.3f}", f"{x.low:.3f} to {x.high:.3f}", *(f"{v:.3f}" for v in p.f1.values()))
        table.add_row(*row, Text(_line(x.value, x.low, x.high, bottom, top), style="blue"))
    console().print(Group(table, "", Text(found.conclusion)))


def _numbers(found: LearningCurve) -> tuple[list[int], list[tuple[float, float, float]]]:
    return [p.n for p in found.points], [(p.macro_f1.value, p.macro_f1.low, p.macro_f1.high) for p in found.points]


def curve_page(found: LearningCurve) -> str:
    """Return a page about a learning curve.

    Raises
    ------
    DependencyError
        Jinja2 or matplotlib is not installed.
    """
    from stance.present.plots import curve_svg

    return render("curve.html", c=found, plot=curve_svg(*_numbers(found), "macro-F1"))


def curve_fragment(found: LearningCurve) -> str:
    """Return what a notebook shows for a learning curve."""
    return render("curve_fragment.html", c=found)


def save_plot(found: LearningCurve, path: Path) -> None:
    """Write the curve as ``.svg``, ``.png`` or ``.pdf``."""
    from stance.present.plots import save_curve

    save_curve(path, *_numbers(found), "macro-F1")
