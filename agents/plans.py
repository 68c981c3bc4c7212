"""The daily round: when one sleeps, eats, works, runs errands and sits together, and what may interrupt it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import exp

import numpy as np

from agents.acts import Persona
from world.streams import stream
from world.view import Place, Weather

WALK_M_PER_MIN = 70.0  # a round is planned with an easy pace

ERRANDS = {
    "market": 4.0,
    "well": 3.0,
    "bakery": 2.0,
    "inn": 1.5,
    "forge": 1.0,
    "bench": 1.0,
    "chapel": 0.6,
    "barn": 0.4,
}
EVENINGS = {"inn": 4.0, "market": 3.0, "bench": 1.5, "well": 1.0}
EASY_WALK_MIN = 3.0  # trips for their own sake thin out with the way as exp(-way / this) (Wilson 1967)
EARLY_TRADES = {"baker": -70, "farmer": -25, "shepherd": -40, "innkeeper": 20}  # minutes on the hour of waking

OUTDOOR_TRADES = ("farmer", "shepherd", "woodcutter", "fisher", "gardener")
HARDY = 0.08  # what wet weather matters less to them

COMMITMENT_S = 30.0  # nobody changes a plan sooner than this after making it
PRESENT_BONUS = 0.12  # what one is already doing is worth this much more: no dithering
ROUND_WORTH = 0.5  # what keeping to the round is worth; an interruption must beat it
SLEEP_WORTH = 0.8  # and at night nobody gets up for a small hunger


class Intent(IntEnum):
    """What a villager is about."""

    SLEEP = 0
    REST = 1  # at home, indoors
    EAT = 2
    WORK = 3
    ERRAND = 4
    LINGER = 5  # among people, for its own sake
    SHELTER = 6
    COMPANY = 7  # out of loneliness


INDOORS = (Intent.SLEEP, Intent.REST, Intent.EAT, Intent.SHELTER)


@dataclass(frozen=True)
class Intention:
    """One thing to do at one place. `block` numbers the block of the day's round, -1 for an interruption."""

    intent: Intent
    place: int
    block: int = -1

    @property
    def indoors(self) -> bool:
        return self.intent in INDOORS


@dataclass(frozen=True)
class Round:
    """One villager's plan of one day: blocks with their start in minutes after midnight, ascending."""

    starts: tuple[float, ...]
    blocks: tuple[Intention, ...]

    def at(self, minute: float) -> Intention:
        """What the round asks for at this minute of the day."""
        return self.blocks[bisect_right(self.starts, minute) - 1]


class _Draft:
    """Collects blocks in order of time."""

    def __init__(self) -> None:
        self.starts: list[float] = []
        self.blocks: list[Intention] = []

    def add(self, start: float, intent: Intent, place: int) -> None:
        self.starts.append(start)
        self.blocks.append(Intention(intent, place, len(self.blocks)))


def day_round(p: Persona, places: Sequence[Place], seed: int, day: int) -> Round:
    """The round of one villager on one day (days may be negative), jittered by a stream of person and day.

    Work alternates with errands, so that by day the lanes and the square are never empty; the farther the workplace,
    the longer one stays there.
    """
    rng = stream(seed, "round", p.row, day + 1_000_000)
    draft = _Draft()
    wake = 6 * 60 + EARLY_TRADES.get(p.trade, 0) + rng.normal(0, 18) - 25 * (p.conscientiousness - 0.5)
    wake = float(np.clip(wake, 4 * 60, 8 * 60))
    noon = 11.8 * 60 + rng.uniform(-35, 45)  # spread wide: the square shall not empty all at once
    supper = 17.6 * 60 + rng.uniform(-30, 40)
    bedtime = float(np.clip(21.3 * 60 + rng.normal(0, 25) + 60 * (p.extraversion - 0.5), 20 * 60, 23.5 * 60))
    draft.add(0.0, Intent.SLEEP, p.home)
    draft.add(wake, Intent.EAT, p.home)
    _work(draft, p, places, rng, wake + rng.uniform(25, 45), noon)
    inn = _nearest(places, "inn", p.home, p.home)
    draft.add(noon, Intent.EAT, inn if rng.random() < 0.2 + 0.3 * p.extraversion else p.home)
    _among_people(draft, p, places, rng, noon + rng.uniform(18, 28), noon + rng.uniform(60, 80))
    _work(draft, p, places, rng, draft.starts[-1] + rng.uniform(8, 15), supper)
    draft.add(supper, Intent.EAT, p.home)
    home_again = bedtime - rng.uniform(20, 60) - 50 * (0.5 - p.extraversion)
    _among_people(draft, p, places, rng, supper + rng.uniform(20, 40), home_again)
    draft.add(max(home_again, draft.starts[-1] + 5), Intent.REST, p.home)
    draft.add(max(bedtime, draft.starts[-1] + 5), Intent.SLEEP, p.home)
    return Round(tuple(draft.starts), tuple(draft.blocks))


