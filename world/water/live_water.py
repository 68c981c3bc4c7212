"""The water of a valley as it flows: second by second, asleep wherever it is dry or steady."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from world.state import Plain, put_back, taken
from world.water.paces import SLOWEST, WAKING, choose_paces
from world.water.passes import FALLS_AS, PART_TILES, PASSES, go_on, turns_of
from world.water.shallow import ASLEEP, OUTSIDE, TILE, carry_momentum
from world.water.sleep import changed, give_back, held_by_sleepers, pour_into, rouse

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
        self.left_m3 = self.fell_m3 = 0.0
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
        self._share = np.ones(self._depth.size)
        self._carry_east, self._carry_north = np.zeros(self._depth.size), np.zeros(self._depth.size)
        self._measure(np.arange(count))

    @property
    def _states(self) -> NDArray[np.uint8]:
        """Those of the tiles and of the ring round them, flat; not kept, for a copy of this would not be a view."""
        return self._ringed.ravel()

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
            for _ in self.parts():
                pass

    def freeze(self) -> Plain:
        """All that changes, as plain values."""
        return taken(self, self._STATE)

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        put_back(self, self._STATE, state)
        self._mark()

    def parts(self) -> Iterator[float]:
        """Advance one second in parts of a fraction of a millisecond; after each gives the share that is done."""
        depth, cell = self._depth.ravel(), self.bed.cell_m
        woken, turned = rouse(
            self._awake, self._called, self._restless, self._calm, self._pace, self._tiles, STIRRED_M_S * WATCH_S,
            STEADY_WATCHES,
        )  # fmt: skip
        if turned:
            self._mark()
        give_back(depth, self._held, self._awake, self._shape, cell)
        if woken.size:
            changed(depth, self._watched.ravel(), woken, self._shape, self._restless)
            self._restless[woken] = 0.0
            self._measure(woken)
        if choose_paces(
            self._measured, self._speeds, self._awake, self._tiles, self.second, cell, self._wanted, self._pace
        ):
            self._mark()
        tiles, turns = turns_of(self._awake, self._pace, self.second)
        work = FALLS_AS * turns[0, 2] + PASSES * turns[1:, 2].sum()
        at, left, books = np.zeros(2, dtype=np.int64), np.zeros(3), np.array([self.left_m3, self.fell_m3])
        water = (
            self._heights.ravel(), self._sills, self._roughs, self._hollow, depth, self._east.ravel(),
            self._north.ravel(), self._carry_east, self._carry_north, self._share, self._falling.ravel(), self._states,
            self._shape, self._held, self._measured, self._outlets, self._conveyance, self.calms_s, cell,
        )  # fmt: skip
        done = 0.0
        yield 0.0
        while at[0] < len(turns):
            done += go_on(*water, tiles, turns, at, left, books, PART_TILES)
            self.left_m3, self.fell_m3 = books.tolist()
            yield min(1.0, done / work) if work else 1.0
        self._let_sleep(tiles[: turns[0, 2]])
        self.second += 1

    def _let_sleep(self, tiles: Ints) -> None:
        """Count what sleepers got and lost, and now and then what has been steady."""
        depth, east, north, falling = (
            values.ravel() for values in (self._depth, self._east, self._north, self._falling)
        )
        left_asleep, fell_asleep = held_by_sleepers(
            depth, east, north, falling, self._states, self._shape, self._held, HELD_DEPTH_M, HELD_SHARE,
            self._called, self.bed.cell_m, 1.0,
        )  # fmt: skip
        self.left_m3 += left_asleep
        self.fell_m3 += fell_asleep
        if (self.second + 1) % WATCH_S == 0:
            changed(depth, self._watched.ravel(), tiles, self._shape, self._restless)
            self._calm = np.where(self._awake & (self._restless < STEADY_M_S * WATCH_S), self._calm + 1, 0)

    def _measure(self, tiles: Ints) -> None:
        """Find the waves of tiles that have not stepped just before."""
        carry_momentum(
            self._depth.ravel(), self._east.ravel(), self._north.ravel(), self._carry_east, self._carry_north, tiles,
            self._states, self._shape, SLOWEST, self._measured,
        )  # fmt: skip
        self._speeds[tiles] = self._measured[tiles]

    def _mark(self) -> None:
        """Write the states of the tiles: asleep, or at what pace awake."""
        self._ringed[INSIDE] = np.where(self._awake, self._pace, ASLEEP).reshape(self._tiles)

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
