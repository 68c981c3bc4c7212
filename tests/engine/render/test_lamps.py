"""Lamps and shadows: light that falls off, windows found on a house, shadows that reach far and are soft when fine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from engine.render.buildings import building_mesh
from engine.render.frame import LAMPS
from engine.render.graphics import open_context
from engine.render.lamps import lanterns, window_lights
from engine.render.shadow import FAR, NEAR, ONE, Reach, ShadowMap
from engine.render.stage import Stage
from recorder.schema import BUILDING_STATE, PLANT, VILLAGER, Scenery
from tests.engine.render.conftest import SIZE
from tests.engine.render.test_living import NOBODY, moment
from tests.engine.render.valleys import flat, looking, valley

DARK = {"sun_elevation": -0.5, "moon_elevation": -0.5, "cloud": 0.0}


@pytest.fixture
def houses() -> Scenery:
    house = valley(97, 0, 0)[0].buildings[:1].copy()
    house["z"] = 0.1
    return Scenery(**{**vars(flat()), "buildings": house})


@pytest.fixture(params=["fast", "fine"])
def quality(request: pytest.FixtureRequest, graphics: None) -> Iterator[str]:
    yield request.param


def test_every_window_shines_outwards_from_before_its_wall(houses: Scenery) -> None:
    row = houses.buildings[0]
    found = window_lights(building_mesh(row))
    assert 3 <= len(found) <= LAMPS
    cos, sin = np.cos(row["yaw"]), np.sin(row["yaw"])
    dx, dy = found[:, 0] - row["x"], found[:, 1] - row["y"]
    along, across = np.abs(dx * cos + dy * sin), np.abs(-dx * sin + dy * cos)
    outside = np.maximum(along - row["width_m"] / 2, across - row["depth_m"] / 2)
    assert (outside > 0.3).all() and (outside < 2.0).all()
    assert (found[:, 3] > 0.1).all()


def test_lit_windows_light_the_ground_before_them_by_night_alone(houses: Scenery, quality: str) -> None:
    row = houses.buildings[0]
    drawn = Stage(houses, NOBODY, SIZE, ("rgb", "instance"), quality=quality)
    pose = looking((float(row["x"]) - 16.0, float(row["y"]) - 16.0, 7.0), (float(row["x"]), float(row["y"]), 0.5))
    states = np.zeros(1, BUILDING_STATE)
    images = {}
    for name, lamp, weather in (("dark", 0, DARK), ("lit", 1, DARK), ("day dark", 0, {}), ("day lit", 1, {})):
        states = np.zeros(1, BUILDING_STATE)
        states["lamp"] = lamp
        images[name] = drawn.render(replace(moment(None, 160, **weather), buildings=states), pose)
    drawn.close()
    ground = images["dark"]["instance"] == 1
    brighter = images["lit"]["rgb"].astype(int) - images["dark"]["rgb"]
    assert brighter[ground].min() >= 0 and brighter[ground].max() > 12
    warm = brighter[ground & (brighter.sum(axis=-1) > 20)]
    assert warm[:, 0].mean() > warm[:, 2].mean()
    assert (images["day lit"]["rgb"][ground] == images["day dark"]["rgb"][ground]).all()


def test_lanterns_are_carried_out_of_doors_alone() -> None:
    rows = np.zeros(4, VILLAGER)
    rows["lantern"], rows["indoors"], rows["x"] = (1, 1, 0, 0), (0, 1, 0, 1), (5, 6, 7, 8)
    found = lanterns(rows)
    assert len(found) == 1 and abs(found[0, 0] - 5) < 0.6 and 0.3 < found[0, 2] < 1.5


def test_a_tree_far_off_has_its_shadow_when_the_picture_is_fine(graphics: None) -> None:
    plants = np.zeros(1, PLANT)
    plants["id"], plants["species"], plants["height_m"], plants["y"] = 1000, 0, 12.0, 60.0
    scenery = Scenery(**{**vars(flat(129)), "plants": plants})
    pose = looking((-55.0, -70.0, 45.0), (4.0, 60.0, 0.0), 30.0)  # 140 m away
    shaded = []
    for quality in ("fast", "fine"):
        for s in (scenery, flat(129)):
            drawn = Stage(s, NOBODY, SIZE, ("rgb", "instance"), quality=quality)
            shaded.append(drawn.render(moment(sun_azimuth=np.pi, sun_elevation=0.5, cloud=0.0), pose))
            drawn.close()
    ground = shaded[0]["instance"] == 1
    for with_tree, without, there in ((shaded[0], shaded[1], False), (shaded[2], shaded[3], True)):
        darker = without["rgb"].astype(int).sum(axis=-1) - with_tree["rgb"].astype(int).sum(axis=-1)
        assert bool((darker[ground] > 60).sum() > 30) == there


@pytest.mark.parametrize("reach", [ONE, NEAR, FAR], ids=lambda reach: f"{reach.side_m:g} m")
def test_still_shadows_do_not_crawl_under_a_moving_camera(graphics: None, reach: Reach) -> None:
    drawn = ShadowMap(open_context(), reach)
    sun = np.array([0.5, -0.3, 0.6]) / np.linalg.norm([0.5, -0.3, 0.6])
    post = np.array([3.7, -2.2, 4.0, 1.0])
    at = []
    for step in range(12):
        matrix, centre = drawn.aim(np.array([0.013 * step, 0.021 * step, 0.0]), sun)
        at.append((matrix @ (post - [*centre, 0.0]))[:2] * reach.texels / 2)
    moved = np.diff(at, axis=0)
    assert np.abs(moved - np.round(moved)).max() < 0.02  # whole texels, so a texel's content never changes
