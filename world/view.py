"""What the rest of Hamlet may ask of the world: weather, light, places, ground, ways and sight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HAZE_VISIBILITY_M = 45_000.0  # clean dry continental air
NO_FOG_M = -10_000.0  # top of a fog layer that is not there: below all ground


@dataclass(frozen=True)
class Weather:
    """The weather over the valley at one tick."""

    temperature_c: float
    humidity: float  # relative, 0..1
    pressure_pa: float
    wind_m_s: float
    wind_towards: float  # radians, counter-clockwise from east
    cloud: float  # 0..1
    rain_mm_h: float
    snow_mm_h: float  # water equivalent
    visibility_m: float
    ground_wetness: float  # of the soil in and round the village, 0..1
    snow_depth_m: float  # there, too
    gust_m_s: float = 0.0  # the strongest wind of the last minutes
    sun_w_m2: float = 0.0  # global irradiance on a level surface
    haze_visibility_m: float = HAZE_VISIBILITY_M  # outside the fog layer; visibility_m is that within it
    fog_top_m: float = NO_FOG_M  # height of the fog layer's top above the map's datum; the layer fills what lies lower

    @property
    def raining(self) -> bool:
        """Rain or snow that makes people look for a roof."""
        return self.rain_mm_h + self.snow_mm_h > 0.2

    def describe(self) -> str:
        """The weather in two or three plain words, such as `cold rain` or `pale sun`."""
        cold = "cold " if self.temperature_c < 6 else ""
        if self.snow_mm_h > 0.05:
            return "heavy snow" if self.snow_mm_h > 2 else "light snow"
        if self.rain_mm_h > 6:
            return f"{cold}pouring rain"
        if self.rain_mm_h > 0.05:
            return f"{cold}rain" if self.rain_mm_h > 1 else f"{cold}drizzle"
        if self.visibility_m < 1000:
            return f"{cold}fog"
        if self.wind_m_s > 10:
            return f"{cold}strong wind"
        if self.cloud > 0.8:
            return f"{cold}grey sky"
        if self.temperature_c > 26:
            return "hot sun"
        return f"{cold}sunshine" if self.cloud < 0.4 else f"{cold}broken cloud"


@dataclass(frozen=True)
class Season:
    """What the year has done to the plants; shares of 0..1 of the valley as a whole."""

    leaf_cover: float  # leaves on deciduous trees: 0 bare, 1 full
    leaf_colour: float  # of these, how far they have turned from green
    blossom: float  # flowering of trees and meadows
    grass_green: float  # 0 straw or winter brown, 1 lush
    crop_height_m: float
    crop_ripe: float  # 0 green, 1 golden; 1 until it is cut


@dataclass(frozen=True)
class Surface:
    """What lies on the ground and how wet it is: maps (rows, cols) on the valley's lattice, read-only.

    The running land is published now and then, not every tick; `tick` says since when this is so. Values are rounded
    to what a recording keeps, so that whoever reads them sees the same live and in replay.
    """

    tick: int
    water_m: NDArray[np.float32]  # standing and flowing water above the ground: river, lake, flood, puddle
    snow_m: NDArray[np.float32]  # depth of lying snow
    wetness: NDArray[np.float32]  # of the soil's top, 0 dry .. 1 saturated
    ice_m: NDArray[np.float32]  # on standing water and puddles


@dataclass(frozen=True)
class Place:
    """Somewhere a villager can go: the point is on walkable ground, for a building just outside its door."""

    id: int  # index into WorldView.places
    kind: str  # house, inn, mill, forge, bakery, chapel, barn, well, market, field, wood, shore, bench
    name: str  # "the inn", "Mill Lane 3"
    x: float
    y: float
    building: int  # row of the building, -1 in the open
    radius_m: float  # villagers at this place stand within this distance


@dataclass
class Walkers:
    """Everybody in columns (n,), as `WorldView.walk` moves them: metres, radians, seconds; the first row changes."""

    x: Floats
    y: Floats
    z: Floats  # of the ground under the feet
    heading: Floats
    speed: Floats
    stride: Floats  # phase of the two steps
    direct: NDArray[np.bool_]  # the straight line to the goal was found clear

    free_speed: Floats  # of one who is alone on a level path
    stride_m: Floats  # distance of two steps
    goal_x: Floats
    goal_y: Floats
    heading_goal: Floats  # where one who stands turns to
    place: NDArray[np.int16]  # whose ways are followed, -1 for going straight on
    moving: NDArray[np.bool_]
    indoors: NDArray[np.bool_]  # in nobody's way
    radius_m: float  # half the breadth that others keep off

    @property
    def columns(self) -> tuple[NDArray[np.generic], ...]:
        """All of them in the order above."""
        return (
            *(self.x, self.y, self.z, self.heading, self.speed, self.stride, self.direct),
            *(self.free_speed, self.stride_m, self.goal_x, self.goal_y, self.heading_goal),
            *(self.place, self.moving, self.indoors),
        )


@dataclass
class Onlookers:
    """People in columns (n,), which of them look round, how far and how wide: what `WorldView.in_sight` takes."""

    observers: NDArray[np.int64]  # rows of those who look
    x: Floats
    y: Floats
    eyes: Floats  # height of the eyes, which are also what others look at
    heading: Floats
    hidden: NDArray[np.bool_]  # who sees nobody and is seen by nobody: those indoors
    reach_m: float  # at which people are recognised with nothing between
    field_of_view: float  # radians
    tried: int  # of the nearest before them that are looked for at all
    most: int  # to be seen


class WorldView(Protocol):
    """Read-only questions about the world at the current tick. Arrays in, arrays out, float64, same shapes."""

    @property
    def tick(self) -> int: ...

    @property
    def local_time(self) -> datetime:
        """Local solar date and time."""
        ...

    @property
    def sun_elevation(self) -> float:
        """Radians above the horizon."""
        ...

    @property
    def sun_azimuth(self) -> float:
        """Radians, counter-clockwise from east, like a heading."""
        ...

    @property
    def moon_elevation(self) -> float:
        """Radians above the horizon."""
        ...

    @property
    def moon_azimuth(self) -> float:
        """Radians, counter-clockwise from east."""
        ...

    @property
    def moon_lit(self) -> float:
        """Illuminated share of the moon's disc: 0 new, 1 full."""
        ...

    @property
    def sidereal(self) -> float:
        """The right ascension that stands in the meridian, in radians: how far the stars have turned."""
        ...

    @property
    def weather(self) -> Weather: ...

    @property
    def surface(self) -> Surface:
        """Water, snow, wetness and ice on the ground, cell by cell."""
        ...

    @property
    def season(self) -> Season:
        """Leaves, grass, flowers and crops."""
        ...

    @property
    def places(self) -> tuple[Place, ...]: ...

    def height_at(self, x: Floats, y: Floats) -> Floats:
        """Ground height in metres."""
        ...

    def walkable(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """True where one can stand: no water, wall or cliff, inside the map."""
        ...

    @property
    def closed(self) -> tuple[int, ...]:
        """Ids of places where nobody may go."""
        ...

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        """True where a step from one point to another may be taken: to where one can stand.

        Closed ground counts as unwalkable, but who stands on it may go on over it.
        """
        ...

    def way_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """Unit directions (n, 2) of the best way from each point to its place; zero where none is or it is reached."""
        ...

    def distance_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        """Walking time to the place in seconds at the current footing; inf where there is no way."""
        ...

    def speed_factor(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
        """Footing: multiplies walking speed for a step in direction (dx, dy): slope (Tobler 1993), mud, snow."""
        ...

    def clear_walk(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        """True where the straight line between two points stays on walkable ground."""
        ...

    def walk(self, walkers: Walkers, dt: float, phase: int) -> NDArray[np.int64]:
        """Let everybody take one step of `dt` seconds, in place; rows that reached their goals.

        Those who move go straight to goals that are near and in a clear line (looked at in turns, by `phase`), else by
        the ways to their places. After any step no two outdoors overlap that did not before, and nobody stands where
        one cannot. Those who do not move turn to their `heading_goal`.
        """
        ...

    def in_sight(self, onlookers: Onlookers) -> tuple[NDArray[np.int16], Floats]:
        """Whom observers see: rows (m, most), nearest first, padded with -1, and the distances, padded with inf.

        Ground and houses hide; leaves in between shorten the reach by exp(-optical depth).
        """
        ...

    def line_of_sight(
        self, xa: Floats, ya: Floats, za: Floats, xb: Floats, yb: Floats, zb: Floats
    ) -> NDArray[np.bool_]:
        """True where neither ground nor building is between two points given in world metres (eyes, not feet)."""
        ...
