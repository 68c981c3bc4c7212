"""Closed places: nobody may enter the ground around them, and whoever stands on it may walk out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from world.state import Plain
from world.view import Floats, Place, Surface, Walkers
from world.walking.ground import Ints, Lattice
from world.walking.navigation import Navigation
from world.walking.underfoot import floor_of
from world.walking.ways import Flags


class ClosedNavigation(Navigation):
    """Walking in a valley with closed ground: those outside find the ways round it, those inside the old ways out."""

    def __init__(self, navigation: Navigation, grounds: tuple[Place, ...]) -> None:
        """Close `grounds` to those who walk as `navigation` says, which is left as it is."""
        near = navigation.ground.near
        self.shut = near.solid & ground_of(near, grounds)
        solid = replace(near, solid=near.solid & ~self.shut)
        super().__init__(replace(navigation.ground, near=solid), navigation.surface)
        super().thaw(navigation.freeze())
        self._open = navigation
        self._shut()

    def on(self, surface: Surface) -> ClosedNavigation:
        """The same over a surface published later."""
        later = super().on(surface)
        assert isinstance(later, ClosedNavigation)
        later._open = self._open.on(surface)
        later._shut()
        return later

    @property
    def opened(self) -> Navigation:
        """Walking as it would be with nothing closed."""
        return self._open

    def thaw(self, state: Plain) -> None:
        """Lead as when `freeze` was taken. Raises ValueError if the state does not fit."""
        super().thaw(state)
        self._open.thaw(state)

    def _shut(self) -> None:
        open_then = self._open._near_open, self._open.ground.near.solid
        self._floor = floor_of(self.ground, self._near_open, self._far_open, (self.shut, *open_then))

    def way_to(self, place: Ints, x: Floats, y: Floats, tick: int) -> Floats:
        """Unit directions (n, 2); see WorldView."""
        way, within = super().way_to(place, x, y, tick), self._within(x, y)
        if within.any():
            way[within] = self._open.way_to(place[within], x[within], y[within], tick)
        return way

    def distance_to(self, place: Ints, x: Floats, y: Floats, tick: int) -> Floats:
        """Seconds on foot over the present ground; see WorldView."""
        around, within = super().distance_to(place, x, y, tick), self._within(x, y)
        if within.any():
            around[within] = self._open.distance_to(place[within], x[within], y[within], tick)
        return around

    def _strange_ways(self, walkers: Walkers, tick: int) -> Floats:
        strange = np.full((len(walkers.x), 2), np.nan)
        led = np.flatnonzero(walkers.moving & ~walkers.indoors & (walkers.place >= 0))
        led = led[self._within(walkers.x[led], walkers.y[led])]
        if len(led):
            place = walkers.place[led].astype(np.int64)
            strange[led] = self._open.way_to(place, walkers.x[led], walkers.y[led], tick)
        return strange

    def _within(self, x: Floats, y: Floats) -> Flags:
        inside, row, col = self.ground.near.cell(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        return inside & self.shut[row, col]


def ground_of(lattice: Lattice, grounds: tuple[Place, ...]) -> Flags:
    """Cells of a lattice within the radius of any of some places."""
    rows, cols = lattice.solid.shape
    x = lattice.origin[0] + np.arange(cols) * lattice.cell_m
    y = lattice.origin[1] + np.arange(rows)[:, None] * lattice.cell_m
    shut = np.zeros((rows, cols), dtype=np.bool_)
    for place in grounds:
        shut |= np.hypot(x - place.x, y - place.y) <= place.radius_m
    return shut


def closed_with(places: tuple[Place, ...], closed: tuple[int, ...]) -> tuple[int, ...]:
    """Ids of all places that lie on the ground of closed ones, these included."""
    grounds = [places[i] for i in closed]
    return tuple(p.id for p in places if any(np.hypot(p.x - g.x, p.y - g.y) <= g.radius_m for g in grounds))
