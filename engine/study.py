"""What a society does over days and seeds: how news spreads, who comes to a gathering, how traits show in behaviour.

No pictures and no recording: worlds and societies are stepped as fast as they go, with nobody finding words, which
move nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from agents.acts import Act, SpeechPlan
from agents.intents import Intent
from agents.language.voice import Wording
from agents.openings import Begun
from agents.population import TRAITS
from agents.society import Society, StepResult
from engine.processes import finished
from engine.provenance import package_versions
from engine.scenario import Scenario
from engine.simulation import made_society, made_world

JSON_FORMAT = 1
SAMPLE_MIN = 10  # curves have a point for each so many minutes
QUARRELSOME = (Act.BLAME, Act.DOUBT, Act.REFUSE)
EXPECTED = (  # trait, behaviour, sign: what personality research finds and the minds are built to show
    ("extraversion", "talk_s", +1),
    ("conscientiousness", "promises_kept", +1),
    ("agreeableness", "quarrels", -1),
    ("neuroticism", "wet_min", -1),
    ("openness", "places", +1),
)


class StudyError(ValueError):
    """A study that could not be made; the message says why and what to do."""


@dataclass
class Told:
    """How one piece of news spread: how many know it at every sample, and through how many mouths it came to each."""

    kind: str
    first: str  # the villager it began with
    knowing: list[int] = field(default_factory=list)
    hops: dict[str, int] = field(default_factory=dict)  # name -> tellings between the first one and that one
    without_chain: int = 0  # villagers who know it and cannot say from whom; none, if all is well


@dataclass
class Gathered:
    """How a gathering went: who had heard of it, who had promised, and who was there at every sample."""

    what: str
    host: str
    place: str
    starts_min: int  # since the start of the run
    lasts_min: int
    heard: list[int] = field(default_factory=list)
    promised: list[int] = field(default_factory=list)
    present: list[int] = field(default_factory=list)
    promises: dict[str, str] = field(default_factory=dict)  # name -> "kept", "broken", "released", "open"
    came: list[str] = field(default_factory=list)  # names of all who were there for a sample, the host among them


@dataclass
class Life:
    """One seed's run: its curves, and for every villager its traits and what it did."""

    seed: int
    minutes: int
    news: list[Told] = field(default_factory=list)
    gatherings: list[Gathered] = field(default_factory=list)
    villagers: list[dict[str, Any]] = field(default_factory=list)
    lines: int = 0
    conversations: int = 0
    promises: dict[str, int] = field(default_factory=dict)  # made, kept, broken, released


class Mute:
    """A voice that finds no words, at once: what is said moves nothing, so a study need not hear it."""

    def __init__(self) -> None:
        self._waiting: list[SpeechPlan] = []

    def submit(self, plan: SpeechPlan) -> None:
        """Take note that a turn is wanted."""
        self._waiting.append(plan)

    def due(self, tick: int) -> list[Wording]:
        """A wording without words for every plan that is due."""
        ready = sorted((p for p in self._waiting if p.due_tick <= tick), key=lambda plan: plan.key)
        if ready:
            self._waiting = [p for p in self._waiting if p.due_tick > tick]
        return [Wording(p.key, "", "", "template", arrival_tick=tick) for p in ready]


