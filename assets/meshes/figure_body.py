"""Bodies and what they are dressed in: shirts, sleeves, hands, trousers, skirts and boots, bound to the bones."""

from __future__ import annotations

import numpy as np

from assets.meshes.figure import (
    ANKLE_M,
    ELBOW_M,
    HEEL_M,
    HIP_M,
    KNEE_M,
    LEGS,
    SHOULDER_M,
    SKIN,
    TOE_M,
    TOP,
    WRIST_M,
    Piece,
    Rows,
    bound,
    loft,
    mirrored,
    ramp,
    split,
    two_sided,
    united,
)
from assets.meshes.mesh import Mesh, box, turn
from assets.palette import Part

WAIST_M = 0.95  # below it a shirt's tails begin
_LEATHER = (84.0, 58.0, 40.0)
_BELT = (66.0, 46.0, 34.0)
BRASS = (176.0, 148.0, 88.0)

ROUND = (16, 11, 7)  # points round a torso by level of detail
_LIMB = (10, 7, 5)

MAN: Rows = [
    (0.80, 0.136, -0.146, 0.204, 0.70),
    (0.815, 0.136, -0.146, 0.203, 0.85),
    (0.90, 0.126, -0.140, 0.190, 0.95),
    (0.985, 0.105, -0.106, 0.150, 0.80),
    (1.01, 0.105, -0.104, 0.150, 0.80),
    (1.10, 0.112, -0.108, 0.160, 0.95),
    (1.20, 0.121, -0.116, 0.174, 1.0),
    (1.30, 0.118, -0.118, 0.186, 1.0),
    (1.36, 0.100, -0.108, 0.192, 1.0),
    (1.395, 0.080, -0.092, 0.180, 1.0),
    (1.420, 0.066, -0.078, 0.140, 0.98),
    (1.440, 0.058, -0.068, 0.088, 0.95),
    (1.455, 0.054, -0.062, 0.064, 0.85),
]
WOMAN: Rows = [
    (0.84, 0.132, -0.148, 0.200, 0.75),
    (0.92, 0.122, -0.138, 0.186, 0.92),
    (1.00, 0.094, -0.098, 0.134, 0.80),
    (1.03, 0.094, -0.096, 0.132, 0.80),
    (1.11, 0.108, -0.102, 0.146, 0.95),
    (1.19, 0.136, -0.110, 0.160, 1.0),
    (1.24, 0.138, -0.112, 0.166, 1.0),
    (1.31, 0.108, -0.108, 0.170, 0.98),
    (1.36, 0.088, -0.098, 0.172, 1.0),
    (1.395, 0.070, -0.084, 0.160, 1.0),
    (1.418, 0.060, -0.072, 0.120, 0.98),
    (1.436, 0.053, -0.064, 0.078, 0.95),
    (1.450, 0.050, -0.058, 0.060, 0.85),
]


def thinned(rows: Rows, level: int) -> Rows:
    """Every row near, two thirds or half of them far away; both ends are kept."""
    if level == 0:
        return rows
    step = 2 if level == 1 else 3
    return [*rows[:-1:step], rows[-1]]


def on_trunk(mesh: Mesh) -> Piece:
    """Cloth on the trunk: hips below the waist, chest above."""
    return bound(mesh, "hips", "chest", ramp(mesh.positions[:, 2], 0.95, 1.12))


