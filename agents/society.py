"""The society: every villager's mind and body, stepped together once per tick. Perceive, decide, move, talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agents.ablation import Ablation
from agents.acts import Fact, Persona, SpeechPlan
from agents.bodies import Bodies
from agents.conversation import Conversations, Outcome
from agents.deeds import settle
from agents.emotion import Emotions
from agents.insights import Insights
from agents.intentions import Events, Intentions
from agents.knowledge import Knowledge
from agents.language.voice import Wording
from agents.locomotion import STRIDE_OF_HEIGHT, walk
from agents.looks import looks_of
from agents.meeting import TALK_RANGE_M, meet
from agents.memory import Memories
from agents.minds import Minds, Moment
from agents.needs import NEEDS, Needs, natures_of
from agents.news import news_places, plant_rumour, seed_news
from agents.noticing import Noticing
from agents.openings import Gathering, News, begin
from agents.outward import Outward
from agents.perception import CIVIL_DUSK, Sight, in_company
from agents.persona import make_personas
from agents.plans import Intent
from agents.population import Population
from agents.produce import Produce
from agents.promises import Promises
from agents.reflection import look_back
from agents.relationships import Relationships
from agents.speech import Spoken
from agents.times import season_of
from assets.palette import Activity
from world.state import Plain, part, put_back, taken
from world.streams import stream
from world.view import WorldView
from world.walking.crowd import WALK_SPEED_M_S, WALK_SPREAD_M_S

LOOK_S = 0.5  # each villager looks round this often, in turns
DECIDE_S = 4.0  # each villager thinks over its plan this often, in turns
PROGRESS_S = 4.0  # and as often it is seen whether a walker gets on
GROUP = 16  # villagers whose turn it is at the same tick, where there are so many
BODY_S = 2.0  # needs and moods advance in steps of this
MILD = {
    "temperature_c": 16.0,
    "humidity": 0.5,
    "wind_m_s": 1.0,
    "gust_m_s": 1.0,
    "cloud": 0.4,
    "rain_mm_h": 0.0,
    "snow_mm_h": 0.0,
}
"""What a villager without a sense of weather takes it for, always; the ground is as wet as it is."""


@dataclass(frozen=True)
class SocietyConfig:
    """What a society is made from; the same values in the same world give the same life."""

    seed: int
    villagers: int
    tick_rate: int
    talkativeness: float = 1.0  # multiplies the chance of starting a conversation
    personas: Sequence[Mapping[str, Any]] = ()  # overrides of Persona fields, by row
    population: Population = field(default_factory=Population)  # what people are drawn from
    ablation: Ablation = field(default_factory=Ablation)  # which parts of the mind are left out
    openings: Sequence[News | Gathering] = ()  # what stories begin with


@dataclass(frozen=True)
class StepResult:
    """What one tick brought forth for the rest of Hamlet."""

    plans: tuple[SpeechPlan, ...] = ()  # turns just decided, to be worded
    spoken: tuple[Spoken, ...] = ()  # utterances that start at this tick
    events: tuple[tuple[str, dict[str, Any]], ...] = ()


class Holder(Protocol):
    """A part of the society that has state."""

    def freeze(self) -> Plain: ...

    def thaw(self, state: Plain) -> None: ...


class Society:
    """The villagers of one run. Words never move it: any text in a Wording leads to the same states."""

    def __init__(self, config: SocietyConfig, view: WorldView) -> None:
        """Make the people, house them, and put everyone where the hour has them."""
        self.config = config
        self.talkativeness = config.talkativeness
        self._rate = config.tick_rate
        self._start = view.local_time
        now = self._moment(view)
        personas = make_personas(config.seed, config.villagers, view.places, config.personas, config.population)
        self._looks = looks_of(personas, config.seed)
        self._natures = natures_of(personas)
        self._rows = np.arange(config.villagers)
        self._nobody = self._rows[:0]
        self.minds = _minds(personas, config, view, now)
        self._outward = Outward(personas, view.places)
        knowledge = self.minds.knowledge
        seed_news(knowledge, config.seed, personas, view.places, now.minute, season_of(view.local_time.month))
        self.begun = begin(config.openings, knowledge, config.seed, personas, view.places, self._start)
        self.bodies = _bodies(personas, self._looks, config.seed)
        self.sight = Sight.blind(config.villagers)
        self.noticing = Noticing(config.villagers, now.weather)
        self.produce = Produce(personas, view.places)
        self.talk = Conversations(self.minds, self._rate)
        self.intentions = Intentions(self.minds, view, self._rate)
        self.intentions.settle(self.bodies, view, now)

    @property
    def personas(self) -> tuple[Persona, ...]:
        """Who lives here, by row."""
        return self.minds.personas

    def looks(self) -> NDArray[np.void]:
        """How everyone looks: (n,) LOOKS."""
        return self._looks.copy()

    def step(self, view: WorldView, words: Sequence[Wording]) -> StepResult:
        """Advance one tick in the world as it is at `view.tick`. `words` are the wordings that arrive at this tick."""
        now = self._moment(view)
        looking = self._in_turn(now.tick, LOOK_S)
        events = self._perceive(looking, view, now)
        events += self._decide(view, now)
        met = self._meet(looking, view, now)
        moved = self._move(view, now)
        talks = [*met, self.talk.step(self.bodies, view, now, words)]  # heard where everyone stands at the tick's end
        self.intentions.resume([row for talk in talks for row in talk.parted], self.bodies, now)
        events += [event for talk in talks for event in talk.events] + moved
        events += settle(self.minds, self.bodies, view, now)
        plans = tuple(plan for talk in talks for plan in talk.plans)
        return StepResult(plans, tuple(line for talk in talks for line in talk.spoken), tuple(events))

    def villagers(self, view: WorldView) -> NDArray[np.void]:
        """What may be seen and known of everyone in the world as it is at this tick: (n,) VILLAGER."""
        m, turns = self.minds, self.talk.turns(view.tick)
        sky = view.weather, view.sun_elevation
        about = self.intentions.intent, self.intentions.place, self.intentions.laden
        rows = self._outward.of(self.bodies, *about, turns, m.emotions.mood, *sky)
        b, n = self.bodies, self.minds.needs
        for name in ("x", "y", "z", "heading", "stride", "activity", "indoors", "speaking", "look_at"):
            rows[name] = getattr(b, name)
        rows["speed_m_s"] = b.speed
        rows["place"] = self.intentions.place
        rows["mood"] = self.minds.emotions.mood
        rows["feeling"] = self.minds.emotions.shown()
        for name in NEEDS:
            rows[name] = getattr(n, name)
        return rows

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that matters, as arrays; memories, knowledge and relations as digests of their changes."""
        m, e, n = self.minds, self.minds.emotions, self.minds.needs
        parts: dict[str, NDArray[Any]] = {f"body_{k}": v for k, v in self.bodies.columns().items()}
        parts |= {f"need_{k}": getattr(n, k) for k in NEEDS}
        parts |= {"mood": e.mood, "arousal": e.arousal, "feelings": e.intensity, "dread": e.dread}
        parts |= {"seen": self.sight.seen, **{f"noticing_{k}": v for k, v in self.noticing.columns().items()}}
        parts |= {"talkativeness": np.array([self.talkativeness]), "brought_up": m.knowledge.brought_up}
        parts |= {"memories": m.memories.digest, "knowledge": m.knowledge.digest, "relations": m.relations.digest}
        parts |= {"promises": m.promises.digest, "insights": m.insights.digest, "nights": m.insights.nights}
        parts |= self.produce.columns()
        parts |= {f"intention_{k}": v for k, v in self.intentions.columns().items()}
        parts |= {f"talk_{k}": v for k, v in self.talk.columns().items()}
        return parts

    def plant_rumour(self, row: int, kind: str, view: WorldView, *, about: int = -1, place: int = -1) -> Fact:
        """Let a villager know a piece of news that never happened; about somebody and at a place, if these are given.

        Raises IndexError if no place is given and the valley has none at which this kind of news may happen.
        """
        now = self._moment(view)
        rng = stream(self.config.seed, "rumour", row, now.tick)
        others = [p.row for p in self.personas if p.row != row]
        spots = news_places(kind, view.places)
        return plant_rumour(
            self.minds.knowledge,
            row,
            kind,
            now.day,
            now.minute,
            rng,
            subject=about,
            place=place,
            others=others,
            spots=spots,
        )

    def freeze(self) -> Plain:
        """Everything from which the society can go on, as plain values; what follows from the scenario is left out."""
        return taken(self, ("talkativeness",)) | {name: room.freeze() for name, room in self._parts().items()}

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken of a society of the same making. Raises ValueError if it does not fit."""
        put_back(self, ("talkativeness",), state)
        for name, room in self._parts().items():
            room.thaw(part(state, name))

    def _parts(self) -> dict[str, Holder]:
        m = self.minds
        return {
            "bodies": self.bodies,
            "needs": m.needs,
            "emotions": m.emotions,
            "memories": m.memories,
            "knowledge": m.knowledge,
            "relations": m.relations,
            "promises": m.promises,
            "insights": m.insights,
            "sight": self.sight,
            "noticing": self.noticing,
            "produce": self.produce,
            "intentions": self.intentions,
            "talk": self.talk,
        }

    def _moment(self, view: WorldView) -> Moment:
        """The moment as villagers feel it: where weather is left out of their minds, on a mild dry day."""
        weather = view.weather if self.config.ablation.weather else replace(view.weather, **MILD)
        return Moment.of(view.tick, self._start, view.local_time, weather)

    def _in_turn(self, tick: int, seconds: float) -> NDArray[np.int64]:
        """Rows whose turn it is at this tick, when each has one every so many seconds.

        They come in groups, so that few villagers cost few calls and many are spread.
        """
        period = max(1, round(seconds * self._rate))
        groups = min(period, max(1, len(self._rows) // GROUP))
        turn, waits = divmod(tick % period * groups, period)
        return self._nobody if waits >= groups else np.ascontiguousarray(self._rows[turn::groups])

    def _perceive(self, rows: NDArray[np.int64], view: WorldView, now: Moment) -> Events:
        events = self._feel(view, now) if now.tick % max(1, round(BODY_S * self._rate)) == 0 else []
        if len(rows):
            self.sight.look(rows, self.bodies, view)
            seen = rows, self.sight, self.bodies, self.minds, now, self.intentions, self._rate
            events += self.noticing.people(*seen)
        events += self.noticing.water(self.minds, self.bodies, view, now, self._rate)
        return events + self.noticing.weather(self.minds, self.bodies, now, self._rate)

    def _feel(self, view: WorldView, now: Moment) -> Events:
        b = self.bodies
        sleeping, working = b.activity == Activity.SLEEP, b.activity == Activity.WORK
        self.minds.needs.advance(
            BODY_S,
            now.weather,
            indoors=b.indoors,
            eating=b.indoors & self.intentions.doing(Intent.EAT),
            sleeping=sleeping,
            labouring=working | (b.activity == Activity.WALK),
            working=working,
            talking=self.talk.talking,
            in_company=in_company(self.sight, b, TALK_RANGE_M),
            dark=view.sun_elevation < CIVIL_DUSK,
            natures=self._natures,
        )
        self.minds.emotions.advance(BODY_S, self.minds.needs, now.weather, (~b.indoors).astype(float))
        b.pace[:] = self.minds.emotions.pace(self._rows) * self.intentions.hurry
        made = self.produce.step(BODY_S, self.intentions, b, now.weather, now.day)
        return made + look_back(self.minds, sleeping, now)

    def _decide(self, view: WorldView, now: Moment) -> Events:
        rows = self._in_turn(now.tick, DECIDE_S)
        if len(rows) == 0:
            return []
        events = self.intentions.decide(rows[self.talk.talk_of[rows] < 0], self.bodies, view, now)
        events += self.noticing.work(rows, self.minds, self.bodies, now)
        return events

    def _meet(self, rows: NDArray[np.int64], view: WorldView, now: Moment) -> list[Outcome]:
        if len(rows) == 0:
            return []
        return meet(rows, self.sight, self.talk, self.minds, self.bodies, view, now, self.talkativeness)

    def _move(self, view: WorldView, now: Moment) -> Events:
        reached = walk(self.bodies, view, 1.0 / self._rate, now.tick)
        talk_of = self.talk.talk_of
        there = [row for row in reached.tolist() if talk_of[row] < 0]
        events = self.intentions.arrive(there, self.bodies, now)
        walkers = self._in_turn(now.tick, PROGRESS_S)
        return events + self.intentions.free_stuck(walkers, self.bodies, view, now, talk_of)


def _minds(personas: tuple[Persona, ...], config: SocietyConfig, view: WorldView, now: Moment) -> Minds:
    n = len(personas)
    rng = stream(config.seed, "first needs")
    hour = now.minute / 60
    since_meal = min((hour - meal) % 24 for meal in (6.8, 12.0, 18.0))
    since_meal = min(since_meal, 4.0) + 0.3 * max(since_meal - 4.0, 0.0)  # the night after supper is slept through
    needs = Needs(
        hunger=np.clip(0.08 + 0.1 * since_meal + rng.normal(0, 0.05, n), 0.0, 1.0),
        fatigue=np.clip(0.06 * ((hour - 6.0) % 24 if hour > 5 else 2.0) + rng.normal(0, 0.05, n), 0.0, 1.0),
        cold=np.zeros(n),
        loneliness=rng.uniform(0.15, 0.55, n),
        danger=np.zeros(n),
        idleness=rng.uniform(0.1, 0.4, n),
    )
    extraversion, neuroticism = (np.array([getattr(p, t) for p in personas]) for t in ("extraversion", "neuroticism"))
    return Minds(
        seed=config.seed,
        personas=personas,
        places=view.places,
        needs=needs,
        emotions=Emotions.from_traits(extraversion, neuroticism, felt=config.ablation.emotion),
        memories=Memories(n, config.tick_rate, keeps=config.ablation.memory),
        knowledge=Knowledge(
            n,
            seed=config.seed,
            tick_rate=config.tick_rate,
            start_minute=now.clock_min,
            places=view.places,
            keeps=config.ablation.memory,
        ),
        relations=Relationships.among(personas, config.seed, differ=config.ablation.relationships),
        promises=Promises(n, config.tick_rate),
        insights=Insights(n),
        ablation=config.ablation,
    )


def _bodies(personas: tuple[Persona, ...], looks: NDArray[np.void], seed: int) -> Bodies:
    """Free walking speeds by Weidmann 1993, a tenth slower for every decade beyond sixty (his age curve, rounded)."""
    n = len(personas)
    age = np.array([p.age for p in personas])
    speed = np.clip(stream(seed, "pace").normal(WALK_SPEED_M_S, WALK_SPREAD_M_S * 0.6, n), 0.9, 1.8)
    speed *= 1.0 - 0.1 * np.maximum(0, age - 60) / 10
    return Bodies.still(speed, STRIDE_OF_HEIGHT * looks["height_m"].astype(np.float64))
