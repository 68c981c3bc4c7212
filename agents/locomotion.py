"""Walking: bodies handed to the world, which lets them take their steps on its ground and round each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.bodies import Bodies
from world.view import WorldView
from world.walking.steps import ACCELERATION_M_S2, ARRIVAL_M, TURN_RATE

__all__ = ["ACCELERATION_M_S2", "ARRIVAL_M", "STRIDE_OF_HEIGHT", "TURN_RATE", "walk"]

STRIDE_OF_HEIGHT = 0.83  # two steps, of body height: 0.75 m per step for a person of 1.8 m


def walk(bodies: Bodies, view: WorldView, dt: float, phase: int) -> NDArray[np.int64]:
    """Advance all bodies by `dt` seconds; returns the rows that reached their spot in this step; see `WorldView.walk`.

    `phase` staggers the checks for a clear straight line. Who is in a hurry, or low, goes by `bodies.pace`.
    """
    walkers = bodies.walkers
    np.multiply(bodies.walk_speed, bodies.pace, out=walkers.free_speed)
    return view.walk(walkers, dt, phase)
