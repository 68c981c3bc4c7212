"""The ways to every goal over one state of the ground: fields of travel time, found when they are first asked for."""

from __future__ import annotations

import copy

import numpy as np

from world.view import Floats
from world.walking.footing import ways_ground
from world.walking.ground import Codes, Ground, Lattice
from world.walking.ways import Flags, Floats32, march

Part = tuple[slice | int, slice | int]

KEPT_BYTES = 400_000_000  # of fields; those not asked for longest are dropped and, when asked for again, found again


NEAR, FAR, JOINED = range(3)  # kinds of fields; the first and the last are of the fine lattice


class Fields:
    """Room for fields of travel time of two shapes, and where the field of each kind and goal lies in it.

    Machine code reads `near`, `far` and `slots`, and writes into `used` when it asked for a field.
    """

    def __init__(self, goals: int, near: tuple[int, int], far: tuple[int, int]) -> None:
        self.slots = np.full((3, goals), -1, np.int32)  # -1: not found yet
        self.used = np.zeros((3, goals), np.int64)
        self.asked = np.zeros(1, np.int64)  # grows with every question, and is what `used` holds
        self.near, self.far = (_read_only(np.empty((0, *shape), np.float32)) for shape in (near, far))
        self._filled = [0, 0]
        self.led = self.near, self.far, self.slots, self.used, self.asked  # as machine code takes them

    def __deepcopy__(self, _memo: object) -> Fields:
        """Into a copy, too, only `put` writes fields: numpy's deep copy could be written to by anybody."""
        copied = copy.copy(self)
        copied.near, copied.far = _read_only(self.near.copy()), _read_only(self.far.copy())
        copied.slots, copied.used, copied.asked = self.slots.copy(), self.used.copy(), self.asked.copy()
        copied._filled = self._filled.copy()
        copied.led = copied.near, copied.far, copied.slots, copied.used, copied.asked
        return copied

    def of(self, kind: int, goal: int) -> Floats32:
        """A field that was put in."""
        self.used[kind, goal] = self.asked[0]
        room = self.far if kind == FAR else self.near
        field: Floats32 = room[self.slots[kind, goal]]
        return field

    def put(self, kind: int, goal: int, field: Floats32) -> None:
        """Keep a field, in the room of the one not asked for longest where there is no more."""
        room = self.far if kind == FAR else self.near
        sharing = [FAR] if kind == FAR else [NEAR, JOINED]
        slot = self._filled[kind == FAR]
        if slot == len(room):
            present = [
                (int(self.used[k, g]), k, g) for k in sharing for g in np.flatnonzero(self.slots[k] >= 0).tolist()
            ]
            oldest = min(present, default=(self.asked[0], -1, -1))
            if 2 * room.nbytes > KEPT_BYTES // 2 and oldest[0] < self.asked[0]:
                slot = int(self.slots[oldest[1:]])
                self.slots[oldest[1:]] = -1
            else:
                grown = np.empty((max(8, 2 * len(room)), *room.shape[1:]), np.float32)
                grown[: len(room)] = room
                room = grown
        self._filled[kind == FAR] = max(slot + 1, self._filled[kind == FAR])
        room = room.view()
        room.flags.writeable = True
        room[slot] = field
        if kind == FAR:
            self.far = _read_only(room)
        else:
            self.near = _read_only(room)
        self.led = self.near, self.far, self.slots, self.used, self.asked
        self.slots[kind, goal], self.used[kind, goal] = slot, self.asked[0]


