"""Needs, feelings, memory, relations and people taken one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acts import Topic
from agents.emotion import GOOD_NEWS, Emotions
from agents.memory import CAPACITY, EpisodeKind, Memories
from agents.needs import NEEDS, Natures, Needs, chill
from agents.perception import EARSHOT_LIMITS_M, earshot_m
from agents.persona import TRAITS, make_personas
from agents.plans import Intent, Intention, Situation, choose, day_round
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


def test_moods_move_with_events_and_return_to_nature():
    extraversion, neuroticism = np.array([0.8, 0.2, 0.5]), np.array([0.2, 0.8, 0.5])
    emotions = Emotions.from_traits(extraversion, neuroticism)
    assert emotions.mood[0] > emotions.mood[2] > emotions.mood[1]
    rest = emotions.mood[2]
    emotions.push(2, GOOD_NEWS)
    pushed = emotions.mood[2]
    content = Needs(*(np.zeros(3) for _ in range(6)))
    emotions.advance(1800.0, content, replace(FAIR, cloud=0.5), np.zeros(3))
    assert rest < emotions.mood[2] < pushed
    emotions.advance(1e6, content, replace(FAIR, cloud=0.5), np.zeros(3))
    assert emotions.mood == pytest.approx(emotions.nature)
    for _ in range(500):
        emotions.push(0, GOOD_NEWS)
    assert emotions.mood[0] <= 1.0


def recalled_tick(memories: Memories, tick: int, **cue: Any) -> int:
    episode = memories.recall(0, tick, **cue)
    assert episode is not None
    return int(episode["tick"])


def test_newer_memories_rank_higher_all_else_equal():
    memories = Memories.empty(1, 16)
    for tick in (100, 5000, 3000):
        memories.remember(0, tick, EpisodeKind.HEARD, Topic.NEWS, who=1, place=2, fact=tick, importance=0.4)
    assert recalled_tick(memories, 6000, topic=Topic.NEWS, who=1) == 5000


def test_importance_and_fit_outweigh_a_little_recency():
    memories = Memories.empty(1, 16)
    memories.remember(0, 100, EpisodeKind.HEARD, Topic.NEWS, who=1, importance=0.9)
    memories.remember(0, 5000, EpisodeKind.HEARD, Topic.NEWS, who=1, importance=0.1)
    memories.remember(0, 5900, EpisodeKind.SAID, Topic.WORK, who=2, importance=0.1)
    assert recalled_tick(memories, 6000, topic=Topic.NEWS) == 100
    assert recalled_tick(memories, 6000, topic=Topic.WORK, who=2) == 5900
    assert memories.recall(0, 6000, topic=Topic.WEATHER) is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 1)), min_size=1, max_size=150))
def test_memory_is_bounded_and_keeps_what_matters(episodes):
    memories = Memories.empty(1, 16)
    for tick, importance in sorted(episodes):
        memories.remember(0, tick, EpisodeKind.SAW, Topic.PERSON, who=3, importance=importance)
    kept = memories.episodes[0, : memories.count[0]]
    assert len(kept) == min(len(episodes), CAPACITY)
    assert kept["importance"].max() >= np.float32(max(i for _, i in episodes)) - 0.02


def test_people_are_various_and_agree_with_themselves():
    people = make_personas(7, 200, FlatWorld().places)
    assert len({p.name for p in people}) == 200
    for trait in TRAITS:
        scores = np.array([getattr(p, trait) for p in people])
        assert abs(scores.mean() - 0.5) < 0.02, "a Sobol sequence covers the trait evenly"
        assert 0.15 < scores.std() < 0.2
    places = FlatWorld().places
    for p in people:
        assert 16 <= p.age <= 78
        assert places[p.home].kind == "house"
        assert p.backstory.startswith(p.name) or p.name in p.backstory
        assert "{" not in p.backstory
        assert (" she " in f" {p.backstory.lower()} ") <= (p.gender == "woman")
        assert len(p.manner.split(", ")) == 2
    assert {p.gender for p in people} == {"woman", "man"}
    smith = next(p for p in people if p.trade == "smith")
    assert places[smith.workplace].kind == "forge"


def test_overrides_are_checked():
    places = FlatWorld().places
    assert make_personas(1, 3, places, [{"name": "Mira", "age": 30}])[0].name == "Mira"
    with pytest.raises(ValueError, match="unknown field 'agee'"):
        make_personas(1, 3, places, [{"agee": 30}])
    with pytest.raises(ValueError, match="names must be unique"):
        make_personas(1, 3, places, [{"name": "Mira"}, {"name": "Mira"}])
    with pytest.raises(ValueError, match="no place of kind 'house'"):
        make_personas(1, 3, [q for q in places if q.kind != "house"])


@pytest.mark.parametrize("day", [-1, 0, 3])
def test_a_day_has_a_round(day):
    places = FlatWorld().places
    for p in PEOPLE:
        rounds = day_round(p, places, 1, day)
        assert list(rounds.starts) == sorted(rounds.starts)
        assert rounds.starts[0] == 0.0
        assert rounds.starts[-1] < 1440
        assert rounds.at(3 * 60).intent == Intent.SLEEP
        assert rounds.at(23.9 * 60).intent == Intent.SLEEP
        meals = [b for b in rounds.blocks if b.intent == Intent.EAT]
        assert len(meals) == 3
        asked = {rounds.at(m).intent for m in range(9 * 60, 11 * 60)}
        assert asked <= {Intent.WORK, Intent.ERRAND}
    assert day_round(PEOPLE[0], places, 1, day) != day_round(PEOPLE[1], places, 1, day)
    assert day_round(PEOPLE[0], places, 1, day) == day_round(PEOPLE[0], places, 1, day)


def situation(**changes) -> Situation:
    calm = Situation(600.0, 0.3, 0.3, 0.0, 0.3, FAIR, False, nearest_roof=3, company=0)
    return replace(calm, **changes)


def test_more_benches_scatter_nobody_and_far_ones_are_seldom_sought():
    places = FlatWorld().places
    near = [replace(places[12], id=len(places) + i) for i in range(4)]
    far = [replace(bench, y=bench.y + 400.0) for bench in near]
    one, with_near, with_far = (benches_share([*places, *benches]) for benches in ([], near, far))
    assert one > 0.04
    assert 0.6 < with_near / one < 1.5
    assert with_far < 0.5 * one


def benches_share(places) -> float:
    """Of the minutes that people spend on errands and in company, those on benches."""
    minutes = {True: 0.0, False: 0.0}
    for day in (day_round(p, places, 3, 5) for p in PEOPLE):
        for start, end, block in zip(day.starts, day.starts[1:], day.blocks, strict=False):
            if block.intent in (Intent.ERRAND, Intent.LINGER):
                minutes[places[block.place].kind == "bench"] += end - start
    return minutes[True] / sum(minutes.values())


def test_needs_and_weather_interrupt_the_round():
    p = PEOPLE[0]
    rounds = day_round(p, FlatWorld().places, 1, 0)
    working = rounds.at(600.0)
    assert choose(p, working, rounds, situation()) == working
    assert choose(p, working, rounds, situation(hunger=0.9)).intent == Intent.EAT
    assert choose(p, working, rounds, situation(fatigue=0.98)).intent == Intent.SLEEP
    assert choose(p, working, rounds, situation(weather=replace(RAIN, rain_mm_h=14.0))).intent == Intent.SHELTER
    assert choose(p, working, rounds, situation(cold=0.95)).intent == Intent.SHELTER
    assert choose(p, working, rounds, situation(loneliness=0.98)).intent == Intent.COMPANY


def test_what_is_begun_is_kept_up():
    """No dithering: the worth that starts a meal is higher than the one that ends it."""
    p = PEOPLE[0]
    rounds = day_round(p, FlatWorld().places, 1, 0)
    eating = Intention(Intent.EAT, p.home)
    assert choose(p, eating, rounds, situation(hunger=0.3, indoors=True)).intent == Intent.EAT
    assert choose(p, rounds.at(600.0), rounds, situation(hunger=0.3)).intent != Intent.EAT
    assert choose(p, eating, rounds, situation(hunger=0.02, indoors=True)).intent != Intent.EAT
