"""What is said next: adjacency pairs and topics, decided from what both villagers are, know and feel."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from agents.acts import Act, Fact, Topic
from agents.emotion import BAD_NEWS, COLD_WORD, GOOD_NEWS, HELP, KIND_WORD
from agents.knowledge import VALENCE
from agents.memory import EpisodeKind
from agents.minds import Minds, Moment
from world.streams import stream

LEAST_TOPICS, MOST_TOPICS = 2, 3
MOST_TURNS = 12
SMALL_TALK = (Topic.WEATHER, Topic.WORK, Topic.NEWS, Topic.PERSON, Topic.WELLBEING)
LONGEST_EXCHANGE = 4  # turns of one topic, such as TELL, ASK, ANSWER, ACKNOWLEDGE


@dataclass(frozen=True)
class Move:
    """One decided turn. `fact` is the speaker's copy; for uptakes and questions it is the fact they respond to."""

    speaker: int
    listener: int
    act: Act
    topic: Topic
    fact: Fact | None = None
    subject: int = -1  # villager spoken about, -1 for none


@dataclass
class Thread:
    """Where a conversation stands: what was said, which topics are spent, and when it should end."""

    conversation: int
    initiator: int
    partner: int
    wanted_topics: int
    turns: int = 0
    goodbyes: int = 0
    last: Move | None = None
    spent: list[Topic] = field(default_factory=list)
    hurried: bool = False  # close at the next chance

    def record(self, move: Move) -> None:
        """Take note that a move was decided."""
        self.last = move
        self.turns += 1
        self.goodbyes += move.act == Act.CLOSE

    def other(self, row: int) -> int:
        """The one of the two who is not `row`."""
        return self.partner if row == self.initiator else self.initiator


def next_move(thread: Thread, minds: Minds, now: Moment) -> Move | None:
    """The next turn, or None when both have said goodbye. The floor always changes hands."""
    last = thread.last
    if last is None:
        return Move(thread.initiator, thread.partner, Act.GREET, Topic.WELLBEING)
    speaker, listener = thread.other(last.speaker), last.speaker
    rng = stream(minds.seed, "dialogue", thread.conversation, thread.turns)
    reply = replace(last, speaker=speaker, listener=listener, fact=_heard(last))
    if last.act == Act.GREET and thread.turns == 1:
        return Move(speaker, listener, Act.GREET, Topic.WELLBEING)
    if last.act == Act.CLOSE:
        return Move(speaker, listener, Act.CLOSE, last.topic) if thread.goodbyes < 2 else None
    if last.act == Act.TELL:
        return _response_to_telling(reply, minds, rng)
    if last.act == Act.ASK:
        return replace(reply, act=Act.ANSWER, fact=_answer(last, speaker, minds, now))
    if last.act == Act.ANSWER:
        return _response_to_answer(reply, minds, rng)
    if last.act == Act.OFFER:
        return replace(reply, act=Act.THANK)
    return _new_topic(thread, speaker, listener, minds, now, rng)


def absorb(move: Move, minds: Minds, now: Moment, place: int) -> bool:
    """Let a turn that was heard do its work on both minds; returns True when a fact was new to the listener.

    Here, and not in any text, facts spread and feelings move.
    """
    speaker, listener, fact = move.speaker, move.listener, move.fact
    learned, worth = False, 0.0
    if fact is not None and move.act in (Act.TELL, Act.ANSWER):
        learned = minds.knowledge.told(speaker, listener, fact, now.tick)
    if learned and fact is not None:
        worth = 0.005 * (1 + abs(VALENCE.get(fact.kind, 0)))  # who brings news is liked for it, good or bad
        minds.emotions.push(listener, {1: GOOD_NEWS, -1: BAD_NEWS}.get(VALENCE.get(fact.kind, 0), 0.0))
    if move.act == Act.OFFER:
        minds.emotions.push(listener, HELP)
    elif move.act == Act.DOUBT:
        minds.emotions.push(listener, COLD_WORD)
    elif move.act in (Act.GREET, Act.AGREE, Act.THANK):
        minds.emotions.push(listener, KIND_WORD)
    minds.relations.hear(listener, speaker, move.act, worth)
    weight = 0.6 if learned else 0.35 if fact is not None else 0.15
    fact_id = fact.id if fact is not None else -1
    third = move.subject if move.subject >= 0 and move.subject not in (speaker, listener) else -1
    pairs = ((listener, EpisodeKind.HEARD, speaker), (speaker, EpisodeKind.SAID, listener))
    if move.act in (Act.TELL, Act.ANSWER, Act.OFFER) or move.act == Act.GREET:
        for row, kind, other in pairs:
            minds.memories.remember(
                row, now.tick, kind, move.topic, who=other, about=third, place=place, fact=fact_id, importance=weight
            )
    return learned


def _heard(last: Move) -> Fact | None:
    """The fact of a move as its hearer holds it afterwards."""
    if last.fact is None or last.act not in (Act.TELL, Act.ANSWER):
        return last.fact
    return replace(last.fact, source="told", told_by=last.speaker)


