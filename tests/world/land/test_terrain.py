"""The generated ground: a valley with a river that runs down, one lake, a level floor and real hills."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label, uniform_filter

from world.grid import Grid, bilinear, slope_of
from world.land.river import draw_river
from world.land.terrain import Terrain, make_terrain


def test_the_river_surface_never_rises_downstream(terrain: Terrain) -> None:
    grid, line = terrain.grid, terrain.river.line()
    line = line[np.abs(line).max(axis=1) < grid.size_m / 2 - 6]
    rows = np.rint((line[:, 1] - grid.origin[1]) / grid.cell_m).astype(int)
    cols = np.rint((line[:, 0] - grid.origin[0]) / grid.cell_m).astype(int)
    depth = terrain.water_depth[rows, cols]
    assert (depth > 0).all()  # unbroken from edge to edge
    surface = terrain.heights[rows, cols] + depth
    # samples beside the line belong to points up to a cell up- or downstream
    tolerance = 0.006 * grid.cell_m * 1.5
    assert (np.diff(surface) < tolerance).all()
    assert surface[0] > surface[-1] + 0.5 * 0.006 * grid.size_m
    level = terrain.river.surface(np.linspace(-500, 500, 400))
    assert (np.diff(level) <= 1e-12).all()


def test_one_lake_stands_level_where_it_cannot_run_off(terrain: Terrain) -> None:
    lakes, count = label(terrain.water_depth > 1.5)
    sizes = np.bincount(lakes.ravel())[1:]
    assert count == 1 and sizes[0] * terrain.grid.cell_m**2 > 4000
    surface = (terrain.heights + terrain.water_depth)[lakes == 1]
    assert np.ptp(surface) < 0.05
    bodies, _ = label(terrain.water_depth > 0, structure=np.ones((3, 3)))
    assert (np.bincount(bodies.ravel())[1:] > 3).sum() == 1  # river and lake are one water


@pytest.mark.parametrize("seed", [1, 2])
def test_relief_and_floor(seed: int) -> None:
    terrain = make_terrain(Grid(257, 8.0), seed)  # the 2 km map at half resolution
    water = terrain.water_depth > 0
    relief = terrain.heights.max() - np.median((terrain.heights + terrain.water_depth)[water])
    assert 150 < relief < 260
    level = (slope_of(terrain.heights, 8.0) < np.tan(np.radians(5))) & ~water
    share = uniform_filter(level.astype(float), int(300 / 8) | 1, mode="constant")
    assert share.max() > 0.85  # somewhere 300 m by 300 m is nearly all below five degrees
    assert np.isfinite(terrain.heights).all() and (terrain.water_depth >= 0).all()


def test_hills_drain_into_the_river_without_pits(terrain: Terrain) -> None:
    z = terrain.heights + terrain.water_depth
    inner = z[1:-1, 1:-1]
    around = np.min(
        [z[1 + i : z.shape[0] - 1 + i, 1 + j : z.shape[1] - 1 + j] for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j],
        axis=0,
    )
    dry = terrain.water_depth[1:-1, 1:-1] == 0
    assert ((inner < around) & dry).mean() < 1e-3


@pytest.mark.parametrize(("size", "cell"), [(256.0, 4.0), (8192.0, 64.0)])
def test_other_sizes_have_a_river_too(size: float, cell: float) -> None:
    grid = Grid(int(size / cell) + 1, cell)
    river = draw_river(grid, 5)
    assert 4.0 < river.width_m < 10.0
    terrain = make_terrain(grid, 5)
    assert (terrain.water_depth[0].any() and terrain.water_depth[-1].any()) or (
        terrain.water_depth[:, 0].any() and terrain.water_depth[:, -1].any()
    )


def test_bilinear_is_exact_on_planes() -> None:
    grid = Grid(9, 4.0)
    x, y = grid.mesh()
    points = np.random.default_rng(0).uniform(-16, 16, (2, 50))
    assert bilinear(2 * x - 3 * y + 1, grid.origin, 4.0, *points) == pytest.approx(2 * points[0] - 3 * points[1] + 1)
