"""One step of everybody, in machine code: whither each wants to go, round whom, how fast, and how far that leads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.view import Floats
from world.walking.crowd import (
    HORIZON_M,
    LOOK_AHEAD_M,
    TURN_COS,
    TURN_SIN,
    Ints,
    bounded,
    cells_for,
    nearest,
    wanted_among,
)
from world.walking.leads import NONE, Led, asks, way_at
from world.walking.underfoot import Floor, Footing, clear_between, flag_at, height_at, may_step, pace_at

ACCELERATION_M_S2 = 1.5
TURN_RATE = math.radians(200.0)  # per second, walking or standing
ARRIVAL_M = 0.25
DIRECT_M = 25.0  # within this distance one walks straight at a goal that has a clear line
DIRECT_TURNS = 4  # the line is looked at every so many steps
STANDS_M_S = 0.02  # who wants to go slower than this does not turn for it
CREEP_M_S = 0.15  # nobody brakes below this before the goal is reached
FULL_TURN = 2.0 * math.pi

Body = tuple[Any, ...]


@compiled
def take_step(
    body: Body,
    radius: float,
    floor: Floor,
    footing: Footing,
    ways: Led,
    strange: Floats,
    dt: float,
    phase: int,
    tick: int,
) -> tuple[Ints, NDArray[np.int64]]:
    """Move all by one step, in place; rows that reached their goals, and the fields of ways that were missing.

    Everybody looks at the same moment and then all step at once. `body` holds the columns of `view.Walkers`;
    `strange` the ways (n, 2) of those who do not follow `ways`, NaN for all others. Where fields are missing, (k, 2)
    kinds and goals, nobody has moved.
    """
    x, y, _, heading, speed, _, direct, free_speed, _, goal_x, goal_y, _, place, moving, indoors = body
    asks(ways)
    outdoors, going = 0, 0
    for i in range(x.size):
        if not indoors[i]:
            outdoors += 1
            going += moving[i]
    missing, count = np.empty((going, 2), np.int64), 0
    walkers, slots = np.empty(going, np.int64), np.empty(going, np.int64)  # rows, and their ranks among all outdoors
    if going == 0:
        _turn_on_the_spot(body, dt)
        return walkers, missing
    at_x, at_y, vx, vy = np.empty(outdoors), np.empty(outdoors), np.zeros(outdoors), np.zeros(outdoors)
    way, free, radii = np.zeros((outdoors, 2)), np.zeros(outdoors), np.empty(outdoors)
    outdoors, going = 0, 0
    for i in range(x.size):
        if indoors[i]:
            continue
        at_x[outdoors], at_y[outdoors], radii[outdoors] = x[i], y[i], radius
        if moving[i]:
            vx[outdoors], vy[outdoors] = speed[i] * math.cos(heading[i]), speed[i] * math.sin(heading[i])
            walkers[going], slots[going] = i, outdoors
            going += 1
        outdoors += 1
    for k in range(walkers.size):
        i = walkers[k]
        dx, dy = goal_x[i] - x[i], goal_y[i] - y[i]
        away = math.sqrt(dx * dx + dy * dy)
        if (i + phase) % DIRECT_TURNS == 0:
            direct[i] = away < DIRECT_M and clear_between(floor, x[i], y[i], goal_x[i], goal_y[i])
        dx, dy = dx / max(away, 1e-9), dy / max(away, 1e-9)
        if not direct[i] and place[i] >= 0:
            if strange.size > 0 and not math.isnan(strange[i, 0]):
                way_x, way_y, kind = strange[i, 0], strange[i, 1], NONE
            else:
                way_x, way_y, kind = way_at(floor, ways, place[i], x[i], y[i], tick)
            if kind != NONE:
                missing[count, 0], missing[count, 1] = kind, place[i]
                count += 1
            if way_x != 0.0 or way_y != 0.0:
                dx, dy = way_x, way_y
        way[slots[k], 0], way[slots[k], 1] = dx, dy
        free[slots[k]] = free_speed[i] * pace_at(footing, x[i], y[i], dx, dy)
    if count > 0:
        return walkers[:0], missing[:count]
    _turn_on_the_spot(body, dt)

    found, gaps = nearest(at_x, at_y, radii, slots, cells_for(outdoors))
    clear = _free_ahead(floor, at_x, at_y, way, found, slots)
    wanted, room = wanted_among(at_x, at_y, vx, vy, radii, way, free, found, clear, slots)
    step_x, step_y = np.empty(walkers.size), np.empty(walkers.size)
    for k in range(walkers.size):
        i = walkers[k]
        dx, dy = goal_x[i] - x[i], goal_y[i] - y[i]
        left = math.sqrt(dx * dx + dy * dy) if direct[i] else np.inf
        heading[i], speed[i] = _turned(
            heading[i], speed[i], wanted[0, k] + room[0, k], wanted[1, k] + room[1, k], free_speed[i], left, dt
        )
        step_x[k], step_y[k] = speed[i] * dt * math.cos(heading[i]), speed[i] * dt * math.sin(heading[i])
    step_x, step_y = bounded(at_x, at_y, way, found, gaps, step_x, step_y, False, slots)
    return _advance(body, floor, footing, walkers, step_x, step_y), missing[:0]


@compiled
def _turn_on_the_spot(body: Body, dt: float) -> None:
    """Those who stand turn to where they want to look, and whoever does not walk outdoors has no speed."""
    heading, speed, heading_goal, moving, indoors = body[3], body[4], body[11], body[13], body[14]
    most = TURN_RATE * dt
    for i in range(heading.size):
        if not moving[i]:
            turn = _wrapped(heading_goal[i] - heading[i])
            if turn != 0.0:
                heading[i] = _wrapped(heading[i] + min(max(turn, -most), most))
            speed[i] = 0.0
        elif indoors[i]:
            speed[i] = 0.0


@compiled
def _wrapped(angle: float) -> float:
    """The angle between -pi and pi; one that is there already is left as it is."""
    if -math.pi <= angle < math.pi:
        return angle
    return (angle + math.pi) % FULL_TURN - math.pi


@compiled
def _free_ahead(floor: Floor, x: Floats, y: Floats, way: Floats, found: Ints, slots: Ints) -> Floats:
    """Metres (m, turns) of free ground along each turn off the way, as far as one looks; see `crowd.velocities`."""
    near, far, frame = floor[0], floor[1], floor[8]  # to unpack the floor for every look costs more than the look
    clear = np.full((slots.size, TURN_COS.size), HORIZON_M)
    for k in range(slots.size):
        i = slots[k]
        ex, ey = way[i, 0], way[i, 1]
        busy = found[k, 0] >= 0
        for away in LOOK_AHEAD_M:
            to_x, to_y = x[i] + ex * away, y[i] + ey * away
            busy = busy or not (flag_at(near, far, frame, to_x, to_y) or may_step(floor, x[i], y[i], to_x, to_y))
        if not busy:
            continue
        for turn in range(TURN_COS.size):
            ux, uy = ex * TURN_COS[turn] - ey * TURN_SIN[turn], ex * TURN_SIN[turn] + ey * TURN_COS[turn]
            before = 0.0
            for away in LOOK_AHEAD_M:
                to_x, to_y = x[i] + ux * away, y[i] + uy * away
                if not (flag_at(near, far, frame, to_x, to_y) or may_step(floor, x[i], y[i], to_x, to_y)):
                    clear[k, turn] = before
                    break
                before = away
    return clear


@compiled
def _turned(
    heading: float, speed: float, wanted_x: float, wanted_y: float, free_speed: float, left: float, dt: float
) -> tuple[float, float]:
    """Heading and speed after a step of turning and speeding up, or braking before a goal that is `left` metres off."""
    pace = math.sqrt(wanted_x * wanted_x + wanted_y * wanted_y)
    error = _wrapped(math.atan2(wanted_y, wanted_x) - heading) if pace > STANDS_M_S else 0.0
    most = TURN_RATE * dt
    heading = _wrapped(heading + min(max(error, -most), most))
    speed_now = min(pace, free_speed) * max(0.0, math.cos(error))
    speed_now = min(speed_now, max(math.sqrt(2.0 * ACCELERATION_M_S2 * left), CREEP_M_S))
    change = min(max(speed_now - speed, -2.0 * ACCELERATION_M_S2 * dt), ACCELERATION_M_S2 * dt)
    return heading, speed + change


@compiled
def _advance(body: Body, floor: Floor, footing: Footing, walkers: Ints, step_x: Floats, step_y: Floats) -> Ints:
    """Take the steps where the ground bears them; rows that reached their goals."""
    x, y, z, _, speed, stride, _, _, stride_m, goal_x, goal_y, _, _, _, _ = body
    reached, count = np.empty(walkers.size, np.int64), 0
    for k in range(walkers.size):
        i = walkers[k]
        to_x, to_y = x[i] + step_x[k], y[i] + step_y[k]
        if may_step(floor, x[i], y[i], to_x, to_y):
            went = math.sqrt(step_x[k] * step_x[k] + step_y[k] * step_y[k])
            x[i], y[i], z[i] = to_x, to_y, height_at(footing, to_x, to_y)
            stride[i] = (stride[i] + FULL_TURN * went / stride_m[i]) % FULL_TURN
        else:
            speed[i] *= 0.5
        dx, dy = goal_x[i] - x[i], goal_y[i] - y[i]
        if dx * dx + dy * dy < ARRIVAL_M * ARRIVAL_M:
            reached[count] = i
            count += 1
    return reached[:count]
