"""What covers the ground: grass, meadow, forest floor, rock, banks, fields, gardens, paths and the square."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from assets.palette import GroundCover
from world.grid import slope_of
from world.land.terrain import Terrain
from world.life.biomes import PlantType
from world.life.forest import CLOSED_CANOPY, valley_weights
from world.life.year import Normals
from world.noise import fractal
from world.village.paths import distance_to_lines
from world.village.plan import SQUARE_RADIUS_M
from world.village.settlement import Settlement

Floats = NDArray[np.float64]

ROCK_SLOPE = 0.78  # rise over run, 38 degrees: soil does not stay
BARE_ROCK_SLOPE = 0.45  # where no roots hold it
PATH_HALF_WIDTH = 0.55  # of a cell: a line of samples without holes


def ground_cover(
    terrain: Terrain, settlement: Settlement, density: Floats, seed: int, climate: Normals
) -> NDArray[np.uint8]:
    """GroundCover of every sample, (n, n).

    Where the climate leaves ground bare, patches of sand and gravel, and stones on the slopes, take the place of
    grass, as much of it as is bare.
    """
    grid = terrain.grid
    x, y = grid.mesh()
    patches = fractal(grid.axis, grid.axis, 90.0, 3, seed, "cover")
    slope = slope_of(settlement.heights, grid.cell_m)
    water = distance_transform_edt(terrain.water_depth == 0) * grid.cell_m
    weights = valley_weights(terrain, climate)
    bare = weights[PlantType.BARE] + 0.6 * weights[PlantType.DESERT_SHRUB]
    cover = np.full(x.shape, int(GroundCover.GRASS), dtype=np.uint8)
    cover[(terrain.moisture + 0.25 * patches - bare > 0.42) & (slope < 0.25)] = GroundCover.MEADOW
    open_ground = bare + 0.45 * patches > 0.5
    cover[open_ground] = GroundCover.SAND
    cover[open_ground & (slope + 0.08 * patches > BARE_ROCK_SLOPE)] = GroundCover.ROCK
    cover[density > CLOSED_CANOPY] = GroundCover.FOREST_FLOOR
    cover[slope + 0.08 * patches > ROCK_SLOPE] = GroundCover.ROCK
    cover[water < 1.5 * grid.cell_m + 3.0 * patches] = GroundCover.SAND
    cover[(water < 1.5 * grid.cell_m) & (patches < -0.15)] = GroundCover.MUD
    gardens = [parcel.garden for parcel in settlement.parcels if parcel.garden is not None]
    for dug in (*settlement.fields, *gardens):
        cover[dug.distance(x, y) == 0.0] = GroundCover.FIELD
    trodden = distance_to_lines(x, y, settlement.paths, PATH_HALF_WIDTH * grid.cell_m) < np.inf
    cover[trodden & (terrain.water_depth == 0)] = GroundCover.PATH
    cx, cy = settlement.plan.centre
    cover[np.hypot(x - cx, y - cy) < SQUARE_RADIUS_M - 1.0] = GroundCover.SQUARE
    return cover
