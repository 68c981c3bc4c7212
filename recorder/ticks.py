"""Recorded ticks: a sequence that may have gaps where a session was cut or damaged."""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import overload


class Ticks(Sequence[int]):
    """Recorded ticks in order: stretches without gaps, usually one."""

    def __init__(self, stretches: Iterable[range]) -> None:
        self.stretches: tuple[range, ...] = tuple(_joined(stretches))
        self._ends = list(accumulate(map(len, self.stretches)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __contains__(self, tick: object) -> bool:
        return any(tick in stretch for stretch in self.stretches)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.stretches)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        position = operator.index(index) + (len(self) if index < 0 else 0)
        if not 0 <= position < len(self):
            raise IndexError(f"there are {len(self)} recorded ticks")
        number = bisect_right(self._ends, position)
        return self.stretches[number][position - self._ends[number]]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, range):
            return self.stretches == ((other,) if other else ())
        return isinstance(other, Ticks) and self.stretches == other.stretches

    def __hash__(self) -> int:
        return hash(self.stretches)

    def __repr__(self) -> str:
        return f"Ticks({list(self.stretches)})"

    def __str__(self) -> str:
        spans = ", ".join(f"{stretch[0]} to {stretch[-1]}" for stretch in self.stretches)
        return f"ticks {spans}" if spans else "no tick at all"


def _joined(stretches: Iterable[range]) -> list[range]:
    joined: list[range] = []
    for stretch in stretches:
        if joined and joined[-1].stop == stretch.start:
            joined[-1] = range(joined[-1].start, stretch.stop)
        elif stretch:
            joined.append(stretch)
    return joined
