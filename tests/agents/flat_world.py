"""A small analytic world for the tests of minds: a flat meadow with a walled block, a pond and a village's places."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.world.walking.plains import lying, plain
from world.view import Floats, Onlookers, Place, Season, Surface, Walkers, Weather
from world.walking.ground import survey
from world.walking.navigation import Navigation
from world.walking.sight import hides_among

FAIR = Weather(17.0, 0.6, 101_300.0, 2.0, 0.0, 0.3, 0.0, 0.0, 20_000.0, 0.2, 0.0)
RAIN = Weather(8.0, 0.95, 99_500.0, 6.0, 0.0, 1.0, 5.0, 0.0, 2_000.0, 0.8, 0.0)
NIGHT_ELEVATION = -0.5

PLACES = (
    ("market", "the square", 0.0, 0.0, -1, 9.0),
    ("well", "the well", 4.0, 3.0, -1, 2.5),
    ("inn", "the inn", -18.0, 6.0, 0, 4.0),
    ("bakery", "the bakery", 16.0, -12.0, 1, 3.0),
    ("forge", "the forge", -14.0, -16.0, 2, 3.0),
    ("mill", "the mill", 60.0, 25.0, 3, 4.0),
    ("chapel", "the chapel", 8.0, 26.0, 4, 4.0),
    ("barn", "the barn", -40.0, -20.0, 5, 5.0),
    ("field", "the east field", 75.0, -35.0, -1, 18.0),
    ("field", "the west field", -75.0, 30.0, -1, 18.0),
    ("wood", "the wood", -60.0, 80.0, -1, 10.0),
    ("shore", "the shore", 70.0, 55.0, -1, 5.0),
    ("bench", "the bench by the lime tree", -5.0, -6.0, -1, 1.5),
    *(
        ("house", f"Lane House {i + 1}", 42.0 * np.cos(a), 42.0 * np.sin(a), 6 + i, 2.0)
        for i, a in enumerate(np.linspace(0.3, 5.9, 8))
    ),
)

BLOCK = (24.0, 4.0, 30.0, 12.0)  # west, south, east, north of a walled building between the square and the mill
POND = (-30.0, 25.0, 6.0)  # centre and radius
HALF_M = 130.0
CELLS = (66, 66)  # of 4 m
BARE = Surface(0, *(np.zeros(CELLS, np.float32) for _ in range(4)))
SUMMER = Season(1.0, 0.0, 0.3, 0.9, 0.6, 0.0)
HIDES = hides_among(
    np.zeros(CELLS, np.float32),
    (-HALF_M, -HALF_M),
    4.0,
    np.array([[(BLOCK[0] + BLOCK[2]) / 2, (BLOCK[1] + BLOCK[3]) / 2, 1.0, 0.0, 3.0, 4.0, -1.0, 5.0]]),
    np.zeros((0, 7)),
)


@dataclass
class FlatWorld:
    """Satisfies WorldView: one obstacle to walk round and see against, one pond, ground at z = 0."""

    start: datetime = datetime(2025, 6, 10, 9, 0)  # noqa: DTZ001 - local solar time has no zone
    rate: int = 16
    weather: Weather = FAIR
    surface: Surface = BARE
    season: Season = SUMMER
    tick: int = 0
    sun_elevation: float = 0.7
    sun_azimuth: float = 0.0
    moon_elevation: float = -0.7
    moon_azimuth: float = 3.1
    moon_lit: float = 0.5
    sidereal: float = 0.0
    closed: tuple[int, ...] = ()
    places: tuple[Place, ...] = field(
        default_factory=lambda: tuple(
            Place(i, kind, name, float(x), float(y), building, radius)
            for i, (kind, name, x, y, building, radius) in enumerate(PLACES)
        )
    )

    def __post_init__(self) -> None:
        self._px = np.array([p.x for p in self.places])
        self._py = np.array([p.y for p in self.places])
        self._ways = ways_over(self.places)

    @property
    def local_time(self) -> datetime:
        return self.start + timedelta(seconds=self.tick / self.rate)

    def height_at(self, x: Floats, y: Floats) -> Floats:
        return np.zeros_like(x)

    def walkable(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        return self._ways.walkable(x, y)

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        return self._ways.may_step(xa, ya, xb, yb)

    def way_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        return self._ways.way_to(place, x, y, self.tick)

    def distance_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        return np.hypot(self._px[place] - x, self._py[place] - y) / 1.34

    def speed_factor(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
        return np.ones_like(x)

    def clear_walk(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        return self._ways.clear_walk(xa, ya, xb, yb)

    def walk(self, walkers: Walkers, dt: float, phase: int) -> NDArray[np.int64]:
        return self._ways.walk(walkers, dt, phase, self.tick)

    def in_sight(self, onlookers: Onlookers) -> tuple[NDArray[np.int16], Floats]:
        return HIDES.seen(onlookers, self.season.leaf_cover)

    def line_of_sight(
        self, xa: Floats, ya: Floats, za: Floats, xb: Floats, yb: Floats, zb: Floats
    ) -> NDArray[np.bool_]:
        a, b = np.stack([xa, ya, za], axis=1), np.stack([xb, yb, zb], axis=1)
        return np.isfinite(HIDES.depth(a, b, self.season.leaf_cover))


def standable(x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Where one can stand, by formulas: outside the block and the pond, on the meadow."""
    west, south, east, north = BLOCK
    block = (x > west) & (x < east) & (y > south) & (y < north)
    pond = np.hypot(x - POND[0], y - POND[1]) < POND[2]
    inside = (np.abs(x) < HALF_M) & (np.abs(y) < HALF_M)
    return inside & ~block & ~pond


@cache
def ways_over(places: tuple[Place, ...]) -> Navigation:
    """Walking over the meadow's cells, those open in which one can stand at every corner."""
    valley = plain(cells=CELLS[0], places=tuple((p.x, p.y) for p in places))
    ground = survey(valley)
    near = ground.near
    rows, cols = near.solid.shape
    x, y = np.meshgrid(
        near.origin[0] + (np.arange(cols + 1) - 0.5) * near.cell_m,
        near.origin[1] + (np.arange(rows + 1) - 0.5) * near.cell_m,
    )
    corner = standable(x, y)
    solid = near.solid & corner[1:, 1:] & corner[1:, :-1] & corner[:-1, 1:] & corner[:-1, :-1]
    return Navigation(replace(ground, near=replace(near, solid=solid)), lying(valley))
