"""The climate of a place of which nothing is known but its latitude, altitude and distance from the sea.

Means over the latitudes, bent by what altitude and sea do; good to two or three degrees and to a factor of two in
rain on west coasts and inland of them, where westerlies bring what the sea has; it knows no particular coast, current
or mountain range, and takes east coasts of middle latitudes, cold as they are, for warm ones.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.sky.air import saturation_pa
from world.sky.normals import (
    LEAST_MM,
    MID_MONTH,
    MONTH_DAYS,
    YEAR_DAYS,
    Climate,
    DailyStatistics,
    earthly,
    extraterrestrial_mm,
    hargreaves_mm,
)
from world.sky.wetness import centred

Floats = NDArray[np.float64]

LATITUDES = np.array([0.0, 5.0, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0, 90.0])
SEA_LEVEL_C = np.array([26.5, 26.4, 26.3, 23.3, 17.3, 10.3, 2.2, -6.5, -13.5, -19.5, -21.0])
"""Annual means of the latitude belts of the northern half near sea level, after Sellers 1965."""
BELT_RAIN_MM = np.array([1950.0, 1690.0, 1140.0, 820.0, 900.0, 1060.0, 915.0, 415.0, 135.0, 75.0, 60.0])
"""Annual precipitation of the belts, both halves together, after Sellers 1965."""
INLAND_SHARE = np.array([0.85, 0.8, 0.5, 0.04, 0.2, 0.4, 0.5, 0.5, 0.6, 0.8, 0.8])
"""What is left of it deep in a continent: plenty at the equator, next to nothing in the deserts; judgement."""
RAIN_REACH_KM = 700.0  # e-folding distance of the sea's moisture; judgement
MIGRATION_DEG = 9.0  # the rain belts follow the sun by so much to either side (Hartmann 1994, chapter 6)
SEASONS = 3.0  # belts over land differ more from month to month than means that hold the seas, to this power; judgement
LAPSE_C_M = 0.0055  # of annual means from valley to valley (Rolland 2003: 5.4 to 5.8 K/km in the Alps)
WARMED_C = 1.1  # land since the decades of Sellers's data, about (IPCC 2021, AR6 WG1, chapter 2)
# Conrad's continentality, the currents and the winters of the inland, and the lags after them: least squares over
# the normals of 22 stations, 14 of which are in tests/world/sky/test_normals.py.
COAST_INDEX, INLAND_INDEX, INDEX_REACH_KM = 9.0, 63.0, 850.0
SEA_WARMTH_C, WARMEST_DEG, WARMTH_WIDTH_DEG = 10.3, 62.0, 15.0  # that westerlies bring from the northern oceans
WARMTH_REACH_KM = 1000.0
INLAND_COLD_C, COLDEST_DEG, COLD_WIDTH_DEG = 26.0, 66.0, 7.0  # of winters under a lasting high, whose air lies still
LAG_DAYS, SEA_LAG_DAYS, LAG_REACH_KM = 23.0, 13.0, 165.0  # the year's course after the sun's; more by the sea
WIND_DEG = np.array([0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0])
WIND_TOWARDS_DEG = np.array([180.0, 225.0, 315.0, 380.0, 405.0, 540.0, 560.0])
"""Trades, westerlies and polar easterlies of the northern half, turning steadily from one to the next."""
WIND_STRENGTH = np.array([0.7, 1.0, 0.8, 1.1, 1.2, 1.0, 0.9])
DAY_TO_DAY = 0.35  # p11 - p01, the memory of wet and dry (0.2 to 0.45 at most stations: Wilks 1999, figure 2)
MOST_WET = 0.88  # share of wet days where it rains most
LARGE_SHARE, LARGE_RATIO = 0.45, 1.85  # the larger exponential's weight, and its mean over the whole mean
DEFAULT_SWAY = 0.45  # gives monthly rain a fifth to a third more variance than days alone (Katz & Parlange 1998)
WET_TO_DRY_RANGE = 0.66  # diurnal range of wet days over that of dry ones; judgement


def zonal_climate(
    latitude: float,
    altitude_m: float,
    sea_distance_km: float,
    annual_rain_mm: float | None = None,
    temperature_c: float | None = None,
) -> Climate:
    """The climate of a valley floor.

    Args:
        latitude: degrees, north positive.
        altitude_m: above the sea.
        sea_distance_km: to the nearest coast upwind.
        annual_rain_mm: replaces the belt's figure; the course through the year stays.
        temperature_c: replaces the annual mean.
    """
    inland = 1.0 - math.exp(-sea_distance_km / INDEX_REACH_KM)
    # Within the tropics even the deepest inland has the sun overhead all year.
    index = COAST_INDEX + (INLAND_INDEX - COAST_INDEX) * inland * min(1.0, abs(latitude) / 25.0)
    temperature = _temperature(latitude, altitude_m, sea_distance_km, index, temperature_c)
    rain = _rain(latitude, altitude_m, sea_distance_km, index, annual_rain_mm)
    mean_mm = 2.3 * np.exp(0.05 * np.clip(temperature, -30.0, 30.0))  # of a wet day: warm air holds more; judgement
    wet = MOST_WET * (1.0 - np.exp(-rain / (mean_mm * MONTH_DAYS * MOST_WET)))
    amount_mm = np.where(wet > 0.0, rain / np.maximum(wet * MONTH_DAYS, 1e-9), mean_mm)
    cloud = cloud_of(wet)
    radiation = extraterrestrial_mm(latitude, MID_MONTH)
    land = 1.0 - math.exp(-sea_distance_km / 60.0)
    ranges = (5.0 + 7.0 * land) * (0.35 + 0.65 * np.minimum(1.0, radiation / 13.5)) * (1.5 - 0.85 * cloud)
    pet = hargreaves_mm(latitude, temperature, ranges)
    dryness = dryness_of(pet, rain)
    dew = temperature - ranges / 2.0 - dryness
    humidity = [min(0.99, saturation_pa(d) / saturation_pa(t)) for d, t in zip(dew, temperature, strict=True)]
    return Climate(
        latitude=latitude,
        altitude_m=altitude_m,
        sea_distance_km=sea_distance_km,
        prevailing_towards=prevailing_towards(latitude),
        temperature_c=temperature,
        diurnal_range_c=ranges,
        rain_mm=rain,
        wet_days=wet * MONTH_DAYS,
        humidity=np.array(humidity),
        wind_m_s=_wind(latitude, altitude_m, sea_distance_km),
        cloud=cloud,
        pet_mm=pet,
        daily=centred(_days(temperature, wet, amount_mm, ranges, dryness)),
    )


def cloud_of(wet_share: Floats) -> Floats:
    """Mean cloud of months from their share of wet days; a curve by judgement."""
    result: Floats = np.clip(0.13 + 0.75 * wet_share**0.55, 0.1, 0.9)
    return result


def dryness_of(pet_mm: Floats, rain_mm: Floats) -> Floats:
    """How far the dew point lies below the night's minimum: little, but more in dry country (Kimball et al. 1997)."""
    aridity = float(pet_mm.sum()) / max(float(rain_mm.sum()), 1.0)
    least, most = 0.4, 14.0
    result: Floats = min(most, max(least, 2.2 * (aridity - 0.8))) * (
        0.4 + 0.6 * pet_mm / max(float(pet_mm.max()), 1e-9)
    )
    return result


