"""Camera mathematics and what can be read off the images: projection, unprojection, boxes.

Camera frame: OpenCV, x right, y down, z forward; pixels (right, down) with pixel centres at +0.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recorder.schema import CameraPose

NEAR_M = 0.25
FAR_M = 6000.0
BOX = np.dtype([("id", "<u4"), ("x", "<i4"), ("y", "<i4"), ("w", "<i4"), ("h", "<i4"), ("pixels", "<i4")])

Floats = NDArray[np.float64]


def clip_from_world(
    pose: CameraPose, size: tuple[int, int], near: float = NEAR_M, far: float = FAR_M
) -> tuple[Floats, NDArray[np.float32]]:
    """Matrix (4, 4) from `world - eye` to GL clip space with image row 0 at clip y = -1, and that eye (3,).

    The eye is the position rounded to float32, as the shader sees it; the matrix carries what the rounding lost, so
    that places near the camera keep their precision.
    """
    width, height = size
    K = pose.intrinsics(width, height)
    exact = np.asarray(pose.position, dtype=np.float64)
    eye = exact.astype(np.float32)
    camera = np.eye(4)
    camera[:3, :3] = pose.rotation().T
    camera[:3, 3] = pose.rotation().T @ (eye - exact)
    projection = np.zeros((4, 4))
    projection[0, 0] = 2 * K[0, 0] / width
    projection[1, 1] = 2 * K[1, 1] / height
    projection[2, 2:] = (far + near) / (far - near), -2 * far * near / (far - near)
    projection[3, 2] = 1.0
    return projection @ camera, eye


def project(points: NDArray[np.floating], pose: CameraPose, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Pixels (n, 2) and planar depths (n,) of world points (n, 3); a depth of 0 or less is behind the camera."""
    camera = (np.asarray(points, np.float64) - np.asarray(pose.position)) @ pose.rotation()
    image = camera @ pose.intrinsics(*size).T
    with np.errstate(divide="ignore", invalid="ignore"):
        return image[:, :2] / image[:, 2:], camera[:, 2]


def unproject(depth: NDArray[np.floating], pose: CameraPose) -> Floats:
    """World points (H, W, 3) seen at the pixel centres of a planar depth image (H, W)."""
    height, width = depth.shape
    K = pose.intrinsics(width, height)
    v, u = np.mgrid[0:height, 0:width] + 0.5
    z = depth.astype(np.float64)
    camera = np.stack([(u - K[0, 2]) / K[0, 0] * z, (v - K[1, 2]) / K[1, 1] * z, z], axis=-1)
    world: Floats = camera @ pose.rotation().T + np.asarray(pose.position)
    return world


def boxes(instance: NDArray[np.uint32]) -> NDArray[np.void]:
    """Tight boxes (n,) BOX of the visible pixels of each id in an instance image (H, W), by rising id, without 0."""
    _, width = instance.shape
    flat = instance.reshape(-1)
    seen = np.flatnonzero(flat)
    if not len(seen):
        return np.zeros(0, BOX)
    order = np.argsort(flat[seen], kind="stable")
    where = seen[order]
    ids = flat[where]
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    rows, columns = where // width, where % width
    made = np.zeros(len(starts), BOX)
    made["id"] = ids[starts]
    made["x"], made["y"] = np.minimum.reduceat(columns, starts), np.minimum.reduceat(rows, starts)
    made["w"] = np.maximum.reduceat(columns, starts) - made["x"] + 1
    made["h"] = np.maximum.reduceat(rows, starts) - made["y"] + 1
    made["pixels"] = np.diff(np.r_[starts, len(ids)])
    return made


def frustum(pose: CameraPose, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Inward unit normals (5, 3) and offsets (5,) of the near plane and the four sides: inside where n.p + o > 0."""
    width, height = size
    K = pose.intrinsics(width, height)
    tx, ty = width / 2 / K[0, 0], height / 2 / K[1, 1]
    camera = np.array([[0, 0, 1], [1, 0, tx], [-1, 0, tx], [0, 1, ty], [0, -1, ty]], dtype=np.float64)
    camera /= np.linalg.norm(camera, axis=1, keepdims=True)
    normals: Floats = camera @ pose.rotation().T
    return normals, -normals @ np.asarray(pose.position)


def in_view(
    points: NDArray[np.floating], radius: NDArray[np.floating] | float, planes: tuple[Floats, Floats]
) -> NDArray[np.bool_]:
    """True where a sphere round each point (n, 3) may be seen."""
    normals, offsets = planes
    inside = points @ normals.T + offsets > -np.reshape(radius, (-1, 1))
    return np.asarray(inside.all(axis=1))
