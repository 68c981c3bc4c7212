"""The table of acts, row by row: when an act may be done, what it does to both minds, and that pairs are completed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from agents.acts import Act, Fact, Proposal, Topic
from agents.appraisal import Feeling
from agents.dialogue import effects
from agents.dialogue.effects import Learned, absorb
from agents.dialogue.favours import GUESTS, comfort_for, on_the_list
from agents.dialogue.floor import LONGEST_EXCHANGE, USUAL_EXCHANGE, most_turns, next_move
from agents.dialogue.initiatives import INITIATIVES, Prospect
from agents.dialogue.moves import Move, Scene, Thread
from agents.dialogue.replies import answer, reply_to
from agents.dialogue.said import Said
from agents.dialogue.table import TABLE
from agents.dialogue.weights import belief, willingness
from agents.memory import EpisodeKind
from agents.moment import Moment
from tests.agents.flat_world import FAIR, RAIN, FlatWorld
from tests.agents.village import village
from world.view import Weather

PLAIN = dict.fromkeys(("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"), 0.5)
A, B, C, D = range(4)
NOON = 12 * 60
MARKET, FIELD = 0, 8


def stage(members: tuple[int, ...] = (A, B), weather: Weather = FAIR, **traits: Any) -> Scene:
    """Six plain neighbours at noon, of whom some stand together; traits are those of A."""
    personas = [PLAIN | {"trade": "farmer", "skill": 0.5, "workplace": FIELD, "secret": ""} for _ in range(6)]
    personas[A] |= traits
    minds = village(6, seed=3, personas=personas).society.minds
    now = Moment(16 * 3600, 0, NOON, float(NOON), weather)
    return Scene(minds, now, Thread(1, list(members), 3), Said(6))


def fact_of(scene: Scene, kind: str, topic: Topic, *holders: int, **fields: Any) -> Fact:
    fact = scene.minds.knowledge.new(topic, kind, fields.pop("day", 0), fields.pop("minute", NOON - 30), **fields)
    for row in holders:
        scene.minds.knowledge.witness(row, fact)
    return fact


def follow(scene: Scene, first: Move) -> None:
    """Let a turn have been taken just before."""
    scene.thread.record(first)
    scene.minds.knowledge.bring_up(first.speaker, first.fact)


def may(scene: Scene, act: Act, topic: Topic = Topic.FAVOUR, **fields: Any) -> bool:
    return TABLE[act].may(scene, Move(A, B, act, topic, **fields))


def help_wish(doer: int, beneficiary: int, **changes: Any) -> Proposal:
    return replace(Proposal("help", doer, beneficiary, FIELD, 0, 15 * 60, 60, "mend the fence"), **changes)


def test_every_act_has_a_row_and_every_second_part_an_act_that_may_follow() -> None:
    assert set(TABLE) == set(Act)
    assert {act for row in TABLE.values() for act in row.seconds} <= set(Act)


def test_greetings_open_and_are_returned_once() -> None:
    scene = stage()
    assert may(scene, Act.GREET, Topic.WELLBEING) and not may(scene, Act.CLOSE)
    first = next_move(scene)
    assert first is not None and first.act == Act.GREET
    scene.thread.record(first)
    second = next_move(scene)
    assert second is not None and (second.act, second.speaker, second.after) == (Act.GREET, B, Act.GREET)
    scene.thread.record(second)
    assert not may(scene, Act.GREET, Topic.WELLBEING)


def test_nothing_is_told_that_is_not_known_nor_to_whom_it_is_about() -> None:
    scene = stage()
    news = fact_of(scene, "lost_sheep", Topic.NEWS, A)
    hidden = fact_of(scene, "fox_in_barn", Topic.NEWS, C)
    about_b = fact_of(scene, "wedding_planned", Topic.NEWS, A, subject=B)
    assert may(scene, Act.TELL, Topic.NEWS, fact=news)
    assert not may(scene, Act.TELL, Topic.NEWS, fact=hidden)
    assert not may(scene, Act.TELL, Topic.NEWS, fact=about_b)
    assert not may(scene, Act.TELL, Topic.NEWS)
    assert may(scene, Act.TELL, Topic.WEATHER), "a word about the weather needs no fact"


def test_the_same_is_not_asked_again_within_hours() -> None:
    scene = stage()
    assert may(scene, Act.ASK, Topic.WORK)
    scene.said.note(A, scene.now.tick - 3600 * scene.minds.memories.tick_rate, Act.ASK, Topic.WORK, B)
    assert not may(scene, Act.ASK, Topic.WORK)
    assert may(scene, Act.ASK, Topic.WELLBEING)
    assert TABLE[Act.ASK].may(scene, Move(A, C, Act.ASK, Topic.WORK)), "another may be asked"


SECONDS_ONLY = {
    Act.ANSWER: Act.ASK,
    Act.ACKNOWLEDGE: Act.TELL,
    Act.AGREE: Act.TELL,
    Act.DOUBT: Act.TELL,
    Act.REFUSE: Act.REQUEST,
    Act.PROMISE: Act.REQUEST,
}


@pytest.mark.parametrize("act", SECONDS_ONLY)
def test_answers_and_uptakes_only_follow_what_they_answer(act: Act) -> None:
    scene = stage()
    wish = help_wish(A, B)
    first = Move(B, A, SECONDS_ONLY[act], Topic.FAVOUR, proposal=wish)
    reply = Move(A, B, act, Topic.FAVOUR, proposal=wish, after=first.act)
    assert not TABLE[act].may(scene, reply), "nothing was said before"
    follow(scene, first)
    assert TABLE[act].may(scene, reply)
    assert not TABLE[act].may(scene, replace(reply, speaker=C)), "somebody else was addressed"
    assert not TABLE[act].may(scene, replace(reply, after=None))


def test_offers_and_requests_fit_their_proposal() -> None:
    scene = stage()
    assert may(scene, Act.OFFER, proposal=help_wish(A, B)) and not may(scene, Act.OFFER, proposal=help_wish(B, A))
    assert may(scene, Act.REQUEST, proposal=help_wish(B, A)) and not may(scene, Act.REQUEST, proposal=help_wish(A, B))
    assert not may(scene, Act.OFFER) and not may(scene, Act.REQUEST)
    scene.minds.promises.make(help_wish(A, C), 0)
    assert not may(scene, Act.OFFER, proposal=help_wish(A, B)), "something else is promised for that hour"
    scene.said.note(A, scene.now.tick - 10, Act.REQUEST, Topic.FAVOUR, B)
    assert not may(scene, Act.REQUEST, proposal=help_wish(B, A)), "nobody is pestered"


def test_nobody_promises_two_things_for_one_hour() -> None:
    scene = stage()
    scene.minds.promises.make(help_wish(A, C), 0)
    follow(scene, Move(B, A, Act.REQUEST, Topic.FAVOUR, proposal=help_wish(A, B)))
    for _ in range(20):
        scene.thread.turns += 1
        reply = reply_to(scene, scene.thread.last)  # type: ignore[arg-type]
        assert reply is not None and reply.act == Act.REFUSE


def party(scene: Scene, host: int, *holders: int, minute: int = 19 * 60) -> Fact:
    return fact_of(
        scene, "gathering", Topic.GATHERING, *holders, subject=host, place=MARKET, minute=minute, what="a supper"
    )


def coming(guest: int, fact: Fact) -> Proposal:
    return Proposal("attend", guest, fact.subject, fact.place, fact.day, fact.minute, 90, "a supper", fact.id)


def test_hosts_and_their_household_invite_to_what_is_ahead() -> None:
    scene = stage()
    people = [replace(p, household=p.row) for p in scene.minds.personas]
    scene.minds.personas = tuple(people)
    mine, theirs = party(scene, A, A), party(scene, C, A, C, minute=20 * 60)
    over = party(scene, A, A, minute=NOON - 60)
    assert may(scene, Act.INVITE, Topic.GATHERING, fact=mine, proposal=coming(B, mine))
    assert not may(scene, Act.INVITE, Topic.GATHERING, fact=over, proposal=coming(B, over))
    assert not may(scene, Act.INVITE, Topic.GATHERING, fact=theirs, proposal=coming(B, theirs))
    scene.minds.promises.make(coming(A, theirs), 0)
    assert not may(scene, Act.INVITE, Topic.GATHERING, fact=theirs, proposal=coming(B, theirs)), "a guest does not"
    scene.minds.personas = (replace(people[A], household=C), *people[1:])
    assert may(scene, Act.INVITE, Topic.GATHERING, fact=theirs, proposal=coming(B, theirs))


def test_the_nearest_are_asked_first_and_who_declines_makes_room_and_is_not_asked_again() -> None:
    scene = stage((A, B))
    supper, relations = party(scene, A, A), scene.minds.relations
    for row in range(1, 6):
        relations.affinity.values[A, relations.circles.slot(A, row)] = -0.1 * row
        relations.familiarity.values[A, relations.circles.slot(A, row)] = 0.5

    def asked(places: int) -> list[int]:
        return [row for row in range(1, 6) if on_the_list(scene.minds, row, supper, places)]

    assert asked(2) == [1, 2] and asked(GUESTS) == [1, 2, 3, 4, 5]
    no = Move(B, A, Act.REFUSE, Topic.GATHERING, supper, proposal=coming(B, supper), after=Act.INVITE)
    assert [m.act for m in wishes(scene) if m.fact == supper] == [Act.INVITE]
    absorb(scene, no, [A, B], [], -1, doubted=False)
    assert asked(2) == [2, 3]
    assert not may(scene, Act.INVITE, Topic.GATHERING, fact=supper, proposal=coming(B, supper))
    assert supper not in [m.fact for m in wishes(scene)]
    state = scene.minds.promises.freeze()
    scene.minds.promises.thaw(stage().minds.promises.freeze())
    assert asked(2) == [1, 2]
    scene.minds.promises.thaw(state)
    assert asked(2) == [2, 3]


def test_thanks_apologies_praise_and_blame_need_a_deed_of_the_right_one() -> None:
    scene = stage()
    kept = fact_of(scene, "promise_kept", Topic.PERSON, A, subject=B, object=A)
    broken = fact_of(scene, "promise_broken", Topic.PERSON, A, subject=B, object=A)
    own = fact_of(scene, "promise_broken", Topic.PERSON, A, subject=A, object=B)
    helped = fact_of(scene, "helped", Topic.PERSON, A, subject=B, object=C)
    assert may(scene, Act.THANK, fact=kept) and not may(scene, Act.THANK, fact=broken)
    assert may(scene, Act.APOLOGISE, fact=own) and not may(scene, Act.APOLOGISE, fact=helped)
    assert may(scene, Act.PRAISE, fact=helped) and not may(scene, Act.PRAISE, fact=broken)
    assert may(scene, Act.BLAME, fact=broken) and not may(scene, Act.BLAME, fact=own)
    assert not may(scene, Act.BLAME), "without a deed only those out of temper blame"
    for act in (Act.THANK, Act.APOLOGISE, Act.PRAISE):
        assert not may(scene, act)


def test_gossip_is_of_the_absent() -> None:
    scene = stage((A, B, C))
    of_c = fact_of(scene, "quarrelled", Topic.PERSON, A, subject=C, object=D)
    of_d = fact_of(scene, "quarrelled", Topic.PERSON, A, subject=D, object=C)
    seen = fact_of(scene, "saw_person", Topic.PERSON, A, subject=D, place=MARKET)
    assert may(scene, Act.GOSSIP, Topic.PERSON, fact=of_d, subject=D)
    assert not may(scene, Act.GOSSIP, Topic.PERSON, fact=of_c, subject=C)
    assert not may(scene, Act.GOSSIP, Topic.PERSON, fact=seen, subject=D)


def test_only_whom_it_concerns_is_warned() -> None:
    scene = stage()
    rain = fact_of(scene, "rain_coming", Topic.WEATHER, A, source="inferred")
    flood_here = fact_of(scene, "place_flooded", Topic.WEATHER, A, place=FIELD)
    flood_there = fact_of(scene, "place_flooded", Topic.WEATHER, A, place=5)
    assert may(scene, Act.WARN, Topic.WEATHER, fact=rain), "B works in the field"
    assert may(scene, Act.WARN, Topic.WEATHER, fact=flood_here)
    assert not may(scene, Act.WARN, Topic.WEATHER, fact=flood_there)
    assert not may(scene, Act.WARN, Topic.WEATHER, fact=fact_of(scene, "rain_coming", Topic.WEATHER, C))


def test_the_skilled_teach_the_less_skilled_of_a_related_trade() -> None:
    def craft(trade: str, **traits: Any) -> bool:
        scene = stage(**traits)
        tip = fact_of(scene, "craft_tip", Topic.CRAFT, A, trade=trade, what="turn the hay when the dew has gone")
        return may(scene, Act.TEACH, Topic.CRAFT, fact=tip)

    assert craft("farmer", skill=0.9) and craft("gardener", skill=0.9)
    assert not craft("smith", skill=0.9) and not craft("farmer", skill=0.2)


def test_the_cheerful_joke() -> None:
    scene = stage()
    scene.minds.emotions.mood[A] = 0.9
    assert scene.minds.mood(A) == "cheerful" and may(scene, Act.JOKE, Topic.SELF)
    scene.minds.emotions.mood[A] = -0.6
    assert not may(scene, Act.JOKE, Topic.SELF)


def said(
    scene: Scene, move: Move, present: tuple[int, ...] = (B,), aside: tuple[int, ...] = (), *, doubted: bool = False
) -> list[Learned]:
    """Let a turn be heard; returns who learned what."""
    if move.fact is not None:
        scene.minds.knowledge.bring_up(move.speaker, move.fact)
    return absorb(scene, move, list(present), list(aside), MARKET, doubted=doubted)


def column(scene: Scene, name: str, a: int = B, b: int = A) -> float:
    return float(getattr(scene.minds.relations, name)[a, b])


# act -> signs of what the one addressed gains in affinity, trust and debt for the speaker
GAINS = {
    Act.GREET: (1, 0, 0),
    Act.TELL: (1, 1, 0),
    Act.ANSWER: (1, 1, 0),
    Act.ASK: (1, 0, 0),
    Act.AGREE: (1, 1, 0),
    Act.DOUBT: (-1, -1, 0),
    Act.OFFER: (1, 1, 1),
    Act.REQUEST: (-1, 0, 0),
    Act.INVITE: (1, 0, 0),
    Act.PROMISE: (1, 0, 1),
    Act.REFUSE: (-1, 0, 0),
    Act.THANK: (1, 1, 0),
    Act.APOLOGISE: (1, 1, 0),
    Act.PRAISE: (1, 0, 0),
    Act.BLAME: (-1, 0, 0),
    Act.GOSSIP: (1, -1, 0),
    Act.WARN: (1, 1, 1),
    Act.TEACH: (1, 1, 1),
    Act.JOKE: (1, 0, 0),
    Act.ACKNOWLEDGE: (1, 0, 0),
    Act.CLOSE: (0, 0, 0),
}


@pytest.mark.parametrize("act", Act)
def test_what_an_act_does_to_the_bond(act: Act) -> None:
    scene = stage((A, B, C))
    before = [column(scene, name) for name in ("affinity", "trust", "debt")]
    other_before = column(scene, "affinity", C)
    said(scene, Move(A, B, act, Topic.SELF), (B, C))
    after = [column(scene, name) for name in ("affinity", "trust", "debt")]
    assert tuple(int(np.sign(round(y - x, 9))) for x, y in zip(before, after, strict=True)) == GAINS[act]
    moved, aside = abs(after[0] - before[0]), abs(column(scene, "affinity", C) - other_before)
    assert aside < moved or moved == 0.0, "those who were not addressed are moved less"


@pytest.mark.parametrize(
    ("act", "feeling"),
    [
        (Act.GREET, Feeling.JOY),
        (Act.ACKNOWLEDGE, Feeling.JOY),
        (Act.AGREE, Feeling.JOY),
        (Act.DOUBT, Feeling.ANGER),
        (Act.REQUEST, Feeling.DISTRESS),
        (Act.INVITE, Feeling.GRATITUDE),
        (Act.PROMISE, Feeling.GRATITUDE),
        (Act.THANK, Feeling.GRATITUDE),
        (Act.APOLOGISE, Feeling.GRATITUDE),
        (Act.TEACH, Feeling.GRATITUDE),
        (Act.PRAISE, Feeling.GRATITUDE),
        (Act.BLAME, Feeling.ANGER),
        (Act.OFFER, Feeling.GRATITUDE),
        (Act.REFUSE, Feeling.DISTRESS),
        (Act.JOKE, Feeling.JOY),
        (Act.WARN, Feeling.ADMIRATION),
    ],
)
def test_what_an_act_makes_the_one_addressed_feel(act: Act, feeling: Feeling) -> None:
    scene = stage()
    scene.minds.emotions.intensity[:] = 0.0
    said(scene, Move(A, B, act, Topic.SELF))
    assert scene.minds.emotions.intensity[B, feeling] > 0.0


def test_speakers_are_moved_by_what_they_say() -> None:
    scene = stage()
    scene.minds.emotions.intensity[:] = 0.0
    said(scene, Move(A, B, Act.APOLOGISE, Topic.FAVOUR))
    assert scene.minds.emotions.intensity[A, Feeling.SHAME] > 0
    assert column(scene, "debt", A, B) > 0
    owed = column(scene, "debt", A, B)
    said(scene, Move(A, B, Act.THANK, Topic.FAVOUR))
    assert column(scene, "debt", A, B) < owed


def test_deserved_blame_shames_and_forgiving_mends() -> None:
    scene = stage()
    scene.minds.emotions.intensity[:] = 0.0
    wrong = fact_of(scene, "promise_broken", Topic.PERSON, A, B, subject=B, object=A)
    said(scene, Move(A, B, Act.BLAME, Topic.FAVOUR, wrong))
    assert scene.minds.emotions.intensity[B, Feeling.SHAME] > 0 == scene.minds.emotions.intensity[B, Feeling.ANGER]
    trust = column(scene, "trust", A, B)
    said(scene, Move(A, B, Act.AGREE, Topic.FAVOUR, wrong, after=Act.APOLOGISE))
    assert column(scene, "trust", A, B) > trust


@pytest.mark.parametrize("act", [Act.TELL, Act.ANSWER, Act.GOSSIP, Act.WARN, Act.TEACH])
def test_what_is_said_is_learned_by_all_who_hear_it_and_less_surely_in_passing(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "CATCHES", 1.0)
    scene = stage((A, B, C))
    fact = fact_of(scene, "fox_in_barn", Topic.NEWS, A)
    learned = said(scene, Move(A, B, act, Topic.NEWS, fact), (B, C), (D,))
    assert [(one.row, one.how) for one in learned] == [(B, "told"), (C, "told"), (D, "overheard")]
    sure = {one.row: one.fact.confidence for one in learned}
    assert 0 < sure[D] < min(sure[B], sure[C]) and max(sure.values()) < 1.0
    assert all(one.fact.hops == 1 and one.fact.told_by == A for one in learned)


def test_what_is_told_is_remembered_by_who_said_it_who_was_told_and_who_stood_by() -> None:
    scene = stage((A, B, C))
    memories, tick = scene.minds.memories, scene.now.tick
    fact = fact_of(scene, "lost_sheep", Topic.NEWS, A, what="a grey ewe")
    said(scene, Move(A, B, Act.TELL, Topic.NEWS, fact), (B, C), (D,))
    mine, told, by = (memories.recall(row, tick, words="ewe") for row in (A, B, C))
    assert mine is not None and told is not None and by is not None
    assert [e["fact"] for e in (mine, told, by)] == [fact.id] * 3
    assert (mine["kind"], mine["who"]) == (EpisodeKind.SAID, B)
    assert [(e["kind"], e["who"]) for e in (told, by)] == [(EpisodeKind.HEARD, A)] * 2
    assert mine["importance"] == told["importance"] > by["importance"] > 0
    held = memories.count.copy()
    said(scene, Move(B, A, Act.ACKNOWLEDGE, Topic.NEWS, fact, after=Act.TELL), (A, C))
    assert np.array_equal(memories.count, held), "that one nodded is nothing to keep"


def test_a_crowd_does_not_hang_on_every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "CATCHES", 1.0)
    monkeypatch.setattr(effects, "MOST_OVERHEARERS", 2)
    scene = stage()
    fact = fact_of(scene, "fox_in_barn", Topic.NEWS, A)
    learned = said(scene, Move(A, B, Act.TELL, Topic.NEWS, fact), (B,), (5, D, C, 4))
    assert [one.row for one in learned] == [B, 5, D], "those who are nearest"


def test_little_of_what_is_said_to_others_is_caught_in_passing() -> None:
    caught = 0
    for turn in range(100):
        scene = stage()
        scene.thread.turns = turn
        fact = fact_of(scene, "fox_in_barn", Topic.NEWS, A)
        learned = said(scene, Move(A, B, Act.TELL, Topic.NEWS, fact), (B,), (C, D))
        assert (B, "told") in [(one.row, one.how) for one in learned]
        caught += sum(one.how == "overheard" for one in learned)
    assert caught == pytest.approx(200 * effects.CATCHES, abs=20)


def test_doubt_and_distrust_take_from_belief() -> None:
    def confidence(*, doubted: bool = False, distrusted: bool = False) -> float:
        scene = stage()
        scene.minds.relations.move(B, A, trust=-0.3 if distrusted else 0.0)
        fact = fact_of(scene, "fox_in_barn", Topic.NEWS, A)
        return said(scene, Move(A, B, Act.TELL, Topic.NEWS, fact), doubted=doubted)[0].fact.confidence

    assert confidence(doubted=True) < 0.6 * confidence()
    assert confidence(distrusted=True) < 0.8 * confidence()
    scene = stage()
    news = fact_of(scene, "fox_in_barn", Topic.NEWS, A)
    assert belief(scene, B, A, replace(news, hops=4)) < belief(scene, B, A, news), "it went through many mouths"


def test_who_knows_better_doubts_a_lie() -> None:
    doubts = []
    for row in (B, C):
        scene = stage((A, row))
        lie = scene.minds.knowledge.lie(A, Topic.PERSON, "promise_kept", 0, NOON, subject=A, object=B, what="it")
        doubts.append(shares(scene, Move(A, row, Act.TELL, Topic.PERSON, lie)).get(Act.DOUBT, 0.0))
    assert doubts[0] > 0.6 and doubts[1] < 0.4, "who was not there cannot know"


def test_hearsay_moves_what_one_thinks_of_a_third() -> None:
    scene = stage()
    bad = fact_of(scene, "promise_broken", Topic.PERSON, A, subject=D, object=C)
    before = column(scene, "affinity", B, D), column(scene, "trust", B, D)
    said(scene, Move(A, B, Act.GOSSIP, Topic.PERSON, bad, D))
    assert column(scene, "affinity", B, D) < before[0] and column(scene, "trust", B, D) < before[1]


@pytest.mark.parametrize("likes", [True, False])
def test_an_opinion_rubs_off(likes: bool) -> None:
    scene = stage()
    opinion = fact_of(scene, "opinion_of_person", Topic.PERSON, A, subject=D, likes=likes)
    before = column(scene, "affinity", B, D)
    said(scene, Move(A, B, Act.GOSSIP, Topic.PERSON, opinion, D))
    assert (column(scene, "affinity", B, D) > before) == likes != (column(scene, "affinity", B, D) < before)


def test_blame_of_a_third_one_rubs_off_and_news_is_welcome() -> None:
    scene = stage((A, B, C))
    before = [column(scene, "affinity", row, D) for row in (B, C)]
    said(scene, Move(A, B, Act.BLAME, Topic.PERSON, subject=D), (B, C))
    assert all(column(scene, "affinity", row, D) < was for row, was in zip((B, C), before, strict=True))
    fact, gained = fact_of(scene, "saw_person", Topic.PERSON, A, subject=D, place=MARKET), []
    for _ in range(2):
        liked = column(scene, "affinity")
        said(scene, Move(A, B, Act.TELL, Topic.PERSON, fact))
        gained.append(column(scene, "affinity") - liked)
    assert gained[0] > 1.5 * gained[1] > 0, "the second time it is no news"


@pytest.mark.parametrize("after", [Act.REQUEST, Act.INVITE])
def test_a_promise_that_is_heard_is_in_the_ledger(after: Act) -> None:
    scene = stage()
    wish = help_wish(A, B)
    said(scene, Move(A, B, Act.PROMISE, Topic.FAVOUR, proposal=wish, after=after), present=())
    assert scene.minds.promises.owed(A) == [], "nobody heard it"
    said(scene, Move(A, B, Act.PROMISE, Topic.FAVOUR, proposal=wish, after=after))
    (owed,) = scene.minds.promises.owed(A)
    assert replace(owed, promise=-1) == wish
    said(scene, Move(A, B, Act.PROMISE, Topic.FAVOUR, proposal=owed, after=after))
    assert scene.minds.promises.owed(A) == [owed], "reminded of it, one promises nothing new"


def test_an_offer_that_is_thanked_for_binds_who_offered() -> None:
    scene = stage()
    wish = help_wish(B, A)
    said(scene, Move(A, B, Act.REFUSE, Topic.FAVOUR, proposal=wish, after=Act.OFFER))
    assert scene.minds.promises.owed(B) == []
    said(scene, Move(A, B, Act.THANK, Topic.FAVOUR, proposal=wish, after=Act.OFFER))
    assert [p.beneficiary for p in scene.minds.promises.owed(B)] == [A]


def test_the_dishonest_lie_about_their_work_and_are_found_out_by_who_knows_better() -> None:
    def answers(**traits: Any) -> set[tuple[str, str]]:
        scene = stage(**traits)
        found = set()
        for day in range(30):
            later = replace(scene, now=replace(scene.now, day=day))
            later.thread.turns = day
            fact = answer(later, Move(B, A, Act.ASK, Topic.WORK))
            assert fact is not None
            found.add((fact.source, str(fact.details["state"])))
        return found

    sly = answers(conscientiousness=0.02, agreeableness=0.05)
    assert {("own", "behind"), ("lied", "well")} <= sly and ("lied", "behind") not in sly
    assert {source for source, _ in answers(conscientiousness=0.02, agreeableness=0.95)} == {"own"}

    scene = stage()
    lie = scene.minds.knowledge.lie(A, Topic.PERSON, "promise_kept", 0, NOON, subject=A, object=B, what="it")
    before, liked = column(scene, "trust"), column(scene, "affinity")
    (learned,) = said(scene, Move(A, B, Act.TELL, Topic.FAVOUR, lie))
    assert learned.how == "found out" and learned.fact.kind == "lied"
    assert column(scene, "trust") < before - 0.2
    assert lie.id not in scene.minds.knowledge.held[B]
    assert column(scene, "affinity") < liked and scene.minds.emotions.intensity[B, Feeling.ANGER] > 0
    assert learned.fact.id in scene.minds.memories.of(B)["fact"]


def test_blame_answered_by_blame_is_a_quarrel_that_bystanders_see() -> None:
    scene = stage((A, B, C))
    both = ((A, B), (B, A))
    liked = [column(scene, "affinity", *pair) for pair in both]
    learned = said(scene, Move(A, B, Act.BLAME, Topic.SELF, after=Act.BLAME), (B, C))
    assert [(one.row, one.fact.kind, one.how) for one in learned] == [(C, "quarrelled", "seen")]
    for row in (A, B, C):
        assert scene.minds.knowledge.first_hand(row, "quarrelled", B) is not None
    for (row, other), before in zip(both, liked, strict=True):
        assert column(scene, "affinity", row, other) < before - 0.05
        assert scene.minds.emotions.intensity[row, Feeling.ANGER] > 0.1 and scene.minds.needs.danger[row] > 0.2
    assert scene.minds.emotions.intensity[C, Feeling.ANGER] == 0 == scene.minds.needs.danger[C]


def wishes(scene: Scene, speaker: int = A, listener: int = B) -> Iterator[Move]:
    """Everything that a villager could say of its own accord."""
    for initiative in INITIATIVES:
        move = initiative.make(Prospect(scene, speaker, listener))
        if move is not None and TABLE[move.act].may(scene, move):
            yield move


def test_what_is_raised_follows_from_minds() -> None:
    scene = stage()
    assert {m.act for m in wishes(scene)} <= {Act.TELL, Act.ASK, Act.REQUEST, Act.JOKE, Act.GOSSIP}
    broken = fact_of(scene, "promise_broken", Topic.PERSON, A, subject=B, object=A, what="mend the fence")
    assert broken in [m.fact for m in wishes(scene) if m.act == Act.BLAME]
    scene.said.note(A, scene.now.tick - 60, Act.BLAME, Topic.FAVOUR, B, broken.id)
    assert not [m for m in wishes(scene) if m.act == Act.BLAME], "once is enough for a day"
    need = fact_of(scene, "needs_help", Topic.FAVOUR, A, subject=B, place=FIELD, what="turn the hay")
    (offer,) = (m for m in wishes(scene) if m.act == Act.OFFER)
    assert offer.proposal is not None and (offer.proposal.what, offer.proposal.fact) == ("turn the hay", need.id)
    supper = party(scene, A, A)
    (invitation,) = (m for m in wishes(scene) if m.act == Act.INVITE)
    assert invitation.fact == supper


def test_secrets_are_for_the_trusted_alone() -> None:
    def told(members: tuple[int, ...] = (A, B), trust: float = 0.5, affinity: float = 1.0) -> bool:
        scene = stage(members, secret="never learned to read")
        for _ in range(8):
            scene.minds.relations.move(A, B, trust=trust, affinity=affinity)
        return any(m.fact is not None and m.fact.kind == "secret" for m in wishes(scene))

    assert told()
    assert not told(trust=0.0) and not told(affinity=-0.5) and not told((A, B, C))


def test_one_follows_up_what_one_remembers() -> None:
    scene = stage()
    told = fact_of(scene, "work_state", Topic.WORK, A, subject=B, minute=NOON - 180, state="behind")
    assert [m.fact for m in wishes(scene) if m.act == Act.ASK and m.topic == Topic.WORK] == [told]


def test_kindness_promises_and_hardness_refuses() -> None:
    def share(act: Act, first: Move, **traits: Any) -> float:
        scene = stage(**traits)
        follow(scene, first)
        replies = []
        for turn in range(60):
            scene.thread.turns = turn
            reply = reply_to(scene, first)
            assert reply is not None
            replies.append(reply.act)
        return replies.count(act) / len(replies)

    asked = Move(B, A, Act.REQUEST, Topic.FAVOUR, proposal=help_wish(A, B))
    assert share(Act.PROMISE, asked, agreeableness=0.9) > 0.3 + share(Act.PROMISE, asked, agreeableness=0.1)
    told = Move(B, A, Act.TELL, Topic.NEWS, fact_of(stage(), "fox_in_barn", Topic.NEWS, B))
    assert share(Act.DOUBT, told, agreeableness=0.05) > share(Act.DOUBT, told, agreeableness=0.95)
    blamed = Move(B, A, Act.BLAME, Topic.SELF)
    assert share(Act.APOLOGISE, blamed, agreeableness=0.9) > share(Act.APOLOGISE, blamed, agreeableness=0.1)


def shares(scene: Scene, first: Move, turns: int = 80) -> dict[Act, float]:
    """How often each second part follows a turn."""
    follow(scene, first)
    replies = []
    for turn in range(2, turns + 2):
        scene.thread.turns = turn
        reply = reply_to(scene, first)
        replies += [reply.act] if reply is not None else []
    return {act: replies.count(act) / turns for act in {*replies}}


def test_what_is_asked_is_refused_by_bond_need_way_and_weather() -> None:
    asked = Move(B, A, Act.REQUEST, Topic.FAVOUR, proposal=help_wish(A, B))

    def will(
        move: Move = asked, weather: Weather = FAIR, bond: float = 0.0, hunger: float = 0.2, owed: float = 0.0
    ) -> float:
        scene = stage(weather=weather)
        for name in ("fatigue", "cold"):
            getattr(scene.minds.needs, name)[A] = 0.0
        scene.minds.needs.hunger[A] = hunger
        scene.minds.relations.move(A, B, affinity=bond, trust=bond, debt=owed)
        return willingness(scene, move, A)

    assert will(bond=-0.4) < will() < will(bond=0.2)
    assert will(hunger=0.9) < will()
    assert will(owed=0.3) > will(), "one favour calls for another"
    assert will(weather=RAIN) < will(), "the field has no roof"
    home = stage().minds.personas[A].home
    assert will(replace(asked, proposal=help_wish(A, B, place=home))) > will(), "it is nearer"
    refused = shares(stage(), asked).get(Act.REFUSE, 0.0)
    assert 0.05 < refused < 0.5


def test_a_refusal_is_taken_up_and_the_hard_take_it_amiss() -> None:
    def after_no(agreeableness: float) -> dict[Act, float]:
        scene = stage(agreeableness=agreeableness)
        return shares(scene, Move(B, A, Act.REFUSE, Topic.FAVOUR, proposal=help_wish(B, A), after=Act.REQUEST))

    kind, hard = after_no(0.9), after_no(0.1)
    assert kind[Act.ACKNOWLEDGE] > 0.9 and hard[Act.BLAME] > 0.2 + kind.get(Act.BLAME, 0.0)
    denied = Move(B, A, Act.REFUSE, Topic.SELF, after=Act.BLAME)
    assert not shares(stage(agreeableness=0.1), denied), "what is denied is left standing"


def test_offers_are_mostly_taken_but_by_those_who_have_been_helped_with_it() -> None:
    def refused(state: str, *, helped: bool) -> float:
        scene = stage()
        scene.minds.relations.affinity.values[:] = 0.0
        if helped:
            fact_of(scene, "helped", Topic.PERSON, A, subject=C, object=A)
        need = fact_of(scene, "work_state" if state == "behind" else "wellbeing", Topic.WORK, B, subject=A, state=state)
        wish = comfort_for(scene.minds, B, A, scene.now, state)
        return shares(scene, Move(B, A, Act.OFFER, Topic.FAVOUR, need, proposal=wish)).get(Act.REFUSE, 0.0)

    assert 0.05 < refused("behind", helped=False) < 0.35
    assert refused("behind", helped=True) > 0.6
    assert refused("hungry", helped=True) < 0.35, "a helping hand stills no hunger"


def test_whose_work_is_behind_is_no_longer_once_it_was_helped() -> None:
    scene = stage(conscientiousness=0.0)
    days = (replace(scene.now, day=day) for day in range(30))
    now = next(now for now in days if scene.minds.own_work(A, now).details["state"] == "behind")
    fact_of(scene, "helped", Topic.PERSON, A, subject=B, object=A, day=now.day)
    assert scene.minds.own_work(A, now).details["state"] == "well"


@pytest.mark.parametrize(("opens", "act"), [((A, B), Act.BLAME), ((B, A), Act.APOLOGISE)])
def test_a_broken_promise_comes_up_between_the_two(opens: tuple[int, int], act: Act) -> None:
    """Most talks of the one who was let down with the one who did it are about that: in blame or in regret."""
    raised: dict[Act, int] = dict.fromkeys((Act.BLAME, Act.APOLOGISE), 0)
    for talk in range(20):
        scene = stage(opens, agreeableness=0.3)
        scene.thread.conversation = talk
        fact_of(scene, "promise_broken", Topic.PERSON, A, B, subject=B, object=A, what="mend the fence")
        acts: list[Act | None] = []
        while len(acts) < 40 and (move := next_move(scene)) is not None:
            follow(scene, move)
            acts.append(move.act if move.fact is not None and move.fact.kind == "promise_broken" else None)
        first = next((raised_first for raised_first in acts if raised_first is not None), None)
        if first is not None:
            raised[first] += 1
    assert sum(raised.values()) > 12 and raised[act] == max(raised.values())


def test_who_asks_on_about_news_is_not_told_the_same_again() -> None:
    scene = stage()
    news = fact_of(scene, "lost_sheep", Topic.NEWS, A)
    told = Move(A, B, Act.TELL, Topic.NEWS, news)
    asked = Move(B, A, Act.ASK, Topic.NEWS, replace(news, source="told", told_by=A), after=Act.TELL)
    follow(scene, told)
    follow(scene, asked)
    reply = reply_to(scene, asked)
    assert reply is not None and (reply.act, reply.fact, reply.again) == (Act.ANSWER, news, True)
    plain = Move(B, A, Act.ASK, Topic.NEWS)
    follow(scene, plain)
    answers = []
    for turn in range(2, 12):
        scene.thread.turns = turn
        reply = reply_to(scene, plain)
        assert reply is not None and not reply.again
        answers.append(reply.fact)
    assert news in answers, "asked what is new one tells it"


def test_who_was_asked_asks_the_same_once() -> None:
    scene = stage(agreeableness=1.0)
    well = fact_of(scene, "wellbeing", Topic.WELLBEING, A, B, subject=A, state="well")
    taken = Move(B, A, Act.ACKNOWLEDGE, Topic.WELLBEING, well, A, after=Act.ANSWER)
    assert shares(scene, taken)[Act.ASK] > 0.7
    back = reply_to(scene, taken)
    while back is None:
        scene.thread.turns += 1
        back = reply_to(scene, taken)
    assert (back.speaker, back.listener, back.topic, back.fact) == (A, B, Topic.WELLBEING, None)
    scene.thread.record(back)
    assert Act.ASK not in shares(scene, taken), "once is enough in a talk"


def test_what_is_raised_next_follows_from_what_was_spoken_of() -> None:
    def after(topic: Topic, led: Topic) -> float:
        raised = 0
        for number in range(60):
            scene = replace(stage(), thread=Thread(number, [A, B], 3))
            fact_of(scene, "lost_sheep", Topic.NEWS, A)
            scene.thread.record(Move(B, A, Act.GREET, Topic.WELLBEING))
            scene.thread.record(Move(B, A, Act.ACKNOWLEDGE, topic, after=Act.TELL))
            move = next_move(scene)
            raised += move is not None and move.topic == led
        return raised / 60

    assert after(Topic.PERSON, Topic.NEWS) > 0.1 + after(Topic.CRAFT, Topic.NEWS)


def test_two_of_three_talk_on_when_the_third_has_gone() -> None:
    scene = stage((A, B, C))
    scene.thread.record(Move(A, B, Act.TELL, Topic.WEATHER))
    scene.thread.record(Move(C, A, Act.CLOSE, Topic.WEATHER))
    scene.thread.record(Move(A, C, Act.CLOSE, Topic.WEATHER, after=Act.CLOSE))
    assert not scene.thread.ending and scene.thread.leaving == [C]


def test_belief_follows_trust_and_good_faith() -> None:
    trusting, wary = stage(agreeableness=0.9), stage(agreeableness=0.1)
    assert belief(trusting, A, B) > belief(wary, A, B)
    before = belief(wary, A, B)
    wary.minds.relations.move(A, B, trust=0.3)
    assert belief(wary, A, B) > before


@pytest.mark.parametrize("members", [2, 3, 5])
def test_every_talk_completes_its_pairs_and_ends_with_a_goodbye_and_one_in_return(members: int) -> None:
    """Many talks without bodies, among people with something on their minds; the oracle is the table alone."""
    seen: set[Act] = set()
    for number in range(12):
        scene = stage(tuple(range(members)), RAIN if number % 3 == 0 else FAIR, agreeableness=0.1 + 0.07 * number)
        scene = replace(scene, thread=Thread(number, list(range(members)), 3))
        _trouble(scene, number)
        moves = list(_talk(scene))
        seen |= {m.act for m in moves}
        assert len(moves) <= most_turns(members) + LONGEST_EXCHANGE - USUAL_EXCHANGE
        closing = [m for m in moves if m.act == Act.CLOSE]
        assert moves[-2:] == closing[-2:] and len({m.speaker for m in closing[-2:]}) == 2
        assert len({m.speaker for m in closing[:-2]}) <= members - 2, "who left before had said so"
        for one, after in pairwise(moves):
            assert after.speaker != one.speaker or after.act == Act.CLOSE
            if after.after is not None and after.act != Act.CLOSE:
                assert after.after == one.act and after.speaker == one.listener
                assert after.act in TABLE[one.act].seconds
            elif one.act not in (Act.GREET, Act.CLOSE) and one.after is None:
                assert not TABLE[one.act].seconds, f"{one.act} calls for an answer"
    assert len(seen) > 12


def test_the_agreeable_quarrel_less() -> None:
    """The same forty talks of the same two, who have something against each other, with another nature of one."""
    hard = []
    for agreeableness in (0.12, 0.88):
        acts: list[Act] = []
        for number in range(40):
            scene = replace(stage(agreeableness=agreeableness), thread=Thread(number, [A, B], 3))
            _trouble(scene, number)
            acts += [m.act for m in _talk(scene) if m.speaker == A]
        hard.append(np.mean([act in (Act.BLAME, Act.DOUBT, Act.REFUSE) for act in acts]))
    assert hard[0] > 3 * hard[1] > 0


def _trouble(scene: Scene, number: int) -> None:
    """Deeds, needs, dangers and a supper between those who talk."""
    r = np.random.default_rng(number)
    for kind in ("promise_broken", "promise_kept", "helped"):
        one, other = (int(i) for i in r.permutation(3)[:2])
        fact_of(scene, kind, Topic.PERSON, one, other, subject=one, object=other, what="mend the fence")
    fact_of(scene, "needs_help", Topic.FAVOUR, A, subject=B, place=FIELD, what="turn the hay")
    fact_of(scene, "rain_coming", Topic.WEATHER, B, source="inferred")
    fact_of(scene, "quarrelled", Topic.PERSON, A, B, subject=5, object=4)
    party(scene, A, A)


def _talk(scene: Scene) -> Iterator[Move]:
    while (move := next_move(scene)) is not None:
        assert TABLE[move.act].may(scene, move), f"{move.act} may not be done here"
        scene.thread.record(move)
        assert scene.thread.turns <= 40
        if move.after is None:
            about = move.fact.id if move.fact is not None else move.subject
            scene.said.note(move.speaker, scene.now.tick, move.act, move.topic, move.listener, about)
        scene.minds.knowledge.bring_up(move.speaker, move.fact)
        absorb(scene, move, scene.thread.others(move.speaker), [], MARKET, doubted=False)
        yield move


def test_what_was_raised_is_taken_out_and_put_back() -> None:
    said_before = Said(3)
    for tick in range(60):
        said_before.note(tick % 2, tick, Act.ASK, Topic.WORK, 2, tick)
    back = Said(3)
    back.thaw(said_before.freeze())
    assert np.array_equal(back._rows, said_before._rows) and np.array_equal(back.digest, said_before.digest)
    assert back.lately(0, Act.ASK, Topic.WORK, 58, to=2, about=58) and not back.lately(0, Act.ASK, Topic.WORK, 59)
    assert FlatWorld().places[FIELD].kind == "field"
