"""The ground of a valley: eroded hills, a floor laid down by the river, its channel, its lake and its brooks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label, laplace

from world.grid import Grid, slope_of, smoothstep
from world.land.brooks import CHANNEL_AREA_M2, carve_brooks, trace_brooks
from world.land.config import Effort, LandConfig
from world.land.erosion import DIFFUSIVITY_M2_A, creep, evolve, rates_of
from world.land.floor import SHALLOWEST_BED_M, Floor, carve_channel, carve_lake, floor_on, lay_floor
from world.land.hydrology import (
    SECONDS_PER_YEAR,
    accumulate,
    channel_width,
    downstream_order,
    priority_flood,
    runoff_mm_a,
    steepest_receivers,
)
from world.land.region import (
    Region,
    centred,
    choose_window,
    flow_path,
    larger_branches,
    make_region,
    routed,
)
from world.land.river import POINT_STEP_M, REFERENCE_SIZE_M, River, axis_of, meandering, size_of, with_lake
from world.land.window import MARGIN_CELLS, Window, border, refine
from world.noise import fractal
from world.streams import stream

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

RIVER_AREA_M2 = 2.5e7  # drainage of the river that a 2 km map is laid about
BEYOND_CELLS = 12  # of the region: how far the river is known outside the map
LAKE_RADIUS_M = 95.0
LAKE_REACH = 2.5  # radii up and down the valley over which the river is level: stretch and noise together
LAKE_FROM_M = 0.6  # deeper than any river of these maps
SHALLOW_M = 0.02  # water thinner than this is damp ground
FILL_EPSILON_M = 2e-4  # fall per cell of ground that sediment has filled
PET_MM_A = 650.0  # what the air of a temperate valley could evaporate in a year
INFLOW_AREA_M2 = 1e4  # smaller trickles over the map's edge are no streams
THINNEST_SOIL_M, THICKEST_SOIL_M, FLOOR_SOIL_M = 0.05, 2.0, 3.0
SOIL_SCALE_M, SOIL_PRODUCTION_M_A = 0.5, 2.7e-4  # Heimsath et al. 1997, 1999: rate under bare rock, e-folding depth

SOFTENING_CELLS = 0.8  # variance of the last creep, cells squared: single-file incision leaves the lattice's stairs

THOROUGH = Effort()
INFLOWS = np.dtype([("row", "<i4"), ("col", "<i4"), ("area_m2", "<f8"), ("discharge_m3_s", "<f8")])


@dataclass(frozen=True)
class Surroundings:
    """The country round the map on a coarse lattice, rows north."""

    heights: NDArray[np.float32]
    origin: tuple[float, float]  # world x, y of heights[0, 0]
    cell_m: float


@dataclass(frozen=True)
class Terrain:
    """The bare valley before anybody settles in it; arrays are (n, n) float64 unless said otherwise."""

    grid: Grid
    river: River
    heights: Floats  # m over the river's lower end; the bed where there is water
    water_depth: Floats  # m
    river_distance: Floats  # m to the river's line
    above_river: Floats  # m over the river surface abreast of the place
    drainage_m2: Floats  # area draining through each cell, what lies outside the map included
    moisture: Floats  # 0..1
    discharge_m3_s: Floats  # mean flow through each cell, what enters from outside the map included
    channel_width_m: Floats  # 0 where there is no channel
    soil_m: Floats  # depth of the loose cover over the rock
    hardness: Floats  # of the rock, relative to sandstone
    inflows: NDArray[np.void]  # INFLOWS: where streams enter the map
    surroundings: Surroundings


def make_terrain(
    grid: Grid,
    seed: int,
    land: LandConfig,
    rain_mm_a: float,
    wind_towards: float,
    pet_mm_a: float = PET_MM_A,
    effort: Effort = THOROUGH,
) -> Terrain:
    """The valley of this seed, cut out of an eroded region so that a river passes near the map's middle.

    `rain_mm_a` and `pet_mm_a` are today's yearly rain and potential evaporation, `wind_towards` (radians) is where the
    wind that brings the rain blows.
    """
    rates = rates_of(land, rain_mm_a)
    wild = make_region(grid, seed, rates, wind_towards, effort)
    target = RIVER_AREA_M2 * min(1.6, max(0.4, grid.size_m / REFERENCE_SIZE_M))
    row, col, cell = choose_window(wild, grid, target, MARGIN_CELLS, seed)
    region = centred(wild, row, col)
    runoff_m_s = 1e-3 / SECONDS_PER_YEAR * float(runoff_mm_a(np.array(rain_mm_a), pet_mm_a))
    river = river_through(region, grid, cell, runoff_m_s, seed)
    region = with_floor(region, river, seed, effort)
    window = refine(region, river, (row, col), grid, seed, rates, effort)
    return surveyed(grid, seed, land, region, window, river, runoff_m_s, max(pet_mm_a - rain_mm_a, 0.0) * 1e-3)


def river_through(region: Region, grid: Grid, cell: int, runoff_m_s: float, seed: int) -> River:
    """The river of the region that passes through `cell`, as far as the map and some way beyond it."""
    path = flow_path(region, larger_branches(region), cell)
    row, col = np.divmod(path, len(region.axis_x))
    points = np.stack([region.axis_x[col], region.axis_y[row]], axis=1)
    reach = grid.size_m / 2 + (MARGIN_CELLS + BEYOND_CELLS) * region.cell_m
    near = np.flatnonzero(np.abs(points).max(axis=1) < reach)
    here = int(np.flatnonzero(path == cell)[0])
    first, last = here, here
    while first - 1 in near:
        first -= 1
    while last + 1 in near:
        last += 1
    kept = slice(first, last + 1)
    levels = np.minimum.accumulate(region.heights.ravel()[path[kept]])
    middle = (float(points[here, 0]), float(points[here, 1]))
    axis, level, area = axis_of(points[kept], levels, region.area_m2[path[kept]], middle)
    discharge = float(region.rain_m2[cell]) * runoff_m_s
    width, depth = size_of(discharge)
    rng = stream(seed, "lake")
    away = float(rng.uniform(0.24, 0.31)) * grid.size_m * (1.0 if rng.random() < 0.5 else -1.0)
    abreast = int(np.argmin(np.hypot(axis[:, 0] - middle[0], axis[:, 1] - middle[1])))
    at = int(np.clip(abreast + round(away / POINT_STEP_M), 0, len(axis) - 1))
    radius = LAKE_RADIUS_M * min(1.6, (grid.size_m / REFERENCE_SIZE_M) ** 0.6)
    level, lake = with_lake(level, at, radius, LAKE_REACH * radius)
    return River(axis, meandering(axis, width, seed), level, area, width, depth, discharge, lake)


def with_floor(region: Region, river: River, seed: int, effort: Effort) -> Region:
    """The region eroded on for an epoch while the river holds its floor: the side valleys meet it at its own height."""
    floor = floor_on(region.axis_x, region.axis_y, river, region.hardness, seed)
    held = floor.within & ~region.country.base
    heights = np.where(held, floor.heights, region.heights)
    country = replace(region.country, held=held, ceiling=floor.ceiling)
    heights = evolve(heights, country, region.step_years, effort.epoch_steps)
    return routed(replace(region, heights=heights, country=country))


def surveyed(
    grid: Grid,
    seed: int,
    land: LandConfig,
    region: Region,
    window: Window,
    river: River,
    runoff_m_s: float,
    lost_m_a: float,
) -> Terrain:
    """Everything known of the map's ground, from the eroded window: floor, channels, lake, water, soil."""
    floor = window.floor
    ground = lay_floor(creep(window.heights, SOFTENING_CELLS), floor)
    ground += fine_relief(window, ground, seed)
    ground = carve_channel(ground, floor, river, grid.cell_m)
    channel = floor.channel_m < max(river.width_m / 2.0, 0.75 * grid.cell_m)
    if river.lake is not None:
        outline = fractal(window.axis_x, window.axis_y, 1.3 * river.lake.radius_m, 3, seed, "shore")
        ground = carve_lake(ground, floor, river, river.lake, outline)
    water = with_water(ground, channel, floor, river, lost_m_a, grid.cell_m)
    taken = (water > 0.0) | channel
    ground = np.where(taken, ground, priority_flood(ground + water, taken | border(ground.shape), FILL_EPSILON_M))
    area, discharge, receivers = flows(ground + water, window, runoff_m_s)
    brooks = trace_brooks(ground, receivers, area, discharge, taken, window.axis_x, window.axis_y)
    ground, wet = carve_brooks(ground, brooks, taken, window.axis_x, window.axis_y)
    water = np.maximum(water, wet)
    surface = priority_flood(ground + water, taken | border(ground.shape), FILL_EPSILON_M)
    ground = np.where(taken, ground, surface - water)
    area, discharge, receivers = flows(surface, window, runoff_m_s)
    area2, flow2 = area.reshape(ground.shape), discharge.reshape(ground.shape)
    width = np.where(area2 > CHANNEL_AREA_M2, channel_width(flow2), 0.0)
    cut = slice(window.margin, window.margin + grid.n)
    moisture = topographic_wetness(ground, area2, floor.channel_m, grid.cell_m)
    soil = soil_depth(ground, floor, window, land)

    def cropped(field: Floats) -> Floats:
        return np.ascontiguousarray(field[cut, cut])

    datum = lower_end(cropped(floor.channel_m), cropped(ground + water), grid.cell_m)
    return Terrain(
        grid=grid,
        river=replace(river, level=river.level - datum),
        heights=cropped(ground) - datum,
        water_depth=cropped(water),
        river_distance=cropped(floor.channel_m),
        above_river=cropped(ground - floor.level),
        drainage_m2=cropped(area2),
        moisture=cropped(moisture),
        discharge_m3_s=cropped(flow2),
        channel_width_m=cropped(width),
        soil_m=cropped(soil),
        hardness=cropped(window.hardness) * land.hardness,
        inflows=entering(window, grid, receivers, area, discharge),
        surroundings=seen_around(region, window, ground, datum),
    )


