"""What buildings share: walls on a stone base, timber, roofs, windows, doors, chimneys.

Wall pieces are made for the front: the wall is the plane y = 0, seen from -y, x to the right;
`on_side` carries them round.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from assets.meshes.mesh import (
    Mesh,
    Rgb,
    beam,
    bevelled_box,
    box,
    faceted,
    frustum,
    icosphere,
    join,
    lathe,
    stream,
    turn,
)
from assets.palette import Part

FOUNDATION_M = 1.5  # the base reaches this far below the floor, for slopes
EAVE_M = 0.5  # roofs overhang walls by this much
PLINTH_M = 0.45  # height of the stone base above the floor
ROOF_THICKNESS_M = 0.13

FRONT, RIGHT, BACK, LEFT = range(4)

TIMBER: Rgb = (88, 62, 44)
TIMBER_DARK: Rgb = (62, 45, 34)
BOARD: Rgb = (128, 94, 64)
STONE: Rgb = (142, 134, 122)
STONE_DARK: Rgb = (104, 98, 92)
BRICK: Rgb = (138, 92, 74)
PANE: Rgb = (70, 92, 108)
IRON: Rgb = (48, 46, 48)
CREAM: Rgb = (214, 200, 170)
_BLOOMS: tuple[Rgb, ...] = ((206, 70, 62), (236, 196, 84), (222, 120, 150), (206, 70, 62))
SHUTTERS: tuple[Rgb, ...] = ((84, 112, 92), (74, 96, 128), (142, 72, 58), (110, 122, 70))


def on_side(mesh: Mesh, side: int, width: float, depth: float) -> Mesh:
    """A front piece moved to the given side of a width x depth footprint."""
    away = depth / 2 if side in (FRONT, BACK) else width / 2
    quarter = turn(yaw=side * np.pi / 2)
    return mesh.transformed(quarter, quarter @ np.array([0.0, -away, 0.0]))


def side_length(side: int, width: float, depth: float) -> float:
    """Length of a side of the footprint in metres."""
    return width if side in (FRONT, BACK) else depth


def slab(x0: float, x1: float, z0: float, z1: float, out: float, rgb: Rgb, ends: bool = True) -> Mesh:
    """A flat piece on the front wall, `out` metres thick; without its back, and on demand without top and foot."""
    points = [(x, y, z) for y in (0.0, -out) for x, z in ((x0, z0), (x1, z0), (x1, z1), (x0, z1))]
    faces = [(4, 5, 6, 7), (1, 2, 6, 5), (3, 0, 4, 7)]
    if ends:
        faces += [(0, 1, 5, 4), (2, 3, 7, 6)]
    return faceted(points, faces, rgb)


def timber(start: tuple[float, float], end: tuple[float, float], breadth: float = 0.17, rgb: Rgb = TIMBER) -> Mesh:
    """A beam on the front wall from (x, z) to (x, z), its ends hidden by others."""
    (x0, z0), (x1, z1) = start, end
    length, b = float(np.hypot(x1 - x0, z1 - z0)), breadth / 2
    piece = faceted(
        [(x, y, z) for y in (0.0, -0.045) for x, z in ((0, -b), (length, -b), (length, b), (0, b))],
        [(4, 5, 6, 7), (0, 1, 5, 4), (2, 3, 7, 6)],
        rgb,
    )
    return piece.transformed(turn(pitch=-float(np.arctan2(z1 - z0, x1 - x0))), (x0, 0.0, z0))


def wall(length: float, z0: float, z1: float, rgb: Rgb) -> Mesh:
    """A plastered front wall: dirty and dark near the ground, occluded under the eaves."""
    low, high = min(z0 + 0.8, (z0 + z1) / 2), max(z1 - 0.55, (z0 + z1) / 2)
    levels = [z0, low, high, z1]
    xs = np.array([-length / 2, length / 2])
    points = [(x, 0.0, z) for z in levels for x in xs]
    mesh = faceted(points, [(2 * k, 2 * k + 1, 2 * k + 3, 2 * k + 2) for k in range(3)], rgb)
    z = mesh.positions[:, 2]
    openness = np.interp(z, levels, (0.62, 1.0, 0.95, 0.5))
    dirt = np.interp(z, levels, (0.86, 1.0, 1.0, 0.96))
    return mesh.shaded(openness).tinted(dirt[:, None] * (1.0, 0.99, 0.97)).marked(part=Part.WALL)


def gable(length: float, z0: float, rise: float, rgb: Rgb) -> Mesh:
    """The triangle of front wall under a roof's end."""
    half = length / 2
    mesh = faceted([(-half, 0, z0), (half, 0, z0), (0, 0, z0 + rise)], [(0, 1, 2)], rgb)
    return mesh.shaded(np.array([0.7, 0.7, 0.45])).marked(part=Part.WALL)


