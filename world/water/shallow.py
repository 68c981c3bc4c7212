"""Shallow water on the lattice: local inertial flow between cells, in steps that cannot empty a cell below nothing.

Bates, Horritt & Fewtrell 2010 (eq. 11), with two changes. Along each axis momentum is carried with the flow, upwind
and conservatively (Stelling & Duinmeijer 2003), without which a dam break runs into a wall of its own making; across
the axes it is not. And friction is fully implicit, the root of the quadratic in the new flux, so that thin films on
steep ground go straight to Manning's normal flow instead of overshooting it.

All maps are flat, of a lattice with one ring of cells round the map, `stride` cells to a row. Depths belong to cells;
fluxes in m2/s to faces: `east[i]` is positive eastward through the west face of cell i, `north[i]` northward through
its south face. `live` tells cells that are stepped (AWAKE) from those that keep their fluxes (ASLEEP) and the ring
(OUTSIDE). Each step goes over a list of the cells that have water or are beside it, tile by tile.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
States = NDArray[np.uint8]
Flags = NDArray[np.bool_]

TILE = 16  # cells along a tile's side
ASLEEP, AWAKE, OUTSIDE = 0, 1, 2
GRAVITY = 9.81
COURANT = 0.7  # of flow and gravity wave together; Bates et al. 2010 take 0.2-0.7
LONGEST_STEP_S = 1.0
THINNEST_M = 1e-6  # less than this above the sill does not flow
FASTEST_FROUDE = 3.0  # fluxes at the thin edge of a wave are bounded to this
SLOW_M_S, LEAST_FLUX_M2_S = 0.1, 1e-3  # slower or thinner flow carries no momentum worth counting
STILL_M_S = 0.03  # slower water is calmed, so that lakes come to rest


@compiled
def face_flux(
    flux: float,
    calm: float,
    carried: float,
    low: float,
    low_depth: float,
    low_sill: float,
    high: float,
    high_depth: float,
    high_sill: float,
    roughness: float,
    step_s: float,
    cell_m: float,
) -> float:
    """The new flux in m2/s from a cell (`low`: its bed) to the next one (`high`) east or north of it.

    `low_sill` and `high_sill` are the heights that water must exceed to leave the cell; `roughness` is the square of
    Manning's n; `carried` is the momentum per metre that the flow itself brings to the face, m2/s2;
    almost still water keeps only the share `calm` of its flux.
    """
    level, next_level = low + low_depth, high + high_depth
    flowing = max(level, next_level) - max(low_sill, high_sill)
    if flowing <= THINNEST_M:
        return 0.0
    if abs(flux) < STILL_M_S * flowing:
        flux *= calm
    wanted = flux + step_s * (carried - GRAVITY * flowing * (next_level - level)) / cell_m
    if wanted == 0.0:
        return 0.0
    drag = GRAVITY * step_s * roughness / math.pow(flowing, 7.0 / 3.0)
    passed = 2.0 * wanted / (1.0 + math.sqrt(1.0 + 4.0 * drag * abs(wanted)))
    critical = GRAVITY * flowing * flowing * flowing
    if passed * passed > FASTEST_FROUDE * FASTEST_FROUDE * critical:
        passed = math.copysign(FASTEST_FROUDE * math.sqrt(critical), passed)
    return passed


@compiled
def through_speed(before: float, after: float, depth_before: float, depth: float, depth_after: float) -> float:
    """Speed in m/s at which water comes into a cell along one axis: that of the face upstream of its middle.

    `before` and `after` are the fluxes through the cell's two faces, the depths those of the cell and its neighbours.
    """
    flux, donor = after, depth_after
    if before + after > 0.0:
        flux, donor = before, depth_before
    if (flux > 0.0) != (before + after > 0.0):
        donor = depth
    if donor <= THINNEST_M or abs(flux) < SLOW_M_S * donor:
        return 0.0
    speed = flux / donor
    most = FASTEST_FROUDE * math.sqrt(GRAVITY * donor)
    return min(most, max(-most, speed))


@compiled
def edge_flux(depth: float, retention: float, conveyance: float) -> float:
    """Flux in m2/s off the map's edge: normal flow, `conveyance` = sqrt(slope) / n, at most critical."""
    flowing = depth - retention
    if conveyance <= 0.0 or flowing <= THINNEST_M:
        return 0.0
    normal = conveyance * flowing * math.pow(flowing, 2.0 / 3.0)
    return min(normal, flowing * math.sqrt(GRAVITY * flowing))


