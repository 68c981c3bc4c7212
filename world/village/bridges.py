"""Where a bridge crosses the river: near the square, short, from firm bank to firm bank."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from world.columns import DECKS
from world.grid import bilinear, slope_of, smoothstep
from world.land.terrain import Terrain
from world.village.footprints import Footprint

Floats = NDArray[np.float64]

DECK_WIDTH_M = 3.8  # a cart between the parapets
LANDING_M = 2.5  # of the deck on dry ground, at each end
LONGEST_M = 34.0  # masonry of a village: three arches
CLEARANCE_M = 0.9  # of the deck over the water at mean flow
FLOOD_HEADROOM = 1.2  # river depths that a flood may rise under the deck
STEEPEST_RAMP = 0.16  # rise over run of the way up to the deck
FROM_WALLS_M = 9.0
NEAREST_M = 30.0  # from the middle of the square, which stays free
METRES_PER_METRE = 6.0  # one walks so much farther to save a metre of bridge: masonry is dear (Galin et al. 2010)
FAR_BANK_M2 = 8_000.0  # a bridge to less firm ground than this leads nowhere
STEEPEST_BANK = 0.35
CHORD_POINTS = 6  # of the river's line, each way, whose chord is its direction


@dataclass(frozen=True)
class Bridge:
    """A deck over the river: its ground plan and its height."""

    deck: Footprint  # its depth runs across the river; the front is the village's end
    z: float


def find_bridge(
    terrain: Terrain, near: Terrain, centre: tuple[float, float], walls: list[Footprint], reach_m: float
) -> Bridge | None:
    """The best crossing within reach of the square, None where the river is too wide or the far bank is no good.

    Args:
        terrain: the valley as it is.
        near: the same with everything that is not the village's own bank under water.
        centre: middle of the square.
        walls: footprints the bridge keeps clear of.
        reach_m: how far from the square it may stand.
    """
    grid, line = terrain.grid, terrain.river.line()
    far_ground = _far_ground(terrain, near)
    away = np.hypot(line[:, 0] - centre[0], line[:, 1] - centre[1])
    inside = np.abs(line).max(axis=1) < grid.size_m / 2 - 1.5 * LONGEST_M
    best, found = math.inf, None
    for k in np.flatnonzero(inside & (away > NEAREST_M) & (away < reach_m)).tolist():
        if k < CHORD_POINTS or k >= len(line) - CHORD_POINTS or away[k] > best:
            continue
        along = line[k + CHORD_POINTS] - line[k - CHORD_POINTS]
        across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
        if across @ (np.array(centre) - line[k]) > 0:
            across = -across  # away from the village
        crossing = _crossing(terrain, near, far_ground, line[k], across)
        if crossing is None:
            continue
        cost = float(away[k]) + METRES_PER_METRE * crossing.deck.depth
        clear = all(crossing.deck.separated(wall, FROM_WALLS_M) for wall in walls)
        if clear and cost < best:
            best, found = cost, crossing
    return found


def _far_ground(terrain: Terrain, near: Terrain) -> NDArray[np.bool_]:
    """True on firm dry ground across the water that is large enough to be worth a bridge."""
    cell_m = terrain.grid.cell_m
    firm = (terrain.water_depth == 0) & (near.water_depth > 0) & (slope_of(terrain.heights, cell_m) < STEEPEST_BANK)
    parts, count = label(firm)
    sizes = np.bincount(parts.ravel(), minlength=count + 1) * cell_m**2
    sizes[0] = 0.0
    large: NDArray[np.bool_] = (sizes >= FAR_BANK_M2)[parts]
    return large


def _crossing(
    terrain: Terrain, near: Terrain, far_ground: NDArray[np.bool_], middle: Floats, across: Floats
) -> Bridge | None:
    """The deck over the river at one point of its line; None where it would be too long or its ends not firm."""
    grid = terrain.grid
    s = np.arange(-LONGEST_M, LONGEST_M + 0.5, 0.5)
    x, y = middle[0] + s * across[0], middle[1] + s * across[1]

    def read(values: Floats) -> Floats:
        return bilinear(values, grid.origin, grid.cell_m, x, y)

    wet = read(terrain.water_depth) > 0.0
    zero = len(s) // 2
    if not wet[zero]:
        return None
    left = zero - int(np.argmin(wet[zero::-1]))
    right = zero + int(np.argmin(wet[zero:]))
    if wet[left] or wet[right]:
        return None
    start, end = float(s[left]) - LANDING_M, float(s[right]) + LANDING_M
    if end - start > LONGEST_M:
        return None
    ends = (start - 3.0, start, end, end + 3.0)
    ex, ey = (np.array([middle[axis] + e * across[axis] for e in ends]) for axis in (0, 1))
    ground = bilinear(terrain.heights, grid.origin, grid.cell_m, ex, ey)
    own = bilinear(near.water_depth, grid.origin, grid.cell_m, ex[:2], ey[:2]).max() == 0.0
    far = bilinear(far_ground.astype(np.float64), grid.origin, grid.cell_m, ex[2:], ey[2:]).min() > 0.99
    if not (own and far):
        return None
    depth = float(read(terrain.water_depth)[left : right + 1].max())
    level = float(read(terrain.heights + terrain.water_depth)[zero])
    z = max(float(ground[1:3].max()), level + CLEARANCE_M + min(FLOOD_HEADROOM * depth, 1.5))
    if z - float(ground.min()) > 2.6:
        return None
    centre = middle + across * (start + end) / 2
    yaw = math.atan2(float(-across[0]), float(across[1]))
    return Bridge(Footprint(float(centre[0]), float(centre[1]), yaw, DECK_WIDTH_M, end - start), z)


def with_ramps(terrain: Terrain, heights: Floats, bridge: Bridge) -> Floats:
    """The ground with earth heaped up to both ends of the deck; water and its bed stay as they are."""
    grid, deck = terrain.grid, bridge.deck
    x, y = grid.mesh()
    u, v = deck.local(x, y)
    beside = 1.0 - smoothstep(deck.width / 2 + 1.0, deck.width / 2 + 7.0, np.abs(u))
    past = np.maximum(np.abs(v) - deck.depth / 2 + LANDING_M / 2, 0.0)
    ramp = np.maximum(heights, bridge.z - STEEPEST_RAMP * past)
    near = (np.abs(v) > deck.depth / 2 - LANDING_M) & (past < 40.0)
    raised = np.where(near, heights + (ramp - heights) * beside, heights)
    return np.where(terrain.water_depth > 0, terrain.heights, raised)


def deck_columns(bridge: Bridge | None) -> NDArray[np.void]:
    """The decks of a village as columns.DECKS: one or none."""
    rows = np.zeros(0 if bridge is None else 1, DECKS)
    if bridge is not None:
        deck = bridge.deck
        rows[0] = (deck.x, deck.y, bridge.z, deck.yaw, deck.width, deck.depth)
    return rows
