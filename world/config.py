"""What a world is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from world.land.config import LandConfig
from world.sky.climate import ClimateConfig
from world.sky.weather import WeatherOpening


@dataclass(frozen=True)
class WorldConfig:
    """What a world is made from."""

    seed: int
    size_m: float = 2048.0
    latitude: float = 47.0
    longitude: float = 11.0
    start: datetime = datetime(2026, 6, 12, 9, 30)  # noqa: DTZ001 (local mean solar time)
    tick_rate: int = 16
    villagers: int = 12
    land: LandConfig = field(default_factory=LandConfig)
    weather: WeatherOpening = field(default_factory=WeatherOpening)
    altitude_m: float = 600.0  # of the datum above the sea
    sea_distance_km: float = 250.0
    annual_rain_mm: float | None = None  # in place of the climate's own figures
    temperature_c: float | None = None
    station: str | None = None  # a file of weather to take the climate from

    @property
    def climate(self) -> ClimateConfig:
        """What the climate is made from."""
        return ClimateConfig(
            self.latitude,
            self.altitude_m,
            self.sea_distance_km,
            self.annual_rain_mm,
            self.temperature_c,
            self.station,
        )

    @property
    def valley_inputs(self) -> tuple[object, ...]:
        """All that the valley depends on, but for what a station's file holds."""
        return self.seed, self.size_m, self.villagers, self.land, self.climate
