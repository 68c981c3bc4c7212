"""People on foot: speed at each density, room between bodies, flow through a door, and passing in a corridor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from world.scorecard.card import Chart, Metric, Series
from world.scorecard.subject import Subject
from world.streams import stream
from world.walking.crowd import WALK_SPEED_M_S, WALK_SPREAD_M_S, Crowd, Floor, advance

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Kernel = Callable[[Crowd, Floats, Floats, Floor, float], Crowd]

TICK_S = 1.0 / 16.0
RADIUS_M = 0.2  # so that hard discs can stand as close as the densest crowds: 5.4 per square metre (Weidmann 1993)
LONG_M, WIDE_M = 12.0, 3.0  # of the corridor, whose ends are one
SEAM_M = 5.0  # of it repeated beyond each end: farther than anybody looks
DENSITIES_M2 = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
COUNTER_M2 = 1.5
SETTLE_S, WATCH_S = 8.0, 10.0
COUNTER_SETTLE_S = 40.0  # lanes have formed by then, or nobody moves any more
DOOR_M, ROOM_M, WALL_M = 1.2, 10.0, 0.4
QUEUE = 90
DOOR_LIMIT_S = 180.0


@dataclass(frozen=True)
class Strip:
    """A floor between two walls along x; points are the middles of bodies."""

    half_m: float

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True for steps that end between the walls."""
        inside: Flags = np.abs(yb) <= self.half_m
        return inside


@dataclass(frozen=True)
class Doorway:
    """A room west of a wall with a door in it, and the open east."""

    half_m: float

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
        """True for steps that end in the room, in the door or beyond."""
        in_wall = (xb > -RADIUS_M) & (xb < WALL_M + RADIUS_M)
        inside: Flags = np.where(in_wall, np.abs(yb) <= self.half_m, np.abs(yb) <= ROOM_M / 2 - RADIUS_M)
        return inside


def weidmann_m_s(density_m2: Floats | float) -> Floats:
    """Mean speed in a crowd of so many per square metre (Weidmann 1993)."""
    speed: Floats = WALK_SPEED_M_S * (1.0 - np.exp(-1.913 * (1.0 / np.asarray(density_m2) - 1.0 / 5.4)))
    return speed


def heedless(crowd: Crowd, way: Floats, speed: Floats, floor: Floor, dt: float) -> Crowd:
    """Walkers who see walls and nobody: what the metrics are compared with."""
    vx, vy = way[:, 0] * speed, way[:, 1] * speed
    free = floor.may_step(crowd.x, crowd.y, crowd.x + vx * dt, crowd.y + vy * dt)
    vx, vy = np.where(free, vx, 0.0), np.where(free, vy, 0.0)
    return Crowd(crowd.x + vx * dt, crowd.y + vy * dt, vx, vy, crowd.radius)


def spread_out(count: int, long_m: float, wide_m: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points (count,) on a rectangle centred on y = 0, x from 0 on, as far apart as a jittered lattice has them."""
    cols = math.ceil(math.sqrt(count * long_m / wide_m))
    rows = math.ceil(count / cols)
    x, y = np.meshgrid((np.arange(cols) + 0.5) * long_m / cols, ((np.arange(rows) + 0.5) / rows - 0.5) * wide_m)
    chosen = np.sort(rng.permutation(x.size)[:count])
    jitter = 0.4 * max(0.0, min(long_m / cols, wide_m / rows) - 2 * RADIUS_M)
    shift = rng.uniform(-0.5, 0.5, (2, count)) * jitter
    return x.ravel()[chosen] + shift[0], y.ravel()[chosen] + shift[1]


def free_speeds(count: int, rng: np.random.Generator) -> Floats:
    """What each of some people walks alone, m/s."""
    return np.clip(rng.normal(WALK_SPEED_M_S, WALK_SPREAD_M_S, count), 0.6, 2.1)


def corridor(kernel: Kernel, density_m2: float, both_ways: bool) -> Iterator[tuple[Crowd, Floats]]:
    """A crowd in a corridor whose ends are one, tick by tick, and which way along it each of them goes."""
    rng = stream(0, "scorecard:corridor", round(100 * density_m2), int(both_ways))
    count = round(density_m2 * LONG_M * WIDE_M)
    x, y = spread_out(count, LONG_M, WIDE_M - 2 * RADIUS_M, rng)
    towards = np.where(rng.random(count) < 0.5, -1.0, 1.0) if both_ways else np.ones(count)
    speed, radius = free_speeds(count, rng), np.full(count, RADIUS_M)
    crowd = Crowd(x, y, np.zeros(count), np.zeros(count), radius)
    floor = Strip(WIDE_M / 2 - RADIUS_M)
    while True:
        yield crowd, towards
        rows = np.concatenate(
            [np.arange(count), np.flatnonzero(crowd.x < SEAM_M), np.flatnonzero(crowd.x > LONG_M - SEAM_M)]
        )
        shift = np.zeros(len(rows))
        shift[count:] = np.where(crowd.x[rows[count:]] < SEAM_M, LONG_M, -LONG_M)
        seen = Crowd(crowd.x[rows] + shift, *(column[rows] for column in (crowd.y, crowd.vx, crowd.vy, crowd.radius)))
        way = np.stack([towards[rows], np.zeros(len(rows))], axis=1)
        after = kernel(seen, way, speed[rows], floor, TICK_S)
        crowd = Crowd(after.x[:count] % LONG_M, after.y[:count], after.vx[:count], after.vy[:count], radius)


def speed_at(kernel: Kernel, density_m2: float, both_ways: bool = False) -> float:
    """Mean speed along the corridor once it has settled, m/s."""
    settle = round((COUNTER_SETTLE_S if both_ways else SETTLE_S) / TICK_S)
    watched = islice(corridor(kernel, density_m2, both_ways), settle, settle + round(WATCH_S / TICK_S))
    return float(np.mean([(crowd.vx * towards).mean() for crowd, towards in watched]))


def misfit_m_s(kernel: Kernel) -> float:
    """Root mean square of speed less Weidmann's over the densities."""
    off = [speed_at(kernel, density) - weidmann_m_s(density) for density in DENSITIES_M2]
    return float(np.sqrt(np.mean(np.square(off))))


def overlap_cm(crowd: Crowd) -> float:
    """The deepest overlap of two bodies, 0 where none touch; those across the corridor's seam count too."""
    dx = np.abs(crowd.x[:, None] - crowd.x)
    apart = np.hypot(np.minimum(dx, LONG_M - dx), crowd.y[:, None] - crowd.y)
    over = crowd.radius[:, None] + crowd.radius - apart
    return max(0.0, 100.0 * float(over[np.triu_indices(len(crowd), 1)].max(initial=0.0)))


def deepest_overlap_cm(kernel: Kernel) -> float:
    """The deepest overlap while two streams sort themselves out."""
    passing = islice(corridor(kernel, COUNTER_M2, True), 0, round(SETTLE_S / TICK_S), 4)
    return max(overlap_cm(crowd) for crowd, _ in passing)


def passing_share(kernel: Kernel) -> float:
    """Speed of two streams that meet, relative to one of the same density by Weidmann."""
    return speed_at(kernel, COUNTER_M2, both_ways=True) / float(weidmann_m_s(COUNTER_M2))


def queue(kernel: Kernel) -> Iterator[Crowd]:
    """A crowd that leaves a room by a door, tick by tick."""
    rng = stream(0, "scorecard:door")
    x, y = spread_out(QUEUE, 6.0, ROOM_M - 1.0, rng)
    crowd = Crowd(x - 7.0, y, np.zeros(QUEUE), np.zeros(QUEUE), np.full(QUEUE, RADIUS_M))
    speed, half = free_speeds(QUEUE, rng), DOOR_M / 2 - RADIUS_M
    while True:
        yield crowd
        beside = (crowd.x < -RADIUS_M) & (np.abs(crowd.y) > half)
        to_x = np.where(beside, -2.0 * RADIUS_M, crowd.x + 1.0)
        to_y = np.where(crowd.x < WALL_M + RADIUS_M, np.clip(crowd.y, -0.9 * half, 0.9 * half), crowd.y)
        way = np.stack([to_x - crowd.x, to_y - crowd.y], axis=1)
        way /= np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)[:, None]
        crowd = kernel(crowd, way, speed, Doorway(half), TICK_S)