def shirt(woman: bool, level: int) -> Piece:
    """Shirt or blouse without its sleeves, belted, with a collar."""
    rows = WOMAN if woman else MAN
    above = [row for row in rows if row[0] > WAIST_M]
    body = on_trunk(loft(thinned(above, level), ROUND[level], TOP, Part.TORSO, power=2.25))
    waist = 1.015 if woman else 0.998
    belt = loft(
        [
            (z, f + 0.007, b - 0.007, w + 0.007, 1.0)
            for z, (f, b, w) in ((waist - 0.022, rows[3][1:4]), (waist + 0.022, rows[3][1:4]))
        ],
        ROUND[level],
        0,
        Part.TORSO,
        power=2.25,
    ).coloured(_BELT)
    parts = [body, on_trunk(belt)]
    if level == 0:
        buckle = box((rows[3][1] + 0.009, 0, waist), (0.01, 0.042, 0.038), BRASS).marked(part=Part.TORSO)
        top = rows[-1][0]
        collar_rows: Rows = [(top - 0.03, 0.082, -0.082, 0.09, 0.9), (top + 0.022, 0.064, -0.070, 0.072, 0.75)]
        collar = two_sided(loft(collar_rows, 16, TOP, Part.TORSO))
        parts += [on_trunk(buckle), bound(collar, "chest")]
    return united(parts)


def tails(woman: bool, level: int) -> Piece:
    """The end of shirt or blouse that is worn outside trousers."""
    rows = [row for row in (WOMAN if woman else MAN) if row[0] < WAIST_M + 0.06]
    return on_trunk(loft(thinned(rows, level), ROUND[level], TOP, Part.TORSO, power=2.25))


_ARM: Rows = [
    (1.422, 0.0, 0.0, 0.0, 1.0),
    (1.417, 0.026, -0.026, 0.026, 1.0),
    (1.402, 0.044, -0.044, 0.042, 1.0),
    (1.372, 0.056, -0.056, 0.051, 1.0),
    (1.32, 0.059, -0.058, 0.053, 0.98),
    (1.21, 0.055, -0.053, 0.050, 0.95),
    (1.145, 0.050, -0.049, 0.046, 0.92),
    (1.107, 0.048, -0.050, 0.045, 0.90),
    (1.07, 0.049, -0.048, 0.045, 0.92),
    (1.00, 0.046, -0.042, 0.042, 0.95),
    (0.925, 0.040, -0.036, 0.037, 0.95),
    (0.905, 0.043, -0.039, 0.040, 0.90),
    (0.893, 0.041, -0.037, 0.038, 0.55),
]
_FOREARM: Rows = [
    (1.13, 0.040, -0.042, 0.040, 0.9),
    (1.107, 0.041, -0.044, 0.041, 0.95),
    (1.05, 0.045, -0.041, 0.042, 1.0),
    (0.97, 0.037, -0.033, 0.035, 1.0),
    (0.90, 0.028, -0.027, 0.031, 1.0),
    (0.860, 0.026, -0.025, 0.032, 1.0),
]


def _on_arm(mesh: Mesh, lower: Part = Part.LOWER_ARM_LEFT) -> Piece:
    parted = split(mesh, lower, ELBOW_M)
    return bound(
        parted, "upper_arm_left", "lower_arm_left", ramp(parted.positions[:, 2], ELBOW_M + 0.045, ELBOW_M - 0.045)
    )


def sleeves(rolled: bool, level: int) -> Piece:
    """Both sleeves, to the wrist or rolled to the elbow, and the skin below them."""
    at = (0.0, SHOULDER_M[0])
    rows = [row for row in _ARM if row[0] > 1.11] if rolled else _ARM
    if rolled:
        rows = [*rows, (1.115, 0.054, -0.056, 0.051, 0.9), (1.095, 0.053, -0.055, 0.050, 0.6)]
    cloth = loft(thinned(rows, level), _LIMB[level], TOP, Part.UPPER_ARM_LEFT, at=at)
    bare = _FOREARM if rolled else _FOREARM[-2:]
    skin = loft(thinned(bare, level if rolled else 0), _LIMB[level], SKIN, Part.UPPER_ARM_LEFT, at=at)
    left = united([_on_arm(cloth), _on_arm(skin)])
    return united([left, mirrored(left)])


