"""What metrics may ask of a world under test; each part is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar, cast

import numpy as np

from world.config import WorldConfig
from world.sky.climate import Climate, climate_of
from world.streams import stream
from world.valley import Valley
from world.world import World, valley_of

T = TypeVar("T")


class Subject:
    """One world: its configuration and its finished valley.

    Attributes:
        config: what the world is made from.
    """

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        self._made: dict[str, object] = {}

    @property
    def seed(self) -> int:
        """The world's seed."""
        return self.config.seed

    @property
    def altitude_m(self) -> float:
        """Of the valley floor above the sea."""
        return self.config.altitude_m

    @cached_property
    def climate(self) -> Climate:
        """The usual year."""
        return climate_of(self.config.climate)

    @cached_property
    def valley(self) -> Valley:
        """The finished valley. Raises NoRoomError where the map has no room for the village."""
        return valley_of(self.config)

    def world(self) -> World:
        """A world of its own at tick 0, for metrics that step it."""
        return World(self.config)

    def rng(self, name: str, *indices: int) -> np.random.Generator:
        """A stream of random numbers for one metric, the same in every run."""
        return stream(self.config.seed, f"scorecard:{name}", *indices)

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once for all metrics of this subject that ask for this name."""
        if name not in self._made:
            self._made[name] = make()
        return cast(T, self._made[name])
