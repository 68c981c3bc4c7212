"""The options of those whose turn it is to think: what each would be, where, about whom, and which one is best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.acts import Proposal
from agents.bodies import Bodies
from agents.intents import INDOORS, Intent
from agents.minds import Moment
from agents.plans import Option, Situation, choose, worths
from agents.rounds import FieldWork
from agents.town import WALK_M_PER_MIN
from world.streams import stream
from world.view import Floats

if TYPE_CHECKING:
    from agents.intentions import Intentions

PROMISED = {"help": Intent.HELP, "bring": Intent.BRING, "attend": Intent.ATTEND, "meet": Intent.MEET}
CARE_MIN = (1.0, 7.0)  # how much too early the careless and the careful set out
LONGEST_WALK_MIN = 30.0
HEED_SPREAD = 0.12  # how much the memory of a promise varies from one to the next; judgement
GATHERING_KINDS = ("market", "inn", "well", "bench")  # where people are, the best first
TARGETS = ("intent", "place", "other", "source", "promise", "block")


@dataclass(frozen=True)
class Considered:
    """What (m,) villagers want to do, one entry each in every array."""

    option: NDArray[np.int64]
    intent: NDArray[np.int64]
    place: NDArray[np.int64]
    other: NDArray[np.int64]
    source: NDArray[np.int64]
    promise: NDArray[np.int64]
    block: NDArray[np.int64]
    late: NDArray[np.bool_]  # for the promise that is due


@dataclass(frozen=True)
class Due:
    """The promise that (m,) villagers should now be about; proposals None where there is none."""

    there: NDArray[np.bool_]
    proposals: list[Proposal | None]
    liking: Floats
    heed: Floats
    late: NDArray[np.bool_]


def consider(rows: NDArray[np.int64], intentions: Intentions, bodies: Bodies, now: Moment) -> Considered:
    """What each of these villagers would best do now, as far as it knows."""
    due = _promises(rows, intentions, bodies, now)
    targets = _targets(rows, intentions, bodies, due)
    situation = _situation(rows, intentions, bodies, now, due, targets)
    doing = intentions.intent[rows], intentions.place[rows]
    present = (targets[0] == doing[0]) & (targets[1] == doing[1])
    option = choose(worths(situation), present)
    intent, place, other, source, promise, block = targets[:, option, np.arange(len(rows))]
    wanted = Considered(option, intent, place, other, source, promise, block, due.late)
    for i in np.flatnonzero(intentions.outlook.shut[rows, wanted.place]).tolist():
        _elsewhere(int(rows[i]), i, wanted, intentions)
    return wanted


def _promises(rows: NDArray[np.int64], intentions: Intentions, bodies: Bodies, now: Moment) -> Due:
    minds, town = intentions.minds, intentions.town
    m = len(rows)
    due = Due(np.zeros(m, bool), [None] * m, np.zeros(m), np.zeros(m), np.zeros(m, bool))
    for i, row in enumerate(rows.tolist()):
        for proposal in minds.promises.now_due(row, now.day, now.clock_min, LONGEST_WALK_MIN):
            away = float(np.hypot(town.x[proposal.place] - bodies.x[row], town.y[proposal.place] - bodies.y[row]))
            walk = 1.3 * away / WALK_M_PER_MIN  # lanes are no straight lines
            left = proposal.day * 1440.0 + proposal.minute - now.minutes
            care = CARE_MIN[0] + (CARE_MIN[1] - CARE_MIN[0]) * minds.personas[row].conscientiousness
            if left <= walk + care:
                due.there[i], due.proposals[i] = True, proposal
                due.liking[i] = minds.relations.affinity[row, proposal.beneficiary]
                due.heed[i] = stream(minds.seed, "heed", proposal.promise).normal(0.0, HEED_SPREAD)
                due.late[i] = left < walk
                break
    return due


def _targets(rows: NDArray[np.int64], intentions: Intentions, bodies: Bodies, due: Due) -> NDArray[np.int64]:
    """(fields, options, m): intent, place, other, source, promise and block of every option, in the order of TARGETS.

    The place of what is no option is home.
    """
    know, asked = intentions.outlook, intentions.itinerary
    intent, place = intentions.intent[rows], intentions.place[rows]
    home = know.home[rows]
    t = np.full((len(TARGETS), len(Option), len(rows)), -1, np.int64)
    t[1] = home

    def put(option: Option, *values: ArrayLike) -> None:
        for field, value in enumerate(values):
            t[field, option] = np.asarray(value)

    put(Option.ROUND, asked.intent[rows], asked.place[rows], asked.other[rows])
    t[TARGETS.index("block"), Option.ROUND] = asked.block[rows]
    kept = intentions.kept_intent[rows]
    put(Option.RESUME, kept, np.where(kept >= 0, intentions.kept_place[rows], home), intentions.kept_other[rows])
    put(Option.EAT, Intent.EAT, np.where(intent == Intent.EAT, place, home))
    put(Option.SLEEP, Intent.SLEEP, home)
    inside = bodies.indoors[rows] & (place == bodies.place[rows])
    put(
        Option.SHELTER,
        np.where(inside, intent, Intent.SHELTER).astype(np.int8),
        np.where(inside | (intent == Intent.SHELTER), place, know.roof(rows, bodies)),
    )
    company = next((p for p in intentions.town.of(*GATHERING_KINDS)), -1)
    if company >= 0:
        put(Option.COMPANY, Intent.COMPANY, np.where(intent == Intent.COMPANY, place, company))
    for i, proposal in enumerate(due.proposals):
        if proposal is not None:
            source = know.bring_from[rows[i]] if proposal.kind == "bring" else -1
            what = PROMISED[proposal.kind], proposal.place, proposal.beneficiary, source, proposal.promise
            t[:5, Option.PROMISE, i] = what
    hosted = know.host[rows] >= 0
    put(Option.GATHERING, Intent.ATTEND, np.where(hosted, know.gathering_place[rows], home), know.host[rows])
    friend = know.friend[rows]
    visiting = intent == Intent.VISIT
    friend = np.where(visiting & (intentions.other[rows] >= 0), intentions.other[rows], friend)
    put(Option.VISIT, Intent.VISIT, np.where(friend >= 0, know.home[friend], home), friend)
    needy = know.needy[rows]
    put(Option.HELP, Intent.HELP, np.where(needy >= 0, know.needy_place[rows], home), needy)
    put(Option.HARVEST, Intent.HARVEST, np.where(know.field[rows] >= 0, know.field[rows], home))
    put(Option.FIRE, Intent.FIRE, home, -1, know.wood_from[rows])
    seen = know.new_place[rows]
    there = np.where(intent == Intent.EXPLORE, place, np.where(seen >= 0, seen, home))
    put(Option.EXPLORE, Intent.EXPLORE, there)
    return t


def _situation(
    rows: NDArray[np.int64],
    intentions: Intentions,
    bodies: Bodies,
    now: Moment,
    due: Due,
    targets: NDArray[np.int64],
) -> Situation:
    know, minds, needs = intentions.outlook, intentions.minds, intentions.minds.needs
    liking = minds.relations.affinity
    host, friend, needy = know.host[rows], targets[2, Option.VISIT], know.needy[rows]

    def liked(others: NDArray[Any]) -> Floats:
        some = others >= 0
        if not some.any():
            return np.zeros(len(rows))
        return np.where(some & (others != rows), liking[rows, np.where(some, others, 0)], 0.0)

    walk = (
        1.3
        / WALK_M_PER_MIN
        * np.hypot(
            intentions.town.x[know.gathering_place[rows]] - bodies.x[rows],
            intentions.town.y[know.gathering_place[rows]] - bodies.y[rows],
        )
    )
    on = (know.gathering_from[rows] - walk <= now.minutes) & (now.minutes < know.gathering_to[rows])
    hosts = host == rows
    crop_out = (intentions.itinerary.work[rows] >= FieldWork.HAY) & (know.field[rows] >= 0)
    fetching_wood = (intentions.intent == Intent.FIRE) & ~intentions.doing(Intent.FIRE)
    kept = (intentions.kept_intent[rows] >= 0) & (now.minutes < intentions.kept_until[rows])
    return Situation(
        weather=now.weather,
        **{name: column[rows] for name, column in know.traits.items()},
        outdoor_trade=know.outdoor_trade[rows],
        hunger=needs.hunger[rows],
        fatigue=needs.fatigue[rows],
        cold=needs.cold[rows],
        loneliness=needs.loneliness[rows],
        danger=needs.danger[rows],
        idleness=needs.idleness[rows],
        intent=intentions.intent[rows],
        indoors=bodies.indoors[rows],
        asked=intentions.itinerary.intent[rows],
        rain_known=know.rain_until[rows] > now.minutes,
        crop_out=crop_out,
        own_crop=know.own_field[rows],
        suspended=kept,
        promise=due.there,
        promise_liking=due.liking,
        promise_heed=due.heed,
        gathering=on & (host >= 0),
        hosts=hosts,
        gathering_liking=liked(host),
        friend=friend >= 0,
        friend_liking=liked(friend),
        needy=(needy >= 0) & (know.needy_until[rows] > now.minutes),
        needy_liking=liked(needy),
        company=targets[0, Option.COMPANY] >= 0,
        new_place=know.new_place[rows] >= 0,
        fire_low=np.where(fetching_wood[rows], 1.0, know.fire_low(rows, now)),
    )


def _elsewhere(row: int, i: int, wanted: Considered, intentions: Intentions) -> None:
    """The same where its place is not known to be shut; otherwise under another roof, or among people."""
    town, shut = intentions.town, intentions.outlook.shut[row]
    open_places = [p for p in town.of(*GATHERING_KINDS) if not shut[p]]
    wanted.source[i], wanted.promise[i] = -1, -1
    if not intentions.goes_in(Intent(int(wanted.intent[i])), int(wanted.place[i])) and open_places:
        wanted.intent[i], wanted.place[i] = Intent.LINGER, open_places[0]
        return
    roofs = [p for p in (int(intentions.outlook.home[row]), *town.of("inn", "house")) if not shut[p]]
    if roofs:  # where all are shut one stays where one is
        wanted.intent[i] = wanted.intent[i] if wanted.intent[i] in INDOORS else Intent.REST
        wanted.place[i] = roofs[0]
