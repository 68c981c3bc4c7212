"""Lenses against OpenCV's, and against themselves there and back."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.lens import reaches
from recorder.schema import CameraPose

SIZE = (640, 480)
BROWN = (-0.21, 0.06, 0.0011, -0.0007, -0.01)
FISHEYE = (-0.03, 0.004, -0.001, 0.0001)

small = st.floats(-0.02, 0.02)
lenses: st.SearchStrategy[tuple[str, tuple[float, ...]]] = st.one_of(
    st.just(("pinhole", ())),
    st.tuples(st.just("brown"), st.tuples(st.floats(-0.15, 0.15), small, small, small, small)),
    st.tuples(st.just("fisheye"), st.tuples(small, small, small, small)),
)


def posed(lens, distortion, fov_deg=70.0):
    return CameraPose((12.0, -7.0, 3.0), 0.7, -0.2, float(np.radians(fov_deg)), lens, distortion)


def points_ahead(pose, count=200):
    """World points in a wide cone before the camera."""
    rng = np.random.default_rng(3)
    camera = np.column_stack([rng.uniform(-0.8, 0.8, (count, 2)), np.ones(count)]) * rng.uniform(1, 80, (count, 1))
    return camera @ pose.rotation().T + np.array(pose.position), camera


@pytest.mark.parametrize(("lens", "distortion"), [("pinhole", ()), ("brown", BROWN), ("fisheye", FISHEYE)])
def test_points_fall_where_opencv_has_them(lens, distortion):
    pose = posed(lens, distortion)
    world, camera = points_ahead(pose)
    K = pose.intrinsics(*SIZE)
    zero = np.zeros(3)
    if lens == "fisheye":
        expected, _ = cv2.fisheye.projectPoints(camera[None], zero, zero, K, np.array(distortion))
        expected = expected[0]
    else:
        expected = cv2.projectPoints(camera, zero, zero, K, np.array(distortion or (0.0,) * 5))[0][:, 0]
    pixels, depth = pose.project(world, SIZE)
    assert pixels == pytest.approx(expected, abs=1e-6)
    assert depth == pytest.approx(camera[:, 2])


@given(lenses, st.floats(20, 90))
def test_unprojected_pixels_project_to_themselves(lens, fov_deg):
    pose = posed(lens[0], lens[1], fov_deg)
    if not reaches(lens[0], lens[1], pose.fov_y, (16, 12)):
        return
    points = pose.unproject(np.full((12, 16), 5.0)).reshape(-1, 3)
    shown = np.isfinite(points).all(axis=1)  # corners of a fisheye may be black
    assert shown.all() or lens[0] == "fisheye"
    pixels, found = pose.project(points[shown], (16, 12))
    v, u = np.mgrid[0:12, 0:16] + 0.5
    assert pixels == pytest.approx(np.column_stack([u.ravel(), v.ravel()])[shown], abs=1e-6)
    assert found == pytest.approx(5.0)


def test_range_is_the_distance_of_what_is_seen():
    for lens, distortion in (("pinhole", ()), ("brown", BROWN), ("fisheye", FISHEYE)):
        pose = posed(lens, distortion)
        depth = np.random.default_rng(1).uniform(2, 50, (9, 12))
        away = np.linalg.norm(pose.unproject(depth) - np.array(pose.position), axis=-1)
        assert pose.ranges(depth) == pytest.approx(away, rel=1e-6)


def test_a_fisheye_without_bending_is_equidistant():
    pose = posed("fisheye", (), fov_deg=160)
    rays = pose.rays(np.array([[320.0, 240.0], [320.0, 480.0], [320.0, 360.0]]), SIZE)
    angles = np.degrees(np.arccos(rays[:, 2]))
    assert angles == pytest.approx([0, 80, 40], abs=1e-6)


def test_what_a_lens_would_show_twice_it_does_not_show():
    pose = posed("brown", (-0.6,), fov_deg=120)  # turns back beyond r = 0.745
    beyond = pose.rotation() @ np.array([1.2, 0.0, 1.0]) + np.array(pose.position)
    assert np.isnan(pose.project(beyond[None], SIZE)[0]).all()
    assert not reaches("brown", (-0.6,), np.radians(120), SIZE)
    assert reaches("brown", (-0.1,), np.radians(50), SIZE)


def test_behind_the_camera_nothing_is_seen():
    for lens in ("pinhole", "brown", "fisheye"):
        pose = posed(lens, ())
        behind = np.array(pose.position) - pose.rotation()[:, 2] * 3
        assert np.isnan(pose.project(behind[None], SIZE)[0]).all()


def test_a_lens_that_does_not_exist_is_refused():
    for lens, distortion in (("mirror", ()), ("pinhole", (0.1,)), ("fisheye", (0.0,) * 5)):
        with pytest.raises(ValueError, match=lens):
            posed(lens, distortion)


@pytest.mark.parametrize(
    ("lens", "distortion"), [("brown", (-0.3,)), ("brown", BROWN), ("fisheye", (-0.2, 0.01)), ("fisheye", FISHEYE)]
)
def test_where_a_point_falls_does_not_depend_on_the_others(lens, distortion):
    pose = posed(lens, distortion)
    world, _ = points_ahead(pose, 20)
    beside = pose.rotation() @ np.array([20.0, 0.0, 1e-4]) + np.array(pose.position)
    together, _ = pose.project(np.vstack([world, beside]), SIZE)
    alone = np.vstack([pose.project(point[None], SIZE)[0] for point in world])
    assert together[:-1] == pytest.approx(alone, nan_ok=True)
    assert np.isfinite(alone).all(axis=1).sum() > 10


@pytest.mark.parametrize("k1", [-0.9, -0.3, -0.12, -0.01])
def test_a_barrel_shows_as_far_as_its_slope_rises(k1):
    pose = posed("brown", (k1,))
    turn = np.sqrt(-1 / (3 * k1))  # where the slope of r + k1 r^3 is 0
    for share, shown in ((0.999, True), (1.001, False)):
        point = pose.rotation() @ np.array([0.0, share * turn, 1.0]) * 30 + np.array(pose.position)
        assert np.isfinite(pose.project(point[None], SIZE)[0]).all() == shown
