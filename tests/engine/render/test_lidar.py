"""Beams against rays cast another way: planes, boxes, and the same points as the pictures show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.render.stage import Stage
from recorder.schema import TERRAIN_ID, VILLAGER, Beams, CameraPose, Snapshot
from tests.engine.render.test_truth import NOBODY, box
from tests.engine.render.valleys import flat, looking, snapshot, valley

EMPTY = np.zeros(0, VILLAGER)
SWEEP = Beams(16, 240, float(np.radians(12)), float(np.radians(-28)), 120.0)
SIZE = SWEEP.columns, SWEEP.rings
BOX_ID = 40
LOW, HIGH = (6.0, -3.0, 0.0), (8.0, 5.0, 4.0)


def lidar(position: tuple[float, float, float], beams: Beams = SWEEP, yaw: float = 0.3) -> CameraPose:
    return CameraPose(position, yaw, 0.0, 1.0, "lidar", beams=beams)


def directions(pose: CameraPose) -> NDArray[np.float64]:
    """World directions (rings, columns, 3) written out from the angles of the rings."""
    assert pose.beams is not None
    beams = pose.beams
    elevation = np.linspace(beams.highest, beams.lowest, beams.rings)[:, None]
    turned = pose.yaw - ((np.arange(beams.columns) + 0.5) / beams.columns * 2 * np.pi - np.pi)[None]
    parts = np.cos(elevation) * np.cos(turned), np.cos(elevation) * np.sin(turned), np.sin(elevation) + 0 * turned
    return np.stack(parts, axis=-1)


def test_beams_meet_the_ground_and_a_box_where_rays_do(stage: Callable[..., Stage]) -> None:
    pose = lidar((1.0, 0.5, 2.0))
    drawn = stage(flat(), NOBODY)
    drawn.add_mesh(box(LOW, HIGH), BOX_ID)
    seen = drawn.render(snapshot(EMPTY), pose)
    way, eye = directions(pose), np.asarray(pose.position)
    with np.errstate(divide="ignore"):
        ground = np.where(way[..., 2] < 0, -eye[2] / way[..., 2], np.inf)
        near = (np.where(way > 0, LOW, HIGH) - eye) / way
        far = (np.where(way > 0, HIGH, LOW) - eye) / way
    enter, leave = near.max(axis=-1), far.min(axis=-1)
    hit = (enter < leave) & (enter > 0)
    expected = np.minimum(ground, np.where(hit, enter, np.inf))
    measured, returns = seen["beam_range"], seen["beam_range"] > 0
    assert returns.mean() > 0.4
    off = np.abs(measured / np.where(returns, expected, 1) - 1)[returns]
    assert np.mean(off < 1e-3) > 0.995  # all but beams that pass an edge within half a pixel
    assert np.median(off) < 1e-4
    assert np.mean((seen["instance"] == BOX_ID)[returns] == (expected == enter)[returns]) > 0.995
    assert set(np.unique(seen["instance"][returns])) == {TERRAIN_ID, BOX_ID}
    assert not seen["instance"][~returns].any() and not seen["semantic"][~returns].any()
    assert not returns[way[..., 2] > 0][~hit[way[..., 2] > 0]].any()  # nothing comes back from the sky


def test_points_of_a_sweep_lie_on_what_they_are_said_to_show(stage: Callable[..., Stage]) -> None:
    scenery, cast, rows = valley(97, 60, 5)
    pose = lidar((0.0, 0.0, 15.5))
    seen = stage(scenery, cast).render(snapshot(rows, wind_m_s=0.0), pose)
    points = pose.unproject(seen["beam_range"])
    for house in scenery.buildings:
        mine = points[seen["instance"] == house["id"]]
        reach = np.hypot(house["width_m"], house["depth_m"]) / 2 + 1.5
        assert (np.hypot(mine[:, 0] - house["x"], mine[:, 1] - house["y"]) < reach).all()
    assert (seen["instance"] > TERRAIN_ID).any()
    back, _ = pose.project(points[seen["beam_range"] > 0], SIZE)
    v, u = np.nonzero(seen["beam_range"] > 0)
    assert back == pytest.approx(np.column_stack([u + 0.5, v + 0.5]), abs=1e-6)


def test_reach_and_rain_take_the_weakest_returns(stage: Callable[..., Stage]) -> None:
    drawn = stage(flat(), NOBODY)

    def sweep(now: Snapshot, **other: Any) -> dict[str, NDArray[Any]]:
        return drawn.render(now, lidar((0.0, 0.0, 2.0), replace(SWEEP, **other)))

    dry, wet = snapshot(EMPTY), snapshot(EMPTY, rain_mm_h=40.0)
    clear, short = sweep(dry), sweep(dry, reach_m=40.0)
    unaware, rained = sweep(wet), sweep(wet, rain=True)
    assert (short["beam_range"] > 0).sum() < (clear["beam_range"] > 0).sum()
    assert np.array_equal(unaware["beam_range"] > 0, unaware["beam_intensity"] > 0)
    both = rained["beam_range"] > 0
    assert 0 < both.sum() < (unaware["beam_range"] > 0).sum()
    assert np.array_equal(rained["beam_range"][both], unaware["beam_range"][both])
    lost = rained["beam_intensity"][both] / unaware["beam_intensity"][both]
    expected = np.exp(-0.02 * 40.0**0.6 * rained["beam_range"][both])
    strong = rained["beam_intensity"][both] > 0.02  # weak ones are rounded
    assert lost[strong] == pytest.approx(expected[strong], rel=0.03)


def test_a_sweep_does_not_depend_on_the_size_of_the_pictures(stage: Callable[..., Stage]) -> None:
    scenery, cast, rows = valley(97, 60, 5)
    pose = lidar((0.0, 0.0, 15.5))
    small, large = stage(scenery, cast, ("rgb",), (64, 48)), stage(scenery, cast, ("depth",), (200, 150))
    first = small.render(snapshot(rows), pose)
    large.render(snapshot(rows), looking((-20.0, -25.0, 24.0), (0.0, 0.0, 14.0)))
    second = large.render(snapshot(rows), pose)
    for name, image in first.items():
        assert np.array_equal(image, second[name])
