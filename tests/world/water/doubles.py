"""A small made-up valley, unchanging air over it, and its climate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from assets.palette import GroundCover
from world.land.terrain import INFLOWS
from world.sky.air import AIR_MASSES
from world.sky.climate import ClimateConfig, climate_of
from world.sky.field import AirField
from world.water.surface import LandSurface, Sunrise

NODES = 5
CLIMATE = climate_of(ClimateConfig())


@dataclass(frozen=True)
class Vale:
    """A V-shaped valley with a stream down its middle, from a spring beyond its upper edge."""

    n: int = 33
    cell_m: float = 4.0
    inflow_m3_s: float = 0.05
    cover: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0), np.uint8))

    @property
    def origin(self) -> tuple[float, float]:
        return -self.cell_m * (self.n - 1) / 2, -self.cell_m * (self.n - 1) / 2

    @property
    def heights(self) -> NDArray[np.float32]:
        r, c = np.mgrid[: self.n, : self.n].astype(np.float64)
        away = np.abs(c - self.n // 2)
        return (0.02 * self.cell_m * r + 0.05 * self.cell_m * away - 0.4 * (away == 0)).astype(np.float32)

    @property
    def water_depth(self) -> NDArray[np.float32]:
        return np.where(self._stream, 0.1, 0.0).astype(np.float32)

    @property
    def soil_m(self) -> NDArray[np.float32]:
        return np.full((self.n, self.n), 1.0, np.float32)

    @property
    def canopy(self) -> NDArray[np.float32]:
        return np.zeros((self.n, self.n), np.float32)

    @property
    def discharge_m3_s(self) -> NDArray[np.float32]:
        return np.where(self._stream, self.inflow_m3_s, 0.0).astype(np.float32)

    @property
    def channel_width_m(self) -> NDArray[np.float32]:
        return np.where(self._stream, 2.0, 0.0).astype(np.float32)

    @property
    def inflows(self) -> NDArray[np.void]:
        return np.array([(self.n - 1, self.n // 2, 3e6, self.inflow_m3_s)], INFLOWS)

    @property
    def _stream(self) -> NDArray[np.bool_]:
        return np.broadcast_to(np.arange(self.n) == self.n // 2, (self.n, self.n))


def vale(n: int = 33, cover: GroundCover = GroundCover.GRASS, inflow_m3_s: float = 0.05) -> Vale:
    return Vale(n, inflow_m3_s=inflow_m3_s, cover=np.full((n, n), int(cover), np.uint8))


@dataclass(frozen=True)
class Steady:
    """Air that is the same everywhere; rain, snow and temperature may follow time."""

    air_c: Callable[[float], float] = lambda seconds: 15.0
    rain_mm_h: Callable[[float], float] = lambda seconds: 0.0
    snow_mm_h: Callable[[float], float] = lambda seconds: 0.0
    humidity: float = 0.7
    wind_m_s: float = 2.0
    cloud: float = 0.5

    def field(self, seconds: float) -> AirField:
        def level(value: float) -> NDArray[np.float64]:
            return np.full((NODES, NODES), value)

        return AirField(
            (-64.0, -64.0), 32.0, level(self.air_c(seconds)), level(self.humidity), level(self.wind_m_s), level(0.0),
            level(self.rain_mm_h(seconds)), level(self.snow_mm_h(seconds)), level(self.cloud), level(0.0),
        )  # fmt: skip


def sunrise(start: str = "2026-06-12T09:30", latitude: float = 47.0) -> Sunrise:
    return Sunrise(datetime.fromisoformat(start), latitude, 11.0)


def shower(start_s: float, end_s: float, rate_mm_h: float) -> Callable[[float], float]:
    return lambda seconds: rate_mm_h if start_s <= seconds < end_s else 0.0


def land(
    air: Steady | None = None, basin: Vale | None = None, when: Sunrise | None = None, opening: str = "fair"
) -> LandSurface:
    ground = AIR_MASSES[opening].wetness, AIR_MASSES[opening].snow_m
    return LandSurface(basin or vale(), air or Steady(), CLIMATE, when or sunrise(), *ground)
