"""The water of a valley as it flows: second by second, asleep wherever it is dry or steady."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from world.state import Plain, put_back, taken
from world.water.paces import SLOWEST, WAKING, choose_paces, seconds_of, wave_speeds
from world.water.shallow import (
    ASLEEP,
    OUTSIDE,
    TILE,
    advance_water,
    changed,
    give_back,
    held_by_sleepers,
    let_fall,
    pour_into,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

STEADY_M_S = 2e-5  # a tile whose depths change more slowly (72 mm in an hour) may sleep ...
STIRRED_M_S = 1e-4  # ... until a neighbour's change more quickly than this
WATCH_S = 16  # change is the mean over so long, in which ripples cancel
STEADY_WATCHES = 2  # so often in succession must it have been steady
HELD_DEPTH_M = 1e-3  # a sleeper wakes when what it gained or lost comes to this depth over its water
HELD_SHARE = 0.02  # or to this share of its water
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
    """Depths and fluxes, stepped whole seconds at a time. `left_m3` and `fell_m3` are running totals."""

    _STATE = (
        "second", "_depth", "_east", "_north", "_falling", "_watched", "left_m3", "fell_m3", "_awake", "_called",
        "_held", "_restless", "_calm", "_pace", "_speeds",
    )  # fmt: skip

    def __init__(self, bed: Bed, depth: Floats, calms_s: float = CALMS_S) -> None:
        """Start at rest with these depths in m, (rows, cols). Almost still water calms within `calms_s`."""
        self.bed = bed
        self.calms_s = calms_s
        self.second = 0
        self._shape = (depth.shape[0], depth.shape[1])
        # The stepping sees flat arrays: all of them must lie row by row.
        self._heights, self._sill, self._friction = (
            np.ascontiguousarray(np.pad(values, 1, mode="edge"))
            for values in (bed.heights, bed.sill, bed.roughness * bed.roughness)
        )
        self._outlets, self._conveyance = self._open_edges()
        self._depth = np.ascontiguousarray(np.pad(depth.astype(np.float64), 1))
        self._east, self._north = np.zeros_like(self._depth), np.zeros_like(self._depth)
        self._falling, self._watched = np.zeros_like(self._depth), self._depth.copy()
        self.left_m3 = self.fell_m3 = 0.0
        self._tiles = tuple((size + TILE - 1) // TILE for size in self._shape)
        count = self._tiles[0] * self._tiles[1]
        self._awake = np.ones(count, dtype=np.bool_)
        self._called = np.zeros(count, dtype=np.bool_)  # sleepers that are to wake
        self._held = np.zeros(count)
        self._restless = np.zeros(count)
        self._calm = np.zeros(count, dtype=np.int64)  # watches in succession that found it steady
        self._pace = np.full(count, WAKING, dtype=np.int64)
        self._speeds = np.zeros(count)
        self._wanted = np.zeros(count, dtype=np.int64)
        self._live = np.full(self._depth.shape, OUTSIDE, dtype=np.uint8)
        self._mark()
        self._share = np.ones(self._depth.size)
        self._carry = np.zeros((2, self._depth.size))
        self._listed = np.zeros(depth.size, dtype=np.int64)

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

    def pour(self, row: Ints, col: Ints, volume_m3: Floats) -> None:
        """Add water to many cells, each named once; to what its tile holds, while that sleeps."""
        volume_m3 = np.ascontiguousarray(volume_m3, dtype=np.float64)
        pour_into(self._depth, self._held, self._awake, row, col, volume_m3, self._tiles[1], self.bed.cell_m**2)

    def step(self, seconds: int = 1) -> None:
        """Advance second by second."""
        for _ in range(seconds):
            self._step()

    def freeze(self) -> Plain:
        """All that changes, as plain values."""
        return taken(self, self._STATE)

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        put_back(self, self._STATE, state)
        self._mark()

    def _step(self) -> None:
        woken = self._rouse()
        tiles = np.flatnonzero(self._awake)
        cell = self.bed.cell_m
        depth, east, north = self._depth.ravel(), self._east.ravel(), self._north.ravel()
        back = tiles[self._held[tiles] != 0.0]
        if back.size:
            give_back(depth, self._held, back, self._shape, cell)
        if woken.size:
            changed(depth, self._watched.ravel(), woken, self._shape, self._restless)
            self._restless[woken] = 0.0
        self._choose_paces()
        live = self._live.ravel()
        falling = self._falling.ravel()
        self.fell_m3 += let_fall(depth, falling, tiles, self._shape, self._held, cell, 1.0)
        for pace in range(SLOWEST, 0, -1):
            seconds = seconds_of(pace)
            of_pace = np.flatnonzero(self._awake & (self._pace == pace))
            if self.second % seconds == 0 and of_pace.size:
                left, _ = advance_water(
                    self._heights.ravel(), self._sill.ravel(), self._friction.ravel(), self._outlets, self._conveyance,
                    depth, east, north, live, self._carry[0], self._carry[1], self._share, of_pace, self._listed,
                    self._shape, pace, self._held, self.calms_s, cell, float(seconds),
                )  # fmt: skip
                self.left_m3 += left
        left_asleep, fell_asleep = held_by_sleepers(
            depth, east, north, falling, live, self._shape, self._held, HELD_DEPTH_M, HELD_SHARE,
            self._called, cell, 1.0,
        )  # fmt: skip
        self.left_m3 += left_asleep
        self.fell_m3 += fell_asleep
        self.second += 1
        if self.second % WATCH_S == 0:
            changed(depth, self._watched.ravel(), tiles, self._shape, self._restless)
            self._calm = np.where(self._awake & (self._restless < STEADY_M_S * WATCH_S), self._calm + 1, 0)

    def _rouse(self) -> Ints:
        """Decide which tiles are stepped: all but those that were steady long enough beside steady neighbours.

        Returns those that were woken.
        """
        up, across = self._tiles
        stirred = (self._restless > STIRRED_M_S * WATCH_S).reshape(up, across)
        if stirred.any():
            stirred = np.pad(stirred, 1)
            stirred = stirred[:-2] | stirred[1:-1] | stirred[2:]
            stirred = stirred[:, :-2] | stirred[:, 1:-1] | stirred[:, 2:]
        awake = (self._awake & (self._calm < STEADY_WATCHES)) | self._called | stirred.ravel()
        woken = np.flatnonzero(awake & ~self._awake)
        self._restless[~awake] = 0.0
        self._calm[woken], self._pace[woken] = 0, WAKING
        if not np.array_equal(awake, self._awake):
            self._awake = awake
            self._mark()
        return woken

    def _choose_paces(self) -> None:
        wave_speeds(
            self._depth.ravel(), self._east.ravel(), self._north.ravel(), self._awake, self._pace, self.second,
            self._shape, self._speeds,
        )  # fmt: skip
        cell = self.bed.cell_m
        if choose_paces(self._speeds, self._awake, self._tiles, self.second, cell, self._wanted, self._pace):
            self._mark()

    def _mark(self) -> None:
        """Write which cells are awake, and at what pace, from the tiles."""
        states = np.where(self._awake, self._pace, ASLEEP).astype(np.uint8).reshape(self._tiles)
        cells = np.repeat(np.repeat(states, TILE, axis=0), TILE, axis=1)
        self._live[INSIDE] = cells[: self._shape[0], : self._shape[1]]

    def _open_edges(self) -> tuple[Ints, Floats]:
        """Cells with an open edge and its direction, (n, 2), and their conveyance, (n,)."""
        rows, cols = self._shape
        index = np.arange((rows + 2) * (cols + 2)).reshape(rows + 2, cols + 2)[INSIDE]
        sides = (index[:, 0], index[:, -1], index[0], index[-1])
        cells: list[Ints] = []
        values: list[Floats] = []
        for number, side in enumerate(sides):
            conveyance = self.bed.edges[number][: side.size]
            open_ = np.flatnonzero(conveyance > 0.0)
            cells.append(np.stack([side[open_], np.full(open_.size, number)], axis=1))
            values.append(conveyance[open_])
        return np.concatenate(cells), np.concatenate(values)
