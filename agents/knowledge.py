"""What each villager knows: typed facts with provenance, from witnesses to those who were told."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import chain, repeat
from struct import Struct
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agents.acts import Fact, Persona, Topic
from agents.memory import mixed
from world.state import Plain, check_rows, column, columns_of, part, put_back, rows_of, taken
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
    "storm_started": -1,
    "place_flooded": -1,
    "promise_kept": 1,
    "promise_broken": -1,
    "helped": 1,
    "quarrelled": -1,
    "lied": -1,
    "needs_help": -1,
    "gathering": 1,
}
"""Whether a piece of news is good or bad for those who hear it; kinds that are not here are neither."""

FACT_KINDS: dict[Topic, tuple[str, ...]] = {
    Topic.NEWS: (
        "lost_sheep",
        "traveller_at_inn",
        "mill_wheel_cracked",
        "apples_ripe",
        "fox_in_barn",
        "wedding_planned",
        "stands_for_reeve",  # the subject wants to become reeve
    ),
    Topic.WEATHER: ("rain_coming", "rain_started", "rain_stopped", "snow_started", "storm_started", "place_flooded"),
    Topic.PERSON: (
        "saw_person",
        "opinion_of_person",  # details: likes
        "promise_kept",  # subject: who had promised; object: to whom; details: what
        "promise_broken",
        "helped",  # the subject helped the object; details: what
        "quarrelled",  # the subject quarrelled with the object
        "lied",  # the subject lied to the object
    ),
    Topic.WORK: ("work_state",),  # details: state = well | behind | done
    Topic.WELLBEING: ("wellbeing",),  # details: state = well | tired | cold | hungry | lonely
    Topic.FAVOUR: ("needs_help",),  # the subject needs help at the place; details: what = "mend the fence"
    Topic.GATHERING: ("gathering",),  # subject: host; place, day and minute are to come; details: what = "a supper"
    Topic.CRAFT: ("craft_tip",),  # details: trade, and what = a whole clause
    Topic.SELF: ("secret",),  # the subject's own; details: what = the persona's secret
}
"""Every kind of fact that villagers can know, by topic."""


HELD = np.dtype(
    [
        ("id", "<i4"),
        ("content", "<i4"),  # number of its kind, source and details among all that there were
        ("subject", "<i2"),
        ("place", "<i2"),
        ("told_by", "<i2"),
        ("day", "<i4"),
        ("minute", "<i2"),
    ]
)
"""A fact as it lies in one head; packed when it comes there, so that taking the state of a village costs little."""

_PACKED = Struct("<iihhhih")
_TOPIC_OF = {kind: topic for topic, kinds in FACT_KINDS.items() for kind in kinds}
NOTHING = 0  # ids of facts begin after it


class Knowledge:
    """Facts held by each villager. The same fact keeps its id in every head; source and teller differ.

    A fact of which nobody thinks any more is forgotten whole: who had witnessed it, and who had shared it.
    """

    def __init__(self, villagers: int) -> None:
        self.held: list[dict[int, Fact]] = [{} for _ in range(villagers)]
        self.witnesses: dict[int, list[int]] = {}  # fact id -> rows that know it at first hand
        self.digest: NDArray[np.uint64] = np.zeros(villagers, np.uint64)
        self.brought_up: NDArray[np.int64] = np.full(villagers, NOTHING)  # fact of one's last turn in a talk
        self._shared: dict[int, dict[int, None]] = {}  # fact id -> pairs who both know that the other knows
        self._thinkers: dict[int, int] = {}  # fact id -> heads and tongues that it is in
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

    def hear_of(self, row: int, fact: Fact) -> None:
        """Somebody comes to know a fact that nobody has witnessed."""
        self._hold(row, fact)

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

    def told(self, teller: int, listener: int, fact: Fact, tick: int) -> bool:
        """Pass a fact on; True when it is new to the listener. Raises KeyError if the teller does not know it."""
        if fact.id not in self.held[teller] and fact.id != self.brought_up[teller]:
            raise KeyError(f"villager {teller} cannot tell fact {fact.id} ({fact.kind}): unknown to that villager")
        self._shared.setdefault(fact.id, {})[_pair(teller, listener)] = None
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
            self._forget(row, old)
        self.witness(row, fact)

    def first_hand(self, row: int, kind: str, subject: int) -> Fact | None:
        """The latest fact of a kind about a subject that a villager knows at first hand."""
        fits = [f for f in self.held[row].values() if (f.kind, f.subject) == (kind, subject) and f.told_by < 0]
        return max(fits, key=lambda f: (f.day, f.minute, f.id)) if fits else None

    def tellable(self, row: int, listener: int, topic: Topic) -> list[Fact]:
        """Facts of a topic that this villager may still tell that listener: not shared before, newest first."""
        pair = _pair(row, listener)
        fresh = [
            f
            for f in self.held[row].values()
            if f.topic == topic and listener not in (f.subject, f.told_by) and pair not in self._shared.get(f.id, ())
        ]
        return sorted(fresh, key=lambda f: (-f.day, -f.minute, f.id))

    def _hold(self, row: int, fact: Fact) -> None:
        mine = self.held[row]
        if len(mine) >= CAPACITY and fact.id not in mine:
            faintest = min(mine.values(), key=lambda f: (f.topic == Topic.NEWS, f.day, f.minute, f.id))
            self._forget(row, faintest.id)
        if fact.id not in mine:
            self._thinkers[fact.id] = self._thinkers.get(fact.id, 0) + 1
        mine[fact.id] = fact
        text = json.dumps([fact.kind, fact.source, fact.details], sort_keys=True)
        content = self._contents.setdefault(text, len(self._contents))
        self._packed[row][fact.id] = _PACKED.pack(
            fact.id, content, fact.subject, fact.place, fact.told_by, fact.day, fact.minute
        )
        folded = (fact.id, fact.subject, fact.place, fact.day, fact.minute, fact.told_by, crc32(text.encode()))
        self.digest[row] = mixed(int(self.digest[row]), *folded)

    def _forget(self, row: int, fact: int) -> None:
        del self.held[row][fact], self._packed[row][fact]
        self._let_go(fact)

    def _let_go(self, fact: int) -> None:
        self._thinkers[fact] -= 1
        if self._thinkers[fact] == 0:
            del self._thinkers[fact]
            self.witnesses.pop(fact, None)
            self._shared.pop(fact, None)

    def freeze(self) -> Plain:
        """What is in every head, and of the facts there who witnessed and who shared them."""
        packed = b"".join(chain.from_iterable(facts.values() for facts in self._packed))
        return taken(self, ("digest", "brought_up", "_next_id")) | {
            "count": np.array([len(facts) for facts in self.held], np.int64),
            "facts": columns_of(np.frombuffer(packed, HELD)),
            "contents": list(self._contents),
            "witnesses": _flat(self.witnesses),
            "shared": _flat(self._shared),
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("digest", "brought_up", "_next_id"), state)
        villagers = len(self.held)
        count = column(part(state, "count"), "count", np.dtype(np.int64))
        facts = rows_of(part(state, "facts"), HELD)
        contents = _contents(part(state, "contents"))
        if count.shape != (villagers,) or (count < 0).any() or count.sum() != len(facts):
            raise ValueError(f"the state counts {count.sum()} facts of {len(count)} villagers and holds {len(facts)}")
        check_rows("contents", len(contents), facts["content"])
        self._contents = {text: number for number, text in enumerate(state["contents"])}
        self.held, self._packed = [{} for _ in range(villagers)], [{} for _ in range(villagers)]
        for row, fact in zip(np.repeat(np.arange(villagers), count).tolist(), facts.tolist(), strict=True):
            ident, content, subject, place, told_by, day, minute = fact
            topic, kind, source, details = contents[content]
            held = Fact(ident, topic, kind, subject, place, day, minute, details, source, told_by)
            self.held[row][ident], self._packed[row][ident] = held, _PACKED.pack(*fact)
        self.witnesses = {f: list(rows) for f, rows in _grouped(part(state, "witnesses"), "witnesses").items()}
        self._shared = {f: dict.fromkeys(pairs) for f, pairs in _grouped(part(state, "shared"), "shared").items()}
        thoughts = chain(chain.from_iterable(self.held), (f for f in self.brought_up.tolist() if f != NOTHING))
        self._thinkers = {}
        for ident in thoughts:
            self._thinkers[ident] = self._thinkers.get(ident, 0) + 1


def _pair(one: int, other: int) -> int:
    return min(one, other) << 16 | max(one, other)


def _flat(groups: Mapping[int, Collection[int]]) -> Plain:
    """Groups of numbers by fact as two columns."""
    total = sum(map(len, groups.values()))
    facts = chain.from_iterable(map(repeat, groups, map(len, groups.values())))
    members = chain.from_iterable(groups.values())
    return {
        "fact": np.fromiter(facts, np.int64, total),
        "member": np.fromiter(members, np.int64, total),
    }


def _grouped(columns: Any, name: str) -> dict[int, list[int]]:
    """What `_flat` made flat."""
    facts, members = (column(part(columns, key), f"{name}.{key}", np.dtype(np.int64)) for key in ("fact", "member"))
    if facts.shape != members.shape:
        raise ValueError(f"the state's columns of '{name}' differ in length")
    groups: dict[int, list[int]] = {}
    for fact, member in zip(facts.tolist(), members.tolist(), strict=True):
        groups.setdefault(fact, []).append(member)
    return groups


def _contents(texts: Any) -> list[tuple[Topic, str, str, dict[str, Any]]]:
    """Topic, kind, source and details from their JSON. Raises ValueError where villagers know no such kind."""
    if not isinstance(texts, list):
        raise ValueError("the state's 'contents' is no list")
    contents = []
    for text in texts:
        try:
            kind, source, details = json.loads(text)
            contents.append((_TOPIC_OF[kind], str(kind), str(source), dict(details)))
        except (TypeError, ValueError, KeyError):
            raise ValueError(f"the state's 'contents' holds {text!r}, which is no kind of fact") from None
    return contents


def news_places(kind: str, places: Sequence[Place]) -> list[int]:
    """Ids of the places at which a kind of news may happen."""
    return [p.id for p in places if p.kind in _news()[kind]["kinds"]]


def plant_rumour(
    knowledge: Knowledge,
    row: int,
    kind: str,
    day: int,
    minute: int,
    rng: np.random.Generator,
    *,
    subject: int,
    place: int,
    others: Sequence[int],
    spots: Sequence[int],
) -> Fact:
    """Let a villager know a piece of news that never happened, and that nobody has witnessed.

    Its details say so wherever it goes, and no mind reads that. What is not given (subject or place -1) is drawn:
    the subject from `others` where the kind is about somebody, the place from `spots`.
    """
    item = _news()[kind]
    if subject < 0 and item.get("about") and others:
        subject = others[int(rng.integers(len(others)))]
    if place < 0:
        place = spots[int(rng.integers(len(spots)))]
    what = str(item["what"][int(rng.integers(len(item["what"])))])
    fact = knowledge.new(
        Topic.NEWS, kind, day, minute, subject=subject, place=place, source="rumour", what=what, rumour=True
    )
    knowledge.hear_of(row, fact)
    return fact


@cache
def _news() -> dict[str, dict[str, Any]]:
    table = tomllib.loads(files("assets").joinpath("names", "news.toml").read_text(encoding="utf-8"))["news"]
    return {item["kind"]: item for item in table}


def seed_news(
    knowledge: Knowledge, seed: int, personas: Sequence[Persona], places: Sequence[Place], minute: int
) -> list[Fact]:
    """Three to six things that happened in the last hours, each known to one to three witnesses.

    `minute` is the minute of the day at which the scenario starts. Who is the subject of news knows it too. Kinds whose
    place does not exist in this world did not happen.
    """
    rng = stream(seed, "news")
    possible = [(item, news_places(kind, places)) for kind, item in _news().items()]
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
