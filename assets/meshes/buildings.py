"""The valley's buildings, put together from shared carpentry and fitted to the size the settlement gives them.

Local frame: x along the width, the door in the middle of the -y side, z up, floor at 0, foundation down to -1.5 m.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from assets.meshes import carpentry as c
from assets.meshes import landmarks
from assets.meshes.bridge import bridge
from assets.meshes.mesh import Mesh, Rgb, beam, box, frustum, join, lathe, turn
from assets.meshes.shell import Shell
from assets.palette import BuildingKind, Part

OVERHANG_M = 2.2
"""No part of any building is further than this outside its footprint (roofs 0.6, steps 1.0, the mill's wheel 1.9)."""

_TWO_STOREYS_M = 4.4  # walls from this height on have two rows of windows
_DOORS: tuple[Rgb, ...] = ((104, 74, 50), (78, 98, 84), (120, 64, 50), (84, 88, 108))


@cache
def building(
    kind: BuildingKind,
    width_m: float,
    depth_m: float,
    wall_height_m: float,
    roof_height_m: float,
    wall_rgb: tuple[int, int, int],
    roof_rgb: tuple[int, int, int],
    variant: int,
) -> Mesh:
    """The mesh of a building of the given footprint and heights in metres and colours in sRGB 0..255.

    `variant` is any non-negative number; it chooses doors, shutters, dormers, lean-tos and what leans on the walls.
    Every vertex says which part it belongs to; what no part claims is a fitting.
    Raises ValueError for sizes that are not positive.
    """
    if min(width_m, depth_m, wall_height_m, roof_height_m) <= 0:
        sizes = (width_m, depth_m, wall_height_m, roof_height_m)
        raise ValueError(f"a building's width, depth, wall and roof height must be positive, got {sizes}")
    shell = Shell(width_m, depth_m, wall_height_m, roof_height_m, wall_rgb, roof_rgb, variant)
    mesh = {
        BuildingKind.HOUSE: _house,
        BuildingKind.INN: _inn,
        BuildingKind.MILL: _mill,
        BuildingKind.FORGE: _forge,
        BuildingKind.CHAPEL: landmarks.chapel,
        BuildingKind.BARN: _barn,
        BuildingKind.WELL: landmarks.well,
        BuildingKind.MARKET_STALL: landmarks.market_stall,
        BuildingKind.BAKERY: _bakery,
        BuildingKind.SCHOOL: _school,
        BuildingKind.BRIDGE: bridge,
    }[kind](shell)
    return replace(mesh, part=np.where(mesh.part == Part.NOTHING, np.uint8(Part.FITTING), mesh.part))


def _house(s: Shell) -> Mesh:
    parts = [s.body(), s.roof(), *s.front(_DOORS[s.variant % 4]), *s.windows(), s.chimney()]
    if s.variant % 3 == 1:
        parts.append(s.dormer())
    if s.variant % 3 == 2:
        parts.append(_lean_to(s))
    if s.variant % 2 == 0:
        parts.append(_woodpile(s))
    return join(parts)


def _inn(s: Shell) -> Mesh:
    sun = frustum(0.2, 0.2, -0.05, 0.05, 8, (232, 190, 84)).transformed(turn(pitch=np.pi / 2))
    parts = [s.body(storeys=2), s.roof(), *s.front(_DOORS[2], wide=True), *s.windows(storeys=2, flowers=True)]
    parts += [
        s.chimney(),
        s.chimney(-0.3),
        s.dormer(-0.22),
        s.dormer(0.22),
        _hanging_sign(s, (58, 74, 60), sun),
        _lantern(s),
    ]
    return join(parts)


def _mill(s: Shell) -> Mesh:
    floors = 2 if s.wall_height > _TWO_STOREYS_M else 1
    parts = [s.body(stone=True), s.roof(), *s.front(_DOORS[0]), *s.windows(floors), s.dormer(), _water_wheel(s)]
    return join(parts)


def _bakery(s: Shell) -> Mesh:
    parts = [s.body(), s.roof(), *s.front(_DOORS[1]), *s.windows(flowers=True), s.chimney(0.3), _oven(s)]
    loaf = lathe([(0.0, -0.28), (0.11, -0.2), (0.14, 0.0), (0.11, 0.2), (0.0, 0.28)], 6, (214, 156, 84))
    parts.append(_hanging_sign(s, (222, 206, 172), loaf.transformed(turn(roll=np.pi / 2))))
    return join(parts)


def _school(s: Shell) -> Mesh:
    """A long house with tall windows and a bell in an open turret on the ridge."""
    parts = [s.body(), s.roof(), *s.front(_DOORS[3], wide=True), *s.windows(), s.chimney(0.36)]
    ridge = s.wall_height + s.roof_height
    posts = [
        beam((x, y, ridge - 0.5), (x, y, ridge + 1.15), 0.12, 0.12, c.CREAM) for x in (-0.4, 0.4) for y in (-0.4, 0.4)
    ]
    cap = frustum(0.85, 0.04, ridge + 1.1, ridge + 1.8, 4, s.roof_rgb).transformed(turn(yaw=np.pi / 4))
    bell = lathe([(0.0, 0.0), (0.26, 0.0), (0.2, 0.12), (0.14, 0.36), (0.0, 0.44)], 8, (188, 152, 74))
    stool = box((0, 0, ridge - 0.12), (1.0, 1.0, 0.5), c.TIMBER)
    turret = join([stool, *posts, cap]).marked(part=Part.ROOF)
    return join([*parts, turret, bell.transformed(offset=(0, 0, ridge + 0.5))])


def _barn(s: Shell) -> Mesh:
    """Upright boards on a stone base, two tall doors and a loft hatch."""
    boards = [c.on_side(s.boards(side), side, s.width, s.depth) for side in range(4)]
    wide = min(3.0, s.width * 0.5)
    tall = min(s.wall_height * 0.88, 3.0)
    leaves = []
    for side in (-1, 1):
        x0, x1 = sorted((side * 0.03, side * wide / 2))
        leaves += [c.slab(x0, x1, 0.02, tall, 0.1, (142, 72, 54))]
        leaves += [c.timber((x0 + 0.1, 0.2), (x1 - 0.1, tall - 0.2), 0.15, c.CREAM).transformed(offset=(0, -0.075, 0))]
        leaves += [_rail(x0, x1, z) for z in (0.12, tall - 0.12)]
    leaves.append(c.slab(-wide / 2 - 0.2, wide / 2 + 0.2, tall, tall + 0.22, 0.16, c.TIMBER_DARK))
    doors = c.on_side(join(leaves).marked(part=Part.DOOR), c.FRONT, s.width, s.depth)
    hatches = []
    for side in s.gable_sides():
        z = s.wall_height + s.roof_height * 0.3
        hatch = join([c.slab(-0.6, 0.6, z - 0.55, z + 0.55, 0.08, c.TIMBER_DARK), _rail(-0.6, 0.6, z + 0.62)])
        hatches.append(c.on_side(hatch.marked(part=Part.DOOR), side, s.width, s.depth))
    ramp = box((0, -s.depth / 2 - 0.45, -0.76), (wide + 0.4, 0.9, 1.48), c.STONE_DARK)
    foot = ramp.marked(part=Part.WALL)
    return join([c.plinth(s.width, s.depth), *boards, s.roof(), doors, *hatches, foot])


def _rail(x0: float, x1: float, z: float) -> Mesh:
    return c.slab(x0, x1, z - 0.08, z + 0.08, 0.125, c.CREAM)


def _forge(s: Shell) -> Mesh:
    """Open in front: posts carry the roof, the hearth glows at the back under a great chimney."""
    parts = [c.plinth(s.width, s.depth), s.roof()]
    for side in (c.RIGHT, c.BACK, c.LEFT):
        length = c.side_length(side, s.width, s.depth)
        outer = c.wall(length, 0.0, s.wall_height, s.wall_rgb)
        inner = c.wall(length, 0.0, s.wall_height, s.wall_rgb).tinted(0.55).shaded(0.5)
        inner = inner.transformed(turn(yaw=np.pi), (0, 0.16, 0))
        frame = c.half_timbering(length, c.PLINTH_M, s.wall_height, [], brace=True)
        parts.append(c.on_side(join([outer, inner, frame]), side, s.width, s.depth))
    parts += [c.on_side(s.gable_end(), side, s.width, s.depth) for side in s.gable_sides()]
    floor = box((0, 0, -0.02), (s.width - 0.05, s.depth - 0.05, 0.06), (92, 84, 76)).shaded(0.6)
    posts = []
    front = -s.depth / 2 + 0.12
    for x in (-s.width / 2 + 0.14, -s.width / 5, s.width / 5, s.width / 2 - 0.14):
        posts.append(beam((x, front, 0.0), (x, front, s.wall_height), 0.24, 0.24, c.TIMBER))
        posts.append(
            beam(
                (x, front, s.wall_height - 0.7),
                (x + (0.55 if x < 0 else -0.55), front, s.wall_height),
                0.14,
                0.14,
                c.TIMBER,
            )
        )
    posts.append(
        beam((-s.width / 2, front, s.wall_height), (s.width / 2, front, s.wall_height), 0.26, 0.26, c.TIMBER_DARK)
    )
    back = s.depth / 2 - 0.8
    top = s.wall_height + s.roof_height + 1.3
    hearth = [box((0, back, 0.4), (1.9, 1.2, 0.8), c.STONE_DARK), box((0, back + 0.1, 2.0), (1.5, 0.9, 1.4), c.STONE)]
    embers = box((0, back - 0.1, 0.84), (1.3, 0.7, 0.1), (244, 128, 48)).marked(glow=1.0)
    parts += [
        join([floor, *posts]).marked(part=Part.WALL),
        *hearth,
        embers,
        c.chimney(0, back + 0.1, 2.2, top, 1.15, c.STONE_DARK),
        _anvil(s.width * 0.22, -s.depth * 0.12),
    ]
    return join(parts)


def _anvil(x: float, y: float) -> Mesh:
    block = frustum(0.3, 0.27, 0.0, 0.55, 8, c.BOARD)
    waist = frustum(0.14, 0.1, 0.55, 0.72, 6, c.IRON)
    face = box((0, 0, 0.78), (0.5, 0.17, 0.13), (70, 70, 76))
    horn = frustum(0.08, 0.0, 0.0, 0.28, 6, (70, 70, 76)).transformed(turn(pitch=np.pi / 2), (0.25, 0, 0.79))
    return join([block, waist, face, horn]).transformed(offset=(x, y, 0))


def _lean_to(s: Shell) -> Mesh:
    """A low shed against the right wall, kept inside the overhang."""
    out, deep, low, high = 1.5, min(2.6, s.depth * 0.55), 1.7, min(2.5, s.wall_height - 0.1)
    x0 = s.width / 2
    y = s.depth / 2 - deep / 2 - 0.2
    shed = box((x0 + out / 2, y, (low - c.FOUNDATION_M) / 2), (out, deep, low + c.FOUNDATION_M), c.BOARD).shaded(0.82)
    roof = beam((x0 - 0.05, y, high + 0.08), (x0 + out + 0.25, y, low - 0.02), deep + 0.4, 0.12, s.roof_rgb).tinted(
        0.92
    )
    hatch = box((x0 + out / 2, y - deep / 2 - 0.02, 0.8), (0.8, 0.08, 1.5), c.TIMBER_DARK)
    return join([shed.marked(part=Part.WALL), roof.marked(part=Part.ROOF), hatch.marked(part=Part.DOOR)])


def _woodpile(s: Shell) -> Mesh:
    """Split logs stacked against the left wall."""
    ends = [(col * 0.25 + (row % 2) * 0.125, 0.13 + row * 0.22) for row in range(3) for col in range(6 - row)]
    logs = [_log(k).transformed(offset=(0.02, y - 0.8, z)) for k, (y, z) in enumerate(ends)]
    pile = join(logs).transformed(offset=(-s.width / 2 - 0.62, s.depth * 0.12, 0.0))
    return join([pile, box((-s.width / 2 - 0.34, s.depth * 0.12 - 0.1, -0.74), (0.62, 1.8, 1.48), c.STONE_DARK)])


def _log(k: int) -> Mesh:
    tone = 0.85 + 0.1 * (k * 7 % 4)
    body = lathe([(0.115, 0.0), (0.115, 0.52)], 6, (112, 84, 60)).tinted(tone).shaded(0.8)
    face = lathe([(0.0, 0.0), (0.115, 0.001)], 6, (206, 170, 120)).tinted(tone)
    return join([body, face]).transformed(turn(yaw=0.0, pitch=np.pi / 2))


def _hanging_sign(s: Shell, rgb: Rgb, emblem: Mesh) -> Mesh:
    """A board with an emblem on both faces, on an iron arm right of the door."""
    x, y, z = min(1.6, s.width * 0.25), -s.depth / 2, min(s.wall_height * 0.95 - 0.1, 3.2)
    arm = beam((x, y, z), (x, y - 1.05, z), 0.06, 0.08, c.IRON)
    stay = beam((x, y, z - 0.5), (x, y - 0.7, z), 0.04, 0.04, c.IRON)
    board = box((x, y - 0.66, z - 0.46), (0.07, 0.72, 0.62), rgb)
    rim = box((x, y - 0.66, z - 0.12), (0.1, 0.8, 0.08), c.TIMBER)
    return join([arm, stay, board, rim, emblem.transformed(offset=(x, y - 0.66, z - 0.48))])


def _lantern(s: Shell) -> Mesh:
    """A lit lantern left of the door."""
    x, y, z = -min(1.25, s.width * 0.22), -s.depth / 2, 2.15
    arm = beam((x, y, z + 0.24), (x, y - 0.36, z + 0.24), 0.05, 0.05, c.IRON)
    glass = frustum(0.09, 0.12, -0.16, 0.12, 6, (250, 214, 130)).marked(glow=1.0)
    top = frustum(0.16, 0.0, 0.12, 0.26, 6, c.IRON)
    return join([arm, join([glass, top]).transformed(offset=(x, y - 0.3, z))])


def _oven(s: Shell) -> Mesh:
    """A domed brick oven at the right wall with its own flue."""
    dome = lathe([(0.98, -c.FOUNDATION_M), (1.0, 0.5), (0.94, 0.95), (0.66, 1.4), (0.0, 1.62)], 10, c.BRICK)
    dome = dome.painted((116, 82, 68), (186, 140, 112), 0.0, 1.5)
    mouth = box((0.0, -0.92, 0.85), (0.6, 0.24, 0.5), (40, 30, 28))
    ember = box((0.0, -1.03, 0.72), (0.4, 0.06, 0.16), (250, 140, 56)).marked(glow=1.0)
    flue = frustum(0.2, 0.15, 1.3, 2.3, 6, c.BRICK)
    return join([dome, mouth, ember, flue]).transformed(offset=(s.width / 2 + 0.75, 0.1 * s.depth, 0))


def _water_wheel(s: Shell) -> Mesh:
    """An undershot wheel at the back, where the river is, its hub carried by the wall and an outer post."""
    radius, x, broad = min(2.1, s.wall_height * 0.75), s.depth / 2 + 0.95, 0.85
    hub_z = radius * 0.62
    parts = []
    spokes = 12
    angle = np.arange(spokes) * 2 * np.pi / spokes
    rim = np.column_stack([np.cos(angle), np.sin(angle)]) * radius
    for side in (-1, 1):
        at = x + side * broad / 2
        for k in range(spokes):
            (y0, z0), (y1, z1) = rim[k], rim[(k + 1) % spokes]
            parts.append(beam((at, y0, hub_z + z0), (at, y1, hub_z + z1), 0.09, 0.22, c.TIMBER))
            if k % 2 == 0:
                parts.append(beam((at, 0, hub_z), (at, y0, hub_z + z0), 0.08, 0.12, c.TIMBER))
    for y, z in rim:
        paddle = beam((x, y * 0.86, hub_z + z * 0.86), (x, y * 1.1, hub_z + z * 1.1), broad, 0.05, c.BOARD)
        parts.append(paddle.tinted(0.9))
    parts.append(beam((s.depth / 2 - 0.1, 0, hub_z), (x + broad / 2 + 0.4, 0, hub_z), 0.26, 0.26, c.TIMBER_DARK))
    post = beam((x + broad / 2 + 0.3, 0, -c.FOUNDATION_M), (x + broad / 2 + 0.3, 0, hub_z + 0.3), 0.24, 0.24, c.TIMBER)
    return join([*parts, post]).transformed(turn(yaw=np.pi / 2))
