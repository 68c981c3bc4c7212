"""Leaves, grass and grain keep the dates that people have written down, in both halves of the Earth."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world.life import climates
from tests.world.life.climates import Place
from world.life.crops import harvest
from world.life.seasons import Seasons, running_mean
from world.life.year import daily, day_length_h

COVER, COLOUR, BLOSSOM, GREEN, HEIGHT, RIPE = range(6)


def rises(values: np.ndarray, through: float = 0.5) -> list[int]:
    return [int(day) + 1 for day in np.flatnonzero((values[:-1] < through) & (values[1:] >= through))]


def falls(values: np.ndarray, through: float = 0.5) -> list[int]:
    return rises(-values, -through)


def day(month: int, number: int) -> int:
    return (date(2026, month, number) - date(2026, 1, 1)).days


def of(place: Place) -> Seasons:
    return Seasons(place, place.latitude)


def test_beech_near_bern_keeps_its_dates() -> None:
    """Leaf unfolding on 25 April to 5 May, colouring in mid October, bare in November (MeteoSwiss, 500-600 m)."""
    days = of(climates.BERN).days
    (first_leaves,) = rises(days[:, COVER], 0.1)
    (half,) = rises(days[:, COVER])
    assert day(4, 20) <= first_leaves <= day(5, 3)
    assert day(4, 25) <= half <= day(5, 12)
    (turned,) = rises(days[:, COLOUR])
    assert day(9, 28) <= turned <= day(10, 18)
    assert days[day(7, 15), COVER] == pytest.approx(1.0, abs=1e-6)
    assert days[day(11, 20) :, COVER].max() < 0.05
    assert days[: day(4, 1), COVER].max() == 0.0
    flowering = int(days[:, BLOSSOM].argmax())
    assert day(4, 15) <= flowering <= day(5, 12)


@pytest.mark.parametrize(
    ("place", "earliest", "latest"),
    [("BERN", (7, 10), (8, 12)), ("ROME", (5, 25), (7, 5)), ("HELSINKI", (7, 25), (8, 25))],
)
def test_grain_is_ripe_when_it_is_cut_there(place: str, earliest: tuple[int, int], latest: tuple[int, int]) -> None:
    crops = of(getattr(climates, place)).crops
    (ripe,) = rises(crops.ripe)
    assert day(*earliest) <= ripe <= crops.cut <= day(*latest) + 10
    assert crops.height_m[crops.cut - 5] > 0.8
    assert crops.height_m[(crops.cut + 25) % 365] < 0.2  # stubble
    assert 1.0 < crops.yield_t_ha < 2.5  # of the time before bought fertiliser


def test_the_south_has_the_same_seasons_half_a_year_later() -> None:
    north, south = of(climates.BERN).days, of(climates.CHILLAN_TURNED).days
    for column in (COVER, COLOUR):
        (ours,), (theirs,) = rises(north[:, column]), rises(south[:, column])
        assert (theirs - ours) % 365 == pytest.approx(183, abs=4)


def test_the_further_north_the_later_spring_and_the_earlier_autumn() -> None:
    places = [climates.BERN, climates.HELSINKI, climates.ROVANIEMI]
    out = [rises(of(p).days[:, COVER])[0] for p in places]
    turned = [rises(of(p).days[:, COLOUR])[0] for p in places]
    assert out == sorted(out) and out[-1] - out[0] > 20
    assert turned == sorted(turned, reverse=True)


def test_no_winter_no_bare_trees_and_no_summer_no_leaves() -> None:
    assert of(climates.MANAUS).days[:, COVER].min() > 0.9
    assert of(climates.QUITO).days[:, COVER].min() > 0.9  # cool, but without seasons
    for frozen in (climates.VOSTOK, climates.BARROW):
        days = of(frozen).days
        assert days[:, [COVER, BLOSSOM, HEIGHT, RIPE]].max() < 0.05
    assert of(climates.VOSTOK).crops.yield_t_ha == 0.0


def test_drought_bleaches_grass_and_strips_raingreen_trees() -> None:
    rome = of(climates.ROME).days[:, GREEN]
    assert rome[day(8, 1)] < 0.3 and rome[day(4, 15)] > 0.8
    tamale = of(climates.TAMALE).days
    assert tamale[day(2, 1), COVER] < 0.5 and tamale[day(9, 1), COVER] > 0.9
    assert of(climates.TAMANRASSET).days[:, GREEN].max() < 0.1
    bern = of(climates.BERN).days[:, GREEN]
    assert bern[day(1, 25)] < 0.5 and bern[day(6, 1)] > 0.9


@pytest.mark.parametrize("name", sorted(climates.ALL))
def test_seasons_are_shares_and_flow_from_day_to_day(name: str) -> None:
    days = of(climates.ALL[name]).days
    assert np.isfinite(days).all()
    assert days.min() >= 0.0 and days.max() <= 1.0
    jumps = np.abs(np.diff(np.vstack([days, days[:1]]), axis=0)).max(axis=0)
    assert jumps.max() < 0.3


def test_moments_lie_between_their_days_whatever_the_year() -> None:
    seasons = of(climates.BERN)
    start = datetime.fromisoformat("2027-12-28")
    seen = np.array([astuple(seasons.at(start + timedelta(hours=h))) for h in range(24 * 9)])  # into a leap year
    assert np.abs(np.diff(seen, axis=0)).max() < 0.01
    assert astuple(seasons.at(datetime.fromisoformat("2026-07-01T12:00"))) == pytest.approx(
        tuple(seasons.days[181]), abs=1e-9
    )


@given(
    latitude=st.floats(-90, 90),
    mean=st.floats(-60, 35),
    swing=st.floats(0, 30),
    rain=st.floats(0, 700),
    dry=st.floats(0, 1),
    phase=st.integers(0, 11),
)
@settings(max_examples=40, deadline=None)
def test_no_climate_breaks_the_seasons(
    latitude: float, mean: float, swing: float, rain: float, dry: float, phase: int
) -> None:
    wave = np.cos(2 * np.pi * np.arange(12) / 12)
    place = climates.place(latitude, (mean - swing * wave).tolist(), (rain * (1 + dry * np.roll(wave, phase))).tolist())
    seasons = Seasons(place, latitude)
    assert np.isfinite(seasons.days).all()
    assert seasons.days.min() >= 0.0 and seasons.days.max() <= 1.0
    assert 0.0 <= seasons.crops.yield_t_ha <= 2.5


def test_harvest_falls_with_thirst_and_never_below_nothing() -> None:
    assert harvest(1.0, 1.0) > harvest(0.7, 1.0) > harvest(0.3, 1.0) >= 0.0
    assert harvest(0.0, 1.0) == harvest(1.0, 0.0) == 0.0
    assert harvest(0.5, 1.0) / harvest(1.0, 1.0) == pytest.approx(0.45)


def test_day_length_is_that_of_the_almanac() -> None:
    bern = day_length_h(47.0)
    assert bern[171] == pytest.approx(15.7, abs=0.2) and bern[354] == pytest.approx(8.3, abs=0.2)
    assert day_length_h(0.0) == pytest.approx(np.full(365, 12.0), abs=0.01)
    assert day_length_h(80.0)[171] == 24.0 and day_length_h(80.0)[354] == 0.0
    assert day_length_h(-47.0)[171] == pytest.approx(24.0 - bern[171], abs=1e-9)


def test_daily_values_pass_through_the_middles_of_the_months() -> None:
    monthly = np.arange(12.0)
    assert daily(monthly)[[15, 45, 180]] == pytest.approx([0.0, 1.0, 5.46], abs=0.04)
    step = np.where(np.arange(365) >= 100, 1.0, 0.0)
    lagged = running_mean(step, 10)
    assert lagged[99] == pytest.approx(0.0, abs=1e-9) and lagged[104] == pytest.approx(0.5) and lagged[109] == 1.0


def test_a_moment_is_the_same_whatever_was_asked_before() -> None:
    asked = [datetime.fromisoformat("2027-12-31T23:59") + timedelta(hours=h) for h in (0, 30, 1, 8000, 12, 13, -9000)]
    of_one = of(climates.BERN)
    assert [of_one.at(moment) for moment in asked] == [of(climates.BERN).at(moment) for moment in asked]
