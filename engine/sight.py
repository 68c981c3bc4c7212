"""Free sight over a scenery: ground, houses and crowns in the way of a camera or an eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recorder.schema import CameraPose, Scenery
from world.grid import bilinear

EYE_M = 1.5  # height on a villager that cameras look at
CLEARANCE_M = 1.2  # a camera keeps this far above the ground
SIGHT_SAMPLES = 48  # along a line of sight: every 20 cm at ten metres

Floats = NDArray[np.float64]


def look(position: Floats, target: Floats, fov_deg: float) -> CameraPose:
    """The pose at `position` with `target` in the middle of the picture."""
    d = target - position
    return CameraPose(
        position=(float(position[0]), float(position[1]), float(position[2])),
        yaw=float(np.arctan2(d[1], d[0])),
        pitch=float(np.arctan2(d[2], np.hypot(d[0], d[1]))),
        fov_y=float(np.radians(fov_deg)),
    )


class Surroundings:
    """Ground height and free sight over a scenery, for placing cameras."""

    def __init__(self, scenery: Scenery) -> None:
        self._scenery = scenery
        surface = scenery.heights + np.maximum(scenery.water_depth, 0)
        self._surface: Floats = surface.astype(np.float64)

    def ground(self, x: Floats, y: Floats) -> Floats:
        """Height of the ground or the water on it, metres, bilinear; clamped at the map's edge."""
        return bilinear(self._surface, self._scenery.origin, self._scenery.cell_m, x, y)

    def obstruction(self, start: Floats, end: Floats) -> float:
        """Share of the straight line between two points that lies in the ground, a building or a tree crown, 0..1."""
        return float(self._blocked(start, end).mean())

    def free_share(self, start: Floats, end: Floats) -> float:
        """Share of the line from `start` that is free before the first thing in its way, 0..1."""
        blocked = self._blocked(start, end)
        return float(np.argmax(blocked) / SIGHT_SAMPLES) if blocked.any() else 1.0

    def in_the_open(self, point: Floats) -> bool:
        """Whether a point lies neither in the ground nor in a building nor in a tree."""
        return not self._blocked(point, point).any()

    def _blocked(self, start: Floats, end: Floats) -> NDArray[np.bool_]:
        t = np.linspace(0.0, 1.0, SIGHT_SAMPLES)[:, None]
        points = start + (end - start) * t
        blocked = self.ground(points[:, 0], points[:, 1]) > points[:, 2]
        for b in self._scenery.buildings:
            dx, dy = points[:, 0] - b["x"], points[:, 1] - b["y"]
            c, s = np.cos(b["yaw"]), np.sin(b["yaw"])
            u, v = dx * c + dy * s, -dx * s + dy * c
            inside = (abs(u) < b["width_m"] / 2 + 0.6) & (abs(v) < b["depth_m"] / 2 + 0.6)
            blocked |= inside & (points[:, 2] < b["z"] + b["wall_height_m"] + b["roof_height_m"])
        plants = self._scenery.plants
        middle, reach = (start + end) / 2, np.linalg.norm(end - start) / 2 + 4
        near = plants[np.hypot(plants["x"] - middle[0], plants["y"] - middle[1]) < reach]
        for p in near:
            radius = 0.3 * p["height_m"]
            crown = np.hypot(points[:, 0] - p["x"], points[:, 1] - p["y"]) < radius
            blocked |= crown & (points[:, 2] < p["z"] + p["height_m"]) & (points[:, 2] > p["z"] - 1)
        return blocked
