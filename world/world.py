"""The world as it runs: nature in one valley, its households and the ways through it, stepped tick by tick."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world import cache
from world.columns import BUILDING_STATE
from world.config import WorldConfig
from world.nature import Nature
from world.sky.climate import climate_of
from world.sky.moon import Moon, moon_at, sidereal_angle
from world.sky.sun import Sun
from world.state import Plain, columns_of, part, put_back, rows_of, taken, typed
from world.valley import Valley, make_valley
from world.view import Floats, Onlookers, Place, Season, Surface, Walkers, Weather
from world.village.households import Households
from world.walking.closures import ClosedNavigation, closed_with
from world.walking.ground import survey
from world.walking.navigation import Navigation
from world.walking.sight import Hides, hides_in
from world.water.flood import Flood

__all__ = ["Valley", "World", "WorldConfig", "WorldNow"]

RAIN_STARTS_MM_H, RAIN_STOPS_MM_H = 0.2, 0.05  # apart, so that a rate near one of them does not flicker
FOG_FORMS_M, FOG_LIFTS_M = 1000.0, 1500.0  # below 1 km is fog by the synoptic definition


Events = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class WorldNow:
    """The world at one tick; the WorldView that people and cameras are given."""

    tick: int
    local_time: datetime
    utc: datetime
    sun: Sun
    weather: Weather
    surface: Surface
    season: Season
    buildings: NDArray[np.void]  # columns.BUILDING_STATE, in the order of the valley's buildings
    valley: Valley
    at: tuple[float, float]  # latitude and longitude in degrees
    navigation: Navigation
    hides: Hides
    closed: tuple[int, ...]

    @property
    def sun_elevation(self) -> float:
        """Radians above the horizon."""
        return self.sun.elevation

    @property
    def sun_azimuth(self) -> float:
        """Radians, counter-clockwise from east."""
        return self.sun.azimuth_heading

    @cached_property
    def moon(self) -> Moon:
        """Where the moon stands: reckoned when somebody looks, which nobody does at most ticks."""
        return moon_at(self.utc, *self.at)

    @property
    def sidereal(self) -> float:
        """The right ascension in the meridian, radians: how far the stars have turned."""
        return sidereal_angle(self.utc, self.at[1])

    @property
    def moon_elevation(self) -> float:
        """Radians above the horizon."""
        return self.moon.elevation

    @property
    def moon_azimuth(self) -> float:
        """Radians, counter-clockwise from east."""
        return self.moon.azimuth_heading

    @property
    def moon_lit(self) -> float:
        """Illuminated share of the moon's disc."""
        return self.moon.lit

    @property
    def places(self) -> tuple[Place, ...]:
        return self.valley.places

    def height_at(self, x: Floats, y: Floats) -> Floats:
        return self.navigation.footing_height(x, y)

    def walkable(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        return self.navigation.walkable(x, y)

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        return self.navigation.may_step(xa, ya, xb, yb)

    def way_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        return self.navigation.way_to(place, x, y, self.tick)

    def distance_to(self, place: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
        return self.navigation.distance_to(place, x, y, self.tick)

    def speed_factor(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
        return self.navigation.speed_factor(x, y, dx, dy)

    def clear_walk(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> NDArray[np.bool_]:
        return self.navigation.clear_walk(xa, ya, xb, yb)

    def walk(self, walkers: Walkers, dt: float, phase: int) -> NDArray[np.int64]:
        return self.navigation.walk(walkers, dt, phase, self.tick)

    def in_sight(self, onlookers: Onlookers) -> tuple[NDArray[np.int16], Floats]:
        return self.hides.seen(onlookers, self.season.leaf_cover)

    def line_of_sight(
        self, xa: Floats, ya: Floats, za: Floats, xb: Floats, yb: Floats, zb: Floats
    ) -> NDArray[np.bool_]:
        return np.isfinite(self.hides.depth(_points(xa, ya, za), _points(xb, yb, zb), None))


def _points(x: Floats, y: Floats, z: Floats) -> Floats:
    points = np.empty((len(x), 3))
    points[:, 0], points[:, 1], points[:, 2] = x, y, z
    return points


class World:
    """One valley in time. `step` advances a tick; `view` is what the tick looks like."""

    _STATE = ("tick", "_raining", "_snowing", "_foggy")

    def __init__(self, config: WorldConfig) -> None:
        """Read the valley from the cache or generate it.

        Raises:
            NoRoomError: if the map of this seed has no room for a village.
            KeyError: if the weather names an unknown kind.
            StationError: if the station's file cannot be read.
        """
        self.config = config
        self.tick = 0
        self.valley = valley_of(config)
        self._grounds: tuple[int, ...] = ()  # places whose surroundings are closed
        self.closed: tuple[int, ...] = ()  # these, and the places on their ground
        self._hides = hides_in(self.valley)
        self.nature = Nature(config, self.valley)
        self._navigation = Navigation(survey(self.valley), self.nature.now.surface)
        self._households = Households(self.valley.buildings, config.seed)
        self._flood = Flood(self.valley)
        self._buildings = self._at_home()
        self._view = self._look()
        now = self._view.weather
        self._raining = now.rain_mm_h > RAIN_STARTS_MM_H
        self._snowing = now.snow_mm_h > RAIN_STARTS_MM_H
        self._foggy = now.visibility_m < FOG_FORMS_M and not now.raining

    @property
    def local_time(self) -> datetime:
        """Local mean solar time of the current tick."""
        return self.nature.now.local_time

    def view(self) -> WorldNow:
        """The world at the current tick."""
        return self._view

    def step(self) -> Events:
        """Advance one tick and tell what turned: rain, snow, fog and floods that begin or end, sunrise, lightning."""
        was_up = self._view.sun.up
        self.tick += 1
        before = self.nature.now.surface
        now = self.nature.advance(self.tick)
        events: Events = [("lightning", stroke) for stroke in self.nature.lightning(self.tick)]
        if now.surface is not before:
            self._navigation = self._navigation.on(now.surface)
            events += self._flood.turns(now.surface)
            self._buildings = self._at_home()
        self._view = self._look()
        if self._view.sun.up != was_up:
            events.append(("sunset" if was_up else "sunrise", {}))
        weather = now.weather
        self._raining = self._turn("rain", self._raining, weather.rain_mm_h, events)
        self._snowing = self._turn("snow", self._snowing, weather.snow_mm_h, events)
        dry = weather.rain_mm_h + weather.snow_mm_h < RAIN_STARTS_MM_H  # thick rain hides as much, and is no fog
        if weather.visibility_m < FOG_FORMS_M and dry and not self._foggy:
            events.append(("fog", {"visibility_m": weather.visibility_m}))
            self._foggy = True
        elif weather.visibility_m > FOG_LIFTS_M and self._foggy:
            events.append(("fog_lifts", {"visibility_m": weather.visibility_m}))
            self._foggy = False
        return events

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything that changes from tick to tick, as arrays, for the state hash."""
        sun, weather = self._view.sun, self._view.weather
        return {
            "tick": np.array([self.tick], dtype=np.int64),
            "sun": np.array([sun.azimuth_heading, sun.elevation]),
            "turns": np.array([self._raining, self._snowing, self._foggy, self._flood.high]),
            "closed": np.array(self._grounds, dtype=np.int64),
            "weather": np.array([getattr(weather, f.name) for f in fields(Weather)]),
            "buildings": np.concatenate(
                [self._buildings[name].astype(np.float64) for name in BUILDING_STATE.names or ()]
            ),
            **self.nature.state(),
        }

    def send_front(self, kind: str, over_s: float) -> None:
        """Let another kind of weather arrive from now on within `over_s` seconds. Raises KeyError for unknown kinds."""
        self.nature.send_front(kind, over_s)

    def close_place(self, place: int) -> None:
        """Close the ground within a place's radius: nobody enters it from now on, and ways lead round it."""
        self._shut(tuple(dict.fromkeys((*self._grounds, place))))
        self._view = self._look()

    def _shut(self, grounds: tuple[int, ...]) -> None:
        if grounds != self._grounds:
            places = tuple(self.valley.places[i] for i in grounds)
            self._navigation = ClosedNavigation(self._navigation.opened, places)
        self._grounds, self.closed = grounds, closed_with(self.valley.places, grounds)

    def freeze(self) -> Plain:
        """All that changes, as plain values; what follows from the configuration is left out.

        `land` is large and stays the same for minutes: a copy of an earlier tick, from which `thaw` steps on.
        """
        kept = {
            "nature": self.nature.freeze(),
            "land": self.nature.kept(),
            "walking": self._navigation.freeze(),
            "buildings": columns_of(self._buildings),
            "flood": self._flood.high,
            "closed": list(self._grounds),
        }
        return taken(self, self._STATE) | kept

    def thaw(self, state: Plain) -> None:
        """Stand at the tick at which `freeze` was taken. Raises ValueError if the state does not fit."""
        put_back(self, self._STATE, state)
        self.nature.thaw(self.tick, part(state, "nature"), part(state, "land"))
        self._buildings = rows_of(part(state, "buildings"), BUILDING_STATE)
        if self._buildings.shape != self.valley.buildings.shape:
            raise ValueError(
                f"the state has {len(self._buildings)} buildings, where {len(self.valley.buildings)} stand"
            )
        self._flood.high = typed(part(state, "flood"), bool, "flood")
        grounds = typed(part(state, "closed"), tuple[int, ...], "closed")
        if not all(0 <= ground < len(self.valley.places) for ground in grounds):
            raise ValueError(f"the state closes places {list(grounds)}, where {len(self.valley.places)} exist")
        self._navigation = self._navigation.on(self.nature.now.surface)
        self._shut(grounds)
        self._navigation.thaw(part(state, "walking"))
        self._view = self._look()

    def _at_home(self) -> NDArray[np.void]:
        now, valley = self.nature.now, self.valley
        elevation = now.sun.elevation
        return self._households.at(
            now.local_time, elevation, now.weather, now.surface, valley.heights, valley.origin, valley.cell_m
        )

    def _look(self) -> WorldNow:
        now = self.nature.now
        return WorldNow(
            tick=now.tick,
            local_time=now.local_time,
            sun=now.sun,
            utc=now.utc,
            weather=now.weather,
            surface=now.surface,
            season=now.season,
            buildings=self._buildings,
            valley=self.valley,
            at=(self.config.latitude, self.config.longitude),
            navigation=self._navigation,
            hides=self._hides,
            closed=self.closed,
        )

    @staticmethod
    def _turn(what: str, was: bool, rate_mm_h: float, events: Events) -> bool:
        if not was and rate_mm_h > RAIN_STARTS_MM_H:
            events.append((f"{what}_starts", {"rate_mm_h": rate_mm_h}))
            return True
        if was and rate_mm_h < RAIN_STOPS_MM_H:
            events.append((f"{what}_stops", {}))
            return False
        return was


def valley_of(config: WorldConfig) -> Valley:
    """The valley of a configuration, from the cache if it is there.

    Raises:
        NoRoomError: if the map of this seed has no room for a village.
        StationError: if the station's file cannot be read.
    """
    climate = climate_of(config.climate)
    name = cache.key(*config.valley_inputs, climate)
    valley = cache.load(name)
    if valley is None:
        valley = make_valley(config.seed, config.size_m, config.villagers, climate, config.land)
        cache.store(name, valley)
    return valley
