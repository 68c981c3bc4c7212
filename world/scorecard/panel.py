"""All groups of the scorecard, and the measuring of one world by any of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from world.config import WorldConfig
from world.scorecard.card import Chart, Metric, Value
from world.scorecard.subject import Subject
from world.village.site import NoRoomError

TITLES = {
    "terrain": "The shape of the land",
    "water": "Water",
    "sun": "The sun",
    "weather": "Climate and weather",
    "life": "Plants",
    "crowd": "People on foot",
}
"""Name of each group's module beside this one, and its title; in the order of the causal chain."""

GROUPS = {name: title for name, title in TITLES.items() if find_spec(f"world.scorecard.{name}") is not None}


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
    return tuple(metric for group in groups for metric in _module(group).METRICS)


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
        make: Callable[[Subject], tuple[Chart, ...]] | None = getattr(_module(group), "charts", None)
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


def _module(group: str) -> Any:
    if group not in GROUPS:
        raise KeyError(group)
    return import_module(f"world.scorecard.{group}")
