"""Days of weather: wet or dry by a Markov chain, amounts, temperatures, and a slow index that moves whole months.

Day d is a function of (seed, climate, d): days are made in blocks, and each block's chain starts some weeks earlier
from the same numbers that made those weeks, by when it has forgotten how it began.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray

from world.sky.air import snow_share
from world.sky.normals import LEAST_MM, Climate, earthly, knots_of, through_the_year
from world.streams import stream

Floats = NDArray[np.float64]

BLOCK_DAYS = 32
START_DAYS = 32  # 0.8 to this power is below a thousandth
NOISES = 6  # temperature, range, dew point, wind, pressure, direction
PERSISTENCE = np.array([0.0, 0.3, 0.5, 0.45, 0.7, 0.55])  # from day to day; that of temperature is the climate's
DEW_SPREAD_C = 1.2
WIND_SPREAD = 0.38  # standard deviation of its logarithm from day to day (Weibull of shape 2.3 has about that)
DIRECTION_SPREAD = 0.7  # radians about the prevailing wind
WET_CLOUD, DRY_CLOUD_LEAST, DRY_CLOUD_MOST = 0.88, 0.05, 0.85
SEA_LEVEL_PA, PRESSURE_SPREAD_PA, WET_PRESSURE_PA = 101_700.0, 620.0, 900.0
SHOWER_C, SHOWER_WIDTH_C = 14.5, 3.0  # mean temperature above which more wet days have showers than fronts; judgement
MOST_MM = 1400.0  # of one day: two thirds of the record (Cilaos 1966, 1870 mm)


@dataclass(frozen=True)
class Day:
    """One day of weather on the valley floor."""

    ordinal: int  # datetime.date's
    rain_mm: float  # rain and snow as water; 0 on a dry day
    mean_c: float
    range_c: float  # maximum less minimum
    dew_c: float
    wind_m_s: float
    direction: float  # radians by which the wind differs from the prevailing one
    cloud: float  # mean of the day
    pressure_pa: float  # at sea level
    showers: bool  # rain, if any, comes from showers rather than from a front

    @property
    def warmest_c(self) -> float:
        return self.mean_c + self.range_c / 2.0

    @property
    def coldest_c(self) -> float:
        return self.mean_c - self.range_c / 2.0


class Days:
    """The days of one climate and seed; any day may be asked for, in any order."""

    def __init__(self, climate: Climate, seed: int) -> None:
        self.climate = climate
        self._seed = seed
        self._blocks: dict[int, tuple[Day, ...]] = {}
        daily = climate.daily
        self._knots: dict[str, list[float]] = {
            "temperature": knots_of(climate.temperature_c).tolist(),
            "spread": daily.spread_c.tolist(),
            "dryness": daily.dryness_c.tolist(),
            "wind": climate.wind_m_s.tolist(),
        }
        self._monthly: dict[str, list[float]] = {
            f.name: getattr(daily, f.name).tolist()
            for f in fields(daily)
            if isinstance(getattr(daily, f.name), np.ndarray)
        }
        self._cloud: list[float] = climate.cloud.tolist()

    def day(self, ordinal: int) -> Day:
        """The day with this ordinal (datetime.date.toordinal)."""
        number, row = divmod(ordinal, BLOCK_DAYS)
        if number not in self._blocks:
            while len(self._blocks) > 3:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[number] = self._block(number)
        return self._blocks[number][row]

    def days(self, first: int, count: int) -> list[Day]:
        """Days on end."""
        return [self.day(first + i) for i in range(count)]

    def usual_c(self, day: date, share_of_day: float = 0.5) -> float:
        """The mean temperature that is usual at a time of the year."""
        return through_the_year(self._knots["temperature"], day, share_of_day)

    def _block(self, number: int) -> tuple[Day, ...]:
        blocks = range(number - START_DAYS // BLOCK_DAYS, number + 1)
        draws = [stream(self._seed, "days", n) for n in blocks]
        uniform = np.concatenate([draw.random((BLOCK_DAYS, 4)) for draw in draws])
        normal = np.concatenate([draw.standard_normal((BLOCK_DAYS, NOISES)) for draw in draws])
        memory = PERSISTENCE.copy()
        memory[0] = self.climate.daily.memory
        fresh = np.sqrt(1.0 - memory**2)
        state, wet = normal[0], bool(uniform[0, 0] < self._monthly["p01"][0])
        days: list[Day] = []
        first = blocks[0] * BLOCK_DAYS
        months: dict[tuple[int, int], Floats] = {}
        for i in range(len(uniform)):
            when = date.fromordinal(first + i)
            month = (when.year, when.month)
            if month not in months:
                months[month] = stream(self._seed, "months", when.year * 12 + when.month).standard_normal(2)
            state = memory * state + fresh * normal[i]
            wet = bool(uniform[i, 0] < self._chance(when.month - 1, wet, float(months[month][0])))
            if i >= len(uniform) - BLOCK_DAYS:
                days.append(self._made(when, wet, uniform[i].tolist(), state.tolist(), float(months[month][1])))
        return tuple(days)

    def _chance(self, month: int, wet: bool, index: float) -> float:
        """Probability of a wet day, with the month's hidden index."""
        of = self._monthly
        return swayed(of["p11" if wet else "p01"][month], of["sway"][month] * index)

    def _made(self, when: date, wet: bool, uniform: Sequence[float], state: Sequence[float], slow: float) -> Day:
        of, month = self._monthly, when.month - 1
        share = of["slow"][month]
        anomaly = math.sqrt(1.0 - share) * state[0] + math.sqrt(share) * slow
        wet_share = wet_fraction(of["p01"][month], of["p11"][month])
        shift = of["wet_shift_c"][month] * ((1.0 - wet_share) if wet else -wet_share)
        mean = self.usual_c(when) + shift + through_the_year(self._knots["spread"], when) * anomaly
        mean = earthly(mean)
        usual_range = of["range_wet_c" if wet else "range_dry_c"][month]
        spread = self.climate.daily.range_spread
        logarithm = spread * state[1] - spread**2 / 2.0
        span = usual_range * min(2.2, math.exp(logarithm))
        rain = self._amount(month, uniform[1], uniform[2]) if wet else 0.0
        night = mean - span / 2.0
        dew = night - through_the_year(self._knots["dryness"], when) * (0.35 if wet else 1.0) + DEW_SPREAD_C * state[2]
        dew = min(dew, mean - 0.3, 0.5 * (night + mean))
        wind = through_the_year(self._knots["wind"], when) * math.exp(WIND_SPREAD * state[3] - WIND_SPREAD**2 / 2.0)
        dry_cloud = (self._cloud[month] - wet_share * WET_CLOUD) / max(1.0 - wet_share, 0.05)
        dry_cloud = min(DRY_CLOUD_MOST, max(DRY_CLOUD_LEAST, dry_cloud))
        # Clouded days are even ones: the same number moves the range and the cloud.
        cloud = swayed(WET_CLOUD if wet else dry_cloud, -(0.6 if wet else 1.1) * state[1])
        pressure = SEA_LEVEL_PA + PRESSURE_SPREAD_PA * state[4] - WET_PRESSURE_PA * wet - 8.0 * min(rain, 60.0)
        chance = 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, (mean - SHOWER_C) / SHOWER_WIDTH_C))))
        return Day(
            ordinal=when.toordinal(),
            rain_mm=rain,
            mean_c=mean,
            range_c=span,
            dew_c=max(dew, -95.0),
            wind_m_s=min(wind * (1.15 if wet else 1.0 - 0.15 * wet_share), 25.0),
            direction=DIRECTION_SPREAD * state[5],
            cloud=cloud,
            pressure_pa=pressure,
            showers=uniform[3] < chance,
        )

    def _amount(self, month: int, which: float, size: float) -> float:
        of = self._monthly
        mean = of["large_mm" if which < of["mix"][month] else "small_mm"][month]
        return min(MOST_MM, LEAST_MM - mean * math.log(1.0 - size))


def swayed(chance: float, logits: float) -> float:
    """A probability moved on the logistic scale."""
    if chance <= 0.0 or chance >= 1.0:
        return chance
    return 1.0 / (1.0 + (1.0 / chance - 1.0) * math.exp(-logits))


def wet_fraction(p01: float, p11: float) -> float:
    """Share of wet days in the long run."""
    return p01 / max(1.0 - p11 + p01, 1e-12)


def lying(days: Days, ordinal: int) -> tuple[float, float]:
    """Wetness of the topsoil and depth of the snow that the days before a date have left: a bucket and degree-days."""
    soil_mm, snow_mm, capacity_mm = 6.0, 0.0, 12.0
    for day in days.days(ordinal - 150, 150):
        frozen = snow_share(day.mean_c)
        melted = min(snow_mm, 4.0 * max(day.mean_c, 0.0))
        snow_mm += day.rain_mm * frozen - melted
        loss = 0.35 * soil_mm if snow_mm < 1.0 and day.mean_c > 0.0 else 0.0
        soil_mm = min(capacity_mm, soil_mm + day.rain_mm * (1.0 - frozen) + melted - loss)
    return soil_mm / capacity_mm, min(3.0, max(0.0, snow_mm) / 250.0)
