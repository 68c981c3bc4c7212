"""What tiles get, lose and hold while they sleep, and what falls on those that do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.water.faces import any_in_row, change_row, fall_row
from world.water.lanes import Index
from world.water.paces import WAKING
from world.water.shallow import ASLEEP, EAST, NORTH, OUTSIDE, SOUTH, TILE, WEST, states_beside, tile_at

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
States = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Asleep = tuple[Floats, Floats, Floats, Flags, Floats]  # passing, going, raining, rained_on, most


@compiled
def pour_into(
    depth: Floats, held: Floats, awake: Flags, row: Ints, col: Ints, volume_m3: Floats, across: int, area: float
) -> None:
    """Add water to some cells of the ringed map `depth` (rows + 2, cols + 2); to what a tile holds, while it sleeps."""
    for k in range(row.size):
        tile = row[k] // TILE * across + col[k] // TILE
        if awake[tile]:
            depth[row[k] + 1, col[k] + 1] += volume_m3[k] / area
        else:
            held[tile] += volume_m3[k]


@compiled
def let_fall(
    depth: Floats, falling: Floats, tiles: Ints, shape: tuple[int, int], held: Floats, cell_m: float, seconds: float
) -> float:
    """Let fall onto some tiles what falls, or soak away; what a cell has not got the tile's other water pays. In m3."""
    stride = shape[1] + 2
    area = cell_m * cell_m
    total = 0.0
    short, fell = np.zeros(TILE), np.zeros(TILE)
    for tile in tiles:
        start, high, wide = tile_at(tile, shape)
        short[:] = 0.0
        for r in range(high):
            fall_row(depth, falling, Index(start + r * stride), wide, seconds, short, fell)
        for c in range(wide):
            held[tile] += short[c] * area
    for c in range(TILE):
        total += fell[c]
    return total * seconds * area


