"""Every pixel against geometry computed another way: rays, planes, boxes, spheres and reprojection in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion

from assets.meshes.mesh import Mesh
from assets.palette import GroundCover, Part, SemanticClass, Species
from engine.render.stage import Stage
from recorder.schema import CROP_ID, GRASS_ID, PLANT, TERRAIN_ID, VILLAGER, WATER_ID, CameraPose, Cast, Scenery
from tests.boxes import visible_boxes
from tests.engine.render.conftest import SIZE
from tests.engine.render.valleys import CELL_M, flat, looking, snapshot, valley

NOBODY = Cast(valley(33, 0, 0)[1].looks, ())
EMPTY = np.zeros(0, VILLAGER)


def rays(pose: CameraPose, size: tuple[int, int] = SIZE) -> NDArray[np.float64]:
    """World directions (H, W, 3) whose component along the optical axis is 1."""
    return np.asarray(pose.unproject(np.ones(size[::-1])) - np.asarray(pose.position))


def solid(positions: NDArray[np.floating], normals: NDArray[np.floating], triangles: NDArray[np.integer]) -> Mesh:
    n = len(positions)
    zeros, full = np.zeros(n, np.uint8), np.full(n, 255, np.uint8)
    return Mesh(
        positions.astype(np.float32),
        normals.astype(np.float32),
        np.full((n, 3), 180, np.uint8),
        full,
        zeros,
        zeros,
        zeros,
        zeros,
        triangles.astype(np.uint32),
    )


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    positions, normals, triangles = [], [], []
    for axis in range(3):
        for side in (0, 1):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            for a, b in ((0, 0), (1, 0), (1, 1), (0, 1)):
                p = np.zeros(3)
                p[axis], p[u], p[v] = (low, high)[side][axis], (low, high)[a][u], (low, high)[b][v]
                positions.append(p)
                normals.append(np.eye(3)[axis] * (1 if side else -1))
            k = len(positions) - 4
            quad = [(k, k + 1, k + 2), (k, k + 2, k + 3)]
            triangles += quad if side else [t[::-1] for t in quad]
    return solid(np.array(positions), np.array(normals), np.array(triangles))


def sphere(centre: tuple[float, float, float], radius: float) -> Mesh:
    around, up = 1000, 500  # so fine that chords are within 5e-6 of a radius of their arcs
    theta, phi = np.meshgrid(np.linspace(0, np.pi, up + 1), np.linspace(0, 2 * np.pi, around + 1), indexing="ij")
    n = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1).reshape(-1, 3)
    i = np.arange(up)[:, None] * (around + 1) + np.arange(around)
    t = np.stack([i, i + around + 1, i + 1, i + 1, i + around + 1, i + around + 2], axis=-1).reshape(-1, 3)
    return solid(n * radius + np.asarray(centre), n, t)


@pytest.mark.parametrize(("eye", "at"), [((0.0, -12.0, 9.0), (1.0, 3.0, 0.0)), ((-20.0, 8.0, 30.0), (5.0, 5.0, 0.0))])
def test_plane_depth_normal_and_id(
    stage: Callable[..., Stage], eye: tuple[float, float, float], at: tuple[float, float, float]
) -> None:
    pose = looking(eye, at)
    out = stage(flat(), NOBODY).render(snapshot(EMPTY), pose)
    direction = rays(pose)
    down = direction[..., 2] < -0.05
    expected = -eye[2] / direction[..., 2]
    hit = down & (expected < 200.0)
    assert hit.sum() > 5000
    assert np.abs(out["depth"][hit] / expected[hit] - 1).max() < 1e-5
    assert (out["instance"][hit] == TERRAIN_ID).all()
    assert (out["semantic"][hit] == SemanticClass.TERRAIN).all()
    np.testing.assert_allclose(out["normal"][hit], np.broadcast_to([0, 0, 1], (hit.sum(), 3)), atol=1e-3)


def drawn_height(s: Scenery, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights (n,) of the two triangles of each cell, cut from south-west to north-east, and their slopes."""
    u, v = (x - s.origin[0]) / s.cell_m, (y - s.origin[1]) / s.cell_m
    c, r = (np.clip(np.floor(k).astype(int), 0, s.heights.shape[0] - 2) for k in (u, v))
    u, v = u - c, v - r
    h = s.heights.astype(np.float64)
    sw, se, nw, ne = h[r, c], h[r, c + 1], h[r + 1, c], h[r + 1, c + 1]
    east, north = np.where(u > v, (se - sw, ne - se), (ne - nw, nw - sw))
    return np.stack([sw + east * u + north * v, east / s.cell_m, north / s.cell_m])


