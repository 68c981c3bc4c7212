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
ASLEEP, OUTSIDE = 0, 255  # and between them the paces of those that are awake, the slower the higher
GRAVITY = 9.81
COURANT = 0.7  # of flow and gravity wave together; Bates et al. 2010 take 0.2-0.7
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
    depth: Floats, east: Floats, north: Floats, tiles: Ints, shape: tuple[int, int], cells: Ints
) -> tuple[int, float]:
    """List the cells of some tiles that have water, or neighbours that do, or a flux that must be seen to end.

    Their indices go into `cells`. Returns how many there are and the depth of the deepest.
    """
    rows, cols = shape
    stride = cols + 2
    across = (cols + TILE - 1) // TILE
    count = 0
    deepest = 0.0
    for tile in tiles:
        r0, c0 = tile // across * TILE, tile % across * TILE
        last = min(cols, c0 + TILE)
        for r in range(r0, min(rows, r0 + TILE)):
            row = (r + 1) * stride + 1
            for i in range(row + c0, row + last):
                here = depth[i]
                if here > 0.0:
                    deepest = max(deepest, here)
                elif not (
                    depth[i - 1] > 0.0 or depth[i + 1] > 0.0 or depth[i - stride] > 0.0 or depth[i + stride] > 0.0
                    or east[i] != 0.0 or north[i] != 0.0
                ):  # fmt: skip
                    continue
                cells[count] = i
                count += 1
    return count, deepest


@compiled
def carried(depth: Floats, flux: Floats, i: int, on: int) -> tuple[float, float]:
    """Momentum in m3/s2 that the flow carries across the middle of a cell along one axis, and its speed in m/s.

    `flux` is that through the faces across the axis, `on` the step from a cell to the next along it.
    """
    before, after = flux[i], flux[i + on]
    if abs(before) + abs(after) <= LEAST_FLUX_M2_S:
        return 0.0, 0.0
    speed = through_speed(before, after, depth[i - on], depth[i], depth[i + on])
    return 0.5 * (before + after) * speed, abs(speed)


@compiled
def momentum(
    depth: Floats, east: Floats, north: Floats, cells: Ints, stride: int, carry_east: Floats, carry_north: Floats
) -> float:
    """Momentum that the flow carries across the middle of each cell, eastward and northward; the top speed in m/s."""
    fastest = 0.0
    for i in cells:
        carry_east[i], speed = carried(depth, east, i, 1)
        fastest = max(fastest, speed)
        carry_north[i], speed = carried(depth, north, i, stride)
        fastest = max(fastest, speed)
    return fastest


@compiled
def drive_face(
    bed: Floats, sill: Floats, roughness: Floats, depth: Floats, flux: Floats, j: int, i: int, gained: float,
    calm: float, step_s: float, cell_m: float,
) -> float:  # fmt: skip
    """The new flux from cell j to the next one, i; `gained` is the momentum that the flow brings there."""
    if depth[i] > 0.0 or depth[j] > 0.0:
        return face_flux(
            flux[i], calm, gained, bed[j], depth[j], sill[j], bed[i], depth[i], sill[i],
            0.5 * (roughness[j] + roughness[i]), step_s, cell_m,
        )  # fmt: skip
    return 0.0


@compiled
def drive(
    bed: Floats, sill: Floats, roughness: Floats, depth: Floats, east: Floats, north: Floats, live: States,
    cells: Ints, stride: int, pace: int, carry_east: Floats, carry_north: Floats, calm: float, step_s: float,
    cell_m: float,
) -> None:  # fmt: skip
    """New fluxes through the faces of the listed cells, which are of one pace: between them, and to slower ones.

    `calm` is the share of its flux that almost still water keeps where nothing drives or rubs it.
    """
    for i in cells:
        j = i - 1
        if live[j] == pace:
            gained = carry_east[j] - carry_east[i]
            east[i] = drive_face(bed, sill, roughness, depth, east, j, i, gained, calm, step_s, cell_m)
        elif pace < live[j] < OUTSIDE:
            gained = carried(depth, east, j, 1)[0] - carry_east[i]
            east[i] = drive_face(bed, sill, roughness, depth, east, j, i, gained, calm, step_s, cell_m)
        j = i - stride
        if live[j] == pace:
            gained = carry_north[j] - carry_north[i]
            north[i] = drive_face(bed, sill, roughness, depth, north, j, i, gained, calm, step_s, cell_m)
        elif pace < live[j] < OUTSIDE:
            gained = carried(depth, north, j, stride)[0] - carry_north[i]
            north[i] = drive_face(bed, sill, roughness, depth, north, j, i, gained, calm, step_s, cell_m)
        j = i + 1
        if pace < live[j] < OUTSIDE:
            gained = carry_east[i] - carried(depth, east, j, 1)[0]
            east[j] = drive_face(bed, sill, roughness, depth, east, i, j, gained, calm, step_s, cell_m)
        j = i + stride
        if pace < live[j] < OUTSIDE:
            gained = carry_north[i] - carried(depth, north, j, stride)[0]
            north[j] = drive_face(bed, sill, roughness, depth, north, i, j, gained, calm, step_s, cell_m)


