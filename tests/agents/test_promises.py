"""The ledger of promises: settled by where people were, each in exactly one way, with effects on both minds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.acts import Proposal
from agents.appraisal import Feeling
from agents.bodies import Bodies
from agents.deeds import settle
from agents.moment import Moment
from agents.promises import STAY_MIN, Ending, Promises
from tests.agents.flat_world import FAIR, FlatWorld
from tests.agents.village import village
from world.view import Weather

WORLD = FlatWorld()
PLACES = WORLD.places
BARN = next(p.id for p in PLACES if p.kind == "barn")
FAR = next(p.id for p in PLACES if p.kind == "mill")
RATE = 1
GALE = replace(FAIR, wind_m_s=18.0)


def moment(second: int, weather: Weather = FAIR) -> Moment:
    start = datetime(2025, 6, 10, 9, 0)  # noqa: DTZ001
    return Moment.of(second, start, start.replace(minute=second // 60, second=second % 60), weather)


def bodies_at(*places: int) -> Bodies:
    bodies = Bodies.still(np.ones(len(places)), np.ones(len(places)))
    for row, place in enumerate(places):
        bodies.x[row], bodies.y[row], bodies.place[row] = PLACES[place].x, PLACES[place].y, place
    return bodies


def proposal(kind: str = "help", **changes: Any) -> Proposal:
    return replace(Proposal(kind, 0, 1, BARN, 0, 9 * 60 + 10, 20, "mend the fence"), **changes)


def outcomes(
    ledger: Promises, bodies: Bodies, minutes: int = 45, *, weather: Weather = FAIR, closed: tuple[int, ...] = ()
) -> list[tuple[int, Ending, str]]:
    """Minute, ending and reason of all that ends while everybody stays where it is."""
    ended = []
    for second in range(minutes * 60):
        _, settled = ledger.step(moment(second, weather), bodies, PLACES, closed)
        ended += [(second // 60, s.ending, s.reason) for s in settled]
    return ended


@pytest.mark.parametrize("kind", list(STAY_MIN))
def test_who_is_there_keeps_its_promise_and_who_is_not_breaks_it(kind: str) -> None:
    for where, wanted in ((BARN, Ending.KEPT), (FAR, Ending.BROKEN)):
        ledger = Promises(2, RATE)
        ledger.make(proposal(kind), 0)
        ((minute, ending, _),) = outcomes(ledger, bodies_at(where, BARN))
        assert ending == wanted
        assert minute == 30 if wanted == Ending.BROKEN else 10 <= minute <= 16
        assert ledger.owed(0) == [] and ledger.now_due(0, 0, 590) == []
        assert (ledger.kept[0], ledger.broken[0]) == ((1, 0) if wanted == Ending.KEPT else (0, 1))


def test_help_is_given_to_a_person_and_a_gathering_is_at_its_place() -> None:
    for kind, wanted in (("help", Ending.KEPT), ("attend", Ending.BROKEN)):
        ledger = Promises(3, RATE)
        ledger.make(proposal(kind), 0)
        bodies = bodies_at(FAR, FAR, BARN)
        moved = outcomes(ledger, bodies, 17)
        bodies.x[1], bodies.y[1] = PLACES[BARN].x, PLACES[BARN].y  # the host comes, the guest stays away
        ((_, ending, _),) = moved + outcomes(ledger, bodies)
        assert ending == wanted


def test_nobody_is_blamed_for_storm_for_a_closed_place_or_when_nobody_came() -> None:
    cases: tuple[tuple[dict[str, Any], tuple[int, int], str], ...] = (
        ({"weather": GALE}, (FAR, BARN), "storm"),
        ({"closed": (BARN,)}, (FAR, BARN), "closed"),
        ({}, (FAR, FAR), "nobody there"),
    )
    for how, where, reason in cases:
        ledger = Promises(2, RATE)
        ledger.make(proposal("attend"), 0)
        assert outcomes(ledger, bodies_at(*where), **how) == [(30, Ending.RELEASED, reason)]
    ledger = Promises(2, RATE)
    ledger.release(ledger.make(proposal(), 0))
    assert outcomes(ledger, bodies_at(FAR, BARN)) == [(0, Ending.RELEASED, "let off")]


def test_what_is_owed_due_and_clashing() -> None:
    ledger = Promises(2, RATE)
    first, later = proposal(), proposal("meet", minute=11 * 60)
    ident = ledger.make(first, 0)
    assert ledger.make(first, 5) == ident, "promising the same again is no second promise"
    ledger.make(later, 0)
    made, _ = ledger.step(moment(0), bodies_at(FAR, BARN), PLACES)
    assert [p.promise for p in made] == [1, 2] == [p.promise for p in ledger.owed(0)]
    assert ledger.now_due(0, 0, 9 * 60) == [replace(first, promise=ident)]
    assert ledger.now_due(0, 0, 9 * 60, lead_min=5) == []
    assert ledger.now_due(1, 0, 9 * 60) == []
    assert ledger.between(0, 1) == ledger.owed(0) == ledger.owed_to(1)
    assert ledger.clashes(proposal("bring", minute=9 * 60 + 20)) and not ledger.clashes(proposal(minute=10 * 60))
    for wrong in (proposal("dance"), proposal(minutes=0), proposal(beneficiary=0)):
        with pytest.raises(ValueError, match="cannot be promised"):
            ledger.make(wrong, 0)


def test_who_came_to_help_goes_on_helping_until_the_hour_is_over() -> None:
    ledger = Promises(2, RATE)
    ledger.make(proposal(), 0)
    outcomes(ledger, bodies_at(BARN, BARN), 20)
    assert ledger.owed(0) == [] == ledger.owed_to(1)
    assert [p.promise for p in ledger.now_due(0, 0, 9 * 60 + 21)] == [1]
    assert ledger.now_due(0, 0, 9 * 60 + 31) == []


proposals = st.builds(
    proposal,
    kind=st.sampled_from(list(STAY_MIN)),
    doer=st.integers(0, 2),
    beneficiary=st.integers(3, 5),
    place=st.sampled_from([BARN, FAR]),
    minute=st.integers(9 * 60, 9 * 60 + 15),
    minutes=st.integers(1, 12),
)


@settings(max_examples=15, deadline=None)
@given(
    wished=st.lists(proposals, min_size=1, max_size=8),
    where=st.lists(st.tuples(*[st.sampled_from([BARN, FAR])] * 6), min_size=6, max_size=6),
    cut=st.integers(1, 1700),
    rain=st.booleans(),
)
def test_every_promise_ends_in_exactly_one_way_also_after_a_pause(wished, where, cut, rain):
    weather = GALE if rain else FAIR

    def through(cut: int | None) -> tuple[list[tuple[int, int, str]], Promises]:
        ledger = Promises(6, RATE)
        made = {ledger.make(p, 0) for p in wished}
        ended = []
        bodies = [bodies_at(*places) for places in where]
        for second in range(30 * 60):
            if second == cut:
                state = ledger.freeze()
                ledger = Promises(6, RATE)
                ledger.thaw(state)
            _, settled = ledger.step(moment(second, weather), bodies[second // 300], PLACES)
            ended += [(second, s.proposal.promise, s.ending.value) for s in settled]
        assert sorted(ident for _, ident, _ in ended) == sorted(made)
        return ended, ledger

    (straight, one), (paused, other) = through(None), through(cut)
    assert straight == paused
    assert one.digest[0] == other.digest[0]
    for name in ("kept", "broken", "released"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_who_has_been_helped_lets_the_others_off_whose_hour_is_still_to_come() -> None:
    life = village(6, rate=1)
    minds, bodies = life.society.minds, life.society.bodies
    minds.promises.make(proposal(minute=9 * 60, minutes=12), 0)
    minds.promises.make(proposal(doer=2, minute=11 * 60), 0)
    minds.promises.make(proposal(doer=3, minute=11 * 60, what="stack the hay"), 0)
    bodies.indoors[:2] = False
    bodies.x[:2], bodies.y[:2] = PLACES[BARN].x, PLACES[BARN].y
    events = [event for second in range(13 * 60) for event in settle(minds, bodies, life.world, moment(second))]
    ended = [(kind, data["doer"], data.get("reason")) for kind, data in events if kind != "promise_made"]
    assert ended == [("promise_kept", 0, None), ("promise_released", 2, "let off")]
    assert [p.doer for p in minds.promises.owed_to(1)] == [3]


def test_promises_that_end_move_both_minds_and_become_facts() -> None:
    def lived(place: int) -> tuple[Any, dict[str, float], list[tuple[str, dict[str, Any]]]]:
        life = village(6, rate=1)
        minds, bodies = life.society.minds, life.society.bodies
        relations = minds.relations

        def standing() -> dict[str, float]:
            held = {name: float(getattr(relations, name)[1, 0]) for name in ("trust", "affinity", "respect", "debt")}
            return held | {"owed": float(relations.debt[0, 1])}

        before = standing()
        minds.promises.make(proposal(minute=9 * 60, minutes=12), 0)
        bodies.indoors[:2] = False
        bodies.x[:2], bodies.y[:2] = (PLACES[place].x, PLACES[BARN].x), (PLACES[place].y, PLACES[BARN].y)
        events = settle(minds, bodies, life.world, moment(0))
        assert minds.emotions.strongest(1) == "hope"
        events += [event for second in range(13 * 60) for event in settle(minds, bodies, life.world, moment(second))]
        return minds, {name: now - before[name] for name, now in standing().items()}, events

    minds, moved, events = lived(BARN)
    assert [kind for kind, _ in events] == ["promise_made", "promise_kept"]
    assert moved.pop("owed") < 0, "who has done it owes less"
    assert all(step > 0 for step in moved.values())
    assert minds.emotions.intensity[1, Feeling.GRATITUDE] > 0 and minds.emotions.intensity[0, Feeling.PRIDE] > 0
    kinds = {minds.knowledge.held[1][ident].kind for ident in events[-1][1]["facts"]}
    assert all(events[-1][1]["facts"][0] in minds.memories.of(row)["fact"] for row in (0, 1))
    assert kinds == {"promise_kept", "helped"}
    minds, broken, events = lived(FAR)
    assert [kind for kind, _ in events] == ["promise_made", "promise_broken"]
    assert broken["trust"] < -moved["trust"] < 0, "trust is lost faster than it is won"
    assert broken["affinity"] < 0 and broken["respect"] < 0
    assert broken["owed"] > 0 and broken["debt"] == 0, "the one who broke its word is in debt, and not the other"
    assert minds.emotions.intensity[1, Feeling.ANGER] > 0 and minds.emotions.intensity[0, Feeling.SHAME] > 0
    (fact,) = events[-1][1]["facts"]
    assert fact in minds.knowledge.held[0], "who has broken its word knows it"
    held = minds.knowledge.held[1][fact]
    assert (held.kind, held.subject, held.object, held.details["what"]) == ("promise_broken", 0, 1, "mend the fence")
    episode = minds.memories.recall(1, 13 * 60, who=0, fact=fact)
    assert episode is not None and episode["fact"] == fact


def after_breaking(weather: Weather = FAIR, kind: str = "help", **traits: float) -> Any:
    """The minds of two after the hour of a promise in which the doer was elsewhere; traits are the doer's."""
    life = village(2, rate=1, personas=[{"neuroticism": 0.5, "extraversion": 0.5} | traits, {}])
    minds, bodies = life.society.minds, life.society.bodies
    bodies.indoors[:] = False
    bodies.x[:], bodies.y[:] = (PLACES[FAR].x, PLACES[BARN].x), (PLACES[FAR].y, PLACES[BARN].y)
    minds.promises.make(proposal(kind, minute=9 * 60, minutes=5), 0)
    for second in range(6 * 60):
        settle(minds, bodies, life.world, moment(second, weather))
    return minds


