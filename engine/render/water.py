"""Rivers, lakes and floods as one surface: level where it is wet, and dipping under the ground just beyond the shore.

The surface follows the snapshot's water. A cell carries one from FILM_M of water on, on a slope only where the water
is deeper than the sheet of rain that runs down it, and not where it is wet alone. All other water is a film, drawn by
the ground as wetness and puddles. Water is recorded to the centimetre: within that the smoothest surface is drawn, so
that lakes lie flat.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath
from scipy.ndimage import gaussian_filter, uniform_filter

from engine.render.geometry import SURFACE, SURFACE_FORMAT, geom, id_bytes, node
from engine.render.ground import normals
from engine.render.programs import SNOW_DEPTH_RANGE_M, WATER_DEPTH_RANGE_M
from engine.render.sensors import Floats, in_view
from recorder.schema import WATER_ID, Scenery, Surface

Floats32 = NDArray[np.float32]
Mask = NDArray[np.bool_]

CHUNK = 32  # cells along the side of a piece that is built at once
FILM_M = 0.02  # thinner water has no surface of its own
LEVEL_SLOPE = 0.05  # ground less steep than this counts as level,
SHEET_PER_SLOPE_M = 0.35  # and on steeper ground a sheet of rain may be so much deeper per unit of slope,
DEEPEST_SHEET_M = 0.12  # up to this
POOL_CELLS = 4  # of a cell and its eight neighbours: fewer wet ones are no pool but a puddle,
HOLE_M = 0.15  # unless the water is as deep as this
ROUNDING_M = 0.005  # half of what a recording rounds water to
LEVEL_CELLS = 2.0  # width of the filter that takes the rounding out
SHORE_M = 0.03  # how far the surface dips under the dry ground beside it
CLEAR_RISE_M, MUDDY_RISE_M = 0.15, 0.70  # of water above what is usual there: still clear, and brown
FULL_ICE_M = 0.08


def thinnest(scenery: Scenery) -> Floats32:
    """The least depth (rows, cols) that makes a water surface: on slopes more than the sheet of rain that runs down."""
    down_north, down_east = np.gradient(scenery.heights, scenery.cell_m)
    sheet = FILM_M + SHEET_PER_SLOPE_M * np.maximum(np.hypot(down_north, down_east) - LEVEL_SLOPE, 0.0)
    usual = scenery.water_depth > 0.0
    return np.asarray(np.where(usual, FILM_M, np.minimum(sheet, DEEPEST_SHEET_M)), np.float32)


def pools(water_m: Floats32, least_m: Floats32, usual: Mask) -> Mask:
    """Cells that carry a water surface: deep enough, and not alone unless it is a hole or always wet there."""
    deep = water_m >= least_m
    together = uniform_filter(deep.astype(np.float32), 3, mode="constant") > (POOL_CELLS - 0.5) / 9
    return np.asarray(deep & (together | usual | (water_m >= HOLE_M)))


def smooth_level(level: Floats32, wet: Mask, within_m: float) -> Floats32:
    """The smoothest water level no further than `within_m` from the given one."""
    weight = gaussian_filter(wet.astype(np.float32), LEVEL_CELLS)
    datum = np.float32(level[wet].mean()) if wet.any() else np.float32(0.0)
    filtered = gaussian_filter(np.where(wet, level - datum, 0.0), LEVEL_CELLS) / np.maximum(weight, 1e-6) + datum
    return np.asarray(np.where(wet, np.clip(filtered, level - within_m, level + within_m), level), np.float32)


def shore_level(heights: Floats32, level: Floats32, wet: Mask) -> Floats32:
    """The level (rows, cols) carried one cell beyond the shore: the mean of the wet cells round it, below ground."""
    rows, cols = wet.shape
    total, count = np.zeros((rows + 2, cols + 2)), np.zeros((rows + 2, cols + 2))
    held = np.where(wet, level, 0.0)
    for north in (0, 1, 2):
        for east in (0, 1, 2):
            total[north : north + rows, east : east + cols] += held
            count[north : north + rows, east : east + cols] += wet
    total, count = total[1:-1, 1:-1], count[1:-1, 1:-1]
    near = np.where(count > 0, total / np.maximum(count, 1), heights)
    return np.asarray(np.where(wet, level, np.minimum(near, heights - SHORE_M)), dtype=np.float32)


class Water:
    """The water's nodes under `path`: pieces of CHUNK cells, built anew where the water in them has changed."""

    def __init__(self, scenery: Scenery) -> None:
        self.path = NodePath("water")
        self._scenery = scenery
        self._thinnest, self._usual = thinnest(scenery), scenery.water_depth > 0.0
        self._pieces: dict[tuple[int, int], NodePath] = {}
        self._spheres: dict[tuple[int, int], tuple[float, ...]] = {}  # round each: its middle, and its radius
        self._shown: Surface | None = None
        self._vertices: NDArray[np.void] | None = None
        self.wet: Mask = np.zeros(scenery.heights.shape, np.bool_)
        self._build(scenery.water_depth, scenery.water_depth > 0.0, None)

    def lay(self, surface: Surface | None) -> bool:
        """Show the water of this surface, None for the scenery's own; True where other cells are wet than before."""
        before = self._shown
        if surface is before:
            return False
        self._shown = surface
        if surface is not None and before is not None and _same(surface, before):
            return False
        was = self.wet
        if surface is None:
            self._build(self._scenery.water_depth, self._scenery.water_depth > 0.0, None)
        else:
            self._build(surface.water_m, pools(surface.water_m, self._thinnest, self._usual), surface)
        return not np.array_equal(was, self.wet)

    def in_view(self, planes: tuple[Floats, Floats]) -> bool:
        """Whether any of it may lie inside these frustum planes."""
        spheres = np.array(list(self._spheres.values()), np.float64).reshape(-1, 4)
        return bool(in_view(spheres[:, :3], spheres[:, 3], planes).any())

    def _build(self, water_m: Floats32, wet: Mask, surface: Surface | None) -> None:
        s = self._scenery
        self.wet = wet
        level = (s.heights + np.where(wet, water_m, 0)).astype(np.float32)
        if surface is not None:
            level = smooth_level(level, wet, ROUNDING_M)
        made = self._surface(level, wet, water_m, surface)
        rows, cols = wet.shape
        covered = wet[:-1, :-1] | wet[1:, :-1] | wet[:-1, 1:] | wet[1:, 1:]
        before, self._vertices = self._vertices, made
        for r in range(0, rows - 1, CHUNK):
            for c in range(0, cols - 1, CHUNK):
                here = np.s_[r : r + CHUNK + 1, c : c + CHUNK + 1]
                if before is None or before[here].tobytes() != made[here].tobytes():
                    self._piece((r, c), made[here], covered[r : r + CHUNK, c : c + CHUNK])

    def _surface(self, level: Floats32, wet: Mask, water_m: Floats32, surface: Surface | None) -> NDArray[np.void]:
        """Vertices (rows, cols) SURFACE; those that no triangle uses are all zero, so that they never differ."""
        s = self._scenery
        used = np.zeros((wet.shape[0] + 2, wet.shape[1] + 2), np.bool_)
        for north in (0, 1, 2):
            for east in (0, 1, 2):
                used[north : north + wet.shape[0], east : east + wet.shape[1]] |= wet
        used = used[1:-1, 1:-1]
        shore = shore_level(s.heights, level, wet)
        r, c = np.nonzero(used)
        rows = np.zeros(len(r), SURFACE)
        rows["position"][:, 0] = s.origin[0] + c * s.cell_m
        rows["position"][:, 1] = s.origin[1] + r * s.cell_m
        rows["position"][:, 2] = shore[used]
        rows["normal"] = _surface_normals(level, wet, s.cell_m)[used]
        rows["colour"] = 255
        rows["extra"][:, 0] = np.clip(water_m[used] / WATER_DEPTH_RANGE_M, 0, 1) * 255
        if surface is not None:
            rows["extra"][:, 1] = np.clip(surface.ice_m[used] / FULL_ICE_M, 0, 1) * 255
            rise = np.clip((water_m - s.water_depth - CLEAR_RISE_M) / (MUDDY_RISE_M - CLEAR_RISE_M), 0, 1)
            mud = np.where(s.water_depth > 0, rise, 1.0) * wet
            around = np.maximum(gaussian_filter(wet.astype(np.float32), 1.0), 1e-6)
            rows["extra"][:, 2] = np.clip(gaussian_filter(mud, 1.0) / around, 0, 1)[used] * 255
            rows["extra"][:, 3] = np.sqrt(np.clip(surface.snow_m[used] / SNOW_DEPTH_RANGE_M, 0, 1)) * 255
        rows["ident"] = id_bytes(np.full(1, WATER_ID, np.uint32))
        made = np.zeros(wet.shape, SURFACE)
        made[used] = rows
        return made

    def _piece(self, place: tuple[int, int], block: NDArray[np.void], covered: Mask) -> None:
        old = self._pieces.pop(place, None)
        if old is not None:
            old.remove_node()
            del self._spheres[place]
        r, c = np.nonzero(covered)
        if not len(r):
            return
        width = block.shape[1]
        i = (r * width + c).astype(np.uint32)
        triangles = np.stack([i, i + 1, i + width + 1, i, i + width + 1, i + width], axis=-1).reshape(-1, 3)
        used, packed = np.unique(triangles, return_inverse=True)
        points = block.reshape(-1)["position"][used].astype(np.float64)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        self._spheres[place] = (*middle.tolist(), float(np.linalg.norm(points - middle, axis=1).max()))
        piece = geom(block.reshape(-1)[used], packed.reshape(-1, 3).astype(np.uint32), SURFACE_FORMAT)
        self._pieces[place] = node(piece, "water", "water")
        self._pieces[place].reparent_to(self.path)


def _surface_normals(level: Floats32, wet: Mask, cell_m: float) -> Floats32:
    """Normals of the water's level, carried smoothly over the shore: the banks do not bend the light."""
    if not wet.any():
        return normals(level, cell_m)
    datum = np.float32(level[wet].mean())
    weight = gaussian_filter(wet.astype(np.float32), 1.0)
    filled = gaussian_filter(np.where(wet, level - datum, 0.0), 1.0) / np.maximum(weight, 1e-6)
    made = normals(np.where(weight > 1e-3, filled, 0.0).astype(np.float32), cell_m)
    made[weight < 0.2] = (0.0, 0.0, 1.0)
    return made


def _same(a: Surface, b: Surface) -> bool:
    pairs = ((a.water_m, b.water_m), (a.ice_m, b.ice_m), (a.snow_m, b.snow_m))
    return all(x is y or np.array_equal(x, y) for x, y in pairs)
