"""The day's round: when one sleeps, eats, works, runs errands and goes among people, by weekday, season and nature."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from agents.acts import Persona
from agents.intents import Intent
from agents.town import Town
from world.streams import stream
from world.view import Season

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
EARLY_TRADES = {"baker": -70, "farmer": -25, "shepherd": -40, "innkeeper": 20}  # minutes on the hour of waking

MARKET_DAY, REST_DAY = 5, 6  # Saturday and Sunday, as datetime.weekday() counts
STALLS_FROM, STALLS_TO = 8 * 60.0, 11.6 * 60.0
SERVICE_FROM, SERVICE_TO = 10 * 60.0, 11 * 60.0
SELLERS = ("trader", "farmer", "gardener", "potter", "weaver", "baker", "herbalist", "fisher", "shepherd", "carpenter")
REST_DAY_TRADES = ("innkeeper", "shepherd")  # whose work knows no Sunday; bakers only bake early
OUTDOOR_TRADES = ("farmer", "shepherd", "woodcutter", "fisher", "gardener")
FIELD_TRADES = ("farmer", "gardener")
CHURCHGOING = {"tradition": 0.3, "conformity": 0.2, "benevolence": 0.1, "stimulation": -0.2, "hedonism": -0.15}
FIELD_AGE = 68  # up to here neighbours lend a hand at harvest


class FieldWork(IntEnum):
    """What the fields ask for."""

    WINTER = 0  # nothing: there is work in the barn
    TEND = 1
    SOW = 2
    HAY = 3
    HARVEST = 4


STINT = {
    FieldWork.WINTER: 0.8,
    FieldWork.TEND: 1.0,
    FieldWork.SOW: 1.4,
    FieldWork.HAY: 1.7,
    FieldWork.HARVEST: 2.5,
}
"""What a stint in the field lasts by season against the usual; at harvest people hardly leave it. Judgement."""
# Height, ripeness and green by which the seasons of the field are told; world.life.crops has the year of the grain.
SOWN_M, HAY_GRAIN_M, STANDING_M, RIPE, GREEN, BARE_GREEN = 0.015, 0.7, 0.12, 0.75, 0.9, 0.6


def field_work(season: Season) -> FieldWork:
    """What the season asks of those who work the fields: winter grain is sown in autumn and cut in late summer."""
    if season.crop_ripe > RIPE and season.crop_height_m > STANDING_M:
        return FieldWork.HARVEST
    if season.grass_green < BARE_GREEN:
        return FieldWork.WINTER
    if season.crop_height_m < SOWN_M and season.grass_green > GREEN:
        return FieldWork.SOW
    return FieldWork.HAY if season.crop_height_m > HAY_GRAIN_M and season.crop_ripe < 0.2 else FieldWork.TEND


@dataclass(frozen=True)
class Day:
    """What kind of day it is, beside a person's own plans."""

    number: int  # since the scenario's start, may be negative
    weekday: int  # 0 Monday .. 6 Sunday
    work: FieldWork = FieldWork.TEND


@dataclass(frozen=True)
class Block:
    """One thing to do at one place; place -1 is chosen when the time comes: a friend's house, somewhere new."""

    intent: Intent
    place: int


@dataclass(frozen=True)
class Round:
    """One villager's plan of one day: blocks with their start in minutes after midnight, ascending."""

    starts: tuple[float, ...]
    blocks: tuple[Block, ...]

    def index(self, minute: float) -> int:
        """Number of the block that the round asks for at this minute of the day."""
        return bisect_right(self.starts, minute) - 1

    def at(self, minute: float) -> Block:
        """What the round asks for at this minute of the day."""
        return self.blocks[self.index(minute)]

    def ends(self, index: int) -> float:
        """Minute of the day at which a block ends."""
        return self.starts[index + 1] if index + 1 < len(self.starts) else 1440.0


class _Draft:
    """Collects blocks in order of time; one that would begin before the last gives it up for that."""

    def __init__(self, p: Persona, town: Town, rng: np.random.Generator, day: Day) -> None:
        self.p, self.town, self.rng, self.day = p, town, rng, day
        self.starts: list[float] = []
        self.blocks: list[Block] = []

    def add(self, start: float, intent: Intent, place: int) -> None:
        if self.starts and start <= self.starts[-1]:
            self.starts.pop()
            self.blocks.pop()
        start = max(start, self.starts[-1] + 1.0) if self.starts else start
        self.starts.append(start)
        self.blocks.append(Block(intent, place))