def plinth(width: float, depth: float) -> Mesh:
    """The stone base: rough courses of a slightly wider block, down to the foundation."""
    rng = stream("plinth")
    parts = []
    for side in range(4):
        length = side_length(side, width, depth) + 0.14
        count = max(3, round(length / 0.9))
        for row, (z0, z1) in enumerate(((-FOUNDATION_M, 0.02), (0.02, PLINTH_M))):
            edges = np.linspace(-length / 2, length / 2, count + 1)
            edges[1:-1] += rng.uniform(-0.18, 0.18, count - 1) + (0.2 if row else -0.2)
            points = [(x, -0.07, z) for z in (z0, z1) for x in edges]
            faces = [(k, k + 1, count + k + 2, count + k + 1) for k in range(count)]
            shade = rng.uniform(0.84, 1.1, (count, 1)) * np.array(STONE if row else STONE_DARK)
            courses = faceted(points, faces, shade)
            parts.append(on_side(courses.shaded(0.62 if row == 0 else 0.85), side, width, depth))
        ledge = [(-length / 2, -0.07, PLINTH_M), (length / 2, -0.07, PLINTH_M), (length / 2 - 0.07, 0, PLINTH_M + 0.05)]
        ledge.append((-length / 2 + 0.07, 0, PLINTH_M + 0.05))
        parts.append(on_side(faceted(ledge, [(0, 1, 2, 3)], STONE), side, width, depth))
    return join(parts).marked(part=Part.WALL)


def gable_roof(length: float, span: float, base: float, rise: float, rgb: Rgb, name: str, eave: float = EAVE_M) -> Mesh:
    """A shingled roof with thickness: ridge along x above the middle of `span`, overhanging walls of height `base`."""
    rng = stream("roof", *name.encode())
    half, over = span / 2 + eave, length / 2 + eave * 0.8
    slope = rise / (span / 2)
    rows = max(4, round(np.hypot(half, slope * half) / 0.62))
    columns = max(3, round(2 * over / 1.5))
    parts = [_shingles(rng, rows, columns, over, half, base + rise, slope, rgb)]
    lower = base - eave * slope
    under = [(-over, -half, lower), (over, -half, lower), (over, 0, base + rise), (-over, 0, base + rise)]
    soffit = faceted(under, [(3, 2, 1, 0)], TIMBER).shaded(0.42)
    pair = [join([parts[0], soffit])]
    pair.append(pair[0].transformed(turn(yaw=np.pi)))
    top = base + rise + ROOF_THICKNESS_M
    ridge = beam((-over - 0.03, 0, top), (over + 0.03, 0, top), 0.26, 0.14, rgb).tinted(0.8)
    boards = []
    for x in (-over, over):
        for y in (-half, half):
            foot = (x, y * 1.01, lower + 0.03)
            boards.append(beam(foot, (x, 0.0, base + rise + 0.07), 0.09, 0.24, TIMBER_DARK))
    return join([*pair, ridge, *boards]).marked(part=Part.ROOF)


