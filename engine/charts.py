"""Charts of the scorecard as vector pictures."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

from engine.plots import FAINT, INK, new_figure, styled, svg
from world.scorecard.card import Chart, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHART_PX = (520, 360)
LINES = (
    "#11698e",
    "#c0562f",
    "#6a5a9c",
    "#2f7d4f",
    "#c99a1e",
    "#5b2c3f",
)  # apart for all kinds of sight, and in lightness
BASELINES = ("#a8a29a", "#c9a36b", "#b58a94")
TITLE_CHARACTERS, LONG_CHARACTERS = 56, 78  # of a line, and of the lines of a long title, which are smaller
REFERENCE_DASHES = (0, (5, 3))


def draw_chart(chart: Chart) -> str:
    """The chart as an SVG element. Raises PlotsError where matplotlib is missing."""
    with styled():
        figure = new_figure(*CHART_PX)
        axes = figure.add_axes((0.125, 0.145, 0.845, 0.755))
        long = len(chart.title) > TITLE_CHARACTERS
        axes.set_title(fill(chart.title, LONG_CHARACTERS if long else TITLE_CHARACTERS), fontsize=8.0 if long else 10.5)
        axes.set_xlabel(chart.x_axis)
        axes.set_ylabel(chart.y_axis)
        axes.set_xscale("log" if chart.log_x else "linear")
        axes.set_yscale("log" if chart.log_y else "linear")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e7e4df", linewidth=0.6)
        axes.set_axisbelow(True)
        drawn = {"line": 0, "points": 0, "bars": 0, "baseline": 0}
        for series in chart.series:
            _draw(axes, series, drawn)
        if any(series.name for series in chart.series):
            axes.legend(fontsize=8, labelcolor=INK, handlelength=1.8, frameon=True, edgecolor="none", framealpha=0.8)
        return svg(figure)


def _draw(axes: Axes, series: Series, drawn: dict[str, int]) -> None:
    """One series; points have the colour of the line of the same number, so that they may belong to it."""
    style: dict[str, Any] = {"label": series.name or None}
    if series.kind == "reference":
        axes.plot(series.x, series.y, color=INK, linewidth=1.1, linestyle=REFERENCE_DASHES, zorder=4, **style)
        return
    number = drawn[series.kind]
    drawn[series.kind] += 1
    match series.kind:
        case "baseline":
            colour = BASELINES[number % len(BASELINES)]
            axes.plot(series.x, series.y, color=colour, linewidth=1.3, zorder=2, **style)
        case "points":
            colour = LINES[number % len(LINES)]
            axes.plot(series.x, series.y, "o", markersize=3.2, markerfacecolor="white", color=colour, zorder=5, **style)
        case "bars":
            width = 0.8 * float(min(series.x[1:] - series.x[:-1], default=1.0))
            place = series.x + width / 8.0 * (number - 0.5)
            axes.bar(
                place, series.y, width, color=LINES[number % len(LINES)], alpha=0.6, zorder=2, **style
            )  # fmt: skip
        case "line":
            axes.plot(series.x, series.y, color=LINES[number % len(LINES)], linewidth=1.8, zorder=3, **style)
    axes.tick_params(color=FAINT)
