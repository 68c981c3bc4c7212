"""Climates look like those of known places, follow the sun, keep what is given, and are sane at the Earth's ends."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world.sky.climate import Climate, ClimateConfig, climate_of
from world.sky.normals import extraterrestrial_mm, hargreaves_mm, knots_of, through_the_year

# annual mean and rain of WMO normals (1961-1990 or 1991-2020), rounded
PLACES = {
    "Innsbruck": (ClimateConfig(47.3, 580, 250), 9.0, 900),
    "Brest": (ClimateConfig(48.4, 50, 5), 11.0, 1200),
    "Rome": (ClimateConfig(41.9, 20, 20), 15.5, 800),
    "Moscow": (ClimateConfig(55.8, 150, 700), 5.8, 700),
    "Yakutsk": (ClimateConfig(62.0, 100, 900), -9.0, 240),
    "Manaus": (ClimateConfig(-3.1, 60, 1000), 27.0, 2200),
    "Mumbai": (ClimateConfig(19.1, 10, 0), 27.0, 2200),
    "La Paz": (ClimateConfig(-16.5, 3650, 300), 8.0, 600),
    "Christchurch": (ClimateConfig(-43.5, 10, 10), 12.0, 620),
}


@pytest.mark.parametrize("name", PLACES)
def test_known_places_within_six_degrees_and_a_factor_of_two(name: str) -> None:
    config, temperature, rain = PLACES[name]
    climate = climate_of(config)
    assert climate.annual_temperature_c == pytest.approx(temperature, abs=6.0)
    assert rain / 2.2 < climate.annual_rain_mm < rain * 2.2


def test_the_deep_desert_is_dry_and_the_monsoon_comes_in_summer() -> None:
    sahara = climate_of(ClimateConfig(24.0, 300, 1500))
    assert sahara.annual_rain_mm < 200 and sahara.pet_mm.sum() > 1200
    assert sahara.humidity.mean() < 0.45 and sahara.diurnal_range_c.mean() > 12
    india = climate_of(ClimateConfig(19.0, 10, 0))
    assert india.rain_mm[5:9].sum() > 0.5 * india.annual_rain_mm
    rome = climate_of(ClimateConfig(41.9, 20, 20))
    assert rome.rain_mm[[10, 11, 0]].sum() > rome.rain_mm[[5, 6, 7]].sum()


def test_the_two_halves_of_the_earth_are_half_a_year_apart() -> None:
    north, south = (climate_of(ClimateConfig(latitude, 200, 300)) for latitude in (45.0, -45.0))
    assert int(np.argmax(north.temperature_c)) == 6 and int(np.argmax(south.temperature_c)) == 0
    # The mean differs: currents warm the north only.
    courses = [each.temperature_c - each.annual_temperature_c for each in (north, south)]
    assert np.roll(courses[1], 6) == pytest.approx(courses[0], abs=0.7)
    assert np.sin(north.prevailing_towards) == pytest.approx(-np.sin(south.prevailing_towards))


def test_winds_of_the_belts() -> None:
    def east_and_north(latitude: float) -> tuple[float, float]:
        towards = climate_of(ClimateConfig(latitude)).prevailing_towards
        return float(np.cos(towards)), float(np.sin(towards))

    assert east_and_north(15.0) < (0, 0) and east_and_north(15.0)[1] < 0  # the north-east trade
    assert east_and_north(-15.0)[0] < 0 < east_and_north(-15.0)[1]
    assert east_and_north(47.0)[0] > 0.8
    assert east_and_north(80.0)[0] < 0


def test_the_sea_evens_and_height_cools() -> None:
    swings = [float(np.ptp(climate_of(ClimateConfig(50.0, 100, d)).temperature_c)) for d in (0, 100, 500, 2000)]
    assert swings == sorted(swings) and swings[0] < 14 and swings[-1] > 30
    low, high = (climate_of(ClimateConfig(47.0, altitude)).annual_temperature_c for altitude in (0, 2000))
    assert (low - high) / 2 == pytest.approx(5.5, abs=0.2)


def test_given_figures_are_kept() -> None:
    climate = climate_of(ClimateConfig(47.0, annual_rain_mm=2500.0, temperature_c=3.0))
    assert climate.annual_rain_mm == pytest.approx(2500.0)
    assert climate.annual_temperature_c == pytest.approx(3.0, abs=0.1)


def test_radiation_and_evaporation_against_worked_examples() -> None:
    # FAO-56 examples 8 (3 September at 20 degrees south: 32.2 MJ) and 20 (Lyon in July: 5.0 mm per day)
    assert extraterrestrial_mm(-20.0, np.array([246.0]))[0] * 2.45 == pytest.approx(32.2, abs=0.1)
    lyon = hargreaves_mm(45.72, np.full(12, 20.7), np.full(12, 11.8))
    assert lyon[6] / 31 == pytest.approx(5.0, abs=0.1)


def test_lines_through_the_knots_have_the_monthly_means() -> None:
    from datetime import date, timedelta

    means = climate_of(ClimateConfig(60.0, 100, 800)).temperature_c
    knots = knots_of(means)
    days = [date(2025, 1, 1) + timedelta(days=i) for i in range(365)]
    values = np.array([through_the_year(knots, day) for day in days])
    months = np.array([day.month - 1 for day in days])
    assert [values[months == m].mean() for m in range(12)] == pytest.approx(means.tolist(), abs=0.05)
    assert np.abs(np.diff(values)).max() < 0.6


def checked(climate: Climate) -> None:
    for owner in (climate, climate.daily):
        for f in fields(owner):
            value = getattr(owner, f.name)
            if isinstance(value, np.ndarray):
                assert value.shape == (12,) and np.isfinite(value).all(), f.name
    assert (climate.temperature_c > -90).all() and (climate.temperature_c < 57).all()
    for name in ("humidity", "cloud"):
        assert ((getattr(climate, name) > 0) & (getattr(climate, name) < 1)).all()
    for name in ("p01", "p11", "mix"):
        assert ((getattr(climate.daily, name) >= 0) & (getattr(climate.daily, name) <= 1)).all()
    for name in ("rain_mm", "wet_days", "pet_mm"):
        assert (getattr(climate, name) >= 0).all()
    assert (climate.wind_m_s > 0).all() and (climate.diurnal_range_c > 0).all()


@given(
    latitude=st.floats(-90, 90),
    altitude=st.floats(-400, 5000),
    sea=st.floats(0, 4000),
    rain=st.one_of(st.none(), st.floats(0, 8000)),
    temperature=st.one_of(st.none(), st.floats(-35, 35)),
)
@settings(max_examples=60, deadline=None)
def test_sane_anywhere(
    latitude: float, altitude: float, sea: float, rain: float | None, temperature: float | None
) -> None:
    checked(climate_of(ClimateConfig(latitude, altitude, sea, rain, temperature)))
