"""The year as plants feel it: warmth, water and length of day from a climate's monthly means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS = 365
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.float64)
MONTH_MIDDLE = np.cumsum(MONTH_DAYS) - MONTH_DAYS / 2  # days since new year
SOIL_HOLDS_MM = 150.0  # available water, Prentice et al. 1992, BIOME1
MOST_USE_MM_D = 5.0  # that roots can draw from moist soil in a day (Federer 1982)
SPIN_UP_YEARS = 2
TILT_RAD = 0.40910  # of the Earth's axis
NORTH_SOLSTICE_DAY = 172.0  # 21 June, from 1 January as day 0
LAPSE_C_M = 0.0065
HARGREAVES_C = 17.8  # evaporation follows t + 17.8 (Hargreaves & Samani 1985)


class Normals(Protocol):
    """The monthly means of a climate, January first, at the height of the map's datum."""

    @property
    def temperature_c(self) -> Floats: ...

    @property
    def rain_mm(self) -> Floats: ...

    @property
    def pet_mm(self) -> Floats:
        """Potential evapotranspiration of each month."""
        ...


@dataclass(frozen=True)
class MonthlyNormals:
    """Monthly means given as they are."""

    temperature_c: Floats
    rain_mm: Floats
    pet_mm: Floats


def daily(monthly: Floats) -> Floats:
    """Values of every day (365,) from those of the months (12,), straight between their middles."""
    days = np.arange(DAYS) + 0.5
    result: Floats = np.interp(days, MONTH_MIDDLE, monthly, period=DAYS)
    return result


def day_length_h(latitude: float) -> Floats:
    """Hours from sunrise to sunset on every day (365,): 0 in the polar night, 24 in the polar day."""
    days = np.arange(DAYS) + 0.5
    declination = np.arcsin(np.sin(TILT_RAD) * np.cos(2 * np.pi * (days - NORTH_SOLSTICE_DAY) / DAYS))
    edge = -np.tan(np.radians(np.clip(latitude, -89.9, 89.9))) * np.tan(declination)
    result: Floats = 24.0 / np.pi * np.arccos(np.clip(edge, -1.0, 1.0))
    return result


def daily_warmth(climate: Normals, lift_m: Floats) -> Floats:
    """Temperature of every day (..., 365) at heights above the datum."""
    return daily(climate.temperature_c) - LAPSE_C_M * np.asarray(lift_m, dtype=np.float64)[..., None]


def degree_days(temperature_c: Floats, base_c: float) -> Floats:
    """Sum of the year's warmth above a base, K d, over the last axis."""
    result: Floats = np.maximum(temperature_c - base_c, 0.0).sum(axis=-1)
    return result


def daily_evaporation(climate: Normals, lift_m: Floats) -> Floats:
    """Potential evapotranspiration of every day (..., 365) in mm at heights above the datum."""
    cooler = daily_warmth(climate, lift_m) + HARGREAVES_C
    here = np.maximum(daily(climate.temperature_c) + HARGREAVES_C, 1.0)
    share = np.clip(cooler / here, 0.0, 3.0)
    return np.maximum(daily(climate.pet_mm / MONTH_DAYS), 0.0) * share


def soil_days(climate: Normals, lift_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Soil water 0..1 and the wanted and actual evaporation in mm on every day, each (..., 365).

    A bucket with daily steps: what roots draw is limited by demand and by the water left (Prentice et al. 1992, eqs.
    1-3).
    """
    wanted = daily_evaporation(climate, lift_m)
    rain = np.maximum(daily(climate.rain_mm / MONTH_DAYS), 0.0)
    store = np.full(wanted.shape[:-1], 0.5)
    level, used = np.zeros_like(wanted), np.zeros_like(wanted)
    for day in range(SPIN_UP_YEARS * DAYS):
        today = day % DAYS
        supply = MOST_USE_MM_D * store + np.minimum(rain[today], wanted[..., today])
        used[..., today] = np.minimum(wanted[..., today], np.minimum(supply, SOIL_HOLDS_MM * store + rain[today]))
        store = np.clip(store + (rain[today] - used[..., today]) / SOIL_HOLDS_MM, 0.0, 1.0)
        level[..., today] = store
    return level, wanted, used


def water_supply(climate: Normals, lift_m: Floats) -> Floats:
    """The year's actual over potential evaporation (...), 0..1; 1 where nothing evaporates, so nothing is short."""
    _, wanted, used = soil_days(climate, lift_m)
    demand = wanted.sum(axis=-1)
    return np.where(demand > 1.0, used.sum(axis=-1) / np.maximum(demand, 1.0), 1.0)
