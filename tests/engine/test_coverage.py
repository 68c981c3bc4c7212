"""What things cover of an image, against scenes in which it is known, and against a slow rasteriser of three lines."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.meshes.mesh import box
from engine.annotations import boxes, boxes_3d, corners
from engine.coverage import Coverage, Meshes, Things, coverage
from engine.rasteriser import GRID, SUBPIXELS
from engine.render.sensors import NEAR_M
from recorder.schema import CameraPose

SIZE = (160, 120)
ROOT = Path(__file__).parent.parent.parent
QUICK = settings(deadline=None, max_examples=60)


def looking_east(fov_deg: float = 60.0) -> CameraPose:
    return CameraPose((3.0, -2.0, 1.5), 0.0, 0.0, float(np.radians(fov_deg)))


def of_triangles(*things: np.ndarray, two_sided: bool = False, yaw: float = 0.0) -> tuple[Things, Meshes]:
    """Things with the ids 1, 2, ..., each of triangles (T, 3, 3) in the world."""
    starts = np.cumsum([0, *(len(each) for each in things)])
    points = np.concatenate([each.reshape(-1, 3) for each in things]).astype(np.float64)
    still, n = np.zeros(len(points)), len(things)
    triangles = np.concatenate([np.arange(3 * len(each)).reshape(-1, 3) for each in things])
    meshes = Meshes(points, still, still, triangles, 3 * starts, starts, np.full(n, two_sided))
    place = np.tile(np.eye(3, 4), (n, 1, 1))
    ids = np.arange(1, n + 1, dtype=np.uint32)
    return Things(ids, np.full(n, yaw), np.arange(n + 1), np.arange(n), place, np.zeros((n, 3)), np.ones(n)), meshes


def facing(pose: CameraPose, left: float, top: float, right: float, bottom: float, away: float = 10.0) -> np.ndarray:
    """Two triangles that face a camera that looks east and fill a rectangle of its picture, given in pixels."""
    K = pose.intrinsics(*SIZE)
    seen = np.array([(left, top), (left, bottom), (right, bottom), (right, top)])
    across, down = ((seen - K[:2, 2]) / K[0, 0] * away).T
    corner = np.stack([np.full(4, away), -across, -down], axis=1) + pose.position
    return corner[[[0, 1, 2], [0, 2, 3]]]


def picture(*rectangles: tuple[int, float, float, float, float], size: tuple[int, int] = SIZE) -> np.ndarray:
    """An instance image of rectangles (id, left, top, right, bottom), later ones in front."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    made = np.zeros((size[1], size[0]), np.uint32)
    for ident, left, top, right, bottom in rectangles:
        made[(x > left) & (x < right) & (y > top) & (y < bottom)] = ident
    return made


def measured(found: Coverage) -> np.ndarray:
    n = len(found.pixels)
    return boxes(np.arange(1, n + 1, dtype=np.uint32), np.zeros(n, np.uint8), found)


@pytest.mark.parametrize("fov_deg", [1, 10, 60, 110, 150])
@pytest.mark.parametrize(("front", "share"), [((0, 0, 0, 0), 1.0), ((60, 0, 80, 120), 0.5), ((40, 0, 70, 120), 0.25)])
def test_shares_are_exact_behind_others(fov_deg, front, share):
    pose = looking_east(fov_deg)
    there, (left, top, right, bottom) = (40, 30, 80, 90), front
    found = coverage(
        *of_triangles(facing(pose, *there, 10.0), facing(pose, left, top, right, bottom, 5.0)),
        picture((1, *there), (2, *front)),
        pose,
        NEAR_M,
    )
    row = measured(found)[0]
    assert row["percent_visible"] == row["visibility_in_frame"] == share
    assert row["percent_in_frame"] == 1.0 and row["amodal_pixels"] == row["whole_pixels"] == 40 * 60
    assert [int(row[f"amodal_{side}"]) for side in "xywh"] == [40, 30, 40, 60]
    assert [int(row[f"whole_{side}"]) for side in "xywh"] == [40, 30, 40, 60]
    assert int(row["w"]) == int(40 * share) and int(row["pixels"]) == int(2400 * share)