def test_depth_of_hills_is_where_the_ray_meets_their_triangles(stage: Callable[..., Stage]) -> None:
    """The depth is put right along its ray in float64 on the very triangle it lies on: it was right already."""
    side = 65
    y, x = np.mgrid[0:side, 0:side] * CELL_M
    hills = (3 * np.sin(x / 11) * np.cos(y / 9) + 2 * np.sin((x + y) / 17)).astype(np.float32)
    scenery = flat(heights=hills)
    pose = looking((-30.0, -45.0, 22.0), (5.0, 8.0, 0.0))
    out = stage(scenery, NOBODY, ("depth", "normal", "instance")).render(snapshot(EMPTY), pose)
    direction, eye = rays(pose), np.asarray(pose.position)
    seen = np.isfinite(out["depth"]) & (out["instance"] == TERRAIN_ID)
    t = out["depth"][seen].astype(np.float64)
    ray = direction[seen]
    at = eye + ray * t[:, None]
    inside = (np.abs(at[:, :2]) < (side - 3) * CELL_M / 2).all(axis=1)
    height, east, north = drawn_height(scenery, at[:, 0], at[:, 1])
    steep = ray[:, 2] - east * ray[:, 0] - north * ray[:, 1]  # how fast the ray sinks towards the triangle
    facing = np.abs(steep) / np.linalg.norm(ray, axis=1) > 0.1  # well off the silhouettes of hills
    exact = t + (height - at[:, 2]) / np.where(facing, steep, 1.0)
    inside &= facing
    assert inside.sum() > 5000
    assert np.abs(exact / t - 1)[inside].max() < 1e-5
    for share in np.linspace(0.05, 0.99, 40):  # and nothing is in the way
        before = eye + ray[inside] * (t[inside] * share)[:, None]
        on_map = (np.abs(before[:, :2]) < (side - 1) * CELL_M / 2).all(axis=1)
        assert (before[:, 2] - drawn_height(scenery, before[:, 0], before[:, 1])[0])[on_map].min() > -1e-4


def test_sky_has_no_surface(stage: Callable[..., Stage]) -> None:
    pose = looking((0.0, 0.0, 5.0), (1.0, 0.0, 9.0))
    out = stage(flat(), NOBODY).render(snapshot(EMPTY), pose)
    assert np.isinf(out["depth"]).all()
    assert not out["instance"].any() and not out["semantic"].any() and not out["normal"].any()
    assert out["rgb"].std() > 0


@pytest.mark.parametrize("ident", [17, 40007, 2**24 - 1])
def test_box_against_ray_slabs(stage: Callable[..., Stage], ident: int) -> None:
    low, high = (-1.5, -1.0, 0.5), (1.5, 2.0, 3.25)
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box(low, high), ident)
    pose = looking((4.0, -7.0, 5.0), (0.0, 0.0, 1.8))
    out = drawn.render(snapshot(EMPTY), pose)
    direction = rays(pose)
    near = (np.where(direction > 0, low, high) - np.asarray(pose.position)) / direction
    far = (np.where(direction > 0, high, low) - np.asarray(pose.position)) / direction
    enter = near.max(axis=-1)
    hit = (enter < far.min(axis=-1)) & (enter > 0)
    inside, around = binary_erosion(hit), binary_dilation(hit)
    assert inside.sum() > 500
    assert (out["instance"][inside] == ident).all() and not (out["instance"][~around] == ident).any()
    assert set(np.unique(out["instance"])) == {0, TERRAIN_ID, ident}
    axis = near.argmax(axis=-1)
    faces = inside & np.all([np.roll(axis, s, a) == axis for s in (1, -1) for a in (0, 1)], axis=0)
    assert np.abs(out["depth"][faces] / enter[faces] - 1).max() < 1e-5
    expected = -np.sign(np.take_along_axis(direction, axis[..., None], -1)[..., 0])
    np.testing.assert_allclose(
        np.take_along_axis(out["normal"], axis[..., None], -1)[..., 0][faces], expected[faces], atol=1e-3
    )


