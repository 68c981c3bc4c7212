"""Walking: where one can stand, the quickest way to every place, and how fast the footing lets one go."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from assets.palette import BuildingKind, GroundCover, Species
from world.compiled import compiled
from world.grid import bilinear, slope_of
from world.valley import Valley
from world.view import Floats, Weather
from world.village.footprints import Footprint
from world.walking.ways import FLAT_WALK_M_S, descent, tobler_factor, travel_time

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NAV_CELL_M = 1.0
NAV_MARGIN_M = 35.0  # walkable ground kept around the outermost place
WALL_MARGIN_M = 0.75  # more than half a cell's diagonal: no point of a free cell is inside a wall
STEEPEST_WALK = math.tan(math.radians(35.0))
TRUNK_HEIGHT_M = 6.0  # trees taller than this have a trunk one walks round
ARRIVED_M = 0.7
STRAIGHT_M = 3.5  # so near to a place, and in sight of it, one simply goes to it
LOOK_AHEAD_M = 0.45
PUSHED_IN_M = 2.0  # who is shoved this far into blocked ground is led back out of it
DIRECTION_SCALE = 127.0  # directions are kept as int8 pairs
TIME_SCALE = 0.1  # seconds per count of the stored times
NO_WAY = np.iinfo(np.uint16).max

COVER_PACE = {  # time per metre relative to a good path; Soule & Goldman 1972, terrain factors, rounded
    GroundCover.GRASS: 1.25,
    GroundCover.MEADOW: 1.3,
    GroundCover.FOREST_FLOOR: 1.5,
    GroundCover.ROCK: 1.8,
    GroundCover.SAND: 1.6,
    GroundCover.MUD: 1.8,
    GroundCover.PATH: 1.0,
    GroundCover.FIELD: 1.9,
    GroundCover.SQUARE: 1.0,
}
MUD_LOSS = {  # share of speed lost on saturated ground
    GroundCover.GRASS: 0.15,
    GroundCover.MEADOW: 0.2,
    GroundCover.FOREST_FLOOR: 0.15,
    GroundCover.ROCK: 0.1,
    GroundCover.SAND: 0.05,
    GroundCover.MUD: 0.4,
    GroundCover.PATH: 0.1,
    GroundCover.FIELD: 0.4,
    GroundCover.SQUARE: 0.03,
}


@dataclass(frozen=True)
class NavGrid:
    """The walking lattice over the settled part of the valley; values belong to cell centres."""

    origin: tuple[float, float]  # world x, y of the centre of cell (0, 0)
    passable: Flags  # (rows, cols)
    pace: Floats  # (rows, cols) seconds per metre on the level, dry
    heights: Floats
    east: NDArray[np.int8]  # (places, rows, cols) direction of the quickest way
    north: NDArray[np.int8]
    time: NDArray[np.uint16]  # (places, rows, cols) in TIME_SCALE seconds, NO_WAY where there is none


def survey(valley: Valley) -> NavGrid:
    """The walking lattice and the way to every place of a valley."""
    return with_ways(valley, _lattice(valley))


def _lattice(valley: Valley) -> NavGrid:
    """Where one can walk and how fast, before any way is known."""
    xs = np.array([p.x for p in valley.places])
    ys = np.array([p.y for p in valley.places])
    x0, y0, x1, y1 = valley.extent
    west, east = max(xs.min() - NAV_MARGIN_M, x0 + 2), min(xs.max() + NAV_MARGIN_M, x1 - 2)
    south, north = max(ys.min() - NAV_MARGIN_M, y0 + 2), min(ys.max() + NAV_MARGIN_M, y1 - 2)
    cols, rows = int((east - west) / NAV_CELL_M) + 1, int((north - south) / NAV_CELL_M) + 1
    origin = (float(math.floor(west)), float(math.floor(south)))
    x, y = np.meshgrid(origin[0] + np.arange(cols) * NAV_CELL_M, origin[1] + np.arange(rows) * NAV_CELL_M)
    heights = valley.height_at(x, y)
    passable = open_ground(valley, x, y)
    pace = np.take(cover_table(COVER_PACE), cover_at(valley, x, y)) / FLAT_WALK_M_S
    nowhere = np.zeros((0, rows, cols), np.int8)
    return NavGrid(origin, passable, pace, heights, nowhere, nowhere, np.zeros((0, rows, cols), np.uint16))


def with_ways(valley: Valley, grid: NavGrid) -> NavGrid:
    """The lattice with the quickest ways over its passable cells to every place; its old ways are dropped."""
    origin, passable = grid.origin, grid.passable
    rows, cols = passable.shape
    count = len(valley.places)
    easts, norths = np.zeros((count, rows, cols), np.int8), np.zeros((count, rows, cols), np.int8)
    times = np.empty((count, rows, cols), np.uint16)
    for place in valley.places:
        row, col = nearest_open(passable, (place.y - origin[1]) / NAV_CELL_M, (place.x - origin[0]) / NAV_CELL_M)
        time = travel_time(grid.pace, grid.heights, passable, NAV_CELL_M, row, col)
        towards_east, towards_north = descent(time)
        easts[place.id] = np.rint(towards_east * DIRECTION_SCALE)
        norths[place.id] = np.rint(towards_north * DIRECTION_SCALE)
        times[place.id] = np.minimum(np.nan_to_num(time, posinf=1e9) / TIME_SCALE, NO_WAY)
    return replace(grid, east=easts, north=norths, time=times)


def cover_table(values: dict[GroundCover, float]) -> Floats:
    """The values as an array indexed by GroundCover."""
    return np.array([values[c] for c in GroundCover])


def cover_at(valley: Valley, x: Floats, y: Floats) -> Ints:
    """GroundCover of the nearest sample."""
    rows, cols = valley.cover.shape
    col = np.clip(np.rint((x - valley.origin[0]) / valley.cell_m), 0, cols - 1).astype(np.int64)
    row = np.clip(np.rint((y - valley.origin[1]) / valley.cell_m), 0, rows - 1).astype(np.int64)
    return valley.cover[row, col].astype(np.int64)


def footprints(valley: Valley) -> list[Footprint]:
    """Footprints of the valley's buildings, in their order; bridges, which come last, are no obstacle."""
    return [
        Footprint(float(b["x"]), float(b["y"]), float(b["yaw"]), float(b["width_m"]), float(b["depth_m"]))
        for b in valley.buildings[valley.buildings["kind"] != BuildingKind.BRIDGE]
    ]


