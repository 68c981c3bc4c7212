"""Small things that make a village lived in: fences, benches, crates, barrels, hay, carts, signposts.

All stand on z = 0 with posts and feet reaching a little below the ground; sizes in metres.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from assets.meshes.mesh import Mesh, Rgb, beam, bevelled_box, box, frustum, join, lathe, stream, turn

FENCE_M = 2.0  # length of one fence segment along x

_WOOD: Rgb = (134, 102, 70)
_WOOD_DARK: Rgb = (92, 68, 48)
_IRON: Rgb = (56, 54, 56)
_HAY: Rgb = (214, 180, 98)


@cache
def fence() -> Mesh:
    """One segment from x = 0 to FENCE_M: two posts' worth of rough rails; segments chain by their first post."""
    post = bevelled_box((0, 0, 0.3), (0.12, 0.12, 1.4), 0.025, _WOOD_DARK)
    rails = [beam((-0.05, 0.05, 0.42), (FENCE_M + 0.05, 0.05, 0.46), 0.05, 0.1, _WOOD)]
    rails.append(beam((-0.05, 0.05, 0.84), (FENCE_M + 0.05, 0.05, 0.8), 0.05, 0.1, _WOOD))
    picket = bevelled_box((FENCE_M / 2, 0, 0.25), (0.09, 0.09, 1.3), 0.02, _WOOD_DARK)
    return _grounded(join([post, *rails, picket]), 0.5)


@cache
def bench() -> Mesh:
    """A plank bench 1.6 m long with a back, its seat 0.45 m high, facing -y."""
    seat = [bevelled_box((0, y, 0.425), (1.6, 0.19, 0.05), 0.012, _WOOD) for y in (-0.11, 0.1)]
    back = bevelled_box((0, 0.25, 0.74), (1.6, 0.05, 0.2), 0.012, _WOOD)
    legs = [box((x, y, 0.1), (0.09, 0.09, 0.62), _WOOD_DARK) for x in (-0.65, 0.65) for y in (-0.12, 0.14)]
    stays = [beam((x, 0.2, 0.3), (x, 0.27, 0.86), 0.08, 0.06, _WOOD_DARK) for x in (-0.65, 0.65)]
    return _grounded(join([*seat, back, *legs, *stays]), 0.4)


@cache
def crate() -> Mesh:
    """A slatted crate of 0.6 m."""
    body = box((0, 0, 0.27), (0.54, 0.54, 0.54), (168, 132, 88)).tinted(0.78)
    slats = []
    for z in (0.1, 0.28, 0.46):
        for yaw in (0.0, np.pi / 2):
            slats.append(box((0, 0, z), (0.6 if yaw == 0 else 0.58, 0.58 if yaw == 0 else 0.6, 0.13), (172, 136, 92)))
    corners = [box((x, y, 0.28), (0.08, 0.08, 0.57), _WOOD) for x in (-0.27, 0.27) for y in (-0.27, 0.27)]
    return _grounded(join([body, *slats[::2], *corners]), 0.4)


@cache
def barrel() -> Mesh:
    """A cask 0.9 m high with iron hoops."""
    rows = [(0.26, 0.0), (0.335, 0.28), (0.345, 0.45), (0.335, 0.62), (0.27, 0.9), (0.0, 0.88)]
    staves = lathe(rows, 10, _WOOD).painted((104, 76, 50), (156, 118, 78), 0.0, 0.9)
    hoops = []
    for z, radius in ((0.12, 0.306), (0.34, 0.349), (0.58, 0.349), (0.78, 0.306)):
        hoops.append(lathe([(radius, z - 0.03), (radius, z + 0.03)], 10, _IRON))
    return _grounded(join([staves, *hoops]), 0.4)


@cache
def hay_bale() -> Mesh:
    """A round sheaf of hay lying on its side, 1.2 m across."""
    roll = lathe(
        [(0.0, -0.52), (0.3, -0.5), (0.58, -0.5), (0.61, -0.3), (0.61, 0.3), (0.58, 0.5), (0.3, 0.5), (0.0, 0.52)],
        12,
        _HAY,
    )
    rng = stream("hay")
    roll = roll.tinted(rng.uniform(0.86, 1.08, len(roll.positions)))
    return _grounded(roll.transformed(turn(roll=np.pi / 2), (0, 0, 0.58)), 0.7)


