"""Weather that evolves: air masses and fronts, the day's course, gusts and showers, wet ground and snow."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from world.sky.air import (
    AIR_MASSES,
    AirMass,
    ar1,
    dew_point_c,
    saturation_pa,
    snow_share,
    visibility_m,
    wet_bulb_c,
)
from world.sky.sun import irradiance_w_m2, sun_at, utc_of
from world.state import Plain, column, part, plain, typed
from world.streams import stream
from world.view import Weather
from world.water.ground_water import CAPACITY_MM, SETTLED_SNOW_DENSITY, GroundWater

UPDATE_S = 10  # seconds between weather states; ticks between are interpolated
NOISES = ("temperature", "humidity", "pressure", "wind", "direction", "cloud", "rate", "gust")
MEMORY_S = np.array([5400.0, 7200.0, 21600.0, 2400.0, 7200.0, 3600.0, 600.0, 25.0])  # e-folding times of the noises
TEMPERATURE_NOISE_C = 0.7
PRESSURE_NOISE_PA = 160.0
GUST_SHARE = 0.22  # standard deviation of wind in gusts over its mean: turbulence over rough open country
PREVAILING_TOWARDS = 0.35  # radians: the air moves east-north-east, the westerlies of the middle latitudes
NO_RATE_MM_H = 0.05  # less than this is not precipitation


@dataclass(frozen=True)
class WeatherOpening:
    """How the weather of a run begins, and a front that may arrive."""

    kind: str = "fair"  # a key of AIR_MASSES
    front: str | None = None  # the kind that the front brings
    front_at: float = 1.0  # hours after the start at which it begins to arrive
    front_hours: float = 1.0  # how long it takes to arrive

    def mass_after(self, hours: float) -> AirMass:
        """The air mass some hours after the start: a smooth passage from one kind to the other."""
        here = AIR_MASSES[self.kind]
        if self.front is None:
            return here
        return blend(here, AIR_MASSES[self.front], _arrived(hours - self.front_at, self.front_hours))


@dataclass(frozen=True)
class Front:
    """A kind of weather that came to the run from outside its scenario, over whatever there was."""

    kind: str  # a key of AIR_MASSES
    at: float  # hours after the start at which it begins to arrive
    hours: float  # how long it takes to arrive

    def over(self, mass: AirMass, hours: float) -> AirMass:
        """The air mass some hours after the start, where it would have been `mass` without this front."""
        return blend(mass, AIR_MASSES[self.kind], _arrived(hours - self.at, self.hours))


def _arrived(hours: float, takes: float) -> float:
    """Share of a front that is there so long after its beginning: smooth at both ends."""
    t = min(1.0, max(0.0, hours / max(takes, 1e-6)))
    return t * t * (3.0 - 2.0 * t)


def blend(a: AirMass, b: AirMass, share: float) -> AirMass:
    """Between two air masses; `share` 1 is the second."""
    return AirMass(**{f.name: getattr(a, f.name) * (1 - share) + getattr(b, f.name) * share for f in fields(AirMass)})


@dataclass(frozen=True)
class WeatherState:
    """The weather at one update, with the noise and the stores from which the next follows."""

    update: int
    noise: NDArray[np.float64]  # (len(NOISES),) standard normal
    water: GroundWater
    weather: Weather


class Sky:
    """Weather of one run, updated every `UPDATE_S` simulated seconds and read at any tick between."""

    def __init__(self, opening: WeatherOpening, seed: int, start: datetime, latitude: float, longitude: float) -> None:
        """Raise KeyError for kinds that are not in AIR_MASSES."""
        self._opening = opening
        self._seed = seed
        self._start = start
        self._latitude = latitude
        self._longitude = longitude
        self._fronts: tuple[Front, ...] = ()
        mass = AIR_MASSES[opening.kind]
        noise = stream(seed, "weather").standard_normal(len(NOISES)) * 0.5
        snow_mm = 1000.0 * mass.snow_m * SETTLED_SNOW_DENSITY
        water = GroundWater(mass.wetness * CAPACITY_MM, snow_mm, SETTLED_SNOW_DENSITY)
        self._before = self._state(0, noise, water)
        self._after = self._next(self._before)

    def at(self, seconds: float) -> Weather:
        """The weather `seconds` after the start; time may only go forward."""
        position = seconds / UPDATE_S
        while position >= self._after.update:
            self._before, self._after = self._after, self._next(self._after)
        return between(self._before.weather, self._after.weather, position - self._before.update)

    def send(self, kind: str, seconds: float, over_s: float) -> None:
        """Let a front of this kind begin to arrive `seconds` after the start. Raises KeyError for unknown kinds."""
        if kind not in AIR_MASSES:
            raise KeyError(kind)
        self._fronts += (Front(kind, seconds / 3600.0, over_s / 3600.0),)

    def freeze(self) -> Plain:
        """The two updates between which the weather stands, and the fronts that were sent."""
        states = (self._before, self._after)
        return {
            "updates": [s.update for s in states],
            "noise": np.stack([s.noise for s in states]),
            "water": [plain(s.water) for s in states],
            "weather": [plain(s.weather) for s in states],
            "fronts": plain(self._fronts),
        }

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        noise = column(part(state, "noise"), "noise", np.dtype(np.float64))
        if noise.shape != (2, len(NOISES)):
            raise ValueError(f"the state's 'noise' has the shape {noise.shape}, where {(2, len(NOISES))} is wanted")
        updates = typed(part(state, "updates"), tuple[int, int], "updates")
        waters = typed(part(state, "water"), tuple[GroundWater, GroundWater], "water")
        weathers = typed(part(state, "weather"), tuple[Weather, Weather], "weather")
        self._before, self._after = map(WeatherState, updates, noise, waters, weathers)
        self._fronts = typed(part(state, "fronts"), tuple[Front, ...], "fronts")

    @property
    def water(self) -> GroundWater:
        """The ledger of ground water at the last update."""
        return self._before.water

    def state(self) -> dict[str, NDArray[np.float64]]:
        """All that changes, as arrays."""
        states = (self._before, self._after)
        return {
            "weather_update": np.array([float(s.update) for s in states]),
            "weather_noise": np.stack([s.noise for s in states]),
            "weather_water": np.array([[getattr(s.water, f.name) for f in fields(GroundWater)] for s in states]),
            "weather": np.array([[getattr(s.weather, f.name) for f in fields(Weather)] for s in states]),
        }

    def _next(self, state: WeatherState) -> WeatherState:
        update = state.update + 1
        fresh = stream(self._seed, "weather", update).standard_normal(len(NOISES))
        noise = ar1(state.noise, fresh, np.exp(-UPDATE_S / MEMORY_S))
        now = state.weather
        sun = irradiance_w_m2(self._elevation(state.update), now.cloud)
        water = state.water.after(
            UPDATE_S / 3600.0, now.rain_mm_h, now.snow_mm_h, now.temperature_c, now.humidity, now.wind_m_s, sun
        )
        return self._state(update, noise, water)

    def _state(self, update: int, noise: NDArray[np.float64], water: GroundWater) -> WeatherState:
        hours = update * UPDATE_S / 3600.0
        mass = self._opening.mass_after(hours)
        for front in self._fronts:
            mass = front.over(mass, hours)
        local = self._start + timedelta(hours=hours)
        return WeatherState(update, noise, water, weather_of(mass, noise, water, local, self._latitude))

    def _elevation(self, update: int) -> float:
        local = self._start + timedelta(seconds=update * UPDATE_S)
        return sun_at(utc_of(local, self._longitude), self._latitude, self._longitude).elevation


def season_mean_c(local: datetime, latitude_deg: float) -> float:
    """Mean temperature of the day at low altitude: a cosine through the year, coldest a month after the solstice.

    Fitted by eye to zonal means: 27 degC at the equator, 9 at 50 degrees with an annual swing of 18 K.
    """
    day = local.timetuple().tm_yday + local.hour / 24.0
    poleward = abs(latitude_deg) / 90.0
    mean = 27.0 - 50.0 * math.pow(poleward, 1.7)
    swing = 22.0 * poleward
    coldest_day = 20.0 if latitude_deg >= 0 else 202.5
    return mean - swing * 0.75 * math.cos(2 * math.pi * (day - coldest_day) / 365.25)


def weather_of(
    mass: AirMass, noise: NDArray[np.float64], water: GroundWater, local: datetime, latitude_deg: float
) -> Weather:
    """The weather that an air mass, the hour and the noise make together; `noise` is in the order of NOISES."""
    n = dict(zip(NOISES, noise.tolist(), strict=True))
    cloud = min(1.0, max(0.0, mass.cloud + 0.16 * n["cloud"] * (1.0 - abs(2.0 * mass.cloud - 1.0) ** 2)))
    hour = local.hour + local.minute / 60.0 + local.second / 3600.0
    day_range = 5.5 * (1.0 - 0.75 * cloud**2)
    mean = min(mass.warmest_c, max(mass.coldest_c, season_mean_c(local, latitude_deg) + mass.warmth_c))
    diurnal = day_range * math.cos(2 * math.pi * (hour - 15.0) / 24.0)
    temperature = mean + diurnal + TEMPERATURE_NOISE_C * n["temperature"]
    # The dew point follows the day's mean: afternoons are drier, nights close to saturation.
    spread = max(0.02, mass.spread_c * math.exp(0.15 * n["humidity"]) + 0.8 * diurnal * min(1.0, mass.spread_c / 4.0))
    humidity = min(1.0, max(0.08, saturation_pa(temperature - spread) / saturation_pa(temperature)))
    rate = mass.rate_mm_h * math.exp(0.35 * n["rate"] - 0.06)
    rate = rate if rate >= NO_RATE_MM_H else 0.0
    frozen = snow_share(wet_bulb_c(temperature, humidity))
    steady = mass.wind_m_s * math.exp(0.2 * n["wind"])
    wind = max(0.0, steady * (1.0 + GUST_SHARE * n["gust"]))
    rain, snow = rate * (1.0 - frozen), rate * frozen
    dew_spread = temperature - dew_point_c(temperature, humidity)
    return Weather(
        temperature_c=temperature,
        humidity=humidity,
        pressure_pa=mass.pressure_pa + PRESSURE_NOISE_PA * n["pressure"],
        wind_m_s=wind,
        wind_towards=(PREVAILING_TOWARDS + 0.5 * n["direction"]) % (2 * math.pi),
        cloud=cloud,
        rain_mm_h=rain,
        snow_mm_h=snow,
        visibility_m=visibility_m(rain, snow, humidity, dew_spread, steady),
        ground_wetness=water.wetness,
        snow_depth_m=water.snow_depth_m,
    )


def between(a: Weather, b: Weather, share: float) -> Weather:
    """Linear between two weathers; the wind turns the short way, visibility blends as extinction does."""
    mixed = {f.name: getattr(a, f.name) * (1 - share) + getattr(b, f.name) * share for f in fields(Weather)}
    turn = (b.wind_towards - a.wind_towards + math.pi) % (2 * math.pi) - math.pi
    mixed["wind_towards"] = (a.wind_towards + turn * share) % (2 * math.pi)
    mixed["visibility_m"] = 1.0 / ((1 - share) / a.visibility_m + share / b.visibility_m)
    return Weather(**mixed)
