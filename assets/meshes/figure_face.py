"""Faces: one head, shaped by eleven measures, age and beard; eyes, lids and brows sit where that head has them.

Lengths are metres from the neck's joint. The head is a loft through cross-sections; what makes a face is pushed out of
its front along x. Proportions after Farkas 1994, scaled with the head; how far measures vary is judgement.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assets.meshes.figure import (
    BONES,
    EYE,
    EYE_M,
    HAIR,
    NECK_AT,
    NECK_M,
    SKIN,
    Piece,
    bound,
    mirrored,
    ramp,
    smooth_seams,
    stepped,
    united,
)
from assets.meshes.mesh import Floats, Mesh, lathe, smooth, turn
from assets.palette import Part

FULL, MOUSTACHE, GOATEE, LONG_BEARD, STUBBLE = range(1, 6)  # LOOKS.beard

# height, x of front and back, half width: the head without its features
_SECTIONS = np.array(
    [
        (-0.06, 0.046, -0.056, 0.053),
        (0.0, 0.048, -0.058, 0.053),
        (0.028, 0.054, -0.060, 0.054),
        (0.040, 0.082, -0.064, 0.061),
        (0.048, 0.101, -0.070, 0.067),
        (0.060, 0.112, -0.078, 0.074),
        (0.076, 0.111, -0.086, 0.082),
        (0.090, 0.114, -0.094, 0.089),
        (0.120, 0.116, -0.108, 0.098),
        (0.145, 0.116, -0.115, 0.103),
        (0.170, 0.113, -0.120, 0.106),
        (0.182, 0.115, -0.121, 0.107),
        (0.197, 0.121, -0.121, 0.107),
        (0.215, 0.120, -0.119, 0.107),
        (0.235, 0.112, -0.113, 0.103),
        (0.258, 0.094, -0.098, 0.091),
        (0.278, 0.069, -0.077, 0.071),
        (0.293, 0.040, -0.052, 0.045),
        (0.302, 0.012, -0.026, 0.018),
        (0.305, -0.006, -0.008, 0.001),
    ]
)
_RINGS = (
    (
        *(-0.06, 0.01, 0.036, 0.046, 0.056, 0.067, 0.078, 0.084, 0.0895, 0.0945, 0.0972, 0.0978, 0.1005, 0.106),
        *(0.112, 0.120, 0.127, 0.133, 0.139, 0.148, 0.157, 0.165, 0.172, 0.180, 0.189, 0.198, 0.209, 0.225),
        *(0.248, 0.273, 0.293, 0.305),
    ),
    (
        -0.06,
        0.0,
        0.030,
        0.048,
        0.062,
        0.080,
        0.0975,
        0.114,
        0.130,
        0.142,
        0.160,
        0.175,
        0.197,
        0.225,
        0.26,
        0.292,
        0.305,
    ),
    (-0.06, 0.02, 0.05, 0.09, 0.135, 0.17, 0.20, 0.25, 0.292, 0.305),
)  # heights of the vertices by level of detail
_COLUMNS = (28, 16, 8)
_CROWD = (0.68, 0.5, 0.0)  # how much denser columns stand in front
HEADS = 1024  # that are kept, some 100 kB each near by
_MOUTH_Z = 0.0975
_LINE = 0.0005  # half the gap between the lips
_EYE_R = 0.0155


@dataclass(frozen=True)
class Face:
    """Measures of a face, 0..1 with 0.5 in the middle, and what is on it."""

    face_width: float = 0.5
    jaw: float = 0.5
    chin: float = 0.5
    cheeks: float = 0.5
    nose_length: float = 0.5
    nose_width: float = 0.5
    brow: float = 0.5
    eye_size: float = 0.5
    eye_spacing: float = 0.5
    mouth_width: float = 0.5
    lips: float = 0.5
    age_years: float = 35.0
    freckles: float = 0.0
    beard: int = 0
    female: int = 0


MEASURES = tuple(f.name for f in fields(Face) if f.type == "float")
"""All that is a number between two extremes, and age and freckles."""


def eye_at(face: Face) -> Floats:
    """Centre (3,) of the left eye."""
    return np.array([EYE_M[0], EYE_M[1] + 0.010 * (face.eye_spacing - 0.5), EYE_M[2]])


def nose_at(face: Face) -> Floats:
    """Tip (3,) of the nose."""
    z = _tip_z(face)
    return np.array([float(_section(np.array(z))[0]) + _nose_height(face), 0.0, z])


def ear_at(face: Face) -> Floats:
    """Middle (3,) of the left ear."""
    return np.array([-0.008, 0.105 * _widening(face, np.array(0.155)), 0.155]).astype(np.float64)


def surface(face: Face, angle: Floats, z: Floats, beard: bool = True) -> Floats:
    """Points (..., 3) of the skin at angles about the vertical, 0 in front, and heights above the neck's joint."""
    front, back, half = _section(z)
    half = half * _widening(face, z)
    c, s = np.cos(angle), np.sin(angle)
    middle = np.minimum((front + back) / 2, 0.0)
    x = middle + np.where(c > 0, (front - middle), (middle - back)) * np.sign(c) * np.abs(c) ** 0.86
    y = half * s * (1 - 0.06 * np.clip(c, 0, 1))
    ahead = ramp(c, 0.05, 0.45)
    x = x + _features(face, y, z) * ahead
    corner = np.abs(y) - 0.9 * _mouth_half(face)
    lifted = z + 0.0032 * _bump(corner, 0.011) * _bump(z - _MOUTH_Z, 0.007) * ahead
    points = np.stack([x, y, lifted], axis=-1)
    if beard:
        grown = _beard(face, y, z, c)
        out = np.stack([0.9 * c, 0.7 * s, np.full_like(c, -0.25)], axis=-1)
        hang = np.where(face.beard == LONG_BEARD, 1.0, 0.0) * grown * ramp(z, 0.085, 0.045) * ahead
        points = points + out * (grown * (0.011 if face.beard != STUBBLE else 0.0))[..., None]
        points = points + np.stack([0.012 * hang, 0.0 * hang, -0.085 * hang], axis=-1)
    return points


