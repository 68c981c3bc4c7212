"""Plants of warm and dry countries: palm, umbrella acacia and columnar cactus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.meshes.foliage import far_crown, leafy_mass, limb, painted_crown, stick
from assets.meshes.mesh import Mesh, Rgb, join, lathe, smooth, stream, turn

_PALM_BARK: Rgb = (112, 94, 74)
_PALM_BARK_LOW: Rgb = (82, 68, 54)
_FROND_LOW: Rgb = (54, 82, 38)
_FROND_HIGH: Rgb = (124, 150, 66)
_ACACIA_BARK: Rgb = (96, 78, 60)
_ACACIA_LOW: Rgb = (62, 80, 38)
_ACACIA_HIGH: Rgb = (136, 150, 74)
_CACTUS_LOW: Rgb = (70, 92, 58)
_CACTUS_HIGH: Rgb = (122, 146, 84)

FRONDS = (11, 7)  # near and mid
FROND_PARTS = (5, 2)
CROWN_Z = 0.8


def palm(detail: int) -> Mesh:
    """A slim leaning trunk under a star of drooping fronds."""
    rng = stream("palm", detail)
    if detail == 2:
        crown = far_crown(rng, (0.27, 0.26, 0.14), (0.04, 0, 0.82))
        return join([painted_crown([crown], _FROND_LOW, _FROND_HIGH, rng), stick(0.022, 0.75, _PALM_BARK)])
    path = [(0.0, 0.0, -0.05), (0.005, 0, 0.04), (0.035, 0.01, 0.42), (0.04, 0.01, CROWN_Z)]
    trunk = limb(path, [0.034, 0.026, 0.02, 0.017], (7, 4)[detail], _PALM_BARK_LOW, _PALM_BARK).shaded(0.85)
    count = FRONDS[detail]
    fronds = []
    for k in range(count):
        rise = rng.uniform(0.5, 1.15) if k % 3 else rng.uniform(0.0, 0.35)  # old ones hang
        frond = _frond(FROND_PARTS[detail], rise, rng.uniform(0.26, 0.32))
        fronds.append(frond.transformed(turn(yaw=2 * np.pi * (k + rng.uniform(-0.2, 0.2)) / count), path[-1]))
    return join([trunk, *fronds])


def _frond(parts: int, rise: float, length: float) -> Mesh:
    """A feather arching away from the origin along x, folded along its rib, with an upper and an under side."""
    t = np.linspace(0.0, 1.0, parts + 1)
    angle = rise - 2.1 * t  # of the rib above the horizontal: it bends over
    step = length / parts
    x = np.concatenate([[0.0], np.cumsum(np.cos(angle[:-1]) * step)])
    z = np.concatenate([[0.0], np.cumsum(np.sin(angle[:-1]) * step)])
    half = 0.055 * np.sin(np.pi * np.clip(t * 0.86 + 0.1, 0, 1)) ** 0.6
    rib = np.column_stack([x, np.zeros_like(x), z])
    left = rib + np.column_stack([np.zeros_like(x), half, -0.55 * half])
    right = rib + np.column_stack([np.zeros_like(x), -half, -0.55 * half])
    n = parts + 1
    k = np.arange(parts)
    upper = [(k, k + 1, n + k + 1), (k, n + k + 1, n + k), (k, 2 * n + k, 2 * n + k + 1), (k, 2 * n + k + 1, k + 1)]
    triangles = np.concatenate([np.stack(corners, axis=1) for corners in upper])
    points = np.concatenate([rib, left, right])
    mix = np.tile(t, 3)[:, None]
    rgb = np.asarray(_FROND_LOW) * (1 - mix) + np.asarray(_FROND_HIGH) * mix
    top = smooth(points, triangles, rgb).shaded(0.65 + 0.35 * np.tile(t, 3))
    under = smooth(points, triangles[:, ::-1], rgb * 0.75).shaded(0.55)
    return join([side.marked(sway=0.3 + 0.7 * np.tile(t, 3)) for side in (top, under)])


def acacia(detail: int) -> Mesh:
    """A forked trunk spreading into a flat umbrella of small leaves."""
    rng = stream("acacia", detail)
    if detail == 2:
        crown = far_crown(rng, (0.56, 0.54, 0.16), (0, 0, 0.84))
        return join([painted_crown([crown], _ACACIA_LOW, _ACACIA_HIGH, rng), stick(0.035, 0.75, _ACACIA_BARK)])
    fork = (0.02, 0.0, 0.34)
    parts = [
        limb(
            [(0, 0, -0.06), (0.0, 0.005, 0.04), fork],
            [0.05, 0.036, 0.028],
            (6, 4)[detail],
            _PALM_BARK_LOW,
            _ACACIA_BARK,
        )
    ]
    ends = [(-0.32, 0.1, 0.78), (0.34, -0.12, 0.8), (0.06, 0.34, 0.77), (-0.08, -0.33, 0.79)][: (4, 2)[detail]]
    for end in ends:
        half = (0.55 * end[0] + 0.01, 0.55 * end[1], 0.62)
        parts.append(limb([(fork[0], fork[1], 0.31), half, end], [0.024, 0.017, 0.008], 4, _ACACIA_BARK, _ACACIA_BARK))
    masses = [(0.0, 0.0, 0.9, 0.34), *((x, y, z + 0.06, 0.25) for x, y, z in ends)]
    blobs = [
        leafy_mass(rng, 1 if detail == 0 and k == 0 else 0, (x, y, z), r * (1.0, 1.25)[detail], 0.34)
        for k, (x, y, z, r) in enumerate(masses)
    ]
    return join([*parts, painted_crown(blobs, _ACACIA_LOW, _ACACIA_HIGH, rng, (220, 24)[detail], (0.09, 0.15)[detail])])


def cactus(detail: int) -> Mesh:
    """A ribbed column with raised arms; nothing of it sways."""
    sides = (10, 6, 4)[detail]
    column = [(0.075, -0.05), (0.085, 0.15), (0.09, 0.6), (0.08, 0.86), (0.045, 0.97), (0.0, 1.0)]
    if detail == 2:
        column = [(0.085, -0.05), (0.08, 0.86), (0.0, 1.0)]
    parts = [_ribbed(lathe(column, sides, _CACTUS_LOW), detail)]
    arms = [(0.0, 0.42, 0.72), (2.6, 0.5, 0.86), (4.4, 0.36, 0.6)][: (3, 2, 0)[detail]]
    for yaw, low, top in arms:
        bend = [(0.05, 0.0, low), (0.19, 0.0, low + 0.02), (0.235, 0.0, low + 0.1), (0.235, 0.0, top)]
        arm = limb(bend, [0.05, 0.055, 0.055, 0.045], (7, 5)[detail], _CACTUS_LOW, _CACTUS_LOW)
        tip = lathe([(0.045, 0.0), (0.025, 0.035), (0.0, 0.045)], (7, 5)[detail], _CACTUS_LOW)
        tip = tip.transformed(offset=(0.235, 0, top))
        parts += [part.transformed(turn(yaw=yaw)) for part in (arm, tip)]
    if detail == 2:
        parts.append(lathe([(0.05, 0.45), (0.05, 0.7), (0.0, 0.78)], 3, _CACTUS_LOW).transformed(offset=(0.2, 0, 0)))
        parts.append(lathe([(0.05, 0.5), (0.0, 0.86)], 3, _CACTUS_LOW).transformed(offset=(-0.19, 0.1, 0)))
    whole = join(parts)
    return whole.painted(_CACTUS_LOW, _CACTUS_HIGH, 0.0, 1.0).marked(sway=0.0)


def _ribbed(column: Mesh, detail: int) -> Mesh:
    """Every other edge of a column drawn in, so that light and shade run down it."""
    if detail > 0:
        return column
    angle = np.arctan2(column.positions[:, 1], column.positions[:, 0])
    inward = np.where(np.rint(angle / (2 * np.pi) * 10).astype(int) % 2 == 0, 1.0, 0.8)
    pressed = column.positions * np.column_stack([inward, inward, np.ones_like(inward)])
    return replace(column, positions=pressed.astype(np.float32)).shaded(np.where(inward < 1, 0.75, 1.0))
