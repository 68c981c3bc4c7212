"""News goes to those whom it concerns and who are near, and is dropped where it is no longer news."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.acts import Topic
from agents.dialogue.tidings import is_told, tellable_news, worth_telling
from agents.knowledge import BELIEVED, HEARSAY_HALF_LIFE_H
from tests.agents.test_dialogue import FIELD, A, B, C, D, fact_of, stage
from tests.agents.village import village

KNOWN_LITTLE = 0.1


def strangers() -> tuple:
    """Six neighbours none of whom knows another well, and a piece of news that A has of C."""
    scene = stage()
    relations = scene.minds.relations
    relations.familiarity.values[:] = KNOWN_LITTLE
    relations.affinity.values[:] = 0.0
    return scene, fact_of(scene, "wedding_planned", Topic.NEWS, A, subject=C)


def test_what_concerns_the_listener_is_told_rather() -> None:
    scene, news = strangers()
    plain = worth_telling(scene, A, B, news)
    assert 0.0 < plain < 0.5
    people = list(scene.minds.personas)
    people[B] = replace(people[B], family=((C, "sister"),))
    scene.minds.personas = tuple(people)
    assert worth_telling(scene, A, B, news) > 1.5 * plain
    here, elsewhere = (fact_of(scene, "lost_sheep", Topic.NEWS, A, place=place) for place in (FIELD, 0))
    assert worth_telling(scene, A, D, here) > worth_telling(scene, A, D, elsewhere)
    assert tellable_news(scene, A, D)[0] == here


def test_the_near_are_told_rather() -> None:
    scene, news = strangers()
    plain = worth_telling(scene, A, B, news)
    scene.minds.relations.move(A, B, familiarity=0.6)
    known = worth_telling(scene, A, B, news)
    scene.minds.relations.move(A, B, affinity=0.5)
    assert plain < known < worth_telling(scene, A, B, news)


def test_the_more_one_knows_to_know_it_and_the_older_the_less_it_is_told() -> None:
    scene, news = strangers()
    worths = [worth_telling(scene, A, B, news)]
    for listener in (C, D):
        scene.minds.knowledge.tell(A, listener, news, scene.now.tick)
        worths.append(worth_telling(scene, A, B, news))
    assert worths[0] > worths[1] > worths[2] > 0.3 * worths[0]
    old = fact_of(scene, "wedding_planned", Topic.NEWS, A, subject=C, day=-2)
    assert worth_telling(scene, A, B, old) < 0.5 * worths[0]


def test_it_is_told_as_often_as_it_is_worth_and_sooner_to_who_asks() -> None:
    scene, news = strangers()
    told = {False: 0, True: 0}
    for turn in range(400):
        scene.thread.turns = turn
        for asked in told:
            told[asked] += is_told(scene, A, B, news, asked=asked)
    assert told[False] / 400 == pytest.approx(worth_telling(scene, A, B, news), abs=0.07)
    assert told[True] > 1.5 * told[False]


def test_what_one_hardly_believes_any_more_is_not_told() -> None:
    scene, news = strangers()
    knowledge = scene.minds.knowledge
    knowledge.tell(A, B, news, scene.now.tick, belief=0.6)
    now = scene.now.minutes
    halved = now + 60 * HEARSAY_HALF_LIFE_H

    def told(at: float) -> bool:
        return news.id in [f.id for f in knowledge.tellable(B, D, Topic.NEWS, at)]

    assert 0.15 < BELIEVED < 0.3
    assert told(now) and told(halved), "0.3 is above the limit"
    assert not told(halved + 60 * HEARSAY_HALF_LIFE_H)


def test_people_talk_now_and_then_and_more_where_the_village_is_talkative() -> None:
    """An hour of sixteen: with some thirty talks a day of sixteen hours each has about two."""
    taken = {}
    for talkativeness in (1.0, 4.0):
        life = village(16, seed=2, rate=2, hour=16, talkativeness=talkativeness).run(3600)
        began = [data["villagers"] for _, kind, data in life.events if kind == "conversation_starts"]
        joined = [data for _, kind, data in life.events if kind == "conversation_joined"]
        taken[talkativeness] = (sum(map(len, began)) + len(joined)) / 16
    assert 1.0 < taken[1.0] < 5.0
    assert taken[4.0] > 2.0 * taken[1.0]
