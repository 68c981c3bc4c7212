"""The main river: its course through the map, the fall of its surface, and the floor it has laid down beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from world.grid import smoothstep
from world.land.hydrology import channel_depth, channel_width
from world.streams import stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REFERENCE_SIZE_M = 2048.0  # side of the map that sizes below are meant for
POINT_STEP_M = 2.0
SEARCH_STEP = 8  # points
AXIS_SMOOTHING_M = 90.0  # valleys bend more gently than the lattice they were found on
FALL_SMOOTHING_M = 260.0  # an alluvial river evens out the steps of its rock
LEAST_FALL, STEEPEST_FALL = 0.0015, 0.03  # m per m of an alluvial valley floor
MEANDER_WIDTHS = 12.0  # wavelength in channel widths (Leopold & Wolman 1960: about 11)
MEANDER_AMPLITUDE_WIDTHS = 2.4
BELT_WIDTHS, BELT_AMPLITUDE_WIDTHS = 52.0, 4.5  # the belt of meanders itself swings over the floor
BEND_SMOOTHING_M = 8.0
NARROWEST_MEANDER_M = 4.0  # width from which meanders are drawn where the present river is smaller
FLOOR_PER_ROOT_KM2, NARROWEST_FLOOR_M = 26.0, 70.0  # half width of the valley floor: some twenty channel widths
BANK_M = 0.7  # low bank of the flood plain above the water
TERRACE_M = 1.9  # step up to the ground that floods do not reach
TERRACE_RAGGED = 0.5
FLOOR_RISE = 0.016  # gentle cross slope of the valley floor beyond the terrace


@dataclass(frozen=True)
class Lake:
    """A hollow that ice scooped out along the river: the river's surface is level over it."""

    middle: int  # index along the river
    first: int  # the level part of the river, indices
    last: int
    radius_m: float


@dataclass(frozen=True)
class River:
    """The main river from beyond the map's upper edge to beyond its lower one; arrays run downstream."""

    axis: Floats  # (n, 2) the valley's own line, without meanders
    course: Floats  # (n, 2) the river itself
    level: Floats  # (n,) height of the water surface, never rising
    area_m2: Floats  # (n,) drainage area
    width_m: float  # of the channel abreast of the map's middle
    depth_m: float  # of the water in mid-channel there
    discharge_m3_s: float  # mean flow there
    lake: Lake | None

    def line(self) -> Floats:
        """The course as world points (n, 2), downstream."""
        return self.course

    def nearest(self, x: Floats, y: Floats) -> tuple[Floats, Ints]:
        """Distance in metres to the course, and index of its nearest point."""
        return nearest_on(self.course, x, y)

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Distance of world points to the course in metres."""
        return self.nearest(x, y)[0]


def nearest_on(line: Floats, x: Floats, y: Floats) -> tuple[Floats, Ints]:
    """Distance of world points to a line (n, 2) in metres, and index of its nearest point; shapes of `x`.

    Found among every eighth point first and then among the neighbours of that one: a search among all takes many
    times as long for points far off, to which much of the line is nearly as near.
    """
    _, coarse = cKDTree(line[::SEARCH_STEP]).query(np.stack([x.ravel(), y.ravel()], axis=1))
    middle = np.asarray(coarse, dtype=np.int64).reshape(x.shape) * SEARCH_STEP
    index = middle.copy()
    nearest = np.full(x.shape, np.inf)
    for aside in range(-SEARCH_STEP, SEARCH_STEP + 1):
        tried = np.clip(middle + aside, 0, len(line) - 1)
        east, north = x - line[tried, 0], y - line[tried, 1]
        away = east * east + north * north
        better = away < nearest
        nearest[better], index[better] = away[better], tried[better]
    distance: Floats = np.sqrt(nearest)
    return distance, index


def resampled(points: Floats, step_m: float, *values: Floats) -> tuple[Floats, ...]:
    """A line (n, 2) with points `step_m` apart, and values along it interpolated to them."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    keep = np.concatenate([[True], np.diff(length) > 0])
    at = np.arange(0.0, length[-1], step_m)
    line = np.stack([np.interp(at, length[keep], points[keep, k]) for k in (0, 1)], axis=1)
    return (line, *(np.interp(at, length[keep], v[keep]) for v in values))


