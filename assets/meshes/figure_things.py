"""What villagers hold, carry, lean and sit on, each with its grip or its foot at the origin.

Long tools lie along x, the working end in front; vessels, lanterns and bundles hang or stand along z.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from assets.meshes.figure import Piece, bound, two_sided
from assets.meshes.mesh import Mesh, Rgb, beam, box, frustum, icosphere, join, lathe, prism, turn
from assets.palette import Load, Part

_WOOD: Rgb = (150, 114, 76)
_DARK_WOOD: Rgb = (112, 82, 54)
_IRON: Rgb = (86, 86, 92)
_WICKER: Rgb = (178, 140, 88)
_JUTE: Rgb = (176, 152, 112)
_FLAME: Rgb = (255, 196, 110)


def _shaft(back: float, front: float, radius: float = 0.015) -> Mesh:
    rod = lathe([(0.0, back), (radius, back), (radius, front), (0.0, front)], 6, _WOOD)
    return rod.transformed(turn(pitch=np.pi / 2))


def _hoe() -> Mesh:
    blade = prism([(-0.012, -0.07), (0.012, -0.06), (0.012, 0.06), (-0.012, 0.07)], -0.17, 0.02, _IRON)
    return join([_shaft(-0.42, 0.82), blade.transformed(turn(pitch=0.25), (0.82, 0, 0))])


def _rake() -> Mesh:
    bar = beam((0.80, -0.2, 0), (0.80, 0.2, 0), 0.03, 0.03, _DARK_WOOD)
    teeth = [beam((0.80, y, 0), (0.79, y, -0.08), 0.014, 0.014, _DARK_WOOD) for y in np.linspace(-0.17, 0.17, 6)]
    return join([_shaft(-0.45, 0.80), bar, *teeth])


def _broom() -> Mesh:
    brush = lathe([(0.02, 0.0), (0.035, 0.06), (0.07, 0.30), (0.0, 0.31)], 8, (190, 156, 88)).transformed(
        turn(pitch=np.pi / 2), (0.62, 0, 0)
    )
    return join([_shaft(-0.5, 0.64), brush])


def _hammer() -> Mesh:
    head = box((0.30, 0, 0), (0.055, 0.055, 0.15), _IRON)
    return join([_shaft(-0.08, 0.30, 0.014), head])


def _axe() -> Mesh:
    blade = prism([(0.44, -0.012), (0.52, -0.012), (0.52, 0.012), (0.44, 0.012)], -0.16, 0.03, _IRON)
    return join([_shaft(-0.2, 0.5), blade])


def _rod() -> Mesh:
    pole = lathe([(0.0, -0.35), (0.014, -0.35), (0.004, 2.1), (0.0, 2.1)], 6, _WOOD).transformed(turn(pitch=np.pi / 2))
    line = beam((2.1, 0, 0), (2.16, 0, -0.9), 0.004, 0.004, (190, 190, 184))
    return join([pole, line])


def _upright_staff(low: float, high: float) -> Mesh:
    return lathe([(0.0, low), (0.015, low), (0.013, high), (0.0, high)], 6, _DARK_WOOD)


def _crook() -> Mesh:
    angle = np.linspace(0, 1.35 * np.pi, 7)
    arc = np.stack([0.06 - 0.06 * np.cos(angle), 0 * angle, 0.52 + 0.06 * np.sin(angle)], axis=1)
    bends = [beam(a, b, 0.024, 0.024, _DARK_WOOD) for a, b in pairwise(arc)]
    return join([_upright_staff(-0.92, 0.53), *bends])


def cane() -> Mesh:
    """A stick with a crosspiece."""
    return join([_upright_staff(-0.78, 0.0), beam((-0.06, 0, 0.0), (0.06, 0, 0.0), 0.026, 0.026, _DARK_WOOD)])


def _vessel(rows: list[tuple[float, float]], rgb: Rgb, content: Rgb, level: float, sides: int = 12) -> Mesh:
    outer = lathe(rows, sides, rgb)
    bottom, top = rows[0][1], rows[-1][1]
    z = bottom + level * (top - bottom)
    radius = float(np.interp(z, [z for _, z in rows], [r for r, _ in rows])) * 0.96
    inside = lathe([(radius, z), (0.0, z + 0.02)], sides, content)
    return join([two_sided(outer, 0.55), inside])


def _handle(width: float, low: float, rgb: Rgb) -> Mesh:
    angle = np.linspace(0, np.pi, 8)
    arc = np.stack([0 * angle, width * np.cos(angle), low + (0.0 - low) * np.sin(angle)], axis=1)
    return join([beam(a, b, 0.014, 0.014, rgb) for a, b in pairwise(arc)])


def _basket() -> Mesh:
    rows = [(0.10, -0.34), (0.135, -0.28), (0.155, -0.20), (0.150, -0.185)]
    body = _vessel(rows, _WICKER, (120, 96, 60), 0.75)
    goods = [
        icosphere(1, colour).transformed(None, (x, y, -0.195), 0.042)
        for x, y, colour in (
            (0.05, 0.04, (176, 58, 44)),
            (-0.04, 0.05, (196, 150, 60)),
            (0.02, -0.06, (120, 142, 66)),
            (-0.06, -0.03, (170, 70, 48)),
        )
    ]
    return join([body, _handle(0.15, -0.19, _WICKER), *goods])


def _bucket() -> Mesh:
    rows = [(0.095, -0.50), (0.115, -0.36), (0.125, -0.24), (0.122, -0.235)]
    hoops = [lathe([(r, z), (r, z + 0.02)], 12, _IRON) for r, z in ((0.104, -0.46), (0.124, -0.29))]
    return join([_vessel(rows, _DARK_WOOD, (70, 92, 108), 0.8), *hoops, _handle(0.122, -0.24, _IRON)])


def _sack() -> Mesh:
    rows = [
        (0.0, -0.17),
        (0.11, -0.16),
        (0.165, -0.05),
        (0.16, 0.06),
        (0.10, 0.15),
        (0.035, 0.19),
        (0.06, 0.235),
        (0.0, 0.24),
    ]
    return lathe(rows, 12, _JUTE).transformed(turn(pitch=np.pi / 2), (0, 0, 0), (0.9, 1.15, 1.55))


def _firewood() -> Mesh:
    logs = []
    for k, (x, z) in enumerate(
        ((0.0, 0.0), (0.10, 0.0), (-0.05, 0.085), (0.05, 0.085), (0.15, 0.07), (0.0, 0.165), (0.09, 0.16))
    ):
        half = 0.26 + 0.03 * (k % 3)
        log = lathe([(0.0, -half), (0.047, -half), (0.047, half), (0.0, half)], 7, _DARK_WOOD)
        log = log.coloured(np.where(np.abs(log.positions[:, 2:]) > half - 1e-4, (206, 172, 120), (104, 80, 58)))
        logs.append(log.transformed(turn(roll=np.pi / 2), (x - 0.02, 0.02 * (k % 2), z)))
    return join(logs)


def _book() -> Mesh:
    covers = [
        box((0.0, side * 0.068, 0.0), (0.19, 0.132, 0.022), (92, 44, 36)).transformed(turn(roll=side * 0.28))
        for side in (-1, 1)
    ]
    pages = [
        box((0.0, side * 0.066, 0.016), (0.175, 0.12, 0.018), (228, 220, 200)).transformed(turn(roll=side * 0.28))
        for side in (-1, 1)
    ]
    return join([*covers, *pages]).transformed(turn(pitch=-0.5))


def _lump(rgb: Rgb) -> Mesh:
    return icosphere(2, rgb).transformed(None, (0.03, 0, 0.02), (0.10, 0.13, 0.065))


def lantern() -> Mesh:
    """A lantern of iron and horn on a ring, its panes shining."""
    frame = [box((0, 0, -0.30), (0.13, 0.13, 0.02), _IRON), frustum(0.085, 0.02, -0.145, -0.09, 8, _IRON)]
    posts = [box((x * 0.052, y * 0.052, -0.22), (0.012, 0.012, 0.15), _IRON) for x in (-1, 1) for y in (-1, 1)]
    ring = _handle(0.03, -0.09, _IRON)
    pane = lathe([(0.0, -0.29), (0.046, -0.285), (0.048, -0.22), (0.046, -0.15), (0.0, -0.145)], 8, _FLAME).marked(
        glow=1.0
    )
    return join([*frame, *posts, ring, pane])


def stool() -> Mesh:
    """A three-legged stool, its seat's top 0.45 m above the ground."""
    seat = frustum(0.17, 0.175, 0.41, 0.45, 14, _WOOD)
    angles = np.arange(3) * 2 * np.pi / 3 + 0.5
    legs = [
        beam(
            (0.1 * np.cos(a), 0.1 * np.sin(a), 0.41),
            (0.17 * np.cos(a), 0.17 * np.sin(a), 0.0),
            0.035,
            0.035,
            _DARK_WOOD,
        )
        for a in angles
    ]
    return join([seat, *legs])


_LOADS: dict[Load, Callable[[], Mesh]] = {
    Load.BASKET: _basket,
    Load.SACK: _sack,
    Load.BUCKET: _bucket,
    Load.FIREWOOD: _firewood,
    Load.HOE: _hoe,
    Load.RAKE: _rake,
    Load.HAMMER: _hammer,
    Load.AXE: _axe,
    Load.BROOM: _broom,
    Load.FISHING_ROD: _rod,
    Load.CROOK: _crook,
    Load.BOOK: _book,
    Load.DOUGH: lambda: _lump((236, 218, 178)),
    Load.CLAY: lambda: _lump((158, 104, 78)),
}
LOADS = tuple(_LOADS)


def load(kind: Load) -> Piece:
    """A tool or what is carried."""
    return bound(_LOADS[kind]().marked(part=Part.HELD), "held")


def thing(name: str) -> Piece:
    """The cane, the lantern or the stool."""
    if name == "cane":
        return bound(cane().marked(part=Part.HELD), "held")
    if name == "lantern":
        return bound(lantern().marked(part=Part.HELD), "lantern")
    return bound(stool().marked(part=Part.HELD), "seat")
