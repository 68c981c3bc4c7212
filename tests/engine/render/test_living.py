"""The valley that changes: water, snow, leaves, crops, fog, lightning and lamps, against geometry and optics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from assets.palette import BuildingKind, GroundCover, SemanticClass, Species
from engine.render.buildings import building_mesh, chimney_mouths
from engine.render.crowns import BARE, FULL, STATES, THIN, WOOD, crown
from engine.render.light import FOG_SOFT_M, KOSCHMIEDER, light
from engine.render.stage import Stage
from engine.render.water import ROUNDING_M, smooth_level
from recorder.schema import (
    BUILDING_STATE,
    CROP_ID,
    ENVIRONMENT,
    GRASS_ID,
    PLANT,
    SEASON_NAMES,
    TERRAIN_ID,
    VILLAGER,
    WATER_ID,
    Cast,
    Event,
    Scenery,
    Snapshot,
    Surface,
    Surroundings,
)
from tests.engine.render.conftest import SIZE
from tests.engine.render.test_truth import box, rays
from tests.engine.render.valleys import CELL_M, environment, flat, looking, snapshot, valley

pytestmark = pytest.mark.slow
NOBODY = Cast(valley(33, 0, 0)[1].looks, ())
EMPTY = np.zeros(0, VILLAGER)
TRUTH = ("depth", "instance", "semantic", "normal", "flow", "flow_valid")


def surface(shape: tuple[int, int], tick: int = 160, **given: NDArray[np.floating] | float) -> Surface:
    maps = {name: np.zeros(shape, np.float32) for name in ("water_m", "snow_m", "wetness", "ice_m")}
    for name, value in given.items():
        maps[name] = np.broadcast_to(np.asarray(value, np.float32), shape).copy()
    return Surface(tick, **maps)


def moment(on: Surface | None = None, tick: int = 160, **weather: float) -> Snapshot:
    return replace(snapshot(EMPTY, tick, **weather), surface=on)


def same_truth(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(a[name].tobytes() == b[name].tobytes() for name in TRUTH)


def test_a_flood_is_the_surface_where_its_level_is_and_goes_again(stage: Callable[..., Stage]) -> None:
    drawn, pose = stage(flat(), NOBODY), looking((0.0, -12.0, 9.0), (1.0, 3.0, 0.0))
    dry = drawn.render(moment(surface((65, 65))), pose)
    wet = drawn.render(moment(surface((65, 65), water_m=0.75)), pose)
    direction = rays(pose)
    expected = (0.75 - pose.position[2]) / direction[..., 2]
    hit = (direction[..., 2] < -0.05) & (expected < 40)
    assert hit.sum() > 5000
    assert (wet["instance"][hit] == WATER_ID).all() and (dry["instance"][hit] == TERRAIN_ID).all()
    assert np.abs(wet["depth"][hit] / expected[hit] - 1).max() < 1e-5
    gone = drawn.render(moment(surface((65, 65), 320)), pose)
    assert all(dry[name].tobytes() == gone[name].tobytes() for name in dry)


def test_a_film_is_a_look_of_the_ground_and_no_surface(stage: Callable[..., Stage]) -> None:
    drawn, pose = stage(flat(), NOBODY), looking((0.0, -9.0, 3.0), (0.0, 3.0, 0.0))
    dry, film = (drawn.render(moment(surface((65, 65), water_m=w)), pose, moment(), pose) for w in (0.0, 0.01))
    assert same_truth(dry, film)
    assert (dry["rgb"] != film["rgb"]).any(axis=-1).mean() > 0.05


def test_a_wet_cell_alone_is_a_puddle_and_a_pool_is_not(stage: Callable[..., Stage]) -> None:
    drawn, pose = stage(flat(), NOBODY), looking((0.0, 0.0, 40.0), (0.0, 0.1, 0.0))
    for cells, is_water in ((1, False), (4, True)):
        water = np.zeros((65, 65), np.float32)
        water[32 : 32 + cells, 32 : 32 + cells] = 0.06
        out = drawn.render(moment(surface((65, 65), water_m=water)), pose)
        assert (out["instance"] == WATER_ID).any() == is_water


def test_a_lake_recorded_to_the_centimetre_lies_flat() -> None:
    rng = np.random.default_rng(3)
    heights = (10.0 - 2.0 * rng.random((65, 65))).astype(np.float32)
    wet = np.ones((65, 65), np.bool_)
    recorded = (heights + np.round(12.0 - heights, 2)).astype(np.float32)
    level = smooth_level(recorded, wet, ROUNDING_M)
    assert np.abs(level - recorded).max() <= ROUNDING_M + 1e-6  # never further than the rounding may have moved it
    assert np.abs(level - 12.0).std() < 0.25 * np.abs(recorded - 12.0).std()


def test_the_shore_is_where_the_level_meets_the_ground(stage: Callable[..., Stage]) -> None:
    side = 65
    x = np.arange(side) * CELL_M - (side - 1) * CELL_M / 2
    beach = np.broadcast_to(0.06 * x + 0.045, (side, side)).astype(np.float32)
    scenery = flat(heights=beach.copy())
    pose = looking((0.0, 0.0, 40.0), (0.0, 0.1, 0.0))
    on = surface((side, side), water_m=np.maximum(-beach, 0.0))
    out = stage(scenery, NOBODY).render(moment(on), pose)
    points = pose.unproject(out["depth"])
    wet = out["instance"] == WATER_ID
    reach = 0.5  # half a metre either side of a shore drawn on cells of two
    assert wet[points[..., 0] < -0.75 - reach].all() and not wet[points[..., 0] > -0.75 + reach].any()
    assert 0.2 < wet.mean() < 0.8


def test_far_ground_does_not_rise_through_a_flood(stage: Callable[..., Stage]) -> None:
    side = 257
    rng = np.random.default_rng(4)
    heights = (rng.random((side, side)) * 0.8).astype(np.float32)
    scenery = flat(heights=heights)
    drawn = stage(scenery, NOBODY)
    pose = looking((-250.0, 0.0, 90.0), (200.0, 0.0, 0.0), 30.0)
    deep = surface((side, side), water_m=0.95 - heights)
    assert (drawn.render(moment(), pose)["instance"] != WATER_ID).all()
    out = drawn.render(moment(deep), pose)
    known = np.isfinite(out["depth"])
    x, y = np.moveaxis(pose.unproject(np.where(known, out["depth"], 1.0))[..., :2], -1, 0)
    inside = (np.abs(x) < 240) & (np.abs(y) < 240) & known
    assert inside.sum() > 5000 and (out["instance"][inside] == WATER_ID).all()


def test_snow_lies_where_it_lies(stage: Callable[..., Stage]) -> None:
    east = np.broadcast_to(np.arange(65) > 32, (65, 65))
    drawn, pose = stage(flat(), NOBODY), looking((0.0, 0.0, 40.0), (0.0, 0.1, 0.0))
    bare, snowy = (drawn.render(moment(surface((65, 65), snow_m=s)), pose, moment(), pose) for s in (0.0, 0.12 * east))
    assert same_truth(bare, snowy)
    x = pose.unproject(bare["depth"])[..., 0]
    brighter = snowy["rgb"].mean(axis=-1) - bare["rgb"].mean(axis=-1)
    assert brighter[x > 4].mean() > 40
    assert (snowy["rgb"][x < -2] == bare["rgb"][x < -2]).all()


def test_ice_covers_water_in_the_picture(stage: Callable[..., Stage]) -> None:
    drawn, pose = stage(flat(), NOBODY), looking((0.0, -12.0, 9.0), (1.0, 3.0, 0.0))
    open_, iced = (
        drawn.render(moment(surface((65, 65), water_m=0.8, ice_m=i)), pose, moment(), pose) for i in (0.0, 0.1)
    )
    assert same_truth(open_, iced)
    near = open_["depth"] < 20
    assert np.ptp(iced["rgb"][near].mean(axis=0)) < 30  # grey
    assert iced["rgb"][near].mean() > open_["rgb"][near].mean() + 20


def test_wet_soil_is_darker(stage: Callable[..., Stage]) -> None:
    drawn, pose = stage(flat(), NOBODY), looking((0.0, 0.0, 30.0), (0.0, 0.1, 0.0))
    dry, wet = (drawn.render(moment(surface((65, 65), wetness=w)), pose)["rgb"].mean() for w in (0.0, 1.0))
    assert wet < 0.85 * dry


def wood(species: Species) -> Scenery:
    rng = np.random.default_rng(6)
    plants = np.zeros(30, PLANT)
    plants["id"], plants["species"], plants["height_m"] = 1000 + np.arange(30), species, 9.0
    plants["x"], plants["y"] = rng.uniform(-30, 30, 30), rng.uniform(-30, 30, 30)
    plants["yaw"], plants["tint"] = rng.uniform(0, 6, 30), rng.random(30)
    bare = flat()
    return Scenery(**{**vars(bare), "plants": plants})


WOOD_POSE = looking((0.0, -75.0, 14.0), (0.0, 0.0, 4.0))


@pytest.mark.parametrize("species", [Species.BROADLEAF, Species.BIRCH])
def test_a_crown_thins_and_is_bare_in_every_modality(stage: Callable[..., Stage], species: Species) -> None:
    drawn = stage(wood(species), NOBODY)
    covers = (1.0, 0.6, 0.35, 0.0)
    images = [drawn.render(moment(leaf_cover=c), WOOD_POSE) for c in covers]
    seen = [int((out["semantic"] == SemanticClass.TREE).sum()) for out in images]
    assert seen[0] > seen[1] > seen[2] > seen[3] > 0
    assert seen[3] < 0.6 * seen[0]
    full, bare = images[0], images[-1]
    fallen = (full["semantic"] == SemanticClass.TREE) & (bare["semantic"] != SemanticClass.TREE)
    assert (bare["depth"][fallen] > full["depth"][fallen]).all()  # one sees through where leaves were
    assert (bare["rgb"] != full["rgb"]).any(axis=-1)[fallen].mean() > 0.95
    assert set(np.unique(bare["instance"])) - {0, TERRAIN_ID} <= set(range(1000, 1030))


def test_conifers_keep_their_needles(stage: Callable[..., Stage]) -> None:
    drawn = stage(wood(Species.CONIFER), NOBODY)
    summer, winter = (
        drawn.render(moment(leaf_cover=c, leaf_colour=1 - c), WOOD_POSE, moment(), WOOD_POSE) for c in (1.0, 0.0)
    )
    trees = summer["semantic"] == SemanticClass.TREE
    assert trees.sum() > 500 and same_truth(summer, winter)
    assert (summer["rgb"][trees] == winter["rgb"][trees]).all()


def test_leaves_turn_each_tree_to_its_own_colour(stage: Callable[..., Stage]) -> None:
    drawn = stage(wood(Species.BROADLEAF), NOBODY)
    green, turned = (drawn.render(moment(leaf_colour=c), WOOD_POSE, moment(), WOOD_POSE) for c in (0.0, 1.0))
    assert same_truth(green, turned)
    trees = green["semantic"] == SemanticClass.TREE
    hue = [(out["rgb"][trees].astype(int)[:, 0] - out["rgb"][trees][:, 1]).mean() for out in (green, turned)]
    assert hue[0] < 0 < hue[1]
    own = [
        turned["rgb"][turned["instance"] == i].mean(axis=0)
        for i in np.unique(turned["instance"][trees])
        if (turned["instance"] == i).sum() > 40
    ]
    assert np.std([rgb[1] / rgb[0] for rgb in own]) > 0.04


@pytest.mark.parametrize("species", list(WOOD))
@pytest.mark.parametrize("detail", [0, 1, 2])
def test_crowns_in_every_state_are_whole(species: Species, detail: int) -> None:
    made = {state: crown(species, detail, state) for state in STATES}
    for vertices, triangles in made.values():
        assert triangles.max() < len(vertices) and np.isfinite(vertices["position"]).all()
        np.testing.assert_allclose(np.linalg.norm(vertices["normal"], axis=1), 1.0, atol=1e-3)
        assert vertices["position"][:, 2].max() < 1.25
    thin, bare = made[THIN][0], made[BARE][0]
    assert (bare["extra"][:, 1] == 0).all()  # wood alone: nothing of it sways or falls
    leaves = thin["extra"][:, 2] > 0
    assert (thin["extra"][leaves, 1] > 0).any() and len(np.unique(thin["extra"][leaves, 2])) > min(leaves.sum() // 4, 9)
    reach = [np.ptp(made[s][0]["position"][:, 0]) for s in (FULL, BARE)]
    assert 0.5 * reach[0] < reach[1] < 1.6 * reach[0]  # the branches carried that crown


@pytest.mark.parametrize("species", [Species.BROADLEAF, Species.BIRCH])
@pytest.mark.parametrize("detail", [0, 1, 2])
def test_a_bare_tree_stands_on_its_trunk(species: Species, detail: int) -> None:
    vertices, triangles = crown(species, detail, BARE)
    height = vertices["position"][:, 2][triangles]
    levels = np.linspace(0.01, 0.9, 90)
    wood_at = (height.min(axis=1)[:, None] <= levels) & (height.max(axis=1)[:, None] >= levels)
    assert wood_at.any(axis=0).all()
    near = np.hypot(*vertices["position"][:, :2].T)[triangles].min(axis=1) < 0.06
    assert wood_at[near].any(axis=0)[: int(WOOD[species].fork * 100) + 15].all()  # also where the branches begin


def test_blossom_whitens_some_trees_and_grass_fades(stage: Callable[..., Stage]) -> None:
    drawn = stage(wood(Species.BUSH), NOBODY)
    plain, spring = (drawn.render(moment(blossom=b), WOOD_POSE)["rgb"].astype(int) for b in (0.0, 1.0))
    assert ((spring - plain).min(axis=-1) > 30).sum() > 50
    bare = flat()
    meadow = Scenery(**{**vars(bare), "cover": np.full((65, 65), GroundCover.GRASS, np.uint8)})
    pose = looking((0.0, 0.0, 90.0), (0.0, 1.0, 0.0), 40.0)
    lush, straw = (
        stage(meadow, NOBODY).render(moment(grass_green=g), pose)["rgb"].astype(int).mean(axis=(0, 1)) for g in (1, 0)
    )
    assert lush[1] > lush[0] and straw[0] > straw[1]


def test_crops_are_as_high_as_they_have_grown(stage: Callable[..., Stage]) -> None:
    bare = flat()
    field = Scenery(**{**vars(bare), "cover": np.full((65, 65), GroundCover.FIELD, np.uint8)})
    drawn, pose = stage(field, NOBODY), looking((0.0, -9.0, 1.2), (0.0, 4.0, 0.4))
    tops = []
    for height in (0.0, 0.2, 0.8):
        out = drawn.render(moment(crop_height_m=height, wind_m_s=0.0), pose)
        crops = out["instance"] == CROP_ID
        z = pose.unproject(np.where(np.isfinite(out["depth"]), out["depth"], 1.0))[..., 2]
        tops.append(float(z[crops].max()) if crops.any() else 0.0)
    assert tops[0] == 0.0
    assert 0.15 < tops[1] < 0.27 and 0.7 < tops[2] < 1.05


def test_deep_snow_buries_the_grass(stage: Callable[..., Stage]) -> None:
    bare = flat()
    meadow = Scenery(**{**vars(bare), "cover": np.full((65, 65), GroundCover.MEADOW, np.uint8)})
    drawn, pose = stage(meadow, NOBODY), looking((0.0, -9.0, 2.0), (0.0, 4.0, 0.4))
    seen = [
        int((drawn.render(moment(surface((65, 65), snow_m=s)), pose)["instance"] == GRASS_ID).sum())
        for s in (0.0, 0.15, 0.6)
    ]
    assert seen[0] > seen[1] > seen[2] == 0


def radiance(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The tone mapping undone, up to the exposure."""
    c = np.linspace(0.0, 20.0, 200001)
    shown = np.sqrt(np.clip(c * (2.51 * c + 0.03) / (c * (2.43 * c + 0.59) + 0.14), 0.0, 1.0))
    return np.interp(rgb / 255.0, shown, c)


