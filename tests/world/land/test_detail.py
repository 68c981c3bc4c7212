"""The small relief: bounded, smooth where one builds or wades, the same on every side of the tile."""

from __future__ import annotations

import numpy as np
import pytest

from assets.palette import GroundCover
from world.land.detail import ROUGHEST_M, TILE, Detail, make_detail, make_tile, roughness_of
from world.streams import stream

CELL_M = 4.0


def detail(seed: int = 3, rows: int = 90) -> Detail:
    shape = (rows, rows)
    cover = np.full(shape, GroundCover.FOREST_FLOOR, np.uint8)
    return make_detail(np.zeros(shape), CELL_M, cover, np.zeros(shape, np.bool_), seed)


def test_the_tile_is_ground_and_not_noise() -> None:
    tile = make_tile(3).astype(np.float64)
    assert np.abs(tile).max() == 127 and abs(tile.mean()) < 1.0
    assert 35 < tile.std() < 45 and (np.abs(tile) == 127).mean() < 0.01
    power = np.abs(np.fft.rfft2(tile)) ** 2
    per_m = np.hypot(np.fft.fftfreq(TILE)[:, None], np.fft.rfftfreq(TILE)[None, :])

    def mean_power(longest_m: float, shortest_m: float) -> float:
        return float(power[(per_m > 1 / longest_m) & (per_m <= 1 / shortest_m)].mean())

    bands = [mean_power(20, 10), mean_power(10, 5), mean_power(5, 2.6)]
    assert bands[0] > 2 * bands[1] > 4 * bands[2]
    assert mean_power(1000, 25) < 0.2 * bands[0]  # longer waves are in the samples of the ground
    assert (make_tile(3) == make_tile(3)).all() and (make_tile(4) != make_tile(3)).mean() > 0.9
    rim = np.abs(tile[0] - tile[-1]).mean(), np.abs(tile[1:] - tile[:-1]).mean()
    assert rim[0] < 1.5 * rim[1]  # it goes on where it repeats


def test_heights_are_roughness_times_tile() -> None:
    made = detail()
    made = Detail(stream(1, "test").integers(0, 255, made.roughness.shape, np.uint8), made.tile, 4, made.scale_m)
    origin = (-30.0, 50.0)
    for row, col in ((0, 0), (5, 9), (88, 3), (70, 66)):
        for i, j in ((0, 0), (1, 3), (2, 2)):
            x, y = origin[0] + (col + j / 4) * CELL_M, origin[1] + (row + i / 4) * CELL_M
            r = made.roughness[row : row + 2, col : col + 2].astype(float)
            v, u = i / 4, j / 4
            rough = (r[0, 0] * (1 - u) + r[0, 1] * u) * (1 - v) + (r[1, 0] * (1 - u) + r[1, 1] * u) * v
            tile = float(made.tile[(4 * row + i) % TILE, (4 * col + j) % TILE])
            at = made.at(origin, CELL_M, np.array([x]), np.array([y]))
            assert at[0] == pytest.approx(rough * tile * made.scale_m, abs=1e-12)


def test_it_repeats_and_has_no_steps() -> None:
    made = detail()
    x = np.linspace(20.0, 90.0, 7001)
    here = made.at((0.0, 0.0), CELL_M, x, np.full_like(x, 41.3))
    again = made.at((0.0, 0.0), CELL_M, x + TILE, np.full_like(x, 41.3 + 0))
    assert again[x + TILE < 348] == pytest.approx(here[x + TILE < 348], abs=1e-12)
    assert np.abs(np.diff(here)).max() < 0.01 and np.ptp(here) > 0.05
    assert np.abs(here).max() <= ROUGHEST_M


def test_level_ground_stays_level() -> None:
    side = 24
    cover = np.full((side, side), GroundCover.MEADOW, np.uint8)
    cover[10], cover[15:18, 4:7], cover[:, 20] = GroundCover.PATH, GroundCover.SQUARE, GroundCover.ROCK
    level = np.zeros((side, side), np.bool_)
    level[4, 4] = True
    made = roughness_of(np.zeros((side, side)), CELL_M, cover, level)
    assert not made[3:6, 3:6].any() and not made[10, :19].any() and not made[14:19, 3:8].any()
    assert not made[0].any() and not made[-1].any() and not made[:, 0].any() and not made[:, -1].any()
    assert 0 < made[9, 12] < 0.5 * made[7, 12] and made[7, 20] > made[7, 12]
    slope = np.broadcast_to(np.arange(side) * 2.0, (side, side))
    assert (roughness_of(slope, CELL_M, cover, level)[7, 12]) > made[7, 12]
