"""What is noticed without words: weather, water over the ways, who is where, who helps whom, work that falls behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.acquaintance import slot_of
from agents.acts import Fact, Topic
from agents.appraisal import Agent, Appraisal
from agents.bodies import Bodies
from agents.insights import InsightKind
from agents.intentions import Intentions
from agents.intents import Intent
from agents.memory import EpisodeKind
from agents.minds import Minds, Moment
from agents.needs import stormy
from agents.outlook import SHUT_SEEN_M
from agents.perception import Sight
from agents.population import trade_row
from assets.palette import Activity
from world.compiled import compiled
from world.state import Plain, column, part, put_back, taken
from world.streams import stream
from world.view import Floats, Weather, WorldView

NOTICED_M = 40.0  # sightings farther off are not worth a thought
SIGHTING_REST_S = 1800.0  # seeing the same person at the same place again sooner is nothing new
SKY_READERS = ("shepherd", "farmer", "fisher", "woodcutter", "gardener")  # trades that foresee rain
THREATENING_CLOUD, THREATENING_HUMIDITY = 0.85, 0.85
SKY_CHECK_S = 60.0
WATER_CHECK_S = 5.0
RECKONING_FROM, RECKONING_SPAN = 600, 240  # minutes of the day at which people see how their work goes, in turns
HELPED = {"affinity": 0.08, "trust": 0.04, "respect": 0.03, "debt": 0.15, "familiarity": 0.03}
"""What one holds of a neighbour who lent a hand unasked; judgement, as for promises kept."""

Events = list[tuple[str, dict[str, Any]]]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Settled = tuple[Flags, Flags, NDArray[np.int16]]  # who has arrived, who moves, and the place of each
HELP = int(Intent.HELP)
_SKY = ("raining", "snowing", "stormy", "warned")


class Noticing:
    """What was noticed last, so that only news is noticed."""

    def __init__(self, villagers: int, weather: Weather) -> None:
        self.raining, self.snowing = _rains(weather), _snows(weather)
        self.stormy = stormy(weather)
        self.warned = False
        self.reckoned: NDArray[np.int32] = np.full(
            villagers, -(1 << 20), np.int32
        )  # day of the last look at one's work
        self.floods: dict[int, Fact] = {}  # place -> the fact that it is under water
        self.deeds: dict[tuple[int, int], Fact] = {}  # (helper, who is helped) -> the fact, of today
        self.owed: dict[tuple[int, int], int] = {}  # the same -> day on which the one who was helped noticed it

    @property
    def sky(self) -> NDArray[np.bool_]:
        """What was last known of the weather: raining, snowing, stormy, warned of rain."""
        return np.array([getattr(self, name) for name in _SKY])

    def columns(self) -> dict[str, NDArray[Any]]:
        """What the future depends on, as arrays."""
        facts = [(place, -1, fact.id) for place, fact in self.floods.items()]
        facts += [(*pair, fact.id) for pair, fact in self.deeds.items()]
        return {"sky": self.sky, "reckoned": self.reckoned, "at_hand": np.array(facts, np.int64).reshape(-1, 3)}

    def weather(self, minds: Minds, bodies: Bodies, now: Moment, tick_rate: int) -> Events:
        """Everyone outdoors notices rain and snow that begin or end; readers of the sky see it coming.

        A storm is heard under a roof as well, by all who are awake.
        """
        rains, snows, storms = _rains(now.weather), _snows(now.weather), stormy(now.weather)
        kind = ""
        if storms and not self.stormy:
            kind = "storm_started"
        elif snows and not self.snowing:
            kind = "snow_started"
        elif rains != self.raining:
            kind = "rain_started" if rains else "rain_stopped"
        elif not rains and not snows and not self.warned and now.tick % int(SKY_CHECK_S * tick_rate) == 0:
            threat = now.weather.cloud > THREATENING_CLOUD and now.weather.humidity > THREATENING_HUMIDITY
            kind = "rain_coming" if threat else ""
        self.raining, self.snowing, self.stormy = rains, snows, storms
        if not kind:
            return []
        self.warned = kind == "rain_coming"
        awake = bodies.activity != Activity.SLEEP
        rows = np.flatnonzero(awake & (~bodies.indoors | (kind == "storm_started"))).tolist()
        if kind == "rain_coming":
            learned = InsightKind.RAIN_AFTER_SIGN
            rows = [r for r in rows if minds.personas[r].trade in SKY_READERS or minds.insights.has(r, learned)]
        source = "inferred" if kind == "rain_coming" else "seen"
        fact = minds.knowledge.new(Topic.WEATHER, kind, now.day, now.minute, source=source)
        return _noticed(minds, fact, rows, bodies, now, 0.6 if kind == "storm_started" else 0.4)

    def water(self, minds: Minds, bodies: Bodies, view: WorldView, now: Moment, tick_rate: int) -> Events:
        """Whoever is out of doors sees from nearby that a place is under water."""
        if now.tick % int(WATER_CHECK_S * tick_rate) != 0:
            return []
        x, y = np.array([p.x for p in minds.places]), np.array([p.y for p in minds.places])
        drowned = ~view.walkable(x, y)
        drowned[list(view.closed)] = False  # shut by hand, not by water
        self.floods = {place: fact for place, fact in self.floods.items() if drowned[place]}
        events: Events = []
        for place in np.flatnonzero(drowned).tolist():
            near = np.hypot(bodies.x - x[place], bodies.y - y[place]) < SHUT_SEEN_M
            fact = self.floods.get(place)
            held = minds.knowledge.held
            rows = [
                r for r in np.flatnonzero(near & ~bodies.indoors).tolist() if fact is None or fact.id not in held[r]
            ]
            if not rows:
                continue
            if fact is None:
                fact = minds.knowledge.new(Topic.WEATHER, "place_flooded", now.day, now.minute, place=place)
                self.floods[place] = fact
            events += _noticed(minds, fact, rows, bodies, now, 0.7)
        return events

    def work(self, rows: NDArray[np.int64], minds: Minds, bodies: Bodies, now: Moment) -> Events:
        """Once a day everybody sees how its work goes, and whose is behind knows what help it needs."""
        if len(rows) == 0 or now.clock_min < RECKONING_FROM:
            return []
        turn = RECKONING_FROM + rows * 37 % RECKONING_SPAN
        rows = rows[
            (self.reckoned[rows] != now.day) & (turn <= now.clock_min) & (bodies.activity[rows] == Activity.WORK)
        ]
        events: Events = []
        for row in rows.tolist():
            self.reckoned[row] = now.day
            if minds.own_work(row, now).details["state"] != "behind":
                continue
            p = minds.personas[row]
            tasks = trade_row(p.trade).get("help", ["lend a hand"])
            what = str(tasks[int(stream(minds.seed, "task", row, now.day).integers(len(tasks)))])
            fact = minds.knowledge.new(
                Topic.FAVOUR, "needs_help", now.day, now.minute, subject=row, place=p.workplace, source="own", what=what
            )
            minds.knowledge.replace_own(row, fact)
            events.append(("noticed", {"kind": fact.kind, "fact": fact.id, "villagers": [row]}))
        return events

    def people(
        self,
        rows: NDArray[np.int64],
        sight: Sight,
        bodies: Bodies,
        minds: Minds,
        now: Moment,
        intentions: Intentions,
        tick_rate: int,
    ) -> Events:
        """Those who just looked round take note of neighbours who are settled at some place, and of who helps whom."""
        relations = minds.relations
        settled = intentions.arrived, bodies.moving, bodies.place
        looked = rows, sight.seen, sight.distance, settled
        helping = _helping_in_view(*looked, intentions.intent)
        events: Events = []
        for row, helper in helping.tolist():
            events += self._deed(row, helper, intentions, minds, bodies, now)
        lately = now.tick - int(SIGHTING_REST_S * tick_rate)
        known = relations.circles.others, relations.seen_place.values, relations.seen_tick.values
        for row, other in _new_in_view(*looked, known, relations.circles.whole, lately).tolist():
            place = int(bodies.place[other])
            if not relations.sighted(row, other, place, now.tick):
                continue
            fact = minds.knowledge.new(Topic.PERSON, "saw_person", now.day, now.minute, subject=other, place=place)
            minds.knowledge.replace_own(row, fact)
            minds.memories.remember(
                row, now.tick, EpisodeKind.SAW, Topic.PERSON, who=other, place=place, fact=fact.id, importance=0.1
            )
        return events

    def _deed(self, row: int, helper: int, intentions: Intentions, minds: Minds, bodies: Bodies, now: Moment) -> Events:
        """Somebody sees a neighbour help another unasked; help that was promised is settled with the promise."""
        helped = int(intentions.other[helper])
        if helped < 0 or intentions.promise[helper] >= 0:
            return []
        self.deeds = {pair: fact for pair, fact in self.deeds.items() if fact.day == now.day}
        self.owed = {pair: day for pair, day in self.owed.items() if day == now.day}
        fact = self.deeds.get((helper, helped))
        if fact is None:
            need = minds.knowledge.held[helper].get(int(intentions.outlook.needy_fact[helper]))
            what = str(need.details.get("what", "lend a hand")) if need is not None else "lend a hand"
            place = int(intentions.place[helper])
            fact = minds.knowledge.new(
                Topic.PERSON, "helped", now.day, now.minute, subject=helper, object=helped, place=place, what=what
            )
            self.deeds[helper, helped] = fact
        if fact.id in minds.knowledge.held[row]:
            return []
        if row == helped and self.owed.get((helper, helped)) != now.day:
            self.owed[helper, helped] = now.day
            minds.relations.move(row, helper, **HELPED)
            minds.emotions.appraise(row, Appraisal(0.5, 0.5, Agent.OTHER))
        return _noticed(minds, fact, [row], bodies, now, 0.5)

    def freeze(self) -> Plain:
        """What was last known of the weather, and what is at hand to be noticed by more people."""
        floods = [(place, -1, fact) for place, fact in self.floods.items()]
        deeds = [(helper, helped, fact) for (helper, helped), fact in self.deeds.items()]
        both = [*floods, *deeds]
        numbers = [(a, b, f.id, f.day, f.minute, f.place) for a, b, f in both]
        return taken(self, (*_SKY, "reckoned")) | {
            "at_hand": np.array(numbers, np.int64).reshape(-1, 6),
            "owed": np.array([(*pair, day) for pair, day in self.owed.items()], np.int64).reshape(-1, 3),
            "what": [str(f.details.get("what", "")) for *_, f in both],
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, (*_SKY, "reckoned"), state)
        rows, words = column(part(state, "at_hand"), "at_hand", np.dtype(np.int64)), part(state, "what")
        if rows.ndim != 2 or rows.shape[1] != 6 or not isinstance(words, list) or len(words) != len(rows):
            raise ValueError("the state's 'at_hand' does not fit its words")
        owed = column(part(state, "owed"), "owed", np.dtype(np.int64)).reshape(-1, 3).tolist()
        self.floods, self.deeds, self.owed = {}, {}, {(a, b): day for a, b, day in owed}
        for (a, b, ident, day, minute, place), what in zip(rows.tolist(), words, strict=True):
            if b < 0:
                self.floods[a] = Fact(ident, Topic.WEATHER, "place_flooded", -1, place, day, minute)
            else:
                details = {"what": what}
                self.deeds[a, b] = Fact(ident, Topic.PERSON, "helped", a, place, day, minute, details, object=b)


@compiled
def _in_view(row: int, slot: int, seen: NDArray[np.int16], distance: Floats, settled: Settled) -> bool:
    """Whether it is somebody near enough in the sight of `row`, and settled at some place, whom this slot holds."""
    arrived, moving, place = settled
    other = seen[row, slot]
    near = other >= 0 and distance[row, slot] < NOTICED_M
    return bool(near and arrived[other] and not moving[other] and place[other] >= 0)


@compiled
def _helping_in_view(
    rows: Rows, seen: NDArray[np.int16], distance: Floats, settled: Settled, intent: NDArray[np.int8]
) -> Rows:
    """Pairs (k, 2) of observers among `rows` and those in their view who help somebody."""
    pairs, count = np.empty((rows.size * seen.shape[1], 2), np.int64), 0
    for row in rows:
        for slot in range(seen.shape[1]):
            if _in_view(row, slot, seen, distance, settled) and intent[seen[row, slot]] == HELP:
                pairs[count, 0], pairs[count, 1] = row, seen[row, slot]
                count += 1
    return pairs[:count]


@compiled
def _new_in_view(
    rows: Rows,
    seen: NDArray[np.int16],
    distance: Floats,
    settled: Settled,
    known: tuple[NDArray[np.int32], NDArray[np.int16], Rows],
    whole: bool,
    lately: int,
) -> Rows:
    """Pairs (k, 2) of observers among `rows` and those in their view whom they have not seen there since `lately`.

    `known` holds who is known to whom (see `acquaintance.slot_of`), and where and when they were seen.
    """
    others, seen_place, seen_tick = known
    place = settled[2]
    pairs, count = np.empty((rows.size * seen.shape[1], 2), np.int64), 0
    for row in rows:
        for slot in range(seen.shape[1]):
            if not _in_view(row, slot, seen, distance, settled):
                continue
            other = seen[row, slot]
            at = slot_of(others, whole, row, other)
            if at < 0 or seen_tick[row, at] < lately or seen_place[row, at] != place[other]:
                pairs[count, 0], pairs[count, 1] = row, other
                count += 1
    return pairs[:count]


def _noticed(minds: Minds, fact: Fact, rows: Iterable[int], bodies: Bodies, now: Moment, importance: float) -> Events:
    """Let these know a fact at first hand and remember it; told as one event."""
    rows = [*rows]
    for row in rows:
        minds.knowledge.witness(row, fact)
        place = fact.place if fact.place >= 0 else int(bodies.place[row])
        minds.memories.remember(
            row,
            now.tick,
            EpisodeKind.NOTICED,
            fact.topic,
            who=fact.subject,
            about=fact.object,
            place=place,
            fact=fact.id,
            importance=importance,
        )
    return [("noticed", {"kind": fact.kind, "fact": fact.id, "villagers": rows})] if rows else []


def _rains(weather: Weather) -> bool:
    return weather.rain_mm_h > 0.1


def _snows(weather: Weather) -> bool:
    return weather.snow_mm_h > 0.05
