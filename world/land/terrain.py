"""The ground of a valley: uplift, erosion, a valley floor laid down by the river, its channel and its lake."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from world.grid import Grid, slope_of, smoothstep
from world.land.erosion import ROUTING_EPSILON_M, evolve
from world.land.hydrology import accumulate, downstream_order, priority_flood, steepest_receivers
from world.land.river import (
    REFERENCE_SIZE_M,
    River,
    carve_channel,
    carve_lake,
    draw_river,
    floor_above_water,
)
from world.noise import fractal
from world.streams import stream

Floats = NDArray[np.float64]

RELIEF_M = 205.0  # river to highest ridge on a 2 km map
RELIEF_EXPONENT = 0.75  # smaller maps are lower, but not as much as they are smaller
FLOOR_HALF_WIDTH, NARROWEST_FLOOR_M = 0.07, 70.0  # half the strip that is not lifted: of the map, and at least
COARSE_STEPS, REFINING_STEPS, FINEST_STEPS = 150, 40, 14  # time steps per resolution; later ones only sharpen
COARSEST_SAMPLES = 100  # stop halving the lattice below this
FOOT_BLEND_M = 5.0  # roundness of the foot of the slopes
UPLIFT_M_A = 1e-3
SHALLOW_M = 0.02  # water thinner than this is damp ground


@dataclass(frozen=True)
class Terrain:
    """The bare valley before anybody settles in it; arrays are (n, n) float64."""

    grid: Grid
    river: River
    heights: Floats  # m; the bed where there is water
    water_depth: Floats  # m
    river_distance: Floats  # m to the river's line
    above_river: Floats  # m over the river surface abreast of the place
    drainage_m2: Floats  # area draining through each cell, the river's inflow not counted
    moisture: Floats  # 0..1


def make_terrain(grid: Grid, seed: int) -> Terrain:
    """The valley of this seed: eroded hills, a gently sloping floor, one river across the map and one lake in it."""
    river = draw_river(grid, seed)
    x, y = grid.mesh()
    along, _ = river.frame(x, y)
    distance = river.distance(x, y)
    surface = river.surface(along)
    hills = eroded_hills(grid, river, seed)
    ground = lay_floor(grid, hills, surface, distance, river, seed)
    carved = carve_channel(ground, surface, distance, river, grid.cell_m)
    outline = fractal(grid.axis, grid.axis, 1.4 * river.lake[1], 2, seed, "shore")
    carved = carve_lake(carved, river, x, y, outline)
    depth = standing_water(carved, surface, distance, river, grid.cell_m)
    drainage = drainage_area(carved + depth, distance < max(river.width_m / 2.0, 0.75 * grid.cell_m), grid.cell_m)
    moisture = topographic_wetness(carved, drainage, distance, grid.cell_m)
    return Terrain(grid, river, carved, depth, distance, carved - surface, drainage, moisture)


def eroded_hills(grid: Grid, river: River, seed: int) -> Floats:
    """Heights over the river (n, n), 0 at it, from the landscape-evolution model run from coarse to fine.

    With n = 1 the steady landscape is proportional to the uplift rate, so scaling the result to the wanted relief
    is the same as having chosen that uplift.
    """
    levels = [grid]
    while (levels[-1].n - 1) % 2 == 0 and (levels[-1].n - 1) // 2 >= COARSEST_SAMPLES:
        levels.append(Grid((levels[-1].n - 1) // 2 + 1, levels[-1].cell_m * 2))
    levels.reverse()
    rng = stream(seed, "uplift")
    lift_left, lift_right = rng.uniform(0.7, 1.1, 2)
    heights = np.zeros((0, 0))
    for number, level in enumerate(levels):
        x, y = level.mesh()
        uplift = uplift_rate(level, river, seed, float(lift_left), float(lift_right))
        base = river.distance(x, y) < 0.75 * level.cell_m
        if number == 0:
            heights = 20.0 + 14.0 * fractal(level.axis, level.axis, grid.size_m / 9, 4, seed, "roughness", 0.7)
            steps = COARSE_STEPS
        else:
            heights = zoom(heights, level.n / heights.shape[0], order=1, grid_mode=False)
            steps = FINEST_STEPS if number == len(levels) - 1 else REFINING_STEPS
        heights[base] = 0.0
        heights = evolve(heights, uplift, base, level.cell_m, steps)
    relief = RELIEF_M * (grid.size_m / REFERENCE_SIZE_M) ** RELIEF_EXPONENT
    scaled: Floats = heights * (relief / float(np.quantile(heights, 0.998)))
    return scaled


def uplift_rate(level: Grid, river: River, seed: int, left: float, right: float) -> Floats:
    """Uplift in m per year: none under the valley floor, most along the ridges, uneven on the way."""
    x, y = level.mesh()
    along, across = river.frame(x, y)
    offset = across - river.valley_across(along)
    unevenness = fractal(level.axis, level.axis, level.size_m / 3.2, 3, seed, "lift")
    floor = max(FLOOR_HALF_WIDTH * level.size_m, NARROWEST_FLOOR_M)
    away = np.abs(offset) * (1.0 + 0.25 * unevenness)
    rise = smoothstep(floor, 0.4 * level.size_m, away)
    sides = np.where(offset > 0, left, right)
    return UPLIFT_M_A * (0.02 + rise * sides * (1.0 + 0.7 * unevenness))


def lay_floor(grid: Grid, hills: Floats, surface: Floats, distance: Floats, river: River, seed: int) -> Floats:
    """Ground of hills and alluvial floor together, free of hollows: sediment has filled them."""
    undulation = fractal(grid.axis, grid.axis, 110.0, 3, seed, "floor")
    floor = floor_above_water(distance, river.width_m / 2.0)
    floor += 0.5 * undulation * smoothstep(20.0, 90.0, distance)
    meeting = np.clip(0.5 + 0.5 * (hills - floor) / FOOT_BLEND_M, 0.0, 1.0)
    blended = floor + (hills - floor) * meeting + FOOT_BLEND_M * meeting * (1.0 - meeting)
    # Beside the water the floor alone decides: the blend would lift the banks of a river that hugs a slope.
    near = smoothstep(8.0, 40.0, distance)
    ground = surface + floor + (blended - floor) * near
    ground += fine_relief(grid, ground, seed)
    outlets = distance < max(river.width_m / 2.0, 0.75 * grid.cell_m)
    return priority_flood(ground, outlets, ROUTING_EPSILON_M)


def fine_relief(grid: Grid, ground: Floats, seed: int) -> Floats:
    """Bumps of a metre or so on the slopes, below what the erosion model resolves; none on the floor."""
    steep = smoothstep(0.12, 0.5, gaussian_filter(slope_of(ground, grid.cell_m), 3.0))
    return 1.6 * steep * fractal(grid.axis, grid.axis, 45.0, 3, seed, "bumps")


def standing_water(ground: Floats, surface: Floats, distance: Floats, river: River, cell_m: float) -> Floats:
    """Depth of water (n, n): the river to its surface, and what priority-flood finds cannot run off.

    The flood starts from the lower end of the river with the river's own surface as ground, so a lake stands as high
    as the river where it leaves it.
    """
    channel = distance < max(river.width_m / 2.0, 0.75 * cell_m)
    held = np.where(channel, np.maximum(ground, surface), ground)
    edge = np.zeros(ground.shape, dtype=np.bool_)
    edge[0, :] = edge[-1, :] = edge[:, 0] = edge[:, -1] = True
    filled = priority_flood(held, edge, 0.0)
    depth = np.maximum(filled, held) - ground
    return np.where(depth > SHALLOW_M, depth, 0.0)


def drainage_area(surface: Floats, outlets: NDArray[np.bool_], cell_m: float) -> Floats:
    """Area in square metres that drains through each cell of a surface."""
    filled = priority_flood(surface, outlets, ROUTING_EPSILON_M)
    receivers = steepest_receivers(filled, outlets)
    total = accumulate(receivers, downstream_order(receivers), np.full(surface.size, cell_m * cell_m))
    return total.reshape(surface.shape)


def topographic_wetness(ground: Floats, drainage_m2: Floats, distance: Floats, cell_m: float) -> Floats:
    """0..1 from the topographic wetness index ln(a / tan b) (Beven & Kirkby 1979), raised near the river."""
    slope = np.maximum(slope_of(ground, cell_m), 0.01)
    index = gaussian_filter(np.log(drainage_m2 / cell_m / slope), 2.0)
    low, high = math.log(20.0), math.log(4e5)
    wet = np.clip((index - low) / (high - low), 0.0, 1.0)
    moisture: Floats = np.clip(0.85 * wet + 0.45 * np.exp(-distance / 45.0), 0.0, 1.0)
    return moisture