def open_ground(valley: Valley, x: Floats, y: Floats) -> Flags:
    """True at cell centres where no water, wall, trunk, rock or cliff is."""
    open_here = bilinear(valley.water_depth, valley.origin, valley.cell_m, x, y) <= 0.0
    steep = slope_of(np.asarray(valley.heights, dtype=np.float64), valley.cell_m)
    open_here &= bilinear(steep, valley.origin, valley.cell_m, x, y) < STEEPEST_WALK
    for f in footprints(valley):
        near = np.hypot(x - f.x, y - f.y) < math.hypot(f.width, f.depth) / 2 + 2 * WALL_MARGIN_M
        open_here[near] &= f.distance(x[near], y[near]) > WALL_MARGIN_M
    plants = valley.plants
    solid = (plants["species"] == Species.ROCK) | (
        (plants["species"] != Species.BUSH) & (plants["height_m"] > TRUNK_HEIGHT_M)
    )
    rows, cols = x.shape
    col = np.rint((plants["x"][solid].astype(np.float64) - x[0, 0]) / NAV_CELL_M).astype(np.int64)
    row = np.rint((plants["y"][solid].astype(np.float64) - y[0, 0]) / NAV_CELL_M).astype(np.int64)
    inside = (row >= 0) & (col >= 0) & (row < rows) & (col < cols)
    open_here[row[inside], col[inside]] = False
    return open_here


def nearest_open(passable: Flags, row: float, col: float) -> tuple[int, int]:
    """Row and column of the passable cell nearest to a fractional position."""
    rows, cols = np.nonzero(passable)
    best = int(np.argmin((rows - row) ** 2 + (cols - col) ** 2))
    return int(rows[best]), int(cols[best])


