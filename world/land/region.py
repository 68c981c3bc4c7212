"""The country round the map: a catchment about four times as wide, eroded until its rivers have found their places."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from world.grid import Grid
from world.land.config import Effort
from world.land.erosion import REPOSE, Country, Rates, evolve, longest_step, response_years
from world.land.hydrology import accumulate, downstream_order, priority_flood, rho8, steepest_receivers
from world.land.rain import orographic_rain
from world.land.rock import hardness_of, uplift_of
from world.noise import fractal
from world.streams import stream

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SPAN = 4.0  # of the map's side, at least
SPANS = (8, 16)  # cells of the map in one of the region: the finest that spans enough
OUTLET_CELLS = 3
AGE = 2.0  # response times
FEWEST_CANDIDATES, CANDIDATES = 20, 60  # places along rivers that are tried for the map's middle
ROUGHNESS_M = 30.0  # of the first ground
REPOSE_PER_HARDNESS = 0.25  # hard rock stands steeper


@dataclass(frozen=True)
class Region:
    """The land round the map on a coarse lattice, rows north; arrays are (n, n)."""

    axis_x: Floats  # m: world coordinates once the map has found its place (`centred`), till then from the middle
    axis_y: Floats
    heights: Floats
    rain: Floats  # relative to the mean
    hardness: Floats  # relative to the mean
    uplift: Floats  # relative to the mean
    country: Country
    step_years: float  # time step that suits its cells
    receivers: Ints  # flat
    area_m2: Floats  # flat
    rain_m2: Floats  # flat: the same, weighted with relative rain

    @property
    def cell_m(self) -> float:
        return float(self.axis_x[1] - self.axis_x[0])


def region_axis(grid: Grid, cells: int) -> Floats:
    """Coordinates of the region's lattice, whose cells are whole numbers of the map's."""
    for per_cell in SPANS:
        if cells * per_cell >= SPAN * (grid.n - 1):
            break
    result: Floats = (np.arange(cells + 1, dtype=np.float64) - cells / 2) * (grid.cell_m * per_cell)
    return result


def make_region(grid: Grid, seed: int, rates: Rates, wind_towards: float, effort: Effort) -> Region:
    """Erode the region of this seed; its water leaves through one gap in its southern edge."""
    axis = region_axis(grid, effort.region_cells)
    cell, n = float(axis[1] - axis[0]), len(axis)
    side = cell * (n - 1)
    hardness, uplift = hardness_of(axis, axis, side, seed), uplift_of(axis, axis, side, seed)
    rng = stream(seed, "region")
    base = np.zeros((n, n), dtype=np.bool_)
    gap = int(rng.uniform(0.35, 0.65) * n)
    base[0, gap : gap + OUTLET_CELLS] = True
    y, x = np.meshgrid(axis, axis, indexing="ij")
    heights = ROUGHNESS_M * (1.0 + fractal(axis, axis, side / 5, 5, seed, "first ground", 0.6))
    heights += 0.01 * np.hypot(x - axis[gap], y - axis[0])
    heights[base] = 0.0
    rain = np.ones((n, n))
    country = country_of(cell, rates, uplift, hardness, rain, base, rng)
    years = min(response_years(rates, side) * AGE / (effort.epochs * effort.epoch_steps), longest_step(cell))
    for _ in range(effort.epochs):
        rain = orographic_rain(heights, cell, wind_towards)
        country = replace(country, supply=rain.ravel() * cell**2)
        heights = evolve(heights, country, years, effort.epoch_steps)
    nothing = np.empty(0)
    return routed(
        Region(axis, axis, heights, rain, hardness, uplift, country, years, nothing.astype(np.int64), nothing, nothing)
    )


def country_of(
    cell_m: float,
    rates: Rates,
    uplift: Floats,
    hardness: Floats,
    rain: Floats,
    base: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Country:
    """The erosion model's view of a piece of land; uplift, hardness and rain are relative to their means."""
    return Country(
        cell_m=cell_m,
        uplift_m_a=rates.uplift_m_a * uplift,
        erodibility=(rates.erodibility / hardness).ravel(),
        supply=rain.ravel() * cell_m**2,
        diagonal=rho8(uplift.shape, rng),
        base=base,
        held=np.zeros(uplift.shape, dtype=np.bool_),
        ceiling=np.full(uplift.shape, np.inf),
        repose=(REPOSE * hardness**REPOSE_PER_HARDNESS).ravel(),
    )


