"""The sun: where it stands, when it rises, and how much light a clear sky lets through."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from world.scorecard.card import Chart, Metric, Series, Value
from world.scorecard.ephemeris import REFERENCE, SOLAR_CONSTANT_W_M2, careless_sun, ineichen_w_m2, reference
from world.scorecard.subject import Subject
from world.sky.sun import SUNRISE_ELEVATION, clear_sky_w_m2, sun_at, utc_of

Floats = NDArray[np.float64]

STEP = timedelta(minutes=229)  # through the year: every hour of the day comes at every season
RISE_EVERY_DAYS = 9
TURBIDITY = 3.0  # Linke's, of clean continental air
LOW_SUN = math.sin(math.radians(10.0))  # below, models of clear skies differ by more than they are worth
YEARS = (2020, 2050)  # for which both references are made

Direction = Callable[[datetime], tuple[float, float, float]]
Light = Callable[[float, int], float]  # W/m2 from the elevation in radians and the day of the year


def _year(subject: Subject) -> int:
    return min(max(subject.config.start.year, YEARS[0]), YEARS[1] - 1)


def _ours(subject: Subject) -> Direction:
    def direction(local: datetime) -> tuple[float, float, float]:
        config = subject.config
        sun = sun_at(utc_of(local, config.longitude), config.latitude, config.longitude)
        level = math.cos(sun.elevation)
        return level * math.cos(sun.azimuth_heading), level * math.sin(sun.azimuth_heading), math.sin(sun.elevation)

    return direction


def _careless(subject: Subject) -> Direction:
    return lambda local: careless_sun(local, subject.config.latitude)


def _moments(subject: Subject) -> list[datetime]:
    begin = datetime(_year(subject), 1, 1)  # noqa: DTZ001 (local mean solar time)
    return [begin + k * STEP for k in range(int(timedelta(days=365) / STEP))]


def _true(subject: Subject, local: list[datetime]) -> Floats:
    config = subject.config
    return reference([utc_of(moment, config.longitude) for moment in local], config.latitude, config.longitude)


def _year_of_truth(subject: Subject) -> Floats:
    return subject.shared("the sun's true year", lambda: _true(subject, _moments(subject)))


def _farthest_deg(direction: Direction, subject: Subject) -> float:
    """Largest angle in degrees to the true sun over a year, while it is up."""
    true = _year_of_truth(subject)
    up = true[:, 2] > math.sin(SUNRISE_ELEVATION)
    found = np.array([direction(moment) for moment, seen in zip(_moments(subject), up, strict=True) if seen])
    if not found.size:
        return math.nan
    chord = np.linalg.norm(found - true[up], axis=1)
    return math.degrees(2.0 * math.asin(min(1.0, float(chord.max()) / 2.0)))


def _rise(direction: Callable[[datetime], float], day: datetime) -> datetime | None:
    """When the sine of the elevation passes that of sunrise between midnight and noon, to a second."""
    low, high = day, day + timedelta(hours=12)
    level = math.sin(SUNRISE_ELEVATION)
    if not direction(low) < level <= direction(high):
        return None
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if direction(middle) < level else (low, middle)
    return high


def _rises(subject: Subject) -> list[datetime | None]:
    """True sunrise on every ninth day of the year."""

    def make() -> list[datetime | None]:
        return [_true_rise(subject, day) for day in _days(subject)]

    return subject.shared("true sunrises", make)


def _days(subject: Subject) -> list[datetime]:
    begin = datetime(_year(subject), 1, 1)  # noqa: DTZ001 (local mean solar time)
    return [begin + timedelta(days=k) for k in range(0, 365, RISE_EVERY_DAYS)]


def _true_rise(subject: Subject, day: datetime) -> datetime | None:
    """By the reference on every second of the two minutes that a look every other minute points out."""
    level = math.sin(SUNRISE_ELEVATION)
    coarse = [day + timedelta(minutes=2 * k) for k in range(361)]
    up = _true(subject, coarse)[:, 2] >= level
    if up[0] or not up[-1]:
        return None
    first = int(np.argmax(up))
    fine = [coarse[first - 1] + timedelta(seconds=k) for k in range(121)]
    return fine[int(np.argmax(_true(subject, fine)[:, 2] >= level))]


def _worst_rise_min(direction: Direction, subject: Subject) -> Value:
    """Largest error of sunrise in minutes over the year; None where the sun does not rise."""
    errors = []
    for day, true in zip(_days(subject), _rises(subject), strict=True):
        found = _rise(lambda moment: direction(moment)[2], day)
        if true is not None:
            errors.append(math.inf if found is None else abs((found - true) / timedelta(minutes=1)))
    return max(errors, default=None)


def _clear(subject: Subject) -> Light:
    return lambda elevation, day: clear_sky_w_m2(elevation, subject.altitude_m, day)


def _airless(elevation: float, _day: int) -> float:
    return SOLAR_CONSTANT_W_M2 * math.sin(elevation)


def _light_ratio(light: Light, subject: Subject) -> Value:
    """Light of a year's clear skies over that of Ineichen and Perez, with the sun at least 10 degrees high."""
    true = _year_of_truth(subject)[:, 2]
    high = true > LOW_SUN
    if not high.any():
        return None
    day = np.arange(true.size)[high] * (STEP / timedelta(days=1))
    distance = 1.0 - 0.01672 * np.cos(2.0 * np.pi * (day - 3.0) / 365.25)
    expected = ineichen_w_m2(true[high], subject.altitude_m, TURBIDITY, distance)
    heights = np.arcsin(np.minimum(1.0, true[high]))
    found = np.array([light(float(height), 1 + int(date)) for height, date in zip(heights, day, strict=True)])
    return float(found.sum() / expected.sum())


