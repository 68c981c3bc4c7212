"""How a fact changes in the telling: the hour, the place or the thing is taken up wrongly, the more so as it grows old.

Serial retelling levels and replaces details (Bartlett 1932; Allport & Postman 1947).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agents.acts import Fact, Topic
from agents.tales import other_words
from world.view import Place

CHANCE = 0.02  # of a change in one telling of something fresh by a witness; judgement
CHANCE_PER_HOP = 0.01
CHANCE_PER_DAY = 0.02
MOST = 0.15
SHIFT_MIN = (15, 90)  # minutes by which an hour is taken up wrongly
KINDS = ("saw_person", "quarrelled", "helped")  # that change beside news; who did it to whom is kept


def distorted(fact: Fact, now_min: float, places: Sequence[Place], rng: np.random.Generator) -> dict[str, Any]:
    """The fields of a fact that its hearer takes up otherwise than told; empty for most tellings.

    `now_min` counts from the midnight before the scenario's start.
    """
    if fact.topic != Topic.NEWS and fact.kind not in KINDS:
        return {}
    days = max(0.0, now_min - fact.day * 1440 - fact.minute) / 1440
    if rng.random() >= min(MOST, CHANCE + CHANCE_PER_HOP * fact.hops + CHANCE_PER_DAY * days):
        return {}
    changes: list[dict[str, Any]] = [_hour(fact, rng)]
    if fact.place >= 0:
        like = [p.id for p in places if p.kind == places[fact.place].kind and p.id != fact.place]
        changes += [{"place": like[int(rng.integers(len(like)))]}] if like else []
    words = [w for w in other_words(fact.kind) if w != fact.details.get("what")]
    if words and "what" in fact.details:
        changes.append({"details": fact.details | {"what": words[int(rng.integers(len(words)))]}})
    return changes[int(rng.integers(len(changes)))]


def _hour(fact: Fact, rng: np.random.Generator) -> dict[str, Any]:
    """Another time of the same day."""
    shift = int(rng.integers(SHIFT_MIN[0], SHIFT_MIN[1] + 1)) * (1 if rng.random() < 0.5 else -1)
    minute = fact.minute + shift
    return {"minute": minute if 0 <= minute < 1440 else fact.minute - shift}