@compiled
def near_water(
    depth: Floats, east: Floats, north: Floats, falling: Floats, tiles: Ints, shape: tuple[int, int], starts: Ints,
    cells: Ints,
) -> float:  # fmt: skip
    """List the cells of some tiles that have water, or neighbours that do, or a flux that must be seen to end.

    Their indices go into `cells`, those of the tile `tiles[k]` from `starts[k]` to `starts[k + 1]`. Returns the depth
    of the deepest.
    """
    rows, cols = shape
    stride = cols + 2
    across = (cols + TILE - 1) // TILE
    count = 0
    deepest = 0.0
    for k in range(tiles.size):
        starts[k] = count
        r0, c0 = tiles[k] // across * TILE, tiles[k] % across * TILE
        last = min(cols, c0 + TILE)
        for r in range(r0, min(rows, r0 + TILE)):
            row = (r + 1) * stride + 1
            for i in range(row + c0, row + last):
                here = depth[i]
                if here > 0.0:
                    deepest = max(deepest, here)
                elif not (
                    depth[i - 1] > 0.0 or depth[i + 1] > 0.0 or depth[i - stride] > 0.0 or depth[i + stride] > 0.0
                    or east[i] != 0.0 or north[i] != 0.0 or falling[i] != 0.0
                ):  # fmt: skip
                    continue
                cells[count] = i
                count += 1
    starts[tiles.size] = count
    return deepest


@compiled
def momentum(
    depth: Floats, east: Floats, north: Floats, cells: Ints, stride: int, carry_east: Floats, carry_north: Floats
) -> float:
    """Momentum in m3/s2 that the flow carries across the middle of each cell, eastward and northward; the top speed."""
    fastest = 0.0
    for i in cells:
        here = depth[i]
        before, after = east[i], east[i + 1]
        carry_east[i] = 0.0
        if abs(before) + abs(after) > LEAST_FLUX_M2_S:
            speed = through_speed(before, after, depth[i - 1], here, depth[i + 1])
            carry_east[i] = 0.5 * (before + after) * speed
            fastest = max(fastest, abs(speed))
        before, after = north[i], north[i + stride]
        carry_north[i] = 0.0
        if abs(before) + abs(after) > LEAST_FLUX_M2_S:
            speed = through_speed(before, after, depth[i - stride], here, depth[i + stride])
            carry_north[i] = 0.5 * (before + after) * speed
            fastest = max(fastest, abs(speed))
    return fastest


@compiled
def drive(
    bed: Floats, sill: Floats, roughness: Floats, depth: Floats, east: Floats, north: Floats, live: States,
    cells: Ints, stride: int, carry_east: Floats, carry_north: Floats, calm: float, step_s: float, cell_m: float,
) -> None:  # fmt: skip
    """New fluxes through the west and south faces of the listed cells, where both sides are awake.

    `calm` is the share of its flux that almost still water keeps where nothing drives or rubs it.
    """
    for i in cells:
        here = depth[i]
        j = i - 1
        if live[j] == AWAKE:
            if here > 0.0 or depth[j] > 0.0:
                east[i] = face_flux(
                    east[i], calm, carry_east[j] - carry_east[i], bed[j], depth[j], sill[j], bed[i], here, sill[i],
                    0.5 * (roughness[j] + roughness[i]), step_s, cell_m,
                )  # fmt: skip
            else:
                east[i] = 0.0
        j = i - stride
        if live[j] == AWAKE:
            if here > 0.0 or depth[j] > 0.0:
                north[i] = face_flux(
                    north[i], calm, carry_north[j] - carry_north[i], bed[j], depth[j], sill[j], bed[i], here, sill[i],
                    0.5 * (roughness[j] + roughness[i]), step_s, cell_m,
                )  # fmt: skip
            else:
                north[i] = 0.0


@compiled
def let_out(
    bed: Floats, sill: Floats, depth: Floats, east: Floats, north: Floats, live: States, stride: int, outlets: Ints,
    conveyance: Floats,
) -> None:  # fmt: skip
    """New fluxes off the map: `outlets` (n, 2) are cells and the direction they open to, 0 to 3: W, E, S, N."""
    for k in range(outlets.shape[0]):
        i = outlets[k, 0]
        if live[i] != AWAKE:
            continue
        flux = edge_flux(depth[i], sill[i] - bed[i], conveyance[k])
        if outlets[k, 1] == 0:
            east[i] = -flux
        elif outlets[k, 1] == 1:
            east[i + 1] = flux
        elif outlets[k, 1] == 2:
            north[i] = -flux
        else:
            north[i + stride] = flux


@compiled
def limit(depth: Floats, east: Floats, north: Floats, cells: Ints, stride: int, factor: float, share: Floats) -> None:
    """The share of what wants to leave each cell in a step that it has water for; `factor` is step over cell."""
    for i in cells:
        leaving = (
            max(0.0, -east[i]) + max(0.0, east[i + 1]) + max(0.0, -north[i]) + max(0.0, north[i + stride])
        ) * factor  # fmt: skip
        share[i] = depth[i] / leaving if leaving > depth[i] else 1.0


