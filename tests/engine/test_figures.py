from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.locomotion import STRIDE_OF_HEIGHT
from assets.meshes.figure import ADULT_M, BONES, CROWN_M, JOINTS, NECK_M, SLOTS, Piece
from assets.meshes.figure_face import Face, eye_at, eye_radius, head, surface
from assets.meshes.figure_pieces import PIECES, piece
from assets.palette import Activity, Bearing, Gesture, Load, Part, Seat, Wear
from engine.rasteriser import skinned
from engine.render.figure_gait import LOOK_LIMIT, SEAT_M, STRIDE_PER_HEIGHT
from engine.render.figures import bodies, colours, faces, joints, levels, placed, pose, worn
from engine.render.lamps import lanterns
from recorder.schema import LOOKS, LOOKS_COLUMNS, VILLAGER, dtype_of

NOSE, EYES, EARS, SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES = 0, *(slice(k, k + 2) for k in range(1, 17, 2))


def cast(n: int, height: float = ADULT_M) -> tuple[np.ndarray, np.ndarray]:
    looks, villagers = np.zeros(n, LOOKS), np.zeros(n, VILLAGER)
    looks["height_m"], looks["age_years"], looks["build"] = height, 35, 0.4
    for name in ("face_width", "jaw", "eye_size", "eye_spacing"):
        looks[name] = 0.5
    villagers["look_at"] = -1
    return looks, villagers


def any_cast(seed: int, n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """People of every kind who do all manner of things."""
    rng = np.random.default_rng(seed)
    looks, villagers = cast(n)
    looks["height_m"], looks["build"], looks["age_years"] = (
        rng.uniform(1.4, 1.95, n),
        rng.random(n),
        rng.uniform(16, 85, n),
    )
    for name, kinds in (
        ("hat", 8),
        ("hair_style", 10),
        ("beard", 6),
        ("skirt", 2),
        ("over", 7),
        ("female", 2),
        ("cane", 2),
    ):
        looks[name] = rng.integers(0, kinds, n)
    for name in ("face_width", "jaw", "eye_size", "eye_spacing", "nose_length"):
        looks[name] = rng.random(n)
    for name in ("x", "y", "z", "heading"):
        villagers[name] = rng.uniform(-3, 3, n)
    villagers["stride"], villagers["mood"] = rng.uniform(0, 6.28, n), rng.uniform(-1, 1, n)
    for name, named in (
        ("activity", Activity), ("carries", Load), ("wears", Wear), ("bearing", Bearing), ("seat", Seat),
        ("gesture", Gesture),
    ):  # fmt: skip
        villagers[name] = rng.integers(0, len(named), n)
    villagers["speaking"], villagers["lantern"] = rng.integers(0, 2, n), rng.integers(0, 2, n)
    villagers["speed_m_s"] = (villagers["activity"] == Activity.WALK) * rng.uniform(0.4, 1.6, n)
    villagers["gesturing"], villagers["look_at"] = rng.random(n), rng.integers(-1, n, n)
    return looks, villagers


def moved(frames: np.ndarray, made: Piece) -> np.ndarray:
    """Vertices (n, V, 3) of a piece on everybody, by the definition of linear blend skinning."""
    at = made.mesh.positions
    first, second = (
        np.einsum("nvij,vj->nvi", each[..., :3], at) + each[..., 3]
        for each in (frames[:, made.bones[:, k]] for k in (0, 1))
    )
    return first + (second - first) * made.weight[:, None]


def soles(frames: np.ndarray, side: str) -> np.ndarray:
    made = piece("boots", 0)
    mine = (made.bones[:, 0] == BONES[f"foot_{side}"]) & (made.weight == 0)
    return moved(frames.astype(np.float64), made)[:, mine]


def joint(frames: np.ndarray, bone: str) -> np.ndarray:
    k = BONES[bone]
    return frames[:, k, :, :3] @ np.array(JOINTS[bone]) + frames[:, k, :, 3]


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 6.28), st.floats(0, 2.2), st.floats(1.4, 2.0), st.sampled_from(list(Activity)), st.floats(0, 900),
    st.floats(-50, 50), st.sampled_from(list(Bearing)), st.sampled_from(list(Load)), st.sampled_from(list(Seat)),
)  # fmt: skip
def test_feet_stay_on_the_ground(stride, speed, height, activity, time_s, ground, bearing, load, seat):
    looks, villagers = cast(3, height)
    looks["age_years"] = 20, 50, 80
    villagers["stride"], villagers["speed_m_s"], villagers["activity"] = stride, speed, activity
    villagers["z"], villagers["bearing"], villagers["carries"], villagers["seat"] = ground, bearing, load, seat
    frames = pose(looks, villagers, time_s)
    lowest = np.minimum(*(soles(frames, side)[..., 2].min(axis=1) for side in ("left", "right")))
    assert np.abs(lowest - villagers["z"]).max() < 0.03


