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
from world.compiled import compiled
from world.view import Floats, Weather

__all__ = ["OUTDOOR_TRADES", "Intent", "Intention", "Option", "Situation", "choose", "worths"]

COMMITMENT_S = 30.0  # nobody changes a plan sooner than this after making it
PRESENT_BONUS = 0.12  # what one is already doing is worth this much more: no dithering
ROUND_WORTH = 0.5
SLEEP_WORTH = 0.8  # at night nobody gets up for a small hunger
RESUMED_WORTH = 0.54  # what was interrupted is worth a little more than what comes next
HOST_WORTH = 0.95  # nobody misses one's own supper
GLADLY = 0.5  # share of the wish to be among the guests that speaks for keeping the promise to come
SATED = 0.08  # hunger at which a meal is over
HARDY = 0.08  # what wet weather matters less to those who work outdoors
NOTHING = -np.inf  # worth of what is no option

Flags = NDArray[np.bool_]
Floats32 = NDArray[np.float32]
Codes = NDArray[np.int8]


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
    expected: Flags  # and one has promised to come to it
    hosts: Flags  # and it is one's own
    gathering_liking: Floats
    friend: Flags
    friend_liking: Floats
    needy: Flags  # somebody needs help
    needy_liking: Floats
    company: Flags  # there is a place where people may be, and one has not just waited there in vain
    new_place: Flags  # somewhere one has not been for long
    fire_low: Floats  # how much the fire at home wants wood, 0..1; only in the cold


LEISURE = table(Intent.LINGER, Intent.REST, Intent.INN, Intent.VISIT, Intent.EXPLORE)


def worths(s: Situation) -> Floats:
    """What every option is worth (options, m); NOTHING where there is no such option."""
    w = s.weather
    wet = w.rain_mm_h + 0.5 * w.snow_mm_h  # snow is shaken off
    storm = max(0.0, w.wind_m_s - 12.0) * 0.05
    sky = w.raining, 0.32 + 0.08 * min(wet, 8.0) + storm, menace(w, dark=False)
    who = s.openness, s.conscientiousness, s.extraversion, s.agreeableness, s.neuroticism, s.outdoor_trade
    needs = s.hunger, s.fatigue, s.cold, s.loneliness, s.danger, s.idleness, s.fire_low
    flags = s.rain_known, s.crop_out, s.own_crop, s.suspended, s.promise, s.gathering, s.expected, s.hosts
    others = s.friend, s.needy, s.company, s.new_place
    to_host, to_friend, to_needy = (x.astype(np.float32) for x in (s.gathering_liking, s.friend_liking, s.needy_liking))
    worth = np.full((len(Option), len(s.intent)), NOTHING)
    _weigh(
        worth,
        who,
        needs,
        (s.intent, s.asked, s.indoors),
        (*flags, *others),
        (s.promise_liking, s.promise_heed, to_host, to_friend, to_needy),
        *sky,
    )
    return worth


def choose(worth: Floats, present: Flags) -> NDArray[np.int64]:
    """The option (m,) of greatest worth; `present` (options, m) marks what comes down to going on as one is."""
    best: NDArray[np.int64] = np.argmax(worth + PRESENT_BONUS * present, axis=0)
    return best