@compiled
def move(
    depth: Floats, east: Floats, north: Floats, falling: Floats, live: States, share: Floats, tiles: Ints, starts: Ints,
    cells: Ints, across: int, stride: int, held: Floats, step_s: float, cell_m: float,
) -> tuple[float, float]:  # fmt: skip
    """New depths of the listed cells; fluxes are cut to the share that their donor can give.

    What passes to a sleeping neighbour, or comes from it, is counted in its tile's `held` m3. Returns what left the
    map and what fell onto it, m3.
    """
    passed = step_s * cell_m
    area = cell_m * cell_m
    left = fell = 0.0
    for k in range(tiles.size):
        tile = tiles[k]
        for place in range(starts[k], starts[k + 1]):
            i = cells[place]
            own = share[i]
            # A cell's own faces are cut and kept; those shared with later cells still await these, uncut.
            west, eastward, south, northward = east[i], east[i + 1], north[i], north[i + stride]
            state = live[i - 1]
            if state == ASLEEP:
                held[tile - 1] -= west * passed
            else:
                west *= share[i - 1] if west > 0.0 else own
                east[i] = west
                if state == OUTSIDE:
                    left -= west * passed
            state = live[i - stride]
            if state == ASLEEP:
                held[tile - across] -= south * passed
            else:
                south *= share[i - stride] if south > 0.0 else own
                north[i] = south
                if state == OUTSIDE:
                    left -= south * passed
            state = live[i + 1]
            if state == ASLEEP:
                held[tile + 1] += eastward * passed
            else:
                eastward *= own if eastward > 0.0 else share[i + 1]
                if state == OUTSIDE:
                    east[i + 1] = eastward
                    left += eastward * passed
            state = live[i + stride]
            if state == ASLEEP:
                held[tile + across] += northward * passed
            else:
                northward *= own if northward > 0.0 else share[i + stride]
                if state == OUTSIDE:
                    north[i + stride] = northward
                    left += northward * passed
            change = (west - eastward + south - northward) * passed / area
            after = depth[i] + change
            if falling[i] != 0.0:
                after += falling[i] * step_s
                fell += falling[i] * step_s * area
            if after < 0.0:
                # A sleeping neighbour or the soil took more than there was: the rest of the tile's water pays for it.
                held[tile] += after * area
                after = 0.0
            depth[i] = after
    return left, fell


@compiled
def advance_water(
    bed: Floats, sill: Floats, roughness: Floats, outlets: Ints, conveyance: Floats, depth: Floats, east: Floats,
    north: Floats, falling: Floats, live: States, carry_east: Floats, carry_north: Floats, share: Floats, tiles: Ints,
    starts: Ints, listed: Ints, shape: tuple[int, int], held: Floats, calms_s: float, cell_m: float, seconds: float,
) -> tuple[float, float, int]:  # fmt: skip
    """Step the tiles in `tiles` (ascending) through some seconds, in place, in steps that the waves allow.

    `roughness` is Manning's n squared; `falling` in m/s is rain that stands on the ground; `carry_east`,
    `carry_north` (0), `share` (1), `starts` and `listed` are scratch; `held` (tiles,) in m3 is what sleeping tiles
    gained; almost still water calms within `calms_s`. Returns what left the map and what fell (m3), and the
    number of steps.
    """
    stride = shape[1] + 2
    across = (shape[1] + TILE - 1) // TILE
    left = fell = 0.0
    steps = 0
    remaining = seconds
    while remaining > 0.0:
        deepest = near_water(depth, east, north, falling, tiles, shape, starts, listed)
        cells = listed[: starts[tiles.size]]
        fastest = momentum(depth, east, north, cells, stride, carry_east, carry_north)
        parts = math.ceil(remaining / LONGEST_STEP_S)
        if deepest > 0.0:
            wave = fastest + math.sqrt(GRAVITY * deepest)
            parts = max(parts, math.ceil(remaining * wave / (COURANT * cell_m)))
        step_s = remaining / parts
        drive(
            bed, sill, roughness, depth, east, north, live, cells, stride, carry_east, carry_north,
            math.exp(-step_s / calms_s), step_s, cell_m,
        )  # fmt: skip
        let_out(bed, sill, depth, east, north, live, stride, outlets, conveyance)
        limit(depth, east, north, cells, stride, step_s / cell_m, share)
        gone, come = move(
            depth, east, north, falling, live, share, tiles, starts, cells, across, stride, held, step_s, cell_m
        )
        left += gone
        fell += come
        remaining = remaining - step_s if parts > 1 else 0.0
        steps += 1
    return left, fell, steps


