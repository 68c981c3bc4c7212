"""The climate's own weather: smooth, bounded at the ends of the Earth, the same however it is asked for."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import astuple, fields
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world.sky.skies import JUNE, a_sky, climate_at, local
from world.sky.air import AIR_MASSES
from world.sky.climate import ClimateConfig, climate_of
from world.sky.field import NODES, Relief
from world.sky.weather import Sky, WeatherOpening
from world.view import Weather

CLIMATE = WeatherOpening("climate")
MIDNIGHT = local("2026-10-01")

DIGEST = """
import hashlib
from tests.world.sky.test_sky_of_climate import digest
print(digest())
"""


def digest() -> str:
    total = hashlib.sha256()
    sky = a_sky(CLIMATE, 11, local("2026-07-01"))
    for hour in range(0, 72, 3):
        total.update(np.array(astuple(sky.at(3600.0 * hour + 7.25))).tobytes())
        field = sky.field(3600.0 * hour)
        total.update(field.rain_mm_h.tobytes() + field.temperature_c.tobytes() + field.wind_east_m_s.tobytes())
        total.update(sky.lightning(3600.0 * hour, 3600.0 * hour + 600).tobytes())
    return total.hexdigest()


def test_two_processes_one_without_machine_code_make_the_same_bytes() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "77"}
    root = Path(__file__).parents[3]
    other = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == digest()


@given(
    latitude=st.floats(-90, 90),
    altitude=st.floats(-400, 5000),
    sea=st.floats(0, 4000),
    rain=st.one_of(st.none(), st.floats(0, 8000)),
    temperature=st.one_of(st.none(), st.floats(-35, 35)),
    size=st.sampled_from([256.0, 2048.0, 8192.0]),
    steepness=st.floats(0, 1.0),
    kind=st.sampled_from(["climate", *sorted(AIR_MASSES)]),
    front=st.one_of(st.none(), st.sampled_from(sorted(AIR_MASSES))),
    start=st.datetimes(local("1000-02-01"), local("2990-01-01")),
    seed=st.integers(0, 2**63 - 1),
)
@settings(max_examples=25, deadline=None)
def test_physical_at_the_ends_of_the_earth(
    latitude: float,
    altitude: float,
    sea: float,
    rain: float | None,
    temperature: float | None,
    size: float,
    steepness: float,
    kind: str,
    front: str | None,
    start: datetime,
    seed: int,
) -> None:
    climate = climate_of(ClimateConfig(latitude, altitude, sea, rain, temperature))
    axis = np.linspace(-0.5, 0.5, NODES)
    relief = Relief(np.abs(np.add.outer(axis, axis)) * steepness * size, (-size / 2, -size / 2), size / (NODES - 1))
    sky = Sky(WeatherOpening(kind, front, 2.0, 4.0), climate, seed, start, 100.0, relief)
    for hour in range(0, 72, 5):
        seconds = 3600.0 * hour + 3.0
        w = sky.at(seconds)
        assert all(np.isfinite(getattr(w, f.name)) for f in fields(Weather))
        assert -90 < w.temperature_c < 57 and 0 < w.humidity <= 1 and 95_000 < w.pressure_pa < 106_000
        assert 0 <= w.wind_m_s <= w.gust_m_s < 90 and 0 <= w.cloud <= 1 and 0 <= w.sun_w_m2 < 1500
        assert 0 <= w.rain_mm_h <= 260 and 0 <= w.snow_mm_h <= 260
        assert 20 < w.visibility_m <= w.haze_visibility_m * (1 + 1e-12) < 60_000
        field = sky.field(seconds)
        for name in ("temperature_c", "humidity", "wind_east_m_s", "wind_north_m_s", "rain_mm_h", "snow_mm_h", "fog"):
            assert np.isfinite(getattr(field, name)).all(), name
        assert field.humidity.min() > 0 and field.humidity.max() <= 1
        assert min(field.rain_mm_h.min(), field.snow_mm_h.min(), field.fog.min()) >= 0
        assert field.fog.max() <= 1 and 0 <= field.cloud.min() <= field.cloud.max() <= 1
        assert np.hypot(field.wind_east_m_s, field.wind_north_m_s).max() < 120
        for stroke in sky.lightning(seconds, seconds + 120):
            assert seconds <= stroke["second"] < seconds + 120 and 0 < stroke["peak_ka"] <= 300


def test_the_rain_of_the_hours_is_that_of_the_days() -> None:
    sky = a_sky(CLIMATE, 3, MIDNIGHT)
    days = [d for d in sky.days.days(MIDNIGHT.toordinal(), 60) if d.rain_mm > 1][:5]
    fallen = []
    for day in days:
        at = (day.ordinal - MIDNIGHT.toordinal()) * 86400.0
        rates = [w.rain_mm_h + w.snow_mm_h for w in (sky.at(at + s) for s in range(0, 86400, 90))]
        fallen.append(sum(rates) * 90 / 3600)
    assert fallen == pytest.approx([day.rain_mm for day in days], rel=0.06)


def test_days_reach_their_extremes_and_the_sun_follows_the_clouds() -> None:
    sky = a_sky(CLIMATE, 4, local("2026-06-01"))
    days = sky.days.days(local("2026-06-01").toordinal(), 20)
    hours = np.array([[sky.at((24.0 * d + h) * 3600).temperature_c for h in np.arange(0, 24, 0.5)] for d in range(20)])
    dry = np.array([day.rain_mm == 0 for day in days])
    assert hours.max(axis=1)[dry] == pytest.approx(np.array([d.warmest_c for d in days])[dry], abs=1.6)
    assert hours.min(axis=1)[dry] == pytest.approx(np.array([d.coldest_c for d in days])[dry], abs=2.5)
    noons = [sky.at((24.0 * d + 12) * 3600) for d in range(20)]
    brightest, dullest = max(noons, key=lambda w: w.sun_w_m2), min(noons, key=lambda w: w.sun_w_m2)
    assert brightest.cloud < 0.6 < dullest.cloud and brightest.sun_w_m2 > 2 * dullest.sun_w_m2
    assert sky.at(24.0 * 3600).sun_w_m2 == 0.0


def test_no_jumps_from_tick_to_tick_over_midnight_updates_and_the_end_of_what_is_forced() -> None:
    sky = a_sky(WeatherOpening("rain", hours=0.05), 4, MIDNIGHT.replace(hour=23, minute=54))
    ticks = [sky.at(tick / 16) for tick in range(16 * 900)]
    largest = {
        "temperature_c": 0.02, "humidity": 0.003, "pressure_pa": 2.0, "wind_m_s": 0.12, "cloud": 0.01,
        "rain_mm_h": 0.1, "gust_m_s": 0.1, "sun_w_m2": 3.0,
    }  # fmt: skip
    for name, most in largest.items():
        values = np.array([getattr(w, name) for w in ticks])
        assert np.abs(np.diff(values)).max() < most, name
    clear = np.array([1.0 / w.visibility_m for w in ticks])
    assert np.abs(np.diff(clear)).max() < 1e-5


def test_any_order_of_asking_gives_the_same_answers() -> None:
    forwards, anyhow = a_sky(CLIMATE, 8), a_sky(CLIMATE, 8)
    seconds = [0.0, 40_000.5, 86_400.0, 200_000.25, 500_000.0]
    ahead = [(forwards.at(s), forwards.field(s).rain_mm_h.tobytes()) for s in seconds]
    assert ahead == [(anyhow.at(s), anyhow.field(s).rain_mm_h.tobytes()) for s in reversed(seconds)][::-1]


def test_lightning_is_the_same_in_whatever_pieces_it_is_asked_for() -> None:
    sky = a_sky(WeatherOpening("storm", hours=2.0), 8)
    whole = sky.lightning(0.0, 3600.0)
    assert 20 < len(whole) < 200
    pieces = [sky.lightning(tick / 16, (tick + 1) / 16) for tick in range(16 * 3600)]
    assert np.concatenate(pieces).tobytes() == whole.tobytes()
    assert len(a_sky(WeatherOpening("rain"), 8).lightning(0.0, 3600.0)) == 0


def test_a_front_that_is_sent_changes_nothing_that_was_told() -> None:
    told, sky = a_sky(CLIMATE, 8), a_sky(CLIMATE, 8)
    sky.send("storm", 1003.0, 600.0)
    for second in range(0, 1010, 7):
        assert sky.at(second) == told.at(second)
    assert sky.at(1700.0).wind_m_s > told.at(1700.0).wind_m_s + 3
    assert sky.state()["weather_fronts"].shape == (1, 3) and told.state()["weather_fronts"].shape == (0, 3)


def test_valley_fog_comes_before_sunrise_on_some_autumn_nights_and_lifts() -> None:
    sky = a_sky(CLIMATE, 3, local("2026-09-01"))
    hours = np.arange(0, 24 * 60, 0.5)
    seen = [sky.at(3600.0 * h) for h in hours]
    foggy = np.array([w.visibility_m < 1000 and w.rain_mm_h + w.snow_mm_h < 0.1 for w in seen]).reshape(60, 48)
    assert 3 <= foggy.any(axis=1).sum() <= 30
    assert foggy[:, 6:17].sum() > 0.7 * foggy.sum()  # from three to eight
    assert foggy[:, 24:44].sum() == 0  # gone by noon
    nights = foggy.any(axis=1)
    wind = np.array([w.wind_m_s for w in seen]).reshape(60, 48)[:, :12].mean(axis=1)
    assert wind[nights].mean() < wind[~nights].mean()
    assert all(0 < w.fog_top_m < 200 for w in seen if w.visibility_m < 0.9 * w.haze_visibility_m)


def test_the_ground_opens_as_the_days_before_left_it() -> None:
    wetness, snow = a_sky(CLIMATE, 3, local("2026-02-01"), latitude=65.0).opening_ground
    assert 0 <= wetness <= 1 and 0.05 < snow < 3
    assert a_sky(CLIMATE, 3, local("2026-07-20")).opening_ground[1] == 0.0
    assert a_sky(WeatherOpening("snow"), 3, JUNE).opening_ground == (0.4, 0.1)


def test_unknown_kinds_are_refused() -> None:
    for opening in (WeatherOpening("hail"), WeatherOpening("fair", "hail")):
        with pytest.raises(KeyError, match="hail"):
            Sky(opening, climate_at(47.0), 1, JUNE, 11.0)