@pytest.mark.parametrize(
    ("eye_z", "target_z", "top"), [(2.0, 2.0, 60.0), (60.0, 4.0, 25.0), (6.0, 50.0, 30.0), (70.0, 70.0, 30.0)]
)
def test_fog_hides_by_the_integral_along_the_ray(
    stage: Callable[..., Stage], eye_z: float, target_z: float, top: float
) -> None:
    drawn = stage(flat(), NOBODY, ("rgb",))
    for k, (x, shade) in enumerate(((-6.0, 255), (6.0, 0))):
        mesh = box((x - 5, 80.0, target_z - 5), (x + 5, 81.0, target_z + 5))
        drawn.add_mesh(replace(mesh, colours=np.full_like(mesh.colours, shade)), 900 + k)
    pose = looking((0.0, 0.0, eye_z), (0.0, 80.0, target_z))
    pixels, _ = pose.project(np.array([(-6.0, 80.0, target_z), (6.0, 80.0, target_z)]), SIZE)
    sky: dict[str, Any] = {"cloud": 1.0, "haze_visibility_m": 20000.0, "visibility_m": 120.0}

    def contrast(fog_top: float) -> float:
        image = drawn.render(moment(fog_top_m=fog_top, **sky), pose)["rgb"]
        white, black = (radiance(image[int(v) - 2 : int(v) + 3, int(u) - 2 : int(u) + 3]).mean() for u, v in pixels)
        return float(white - black)

    def left(top: float) -> float:
        def density(s: float) -> float:
            return float(np.clip((top - eye_z - (target_z - eye_z) * s) / FOG_SOFT_M, 0.0, 1.0))

        length = float(np.hypot(np.hypot(80.0, 6.0), target_z - eye_z))
        extinction = KOSCHMIEDER / 120.0 - KOSCHMIEDER / 20000.0
        return float(np.exp(-extinction * length * quad(density, 0.0, 1.0, limit=200)[0]))

    heave = 0.3 * FOG_SOFT_M if eye_z > top else 0.0  # from above the layer's top is seen to heave so far
    assert left(top + heave) - 0.035 < contrast(top) / contrast(-500.0) < left(top - heave) + 0.035


