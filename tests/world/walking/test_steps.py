"""The step of everybody on foot: as fast as body and ground allow, round what is closed, and the same without JIT."""

from __future__ import annotations

import copy
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.world.walking.plains import band, lying, plain
from world.valley import Valley
from world.view import Walkers
from world.walking.closures import ClosedNavigation
from world.walking.crowd import NEIGHBOURS
from world.walking.fields import FAR, NEAR, Fields
from world.walking.footing import wading_factor
from world.walking.ground import survey
from world.walking.leads import times
from world.walking.navigation import Navigation
from world.walking.steps import ACCELERATION_M_S2, TURN_RATE, take_step

DT = 1 / 16


def walkers(x: np.ndarray, y: np.ndarray, goal_x: np.ndarray, goal_y: np.ndarray, place: np.ndarray) -> Walkers:
    n = len(x)
    columns: dict[str, Any] = {name: np.zeros(n) for name in ("z", "heading", "speed", "stride", "heading_goal")}
    columns |= {name: np.zeros(n, bool) for name in ("direct", "indoors")}
    columns |= {"x": x.copy(), "y": y.copy(), "goal_x": goal_x, "goal_y": goal_y}
    return Walkers(
        **columns,
        moving=np.ones(n, bool),
        free_speed=np.full(n, 1.34),
        stride_m=np.full(n, 1.5),
        place=place.astype(np.int16),
        radius_m=0.25,
    )


def walk(navigation: Navigation, people: Walkers, seconds: float) -> np.ndarray:
    """The trail (steps, n, 2) of people who stop where they arrive."""
    trail = []
    for tick in range(round(seconds / DT)):
        people.moving[navigation.walk(people, DT, tick, 10_000 + tick)] = False
        trail.append(np.stack([people.x, people.y], axis=1))
    return np.array(trail)


def alone(valley: Valley, pace: float = 1.34, water: float = 0.0) -> tuple[Walkers, np.ndarray]:
    here = np.array([-30.0]), np.zeros(1)
    people = replace(walkers(*here, np.zeros(1), np.zeros(1), np.zeros(1)), free_speed=np.array([pace]))
    return people, walk(Navigation(survey(valley), lying(valley, water=water)), people, 12.0)


@pytest.mark.parametrize("pace", [0.7, 1.34, 2.0])
def test_who_is_alone_speeds_up_and_walks_at_the_own_pace(pace: float) -> None:
    people, trail = alone(plain(cells=33), pace)
    speed = np.hypot(*np.diff(trail[:, 0], axis=0).T) / DT
    assert np.diff(speed).max() <= ACCELERATION_M_S2 * DT + 1e-9
    assert speed[80:] == pytest.approx(pace, rel=1e-3)
    assert people.stride[0] == pytest.approx(
        2 * np.pi * np.hypot(*np.diff(trail[:, 0], axis=0, prepend=[[-30.0, 0.0]]).T).sum() / 1.5 % (2 * np.pi)
    )


def test_water_slows_a_step_as_much_as_it_slows_a_walker() -> None:
    dry, wet = (np.hypot(*np.diff(alone(plain(cells=33), water=w)[1][100:, 0], axis=0).T).mean() for w in (0.0, 0.2))
    assert wet / dry == pytest.approx(float(wading_factor(np.array(0.2))))


def test_who_stands_turns_no_faster_than_a_body_does() -> None:
    valley = plain(cells=17)
    people = walkers(np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1))
    people.moving[:], people.heading_goal[:] = False, -3.0
    navigation, before = Navigation(survey(valley), lying(valley)), 3.0
    people.heading[:] = before
    for tick in range(8):
        navigation.walk(people, DT, tick, tick)
        turned = (people.heading[0] - before + np.pi) % (2 * np.pi) - np.pi
        assert 0.0 <= turned <= TURN_RATE * DT + 1e-12  # the short way, past pi
        before = people.heading[0]
    assert people.heading[0] == pytest.approx(-3.0)


