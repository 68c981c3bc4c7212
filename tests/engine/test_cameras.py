from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.language.templates import TemplateVoice
from assets.palette import Activity, Part, SemanticClass
from engine.cameras import rigs
from engine.director import composition
from engine.doctor import known_scenery, known_snapshot
from engine.render.stage import Stage
from engine.scenario import ScenarioError, build
from engine.sight import Surroundings, look
from engine.simulation import Simulation
from engine.walking_cameras import closed_path
from recorder.schema import LOOKS, VILLAGER, Beams, CameraPose, Cast, Snapshot

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


def scene_rigs(randomise=None, capture=None, **camera):
    scenery = known_scenery()
    places = ({"id": 0, "kind": "market", "name": "the square", "x": 0.0, "y": 0.0, "building": -1},)
    scenery = type(scenery)(**{**scenery.__dict__, "places": places})
    described = {
        "name": "t",
        "camera": [{"name": "c", **camera}],
        "randomise": randomise or {},
        "capture": capture or {},
    }
    return rigs(build(described, "t"), scenery, cast(2))


def cast(villagers):
    looks = np.zeros(villagers, LOOKS)
    looks["id"], looks["height_m"] = 40 + np.arange(villagers), 1.7
    return Cast(looks, tuple({"name": f"N{row}"} for row in range(villagers)))


def test_a_lidar_is_as_its_camera_says_and_errs_by_seed_and_name():
    def beams(name="a", seed=3, **keys):
        part = {"name": name, "kind": "fixed", "position": [0, -30, 5], "look_at": [0, 0, 2], "lens": "lidar", **keys}
        rig = rigs(build({"name": "t", "seed": seed, "camera": [part]}, "t"), known_scenery(), cast(1))[name]
        return rig.pose(snapshot(0, [])).beams

    plain = beams()
    assert (plain.rain, plain.fog, plain.noise_m, plain.divergence, plain.seed) == (False, False, 0.0, 0.0, 0)
    assert [(b.rain, b.fog) for b in (beams(attenuation=kind) for kind in ("rain", "fog", "weather"))] == [
        (True, False),
        (False, True),
        (True, True),
    ]
    noisy = beams(noise_m=0.02, divergence_mrad=3)
    assert (noisy.noise_m, noisy.divergence) == (0.02, 0.003)
    assert noisy == beams(noise_m=0.02, divergence_mrad=3)
    assert len({beams(name, seed, noise_m=0.02).seed for name in ("a", "b") for seed in (3, 4)}) == 4


@pytest.mark.parametrize(("lens", "distortion"), [("brown", [-0.2, 0.04, 0.001]), ("fisheye", [0.02])])
def test_a_camera_has_the_lens_and_the_exposure_that_its_table_says(lens, distortion):
    part = {"kind": "orbit", "lens": lens, "distortion": distortion, "exposure_ev": -1.5, "fov_deg": 70}
    pose = scene_rigs(**part)["c"].pose(snapshot(0, []))
    assert (pose.lens, pose.distortion, pose.exposure_ev) == (lens, tuple(distortion), -1.5)
    assert pose.fov_y == pytest.approx(np.radians(70))
    assert scene_rigs({"exposure_ev": [2, 2]}, **part)["c"].pose(snapshot(0, [])).exposure_ev == 0.5


def test_a_lidar_has_the_beams_that_its_table_says_and_stands_upright_whatever_it_looks_at():
    part = {"rings": 5, "columns": 90, "highest_deg": 3, "lowest_deg": -7, "reach_m": 55, "exposure_ev": 2}
    pose = scene_rigs({"jitter_deg": 5}, kind="street", lens="lidar", **part)["c"].pose(snapshot(0, []))
    assert pose.beams == Beams(5, 90, float(np.radians(3)), float(np.radians(-7)), 55.0)
    assert (pose.pitch, pose.exposure_ev) == (0.0, 0.0)


def test_an_orbit_turns_as_azimuth_is_counted_at_its_distance_and_height():
    rig = scene_rigs(kind="orbit", azimuth_deg=30, period_s=60, distance_m=40, height_m=9)["c"]
    for seconds in (0, 7, 15, 45):
        bearing = np.radians(30 + 360 * seconds / 60)  # counter-clockwise from east
        pose = rig.pose(snapshot(16 * seconds, []))
        assert pose.position == pytest.approx((40 * np.cos(bearing), 40 * np.sin(bearing), 9.0))


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


def test_the_eyes_look_at_whom_the_villager_looks_at():
    rig = scene_rigs(kind="eyes", villager=0)["c"]
    stand = int(Activity.STAND)
    pose = rig.pose(snapshot(0, [(0.0, 0.0, stand, 1), (3.0, 3.0, stand, 0)]))
    pixels, depth = pose.project(np.array([[3.0, 3.0, 0.93 * 1.7]]), (640, 480))
    assert pixels[0] == pytest.approx([320, 240], abs=60)
    assert depth[0] == pytest.approx(np.hypot(3, 3), abs=0.3)
    assert np.hypot(*pose.position[:2]) < 0.3
    assert pose.position[2] == pytest.approx(0.93 * 1.7, abs=0.06)