@pytest.mark.parametrize("speed", [0.4, 0.9, 1.34, 1.8])
@pytest.mark.parametrize("height", [1.4, 1.72, 1.95])
def test_standing_feet_do_not_slide(speed, height):
    """Walk along x in small steps: over a stance, a foot flat on the ground stays within a centimetre of its place."""
    steps = 600
    distance = np.linspace(0, 3.0, steps)
    looks, villagers = cast(steps, height)
    villagers["x"], villagers["speed_m_s"], villagers["activity"] = distance, speed, Activity.WALK
    villagers["stride"] = distance / (STRIDE_PER_HEIGHT * height) * 2 * np.pi
    frames = pose(looks, villagers, 0.0)
    for side in ("left", "right"):
        corners = soles(frames, side)
        tilt = np.ptp(corners[..., 2], axis=1)
        planted = (tilt < 1.02 * tilt.min()) & (np.abs(corners[..., 2].min(axis=1)) < 1e-3)
        starts = np.flatnonzero(np.diff(planted.astype(int)) == 1) + 1
        stances = [run for run in np.split(np.arange(steps), starts) if planted[run].sum() > 20]
        assert len(stances) >= 2
        for run in stances:
            where = corners[run][planted[run]].mean(axis=1)
            assert np.ptp(where[:, 0]) < 0.01 and np.ptp(where[:, 1]) < 0.01
            assert planted[run].sum() > 0.15 * STRIDE_PER_HEIGHT * height / (distance[1] - distance[0])


def test_legs_and_feet_agree_on_the_length_of_a_stride():
    assert STRIDE_PER_HEIGHT == STRIDE_OF_HEIGHT


def test_walking_bends_knees_and_swings_arms_opposite_to_legs():
    n = 200
    looks, villagers = cast(n)
    villagers["stride"] = np.linspace(0, 2 * np.pi, n, endpoint=False)
    villagers["speed_m_s"], villagers["activity"] = 1.34, Activity.WALK
    points = joints(looks, villagers, 0.0)
    (left_foot, _), (left_hand, right_hand) = points[:, ANKLES, 0].T, points[:, WRISTS, 0].T
    assert np.corrcoef(left_foot, left_hand)[0, 1] < -0.7
    assert np.corrcoef(left_foot, right_hand)[0, 1] > 0.7
    thigh, shin = points[:, HIPS] - points[:, KNEES], points[:, KNEES] - points[:, ANKLES]
    along = (thigh * shin).sum(axis=2) / np.linalg.norm(thigh, axis=2) / np.linalg.norm(shin, axis=2)
    bend = np.degrees(np.arccos(np.clip(along, -1, 1)))
    assert 35 < bend.max() < 80
    assert 0.01 < np.ptp(joint(pose(looks, villagers, 0.0), "hips")[:, 2]) < 0.07


def test_nothing_jumps_within_a_stride():
    n = 300
    looks, villagers = cast(n)
    villagers["speed_m_s"], villagers["activity"] = 1.34, Activity.WALK
    villagers["stride"] = np.linspace(0, 2 * np.pi, n)
    cycle = np.array([joints(looks[:1], villagers[k : k + 1], 0.0)[0] for k in range(n)])
    step = np.linalg.norm(np.diff(cycle, axis=0), axis=2)
    # a swinging foot is 2.2 times as fast as the walker over the mean, and about twice that at its fastest
    assert step.max() < 5 * STRIDE_PER_HEIGHT * ADULT_M / n
    assert np.abs(cycle[0] - cycle[-1]).max() < 1e-4, "the cycle does not close"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_limbs_keep_their_length_and_stay_joined(seed):
    looks, villagers = any_cast(seed)
    size = looks["height_m"] / ADULT_M
    points = joints(looks, villagers, 12.5)
    for upper, lower, length in (
        (SHOULDERS, ELBOWS, 0.275),
        (ELBOWS, WRISTS, 0.24),
        (HIPS, KNEES, 0.41),
        (KNEES, ANKLES, 0.41),
    ):
        assert np.allclose(
            np.linalg.norm(points[:, upper] - points[:, lower], axis=2), length * size[:, None], atol=1e-5
        )
    frames = pose(looks, villagers, 12.5).astype(np.float64)
    for side in ("left", "right"):
        for limb, parent in (("lower_arm", "upper_arm"), ("hand", "lower_arm"), ("lower_leg", "upper_leg")):
            here, there = BONES[f"{limb}_{side}"], BONES[f"{parent}_{side}"]
            at = np.array(JOINTS[f"{limb}_{side}"])
            by_parent = frames[:, there, :, :3] @ at + frames[:, there, :, 3]
            assert np.allclose(by_parent, frames[:, here, :, :3] @ at + frames[:, here, :, 3], atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 100))