class _Watch:
    """Takes note of what happens in one run."""

    def __init__(self, society: Society, scenario: Scenario) -> None:
        n = len(society.personas)
        self.society = society
        self.life = Life(scenario.seed, 0)
        self._rate = scenario.world.tick_rate
        self._names = [p.name for p in society.personas]
        self._talk = np.zeros(n)
        self._wet = np.zeros(n)
        self._acts: list[Counter[Act]] = [Counter() for _ in range(n)]
        self._places: list[dict[int, None]] = [{} for _ in range(n)]
        self._ended: list[Counter[str]] = [Counter() for _ in range(n)]
        self._counts: Counter[str] = Counter()
        self._knowing: dict[int, dict[int, int]] = {}  # fact a story began with -> row -> hops
        self._story: dict[int, int] = {}  # fact, also one changed in the telling -> the fact a story began with
        self._told: dict[int, Told] = {}
        self._gathered: dict[int, Gathered] = {}
        for begun in society.begun:
            self._begin(begun, scenario)

    def tick(self, result: StepResult) -> None:
        """Take note of one tick's events and lines."""
        for kind, data in result.events:
            if kind == "learns":
                self._learns(data)
            elif kind == "arrives":
                self._places[data["villager"]][data["place"]] = None
            elif kind.startswith("promise_"):
                self._promise(kind.removeprefix("promise_"), data)
            elif kind == "conversation_starts":
                self.life.conversations += 1
        for spoken in result.spoken:
            self.life.lines += 1
            self._talk[spoken.speaker] += (spoken.floor_end_tick - spoken.start_tick) / self._rate
            self._acts[spoken.speaker][spoken.act] += 1

    def minute(self, raining: bool) -> None:
        """Take note of where everyone is; called once for every minute of the run."""
        bodies = self.society.bodies
        if raining:
            self._wet += ~bodies.indoors
        self.life.minutes += 1
        if self.life.minutes % SAMPLE_MIN == 0:
            self._sample()

    def finish(self) -> Life:
        """The run as a whole."""
        knowledge = self.society.minds.knowledge
        for fact, told in self._told.items():
            known = self._knowing[fact]
            told.hops = {self._names[row]: hops for row, hops in known.items()}
            held = (self._held(row, fact) for row in known)
            told.without_chain = sum(
                ident is not None and not knowledge.chain(row, ident) and known[row] > 0
                for row, ident in zip(known, held, strict=True)
            )
        for gathered in self._gathered.values():
            gathered.came = sorted(set(gathered.came))
        self.life.news = list(self._told.values())
        self.life.gatherings = list(self._gathered.values())
        self.life.promises = {kind: self._counts[kind] for kind in ("made", "kept", "broken", "released")}
        self.life.villagers = [self._villager(row) for row in range(len(self._names))]
        return self.life

    def _begin(self, begun: Begun, scenario: Scenario) -> None:
        fact, first = begun.fact, self._names[begun.row]
        self._knowing[fact.id] = {begun.row: 0}
        self._story[fact.id] = fact.id
        if fact.kind != "gathering":
            self._told[fact.id] = Told(fact.kind, first)
            return
        start = scenario.place.start
        minutes = fact.day * 1440 + fact.minute - (start.hour * 60 + start.minute)
        place = self.society.minds.places[fact.place].name
        self._gathered[fact.id] = Gathered(fact.details["what"], first, place, minutes, int(fact.details["minutes"]))

    def _learns(self, data: dict[str, Any]) -> None:
        story = self._story.get(data["fact"], self._story.get(data["root"]))
        if story is not None:
            self._story[data["fact"]] = story
            self._knowing[story].setdefault(data["villager"], data["hops"])

    def _promise(self, ending: str, data: dict[str, Any]) -> None:
        self._counts[ending] += 1
        gathered = self._gathered.get(self._story.get(data["fact"], -1))
        if ending != "made":
            self._ended[data["doer"]][ending] += 1
        if gathered is not None:
            gathered.promises[self._names[data["doer"]]] = "open" if ending == "made" else ending

    def _held(self, row: int, story: int) -> int | None:
        facts = self.society.minds.knowledge.held[row]
        return next((ident for ident in facts if self._story.get(ident) == story), None)

    def _sample(self) -> None:
        for ident, told in self._told.items():
            told.knowing.append(len(self._knowing[ident]))
        places = {place.name: place for place in self.society.minds.places}
        intentions = self.society.intentions
        for ident, gathered in self._gathered.items():
            place = places[gathered.place]
            here = intentions.doing(Intent.ATTEND) & (intentions.place == place.id)
            gathered.heard.append(len(self._knowing[ident]))
            gathered.promised.append(len(gathered.promises))
            gathered.present.append(int(here.sum()))
            if 0 <= self.life.minutes - gathered.starts_min <= gathered.lasts_min:
                gathered.came += [self._names[row] for row in np.flatnonzero(here).tolist()]

    def _villager(self, row: int) -> dict[str, Any]:
        p = self.society.personas[row]
        ended = self._ended[row]
        due = ended["kept"] + ended["broken"]
        said = sum(self._acts[row].values())
        return {
            "name": p.name,
            **{trait: round(getattr(p, trait), 4) for trait in TRAITS},
            "talk_s": round(float(self._talk[row]), 1),
            "promises_kept": round(ended["kept"] / due, 4) if due else None,  # share of those that were due
            "quarrels": round(sum(self._acts[row][act] for act in QUARRELSOME) / said, 4) if said else None,
            "wet_min": int(self._wet[row]),  # minutes outdoors in rain
            "places": len(self._places[row]),
        }


