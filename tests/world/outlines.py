"""Distance between convex polygons by brute force over their edges, independent of the world's own geometry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def polygons_gap(a: NDArray[np.float64], b: NDArray[np.float64], samples: int = 33) -> float:
    """Smallest distance between points sampled along the outlines, 0 if a corner of one lies inside the other."""
    if _inside(a, b).any() or _inside(b, a).any():
        return 0.0
    p, q = _outline(a, samples), _outline(b, samples)
    return float(np.hypot(p[:, None, 0] - q[None, :, 0], p[:, None, 1] - q[None, :, 1]).min())


def _outline(corners: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    t = np.linspace(0, 1, samples)[:, None]
    return np.concatenate([(1 - t) * a + t * b for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)])


def _inside(points: NDArray[np.float64], polygon: NDArray[np.float64]) -> NDArray[np.bool_]:
    edges = np.roll(polygon, -1, axis=0) - polygon
    offsets = points[:, None] - polygon[None]
    return np.asarray((edges[None, :, 0] * offsets[..., 1] - edges[None, :, 1] * offsets[..., 0] > 0).all(axis=1))
