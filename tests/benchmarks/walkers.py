"""Walkers on a map of 2 km: what a tick of theirs costs, against mesa's agents that steer by rules like theirs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import mesa
import numpy as np
from mesa.experimental.continuous_space import ContinuousSpace, ContinuousSpaceAgent
from rich.console import Console
from rich.table import Table

from world.walking.crowd import SIGHT_M, WALK_SPEED_M_S, WALK_SPREAD_M_S, Crowd, advance
from world.walking.ground import survey
from world.walking.navigation import Navigation
from world.world import World, WorldConfig

COUNTS = (1_000, 10_000)
GOALS = 64
TICKS, MESA_TICKS = 40, 2
WARM_UP = 5
DT = 1.0 / 16.0
RADIUS_M = 0.25


def walkers() -> None:
    """Ways, footing and avoidance of many walkers per tick, and one step of as many boids in mesa."""
    out = Console(width=110)
    made = Table(
        title="Walkers on 2 km, 64 goals (median ms of processor time; real time is 62.5)", title_justify="left"
    )
    for column in ("walkers", "ways", "footing", "steps", "all", "mesa boids", "mesa / all"):
        made.add_column(column, justify="right")
    world = World(WorldConfig(seed=11))
    for count in COUNTS:
        parts = _ours(world, count)
        theirs = median_ms(Boids(count, world.config.size_m).step, MESA_TICKS)
        whole = sum(parts)
        made.add_row(f"{count:,}", *(f"{ms:.2f}" for ms in (*parts, whole, theirs)), f"{theirs / whole:.0f}")
    out.print(made)


def _ours(world: World, count: int) -> tuple[float, float, float]:
    """Median ms of the ways, the footing with the height of the ground, and the steps of a tick."""
    rng = np.random.default_rng(1)
    half = world.config.size_m / 2 - 20.0
    surface, ground = world.view().surface, survey(world.valley)
    square = world.valley.places[0]
    home = Navigation(ground, surface, np.array([[square.x, square.y]]))

    def reachable(wanted: int) -> np.ndarray:
        points = rng.uniform(-half, half, (6 * wanted, 2))
        seconds = home.distance_to(np.zeros(len(points), dtype=np.int64), points[:, 0], points[:, 1], 0)
        return points[np.isfinite(seconds)][:wanted]

    navigation, at = Navigation(ground, surface, reachable(GOALS)), reachable(count)
    count = len(at)
    crowd = Crowd(at[:, 0], at[:, 1], np.zeros(count), np.zeros(count), np.full(count, RADIUS_M))
    speed = np.clip(rng.normal(WALK_SPEED_M_S, WALK_SPREAD_M_S, count), 0.6, 2.1)
    goal = np.arange(count) % GOALS
    measured: list[tuple[float, float, float]] = []
    for tick in range(WARM_UP + TICKS):
        began = time.process_time()
        way = navigation.way_to(goal, crowd.x, crowd.y, tick)
        led = time.process_time()
        footing = navigation.speed_factor(crowd.x, crowd.y, way[:, 0], way[:, 1])
        navigation.footing_height(crowd.x, crowd.y)
        trodden = time.process_time()
        crowd = advance(crowd, way, speed * footing, navigation, DT)
        measured.append((led - began, trodden - led, time.process_time() - trodden))
    ways, footings, steps = (1000 * statistics.median(part) for part in zip(*measured[WARM_UP:], strict=True))
    return ways, footings, steps


class _Boid(ContinuousSpaceAgent):  # type: ignore[misc]
    """Seeks its goal, keeps off its neighbours and goes along with them: mesa's own example, with a goal."""

    def __init__(self, model: Boids, space: ContinuousSpace, position: np.ndarray, goal: np.ndarray) -> None:
        super().__init__(space, model)
        self.position, self.goal = position, goal
        self.velocity = np.zeros(2)

    def step(self) -> None:
        """Steer and move."""
        way = self.goal - self.position
        wanted = WALK_SPEED_M_S * way / max(float(np.linalg.norm(way)), 1e-9)
        others, away = self.get_neighbors_in_radius(radius=SIGHT_M)
        if others:
            offsets = self.space.calculate_difference_vector(self.position, others)
            wanted -= offsets[away < 2 * RADIUS_M + 0.5].sum(axis=0)
            wanted += 0.05 * np.mean([other.velocity for other in others], axis=0)
        self.velocity += 0.25 * (wanted - self.velocity)
        self.position += self.velocity * DT


class Boids(mesa.Model):  # type: ignore[misc]
    """As many boids as walkers on as large a space."""

    def __init__(self, count: int, size_m: float) -> None:
        super().__init__(seed=1)
        space = ContinuousSpace([[0, size_m], [0, size_m]], torus=True, random=self.random, n_agents=count)
        positions, goals = self.rng.uniform(0, size_m, (2, count, 2))
        for position, goal in zip(positions, goals, strict=True):
            _Boid(self, space, position, goal)

    def step(self) -> None:
        """All of them, in mesa's shuffled order."""
        self.agents.shuffle_do("step")


def median_ms(step: Callable[[], None], times: int) -> float:
    """Milliseconds that a step takes after the first one."""
    step()
    taken = []
    for _ in range(times):
        began = time.process_time()
        step()
        taken.append(time.process_time() - began)
    return 1000 * statistics.median(taken)
