"""Walking: where one can stand, the quickest way to every goal, and how fast the footing lets one go."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import distance_transform_edt

from world.compiled import compiled
from world.grid import bilinear
from world.state import Plain, column, part, typed
from world.view import Floats, Surface
from world.walking.fields import Ways
from world.walking.footing import (
    ICE_CARRIES_M,
    ICE_FACTOR,
    MUD_TABLE,
    Drift,
    codes_of,
    drift,
    open_on,
    open_under,
    snow_factor,
    wading_factor,
)
from world.walking.ground import Ground, Ints, Lattice, clear_line, clear_lines, cover_at, deck_height
from world.walking.ways import FLAT_WALK_M_S, Flags, Floats32, downhill, march, tobler_factor

ARRIVED_M = 0.7
STRAIGHT_CELLS = 3.5  # so near to a goal, and in sight of it, one simply goes to it
LOOK_AHEAD_CELLS = 0.45
PUSHED_IN_M = 2.5  # who is shoved this far into a wall is led back out of it
LOST_CELLS = 3  # so far one who stands where ways do not begin looks for one
PATIENCE = 10  # publications over which ways still serve when the ground has drifted a little: five minutes
FIELDS_PER_TICK = 1  # so many goals get ways over changed ground each tick; the others keep the old ones until then
WADING_S_PER_M = 3.0 / FLAT_WALK_M_S  # through deep water, for those whom it caught


class Navigation:
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
        self._pushed_in = ~ground.near.solid & (gap <= PUSHED_IN_M / ground.near.cell_m)
        self._free_row, self._free_col = row.astype(np.int32), col.astype(np.int32)

    def _stand(self, ground: Ground, surface: Surface, goals: Floats) -> None:
        self.ground, self.surface, self._goals = ground, surface, goals
        self._near_open, self._far_open = open_on(ground, surface)
        self._refuge: tuple[Floats32, Floats32] | None = None

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
        return self._read(self._near_open, self._far_open, x, y)

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True where a step may end: who stands in water that rose may go on through it; see WorldView."""
        free = self.walkable(xb, yb)
        if free.all():
            return free
        caught = self._dry_ground(xa, ya) & ~self.walkable(xa, ya)
        return free | (caught & self._dry_ground(xb, yb))

    def way_to(self, place: Ints, x: Floats, y: Floats, tick: int) -> Floats:
        """Unit directions (n, 2); see WorldView."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        way = np.zeros((len(x), 2))
        inside, row, col = self.ground.near.cell(x, y)
        last_row, last_col = (n - 1 for n in self._near_open.shape)
        on_edge = (row == 0) | (row == last_row) | (col == 0) | (col == last_col)
        for goal, rows in _by_goal(place):
            ways, at = self._ways_at(goal, tick), self._goals[goal]
            near, far = rows[inside[rows]], rows[~inside[rows]]
            if len(near):
                time = self._near_time(ways, goal, row[near], col[near])
                _lead(time, self._near_open, *_frame(self.ground.near), at[0], at[1], x, y, near, way)
                leaves = near[on_edge[near] & ~way[near].any(axis=1)]
                far = np.concatenate([far, leaves[np.isfinite(time[row[leaves], col[leaves]])]])
            if len(far):
                _lead(ways.far(goal), self._far_open, *_frame(self.ground.far), at[0], at[1], x, y, far, way)
        self._lead_out(x, y, inside, row, col, way)
        return way

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
                seconds[near] = _times(time, self._near_open, row[near], col[near], self.ground.near.cell_m)
            if len(far):
                time = ways.far(goal)
                seconds[far] = _times(time, self._far_open, far_row[far], far_col[far], self.ground.far.cell_m)
        return seconds

    def speed_factor(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
        """Footing for a step in direction (dx, dy), 1 on a dry level path; see WorldView."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        valley, surface = self.ground.valley, self.surface
        length = np.hypot(dx, dy)
        scale = 0.5 / np.where(length == 0.0, 1.0, length)
        ahead, on_deck = deck_height(valley, x + dx * scale, y + dy * scale)
        behind, _ = deck_height(valley, x - dx * scale, y - dy * scale)
        slope = np.where(length == 0.0, 0.0, ahead - behind)
        _, row, col = self.ground.far.cell(x, y)
        snow = snow_factor(surface.snow_m[row, col].astype(np.float64))
        mud = 1.0 - MUD_TABLE[cover_at(valley, x, y)] * surface.wetness[row, col]
        water = bilinear(surface.water_m, valley.origin, valley.cell_m, x, y)
        carried = (surface.ice_m[row, col] >= ICE_CARRIES_M) & (water > 0.0)
        ground = np.where(carried, ICE_FACTOR, mud * snow * wading_factor(water))
        return tobler_factor(slope) * np.where(on_deck, snow, ground)

    def footing_height(self, x: Floats, y: Floats) -> Floats:
        """Height of what one stands on: a deck, else the ground."""
        height, decked = deck_height(self.ground.valley, x, y)
        return np.where(decked, height, self.ground.valley.height_at(x, y))

    def clear_walk(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True where the straight line stays on cells one can stand on."""
        near, far = self.ground.near, self.ground.far
        ends = [np.asarray(v, dtype=np.float64) for v in (xa, ya, xb, yb)]
        clear = clear_lines(self._near_open, *_in_cells(near, *ends))
        beyond = ~(near.cell(*ends[:2])[0] & near.cell(*ends[2:])[0])
        if beyond.any():
            low_row, high_row, low_col, high_col = self.ground.box
            around = self._far_open.copy()
            around[low_row:high_row, low_col:high_col] = True
            lines = [end[beyond] for end in ends]
            part, crosses = _clipped(*_in_cells(near, *lines), *self._near_open.shape)
            free = clear_lines(around, *_in_cells(far, *lines))
            clear[beyond] = free & (~crosses | clear_lines(self._near_open, *part))
        return clear

    def _ways_at(self, goal: int, tick: int) -> Ways:
        return self._ways if tick > self._since + goal // FIELDS_PER_TICK else self._before

    def _near_time(self, ways: Ways, goal: int, row: Ints, col: Ints) -> Floats32:
        """Times on the fine lattice, those of ways over the coarse one with them if any of some cells needs them."""
        time = ways.near(goal)
        lost = np.isinf(time[row, col]) & self._near_open[row, col]
        if lost.any() and np.isinf(_times(time, self._near_open, row[lost], col[lost], 1.0)).any():
            return ways.joined(goal)
        return time

    def _read(self, near: Flags, far: Flags, x: Floats, y: Floats) -> Flags:
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        frames = *_frame(self.ground.near), *_frame(self.ground.far)
        return _flags_at(near, far, frames, x.ravel(), y.ravel()).reshape(x.shape)

    def _dry_ground(self, x: Floats, y: Floats) -> Flags:
        return self._read(self.ground.near.solid, self.ground.far.solid, x, y)

    def _lead_out(self, x: Floats, y: Floats, inside: Flags, row: Ints, col: Ints, way: Floats) -> None:
        """Lead those who were pushed into walls, and those whom water caught, to where one can stand."""
        near = self.ground.near
        pushed = inside & self._pushed_in[row, col]
        if pushed.any():
            r, c = row[pushed], col[pushed]
            out_x = near.origin[0] + self._free_col[r, c] * near.cell_m - x[pushed]
            out_y = near.origin[1] + self._free_row[r, c] * near.cell_m - y[pushed]
            length = np.maximum(np.hypot(out_x, out_y), 1e-9)
            way[pushed] = np.stack([out_x / length, out_y / length], axis=1)
        caught = ~pushed & self._dry_ground(x, y) & ~self.walkable(x, y)
        if caught.any():
            if self._refuge is None:
                self._refuge = self._ways_out()
            for time, solid, lattice, rows in (
                (self._refuge[0], near.solid, near, np.flatnonzero(caught & inside)),
                (self._refuge[1], self.ground.far.solid, self.ground.far, np.flatnonzero(caught & ~inside)),
            ):
                _lead(time, solid, *_frame(lattice), np.inf, np.inf, x, y, rows, way)

    def _ways_out(self) -> tuple[Floats32, Floats32]:
        """Times through deep water to the nearest ground one can stand on, on both lattices."""
        found = []
        for lattice, free in ((self.ground.near, self._near_open), (self.ground.far, self._far_open)):
            time = np.where(free, 0.0, np.inf)
            march(time, lattice.slope, np.full(free.shape, WADING_S_PER_M, np.float32), lattice.solid, -1)
            found.append(time.astype(np.float32))
        return found[0], found[1]


def _frame(lattice: Lattice) -> tuple[float, float, float]:
    return lattice.origin[0], lattice.origin[1], lattice.cell_m


def _by_goal(place: Ints) -> Iterator[tuple[int, Ints]]:
    """Every goal asked for, in order, with the rows that ask for it."""
    order = np.argsort(place, kind="stable")
    goals, first = np.unique(place[order], return_index=True)
    yield from zip(goals.tolist(), np.split(order, first[1:]), strict=True)


def _in_cells(
    lattice: Lattice, xa: Floats, ya: Floats, xb: Floats, yb: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    (x0, y0), cell = lattice.origin, lattice.cell_m
    return (xa - x0) / cell + 0.5, (ya - y0) / cell + 0.5, (xb - x0) / cell + 0.5, (yb - y0) / cell + 0.5


def _clipped(
    xa: Floats, ya: Floats, xb: Floats, yb: Floats, rows: int, cols: int
) -> tuple[tuple[Floats, Floats, Floats, Floats], Flags]:
    """The parts of lines, in cells, that lie on a lattice, and which lines have one (Liang & Barsky 1984)."""
    enter, leave = np.zeros(xa.shape), np.ones(xa.shape)
    for start, end, most in ((xa, xb, cols), (ya, yb, rows)):
        way = np.where(end == start, 1e-12, end - start)
        low, high = -start / way, (most - start) / way
        enter, leave = np.maximum(enter, np.minimum(low, high)), np.minimum(leave, np.maximum(low, high))
    inside = [
        np.clip(start + t * (end - start), 0.0, most - 1e-9)
        for t in (enter, leave)
        for start, end, most in ((xa, xb, cols), (ya, yb, rows))
    ]
    return (inside[0], inside[1], inside[2], inside[3]), enter < leave


@compiled
def _flags_at(
    near: Flags, far: Flags, frames: tuple[float, float, float, float, float, float], x: Floats, y: Floats
) -> Flags:
    """The fine lattice's flag where there is one, else the coarse one's, false off the map; frames as of `_frame`."""
    near_x, near_y, near_m, far_x, far_y, far_m = frames
    flags = np.zeros(x.size, dtype=np.bool_)
    for i in range(x.size):
        col, row = np.floor((x[i] - near_x) / near_m + 0.5), np.floor((y[i] - near_y) / near_m + 0.5)
        if 0 <= row < near.shape[0] and 0 <= col < near.shape[1]:
            flags[i] = near[int(row), int(col)]
            continue
        col, row = np.floor((x[i] - far_x) / far_m + 0.5), np.floor((y[i] - far_y) / far_m + 0.5)
        if 0 <= row < far.shape[0] and 0 <= col < far.shape[1]:
            flags[i] = far[int(row), int(col)]
    return flags


@compiled
def _nearby(time: Floats32, passable: Flags, row: int, col: int) -> tuple[int, int]:
    # From open ground that was blocked when the ways were found: the cell to go to, the same one if there is none.
    rows, cols = time.shape
    best, best_r, best_c = np.inf, row, col
    if not passable[row, col]:
        return best_r, best_c
    for r in range(max(row - LOST_CELLS, 0), min(row + LOST_CELLS + 1, rows)):
        for c in range(max(col - LOST_CELLS, 0), min(col + LOST_CELLS + 1, cols)):
            if time[r, c] == np.inf or not clear_line(passable, col + 0.5, row + 0.5, c + 0.5, r + 0.5):
                continue
            away = float((r - row) * (r - row) + (c - col) * (c - col))
            if away < best:
                best, best_r, best_c = away, r, c
    return best_r, best_c


@compiled
def _times(time: Floats32, passable: Flags, row: Ints, col: Ints, cell_m: float) -> Floats:
    """Times of some cells; of one that was blocked when ways were found, that of a cell nearby and the walk there."""
    seconds = np.empty(row.size)
    for k in range(row.size):
        r, c = row[k], col[k]
        seconds[k] = time[r, c]
        if time[r, c] == np.inf:
            to_r, to_c = _nearby(time, passable, r, c)
            away = np.sqrt(float((r - to_r) * (r - to_r) + (c - to_c) * (c - to_c)))
            seconds[k] = np.float64(time[to_r, to_c]) + away * cell_m / FLAT_WALK_M_S
    return seconds


@compiled
def _lead(
    time: Floats32,
    passable: Flags,
    x0: float,
    y0: float,
    cell_m: float,
    goal_x: float,
    goal_y: float,
    x: Floats,
    y: Floats,
    rows: Ints,
    way: Floats,
) -> None:
    """Write the unit directions of the quickest way for some rows of points on a lattice into `way` (n, 2).

    The directions of the four cells around a point are blended. Where they part (behind a house, say) the blend would
    point nowhere: the cell's own is kept. A step that would end in a blocked cell slides along it instead: first
    the cell's own direction, then one axis of it.
    """
    height, width = time.shape
    goal_u, goal_v = (goal_x - x0) / cell_m, (goal_y - y0) / cell_m
    for k in range(rows.size):
        i = rows[k]
        u, v = (x[i] - x0) / cell_m, (y[i] - y0) / cell_m
        left = np.sqrt((goal_u - u) * (goal_u - u) + (goal_v - v) * (goal_v - v))
        way[i, 0], way[i, 1] = 0.0, 0.0
        if left * cell_m < ARRIVED_M:
            continue
        if left < STRAIGHT_CELLS and clear_line(passable, u + 0.5, v + 0.5, goal_u + 0.5, goal_v + 0.5):
            way[i, 0], way[i, 1] = (goal_u - u) / left, (goal_v - v) / left
            continue
        own_r, own_c = int(np.floor(v + 0.5)), int(np.floor(u + 0.5))
        if own_r < 0 or own_c < 0 or own_r >= height or own_c >= width:
            continue
        if time[own_r, own_c] == np.inf:
            r, c = _nearby(time, passable, own_r, own_c)
            length = np.sqrt((c - u) * (c - u) + (r - v) * (r - v))
            if (r != own_r or c != own_c) and length > 0.0:
                way[i, 0], way[i, 1] = (c - u) / length, (r - v) / length
            continue
        own_x, own_y = downhill(time, own_r, own_c)
        bu, bv = min(max(u, 0.0), width - 1.001), min(max(v, 0.0), height - 1.001)
        c0, r0 = int(bu), int(bv)
        fu, fv = bu - c0, bv - r0
        dx, dy = 0.0, 0.0
        for corner in range(4):
            side_x, side_y = corner % 2, corner // 2
            weight = (fu if side_x == 1 else 1.0 - fu) * (fv if side_y == 1 else 1.0 - fv)
            there_x, there_y = downhill(time, r0 + side_y, c0 + side_x)
            dx += weight * there_x
            dy += weight * there_y
        if dx * own_x + dy * own_y < 0.5:
            dx, dy = own_x, own_y
        for trial in range(4):
            length = np.sqrt(dx * dx + dy * dy)
            if length == 0.0:
                break
            ahead_c = int(np.floor(u + dx / length * LOOK_AHEAD_CELLS + 0.5))
            ahead_r = int(np.floor(v + dy / length * LOOK_AHEAD_CELLS + 0.5))
            off = ahead_r < 0 or ahead_c < 0 or ahead_r >= height or ahead_c >= width
            if off or passable[ahead_r, ahead_c]:
                way[i, 0], way[i, 1] = dx / length, dy / length
                break
            if trial == 0:
                dx, dy = own_x, own_y
            elif trial == 1:
                dx, dy = own_x, 0.0
            else:
                dx, dy = 0.0, own_y
        # Where all ends in a wall, one stands: the next cells will do.
        if way[i, 0] == 0.0 and way[i, 1] == 0.0:
            way[i, 0], way[i, 1] = own_x, own_y
