"""The simple ledger of water on the ground neither makes nor loses any."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world.water.ground_water import CAPACITY_MM, GroundWater


@given(
    st.lists(
        st.tuples(
            st.floats(0, 40),
            st.floats(0, 20),
            st.floats(-20, 35),
            st.floats(0.1, 1),
            st.floats(0, 20),
            st.floats(0, 1000),
        ),
        min_size=1,
        max_size=60,
    ),
    st.floats(0, CAPACITY_MM),
    st.floats(0, 200),
)
@settings(max_examples=100, deadline=None)
def test_ground_water_is_neither_made_nor_lost(spells: list[tuple[float, ...]], soil: float, snow: float) -> None:
    water = GroundWater(soil, snow, 0.25)
    for rain, snowfall, temperature, humidity, wind, sun in spells:
        water = water.after(0.5, rain, snowfall, temperature, humidity, wind, sun)
        assert 0 <= water.soil_mm <= CAPACITY_MM + 1e-9 and water.snow_mm >= 0
    gone = water.evaporated_mm + water.seeped_mm + water.ran_off_mm
    assert water.soil_mm + gone == pytest.approx(soil + water.rained_mm + water.melted_mm, abs=1e-6)
    assert water.snow_mm + water.melted_mm == pytest.approx(snow + water.snowed_mm, abs=1e-6)


def test_rain_wets_and_sun_dries_faster_than_shade() -> None:
    start = GroundWater(3.0, 0.0, 0.25)
    assert start.after(1.0, 5.0, 0.0, 12.0, 0.9, 3.0, 100.0).wetness > start.wetness
    sunny = start.after(6.0, 0.0, 0.0, 22.0, 0.5, 3.0, 700.0).wetness
    shady = start.after(6.0, 0.0, 0.0, 22.0, 0.5, 3.0, 100.0).wetness
    assert sunny < shady < start.wetness


def test_snow_melts_by_the_degree_day() -> None:
    lying = GroundWater(0.0, 40.0, 0.25)
    assert lying.after(24.0, 0.0, 0.0, 5.0, 0.8, 1.0, 0.0).melted_mm == pytest.approx(20.0)
    assert lying.after(24.0, 0.0, 0.0, -5.0, 0.8, 1.0, 0.0).melted_mm == 0.0
