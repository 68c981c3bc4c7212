"""The tick: words, world, society, snapshot, in that order and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.ablation import Ablation
from agents.acts import SpeechPlan
from agents.language.voice import Voice, Wording
from agents.openings import Gathering, News, OpeningError
from agents.society import Society, SocietyConfig
from agents.speech import plan_from, plan_record
from engine import interventions as changes
from engine import observe
from engine.colours import varied_cast, varied_scenery
from engine.interventions import Intervention
from engine.scenario import Scenario, ScenarioError
from recorder.schema import Cast, Scenery, Snapshot, Surface
from world.land.config import LandConfig
from world.sky.station import StationError
from world.sky.weather import Spell, WeatherOpening
from world.state import part, put_back, taken, typed
from world.village.site import NoRoomError
from world.world import World, WorldConfig

DIGEST_BYTES = 16
STATE_LAYOUT = 9  # of what freeze() gives; to be raised with every change to what it holds


class Simulation:
    """One run of a scenario: a world, its society, and a voice that words what is said.

    A run is a function of the scenario, its seed, its interventions, and the ticks at which words arrive: what the
    words are never matters. `snapshot` is the current tick, frozen; `step()` makes the next one.

    Raises:
        ScenarioError: the valley of this seed has no room for the village, or an intervention names what is not there.
    """

    def __init__(self, scenario: Scenario, voice: Voice, interventions: Iterable[Intervention] = ()) -> None:
        self.scenario = scenario
        self.voice = voice
        self.world = made_world(scenario)
        self.society = made_society(scenario, self.world)
        self.scenery: Scenery = varied_scenery(observe.scenery(self.world.valley, scenario), scenario)
        self.cast: Cast = varied_cast(observe.cast(self.society, self.scenery), scenario)
        self.interventions = tuple(interventions)
        for given in self.interventions:
            changes.check(given, self.world, self.society)
        self.wordings: tuple[Wording, ...] = ()  # those that arrived at the current tick, for the log
        self._unworded: dict[tuple[int, int, int], SpeechPlan] = {}  # submitted, and no words have come yet
        self._utterances = 0
        self._lying: Surface | None = None  # as the record names it; the same object until another is published
        self.snapshot = self._observe((), (), ())

    @property
    def tick(self) -> int:
        """The current tick."""
        return self.world.tick

    def step(self) -> Snapshot:
        """Advance one tick and return its snapshot."""
        self.wordings = tuple(self.voice.due(self.world.tick + 1))
        for wording in self.wordings:
            self._unworded.pop(wording.key, None)
        happened = self._intervene(self.world.tick + 1) + self.world.step()
        result = self.society.step(self.world.view(), self.wordings)
        for plan in result.plans:
            self._ask(plan)
        self.snapshot = self._observe(happened, result.events, result.spoken)
        return self.snapshot

    def freeze(self) -> dict[str, Any]:
        """Everything needed to go on from the current tick: maps with text keys, lists, numbers, text, None and arrays.

        Later steps do not change it. What follows from the scenario is not in it, nor what happened at this tick.
        """
        return taken(self, ("_utterances",)) | {
            "layout": STATE_LAYOUT,
            "seed": self.scenario.seed,
            "villagers": self.scenario.village.villagers,
            "world": self.world.freeze(),
            "agents": self.society.freeze(),
            "unworded": [plan_record(plan) for plan in self._unworded.values()],
        }

    @classmethod
    def resume(
        cls,
        scenario: Scenario,
        voice: Voice,
        state: Mapping[str, Any],
        interventions: Iterable[Intervention] = (),
    ) -> Simulation:
        """A simulation at the tick at which `freeze` was taken, which goes on exactly as that one does.

        Plans whose words had not come are submitted to the voice again. Interventions up to this tick are part of the
        state already and are not made again. The snapshot of this tick tells no events and no lines: they are in the
        record of the run that was frozen.

        Raises:
            ValueError: the state does not fit this scenario or this version; the message says where.
            ScenarioError: as for a new simulation.
        """
        simulation = cls(scenario, voice, interventions)
        simulation.thaw(state)
        return simulation

    def thaw(self, state: Mapping[str, Any]) -> None:
        """Stand where `freeze` was taken of a run of the same making; for a simulation that has not stepped yet.

        Raises:
            ValueError: the state does not fit this scenario or this version; the message says where.
        """
        for name, wanted in (
            ("layout", STATE_LAYOUT),
            ("seed", self.scenario.seed),
            ("villagers", self.scenario.village.villagers),
        ):
            if part(state, name) != wanted:
                raise ValueError(f"the state is of {name} {state[name]!r}, where {name} {wanted} is wanted")
        self.world.thaw(part(state, "world"))
        self.society.thaw(part(state, "agents"))
        put_back(self, ("_utterances",), state)
        self.snapshot = self._observe((), (), ())
        for record in typed(part(state, "unworded"), list[dict[str, Any]], "unworded"):
            self._ask(plan_from(record, self.society.personas))

    def _ask(self, plan: SpeechPlan) -> None:
        self._unworded[plan.key] = plan
        self.voice.submit(plan)

    def _intervene(self, tick: int) -> changes.Happenings:
        happened: changes.Happenings = []
        for given in self.interventions:
            if given.tick == tick:
                happened += changes.make(given, self.world, self.society)
        return happened

    def _observe(
        self,
        happened: observe.Happenings,
        social: observe.Happenings,
        spoken: observe.Spokens,
    ) -> Snapshot:
        view = self.world.view()
        if self._lying is None or self._lying.tick != view.surface.tick:
            self._lying = observe.surface(view.surface)
        utterances = tuple(observe.utterance(self._utterances + i, said) for i, said in enumerate(spoken))
        self._utterances += len(spoken)
        return Snapshot(
            tick=self.world.tick,
            environment=observe.environment(view),
            villagers=observe.frozen(self.society.villagers(view)),
            buildings=observe.frozen(view.buildings.copy()),
            surface=self._lying,
            events=observe.events(self.world.tick, (*happened, *social)),
            utterances=utterances,
            hashes=room_hashes(self.world.tick, {"world": self.world.state(), "agents": self.society.state()}),
        )


def made_world(scenario: Scenario) -> World:
    """The world of a scenario at its start.

    Raises:
        ScenarioError: the valley of this seed has no room for the village, or its weather station cannot be used.
    """
    try:
        return World(world_config(scenario))
    except NoRoomError as error:
        raise ScenarioError(
            f"{scenario.name}: seed = {scenario.seed}, world.size_m = {scenario.world.size_m:g}: {error}; take "
            "another seed, a larger world or fewer villagers."
        ) from None
    except StationError as error:
        raise ScenarioError(f"{scenario.name}: climate.station: {error}") from None


def made_society(scenario: Scenario, world: World) -> Society:
    """The society of a scenario in its world, at the start.

    Raises:
        ScenarioError: a story shall begin with somebody, somewhere or at a time that is not there.
    """
    try:
        return Society(society_config(scenario), world.view())
    except OpeningError as error:
        raise ScenarioError(f"{scenario.name}: {error}.") from None


def society_config(scenario: Scenario) -> SocietyConfig:
    """What the society of a scenario is made from."""
    openings: list[News | Gathering] = [
        *(News(told.kind, told.who) for told in scenario.news),
        *(Gathering(g.what, g.at, g.starts, round(g.lasts / 60), g.host) for g in scenario.gathering),
    ]
    return SocietyConfig(
        seed=scenario.seed,
        villagers=scenario.village.villagers,
        tick_rate=scenario.world.tick_rate,
        talkativeness=scenario.village.talkativeness,
        personas=tuple(person.model_dump(exclude_none=True) for person in scenario.person),
        population=scenario.population.asked(),
        ablation=Ablation(**scenario.ablation.model_dump()),
        openings=openings,
    )


def world_config(scenario: Scenario) -> WorldConfig:
    """The world's part of a scenario, in the world's own terms."""
    weather = scenario.weather
    return WorldConfig(
        seed=scenario.seed,
        size_m=scenario.world.size_m,
        latitude=scenario.place.latitude,
        longitude=scenario.place.longitude,
        start=scenario.place.start,
        tick_rate=scenario.world.tick_rate,
        villagers=scenario.village.villagers,
        weather=WeatherOpening(
            kind=weather.opening,
            front=weather.front,
            front_at=weather.front_at / 3600,
            front_hours=weather.front_lasts / 3600,
            hours=weather.opening_lasts / 3600,
            spells=tuple(Spell(s.kind, s.at / 3600, s.lasts / 3600, s.arrives / 3600) for s in weather.spell),
        ),
        altitude_m=scenario.place.altitude_m,
        sea_distance_km=scenario.place.sea_distance_km,
        annual_rain_mm=scenario.climate.annual_rain_mm,
        temperature_c=scenario.climate.temperature_c,
        station=scenario.climate.station,
        land=LandConfig(
            uplift_mm_a=scenario.terrain.uplift_mm_a,
            rain_mm_a=scenario.terrain.rain_mm_a,
            hardness=scenario.terrain.hardness,
        ),
    )


def room_hashes(tick: int, rooms: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> dict[str, bytes]:
    """A 16-byte BLAKE2b digest of each room's state, and one of all of them and the tick under `total`."""
    digests: dict[str, bytes] = {}
    total = blake2b(tick.to_bytes(8, "little"), digest_size=DIGEST_BYTES)
    for room, arrays in sorted(rooms.items()):
        digest = blake2b(digest_size=DIGEST_BYTES)
        for name, array in sorted(arrays.items()):
            digest.update(f"{name}|{array.dtype.descr}|{array.shape}|".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        digests[room] = digest.digest()
        total.update(digests[room])
    return {**digests, "total": total.digest()}
