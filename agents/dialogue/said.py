"""What each villager lately raised with whom, so that nobody asks the same again within hours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.acts import Act, Topic
from agents.memory import TOPICS, mixed
from world.state import Plain, columns_of, part, put_back, rows_of, taken

KEPT = 48  # raised by one villager; a day of much talk has some hundred turns
ANY = -2
_CODES = {(act, topic): i * len(TOPICS) + j for i, act in enumerate(Act) for j, topic in enumerate(TOPICS)}

RAISED = np.dtype([("tick", "<i8"), ("code", "<i2"), ("to", "<i2"), ("about", "<i4")])


class Said:
    """The last KEPT things that each villager raised of its own accord, in columns (n, KEPT)."""

    def __init__(self, villagers: int, *, kept: bool = True) -> None:
        self._rows = np.zeros((villagers, KEPT), RAISED)
        self.count: NDArray[np.int64] = np.zeros(villagers, np.int64)  # ever raised; the oldest are overwritten
        self.digest: NDArray[np.uint64] = np.zeros(villagers, np.uint64)
        self._kept = kept

    def note(self, row: int, tick: int, act: Act, topic: Topic, to: int, about: int = -1) -> None:
        """Remember that `row` raised a topic by an act with `to`; `about` is the id of a fact or of a proposal's."""
        if not self._kept:
            return
        code = _CODES[act, topic]
        self._rows[row, int(self.count[row]) % KEPT] = (tick, code, to, about)
        self.count[row] += 1
        self.digest[row] = mixed(int(self.digest[row]), tick, code, to, about)

    def lately(self, row: int, act: Act, topic: Topic, since: int, *, to: int = ANY, about: int = ANY) -> bool:
        """Whether `row` raised it at the tick `since` or later: with anybody, about anything, unless so wanted."""
        mine = self._rows[row, : min(KEPT, int(self.count[row]))]
        if not len(mine):
            return False
        fits = (mine["code"] == _CODES[act, topic]) & (mine["tick"] >= since)
        if to != ANY:
            fits &= mine["to"] == to
        if about != ANY:
            fits &= mine["about"] == about
        return bool(fits.any())

    def to_whom(self, row: int, act: Act, topic: Topic, since: int) -> list[int]:
        """With whom `row` raised it at the tick `since` or later, ascending."""
        mine = self._rows[row, : min(KEPT, int(self.count[row]))]
        fits = (mine["code"] == _CODES[act, topic]) & (mine["tick"] >= since)
        return [int(other) for other in np.unique(mine["to"][fits])]

    def freeze(self) -> Plain:
        """What is remembered of what was raised, one villager's after the other's."""
        held = np.arange(KEPT) < self.count[:, None]
        return taken(self, ("count", "digest")) | {"raised": columns_of(self._rows[held])}

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("count", "digest"), state)
        held = np.arange(KEPT) < self.count[:, None]
        rows = rows_of(part(state, "raised"), RAISED)
        if len(rows) != held.sum():
            raise ValueError(f"the state counts {held.sum()} things that were raised and holds {len(rows)}")
        self._rows[:] = np.zeros((), RAISED)
        self._rows[held] = rows