def axis_of(
    points: Floats, levels: Floats, areas: Floats, middle: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Smooth line, graded surface and drainage area of a valley from the lattice path of its river.

    The surface is that of a river that has evened out its bed: it falls everywhere, within what alluvium allows, and
    keeps the given height abreast of the world point `middle`.
    """
    line, level, area = resampled(points, POINT_STEP_M, levels, areas)
    line = gaussian_filter1d(line, AXIS_SMOOTHING_M / POINT_STEP_M, axis=0, mode="nearest")
    line, level, area = resampled(line, POINT_STEP_M, level, area)
    level = gaussian_filter1d(level, FALL_SMOOTHING_M / POINT_STEP_M, mode="nearest")
    fall = np.clip(-np.diff(level), LEAST_FALL * POINT_STEP_M, STEEPEST_FALL * POINT_STEP_M)
    kept = int(np.argmin(np.hypot(line[:, 0] - middle[0], line[:, 1] - middle[1])))
    fallen = np.concatenate([[0.0], np.cumsum(fall)])
    return line, level[kept] + fallen[kept] - fallen, np.maximum.accumulate(area)


def meandering(axis: Floats, width_m: float, seed: int) -> Floats:
    """The course of a river that swings about its valley's axis, (n, 2)."""
    rng = stream(seed, "meanders")
    width = max(width_m, NARROWEST_MEANDER_M)
    tangent = np.gradient(axis, axis=0)
    tangent /= np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-9)[:, None]
    along = np.arange(len(axis)) * POINT_STEP_M
    wavelength, phase = MEANDER_WIDTHS * width, float(rng.uniform(0.0, 2 * math.pi))
    # the wavelength itself wanders, as do the swings
    drift = 1.1 * np.sin(2 * np.pi * along / (5.3 * wavelength) + float(rng.uniform(0.0, 2 * math.pi)))
    swing = MEANDER_AMPLITUDE_WIDTHS * width * np.sin(2 * np.pi * along / wavelength + phase + drift)
    swing *= 0.55 + 0.45 * np.sin(2 * np.pi * along / (3.7 * wavelength) + 2.0 * phase)
    belt, lean = BELT_WIDTHS * width, float(rng.uniform(0.0, 2 * math.pi))
    swing += BELT_AMPLITUDE_WIDTHS * width * np.sin(2 * np.pi * along / belt + lean + 0.8 * drift)
    course = axis + swing[:, None] * np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    smooth: Floats = gaussian_filter1d(course, BEND_SMOOTHING_M / POINT_STEP_M, axis=0, mode="nearest")
    return smooth


def with_lake(level: Floats, middle: int, radius_m: float, reach_m: float) -> tuple[Floats, Lake]:
    """The river's surface made level within `reach_m` of a point, and the lake there; it falls faster above it."""
    reach = round(reach_m / POINT_STEP_M)
    first, last = max(middle - reach, 0), min(middle + reach, len(level) - 1)
    drop = level[first] - level[last]
    result = level.copy()
    above = np.arange(first) - first
    result[:first] -= drop * np.exp(above * POINT_STEP_M / (3.0 * reach_m))
    result[first : last + 1] = level[last]
    return result, Lake(middle, first, last, radius_m)


def floor_half_width(area_m2: Floats) -> Floats:
    """Half the width of the valley floor from the drainage area of its river, in metres."""
    result: Floats = np.maximum(FLOOR_PER_ROOT_KM2 * np.sqrt(area_m2 * 1e-6), NARROWEST_FLOOR_M)
    return result


def floor_above_water(distance: Floats, half_width_m: float, ragged: Floats) -> Floats:
    """Height of the valley floor over the river's surface: bank, flood plain, terrace, gentle rise.

    `ragged`, about -1..1, pushes the terrace's edge to and fro.
    """
    bank = BANK_M * smoothstep(half_width_m, half_width_m + 5.0, distance)
    terrace = TERRACE_M * smoothstep(22.0, 52.0, distance * (1.0 + TERRACE_RAGGED * ragged))
    return bank + terrace + FLOOR_RISE * np.maximum(distance - 40.0, 0.0)


def size_of(discharge_m3_s: float) -> tuple[float, float]:
    """Width and depth in metres of the channel with this mean flow."""
    flow = np.array(discharge_m3_s)
    return float(channel_width(flow)), float(channel_depth(flow))
