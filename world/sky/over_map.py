"""The weather of one moment spread over the map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from world.sky.air import dew_point_c
from world.sky.airs import LEAST_MM_H, MOST_MM_H, Air, hour_of
from world.sky.course import Course
from world.sky.field import AirField, Terrain
from world.sky.storms import DAY_S, PATCHES, patchy
from world.view import NO_FOG_M, Weather

Floats = NDArray[np.float64]

STORM_PATCHES = 0.45  # strength of the texture in a forced storm


@dataclass(frozen=True)
class Moment:
    """One weather state, with what the field of its minute is made from."""

    local: datetime  # mean solar time
    weather: Weather
    air: Air
    climate_share: float
    elevation: float  # of the sun, radians


def air_field(moment: Moment, course: Course, terrain: Terrain) -> AirField:
    """The air at the nodes of the lattice, from the weather of the village."""
    weather, air, local = moment.weather, moment.air, moment.local
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
    patches = course.texture.at(x, y, calendar_s(local))
    rate = air.storm_mm_h * patchy(patches, STORM_PATCHES)
    showers = np.zeros_like(x)
    if moment.climate_share > 0.0:
        storms, second = course.storms(day.toordinal()), hour_of(local) * 3600.0
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


def calendar_s(local: datetime) -> float:
    """Seconds since the midnight before day 0 of the calendar."""
    return local.toordinal() * DAY_S + hour_of(local) * 3600.0


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
