"""How villagers hold themselves: the angles of their joints from what a snapshot says, for all of them at once.

Sagittal angles are positive where they lift x towards z: a leg or arm swings forward, a head looks up, a torso
leans back.
"""

from __future__ import annotations

import numpy as np

from assets.meshes import figure
from assets.meshes.figure import BONES
from assets.palette import Gesture, Load
from engine.render.figure_arms import arms
from engine.render.figure_frames import REST, Bones, turned
from engine.render.figure_gait import SEAT_M, SHOULDERED, Floats, Motion, feet

_REACH_M = 0.992 * (figure.UPPER_LEG_M + figure.LOWER_LEG_M)  # knees never lock
_SIDE = np.array([1.0, -1.0])
_GROUND_SEAT_M = 0.135  # of the pelvis of one who sits on the ground
_BLINK = -0.80  # radians that a lid turns to close
_JAW = -0.17  # radians that the jaw drops at its widest
_ON_ARMS, _ON_PALMS = np.array([-0.06, 0.0, 0.05]), np.array([0.0, 0.0, 0.02])
_IN_HAND = (Load.HAMMER, Load.AXE)
_IN_ARMS = (Load.FIREWOOD, Load.BOOK, Load.DOUGH, Load.CLAY)
_TWO_HANDED = (Load.HOE, Load.RAKE, Load.BROOM, Load.AXE)


def posed(motion: Motion, eyes: Floats) -> Bones:
    """The bones of everybody. `eyes` (n, 3) are the left eyes in the model frame, about which lids turn."""
    bones = Bones(len(eyes))
    bones.pivot[:, BONES["lid_left"]] = eyes
    bones.pivot[:, BONES["lid_right"]] = eyes * (1, -1, 1)
    hips = _legs(bones, motion)
    _trunk(bones, motion)
    _head(bones, motion)
    _arms(bones, motion)
    bones.solve(hips)
    _hem(bones, motion)
    _held(bones, motion)
    return bones


def _legs(bones: Bones, motion: Motion) -> Floats:
    """Bends hips and knees to meet the ankles and returns the hips' place (n, 3), as high as both legs reach."""
    ankles, pitch, air = feet(motion)
    yaw = -0.09 * motion.swing
    sway = 0.02 * np.sin(motion.phase) * motion.walk + 0.018 * motion.wave(6.3) * motion.rest * (1 - motion.sit)
    hips = np.stack([-0.02 * motion.ground, sway, _pelvis_height(motion, ankles, air)], axis=1)
    aside = _SIDE * figure.HIP_M[0]
    joint = np.empty_like(ankles)
    joint[..., 0] = hips[:, :1] - np.sin(yaw)[:, None] * aside
    joint[..., 1] = hips[:, 1:2] + np.cos(yaw)[:, None] * aside
    joint[..., 2] = hips[:, 2:] + figure.HIP_M[1] - figure.PELVIS_M
    reach = ankles - joint
    a, b = figure.UPPER_LEG_M, figure.LOWER_LEG_M
    distance = np.clip(np.linalg.norm(reach, axis=2), 0.1, 0.9999 * (a + b))
    x, y = reach[..., 0], reach[..., 1]
    down = np.sqrt(np.maximum(distance**2 - x**2 - y**2, 1e-9))
    splay = np.arctan2(y, down)
    forward = np.arctan2(x, np.hypot(y, down))
    thigh = forward + np.arccos(np.clip((a**2 + distance**2 - b**2) / (2 * a * distance), -1, 1))
    shin = thigh - np.pi + np.arccos(np.clip((a**2 + b**2 - distance**2) / (2 * a * b), -1, 1))
    bones.angle("hips", yaw)
    bones.angle("upper_leg", roll=splay, lift=thigh)
    bones.angle("lower_leg", roll=splay, lift=shin)
    bones.angle("foot", lift=pitch)
    wide = 1 + 0.25 * (motion.build - 0.3)
    bones.widen("upper_leg", wide, wide)
    bones.widen("lower_leg", wide, wide)
    # a skirt's halves follow the thighs, its hem both shins, and long steps open it
    sit, ground, mean = motion.sit[:, None], motion.ground[:, None], thigh.mean(axis=1, keepdims=True)
    bones.angle("skirt", lift=(0.5 + 0.5 * sit - 0.3 * ground) * mean + (0.72 - 0.5 * sit) * (thigh - mean))
    bones.angle("hem", lift=shin.mean(axis=1) * (0.75 + 0.25 * motion.sit))
    girth, across = motion.girth()
    stride = np.abs(np.cos(motion.phase)) * motion.walk * np.minimum(motion.brisk, 1)
    bones.widen("skirt", girth * (1 + 0.25 * stride), across)
    bones.widen("hem", girth * (1 + 0.55 * stride), across)
    return hips


