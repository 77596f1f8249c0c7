"""Stances over time as SVG: one small plot an actor, stacked columns told apart by hatching as well as by colour."""

from __future__ import annotations

from typing import Any

from stance.articles.trends import Trend, Trends
from stance.present.plots import _svg

COLOURS = {"support": "#1f9c88", "oppose": "#d6435c", "abstain": "#d18a1c", "positive": "#1f9c88", "negative": "#d6435c"}
HATCHES = {"support": "", "oppose": "///", "abstain": "...", "positive": "", "negative": "///"}


def trend_svg(trend: Trend, trends: Trends) -> str:
    """Return an actor's sentences by period and stance; a triangle stands above where the stance shifts."""
    names = [_name(day.isoformat(), trends.period) for day in trend.periods]

    def draw(axes: Any) -> None:
        places = range(len(trend.periods))
        floor = [0] * len(trend.periods)
        for stance in trends.stances:
            values = trend.counts[stance]
            axes.bar(
                places, values, bottom=floor, width=0.8, label=stance, color=COLOURS.get(stance, "#7a869a"),
                hatch=HATCHES.get(stance, "xx"), edgecolor="white", linewidth=0.3,
            )  # fmt: skip
            floor = [a + b for a, b in zip(floor, values, strict=True)]
        most = max(floor, default=1) or 1
        for day, *_ in trend.shifts:
            at = trend.periods.index(day)
            axes.plot([at], [floor[at] + most * 0.08], "v", color="#6b4bc0", markersize=6)
        step = max(1, len(names) // 8)
        axes.set_xticks(list(places)[::step], names[::step], rotation=0 if len(names) < 9 else 25)
        axes.set(ylabel="sentences", ylim=(0, most * 1.4), xlim=(-0.6, max(0.6, len(names) - 0.4)))
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.legend(loc="upper left", frameon=False, fontsize=8, ncols=len(trends.stances))

    return _svg(draw, 7.2, 2.5, f"Sentences by {trends.period} and stance")


def _name(day: str, period: str) -> str:
    return {"year": day[:4], "month": day[:7]}.get(period, day)