def test_frames_are_rotations_times_scale(seed, time_s):
    looks, villagers = any_cast(seed)
    blocks = pose(looks, villagers, time_s)[..., :3].astype(np.float64)
    gram = np.einsum("npij,npik->npjk", blocks, blocks)
    assert np.abs(gram - gram * np.eye(3)).max() < 1e-5, "columns are not orthogonal"
    assert (np.linalg.det(blocks) > 0).all()
    assert np.sqrt(gram[..., range(3), range(3)]).min() > 0.3 and np.sqrt(gram.max()) < 2.1


def test_frames_do_not_depend_on_who_else_is_posed():
    looks, villagers = any_cast(4, 9)
    rows = np.array([7, 2, 3])
    assert np.array_equal(pose(looks, villagers, 3.5, rows), pose(looks, villagers, 3.5)[rows])


def test_villagers_indoors_are_zero_and_wear_nothing_that_is_drawn():
    looks, villagers = cast(4)
    villagers["indoors"] = [0, 1, 0, 1]
    looks["hat"], looks["hair_style"], looks["over"] = [0, 1, 2, 3], [3, 0, 0, 1], [0, 0, 5, 0]
    assert not pose(looks, villagers, 3.0)[[1, 3]].any()
    has = worn(looks, villagers)
    assert not has[[1, 3]].any()
    of = [{name for name, on in zip(PIECES, row, strict=True) if on} for row in has]
    assert of[0] == {"shirt_man", "tails_man", "sleeves", "hands", "boots", "trousers"}
    assert of[2] == {"shirt_man", "sleeves", "hands", "boots", "cassock", "hair short", "hat cap"}


def test_weather_work_and_seats_are_seen():
    looks, villagers = cast(6)
    looks["hat"], looks["over"], looks["cane"] = 1, 4, 1
    villagers["wears"] = [0, Wear.CLOAK, Wear.HOODED_CLOAK, 0, 0, 0]
    villagers["carries"][3], villagers["lantern"][4], villagers["activity"][5] = Load.AXE, 1, Activity.SIT
    of = [{name for name, on in zip(PIECES, row, strict=True) if on} for row in worn(looks, villagers)]
    assert "hat straw hat" in of[1] and "cloak" in of[1] and "shawl" not in of[1]
    assert {"cloak", "raised_hood"} <= of[2] and not any(name.startswith(("hat", "hair")) for name in of[2])
    assert "load axe" in of[3] and "cane" not in of[3] and "cane" in of[0]
    assert "lantern" in of[4] and "stool" in of[5] and "cane" not in of[5]
    made = piece("lantern", 0)
    flame = moved(pose(looks, villagers, 2.0), made)[4, made.mesh.glow > 0].mean(axis=0)
    assert np.abs(flame - lanterns(villagers)[0, :3]).max() < 0.08, "it shines from where it hangs"


@given(st.floats(-10, 10))
def test_the_figure_faces_its_heading(heading):
    looks, villagers = cast(1)
    villagers["heading"], villagers["activity"], villagers["stride"] = heading, Activity.SIT, 0.0
    frames = pose(looks, villagers, 0.0)[0]
    ahead = np.array([np.cos(heading), np.sin(heading)])
    assert frames[BONES["head"], :2, 0] @ ahead > 0.9
    chest = frames[BONES["chest"], :2, 0]
    assert chest @ ahead / np.linalg.norm(chest) > 0.999


