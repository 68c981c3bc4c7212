"""Soil, snow and the country above the map against linear reservoirs, known rates and their own books."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world.water.catchment import MELT_MM_K_DAY, QUICK_SHARE, SLOW_DAYS, YEAR_S, Catchment
from world.water.snow import FRESH_ALBEDO, OLD_ALBEDO, albedo_over, fresh_density, settled
from world.water.soil import TOP_MM, conductivity_share, infiltrability_mm_h, soil_step

stores = st.floats(0, 1)


@given(
    standing=st.floats(0, 500), arriving=st.floats(0, 50), top=stores, root=stores, ground=stores,
    saturated=st.floats(0, 100), frozen=stores, root_most=st.floats(0, 400), ground_most=st.floats(0, 300),
    seeps=st.floats(0.01, 1000), hours=st.floats(1 / 60, 24),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_the_soil_neither_makes_nor_loses_water(
    standing: float, arriving: float, top: float, root: float, ground: float, saturated: float, frozen: float,
    root_most: float, ground_most: float, seeps: float, hours: float,
) -> None:  # fmt: skip
    before = standing + arriving + top * TOP_MM + root * root_most + ground * ground_most
    after = soil_step(
        standing, arriving, top * TOP_MM, root * root_most, ground * ground_most, saturated, frozen, root_most,
        ground_most, 6.0, seeps, hours,
    )  # fmt: skip
    assert sum(after) == pytest.approx(before, abs=1e-9)
    assert min(after) >= 0.0
    assert after[1] <= TOP_MM + 1e-9 and after[2] <= root_most + 1e-9 and after[3] <= ground_most + 1e-9


def test_groundwater_recedes_as_a_linear_reservoir() -> None:
    ground, seeps_in_h = 100.0, 240.0
    for _ in range(60 * 24 * 10):
        ground = soil_step(0.0, 0.0, 0.0, 0.0, ground, 20.0, 0.0, 300.0, 200.0, 6.0, seeps_in_h, 1 / 60)[3]
    assert ground == pytest.approx(100.0 * math.exp(-1.0), rel=1e-3)  # ten days at ten days' residence


def test_dry_soil_takes_heavy_rain_that_wet_and_frozen_soil_sheds() -> None:
    dry, wet = infiltrability_mm_h(10.0, 0.0, 0.0), infiltrability_mm_h(10.0, TOP_MM, 0.0)
    assert dry == pytest.approx(25.0) and wet == pytest.approx(10.0)  # Ks (1 + suction / front) and Ks
    assert infiltrability_mm_h(10.0, 6.0, 1.0) < 0.5
    assert conductivity_share(1.0) == 1.0 and conductivity_share(0.5) == pytest.approx(0.5**10)


def test_topsoil_drains_to_field_capacity_within_two_days_and_then_hardly() -> None:
    top, root = TOP_MM, 150.0
    amounts = []
    for _ in range(3):
        for _ in range(60 * 24):
            _, top, root, _, _ = soil_step(0.0, 0.0, top, root, 0.0, 20.0, 0.0, 300.0, 200.0, 6.0, 500.0, 1 / 60)
        amounts.append(top / TOP_MM)
    assert 0.3 < amounts[1] < 0.75 and amounts[1] - amounts[2] < 0.05


def test_the_country_above_recedes_after_rain_and_brings_the_mean_flow_in_the_mean() -> None:
    mean = np.array([0.3])
    above = Catchment(np.array([2e7]), mean, 900.0)
    hour_mm = 900.0 / (YEAR_S / 3600.0)
    flows = [float(above.step(np.array([hour_mm]), np.zeros(1), np.array([10.0]), 3600.0)[0]) for _ in range(24 * 730)]
    assert sum(flows[24 * 365 :]) / (365 * 86400.0) == pytest.approx(0.3, rel=0.005)
    books = above.come_m3 - above.gone_m3 - above.given_m3
    assert above.stored_m3 == pytest.approx(0.3 * SLOW_DAYS * 86400.0 + books, rel=1e-9)

    storm = Catchment(np.array([2e7]), mean, 900.0)
    flows = [
        storm.step(np.array([20.0 if k < 2 else 0.0]), np.zeros(1), np.array([10.0]), 3600.0)[0] for k in range(200)
    ]
    peak = int(np.argmax(flows))
    assert flows[peak] > 3.0 * 0.3 * 3600.0 and 1 <= peak <= 3
    # Late on, only the slow reservoir gives, and it halves in ln 2 of its residence.
    assert flows[199] / flows[175] == pytest.approx(math.exp(-1.0 / SLOW_DAYS), rel=0.02)
    quick = storm.yields[0] * QUICK_SHARE * 0.040 * 2e7
    assert sum(flows) - 0.3 * SLOW_DAYS * 86400 * (1 - math.exp(-200 / 24 / SLOW_DAYS)) > 0.95 * quick


def test_snow_above_melts_by_degree_days() -> None:
    above = Catchment(np.array([1e6]), np.array([0.01]), 800.0, snow_mm=100.0)
    for _ in range(24):
        above.step(np.zeros(1), np.zeros(1), np.array([5.0]), 3600.0)
    assert 100.0 - above.snow[0] / 1e3 == pytest.approx(5.0 * MELT_MM_K_DAY)


def test_a_desert_river_without_rain_of_its_own_runs_dry_without_trouble() -> None:
    above = Catchment(np.array([1e7, 1e7]), np.array([0.0, 0.2]), 0.0)
    flows = [above.step(np.full(2, 0.0), np.zeros(2), np.full(2, 30.0), 86400.0) for _ in range(400)]
    assert flows[0][0] == 0.0 and 0.0 < flows[-1][1] < 0.001 * flows[0][1] + 1.0


@given(
    swe=st.floats(0, 2000),
    density=st.floats(50, 400),
    fallen=st.floats(0, 50, allow_subnormal=False),  # the depth of so little would be nothing
    air=st.floats(-60, 30),
)
@settings(deadline=None)
def test_snow_keeps_its_water_and_stays_between_fluff_and_slush(
    swe: float, density: float, fallen: float, air: float
) -> None:
    total, after = settled(swe, density, fallen, air, 1 / 60)
    assert total == swe + fallen and 49.9 <= after <= 400.1


def test_new_snow_is_light_and_white_and_ages() -> None:
    assert 50.0 <= fresh_density(-15.0) < 80.0 < fresh_density(-1.0) <= 150.0
    swe, density = settled(0.0, 280.0, 20.0, -6.0, 1.0)
    assert 0.2 < swe / density < 0.4  # 20 mm of water are some 30 cm of new snow
    for _ in range(24 * 5):
        swe, density = settled(swe, density, 0.0, -6.0, 1.0)
    assert 0.07 < swe / density < 0.12 and density == pytest.approx(280.0, rel=0.15)
    assert albedo_over(0.2, 0.5, 100.0) == pytest.approx(FRESH_ALBEDO)
    assert albedo_over(0.2, 0.5, 400.0) == pytest.approx(OLD_ALBEDO)
    assert albedo_over(0.2, 0.0, 100.0) == pytest.approx(0.2)