@pytest.mark.parametrize("fov_deg", [1, 60, 150])
@pytest.mark.parametrize(
    ("there", "in_frame"),
    [((-20, 30, 20, 90), 0.5), ((140, 100, 180, 140), 0.25), ((-50, 10, -10, 20), 0.0), ((-40, -30, 200, 150), 19200)],
)
def test_shares_are_exact_across_the_border(fov_deg, there, in_frame):
    pose = looking_east(fov_deg)
    found = coverage(*of_triangles(facing(pose, *there)), picture((1, *there)), pose, NEAR_M)
    row = measured(found)[0]
    left, top, right, bottom = there
    area = (right - left) * (bottom - top)
    assert row["whole_pixels"] == area
    assert [int(row[f"whole_{side}"]) for side in "xywh"] == [left, top, right - left, bottom - top]
    assert row["percent_in_frame"] == np.float32(in_frame if in_frame <= 1 else in_frame / area)
    assert row["percent_visible"] == row["percent_in_frame"] and row["visibility_in_frame"] == (in_frame > 0)
    assert row["x"] >= 0 and row["y"] >= 0 and row["x"] + row["w"] <= 160 and row["y"] + row["h"] <= 120


def test_what_is_behind_the_camera_covers_nothing():
    pose = looking_east()
    behind = facing(pose, 40, 30, 80, 90, away=-10.0)
    found = coverage(*of_triangles(behind, behind[:, ::-1], two_sided=True), picture(), pose, NEAR_M)
    assert not found.pixels.any() and not found.amodal.any() and not found.whole.any()


def test_a_floor_under_the_camera_is_cut_at_the_near_plane():
    pose = looking_east(90.0)
    eye = np.array(pose.position)
    west, east, half, below = -30.0, 40.0, 3.0, 1.25
    floor = [(west, -half, -below), (east, -half, -below), (east, half, -below), (west, half, -below)]
    corner = np.add(floor, eye)
    found = coverage(*of_triangles(corner[[[0, 1, 2], [0, 2, 3]]]), picture(), pose, NEAR_M)
    focal = SIZE[1] / 2
    near, far = (focal * below / NEAR_M, focal * half / NEAR_M), (focal * below / east, focal * half / east)
    trapezium = (near[0] - far[0]) * (near[1] + far[1])
    assert found.pixels[0, 2] == pytest.approx(trapezium, rel=0.005)
    assert found.whole[0, 3] == pytest.approx(near[0] - far[0], abs=1.5)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    down, aside = (y - SIZE[1] / 2) / focal, (x - SIZE[0] / 2) / focal
    with np.errstate(divide="ignore"):
        away = below / down
    inside = (down > 0) & (away < east) & (np.abs(aside * away) < half)
    assert abs(found.pixels[0, 1] - inside.sum()) <= 2


def test_large_things_beyond_the_border_are_counted_coarsely():
    pose = looking_east()
    there = (-7000, -2000, 9000, 3000)
    found = coverage(*of_triangles(facing(pose, *there)), picture((1, 0, 0, 160, 120)), pose, NEAR_M)
    assert there[2] - there[0] > 16 * GRID
    assert found.pixels[0, 2] == pytest.approx(16000 * 5000, rel=0.005)
    assert found.pixels[0, 1] == 160 * 120 and found.whole[0].tolist() == [-7000, -2000, 16000, 5000]


LENSES = [("brown", (-0.28, 0.07, 0.001, -0.002), 70.0), ("brown", (0.12,), 50.0), ("fisheye", (), 150.0)]


