"""Walking: where one can stand, the quickest way to every goal, and how fast the footing lets one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from world.copying import CopiedAlike
from world.state import Plain, column, part, typed
from world.view import Floats, Surface, Walkers
from world.walking import underfoot
from world.walking.fields import Ways
from world.walking.footing import Drift, codes_of, drift, open_on, open_under
from world.walking.ground import Ground, Ints
from world.walking.leads import FIELDS_PER_TICK, REFUGE, Led, times, ways_at
from world.walking.steps import take_step
from world.walking.underfoot import fixed, floor_of, footing_of
from world.walking.ways import FLAT_WALK_M_S, Flags, Floats32, march

PUSHED_IN_M = 2.5  # who is shoved this far into a wall is led back out of it
PATIENCE = 60  # publications over which ways still serve when the ground has drifted a little: half an hour
WADING_S_PER_M = 3.0 / FLAT_WALK_M_S  # through deep water, for those whom it caught
Answer = TypeVar("Answer", bound=np.generic)

NO_REFUGE = fixed(np.zeros((0, 0), np.float32))


class Navigation(CopiedAlike):
    """Answers about walking over one publication of the surface; all arrays in, arrays out.

    What one can stand on and the footing are those of the surface. Ways are found on the codes of some surface and
    serve until the ground has changed so much that they are worth finding anew; then each goal's turn comes at its
    tick, and until then it keeps the ways of before.
    """

    def __init__(self, ground: Ground, surface: Surface, goals: Floats | None = None) -> None:
        """Ways lead to the valley's places, or to other `goals` (k, 2) anywhere on the map."""
        places = np.array([[p.x, p.y] for p in ground.valley.places])
        self._stand(ground, surface, places if goals is None else goals)
        self._ways = Ways(ground, self._goals, codes_of(surface))
        self._before, self._since, self._drifted = self._ways, surface.tick, 0
        dry = open_under(ground, ground.valley.water_depth)[0]
        gap, (row, col) = distance_transform_edt(~dry, return_indices=True)
        self._pushed_in = fixed(~ground.near.solid & (gap <= PUSHED_IN_M / ground.near.cell_m))
        self._free_row, self._free_col = fixed(row.astype(np.int32)), fixed(col.astype(np.int32))

    def _stand(self, ground: Ground, surface: Surface, goals: Floats) -> None:
        self.ground, self.surface, self._goals = ground, surface, fixed(goals)
        self._near_open, self._far_open = open_on(ground, surface)
        self._floor = floor_of(ground, self._near_open, self._far_open)
        self._footing = footing_of(ground, surface)
        self._refuge: tuple[Floats32, Floats32] | None = None
        self._leading: Led | None = None

    def on(self, surface: Surface) -> Navigation:
        """The same over a surface published later."""
        later: Navigation = object.__new__(type(self))
        later.__dict__.update(self.__dict__)
        later._stand(self.ground, surface, self._goals)
        codes = codes_of(surface)
        gone = drift(self._ways.codes, codes, self.ground.far.cover)
        later._drifted += gone is Drift.LITTLE
        if gone is Drift.MUCH or later._drifted == PATIENCE:
            later._before, later._since, later._drifted = self._ways, surface.tick, 0
            later._ways = Ways(self.ground, self._goals, codes)
        return later

    @property
    def opened(self) -> Navigation:
        """Walking as it would be with nothing closed."""
        return self

    def freeze(self) -> Plain:
        """What does not follow from ground and surface: the codes that ways stand on, and those of before."""
        codes = {"codes": self._ways.codes.copy(), "before": self._before.codes.copy()}
        return codes | {"since": self._since, "drifted": self._drifted}

    def thaw(self, state: Plain) -> None:
        """Lead as when `freeze` was taken. Raises ValueError if the state does not fit."""
        codes, before = (column(part(state, name), name, np.dtype(np.uint8)) for name in ("codes", "before"))
        if not codes.shape == before.shape == self._ways.codes.shape:
            raise ValueError(f"the state's 'codes' have the shape {codes.shape}, not that of the valley")
        self._ways = Ways(self.ground, self._goals, codes)
        self._before = self._ways if np.array_equal(codes, before) else Ways(self.ground, self._goals, before)
        self._since, self._drifted = (typed(part(state, name), int, name) for name in ("since", "drifted"))

    def walkable(self, x: Floats, y: Floats) -> Flags:
        """True where one can stand: neither wall, trunk, cliff nor deep water, and on the map."""
        near, far, frame = self._floor[0], self._floor[1], self._floor[-1]
        return _each(lambda *at: underfoot.flags_at(near, far, frame, *at), x, y)

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True where a step may end: who stands in water that rose may go on through it; see WorldView."""
        return _each(lambda *ends: underfoot.steps_allowed(self._floor, *ends), xa, ya, xb, yb)

    def way_to(self, place: Ints, x: Floats, y: Floats, tick: int) -> Floats:
        """Unit directions (n, 2); see WorldView."""
        goals = np.ascontiguousarray(place, np.int64)
        x, y = (np.ascontiguousarray(v, np.float64) for v in (x, y))
        while True:
            way, missing = ways_at(self._floor, self._led(), goals, x, y, tick)
            if len(missing) == 0:
                return way
            self._find(missing, tick)

    def walk(self, walkers: Walkers, dt: float, phase: int, tick: int) -> Ints:
        """Let everybody take the step of a tick, in place; see WorldView and `steps`."""
        strange = self._strange_ways(walkers, tick)
        while True:
            reached, missing = take_step(
                walkers.columns, walkers.radius_m, self._floor, self._footing, self._led(), strange, dt, phase, tick
            )
            if len(missing) == 0:
                return reached
            self._find(missing, tick)

    def distance_to(self, place: Ints, x: Floats, y: Floats, tick: int) -> Floats:
        """Seconds on foot over the present ground; see WorldView."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        seconds = np.full(x.shape, np.inf)
        inside, row, col = self.ground.near.cell(x, y)
        on_map, far_row, far_col = self.ground.far.cell(x, y)
        pushed = self._pushed_in[row, col]
        row, col = np.where(pushed, self._free_row[row, col], row), np.where(pushed, self._free_col[row, col], col)
        for goal, rows in _by_goal(place):
            ways = self._ways_at(goal, tick)
            near, far = rows[inside[rows]], rows[~inside[rows] & on_map[rows]]
            if len(near):
                time = self._near_time(ways, goal, row[near], col[near])
                seconds[near] = times(time, self._floor[0], row[near], col[near], self.ground.near.cell_m)
            if len(far):
                time = ways.far(goal)
                seconds[far] = times(time, self._floor[1], far_row[far], far_col[far], self.ground.far.cell_m)
        return seconds

    def speed_factor(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
        """Footing for a step in direction (dx, dy), 1 on a dry level path; see WorldView."""
        return _each(lambda *steps: underfoot.paces_at(self._footing, *steps), x, y, dx, dy)

    def footing_height(self, x: Floats, y: Floats) -> Floats:
        """Height of what one stands on: a deck, else the ground."""
        return _each(lambda *at: underfoot.heights_at(self._footing, *at), x, y)

    def clear_walk(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True where the straight line stays on cells one can stand on."""
        return _each(lambda *ends: underfoot.clear_lines(self._floor, *ends), xa, ya, xb, yb)

    def _ways_at(self, goal: int, tick: int) -> Ways:
        return self._ways if tick > self._since + goal // FIELDS_PER_TICK else self._before

    def _led(self) -> Led:
        """What leads: fields of now and of before, since when, the goals, and the ways out of walls and water."""
        now, before = self._ways.fields.led, self._before.fields.led
        if self._leading is not None and self._leading[0] is now and self._leading[1] is before:
            return self._leading
        out = self._pushed_in, self._free_row, self._free_col, *(self._refuge or (NO_REFUGE, NO_REFUGE))
        self._leading = now, before, self._since, self._goals, *out
        return self._leading

    def _find(self, missing: NDArray[np.int64], tick: int) -> None:
        """Find the fields that machine code missed: (k, 2) their kinds and goals."""
        for kind, goal in np.unique(missing, axis=0).tolist():
            if kind == REFUGE:
                self._refuge = self._refuge or self._ways_out()
                self._leading = None
            else:
                self._ways_at(goal, tick).found(kind, goal)

    def _strange_ways(self, walkers: Walkers, tick: int) -> Floats:
        """Directions (n, 2) of those who do not go by these ways, NaN for all others; (0, 2) where all do."""
        return np.zeros((0, 2))

    def _near_time(self, ways: Ways, goal: int, row: Ints, col: Ints) -> Floats32:
        """Times on the fine lattice, those of ways over the coarse one with them if any of some cells needs them."""
        time = ways.near(goal)
        lost = np.isinf(time[row, col]) & self._near_open[row, col]
        if lost.any() and np.isinf(times(time, self._floor[0], row[lost], col[lost], 1.0)).any():
            return ways.joined(goal)
        return time

    def _ways_out(self) -> tuple[Floats32, Floats32]:
        """Times through deep water to the nearest ground one can stand on, on both lattices."""
        found = []
        for lattice, free in ((self.ground.near, self._near_open), (self.ground.far, self._far_open)):
            time = np.where(free, 0.0, np.inf)
            march(time, lattice.slope, np.full(free.shape, WADING_S_PER_M, np.float32), lattice.solid, -1)
            found.append(fixed(time.astype(np.float32)))
        return found[0], found[1]


def _by_goal(place: Ints) -> Iterator[tuple[int, Ints]]:
    """Every goal asked for, in order, with the rows that ask for it."""
    order = np.argsort(place, kind="stable")
    goals, first = np.unique(place[order], return_index=True)
    yield from zip(goals.tolist(), np.split(order, first[1:]), strict=True)


def _each(answer: Callable[..., NDArray[Answer]], *asked: Floats) -> NDArray[Answer]:
    """Answers to questions about points, in the shape of the points."""
    shape = np.shape(asked[0])
    return answer(*(np.ascontiguousarray(v, np.float64).ravel() for v in asked)).reshape(shape)
