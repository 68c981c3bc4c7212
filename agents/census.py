"""What came of a population: ages, trades, traits, values, households, in figures beside what was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import qmc

from agents.acts import Persona
from agents.character import VALUE_OF_TRAITS
from agents.population import OLD_FROM, TRAITS, YOUNG_BELOW, Population, quotas, trade_row
from world.streams import stream
from world.view import Floats

AGE_BANDS = ((16, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, 74), (75, 95))
RANDOM_DRAWS = 20  # populations drawn by chance, of which the median is compared


def census(people: Sequence[Persona], population: Population, seed: int) -> dict[str, Any]:
    """Figures about people as plain values, ready for JSON.

    `coverage` compares the centred L2 discrepancy (Hickernell 1998) of the traits' ranks with the median of as many
    people drawn by chance: below 1 the space of natures is covered more evenly than by chance.
    """
    traits = np.array([[getattr(p, t) for t in TRAITS] for p in people])
    ages = np.array([p.age for p in people])
    return {
        "count": len(people),
        "women": {"share": float(np.mean([p.gender == "woman" for p in people])), "asked": population.women},
        "ages": {
            "mean": float(ages.mean()),
            "young": float((ages < YOUNG_BELOW).mean()),
            "old": float((ages >= OLD_FROM).mean()),
            "bands": {f"{a}-{b}": int(((ages >= a) & (ages <= b)).sum()) for a, b in AGE_BANDS},
            "asked": {f"{a}-{b}": share for a, b, share in population.ages},
        },
        "trades": _trades(people, population),
        "traits": {
            name: {
                "mean": float(column.mean()),
                "spread": float(column.std()),
                "asked_mean": population.trait(name)[0],
                "asked_spread": population.trait(name)[1],
            }
            for name, column in zip(TRAITS, traits.T, strict=True)
        },
        "correlations": _correlations(traits),
        "coverage": _coverage(traits, seed),
        "values": _values(people),
        "households": _households(people),
    }


def _trades(people: Sequence[Persona], population: Population) -> dict[str, dict[str, int]]:
    count = Counter(p.trade for p in people)
    asked = dict(population.trades)
    wanted = dict(zip(asked, quotas([*asked.values()], len(people)), strict=True)) if asked else {}
    names = sorted({*count, *wanted}, key=lambda t: (-count[t], t))
    return {t: {"people": count[t]} | ({"asked": wanted.get(t, 0)} if asked else {}) for t in names}


def _correlations(traits: Floats) -> list[list[float]]:
    """Between every two traits; 0 where one does not vary."""
    if len(traits) < 3:
        return np.eye(len(TRAITS)).tolist()
    centred = traits - traits.mean(axis=0)
    norm = np.sqrt((centred**2).sum(axis=0))
    safe = np.where(norm > 0.0, norm, 1.0)
    between: list[list[float]] = ((centred / safe).T @ (centred / safe)).tolist()
    return between


def _coverage(traits: Floats, seed: int) -> dict[str, float]:
    n = len(traits)
    ranks = (np.argsort(np.argsort(traits, axis=0, kind="stable"), axis=0) + 0.5) / n
    rng = stream(seed, "census")
    chance = [qmc.discrepancy(rng.permuted(ranks, axis=0)) for _ in range(RANDOM_DRAWS)] if n > 1 else [1.0]
    found, usual = float(qmc.discrepancy(ranks)), float(np.median(chance))
    return {"discrepancy": found, "by_chance": usual, "ratio": found / usual}


def _values(people: Sequence[Persona]) -> dict[str, dict[str, float]]:
    dearest = Counter(p.values[0] for p in people if p.values)
    held = Counter(value for p in people for value in p.values)
    names = sorted(VALUE_OF_TRAITS, key=lambda v: (-held[v], v))
    return {v: {"held": held[v] / len(people), "dearest": dearest[v] / len(people)} for v in names}


def _households(people: Sequence[Persona]) -> dict[str, Any]:
    sizes = Counter(Counter(p.household for p in people).values())
    words = [{w for _, w in p.family} for p in people]
    return {
        "count": sum(sizes.values()),
        "sizes": {str(size): sizes[size] for size in sorted(sizes)},
        "married": float(np.mean([not w.isdisjoint(("wife", "husband")) for w in words])),
        "with_kin": float(np.mean([bool(w) for w in words])),
        "homes": len({p.home for p in people}),
    }


def described(p: Persona, people: Sequence[Persona], home: str) -> dict[str, Any]:
    """One person as plain values, with names for those it is related to."""
    return {
        "row": p.row,
        "name": p.name,
        "age": p.age,
        "gender": p.gender,
        "trade": p.trade,
        "traits": {t: round(getattr(p, t), 4) for t in TRAITS},
        "values": list(p.values),
        "skill": round(p.skill, 4),
        "manner": p.manner,
        "household": p.household,
        "home": home,
        "family": [{"name": people[row].name, "is": word} for row, word in p.family],
        "backstory": p.backstory,
        "secret": p.secret,
        "makes": str(trade_row(p.trade).get("makes", "")),
    }
