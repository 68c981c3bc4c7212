"""Turns on their way to words and back: speech plans for the language layer, and utterances as they are spoken.

Texts live here and in no other state of the society: nothing that decides ever reads them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np

from agents.acts import Act, Fact, Persona, SpeechPlan, Topic
from agents.bodies import Bodies
from agents.dialogue.effects import CARRIES
from agents.dialogue.moves import Move
from agents.language.voice import Wording
from agents.minds import Minds, Moment
from agents.perception import hearers, seen_by
from agents.reminiscence import memory_of
from agents.times import day_part, season_of, tense_of, when_words
from world.state import Plain, part, plain, typed
from world.streams import seed_words
from world.view import Place, WorldView

WORDS_PER_S = 2.6  # 156 a minute; English conversation runs at 210 (Tauroza & Allison 1990), villagers take their time
SHORTEST_S = 1.2
RECENT_LINES = 6
LATELY_LINES = 36  # of the whole village: who hears it all notices a turn of speech that comes back so soon; judgement
HERE_MARGIN_M = 4.0
FRIENDLY, HOSTILE = 0.35, -0.25  # affinity of friends and rivals; judgement
CLOSE, STRANGE = 0.4, 0.12  # familiarity of friends, and of those one does not know
TIMELESS = ("opinion_of_person", "work_state", "wellbeing", "needs_help", "craft_tip", "secret", "stands_for_reeve")

EXPECTED_WORDS = {
    Act.GREET: 12,
    Act.TELL: 15,
    Act.ASK: 15,
    Act.ANSWER: 15,
    Act.ACKNOWLEDGE: 11,
    Act.AGREE: 13,
    Act.DOUBT: 12,
    Act.OFFER: 14,
    Act.REQUEST: 15,
    Act.INVITE: 16,
    Act.PROMISE: 13,
    Act.REFUSE: 14,
    Act.THANK: 13,
    Act.APOLOGISE: 14,
    Act.PRAISE: 13,
    Act.BLAME: 14,
    Act.GOSSIP: 15,
    Act.WARN: 15,
    Act.TEACH: 17,
    Act.JOKE: 15,
    Act.CLOSE: 13,
}
"""Words an act may take, with an allowance for a tail: decides how long the floor is held, whatever is said in fact."""


@dataclass(frozen=True)
class Spoken:
    """An utterance whose speech starts at `start_tick`, with the truth behind it."""

    speaker: int
    listeners: tuple[int, ...]  # of the group, whom it is addressed to first, then the nearest
    overhearers: tuple[int, ...]
    conversation: int
    act: Act
    topic: Topic
    fact: dict[str, Any] | None
    wording: Wording
    start_tick: int
    end_tick: int  # when the words are over, for subtitles; never later than the floor
    floor_end_tick: int  # first tick at which the floor is free again
    request_tick: int
    positions: dict[int, tuple[float, float, float]]
    sees: dict[int, tuple[int, ...]]
    weather: dict[str, float]


def floor_ticks(act: Act, tick_rate: int) -> int:
    """How long a turn holds the floor, in ticks: from the act alone."""
    return int(np.ceil(max(SHORTEST_S, EXPECTED_WORDS[act] / WORDS_PER_S) * tick_rate))


class Transcript:
    """What was said, for the eyes of the language layer only."""

    def __init__(self, villagers: int) -> None:
        self._recent: list[deque[str]] = [deque(maxlen=RECENT_LINES) for _ in range(villagers)]
        self._lines: dict[int, list[tuple[str, str]]] = {}
        self._lately: deque[str] = deque(maxlen=LATELY_LINES)

    def add(self, conversation: int, row: int, name: str, text: str) -> None:
        """Note a line as spoken."""
        self._recent[row].append(text)
        self._lately.append(text)
        self._lines.setdefault(conversation, []).append((name, text))

    def history(self, conversation: int) -> tuple[tuple[str, str], ...]:
        """Lines of a conversation, oldest first."""
        return tuple(self._lines.get(conversation, ()))

    def recent(self, row: int) -> tuple[str, ...]:
        """The last lines of one villager, oldest first."""
        return tuple(self._recent[row])

    def lately(self) -> tuple[str, ...]:
        """The last lines of anybody, oldest first."""
        return tuple(self._lately)

    def forget(self, conversation: int) -> None:
        """Drop the lines of a conversation that is over."""
        self._lines.pop(conversation, None)

    def freeze(self) -> Plain:
        """The lines that may still be asked for."""
        return {
            "recent": [list(lines) for lines in self._recent],
            "lines": [[conversation, plain(lines)] for conversation, lines in self._lines.items()],
            "lately": list(self._lately),
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        recent = typed(part(state, "recent"), list[list[str]], "recent")
        if len(recent) != len(self._recent):
            raise ValueError(f"the state holds lines of {len(recent)} villagers, where {len(self._recent)} live")
        self._recent = [deque(lines, maxlen=RECENT_LINES) for lines in recent]
        self._lines = dict(typed(part(state, "lines"), list[tuple[int, list[tuple[str, str]]]], "lines"))
        self._lately = deque(typed(part(state, "lately"), list[str], "lately"), maxlen=LATELY_LINES)


def plan_of(
    move: Move,
    minds: Minds,
    now: Moment,
    view: WorldView,
    here: int,
    lines: Transcript,
    conversation: int,
    due: int,
    others: Sequence[int] = (),
) -> SpeechPlan:
    """Everything the language layer may know about a turn; only what the speaker itself knows goes in.

    `here` is the place at which they stand, -1 for the lane; `others` are the members of the group who are not
    addressed.
    """
    s, listener, fact = move.speaker, move.listener, move.fact
    personas, held = minds.personas, minds.relations.between(s, listener)
    key = (s, now.tick, 0)  # nobody decides two turns at one tick
    subject = move.subject if move.subject >= 0 else fact.subject if fact is not None else -1
    place = fact.place if fact is not None else -1
    if move.proposal is not None:
        place = move.proposal.place
    when, tense = _time_of(move, now)
    return SpeechPlan(
        speaker=personas[s],
        listener=personas[listener],
        act=move.act,
        topic=move.topic,
        fact=fact,
        subject_name=_name(minds, subject),
        place_name=minds.places[place].name if place >= 0 else "",
        mood=minds.mood(s),
        emotion=minds.emotions.strongest(s),
        affinity=held["affinity"],
        familiarity=held["familiarity"],
        weather=now.weather.describe(),
        day_part=day_part(now.minute / 60),
        here=minds.places[here].name if here >= 0 else "the lane",
        history=lines.history(conversation),
        memory=memory_of(move, minds, now),
        recent_lines=lines.recent(s),
        known_names=_known_names(move, minds, others),
        key=key,
        due_tick=due,
        seed=speech_seed(minds.seed, *key),
        proposal=move.proposal,
        when=when,
        object_name=_name(minds, fact.object) if fact is not None else "",
        others=tuple(personas[m].name for m in others),
        relation=relation_of(minds, s, listener),
        respect=held["respect"],
        trust=held["trust"],
        subject_gender=personas[subject].gender if subject >= 0 else "",
        tense=tense,
        season=season_of(view.local_time.month),
        after=move.after,
        again=move.again,
        teller_name=_name(minds, fact.told_by) if fact is not None else "",
        lately=lines.lately(),
    )


def relation_of(minds: Minds, row: int, other: int) -> str:
    """What another one is to a villager: of its family, or a friend, a rival, a stranger, a neighbour."""
    kin = dict(minds.personas[row].family)
    if other in kin:
        return kin[other]
    familiarity = minds.relations.familiarity[row, other]
    if familiarity < STRANGE:
        return "stranger"
    affinity = minds.relations.affinity[row, other]
    if affinity > FRIENDLY and familiarity > CLOSE:
        return "friend"
    return "rival" if affinity < HOSTILE else "neighbour"


def _time_of(move: Move, now: Moment) -> tuple[str, str]:
    """When the proposal or else the fact is, in words, and whether that is past, now or future; "" where nothing is."""
    if move.proposal is not None:
        return when_words(move.proposal.day, move.proposal.minute, now), "future"
    fact = move.fact
    if fact is None or fact.kind in TIMELESS:
        return "", "" if fact is None else "now"
    return when_words(fact.day, fact.minute, now), tense_of(fact.day, fact.minute, now)


def plan_record(plan: SpeechPlan) -> Plain:
    """A plan as plain values, its two villagers by their rows."""
    record: Plain = plain(plan)
    return record | {"speaker": plan.speaker.row, "listener": plan.listener.row}


def plan_from(record: Any, personas: Sequence[Persona]) -> SpeechPlan:
    """The plan that `plan_record` wrote down. Raises ValueError if it does not fit."""
    try:
        pair = {role: plain(personas[part(record, role)]) for role in ("speaker", "listener")}
    except (IndexError, TypeError):
        raise ValueError("the state holds a plan of speech for somebody who does not live here") from None
    return typed({**record, **pair}, SpeechPlan, "plans")


def speech_seed(seed: int, row: int, tick: int, call: int) -> int:
    """Seed (31 bits) of one wording request; below 2^31, so never the 0xFFFFFFFF that means random to llama.cpp."""
    return int(seed_words(seed, "speech", row, tick, call)[0]) >> 1


def spoken(
    move: Move,
    wording: Wording,
    minds: Minds,
    now: Moment,
    view: WorldView,
    bodies: Bodies,
    conversation: int,
    rate: int,
    members: Sequence[int] = (),
) -> Spoken:
    """The utterance that starts now, with who hears it, who sees whom, and in what weather.

    `members` are those of the group: they are the listeners, and others in earshot overhear.
    """
    group = members or (move.listener,)
    within = hearers(bodies, move.speaker, view, group).tolist()
    present = [move.speaker, *within]
    at = bodies.x, bodies.y, bodies.z
    floor_end = now.tick + floor_ticks(move.act, rate)
    words = max(1, len(wording.text.split()))
    end = min(floor_end, now.tick + max(1, int(np.ceil(words / WORDS_PER_S * rate))))
    return Spoken(
        speaker=move.speaker,
        listeners=tuple(sorted((r for r in within if r in group), key=lambda row: row != move.listener)),
        overhearers=tuple(r for r in within if r not in group),
        conversation=conversation,
        act=move.act,
        topic=move.topic,
        fact=fact_record(move.fact, minds, move.speaker if move.act in CARRIES else -1),
        wording=wording,
        start_tick=now.tick,
        end_tick=end,
        floor_end_tick=floor_end,
        request_tick=wording.key[1],
        positions=dict(zip(present, zip(*(column[present].tolist() for column in at), strict=True), strict=True)),
        sees=_sight(present, bodies, view),
        weather={k: float(v) for k, v in vars(view.weather).items()},
    )


def stance(minds: Minds, row: int, other: int) -> dict[str, float]:
    """The mood of a villager, and how it stands to another one."""
    held = minds.relations.between(row, other)
    mood = float(minds.emotions.mood[row])
    return {"mood": mood, "affinity": held["affinity"], "trust": held["trust"], "respect": held["respect"]}


def fact_record(fact: Fact | None, minds: Minds, row: int = -1) -> dict[str, Any] | None:
    """A fact as plain values with names, and for the villager that states it (`row`) the chain back to its source."""
    if fact is None:
        return None
    record = vars(fact) | {"details": dict(fact.details), "topic": str(fact.topic)}
    record["subject_name"] = _name(minds, fact.subject)
    record["place_name"] = minds.places[fact.place].name if fact.place >= 0 else ""
    record["object_name"] = _name(minds, fact.object)
    record["told_by_name"] = _name(minds, fact.told_by)
    record["chain"] = [dict(vars(step)) for step in minds.knowledge.chain(row, fact.id)] if row >= 0 else []
    record["witnesses"] = list(minds.knowledge.witnesses.get(fact.id, ()))
    return record


def place_at(places: Sequence[Place], x: float, y: float) -> int:
    """The place at whose edge or within which a point lies, or -1 where people would say: on the lane."""
    near = [(hypot(p.x - x, p.y - y) - p.radius_m, p.id) for p in places]
    distance, place = min(near)
    return place if distance < HERE_MARGIN_M else -1


def _name(minds: Minds, row: int) -> str:
    return minds.personas[row].name if row >= 0 else ""


def _known_names(move: Move, minds: Minds, others: Sequence[int]) -> tuple[str, ...]:
    rows = dict.fromkeys((move.speaker, move.listener, *others, move.subject))
    if move.fact is not None:
        rows |= dict.fromkeys((move.fact.subject, move.fact.object, move.fact.told_by))
    if move.proposal is not None:
        rows |= dict.fromkeys((move.proposal.doer, move.proposal.beneficiary))
    return tuple(minds.personas[r].name for r in rows if r >= 0)


def _sight(rows: list[int], bodies: Bodies, view: WorldView) -> dict[int, tuple[int, ...]]:
    """Whom each of some villagers sees, nearest first; under one roof everybody sees those who are heard."""
    if bodies.indoors[rows[0]]:
        return {row: tuple(other for other in rows if other != row) for row in rows}
    seen, _ = seen_by(np.array(rows), bodies, view)
    return {row: tuple(r for r in line if r >= 0) for row, line in zip(rows, seen.tolist(), strict=True)}
