"""What time in a village does to those who live there: they eat, rest, calm down, look back and settle their day."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.acts import Topic
from agents.appraisal import Appraisal, Feeling
from agents.needs import NEEDS
from agents.reflection import THRESHOLD
from assets.palette import Activity
from tests.agents.flat_world import RAIN
from tests.agents.village import Life, village

ROWS = 4


def quiet(hour: int, **config) -> Life:
    """A few people who talk to nobody."""
    return village(ROWS, seed=4, hour=hour, rate=1, **{"talkativeness": 0.0, **config})


def test_a_meal_stills_hunger_and_a_night_takes_tiredness_away() -> None:
    noon = quiet(12)
    noon.society.minds.needs.hunger[:] = 0.95
    noon.run(30 * 60)
    assert noon.society.minds.needs.hunger.max() < 0.3
    night = quiet(2)
    night.society.minds.needs.fatigue[:], night.society.minds.needs.hunger[:] = 0.8, 0.2
    night.run(10 * 60)
    assert (night.society.bodies.activity == Activity.SLEEP).all()
    assert night.society.minds.needs.fatigue == pytest.approx(0.8 - 10 / 60 / 8, abs=0.002)


def test_work_gives_purpose_and_talk_eases_loneliness() -> None:
    morning = quiet(9)
    idleness = morning.society.minds.needs.idleness
    idleness[:] = 0.6
    work = np.zeros(ROWS)
    for _ in range(15 * 60):
        morning.run(1)
        work += morning.society.bodies.activity == Activity.WORK
    assert work.max() > 300 and idleness[np.argmax(work)] < 0.6 - 0.1 * work.max() / 3600
    talkative = village(10, seed=4, rate=2)
    lonely = talkative.society.minds.needs.loneliness
    eased = 0.0
    for _ in range(240):
        before = lonely.copy()
        talkative.run(2)
        eased = min(eased, float((lonely - before)[talkative.society.talk.talking].min(initial=0.0)))
    assert eased < 0.0


def test_feelings_fade_and_show_in_the_pace_as_rain_does() -> None:
    life = quiet(10)
    s = life.society
    for _ in range(5):
        s.minds.emotions.appraise(0, Appraisal(-0.9))
    low, distress = s.minds.emotions.mood[0], s.minds.emotions.intensity[0, Feeling.DISTRESS]
    life.run(4)
    slow = s.bodies.pace.copy()
    assert slow[0] < 0.97 and slow[0] < slow[1:].min()
    life.run(1200)
    assert s.minds.emotions.mood[0] > 0.5 * low and s.minds.emotions.intensity[0, Feeling.DISTRESS] < 0.6 * distress
    calm = s.bodies.pace.copy()
    assert calm[0] > slow[0]
    life.world.weather = replace(RAIN, rain_mm_h=1.0)
    life.run(8)
    assert (s.bodies.pace > 1.1 * calm).all(), "people hurry in the rain"


def test_minds_look_back_by_day_and_settle_their_day_asleep() -> None:
    life = quiet(10)
    minds = life.society.minds
    for minute in range(3):
        kept = minds.knowledge.new(Topic.PERSON, "promise_kept", 0, 540 + minute, subject=1, object=2, what="mend")
        minds.knowledge.witness(0, kept)
    minds.memories.unreflected[0] = THRESHOLD
    life.run(4)
    ((_, _, insight),) = [event for event in life.events if event[1] == "reflects"]
    assert (insight["villager"], insight["insight"]) == (0, "keeps_promises")
    assert {minds.knowledge.held[0][ident].kind for ident in insight["evidence"]} == {"promise_kept"}
    assert (minds.insights.nights < 1).all()
    night = quiet(23).run(30)
    slept = night.society.bodies.activity == Activity.SLEEP
    assert slept.any() and (night.society.minds.insights.nights[slept] == 1).all()


def test_what_one_feels_and_needs_can_be_seen_from_outside() -> None:
    life = quiet(10).run(4)
    minds = life.society.minds
    minds.emotions.appraise(1, Appraisal(-0.9))
    seen = life.society.villagers(life.world)
    assert seen["mood"] == pytest.approx(minds.emotions.mood) and seen["mood"].argmin() == 1
    assert seen["feeling"].tolist().count(Feeling.DISTRESS + 1) == 1 and seen["feeling"][1] == Feeling.DISTRESS + 1
    for need in NEEDS:
        getattr(minds.needs, need)[2] = 0.77
        seen = life.society.villagers(life.world)
        assert seen[need][2] == pytest.approx(0.77) and seen[need] == pytest.approx(getattr(minds.needs, need))