@compiled
def touched(turned: Ints, rows: tuple[int, int], tiles: tuple[int, int]) -> Ints:
    """The tiles of some rows of cells, those that turned, and those beside these, each once."""
    up, across = tiles
    flags = np.zeros(up * across, dtype=np.bool_)
    flags[rows[0] // TILE * across : (rows[1] + TILE - 1) // TILE * across] = True
    for tile in turned:
        r, c = tile // across, tile % across
        for side in range(4):
            nr, nc = r + (side == NORTH) - (side == SOUTH), c + (side == EAST) - (side == WEST)
            if 0 <= nr < up and 0 <= nc < across:
                flags[nr * across + nc] = True
        flags[tile] = True
    return np.flatnonzero(flags)


@compiled
def look_at(
    depth: Floats, east: Floats, north: Floats, falling: Floats, awake: Flags, states: States, shape: tuple[int, int],
    tiles: Ints, held_m: float, held_share: float, asleep: Asleep,
) -> None:  # fmt: skip
    """Find of those of some tiles that sleep what stays the same while they and those beside them do, in place.

    `passing`, what comes through the faces between sleepers and off the map's edge, and `going` off that edge (faces
    towards awake tiles are counted where these are stepped), both in m2/s; `raining`, the sum over cells of what falls
    or soaks away in m/s, and whether any is `rained_on`; and the `most` a tile may hold: what comes to a depth of
    `held_m` over its wet cells or to `held_share` of its water, in m of depth summed over cells.
    """
    passing, going, raining, rained_on, most = asleep
    stride = shape[1] + 2
    for tile in tiles:
        if awake[tile]:
            continue
        start, high, wide = tile_at(tile, shape)
        beside = states_beside(tile, shape, states)
        gained = gone = 0.0
        for side in range(4):
            state = beside[side]
            if ASLEEP < state < OUTSIDE:
                continue
            through = 0.0
            if side in (WEST, EAST):
                first = start + (wide if side == EAST else 0)
                for k in range(high):
                    through += east[first + k * stride]
            else:
                first = start + (high * stride if side == NORTH else 0)
                for k in range(wide):
                    through += north[first + k]
            if side in (EAST, NORTH):
                through = -through
            gained += through
            if state == OUTSIDE:
                gone -= through
        passing[tile], going[tile] = gained, gone
        sum_falling, rains = 0.0, False
        for k in range(high):
            first = start + k * stride
            if not any_in_row(falling, Index(first), wide):
                continue
            for i in range(first, first + wide):
                if falling[i] != 0.0:
                    sum_falling += falling[i]
                    rains = rains or falling[i] > 0.0
        raining[tile], rained_on[tile] = sum_falling, rains
        wet, total = water_in(depth, start, high, wide, stride)
        most[tile] = min(held_m * wet, held_share * total) if wet > 0 else np.inf


@compiled
def held_by_sleepers(
    awake: Flags, held: Floats, asleep: Asleep, called: Flags, cell_m: float, seconds: float
) -> tuple[float, float]:
    """Count into `held` (tiles,) what sleeping tiles got and lost in some seconds, and mark those that must wake.

    They got what fell or soaked away, and what passed their faces. A sleeper is `called` when rain stands on it, or
    when it holds more than it may; see `look_at`. Returns what left the map and what fell, m3.
    """
    passing, going, raining, rained_on, most = asleep
    passed, area = cell_m * seconds, cell_m * cell_m
    left = fell = 0.0
    for tile in range(called.size):
        called[tile] = False
        if awake[tile]:
            continue
        held[tile] += passing[tile] * passed + raining[tile] * area * seconds
        left += going[tile] * passed
        fell += raining[tile] * area * seconds
        called[tile] = rained_on[tile] or abs(held[tile]) > most[tile] * area
    return left, fell


@compiled
def water_in(depth: Floats, start: int, high: int, wide: int, stride: int) -> tuple[int, float]:
    """How many cells of a tile are wet, and the sum of their depths in m."""
    wet, total = 0, 0.0
    for k in range(high):
        for i in range(start + k * stride, start + k * stride + wide):
            if depth[i] > 0.0:
                wet += 1
                total += depth[i]
    return wet, total


@compiled
def rouse(
    awake: Flags, called: Flags, restless: Floats, calm: Ints, pace: Ints, tiles: tuple[int, int], stirred_m: float,
    watches: int,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Decide which tiles are stepped, in place: all but those that were steady so many `watches` beside steady ones.

    A tile beside one whose depths changed by more than `stirred_m` is not. Returns those that were woken, and all that
    woke or fell asleep.
    """
    up, across = tiles
    stays = np.zeros(awake.size, dtype=np.bool_)
    woken = np.zeros(awake.size, dtype=np.int64)
    for tile in range(awake.size):
        if called[tile] or (awake[tile] and calm[tile] < watches):
            stays[tile] = True
        if restless[tile] > stirred_m:
            r, c = tile // across, tile % across
            for nr in range(max(0, r - 1), min(up, r + 2)):
                for nc in range(max(0, c - 1), min(across, c + 2)):
                    stays[nr * across + nc] = True
    turned, changes = np.zeros(awake.size, dtype=np.int64), 0
    count = 0
    for tile in range(awake.size):
        if not stays[tile]:
            restless[tile] = 0.0
        if stays[tile] == awake[tile]:
            continue
        turned[changes] = tile
        changes += 1
        awake[tile] = stays[tile]
        if stays[tile]:
            woken[count] = tile
            count += 1
            calm[tile], pace[tile] = 0, WAKING
    return woken[:count], turned[:changes]


@compiled
def give_back(depth: Floats, held: Floats, awake: Flags, shape: tuple[int, int], cell_m: float) -> None:
    """Put what tiles that woke held in their sleep into their water: spread over it, or taken in proportion."""
    stride = shape[1] + 2
    area = cell_m * cell_m
    for tile in range(held.size):
        if held[tile] == 0.0 or not awake[tile]:
            continue
        start, high, wide = tile_at(tile, shape)
        wet, total = water_in(depth, start, high, wide, stride)
        if wet == 0:
            continue
        volume = total * area
        risen = max(0.0, held[tile]) / (wet * area)
        kept = max(0.0, 1.0 + min(0.0, held[tile]) / volume)
        for k in range(high):
            for i in range(start + k * stride, start + k * stride + wide):
                if depth[i] > 0.0:
                    depth[i] = depth[i] * kept + risen
        held[tile] = held[tile] + volume if kept == 0.0 else 0.0


@compiled
def changed(depth: Floats, watched: Floats, tiles: Ints, shape: tuple[int, int], most: Floats) -> None:
    """The largest change of depth in each of some tiles since it was last asked, into `most` (tiles,), m."""
    stride = shape[1] + 2
    found = np.zeros(TILE)
    for tile in tiles:
        start, high, wide = tile_at(tile, shape)
        found[:] = 0.0
        for k in range(high):
            change_row(depth, watched, Index(start + k * stride), wide, found)
        for i in range(0, high * stride, stride):
            watched[start + i : start + i + wide] = depth[start + i : start + i + wide]
        most[tile] = found.max()
