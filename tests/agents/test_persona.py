"""People: who they are agrees with itself, with their families and with the population that was asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from agents.character import values_of
from agents.families import CHILD, PARENT, PARENT_GAP, SIBLING, SPOUSE
from agents.looks import looks_of
from agents.persona import make_personas
from agents.population import TRAITS, Population, bands_of
from tests.agents.flat_world import FlatWorld

PLACES = FlatWorld().places
RECIPROCAL = {
    "wife": SPOUSE,
    "husband": SPOUSE,
    **dict.fromkeys(CHILD, PARENT),
    **dict.fromkeys(PARENT, CHILD),
    **dict.fromkeys(SIBLING, SIBLING),
    **dict.fromkeys(("grandmother", "grandfather"), ("granddaughter", "grandson")),
    **dict.fromkeys(("granddaughter", "grandson"), ("grandmother", "grandfather")),
    **dict.fromkeys(("aunt", "uncle"), ("niece", "nephew")),
    **dict.fromkeys(("niece", "nephew"), ("aunt", "uncle")),
}


def traits_of(people) -> np.ndarray:
    return np.array([[getattr(p, t) for t in TRAITS] for p in people])


def test_people_are_various_and_agree_with_themselves():
    people = make_personas(7, 200, PLACES)
    assert len({p.name for p in people}) == 200
    for trait, scores in zip(TRAITS, traits_of(people).T, strict=True):
        assert abs(scores.mean() - 0.5) < 0.02, f"a Sobol sequence covers {trait} evenly"
        assert 0.15 < scores.std() < 0.2
    for p in people:
        assert 16 <= p.age <= 78
        assert PLACES[p.home].kind == "house"
        assert p.name in p.backstory
        assert "{" not in p.backstory
        assert (" she " in f" {p.backstory.lower()} ") <= (p.gender == "woman")
        assert len(p.manner.split(", ")) == 2
        assert len(set(p.values)) == 3
        assert 0.0 < p.skill < 1.0
        assert p.secret
        married = any(word in SPOUSE for _, word in p.family)
        assert ("married into" in p.backstory) <= married
        assert ("as a stranger" in p.backstory) <= all(w in (*SPOUSE, *CHILD) for _, w in p.family if "grand" not in w)
    assert {p.gender for p in people} == {"woman", "man"}
    smith = next(p for p in people if p.trade == "smith")
    assert PLACES[smith.workplace].kind == "forge"
    assert np.corrcoef([p.age for p in people], [p.skill for p in people])[0, 1] > 0.5


def test_overrides_are_checked():
    assert make_personas(1, 3, PLACES, [{"name": "Mira", "age": 30}])[0].name == "Mira"
    with pytest.raises(ValueError, match="unknown field 'agee'"):
        make_personas(1, 3, PLACES, [{"agee": 30}])
    with pytest.raises(ValueError, match="names must be unique"):
        make_personas(1, 3, PLACES, [{"name": "Mira"}, {"name": "Mira"}])
    with pytest.raises(ValueError, match="no place of kind 'house'"):
        make_personas(1, 3, [q for q in PLACES if q.kind != "house"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 90))
def test_families_are_consistent_both_ways(seed, count):
    people = make_personas(seed, count, PLACES)
    for p in people:
        words = dict(p.family)
        assert p.row not in words
        assert len(words) == len(p.family)
        assert sum(w in SPOUSE for w in words.values()) <= 1
        assert max(Counter(w for w in words.values() if w in PARENT).values(), default=0) <= 1
        for other, word in p.family:
            q = people[other]
            back = dict(q.family)[p.row]
            she, he = RECIPROCAL[word]
            assert back == (she if p.gender == "woman" else he)
            if word in PARENT:
                assert q.age - p.age >= PARENT_GAP
            if word in SPOUSE:
                assert q.gender != p.gender
                assert q.household == p.household
                assert not set(dict(q.family)) & {r for r, w in p.family if w in (*SIBLING, *PARENT)}, "no kin marries"
        assert all(q.home == p.home for q in people if q.household == p.household)


def test_many_live_with_their_kin():
    people = make_personas(11, 300, PLACES)
    sizes = Counter(p.household for p in people)
    assert 1.6 < np.mean([*sizes.values()]) < 3.2
    assert np.mean([any(w in SPOUSE for _, w in p.family) for p in people]) > 0.35
    assert np.mean([any(w in (*CHILD, *PARENT, *SIBLING) for _, w in p.family) for p in people]) > 0.6
    shared = {(p.household, q.household) for p in people for q in people if p.home == q.home}
    assert len({p.home for p in people}) == 8, "no house stands empty where others are full"
    assert shared


ASKED = Population(
    women=0.7,
    ages=((16, 24, 0.5), (25, 64, 0.2), (65, 90, 0.3)),
    trades=(("shepherd", 3.0), ("fisher", 1.0), ("priest", 1.0)),
    traits=(("extraversion", 0.7, 0.1), ("neuroticism", 0.3, 0.2)),
)


@pytest.mark.parametrize("count", [20, 200])
def test_a_population_is_met_up_to_whole_people(count):
    people = make_personas(5, count, PLACES, population=ASKED)
    assert sum(p.gender == "woman" for p in people) == round(0.7 * count)
    ages = np.array([p.age for p in people])
    for first, last, share in ASKED.ages:
        assert abs(((ages >= first) & (ages <= last)).sum() - share * count) <= 1
    trades = Counter(p.trade for p in people)
    assert trades == {"shepherd": 0.6 * count, "fisher": 0.2 * count, "priest": 0.2 * count}
    assert all(p.age >= 28 for p in people if p.trade == "priest"), "who is old enough gets the trade that asks for it"
    traits = traits_of(people)
    assert traits[:, 2].mean() == pytest.approx(0.7, abs=0.4 / count)
    assert traits[:, 2].std() == pytest.approx(0.1, rel=0.1)
    assert traits[:, 4].mean() == pytest.approx(0.3, abs=0.6 / count)
    assert traits[:, 0].mean() == pytest.approx(0.5, abs=0.6 / count)


def test_a_village_of_old_or_of_young_people_alone_needs_one_share():
    for young, old, first, last in ((None, 1.0, 65, 78), (1.0, None, 16, 24)):
        people = make_personas(5, 30, PLACES, population=Population(ages=bands_of(young, old, {})))
        assert {first, last} <= {p.age for p in people} <= set(range(first, last + 1))
    (_, _, young), *_ = bands_of(None, 0.4, {})
    assert young == bands_of(None, 0.1, {})[0][2], "who asks for more old people does not ask for fewer young ones"


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"women": 1.2}, "women = 1.2"),
        ({"ages": ((10, 20, 1.0),)}, "ages '10-20'"),
        ({"ages": ((20, 40, 1.0), (30, 60, 1.0))}, "overlap"),
        ({"trades": (("wizard", 1.0),)}, "trades.wizard"),
        ({"trades": (("smith", 0.0),)}, "all 0"),
        ({"traits": (("extraversion", 0.95, 0.1),)}, "traits.extraversion.mean = 0.95"),
        ({"traits": (("extraversion", 0.1, 0.28),)}, "at most 0.21 fits"),
        ({"traits": (("charm", 0.5, 0.1),)}, "no such trait"),
    ],
)
def test_impossible_populations_are_refused_by_key_and_value(given_, message):
    with pytest.raises(ValueError, match=message):
        Population(**given_)


def test_natures_cover_their_space_better_than_chance():
    people = make_personas(2, 64, PLACES)
    spread = np.array([np.argsort(np.argsort(column)) for column in traits_of(people).T]).T / 64 + 1 / 128
    rng = np.random.default_rng(0)
    chance = [qmc.discrepancy(np.array([rng.permutation(64) for _ in range(5)]).T / 64 + 1 / 128) for _ in range(20)]
    assert qmc.discrepancy(spread) < min(chance)


def test_values_follow_traits_with_the_published_signs():
    def held(value: str, **traits: float) -> float:
        scores = [traits.get(t, 0.5) for t in TRAITS]
        return float(np.mean([value in values_of(1, row, scores) for row in range(400)]))

    for value, trait, sign in (
        ("benevolence", "agreeableness", 1),
        ("self-direction", "openness", 1),
        ("security", "conscientiousness", 1),
        ("stimulation", "extraversion", 1),
        ("power", "agreeableness", -1),
        ("tradition", "openness", -1),
        ("conformity", "openness", -1),
    ):
        high, low = (held(value, **{trait: score}) for score in (0.85, 0.15))
        assert sign * (high - low) > 0.03, (value, trait)


def test_children_take_after_their_parents():
    people = make_personas(4, 120, PLACES)
    skin = looks_of(people, 4)["skin_rgb"].astype(float).mean(axis=1)
    assert np.ptp(skin) > 80.0
    children = [(p.row, [r for r, w in p.family if w in PARENT]) for p in people]
    gaps = [abs(skin[row] - skin[parents].mean()) for row, parents in children if parents]
    assert len(gaps) > 20
    assert max(gaps) < 15.0


def test_who_they_are_is_the_same_for_the_same_seed():
    assert make_personas(9, 30, PLACES) == make_personas(9, 30, PLACES)
    assert make_personas(9, 30, PLACES) != make_personas(10, 30, PLACES)
    longer = make_personas(9, 30, PLACES, [{"secret": "know nothing", "skill": 0.9}])
    assert (longer[0].secret, longer[0].skill) == ("know nothing", 0.9)
    assert longer[1:] == make_personas(9, 30, PLACES)[1:]
    assert replace(longer[0], secret="", skill=0.0) == replace(make_personas(9, 30, PLACES)[0], secret="", skill=0.0)