def fine_relief(window: Window, ground: Floats, seed: int) -> Floats:
    """Bumps of a metre or so on the slopes, below what the erosion model resolves; none on the floor."""
    steep = smoothstep(0.12, 0.5, gaussian_filter(slope_of(ground, window.country.cell_m), 3.0))
    return 0.6 * steep * fractal(window.axis_x, window.axis_y, 45.0, 3, seed, "bumps")


def with_water(ground: Floats, channel: Flags, floor: Floor, river: River, lost_m_a: float, cell_m: float) -> Floats:
    """Depth of the standing and running water: river and lake, not the hollows that no river joins.

    The flood starts from the borders with the river's own surface as ground, so a lake stands as high as the river
    where it leaves it; unless it loses more to the air, `lost_m_a` metres a year, than the river brings.
    """
    if river.discharge_m3_s == 0.0:
        return np.zeros(ground.shape)
    level = river.level[floor.river_index]
    held = np.where(channel, np.maximum(ground, level), ground)
    filled = priority_flood(held, border(ground.shape), 0.0)
    full = np.where(channel | (filled > ground), np.maximum(filled, held) - ground, 0.0)
    bodies, _ = label(full > SHALLOW_M)
    joined = np.unique(bodies[channel & (bodies > 0)])
    full = np.where(np.isin(bodies, joined[joined > 0]), full, 0.0)
    standing = np.where(full > LAKE_FROM_M, full, 0.0)
    fed_cells = river.discharge_m3_s * SECONDS_PER_YEAR / max(lost_m_a, 1e-9) / cell_m**2
    depths = np.sort(standing[standing > 0.0])[::-1]
    shrunk = float(depths[int(fed_cells)]) if fed_cells < depths.size else 0.0
    running = np.maximum(full - max(SHALLOWEST_BED_M - river.depth_m, 0.0), 0.0)
    depth = np.where(standing > 0.0, full - shrunk, running)
    return np.where(depth > SHALLOW_M, depth, 0.0)


