"""Local inertial flow along rows of cells and their faces, in the order of a step: speed, drive, share, cut, renew.

Bates, Horritt & Fewtrell 2010 (eq. 11), with two changes. Along each axis momentum is carried with the flow, upwind
and conservatively (Stelling & Duinmeijer 2003), without which a dam break runs into a wall of its own making; across
the axes it is not. And friction is fully implicit, the root of the quadratic in the new flux, so that thin films on
steep ground go straight to Manning's normal flow instead of overshooting it.

All maps are flat, of a lattice with one ring of cells round the map, `stride` cells to a row. Depths belong to cells;
fluxes in m2/s to faces: `east[i]` is positive eastward through the west face of cell i, `north[i]` northward through
its south face. A row is given by its first cell and a count; `on` is the step from a cell to the next along the axis.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.water.lanes import ONE, Index, compiled_in_lanes

Floats = NDArray[np.float64]

GRAVITY = 9.81
THINNEST_M = 1e-6  # less than this above the sill does not flow
FASTEST_FROUDE = 3.0  # fluxes at the thin edge of a wave are bounded to this
SLOW_M_S, LEAST_FLUX_M2_S = 0.1, 1e-3  # slower or thinner flow carries no momentum worth counting
STILL_M_S = 0.03  # slower water is calmed, so that lakes come to rest
# h^(1/3) is found from h^(5/16), four square roots, by one step of Halley's: within 4e-4 from 1 mm to 20 m.
GUESS = 0.96


@compiled_in_lanes
def speed_row(flux: Floats, depth: Floats, first: Index, count: int, on: Index, speed: Floats) -> None:
    """Speed in m/s at which water comes into each cell along one axis, into `speed` (count,).

    It is that of the face upstream of the cell's middle.
    """
    for k in range(count):
        i = first + Index(k)
        before, after = flux[i], flux[i + on]
        forward = before + after > 0.0
        upstream = before if forward else after
        behind, here, ahead = depth[i - on], depth[i], depth[i + on]
        donor = behind if forward else ahead
        donor = donor if (upstream > 0.0) == forward else here
        size = upstream if upstream > 0.0 else -upstream
        both = (before if before > 0.0 else -before) + (after if after > 0.0 else -after)
        deep = donor if donor > THINNEST_M else THINNEST_M
        most = FASTEST_FROUDE * math.sqrt(GRAVITY * deep)
        found = upstream / deep
        found = found if found < most else most
        found = found if found > -most else -most
        counts = (donor > THINNEST_M) & (both > LEAST_FLUX_M2_S) & (size >= SLOW_M_S * deep)
        speed[k] = found if counts else 0.0


@compiled_in_lanes
def carry_row(flux: Floats, speed: Floats, first: Index, count: int, on: Index, carry: Floats) -> None:
    """Momentum in m3/s2 that the flow carries across the middle of each cell at its `speed` (count,), into `carry`."""
    for k in range(count):
        i = first + Index(k)
        carry[i] = 0.5 * (flux[i] + flux[i + on]) * speed[k]


@compiled_in_lanes
def wave_row(east_m_s: Floats, north_m_s: Floats, depth: Floats, first: Index, count: int, fastest: Floats) -> None:
    """Speed of the waves in a row of cells, where it is more than `fastest` (count,) of the rows before."""
    for k in range(count):
        eastward = east_m_s[k] if east_m_s[k] > 0.0 else -east_m_s[k]
        northward = north_m_s[k] if north_m_s[k] > 0.0 else -north_m_s[k]
        wave = (eastward if eastward > northward else northward) + math.sqrt(GRAVITY * depth[first + Index(k)])
        fastest[k] = wave if wave > fastest[k] else fastest[k]


@compiled_in_lanes
def drive_row(
    bed: Floats, sill: Floats, rough: Floats, depth: Floats, flux: Floats, carry: Floats, first: Index, count: int,
    on: Index, calm: float, step_s: float, cell_m: float,
) -> None:  # fmt: skip
    """New fluxes through the faces before the cells of a row.

    `sill` is what water must exceed to pass the face, `rough` the square of Manning's n there; `carry` is the momentum
    that the flow brings across the middle of each cell; almost still water keeps only the share `calm` of its flux.
    """
    for k in range(count):
        i = first + Index(k)
        j = i - on
        level, next_level = bed[j] + depth[j], bed[i] + depth[i]
        flowing = (level if level > next_level else next_level) - sill[i]
        deep = flowing if flowing > THINNEST_M else THINNEST_M
        was = flux[i]
        still = (was if was > 0.0 else -was) < STILL_M_S * deep
        kept = was * calm if still else was
        wanted = kept + step_s * (carry[j] - carry[i] - GRAVITY * deep * (next_level - level)) / cell_m
        root = math.sqrt(deep)
        fourth = math.sqrt(root)
        guess = GUESS * fourth * math.sqrt(math.sqrt(fourth))
        cube = guess * guess * guess
        third = guess * (cube + 2.0 * deep) / (2.0 * cube + deep)
        drag = GRAVITY * step_s * rough[i] / (deep * deep * third)
        size = wanted if wanted > 0.0 else -wanted
        passed = 2.0 * wanted / (1.0 + math.sqrt(1.0 + 4.0 * drag * size))
        most = FASTEST_FROUDE * math.sqrt(GRAVITY) * root * deep
        passed = passed if passed < most else most
        passed = passed if passed > -most else -most
        flux[i] = passed if flowing > THINNEST_M else 0.0


@compiled_in_lanes
def still_row(flux: Floats, first: Index, count: int) -> None:
    """No flux through the faces before the cells of a row."""
    for k in range(count):
        flux[first + Index(k)] = 0.0


@compiled
def edge_flux(depth: float, retention: float, conveyance: float) -> float:
    """Flux in m2/s off the map's edge: normal flow, `conveyance` = sqrt(slope) / n, at most critical."""
    flowing = depth - retention
    if conveyance <= 0.0 or flowing <= THINNEST_M:
        return 0.0
    normal = conveyance * flowing * math.pow(flowing, 2.0 / 3.0)
    return min(normal, flowing * math.sqrt(GRAVITY * flowing))


