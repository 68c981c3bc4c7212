"""The valley floor: where the river has planed the rock and laid down its gravel, with the lake's hollow in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from world.grid import smoothstep
from world.land.river import POINT_STEP_M, Lake, River, floor_above_water, floor_half_width, nearest_on
from world.noise import fractal

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EDGE_WAVELENGTH_M, EDGE_RAGGED = 420.0, 0.45  # the floor's edge is scalloped by old bends
FOOT_SLOPE, FOOT_CURVATURE = 0.05, 0.0011  # footslopes that old bends have cut back steepen away from the floor
HARDNESS_NARROWS = 0.5  # floors are wide in soft rock: exponent
UNDULATION_M = 0.5
SHALLOWEST_BED_M = 0.15  # below the flood plain's edge, however little flows in it today
LAKE_DEPTH_M = 5.0
LAKE_STRETCH = 1.8  # along the valley; lakes that rivers run through are longer than wide
LAKE_RAGGED = 0.4  # how far noise pushes the shore, relative to the radius
SHORE_SLOPE, SHORE_CURVATURE = 0.06, 0.01  # the beach steepens away from the water until it meets the old ground
FOOT_BLEND_M = 5.0  # roundness of the foot of the slopes


@dataclass(frozen=True)
class Floor:
    """The floor seen from a lattice; arrays are (n, n)."""

    channel_m: Floats  # distance to the river's course
    river_index: NDArray[np.int64]  # nearest point of the course
    axis_m: Floats  # distance to the valley's axis
    axis_index: NDArray[np.int64]  # nearest point of the axis
    level: Floats  # river surface abreast, smooth across the bends
    heights: Floats  # of the floor itself; meaningful within it
    within: Flags
    ceiling: Floats  # of the slopes round it


def floor_on(axis_x: Floats, axis_y: Floats, river: River, hardness: Floats, seed: int) -> Floor:
    """The floor of a river on a lattice; `hardness` is relative, of the lattice's shape."""
    x, y = np.meshgrid(axis_x, axis_y)
    cell = float(axis_x[1] - axis_x[0])
    channel, index = river.nearest(x, y)
    offset, abreast = nearest_on(river.axis, x, y)
    # beyond the inside of a bend the nearest point jumps; smoothing hides the step
    level = gaussian_filter(river.level[abreast], max(25.0 / cell, 0.5), mode="nearest")
    ragged = fractal(axis_x, axis_y, EDGE_WAVELENGTH_M, 3, seed, "floor edge")
    half = floor_half_width(river.area_m2)[abreast] * hardness**-HARDNESS_NARROWS
    undulation = fractal(axis_x, axis_y, 110.0, 3, seed, "floor")
    above = floor_above_water(channel, river.width_m / 2.0, ragged) + UNDULATION_M * undulation * smoothstep(
        20.0, 90.0, channel
    )
    beyond = offset * (1.0 + EDGE_RAGGED * ragged) - half
    foot = np.maximum(beyond, 0.0)
    ceiling = level + above + FOOT_SLOPE * foot + FOOT_CURVATURE * foot**2
    return Floor(channel, index, offset, abreast, level, level + above, beyond < 0.0, ceiling)


def lay_floor(hills: Floats, floor: Floor) -> Floats:
    """Ground of hills and floor together, the foot of the slopes rounded."""
    over = hills - floor.heights
    meeting = np.clip(0.5 + 0.5 * over / FOOT_BLEND_M, 0.0, 1.0)
    blended = floor.heights + over * meeting + FOOT_BLEND_M * meeting * (1.0 - meeting)
    # Beside the water the floor alone decides: the blend would lift the banks of a river that hugs a slope.
    near = smoothstep(8.0, 40.0, floor.channel_m)
    result: Floats = floor.heights + (blended - floor.heights) * near
    return result


def carve_channel(ground: Floats, floor: Floor, river: River, cell_m: float) -> Floats:
    """Ground with the river's bed in it, a parabola under the water surface; never narrower than the lattice shows."""
    half = max(river.width_m / 2.0, 0.75 * cell_m)
    shape = np.maximum(1.0 - (floor.channel_m / half) ** 2, 0.15)
    bed = river.level[floor.river_index] - max(river.depth_m, SHALLOWEST_BED_M) * shape
    return np.where(floor.channel_m < half, np.minimum(ground, bed), ground)


def carve_lake(ground: Floats, floor: Floor, river: River, lake: Lake, outline: Floats) -> Floats:
    """Ground with the lake's bowl scooped out; `outline` (same shape, about -1..1) makes the shore irregular."""
    level = float(river.level[lake.last])
    along = (floor.axis_index - lake.middle) * POINT_STEP_M
    r = np.hypot(along / LAKE_STRETCH, floor.axis_m) * (1.0 + LAKE_RAGGED * outline)
    inside = np.maximum(1.0 - (r / lake.radius_m) ** 2, 0.0)
    out = np.maximum(r - lake.radius_m, 0.0)
    shore = level + 0.02 + SHORE_SLOPE * out + SHORE_CURVATURE * out**2
    bowl = np.where(r < lake.radius_m, level - LAKE_DEPTH_M * inside, shore)
    lower: Floats = np.minimum(ground, bowl)
    return lower
