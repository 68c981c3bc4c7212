"""Filling, routing and accumulation keep their defining properties on arbitrary ground."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import minimum_filter

from world.land.hydrology import (
    accumulate,
    channel_width,
    downstream_order,
    priority_flood,
    rho8,
    runoff_mm_a,
    steepest_receivers,
)


def rough(seed: int, n: int = 24) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 10.0, (n, n)).cumsum(axis=1)


def rim(n: int) -> np.ndarray:
    edge = np.ones((n, n), dtype=bool)
    edge[1:-1, 1:-1] = False
    return edge


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_filled_ground_has_no_pits_and_is_never_lower(seed: int) -> None:
    ground, edge = rough(seed), rim(24)
    filled = priority_flood(ground, edge, 1e-6)
    assert (filled >= ground).all()
    lowest_around = minimum_filter(filled, 3, mode="nearest")
    assert (lowest_around[~edge] < filled[~edge]).all()
    assert np.array_equal(filled[edge], ground[edge])


def test_flood_finds_the_level_of_a_known_bowl() -> None:
    x, y = np.meshgrid(np.arange(41.0) - 20, np.arange(41.0) - 20)
    bowl = np.minimum(0.02 * (x**2 + y**2), 5.0)
    bowl[20, 20:] = np.minimum(bowl[20, 20:], 3.0)  # a notch in the rim: the lake stands as high as the notch
    filled = priority_flood(bowl, rim(41), 0.0)
    assert filled[20, 20] == pytest.approx(3.0)
    assert filled.max() == pytest.approx(5.0)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_every_drop_goes_downhill_and_all_of_it_leaves(seed: int) -> None:
    ground, edge = rough(seed), rim(24)
    filled = priority_flood(ground, edge, 1e-6)
    receivers = steepest_receivers(filled, edge, rho8(filled.shape, np.random.default_rng(seed)))
    flat = filled.ravel()
    moves = receivers != np.arange(flat.size)
    assert (flat[receivers[moves]] < flat[moves]).all()
    assert not moves[edge.ravel()].any() and moves[~edge.ravel()].all()
    order = downstream_order(receivers)
    assert np.array_equal(np.sort(order), np.arange(flat.size))
    rank = np.empty(flat.size, dtype=np.int64)
    rank[order] = np.arange(flat.size)
    assert (rank[receivers[moves]] < rank[moves]).all()
    cells = accumulate(receivers, order, np.ones(flat.size))
    assert cells[~moves].sum() == flat.size
    assert (cells[receivers[moves]] > cells[moves]).all()


def test_a_channel_with_four_times_the_flow_is_twice_as_wide() -> None:
    flows = np.array([0.1, 0.4])
    assert channel_width(flows)[1] == pytest.approx(2 * channel_width(flows)[0])


def test_runoff_is_less_than_rain_and_all_of_it_where_nothing_evaporates() -> None:
    rain = np.array([0.0, 20.0, 50.0, 300.0, 1000.0, 8000.0])
    flow = runoff_mm_a(rain, 650.0)
    assert (flow <= rain).all() and (np.diff(flow) > 0).all() and flow[0] == 0.0
    assert flow[-1] > 0.9 * rain[-1] and flow[2] < 0.05 * rain[2]
    assert runoff_mm_a(rain, 0.0) == pytest.approx(rain)


def test_drawn_diagonals_let_water_follow_the_slope_and_not_the_lattice() -> None:
    # a plane that falls 12 degrees off the axes: plain D8 sends all of it one way
    n = 120
    y, x = np.mgrid[0:n, 0:n].astype(float)
    falls_towards = np.radians(12.0)
    plane = -(x * np.cos(falls_towards) + y * np.sin(falls_towards))
    edge = rim(n)

    def drift(diagonal: np.ndarray) -> float:
        receivers = steepest_receivers(plane, edge, diagonal)
        inner = np.flatnonzero(~edge.ravel())
        rows, cols = np.divmod(receivers[inner], n)
        return float(np.arctan2((rows - inner // n).mean(), (cols - inner % n).mean()))

    drawn = drift(rho8((n, n), np.random.default_rng(3)))
    assert np.degrees(drawn) == pytest.approx(12.0, abs=4.0)
    assert drift(np.full((n, n), np.sqrt(2.0))) == 0.0
