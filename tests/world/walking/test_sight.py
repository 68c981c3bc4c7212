"""Lines of sight over ground and past boxes whose answers can be worked out on paper."""

from __future__ import annotations

import numpy as np
import pytest

from world.view import Onlookers
from world.walking.sight import hides_among
from world.world import World

NO_BOXES, NO_CROWNS = np.zeros((0, 8)), np.zeros((0, 7))


def rays_clear(
    heights: np.ndarray, x0: float, y0: float, cell_m: float, boxes: np.ndarray, a: np.ndarray, b: np.ndarray
) -> np.ndarray:
    return np.isfinite(hides_among(heights, (x0, y0), cell_m, boxes, NO_CROWNS).depth(a, b, None))


def rays(a: list[float], b: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([a], dtype=float), np.array([b], dtype=float)


@pytest.mark.parametrize("eye", [8.0, 9.5, 10.5, 12.0, 20.0])
def test_a_hill_hides_what_is_below_its_top(eye: float) -> None:
    x, _ = np.meshgrid(np.arange(101.0) - 50, np.arange(101.0) - 50)
    hill = (10.0 * np.exp(-((x / 10.0) ** 2))).astype(np.float32)
    clear = rays_clear(hill, -50.0, -50.0, 1.0, NO_BOXES, *rays([-40, 0, eye], [40, 3, eye]))
    assert clear[0] == (eye > 10.0)


def test_the_tangent_to_a_ridge_decides() -> None:
    x, _ = np.meshgrid(np.arange(201.0) - 100, np.arange(11.0) - 5)
    ridge = np.maximum(20.0 - np.abs(x), 0.0).astype(np.float32)
    # from (-60, 0) over the top (0, 20) the ray reaches height 40 at x = 60
    for target, expected in ((38.0, False), (42.0, True)):
        a, b = rays([-60, 0, 0.0], [60, 0, target])
        assert rays_clear(ridge, -100.0, -5.0, 1.0, NO_BOXES, a, b)[0] == expected


@pytest.mark.parametrize("yaw", [0.0, 0.7, 2.0])
def test_a_box_hides_exactly_what_is_behind_it(yaw: float) -> None:
    flat = np.zeros((41, 41), dtype=np.float32)
    box = np.array([[0.0, 0.0, np.cos(yaw), np.sin(yaw), 4.0, 3.0, -1.0, 5.0]])

    def seen(u0: float, v0: float, z0: float, u1: float, v1: float, z1: float) -> bool:
        c, s = np.cos(yaw), np.sin(yaw)
        a, b = rays([u0 * c - v0 * s, u0 * s + v0 * c, z0], [u1 * c - v1 * s, u1 * s + v1 * c, z1])
        return bool(rays_clear(flat, -20.0, -20.0, 1.0, box, a, b)[0])

    assert not seen(-10, 0, 1.6, 10, 0, 1.6)
    assert seen(-10, 3.1, 1.6, 10, 3.1, 1.6)  # past its side
    assert not seen(-10, 2.9, 1.6, 10, 2.9, 1.6)
    assert seen(-10, 0, 5.5, 10, 0, 5.5)  # over its top
    assert seen(-10, 0, 1.6, -5, 0, 1.6)  # in front of it
    # rising from 1 m at 6 m before the wall, the ray clears the near edge but not the far one, or both
    assert not seen(-10, 0, 1.0, 10, 0, 8.0)
    assert seen(-10, 0, 1.0, 10, 0, 17.0)


def test_sight_is_mutual_in_the_village(world: World) -> None:
    view = world.view()
    rng = np.random.default_rng(2)
    square = view.places[0]
    x, y = square.x + rng.uniform(-80, 80, (2, 300)), square.y + rng.uniform(-80, 80, (2, 300))
    z = view.height_at(x, y) + 1.6
    there = view.line_of_sight(x[0], y[0], z[0], x[1], y[1], z[1])
    back = view.line_of_sight(x[1], y[1], z[1], x[0], y[0], z[0])
    assert (there == back).mean() > 0.99
    assert 0.05 < there.mean() < 0.95


def crowns(*each: tuple[float, ...]) -> np.ndarray:
    """Crowns: x, y, radius, bottom, top, what they take per metre, and 1 where leaves fall."""
    return np.array(each, dtype=float)


def test_leaves_take_by_the_way_through_them() -> None:
    """A ray through upright cylinders: the chord is known, whichever cells of the lattice it crosses."""
    flat = np.zeros((21, 21), dtype=np.float32)
    trees = crowns((3.0, 1.0, 4.0, 1.0, 9.0, 0.2, 1.0), (20.0, -2.0, 3.0, 0.0, 5.0, 0.7, 0.0))
    among = hides_among(flat, (-20.0, -40.0), 4.0, NO_BOXES, trees)
    first, second = 2 * np.sqrt(16.0 - 1.0), 2 * np.sqrt(9.0 - 4.0)
    ends = rays([-15.0, 0.0, 1.6], [45.0, 0.0, 1.6])
    for cover, share in ((1.0, 1.0), (0.0, 0.15)):
        assert among.depth(*ends, cover)[0] == pytest.approx(0.2 * first * share + 0.7 * second)
    assert among.depth(*ends, None)[0] == 0.0
    assert among.depth(*rays([-15.0, 0.0, 0.5], [15.0, 0.0, 0.5]), 1.0)[0] == 0.0, "below the crown"
    half = among.depth(*rays([3.0, 1.0, 1.6], [-15.0, 1.0, 1.6]), 1.0)[0]
    assert half == pytest.approx(0.2 * 4.0), "out of its middle"
    rises = among.depth(*rays([3.0, 1.0, 2.0], [4.0, 1.0, 12.0]), 1.0)[0]
    assert rises == pytest.approx(0.2 * 0.7 * np.hypot(1.0, 10.0)), "out of its top"


def test_a_hedge_in_leaf_hides_who_is_behind_it_and_a_bare_one_does_not() -> None:
    flat = np.zeros((41, 41), dtype=np.float32)
    hedge = crowns(*((0.0, y, 0.6, 0.0, 2.0, 1.8, 1.0) for y in np.arange(-20.0, 20.0, 0.5)))
    among = hides_among(flat, (-80.0, -80.0), 4.0, NO_BOXES, hedge)
    n = 3
    people = Onlookers(
        observers=np.arange(n),
        x=np.array([-12.0, 12.0, -12.0]),
        y=np.array([0.0, 0.0, 8.0]),
        eyes=np.full(n, 1.6),
        heading=np.array([0.3, np.pi, -1.0]),
        hidden=np.zeros(n, bool),
        reach_m=60.0,
        field_of_view=np.radians(200.0),
        tried=4,
        most=2,
    )
    seen, away = among.seen(people, 1.0)
    assert seen.tolist() == [[2, -1], [-1, -1], [0, -1]]
    assert away[0, 0] == 8.0 and np.isinf(away[0, 1])
    seen, _ = among.seen(people, 0.0)
    assert seen.tolist() == [[2, 1], [0, 2], [0, 1]]


@pytest.mark.parametrize("lattice", [False, True])
def test_few_people_are_seen_as_many_are(monkeypatch: pytest.MonkeyPatch, lattice: bool) -> None:
    rng = np.random.default_rng(3)
    hides = hides_among(np.zeros((33, 33), np.float32), (-64.0, -64.0), 4.0, NO_BOXES, NO_CROWNS)
    for _ in range(50):
        n = int(rng.integers(2, 64))
        spots = rng.permutation(21 * 21)[:n]  # where many are equally far from each other
        x, y = np.asarray((spots % 21 - 10) * 5.0, float), np.asarray((spots // 21 - 10) * 5.0, float)
        if not lattice:
            x, y = rng.uniform(-60.0, 60.0, n), rng.uniform(-60.0, 60.0, n)
        most, hidden = min(12, n - 1), rng.random(n) < 0.2
        eyes, heading = np.full(n, 1.6), rng.uniform(-3, 3, n)
        people = Onlookers(np.arange(n), x, y, eyes, heading, hidden, 60.0, np.radians(200), 2 * most, most)
        few = hides.seen(people, 1.0)
        monkeypatch.setattr("world.walking.sight.FEW", 0)
        many = hides.seen(people, 1.0)
        monkeypatch.undo()
        assert np.array_equal(few[0], many[0]) and np.array_equal(few[1], many[1])
