"""The water of a valley as it flows: second by second, asleep wherever it is dry or steady."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from world.state import Plain, put_back, taken
from world.water.paces import SLOWEST, WAKING
from world.water.passes import FELL, LEFT, Carry, Flow, Lattice, Outlets, Tiles, mark, step_water
from world.water.shallow import OUTSIDE, TILE, carry_momentum
from world.water.sleep import Asleep, pour_into

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
AtHand = tuple[
    Lattice, Flow, Carry, Tiles, Asleep, Outlets, tuple[int, int], tuple[int, int], Floats, int, float, float
]  # fmt: skip

CALMS_S = 120.0  # friction of shore and weeds that stills a lake; judgement
INSIDE = (slice(1, -1), slice(1, -1))


@dataclass(frozen=True)
class Bed:
    """What the water flows over; maps (rows, cols) float64."""

    cell_m: float
    heights: Floats  # m
    sill: Floats  # m, what water must exceed to leave the cell: the bed and its micro-hollows
    roughness: Floats  # Manning's n, s m^-1/3
    edges: Floats  # (4, n) conveyance sqrt(slope) / n off the west, east, south and north edge; 0 is a wall


class LiveWater:
    """Depths and fluxes, stepped whole seconds at a time."""

    _STATE = (
        "second", "_depth", "_east", "_north", "_falling", "_watched", "left_m3", "fell_m3", "_awake", "_called",
        "_held", "_restless", "_calm", "_pace", "_speeds", "_measured",
    )  # fmt: skip

    def __init__(self, bed: Bed, depth: Floats, calms_s: float = CALMS_S) -> None:
        """Start at rest with these depths in m, (rows, cols). Almost still water calms within `calms_s`."""
        self.bed = bed
        self.calms_s = calms_s
        self.second = 0
        self._shape = (depth.shape[0], depth.shape[1])
        # The stepping sees flat arrays: all of them must lie row by row.
        self._heights, sill, friction = (
            np.ascontiguousarray(np.pad(values, 1, mode="edge"))
            for values in (bed.heights, bed.sill, bed.roughness * bed.roughness)
        )
        self._hollow = (sill - self._heights).ravel()
        # The ring's own first faces are never passed.
        self._sills = np.stack([np.maximum(sill, np.roll(sill, 1, axis)).ravel() for axis in (1, 0)])
        self._roughs = np.stack([0.5 * (friction + np.roll(friction, 1, axis)).ravel() for axis in (1, 0)])
        self._depth = np.ascontiguousarray(np.pad(depth.astype(np.float64), 1))
        self._east, self._north = np.zeros_like(self._depth), np.zeros_like(self._depth)
        self._falling, self._watched = np.zeros_like(self._depth), self._depth.copy()
        self._books = np.zeros(2)
        self._tiles = ((depth.shape[0] + TILE - 1) // TILE, (depth.shape[1] + TILE - 1) // TILE)
        self._outlets, self._conveyance = self._open_edges()
        count = self._tiles[0] * self._tiles[1]
        self._awake = np.ones(count, dtype=np.bool_)
        self._called = np.zeros(count, dtype=np.bool_)  # sleepers that are to wake
        self._held = np.zeros(count)
        self._restless = np.zeros(count)
        self._calm = np.zeros(count, dtype=np.int64)  # watches in succession that found it steady
        self._pace = np.full(count, WAKING, dtype=np.int64)
        self._speeds, self._measured = np.zeros(count), np.zeros(count)
        self._wanted = np.zeros(count, dtype=np.int64)
        self._ringed = np.full((self._tiles[0] + 2, self._tiles[1] + 2), OUTSIDE, dtype=np.uint8)
        self._mark()
        # what `passes` knows of sleepers from one second to the next, see `sleep.look_at`
        self._asleep = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count, np.bool_), np.zeros(count)
        self._share = np.ones(self._depth.size)
        self._carry_east, self._carry_north = np.zeros(self._depth.size), np.zeros(self._depth.size)
        self._measure()

    @property
    def left_m3(self) -> float:
        """What left the map, a running total."""
        return float(self._books[LEFT])

    @left_m3.setter
    def left_m3(self, volume_m3: float) -> None:
        self._books[LEFT] = volume_m3

    @property
    def fell_m3(self) -> float:
        """What fell onto it, less what soaked away."""
        return float(self._books[FELL])

    @fell_m3.setter
    def fell_m3(self, volume_m3: float) -> None:
        self._books[FELL] = volume_m3

    @property
    def depth(self) -> Floats:
        """Metres of water, (rows, cols); may be written."""
        return self._depth[INSIDE]

    @property
    def falling(self) -> Floats:
        """Rain that stands on the ground, or water that soaks into it (negative), m/s, (rows, cols); may be written."""
        return self._falling[INSIDE]

    @property
    def east(self) -> Floats:
        """Flux in m2/s through the west face of each cell and the map's east edge, (rows, cols + 1)."""
        return self._east[1:-1, 1:]

    @property
    def north(self) -> Floats:
        """Flux in m2/s through the south face of each cell and the map's north edge, (rows + 1, cols)."""
        return self._north[1:, 1:-1]

    @property
    def volume_m3(self) -> float:
        """All water on the lattice, that which sleeping tiles hold included."""
        return float(self._depth.sum()) * self.bed.cell_m**2 + float(self._held.sum())

    @property
    def awake_share(self) -> float:
        """Part of the map that is being stepped."""
        return float(self._awake.mean())

    def rows(self, first: int, last: int) -> Floats:
        """The depths of some rows in one piece, with what lies beside the map: (last - first, cols + 2), m."""
        rows: Floats = self._depth[first + 1 : last + 1]
        return rows

    def pour(self, row: Ints, col: Ints, volume_m3: Floats) -> None:
        """Add water to many cells, each named once; to what its tile holds, while that sleeps."""
        volume_m3 = np.ascontiguousarray(volume_m3, dtype=np.float64)
        pour_into(self._depth, self._held, self._awake, row, col, volume_m3, self._tiles[1], self.bed.cell_m**2)

    def step(self, seconds: int = 1) -> None:
        """Advance second by second."""
        for _ in range(seconds):
            step_water(*self.at_hand(), (0, self._shape[0]))
            self.second += 1

    def freeze(self) -> Plain:
        """All that changes, as plain values."""
        return taken(self, self._STATE)

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        put_back(self, self._STATE, state)
        self._mark()

    def at_hand(self) -> AtHand:
        """What `step_water` works on, and its numbers."""
        depth, east, north, falling, watched = (
            values.ravel() for values in (self._depth, self._east, self._north, self._falling, self._watched)
        )
        return (
            (self._heights.ravel(), self._sills, self._roughs, self._hollow),
            (depth, east, north, falling, watched, self._share),
            (self._carry_east, self._carry_north),
            (self._held, self._restless, self._speeds, self._measured, self._awake, self._called, self._calm,
             self._pace, self._wanted, self._ringed.ravel()),
            self._asleep,
            (self._outlets, self._conveyance),
            self._shape,
            self._tiles,
            self._books,
            self.second,
            self.calms_s,
            self.bed.cell_m,
        )  # fmt: skip

    def _measure(self) -> None:
        """Find the waves of all tiles."""
        carry_momentum(
            self._depth.ravel(), self._east.ravel(), self._north.ravel(), self._carry_east, self._carry_north,
            np.arange(self._pace.size), self._ringed.ravel(), self._shape, SLOWEST, self._measured,
        )  # fmt: skip
        self._speeds[:] = self._measured

    def _mark(self) -> None:
        mark(self._awake, self._pace, self._tiles, self._ringed.ravel())

    def _open_edges(self) -> tuple[Ints, Floats]:
        """Cells with an open edge, its direction and their tile's state, (n, 3), and their conveyance, (n,)."""
        rows, cols = self._shape
        across = self._tiles[1] + 2
        index = np.arange((rows + 2) * (cols + 2)).reshape(rows + 2, cols + 2)[INSIDE]
        sides = (index[:, 0], index[:, -1], index[0], index[-1])
        cells: list[Ints] = []
        values: list[Floats] = []
        for number, side in enumerate(sides):
            conveyance = self.bed.edges[number][: side.size]
            open_ = np.flatnonzero(conveyance > 0.0)
            r, c = side[open_] // (cols + 2) - 1, side[open_] % (cols + 2) - 1
            state = (r // TILE + 1) * across + c // TILE + 1
            cells.append(np.stack([side[open_], np.full(open_.size, number), state], axis=1))
            values.append(conveyance[open_])
        return np.concatenate(cells), np.concatenate(values)