def _section(z: Floats) -> tuple[Floats, Floats, Floats]:
    heights = _SECTIONS[:, 0]
    front, back, half = (np.interp(z, heights, _SECTIONS[:, k]) for k in (1, 2, 3))
    return front, back, half


def _widening(face: Face, z: Floats) -> Floats:
    cheeks = ramp(z, 0.03, 0.06) * ramp(z, 0.225, 0.185)  # the skull stays, so that hair and hats fit
    jaw = ramp(z, 0.03, 0.05) * ramp(z, 0.135, 0.085)
    wide: Floats = 1 + 0.18 * (face.face_width - 0.5) * cheeks + (0.30 * (face.jaw - 0.5) - 0.05 * face.female) * jaw
    return wide


def _bump(d: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-((d / width) ** 2)))


def _tip_z(face: Face) -> float:
    return 0.138 - 0.014 * (face.nose_length - 0.5)


def _nose_height(face: Face) -> float:
    return 0.026 + 0.016 * (face.nose_length - 0.4) + 0.003 * (1 - face.female)


def _features(face: Face, y: Floats, z: Floats) -> Floats:
    """How far the face stands out from the plain head (...,) in metres."""
    eye_y, eye_z = EYE_M[1] + 0.010 * (face.eye_spacing - 0.5), EYE_M[2]
    side = np.abs(y)
    out = -0.013 * _bump(side - eye_y, 0.023) * _bump(z - eye_z, 0.015)
    ridge = (0.0015 + 0.007 * face.brow) * _bump(z - 0.197, 0.010)
    out = out + ridge * _bump(side - 0.034, 0.036)
    out = out + _nose(face, y, z)
    full = face.cheeks - 0.35 - 0.2 * max(0.0, face.age_years - 55) / 25
    out = out + 0.010 * full * _bump(side - 0.055, 0.026) * _bump(z - 0.128, 0.024)
    out = out + 0.005 * _bump(side - 0.066, 0.022) * _bump(z - 0.150, 0.014)
    out = out + (0.004 + 0.015 * (face.chin - 0.35)) * _bump(y, 0.026) * _bump(z - 0.060, 0.014)
    out = out - 0.003 * _bump(y, 0.03) * _bump(z - 0.079, 0.006)
    reach = _mouth_half(face)
    lips = np.exp(-((y / reach) ** 4))
    thick = 0.0025 + 0.0055 * face.lips
    out = out + thick * lips * (_bump(z - 0.0905, 0.0055) + 0.85 * _bump(z - 0.1045, 0.005))
    out = out - 0.0042 * lips * _bump(z - _MOUTH_Z, 0.0022)
    old = ramp(face.age_years, 38.0, 72.0)
    fold = side - (0.022 + 0.55 * np.maximum(0.13 - z, 0.0))
    out = out - 0.0045 * old * _bump(fold, 0.006) * ramp(z, 0.09, 0.105) * ramp(z, 0.142, 0.128)
    return np.asarray(out - 0.003 * old * _bump(side - eye_y, 0.016) * _bump(z - 0.152, 0.004))


