"""Reflection: what villagers make of all they have seen and heard, kept with the facts and episodes that it rests on.

When enough of importance has happened, a mind looks back and draws typed conclusions (Park et al. 2023, with typed
rules in place of a model); a night's sleep consolidates its memories.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.acts import Fact, Topic
from agents.insights import Insight, InsightKind
from agents.memory import EpisodeKind
from agents.minds import Minds, Moment

THRESHOLD = 15.0  # summed importance: 150 on the scale of 1 to 10 of Park et al. 2023
AT_ONCE = 200  # one in so many villagers reflects at the same second, at most
ASLEEP_AT_ONCE = 500
NOON_MIN = 12 * 60

# How much evidence a conclusion takes, in facts as far as one is by now sure of them: two of one's own, or more tales.
ENOUGH = {
    InsightKind.KEEPS_PROMISES: 1.8,
    InsightKind.BREAKS_PROMISES: 1.4,
    InsightKind.HELPS: 1.8,
    InsightKind.LIES: 0.9,
    InsightKind.QUARREL: 1.4,
    InsightKind.OFTEN_AT: 6.0,
    InsightKind.RAIN_AFTER_SIGN: 2.0,
}
GROWN = 2.0  # a conclusion is drawn anew when there is so many times the evidence
OFTEN_OVER_H = 12.0  # hours between the first and the last sighting: not only today
RAIN_WITHIN_MIN = 180  # of the sign
DEEDS = {
    "promise_kept": InsightKind.KEEPS_PROMISES,
    "promise_broken": InsightKind.BREAKS_PROMISES,
    "helped": InsightKind.HELPS,
    "lied": InsightKind.LIES,
    "quarrelled": InsightKind.QUARREL,
}
OPPOSITE = {
    InsightKind.KEEPS_PROMISES: InsightKind.BREAKS_PROMISES,
    InsightKind.BREAKS_PROMISES: InsightKind.KEEPS_PROMISES,
}
# What a conclusion moves in how one stands to its subject; judgement.
MOVES: dict[InsightKind, dict[str, float]] = {
    InsightKind.KEEPS_PROMISES: {"trust": 0.05, "respect": 0.05},
    InsightKind.BREAKS_PROMISES: {"trust": -0.08, "respect": -0.05},
    InsightKind.HELPS: {"affinity": 0.05, "respect": 0.04},
    InsightKind.LIES: {"trust": -0.12, "respect": -0.06},
    InsightKind.QUARREL: {"respect": -0.03},
    InsightKind.OFTEN_AT: {"familiarity": 0.02},
}
LIKED = {
    InsightKind.KEEPS_PROMISES: True,
    InsightKind.HELPS: True,
    InsightKind.BREAKS_PROMISES: False,
    InsightKind.LIES: False,
}
"""Conclusions about somebody's character, which become opinions that may be told."""

Events = list[tuple[str, dict[str, Any]]]


