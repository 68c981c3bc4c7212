"""What makes a person out of traits: values, skill, manner, a backstory and a secret that agree with who it is."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from agents.acts import Persona
from agents.population import TRAIT_MEAN, TRAIT_SPREAD, TRAITS, YOUNGEST, trade_row
from world.streams import stream

OLD_AGE, YOUNG_AGE = 64, 22
VALUES_HELD = 3  # of the ten, how many one holds dear
# How traits go with Schwartz's ten values: signs and order of size as in the meta-analysis of Parks-Leduc, Feldman &
# Bardi (2015), rounded to tenths; neuroticism hardly goes with any. Order of TRAITS.
VALUE_OF_TRAITS = {
    "self-direction": (0.5, 0.0, 0.2, 0.0, 0.0),
    "stimulation": (0.3, -0.2, 0.4, 0.0, 0.0),
    "hedonism": (0.1, -0.2, 0.2, -0.1, 0.0),
    "achievement": (0.1, 0.2, 0.3, -0.2, 0.0),
    "power": (0.0, 0.0, 0.3, -0.4, 0.0),
    "security": (-0.2, 0.4, 0.0, 0.0, 0.0),
    "conformity": (-0.3, 0.3, -0.2, 0.3, 0.0),
    "tradition": (-0.3, 0.1, -0.3, 0.2, 0.0),
    "benevolence": (0.1, 0.1, 0.0, 0.6, 0.0),
    "universalism": (0.3, 0.0, 0.0, 0.4, 0.0),
}
# What most people everywhere hold dear comes first: order by Schwartz & Bardi (2001), sizes are judgement.
COMMON_GROUND = {
    "benevolence": 0.6,
    "self-direction": 0.5,
    "universalism": 0.4,
    "security": 0.3,
    "conformity": 0.2,
    "hedonism": 0.0,
    "achievement": 0.0,
    "tradition": -0.3,
    "stimulation": -0.5,
    "power": -0.9,
}
BEGINNER, LEARNED, LEARNING_YEARS = 0.2, 0.55, 8.0  # skill at the start, what practice adds, and how soon; judgement
CARE = 0.3  # what the fully conscientious are better by than the mean; job performance (Barrick & Mount 1991), its sign


def values_of(seed: int, row: int, traits: Sequence[float]) -> tuple[str, ...]:
    """What one holds dear, dearest first: by traits, by what people share, and by chance."""
    z = (np.array(traits) - TRAIT_MEAN) / TRAIT_SPREAD
    weights = np.array([*VALUE_OF_TRAITS.values()])
    chance = stream(seed, "values", row).normal(size=len(weights))
    importance = weights @ z + np.sqrt(1.0 - (weights**2).sum(axis=1)) * chance
    importance += [COMMON_GROUND[value] for value in VALUE_OF_TRAITS]
    dearest = np.argsort(-importance, kind="stable")[:VALUES_HELD]
    return tuple(tuple(VALUE_OF_TRAITS)[i] for i in dearest)


def skill_of(seed: int, row: int, age: int, conscientiousness: float) -> float:
    """How well one knows one's trade, 0..1: it comes with the years, sooner at first, and with care."""
    practice = 1.0 - np.exp(-max(0, age - YOUNGEST) / LEARNING_YEARS)
    luck = stream(seed, "skill", row).normal(0.0, 0.06)
    return float(np.clip(BEGINNER + LEARNED * practice + CARE * (conscientiousness - 0.5) + luck, 0.05, 0.98))


def manner_of(p: Persona) -> str:
    """Two adjectives for how one speaks, after the most marked traits."""
    words = _read("backstory.toml")["manner"]
    return ", ".join(words[trait][pole] for trait, pole in _marked_traits(p)[:2])


def backstory_of(seed: int, p: Persona) -> str:
    """Two sentences about a villager that agree with age, trade and family."""
    rng = stream(seed, "backstory", p.row)
    parts = _read("backstory.toml")
    kin = {word for _, word in p.family}
    fitting = [b for b in parts["beginning"] if _fits(b, p, kin)]
    first = fitting[int(rng.integers(len(fitting)))]["text"]
    trait, pole = _marked_traits(p)[0]
    second = parts["trait"][trait][pole][int(rng.integers(len(parts["trait"][trait][pole])))]
    years = max(2, int((p.age - YOUNGEST) * rng.uniform(0.4, 0.9)))
    doing = trade_row(p.trade)["doing"]
    they, their, them = ("she", "her", "her") if p.gender == "woman" else ("he", "his", "him")
    words = {"name": p.name, "doing": doing[0], "to_do": doing[1], "years": years}
    words |= {"they": they, "They": they.capitalize(), "their": their, "them": them}
    return f"{first.format(**words)} {second.format(**words)}"


def secrets_of(seed: int, personas: Sequence[Persona]) -> list[str]:
    """A secret for everybody that fits age, trade and family; none is given twice before all fitting ones are."""
    given: Counter[str] = Counter()
    told = []
    for p in personas:
        fitting = [s["text"] for s in _read("secrets.toml")["secret"] if _fits(s, p, {word for _, word in p.family})]
        order = stream(seed, "secret", p.row).permutation(len(fitting)).tolist()
        secret = fitting[min(order, key=lambda i: given[fitting[i]])]
        given[secret] += 1
        told.append(secret)
    return told


def _fits(item: Mapping[str, Any], p: Persona, kin: set[str]) -> bool:
    """Whether what is said of a person may be said of this one.

    Keys: from, to (age), gender, trades, kin (one of these is needed), no_kin (none of these may be).
    """
    return (
        item.get("from", 0) <= p.age <= item.get("to", 200)
        and item.get("gender", p.gender) == p.gender
        and p.trade in item.get("trades", (p.trade,))
        and (not item.get("kin") or not kin.isdisjoint(item["kin"]))
        and kin.isdisjoint(item.get("no_kin", ()))
    )


def _marked_traits(p: Persona) -> list[tuple[str, str]]:
    """Traits by distance from the usual mean, the most marked first, with their pole."""
    scores = {t: getattr(p, t) for t in TRAITS}
    ordered = sorted(TRAITS, key=lambda t: -abs(scores[t] - TRAIT_MEAN))
    return [(t, "high" if scores[t] >= TRAIT_MEAN else "low") for t in ordered]


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("assets").joinpath("names", name).read_text(encoding="utf-8"))