class Navigation:
    """Answers about walking in one valley; all arrays in, arrays out."""

    def __init__(self, valley: Valley, grid: NavGrid) -> None:
        self._valley = valley
        self._grid = grid
        self._goals = np.array([[p.x, p.y] for p in valley.places])
        self._mud = cover_table(MUD_LOSS)
        gap, (row, col) = distance_transform_edt(~grid.passable, return_indices=True)
        self._pushed_in = (gap > 0) & (gap <= PUSHED_IN_M / NAV_CELL_M)
        self._open_row, self._open_col = row.astype(np.int64), col.astype(np.int64)
        self._steep = slope_of(np.asarray(valley.heights, dtype=np.float64), valley.cell_m)

    def walkable(self, x: Floats, y: Floats) -> Flags:
        """True where one can stand. Beyond the settled part only water, cliffs and the map's edge count."""
        inside, row, col = self._cell(x, y)
        far = self._far_walkable(x, y) if not inside.all() else np.zeros(inside.shape, dtype=np.bool_)
        return np.where(inside, self._grid.passable[row, col], far)

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True where a step may end; see WorldView."""
        return self.walkable(xb, yb)

    def way_to(self, place: Ints, x: Floats, y: Floats) -> Floats:
        """Unit directions (n, 2); see WorldView."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        g = self._grid
        inside, row, col = self._cell(x, y)
        rows, cols = g.passable.shape
        u = np.clip((x - g.origin[0]) / NAV_CELL_M, 0.0, cols - 1.001)
        v = np.clip((y - g.origin[1]) / NAV_CELL_M, 0.0, rows - 1.001)
        c0, r0 = u.astype(np.int64), v.astype(np.int64)
        fu, fv = u - c0, v - r0
        base = (place * rows + r0) * cols + c0
        flat_east, flat_north = g.east.ravel(), g.north.ravel()
        dx, dy = np.zeros(x.shape), np.zeros(x.shape)
        weights = ((1 - fu) * (1 - fv), fu * (1 - fv), (1 - fu) * fv, fu * fv)
        for offset, weight in zip((0, 1, cols, cols + 1), weights, strict=True):
            dx += weight * flat_east[base + offset]
            dy += weight * flat_north[base + offset]
        own_x, own_y = g.east[place, row, col].astype(np.float64), g.north[place, row, col].astype(np.float64)
        # Where the ways of neighbouring cells part (behind a house, say), the blend points nowhere: keep one's own.
        torn = dx * own_x + dy * own_y < 0.5 * DIRECTION_SCALE**2
        dx, dy = np.where(torn, own_x, dx), np.where(torn, own_y, dy)
        dx, dy = self._round_corners(x, y, dx, dy, own_x, own_y)
        to_x, to_y = self._goals[place, 0] - x, self._goals[place, 1] - y
        left = np.hypot(to_x, to_y)
        close = (left < STRAIGHT_M) & inside
        if close.any():
            close[close] = self.clear_walk(
                x[close], y[close], self._goals[place[close], 0], self._goals[place[close], 1]
            )
        dx, dy = np.where(close, to_x, dx), np.where(close, to_y, dy)
        pushed = inside & self._pushed_in[row, col]
        dx = np.where(pushed, g.origin[0] + self._open_col[row, col] * NAV_CELL_M - x, dx)
        dy = np.where(pushed, g.origin[1] + self._open_row[row, col] * NAV_CELL_M - y, dy)
        length = np.hypot(dx, dy)
        stay = ~inside | (left < ARRIVED_M) | (length == 0.0)
        scale = np.where(stay, 0.0, 1.0 / np.where(length == 0.0, 1.0, length))
        return np.stack([dx * scale, dy * scale], axis=1)

    def distance_to(self, place: Ints, x: Floats, y: Floats, weather: Weather) -> Floats:
        """Seconds on foot at the present footing; see WorldView. Wet and snowy ground slow the whole way alike."""
        inside, row, col = self._cell(x, y)
        pushed = self._pushed_in[row, col]
        row, col = (
            np.where(pushed, self._open_row[row, col], row),
            np.where(pushed, self._open_col[row, col], col),
        )
        count = self._grid.time[place, row, col]
        slowed = 1.0 / (
            snow_factor(weather.snow_depth_m) * (1.0 - self._mud[GroundCover.PATH] * weather.ground_wetness)
        )
        return np.where(inside & (count != NO_WAY), count * TIME_SCALE * slowed, np.inf)

    def speed_factor(self, x: Floats, y: Floats, dx: Floats, dy: Floats, weather: Weather) -> Floats:
        """Footing for a step in direction (dx, dy), 1 on a dry level path; see WorldView."""
        length = np.hypot(dx, dy)
        scale = 0.5 / np.where(length == 0.0, 1.0, length)
        ahead = self._valley.height_at(x + dx * scale, y + dy * scale)
        behind = self._valley.height_at(x - dx * scale, y - dy * scale)
        slope = np.where(length == 0.0, 0.0, ahead - behind)
        mud = 1.0 - self._mud[cover_at(self._valley, x, y)] * weather.ground_wetness
        return tobler_factor(slope) * mud * snow_factor(weather.snow_depth_m)

    def clear_walk(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True where the straight line stays on cells one can stand on."""
        g = self._grid
        scale = 1.0 / NAV_CELL_M
        return clear_lines(
            g.passable,
            (np.asarray(xa, dtype=np.float64) - g.origin[0]) * scale + 0.5,
            (np.asarray(ya, dtype=np.float64) - g.origin[1]) * scale + 0.5,
            (np.asarray(xb, dtype=np.float64) - g.origin[0]) * scale + 0.5,
            (np.asarray(yb, dtype=np.float64) - g.origin[1]) * scale + 0.5,
        )

    def _cell(self, x: Floats, y: Floats) -> tuple[Flags, Ints, Ints]:
        rows, cols = self._grid.passable.shape
        col = np.rint((x - self._grid.origin[0]) / NAV_CELL_M).astype(np.int64)
        row = np.rint((y - self._grid.origin[1]) / NAV_CELL_M).astype(np.int64)
        inside = (row >= 0) & (col >= 0) & (row < rows) & (col < cols)
        return inside, np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1)

    def _far_walkable(self, x: Floats, y: Floats) -> Flags:
        valley = self._valley
        x0, y0, x1, y1 = valley.extent
        inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        dry = bilinear(valley.water_depth, valley.origin, valley.cell_m, x, y) <= 0.0
        level = bilinear(self._steep, valley.origin, valley.cell_m, x, y) < STEEPEST_WALK
        return inside & dry & level

    def _round_corners(
        self, x: Floats, y: Floats, dx: Floats, dy: Floats, own_x: Floats, own_y: Floats
    ) -> tuple[Floats, Floats]:
        # A step that would end in a wall slides along it instead: first the cell's own direction, then one axis of it.
        for try_x, try_y in ((dx, dy), (own_x, own_y), (own_x, 0.0 * own_y), (0.0 * own_x, own_y)):
            length = np.maximum(np.hypot(dx, dy), 1e-9)
            blocked = ~self.walkable(x + dx / length * LOOK_AHEAD_M, y + dy / length * LOOK_AHEAD_M)
            if not blocked.any():
                break
            dx, dy = np.where(blocked, try_x, dx), np.where(blocked, try_y, dy)
        return dx, dy


def snow_factor(depth_m: float) -> float:
    """Speed in snow relative to none, at equal effort: the terrain coefficient 1.30 + 0.082 per cm of sinking depth.

    Pandolf, Haisman & Goldman 1976, to the power -1/2 because effort grows with the square of speed; people sink to
    half the depth. Passes smoothly to 1 as the snow thins out below 2 cm.
    """
    sinking_cm = min(100.0 * depth_m * 0.5, 35.0)
    coefficient = 1.0 + 0.30 * min(1.0, depth_m / 0.02) + 0.082 * sinking_cm
    return float(coefficient**-0.5)


@compiled
def clear_lines(passable: Flags, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
    """True where every cell that a segment crosses is passable; coordinates in cells, cell (0, 0) is [0, 1) x [0, 1).

    Grid traversal of Amanatides & Woo 1987.
    """
    rows, cols = passable.shape
    clear = np.zeros(xa.size, dtype=np.bool_)
    for k in range(xa.size):
        c, r = int(np.floor(xa[k])), int(np.floor(ya[k]))
        end_c, end_r = int(np.floor(xb[k])), int(np.floor(yb[k]))
        dx, dy = xb[k] - xa[k], yb[k] - ya[k]
        step_c, step_r = (1 if dx > 0 else -1), (1 if dy > 0 else -1)
        next_c = np.inf if dx == 0.0 else ((c + (1 if dx > 0 else 0)) - xa[k]) / dx
        next_r = np.inf if dy == 0.0 else ((r + (1 if dy > 0 else 0)) - ya[k]) / dy
        wide_c = np.inf if dx == 0.0 else abs(1.0 / dx)
        wide_r = np.inf if dy == 0.0 else abs(1.0 / dy)
        steps = abs(end_c - c) + abs(end_r - r)
        good = 0 <= r < rows and 0 <= c < cols and passable[r, c]
        for _ in range(steps):
            if not good:
                break
            if next_c < next_r:
                c += step_c
                next_c += wide_c
            else:
                r += step_r
                next_r += wide_r
            good = 0 <= r < rows and 0 <= c < cols and passable[r, c]
        clear[k] = good
    return clear
