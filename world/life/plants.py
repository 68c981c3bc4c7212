"""Trees, bushes and rocks, where they would grow or lie; every one at a position that depends on nothing else."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from assets.palette import GroundCover, Species
from world.columns import PLANTS
from world.grid import bilinear, slope_of, smoothstep
from world.land.terrain import Terrain
from world.life.forest import thinning
from world.streams import hashed_unit
from world.village.settlement import Settlement

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SPACING_M = 7.0  # one candidate per square of this side
JITTER = 0.32  # of the spacing, each way: neighbours stay at least a third of the spacing apart
CLOSED_KEEP, OPEN_KEEP = 0.27, 0.003  # share of candidates that are trees in closed forest and on open ground
GARDEN_KEEP = 0.035  # and round the houses, where people plant fruit and shade
BUSH_KEEP, ROCK_KEEP = 0.012, 0.006
CLEAR_OF_WALLS_M, CLEAR_OF_PATHS_M = 4.0, 3.0
OPEN_COVERS = (GroundCover.PATH, GroundCover.FIELD, GroundCover.SQUARE)
HEIGHTS_M = {Species.CONIFER: (9.0, 21.0), Species.BROADLEAF: (7.0, 15.0), Species.BIRCH: (7.0, 13.0)}
HEIGHTS_M |= {Species.BUSH: (0.8, 2.2), Species.ROCK: (0.4, 1.8)}


def grow(
    terrain: Terrain, settlement: Settlement, cover: NDArray[np.uint8], density: Floats, seed: int
) -> NDArray[np.void]:
    """All plants and rocks as PLANTS, from south to north."""
    grid = terrain.grid
    count = int(grid.size_m / SPACING_M)
    col, row = (a.ravel() for a in np.meshgrid(np.arange(count, dtype=np.int64), np.arange(count, dtype=np.int64)))

    def chance(name: str) -> Floats:
        return hashed_unit(col, row, seed, name)

    margin = (grid.size_m - count * SPACING_M) / 2
    x = grid.origin[0] + margin + (col + 0.5 + JITTER * (2 * chance("east") - 1)) * SPACING_M
    y = grid.origin[1] + margin + (row + 0.5 + JITTER * (2 * chance("north") - 1)) * SPACING_M

    def read(values: Floats) -> Floats:
        return bilinear(values, grid.origin, grid.cell_m, x, y)

    thick = read(density)
    slope = read(slope_of(settlement.heights, grid.cell_m))
    moist, above = read(terrain.moisture), read(terrain.above_river)
    to_river = read(terrain.river_distance)
    keep = thinning(grid.size_m)
    cx, cy = settlement.plan.centre
    gardens = 1 - smoothstep(settlement.plan.radius_m, settlement.plan.radius_m + 50.0, np.hypot(x - cx, y - cy))
    riverside = np.exp(-(((to_river - 16.0) / 9.0) ** 2))
    tree_share = OPEN_KEEP + (CLOSED_KEEP - OPEN_KEEP) * thick + 0.05 * riverside + GARDEN_KEEP * gardens
    tree_share *= keep * (1 - smoothstep(0.75, 0.95, slope))
    bush_share = BUSH_KEEP * (0.4 + moist + 3.0 * thick * (1 - thick) + 2.0 * gardens) * keep
    rock_share = ROCK_KEEP * (0.1 + 6.0 * smoothstep(0.45, 0.8, slope)) * keep
    draw = chance("what")
    tree = draw < tree_share
    bush = ~tree & (draw < tree_share + bush_share)
    rock = ~tree & ~bush & (draw < tree_share + bush_share + rock_share)
    free = free_ground(terrain, settlement, cover, x, y)
    chosen = (tree | bush | rock) & free
    species = tree_species(above, terrain.above_river, to_river, chance("kind"))
    species = np.where(bush, int(Species.BUSH), np.where(rock, int(Species.ROCK), species))
    low = np.array([HEIGHTS_M[s][0] for s in Species])[species]
    high = np.array([HEIGHTS_M[s][1] for s in Species])[species]
    plants = np.zeros(int(chosen.sum()), PLANTS)
    plants["species"] = species[chosen]
    plants["x"], plants["y"] = x[chosen], y[chosen]
    plants["z"] = bilinear(settlement.heights, grid.origin, grid.cell_m, x[chosen], y[chosen])
    plants["height_m"] = (low + (high - low) * chance("height") ** 1.3)[chosen]
    plants["yaw"] = (2 * math.pi * chance("yaw"))[chosen]
    plants["tint"] = chance("tint")[chosen]
    return plants


def free_ground(terrain: Terrain, settlement: Settlement, cover: NDArray[np.uint8], x: Floats, y: Floats) -> Flags:
    """True where nothing is in the way of roots: no water, path, field, square, wall or place to stand."""
    grid = terrain.grid
    taken = np.isin(cover, [int(c) for c in OPEN_COVERS]).astype(np.float64)
    free = bilinear(taken, grid.origin, grid.cell_m, x, y) < 0.05
    free &= bilinear(terrain.water_depth, grid.origin, grid.cell_m, x, y) == 0.0
    for building in settlement.plan.footprints:
        free &= building.distance(x, y) > CLEAR_OF_WALLS_M
    for place in settlement.places:
        free &= np.hypot(x - place.x, y - place.y) > CLEAR_OF_PATHS_M
    return free


def tree_species(above: Floats, all_above: Floats, to_river: Floats, chance: Floats) -> NDArray[np.int64]:
    """Birches by the river, conifers more and more with height, broadleaves between."""
    relief = max(float(all_above.max()), 1.0)
    conifer = smoothstep(0.12, 0.55, above / relief) * 0.92
    birch = 0.75 * np.exp(-((to_river / 32.0) ** 2)) + 0.10
    kind = np.where(chance < birch, int(Species.BIRCH), int(Species.BROADLEAF))
    result: NDArray[np.int64] = np.where((1.0 - chance) < conifer * (1.0 - birch), int(Species.CONIFER), kind)
    return result