@pytest.mark.parametrize(("lens", "distortion", "fov_deg"), LENSES)
def test_through_a_lens_a_wall_covers_the_pixels_whose_rays_meet_it(lens, distortion, fov_deg):
    pose = replace(looking_east(fov_deg), lens=lens, distortion=distortion, yaw=0.3, pitch=-0.1)
    low, high = np.array([-4.0, -3.0]), np.array([2.5, 2.0])  # on the plane 4 m to the east: towards north, up
    corner = [(4.0, low[0], low[1]), (4.0, low[0], high[1]), (4.0, high[0], high[1]), (4.0, high[0], low[1])]
    wall = np.add(corner, pose.position)[[[0, 1, 2], [0, 2, 3]]]
    found = coverage(*of_triangles(wall, wall[:, ::-1]), picture(), pose, NEAR_M)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    rays = pose.rays(np.stack([x.ravel(), y.ravel()], axis=1), SIZE) @ pose.rotation().T
    with np.errstate(invalid="ignore", divide="ignore"):
        met = rays[:, 1:] * (4.0 / rays[:, :1])
        inside = (rays[:, 0] > 0) & (met > low).all(axis=1) & (met < high).all(axis=1)
    rows, columns = np.nonzero(inside.reshape(y.shape))
    assert inside.sum() > 2000
    # labels are those of the nearest pixel of a straight view: an edge is up to half a pixel off
    assert abs(found.pixels[:, 1].max() - inside.sum()) <= 0.008 * inside.sum()
    assert found.pixels[:, 1].min() == 0, "one of the two faces away"
    wanted = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
    seen = found.amodal[int(found.pixels[:, 1].argmax())]
    assert np.abs(seen - wanted).max() <= 1
    assert (found.high - found.low)[0] == pytest.approx([0.0, 6.5, 5.0])


def test_a_thing_counts_a_pixel_once_and_from_its_front():
    pose = looking_east()
    one, other = facing(pose, 20, 20, 60, 60), facing(pose, 40, 20, 80, 60, away=7.0)
    both = np.concatenate([one, other])
    assert coverage(*of_triangles(both), picture(), pose, NEAR_M).pixels[0, 1] == 60 * 40
    assert coverage(*of_triangles(both[:, ::-1]), picture(), pose, NEAR_M).pixels[0, 1] == 0
    assert coverage(*of_triangles(both[:, ::-1], two_sided=True), picture(), pose, NEAR_M).pixels[0, 1] == 60 * 40


def test_a_pixel_that_shows_a_thing_is_covered_by_it():
    pose = looking_east()
    found = coverage(*of_triangles(facing(pose, 20, 20, 30, 30)), picture((1, 18, 20, 30, 30)), pose, NEAR_M)
    assert found.pixels[0].tolist() == [120, 120, 120]
    assert found.visible[0].tolist() == found.amodal[0].tolist() == [18, 20, 12, 10]


def test_nothing_at_all_gives_empty_tables():
    things, meshes = of_triangles(facing(looking_east(), 1, 1, 2, 2))
    columns = {name: column[:0] for name, column in vars(things).items()}
    none = Things(**{**columns, "first_piece": np.zeros(1, np.int64)})
    found = coverage(none, meshes, picture((7, 1, 1, 9, 9)), looking_east(), NEAR_M)
    assert found.pixels.shape == (0, 3) and len(measured(found)) == 0


COORDINATE = st.integers(-80 * 256, 240 * 256).map(lambda steps: steps / SUBPIXELS)
TRIANGLE = st.tuples(*[st.tuples(COORDINATE, COORDINATE)] * 3)


@QUICK
@given(TRIANGLE, st.floats(1.0, 50.0))
def test_the_pixels_are_those_whose_centre_lies_inside(triangle, away):
    pose = looking_east()
    K = pose.intrinsics(*SIZE)
    flat = np.array(triangle)
    across, down = ((flat - K[:2, 2]) / K[0, 0] * away).T
    solid = (np.stack([np.full(3, away), -across, -down], axis=1) + pose.position)[None]
    found = coverage(*of_triangles(solid, two_sided=True), picture(), pose, NEAR_M)
    y, x = np.mgrid[-100:260, -100:260] + 0.5
    sides = []
    for (ax, ay), (bx, by) in zip(flat, np.roll(flat, -1, axis=0), strict=True):
        sides.append((bx - ax) * (y - ay) - (by - ay) * (x - ax))
    inside = np.all(np.array(sides) > 0, axis=0) | np.all(np.array(sides) < 0, axis=0)
    edge = np.min(np.abs(sides), axis=0) < 1e-6 * away
    image = (x > 0) & (x < SIZE[0]) & (y > 0) & (y < SIZE[1])
    assert inside.sum() <= found.pixels[0, 2] <= (inside | edge).sum()
    assert (inside & image).sum() <= found.pixels[0, 1] <= ((inside | edge) & image).sum()
    if inside.any() and not edge.any():
        rows, columns = y[inside] - 0.5, x[inside] - 0.5
        size = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert found.whole[0].tolist() == [columns.min(), rows.min(), *size]


