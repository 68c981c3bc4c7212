"""Who turns to whom: outdoors those who see each other, indoors those under one roof; by nature, need and bond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.bodies import Bodies
from agents.conversation import URGENT, Conversations, Outcome
from agents.minds import Minds, Moment
from agents.perception import Sight
from assets.palette import Activity
from world.compiled import compiled
from world.streams import stream
from world.view import Floats, WorldView

TALK_RANGE_M = 12.0
CHANCE = 0.12  # of turning to talk, per look, for average people; bent by nature, need and familiarity
BUSY_SHARE = 0.4  # of that, for each of the two who is at work; judgement
JOIN_SHARE = 0.25  # of that, where the other one already talks with somebody; judgement
ROOF_SHARE = 0.5  # of that, among those who sit under one roof and have the whole evening; judgement
KNOWN = 0.1  # familiarity from which one steps up to a group for somebody's sake
DUE_MIN = 10.0  # who has to be somewhere else within so many minutes has no time to talk

ASLEEP = int(Activity.SLEEP)

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]


def meet(
    rows: Rows,
    sight: Sight,
    talk: Conversations,
    minds: Minds,
    bodies: Bodies,
    view: WorldView,
    now: Moment,
    talkativeness: float,
) -> list[Outcome]:
    """Let those who just looked round turn to somebody by chance; returns what began.

    One turns to somebody who is free, or who stands in a group that one more may join.
    """
    if talkativeness == 0.0:
        return []
    needs = minds.needs
    free_at = talk.free_at(talkativeness)
    idle = _idle(talk.talk_of, free_at, bodies.activity, needs.hunger, needs.fatigue, needs.cold, now.tick)
    free = rows[idle[rows]]
    if len(free) == 0:
        return []
    willing = idle | (talk.talking & (bodies.activity != ASLEEP))
    a, b = _in_view(free, sight.seen, sight.distance, bodies.indoors, willing)
    in_a, in_b = _under_one_roof(free, bodies, minds.seed, now.tick)
    if len(in_a):
        wanted = willing[in_b]
        a, b = np.concatenate([a, in_a[wanted]]), np.concatenate([b, in_b[wanted]])
    if len(a) == 0:
        return []
    fresh = talk.may_meet(a, b, now.tick, talkativeness)
    a, b = a[fresh], b[fresh]
    if len(a) == 0:
        return []
    draws = stream(minds.seed, "meet", now.tick).random(len(a))
    turned = np.flatnonzero(draws < _chance(a, b, talk, minds, bodies, now) * talkativeness)
    begun = []
    for one, other in zip(a[turned].tolist(), b[turned].tolist(), strict=True):
        if minds.promises.call_away(one, now, bodies, minds.places, DUE_MIN):
            continue
        ends = [bodies.x[[one]], bodies.y[[one]], bodies.x[[other]], bodies.y[[other]]]
        if bodies.indoors[one] or view.clear_walk(*ends)[0]:
            begun.append(talk.turn_to(one, other, bodies, view, now))
    return begun


@compiled
def _idle(
    talk_of: Rows, free_at: Rows, activity: NDArray[np.uint8], hunger: Floats, fatigue: Floats, cold: Floats, tick: int
) -> Flags:
    """True (n,) for those awake who are in no talk, have rested from the last, and whom no need presses too hard."""
    idle = np.empty(talk_of.size, np.bool_)
    for i in range(talk_of.size):
        pressing = max(hunger[i], fatigue[i], cold[i]) > URGENT
        idle[i] = talk_of[i] < 0 and free_at[i] <= tick and activity[i] != ASLEEP and not pressing
    return idle


@compiled
def _in_view(
    rows: Rows, seen: NDArray[np.int16], distance: Floats, indoors: Flags, willing: Flags
) -> tuple[Rows, Rows]:
    """Pairs of those outdoors who see each other, near enough to walk up, of whom the second one is willing."""
    a, b, count = np.empty(rows.size * seen.shape[1], np.int64), np.empty(rows.size * seen.shape[1], np.int64), 0
    for row in rows:
        if indoors[row]:
            continue
        for slot in range(seen.shape[1]):
            other = seen[row, slot]
            if other < 0 or distance[row, slot] >= TALK_RANGE_M or indoors[other] or not willing[other]:
                continue
            for back in seen[other]:
                if back == row:
                    a[count], b[count] = row, other
                    count += 1
                    break
    return a[:count], b[:count]


def _under_one_roof(rows: Rows, bodies: Bodies, seed: int, tick: int) -> tuple[Rows, Rows]:
    """For everybody indoors one other who is awake in the same building, drawn by chance."""
    rows, first, count, awake = _companies(rows, bodies.place, bodies.indoors, bodies.activity)
    if len(rows) == 0:
        return rows, rows
    return rows, _drawn(rows, first, count, awake, stream(seed, "at table", tick).random(len(rows)))


@compiled
def _companies(
    rows: Rows, place: NDArray[np.int16], indoors: Flags, activity: NDArray[np.uint8]
) -> tuple[Rows, Rows, Rows, Rows]:
    """Those of some rows who are not alone awake under their roof; where in the last thing returned, a list of all who
    are awake, those of that roof begin, in order of row; and how many they are.
    """
    first = np.zeros(place.max() + 3, np.int64)  # a roof's number is its place's plus one: -1 is no place
    for i in range(place.size):
        if indoors[i] and activity[i] != ASLEEP:
            first[place[i] + 2] += 1
    for k in range(first.size - 1):
        first[k + 1] += first[k]
    awake, filled = np.empty(first[-1], np.int64), first.copy()
    for i in range(place.size):
        if indoors[i] and activity[i] != ASLEEP:
            awake[filled[place[i] + 1]] = i
            filled[place[i] + 1] += 1
    among, begins, count, found = np.empty_like(rows), np.empty_like(rows), np.empty_like(rows), 0
    for row in rows:
        begin, end = first[place[row] + 1], first[place[row] + 2]
        if indoors[row] and end - begin > 1:
            among[found], begins[found], count[found] = row, begin, end - begin
            found += 1
    return among[:found], begins[:found], count[:found], awake


@compiled
def _drawn(rows: Rows, first: Rows, count: Rows, awake: Rows, draws: Floats) -> Rows:
    """One other (m,) of each company, by a draw in 0..1."""
    others = np.empty_like(rows)
    for k in range(rows.size):
        at = first[k] + int(draws[k] * (count[k] - 1))
        others[k] = awake[at] if awake[at] < rows[k] else awake[at + 1]  # in order of row: steps over oneself
    return others


def _chance(a: Rows, b: Rows, talk: Conversations, minds: Minds, bodies: Bodies, now: Moment) -> Floats:
    """Chance that a turns to b at this look: Talk of the Town (Ryan 2018) also starts from extraversion."""
    r = minds.relations
    extraversion = np.array([minds.personas[row].extraversion for row in a.tolist()])
    nature = 0.3 + 1.4 * extraversion
    need = 0.6 + 0.8 * minds.needs.loneliness[a]
    familiarity = r.familiarity[a, b]
    bond = (0.6 + 0.8 * familiarity) * (1.0 + 0.4 * r.affinity[a, b])
    inside = bodies.indoors[a]
    setting = np.where(inside, ROOF_SHARE, 0.6 if now.weather.raining else 1.0)
    joining = np.where(talk.talking[b], JOIN_SHARE * (familiarity > KNOWN), 1.0)
    working = bodies.activity == Activity.WORK
    at_work = BUSY_SHARE ** (working[a].astype(float) + working[b])
    chance: Floats = np.minimum(CHANCE * nature * need * bond * setting * joining * at_work, 0.95)
    return chance
