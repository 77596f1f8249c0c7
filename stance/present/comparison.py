"""Comparisons for the terminal and as HTML."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from stance.learn.compare import Comparison
from stance.present.evaluation import plain_table
from stance.present.html import render
from stance.present.tables import console, label_text


def show_comparison(found: Comparison) -> None:
    """Print a comparison."""
    c = found
    table = plain_table("", "model", "macro-F1", "95% interval", names=2)
    for letter, name, x in (("A", c.a, c.macro_f1_a), ("B", c.b, c.macro_f1_b), ("B - A", "", c.difference)):
        sign = "+" if letter == "B - A" else ""
        table.add_row(letter, Text(name), f"{x.value:{sign}.3f}", f"{x.low:{sign}.3f} to {x.high:{sign}.3f}")
    hits = plain_table("", "B right", "B wrong")
    hits.add_row("A right", f"{c.both:,}", f"{c.only_a:,}")
    hits.add_row("A wrong", f"{c.only_b:,}", f"{c.neither:,}")
    parts: list[RenderableType] = [Text(c.conclusion), "", table, "", hits]
    if c.differences:
        kinds = plain_table("where they differ", "labelled", "A", "B", "texts", names=4)
        for d in c.differences:
            kinds.add_row(d.kind, label_text(d.truth), label_text(d.a), label_text(d.b), f"{d.n:,}")
        parts += ["", kinds]
        for d in c.differences:
            if d.examples:
                parts += ["", Text(f"{d.kind}: labelled {d.truth}, A {d.a}, B {d.b}", style="bold")]
                parts += [Text(f"  {text}") for text in d.examples]
    console().print(Group(*parts))


def comparison_page(found: Comparison) -> str:
    """Return a page about a comparison.

    Raises
    ------
    DependencyError
        Jinja2 or matplotlib is not installed.
    """
    from stance.present.plots import intervals_svg

    rows = [(name, x.value, x.low, x.high) for name, x in ((f"A: {found.a}", found.macro_f1_a), (f"B: {found.b}", found.macro_f1_b))]
    return render("comparison.html", c=found, plot=intervals_svg(rows, "macro-F1"))


def comparison_fragment(found: Comparison) -> str:
    """Return what a notebook shows for a comparison."""
    return render("comparison_fragment.html", c=found)
