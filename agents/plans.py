"""What to do next: every option that a villager knows of, what each is worth to whom, and the one that is chosen.

A belief-desire-intention mind over utility: beliefs and desires bear on the worth of options, the best becomes the
intention, and an intention is held against others that are hardly better. Here is what everything is worth; who knows
of what is gathered in `agents.outlook`, and carried out in `agents.intentions`. All worths are judgement on one scale:
to keep to the day's round is worth ROUND_WORTH, and what is to interrupt it has to beat that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from agents.intents import Intent, Intention, table
from agents.needs import menace
from agents.rounds import OUTDOOR_TRADES
from world.view import Floats, Weather

__all__ = ["OUTDOOR_TRADES", "Intent", "Intention", "Option", "Situation", "choose", "worths"]

COMMITMENT_S = 30.0  # nobody changes a plan sooner than this after making it
PRESENT_BONUS = 0.12  # what one is already doing is worth this much more: no dithering
ROUND_WORTH = 0.5
SLEEP_WORTH = 0.8  # at night nobody gets up for a small hunger
RESUMED_WORTH = 0.54  # what was interrupted is worth a little more than what comes next
HOST_WORTH = 0.95  # nobody misses one's own supper
HARDY = 0.08  # what wet weather matters less to those who work outdoors
NOTHING = -np.inf  # worth of what is no option

Flags = NDArray[np.bool_]


class Option(IntEnum):
    """What there is to choose from; of equals the first is taken."""

    ROUND = 0
    RESUME = 1  # what an interruption kept one from
    EAT = 2
    SLEEP = 3
    SHELTER = 4
    COMPANY = 5
    PROMISE = 6
    GATHERING = 7  # one heard of and has not promised to come to
    VISIT = 8
    HELP = 9  # somebody who is known to need it
    HARVEST = 10  # bring it in before the rain
    FIRE = 11
    EXPLORE = 12


@dataclass(frozen=True)
class Situation:
    """What bears on the decisions of some villagers at one moment; arrays (m,), one entry for each of them."""

    weather: Weather
    # who they are
    openness: Floats
    conscientiousness: Floats
    extraversion: Floats
    agreeableness: Floats
    neuroticism: Floats
    outdoor_trade: Flags
    # what they need, 0..1
    hunger: Floats
    fatigue: Floats
    cold: Floats
    loneliness: Floats
    danger: Floats
    idleness: Floats
    # what they are about, and what the day's round asks for
    intent: NDArray[np.int8]
    indoors: Flags
    asked: NDArray[np.int8]
    # what they know of
    rain_known: Flags  # that it is coming
    crop_out: Flags  # something in the field that rain would spoil, and it is theirs to bring in or a neighbour's
    own_crop: Flags
    suspended: Flags  # something that was interrupted can be taken up again
    promise: Flags  # it is time for a promise
    promise_liking: Floats  # affinity for the one it was given to, -1..1
    promise_heed: Floats  # how well it is remembered today: drawn for each promise, mean 0
    gathering: Flags  # one is on
    hosts: Flags  # and it is one's own
    gathering_liking: Floats
    friend: Flags
    friend_liking: Floats
    needy: Flags  # somebody needs help
    needy_liking: Floats
    company: Flags  # there is a place where people are
    new_place: Flags  # somewhere one has not been for long
    fire_low: Floats  # how much the fire at home wants wood, 0..1; only in the cold

    @property
    def at_leisure(self) -> Flags:
        """Whether the round asks for nothing that cannot wait."""
        free: Flags = LEISURE[self.asked]
        return free

    @property
    def at_night(self) -> Flags:
        night: Flags = self.asked == Intent.SLEEP
        return night


LEISURE = table(Intent.LINGER, Intent.REST, Intent.INN, Intent.VISIT, Intent.EXPLORE)


def worths(s: Situation) -> Floats:
    """What every option is worth (options, m); NOTHING where there is no such option."""
    return np.stack([worth(s) for worth in _WORTH.values()])


def choose(worth: Floats, present: Flags) -> NDArray[np.int64]:
    """The option (m,) of greatest worth; `present` (options, m) marks what comes down to going on as one is."""
    best: NDArray[np.int64] = np.argmax(worth + PRESENT_BONUS * present, axis=0)
    return best


def _round(s: Situation) -> Floats:
    return np.where(s.at_night, SLEEP_WORTH, ROUND_WORTH)


def _resume(s: Situation) -> Floats:
    """Back to what was interrupted, but not past meals, chapel and sleep."""
    fixed = s.at_night | (s.asked == Intent.EAT) | (s.asked == Intent.CHAPEL)
    return np.where(s.suspended & ~fixed, RESUMED_WORTH, NOTHING)


def _eat(s: Situation) -> Floats:
    """A meal begins with hunger and lasts until it is gone."""
    eating = (s.intent == Intent.EAT) & s.indoors & (s.hunger > 0.08) & (s.hunger < 0.9)
    return np.where(eating, 0.8, 1.6 * (s.hunger - 0.3))


def _sleep(s: Situation) -> Floats:
    return 2.5 * (s.fatigue - 0.7)


def hardiness(s: Situation) -> Floats:
    """How much less weather drives one home: duty keeps one out, nerves do not."""
    return 0.4 * (s.conscientiousness - 0.5) - 0.4 * (s.neuroticism - 0.5) + HARDY * s.outdoor_trade


def _shelter(s: Situation) -> Floats:
    """From rain, cold, storm and danger; those of weak nerves also from rain that is still to come."""
    w = s.weather
    wet = w.rain_mm_h + 0.5 * w.snow_mm_h  # snow is shaken off
    storm = max(0.0, w.wind_m_s - 12.0) * 0.05
    hardy = hardiness(s)
    rain = 0.32 + 0.08 * min(wet, 8.0) + storm - hardy if w.raining else np.full(len(hardy), NOTHING)
    freezing = 1.3 * (s.cold - 0.35) - hardy
    outside = menace(w, dark=False) * (0.5 + s.neuroticism)  # seen from within, too: a storm's lull lures nobody out
    afraid = 0.1 + 0.8 * np.maximum(s.danger, outside) - hardy
    foreseen = np.where(s.rain_known, 0.42 + 1.0 * (s.neuroticism - 0.5), NOTHING)
    return np.maximum(np.maximum(rain, freezing), np.maximum(afraid, foreseen))


def _company(s: Situation) -> Floats:
    keeps = s.intent == Intent.COMPANY
    lonely = s.loneliness * (0.55 + 0.5 * s.extraversion) - 0.05
    return np.where(s.company & ((s.loneliness > 0.5) | keeps), lonely, NOTHING)


def _promise(s: Situation) -> Floats:
    """The conscientious keep their word whatever else there is; others where they like whom they gave it to."""
    duty = 0.62 + 0.5 * (s.conscientiousness - 0.3)
    return np.where(s.promise, duty + 0.15 * s.promise_liking + s.promise_heed, NOTHING)


def _gathering(s: Situation) -> Floats:
    wish = 0.42 + 0.4 * (s.extraversion - 0.5) + 0.25 * s.loneliness + 0.2 * s.gathering_liking
    return np.where(s.gathering & ~s.at_night, np.where(s.hosts, HOST_WORTH, wish), NOTHING)


def _visit(s: Situation) -> Floats:
    wish = 0.3 + 0.3 * s.friend_liking + 0.3 * s.loneliness + 0.1 * (s.extraversion - 0.5)
    return np.where(s.friend & s.at_leisure, wish, NOTHING)  # work ends a visit, whether the friend was at home or not


def _help(s: Situation) -> Floats:
    """Of one's own accord, as agreeable people do, and others for those they like."""
    wish = 0.4 + 0.6 * (s.agreeableness - 0.5) + 0.2 * s.needy_liking + 0.1 * s.idleness
    return np.where(s.needy & ~s.at_night & (s.asked != Intent.EAT), wish, NOTHING)


