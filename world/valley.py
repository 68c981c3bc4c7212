"""The finished valley: all of the world that does not change while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from world.columns import DECKS
from world.grid import Grid, bilinear
from world.land.terrain import make_terrain
from world.life.cover import ground_cover
from world.life.forest import forest_density
from world.life.plants import grow
from world.view import Floats, Place
from world.village.settlement import settle

CELL_M = 4.0
LARGEST_FINE_M = 4096.0  # larger maps get coarser cells, so that memory stays below about 1 GB
CELLS_MULTIPLE = 16  # the erosion model halves the lattice up to four times


@dataclass(frozen=True)
class Valley:
    """Ground, water, plants, buildings and named places; arrays are (rows, cols), rows go north, and read-only."""

    cell_m: float
    origin: tuple[float, float]  # world x, y of heights[0, 0]
    heights: NDArray[np.float32]
    water_depth: NDArray[np.float32]  # 0 where dry
    cover: NDArray[np.uint8]  # assets.palette.GroundCover
    moisture: NDArray[np.float32]  # 0..1
    plants: NDArray[np.void]  # columns.PLANTS
    buildings: NDArray[np.void]  # columns.BUILDINGS
    places: tuple[Place, ...]
    decks: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, DECKS))  # columns.DECKS

    def __post_init__(self) -> None:
        for array in (
            self.heights,
            self.water_depth,
            self.cover,
            self.moisture,
            self.plants,
            self.buildings,
            self.decks,
        ):
            array.flags.writeable = False

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north edges in metres."""
        rows, cols = self.heights.shape
        x0, y0 = self.origin
        return x0, y0, x0 + (cols - 1) * self.cell_m, y0 + (rows - 1) * self.cell_m

    def height_at(self, x: Floats, y: Floats) -> Floats:
        """Ground height in metres, bilinear between samples."""
        return bilinear(self.heights, self.origin, self.cell_m, x, y)


def lattice(size_m: float) -> Grid:
    """The lattice of a map: cells of 4 m (8 m beyond 4096 m), stretched a little so that they divide the size."""
    wanted = CELL_M if size_m <= LARGEST_FINE_M else 2 * CELL_M
    cells = max(CELLS_MULTIPLE, round(size_m / wanted / CELLS_MULTIPLE) * CELLS_MULTIPLE)
    return Grid(cells + 1, size_m / cells)


def make_valley(seed: int, size_m: float, villagers: int, latitude: float) -> Valley:
    """Generate the valley of this seed: terrain, settlement, cover, plants.

    Raises:
        NoRoomError: if the map has no room for a village.
    """
    grid = lattice(size_m)
    terrain = make_terrain(grid, seed)
    settlement = settle(terrain, villagers, latitude, seed)
    density = forest_density(terrain, settlement, seed)
    cover = ground_cover(terrain, settlement, density, seed)
    return Valley(
        cell_m=grid.cell_m,
        origin=grid.origin,
        heights=settlement.heights.astype(np.float32),
        water_depth=terrain.water_depth.astype(np.float32),
        cover=cover,
        moisture=terrain.moisture.astype(np.float32),
        plants=grow(terrain, settlement, cover, density, seed),
        buildings=settlement.buildings,
        places=settlement.places,
    )