def test_from_above_the_fog_the_sky_is_clear_and_from_within_it_is_not(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY, ("rgb",))
    fog: dict[str, Any] = {"haze_visibility_m": 40000.0, "visibility_m": 100.0, "cloud": 0.0}
    up = {z: looking((0.0, 0.0, z), (0.0, 10.0, z + 8.0)) for z in (2.0, 80.0)}
    clear, above = (drawn.render(moment(fog_top_m=t, **fog), up[80.0])["rgb"] for t in (-500.0, 40.0))
    assert (clear == above).all()
    within = drawn.render(moment(fog_top_m=40.0, **fog), up[2.0])["rgb"]
    assert np.ptp(within.mean(axis=(0, 1))) < 0.5 * np.ptp(clear.mean(axis=(0, 1)))  # grey, not blue


def test_lightning_lights_its_tick_alone_and_has_no_surface(stage: Callable[..., Stage]) -> None:
    drawn, pose = stage(flat(129), NOBODY), looking((0.0, -60.0, 12.0), (0.0, 60.0, 30.0))
    storm: dict[str, Any] = {"cloud": 1.0, "sun_elevation": -0.2}
    struck = replace(moment(**storm), events=(Event(160, "lightning", {"x": 20.0, "y": 500.0, "peak_ka": 30.0}),))
    dark, lit, again, after = (
        drawn.render(s, pose, moment(), pose) for s in (moment(**storm), struck, struck, moment(**storm))
    )
    assert same_truth(dark, lit)
    assert lit["rgb"].tobytes() == again["rgb"].tobytes() and dark["rgb"].tobytes() == after["rgb"].tobytes()
    ground = lit["instance"] == TERRAIN_ID
    assert lit["rgb"][ground].mean() > 1.5 * dark["rgb"][ground].mean()
    foot, _ = pose.project(np.array([(20.0, 500.0, 2.0)]), SIZE)
    above = lit["rgb"][: int(foot[0, 1]) + 1]
    assert (above.min(axis=-1) > 225).any(axis=1).mean() > 0.8  # a white channel from the clouds to the ground


