"""Walking and seeing: nobody walks through anybody or anything, and nobody sees through walls, backs or the dark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.bodies import BODY_RADIUS_M, Bodies
from agents.locomotion import ACCELERATION_M_S2, TURN_RATE, walk
from agents.perception import ATTENDED, HEARD_BY, Sight, earshot_m, hearers, sight_range
from assets.palette import Activity
from tests.agents.flat_world import BLOCK, FAIR, HALF_M, NIGHT_ELEVATION, FlatWorld, standable
from tests.agents.village import Life, village

DT = 1 / 8


def bodies_at(points: list[tuple[float, float]], goals: list[tuple[float, float]] | None = None) -> Bodies:
    n = len(points)
    bodies = Bodies.still(np.full(n, 1.34), np.full(n, 1.5))
    bodies.x[:], bodies.y[:] = np.array(points).T
    if goals is not None:
        bodies.goal_x[:], bodies.goal_y[:] = np.array(goals).T
        bodies.moving[:] = True
        bodies.heading[:] = np.arctan2(bodies.goal_y - bodies.y, bodies.goal_x - bodies.x)
    return bodies


def smallest_gap(x: np.ndarray, y: np.ndarray) -> float:
    """Between any two who are there at once: the last axis is that of people, nan for who is not out."""
    one, other = np.triu_indices(x.shape[-1], 1)
    return float(np.nanmin(np.hypot(x[..., one] - x[..., other], y[..., one] - y[..., other]), initial=np.inf))


def check_bodies(rows: list[np.ndarray]) -> None:
    everybody = np.array(rows)
    out = everybody["indoors"] == 0
    assert standable(everybody["x"][out].astype(float), everybody["y"][out].astype(float)).all()
    x, y = (np.where(out, everybody[axis], np.nan) for axis in "xy")
    assert smallest_gap(x, y) > 2 * BODY_RADIUS_M - 0.05


def test_nobody_overlaps_or_leaves_the_ground_in_a_morning(morning: Life):
    check_bodies(morning.rows)


@pytest.mark.slow
def test_nobody_overlaps_or_leaves_the_ground_in_a_quarter_of_an_hour_at_noon():
    life = village(12, seed=8, rate=4, hour=12)
    for _ in range(15):
        life.rows.clear()
        check_bodies(life.run(60, rows=True).rows)
    stuck = [d for _, kind, d in life.events if kind == "stuck"]
    arrived = [d for _, kind, d in life.events if kind == "arrives"]
    assert len(arrived) > 30
    assert len(stuck) < len(arrived) / 50


def test_two_who_meet_head_on_pass_each_other():
    world = FlatWorld()
    bodies = bodies_at([(-8.0, -40.0), (8.0, -40.0)], [(8.0, -40.0), (-8.0, -40.0)])
    for tick in range(round(20 / DT)):
        reached = walk(bodies, world, DT, tick)
        bodies.moving[reached] = False
        assert smallest_gap(bodies.x, bodies.y) >= 2 * BODY_RADIUS_M - 1e-9
    assert not bodies.moving.any(), "both arrive"
    assert np.allclose(bodies.x, [8.0, -8.0], atol=0.3)


def test_a_crowd_that_crosses_gets_through():
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ring = [(10 * np.cos(a), -60 + 10 * np.sin(a)) for a in angles]
    bodies = bodies_at(ring, [(-10 * np.cos(a), -60 - 10 * np.sin(a)) for a in angles])
    for tick in range(round(60 / DT)):
        bodies.moving[walk(bodies, FlatWorld(), DT, tick)] = False
        assert smallest_gap(bodies.x, bodies.y) >= 2 * BODY_RADIUS_M - 1e-9
    assert not bodies.moving.any()


def test_walkers_go_round_walls_and_water_at_a_walking_pace():
    world = FlatWorld()
    bodies = bodies_at([(20.0, 8.0), (-40.0, 25.0)], [(60.0, 25.0), (4.0, 3.0)])
    bodies.place[:] = [5, 1]  # the mill behind the block, the well behind the pond
    start = np.hypot(bodies.goal_x - bodies.x, bodies.goal_y - bodies.y)
    for tick in range(round(90 / DT)):
        before = bodies.x.copy(), bodies.y.copy(), bodies.speed.copy(), bodies.heading.copy()
        bodies.moving[walk(bodies, world, DT, tick)] = False
        assert standable(bodies.x, bodies.y).all()
        moved = np.hypot(bodies.x - before[0], bodies.y - before[1])
        assert (moved <= 1.34 * DT + 1e-9).all()
        assert (bodies.speed - before[2] <= ACCELERATION_M_S2 * DT + 1e-9).all()
        turned = np.abs((bodies.heading - before[3] + np.pi) % (2 * np.pi) - np.pi)
        assert (turned <= TURN_RATE * DT + 1e-9).all()
        if not bodies.moving.any():
            break
    assert not bodies.moving.any()
    assert tick * DT < 1.8 * start.max() / 1.34


def test_the_stride_follows_the_distance():
    world = FlatWorld()
    bodies = bodies_at([(0.0, -80.0)], [(30.0, -80.0)])
    phase, walked = 0.0, 0.0
    for tick in range(200):
        x, y, stride = bodies.x[0], bodies.y[0], bodies.stride[0]
        walk(bodies, world, DT, tick)
        walked += np.hypot(bodies.x[0] - x, bodies.y[0] - y)
        phase += (bodies.stride[0] - stride) % (2 * np.pi)
    assert phase == pytest.approx(2 * np.pi * walked / 1.5)


def looking(world: FlatWorld, bodies: Bodies) -> Sight:
    sight = Sight.blind(len(bodies))
    sight.look(np.arange(len(bodies)), bodies, world)
    return sight


def test_walls_hide_and_backs_do_not_see():
    west, south, east, north = BLOCK
    middle = (south + north) / 2
    bodies = bodies_at([(west - 5, middle), (east + 5, middle), (west - 5, middle + 20)])
    bodies.heading[:] = [0.0, np.pi, -np.pi / 2]  # the third looks at the first; the first looks at the wall
    sight = looking(FlatWorld(), bodies)
    assert 1 not in sight.seen[0], "a wall stands between"
    assert 0 not in sight.seen[1]
    assert 0 in sight.seen[2]
    assert 2 in sight.seen[0], "at a right angle, within two hundred degrees"
    bodies.heading[0] = -np.pi / 2
    assert 2 not in looking(FlatWorld(), bodies).seen[0], "behind the back"


def test_darkness_fog_and_doors_hide():
    bodies = bodies_at([(0.0, -50.0), (30.0, -50.0)])
    assert looking(FlatWorld(), bodies).seen[0, 0] == 1
    assert looking(FlatWorld(sun_elevation=NIGHT_ELEVATION), bodies).seen[0, 0] == -1
    assert looking(FlatWorld(weather=replace(FAIR, visibility_m=20.0)), bodies).seen[0, 0] == -1
    bodies.indoors[1] = True
    sight = looking(FlatWorld(), bodies)
    assert (sight.seen == -1).all()


def test_many_are_seen_like_few():
    """The tree and the limit of attention must not change whom one sees first: compare with plain geometry."""
    rng = np.random.default_rng(3)
    points = rng.uniform(-HALF_M / 4, HALF_M / 4, (150, 2)) - [0, 70]
    bodies = bodies_at([tuple(p) for p in points])
    bodies.heading[:] = rng.uniform(-np.pi, np.pi, 150)
    world = FlatWorld()
    sight = looking(world, bodies)
    for row in range(0, 150, 15):
        d = np.hypot(bodies.x - bodies.x[row], bodies.y - bodies.y[row])
        bearing = np.arctan2(bodies.y - bodies.y[row], bodies.x - bodies.x[row]) - bodies.heading[row]
        ahead = np.cos(bearing) >= np.cos(np.radians(100))
        near = np.argsort(d)[: 2 * ATTENDED]  # the nearest, before and behind
        wanted = [r for r in near if r != row and ahead[r] and d[r] < sight_range(world)][:5]
        assert list(sight.seen[row, : len(wanted)]) == wanted


def test_a_voice_is_followed_by_the_nearest_and_kept_in_by_walls():
    west, south, east, north = BLOCK
    middle, reach, world = (south + north) / 2, earshot_m(FAIR), FlatWorld()
    assert east - west + 2.0 < reach
    bodies = bodies_at([(west - 1, middle), (east + 1, middle), (west - 1 - 0.9 * reach, middle), (west - 2, middle)])
    assert hearers(bodies, 0, world).tolist() == [3, 2], "nearest first, and nobody behind the house"
    angle = np.linspace(0, 2 * np.pi, 60)
    ring = [(0.2 * k * np.cos(a), -60 + 0.2 * k * np.sin(a)) for k, a in enumerate(angle, start=1)]
    crowd = bodies_at([(0.0, -60.0), *ring])
    assert hearers(crowd, 0, world).tolist() == list(range(1, HEARD_BY + 1))
    crowd.indoors[:], crowd.place[:] = True, 3
    crowd.activity[1] = Activity.SLEEP
    heard = hearers(crowd, 0, world, (0, 58, 59)).tolist()
    assert {58, 59} <= set(heard) and 1 not in heard and len(heard) == HEARD_BY
    crowd.place[58] = 4
    assert 58 not in hearers(crowd, 0, world, (0, 58, 59)), "under another roof"


@pytest.mark.parametrize("drowned_by", [{"rain_mm_h": 4.0}, {"snow_mm_h": 20.0}, {"wind_m_s": 12.0}])
def test_rain_snow_and_wind_drown_a_voice_and_no_house_lets_it_in(drowned_by: dict[str, float]):
    bodies = bodies_at([(0.0, -60.0), (1.5, -60.0), (0.0, -72.0), (0.0, -64.0)])
    bodies.indoors[3], bodies.place[3] = True, 3
    assert hearers(bodies, 0, FlatWorld()).tolist() == [1, 2]
    assert hearers(bodies, 0, FlatWorld(weather=replace(FAIR, **drowned_by))).tolist() == [1]