def hands(level: int) -> Piece:
    """Both hands, half open; fingers near by, mittens far away."""
    at = (0.0, SHOULDER_M[0])
    w = WRIST_M
    palm_rows: Rows = [(w + 0.012, 0.025, -0.024, 0.026, 1.0), (w - 0.015, 0.034, -0.030, 0.021, 1.0)]
    palm_rows += [(w - 0.055, 0.040, -0.037, 0.019, 1.0), (w - 0.088, 0.036, -0.036, 0.015, 0.95)]
    if level:
        palm_rows += [(w - 0.14, 0.025, -0.028, 0.014, 0.9), (w - 0.165, 0.0, 0.0, 0.0, 0.85)]
    else:
        palm_rows += [(w - 0.096, 0.0, 0.0, 0.0, 0.9)]
    rows = thinned(palm_rows, level) if level == 2 else palm_rows
    parts = [loft(rows, (10, 6, 4)[level], SKIN, Part.HAND_LEFT, at=at, power=2.5)]
    if level == 0:
        for x, length in ((0.028, 0.062), (0.0095, 0.072), (-0.009, 0.066), (-0.0265, 0.052)):
            parts.append(_finger(length, 0.0105).transformed(turn(roll=-0.30), (x, at[1], w - 0.083)))
        parts.append(
            _finger(0.058, 0.0125).transformed(turn(pitch=-0.62, roll=-0.2), (0.030, at[1] - 0.004, w - 0.026))
        )
    left = united(bound(mesh, "hand_left") for mesh in parts)
    return united([left, mirrored(left)])


def _finger(length: float, radius: float) -> Mesh:
    rows: Rows = [
        (z * length, r * radius, -r * radius, r * radius, 1.0)
        for z, r in ((0.05, 0.95), (-0.5, 1.0), (-0.88, 0.8), (-1.0, 0.0))
    ]
    return loft(rows, 6, SKIN, Part.HAND_LEFT)


_LEG: Rows = [
    (0.965, 0.068, -0.076, 0.070, 0.80),
    (0.90, 0.084, -0.092, 0.080, 0.85),
    (0.80, 0.085, -0.091, 0.082, 0.95),
    (0.68, 0.078, -0.080, 0.077, 0.98),
    (0.56, 0.067, -0.066, 0.067, 0.95),
    (0.49, 0.063, -0.062, 0.062, 0.90),
    (0.43, 0.060, -0.064, 0.060, 0.95),
    (0.34, 0.056, -0.070, 0.060, 0.98),
    (0.25, 0.056, -0.064, 0.058, 0.95),
    (0.225, 0.058, -0.064, 0.060, 0.65),
]
_BOOT: Rows = [
    (0.29, 0.058, -0.066, 0.058, 0.85),
    (0.27, 0.062, -0.068, 0.061, 1.0),
    (0.17, 0.050, -0.056, 0.048, 0.95),
    (0.095, 0.052, -0.056, 0.044, 0.90),
]
_FOOT: Rows = [
    (0.125, 0.050, -0.055, 0.044, 0.92),
    (0.095, 0.062, -0.062, 0.046, 0.95),
    (0.07, 0.095, -0.068, 0.047, 1.0),
    (0.045, 0.140, -0.072, 0.049, 1.0),
    (0.022, TOE_M - 0.004, HEEL_M, 0.052, 0.85),
    (0.016, TOE_M, HEEL_M, 0.053, 0.5),
    (0.0, TOE_M, HEEL_M, 0.053, 0.4),
    (0.0, 0.04, 0.03, 0.0, 0.4),
]


