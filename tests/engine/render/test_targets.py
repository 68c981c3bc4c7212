"""Parts, albedo, flow backward and the qualities of the picture, against paint, known motion and each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, map_coordinates

from assets.palette import Part, SemanticClass
from engine.render.graphics import ReadBack
from engine.render.stage import Stage
from engine.scenario import MODALITIES
from recorder.schema import TERRAIN_ID, CameraPose, Snapshot
from tests.engine.render.conftest import SIZE
from tests.engine.render.test_truth import EMPTY, NOBODY, box
from tests.engine.render.valleys import flat, looking, snapshot, valley

pytestmark = pytest.mark.slow
POSE = looking((24.0, -38.0, 28.0), (0.0, 0.0, 12.0))
BUILT = (SemanticClass.BUILDING, SemanticClass.WELL, SemanticClass.PROP)
GROWN = (SemanticClass.TREE, SemanticClass.BUSH)
OF_PEOPLE = range(Part.HEAD, Part.HELD + 1)
OF_BUILDINGS = range(Part.WALL, Part.FITTING + 1)
OF_PLANTS = (Part.TRUNK, Part.CROWN)
PAINT = (201, 94, 33)

Images = dict[str, NDArray[Any]]


def moving(tick: int, villagers: NDArray[np.void], wind_m_s: float = 6.0) -> Snapshot:
    """Everybody walks a little further east with every tick; the wind goes on."""
    there = villagers.copy()
    there["x"] += 0.08 * (tick - 160)
    return snapshot(there, tick, wind_m_s=wind_m_s)


def drifting(tick: int, share: float = 1.0) -> CameraPose:
    """A camera in motion, at a share of its distance from the square."""
    away = 0.15 * (tick - 160)
    return looking((share * (24.0 + away), share * -38.0, 12.0 + share * (16.0 - 0.5 * away)), (0.4 * away, 0.0, 12.0))


def truth(images: Images) -> dict[str, bytes]:
    return {name: image.tobytes() for name, image in images.items() if name != "rgb"}


@pytest.mark.parametrize(
    "weather", [{}, {"rain_mm_h": 8.0, "cloud": 1.0}, {"sun_elevation": -0.4, "snow_depth_m": 0.2}]
)
def test_the_truth_has_the_same_bytes_in_every_quality(stage: Callable[..., Stage], weather: dict[str, float]) -> None:
    scenery, cast, villagers = valley(97, 120, 6)
    now, after, before = (snapshot(villagers, tick, **weather) for tick in (160, 161, 159))
    made = {}
    for quality in ("truth", "fast", "fine"):
        drawn = stage(scenery, cast, quality=quality)
        made[quality] = drawn.render(now, POSE, after, drifting(161), before, drifting(159))
    assert truth(made["truth"]) == truth(made["fast"]) == truth(made["fine"])
    pictures = [images["rgb"].astype(int) for images in made.values()]
    assert all(np.abs(a - b).mean() > 0.5 for a, b in pairwise(pictures))
    assert {name.removesuffix("_valid") for name in made["fast"]} == set(MODALITIES)


def test_a_modality_alone_has_the_bytes_it_has_among_others(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(65, 60, 3)
    shot = snapshot(villagers), POSE, snapshot(villagers, 161), drifting(161), snapshot(villagers, 159), drifting(159)
    some = (("normal", "flow"), ("back_flow", "depth", "part"), ("rgb", "albedo"))
    for quality, sets in (("fast", (*((name,) for name in MODALITIES), *some)), ("fine", some)):
        full = stage(scenery, cast, quality=quality).render(*shot)
        for names in sets:
            alone = stage(scenery, cast, names, quality=quality).render(*shot)
            assert {name.removesuffix("_valid") for name in alone} == set(names)
            assert all(alone[name].tobytes() == full[name].tobytes() for name in alone), names


def linear(srgb: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def encoded(light: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def test_the_fine_picture_is_the_mean_of_four_in_linear_light(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 120, 6)
    drawn = stage(scenery, cast, ("rgb",), quality="fine")
    smooth = drawn.render(snapshot(villagers), POSE)["rgb"]
    large = ReadBack(drawn.context).read(drawn.texture("large rgb"), "rgb", np.uint8) / 255
    assert large.shape == (2 * SIZE[1], 2 * SIZE[0], 3)
    light = linear(large).reshape(SIZE[1], 2, SIZE[0], 2, 3).mean(axis=(1, 3))
    assert np.abs(smooth - encoded(light) * 255).max() < 0.75
    rough = stage(scenery, cast, ("rgb",), quality="fast").render(snapshot(villagers), POSE)["rgb"]
    assert np.abs(np.diff(smooth.astype(int), axis=1)).mean() < np.abs(np.diff(rough.astype(int), axis=1)).mean()


@pytest.mark.parametrize("quality", ["truth", "fast", "fine"])
def test_rgb_edges_lie_on_mask_edges(stage: Callable[..., Stage], quality: str) -> None:
    """A red box over grey ground under an even sky: what is red is the box, to the pixel; smooth edges are mixed."""
    drawn = stage(flat(), NOBODY, ("rgb", "instance"), quality=quality)
    mesh = box((-1.5, -1.0, 1.5), (1.5, 2.0, 4.25))
    drawn.add_mesh(mesh.coloured((220, 20, 20)), 77)
    pose = looking((4.0, -7.0, 6.0), (0.0, 0.0, 1.8))
    out = drawn.render(snapshot(EMPTY, cloud=1.0, visibility_m=60000.0, haze_visibility_m=60000.0), pose)
    rgb = out["rgb"].astype(int)
    red = rgb[..., 0] - rgb[..., 1] > 0.35 * rgb[..., 0]
    mask = out["instance"] == 77
    assert mask.sum() > 1500
    differ = red != mask
    if quality == "fine":
        rim = binary_erosion(mask) ^ binary_erosion(~mask) ^ True
        assert not differ[~rim].any() and differ.sum() < 0.5 * rim.sum()
    else:
        assert not differ.any()


@pytest.mark.parametrize(
    "weather",
    [
        {},
        {"sun_elevation": 1.0, "cloud": 0.0},
        {"sun_elevation": -0.5},
        {"visibility_m": 40.0, "haze_visibility_m": 40.0},
        {"sun_elevation": 0.02, "cloud": 0.9},
    ],
    ids=["morning", "noon", "night", "fog", "dusk"],
)
def test_the_albedo_of_painted_walls_is_their_paint(stage: Callable[..., Stage], weather: dict[str, Any]) -> None:
    pose = looking((4.0, -7.0, 5.0), (0.0, 0.0, 1.8))
    for quality in ("truth", "fast"):
        drawn = stage(flat(), NOBODY, ("rgb", "albedo", "instance"), quality=quality)
        for ident, paint in ((77, PAINT), (78, (4, 255, 128))):
            away = 4.0 * (ident - 77)
            drawn.add_mesh(box((-1.5 - away, -1.0, 0.5), (1.5 - away, 2.0, 3.25)).coloured(paint), ident)
        out = drawn.render(snapshot(EMPTY, **weather), pose)
        for ident, paint in ((77, PAINT), (78, (4, 255, 128))):
            mask = out["instance"] == ident
            assert mask.sum() > 200
            assert (out["albedo"][mask] == paint).all()
            assert (out["rgb"][mask] != paint).any()
        assert not out["albedo"][out["instance"] == 0].any()


def test_albedo_knows_wetness_and_snow_and_no_shadow(stage: Callable[..., Stage]) -> None:
    pose = looking((0.0, -9.0, 7.0), (0.0, 3.0, 0.0))
    drawn = stage(flat(), NOBODY, ("rgb", "albedo", "instance"))
    drawn.add_mesh(box((-1.0, 6.0, 0.0), (1.0, 8.0, 9.0)), 77)  # behind what is seen; its shadow falls here
    low: dict[str, Any] = {"sun_elevation": 0.5, "sun_azimuth": np.pi / 2, "cloud": 0.0}
    lit, dark = (drawn.render(snapshot(EMPTY, **(low | {"cloud": c})), pose) for c in (0.0, 1.0))
    ground = lit["instance"] == TERRAIN_ID
    assert lit["albedo"].tobytes() == dark["albedo"].tobytes()
    values = lit["rgb"][ground].mean(axis=-1)
    assert np.percentile(values, 95) > 1.5 * np.percentile(values, 5)  # there is a shadow
    soaked = drawn.render(snapshot(EMPTY, ground_wetness=1.0), pose)["albedo"][ground].mean()
    snowy = drawn.render(snapshot(EMPTY, snow_depth_m=0.3), pose)["albedo"][ground].mean()
    assert soaked < 0.9 * lit["albedo"][ground].mean() and snowy > 215


def test_parts_lie_on_the_things_that_have_them(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 200, 8)
    villagers["x"] *= 0.5
    near = looking((9.0, -13.0, 16.0), (0.0, 0.0, 12.6))
    for pose in (POSE, near):
        out = stage(scenery, cast, size=(320, 240)).render(snapshot(villagers), pose)
        semantic, part = out["semantic"], out["part"]
        assert not part[~np.isin(semantic, (SemanticClass.VILLAGER, *BUILT, *GROWN))].any()
        assert np.isin(part[np.isin(semantic, BUILT)], OF_BUILDINGS).all()
        assert np.isin(part[np.isin(semantic, GROWN)], OF_PLANTS).all()
        assert np.isin(part[semantic == SemanticClass.VILLAGER], OF_PEOPLE).all()
    assert {Part.WALL, Part.ROOF, Part.WINDOW, Part.FITTING, Part.CROWN} <= set(np.unique(part))


def test_a_villager_has_head_over_trunk_over_feet_and_left_is_left(stage: Callable[..., Stage]) -> None:
    _, cast, villagers = valley(33, 0, 1)
    cast.looks["skirt"], cast.looks["hat"] = 0, 0
    villagers[["x", "y", "z", "activity", "speed_m_s"]], villagers["heading"] = (0.0, 0.0, 0.0, 0, 0), np.pi / 2
    from_behind = looking((0.0, -4.0, 1.4), (0.0, 0.0, 1.0), 40.0)
    out = stage(flat(), cast, size=(320, 240)).render(snapshot(villagers), from_behind)
    rows, columns = np.mgrid[0:240, 0:320]
    middle = {
        part: (columns[out["part"] == part].mean(), rows[out["part"] == part].mean())
        for part in (Part.TORSO, Part.HAND_LEFT, Part.HAND_RIGHT, Part.FOOT_LEFT, Part.FOOT_RIGHT, Part.LOWER_LEG_LEFT)
    }
    top = rows[np.isin(out["part"], (Part.HEAD, Part.HAIR))].mean()
    assert top < middle[Part.TORSO][1] < middle[Part.LOWER_LEG_LEFT][1] < middle[Part.FOOT_LEFT][1]
    assert middle[Part.HAND_LEFT][0] < middle[Part.TORSO][0] < middle[Part.HAND_RIGHT][0]
    assert middle[Part.FOOT_LEFT][0] < middle[Part.FOOT_RIGHT][0]


def test_a_house_has_its_roof_above_its_walls_and_its_windows_in_them(stage: Callable[..., Stage]) -> None:
    scenery, _, _ = valley(33, 0, 0)
    house = scenery.buildings[:1].copy()
    house[["x", "y", "z", "yaw"]], house["kind"] = (0.0, 0.0, 0.0, 0.0), 0
    pose = looking((4.0, -14.0, 4.0), (0.0, 0.0, 2.0))
    out = stage(flat(buildings=house), NOBODY, size=(320, 240)).render(snapshot(EMPTY), pose)
    z = pose.unproject(np.where(np.isfinite(out["depth"]), out["depth"], 1.0))[..., 2]
    eaves = float(house["wall_height_m"][0])
    assert z[out["part"] == Part.ROOF].min() > eaves - 0.8
    assert z[out["part"] == Part.DOOR].max() < 2.6 and z[out["part"] == Part.WINDOW].min() > 0.3
    assert z[out["part"] == Part.CHIMNEY].min() > eaves and (out["part"] == Part.WALL).sum() > 500


def test_flow_back_on_still_land_is_where_the_camera_saw_it(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 150, 4)
    here, there = looking((30.0, -40.0, 34.0), (0.0, 0.0, 12.0)), looking((29.2, -39.1, 34.5), (1.0, 0.5, 12.0))
    still: dict[str, Any] = {"wind_m_s": 0.0}
    now, before = snapshot(villagers, **still), snapshot(villagers, 160, **still)
    out = stage(scenery, cast).render(now, here, None, None, before, there)
    seen = np.isfinite(out["depth"]) & (out["semantic"] != SemanticClass.GRASS)  # tufts grow as the eye comes near
    landing, _ = there.project(here.unproject(np.where(seen, out["depth"], 1.0)).reshape(-1, 3), SIZE)
    landing = landing.reshape(*SIZE[::-1], 2)
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    expected = landing - np.stack([u, v], axis=-1)
    assert seen.sum() > 8000 and np.abs(expected[seen]).max() > 2
    assert np.abs(out["back_flow"] - expected)[seen].max() < 0.05
    inside = ((landing > 0.01) & (landing < np.array(SIZE) - 0.01)).all(axis=-1)
    assert out["back_flow_valid"][seen & inside].all() and (~out["back_flow_valid"] & seen).any()
    assert not out["back_flow_valid"][np.isinf(out["depth"])].any()
    assert not out["flow"].any() and not out["flow_valid"].any()


def test_flow_back_of_a_villager_who_moves(stage: Callable[..., Stage]) -> None:
    _, cast, villagers = valley(33, 0, 1)
    villagers[["x", "y", "z", "heading"]] = (0.0, 0.0, 0.0, 1.0)
    villagers["activity"], villagers["speed_m_s"] = 0, 0
    was = villagers.copy()
    was["x"] -= 0.25
    was["z"] += 0.1
    pose = looking((0.0, -5.0, 1.5), (0.0, 0.0, 1.0))
    out = stage(flat(), cast).render(snapshot(villagers), pose, None, None, snapshot(was), pose)
    body = out["instance"] == cast.looks["id"][0]
    points = pose.unproject(np.where(np.isfinite(out["depth"]), out["depth"], 1.0))
    landing, _ = pose.project((points + np.array([-0.25, 0.0, 0.1])).reshape(-1, 3), SIZE)
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    expected = landing.reshape(*SIZE[::-1], 2) - np.stack([u, v], axis=-1)
    assert body.sum() > 300 and np.abs(out["back_flow"] - expected)[body].max() < 0.05
    assert out["back_flow"][body][:, 0].max() < -1
    gone = was.copy()
    gone["indoors"] = 1
    out = stage(flat(), cast).render(snapshot(villagers), pose, None, None, snapshot(gone), pose)
    assert not out["back_flow_valid"][body].any()


@pytest.mark.parametrize(("share", "shown"), [(1.0, SemanticClass.TREE), (0.3, SemanticClass.VILLAGER)])
def test_flow_back_is_the_inverse_of_the_flow_of_the_frame_before(
    stage: Callable[..., Stage], share: float, shown: SemanticClass
) -> None:
    """People walk, leaves sway, the camera moves: from a pixel back, and with that frame's flow to it again."""
    scenery, cast, villagers = valley(97, 150, 8)
    size = (240, 180)
    first, second = moving(160, villagers), moving(161, villagers)
    drawn = stage(scenery, cast, size=size)
    here, there = drifting(160, share), drifting(161, share)
    early = drawn.render(first, here, second, there)
    late = drawn.render(second, there, None, None, first, here)
    v, u = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    at = np.stack([v + late["back_flow"][..., 1], u + late["back_flow"][..., 0]]) - 0.5
    nearest = np.clip(np.rint(at).astype(int), 0, np.array(size[::-1])[:, None, None] - 1)
    # where that frame shows the same thing all about, as far away as it is here: it is not hidden there
    same = late["back_flow_valid"] & (late["semantic"] != SemanticClass.GRASS)
    for down, right in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        r, c = np.clip(nearest[0] + down, 0, size[1] - 1), np.clip(nearest[1] + right, 0, size[0] - 1)
        same &= early["instance"][r, c] == late["instance"]
        same &= np.abs(early["depth"][r, c] / np.where(late["back_flow_valid"], late["depth"], 1.0) - 1) < 0.01
        same &= early["part"][r, c] == late["part"]
        same &= early["flow_valid"][r, c]
    forth = np.stack([map_coordinates(early["flow"][..., k], at, order=1, mode="nearest") for k in (0, 1)], axis=-1)
    off = np.abs(forth + late["back_flow"]).max(axis=-1)
    moved = same & (late["semantic"] == shown)
    assert same.mean() > 0.2 and moved.sum() > 100
    assert np.median(off[same]) < 0.01 and np.percentile(off[same], 95) < 0.05
    assert np.median(off[moved]) < 0.05 and np.percentile(off[moved], 90) < 0.25


