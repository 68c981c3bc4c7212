"""What drives a figure's joints, and how feet go: the villagers' columns as blend weights, phases and slow waves."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from assets.meshes import figure
from assets.palette import Activity, Bearing, Gesture, Load, Seat

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
_SPOKEN_SYLLABLE_S = 0.21  # English conversation has some five syllables a second (Tauroza & Allison 1990)
_BLINK_S = 0.16  # and one blink every 3 to 5 seconds (Bentivoglio et al. 1997)
_BENT_LOW = (Load.HOE, Load.RAKE)
_HELD_UPRIGHT = (Load.CROOK, Load.BOOK, Load.FISHING_ROD, Load.BASKET, Load.SACK, Load.BUCKET)
SHOULDERED = (Load.HOE, Load.RAKE, Load.BROOM, Load.AXE, Load.FISHING_ROD)


class Motion:
    """The villagers' columns as blend weights 0..1 and slow oscillations; everything (n,)."""

    def __init__(self, looks: Rows, villagers: Rows, time_s: float, rows: NDArray[np.integer]) -> None:
        """`rows` of both tables; the rest of the villagers is there to be looked at."""
        sizes = looks["height_m"].astype(np.float64) / figure.ADULT_M
        self.look_yaw, self.look_pitch, self.looks = _looking(villagers, sizes, rows)
        looks, villagers = looks[rows], villagers[rows]
        activity = villagers["activity"]
        speed = villagers["speed_m_s"].astype(np.float64)
        ramp = np.clip(speed / _FULL_STEP_M_S, 0, 1)
        self.time_s = time_s
        self.own = rows * 2.399963  # golden angle: neighbours never move in step
        self.size = sizes[rows]
        self.build = looks["build"].astype(np.float64)
        self.female = looks["female"] == 1
        self.skirt = looks["skirt"] == 1
        self.stoop = np.clip((looks["age_years"].astype(np.float64) - 60) / 22, 0, 1)
        self.sit = ((activity == Activity.SIT) | (activity == Activity.SLEEP)).astype(np.float64)
        self.ground = self.sit * (villagers["seat"] == Seat.GROUND)
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
        self.swing = np.cos(self.phase) * self.walk * self.brisk
        self.stroke = self.wave(1.7)
        self.mood = villagers["mood"].astype(np.float64)
        self.hunched = (villagers["bearing"] == Bearing.HUNCHED).astype(np.float64)
        self.sheltering = (villagers["bearing"] == Bearing.SHELTERING) * (1 - self.work) * (1 - self.sit)
        self.load = np.where(self.sit > 0, Load.NOTHING, villagers["carries"]).astype(np.int64)
        self.lantern = (villagers["lantern"] == 1) * (1 - self.sit)
        self.cane = (looks["cane"] == 1) & (self.load == Load.NOTHING) & (self.sit == 0)
        low, upright = among(self.load, _BENT_LOW), among(self.load, _HELD_UPRIGHT)
        self.bent = self.work * np.where(low, 0.30, np.where(upright, 0.02, 0.16))  # over the work in hand, radians
        self.gesture = villagers["gesture"]
        self.gesturing = villagers["gesturing"].astype(np.float64)

    def wave(self, period_s: float, shift: float = 0.0) -> Floats:
        """A sine of the given period, out of step between villagers."""
        sine: Floats = np.sin(2 * np.pi * self.time_s / period_s + self.own * (1 + shift) + shift)
        return sine

    def girth(self) -> tuple[Floats, Floats]:
        """How wide a body is for its bones, from front to back and from side to side."""
        deep = 0.9 + 0.3 * self.build
        return deep, 0.5 + 0.5 * deep

    def doing(self, gesture: Gesture) -> Floats:
        """How far each carries out this gesture, 0..1."""
        weight: Floats = self.gesturing * (self.gesture == gesture)
        return weight

    def blink(self) -> Floats:
        """How far the lids are closed, 0..1: from the time alone."""
        period = 3.2 + 1.6 * ((self.own * 0.618) % 1.0)
        since = (self.time_s + self.own) % period
        closing = np.clip(1 - np.abs(since - _BLINK_S / 2) / (_BLINK_S / 2), 0, 1)
        return np.asarray(np.maximum(closing, self.asleep))

    def mouth(self) -> Floats:
        """How far the mouth is open, 0..1."""
        syllable = np.abs(np.sin(np.pi * self.time_s / _SPOKEN_SYLLABLE_S + self.own))
        open_: Floats = (self.speak > 0) * syllable * (0.45 + 0.55 * np.abs(self.wave(0.83, 0.3)))
        return np.maximum(open_, 0.8 * self.doing(Gesture.LAUGH))


