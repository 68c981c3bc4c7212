"""The weather of a run: the climate's own days and what the scenario forces, at the village and over the map.

Nothing here has memory: the weather of a moment is a function of the seed, the climate and the fronts sent so far.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from world.sky.air import (
    AIR_MASSES,
    STORMS,
    dew_point_c,
    fog_share,
    saturation_pa,
    snow_share,
    visibility_m,
    wet_bulb_c,
)
from world.sky.daily import Day, Days
from world.sky.field import AirField, Relief, Terrain, flat
from world.sky.forcing import CLIMATE, Front, Spell, WeatherOpening, shares
from world.sky.gusts import Gusts
from world.sky.lightning import NO_STROKES, strokes_of
from world.sky.night import Night, night_of, swing
from world.sky.normals import Climate, earthly
from world.sky.storms import DAY_S, PATCHES, Storms, patchy, storms_of, texture
from world.sky.sun import irradiance_w_m2, sun_at, utc_of
from world.state import Plain, part, plain, typed
from world.view import NO_FOG_M, Weather

__all__ = ["Front", "Sky", "Spell", "WeatherOpening"]

Floats = NDArray[np.float64]

UPDATE_S = 10  # seconds between weather states; ticks between are interpolated
FIELD_S = 60  # seconds for which a field stays
GUST_SHARE = 0.22  # standard deviation of wind in gusts over its mean: turbulence over rough open country
GUST_PEAK = 2.3  # standard deviations that the strongest gust of some minutes lies above the mean
TEMPERATURE_NOISE_C, CLIMATE_NOISE_C = 0.7, 0.3
PRESSURE_NOISE_PA = 160.0
FORCED_RANGE_C = 5.5  # half the diurnal range of a clear forced day where the climate's is USUAL_RANGE_C
USUAL_RANGE_C = 11.0
STORM_PATCHES = 0.45  # strength of the texture in a forced storm
OUTFLOW_M_S, OUTFLOW_MM_H = 7.0, 25.0  # gusts out of a shower of such rain
LEAST_MM_H, MOST_MM_H = 0.01, 260.0  # less is nothing; 305 mm fell in the wettest hour known (Holt 1947)
RAIN_SPREAD_C = 1.2  # temperature over dew point in steady rain
LEAST_SPREAD_C, FOG_SPREAD_C = 0.7, 0.12  # temperature over dew point on nights without fog, and in the thick of it
FOG_TOP_M, FOG_TOP_SWAY_M = 60.0, 12.0  # of a forced fog, above the village
NAMES = tuple(f.name for f in fields(Weather))


@dataclass(frozen=True)
class Air:
    """What one kind of weather makes of a moment."""

    temperature_c: float
    spread_c: float  # temperature minus dew point
    cloud: float
    wind_m_s: float
    direction: float  # off the prevailing one
    pressure_pa: float
    even_mm_h: float  # precipitation, before its texture
    storm_mm_h: float  # of a forced storm, likewise
    mist: float  # everywhere, and
    fog: float  # in the valley only: shares of the densest
    fog_top_m: float  # above the village


@dataclass(frozen=True)
class Moment:
    """One weather state, with what the field of its minute is made from."""

    weather: Weather
    air: Air
    climate_share: float
    elevation: float


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
        self._days = Days(climate, seed)
        self._gusts = Gusts(seed)
        self._texture = texture(seed, climate.prevailing_towards)
        self._second_0 = start.toordinal() * DAY_S + hour_of(start) * 3600.0  # in the calendar's seconds
        self._fronts: tuple[Front, ...] = ()
        self._moments: dict[int, Moment] = {}
        self._storms: dict[int, Storms] = {}
        self._nights: dict[int, Night] = {}
        self._field: tuple[int, AirField] | None = None
        self._strokes: dict[int, NDArray[np.void]] = {}

    def at(self, seconds: float) -> Weather:
        """The weather at the village, with the temperature of the datum's height, `seconds` after the start."""
        update = math.floor(seconds / UPDATE_S)
        before, after = self._moment(update).weather, self._moment(update + 1).weather
        return between(before, after, seconds / UPDATE_S - update)

    def field(self, seconds: float) -> AirField:
        """The air over the map in the minute that these seconds lie in."""
        minute = math.floor(seconds / FIELD_S)
        if self._field is None or self._field[0] != minute:
            self._field = (minute, self._made_field(minute))
        return self._field[1]

    def lightning(self, from_s: float, to_s: float) -> NDArray[np.void]:
        """Strokes to the ground from one second up to another (not included): lightning.STROKE, in order of time."""
        first, last = math.floor(from_s / FIELD_S), math.floor(to_s / FIELD_S)
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
        return lying(self._days, self._start.date().toordinal())

    @property
    def days(self) -> Days:
        """The climate's days, as they would be without anything forced."""
        return self._days

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
        parts = [(share, self._forced_air(kind, local, noise)) for kind, share in forced.items()]
        if climate_share > 0.0:
            parts.append((climate_share, self._climate_air(local, noise)))
        air = mixed(parts)
        showers = climate_share * self._showers(local) if climate_share > 0.0 else 0.0
        rate = showers
        if air.even_mm_h > 0.0 or air.storm_mm_h > 0.0:
            value = np.array(self._texture.here(self._second_0 + seconds))
            rate += air.even_mm_h * float(patchy(value, PATCHES)) + air.storm_mm_h * float(patchy(value, STORM_PATCHES))
        rate = bounded_mm_h(rate)
        weather = self._weather(air, rate, showers, noise, local, elevation)
        return Moment(weather, air, climate_share, elevation)

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

    def _forced_air(self, kind: str, local: datetime, noise: Mapping[str, float]) -> Air:
        """What a kind of weather is like here and now; figures by judgement."""
        mass = AIR_MASSES[kind]
        ordinal, hour = local.date().toordinal(), hour_of(local)
        cloud = min(1.0, max(0.0, mass.cloud + 0.16 * noise["cloud"] * (1.0 - abs(2.0 * mass.cloud - 1.0) ** 2)))
        usual_range = float(self.climate.diurnal_range_c[local.month - 1])
        half_range = FORCED_RANGE_C * (1.0 - 0.75 * cloud**2) * min(1.3, usual_range / USUAL_RANGE_C)
        night, next_night = self._night(ordinal), self._night(ordinal + 1)
        _, warm = swing(hour, night.sunrise_h, next_night.sunrise_h)
        diurnal = half_range * (2.0 * warm - 1.0)
        usual = self._days.usual_c(local.date(), hour / 24.0)
        mean = min(mass.warmest_c, max(mass.coldest_c, usual + mass.warmth_c))
        # The dew point follows the day's mean: afternoons are drier, nights close to saturation.
        spread = mass.spread_c * math.exp(0.15 * noise["humidity"]) + 0.8 * diurnal * min(1.0, mass.spread_c / 4.0)
        spread = max(0.02, spread)
        wind = mass.wind_m_s * math.exp(0.2 * noise["wind"])
        closeness = fog_share(spread, wind)
        rate = mass.rate_mm_h * math.exp(0.2 * noise["rate"] - 0.02)
        return Air(
            temperature_c=mean + diurnal + TEMPERATURE_NOISE_C * noise["temperature"],
            spread_c=spread,
            cloud=cloud,
            wind_m_s=wind,
            direction=0.3 * noise["direction"],
            pressure_pa=mass.pressure_pa,
            even_mm_h=0.0 if kind in STORMS else rate,
            storm_mm_h=rate if kind in STORMS else 0.0,
            mist=0.0 if kind == "fog" else closeness,
            fog=closeness if kind == "fog" else 0.0,
            fog_top_m=FOG_TOP_M + FOG_TOP_SWAY_M * noise["pressure"],
        )

    def _climate_air(self, local: datetime, noise: Mapping[str, float]) -> Air:
        """What the climate's own day is like now."""
        ordinal, hour = local.date().toordinal(), hour_of(local)
        before, day, after = (self._days.day(ordinal + i) for i in (-1, 0, 1))
        night, next_night = self._night(ordinal), self._night(ordinal + 1)
        which, warm = swing(hour, night.sunrise_h, next_night.sunrise_h)
        warmest = before.warmest_c if which < 0 else day.warmest_c
        coldest = after.coldest_c if which > 0 else day.coldest_c
        temperature = coldest + (warmest - coldest) * warm + CLIMATE_NOISE_C * noise["temperature"]
        near, share = (before, 0.5 - hour / 24.0) if hour < 12.0 else (after, hour / 24.0 - 0.5)

        def now(name: str) -> float:
            return float(getattr(day, name) * (1.0 - share) + getattr(near, name) * share)

        fog = night.fog_at(hour)
        spread = max(LEAST_SPREAD_C, temperature - now("dew_c") + 0.6 * noise["humidity"])
        even = float(self._storms_of(day).band_mm_h(np.zeros(1), np.zeros(1), hour * 3600.0)[0])
        if even > 0.0:  # rain that evaporates cools the air as it moistens it
            moist = min(spread, RAIN_SPREAD_C + (spread - RAIN_SPREAD_C) * math.exp(-even / 0.8))
            temperature -= 0.5 * (spread - moist)
            spread = moist
        spread = spread * (1.0 - fog) + FOG_SPREAD_C * fog
        cloud = now("cloud")
        cloud = min(1.0, max(0.0, cloud + 0.22 * noise["cloud"] * (1.0 - abs(2.0 * cloud - 1.0) ** 2)))
        cloud = cloud + (1.0 - cloud) * min(1.0, even / 0.5)
        breeze = 1.0 + 0.35 * (1.0 - 0.6 * cloud) * math.cos(2.0 * math.pi * (hour - 14.5) / 24.0)
        wind = now("wind_m_s") * breeze * math.exp(0.2 * noise["wind"] - 0.02)
        wind = wind * (1.0 - fog) + min(wind, 0.8) * fog
        return Air(
            temperature_c=temperature,
            spread_c=spread,
            cloud=cloud,
            wind_m_s=wind,
            direction=now("direction"),
            pressure_pa=now("pressure_pa"),
            even_mm_h=even,
            storm_mm_h=0.0,
            mist=0.0,
            fog=fog * fog_share(FOG_SPREAD_C, wind),
            fog_top_m=night.top_at(hour),
        )

    def _showers(self, local: datetime) -> float:
        storms = self._storms_of(self._days.day(local.date().toordinal()))
        return float(storms.showers_mm_h(np.zeros(1), np.zeros(1), hour_of(local) * 3600.0)[0])

    def _storms_of(self, day: Day) -> Storms:
        if day.ordinal not in self._storms:
            while len(self._storms) > 3:
                self._storms.pop(next(iter(self._storms)))
            self._storms[day.ordinal] = storms_of(day, self._seed, self.climate.prevailing_towards, self._texture)
        return self._storms[day.ordinal]

    def _night(self, ordinal: int) -> Night:
        if ordinal not in self._nights:
            while len(self._nights) > 3:
                self._nights.pop(next(iter(self._nights)))
            before, day = self._days.day(ordinal - 1), self._days.day(ordinal)
            self._nights[ordinal] = night_of(before, day, self.climate.latitude, self._seed)
        return self._nights[ordinal]

    def _made_field(self, minute: int) -> AirField:
        seconds = float(minute * FIELD_S)
        moment = self._moment(minute * (FIELD_S // UPDATE_S))
        weather, air, terrain = moment.weather, moment.air, self.terrain
        local = self._start + timedelta(seconds=seconds)
        day = local.date()
        x, y = terrain.x, terrain.y
        east = weather.wind_m_s * math.cos(weather.wind_towards)
        north = weather.wind_m_s * math.sin(weather.wind_towards)
        pool = max(night_pool(weather, moment.elevation), fog_density(weather))
        temperature = terrain.temperature(weather.temperature_c, day, pool)
        dew = dew_point_c(weather.temperature_c, weather.humidity) - terrain.dew_lapse_c_m(day) * terrain.relief.heights
        fog = terrain.fog(fog_density(weather), weather.fog_top_m)
        dew = np.where(fog > 0.3, np.maximum(dew, temperature - 0.3), dew)
        temperature, dew = np.clip(temperature, -88.0, 56.0), np.clip(dew, -95.0, 56.0)
        humidity = np.clip(magnus_pa(np.minimum(dew, temperature)) / magnus_pa(temperature), 0.02, 1.0)
        patches = self._texture.at(x, y, self._second_0 + seconds)
        rate = air.storm_mm_h * patchy(patches, STORM_PATCHES)
        showers = np.zeros_like(x)
        if moment.climate_share > 0.0:
            storms, second = self._storms_of(self._days.day(day.toordinal())), hour_of(local) * 3600.0
            here = storms.band_mm_h(np.zeros(1), np.zeros(1), second)[0] * moment.climate_share
            there = storms.band_mm_h(x, y, second) * moment.climate_share
            rate = rate + (np.maximum(air.even_mm_h - here, 0.0) + there) * patchy(patches, PATCHES)
            showers = storms.showers_mm_h(x, y, second) * moment.climate_share
        else:
            rate = rate + air.even_mm_h * patchy(patches, PATCHES)
        rate = bounded_map_mm_h((rate + showers) * terrain.precipitation_factor(day, east, north))
        frozen = np.clip(1.0 - 0.5 * wet_bulb_map_c(temperature, humidity), 0.0, 1.0)
        wind_east, wind_north = terrain.wind(east, north)
        return AirField(
            origin=terrain.relief.origin,
            cell_m=terrain.relief.cell_m,
            temperature_c=temperature,
            humidity=humidity,
            wind_east_m_s=wind_east,
            wind_north_m_s=wind_north,
            rain_mm_h=rate * (1.0 - frozen),
            snow_mm_h=rate * frozen,
            cloud=np.minimum(1.0, air.cloud + (1.0 - air.cloud) * np.minimum(1.0, rate / 1.5)),
            fog=fog,
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
        local = self._start + timedelta(seconds=seconds)
        cells: list[tuple[float, float, float, float]] = []
        if moment.climate_share > 0.0:
            storms = self._storms_of(self._days.day(local.date().toordinal()))
            cells = [
                (x, y, radius, peak * moment.climate_share)
                for x, y, radius, peak in storms.overhead(hour_of(local) * 3600.0)
            ]
        storm = moment.air.storm_mm_h / AIR_MASSES["storm"].rate_mm_h
        strokes = strokes_of(cells, storm, moment.weather.temperature_c, self._seed, minute, float(seconds), FIELD_S)
        strokes["x"] += self.terrain.relief.village[0]
        strokes["y"] += self.terrain.relief.village[1]
        return strokes


def hour_of(local: datetime) -> float:
    """Hours since local midnight."""
    return local.hour + local.minute / 60.0 + (local.second + local.microsecond * 1e-6) / 3600.0


def mixed(parts: list[tuple[float, Air]]) -> Air:
    """Airs by their shares."""
    if len(parts) == 1:
        return parts[0][1]
    total = sum(share for share, _ in parts)
    return Air(**{f.name: sum(s * getattr(air, f.name) for s, air in parts) / total for f in fields(Air)})


def bounded_mm_h(rate: float) -> float:
    """A rate of precipitation without what is too little to call so, and below the most that falls on Earth."""
    return 0.0 if rate < LEAST_MM_H else MOST_MM_H * math.tanh(rate / MOST_MM_H)


def bounded_map_mm_h(rate: Floats) -> Floats:
    """Likewise for a map."""
    result: Floats = np.where(rate < LEAST_MM_H, 0.0, MOST_MM_H * np.tanh(rate / MOST_MM_H))
    return result


def magnus_pa(temperature_c: Floats) -> Floats:
    """Saturation vapour pressure over water (Magnus form, Alduchov & Eskridge 1996)."""
    result: Floats = 610.94 * np.exp(17.625 * temperature_c / (temperature_c + 243.04))
    return result


def wet_bulb_map_c(temperature_c: Floats, humidity: Floats) -> Floats:
    """Wet-bulb temperature (Stull 2011, eq. 1)."""
    percent = 100.0 * np.maximum(humidity, 0.05)
    result: Floats = (
        temperature_c * np.arctan(0.151977 * np.sqrt(percent + 8.313659))
        + np.arctan(temperature_c + percent)
        - np.arctan(percent - 1.676331)
        + 0.00391838 * percent**1.5 * np.arctan(0.023101 * percent)
        - 4.686035
    )
    return result


def night_pool(weather: Weather, elevation: float) -> float:
    """How far cold air has run together on the valley floor: on clear calm nights, 0..1."""
    dark = min(1.0, max(0.0, (math.radians(6.0) - elevation) / math.radians(10.0)))
    return dark * (1.0 - weather.cloud**2) * math.exp(-((weather.wind_m_s / 2.5) ** 2))


def fog_density(weather: Weather) -> float:
    """0 in clear air, 1 in thick fog: what the fog adds to the extinction, against 3.912 / 200 m."""
    if weather.fog_top_m <= NO_FOG_M:
        return 0.0
    return min(1.0, max(0.0, 200.0 * (1.0 / weather.visibility_m - 1.0 / weather.haze_visibility_m)))


def lying(days: Days, ordinal: int) -> tuple[float, float]:
    """Wetness of the topsoil and depth of the snow that the days before a date have left: a bucket and degree-days."""
    soil_mm, snow_mm, capacity_mm = 6.0, 0.0, 12.0
    for day in days.days(ordinal - 150, 150):
        frozen = snow_share(day.mean_c)
        melted = min(snow_mm, 4.0 * max(day.mean_c, 0.0))
        snow_mm += day.rain_mm * frozen - melted
        loss = 0.35 * soil_mm if snow_mm < 1.0 and day.mean_c > 0.0 else 0.0
        soil_mm = min(capacity_mm, soil_mm + day.rain_mm * (1.0 - frozen) + melted - loss)
    return soil_mm / capacity_mm, min(3.0, max(0.0, snow_mm) / 250.0)


def between(a: Weather, b: Weather, share: float) -> Weather:
    """Linear between two weathers; the wind turns the short way, visibility blends as extinction does."""
    mixed_values = {name: getattr(a, name) * (1.0 - share) + getattr(b, name) * share for name in NAMES}
    turn = (b.wind_towards - a.wind_towards + math.pi) % (2 * math.pi) - math.pi
    mixed_values["wind_towards"] = (a.wind_towards + turn * share) % (2 * math.pi)
    for name in ("visibility_m", "haze_visibility_m"):
        mixed_values[name] = 1.0 / ((1.0 - share) / getattr(a, name) + share / getattr(b, name))
    if a.fog_top_m <= NO_FOG_M or b.fog_top_m <= NO_FOG_M:  # a fog that comes or goes does not sink to the depths
        mixed_values["fog_top_m"] = max(a.fog_top_m, b.fog_top_m)
    return Weather(**mixed_values)