def test_the_eyes_turn_no_farther_than_a_neck():
    rig = scene_rigs(kind="eyes", villager=0)["c"]
    stand = int(Activity.STAND)
    pose = rig.pose(snapshot(0, [(0.0, 0.0, stand, 1), (-3.0, 0.1, stand, 0)]))  # somebody behind; heading east
    assert abs(pose.yaw) == pytest.approx(np.radians(70), abs=np.radians(8))


def test_nobody_sees_their_own_head():
    """Not even somebody who stoops, talks or works: the face that is drawn is behind the eyes."""
    simulation = Simulation(
        build({"name": "t", "world": {"size_m": 256}, "village": {"villagers": 6}}, "t"), TemplateVoice()
    )
    stage = Stage(simulation.scenery, simulation.cast, (64, 48), ("part", "instance"), quality="truth")
    for kind in Activity:
        rows = simulation.snapshot.villagers.copy()
        rows["activity"], rows["indoors"] = int(kind), 0
        now = replace(simulation.snapshot, villagers=rows)
        for villager in range(6):
            camera = [{"name": "c", "kind": "eyes", "villager": villager}]
            scenario = build({"name": "t", "village": {"villagers": 6}, "camera": camera}, "t")
            images = stage.render(now, rigs(scenario, simulation.scenery, simulation.cast)["c"].pose(now))
            own = images["instance"] == simulation.cast.looks["id"][villager]
            assert (own & (images["part"] == int(Part.HEAD))).mean() < 0.02, (kind, villager)


def test_the_eyes_keep_their_last_view_while_indoors():
    rig = scene_rigs(kind="eyes", villager=0)["c"]
    out = snapshot(0, [(5.0, 0.0, int(Activity.STAND), -1)])
    inside = snapshot(1, [(9.0, 9.0, int(Activity.STAND), -1)])
    inside.villagers["indoors"] = 1
    assert rig.pose(inside) != rig.pose(out)
    assert rig.pose(inside) == rig.pose(out)


def test_street_stands_at_eye_height_with_free_sight_and_stays():
    rig = scene_rigs(kind="street", distance_m=10)["c"]
    pose = rig.pose(snapshot(0, []))
    assert pose == rig.pose(snapshot(999, []))
    assert pose.position[2] == pytest.approx(1.6)
    assert Surroundings(known_scenery()).obstruction(np.array(pose.position), np.array([0, 0, 1.5])) == 0


@given(st.lists(st.tuples(st.integers(-100, 100), st.integers(-100, 100)), min_size=2, max_size=7, unique=True))
def test_a_drones_path_is_closed_smooth_and_goes_through_its_points(points):
    path = closed_path(np.array(points, np.float64))
    assert np.array_equal(path[0], path[-1])
    gaps = [np.linalg.norm(path - point, axis=1).min() for point in np.array(points, np.float64)]
    assert max(gaps) < 1e-9
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    span = np.ptp(np.array(points, np.float64), axis=0).sum()
    assert steps.max() < 0.12 * span + 1e-9


def test_a_drone_flies_at_its_speed_above_the_ground():
    rig = scene_rigs(kind="drone", path=[[-60.0, 0.0], [0.0, 50.0], [60.0, 0.0], [0.0, -50.0]], speed_m_s=8, height_m=9)
    poses = [rig["c"].pose(snapshot(tick, [])) for tick in range(0, 16 * 60, 4)]
    places = np.array([pose.position for pose in poses])
    speeds = np.linalg.norm(np.diff(places[:, :2], axis=0), axis=1) * 4
    assert np.median(speeds) == pytest.approx(8, rel=0.01)
    assert places[:, 2] == pytest.approx(9)
    turns = np.abs((np.diff([pose.yaw for pose in poses]) + np.pi) % (2 * np.pi) - np.pi)
    assert turns.max() < np.radians(25)  # no jerks


def test_a_drone_over_one_spot_stays_there():
    rig = scene_rigs(kind="drone", path=[[5.0, 7.0], [5.0, 7.000001]], height_m=9)["c"]
    for tick in (0, 999):
        assert rig.pose(snapshot(tick, [])).position == pytest.approx((5.0, 7.0, 9.0), abs=1e-3)


def test_a_path_of_one_place_is_told():
    with pytest.raises(ScenarioError, match="two different waypoints"):
        scene_rigs(kind="drone", path=[[0.0, 0.0], [0.0, 0.0]])


