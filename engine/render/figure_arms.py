"""What arms do: each posture, load, work and gesture as angles of both arms, blended by how much of it there is.

Angles of an arm: how far it is raised forward, how far out to the side, how far the elbow bends, how far the bent
forearm swings inward, how far the wrist bends, and how far the hand is turned (palm up or out).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from assets.palette import Gesture, Load
from engine.render.figure_gait import SHOULDERED, Floats, Motion, among

RAISE, OUT, BEND, INWARD, FLEX, TWIST = range(6)
Angles = tuple[float, float, float, float, float, float]

_STOOL: Angles = (0.42, 0.10, 0.95, 0.32, 0.15, 0.0)
_GROUND: Angles = (0.95, 0.12, 0.70, 0.50, 0.20, 0.0)
_CROSSED: Angles = (0.38, 0.02, 1.50, 1.05, 0.0, 0.0)
_HUNCHED: Angles = (0.22, 0.0, 2.10, 0.80, 0.0, 0.0)
_RESTING: Angles = (0.04, 0.10, 0.22, 0.0, 0.15, 0.0)
_OPEN: Angles = (0.32, 0.16, 1.20, -0.25, 0.10, 1.2)
_SHRUG: Angles = (0.12, 0.30, 1.55, -0.65, -0.1, 1.3)
_WAVE: Angles = (0.35, 0.95, 1.95, -1.15, 0.0, 0.4)
_FINGER: Angles = (0.75, 0.10, 1.85, 0.05, 0.10, 0.0)
_PALM: Angles = (0.75, 0.10, 1.45, 0.05, -0.35, -1.3)
_HEART: Angles = (0.42, 0.02, 1.95, 0.85, 0.0, 0.0)
_ON_SHOULDER: Angles = (0.50, 0.08, 1.95, 0.15, 0.0, 0.0)
_AT_SACK: Angles = (1.75, 0.25, 2.25, 0.1, 0.0, 0.0)
_IN_ARMS: Angles = (0.22, 0.06, 1.40, 0.25, 0.0, 0.9)
_ON_ARM: Angles = (0.10, 0.10, 1.42, 0.35, 0.0, 0.0)
_HANGING: Angles = (0.04, 0.20, 0.08, 0.0, 0.0, 0.0)
_STAFF: Angles = (0.42, 0.16, 0.95, 0.0, 0.0, 0.0)
_LANTERN: Angles = (0.42, 0.14, 0.95, 0.05, 0.0, 0.0)
_READING: Angles = (0.35, 0.05, 1.38, 0.42, 0.0, 0.9)
_KNEADING: Angles = (0.62, 0.06, 0.78, 0.25, 0.2, 0.0)
_TWO_HANDED: Angles = (0.85, -0.06, 0.55, 0.72, 0.15, 0.0)
_CASTING: Angles = (0.45, 0.05, 1.05, 0.42, 0.0, 0.0)
_HOLDING: Angles = (0.50, 0.05, 0.95, 0.45, 0.1, 0.0)
_STRIKING: Angles = (1.05, 0.12, 1.15, 0.10, 0.0, 0.0)
_CHOPPING: Angles = (1.35, 0.0, 0.75, 0.55, 0.0, 0.0)


def arms(motion: Motion) -> Floats:
    """Angles (n, 2, 6) of the left and the right arm."""
    n, stroke = len(motion.sit), motion.stroke
    angles = np.empty((n, 2, 6))
    angles[:] = _RESTING
    side = np.array([1.0, -1.0])
    striding = motion.walk * motion.brisk
    angles[..., RAISE] += -side * 0.5 * motion.swing[:, None] + 0.04 * motion.wave(3.6)[:, None]
    angles[..., BEND] += 0.28 * striding[:, None]
    angles[..., OUT] += 0.05 * motion.build[:, None]
    for weight, left, right, moving in (
        *_postures(motion),
        *_work(motion, stroke),
        *_loads(motion),
        *_gestures(motion),
    ):
        if not weight.any():
            continue
        target = np.empty((n, 2, 6))
        target[:, 0], target[:, 1] = left or angles[:, 0], right or angles[:, 1]
        if moving is not None:
            target += moving
        angles += (target - angles) * weight[:, None, None]
    return angles


Pose = tuple[NDArray[np.floating], Angles | None, Angles | None, Floats | None]


def _moved(n: int, *, both: dict[int, Floats] | None = None, right: dict[int, Floats] | None = None) -> Floats:
    """Angles (n, 2, 6) to be added to a posture's."""
    moving = np.zeros((n, 2, 6))
    for angle, values in (both or {}).items():
        moving[:, :, angle] += values[:, None]
    for angle, values in (right or {}).items():
        moving[:, 1, angle] += values
    return moving


