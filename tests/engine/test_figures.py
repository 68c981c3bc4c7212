import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.locomotion import STRIDE_OF_HEIGHT
from assets.meshes.figure import ADULT_M, HIP, NECK, PARTS, figure_parts
from assets.palette import Activity
from engine.render.figures import LOOK_LIMIT, SEAT_M, STRIDE_PER_HEIGHT, colours, pose
from recorder.schema import LOOKS, VILLAGER


def cast(n: int, height: float = ADULT_M) -> tuple[np.ndarray, np.ndarray]:
    looks, villagers = np.zeros(n, LOOKS), np.zeros(n, VILLAGER)
    looks["height_m"] = height
    villagers["look_at"] = -1
    return looks, villagers


def vertices(frames: np.ndarray, part: str) -> np.ndarray:
    k = PARTS.index(part)
    turned = np.einsum("nij,vj->nvi", frames[:, k, :, :3], figure_parts()[k].positions)
    return turned + frames[:, k, None, :, 3]


def lowest_foot(frames: np.ndarray) -> np.ndarray:
    return np.minimum(*(vertices(frames, name)[..., 2].min(axis=1) for name in ("foot_left", "foot_right")))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 6.28), st.floats(0, 2.2), st.floats(1.2, 2.0), st.sampled_from(list(Activity)), st.floats(0, 900),
    st.floats(-50, 50), st.integers(0, 1), st.integers(0, 1),
)  # fmt: skip
def test_feet_stay_on_the_ground(stride, speed, height, activity, time_s, ground, speaking, skirt):
    looks, villagers = cast(3, height)
    looks["skirt"] = skirt
    villagers["stride"], villagers["speed_m_s"], villagers["activity"] = stride, speed, activity
    villagers["z"], villagers["speaking"] = ground, speaking
    gap = lowest_foot(pose(looks, villagers, time_s)) - villagers["z"]
    assert np.abs(gap).max() < 0.03


@pytest.mark.parametrize("speed", [0.4, 0.9, 1.34, 1.8])
@pytest.mark.parametrize("height", [1.4, 1.72, 1.95])
def test_standing_feet_do_not_slide(speed, height):
    """Walk along x in small steps: a foot flat on the ground stays where it is in the world."""
    steps = 400
    distance = np.linspace(0, 3.0, steps)
    looks, villagers = cast(steps, height)
    villagers["x"], villagers["speed_m_s"], villagers["activity"] = distance, speed, Activity.WALK
    villagers["stride"] = distance / (STRIDE_PER_HEIGHT * height) * 2 * np.pi
    frames = pose(looks, villagers, 0.0)
    for name in ("foot_left", "foot_right"):
        corners = vertices(frames, name)
        planted = np.ptp(corners[..., 2], axis=1) < 1.02 * np.ptp(corners[..., 2], axis=1).min()
        planted &= np.abs(corners[..., 2].min(axis=1)) < 1e-3
        both = planted[1:] & planted[:-1]
        slip = np.abs(np.diff(corners[..., 0].mean(axis=1)))[both]
        assert both.sum() > 0.2 * steps
        assert slip.sum() < 0.15 * np.diff(distance)[both].sum()


def test_legs_and_feet_agree_on_the_length_of_a_stride():
    assert STRIDE_PER_HEIGHT == STRIDE_OF_HEIGHT


def test_walking_bends_knees_and_swings_arms_opposite_to_legs():
    n = 200
    looks, villagers = cast(n)
    villagers["stride"] = np.linspace(0, 2 * np.pi, n, endpoint=False)
    villagers["speed_m_s"], villagers["activity"] = 1.34, Activity.WALK
    frames = pose(looks, villagers, 0.0)
    place = {
        name: frames[:, PARTS.index(name), 0, 3] for name in ("foot_left", "foot_right", "hand_left", "hand_right")
    }
    assert np.corrcoef(place["foot_left"], place["hand_left"])[0, 1] < -0.7
    assert np.corrcoef(place["foot_left"], place["hand_right"])[0, 1] > 0.7
    thigh, shin = (frames[:, PARTS.index(f"{name}_leg_left"), :, 2] for name in ("upper", "lower"))
    bend = np.degrees(np.arccos(np.clip((thigh * shin).sum(axis=1), -1, 1)))
    assert 35 < bend.max() < 80
    hips = frames[:, PARTS.index("torso"), 2, 3]
    assert 0.01 < np.ptp(hips) < 0.07


