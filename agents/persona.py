"""Who lives here: names, ages, trades, traits spread evenly over the village, and a backstory that agrees with them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from agents.acts import Persona
from world.streams import stream
from world.view import Place

TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
TRAIT_SPREAD = 0.18  # standard deviation of a trait score around the village's mean of 0.5; judgement
YOUNGEST, OLDEST = 16, 78
OLD_AGE, YOUNG_AGE = 64, 22
COUPLE_CHANCE = 0.35  # a grown woman and man of like age who share a house; judgement
COUPLE_AGE_GAP = 12


def make_personas(
    seed: int, count: int, places: Sequence[Place], overrides: Sequence[Mapping[str, Any]] = ()
) -> tuple[Persona, ...]:
    """`count` villagers with homes and workplaces among `places`.

    Traits, age and gender come from one scrambled Sobol sequence, so that a village of any size covers the trait space
    evenly instead of clumping by chance (the quasi-Monte-Carlo personas of Concordia, Vezhnevets et al. 2023).
    `overrides[row]` replaces fields of that row's persona. Raises ValueError if there is no house, or if an override
    names a field that personas do not have.
    """
    houses = [p.id for p in places if p.kind == "house"]
    if not houses:
        raise ValueError("the world has no place of kind 'house', so nobody can live there")
    even = _even(seed, count)
    trades = _read("trades.toml")["trade"]
    kinds = {p.kind for p in places}
    trades = [t for t in trades if any(k in kinds for k in t["kinds"])] or trades
    genders = ["woman" if u < 0.5 else "man" for u in even[:, 5]]
    names = _names(seed, genders)
    personas = []
    for row in range(count):
        trade = trades[row % len(trades)]
        traits = {
            t: float(np.clip(0.5 + TRAIT_SPREAD * norm.ppf(u), 0.02, 0.98))
            for t, u in zip(TRAITS, even[row], strict=False)
        }
        age = int(trade["youngest"] + even[row, 6] * (OLDEST + 1 - trade["youngest"]))
        personas.append(
            Persona(
                row,
                names[row],
                age,
                genders[row],
                trade["name"],
                **traits,
                backstory="",
                manner="",
                home=-1,
                workplace=-1,
            )
        )
    personas = _overridden(personas, overrides)
    homes = _homes(seed, personas, houses)
    used: dict[int, int] = {}
    told = []
    for p in personas:
        home = p.home if p.home >= 0 else homes[p.row]
        workplace = p.workplace if p.workplace >= 0 else _workplace(p, home, places, trades, used)
        backstory = p.backstory or _backstory(seed, p, trades)
        told.append(replace(p, home=home, workplace=workplace, backstory=backstory, manner=p.manner or _manner(p)))
    return tuple(told)


def _even(seed: int, count: int) -> NDArray[np.float64]:
    sobol = qmc.Sobol(d=7, scramble=True, rng=stream(seed, "personas"))
    points: NDArray[np.float64] = sobol.random_base2(max(1, int(np.ceil(np.log2(max(count, 2))))))[:count]
    inner: NDArray[np.float64] = np.clip(points, 1e-6, 1 - 1e-6)
    return inner


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("assets").joinpath("names", name).read_text(encoding="utf-8"))


def _names(seed: int, genders: Sequence[str]) -> list[str]:
    """Unique given names; when a village has more people than the list has names, two names are joined."""
    given = _read("given.toml")
    queues: dict[str, list[str]] = {}
    for gender, key in (("woman", "women"), ("man", "men")):
        pool = [str(n) for n in stream(seed, "names", len(key)).permutation(sorted(given[key]))]
        doubles = [f"{a}-{b}" for shift in range(1, 9) for a, b in zip(pool, pool[shift:] + pool[:shift], strict=True)]
        queues[gender] = pool + doubles
    return [queues[g].pop(0) for g in genders]


def _overridden(personas: list[Persona], overrides: Sequence[Mapping[str, Any]]) -> list[Persona]:
    known = {f.name for f in fields(Persona)} - {"row"}
    for row, change in enumerate(overrides[: len(personas)]):
        if unknown := sorted(set(change) - known):
            raise ValueError(f"persona {row}: unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
        personas[row] = replace(personas[row], **change)
    names = [p.name for p in personas]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise ValueError(f"two personas are called {twice[0]!r}; names must be unique")
    return personas


def _homes(seed: int, personas: Sequence[Persona], houses: Sequence[int]) -> dict[int, int]:
    """Couples share a house; when there are more households than houses, so do strangers."""
    rng = stream(seed, "homes")
    households: list[list[int]] = []
    single: list[Persona] = []
    for p in personas:
        fits = [
            s
            for s in single
            if s.gender != p.gender and abs(s.age - p.age) <= COUPLE_AGE_GAP and min(s.age, p.age) > 20
        ]
        if fits and rng.random() < COUPLE_CHANCE * 2:
            single.remove(fits[0])
            households.append([fits[0].row, p.row])
        else:
            single.append(p)
    households += [[p.row] for p in single]
    order = rng.permutation(len(houses))
    return {row: houses[int(order[i % len(houses)])] for i, home in enumerate(households) for row in home}


def _workplace(
    p: Persona, home: int, places: Sequence[Place], trades: Sequence[Mapping[str, Any]], used: dict[int, int]
) -> int:
    kinds = next((t["kinds"] for t in trades if t["name"] == p.trade), ["house"])
    for kind in kinds:
        if kind == "house":
            return home
        if options := [q.id for q in places if q.kind == kind]:
            place = min(options, key=lambda q: (used.get(q, 0), q))
            used[place] = used.get(place, 0) + 1
            return place
    return home


def _backstory(seed: int, p: Persona, trades: Sequence[Mapping[str, Any]]) -> str:
    rng = stream(seed, "backstory", p.row)
    parts = _read("backstory.toml")
    age_group = "young" if p.age < YOUNG_AGE else "old" if p.age >= OLD_AGE else "grown"
    doing = next((t["doing"] for t in trades if t["name"] == p.trade), [f"working as {p.trade}", f"work as {p.trade}"])
    trait, pole = _marked_traits(p)[0]
    first = parts[age_group][int(rng.integers(len(parts[age_group])))]
    second = parts["trait"][trait][pole][int(rng.integers(2))]
    years = max(2, int((p.age - YOUNGEST) * rng.uniform(0.4, 0.9)))
    they, their, them = ("she", "her", "her") if p.gender == "woman" else ("he", "his", "him")
    words = {"name": p.name, "doing": doing[0], "to_do": doing[1], "years": years}
    words |= {"they": they, "They": they.capitalize(), "their": their, "them": them}
    return f"{first.format(**words)} {second.format(**words)}"


def _manner(p: Persona) -> str:
    words = _read("backstory.toml")["manner"]
    return ", ".join(words[trait][pole] for trait, pole in _marked_traits(p)[:2])


def _marked_traits(p: Persona) -> list[tuple[str, str]]:
    """Traits by distance from the village's mean, the most marked first, with their pole."""
    scores = {t: getattr(p, t) for t in TRAITS}
    return [(t, "high" if scores[t] >= 0.5 else "low") for t in sorted(TRAITS, key=lambda t: -abs(scores[t] - 0.5))]
