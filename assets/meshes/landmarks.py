"""What the village gathers round: chapel, well, market stall."""

from __future__ import annotations

import numpy as np

from assets.meshes import carpentry as c
from assets.meshes import props
from assets.meshes.mesh import Mesh, Rgb, beam, bevelled_box, box, faceted, frustum, icosphere, join, lathe, turn
from assets.meshes.shell import Shell
from assets.palette import Part

_SLATE: Rgb = (86, 92, 104)
_GOLD: Rgb = (222, 184, 92)


def chapel(s: Shell) -> Mesh:
    """A nave with tall arched windows behind a square tower with a spire; the door is in the tower's foot."""
    tower = min(3.4, s.width * 0.55, s.depth * 0.4)
    front = -s.depth / 2 + tower / 2
    nave_depth = s.depth - tower * 0.8
    nave = Shell(s.width, nave_depth, s.wall_height, s.roof_height, s.wall_rgb, s.roof_rgb, s.variant)
    parts = [c.plinth(nave.width, nave.depth), *_stone_walls(nave), nave_roof(nave)]
    parts += [
        c.on_side(arched_window(x, s.wall_height * 0.55, 0.8, s.wall_height * 0.5), side, nave.width, nave.depth)
        for side in (c.RIGHT, c.LEFT)
        for x in np.linspace(-0.3, 0.3, 3) * nave.depth
    ]
    parts = [part.transformed(offset=(0, tower * 0.4, 0)) for part in parts]
    parts.append(_tower(s, tower).transformed(offset=(0, front, 0)))
    return join(parts)


def nave_roof(s: Shell) -> Mesh:
    """The nave's roof, its ridge running away from the tower whatever the proportions."""
    roof = c.gable_roof(s.depth, s.width, s.wall_height, s.roof_height, s.roof_rgb, "nave", 0.35)
    gables = [
        c.on_side(c.gable(s.width, s.wall_height, s.roof_height, s.wall_rgb), side, s.width, s.depth)
        for side in (c.FRONT, c.BACK)
    ]
    return join([roof.transformed(turn(yaw=np.pi / 2)), *gables])


def _stone_walls(s: Shell) -> list[Mesh]:
    walls = []
    for side in range(4):
        length = c.side_length(side, s.width, s.depth)
        pieces = [c.wall(length, 0.0, s.wall_height, s.wall_rgb)]
        if side in (c.RIGHT, c.LEFT):
            for x in np.linspace(-0.45, 0.45, 4) * length:
                pieces.append(_buttress(float(x), s.wall_height * 0.72))
        walls.append(c.on_side(join(pieces).marked(part=Part.WALL), side, s.width, s.depth))
    return walls


def _buttress(x: float, height: float) -> Mesh:
    foot = c.slab(x - 0.22, x + 0.22, -c.FOUNDATION_M, height * 0.6, 0.45, c.STONE, ends=True)
    return join([foot, c.slab(x - 0.2, x + 0.2, height * 0.6, height, 0.25, c.STONE).tinted(0.95)])


def arched_window(x: float, z: float, width: float, height: float) -> Mesh:
    """A pointed window on the front wall that glows at dusk, in a stone frame."""

    def outline(w: float, h: float, y: float) -> list[tuple[float, float, float]]:
        return [(x - w, y, z - h), (x + w, y, z - h), (x + w, y, z + h * 0.45), (x, y, z + h), (x - w, y, z + h * 0.45)]

    frame = faceted(outline(width / 2 + 0.12, height / 2 + 0.12, -0.03), [(0, 1, 2, 3, 4)], c.STONE)
    pane = faceted(outline(width / 2, height / 2, -0.05), [(0, 1, 2, 3, 4)], (96, 104, 138)).marked(glow=1.0)
    mullion = c.slab(x - 0.035, x + 0.035, z - height / 2, z + height / 2 - 0.05, 0.07, c.STONE)
    bars = [
        c.slab(x - width / 2, x + width / 2, z + at * height, z + at * height + 0.05, 0.065, c.STONE)
        for at in (-0.2, 0.08)
    ]
    sill = c.slab(x - width / 2 - 0.2, x + width / 2 + 0.2, z - height / 2 - 0.2, z - height / 2 - 0.1, 0.16, c.STONE)
    return join([frame, pane, mullion, *bars, sill]).marked(part=Part.WINDOW)