@given(st.floats(-3.1, 3.1), st.floats(-3.1, 3.1))
def test_the_head_turns_to_the_other_as_far_as_a_neck_allows(heading, bearing):
    looks, villagers = cast(2)
    villagers["x"][1], villagers["y"][1] = 2 * np.cos(bearing), 2 * np.sin(bearing)
    villagers["heading"], villagers["look_at"] = heading, [1, -1]
    ahead = pose(looks, villagers, 7.0)[0, BONES["head"], :, 0]
    got = (np.arctan2(ahead[1], ahead[0]) - heading + np.pi) % (2 * np.pi) - np.pi
    wanted = (bearing - heading + np.pi) % (2 * np.pi) - np.pi
    if abs(abs(wanted) - np.pi) > 0.01:
        assert got == pytest.approx(np.clip(wanted, -LOOK_LIMIT, LOOK_LIMIT), abs=0.02)


def test_sitting_lowers_the_body_to_the_seat_or_the_ground():
    looks, villagers = cast(3)
    villagers["activity"], villagers["seat"] = (
        [Activity.STAND, Activity.SIT, Activity.SIT],
        [0, Seat.STOOL, Seat.GROUND],
    )
    points = joints(looks, villagers, 0.0)
    hips = points[:, HIPS, 2].mean(axis=1)
    assert hips[0] > 0.85
    assert SEAT_M < hips[1] < SEAT_M + 0.1
    assert hips[2] < 0.2
    knees = points[:, KNEES, 2].mean(axis=1)
    assert abs(knees[1] - hips[1]) < 0.12, "a thigh on a stool is nearly level"
    assert knees[2] > 0.3, "on the ground knees are up"


def test_speaking_and_gestures_move_the_hands_and_are_deterministic():
    looks, villagers = cast(2)
    villagers["activity"], villagers["speaking"] = Activity.TALK, [1, 0]
    villagers["gesture"], villagers["gesturing"] = [Gesture.BEATS, Gesture.NONE], [1, 0]
    times = np.arange(0, 6, 0.25)
    hands = np.stack([joints(looks, villagers, t)[:, WRISTS] for t in times])
    travel = np.linalg.norm(np.diff(hands, axis=0), axis=3).sum(axis=(0, 2))
    assert travel[0] > 4 * travel[1]
    assert np.array_equal(pose(looks, villagers, 4.5), pose(looks, villagers, 4.5))


def test_every_gesture_is_another_and_grows_from_rest():
    kinds = list(Gesture)[1:]
    looks, villagers = cast(len(kinds))
    villagers["gesture"] = kinds

    def seen(share: float) -> np.ndarray:
        villagers["gesturing"] = share
        moments = [joints(looks, villagers, t)[:, :11] for t in np.arange(0, 3, 0.2)]
        return np.stack(moments, axis=1).reshape(len(kinds), -1)

    rest, half, full = (seen(share) for share in (0.0, 0.5, 1.0))
    moved_by = np.abs(full - rest).max(axis=1)
    assert (moved_by > 0.02).all()
    assert (np.abs(half - rest).max(axis=1) < moved_by).all()
    offsets = full - rest
    for one in range(len(kinds)):
        for other in range(one):
            assert np.abs(offsets[one] - offsets[other]).max() > 0.02, (kinds[one].name, kinds[other].name)


def test_what_is_held_is_in_the_hands():
    for load in list(Load)[1:]:
        looks, villagers = cast(2)
        villagers["carries"], villagers["activity"] = load, [Activity.WORK, Activity.WALK]
        villagers["speed_m_s"][1] = 1.3
        points, frames = joints(looks, villagers, 1.0), pose(looks, villagers, 1.0)
        made = piece(f"load {load.name.lower()}", 0)
        corners = moved(frames, made)[:, made.mesh.triangles]  # long shafts have corners at their ends alone
        along = np.linspace(0, 1, 40)[:, None, None]
        thing = (corners[:, :, None] * (1 - along) + np.roll(corners, 1, axis=2)[:, :, None] * along).reshape(2, -1, 3)
        reach = np.linalg.norm(thing[:, :, None] - points[:, None, WRISTS], axis=3).min(axis=(1, 2))
        assert (reach < 0.22).all(), load.name
        assert (thing[..., 2].min(axis=1) > -0.05).all(), f"{load.name} is in the ground"