def _nose(face: Face, y: Floats, z: Floats) -> Floats:
    tip = _tip_z(face)
    height = _nose_height(face)
    along = np.interp(z, [tip - 0.016, tip - 0.009, tip, tip + 0.012, 0.184, 0.200], [0.0, 0.55, 1.0, 0.80, 0.20, 0.05])
    width = np.interp(z, [tip - 0.01, tip + 0.005, 0.184], [0.0135, 0.0125, 0.0095]) * (0.72 + 0.56 * face.nose_width)
    ridge = height * along * np.exp(-((np.abs(y) / width) ** 2.2))
    wing = 0.014 * _bump(np.abs(y) - 0.0125 * (0.7 + 0.6 * face.nose_width), 0.0075) * _bump(z - tip + 0.004, 0.008)
    return np.asarray(ridge + wing)


def _mouth_half(face: Face) -> float:
    return 0.022 + 0.013 * face.mouth_width


def _beard(face: Face, y: Floats, z: Floats, c: Floats) -> Floats:
    """How thick the beard grows (...,) 0..1."""
    side = np.abs(y)
    mouth = 1 - np.exp(-((y / (_mouth_half(face) + 0.002)) ** 6)) * ramp(z, 0.082, 0.0875) * ramp(z, 0.1135, 0.1085)
    lip = _bump(z - 0.1145, 0.0062) * ramp(side, _mouth_half(face) + 0.012, _mouth_half(face))
    line = 0.112 + 0.75 * np.maximum(side - 0.05, 0.0)  # rises from the lip towards the ear
    cheeks = ramp(z, line + 0.006, line - 0.006) * ramp(z, 0.022, 0.040) * ramp(c, -0.15, 0.1)
    chin = ramp(side, 0.036, 0.026) * ramp(z, 0.094, 0.084) * ramp(z, 0.030, 0.044) * (c > 0)
    kinds = {
        FULL: np.maximum(cheeks * mouth, lip),
        LONG_BEARD: np.maximum(cheeks * mouth, lip),
        STUBBLE: 0.6 * np.maximum(cheeks * mouth, lip),
        MOUSTACHE: 1.15 * lip,
        GOATEE: np.maximum(chin * mouth, lip),
    }
    return np.asarray(kinds.get(face.beard, np.zeros_like(y)) * (c > -0.2), np.float64)


def _grid(level: int) -> tuple[Floats, Floats]:
    columns = _COLUMNS[level]
    t = np.arange(columns) * 2 * np.pi / columns
    t = np.where(t > np.pi, t - 2 * np.pi, t)
    angle = t - _CROWD[level] * np.sin(t)
    a, z = np.meshgrid(angle, np.array(_RINGS[level]))
    return a, z


