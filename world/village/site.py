"""Where people would settle: level, dry, sunny ground near water and near the middle of the valley."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, label, uniform_filter

from world.grid import slope_of, smoothstep
from world.land.terrain import Terrain

Floats = NDArray[np.float64]

DRY_ABOVE_M = 2.0  # over the river, out of reach of its floods
NEAR_WATER_M, FAR_WATER_M = 75.0, 190.0
STEEP = 0.14  # rise over run on which one does not build
SQUARE_TO_WATER_M = 34.0  # the square and the first houses stay clear of the water
STEEPEST_STROLL = 0.6
SITES, SITES_APART_M = 8, 40.0


class NoRoomError(RuntimeError):
    """Ground that turns out too small, too wet or too broken for a village."""


def choose_sites(terrain: Terrain, radius_m: float, latitude: float) -> list[tuple[float, float]]:
    """World x, y of good centres for a village of this radius, the best first, some way apart.

    The score prefers, in this order, level ground, a river at 75-190 m, the middle of the map, and slopes to the sun.

    Raises:
        NoRoomError: if no ground of the map is level and dry enough.
    """
    grid = terrain.grid
    heights = terrain.heights
    slope = slope_of(heights, grid.cell_m)
    wet = terrain.water_depth > 0
    good = (slope < STEEP) & (terrain.above_river > DRY_ABOVE_M) & ~wet
    window = max(3, round(1.5 * radius_m / grid.cell_m) | 1)
    share_good = uniform_filter(good.astype(np.float64), window, mode="constant")
    mean_slope = uniform_filter(slope, window, mode="nearest")
    water = distance_transform_edt(~wet) * grid.cell_m
    north, _ = np.gradient(heights, grid.cell_m)
    sunward = -np.sign(latitude) * uniform_filter(north, window, mode="nearest")
    x, y = grid.mesh()
    aside = np.hypot(x, y) / (grid.size_m / 2)
    near = smoothstep(0.5 * NEAR_WATER_M, NEAR_WATER_M, water) * (1 - smoothstep(FAR_WATER_M, 2 * FAR_WATER_M, water))
    score = 3.0 * share_good - 6.0 * mean_slope + 1.2 * near - 1.4 * aside + 2.0 * np.clip(-sunward, -0.05, 0.05)
    inside = np.maximum(np.abs(x), np.abs(y)) < grid.size_m / 2 - 1.15 * radius_m
    score = np.where(inside & good & (water > SQUARE_TO_WATER_M), score, -np.inf)
    sites: list[tuple[float, float]] = []
    while len(sites) < SITES and np.isfinite(score.max()):
        best = int(np.argmax(score))
        sites.append((float(x.flat[best]), float(y.flat[best])))
        score[np.hypot(x - sites[-1][0], y - sites[-1][1]) < SITES_APART_M] = -np.inf
    if not sites:
        raise NoRoomError("no ground of this valley is level and dry enough for a village")
    return sites


def own_bank(terrain: Terrain, site: tuple[float, float]) -> Terrain:
    """The terrain as the village at `site` sees it: whatever cannot be reached dry-shod counts as water."""
    grid = terrain.grid
    dry = (terrain.water_depth == 0) & (slope_of(terrain.heights, grid.cell_m) < STEEPEST_STROLL)
    parts, _ = label(dry)
    row, col = (round((v - grid.origin[0]) / grid.cell_m) for v in (site[1], site[0]))
    reachable = parts == parts[row, col]
    return replace(terrain, water_depth=np.where(reachable, 0.0, np.maximum(terrain.water_depth, 1.0)))
