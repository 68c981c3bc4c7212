"""The finished valley: all of the world that does not change while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from world.columns import DECKS
from world.grid import Grid, bilinear
from world.land.config import Effort, LandConfig
from world.land.detail import Detail, make_detail
from world.land.terrain import THOROUGH, Surroundings, Terrain, make_terrain
from world.life.canopy import canopy
from world.life.cover import ground_cover
from world.life.forest import forest_density
from world.life.plants import grow
from world.sky.normals import Climate
from world.view import Floats, Place
from world.village.bridges import deck_columns
from world.village.footprints import Footprint
from world.village.settlement import settle

CELL_M = 4.0
LARGEST_FINE_M = 4096.0  # larger maps get coarser cells, so that memory stays below about 1 GB
APRON_M = 3.0  # of level ground round a building
CELLS_MULTIPLE = 16  # the erosion model halves the lattice up to four times

MAPS = ("heights", "water_depth", "cover", "moisture", "soil_m", "canopy", "discharge_m3_s", "channel_width_m")
ARRAYS = (*MAPS, "inflows", "plants", "buildings", "decks")


@dataclass(frozen=True)
class Valley:
    """Ground, water, plants, buildings and named places; arrays are (rows, cols), rows go north, and read-only."""

    cell_m: float
    origin: tuple[float, float]  # world x, y of heights[0, 0]
    heights: NDArray[np.float32]
    water_depth: NDArray[np.float32]  # 0 where dry
    cover: NDArray[np.uint8]  # assets.palette.GroundCover
    moisture: NDArray[np.float32]  # 0..1
    soil_m: NDArray[np.float32]  # depth of the loose cover over the rock
    canopy: NDArray[np.float32]  # 0 open .. 1 closed crowns
    discharge_m3_s: NDArray[np.float32]  # mean flow through each cell, what enters from outside the map included
    channel_width_m: NDArray[np.float32]  # 0 where there is no channel
    inflows: NDArray[np.void]  # land.terrain.INFLOWS: where streams enter the map
    surroundings: Surroundings
    plants: NDArray[np.void]  # columns.PLANTS
    buildings: NDArray[np.void]  # columns.BUILDINGS
    places: tuple[Place, ...]
    decks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, DECKS))  # columns.DECKS
    detail: Detail | None = None  # the relief below the samples; None where the ground is smooth

    def __post_init__(self) -> None:
        for array in (*(getattr(self, name) for name in ARRAYS), self.surroundings.heights):
            array.flags.writeable = False

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north edges in metres."""
        rows, cols = self.heights.shape
        x0, y0 = self.origin
        return x0, y0, x0 + (cols - 1) * self.cell_m, y0 + (rows - 1) * self.cell_m

    def height_at(self, x: Floats, y: Floats) -> Floats:
        """Ground height in metres, hummocks and stones included."""
        level = self.level_at(x, y)
        return level if self.detail is None else level + self.detail.at(self.origin, self.cell_m, x, y)

    def level_at(self, x: Floats, y: Floats) -> Floats:
        """Ground height in metres without the detail, bilinear between samples: what slopes are measured on."""
        return bilinear(self.heights, self.origin, self.cell_m, x, y)


def lattice(size_m: float) -> Grid:
    """The lattice of a map: cells of 4 m (8 m beyond 4096 m), stretched a little so that they divide the size."""
    wanted = CELL_M if size_m <= LARGEST_FINE_M else 2 * CELL_M
    cells = max(CELLS_MULTIPLE, round(size_m / wanted / CELLS_MULTIPLE) * CELLS_MULTIPLE)
    return Grid(cells + 1, size_m / cells)


def terrain_of(
    grid: Grid, seed: int, climate: Climate, land: LandConfig | None = None, effort: Effort = THOROUGH
) -> Terrain:
    """The bare ground of this seed under a climate's rain, wind and evaporation."""
    rain, pet = climate.annual_rain_mm, float(climate.pet_mm.sum())
    return make_terrain(grid, seed, land or LandConfig(), rain, climate.prevailing_towards, pet, effort)


def make_valley(
    seed: int,
    size_m: float,
    villagers: int,
    climate: Climate,
    land: LandConfig | None = None,
    effort: Effort = THOROUGH,
) -> Valley:
    """Generate the valley of this seed: terrain under the climate's rain, settlement, cover, plants.

    Raises:
        NoRoomError: if the map has no room for a village.
    """
    grid = lattice(size_m)
    terrain = terrain_of(grid, seed, climate, land, effort)
    settlement = settle(terrain, villagers, climate.latitude, seed)
    density = forest_density(terrain, settlement, seed, climate)
    cover = ground_cover(terrain, settlement, density, seed, climate)
    plants = grow(terrain, settlement, cover, density, seed, climate)

    level = (terrain.water_depth > 0) | built_on(grid, settlement.buildings)
    detail = make_detail(settlement.heights, grid.cell_m, cover, level, seed)
    at = plants["x"].astype(np.float64), plants["y"].astype(np.float64)
    plants["z"] += detail.at(grid.origin, grid.cell_m, *at).astype(np.float32)

    def kept(values: Floats) -> NDArray[np.float32]:
        return values.astype(np.float32)

    return Valley(
        cell_m=grid.cell_m,
        origin=grid.origin,
        heights=kept(settlement.heights),
        water_depth=kept(terrain.water_depth),
        cover=cover,
        moisture=kept(terrain.moisture),
        soil_m=kept(terrain.soil_m),
        canopy=kept(canopy(plants, grid, density)),
        discharge_m3_s=kept(terrain.discharge_m3_s),
        channel_width_m=kept(terrain.channel_width_m),
        inflows=terrain.inflows,
        surroundings=terrain.surroundings,
        plants=plants,
        buildings=settlement.buildings,
        decks=deck_columns(settlement.bridge),
        places=settlement.places,
        detail=detail,
    )


def built_on(grid: Grid, buildings: NDArray[np.void]) -> NDArray[np.bool_]:
    """Samples (n, n) under buildings or bridges, or on the levelled ground round them."""
    made = np.zeros((grid.n, grid.n), np.bool_)
    for b in buildings:
        f = Footprint(*(float(b[name]) for name in ("x", "y", "yaw", "width_m", "depth_m")))
        reach = float(np.hypot(f.width, f.depth)) / 2 + APRON_M
        near_x, near_y = (np.flatnonzero(np.abs(grid.axis - centre) <= reach) for centre in (f.x, f.y))
        x, y = np.meshgrid(grid.axis[near_x], grid.axis[near_y])
        made[np.ix_(near_y, near_x)] |= f.distance(x, y) <= APRON_M
    return made
