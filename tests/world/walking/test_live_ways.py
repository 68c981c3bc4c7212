"""Ways over ground that changes: floods, ice and snow on a plain where the right answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from assets.palette import GroundCover
from tests.world.walking.plains import band, lying, plain
from world.grid import bilinear
from world.valley import Valley
from world.view import Surface
from world.walking.footing import DEEP_M, Drift, codes_of, drift, wading_factor
from world.walking.ground import COVER_PACE, survey
from world.walking.navigation import PATIENCE, Navigation
from world.walking.ways import FLAT_WALK_M_S

GRASS_S_PER_M = COVER_PACE[GroundCover.GRASS] / FLAT_WALK_M_S
TO_FIRST = np.zeros(1, dtype=np.int64)


def walked(navigation: Navigation, x: np.ndarray, y: np.ndarray, goal: int = 0, metres: float = 600.0) -> np.ndarray:
    """The trail (steps, n, 2) of walkers who take the steps they are offered, 0.4 m each."""
    place, trail = np.full(len(x), goal), [np.stack([x, y], axis=1)]
    for _ in range(int(metres / 0.4)):
        way = navigation.way_to(place, x, y, 10_000)
        if not way.any():
            break
        to_x, to_y = x + 0.4 * way[:, 0], y + 0.4 * way[:, 1]
        free = navigation.may_step(x, y, to_x, to_y)
        x, y = np.where(free, to_x, x), np.where(free, to_y, y)
        trail.append(np.stack([x, y], axis=1))
    return np.array(trail)


def water_under(valley: Valley, surface: Surface, trail: np.ndarray) -> np.ndarray:
    flat = trail.reshape(-1, 2)
    return bilinear(surface.water_m, valley.origin, valley.cell_m, flat[:, 0], flat[:, 1]).reshape(trail.shape[:2])


def test_one_walks_home_from_anywhere_in_straight_time() -> None:
    """Across the edge of the fine lattice, and on it, times and trails are those of straight lines."""
    valley = plain()
    navigation = Navigation(survey(valley), lying(valley))
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    x, y = np.concatenate([r * np.stack([np.cos(angle), np.sin(angle)]) for r in (20.0, 45.0, 120.0, 180.0)], axis=1)
    seconds = navigation.distance_to(np.zeros(len(x), dtype=np.int64), x, y, 0)
    assert seconds / GRASS_S_PER_M == pytest.approx(
        np.hypot(x, y), rel=0.115
    )  # first order: worst on the diagonal, near the goal
    trail = walked(navigation, x, y, metres=260.0)
    assert np.hypot(*trail[-1].T).max() < 1.0
    length = np.hypot(*np.diff(trail, axis=0).transpose(2, 0, 1)).sum(axis=0)
    assert (length < 1.06 * np.hypot(x, y)).all()


def test_a_goal_beyond_the_fine_lattice_is_reached_from_within_and_from_across_it() -> None:
    valley = plain()
    navigation = Navigation(survey(valley), lying(valley), goals=np.array([[150.0, 30.0]]))
    x, y = np.array([0.0, -150.0, 20.0, 150.0]), np.array([0.0, -20.0, 30.0, -150.0])
    away = np.hypot(x - 150.0, y - 30.0)
    assert navigation.distance_to(0 * x.astype(np.int64), x, y, 0) / GRASS_S_PER_M == pytest.approx(away, rel=0.1)
    assert np.hypot(*(walked(navigation, x, y)[-1] - [150.0, 30.0]).T).max() < 1.0


@pytest.mark.parametrize("depth", [0.2, 0.6])
def test_a_flooded_meadow_is_walked_round_when_deep_and_waded_when_shallow(depth: float) -> None:
    valley = plain()
    surface = lying(valley, water=band(valley, 12.0, 24.0, depth, gap=(20.0, 400.0)))
    navigation = Navigation(survey(valley), surface)
    x, y = np.array([34.0, 34.0, 120.0]), np.array([0.0, -10.0, -5.0])
    trail = walked(navigation, x, y)
    assert np.hypot(*trail[-1].T).max() < 1.0
    assert water_under(valley, surface, trail).max() <= DEEP_M
    went_round = trail[:, :, 1].max(axis=0) > 19.0
    assert went_round.all() == (depth > DEEP_M) and went_round.any() == (depth > DEEP_M)
    seconds = navigation.distance_to(np.zeros(1, dtype=np.int64), x[:1], y[:1], 0)[0]
    dry = 34.0 * GRASS_S_PER_M
    if depth < DEEP_M:
        assert dry < seconds < dry / float(wading_factor(np.array(depth)))
    else:
        assert seconds > 1.3 * dry


def test_ice_carries_from_ten_centimetres_on() -> None:
    valley = plain()
    lake = band(valley, 12.0, 24.0, 2.0)
    ground, x, y = survey(valley), np.array([34.0]), np.array([0.0])
    for ice, carries in ((0.0, False), (0.09, False), (0.1, True), (0.3, True)):
        navigation = Navigation(ground, lying(valley, water=lake, ice=ice))
        assert bool(navigation.walkable(np.array([18.0]), y)[0]) == carries
        assert bool(np.isfinite(navigation.distance_to(TO_FIRST, x, y, 0))[0]) == carries


def test_snow_on_one_of_two_ways_sends_walkers_the_other() -> None:
    valley = plain()
    wall = band(valley, 12.0, 20.0, 2.0) * (np.abs(np.arange(97)[:, None] * 4.0 - 192.0) < 20.0)
    drift = (np.arange(97)[:, None] * 4.0 - 192.0 > 4.0) * np.full((97, 97), 0.4)
    x, y = np.array([34.0, 34.0]), np.array([3.0, -3.0])
    ground = survey(valley)
    clear, snowed = (Navigation(ground, lying(valley, water=wall, snow=snow)) for snow in (0.0, drift))
    assert (np.sign(walked(clear, x, y)[:, :, 1].mean(axis=0)) == [1, -1]).all()
    assert (np.sign(walked(snowed, x, y)[:, :, 1].mean(axis=0)) == [-1, -1]).all()


def test_who_stands_in_water_that_rises_walks_out_and_nobody_walks_in() -> None:
    valley = plain()
    dry = Navigation(survey(valley), lying(valley))
    x, y = np.array([14.0, 18.0, 22.0, 100.0, 0.0]), np.array([0.0, 3.0, -8.0, 2.0, 0.0])
    water = band(valley, 8.0, 28.0, 1.2) + band(valley, 88.0, 112.0, 0.9)
    flooded = dry.on(lying(valley, 480, water=water))
    assert flooded.walkable(x, y).tolist() == [False, False, False, False, True]
    trail = walked(flooded, x, y, metres=40.0)
    assert flooded.walkable(*trail[-1].T).all()
    seen = water_under(valley, flooded.surface, trail)
    assert (seen[:, 4] <= DEEP_M).all(), "who was dry stays dry"
    for one in seen[:, :4].T:
        out = int(np.argmax(one <= DEEP_M))
        assert 0 < out < 60 and (one[out:] <= DEEP_M).all(), "once out, nobody goes back in"


def test_a_deck_is_the_way_over_a_river_that_no_flood_closes() -> None:
    deck = (20.0, 12.0, 1.5, np.pi / 2 + 0.3, 3.8, 24.0)  # x, y, z, yaw of the width, width, length
    valley = plain(decks=(deck,))
    river = band(valley, 14.0, 26.0, 3.0)
    navigation = Navigation(survey(valley), lying(valley, water=river))
    x, y = np.array([40.0, 170.0, 60.0]), np.array([12.0, -100.0, 60.0])
    trail = walked(navigation, x, y)
    assert np.hypot(*trail[-1].T).max() < 1.0
    cross = np.abs(trail[:, :, 0] - 20.0) < 3.0
    assert navigation.footing_height(trail[cross][:, 0], trail[cross][:, 1]) == pytest.approx(1.5)
    assert navigation.footing_height(np.array([60.0]), np.array([0.0])) == pytest.approx(0.0)
    middle, beside = np.array([20.0]), np.array([19.0])
    assert navigation.walkable(middle, np.array([12.0]))[0] and not navigation.walkable(middle, beside)[0]
    assert navigation.speed_factor(middle, np.array([12.0]), np.array([1.0]), np.array([0.0]))[0] == pytest.approx(1.0)


def test_ways_are_renewed_goal_by_goal_and_only_when_much_has_changed() -> None:
    valley = plain(places=tuple((0.0, 3.0 * k) for k in range(6)))
    first = Navigation(survey(valley), lying(valley))
    flood = lying(valley, 480, water=band(valley, 12.0, 24.0, 1.0, gap=(40.0, 60.0)))
    later = first.on(flood)
    goals, x, y = np.arange(6), np.full(6, 34.0), np.zeros(6)
    old, new = first.distance_to(goals, x, y, 480), Navigation(survey(valley), flood).distance_to(goals, x, y, 480)
    assert (new > old + 5.0).all()
    for tick in range(480, 488):
        assert later.distance_to(goals, x, y, tick) == pytest.approx(np.where(goals < tick - 480, new, old))
    assert (later.distance_to(goals, x, y, 960) == new).all()
    assert (
        later.on(flood).on(flood).distance_to(goals, x, y, 481).tolist() == later.distance_to(goals, x, y, 481).tolist()
    )


def test_a_flood_is_much_a_puddle_little_and_a_hovering_brook_can_wait() -> None:
    valley = plain()
    path = valley.cover.copy()
    path[60, 60] = GroundCover.PATH
    bare = codes_of(lying(valley))

    def gone(
        cover: np.ndarray = valley.cover, water: np.ndarray | float = 0.0, wetness: float = 0.0, snow: float = 0.0
    ) -> Drift:
        return drift(bare, codes_of(lying(valley, water=water, wetness=wetness, snow=snow)), cover)

    puddle = np.zeros(valley.heights.shape)
    puddle[60, 60:64] = 0.4
    assert gone() is gone(water=0.04) is gone(wetness=0.1) is Drift.NONE
    assert gone(water=puddle) is Drift.LITTLE and gone(path, water=puddle) is Drift.MUCH
    assert gone(water=band(valley, 12.0, 24.0, 0.4)) is gone(wetness=1.0) is gone(snow=0.05) is Drift.MUCH
    low, high = (codes_of(lying(valley, water=band(valley, 12.0, 24.0, depth))) for depth in (0.24, 0.26))
    assert drift(low, high, valley.cover) is Drift.LITTLE
    navigation, x, y = Navigation(survey(valley), lying(valley)), np.array([34.0]), np.zeros(1)
    dry = navigation.distance_to(TO_FIRST, x, y, 0)[0]
    pond = band(valley, 12.0, 12.0, 0.4) * (np.abs(np.arange(97)[:, None] * 4.0 - 192.0) < 10.0)
    for publication in range(1, PATIENCE + 2):
        navigation = navigation.on(lying(valley, 480 * publication, water=pond))
        assert drift(bare, codes_of(navigation.surface), valley.cover) is Drift.LITTLE
        seconds = navigation.distance_to(TO_FIRST, x, y, 480 * publication + 1)[0]
        assert (seconds > dry) == (publication >= PATIENCE)


@pytest.mark.parametrize("tick", [480, 482, 900])
def test_a_thawed_navigation_leads_as_the_unbroken_one(tick: int) -> None:
    """Though the surface has drifted from the one that the ways stand on."""
    valley = plain(places=((0.0, 0.0), (60.0, 10.0), (-40.0, 20.0)))
    ground, rng = survey(valley), np.random.default_rng(2)
    one, two = (
        lying(valley, t, water=band(valley, 12.0, 24.0, d, gap=(40.0, 60.0))) for t, d in ((0, 0.1), (480, 0.8))
    )
    two.water_m[3, 3] = 0.9  # a change too small to matter
    unbroken = Navigation(ground, one).on(two)
    thawed = Navigation(ground, two)
    thawed.thaw(unbroken.freeze())
    x, y, goal = rng.uniform(-180, 180, 200), rng.uniform(-180, 180, 200), rng.integers(0, 3, 200)
    assert unbroken.way_to(goal, x, y, tick).tobytes() == thawed.way_to(goal, x, y, tick).tobytes()
    assert unbroken.distance_to(goal, x, y, tick).tobytes() == thawed.distance_to(goal, x, y, tick).tobytes()
    for broken in ({}, unbroken.freeze() | {"codes": np.zeros((3, 3), np.uint8)}, unbroken.freeze() | {"since": "x"}):
        with pytest.raises(ValueError):
            thawed.thaw(broken)


def test_deep_water_is_found_wherever_it_is_in_a_cell() -> None:
    """Against the water's depth sampled every few centimetres."""
    valley, rng = plain(cells=49, places=((0.0, 0.0),)), np.random.default_rng(5)
    water = np.where(rng.random((49, 49)) < 0.4, rng.uniform(0, 0.8, (49, 49)), 0.0)
    surface = lying(valley, water=water)
    navigation = Navigation(survey(valley), surface)
    x, y = rng.uniform(-95, 95, 40_000), rng.uniform(-95, 95, 40_000)
    depth = bilinear(surface.water_m, valley.origin, valley.cell_m, x, y)
    free = navigation.walkable(x, y)
    assert depth[free].max() <= DEEP_M
    near = navigation.ground.is_near(x, y)
    assert (free | (depth > DEEP_M))[near].mean() > 0.75  # fine cells are blocked for their wettest corner alone
