"""Who lives here: people of a population with names, trades, families, homes, values, secrets and a backstory."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from importlib.resources import files
from typing import Any

from agents.acts import Persona
from agents.character import backstory_of, manner_of, secrets_of, skill_of, values_of
from agents.families import families, house_them, households, kinship
from agents.population import TRAITS, Population, draw, trade_row
from world.streams import stream
from world.view import Place


def make_personas(
    seed: int,
    count: int,
    places: Sequence[Place],
    overrides: Sequence[Mapping[str, Any]] = (),
    population: Population | None = None,
) -> tuple[Persona, ...]:
    """`count` villagers with homes and workplaces among `places`; `population` says what kind of people.

    `overrides[row]` replaces fields of that row's persona. Age, gender, trade and traits given so are heeded by all
    that follows from them: families, homes, values, skill, backstory.

    Raises:
        ValueError: there is no house, or an override names a field that personas do not have.
    """
    houses = [p.id for p in places if p.kind == "house"]
    if not houses:
        raise ValueError("the world has no place of kind 'house', so nobody can live there")
    drawn = draw(seed, count, population or Population(), [p.kind for p in places])
    genders = ["woman" if woman else "man" for woman in drawn.women]
    for row, change in enumerate(overrides[:count]):
        genders[row] = str(change.get("gender", genders[row]))
    names = _names(seed, {str(change["name"]) for change in overrides if "name" in change})
    people = [
        Persona(
            row,
            next(names[genders[row]]),
            int(drawn.ages[row]),
            genders[row],
            str(drawn.trades[row]["name"]),
            **dict(zip(TRAITS, drawn.traits[row].tolist(), strict=True)),
            backstory="",
            manner="",
            home=-1,
            workplace=-1,
        )
        for row in range(count)
    ]
    people = _overridden(people, overrides)
    return tuple(_told(seed, _at_work(_at_home(seed, people, overrides, houses), places), overrides))


def _names(seed: int, taken: Collection[str]) -> dict[str, Iterator[str]]:
    """Unique given names of each gender that nobody has; when the list is at its end, two names are joined."""

    def queue(key: str) -> Iterator[str]:
        order = stream(seed, "names", len(key)).permutation(sorted(_given()[key]))
        pool = [str(n) for n in order if str(n) not in taken]
        yield from pool
        for shift in range(1, len(pool)):
            yield from (f"{a}-{b}" for a, b in zip(pool, pool[shift:] + pool[:shift], strict=True))

    return {"woman": queue("women"), "man": queue("men")}


@cache
def _given() -> dict[str, list[str]]:
    return tomllib.loads(files("assets").joinpath("names", "given.toml").read_text(encoding="utf-8"))


def _overridden(people: list[Persona], overrides: Sequence[Mapping[str, Any]]) -> list[Persona]:
    known = {f.name for f in fields(Persona)} - {"row"}
    for row, change in enumerate(overrides[: len(people)]):
        if unknown := sorted(set(change) - known):
            raise ValueError(f"persona {row}: unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
        people[row] = replace(people[row], **change)
    names = Counter(p.name for p in people)
    if twice := sorted(name for name, times in names.items() if times > 1):
        raise ValueError(f"two personas are called {twice[0]!r}; names must be unique")
    return people


def _at_home(
    seed: int, people: Sequence[Persona], overrides: Sequence[Mapping[str, Any]], houses: Sequence[int]
) -> list[Persona]:
    """The same people with family, household and home; what an override says of these stands."""
    ages, women = [p.age for p in people], [p.gender == "woman" for p in people]
    kin = kinship(seed, ages, women)
    family = families(kin, women)
    household = households(seed, kin, ages)
    homes = house_them(seed, household, houses)
    return [
        replace(
            p,
            home=p.home if p.home >= 0 else homes[p.row],
            household=p.household if p.household >= 0 else household[p.row],
            family=tuple((int(r), str(w)) for r, w in p.family) if _given_by(overrides, p, "family") else family[p.row],
        )
        for p in people
    ]


def _at_work(people: Sequence[Persona], places: Sequence[Place]) -> list[Persona]:
    used: Counter[int] = Counter()
    return [replace(p, workplace=p.workplace if p.workplace >= 0 else _workplace(p, places, used)) for p in people]


def _workplace(p: Persona, places: Sequence[Place], used: Counter[int]) -> int:
    for kind in trade_row(p.trade)["kinds"]:
        if kind == "house":
            return p.home
        if options := [q.id for q in places if q.kind == kind]:
            place = min(options, key=lambda q: (used[q], q))
            used[place] += 1
            return place
    return p.home


def _told(seed: int, people: Sequence[Persona], overrides: Sequence[Mapping[str, Any]]) -> list[Persona]:
    """The same people with what follows from all the rest; what an override says of it stands."""
    secrets = secrets_of(seed, people)
    return [
        replace(
            p,
            values=tuple(p.values) or values_of(seed, p.row, [getattr(p, t) for t in TRAITS]),
            skill=p.skill if _given_by(overrides, p, "skill") else skill_of(seed, p.row, p.age, p.conscientiousness),
            secret=p.secret if _given_by(overrides, p, "secret") else secrets[p.row],
            backstory=p.backstory or backstory_of(seed, p),
            manner=p.manner or manner_of(p),
        )
        for p in people
    ]


def _given_by(overrides: Sequence[Mapping[str, Any]], p: Persona, field: str) -> bool:
    return p.row < len(overrides) and field in overrides[p.row]
