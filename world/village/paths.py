"""Paths: the quickest ways between doors and the places around, each new one keen to use those that exist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, label

from world.grid import bilinear, slope_of
from world.land.terrain import Terrain
from world.village.bridges import Bridge
from world.village.footprints import Footprint
from world.walking.ways import descend, travel_time

Floats = NDArray[np.float64]

PATH_CELL_M = 2.0
TRODDEN = 0.45  # cost of going where a path already is, relative to grass
THROUGH_A_FIELD = 4.0  # one walks round what is sown
WALL_CLEARANCE_M = 1.6
STEEPEST_PATH = 0.7
FARTHEST_DOOR_M = 5.0
SMOOTHING_CELLS = 2.5


@dataclass
class PathWeb:
    """The growing web of paths round a village: cost of every cell of a square window, and the lines laid so far."""

    origin: tuple[float, float]
    cost: Floats
    heights: Floats
    passable: NDArray[np.bool_]  # one connected part: every passable cell can be reached from every other
    lines: list[Floats]

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Row and column of the nearest passable cell (a door's own may touch the wall); None if all are far."""
        v, u = (y - self.origin[1]) / PATH_CELL_M, (x - self.origin[0]) / PATH_CELL_M
        rows, cols = np.nonzero(self.passable)
        away = (rows - v) ** 2 + (cols - u) ** 2
        best = int(np.argmin(away))
        return (int(rows[best]), int(cols[best])) if away[best] < (FARTHEST_DOOR_M / PATH_CELL_M) ** 2 else None

    def add(self, line: Floats) -> None:
        """Tread a line of world points (k, 2): it is drawn, and cheap for those that follow."""
        self.lines.append(line)
        rows = np.rint((line[:, 1] - self.origin[1]) / PATH_CELL_M).astype(np.int64)
        cols = np.rint((line[:, 0] - self.origin[0]) / PATH_CELL_M).astype(np.int64)
        n = self.cost.shape[0]
        inside = (rows >= 0) & (cols >= 0) & (rows < n) & (cols < n)
        self.cost[rows[inside], cols[inside]] = TRODDEN

    def connect(self, start: tuple[float, float], goal: tuple[float, float]) -> bool:
        """Tread the cheapest way between two world points; False where water or walls allow none."""
        begin, end = self.cell(*start), self.cell(*goal)
        if begin is None or end is None:
            return False
        flat_begin = begin[0] * self.cost.shape[1] + begin[1]
        time = travel_time(self.cost, self.heights, self.passable, PATH_CELL_M, *end, flat_begin)
        cells = descend(time, *begin).astype(np.float64)
        line = np.stack(
            [self.origin[0] + cells[:, 1] * PATH_CELL_M, self.origin[1] + cells[:, 0] * PATH_CELL_M], axis=1
        )
        line = gaussian_filter1d(line, SMOOTHING_CELLS, axis=0, mode="nearest")
        self.add(np.concatenate([[start], line, [goal]]))
        return True


def open_web(
    terrain: Terrain,
    heights: Floats,
    centre: tuple[float, float],
    reach_m: float,
    buildings: list[Footprint],
    fields: list[Footprint],
    bridges: list[Bridge],
) -> PathWeb:
    """The window round the village in which paths are laid; `heights` is the ground after building."""
    grid = terrain.grid
    n = int(2 * reach_m / PATH_CELL_M) + 1
    half = (n - 1) / 2 * PATH_CELL_M
    edge = grid.size_m / 2 - half - 1.0
    origin = (min(max(centre[0], -edge), edge) - half, min(max(centre[1], -edge), edge) - half)
    x, y = np.meshgrid(origin[0] + np.arange(n) * PATH_CELL_M, origin[1] + np.arange(n) * PATH_CELL_M)
    ground = bilinear(heights, grid.origin, grid.cell_m, x, y)
    wet = bilinear(terrain.water_depth, grid.origin, grid.cell_m, x, y) > 0.0
    passable = ~wet & (slope_of(ground, PATH_CELL_M) < STEEPEST_PATH)
    cost = np.ones((n, n))
    for field in fields:
        cost[field.distance(x, y) < 1.0] = THROUGH_A_FIELD
    for building in buildings:
        passable &= building.distance(x, y) > WALL_CLEARANCE_M
    for bridge in bridges:
        u, v = bridge.deck.local(x, y)
        across = np.abs(v) < bridge.deck.depth / 2
        on = across & (np.abs(u) < bridge.deck.width / 2)
        passable = np.where(across & ~on & (np.abs(u) < bridge.deck.width / 2 + PATH_CELL_M), False, passable) | on
        ground = np.where(on, bridge.z, ground)
    parts, _ = label(passable)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return PathWeb(origin, cost, ground, parts == int(np.argmax(sizes)), [])


def distance_to_lines(x: Floats, y: Floats, lines: list[Floats], within_m: float) -> Floats:
    """Distance of lattice points to the nearest line, exact up to `within_m`, inf beyond."""
    nearest = np.full(x.shape, np.inf)
    x0, y0, cell = x[0, 0], y[0, 0], x[0, 1] - x[0, 0]
    for line in lines:
        for (ax, ay), (bx, by) in zip(line[:-1].tolist(), line[1:].tolist(), strict=True):
            c0, c1 = sorted((ax, bx))
            r0, r1 = sorted((ay, by))
            rows = slice(max(0, int((r0 - within_m - y0) / cell)), max(0, int((r1 + within_m - y0) / cell) + 2))
            cols = slice(max(0, int((c0 - within_m - x0) / cell)), max(0, int((c1 + within_m - x0) / cell) + 2))
            px, py = x[rows, cols] - ax, y[rows, cols] - ay
            dx, dy = bx - ax, by - ay
            t = np.clip((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
            gap = np.hypot(px - t * dx, py - t * dy)
            nearest[rows, cols] = np.minimum(nearest[rows, cols], gap)
    return np.where(nearest <= within_m, nearest, np.inf)