def routed(region: Region) -> Region:
    """The region with its drainage found anew."""
    surface = priority_flood(region.heights, region.country.base, 1e-5)
    receivers = steepest_receivers(surface, region.country.base, region.country.diagonal)
    order = downstream_order(receivers)
    area = accumulate(receivers, order, np.full(receivers.size, region.cell_m**2))
    return replace(
        region, receivers=receivers, area_m2=area, rain_m2=accumulate(receivers, order, region.country.supply)
    )


def centred(region: Region, row: int, col: int) -> Region:
    """The region in world coordinates whose origin is at a row and a column of it."""
    return replace(region, axis_x=region.axis_x - region.axis_x[col], axis_y=region.axis_y - region.axis_y[row])


def larger_branches(region: Region) -> Ints:
    """For every cell the neighbour from which most water comes, -1 where none does; flat."""
    n = region.receivers.size
    largest = np.full(n, -1, dtype=np.int64)
    donors = np.flatnonzero(region.receivers != np.arange(n))
    # sorted by area, so that the largest donor of a cell is written last
    donors = donors[np.argsort(region.area_m2[donors], kind="stable")]
    largest[region.receivers[donors]] = donors
    return largest


def flow_path(region: Region, branches: Ints, start: int) -> Ints:
    """Cells of the river through `start` from its source, always up the larger branch, to its outlet."""
    up = [start]
    while branches[up[-1]] >= 0:
        up.append(int(branches[up[-1]]))
    down = [start]
    while region.receivers[down[-1]] != down[-1]:
        down.append(int(region.receivers[down[-1]]))
    return np.array(up[::-1] + down[1:], dtype=np.int64)


def choose_window(region: Region, grid: Grid, river_area_m2: float, margin: int, seed: int) -> tuple[int, int, int]:
    """Row and column of the map's middle in the region, and the cell where its river is abreast of it.

    The river there drains about `river_area_m2`, runs across the map from side to side, and leaves room beside it.
    """
    n = len(region.axis_x)
    per_side = round(grid.size_m / region.cell_m)
    reach = per_side // 2 + margin + 1
    rows, cols = np.divmod(np.arange(n * n), n)
    rng = stream(seed, "window")
    aside = max(0.085 * grid.size_m, 58.0) / region.cell_m
    inside = (np.minimum(rows, cols) >= reach) & (np.maximum(rows, cols) <= n - 1 - reach)
    fit = np.abs(np.log(region.area_m2 / river_area_m2))
    # rivers within a factor of two of the wanted one, or the next best there are
    tolerance = max(math.log(2.0), float(np.sort(fit[inside])[FEWEST_CANDIDATES]))
    candidates = np.flatnonzero(inside & (fit <= tolerance))
    candidates = candidates[rng.permutation(candidates.size)[:CANDIDATES]]
    branches = larger_branches(region)
    first = int(candidates[0])
    best, chosen = math.inf, (first // n, first % n, first)  # if no river crosses a map from side to side
    for cell in candidates.tolist():
        path = flow_path(region, branches, cell)
        r, c = np.divmod(path, n)
        at = int(np.flatnonzero(path == cell)[0])
        span = max(3, per_side // 4)
        ahead, behind = min(at + span, len(path) - 1), max(at - span, 0)
        dr, dc = float(r[ahead] - r[behind]), float(c[ahead] - c[behind])
        length = math.hypot(dr, dc)
        if length == 0.0:
            continue
        for side in (-1.0, 1.0):
            row = round(r[at] + side * aside * dc / length)
            col = round(c[at] - side * aside * dr / length)
            if min(row, col) < reach or max(row, col) > n - 1 - reach:
                continue
            off_row, off_col = np.abs(r - row), np.abs(c - col)
            in_map = np.maximum(off_row, off_col) <= per_side / 2
            # once in, once out
            crossings = int(np.abs(np.diff(in_map.astype(np.int64))).sum())
            if crossings != 2:
                continue
            steps = int(in_map.sum())
            winding = steps / max(per_side, 1)
            near_middle = float(np.hypot(r - row, c - col).min()) * region.cell_m
            cost = float(fit[cell]) + abs(winding - 1.1) + 4.0 * abs(near_middle - aside * region.cell_m) / grid.size_m
            if cost < best:
                best, chosen = cost, (row, col, cell)
    return chosen
