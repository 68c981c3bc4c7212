"""Talk: one floor, paired acts, bounded length, heard only within earshot, and facts told only by those who know."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest

from agents.acts import Act, Topic
from agents.circle import MOST_MEMBERS
from agents.conversation import LONGEST_S, SILENCE_S
from agents.dialogue import tidings
from agents.dialogue.effects import CARRIES
from agents.dialogue.floor import LONGEST_EXCHANGE, USUAL_EXCHANGE, most_turns
from agents.dialogue.table import TABLE
from agents.knowledge import FACT_KINDS, Knowledge
from agents.perception import earshot_m
from agents.speech import speech_seed
from tests.agents.village import Life, village


@pytest.fixture(scope="module")
def talks(morning: Life):
    """Utterances by conversation, in order, of those conversations that were closed."""
    closed = [d["conversation"] for _, kind, d in morning.events if kind == "conversation_ends"]
    said = defaultdict(list)
    for s in morning.spoken:
        said[s.conversation].append(s)
    assert len(closed) >= 10
    return {c: said[c] for c in closed}


def test_one_floor_per_conversation(talks):
    for said in talks.values():
        for one, after in itertools.pairwise(said):
            assert one.floor_end_tick < after.start_tick
            assert one.speaker != after.speaker or len(after.listeners) > 1


def test_the_floor_is_seen_as_speaking(morning: Life):
    for s in morning.spoken:
        if s.floor_end_tick < len(morning.rows):
            held = [morning.rows[t - 1]["speaking"][s.speaker] for t in range(s.start_tick, s.floor_end_tick)]
            assert all(held)
            assert not morning.rows[s.floor_end_tick - 1]["speaking"][s.speaker]


def test_paired_acts_and_goodbyes(talks):
    """Every pair that is opened is completed by the one addressed, and talks begin and end with words for it."""
    for said in talks.values():
        acts = [s.act for s in said]
        assert acts[:2] == [Act.GREET, Act.GREET]
        assert acts[-2:] == [Act.CLOSE, Act.CLOSE]
        for one, after in itertools.pairwise(said):
            if one.act in (Act.ASK, Act.REQUEST, Act.INVITE, Act.OFFER, Act.APOLOGISE, Act.TELL, Act.GOSSIP, Act.TEACH):
                assert after.act in TABLE[one.act].seconds, (one.act, after.act)
                assert one.speaker in after.listeners
        members = len({s.speaker for s in said})
        assert 4 <= len(acts) <= most_turns(members) + LONGEST_EXCHANGE - USUAL_EXCHANGE
        last = said[-1]
        goodbyes = {s.speaker for s in said if s.act == Act.CLOSE} | {last.speaker, *last.listeners}
        assert goodbyes >= {s.speaker for s in said}, "nobody goes without a word said or heard"


def test_two_say_more_than_greetings_and_goodbyes(talks):
    """Half of all lines would be one or the other in talks of eight lines."""
    pairs = [said for said in talks.values() if len({row for s in said for row in (s.speaker, *s.listeners)}) == 2]
    lines = [s.act for said in pairs for s in said]
    assert len(pairs) >= 5
    assert sum(act in (Act.GREET, Act.CLOSE) for act in lines) < 0.37 * len(lines)
    assert np.mean([6 <= len(said) <= 18 for said in pairs]) >= 0.9


def test_no_topic_is_taken_up_twice(talks):
    for said in talks.values():
        middle = [s.topic for s in said if s.act not in (Act.GREET, Act.CLOSE)]
        runs = [t for i, t in enumerate(middle) if i == 0 or middle[i - 1] != t]
        assert len(runs) == len(set(runs))
        assert all(middle.count(t) <= LONGEST_EXCHANGE for t in Topic)


def test_every_conversation_ends_in_bounded_time(morning: Life):
    rate = morning.world.rate
    started = {d["conversation"]: t for t, kind, d in morning.events if kind == "conversation_starts"}
    ended = {d["conversation"]: t for t, kind, d in morning.events if kind == "conversation_ends"}
    bound = (LONGEST_S + SILENCE_S + 40) * rate
    for conversation, tick in started.items():
        if tick + bound < morning.world.tick:
            assert ended[conversation] - tick < bound


def test_who_is_addressed_stands_first_among_the_listeners(morning: Life):
    asked = {plan.key: plan.listener.row for plan in morning.plans}
    assert all(s.listeners[0] == asked[s.wording.key] for s in morning.spoken)
    assert any(len(s.listeners) > 1 for s in morning.spoken)


def test_nobody_is_heard_beyond_earshot(morning: Life):
    reach = earshot_m(morning.world.weather)
    for s in morning.spoken:
        x, y, _ = s.positions[s.speaker]
        others = morning.rows[s.start_tick - 1]
        for row in (*s.listeners, *s.overhearers):
            hx, hy, _ = s.positions[row]
            assert np.hypot(hx - x, hy - y) <= reach
            assert (hx, hy) == pytest.approx((others["x"][row], others["y"][row]), abs=1e-4), (
                "as in the same tick's rows"
            )
        near = (np.hypot(others["x"] - x, others["y"] - y) < reach - 0.5) & (others["indoors"] == 0)
        near[s.speaker] = False
        assert set(np.flatnonzero(near)) <= {*s.listeners, *s.overhearers}
        assert 1 <= len(s.listeners) < MOST_MEMBERS


HALF_A_SECOND = 4  # ticks; turning right round in a group takes longer than the shortest pause


def test_they_stand_face_to_face(morning: Life):
    for s in morning.spoken:
        row = morning.rows[s.start_tick - 1]
        listener = row["look_at"][s.speaker]
        assert listener in s.listeners
        assert all(row["look_at"][other] == s.speaker for other in s.listeners), "all look at the speaker"
        dx, dy = row["x"][listener] - row["x"][s.speaker], row["y"][listener] - row["y"][s.speaker]
        assert np.hypot(dx, dy) < 2.5
        turned = morning.rows[min(s.start_tick + HALF_A_SECOND, len(morning.rows)) - 1]
        assert np.cos(np.arctan2(dy, dx) - turned["heading"][s.speaker]) > 0.9, "at the latest with the first word"
        assert listener in s.sees[s.speaker]


@pytest.fixture(scope="module")
def gossips() -> Life:
    """Fourteen for whom everything is worth telling."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tidings, "PLAIN", 5.0)
        return village(14, seed=6, rate=2).run(900)