def trousers(level: int) -> Piece:
    """Seat and both legs."""
    seat_rows: Rows = [
        (0.80, 0.06, -0.07, 0.10, 0.6),
        (0.83, 0.108, -0.118, 0.155, 0.8),
        (0.93, 0.110, -0.122, 0.162, 0.95),
    ]
    seat_rows += [(1.0, 0.100, -0.105, 0.145, 0.9)]
    seat = bound(loft(seat_rows, ROUND[level], LEGS, Part.TORSO, power=2.25), "hips")
    leg = split(
        loft(thinned(_LEG, level), _LIMB[level], LEGS, Part.UPPER_LEG_LEFT, at=(0, HIP_M[0])),
        Part.LOWER_LEG_LEFT,
        KNEE_M,
    )
    z = leg.positions[:, 2]
    knee = bound(leg, "upper_leg_left", "lower_leg_left", ramp(z, KNEE_M + 0.06, KNEE_M - 0.06))
    hip = bound(leg, "hips", "upper_leg_left", ramp(z, 1.0, 0.84))
    high = z > 0.7
    left = Piece(leg, np.where(high[:, None], hip.bones, knee.bones), np.where(high, hip.weight, knee.weight))
    return united([seat, left, mirrored(left)])


def shins(level: int) -> Piece:
    """Stockinged lower legs, seen under a skirt."""
    rows = [row for row in _LEG if row[0] < 0.6]
    leg = loft(thinned(rows, level), _LIMB[level], 0, Part.LOWER_LEG_LEFT, at=(0, HIP_M[0])).coloured(
        (112.0, 98.0, 84.0)
    )
    left = bound(leg, "lower_leg_left")
    return united([left, mirrored(left)])


def boots(level: int) -> Piece:
    """Both boots; the sole bends nowhere, so that it stands flat."""
    at = (0.0, HIP_M[0])
    shaft = loft(thinned(_BOOT, level), _LIMB[level], 0, Part.LOWER_LEG_LEFT, at=at)
    foot = loft(thinned(_FOOT, level), (14, 10, 6)[level], 0, Part.FOOT_LEFT, at=at, power=2.4)
    tinted = [mesh.tinted(np.array([_LEATHER]) / 255.0) for mesh in (shaft, foot)]
    upper = bound(tinted[0], "lower_leg_left", "foot_left", ramp(tinted[0].positions[:, 2], 0.16, ANKLE_M))
    left = united([upper, bound(tinted[1], "foot_left")])
    return united([left, mirrored(left)])


def hanging(mesh: Mesh) -> Piece:
    """Cloth from the waist down: it follows both thighs, and below the knees the shins."""
    y, z = mesh.positions[:, 1], mesh.positions[:, 2]
    sides = bound(mesh, "skirt_right", "skirt_left", ramp(y, -0.13, 0.13))
    low = z < 0.62
    left = bound(mesh, "skirt_left", "hem", ramp(z, 0.62, 0.44))
    right = bound(mesh, "skirt_right", "hem", ramp(z, 0.62, 0.44))
    hem = np.where((y > 0)[:, None], left.bones, right.bones)
    return Piece(mesh, np.where(low[:, None], hem, sides.bones), np.where(low, left.weight, sides.weight))


def skirt_rows(wide: float) -> Rows:
    """Sections of a skirt from the waist to the shins, `wide` times as wide as a plain one."""
    rows: Rows = [
        (1.0, 0.104, -0.110, 0.150, 0.8),
        (0.96, 0.122, -0.130, 0.172, 0.95),
        (0.86, 0.148, -0.156, 0.200, 0.95),
    ]
    rows += [(0.70, 0.176, -0.184, 0.222, 1.0), (0.58, 0.192, -0.200, 0.236, 1.0), (0.46, 0.205, -0.214, 0.248, 1.0)]
    rows += [
        (0.34, 0.218, -0.226, 0.260, 0.98),
        (0.235, 0.230, -0.236, 0.270, 0.9),
        (0.225, 0.230, -0.236, 0.270, 0.55),
    ]
    return [(z, f * wide, b * wide, w * wide, t) for z, f, b, w, t in rows]


def skirt(level: int) -> Piece:
    """A pleated skirt to the shins, with stockings under it."""
    cloth = loft(thinned(skirt_rows(1.0), level), (24, 14, 8)[level], LEGS, Part.SKIRT, folds=(0.014, 9))
    return united([hanging(two_sided(cloth, 0.45)), shins(level)])
