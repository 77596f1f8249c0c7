"""Plots as SVG to put into a page: they take the page's own text colour, so that they read on light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stance.errors import DependencyError

_INK = "#010203"  # stands for the page's text colour
BLUE = "#3a8fc9"
SUFFIXES = (".svg", ".png", ".pdf")


def need_plots() -> None:
    """Refuse where matplotlib is not installed.

    Raises
    ------
    DependencyError
        It is not.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise DependencyError('plots need matplotlib: pip install "diplomatic-stance[plots]"') from None


def _figure(draw: Callable[[Any], None], width: float, height: float) -> Any:
    need_plots()
    import matplotlib
    from matplotlib.figure import Figure

    settings = {
        "svg.fonttype": "none", "svg.hashsalt": "stance", "font.size": 10, "text.color": _INK, "axes.labelcolor": _INK,
        "axes.edgecolor": _INK, "xtick.color": _INK, "ytick.color": _INK, "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        axes.patch.set_alpha(0)
        draw(axes)
        return figure


def _svg(draw: Callable[[Any], None], width: float, height: float, title: str) -> str:
    figure = _figure(draw, width, height)
    out = io.StringIO()
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "stance"}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def _reliability(bins: Sequence[dict[str, float]]) -> Callable[[Any], None]:
    def draw(axes: Any) -> None:
        most = max(b["n"] for b in bins)
        axes.plot([0, 1], [0, 1], "--", color=_INK, linewidth=1, alpha=0.5)
        x, y = [b["probability"] for b in bins], [b["correct"] for b in bins]
        axes.plot(x, y, color=BLUE, linewidth=1.5)
        axes.scatter(x, y, s=[20 + 160 * b["n"] / most for b in bins], color=BLUE, zorder=3)
        for b in bins:
            axes.annotate(f"{b['n']:,}", (b["probability"], b["correct"]), xytext=(9, -12 if b["correct"] > 0.1 else 8), textcoords="offset points", fontsize=8)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="probability that the model gives", ylabel="share that is correct")

    return draw


def reliability_svg(bins: Sequence[dict[str, float]]) -> str:
    """Return a reliability diagram; the numbers at the points are texts."""
    return _svg(_reliability(bins), 4.8, 4.2, "Reliability diagram: share correct against probability given")


def intervals_svg(rows: Sequence[tuple[str, float, float, float]], xlabel: str) -> str:
    """Return figures with their intervals, one a line: name, value, low and high."""

    def draw(axes: Any) -> None:
        for i, (_, value, low, high) in enumerate(rows):
            axes.plot([low, high], [-i, -i], color=BLUE, linewidth=2.5, solid_capstyle="butt")
            axes.plot([value], [-i], "o", color=BLUE)
        axes.set_yticks([-i for i in range(len(rows))], [name for name, *_ in rows])
        axes.set(xlim=(0, 1), xlabel=xlabel, ylim=(0.6 - len(rows), 0.6))
        axes.grid(axis="x", alpha=0.25)

    return _svg(draw, 6.4, 0.9 + 0.32 * len(rows), f"{xlabel} with 95% intervals")


def curve_figure(sizes: Sequence[int], values: Sequence[tuple[float, float, float]], ylabel: str) -> Callable[[Any], None]:
    """Return what draws a learning curve: macro-F1 (value, low, high) against texts, on a logarithmic axis."""

    def draw(axes: Any) -> None:
        axes.fill_between(sizes, [v[1] for v in values], [v[2] for v in values], color=BLUE, alpha=0.22, linewidth=0)
        axes.plot(sizes, [v[0] for v in values], "o-", color=BLUE)
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(sizes), [f"{n:,}" for n in sizes])
        axes.minorticks_off()
        axes.set(xlabel="labelled sentences", ylabel=ylabel)
        axes.grid(alpha=0.25)

    return draw


def curve_svg(sizes: Sequence[int], values: Sequence[tuple[float, float, float]], ylabel: str) -> str:
    """Return a learning curve."""
    return _svg(curve_figure(sizes, values, ylabel), 6.8, 4.0, f"Learning curve: {ylabel} against labelled sentences")


def save_curve(path: Path, sizes: Sequence[int], values: Sequence[tuple[float, float, float]], ylabel: str) -> None:
    """Write a learning curve as ``.svg``, ``.png`` or ``.pdf``, black on white."""
    if path.suffix.lower() not in SUFFIXES:
        from stance.errors import DocumentError

        raise DocumentError(f"{path}: cannot draw into {path.suffix!r}; expected one of: {', '.join(SUFFIXES)}")
    _figure(curve_figure(sizes, values, ylabel), 6.8, 4.0).savefig(path, dpi=160)