def test_lamps_and_hearths_are_those_of_the_snapshot(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 0, 0)
    drawn, pose = stage(scenery, cast), looking((0.0, -8.0, 16.0), (21.0, 6.0, 14.0), 70.0)
    dusk: dict[str, Any] = {"sun_elevation": -0.1, "wind_m_s": 1.0}

    def at(lamp: int, hearth: int) -> dict[str, NDArray[Any]]:
        states = np.zeros(len(scenery.buildings), BUILDING_STATE)
        states["lamp"], states["hearth"] = lamp, hearth
        return drawn.render(
            replace(snapshot(villagers, **dusk), buildings=states), pose, snapshot(villagers, 161), pose
        )

    dark, lit, smoking = at(0, 0), at(1, 0), at(0, 1)
    unknown = drawn.render(snapshot(villagers, **dusk), pose, snapshot(villagers, 161), pose)
    assert same_truth(dark, lit) and same_truth(dark, smoking) and same_truth(dark, unknown)
    windows = lit["rgb"].astype(int)[..., 0] - dark["rgb"][..., 0]
    assert (windows > 60).sum() > 20
    assert (windows >= 0).all()
    assert ((unknown["rgb"].astype(int) - lit["rgb"])[windows > 60] == 0).all()
    smoke = np.abs(smoking["rgb"].astype(int) - dark["rgb"]).max(axis=-1) > 3
    assert smoke.sum() > 30 and np.isinf(smoking["depth"][smoke]).any()