def _postures(motion: Motion) -> Iterator[Pose]:
    yield motion.sit * (1 - motion.ground), _STOOL, _STOOL, None
    yield motion.ground, _GROUND, _GROUND, None
    yield motion.sheltering, _CROSSED, _CROSSED, None
    n = len(motion.sit)
    if motion.hunched.any():
        pump = 0.12 * np.cos(motion.phase) * motion.walk
        moving = np.zeros((n, 2, 6))
        moving[:, 0, RAISE], moving[:, 1, RAISE] = -pump, pump
        yield 0.9 * motion.hunched * motion.walk, _HUNCHED, _HUNCHED, moving


def _work(motion: Motion, stroke: Floats) -> Iterator[Pose]:
    n, load, work = len(stroke), motion.load, motion.work
    if not work.any():
        return
    two = among(load, (Load.HOE, Load.RAKE, Load.BROOM))
    yield work * two, _TWO_HANDED, (0.70, *_TWO_HANDED[1:]), _moved(n, both={RAISE: 0.25 * stroke, BEND: 0.25 * stroke})
    hit = np.abs(stroke) * 1.3
    yield work * (load == Load.HAMMER), _HOLDING, _STRIKING, _moved(n, right={RAISE: 0.5 * hit, BEND: 0.5 * hit})
    chop = _moved(n, both={RAISE: 0.75 * stroke, BEND: 0.35 * stroke})
    yield work * (load == Load.AXE), _CHOPPING, _CHOPPING, chop
    knead = _moved(n, both={RAISE: 0.16 * stroke, BEND: -0.22 * stroke})
    yield work * among(load, (Load.DOUGH, Load.CLAY, Load.NOTHING)), _KNEADING, _KNEADING, knead
    yield work * (load == Load.FISHING_ROD), _CASTING, (0.30, *_CASTING[1:]), None
    yield work * (load == Load.BOOK), _READING, _READING, None


def _loads(motion: Motion) -> Iterator[Pose]:
    load, idle = motion.load, 1 - motion.work
    if motion.lantern.any():
        yield motion.lantern * (load != Load.FIREWOOD), _LANTERN, None, None
    if not (load.any() or motion.cane.any()):
        return
    yield idle * among(load, SHOULDERED), None, _ON_SHOULDER, None
    yield (load == Load.SACK) * 1.0, None, _AT_SACK, None
    yield (load == Load.FIREWOOD) * 1.0, _IN_ARMS, _IN_ARMS, None
    yield (load == Load.BASKET) * 1.0, None, _ON_ARM, None
    yield (load == Load.BUCKET) * 1.0, None, _HANGING, None
    yield idle * (load == Load.BOOK), None, _ON_ARM, None
    yield ((load == Load.CROOK) | motion.cane) * (1 - 0.35 * motion.walk), None, _STAFF, None


def _gestures(motion: Motion) -> Iterator[Pose]:
    n = len(motion.sit)
    talking = motion.gesturing * (motion.gesture != Gesture.NONE)
    if not talking.any():
        return
    free = np.where(among(motion.load, (Load.SACK, Load.FIREWOOD)), 0.0, 1.0)
    right, left = free, free * (1 - motion.lantern)
    beat = motion.wave(1.25, 0.4)
    emphasis = np.clip(0.55 + 0.6 * motion.wave(3.7), 0, 1)
    shown = np.zeros(len(Gesture), bool)
    shown[motion.gesture[talking > 0]] = True
    d = motion.doing
    if shown[Gesture.WAVE]:
        waving = _moved(n, right={INWARD: 0.32 * motion.wave(0.55)})
        yield d(Gesture.WAVE) * right, None, _WAVE, waving
    if shown[Gesture.BOW] or shown[Gesture.HAND_ON_HEART]:
        yield np.maximum(d(Gesture.BOW), d(Gesture.HAND_ON_HEART)) * right, None, _HEART, None
    if shown[Gesture.OPEN_PALMS]:
        yield d(Gesture.OPEN_PALMS) * left, _OPEN, _OPEN, _moved(n, both={BEND: 0.14 * beat, OUT: 0.06 * beat})
    if shown[Gesture.BEATS]:
        told = _moved(n, both={BEND: 0.28 * beat, RAISE: 0.10 * beat, FLEX: 0.3 * beat})
        other = (0.25 + 0.6 * np.clip(motion.wave(5.1, 1.2), 0, 1)) * left
        yield d(Gesture.BEATS) * emphasis * right, None, _OPEN, told
        yield d(Gesture.BEATS) * emphasis * other, _OPEN, None, told
    if shown[Gesture.SHRUG]:
        yield d(Gesture.SHRUG) * left, _SHRUG, _SHRUG, None
    if shown[Gesture.POINT]:
        yield d(Gesture.POINT) * right, None, _FINGER, _moved(n, right={BEND: 0.12 * beat})
    if shown[Gesture.PALM_OUT]:
        yield d(Gesture.PALM_OUT) * right, None, _PALM, _moved(n, right={RAISE: 0.08 * beat})
    if shown[Gesture.LAUGH]:
        yield 0.6 * d(Gesture.LAUGH) * right, None, _HEART, _moved(n, right={RAISE: 0.05 * motion.wave(0.4)})
