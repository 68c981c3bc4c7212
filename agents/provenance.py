"""Who told whom: every telling, so that whatever anybody knows leads back to a witness, or to who made it up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np

from world.state import Plain, column, part

NOTHING = 0  # ids of facts begin after it


@dataclass(frozen=True)
class Step:
    """One step of the way of a fact, from its holder back to where it came from."""

    row: int  # who came to know it
    fact: int  # as that one knew it: the id of a distorted copy differs from what was told
    how: str  # told, overheard; at the end seen, own, inferred, lied or rumour
    teller: int = -1  # who told it, -1 at the end
    tick: int = -1  # when it was told, -1 at the end


class Tellings:
    """For every fact that somebody thinks of: through whom each one first came to know it.

    Only the first telling counts. Who forgets and is told again does not thereby come later in the chain, so chains
    have no loops.
    """

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}  # distorted copy -> the fact of which it is a copy
        self._of: dict[int, dict[int, tuple[int, int, bool]]] = {}  # fact -> listener -> teller, tick, overheard

    def note(self, fact: int, teller: int, listener: int, tick: int, *, overheard: bool) -> None:
        """Somebody has been told something, in this wording of the facts, for the first time."""
        self._of.setdefault(fact, {}).setdefault(listener, (teller, tick, overheard))

    def first(self, fact: int, row: int) -> tuple[int, int, bool] | None:
        """Teller, tick and whether overheard, of the first telling of a fact to a villager; None for no telling."""
        return self._of.get(fact, {}).get(row)

    def told_to(self, fact: int) -> dict[int, tuple[int, int, bool]]:
        """Everybody who was told a fact in this wording, in order of time."""
        return self._of.get(fact, {})

    def forget(self, fact: int) -> int:
        """Drop what is known about a fact; returns the fact of which it was a copy, or NOTHING."""
        self._of.pop(fact, None)
        return self.parent.pop(fact, NOTHING)

    def freeze(self) -> Plain:
        """Tellings and copies as columns."""
        rows = [
            (fact, listener, teller, tick, overheard)
            for fact, told in self._of.items()
            for listener, (teller, tick, overheard) in told.items()
        ]
        flat = np.array(rows, np.int64).reshape(-1, 5)
        names = ("fact", "listener", "teller", "tick", "overheard")
        return {name: flat[:, i].copy() for i, name in enumerate(names)} | {
            "copy": np.array(list(self.parent), np.int64),
            "original": np.array(list(self.parent.values()), np.int64),
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        columns = [_numbers(state, name) for name in ("fact", "listener", "teller", "tick", "overheard")]
        copies, originals = _numbers(state, "copy"), _numbers(state, "original")
        if len({len(c) for c in columns}) != 1 or len(copies) != len(originals):
            raise ValueError("the state's columns of 'tellings' differ in length")
        self._of = {}
        for fact, listener, teller, tick, overheard in zip(*columns, strict=True):
            self.note(fact, teller, listener, tick, overheard=bool(overheard))
        self.parent = dict(zip(copies, originals, strict=True))


def _numbers(state: Any, name: str) -> list[int]:
    return column(part(state, name), f"tellings.{name}", np.dtype(np.int64)).tolist()  # type: ignore[no-any-return]


def flat(groups: Mapping[int, Collection[int]]) -> Plain:
    """Groups of numbers by fact as two columns."""
    total = sum(map(len, groups.values()))
    facts = chain.from_iterable(map(repeat, groups, map(len, groups.values())))
    members = chain.from_iterable(groups.values())
    return {
        "fact": np.fromiter(facts, np.int64, total),
        "member": np.fromiter(members, np.int64, total),
    }


def grouped(columns: Any, name: str) -> dict[int, list[int]]:
    """What `flat` made flat."""
    facts, members = (column(part(columns, key), f"{name}.{key}", np.dtype(np.int64)) for key in ("fact", "member"))
    if facts.shape != members.shape:
        raise ValueError(f"the state's columns of '{name}' differ in length")
    groups: dict[int, list[int]] = {}
    for fact, member in zip(facts.tolist(), members.tolist(), strict=True):
        groups.setdefault(fact, []).append(member)
    return groups
