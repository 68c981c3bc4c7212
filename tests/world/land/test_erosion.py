"""The landscape model against the analytic steady state of the stream-power equation, and what erosion must do."""

from __future__ import annotations

import numpy as np
import pytest

from world.land.erosion import AREA_EXPONENT, ERODIBILITY, evolve, stream_power_step


def test_a_straight_river_reaches_the_analytic_steady_slope() -> None:
    n, cell, uplift, years = 60, 10.0, 1e-3, 1000.0
    heights = np.zeros(n)
    receivers = np.maximum(np.arange(n) - 1, 0)
    area = (n - np.arange(n, dtype=float)) * 5e3
    for _ in range(4000):
        heights[1:] += uplift * years
        stream_power_step(heights, receivers, np.arange(n), area, cell, 10_000, ERODIBILITY * years)
    # U = K A^m S in every reach, whatever the time step
    slopes = np.diff(heights) / cell
    expected = uplift / (ERODIBILITY * area[1:] ** AREA_EXPONENT)
    assert slopes == pytest.approx(expected, rel=1e-6)


def test_heights_scale_with_uplift_and_base_level_holds() -> None:
    n = 33
    base = np.zeros((n, n), dtype=bool)
    base[:, n // 2] = True
    start = np.random.default_rng(1).uniform(0.0, 0.01, (n, n))
    start[base] = 0.0
    uplift = np.full((n, n), 1e-3)
    slow, fast = evolve(start, uplift, base, 16.0, 120), evolve(2 * start, 2 * uplift, base, 16.0, 120)
    assert (slow[base] == 0.0).all() and (fast[base] == 0.0).all()
    assert slow[~base].min() > 0.0
    assert np.quantile(fast, 0.9) == pytest.approx(2 * np.quantile(slow, 0.9), rel=0.05)


def test_erosion_carves_valleys_whose_slope_falls_with_drainage_area() -> None:
    from world.land.hydrology import accumulate, downstream_order, priority_flood, steepest_receivers

    n, cell = 65, 16.0
    base = np.zeros((n, n), dtype=bool)
    base[0, :] = True
    start = np.random.default_rng(2).uniform(0.0, 5.0, (n, n))
    start[base] = 0.0
    z = evolve(start, np.full((n, n), 1e-3), base, cell, 250)
    filled = priority_flood(z, base, 1e-6)
    receivers = steepest_receivers(filled, base)
    area = accumulate(receivers, downstream_order(receivers), np.full(n * n, cell * cell))
    index = np.flatnonzero((receivers != np.arange(n * n)) & (area > 20 * cell * cell))
    down = np.abs(receivers[index] - index)
    length = np.where((down == 1) | (down == n), cell, cell * np.sqrt(2))
    slope = (z.ravel()[index] - z.ravel()[receivers[index]]) / length
    keep = slope > 1e-4
    concavity = -np.polyfit(np.log(area[index][keep]), np.log(slope[keep]), 1)[0]
    assert 0.25 < concavity < 0.65  # the model's m/n is 0.45; raw noise gives about 0
