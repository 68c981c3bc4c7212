"""Rivers and lakes as one surface: level where it is wet, and dipping under the ground just beyond the shore."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter

from engine.render.geometry import SURFACE, SURFACE_FORMAT, geom, id_bytes, node
from engine.render.ground import normals
from engine.render.programs import WATER_DEPTH_RANGE_M
from recorder.schema import WATER_ID, Scenery

CHUNK = 64


def water_level(scenery: Scenery) -> NDArray[np.float32]:
    """Height of the water's surface (rows, cols); beside the water it stays level or ducks under the ground."""
    wet = scenery.water_depth > 0.0
    level = scenery.heights + scenery.water_depth
    nearest = distance_transform_edt(~wet, return_distances=False, return_indices=True)
    level = np.where(wet, level, level[tuple(nearest)])
    dry = np.minimum(level, scenery.heights - 0.03)
    return np.asarray(np.where(wet, level, dry), dtype=np.float32)


def water_path(scenery: Scenery) -> NodePath:
    """The nodes of all water; empty where the valley is dry."""
    path = NodePath("water")
    wet = scenery.water_depth > 0.0
    if not wet.any():
        return path
    level = water_level(scenery)
    rows, cols = level.shape
    made = np.zeros((rows, cols), SURFACE)
    made["position"][..., 0] = scenery.origin[0] + np.arange(cols) * scenery.cell_m
    made["position"][..., 1] = (scenery.origin[1] + np.arange(rows) * scenery.cell_m)[:, None]
    made["position"][..., 2] = level
    made["normal"] = _surface_normals(level, wet, scenery.cell_m)
    made["colour"] = 255
    made["extra"][..., 0] = np.clip(scenery.water_depth / WATER_DEPTH_RANGE_M, 0, 1) * 255
    made["ident"] = id_bytes(np.full(1, WATER_ID, np.uint32))
    covered = wet[:-1, :-1] | wet[1:, :-1] | wet[:-1, 1:] | wet[1:, 1:]
    for r in range(0, rows - 1, CHUNK):
        for c in range(0, cols - 1, CHUNK):
            _chunk(path, made[r : r + CHUNK + 1, c : c + CHUNK + 1], covered[r : r + CHUNK, c : c + CHUNK])
    return path


def _surface_normals(level: NDArray[np.float32], wet: NDArray[np.bool_], cell_m: float) -> NDArray[np.float32]:
    nearest = distance_transform_edt(~wet, return_distances=False, return_indices=True)
    smooth = gaussian_filter(level[tuple(nearest)], 1.0)
    made = normals(smooth, cell_m)
    far = ~binary_dilation(wet, iterations=2)
    made[far] = (0.0, 0.0, 1.0)
    return made


def _chunk(path: NodePath, block: NDArray[np.void], covered: NDArray[np.bool_]) -> None:
    r, c = np.nonzero(covered)
    if not len(r):
        return
    width = block.shape[1]
    i = (r * width + c).astype(np.uint32)
    triangles = np.stack([i, i + 1, i + width + 1, i, i + width + 1, i + width], axis=-1).reshape(-1, 3)
    used, packed = np.unique(triangles, return_inverse=True)
    piece = geom(block.reshape(-1)[used], packed.reshape(-1, 3).astype(np.uint32), SURFACE_FORMAT)
    node(piece, "water", "water").reparent_to(path)
