"""Nature goes back to a copy of the land and steps on from it to the same bytes; fronts change what comes after."""

from __future__ import annotations

from dataclasses import replace

import pytest

from world.nature import KEPT_S, Nature
from world.sky.weather import WeatherOpening
from world.world import WorldConfig, valley_of

CONFIG = WorldConfig(seed=5, size_m=256.0, villagers=4, tick_rate=2, weather=WeatherOpening("rain", hours=6.0))
LATER = 2 * (KEPT_S + 100) + 1  # a tick some time after the first copy


@pytest.fixture(scope="module")
def valley():
    return valley_of(CONFIG)


@pytest.fixture(scope="module")
def whole(valley):
    """A run that is never interrupted, with what can be kept of it at two ticks."""
    nature = Nature(CONFIG, valley)
    nature.advance(700)
    early = nature.freeze(), nature.kept()
    nature.send_front("cloudburst", 600.0)
    nature.advance(LATER)
    late = nature.freeze(), nature.kept()
    nature.advance(LATER + 400)
    return nature, early, late


def same(one: Nature, other: Nature) -> bool:
    maps = ("water_m", "snow_m", "wetness", "ice_m")
    equal = all((getattr(one.now.surface, m) == getattr(other.now.surface, m)).all() for m in maps)
    return equal and one.land.digest() == other.land.digest() and one.now.weather == other.now.weather


def test_a_copy_of_the_land_is_kept_and_is_the_way_back(whole, valley):
    nature, _, (state, kept) = whole
    assert kept["tick"] == 2 * KEPT_S and "state" in kept
    again = Nature(CONFIG, valley)
    again.thaw(LATER, state, kept)
    again.advance(LATER + 400)
    assert same(nature, again)


def test_before_the_first_copy_the_beginning_is_the_way_back(whole, valley):
    _, (state, kept), (later, later_kept) = whole
    assert kept == {"tick": 0}
    again = Nature(CONFIG, valley)
    again.advance(1000)  # farther than where it goes back to
    again.thaw(700, state, kept)
    assert again.now.tick == 700
    again.thaw(LATER, later, later_kept)  # and forward, over a front that was sent between
    again.advance(LATER + 400)
    assert same(whole[0], again)


def test_another_past_is_noticed(whole, valley):
    _, _, (state, kept) = whole
    dry = replace(CONFIG, weather=WeatherOpening("fair", hours=6.0))
    with pytest.raises(ValueError, match="does not come to the state"):
        Nature(dry, valley).thaw(LATER, state, kept)
