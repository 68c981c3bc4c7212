"""The tick: words, world, society, snapshot, in that order and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from agents.language.voice import Voice, Wording
from agents.society import Society, SocietyConfig
from engine import observe
from engine.scenario import Scenario, ScenarioError
from recorder.schema import Cast, Scenery, Snapshot
from world.site import NoRoomError
from world.weather import WeatherOpening
from world.world import World, WorldConfig

DIGEST_BYTES = 16


class Simulation:
    """One run of a scenario: a world, its society, and a voice that words what is said.

    A run is a function of the scenario, its seed, and the ticks at which words arrive: what the words are never
    matters. `snapshot` is the current tick, frozen; `step()` makes the next one.

    Raises:
        ScenarioError: the valley of this seed has no room for the village.
    """

    def __init__(self, scenario: Scenario, voice: Voice) -> None:
        self.scenario = scenario
        self.voice = voice
        try:
            self.world = World(world_config(scenario))
        except NoRoomError as error:
            raise ScenarioError(
                f"{scenario.name}: seed = {scenario.seed}, world.size_m = {scenario.world.size_m:g}: {error}; take "
                "another seed, a larger world or fewer villagers."
            ) from None
        village = scenario.village
        self.society = Society(
            SocietyConfig(
                seed=scenario.seed,
                villagers=village.villagers,
                tick_rate=scenario.world.tick_rate,
                talkativeness=village.talkativeness,
            ),
            self.world.view(),
        )
        self.scenery: Scenery = observe.scenery(self.world.valley, scenario)
        self.cast: Cast = observe.cast(self.society, self.scenery)
        self.wordings: tuple[Wording, ...] = ()  # those that arrived at the current tick, for the log
        self._utterances = 0
        self.snapshot = self._observe((), (), ())

    @property
    def tick(self) -> int:
        """The current tick."""
        return self.world.tick

    def step(self) -> Snapshot:
        """Advance one tick and return its snapshot."""
        self.wordings = tuple(self.voice.due(self.world.tick + 1))
        happened = self.world.step()
        result = self.society.step(self.world.view(), self.wordings)
        for plan in result.plans:
            self.voice.submit(plan)
        self.snapshot = self._observe(happened, result.events, result.spoken)
        return self.snapshot

    def _observe(
        self,
        happened: observe.Happenings,
        social: observe.Happenings,
        spoken: observe.Spokens,
    ) -> Snapshot:
        utterances = tuple(observe.utterance(self._utterances + i, said) for i, said in enumerate(spoken))
        self._utterances += len(spoken)
        return Snapshot(
            tick=self.world.tick,
            environment=observe.environment(self.world.view()),
            villagers=observe.frozen(self.society.villagers()),
            events=observe.events(self.world.tick, (*happened, *social)),
            utterances=utterances,
            hashes=room_hashes(self.world.tick, {"world": self.world.state(), "agents": self.society.state()}),
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
