import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.palette import Activity
from engine.cameras import rigs
from engine.doctor import known_scenery, known_snapshot
from engine.scenario import ScenarioError, build
from engine.sight import Surroundings, look
from recorder.schema import VILLAGER, Snapshot

POINT = st.tuples(*[st.floats(-500, 500)] * 3)


@given(POINT, POINT)
def test_look_puts_the_target_in_the_middle_of_the_picture(position, target):
    position, target = np.array(position), np.array(target)
    gap = np.linalg.norm(target - position)
    if gap < 1e-3 or np.hypot(*(target - position)[:2]) < 1e-3:
        return
    pose = look(position, target, 50)
    in_camera = pose.rotation().T @ (target - position)
    assert in_camera == pytest.approx([0, 0, gap], abs=1e-6 * max(1.0, float(gap)))


def test_rotation_is_right_handed_with_down_pointing_down():
    axes = look(np.zeros(3), np.array([3.0, 4.0, 1.0]), 50).rotation()
    assert np.linalg.det(axes) == pytest.approx(1)
    assert axes[2, 1] < 0


def snapshot(tick, rows):
    villagers = np.zeros(len(rows), VILLAGER)
    for row, (x, y, activity, look_at) in enumerate(rows):
        villagers[row]["x"], villagers[row]["y"] = x, y
        villagers[row]["activity"], villagers[row]["look_at"] = activity, look_at
    return Snapshot(tick, known_snapshot().environment, villagers)


def scene_rigs(**camera):
    scenery = known_scenery()
    places = ({"id": 0, "kind": "market", "name": "the square", "x": 0.0, "y": 0.0, "building": -1},)
    scenery = type(scenery)(**{**scenery.__dict__, "places": places})
    return rigs(build({"name": "t", "camera": [{"name": "c", **camera}]}, "t"), scenery)


def test_orbit_returns_after_its_period():
    rig = scene_rigs(kind="orbit", period_s=60)["c"]
    first, half, whole = (rig.pose(snapshot(tick, [])) for tick in (0, 480, 960))
    assert np.allclose(first.position, whole.position)
    assert np.allclose(np.array(first.position)[:2], -np.array(half.position)[:2])


def test_talk_camera_frames_the_pair_from_the_side_and_never_through_a_house():
    rig = scene_rigs(kind="talk", distance_m=6, height_m=1.9)["c"]
    talk, listen = int(Activity.TALK), int(Activity.LISTEN)
    pair = [(0.0, 20.2, talk, 1), (1.3, 20.2, listen, 0), (90.0, 90.0, talk, -1)]  # in front of the house's south wall
    pose = rig.pose(snapshot(0, pair))
    assert pose.position[1] < 20
    target = np.array([0.65, 20.2, 1.25])
    assert Surroundings(known_scenery()).obstruction(np.array(pose.position), target) < 0.05
    assert abs(np.cos(np.arctan2(*(np.array(pose.position) - target)[1::-1]))) < 0.5


def test_talk_camera_looks_past_bystanders():
    talk, listen, stand = int(Activity.TALK), int(Activity.LISTEN), int(Activity.STAND)
    pair = [(0.0, -30.0, talk, 1), (1.3, -30.0, listen, 0)]
    alone = np.array(scene_rigs(kind="talk", distance_m=6, height_m=1.9)["c"].pose(snapshot(0, pair)).position)
    beside = 0.6 * alone[:2] + 0.4 * np.array([0.65, -30.0])
    crowd = [*pair, (*beside, stand, -1)]
    moved = np.array(scene_rigs(kind="talk", distance_m=6, height_m=1.9)["c"].pose(snapshot(0, crowd)).position)
    assert np.linalg.norm(moved - alone) > 2


def test_a_camera_at_an_unknown_place_lists_the_places():
    with pytest.raises(ScenarioError, match="the square"):
        scene_rigs(kind="orbit", at="the moon")
