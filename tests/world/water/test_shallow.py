"""Flowing water against what is known otherwise: Ritter, Manning, lakes at rest, and that none is made or lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from world.water.faces import GRAVITY, drive_row
from world.water.lanes import ONE, Index
from world.water.live_water import Bed, LiveWater

Floats = NDArray[np.float64]


def bed(
    heights: Floats, manning: float = 0.03, cell_m: float = 4.0, edges: Floats | None = None, hollow: float = 0.0
) -> Bed:
    walls = np.zeros((4, max(heights.shape))) if edges is None else edges
    return Bed(cell_m, heights, heights + hollow, np.full(heights.shape, manning), walls)


@given(
    seed=st.integers(0, 2**32 - 1),
    rough=st.floats(0.0, 4.0),
    manning=st.floats(0.01, 0.3),
    hollow=st.floats(0.0, 0.02),
    rain_m_s=st.floats(0.0, 1e-4),
    opened=st.booleans(),
)
@settings(max_examples=12, deadline=None)
def test_water_is_neither_made_nor_lost_nor_ever_negative(
    seed: int, rough: float, manning: float, hollow: float, rain_m_s: float, opened: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = 21
    heights = rough * rng.random((n, n)) + 0.05 * np.arange(n)
    edges = np.where(rng.random((4, n)) < 0.5, rng.uniform(0.5, 8.0, (4, n)), 0.0) if opened else np.zeros((4, n))
    water = LiveWater(bed(heights, manning, edges=edges, hollow=hollow), np.where(rng.random((n, n)) < 0.3, 2.0, 0.0))
    before = water.volume_m3
    water.falling[rng.random((n, n)) < 0.5] = rain_m_s
    for turn in range(40):
        water.step(1)
        assert water.depth.min() >= 0.0 and np.isfinite(water.depth).all()
        if turn == 20:
            water.falling[:] = 0.0
    assert water.volume_m3 == pytest.approx(before + water.fell_m3 - water.left_m3, rel=1e-12)
    assert (water.left_m3 > 0.0) == (opened and bool((edges > 0.0).any()))


@given(seed=st.integers(0, 2**32 - 1), level=st.floats(0.2, 3.0))
@settings(max_examples=8, deadline=None)
def test_a_lake_at_rest_stays_at_rest_exactly(seed: int, level: float) -> None:
    heights = 2.0 * np.random.default_rng(seed).random((19, 23))
    water = LiveWater(bed(heights), np.maximum(level - heights, 0.0))
    # Level plus and minus a bed is not the level to the last bit: rounding may drive what rounding can.
    water.step(30)
    assert np.abs(water.east).max() < 1e-12 and np.abs(water.north).max() < 1e-12
    assert np.abs(water.depth - np.maximum(level - heights, 0.0)).max() < 1e-12


def ritter(x: Floats, seconds: float, depth: float) -> Floats:
    """Depth after a dam broke at x = 0 over a dry frictionless bed (Ritter 1892)."""
    wave = np.sqrt(GRAVITY * depth)
    inside = (2.0 * wave - x / seconds) ** 2 / (9.0 * GRAVITY)
    return np.where(x < -wave * seconds, depth, np.where(x < 2.0 * wave * seconds, inside, 0.0))


@pytest.mark.parametrize("along", ["east", "west", "north", "south"])
def test_a_dam_break_follows_ritter(along: str) -> None:
    n, cell, seconds = 200, 1.0, 10
    x = np.linspace(0.5 - n // 2, n - 0.5 - n // 2, n, dtype=np.float64) * cell
    depth = np.repeat(np.where(x < 0, 1.0, 0.0)[None, :], 3, axis=0)
    turned = {"east": depth, "west": depth[:, ::-1], "north": depth.T, "south": depth.T[::-1]}[along]
    water = LiveWater(bed(np.zeros(turned.shape), manning=0.0, cell_m=cell), turned)
    water.step(seconds)
    found = {"east": water.depth, "west": water.depth[:, ::-1], "north": water.depth.T, "south": water.depth[::-1].T}
    exact = ritter(x, seconds, 1.0)
    assert np.sqrt(np.mean((found[along][1] - exact) ** 2)) < 0.05
    dam = found[along][1][n // 2 - 1 : n // 2 + 1].mean()
    assert dam == pytest.approx(4.0 / 9.0, abs=0.02)  # the depth at the dam is always four ninths


@pytest.mark.parametrize(("slope", "manning", "flux"), [(0.002, 0.03, 0.8), (0.01, 0.05, 0.4), (0.05, 0.12, 0.02)])
def test_a_long_channel_runs_at_mannings_depth(slope: float, manning: float, flux: float) -> None:
    n, cell = 120, 4.0
    heights = np.repeat(slope * cell * np.arange(n)[::-1][None, :], 3, axis=0)
    edges = np.zeros((4, n))
    edges[1, :3] = np.sqrt(slope) / manning
    normal = (flux * manning / np.sqrt(slope)) ** 0.6
    water = LiveWater(bed(heights, manning, cell, edges), np.full(heights.shape, 0.5 * normal))
    rows, cols = np.arange(3), np.zeros(3, dtype=np.int64)
    for _ in range(2500):
        water.pour(rows, cols, np.full(3, flux * cell))
        water.step(1)
    assert water.depth[1, 40:100] == pytest.approx(normal, rel=0.02)
    assert water.east[1, 60] == pytest.approx(flux, rel=0.01)


def test_what_stands_in_hollows_does_not_run_off() -> None:
    heights = np.repeat(0.5 * np.arange(16.0)[None, :], 4, axis=0)
    water = LiveWater(bed(heights, hollow=0.01, edges=np.full((4, 16), 5.0)), np.full(heights.shape, 0.03))
    water.step(900)
    assert water.depth.min() == pytest.approx(0.01, abs=6e-4) and water.depth.max() < 0.013


def test_steady_flow_sleeps_and_its_books_still_close() -> None:
    n, cell, slope = 96, 4.0, 0.01
    heights = np.repeat(slope * cell * np.arange(n)[::-1][None, :], 48, axis=0)
    heights[:20] += 1.0
    heights[23:] += 1.0
    edges = np.zeros((4, n))
    edges[1, :48] = 2.0
    water = LiveWater(bed(heights, 0.05, cell, edges), np.where(heights < heights[0], 0.1, 0.0))
    before, poured = water.volume_m3, 0.0
    for _ in range(3000):
        water.pour(np.array([21]), np.array([0]), np.array([0.6]))
        poured += 0.6
        water.step(1)
    assert water.awake_share < 0.3
    flow = water.east[:, -1].sum() * cell
    assert flow == pytest.approx(0.6, rel=0.02)
    assert water.volume_m3 == pytest.approx(before + poured - water.left_m3, rel=1e-12)
    for _ in range(600):  # a wave wakes it from above
        water.pour(np.array([21]), np.array([0]), np.array([3.0]))
        water.step(1)
    assert water.east[:, -1].sum() * cell > 1.5


def test_frozen_water_goes_on_as_if_it_had_not_been() -> None:
    rng = np.random.default_rng(4)
    heights = rng.random((40, 40))
    whole = LiveWater(bed(heights), np.where(rng.random((40, 40)) < 0.2, 1.0, 0.0))
    whole.step(37)
    other = LiveWater(bed(heights), np.zeros((40, 40)))
    other.thaw(whole.freeze())
    whole.step(23)
    other.step(23)
    assert all(np.array_equal(whole.freeze()[k], other.freeze()[k]) for k in whole.freeze())


def test_friction_is_mannings_from_a_film_to_a_deep_river() -> None:
    n, slope, step_s = 60, 0.004, 1e9  # so long that nothing is left of the flow that was
    for depth in np.geomspace(1e-3, 5.0, 12):
        row = [np.zeros(n) for _ in range(4)]
        beds, flux, sill, carry = row
        beds[:] = -slope * 4.0 * np.arange(n)
        sill[:] = np.maximum(beds, np.roll(beds, 1))
        sill[1:] = beds[:-1]
        drive_row(
            beds, sill, np.full(n, 0.06**2), np.full(n, depth), flux, carry, Index(1), n - 1, ONE, 1.0, step_s, 4.0
        )
        assert flux[1:] == pytest.approx(depth ** (5.0 / 3.0) * np.sqrt(slope) / 0.06, rel=2e-3)
