"""The village stands dry, level and apart; all its places can be reached from each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from assets.palette import BuildingKind, GroundCover, Species
from tests.world.outlines import polygons_gap
from world.grid import bilinear, slope_of
from world.walking.ground import cover_at, footprints
from world.world import World


def test_buildings_keep_three_metres_apart(world: World) -> None:
    shapes = footprints(world.valley)
    corners = [f.corners() for f in shapes]
    for i in range(len(shapes)):
        for j in range(i):
            assert polygons_gap(corners[i], corners[j]) >= 3.0


def test_buildings_stand_dry_and_level(world: World) -> None:
    valley = world.valley
    houses = valley.buildings[valley.buildings["kind"] != BuildingKind.BRIDGE]
    for f, row in zip(footprints(valley), houses, strict=True):
        u, v = np.meshgrid(np.linspace(-0.5, 0.5, 7) * f.width, np.linspace(-0.5, 0.5, 7) * f.depth)
        points = np.array([f.world(a, b) for a, b in zip(u.flat, v.flat, strict=True)])
        ground = valley.height_at(points[:, 0], points[:, 1])
        wet = bilinear(valley.water_depth, valley.origin, valley.cell_m, points[:, 0], points[:, 1])
        assert wet.max() == 0.0
        assert np.ptp(ground) < 1.0
        assert abs(ground.mean() - row["z"]) < 0.6


def test_the_village_is_whole_and_compact(world: World) -> None:
    kinds = np.bincount(world.valley.buildings["kind"], minlength=len(BuildingKind))
    assert kinds[BuildingKind.HOUSE] == 14  # thirty villagers
    for kind in (BuildingKind.INN, BuildingKind.MILL, BuildingKind.FORGE, BuildingKind.CHAPEL, BuildingKind.BAKERY):
        assert kinds[kind] == 1
    places = world.valley.places
    square = next(p for p in places if p.kind == "market")
    houses = [p for p in places if p.kind == "house"]
    assert max(np.hypot(p.x - square.x, p.y - square.y) for p in houses) < 120
    assert len({p.name for p in places}) == len(places)
    assert [p.id for p in places] == list(range(len(places)))
    assert {"market", "well", "inn", "field", "wood", "shore", "bench", "barn"} <= {p.kind for p in places}
    for p in places:
        if p.building >= 0:
            f = footprints(world.valley)[p.building]
            gap = float(f.distance(np.array(p.x), np.array(p.y)))
            assert 0.5 < gap < 4.0  # just outside its door
            assert f.local(np.array(p.x), np.array(p.y))[1] < 0


def test_the_mill_is_by_the_water_and_above_it(world: World) -> None:
    valley = world.valley
    mill = footprints(valley)[int(np.flatnonzero(valley.buildings["kind"] == BuildingKind.MILL)[0])]
    rows, cols = np.nonzero(valley.water_depth > 0)
    x = (valley.origin[0] + cols * valley.cell_m).astype(np.float64)
    y = (valley.origin[1] + rows * valley.cell_m).astype(np.float64)
    gap = mill.distance(x, y)
    assert gap.min() < 12
    level = (valley.heights + valley.water_depth)[rows[gap.argmin()], cols[gap.argmin()]]
    assert valley.buildings["z"][valley.buildings["kind"] == BuildingKind.MILL][0] > level


def test_every_place_is_reached_from_every_other(world: World) -> None:
    view = world.view()
    x, y = (np.array([getattr(p, axis) for p in view.places]) for axis in "xy")
    assert view.walkable(x, y).all()
    count = len(view.places)
    for goal in range(count):
        seconds = view.distance_to(np.full(count, goal), x, y)
        assert np.isfinite(seconds).all() and seconds.max() < 900


def test_plants_keep_off_water_paths_and_walls(world: World) -> None:
    valley, plants = world.valley, world.valley.plants
    x, y = plants["x"].astype(float), plants["y"].astype(float)
    assert bilinear(valley.water_depth, valley.origin, valley.cell_m, x, y).max() == 0.0
    taken = (GroundCover.PATH, GroundCover.FIELD, GroundCover.SQUARE)
    assert not np.isin(cover_at(valley, x, y), [int(c) for c in taken]).any()
    assert min(f.distance(x, y).min() for f in footprints(valley)) > 2.0
    assert plants["z"] == pytest.approx(valley.height_at(x, y), abs=0.01)


def test_the_small_relief_spares_the_village(world: World) -> None:
    valley = world.valley
    assert valley.detail is not None
    rough = valley.detail.roughness
    assert not rough[(valley.water_depth > 0) | np.isin(valley.cover, (GroundCover.PATH, GroundCover.SQUARE))].any()
    wood, lawn = (rough[valley.cover == kind].mean() for kind in (GroundCover.FOREST_FLOOR, GroundCover.GRASS))
    assert wood > 1.5 * lawn
    for f in footprints(valley):
        points = np.array([f.world(a * f.width, b * f.depth) for a in (-0.5, 0.0, 0.5) for b in (-0.5, 0.0, 0.5)])
        assert valley.height_at(*points.T) == pytest.approx(valley.level_at(*points.T), abs=1e-12)
    x, y = (at.astype(float) for at in (valley.plants["x"], valley.plants["y"]))
    assert np.abs(valley.height_at(x, y) - valley.level_at(x, y)).max() > 0.1
    assert world.view().height_at(x, y) == pytest.approx(valley.height_at(x, y), abs=1e-9)


def test_conifers_stand_higher_and_birches_nearer_the_water(world: World) -> None:
    valley, plants = world.valley, world.valley.plants
    rows, cols = np.nonzero(valley.water_depth > 0)
    water = np.stack([valley.origin[0] + cols * valley.cell_m, valley.origin[1] + rows * valley.cell_m], axis=1)
    trees = plants[np.isin(plants["species"], (Species.CONIFER, Species.BROADLEAF, Species.BIRCH))]
    away, _ = cKDTree(water).query(np.stack([trees["x"], trees["y"]], axis=1))
    birch = trees["species"] == Species.BIRCH
    assert birch[away < 25].mean() > 2 * birch[away > 60].mean()
    heights = [np.median(plants["z"][plants["species"] == s]) for s in (Species.CONIFER, Species.BROADLEAF)]
    assert heights[0] > heights[1]


def test_paths_are_gentle(world: World) -> None:
    valley = world.valley
    slope = slope_of(valley.heights.astype(float), valley.cell_m)[valley.cover == GroundCover.PATH]
    assert np.median(slope) < 0.12 and (slope > 0.45).mean() < 0.02