@compiled
def _weigh(
    worth: Floats,
    who: tuple[Floats, Floats, Floats, Floats, Floats, Flags],
    needs: tuple[Floats, Floats, Floats, Floats, Floats, Floats, Floats],
    doing: tuple[Codes, Codes, Flags],
    flags: tuple[Flags, Flags, Flags, Flags, Flags, Flags, Flags, Flags, Flags, Flags, Flags, Flags],
    likings: tuple[Floats, Floats, Floats32, Floats32, Floats32],
    raining: bool,
    rain_worth: float,
    menacing: float,
) -> None:
    """Put in what every option is worth that there is; `rain_worth` is that of shelter to those who are not hardy."""
    openness, conscientiousness, extraversion, agreeableness, neuroticism, outdoor_trade = who
    hunger, fatigue, cold, loneliness, danger, idleness, fire_low = needs
    intent, asked, indoors = doing
    rain_known, crop_out, own_crop, suspended, promise = flags[:5]
    gathering, expected, hosts, friend, needy, company, new_place = flags[5:]
    promise_liking, promise_heed, gathering_liking, friend_liking, needy_liking = likings
    for i in range(intent.size):
        night, leisure, lonely = asked[i] == Intent.SLEEP, LEISURE[asked[i]], loneliness[i]
        outgoing, careful, kind = extraversion[i] - 0.5, conscientiousness[i] - 0.5, agreeableness[i] - 0.5
        worth[Option.ROUND, i] = SLEEP_WORTH if night else ROUND_WORTH
        # Back to what was interrupted, but not past meals, chapel and sleep.
        if suspended[i] and not (night or asked[i] == Intent.EAT or asked[i] == Intent.CHAPEL):
            worth[Option.RESUME, i] = RESUMED_WORTH
        # A meal begins with hunger and lasts until it is gone; who is expected somewhere gets up from the table.
        eating = intent[i] == Intent.EAT and indoors[i] and SATED < hunger[i] < 0.9 and not promise[i]
        worth[Option.EAT, i] = 0.8 if eating else 1.6 * (hunger[i] - 0.3)
        worth[Option.SLEEP, i] = 2.5 * (fatigue[i] - 0.7)
        # Shelter from rain, cold, storm and danger; those of weak nerves also from rain that is still to come. Weather
        # drives one home the less the hardier one is: duty keeps one out, nerves do not.
        hardy = 0.4 * careful - 0.4 * (neuroticism[i] - 0.5) + HARDY * outdoor_trade[i]
        rain = rain_worth - hardy if raining else NOTHING
        freezing = 1.3 * (cold[i] - 0.35) - hardy
        outside = menacing * (0.5 + neuroticism[i])  # seen from within, too: a storm's lull lures nobody out
        afraid = 0.1 + 0.8 * max(danger[i], outside) - hardy
        foreseen = 0.42 + 1.0 * (neuroticism[i] - 0.5) if rain_known[i] else NOTHING
        worth[Option.SHELTER, i] = max(rain, freezing, afraid, foreseen)
        if company[i] and not night and (lonely > 0.5 or intent[i] == Intent.COMPANY):
            worth[Option.COMPANY, i] = lonely * (0.55 + 0.5 * extraversion[i]) - 0.05
        # The conscientious keep their word whatever else there is; others where they like whom they gave it to.
        if promise[i]:
            duty = 0.60 + 0.6 * (conscientiousness[i] - 0.3)
            worth[Option.PROMISE, i] = duty + 0.15 * promise_liking[i] + promise_heed[i]
        if gathering[i] and not night:
            wish = 0.32 + 0.4 * outgoing + 0.25 * lonely + _share(0.2, gathering_liking[i])
            worth[Option.GATHERING, i] = HOST_WORTH if hosts[i] else wish
            if expected[i]:  # one's word and the wish to be there speak for the same
                worth[Option.PROMISE, i] += GLADLY * max(0.0, wish)
        if friend[i] and leisure:  # work ends a visit, whether the friend was at home or not
            drawn = np.float64(
                np.float32(0.3) + np.float32(0.3) * friend_liking[i]
            )  # in single precision, as likings are kept
            worth[Option.VISIT, i] = drawn + 0.3 * lonely + 0.1 * outgoing
        # Help of one's own accord, as agreeable people give it, and others to those they like.
        if needy[i] and not night and asked[i] != Intent.EAT:
            worth[Option.HELP, i] = 0.4 + 0.6 * kind + _share(0.2, needy_liking[i]) + 0.1 * idleness[i]
        # Before the rain comes: one's own crop above all, a neighbour's by agreeableness.
        if crop_out[i] and rain_known[i] and not night and not raining:
            worth[Option.HARVEST, i] = 0.72 + 0.3 * careful if own_crop[i] else 0.45 + 0.5 * kind
        if fire_low[i] > 0.0 and not night and (leisure or asked[i] == Intent.EAT or intent[i] == Intent.FIRE):
            worth[Option.FIRE, i] = 0.3 + 0.45 * fire_low[i] + 0.2 * careful
        if new_place[i] and (leisure or intent[i] == Intent.EXPLORE) and asked[i] != Intent.EXPLORE:
            worth[Option.EXPLORE, i] = 0.25 + 0.7 * (openness[i] - 0.5) + 0.3 * idleness[i]


@compiled
def _share(weight: float, liking: np.float32) -> float:
    """A share of what one holds of somebody, which is kept in single precision and weighed in it."""
    return np.float64(np.float32(weight) * liking)
