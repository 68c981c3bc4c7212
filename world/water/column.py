"""A year of one patch of level grass in a climate's usual course: the soil, snow and warmth of the whole land."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from world.sky.field import AirField
from world.sky.normals import MONTH_DAYS, Climate
from world.water.forcing import forcing_of, sun_towards
from world.water.ground import (
    ALBEDO,
    AZIMUTHS,
    CARRIED,
    DEEP,
    DENSITY,
    EVAPORATED,
    GROUND,
    GROUND_MOST,
    LATENT,
    MELTED,
    NET,
    PLANTED,
    RAINED,
    ROOT,
    ROOT_MOST,
    SATURATED,
    SEEPS_IN,
    SENSIBLE,
    SKY_VIEW,
    SNOW,
    SNOWED,
    STORED,
    STORES,
    SURFACE,
    TOP,
    TOTALS,
    TRAITS,
    UNDERFLOW,
    advance_ground,
)
from world.water.ledger import EnergyLedger, WaterLedger
from world.water.snow import SETTLED_KG_M3
from world.water.soil import TOP_MM

Floats = NDArray[np.float64]

STEP_S = 1800.0
RAIN_H = 6  # a wet day's rain falls in the hours from noon
GRASS_MM_H, GRASS_ALBEDO, GRASS_HOLDS_MM = 20.0, 0.22, 4.0
START = datetime(2025, 1, 1)  # noqa: DTZ001 (local solar time)


@dataclass(frozen=True)
class Month:
    """Water of one month in mm, with the books of both."""

    fell: float
    evaporated: float
    ran_off: float  # over the ground and through it
    water: WaterLedger
    energy: EnergyLedger


def usual_year(climate: Climate, root_mm: float = 300.0, planted: float = 1.0, years: int = 2) -> list[Month]:
    """Twelve months of the last of some years; `root_mm` is what the soil can hold for plants, `planted` the
    share of the ground that has any.
    """
    patch = _Patch(climate, root_mm, planted)
    for _ in range(years - 1):
        for number in range(12):
            patch.month(number)
    return [patch.month(number) for number in range(12)]


class _Patch:
    def __init__(self, climate: Climate, root_mm: float, planted: float) -> None:
        self._climate = climate
        self._traits = np.zeros((TRAITS, 1, 1))
        for trait, value in (
            (SATURATED, GRASS_MM_H), (ROOT_MOST, root_mm), (GROUND_MOST, 100.0), (SEEPS_IN, 240.0),
            (ALBEDO, GRASS_ALBEDO), (PLANTED, planted), (SKY_VIEW, 1.0),
        ):  # fmt: skip
            self._traits[trait] = value
        self._stores = np.zeros((STORES, 1, 1))
        mean = climate.annual_temperature_c
        for store, value in (
            (TOP, 0.4 * TOP_MM), (ROOT, 0.5 * root_mm), (DENSITY, SETTLED_KG_M3), (SURFACE, mean), (DEEP, mean),
        ):  # fmt: skip
            self._stores[store] = value
        self._depth, self._falling = np.zeros((1, 1)), np.zeros((1, 1))
        self._horizon = np.zeros((AZIMUTHS, 1, 1), dtype=np.float32)
        self._step = 0

    def month(self, number: int) -> Month:
        """Step through one month, 0 for January."""
        totals, before, ran_off = np.zeros(TOTALS), self._stored(), 0.0
        days = round(float(MONTH_DAYS[number]))
        for day in range(days):
            wet = _wet(day, days, float(self._climate.wet_days[number]))
            for part in range(int(86400 / STEP_S)):
                ran_off += self._advance(number, wet, part * STEP_S / 3600.0, totals)
        fell = float(totals[RAINED] + totals[SNOWED])
        gone = ran_off + float(totals[UNDERFLOW])
        books = WaterLedger(
            before, float(totals[RAINED]), float(totals[SNOWED]), 0.0, gone, float(totals[EVAPORATED]), self._stored()
        )
        energy = EnergyLedger(*(float(totals[k]) for k in (NET, SENSIBLE, LATENT, STORED, MELTED, CARRIED)))
        return Month(1000.0 * fell, 1000.0 * float(totals[EVAPORATED]), 1000.0 * gone, books, energy)

    def _advance(self, month: int, wet: float, hour: float, totals: Floats) -> float:
        field = self._air(month, wet, hour)
        sun, elevation = sun_towards(START, self._step * STEP_S, self._climate.latitude, 0.0)
        self._step += 1
        still = np.zeros((2, 2))
        advance_ground(
            0, 1, self._stores, self._traits, np.array([-1]), self._horizon, forcing_of(field, elevation), 1.0, sun,
            self._depth, still, still, self._falling, np.zeros(1), totals, 1.0, STEP_S,
        )  # fmt: skip
        standing = float(self._depth[0, 0] + self._falling[0, 0] * STEP_S)
        kept = min(standing, GRASS_HOLDS_MM / 1000.0)
        self._depth[0, 0] = kept
        return standing - kept

    def _air(self, month: int, wet: float, hour: float) -> AirField:
        climate = self._climate
        swing = 0.5 * float(climate.diurnal_range_c[month]) * math.cos(2.0 * math.pi * (hour - 15.0) / 24.0)
        air = float(climate.temperature_c[month]) + swing
        falls = wet * float(climate.rain_mm[month]) / RAIN_H if 12.0 <= hour < 12.0 + RAIN_H else 0.0
        cold = air < 1.0

        def level(value: float) -> Floats:
            return np.full((2, 2), value)

        # Vapour hardly changes through the day: the humidity falls as the air warms.
        humidity = min(1.0, float(climate.humidity[month]) * math.exp(-0.065 * swing))
        return AirField(
            (0.0, 0.0), 1.0, level(air), level(humidity), level(float(climate.wind_m_s[month])), level(0.0),
            level(0.0 if cold else falls), level(falls if cold else 0.0), level(float(climate.cloud[month])),
            level(0.0),
        )  # fmt: skip

    def _stored(self) -> float:
        return float(self._stores[[TOP, ROOT, GROUND, SNOW]].sum()) / 1000.0 + float(self._depth.sum())


def _wet(day: int, days: int, wet_days: float) -> float:
    """Share of the month's rain that falls on this day, the wet days spread evenly."""
    count = min(days, max(1, round(wet_days)))
    before, after = day * count // days, (day + 1) * count // days
    return (after - before) / count
