"""How often each tile of the live water steps: deep and quick water in parts of a second, thin films every few."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.water.shallow import COURANT, GRAVITY, TILE, carried

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

QUICK, WAKING, SLOWEST = 1, 2, 5  # quick tiles take parts of a second; those that wake begin with a second
MARGIN = 1.2  # by which waves may quicken between two choices
SPREADS_CELLS = 2.0  # a wave that goes further in a second would come into the next tile unawaited


@compiled
def seconds_of(pace: int) -> int:
    """Seconds in which a tile of this pace is stepped: 1, 1, 2, 4, 8."""
    return 1 if pace <= WAKING else 1 << (pace - WAKING)


@compiled
def wave_speeds(
    depth: Floats, east: Floats, north: Floats, awake: Flags, pace: Ints, second: int, shape: tuple[int, int],
    speeds: Floats,
) -> None:  # fmt: skip
    """Speed in m/s of the fastest wave in each tile that is about to step, into `speeds` (tiles,)."""
    rows, cols = shape
    stride = cols + 2
    across = (cols + TILE - 1) // TILE
    for tile in range(awake.size):
        if not awake[tile] or second % seconds_of(pace[tile]) != 0:
            continue
        r0, c0 = tile // across * TILE, tile % across * TILE
        fastest = deepest = 0.0
        for r in range(r0, min(rows, r0 + TILE)):
            row = (r + 1) * stride + 1
            for i in range(row + c0, row + min(cols, c0 + TILE)):
                if depth[i] > 0.0:
                    deepest = max(deepest, depth[i])
                    fastest = max(fastest, carried(depth, east, i, 1)[1], carried(depth, north, i, stride)[1])
        speeds[tile] = fastest + math.sqrt(GRAVITY * deepest)


@compiled
def choose_paces(
    speeds: Floats, awake: Flags, tiles: tuple[int, int], second: int, cell_m: float, wanted: Ints, pace: Ints
) -> bool:
    """Let each awake tile step as slowly as its waves allow, but at most one pace slower than those beside it.

    A slower pace begins at a second that is a multiple of its own. `wanted` (tiles,) is scratch. Returns whether any
    `pace` (tiles,) has changed.
    """
    up, across = tiles
    for tile in range(up * across):
        wanted[tile] = QUICK
        while wanted[tile] < SLOWEST and (
            seconds_of(wanted[tile] + 1) * MARGIN * speeds[tile] <= COURANT * cell_m or not awake[tile]
        ):
            wanted[tile] += 1
    for there_and_back in range(2):
        for place in range(up * across):
            tile = place if there_and_back == 0 else up * across - 1 - place
            r, c = tile // across, tile % across
            for side in range(4):
                nr, nc = r + (side == 0) - (side == 1), c + (side == 2) - (side == 3)
                if 0 <= nr < up and 0 <= nc < across and awake[nr * across + nc]:
                    other = nr * across + nc
                    slower = 0 if speeds[other] > SPREADS_CELLS * cell_m else 1
                    wanted[tile] = min(wanted[tile], wanted[other] + slower)
    changed = False
    for tile in range(up * across):
        if not awake[tile]:
            continue
        while wanted[tile] > pace[tile] and second % seconds_of(wanted[tile]) != 0:
            wanted[tile] -= 1
        if wanted[tile] != pace[tile]:
            pace[tile] = wanted[tile]
            changed = True
    return changed
