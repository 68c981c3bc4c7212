"""The rounds of days: without gaps, by weekday and season, and together with the household."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.intents import Intent
from agents.persona import make_personas
from agents.rounds import FIELD_TRADES, MARKET_DAY, REST_DAY, SELLERS, Day, FieldWork, Round, day_round, field_work
from agents.town import Town
from tests.agents.flat_world import SUMMER, FlatWorld

PLACES = FlatWorld().places
PEOPLE = make_personas(3, 40, PLACES)
TOWN = Town(PLACES)


def share(round_: Round, intent: Intent, first: float, last: float) -> float:
    """Of the time between two minutes, what the round spends on this."""
    spans = zip(round_.starts, (*round_.starts[1:], 1440.0), round_.blocks, strict=True)
    spent = sum(max(0.0, min(end, last) - max(start, first)) for start, end, b in spans if b.intent == intent)
    return spent / (last - first)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, len(PEOPLE) - 1),
    st.lists(st.floats(0.02, 0.98), min_size=5, max_size=5),
    st.integers(0, 6),
    st.sampled_from(FieldWork),
)
def test_a_fortnight_has_no_gaps_and_no_overlaps(row, traits, weekday, work):
    names = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
    p = replace(PEOPLE[row], **dict(zip(names, traits, strict=True)))
    for number in range(-7, 7):
        r = day_round(p, TOWN, 1, Day(number, (weekday + number) % 7, work))
        assert r.starts[0] == 0.0
        assert r.starts[-1] < 1440
        assert (np.diff(r.starts) > 0).all()
        assert len(r.starts) == len(r.blocks)
        assert [r.ends(i) for i in range(len(r.starts))] == [*r.starts[1:], 1440.0]
        assert {r.at(m).intent for m in (0, 180, 239, 1436)} == {Intent.SLEEP}
        assert sum(b.intent == Intent.EAT for b in r.blocks) == 3
        assert all(b.place >= 0 or b.intent in (Intent.VISIT, Intent.EXPLORE) for b in r.blocks)


def test_the_same_person_and_day_give_the_same_round_and_others_another():
    tuesday = Day(3, 1)
    assert day_round(PEOPLE[0], TOWN, 1, tuesday) == day_round(PEOPLE[0], TOWN, 1, tuesday)
    assert day_round(PEOPLE[0], TOWN, 1, tuesday) != day_round(PEOPLE[1], TOWN, 1, tuesday)
    assert day_round(PEOPLE[0], TOWN, 1, tuesday) != day_round(PEOPLE[0], TOWN, 1, Day(4, 2))


def test_weekday_mornings_are_for_work():
    for p in PEOPLE:
        r = day_round(p, TOWN, 1, Day(0, 2))
        asked = {r.at(m).intent for m in range(9 * 60, 11 * 60)}
        assert asked <= {Intent.WORK, Intent.ERRAND}


def test_on_market_day_the_square_fills_and_on_sunday_the_chapel():
    market = [q.id for q in PLACES if q.kind == "market"]
    half_past_nine = 9.5 * 60

    sunday, market_day, tuesday = (
        [day_round(p, TOWN, 1, Day(0, weekday)) for p in PEOPLE] for weekday in (REST_DAY, MARKET_DAY, 2)
    )

    def at_market(rounds: list[Round]) -> float:
        return float(np.mean([r.at(half_past_nine).place in market for r in rounds]))

    assert at_market(market_day) > 2.5 * at_market(tuesday) + 0.1
    for stall in (r.at(half_past_nine) for p, r in zip(PEOPLE, market_day, strict=True) if p.trade in SELLERS):
        assert (stall.intent, stall.place) == (Intent.WORK, market[0])
    services = [share(r, Intent.CHAPEL, 605, 655) for r in sunday]
    assert 0.3 < np.mean(services) < 0.95
    assert all(share(r, Intent.CHAPEL, 0, 1440) == 0.0 for r in tuesday)
    working = [share(r, Intent.WORK, 540, 1020) for r in sunday]
    weekday = [share(r, Intent.WORK, 540, 1020) for r in tuesday]
    assert np.mean(working) < 0.25 * np.mean(weekday)


@pytest.mark.parametrize(("work", "more"), [(FieldWork.HARVEST, True), (FieldWork.WINTER, False)])
def test_the_season_moves_those_who_work_the_fields(work, more):
    fields_ = {q.id for q in PLACES if q.kind == "field"}

    def minutes_in_field(p, season: FieldWork) -> float:
        r = day_round(p, TOWN, 1, Day(0, 2, season))
        return sum(r.ends(i) - r.starts[i] for i, b in enumerate(r.blocks) if b.place in fields_)

    farmers = [p for p in PEOPLE if p.trade in FIELD_TRADES and p.workplace in fields_]
    usual, then = (sum(minutes_in_field(p, w) for p in farmers) for w in (FieldWork.TEND, work))
    assert then > 1.1 * usual if more else then < 0.2 * usual
    others = [p for p in PEOPLE if p not in farmers]
    harvesting = sum(
        any(b.intent == Intent.HARVEST for b in day_round(p, TOWN, 1, Day(0, 2, work)).blocks) for p in others
    )
    assert (harvesting > 0.2 * len(others)) == more


def test_the_fields_tell_their_season():
    assert field_work(replace(SUMMER, crop_height_m=0.8, crop_ripe=0.9)) == FieldWork.HARVEST
    assert field_work(replace(SUMMER, crop_height_m=0.85, crop_ripe=0.0)) == FieldWork.HAY
    assert field_work(replace(SUMMER, crop_height_m=0.0, grass_green=1.0)) == FieldWork.SOW
    assert field_work(replace(SUMMER, crop_height_m=0.03, grass_green=0.4)) == FieldWork.WINTER
    assert field_work(SUMMER) == FieldWork.TEND


def test_households_sit_down_to_supper_together():
    homes: dict[int, list[float]] = {}
    for p in PEOPLE:
        r = day_round(p, TOWN, 1, Day(2, 2))
        supper = [s for s, b in zip(r.starts, r.blocks, strict=True) if b.intent == Intent.EAT][2]
        homes.setdefault(p.household, []).append(supper)
    shared = [np.ptp(times) for times in homes.values() if len(times) > 1]
    assert len(shared) > 3
    assert max(shared) <= 10.0 < np.ptp([t[0] for t in homes.values()])


def test_nature_decides_evenings_and_outings():
    """The same people with another trait: extraverts sit at the inn, the open go and see other places."""

    def blocks(trait: str, score: float, intent: Intent) -> int:
        nature: dict[str, Any] = {trait: score}
        people = [replace(p, **nature) for p in PEOPLE[:14]]
        days = [day_round(p, TOWN, 1, Day(n, n % 7)) for p in people for n in range(7)]
        return sum(b.intent == intent for r in days for b in r.blocks)

    assert blocks("extraversion", 0.9, Intent.INN) > 2 * blocks("extraversion", 0.1, Intent.INN)
    assert blocks("openness", 0.9, Intent.EXPLORE) > 2 * blocks("openness", 0.1, Intent.EXPLORE)
    assert blocks("agreeableness", 0.9, Intent.VISIT) > 1.3 * blocks("agreeableness", 0.1, Intent.VISIT)


def test_more_benches_scatter_nobody_and_far_ones_are_seldom_sought():
    near = [replace(PLACES[12], id=len(PLACES) + i) for i in range(4)]
    far = [replace(bench, y=bench.y + 400.0) for bench in near]
    one, with_near, with_far = (benches_share([*PLACES, *benches]) for benches in ([], near, far))
    assert one > 0.04
    assert 0.6 < with_near / one < 1.5
    assert with_far < 0.5 * one


def benches_share(places) -> float:
    """Of the minutes that people spend on errands and in company, those on benches."""
    minutes = {True: 0.0, False: 0.0}
    town = Town(places)
    for day in (day_round(p, town, 3, Day(5, 2)) for p in PEOPLE):
        for start, end, block in zip(day.starts, day.starts[1:], day.blocks, strict=False):
            if block.intent in (Intent.ERRAND, Intent.LINGER):
                minutes[places[block.place].kind == "bench"] += end - start
    return minutes[True] / sum(minutes.values())