def day_round(p: Persona, town: Town, seed: int, day: Day) -> Round:
    """The round of one villager on one day, jittered by a stream of person and day; the table is set for a household.

    Work alternates with errands, so that by day the lanes and the square are never empty; the farther the workplace,
    the longer one stays there. Saturday is market day, on Sunday there is chapel, visits and little work.
    """
    rng = stream(seed, "round", p.row, day.number + 1_000_000)
    table = stream(seed, "table", max(p.household, 0), day.number + 1_000_000)
    d = _Draft(p, town, rng, day)
    early = EARLY_TRADES.get(p.trade, 0) - (45 if day.work == FieldWork.HARVEST and p.trade in FIELD_TRADES else 0)
    wake = 6 * 60 + early + rng.normal(0, 18) - 25 * (p.conscientiousness - 0.5)
    wake = float(np.clip(wake, 4 * 60, 8 * 60))
    noon = 11.8 * 60 + table.uniform(-30, 35) + rng.uniform(-5, 5)  # spread: the square shall not empty all at once
    supper = 17.6 * 60 + table.uniform(-30, 35) + rng.uniform(-4, 4)
    bedtime = float(np.clip(21.3 * 60 + rng.normal(0, 25) + 60 * (p.extraversion - 0.5), 20 * 60, 23.5 * 60))
    d.add(0.0, Intent.SLEEP, p.home)
    d.add(wake, Intent.EAT, p.home)
    _morning(d, wake + rng.uniform(25, 45), noon)
    goes_out = day.weekday != REST_DAY and rng.random() < 0.1 + 0.3 * p.extraversion
    d.add(noon, Intent.EAT, town.nearest("inn", p.home, p.home) if goes_out else p.home)
    _afternoon(d, noon, supper)
    d.add(supper, Intent.EAT, p.home)
    home_again = bedtime - rng.uniform(20, 60) - 50 * (0.5 - p.extraversion)
    _evening(d, supper + rng.uniform(20, 40), home_again)
    d.add(max(home_again, d.starts[-1] + 5), Intent.REST, p.home)
    d.add(max(bedtime, d.starts[-1] + 5), Intent.SLEEP, p.home)
    return Round(tuple(d.starts), tuple(d.blocks))


def _morning(d: _Draft, start: float, end: float) -> None:
    market = d.town.of("market")
    if d.day.weekday == REST_DAY:
        _chapel_morning(d, start, end)
    elif d.day.weekday != MARKET_DAY or not market:
        _work(d, start, end)
    elif d.p.trade in SELLERS:
        d.add(start, Intent.WORK, d.p.workplace)
        d.add(max(start + 5, STALLS_FROM + d.rng.uniform(-15, 15)), Intent.WORK, market[0])
        d.add(min(STALLS_TO + d.rng.uniform(-10, 10), end - 10), Intent.LINGER, market[0])
    else:
        begin = d.rng.uniform(start + 20, max(start + 21, end - 75))
        _work(d, start, begin)
        d.add(begin, Intent.ERRAND, market[0])
        d.add(begin + d.rng.uniform(8, 15), Intent.LINGER, market[0])
        _work(d, begin + d.rng.uniform(30, 70) * (0.7 + 0.6 * d.p.extraversion), end)


def _chapel_morning(d: _Draft, start: float, end: float) -> None:
    """Chapel for the priest and all who care for it; those who do not go somewhere else."""
    p, chapel = d.p, d.town.of("chapel")
    if p.trade == "baker":
        _work(d, start, min(start + 60, end))
        start += 60
    _among_people(d, start, SERVICE_FROM)
    devout = 0.55 + sum(CHURCHGOING.get(value, 0.0) for value in p.values) + 0.4 * (p.conscientiousness - 0.5)
    if chapel and (p.trade == "priest" or d.rng.random() < devout - 0.3 * (p.openness - 0.5)):
        d.add(SERVICE_FROM + d.rng.uniform(-12, 3), Intent.CHAPEL, chapel[0])
        _among_people(d, SERVICE_TO + d.rng.uniform(0, 4), end)
    elif p.trade in REST_DAY_TRADES:
        _work(d, max(start, SERVICE_FROM), end)
    else:
        d.add(SERVICE_FROM + d.rng.uniform(-10, 10), Intent.EXPLORE, -1)
        _among_people(d, SERVICE_TO, end)