@lru_cache(HEADS)
def head(face: Face, level: int) -> Piece:
    """A head with everything in its face.

    Faces of one level have the same vertices in the same order, so that one mesh draws them all.
    """
    parts = [_skin(face, level), *_ear(face, level)]
    if level == 0:
        parts += [piece for left in (_eye(face), _lid(face), _brow(face)) for piece in (left, mirrored(left))]
    elif level == 1:
        parts += [piece for left in (_eye(face, 6), _brow(face)) for piece in (left, mirrored(left))]
    return united(parts)


def _skin(face: Face, level: int) -> Piece:
    angle, z = _grid(level)
    points = surface(face, angle, z).reshape(-1, 3)
    bare = surface(face, angle, z, beard=False).reshape(-1, 3)
    rows, columns = angle.shape
    k = np.arange(columns)
    j = (k + 1) % columns
    faces = []
    for row in range(rows - 1):
        a, b = row * columns, (row + 1) * columns
        faces += [np.stack([a + k, a + j, b + j], axis=1), np.stack([a + k, b + j, b + k], axis=1)]
    mesh = smooth(points, np.concatenate(faces), (255.0, 255.0, 255.0))
    y, height, c = bare[:, 1], bare[:, 2], np.cos(angle).reshape(-1)
    grown = _beard(face, y, height, c)
    mesh = mesh.coloured(_complexion(face, y, height, c, grown))
    hairy = grown > (0.45 if face.beard != STUBBLE else 9.0)
    mesh = Mesh(**(vars(mesh) | {"slot": np.where(hairy, HAIR, SKIN).astype(np.uint8)}))
    lifted = mesh.transformed(offset=(0, 0, NECK_M)).marked(part=Part.HEAD)
    return _moved_skin(Piece(lifted, *_held_by(len(points), "head")), y, height, c)


