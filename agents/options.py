"""The options of those whose turn it is to think: what each would be, where, about whom, and which one is best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.acts import Proposal
from agents.bodies import Bodies
from agents.intents import INDOORS, Intent
from agents.minds import Moment
from agents.plans import SATED, Option, Situation, choose, worths
from agents.rounds import FieldWork
from agents.town import WALK_M_PER_MIN
from world.compiled import compiled
from world.streams import stream
from world.view import Floats

if TYPE_CHECKING:
    from agents.intentions import Intentions

PROMISED = {"help": Intent.HELP, "bring": Intent.BRING, "attend": Intent.ATTEND, "meet": Intent.MEET}
CARE_MIN = (1.0, 7.0)  # how much too early the careless and the careful set out
LONGEST_WALK_MIN = 30.0
# How much it varies from one promise to the next how well one thinks of it, at average care; judgement. The careful
# forget less of what they meant to do (Cuttler & Graf 2007).
HEED_SPREAD = 0.2
GATHERING_KINDS = ("market", "inn", "well", "bench")  # where people are, the best first
TARGETS = ("intent", "place", "other", "source", "promise", "block")
FIELDS, OPTIONS = len(TARGETS), len(Option)

Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]
Places = NDArray[np.int16]


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
    gathers: NDArray[np.bool_]  # it is to come to a gathering


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
    due = Due(np.zeros(m, bool), [None] * m, np.zeros(m), np.zeros(m), np.zeros(m, bool), np.zeros(m, bool))
    for i, row in enumerate(rows.tolist()):
        for proposal in minds.promises.now_due(row, now.day, now.clock_min, LONGEST_WALK_MIN):
            away = float(np.hypot(town.x[proposal.place] - bodies.x[row], town.y[proposal.place] - bodies.y[row]))
            walk = 1.3 * away / WALK_M_PER_MIN  # lanes are no straight lines
            left = proposal.day * 1440.0 + proposal.minute - now.minutes
            careful = minds.personas[row].conscientiousness
            if left <= walk + CARE_MIN[0] + (CARE_MIN[1] - CARE_MIN[0]) * careful:
                due.there[i], due.proposals[i] = True, proposal
                due.gathers[i] = proposal.kind == "attend"
                due.liking[i] = minds.relations.affinity[row, proposal.beneficiary]
                spread = 2.0 * (1.0 - careful) * HEED_SPREAD
                due.heed[i] = stream(minds.seed, "heed", proposal.promise).normal(0.0, spread)
                due.late[i] = left < walk
                break
    return due


def _targets(rows: NDArray[np.int64], intentions: Intentions, bodies: Bodies, due: Due) -> NDArray[np.int64]:
    """(fields, options, m): intent, place, other, source, promise and block of every option, in the order of TARGETS.

    The place of what is no option is home.
    """
    know, asked = intentions.outlook, intentions.itinerary
    company = next((p for p in intentions.town.of(*GATHERING_KINDS)), -1)
    t = _aims(
        rows,
        (intentions.intent, intentions.place, intentions.other),
        (asked.intent, asked.place, asked.other, asked.block),
        (intentions.kept_intent, intentions.kept_place, intentions.kept_other),
        (know.home, know.host, know.gathering_place, know.friend, know.needy, know.needy_place, know.new_place),
        (know.field, know.wood_from, know.roof(rows, bodies), company),
        (bodies.indoors, bodies.place),
        intentions.minds.needs.hunger,
    )
    for i, proposal in enumerate(due.proposals):
        if proposal is not None:
            source = know.bring_from[rows[i]] if proposal.kind == "bring" else -1
            what = PROMISED[proposal.kind], proposal.place, proposal.beneficiary, source, proposal.promise
            t[:5, Option.PROMISE, i] = what
    return t


@compiled
def _aims(
    rows: NDArray[np.int64],
    doing: tuple[Codes, Places, Places],
    asked: tuple[Codes, Places, Places, Places],
    kept: tuple[Codes, Places, Places],
    known: tuple[Places, Places, Places, Places, Places, Places, Places],
    fixed: tuple[Places, Places, Places, int],
    at: tuple[Flags, Places],
    hunger: Floats,
) -> NDArray[np.int64]:
    """`_targets` without promises."""
    intent, place, other = doing
    asked_intent, asked_place, asked_other, asked_block = asked
    kept_intent, kept_place, kept_other = kept
    homes, host, gathering_place, friends, needy, needy_place, new_place = known
    field, wood_from, roof, company = fixed
    indoors, stands_at = at
    t = np.full((FIELDS, OPTIONS, rows.size), -1, np.int64)
    for k in range(rows.size):
        i = rows[k]
        home, now, here = homes[i], intent[i], place[i]
        t[1, :, k] = home
        t[0, Option.ROUND, k], t[1, Option.ROUND, k] = asked_intent[i], asked_place[i]
        t[2, Option.ROUND, k], t[5, Option.ROUND, k] = asked_other[i], asked_block[i]
        t[0, Option.RESUME, k], t[2, Option.RESUME, k] = kept_intent[i], kept_other[i]
        if kept_intent[i] >= 0:
            t[1, Option.RESUME, k] = kept_place[i]
        t[0, Option.EAT, k] = Intent.EAT
        if now == Intent.EAT:
            t[1, Option.EAT, k] = here
        t[0, Option.SLEEP, k] = Intent.SLEEP
        inside = indoors[i] and here == stands_at[i]
        t[0, Option.SHELTER, k] = Intent.SHELTER
        if inside and not (now == Intent.EAT and hunger[i] <= SATED):
            t[0, Option.SHELTER, k] = now
        t[1, Option.SHELTER, k] = here if inside or now == Intent.SHELTER else roof[k]
        if company >= 0:
            t[0, Option.COMPANY, k] = Intent.COMPANY
            t[1, Option.COMPANY, k] = here if now == Intent.COMPANY else company
        t[0, Option.GATHERING, k], t[2, Option.GATHERING, k] = Intent.ATTEND, host[i]
        if host[i] >= 0:
            t[1, Option.GATHERING, k] = gathering_place[i]
        friend = other[i] if now == Intent.VISIT and other[i] >= 0 else friends[i]
        t[0, Option.VISIT, k], t[2, Option.VISIT, k] = Intent.VISIT, friend
        if friend >= 0:
            t[1, Option.VISIT, k] = homes[friend]
        t[0, Option.HELP, k], t[2, Option.HELP, k] = Intent.HELP, needy[i]
        if needy[i] >= 0:
            t[1, Option.HELP, k] = needy_place[i]
        t[0, Option.HARVEST, k] = Intent.HARVEST
        if field[i] >= 0:
            t[1, Option.HARVEST, k] = field[i]
        t[0, Option.FIRE, k], t[3, Option.FIRE, k] = Intent.FIRE, wood_from[i]
        t[0, Option.EXPLORE, k] = Intent.EXPLORE
        if new_place[i] >= 0:
            t[1, Option.EXPLORE, k] = new_place[i]
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
        some = np.flatnonzero((others >= 0) & (others != rows))
        found = np.zeros(len(rows))
        if len(some):
            found[some] = liking[rows[some], others[some].astype(np.int64)]
        return found

    on = (host >= 0) & (now.minutes < know.gathering_to[rows])
    if on.any():
        where = know.gathering_place[rows]
        away = np.hypot(intentions.town.x[where] - bodies.x[rows], intentions.town.y[where] - bodies.y[rows])
        on &= know.gathering_from[rows] - 1.3 / WALK_M_PER_MIN * away <= now.minutes
    expected = due.gathers & (host >= 0) & (know.gathering_place[rows] == targets[1, Option.PROMISE])
    hosts = host == rows
    crop_out = (intentions.itinerary.work[rows] >= FieldWork.HAY) & (know.field[rows] >= 0)
    fetching_wood = (intentions.intent[rows] == Intent.FIRE) & ~intentions.doing(Intent.FIRE)[rows]
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
        gathering=on | expected,
        expected=expected,
        hosts=hosts,
        gathering_liking=liked(host),
        friend=friend >= 0,
        friend_liking=liked(friend),
        needy=(needy >= 0) & (know.needy_until[rows] > now.minutes),
        needy_liking=liked(needy),
        company=(targets[0, Option.COMPANY] >= 0) & (know.company_from[rows] <= now.minutes),
        new_place=know.new_place[rows] >= 0,
        fire_low=np.where(fetching_wood, 1.0, know.fire_low(rows, now)),
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