class Ways:
    """Seconds on foot to every goal. All follows from the ground, its codes and the goals, whatever was asked before.

    The fine lattice holds the ways that stay on it, the coarse one the ways from elsewhere to its edge, or to a goal
    elsewhere. From parts of the fine lattice that are cut off (by a flood, say) ways lead over the coarse one.
    """

    def __init__(self, ground: Ground, goals: Floats, codes: Codes) -> None:
        self.codes = codes
        self._ground, self._goals = ground, goals
        (self.near_open, self._near_pace), (far_open, self._far_pace) = ways_ground(ground, codes)
        low_row, high_row, low_col, high_col = ground.box
        self.far_open = far_open
        self._round_box = far_open.copy()
        self._round_box[low_row:high_row, low_col:high_col] = False
        self._fields = Fields(len(goals), self.near_open.shape, far_open.shape)

    @property
    def fields(self) -> Fields:
        """All that were found so far."""
        return self._fields

    def near(self, goal: int) -> Floats32:
        """Times on the fine lattice, inf where no way stays on it."""
        return self.found(NEAR, goal)

    def far(self, goal: int) -> Floats32:
        """Times on the coarse lattice; under the fine one the least of its times, which shows where to enter it."""
        return self.found(FAR, goal)

    def joined(self, goal: int) -> Floats32:
        """`near`, filled where ways lead over the coarse lattice."""
        return self.found(JOINED, goal)

    def found(self, kind: int, goal: int) -> Floats32:
        """A field of times, found now if it was not before."""
        if self._fields.slots[kind, goal] < 0:
            find = {NEAR: self._find_near, FAR: self._find_far, JOINED: self._find_joined}[kind]
            self._fields.put(kind, goal, find(goal))
        return self._fields.of(kind, goal)

    def _find_near(self, goal: int) -> Floats32:
        near = self._ground.near
        time = np.full(near.solid.shape, np.inf)
        if bool(self._ground.is_near(*self._goals[[goal]].T)[0]):
            time[nearest_open(self.near_open, near, *self._goals[goal])] = 0.0
        else:
            _seed_edge(time, self._outside(goal), self._ground, self._near_pace, self.near_open)
        march(time, near.slope, self._near_pace, self.near_open, -1)
        return time.astype(np.float32)

    def _find_far(self, goal: int) -> Floats32:
        time = self._outside(goal)
        _seed_ring(time, self.near(goal), self._ground, self._far_pace)
        time[~self._round_box] = np.inf
        march(time, self._ground.far.slope, self._far_pace, self._round_box, -1)
        low_row, high_row, low_col, high_col = self._ground.box
        split = self._ground.split
        blocks = self.near(goal).reshape(high_row - low_row, split, high_col - low_col, split)
        time[low_row:high_row, low_col:high_col] = blocks.min(axis=(1, 3))
        return time.astype(np.float32)

    def _find_joined(self, goal: int) -> Floats32:
        time = self.near(goal).astype(np.float64)
        cut_off = self.near_open & np.isinf(time)
        _seed_edge(time, self.far(goal), self._ground, self._near_pace, cut_off)
        march(time, self._ground.near.slope, self._near_pace, self.near_open, -1)
        return time.astype(np.float32)

    def _outside(self, goal: int) -> Floats:
        # Ways to a goal beyond the fine lattice that stay off it; nothing yet for one on it.
        time = np.full(self._round_box.shape, np.inf)
        if not bool(self._ground.is_near(*self._goals[[goal]].T)[0]):
            time[nearest_open(self._round_box, self._ground.far, *self._goals[goal])] = 0.0
            march(time, self._ground.far.slope, self._far_pace, self._round_box, -1)
        return time


def nearest_open(passable: Flags, lattice: Lattice, x: float, y: float) -> tuple[int, int]:
    """Row and column of the passable cell nearest to a point; that of the point itself where nothing is passable."""
    row, col = (y - lattice.origin[1]) / lattice.cell_m, (x - lattice.origin[0]) / lattice.cell_m
    rows, cols = np.nonzero(passable)
    if len(rows) == 0:
        return int(row), int(col)
    best = int(np.argmin((rows - row) ** 2 + (cols - col) ** 2))
    return int(rows[best]), int(cols[best])


def _edges(ground: Ground) -> list[tuple[Part, Part]]:
    """For each edge of the fine lattice: its cells, and the coarse cells across it."""
    low_row, high_row, low_col, high_col = ground.box
    rows, cols, whole = slice(low_row, high_row), slice(low_col, high_col), slice(None)
    return [
        ((0, whole), (low_row - 1, cols)),
        ((-1, whole), (high_row, cols)),
        ((whole, 0), (rows, low_col - 1)),
        ((whole, -1), (rows, high_col)),
    ]


def _seed_edge(time: Floats, outside: Floats | Floats32, ground: Ground, pace: Floats32, where: Flags) -> None:
    """Give open cells at the edge of the fine lattice the times of those who leave it to the coarse cell's centre."""
    step = (ground.near.cell_m + ground.far.cell_m) / 2
    for fine, coarse in _edges(ground):
        beyond = outside[coarse].astype(np.float64)
        leaving = np.repeat(beyond, ground.split) + step * pace[fine]
        time[fine] = np.where(where[fine], np.minimum(time[fine], leaving), time[fine])


def _seed_ring(time: Floats, inside: Floats32, ground: Ground, pace: Floats32) -> None:
    """Give the coarse cells round the fine lattice the times of those who enter it."""
    step = (ground.near.cell_m + ground.far.cell_m) / 2
    for fine, coarse in _edges(ground):
        entering = inside[fine].reshape(-1, ground.split).min(axis=1) + step * pace[coarse]
        time[coarse] = np.minimum(time[coarse], entering)


def _read_only(array: Floats32) -> Floats32:
    kept = array.view()
    kept.flags.writeable = False
    return kept
