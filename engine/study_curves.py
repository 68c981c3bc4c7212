"""The curves of a study as one picture: how news spread, who came to gatherings; median and quartiles over seeds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.plots import DPI, FAINT, INK, new_figure, styled
from engine.study import SAMPLE_MIN, Gathered, Study, Told, quartiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_PX, PANEL_PX = 900, 380
KNOW, PROMISE, COME = "#11698e", "#c99a1e", "#c0562f"  # apart for all kinds of sight, and in lightness
NIGHT = "#eef0f2"
DAWN_H, DUSK_H = 6, 21
HEADROOM = 1.04  # so that a curve at the top is seen


def drawn(study: Study) -> bytes:
    """The picture as PNG. Raises PlotsError where matplotlib is missing, ValueError where there is nothing to draw."""
    lives, scenario = study.lives, study.scenario
    news = [[life.news[k] for life in lives] for k in range(len(lives[0].news))]
    gatherings = [[life.gatherings[k] for life in lives] for k in range(len(lives[0].gatherings))]
    panels = len(news) + len(gatherings)
    if not panels:
        raise ValueError("no story begins in this scenario: it has neither [[news]] nor [[gathering]]")
    villagers = scenario.village.villagers
    with styled():
        figure = new_figure(WIDTH_PX, PANEL_PX * panels)
        axes = figure.subplots(panels, 1, squeeze=False)[:, 0]
        for ax, told in zip(axes, news, strict=False):
            _spread(ax, told, villagers)
        for ax, gathered in zip(axes[len(news) :], gatherings, strict=True):
            _attendance(ax, gathered, villagers)
        start = scenario.place.start
        for ax in axes:
            _clock(ax, start.hour + start.minute / 60, lives[0].minutes / 60)
        figure.tight_layout(pad=1.4)
        page = io.BytesIO()
        figure.savefig(page, format="png", dpi=DPI, metadata={"Software": None})
    return page.getvalue()


def _spread(ax: Axes, told: Sequence[Told], villagers: int) -> None:
    ax.set_title(f"Who knows the news ({told[0].kind.replace('_', ' ')}): {_how_many(told, villagers)}")
    _band(ax, [t.knowing for t in told], KNOW, "know it")
    ax.axhline(villagers / 2, color=FAINT, linewidth=0.9, linestyle=(0, (5, 3)))
    ax.annotate("half of the village", (1, villagers / 2), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                fontsize=8, color=FAINT, xytext=(-4, 2), textcoords="offset points")  # fmt: skip
    ax.set_ylim(0, villagers * HEADROOM)
    ax.set_ylabel("villagers")


def _attendance(ax: Axes, gathered: Sequence[Gathered], villagers: int) -> None:
    first = gathered[0]
    ax.set_title(f"{first.what[0].upper()}{first.what[1:]} at {first.place}: {_how_many(gathered, villagers)}")
    _band(ax, [g.heard for g in gathered], KNOW, "have heard of it")
    _band(ax, [g.promised for g in gathered], PROMISE, "have promised to come")
    _band(ax, [g.present for g in gathered], COME, "are at the place")
    begins, ends = first.starts_min / 60, (first.starts_min + first.lasts_min) / 60
    ax.axvspan(begins, ends, color=COME, alpha=0.10, linewidth=0)
    ax.annotate(first.what, ((begins + ends) / 2, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom",
                fontsize=8, color=COME)  # fmt: skip
    ax.set_ylim(0, villagers * HEADROOM)
    ax.set_ylabel("villagers")


def _how_many(over: Sequence[Told] | Sequence[Gathered], villagers: int) -> str:
    return f"{len(over)} villages of {villagers}, median and quartiles"


def _band(ax: Axes, curves: Sequence[Sequence[int]], colour: str, label: str) -> None:
    low, middle, high = quartiles(curves)
    hours = np.arange(1, len(middle) + 1) * SAMPLE_MIN / 60
    ax.fill_between(hours, low, high, color=colour, alpha=0.22, linewidth=0)
    ax.plot(hours, middle, color=colour, linewidth=1.8, label=label)


def _clock(ax: Axes, first_h: float, hours: float) -> None:
    """Hours of the day along the axis, nights shaded."""
    ax.set_xlim(0, hours)
    marks = np.arange(-(-first_h // 3) * 3, first_h + hours + 0.01, 3)
    ax.set_xticks(marks - first_h, [f"{int(mark) % 24:02d}:00" for mark in marks])
    for day in range(-1, int(hours // 24) + 2):
        night = day * 24 + DUSK_H - first_h, (day + 1) * 24 + DAWN_H - first_h
        if night[1] > 0 and night[0] < hours:
            ax.axvspan(max(night[0], 0), min(night[1], hours), color=NIGHT, linewidth=0, zorder=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#e7e4df", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(-0.01, -0.08),
        ncols=3,
        fontsize=8,
        labelcolor=INK,
        handlelength=1.8,
        frameon=False,
    )  # below: curves may be anywhere