def _work(
    draft: _Draft, p: Persona, places: Sequence[Place], rng: np.random.Generator, start: float, end: float
) -> None:
    there = places[p.workplace]
    minute = start
    # Starting somewhere within the first stint keeps people from setting out on errands all at once.
    stint_share = rng.uniform(0.2, 1.0)
    while minute < end:
        draft.add(minute, Intent.WORK, p.workplace)
        walk = _walk_minutes(places[p.home], there)
        stint = (rng.uniform(2.5, 6.0) if walk < 1.5 else rng.uniform(8, 16)) * (0.7 + 0.6 * p.conscientiousness)
        minute += walk + stint * stint_share
        stint_share = 1.0
        if minute >= end:
            return
        errand = _choose(places, ERRANDS, rng, there, not_here=p.workplace)
        if errand < 0:
            continue
        draft.add(minute, Intent.ERRAND, errand)
        minute += _walk_minutes(there, places[errand]) + rng.uniform(1.2, 3.5) * (0.7 + 0.6 * p.extraversion)


def _among_people(
    draft: _Draft, p: Persona, places: Sequence[Place], rng: np.random.Generator, start: float, end: float
) -> None:
    minute = start
    while minute < end:
        place = _choose(places, EVENINGS, rng, places[p.home])
        draft.add(minute, Intent.LINGER if place >= 0 else Intent.REST, place if place >= 0 else p.home)
        minute += rng.uniform(12, 30)


def _choose(
    places: Sequence[Place], weights: dict[str, float], rng: np.random.Generator, origin: Place, not_here: int = -1
) -> int:
    """One of the places, nearer ones rather; places of one kind share its weight: three benches seat no more people."""
    kinds = Counter(q.kind for q in places)
    options = [
        (q.id, weights[q.kind] / kinds[q.kind] * exp(-_walk_minutes(origin, q) / EASY_WALK_MIN))
        for q in places
        if q.kind in weights and q.id != not_here
    ]
    if not options:
        return -1
    total = np.cumsum([w for _, w in options])
    return options[int(np.searchsorted(total, rng.random() * total[-1], side="right"))][0]


def _nearest(places: Sequence[Place], kind: str, origin: int, otherwise: int) -> int:
    options = [q for q in places if q.kind == kind]
    at = places[origin]
    return min(options, key=lambda q: (q.x - at.x) ** 2 + (q.y - at.y) ** 2).id if options else otherwise


def _walk_minutes(a: Place, b: Place) -> float:
    return float(np.hypot(a.x - b.x, a.y - b.y)) / WALK_M_PER_MIN


@dataclass(frozen=True)
class Situation:
    """What bears on a decision, for one villager at one moment."""

    minute: float  # of the day
    hunger: float
    fatigue: float
    cold: float
    loneliness: float
    weather: Weather
    indoors: bool
    nearest_roof: int  # place to shelter at
    company: int  # place where people are, -1 for none


def choose(p: Persona, current: Intention, round_: Round, now: Situation) -> Intention:
    """The intention of greatest worth: the round, or what need and weather make more pressing than it."""
    scheduled = round_.at(now.minute)
    worth = {scheduled: SLEEP_WORTH if scheduled.intent == Intent.SLEEP else ROUND_WORTH}
    for option, value in _interruptions(p, current, now):
        worth[option] = max(value, worth.get(option, 0.0))
    if current in worth:
        worth[current] += PRESENT_BONUS
    return max(worth, key=lambda option: worth[option])


def _interruptions(p: Persona, current: Intention, now: Situation) -> list[tuple[Intention, float]]:
    options = []
    eating = current.intent == Intent.EAT and now.indoors and now.hunger > 0.08
    hunger = 0.8 if eating and now.hunger < 0.9 else 1.6 * (now.hunger - 0.3)
    options.append((current if eating else Intention(Intent.EAT, p.home), hunger))
    options.append((Intention(Intent.SLEEP, p.home), 2.5 * (now.fatigue - 0.7)))
    hardy = 0.4 * (p.conscientiousness - 0.5) - 0.4 * (p.neuroticism - 0.5) + HARDY * (p.trade in OUTDOOR_TRADES)
    wet = now.weather.rain_mm_h + 0.5 * now.weather.snow_mm_h  # snow is shaken off
    storm = max(0.0, now.weather.wind_m_s - 12.0) * 0.05
    rain = 0.32 + 0.08 * min(wet, 8.0) + storm - hardy if now.weather.raining else 0.0
    freezing = 1.3 * (now.cold - 0.35) - hardy
    roof = current if current.intent == Intent.SHELTER else Intention(Intent.SHELTER, now.nearest_roof)
    indoor_round = current.indoors and current.intent != Intent.SHELTER
    options.append((current if indoor_round and rain > ROUND_WORTH else roof, max(rain, freezing)))
    if now.company >= 0:
        lonely = now.loneliness * (0.55 + 0.5 * p.extraversion) - 0.05
        keep = current.intent == Intent.COMPANY
        options.append(
            (
                current if keep else Intention(Intent.COMPANY, now.company),
                lonely if now.loneliness > 0.5 or keep else 0.0,
            )
        )
    return options