def test_a_closed_square_is_left_and_walked_round() -> None:
    valley = plain(cells=49, places=((0.0, 0.0), (30.0, 0.0), (-30.0, 0.0)))
    square = replace(valley.places[0], radius_m=8.0)
    closed = ClosedNavigation(Navigation(survey(valley), lying(valley)), (square,))
    rng = np.random.default_rng(1)
    x, y = np.array([-29.0, -28.0, 0.0, 3.0, -5.0]), np.array([0.5, -1.0, 0.0, 2.0, 1.0])
    place = np.array([1, 1, 1, 2, 2])
    goal = np.array([[30.0, 0.0], [-30.0, 0.0]])[place - 1] + rng.uniform(-1.5, 1.5, (5, 2))
    people = walkers(x, y, goal[:, 0].copy(), goal[:, 1].copy(), place)
    trail = walk(closed, people, 90.0)
    assert not people.moving.any(), "all arrive"
    inside = np.hypot(*trail.transpose(2, 0, 1)) < 7.0
    assert not inside[:, :2].any(), "nobody enters"
    assert inside[0, 2:].all() and not inside[-1].any(), "those who were there leave"


def test_fields_that_are_not_asked_for_make_room_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("world.walking.fields.KEPT_BYTES", 16 * 4 * 12)
    fields = Fields(40, (3, 4), (3, 4))
    for goal in range(40):
        fields.asked += 1
        fields.put(FAR, goal, np.full((3, 4), goal, np.float32))
        assert (fields.of(FAR, goal) == goal).all()
        assert (fields.of(FAR, 0) == 0).all()  # asked for all the time
    kept = np.flatnonzero(fields.slots[FAR] >= 0)
    assert len(fields.far) == 8 and kept.tolist() == [0, *range(33, 40)]
    assert all((fields.of(FAR, goal) == goal).all() for goal in kept.tolist())


def test_a_copy_takes_the_same_steps_by_the_same_machine_code_and_finds_ways_of_its_own() -> None:
    valley = plain(cells=33, places=((0.0, 0.0), (20.0, 5.0)))
    navigation = Navigation(survey(valley), lying(valley))
    x, y = np.array([-10.0, 10.0]), np.array([4.0, -6.0])
    first = walkers(x, y, np.zeros(2), np.zeros(2), np.zeros(2))
    second = walkers(x, y, np.zeros(2), np.zeros(2), np.zeros(2))
    walk(navigation, first, 0.3)
    navigation.distance_to(np.zeros(2, np.int64), x, y, 10_000)
    kinds = [len(getattr(function, "signatures", ())) for function in (take_step, times)]
    copied = copy.deepcopy(navigation)
    walk(copied, second, 0.3)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first.columns, second.columns, strict=True))
    assert np.isfinite(copied.distance_to(np.array([1, 1]), x, y, 10_000)).all()
    assert [len(getattr(function, "signatures", ())) for function in (take_step, times)] == kinds
    assert navigation._ways.fields.slots[NEAR].tolist() == [0, -1]
    assert copied._ways.fields.slots[NEAR].tolist() == [0, 1]


def steps() -> str:
    """What becomes of a crowd on a plain with water and snow, as a digest."""
    valley = plain(cells=25, places=((0.0, 0.0), (5.0, 9.0)))
    navigation = Navigation(survey(valley), lying(valley, water=band(valley, 20.0, 32.0, 0.8), snow=0.1, wetness=0.5))
    x, y = (part.ravel() for part in np.meshgrid(np.arange(5) * 0.7 - 9.0, np.arange(6) * 0.7 - 4.0))
    assert len(x) > NEIGHBOURS
    people = walkers(x, y, -y.copy(), x + 5.0, np.arange(len(x)) % 2)
    walk(navigation, people, 0.7)
    return hashlib.sha256(b"".join(c.tobytes() for c in people.columns)).hexdigest()


def test_another_process_without_machine_code_takes_the_same_steps() -> None:
    code = "from tests.world.walking.test_steps import steps; print(steps())"
    other, root = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "77"}, Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", code], env=other, cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout == f"{steps()}\n"
