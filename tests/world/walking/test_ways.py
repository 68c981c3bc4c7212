"""Fast marching against straight-line distances and Tobler's published speeds."""

from __future__ import annotations

import numpy as np
import pytest

from world.walking.ways import FLAT_WALK_M_S, descend, downhill, tobler_factor, travel_time


def test_tobler_1993_known_values() -> None:
    assert pytest.approx(5.04, abs=0.005) == FLAT_WALK_M_S * 3.6
    slopes = np.array([0.0, -0.05, 0.25, -0.35])
    speeds = tobler_factor(slopes) * FLAT_WALK_M_S * 3.6
    assert speeds == pytest.approx(6 * np.exp(-3.5 * np.abs(slopes + 0.05)), rel=1e-6)
    assert speeds[1] == pytest.approx(6.0)


def test_times_in_the_open_are_straight_line_times_in_every_direction() -> None:
    n = 81
    flat, free = np.zeros((n, n)), np.ones((n, n), dtype=bool)
    time = travel_time(np.full((n, n), 0.5), flat, free, 2.0, 40, 40)
    r, c = np.mgrid[:n, :n]
    distance = 2.0 * np.hypot(r - 40, c - 40)
    far = distance > 20
    assert np.abs(time[far] / (0.5 * distance[far]) - 1).max() < 0.07  # the octile metric is off by up to 0.08 there
    stored = time.astype(np.float32)
    east, north = np.array([downhill(stored, *cell) for cell in np.ndindex(n, n)]).T.reshape(2, n, n)
    error = np.arccos(np.clip((-(c - 40) * east - (r - 40) * north) / np.maximum(np.hypot(r - 40, c - 40), 1), -1, 1))
    assert np.degrees(error[far]).mean() < 3.0


def test_uphill_takes_longer_than_downhill_by_tobler() -> None:
    n = 41
    slope = 0.2
    hill = np.tile(np.arange(n) * slope * 5.0, (3, 1))
    free = np.ones((3, n), dtype=bool)
    up = travel_time(np.ones((3, n)), hill, free, 5.0, 1, n - 1)[1, 0]
    down = travel_time(np.ones((3, n)), hill, free, 5.0, 1, 0)[1, n - 1]
    length = 5.0 * (n - 1)
    assert up == pytest.approx(length / tobler_factor(np.array(slope)), rel=0.02)
    assert down == pytest.approx(length / tobler_factor(np.array(-slope)), rel=0.02)


def test_a_wall_is_walked_round_and_a_closed_room_is_not_reached() -> None:
    free = np.ones((30, 30), dtype=bool)
    free[5:25, 15] = False
    free[0:3, 0:3] = False
    free[1, 1] = True
    time = travel_time(np.ones((30, 30)), np.zeros((30, 30)), free, 1.0, 15, 20)
    assert time[15, 10] > 20.0  # straight it would be 10
    assert np.isinf(time[1, 1]) and np.isinf(time[10, 15])
    path = descend(time, 15, 5)
    assert path[-1].tolist() == [15, 20] and free[path[:, 0], path[:, 1]].all()
