"""The weather of a run: the climate's own days and what the scenario forces, at the village and over the map.

Nothing here has memory: the weather of a moment is a function of the seed, the climate and the fronts sent so far.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from world.sky.air import AIR_MASSES, saturation_pa, snow_share, visibility_m, wet_bulb_c
from world.sky.airs import Air, bounded_mm_h, hour_of, mixed
from world.sky.course import Course
from world.sky.daily import Days, lying
from world.sky.field import AirField, Relief, Terrain, flat
from world.sky.forced import forced_air
from world.sky.forcing import CLIMATE, Front, Spell, WeatherOpening, shares
from world.sky.gusts import Gusts
from world.sky.lightning import NO_STROKES, strokes_of
from world.sky.normals import Climate, earthly
from world.sky.over_map import STORM_PATCHES, Moment, air_field, calendar_s
from world.sky.storms import PATCHES, patchy
from world.sky.sun import irradiance_w_m2, sun_at, utc_of
from world.state import Plain, part, plain, typed
from world.view import NO_FOG_M, Weather

__all__ = ["Front", "Sky", "Spell", "WeatherOpening"]

UPDATE_S = 10  # seconds between weather states; ticks between are interpolated
FIELD_S = 60  # seconds for which a field stays
GUST_SHARE = 0.22  # standard deviation of wind in gusts over its mean: turbulence over rough open country
GUST_PEAK = 2.3  # standard deviations that the strongest gust of some minutes lies above the mean
PRESSURE_NOISE_PA = 160.0
OUTFLOW_M_S, OUTFLOW_MM_H = 7.0, 25.0  # gusts out of a shower of such rain


class Sky:
    """Weather of one run, worked out every `UPDATE_S` simulated seconds and read at any tick between.

    Args:
        opening: what is forced.
        climate: what decides the rest.
        seed: of the run.
        start: local mean solar time of second 0.
        longitude: degrees.
        relief: of the map, and where on it the village stands; level ground if none is given.

    Raises:
        KeyError: a kind of weather is not in AIR_MASSES.
    """

    def __init__(
        self,
        opening: WeatherOpening,
        climate: Climate,
        seed: int,
        start: datetime,
        longitude: float,
        relief: Relief | None = None,
    ) -> None:
        for kind in opening.kinds:
            if kind not in AIR_MASSES:
                raise KeyError(kind)
        self.climate = climate
        self.terrain = Terrain(relief or flat(), climate.latitude)
        self._opening, self._seed, self._start, self._longitude = opening, seed, start, longitude
        self._course = Course(climate, seed)
        self._gusts = Gusts(seed)
        self._fronts: tuple[Front, ...] = ()
        self._moments: dict[int, Moment] = {}
        self._field: tuple[int, AirField] | None = None
        self._strokes: dict[int, NDArray[np.void]] = {}

    def at(self, seconds: float, ground_wetness: float = 0.0, snow_depth_m: float = 0.0) -> Weather:
        """The weather at the village, with the temperature of the datum's height, `seconds` after the start.

        What lies on the ground there is not the sky's, and only passed on.
        """
        update = math.floor(seconds / UPDATE_S)
        before, after = self._moment(update).weather, self._moment(update + 1).weather
        return between(before, after, seconds / UPDATE_S - update, ground_wetness, snow_depth_m)

    def field(self, seconds: float) -> AirField:
        """The air over the map in the minute that these seconds lie in."""
        minute = math.floor(seconds / FIELD_S)
        if self._field is None or self._field[0] != minute:
            moment = self._moment(minute * (FIELD_S // UPDATE_S))
            self._field = (minute, air_field(moment, self._course, self.terrain))
        return self._field[1]

    def lightning(self, from_s: float, to_s: float) -> NDArray[np.void]:
        """Strokes to the ground from one second up to another (not included): lightning.STROKE, in order of time."""
        first, last = math.floor(from_s / FIELD_S), math.floor(to_s / FIELD_S)
        if first == last and not len(self._struck(first)):
            return NO_STROKES
        found = [strokes for minute in range(first, last + 1) if len(strokes := self._struck(minute))]
        if not found:
            return NO_STROKES
        strokes = np.concatenate(found)
        return strokes[(strokes["second"] >= from_s) & (strokes["second"] < to_s)]

    def send(self, kind: str, seconds: float, over_s: float) -> None:
        """Let a front of this kind begin to arrive `seconds` after the start. Raises KeyError for unknown kinds.

        It begins with the next weather state, so that what was told of earlier moments stays true.
        """
        if kind not in AIR_MASSES:
            raise KeyError(kind)
        begins = math.ceil(seconds / UPDATE_S) * UPDATE_S
        self._fronts += (Front(kind, begins / 3600.0, over_s / 3600.0),)
        self._forget()

    def freeze(self) -> Plain:
        """The fronts that were sent: all else follows from the scenario."""
        return {"fronts": plain(self._fronts)}

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        self._fronts = typed(part(state, "fronts"), tuple[Front, ...], "fronts")
        self._forget()

    def state(self) -> dict[str, NDArray[np.float64]]:
        """All that changes, as arrays."""
        kinds = sorted(AIR_MASSES)
        rows = [(kinds.index(front.kind), front.at, front.hours) for front in self._fronts]
        return {"weather_fronts": np.array(rows, dtype=np.float64).reshape(-1, 3)}

    @property
    def opening_ground(self) -> tuple[float, float]:
        """Wetness of the ground (0..1) and depth of lying snow in metres with which the run opens."""
        if self._opening.kind != CLIMATE:
            mass = AIR_MASSES[self._opening.kind]
            return mass.wetness, mass.snow_m
        return lying(self._course.days, self._start.date().toordinal())

    @property
    def days(self) -> Days:
        """The climate's days, as they would be without anything forced."""
        return self._course.days

    def _forget(self) -> None:
        self._moments.clear()
        self._strokes.clear()
        self._field = None

    def _moment(self, update: int) -> Moment:
        if update not in self._moments:
            while len(self._moments) > 16:
                self._moments.pop(next(iter(self._moments)))
            self._moments[update] = self._made(update)
        return self._moments[update]

    def _made(self, update: int) -> Moment:
        seconds = float(update * UPDATE_S)
        local = self._start + timedelta(seconds=seconds)
        noise = self._gusts.at(seconds)
        elevation = sun_at(utc_of(local, self._longitude), self.climate.latitude, self._longitude).elevation
        forced = shares(self._opening, self._fronts, seconds / 3600.0)
        climate_share = max(0.0, 1.0 - sum(forced.values()))
        parts = [(share, forced_air(kind, self._course, local, noise)) for kind, share in forced.items()]
        if climate_share > 0.0:
            parts.append((climate_share, self._course.air(local, noise)))
        air = mixed(parts)
        showers = climate_share * self._course.showers_mm_h(local) if climate_share > 0.0 else 0.0
        rate = showers
        if air.even_mm_h > 0.0 or air.storm_mm_h > 0.0:
            value = np.array(self._course.texture.here(calendar_s(local)))
            rate += air.even_mm_h * float(patchy(value, PATCHES)) + air.storm_mm_h * float(patchy(value, STORM_PATCHES))
        rate = bounded_mm_h(rate)
        weather = self._weather(air, rate, showers, noise, local, elevation)
        return Moment(local, weather, air, climate_share, elevation)

    def _weather(
        self, air: Air, rate: float, showers: float, noise: Mapping[str, float], local: datetime, elevation: float
    ) -> Weather:
        temperature = air.temperature_c
        spread = max(0.02, air.spread_c)
        if showers > 0.0:  # a shower brings its own cool damp air
            share = min(1.0, showers / 8.0)
            temperature -= 2.0 * share
            spread = spread * (1.0 - 0.7 * share)
        temperature = earthly(temperature)
        humidity = min(1.0, max(0.03, saturation_pa(max(temperature - spread, -95.0)) / saturation_pa(temperature)))
        frozen = snow_share(wet_bulb_c(temperature, humidity))
        cloud = min(1.0, air.cloud + (1.0 - air.cloud) * min(1.0, rate / 1.5))
        outflow = OUTFLOW_M_S * min(1.0, showers / OUTFLOW_MM_H)
        steady = air.wind_m_s + 0.4 * outflow
        wind = max(0.0, steady * (1.0 + GUST_SHARE * noise["gust"]))
        gust = max(wind, steady * (1.0 + GUST_SHARE * (GUST_PEAK + 0.4 * noise["wind"])) + 0.8 * outflow)
        rain, snow = rate * (1.0 - frozen), rate * frozen
        haze = visibility_m(rain, snow, humidity, air.mist)
        inside = visibility_m(rain, snow, humidity, air.mist + air.fog)
        foggy = inside < 0.97 * haze
        return Weather(
            temperature_c=temperature,
            humidity=humidity,
            pressure_pa=air.pressure_pa + PRESSURE_NOISE_PA * noise["pressure"],
            wind_m_s=wind,
            wind_towards=(self.climate.prevailing_towards + air.direction + 0.3 * noise["direction"]) % (2 * math.pi),
            cloud=cloud,
            rain_mm_h=rain,
            snow_mm_h=snow,
            visibility_m=inside,
            ground_wetness=0.0,
            snow_depth_m=0.0,
            gust_m_s=gust,
            sun_w_m2=irradiance_w_m2(elevation, cloud, self.climate.altitude_m, local.timetuple().tm_yday),
            haze_visibility_m=haze if foggy else inside,
            fog_top_m=self.terrain.village_m + air.fog_top_m if foggy else NO_FOG_M,
        )

    def _struck(self, minute: int) -> NDArray[np.void]:
        if minute not in self._strokes:
            while len(self._strokes) > 3:
                self._strokes.pop(next(iter(self._strokes)))
            self._strokes[minute] = self._made_strokes(minute)
        return self._strokes[minute]

    def _made_strokes(self, minute: int) -> NDArray[np.void]:
        if minute < 0:
            return NO_STROKES
        seconds = minute * FIELD_S
        moment = self._moment(minute * (FIELD_S // UPDATE_S))
        cells: list[tuple[float, float, float, float]] = []
        if moment.climate_share > 0.0:
            storms = self._course.storms(moment.local.date().toordinal())
            cells = [
                (x, y, radius, peak * moment.climate_share)
                for x, y, radius, peak in storms.overhead(hour_of(moment.local) * 3600.0)
            ]
        storm = moment.air.storm_mm_h / AIR_MASSES["storm"].rate_mm_h
        strokes = strokes_of(cells, storm, moment.weather.temperature_c, self._seed, minute, float(seconds), FIELD_S)
        strokes["x"] += self.terrain.relief.village[0]
        strokes["y"] += self.terrain.relief.village[1]
        return strokes


def between(a: Weather, b: Weather, share: float, ground_wetness: float, snow_depth_m: float) -> Weather:
    """Linear between two weathers; the wind turns the short way, visibility blends as extinction does."""
    rest = 1.0 - share
    turn = (b.wind_towards - a.wind_towards + math.pi) % (2 * math.pi) - math.pi
    if a.fog_top_m <= NO_FOG_M or b.fog_top_m <= NO_FOG_M:  # a fog that comes or goes does not sink to the depths
        fog_top_m = max(a.fog_top_m, b.fog_top_m)
    else:
        fog_top_m = a.fog_top_m * rest + b.fog_top_m * share
    return Weather(
        temperature_c=a.temperature_c * rest + b.temperature_c * share,
        humidity=a.humidity * rest + b.humidity * share,
        pressure_pa=a.pressure_pa * rest + b.pressure_pa * share,
        wind_m_s=a.wind_m_s * rest + b.wind_m_s * share,
        wind_towards=(a.wind_towards + turn * share) % (2 * math.pi),
        cloud=a.cloud * rest + b.cloud * share,
        rain_mm_h=a.rain_mm_h * rest + b.rain_mm_h * share,
        snow_mm_h=a.snow_mm_h * rest + b.snow_mm_h * share,
        visibility_m=1.0 / (rest / a.visibility_m + share / b.visibility_m),
        ground_wetness=ground_wetness,
        snow_depth_m=snow_depth_m,
        gust_m_s=a.gust_m_s * rest + b.gust_m_s * share,
        sun_w_m2=a.sun_w_m2 * rest + b.sun_w_m2 * share,
        haze_visibility_m=1.0 / (rest / a.haze_visibility_m + share / b.haze_visibility_m),
        fog_top_m=fog_top_m,
    )
