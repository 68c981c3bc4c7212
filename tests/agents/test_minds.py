"""Needs, feelings, memory, relations and people taken one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.needs import NEEDS, Natures, Needs, chill
from agents.perception import EARSHOT_LIMITS_M, earshot_m
from agents.persona import make_personas
from tests.agents.flat_world import FAIR, RAIN, FlatWorld
from world.view import Weather

weathers = st.builds(
    Weather,
    temperature_c=st.floats(-35, 42),
    humidity=st.floats(0, 1),
    pressure_pa=st.floats(9e4, 1.05e5),
    wind_m_s=st.floats(0, 40),
    wind_towards=st.floats(-np.pi, np.pi),
    cloud=st.floats(0, 1),
    rain_mm_h=st.floats(0, 120),
    snow_mm_h=st.floats(0, 40),
    visibility_m=st.floats(20, 60_000),
    ground_wetness=st.floats(0, 1),
    snow_depth_m=st.floats(0, 2),
)
PEOPLE = make_personas(3, 24, FlatWorld().places)
DOINGS = ("indoors", "eating", "sleeping", "labouring", "working", "talking", "in_company")
AVERAGE = Natures(*(np.array([0.5]) for _ in range(3)))


@settings(max_examples=60, deadline=None)
@given(
    weather=weathers,
    start=st.lists(st.floats(0, 1), min_size=6, max_size=6),
    steps=st.lists(st.tuples(st.floats(0.01, 90_000), st.integers(0, 127)), max_size=12),
)
def test_needs_stay_bounded_whatever_happens(weather, start, steps):
    needs = Needs(*(np.array([v]) for v in start))
    for dt, bits in steps:
        doing = {name: np.array([bool(bits >> i & 1)]) for i, name in enumerate(DOINGS)}
        needs.advance(dt, weather, dark=bool(bits & 1), natures=AVERAGE, **doing)
        for name in NEEDS:
            assert 0.0 <= getattr(needs, name)[0] <= 1.0


def advanced(seconds: float, weather: Weather = FAIR, *, dark: bool = False, **doing: bool) -> Needs:
    needs = Needs(*(np.array([0.5]) for _ in range(6)))
    flags = {name: np.array([doing.get(name, False)]) for name in DOINGS}
    needs.advance(seconds, weather, dark=dark, natures=AVERAGE, **flags)
    return needs


def test_each_need_is_met_by_what_meets_it():
    idle = advanced(600)
    assert advanced(600, eating=True, indoors=True).hunger < 0.5 < idle.hunger
    assert advanced(600, sleeping=True).fatigue < 0.5 < idle.fatigue < advanced(600, labouring=True).fatigue
    assert advanced(60, talking=True).loneliness < 0.5 < idle.loneliness
    bitter = replace(RAIN, temperature_c=-5.0)
    assert advanced(600, bitter, indoors=True).cold < 0.5 < advanced(600, bitter).cold
    gale = replace(FAIR, wind_m_s=12.0, gust_m_s=19.0)
    assert advanced(600, gale, indoors=True).danger < 0.5 < advanced(600, gale).danger
    assert advanced(600, dark=True).danger > advanced(600).danger
    assert advanced(3600, working=True).idleness < 0.5 < advanced(3600).idleness
    assert advanced(3600, sleeping=True).idleness < 0.5


@given(weathers)
def test_colder_wetter_windier_weather_never_feels_warmer(weather):
    colder = replace(weather, temperature_c=weather.temperature_c - 5)
    wetter = replace(weather, rain_mm_h=weather.rain_mm_h + 3)
    assert chill(colder) >= chill(weather) - 1e-9
    assert chill(wetter) >= chill(weather) - 1e-9


@given(weathers, st.floats(0, 20), st.floats(0, 10))
def test_earshot_shrinks_with_rain_and_wind(weather, more_rain, more_wind):
    worse = replace(weather, rain_mm_h=weather.rain_mm_h + more_rain, wind_m_s=weather.wind_m_s + more_wind)
    assert EARSHOT_LIMITS_M[0] <= earshot_m(worse) <= earshot_m(weather) + 1e-9 <= EARSHOT_LIMITS_M[1] + 1e-9


def test_a_storm_more_than_halves_earshot():
    assert earshot_m(replace(RAIN, rain_mm_h=15.0, wind_m_s=14.0)) < earshot_m(FAIR) / 2
