"""Camera mathematics for the shaders: the clip matrix, the frustum and what lies in it.

Camera frame: OpenCV, x right, y down, z forward; pixels (right, down) with pixel centres at +0.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recorder.schema import CameraPose

NEAR_M = 0.25
FAR_M = 6000.0

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
    camera[:3, :3] = turn = pose.rotation().T
    camera[:3, 3] = turn @ (eye - exact)
    projection = np.zeros((4, 4))
    projection[0, 0] = 2 * K[0, 0] / width
    projection[1, 1] = 2 * K[1, 1] / height
    projection[2, 2:] = (far + near) / (far - near), -2 * far * near / (far - near)
    projection[3, 2] = 1.0
    return projection @ camera, eye


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
    inside = normals @ points.T + offsets[:, None] > -np.reshape(radius, (1, -1))
    return np.asarray(inside.all(axis=0))
