"""Reflection: conclusions drawn from facts and episodes, with links to them, that move how one stands to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from agents.acts import Topic
from agents.insights import MOST, Insight, InsightKind, Insights
from agents.memory import EpisodeKind
from agents.minds import Minds, Moment
from agents.reflection import THRESHOLD, look_back, reflect
from tests.agents.flat_world import FAIR
from tests.agents.village import village

HOUR = 3600 * 8


def at(hours: float) -> Moment:
    start = datetime(2025, 6, 10, 0, 0)  # noqa: DTZ001
    now = start.replace(day=10 + int(hours // 24), hour=int(hours % 24), minute=int(hours * 60 % 60))
    return Moment.of(round(hours * HOUR), start, now, FAIR)


def people() -> Minds:
    return village(8, hour=0).society.minds


def deed(minds: Minds, row: int, kind: str, subject: int, *, object: int = 5, minute: int = 600) -> int:
    fact = minds.knowledge.new(Topic.PERSON, kind, 0, minute, subject=subject, object=object, what="mend the fence")
    minds.knowledge.witness(row, fact)
    return fact.id


def feelings(minds: Minds, row: int, other: int) -> dict[str, float]:
    return {name: getattr(minds.relations, name)[row, other] for name in ("trust", "respect", "affinity")}


@pytest.mark.parametrize(
    ("kind", "times", "concluded", "moved"),
    [
        ("promise_kept", 2, InsightKind.KEEPS_PROMISES, {"trust": 1, "respect": 1}),
        ("promise_broken", 2, InsightKind.BREAKS_PROMISES, {"trust": -1, "respect": -1}),
        ("helped", 2, InsightKind.HELPS, {"affinity": 1, "respect": 1}),
        ("lied", 2, InsightKind.LIES, {"trust": -1}),
        ("quarrelled", 2, InsightKind.QUARREL, {"respect": -1}),
    ],
)
def test_what_somebody_does_again_and_again_becomes_a_conclusion(
    kind: str, times: int, concluded: InsightKind, moved: dict[str, int]
) -> None:
    minds = people()
    evidence = [deed(minds, 0, kind, 3, minute=600 + i) for i in range(times)]
    before = feelings(minds, 0, 3)
    events = reflect(minds, 0, at(12))
    (drawn,) = minds.insights.of(0)
    assert (drawn.kind, drawn.subject, drawn.facts) == (concluded, 3, tuple(evidence))
    assert minds.insights.about(0, 3) == (drawn,) and minds.insights.has(0, concluded, 3)
    ((_, data),) = events
    assert data["evidence"] == evidence and data["insight"] == concluded.name.lower()
    after = feelings(minds, 0, 3)
    assert all((after[name] - before[name]) * sign > 0 for name, sign in moved.items())
    if data["fact"] >= 0:
        opinion = minds.knowledge.held[0][data["fact"]]
        assert (opinion.kind, opinion.source) == ("opinion_of_person", "inferred")
        assert opinion.details["likes"] == (kind in ("promise_kept", "helped"))
        assert [s.how for s in minds.knowledge.chain(0, opinion.id)] == ["inferred"]
    assert reflect(minds, 0, at(13)) == [], "nothing new, so nothing is concluded twice"
    assert feelings(minds, 0, 3) == after


def test_one_deed_a_doubtful_tale_or_a_mixed_record_is_not_enough() -> None:
    minds = people()
    deed(minds, 0, "promise_kept", 3)
    deed(minds, 1, "promise_broken", 4, minute=610)
    told = [minds.knowledge.held[1][deed(minds, 1, "promise_broken", 3, minute=600 + i)] for i in range(2)]
    for fact in told:
        minds.knowledge.tell(1, 2, fact, 10, belief=0.4)
    for kind in ("promise_kept", "promise_kept", "promise_broken", "promise_broken"):
        deed(minds, 6, kind, 3)
    for row in (0, 2, 6):
        assert reflect(minds, row, at(12)) == [] and minds.insights.of(row) == ()


def test_where_people_are_often_seen_is_known_after_a_while() -> None:
    minds = people()
    inn = next(p.id for p in minds.places if p.kind == "inn")
    home = minds.personas[3].home
    for hour in (0, 1, 2, 14, 15, 16):
        for place in (inn, home):
            seen = minds.knowledge.new(Topic.PERSON, "saw_person", 0, 60 * hour, subject=3, place=place)
            if hour != 2:  # that one it has forgotten
                minds.knowledge.witness(0, seen)
            minds.memories.remember(0, hour * HOUR, EpisodeKind.SAW, Topic.PERSON, who=3, place=place, fact=seen.id)
            minds.memories.remember(1, hour * 300, EpisodeKind.SAW, Topic.PERSON, who=3, place=place)
    ((_, told),) = reflect(minds, 0, at(17))
    (drawn,) = minds.insights.of(0)
    assert (drawn.kind, drawn.subject, drawn.place, drawn.weight) == (InsightKind.OFTEN_AT, 3, inn, 6.0)
    reflect(minds, 1, at(17))
    assert minds.insights.of(1) == (), "so far only this morning"
    mine = minds.memories.of(0)
    assert set(drawn.episodes) == set(mine["id"][mine["place"] == inn].tolist())
    (fact,) = (minds.knowledge.held[0][ident] for ident in drawn.facts)
    assert (fact.subject, fact.place, fact.minute) == (3, inn, 16 * 60), "the last of the morning is forgotten"
    assert (told["evidence"], told["episodes"]) == ([fact.id], list(drawn.episodes))


def test_rain_that_follows_the_sign_teaches_to_read_the_sky() -> None:
    minds = people()
    for day, late in ((0, 60), (1, 100), (2, 400)):
        for kind, minute in (("rain_coming", 600), ("rain_started", 600 + late)):
            minds.knowledge.witness(0, minds.knowledge.new(Topic.WEATHER, kind, day, minute))
    reflect(minds, 0, at(70))
    (drawn,) = minds.insights.of(0)
    assert drawn.kind == InsightKind.RAIN_AFTER_SIGN and len(drawn.facts) == 4, "the third day's rain came too late"


def test_who_has_learned_the_sign_foresees_rain_whatever_its_trade() -> None:
    def who_foresees(*, learned: bool) -> list[int]:
        life = village(8, hour=9, personas=[{"trade": "trader"}] * 8)
        if learned:
            life.society.minds.insights.note(3, Insight(InsightKind.RAIN_AFTER_SIGN, weight=2.0))
        life.society.bodies.indoors[:] = False
        life.world.weather = replace(FAIR, cloud=1.0, humidity=0.95)
        life.run(70)
        return [row for _, _, d in life.events if d.get("kind") == "rain_coming" for row in d.get("villagers", ())]

    assert who_foresees(learned=False) == []
    assert who_foresees(learned=True) == [3]


def test_minds_look_back_when_enough_has_happened_and_settle_their_day_asleep() -> None:
    minds = people()
    for i in range(3):
        deed(minds, 0, "promise_kept", 3, minute=600 + i)
    awake, asleep = np.zeros(8, bool), np.ones(8, bool)
    assert look_back(minds, awake, at(12)) == []
    for i in range(round(THRESHOLD)):
        minds.memories.remember(0, i, EpisodeKind.NOTICED, Topic.PERSON, who=3, place=2, importance=1.0)
    assert [name for name, _ in look_back(minds, awake, at(12))] == ["reflects"]
    assert minds.memories.unreflected[0] == 0.0
    held = len(minds.memories.of(0))
    for second in range(8):
        look_back(minds, awake, at(22 + second / 3600))
    assert len(minds.memories.of(0)) == held, "nobody who is awake forgets the day"
    for second in range(8):
        look_back(minds, asleep, at(22 + second / 3600))
    assert len(minds.memories.of(0)) < held and (minds.insights.nights == 1).all()
    minds.memories.remember(0, 0, EpisodeKind.SAW, Topic.PERSON, who=3, place=2)
    look_back(minds, asleep, at(27))
    assert len(minds.memories.of(0)) == 2, "once a night"


def test_insights_are_bounded_and_go_on_from_a_state() -> None:
    rng = np.random.default_rng(1)
    one, other = Insights(3), Insights(3)
    for i in range(120):
        kind = InsightKind(int(rng.integers(len(InsightKind))))
        evidence: Any = tuple(int(v) for v in rng.integers(1, 90, int(rng.integers(4))))
        one.note(i % 3, Insight(kind, int(rng.integers(9)), -1, i % 5, float(rng.random()), evidence, (i,)))
    other.thaw(one.freeze())
    assert [one.of(row) for row in range(3)] == [other.of(row) for row in range(3)]
    assert len(one.of(0)) == MOST
    assert np.array_equal(one.digest, other.digest)
    for insights in (one, other):
        insights.note(0, Insight(InsightKind.LIES, 1, weight=3.0, facts=(4,)))
    assert one.of(0) == other.of(0) and np.array_equal(one.digest, other.digest)
