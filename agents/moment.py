"""When, and in what weather, something is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agents.acts import Fact
from world.view import Weather


@dataclass(frozen=True)
class Moment:
    """One tick as villagers live it."""

    tick: int
    day: int  # since the scenario's start
    minute: int  # of that day
    clock_min: float  # the same with its fraction
    weather: Weather

    @classmethod
    def of(cls, tick: int, start: datetime, now: datetime, weather: Weather) -> Moment:
        """The moment of a tick at a local time, in a run that began at `start`."""
        return cls(tick, now.toordinal() - start.toordinal(), now.hour * 60 + now.minute, _clock(now), weather)

    @property
    def minutes(self) -> float:
        """Minutes since the midnight before the scenario's start."""
        return self.day * 1440 + self.clock_min

    def since(self, fact: Fact) -> int:
        """Minutes since a fact happened."""
        return (self.day - fact.day) * 1440 + self.minute - fact.minute


def _clock(now: datetime) -> float:
    return now.hour * 60 + now.minute + now.second / 60 + now.microsecond / 6e7
