"""How much of the sky the hills hide: the skyline of every place, by which the sun rises late and sets early there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled

Floats = NDArray[np.float64]
STEP_GROWTH = 1.25  # each look along a bearing goes this much further: near ground is seen in detail
FURTHEST_M = 3000.0


@compiled
def skylines(heights: Floats, cell_m: float, azimuths: int) -> NDArray[np.float32]:
    """Tangent of the skyline's elevation, (azimuths, ceil(rows / 2), ceil(cols / 2)), at every second cell.

    Azimuths start at east and go counter-clockwise. A skyline lower than level counts as level.
    """
    rows, cols = heights.shape
    result = np.zeros((azimuths, (rows + 1) // 2, (cols + 1) // 2), dtype=np.float32)
    for k in range(azimuths):
        angle = 2.0 * math.pi * k / azimuths
        east, north = math.cos(angle), math.sin(angle)
        for i in range((rows + 1) // 2):
            for j in range((cols + 1) // 2):
                r, c = 2 * i, 2 * j
                steepest = 0.0
                reach = 1.5
                while reach * cell_m < FURTHEST_M:
                    row, col = math.floor(r + north * reach + 0.5), math.floor(c + east * reach + 0.5)
                    if row < 0 or col < 0 or row >= rows or col >= cols:
                        break
                    steepest = max(steepest, (heights[row, col] - heights[r, c]) / (reach * cell_m))
                    reach = max(reach + 1.0, reach * STEP_GROWTH)
                result[k, i, j] = steepest
    return result


def sky_view(skyline: NDArray[np.float32], shape: tuple[int, int]) -> Floats:
    """Share of the sky that each cell sees, weighted as a level surface does: the mean of cos^2 of the skyline."""
    tangent = skyline.astype(np.float64)
    seen = np.mean(1.0 / (1.0 + tangent * tangent), axis=0)
    whole: Floats = np.repeat(np.repeat(seen, 2, axis=0), 2, axis=1)[: shape[0], : shape[1]]
    return whole