def _tower(s: Shell, size: float) -> Mesh:
    height = s.wall_height + s.roof_height + 1.4
    parts = [c.plinth(size, size)]
    for side in range(4):
        pieces = [c.wall(size, 0.0, height, s.wall_rgb)]
        for z in (s.wall_height * 0.95, height - 0.1):
            pieces.append(c.slab(-size / 2 - 0.08, size / 2 + 0.08, z - 0.1, z + 0.1, 0.1, c.STONE))
        for row in range(int((height - 0.6) / 0.5)):
            reach = 0.42 if (row + side) % 2 else 0.26
            for sign in (-1, 1):
                x0, x1 = sorted((sign * size / 2, sign * (size / 2 - reach)))
                pieces.append(c.slab(x0, x1, 0.5 + row * 0.5, 0.96 + row * 0.5, 0.035, c.STONE, ends=False))
        opening = faceted(
            [
                (-0.4, -0.02, height - 1.5),
                (0.4, -0.02, height - 1.5),
                (0.4, -0.02, height - 0.8),
                (0, -0.02, height - 0.4),
                (-0.4, -0.02, height - 0.8),
            ],
            [(0, 1, 2, 3, 4)],
            (44, 42, 48),
        )
        louvres = [
            c.slab(-0.38, 0.38, height - 1.45 + k * 0.25, height - 1.35 + k * 0.25, 0.07, c.TIMBER) for k in range(3)
        ]
        pieces = [join(pieces).marked(part=Part.WALL), join([opening, *louvres]).marked(part=Part.WINDOW)]
        if side == c.FRONT:
            pieces += [
                c.door(0.0, 1.25, min(2.3, s.wall_height * 0.75), (104, 74, 50)),
                arched_window(0.0, s.wall_height * 0.95 + 1.1, 0.55, 1.2),
            ]
        parts.append(c.on_side(join(pieces), side, size, size))
    return join([*parts, _spire(size, height, s.roof_rgb)])


def _spire(size: float, height: float, rgb: Rgb) -> Mesh:
    """A flared pyramid in two slopes with a gilded ball and cross."""
    half = size / 2 + 0.35
    tall = size * 1.75
    levels = [
        (half, height - 0.08),
        (half * 0.68, height + 0.55),
        (half * 0.34, height + 0.55 + tall * 0.5),
        (0.03, height + 0.55 + tall),
    ]
    points, faces, paint = [], [], []
    for r, z in levels:
        points += [(-r, -r, z), (r, -r, z), (r, r, z), (-r, r, z)]
    for band in range(3):
        for k in range(4):
            a, b = band * 4, band * 4 + 4
            faces.append((a + k, a + (k + 1) % 4, b + (k + 1) % 4, b + k))
            paint.append(np.array(rgb) * (0.92 + 0.06 * band))
    faces.append((3, 2, 1, 0))
    paint.append(np.array(c.TIMBER) * 0.7)
    top = height + 0.55 + tall
    ball = icosphere(0, _GOLD).transformed(None, (0, 0, top + 0.08), 0.15)
    cross = [
        beam((0, 0, top), (0, 0, top + 0.95), 0.07, 0.07, _GOLD),
        beam((-0.25, 0, top + 0.62), (0.25, 0, top + 0.62), 0.07, 0.07, _GOLD),
    ]
    return join([faceted(points, faces, paint), ball, *cross]).marked(part=Part.ROOF)


def well(s: Shell) -> Mesh:
    """A stone ring with a windlass, a bucket and a little shingled roof on two posts."""
    radius = min(s.width, s.depth) / 2 * 0.72
    rim = 0.85
    stones = []
    n = 12
    angle = np.arange(n) * 2 * np.pi / n
    for k in range(n):
        for row, (z0, z1) in enumerate(((-c.FOUNDATION_M, 0.36), (0.36, rim))):
            a0, a1 = angle[k] + row * 0.26, angle[k] + row * 0.26 + 2 * np.pi / n
            tone = 0.86 + 0.07 * ((k * 5 + row * 3) % 4)
            stones.append(
                _ring_stone(a0, a1, radius, radius - 0.24, z0, z1).tinted(tone).shaded(0.8 if row == 0 else 1.0)
            )
    water = lathe([(radius - 0.22, 0.25), (0.0, 0.26)], n, (52, 84, 104)).shaded(0.5)
    top = max(s.wall_height, 1.9)
    posts = [beam((x, 0, -0.4), (x, 0, top), 0.16, 0.16, c.TIMBER) for x in (-radius + 0.05, radius - 0.05)]
    drum = beam((-radius, 0, top * 0.72), (radius + 0.18, 0, top * 0.72), 0.12, 0.12, c.BOARD)
    crank = beam((radius + 0.18, 0, top * 0.72), (radius + 0.18, 0, top * 0.72 - 0.34), 0.05, 0.05, c.IRON)
    rope = beam((0, 0, top * 0.72), (0, 0, rim + 0.28), 0.03, 0.03, (196, 172, 128))
    bucket = frustum(0.13, 0.17, rim, rim + 0.3, 8, c.BOARD).painted((96, 70, 48), (150, 112, 76), rim, rim + 0.3)
    over = min(s.width, s.depth) - 0.3
    roof = c.gable_roof(2 * radius, over * 0.8, top, max(0.5, min(s.roof_height, 0.9)), s.roof_rgb, "well", 0.18)
    ring = join(stones).marked(part=Part.WALL)
    return join([ring, water, *posts, drum, crank, rope, bucket, roof])


