"""The world as it runs: one valley, its weather and its sun, stepped tick by tick."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world import cache
from world.sky.climate import ClimateConfig, climate_of
from world.sky.field import relief_of
from world.sky.sun import Sun, sun_at, utc_of
from world.sky.weather import Sky, WeatherOpening
from world.state import Plain, part, plain, put_back, taken, typed
from world.valley import Valley, make_valley
from world.view import Floats, Place, Season, Surface, Weather
from world.walking import sight
from world.walking.closures import ClosedNavigation, closed_with
from world.walking.ground import survey
from world.walking.navigation import Navigation
from world.water.ground_water import CAPACITY_MM, SETTLED_SNOW_DENSITY, GroundWater

__all__ = ["Valley", "World", "WorldConfig", "WorldNow"]

RAIN_STARTS_MM_H, RAIN_STOPS_MM_H = 0.2, 0.05  # apart, so that a rate near one of them does not flicker
FOG_FORMS_M, FOG_LIFTS_M = 1000.0, 1500.0  # below 1 km is fog by the synoptic definition

SURFACE_S = 30  # between two publications of what lies on the ground
GROUND_S = 10  # seconds of the steps in which it is worked out
SUMMER = Season(1.0, 0.0, 0.3, 0.9, 0.6, 0.0)

Events = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class WorldConfig:
    """What a world is made from."""

    seed: int
    size_m: float = 2048.0
    latitude: float = 47.0
    longitude: float = 11.0
    start: datetime = datetime(2026, 6, 12, 9, 30)  # noqa: DTZ001 (local mean solar time)
    tick_rate: int = 16
    villagers: int = 12
    weather: WeatherOpening = field(default_factory=WeatherOpening)
    altitude_m: float = 600.0  # of the datum above the sea
    sea_distance_km: float = 250.0
    annual_rain_mm: float | None = None  # in place of the climate's own figures
    temperature_c: float | None = None
    station: str | None = None  # a file of weather to take the climate from

    @property
    def climate(self) -> ClimateConfig:
        """What the climate is made from."""
        return ClimateConfig(
            self.latitude,
            self.altitude_m,
            self.sea_distance_km,
            self.annual_rain_mm,
            self.temperature_c,
            self.station,
        )


@dataclass(frozen=True)
class WorldNow:
    """The world at one tick; the WorldView that people and cameras are given."""

    tick: int
    local_time: datetime
    sun: Sun
    weather: Weather
    surface: Surface
    season: Season
    valley: Valley
    navigation: Navigation
    boxes: Floats
    closed: tuple[int, ...]

    @property
    def sun_elevation(self) -> float:
        """Radians above the horizon."""
        return self.sun.elevation

    @property
    def sun_azimuth(self) -> float:
        """Radians, counter-clockwise from east."""
        return self.sun.azimuth_heading

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

    def line_of_sight(
        self, xa: Floats, ya: Floats, za: Floats, xb: Floats, yb: Floats, zb: Floats
    ) -> NDArray[np.bool_]:
        return sight.line_of_sight(self.valley, self.boxes, xa, ya, za, xb, yb, zb)


class GroundUnderSky:
    """The weather with the ground's wetness and the lying snow, which are those of the last publication."""

    def __init__(self, sky: Sky) -> None:
        self._sky = sky
        wetness, snow_m = sky.opening_ground
        snow_mm = 1000.0 * snow_m * SETTLED_SNOW_DENSITY
        self._water = GroundWater(wetness * CAPACITY_MM, snow_mm, SETTLED_SNOW_DENSITY)
        self._steps = 0

    def at(self, seconds: float) -> Weather:
        """The weather `seconds` after the start; the ground only goes forward."""
        while (self._steps + 1) * SURFACE_S <= seconds:
            for part_s in range(0, SURFACE_S, GROUND_S):
                w = self._sky.at(self._steps * SURFACE_S + part_s)
                self._water = self._water.after(
                    GROUND_S / 3600.0, w.rain_mm_h, w.snow_mm_h, w.temperature_c, w.humidity, w.wind_m_s, w.sun_w_m2
                )
            self._steps += 1
        wetness, snow_m = self._water.wetness, self._water.snow_depth_m
        return replace(self._sky.at(seconds), ground_wetness=wetness, snow_depth_m=snow_m)

    def freeze(self) -> Plain:
        """All that changes."""
        return {"steps": self._steps, "water": plain(self._water)}

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        self._steps = typed(part(state, "steps"), int, "steps")
        self._water = typed(part(state, "water"), GroundWater, "water")


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
        self._boxes = sight.building_boxes(self.valley)
        self.climate = climate_of(config.climate)
        valley = self.valley
        relief = relief_of(valley.heights, valley.origin, valley.cell_m, valley.buildings)
        self._sky = Sky(config.weather, self.climate, config.seed, config.start, config.longitude, relief)
        self._ground = GroundUnderSky(self._sky)
        self._surface = self._published()
        self._navigation = Navigation(survey(self.valley), self._surface)
        self._view = self._look()
        now = self._view.weather
        self._raining = now.rain_mm_h > RAIN_STARTS_MM_H
        self._snowing = now.snow_mm_h > RAIN_STARTS_MM_H
        self._foggy = now.visibility_m < FOG_FORMS_M

    @property
    def local_time(self) -> datetime:
        """Local mean solar time of the current tick."""
        return self.config.start + timedelta(seconds=self.tick / self.config.tick_rate)

    def view(self) -> WorldNow:
        """The world at the current tick."""
        return self._view

    def step(self) -> Events:
        """Advance one tick and tell what turned: rain, snow and fog that start or stop, sunrise and sunset."""
        was_up = self._view.sun.up
        self.tick += 1
        if self.tick % (SURFACE_S * self.config.tick_rate) == 0:
            self._surface = self._published()
            self._navigation = self._navigation.on(self._surface)
        self._view = self._look()
        events: Events = []
        if self._view.sun.up != was_up:
            events.append(("sunset" if was_up else "sunrise", {}))
        now = self._view.weather
        self._raining = self._turn("rain", self._raining, now.rain_mm_h, events)
        self._snowing = self._turn("snow", self._snowing, now.snow_mm_h, events)
        if now.visibility_m < FOG_FORMS_M and not self._foggy:
            events.append(("fog", {"visibility_m": now.visibility_m}))
            self._foggy = True
        elif now.visibility_m > FOG_LIFTS_M and self._foggy:
            events.append(("fog_lifts", {"visibility_m": now.visibility_m}))
            self._foggy = False
        return events

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Everything that changes from tick to tick, as arrays, for the state hash."""
        sun, weather = self._view.sun, self._view.weather
        return {
            "tick": np.array([self.tick], dtype=np.int64),
            "sun": np.array([sun.azimuth_heading, sun.elevation]),
            "turns": np.array([self._raining, self._snowing, self._foggy]),
            "closed": np.array(self._grounds, dtype=np.int64),
            "weather": np.array([getattr(weather, f.name) for f in fields(Weather)]),
            **self._sky.state(),
        }

    def send_front(self, kind: str, over_s: float) -> None:
        """Let another kind of weather arrive from now on within `over_s` seconds. Raises KeyError for unknown kinds."""
        self._sky.send(kind, self.tick / self.config.tick_rate, over_s)

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
        """All that changes, as plain values; what follows from the configuration is left out."""
        kept = {
            "sky": self._sky.freeze(),
            "ground": self._ground.freeze(),
            "walking": self._navigation.freeze(),
            "closed": list(self._grounds),
        }
        return taken(self, self._STATE) | kept

    def thaw(self, state: Plain) -> None:
        """Stand at the tick at which `freeze` was taken. Raises ValueError if the state does not fit."""
        put_back(self, self._STATE, state)
        self._sky.thaw(part(state, "sky"))
        self._ground.thaw(part(state, "ground"))
        grounds = typed(part(state, "closed"), tuple[int, ...], "closed")
        if not all(0 <= ground < len(self.valley.places) for ground in grounds):
            raise ValueError(f"the state closes places {list(grounds)}, where {len(self.valley.places)} exist")
        self._surface = self._published()
        self._navigation = self._navigation.on(self._surface)
        self._shut(grounds)
        self._navigation.thaw(part(state, "walking"))
        self._view = self._look()

    def _published(self) -> Surface:
        tick = self.tick - self.tick % (SURFACE_S * self.config.tick_rate)
        weather = self._ground.at(tick / self.config.tick_rate)
        shape = self.valley.heights.shape
        snow, wetness = (np.full(shape, v, np.float32) for v in (weather.snow_depth_m, weather.ground_wetness))
        return Surface(tick, self.valley.water_depth, snow, wetness, np.zeros(shape, np.float32))

    def _look(self) -> WorldNow:
        local = self.local_time
        utc = utc_of(local, self.config.longitude)
        return WorldNow(
            tick=self.tick,
            local_time=local,
            sun=sun_at(utc, self.config.latitude, self.config.longitude),
            weather=self._ground.at(self.tick / self.config.tick_rate),
            surface=self._surface,
            season=SUMMER,
            valley=self.valley,
            navigation=self._navigation,
            boxes=self._boxes,
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
    """The valley of a configuration, from the cache if it is there."""
    name = cache.key(config.seed, config.size_m, config.villagers, config.latitude)
    valley = cache.load(name)
    if valley is None:
        valley = make_valley(config.seed, config.size_m, config.villagers, config.latitude)
        cache.store(name, valley)
    return valley
