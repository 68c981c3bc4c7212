"""The lattice of ground samples: where they lie, and how values between them are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """A square lattice of `n` x `n` samples centred on the world's origin; rows go north, columns east."""

    n: int
    cell_m: float

    @property
    def size_m(self) -> float:
        """Length of one side in metres."""
        return (self.n - 1) * self.cell_m

    @property
    def origin(self) -> tuple[float, float]:
        """World x, y of the south-west sample."""
        return -self.size_m / 2, -self.size_m / 2

    @property
    def axis(self) -> Floats:
        """World coordinates of the columns, which are also those of the rows."""
        return self.origin[0] + np.arange(self.n, dtype=np.float64) * self.cell_m

    def mesh(self) -> tuple[Floats, Floats]:
        """World x and y of every sample, each (n, n)."""
        x, y = np.meshgrid(self.axis, self.axis)
        return x, y


def bilinear(
    values: NDArray[np.float32 | np.uint8] | Floats, origin: tuple[float, float], cell_m: float, x: Floats, y: Floats
) -> Floats:
    """Values between the samples, bilinear; points outside read the nearest edge."""
    rows, cols = values.shape
    u = np.clip((np.asarray(x, dtype=np.float64) - origin[0]) / cell_m, 0.0, cols - 1.0)
    v = np.clip((np.asarray(y, dtype=np.float64) - origin[1]) / cell_m, 0.0, rows - 1.0)
    col = np.minimum(u.astype(np.int64), cols - 2)
    row = np.minimum(v.astype(np.int64), rows - 2)
    fu, fv = u - col, v - row
    flat = values.ravel()
    at = row * cols + col
    south = flat[at] * (1.0 - fu) + flat[at + 1] * fu
    north = flat[at + cols] * (1.0 - fu) + flat[at + cols + 1] * fu
    result: Floats = south * (1.0 - fv) + north * fv
    return result


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, a cubic with level ends between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    result: Floats = t * t * (3.0 - 2.0 * t)
    return result


def slope_of(heights: Floats, cell_m: float) -> Floats:
    """Steepness (rise over run) at every sample by central differences."""
    north, east = np.gradient(heights, cell_m)
    result: Floats = np.hypot(east, north)
    return result
