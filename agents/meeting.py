"""Who turns to whom: outdoors those who see each other, indoors those under one roof; by nature, need and bond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.bodies import Bodies
from agents.conversation import URGENT, Conversations, Outcome
from agents.minds import Minds, Moment
from agents.perception import Sight
from assets.palette import Activity
from world.streams import stream
from world.view import Floats, WorldView

TALK_RANGE_M = 12.0
CHANCE = 0.12  # of turning to talk, per look, for average people; bent by nature, need and familiarity
JOIN_SHARE = 0.25  # of that, where the other one already talks with somebody; judgement
ROOF_SHARE = 0.5  # of that, among those who sit under one roof and have the whole evening; judgement
KNOWN = 0.1  # familiarity from which one steps up to a group for somebody's sake
DUE_MIN = 10.0  # who has to be somewhere within so many minutes has no time to talk

Rows = NDArray[np.int64]


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
    free = rows[(talk.talk_of[rows] < 0) & (talk.free_at[rows] <= now.tick)]
    free = free[(bodies.activity[free] != Activity.SLEEP) & _at_leisure(free, minds)]
    if len(free) == 0:
        return []
    a, b = _in_view(free, sight, bodies)
    in_a, in_b = _under_one_roof(free, bodies, minds.seed, now.tick)
    a, b = np.concatenate([a, in_a]), np.concatenate([b, in_b])
    if len(a) == 0:
        return []
    willing = talk.may_meet(a, b, now.tick) & (bodies.activity[b] != Activity.SLEEP)
    willing &= talk.talking[b] | _at_leisure(b, minds)
    a, b = a[willing], b[willing]
    if len(a) == 0:
        return []
    draws = stream(minds.seed, "meet", now.tick).random(len(a))
    turned = np.flatnonzero(draws < _chance(a, b, talk, minds, bodies, now) * talkativeness)
    begun = []
    for one, other in zip(a[turned].tolist(), b[turned].tolist(), strict=True):
        if minds.promises.now_due(one, now.day, now.clock_min, DUE_MIN):
            continue
        ends = [bodies.x[[one]], bodies.y[[one]], bodies.x[[other]], bodies.y[[other]]]
        if bodies.indoors[one] or view.clear_walk(*ends)[0]:
            begun.append(talk.turn_to(one, other, bodies, view, now))
    return begun


def _in_view(rows: Rows, sight: Sight, bodies: Bodies) -> tuple[Rows, Rows]:
    """Pairs of those outdoors who see each other, near enough to walk up."""
    rows = rows[~bodies.indoors[rows]]
    seen = sight.seen[rows].astype(np.int64)
    a, slot = np.nonzero((seen >= 0) & (sight.distance[rows] < TALK_RANGE_M))
    a, b = rows[a], seen[a, slot]
    mutual = (sight.seen[b] == a[:, None]).any(axis=1) & ~bodies.indoors[b]
    return a[mutual], b[mutual]


def _under_one_roof(rows: Rows, bodies: Bodies, seed: int, tick: int) -> tuple[Rows, Rows]:
    """For everybody indoors one other who is awake in the same building, drawn by chance."""
    rows = rows[bodies.indoors[rows]]
    awake = np.flatnonzero(bodies.indoors & (bodies.activity != Activity.SLEEP)) if len(rows) else rows
    if len(awake) < 2:
        return rows[:0], rows[:0]
    awake = awake[np.argsort(bodies.place[awake], kind="stable")]
    places = bodies.place[awake]
    first = np.searchsorted(places, bodies.place[rows])
    count = np.searchsorted(places, bodies.place[rows], side="right") - first
    company = count > 1
    rows, first, count = rows[company], first[company], count[company]
    drawn = (stream(seed, "at table", tick).random(len(rows)) * (count - 1)).astype(np.int64)
    others = awake[first + drawn]
    at_own = others >= rows  # the others of the same roof stand in order of row: step over oneself
    others = np.where(at_own, awake[first + drawn + 1], others)
    return rows, others


def _at_leisure(rows: Rows, minds: Minds) -> NDArray[np.bool_]:
    """True where no need presses so hard that nobody stops for a talk."""
    n = minds.needs
    pressing: NDArray[np.bool_] = np.maximum(np.maximum(n.hunger[rows], n.fatigue[rows]), n.cold[rows]) <= URGENT
    return pressing


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
    chance: Floats = np.minimum(CHANCE * nature * need * bond * setting * joining, 0.95)
    return chance
