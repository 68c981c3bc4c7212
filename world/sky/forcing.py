"""What a scenario wants of the weather for certain: how it opens, spells at fixed hours, and fronts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CLIMATE = "climate"  # the opening that forces nothing
LEAVES_H = 1.0  # in which a forced stretch gives way to the climate's weather
HOLDS_H = 6.0  # for which a front's weather stays after it has arrived


@dataclass(frozen=True)
class Spell:
    """A stretch of one kind of weather; whatever was before comes back after it."""

    kind: str  # a key of AIR_MASSES
    at: float  # hours after the start at which it begins to arrive
    hours: float  # from then until it begins to leave
    arrives: float = 1.0 / 6.0  # hours it takes to arrive, and to leave

    def share(self, hours: float) -> float:
        """How much of it is there, some hours after the start."""
        return arrived(hours - self.at, self.arrives) * (1.0 - arrived(hours - self.at - self.hours, self.arrives))


@dataclass(frozen=True)
class Front:
    """A kind of weather that arrives and ends what was forced before; in the end the climate's weather follows it."""

    kind: str  # a key of AIR_MASSES
    at: float  # hours after the start at which it begins to arrive
    hours: float  # how long it takes to arrive

    def arrived(self, hours: float) -> float:
        """How far it has come, some hours after the start."""
        return arrived(hours - self.at, self.hours)

    def share(self, hours: float) -> float:
        """How much of it is there."""
        leaves = self.at + self.hours + HOLDS_H
        return self.arrived(hours) * (1.0 - arrived(hours - leaves, max(LEAVES_H, self.hours)))


@dataclass(frozen=True)
class WeatherOpening:
    """How the weather of a run begins, and what is to come for certain."""

    kind: str = "fair"  # a key of AIR_MASSES, or CLIMATE
    front: str | None = None  # the kind that a front brings
    front_at: float = 1.0  # hours after the start at which it begins to arrive
    front_hours: float = 1.0  # how long it takes to arrive
    hours: float = 6.0  # how long the opening kind lasts
    spells: tuple[Spell, ...] = ()

    @property
    def fronts(self) -> tuple[Front, ...]:
        """The front that was announced, if any."""
        return () if self.front is None else (Front(self.front, self.front_at, self.front_hours),)

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds that are forced at some time."""
        opening = () if self.kind == CLIMATE else (self.kind,)
        return (*opening, *(spell.kind for spell in self.spells), *(front.kind for front in self.fronts))


def shares(opening: WeatherOpening, sent: Iterable[Front], hours: float) -> dict[str, float]:
    """Share of each forced kind of weather, some hours after the start; the climate has what is left to 1.

    Later spells lie over earlier ones, fronts over all of them.
    """
    left = arrived(hours - opening.hours, LEAVES_H)
    found = {} if opening.kind == CLIMATE else {opening.kind: 1.0 - left}
    for spell in sorted(opening.spells, key=lambda spell: spell.at):
        _lay(found, spell.kind, spell.share(hours), spell.share(hours))
    for front in sorted((*opening.fronts, *sent), key=lambda front: front.at):
        _lay(found, front.kind, front.share(hours), front.arrived(hours))
    return {kind: share for kind, share in found.items() if share > 0.0}


def _lay(found: dict[str, float], kind: str, share: float, ends: float) -> None:
    for other in found:
        found[other] *= 1.0 - ends
    found[kind] = found.get(kind, 0.0) + share


def arrived(hours: float, takes: float) -> float:
    """Share that is there so long after the beginning: smooth at both ends."""
    t = min(1.0, max(0.0, hours / max(takes, 1e-6)))
    return t * t * (3.0 - 2.0 * t)