METRICS: tuple[Metric, ...] = (
    Metric(
        key="direction",
        name="largest error of direction",
        group="sun",
        unit="°",
        accepted=(0.0, 0.02),
        source=REFERENCE,
        measure=lambda subject: _farthest_deg(_ours(subject), subject),
        baseline=lambda subject: _farthest_deg(_careless(subject), subject),
        against="clock and sine",
        per_seed=False,
        hard=True,
    ),
    Metric(
        key="sunrise",
        name="largest error of sunrise",
        group="sun",
        unit="min",
        accepted=(0.0, 1.0),
        source=REFERENCE,
        measure=lambda subject: _worst_rise_min(_ours(subject), subject),
        baseline=lambda subject: _worst_rise_min(_careless(subject), subject),
        against="clock and sine",
        per_seed=False,
        hard=True,
    ),
    Metric(
        key="clear_sky",
        name="light of clear skies, relative",
        group="sun",
        unit="",
        accepted=(0.9, 1.1),
        source="Ineichen & Perez 2002, turbidity 3",
        measure=lambda subject: _light_ratio(_clear(subject), subject),
        baseline=lambda subject: _light_ratio(_airless, subject),
        against="no air",
        per_seed=False,
    ),
)


def charts(subject: Subject) -> tuple[Chart, ...]:
    """The sun's height through the day at the turns of the year, ours and the reference."""
    hours = np.arange(0.0, 24.01, 0.25)
    series = []
    for name, month in (("21 June", 6), ("21 March", 3), ("21 December", 12)):
        day = datetime(_year(subject), month, 21)  # noqa: DTZ001 (local mean solar time)
        moments = [day + timedelta(hours=float(hour)) for hour in hours]
        ours = np.degrees(np.arcsin([_ours(subject)(moment)[2] for moment in moments]))
        true = np.degrees(np.arcsin(np.clip(_true(subject, moments)[:, 2], -1.0, 1.0)))
        series.append(Series(name, hours, ours))
        series.append(Series(f"{name}, reference", hours[::8], true[::8], "points"))
    return (
        Chart(
            "heights",
            "Height of the sun through the day",
            "local mean solar time, h",
            "elevation, °",
            tuple(series),
            note=f"Points: {REFERENCE}.",
        ),
    )