def test_sphere_depth_and_normals(stage: Callable[..., Stage]) -> None:
    centre, radius = (0.5, 1.0, 3.0), 2.0
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(sphere(centre, radius), 900)
    pose = looking((6.0, -6.0, 4.5), centre)
    out = drawn.render(snapshot(EMPTY), pose)
    direction, to = rays(pose), np.asarray(pose.position) - np.asarray(centre)
    a, b, c = (direction**2).sum(-1), direction @ to, to @ to - radius**2
    inside = (b**2 - a * c) / a > 0.3 * radius**2  # well off the silhouette, where chords and arcs part
    t = (-b - np.sqrt(np.maximum(b**2 - a * c, 0))) / a
    inside &= binary_erosion(inside)
    assert inside.sum() > 500 and (out["instance"][inside] == 900).all()
    assert np.abs(out["depth"][inside] / t[inside] - 1).max() < 1e-5
    normal = (direction * t[..., None] + to) / radius
    length = np.linalg.norm(out["normal"][inside], axis=-1)
    assert ((out["normal"][inside] * normal[inside]).sum(-1) / length).min() > 0.99999
    np.testing.assert_allclose(length, 1.0, atol=5e-4)


@pytest.mark.parametrize("far_m", [0.0, 1000.0, -4000.0])
def test_depth_near_a_camera_is_as_exact_far_from_the_middle_of_the_world(
    stage: Callable[..., Stage], far_m: float
) -> None:
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box((far_m + 1.0, far_m - 5.0, 0.0), (far_m + 2.0, far_m + 5.0, 8.0)), 900)
    pose = CameraPose((far_m - 0.123456789, far_m + 0.987654321, 3.3), 0.0, 0.0, 0.9)
    out = drawn.render(snapshot(EMPTY), pose)
    assert (out["instance"] == 900).all()
    assert np.abs(out["depth"] / 1.123456789 - 1).max() < 1e-5


def test_nothing_is_drawn_nearer_than_the_near_plane(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box((0.24, -0.2, 9.9), (0.245, 0.0, 10.1)), 900)
    drawn.add_mesh(box((0.26, 0.0, 9.9), (0.265, 0.2, 10.1)), 901)
    out = drawn.render(snapshot(EMPTY), CameraPose((0.0, 0.0, 10.0), 0.0, 0.0, 1.5))
    assert np.unique(out["instance"]).tolist() == [0, TERRAIN_ID, 901]


def test_nothing_is_drawn_beyond_the_far_plane(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box((5995.0, -900.0, 300.0), (5999.0, -100.0, 1100.0)), 900)
    drawn.add_mesh(box((6001.0, 100.0, 300.0), (6005.0, 900.0, 1100.0)), 901)
    out = drawn.render(snapshot(EMPTY), CameraPose((0.0, 0.0, 700.0), 0.0, 0.0, 0.9))
    assert (out["instance"] == 900).sum() > 100 and not (out["instance"] == 901).any()
    assert out["depth"][out["instance"] == 900] == pytest.approx(5995.0, rel=1e-5)


def test_known_points_land_on_their_pixels(stage: Callable[..., Stage]) -> None:
    places = np.array([(0.0, 0.0, 1.0), (5.0, 2.0, 0.5), (-4.0, 3.0, 3.0), (2.0, 9.0, 2.0)])
    drawn = stage(flat(), NOBODY)
    for k, p in enumerate(places):
        drawn.add_mesh(box(tuple(p - 0.3), tuple(p + 0.3)), 500 + k)
    pose = looking((1.0, -14.0, 6.0), (0.5, 2.0, 1.0))
    instance = drawn.render(snapshot(EMPTY), pose)["instance"]
    pixels, depth = pose.project(places, SIZE)
    assert (depth > 0).all()
    for k, (u, v) in enumerate(pixels):
        rows, cols = np.nonzero(instance == 500 + k)
        assert len(rows) > 8
        assert abs(cols.mean() + 0.5 - u) < 0.6 and abs(rows.mean() + 0.5 - v) < 0.6


def test_unproject_is_the_inverse_of_project() -> None:
    pose = CameraPose((3.0, -2.0, 7.0), 1.1, -0.4, 0.9)
    depth = np.random.default_rng(1).uniform(0.5, 80.0, SIZE[::-1])
    pixels, z = pose.project(pose.unproject(depth).reshape(-1, 3), SIZE)
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    np.testing.assert_allclose(pixels, np.stack([u, v], axis=-1).reshape(-1, 2), atol=1e-9)
    np.testing.assert_allclose(z, depth.reshape(-1), rtol=1e-12)


