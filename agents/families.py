"""Who is whose kin and who lives with whom: couples, their grown children and elders, sisters and brothers."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from world.streams import stream

COUPLE_SHARE = 0.65  # of grown women who live with a husband, where there is one for them; judgement
COUPLE_FROM, COUPLE_AGE_GAP = 21, 12
HUSBANDS_LEAD = 2  # years by which husbands are older in the mean, in most countries (United Nations 2017)
PARENT_GAP = 18  # years between parent and child, at least
MOTHER_GAP, FATHER_GAP = 42, 55  # at most
WIDOWED_FROM = 50  # from here on one without a spouse may have been married and have children
MOST_CHILDREN = 5
PARENTS_ALIVE = ((30, 0.8), (45, 0.6), (62, 0.35))  # below this age: chance that a parent lives in the village
MOTHERING_YEARS = 22  # between the first and the last child of one mother
SIBLING_CHANCE, SIBLING_GAP = 0.3, 14  # for those without a parent here to have a sister or brother here
AT_HOME_BELOW, AT_HOME, LATER_AT_HOME = 32, 0.85, 0.3  # unmarried children who live with their parents
ELDER_FROM, TAKEN_IN = 62, 0.6  # widowed parents who live with a married child
SIBLINGS_TOGETHER = 0.6

SPOUSE, CHILD, PARENT = ("wife", "husband"), ("daughter", "son"), ("mother", "father")
SIBLING, GRANDPARENT, GRANDCHILD = (
    ("sister", "brother"),
    ("grandmother", "grandfather"),
    ("granddaughter", "grandson"),
)
PARENTS_SIBLING, SIBLINGS_CHILD = ("aunt", "uncle"), ("niece", "nephew")
"""What a woman and what a man of that relation is called."""

Family = tuple[tuple[int, str], ...]


@dataclass
class Kin:
    """Spouse and parents of everybody; -1 for none. Parents from `len(spouse)` on are dead or far away."""

    spouse: list[int]
    parents: list[tuple[int, int]]

    def ancestors(self, row: int) -> set[int]:
        """All known forebears of a villager, those who are not here included."""
        found: set[int] = set()
        waiting = [row]
        while waiting:
            one = waiting.pop()
            for parent in self.parents[one] if one < len(self.parents) else ():
                if parent >= 0 and parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found


def kinship(seed: int, ages: Sequence[int], women: Sequence[bool]) -> Kin:
    """Couples and parents among people of these ages; nobody marries a relative, and parents are older by a generation.

    Everybody gets two parents: those who live here, or two who do not and are shared with sisters and brothers alone.
    """
    n = len(ages)
    kin = Kin(_couples(seed, ages, women), [(-1, -1)] * n)
    rng = stream(seed, "parents")
    units = _possible_parents(kin.spouse, ages, women)
    mothers, fathers = (np.array([ages[u[i]] if u[i] >= 0 else -1 for u in units]) for i in (0, 1))
    children, oldest = np.zeros(len(units), int), np.full(len(units), -1)
    absent: list[list[int]] = []  # children of parents who are not here
    for row in sorted(range(n), key=lambda r: (-ages[r], r)):
        alive = next((chance for below, chance in PARENTS_ALIVE if ages[row] < below), 0.0)
        if rng.random() < alive:
            fits = _fits(mothers, ages[row], MOTHER_GAP) & _fits(fathers, ages[row], FATHER_GAP)
            fits &= (children < MOST_CHILDREN) & ((oldest < 0) | (oldest - ages[row] <= MOTHERING_YEARS))
            options = rng.permutation(np.flatnonzero(fits)).tolist()
            unit = next((u for u in options if _apart(kin, row, units[u])), None)
            if unit is not None:
                children[unit] += 1
                oldest[unit] = max(oldest[unit], ages[row])
                # the parent of a widowed one's children who is no longer here has a number beyond all rows, too
                kin.parents[row] = tuple(p if p >= 0 else n + unit for p in units[unit])
                continue
        kin.parents[row] = _absent_parents(row, n + len(units), absent, kin, ages, rng)
    return kin


def families(kin: Kin, women: Sequence[bool]) -> list[Family]:
    """For everybody (row, what that one is to it), the nearest first; the words of two people fit each other."""
    n = len(kin.spouse)
    children: dict[int, list[int]] = {}
    for row, parents in enumerate(kin.parents):
        for parent in parents:
            children.setdefault(parent, []).append(row)

    def siblings(row: int) -> list[int]:
        return [r for r in children[kin.parents[row][0]] if r != row and kin.parents[r] == kin.parents[row]]

    told = []
    for row in range(n):
        here = [p for p in kin.parents[row] if p < n]
        own = children.get(row, [])
        relations = [
            (SPOUSE, [kin.spouse[row]] if kin.spouse[row] >= 0 else []),
            (CHILD, own),
            (PARENT, here),
            (SIBLING, siblings(row)),
            (GRANDCHILD, [g for c in own for g in children.get(c, [])]),
            (GRANDPARENT, [g for p in here for g in kin.parents[p] if g < n]),
            (PARENTS_SIBLING, [s for p in here for s in siblings(p)]),
            (SIBLINGS_CHILD, [c for s in siblings(row) for c in children.get(s, [])]),
        ]
        words: dict[int, str] = {}
        for (she, he), others in relations:
            for other in others:
                words.setdefault(other, she if women[other] else he)
        told.append(tuple(words.items()))
    return told


def households(seed: int, kin: Kin, ages: Sequence[int]) -> list[int]:
    """The number of everybody's household: couples with unmarried children and widowed parents, or single people."""
    n = len(ages)
    rng = stream(seed, "households")
    with_whom = list(range(n))
    children: dict[int, list[int]] = {}
    for row, parents in enumerate(kin.parents):
        for parent in parents:
            children.setdefault(parent, []).append(row)
    for row in range(n):
        chance = rng.random()
        here = [p for p in kin.parents[row] if p < n]
        if kin.spouse[row] >= 0:
            with_whom[row] = min(row, kin.spouse[row])
        elif here and chance < (AT_HOME if ages[row] < AT_HOME_BELOW else LATER_AT_HOME):
            with_whom[row] = here[0]
        elif ages[row] >= ELDER_FROM and chance < TAKEN_IN:
            married = [c for c in children.get(row, []) if kin.spouse[c] >= 0]
            with_whom[row] = married[0] if married else row
        elif not here and chance < SIBLINGS_TOGETHER:
            single = [s for s in children[kin.parents[row][0]] if kin.spouse[s] < 0 and ages[s] < ELDER_FROM]
            with_whom[row] = min([row, *single])
    return _numbered(with_whom)


