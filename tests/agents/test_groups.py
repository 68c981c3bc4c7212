"""Groups: stepping up to a circle, listening in, leaving with a word, and talk under a roof."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from agents.acts import Act, Proposal, SpeechPlan, Topic
from agents.bodies import Bodies
from agents.circle import MOST_MEMBERS
from agents.conversation import APPROACH_S, LONGEST_S, PAIR_REST_S, Conversations
from agents.dialogue import effects
from agents.language.voice import Wording
from agents.locomotion import walk
from agents.moment import Moment
from agents.speech import Spoken
from assets.palette import Activity
from tests.agents.flat_world import FAIR, RAIN, FlatWorld
from tests.agents.village import village
from world.view import Weather

RATE = 8
INN = 2
EVEN = dict.fromkeys(("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"), 0.5)
ROUND = [(0.0, -40.0), (6.0, -40.0), (3.0, -46.0), (3.0, -34.0), (-2.0, -45.0), (8.0, -45.0), (2.0, -30.0)]


@dataclass
class Square:
    """Some villagers on open ground, or in the inn, who do nothing but talk."""

    people: int = 7
    weather: Weather = FAIR
    inside: tuple[int, ...] = ()
    tick: int = 16 * 3600
    eager: bool = False  # words come as soon as they are asked for
    spoken: list[Spoken] = field(default_factory=list)
    plans: list[SpeechPlan] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = FlatWorld(rate=RATE, weather=self.weather)
        self.minds = village(self.people, seed=3, rate=RATE, personas=[EVEN] * self.people).society.minds
        self.bodies = Bodies.still(np.full(self.people, 1.34), np.full(self.people, 1.5))
        self.bodies.x[:], self.bodies.y[:] = np.array(ROUND[: self.people]).T
        self.bodies.place[:] = -1
        for row in self.inside:
            inn = self.world.places[INN]
            self.bodies.x[row], self.bodies.y[row], self.bodies.indoors[row] = inn.x, inn.y, True
            self.bodies.place[row], self.bodies.activity[row] = INN, Activity.SIT
        self.talk = Conversations(self.minds, RATE)
        self.waiting: list[SpeechPlan] = []

    @property
    def now(self) -> Moment:
        return Moment(self.tick, 0, 600, 600.0, self.weather)

    def turn_to(self, a: int, b: int) -> None:
        self._note(self.talk.turn_to(a, b, self.bodies, self.world, self.now))

    def run(self, seconds: float) -> Square:
        for _ in range(round(seconds * RATE)):
            self.tick += 1
            due = [p for p in self.waiting if self.eager or p.due_tick <= self.tick]
            self.waiting = [p for p in self.waiting if p not in due]
            words = [Wording(p.key, "So it is.", "", "template", self.tick) for p in due]
            self._note(self.talk.step(self.bodies, self.world, self.now, words))
            reached = walk(self.bodies, self.world, 1 / RATE, self.tick)
            self.bodies.moving[reached] = False
        return self

    def _note(self, out: Any) -> None:
        self.spoken += out.spoken
        self.plans += out.plans
        self.waiting += out.plans
        self.events += out.events

    def kinds(self) -> Counter[str]:
        return Counter(kind for kind, _ in self.events)

    def gap(self, a: int, b: int) -> float:
        return float(np.hypot(self.bodies.x[a] - self.bodies.x[b], self.bodies.y[a] - self.bodies.y[b]))


def grown(members: int) -> Square:
    """A talk that has grown to so many."""
    square = Square()
    square.turn_to(0, 1)
    for row in range(2, members):
        square.run(8)
        square.turn_to(row, 0)
    for _ in range(20):
        if len(next(iter(square.talk.talks.values())).thread.members) == members:
            break
        square.run(1)
    return square


def test_the_greeting_is_asked_for_before_one_has_come_up() -> None:
    square = Square()
    square.turn_to(0, 1)
    (plan,) = square.plans
    assert plan.act == Act.GREET and plan.due_tick > square.tick + RATE
    square.run(12)
    assert square.spoken[0].wording.key == plan.key
    assert square.spoken[0].start_tick <= plan.due_tick + RATE


@pytest.mark.parametrize("members", [3, 4, 5])
def test_groups_grow_on_a_circle_and_newcomers_greet(members: int) -> None:
    square = grown(members)
    (talk,) = square.talk.talks.values()
    assert talk.thread.members == list(range(members))
    for a in range(members):
        for b in range(a):
            assert 0.5 < square.gap(a, b) < 2.5
    square.run(20)
    last = square.spoken[-1]
    assert {last.speaker, *last.listeners} <= set(range(members))
    greeted = [s.speaker for s in square.spoken if s.act == Act.GREET]
    assert set(range(members)) <= set(greeted)
    assert square.kinds()["conversation_joined"] == members - 2
    others = [p.others for p in square.plans]
    assert max(map(len, others)) >= members - 3


def test_no_sixth_steps_up() -> None:
    square = grown(MOST_MEMBERS)
    assert square.talk.talk_of[5] < 0
    square.turn_to(5, 0)
    assert square.talk.talk_of[5] < 0
    assert not square.talk.may_meet(np.array([5]), np.array([0]), square.tick)[0]


def test_floors_never_overlap_and_the_addressed_answers() -> None:
    square = grown(4).run(60)
    said = square.spoken
    assert len(said) > 12
    for one, after in pairwise(said):
        assert one.floor_end_tick < after.start_tick
    assert {s.speaker for s in said} == {0, 1, 2, 3}
    answers = [(one, after) for one, after in pairwise(said) if one.act == Act.ASK]
    assert all(after.act == Act.ANSWER for _, after in answers)


def test_who_must_go_says_so_and_the_others_go_on() -> None:
    square = grown(4)
    square.minds.needs.cold[2] = 1.0
    start = len(square.spoken)
    for _ in range(40):
        square.run(1)
        if square.talk.talk_of[2] < 0:
            break
    goodbyes = [s.speaker for s in square.spoken[start:] if s.act == Act.CLOSE]
    assert goodbyes[0] == 2 and len(goodbyes) == 2, "one leaves, and one answers"
    (left,) = (data for kind, data in square.events if kind == "conversation_left")
    assert left["villager"] == 2 and set(left["villagers"]) == {0, 1, 3}
    assert (square.minds.relations.talked_at[np.array([2, 2, 2]), np.array([0, 1, 3])] > 16 * 3600).all()
    before = len(square.spoken)
    square.run(12)
    assert len(square.spoken) > before and {s.speaker for s in square.spoken[before:]} <= {0, 1, 3}
    assert all(2 not in s.listeners for s in square.spoken[before:])


def test_several_who_must_go_do_so_one_after_the_other() -> None:
    square = grown(4)
    square.minds.needs.cold[[1, 2]] = 1.0
    left: list[int] = []
    for _ in range(120):
        gone = square.talk.talk_of < 0
        lines, heard = len(square.spoken), len(square.events)
        square.run(1)
        assert not any(gone[s.speaker] for s in square.spoken[lines:]), "nobody speaks after leaving"
        left += [data["villager"] for kind, data in square.events[heard:] if kind == "conversation_left"]
        if not square.talk.talks:
            break
    assert left and set(left) <= {s.speaker for s in square.spoken if s.act == Act.CLOSE}
    assert square.spoken[-1].act == Act.CLOSE
    (ended,) = (data for kind, data in square.events if kind == "conversation_ends")
    assert ended["reason"] == "closed" and "silence" not in square.kinds()


@pytest.mark.parametrize("cause", ["storm", "promise"])
def test_interruptions_lead_to_a_hurried_goodbye_of_all_who_are_pressed(cause: str) -> None:
    square = grown(3)
    start = len(square.spoken)
    if cause == "storm":
        square.weather = replace(RAIN, rain_mm_h=10.0)
    else:
        for row in range(3):
            square.minds.promises.make(Proposal("attend", row, 5, 4, 0, 605, 60, "a dance"), square.tick)
    square.run(48)
    assert not square.talk.talks
    last = square.spoken[-2:]
    assert [s.act for s in last] == [Act.CLOSE, Act.CLOSE] and last[0].speaker != last[1].speaker
    assert {*last[0].listeners, last[0].speaker} == {0, 1, 2}, "one takes leave of all"
    assert len(square.spoken) - start <= 9


def test_every_group_ends_in_bounded_time() -> None:
    square = grown(5).run(LONGEST_S + 60)
    assert not square.talk.talks
    assert not square.talk.talking.any() and (square.talk.talk_of < 0).all()
    assert (square.bodies.look_at == -1).all() and not square.bodies.speaking.any()


def test_the_same_two_do_not_talk_again_soon_and_know_what_they_raised() -> None:
    square = grown(2).run(LONGEST_S)
    assert square.kinds()["conversation_ends"] == 1
    square.talk.parted_at[:] = -(10**9)
    one, two, three = np.array([0]), np.array([1]), np.array([2])
    assert not square.talk.may_meet(one, two, square.tick)[0] and not square.talk.may_meet(two, one, square.tick)[0]
    assert square.talk.may_meet(one, three, square.tick)[0]
    assert square.talk.may_meet(one, two, square.tick + round(PAIR_REST_S * RATE))[0]
    raised = [p for p in square.plans if p.after is None]
    assert len(raised) > 2
    for p in raised:
        assert square.talk.said.lately(p.speaker.row, p.act, p.topic, 0, to=p.listener.row)


def test_who_does_not_get_there_in_time_turns_away_and_has_not_talked() -> None:
    square = Square()
    square.bodies.walk_speed[0] = 0.05
    square.turn_to(0, 1)
    square.run(APPROACH_S + 5)
    assert not square.talk.talks and not square.spoken and not square.kinds()["conversation_starts"]
    square.talk.parted_at[:] = -(10**9)
    assert square.talk.may_meet(np.array([0]), np.array([1]), square.tick)[0]


def test_bystanders_overhear_and_are_less_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "CATCHES", 1.0)
    square = Square(people=4)
    square.bodies.x[3], square.bodies.y[3] = 6.0, -37.0
    news = square.minds.knowledge.new(Topic.NEWS, "fox_in_barn", 0, 590)
    for kind in list(square.minds.knowledge.held[0]):
        square.minds.knowledge._forget(0, kind)
    square.minds.knowledge.witness(0, news)
    for _ in range(40):
        square.turn_to(0, 1)
        square.run(LONGEST_S)
        if news.id in square.minds.knowledge.held[1] and news.id in square.minds.knowledge.held[3]:
            break
        square.talk.parted_at[:] = -(10**9)
        square.minds.relations.talked_at.values[:] = -(10**9)
    told, overheard = (square.minds.knowledge.held[row][news.id] for row in (1, 3))
    assert (told.source, overheard.source) == ("told", "overheard")
    assert overheard.confidence < told.confidence
    hows = {data["villager"]: data["how"] for kind, data in square.events if kind == "learns"}
    assert hows[3] == "overheard"


def test_those_under_one_roof_talk_without_walking_and_are_heard_there_alone() -> None:
    square = Square(people=5, inside=(0, 1, 2))
    door = square.world.places[INN]
    square.bodies.x[3], square.bodies.y[3] = door.x + 0.5, door.y
    square.bodies.activity[2] = Activity.SLEEP
    square.turn_to(0, 1)
    where = square.bodies.x.copy()
    square.run(20)
    assert len(square.spoken) >= 3
    assert all(s.listeners in ((0,), (1,)) and not s.overhearers for s in square.spoken), "one sleeps, one is outside"
    assert all(s.sees[s.speaker] == s.listeners for s in square.spoken)
    square.bodies.activity[2] = Activity.SIT
    square.turn_to(2, 1)
    square.run(LONGEST_S)
    assert any(s.speaker == 2 for s in square.spoken)
    assert np.array_equal(square.bodies.x, where)
    assert not square.talk.talks


def test_a_talk_that_waits_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = Counter[int]()
    taking = Conversations._take_turns

    def counted(self: Conversations, *args: Any) -> None:
        looked[0] += 1
        taking(self, *args)

    monkeypatch.setattr(Conversations, "_take_turns", counted)
    square = grown(3)
    looked.clear()
    lines = len(square.spoken)
    square.run(60)
    assert len(square.spoken) - lines >= 5
    assert looked[0] <= 3 * (len(square.spoken) - lines) + 4, "twice for each turn: when it begins and when it ends"


def test_a_group_is_taken_out_and_put_back() -> None:
    square, twin = grown(4), grown(4)
    state = square.talk.freeze()
    fresh = Conversations(twin.minds, RATE)
    fresh.thaw(state)
    twin.talk = fresh
    for each in (square, twin):
        each.spoken.clear()
        each.run(90)
    assert [(s.speaker, s.act, s.start_tick) for s in square.spoken] == [
        (s.speaker, s.act, s.start_tick) for s in twin.spoken
    ]
    columns, twins = square.talk.columns(), twin.talk.columns()
    assert all(np.array_equal(columns[name], twins[name]) for name in columns)


def test_words_that_come_early_wait_for_the_floor() -> None:
    square = Square(eager=True)
    square.turn_to(0, 1)
    square.run(60)
    due = {p.key: p.due_tick for p in square.plans}
    assert len(square.spoken) > 8
    assert all(s.start_tick == due[s.wording.key] for s in square.spoken[1:]), "the greeting waits for who walks up"


def test_who_has_stood_in_a_group_for_long_takes_its_leave_without_need() -> None:
    square = grown(5).run(LONGEST_S)
    assert square.kinds()["conversation_left"] > 0


def test_one_rests_from_talking_before_one_turns_to_another() -> None:
    square = grown(2).run(LONGEST_S)
    assert (square.talk.talk_of < 0).all()
    one, third = np.array([0]), np.array([2])
    rested = int(square.talk.free_at(1.0)[0])
    assert rested > square.tick
    assert not square.talk.may_meet(one, third, rested - 1)[0] and square.talk.may_meet(one, third, rested)[0]


def test_who_talks_catches_nothing_of_the_talk_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "CATCHES", 1.0)
    square = Square(people=4)
    square.bodies.x[2:], square.bodies.y[2:] = (4.0, 7.0), -36.0
    square.turn_to(0, 1)
    square.turn_to(2, 3)
    beside = 0
    while (square.talk.talk_of >= 0).all():
        square.run(1)
        beside += any(s.overhearers for s in square.spoken)
    learned = [data["how"] for kind, data in square.events if kind == "learns"]
    assert beside and "told" in learned and "overheard" not in learned
