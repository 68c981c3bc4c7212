"""A second of the live water: who wakes, what falls, the steps of every pace, pass by pass, and who falls asleep.

All of it in one call of machine code, so that it can be made apart, while Python goes on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled, compiled_apart
from world.water.paces import QUARTERS, QUICKEST, SLOWEST, choose_paces, quarters_of
from world.water.shallow import ASLEEP, COURANT, carry_momentum, cut, drive, let_out, renew, share_out
from world.water.sleep import Asleep, changed, give_back, held_by_sleepers, let_fall, look_at, rouse, touched

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
States = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Lattice = tuple[Floats, Floats, Floats, Floats]  # heights, sills, roughs, hollow
Flow = tuple[Floats, Floats, Floats, Floats, Floats, Floats]  # depth, east, north, falling, watched, share
Carry = tuple[Floats, Floats]  # of momentum, eastward and northward
Tiles = tuple[Floats, Floats, Floats, Floats, Flags, Flags, Ints, Ints, Ints, States]
Outlets = tuple[Ints, Floats]  # and their conveyance

STEADY_M_S = 2e-5  # a tile whose depths change more slowly (72 mm in an hour) may sleep ...
STIRRED_M_S = 1e-4  # ... until a neighbour's change more quickly than this
WATCH_S = 16  # change is the mean over so long, in which ripples cancel
STEADY_WATCHES = 2  # so often in succession must it have been steady
HELD_DEPTH_M = 1e-3  # a sleeper wakes when what it gained or lost comes to this depth over its water
HELD_SHARE = 0.02  # or to this share of its water
FALLING = 0  # in place of a pace: what falls, falls
SUMMED_TILES = 128  # whose water comes into the books as one sum
LEFT, FELL = range(2)  # the books, m3


@compiled_apart
def step_water(
    lattice: Lattice, flow: Flow, carry: Carry, tiles: Tiles, asleep: Asleep, outlets: Outlets, shape: tuple[int, int],
    across: tuple[int, int], books: Floats, second: int, calms_s: float, cell_m: float, changing: tuple[int, int],
) -> None:  # fmt: skip
    """Step all tiles by a second, in place; what the arrays are, `LiveWater` says. Maps are flat.

    `across` are the numbers of tiles northward and eastward; to the `books` (2,) is added what left the map and what
    fell, m3. Since the second before nobody else has changed the maps but in the rows from the first up to the second
    of `changing`: sleepers elsewhere are as they were.
    """
    depth, east, north, falling, watched, _ = flow
    held, restless, speeds, measured, awake, called, calm, pace, wanted, states = tiles
    woken, turned = rouse(awake, called, restless, calm, pace, across, STIRRED_M_S * WATCH_S, STEADY_WATCHES)
    if turned.size > 0:
        mark(awake, pace, across, states)
    give_back(depth, held, awake, shape, cell_m)
    if woken.size > 0:
        changed(depth, watched, woken, shape, restless)
        carry_momentum(depth, east, north, carry[0], carry[1], woken, states, shape, SLOWEST, measured)
        for tile in woken:
            restless[tile], speeds[tile] = 0.0, measured[tile]
    if choose_paces(measured, speeds, awake, across, second, cell_m, wanted, pace):
        mark(awake, pace, across, states)
    some, turns = turns_of(awake, pace, second)
    for k in range(turns.shape[0]):
        stepping = some[turns[k, 1] : turns[k, 1] + turns[k, 2]]
        if turns[k, 0] == FALLING:
            for first in range(0, stepping.size, SUMMED_TILES):
                summed = stepping[first : first + SUMMED_TILES]
                books[FELL] += let_fall(depth, falling, summed, shape, held, cell_m, 1.0)
        else:
            go_on(lattice, flow, carry, tiles, outlets, shape, stepping, int(turns[k, 0]), calms_s, cell_m, books)
    looked = touched(turned, changing, across)
    look_at(depth, east, north, falling, awake, states, shape, looked, HELD_DEPTH_M, HELD_SHARE, asleep)
    left_asleep, fell_asleep = held_by_sleepers(awake, held, asleep, called, cell_m, 1.0)
    books[LEFT] += left_asleep
    books[FELL] += fell_asleep
    if (second + 1) % WATCH_S == 0:
        changed(depth, watched, some[: turns[0, 2]], shape, restless)
        for tile in range(awake.size):
            steady = awake[tile] and restless[tile] < STEADY_M_S * WATCH_S
            calm[tile] = calm[tile] + 1 if steady else 0


@compiled
def mark(awake: Flags, pace: Ints, across: tuple[int, int], states: States) -> None:
    """Write the states of the tiles: asleep, or at what pace awake."""
    for tile in range(awake.size):
        r, c = tile // across[1], tile % across[1]
        states[(r + 1) * (across[1] + 2) + c + 1] = pace[tile] if awake[tile] else ASLEEP


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
    lattice: Lattice, flow: Flow, carry: Carry, tiles: Tiles, outlets: Outlets, shape: tuple[int, int],
    stepping: Ints, pace: int, calms_s: float, cell_m: float, books: Floats,
) -> None:  # fmt: skip
    """Let the tiles of one pace go on by its time, in as many steps as their waves ask for."""
    bed, sills, roughs, hollow = lattice
    depth, east, north, _, _, share = flow
    held, measured, states = tiles[0], tiles[3], tiles[9]
    remains_s = quarters_of(pace) / QUARTERS
    while remains_s > 0.0:
        carry_momentum(depth, east, north, carry[0], carry[1], stepping, states, shape, pace, measured)
        fastest = 0.0
        for tile in stepping:
            fastest = max(fastest, measured[tile])
        steps = max(1, math.ceil(remains_s * fastest / (COURANT * cell_m)))
        step_s = remains_s / steps
        calm = math.exp(-step_s / calms_s)
        drive(
            bed, sills, roughs, depth, east, north, carry[0], carry[1], stepping, states, shape, pace, calm, step_s,
            cell_m,
        )  # fmt: skip
        let_out(hollow, depth, east, north, states, shape[1] + 2, pace, outlets[0], outlets[1])
        share_out(hollow, depth, east, north, stepping, states, shape, pace, step_s / cell_m, share)
        for first in range(0, stepping.size, SUMMED_TILES):
            summed = stepping[first : first + SUMMED_TILES]
            books[LEFT] += cut(hollow, depth, east, north, share, summed, states, shape, pace, held, step_s, cell_m)
        renew(depth, east, north, stepping, states, shape, pace, held, step_s / cell_m, cell_m * cell_m)
        remains_s = max(0.0, remains_s - step_s) if steps > 1 else 0.0
