"""What is usual at a place: a climate as monthly means, and the statistics from which its days are drawn."""

from __future__ import annotations

import math
from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MONTH_DAYS = np.array([31.0, 28.2425, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0])
MID_MONTH = np.cumsum(MONTH_DAYS) - MONTH_DAYS / 2.0  # days after the beginning of the year
YEAR_DAYS = 365.2425
LEAST_MM = 0.2  # less is no wet day: the resolution of a tipping bucket
SOLAR_MJ_M2_MIN = 0.0820  # solar constant of FAO-56
LATENT_MJ_KG = 2.45
COLDEST_C, HOTTEST_C = -88.0, 56.0  # nowhere on Earth was colder (Vostok 1983) or hotter (Furnace Creek 1913) by much


@dataclass(frozen=True)
class DailyStatistics:
    """What the generator of days needs; arrays are (12,), January first.

    A day is wet with `p01` after a dry and `p11` after a wet day. Its amount is `LEAST_MM` and an
    exponential of mean `large_mm` with the share `mix`, else of mean `small_mm` (Wilks 1999).
    """

    p01: Floats
    p11: Floats
    mix: Floats
    small_mm: Floats
    large_mm: Floats
    sway: Floats  # how far a month's hidden index moves wetness: of the logits per standard deviation
    spread_c: Floats  # standard deviation of a day's mean temperature about the month's, all causes together
    slow: Floats  # share of that variance which stays for the whole month
    wet_shift_c: Floats  # mean temperature of wet days less that of dry ones
    range_dry_c: Floats  # daily maximum less minimum, mean over dry days
    range_wet_c: Floats
    range_spread: float  # standard deviation of its logarithm
    memory: float  # correlation of temperature from day to day, the month's share taken out
    dryness_c: Floats  # the night's minimum less the dew point


@dataclass(frozen=True)
class Climate:
    """The usual year of a valley floor; arrays are (12,), January first."""

    latitude: float
    altitude_m: float  # of the map's datum above the sea
    sea_distance_km: float
    prevailing_towards: float  # radians, counter-clockwise from east
    temperature_c: Floats
    diurnal_range_c: Floats
    rain_mm: Floats  # of the month, snow as water
    wet_days: Floats  # of the month
    humidity: Floats  # 0..1
    wind_m_s: Floats
    cloud: Floats  # 0..1
    pet_mm: Floats  # potential evapotranspiration of the month
    daily: DailyStatistics
    source: str = "latitude, altitude and distance from the sea"

    @property
    def annual_rain_mm(self) -> float:
        """Rain and snow of a mean year."""
        return float(self.rain_mm.sum())

    @property
    def annual_temperature_c(self) -> float:
        """Mean over the year."""
        return float(self.temperature_c @ MONTH_DAYS / MONTH_DAYS.sum())


def earthly(temperature_c: float) -> float:
    """A temperature kept within what occurs on Earth, by a curve that leaves what lies between -75 and 45 alone."""
    if temperature_c > 45.0:
        return 45.0 + (HOTTEST_C - 45.0) * math.tanh((temperature_c - 45.0) / (HOTTEST_C - 45.0))
    if temperature_c < -75.0:
        return -75.0 + (COLDEST_C + 75.0) * math.tanh((temperature_c + 75.0) / (COLDEST_C + 75.0))
    return temperature_c


def extraterrestrial_mm(latitude_deg: float, day: Floats) -> Floats:
    """Sun on a level surface above the air, as evaporated water per day (FAO-56, Allen et al. 1998, equation 21).

    Args:
        latitude_deg: -90..90.
        day: days after the beginning of the year.
    """
    angle = 2.0 * np.pi * np.asarray(day, dtype=np.float64) / YEAR_DAYS
    declination = 0.409 * np.sin(angle - 1.39)
    latitude = math.radians(min(89.9, max(-89.9, latitude_deg)))
    sunset = np.arccos(np.clip(-math.tan(latitude) * np.tan(declination), -1.0, 1.0))
    height = sunset * math.sin(latitude) * np.sin(declination) + math.cos(latitude) * np.cos(declination) * np.sin(
        sunset
    )
    mega_joules = 24.0 * 60.0 / np.pi * SOLAR_MJ_M2_MIN * (1.0 + 0.033 * np.cos(angle)) * height
    result: Floats = np.maximum(mega_joules, 0.0) / LATENT_MJ_KG
    return result


def hargreaves_mm(latitude_deg: float, temperature_c: Floats, diurnal_range_c: Floats) -> Floats:
    """Potential evapotranspiration of each month (Hargreaves & Samani 1985; FAO-56 equation 52)."""
    radiation = extraterrestrial_mm(latitude_deg, MID_MONTH)
    result: Floats = (
        0.0023 * radiation * np.maximum(temperature_c + 17.8, 0.0) * np.sqrt(np.maximum(diurnal_range_c, 0.0))
    ) * MONTH_DAYS
    return result


@lru_cache(maxsize=1)
def _mean_to_knot() -> Floats:
    # The mean over a month of the line through three mid-month values is 1/8, 6/8, 1/8 of them.
    means = 0.75 * np.eye(12) + 0.125 * (np.roll(np.eye(12), 1, axis=1) + np.roll(np.eye(12), -1, axis=1))
    inverse: Floats = np.linalg.inv(means).astype(np.float64)
    return inverse


def knots_of(monthly: Floats) -> Floats:
    """Mid-month values (12,) between which straight lines have the given monthly means."""
    result: Floats = _mean_to_knot() @ monthly
    return result


def through_the_year(knots: Sequence[float] | Floats, day: date, share_of_day: float = 0.5) -> float:
    """A quantity at a moment of a day, on straight lines between the middles of the months."""
    length = 29 if day.month == 2 and isleap(day.year) else int(MONTH_DAYS[day.month - 1])
    position = day.month - 1.5 + (day.day - 1.0 + share_of_day) / length
    month = math.floor(position)
    share = position - month
    return float(knots[month % 12] * (1.0 - share) + knots[(month + 1) % 12] * share)