def prevailing_towards(latitude: float) -> float:
    """Where the wind of this latitude mostly blows to: radians, counter-clockwise from east."""
    towards = math.radians(float(np.interp(abs(latitude), WIND_DEG, WIND_TOWARDS_DEG)))
    return (towards if latitude >= 0 else -towards) % (2.0 * math.pi)


def _summer(latitude: float, lag_days: float) -> Floats:
    """1 in the middle of this half's summer, -1 in that of its winter; `lag_days` after the solstice."""
    solstice = 171.5 if latitude >= 0 else 171.5 + YEAR_DAYS / 2
    result: Floats = np.cos(2.0 * np.pi * (MID_MONTH - solstice - lag_days) / YEAR_DAYS)
    return result


def _temperature(latitude: float, altitude_m: float, sea_km: float, index: float, mean_c: float | None) -> Floats:
    away = abs(latitude)
    inland = 1.0 - math.exp(-sea_km / INDEX_REACH_KM)
    cold = INLAND_COLD_C * math.exp(-(((away - COLDEST_DEG) / COLD_WIDTH_DEG) ** 2)) * inland**2
    if mean_c is None:
        mean_c = float(np.interp(away, LATITUDES, SEA_LEVEL_C)) + WARMED_C - LAPSE_C_M * altitude_m
        if latitude > 0.0:  # the southern ocean runs round the pole and brings no warmth
            currents = math.exp(-(((away - WARMEST_DEG) / WARMTH_WIDTH_DEG) ** 2))
            mean_c += SEA_WARMTH_C * currents * math.exp(-sea_km / WARMTH_REACH_KM)
        mean_c -= cold
    # Conrad 1946: index = 1.7 A / sin(latitude + 10 deg) - 14, with A the range of the monthly means.
    swing = (index + 14.0) * math.sin(math.radians(away + 10.0)) / 1.7 / 2.0
    summer = _summer(latitude, LAG_DAYS + SEA_LAG_DAYS * math.exp(-sea_km / LAG_REACH_KM))
    winter = ((1.0 - summer) / 2.0) ** 2
    course = mean_c + swing * summer - cold * (winter / float(winter.mean()) - 1.0)
    return np.array([earthly(t) for t in course])