def _harvest(s: Situation) -> Floats:
    """Before the rain comes: one's own crop above all, a neighbour's by agreeableness."""
    own = 0.72 + 0.3 * (s.conscientiousness - 0.5)
    others = 0.45 + 0.5 * (s.agreeableness - 0.5)
    threatened = s.crop_out & s.rain_known & ~s.at_night & (not s.weather.raining)
    return np.where(threatened, np.where(s.own_crop, own, others), NOTHING)


def _fire(s: Situation) -> Floats:
    wish = 0.3 + 0.45 * s.fire_low + 0.2 * (s.conscientiousness - 0.5)
    keeps = s.intent == Intent.FIRE
    return np.where((s.fire_low > 0.0) & ~s.at_night & (s.at_leisure | (s.asked == Intent.EAT) | keeps), wish, NOTHING)


def _explore(s: Situation) -> Floats:
    wish = 0.25 + 0.5 * (s.openness - 0.5) + 0.3 * s.idleness
    keeps = s.intent == Intent.EXPLORE
    return np.where(s.new_place & (s.at_leisure | keeps) & (s.asked != Intent.EXPLORE), wish, NOTHING)


_WORTH = {
    Option.ROUND: _round,
    Option.RESUME: _resume,
    Option.EAT: _eat,
    Option.SLEEP: _sleep,
    Option.SHELTER: _shelter,
    Option.COMPANY: _company,
    Option.PROMISE: _promise,
    Option.GATHERING: _gathering,
    Option.VISIT: _visit,
    Option.HELP: _help,
    Option.HARVEST: _harvest,
    Option.FIRE: _fire,
    Option.EXPLORE: _explore,
}
