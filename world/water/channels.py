"""The ways of the water as the live flow needs them: an open bed, what drains where, and the flow of a mean day.

The valley's channels run from cell to cell in eight directions, the live water flows in four: where a channel takes a
corner, one of the two cells beside it is opened down to the channel's bed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.land.hydrology import downstream_order, priority_flood, steepest_receivers
from world.water.basin import MANNING, RETENTION_M, Basin
from world.water.live_water import Bed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

RISE_M = 1e-5  # per cell over level water, so that it drains somewhere
SMOOTHEST_BED, ROUGHEST_BED = 0.03, 0.15  # Manning's n of stream beds
GENTLEST, STEEPEST = 5e-4, 0.25  # slopes that normal flow is worked out for
FLOWS_M3_S = 1e-3  # mean flow from which water is put into a channel at the start


@dataclass(frozen=True)
class Channels:
    """Water's ways; maps are flat (cells,) where they hold cells."""

    bed: Bed
    ground: Floats  # (rows, cols) heights of the land, which the bed may be dug into
    wet: Flags  # (rows, cols) stream, river and lake
    drains_to: Ints  # the stream cell that groundwater of each cell reaches, -1 for off the map
    away_m: Floats  # how far that is
    depth: Floats  # (rows, cols) of mean flow


def channels_of(basin: Basin) -> Channels:
    """Work out the ways of a valley's water."""
    ground = basin.heights.astype(np.float64)
    lying = basin.water_depth.astype(np.float64)
    wet = (lying > 0.0) | (basin.channel_width_m > 0.0)
    edge = np.zeros(ground.shape, dtype=np.bool_)
    edge[0, :] = edge[-1, :] = edge[:, 0] = edge[:, -1] = True
    surface = priority_flood(ground + lying, edge, RISE_M)
    receivers = steepest_receivers(surface, edge, np.full(ground.shape, math.sqrt(2.0)))
    order = downstream_order(receivers)
    heights = ground.copy()
    open_corners(heights, wet, receivers)
    slope = slopes_down(surface, receivers, basin.cell_m)
    roughness = MANNING[basin.cover]
    roughness[wet] = bed_roughness(slope, np.maximum(lying, 0.05))[wet]
    retention = RETENTION_M[basin.cover]
    retention[wet] = 0.0
    edges = edge_conveyance(surface, roughness, basin.cell_m)
    bed = Bed(basin.cell_m, heights, heights + retention, roughness, edges)
    drains_to, away = drainage(receivers, order, wet.ravel(), basin.cell_m)
    # Where the land draws the river's water its bed is carved at least a cell and a half wide.
    flows_over_m = np.maximum(basin.channel_width_m, np.where(lying > 0.0, 1.5, 1.0) * basin.cell_m).astype(np.float64)
    level = mean_levels(
        heights, wet, basin.discharge_m3_s.astype(np.float64), flows_over_m, roughness,
        slope, receivers, order, basin.cell_m,
    )  # fmt: skip
    depth = np.where(wet, np.maximum(level - heights, 0.0), 0.0)
    return Channels(bed, ground, wet, drains_to, away, depth)


def bed_roughness(slope: Floats, depth: Floats) -> Floats:
    """Manning's n of a stream bed (Jarrett 1984: 0.39 S^0.38 R^-0.16 in feet, here 0.32 in metres), bounded."""
    result: Floats = np.clip(0.32 * slope**0.38 * depth**-0.16, SMOOTHEST_BED, ROUGHEST_BED)
    return result


def edge_conveyance(surface: Floats, roughness: Floats, cell_m: float) -> Floats:
    """Conveyance sqrt(slope) / n off the four edges where the land falls towards them, else 0: (4, n)."""
    outer = (surface[:, 0], surface[:, -1], surface[0], surface[-1])
    inner = (surface[:, 1], surface[:, -2], surface[1], surface[-2])
    beds = (roughness[:, 0], roughness[:, -1], roughness[0], roughness[-1])
    falls = [np.clip((i - o) / cell_m, 0.0, STEEPEST) for i, o in zip(inner, outer, strict=True)]
    found = [
        np.where(fall > 0.0, np.sqrt(np.maximum(fall, GENTLEST)) / n, 0.0) for fall, n in zip(falls, beds, strict=True)
    ]
    return np.stack(found)


