"""What a story begins with: somebody knows a piece of news, somebody means to gather people at a time and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.acts import Fact, Persona, Topic
from agents.knowledge import Knowledge
from world.streams import stream
from world.view import Place

HOST_AGES = (20, 65)  # who is drawn to begin a story is a grown villager who gets about


class OpeningError(ValueError):
    """A story that cannot begin in this village; the message begins with the key of the scenario and says why."""


@dataclass(frozen=True)
class News:
    """One villager knows something about itself that nobody else knows yet."""

    kind: str = "stands_for_reeve"
    who: str = ""  # name; drawn by the seed if none


@dataclass(frozen=True)
class Gathering:
    """One villager means to gather people, and will invite whom it meets."""

    what: str  # "a supper"
    place: str  # kind or name of the place
    starts: datetime  # local solar time
    lasts_min: int = 120
    host: str = ""  # name; drawn by the seed if none


@dataclass(frozen=True)
class Begun:
    """A fact that a story began with, and the one villager who held it."""

    fact: Fact
    row: int


def begin(
    openings: Sequence[News | Gathering],
    knowledge: Knowledge,
    seed: int,
    personas: Sequence[Persona],
    places: Sequence[Place],
    start: datetime,
) -> tuple[Begun, ...]:
    """Let each opening be known to the one whom it begins with.

    Raises:
        OpeningError: it names a villager or a place that the village does not have, or a time before the start.
    """
    return tuple(
        _news(opening, number, knowledge, seed, personas, start)
        if isinstance(opening, News)
        else _gathering(opening, number, knowledge, seed, personas, places, start)
        for number, opening in enumerate(openings)
    )


def _news(
    opening: News, number: int, knowledge: Knowledge, seed: int, personas: Sequence[Persona], start: datetime
) -> Begun:
    row = _who(opening.who, "news.who", number, seed, personas)
    minute = start.hour * 60 + start.minute
    fact = knowledge.new(Topic.NEWS, opening.kind, 0, minute, subject=row, source="own")
    knowledge.witness(row, fact)
    return Begun(fact, row)


def _gathering(
    opening: Gathering,
    number: int,
    knowledge: Knowledge,
    seed: int,
    personas: Sequence[Persona],
    places: Sequence[Place],
    start: datetime,
) -> Begun:
    row = _who(opening.host, "gathering.host", number, seed, personas)
    spots = [p.id for p in places if opening.place in (p.kind, p.name)]
    if not spots:
        there = ", ".join(p.name for p in places)
        raise OpeningError(f"gathering.at: no place is called or is a {opening.place!r}; there are {there}")
    if opening.starts <= start:
        raise OpeningError(
            f"gathering.starts = {opening.starts.isoformat()}: must lie after the start of the run, {start.isoformat()}"
        )
    day = (opening.starts.date() - start.date()).days
    minute = opening.starts.hour * 60 + opening.starts.minute
    fact = knowledge.new(
        Topic.GATHERING,
        "gathering",
        day,
        minute,
        subject=row,
        place=spots[0],
        source="own",
        what=opening.what,
        minutes=opening.lasts_min,
    )
    knowledge.witness(row, fact)
    return Begun(fact, row)


def _who(name: str, key: str, number: int, seed: int, personas: Sequence[Persona]) -> int:
    if name:
        rows = [p.row for p in personas if p.name == name]
        if not rows:
            there = ", ".join(p.name for p in personas)
            raise OpeningError(f"{key}: nobody here is called {name!r}; there are {there}")
        return rows[0]
    grown = [p.row for p in personas if HOST_AGES[0] <= p.age <= HOST_AGES[1]] or [p.row for p in personas]
    return grown[int(stream(seed, f"opening {key.partition('.')[0]}", number).integers(len(grown)))]
