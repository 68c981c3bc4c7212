"""Carrying out plans: choosing what to do, going there, stepping in and out of doors, and settling on a spot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.bodies import Bodies
from agents.locomotion import ARRIVAL_M
from agents.minds import Minds, Moment
from agents.plans import COMMITMENT_S, WALK_M_PER_MIN, Intent, Intention, Round, Situation, choose, day_round
from agents.spots import Spots, way_out
from assets.palette import Activity
from world.state import Plain, column, part, put_back, taken
from world.streams import stream
from world.view import Floats, WorldView

PROGRESS_S = 4.0  # a walker's progress is looked at this often
PROGRESS_M = 0.3
NEAR_ENOUGH_M = 1.0  # who cannot get nearer settles for this
DOOR_M = 2.5  # within this distance of a crowded door one slips in
PATIENCE = 5  # checks without progress before a way is given up for now
SHIFT_CHANCE = 0.035  # per decision: about once a minute
SIT_SHARE = 0.4  # of those who linger without a bench

ON_ARRIVAL = {
    Intent.SLEEP: Activity.SLEEP,
    Intent.REST: Activity.SIT,
    Intent.EAT: Activity.SIT,
    Intent.WORK: Activity.WORK,
    Intent.ERRAND: Activity.STAND,
    Intent.LINGER: Activity.STAND,
    Intent.SHELTER: Activity.STAND,
    Intent.COMPANY: Activity.STAND,
}

Events = list[tuple[str, dict[str, Any]]]
_CHANGING = ("since", "arrived", "stuck", "left_m")


class Intentions:
    """What each villager is about, and how far along."""

    def __init__(self, minds: Minds, view: WorldView, tick_rate: int) -> None:
        n = len(minds.personas)
        self.current: list[Intention] = [Intention(Intent.SLEEP, p.home) for p in minds.personas]
        self.since: NDArray[np.int64] = np.full(n, view.tick)
        self.arrived: NDArray[np.bool_] = np.zeros(n, bool)
        self.stuck: NDArray[np.int64] = np.zeros(n, np.int64)
        self.left_m: Floats = np.full(n, np.inf)
        self._minds = minds
        self._rate = tick_rate
        self._spots = Spots(minds.places)
        self._rounds: dict[tuple[int, int], Round] = {}
        self._x = np.array([p.x for p in minds.places])
        self._y = np.array([p.y for p in minds.places])
        self._gatherings = [p.id for kind in ("market", "inn", "well", "bench") for p in minds.places if p.kind == kind]

    def settle(self, bodies: Bodies, view: WorldView, now: Moment) -> None:
        """Put everyone where the hour has them; whoever should have set out just now is at the place before."""
        bodies.indoors[:] = True  # those not placed yet are in nobody's way
        for row in range(len(bodies)):
            round_ = self._round(row, now.day)
            due = choose(self._minds.personas[row], self.current[row], round_, self._situation(row, bodies, now))
            before = round_.blocks[max(0, due.block - 1)] if due.block >= 0 else due
            began = round_.starts[due.block] if due.block >= 0 else 0.0
            walk_min = self._distance(before.place, due.place) / WALK_M_PER_MIN
            late = due.block > 0 and now.clock_min - began < walk_min
            self._put(row, before if late else due, bodies, view, now)
            if late:
                self._begin(row, due, bodies, view, now, [])

    def decide(self, rows: Iterable[int], bodies: Bodies, view: WorldView, now: Moment) -> Events:
        """Let some villagers think over what they do; returns events of those who change their plan."""
        events: Events = []
        for row in rows:
            current = self.current[row]
            committed = now.tick - self.since[row] < COMMITMENT_S * self._rate
            situation = self._situation(row, bodies, now)
            wanted = choose(self._minds.personas[row], current, self._round(row, now.day), situation)
            if view.closed:
                wanted = self._elsewhere(row, wanted, view.closed)
                driven_out = current.place in view.closed or self._shut_out(row, bodies, view)
                if driven_out and wanted.place not in view.closed:
                    self._begin(row, wanted, bodies, view, now, events)
                    continue
            if (wanted.intent, wanted.place) == (current.intent, current.place):
                self.current[row] = wanted
                gave_up = not self.arrived[row] and not bodies.moving[row] and not bodies.indoors[row]
                if gave_up and not committed:
                    self._begin(row, wanted, bodies, view, now, events)
                elif wanted.intent == Intent.WORK and self.arrived[row] and not bodies.indoors[row]:
                    self._shift(row, bodies, view, now)
            elif not committed:
                self._begin(row, wanted, bodies, view, now, events)
        return events

    def arrive(self, rows: Iterable[int], bodies: Bodies, now: Moment) -> Events:
        """Settle those who reached their spot."""
        events: Events = []
        for row in rows:
            intention = self.current[row]
            bodies.moving[row] = False
            self.arrived[row] = True
            self.stuck[row] = 0
            if bodies.enters[row]:
                bodies.indoors[row] = True
                bodies.speed[row] = 0.0
            self._pose(row, bodies, now.tick)
            data = {"villager": row, "place": intention.place, "intent": intention.intent.name.lower()}
            events.append(("arrives", data))
        return events

    def doing(self, intent: Intent) -> NDArray[np.bool_]:
        """Rows (n,) that are about this and have arrived."""
        here: NDArray[np.bool_] = self.arrived & np.array([i.intent == intent for i in self.current])
        return here

    def resume(self, rows: Iterable[int], bodies: Bodies, now: Moment) -> None:
        """Send those who were held up by a talk back to what they were about."""
        for row in rows:
            bodies.place[row] = self.current[row].place
            bodies.goal_x[row], bodies.goal_y[row] = bodies.spot_x[row], bodies.spot_y[row]
            away = np.hypot(bodies.spot_x[row] - bodies.x[row], bodies.spot_y[row] - bodies.y[row])
            if self.arrived[row] and away < ARRIVAL_M:
                self._pose(row, bodies, now.tick)
            else:
                self._set_off(row, bodies)

    def free_stuck(self, bodies: Bodies, view: WorldView, now: Moment, busy: NDArray[np.bool_]) -> Events:
        """Look whether walkers get on; give those who do not another spot, or let them settle or wait."""
        due = bodies.moving & ~busy & ((np.arange(len(bodies)) + now.tick) % int(PROGRESS_S * self._rate) == 0)
        events: Events = []
        for row in np.flatnonzero(due).tolist():
            goal = self.current[row].place
            left = float(np.hypot(bodies.goal_x[row] - bodies.x[row], bodies.goal_y[row] - bodies.y[row]))
            if not bodies.direct[row]:
                where = np.array([goal]), bodies.x[[row]], bodies.y[[row]]
                left = max(left, float(view.distance_to(*where)[0]))
            better = left < self.left_m[row] - PROGRESS_M
            self.left_m[row] = left
            self.stuck[row] = 0 if better else self.stuck[row] + 1
            if better:
                continue
            if left < (DOOR_M if bodies.enters[row] else NEAR_ENOUGH_M):
                bodies.spot_x[row], bodies.spot_y[row] = bodies.x[row], bodies.y[row]
                events += self.arrive([row], bodies, now)
            elif self.stuck[row] >= PATIENCE:
                bodies.halt(row)
                bodies.activity[row] = Activity.STAND
                self.since[row] = now.tick
                self.stuck[row] = 0
                events.append(("stuck", {"villager": row, "place": goal}))
            elif not bodies.enters[row]:
                self._aim(row, goal, bodies, view, now.tick)
        return events

    def _begin(self, row: int, wanted: Intention, bodies: Bodies, view: WorldView, now: Moment, events: Events) -> None:
        inside = bool(bodies.indoors[row])
        if inside and wanted.indoors and wanted.place == bodies.place[row]:
            self.current[row] = wanted
            self.since[row] = now.tick
            self._pose(row, bodies, now.tick)
            return
        door = way_out(row, bodies, view) if inside else None
        if inside and door is None:
            return
        if not wanted.indoors and not self._aim(row, wanted.place, bodies, view, now.tick):
            self.since[row] = now.tick  # overcrowded: think again after a while
            return
        if door is not None:
            bodies.x[row], bodies.y[row] = door
            bodies.z[row] = view.height_at(np.array([door[0]]), np.array([door[1]]))[0]
            bodies.indoors[row] = False
        self.current[row] = wanted
        self.since[row] = now.tick
        self.arrived[row] = False
        bodies.enters[row] = wanted.indoors
        bodies.place[row] = wanted.place
        if wanted.indoors:
            bodies.spot_x[row], bodies.spot_y[row] = self._x[wanted.place], self._y[wanted.place]
        bodies.goal_x[row], bodies.goal_y[row] = bodies.spot_x[row], bodies.spot_y[row]
        self._set_off(row, bodies)
        data = {"villager": row, "place": wanted.place, "intent": wanted.intent.name.lower()}
        events.append(("sets_out", data | {"planned": wanted.block >= 0}))

    def _elsewhere(self, row: int, wanted: Intention, closed: Sequence[int]) -> Intention:
        """The same intention where its place is open; otherwise under another roof, or among people."""
        if wanted.place not in closed:
            return wanted
        places = self._minds.places
        among_people = [i for i in self._gatherings if i not in closed]
        if not wanted.indoors and among_people:
            return replace(wanted, intent=Intent.LINGER, place=among_people[0])
        roofs = [self._minds.personas[row].home, *(p.id for kind in ("inn", "house") for p in places if p.kind == kind)]
        open_roofs = [roof for roof in roofs if roof not in closed]
        if not open_roofs:
            return wanted  # nowhere to go: one stays where one is
        return replace(wanted, intent=wanted.intent if wanted.indoors else Intent.REST, place=open_roofs[0])

    @staticmethod
    def _shut_out(row: int, bodies: Bodies, view: WorldView) -> bool:
        """Whether the spot one stands on or goes to lies on ground that has been closed."""
        return not bodies.enters[row] and not bool(view.walkable(bodies.spot_x[[row]], bodies.spot_y[[row]])[0])

    def _shift(self, row: int, bodies: Bodies, view: WorldView, now: Moment) -> None:
        """Now and then one who works goes on to another spot of the workplace."""
        turns = stream(self._minds.seed, "shift", row, now.tick).random() < SHIFT_CHANCE
        if turns and self._aim(row, self.current[row].place, bodies, view, now.tick):
            self.arrived[row] = False
            self._set_off(row, bodies)

    def _set_off(self, row: int, bodies: Bodies) -> None:
        bodies.moving[row] = True
        bodies.direct[row] = False
        bodies.activity[row] = Activity.WALK
        self.left_m[row] = np.inf
        self.stuck[row] = 0

    def _aim(self, row: int, place: int, bodies: Bodies, view: WorldView, tick: int) -> bool:
        spot = self._spots.claim(row, place, bodies, view, stream(self._minds.seed, "spot", row, tick))
        if spot is None:
            return False
        bodies.spot_x[row], bodies.spot_y[row] = spot
        bodies.goal_x[row], bodies.goal_y[row] = spot
        return True

    def _put(self, row: int, intention: Intention, bodies: Bodies, view: WorldView, now: Moment) -> None:
        if not intention.indoors and not self._aim(row, intention.place, bodies, view, now.tick):
            intention = Intention(Intent.REST, self._minds.personas[row].home)
        if intention.indoors:
            bodies.spot_x[row], bodies.spot_y[row] = self._x[intention.place], self._y[intention.place]
        self.current[row] = intention
        self.arrived[row] = True
        # An earlier beginning, spread over villagers, so that not all are committed to the same second.
        self.since[row] = now.tick - int(COMMITMENT_S * self._rate)
        bodies.x[row], bodies.y[row] = bodies.spot_x[row], bodies.spot_y[row]
        bodies.goal_x[row], bodies.goal_y[row] = bodies.spot_x[row], bodies.spot_y[row]
        bodies.z[row] = view.height_at(bodies.x[[row]], bodies.y[[row]])[0]
        bodies.place[row] = intention.place
        bodies.indoors[row] = bodies.enters[row] = intention.indoors
        self._pose(row, bodies, now.tick)
        bodies.heading[row] = bodies.heading_goal[row]

    def _pose(self, row: int, bodies: Bodies, tick: int) -> None:
        """The posture and heading of one who is where it wants to be."""
        intention = self.current[row]
        activity = ON_ARRIVAL[intention.intent]
        rng = stream(self._minds.seed, "pose", row, tick)
        place = self._minds.places[intention.place]
        sits = intention.intent in (Intent.LINGER, Intent.COMPANY) and rng.random() < SIT_SHARE
        if activity == Activity.STAND and not intention.indoors and (place.kind == "bench" or sits):
            activity = Activity.SIT
        bodies.activity[row] = activity
        if intention.intent == Intent.WORK:
            bodies.heading_goal[row] = rng.uniform(-np.pi, np.pi)
        else:
            bodies.face(row, place.x + rng.normal(0, 0.5), place.y + rng.normal(0, 0.5))

    def _situation(self, row: int, bodies: Bodies, now: Moment) -> Situation:
        n = self._minds.needs
        return Situation(
            minute=now.clock_min,
            hunger=float(n.hunger[row]),
            fatigue=float(n.fatigue[row]),
            cold=float(n.cold[row]),
            loneliness=float(n.loneliness[row]),
            weather=now.weather,
            indoors=bool(bodies.indoors[row]),
            nearest_roof=self._nearest_roof(row, bodies),
            company=self._gatherings[0] if self._gatherings else -1,
        )

    def _nearest_roof(self, row: int, bodies: Bodies) -> int:
        p = self._minds.personas[row]
        inns = [q.id for q in self._minds.places if q.kind == "inn"]
        options = [p.home, *inns, *([p.workplace] if self._minds.places[p.workplace].building >= 0 else [])]
        away = np.hypot(self._x[options] - bodies.x[row], self._y[options] - bodies.y[row])
        return options[int(np.argmin(away))]

    def _round(self, row: int, day: int) -> Round:
        if (row, day) not in self._rounds:
            self._rounds.pop((row, day - 1), None)
            p = self._minds.personas[row]
            self._rounds[row, day] = day_round(p, self._minds.places, self._minds.seed, day)
        return self._rounds[row, day]

    def _distance(self, a: int, b: int) -> float:
        return float(np.hypot(self._x[a] - self._x[b], self._y[a] - self._y[b]))

    def freeze(self) -> Plain:
        """What each villager is about, and how far along; rounds and spots follow from the scenario."""
        return taken(self, _CHANGING) | {"current": self._current()}

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, _CHANGING, state)
        current = column(part(state, "current"), "current", np.dtype(np.int64))
        if current.shape != (len(self.current), 3):
            raise ValueError(f"the state's 'current' has the shape {current.shape}")
        self.current = [Intention(Intent(intent), place, block) for intent, place, block in current.tolist()]

    def _current(self) -> NDArray[np.int64]:
        return np.array([(i.intent, i.place, i.block) for i in self.current], np.int64)

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """What the future depends on, as arrays."""
        return {
            "intention": self._current(),
            "since": self.since,
            "arrived": self.arrived,
            "stuck": self.stuck,
            "left_m": self.left_m,
        }
