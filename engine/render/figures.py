"""How villagers hold themselves: part poses from what a snapshot says, in numpy and for all villagers at once.

Sagittal angles are positive where they lift x towards z: a leg or arm swings forward, a head looks up, a torso
leans back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.meshes import figure
from assets.palette import Activity

Floats = NDArray[np.float64]
Rows = NDArray[np.void]

STRIDE_PER_HEIGHT = 0.83  # distance of two steps over body height, as the walkers of agents.locomotion have it
SEAT_M = 0.45
LOOK_LIMIT = np.radians(70.0)
NOD_LIMIT = np.radians(25.0)

_STANCE = 0.54  # fraction of a stride that a foot is on the ground; walking people spend 0.6 (Perry 1992)
_FULL_STEP_M_S = 0.3  # from this speed on steps have their full length
_HEEL_STRIKE = np.radians(18.0)
_TOE_OFF = np.radians(-32.0)
_SWING_LIFT_M = 0.045
_REACH_M = 0.992 * (figure.UPPER_LEG_M + figure.LOWER_LEG_M)  # knees never lock
_HAIR_STYLES = ("hair_short", "hair_long", "hair_bun")  # by LOOKS.hair_style; 3 is bald
_HATS = ("straw_hat", "cap", "hood")  # by LOOKS.hat - 1
_INDEX = {name: k for k, name in enumerate(figure.PARTS)}
_ORIGIN = (0.0, 0.0, 0.0)
_KEYPOINTS: tuple[tuple[str, tuple[float, float, float]], ...] = (
    ("head", (0.176, 0.0, 0.137)),
    ("head", (0.136, 0.05, 0.182)),
    ("head", (0.136, -0.05, 0.182)),
    ("head", (0.004, 0.125, 0.168)),
    ("head", (0.004, -0.125, 0.168)),
    *(
        (f"{name}_{side}", _ORIGIN)
        for name in ("upper_arm", "lower_arm", "hand", "upper_leg", "lower_leg", "foot")
        for side in ("left", "right")
    ),
)  # part and place in its frame
_UP = np.array([0.0, 0.0, 1.0])


def colours(looks: Rows) -> NDArray[np.float32]:
    """Colours by slot (n, 6, 3), sRGB 0..1; slot 0 is white, the rest follow assets.meshes.figure."""
    slots = np.ones((len(looks), 6, 3), dtype=np.float32)
    for slot, name in enumerate(("skin_rgb", "hair_rgb", "top_rgb", "legs_rgb", "hat_rgb"), start=1):
        slots[:, slot] = looks[name] / np.float32(255)
    return slots


def pose(looks: Rows, villagers: Rows, time_s: float) -> NDArray[np.float32]:
    """World-from-part affine matrices (n, P, 3, 4) of the parts in assets.meshes.figure.PARTS.

    `looks` has dtype LOOKS and `villagers` VILLAGER of recorder.schema, row by row the same people. Parts not worn
    and villagers indoors are all zero.
    """
    placed = _placed(looks, villagers, time_s)
    placed *= (_worn(looks, villagers) & (villagers["indoors"] == 0)[:, None])[:, :, None, None]
    frames32: NDArray[np.float32] = placed.astype(np.float32)
    return frames32


def joints(looks: Rows, villagers: Rows, time_s: float) -> Floats:
    """World positions (n, 17, 3) in metres of the key points of the people data set COCO (Lin et al. 2014), in its order.

    Nose, then left before right: eyes, ears, shoulders, elbows, wrists, hips, knees, ankles. They come from the frames
    that `pose` draws, also for villagers indoors.
    """
    frames = _placed(looks, villagers, time_s)
    return np.stack(
        [frames[:, _INDEX[part], :, :3] @ np.array(at) + frames[:, _INDEX[part], :, 3] for part, at in _KEYPOINTS],
        axis=1,
    )


def outline(looks: Rows, villagers: Rows, time_s: float) -> Floats:
    """World positions (n, V, 3) in metres of all that is drawn of each villager: boxes round them are boxes round it.

    V is the same for everybody: vertices of what one does not wear lie in the torso's joint.
    """
    frames = pose(looks, villagers, time_s).astype(np.float64)
    corners = []
    for part, mesh in enumerate(figure.figure_parts()):
        frame = frames[:, part]
        worn = frame[:, :, :3].any(axis=(1, 2))
        placed = mesh.positions.astype(np.float64) @ frame[:, :, :3].swapaxes(1, 2) + frame[:, None, :, 3]
        corners.append(np.where(worn[:, None, None], placed, frames[:, _INDEX["torso"], None, :, 3]))
    return np.concatenate(corners, axis=1)


def _placed(looks: Rows, villagers: Rows, time_s: float) -> Floats:
    """World-from-part frames (n, P, 3, 4) of all parts, worn or not, in doors or out."""
    n = len(looks)
    body = _Body(n)
    motion = _Motion(looks, villagers, time_s)
    _legs(body, motion)
    _upper_body(body, motion)
    _skirt(body, motion)
    frames = body.frames
    size = looks["height_m"].astype(np.float64) / figure.ADULT_M
    world = _about_z(villagers["heading"].astype(np.float64)) * size[:, None, None]
    ground = np.stack([villagers[name].astype(np.float64) for name in ("x", "y", "z")], axis=1)
    placed = np.einsum("nij,npjk->npik", world, frames)
    placed[..., 3] += ground[:, None, :]
    return placed


class _Motion:
    """What drives the joints: the villagers' columns as blend weights 0..1 and slow oscillations."""

    def __init__(self, looks: Rows, villagers: Rows, time_s: float) -> None:
        n = len(villagers)
        activity = villagers["activity"]
        speed = villagers["speed_m_s"].astype(np.float64)
        ramp = np.clip(speed / _FULL_STEP_M_S, 0, 1)
        self.size = looks["height_m"].astype(np.float64) / figure.ADULT_M
        self.build = looks["build"].astype(np.float64)
        self.skirt = looks["skirt"] == 1
        self.sit = ((activity == Activity.SIT) | (activity == Activity.SLEEP)).astype(np.float64)
        self.walk = ramp * ramp * (3 - 2 * ramp) * (1 - self.sit)
        self.brisk = np.clip(speed / 1.34, 0, 1.3)
        self.rest = 1 - self.walk
        self.work = (activity == Activity.WORK) * self.rest
        self.speak = (villagers["speaking"] == 1) * (1 - 0.5 * self.walk)
        self.listen = (
            ((activity == Activity.LISTEN) | (activity == Activity.TALK)) * (villagers["speaking"] == 0) * self.rest
        )
        self.asleep = (activity == Activity.SLEEP).astype(np.float64)
        self.phase = villagers["stride"].astype(np.float64)
        self.mood = villagers["mood"].astype(np.float64)
        self.time_s = time_s
        self.own = np.arange(n) * 2.399963  # golden angle: neighbours never move in step
        self.look_yaw, self.look_pitch, self.looks = _looking(villagers, self.size)

    def wave(self, period_s: float, shift: float = 0.0) -> Floats:
        """A sine of the given period, out of step between villagers."""
        sine: Floats = np.sin(2 * np.pi * self.time_s / period_s + self.own * (1 + shift) + shift)
        return sine


