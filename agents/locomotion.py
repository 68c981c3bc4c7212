"""Walking: steering along ways and round each other, with limits on turns and pace, so that no bodies overlap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from agents.bodies import BODY_RADIUS_M, Bodies
from world.view import Floats, WorldView

WALK_SPEED_M_S, WALK_SPREAD_M_S = 1.34, 0.26  # free walking speed and its spread (Weidmann 1993)
STRIDE_OF_HEIGHT = 0.83  # two steps, of body height: 0.75 m per step for a person of 1.8 m
ACCELERATION_M_S2 = 1.5
TURN_RATE = np.radians(200.0)  # per second, walking or standing
ARRIVAL_M = 0.25
DIRECT_M = 25.0  # within this distance one walks straight at a spot that has a clear line
NEIGHBOUR_M = 3.0  # others nearer than this are walked round
COMFORT_M = 2 * BODY_RADIUS_M + 0.15  # clearance one steers for
HORIZON_S = 2.0  # how far ahead a meeting is foreseen
LOOK_AHEAD_M = (0.4, 0.9)  # where ground is tested before turning that way
OFFSETS = np.radians([0.0, -20.0, 20.0, -42.0, 42.0, -68.0, 68.0, -100.0, 100.0, -150.0, 150.0])
NEIGHBOURS = 6
BRUTE_FORCE = 64  # below this many bodies a full distance matrix is faster than a tree


@dataclass(frozen=True)
class Neighbourhood:
    """For each walker the nearest other bodies: rows (m, k) into `Bodies`, and which of them count."""

    rows: NDArray[np.int64]
    near: NDArray[np.bool_]


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
    direction, clear = _steered(bodies, view, walkers, desired)
    _turn_and_accelerate(bodies, view, walkers, direction, distance, clear, dt)
    _advance(bodies, view, walkers, dt)
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


def _steered(
    bodies: Bodies, view: WorldView, walkers: NDArray[np.int64], desired: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Headings (m,) after avoiding people and bad ground, and whether the chosen one is free ahead.

    Sampled velocities in the manner of reciprocal velocity obstacles (van den Berg et al. 2008): each candidate turn
    costs its deviation, the ground it leads to and the closest approach foreseen to each neighbour. Passing on the
    right is slightly cheaper, which settles head-on meetings.
    """
    heading = np.arctan2(desired[:, 1], desired[:, 0])
    clear = np.ones(len(walkers), bool)
    around = _neighbourhood(bodies, walkers)
    x, y = bodies.x[walkers], bodies.y[walkers]
    free = np.ones(len(walkers), bool)
    for ahead in LOOK_AHEAD_M:
        free &= view.may_step(x, y, x + desired[:, 0] * ahead, y + desired[:, 1] * ahead)
    busy = np.flatnonzero(~free | around.near.any(axis=1))
    if len(busy) == 0:
        return heading, clear
    rows = walkers[busy]
    angles = heading[busy, None] + OFFSETS
    ux, uy = np.cos(angles), np.sin(angles)
    cost = np.abs(OFFSETS) * 0.5 + np.where(OFFSETS > 0, 0.03, 0.0) + np.zeros_like(angles)
    for ahead, penalty in zip(LOOK_AHEAD_M, (20.0, 2.0), strict=True):
        to_x, to_y = x[busy, None] + ux * ahead, y[busy, None] + uy * ahead
        from_x, from_y = np.broadcast_to(x[busy, None], ux.shape), np.broadcast_to(y[busy, None], uy.shape)
        ground = view.may_step(from_x.ravel(), from_y.ravel(), to_x.ravel(), to_y.ravel())
        cost += np.where(ground.reshape(angles.shape), 0.0, penalty)
    cost += _meeting_cost(bodies, rows, around.rows[busy], around.near[busy], ux, uy)
    cost += 0.15 * np.abs(_wrapped(angles - bodies.heading[rows][:, None])) / np.pi  # keep the way one is going
    best = np.argmin(cost, axis=1)
    pick = np.arange(len(busy)), best
    heading[busy] = angles[pick]
    clear[busy] = cost[pick] < 6.0
    return heading, clear


def _neighbourhood(bodies: Bodies, walkers: NDArray[np.int64]) -> Neighbourhood:
    out = bodies.outdoors
    if len(out) <= BRUTE_FORCE:
        dx, dy = bodies.x[walkers, None] - bodies.x[out], bodies.y[walkers, None] - bodies.y[out]
        near = (dx * dx + dy * dy < NEIGHBOUR_M**2) & (out != walkers[:, None])
        return Neighbourhood(np.broadcast_to(out, near.shape), near)
    points = np.stack([bodies.x[out], bodies.y[out]], axis=1)
    mine = np.stack([bodies.x[walkers], bodies.y[walkers]], axis=1)
    k = min(NEIGHBOURS + 1, len(out))
    distance, index = cKDTree(points).query(mine, k=k, distance_upper_bound=NEIGHBOUR_M)
    found = np.isfinite(distance)
    rows = out[np.where(found, index, 0)]
    return Neighbourhood(rows, found & (rows != walkers[:, None]))


