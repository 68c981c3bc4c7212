"""The hours of the climate's own days: temperature between its extremes, rain, fog, wind and cloud."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from world.sky.air import fog_share
from world.sky.airs import Air, hour_of
from world.sky.daily import Days
from world.sky.night import Night, night_of, swing
from world.sky.normals import Climate
from world.sky.storms import Storms, storms_of, texture

NOISE_C = 0.3
RAIN_SPREAD_C = 1.2  # temperature over dew point in steady rain
LEAST_SPREAD_C, FOG_SPREAD_C = 0.7, 0.12  # on nights without fog, and in the thick of it
KEPT = 3  # days whose storms and nights are remembered


class Course:
    """The climate's weather at any moment, as if nothing were forced."""

    def __init__(self, climate: Climate, seed: int) -> None:
        self.climate = climate
        self.days = Days(climate, seed)
        self.texture = texture(seed, climate.prevailing_towards)
        self._seed = seed
        self._storms: dict[int, Storms] = {}
        self._nights: dict[int, Night] = {}

    def air(self, local: datetime, noise: Mapping[str, float]) -> Air:
        """What the climate's own day is like now."""
        ordinal, hour = local.date().toordinal(), hour_of(local)
        before, day, after = (self.days.day(ordinal + i) for i in (-1, 0, 1))
        night, next_night = self.night(ordinal), self.night(ordinal + 1)
        which, warm = swing(hour, night.sunrise_h, next_night.sunrise_h)
        warmest = before.warmest_c if which < 0 else day.warmest_c
        coldest = after.coldest_c if which > 0 else day.coldest_c
        temperature = coldest + (warmest - coldest) * warm + NOISE_C * noise["temperature"]
        near, share = (before, 0.5 - hour / 24.0) if hour < 12.0 else (after, hour / 24.0 - 0.5)

        def now(name: str) -> float:
            return float(getattr(day, name) * (1.0 - share) + getattr(near, name) * share)

        fog = night.fog_at(hour)
        spread = max(LEAST_SPREAD_C, temperature - now("dew_c") + 0.6 * noise["humidity"])
        even = float(self.storms(ordinal).band_mm_h(np.zeros(1), np.zeros(1), hour * 3600.0)[0])
        if even > 0.0:  # rain that evaporates cools the air as it moistens it
            moist = min(spread, RAIN_SPREAD_C + (spread - RAIN_SPREAD_C) * math.exp(-even / 0.8))
            temperature -= 0.5 * (spread - moist)
            spread = moist
        spread = spread * (1.0 - fog) + FOG_SPREAD_C * fog
        cloud = now("cloud")
        cloud = min(1.0, max(0.0, cloud + 0.22 * noise["cloud"] * (1.0 - abs(2.0 * cloud - 1.0) ** 2)))
        cloud = cloud + (1.0 - cloud) * min(1.0, even / 0.5)
        breeze = 1.0 + 0.35 * (1.0 - 0.6 * cloud) * math.cos(2.0 * math.pi * (hour - 14.5) / 24.0)
        wind = now("wind_m_s") * breeze * math.exp(0.2 * noise["wind"] - 0.02)
        wind = wind * (1.0 - fog) + min(wind, 0.8) * fog
        return Air(
            temperature_c=temperature,
            spread_c=spread,
            cloud=cloud,
            wind_m_s=wind,
            direction=now("direction"),
            pressure_pa=now("pressure_pa"),
            even_mm_h=even,
            storm_mm_h=0.0,
            mist=0.0,
            fog=fog * fog_share(FOG_SPREAD_C, wind),
            fog_top_m=night.top_at(hour),
        )

    def showers_mm_h(self, local: datetime) -> float:
        """Rain of the showers over the village."""
        storms = self.storms(local.date().toordinal())
        return float(storms.showers_mm_h(np.zeros(1), np.zeros(1), hour_of(local) * 3600.0)[0])

    def storms(self, ordinal: int) -> Storms:
        """The rain of a day."""
        if ordinal not in self._storms:
            while len(self._storms) > KEPT:
                self._storms.pop(next(iter(self._storms)))
            towards = self.climate.prevailing_towards
            self._storms[ordinal] = storms_of(self.days.day(ordinal), self._seed, towards, self.texture)
        return self._storms[ordinal]

    def night(self, ordinal: int) -> Night:
        """The night that ends in the morning of a day."""
        if ordinal not in self._nights:
            while len(self._nights) > KEPT:
                self._nights.pop(next(iter(self._nights)))
            before, day = self.days.day(ordinal - 1), self.days.day(ordinal)
            self._nights[ordinal] = night_of(before, day, self.climate.latitude, self._seed)
        return self._nights[ordinal]