def _shingles(
    rng: np.random.Generator, rows: int, columns: int, over: float, half: float, top: float, slope: float, rgb: Rgb
) -> Mesh:
    """The upper face of the slope towards -y, row over row, each row's lower edge standing proud."""
    up = np.array([0.0, -slope, 1.0]) / np.hypot(slope, 1.0)
    points: list[NDArray[np.float64]] = []
    faces, paint = [], []

    def corner(x: float, y: float, lift: float) -> int:
        points.append(np.array([x, y, top + y * slope]) + up * (ROOF_THICKNESS_M + lift))
        return len(points) - 1

    for row in range(rows):
        y0, y1 = -half * (1 - row / rows), -half * (1 - (row + 1) / rows)
        edges = np.linspace(-over, over, columns + 1)
        edges[1:-1] += rng.uniform(-0.25, 0.25, columns - 1)
        proud = 0.06
        for x0, x1 in pairwise(edges):
            faces.append((corner(x0, y0, proud), corner(x1, y0, proud), corner(x1, y1, 0.0), corner(x0, y1, 0.0)))
            paint.append(np.array(rgb) * rng.uniform(0.86, 1.1) * (0.9 + 0.16 * row / rows))
        sunk = -ROOF_THICKNESS_M if row == 0 else -0.01
        faces.append(
            (corner(-over, y0, sunk), corner(over, y0, sunk), corner(over, y0, proud), corner(-over, y0, proud))
        )
        paint.append(np.array(rgb) * 0.58)
    return faceted(np.array(points), faces, np.clip(paint, 0, 255))


def window(x: float, z: float, width: float, height: float, shutter: Rgb | None, box_of_flowers: bool = False) -> Mesh:
    """A window centred at (x, z) on the front wall: frame, four panes that glow at dusk, sill, shutters."""
    w, h = width / 2, height / 2
    parts = [slab(x - w - 0.08, x + w + 0.08, z - h - 0.06, z + h + 0.08, 0.05, CREAM)]
    bar = 0.025
    for sx, sz in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x0, x1 = sorted((x + sx * bar, x + sx * w))
        z0, z1 = sorted((z + sz * bar, z + sz * h))
        pane = faceted([(x0, -0.055, z0), (x1, -0.055, z0), (x1, -0.055, z1), (x0, -0.055, z1)], [(0, 1, 2, 3)], PANE)
        parts.append(pane.tinted(0.85 if sz > 0 else 1.1).marked(glow=1.0))
    parts.append(slab(x - w - 0.14, x + w + 0.14, z - h - 0.14, z - h - 0.06, 0.14, TIMBER))
    if shutter is not None:
        for s in (-1, 1):
            edge = x + s * (w + 0.1)
            x0, x1 = sorted((edge, edge + s * (w * 0.85)))
            parts.append(slab(x0, x1, z - h, z + h, 0.06, shutter, ends=False))
            for at in (-0.55, 0.55):
                parts.append(
                    _strip(x0 + 0.03, x1 - 0.03, z + at * h - 0.035, z + at * h + 0.035, 0.065, shutter).tinted(0.72)
                )
    if box_of_flowers:
        parts.append(slab(x - w - 0.08, x + w + 0.08, z - h - 0.3, z - h - 0.1, 0.26, BOARD))
        for k, colour in enumerate(_BLOOMS):
            posy = lathe([(0.0, -0.06), (0.14, 0.03), (0.0, 0.16)], 3, ((70, 104, 50), colour, colour))
            parts.append(
                posy.transformed(offset=(x - w + 0.1 + k * (w - 0.1) * 0.66, -0.15, z - h - 0.08)).marked(sway=0.3)
            )
    return join(parts).marked(part=Part.WINDOW)