def test_static_flow_is_the_reprojection_of_depth(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 60, 0)
    still: dict[str, Any] = {"wind_m_s": 0.0}
    here, there = looking((30.0, -40.0, 34.0), (0.0, 0.0, 12.0)), looking((29.2, -39.1, 34.5), (1.0, 0.5, 12.0))
    out = stage(scenery, cast).render(snapshot(villagers, **still), here, snapshot(villagers, 161, **still), there)
    seen = np.isfinite(out["depth"]) & (out["semantic"] != SemanticClass.GRASS)  # tufts grow as the eye comes near
    landing, _ = there.project(here.unproject(np.where(seen, out["depth"], 1.0)).reshape(-1, 3), SIZE)
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    expected = landing.reshape(*SIZE[::-1], 2) - np.stack([u, v], axis=-1)
    assert seen.sum() > 8000 and np.abs(expected[seen]).max() > 2
    assert np.abs(out["flow"] - expected)[seen].max() < 0.05
    inside = seen & (landing.reshape(*SIZE[::-1], 2) > 0.01).all(-1)
    inside &= (landing.reshape(*SIZE[::-1], 2) < np.array(SIZE) - 0.01).all(-1)
    assert out["flow_valid"][inside].all()
    assert not out["flow_valid"][np.isinf(out["depth"])].any()
    assert (~out["flow_valid"] & seen).any()  # some of it leaves the image


def test_flow_of_a_villager_who_moves(stage: Callable[..., Stage]) -> None:
    _, cast, villagers = valley(33, 0, 1)
    villagers[["x", "y", "z", "heading"]] = (0.0, 0.0, 0.0, 1.0)
    villagers["activity"], villagers["speed_m_s"] = 0, 0
    moved = villagers.copy()
    moved["x"] += 0.25
    moved["z"] += 0.1
    pose = looking((0.0, -5.0, 1.5), (0.0, 0.0, 1.0))
    out = stage(flat(), cast).render(snapshot(villagers), pose, snapshot(moved), pose)
    body = out["instance"] == cast.looks["id"][0]
    assert body.sum() > 300
    points = pose.unproject(np.where(np.isfinite(out["depth"]), out["depth"], 1.0))
    landing, _ = pose.project((points + np.array([0.25, 0.0, 0.1])).reshape(-1, 3), SIZE)
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    expected = landing.reshape(*SIZE[::-1], 2) - np.stack([u, v], axis=-1)
    assert np.abs(out["flow"] - expected)[body].max() < 0.05
    assert out["flow"][body][:, 0].min() > 1 and out["flow"][body][:, 1].max() < 0  # to the right and up
    assert np.abs(out["flow"][(out["instance"] == TERRAIN_ID)]).max() < 1e-3


def test_flow_of_leaves_is_how_far_the_crown_sways(stage: Callable[..., Stage]) -> None:
    tree = np.zeros(1, PLANT)
    tree["id"], tree["species"], tree["height_m"] = 500, Species.BROADLEAF, 8.0
    drawn = stage(replace(flat(), plants=tree), NOBODY, size=(320, 240))
    pose = looking((0.0, -16.0, 5.0), (0.0, 0.0, 4.5))
    now, later = (snapshot(EMPTY, t, wind_m_s=9.0, gust_m_s=14.0, wind_towards=0.0) for t in (170, 186))
    early, late = drawn.render(now, pose, later, pose), drawn.render(later, pose, None, None, now, pose)
    crown, then = (image["part"] == Part.CROWN for image in (early, late))
    swayed = np.nonzero(then)[1].mean() - np.nonzero(crown)[1].mean()
    assert swayed > 1.0
    assert early["flow"][crown].mean(axis=0) == pytest.approx([swayed, 0.0], abs=0.1)
    assert late["back_flow"][then].mean(axis=0) == pytest.approx([-swayed, 0.0], abs=0.1)


def test_flow_of_a_villager_who_goes_in(stage: Callable[..., Stage]) -> None:
    _, cast, villagers = valley(33, 0, 1)
    villagers[["x", "y", "z"]] = (0.0, 0.0, 0.0)
    gone = villagers.copy()
    gone["indoors"] = 1
    pose = looking((0.0, -5.0, 1.5), (0.0, 0.0, 1.0))
    out = stage(flat(), cast).render(snapshot(villagers), pose, snapshot(gone, 161), pose)
    body = out["instance"] == cast.looks["id"][0]
    assert body.any() and not out["flow_valid"][body].any()