def test_smoke_leaves_the_chimneys() -> None:
    scenery, _, _ = valley(97, 0, 0)
    inn = scenery.buildings[scenery.buildings["kind"] == BuildingKind.INN][0]
    mouths = chimney_mouths(building_mesh(inn))
    assert len(mouths) == 2
    top = float(inn["z"] + inn["wall_height_m"] + inn["roof_height_m"])
    assert (mouths[:, 2] > top).all() and (np.hypot(*(mouths[:, :2] - [inn["x"], inn["y"]]).T) < inn["width_m"]).all()


def test_the_horizon_is_that_of_the_surroundings(stage: Callable[..., Stage]) -> None:
    plain = flat()
    y, x = np.mgrid[0:65, 0:65] * 16.0 - 512.0
    away = np.hypot(x, y)
    rim = np.where(away > 400.0, 0.4 * (away - 400.0), 0.0).astype(np.float32)
    scenery = replace(plain, surroundings=Surroundings(rim, (-512.0, -512.0), 16.0))
    pose = looking((0.0, 0.0, 10.0), (1.0, 0.0, 10.0))
    out = stage(scenery, NOBODY).render(moment(), pose)
    direction = rays(pose)
    rise = direction[..., 2] / np.hypot(direction[..., 0], direction[..., 1])
    below = rise < (0.4 * 100.0 - 10.0) / 500.0 - 0.01
    assert np.isfinite(out["depth"][below]).all()  # no gap between the map and what is round it
    middle = out["depth"][:, SIZE[0] // 2]
    at = np.flatnonzero((rise[:, SIZE[0] // 2] > 0.01) & np.isfinite(middle))
    slope = rise[at, SIZE[0] // 2]
    expected = (0.4 * 400.0 + 10.0) / (0.4 - slope)  # where the ray meets the rim
    np.testing.assert_allclose(middle[at], expected, rtol=0.03)


def test_an_unknown_building_fails_in_one_sentence() -> None:
    row = valley(97, 0, 0)[0].buildings[0].copy()
    row["kind"] = 200
    with pytest.raises(ValueError, match="200"):
        building_mesh(row)


def test_a_session_from_before_the_seasons_is_in_high_summer(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 120, 0)
    drawn, pose = stage(scenery, cast), looking((24.0, -38.0, 28.0), (0.0, 0.0, 12.0))
    later = (*SEASON_NAMES, "fog_top_m", "gust_m_s", "haze_visibility_m", "sun_w_m2")
    known = tuple(name for name in ENVIRONMENT.names or () if name not in later)
    old = np.zeros((), [(name, "<f8") for name in known])
    now = environment()
    for name in known:
        old[name] = now[name]
    a, b = (drawn.render(Snapshot(160, row, villagers), pose) for row in (now, old))
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_light_in_fog_keeps_the_haze_for_what_stands_above() -> None:
    layer = light(environment(fog_top_m=30.0, visibility_m=150.0, haze_visibility_m=30000.0))
    plain = light(environment(visibility_m=30000.0))
    assert layer.fog_density == plain.fog_density and layer.fog_bank == pytest.approx(KOSCHMIEDER / 150, rel=0.01)
    assert plain.fog_bank == 0.0
    np.testing.assert_array_equal(layer.key_colour, plain.key_colour)
