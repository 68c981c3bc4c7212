"""All groups of the scorecard, and the measuring of one world by any of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from world.config import WorldConfig
from world.scorecard import crowd, life, sun, terrain, water, weather
from world.scorecard.card import Chart, Metric, Value
from world.scorecard.subject import Subject
from world.village.site import NoRoomError

MODULES: dict[str, tuple[str, Any]] = {
    "terrain": ("The shape of the land", terrain),
    "water": ("Water", water),
    "sun": ("The sun", sun),
    "weather": ("Climate and weather", weather),
    "life": ("Plants", life),
    "crowd": ("People on foot", crowd),
}
"""Title and module of each group, in the order of the causal chain."""

GROUPS = {name: title for name, (title, _) in MODULES.items()}


@dataclass(frozen=True)
class Measured:
    """One figure of one world."""

    id: str
    value: Value
    baseline: Value
    seconds: float
    left_out: str = ""  # why it could not be measured


def metrics(groups: Iterable[str] = GROUPS) -> tuple[Metric, ...]:
    """The metrics of some groups, in order. Raises KeyError for an unknown group."""
    return tuple(metric for group in groups for metric in MODULES[group][1].METRICS)


def measured(config: WorldConfig, ids: Iterable[str]) -> list[Measured]:
    """The metrics named by their ids, measured on one world, which is made once for all of them."""
    wanted = set(ids)
    subject = Subject(config)
    found = [metric for metric in metrics(dict.fromkeys(name.partition(".")[0] for name in ids)) if metric.id in wanted]
    if any(metric.per_seed for metric in found):
        with suppress(NoRoomError):
            _ = subject.valley  # first, so that its making is not counted as the measuring of a figure
    return [_measure(metric, subject) for metric in found]


def charts(config: WorldConfig, groups: Iterable[str] = GROUPS) -> dict[str, tuple[Chart, ...]]:
    """What the groups draw of one world; groups that draw nothing are left out."""
    subject = Subject(config)
    drawn: dict[str, tuple[Chart, ...]] = {}
    for group in groups:
        make: Callable[[Subject], tuple[Chart, ...]] | None = getattr(MODULES[group][1], "charts", None)
        if make is not None:
            drawn[group] = make(subject)
    return drawn


def _measure(metric: Metric, subject: Subject) -> Measured:
    began = time.monotonic()
    try:
        value = metric.measure(subject)
        baseline = metric.baseline(subject) if metric.baseline is not None else None
    except NoRoomError as error:
        return Measured(metric.id, None, None, time.monotonic() - began, str(error))
    return Measured(
        metric.id,
        None if value is None else float(value),
        None if baseline is None else float(baseline),
        time.monotonic() - began,
    )