class _Body:
    """Joint frames of every villager in the body frame: feet at the origin, x forward, sizes of the adult."""

    def __init__(self, n: int) -> None:
        self.frames = np.zeros((n, len(figure.PARTS), 3, 4))
        self.pelvis = np.zeros((n, 3))
        self.pelvis_turn = np.zeros((n, 3, 3))

    def put(self, part: str, turn: Floats, at: Floats, scale: Floats | float = 1.0) -> None:
        """Sets a part's frame: rotation (n, 3, 3), joint (n, 3), scale along its own axes (n, 3) or a number."""
        self.frames[:, _INDEX[part], :, :3] = turn * (scale[:, None, :] if isinstance(scale, np.ndarray) else scale)
        self.frames[:, _INDEX[part], :, 3] = at


def _in_plane(angle: Floats, first: int, second: int) -> Floats:
    """Rotations (n, 3, 3) that carry axis `first` towards axis `second`."""
    # filled in place: with few villagers, stacking twenty small arrays costs more than all the trigonometry
    turn = np.zeros((len(angle), 3, 3))
    turn[:, 3 - first - second, 3 - first - second] = 1.0
    turn[:, first, first] = turn[:, second, second] = np.cos(angle)
    turn[:, second, first] = np.sin(angle)
    turn[:, first, second] = -turn[:, second, first]
    return turn


