"""The kinds of weather that a scenario can force, as they are at a place and an hour; figures by judgement."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from world.sky.air import AIR_MASSES, STORMS, fog_share
from world.sky.airs import Air, hour_of
from world.sky.course import Course
from world.sky.night import swing

NOISE_C = 0.7
CLEAR_RANGE_C = 5.5  # half the diurnal range of a clear day where the climate's is USUAL_RANGE_C
USUAL_RANGE_C = 11.0
FOG_TOP_M, FOG_TOP_SWAY_M = 60.0, 12.0  # above the village


def forced_air(kind: str, course: Course, local: datetime, noise: Mapping[str, float]) -> Air:
    """What a kind of weather is like here and now."""
    mass = AIR_MASSES[kind]
    ordinal, hour = local.date().toordinal(), hour_of(local)
    cloud = min(1.0, max(0.0, mass.cloud + 0.16 * noise["cloud"] * (1.0 - abs(2.0 * mass.cloud - 1.0) ** 2)))
    usual_range = float(course.climate.diurnal_range_c[local.month - 1])
    half_range = CLEAR_RANGE_C * (1.0 - 0.75 * cloud**2) * min(1.3, usual_range / USUAL_RANGE_C)
    night, next_night = course.night(ordinal), course.night(ordinal + 1)
    _, warm = swing(hour, night.sunrise_h, next_night.sunrise_h)
    diurnal = half_range * (2.0 * warm - 1.0)
    usual = course.days.usual_c(local.date(), hour / 24.0)
    mean = min(mass.warmest_c, max(mass.coldest_c, usual + mass.warmth_c))
    # The dew point follows the day's mean: afternoons are drier, nights close to saturation.
    spread = mass.spread_c * math.exp(0.15 * noise["humidity"]) + 0.8 * diurnal * min(1.0, mass.spread_c / 4.0)
    spread = max(0.02, spread)
    wind = mass.wind_m_s * math.exp(0.2 * noise["wind"])
    closeness = fog_share(spread, wind)
    rate = mass.rate_mm_h * math.exp(0.2 * noise["rate"] - 0.02)
    return Air(
        temperature_c=mean + diurnal + NOISE_C * noise["temperature"],
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