def test_key_points_of_one_who_stands_are_where_anatomy_has_them():
    """Heights as shares of the body's: Drillis & Contini 1966, with room for the larger head."""
    looks, villagers = cast(2)
    looks["height_m"] = [1.5, 1.9]
    villagers["x"], villagers["z"] = [4, -20], [3, -4]
    points = joints(looks, villagers, 0.0)
    heights = (points[..., 2] - villagers["z"][:, None]) / looks["height_m"][:, None]
    for part, share in (
        (SHOULDERS, 0.80),
        (ELBOWS, 0.63),
        (WRISTS, 0.49),
        (HIPS, 0.52),
        (KNEES, 0.28),
        (ANKLES, 0.045),
    ):
        assert np.allclose(heights[:, part], share, atol=0.03)
    assert (heights[:, EYES] > 0.9).all() and (heights[:, EYES] < 0.95).all()
    left, right = points[:, 1::2, 1], points[:, 2::2, 1]
    assert (left > right).all(), "headed along x, the left is at greater y"
    assert (points[:, NOSE, 0] > points[:, EYES, 0].max(axis=1)).all()
    assert (points[:, EYES, 0].min(axis=1) > points[:, EARS, 0].max(axis=1) + 0.05).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31))
def test_key_points_lie_in_the_meshes_of_their_parts(seed):
    looks, villagers = any_cast(seed)
    points, frames = joints(looks, villagers, 2.0), pose(looks, villagers, 2.0)
    boots = piece("boots", 0)
    for k, part in ((15, Part.FOOT_LEFT), (16, Part.FOOT_RIGHT)):
        foot = moved(frames, boots)[:, boots.mesh.part == part]
        assert (np.linalg.norm(foot - points[:, k, None], axis=2).min(axis=1) < 0.08).all()
        assert (np.linalg.norm(foot.mean(axis=1) - points[:, k], axis=1) < 0.12).all()
    for row, face in enumerate(faces(looks)):
        made = head(face, 0)
        skin = moved(frames[row : row + 1], made)[0]
        for k in (0, 1, 2, 3, 4):
            assert np.linalg.norm(skin - points[row, k], axis=1).min() < 0.035
        nose_ahead = (skin - points[row, 3:5].mean(axis=0)) @ (points[row, 0] - points[row, 3:5].mean(axis=0))
        ahead = np.linalg.norm(points[row, 0] - points[row, 3:5].mean(axis=0))
        assert nose_ahead.max() / ahead < ahead + 0.08, "nothing but a beard or a brim is before the nose"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=11, max_size=11), st.floats(16, 90), st.integers(0, 5), st.integers(0, 1))
def test_any_face_is_a_face(measures, age, beard, female):
    face = replace(Face(*measures), age_years=age, beard=beard, female=female)
    made = head(face, 0)
    plain = head(Face(), 0)
    assert len(made.mesh.positions) == len(plain.mesh.positions)
    assert np.array_equal(made.mesh.triangles, plain.mesh.triangles), "all faces are drawn by one mesh"
    assert np.isfinite(made.mesh.normals).all()
    y = made.mesh.positions[:, 1]
    assert y.max() == pytest.approx(-y.min(), abs=1e-5)
    eye = eye_at(face)
    angle = np.arctan2(eye[1], eye[0])
    skin = surface(face, np.array([angle]), np.array([eye[2]]), beard=False)[0]
    assert eye[0] < skin[0] + 0.02, "the eye's middle is in the head"
    assert eye[0] + eye_radius(face) > skin[0] - 0.004, "and its front looks out"
    top = made.mesh.positions[:, 2].max()
    assert top == pytest.approx(NECK_M + CROWN_M, abs=0.002)


def test_faces_differ_where_their_measures_do():
    plain = head(Face(), 0).mesh
    for name in (
        "face_width",
        "jaw",
        "chin",
        "cheeks",
        "nose_length",
        "nose_width",
        "brow",
        "eye_size",
        "eye_spacing",
        "lips",
    ):
        measures: tuple[dict[str, Any], ...] = ({name: 0.0}, {name: 1.0})
        low, high = (head(replace(Face(), **each), 0).mesh.positions for each in measures)
        assert np.linalg.norm(high - low, axis=1).max() > 0.002, name
    for beard in range(1, 6):
        other = head(Face(beard=beard), 0).mesh
        assert (other.slot != plain.slot).any() or (other.colours != plain.colours).any()
    assert (head(Face(age_years=80), 0).mesh.colours != plain.colours).any()


