"""Trees, bushes, rocks and small plants, grown from named random streams.

Trees are 1 m high at their full height (the instance's height scales them); tufts and flowers are in metres.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from assets.meshes.foliage import far_crown, leafy_mass, limb, painted_crown, stick
from assets.meshes.mesh import Mesh, Rgb, beam, faceted, icosphere, join, lathe, smooth, stream, turn
from assets.meshes.warm_plants import acacia, cactus, palm
from assets.palette import Part, Species

NEAR, MID, FAR = 0, 1, 2

_BARK: Rgb = (92, 70, 52)
_BARK_DARK: Rgb = (58, 44, 34)
_BIRCH_BARK: Rgb = (226, 222, 210)
_NEEDLES_LOW: Rgb = (30, 54, 36)
_NEEDLES_HIGH: Rgb = (82, 116, 62)
_LEAVES_LOW: Rgb = (48, 76, 36)
_LEAVES_HIGH: Rgb = (126, 152, 66)
_BIRCH_LOW: Rgb = (96, 124, 52)
_BIRCH_HIGH: Rgb = (176, 188, 92)
_STONE_LOW: Rgb = (96, 92, 86)
_STONE_HIGH: Rgb = (158, 154, 144)
_MOSS: Rgb = (112, 126, 76)


@cache
def plant(species: Species, detail: int) -> Mesh:
    """The mesh of a species, 1 m high, foot at the origin; detail 0 near, 1 mid, 2 far. A cactus is all trunk.

    Raises ValueError for an unknown detail.
    """
    if detail not in (NEAR, MID, FAR):
        raise ValueError(f"detail is {detail}; it must be 0, 1 or 2")
    grow = {
        Species.CONIFER: _conifer,
        Species.BROADLEAF: _broadleaf,
        Species.BIRCH: _birch,
        Species.BUSH: _bush,
        Species.ROCK: _rock,
        Species.PALM: palm,
        Species.ACACIA: acacia,
        Species.CACTUS: cactus,
    }[species]
    mesh = grow(detail)
    part = np.where(mesh.sway > 0, np.uint8(Part.CROWN), np.uint8(Part.TRUNK))  # wood is what no wind moves
    if species != Species.ROCK:
        mesh = replace(mesh, part=part)
    return mesh.transformed(scale=1.0 / float(mesh.positions[:, 2].max()))


def _conifer(detail: int) -> Mesh:
    """Tiers of boughs, ragged and drooping, over a short trunk."""
    if detail == FAR:
        return _cone_far()
    rng = stream("conifer", detail)
    tiers, boughs, sides = ((8, 11, 6), (4, 7, 4))[detail]
    trunk = lathe([(0.03, -0.06), (0.022, 0.06), (0.012, 0.5)], sides, (_BARK_DARK, _BARK, _BARK)).shaded(0.7)
    parts = [trunk]
    for tier in range(tiers):
        low = 0.09 + 0.74 * (tier / tiers) ** 0.92
        radius = 0.235 * (1 - tier / (tiers + 0.7)) ** 0.85 + 0.012
        top = low + 0.36 * (1 - 0.72 * tier / tiers)
        parts.append(_bough_ring(rng, boughs, radius, low, min(top, 1.0 if tier == tiers - 1 else 0.97), tier / tiers))
    return join(parts)


def _bough_ring(rng: np.random.Generator, boughs: int, radius: float, low: float, top: float, up: float) -> Mesh:
    """One tier: a star of boughs whose tips droop below the inner notches, closed underneath by a dark cone."""
    n = 2 * boughs
    angle = np.arange(n) * 2 * np.pi / n + rng.uniform(0, 2 * np.pi) + rng.uniform(-0.08, 0.08, n)
    tip = np.arange(n) % 2 == 0
    reach = np.where(tip, radius * rng.uniform(0.86, 1.16, n), radius * rng.uniform(0.6, 0.72, n))
    height = low + np.where(tip, -0.022 * rng.uniform(0.4, 1.6, n), 0.028)
    rim = np.column_stack([reach * np.cos(angle), reach * np.sin(angle), height])
    points = np.concatenate([rim, [[0, 0, top], [0, 0, low + 0.06]]])
    k = np.arange(n)
    upper = np.column_stack([k, (k + 1) % n, np.full(n, n)])
    lower = np.column_stack([(k + 1) % n, k, np.full(n, n + 1)])
    light = 0.72 + 0.32 * up
    rim_rgb = (
        np.where(tip[:, None], _NEEDLES_HIGH, np.array(_NEEDLES_LOW) * 1.2) * light * rng.uniform(0.92, 1.1, (n, 1))
    )
    crown_rgb = (np.array(_NEEDLES_LOW) * 1.25 + np.array(_NEEDLES_HIGH) * 0.3) * light
    shell = smooth(points[:-1], upper, np.concatenate([rim_rgb, [crown_rgb]]))
    sway = 0.25 + 0.6 * np.hypot(shell.positions[:, 0], shell.positions[:, 1]) / 0.24 * (0.5 + shell.positions[:, 2])
    openness = np.append(np.where(tip, 1.0, 0.62), 0.7) * (0.78 + 0.22 * up)
    shell = shell.marked(sway=np.clip(sway, 0, 1)).shaded(openness)
    under = smooth(np.concatenate([rim, points[-1:]]), np.where(lower == n + 1, n, lower), np.array(_NEEDLES_LOW) * 0.7)
    return join([shell, under.shaded(0.45).marked(sway=0.4)])


def _cone_far() -> Mesh:
    crown = [
        lathe([(r, z0), (r * 0.45, (z0 + z1) / 2), (0.0, z1)], 4, (_NEEDLES_LOW, (50, 80, 46), _NEEDLES_HIGH))
        for r, z0, z1 in ((0.21, 0.1, 0.72), (0.14, 0.45, 1.0))
    ]
    return join([part.marked(sway=0.5) for part in crown]).shaded(0.9)


def _broadleaf(detail: int) -> Mesh:
    """A forked trunk carrying several lumpy masses of leaves."""
    rng = stream("broadleaf", detail)
    if detail == FAR:
        blob = far_crown(rng, (0.36, 0.34, 0.36), (0, 0, 0.62))
        return join([painted_crown([blob], _LEAVES_LOW, _LEAVES_HIGH, rng), stick(0.035, 0.4, _BARK)])
    sides = (6, 4)[detail]
    fork = (0.02, -0.01, 0.3)
    limbs = [
        limb(
            [(0, 0, -0.06), (0, 0.005, 0.04), (0.015, 0, 0.18), fork],
            [0.062, 0.044, 0.036, 0.034],
            sides,
            _BARK_DARK,
            _BARK,
        )
    ]
    ends = [(-0.2, 0.06, 0.52), (0.2, -0.1, 0.54), (0.02, 0.17, 0.6)][: (3, 2)[detail]]
    for end in ends:
        half = (0.5 * (fork[0] + end[0]) * 1.15, 0.5 * (fork[1] + end[1]) * 1.15, 0.4)
        limbs.append(
            limb([(fork[0], fork[1], 0.27), half, end], [0.03, 0.023, 0.012], (5, 3)[detail], _BARK_DARK, _BARK)
        )
    masses = [
        (0.0, 0.02, 0.73, 0.28),
        (-0.2, 0.08, 0.56, 0.22),
        (0.21, -0.1, 0.58, 0.22),
        (0.06, 0.2, 0.55, 0.21),
        (-0.06, -0.19, 0.54, 0.2),
    ]
    chosen = masses if detail == NEAR else masses[:3]
    blobs = []
    for x, y, z, r in chosen:
        size = r if detail == NEAR else r * 1.12
        blobs.append(
            leafy_mass(rng, 1, (x, y, z), size, 0.86)
            if r > (0.25, 0.3)[detail]
            else leafy_mass(rng, 0, (x, y, z), size, 0.9)
        )
    return join(
        [*limbs, painted_crown(blobs, _LEAVES_LOW, _LEAVES_HIGH, rng, (340, 40)[detail], (0.085, 0.14)[detail])]
    )


def _birch(detail: int) -> Mesh:
    """A slim white trunk with dark marks under an airy, light, hanging crown."""
    rng = stream("birch", detail)
    if detail == FAR:
        blob = far_crown(rng, (0.2, 0.2, 0.36), (0, 0, 0.64))
        return join([painted_crown([blob], _BIRCH_LOW, _BIRCH_HIGH, rng), stick(0.022, 0.4, _BIRCH_BARK)])
    sides = (6, 4)[detail]
    path = [(0, 0, -0.05), (0.005, 0, 0.03), (0.012, 0.004, 0.3), (0.006, 0.003, 0.38)]
    path += [(-0.004, 0.0, 0.58), (0.0, 0.0, 0.86)]
    trunk = limb(path, [0.034, 0.024, 0.02, 0.0186, 0.015, 0.005], sides, (176, 168, 156), _BIRCH_BARK)
    parts = [trunk]
    if detail == NEAR:
        parts += [_birch_mark(rng, trunk, sides) for _ in range(13)]
        for end in ((0.13, 0.05, 0.56), (-0.12, -0.07, 0.62)):
            parts.append(beam((0.008, 0, 0.42), end, 0.012, 0.012, (190, 184, 172)))
    masses = [
        (0.0, 0.0, 0.84, 0.13, 1.1),
        (0.09, 0.05, 0.66, 0.14, 1.1),
        (-0.1, -0.03, 0.7, 0.13, 1.2),
        (-0.03, 0.1, 0.56, 0.12, 1.0),
    ]
    masses += [(0.04, -0.11, 0.54, 0.12, 1.0), (0.14, 0.03, 0.48, 0.08, 1.2)]
    blobs = []
    for k, (x, y, z, r, tall) in enumerate(masses if detail == NEAR else masses[:4]):
        blobs.append(
            leafy_mass(
                rng, 1 if detail == NEAR and k in (1, 2) else 0, (x, y, z), r * (1 if detail == NEAR else 1.2), tall
            )
        )
    return join([*parts, painted_crown(blobs, _BIRCH_LOW, _BIRCH_HIGH, rng, (250, 30)[detail], (0.065, 0.1)[detail])])


def _birch_mark(rng: np.random.Generator, trunk: Mesh, sides: int) -> Mesh:
    """A dark lens lying on one facet of the trunk, below its branches."""
    ring, k = int(rng.choice((1, 2), p=(0.75, 0.25))), int(rng.integers(sides))
    p = trunk.positions.astype(np.float64)
    low, high = (p[[r * sides + k, r * sides + (k + 1) % sides]] for r in (ring, ring + 1))
    v, tall = rng.uniform(0.08, 0.92), rng.uniform(0.016, 0.034)
    u0, u1 = sorted(rng.uniform(0.0, 1.0, 2))
    u0, u1 = min(u0, 0.25), max(u1, 0.7)
    patch = [(u0, v), ((u0 + u1) / 2, v - tall), (u1, v), ((u0 + u1) / 2, v + tall)]
    points = [(low[0] * (1 - u) + low[1] * u) * (1 - w) + (high[0] * (1 - u) + high[1] * u) * w for u, w in patch]
    mark = faceted(points, [(0, 1, 2, 3)], (54, 50, 48))
    return mark.transformed(offset=mark.normals[0] * 0.0008)


def _bush(detail: int) -> Mesh:
    """A low cluster of leafy masses standing on the ground."""
    rng = stream("bush", detail)
    if detail == FAR:
        blob = far_crown(rng, (0.62, 0.58, 0.52), (0, 0, 0.42))
        return painted_crown([blob], _LEAVES_LOW, (116, 142, 70), rng)
    masses = [(0.0, 0.0, 0.52, 0.48), (0.42, 0.12, 0.32, 0.36), (-0.36, 0.22, 0.34, 0.36), (-0.05, -0.38, 0.3, 0.34)]
    blobs = [
        leafy_mass(rng, 1 if detail == NEAR and k < 2 else 0, (x, y, z), r, 0.92)
        for k, (x, y, z, r) in enumerate(masses if detail == NEAR else masses[:3])
    ]
    return painted_crown(blobs, _LEAVES_LOW, (116, 142, 70), rng, (170, 30)[detail], (0.17, 0.3)[detail])


def _rock(detail: int) -> Mesh:
    """A weathered boulder, faceted, mossy on top, sunk a little into the ground."""
    rng = stream("rock")
    ball = icosphere(1 if detail != FAR else 0, (0, 0, 0))
    p = ball.positions.astype(np.float64)
    for _ in range(7 if detail != FAR else 3):
        normal = rng.normal(size=3)
        normal /= np.linalg.norm(normal)
        over = np.maximum(p @ normal - rng.uniform(0.55, 0.8), 0)
        p -= over[:, None] * normal
    p = p * (0.78, 0.62, 0.6) * (1 + rng.uniform(-0.06, 0.06, (len(p), 1)))
    p = p @ turn(yaw=0.4, pitch=0.15).T
    p[:, 2] += 1.0 - p[:, 2].max()
    p[:, 2] = np.maximum(p[:, 2], -0.25)
    centre = p[ball.triangles].mean(axis=1)
    height = np.clip(centre[:, 2:3], 0, 1)
    rgb = np.array(_STONE_LOW) * (1 - height) + np.array(_STONE_HIGH) * height
    mossy = rng.uniform(0, 1, len(centre)) < 0.45 * (height[:, 0] > 0.72)
    rgb = np.where(mossy[:, None], 0.5 * rgb + 0.5 * np.array(_MOSS), rgb) * rng.uniform(0.93, 1.07, (len(centre), 1))
    mesh = faceted(p, ball.triangles.tolist(), rgb)
    return mesh.shaded(np.clip(0.5 + 0.7 * mesh.positions[:, 2], 0.4, 1))


@cache
def grass_tuft() -> Mesh:
    """Nine blades, about 0.4 m high, lit from above; seen from both sides."""
    rng = stream("grass")
    return _blades(rng, 9, 0.4, 0.16, 0.028, (58, 84, 36), (142, 164, 72))


@cache
def crop_tuft() -> Mesh:
    """Ripe wheat: stalks with ears, about 0.85 m high, seen from both sides."""
    rng = stream("wheat")
    stalks = _blades(rng, 6, 0.78, 0.2, 0.018, (142, 132, 62), (212, 184, 92))
    ears = []
    for k in range(3):
        x, y = rng.uniform(-0.12, 0.12, 2)
        ear = lathe([(0.0, 0.62), (0.026, 0.72), (0.0, 0.86)], 3, ((206, 172, 84), (230, 196, 104), (236, 208, 128)))
        ears.append(ear.transformed(turn(yaw=k * 2.1, pitch=rng.uniform(-0.1, 0.1)), (x, y, 0)).marked(sway=1.0))
    return join([stalks, *ears])


@cache
def flower(kind: int = 0) -> Mesh:
    """A meadow flower, about 0.35 m high: 0 poppy, 1 daisy, 2 cornflower. Raises IndexError for another kind."""
    petal = ((206, 62, 44), (244, 240, 226), (92, 108, 196))[kind]
    heart = ((60, 40, 40), (232, 190, 70), (70, 74, 150))[kind]
    rng = stream("flower", kind)
    parts = [_blades(rng, 2, 0.3, 0.06, 0.014, (62, 92, 42), (104, 136, 64))]
    for x, y, z, size in ((0.05, 0.0, 0.35, 0.05), (-0.05, 0.03, 0.29, 0.042)):
        angle = np.arange(5) * 2 * np.pi / 5
        ring = np.column_stack([size * np.cos(angle) + x, size * np.sin(angle) + y, np.full(5, z + 0.012)])
        k = np.arange(5)
        cup = smooth(
            np.concatenate([ring, [[x, y, z - 0.015]]]),
            np.column_stack([k, (k + 1) % 5, np.full(5, 5)]),
            np.concatenate([np.tile(petal, (5, 1)), [heart]]),
        )
        stem = faceted([(x * 0.3, y - 0.006, 0), (x * 0.3, y + 0.006, 0), (x, y, z)], [(0, 1, 2)], (78, 108, 50))
        parts += [cup.marked(sway=1.0), stem.marked(sway=np.clip(stem.positions[:, 2] / 0.35, 0, 1))]
    return join(parts)


def _blades(
    rng: np.random.Generator, count: int, height: float, spread: float, width: float, low: Rgb, high: Rgb
) -> Mesh:
    """Single-triangle blades leaning outwards; normals point up so that a meadow is lit like its ground."""
    points: list[NDArray[np.float64]] = []
    for k in range(count):
        angle = 2 * np.pi * k / count + rng.uniform(-0.4, 0.4)
        out = np.array([np.cos(angle), np.sin(angle), 0.0])
        across = np.array([-out[1], out[0], 0.0]) * width
        foot = out * spread * rng.uniform(0.1, 0.8) + (0, 0, -0.02)
        tip = foot + out * spread * rng.uniform(0.3, 1.0) + (0, 0, height * rng.uniform(0.6, 1.05))
        points += [foot - across, foot + across, tip]
    corners = np.array(points)
    mesh = faceted(corners, [(3 * k, 3 * k + 1, 3 * k + 2) for k in range(count)], low)
    up = np.tile((0.0, 0.0, 1.0), (len(corners), 1)).astype(np.float32)
    rise = np.clip(mesh.positions[:, 2] / height, 0, 1)
    lit = replace(mesh, normals=up)
    return lit.painted(low, high, 0.0, height).shaded(0.55 + 0.45 * rise).marked(sway=rise)
