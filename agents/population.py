"""What kind of people a village is drawn from: shares of women, ages and trades, and how their natures are spread.

All of it may be given in a scenario, and `agents.census` says what came of it: a bias that is wanted can be read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, qmc

from world.streams import stream
from world.view import Floats

TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
TRAIT_MEAN = 0.5
TRAIT_SPREAD = 0.18  # standard deviation of a trait score around the village's mean; judgement
MEAN_LIMITS, SPREAD_LIMITS = (0.1, 0.9), (0.0, 0.28)
YOUNGEST, OLDEST = 16, 78
AGE_LIMITS = (16, 95)
YOUNG_BELOW, OLD_FROM = 25, 65  # what `young` and `old` of a scenario mean
GENDER_AXIS, AGE_AXIS = 5, 6  # of the space-filling sequence, behind the five traits


@dataclass(frozen=True)
class Population:
    """Shares of a population; the defaults are those of the village that nobody asked anything of.

    Raises:
        ValueError: a share, an age or a trait lies outside its range; the message begins with the key.
    """

    women: float = 0.5
    ages: tuple[tuple[int, int, float], ...] = ()  # (from, to, share), years of both ends included
    trades: tuple[tuple[str, float], ...] = ()  # share of each; none: in the order in which a village needs them
    traits: tuple[tuple[str, float, float], ...] = ()  # (trait, mean, standard deviation) where they are not the usual

    def __post_init__(self) -> None:
        if not 0.0 <= self.women <= 1.0:
            raise ValueError(f"women = {self.women:g}: a share from 0 to 1 is wanted")
        low, high = AGE_LIMITS
        for first, last, _ in self.ages:
            if not low <= first <= last <= high:
                raise ValueError(f"ages '{first}-{last}': years from {low} to {high} are wanted, the lower one first")
        ordered = sorted(self.ages)
        for (_, last, _), (first, end, _) in pairwise(ordered):
            if first <= last:
                raise ValueError(f"ages '{first}-{end}' overlap with the ages up to {last}")
        _check_shares("ages", [share for *_, share in self.ages])
        _check_shares("trades", [share for _, share in self.trades])
        for name, _ in self.trades:
            if name not in trade_names():
                raise ValueError(f"trades.{name}: there is no such trade; known are {', '.join(trade_names())}")
        for name, mean, spread in self.traits:
            _check_trait(name, mean, spread)

    def trait(self, name: str) -> tuple[float, float]:
        """Mean and standard deviation of a trait."""
        return next(((m, s) for t, m, s in self.traits if t == name), (TRAIT_MEAN, TRAIT_SPREAD))


def bands_of(
    young: float | None, old: float | None, histogram: Mapping[str, float]
) -> tuple[tuple[int, int, float], ...]:
    """Ages as (from, to, share) from shares of the young and the old, or from a histogram such as {"16-24": 0.2}.

    A share that is not given is that of a village of which nobody asked anything, or what is left by the other one.

    Raises:
        ValueError: both are given, the shares are more than everybody, or a key is no range of years.
    """
    if young is None and old is None:
        return tuple(_band(key, share) for key, share in histogram.items())
    if histogram:
        raise ValueError("ages says the same as young and old: give one or the other")
    years = OLDEST + 1 - YOUNGEST
    usual_young, usual_old = (YOUNG_BELOW - YOUNGEST) / years, (OLDEST + 1 - OLD_FROM) / years
    young = min(usual_young, 1.0 - (old or 0.0)) if young is None else young
    old = min(usual_old, 1.0 - young) if old is None else old
    if young + old > 1.0 + 1e-9:
        raise ValueError(f"young = {young:g} and old = {old:g} are more than everybody")
    grown = max(0.0, 1.0 - young - old)
    return (YOUNGEST, YOUNG_BELOW - 1, young), (YOUNG_BELOW, OLD_FROM - 1, grown), (OLD_FROM, OLDEST, old)


def _band(key: str, share: float) -> tuple[int, int, float]:
    first, dash, last = key.partition("-")
    if not dash or not first.strip().isdecimal() or not last.strip().isdecimal():
        raise ValueError(f"ages '{key}': write years as \"16-24\"")
    return int(first), int(last), share


@dataclass(frozen=True)
class Draws:
    """What is drawn before there are persons; one entry per villager."""

    traits: Floats  # (n, 5) in the order of TRAITS
    women: NDArray[np.bool_]
    ages: NDArray[np.int64]
    trades: tuple[dict[str, Any], ...]  # rows of trades.toml


def draw(seed: int, count: int, population: Population, kinds: Sequence[str]) -> Draws:
    """Natures, genders, ages and trades of `count` people in a valley with places of these kinds.

    Traits, gender and age come from one scrambled Sobol sequence, so that a village of any size covers the space of
    natures evenly instead of clumping by chance (the quasi-Monte-Carlo personas of Concordia, Vezhnevets et al. 2023).
    Shares of women and of ages are met exactly, up to whole people. A trait is beta distributed: its mean and spread
    are those asked for, and no score needs to be cut off at 0 or 1.
    """
    even = evenly(seed, count)
    traits = np.stack([_scores(even[:, i], *population.trait(name)) for i, name in enumerate(TRAITS)], axis=1)
    women = _ranks(even[:, GENDER_AXIS]) < round(population.women * count)
    if population.ages:
        ages = _aged((_ranks(even[:, AGE_AXIS]) + 0.5) / count, population.ages)
        return Draws(traits, women, ages, _trades_by_share(seed, count, population, kinds, ages))
    trades = _trades_by_share(seed, count, population, kinds, None)
    youngest = np.array([t["youngest"] for t in trades])
    return Draws(traits, women, (youngest + even[:, AGE_AXIS] * (OLDEST + 1 - youngest)).astype(np.int64), trades)


def evenly(seed: int, count: int) -> Floats:
    """The first `count` points (n, 7) of a scrambled Sobol sequence, inside the unit cube."""
    sobol = qmc.Sobol(d=7, scramble=True, rng=stream(seed, "personas"))
    points: Floats = sobol.random_base2(max(1, int(np.ceil(np.log2(max(count, 2))))))[:count]
    inner: Floats = np.clip(points, 1e-6, 1 - 1e-6)
    return inner


@cache
def trade_table() -> tuple[dict[str, Any], ...]:
    """The rows of assets/names/trades.toml, in the order in which a growing village needs them."""
    text = files("assets").joinpath("names", "trades.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["trade"])


@cache
def trade_names() -> tuple[str, ...]:
    """Every trade, once."""
    return tuple(dict.fromkeys(str(t["name"]) for t in trade_table()))


@cache
def trade_row(name: str) -> dict[str, Any]:
    """What is known of a trade; of one that only a scenario knows, the least."""
    least = {"name": name, "kinds": ["house"], "doing": [f"working as {name}", f"work as {name}"], "youngest": YOUNGEST}
    return next((t for t in trade_table() if t["name"] == name), least)


def quotas(shares: Sequence[float], count: int) -> list[int]:
    """Whole numbers in proportion to shares that sum to `count`: the largest remainders get what is left (Hamilton)."""
    exact = np.array(shares, float) / sum(shares) * count
    whole = np.floor(exact).astype(int)
    for i in np.argsort(whole - exact, kind="stable")[: count - int(whole.sum())]:
        whole[i] += 1
    return [int(w) for w in whole]


def _scores(even: Floats, mean: float, spread: float) -> Floats:
    if spread == 0.0:
        return np.full(len(even), mean)
    weight = mean * (1.0 - mean) / spread**2 - 1.0
    scores: Floats = beta.ppf(even, mean * weight, (1.0 - mean) * weight)
    return scores


def _ranks(values: Floats) -> NDArray[np.int64]:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable")


def _aged(even: Floats, bands: Sequence[tuple[int, int, float]]) -> NDArray[np.int64]:
    """Ages at these quantiles of a histogram whose bands are even within."""
    ordered = sorted(band for band in bands if band[2] > 0.0)
    edges = np.concatenate([[0.0], np.cumsum([share for *_, share in ordered])])
    band = np.clip(np.searchsorted(edges, even * edges[-1], side="right") - 1, 0, len(ordered) - 1)
    within = (even * edges[-1] - edges[band]) / (edges[band + 1] - edges[band])
    first = np.array([b[0] for b in ordered])[band]
    last = np.array([b[1] for b in ordered])[band]
    ages: NDArray[np.int64] = np.minimum(first + within * (last + 1 - first), last).astype(np.int64)
    return ages


def _trades_by_share(
    seed: int, count: int, population: Population, kinds: Sequence[str], ages: NDArray[np.int64] | None
) -> tuple[dict[str, Any], ...]:
    """A trade for everyone; where ages are given, those that ask for experience go to whoever is old enough."""
    possible = [t for t in trade_table() if any(k in kinds for k in t["kinds"])] or list(trade_table())
    if population.trades:
        named = [trade_row(name) for name, _ in population.trades]
        wanted = [
            t for t, q in zip(named, quotas([s for _, s in population.trades], count), strict=True) for _ in range(q)
        ]
    else:
        wanted = [possible[row % len(possible)] for row in range(count)]
    if ages is None and not population.trades:
        return tuple(wanted)
    order = stream(seed, "trades").permutation(count).tolist()
    if ages is None:
        return tuple(wanted[i] for i in order)
    given: dict[int, dict[str, Any]] = {}
    for trade in sorted(wanted, key=lambda t: -int(t["youngest"])):  # stable
        fits = next((row for row in order if ages[row] >= trade["youngest"]), None)
        row = max(order, key=lambda r: (int(ages[r]), -r)) if fits is None else fits
        order.remove(row)
        given[row] = trade
    return tuple(given[row] for row in range(count))


def _check_shares(key: str, shares: Sequence[float]) -> None:
    if any(share < 0.0 for share in shares):
        raise ValueError(f"{key}: a share of {min(shares):g} is less than nothing")
    if shares and sum(shares) <= 0.0:
        raise ValueError(f"{key}: the shares are all 0; at least one must be more")


def _check_trait(name: str, mean: float, spread: float) -> None:
    if name not in TRAITS:
        raise ValueError(f"traits.{name}: there is no such trait; known are {', '.join(TRAITS)}")
    for what, value, (low, high) in (("mean", mean, MEAN_LIMITS), ("spread", spread, SPREAD_LIMITS)):
        if not low <= value <= high:
            raise ValueError(f"traits.{name}.{what} = {value:g}: a number from {low:g} to {high:g} is wanted")
    if spread**2 > 0.5 * mean * (1.0 - mean):
        most = (0.5 * mean * (1.0 - mean)) ** 0.5
        raise ValueError(f"traits.{name}.spread = {spread:g}: at most {most:.2f} fits round a mean of {mean:g}")
