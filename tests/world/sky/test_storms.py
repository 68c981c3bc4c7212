"""The rain of a day adds up, drifts over the map, and strikes where it is deep."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from world.sky.daily import Day
from world.sky.lightning import strokes_of
from world.sky.storms import NO_STORMS, PATCHES, Texture, patchy, storms_of, texture

DAY = Day(739800, 12.0, 15.0, 10.0, 9.0, 3.0, 0.4, 0.8, 100_500.0, False)
HERE = np.zeros(1)
EVEN = Texture(np.zeros((0, 5)))  # rain without patches, which is everywhere the same share
SHARE = float(patchy(np.zeros(1), PATCHES)[0])


@pytest.mark.parametrize("showers", [False, True])
@pytest.mark.parametrize("rain_mm", [0.2, 3.0, 20.0, 150.0, 900.0])
def test_the_hours_add_up_to_the_day(showers: bool, rain_mm: float) -> None:
    seconds = np.arange(10.0, 86400.0, 20.0)
    here = np.zeros_like(seconds)
    for ordinal in range(739800, 739803):
        storms = storms_of(replace(DAY, ordinal=ordinal, rain_mm=rain_mm, showers=showers), 1, 0.3, EVEN)
        cells = sum(float(storms.showers_mm_h(HERE, HERE, s)[0]) for s in seconds) if showers else 0.0
        total = SHARE * float(storms.band_mm_h(here, here, seconds).sum()) + cells
        assert total * 20 / 3600 == pytest.approx(rain_mm, rel=0.02)


def test_patches_are_reckoned_with() -> None:
    pattern, seconds = texture(1, 0.3), np.arange(10.0, 86400.0, 20.0)
    here = np.zeros_like(seconds)
    storms = storms_of(DAY, 1, 0.3, pattern)
    patches = patchy(pattern.at(here, here, DAY.ordinal * 86400 + seconds), PATCHES)
    assert patches.std() > 0.2
    assert float((storms.band_mm_h(here, here, seconds) * patches).sum()) / 180 == pytest.approx(DAY.rain_mm, rel=0.02)


def test_a_dry_day_is_dry() -> None:
    assert storms_of(replace(DAY, rain_mm=0.0), 1, 0.0, EVEN) is NO_STORMS


def test_a_band_comes_from_upwind() -> None:
    towards = 0.3 + DAY.direction
    storms = storms_of(DAY, 2, 0.3, EVEN)
    seconds = np.arange(0, 86400.0, 30.0)

    def middle(distance: float) -> float:
        rate = storms.band_mm_h(
            np.full_like(seconds, distance * math.cos(towards)),
            np.full_like(seconds, distance * math.sin(towards)),
            seconds,
        )
        return float((rate * seconds).sum() / rate.sum())

    speed = 8000.0 / (middle(4000.0) - middle(-4000.0))
    assert speed == pytest.approx(4.5 + 1.3 * DAY.wind_m_s, rel=0.05)


def test_showers_drift_with_the_wind_and_stay_showers() -> None:
    storms = storms_of(replace(DAY, showers=True, rain_mm=6.0), 5, 0.3, EVEN)
    axis = np.linspace(-12_000, 12_000, 121)
    x, y = np.meshgrid(axis, axis)
    passes = float(storms.cells[0, 0])
    maps = [storms.showers_mm_h(x, y, passes + step) for step in (-120.0, 0.0, 120.0)]
    assert 0.02 < (maps[1] > 0.1).mean() < 0.9

    def at(seconds: float) -> tuple[float, float]:
        east, north, *_ = min(storms.overhead(seconds), key=lambda cell: abs(cell[2] - storms.cells[0, 5]))
        return east, north

    (x0, y0), (x1, y1) = at(passes - 120.0), at(passes + 120.0)
    assert math.atan2(y1 - y0, x1 - x0) == pytest.approx(0.3 + DAY.direction)
    assert math.hypot(x1 - x0, y1 - y0) / 240.0 == pytest.approx(4.5 + 1.3 * DAY.wind_m_s)
    shifted = storms.showers_mm_h(x + (x1 - x0) / 2, y + (y1 - y0) / 2, passes + 120.0)
    assert shifted == pytest.approx(maps[1], abs=1e-6)  # the same pattern, elsewhere


def test_the_texture_is_even_and_drifts() -> None:
    pattern = texture(3, 0.3)
    axis = np.linspace(-100_000, 100_000, 200)
    x, y = np.meshgrid(axis, axis)
    values = pattern.at(x, y, 1e6)
    assert values.mean() == pytest.approx(0.0, abs=0.1) and values.std() == pytest.approx(1.0, abs=0.1)
    near = np.linspace(-2000, 2000, 30)
    x, y = np.meshgrid(near, near)
    drifted = pattern.at(x + 540 * math.cos(0.3), y + 540 * math.sin(0.3), 60.0)
    assert np.corrcoef(drifted.ravel(), pattern.at(x, y, 0.0).ravel())[0, 1] > 0.95
    assert np.corrcoef(pattern.at(x, y, 60.0).ravel(), pattern.at(x, y, 0.0).ravel())[0, 1] < 0.95


def test_strokes_fall_in_their_minute_near_deep_showers_only() -> None:
    cells = [(2000.0, 0.0, 3000.0, 60.0), (-9000.0, 0.0, 3000.0, 10.0)]
    strokes = np.concatenate([strokes_of(cells, 0.0, 18.0, 1, minute, 60.0 * minute, 60.0) for minute in range(400)])
    assert 100 < len(strokes) < 800
    assert (np.diff(strokes["second"]) >= 0).all() and strokes["second"].max() < 24_000
    assert strokes["x"].mean() == pytest.approx(2000, abs=300)
    assert np.median(strokes["peak_ka"]) == pytest.approx(31, rel=0.15)
    assert len(strokes_of(cells, 1.0, -10.0, 1, 5, 300.0, 60.0)) == 0
    assert len(strokes_of([], 0.0, 18.0, 1, 5, 300.0, 60.0)) == 0
