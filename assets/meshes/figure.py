"""The parts villagers are put together from: one adult of 1.72 m, each part in the frame of its own joint.

Part frames look along x, y is to the left, z up; limbs hang down from their joint. Colours of slotted parts are
near white: they multiply the instance's colour of that slot.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from assets.meshes.mesh import Mesh, beam, box, faceted, icosphere, join, lathe, prism, smooth, turn

ADULT_M = 1.72
SKIN, HAIR, TOP, LEGS, HAT = 1, 2, 3, 4, 5

# Joints of the adult in metres; proportions after Drillis & Contini 1966, with the head a fifth larger for charm.
UPPER_LEG_M = 0.41
LOWER_LEG_M = 0.41
ANKLE_M = 0.08  # above the sole
HEEL_M = -0.075  # sole's ends along x from the ankle
TOE_M = 0.165
HIP = (0.0, 0.092, -0.02)  # left hip from the pelvis
SHOULDER = (0.0, 0.172, 0.462)  # left shoulder from the pelvis
NECK = (0.0, 0.0, 0.5)  # head joint from the pelvis
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
    "tool",
)

_WHITE = (255.0, 255.0, 255.0)
_LEATHER = (74.0, 52.0, 38.0)
_SHELL_RINGS = (0.36, 0.68, 1.0)  # along the way from crown to rim
_EYE = (34.0, 26.0, 24.0)
_MOUTH = (206.0, 140.0, 128.0)  # multiplies the skin
_SKULL = np.array([0.13, 0.122, 0.155])  # half axes in metres
_SKULL_AT = np.array([0.014, 0.0, 0.168])  # from the neck joint


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
        "tool": _tool(),
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
    seat = _limb([(0.0, -0.13, 0.6), (0.12, -0.09, 0.7), (0.15, 0.02, 0.8)], 8, LEGS, 0.74)
    hem = _limb([(0.205, -0.13, 0.72), (0.182, -0.02, 0.95), (0.145, 0.07, 0.85)], 8, TOP, 0.9)
    belt = lathe([(0.152, 0.055), (0.152, 0.1)], 8, _LEATHER).transformed(scale=(0.76, 1, 1))
    rows = [(0.145, 0.08, 0.78), (0.156, 0.2, 0.94), (0.182, 0.37, 1.0), (0.16, 0.455, 1.0), (0.06, 0.51, 0.8)]
    shirt = _limb(rows, 8, TOP, 0.7)
    buckle = box((0.118, 0, 0.077), (0.012, 0.05, 0.045), (176, 148, 88))
    collar = _limb([(0.088, 0.475, 0.8), (0.076, 0.525, 0.7)], 6, TOP, 0.85)
    return join([seat, hem, belt, shirt, buckle, collar])


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
        eye = lathe([(0.0, -0.023), (0.016, -0.012), (0.016, 0.012), (0.0, 0.023)], 5, _EYE).transformed(
            scale=(0.55, 1, 1)
        )
        brow = box((0.0, 0.0, 0.0), (0.016, 0.05, 0.011), _WHITE).tinted(0.7).marked(slot=HAIR)
        ear = lathe([(0.0, -0.034), (0.024, 0.0), (0.0, 0.036)], 4, (238.0, 226.0, 222.0)).marked(slot=SKIN)
        parts.append(eye.transformed(turn(yaw=side * 0.42), (0.1275, side * 0.05, 0.182)))
        parts.append(
            brow.transformed(turn(yaw=side * 0.42, pitch=-0.15, roll=-side * 0.1), (0.118, side * 0.051, 0.222))
        )
        parts.append(ear.transformed(None, (0.004, side * 0.119, 0.168), (1, 0.5, 1)))
    mouth = [(0.128, 0.034, 0.108), (0.1365, 0.0, 0.1), (0.128, -0.034, 0.108), (0.133, 0.0, 0.088)]
    return join([*parts, faceted(mouth, [(0, 1, 3), (1, 2, 3)], _MOUTH).marked(slot=SKIN)])


def _nose() -> Mesh:
    points = [(0.137, 0, 0.185), (0.176, 0, 0.137), (0.128, 0.024, 0.13), (0.128, -0.024, 0.13)]
    faces = [(0, 1, 2), (0, 3, 1), (1, 3, 2), (0, 2, 3)]
    return faceted(points, faces, (250.0, 232.0, 226.0)).marked(slot=SKIN)


def _shell(hem: NDArray[np.float64], grow: float, fall: float, slot: int) -> Mesh:
    """A bowl over the skull: `hem` is the height its rim reaches at each of evenly spaced azimuths, in skull half axes.

    It follows the skull down to the equator and hangs from there, drawn in by `fall` per half axis.
    """
    n = len(hem)
    azimuth = np.arange(n) * 2 * np.pi / n
    length = np.where(hem > 0, np.arccos(np.clip(hem, 0, 1)), np.pi / 2 - hem)
    rings = []
    for share in _SHELL_RINGS:
        path = length * share
        hanging = path > np.pi / 2
        below = np.where(hanging, path - np.pi / 2, 0.0)
        radius = np.where(hanging, 1 - fall * below, np.sin(path))
        height = np.where(hanging, -below, np.cos(path))
        rings.append(np.column_stack([radius * np.cos(azimuth), radius * np.sin(azimuth), height]))
    points = np.concatenate([*rings, [[0.0, 0.0, 1.0]]]) * _SKULL * grow + _SKULL_AT + (-0.012, 0, 0.002)
    k = np.arange(n)
    j = (k + 1) % n
    triangles = [np.stack([np.full(n, len(points) - 1), k, j], axis=1)]
    for ring in range(len(_SHELL_RINGS) - 1):
        a, b = ring * n, (ring + 1) * n
        triangles += [np.stack([a + k, b + k, b + j], axis=1), np.stack([a + k, b + j, a + j], axis=1)]
    mesh = smooth(points, np.concatenate(triangles), _WHITE)
    return mesh.tinted(0.72 + 0.28 * np.clip((mesh.positions[:, 2] - 0.02) / 0.26, 0, 1)).marked(slot=slot)


def _hair(back_m: float, parting: float) -> Mesh:
    azimuth = np.arange(9) * 2 * np.pi / 9
    front = np.clip((np.cos(azimuth) - 0.1) / 0.5, 0, 1)
    return _shell(front * (0.6 + parting) + (1 - front) * back_m / _SKULL[2], 1.16, 0.06, HAIR)


def _bun() -> Mesh:
    return icosphere(0, _WHITE).transformed(None, (-0.13, 0, 0.25), 0.07).tinted(0.9).marked(slot=HAIR)


def _beard() -> Mesh:
    ball = icosphere(1, _WHITE)
    p = ball.positions.astype(np.float64)
    p[:, 2] = np.where(p[:, 2] > 0, p[:, 2] * 0.35, p[:, 2])
    keep = p[ball.triangles].mean(axis=1)[:, 0] > -0.1
    mesh = smooth(p * (0.078, 0.104, 0.12) + (0.072, 0, 0.078), ball.triangles[keep], _WHITE)
    return mesh.painted((165, 165, 165), _WHITE, -0.02, 0.1).marked(slot=HAIR)


def _straw_hat() -> Mesh:
    rows = [(0.13, 0.235, 0.5), (0.285, 0.205, 0.62), (0.285, 0.212, 1.0), (0.158, 0.258, 0.98), (0.153, 0.29, 0.6)]
    rows += [(0.14, 0.345, 0.95), (0.0, 0.37, 1.0)]
    return _limb(rows, 8, HAT).transformed(turn(pitch=-0.06))


def _cap() -> Mesh:
    rows = [(0.15, 0.215, 0.6), (0.172, 0.235, 0.75), (0.178, 0.28, 1.0), (0.12, 0.335, 1.0), (0.0, 0.345, 1.0)]
    crown = _limb(rows, 8, HAT).transformed(turn(pitch=0.1), (-0.024, 0, 0.0))
    points = [(0.1, 0.12, 0.24), (0.215, 0.065, 0.222), (0.215, -0.065, 0.222), (0.1, -0.12, 0.24)]
    peak = faceted(points, [(0, 1, 2, 3), (3, 2, 1, 0)], [(150, 150, 150), (215, 215, 215)]).marked(slot=HAT)
    return join([crown, peak])


def _hood() -> Mesh:
    azimuth = np.arange(9) * 2 * np.pi / 9
    front = np.clip((np.cos(azimuth) - 0.3) / 0.4, 0, 1)
    cowl = _shell(front * 0.62 + (1 - front) * -0.95, 1.24, 0.1, HAT)
    tip = lathe([(0.09, -0.03), (0.05, 0.06), (0.0, 0.15)], 5, (225.0, 225.0, 225.0))
    cape = _limb([(0.255, -0.12, 0.72), (0.235, -0.05, 0.95), (0.12, 0.06, 0.75)], 8, HAT, 0.72)
    return join([cowl, tip.transformed(turn(pitch=-1.9), (-0.12, 0, 0.24)).marked(slot=HAT), cape])


def _skirt() -> Mesh:
    """A skirt below a bodice, with a linen apron laid over its front."""
    rows = [(0.31, -0.66, 0.7), (0.29, -0.62, 1.0), (0.248, -0.25, 0.95), (0.22, -0.13, 0.95), (0.16, 0.085, 0.85)]
    mesh = _limb(rows, 10, LEGS, 0.92)
    corners = [
        ((radius + 0.008) * np.cos(angle) * 0.92 + 0.004, (radius + 0.008) * np.sin(angle), z)
        for radius, z in ((0.276, -0.48), (0.248, -0.25), (0.22, -0.13), (0.164, 0.07))
        for angle in (-np.pi / 5, 0.0, np.pi / 5)
    ]
    faces = [(k, k + 1, k + 4, k + 3) for row in range(3) for k in (3 * row, 3 * row + 1)]
    return join([mesh, faceted(corners, faces, (228.0, 220.0, 202.0))])


def _upper_arm() -> Mesh:
    rows = [(0.0, -0.29, 0.7), (0.046, -UPPER_ARM_M, 0.85), (0.058, -0.1, 0.95), (0.064, 0.0, 1.0), (0.0, 0.052, 1.0)]
    return _limb(rows, 6, TOP)


def _lower_arm() -> Mesh:
    sleeve = _limb(
        [(0.0, -0.15, 0.45), (0.047, -0.17, 0.72), (0.05, -0.155, 1.0), (0.047, 0.0, 0.95), (0.0, 0.035, 0.9)], 6, TOP
    )
    return join([sleeve, _limb([(0.028, -LOWER_ARM_M - 0.01, 0.95), (0.036, -0.165, 0.8)], 6, SKIN)])


def _hand() -> Mesh:
    palm = icosphere(0, _WHITE).transformed(None, (0.006, 0, -0.06), (0.04, 0.028, 0.07))
    thumb = lathe([(0.0, -0.04), (0.016, 0.0), (0.0, 0.03)], 3, _WHITE).transformed(
        turn(pitch=-0.5), (0.038, -0.006, -0.045)
    )
    return join([palm, thumb]).marked(slot=SKIN)


def _upper_leg() -> Mesh:
    rows = [(0.0, -0.455, 0.8), (0.06, -UPPER_LEG_M, 0.85), (0.076, -0.2, 0.95), (0.08, 0.0, 0.8), (0.0, 0.05, 0.7)]
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


def _tool() -> Mesh:
    """A hoe pointing forward along x, held with both hands about the origin."""
    handle = beam((-0.4, 0, 0), (0.85, 0, 0), 0.032, 0.032, (150, 114, 76))
    blade = prism([(-0.015, -0.06), (0.015, -0.06), (0.015, 0.06), (-0.015, 0.06)], -0.15, 0.02, (86, 86, 92))
    return join([handle, blade.transformed(turn(pitch=0.25), (0.85, 0, 0))])
