"""A small analytic world for the tests of minds: a flat meadow with a walled block, a pond and a village's places."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from world.view import Floats, Place, Season, Surface, Weather

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


@dataclass
class FlatWorld:
    """Satisfies WorldView with formulas: one obstacle to walk round and see against, one pond, ground at z = 0."""

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

    @property
    def local_time(self) -> datetime:
        return self.start + timedelta(seconds=self.tick / self.rate)

    def height_at(self, x: Floats, y: Floats) -> Floats:
        return np.zeros_like(x)

    def walkable(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        west, south, east, north = BLOCK
        block = (x > west) & (x < east) & (y > south) & (y < north)
        pond = np.hypot(x - POND[0], y - POND[1]) < POND[2]
        inside = (np.abs(x) < HALF_M) & (np.abs(y) < HALF_M)
        return inside & ~block & ~pond

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        return self.walkable(xb, yb)

    def way_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """Straight on, or round the obstacle's nearer corner or flank where it is in the way."""
        gx, gy = self._px[place], self._py[place]
        tx, ty = gx.copy(), gy.copy()
        blocked = ~self.clear_walk(x, y, gx, gy)
        for i in np.flatnonzero(blocked):
            tx[i], ty[i] = self._detour(float(x[i]), float(y[i]), float(gx[i]), float(gy[i]))
        way = np.stack([tx - x, ty - y], axis=1)
        length = np.hypot(way[:, 0], way[:, 1])
        reached = np.hypot(gx - x, gy - y) < 0.5
        return np.where(reached[:, None], 0.0, way / np.maximum(length, 1e-9)[:, None])

    def _detour(self, x: float, y: float, gx: float, gy: float) -> tuple[float, float]:
        west, south, east, north = BLOCK
        m, r = 1.5, POND[2] + 1.5
        corners = [(west - m, south - m), (east + m, south - m), (east + m, north + m), (west - m, north + m)]
        ring = [(POND[0] + r * 1.1 * np.cos(a), POND[1] + r * 1.1 * np.sin(a)) for a in np.linspace(0, 5.5, 8)]
        nodes = np.array([(x, y), *corners, *ring, (gx, gy)])
        n = len(nodes)
        a, b = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
        clear = self.clear_walk(nodes[a, 0].ravel(), nodes[a, 1].ravel(), nodes[b, 0].ravel(), nodes[b, 1].ravel())
        length = np.hypot(nodes[a, 0] - nodes[b, 0], nodes[a, 1] - nodes[b, 1])
        cost = np.where(clear.reshape(n, n), length, np.inf)
        best = cost[:, n - 1].copy()
        for _ in range(n):
            best = np.minimum(best, (cost + best[None, :]).min(axis=1))
        first = cost[0] + best
        first[0] = np.inf
        step = int(np.argmin(first))
        return float(nodes[step, 0]), float(nodes[step, 1])

    def distance_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        return np.hypot(self._px[place] - x, self._py[place] - y) / 1.34

    def speed_factor(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
        return np.ones_like(x)

    def clear_walk(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        t = np.linspace(0.0, 1.0, 80)
        x = xa[:, None] + (xb - xa)[:, None] * t
        y = ya[:, None] + (yb - ya)[:, None] * t
        return np.asarray(self.walkable(x, y).all(axis=1))

    def line_of_sight(
        self, xa: Floats, ya: Floats, za: Floats, xb: Floats, yb: Floats, zb: Floats
    ) -> NDArray[np.bool_]:
        west, south, east, north = BLOCK
        t = np.linspace(0.0, 1.0, 80)
        x = xa[:, None] + (xb - xa)[:, None] * t
        y = ya[:, None] + (yb - ya)[:, None] * t
        return np.asarray(~((x > west) & (x < east) & (y > south) & (y < north)).any(axis=1))
