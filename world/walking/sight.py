"""Lines of sight between points, over the ground and past buildings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.valley import Valley
from world.view import Floats

STEP_CELLS = 0.5  # of a ground cell between samples of the ray
GRAZING_M = 0.02  # the ground must rise this much over the ray to hide, so that feet on a slope are not hidden by it


@compiled
def rays_clear(
    heights: NDArray[np.float32], x0: float, y0: float, cell_m: float, boxes: Floats, a: Floats, b: Floats
) -> NDArray[np.bool_]:
    """True where the segments a -> b, each (n, 3), meet neither ground nor box.

    `boxes` is (k, 8): centre x, y, cos and sin of yaw, half width, half depth, bottom, top. Ground is bilinear between
    samples; boxes are met by the slab test. An end inside a box (someone in a doorway) does not count as hidden.
    """
    rows, cols = heights.shape
    clear = np.ones(a.shape[0], dtype=np.bool_)
    for k in range(a.shape[0]):
        dx, dy, dz = b[k, 0] - a[k, 0], b[k, 1] - a[k, 1], b[k, 2] - a[k, 2]
        for j in range(boxes.shape[0]):
            c, s = boxes[j, 2], boxes[j, 3]
            ox, oy = a[k, 0] - boxes[j, 0], a[k, 1] - boxes[j, 1]
            enter, leave = 0.0, 1.0
            for axis in range(3):
                if axis == 0:
                    start, way, low, high = ox * c + oy * s, dx * c + dy * s, -boxes[j, 4], boxes[j, 4]
                elif axis == 1:
                    start, way, low, high = oy * c - ox * s, dy * c - dx * s, -boxes[j, 5], boxes[j, 5]
                else:
                    start, way, low, high = a[k, 2], dz, boxes[j, 6], boxes[j, 7]
                if abs(way) < 1e-12:
                    if start < low or start > high:
                        enter, leave = 1.0, 0.0
                else:
                    t0, t1 = (low - start) / way, (high - start) / way
                    enter, leave = max(enter, min(t0, t1)), min(leave, max(t0, t1))
            if enter < leave and enter > 0.0 and leave < 1.0:
                clear[k] = False
                break
        if not clear[k]:
            continue
        samples = int(np.sqrt(dx * dx + dy * dy) / (cell_m * STEP_CELLS)) + 1
        for i in range(1, samples):
            t = i / samples
            u = min(max((a[k, 0] + dx * t - x0) / cell_m, 0.0), cols - 1.0)
            v = min(max((a[k, 1] + dy * t - y0) / cell_m, 0.0), rows - 1.0)
            col, row = min(int(u), cols - 2), min(int(v), rows - 2)
            fu, fv = u - col, v - row
            south = heights[row, col] * (1.0 - fu) + heights[row, col + 1] * fu
            north = heights[row + 1, col] * (1.0 - fu) + heights[row + 1, col + 1] * fu
            if south * (1.0 - fv) + north * fv > a[k, 2] + dz * t + GRAZING_M:
                clear[k] = False
                break
    return clear


def building_boxes(valley: Valley) -> Floats:
    """(k, 8) boxes of a valley's buildings for `rays_clear`, up to half the roof; wells and stalls hide nobody."""
    b = valley.buildings
    tall = b[b["wall_height_m"] > 2.5]
    yaw = tall["yaw"].astype(np.float64)
    return np.stack(
        [
            tall["x"],
            tall["y"],
            np.cos(yaw),
            np.sin(yaw),
            tall["width_m"] / 2,
            tall["depth_m"] / 2,
            tall["z"] - 1.0,
            tall["z"] + tall["wall_height_m"] + tall["roof_height_m"] / 2,
        ],
        axis=1,
    ).astype(np.float64)


def line_of_sight(
    valley: Valley, boxes: Floats, xa: Floats, ya: Floats, za: Floats, xb: Floats, yb: Floats, zb: Floats
) -> NDArray[np.bool_]:
    """True where neither ground nor building is between the points; arrays of one shape (n,)."""
    a = np.stack([np.asarray(v, dtype=np.float64) for v in (xa, ya, za)], axis=1)
    b = np.stack([np.asarray(v, dtype=np.float64) for v in (xb, yb, zb)], axis=1)
    return rays_clear(valley.heights, valley.origin[0], valley.origin[1], valley.cell_m, boxes, a, b)
