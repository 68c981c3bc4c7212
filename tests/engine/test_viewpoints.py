import numpy as np
import pytest

from engine.doctor import known_scenery, known_snapshot
from engine.render.controls import Input
from engine.sight import EYE_M, Surroundings
from engine.viewpoints import FLY_SPEED_M_S, Viewpoint
from recorder.schema import VILLAGER, Snapshot


@pytest.fixture
def view():
    return Viewpoint(Surroundings(known_scenery()), np.zeros(3))


def test_orbit_keeps_its_distance_and_looks_at_the_centre(view):
    view.move(Input(drag=(40, -10), wheel=2), 0.1)
    pose = view.pose(known_snapshot())
    target = np.array([0, 0, EYE_M])
    away = target - np.array(pose.position)
    assert np.linalg.norm(away) == pytest.approx(view.distance)
    assert pose.rotation()[:, 2] == pytest.approx(away / np.linalg.norm(away))


def test_flying_starts_where_the_camera_is_and_moves_at_its_speed(view):
    before = view.pose(known_snapshot())
    view.switch("fly", known_snapshot())
    assert view.pose(known_snapshot()) == before
    view.move(Input(held=frozenset({"w"})), 0.5)
    moved = np.array(view.pose(known_snapshot()).position) - before.position
    assert np.linalg.norm(moved[:2]) == pytest.approx(FLY_SPEED_M_S * 0.5)


def test_no_way_of_moving_goes_under_the_ground(view):
    for mode in ("orbit", "fly", "follow"):
        villagers = np.zeros(1, VILLAGER)
        snapshot = Snapshot(0, known_snapshot().environment, villagers)
        view.switch(mode, snapshot)
        for _ in range(30):
            view.move(Input(held=frozenset({"q", "s"}), drag=(0, -50)), 0.5)
            assert view.pose(snapshot).position[2] >= 1.0


def test_follow_goes_with_its_villager(view):
    rows = np.zeros(2, VILLAGER)
    rows["x"] = 10, 50
    snapshot = Snapshot(0, known_snapshot().environment, rows)
    view.switch("follow", snapshot)
    first = np.array(view.pose(snapshot).position)
    view.villager = 1
    assert np.array(view.pose(snapshot).position) - first == pytest.approx([40, 0, 0])
