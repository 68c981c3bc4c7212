"""What body and heart ask for: how needs grow and are met, in whom faster, and what weather does to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.needs import NEEDS, Natures, Needs, chill, menace
from tests.agents.flat_world import FAIR, RAIN
from world.view import Weather

STILL = replace(FAIR, wind_m_s=0.0, gust_m_s=0.0)
FLAGS = ("indoors", "eating", "sleeping", "labouring", "working", "talking", "in_company")


def after(hours: float, weather: Weather = FAIR, *, at_first: float = 0.3, dark: bool = False, **changed: object):
    """Needs of two after some hours in one way of life; traits are pairs, the ways that are named are true."""
    natures = {name: np.array(changed.get(name, (0.5, 0.5))) for name in Natures.__dataclass_fields__}
    needs = Needs(*(np.full(2, at_first) for _ in NEEDS))
    doing = {name: np.full(2, bool(changed.get(name, False))) for name in FLAGS}
    for _ in range(round(hours * 60)):
        needs.advance(60.0, weather, **doing, dark=dark, natures=Natures(**natures))
    return needs


def test_a_day_makes_hungry_and_tired_and_a_meal_and_a_night_make_good() -> None:
    morning = after(5.0, at_first=0.0, indoors=True)
    assert 0.3 < morning.hunger[0] < 0.7, "three meals a day"
    assert after(5.0, sleeping=True).hunger[0] < after(5.0).hunger[0]
    assert after(25 / 60, at_first=0.9, eating=True).hunger[0] < 0.1
    day = after(16.0, at_first=0.0, working=True, labouring=True)
    assert day.fatigue[0] > 0.9 > after(16.0, at_first=0.0).fatigue[0] > 0.5, "work tires"
    assert after(8.0, at_first=1.0, sleeping=True).fatigue[0] == pytest.approx(0.0, abs=1e-9)
    assert after(1.0, at_first=0.8, talking=True).loneliness[0] < 0.1


def test_natures_bend_what_is_missed() -> None:
    few, many = (0.1, 0.9), (True,)
    assert np.diff(after(2.0, extraversion=few).loneliness) > 0.1
    assert np.diff(after(2.0, conscientiousness=few).idleness) > 0.05
    assert np.diff(after(0.2, replace(FAIR, gust_m_s=25.0), neuroticism=few).danger) > 0.1
    assert (np.diff(after(2.0, working=many, conscientiousness=few).idleness) == 0).all()


def test_storm_and_dark_frighten_who_is_out_and_nobody_under_a_roof() -> None:
    gale, flood = replace(FAIR, gust_m_s=25.0), replace(RAIN, rain_mm_h=15.0)
    assert menace(FAIR, dark=False) < 0.1 < menace(FAIR, dark=True) < 0.5 < min(menace(w, False) for w in (gale, flood))
    assert after(0.5, gale).danger[0] > 0.5
    assert after(0.5, gale, indoors=True).danger[0] < 0.05
    assert after(0.5, dark=True).danger[0] > after(0.5).danger[0]


def test_wind_and_wet_chill() -> None:
    wind = replace(STILL, temperature_c=5.0, wind_m_s=30 / 3.6)
    assert chill(wind) == pytest.approx(
        chill(replace(STILL, temperature_c=0.0)), abs=0.02
    )  # Environment Canada's table
    assert chill(STILL) == 0.0 == after(1.0, STILL, at_first=0.0).cold[0]
    for wet in ({"rain_mm_h": 3.0}, {"snow_mm_h": 5.0}):
        assert chill(replace(STILL, temperature_c=5.0, **wet)) > chill(replace(STILL, temperature_c=5.0)) + 0.1
    frost = replace(STILL, temperature_c=-10.0)
    assert after(1.0, frost).cold[0] > 0.9
    assert after(1.0, frost, indoors=True).cold[0] < 0.1