@compiled
def let_out(
    bed: Floats, sill: Floats, depth: Floats, east: Floats, north: Floats, live: States, stride: int, pace: int,
    outlets: Ints, conveyance: Floats,
) -> None:  # fmt: skip
    """New fluxes off the map: `outlets` (n, 2) are cells and the direction they open to, 0 to 3: W, E, S, N."""
    for k in range(outlets.shape[0]):
        i = outlets[k, 0]
        if live[i] != pace:
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
def limit(
    bed: Floats, sill: Floats, depth: Floats, east: Floats, north: Floats, live: States, cells: Ints, stride: int,
    pace: int, factor: float, share: Floats,
) -> None:  # fmt: skip
    """The share of what wants to leave each cell in a step that it has water for; `factor` is step over cell.

    Nothing leaves the hollows below its sill. What goes to a cell of a quicker pace was taken when that one stepped.
    """
    for i in cells:
        leaving = 0.0
        if east[i] < 0.0 and not ASLEEP < live[i - 1] < pace:
            leaving -= east[i]
        if east[i + 1] > 0.0 and not ASLEEP < live[i + 1] < pace:
            leaving += east[i + 1]
        if north[i] < 0.0 and not ASLEEP < live[i - stride] < pace:
            leaving -= north[i]
        if north[i + stride] > 0.0 and not ASLEEP < live[i + stride] < pace:
            leaving += north[i + stride]
        leaving *= factor
        spare = max(0.0, depth[i] - (sill[i] - bed[i]))
        share[i] = spare / leaving if leaving > spare else 1.0


@compiled
def passed_to(
    flux: float, own: float, j: int, state: int, pace: int, depth: Floats, spare: float, share: Floats, factor: float
) -> float:
    """The flux that can pass from a cell, which can give the share `own`, to its neighbour j.

    A neighbour of a slower pace gets it, or gives of what it can spare, at once; one of a quicker pace has dealt with
    the face itself.
    """
    if state == pace:
        return flux * (own if flux > 0.0 else share[j])
    if state == ASLEEP:
        return flux
    if state == OUTSIDE:
        return flux * own
    if state < pace:
        return 0.0
    flux = max(flux * own if flux > 0.0 else flux, -max(0.0, spare) / factor)
    depth[j] = max(0.0, depth[j] + flux * factor)
    return flux


@compiled
def move(
    bed: Floats, sill: Floats, depth: Floats, east: Floats, north: Floats, live: States, share: Floats, cells: Ints,
    shape: tuple[int, int], pace: int, held: Floats, step_s: float, cell_m: float,
) -> float:  # fmt: skip
    """New depths of the listed cells, which are of one pace; fluxes are cut to the share that their donor can give.

    What passes to a sleeping neighbour, or comes from it, is counted in its tile's `held` m3. Returns what left the
    map, m3.
    """
    stride = shape[1] + 2
    across = (shape[1] + TILE - 1) // TILE
    volume = step_s * cell_m
    factor = step_s / cell_m
    left = 0.0
    for i in cells:
        own = share[i]
        # A cell's own faces are cut and kept; those shared with later cells of its pace still await these, uncut.
        on_west, on_east, on_south, on_north = live[i - 1], live[i + 1], live[i - stride], live[i + stride]
        if on_west == pace and on_east == pace and on_south == pace and on_north == pace:
            west = east[i] * (share[i - 1] if east[i] > 0.0 else own)
            east[i] = west
            south = north[i] * (share[i - stride] if north[i] > 0.0 else own)
            north[i] = south
            eastward = east[i + 1] * (own if east[i + 1] > 0.0 else share[i + 1])
            northward = north[i + stride] * (own if north[i + stride] > 0.0 else share[i + stride])
            after = depth[i] + (west - eastward + south - northward) * factor
            if after < 0.0:
                held[tile_of(i, stride, across)] += after * cell_m * cell_m  # rounding
                after = 0.0
            depth[i] = after
            continue
        west = -passed_to(
            -east[i], own, i - 1, on_west, pace, depth, depth[i - 1] - (sill[i - 1] - bed[i - 1]), share, factor
        )
        eastward = passed_to(
            east[i + 1], own, i + 1, on_east, pace, depth, depth[i + 1] - (sill[i + 1] - bed[i + 1]), share, factor
        )
        south = -passed_to(
            -north[i],
            own,
            i - stride,
            on_south,
            pace,
            depth,
            depth[i - stride] - (sill[i - stride] - bed[i - stride]),
            share,
            factor,
        )
        northward = passed_to(
            north[i + stride],
            own,
            i + stride,
            on_north,
            pace,
            depth,
            depth[i + stride] - (sill[i + stride] - bed[i + stride]),
            share,
            factor,
        )
        if pace <= on_west:
            east[i] = west
        if pace <= on_south:
            north[i] = south
        if pace < on_east:
            east[i + 1] = eastward
        if pace < on_north:
            north[i + stride] = northward
        tile = tile_of(i, stride, across)
        left += booked(-west * volume, on_west, tile - 1, held)
        left += booked(eastward * volume, on_east, tile + 1, held)
        left += booked(-south * volume, on_south, tile - across, held)
        left += booked(northward * volume, on_north, tile + across, held)
        after = depth[i] + (west - eastward + south - northward) * factor
        if after < 0.0:
            # A sleeping neighbour took more than there was: the rest of the tile's water pays for it.
            held[tile] += after * cell_m * cell_m
            after = 0.0
        depth[i] = after
    return left