def _about_z(angle: Floats) -> Floats:
    return _in_plane(angle, 0, 1)


def _about_x(angle: Floats) -> Floats:
    return _in_plane(angle, 1, 2)


def _lift(angle: Floats) -> Floats:
    return _in_plane(angle, 0, 2)


def _looking(villagers: Rows, size: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Yaw from the heading and pitch towards the villager looked at, 0 where there is none; and where there is one."""
    other = villagers["look_at"].astype(np.int64)
    seen = (other >= 0) & (other < len(villagers))
    target = np.where(seen, other, np.arange(len(villagers)))
    seen &= villagers["indoors"][target] == 0
    dx, dy = ((villagers[name][target] - villagers[name]).astype(np.float64) for name in ("x", "y"))
    eyes = villagers["z"] + 1.6 * size
    away = np.hypot(dx, dy)
    seen &= away > 1e-3
    yaw = (np.arctan2(dy, dx) - villagers["heading"] + np.pi) % (2 * np.pi) - np.pi
    pitch = np.arctan2(eyes[target] - eyes, np.maximum(away, 0.3))
    return np.clip(yaw, -LOOK_LIMIT, LOOK_LIMIT) * seen, np.clip(pitch, -NOD_LIMIT, NOD_LIMIT) * seen, seen


def _step(phase: Floats) -> tuple[Floats, Floats, Floats]:
    """A foot through one stride: place along x over stride length, lift 0..1, pitch in radians.

    On the ground the place moves back by exactly the distance walked; in the air it follows a cubic with matching ends.
    """
    u = (phase / (2 * np.pi)) % 1.0
    s = np.clip((u - _STANCE) / (1 - _STANCE), 0, 1)
    swing = u > _STANCE
    ends, slope = _STANCE / 2, -(1 - _STANCE)
    cubic = (6 * s**2 - 4 * s**3 - 1) * ends + (2 * s**3 - 3 * s**2 + s) * slope
    place = np.where(swing, cubic, ends - u)
    strike = np.clip(1 - u / 0.1, 0, 1)
    push = np.clip((u - 0.36) / (_STANCE - 0.36), 0, 1) ** 2
    stance_pitch = _HEEL_STRIKE * strike + _TOE_OFF * push
    swing_pitch = _TOE_OFF * (1 - np.clip(s / 0.6, 0, 1)) ** 2 + _HEEL_STRIKE * np.clip((s - 0.5) / 0.5, 0, 1)
    air = np.sin(np.pi * s) * swing
    return place, air, np.where(swing, swing_pitch, stance_pitch)


def _feet(motion: _Motion, side: int) -> tuple[Floats, Floats, Floats]:
    """Ankle (n, 3) in the body frame, foot pitch, and how far the foot is through its lift from the ground (0..1)."""
    place, air, pitch = _step(motion.phase + (0.0 if side > 0 else np.pi))
    stagger = side * ((0.13 - 0.06 * motion.skirt) * motion.work + 0.02 * motion.rest) + motion.sit * (
        0.36 + 0.03 * side
    )
    x = place * STRIDE_PER_HEIGHT * figure.ADULT_M * motion.walk + stagger
    pitch = pitch * motion.walk
    pivot = np.where(pitch < 0, figure.TOE_M, figure.HEEL_M)
    c, s = np.cos(pitch), np.sin(pitch)
    ankle_x = x + pivot - (pivot * c + figure.ANKLE_M * s)
    ankle_z = air * _SWING_LIFT_M * motion.walk - (pivot * s - figure.ANKLE_M * c)
    apart = side * (figure.HIP[1] + 0.015 * motion.rest + 0.03 * motion.work - 0.02 * motion.walk)
    return np.stack([ankle_x, apart, ankle_z], axis=1), pitch, air


def _legs(body: _Body, motion: _Motion) -> None:
    """Places the pelvis as high as both legs reach, then bends hips and knees to meet the ankles."""
    feet = {side: _feet(motion, side) for side in (1, -1)}
    turn = 0.09 * np.cos(motion.phase) * motion.walk * motion.brisk
    body.pelvis_turn = _about_z(-turn)
    sway = 0.02 * np.sin(motion.phase) * motion.walk + 0.018 * motion.wave(6.3) * motion.rest * (1 - motion.sit)
    heights = [np.full_like(sway, figure.PELVIS_M - 0.022 - 0.015 * motion.walk - 0.04 * motion.work * ~motion.skirt)]
    for ankle, _, free in feet.values():
        spread = ankle[:, 0] ** 2 + 0.03**2
        heights.append(ankle[:, 2] + np.sqrt(_REACH_M**2 - np.minimum(spread, 0.5)) - figure.HIP[2] + 0.05 * free)
    soft = 0.006
    standing = -soft * np.log(np.exp(-np.stack(heights) / soft).sum(axis=0))
    height = standing + (SEAT_M / motion.size + 0.09 - standing) * motion.sit
    body.pelvis = np.stack([np.zeros_like(sway), sway, height], axis=1)
    for side, (ankle, pitch, _) in feet.items():
        _leg(body, motion, side, ankle, pitch)


def _leg(body: _Body, motion: _Motion, side: int, ankle: Floats, pitch: Floats) -> None:
    name = "left" if side > 0 else "right"
    hip = body.pelvis + body.pelvis_turn @ (np.array(figure.HIP) * (1, side, 1))
    reach = ankle - hip
    a, b = figure.UPPER_LEG_M, figure.LOWER_LEG_M
    distance = np.clip(np.linalg.norm(reach, axis=1), 0.1, 0.9999 * (a + b))
    splay = np.arctan2(reach[:, 1], -reach[:, 2])
    forward = np.arctan2(reach[:, 0], np.hypot(reach[:, 1], reach[:, 2]))
    hip_angle = forward + np.arccos(np.clip((a**2 + distance**2 - b**2) / (2 * a * distance), -1, 1))
    knee = np.pi - np.arccos(np.clip((a**2 + b**2 - distance**2) / (2 * a * b), -1, 1))
    thigh = _about_x(splay) @ _lift(hip_angle)
    shin = thigh @ _lift(-knee)
    wide = np.stack([1 + 0.25 * (motion.build - 0.3)] * 2 + [np.ones_like(knee)], axis=1)
    at_knee = hip + thigh @ np.array([0, 0, -a])
    body.put(f"upper_leg_{name}", thigh, hip, wide)
    body.put(f"lower_leg_{name}", shin, at_knee)
    body.put(f"foot_{name}", _lift(pitch), at_knee + shin @ np.array([0, 0, -b]))


def _upper_body(body: _Body, motion: _Motion) -> None:
    """Torso, head and arms."""
    swing = np.cos(motion.phase) * motion.walk * motion.brisk
    stroke = motion.wave(1.7)
    lean = -0.06 * motion.walk * motion.brisk - motion.work * (0.26 - 0.12 * stroke) - 0.06 * (1 - motion.mood) / 2
    lean += 0.05 * motion.sit + 0.03 * motion.wave(2.9) * motion.speak - 0.25 * motion.asleep
    upright = _about_z(0.1 * swing) @ _lift(lean) @ _about_x(-0.02 * motion.wave(6.3) * motion.rest)
    breath = 1 + 0.012 * motion.wave(3.6)
    girth = 0.9 + 0.3 * motion.build
    body.put("torso", upright, body.pelvis, np.stack([girth * breath, 0.5 + 0.5 * girth, np.ones_like(girth)], axis=1))
    _head(body, motion, upright)
    hands = [_arm(body, motion, side, upright, swing, stroke) for side in (1, -1)]
    body.put("tool", _lift(-0.6 + 0.42 * stroke), (hands[0] + hands[1]) / 2)


def _head(body: _Body, motion: _Motion, upright: Floats) -> None:
    neck = body.pelvis + upright @ np.array(figure.NECK)
    nods = 0.10 * motion.wave(0.9) * np.clip(motion.wave(4.7, 0.3), 0, 1)
    pitch = motion.look_pitch + nods * (motion.listen + 0.8 * motion.speak) - 0.35 * motion.work - 0.6 * motion.asleep
    glance = 0.25 * motion.wave(9.0, 0.7) * motion.wave(5.2, 1.3) * motion.rest * ~motion.looks
    tilt = 0.07 * motion.wave(3.1, 0.5) * (motion.speak + motion.listen)
    turn = (
        _about_z(motion.look_yaw + glance * (1 - motion.work))
        @ _lift(pitch - 0.05 * (motion.mood < -0.3))
        @ _about_x(tilt)
    )
    for part in ("head", "beard", *_HAIR_STYLES, *_HATS):
        body.put(part, turn, neck)


def _arm(body: _Body, motion: _Motion, side: int, upright: Floats, swing: Floats, stroke: Floats) -> Floats:
    """Places one arm and returns where its palm is (n, 3)."""
    name = "left" if side > 0 else "right"
    broad = 0.97 + 0.1 * motion.build
    shoulder = np.array(figure.SHOULDER) * np.stack([np.ones_like(broad), side * broad, np.ones_like(broad)], axis=1)
    at = body.pelvis + np.einsum("nij,nj->ni", upright, shoulder)
    beat = motion.wave(1.3 + 0.2 * side, 0.4 * side)
    emphasis = np.clip(0.55 + 0.6 * motion.wave(3.7, side), 0, 1) * motion.speak
    raise_ = -side * 0.5 * swing + 0.04 * motion.wave(3.6) + emphasis * (0.45 + 0.2 * beat) + 0.35 * motion.sit
    raise_ += motion.work * (0.85 + 0.3 * stroke + 0.15 * side)
    bend = 0.22 + 0.28 * motion.walk * motion.brisk + emphasis * (1.25 + 0.35 * beat)
    bend += 0.75 * motion.sit * (1 - motion.speak) + motion.work * (0.5 + 0.3 * stroke)
    out = 0.1 + 0.05 * motion.build + 0.16 * emphasis - 0.16 * motion.work
    inward = -side * (0.85 * motion.work + 0.3 * motion.sit * (1 - motion.speak))
    upper = upright @ _about_x(side * out) @ _lift(raise_)
    lower = upper @ _about_z(inward + side * 0.35 * emphasis) @ _lift(bend)
    elbow = at + upper @ np.array([0, 0, -figure.UPPER_ARM_M])
    body.put(f"upper_arm_{name}", upper, at)
    body.put(f"lower_arm_{name}", lower, elbow)
    hand = lower @ _lift(0.15 + 0.35 * emphasis * beat)
    wrist = elbow + lower @ np.array([0, 0, -figure.LOWER_ARM_M])
    body.put(f"hand_{name}", hand, wrist)
    palm: Floats = wrist + hand @ np.array([0, 0, -0.06])
    return palm


def _skirt(body: _Body, motion: _Motion) -> None:
    """The skirt hangs from the pelvis, opened along x by long steps and laid forward over a seat."""
    girth = 1.05 * (0.9 + 0.3 * motion.build)
    stride = np.abs(np.cos(motion.phase)) * motion.walk
    turn = body.pelvis_turn @ _lift(1.15 * motion.sit + 0.05 * np.sin(2 * motion.phase) * motion.walk)
    body.put("skirt", turn, body.pelvis, np.stack([girth * (1 + 0.1 * stride), girth, 1 - 0.22 * motion.sit], axis=1))


def _worn(looks: Rows, villagers: Rows) -> NDArray[np.bool_]:
    """Which parts each villager wears (n, P)."""
    worn = np.ones((len(looks), len(figure.PARTS)), dtype=bool)
    hood = looks["hat"] == 3
    for style, part in enumerate(_HAIR_STYLES):
        worn[:, _INDEX[part]] = (looks["hair_style"] == style) & ~hood
    for kind, part in enumerate(_HATS, start=1):
        worn[:, _INDEX[part]] = looks["hat"] == kind
    worn[:, _INDEX["beard"]] = looks["beard"] == 1
    worn[:, _INDEX["tool"]] = (villagers["activity"] == Activity.WORK) & (villagers["speed_m_s"] < _FULL_STEP_M_S)
    worn[:, _INDEX["skirt"]] = looks["skirt"] == 1
    for part in ("upper_leg_left", "upper_leg_right"):
        worn[:, _INDEX[part]] = looks["skirt"] == 0  # a bent knee would come through the cloth
    return worn