def test_facts_are_told_only_by_those_who_know_them(gossips: Life):
    """Follow every told fact back from teller to teller, in the events: its chain leads to somebody at first hand."""
    learned = {(d["villager"], d["fact"], d["from"]): t for t, kind, d in gossips.events if kind == "learns"}
    told = [(s, s.fact) for s in gossips.spoken if s.act in CARRIES and s.fact is not None]
    assert len(told) > 12
    for s, fact in told:
        assert fact["kind"] in FACT_KINDS[Topic(fact["topic"])]
        *steps, source = fact["chain"]
        row, until = s.speaker, s.start_tick
        for step in steps:
            assert step["row"] == row and step["how"] in ("told", "overheard")
            assert learned[row, step["fact"], step["teller"]] == step["tick"] <= until
            row, until = step["teller"], step["tick"]
        assert source["row"] == row and source["how"] in ("seen", "own", "inferred", "lied")
        if source["how"] != "lied":
            assert not steps or source["row"] != s.speaker
    assert any(len(fact["chain"]) > 1 for _, fact in told)


def test_news_travels(morning: Life):
    knowledge = morning.society.minds.knowledge
    known = [knowledge.original(f.id) for held in knowledge.held for f in held.values() if f.topic == Topic.NEWS]
    news = set(known)
    at_first_hand = sum(len(knowledge.witnesses[i]) for i in news)
    knowing = len(known)
    assert 3 <= len(news) <= 6
    assert knowing >= at_first_hand + 4


def test_the_ignorant_cannot_tell():
    knowledge = Knowledge(3)
    fact = knowledge.new(Topic.NEWS, "lost_sheep", 0, 500)
    knowledge.witness(0, fact)
    with pytest.raises(KeyError, match="unknown to that villager"):
        knowledge.tell(1, 2, fact, 10)
    assert knowledge.tell(0, 1, fact, 10)
    assert not knowledge.tell(0, 1, fact, 20)
    assert knowledge.held[1][fact.id].told_by == 0
    assert knowledge.tellable(1, 0, Topic.NEWS, 0.0) == []
    assert [f.id for f in knowledge.tellable(1, 2, Topic.NEWS, 0.0)] == [fact.id]


def test_plans_are_true_and_complete(morning: Life):
    minds = morning.society.minds
    keys = [p.key for p in morning.plans]
    assert len(set(keys)) == len(keys) == len({p.seed for p in morning.plans})
    assert len({speech_seed(minds.seed, row, 5, 0) for row in range(20)}) == 20, "each has its own words"
    for plan in morning.plans:
        assert plan.speaker.name in plan.known_names
        assert plan.listener.name in plan.known_names
        assert plan.key[0] == plan.speaker.row
        assert plan.due_tick > plan.key[1]
        assert 0 <= plan.seed < 2**31
        assert plan.seed == speech_seed(minds.seed, *plan.key) != speech_seed(minds.seed + 1, *plan.key)
        if plan.fact is not None and plan.fact.place >= 0:
            assert plan.place_name == minds.places[plan.fact.place].name
        if plan.fact is not None and plan.fact.subject >= 0:
            assert plan.subject_name == minds.personas[plan.fact.subject].name
    assert any(p.memory for p in morning.plans)
    assert any(p.history for p in morning.plans)


def test_relationships_move_by_talk(morning: Life):
    fresh = Life(type(morning.society)(morning.society.config, _at_start(morning)), morning.world)
    before, after = fresh.society.minds.relations, morning.society.minds.relations
    one, other = np.indices((len(morning.society.personas),) * 2)
    talked = np.zeros(one.shape, bool)
    for s in morning.spoken:
        members = [s.speaker, *s.listeners]
        talked[np.ix_(members, members)] = True
        if s.fact is not None and s.fact["subject"] >= 0:
            talked[members, s.fact["subject"]] = True  # hearsay
    gained = after.familiarity[one, other] - before.familiarity[one, other]
    changed = gained != 0
    assert changed.any()
    assert not (changed & ~talked).any()
    assert gained[changed].min() > 0


def _at_start(morning: Life):
    world = type(morning.world)(start=morning.world.start, rate=morning.world.rate)
    return world
