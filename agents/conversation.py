"""Talk between two: meeting, walking up, taking turns on one floor, and parting, each in bounded time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.acts import Act, SpeechPlan, Topic
from agents.bodies import Bodies
from agents.dialogue import LEAST_TOPICS, MOST_TOPICS, Move, Thread, absorb, next_move
from agents.language.voice import Wording
from agents.memory import TOPICS, mixed
from agents.minds import Minds, Moment
from agents.perception import earshot_m
from agents.speech import Spoken, Transcript, floor_ticks, place_at, plan_of, spoken
from assets.palette import Activity
from world.state import Plain, check_rows, columns_of, part, plain, put_back, rows_of, taken, typed
from world.streams import stream
from world.view import WorldView

TALK_DISTANCE_M = 1.3  # within the personal distance of Hall 1966 (0.45-1.2 m) and room for two bodies
APPROACH_S = 15.0  # who has not come up by then gives up
THINK_S = (0.6, 1.5)
PAUSE_S = (0.3, 0.8)  # between turns; conversation in many languages averages 0.2 s (Stivers 2009), slower in the field
SILENCE_S = 20.0  # the wait for words before both turn away
LONGEST_S = 150.0  # after this the next free turn is a goodbye
PAIR_REST_S = 600.0  # the same two do not talk again sooner
REST_S = (15.0, 50.0)  # a villager's own rest after talking, for extravert and introvert
NEVER = -(1 << 40)
ACTS = tuple(Act)
TALK_COLUMNS = 18  # integers that describe a conversation under way
PARTING = np.dtype([("one", "<i2"), ("other", "<i2"), ("tick", "<i8")])


@dataclass
class Talk:
    """One conversation, from the first look to the last goodbye."""

    thread: Thread
    started: int
    approaching: bool = True
    speaking: Move | None = None  # holds the floor until floor_end
    floor_end: int = 0
    planned: Move | None = None  # the next turn, its words asked for
    plan_key: tuple[int, int, int] = (-1, -1, -1)
    due: int = 0

    @property
    def pair(self) -> tuple[int, int]:
        return self.thread.initiator, self.thread.partner


@dataclass
class Outcome:
    """What a step of talking brings forth."""

    plans: list[SpeechPlan] = field(default_factory=list)
    spoken: list[Spoken] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    parted: list[int] = field(default_factory=list)  # rows that are free again


class Conversations:
    """All conversations under way, and who may start the next one."""

    def __init__(self, minds: Minds, tick_rate: int) -> None:
        n = len(minds.personas)
        self.talk_of: NDArray[np.int64] = np.full(n, -1)  # id of the conversation one is in
        self.free_at: NDArray[np.int64] = np.full(n, NEVER)  # tick from which one may talk again
        self.talked_at: NDArray[np.int64] = np.full((n, n), NEVER)
        self.talks: dict[int, Talk] = {}
        self.digest: NDArray[np.uint64] = np.zeros(1, np.uint64)
        self.lines = Transcript(n)
        self._minds = minds
        self._rate = tick_rate
        self._next_id = 0
        self._words: dict[tuple[int, int, int], Wording] = {}

    def rested(self, a: NDArray[np.int64], b: NDArray[np.int64], tick: int) -> NDArray[np.bool_]:
        """True where the pair may talk: both free, rested, and not fresh from a talk with each other."""
        free = (self.talk_of[a] < 0) & (self.talk_of[b] < 0) & (self.free_at[a] <= tick) & (self.free_at[b] <= tick)
        rested: NDArray[np.bool_] = free & (self.talked_at[a, b] + PAIR_REST_S * self._rate <= tick)
        return rested

    @property
    def talking(self) -> NDArray[np.bool_]:
        """Rows that stand together and talk (not those still walking up)."""
        flags = np.zeros(len(self.talk_of), bool)
        for talk in self.talks.values():
            if not talk.approaching:
                flags[list(talk.pair)] = True
        return flags

    def turns(self, tick: int) -> list[tuple[Move, float, float]]:
        """The turns being spoken at a tick, each with the seconds since it began and until its floor ends."""
        spoken = []
        for talk in self.talks.values():
            if talk.speaking is not None:
                began = talk.floor_end - floor_ticks(talk.speaking.act, self._rate)
                spoken.append((talk.speaking, (tick - began) / self._rate, (talk.floor_end - tick) / self._rate))
        return spoken

    def invite(self, a: int, b: int, tick: int, bodies: Bodies) -> int:
        """Villager a turns to b: b stops and faces a, who walks up. Returns the conversation's id."""
        self._next_id += 1
        ident = self._next_id
        wanted = int(stream(self._minds.seed, "topics", ident).integers(LEAST_TOPICS, MOST_TOPICS + 1))
        self.talks[ident] = Talk(Thread(ident, a, b, wanted), tick)
        self.talk_of[[a, b]] = ident
        bodies.halt(b)
        bodies.activity[b] = Activity.STAND
        bodies.moving[a] = True
        bodies.activity[a] = Activity.WALK
        bodies.place[a] = -1  # the way leads to a person now, not to a place
        bodies.look_at[a], bodies.look_at[b] = b, a
        return ident

    def step(self, bodies: Bodies, view: WorldView, now: Moment, words: Sequence[Wording]) -> Outcome:
        """Advance every conversation by one tick."""
        awaited = {talk.plan_key for talk in self.talks.values()}  # who has turned away is past hearing
        self._words |= {w.key: w for w in words if w.key in awaited}
        out = Outcome()
        for ident, talk in list(self.talks.items()):
            if talk.approaching:
                self._approach(ident, talk, bodies, view, now, out)
            else:
                self._take_turns(ident, talk, bodies, view, now, out)
        return out

    def _approach(self, ident: int, talk: Talk, bodies: Bodies, view: WorldView, now: Moment, out: Outcome) -> None:
        a, b = talk.pair
        dx, dy = bodies.x[a] - bodies.x[b], bodies.y[a] - bodies.y[b]
        distance = float(np.hypot(dx, dy))
        bodies.face(b, float(bodies.x[a]), float(bodies.y[a]))
        if distance <= TALK_DISTANCE_M + 0.15:
            self._begin(ident, talk, bodies, view, now, out)
        elif now.tick - talk.started > APPROACH_S * self._rate:
            self._part(ident, talk, bodies, now, "not reached", out)
        else:
            share = TALK_DISTANCE_M / distance
            bodies.goal_x[a], bodies.goal_y[a] = bodies.x[b] + dx * share, bodies.y[b] + dy * share
            bodies.moving[a] = True

    def _begin(self, ident: int, talk: Talk, bodies: Bodies, view: WorldView, now: Moment, out: Outcome) -> None:
        a, b = talk.pair
        talk.approaching = False
        for row, other in ((a, b), (b, a)):
            bodies.halt(row)
            bodies.face(row, float(bodies.x[other]), float(bodies.y[other]))
            bodies.activity[row] = Activity.LISTEN
        out.events.append(("conversation_starts", {"conversation": ident, "villagers": [a, b]}))
        think = stream(self._minds.seed, "think", ident).uniform(*THINK_S)
        self._plan(ident, talk, now.tick + self._ticks(think), bodies, view, now, out)

    def _take_turns(self, ident: int, talk: Talk, bodies: Bodies, view: WorldView, now: Moment, out: Outcome) -> None:
        if talk.speaking is not None and now.tick >= talk.floor_end:
            self._yield_floor(ident, talk, bodies, now, out)
            if talk.planned is None:
                self._part(ident, talk, bodies, now, "closed", out)
                return
        if talk.speaking is None and talk.planned is not None and now.tick >= talk.due:
            wording = self._words.pop(talk.plan_key, None)
            if wording is not None:
                self._speak(ident, talk, wording, bodies, view, now, out)
            elif now.tick >= talk.due + SILENCE_S * self._rate:
                out.events.append(("silence", {"conversation": ident, "villager": talk.planned.speaker}))
                self._part(ident, talk, bodies, now, "silence", out)

    def _plan(
        self, ident: int, talk: Talk, due: int, bodies: Bodies, view: WorldView, now: Moment, out: Outcome
    ) -> None:
        """Decide the next turn and ask for its words, early enough that finding them costs no time."""
        thread = talk.thread
        thread.hurried = now.tick - talk.started > LONGEST_S * self._rate or now.weather.rain_mm_h > 4.0
        move = next_move(thread, self._minds, now)
        talk.planned, talk.due = move, due
        if move is None:
            return
        thread.record(move)
        self._minds.knowledge.bring_up(move.speaker, move.fact)
        plan = plan_of(move, self._minds, now, bodies, self.lines, ident, due)
        talk.plan_key = plan.key
        out.plans.append(plan)

    def _speak(
        self, ident: int, talk: Talk, wording: Wording, bodies: Bodies, view: WorldView, now: Moment, out: Outcome
    ) -> None:
        move = talk.planned
        if move is None:
            raise RuntimeError(f"conversation {ident} speaks without a decided turn")
        talk.speaking, talk.planned = move, None
        talk.floor_end = now.tick + floor_ticks(move.act, self._rate)
        bodies.speaking[move.speaker] = True
        bodies.activity[move.speaker], bodies.activity[move.listener] = Activity.TALK, Activity.LISTEN
        out.spoken.append(spoken(move, wording, self._minds, now, view, bodies, ident, self._rate))
        self.lines.add(ident, move.speaker, self._minds.personas[move.speaker].name, wording.text)
        pause = stream(self._minds.seed, "pause", ident, talk.thread.turns).uniform(*PAUSE_S)
        self._plan(ident, talk, talk.floor_end + self._ticks(pause), bodies, view, now, out)

    def _yield_floor(self, ident: int, talk: Talk, bodies: Bodies, now: Moment, out: Outcome) -> None:
        move = talk.speaking
        if move is None:
            return
        talk.speaking = None
        bodies.speaking[move.speaker] = False
        bodies.activity[move.speaker] = Activity.LISTEN
        apart = np.hypot(
            bodies.x[move.speaker] - bodies.x[move.listener], bodies.y[move.speaker] - bodies.y[move.listener]
        )
        if apart > earshot_m(now.weather):
            return
        place = place_at(self._minds.places, float(bodies.x[move.speaker]), float(bodies.y[move.speaker]))
        if absorb(move, self._minds, now, place) and move.fact is not None:
            learned = {"villager": move.listener, "from": move.speaker, "fact": move.fact.id, "kind": move.fact.kind}
            out.events.append(("learns", learned | {"conversation": ident}))

    def _part(self, ident: int, talk: Talk, bodies: Bodies, now: Moment, reason: str, out: Outcome) -> None:
        a, b = talk.pair
        for row in (a, b):
            introversion = 1.0 - self._minds.personas[row].extraversion
            rest = REST_S[0] + (REST_S[1] - REST_S[0]) * introversion
            self.free_at[row] = now.tick + self._ticks(rest)
            self.talk_of[row] = -1
            bodies.look_at[row] = -1
            bodies.speaking[row] = False
        self.talked_at[a, b] = self.talked_at[b, a] = now.tick
        self.digest[0] = mixed(int(self.digest[0]), ident, a, b, now.tick, talk.thread.turns)
        if not talk.approaching:
            ended = {"conversation": ident, "villagers": [a, b], "reason": reason, "turns": talk.thread.turns}
            out.events.append(("conversation_ends", ended))
        out.parted += [a, b]
        self.lines.forget(ident)
        self._words.pop(talk.plan_key, None)
        del self.talks[ident]

    def _ticks(self, seconds: float) -> int:
        return int(np.ceil(seconds * self._rate))

    def freeze(self) -> Plain:
        """Every conversation under way, the words that came and wait, and who parted when."""
        one, other = np.nonzero(np.triu(self.talked_at != NEVER))
        partings = np.zeros(len(one), PARTING)
        partings["one"], partings["other"], partings["tick"] = one, other, self.talked_at[one, other]
        return taken(self, ("talk_of", "free_at", "digest", "_next_id")) | {
            "partings": columns_of(partings),
            "talks": [plain(talk) for talk in self.talks.values()],
            "words": [plain(wording) for wording in self._words.values()],
            "lines": self.lines.freeze(),
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("talk_of", "free_at", "digest", "_next_id"), state)
        partings = rows_of(part(state, "partings"), PARTING)
        one, other = partings["one"], partings["other"]
        check_rows("partings", len(self.talk_of), one, other)
        self.talked_at[:] = NEVER
        self.talked_at[one, other] = self.talked_at[other, one] = partings["tick"]
        talks = typed(part(state, "talks"), list[Talk], "talks")
        self.talks = {talk.thread.conversation: talk for talk in talks}
        self._words = {word.key: word for word in typed(part(state, "words"), list[Wording], "words")}
        self.lines.thaw(part(state, "lines"))

    def columns(self) -> Mapping[str, NDArray[np.generic]]:
        """Everything about talk that the future depends on, as arrays: no texts."""
        talks = np.array([self._row(i, t) for i, t in self.talks.items()], np.int64).reshape(-1, TALK_COLUMNS)
        waiting = np.array(sorted(self._words), np.int64).reshape(-1, 3)  # whether words have come, not which
        return {
            "talk_of": self.talk_of,
            "free_at": self.free_at,
            "talks": talks,
            "waiting": waiting,
            "parted": self.digest,
        }

    @staticmethod
    def _row(ident: int, talk: Talk) -> list[int]:
        t = talk.thread
        spent = sum(1 << TOPICS.index(topic) for topic in t.spent)
        progress = [t.turns, t.goodbyes, t.wanted_topics, spent, int(t.hurried), talk.due, talk.floor_end]
        return [
            ident,
            *talk.pair,
            talk.started,
            int(talk.approaching),
            *progress,
            *_coded(talk.speaking),
            *_coded(talk.planned),
        ]


def _coded(move: Move | None) -> list[int]:
    if move is None:
        return [-1, -1, -1]
    fact = move.fact.id if move.fact is not None else -1
    return [move.speaker, ACTS.index(move.act) * len(Topic) + TOPICS.index(move.topic), fact * 4096 + move.subject]