@cache
def cart() -> Mesh:
    """A two-wheeled hay cart, its shafts along +x resting on a prop."""
    floor = bevelled_box((0, 0, 0.78), (1.9, 1.1, 0.08), 0.02, _WOOD)
    sides = []
    for y in (-0.55, 0.55):
        sides += [
            beam((-0.95, y, 1.12), (0.95, y, 1.12), 0.05, 0.1, _WOOD),
            beam((-0.95, y, 0.94), (0.95, y, 0.94), 0.04, 0.1, _WOOD),
        ]
        sides += [beam((x, y, 0.76), (x, y * 1.06, 1.22), 0.06, 0.06, _WOOD_DARK) for x in (-0.9, 0.0, 0.9)]
    shafts = [beam((0.6, y, 0.74), (2.5, y * 0.8, 0.72), 0.08, 0.08, _WOOD_DARK) for y in (-0.4, 0.4)]
    prop = beam((2.2, 0, 0.72), (2.2, 0, -0.1), 0.07, 0.07, _WOOD_DARK)
    tie = beam((2.2, -0.36, 0.72), (2.2, 0.36, 0.72), 0.06, 0.06, _WOOD_DARK)
    axle = beam((0, -0.72, 0.52), (0, 0.72, 0.52), 0.1, 0.1, _IRON)
    wheels = [_wheel(0.52).transformed(offset=(0, y, 0.52)) for y in (-0.68, 0.68)]
    load = lathe([(0.62, 0.8), (0.66, 1.15), (0.45, 1.5), (0.0, 1.66)], 9, _HAY).transformed(scale=(1.25, 0.78, 1))
    rng = stream("hay load")
    load = load.tinted(rng.uniform(0.85, 1.08, len(load.positions)))
    return _grounded(join([floor, *sides, *shafts, prop, tie, axle, *wheels, load]), 0.9)


def _wheel(radius: float) -> Mesh:
    """A spoked wheel in the plane y = 0."""
    n = 10
    angle = np.arange(n) * 2 * np.pi / n
    rim = np.column_stack([np.cos(angle), np.zeros(n), np.sin(angle)]) * (radius - 0.04)
    parts = [beam(rim[k], rim[(k + 1) % n], 0.07, 0.08, _WOOD_DARK) for k in range(n)]
    parts += [beam((0, 0, 0), rim[k], 0.04, 0.05, _WOOD) for k in range(0, n, 2)]
    parts.append(frustum(0.09, 0.09, -0.08, 0.08, 6, _WOOD_DARK).transformed(turn(roll=np.pi / 2)))
    return join(parts)


@cache
def signpost() -> Mesh:
    """A post with two pointed boards, 2.3 m high."""
    post = bevelled_box((0, 0, 0.9), (0.13, 0.13, 2.8), 0.03, _WOOD_DARK)
    boards = []
    for z, yaw in ((2.0, 0.3), (1.68, 2.7)):
        arm = box((0.3, 0, 0), (0.96, 0.05, 0.2), _WOOD)
        tip = frustum(0.145, 0.0, 0.0, 0.17, 4, _WOOD).transformed(turn(pitch=np.pi / 2), (0, 0, 0))
        tip = tip.transformed(turn(roll=np.pi / 4)).transformed(scale=(1, 0.25, 1), offset=(0.75, 0, 0))
        boards.append(join([arm, tip]).transformed(turn(yaw=yaw), (0, 0, z)))
    return _grounded(join([post, *boards]), 0.6)


def _grounded(mesh: Mesh, height: float) -> Mesh:
    """Darker towards the ground, where grass and earth shut out the sky."""
    return mesh.shaded(np.clip(0.58 + 0.42 * mesh.positions[:, 2] / height, 0.4, 1))
