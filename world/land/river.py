"""The course of the main river: its line across the map, the fall of its surface, its bed and its lake."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from world.grid import Grid, smoothstep
from world.land.hydrology import channel_depth, channel_width
from world.streams import stream

Floats = NDArray[np.float64]

INFLOW_AREA_KM2 = 30.0  # the country above the map from which the river comes, for a 2 km map
REFERENCE_SIZE_M = 2048.0
FALL = 0.006  # m per m, a gravel-bed river on its own valley floor
MEANDER_WIDTHS = 12.0  # wavelength in channel widths (Leopold & Wolman 1960: about 11)
MEANDER_AMPLITUDE_WIDTHS = 2.2
NEAREST_M = 58.0  # the axis passes the middle of the map at least so far, to leave room for a village
POLYLINE_STEP_M = 2.0
LAKE_RADIUS_M = 85.0
LAKE_DEPTH_M = 5.0
LAKE_STRETCH = 1.3  # along the valley; lakes that rivers run through are longer than wide
LAKE_RAGGED = 0.4  # how far noise pushes the shore, relative to the radius
LAKE_REACH = 1.85  # radii up and down the valley over which the surface is level: stretch and noise together
SHORE_SLOPE, SHORE_CURVATURE = 0.06, 0.004  # the beach steepens away from the water until it meets the old ground
BANK_M = 0.7  # low bank of the flood plain above the water
TERRACE_M = 1.9  # step up to the ground that floods do not reach
FLOOR_RISE = 0.016  # gentle cross slope of the valley floor beyond the terrace


@dataclass(frozen=True)
class River:
    """The main river in the valley's own frame: `along` its general direction and `across` to the left of it.

    The course is a single-valued curve across(along), so its surface is a non-increasing function of `along`.
    """

    heading: float  # radians, general direction of flow
    half_span_m: float  # the course is defined for along in -half_span..half_span
    trend: tuple[float, float, float, float]  # offset, amplitude, wavelength, phase of the valley's own bends
    meander: tuple[float, float, float]  # amplitude, wavelength, phase
    width_m: float
    depth_m: float
    area_m2: float  # drainage area with which it enters
    lake: tuple[float, float]  # along of its centre, radius

    def frame(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """World coordinates to (along, across)."""
        c, s = math.cos(self.heading), math.sin(self.heading)
        return x * c + y * s, y * c - x * s

    def world(self, along: Floats, across: Floats) -> tuple[Floats, Floats]:
        """(along, across) to world coordinates."""
        c, s = math.cos(self.heading), math.sin(self.heading)
        return along * c - across * s, along * s + across * c

    def valley_across(self, along: Floats) -> Floats:
        """Where the valley's axis runs, without the river's meanders."""
        offset, amplitude, wavelength, phase = self.trend
        result: Floats = offset + amplitude * np.sin(2 * np.pi * along / wavelength + phase)
        return result

    def line(self) -> Floats:
        """The course as world points (n, 2), downstream, `POLYLINE_STEP_M` apart along the valley."""
        along = np.arange(-self.half_span_m, self.half_span_m + POLYLINE_STEP_M, POLYLINE_STEP_M)
        amplitude, wavelength, phase = self.meander
        swing = amplitude * np.sin(2 * np.pi * along / wavelength + phase)
        swing *= 0.55 + 0.45 * np.sin(2 * np.pi * along / (3.7 * wavelength) + 2.0 * phase)
        return np.stack(self.world(along, self.valley_across(along) + swing), axis=1)

    def surface(self, along: Floats) -> Floats:
        """Height of the water surface: falls downstream, level in the lake, 0 at the lower end."""
        centre, radius = self.lake
        start, end = centre - LAKE_REACH * radius, centre + LAKE_REACH * radius
        level_part = np.clip(along, start, end) - start
        result: Floats = FALL * (self.half_span_m - (end - start) - (along - level_part))
        return result

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Distance of world points to the course in metres."""
        found, _ = cKDTree(self.line()).query(np.stack([x.ravel(), y.ravel()], axis=1))
        result: Floats = np.asarray(found, dtype=np.float64).reshape(x.shape)
        return result


def draw_river(grid: Grid, seed: int) -> River:
    """Choose the river of this seed: it enters on one side of the map, passes near the middle, leaves on the other."""
    rng = stream(seed, "river")
    size = grid.size_m
    area_km2 = INFLOW_AREA_KM2 * min(1.5, max(0.3, size / REFERENCE_SIZE_M))
    width = float(channel_width(np.array(area_km2 * 1e6)))
    heading = math.pi / 2 * int(rng.integers(4)) + float(rng.uniform(-0.25, 0.25))
    side = -1.0 if rng.random() < 0.5 else 1.0
    trend = (
        side * max(size * float(rng.uniform(0.07, 0.10)), NEAREST_M),
        size * float(rng.uniform(0.035, 0.05)),
        size * float(rng.uniform(0.75, 0.95)),
        float(rng.uniform(-0.6, 0.6)),
    )
    meander = (MEANDER_AMPLITUDE_WIDTHS * width, MEANDER_WIDTHS * width, float(rng.uniform(0.0, 2 * math.pi)))
    lake_along = size * float(rng.uniform(0.24, 0.31)) * (1.0 if rng.random() < 0.5 else -1.0)
    return River(
        heading=heading,
        half_span_m=0.8 * size,
        trend=trend,
        meander=meander,
        width_m=width,
        depth_m=float(channel_depth(np.array(area_km2 * 1e6))),
        area_m2=area_km2 * 1e6,
        lake=(lake_along, LAKE_RADIUS_M * min(1.6, (size / REFERENCE_SIZE_M) ** 0.6)),
    )


def floor_above_water(distance: Floats, half_width_m: float) -> Floats:
    """Height of the valley floor over the river's surface: bank, flood plain, terrace, gentle rise."""
    bank = BANK_M * smoothstep(half_width_m, half_width_m + 5.0, distance)
    terrace = TERRACE_M * smoothstep(22.0, 52.0, distance)
    return bank + terrace + FLOOR_RISE * np.maximum(distance - 40.0, 0.0)


def carve_channel(ground: Floats, surface: Floats, distance: Floats, river: River, cell_m: float) -> Floats:
    """Ground with the river's bed in it, a parabola under the water surface; never narrower than the lattice shows."""
    half = max(river.width_m / 2.0, 0.75 * cell_m)
    bed = surface - river.depth_m * np.maximum(1.0 - (distance / half) ** 2, 0.15)
    return np.where(distance < half, np.minimum(ground, bed), ground)


def carve_lake(ground: Floats, river: River, x: Floats, y: Floats, outline: Floats) -> Floats:
    """Ground with the lake's bowl scooped out; `outline` (same shape, about -1..1) makes the shore irregular."""
    centre, radius = river.lake
    along = np.array([centre])
    level = float(river.surface(along)[0])
    s, n = river.frame(x, y)
    r = np.hypot((s - centre) / LAKE_STRETCH, n - river.valley_across(along)) * (1.0 + LAKE_RAGGED * outline)
    inside = np.maximum(1.0 - (r / radius) ** 2, 0.0)
    out = np.maximum(r - radius, 0.0)
    shore = level + 0.02 + SHORE_SLOPE * out + SHORE_CURVATURE * out**2
    bowl = np.where(r < radius, level - LAKE_DEPTH_M * inside, shore)
    lower: Floats = np.minimum(ground, bowl)
    return lower