@compiled_in_lanes
def share_row(
    hollow: Floats, depth: Floats, east: Floats, north: Floats, first: Index, count: int, stride: Index, factor: float,
    share: Floats,
) -> None:  # fmt: skip
    """The share of what wants to leave each cell in a step that it has water for; `factor` is step over cell.

    Nothing leaves the `hollow` below its sill.
    """
    for k in range(count):
        i = first + Index(k)
        west, eastward, south, northward = east[i], east[i + ONE], north[i], north[i + stride]
        leaving = (-west if west < 0.0 else 0.0) + (eastward if eastward > 0.0 else 0.0)
        leaving += (-south if south < 0.0 else 0.0) + (northward if northward > 0.0 else 0.0)
        leaving *= factor
        spare = depth[i] - hollow[i]
        spare = spare if spare > 0.0 else 0.0
        share[i] = spare / leaving if leaving > spare else 1.0


@compiled_in_lanes
def cut_row(flux: Floats, share: Floats, first: Index, count: int, on: Index) -> None:
    """Cut the fluxes through the faces before the cells of a row to the share that their donors can give."""
    for k in range(count):
        i = first + Index(k)
        behind, here = share[i - on], share[i]
        flux[i] = flux[i] * (behind if flux[i] > 0.0 else here)


@compiled_in_lanes
def renew_row(
    depth: Floats, east: Floats, north: Floats, first: Index, count: int, stride: Index, factor: float, short: Floats
) -> None:
    """New depths of a row; what rounding would take below nothing is added to `short` (count,), m."""
    for k in range(count):
        i = first + Index(k)
        after = depth[i] + (east[i] - east[i + ONE] + north[i] - north[i + stride]) * factor
        short[k] += after if after < 0.0 else 0.0
        depth[i] = after if after > 0.0 else 0.0


@compiled_in_lanes
def fall_row(
    depth: Floats, falling: Floats, first: Index, count: int, seconds: float, short: Floats, fell: Floats
) -> None:
    """Let fall onto a row of cells, or soak away; what a cell has not got is added to `short` (count,), m.

    To `fell` (count,) is added what fell, m/s.
    """
    for k in range(count):
        i = first + Index(k)
        fell[k] += falling[i]
        after = depth[i] + falling[i] * seconds
        short[k] += after if after < 0.0 else 0.0
        depth[i] = after if after > 0.0 else 0.0


@compiled_in_lanes
def change_row(depth: Floats, watched: Floats, first: Index, count: int, most: Floats) -> None:
    """Change of depth since `watched`, where it is more than `most` (count,) of the rows before."""
    for k in range(count):
        i = first + Index(k)
        change = depth[i] - watched[i]
        change = change if change > 0.0 else -change
        most[k] = change if change > most[k] else most[k]


@compiled_in_lanes
def any_in_row(values: Floats, first: Index, count: int) -> bool:
    """Whether any of a row of cells has another value than nothing."""
    found = 0
    for k in range(count):
        found += values[first + Index(k)] != 0.0
    return found > 0
