"""Each figure of the weather accepts this generator and fails on a broken one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from world.scorecard import weather as card
from world.scorecard.subject import Subject
from world.scorecard.weather import METRICS, DayTable, independent, of_generator, of_record
from world.sky import air
from world.sky import weather as sky_module
from world.sky.climate import Climate, ClimateConfig, climate_of
from world.sky.field import NODES, Relief, Terrain
from world.sky.station import read_station
from world.sky.weather import Sky, WeatherOpening
from world.world import WorldConfig

SEATTLE = Path(str(files("assets"))) / "stations" / "seattle_tacoma.csv"
ACCEPTED = {metric.key: metric.accepted for metric in METRICS}
YEARS = 40


@pytest.fixture(scope="module")
def truth() -> DayTable:
    return of_record(read_station(SEATTLE))


@pytest.fixture(scope="module")
def climate() -> Climate:
    return climate_of(replace(card.SEATTLE, station=SEATTLE))


@pytest.fixture(scope="module")
def ours(climate: Climate) -> DayTable:
    return of_generator(climate, 8, YEARS)


def accepts(key: str, value: float | None) -> bool:
    low, high = ACCEPTED[key]
    return value is not None and low <= value <= high


def generated(climate: Climate, **changes: object) -> DayTable:
    """Days of a generator with other statistics."""
    return of_generator(replace(climate, daily=replace(climate.daily, **changes)), 8, YEARS)  # type: ignore[arg-type]


def test_too_many_wet_days(truth: DayTable, ours: DayTable, climate: Climate) -> None:
    assert accepts("wet_days", card.wet_day_error(ours, truth))
    wetter = generated(climate, p01=np.minimum(1.5 * climate.daily.p01, 0.9))
    assert not accepts("wet_days", card.wet_day_error(wetter, truth))


def test_days_that_forget_the_day_before(truth: DayTable, ours: DayTable, climate: Climate) -> None:
    share = climate.wet_days / np.array([31, 28.24, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    forgetful = generated(climate, p01=share, p11=share)
    for wet, key in ((True, "wet_spells"), (False, "dry_spells")):
        assert accepts(key, card.spell_ratio(ours, truth, wet=wet))
        assert not accepts(key, card.spell_ratio(forgetful, truth, wet=wet))


def test_months_that_are_all_alike(truth: DayTable, ours: DayTable, climate: Climate) -> None:
    assert accepts("monthly_variance", card.month_variance_ratio(ours, truth))
    alike = generated(climate, sway=np.zeros(12))  # the plain generator of the textbooks is known to fail
    assert not accepts("monthly_variance", card.month_variance_ratio(alike, truth))


def test_amounts_of_another_size(truth: DayTable, ours: DayTable) -> None:
    assert accepts("amounts", card.amounts_p(ours, truth))
    assert not accepts("amounts", card.amounts_p(replace(ours, rain_mm=2.0 * ours.rain_mm), truth))
    even = replace(ours, rain_mm=np.where(ours.wet, ours.rain_mm[ours.wet].mean(), 0.0))
    assert not accepts("amounts", card.amounts_p(even, truth))


def test_days_too_even(truth: DayTable, ours: DayTable) -> None:
    assert accepts("diurnal_range", card.range_error_c(ours, truth))
    assert not accepts("diurnal_range", card.range_error_c(replace(ours, range_c=0.8 * ours.range_c), truth))


def test_temperature_without_memory_or_with_too_much(ours: DayTable, climate: Climate) -> None:
    assert accepts("memory", card.memory(ours))
    assert not accepts("memory", card.memory(generated(climate, memory=0.1)))
    assert not accepts("memory", card.memory(generated(climate, memory=0.95)))


def test_the_baseline_has_the_means_and_nothing_else(truth: DayTable, ours: DayTable) -> None:
    baseline = independent(ours, truth, np.random.default_rng(1))
    assert accepts("wet_days", card.wet_day_error(baseline, truth))
    for key, value in (
        ("wet_spells", card.spell_ratio(baseline, truth, wet=True)),
        ("dry_spells", card.spell_ratio(baseline, truth, wet=False)),
        ("monthly_variance", card.month_variance_ratio(baseline, truth)),
        ("diurnal_range", card.range_error_c(baseline, truth)),
        ("memory", card.memory(baseline)),
    ):
        assert not accepts(key, value), key


def hilly_sky(kind: str = "climate") -> Sky:
    axis = np.linspace(-1.0, 1.0, NODES)
    relief = Relief(np.tile(150.0 * axis**2, (NODES, 1)), (-1024.0, -1024.0), 64.0)
    return Sky(WeatherOpening(kind), climate_of(ClimateConfig()), 3, START, 11.0, relief)


START = datetime.fromisoformat("2026-01-01")


def test_air_that_does_not_cool_with_height(monkeypatch: pytest.MonkeyPatch) -> None:
    assert accepts("lapse", card.mean_lapse_c_km(hilly_sky()))
    monkeypatch.setattr(Terrain, "lapse_c_m", lambda self, day: 0.0)
    assert not accepts("lapse", card.mean_lapse_c_km(hilly_sky()))
    monkeypatch.setattr(Terrain, "lapse_c_m", lambda self, day: 0.015)
    assert not accepts("lapse", card.mean_lapse_c_km(hilly_sky()))
    assert card.mean_lapse_c_km(Sky(WeatherOpening("climate"), climate_of(ClimateConfig()), 3, START, 11.0)) is None


def test_hours_that_lose_rain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert accepts("hours", card.hours_over_day(hilly_sky(), START))
    monkeypatch.setattr(sky_module, "bounded_mm_h", lambda rate: min(rate, 1.0))
    assert not accepts("hours", card.hours_over_day(hilly_sky(), START))


def test_drops_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    assert accepts("drops", card.worst_rain_of_drops())
    monkeypatch.setattr(card, "drop_slope_mm", lambda rate: 0.95 * air.drop_slope_mm(rate))
    assert not accepts("drops", card.worst_rain_of_drops())


@contextmanager
def no_valley() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card, "_sky", lambda subject: hilly_sky())
        patch.setattr(card, "YEARS", 10)
        yield


def test_a_subject_without_a_station_is_measured_against_the_shipped_one() -> None:
    with no_valley():
        subject = Subject(WorldConfig(seed=3))
        assert "names no station" in card.compared(subject).name
        values = {metric.key: metric.measure(subject) for metric in METRICS if metric.key != "hours"}
        assert all(value is not None and np.isfinite(value) for value in values.values())
        named = Subject(WorldConfig(seed=3, station=str(SEATTLE), annual_rain_mm=200.0))
        assert card.compared(named).name == "seattle_tacoma.csv"
        assert card.compared(named).climate.annual_rain_mm > 1000  # the record's own, which it is held against
        for chart in card.charts(subject):
            assert all(len(series.x) == len(series.y) for series in chart.series)


def test_a_record_without_rain_leaves_rain_unmeasured(truth: DayTable, ours: DayTable) -> None:
    dry = replace(truth, rain_mm=np.zeros_like(truth.rain_mm))
    assert card.wet_day_error(ours, dry) is card.spell_ratio(ours, dry, wet=True) is card.amounts_p(ours, dry) is None
    assert card.month_variance_ratio(ours, dry) is None
    short = DayTable(*(getattr(truth, name)[:500] for name in ("month", "year", "rain_mm", "mean_c", "range_c")))
    assert card.month_variance_ratio(ours, short) is None
