"""What is worn over shirt and skirt: cassocks, vests, shawls, aprons, and cloaks against the weather."""

from __future__ import annotations

import numpy as np

from assets.meshes.figure import CLOAK, OVER, Piece, Rows, bound, loft, ramp, smooth_seams, two_sided, united
from assets.meshes.figure_body import BRASS, MAN, ROUND, WOMAN, hanging, on_trunk, skirt_rows, thinned
from assets.meshes.mesh import Floats, box
from assets.palette import Part

_SHEET_FAR = (0, 2, 3, 4, 7, 10)  # rows of an apron that are left far away


def cassock(level: int) -> Piece:
    """A long coat, buttoned down the front, over shirt and trousers."""
    top = _grown(MAN, 0.012, 0.98, 1.46)
    coat = on_trunk(loft(thinned(top, level), ROUND[level], OVER, Part.TORSO, power=2.25))
    cloth = loft(thinned(skirt_rows(0.92), level), (24, 14, 8)[level], OVER, Part.SKIRT, folds=(0.008, 7))
    parts = [coat, hanging(two_sided(cloth, 0.5))]
    if level == 0:
        parts += [
            on_trunk(box((x, 0, z), (0.008, 0.012, 0.012), BRASS).marked(part=Part.TORSO))
            for z, x in ((1.34, 0.122), (1.27, 0.132), (1.20, 0.134), (1.13, 0.128), (1.06, 0.121))
        ]
    return united(parts)


def vest(woman: bool, level: int, fleece: bool = False) -> Piece:
    """A sleeveless jacket, open in front; a shepherd's of fleece, thicker."""
    rows = WOMAN if woman else MAN
    grown = _grown(rows, 0.022 if fleece else 0.011, 0.93 if woman else 0.88, 1.43)
    mesh = loft(thinned(grown, level), ROUND[level] + 2, OVER, Part.TORSO, power=2.25, gap=0.22 if fleece else 0.34)
    return on_trunk(two_sided(mesh))


def shawl(level: int) -> Piece:
    """A triangle of wool over the shoulders, crossed on the chest."""
    rows: Rows = [
        (1.46, 0.064, -0.074, 0.078, 0.85),
        (1.425, 0.085, -0.098, 0.135, 1.0),
        (1.37, 0.118, -0.122, 0.238, 1.0),
    ]
    rows += [(1.27, 0.146, -0.140, 0.252, 0.95), (1.16, 0.140, -0.145, 0.236, 0.95), (1.15, 0.140, -0.145, 0.236, 0.6)]
    return bound(two_sided(loft(thinned(rows, level), (22, 12, 8)[level], OVER, Part.TORSO)), "chest")


def apron(woman: bool, level: int) -> Piece:
    """Bib, strings and a panel down to the knees that follows the thighs."""
    rows = WOMAN if woman else MAN
    chest = np.array(rows)
    heights = [1.32, 1.20, 1.10, 1.00, 0.90]
    sheet = []
    across = np.linspace(-1, 1, (7, 5, 5)[level])
    for z in heights:
        f, _, w = (float(np.interp(z, chest[:, 0], chest[:, k])) for k in (1, 2, 3))
        reach = 0.46 if z > 1.02 else 0.95
        sheet.append(_bowed(z, f + (0.018 if z > 1.02 else 0.026), w + 0.02, reach * across))
    for z in (0.84, 0.78, 0.72, 0.66, 0.60, 0.54):
        over = (0.178, 0.195, 0.220, 0.240) if woman else (0.156, 0.166, 0.170, 0.170)
        front, half = (
            float(np.interp(-z, (-0.86, -0.80, -0.66, -0.54), at)) for at in (over, (0.20, 0.21, 0.215, 0.22))
        )
        sheet.append(_bowed(z, front, half, 0.95 * across))
    tones = [1.0, 1.0, 1.0, 0.86, 0.95, 0.97, 0.97, 0.97, 0.97, 0.97, 0.9]
    kept = _SHEET_FAR if level == 2 else range(len(sheet))
    sheet, tones = [sheet[row] for row in kept], [tones[row] for row in kept]
    n = len(across)
    k = np.arange(n - 1)
    triangles = []
    for row in range(len(sheet) - 1):
        a, b = (row + 1) * n, row * n
        triangles += [np.stack([a + k, a + k + 1, b + k + 1], axis=1), np.stack([a + k, b + k + 1, b + k], axis=1)]
    paint = np.repeat(tones, n)[:, None] * np.full(3, 255.0)
    mesh = two_sided(
        smooth_seams(np.concatenate(sheet), np.concatenate(triangles), paint).marked(slot=OVER, part=Part.TORSO)
    )
    trunk, low = on_trunk(mesh), hanging(mesh)
    high = mesh.positions[:, 2] > 0.93
    whole = Piece(mesh, np.where(high[:, None], trunk.bones, low.bones), np.where(high, trunk.weight, low.weight))
    band = _grown(rows, 0.012, 0.99, 1.035) or _grown(rows, 0.012, 0.97, 1.02)
    waist, ahead, behind, wide, _ = band[0]
    hem: Rows = [(waist + up, ahead, behind, wide, tone) for up, tone in ((-0.012, 0.8), (0.012, 0.9))]
    strings = loft(hem, ROUND[level], OVER, Part.TORSO, power=2.25)
    return united([whole, on_trunk(strings)])


def cloak(level: int) -> Piece:
    """A mantle to the calves, open in front, its collar on the shoulders."""
    rows: Rows = [
        (1.475, 0.078, -0.086, 0.085, 0.85),
        (1.44, 0.092, -0.108, 0.120, 0.95),
        (1.405, 0.138, -0.146, 0.246, 1.0),
        (1.35, 0.160, -0.166, 0.276, 1.0),
        (1.15, 0.180, -0.188, 0.280, 1.0),
        (0.95, 0.194, -0.222, 0.300, 1.0),
        (0.75, 0.206, -0.252, 0.318, 1.0),
        (0.55, 0.216, -0.278, 0.334, 0.97),
        (0.40, 0.222, -0.292, 0.346, 0.9),
        (0.385, 0.222, -0.292, 0.346, 0.55),
    ]
    mesh = two_sided(loft(thinned(rows, level), (28, 16, 9)[level], CLOAK, Part.TORSO, folds=(0.020, 8), gap=0.42), 0.5)
    return bound(mesh, "chest", "cloak", ramp(mesh.positions[:, 2], 1.36, 1.05))


def _bowed(z: float, front: float, half: float, across: Floats) -> Floats:
    """A row (n, 3) of cloth bent round the front of a body; `across` runs from -1 to 1."""
    angle = across * 1.25
    return np.stack([front * np.cos(angle * 0.9) ** 0.8, half * np.sin(angle), np.full_like(across, z)], axis=1)


def _grown(rows: Rows, by: float, low: float, high: float) -> Rows:
    """The rows between two heights, `by` metres larger."""
    return [(z, f + by, b - by, w + by, t) for z, f, b, w, t in rows if low <= z <= high]