def picture(people=(), sky=0.25, near=False):
    """The images of a made-up view: sky above, ground below, people as boxes (id, left, right)."""
    instance = np.full((72, 96), 1, np.uint32)
    semantic = np.full((72, 96), int(SemanticClass.TERRAIN), np.uint8)
    depth = np.full((72, 96), 0.5 if near else 20.0, np.float32)
    top = round(72 * sky)
    instance[:top], semantic[:top], depth[:top] = 0, int(SemanticClass.NOTHING), np.inf
    for number, left, right in people:
        instance[30:60, left:right], semantic[30:60, left:right] = number, int(SemanticClass.VILLAGER)
    return {"instance": instance, "semantic": semantic, "depth": depth}


def test_the_director_prefers_people_whole_and_a_bit_of_sky():
    score = {
        name: composition(images, cast(2), np.zeros(2))
        for name, images in {
            "nobody": picture(),
            "one": picture([(40, 40, 50)]),
            "two": picture([(40, 35, 45), (41, 50, 60)]),
            "cut": picture([(40, 35, 45), (41, 86, 96)]),
            "all sky": picture([(40, 35, 45), (41, 50, 60)], sky=0.8),
            "blocked": picture([(40, 35, 45), (41, 50, 60)], near=True),
        }.items()
    }
    assert score["two"] > score["one"] > score["nobody"]
    assert score["two"] > max(score["cut"], score["all sky"], score["blocked"])


def test_the_director_prefers_faces_near_people_and_full_ground():
    pair, towards = picture([(40, 35, 45), (41, 50, 60)]), np.array([0.9, 0.8])
    faces, one, backs = (composition(pair, cast(2), each) for each in (towards, towards * [1, -1], -towards))
    assert faces > one > backs
    crowd = picture([(40, 35, 45), (41, 50, 60)])
    dots = {name: image.copy() for name, image in crowd.items()}
    for name, ground in (("instance", 1), ("semantic", int(SemanticClass.TERRAIN))):
        dots[name][33:60] = ground  # three rows of each are left
    assert composition(crowd, cast(2), towards) > composition(dots, cast(2), towards) + 0.5
    far, close = ({name: image.copy() for name, image in crowd.items()} for _ in range(2))
    for walled, depth in ((far, 12.0), (close, 2.5)):
        walled["semantic"][:, 70:], walled["depth"][:, 70:] = int(SemanticClass.BUILDING), depth
    assert composition(far, cast(2), towards) > composition(close, cast(2), towards)


def test_the_director_holds_its_shots_and_finds_the_people():
    talk, listen = int(Activity.TALK), int(Activity.LISTEN)
    pair = [(-20.0, -30.0, talk, 1), (-18.7, -30.0, listen, 0)]
    first, again = (scene_rigs(kind="director", shot_s=2)["c"] for _ in range(2))
    poses = [first.pose(snapshot(tick, pair)) for tick in range(0, 96, 8)]
    assert poses == [again.pose(snapshot(tick, pair)) for tick in range(0, 96, 8)]
    shots = list(dict.fromkeys(poses))
    assert len(shots) == 3
    assert poses == [pose for pose in shots for _ in range(4)]

    def seen(pose: CameraPose):
        pixels, depth = pose.project(np.array([[-19.3, -30.0, 1.2]]), (640, 480))
        return depth[0] > 0 and 0 < pixels[0, 0] < 640 and 0 < pixels[0, 1] < 480

    assert seen(shots[0])
    assert sum(map(seen, shots)) >= 2


def test_two_directors_do_not_show_the_same():
    stand = int(Activity.STAND)
    people = snapshot(0, [(-20.0, -30.0, stand, -1), (15.0, -40.0, stand, -1)])
    views = [scene_rigs(kind="director", name=name)[name].pose(people) for name in ("first", "second")]
    assert views[0] != views[1]


@pytest.mark.parametrize("size", [(8192, 16), (16, 8192)])
def test_the_director_composes_for_pictures_of_any_proportions(size):
    director = scene_rigs(capture={"size": size}, kind="director")["c"]
    pose = director.pose(snapshot(0, [(-20.0, -30.0, int(Activity.STAND), -1)]))
    assert Surroundings(known_scenery()).in_the_open(np.array(pose.position))


def test_no_camera_that_chooses_its_place_stands_in_a_house():
    house = known_scenery().buildings[0]
    around = Surroundings(known_scenery())
    assert not around.in_the_open(np.array([house["x"], house["y"], 1.6]))
    assert around.in_the_open(np.array([40.0, -40.0, 1.6]))
    rows = [(float(house["x"]) + dx, float(house["y"]) - 5.0, int(Activity.STAND), -1) for dx in (-2.0, 2.0)]
    director = scene_rigs(kind="director", shot_s=1)["c"]
    for tick in range(0, 16 * 12, 16):
        assert around.in_the_open(np.array(director.pose(snapshot(tick, rows)).position))
