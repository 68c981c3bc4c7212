"""The hills beyond the map, so that the world has a horizon.

Where the scenery brings its surroundings, a coarse square of heights round the map, they are drawn; else the valley
continues as its own mirror image. Snow lies on them as it lies on the map's ground of the same height.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath
from scipy.ndimage import map_coordinates

from engine.render.geometry import SURFACE, SURFACE_FORMAT, geom, id_bytes, node, vertices_of
from engine.render.ground import CLIFF, DRY, LUSH, skirted, speckle
from engine.render.programs import SNOW_DEPTH_RANGE_M
from recorder.schema import TERRAIN_ID, Scenery, Surroundings

Floats32 = NDArray[np.float32]

EDGE_STEP_M = 32.0  # between samples at the map's edge
GROWTH = 1.1  # each step outwards is so much longer
SEAM_M = 260.0  # over which the surroundings' heights lean to those of the map's edge
MIRROR_SAMPLES = 40  # along the side of one mirrored tile
MIRROR_EXTENTS = 1.25  # the haze is thick at this many widths of the map: its mirrored rim ends there
PIECE = 16  # samples along the side of what is culled at once
WOODED = (0.225, 0.275, 0.155)  # hills under forest seen from afar, sRGB 0..1


class Beyond:
    """Nodes under `path`, and how the haze closes before they end: `fade_per_m`, by the distance from the eye, for the
    mirrored valley; `rim`, centre and 1 / half width towards east and north, for the surroundings.
    """

    def __init__(self, scenery: Scenery, ground: NDArray[np.void]) -> None:
        self.path = NodePath("beyond")
        self._pieces: list[tuple[NodePath, Floats32]] = []
        self.fade_per_m, self.rim = 0.0, ((0.0, 0.0), (0.0, 0.0))
        if scenery.surroundings is None:
            west, south, east, north = scenery.extent
            self.fade_per_m = 1.0 / (MIRROR_EXTENTS * max(east - west, north - south))
            self._mirror(ground)
        else:
            self._surround(scenery, scenery.surroundings)

    def snow(self, depth_at: Callable[[Floats32], Floats32]) -> None:
        """Lay snow: `depth_at(z)` gives its depth in metres at heights (n,)."""
        for piece, z in self._pieces:
            share = np.sqrt(np.clip(depth_at(z) / SNOW_DEPTH_RANGE_M, 0, 1))
            vertices_of(piece)["extra"][:, 3] = share * 255 + 0.5

    def _add(self, vertices: NDArray[np.void], triangles: NDArray[np.uint32]) -> None:
        piece = node(geom(vertices, triangles, SURFACE_FORMAT), "beyond", "ground")
        piece.reparent_to(self.path)
        self._pieces.append((piece, vertices["position"][:, 2].copy()))

    def _pieces_of(self, tile: NDArray[np.void]) -> None:
        """Add a tile in pieces, so that those out of sight cost nothing."""
        rows, cols = tile.shape
        for r in range(0, rows - 1, PIECE):
            for c in range(0, cols - 1, PIECE):
                self._add(*skirted(tile[r : r + PIECE + 1, c : c + PIECE + 1], 20.0))

    def _mirror(self, ground: NDArray[np.void]) -> None:
        rows, cols = ground.shape
        picked = ground[np.ix_(_spaced(rows, MIRROR_SAMPLES), _spaced(cols, MIRROR_SAMPLES))]
        corner = ground["position"][0, 0, :2]
        span = ground["position"][-1, -1, :2] - corner
        for north in (-1, 0, 1):
            for east in (-1, 0, 1):
                if not (north or east):
                    continue
                tile = picked[:: -1 if north else 1, :: -1 if east else 1].copy()
                for axis, side in ((0, east), (1, north)):
                    if side:
                        base = corner[axis] + span[axis] * (0 if side < 0 else 2)
                        tile["position"][..., axis] = base - (tile["position"][..., axis] - corner[axis])
                        tile["normal"][..., axis] *= -1
                tile["extra"][..., 3] = 0
                self._pieces_of(tile)

    def _surround(self, scenery: Scenery, around: Surroundings) -> None:
        """Eight tiles that meet the map's edge at its own heights."""
        heights, origin, cell_m = around.heights, around.origin, float(around.cell_m)
        rows, cols = heights.shape
        half_x, half_y = 0.5 * (cols - 1) * cell_m, 0.5 * (rows - 1) * cell_m
        self.rim = (origin[0] + half_x, origin[1] + half_y), (1 / half_x, 1 / half_y)
        west, south, east, north = scenery.extent
        x = _lines(west, east, origin[0], origin[0] + (cols - 1) * cell_m)
        y = _lines(south, north, origin[1], origin[1] + (rows - 1) * cell_m)
        px, py = np.meshgrid(x, y)
        at = [(py - origin[1]) / cell_m, (px - origin[0]) / cell_m]
        z = map_coordinates(heights.astype(np.float64), at, order=1, mode="nearest")
        nearest_x, nearest_y = np.clip(px, west, east), np.clip(py, south, north)
        at = [(nearest_y - south) / scenery.cell_m, (nearest_x - west) / scenery.cell_m]
        edge = map_coordinates(scenery.heights.astype(np.float64), at, order=1, mode="nearest")
        lean = np.clip(1 - np.hypot(px - nearest_x, py - nearest_y) / SEAM_M, 0, 1)
        z += (edge - z) * lean * lean * (3 - 2 * lean)
        made = np.zeros(z.shape, SURFACE)
        made["position"] = np.stack([px, py, z], axis=-1)
        made["normal"] = _normals(z, x, y)
        made["colour"][..., :3] = _colours(made["normal"]) * 255 + 0.5
        made["colour"][..., 3] = 235
        made["ident"] = id_bytes(np.full(1, TERRAIN_ID, np.uint32))
        columns, bands = _thirds(x, west, east), _thirds(y, south, north)
        for j, band in enumerate(bands):
            for i, column in enumerate(columns):
                if (i, j) != (1, 1):
                    self._pieces_of(made[band, column])


