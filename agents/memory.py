"""Episodes that villagers keep: what was seen, heard and said, ranked by recency, importance and fit, and forgotten."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from agents.acts import Topic
from agents.recollection import WORDS, scaled, telling_words, word_fit, word_numbers
from world.compiled import compiled
from world.state import Plain, column, columns_of, part, put_back, rows_of, taken
from world.view import Floats

CAPACITY = 128  # episodes per villager unless asked otherwise: what a state of thousands can carry
RECENCY_PER_HOUR = 0.995  # per hour of game time (Park et al. 2023)
# Differences smaller than these do not count in full, where the best and the worst of what fits are nearly alike.
LEAST_RANGE = {"recency": 0.2, "importance": 0.3, "relevance": 0.25}
WORD_SHARE = 0.25  # of words in relevance, beside typed fields
DECAY = 0.5  # of the base level of activation, ACT-R's d (Anderson & Lebiere 1998)
IMPORTANCE_WEIGHT = 3.0  # on activation: what matters most is kept like what was met twenty times; judgement
FORGOTTEN = -2.0  # activation below which an episode is gone by the next morning; judgement
SETTLED_H = 6.0  # episodes older than this are consolidated
MOST_TIMES = 65_535  # that can be counted
TOPICS = tuple(Topic)
MIX = 0x9E3779B97F4A7C15  # golden-ratio multiplier of a rolling digest
FOREVER = (1 << 62) - 1
MASK = (1 << 64) - 1

EPISODE = np.dtype(
    [
        ("id", "<i8"),
        ("tick", "<i8"),  # when it was lived, for the first time
        ("last", "<i8"),  # and for the last time, where like episodes have become one
        ("times", "<u2"),  # how often
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


SAW = int(EpisodeKind.SAW)


def mixed(digest: int, *values: int) -> int:
    """A 64-bit rolling digest with some integers folded in; order matters."""
    for value in values:
        digest = ((digest ^ (value & MASK)) * MIX + 0x7F4A7C15) & MASK
        digest ^= digest >> 29
    return digest


class Memories:
    """Bounded episodes per villager: (n, capacity) rows of EPISODE with their count, and a digest of every change."""

    def __init__(self, villagers: int, tick_rate: int, *, capacity: int = CAPACITY, keeps: bool = True) -> None:
        """Empty heads for up to `capacity` episodes each; without `keeps` nothing is ever remembered."""
        self.capacity = capacity
        self.keeps = keeps
        self.tick_rate = tick_rate
        self.episodes: NDArray[np.void] = np.zeros((villagers, capacity), EPISODE)
        self.words: NDArray[np.uint32] = np.zeros((villagers, capacity, WORDS), np.uint32)  # 0 for none
        self.count: NDArray[np.int64] = np.zeros(villagers, np.int64)
        self.unreflected: Floats = np.zeros(villagers)  # summed importance since the last reflection
        self.digest: NDArray[np.uint64] = np.zeros(villagers, np.uint64)
        self._next_id = 0

    def of(self, row: int) -> NDArray[np.void]:
        """What one villager remembers: EPISODE rows in no order."""
        held: NDArray[np.void] = self.episodes[row, : int(self.count[row])]
        return held

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
        words: str = "",
    ) -> None:
        """Keep an episode, with the words of what it was about; when the mind is full, the faintest goes."""
        if not self.keeps:
            return
        self.unreflected[row] += importance
        if kind == EpisodeKind.SAW and self._seen_again(row, tick, who, place, fact):
            return
        held = int(self.count[row])
        slot = held if held < self.capacity else int(np.argmin(self.activation(row, tick)))
        self.count[row] = min(held + 1, self.capacity)
        self._next_id += 1
        what = (int(kind), TOPICS.index(topic), place, who, about, fact)
        self.episodes[row, slot] = (self._next_id, tick, tick, 1, *what, importance)
        self.words[row, slot] = word_numbers(words)
        self.digest[row] = mixed(int(self.digest[row]), tick, *what, round(importance * 1000), slot)

    def _seen_again(self, row: int, tick: int, who: int, place: int, fact: int) -> bool:
        """Whether somebody was seen at that place lately: then that was seen twice, and is no episode of its own."""
        lately = tick - SETTLED_H * 3600.0 * self.tick_rate
        at = _sighting(self.episodes[row], int(self.count[row]), who, place, lately)
        if at < 0:
            return False
        seen = self.episodes[row, at]
        seen["last"], seen["fact"], seen["times"] = tick, fact, min(int(seen["times"]) + 1, MOST_TIMES)
        self.digest[row] = mixed(int(self.digest[row]), tick, who, place, fact)
        return True

    def activation(self, row: int, tick: int) -> Floats:
        """How present each episode of a villager is: its base level and its importance.

        Base level by ACT-R's optimised learning (Anderson & Lebiere 1998, eq. 4.5): ln(times / (1 - d)) - d ln(age),
        with ages in hours, so that what was lived often fades like a power of time, as Ebbinghaus (1885) found.
        """
        mine = self.of(row)
        age_h = np.maximum(tick - mine["tick"], 0) / (3600.0 * self.tick_rate) + 1 / 60
        base = np.log(mine["times"] / (1.0 - DECAY)) - DECAY * np.log(age_h)
        present: Floats = base + IMPORTANCE_WEIGHT * mine["importance"]
        return present

    def recall(
        self,
        row: int,
        tick: int,
        *,
        topic: Topic | None = None,
        who: int = -1,
        place: int = -1,
        fact: int = -1,
        kind: EpisodeKind | None = None,
        words: str = "",
        before: int = FOREVER,
    ) -> np.void | None:
        """The best episode (EPISODE) up to the tick `before` for a cue of typed fields and words, or None."""
        best = self.retrieve(
            row, tick, topic=topic, who=who, place=place, fact=fact, kind=kind, words=words, before=before, most=1
        )
        return best[0] if len(best) else None

    def retrieve(
        self,
        row: int,
        tick: int,
        *,
        topic: Topic | None = None,
        who: int = -1,
        place: int = -1,
        fact: int = -1,
        kind: EpisodeKind | None = None,
        words: str = "",
        before: int = FOREVER,
        most: int = 3,
    ) -> NDArray[np.void]:
        """The best episodes (EPISODE) for a cue, best first: those that share a field or a word with it.

        Score = recency + importance + relevance with equal weights (Park et al. 2023), each scaled over what fits.
        Recency falls with game time since an episode was last lived, so the newer one ranks higher; relevance is the
        share of the cue's fields that match and, behind it, the words in common. Ties go to the newer one.
        """
        mine = self.of(row)
        cue = who, place, fact, -1 if topic is None else TOPICS.index(topic), -1 if kind is None else int(kind)
        asked = sum(value >= 0 for value in cue)
        numbers = telling_words(words)
        if not len(mine) or not (asked or numbers):
            return mine[:0].copy()
        relevance = _fits(self.episodes[row], len(mine), cue) / max(1, asked)
        if numbers:
            relevance += WORD_SHARE * word_fit(self.words[row, : len(mine)], numbers)
        (fitting,) = ((relevance > 0) & (mine["tick"] <= before)).nonzero()
        last = mine["last"][fitting]
        recency = RECENCY_PER_HOUR ** ((tick - last) / (3600.0 * self.tick_rate))
        score = scaled(recency, LEAST_RANGE["recency"])
        score += scaled(mine["importance"][fitting], LEAST_RANGE["importance"])
        score += scaled(relevance[fitting], LEAST_RANGE["relevance"])
        if most < len(fitting):
            least = score.max() if most == 1 else -np.partition(-score, most - 1)[most - 1]
            kept = np.flatnonzero(score >= least)  # all that tie with the last of the best
            fitting, last, score = fitting[kept], last[kept], score[kept]
        if len(fitting) > 1:
            fitting = fitting[np.lexsort([-mine["id"][fitting], -last, -score])[:most]]
        found: NDArray[np.void] = mine[fitting]
        return found

    def consolidate(self, row: int, tick: int) -> None:
        """A night's sleep: like episodes become one that was lived several times, and the faintest are forgotten.

        Alike are episodes of the same kind, topic, people and place, and of the same fact, but for sightings, of which
        every one is a fact of its own.
        """
        mine, words = self.of(row), self.words[row, : int(self.count[row])]
        if not len(mine):
            return
        settled = mine["last"] <= tick - SETTLED_H * 3600.0 * self.tick_rate
        alike = np.stack(
            [
                *(mine[name].astype(np.int64) for name in ("kind", "topic", "place", "who", "about")),
                np.where(mine["kind"] == EpisodeKind.SAW, -1, mine["fact"]),
                np.where(settled, 0, mine["id"]),
            ]
        )
        _, group = np.unique(alike, axis=1, return_inverse=True)
        newest = np.lexsort([mine["id"], mine["last"]])
        stays = np.zeros(int(group.max()) + 1, np.int64)
        stays[group[newest]] = newest  # the last one written is the newest of its group
        merged = mine[stays].copy()
        merged["times"] = np.minimum(np.bincount(group, mine["times"]), MOST_TIMES)
        for name, lesser in (("tick", np.minimum), ("importance", np.maximum)):
            lesser.at(merged[name], group, mine[name])
        kept_words = words[stays].copy()
        order = np.argsort(merged["id"])
        merged, kept_words = merged[order], kept_words[order]
        self.episodes[row, : len(merged)], self.words[row, : len(merged)] = merged, kept_words
        self.count[row] = len(merged)
        keeps = self.activation(row, tick) >= FORGOTTEN
        left = int(keeps.sum())
        self.episodes[row, :left], self.words[row, :left] = merged[keeps], kept_words[keeps]
        self.count[row] = left
        self.digest[row] = mixed(int(self.digest[row]), tick, left, int(merged["times"][keeps].sum()))

    def freeze(self) -> Plain:
        """The episodes held, one villager's after the other's, and the digests."""
        held = np.arange(self.capacity) < self.count[:, None]
        return taken(self, ("count", "digest", "unreflected", "_next_id")) | {
            "episodes": columns_of(self.episodes[held]),
            "words": self.words[held],
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("count", "digest", "unreflected", "_next_id"), state)
        held = np.arange(self.capacity) < self.count[:, None]
        rows = rows_of(part(state, "episodes"), EPISODE)
        words = column(part(state, "words"), "words", np.dtype(np.uint32))
        if len(rows) != held.sum() or len(rows) != self.count.sum() or words.shape != (len(rows), WORDS):
            raise ValueError(f"the state counts {self.count.sum()} episodes and holds {len(rows)}")
        self.episodes[:] = np.zeros((), EPISODE)
        self.words[:] = 0
        self.episodes[held], self.words[held] = rows, words


@compiled
def _sighting(episodes: NDArray[np.void], held: int, who: int, place: int, lately: float) -> int:
    """The first of the episodes held in which somebody was seen at a place after the tick `lately`, -1 for none."""
    for i in range(held):
        mine = episodes[i]
        if mine["who"] == who and mine["place"] == place and mine["kind"] == SAW and mine["last"] > lately:
            return i
    return -1


@compiled
def _fits(episodes: NDArray[np.void], held: int, cue: tuple[int, int, int, int, int]) -> Floats:
    """How many fields of a cue each of the episodes held has: who, place, fact, topic and kind, -1 for none asked for.

    A villager fits as the one met and as the one spoken of.
    """
    who, place, fact, topic, kind = cue
    fits = np.zeros(held)
    for i in range(held):
        mine = episodes[i]
        fits[i] += who >= 0 and (mine["who"] == who or mine["about"] == who)
        fits[i] += place >= 0 and mine["place"] == place
        fits[i] += fact >= 0 and mine["fact"] == fact
        fits[i] += topic >= 0 and mine["topic"] == topic
        fits[i] += kind >= 0 and mine["kind"] == kind
    return fits
