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
    receivers = steepest_receivers(filled, edge)
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


def test_a_channel_with_four_times_the_area_is_twice_as_wide() -> None:
    areas = np.array([1e6, 4e6])
    assert channel_width(areas)[1] == pytest.approx(2 * channel_width(areas)[0])
