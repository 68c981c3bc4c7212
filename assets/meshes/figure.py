"""The parts villagers are put together from: one adult of 1.72 m, each part in the frame of its own joint.

Part frames look along x, y is to the left, z up; limbs hang down from their joint. Colours of slotted parts are
near white: they multiply the instance's colour of that slot.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from assets.meshes.mesh import Mesh, box, faceted, icosphere, join, lathe, smooth, turn

ADULT_M = 1.72
SKIN, HAIR, TOP, LEGS, HAT = 1, 2, 3, 4, 5

# Joints of the adult in metres; proportions after Drillis & Contini 1966, with the head a tenth larger for charm.
UPPER_LEG_M = 0.41
LOWER_LEG_M = 0.41
ANKLE_M = 0.08  # above the sole
HEEL_M = -0.075  # sole's ends along x from the ankle
TOE_M = 0.165
HIP = (0.0, 0.092, -0.02)  # left hip from the pelvis
SHOULDER = (0.0, 0.188, 0.475)  # left shoulder from the pelvis
NECK = (0.0, 0.0, 0.53)  # head joint from the pelvis
UPPER_ARM_M = 0.275
LOWER_ARM_M = 0.24
PELVIS_M = 0.92  # pelvis above the sole with straight legs

PARTS: tuple[str, ...] = (
    "torso",
    "head",
    "hair_short",
    "hair_long",
    "hair_bun",
    "beard",
    "straw_hat",
    "cap",
    "hood",
    "skirt",
    "upper_arm_left",
    "upper_arm_right",
    "lower_arm_left",
    "lower_arm_right",
    "hand_left",
    "hand_right",
    "upper_leg_left",
    "upper_leg_right",
    "lower_leg_left",
    "lower_leg_right",
    "foot_left",
    "foot_right",
)

_WHITE = (255.0, 255.0, 255.0)
_LEATHER = (74.0, 52.0, 38.0)
_EYE = (34.0, 26.0, 24.0)
_MOUTH = (206.0, 140.0, 128.0)  # multiplies the skin
_SKULL = np.array([0.108, 0.1, 0.132])  # half axes in metres
_SKULL_AT = np.array([0.012, 0.0, 0.17])  # from the neck joint


@cache
def figure_parts() -> tuple[Mesh, ...]:
    """The mesh of each part, in the order of PARTS."""
    shared = {
        "torso": _torso(),
        "head": _head(),
        "hair_short": _hair(-0.1, 0.0),
        "hair_long": _hair(-0.3, 0.03),
        "hair_bun": join([_hair(-0.08, 0.0), _bun()]),
        "beard": _beard(),
        "straw_hat": _straw_hat(),
        "cap": _cap(),
        "hood": _hood(),
        "skirt": _skirt(),
    }
    paired = {
        "upper_arm": _upper_arm(),
        "lower_arm": _lower_arm(),
        "hand": _hand(),
        "upper_leg": _upper_leg(),
        "lower_leg": _lower_leg(),
        "foot": _foot(),
    }
    for name, left in paired.items():
        shared[f"{name}_left"] = left
        shared[f"{name}_right"] = left.transformed(scale=(1, -1, 1))
    return tuple(shared[name] for name in PARTS)


def _limb(rows: list[tuple[float, float, float]], sides: int, slot: int, flat: float = 1.0) -> Mesh:
    """A tapered limb from (radius, z, brightness 0..1) rows, rising; `flat` squeezes it along x."""
    profile = np.array(rows)
    mesh = lathe(profile[:, :2], sides, profile[:, 2:] * 255.0)
    return mesh.transformed(scale=(flat, 1.0, 1.0)).marked(slot=slot)


def _torso() -> Mesh:
    pelvis = _limb([(0.0, -0.12, 0.7), (0.11, -0.09, 0.75), (0.155, 0.0, 0.9), (0.14, 0.07, 0.95)], 8, LEGS, 0.72)
    belt = lathe([(0.143, 0.05), (0.146, 0.095), (0.12, 0.1)], 8, _LEATHER).transformed(scale=(0.75, 1, 1))
    rows = [(0.14, 0.08, 0.78), (0.148, 0.2, 0.92), (0.185, 0.38, 1.0), (0.165, 0.475, 1.0), (0.06, 0.535, 0.85)]
    shirt = _limb(rows, 8, TOP, 0.66)
    collar = _limb([(0.085, 0.5, 0.7), (0.07, 0.55, 0.8), (0.0, 0.54, 0.5)], 6, TOP, 0.8)
    return join([pelvis, belt, shirt, collar])


def _head() -> Mesh:
    neck = _limb([(0.055, -0.03, 0.72), (0.05, 0.09, 0.7)], 6, SKIN)
    ball = icosphere(1, _WHITE)
    direction = ball.positions.astype(np.float64)
    jaw = 1.0 - 0.22 * np.clip(-direction[:, 2], 0, 1) * (1 - 0.35 * np.clip(direction[:, 0], 0, 1))
    points = direction * _SKULL * np.column_stack([np.ones_like(jaw), jaw, np.ones_like(jaw)]) + _SKULL_AT
    skull = smooth(points, ball.triangles, _WHITE).marked(slot=SKIN)
    cheek = np.exp(-(((direction - (0.78, 0.45, -0.25)) ** 2).sum(axis=1)) / 0.12)
    cheek += np.exp(-(((direction - (0.78, -0.45, -0.25)) ** 2).sum(axis=1)) / 0.12)
    skull = skull.tinted(1.0 - cheek[:, None] * (0.02, 0.13, 0.13))
    parts = [neck, skull, _nose()]
    for side in (-1, 1):
        eye = icosphere(0, _EYE).transformed(turn(yaw=side * 0.4), (0.107, side * 0.042, 0.187), (0.008, 0.0155, 0.021))
        brow = box((0.112, side * 0.043, 0.221), (0.012, 0.04, 0.009), _WHITE).tinted(0.7).marked(slot=HAIR)
        ear = icosphere(0, _WHITE).transformed(None, (0.0, side * 0.1, 0.165), (0.022, 0.014, 0.03)).tinted(0.93)
        parts += [eye, brow, ear.marked(slot=SKIN)]
    mouth = box((0.104, 0.0, 0.103), (0.02, 0.05, 0.011), _MOUTH).marked(slot=SKIN)
    return join([*parts, mouth])


def _nose() -> Mesh:
    points = [(0.112, 0, 0.195), (0.15, 0, 0.146), (0.105, 0.021, 0.136), (0.105, -0.021, 0.136)]
    faces = [(0, 1, 2), (0, 3, 1), (1, 3, 2), (0, 2, 3)]
    return faceted(points, faces, (250.0, 236.0, 230.0)).marked(slot=SKIN)


def _shell(hem: NDArray[np.float64], grow: float, fall: float, rgb: float, slot: int) -> Mesh:
    """A bowl over the skull: `hem` is the height its rim reaches at each of evenly spaced azimuths, in skull half axes.

    Below the equator it hangs down, drawn in by `fall`.
    """
    n = len(hem)
    azimuth = np.arange(n) * 2 * np.pi / n
    rings = []
    for level in (0.45, 0.8, 1.0):
        height = 1.0 - (1.0 - hem) * level
        radius = np.where(height > 0, np.sqrt(np.clip(1 - height**2, 0.02, 1)), 1.0 + fall * height)
        rings.append(np.column_stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height]))
    points = np.concatenate([*rings, [[0.0, 0.0, 1.0]]]) * _SKULL * grow + _SKULL_AT + (-0.008, 0, 0.004)
    k = np.arange(n)
    j = (k + 1) % n
    triangles = [np.stack([np.full(n, 3 * n), k, j], axis=1)]
    for ring in range(2):
        a, b = ring * n, (ring + 1) * n
        triangles += [np.stack([a + k, b + k, b + j], axis=1), np.stack([a + k, b + j, a + j], axis=1)]
    mesh = smooth(points, np.concatenate(triangles), (rgb, rgb, rgb))
    return mesh.tinted(0.78 + 0.22 * np.clip((mesh.positions[:, 2] - 0.05) / 0.2, 0, 1)).marked(slot=slot)


def _hair(back_m: float, parting: float) -> Mesh:
    azimuth = np.arange(10) * 2 * np.pi / 10
    front = np.clip((np.cos(azimuth) - 0.25) / 0.55, 0, 1)
    hem = front * (0.56 + parting) + (1 - front) * back_m / _SKULL[2]
    return _shell(hem, 1.1, 0.06, 255.0, HAIR)


def _bun() -> Mesh:
    return icosphere(0, _WHITE).transformed(None, (-0.112, 0, 0.235), 0.056).tinted(0.9).marked(slot=HAIR)


def _beard() -> Mesh:
    ball = icosphere(1, _WHITE)
    p = ball.positions.astype(np.float64)
    p[:, 2] = np.where(p[:, 2] > 0, p[:, 2] * 0.45, p[:, 2])
    keep = p[ball.triangles].mean(axis=1)[:, 0] > -0.35
    mesh = smooth(p * (0.062, 0.088, 0.098) + (0.068, 0, 0.082), ball.triangles[keep], _WHITE)
    return mesh.painted((170, 170, 170), _WHITE, 0.0, 0.1).marked(slot=HAIR)


def _straw_hat() -> Mesh:
    rows = [(0.11, 0.222, 0.5), (0.255, 0.2, 0.62), (0.255, 0.207, 1.0), (0.135, 0.25, 0.98), (0.13, 0.285, 0.62)]
    rows += [(0.118, 0.335, 0.95), (0.0, 0.358, 1.0)]
    return _limb(rows, 9, HAT).transformed(turn(pitch=-0.06), (0.0, 0, 0.0))


def _cap() -> Mesh:
    rows = [(0.118, 0.21, 0.6), (0.138, 0.222, 0.75), (0.152, 0.268, 1.0), (0.1, 0.318, 1.0), (0.0, 0.328, 1.0)]
    crown = _limb(rows, 8, HAT).transformed(turn(pitch=0.1), (-0.022, 0, 0.0))
    points = [(0.085, 0.1, 0.225), (0.19, 0.055, 0.212), (0.19, -0.055, 0.212), (0.085, -0.1, 0.225)]
    peak = faceted(points, [(3, 2, 1, 0), (0, 1, 2, 3)], [(150, 150, 150), (215, 215, 215)]).marked(slot=HAT)
    return join([crown, peak])


def _hood() -> Mesh:
    azimuth = np.arange(10) * 2 * np.pi / 10
    front = np.clip((np.cos(azimuth) - 0.4) / 0.45, 0, 1)
    cowl = _shell(front * 0.66 + (1 - front) * -1.15, 1.24, 0.14, 255.0, HAT)
    tip = lathe([(0.07, 0.0), (0.035, 0.07), (0.0, 0.13)], 6, (225.0, 225.0, 225.0))
    tip = tip.transformed(turn(pitch=-1.9), (-0.08, 0, 0.25)).marked(slot=HAT)
    cape = _limb([(0.235, -0.13, 0.72), (0.215, -0.05, 0.95), (0.1, 0.05, 0.8)], 9, HAT, 0.72)
    return join([cowl, tip, cape])


def _skirt() -> Mesh:
    rows = [(0.315, -0.64, 0.72), (0.285, -0.6, 1.0), (0.215, -0.25, 0.95), (0.168, -0.02, 0.95), (0.142, 0.09, 0.85)]
    mesh = _limb(rows, 10, LEGS, 0.9)
    apron = [(0.146, 0.06, 0.08), (0.146, -0.06, 0.08), (0.272, -0.12, -0.46), (0.272, 0.12, -0.46)]
    return join([mesh, faceted(apron, [(0, 3, 2, 1)], (226.0, 218.0, 200.0)).transformed(offset=(0.012, 0, 0))])


def _upper_arm() -> Mesh:
    rows = [(0.0, -0.29, 0.7), (0.046, -UPPER_ARM_M, 0.85), (0.056, -0.1, 0.95), (0.062, 0.0, 1.0), (0.0, 0.055, 1.0)]
    return _limb(rows, 6, TOP)


def _lower_arm() -> Mesh:
    sleeve = _limb([(0.047, -0.17, 0.72), (0.05, -0.155, 1.0), (0.047, 0.0, 0.95), (0.0, 0.035, 0.9)], 6, TOP)
    return join([sleeve, _limb([(0.028, -LOWER_ARM_M - 0.01, 0.95), (0.036, -0.165, 0.8)], 6, SKIN)])


def _hand() -> Mesh:
    palm = icosphere(0, _WHITE).transformed(None, (0.006, 0, -0.062), (0.036, 0.024, 0.068))
    thumb = icosphere(0, _WHITE).transformed(turn(pitch=0.5), (0.036, -0.006, -0.045), (0.014, 0.014, 0.034))
    return join([palm, thumb]).marked(slot=SKIN)


def _upper_leg() -> Mesh:
    rows = [(0.0, -0.455, 0.8), (0.06, -UPPER_LEG_M, 0.85), (0.075, -0.2, 0.95), (0.092, 0.0, 0.85), (0.0, 0.06, 0.8)]
    return _limb(rows, 6, LEGS)


def _lower_leg() -> Mesh:
    trouser = _limb([(0.062, -0.235, 0.72), (0.064, -0.215, 0.95), (0.062, 0.0, 0.95), (0.0, 0.04, 0.9)], 6, LEGS)
    boot = lathe([(0.048, -LOWER_LEG_M - 0.01), (0.056, -0.225)], 6, _LEATHER)
    return join([trouser, boot])


def _foot() -> Mesh:
    sole = [(HEEL_M, -0.032), (0.06, -0.05), (TOE_M, -0.025), (TOE_M, 0.03), (0.06, 0.045), (HEEL_M, 0.032)]
    upper = [(-0.062, -0.03), (0.03, -0.042), (0.135, -0.02), (0.135, 0.024), (0.03, 0.04), (-0.062, 0.03)]
    lift = [0.04, 0.02, -0.04, -0.04, 0.02, 0.04]
    points = [(x, y, -ANKLE_M) for x, y in sole] + [(x, y, z) for (x, y), z in zip(upper, lift, strict=True)]
    sides = [(k, (k + 1) % 6, 6 + (k + 1) % 6, 6 + k) for k in range(6)]
    top = [(6, 7, 10, 11), (7, 8, 9, 10)]
    return faceted(points, [*sides, *top, (5, 4, 3, 2, 1, 0)], _LEATHER).painted(
        (46, 33, 26), (92, 66, 48), -0.08, 0.04
    )