def _pelvis_height(motion: Motion, ankles: Floats, air: Floats) -> Floats:
    straight = figure.PELVIS_M - 0.022 - 0.015 * motion.walk - 0.04 * motion.work * ~motion.skirt
    straight = straight - 0.02 * motion.stoop - 0.03 * motion.hunched
    spread = np.minimum(ankles[..., 0] ** 2 + 0.03**2, 0.5)
    over = ankles[..., 2] + np.sqrt(_REACH_M**2 - spread) + (figure.PELVIS_M - figure.HIP_M[1]) + 0.05 * air
    soft = 0.006
    standing = -soft * np.log(np.exp(-straight / soft) + np.exp(-over / soft).sum(axis=1))
    seat = np.where(motion.ground > 0, _GROUND_SEAT_M, SEAT_M / motion.size + 0.09)
    height: Floats = standing + (seat - standing) * motion.sit
    return height


def _trunk(bones: Bones, motion: Motion) -> None:
    lean = -0.06 * motion.walk * motion.brisk - motion.bent * (1.0 - 0.45 * motion.stroke)
    lean += -0.03 * (1 - motion.mood) - 0.20 * motion.stoop * (1 - motion.sit) - 0.20 * motion.hunched * motion.walk
    lean += 0.05 * (motion.sit - motion.ground) - 0.22 * motion.ground - 0.30 * motion.asleep - 0.08 * motion.sheltering
    lean += 0.03 * motion.wave(2.9) * motion.speak - 0.05 * (motion.load == Load.SACK)
    lean += motion.doing(Gesture.LAUGH) * (0.10 + 0.03 * motion.wave(0.38)) - 0.62 * motion.doing(Gesture.BOW)
    aside = -0.02 * motion.wave(6.3) * motion.rest + 0.05 * (motion.load == Load.BUCKET)
    bones.angle("chest", 0.1 * motion.swing, aside, lean)
    breath = 1 + 0.012 * motion.wave(3.6)
    girth, across = motion.girth()
    bones.widen("hips", girth, across)
    bones.widen("chest", girth * breath, across)
    # a cloak hangs from the shoulders whatever the chest does, blown back by the walk, gathered by who sits
    back = 0.10 * motion.walk * motion.brisk + 0.015 * motion.wave(2.6) + 0.10 * motion.stoop * (1 - motion.sit)
    bones.angle("cloak", 0.05 * motion.swing, 0.05 * np.sin(motion.phase) * motion.walk, -back)
    bones.widen("cloak", girth * (1 + 0.12 * motion.sit), across)
    bones.scale[:, BONES["cloak"], 2] = 1 - 0.55 * motion.ground


def _head(bones: Bones, motion: Motion) -> None:
    """The head, and what the face does: blinking, speech and mood."""
    d = motion.doing
    laughing = d(Gesture.LAUGH)
    nods = 0.10 * motion.wave(0.9) * np.clip(motion.wave(4.7, 0.3), 0, 1)
    pitch = motion.look_pitch + nods * (motion.listen + 0.8 * motion.speak) - 0.6 * motion.asleep
    pitch += -0.12 * motion.work - 0.9 * motion.bent - 0.30 * motion.work * (motion.load == Load.BOOK)
    pitch += -0.22 * motion.hunched * motion.walk - 0.10 * motion.sheltering - 0.05 * (motion.mood < -0.3)
    pitch += 0.16 * d(Gesture.NOD) * motion.wave(0.75) - 0.45 * d(Gesture.BOW) + 0.20 * laughing
    glance = 0.25 * motion.wave(9.0, 0.7) * motion.wave(5.2, 1.3) * motion.rest * ~motion.looks
    yaw = motion.look_yaw + glance * (1 - motion.work) + 0.22 * d(Gesture.HEAD_SHAKE) * motion.wave(0.8)
    tilt = 0.07 * motion.wave(3.1, 0.5) * (motion.speak + motion.listen) + 0.16 * d(Gesture.SHRUG)
    bones.angle("head", yaw, tilt, pitch)
    bones.shift[:, BONES["head"], 0] = 0.03 * motion.stoop
    bones.shift[:, BONES["head"], 2] = -0.012 * motion.hunched
    glad = np.clip(1.2 * motion.mood + 0.9 * laughing, -1, 1)
    bones.angle("jaw", lift=_JAW * motion.mouth())
    bones.angle("lid", lift=(_BLINK * np.maximum(motion.blink(), 0.35 * laughing))[:, None])
    raised = 0.0035 * glad + 0.004 * np.clip(motion.wave(2.3, 0.7), 0, 1) * motion.speak
    bones.angle("brow", roll=_SIDE * (0.30 * np.minimum(glad, 0.15))[:, None])
    for k, side in enumerate(figure.SIDES):
        bones.shift[:, BONES[f"brow_{side}"], 2] = raised - 0.003 * d(Gesture.PALM_OUT)
        smile = bones.shift[:, BONES[f"smile_{side}"]]
        smile[:, 0], smile[:, 1], smile[:, 2] = -0.002 * np.abs(glad), _SIDE[k] * 0.0035 * glad, 0.0075 * glad


