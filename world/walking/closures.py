"""Closed places: nobody may enter the ground around them, and whoever stands on it may walk out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from world.valley import Valley
from world.view import Floats, Place, Weather
from world.walking.navigation import NAV_CELL_M, Flags, Ints, NavGrid, Navigation, with_ways


class ClosedNavigation(Navigation):
    """Walking in a valley with closed ground: those outside find the ways round it, those inside the old ways out."""

    def __init__(self, valley: Valley, grid: NavGrid, grounds: tuple[Place, ...]) -> None:
        self.shut = grid.passable & ground_of(grid, grounds)
        super().__init__(valley, with_ways(valley, replace(grid, passable=grid.passable & ~self.shut)))
        self._open = Navigation(valley, grid)

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """Onto walkable ground, and onto closed ground only from closed ground; see WorldView."""
        free = self.walkable(xb, yb)
        if free.all():
            return free
        return free | (self._within(xa, ya) & self._open.walkable(xb, yb))

    def way_to(self, place: Ints, x: Floats, y: Floats) -> Floats:
        """Unit directions (n, 2); see WorldView."""
        way, within = super().way_to(place, x, y), self._within(x, y)
        if within.any():
            way[within] = self._open.way_to(place[within], x[within], y[within])
        return way

    def distance_to(self, place: Ints, x: Floats, y: Floats, weather: Weather) -> Floats:
        """Seconds on foot at the present footing; see WorldView."""
        around = super().distance_to(place, x, y, weather)
        return np.where(self._within(x, y), self._open.distance_to(place, x, y, weather), around)

    def _within(self, x: Floats, y: Floats) -> Flags:
        inside, row, col = self._cell(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        return inside & self.shut[row, col]


def ground_of(grid: NavGrid, grounds: tuple[Place, ...]) -> Flags:
    """Cells of the lattice within the radius of any of some places."""
    rows, cols = grid.passable.shape
    x, y = grid.origin[0] + np.arange(cols) * NAV_CELL_M, grid.origin[1] + np.arange(rows)[:, None] * NAV_CELL_M
    shut = np.zeros((rows, cols), dtype=np.bool_)
    for place in grounds:
        shut |= np.hypot(x - place.x, y - place.y) <= place.radius_m
    return shut


def closed_with(places: tuple[Place, ...], closed: tuple[int, ...]) -> tuple[int, ...]:
    """Ids of all places that lie on the ground of closed ones, these included."""
    grounds = [places[i] for i in closed]
    return tuple(p.id for p in places if any(np.hypot(p.x - g.x, p.y - g.y) <= g.radius_m for g in grounds))
