"""Days are the same in whatever order they are asked for, have the climate's means, and hang together."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world.sky.skies import climate_at
from world.sky.climate import ClimateConfig, climate_of
from world.sky.daily import BLOCK_DAYS, Days
from world.sky.wetness import centred, monthly_moments

FIRST = date(1900, 1, 1).toordinal()


def test_a_day_is_the_same_in_any_order() -> None:
    forwards, backwards = Days(climate_at(47.0), 5), Days(climate_at(47.0), 5)
    ordinals = list(range(FIRST, FIRST + 200))
    ahead = [forwards.day(o) for o in ordinals]
    assert ahead == [backwards.day(o) for o in reversed(ordinals)][::-1]
    assert ahead != Days(climate_at(47.0), 6).days(FIRST, 200)


def test_blocks_join_without_a_seam() -> None:
    climate = climate_at(47.0)
    days = Days(climate, 1).days((FIRST // BLOCK_DAYS + 1) * BLOCK_DAYS, BLOCK_DAYS * 400)
    anomaly = np.array([d.mean_c - Days(climate, 1).usual_c(date.fromordinal(d.ordinal)) for d in days])
    within = np.corrcoef(anomaly[15::BLOCK_DAYS], anomaly[16::BLOCK_DAYS])[0, 1]
    across = np.corrcoef(anomaly[BLOCK_DAYS - 1 : -1 : BLOCK_DAYS], anomaly[BLOCK_DAYS::BLOCK_DAYS])[0, 1]
    assert across == pytest.approx(within, abs=0.12) and across > 0.5


def test_the_means_are_the_climates() -> None:
    climate = climate_at(47.0)
    days = Days(climate, 3).days(FIRST, 365 * 60)
    month = np.array([date.fromordinal(d.ordinal).month - 1 for d in days])
    rain, mean, span = (np.array([getattr(d, name) for d in days]) for name in ("rain_mm", "mean_c", "range_c"))
    assert rain.sum() / 60 == pytest.approx(climate.annual_rain_mm, rel=0.05)
    for m in range(12):
        assert mean[month == m].mean() == pytest.approx(climate.temperature_c[m], abs=0.8)
        assert span[month == m].mean() == pytest.approx(climate.diurnal_range_c[m], abs=0.6)
    wet = rain > 0
    assert 365 * wet.mean() == pytest.approx(climate.wet_days.sum(), rel=0.05)


def test_wet_summer_days_are_cooler_cloudier_and_evener() -> None:
    days = [d for d in Days(climate_at(47.0), 3).days(FIRST, 365 * 20) if date.fromordinal(d.ordinal).month == 7]
    wet, dry = ([d for d in days if (d.rain_mm > 0) == state] for state in (True, False))

    def mean(some: list, name: str) -> float:
        return float(np.mean([getattr(d, name) for d in some]))

    assert mean(wet, "mean_c") < mean(dry, "mean_c") - 1.0
    assert mean(wet, "range_c") < 0.8 * mean(dry, "range_c")
    assert mean(wet, "cloud") > mean(dry, "cloud") + 0.2
    assert mean(wet, "pressure_pa") < mean(dry, "pressure_pa") - 500


def test_moments_of_months_against_as_many_months_drawn() -> None:
    climate = climate_at(47.0)
    wanted_mean, wanted_variance = monthly_moments(climate.daily, climate.daily.sway)
    years = 120
    days = Days(climate, 9).days(FIRST, 365 * years)
    totals = np.zeros((years + 1, 12))
    for d in days:
        when = date.fromordinal(d.ordinal)
        totals[when.year - 1900, when.month - 1] += d.rain_mm
    totals = totals[: years - 1]
    assert totals.mean(axis=0).sum() == pytest.approx(wanted_mean.sum(), rel=0.05)
    assert totals.var(axis=0).sum() == pytest.approx(wanted_variance.sum(), rel=0.15)


def test_the_index_leaves_the_chances_and_widens_the_months() -> None:
    from dataclasses import replace

    daily = climate_at(47.0).daily
    still = replace(daily, sway=np.zeros(12))
    swaying = centred(replace(still, sway=np.full(12, 0.7)))
    mean, variance = monthly_moments(still, still.sway)
    other_mean, wider = monthly_moments(swaying, swaying.sway)
    assert other_mean == pytest.approx(mean, rel=0.02)
    assert (wider > 1.2 * variance).all()


def test_no_rain_means_none() -> None:
    climate = climate_of(ClimateConfig(25.0, annual_rain_mm=0.0))
    assert sum(d.rain_mm for d in Days(climate, 1).days(FIRST, 4000)) == 0.0


@given(
    latitude=st.floats(-90, 90),
    altitude=st.floats(-400, 5000),
    sea=st.floats(0, 4000),
    rain=st.one_of(st.none(), st.floats(0, 8000)),
    temperature=st.one_of(st.none(), st.floats(-35, 35)),
    seed=st.integers(0, 2**63 - 1),
    year=st.integers(1000, 2999),
)
@settings(max_examples=25, deadline=None)
def test_days_stay_earthly(
    latitude: float, altitude: float, sea: float, rain: float | None, temperature: float | None, seed: int, year: int
) -> None:
    climate = climate_of(ClimateConfig(latitude, altitude, sea, rain, temperature))
    for d in Days(climate, seed).days(date(year, 1, 1).toordinal(), 100):
        assert -90 <= d.mean_c <= 57 and 0 < d.range_c < 60
        assert 0 <= d.rain_mm <= 1400 and -100 < d.dew_c < d.mean_c
        assert 0 <= d.wind_m_s <= 25 and 0 <= d.cloud <= 1 and 96_000 < d.pressure_pa < 106_000
