"""What options are worth to whom, and what the best one is."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.plans import Intent, Option, Situation, choose, worths
from tests.agents.flat_world import FAIR, RAIN
from world.view import Weather

ONE = {"float": np.array([0.5]), "flag": np.array([False]), "intent": np.array([Intent.WORK], np.int8)}
STORM = replace(FAIR, wind_m_s=24.0, gust_m_s=32.0)
DOWNPOUR = replace(RAIN, rain_mm_h=14.0)


def situation(weather: Weather = FAIR, **changes: Any) -> Situation:
    """One villager of average nature at work, in want of little, who knows of nothing special."""
    columns: dict[str, Any] = {}
    for field in fields(Situation):
        kind = "flag" if field.type == "Flags" else "intent" if "int8" in str(field.type) else "float"
        columns[field.name] = ONE[kind]
    low = ("hunger", "fatigue", "loneliness")
    columns |= {name: np.array([0.3]) for name in low}
    none = ("cold", "danger", "idleness", "fire_low", "promise_liking", "promise_heed")
    liking = ("gathering_liking", "friend_liking", "needy_liking")
    columns |= {name: np.array([0.0]) for name in (*none, *liking)}
    columns |= {"weather": weather, "company": np.array([True])}
    for name, value in changes.items():
        columns[name] = np.array([value], columns[name].dtype)
    return Situation(**columns)


def best(s: Situation, present: Option = Option.ROUND) -> Option:
    going_on = np.zeros((len(Option), 1), bool)
    going_on[present] = True
    return Option(int(choose(worths(s), going_on)[0]))


def worth(option: Option, s: Situation) -> float:
    return float(worths(s)[option, 0])


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, Option.ROUND),
        ({"hunger": 0.9}, Option.EAT),
        ({"fatigue": 0.98}, Option.SLEEP),
        ({"weather": DOWNPOUR}, Option.SHELTER),
        ({"weather": STORM}, Option.SHELTER),
        ({"cold": 0.95}, Option.SHELTER),
        ({"danger": 0.95}, Option.SHELTER),
        ({"loneliness": 0.98}, Option.COMPANY),
        ({"promise": True}, Option.PROMISE),
        ({"gathering": True, "hosts": True}, Option.GATHERING),
        ({"gathering": True, "extraversion": 0.9, "loneliness": 0.6}, Option.GATHERING),
        ({"needy": True, "agreeableness": 0.95}, Option.HELP),
        ({"needy": True, "agreeableness": 0.1}, Option.ROUND),
        ({"rain_known": True, "crop_out": True, "own_crop": True}, Option.HARVEST),
        ({"rain_known": True, "neuroticism": 0.9}, Option.SHELTER),
        ({"rain_known": True, "neuroticism": 0.3}, Option.ROUND),
        ({"asked": Intent.REST, "intent": Intent.REST, "fire_low": 1.0}, Option.FIRE),
        ({"asked": Intent.LINGER, "openness": 0.95, "idleness": 0.6, "new_place": True}, Option.EXPLORE),
        ({"asked": Intent.LINGER, "friend": True, "friend_liking": 0.8, "loneliness": 0.8}, Option.VISIT),
    ],
)
def test_needs_weather_and_what_is_known_interrupt_the_round(changes: dict[str, Any], wanted: Option) -> None:
    assert best(situation(**changes)) == wanted


def test_what_was_interrupted_is_taken_up_again_but_not_past_a_meal() -> None:
    away: dict[str, Any] = {"suspended": True, "intent": Intent.EAT, "asked": Intent.ERRAND}
    assert best(situation(**away), present=Option.EAT) == Option.RESUME
    assert best(situation(**away | {"asked": Intent.EAT}), present=Option.EAT) != Option.RESUME
    assert best(situation(**away | {"asked": Intent.SLEEP}), present=Option.EAT) == Option.ROUND


def test_what_is_begun_is_kept_up() -> None:
    """No dithering: the worth that starts a meal is higher than the one that ends it."""
    eating: dict[str, Any] = {"intent": Intent.EAT, "indoors": True}
    assert best(situation(**eating, hunger=0.3), present=Option.EAT) == Option.EAT
    assert best(situation(hunger=0.3)) == Option.ROUND
    assert best(situation(**eating, hunger=0.02), present=Option.EAT) == Option.ROUND
    assert best(situation(**eating, hunger=0.5, promise=True), present=Option.EAT) == Option.PROMISE


def test_ones_word_to_come_and_the_wish_to_be_there_speak_for_the_same() -> None:
    """Who sits with a friend half remembers the supper it promised to come to, and would like to be there."""
    visiting: dict[str, Any] = {"intent": Intent.VISIT, "asked": Intent.LINGER, "friend": True, "friend_liking": 0.5}
    torn: dict[str, Any] = visiting | {"promise": True, "promise_heed": -0.2, "gathering": True, "loneliness": 0.36}
    assert best(situation(**torn), present=Option.VISIT) == Option.VISIT, "it had promised something else"
    assert best(situation(**torn, expected=True), present=Option.VISIT) == Option.PROMISE
    due: dict[str, Any] = {"promise": True, "gathering": True, "expected": True}
    glad, loath = (worth(Option.PROMISE, situation(**due, gathering_liking=liking)) for liking in (0.5, -0.5))
    assert glad > loath > worth(Option.PROMISE, situation(promise=True))
    loner = situation(**due, extraversion=0.0, gathering_liking=-1.0)
    assert worth(Option.PROMISE, loner) == worth(Option.PROMISE, situation(promise=True, extraversion=0.0))


def test_at_night_only_the_pressing_counts() -> None:
    night: dict[str, Any] = {"asked": Intent.SLEEP, "intent": Intent.SLEEP, "indoors": True}
    smalls: list[dict[str, Any]] = [
        {"hunger": 0.6},
        {"loneliness": 1.0, "extraversion": 1.0},
        {"needy": True, "agreeableness": 1.0},
        {"gathering": True},
    ]
    for small in smalls:
        assert best(situation(**night, **small)) == Option.ROUND


TRAIT_SIGNS = [
    ("conscientiousness", Option.PROMISE, {"promise": True}, +1),
    ("agreeableness", Option.HELP, {"needy": True}, +1),
    ("agreeableness", Option.HARVEST, {"rain_known": True, "crop_out": True}, +1),
    ("neuroticism", Option.SHELTER, {"rain_known": True}, +1),
    ("neuroticism", Option.SHELTER, {"weather": RAIN}, +1),
    ("neuroticism", Option.SHELTER, {"cold": 0.8}, +1),
    ("conscientiousness", Option.SHELTER, {"weather": RAIN}, -1),
    ("extraversion", Option.COMPANY, {"loneliness": 0.8}, +1),
    ("extraversion", Option.GATHERING, {"gathering": True}, +1),
    ("extraversion", Option.VISIT, {"friend": True, "asked": Intent.LINGER}, +1),
    ("openness", Option.EXPLORE, {"new_place": True, "asked": Intent.LINGER}, +1),
]


@pytest.mark.parametrize(("trait", "option", "given_", "sign"), TRAIT_SIGNS)
def test_traits_bend_worths_with_their_signs(trait: str, option: Option, given_: dict[str, Any], sign: int) -> None:
    scores = [worth(option, situation(**given_ | {trait: score})) for score in (0.1, 0.3, 0.5, 0.7, 0.9)]
    steps = np.diff(scores) * sign
    assert (steps > 0.0).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=5, max_size=5),
    st.floats(0, 60),
    st.sampled_from([Intent.WORK, Intent.LINGER, Intent.SLEEP, Intent.EAT]),
)
def test_unknown_things_never_count(traits: list[float], rain: float, asked: Intent) -> None:
    """Who knows of no promise, gathering, need, friend, new place or coming rain chooses none of them."""
    names = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
    s = situation(replace(FAIR, rain_mm_h=rain), asked=asked, **dict(zip(names, traits, strict=True)))
    chosen = best(s)
    assert chosen in (Option.ROUND, Option.SHELTER, Option.EAT, Option.SLEEP, Option.COMPANY)
    assert np.isfinite(worth(chosen, s))


def test_many_are_weighed_as_one_by_one() -> None:
    rng = np.random.default_rng(3)
    several = {
        f.name: rng.random(40)
        for f in fields(Situation)
        if f.type == "Floats" and f.name not in ("promise_liking", "promise_heed")
    }
    single = [situation(RAIN, **{name: float(column[i]) for name, column in several.items()}) for i in range(40)]
    together = situation(RAIN)
    wide: dict[str, Any] = {f.name: np.concatenate([getattr(s, f.name) for s in single]) for f in fields(Situation)[1:]}
    together = replace(together, **wide)
    assert np.array_equal(worths(together), np.concatenate([worths(s) for s in single], axis=1))
