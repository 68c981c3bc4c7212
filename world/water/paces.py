"""How often each tile of the live water steps: deep and quick water in quarters of a second, thin films every few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.water.shallow import COURANT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

QUARTERS = 4  # of a second: what time is counted in
QUICKEST, WAKING, SLOWEST = 1, 3, 6  # from a quarter of a second to eight; those that wake begin with a second
MARGIN = 1.2  # by which waves may quicken between two choices
SPREADS_CELLS = 2.0  # a wave that goes further in a second would come into the next tile unawaited


@compiled
def quarters_of(pace: int) -> int:
    """Quarters of a second in which a tile of this pace is stepped: 1, 2, 4, 8, 16, 32."""
    return 1 << (pace - 1)


@compiled
def choose_paces(
    measured: Floats, speeds: Floats, awake: Flags, tiles: tuple[int, int], second: int, cell_m: float, wanted: Ints,
    pace: Ints,
) -> bool:  # fmt: skip
    """Let each awake tile step as slowly as its waves allow, but at most one pace slower than those beside it.

    `measured` (tiles,) in m/s are the waves of its last step, `speeds` those that count until it is to step again. A
    slower pace begins at a second that is a multiple of its own. `wanted` (tiles,) is scratch. Returns whether any
    `pace` (tiles,) has changed.
    """
    up, across = tiles
    for tile in range(up * across):
        if QUARTERS * second % quarters_of(pace[tile]) == 0:
            speeds[tile] = measured[tile]
    for tile in range(up * across):
        if not awake[tile]:
            continue
        wanted[tile] = QUICKEST
        while (
            wanted[tile] < SLOWEST
            and quarters_of(wanted[tile] + 1) * MARGIN * speeds[tile] <= COURANT * cell_m * QUARTERS
        ):
            wanted[tile] += 1
    for there_and_back in range(2):
        for place in range(up * across):
            tile = place if there_and_back == 0 else up * across - 1 - place
            if not awake[tile]:
                continue
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
        while wanted[tile] > pace[tile] and QUARTERS * second % quarters_of(wanted[tile]) != 0:
            wanted[tile] -= 1
        if wanted[tile] != pace[tile]:
            pace[tile] = wanted[tile]
            changed = True
    return changed