def _strip(x0: float, x1: float, z0: float, z1: float, out: float, rgb: Rgb) -> Mesh:
    return faceted([(x0, -out, z0), (x1, -out, z0), (x1, -out, z1), (x0, -out, z1)], [(0, 1, 2, 3)], rgb)


def door(x: float, width: float, height: float, rgb: Rgb, step: bool = True) -> Mesh:
    """A plank door with posts, lintel, iron hinges, knob and a stone step, standing on the floor."""
    w = width / 2
    parts = [slab(x - w - 0.14, x + w + 0.14, 0.0, height + 0.16, 0.09, TIMBER_DARK)]
    edges = np.linspace(x - w, x + w, 5)
    for k, shade in enumerate((1.0, 0.88, 1.06, 0.93)):
        parts.append(_strip(edges[k], edges[k + 1] - 0.015, 0.03, height, 0.1, rgb).tinted(shade))
    for z in (0.24 * height, 0.78 * height):
        parts.append(_strip(x - w + 0.02, x + w * 0.55, z - 0.035, z + 0.035, 0.106, IRON))
    parts.append(icosphere(0, (176, 148, 84)).transformed(None, (x + w * 0.75, -0.13, height * 0.48), 0.04))
    parts.append(slab(x - w - 0.26, x + w + 0.26, height + 0.12, height + 0.32, 0.16, TIMBER))
    leaf = join(parts).marked(part=Part.DOOR)
    if not step:
        return leaf
    upper = bevelled_box((x, -0.36, -0.11), (width + 0.5, 0.62, 0.32), 0.04, STONE).tinted(0.95)
    lower = bevelled_box((x, -0.62, -0.61), (width + 0.9, 0.7, 0.96), 0.04, STONE_DARK)
    return join([leaf, join([upper, lower]).marked(part=Part.WALL)])


def chimney(x: float, y: float, z0: float, z1: float, size: float, rgb: Rgb = BRICK) -> Mesh:
    """A stack with a cap and two pots, from inside the roof at z0 up to z1."""
    stack = box((x, y, (z0 + z1) / 2), (size, size * 0.85, z1 - z0), rgb)
    stack = stack.shaded(np.interp(stack.positions[:, 2], (z0, z1), (0.55, 1.0)))
    cap = bevelled_box((x, y, z1 + 0.03), (size + 0.16, size * 0.85 + 0.16, 0.16), 0.04, STONE)
    pots = [
        frustum(0.1, 0.08, z1 + 0.1, z1 + 0.36, 6, (166, 100, 70)).transformed(offset=(x + d, y, 0))
        for d in (-0.16, 0.16)
    ]
    return join([stack, cap, *pots]).marked(part=Part.CHIMNEY)


def half_timbering(length: float, z0: float, z1: float, openings: Sequence[tuple[float, float]], brace: bool) -> Mesh:
    """Posts, rails and braces of a front wall; posts keep clear of openings given as (centre x, half width)."""
    half = length / 2
    parts = [timber((-half + 0.06, z0), (-half + 0.06, z1), 0.22), timber((half - 0.06, z0), (half - 0.06, z1), 0.22)]
    parts += [timber((-half, z0 + 0.09), (half, z0 + 0.09), 0.18), timber((-half, z1 - 0.1), (half, z1 - 0.1), 0.2)]
    posts = []
    for centre, clear in openings:
        posts += [centre - clear - 0.1, centre + clear + 0.1]
    inside = [x for x in posts if abs(x) < half - 0.45]
    parts += [timber((x, z0 + 0.1), (x, z1 - 0.1), 0.15) for x in inside]
    if brace:
        reach = min(0.9, half * 0.35, half - max((abs(x) for x in inside), default=0.0) - 0.1)
        if reach > 0.35:
            for s in (-1, 1):
                parts.append(timber((s * (half - 0.1), z0 + 0.15), (s * (half - 0.1 - reach), z1 - 0.15), 0.14))
    return join(parts).marked(part=Part.WALL)
