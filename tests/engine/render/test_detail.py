"""Hummocks near the eye: depth, normals and grass agree with the ground's height; without detail nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.palette import GroundCover, SemanticClass
from engine.render.relief import BLOCK, REACH_M, Relief
from engine.render.stage import Stage
from recorder.schema import TERRAIN_ID, Detail, Scenery
from tests.engine.render.test_truth import EMPTY, NOBODY
from tests.engine.render.valleys import CELL_M, flat, looking, snapshot
from world.grid import bilinear
from world.land.detail import Detail as Hummocks
from world.land.detail import make_tile

SIDE = 161
STEPS = 2  # of the tile along a cell of 2 m


def rough(code: int = 200, cover: GroundCover = GroundCover.ROCK) -> Scenery:
    """Gentle hills, rough all over but for their edge."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] * CELL_M
    hills = (2 * np.sin(x / 40) + 1.5 * np.cos(y / 55)).astype(np.float32)
    roughness = np.zeros((SIDE, SIDE), np.uint8)
    roughness[1:-1, 1:-1] = code
    tile = make_tile(9)
    base = replace(flat(heights=hills), cover=np.full((SIDE, SIDE), cover, np.uint8))
    return replace(base, detail=Detail(roughness, tile, STEPS, 0.25 / 255 / 127))


def height_at(s: Scenery, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """The world's own answer."""
    level = bilinear(s.heights, s.origin, s.cell_m, x, y)
    d = s.detail
    if d is None:
        return level
    return level + Hummocks(d.roughness, d.tile, d.per_cell, d.scale_m).at(s.origin, s.cell_m, x, y)


def eye(s: Scenery, above: float = 1.7, x: float = 3.0, y: float = -5.0) -> tuple[float, float, float]:
    return x, y, float(height_at(s, np.array([x]), np.array([y]))[0]) + above


@pytest.mark.parametrize("above", [1.7, 12.0])
def test_depth_is_the_height_of_the_ground(stage: Callable[..., Stage], above: float) -> None:
    s = rough()
    at = eye(s, above)
    pose = looking(at, (at[0] + 12, at[1] + 20, at[2] - 0.5 * above - 1.0))
    out = stage(s, NOBODY).render(snapshot(EMPTY), pose)
    points = pose.unproject(np.where(np.isfinite(out["depth"]), out["depth"], 1.0))
    near = np.isfinite(out["depth"]) & (np.linalg.norm(points - at, axis=-1) < REACH_M - 4)
    assert near.sum() > 8000 and (out["instance"][near] == TERRAIN_ID).all()
    off = np.abs(points[..., 2] - height_at(s, points[..., 0], points[..., 1]))[near]
    assert off.max() < 0.05 and off.mean() < 0.008  # triangles of 1 m under a bilinear ground
    smooth = np.abs(points[..., 2] - height_at(replace(s, detail=None), points[..., 0], points[..., 1]))[near]
    assert smooth.mean() > 5 * off.mean()


def test_normals_are_the_slope_of_the_ground(stage: Callable[..., Stage]) -> None:
    s = rough()
    at = eye(s, 6.0)
    pose = looking(at, (at[0] + 6, at[1] + 10, at[2] - 6.0))
    out = stage(s, NOBODY).render(snapshot(EMPTY), pose)
    points = pose.unproject(np.where(np.isfinite(out["depth"]), out["depth"], 1.0))
    near = np.isfinite(out["depth"]) & (np.linalg.norm(points - at, axis=-1) < 30)
    x, y = points[..., 0], points[..., 1]
    east, north = (
        (height_at(s, x + dx, y + dy) - height_at(s, x - dx, y - dy)) / 2.0 for dx, dy in ((1.0, 0.0), (0.0, 1.0))
    )
    true = np.stack([-east, -north, np.ones_like(east)], axis=-1)
    true /= np.linalg.norm(true, axis=-1, keepdims=True)
    between = np.degrees(np.arccos(np.clip((out["normal"] * true).sum(-1), -1, 1)))[near]
    tilt = np.degrees(np.arccos(true[..., 2]))[near]
    assert tilt.mean() > 2.5  # it is rough
    assert between.mean() < 0.25 * tilt.mean() and np.quantile(between, 0.99) < 4.0


def test_no_crack_between_fine_and_coarse_squares(stage: Callable[..., Stage]) -> None:
    s = rough(255)
    drawn = stage(s, NOBODY)
    for above, ahead in ((2.0, 60.0), (20.0, 60.0), (30.0, 75.0)):
        at = eye(s, above)
        pose = looking(at, (at[0] + 0.3 * ahead, at[1] + ahead, -2.0))
        out = drawn.render(snapshot(EMPTY), pose)
        direction = pose.unproject(np.ones(out["depth"].shape)) - np.asarray(at)
        down = direction[..., 2] / np.linalg.norm(direction, axis=-1) < -0.1
        assert down.sum() > 1000 and (out["instance"][down] == TERRAIN_ID).all()
        points = pose.unproject(np.where(down, out["depth"], 1.0))[down]
        inside = (np.abs(points[:, :2]) < 140).all(axis=1)
        off = points[:, 2] - height_at(s, points[:, 0], points[:, 1])
        assert np.abs(off[inside]).max() < 0.6  # nowhere through the ground to the foot of a skirt


def test_the_squares_follow_the_eye_and_leave_no_trace(stage: Callable[..., Stage]) -> None:
    s = rough()
    far, near = eye(s, 1.7, -90.0, 80.0), eye(s)
    poses = [looking(at, (at[0] + 10, at[1] + 4, at[2] - 2)) for at in (far, near)]
    drawn = stage(s, NOBODY)
    for pose in (*poses, poses[0]):
        drawn.render(snapshot(EMPTY), pose)
    again = drawn.render(snapshot(EMPTY), poses[1])
    fresh = stage(s, NOBODY).render(snapshot(EMPTY), poses[1])
    assert all(np.array_equal(again[name], fresh[name]) for name in fresh)


def test_smooth_detail_draws_what_no_detail_draws(stage: Callable[..., Stage]) -> None:
    s = rough(0, GroundCover.GRASS)
    at = eye(s)
    pose = looking(at, (at[0] + 10, at[1] + 4, at[2] - 2))
    smooth, without = (stage(each, NOBODY).render(snapshot(EMPTY), pose) for each in (s, replace(s, detail=None)))
    assert (smooth["semantic"] == SemanticClass.GRASS).any()
    assert np.mean(smooth["instance"] == without["instance"]) > 0.999
    assert np.array_equal(smooth["depth"] == np.inf, without["depth"] == np.inf)


def test_grass_stands_on_the_drawn_triangles() -> None:
    s = rough()
    assert s.detail is not None
    relief = Relief(s, s.detail)
    rng = np.random.default_rng(2)
    row, col = rng.uniform(1, SIDE - 2, (2, 400))
    fine = relief.drawn(row, col)
    x, y = s.origin[0] + col * CELL_M, s.origin[1] + row * CELL_M
    assert np.abs(fine - height_at(s, x, y)).max() < 0.05
    lattice = np.floor(row * STEPS).astype(int), np.floor(col * STEPS).astype(int)
    corner = relief.drawn(lattice[0] / STEPS, lattice[1] / STEPS)
    assert corner == pytest.approx(relief.heights(*lattice), abs=1e-9)
    assert BLOCK * CELL_M < REACH_M
