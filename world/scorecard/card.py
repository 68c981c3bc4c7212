"""A scorecard: figures of a world, each with the range that is accepted, its source, and a baseline to beat.

A group is a module beside this one (`terrain.py`, `weather.py`, ...) with a tuple `METRICS` and, if it has something
to draw, a function `charts(subject) -> tuple[Chart, ...]`. A metric is a function from a `Subject` to a number:

    METRICS = (
        Metric(
            key="pits",
            name="cells in pits",
            group="terrain",
            unit="%",
            accepted=(0.0, 0.1),
            source="Barnes et al. 2014",
            measure=lambda subject: pit_share(subject.valley.heights),
            baseline=lambda subject: pit_share(noise(subject)),
            against="FFT noise",
        ),
    )

`measure` gives None where there is nothing to measure (no lake on this map); NaN fails. What several metrics of a
subject need is made once by `subject.shared(name, make)`. `per_seed=False` is for what neither seed nor valley
changes, such as a dam break: measured once. `hard=True` is for what must hold in every valley; of the others the
median over the seeds counts. A metric whose baseline passes as well does not discriminate, and is marked so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from world.scorecard.subject import Subject

__all__ = ["Chart", "Metric", "Result", "Series", "Subject", "Verdict"]

Verdict = Literal["pass", "fail", "nothing"]
Value = float | None
Measure = Callable[[Subject], Value]


@dataclass(frozen=True)
class Metric:
    """One figure of a world and what it should be."""

    key: str  # within its group: small letters, digits and underscores
    name: str
    group: str
    unit: str  # empty for plain numbers
    accepted: tuple[float, float]  # both ends included; infinite where one is open
    source: str  # author and year, or the law it follows from
    measure: Measure
    baseline: Measure | None = None  # the same figure of something that only looks like a valley
    against: str = ""  # what the baseline is, in two or three words
    per_seed: bool = True
    hard: bool = False

    def __post_init__(self) -> None:
        low, high = self.accepted
        if not low <= high:
            raise ValueError(f"{self.group}.{self.key}: the accepted range {self.accepted} is empty")
        if (self.baseline is None) != (not self.against):
            raise ValueError(f"{self.group}.{self.key}: a baseline and its name go together")

    @property
    def id(self) -> str:
        """Group and key, `terrain.pits`."""
        return f"{self.group}.{self.key}"

    def accepts(self, value: float) -> bool:
        """Whether a value is within the range; NaN never is."""
        return self.accepted[0] <= value <= self.accepted[1]


@dataclass(frozen=True)
class Result:
    """A metric over the seeds; values in the order of the seeds, one where the metric does not depend on them."""

    metric: Metric
    values: tuple[Value, ...]
    baseline: tuple[Value, ...] = ()

    @property
    def median(self) -> Value:
        """Of the values that could be measured."""
        return _quantile(self.values, 0.5)

    @property
    def quartiles(self) -> tuple[Value, Value]:
        """Lower and upper."""
        return _quantile(self.values, 0.25), _quantile(self.values, 0.75)

    @property
    def baseline_median(self) -> Value:
        """Of the baseline's values."""
        return _quantile(self.baseline, 0.5)

    @property
    def verdict(self) -> Verdict:
        """pass: the median is accepted and, where the metric is hard, every value; nothing: nothing to measure."""
        found = [value for value in self.values if value is not None]
        if not found:
            return "nothing"
        median = self.median
        assert median is not None
        well = self.metric.accepts(median) and not any(math.isnan(value) for value in found)
        if self.metric.hard:
            well = well and all(map(self.metric.accepts, found))
        return "pass" if well else "fail"

    @property
    def discriminates(self) -> bool | None:
        """False where the baseline is accepted too; None where there is none."""
        median = self.baseline_median
        return None if median is None else not self.metric.accepts(median)

    def plain(self) -> dict[str, Any]:
        """As JSON has it: infinite ends and what cannot be measured are null, NaN is the text `nan`."""
        low, high = self.metric.accepted
        return {
            "group": self.metric.group,
            "key": self.metric.key,
            "name": self.metric.name,
            "unit": self.metric.unit,
            "accepted": [low if math.isfinite(low) else None, high if math.isfinite(high) else None],
            "source": self.metric.source,
            "hard": self.metric.hard,
            "per_seed": self.metric.per_seed,
            "values": [_plain(value) for value in self.values],
            "median": _plain(self.median),
            "quartiles": [_plain(value) for value in self.quartiles],
            "baseline": self.metric.against or None,
            "baseline_values": [_plain(value) for value in self.baseline],
            "baseline_median": _plain(self.baseline_median),
            "discriminates": self.discriminates,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class Series:
    """Points of a chart: x and y of the same length."""

    name: str  # in the legend; empty for none
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    kind: Literal["line", "points", "bars", "reference", "baseline"] = "line"  # a reference is what it should be


@dataclass(frozen=True)
class Chart:
    """A curve of one valley, drawn on the page of the scorecard."""

    key: str
    title: str
    x_axis: str  # with its unit
    y_axis: str
    series: tuple[Series, ...]
    log_x: bool = False
    log_y: bool = False
    note: str = ""  # one sentence on how to read it


def _quantile(values: Sequence[Value], share: float) -> Value:
    """By linear interpolation; between infinite neighbours the nearer one. NaN if one of the values is."""
    found = sorted(value for value in values if value is not None)
    if not found or any(math.isnan(value) for value in found):
        return math.nan if found else None
    place = share * (len(found) - 1)
    low, high = found[math.floor(place)], found[math.ceil(place)]
    part = place - math.floor(place)
    if math.isinf(low) or math.isinf(high):
        return low if part < 0.5 else high
    return low + part * (high - low)


def _plain(value: Value) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return str(value)
