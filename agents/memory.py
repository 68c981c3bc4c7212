"""Episodes that villagers keep: what was seen, heard and said, ranked by recency, importance and fit, and forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from agents.acts import Topic
from world.state import Plain, columns_of, part, put_back, rows_of, taken

CAPACITY = 64  # episodes per villager; beyond it the faintest is forgotten
RECENCY_PER_HOUR = 0.995  # per hour of game time (Park et al. 2023)
RELEVANCE_WEIGHT = 1.0  # weights of the three terms are equal, as published
TOPICS = tuple(Topic)
MIX = 0x9E3779B97F4A7C15  # golden-ratio multiplier of a rolling digest
FOREVER = (1 << 62) - 1
MASK = (1 << 64) - 1

EPISODE = np.dtype(
    [
        ("tick", "<i8"),
        ("kind", "u1"),  # EpisodeKind
        ("topic", "u1"),  # index into TOPICS
        ("place", "<i2"),  # -1 for none
        ("who", "<i2"),  # whom one saw, heard or spoke to, -1 for none
        ("about", "<i2"),  # the third one who was spoken of, -1 for none
        ("fact", "<i4"),  # id of the fact, -1 for none
        ("importance", "<f4"),  # 0..1
    ]
)


class EpisodeKind(IntEnum):
    """How an episode came about."""

    SAW = 0  # someone at a place
    HEARD = 1  # someone said something to me
    SAID = 2  # I said something to someone
    NOTICED = 3  # weather, or something that happened


def mixed(digest: int, *values: int) -> int:
    """A 64-bit rolling digest with some integers folded in; order matters."""
    for value in values:
        digest = ((digest ^ (value & MASK)) * MIX + 0x7F4A7C15) & MASK
        digest ^= digest >> 29
    return digest


@dataclass
class Memories:
    """Bounded episodes per villager, (n, CAPACITY) rows of EPISODE with their count, and a digest of every change."""

    episodes: NDArray[np.void]
    count: NDArray[np.int64]
    digest: NDArray[np.uint64]
    tick_rate: int

    def freeze(self) -> Plain:
        """The episodes held, one villager's after the other's, and the digests."""
        held = np.arange(CAPACITY) < self.count[:, None]
        return taken(self, ("count", "digest")) | {"episodes": columns_of(self.episodes[held])}

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("count", "digest"), state)
        held = np.arange(CAPACITY) < self.count[:, None]
        rows = rows_of(part(state, "episodes"), EPISODE)
        if len(rows) != held.sum() or len(rows) != self.count.sum():
            raise ValueError(f"the state counts {self.count.sum()} episodes and holds {len(rows)}")
        self.episodes[:] = np.zeros((), EPISODE)
        self.episodes[held] = rows

    @classmethod
    def empty(cls, villagers: int, tick_rate: int) -> Memories:
        return cls(
            np.zeros((villagers, CAPACITY), EPISODE),
            np.zeros(villagers, int),
            np.zeros(villagers, np.uint64),
            tick_rate,
        )

    def remember(
        self,
        row: int,
        tick: int,
        kind: EpisodeKind,
        topic: Topic,
        *,
        who: int = -1,
        about: int = -1,
        place: int = -1,
        fact: int = -1,
        importance: float = 0.3,
    ) -> None:
        """Keep an episode; when the mind is full, the one with the least recency plus importance goes."""
        held = int(self.count[row])
        if held < CAPACITY:
            slot = held
            self.count[row] = held + 1
        else:
            mine = self.episodes[row]
            slot = int(np.argmin(self._recency(mine["tick"], tick) + mine["importance"]))
        self.episodes[row, slot] = (tick, kind, TOPICS.index(topic), place, who, about, fact, importance)
        folded = (tick, int(kind), TOPICS.index(topic), place, who, about, fact, round(importance * 1000), slot)
        self.digest[row] = mixed(int(self.digest[row]), *folded)

    def recall(
        self,
        row: int,
        tick: int,
        *,
        topic: Topic | None = None,
        who: int = -1,
        place: int = -1,
        fact: int = -1,
        before: int = FOREVER,
    ) -> NDArray[np.void] | None:
        """The best episode (EPISODE) up to the tick `before` for a cue of typed fields, or None when nothing fits.

        Score = recency + importance + relevance (Park et al. 2023), relevance being the share of the cue's fields that
        match. Ties go to the newer one.
        """
        mine = self.episodes[row, : int(self.count[row])]
        cue: list[tuple[str, int]] = [(n, v) for n, v in (("who", who), ("place", place), ("fact", fact)) if v >= 0]
        if topic is not None:
            cue.append(("topic", TOPICS.index(topic)))
        if not len(mine) or not cue:
            return None
        matches = np.sum([_fits(mine, name, value) for name, value in cue], axis=0) * (mine["tick"] <= before)
        if not matches.any():
            return None
        relevance = np.where(matches > 0, matches / len(cue), -np.inf)
        score = self._recency(mine["tick"], tick) + mine["importance"] + RELEVANCE_WEIGHT * relevance
        best = np.flatnonzero(score == score.max())
        return mine[best[np.argmax(mine["tick"][best])]].copy()  # type: ignore[no-any-return]

    def _recency(self, then: NDArray[np.int64], tick: int) -> NDArray[np.float64]:
        hours = (tick - then) / (3600.0 * self.tick_rate)
        recency: NDArray[np.float64] = RECENCY_PER_HOUR**hours
        return recency


def _fits(episodes: NDArray[np.void], name: str, value: int) -> NDArray[np.bool_]:
    """Episodes whose field has the value; a villager fits as the one met and as the one spoken of."""
    fits: NDArray[np.bool_] = episodes[name] == value
    return fits | (episodes["about"] == value) if name == "who" else fits