def test_nothing_jumps_within_a_stride():
    n = 300
    looks, villagers = cast(1)
    villagers["speed_m_s"], villagers["activity"] = 1.34, Activity.WALK
    cycle = []
    for phase in np.linspace(0, 2 * np.pi, n):
        villagers["stride"] = phase
        cycle.append(pose(looks, villagers, 0.0)[0, :, :, 3])
    joints = np.array(cycle, dtype=np.float64)
    step = np.linalg.norm(np.diff(joints, axis=0), axis=2)
    # a swinging foot is 2.2 times as fast as the walker over the mean, and about twice that at its fastest
    assert step.max() < 5 * STRIDE_PER_HEIGHT * ADULT_M / n
    assert np.abs(joints[0] - joints[-1]).max() < 1e-4, "the cycle does not close"


def test_limbs_stay_joined():
    looks, villagers = cast(64)
    rng = np.random.default_rng(1)
    villagers["stride"], villagers["speed_m_s"] = rng.uniform(0, 6, 64), rng.uniform(0, 1.6, 64)
    villagers["activity"] = rng.integers(0, 7, 64)
    frames = pose(looks, villagers, 12.5).astype(np.float64)
    for side in ("left", "right"):
        thigh, shin, foot = (frames[:, PARTS.index(f"{name}_{side}")] for name in ("upper_leg", "lower_leg", "foot"))
        assert np.allclose(np.linalg.norm(thigh[..., 3] - shin[..., 3], axis=1), 0.41, atol=1e-5)
        assert np.allclose(np.linalg.norm(shin[..., 3] - foot[..., 3], axis=1), 0.41, atol=1e-5)
        hip = np.linalg.norm(thigh[..., 3] - frames[:, PARTS.index("torso"), :, 3], axis=1)
        assert np.allclose(hip, np.linalg.norm(HIP), atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 100))
def test_frames_are_rotations_times_scale(seed, time_s):
    rng = np.random.default_rng(seed)
    looks, villagers = cast(5)
    looks["height_m"], looks["build"] = rng.uniform(1.3, 1.95, 5), rng.uniform(0, 1, 5)
    looks["hat"], looks["hair_style"] = rng.integers(0, 4, 5), rng.integers(0, 4, 5)
    for name in ("x", "y", "z", "heading", "stride", "mood"):
        villagers[name] = rng.uniform(-1, 1, 5) * 3
    villagers["activity"], villagers["speaking"] = rng.integers(0, 7, 5), rng.integers(0, 2, 5)
    villagers["look_at"] = rng.integers(-1, 5, 5)
    blocks = pose(looks, villagers, time_s)[..., :3].astype(np.float64)
    worn = blocks.any(axis=(2, 3))
    gram = np.einsum("pij,pik->pjk", blocks[worn], blocks[worn])
    assert np.abs(gram - gram * np.eye(3)).max() < 1e-5, "columns are not orthogonal"
    assert (np.linalg.det(blocks[worn]) > 0).all()


def test_villagers_indoors_and_parts_not_worn_are_zero():
    looks, villagers = cast(4)
    villagers["indoors"] = [0, 1, 0, 1]
    looks["hat"], looks["beard"] = [0, 1, 2, 3], [1, 0, 0, 1]
    frames = pose(looks, villagers, 3.0)
    assert not frames[[1, 3]].any()
    drawn = np.asarray(frames.any(axis=(2, 3)))
    assert drawn[0, PARTS.index("beard")]
    assert not drawn[2, PARTS.index("beard")]
    assert drawn[2, PARTS.index("cap")]
    assert not drawn[
        0, [PARTS.index(name) for name in ("straw_hat", "cap", "hood", "skirt", "hair_long", "tool")]
    ].any()


