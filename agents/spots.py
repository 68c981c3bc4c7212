"""Where exactly one stands at a place: distinct spots around its point, claimed so that nobody takes another's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.bodies import BODY_RADIUS_M, Bodies
from world.compiled import compiled
from world.view import Floats, Place, WorldView

Flags = NDArray[np.bool_]

SPACING_M = 1.1  # between neighbouring spots
CLEARANCE_M = 0.85  # between a new spot and anybody standing or heading nearby
DOORWAY_M = 1.0  # kept free before a building's door
GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
CROWD_FACTOR = 2.5  # a crowd spills over to this many times the radius before somebody gives up
EXIT_STEPS_M = (0.0, 0.6, 0.9, 1.3)
APART_M = 2 * BODY_RADIUS_M + 0.05  # middles of bodies that do not touch
DOORSTEP_M = EXIT_STEPS_M[-1] + APART_M  # nobody farther off is in the way of one who steps out


class Spots:
    """Candidate spots of every place, found on walkable ground when first asked for."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._found: dict[int, Floats] = {}
        self._closed: tuple[int, ...] = ()  # places that were closed when they were found

    def around(self, place: int, view: WorldView) -> Floats:
        """Spots (m, 2) of a place from its middle outwards, on a sunflower spiral (Vogel 1979)."""
        if view.closed != self._closed:
            self._found, self._closed = {}, view.closed
        if place not in self._found:
            p = self._places[place]
            count = int(np.ceil((p.radius_m * CROWD_FACTOR / SPACING_M) ** 2)) + 12
            k = np.arange(count)
            radius = SPACING_M * np.sqrt(k)
            x, y = p.x + radius * np.cos(k * GOLDEN_ANGLE), p.y + radius * np.sin(k * GOLDEN_ANGLE)
            good = view.walkable(x, y) & view.clear_walk(np.full(count, p.x), np.full(count, p.y), x, y)
            for angle in np.arange(0, 2 * np.pi, np.pi / 4):
                good &= view.walkable(x + BODY_RADIUS_M * np.cos(angle), y + BODY_RADIUS_M * np.sin(angle))
            if p.building >= 0:
                good &= radius >= DOORWAY_M
            self._found[place] = np.stack([x[good], y[good]], axis=1)
        return self._found[place]

    def claim(
        self, row: int, place: int, bodies: Bodies, view: WorldView, rng: np.random.Generator
    ) -> tuple[float, float] | None:
        """A free spot at a place, within its radius if there is one; None when the place is overcrowded."""
        spots = self.around(place, view)
        if len(spots) == 0:
            return None
        p = self._places[place]
        reach = p.radius_m * CROWD_FACTOR + SPACING_M
        columns = bodies.x, bodies.y, bodies.spot_x, bodies.spot_y, bodies.indoors, bodies.enters
        free = np.flatnonzero(_free(spots, row, *columns, p.x, p.y, reach))
        if len(free) == 0:
            return None
        inside = free[np.hypot(spots[free, 0] - p.x, spots[free, 1] - p.y) <= p.radius_m]
        choice = int(inside[rng.integers(len(inside))]) if len(inside) else int(free[0])
        return float(spots[choice, 0]), float(spots[choice, 1])


@compiled
def _free(
    spots: Floats,
    row: int,
    x: Floats,
    y: Floats,
    spot_x: Floats,
    spot_y: Floats,
    indoors: Flags,
    enters: Flags,
    middle_x: float,
    middle_y: float,
    reach: float,
) -> Flags:
    """Spots (m,) of a place near which nobody but `row` stands or is going to stand."""
    free = np.ones(len(spots), np.bool_)
    for i in range(x.size):
        if i == row or indoors[i]:
            continue
        for at_x, at_y, counts in ((x[i], y[i], True), (spot_x[i], spot_y[i], not enters[i])):
            dx, dy = at_x - middle_x, at_y - middle_y
            if not counts or dx * dx + dy * dy >= reach * reach:
                continue
            for k in range(len(spots)):
                dx, dy = at_x - spots[k, 0], at_y - spots[k, 1]
                if dx * dx + dy * dy <= CLEARANCE_M * CLEARANCE_M:
                    free[k] = False
    return free


def way_out(row: int, bodies: Bodies, view: WorldView) -> tuple[float, float] | None:
    """A free point at the door for one who steps outside; None while the doorway is crowded."""
    x0, y0 = bodies.x[row], bodies.y[row]
    near = np.flatnonzero(~bodies.indoors & (np.abs(bodies.x - x0) < DOORSTEP_M) & (np.abs(bodies.y - y0) < DOORSTEP_M))
    near_x, near_y = bodies.x[near], bodies.y[near]
    for distance in EXIT_STEPS_M:
        for angle in np.arange(0, 2 * np.pi, np.pi / 4) if distance else (0.0,):
            x, y = x0 + distance * np.cos(angle), y0 + distance * np.sin(angle)
            crowded = (np.hypot(near_x - x, near_y - y) < APART_M).any()
            here, there = (np.array([x0]), np.array([y0])), (np.array([x]), np.array([y]))
            if crowded or not view.may_step(*here, *there)[0]:
                continue
            if distance == 0.0 or view.clear_walk(*here, *there)[0]:
                return float(x), float(y)
    return None
