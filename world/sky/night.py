"""What a night does to the air of a valley: when the sun rises, when cold air pools, and when fog forms and lifts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from world.sky.daily import Day
from world.streams import stream

HOTTEST_H = 14.8  # of a day, local solar time
EARLIEST_H, LATEST_H = 2.5, 8.5  # the coldest moment lies between these, whatever the sun does
FOG_DEFICIT_C, FOG_SOFTNESS_C = 0.1, 0.45  # of the night's minimum over the dew point, where fog has an even chance
FOG_WIND_M_S = 3.0
FOG_CHANCE, FOG_CHANCE_FULL = 0.13, 0.45  # from which there is fog, and from which it is as dense as fog gets
FOG_TOP_M = (25.0, 85.0)  # above the village: valley fog is tens of metres deep; judgement
LIFTING_M = 45.0  # by which the top rises while the fog thins


@dataclass(frozen=True)
class Night:
    """The early hours of a day."""

    sunrise_h: float  # the coldest moment
    fog: float  # density at its thickest, 0..1
    forms_h: float
    formed_h: float
    lifts_h: float
    lifted_h: float
    top_m: float  # of the fog, above the village

    def fog_at(self, hour: float) -> float:
        """Density of the fog at an hour of the day, 0..1."""
        if self.fog <= 0.0:
            return 0.0
        comes = _smooth((hour - self.forms_h) / (self.formed_h - self.forms_h))
        return self.fog * comes * (1.0 - _smooth((hour - self.lifts_h) / (self.lifted_h - self.lifts_h)))

    def top_at(self, hour: float) -> float:
        """Top of the fog above the village in metres: it grows through the night, and rises as it lifts."""
        grown = _smooth((hour - self.forms_h) / (self.lifts_h - self.forms_h))
        rising = _smooth((hour - self.lifts_h) / (self.lifted_h - self.lifts_h))
        return self.top_m * (0.4 + 0.6 * grown) + LIFTING_M * rising


def night_of(before: Day, day: Day, latitude: float, seed: int) -> Night:
    """The night that ends in the morning of a day."""
    sunrise = sunrise_h(latitude, day.ordinal)
    coldest_h = min(LATEST_H, max(EARLIEST_H, sunrise))
    deficit = day.coldest_c - day.dew_c - (0.4 if before.rain_mm > 1.0 else 0.0)
    moist = 1.0 / (1.0 + math.exp(max(-30.0, min(30.0, (deficit - FOG_DEFICIT_C) / FOG_SOFTNESS_C))))
    clear = 1.0 - (0.5 * (before.cloud + day.cloud)) ** 2.5
    calm = math.exp(-((0.5 * (before.wind_m_s + day.wind_m_s) / FOG_WIND_M_S) ** 2))
    long = min(1.2, max(0.1, (sunrise - 3.5) / 3.5))
    unspoilt = 1.0 if day.rain_mm < 1.0 else 0.3
    warm_enough = 1.0 / (1.0 + math.exp(max(-30.0, min(30.0, -(day.coldest_c + 12.0) / 2.0))))  # ice takes the vapour
    chance = moist * clear * calm * long * unspoilt * warm_enough
    draw = stream(seed, "night", day.ordinal).random(4).tolist()
    fog = min(1.0, max(0.0, (chance - FOG_CHANCE) / (FOG_CHANCE_FULL - FOG_CHANCE)))
    forms = max(0.2, coldest_h - 1.5 - 3.5 * draw[0])
    lifts = coldest_h + 0.6 + 1.2 * draw[1]
    # The low sun of winter takes until noon to burn a fog off.
    lifted = lifts + 0.8 + 0.45 * max(0.0, coldest_h - 4.0) * (0.5 + draw[2])
    top = FOG_TOP_M[0] + (FOG_TOP_M[1] - FOG_TOP_M[0]) * draw[3]
    return Night(coldest_h, fog, forms, forms + 1.2, lifts, lifted, top)


def sunrise_h(latitude: float, ordinal: int) -> float:
    """Hour of sunrise in local solar time: 0 where the sun stays up, 12 where it stays down."""
    day = date.fromordinal(ordinal).timetuple().tm_yday
    declination = 0.409 * math.sin(2.0 * math.pi * day / 365.2425 - 1.39)
    steep = math.tan(math.radians(min(89.9, max(-89.9, latitude))))
    return 12.0 - 12.0 / math.pi * math.acos(min(1.0, max(-1.0, -steep * math.tan(declination))))


def swing(hour: float, sunrise: float, next_sunrise: float) -> tuple[float, float]:
    """Where a moment lies between the extremes of temperature: (which, how warm).

    `which` is -1 before this morning's minimum, 0 between it and the afternoon, 1 after the afternoon; `how warm` is 0
    at the neighbouring minimum and 1 at the neighbouring maximum, on a half cosine.
    """
    if hour < sunrise:
        share = (hour - (HOTTEST_H - 24.0)) / (sunrise - (HOTTEST_H - 24.0))
        return -1.0, 0.5 + 0.5 * math.cos(math.pi * share)
    if hour < HOTTEST_H:
        return 0.0, 0.5 - 0.5 * math.cos(math.pi * (hour - sunrise) / (HOTTEST_H - sunrise))
    return 1.0, 0.5 + 0.5 * math.cos(math.pi * (hour - HOTTEST_H) / (next_sunrise + 24.0 - HOTTEST_H))


def _smooth(share: float) -> float:
    t = min(1.0, max(0.0, share))
    return t * t * (3.0 - 2.0 * t)