def _held_by(n: int, bone: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    return np.full((n, 2), BONES[bone], np.uint8), np.zeros(n, np.float32)


def _moved_skin(skin: Piece, y: Floats, z: Floats, c: Floats) -> Piece:
    """The skin with chin and lower lip on the jaw and the corners of the mouth on the smile."""
    bones, weight = skin.bones.copy(), skin.weight.astype(np.float64)
    jaw = ramp(z, _MOUTH_Z + 0.0004, _MOUTH_Z - 0.0004) * ramp(z, 0.03, 0.05) * ramp(c, 0.1, 0.6) * (np.abs(y) < 0.075)
    corner = _bump(np.abs(y) - 0.030, 0.013) * _bump(z - _MOUTH_Z, 0.013) * (c > 0.3)
    smiles = corner > 0.12
    bones[:, 1] = np.where(smiles & (y > 0), BONES["smile_left"], np.where(smiles, BONES["smile_right"], BONES["jaw"]))
    weight[:] = np.where(smiles, corner, jaw * np.exp(-((y / 0.06) ** 4)))
    neck = ramp(z, 0.03, -0.05)
    low = neck > 0
    bones[low, 1], weight[low] = BONES["chest"], neck[low]
    return Piece(skin.mesh, bones, stepped(weight))


def _complexion(face: Face, y: Floats, z: Floats, c: Floats, grown: Floats) -> Floats:
    """Colours (V, 3) that the skin's, or where a beard grows the hair's, are multiplied by."""
    side = np.abs(y)
    tint = np.ones((len(y), 3))
    front = ramp(c, 0.0, 0.4)
    blush = (
        _bump(side - 0.058, 0.022) * _bump(z - 0.132, 0.018) + 0.8 * _bump(y, 0.016) * _bump(z - 0.137, 0.010)
    ) * front
    tint -= blush[:, None] * (0.02, 0.12, 0.12)
    lips = np.exp(-((y / _mouth_half(face)) ** 6)) * front
    red = lips * ramp(z, 0.0825, 0.087) * ramp(z, 0.1125, 0.108)
    tint -= red[:, None] * np.array([0.10, 0.30, 0.28]) * (0.75 + 0.5 * face.female)
    tint *= 1 - (0.62 * lips * (np.abs(z - _MOUTH_Z) < 2 * _LINE))[:, None]
    socket = _bump(side - EYE_M[1], 0.022) * _bump(z - EYE_M[2], 0.016) * front
    tint *= 1 - socket[:, None] * (0.10, 0.14, 0.13)
    old = float(ramp(face.age_years, 40.0, 75.0))
    lines = _bump(((z - 0.222) % 0.0155) - 0.0078, 0.003) * ramp(z, 0.208, 0.214) * ramp(z, 0.25, 0.24) * front
    crow = _bump(side - 0.066, 0.008) * _bump(z - EYE_M[2], 0.010)
    fold = _bump(side - (0.022 + 0.55 * np.maximum(0.13 - z, 0.0)), 0.006) * ramp(z, 0.09, 0.1) * ramp(z, 0.14, 0.13)
    bags = _bump(side - EYE_M[1], 0.016) * _bump(z - 0.153, 0.004)
    tint *= 1 - (old * front * (0.16 * lines + 0.14 * crow + 0.20 * fold + 0.14 * bags))[:, None]
    speck = np.sin(y * 911.0 + z * 1327.0) * np.sin(y * 1741.0 - z * 877.0)
    where = _bump(side - 0.035, 0.035) * _bump(z - 0.146, 0.022) * front
    tint *= 1 - face.freckles * (where * (speck > 0.25))[:, None] * (0.20, 0.30, 0.36)
    tint *= 1 - 0.25 * ramp(z, 0.046, 0.02)[:, None]  # shade under the chin
    if face.beard == STUBBLE:
        tint *= 1 - 0.38 * (grown * (0.7 + 0.3 * (speck > 0)))[:, None]
    elif face.beard:
        strands = 0.86 + 0.14 * np.sin(y * 620.0 + z * 150.0)
        tint = np.where(grown[:, None] > 0.45, strands[:, None], tint * (1 - 0.3 * grown[:, None]))
    return np.asarray(np.clip(tint, 0.05, 1.0) * 255.0)


def _ear(face: Face, level: int) -> tuple[Piece, ...]:
    if level == 2:
        return ()
    rows = [(0.0, -0.033), (0.019, -0.018), (0.026, 0.006), (0.021, 0.026), (0.0, 0.036)]
    shell = lathe(rows, 8 if level == 0 else 5, (240.0, 214.0, 208.0)).transformed(
        turn(roll=0.12, pitch=-0.15), scale=(1, 0.42, 1)
    )
    left = bound(shell.transformed(offset=ear_at(face) + NECK_AT).marked(slot=SKIN, part=Part.HEAD), "head")
    return left, mirrored(left)


def eye_radius(face: Face) -> float:
    """Of the eyeball."""
    return _EYE_R * (0.86 + 0.34 * face.eye_size)


def _eye(face: Face, sides: int = 10) -> Piece:
    """The visible half of the left eyeball: pupil, iris, white, and a gleam."""
    radius = eye_radius(face)
    iris = 0.52
    rings = [(0.0, 18), (0.20, 18), (0.21, 235), (iris, 150), (iris + 0.01, 246), (1.35, 220)]
    angle = np.arange(sides) * 2 * np.pi / sides
    points, tones, slots = [], [], []
    for open_, tone in rings:
        ring = np.stack(
            [np.full(sides, np.cos(open_)), np.sin(open_) * np.cos(angle), np.sin(open_) * np.sin(angle)], axis=1
        )
        points.append(ring * radius)
        tones += [tone] * sides
        slots += [EYE if 0.2 < open_ <= iris else 0] * sides
    k = np.arange(sides)
    j = (k + 1) % sides
    triangles = []
    for row in range(len(rings) - 1):
        a, b = row * sides, (row + 1) * sides
        triangles += [np.stack([a + k, b + k, b + j], axis=1)]
        if row:
            triangles += [np.stack([a + k, b + j, a + j], axis=1)]
    ball = smooth(
        np.concatenate(points), np.concatenate(triangles), np.array(tones, np.float64)[:, None] * (1.0, 1.0, 1.0)
    )
    used = np.unique(np.concatenate(triangles))
    ball = Mesh(**(vars(ball) | {"slot": np.array(slots, np.uint8)[used]}))
    gleam = smooth_seams(
        np.array([(1.03, 0.16 + 0.07 * np.cos(a), 0.22 + 0.07 * np.sin(a)) for a in angle[::2]]) * radius * 0.985,
        np.array([(0, m, m + 1) for m in range(1, len(angle[::2]) - 1)]),
        (255.0, 255.0, 255.0),
    )
    at = eye_at(face) + NECK_AT
    aside = turn(yaw=0.10)
    meshes = [ball.transformed(aside, at), gleam.transformed(None, at)]
    return united(bound(m.marked(part=Part.HEAD), "head") for m in meshes)


def _lid(face: Face) -> Piece:
    """Upper and lower lid of the left eye: caps about the eyeball that leave an almond open."""
    radius = eye_radius(face) * 1.07
    at = eye_at(face) + NECK_AT
    sleepy = 0.06 * ramp(face.age_years, 45.0, 75.0)
    upper = _cap(radius, 0.47 - float(sleepy), 1)
    lower = _cap(radius * 0.985, -0.46, -1)
    aside = turn(yaw=0.10)
    pieces = []
    for mesh, bone in ((upper, "lid_left"), (lower, "head")):
        pieces.append(bound(mesh.transformed(aside, at).marked(part=Part.HEAD), bone))
    return united(pieces)


def _cap(radius: float, edge: float, up: int) -> Mesh:
    """Part of a sphere over or under the eye, its edge lower towards the corners; the upper one bears the lashes."""
    sides, rows = 9, 4
    a = np.linspace(-1.35, 1.35, sides)
    rim = edge * np.cos(a / 1.35 * 1.2) - 0.05 * (up > 0)
    t = np.linspace(0, 1, rows)[:, None]
    height = rim + (up * 1.45 - rim) * t
    points = np.stack([np.cos(height) * np.cos(a), np.cos(height) * np.sin(a), np.sin(height)], axis=2).reshape(-1, 3)
    k = np.arange(sides - 1)
    triangles = []
    for row in range(rows - 1):
        p, q = (row * sides, (row + 1) * sides) if up > 0 else ((row + 1) * sides, row * sides)
        triangles += [np.stack([p + k, p + k + 1, q + k + 1], axis=1), np.stack([p + k, q + k + 1, q + k], axis=1)]
    tone = np.repeat([0.30 if up > 0 else 0.80, 0.88, 0.92, 0.95], sides)
    mesh = smooth(points * radius, np.concatenate(triangles), tone[:, None] * np.array([255.0, 240.0, 236.0]))
    return mesh.marked(slot=SKIN)


def _brow(face: Face) -> Piece:
    """The left eyebrow: a tapered arc on the brow's ridge."""
    steps = 6
    t = np.linspace(0, 1, steps)
    eye_y = eye_at(face)[1]
    y = eye_y + (t - 0.45) * 0.046
    z = 0.1975 + 0.006 * np.sin(np.pi * (t * 0.8 + 0.1)) - 0.004 * t - 0.003 * face.brow
    thick = (0.0028 + 0.0042 * face.brow) * (1.15 - 0.75 * t) * (1 - 0.25 * face.female)
    half = _section(z)[2] * _widening(face, z)
    angle = np.arcsin(np.clip(y / (half * 0.94), -1, 1))
    base = surface(face, angle, z, beard=False)
    rows = [
        base + np.stack([0.0035 * lift + 0 * t, 0 * t, w * thick], axis=1)
        for w, lift in ((-1, -0.6), (0, 1.3), (1, -0.6))
    ]
    k = np.arange(steps - 1)
    triangles = []
    for row in (0, 1):
        a, b = row * steps, (row + 1) * steps
        triangles += [np.stack([a + k, a + k + 1, b + k + 1], axis=1), np.stack([a + k, b + k + 1, b + k], axis=1)]
    mesh = smooth(np.concatenate(rows), np.concatenate(triangles), (225.0, 225.0, 225.0))
    return bound(mesh.transformed(offset=(0, 0, NECK_M)).marked(slot=HAIR, part=Part.HEAD), "brow_left")
