"""A step of the flow, pass by pass over the tiles that take it together; none can empty a cell below nothing.

What happens in a row of cells stands in `faces`; here it is done for whole tiles, and where they meet others. `states`
tells of each tile, with a ring round them, whether it is ASLEEP and keeps its fluxes, lies OUTSIDE the map, or else its
pace. Tiles of one pace step together; the face between two paces belongs to the quicker one, whose step changes the
depth beyond it at once. The passes of a step, each over all its tiles before the next: `carry_momentum`, `drive`,
`let_out`, `share_out`, `cut`, `renew`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.water.faces import (
    any_in_row,
    carry_row,
    cut_row,
    drive_row,
    edge_flux,
    renew_row,
    share_row,
    speed_row,
    still_row,
    wave_row,
)
from world.water.lanes import ONE, Index

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
States = NDArray[np.uint8]

TILE = 16  # cells along a tile's side
ASLEEP, OUTSIDE = 0, 255  # and between them the paces of those that are awake, the slower the higher
COURANT = 0.6  # of flow and gravity wave together; Bates et al. 2010 take 0.2-0.7
WEST, EAST, SOUTH, NORTH = range(4)


@compiled
def tile_at(tile: int, shape: tuple[int, int]) -> tuple[int, int, int]:
    """First cell of a tile on the ringed lattice, and how many rows and columns it has."""
    rows, cols = shape
    across = (cols + TILE - 1) // TILE
    r, c = tile // across * TILE, tile % across * TILE
    return (r + 1) * (cols + 2) + c + 1, min(TILE, rows - r), min(TILE, cols - c)


@compiled
def states_beside(tile: int, shape: tuple[int, int], states: States) -> tuple[int, int, int, int]:
    """States of the tiles west, east, south and north of one."""
    across = (shape[1] + TILE - 1) // TILE
    at = (tile // across + 1) * (across + 2) + tile % across + 1
    return int(states[at - 1]), int(states[at + 1]), int(states[at - across - 2]), int(states[at + across + 2])


@compiled
def carry_momentum(
    depth: Floats, east: Floats, north: Floats, carry_east: Floats, carry_north: Floats, tiles: Ints, states: States,
    shape: tuple[int, int], pace: int, speeds: Floats,
) -> None:  # fmt: skip
    """Momentum that the flow carries across the cells of some tiles, eastward and northward, in m3/s2.

    It is found for the slower cells beside them too. The speed of each tile's fastest wave in m/s goes into `speeds`.
    """
    stride = Index(shape[1] + 2)
    eastward, northward, fastest = np.zeros(TILE), np.zeros(TILE), np.zeros(TILE)
    for tile in tiles:
        start, high, wide = tile_at(tile, shape)
        west_of, east_of, south_of, north_of = states_beside(tile, shape, states)
        fastest[:] = 0.0
        for r in range(high):
            first = Index(start) + Index(r) * stride
            speed_row(east, depth, first, wide, ONE, eastward)
            carry_row(east, eastward, first, wide, ONE, carry_east)
            speed_row(north, depth, first, wide, stride, northward)
            carry_row(north, northward, first, wide, stride, carry_north)
            wave_row(eastward, northward, depth, first, wide, fastest)
            if pace < west_of < OUTSIDE:
                speed_row(east, depth, first - ONE, 1, ONE, eastward)
                carry_row(east, eastward, first - ONE, 1, ONE, carry_east)
            if pace < east_of < OUTSIDE:
                speed_row(east, depth, first + Index(wide), 1, ONE, eastward)
                carry_row(east, eastward, first + Index(wide), 1, ONE, carry_east)
        if pace < south_of < OUTSIDE:
            speed_row(north, depth, Index(start) - stride, wide, stride, northward)
            carry_row(north, northward, Index(start) - stride, wide, stride, carry_north)
        if pace < north_of < OUTSIDE:
            beyond = Index(start) + Index(high) * stride
            speed_row(north, depth, beyond, wide, stride, northward)
            carry_row(north, northward, beyond, wide, stride, carry_north)
        speeds[tile] = fastest.max()


@compiled
def drive(
    bed: Floats, sills: Floats, roughs: Floats, depth: Floats, east: Floats, north: Floats, carry_east: Floats,
    carry_north: Floats, tiles: Ints, states: States, shape: tuple[int, int], pace: int, calm: float, step_s: float,
    cell_m: float,
) -> None:  # fmt: skip
    """New fluxes through the faces of some tiles: between their cells, to others of their pace and to slower ones.

    `sills` and `roughs` (2, cells) are those of the faces, as `drive_row` takes them, eastward and northward.
    """
    stride = Index(shape[1] + 2)
    wet = np.zeros(TILE + 2, dtype=np.bool_)  # the row before, the tile's own and the row after
    for tile in tiles:
        start, high, wide = tile_at(tile, shape)
        west_of, east_of, south_of, north_of = states_beside(tile, shape, states)
        for r in range(high + 2):
            wet[r] = any_in_row(depth, Index(start - 1) + Index(r) * stride - stride, wide + 2)
        before, after = 0 if pace <= west_of < OUTSIDE else 1, 1 if pace < east_of < OUTSIDE else 0
        for r in range(high):
            first, count = Index(start + before) + Index(r) * stride, wide - before + after
            if wet[r + 1]:
                drive_row(bed, sills[0], roughs[0], depth, east, carry_east, first, count, ONE, calm, step_s, cell_m)
            else:
                still_row(east, first, count)
        before, after = 0 if pace <= south_of < OUTSIDE else 1, 1 if pace < north_of < OUTSIDE else 0
        for r in range(before, high + after):
            first = Index(start) + Index(r) * stride
            if wet[r] or wet[r + 1]:
                drive_row(
                    bed, sills[1], roughs[1], depth, north, carry_north, first, wide, stride, calm, step_s, cell_m
                )
            else:
                still_row(north, first, wide)


@compiled
def let_out(
    hollow: Floats, depth: Floats, east: Floats, north: Floats, states: States, stride: int, pace: int, outlets: Ints,
    conveyance: Floats,
) -> None:  # fmt: skip
    """New fluxes off the map from tiles of one pace.

    `outlets` (n, 3) are cells, the direction each opens to (WEST to NORTH), and where its tile is in `states`.
    """
    for k in range(outlets.shape[0]):
        i, side = outlets[k, 0], outlets[k, 1]
        if states[outlets[k, 2]] != pace:
            continue
        flux = edge_flux(depth[i], hollow[i], conveyance[k])
        if side == WEST:
            east[i] = -flux
        elif side == EAST:
            east[i + 1] = flux
        elif side == SOUTH:
            north[i] = -flux
        else:
            north[i + stride] = flux


@compiled
def quicker(state: int, pace: int) -> int:
    """1 where a tile of this state steps more often than one of this pace, else 0."""
    return 1 if ASLEEP < state < pace else 0


@compiled
def share_out(
    hollow: Floats, depth: Floats, east: Floats, north: Floats, tiles: Ints, states: States, shape: tuple[int, int],
    pace: int, factor: float, share: Floats,
) -> None:  # fmt: skip
    """The share of what wants to leave each cell in a step that it has water for, as `share_row`.

    What goes to a cell of a quicker pace was taken when that one stepped.
    """
    stride = shape[1] + 2
    for tile in tiles:
        start, high, wide = tile_at(tile, shape)
        west_of, east_of, south_of, north_of = states_beside(tile, shape, states)
        west, after_east = quicker(west_of, pace), quicker(east_of, pace)
        for r in range(high):
            first = start + r * stride
            south = quicker(south_of, pace) if r == 0 else 0
            after_north = quicker(north_of, pace) if r == high - 1 else 0
            share_row(hollow, depth, east, north, Index(first), wide, Index(stride), factor, share)
            for c in range(wide):
                if south or after_north or (west and c == 0) or (after_east and c == wide - 1):
                    i = first + c
                    leaving = 0.0
                    if not (west and c == 0):
                        leaving += max(0.0, -east[i])
                    if not (after_east and c == wide - 1):
                        leaving += max(0.0, east[i + 1])
                    if not south:
                        leaving += max(0.0, -north[i])
                    if not after_north:
                        leaving += max(0.0, north[i + stride])
                    leaving *= factor
                    spare = max(0.0, depth[i] - hollow[i])
                    share[i] = spare / leaving if leaving > spare else 1.0


@compiled
def cut(
    hollow: Floats, depth: Floats, east: Floats, north: Floats, share: Floats, tiles: Ints, states: States,
    shape: tuple[int, int], pace: int, held: Floats, step_s: float, cell_m: float,
) -> float:  # fmt: skip
    """Cut the fluxes of some tiles to what their donors can give, and pass what goes to other states.

    A slower neighbour gets it, or gives of what it can spare, at once; what passes to a sleeping one, or comes from it,
    is counted in its tile's `held` m3. Returns what left the map, m3.
    """
    stride = shape[1] + 2
    across = (shape[1] + TILE - 1) // TILE
    left = 0.0
    for tile in tiles:
        start, high, wide = tile_at(tile, shape)
        beside = states_beside(tile, shape, states)
        before = 0 if beside[WEST] == pace else 1
        for r in range(high):
            cut_row(east, share, Index(start + r * stride + before), wide - before, ONE)
        for r in range(0 if beside[SOUTH] == pace else 1, high):
            cut_row(north, share, Index(start + r * stride), wide, Index(stride))
        left += pass_on(
            hollow, depth, east, share, start, 0, stride, high, -1, beside[WEST], pace, held, tile - 1, step_s, cell_m
        )
        left += pass_on(
            hollow, depth, east, share, start + wide - 1, 1, stride, high, 1, beside[EAST], pace, held, tile + 1,
            step_s, cell_m,
        )  # fmt: skip
        left += pass_on(
            hollow, depth, north, share, start, 0, 1, wide, -stride, beside[SOUTH], pace, held, tile - across, step_s,
            cell_m,
        )  # fmt: skip
        left += pass_on(
            hollow, depth, north, share, start + (high - 1) * stride, stride, 1, wide, stride, beside[NORTH], pace,
            held, tile + across, step_s, cell_m,
        )  # fmt: skip
    return left


@compiled
def pass_on(
    hollow: Floats, depth: Floats, flux: Floats, share: Floats, start: int, face: int, along: int, count: int, out: int,
    state: int, pace: int, held: Floats, tile: int, step_s: float, cell_m: float,
) -> float:  # fmt: skip
    """Pass water over one side of a tile, of this `pace`, to a neighbour that is slower, sleeps or is no more map.

    The side's cells begin at `start`, `along` apart; `face` leads from each to its face and `out` to the cell beyond;
    `state` and `tile` are the neighbour's. Returns what left the map, m3.
    """
    if state == pace or ASLEEP < state < pace:
        return 0.0
    sign = 1.0 if out > 0 else -1.0
    left = 0.0
    for k in range(count):
        i = start + k * along
        j, f = i + out, i + face
        outward = sign * flux[f]
        if state == ASLEEP:
            held[tile] += outward * step_s * cell_m
            continue
        if outward > 0.0:
            outward *= share[i]
        if state == OUTSIDE:
            left += outward * step_s * cell_m
        else:
            outward = max(outward, -max(0.0, depth[j] - hollow[j]) * cell_m / step_s)
            depth[j] = max(0.0, depth[j] + outward * step_s / cell_m)
        flux[f] = sign * outward
    return left


@compiled
def renew(
    depth: Floats, east: Floats, north: Floats, tiles: Ints, states: States, shape: tuple[int, int], pace: int,
    held: Floats, factor: float, area_m2: float,
) -> None:  # fmt: skip
    """New depths of some tiles; where a sleeping neighbour took more than there was, the tile's other water pays."""
    stride = shape[1] + 2
    short = np.zeros(TILE)
    for tile in tiles:
        start, high, wide = tile_at(tile, shape)
        west_of, east_of, south_of, north_of = states_beside(tile, shape, states)
        west, after_east = quicker(west_of, pace), quicker(east_of, pace)
        short[:] = 0.0
        for r in range(high):
            first = start + r * stride
            south = quicker(south_of, pace) if r == 0 else 0
            after_north = quicker(north_of, pace) if r == high - 1 else 0
            begin, end = west, wide - after_east
            if south or after_north:
                begin = end = wide
            renew_row(depth, east, north, Index(first + begin), end - begin, Index(stride), factor, short)
            for c in range(wide):
                if begin <= c < end:
                    continue
                # What passes the faces of a quicker neighbour has come and gone already.
                i = first + c
                gained = 0.0
                if not (west and c == 0):
                    gained += east[i]
                if not (after_east and c == wide - 1):
                    gained -= east[i + 1]
                if not south:
                    gained += north[i]
                if not after_north:
                    gained -= north[i + stride]
                after = depth[i] + gained * factor
                short[c] += min(0.0, after)
                depth[i] = max(0.0, after)
        for c in range(wide):
            held[tile] += short[c] * area_m2
