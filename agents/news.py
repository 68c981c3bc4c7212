"""News of the day: what happened before the scenario starts, and rumours of what never happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agents.acts import Fact, Persona, Topic
from agents.knowledge import Knowledge
from agents.tales import tales
from world.streams import stream
from world.view import Place


def news_places(kind: str, places: Sequence[Place]) -> list[int]:
    """Ids of the places at which a kind of news may happen."""
    return [p.id for p in places if p.kind in tales()[kind]["kinds"]]


def plant_rumour(
    knowledge: Knowledge,
    row: int,
    kind: str,
    day: int,
    minute: int,
    rng: np.random.Generator,
    *,
    subject: int,
    place: int,
    others: Sequence[int],
    spots: Sequence[int],
) -> Fact:
    """Let a villager know a piece of news that never happened, and that nobody has witnessed.

    Its details say so wherever it goes, and no mind reads that. What is not given (subject or place -1) is drawn:
    the subject from `others` where the kind is about somebody, the place from `spots`.
    """
    item = tales()[kind]
    if subject < 0 and item.get("about") and others:
        subject = others[int(rng.integers(len(others)))]
    if place < 0:
        place = spots[int(rng.integers(len(spots)))]
    what = str(item["what"][int(rng.integers(len(item["what"])))])
    fact = knowledge.new(
        Topic.NEWS, kind, day, minute, subject=subject, place=place, source="rumour", what=what, rumour=True
    )
    knowledge.make_up(row, fact)
    return fact


def seed_news(
    knowledge: Knowledge, seed: int, personas: Sequence[Persona], places: Sequence[Place], minute: int, season: str
) -> list[Fact]:
    """Three to six things that happened in the last hours, each known to one to three witnesses.

    `minute` is the minute of the day at which the scenario starts. Who is the subject of news knows it too. Kinds whose
    place does not exist in this world, or whose season it is not, did not happen.
    """
    rng = stream(seed, "news")
    possible = [
        (item, news_places(kind, places)) for kind, item in tales().items() if season in item.get("seasons", [season])
    ]
    possible = [(item, spots) for item, spots in possible if spots]
    order = rng.permutation(len(possible))[: int(rng.integers(3, 7))]
    facts = []
    for item, spots in (possible[i] for i in order):
        grown = [p.row for p in personas if 20 <= p.age <= 60] or [0]
        subject = int(rng.choice(grown)) if item.get("about") else -1
        then = minute - int(rng.integers(30, 10 * 60))
        place = spots[int(rng.integers(len(spots)))]
        what = str(item["what"][int(rng.integers(len(item["what"])))])
        fact = knowledge.new(
            Topic.NEWS, item["kind"], then // 1440, then % 1440, subject=subject, place=place, what=what
        )
        count = min(len(personas), int(rng.integers(1, 4)))
        near = [p.row for p in personas if place in (p.workplace, p.home)][:2]
        witnesses = dict.fromkeys([*near, *(int(r) for r in rng.choice(len(personas), count, replace=False))])
        for row in [*witnesses][:3]:
            knowledge.witness(row, fact)
        if subject >= 0 and subject not in [*witnesses][:3]:
            knowledge.witness(subject, replace(fact, source="own"))
        facts.append(fact)
    return facts
