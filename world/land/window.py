"""The map's own land: a window of the region, refined by halving its cells and eroding on, with what flows in."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, zoom

from world.grid import Grid
from world.land.config import Effort
from world.land.erosion import Country, Rates, evolve, longest_step
from world.land.floor import Floor, floor_on
from world.land.region import Region, country_of
from world.land.river import River
from world.noise import fractal
from world.streams import stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MARGIN_CELLS = 4  # of the region, eroded beyond the map's edge and cut off: its borders are those of the coarse land
WARP_CELLS, WARP_WAVELENGTH_CELLS = 1.5, 7.0  # side valleys are bent off the coarse lattice they were found on
ROUGHNESS = 0.02  # of the cell, so that flow on smooth slopes finds courses of its own


@dataclass(frozen=True)
class Inflow:
    """Streams that cross a window's border inwards, at cells one in from it."""

    row: Ints
    col: Ints
    area_m2: Floats
    rain_m2: Floats  # area weighted with relative rain


@dataclass(frozen=True)
class Window:
    """The map's land and a margin round it, at the map's own resolution."""

    axis_x: Floats
    axis_y: Floats
    heights: Floats
    rain: Floats
    hardness: Floats
    floor: Floor
    country: Country
    inflow: Inflow
    margin: int  # cells to cut off on every side


def refine(
    region: Region,
    river: River,
    centre: tuple[int, int],
    grid: Grid,
    seed: int,
    rates: Rates,
    effort: Effort,
) -> Window:
    """Erode the window round `centre` (row and column of the region) down to the map's lattice."""
    halvings = round(np.log2(region.cell_m / grid.cell_m))
    half = math.ceil((grid.n - 1) / 2 / 2**halvings) + MARGIN_CELLS
    rows, cols = (slice(k - half, k + half + 1) for k in centre)
    axis_x, axis_y = region.axis_x[cols], region.axis_y[rows]
    fields = [f[rows, cols] for f in (region.heights, region.rain, region.hardness, region.uplift)]
    heights, rain, hardness, uplift = fields
    heights = warped(heights, axis_x, axis_y, seed)
    for level in range(1, halvings + 1):
        size = 2 * len(axis_x) - 1
        axis_x, axis_y = (np.linspace(axis[0], axis[-1], size) for axis in (axis_x, axis_y))
        heights, rain, hardness, uplift = (
            zoom(field, size / field.shape[0], order=order, grid_mode=False, mode="nearest")
            for field, order in ((heights, 3), (rain, 1), (hardness, 1), (uplift, 1))
        )
        cell = float(axis_x[1] - axis_x[0])
        heights += ROUGHNESS * cell * fractal(axis_x, axis_y, 3.0 * cell, 2, seed, "grain")
        inflow = inflow_of(region, rows, cols, heights, 2**level)
        floor = floor_on(axis_x, axis_y, river, hardness, seed)
        base = floor.channel_m < 0.75 * cell
        heights = np.where(floor.within, floor.heights, heights)
        heights[base] = river.level[floor.river_index][base]
        base |= border(heights.shape)
        country = country_of(cell, rates, uplift, hardness, rain, base, stream(seed, "window", level))
        supply = country.supply.copy()
        np.add.at(supply, inflow.row * size + inflow.col, inflow.rain_m2)
        country = replace(country, supply=supply, held=floor.within & ~base, ceiling=floor.ceiling)
        steps = effort.finest_steps if level == halvings else effort.refining_steps[level - 1]
        heights = evolve(heights, country, min(region.step_years, longest_step(cell)), steps)
    return Window(
        axis_x, axis_y, heights, rain, hardness, floor, country, inflow, half * 2**halvings - (grid.n - 1) // 2
    )


def warped(heights: Floats, axis_x: Floats, axis_y: Floats, seed: int) -> Floats:
    """Heights read a little aside, here this way and there that: straight runs of the lattice become bends.

    Nothing moves at the border, where the coarse land goes on.
    """
    n, cell = heights.shape[0], float(axis_x[1] - axis_x[0])
    rows, cols = np.mgrid[0:n, 0:n].astype(np.float64)
    inward = np.minimum(np.minimum(rows, n - 1 - rows), np.minimum(cols, n - 1 - cols))
    strength = WARP_CELLS * np.clip(inward / MARGIN_CELLS, 0.0, 1.0)
    reach = WARP_WAVELENGTH_CELLS * cell
    rows += strength * fractal(axis_x, axis_y, reach, 2, seed, "warp north")
    cols += strength * fractal(axis_x, axis_y, reach, 2, seed, "warp east")
    result: Floats = map_coordinates(heights, [rows, cols], order=3, mode="nearest")
    return result


def border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """True on the outermost rows and columns."""
    edge = np.ones(shape, dtype=np.bool_)
    edge[1:-1, 1:-1] = False
    return edge


def inflow_of(region: Region, rows: slice, cols: slice, heights: Floats, factor: int) -> Inflow:
    """Every stream of the region that enters the window, at the lowest cell of the fine lattice near its crossing."""
    n = len(region.axis_x)
    row, col = np.divmod(np.arange(n * n), n)
    in_rows, in_cols = (row > rows.start) & (row < rows.stop - 1), (col > cols.start) & (col < cols.stop - 1)
    inside = in_rows & in_cols
    donors = np.flatnonzero(~inside & inside[region.receivers])
    to = region.receivers[donors]
    size = heights.shape[0]
    free = np.where(border(heights.shape), np.inf, heights)
    found_rows, found_cols = [], []
    for cell in to.tolist():
        r, c = (cell // n - rows.start) * factor, (cell % n - cols.start) * factor
        r0, r1 = max(1, r - factor), min(size - 1, r + factor + 1)
        c0, c1 = max(1, c - factor), min(size - 1, c + factor + 1)
        lowest = int(np.argmin(free[r0:r1, c0:c1]))
        found_rows.append(r0 + lowest // (c1 - c0))
        found_cols.append(c0 + lowest % (c1 - c0))
    weighted = region.rain_m2[donors]
    return Inflow(
        np.array(found_rows, dtype=np.int64), np.array(found_cols, dtype=np.int64), region.area_m2[donors], weighted
    )