def test_speech_blinks_and_moods_move_the_face():
    looks, villagers = cast(3)
    villagers["speaking"], villagers["mood"] = [1, 0, 0], [0, 1, -1]
    made = head(faces(looks)[0], 0)
    mouth = (np.abs(made.mesh.positions[:, 2] - NECK_M - 0.09) < 0.02) & (made.mesh.positions[:, 0] > 0.08)
    seen = []
    for t in np.arange(0, 8, 0.05):
        frames = pose(looks, villagers, t).astype(np.float64)
        skull = frames[:, BONES["head"]]
        local = np.einsum("nji,nvj->nvi", skull[..., :3], moved(frames, made) - skull[:, None, :, 3])
        seen.append(local)
    travel = np.ptp(np.array(seen), axis=0)
    assert travel[0, mouth].max() > 0.008 > travel[1, mouth].max()
    lids = made.bones[:, 0] == BONES["lid_left"]
    assert lids.any() and (travel[:, lids].max(axis=(1, 2)) > 0.005).all(), "everybody blinks within eight seconds"
    corner = np.argmin(np.linalg.norm(made.mesh.positions - (0.108, 0.03, NECK_M + 0.0975), axis=1))
    assert seen[0][1, corner, 2] > seen[0][2, corner, 2] + 0.002, "the glad smile"


def test_size_and_place_follow_the_columns():
    looks, villagers = cast(2)
    looks["height_m"] = [1.5, 1.9]
    villagers["x"], villagers["y"], villagers["z"] = [10, -20], [5, 7], [3, -4]
    frames = pose(looks, villagers, 0.0)
    top = moved(frames, head(Face(), 0))[..., 2].max(axis=1) - villagers["z"]
    assert np.allclose(top, looks["height_m"], rtol=0.03)
    assert np.allclose(joint(frames, "hips")[:, :2], [[10, 5], [-20, 7]], atol=0.05)


def test_colours_by_slot():
    looks, _ = cast(2)
    looks["skin_rgb"], looks["hat_rgb"] = (255, 0, 51), (0, 102, 204)
    table = colours(looks)
    assert table.shape == (2, SLOTS, 3)
    assert table.dtype == np.float32
    assert (table[:, 0] == 1).all()
    assert table[0, 1, 1] == 0 and table[0, 1, 2] / table[0, 1, 0] == pytest.approx(0.2, abs=1e-3)
    assert table[0, 5, 1] / table[0, 5, 2] == pytest.approx(0.5, abs=1e-3)
    assert table.max() <= 1


def test_looks_of_older_sessions_are_posed_like_plain_adults():
    looks, villagers = cast(3)
    old = np.zeros(3, dtype_of(LOOKS_COLUMNS[:12]))
    for name in old.dtype.names or ():
        old[name] = looks[name]
    assert pose(old, villagers, 1.0).shape == pose(looks, villagers, 1.0).shape
    assert faces(old)[0] == Face() and worn(old, villagers)[:, PIECES.index("shirt_man")].all()


def test_an_empty_cast_is_an_empty_pose():
    assert pose(*cast(0), 0.0).shape == (0, len(BONES), 3, 4)
    assert joints(*cast(0), 0.0).shape == (0, 17, 3)


def test_bodies_are_the_worn_pieces_where_the_bones_take_them():
    looks, villagers = any_cast(11, 5)
    villagers["x"] = [0, 2, 20, 60, 5]
    rows, eye = np.array([0, 2, 3, 4]), np.array([-3.0, 0.0, 1.5])
    made = bodies(looks, villagers, placed(looks, villagers, 2.5, rows), rows, eye)
    frames, has = pose(looks, villagers, 2.5), worn(looks, villagers)
    near = levels(villagers, eye)
    assert near[rows].tolist() == [0, 1, 2, 0]
    for (body, bones), row in zip(made, rows, strict=True):
        points = skinned(body.mesh.positions, body.bones, body.weight, bones)
        on = [piece(PIECES[k], int(near[row])) for k in np.flatnonzero(has[row])]
        wanted = [moved(frames[row : row + 1], each)[0] for each in (head(faces(looks)[row], int(near[row])), *on)]
        assert np.allclose(points, np.concatenate(wanted), atol=1e-4)
        assert body.mesh.triangles.max() == len(points) - 1
    assert len(made[0][0].mesh.triangles) > 3 * len(made[2][0].mesh.triangles), "what is far away is coarser"


def test_low_spirits_bend_the_back_and_hang_the_head():
    looks, villagers = cast(1)
    bent, gaze = [], []
    for mood in (1.0, 0.5, 0.0, -0.25, -0.5):
        villagers["mood"] = mood
        frames = pose(looks, villagers, 3.0).astype(np.float64)
        bent.append(float((joint(frames, "head") - joint(frames, "hips"))[0, 0]))
        gaze.append(float(np.arcsin(frames[0, BONES["head"], 2, 0])))
    assert (np.diff(bent) > 0.001).all(), "forward"
    assert gaze[2] - 0.03 > gaze[4], "at the ground"
