"""Crowds that cross, squeeze and meet walls: nobody through anybody, nobody into what is blocked, everybody arrives."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest

from tests.world.walking.plains import band, lying, plain
from world.walking.crowd import SIGHT_M, Crowd, advance, neighbours
from world.walking.ground import survey
from world.walking.navigation import Navigation

DT = 1 / 16


@dataclass(frozen=True)
class Open:
    """No walls."""

    def may_step(self, xa: np.ndarray, ya: np.ndarray, xb: np.ndarray, yb: np.ndarray) -> np.ndarray:
        return np.ones(xa.shape, dtype=bool)


@dataclass(frozen=True)
class Pillars:
    """Round pillars of 1 m on a square lattice of 4 m, whose middles bodies keep off."""

    def may_step(self, xa: np.ndarray, ya: np.ndarray, xb: np.ndarray, yb: np.ndarray) -> np.ndarray:
        return np.hypot(xb - 4 * np.rint(xb / 4), yb - 4 * np.rint(yb / 4)) > 0.7


def standing(x: np.ndarray, y: np.ndarray, radius: float = 0.25) -> Crowd:
    return Crowd(x.copy(), y.copy(), np.zeros(len(x)), np.zeros(len(x)), np.full(len(x), radius))


def scattered(count: int, side: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points at least 0.6 m apart and off the pillars."""
    rng = np.random.default_rng(seed)
    cells = int(side / 0.9)
    chosen = rng.permutation(cells * cells)
    x, y = (
        (chosen % cells) * 0.9 + rng.uniform(0, 0.3, chosen.size),
        (chosen // cells) * 0.9 + rng.uniform(0, 0.3, chosen.size),
    )
    free = Pillars().may_step(x, y, x, y)
    return x[free][:count], y[free][:count]


def smallest_gap(crowd: Crowd) -> float:
    apart = np.hypot(crowd.x[:, None] - crowd.x, crowd.y[:, None] - crowd.y) - crowd.radius[:, None] - crowd.radius
    return float(apart[np.triu_indices(len(crowd), 1)].min())


def towards(crowd: Crowd, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    way = np.stack([x - crowd.x, y - crowd.y], axis=1)
    left = np.hypot(*way.T)
    return np.where(left[:, None] < 0.3, 0.0, way / np.maximum(left, 1e-9)[:, None])


@pytest.mark.parametrize("seed", range(2))
def test_two_hundred_who_cross_among_pillars_touch_neither(seed: int) -> None:
    x, y = scattered(200, 24.0, seed)
    crowd, floor, rng = standing(x, y), Pillars(), np.random.default_rng(seed)
    goal_x, goal_y = rng.permutation(x), rng.permutation(y)
    speed = np.clip(rng.normal(1.34, 0.26, len(x)), 0.6, 2.1)
    for _ in range(round(20 / DT)):
        before = crowd
        crowd = advance(crowd, towards(crowd, goal_x, goal_y), speed, floor, DT)
        assert smallest_gap(crowd) >= -1e-9
        assert floor.may_step(crowd.x, crowd.y, crowd.x, crowd.y).all()
        assert (np.hypot(crowd.x - before.x, crowd.y - before.y) <= (speed + 0.36) * DT).all()


def test_a_circle_changes_places() -> None:
    """Everybody's straight way leads through the one middle."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    crowd = standing(8 * np.cos(angle), 8 * np.sin(angle))
    goal = -crowd.x, -crowd.y
    for _ in range(round(45 / DT)):
        crowd = advance(crowd, towards(crowd, *goal), np.full(24, 1.34), Open(), DT)
        assert smallest_gap(crowd) >= -1e-9
    assert np.hypot(crowd.x - goal[0], crowd.y - goal[1]).max() < 1.0


def test_who_is_alone_walks_straight_at_free_speed_and_who_stands_stays() -> None:
    crowd = standing(np.array([0.0, 0.0]), np.array([0.0, 50.0]))
    way = np.array([[0.6, 0.8], [0.0, 0.0]])
    for _ in range(160):
        crowd = advance(crowd, way, np.full(2, 1.34), Open(), DT)
    assert np.hypot(crowd.vx, crowd.vy) == pytest.approx([1.34, 0.0])
    assert crowd.x[0] * 0.8 == pytest.approx(crowd.y[0] * 0.6) and 12.5 < np.hypot(crowd.x[0], crowd.y[0]) < 13.4
    assert (crowd.x[1], crowd.y[1]) == (0.0, 50.0)


def test_two_who_meet_pass_on_the_right() -> None:
    crowd, way = standing(np.array([-6.0, 6.0]), np.zeros(2)), np.array([[1.0, 0.0], [-1.0, 0.0]])
    aside = np.zeros(2)
    for _ in range(round(12 / DT)):
        crowd = advance(crowd, way, np.full(2, 1.34), Open(), DT)
        aside = np.where(np.abs(crowd.x) < 0.2, crowd.y, aside)
        assert smallest_gap(crowd) >= 0.0
    assert aside[0] < 0.0 < aside[1] and crowd.x[0] > 5.0 and crowd.x[1] < -5.0


def test_the_order_of_rows_changes_no_bit() -> None:
    x, y = scattered(150, 16.0, 5)
    rng = np.random.default_rng(6)
    goal_x, goal_y, order = rng.permutation(x), rng.permutation(y), rng.permutation(len(x))
    one, two = standing(x, y), standing(x[order], y[order])
    for _ in range(100):
        one = advance(one, towards(one, goal_x, goal_y), np.full(len(x), 1.3), Pillars(), DT)
        two = advance(two, towards(two, goal_x[order], goal_y[order]), np.full(len(x), 1.3), Pillars(), DT)
    for f in fields(Crowd):
        assert getattr(one, f.name)[order].tobytes() == getattr(two, f.name).tobytes()


def test_neighbours_are_the_nearest() -> None:
    rng = np.random.default_rng(7)
    crowd = standing(rng.uniform(-300, 300, 4000), rng.uniform(-20, 20, 4000))
    found, gaps = neighbours(crowd)
    for row in range(0, 4000, 97):
        away = np.hypot(crowd.x - crowd.x[row], crowd.y - crowd.y[row])
        away[row] = np.inf
        nearest = [int(j) for j in np.argsort(away)[: found.shape[1]] if away[j] <= SIGHT_M]
        assert found[row, : len(nearest)].tolist() == nearest and (found[row, len(nearest) :] == -1).all()
        assert gaps[row, : len(nearest)] == pytest.approx(away[nearest] - 0.5)


def test_a_crowd_follows_its_ways_home_round_a_flood() -> None:
    valley = plain(cells=49, places=((0.0, 0.0), (60.0, 40.0)))
    navigation = Navigation(survey(valley), lying(valley, water=band(valley, 20.0, 32.0, 0.8, gap=(-40.0, -24.0))))
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-12, 12, 60) + 60.0 * (np.arange(60) % 2), rng.uniform(-12, 12, 60) - 10.0
    crowd, goal = standing(x, y), 1 - np.arange(60) % 2
    home = np.array([[0.0, 0.0], [60.0, 40.0]])[goal]
    for tick in range(round(220 / DT)):
        if np.median(np.hypot(crowd.x - home[:, 0], crowd.y - home[:, 1])) < 4.0:  # thirty stand round each goal
            break
        way = navigation.way_to(goal, crowd.x, crowd.y, tick)
        crowd = advance(crowd, way, np.full(60, 1.34), navigation, DT)
        assert navigation.walkable(crowd.x, crowd.y).all()
    else:
        raise AssertionError("half of them are not home after 220 s")


def steps() -> str:
    """Where thirty who follow their ways past water have come to, as a digest."""
    x, y = scattered(30, 8.0, 1)
    crowd, valley = standing(x, y), plain(cells=25, places=((0.0, 0.0), (5.0, 9.0)))
    navigation = Navigation(survey(valley), lying(valley, water=band(valley, 20.0, 32.0, 0.8), snow=0.1))
    goal = np.arange(len(x)) % 2
    for tick in range(10):
        way = navigation.way_to(goal, crowd.x, crowd.y, tick)
        crowd = advance(crowd, way, navigation.speed_factor(crowd.x, crowd.y, *way.T), navigation, DT)
    return hashlib.sha256(crowd.x.tobytes() + crowd.vy.tobytes()).hexdigest()


def test_another_process_without_machine_code_walks_the_same_steps() -> None:
    code = "from tests.world.walking.test_crowd import steps; print(steps())"
    other, root = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "77"}, Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", code], env=other, cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout == f"{steps()}\n"