def test_a_villager_behind_a_hill_is_in_no_modality(stage: Callable[..., Stage]) -> None:
    side = 65
    _, x = np.mgrid[0:side, 0:side] * 2.0 - (side - 1)
    hill = (8.0 * np.exp(-((x / 6.0) ** 2))).astype(np.float32)
    _, cast, villagers = valley(33, 0, 1)
    villagers[["x", "y", "z"]] = (18.0, 0.0, 0.0)
    inside = villagers.copy()
    inside["indoors"] = 1
    drawn = stage(flat(heights=hill), cast)
    pose = looking((-30.0, 0.0, 3.0), (20.0, 0.0, 1.0))
    high = {"sun_elevation": 1.4, "cloud": 0.0}
    shots = []
    for rows in (villagers, inside):
        before, after = rows.copy(), rows.copy()
        before["x"], after["x"] = rows["x"] - 0.1, rows["x"] + 0.1
        snapshots = [snapshot(r, 160, **high) for r in (rows, after, before)]
        shots.append(drawn.render(snapshots[0], pose, snapshots[1], pose, snapshots[2], pose))
    assert set(shots[0]) >= {*MODALITIES, "flow_valid", "back_flow_valid"}
    for name in shots[0]:
        assert shots[0][name].tobytes() == shots[1][name].tobytes(), name
    before_it = replace(pose, position=(6.0, 0.0, 9.0), pitch=-0.5)
    assert (drawn.render(snapshot(villagers), before_it)["instance"] == cast.looks["id"][0]).any()
