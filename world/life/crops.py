"""Grain through the year: when it is sown, how high it stands, when it is ripe, cut and ploughed in, what it yields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from world.grid import smoothstep
from world.life.year import DAYS, Normals, daily, daily_warmth, day_length_h, soil_days

Floats = NDArray[np.float64]

TALLEST_M, STUBBLE_M = 0.85, 0.14
ROSETTE_M = 0.07  # of winter grain under the snow
HEAT_CAP_C = 24.0  # warmer days ripen no faster (Porter & Gawith 1999)
SHORT_DAY_H, LONG_DAY_H = 7.0, 13.0  # between which day length speeds grain up (Weir et al. 1984)
RAIN_SOWN_C, WINTER_KILL_C = 14.0, -10.0  # coldest month above which rain sets the time, below which seedlings die
SOWN_AT_C, SPRING_SOWN_C = 10.5, 6.0
RIPE_WAIT_DAYS, CUT_DAYS = 3, 14.0  # by hand, field after field
PLOUGHED_AFTER_DAYS = 50.0
LATEST_CUT_DAYS = DAYS - 24  # after sowing: the field is needed again
LEAST_YEAR_K_D = 1100.0  # above 0 degrees: less ripens no grain
PEASANT_YIELD_T_HA = 2.2  # of good years before bought fertiliser (Clark 1991)
YIELD_RESPONSE = 1.1  # to lack of water (Doorenbos & Kassam 1979: wheat 1.05 to 1.15)


@dataclass(frozen=True)
class Habit:
    """A way of growing grain; thermal times in K d above 0 from sowing."""

    name: str
    tall: float  # ear emerges, stalks are at full height
    turning: float
    ripe: float
    needs_long_days: bool


WINTER_GRAIN = Habit("winter wheat", 1060.0, 1480.0, 1900.0, True)
SPRING_GRAIN = Habit("barley", 750.0, 1050.0, 1380.0, True)
RAIN_GRAIN = Habit("millet", 1200.0, 1700.0, 2200.0, False)


@dataclass(frozen=True)
class CropYear:
    """The fields of a climate on every day of the year, January first."""

    habit: Habit | None  # none where no grain grows
    sown: int  # day of the year
    cut: int  # when the first field is; the day of sowing where nothing ripens
    height_m: Floats  # (365,)
    ripe: Floats  # (365,) 0 green .. 1 golden, as the stubble is until it is ploughed in
    yield_t_ha: float


NO_CROP = CropYear(None, 0, 0, np.zeros(DAYS), np.zeros(DAYS), 0.0)


def crop_year(climate: Normals, latitude: float) -> CropYear:
    """The grain year: sown in autumn where it winters and ripens, else in spring; in the tropics with the rains."""
    warmth = daily_warmth(climate, np.zeros(()))
    if np.maximum(warmth, 0.0).sum() < LEAST_YEAR_K_D:
        return NO_CROP
    coldest = float(climate.temperature_c.min())
    if coldest > RAIN_SOWN_C:
        return grown(RAIN_GRAIN, onset_of_rain(climate), warmth, climate, latitude)
    if coldest > WINTER_KILL_C:
        sown = autumn_day(warmth, SOWN_AT_C if coldest < SOWN_AT_C - 3.0 else coldest + 3.0)
        year = grown(WINTER_GRAIN, sown, warmth, climate, latitude)
        if year.ripe.max() >= 1.0:
            return year
    return grown(SPRING_GRAIN, spring_day(warmth, SPRING_SOWN_C), warmth, climate, latitude)


def grown(habit: Habit, sown: int, warmth: Floats, climate: Normals, latitude: float) -> CropYear:
    """The year of a grain sown on a day; what does not ripen in time is cut green."""
    pace: Floats = np.clip(warmth, 0.0, HEAT_CAP_C)
    if habit.needs_long_days:
        pace = pace * np.clip((day_length_h(latitude) - SHORT_DAY_H) / (LONG_DAY_H - SHORT_DAY_H), 0.1, 1.0)
    thermal: Floats = np.cumsum(np.roll(pace, -sown))  # by days since sowing, as all below
    cut = min(int(np.searchsorted(thermal, habit.ripe)) + RIPE_WAIT_DAYS, LATEST_CUT_DAYS)
    filled = smoothstep(habit.turning, habit.ripe, thermal)
    since: Floats = np.arange(DAYS, dtype=np.float64) - cut
    fallen = smoothstep(0.0, CUT_DAYS, since)
    last = min(PLOUGHED_AFTER_DAYS, DAYS - 2.0 - cut)
    ploughed = smoothstep(0.6 * last, last, since)
    _, wanted, used = soil_days(climate, np.zeros(()))
    season = np.roll(np.arange(DAYS), -sown)[:cut]
    water = float(used[season].sum() / max(float(wanted[season].sum()), 1.0))
    height = ROSETTE_M * smoothstep(80.0, 300.0, thermal)
    height += (TALLEST_M - ROSETTE_M) * smoothstep(0.28 * habit.tall, habit.tall, thermal)
    height *= float(smoothstep(0.05, 0.45, np.array(water)))
    height = (height + (np.minimum(height, STUBBLE_M) - height) * fallen) * (1.0 - ploughed)
    return CropYear(
        habit=habit,
        sown=sown,
        cut=(sown + cut) % DAYS,
        height_m=np.roll(height, sown),
        ripe=np.roll(np.maximum(filled, fallen) * (1.0 - ploughed), sown),
        yield_t_ha=harvest(water, float(filled[cut])),
    )


def harvest(water: float, filled: float) -> float:
    """Grain in t/ha from the water it had over what it wanted, and how far it ripened, both 0..1.

    Yield falls with lack of water as FAO's response has it (Doorenbos & Kassam 1979): 1 - ky (1 - ETa/ETm).
    """
    return PEASANT_YIELD_T_HA * filled * max(1.0 - YIELD_RESPONSE * (1.0 - min(water, 1.0)), 0.0)


def autumn_day(warmth: Floats, below_c: float) -> int:
    """The first day after the warmest that is colder than this; the coldest day where none is."""
    hottest = int(np.argmax(warmth))
    turned = np.roll(warmth, -hottest)
    cold = np.flatnonzero(turned < below_c)
    after = int(cold[0]) if len(cold) else int(np.argmin(turned))
    return (hottest + after) % DAYS


def spring_day(warmth: Floats, above_c: float) -> int:
    """The first day after the coldest that is warmer than this; the warmest day where none is."""
    coldest = int(np.argmin(warmth))
    turned = np.roll(warmth, -coldest)
    warm = np.flatnonzero(turned > above_c)
    after = int(warm[0]) if len(warm) else int(np.argmax(turned))
    return (coldest + after) % DAYS


def onset_of_rain(climate: Normals) -> int:
    """The day that begins the 120 wettest of the year, rain less demand."""
    surplus = daily(climate.rain_mm - climate.pet_mm)
    window = np.cumsum(np.concatenate([surplus, surplus[:120]]))
    return int(np.argmax(window[120:] - window[:-120])) % DAYS
