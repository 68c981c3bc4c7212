"""How a person moves the window's camera: fly freely, orbit the village, follow a villager."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.render.controls import Input
from engine.sight import CLEARANCE_M, EYE_M, Surroundings, look
from recorder.schema import CameraPose, Snapshot

FLY_SPEED_M_S = 14.0
FAST = 4.0  # with Shift held
TURN_PER_PIXEL = 0.005  # radians
ZOOM_STEP = 0.88
DISTANCE_LIMITS_M = (2.0, 900.0)
PITCH_LIMIT = 1.45
Mode = Literal["fly", "orbit", "follow"]


@dataclass
class Viewpoint:
    """The window's camera. Angles in radians, distances in metres."""

    around: Surroundings
    centre: NDArray[np.float64]  # orbited point on the ground
    fov_deg: float = 50.0
    mode: Mode = "orbit"
    villager: int = 0
    azimuth: float = np.radians(215.0)  # where the camera stands as seen from its target
    tilt: float = 0.38  # angle above the horizon at which it stands
    distance: float = 75.0
    position: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    yaw: float = 0.0
    pitch: float = 0.0

    def switch(self, mode: Mode, snapshot: Snapshot) -> None:
        """Change the way of moving; flying starts where the camera is."""
        if mode == "fly" and self.mode != "fly":
            now = self.pose(snapshot)
            self.position, self.yaw, self.pitch = np.array(now.position), now.yaw, now.pitch
        if mode == "follow" and self.mode != "follow":
            self.distance, self.tilt = 9.0, 0.3
        if mode == "orbit" and self.mode != "orbit":
            self.distance, self.tilt = 75.0, 0.38
        self.mode = mode

    def move(self, given: Input, seconds: float) -> None:
        """Apply the person's input over the time of a frame."""
        dx, dy = (turn * TURN_PER_PIXEL for turn in given.drag)
        axis = {name: _axis(given.held, *keys) for name, keys in _AXES.items()}
        if self.mode == "fly":
            self.yaw -= dx
            self.pitch = float(np.clip(self.pitch - dy, -PITCH_LIMIT, PITCH_LIMIT))
            forward = np.array([np.cos(self.yaw), np.sin(self.yaw), np.sin(self.pitch)])
            right = np.array([np.sin(self.yaw), -np.cos(self.yaw), 0.0])
            step = FLY_SPEED_M_S * seconds * (FAST if "shift" in given.held else 1.0)
            self.position = (
                self.position
                + (forward * axis["ahead"] + right * axis["aside"] + np.array([0, 0, 1.0]) * axis["up"]) * step
                + forward * given.wheel * 3
            )
            self.position[2] = max(self.position[2], self._ground(self.position) + CLEARANCE_M)
        else:
            self.azimuth += -dx + axis["aside"] * 1.2 * seconds
            self.tilt = float(np.clip(self.tilt + dy + axis["up"] * 0.8 * seconds, 0.03, PITCH_LIMIT))
            self.distance *= ZOOM_STEP ** (given.wheel + axis["ahead"] * 8 * seconds)
            self.distance = float(np.clip(self.distance, *DISTANCE_LIMITS_M))

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """Where the camera stands now."""
        if self.mode == "fly":
            p = self.position
            return CameraPose((float(p[0]), float(p[1]), float(p[2])), self.yaw, self.pitch, np.radians(self.fov_deg))
        target = self.centre
        if self.mode == "follow":
            row = snapshot.villagers[self.villager % len(snapshot.villagers)]
            target = np.array([row["x"], row["y"], row["z"]], np.float64)
        target = target + np.array([0, 0, EYE_M])
        away = np.array(
            [np.cos(self.azimuth) * np.cos(self.tilt), np.sin(self.azimuth) * np.cos(self.tilt), np.sin(self.tilt)]
        )
        position = target + away * self.distance
        if self.mode == "follow":  # a wall between would fill the picture: come closer instead
            free = self.around.free_share(target, position)
            position = target + away * max(self.distance * free * 0.92, DISTANCE_LIMITS_M[0])
        position[2] = max(position[2], self._ground(position) + CLEARANCE_M)
        return look(position, target, self.fov_deg)

    def _ground(self, point: NDArray[np.float64]) -> float:
        return float(self.around.ground(point[None, 0], point[None, 1])[0])


_AXES = {
    "ahead": (("w", "arrow_up"), ("s", "arrow_down")),
    "aside": (("d", "arrow_right"), ("a", "arrow_left")),
    "up": (("e",), ("q",)),
}


def _axis(held: frozenset[str], plus: tuple[str, ...], minus: tuple[str, ...]) -> float:
    return float(any(key in held for key in plus)) - float(any(key in held for key in minus))
