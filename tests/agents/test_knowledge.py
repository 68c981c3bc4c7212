"""Knowledge stays bounded, forgets whole, leads back to where it came from, and can be taken out and put back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acts import Fact, Topic
from agents.distortion import distorted
from agents.knowledge import CAPACITY, CONTRADICTS_MIN, Knowledge, learning
from agents.news import plant_rumour, seed_news
from agents.persona import make_personas
from tests.agents.flat_world import FlatWorld

VILLAGERS = 5
PLACES = FlatWorld().places
ARRAYS = ("digest", "brought_up")


def knowing(**options: Any) -> Knowledge:
    return Knowledge(VILLAGERS, seed=3, start_minute=540.0, places=PLACES, **options)


def inside(knowledge: Knowledge) -> dict[str, Any]:
    plain = {k: v for k, v in vars(knowledge).items() if k not in (*ARRAYS, "tellings")}
    return plain | vars(knowledge.tellings) | {name: getattr(knowledge, name).tolist() for name in ARRAYS}


def lived(seed: int, turns: int = 500) -> Knowledge:
    """A life of sightings, opinions, news, lies, rumours and much talk."""
    rng = np.random.default_rng(seed)
    knowledge = knowing()
    for tick in range(turns):
        row, other = (int(r) for r in rng.choice(VILLAGERS, 2, replace=False))
        about, place, lot = int(rng.integers(40)), int(rng.integers(len(PLACES))), rng.random()
        if lot < 0.02:
            knowledge.lie(row, Topic.PERSON, "saw_person", 0, tick, subject=about, place=place)
        elif lot < 0.04:
            plant_rumour(
                knowledge, row, "lost_sheep", 0, tick, rng, subject=-1, place=-1, others=range(VILLAGERS), spots=[8, 9]
            )
        elif lot < 0.4:
            kind = ("saw_person", "opinion_of_person")[int(rng.integers(2))]
            fact = knowledge.new(Topic.PERSON, kind, 0, tick, subject=about, place=place, likes=True)
            (knowledge.replace_own if rng.random() < 0.3 else knowledge.witness)(row, fact)
        else:
            topic = (Topic.PERSON, Topic.NEWS)[int(rng.integers(2))]
            if fresh := knowledge.tellable(row, other, topic, float(tick)):
                knowledge.bring_up(row, fresh[0])
                if rng.random() < 0.9:
                    knowledge.tell(row, other, fresh[0], 3000 * tick, overheard=bool(rng.random() < 0.2))
    return knowledge


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_only_what_somebody_thinks_of_is_kept(seed: int) -> None:
    knowledge = lived(seed)
    thought_of = {f for held in knowledge.held for f in held} | set(knowledge.brought_up.tolist()) - {0}
    originals = {knowledge.original(f) for f in thought_of}
    assert max(map(len, knowledge.held)) == CAPACITY
    assert set(knowledge.tellings.parent) <= set(knowledge._thinkers)
    assert thought_of <= set(knowledge._thinkers)
    for fact in originals:
        assert fact in knowledge.witnesses or fact in knowledge.makers
    assert set(knowledge.witnesses) | set(knowledge.makers) <= set(knowledge._thinkers)
    assert set(knowledge._shared) <= set(knowledge._thinkers)
    back = knowing()
    back.thaw(knowledge.freeze())
    assert inside(back) == inside(knowledge)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_chain_ends_at_a_witness_a_liar_or_a_planted_rumour(seed: int) -> None:
    knowledge = lived(seed)
    ends, copies = [], 0
    for row, held in enumerate(knowledge.held):
        for fact in held.values():
            steps = knowledge.chain(row, fact.id)
            *tellings, end = steps
            assert steps[0].row == row and len({(s.row, s.tick) for s in steps}) == len(steps)  # one may relearn
            assert all(s.how in ("told", "overheard") and s.teller == after.row for s, after in pairwise(steps))
            assert [s.tick for s in tellings] == sorted((s.tick for s in tellings), reverse=True)
            assert knowledge.original(fact.id) == knowledge.original(end.fact)
            if end.how in ("lied", "rumour"):
                assert knowledge.makers[end.fact] == (end.row, end.how)
            else:
                assert end.row in knowledge.witnesses[end.fact]
            if fact.told_by >= 0 and fact.root < 0:
                assert fact.hops >= 1
            ends.append(end.how)
            copies += fact.root >= 0
    assert {"seen", "lied", "rumour"} >= set(ends)


def test_some_tellings_distort_and_none_changes_who_did_it() -> None:
    changed = []
    for seed in range(6):
        knowledge = lived(seed)
        heads = {f.id: f for held in knowledge.held for f in held.values()}
        for fact in heads.values():
            told = heads.get(fact.root)
            if told is not None:
                assert (fact.kind, fact.subject, fact.object, fact.day) == (
                    told.kind,
                    told.subject,
                    told.object,
                    told.day,
                )
                changed += [k for k in ("minute", "place", "details") if getattr(fact, k) != getattr(told, k)]
    assert {"minute", "place"} <= set(changed)


def told(knowledge: Knowledge, teller: int, listener: int, fact: Fact, tick: int, **how: Any) -> Fact:
    heard = knowledge.tell(teller, listener, fact, tick, **how)
    assert heard is not None
    return heard


def plain_fact(knowledge: Knowledge) -> Fact:
    """One that is never distorted."""
    fact = knowledge.new(Topic.PERSON, "promise_broken", 0, 540, subject=3, object=4, what="mend the fence")
    knowledge.witness(0, fact)
    return fact


def test_what_one_is_told_is_as_sure_as_teller_and_belief_and_fades() -> None:
    knowledge = knowing()
    fact = plain_fact(knowledge)
    first = told(knowledge, 0, 1, fact, 10, belief=0.8)
    second = told(knowledge, 1, 2, first, 20, belief=0.5, overheard=True)
    assert (first.source, first.told_by, first.hops) == ("told", 0, 1)
    assert (second.source, second.told_by, second.hops) == ("overheard", 1, 2)
    assert first.confidence == pytest.approx(0.8, rel=1e-3)
    assert second.confidence == pytest.approx(0.4, rel=1e-3)
    week = 7 * 24 * 3600 * 16
    assert knowledge.confidence(2, fact.id, 20 + week) == pytest.approx(0.2, rel=1e-3)
    assert knowledge.confidence(0, fact.id, week) > 0.8, "what one has seen oneself stays"
    assert learning(2, second)["how"] == "overheard" and learning(2, second)["from"] == 1
    assert knowledge.confidence(4, fact.id, 0) == 0.0


def test_hearing_it_again_makes_surer_only_from_another_mouth() -> None:
    knowledge = knowing()
    fact = plain_fact(knowledge)
    told(knowledge, 0, 1, fact, 10, belief=0.5)
    told(knowledge, 0, 2, fact, 10, belief=0.9)
    assert knowledge.tell(0, 1, fact, 20) is None
    assert knowledge.confidence(1, fact.id, 20) == pytest.approx(0.5, rel=1e-3)
    assert knowledge.tell(2, 1, knowledge.held[2][fact.id], 30, belief=0.5) is None
    assert knowledge.confidence(1, fact.id, 30) == pytest.approx(1 - 0.5 * (1 - 0.45), rel=1e-3)
    assert knowledge.tell(1, 0, knowledge.held[1][fact.id], 40) is None and knowledge.held[0][fact.id] == fact


def test_a_lie_is_found_out_by_those_who_know_better_and_by_nobody_else() -> None:
    knowledge = knowing()
    lie = knowledge.lie(0, Topic.PERSON, "promise_broken", 0, 540, subject=1, object=2, what="mend the fence")
    heard = told(knowledge, 0, 3, lie, 10)
    assert knowledge.found_out(1, heard) and knowledge.found_out(2, heard)
    assert not knowledge.found_out(3, heard) and not knowledge.found_out(0, lie)
    assert [s.how for s in knowledge.chain(3, lie.id)] == ["told", "lied"]
    elsewhere = knowledge.lie(0, Topic.PERSON, "saw_person", 0, 600, subject=1, place=2)
    seen = knowledge.new(Topic.PERSON, "saw_person", 0, 600 - CONTRADICTS_MIN, subject=1, place=3)
    knowledge.witness(3, seen)
    assert knowledge.found_out(3, elsewhere) and not knowledge.found_out(4, elsewhere)
    knowledge.witness(4, replace(seen, id=900, minute=seen.minute - 1))
    assert not knowledge.found_out(4, elsewhere), "that was earlier: both may be true"
    assert not knowledge.found_out(1, replace(seen, id=901)), "the truth is no lie"


def test_nobody_tells_what_it_does_not_know_and_without_memory_nothing_is_learned() -> None:
    knowledge = knowing()
    with pytest.raises(KeyError, match="unknown to that villager"):
        knowledge.tell(1, 2, plain_fact(knowledge), 10)
    forgetful = knowing(keeps=False)
    assert forgetful.tell(0, 1, plain_fact(forgetful), 10) is None and not forgetful.held[1]


def test_a_fact_about_to_be_told_survives_a_crowd_of_sightings() -> None:
    knowledge = knowing()
    fact = knowledge.new(Topic.PERSON, "opinion_of_person", 0, 0, subject=1)
    knowledge.witness(0, fact)
    knowledge.bring_up(0, fact)
    for minute in range(CAPACITY):
        knowledge.witness(0, knowledge.new(Topic.PERSON, "saw_person", 0, 1 + minute))
    assert fact.id not in knowledge.held[0]
    assert told(knowledge, 0, 1, fact, 100).id == fact.id and knowledge.witnesses[fact.id] == [0]
    knowledge.bring_up(0, None)
    assert knowledge.witnesses[fact.id] == [0], "the other still knows it"
    assert [s.row for s in knowledge.chain(1, fact.id)] == [1, 0], "who told it has forgotten, and the chain has not"


def test_deeds_and_news_outlast_passing_things() -> None:
    knowledge = knowing()
    fact = plain_fact(knowledge)
    for minute in range(2 * CAPACITY):
        knowledge.witness(0, knowledge.new(Topic.PERSON, "saw_person", 0, 541 + minute))
    assert fact.id in knowledge.held[0] and len(knowledge.held[0]) == CAPACITY


def test_the_older_a_tale_and_the_more_mouths_it_went_through_the_oftener_it_changes() -> None:
    tale = knowing().new(Topic.NEWS, "lost_sheep", 0, 540, place=8)

    def changes(fact: Fact, days: float) -> int:
        rng = np.random.default_rng(5)
        return sum(bool(distorted(fact, 540 + 1440 * days, PLACES, rng)) for _ in range(2000))

    fresh, worn, old = changes(tale, 0.0), changes(replace(tale, hops=6), 0.0), changes(tale, 4.0)
    assert 0 < 2 * fresh < min(worn, old) and max(worn, old) < 400


def test_who_tells_a_rumour_in_good_faith_is_no_liar() -> None:
    knowledge, rng = knowing(), np.random.default_rng(1)
    rumour = plant_rumour(
        knowledge, 0, "wedding_planned", 0, 540, rng, subject=1, place=8, others=range(VILLAGERS), spots=[8]
    )
    assert not knowledge.found_out(1, rumour)
    lie = knowledge.lie(0, Topic.NEWS, "wedding_planned", 0, 540, subject=1, place=8)
    assert knowledge.found_out(1, lie), "it knows best whether it will marry"


def test_apples_ripen_in_summer_and_autumn_only() -> None:
    def happened(season: str) -> set[str]:
        people = make_personas(3, VILLAGERS, PLACES)
        return {fact.kind for seed in range(30) for fact in seed_news(knowing(), seed, people, PLACES, 600, season)}

    summer, winter = happened("summer"), happened("winter")
    assert summer - winter == {"apples_ripe"} and summer > winter
    assert happened("autumn") == summer and happened("spring") == winter
