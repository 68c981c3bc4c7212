"""Walkers who follow the ways arrive, and never through walls or water."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.world.walking.plains import lying
from world.grid import bilinear
from world.walking.closures import ClosedNavigation
from world.walking.footing import DEEP_M, snow_factor
from world.walking.ground import deck_height, footprints, survey
from world.walking.navigation import Navigation
from world.world import World


def scattered(world: World, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Walkable points from which the square can be reached."""
    rng = np.random.default_rng(seed)
    view = world.view()
    square = view.places[0]
    x, y = square.x + rng.uniform(-110, 110, 8 * count), square.y + rng.uniform(-110, 110, 8 * count)
    good = view.walkable(x, y) & np.isfinite(view.distance_to(np.zeros(8 * count, dtype=np.int64), x, y))
    return x[good][:count], y[good][:count]


def test_walkers_arrive_without_crossing_walls_or_water(world: World) -> None:
    view, valley = world.view(), world.valley
    x, y = scattered(world, 200, 1)
    count = len(x)
    assert count == 200
    goal = np.arange(count) % len(view.places)
    expected = view.distance_to(goal, x, y)
    boxes = footprints(valley)
    step, walked, turned = 0.2, np.zeros(count), np.zeros(count)
    last = view.way_to(goal, x, y)
    for _ in range(int(900 / step)):
        way = view.way_to(goal, x, y)
        moving = np.hypot(*way.T) > 0
        if not moving.any():
            break
        assert np.hypot(*way[moving].T) == pytest.approx(1.0)
        turned += np.where(moving, np.arccos(np.clip((way * last).sum(axis=1), -1, 1)), 0)
        last = np.where(moving[:, None], way, last)
        x, y = x + step * way[:, 0], y + step * way[:, 1]
        walked += step * moving
        water = bilinear(valley.water_depth, valley.origin, valley.cell_m, x, y)
        assert water[~deck_height(valley, x, y)[1]].max() <= DEEP_M
        assert min(f.distance(x, y).min() for f in boxes) > 0.0
    gx, gy = (np.array([getattr(view.places[g], axis) for g in goal]) for axis in "xy")
    assert np.hypot(gx - x, gy - y).max() < 1.5
    # not slower than the pace of the roughest cover, and without zigzag: few radians of turning per hundred metres
    assert (walked < 1.6 * expected + 5).all()
    assert np.median(turned / np.maximum(walked, 20)) < 0.12


def test_no_way_from_the_middle_of_a_house_or_the_river(world: World) -> None:
    view, valley = world.view(), world.valley
    house = valley.buildings[0]
    rows, cols = np.nonzero(valley.water_depth > 0.5)
    x = np.array([float(house["x"]), valley.origin[0] + cols[0] * valley.cell_m])
    y = np.array([float(house["y"]), valley.origin[1] + rows[0] * valley.cell_m])
    assert not view.walkable(x, y).any()
    assert np.isinf(view.distance_to(np.zeros(2, dtype=np.int64), x, y)).all()
    assert not view.walkable(np.array([1e5]), np.array([0.0])).any()


def test_who_is_pushed_into_a_wall_is_led_out(world: World) -> None:
    view, valley = world.view(), world.valley
    fronts = [f.front(-0.4) for f, b in zip(footprints(valley), valley.buildings, strict=False) if b["kind"] < 5]
    x, y = (np.array([p[i] for p in fronts]) for i in (0, 1))
    goal = np.zeros(len(x), dtype=np.int64)
    assert not view.walkable(x, y).any() and np.isfinite(view.distance_to(goal, x, y)).all()
    for _ in range(30):
        way = view.way_to(goal, x, y)
        x, y = x + 0.1 * way[:, 0], y + 0.1 * way[:, 1]
    assert view.walkable(x, y).all()


def test_straight_walks_are_refused_through_houses(world: World) -> None:
    view, valley = world.view(), world.valley
    for f in footprints(valley)[:8]:
        a, b = f.world(-f.width / 2 - 2, 0.0), f.world(f.width / 2 + 2, 0.0)
        args = [np.array([v]) for v in (*a, *b)]
        assert not view.clear_walk(*args)[0]
    square = view.places[0]
    here = [np.array([v]) for v in (square.x, square.y, square.x + 1.0, square.y)]
    assert view.clear_walk(*here)[0]


def test_clear_walk_agrees_with_sampling_the_line(world: World) -> None:
    view = world.view()
    x, y = scattered(world, 120, 3)
    xb, yb = x[::-1], y[::-1]
    claimed = view.clear_walk(x, y, xb, yb)
    t = np.linspace(0, 1, 1500)[:, None]
    sampled = view.walkable(x + t * (xb - x), y + t * (yb - y)).all(axis=0)
    assert not (claimed & ~sampled).any()  # a clear line has no blocked point
    assert (claimed == sampled).mean() > 0.95  # and lines are refused only where they clip a blocked cell
    assert claimed.any() and not claimed.all()


