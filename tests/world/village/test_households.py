"""Doors, lamps and hearths follow the hour and the weather; water over the threshold follows the flood."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from assets.palette import BuildingKind as Kind
from world.columns import BUILDINGS
from world.view import Surface, Weather
from world.village.households import Households

FAIR = Weather(20.0, 0.6, 101_300.0, 2.0, 0.0, 0.3, 0.0, 0.0, 20_000.0, 0.2, 0.0)
KINDS = (Kind.HOUSE,) * 40 + (Kind.INN, Kind.SCHOOL, Kind.BARN, Kind.BRIDGE)
GROUND = np.zeros((51, 51), np.float32)


def buildings():
    rows = np.zeros(len(KINDS), BUILDINGS)
    rows["kind"] = [int(kind) for kind in KINDS]
    rows["x"], rows["y"], rows["z"] = np.linspace(-60, 60, len(KINDS)), 10.0, 0.3
    rows["width_m"], rows["depth_m"] = 8.0, 6.0
    return rows


def state(hour: float, elevation: float, weather: Weather = FAIR, water: float = 0.0):
    maps = [np.full(GROUND.shape, value, np.float32) for value in (water, 0.0, 0.2, 0.0)]
    moment = datetime.fromisoformat("2026-06-12T00:00").replace(hour=int(hour), minute=round(hour % 1 * 60))
    made = Households(buildings(), 7)
    return made.at(moment, elevation, weather, Surface(0, *maps), GROUND, (-100.0, -100.0), 4.0)


def test_lamps_burn_in_the_evening_not_by_day_and_not_all_night():
    lit = {hour: state(hour, elevation)["lamp"][:40].mean() for hour, elevation in ((12, 1.0), (20, -0.1), (1, -0.4))}
    assert lit == {12: 0.0, 20: 1.0, 1: 0.0}
    assert 0 < state(21.6, -0.3)["lamp"][:40].mean() < 1  # each household keeps its own hours
    assert state(22.5, -0.3)["lamp"][40] == 1  # the inn is still awake


def test_cold_lights_the_hearth_and_shuts_the_door():
    assert state(15, 0.6)["hearth"][:40].sum() == 0
    assert state(15, 0.6, replace(FAIR, temperature_c=4.0))["hearth"][:40].all()
    assert state(2, -0.5, replace(FAIR, temperature_c=-5.0))["hearth"][:40].all()
    warm, wet = state(15, 0.6)["door"], state(15, 0.6, replace(FAIR, rain_mm_h=3.0))["door"]
    assert 8 < warm[:40].sum() < 32 and warm[41] == warm[42] == 1
    assert wet.sum() == 0


def test_water_counts_from_the_floor_and_not_under_the_bridge():
    made = state(12, 1.0, water=0.8)["water_m"]
    assert made[:43] == pytest.approx(0.5, abs=1e-6) and made[43] == 0.0
    assert state(12, 1.0, water=0.2)["water_m"].max() == 0.0