def _afternoon(d: _Draft, noon: float, supper: float) -> None:
    p, rng = d.p, d.rng
    begin = noon + rng.uniform(18, 28)
    if d.day.weekday == REST_DAY:
        _sunday_afternoon(d, begin, noon + rng.uniform(60, 120), supper)
        return
    harvest = d.day.work == FieldWork.HARVEST
    _among_people(d, begin, noon + (rng.uniform(30, 45) if harvest else rng.uniform(60, 80)))
    begin = d.starts[-1] + rng.uniform(8, 15)
    fields = d.town.of("field")
    if harvest and fields and p.trade not in FIELD_TRADES:
        if p.age < FIELD_AGE and rng.random() < 0.1 + 0.6 * p.agreeableness:  # many hands bring the grain in
            field = fields[int(rng.integers(len(fields)))]
            d.add(begin, Intent.HARVEST, field)
            d.add(min(begin + rng.uniform(90, 160), supper - 6), Intent.LINGER, d.town.nearest("market", field, field))
            return
    elif rng.random() < 0.05 + 1.4 * max(0.0, p.openness - 0.35):
        d.add(begin, Intent.EXPLORE, -1)
        begin += rng.uniform(18, 35)
    _work(d, begin, supper)


def _sunday_afternoon(d: _Draft, start: float, visit: float, supper: float) -> None:
    _among_people(d, start, visit)
    if d.rng.random() < 0.35 + 0.5 * d.p.agreeableness:
        d.add(visit, Intent.VISIT, -1)
    outing = visit + d.rng.uniform(40, 80)
    if d.rng.random() < 0.25 + 0.9 * (d.p.openness - 0.3):
        d.add(outing, Intent.EXPLORE, -1)
    _among_people(d, outing + d.rng.uniform(30, 50), supper)


def _evening(d: _Draft, start: float, end: float) -> None:
    """The inn, a friend's house, the square, or home, by nature."""
    p, rng = d.p, d.rng
    inn = d.town.nearest("inn", p.home, -1)
    draw = rng.random()
    to_inn = 0.1 + 0.5 * p.extraversion - 0.15 * p.conscientiousness if inn >= 0 else 0.0
    to_friends = to_inn + 0.08 + 0.22 * p.agreeableness
    if draw < to_inn:
        _among_people(d, start, start + rng.uniform(5, 30))
        d.add(d.starts[-1] + rng.uniform(5, 15), Intent.INN, inn)
    elif draw < to_friends:
        d.add(start, Intent.VISIT, -1)
        _among_people(d, start + rng.uniform(30, 60), end)
    elif draw < to_friends + 0.5 + 0.5 * (p.extraversion - 0.5):
        _among_people(d, start, end)
    else:
        d.add(start, Intent.REST, p.home)


def _work(d: _Draft, start: float, end: float) -> None:
    p, town, rng = d.p, d.town, d.rng
    in_field = p.trade in FIELD_TRADES
    there = p.workplace
    if d.day.work == FieldWork.WINTER and in_field:
        there = town.nearest("barn", p.home, p.workplace)
    walk = float(town.walk_min[p.home, there])
    minute = start
    # Starting somewhere within the first stint keeps people from setting out on errands all at once.
    stint_share = rng.uniform(0.2, 1.0)
    while minute < end:
        d.add(minute, Intent.WORK, there)
        stint = (rng.uniform(2.5, 6.0) if walk < 1.5 else rng.uniform(8, 16)) * (0.7 + 0.6 * p.conscientiousness)
        minute += walk + stint * stint_share * (STINT[d.day.work] if in_field else 1.0)
        stint_share = 1.0
        if minute >= end:
            return
        errand = town.draw(ERRANDS, rng, there, not_here=there)
        if errand < 0:
            continue
        d.add(minute, Intent.ERRAND, errand)
        minute += float(town.walk_min[there, errand]) + rng.uniform(1.2, 3.5) * (0.7 + 0.6 * p.extraversion)


def _among_people(d: _Draft, start: float, end: float) -> None:
    minute = start
    while minute < end:
        place = d.town.draw(EVENINGS, d.rng, d.p.home)
        d.add(minute, Intent.LINGER if place >= 0 else Intent.REST, place if place >= 0 else d.p.home)
        minute += d.rng.uniform(12, 30)