def _lines(low: float, high: float, first: float, last: float) -> NDArray[np.float64]:
    """Coordinates across the surroundings: evenly over the map, ever wider apart beyond it."""
    steps = EDGE_STEP_M * GROWTH ** np.arange(200)
    out = np.cumsum(steps)
    before, after = low - out, high + out
    across = np.linspace(low, high, max(round((high - low) / EDGE_STEP_M), 1) + 1)
    return np.concatenate([[first], before[before > first][::-1], across, after[after < last], [last]])


def _thirds(lines: NDArray[np.float64], low: float, high: float) -> tuple[slice, slice, slice]:
    a, b = int(np.searchsorted(lines, low)), int(np.searchsorted(lines, high))
    return slice(0, a + 1), slice(a, b + 1), slice(b, len(lines))


def _normals(z: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> Floats32:
    north, east = np.gradient(z, y, x)
    made = np.stack([-east, -north, np.ones_like(z)], axis=-1)
    return np.asarray(made / np.linalg.norm(made, axis=-1, keepdims=True), np.float32)


def _spaced(count: int, most: int) -> NDArray[np.intp]:
    return np.unique(np.r_[np.arange(0, count, max((count - 1) // most, 1)), count - 1])


def _colours(normal: Floats32) -> Floats32:
    """Colour (rows, cols, 3) sRGB 0..1 of far hills: meadows where it is level, woods on slopes, rock where steep."""
    shape = normal.shape[:2]
    broad, fine = speckle(shape, 4.0, 21), speckle(shape, 1.2, 22)
    grass = np.asarray(DRY, np.float32) * 0.45 + np.asarray(LUSH, np.float32) * 0.55
    slope = 1.0 - normal[..., 2]
    woods = np.clip(0.35 + 0.40 * broad + 6.0 * slope + 0.15 * fine, 0, 1)[..., None]
    rock = np.clip((slope - 0.14) / 0.12, 0, 1)[..., None]
    colour = grass * (1 - woods) + np.asarray(WOODED, np.float32) * woods
    colour = colour * (1 - rock) + np.asarray(CLIFF, np.float32) * rock
    return np.asarray(np.clip(colour * (1 + 0.05 * fine[..., None]), 0, 1), np.float32)
