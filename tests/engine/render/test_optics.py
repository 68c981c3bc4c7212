"""Pictures through a lens: every pixel against the ray that the lens sends there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from engine.render.stage import Stage
from recorder.schema import TERRAIN_ID, VILLAGER, CameraPose
from tests.engine.render.conftest import SIZE
from tests.engine.render.test_truth import NOBODY, box
from tests.engine.render.valleys import flat, looking, snapshot, valley

EMPTY = np.zeros(0, VILLAGER)
LENSES = {"brown": (-0.18, 0.05, 0.002, -0.001, 0.0), "fisheye": (-0.02, 0.003, 0.0, 0.0)}
FOV_DEG = {"brown": 60.0, "fisheye": 150.0}
BOX_ID = 40


def bent(pose: CameraPose, lens: str) -> CameraPose:
    return replace(pose, lens=lens, distortion=LENSES[lens], fov_y=float(np.radians(FOV_DEG[lens])))


@pytest.mark.parametrize("lens", LENSES)
def test_the_ground_lies_where_the_rays_meet_it(stage: Callable[..., Stage], lens: str) -> None:
    pose = bent(looking((3.0, -2.0, 9.0), (24.0, 14.0, 0.0)), lens)
    images = stage(flat(), NOBODY).render(snapshot(EMPTY), pose)
    rays = pose.unproject(np.ones(SIZE[::-1])) - np.asarray(pose.position)
    depth = -9.0 / np.where(rays[..., 2] < 0, rays[..., 2], np.nan)
    x, y = (rays[..., k] * depth + pose.position[k] for k in (0, 1))
    inside = (np.abs(x) < 60) & (np.abs(y) < 60)
    assert inside.mean() > 0.2
    assert (images["instance"][inside] == TERRAIN_ID).all()
    assert images["depth"][inside] == pytest.approx(depth[inside], rel=2e-5)
    assert pose.ranges(images["depth"])[inside] == pytest.approx(
        np.linalg.norm(np.stack([x, y, np.zeros_like(x)], -1) - pose.position, axis=-1)[inside], rel=2e-5
    )
    assert images["normal"][inside] == pytest.approx(np.broadcast_to([0, 0, 1], (inside.sum(), 3)), abs=1e-3)


@pytest.mark.parametrize("lens", LENSES)
def test_the_corners_of_a_box_fall_where_the_lens_puts_them(stage: Callable[..., Stage], lens: str) -> None:
    pose = bent(looking((0.0, -14.0, 5.0), (0.0, 0.0, 2.0)), lens)
    seen = stage(flat(), NOBODY)
    seen.add_mesh(box((-4.0, -1.0, 0.0), (4.0, 1.0, 4.0)), BOX_ID)
    mask = seen.render(snapshot(EMPTY), pose)["instance"] == BOX_ID
    front = np.array([(x, -1.0, z) for x in np.linspace(-4, 4, 200) for z in np.linspace(0.01, 4, 100)])
    pixels, _ = pose.project(front, SIZE)
    rows, columns = np.nonzero(mask)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    assert [columns.min(), columns.max() + 1] == pytest.approx([low[0], high[0]], abs=1.5)
    assert rows.max() + 1 == pytest.approx(high[1], abs=1.5)
    hit = np.zeros(mask.shape, bool)
    whole = np.floor(pixels).astype(int)
    hit[whole[:, 1], whole[:, 0]] = True
    inner = binary_erosion(hit)
    assert inner.sum() > 100
    assert mask[inner].all()


@pytest.mark.parametrize("lens", LENSES)
def test_flow_through_a_lens_is_the_reprojection_of_depth(stage: Callable[..., Stage], lens: str) -> None:
    pose = bent(looking((3.0, -2.0, 9.0), (24.0, 14.0, 0.0)), lens)
    after = replace(pose, position=(3.4, -1.9, 9.1), yaw=pose.yaw + 0.03, pitch=pose.pitch + 0.01)
    before = replace(pose, position=(2.7, -2.2, 8.9), yaw=pose.yaw - 0.02)
    now, then = snapshot(EMPTY), snapshot(EMPTY, tick=168)
    images = stage(flat(), NOBODY).render(now, pose, then, after, snapshot(EMPTY, tick=152), before)
    points = pose.unproject(images["depth"]).reshape(-1, 3)
    v, u = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
    ground = (images["instance"] == TERRAIN_ID) & (images["depth"] < 60)
    for name, other in (("flow", after), ("back_flow", before)):
        landing = other.project(points, SIZE)[0].reshape(*SIZE[::-1], 2)
        expected = landing - np.stack([u, v], axis=-1)
        sure = images[f"{name}_valid"] & ground
        rim = sure & np.isnan(expected).any(axis=-1)  # lands on the rim of what the lens sees, within rounding
        assert sure.mean() > 0.2 and rim.mean() < 1e-3
        sure &= ~rim
        assert np.abs(images[name] - expected)[sure].max() < 0.05


def test_no_id_that_does_not_exist_and_nothing_black(stage: Callable[..., Stage]) -> None:
    scenery, cast, rows = valley(97, 120, 5)
    pose = bent(looking((-20.0, -25.0, 24.0), (0.0, 0.0, 14.0)), "fisheye")
    images = stage(scenery, cast).render(snapshot(rows), pose)
    known = {
        0,
        1,
        2,
        3,
        4,
        *scenery.plants["id"].tolist(),
        *scenery.buildings["id"].tolist(),
        *cast.looks["id"].tolist(),
    }
    assert set(np.unique(images["instance"]).tolist()) <= known
    shown = np.isfinite(pose.unproject(np.ones(SIZE[::-1]))).all(axis=-1)
    assert 0.5 < shown.mean() < 1  # the corners are black
    assert not images["rgb"][~shown].any() and not images["instance"][~shown].any()
    assert np.isinf(images["depth"][~shown]).all()
    assert (images["rgb"].max(axis=-1) > 0)[shown].mean() > 0.999
    assert np.array_equal(np.isfinite(images["depth"]), images["instance"] > 0)


def test_exposure_makes_the_picture_brighter_and_nothing_else(stage: Callable[..., Stage]) -> None:
    pose = looking((3.0, -2.0, 9.0), (24.0, 14.0, 0.0))
    drawn = stage(flat(), NOBODY)
    plain, bright = (drawn.render(snapshot(EMPTY), replace(pose, exposure_ev=ev)) for ev in (0.0, 1.0))
    assert bright["rgb"].mean() > plain["rgb"].mean() * 1.1
    for name in set(plain) - {"rgb"}:
        assert np.array_equal(plain[name], bright[name])


@pytest.mark.parametrize("lens", LENSES)
def test_nothing_hangs_between_a_thing_and_what_is_behind_it(stage: Callable[..., Stage], lens: str) -> None:
    pose = replace(bent(looking((0.0, -14.0, 2.0), (0.0, 0.0, 2.0)), lens), yaw=np.pi / 2, pitch=0.0)
    after = replace(pose, position=(0.3, -14.0, 2.0))
    seen = stage(flat(), NOBODY)
    post = box((1.3, -1.0, 0.0), (1.7, 1.0, 12.0))
    for ident, thing in ((BOX_ID, box((-4.0, -1.0, 0.0), (-1.0, 1.0, 5.0))), (BOX_ID + 1, post)):
        seen.add_mesh(thing, ident)
    seen.add_mesh(box((-40.0, 20.0, 0.0), (40.0, 21.0, 40.0)), BOX_ID + 2)
    images = seen.render(snapshot(EMPTY), pose, snapshot(EMPTY, tick=168), after)
    _, y, z = np.moveaxis(pose.unproject(images["depth"]), -1, 0)
    middle = np.array([[0.0, -1.0, 2.0], [0.0, 20.0, 2.0]])
    leftwards = pose.project(middle, SIZE)[0][:, 0] - after.project(middle, SIZE)[0][:, 0]
    for ident, low, high in ((BOX_ID, -1.0, 1.0), (BOX_ID + 1, -1.0, 1.0), (BOX_ID + 2, 20.0, 21.0)):
        mine = (images["instance"] == ident) & (z > 1.0)  # not where it meets the ground
        assert mine.sum() > 30
        assert ((y > low - 0.5) & (y < high + 0.5))[mine].all()
        moved = -images["flow"][mine & images["flow_valid"], 0]
        assert ((moved < leftwards.mean()) == (low == 20.0)).all()


def test_as_a_fisheye_turns_all_moves_whose_flow_is_said_to_be_known(stage: Callable[..., Stage]) -> None:
    scenery, cast, rows = valley(97, 120, 5)
    pose = bent(looking((-20.0, -25.0, 16.0), (0.0, 0.0, 14.0)), "fisheye")
    pose = replace(pose, fov_y=float(np.radians(176.0)))  # up to the rim of its sight
    after = replace(pose, yaw=pose.yaw + 0.05)
    images = stage(scenery, cast).render(snapshot(rows), pose, snapshot(rows, 168), after, snapshot(rows, 152), after)
    for name in ("flow", "back_flow"):
        valid = images[f"{name}_valid"]
        assert valid.mean() > 0.3 and np.isfinite(images[name]).all()
        assert images[name][valid].any(axis=1).all()


@pytest.mark.parametrize("lens", LENSES)
def test_labels_through_a_lens_lean_to_no_side(stage: Callable[..., Stage], lens: str) -> None:
    """Each edge is off by up to half a pixel of a straight view, but over many views as often to either side."""
    low, high = (-4.0, -1.0, 2.0), (4.0, 1.0, 6.0)
    seen = stage(flat(), NOBODY, ("instance",))
    seen.add_mesh(box(low, high), BOX_ID)
    away = []
    for x, z in np.random.default_rng(1).uniform((-1.0, 2.0), (1.0, 3.0), (16, 2)):
        pose = bent(looking((0.0, -14.0, 5.0), (float(x), 0.0, float(z))), lens)
        way, eye = pose.unproject(np.ones(SIZE[::-1])) - np.asarray(pose.position), np.asarray(pose.position)
        near, far = ((np.where((way > 0) == ahead, low, high) - eye) / way for ahead in (True, False))
        hit = near.max(axis=-1) < far.min(axis=-1)
        mask = seen.render(snapshot(EMPTY), pose)["instance"] == BOX_ID
        assert hit.sum() > 300
        away.append(np.mean(np.nonzero(mask), axis=1) - np.mean(np.nonzero(hit), axis=1))
    assert np.mean(away, axis=0) == pytest.approx(0.0, abs=0.2)
