"""The country above the map: what the streams bring that enter it, from the same weather, through linear reservoirs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.state import Plain, put_back, taken

Floats = NDArray[np.float64]

QUICK_SHARE = 0.35  # of the runoff comes with the flood, the rest through the ground (baseflow index 0.65); judgement
QUICK_H_AT_10_KM2 = 4.0  # lag of a small catchment; grows with the square root of area by its length
SLOW_DAYS = 40.0  # recession of springs in dry weather, of the order of temperate catchments
MELT_MM_K_DAY = 4.0  # degree-day factor, 2-6 for open snow
YEAR_S = 365.25 * 86400.0


class Catchment:
    """Reservoirs above each inflow, (inflows,) in m3; `outflow_m3_s` is what they give at present.

    Of rain and melting snow the share `yields` runs off, so that rain of the usual amount gives the mean flow; what
    does not is lost to the air there. `gone_m3` is that loss; `come_m3` and `given_m3` count rain and outflow.
    """

    _STATE = ("quick", "slow", "snow", "come_m3", "gone_m3", "given_m3")

    def __init__(self, area_m2: Floats, discharge_m3_s: Floats, annual_rain_mm: float, snow_mm: float = 0.0) -> None:
        """Start as after long ordinary weather: all of the mean flow comes from the slow reservoir."""
        self.area_m2 = area_m2.astype(np.float64)
        rain_m3_s = self.area_m2 * max(annual_rain_mm, 0.0) / 1000.0 / YEAR_S
        mean = discharge_m3_s.astype(np.float64)
        self.yields = np.divide(mean, rain_m3_s, out=np.zeros_like(mean), where=rain_m3_s > 0.0)
        self._quick_s = 3600.0 * QUICK_H_AT_10_KM2 * np.sqrt(np.maximum(self.area_m2, 1e4) / 1e7)
        self._slow_s = SLOW_DAYS * 86400.0
        self.quick = np.zeros(mean.shape)
        self.slow = mean * self._slow_s
        self.snow = self.area_m2 * snow_mm / 1000.0
        self.come_m3 = self.gone_m3 = self.given_m3 = 0.0

    @property
    def stored_m3(self) -> float:
        """All water in the reservoirs and the snow above."""
        return float(self.quick.sum() + self.slow.sum() + self.snow.sum())

    def step(self, rain_mm_h: Floats, snow_mm_h: Floats, air_c: Floats, seconds: float) -> Floats:
        """Advance; gives the volume in m3 that enters the map in this time, (inflows,)."""
        litres = self.area_m2 / 1000.0 * seconds / 3600.0
        rained, snowed = rain_mm_h * litres, snow_mm_h * litres
        self.snow = self.snow + snowed
        melted = np.minimum(self.snow, MELT_MM_K_DAY / 24.0 * np.maximum(air_c, 0.0) * litres)
        self.snow = self.snow - melted
        wet = rained + melted
        # More cannot run off than fell: where the mean flow wants more than the usual rain, springs bring the rest.
        runs_off = wet * np.minimum(self.yields, 1.0)
        quick = self.quick + QUICK_SHARE * runs_off
        slow = self.slow + (1.0 - QUICK_SHARE) * runs_off
        out_quick = quick * (1.0 - np.exp(-seconds / self._quick_s))
        out_slow = slow * (1.0 - math.exp(-seconds / self._slow_s))
        self.quick, self.slow = quick - out_quick, slow - out_slow
        given: Floats = out_quick + out_slow
        self.come_m3 += float((rained + snowed).sum())
        self.gone_m3 += float((wet - runs_off).sum())
        self.given_m3 += float(given.sum())
        return given

    def freeze(self) -> Plain:
        """All that changes, as plain values."""
        return taken(self, self._STATE)

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        put_back(self, self._STATE, state)