def house_them(seed: int, household: Sequence[int], houses: Sequence[int]) -> list[int]:
    """A house for everybody: households stay together, and none is crowded while another has room."""
    members: dict[int, list[int]] = {}
    for row, number in enumerate(household):
        members.setdefault(number, []).append(row)
    order = [houses[int(i)] for i in stream(seed, "homes").permutation(len(houses))]
    people = dict.fromkeys(order, 0)
    home = [-1] * len(household)
    for number in sorted(members, key=lambda h: (-len(members[h]), h)):
        house = min(order, key=lambda h: people[h])
        people[house] += len(members[number])
        for row in members[number]:
            home[row] = house
    return home


def _couples(seed: int, ages: Sequence[int], women: Sequence[bool]) -> list[int]:
    """Each grown woman in turn, by chance, beside the free man whose age fits best."""
    rng = stream(seed, "couples")
    spouse = [-1] * len(ages)
    grown = [row for row, age in enumerate(ages) if age >= COUPLE_FROM]
    free = sorted((ages[row], row) for row in grown if not women[row])
    for row in rng.permutation([row for row in grown if women[row]]).tolist():
        willing, lead = rng.random() < COUPLE_SHARE, rng.normal(HUSBANDS_LEAD, 3.0)
        if not willing or not free:
            continue
        at = bisect_left(free, (ages[row] + lead, -1))
        near = [i for i in (at - 1, at) if 0 <= i < len(free) and abs(free[i][0] - ages[row]) <= COUPLE_AGE_GAP]
        if near:
            _, man = free.pop(min(near, key=lambda i: abs(free[i][0] - ages[row] - lead)))
            spouse[row], spouse[man] = man, row
    return spouse


def _possible_parents(spouse: Sequence[int], ages: Sequence[int], women: Sequence[bool]) -> list[tuple[int, int]]:
    """(mother, father): couples, and those who may have been widowed with -1 for the other."""
    units = []
    for row in range(len(ages)):
        if spouse[row] > row:
            units.append((row, spouse[row]) if women[row] else (spouse[row], row))
        elif spouse[row] < 0 and ages[row] >= WIDOWED_FROM:
            units.append((row, -1) if women[row] else (-1, row))
    return units


def _fits(
    parent_ages: np.ndarray[tuple[int], np.dtype[np.int64]], age: int, most: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    gap = parent_ages - age
    return (parent_ages < 0) | ((gap >= PARENT_GAP) & (gap <= most))


def _apart(kin: Kin, row: int, parents: tuple[int, int]) -> bool:
    """Whether these could be one's parents without making one a blood relation of one's own spouse."""
    spouse = kin.spouse[row]
    if spouse < 0:
        return True
    line = {p for p in parents if p >= 0}
    for parent in tuple(line):
        line |= kin.ancestors(parent)
    return line.isdisjoint(kin.ancestors(spouse) | {spouse})


def _absent_parents(
    row: int, first: int, absent: list[list[int]], kin: Kin, ages: Sequence[int], rng: np.random.Generator
) -> tuple[int, int]:
    """The numbers of two parents who are not here, shared with siblings of fitting age where there are some."""
    number = len(absent)
    if rng.random() < SIBLING_CHANCE:
        recent = range(max(0, number - 12), number)  # these are nearest in age, as the oldest come first
        fits = [
            i
            for i in recent
            if len(absent[i]) < MOST_CHILDREN
            and ages[absent[i][0]] - ages[row] <= SIBLING_GAP
            and all(kin.spouse[s] != row for s in absent[i])
            and _apart(kin, row, (first + 2 * i, first + 2 * i + 1))
        ]
        if fits:
            number = fits[int(rng.integers(len(fits)))]
    if number == len(absent):
        absent.append([])
    absent[number].append(row)
    return first + 2 * number, first + 2 * number + 1


def _numbered(with_whom: Sequence[int]) -> list[int]:
    """Household numbers from zero on, in the order of their first rows, from whom each one joins."""
    heads = []
    for row in range(len(with_whom)):
        head = row
        while with_whom[head] != head:
            head = with_whom[head]
        heads.append(head)
    number = {head: i for i, head in enumerate(dict.fromkeys(heads))}
    return [number[head] for head in heads]
