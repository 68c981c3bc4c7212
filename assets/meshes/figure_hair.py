"""Hair and what is worn on the head: shells over the skull of a middling face, and round hats."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from assets.meshes.figure import CLOAK, CROWN_M, HAIR, HAT, NECK_AT, NECK_M, Piece, bound, loft, ramp, two_sided, united
from assets.meshes.figure_face import Face, surface
from assets.meshes.mesh import Floats, Mesh, icosphere, lathe, smooth, turn
from assets.palette import Part

_PLAIN = Face()
_NAPE_Z = 0.10  # below this hair hangs straight instead of following the neck
_SIDES = (30, 16, 8)
_RINGS = (9, 6, 4)
Shape = Callable[[Floats], Floats]  # of the angle about the vertical, 0 in front


def _blend(angle: Floats, front: float, side: float, back: float, brow_rad: float = 0.85) -> Floats:
    """A value in front, over the ears and behind, smooth between."""
    a = np.abs(angle)
    flank = ramp(a, brow_rad - 0.25, brow_rad + 0.25)
    rear = ramp(a, 1.7, 2.3)
    return np.asarray(front * (1 - flank) + (side * (1 - rear) + back * rear) * flank)


def _shell(
    rim: Shape,
    thickness: Shape,
    level: int,
    slot: int,
    part: Part,
    *,
    locks: tuple[float, int] = (0.0, 0),
    fall: float = 0.0,
    seed: float = 0.0,
) -> Mesh:
    """A bowl over the skull.

    Args:
        rim: height its edge reaches, metres above the neck's joint.
        thickness: how far it stands off the skin.
        level: of detail.
        slot: of the colour.
        part: of the body.
        locks: depth in metres and number of the waves round it.
        fall: how far hanging hair is drawn in (metres per metre).
        seed: turns the waves.
    """
    sides, rings = _SIDES[level], _RINGS[level]
    angle = np.linspace(-np.pi, np.pi, sides, endpoint=False)
    edge = rim(angle)
    depth, count = locks
    points, tones = [], []
    for share in np.linspace(0.06, 1.0, rings):
        z = CROWN_M - 0.002 - (CROWN_M - 0.002 - edge) * share**1.5
        lifted = np.maximum(z, _NAPE_Z)
        base = surface(_PLAIN, angle * 0.999, lifted, beard=False)
        base[:, 0] = np.where(np.abs(angle) < 1.1, np.minimum(base[:, 0], 0.119), base[:, 0])
        below = np.maximum(_NAPE_Z - z, 0.0)
        wave = 0.6 * np.sin(count * angle + 14.0 * z * (count > 0) + seed) + 0.4 * np.sin(
            (count + 5) * angle - 23.0 * z + 2 * seed
        )
        off = thickness(angle) * np.minimum(1.0, 0.55 + share) + depth * wave * (count > 0) * ramp(share, 0.15, 0.6)
        middle = np.array([-0.012, 0.0, 0.19])
        outward = base - middle
        outward[:, 2] *= ramp(share, 0.75, 0.0)
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
        ring = base + outward * off[:, None]
        ring[:, 2] -= below
        ring[:, :2] *= (1 - fall * below)[:, None]
        points.append(ring)
        tones.append((0.80 + 0.20 * (1 - share)) * (1 + (0.16 if count else 0.0) * wave))
    apex = np.array([[-0.007, 0.0, CROWN_M + 0.66 * float(thickness(np.array([np.pi]))[0])]])
    k = np.arange(sides)
    j = (k + 1) % sides
    top = rings * sides
    triangles = [np.stack([np.full(sides, top), k, j], axis=1)]
    for ring_number in range(rings - 1):
        a, b = ring_number * sides, (ring_number + 1) * sides
        triangles += [np.stack([a + k, b + k, b + j], axis=1), np.stack([a + k, b + j, a + j], axis=1)]
    tone = np.clip(np.append(np.concatenate(tones), 0.95), 0, 1)[:, None] * np.array([255.0, 255.0, 255.0])
    mesh = smooth(np.concatenate([*points, apex]) + NECK_AT, np.concatenate(triangles), tone)
    return mesh.marked(slot=slot, part=part)


def _hair(
    level: int,
    front: float,
    side: float,
    back: float,
    thick: float,
    locks: tuple[float, int] = (0.002, 14),
    fall: float = 0.0,
    brow_rad: float = 0.85,
    sweep: float = 0.0,
) -> Mesh:
    def rim(angle: Floats) -> Floats:
        return np.asarray(_blend(angle, front, side, back, brow_rad) + sweep * np.sin(angle) * (np.abs(angle) < 1.2))

    def thickness(angle: Floats) -> Floats:
        return thick * _blend(angle, 0.85, 0.8, 1.0, brow_rad)

    return _shell(rim, thickness, level, HAIR, Part.HAIR, locks=locks, fall=fall, seed=front * 100)


def _ball(at: tuple[float, float, float], size: tuple[float, float, float], level: int, tone: float = 0.9) -> Mesh:
    ball = icosphere(1 if level == 0 else 0, (255.0, 255.0, 255.0)).transformed(None, np.array(at) + NECK_AT, size)
    return ball.tinted(tone).marked(slot=HAIR, part=Part.HAIR)


def _bun(level: int) -> list[Mesh]:
    return [
        _hair(level, 0.240, 0.165, 0.09, 0.011, (0.0015, 22)),
        _ball((-0.125, 0, 0.245), (0.052, 0.055, 0.05), level),
    ]


def _plait(level: int) -> list[Mesh]:
    parts = [_hair(level, 0.243, 0.16, 0.075, 0.012, (0.0015, 22))]
    for k in range(7 if level == 0 else 4):
        t = k / (6 if level == 0 else 3)
        at = (-0.112 - 0.024 * np.sin(t * 2.2), 0.007 * (-1) ** k, 0.085 - 0.25 * t)
        parts.append(_ball(at, (0.024 - 0.006 * t, 0.027 - 0.009 * t, 0.030), level, 0.82 + 0.1 * (k % 2)))
    return parts


def _ponytail(level: int) -> list[Mesh]:
    rows = [(-0.02, 0.0, 0.0, 0.0, 0.8), (0.05, 0.022, -0.02, 0.02, 0.9), (0.14, 0.036, -0.028, 0.03, 0.95)]
    rows += [(0.20, 0.026, -0.022, 0.024, 1.0), (0.225, 0.0, 0.0, 0.0, 0.9)]
    tail = loft(rows, (10, 6, 4)[level], HAIR, Part.HAIR, at=(-0.148, 0.0)).transformed(offset=(0, 0, NECK_M))
    return [_hair(level, 0.245, 0.165, 0.09, 0.010, (0.0015, 22)), tail]


def _receding(level: int) -> list[Mesh]:
    return [_hair(level, 0.297, 0.16, 0.075, 0.013, (0.0015, 18), brow_rad=0.95)]


_STYLES: dict[str, Callable[[int], list[Mesh]]] = {
    "short": lambda level: [_hair(level, 0.228, 0.165, 0.075, 0.018, (0.0035, 13), sweep=0.016)],
    "long": lambda level: [_hair(level, 0.243, -0.06, -0.13, 0.020, (0.0032, 17), 0.35, 0.78)],
    "bun": _bun,
    "bald": lambda level: [],
    "cropped": lambda level: [_hair(level, 0.238, 0.175, 0.095, 0.0065, (0.0006, 30))],
    "curls": lambda level: [_hair(level, 0.226, 0.135, 0.045, 0.033, (0.0085, 11))],
    "bob": lambda level: [_hair(level, 0.207, 0.055, 0.03, 0.021, (0.0018, 24), 0.1, 0.74)],
    "plait": _plait,
    "ponytail": _ponytail,
    "receding": _receding,
}
HAIR_STYLES = tuple(_STYLES)
"""By LOOKS.hair_style."""


def hair(style: str, level: int) -> Piece | None:
    """The hair of a style; None for a bald head."""
    meshes = _STYLES[style](level)
    return united(bound(mesh, "head") for mesh in meshes) if meshes else None


def _round(rows: list[tuple[float, float, float]], level: int, tilt: float = 0.0, slot: int = HAT) -> Mesh:
    profile = np.array(rows)
    mesh = lathe(profile[:, :2] * (1.0, 1.0), (22, 12, 7)[level], profile[:, 2:] * np.array([255.0, 255.0, 255.0]))
    placed = mesh.transformed(turn(pitch=tilt), (-0.006, 0, NECK_M), (1.06, 0.96, 1.0))
    return placed.marked(slot=slot, part=Part.HAT)


def _straw(level: int) -> list[Mesh]:
    under = [(0.128, 0.235, 0.5), (0.29, 0.208, 0.62)]
    brim = [(0.29, 0.208, 0.8), (0.294, 0.213, 0.98), (0.152, 0.256, 0.95)]
    band = [(0.154, 0.256, 0.45), (0.152, 0.284, 0.45)]
    crown = [(0.151, 0.284, 0.92), (0.142, 0.325, 1.0), (0.115, 0.352, 1.0), (0.0, 0.362, 1.0)]
    return [_round(rows, level, -0.05) for rows in (under, brim, band, crown)]


def _felt(level: int) -> list[Mesh]:
    under = [(0.126, 0.238, 0.5), (0.225, 0.236, 0.6)]
    brim = [(0.225, 0.236, 0.8), (0.23, 0.243, 1.0), (0.146, 0.250, 0.85)]
    band = [(0.147, 0.250, 0.5), (0.144, 0.276, 0.5)]
    crown = [(0.143, 0.276, 0.9), (0.136, 0.345, 1.0), (0.112, 0.372, 1.0), (0.05, 0.362, 0.8), (0.0, 0.358, 0.75)]
    return [_round(rows, level, 0.05) for rows in (under, brim, band, crown)]


def _cap(level: int) -> list[Mesh]:
    rows = [(0.142, 0.222, 0.6), (0.150, 0.238, 0.8), (0.166, 0.275, 1.0), (0.14, 0.315, 1.0), (0.075, 0.337, 0.95)]
    crown = _round([*rows, (0.0, 0.341, 0.9)], level, 0.12)
    steps = np.linspace(-0.75, 0.75, 7)
    inner = [(0.125 * np.cos(a), 0.125 * np.sin(a), 0.226) for a in steps]
    outer = [(0.205 * np.cos(a) ** 0.6, 0.150 * np.sin(a), 0.214) for a in steps]
    k = np.arange(6)
    triangles = np.concatenate([np.stack([k, k + 7, k + 8], axis=1), np.stack([k, k + 8, k + 1], axis=1)])
    peak = smooth(np.array([*inner, *outer]) + NECK_AT, triangles, (205.0, 205.0, 205.0)).marked(
        slot=HAT, part=Part.HAT
    )
    return [crown, two_sided(peak)]


def _knitted(level: int) -> list[Mesh]:
    rows = [(0.137, 0.205, 0.7), (0.147, 0.212, 0.85), (0.149, 0.236, 0.9), (0.140, 0.243, 0.7)]
    dome = [(0.139, 0.243, 0.9), (0.133, 0.29, 1.0), (0.105, 0.33, 1.0), (0.05, 0.352, 0.95), (0.0, 0.357, 0.9)]
    return [_round(rows, level, 0.10), _round(dome, level, 0.10)]


def _cloth(level: int, slot: int, front: float, back: float, thick: float, brow_rad: float = 0.95) -> Mesh:
    part = Part.HAT
    rim = partial(_blend, front=front, side=0.02, back=back, brow_rad=brow_rad)
    return _shell(rim, lambda angle: thick + 0 * angle, level, slot, part, locks=(0.002, 9), fall=0.2)


def _headscarf(level: int) -> list[Mesh]:
    cover = _shell(
        partial(_blend, front=0.232, side=0.10, back=0.04, brow_rad=0.9),
        lambda angle: 0.028 + 0 * angle,
        level,
        HAT,
        Part.HAT,
        locks=(0.0015, 8),
    )
    knot = icosphere(0, (225.0, 225.0, 225.0)).transformed(None, (-0.135, 0, NECK_M + 0.07), (0.022, 0.03, 0.02))
    rows = [(-0.075, 0.012, -0.012, 0.055, 0.8), (0.0, 0.01, -0.012, 0.04, 0.95), (0.065, 0.006, -0.006, 0.012, 1.0)]
    tail = loft(rows, (8, 6, 4)[level], HAT, Part.HAT, at=(-0.142, 0.0)).transformed(offset=(0, 0, NECK_M))
    return [cover, knot.marked(slot=HAT, part=Part.HAT), tail]


def _bonnet(level: int) -> list[Mesh]:
    cover = _shell(
        partial(_blend, front=0.236, side=0.115, back=0.09, brow_rad=0.95),
        lambda angle: 0.030 + 0.012 * ramp(np.abs(angle), 1.2, 2.2),
        level,
        HAT,
        Part.HAT,
        locks=(0.004, 16),
    )
    return [cover]


def _hood(level: int, slot: int = HAT) -> list[Mesh]:
    cowl = two_sided(_cloth(level, slot, 0.250, -0.02, 0.034))
    tip = lathe([(0.085, -0.03), (0.05, 0.03), (0.0, 0.065)], (10, 7, 5)[level], (225.0, 225.0, 225.0))
    tip = tip.transformed(turn(pitch=-1.9), (-0.115, 0, NECK_M + 0.24)).marked(slot=slot, part=Part.HAT)
    return [cowl, tip]


def _cape(level: int) -> Piece:
    rows = [
        (1.475, 0.072, -0.085, 0.082, 0.8),
        (1.44, 0.098, -0.112, 0.140, 0.95),
        (1.405, 0.128, -0.138, 0.232, 1.0),
        (1.36, 0.145, -0.150, 0.262, 1.0),
    ]
    rows += [(1.28, 0.158, -0.162, 0.276, 0.95), (1.265, 0.158, -0.162, 0.276, 0.6)]
    mesh = loft(rows, (18, 12, 8)[level], HAT, Part.HAT)
    return bound(two_sided(mesh), "chest")


_HATS: dict[str, Callable[[int], list[Mesh]]] = {
    "straw hat": _straw,
    "cap": _cap,
    "hood": _hood,
    "headscarf": _headscarf,
    "felt hat": _felt,
    "knitted cap": _knitted,
    "bonnet": _bonnet,
}
HATS = tuple(_HATS)
"""By LOOKS.hat - 1."""


def hat(kind: str, level: int) -> Piece:
    """A hat; a hood comes with its cape."""
    pieces = [bound(mesh, "head") for mesh in _HATS[kind](level)]
    return united([*pieces, _cape(level)] if kind == "hood" else pieces)


def raised_hood(level: int) -> Piece:
    """The hood of a cloak over the head."""
    return united(bound(mesh, "head") for mesh in _hood(level, CLOAK))