def _arms(bones: Bones, motion: Motion) -> None:
    raised, out, bend, inward, flex, twist = np.moveaxis(arms(motion), 2, 0)
    bones.angle("upper_arm", None, _SIDE * out, raised)
    bones.angle("lower_arm", -_SIDE * inward, None, bend)
    bones.angle("hand", _SIDE * twist, None, flex)
    broad = (0.97 + 0.1 * motion.build) * np.where(motion.female, 0.93, 1.0) - 1
    shrug = 0.03 * motion.doing(Gesture.SHRUG) + 0.012 * (motion.hunched + motion.sheltering)
    rows = slice(BONES["upper_arm_left"], BONES["upper_arm_right"] + 1)
    bones.shift[:, rows, 1] = _SIDE * (figure.SHOULDER_M[0] * broad)[:, None]
    bones.shift[:, rows, 2] = shrug[:, None]
    thick = 0.89 + 0.18 * motion.build - 0.06 * motion.female
    bones.widen("upper_arm", thick, thick)
    bones.widen("lower_arm", thick, thick)


def _hem(bones: Bones, motion: Motion) -> None:
    """The hem of a skirt hangs on the ends of both its halves."""
    hem, left = BONES["hem"], BONES["skirt_left"]
    halves = slice(left, left + 2)
    drop = (bones.turn[:, halves] @ (REST[hem] - REST[halves])[..., None])[..., 0]
    bones.at[:, hem] = (bones.at[:, halves] + drop).mean(axis=1)


def _held(bones: Bones, motion: Motion) -> None:
    """Places what is held, the lantern and the stool."""
    hands = slice(BONES["hand_left"], BONES["hand_left"] + 2)
    palms = bones.at[:, hands] + bones.turn[:, hands] @ np.array([0.0, 0.0, figure.PALM_M - figure.WRIST_M])
    lamp, seat = BONES["lantern"], BONES["seat"]
    bones.at[:, lamp] = palms[:, 0]
    swung = motion.lantern > 0
    if swung.any():
        zero = np.zeros(int(swung.sum()))
        bones.turn[swung, lamp] = turned(zero, 0.06 * motion.wave(1.9)[swung], zero)
    bones.at[:, seat, :2] = bones.at[:, BONES["hips"], :2]
    bones.scale[:, seat] = (1 / motion.size)[:, None]
    loaded = np.flatnonzero((motion.load != Load.NOTHING) | motion.cane)
    for row in loaded.tolist():
        turn, at = _grip(bones, motion, row, palms[row])
        bones.turn[row, BONES["held"]], bones.at[row, BONES["held"]] = turn, at


def _grip(bones: Bones, motion: Motion, row: int, palms: Floats) -> tuple[Floats, Floats]:
    """Turn (3, 3) and place (3,) of what one villager holds."""
    load, working = int(motion.load[row]), bool(motion.work[row] > 0.5)
    chest = bones.turn[row, BONES["chest"]]
    if working and load in _TWO_HANDED:
        stroke = float(motion.stroke[row])
        return _lifted(0.2 + 0.8 * stroke if load == Load.AXE else -0.62 + 0.34 * stroke), palms.mean(axis=0)
    if working and load == Load.FISHING_ROD:
        return _lifted(0.45), palms[1]
    if load in SHOULDERED:
        return chest @ _lifted(np.pi - 0.62, 0.12), palms[1]
    if load in _IN_HAND:
        hand: Floats = bones.turn[row, BONES["hand_right"]]
        return hand, palms[1]
    if load == Load.FIREWOOD:
        return np.eye(3), palms.mean(axis=0) + _ON_ARMS
    if load in _IN_ARMS and working:
        return _lifted(-0.35 if load == Load.BOOK else 0.0), palms.mean(axis=0) + _ON_PALMS
    if load == Load.SACK:
        return chest, bones.at[row, BONES["head"]] + chest @ np.array([-0.06, -0.17, 0.10])
    if load == Load.BASKET:
        return np.eye(3), 0.45 * bones.at[row, BONES["lower_arm_right"]] + 0.55 * palms[1]
    if load in (Load.CROOK, Load.NOTHING):
        high = palms[1, 2] if load == Load.CROOK else min(palms[1, 2], 0.79)
        return _lifted(0.10 * float(motion.swing[row])), np.array([palms[1, 0], palms[1, 1], high])
    return np.eye(3), palms[1]


def _lifted(lift: float, yaw: float = 0.0) -> Floats:
    return turned(np.array(yaw), np.array(0.0), np.array(lift))