def _rain(latitude: float, altitude_m: float, sea_km: float, index: float, annual_mm: float | None) -> Floats:
    reach = math.exp(-sea_km / RAIN_REACH_KM)
    # The belts wander after the sun: what a month gets is what lies where the sun would put the place.
    there = latitude - MIGRATION_DEG * _summer(1.0, 35.0)
    inland = float(np.interp(abs(latitude), LATITUDES, INLAND_SHARE))
    monthly = np.interp(np.abs(there), LATITUDES, BELT_RAIN_MM) * (inland + (1.0 - inland) * reach)
    mean = float(monthly.mean())
    monthly = mean * (monthly / mean) ** (1.0 + (SEASONS - 1.0) * min(1.0, max(0.0, (52.0 - abs(latitude)) / 12.0)))
    # Inland of the middle latitudes showers make a summer maximum.
    showers = 0.45 * (index - COAST_INDEX) / (INLAND_INDEX - COAST_INDEX)
    monthly = monthly * (1.0 + min(1.0, max(0.0, (abs(latitude) - 32.0) / 12.0)) * showers * _summer(latitude, 30.0))
    monthly = monthly * (mean / float(monthly.mean()))
    monthly = np.maximum(monthly, 1e-6) * MONTH_DAYS / YEAR_DAYS
    if annual_mm is None:
        # Mountains comb out more, and very high country lies above most of the moisture; judgement.
        annual_mm = float(monthly.sum()) * (1.0 + 0.2 * min(altitude_m, 1500.0) / 1000.0)
        annual_mm *= math.exp(-max(0.0, altitude_m - 2000.0) / 3000.0)
    result: Floats = monthly * (annual_mm / monthly.sum())
    return result


def _wind(latitude: float, altitude_m: float, sea_km: float) -> Floats:
    away = abs(latitude)
    strength = (2.3 + 3.2 * math.exp(-sea_km / 80.0)) * float(np.interp(away, WIND_DEG, WIND_STRENGTH))
    stormy = 0.22 * min(1.0, max(0.0, (away - 25.0) / 20.0))
    result: Floats = strength * (1.0 - stormy * _summer(latitude, 25.0)) * (1.0 + 0.1 * max(altitude_m, 0.0) / 1000.0)
    return result


def _days(temperature: Floats, wet: Floats, amount_mm: Floats, ranges: Floats, dryness: Floats) -> DailyStatistics:
    swing = float(temperature.max() - temperature.min())
    winter = (temperature.max() - temperature) / max(swing, 1e-9)
    dry_range = ranges / (1.0 - wet + WET_TO_DRY_RANGE * wet)
    amount_mm = np.maximum(amount_mm - LEAST_MM, 0.1)
    return DailyStatistics(
        p01=wet * (1.0 - DAY_TO_DAY),
        p11=wet + DAY_TO_DAY * (1.0 - wet),
        mix=np.full(12, LARGE_SHARE),
        small_mm=amount_mm * (1.0 - LARGE_SHARE * LARGE_RATIO) / (1.0 - LARGE_SHARE),
        large_mm=amount_mm * LARGE_RATIO,
        sway=np.full(12, DEFAULT_SWAY),
        spread_c=(0.9 + 0.125 * min(swing, 30.0)) * (0.8 + 0.45 * winter),
        slow=np.full(12, 0.18),
        wet_shift_c=np.clip(1.5 - 0.2 * temperature, -2.5, 2.0),
        range_dry_c=dry_range,
        range_wet_c=WET_TO_DRY_RANGE * dry_range,
        range_spread=0.27,
        memory=0.66,
        dryness_c=dryness,
    )