def _ring_stone(a0: float, a1: float, outer: float, inner: float, z0: float, z1: float) -> Mesh:
    flat = [(r * np.cos(a), r * np.sin(a)) for a, r in ((a0, outer), (a1, outer), (a1, inner), (a0, inner))]
    points = [(x, y, z) for z in (z0, z1) for x, y in flat]
    return faceted(points, [(0, 1, 5, 4), (2, 3, 7, 6), (4, 5, 6, 7)], c.STONE)


def market_stall(s: Shell) -> Mesh:
    """Posts, a counter with goods, crates, and a striped awning in the roof's colour."""
    w, d = s.width / 2 - 0.15, s.depth / 2 - 0.15
    high, low = s.wall_height + min(s.roof_height, 0.7), s.wall_height
    posts = [
        beam((x, y, -0.6), (x, y, high - 0.1 if y > 0 else low - 0.08), 0.1, 0.1, c.TIMBER)
        for x in (-w, w)
        for y in (-d, d)
    ]
    counter = bevelled_box((0, -d + 0.35, 0.82), (2 * w, 0.8, 0.1), 0.02, c.BOARD)
    skirt = box((0, -d + 0.02, 0.4), (2 * w - 0.1, 0.06, 0.8), c.BOARD).tinted(0.8).shaded(0.85)
    goods = []
    for k, x in enumerate(np.linspace(-w + 0.35, w - 0.35, 4)):
        goods.append(bevelled_box((x, -d + 0.35, 0.93), (0.48, 0.5, 0.12), 0.02, (150, 116, 76)).tinted(0.9))
        colour = ((196, 62, 48), (228, 168, 62), (122, 156, 70), (206, 156, 96))[(k + s.variant) % 4]
        for dx, dy, dz in ((-0.12, -0.12, 0), (0.1, -0.1, 0), (-0.1, 0.1, 0), (0.12, 0.12, 0), (0.0, 0.0, 0.09)):
            goods.append(icosphere(0, colour).transformed(turn(yaw=dx * 9), (x + dx, -d + 0.35 + dy, 1.04 + dz), 0.095))
    crates = [
        props.crate().transformed(turn(yaw=0.2), (-w + 0.3, d - 0.3, 0)),
        props.crate().transformed(turn(yaw=-0.3), (w - 0.35, d - 0.25, 0)),
    ]
    crates.append(props.barrel().transformed(scale=0.8, offset=(w - 0.9, d - 0.2, 0)))
    return join([*posts, counter, skirt, *goods, *crates, _awning(w, d, low, high, s.roof_rgb).marked(part=Part.ROOF)])


def _awning(w: float, d: float, low: float, high: float, rgb: Rgb) -> Mesh:
    """A sagging striped cloth, seen from both sides, with a scalloped front edge."""
    stripes = 9
    xs = np.linspace(-w - 0.25, w + 0.25, stripes + 1)
    ys, zs = np.array([-d - 0.45, -0.1, d + 0.25]), np.array([low - 0.05, (low + high) / 2 - 0.06, high + 0.06])
    parts = []
    for k in range(stripes):
        colour = rgb if k % 2 == 0 else (240, 232, 214)
        points = [(x, y, z) for y, z in zip(ys, zs, strict=True) for x in (xs[k], xs[k + 1])]
        middle = (xs[k] + xs[k + 1]) / 2
        points += [
            (xs[k], ys[0] - 0.01, zs[0] - 0.16),
            (middle, ys[0] - 0.01, zs[0] - 0.27),
            (xs[k + 1], ys[0] - 0.01, zs[0] - 0.16),
        ]
        top = faceted(points, [(0, 1, 3, 2), (2, 3, 5, 4), (6, 7, 8, 1, 0)], colour)
        under = faceted(points, [(2, 3, 1, 0), (4, 5, 3, 2), (0, 1, 8, 7, 6)], colour).tinted(0.75).shaded(0.6)
        parts += [top.marked(sway=0.12), under.marked(sway=0.12)]
    return join(parts)
