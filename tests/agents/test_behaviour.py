"""What shows from outside: traits bend behaviour the right way, and each part of a mind that is left out is missed."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from agents.ablation import Ablation
from agents.acts import Proposal
from agents.openings import News
from agents.perception import earshot_m
from tests.agents.flat_world import FAIR, RAIN
from tests.agents.village import Life, village

LOW, HIGH = 0.12, 0.88
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
VILLAGERS = 16
SEEDS = (1,)
DRY_S, WET_S = 3600, 900


def poles() -> list[dict[str, float]]:
    """Every combination of four poles, the fifth trait their product: each pair of traits is uncorrelated."""
    made = []
    for signs in product((-1, 1), repeat=4):
        whole = (*signs, int(np.prod(signs)))
        made.append({t: HIGH if s > 0 else LOW for t, s in zip(TRAITS, whole, strict=True)} | {"age": 35})
    return made


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    """An hour of villages whose people are marked, with promises to be kept in it, and twenty minutes of rain."""
    made = []
    for seed in SEEDS:
        life = village(VILLAGERS, seed=seed, rate=2, hour=9, personas=poles(), talkativeness=3.0)
        for row in range(VILLAGERS):
            for other, minute in ((1, 15), (5, 40)):
                friend = (row + other) % VILLAGERS
                place = life.society.personas[friend].workplace
                asked = Proposal("help", row, friend, place, 0, 9 * 60 + minute, 18, "mend the fence")
                life.society.minds.promises.make(asked, 0)
        life.run(DRY_S, rows=True)
        life.world.weather = RAIN
        made.append(life.run(WET_S, rows=True))
    return made


def contrast(trait: str, values: list[np.ndarray]) -> float:
    """Mean over villages of what those high in a trait show more than those low in it."""
    high = np.array([pole[trait] == HIGH for pole in poles()])
    return float(np.mean([v[high].mean() - v[~high].mean() for v in values]))


def test_extraverts_talk_more(lives: list[Life]) -> None:
    seconds = []
    for life in lives:
        spoken = np.zeros(VILLAGERS)
        for line in life.spoken:
            spoken[line.speaker] += line.floor_end_tick - line.start_tick
        seconds.append(spoken)
    assert contrast("extraversion", seconds) > 0


def test_the_conscientious_keep_more_promises(lives: list[Life]) -> None:
    kept = [life.society.minds.promises.kept.astype(float) for life in lives]
    assert sum(k.sum() for k in kept) > 0
    assert contrast("conscientiousness", kept) > 0


def test_the_neurotic_are_under_a_roof_sooner(lives: list[Life]) -> None:
    wet = [
        np.sum([rows["indoors"] == 0 for rows in life.rows[DRY_S * life.world.rate :]], axis=0).astype(float)
        for life in lives
    ]
    assert contrast("neuroticism", wet) < 0


def knowing(life: Life) -> int:
    """How many know the news that the story began with."""
    (begun,) = life.society.begun
    held = life.society.minds.knowledge.held
    return sum(any(begun.fact.id in (f.id, f.root) for f in facts.values()) for facts in held)


def short(ablation: Ablation) -> Life:
    return village(12, seed=5, rate=2, hour=12, ablation=ablation, openings=[News()])


@pytest.fixture(scope="module")
def whole() -> Life:
    return short(Ablation()).run(3000)


def test_news_spreads_and_without_memory_it_does_not(whole: Life) -> None:
    forgetful = short(Ablation(memory=False)).run(3000)
    assert knowing(whole) >= 3
    assert knowing(forgetful) == 1
    assert not any(kind == "learns" for _, kind, _ in forgetful.events)
    assert forgetful.society.minds.memories.count.sum() == 0 < whole.society.minds.memories.count.sum()


def test_moods_differ_and_without_emotion_they_do_not(whole: Life) -> None:
    level = short(Ablation(emotion=False)).run(300)
    assert np.ptp(whole.society.minds.emotions.mood) > 0.2
    assert not level.society.minds.emotions.mood.any()


def test_people_have_friends_and_without_relationships_they_have_not(whole: Life) -> None:
    same = short(Ablation(relationships=False)).run(600)
    everybody = np.array([(a, b) for a in range(12) for b in range(12) if a != b]).T

    def liking(life: Life) -> np.ndarray:
        return life.society.minds.relations.affinity[everybody[0], everybody[1]]

    assert np.ptp(liking(whole)) > 0.3
    assert np.ptp(liking(same)) == 0.0 and same.spoken


def test_rain_drives_people_in_and_without_a_sense_of_weather_it_does_not() -> None:
    outdoors = {}
    for senses in (True, False):
        life = village(12, seed=4, rate=2, hour=14, ablation=Ablation(weather=senses)).run(300)
        life.world.weather = RAIN
        outdoors[senses] = len(life.run(900).society.bodies.outdoors)
    assert outdoors[True] < outdoors[False]


def test_a_gale_drowns_voices_also_where_nobody_heeds_it() -> None:
    life = village(12, seed=4, rate=2, hour=14, ablation=Ablation(weather=False))
    life.world.weather = gale = replace(FAIR, wind_m_s=18.0)
    life.run(300)
    assert len(life.spoken) > 20
    for said in life.spoken:
        at = np.array([said.positions[row] for row in (said.speaker, *said.listeners, *said.overhearers)])
        assert np.hypot(*(at - at[0]).T[:2]).max() <= earshot_m(gale)
        assert said.weather["wind_m_s"] == 18.0, "the record knows what the weather is"