PLACES = st.tuples(st.floats(2.5, 30.0), st.floats(-8.0, 8.0), st.floats(-4.0, 4.0))
SIZES = st.tuples(*[st.floats(0.2, 2.0)] * 3)


@QUICK
@given(PLACES, SIZES, st.floats(-3.0, 3.0), st.floats(20.0, 120.0), st.integers(0, 159))
def test_boxes_hold_each_other_and_what_is_in_them(place, size, yaw, fov_deg, hidden_to):
    pose = looking_east(fov_deg)
    cos, sin = np.cos(yaw), np.sin(yaw)
    turn = [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]
    solid = box((0, 0, 0), size, (0, 0, 0)).transformed(turn, np.add(place, pose.position))
    things, meshes = of_triangles(solid.positions[solid.triangles], yaw=yaw)
    alone = coverage(things, meshes, picture(), pose, NEAR_M)
    left, top, width, height = alone.amodal[0]
    hidden = picture((1, left, top, left + width, top + height), (9, -1, -1, hidden_to, 999))
    found = coverage(things, meshes, hidden, pose, NEAR_M)
    row, solid_box = measured(found)[0], boxes_3d(things, np.zeros(1, np.uint8), found)
    assert row["pixels"] <= row["amodal_pixels"] <= row["whole_pixels"]
    assert 0 <= row["percent_visible"] <= row["visibility_in_frame"] <= 1
    if row["w"]:
        assert row["amodal_x"] <= row["x"] and row["x"] + row["w"] <= row["amodal_x"] + row["amodal_w"]
        assert row["amodal_y"] <= row["y"] and row["y"] + row["h"] <= row["amodal_y"] + row["amodal_h"]
    if row["amodal_w"]:
        assert row["whole_x"] <= row["amodal_x"] and row["whole_w"] >= row["amodal_w"]
        assert row["whole_y"] <= row["amodal_y"] and row["whole_h"] >= row["amodal_h"]
    for name, extent in zip(("length_m", "width_m", "height_m"), size, strict=True):
        assert solid_box[name][0] == pytest.approx(extent, abs=1e-5)
    assert [float(solid_box[name][0]) for name in "xyz"] == pytest.approx(np.add(place, pose.position), abs=1e-5)
    pixels, depth = pose.project(corners(solid_box)[0], SIZE)
    assert (depth > NEAR_M).all()
    (x0, y0), (x1, y1) = pixels.min(axis=0) - 0.01, pixels.max(axis=0) + 0.01
    if row["whole_w"]:
        assert x0 <= row["whole_x"] + 0.5 and row["whole_x"] + row["whole_w"] - 0.5 <= x1
        assert y0 <= row["whole_y"] + 0.5 and row["whole_y"] + row["whole_h"] - 0.5 <= y1


COUNTS = """
import numpy as np, sys
from tests.engine.test_coverage import *
rng = np.random.default_rng(3)
scene = of_triangles(*(rng.normal((9, -2, 1), (3, 2, 2), (40, 3, 3)) for _ in range(5)))
found = coverage(*scene, picture((2, 30, 30, 90, 80)), looking_east(), NEAR_M)
sys.stdout.buffer.write(b"".join(np.ascontiguousarray(part).tobytes() for part in vars(found).values()))
"""


def test_two_processes_and_plain_python_give_the_same_bytes():
    made = set()
    for compiled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": compiled, "PYTHONHASHSEED": compiled}
        done = subprocess.run(
            [sys.executable, "-c", COUNTS], cwd=ROOT, env=environment, capture_output=True, check=True
        )
        made.add(done.stdout)
    assert len(made) == 1 and len(made.pop()) > 500