@compiled
def open_corners(heights: Floats, wet: Flags, receivers: Ints) -> None:
    """Lower one cell beside every diagonal step of a channel so that two straight ones lead through; in place."""
    rows, cols = heights.shape
    for cell in range(rows * cols):
        r, c = cell // cols, cell % cols
        to_r, to_c = receivers[cell] // cols, receivers[cell] % cols
        if not wet[r, c] or r == to_r or c == to_c:
            continue
        high = max(heights[r, c], heights[to_r, to_c])
        if heights[r, to_c] < heights[to_r, c]:
            heights[r, to_c] = min(heights[r, to_c], high)
        else:
            heights[to_r, c] = min(heights[to_r, c], high)


@compiled
def slopes_down(surface: Floats, receivers: Ints, cell_m: float) -> Floats:
    """Fall of the surface towards each cell's receiver, rise over run within bounds; an outlet has its donor's."""
    rows, cols = surface.shape
    slope = np.full((rows, cols), GENTLEST)
    for cell in range(rows * cols):
        r, c = cell // cols, cell % cols
        to_r, to_c = receivers[cell] // cols, receivers[cell] % cols
        if receivers[cell] == cell:
            continue
        length = cell_m * math.sqrt(float((r - to_r) ** 2 + (c - to_c) ** 2))
        slope[r, c] = min(STEEPEST, max(GENTLEST, (surface[r, c] - surface[to_r, to_c]) / length))
        if receivers[receivers[cell]] == receivers[cell]:
            slope[to_r, to_c] = max(slope[to_r, to_c], slope[r, c])
    return slope


@compiled
def drainage(receivers: Ints, order: Ints, wet: Flags, cell_m: float) -> tuple[Ints, Floats]:
    """The first wet cell down the way of each cell, itself if it is wet, -1 if none; and how far that is in metres."""
    to = np.full(receivers.size, -1, dtype=np.int64)
    away = np.zeros(receivers.size)
    for cell in order:
        receiver = receivers[cell]
        if wet[cell]:
            to[cell] = cell
        elif receiver != cell:
            to[cell] = to[receiver]
            away[cell] = away[receiver] + cell_m
    return to, away


@compiled
def mean_levels(
    bed: Floats, wet: Flags, discharge: Floats, width: Floats, roughness: Floats, slope: Floats, receivers: Ints,
    order: Ints, cell_m: float,
) -> Floats:  # fmt: skip
    """Heights of the water's surface at mean flow: normal depth at the outlets, backwater from there upstream.

    From each cell to its receiver the loss of head is what Manning's law asks for the flow between them, found by
    bisection; dry cells keep their bed.
    """
    cols = bed.shape[1]
    level = bed.copy()
    for cell in order:
        r, c = cell // cols, cell % cols
        if not wet[r, c]:
            continue
        to_r, to_c = receivers[cell] // cols, receivers[cell] % cols
        flux = discharge[r, c] / max(width[r, c], cell_m)
        n = roughness[r, c]
        if receivers[cell] == cell or not wet[to_r, to_c]:
            level[r, c] = bed[r, c] + (flux * n / math.sqrt(slope[r, c])) ** 0.6
            continue
        length = cell_m * (abs(r - to_r) + abs(c - to_c))
        below, sill = level[to_r, to_c], max(bed[r, c], bed[to_r, to_c])
        if discharge[r, c] < FLOWS_M3_S:
            level[r, c] = max(bed[r, c], below)
            continue
        low = max(bed[r, c], below)
        high = max(low, sill) + 20.0
        for _ in range(50):
            middle = 0.5 * (low + high)
            deep = max(middle, below) - sill
            carried = math.sqrt((middle - below) / length) / n * deep ** (5.0 / 3.0) if deep > 0.0 else 0.0
            if carried < flux:
                low = middle
            else:
                high = middle
        level[r, c] = high
    return level
