"""Actors over many articles: the table of who took which stance on what, and trends, for person, machine and page."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from stance.articles.trends import Group, Trends
from stance.present.article_html import ARABIC, MARKS
from stance.present.html import render
from stance.present.output import show
from stance.present.tables import label_text

NO_TREND = "No trend: no sentence that has a date and a named holder takes a stance. Dates are read from records (--date-field)."
NO_ACTOR = "No trend: the actor asked for takes no stance here; give its Arabic name as stance score --by actor prints it, or an id such as SA or UN."
BLOCKS = " ▁▂▃▄▅▆▇█"


def left_out(whole: Sequence[Group], shown: Sequence[Group], least: int) -> str:
    """Say what the rows shown leave out of the whole; empty where that is nothing."""
    actors = len({g.entity or g.actor for g in whole}) - len({g.entity or g.actor for g in shown})
    together = sum(g.others for g in shown)
    if not actors and not together:
        return ""
    return (
        f"{actors:,} actors with fewer than {least} sentences are not shown, and {together:,} targets with fewer are taken "
        "together, a row an actor. --min-sentences 1 shows all."
    )


def target_name(group: Group) -> str:
    """Return what stands in the table as a row's target."""
    return f"({group.others:,} others)" if group.others else group.target


def show_groups(groups: Sequence[Group], stances: Sequence[str], articles: int, format: str, left: str = "") -> None:
    """Print the table actor x target x stance, and below it what is `left` out."""
    rows = [g.to_dict() for g in groups]
    show(format, {"articles": articles, "rows": rows}, rows, lambda: [_groups_table(groups, stances, articles), *([Text(left)] if left else [])])


def _groups_table(groups: Sequence[Group], stances: Sequence[str], articles: int) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False, caption=f"{articles:,} articles", caption_justify="left")
    for column in ("actor", "target", "stance"):
        table.add_column(column, overflow="fold")
    for column in (*stances, "first", "last", "articles"):
        table.add_column(column, justify="right", no_wrap=True)
    for g in groups:
        days = (g.first.isoformat() if g.first else "-", g.last.isoformat() if g.last else "-")
        table.add_row(
            Text(g.actor or "(not named)"), Text(target_name(g) or "-"), label_text(g.verdict.stance),
            *(str(g.counts.get(s, 0) or "") for s in stances), *days, f"{len(g.articles):,}",
        )  # fmt: skip
    return table


def groups_page(
    groups: Sequence[Group], stances: Sequence[str], articles: int, trends: Trends | None = None, left: str = ""
) -> str:
    """Return the table as a page, with the plots of the trends above it.

    Raises
    ------
    DependencyError
        Jinja2 or matplotlib is not installed.
    """
    return _page(groups, stances, articles, trends, left)


def trends_page(trends: Trends) -> str:
    """Return trends as a page."""
    return _page((), trends.stances, None, trends)


def _page(
    groups: Sequence[Group], stances: Sequence[str], articles: int | None, trends: Trends | None, left: str = ""
) -> str:
    from stance.present.plots_trends import trend_svg

    plots = [(t, trend_svg(t, trends)) for t in trends.actors] if trends else []
    return render(
        "trends.html", groups=groups, stances=stances, articles=articles, trends=trends, plots=plots, arabic=ARABIC, marks=MARKS,
        left=left, target_name=target_name,
    )


def show_trends(trends: Trends, format: str) -> None:
    """Print trends."""
    rows = [row for t in trends.actors for row in t.rows()]
    show(format, trends.to_dict(), rows, lambda: _trend_tables(trends))


def _trend_tables(trends: Trends) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for t in trends.actors:
        table = Table(title=f"{t.actor} by {trends.period}", title_justify="left", box=None, header_style="bold", pad_edge=False)
        table.add_column("stance")
        table.add_column(f"{t.periods[0]} to {t.periods[-1]}", no_wrap=True)
        table.add_column("sentences", justify="right")
        most = max(max(values) for values in t.counts.values())
        for stance, values in t.counts.items():
            line = "".join(BLOCKS[-(-v * 8 // most)] for v in values)
            table.add_row(label_text(stance), line, f"{sum(values):,}")
        parts += [table, *(Text(f"  {day}: from {a} to {b}") for day, a, b in t.shifts), ""]
    if not trends.actors:
        parts.append(Text(NO_ACTOR if trends.others else NO_TREND))
    if any(t.shifts for t in trends.actors):
        parts.append(Text(f"On each side of a shift stand {trends.least} sentences or more."))
    left = [f"{trends.undated:,} sentences have no date", f"{trends.unnamed:,} name no holder", f"{trends.others:,} other actors are not shown"]
    parts.append(Text("; ".join(left) + "."))
    return parts
