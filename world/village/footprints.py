"""Rotated rectangles on the ground: the footprints of buildings and fields."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Footprint:
    """A rectangle of `width` along its own x and `depth` along its own y, turned by `yaw`; front is the -y side."""

    x: float
    y: float
    yaw: float
    width: float
    depth: float

    def world(self, local_x: float, local_y: float) -> tuple[float, float]:
        """A point of the local frame in world coordinates."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return self.x + local_x * c - local_y * s, self.y + local_x * s + local_y * c

    def local(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """World points in the local frame."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        dx, dy = x - self.x, y - self.y
        return dx * c + dy * s, dy * c - dx * s

    def front(self, clearance: float) -> tuple[float, float]:
        """The point `clearance` metres before the middle of the front."""
        return self.world(0.0, -self.depth / 2 - clearance)

    def corners(self) -> Floats:
        """(4, 2) world points."""
        w, d = self.width / 2, self.depth / 2
        return np.array([self.world(sx * w, sy * d) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))])

    def distance(self, x: Floats, y: Floats) -> Floats:
        """Distance of points to the rectangle in metres, 0 inside."""
        u, v = self.local(x, y)
        result: Floats = np.hypot(
            np.maximum(np.abs(u) - self.width / 2, 0.0), np.maximum(np.abs(v) - self.depth / 2, 0.0)
        )
        return result

    def separated(self, other: Footprint, gap: float) -> bool:
        """At least `gap` metres lie between the two rectangles (separating axes, so corners count generously)."""
        mine, theirs = self.corners(), other.corners()
        for yaw in (self.yaw, self.yaw + math.pi / 2, other.yaw, other.yaw + math.pi / 2):
            axis = np.array([math.cos(yaw), math.sin(yaw)])
            a, b = mine @ axis, theirs @ axis
            if a.min() - b.max() >= gap or b.min() - a.max() >= gap:
                return True
        return False


def facing(direction: float) -> float:
    """The yaw that makes a footprint's front look in a direction (radians)."""
    return direction + math.pi / 2
