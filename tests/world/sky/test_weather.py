"""Weather stays physical, is what the scenario calls it, keeps its ledger, and is the same every time."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world.sky.skies import a_sky
from world.sky.air import AIR_MASSES, dew_point_c, saturation_pa, snow_share, visibility_m, wet_bulb_c
from world.sky.weather import UPDATE_S, WeatherOpening
from world.view import Weather

JUNE, JANUARY = (datetime.fromisoformat(f"2026-{month}-12T09:30") for month in ("06", "01"))
FIRST, LAST = (datetime.fromisoformat(f"{year}-01-01") for year in (1990, 2050))
KINDS = sorted(AIR_MASSES)


def series(
    opening: WeatherOpening, hours: float, start: datetime = JUNE, latitude: float = 47.0, seed: int = 1
) -> list[Weather]:
    sky = a_sky(opening, seed, start, latitude)
    return [sky.at(60.0 * minute) for minute in range(int(hours * 60))]


@given(
    kind=st.sampled_from(KINDS),
    front=st.one_of(st.none(), st.sampled_from(KINDS)),
    latitude=st.floats(-90, 90),
    seed=st.integers(0, 2**40),
    start=st.datetimes(FIRST, LAST),
)
@settings(max_examples=20, deadline=None)
def test_always_within_physical_bounds(
    kind: str, front: str | None, latitude: float, seed: int, start: datetime
) -> None:
    for w in series(WeatherOpening(kind, front, 0.5, 1.0), 2.5, start, latitude, seed)[::7]:
        assert -70 < w.temperature_c < 55
        assert 0 < w.humidity <= 1
        assert 94_000 < w.pressure_pa < 106_000
        assert 0 <= w.wind_m_s < 45 and 0 <= w.wind_towards < 2 * np.pi
        assert 0 <= w.cloud <= 1
        assert 0 <= w.rain_mm_h < 305 and 0 <= w.snow_mm_h < 60  # an hour in Holt, Missouri, 1947
        assert 30 < w.visibility_m < 60_000
        assert w.wind_m_s <= w.gust_m_s < 70 and 0 <= w.sun_w_m2 < 1400
        assert w.visibility_m <= w.haze_visibility_m * (1 + 1e-12)


@pytest.mark.parametrize("start", [JUNE, JANUARY])
def test_each_opening_is_what_it_is_called(start: datetime) -> None:
    first = {kind: series(WeatherOpening(kind), 1.0, start)[10] for kind in KINDS}
    assert first["rain"].rain_mm_h > 1 and first["rain"].snow_mm_h == 0
    assert first["storm"].wind_m_s > 6 and first["storm"].rain_mm_h > first["rain"].rain_mm_h
    assert first["snow"].snow_mm_h > 0.3 and first["snow"].rain_mm_h == 0
    assert first["fog"].visibility_m < 1000
    assert 0 < first["drizzle"].rain_mm_h < 1.5
    for dry in ("clear", "fair", "overcast", "fog"):
        assert first[dry].rain_mm_h == first[dry].snow_mm_h == 0
    assert first["clear"].visibility_m > 10_000 and first["clear"].cloud < 0.3 < first["overcast"].cloud
    assert first["clear"].describe().endswith("sunshine")


def test_a_front_brings_its_weather_when_it_says() -> None:
    hours = series(WeatherOpening("clear", "storm", 2.0, 1.0), 5.0)
    rain, pressure = [w.rain_mm_h for w in hours], [w.pressure_pa for w in hours]
    assert max(rain[:118]) == 0
    assert min(rain[190:]) > 3
    assert np.mean(pressure[190:]) < np.mean(pressure[:118]) - 1500


def test_warmest_after_noon_coldest_before_dawn() -> None:
    day = series(WeatherOpening("clear", hours=30.0), 24.0, JUNE.replace(hour=0, minute=0))
    temperature = np.convolve([w.temperature_c for w in day], np.ones(61) / 61, mode="same")[60:-60]
    assert 13 <= (int(np.argmax(temperature)) + 60) / 60 <= 17
    assert 1 <= (int(np.argmin(temperature)) + 60) / 60 <= 6


def test_interpolation_has_no_jumps_between_ticks() -> None:
    sky = a_sky(WeatherOpening("storm"), 4)
    wind = np.array([sky.at(tick / 16).wind_m_s for tick in range(16 * 120)])
    steps = np.abs(np.diff(wind))
    updates = np.abs(np.diff(wind[:: 16 * UPDATE_S]))
    assert steps.max() <= updates.max() / (16 * UPDATE_S) * 1.2 + 1e-9


def test_same_seed_same_weather_other_seed_other_weather() -> None:
    def last(seed: int) -> Weather:
        return series(WeatherOpening("rain"), 2.0, seed=seed)[-1]

    assert last(5) == last(5) != last(6)


def test_air_physics_against_table_values() -> None:
    # Smithsonian meteorological tables: 23.37 hPa at 20 degC; 20 degC and 50 % have dew point 9.3 and wet bulb 13.7
    assert saturation_pa(20.0) == pytest.approx(2337, rel=0.002)
    assert dew_point_c(20.0, 0.5) == pytest.approx(9.3, abs=0.1)
    assert wet_bulb_c(20.0, 0.5) == pytest.approx(13.7, abs=0.3)
    assert (snow_share(-1.0), snow_share(1.0), snow_share(3.0)) == (1.0, 0.5, 0.0)


def test_rain_extinction_is_the_cross_section_of_its_drops() -> None:
    from scipy.integrate import quad

    rate = 10.0
    slope = 4.23 * rate**-0.214  # per mm
    area, _ = quad(lambda d: 2 * np.pi / 4 * d**2 * 8000 * np.exp(-slope * d), 0, 20)  # mm2 per m3
    with_rain, without = (visibility_m(r, 0.0, 0.5, 0.0) for r in (rate, 0.0))
    assert 3.912 / with_rain - 3.912 / without == pytest.approx(area * 1e-6, rel=0.01)


def test_a_front_that_is_sent_is_a_front_that_was_announced_from_its_beginning_on() -> None:
    announced = a_sky(WeatherOpening("fair", "storm", 0.5, 0.25), 3)
    sent = a_sky(WeatherOpening("fair"), 3)
    for second in range(0, 5400, 10):
        if second == 1800:
            sent.send("storm", 1800, 900)
        assert sent.at(second) == announced.at(second)
    assert sent.at(5400).rain_mm_h > 3
    with pytest.raises(KeyError, match="hail"):
        sent.send("hail", 5400, 60)


def test_a_sky_put_back_goes_on_the_same() -> None:
    one, other = (a_sky(WeatherOpening("rain"), 3) for _ in range(2))
    one.send("snow", 0, 600)
    one.at(777.0)
    other.thaw(one.freeze())
    for second in range(777, 3000, 7):
        assert one.at(second) == other.at(second)