def test_the_careful_are_more_ashamed_of_a_broken_word_and_a_storm_is_nobodys_shame() -> None:
    careless, careful = (after_breaking(conscientiousness=c).emotions.intensity[0] for c in (0.1, 0.9))
    assert careful[Feeling.SHAME] > 1.5 * careless[Feeling.SHAME] > 0
    stormy = after_breaking(GALE)
    assert stormy.emotions.intensity[0, Feeling.SHAME] == 0 < stormy.emotions.intensity[0, Feeling.RELIEF]
    assert stormy.emotions.intensity[1, Feeling.DISAPPOINTMENT] > 0 == stormy.emotions.intensity[1, Feeling.ANGER]


def test_who_promised_to_come_to_something_looks_forward_to_it() -> None:
    hopes = {kind: after_breaking(kind=kind).emotions.intensity[0, Feeling.HOPE] for kind in STAY_MIN}
    assert hopes["attend"] > 0 < hopes["meet"] and hopes["help"] == 0 == hopes["bring"]


def test_what_was_kept_is_off_the_ledger_when_its_hour_is_over() -> None:
    ledger = Promises(2, RATE)
    ledger.make(proposal(), 0)
    outcomes(ledger, bodies_at(BARN, BARN))
    assert len(ledger.freeze()["what"]) == 0 and not ledger.clashes(proposal())
