"""Where people would settle: level, dry, sunny ground near water and near the middle of the valley."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, label, uniform_filter

from world.grid import slope_of, smoothstep
from world.land.terrain import Terrain

Floats = NDArray[np.float64]

FLOODS_M, DRY_ABOVE_M = 1.0, 2.0  # over the river: what it floods, and what it does not
NEAR_WATER_M, FAR_WATER_M, REMOTE_WATER_M = 75.0, 190.0, 600.0
REMOTE = 0.3  # what is left of a place's worth so far from water
LEVEL, STEEP = 0.05, 0.16  # rise over run that one likes, and on which one does not build
SUN_WEIGHT, SUNNY_SLOPE = 0.25, 0.08  # a slope to the sun is worth so much more than level ground
RIVER_WEIGHT, MIDDLE_WEIGHT = 0.5, 0.6
SQUARE_TO_WATER_M = 34.0  # the square and the first houses stay clear of the water
STEEPEST_STROLL = 0.6
SITES, SITES_APART_M = 8, 40.0


class NoRoomError(RuntimeError):
    """Ground that turns out too small, too wet or too broken for a village."""


def suitability(terrain: Terrain, latitude: float) -> Floats:
    """How well people could live on each cell, 0..1 (n, n): the product of what each need says of it.

    Level ground, out of reach of floods, water neither under the floor nor far, soil to dig in, slopes to the sun.
    """
    grid = terrain.grid
    slope = gaussian_filter(slope_of(terrain.heights, grid.cell_m), 1.0)
    wet = terrain.water_depth > 0
    water = distance_transform_edt(~wet) * grid.cell_m
    north, _ = np.gradient(gaussian_filter(terrain.heights, 3.0), grid.cell_m)
    to_sun = np.sign(latitude) * north  # fall over run towards the sun's noon: north of the equator it stands south
    level = 1.0 - smoothstep(LEVEL, STEEP, slope)
    high = smoothstep(FLOODS_M, DRY_ABOVE_M, terrain.above_river)
    off_water = smoothstep(0.5 * NEAR_WATER_M, NEAR_WATER_M, water)
    near_water = 1.0 - (1.0 - REMOTE) * smoothstep(FAR_WATER_M, REMOTE_WATER_M, water)
    sunny = 1.0 + SUN_WEIGHT * np.clip(to_sun / SUNNY_SLOPE, -1.0, 1.0)
    fit = level * high * (0.4 + 0.6 * off_water) * near_water * sunny / (1.0 + SUN_WEIGHT)
    return np.where(wet, 0.0, fit)


def choose_sites(terrain: Terrain, radius_m: float, latitude: float) -> list[tuple[float, float]]:
    """World x, y of good centres for a village of this radius, the best first, some way apart.

    The best has the highest mean suitability all round, a river at hand, and is not at the map's edge.

    Raises:
        NoRoomError: if no ground of the map is level and dry enough.
    """
    grid = terrain.grid
    fit = suitability(terrain, latitude)
    window = max(3, round(1.5 * radius_m / grid.cell_m) | 1)
    around = uniform_filter(fit, window, mode="constant")
    water = distance_transform_edt(terrain.water_depth == 0) * grid.cell_m
    river = terrain.river_distance
    x, y = grid.mesh()
    aside = np.hypot(x, y) / (grid.size_m / 2)
    near = smoothstep(0.5 * NEAR_WATER_M, NEAR_WATER_M, water) * (1 - smoothstep(FAR_WATER_M, 2 * FAR_WATER_M, river))
    score = around * (1.0 + RIVER_WEIGHT * near) * np.maximum(1.0 - MIDDLE_WEIGHT * aside, 0.05)
    inside = np.maximum(np.abs(x), np.abs(y)) < grid.size_m / 2 - 1.15 * radius_m
    score = np.where(inside & (fit > 0.0) & (water > SQUARE_TO_WATER_M), score, -np.inf)
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
