"""The kinds of weather a scenario can open with, as targets of the air's state, and the optics of the air."""

from __future__ import annotations

import math
from dataclasses import dataclass

from world.view import HAZE_VISIBILITY_M

CONTRAST = 3.912  # -ln(0.02), Koschmieder 1924
DROPS_PER_M3_MM = 8000.0  # N0 of Marshall & Palmer 1948
FOG_VISIBILITY_M = 120.0  # in the densest fog, still and saturated; judgement
FOG_SPREAD_C = 2.0  # fog forms when temperature and dew point are closer than this ...
FOG_WIND_M_S = 4.0  # ... and the air is calmer than this; judgement


@dataclass(frozen=True)
class AirMass:
    """What the air tends towards in one kind of weather; figures of a temperate valley, by judgement."""

    cloud: float
    rate_mm_h: float  # rain or snow, water equivalent
    wind_m_s: float
    spread_c: float  # temperature minus dew point by day's mean
    pressure_pa: float  # at sea level
    warmth_c: float  # difference from the season's mean
    coldest_c: float  # bounds of the mean temperature that let this kind be what it is called
    warmest_c: float
    wetness: float  # of the ground when a scenario opens so
    snow_m: float  # lying snow when a scenario opens so


AIR_MASSES = {
    "clear": AirMass(0.04, 0.0, 2.0, 9.0, 102_600.0, 1.0, -40.0, 40.0, 0.08, 0.0),
    "fair": AirMass(0.35, 0.0, 3.0, 7.5, 102_000.0, 0.5, -40.0, 40.0, 0.12, 0.0),
    "overcast": AirMass(0.95, 0.0, 3.5, 4.5, 101_200.0, -0.5, -40.0, 40.0, 0.22, 0.0),
    "drizzle": AirMass(1.0, 0.5, 2.5, 1.8, 101_000.0, -1.0, 4.0, 30.0, 0.45, 0.0),
    "rain": AirMass(1.0, 3.5, 5.0, 1.6, 100_300.0, -1.5, 4.0, 30.0, 0.65, 0.0),
    "storm": AirMass(1.0, 14.0, 12.0, 1.6, 99_200.0, -1.0, 6.0, 32.0, 0.6, 0.0),
    "cloudburst": AirMass(1.0, 55.0, 9.0, 1.2, 99_600.0, -1.0, 8.0, 34.0, 0.85, 0.0),
    "fog": AirMass(0.75, 0.0, 0.7, 0.25, 102_200.0, -2.0, 1.0, 16.0, 0.35, 0.0),
    "snow": AirMass(1.0, 1.6, 3.0, 1.0, 100_600.0, -3.0, -14.0, -3.0, 0.4, 0.10),
}
STORMS = ("storm", "cloudburst")  # with thunder


def saturation_pa(temperature_c: float) -> float:
    """Saturation vapour pressure over water (Magnus form, Alduchov & Eskridge 1996)."""
    return 610.94 * math.exp(17.625 * temperature_c / (temperature_c + 243.04))


def dew_point_c(temperature_c: float, humidity: float) -> float:
    """Temperature at which air of this relative humidity (0..1] is saturated; the inverse of the Magnus form."""
    ratio = math.log(humidity) + 17.625 * temperature_c / (temperature_c + 243.04)
    return 243.04 * ratio / (17.625 - ratio)


def snow_share(wet_bulb_c: float) -> float:
    """Part of the precipitation that falls as snow: all below 0 degC wet-bulb, none above 2, linear between.

    A straight line in place of the S-curve that observations show; its ends are judgement.
    """
    return min(1.0, max(0.0, 1.0 - wet_bulb_c / 2.0))


def wet_bulb_c(temperature_c: float, humidity: float) -> float:
    """Wet-bulb temperature at sea-level pressure (Stull 2011, eq. 1), good to 1 K for humidity above 0.05."""
    percent = 100.0 * humidity
    return (
        temperature_c * math.atan(0.151977 * math.sqrt(percent + 8.313659))
        + math.atan(temperature_c + percent)
        - math.atan(percent - 1.676331)
        + 0.00391838 * math.pow(percent, 1.5) * math.atan(0.023101 * percent)
        - 4.686035
    )


def drop_slope_mm(rain_mm_h: float) -> float:
    """The spectrum of raindrops falls with diameter as exp(-slope D), slope in 1/mm.

    Marshall & Palmer 1948, with the slope that returns the rain for `fall_speed_m_s`; their own, 4.1 R^-0.21, returns
    a tenth too much and more in light rain.
    """
    return 4.23 * math.pow(max(rain_mm_h, 1e-6), -0.214)


def fall_speed_m_s(diameter_mm: float) -> float:
    """Terminal speed of a raindrop (Atlas & Ulbrich 1977)."""
    return 3.78 * math.pow(diameter_mm, 0.67)


def fog_share(spread_c: float, wind_m_s: float) -> float:
    """How near air is to the densest fog, 0..1: where temperature and dew point are close and the wind low."""
    close = min(1.0, max(0.0, 1.0 - spread_c / FOG_SPREAD_C))
    calm = min(1.0, max(0.0, 1.5 * (1.0 - wind_m_s / FOG_WIND_M_S)))
    return float(close**3 * calm)


def visibility_m(rain_mm_h: float, snow_mm_h: float, humidity: float, fog: float) -> float:
    """Meteorological visibility: Koschmieder's 3.912 over the sum of the extinctions of haze, fog, rain and snow.

    Rain: twice the cross-section of Marshall & Palmer's drops, pi N0 / slope^3, which is 3.3e-4 R^0.64 per metre.
    Snow: 1 km at 1 mm/h (Rasmussen et al. 1999).
    Haze swells with humidity. Fog is a share of the densest, as `fog_share` gives it.
    """
    haze = CONTRAST / HAZE_VISIBILITY_M * math.pow(1.0 - min(humidity, 0.97), -0.5)
    rain = 1e-6 * math.pi * DROPS_PER_M3_MM / drop_slope_mm(rain_mm_h) ** 3 if rain_mm_h > 0.0 else 0.0
    snow = CONTRAST / 1000.0 * math.pow(snow_mm_h, 0.75)
    return CONTRAST / (haze + CONTRAST / FOG_VISIBILITY_M * fog + rain + snow)
