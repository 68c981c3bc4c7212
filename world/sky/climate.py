"""The climate that a scenario asks for: of a place on Earth, with some figures given, or of a station's record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from world.sky.normals import Climate
from world.sky.zonal import zonal_climate

__all__ = ["Climate", "ClimateConfig", "climate_of"]


@dataclass(frozen=True)
class ClimateConfig:
    """Where on Earth, and what is given in place of the model's figures."""

    latitude: float = 47.0
    altitude_m: float = 600.0
    sea_distance_km: float = 250.0
    annual_rain_mm: float | None = None
    temperature_c: float | None = None
    station: Path | str | None = None  # the name of a shipped one, or an EPW or CSV file


def climate_of(config: ClimateConfig) -> Climate:
    """The climate of a configuration: a pure function of it and of the station's file.

    Raises:
        StationError: the station's file cannot be read; the message names file, line and column.
    """
    zonal = zonal_climate(
        config.latitude, config.altitude_m, config.sea_distance_km, config.annual_rain_mm, config.temperature_c
    )
    if config.station is None:
        return zonal
    from world.sky.fit import fitted  # noqa: PLC0415 - most worlds have no station
    from world.sky.station import read_station  # noqa: PLC0415

    return fitted(read_station(config.station), zonal, config.annual_rain_mm, config.temperature_c)
