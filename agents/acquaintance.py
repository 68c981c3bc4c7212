"""Who knows whom: a bounded circle of acquaintances per villager, and columns that are read like matrices."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from world.compiled import compiled

CIRCLE = 150  # people one can know (Dunbar 1992); where the village is smaller, everybody knows everybody

Rows = NDArray[np.integer[Any]]


class Circles:
    """Whom each villager knows: `others` (n, k), ascending in every row; `n` stands where there is room.

    Where all know all, everybody stands at the slot of its own number (at one's own slot nobody is meant), and finding
    somebody is one step; where the circle is smaller than the village it is a binary search.
    """

    def __init__(self, villagers: int, circle: int = CIRCLE) -> None:
        """Everybody in a village that fits into a circle; nobody yet where it does not."""
        self.villagers = villagers
        self.whole = villagers - 1 <= circle
        self.capacity = villagers if self.whole else circle
        self.others: NDArray[np.int32] = np.full((villagers, self.capacity), villagers, np.int32)
        self.count: NDArray[np.int64] = np.zeros(villagers, np.int64)
        self.columns: list[Column] = []
        if self.whole:
            self.others[:] = np.arange(villagers)
            self.count[:] = villagers - 1
        self._keys = self._keyed()

    @property
    def _places(self) -> memoryview:
        """All circles, one after the other: looking through single numbers is many times faster than in numpy."""
        return self.others.data.cast("B").cast("i")

    @property
    def held(self) -> NDArray[np.bool_]:
        """Places (n, k) at which somebody else stands."""
        held: NDArray[np.bool_] = self.others != np.arange(self.villagers)[:, None]
        held &= self.others < self.villagers
        return held

    def known(self, row: int) -> NDArray[np.int64]:
        """Rows of those whom a villager knows, ascending."""
        if self.whole:
            return np.delete(np.arange(self.villagers), row)
        return self.others[row, : int(self.count[row])].astype(np.int64)

    def fill(self, a: Rows, b: Rows) -> None:
        """Let `a` know `b` and nobody else: distinct pairs, ascending by a and b, at most `capacity` for each a."""
        self.count[:] = np.bincount(a, minlength=self.villagers)
        slot = np.arange(len(a)) - np.repeat(np.cumsum(self.count) - self.count, self.count)
        self.others[:] = self.villagers
        self.others[a, slot] = b
        self._keys = self._keyed()

    def admit(self, a: int, b: int, leaving: int) -> int:
        """Let a know b, in place of whoever stands at the slot `leaving` where the circle is full. Returns b's slot.

        The new acquaintance has in every column what strangers have.
        """
        row = self.others[a]
        first = a * self.capacity
        slot = bisect_left(self._places, b, first, first + self.capacity) - first
        count = int(self.count[a])
        full = count == self.capacity
        free = leaving if full else count
        slot -= slot > free  # whoever leaves makes room before the newcomer's place
        self.count[a] += not full
        _shift(row, free, slot, b)
        for column in self.columns:
            _shift(column.values[a], free, slot, column.stranger)
        self._keys[a] = row.astype(np.int64) + a * (self.villagers + 1)
        return slot

    def slot(self, a: int, b: int) -> int:
        """Where b stands in the row of a, or -1 if a does not know b."""
        if self.whole:
            return -1 if a == b else b
        first = a * self.capacity
        behind = first + self.capacity
        places = self._places
        at = bisect_left(places, b, first, behind)
        return at - first if at < behind and places[at] == b else -1

    def slots(self, a: Rows, b: Rows) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The same for arrays of one shape: places in the row of a (0 where unknown), and whether a knows b."""
        if self.whole:
            return b.astype(np.int64), a != b
        at, known = self.places(a, b)
        return np.where(known, at - a.astype(np.int64) * self.capacity, 0), known

    def places(self, a: int | Rows, b: int | Rows) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where b stands among the places of all circles, one after the other, and whether a knows b at all."""
        wanted = np.asarray(a, np.int64) * (self.villagers + 1) + b
        keys = self._keys.ravel()
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return at, keys[at] == wanted

    def _keyed(self) -> NDArray[np.int64]:
        """One ascending number per place of all circles together, so that many pairs are found in one search."""
        return self.others + np.arange(self.villagers, dtype=np.int64)[:, None] * (self.villagers + 1)


class Column:
    """One number for every acquaintance, read as `column[a, b]`; strangers have the same one throughout.

    Two ints give a number; arrays, broadcast against each other, give an array.
    """

    def __init__(self, circles: Circles, dtype: DTypeLike, stranger: float) -> None:
        self.values: NDArray[Any] = np.full(circles.others.shape, stranger, dtype)
        self.stranger = self.values.dtype.type(stranger)
        self._circles = circles
        circles.columns.append(self)

    @overload
    def __getitem__(self, pair: tuple[int, int]) -> float: ...

    @overload
    def __getitem__(self, pair: tuple[Rows, Rows] | tuple[int, Rows] | tuple[Rows, int]) -> NDArray[Any]: ...

    def __getitem__(self, pair: tuple[int | Rows, int | Rows]) -> float | NDArray[Any]:
        one, other = pair
        whole = self._circles.whole
        if isinstance(one, int) and isinstance(other, int):
            slot = other if whole else self._circles.slot(one, other)
            return self.stranger.item() if slot < 0 else self.values.item(one, slot)  # type: ignore[no-any-return]
        if whole:
            found: NDArray[Any] = self.values[one, other]
            return found if found.ndim else found.item()
        at, known = self._circles.places(one, other)
        found = np.where(known, self.values.ravel()[at], self.stranger)
        return found if found.ndim else found.item()


@compiled
def slot_of(others: NDArray[np.int32], whole: bool, a: int, b: int) -> int:
    """`Circles.slot` for machine code: where b stands in the row of a, or -1 if a does not know b."""
    if whole:
        return -1 if a == b else b
    low, high = 0, others.shape[1]
    while low < high:
        middle = (low + high) // 2
        if others[a, middle] < b:
            low = middle + 1
        else:
            high = middle
    return low if low < others.shape[1] and others[a, low] == b else -1


def _shift(row: NDArray[Any], free: int, slot: int, value: Any) -> None:
    """Close the gap at `free` and put a value at `slot`, the others keeping their order."""
    if slot < free:
        row[slot + 1 : free + 1] = row[slot:free].copy()
    else:
        row[free:slot] = row[free + 1 : slot + 1].copy()
    row[slot] = value
