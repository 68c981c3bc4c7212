"""What each villager knows: typed facts with provenance, from witnesses to those who were told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from struct import Struct
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agents.acts import Fact, Topic
from agents.distortion import distorted
from agents.kinds import FACT_KINDS, PASSING, VALENCE, contents_from
from agents.memory import mixed
from agents.provenance import NOTHING, Step, Tellings, flat, grouped
from world.state import Plain, check_rows, column, columns_of, part, put_back, rows_of, taken
from world.streams import stream
from world.view import Place

__all__ = ["CAPACITY", "FACT_KINDS", "VALENCE", "Knowledge", "learning"]

CAPACITY = 64  # facts per villager; the oldest sightings and weather go first, news and deeds last
HEARSAY_HALF_LIFE_H = 7 * 24.0  # in which what one was told becomes half as sure; judgement
FIRST_HAND_HALF_LIFE_H = 30 * 24.0
SUREST = 0.98  # of hearsay, however many say so
BELIEVED = 0.25  # of what one is less sure than this by now, one does not speak; judgement
CONTRADICTS_MIN = 60  # two first-hand accounts within this time that differ cannot both be true; judgement

HELD = np.dtype(
    [
        ("id", "<i4"),
        ("content", "<i4"),  # number of its kind, source and details among all that there were
        ("subject", "<i2"),
        ("object", "<i2"),
        ("place", "<i2"),
        ("told_by", "<i2"),
        ("day", "<i4"),
        ("minute", "<i2"),
        ("hops", "<i2"),
        ("root", "<i4"),
        ("confidence", "<f8"),
        ("since", "<f8"),  # minutes since the midnight before the start at which that confidence was right
    ]
)
"""A fact as it lies in one head; packed when it comes there, so that taking the state of a village costs little."""

_PACKED = Struct("<iihhhhihhidd")
_TEXT = json.JSONEncoder(sort_keys=True).encode


class Knowledge:
    """Facts held by each villager. The same fact keeps its id in every head; source, teller and confidence differ.

    A fact of which nobody thinks any more is forgotten whole: who had witnessed it, told it, and shared it.
    """

    def __init__(
        self,
        villagers: int,
        *,
        seed: int = 0,
        tick_rate: int = 16,
        start_minute: float = 0.0,
        places: Sequence[Place] = (),
        keeps: bool = True,
    ) -> None:
        """`start_minute` is the minute of the day of tick 0; without `keeps` nobody learns anything from others."""
        self.held: list[dict[int, Fact]] = [{} for _ in range(villagers)]
        self.witnesses: dict[int, list[int]] = {}  # fact id -> rows that know it at first hand
        self.makers: dict[int, tuple[int, str]] = {}  # fact id -> who made it up, and whether lied or as a rumour
        self.tellings = Tellings()
        self.digest: NDArray[np.uint64] = np.zeros(villagers, np.uint64)
        self.brought_up: NDArray[np.int64] = np.full(villagers, NOTHING)  # fact of one's last turn in a talk
        self.keeps = keeps
        self._seed = seed
        self._ticks_per_min = 60.0 * tick_rate
        self._start_minute = start_minute
        self._places = places
        self._shared: dict[int, dict[int, None]] = {}  # fact id -> pairs who both know that the other knows
        self._thinkers: dict[int, int] = {}  # fact id -> heads and tongues that it is in, and copies made of it
        self._since: list[dict[int, float]] = [{} for _ in range(villagers)]
        self._packed: list[dict[int, bytes]] = [{} for _ in range(villagers)]  # the same as held
        self._contents: dict[str, int] = {}  # kind, source and details as JSON -> number
        self._next_id = NOTHING

    def new(
        self,
        topic: Topic,
        kind: str,
        day: int,
        minute: int,
        *,
        subject: int = -1,
        object: int = -1,
        place: int = -1,
        source: str = "seen",
        confidence: float = 1.0,
        **details: Any,
    ) -> Fact:
        """A fact with a fresh id, not yet known to anybody."""
        self._next_id += 1
        return Fact(
            self._next_id,
            topic,
            kind,
            subject,
            place,
            day,
            minute,
            details,
            source,
            object=object,
            confidence=confidence,
        )

    def witness(self, row: int, fact: Fact) -> None:
        """Somebody comes to know a fact at first hand: seen, inferred or own."""
        self._hold(row, fact, fact.day * 1440 + fact.minute)
        self.witnesses.setdefault(fact.id, []).append(row)

    def make_up(self, row: int, fact: Fact) -> None:
        """Somebody holds a fact that nobody has witnessed: a lie of its own, or a rumour planted from outside."""
        self._hold(row, fact, fact.day * 1440 + fact.minute)
        self.makers[fact.id] = row, fact.source

    def lie(
        self,
        row: int,
        topic: Topic,
        kind: str,
        day: int,
        minute: int,
        *,
        subject: int = -1,
        object: int = -1,
        place: int = -1,
        **details: Any,
    ) -> Fact:
        """A fact that a villager makes up to tell it; that it is untrue is known to nobody else."""
        fact = self.new(topic, kind, day, minute, subject=subject, object=object, place=place, source="lied", **details)
        self.make_up(row, fact)
        return fact

    def found_out(self, row: int, fact: Fact) -> bool:
        """Whether a villager who hears a lie knows better at first hand.

        That is who is said to have done it or to whom it is said to have been done, and who has seen otherwise within
        the hour. Whoever errs in good faith is not taken for a liar.
        """
        maker, source = self.makers.get(self.original(fact.id), (-1, ""))
        if source != "lied" or maker == row:
            return False
        if row in (fact.subject, fact.object):
            return True
        at = fact.day * 1440 + fact.minute
        return any(
            f.told_by < 0
            and (f.kind, f.subject, f.object) == (fact.kind, fact.subject, fact.object)
            and abs(f.day * 1440 + f.minute - at) <= CONTRADICTS_MIN
            and (f.place, f.details) != (fact.place, fact.details)
            for f in self.held[row].values()
        )

    def bring_up(self, row: int, fact: Fact | None) -> None:
        """A villager's next turn will be about this fact: it stays with that villager until the turn after, at least.

        Between deciding a turn and the end of its words seconds pass, in which new sightings may displace the fact.
        """
        before = int(self.brought_up[row])
        self.brought_up[row] = fact.id if fact is not None else NOTHING
        if fact is not None:
            self._thinkers[fact.id] = self._thinkers.get(fact.id, 0) + 1
        if before != NOTHING:
            self._let_go(before)

    def tell(
        self, teller: int, listener: int, fact: Fact, tick: int, *, belief: float = 1.0, overheard: bool = False
    ) -> Fact | None:
        """Pass a fact on: what the listener now holds, or None where it is nothing new to the listener.

        The listener is as sure as the teller was, times `belief` (0..1); sometimes it takes the fact up otherwise than
        it was told, as a copy with an id of its own. Hearing again from another mouth what one was told makes surer.

        Raises:
            KeyError: the teller does not know it.
        """
        if fact.id not in self.held[teller] and fact.id != self.brought_up[teller]:
            raise KeyError(f"villager {teller} cannot tell fact {fact.id} ({fact.kind}): unknown to that villager")
        if not self.keeps:
            return None
        now = self._start_minute + tick / self._ticks_per_min
        if not overheard:
            self._shared.setdefault(fact.id, {})[_pair(teller, listener)] = None
        for row in (teller, listener):  # what is shared is not told again, so it is state even where nobody learns
            self.digest[row] = mixed(int(self.digest[row]), fact.id, teller, listener, tick, overheard)
        told = self.held[teller].get(fact.id, fact)
        sure = self._faded(told, self._since[teller].get(fact.id, now), now) * belief
        known = self._version(listener, fact.id)
        if known is not None:
            self._confirm(listener, known, teller, sure, now)
            return None
        source = "overheard" if overheard else "told"
        heard = replace(told, source=source, told_by=teller, hops=told.hops + 1, confidence=sure)
        changes = distorted(told, now, self._places, stream(self._seed, "distortion", tick, teller, listener))
        if changes:
            self._next_id += 1
            heard = replace(heard, id=self._next_id, root=fact.id, **changes)
            self._copy_of(heard.id, fact.id)
        self.tellings.note(heard.id, teller, listener, tick, overheard=overheard)
        self._hold(listener, heard, now)
        return heard

    def confidence(self, row: int, ident: int, tick: int) -> float:
        """How sure a villager is of a fact by now, 0..1; 0 if it does not know it."""
        fact = self.held[row].get(ident)
        if fact is None:
            return 0.0
        return self._faded(fact, self._since[row][ident], self._start_minute + tick / self._ticks_per_min)

    def original(self, ident: int) -> int:
        """The fact of which this one is a copy, or a copy of a copy; itself where nothing was distorted."""
        while (parent := self.tellings.parent.get(ident, NOTHING)) != NOTHING:
            ident = parent
        return ident

    def chain(self, row: int, ident: int) -> list[Step]:
        """How a fact came to a villager: telling by telling back to a witness, or to who made it up.

        Raises:
            KeyError: that villager never came to know it.
        """
        steps: list[Step] = []
        while True:
            if row in self.witnesses.get(ident, ()):
                held = self.held[row].get(ident)
                steps.append(Step(row, ident, held.source if held is not None and held.told_by < 0 else "seen"))
                return steps
            if self.makers.get(ident, (-1, ""))[0] == row:
                steps.append(Step(row, ident, self.makers[ident][1]))
                return steps
            first = self.tellings.first(ident, row)
            if first is None:
                raise KeyError(f"villager {row} never came to know fact {ident}")
            teller, tick, overheard = first
            steps.append(Step(row, ident, "overheard" if overheard else "told", teller, tick))
            if ident in self.tellings.parent and next(iter(self.tellings.told_to(ident))) == row:
                ident = self.tellings.parent[ident]  # this one took it up otherwise than it was told
            row = teller

    def replace_own(self, row: int, fact: Fact) -> None:
        """Witness a fact that supersedes earlier first-hand facts of the same kind about the same subject."""
        kind, subject = fact.kind, fact.subject
        mine = self.held[row].values()
        for old in [f.id for f in mine if f.subject == subject and f.kind == kind and f.told_by < 0]:
            self._forget(row, old)
        self.witness(row, fact)

    def first_hand(self, row: int, kind: str, subject: int) -> Fact | None:
        """The latest fact of a kind about a subject that a villager knows at first hand."""
        fits = [f for f in self.held[row].values() if f.subject == subject and f.kind == kind and f.told_by < 0]
        return max(fits, key=lambda f: (f.day, f.minute, f.id)) if fits else None

    def tellable(self, row: int, listener: int, topic: Topic, now: float) -> list[Fact]:
        """Facts of a topic that this villager may still tell that listener: not shared before, newest first.

        What it hardly believes any more is left out. `now` in minutes since the midnight before the start.
        """
        pair, since = _pair(row, listener), self._since[row]
        fresh = [
            f
            for f in self.held[row].values()
            if f.topic == topic
            and listener not in (f.subject, f.told_by)
            and pair not in self._shared.get(f.id, ())
            and self._faded(f, since[f.id], now) >= BELIEVED
        ]
        return sorted(fresh, key=lambda f: (-f.day, -f.minute, f.id))

    def shared_with(self, row: int, ident: int) -> int:
        """With how many a villager has spoken of a fact, telling it or being told."""
        return sum(row in (pair >> 16, pair & 0xFFFF) for pair in self._shared.get(ident, ()))

    def _version(self, row: int, ident: int) -> Fact | None:
        """What a villager holds of a fact: the fact itself, or a copy with the same original."""
        mine = self.held[row]
        if ident in mine or not self.tellings.parent:
            return mine.get(ident)
        original = self.original(ident)
        return next((f for f in mine.values() if self.original(f.id) == original), None)

    def _confirm(self, row: int, known: Fact, teller: int, sure: float, now: float) -> None:
        """Hearing it again from another mouth makes surer, as two chances add up."""
        if known.told_by < 0 or known.told_by == teller:
            return
        before = self._faded(known, self._since[row][known.id], now)
        self._hold(row, replace(known, confidence=min(SUREST, 1.0 - (1.0 - before) * (1.0 - sure))), now)

    @staticmethod
    def _faded(fact: Fact, since: float, now: float) -> float:
        half_life = FIRST_HAND_HALF_LIFE_H if fact.told_by < 0 else HEARSAY_HALF_LIFE_H
        return float(fact.confidence * 0.5 ** (max(0.0, now - since) / (60.0 * half_life)))

    def _copy_of(self, copy: int, fact: int) -> None:
        self.tellings.parent[copy] = fact
        self._thinkers[fact] = self._thinkers.get(fact, 0) + 1

    def _hold(self, row: int, fact: Fact, since: float) -> None:
        mine = self.held[row]
        if len(mine) >= CAPACITY and fact.id not in mine:
            self._forget(row, min(mine.values(), key=_lasting).id)
        if fact.id not in mine:
            self._thinkers[fact.id] = self._thinkers.get(fact.id, 0) + 1
        mine[fact.id] = fact
        self._since[row][fact.id] = float(since)
        text = _TEXT([fact.kind, fact.source, fact.details])
        content = self._contents.setdefault(text, len(self._contents))
        who = fact.subject, fact.object, fact.place, fact.told_by, fact.day, fact.minute, fact.hops, fact.root
        self._packed[row][fact.id] = _PACKED.pack(fact.id, content, *who, fact.confidence, since)
        sure = round(1e6 * fact.confidence), round(1e3 * since)
        self.digest[row] = mixed(int(self.digest[row]), fact.id, *who, *sure, crc32(text.encode()))

    def _forget(self, row: int, fact: int) -> None:
        del self.held[row][fact], self._packed[row][fact], self._since[row][fact]
        self._let_go(fact)

    def _let_go(self, fact: int) -> None:
        self._thinkers[fact] -= 1
        if self._thinkers[fact] == 0:
            del self._thinkers[fact]
            self.witnesses.pop(fact, None)
            self.makers.pop(fact, None)
            self._shared.pop(fact, None)
            original = self.tellings.forget(fact)
            if original != NOTHING:
                self._let_go(original)

    def freeze(self) -> Plain:
        """What is in every head, and of the facts there who witnessed, made up, told and shared them."""
        packed = b"".join(chain.from_iterable(facts.values() for facts in self._packed))
        return taken(self, ("digest", "brought_up", "_next_id")) | {
            "count": np.array([len(facts) for facts in self.held], np.int64),
            "facts": columns_of(np.frombuffer(packed, HELD)),
            "contents": list(self._contents),
            "witnesses": flat(self.witnesses),
            "makers": flat({fact: (row,) for fact, (row, _) in self.makers.items()}),
            "made_up": [source for _, source in self.makers.values()],
            "tellings": self.tellings.freeze(),
            "shared": flat(self._shared),
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("digest", "brought_up", "_next_id"), state)
        villagers = len(self.held)
        count = column(part(state, "count"), "count", np.dtype(np.int64))
        facts = rows_of(part(state, "facts"), HELD)
        contents = contents_from(part(state, "contents"))
        if count.shape != (villagers,) or (count < 0).any() or count.sum() != len(facts):
            raise ValueError(f"the state counts {count.sum()} facts of {len(count)} villagers and holds {len(facts)}")
        check_rows("contents", len(contents), facts["content"])
        self._contents = {text: number for number, text in enumerate(state["contents"])}
        self.held, self._packed = [{} for _ in range(villagers)], [{} for _ in range(villagers)]
        self._since = [{} for _ in range(villagers)]
        for row, fact in zip(np.repeat(np.arange(villagers), count).tolist(), facts.tolist(), strict=True):
            self._put(row, fact, contents)
        self.witnesses = {f: list(rows) for f, rows in grouped(part(state, "witnesses"), "witnesses").items()}
        makers, sources = grouped(part(state, "makers"), "makers"), part(state, "made_up")
        if len(makers) != len(sources):
            raise ValueError("the state's 'made_up' does not fit its 'makers'")
        self.makers = {f: (rows[0], str(s)) for (f, rows), s in zip(makers.items(), sources, strict=True)}
        self.tellings.thaw(part(state, "tellings"))
        self._shared = {f: dict.fromkeys(pairs) for f, pairs in grouped(part(state, "shared"), "shared").items()}
        tongues = (f for f in self.brought_up.tolist() if f != NOTHING)
        self._thinkers = {}
        for ident in chain(chain.from_iterable(self.held), tongues, self.tellings.parent.values()):
            self._thinkers[ident] = self._thinkers.get(ident, 0) + 1

    def _put(self, row: int, packed: tuple[Any, ...], contents: Sequence[tuple[Any, ...]]) -> None:
        ident, content, subject, object_, place, told_by, day, minute, hops, root, confidence, since = packed
        topic, kind, source, details = contents[content]
        self.held[row][ident] = Fact(
            ident, topic, kind, subject, place, day, minute, details, source, told_by, object_, confidence, root, hops
        )
        self._packed[row][ident] = _PACKED.pack(*packed)
        self._since[row][ident] = since


def _lasting(fact: Fact) -> tuple[bool, int, int, int]:
    """The order in which facts are forgotten: passing things first, older before newer."""
    return fact.topic != Topic.WEATHER and fact.kind not in PASSING, fact.day, fact.minute, fact.id


def learning(row: int, fact: Fact) -> dict[str, Any]:
    """That a villager has learned a fact, as it is held now, as plain values: the data of the event `learns`."""
    telling = {"root": fact.root, "hops": fact.hops, "confidence": fact.confidence, "how": fact.source}
    return {"villager": row, "from": fact.told_by, "fact": fact.id, "kind": fact.kind} | telling


def _pair(one: int, other: int) -> int:
    return min(one, other) << 16 | max(one, other)
