"""What a scenario forces: shares that add up, spells that come and go, fronts that end what was before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world.sky.air import AIR_MASSES
from world.sky.forcing import Front, Spell, WeatherOpening, shares

KINDS = sorted(AIR_MASSES)
HOURS = st.floats(0, 100)


def test_an_opening_gives_way_to_the_climate() -> None:
    opening = WeatherOpening("rain", hours=4.0)
    assert shares(opening, (), 3.9) == {"rain": 1.0}
    assert shares(opening, (), 4.5)["rain"] == pytest.approx(0.5)
    assert shares(opening, (), 5.1) == {} == shares(WeatherOpening("climate"), (), 0.0)


def test_a_spell_comes_goes_and_leaves_what_was() -> None:
    opening = WeatherOpening("fair", hours=10.0, spells=(Spell("fog", 2.0, 3.0, 0.5),))
    assert shares(opening, (), 1.9) == {"fair": 1.0}
    assert shares(opening, (), 2.25) == pytest.approx({"fair": 0.5, "fog": 0.5})
    assert shares(opening, (), 4.0) == {"fog": 1.0}
    assert shares(opening, (), 5.6) == {"fair": 1.0}


def test_a_front_holds_for_hours_and_is_followed_by_the_climate() -> None:
    opening = WeatherOpening("clear", "storm", 1.0, 0.5, hours=30.0)
    assert shares(opening, (), 1.6) == {"storm": 1.0} == shares(opening, (), 7.4)
    assert shares(opening, (), 9.0) == {}  # not clear again, though the opening lasts
    assert shares(opening, (Front("snow", 3.0, 1.0),), 4.1) == {"snow": 1.0}


@given(
    kind=st.sampled_from([*KINDS, "climate"]),
    lasts=HOURS,
    spells=st.lists(st.builds(Spell, st.sampled_from(KINDS), HOURS, HOURS, st.floats(0.01, 5)), max_size=3),
    sent=st.lists(st.builds(Front, st.sampled_from(KINDS), HOURS, st.floats(0.01, 5)), max_size=3),
)
@settings(max_examples=80, deadline=None)
def test_shares_are_shares_and_change_smoothly(kind: str, lasts: float, spells: list[Spell], sent: list[Front]) -> None:
    opening = WeatherOpening(kind, hours=lasts, spells=tuple(spells))
    found = [shares(opening, sent, hour) for hour in np.arange(0, 120, 0.5)]
    for one in found:
        assert all(0 < share <= 1 for share in one.values()) and sum(one.values()) <= 1 + 1e-9
    for hour in (0.5 * lasts, lasts + 0.3, 50.0):
        one, other = (shares(opening, sent, hour + step) for step in (0.0, 1e-6))
        assert all(abs(one.get(k, 0.0) - other.get(k, 0.0)) < 1e-3 for k in KINDS)