def flows(surface: Floats, window: Window, runoff_m_s: float) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Drainage area in m2, mean flow in m3/s and receivers of every cell, flat; water from outside is included."""
    base = border(surface.shape)
    filled = priority_flood(surface, base, 1e-5)
    receivers = steepest_receivers(filled, base, window.country.diagonal)
    order = downstream_order(receivers)
    cell = window.country.cell_m**2
    area, rain = np.full(surface.size, cell), window.rain.ravel() * cell
    at = window.inflow.row * surface.shape[1] + window.inflow.col
    np.add.at(area, at, window.inflow.area_m2)
    np.add.at(rain, at, window.inflow.rain_m2)
    return (
        accumulate(receivers, order, area),
        accumulate(receivers, order, rain) * runoff_m_s,
        receivers,
    )


def lower_end(channel_m: Floats, surface: Floats, cell_m: float) -> float:
    """Height of the water where the river leaves the map."""
    at = border(surface.shape) & (channel_m < 2.0 * cell_m)
    return float(surface[at].min()) if at.any() else float(surface.min())


def topographic_wetness(ground: Floats, drainage_m2: Floats, distance: Floats, cell_m: float) -> Floats:
    """0..1 from the topographic wetness index ln(a / tan b) (Beven & Kirkby 1979), raised near the river."""
    slope = np.maximum(slope_of(ground, cell_m), 0.01)
    index = gaussian_filter(np.log(drainage_m2 / cell_m / slope), 2.0)
    low, high = math.log(20.0), math.log(4e5)
    wet = np.clip((index - low) / (high - low), 0.0, 1.0)
    moisture: Floats = np.clip(0.85 * wet + 0.45 * np.exp(-distance / 45.0), 0.0, 1.0)
    return moisture


def soil_depth(ground: Floats, floor: Floor, window: Window, land: LandConfig) -> Floats:
    """Depth of the loose cover where rock weathers as fast as creep carries it off (Heimsath et al. 1997).

    h = h0 ln(P0 / (-D lap z)) on noses, as much as there is room for in hollows, gravel and loam on the floor.
    """
    cell = window.country.cell_m
    loss = -DIFFUSIVITY_M2_A * gaussian_filter(laplace(ground, mode="nearest"), 1.5) / cell**2
    soil = SOIL_SCALE_M * np.log(SOIL_PRODUCTION_M_A / np.maximum(loss, 1e-6))
    soil = np.clip(soil, THINNEST_SOIL_M, THICKEST_SOIL_M)
    soil *= 1.0 - 0.9 * smoothstep(0.1, 0.8, slope_of(ground, cell))
    laid = np.where(floor.within, FLOOR_SOIL_M, soil)
    result: Floats = np.maximum(gaussian_filter(laid, 2.0), THINNEST_SOIL_M)
    return result


def entering(
    window: Window, grid: Grid, receivers: NDArray[np.int64], area: Floats, discharge: Floats
) -> NDArray[np.void]:
    """Streams that cross the map's edge inwards, as INFLOWS, by row and column."""
    n = len(window.axis_x)
    row, col = np.divmod(np.arange(n * n), n)
    inside = (row >= window.margin) & (row < window.margin + grid.n)
    inside &= (col >= window.margin) & (col < window.margin + grid.n)
    donors = np.flatnonzero(~inside & inside[receivers] & (area > INFLOW_AREA_M2))
    to = receivers[donors]
    places, which = np.unique(to, return_inverse=True)
    rows = np.zeros(places.size, INFLOWS)
    rows["row"], rows["col"] = row[places] - window.margin, col[places] - window.margin
    for field, flow in (("area_m2", area), ("discharge_m3_s", discharge)):
        rows[field] = np.bincount(which, weights=flow[donors], minlength=places.size)
    return rows


def seen_around(region: Region, window: Window, ground: Floats, datum: float) -> Surroundings:
    """The region's heights, with the map's own where it lies and a seamless passage over the window's margin."""
    heights = region.heights.copy()
    step = round(region.cell_m / window.country.cell_m)
    row, col = (
        int(np.flatnonzero(axis >= first - 1e-6)[0])
        for axis, first in ((region.axis_y, window.axis_y[0]), (region.axis_x, window.axis_x[0]))
    )
    own = ground[::step, ::step]
    n = own.shape[0]
    inward = np.minimum(np.arange(n), np.arange(n)[::-1])
    share = smoothstep(0.0, window.margin / step, np.minimum(inward[:, None], inward[None, :]).astype(np.float64))
    part = heights[row : row + n, col : col + n]
    part += (own - part) * share
    origin = (float(region.axis_x[0]), float(region.axis_y[0]))
    return Surroundings((heights - datum).astype(np.float32), origin, region.cell_m)
