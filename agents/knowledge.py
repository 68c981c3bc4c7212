"""What each villager knows: typed facts with provenance, from witnesses to those who were told."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agents.acts import Fact, Persona, Topic
from agents.memory import mixed
from world.streams import stream
from world.view import Place

CAPACITY = 64  # facts per villager; the oldest sightings and weather go first, news last

VALENCE = {
    "lost_sheep": -1,
    "traveller_at_inn": 1,
    "mill_wheel_cracked": -1,
    "apples_ripe": 1,
    "fox_in_barn": -1,
    "wedding_planned": 1,
}
"""Whether a piece of news is good or bad for those who hear it; kinds that are not here are neither."""

FACT_KINDS: dict[Topic, tuple[str, ...]] = {
    Topic.NEWS: tuple(VALENCE),
    Topic.WEATHER: ("rain_coming", "rain_started", "rain_stopped", "snow_started"),
    Topic.PERSON: ("saw_person", "opinion_of_person"),
    Topic.WORK: ("work_state",),  # details: state = well | behind | done
    Topic.WELLBEING: ("wellbeing",),  # details: state = well | tired | cold | hungry | lonely
}
"""Every kind of fact that villagers can know, by topic."""


@dataclass(frozen=True)
class Telling:
    """One passing on of a fact: the ledger that provenance is checked against."""

    fact: int
    teller: int
    listener: int
    tick: int


class Knowledge:
    """Facts held by each villager. The same fact keeps its id in every head; source and teller differ."""

    def __init__(self, villagers: int) -> None:
        self.held: list[dict[int, Fact]] = [{} for _ in range(villagers)]
        self.tellings: list[Telling] = []
        self.witnesses: dict[int, list[int]] = {}  # fact id -> rows that know it at first hand
        self.digest: NDArray[np.uint64] = np.zeros(villagers, np.uint64)
        self._shared: set[tuple[int, int, int]] = set()  # (fact, one, other): both know that the other knows
        self._ever_knew: list[set[int]] = [set() for _ in range(villagers)]
        self._next_id = 0

    def new(
        self,
        topic: Topic,
        kind: str,
        day: int,
        minute: int,
        *,
        subject: int = -1,
        place: int = -1,
        source: str = "seen",
        **details: Any,
    ) -> Fact:
        """A fact with a fresh id, not yet known to anybody."""
        self._next_id += 1
        return Fact(self._next_id, topic, kind, subject, place, day, minute, details, source)

    def witness(self, row: int, fact: Fact) -> None:
        """Somebody comes to know a fact at first hand: seen, inferred or own."""
        self._hold(row, fact)
        self.witnesses.setdefault(fact.id, []).append(row)

    def told(self, teller: int, listener: int, fact: Fact, tick: int) -> bool:
        """Pass a fact on; True when it is new to the listener. Raises KeyError if the teller never knew it."""
        if fact.id not in self._ever_knew[teller]:
            raise KeyError(f"villager {teller} cannot tell fact {fact.id} ({fact.kind}): unknown to that villager")
        self._shared.add((fact.id, min(teller, listener), max(teller, listener)))
        self.tellings.append(Telling(fact.id, teller, listener, tick))
        for row in (teller, listener):  # what is shared is not told again, so it is state even where nobody learns
            self.digest[row] = mixed(int(self.digest[row]), fact.id, teller, listener, tick)
        if fact.id in self.held[listener]:
            return False
        self._hold(listener, replace(fact, source="told", told_by=teller))
        return True

    def replace_own(self, row: int, fact: Fact) -> None:
        """Witness a fact that supersedes earlier first-hand facts of the same kind about the same subject."""
        mine = self.held[row]
        for old in [f.id for f in mine.values() if (f.kind, f.subject) == (fact.kind, fact.subject) and f.told_by < 0]:
            del mine[old]
        self.witness(row, fact)

    def first_hand(self, row: int, kind: str, subject: int) -> Fact | None:
        """The latest fact of a kind about a subject that a villager knows at first hand."""
        fits = [f for f in self.held[row].values() if (f.kind, f.subject) == (kind, subject) and f.told_by < 0]
        return max(fits, key=lambda f: (f.day, f.minute, f.id)) if fits else None

    def tellable(self, row: int, listener: int, topic: Topic) -> list[Fact]:
        """Facts of a topic that this villager may still tell that listener: not shared before, newest first."""
        one, other = min(row, listener), max(row, listener)
        fresh = [
            f
            for f in self.held[row].values()
            if f.topic == topic and listener not in (f.subject, f.told_by) and (f.id, one, other) not in self._shared
        ]
        return sorted(fresh, key=lambda f: (-f.day, -f.minute, f.id))

    def _hold(self, row: int, fact: Fact) -> None:
        mine = self.held[row]
        if len(mine) >= CAPACITY and fact.id not in mine:
            faintest = min(mine.values(), key=lambda f: (f.topic == Topic.NEWS, f.day, f.minute, f.id))
            del mine[faintest.id]
        mine[fact.id] = fact
        self._ever_knew[row].add(fact.id)
        details = crc32(json.dumps([fact.kind, fact.source, fact.details], sort_keys=True).encode())
        folded = (fact.id, fact.subject, fact.place, fact.day, fact.minute, fact.told_by, details)
        self.digest[row] = mixed(int(self.digest[row]), *folded)


def seed_news(
    knowledge: Knowledge, seed: int, personas: Sequence[Persona], places: Sequence[Place], minute: int
) -> list[Fact]:
    """Three to six things that happened in the last hours, each known to one to three witnesses.

    `minute` is the minute of the day at which the scenario starts. Who is the subject of news knows it too. Kinds whose
    place does not exist in this world did not happen.
    """
    rng = stream(seed, "news")
    table = tomllib.loads(files("assets").joinpath("names", "news.toml").read_text(encoding="utf-8"))["news"]
    possible = [(item, [p.id for p in places if p.kind in item["kinds"]]) for item in table]
    possible = [(item, spots) for item, spots in possible if spots]
    order = rng.permutation(len(possible))[: int(rng.integers(3, 7))]
    facts = []
    for item, spots in (possible[i] for i in order):
        grown = [p.row for p in personas if 20 <= p.age <= 60] or [0]
        subject = int(rng.choice(grown)) if item.get("about") else -1
        then = minute - int(rng.integers(30, 10 * 60))
        place = spots[int(rng.integers(len(spots)))]
        what = str(item["what"][int(rng.integers(len(item["what"])))])
        fact = knowledge.new(
            Topic.NEWS, item["kind"], then // 1440, then % 1440, subject=subject, place=place, what=what
        )
        count = min(len(personas), int(rng.integers(1, 4)))
        near = [p.row for p in personas if place in (p.workplace, p.home)][:2]
        witnesses = dict.fromkeys([*near, *(int(r) for r in rng.choice(len(personas), count, replace=False))])
        for row in [*witnesses][:3]:
            knowledge.witness(row, fact)
        if subject >= 0 and subject not in [*witnesses][:3]:
            knowledge.witness(subject, replace(fact, source="own"))
        facts.append(fact)
    return facts