def test_footing_follows_tobler_mud_snow_and_water(world: World) -> None:
    x, y = scattered(world, 300, 4)
    ashore = ~deck_height(world.valley, x, y)[1]  # the bridge has a slope of its own, and neither mud nor water
    x, y = x[ashore], y[ashore]
    heading = np.random.default_rng(0).uniform(0, 2 * np.pi, len(x))
    dx, dy = np.cos(heading), np.sin(heading)
    ground, dry = survey(world.valley), np.zeros_like(world.valley.water_depth)
    navigation = Navigation(ground, lying(world.valley, water=dry))
    there = navigation.speed_factor(x, y, dx, dy)
    back = navigation.speed_factor(x, y, -dx, -dy)
    slope = world.valley.level_at(x + 0.5 * dx, y + 0.5 * dy) - world.valley.level_at(x - 0.5 * dx, y - 0.5 * dy)
    assert there == pytest.approx(np.exp(-3.5 * (np.abs(slope + 0.05) - 0.05)))
    assert (there * back <= 1.0 + 1e-9).all()  # what goes up pays more than coming down returns
    muddy = navigation.on(lying(world.valley, water=dry, wetness=1.0)).speed_factor(x, y, dx, dy)
    assert (muddy < there).all() and (muddy > 0.55 * there).all()
    knee = navigation.on(lying(world.valley, water=dry + 0.35)).speed_factor(x, y, dx, dy)
    assert knee == pytest.approx(there * (1 - (0.386 + 0.448) / 2), rel=0.01)  # Li et al. 2026, men and women
    ice = navigation.on(lying(world.valley, water=dry + 2.0, ice=0.12)).speed_factor(x, y, dx, dy)
    assert ice == pytest.approx(0.7 * there)
    depths = [snow_factor(np.array(d)) for d in (0.0, 0.01, 0.1, 0.3, 1.0)]
    assert depths[0] == 1.0 and all(a > b for a, b in pairwise(depths)) and depths[-1] > 0.3
    half = np.where(np.arange(dry.shape[1]) < dry.shape[1] // 2, 0.3, 0.0) + np.zeros(dry.shape)
    snowy = navigation.on(lying(world.valley, water=dry, snow=half)).speed_factor(x, y, dx, dy)
    west = x < world.valley.origin[0] + (dry.shape[1] // 2 - 1) * world.valley.cell_m
    assert snowy[west] == pytest.approx(there[west] * float(snow_factor(np.array(0.3))))
    assert snowy[x > 0] == pytest.approx(there[x > 0])  # cell by cell: no snow in the east


def test_wet_ground_makes_the_way_longer(world: World) -> None:
    x, y = scattered(world, 50, 5)
    goal = np.zeros(len(x), dtype=np.int64)
    ground = survey(world.valley)
    dry, wet, snowy = (
        Navigation(ground, lying(world.valley, wetness=wetness, snow=snow)).distance_to(goal, x, y, 0)
        for wetness, snow in ((0.0, 0.0), (1.0, 0.0), (1.0, 0.3))
    )
    assert (wet > dry).all() and (snowy > wet).all()


def test_ways_lead_round_closed_ground_and_out_of_it(world: World) -> None:
    """Walkers who take the steps they are offered, with the square open and with the square closed."""
    valley, view = world.valley, world.view()
    square = valley.places[0]
    grounds = ClosedNavigation(view.navigation, (square,))
    x, y = scattered(world, 60, 2)
    rng = np.random.default_rng(3)
    on_x, on_y = square.x + rng.uniform(-9, 9, 40), square.y + rng.uniform(-9, 9, 40)
    standing = view.walkable(on_x, on_y)
    x, y = np.concatenate([x, on_x[standing]]), np.concatenate([y, on_y[standing]])
    far = [(p.x, p.y, p.id) for p in view.places if np.hypot(p.x - square.x, p.y - square.y) > 2 * square.radius_m]
    goal_x, goal_y, goal = np.array(far)[np.arange(len(x)) % len(far)].T

    def over_the_square(px: np.ndarray, py: np.ndarray) -> np.ndarray:
        return view.walkable(px, py) & ~grounds.walkable(px, py)

    def walk(navigation: Navigation) -> np.ndarray:
        """Which of the walkers came onto the square from outside; all arrive."""
        px, py, came = x, y, np.zeros(len(x), dtype=bool)
        for _ in range(2500):
            way = navigation.way_to(goal.astype(np.int64), px, py, 0)
            nx, ny = px + way[:, 0] * 0.2, py + way[:, 1] * 0.2
            free = navigation.may_step(px, py, nx, ny)
            nx, ny = np.where(free, nx, px), np.where(free, ny, py)
            came |= over_the_square(nx, ny) & ~over_the_square(px, py)
            px, py = nx, ny
        assert (np.hypot(px - goal_x, py - goal_y) < 1.5).mean() > 0.97
        return came

    assert over_the_square(x, y).sum() > 10
    assert walk(view.navigation).sum() > 5, "the shortest ways lead over the square"
    assert not walk(grounds).any()