def among(loads: NDArray[np.int64], kinds: tuple[Load, ...]) -> NDArray[np.bool_]:
    """Which of these loads are of these kinds."""
    return _table(kinds)[loads]


@cache
def _table(kinds: tuple[Load, ...]) -> NDArray[np.bool_]:
    return np.array([load in kinds for load in Load])


def _looking(villagers: Rows, size: Floats, rows: NDArray[np.integer]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Yaw from the heading and pitch towards the villager looked at, 0 where there is none; and where there is one."""
    own = villagers[rows]
    other = own["look_at"].astype(np.int64)
    seen = (other >= 0) & (other < len(villagers))
    target = np.where(seen, other, rows)
    theirs = villagers[target]
    seen &= theirs["indoors"] == 0
    dx, dy = ((theirs[name] - own[name]).astype(np.float64) for name in ("x", "y"))
    rise = theirs["z"] - own["z"] + 1.6 * (size[target] - size[rows])
    away = np.hypot(dx, dy)
    seen &= away > 1e-3
    yaw = (np.arctan2(dy, dx) - own["heading"] + np.pi) % (2 * np.pi) - np.pi
    pitch = np.arctan2(rise, np.maximum(away, 0.3))
    return np.clip(yaw, -LOOK_LIMIT, LOOK_LIMIT) * seen, np.clip(pitch, -NOD_LIMIT, NOD_LIMIT) * seen, seen


def step(phase: Floats) -> tuple[Floats, Floats, Floats]:
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


def feet(motion: Motion) -> tuple[Floats, Floats, Floats]:
    """Ankles (n, 2, 3) left and right in the body frame, their pitch (n, 2), and how far each is in the air (n, 2)."""
    side = np.array([1.0, -1.0])
    place, air, pitch = step(motion.phase[:, None] + np.array([0.0, np.pi]))
    m = _Columns(motion)
    stagger = side * ((0.13 - 0.06 * m.skirt) * m.work + 0.02 * m.rest) + m.sit * (0.36 + 0.03 * side + 0.17 * m.ground)
    x = place * STRIDE_PER_HEIGHT * figure.ADULT_M * m.walk + stagger
    pitch = pitch * m.walk
    pivot = np.where(pitch < 0, figure.TOE_M, figure.HEEL_M)
    c, s = np.cos(pitch), np.sin(pitch)
    ankle_x = x + pivot - (pivot * c + figure.ANKLE_M * s)
    ankle_z = air * _SWING_LIFT_M * m.walk - (pivot * s - figure.ANKLE_M * c)
    apart = side * (figure.HIP_M[0] + 0.015 * m.rest + 0.03 * m.work - 0.02 * m.walk)
    return np.stack([ankle_x, np.broadcast_to(apart, x.shape), ankle_z], axis=2), pitch, air


class _Columns:
    """The weights that feet ask for, as columns (n, 1)."""

    def __init__(self, motion: Motion) -> None:
        self.skirt, self.work, self.rest = motion.skirt[:, None], motion.work[:, None], motion.rest[:, None]
        self.sit, self.ground, self.walk = motion.sit[:, None], motion.ground[:, None], motion.walk[:, None]
