"""Carrying out plans: taking up what was chosen, going there, stepping in and out of doors, and settling on a spot.

An intention is held for COMMITMENT_S at least. What a need, the weather or a promise interrupts is kept in mind and
taken up again when nothing more pressing is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.bodies import Bodies
from agents.intents import INDOORS, ON_ARRIVAL, UNDER_A_ROOF, Intent, Intention, table
from agents.itinerary import Itinerary
from agents.locomotion import ARRIVAL_M
from agents.minds import Minds, Moment
from agents.options import Considered, consider
from agents.outlook import Outlook
from agents.plans import COMMITMENT_S, Option
from agents.spots import Spots, way_out
from agents.town import Town
from assets.palette import Activity
from world.state import Plain, part, put_back, taken
from world.streams import stream
from world.view import Floats, WorldView

PROGRESS_M = 0.3
NEAR_ENOUGH_M = 1.0  # who cannot get nearer settles for this
DOOR_M = 2.5  # within this distance of a crowded door one slips in
PATIENCE = 5  # checks without progress before a way is given up for now
SHIFT_CHANCE = 0.035  # per decision: about once a minute
SIT_SHARE = 0.4  # of those who linger without a bench
HELP_MIN = 25.0  # how long somebody is helped who was not promised it
LONELY_MIN = (30.0, 120.0)  # how long one waits for company, and how long one then goes without; judgement
SEEN_MIN = 8  # after so long one has seen a place, and may go on to another; judgement
RESUME_MIN = (2.0, 180.0, 25.0)  # what is left of a thing to be worth resuming; how long it is kept in mind; the most
RESUMABLE = (Intent.WORK, Intent.ERRAND, Intent.HARVEST, Intent.EXPLORE, Intent.VISIT, Intent.HELP)
SHIFTING = table(Intent.WORK, Intent.HARVEST)  # in which one moves about the place
HURRY = {"wet": 1.2, "late": 1.25, "harvest": 1.15}  # factors on the walking pace; hurried walking is 1.6-1.8 m/s

STRAIGHT, FETCHING, FETCHED = range(3)  # legs of a way: to the place itself; to where something is fetched; there

Events = list[tuple[str, dict[str, Any]]]


class Intentions:
    """What each villager is about, in columns (n,), and how far along."""

    def __init__(self, minds: Minds, view: WorldView, tick_rate: int) -> None:
        n = len(minds.personas)
        self.town = Town(minds.places)
        self.intent: NDArray[np.int8] = np.full(n, Intent.SLEEP, np.int8)
        self.place: NDArray[np.int16] = np.array([p.home for p in minds.personas], np.int16)
        self.block: NDArray[np.int16] = np.full(n, -1, np.int16)  # of the day's round, -1 for what is not of it
        self.other: NDArray[np.int16] = np.full(n, -1, np.int16)  # whom it is about
        self.promise: NDArray[np.int64] = np.full(n, -1)
        self.option: NDArray[np.int8] = np.zeros(n, np.int8)  # the Option by which it was chosen
        self.leg: NDArray[np.uint8] = np.zeros(n, np.uint8)
        self.source: NDArray[np.int16] = np.full(n, -1, np.int16)  # where something is fetched first
        self.since: NDArray[np.int64] = np.full(n, view.tick)
        self.arrived: NDArray[np.bool_] = np.zeros(n, bool)
        self.stuck: NDArray[np.int64] = np.zeros(n, np.int64)
        self.left_m: Floats = np.full(n, np.inf)
        self.hurry: Floats = np.ones(n)  # factor on the walking pace
        self.kept_intent: NDArray[np.int8] = np.full(n, -1, np.int8)  # what was interrupted, -1 for nothing
        self.kept_place: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.kept_other: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.kept_min: Floats = np.zeros(n)  # how long it would still have taken
        self.kept_until: Floats = np.full(n, -np.inf)  # when it is given up, in minutes of the run
        local = view.local_time
        self.outlook = Outlook(minds, self.town, local.hour * 60.0 + local.minute)
        self.itinerary = Itinerary(minds, self.town, local.weekday(), self.outlook)
        self.minds = minds
        self._rate = tick_rate
        self._spots = Spots(minds.places)

    @property
    def current(self) -> list[Intention]:
        """What everyone is about, by row."""
        columns = (self.intent, self.place, self.block, self.other, self.promise)
        rows = zip(*(c.tolist() for c in columns), strict=True)
        return [
            Intention(Intent(intent), place, block, other, promise) for intent, place, block, other, promise in rows
        ]

    @property
    def laden(self) -> NDArray[np.bool_]:
        """Rows (n,) that carry what they fetched to where it is wanted."""
        laden: NDArray[np.bool_] = (self.source >= 0) & (self.leg == STRAIGHT) & ~self.arrived
        return laden

    def settle(self, bodies: Bodies, view: WorldView, now: Moment) -> None:
        """Put everyone where the hour has them; whoever should have set out just now is at the place before."""
        bodies.indoors[:] = True  # those not placed yet are in nobody's way
        rows = np.arange(len(bodies))
        self.itinerary.refresh(rows, now, view.season)
        due = consider(rows, self, bodies, now)
        for row in rows.tolist():
            before = self.itinerary.late(row, now) if due.option[row] == Option.ROUND else None
            if before is None:
                self._take_up(row, due, row, now)
            else:
                self.intent[row], self.place[row] = before.intent, before.place
            # An earlier beginning, spread over villagers, so that not all are committed to the same second.
            self.since[row] = now.tick - int(COMMITMENT_S * self._rate)
            self._put(row, bodies, view, now)
            if before is not None:
                self._begin(row, due, row, bodies, view, now, [])

    def decide(self, rows: NDArray[np.int64], bodies: Bodies, view: WorldView, now: Moment) -> Events:
        """Let some villagers think over what they do; returns events of those who change their plan."""
        if len(rows) == 0:
            return []
        impassable = ~view.walkable(self.town.x, self.town.y)
        if view.closed:
            impassable[list(view.closed)] = True
        self.itinerary.refresh(rows, now, view.season)
        self.outlook.read(rows, bodies, now)
        self.outlook.see(rows, bodies, impassable)
        self._see_to_it(rows, bodies, now)
        due = consider(rows, self, bodies, now)
        self.hurry[rows] = self._hurry(rows, due, now)
        committed = now.tick - self.since[rows] < COMMITMENT_S * self._rate
        same = (due.intent == self.intent[rows]) & (due.place == self.place[rows])
        gave_up = same & ~self.arrived[rows] & ~bodies.moving[rows] & ~bodies.indoors[rows]
        driven_out = self.outlook.shut[rows, self.place[rows]] & ~self.outlook.shut[rows, due.place]
        if impassable.any():
            driven_out |= self._shut_out(rows, bodies, view) & ~self.outlook.shut[rows, due.place]
        on_the_way = same & (self.leg[rows] == FETCHED)
        events: Events = []
        self._go_on(rows, due, same, now)
        begin = (~committed & (~same | gave_up)) | driven_out | on_the_way
        for i in np.flatnonzero(begin).tolist():
            row = int(rows[i])
            if on_the_way[i]:
                self._set_out(row, STRAIGHT, bodies, view, now, events)
            else:
                self._begin(row, due, i, bodies, view, now, events)
        self._shift(rows[same & ~begin], bodies, view, now)
        return events

    def arrive(self, rows: Iterable[int], bodies: Bodies, now: Moment) -> Events:
        """Settle those who reached their spot."""
        events: Events = []
        for row in rows:
            bodies.moving[row] = False
            self.arrived[row] = True
            self.stuck[row] = 0
            if bodies.enters[row]:
                bodies.indoors[row] = True
                bodies.speed[row] = 0.0
            intent = Intent(int(self.intent[row]))
            place = int(self.place[row])
            data = {"villager": row, "place": place, "intent": intent.name.lower()}
            if self.leg[row] == FETCHING:
                self.leg[row] = FETCHED
                bodies.activity[row] = Activity.WORK
                events.append(("fetches", data | {"place": int(self.source[row])}))
                continue
            self.outlook.been[row, place] = now.day
            self._pose(row, bodies, now.tick)
            events.append(("arrives", data))
            if intent == Intent.FIRE:
                events.append(("lights_fire", {"villager": row, "place": place}))
        return events

    def doing(self, intent: Intent) -> NDArray[np.bool_]:
        """Rows (n,) that are about this and have arrived."""
        here: NDArray[np.bool_] = self.arrived & (self.intent == intent) & (self.leg == STRAIGHT)
        return here

    def heading_for(self, row: int) -> int:
        """The place that the way leads to now: where something is to be fetched, or that of the intention."""
        return int(self.source[row]) if self.leg[row] != STRAIGHT else int(self.place[row])

    def resume(self, rows: Iterable[int], bodies: Bodies, now: Moment) -> None:
        """Send those who were held up by a talk back to what they were about."""
        for row in rows:
            bodies.place[row] = self.heading_for(row)
            bodies.goal_x[row], bodies.goal_y[row] = bodies.spot_x[row], bodies.spot_y[row]
            away = np.hypot(bodies.spot_x[row] - bodies.x[row], bodies.spot_y[row] - bodies.y[row])
            if bodies.indoors[row] or (self.arrived[row] and away < ARRIVAL_M):
                self._pose(row, bodies, now.tick)
            else:
                self._walk(row, bodies)

    def free_stuck(
        self, rows: NDArray[np.int64], bodies: Bodies, view: WorldView, now: Moment, talk_of: NDArray[np.int64]
    ) -> Events:
        """Look whether some walkers get on; give those who do not another spot, or let them settle or wait.

        Who is in a talk by `talk_of`, nought or more, walks up to it and is left alone.
        """
        due = rows[bodies.moving[rows] & (talk_of[rows] < 0)]
        if len(due) == 0:
            return []
        left = np.hypot(bodies.goal_x[due] - bodies.x[due], bodies.goal_y[due] - bodies.y[due])
        goals = np.where(self.leg[due] != STRAIGHT, self.source[due], self.place[due]).astype(np.int64)
        led = ~bodies.direct[due]
        if led.any():
            on_way = due[led]
            left[led] = np.maximum(left[led], view.distance_to(goals[led], bodies.x[on_way], bodies.y[on_way]))
        better = left < self.left_m[due] - PROGRESS_M
        self.left_m[due] = left
        self.stuck[due] = np.where(better, 0, self.stuck[due] + 1)
        events: Events = []
        for i in np.flatnonzero(~better).tolist():
            row, goal = int(due[i]), int(goals[i])
            if left[i] < (DOOR_M if bodies.enters[row] else NEAR_ENOUGH_M):
                bodies.spot_x[row], bodies.spot_y[row] = bodies.x[row], bodies.y[row]
                events += self.arrive([row], bodies, now)
            elif self.stuck[row] >= PATIENCE:
                bodies.halt(row)
                bodies.activity[row] = Activity.STAND
                self.since[row] = now.tick
                self.stuck[row] = 0
                where = np.array([self.town.x[goal]]), np.array([self.town.y[goal]])
                if goal in view.closed or not view.walkable(*where)[0]:
                    self.outlook.shut[row, goal] = True  # so that is why there is no way
                events.append(("stuck", {"villager": row, "place": goal}))
            elif not bodies.enters[row]:
                self._aim(row, goal, bodies, view, now.tick)
        return events

    def _see_to_it(self, rows: NDArray[np.int64], bodies: Bodies, now: Moment) -> None:
        """What is done, or in vain, ends: help that nobody asked to be promised, a place looked at, a visit to nobody.

        Who has waited in vain for company gives it up for a while: had any come, it would be lonely no more.
        """
        helping = (self.intent[rows] == Intent.HELP) & (self.promise[rows] < 0) & self.arrived[rows]
        done = rows[helping & (now.tick - self.since[rows] > HELP_MIN * 60 * self._rate)]
        self.outlook.helped_fact[done] = self.outlook.needy_fact[done]
        self.outlook.needy[done] = -1
        wait, without = LONELY_MIN
        waiting = (self.intent[rows] == Intent.COMPANY) & (now.tick - self.since[rows] > wait * 60 * self._rate)
        self.outlook.company_from[rows[waiting]] = now.minutes + without
        looking = (self.option[rows] == Option.EXPLORE) & self.arrived[rows]
        for row in rows[looking & (now.tick - self.since[rows] > SEEN_MIN * 60 * self._rate)].tolist():
            self.outlook.look_further(row, now)
        guests = rows[(self.intent[rows] == Intent.VISIT) & self.arrived[rows]]
        if len(guests):
            home = self.outlook.home
            in_house = bodies.indoors & (bodies.place == home)
            for row in guests[~np.isin(self.place[guests], home[in_house])].tolist():
                self.other[row] = self.outlook.friend[row] = -1
                self.itinerary.calls_it_off(row, Intent.VISIT)
                if self.kept_intent[row] == Intent.VISIT:
                    self.kept_intent[row] = -1

    def _hurry(self, rows: NDArray[np.int64], due: Considered, now: Moment) -> Floats:
        """Factor (m,) on how fast people walk: in rain, late for a promise, with the harvest to bring in before it."""
        pace = np.full(len(rows), HURRY["wet"] if now.weather.raining else 1.0)
        late, harvesting = due.late & (self.promise[rows] >= 0), self.intent[rows] == Intent.HARVEST
        pace[late] = np.maximum(pace[late], HURRY["late"])
        pace[harvesting] = np.maximum(pace[harvesting], HURRY["harvest"])
        return pace

    def _take_up(self, row: int, due: Considered, i: int, now: Moment) -> None:
        """Make the i-th of what was considered the intention of a villager; what it interrupts is kept in mind."""
        self._keep_in_mind(row, int(due.option[i]), now)
        self.intent[row], self.place[row], self.block[row] = due.intent[i], due.place[i], due.block[i]
        self.other[row], self.promise[row], self.option[row] = due.other[i], due.promise[i], due.option[i]
        self.source[row] = due.source[i]

    def _go_on(self, rows: NDArray[np.int64], due: Considered, same: NDArray[np.bool_], now: Moment) -> None:
        """Those who want what they are about may want it for another reason now."""
        taken_up = rows[same & (due.option == Option.RESUME) & (self.option[rows] != Option.RESUME)]
        self.kept_until[taken_up] = now.minutes + self.kept_min[taken_up]
        going_on = rows[same]
        self.block[going_on], self.option[going_on] = due.block[same], due.option[same]

    def _keep_in_mind(self, row: int, option: int, now: Moment) -> None:
        least, longest, most = RESUME_MIN
        left = 0.0
        if self.option[row] == Option.ROUND:
            left = self.itinerary.until[row] - now.minutes
        elif self.option[row] == Option.RESUME:
            left = self.kept_until[row] - now.minutes
        if option == Option.RESUME:
            self.kept_until[row] = now.minutes + self.kept_min[row]
        elif option == Option.ROUND:
            if self.option[row] == Option.RESUME:
                self.kept_intent[row] = -1
        elif left >= least and self.intent[row] in RESUMABLE:
            self.kept_intent[row], self.kept_place[row] = self.intent[row], self.place[row]
            self.kept_other[row], self.kept_min[row] = self.other[row], min(left, most)
            self.kept_until[row] = now.minutes + longest

    def _begin(
        self, row: int, due: Considered, i: int, bodies: Bodies, view: WorldView, now: Moment, events: Events
    ) -> None:
        household = self.outlook.household[row]
        if due.option[i] == Option.FIRE and self.outlook.fed[household] >= now.minutes:
            return  # somebody else of the house has just gone for wood
        resumed = (int(due.intent[i]), int(due.place[i])) == (int(self.kept_intent[row]), int(self.kept_place[row]))
        leg = FETCHING if due.source[i] >= 0 and due.source[i] != due.place[i] else STRAIGHT
        before = self._saved(row)
        self._take_up(row, due, i, now)
        told: Events = []
        if not self._set_out(row, leg, bodies, view, now, told):
            self._restore(row, before)
            self.since[row] = now.tick  # no way out, or overcrowded: think again after a while
            return
        if due.option[i] == Option.FIRE:
            self.outlook.fed[household] = now.minutes  # the others need not go
        if resumed and due.option[i] == Option.ROUND:
            self.kept_intent[row] = -1
        for kind, data in told:
            events.append((kind, data | ({"resumed": True} if resumed else {})))

    def _set_out(self, row: int, leg: int, bodies: Bodies, view: WorldView, now: Moment, events: Events) -> bool:
        """Begin the way of the present intention; False where there is no way out of the door or no spot is free."""
        intent = Intent(int(self.intent[row]))
        goal = int(self.source[row]) if leg == FETCHING else int(self.place[row])
        enters = leg == STRAIGHT and self.goes_in(intent, goal)
        inside = bool(bodies.indoors[row])
        if inside and enters and goal == bodies.place[row]:
            self.leg[row], self.since[row], self.arrived[row] = leg, now.tick, True
            self._pose(row, bodies, now.tick)
            return True
        door = way_out(row, bodies, view) if inside else None
        if inside and door is None:
            return False
        if not enters and not self._aim(row, goal, bodies, view, now.tick):
            return False
        if door is not None:
            bodies.x[row], bodies.y[row] = door
            bodies.z[row] = view.height_at(np.array([door[0]]), np.array([door[1]]))[0]
            bodies.indoors[row] = False
        self.leg[row], self.since[row], self.arrived[row] = leg, now.tick, False
        bodies.enters[row] = enters
        bodies.place[row] = goal
        if enters:
            bodies.spot_x[row], bodies.spot_y[row] = self.town.x[goal], self.town.y[goal]
        bodies.goal_x[row], bodies.goal_y[row] = bodies.spot_x[row], bodies.spot_y[row]
        self._walk(row, bodies)
        data = {"villager": row, "place": goal, "intent": intent.name.lower()}
        events.append(("sets_out", data | {"planned": bool(self.block[row] >= 0)}))
        return True

    def goes_in(self, intent: Intent, place: int) -> bool:
        """Whether this is done under the roof of its place."""
        return intent in INDOORS or (intent in UNDER_A_ROOF and bool(self.town.roofed[place]))

    def _saved(self, row: int) -> list[Any]:
        return [getattr(self, name)[row] for name in _TAKEN_UP]

    def _restore(self, row: int, values: Sequence[Any]) -> None:
        for name, value in zip(_TAKEN_UP, values, strict=True):
            getattr(self, name)[row] = value

    def _shut_out(self, rows: NDArray[np.int64], bodies: Bodies, view: WorldView) -> NDArray[np.bool_]:
        """Whether the spot (m,) one stands on or goes to lies on ground that can no longer be walked on."""
        out: NDArray[np.bool_] = ~bodies.enters[rows] & ~view.walkable(bodies.spot_x[rows], bodies.spot_y[rows])
        return out & (self.arrived[rows] | ~bodies.moving[rows])

    def _shift(self, rows: NDArray[np.int64], bodies: Bodies, view: WorldView, now: Moment) -> None:
        """Now and then one who works goes on to another spot of the workplace."""
        labour = SHIFTING[self.intent[rows]]
        rows = rows[labour & self.arrived[rows] & ~bodies.indoors[rows]]
        if len(rows) == 0:
            return
        turns = stream(self.minds.seed, "shift", now.tick).random(len(rows)) < SHIFT_CHANCE
        for row in rows[turns].tolist():
            if self._aim(row, int(self.place[row]), bodies, view, now.tick):
                self.arrived[row] = False
                self._walk(row, bodies)

    def _walk(self, row: int, bodies: Bodies) -> None:
        bodies.moving[row] = True
        bodies.direct[row] = False
        bodies.activity[row] = Activity.WALK
        self.left_m[row] = np.inf
        self.stuck[row] = 0

    def _aim(self, row: int, place: int, bodies: Bodies, view: WorldView, tick: int) -> bool:
        spot = self._spots.claim(row, place, bodies, view, stream(self.minds.seed, "spot", row, tick))
        if spot is None:
            return False
        bodies.spot_x[row], bodies.spot_y[row] = spot
        bodies.goal_x[row], bodies.goal_y[row] = spot
        return True

    def _put(self, row: int, bodies: Bodies, view: WorldView, now: Moment) -> None:
        """Let somebody be where the present intention is carried out."""
        place = int(self.place[row])
        inside = self.goes_in(Intent(int(self.intent[row])), place)
        if not inside and not self._aim(row, place, bodies, view, now.tick):
            self.intent[row], self.place[row], self.block[row] = Intent.REST, self.minds.personas[row].home, -1
            place, inside = int(self.place[row]), True
        if inside:
            bodies.spot_x[row], bodies.spot_y[row] = self.town.x[place], self.town.y[place]
        self.arrived[row] = True
        bodies.x[row], bodies.y[row] = bodies.spot_x[row], bodies.spot_y[row]
        bodies.goal_x[row], bodies.goal_y[row] = bodies.spot_x[row], bodies.spot_y[row]
        bodies.z[row] = view.height_at(bodies.x[[row]], bodies.y[[row]])[0]
        bodies.place[row] = place
        bodies.indoors[row] = bodies.enters[row] = inside
        self._pose(row, bodies, now.tick)
        bodies.heading[row] = bodies.heading_goal[row]

    def _pose(self, row: int, bodies: Bodies, tick: int) -> None:
        """The posture and heading of one who is where it wants to be."""
        intent = Intent(int(self.intent[row]))
        activity = ON_ARRIVAL[intent]
        rng = stream(self.minds.seed, "pose", row, tick)
        place = self.minds.places[int(self.place[row])]
        sits = intent in (Intent.LINGER, Intent.COMPANY, Intent.EXPLORE, Intent.ATTEND) and rng.random() < SIT_SHARE
        if activity == Activity.STAND and not bodies.indoors[row] and (place.kind == "bench" or sits):
            activity = Activity.SIT
        bodies.activity[row] = activity
        if intent in (Intent.WORK, Intent.HARVEST):
            bodies.heading_goal[row] = rng.uniform(-np.pi, np.pi)
        else:
            bodies.face(row, place.x + rng.normal(0, 0.5), place.y + rng.normal(0, 0.5))

    def freeze(self) -> Plain:
        """What each villager is about and knows of, and how far along; spots follow from the scenario."""
        rooms = {"outlook": self.outlook.freeze(), "itinerary": self.itinerary.freeze()}
        return taken(self, _CHANGING) | rooms

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, _CHANGING, state)
        if not np.isin(self.intent, [*Intent]).all():
            raise ValueError("the state's 'intent' names what no villager can be about")
        self.outlook.thaw(part(state, "outlook"))
        self.itinerary.thaw(part(state, "itinerary"))

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """What the future depends on, as arrays."""
        own: dict[str, NDArray[np.generic]] = {name: getattr(self, name) for name in _CHANGING}
        return own | self.outlook.columns() | self.itinerary.columns()


_TAKEN_UP = (
    "intent",
    "place",
    "block",
    "other",
    "promise",
    "option",
    "source",
    "kept_intent",
    "kept_place",
    "kept_other",
    "kept_min",
    "kept_until",
)
_CHANGING = (*_TAKEN_UP, "leg", "since", "arrived", "stuck", "left_m", "hurry")