def test_no_following_snapshot_leaves_no_flow(stage: Callable[..., Stage]) -> None:
    out = stage(flat(), NOBODY).render(snapshot(EMPTY), looking((0.0, -9.0, 5.0), (0.0, 0.0, 0.0)))
    assert not out["flow"].any() and not out["flow_valid"].any()


def test_a_hill_hides_who_stands_behind_it(stage: Callable[..., Stage]) -> None:
    side = 65
    _, x = np.mgrid[0:side, 0:side] * CELL_M - (side - 1) * CELL_M / 2
    hill = (8.0 * np.exp(-((x / 6.0) ** 2))).astype(np.float32)
    _, cast, villagers = valley(33, 0, 2)
    villagers["x"], villagers["y"], villagers["z"] = (-18.0, 18.0), (0.0, 0.0), 0.0
    out = stage(flat(heights=hill), cast).render(snapshot(villagers), looking((-30.0, 0.0, 3.0), (20.0, 0.0, 1.0)))
    seen = set(np.unique(out["instance"]))
    assert int(cast.looks["id"][0]) in seen
    assert int(cast.looks["id"][1]) not in seen


def test_who_is_indoors_is_not_drawn(stage: Callable[..., Stage]) -> None:
    _, cast, villagers = valley(33, 0, 2)
    villagers["x"], villagers["y"], villagers["z"], villagers["indoors"] = (-1.0, 1.0), 0.0, 0.0, (1, 0)
    out = stage(flat(), cast).render(snapshot(villagers), looking((0.0, -6.0, 2.0), (0.0, 0.0, 1.0)))
    assert set(np.unique(out["instance"])) & set(cast.looks["id"].tolist()) == {int(cast.looks["id"][1])}


def test_water_is_the_surface(stage: Callable[..., Stage]) -> None:
    dry = flat(heights=np.full((65, 65), -2.0, np.float32))
    lake = Scenery(**{**vars(dry), "water_depth": np.full((65, 65), 1.5, np.float32)})
    pose = looking((0.0, -12.0, 6.0), (0.0, 4.0, -0.5))
    out = stage(lake, NOBODY).render(snapshot(EMPTY, wind_m_s=12.0), pose)
    direction = rays(pose)
    expected = (-0.5 - pose.position[2]) / direction[..., 2]
    hit = (direction[..., 2] < 0) & (expected < 40)
    assert (out["instance"][hit] == WATER_ID).all() and (out["semantic"][hit] == SemanticClass.WATER).all()
    assert np.abs(out["depth"][hit] / expected[hit] - 1).max() < 1e-5
    np.testing.assert_allclose(out["normal"][hit][:, 2], 1.0, atol=1e-3)


def test_boxes_against_a_plain_search(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 120, 6)
    out = stage(scenery, cast).render(snapshot(villagers), looking((20.0, -34.0, 26.0), (0.0, 0.0, 12.0)))
    found = visible_boxes(out["instance"])
    assert found["id"].tolist() == [i for i in np.unique(out["instance"]).tolist() if i]
    for row in found:
        r, c = np.nonzero(out["instance"] == row["id"])
        assert (row["x"], row["y"]) == (c.min(), r.min())
        assert (row["w"], row["h"]) == (np.ptp(c) + 1, np.ptp(r) + 1)
        assert row["pixels"] == len(r)


def test_classes_follow_the_ids(stage: Callable[..., Stage]) -> None:
    scenery, cast, villagers = valley(97, 200, 6)
    out = stage(scenery, cast).render(snapshot(villagers), looking((20.0, -34.0, 26.0), (0.0, 0.0, 12.0)))
    known = {1: 1, 2: 2, 3: 8, 4: 11, 0: 0}
    known |= {int(p["id"]): (3, 3, 3, 6, 7)[p["species"]] for p in scenery.plants}
    known |= {int(b["id"]): {6: 9, 7: 12}.get(int(b["kind"]), 4) for b in scenery.buildings}
    known |= {int(i): 5 for i in cast.looks["id"]}
    for ident in np.unique(out["instance"]):
        assert set(np.unique(out["semantic"][out["instance"] == ident])) == {known[int(ident)]}
    assert {3, 4, 5} <= set(np.unique(out["semantic"]))


def known_ids(scenery: Scenery, cast: Cast) -> NDArray[np.integer]:
    own = (scenery.plants["id"], scenery.buildings["id"], cast.looks["id"])
    return np.concatenate([(0, TERRAIN_ID, WATER_ID, GRASS_ID, CROP_ID), *own])