def _meeting_cost(
    bodies: Bodies, rows: NDArray[np.int64], others: NDArray[np.int64], near: NDArray[np.bool_], ux: Floats, uy: Floats
) -> Floats:
    """Cost (m, candidates) of the closest approach foreseen to each neighbour within the horizon."""
    px = (bodies.x[others] - bodies.x[rows][:, None])[:, None, :]
    py = (bodies.y[others] - bodies.y[rows][:, None])[:, None, :]
    speed = np.maximum(bodies.walk_speed[rows] * 0.7, bodies.speed[rows])[:, None, None]
    vx = (bodies.speed[others] * np.cos(bodies.heading[others]))[:, None, :] - ux[:, :, None] * speed
    vy = (bodies.speed[others] * np.sin(bodies.heading[others]))[:, None, :] - uy[:, :, None] * speed
    toward = -(px * vx + py * vy) / np.maximum(vx * vx + vy * vy, 1e-6)
    when = np.clip(toward, 0.0, HORIZON_S)
    closest = np.hypot(px + vx * when, py + vy * when)
    tight = np.maximum(0.0, COMFORT_M - closest) / COMFORT_M
    soon = np.where(toward > 0.0, 4.0 / (when + 0.4), 0.0)
    cost: Floats = np.where(near[:, None, :], tight * soon, 0.0).sum(axis=2)
    return cost


def _turn_and_accelerate(
    bodies: Bodies,
    view: WorldView,
    walkers: NDArray[np.int64],
    direction: Floats,
    distance: Floats,
    clear: NDArray[np.bool_],
    dt: float,
) -> None:
    error = _wrapped(direction - bodies.heading[walkers])
    bodies.heading[walkers] += np.clip(error, -TURN_RATE * dt, TURN_RATE * dt)
    ux, uy = np.cos(bodies.heading[walkers]), np.sin(bodies.heading[walkers])
    footing = view.speed_factor(bodies.x[walkers], bodies.y[walkers], ux, uy)
    wanted = bodies.walk_speed[walkers] * footing * np.maximum(0.0, np.cos(error)) * np.where(clear, 1.0, 0.4)
    braking = np.where(bodies.direct[walkers], np.sqrt(2 * ACCELERATION_M_S2 * distance), np.inf)
    wanted = np.minimum(wanted, np.maximum(braking, 0.15))
    change = np.clip(wanted - bodies.speed[walkers], -2 * ACCELERATION_M_S2 * dt, ACCELERATION_M_S2 * dt)
    bodies.speed[walkers] += change


def _advance(bodies: Bodies, view: WorldView, walkers: NDArray[np.int64], dt: float) -> None:
    """Take the step where the ground bears it and nobody is in the way; otherwise stand still for this tick."""
    step = bodies.speed[walkers] * dt
    x = bodies.x[walkers] + step * np.cos(bodies.heading[walkers])
    y = bodies.y[walkers] + step * np.sin(bodies.heading[walkers])
    held = ~view.may_step(bodies.x[walkers], bodies.y[walkers], x, y)
    new_x, new_y = bodies.x.copy(), bodies.y.copy()
    new_x[walkers], new_y[walkers] = np.where(held, bodies.x[walkers], x), np.where(held, bodies.y[walkers], y)
    _hold_back(bodies, walkers, held, new_x, new_y)
    bodies.speed[walkers[held]] *= 0.5
    free = walkers[~held]
    bodies.x, bodies.y = new_x, new_y
    bodies.z[free] = view.height_at(new_x[free], new_y[free])
    bodies.stride[free] = (bodies.stride[free] + 2 * np.pi * step[~held] / bodies.stride_m[free]) % (2 * np.pi)


def _hold_back(
    bodies: Bodies, walkers: NDArray[np.int64], held: NDArray[np.bool_], new_x: Floats, new_y: Floats
) -> None:
    """Undo steps that would bring two bodies nearer than they may be, until none is left.

    Undoing only ever restores old positions, which did not overlap, so the loop ends and its result does not either.
    """
    slot = np.full(len(bodies), -1)
    slot[walkers] = np.arange(len(walkers))
    out = bodies.outdoors
    while True:
        a, b = _close_pairs(out, new_x, new_y)
        if len(a) == 0:
            return
        now = np.hypot(new_x[a] - new_x[b], new_y[a] - new_y[b])
        before = np.hypot(bodies.x[a] - bodies.x[b], bodies.y[a] - bodies.y[b])
        clash = now < before
        rows = np.concatenate([a[clash], b[clash]])
        undo = slot[rows]
        undo = undo[undo >= 0]
        undo = undo[~held[undo]]
        if len(undo) == 0:
            return
        held[undo] = True
        back = walkers[undo]
        new_x[back], new_y[back] = bodies.x[back], bodies.y[back]


def _close_pairs(out: NDArray[np.int64], x: Floats, y: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows nearer to each other than two body radii."""
    if len(out) <= BRUTE_FORCE:
        dx, dy = x[out, None] - x[out], y[out, None] - y[out]
        a, b = np.nonzero(dx * dx + dy * dy < (2 * BODY_RADIUS_M) ** 2)
        a, b = a[a < b], b[a < b]
    else:
        points = np.stack([x[out], y[out]], axis=1)
        a, b = cKDTree(points).query_pairs(2 * BODY_RADIUS_M, output_type="ndarray").reshape(-1, 2).T
    return out[a], out[b]