@compiled
def booked(volume: float, state: int, tile: int, held: Floats) -> float:
    """Count what passed to a neighbour into what its tile holds, if that sleeps; gives what left the map."""
    if state == ASLEEP:
        held[tile] += volume
    return volume if state == OUTSIDE else 0.0


@compiled
def tile_of(i: int, stride: int, across: int) -> int:
    """The tile that a cell belongs to."""
    return (i // stride - 1) // TILE * across + (i % stride - 1) // TILE


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
    rows, cols = shape
    stride = cols + 2
    across = (cols + TILE - 1) // TILE
    area = cell_m * cell_m
    total = 0.0
    for tile in tiles:
        r0, c0 = tile // across * TILE, tile % across * TILE
        fell = 0.0
        for r in range(r0, min(rows, r0 + TILE)):
            row = (r + 1) * stride + 1
            for i in range(row + c0, row + min(cols, c0 + TILE)):
                if falling[i] != 0.0:
                    fell += falling[i]
                    after = depth[i] + falling[i] * seconds
                    if after < 0.0:
                        held[tile] += after * area
                        after = 0.0
                    depth[i] = after
        total += fell
    return total * seconds * area


@compiled
def advance_water(
    bed: Floats, sill: Floats, roughness: Floats, outlets: Ints, conveyance: Floats, depth: Floats, east: Floats,
    north: Floats, live: States, carry_east: Floats, carry_north: Floats, share: Floats, tiles: Ints, listed: Ints,
    shape: tuple[int, int], pace: int, held: Floats, calms_s: float, cell_m: float, seconds: float,
) -> tuple[float, int]:  # fmt: skip
    """Step the tiles in `tiles` (ascending, all those of this pace) through some seconds, in steps that waves allow.

    `roughness` is Manning's n squared; `carry_east`, `carry_north`, `share` and `listed` are scratch; `held` (tiles,)
    in m3 is what sleeping tiles gained; almost still water calms within `calms_s`. Returns what left the map (m3) and
    the number of steps.
    """
    stride = shape[1] + 2
    left = 0.0
    steps = 0
    remaining = seconds
    while remaining > 0.0:
        count, deepest = near_water(depth, east, north, tiles, shape, listed)
        cells = listed[:count]
        fastest = momentum(depth, east, north, cells, stride, carry_east, carry_north)
        parts = 1
        if deepest > 0.0:
            wave = fastest + math.sqrt(GRAVITY * deepest)
            parts = max(parts, math.ceil(remaining * wave / (COURANT * cell_m)))
        step_s = remaining / parts
        drive(
            bed, sill, roughness, depth, east, north, live, cells, stride, pace, carry_east, carry_north,
            math.exp(-step_s / calms_s), step_s, cell_m,
        )  # fmt: skip
        let_out(bed, sill, depth, east, north, live, stride, pace, outlets, conveyance)
        limit(bed, sill, depth, east, north, live, cells, stride, pace, step_s / cell_m, share)
        left += move(bed, sill, depth, east, north, live, share, cells, shape, pace, held, step_s, cell_m)
        remaining = remaining - step_s if parts > 1 else 0.0
        steps += 1
    return left, steps


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
            if not ASLEEP < live[i - 1] < OUTSIDE:
                gained += east[i]
                if live[i - 1] == OUTSIDE:
                    gone -= east[i]
            if not ASLEEP < live[j] < OUTSIDE:
                gained -= east[j]
                if live[j] == OUTSIDE:
                    gone += east[j]
        for k in range(wide):
            i, j = first + k, first + k + high * stride
            if not ASLEEP < live[i - stride] < OUTSIDE:
                gained += north[i]
                if live[i - stride] == OUTSIDE:
                    gone -= north[i]
            if not ASLEEP < live[j] < OUTSIDE:
                gained -= north[j]
                if live[j] == OUTSIDE:
                    gone += north[j]
        sum_falling = 0.0
        for k in range(high):
            for i in range(first + k * stride, first + k * stride + wide):
                if falling[i] != 0.0:
                    sum_falling += falling[i]
                    called[tile] = called[tile] or falling[i] > 0.0
        held[tile] += gained * passed + sum_falling * area * seconds
        left += gone * passed
        fell += sum_falling * area * seconds
        if held[tile] == 0.0:
            continue
        wet, total = 0, 0.0
        for k in range(high):
            for i in range(first + k * stride, first + k * stride + wide):
                if depth[i] > 0.0:
                    wet += 1
                    total += depth[i]
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
