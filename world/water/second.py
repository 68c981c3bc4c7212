"""Seconds of the land in one call of machine code: some rows of ground, what enters the streams, and the water."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled, compiled_apart
from world.water.ground import Shade, advance_ground
from world.water.passes import Carry, Flow, Lattice, Outlets, Tiles, step_water
from world.water.sleep import Asleep, pour_into

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ground = tuple[Floats, Floats, Ints, Shade, Floats, Floats]  # stores, traits, drains_to, horizon, bank, totals
Sky = tuple[Floats, float, Floats]  # forcing, its nodes per cell, sun
Entering = tuple[Ints, Ints, Floats]  # rows, columns, m3

GROUND_STEP_S = 60  # between two steps of each row of cells; the rows take turns, some every second


@compiled_apart
def step_land(
    first: int, seconds: int, ground: Ground, sky: Sky, streams: Ints, entering: Entering, lattice: Lattice, flow: Flow,
    carry: Carry, tiles: Tiles, asleep: Asleep, outlets: Outlets, shape: tuple[int, int], across: tuple[int, int],
    books: Floats, second: int, calms_s: float, cell_m: float,
) -> None:  # fmt: skip
    """Step the land by some seconds from the `first` on, in place: the rows of ground whose turn it is, and all water.

    `ground` and `sky` are as `advance_ground` takes them, the rest as `step_water` does, for whom the first is
    `second`; `streams` are the flat indices of the cells that springs flow into, and what is `entering` comes onto the
    map in every second.
    """
    stores, traits, drains_to, horizon, bank, totals = ground
    ringed = (shape[0] + 2, shape[1] + 2)
    depth, east, north, falling = (
        flow[0].reshape(ringed), flow[1].reshape(ringed), flow[2].reshape(ringed), flow[3].reshape(ringed),
    )  # fmt: skip
    held, awake = tiles[0], tiles[4]
    area = cell_m * cell_m
    stream_row, stream_col = streams // shape[1], streams % shape[1]
    for passed in range(seconds):
        rows = rows_of(first + passed, shape[0])
        advance_ground(
            rows[0], rows[1], stores, traits, drains_to, horizon, sky[0], sky[1], sky[2], depth[1:-1, 1:-1],
            east[1:-1, 1:], north[1:, 1:-1], falling[1:-1, 1:-1], bank, totals, cell_m, float(GROUND_STEP_S),
        )  # fmt: skip
        released = release(bank, streams, float(GROUND_STEP_S))
        pour_into(depth, held, awake, stream_row, stream_col, released, across[1], area)
        pour_into(depth, held, awake, entering[0], entering[1], entering[2], across[1], area)
        changing = rows if passed > 0 else (0, shape[0])
        step_water(
            lattice,
            flow,
            carry,
            tiles,
            asleep,
            outlets,
            shape,
            across,
            books,
            second + passed,
            calms_s,
            cell_m,
            changing,
        )


@compiled
def rows_of(second: int, rows: int) -> tuple[int, int]:
    """The first of the rows of ground whose turn it is in a second, and the one behind the last."""
    turn = second % GROUND_STEP_S
    return rows * turn // GROUND_STEP_S, rows * (turn + 1) // GROUND_STEP_S


@compiled
def release(bank: Floats, streams: Ints, parts: float) -> Floats:
    """Take one of some parts of what is on its way to the streams, for each of these."""
    released = np.zeros(streams.size)
    for k in range(streams.size):
        released[k] = bank[streams[k]] / parts
        bank[streams[k]] -= released[k]
    return released