@given(st.floats(-10, 10))
def test_the_figure_faces_its_heading(heading):
    looks, villagers = cast(1)
    villagers["heading"], villagers["activity"], villagers["stride"] = heading, Activity.SIT, 0.0
    head = pose(looks, villagers, 0.0)[0, PARTS.index("head"), :, 0]
    torso = pose(looks, villagers, 0.0)[0, PARTS.index("torso"), :, 0]
    ahead = np.array([np.cos(heading), np.sin(heading)])
    assert head[:2] @ ahead > 0.9
    assert torso[:2] @ ahead / np.linalg.norm(torso[:2]) > 0.999


@given(st.floats(-3.1, 3.1), st.floats(-3.1, 3.1))
def test_the_head_turns_to_the_other_as_far_as_a_neck_allows(heading, bearing):
    looks, villagers = cast(2)
    villagers["x"][1], villagers["y"][1] = 2 * np.cos(bearing), 2 * np.sin(bearing)
    villagers["heading"], villagers["look_at"] = heading, [1, -1]
    head = pose(looks, villagers, 7.0)[0, PARTS.index("head"), :, 0]
    got = (np.arctan2(head[1], head[0]) - heading + np.pi) % (2 * np.pi) - np.pi
    wanted = (bearing - heading + np.pi) % (2 * np.pi) - np.pi
    if abs(abs(wanted) - np.pi) > 0.01:
        assert got == pytest.approx(np.clip(wanted, -LOOK_LIMIT, LOOK_LIMIT), abs=0.02)


def test_sitting_lowers_the_body_to_the_seat():
    looks, villagers = cast(2)
    villagers["activity"] = [Activity.STAND, Activity.SIT]
    frames = pose(looks, villagers, 0.0)
    torso = frames[:, PARTS.index("torso"), 2, 3]
    assert torso[0] > 0.85
    assert SEAT_M < torso[1] < SEAT_M + 0.12
    thigh = frames[1, PARTS.index("upper_leg_left"), :, 2]
    assert abs(thigh[2]) < 0.5, "a sitting thigh is nearly level"


def test_speaking_moves_the_hands_and_is_deterministic():
    looks, villagers = cast(2)
    villagers["activity"], villagers["speaking"] = Activity.TALK, [1, 0]
    times = np.arange(0, 6, 0.25)
    hands = np.stack([pose(looks, villagers, t)[:, PARTS.index("hand_right"), :, 3] for t in times])
    travel = np.linalg.norm(np.diff(hands, axis=0), axis=2).sum(axis=0)
    assert travel[0] > 5 * travel[1]
    assert np.array_equal(pose(looks, villagers, 4.5), pose(looks, villagers, 4.5))


def test_size_and_place_follow_the_columns():
    looks, villagers = cast(2)
    looks["height_m"] = [1.5, 1.9]
    villagers["x"], villagers["y"], villagers["z"] = [10, -20], [5, 7], [3, -4]
    frames = pose(looks, villagers, 0.0)
    top = vertices(frames, "head")[..., 2].max(axis=1) - villagers["z"]
    assert np.allclose(top, looks["height_m"], rtol=0.03)
    assert np.allclose(frames[:, PARTS.index("torso"), :2, 3], [[10, 5], [-20, 7]], atol=0.05)
    assert NECK[2] < 0.6


def test_colours_by_slot():
    looks, _ = cast(2)
    looks["skin_rgb"], looks["hat_rgb"] = (255, 0, 51), (0, 102, 204)
    table = colours(looks)
    assert table.shape == (2, 6, 3)
    assert table.dtype == np.float32
    assert (table[:, 0] == 1).all()
    assert np.allclose(table[:, 1], [1, 0, 0.2])
    assert np.allclose(table[:, 5], [0, 0.4, 0.8])


def test_an_empty_cast_is_an_empty_pose():
    assert pose(*cast(0), 0.0).shape == (0, len(PARTS), 3, 4)