def door_flow(kernel: Kernel) -> float:
    """People per second and metre of a door's width, between the tenth and the ninetieth of a hundred; 0 if it jams."""
    first, last, began = QUEUE // 10, QUEUE - QUEUE // 10, 0.0
    for tick, crowd in enumerate(islice(queue(kernel), round(DOOR_LIMIT_S / TICK_S))):
        out = int((crowd.x > WALL_M).sum())
        if out < first:
            began = tick * TICK_S
        elif out >= last:
            return (last - first) / max(tick * TICK_S - began, TICK_S) / DOOR_M
    return 0.0


METRICS: tuple[Metric, ...] = (
    Metric(
        key="speed_density",
        name="speed at 0.5 to 4 people per m², off Weidmann's by",
        group="crowd",
        unit="m/s",
        accepted=(0.0, 0.12),
        source="Weidmann 1993, within the scatter of measured diagrams (Seyfried et al. 2005)",
        measure=lambda subject: misfit_m_s(advance),
        baseline=lambda subject: misfit_m_s(heedless),
        against="no avoidance",
        per_seed=False,
    ),
    Metric(
        key="overlap",
        name="deepest overlap of two bodies",
        group="crowd",
        unit="cm",
        accepted=(0.0, 5.0),
        source="bodies are solid; clothes and shoulders give",
        measure=lambda subject: deepest_overlap_cm(advance),
        baseline=lambda subject: deepest_overlap_cm(heedless),
        against="no avoidance",
        per_seed=False,
        hard=True,
    ),
    Metric(
        key="door_flow",
        name="flow through a door of 1.2 m",
        group="crowd",
        unit="1/(m s)",
        accepted=(1.0, 2.0),
        source="Weidmann 1993: 1.22; Seyfried et al. 2009: 1.9",
        measure=lambda subject: door_flow(advance),
        baseline=lambda subject: door_flow(heedless),
        against="no avoidance",
        per_seed=False,
    ),
    Metric(
        key="passing",
        name="speed of two streams that meet, of one's",
        group="crowd",
        unit="",
        accepted=(0.6, 1.15),
        source="lanes form and the flow stays near that of one stream (Zhang et al. 2012)",
        measure=lambda subject: passing_share(advance),
        baseline=lambda subject: passing_share(heedless),
        against="no avoidance",
        per_seed=False,
    ),
)


def charts(subject: Subject) -> tuple[Chart, ...]:
    """Speed against density, ours and Weidmann's."""
    fine, tried = np.linspace(0.2, 5.2, 100), np.array(DENSITIES_M2)
    ours, blind = (np.array([speed_at(kernel, float(d)) for d in tried]) for kernel in (advance, heedless))
    return (
        Chart(
            "speed_density",
            "Speed of a crowd against its density",
            "people per m²",
            "m/s",
            (
                Series("Weidmann 1993", fine, weidmann_m_s(fine), "reference"),
                Series("ours", tried, ours, "points"),
                Series("no avoidance", tried, blind, "baseline"),
            ),
            note="One stream in a corridor whose ends are one.",
        ),
    )