@pytest.mark.parametrize(
    ("quality", "weather"),
    [
        ("fast", {"rain_mm_h": 20.0, "cloud": 1.0}),
        ("fast", {"snow_mm_h": 4.0, "snow_depth_m": 0.3, "cloud": 1.0}),
        ("truth", {"sun_elevation": -0.6}),
        ("fine", {"rain_mm_h": 6.0, "sun_elevation": -0.6, "visibility_m": 90.0, "wind_m_s": 14.0}),
    ],
    ids=["rain", "snow", "night", "a foul night"],
)
def test_there_is_no_id_that_does_not_exist(stage: Callable[..., Stage], quality: str, weather: dict[str, Any]) -> None:
    scenery, cast, villagers = valley(97, 400, 8)
    ids = known_ids(scenery, cast)
    drawn = stage(scenery, cast, ("rgb", "instance", "semantic", "part"), (320, 240), quality)
    for eye in ((20.0, -34.0, 26.0), (7.0, -9.0, 13.5)):
        out = drawn.render(snapshot(villagers, **weather), looking(eye, (0.0, 0.0, 12.0)))
        seen = np.unique(out["instance"])
        assert len(seen) > 15 and np.isin(seen, ids).all()
        assert ((out["instance"] == 0) == (out["semantic"] == 0)).all()


def test_more_than_65536_instances_each_under_its_own_id(stage: Callable[..., Stage]) -> None:
    across, down, apart = 320, 240, 0.75
    rows = np.zeros(across * down, PLANT)
    x, y = np.meshgrid((np.arange(across) - 159.5) * apart, (np.arange(down) - 119.5) * apart)
    rows["x"], rows["y"], rows["z"] = x.reshape(-1), y.reshape(-1), -0.15
    rows["species"], rows["height_m"] = Species.ROCK, 0.5
    rng = np.random.default_rng(8)
    rows["id"] = rng.permutation(2**24 - 1000)[: len(rows)] + 1000  # all over the range
    scenery = Scenery(**{**vars(flat(161)), "plants": rows})
    pose = CameraPose((0.0, 0.0, 200.0), np.pi / 2, -np.pi / 2, 2 * float(np.arctan(120 * apart / 200)))
    out = stage(scenery, NOBODY, ("instance", "semantic", "depth"), (960, 720)).render(snapshot(EMPTY), pose)
    stones = out["semantic"] == SemanticClass.ROCK
    seen = np.unique(out["instance"][stones])
    assert len(seen) > 65536 and np.isin(seen, rows["id"]).all()
    order = np.argsort(rows["id"])
    owner = rows[order[np.searchsorted(rows["id"][order], out["instance"][stones])]]
    points = pose.unproject(out["depth"])[stones]
    assert np.hypot(points[:, 0] - owner["x"], points[:, 1] - owner["y"]).max() < 0.6  # a stone is half a metre high


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-3.1, 3.1), st.floats(-1.5, 1.5), st.floats(0.1, 2.4), st.floats(-1000, 1000),
    st.tuples(st.integers(1, 900), st.integers(1, 900)), st.integers(0, 2**31),
)  # fmt: skip
def test_projecting_what_was_unprojected_leads_back(
    yaw: float, pitch: float, fov: float, place: float, size: tuple[int, int], seed: int
) -> None:
    width, height = size
    pose = CameraPose((place, -0.5 * place, 0.1 * place), yaw, pitch, fov)
    depth = np.random.default_rng(seed).uniform(0.3, 4000.0, (height, width))
    pixels, ahead = pose.project(pose.unproject(depth).reshape(-1, 3), size)
    v, u = np.mgrid[0:height, 0:width] + 0.5
    assert np.abs(pixels - np.stack([u, v], axis=-1).reshape(-1, 2)).max() < 1e-6 * max(size) + 1e-7
    assert np.abs(ahead / depth.reshape(-1) - 1).max() < 1e-9


def test_crops_grow_on_fields_and_nothing_on_rock(stage: Callable[..., Stage]) -> None:
    bare = flat()
    field = Scenery(**{**vars(bare), "cover": np.full((65, 65), GroundCover.FIELD, np.uint8)})
    pose = looking((0.0, -6.0, 3.0), (0.0, 4.0, 0.0))
    grown = stage(field, NOBODY).render(snapshot(EMPTY), pose)["semantic"]
    assert (grown == SemanticClass.CROP).sum() > 100
    assert set(np.unique(stage(bare, NOBODY).render(snapshot(EMPTY), pose)["semantic"])) <= {0, SemanticClass.TERRAIN}
