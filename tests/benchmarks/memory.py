"""What it costs to remember: retrieval from up to 10,000 memories per villager, beside a loop over the memories."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from agents.acts import Topic
from agents.memory import RECENCY_PER_HOUR, TOPICS, EpisodeKind, Memories

TICK_RATE = 16
APART_TICKS = 30 * TICK_RATE  # between two memories
SIZES = (128, 1_000, 10_000)
REPEATS = 40
WHAT = ("a grey sheep", "mend the fence", "the midsummer supper", "a crack in the mill wheel")


def memories() -> None:
    """Finding the three best of many memories by time, importance, typed fields and words; keeping one; a night."""
    made = Table(
        title="Memory of one villager (processor time; the loop scores like generative_agents' retrieve.py)",
        title_justify="left",
    )
    for name in ("memories", "retrieve", "with words", "loop", "loop / retrieve", "keep one when full", "a night"):
        made.add_column(name, justify="right")
    for size in SIZES:
        full = filled(size)
        now = (size + 100) * APART_TICKS
        cue: dict[str, Any] = {"who": 7, "topic": Topic.NEWS}
        plain = _median_us(partial(full.retrieve, 0, now, **cue))
        worded = _median_us(partial(full.retrieve, 0, now, words="the grey sheep", **cue))
        listed = [dict(zip(full.of(0).dtype.names or (), row, strict=True)) for row in full.of(0).tolist()]
        loop = _median_us(partial(looped, listed, now, 7, TOPICS.index(Topic.NEWS)), 5)
        keep = _median_us(partial(full.remember, 0, now, EpisodeKind.HEARD, words=WHAT[0], **cue))
        night = _median_us(partial(full.consolidate, 0, now), 1)
        times = (f"{us:.0f} us" for us in (plain, worded, loop))
        made.add_row(f"{size:,}", *times, f"{loop / plain:.0f}", f"{keep:.0f} us", f"{night / 1000:.1f} ms")
    Console(width=110).print(made)


def filled(size: int) -> Memories:
    """One villager with so many memories of thirty people at twenty places."""
    rng = np.random.default_rng(0)
    full = Memories(1, TICK_RATE, capacity=size)
    for number in range(size):
        full.remember(
            0,
            number * APART_TICKS,
            EpisodeKind(1 + int(rng.integers(3))),
            TOPICS[int(rng.integers(len(TOPICS)))],
            who=int(rng.integers(30)),
            place=int(rng.integers(20)),
            fact=number,
            importance=float(rng.random()),
            words=WHAT[int(rng.integers(len(WHAT)))],
        )
    return full


def looped(listed: list[dict[str, float]], now: int, who: int, topic: int) -> list[float]:
    """The ids of the three best, each memory scored in turn: Park et al. 2023 with lists and dictionaries."""
    parts: dict[str, list[float]] = {"recency": [], "importance": [], "relevance": []}
    for memory in listed:
        hours = (now - memory["last"]) / (3600 * TICK_RATE)
        parts["recency"].append(RECENCY_PER_HOUR**hours)
        parts["importance"].append(memory["importance"])
        parts["relevance"].append(((who in (memory["who"], memory["about"])) + (memory["topic"] == topic)) / 2)
    scores = [0.0] * len(listed)
    for values in parts.values():
        low, high = min(values), max(values)
        for at, value in enumerate(values):
            scores[at] += (value - low) / max(high - low, 0.2)
    best = sorted(range(len(listed)), key=lambda at: -scores[at])[:3]
    return [listed[at]["id"] for at in best]


def _median_us(work: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        began = time.process_time_ns()
        work()
        times.append(time.process_time_ns() - began)
    return statistics.median(times) / 1000
