"""Knowledge stays bounded, forgets whole, and can be taken out and put back."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acts import Topic
from agents.knowledge import CAPACITY, Knowledge

VILLAGERS = 4


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_happens_only_what_somebody_thinks_of_is_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    knowledge = Knowledge(VILLAGERS)
    for tick in range(500):
        row, other = (int(r) for r in rng.choice(VILLAGERS, 2, replace=False))
        if rng.random() < 0.7:
            kind = ("saw_person", "opinion_of_person")[int(rng.integers(2))]
            fact = knowledge.new(Topic.PERSON, kind, 0, tick, subject=int(rng.integers(40)), likes=True)
            (knowledge.replace_own if rng.random() < 0.3 else knowledge.witness)(row, fact)
        elif fresh := knowledge.tellable(row, other, Topic.PERSON):
            knowledge.bring_up(row, fresh[0])
            if rng.random() < 0.8:
                knowledge.told(row, other, fresh[0], tick)
                assert fresh[0] not in knowledge.tellable(row, other, Topic.PERSON)
    thought_of = {f for held in knowledge.held for f in held} | set(knowledge.brought_up.tolist()) - {0}
    assert max(map(len, knowledge.held)) == CAPACITY
    assert set(knowledge.witnesses) == thought_of
    assert set(knowledge._shared) <= thought_of
    back = Knowledge(VILLAGERS)
    back.thaw(knowledge.freeze())
    assert {k: v for k, v in vars(back).items() if k not in ("digest", "brought_up")} == {
        k: v for k, v in vars(knowledge).items() if k not in ("digest", "brought_up")
    }
    assert np.array_equal(back.digest, knowledge.digest) and np.array_equal(back.brought_up, knowledge.brought_up)


def test_a_fact_about_to_be_told_survives_a_crowd_of_sightings() -> None:
    knowledge = Knowledge(2)
    fact = knowledge.new(Topic.PERSON, "opinion_of_person", 0, 0, subject=1)
    knowledge.witness(0, fact)
    knowledge.bring_up(0, fact)
    for minute in range(CAPACITY):
        knowledge.witness(0, knowledge.new(Topic.PERSON, "saw_person", 0, 1 + minute))
    assert fact.id not in knowledge.held[0]
    assert knowledge.told(0, 1, fact, 100) and knowledge.witnesses[fact.id] == [0]
    knowledge.bring_up(0, None)
    assert knowledge.witnesses[fact.id] == [0], "the other still knows it"
