"""Where people would settle: level, dry, sunny ground near water and near the middle of the valley."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, uniform_filter

from world.grid import slope_of, smoothstep
from world.terrain import Terrain

Floats = NDArray[np.float64]

DRY_ABOVE_M = 2.0  # over the river, out of reach of its floods
NEAR_WATER_M, FAR_WATER_M = 75.0, 190.0
STEEP = 0.14  # rise over run on which one does not build


def choose_site(terrain: Terrain, radius_m: float, latitude: float) -> tuple[float, float]:
    """World x, y of the best centre for a village of this radius.

    The score prefers, in this order, level ground, a river at 75-190 m, the middle of the map, and slopes to the sun.

    Raises:
        RuntimeError: if no ground of the map is level and dry enough.
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
    score = np.where(inside & good, score, -np.inf)
    best = int(np.argmax(score))
    if not np.isfinite(score.flat[best]):
        raise RuntimeError("no ground of this valley is level and dry enough for a village")
    return float(x.flat[best]), float(y.flat[best])
