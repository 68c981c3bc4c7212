"""A second of the flow, portion by portion: what falls, then the steps of every pace, pass by pass.

All of it in machine code, for most seconds have a few tiles to step a few times, and asking costs more than that.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.water.paces import QUARTERS, QUICKEST, SLOWEST, quarters_of
from world.water.shallow import COURANT, carry_momentum, cut, drive, let_out, renew, share_out
from world.water.sleep import let_fall

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
States = NDArray[np.uint8]
Flags = NDArray[np.bool_]

PART_TILES = 128  # what is stepped at once of those that step together: a fraction of a millisecond
FALLING = 0  # in place of a pace: what falls, falls
CARRY, DRIVE, SHARE, CUT, RENEW = range(5)  # the passes of a step
PASSES, FALLS_AS = 5, 0.5  # so many, and what rain costs of one of them
LEFT, FELL = range(2)  # the books, m3


@compiled
def turns_of(awake: Flags, pace: Ints, second: int) -> tuple[Ints, Ints]:
    """Who steps in a second, in order.

    Returns:
        the tiles that are awake, and then those of each pace; and the turns (n, 3): a pace, or FALLING, with the first
        of its tiles among these and their number.
    """
    tiles = np.zeros(2 * awake.size, dtype=np.int64)
    turns = np.zeros((1 + QUARTERS * SLOWEST, 3), dtype=np.int64)
    counts = np.zeros(SLOWEST + 1, dtype=np.int64)
    count = 0
    for tile in range(awake.size):
        if awake[tile]:
            tiles[count] = tile
            count += 1
            counts[pace[tile]] += 1
    firsts = np.zeros(SLOWEST + 1, dtype=np.int64)
    first = count
    for own in range(QUICKEST, SLOWEST + 1):
        firsts[own] = first
        for k in range(count):
            if pace[tiles[k]] == own:
                tiles[first] = tiles[k]
                first += 1
    turns[0, 0], turns[0, 2] = FALLING, count
    found = 1
    for quarter in range(QUARTERS):
        for own in range(SLOWEST, QUICKEST - 1, -1):
            if counts[own] > 0 and (QUARTERS * second + quarter) % quarters_of(own) == 0:
                turns[found, 0], turns[found, 1], turns[found, 2] = own, firsts[own], counts[own]
                found += 1
    return tiles, turns[:found]


@compiled
def go_on(
    bed: Floats, sills: Floats, roughs: Floats, hollow: Floats, depth: Floats, east: Floats, north: Floats,
    carry_east: Floats, carry_north: Floats, share: Floats, falling: Floats, states: States, shape: tuple[int, int],
    held: Floats, measured: Floats, outlets: Ints, conveyance: Floats, calms_s: float, cell_m: float, tiles: Ints,
    turns: Ints, at: Ints, left: Floats, books: Floats, budget: float,
) -> float:  # fmt: skip
    """Take the next passes of a second, until they come to the `budget`; nothing is done when there are none.

    `tiles` and `turns` are those of `turns_of`. `at` (2,) and `left` (3,), zeros at first, say where it stands: the
    turn and the part of it, then the seconds that remain of it, the length of its step and how many these are. `books`
    (2,) get what left the map and what fell. Returns what was done, in passes of a tile.
    """
    done = 0.0
    while at[0] < turns.shape[0] and done < budget:
        pace, first, count = turns[at[0], 0], turns[at[0], 1], turns[at[0], 2]
        parts = (count + PART_TILES - 1) // PART_TILES
        if parts == 0:
            at[0] += 1
            continue
        step_pass, part = at[1] // parts, at[1] % parts
        some = tiles[first + part * PART_TILES : first + min(count, (part + 1) * PART_TILES)]
        at[1] += 1
        if pace == FALLING:
            books[FELL] += let_fall(depth, falling, some, shape, held, cell_m, 1.0)
            done += FALLS_AS * some.size
            if at[1] == parts:
                at[0], at[1] = at[0] + 1, 0
            continue
        if step_pass == CARRY:
            if left[0] == 0.0:
                left[0] = quarters_of(pace) / QUARTERS
            carry_momentum(depth, east, north, carry_east, carry_north, some, states, shape, pace, measured)
        elif step_pass == DRIVE:
            if part == 0:
                fastest = 0.0
                for k in range(first, first + count):
                    fastest = max(fastest, measured[tiles[k]])
                left[2] = max(1, math.ceil(left[0] * fastest / (COURANT * cell_m)))
                left[1] = left[0] / left[2]
            drive(
                bed, sills, roughs, depth, east, north, carry_east, carry_north, some, states, shape, pace,
                math.exp(-left[1] / calms_s), left[1], cell_m,
            )  # fmt: skip
            if part == parts - 1:
                let_out(hollow, depth, east, north, states, shape[1] + 2, pace, outlets, conveyance)
        elif step_pass == SHARE:
            share_out(hollow, depth, east, north, some, states, shape, pace, left[1] / cell_m, share)
        elif step_pass == CUT:
            books[LEFT] += cut(hollow, depth, east, north, share, some, states, shape, pace, held, left[1], cell_m)
        else:
            renew(depth, east, north, some, states, shape, pace, held, left[1] / cell_m, cell_m * cell_m)
        done += some.size
        if at[1] == PASSES * parts:
            at[1] = 0
            left[0] = max(0.0, left[0] - left[1]) if left[2] > 1.0 else 0.0
            at[0] += 1 if left[0] == 0.0 else 0
    return done
