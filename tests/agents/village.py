"""Runs a society in the flat world and keeps what the tests look at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from agents.acts import SpeechPlan
from agents.language.voice import Wording
from agents.society import Society, SocietyConfig
from agents.speech import Spoken
from tests.agents.flat_world import FAIR, FlatWorld
from world.view import Weather

Say = Callable[[SpeechPlan], str]


def plainly(plan: SpeechPlan) -> str:
    return f"{plan.act} {plan.topic}, {plan.listener.name}."


@dataclass
class Life:
    """A society, its world, and the record of what happened."""

    society: Society
    world: FlatWorld
    say: Say = plainly
    delay: int = 0  # ticks that words come late; negative: they never come
    plans: list[SpeechPlan] = field(default_factory=list)
    spoken: list[Spoken] = field(default_factory=list)
    events: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    _waiting: dict[int, list[Wording]] = field(default_factory=dict)

    def tick(self) -> None:
        self.world.tick += 1
        now = self.world.tick
        result = self.society.step(self.world, self._waiting.pop(now, []))
        for plan in result.plans:
            if self.delay >= 0:
                at = max(plan.due_tick + self.delay, now + 1)
                self._waiting.setdefault(at, []).append(Wording(plan.key, self.say(plan), "", "template", at))
        self.plans += result.plans
        self.spoken += result.spoken
        self.events += [(now, kind, data) for kind, data in result.events]

    def run(self, seconds: float, *, rows: bool = False, digests: bool = False) -> Life:
        for _ in range(round(seconds * self.world.rate)):
            self.tick()
            if rows:
                self.rows.append(self.society.villagers(self.world))
            if digests:
                self.digests.append(digest(self.society))
        return self


def digest(society: Society) -> bytes:
    total = hashlib.blake2b(digest_size=16)
    for name, column in sorted(society.state().items()):
        total.update(name.encode() + str(column.dtype).encode() + str(column.shape).encode())
        total.update(np.ascontiguousarray(column).tobytes())
    return total.digest()


def village(
    villagers: int = 12, *, seed: int = 1, rate: int = 8, hour: int = 9, weather: Weather = FAIR, **config: Any
) -> Life:
    """A village in which much is seen in minutes: people talk more than they usually do, unless told otherwise."""
    config = {"talkativeness": 16.0, **config}
    world = FlatWorld(start=datetime(2025, 6, 10, hour, 0), rate=rate, weather=weather)  # noqa: DTZ001
    return Life(Society(SocietyConfig(seed, villagers, rate, **config), world), world)