def _response_to_telling(reply: Move, minds: Minds, rng: np.random.Generator) -> Move:
    p = minds.personas[reply.speaker]
    trust = float(minds.relations.trust[reply.speaker, reply.listener])
    doubt = 0.05 + 0.35 * max(0.0, 0.6 - trust) + 0.3 * max(0.0, 0.5 - p.agreeableness)
    if reply.topic == Topic.NEWS and reply.fact is not None and rng.random() < 0.2 + 0.5 * (p.openness - 0.3):
        return replace(reply, act=Act.ASK)
    if rng.random() < doubt:
        return replace(reply, act=Act.DOUBT)
    arguable = reply.fact is None or reply.fact.kind == "opinion_of_person"
    return replace(reply, act=Act.AGREE if arguable and rng.random() < 0.7 else Act.ACKNOWLEDGE)


def _response_to_answer(reply: Move, minds: Minds, rng: np.random.Generator) -> Move:
    p = minds.personas[reply.speaker]
    needy = reply.fact is not None and reply.fact.details.get("state") in (
        "behind",
        "hungry",
        "cold",
        "tired",
        "lonely",
    )
    if needy and rng.random() < p.agreeableness:
        return replace(reply, act=Act.OFFER)
    if rng.random() < 0.06 + 0.3 * max(0.0, 0.45 - p.agreeableness):
        return replace(reply, act=Act.DOUBT)
    return replace(reply, act=Act.ACKNOWLEDGE if reply.fact is not None or rng.random() < 0.5 else Act.AGREE)


def _answer(question: Move, speaker: int, minds: Minds, now: Moment) -> Fact | None:
    """What the one who is asked knows about it; None when that is nothing."""
    asker = question.speaker
    if question.topic == Topic.WORK:
        return minds.own_work(speaker, now)
    if question.topic == Topic.WELLBEING:
        return minds.own_wellbeing(speaker, now)
    if question.topic == Topic.WEATHER:
        return minds.weather_fact(speaker, asker, now)
    if question.topic == Topic.PERSON:
        if question.subject < 0:
            return None
        return minds.sighting(speaker, question.subject, now) or minds.own_opinion(speaker, question.subject, now)
    if question.fact is not None:
        return minds.knowledge.held[speaker].get(question.fact.id)
    return next(iter(minds.news_for(speaker, asker)), None)


def _new_topic(
    thread: Thread, speaker: int, listener: int, minds: Minds, now: Moment, rng: np.random.Generator
) -> Move:
    left = [t for t in SMALL_TALK if t not in thread.spent]
    full = thread.turns + LONGEST_EXCHANGE + 2 > MOST_TURNS
    if thread.hurried or full or len(thread.spent) >= thread.wanted_topics or not left:
        return Move(speaker, listener, Act.CLOSE, thread.last.topic if thread.last is not None else Topic.WEATHER)
    weights = np.array([_interest(t, speaker, listener, minds, now) for t in left])
    topic = left[int(rng.choice(len(left), p=weights / weights.sum()))]
    thread.spent.append(topic)
    opening = Move(speaker, listener, Act.ASK, topic)
    p = minds.personas[speaker]
    if topic == Topic.WEATHER:
        fact = minds.weather_fact(speaker, listener, now)
        tell = fact is not None or rng.random() < 0.6
        return replace(opening, act=Act.TELL, fact=fact) if tell else opening
    if topic == Topic.NEWS:
        fresh = minds.news_for(speaker, listener)
        if fresh and rng.random() < 0.5 + 0.5 * p.extraversion:
            return replace(opening, act=Act.TELL, fact=fresh[0], subject=fresh[0].subject)
        return opening
    if topic == Topic.PERSON:
        return _about_someone(opening, minds, now, rng)
    return opening


def _interest(topic: Topic, speaker: int, listener: int, minds: Minds, now: Moment) -> float:
    p = minds.personas[speaker]
    familiarity = float(minds.relations.familiarity[speaker, listener])
    if topic == Topic.NEWS:
        return 0.6 + (1.6 if minds.news_for(speaker, listener) else 0.0)
    if topic == Topic.WEATHER:
        return 0.7 + (0.8 if minds.weather_fact(speaker, listener, now) else 0.0) + 0.6 * (1 - familiarity)
    if topic == Topic.WELLBEING:
        return 0.4 + 0.8 * p.agreeableness * familiarity
    if topic == Topic.PERSON:
        return (0.3 + 0.6 * p.extraversion) * (len(minds.personas) > 2)
    return 0.5 + 0.4 * p.conscientiousness


def _about_someone(opening: Move, minds: Minds, now: Moment, rng: np.random.Generator) -> Move:
    """Tell where a third one was or what one thinks of that one; otherwise ask after somebody."""
    speaker, listener = opening.speaker, opening.listener
    others = minds.relations.known(speaker)
    others = others[others != listener]
    weights = minds.relations.familiarity[speaker, others] + 0.05
    subject = int(rng.choice(others, p=weights / weights.sum()))
    fact = minds.sighting(speaker, subject, now) if rng.random() < 0.6 else minds.own_opinion(speaker, subject, now)
    if fact is None or fact not in minds.knowledge.tellable(speaker, listener, Topic.PERSON):
        return replace(opening, subject=subject)
    return replace(opening, act=Act.TELL, fact=fact, subject=subject)
