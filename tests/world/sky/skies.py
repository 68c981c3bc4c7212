"""Skies for tests, over level ground unless told otherwise."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from world.sky.climate import Climate, ClimateConfig, climate_of
from world.sky.field import Relief
from world.sky.weather import Sky, WeatherOpening


def local(text: str) -> datetime:
    """Local mean solar time."""
    return datetime.fromisoformat(text)


JUNE = local("2026-06-12T09:30")


@lru_cache(maxsize=64)
def climate_at(latitude: float, altitude_m: float = 600.0, sea_distance_km: float = 250.0) -> Climate:
    return climate_of(ClimateConfig(latitude, altitude_m, sea_distance_km))


def a_sky(
    opening: WeatherOpening,
    seed: int,
    start: datetime = JUNE,
    latitude: float = 47.0,
    relief: Relief | None = None,
) -> Sky:
    return Sky(opening, climate_at(latitude), seed, start, 11.0, relief)
