"""Talk of two to five: meeting, walking up, taking turns on one floor, joining, leaving and parting, in bounded time.

A talk that waits for a tick costs nothing until that tick has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.acts import Act, SpeechPlan, Topic
from agents.bodies import Bodies
from agents.circle import MOST_MEMBERS, TALK_DISTANCE_M, free_place
from agents.dialogue.effects import Learned, absorb
from agents.dialogue.floor import LEAST_TOPICS, TOPICS_BROUGHT, next_move, topics_wanted
from agents.dialogue.moves import Move, Scene, Thread
from agents.dialogue.said import Said
from agents.language.voice import Wording
from agents.memory import TOPICS, mixed
from agents.minds import Minds, Moment
from agents.speech import Spoken, Transcript, floor_ticks, place_at, plan_of, spoken, stance
from assets.palette import Activity
from world.state import Plain, part, plain, put_back, taken, typed
from world.streams import stream
from world.view import WorldView

NEAR_M = 0.25  # who is as near as this to its point of the circle has come up
APPROACH_S = 15.0  # who has not come up by then gives up
LOOK_UP_S = 0.25  # while somebody walks up, this often it is looked whether it has
WALK_SHARE = 0.9  # of the free pace, when it is foreseen how long walking up takes
THINK_S = (0.6, 1.5)
PAUSE_S = (0.3, 0.8)  # between turns; conversation in many languages averages 0.2 s (Stivers 2009), slower in the field
SILENCE_S = 20.0  # the wait for words before all turn away
LONGEST_S = 240.0  # after this the next free turn is a goodbye to all
# With these a villager has some thirty talks a day. Diaries count twelve to fourteen contacts (Mossong et al. 2008,
# POLYMOD), half of them talks of ten minutes and more (Reis & Wheeler 1991); here people stop for a minute or two.
PAIR_REST_S = 2 * 3600.0  # the same two do not talk again sooner, in a village that is as talkative as most
REST_S = (600.0, 2100.0)  # a villager's own rest after talking, for extravert and introvert, likewise; judgement
REST_VARIES = (0.1, 1.9)  # from one talk to the next, or who talked at the same time falls silent at the same time
STAY_TURNS = (10, 22)  # turns that one stays in a group of three or more, for introvert and extravert
STORM_MM_H = 4.0  # rain in which nobody goes on talking outdoors
URGENT = 0.9  # a need that lets nobody stay for a talk
NEVER = -(1 << 40)
FAR = 1 << 60
ACTS = tuple(Act)
TALK_COLUMNS = 40 + 2 * MOST_MEMBERS  # integers that describe a conversation under way


@dataclass
class Comer:
    """Somebody who walks up to a talk."""

    row: int
    since: int
    x: float
    y: float


@dataclass
class Talk:
    """One conversation, from the first look to the last goodbye."""

    thread: Thread
    started: int
    room: int = -1  # place of the building that it is held in, -1 in the open
    middle: tuple[float, float] = (0.0, 0.0)
    place: int = -1  # at which it is held, -1 on the lane
    begun: bool = False  # they stand together
    coming: list[Comer] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)  # the turn at which each member came, in their order
    speaking: Move | None = None  # holds the floor until floor_end
    floor_end: int = 0
    heard_by: list[int] = field(default_factory=list)  # who hears the turn that is being spoken, nearest first
    planned: Move | None = None  # the next turn, its words asked for
    plan_key: tuple[int, int, int] = (-1, -1, -1)
    due: int = 0
    wake: int = 0  # tick at which there is something to do, if no words come before

    @property
    def approaching(self) -> bool:
        """Whether the first two have not yet come together."""
        return not self.begun

    @property
    def open(self) -> bool:
        """Whether one more may come: there is room, and nobody says goodbye."""
        full = len(self.thread.members) + len(self.coming) >= MOST_MEMBERS
        return self.begun and not full and not self.thread.ending


@dataclass
class Outcome:
    """What a step of talking brings forth."""

    plans: list[SpeechPlan] = field(default_factory=list)
    spoken: list[Spoken] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    parted: list[int] = field(default_factory=list)  # rows that are free again


class Conversations:
    """All conversations under way, and who may start or join one."""

    def __init__(self, minds: Minds, tick_rate: int) -> None:
        n = len(minds.personas)
        self.talk_of: NDArray[np.int64] = np.full(n, -1)  # id of the conversation one is in or walks up to
        self.parted_at: NDArray[np.int64] = np.full(n, NEVER)  # tick at which one's last talk ended
        self.talking: NDArray[np.bool_] = np.zeros(n, bool)  # rows that stand together and talk
        self.talks: dict[int, Talk] = {}
        self.said = Said(n, kept=minds.ablation.memory)
        self.lines = Transcript(n)
        self._minds = minds
        self._rate = tick_rate
        self._next_id = 0
        introversion = 1.0 - np.array([p.extraversion for p in minds.personas])
        self._usual_rest = (REST_S[0] + (REST_S[1] - REST_S[0]) * introversion) * tick_rate
        self.rest = self._usual_rest.copy()  # ticks after the last talk, in a village that is as talkative as most
        self._calendar: dict[int, list[int]] = {}  # tick -> talks that may have something to do then
        self._words: dict[tuple[int, int, int], Wording] = {}

    def free_at(self, talkativeness: float) -> NDArray[np.int64]:
        """Ticks (n,) from which each one may talk again; the more talkative the village, the sooner."""
        return self.parted_at + (self.rest / talkativeness).astype(np.int64)

    def may_meet(
        self, a: NDArray[np.int64], b: NDArray[np.int64], tick: int, talkativeness: float = 1.0
    ) -> NDArray[np.bool_]:
        """True where a may turn to b: both free, or a free and b in an open talk; rested, and no fresh pair."""
        free_at = self.free_at(talkativeness)
        ready = (self.talk_of[a] < 0) & (free_at[a] <= tick)
        idle = (self.talk_of[b] < 0) & (free_at[b] <= tick)
        talks = np.flatnonzero(ready & ~idle & self.talking[b])
        if len(talks):
            idle[talks] = [self.talks[ident].open for ident in self.talk_of[b[talks]].tolist()]
        ready &= idle
        rest = PAIR_REST_S * self._rate / talkativeness
        ready[ready] = self._minds.relations.talked_at[a[ready], b[ready]] + rest <= tick
        return ready

    def turns(self, tick: int) -> list[tuple[Move, float, float]]:
        """The turns being spoken at a tick, each with the seconds since it began and until its floor ends."""
        spoken_now = []
        for talk in self.talks.values():
            if talk.speaking is not None:
                began = talk.floor_end - floor_ticks(talk.speaking.act, self._rate)
                spoken_now.append((talk.speaking, (tick - began) / self._rate, (talk.floor_end - tick) / self._rate))
        return spoken_now

    def turn_to(self, a: int, b: int, bodies: Bodies, view: WorldView, now: Moment) -> Outcome:
        """Villager a turns to b: walks up to it, or to the group in which it stands; indoors they are there already."""
        out = Outcome()
        ident = int(self.talk_of[b])
        if self.talk_of[a] >= 0 or (ident >= 0 and not self.talks[ident].open):
            return out
        if ident < 0:
            self._meet(a, b, bodies, view, now, out)
        elif self.talks[ident].room >= 0:
            self._come_in(ident, self.talks[ident], a, bodies, now, out)
        else:
            talk = self.talks[ident]
            spots = [(float(bodies.x[m]), float(bodies.y[m])) for m in talk.thread.members]
            spot = free_place(talk.middle, spots + [(c.x, c.y) for c in talk.coming], a, bodies, view)
            if spot is not None:
                talk.coming.append(Comer(a, now.tick, *spot))
                self.talk_of[a] = ident
                _walk_up(a, b, spot, bodies)
                if talk.wake > now.tick:  # what is due at this very tick is still to be done
                    self._set_wake(talk, now.tick)
        return out

    def step(self, bodies: Bodies, view: WorldView, now: Moment, words: Sequence[Wording]) -> Outcome:
        """Advance every conversation by one tick."""
        out = Outcome()
        if words:
            self._take(words, now.tick)
        for ident in sorted(set(self._calendar.pop(now.tick, ()))):
            talk = self.talks.get(ident)
            if talk is None or talk.wake != now.tick:
                continue
            if talk.coming:
                self._look_up(ident, talk, bodies, view, now, out)
            if talk.begun and ident in self.talks:
                self._take_turns(ident, talk, bodies, view, now, out)
            if ident in self.talks:
                self._set_wake(talk, now.tick)
        return out

    def _take(self, words: Iterable[Wording], tick: int) -> None:
        """Keep the words that came for those who still wait for them."""
        for wording in words:
            talk = self.talks.get(int(self.talk_of[wording.key[0]]))
            if talk is None or talk.planned is None or talk.plan_key != wording.key:
                continue  # who has turned away is past hearing
            self._words[wording.key] = wording
            if talk.speaking is None and talk.due <= tick:
                self._wake(talk, tick)

    def _wake(self, talk: Talk, tick: int) -> None:
        if talk.wake != tick:
            talk.wake = tick
            self._calendar.setdefault(tick, []).append(talk.thread.conversation)

    def _set_wake(self, talk: Talk, tick: int) -> None:
        """When there is next something to do for a talk."""
        if not talk.begun:
            wake = tick + self._ticks(LOOK_UP_S)
        else:
            wake = FAR
            if talk.speaking is not None:
                wake = talk.floor_end
            elif talk.planned is not None:
                worded = talk.plan_key in self._words
                wake = talk.due if worded or tick < talk.due else talk.due + self._ticks(SILENCE_S)
            if talk.coming:
                wake = min(wake, tick + self._ticks(LOOK_UP_S))
        self._wake(talk, max(wake, tick + 1))

    def _meet(self, a: int, b: int, bodies: Bodies, view: WorldView, now: Moment, out: Outcome) -> None:
        """The first two of a new talk: b stops and faces a, who walks up and finds its greeting on the way."""
        self._next_id += 1
        ident = self._next_id
        talk = Talk(Thread(ident, [a, b], LEAST_TOPICS), now.tick, joined=[0, 0])
        talk.thread.wanted_topics = topics_wanted(Scene(self._minds, now, talk.thread, self.said))
        self.talks[ident] = talk
        self.talk_of[[a, b]] = ident
        bodies.look_at[a], bodies.look_at[b] = b, a
        think = self._ticks(stream(self._minds.seed, "think", ident).uniform(*THINK_S))
        talk.place = place_at(self._minds.places, float(bodies.x[b]), float(bodies.y[b]))
        if bodies.indoors[a]:
            talk.room = talk.place = int(bodies.place[a])
            self._begin(ident, talk, bodies, out)
            self._plan(ident, talk, now.tick + think, bodies, view, now, out)
        else:
            dx, dy = float(bodies.x[a] - bodies.x[b]), float(bodies.y[a] - bodies.y[b])
            away = max(float(np.hypot(dx, dy)), 1e-6)
            share = min(1.0, TALK_DISTANCE_M / away)
            spot = float(bodies.x[b]) + dx * share, float(bodies.y[b]) + dy * share
            bodies.halt(b)
            bodies.activity[b] = Activity.STAND
            bodies.face(b, float(bodies.x[a]), float(bodies.y[a]))
            talk.coming.append(Comer(a, now.tick, *spot))
            _walk_up(a, b, spot, bodies)
            walk_s = max(0.0, away - TALK_DISTANCE_M) / (WALK_SHARE * float(bodies.walk_speed[a]))
            self._plan(ident, talk, now.tick + self._ticks(walk_s) + think, bodies, view, now, out)
        self._set_wake(talk, now.tick)

    def _look_up(self, ident: int, talk: Talk, bodies: Bodies, view: WorldView, now: Moment, out: Outcome) -> None:
        """See whether those who walk up have come; who has not in time turns away."""
        for comer in list(talk.coming):
            row = comer.row
            left = float(np.hypot(bodies.x[row] - comer.x, bodies.y[row] - comer.y))
            late = now.tick - comer.since > APPROACH_S * self._rate
            if left <= NEAR_M or (not bodies.moving[row] and left <= 2 * NEAR_M):
                talk.coming.remove(comer)
                bodies.halt(row)
                if not talk.begun:
                    self._begin(ident, talk, bodies, out)
                elif talk.thread.ending:
                    self._release(row, bodies, now, out)
                else:
                    self._come_in(ident, talk, row, bodies, now, out)
            elif late and talk.begun:
                talk.coming.remove(comer)
                self._release(row, bodies, now, out)
            elif late:
                self._part(ident, talk, bodies, now, "not reached", out)
            elif not talk.begun:
                host = talk.thread.members[1]
                bodies.face(host, float(bodies.x[row]), float(bodies.y[row]))

    def _begin(self, ident: int, talk: Talk, bodies: Bodies, out: Outcome) -> None:
        """The first two stand face to face."""
        a, b = talk.thread.members
        talk.begun = True
        talk.coming = []
        talk.middle = float(bodies.x[a] + bodies.x[b]) / 2, float(bodies.y[a] + bodies.y[b]) / 2
        for row, other in ((a, b), (b, a)):
            self._settle(talk, row, bodies)
            bodies.look_at[row] = other
        out.events.append(("conversation_starts", {"conversation": ident, "villagers": [a, b]}))

    def _come_in(self, ident: int, talk: Talk, row: int, bodies: Bodies, now: Moment, out: Outcome) -> None:
        """One more belongs to the group, and greets when the floor is next free."""
        thread = talk.thread
        thread.members.append(row)
        thread.newcomers.append(row)
        thread.wanted_topics += TOPICS_BROUGHT
        talk.joined.append(thread.turns)
        self.talk_of[row] = thread.conversation
        self._settle(talk, row, bodies)
        speaker = talk.speaking.speaker if talk.speaking is not None else thread.members[0]
        bodies.look_at[row] = speaker
        out.events.append(
            ("conversation_joined", {"conversation": ident, "villager": row, "villagers": list(thread.members)})
        )

    def _settle(self, talk: Talk, row: int, bodies: Bodies) -> None:
        """Stand (or stay seated indoors) turned to the middle, and listen."""
        self.talking[row] = True
        bodies.activity[row] = Activity.LISTEN
        if talk.room < 0:
            bodies.halt(row)
            bodies.face(row, *talk.middle)

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
        """Decide the next turn and ask for its words, early enough that finding them costs no time.

        A turn is decided when the one before it begins, the greeting on the way up. Not earlier: what is said next
        follows from what was said last, and who takes the floor from who has come, left, or must go meanwhile.
        """
        thread = talk.thread
        self._press(talk, bodies, now)
        scene = Scene(self._minds, now, thread, self.said)
        move = next_move(scene)
        talk.planned, talk.due = move, due
        if move is None:
            return
        thread.record(move)
        if not move.second or move.after == Act.ACKNOWLEDGE:  # what is asked back has been asked, too
            about = move.fact.id if move.fact is not None else move.subject
            self.said.note(move.speaker, now.tick, move.act, move.topic, move.listener, about)
        self._minds.knowledge.bring_up(move.speaker, move.fact)
        others = tuple(m for m in thread.staying() if m not in (move.speaker, move.listener))
        plan = plan_of(move, self._minds, now, view, talk.place, self.lines, ident, due, others)
        talk.plan_key = plan.key
        out.plans.append(plan)

    def _press(self, talk: Talk, bodies: Bodies, now: Moment) -> None:
        """Who must go: out of a storm, for an urgent need, for a promise that is due, or because it is enough."""
        thread, minds = talk.thread, self._minds
        staying = thread.staying()
        if now.tick - talk.started > LONGEST_S * self._rate or (talk.room < 0 and now.weather.rain_mm_h > STORM_MM_H):
            thread.pressed = staying
            return
        needs = minds.needs
        thread.pressed = []
        for row, since in zip(thread.members, talk.joined, strict=True):
            urgent = max(needs.hunger[row] * (talk.room < 0), needs.fatigue[row], needs.cold[row]) > URGENT
            due = minds.promises.call_away(row, now, bodies, minds.places)
            few, many = STAY_TURNS
            enough = len(staying) > 2 and thread.turns - since > few + (many - few) * minds.personas[row].extraversion
            if row in staying and (urgent or due or enough):
                thread.pressed.append(row)

    def _speak(
        self, ident: int, talk: Talk, wording: Wording, bodies: Bodies, view: WorldView, now: Moment, out: Outcome
    ) -> None:
        move = talk.planned
        if move is None:
            raise RuntimeError(f"conversation {ident} speaks without a decided turn")
        talk.speaking, talk.planned = move, None
        talk.floor_end = now.tick + floor_ticks(move.act, self._rate)
        bodies.speaking[move.speaker] = True
        for row in talk.thread.members:
            bodies.activity[row] = Activity.TALK if row == move.speaker else Activity.LISTEN
            bodies.look_at[row] = move.listener if row == move.speaker else move.speaker
        line = spoken(move, wording, self._minds, now, view, bodies, ident, self._rate, talk.thread.members)
        talk.heard_by = [*line.listeners, *line.overhearers]
        out.spoken.append(line)
        before = stance(self._minds, move.speaker, move.listener)
        to = {"conversation": ident, "villager": move.speaker, "listener": move.listener, "act": str(move.act)}
        if move.proposal is not None:
            to["proposal"] = asdict(move.proposal)
        out.events.append(("addresses", to | before))
        self.lines.add(ident, move.speaker, self._minds.personas[move.speaker].name, wording.text)
        pause = stream(self._minds.seed, "pause", ident, talk.thread.turns).uniform(*PAUSE_S)
        self._plan(ident, talk, talk.floor_end + self._ticks(pause), bodies, view, now, out)

    def _yield_floor(self, ident: int, talk: Talk, bodies: Bodies, now: Moment, out: Outcome) -> None:
        """The turn is over: those who heard it are moved by it, and the next speaker turns to whom it will address."""
        move, thread = talk.speaking, talk.thread
        if move is None:
            return
        talk.speaking = None
        bodies.speaking[move.speaker] = False
        bodies.activity[move.speaker] = Activity.LISTEN
        present = [m for m in thread.members if m in talk.heard_by]
        aside = [r for r in talk.heard_by if r not in thread.members and not self.talking[r]]
        scene = Scene(self._minds, now, thread, self.said)
        reply = talk.planned
        doubted = reply is not None and reply.act == Act.DOUBT and reply.after == move.act
        for one in absorb(scene, move, present, aside, talk.place, doubted=doubted):
            out.events.append(_learning(one, move.speaker, ident))
        if move.listener in present:
            after = stance(self._minds, move.listener, move.speaker)
            data = {"conversation": ident, "villager": move.speaker, "listener": move.listener}
            out.events.append(("heard", data | after))
        if move.act == Act.CLOSE and move.second and move.listener in thread.leaving:
            self._leave(ident, talk, move.listener, bodies, now, out)
        if reply is not None and talk.room < 0:
            bodies.face(reply.speaker, float(bodies.x[reply.listener]), float(bodies.y[reply.listener]))

    def _leave(self, ident: int, talk: Talk, row: int, bodies: Bodies, now: Moment, out: Outcome) -> None:
        """One who has said goodbye goes; the others talk on."""
        thread = talk.thread
        thread.leaving.remove(row)
        talk.joined.pop(thread.members.index(row))
        thread.members.remove(row)
        out.events.append(
            ("conversation_left", {"conversation": ident, "villager": row, "villagers": list(thread.members)})
        )
        self._release(row, bodies, now, out)
        for other in thread.members:
            self._minds.relations.met(row, other, now.tick)

    def _part(self, ident: int, talk: Talk, bodies: Bodies, now: Moment, reason: str, out: Outcome) -> None:
        """Everybody goes."""
        rows = list(talk.thread.members)
        for row, other in combinations(rows, 2) if talk.begun else ():  # who never came up has not talked
            self._minds.relations.met(row, other, now.tick)
        for row in dict.fromkeys([*rows, *(comer.row for comer in talk.coming)]):
            self._release(row, bodies, now, out)
        if talk.begun:
            ended = {"conversation": ident, "villagers": rows, "reason": reason, "turns": talk.thread.turns}
            out.events.append(("conversation_ends", ended))
        self.lines.forget(ident)
        self._words.pop(talk.plan_key, None)
        del self.talks[ident]

    def _release(self, row: int, bodies: Bodies, now: Moment, out: Outcome) -> None:
        self.parted_at[row] = now.tick
        varied = stream(self._minds.seed, "rest", now.tick, row).uniform(*REST_VARIES)
        self.rest[row] = self._usual_rest[row] * varied
        self.talk_of[row] = -1
        self.talking[row] = False
        bodies.look_at[row] = -1
        bodies.speaking[row] = False
        out.parted.append(row)

    def _ticks(self, seconds: float) -> int:
        return int(np.ceil(seconds * self._rate))

    def freeze(self) -> Plain:
        """Every conversation under way, the words that came and wait, and what was raised lately."""
        return taken(self, ("talk_of", "parted_at", "rest", "_next_id")) | {
            "talks": [plain(talk) for talk in self.talks.values()],
            "words": [plain(wording) for wording in self._words.values()],
            "said": self.said.freeze(),
            "lines": self.lines.freeze(),
            "calendar": [[tick, *talks] for tick, talks in self._calendar.items()],
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("talk_of", "parted_at", "rest", "_next_id"), state)
        talks = typed(part(state, "talks"), list[Talk], "talks")
        self.talks = {talk.thread.conversation: talk for talk in talks}
        self._words = {word.key: word for word in typed(part(state, "words"), list[Wording], "words")}
        self.said.thaw(part(state, "said"))
        self.lines.thaw(part(state, "lines"))
        self.talking[:] = False
        for talk in talks:
            self.talking[talk.thread.members] = talk.begun
        calendar = typed(part(state, "calendar"), list[list[int]], "calendar")
        self._calendar = {tick: idents for tick, *idents in calendar}

    def columns(self) -> Mapping[str, NDArray[np.generic]]:
        """Everything about talk that the future depends on, as arrays: no texts."""
        talks = np.array([_row(i, t) for i, t in self.talks.items()], np.int64).reshape(-1, TALK_COLUMNS)
        waiting = np.array(sorted(self._words), np.int64).reshape(-1, 3)  # whether words have come, not which
        return {
            "talk_of": self.talk_of,
            "parted_at": self.parted_at,
            "rest": self.rest,
            "talks": talks,
            "waiting": waiting,
            "said": self.said.digest,
        }


def _walk_up(row: int, to: int, spot: tuple[float, float], bodies: Bodies) -> None:
    bodies.goal_x[row], bodies.goal_y[row] = spot
    bodies.moving[row] = True
    bodies.activity[row] = Activity.WALK
    bodies.place[row] = -1  # the way leads to a person now, not to a place
    bodies.look_at[row] = to


def _learning(one: Learned, speaker: int, ident: int) -> tuple[str, dict[str, Any]]:
    fact = one.fact
    data = {"villager": one.row, "from": speaker, "fact": fact.id, "kind": fact.kind, "conversation": ident}
    if one.how == "found out":
        return "lie_found_out", data
    return "learns", data | {"how": one.how, "root": fact.root, "hops": fact.hops, "confidence": fact.confidence}


def _row(ident: int, talk: Talk) -> list[int]:
    t = talk.thread
    spent = sum(1 << TOPICS.index(topic) for topic in t.spent)
    course = int(t.ending) + 2 * int(t.asked_back)
    progress = [t.turns, t.wanted_topics, spent, course, talk.due, talk.floor_end, talk.wake]
    heard_by = mixed(0, *talk.heard_by) >> 1
    return [
        *(ident, talk.started, talk.room, int(talk.begun)),
        *progress,
        heard_by,
        *_padded(t.members),
        *_padded(t.parted),
        *_padded(t.leaving),
        *_padded(t.in_need),
        *_padded(t.at_ease),
        *_padded([comer.row for comer in talk.coming]),
        *_coded(talk.speaking),
        *_coded(talk.planned),
    ]


def _padded(rows: Sequence[int]) -> list[int]:
    return [*rows, *[-1] * (MOST_MEMBERS - len(rows))]


def _coded(move: Move | None) -> list[int]:
    if move is None:
        return [-1, -1, -1, -1]
    fact = move.fact.id if move.fact is not None else -1
    kind = ACTS.index(move.act) * len(Topic) + TOPICS.index(move.topic)
    return [move.speaker, move.listener, kind, fact * 4096 + move.subject]