def live(scenario: Scenario) -> Life:
    """Let a scenario run for its capture's duration, and take note. Raises ScenarioError where it cannot begin."""
    world = made_world(scenario)
    society = made_society(scenario, world)
    voice, watch = Mute(), _Watch(society, scenario)
    ticks_per_minute = 60 * scenario.world.tick_rate
    for tick in range(1, scenario.ticks + 1):
        words = voice.due(tick)
        world.step()
        view = world.view()
        result = society.step(view, words)
        for plan in result.plans:
            voice.submit(plan)
        watch.tick(result)
        if tick % ticks_per_minute == 0:
            watch.minute(view.weather.raining)
    return watch.finish()


@dataclass(frozen=True)
class Correlation:
    """How a trait goes with a behaviour over all villagers of all seeds: Spearman's rank correlation.

    Each villager is ranked among those of its own village, so that what differs from village to village is left out.
    """

    trait: str
    behaviour: str
    expected: int  # +1 or -1
    rho: float
    p: float  # of a correlation of this size by chance, two-sided
    villagers: int

    @property
    def right(self) -> bool:
        """Whether the sign is the one expected."""
        return self.rho * self.expected > 0


class Study:
    """One scenario over many seeds: `run()` lets them live; `plain()` has what was found in those that are done.

    Args:
        scenario: its seed is the first; the others follow it.
        seeds: how many.
        workers: processes.
    """

    def __init__(self, scenario: Scenario, seeds: int, workers: int) -> None:
        self.scenario = scenario
        self.seeds = tuple(range(scenario.seed, scenario.seed + seeds))
        self.lives: list[Life] = []
        self._workers = min(workers, seeds)

    def run(self) -> Iterator[Life]:
        """Let seed after seed live; yields each when it is done.

        Raises:
            StudyError: a process ended before its run did.
            ScenarioError: the scenario cannot run with one of the seeds.
        """
        tasks = [self.scenario.model_copy(update={"seed": seed}) for seed in self.seeds]
        living = finished(live, tasks, self._workers)
        try:
            with closing(living):
                for _, life in living:
                    self.lives = sorted([*self.lives, life], key=lambda life: life.seed)
                    yield life
        except BrokenProcessPool:
            raise StudyError(
                f"A process ended before its run did: memory may be short; take fewer than {self._workers} workers."
            ) from None

    def correlations(self) -> list[Correlation]:
        """The expected pairs of trait and behaviour, as far as anybody showed the behaviour."""
        return [c for trait, behaviour, sign in EXPECTED if (c := self._correlation(trait, behaviour, sign))]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "format": JSON_FORMAT,
            "versions": package_versions(),
            "scenario": self.scenario.model_dump(mode="json"),
            "sample_min": SAMPLE_MIN,
            "seeds": [life.seed for life in self.lives],
            "correlations": [asdict(c) | {"right": c.right} for c in self.correlations()],
            "lives": [asdict(life) for life in self.lives],
        }

    def _correlation(self, trait: str, behaviour: str, sign: int) -> Correlation | None:
        traits: list[float] = []
        shown: list[float] = []
        for life in self.lives:
            pairs = [(v[trait], v[behaviour]) for v in life.villagers if v[behaviour] is not None]
            if len(pairs) > 1:
                traits += _ranked([a for a, _ in pairs])
                shown += _ranked([b for _, b in pairs])
        if len(traits) < 3 or len(set(shown)) < 2:
            return None
        found = spearmanr(traits, shown)
        return Correlation(trait, behaviour, sign, float(found.statistic), float(found.pvalue), len(traits))


def quartiles(curves: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Lower quartile, median and upper quartile (3, samples) of curves of the same length."""
    found: NDArray[np.float64] = np.quantile(np.array(curves, float), (0.25, 0.5, 0.75), axis=0)
    return found


def _ranked(values: Sequence[float]) -> list[float]:
    """Ranks among the values, 0..1; equal values share theirs."""
    ranks: list[float] = ((rankdata(values) - 0.5) / len(values)).tolist()
    return ranks
