"""Walking: steering along ways and round each other, with limits on turns and pace, so that no bodies overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.bodies import BODY_RADIUS_M, Bodies
from world.view import Floats, WorldView
from world.walking.crowd import Crowd, neighbours, velocities, within_bounds

STRIDE_OF_HEIGHT = 0.83  # two steps, of body height: 0.75 m per step for a person of 1.8 m
ACCELERATION_M_S2 = 1.5
TURN_RATE = np.radians(200.0)  # per second, walking or standing
ARRIVAL_M = 0.25
DIRECT_M = 25.0  # within this distance one walks straight at a spot that has a clear line
STANDS_M_S = 0.02  # who wants to go slower than this does not turn for it


@dataclass(frozen=True)
class Heeded:
    """Everybody outdoors as a crowd, where each wants to go, who is near whom, and which of them walk."""

    crowd: Crowd
    way: Floats
    found: NDArray[np.int64]
    gaps: Floats
    mine: NDArray[np.int64]


def walk(bodies: Bodies, view: WorldView, dt: float, phase: int) -> NDArray[np.int64]:
    """Advance all bodies by `dt` seconds; returns the rows that reached their spot in this step.

    `phase` staggers the checks for a clear straight line. Standing bodies turn to their `heading_goal`. After any step
    no two bodies outdoors overlap that did not before, and nobody stands on unwalkable ground.
    """
    standing = ~bodies.moving
    turn = _wrapped(bodies.heading_goal - bodies.heading)
    bodies.heading += np.where(standing, np.clip(turn, -TURN_RATE * dt, TURN_RATE * dt), 0.0)
    walkers = np.flatnonzero(bodies.moving & ~bodies.indoors)
    bodies.speed[standing | bodies.indoors] = 0.0
    if len(walkers) == 0:
        bodies.heading = _wrapped(bodies.heading)
        return walkers
    _refresh_direct(bodies, view, walkers, phase)
    desired, distance = _desired(bodies, view, walkers)
    heeded, wanted = _steered(bodies, view, walkers, desired)
    _turn_and_accelerate(bodies, walkers, wanted, distance, dt)
    _advance(bodies, view, walkers, heeded, dt)
    bodies.heading = _wrapped(bodies.heading)
    left = np.hypot(bodies.goal_x[walkers] - bodies.x[walkers], bodies.goal_y[walkers] - bodies.y[walkers])
    return walkers[left < ARRIVAL_M]


def _wrapped(angle: Floats) -> Floats:
    return (angle + np.pi) % (2 * np.pi) - np.pi


def _refresh_direct(bodies: Bodies, view: WorldView, walkers: NDArray[np.int64], phase: int) -> None:
    due = walkers[(walkers + phase) % 4 == 0]
    if len(due) == 0:
        return
    x, y, gx, gy = bodies.x[due], bodies.y[due], bodies.goal_x[due], bodies.goal_y[due]
    near = np.hypot(gx - x, gy - y) < DIRECT_M
    direct = near.copy()
    if near.any():
        direct[near] = view.clear_walk(x[near], y[near], gx[near], gy[near])
    bodies.direct[due] = direct


def _desired(bodies: Bodies, view: WorldView, walkers: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Unit directions (m, 2) that walkers would take alone, and metres to their spots."""
    dx, dy = bodies.goal_x[walkers] - bodies.x[walkers], bodies.goal_y[walkers] - bodies.y[walkers]
    distance = np.hypot(dx, dy)
    straight = np.stack([dx, dy], axis=1) / np.maximum(distance, 1e-9)[:, None]
    led = ~bodies.direct[walkers] & (bodies.place[walkers] >= 0)
    if led.any():
        on_way = walkers[led]
        way = view.way_to(bodies.place[on_way].astype(np.int64), bodies.x[on_way], bodies.y[on_way])
        straight[led] = np.where((way != 0.0).any(axis=1)[:, None], way, straight[led])
    return straight, distance


def _steered(bodies: Bodies, view: WorldView, walkers: NDArray[np.int64], desired: Floats) -> tuple[Heeded, Floats]:
    """Whom walkers heed, and the velocities (m, 2) they want among them; see `world.walking.crowd`."""
    out = bodies.outdoors
    slot = np.full(len(bodies), -1)
    slot[out] = np.arange(len(out))
    mine = slot[walkers]
    way, free = np.zeros((len(out), 2)), np.zeros(len(out))
    way[mine] = desired
    x, y = bodies.x[walkers], bodies.y[walkers]
    own = bodies.walk_speed[walkers] * bodies.pace[walkers]
    free[mine] = own * view.speed_factor(x, y, desired[:, 0], desired[:, 1])
    speed = bodies.speed[out]
    crowd = Crowd(
        bodies.x[out],
        bodies.y[out],
        speed * np.cos(bodies.heading[out]),
        speed * np.sin(bodies.heading[out]),
        np.full(len(out), BODY_RADIUS_M),
    )
    found, gaps = neighbours(crowd)
    wanted, room = velocities(crowd, way, free, found, view)
    return Heeded(crowd, way, found, gaps, mine), (wanted + room)[:, mine].T


def _turn_and_accelerate(
    bodies: Bodies, walkers: NDArray[np.int64], wanted: Floats, distance: Floats, dt: float
) -> None:
    pace = np.hypot(wanted[:, 0], wanted[:, 1])
    heading = bodies.heading[walkers]
    error = np.where(pace > STANDS_M_S, _wrapped(np.arctan2(wanted[:, 1], wanted[:, 0]) - heading), 0.0)
    bodies.heading[walkers] += np.clip(error, -TURN_RATE * dt, TURN_RATE * dt)
    most = bodies.walk_speed[walkers] * bodies.pace[walkers]
    speed = np.minimum(pace, most) * np.maximum(0.0, np.cos(error))
    braking = np.where(bodies.direct[walkers], np.sqrt(2 * ACCELERATION_M_S2 * distance), np.inf)
    speed = np.minimum(speed, np.maximum(braking, 0.15))
    change = np.clip(speed - bodies.speed[walkers], -2 * ACCELERATION_M_S2 * dt, ACCELERATION_M_S2 * dt)
    bodies.speed[walkers] += change


def _advance(bodies: Bodies, view: WorldView, walkers: NDArray[np.int64], heeded: Heeded, dt: float) -> None:
    """Take the step, no farther than the room between bodies allows, where the ground bears it."""
    step = np.zeros((2, len(heeded.crowd)))
    ahead = bodies.speed[walkers] * dt
    step[0, heeded.mine] = ahead * np.cos(bodies.heading[walkers])
    step[1, heeded.mine] = ahead * np.sin(bodies.heading[walkers])
    step_x, step_y = within_bounds(heeded.crowd, heeded.way, heeded.found, heeded.gaps, step[0], step[1], False)
    step_x, step_y = step_x[heeded.mine], step_y[heeded.mine]
    x, y = bodies.x[walkers] + step_x, bodies.y[walkers] + step_y
    held = ~view.may_step(bodies.x[walkers], bodies.y[walkers], x, y)
    bodies.speed[walkers[held]] *= 0.5
    free = walkers[~held]
    bodies.x[free], bodies.y[free] = x[~held], y[~held]
    bodies.z[free] = view.height_at(x[~held], y[~held])
    went = np.hypot(step_x, step_y)[~held]
    bodies.stride[free] = (bodies.stride[free] + 2 * np.pi * went / bodies.stride_m[free]) % (2 * np.pi)
