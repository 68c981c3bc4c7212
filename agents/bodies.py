"""The bodies of all villagers as columns: where each one is, where each one wants to stand, and what it is doing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world.state import Plain, put_back, taken
from world.view import Floats, Walkers

VILLAGER = np.dtype(
    [
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("heading", "<f4"),
        ("speed_m_s", "<f4"),
        ("stride", "<f4"),
        ("activity", "u1"),
        ("indoors", "u1"),
        ("speaking", "u1"),
        ("look_at", "<i2"),
        ("place", "<i2"),
        ("mood", "<f4"),
        ("feeling", "u1"),
        ("hunger", "<f4"),
        ("fatigue", "<f4"),
        ("cold", "<f4"),
        ("loneliness", "<f4"),
        ("danger", "<f4"),
        ("idleness", "<f4"),
        ("wears", "u1"),
        ("carries", "u1"),
        ("lantern", "u1"),
        ("bearing", "u1"),
        ("seat", "u1"),
        ("gesture", "u1"),
        ("gesturing", "<f4"),
    ]
)
"""What others may see and know of a villager at a tick; the engine copies these fields by name."""

BODY_RADIUS_M = 0.25  # half the shoulder breadth of an adult, rounded up
EYE_HEIGHT_M = 1.6


@dataclass
class Bodies:
    """One entry per villager in every array. Lengths in metres, angles in radians, speeds in m/s."""

    x: Floats
    y: Floats
    z: Floats
    heading: Floats
    speed: Floats
    stride: Floats
    walk_speed: Floats  # unhurried, on the flat
    pace: Floats  # factor on it: hurry and mood
    stride_m: Floats  # distance of two steps
    goal_x: Floats  # the spot wanted, or stood on
    goal_y: Floats
    heading_goal: Floats  # where one who stands turns to
    spot_x: Floats  # the spot of the present intention, kept while walking up to somebody
    spot_y: Floats
    place: NDArray[np.int16]  # place one is at or goes to
    moving: NDArray[np.bool_]
    direct: NDArray[np.bool_]  # the straight line to the goal was found clear
    indoors: NDArray[np.bool_]
    enters: NDArray[np.bool_]  # goes indoors on arrival
    speaking: NDArray[np.bool_]
    activity: NDArray[np.uint8]
    look_at: NDArray[np.int16]

    @classmethod
    def still(cls, walk_speed: Floats, stride_m: Floats) -> Bodies:
        """Bodies standing at the origin, to be placed."""
        n = len(walk_speed)
        columns: dict[str, NDArray[Any]] = {f.name: np.zeros(n) for f in fields(cls)}
        columns |= {name: np.zeros(n, bool) for name in ("moving", "direct", "indoors", "enters", "speaking")}
        columns |= {name: np.full(n, -1, np.int16) for name in ("place", "look_at")}
        columns |= {
            "walk_speed": walk_speed,
            "stride_m": stride_m,
            "pace": np.ones(n),
            "activity": np.zeros(n, np.uint8),
        }
        return cls(**columns)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def outdoors(self) -> NDArray[np.int64]:
        """Rows of those who can be seen and bumped into."""
        return np.flatnonzero(~self.indoors)

    @cached_property
    def walkers(self) -> Walkers:
        """The columns that the world moves: these very arrays, and free speeds, which `locomotion.walk` renews."""
        return Walkers(
            self.x,
            self.y,
            self.z,
            self.heading,
            self.speed,
            self.stride,
            self.direct,
            self.walk_speed * self.pace,
            self.stride_m,
            self.goal_x,
            self.goal_y,
            self.heading_goal,
            self.place,
            self.moving,
            self.indoors,
            BODY_RADIUS_M,
        )

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """Every array by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def freeze(self) -> Plain:
        """Every array that changes, by name."""
        return taken(self, _CHANGING)

    def thaw(self, state: Plain) -> None:
        """Stand as they stood when `freeze` was taken. Raises ValueError if the state does not fit."""
        put_back(self, _CHANGING, state)
        self.__dict__.pop("walkers", None)  # which are of other arrays now

    def face(self, row: int, x: float, y: float) -> None:
        """Make a standing villager turn towards a point."""
        self.heading_goal[row] = np.arctan2(y - self.y[row], x - self.x[row])

    def halt(self, row: int) -> None:
        """Stop walking here and hold the present heading."""
        self.moving[row] = False
        self.heading_goal[row] = self.heading[row]


_CHANGING = tuple(f.name for f in fields(Bodies) if f.name not in ("walk_speed", "stride_m"))  # these are for life