def look_back(minds: Minds, sleeping: NDArray[np.bool_], now: Moment) -> Events:
    """Let those reflect who have lived through enough, and those who sleep settle their day; some at a time."""
    n = len(minds.personas)
    events: Events = []
    for row in np.flatnonzero(minds.memories.unreflected >= THRESHOLD)[: n // AT_ONCE + 1].tolist():
        events += reflect(minds, row, now)
    night = now.day + (now.minute >= NOON_MIN)
    restless = np.flatnonzero(sleeping & (minds.insights.nights < night))
    for row in restless[: n // ASLEEP_AT_ONCE + 1].tolist():
        minds.memories.consolidate(row, now.tick)
        minds.insights.nights[row] = night
    return events


def reflect(minds: Minds, row: int, now: Moment) -> Events:
    """Draw the conclusions that a villager's knowledge and memories now bear; returns an event for each new one."""
    minds.memories.unreflected[row] = 0.0
    events: Events = []
    for drawn in _conclusions(minds, row, now):
        before = minds.insights.find(row, drawn)
        if before is not None and drawn.weight < GROWN * before.weight:
            continue
        fact = _take_in(minds, row, drawn, now)
        minds.insights.note(row, drawn)
        data: dict[str, Any] = {"villager": row, "insight": drawn.kind.name.lower(), "fact": fact}
        data |= {name: getattr(drawn, name) for name in ("subject", "object", "place", "weight")}
        events.append(("reflects", data | {"evidence": list(drawn.facts), "episodes": list(drawn.episodes)}))
    return events


def _conclusions(minds: Minds, row: int, now: Moment) -> Iterator[Insight]:
    mine = minds.knowledge.held[row].values()
    found: dict[tuple[InsightKind, int, int], list[Fact]] = {}
    for fact in mine:
        kind = DEEDS.get(fact.kind)
        if kind is not None and fact.subject not in (-1, row):
            pair = kind == InsightKind.QUARREL
            who = sorted((fact.subject, fact.object)) if pair else [fact.subject, -1]
            if not pair or row not in who:
                found.setdefault((kind, who[0], who[1]), []).append(fact)
    sure = {key: sum(minds.knowledge.confidence(row, f.id, now.tick) for f in facts) for key, facts in found.items()}
    for (kind, subject, other), facts in found.items():
        weight = sure[kind, subject, other]
        against = sure.get((OPPOSITE[kind], subject, -1), 0.0) if kind in OPPOSITE else 0.0
        if weight >= ENOUGH[kind] and weight > 2 * against:
            yield Insight(kind, subject, other, -1, weight, tuple(f.id for f in facts))
    yield from _haunts(minds, row)
    yield from _signs([f for f in mine if f.topic == Topic.WEATHER])


def _haunts(minds: Minds, row: int) -> Iterator[Insight]:
    """Where people are often seen, other than at home and at work."""
    mine = minds.memories.of(row)
    seen = mine[(mine["kind"] == EpisodeKind.SAW) & (mine["who"] >= 0) & (mine["place"] >= 0)]
    if len(seen) == 0:
        return
    pairs, of_pair = np.unique(seen["who"].astype(np.int64) << 16 | seen["place"], return_inverse=True)
    often = np.bincount(of_pair, seen["times"])
    for at in np.flatnonzero(often >= ENOUGH[InsightKind.OFTEN_AT]).tolist():
        who, place = divmod(int(pairs[at]), 1 << 16)
        persona = minds.personas[who]
        there = seen[of_pair == at]
        span_h = (int(there["last"].max()) - int(there["tick"].min())) / (3600.0 * minds.memories.tick_rate)
        if place not in (persona.home, persona.workplace) and span_h >= OFTEN_OVER_H:
            facts = tuple(f for f in there["fact"].tolist() if f in minds.knowledge.held[row])
            yield Insight(
                InsightKind.OFTEN_AT, who, -1, place, float(often[at]), facts, tuple(sorted(there["id"].tolist()))
            )


def _signs(weather: list[Fact]) -> Iterator[Insight]:
    """That rain has come after a threatening sky."""
    signs = [f for f in weather if f.kind == "rain_coming"]
    rains = [f for f in weather if f.kind in ("rain_started", "storm_started")]
    borne_out = [
        (sign, rain)
        for sign in signs
        for rain in rains
        if 0 <= (rain.day - sign.day) * 1440 + rain.minute - sign.minute <= RAIN_WITHIN_MIN
    ]
    weight = float(len({sign.id for sign, _ in borne_out}))
    if weight >= ENOUGH[InsightKind.RAIN_AFTER_SIGN]:
        facts = tuple(dict.fromkeys(f.id for pair in borne_out for f in pair))
        yield Insight(InsightKind.RAIN_AFTER_SIGN, -1, -1, -1, weight, facts)


def _take_in(minds: Minds, row: int, drawn: Insight, now: Moment) -> int:
    """Let a conclusion move relations, and become an opinion; returns the id of that fact, -1 for none."""
    for other in (drawn.subject, drawn.object):
        if other >= 0:
            minds.relations.move(row, other, **MOVES.get(drawn.kind, {}))
    if drawn.kind not in LIKED:
        return -1
    fact = minds.knowledge.new(
        Topic.PERSON,
        "opinion_of_person",
        now.day,
        now.minute,
        subject=drawn.subject,
        source="inferred",
        confidence=min(0.95, 1.0 - 0.5**drawn.weight),
        likes=LIKED[drawn.kind],
    )
    minds.knowledge.replace_own(row, fact)
    return fact.id
