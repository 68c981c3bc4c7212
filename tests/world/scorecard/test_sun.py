"""The suns that ours is compared with agree with each other, and a wrong sun fails."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from world.scorecard import ephemeris, sun
from world.scorecard.card import Result
from world.scorecard.subject import Subject
from world.sky.sun import Sun, clear_sky_w_m2, sun_at
from world.world import WorldConfig


def card(subject: Subject) -> dict[str, Result]:
    results = {}
    for metric in sun.METRICS:
        assert metric.baseline is not None
        results[metric.key] = Result(metric, (metric.measure(subject),), (metric.baseline(subject),))
    return results


def value(result: Result) -> float:
    assert result.median is not None
    return result.median


@pytest.mark.parametrize("latitude", [-67.0, 0.0, 47.0, 89.0])
def test_the_algorithm_that_needs_no_package_agrees_with_spa(latitude):
    pytest.importorskip("pvlib")
    begin = datetime(2021, 1, 1)  # noqa: DTZ001 (UTC)
    moments = [begin + k * timedelta(hours=131) for k in range(2000)]  # thirty years
    psa = np.array([ephemeris.psa_plus(moment, latitude, 11.0) for moment in moments])
    assert np.allclose(np.linalg.norm(psa, axis=1), 1.0)
    apart = np.degrees(np.linalg.norm(psa - ephemeris.reference(moments, latitude, 11.0), axis=1))
    assert apart.max() < 0.01


def test_our_sun_passes_with_either_reference(monkeypatch):
    for installed in (True, False):
        monkeypatch.setattr(ephemeris, "HAS_PVLIB", installed and ephemeris.HAS_PVLIB)
        for key, result in card(Subject(WorldConfig(seed=1))).items():
            assert result.verdict == "pass", (key, result.values)
            assert result.discriminates, (key, result.baseline)


def test_a_sun_by_the_clock_fails(monkeypatch):
    """Twelve o'clock taken for noon: the equation of time is up to sixteen minutes, four degrees."""

    def by_the_clock(utc: datetime, latitude: float, longitude: float) -> Sun:
        east, north, up = ephemeris.careless_sun(utc + timedelta(hours=longitude / 15.0), latitude)
        return Sun(math.atan2(north, east) % (2.0 * math.pi), math.asin(up))

    monkeypatch.setattr(sun, "sun_at", by_the_clock)
    results = card(Subject(WorldConfig(seed=1)))
    assert results["direction"].verdict == results["sunrise"].verdict == "fail"
    assert 1.0 < value(results["direction"]) < 6.0
    assert 5.0 < value(results["sunrise"]) < 25.0


def test_a_sun_two_minutes_late_fails(monkeypatch):
    late = lambda utc, latitude, longitude: sun_at(utc - timedelta(minutes=2), latitude, longitude)  # noqa: E731
    monkeypatch.setattr(sun, "sun_at", late)
    results = card(Subject(WorldConfig(seed=1)))
    assert value(results["sunrise"]) == pytest.approx(2.0, abs=0.2)
    assert value(results["direction"]) == pytest.approx(0.5, abs=0.03)  # a quarter of a degree each minute


def test_light_that_ignores_the_air_or_is_a_fifth_too_weak_fails(monkeypatch):
    monkeypatch.setattr(sun, "clear_sky_w_m2", lambda *given: 0.8 * clear_sky_w_m2(*given))
    assert card(Subject(WorldConfig(seed=1)))["clear_sky"].verdict == "fail"


def test_clear_skies_as_pvlib_has_them():
    pvlib = pytest.importorskip("pvlib")
    zenith = np.array([10.0, 40.0, 70.0, 79.0])
    mass = pvlib.atmosphere.get_relative_airmass(zenith) * np.exp(-600.0 / 8434.5)
    expected = pvlib.clearsky.ineichen(zenith, mass, 3.0, altitude=600.0, dni_extra=1361.0)["ghi"]
    found = ephemeris.ineichen_w_m2(np.cos(np.radians(zenith)), 600.0, 3.0, np.ones(4))
    assert np.allclose(found, expected, rtol=2e-3)


def test_where_the_sun_does_not_rise_there_is_no_sunrise_to_measure():
    pole = Subject(replace(WorldConfig(seed=1), latitude=90.0))
    results = card(pole)
    assert results["sunrise"].verdict == "nothing"
    assert results["direction"].verdict == "pass"
