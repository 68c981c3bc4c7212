"""What villagers have concluded: typed insights with their evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.memory import mixed
from world.state import Plain, check_rows, column, columns_of, part, put_back, rows_of, taken

MOST = 32  # insights per villager; beyond it whereabouts go before character, and the least evidence first


class InsightKind(IntEnum):
    """What a conclusion says of its subject."""

    KEEPS_PROMISES = 0
    BREAKS_PROMISES = 1
    HELPS = 2
    LIES = 3
    QUARREL = 4  # the subject and the object quarrel with each other
    OFTEN_AT = 5  # the subject is often at the place
    RAIN_AFTER_SIGN = 6  # rain comes after such a sky


@dataclass(frozen=True)
class Insight:
    """One conclusion, and what it rests on."""

    kind: InsightKind
    subject: int = -1  # row of a villager, -1 for none
    object: int = -1
    place: int = -1
    weight: float = 0.0  # of its evidence: facts, each as far as they are sure, or times seen
    facts: tuple[int, ...] = ()  # ids of facts
    episodes: tuple[int, ...] = ()  # ids of episodes

    @property
    def key(self) -> tuple[int, int, int, int]:
        """What tells it from other conclusions: there is one of each in a head."""
        return int(self.kind), self.subject, self.object, self.place


INSIGHT = np.dtype(
    [
        ("kind", "u1"),
        ("subject", "<i2"),
        ("object", "<i2"),
        ("place", "<i2"),
        ("weight", "<f8"),
        ("facts", "<i8"),  # how many of the evidence column are facts of this one
        ("episodes", "<i8"),
    ]
)


class Insights:
    """The conclusions of every villager, and the nights on which each one has last slept on its day."""

    def __init__(self, villagers: int) -> None:
        self.digest: NDArray[np.uint64] = np.zeros(villagers, np.uint64)
        self.nights: NDArray[np.int64] = np.full(villagers, -1)  # day that begins after the night slept through
        self._of: list[dict[tuple[int, int, int, int], Insight]] = [{} for _ in range(villagers)]

    def of(self, row: int) -> tuple[Insight, ...]:
        """Everything a villager has concluded, oldest first."""
        return tuple(self._of[row].values())

    def about(self, row: int, other: int) -> tuple[Insight, ...]:
        """What a villager has concluded about another one."""
        return tuple(i for i in self._of[row].values() if other in (i.subject, i.object))

    def has(self, row: int, kind: InsightKind, subject: int = -1) -> bool:
        """Whether a villager has come to a conclusion of this kind about somebody, or about the world."""
        return any(i.kind == kind and i.subject == subject for i in self._of[row].values())

    def find(self, row: int, like: Insight) -> Insight | None:
        """The same conclusion as it was last drawn, with the evidence of that time."""
        return self._of[row].get(like.key)

    def note(self, row: int, drawn: Insight) -> None:
        """Keep a conclusion, in place of the same one drawn before; the least goes where there are too many."""
        mine = self._of[row]
        mine.pop(drawn.key, None)
        if len(mine) >= MOST:
            del mine[min(mine, key=lambda key: (key[0] != InsightKind.OFTEN_AT, mine[key].weight, key))]
        mine[drawn.key] = drawn
        evidence = *drawn.facts, *drawn.episodes
        self.digest[row] = mixed(int(self.digest[row]), *drawn.key, round(1e6 * drawn.weight), *evidence)

    def freeze(self) -> Plain:
        """Conclusions as columns, with their evidence behind each other."""
        drawn = [insight for mine in self._of for insight in mine.values()]
        rows = np.zeros(len(drawn), INSIGHT)
        for at, i in enumerate(drawn):
            rows[at] = (*i.key, i.weight, len(i.facts), len(i.episodes))
        evidence = [number for i in drawn for number in (*i.facts, *i.episodes)]
        return taken(self, ("digest", "nights")) | {
            "count": np.array([len(mine) for mine in self._of], np.int64),
            "insights": columns_of(rows),
            "evidence": np.array(evidence, np.int64),
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("digest", "nights"), state)
        rows = rows_of(part(state, "insights"), INSIGHT)
        count, evidence = (_numbers(state, name) for name in ("count", "evidence"))
        wanted = int(rows["facts"].sum() + rows["episodes"].sum())
        if len(count) != len(self._of) or count.sum() != len(rows) or len(evidence) != wanted:
            raise ValueError("the state's 'insights' do not fit their count or their evidence")
        check_rows("insights", len(InsightKind), rows["kind"])
        self._of = [{} for _ in self._of]
        at = 0
        for row, packed in zip(np.repeat(np.arange(len(count)), count).tolist(), rows.tolist(), strict=True):
            kind, subject, object_, place, weight, facts, episodes = packed
            numbers = tuple(evidence[at : at + facts + episodes].tolist())
            at += facts + episodes
            made = Insight(InsightKind(kind), subject, object_, place, weight, numbers[:facts], numbers[facts:])
            self._of[row][made.key] = made


def _numbers(state: Any, name: str) -> NDArray[np.int64]:
    return column(part(state, name), name, np.dtype(np.int64))