@compiled
def held_by_sleepers(
    depth: Floats, east: Floats, north: Floats, falling: Floats, live: States, shape: tuple[int, int], held: Floats,
    held_m: float, held_share: float, called: Flags, cell_m: float, seconds: float,
) -> tuple[float, float]:  # fmt: skip
    """Count into `held` (tiles,) what sleeping tiles got and lost in some seconds, and mark those that must wake.

    They got what fell or soaked away, and what the faces between them and off the map's edge passed; faces towards
    awake tiles are counted where these are stepped. A sleeper is `called` when rain stands on it, or when it holds what
    comes to a depth of `held_m` over its wet cells or to `held_share` of its water. Returns what left the map and what
    fell, m3.
    """
    rows, cols = shape
    stride = cols + 2
    across, up = (cols + TILE - 1) // TILE, (rows + TILE - 1) // TILE
    passed = cell_m * seconds
    area = cell_m * cell_m
    left = fell = 0.0
    for tile in range(across * up):
        called[tile] = False
        r0, c0 = tile // across * TILE, tile % across * TILE
        first = (r0 + 1) * stride + c0 + 1
        if live[first] != ASLEEP:
            continue
        high, wide = min(rows, r0 + TILE) - r0, min(cols, c0 + TILE) - c0
        gained = gone = 0.0
        for k in range(high):
            i, j = first + k * stride, first + k * stride + wide
            if live[i - 1] != AWAKE:
                gained += east[i]
                if live[i - 1] == OUTSIDE:
                    gone -= east[i]
            if live[j] != AWAKE:
                gained -= east[j]
                if live[j] == OUTSIDE:
                    gone += east[j]
        for k in range(wide):
            i, j = first + k, first + k + high * stride
            if live[i - stride] != AWAKE:
                gained += north[i]
                if live[i - stride] == OUTSIDE:
                    gone -= north[i]
            if live[j] != AWAKE:
                gained -= north[j]
                if live[j] == OUTSIDE:
                    gone += north[j]
        wet, total, sum_falling = 0, 0.0, 0.0
        for k in range(high):
            for i in range(first + k * stride, first + k * stride + wide):
                if falling[i] != 0.0:
                    sum_falling += falling[i]
                    called[tile] = called[tile] or falling[i] > 0.0
                if depth[i] > 0.0:
                    wet += 1
                    total += depth[i]
        held[tile] += gained * passed + sum_falling * area * seconds
        left += gone * passed
        fell += sum_falling * area * seconds
        if wet > 0 and abs(held[tile]) > min(held_m * wet, held_share * total) * area:
            called[tile] = True
    return left, fell


@compiled
def give_back(depth: Floats, held: Floats, tiles: Ints, shape: tuple[int, int], cell_m: float) -> None:
    """Put what tiles held while they slept into their water: spread over the wet cells, or taken in proportion."""
    rows, cols = shape
    stride = cols + 2
    across = (cols + TILE - 1) // TILE
    area = cell_m * cell_m
    for tile in tiles:
        r0, c0 = tile // across * TILE, tile % across * TILE
        wet, volume = 0, 0.0
        for r in range(r0, min(rows, r0 + TILE)):
            row = (r + 1) * stride + 1
            for i in range(row + c0, row + min(cols, c0 + TILE)):
                if depth[i] > 0.0:
                    wet += 1
                    volume += depth[i] * area
        if wet == 0:
            continue
        risen = max(0.0, held[tile]) / (wet * area)
        kept = max(0.0, 1.0 + min(0.0, held[tile]) / volume)
        for r in range(r0, min(rows, r0 + TILE)):
            row = (r + 1) * stride + 1
            for i in range(row + c0, row + min(cols, c0 + TILE)):
                if depth[i] > 0.0:
                    depth[i] = depth[i] * kept + risen
        held[tile] = held[tile] + volume if kept == 0.0 else 0.0


@compiled
def changed(depth: Floats, watched: Floats, tiles: Ints, shape: tuple[int, int], most: Floats) -> None:
    """The largest change of depth in each of some tiles since it was last asked, into `most` (tiles,), m."""
    rows, cols = shape
    stride = cols + 2
    across = (cols + TILE - 1) // TILE
    for tile in tiles:
        r0, c0 = tile // across * TILE, tile % across * TILE
        found = 0.0
        for r in range(r0, min(rows, r0 + TILE)):
            row = (r + 1) * stride + 1
            for i in range(row + c0, row + min(cols, c0 + TILE)):
                found = max(found, abs(depth[i] - watched[i]))
                watched[i] = depth[i]
        most[tile] = found
