"""Where people stand when they talk: two face each other, more make a circle that others may step into.

The space between them is the o-space of an F-formation (Kendon 1990): everybody has equal and direct access to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.bodies import BODY_RADIUS_M, Bodies
from world.view import WorldView

TALK_DISTANCE_M = 1.3  # of two: within the personal distance of Hall 1966 (0.45-1.2 m) and room for two bodies
RING_M = 1.0  # from the middle to one who joins; the first two stand a little nearer to it
MOST_MEMBERS = 5  # beyond it a group falls apart into several (Dunbar, Duncan & Nettle 1995 find four who talk)
ELBOW_M = 0.12  # left free between bodies


def free_place(
    middle: tuple[float, float], taken: Sequence[tuple[float, float]], row: int, bodies: Bodies, view: WorldView
) -> tuple[float, float] | None:
    """A point on the circle where one more can stand: the widest gap first, that on the comer's side among equals.

    `taken` are the points of those who stand there or walk up to it. None where no gap is free and can be walked to.
    """
    x0, y0 = middle
    comes_from = float(np.arctan2(bodies.y[row] - y0, bodies.x[row] - x0))
    angles = sorted(float(np.arctan2(y - y0, x - x0)) for x, y in taken)
    gaps = []
    for one, after in zip(angles, [*angles[1:], angles[0] + 2 * np.pi], strict=True):
        width = after - one
        turn = abs((one + width / 2 - comes_from + np.pi) % (2 * np.pi) - np.pi)
        gaps.append((-round(width, 1), turn, one + width / 2))
    near = np.flatnonzero(
        ~bodies.indoors & (np.abs(bodies.x - x0) < 2 * RING_M + 1.0) & (np.abs(bodies.y - y0) < 2 * RING_M + 1.0)
    )
    near = near[near != row]
    room = 2 * BODY_RADIUS_M + ELBOW_M
    here = bodies.x[[row]], bodies.y[[row]]
    for _, _, angle in sorted(gaps):
        x, y = x0 + RING_M * float(np.cos(angle)), y0 + RING_M * float(np.sin(angle))
        crowded = (np.hypot(bodies.x[near] - x, bodies.y[near] - y) < room).any()
        crowded |= any(np.hypot(tx - x, ty - y) < room for tx, ty in taken)
        if not crowded and view.clear_walk(*here, np.array([x]), np.array([y]))[0]:
            return x, y
    return None
