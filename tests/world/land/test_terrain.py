"""The generated ground: a valley with a river that runs down, a lake, a level floor, brooks and real hills."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label, minimum_filter, uniform_filter

from world.grid import Grid, bilinear, slope_of
from world.land.config import Effort, LandConfig
from world.land.terrain import Terrain, make_terrain

pytestmark = pytest.mark.slow
QUICK = Effort(region_cells=128, epochs=2, epoch_steps=12, refining_steps=(6, 5, 4), finest_steps=4)


def test_the_river_never_rises_and_crosses_the_map(terrain: Terrain) -> None:
    grid, line = terrain.grid, terrain.river.line()
    inside = np.abs(line).max(axis=1) < grid.size_m / 2 - 6
    line = line[inside]
    rows = np.rint((line[:, 1] - grid.origin[1]) / grid.cell_m).astype(int)
    cols = np.rint((line[:, 0] - grid.origin[0]) / grid.cell_m).astype(int)
    depth = terrain.water_depth[rows, cols]
    assert (depth > 0).all()  # unbroken from edge to edge
    level = terrain.river.level
    assert (np.diff(level) <= 1e-12).all()
    surface = terrain.heights[rows, cols] + depth
    assert surface == pytest.approx(level[inside], abs=0.15)
    assert surface[0] > surface[-1] + 0.001 * grid.size_m
    assert abs(surface[-1]) < 0.5  # heights count from the river's lower end


def test_one_lake_stands_level_where_it_cannot_run_off(terrain: Terrain) -> None:
    lakes, count = label(terrain.water_depth > 1.5)
    sizes = np.bincount(lakes.ravel())[1:]
    assert count == 1 and sizes[0] * terrain.grid.cell_m**2 > 4000
    surface = (terrain.heights + terrain.water_depth)[lakes == 1]
    assert np.ptp(surface) < 0.05


def test_river_and_lake_are_one_water(terrain: Terrain) -> None:
    bodies, _ = label(terrain.water_depth > 0, structure=np.ones((3, 3)))
    at_river = np.unique(bodies[(terrain.river_distance < 2.0) & (bodies > 0)])
    assert at_river.size == 1


def test_hills_drain_without_pits(terrain: Terrain) -> None:
    z = terrain.heights + terrain.water_depth
    dry = terrain.water_depth[1:-1, 1:-1] == 0
    pits = z[1:-1, 1:-1] <= minimum_filter(z, footprint=[[1, 1, 1], [1, 0, 1], [1, 1, 1]])[1:-1, 1:-1]
    assert not (pits & dry).any()


def test_what_enters_and_what_falls_leaves(terrain: Terrain) -> None:
    grid = terrain.grid
    cell = grid.cell_m**2
    # every cell hands on at least its own area, and nothing carries more than the largest way out
    assert terrain.drainage_m2.min() >= cell
    out = np.ones(terrain.heights.shape, dtype=bool)
    out[2:-2, 2:-2] = False
    assert terrain.discharge_m3_s.max() == pytest.approx(terrain.discharge_m3_s[out].max(), rel=0.05)
    river = terrain.inflows[np.argmax(terrain.inflows["discharge_m3_s"])]
    assert river["discharge_m3_s"] < terrain.discharge_m3_s.max()
    assert terrain.drainage_m2.max() < 1.02 * (terrain.inflows["area_m2"].sum() + grid.size_m**2)
    per_m2 = terrain.discharge_m3_s / terrain.drainage_m2 * 365.25 * 86400 * 1000
    assert 100 < np.median(per_m2) < 1000  # mm of runoff a year from 1000 mm of rain


def test_channels_widen_downstream(terrain: Terrain) -> None:
    width, flow = terrain.channel_width_m, terrain.discharge_m3_s
    channels = width > 0
    assert 0.003 < channels.mean() < 0.1
    slope = np.polyfit(np.log(flow[channels]), np.log(width[channels]), 1)[0]
    assert slope == pytest.approx(0.5, abs=1e-6)
    assert width.max() == pytest.approx(terrain.river.width_m, rel=0.4)


def test_soil_is_deep_on_the_floor_and_thin_on_the_steep(terrain: Terrain) -> None:
    slope = slope_of(terrain.heights, terrain.grid.cell_m)
    floor = (terrain.river_distance < 60) & (terrain.water_depth == 0)
    assert np.median(terrain.soil_m[floor]) > 2.0
    assert np.median(terrain.soil_m[slope > 0.3]) < 1.7
    assert terrain.soil_m.min() > 0 and terrain.hardness.min() > 0


def test_the_country_round_the_map_continues_it(terrain: Terrain) -> None:
    around, grid = terrain.surroundings, terrain.grid
    x, y = grid.mesh()
    seen = bilinear(around.heights, around.origin, around.cell_m, x, y)
    assert np.abs(seen - terrain.heights)[::8, ::8].max() < 6.0  # the bed of a channel lies lower than its valley
    assert around.heights.shape[0] * around.cell_m >= 4 * grid.size_m
    step = around.cell_m
    outer = np.stack([grid.axis, np.full(grid.n, grid.axis[0] - step)])
    beyond = bilinear(around.heights, around.origin, around.cell_m, *outer)
    assert np.abs(beyond - terrain.heights[0]).max() < 1.2 * step  # no cliff steeper than rock stands


@pytest.mark.parametrize("seed", [1, 2])
def test_relief_and_floor(seed: int) -> None:
    terrain = make_terrain(Grid(257, 8.0), seed, LandConfig(), 1000.0, 0.3, effort=QUICK)
    water = terrain.water_depth > 0
    relief = terrain.heights.max() - np.median((terrain.heights + terrain.water_depth)[water])
    assert 60 < relief < 500
    level = (slope_of(terrain.heights, 8.0) < np.tan(np.radians(6))) & ~water
    share = uniform_filter(level.astype(float), int(200 / 8) | 1, mode="constant")
    assert share.max() > 0.8  # somewhere 200 m by 200 m is nearly level
    assert np.isfinite(terrain.heights).all() and (terrain.water_depth >= 0).all()


@pytest.mark.parametrize("rain", [0.0, 50.0, 8000.0])
@pytest.mark.parametrize("land", [LandConfig(0.02, hardness=0.2), LandConfig(3.0, hardness=5.0)])
def test_the_ends_of_what_a_scenario_may_ask(rain: float, land: LandConfig) -> None:
    terrain = make_terrain(Grid(65, 4.0), 4, land, rain, -2.0, effort=QUICK)
    for values in (terrain.heights, terrain.discharge_m3_s, terrain.soil_m, terrain.moisture, terrain.channel_width_m):
        assert np.isfinite(values).all()
    assert (terrain.water_depth >= 0).all() and (terrain.discharge_m3_s >= 0).all()
    assert terrain.water_depth.any() == (rain > 0)
    assert terrain.river.width_m < (1.5 if rain < 100 else 30.0)


@pytest.mark.parametrize(("size", "cell"), [(256.0, 4.0), (8192.0, 128.0)])
def test_other_sizes_have_a_river_too(size: float, cell: float) -> None:
    terrain = make_terrain(Grid(int(size / cell) + 1, cell), 5, LandConfig(), 1000.0, 0.3, effort=QUICK)
    assert 2.5 < terrain.river.width_m < 12.0
    edges = [terrain.water_depth[0], terrain.water_depth[-1], terrain.water_depth[:, 0], terrain.water_depth[:, -1]]
    assert sum(bool(edge.any()) for edge in edges) >= 2


def test_bilinear_is_exact_on_planes() -> None:
    grid = Grid(9, 4.0)
    x, y = grid.mesh()
    points = np.random.default_rng(0).uniform(-16, 16, (2, 50))
    assert bilinear(2 * x - 3 * y + 1, grid.origin, 4.0, *points) == pytest.approx(2 * points[0] - 3 * points[1] + 1)
