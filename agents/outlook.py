"""What each villager knows that bears on its plans: facts learned, ground seen shut, friends, places not yet seen.

Nobody plans with what it does not know: facts count from the moment they are held, and that a place is shut from the
moment it was seen or heard.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.acts import Fact
from agents.bodies import Bodies
from agents.minds import Minds, Moment
from agents.population import TRAITS
from agents.rounds import OUTDOOR_TRADES
from agents.town import OUTINGS, Town
from world.compiled import compiled
from world.state import Plain, put_back, taken
from world.streams import stream
from world.view import Floats

RAIN_WARNING_MIN = 120  # how long a warning of rain is heeded
FLOOD_MIN = 60  # how long a place is shunned that was said to be under water
NEED_MIN = 240  # how long one who needed help is thought to need it still
GATHERING_MIN = 150  # how long a gathering lasts of which nobody said how long
SHUT_SEEN_M = 40.0  # from here one sees that a place is under water or closed
FRIEND = 0.2  # affinity from which one would visit somebody
FIRE_BELOW_C, FIRE_SPAN_C, FIRE_LASTS_MIN = 8.0, 10.0, 180.0  # when houses are heated, and how long a fire burns
LATELY_DAYS = 20  # a place is new again after this
WAY_PER_MIN, UNDAUNTED = 0.08, 1.4  # how much a minute's walk takes from a new place, the less for the curious
WHIM = 0.2  # spread of what one feels like; judgement, as are those above
NEVER_BEEN = -1000  # day
PLANNED = ("rain_coming", "place_flooded", "needs_help", "gathering")  # kinds of facts that bear on plans


class Outlook:
    """Columns of what villagers know, one entry each, and of what they are."""

    def __init__(self, minds: Minds, town: Town, start_min: float) -> None:
        people, places = minds.personas, minds.places
        n = len(people)
        self.traits: dict[str, Floats] = {t: np.array([getattr(p, t) for p in people], float) for t in TRAITS}
        self.outdoor_trade = np.array([p.trade in OUTDOOR_TRADES for p in people], bool)
        self.home = np.array([p.home for p in people], np.int16)
        self.household = np.array([max(0, p.household) for p in people])
        self.rain_until: Floats = np.full(n, -np.inf)  # minutes of the run, as all times here
        self.needy: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.needy_place: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.needy_until: Floats = np.full(n, -np.inf)
        self.needy_fact: NDArray[np.int64] = np.full(n, -1)
        self.helped_fact: NDArray[np.int64] = np.full(n, -1)  # the need that one has seen to
        self.host: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.gathering_place: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.gathering_from: Floats = np.full(n, np.inf)
        self.gathering_to: Floats = np.full(n, -np.inf)
        self.company_from: Floats = np.full(n, -np.inf)  # when company is looked for again that did not come
        self.shut: NDArray[np.bool_] = np.zeros((n, len(places)), bool)
        self.friend: NDArray[np.int16] = np.full(n, -1, np.int16)  # whom one would visit today
        self.new_place: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.been: NDArray[np.int16] = np.full((n, len(places)), NEVER_BEEN, np.int16)  # day of the last time
        burning = stream(minds.seed, "fires").uniform(0.0, FIRE_LASTS_MIN, int(self.household.max(initial=0)) + 1)
        self.fed: Floats = start_min - burning  # when each household's fire last got wood
        self._read: NDArray[np.uint64] = np.zeros(n, np.uint64)  # the digest of knowledge when it was last read
        self._minds, self._town = minds, town
        self._outings = np.array(town.of(*OUTINGS), np.int64)
        inns = town.of("inn")
        work = [p.workplace if town.roofed[p.workplace] else p.home for p in people]
        self._roofs = np.stack([self.home, np.array(work, np.int16), *(np.full(n, i, np.int16) for i in inns)], axis=1)
        self.bring_from = np.array([p.workplace for p in people], np.int16)  # where one's things are
        self.wood_from = np.array(
            [min(town.of("barn", "wood"), key=lambda q: town.walk_min[p.home, q], default=p.home) for p in people],
            np.int16,
        )
        fields = town.of("field")
        self.field = np.array(
            [p.workplace if p.workplace in fields else town.nearest("field", p.home, -1) for p in people], np.int16
        )
        self.own_field = np.array([p.workplace in fields and p.trade == "farmer" for p in people], bool)

    def read(self, rows: NDArray[np.int64], bodies: Bodies, now: Moment) -> None:
        """Let those whose knowledge changed since the last time draw from it what bears on plans."""
        digest = self._minds.knowledge.digest
        over = (self.needy_until[rows] < now.minutes) & (self.needy[rows] >= 0)
        over |= (self.gathering_to[rows] < now.minutes) & (self.host[rows] >= 0)
        for row in rows[(digest[rows] != self._read[rows]) | over].tolist():
            self._read[row] = digest[row]
            facts = [f for f in self._minds.knowledge.held[row].values() if f.kind in PLANNED]
            self._draw_on(row, facts, bodies, now)

    def _draw_on(self, row: int, facts: list[Fact], bodies: Bodies, now: Moment) -> None:
        rain = [f.day * 1440.0 + f.minute for f in facts if f.kind == "rain_coming"]
        self.rain_until[row] = max(rain) + RAIN_WARNING_MIN if rain else -np.inf
        for fact in facts:
            if fact.kind == "place_flooded" and fact.place >= 0 and now.since(fact) < FLOOD_MIN:
                x, y = self._town.x[fact.place], self._town.y[fact.place]
                told_of = bodies.indoors[row] or np.hypot(bodies.x[row] - x, bodies.y[row] - y) > SHUT_SEEN_M
                self.shut[row, fact.place] |= told_of  # nearer by, one's own eyes know better
        self._draw_on_needs(row, [f for f in facts if f.kind == "needs_help"], now)
        self._draw_on_gatherings(row, [f for f in facts if f.kind == "gathering"], now)

    def _draw_on_needs(self, row: int, facts: list[Fact], now: Moment) -> None:
        """The need of the one who is liked best."""
        open_ = [
            f
            for f in facts
            if f.subject not in (row, -1) and 0 <= now.since(f) < NEED_MIN and f.id != self.helped_fact[row]
        ]
        liking = self._minds.relations.affinity
        best = max(open_, key=lambda f: (liking[row, f.subject], f.id), default=None)
        self.needy[row] = -1 if best is None else best.subject
        self.needy_place[row] = -1 if best is None else best.place
        self.needy_fact[row] = -1 if best is None else best.id
        self.needy_until[row] = -np.inf if best is None else best.day * 1440.0 + best.minute + NEED_MIN

    def _draw_on_gatherings(self, row: int, facts: list[Fact], now: Moment) -> None:
        """The next one that is not over."""
        coming = []
        for f in facts:
            start = f.day * 1440.0 + f.minute
            end = start + float(f.details.get("minutes", GATHERING_MIN))
            if end > now.minutes and f.place >= 0 and not self._minds.promises.has_declined(row, f.id):
                coming.append((start, end, f.id, f.subject, f.place))
        start, end, _, host, place = min(coming, default=(np.inf, -np.inf, -1, -1, -1))
        self.gathering_from[row], self.gathering_to[row] = start, end
        self.host[row], self.gathering_place[row] = host, place

    def see(self, rows: NDArray[np.int64], bodies: Bodies, impassable: NDArray[np.bool_]) -> None:
        """Let people see which places near them are shut, and which are open again; indoors, the one they are in."""
        if not impassable.any() and not self.shut[rows].any():
            return
        inside, rows = rows[bodies.indoors[rows]], rows[~bodies.indoors[rows]]
        here = bodies.place[inside]
        self.shut[inside, here] = impassable[here]
        near = np.hypot(self._town.x - bodies.x[rows, None], self._town.y - bodies.y[rows, None]) < SHUT_SEEN_M
        self.shut[rows] = np.where(near, impassable, self.shut[rows])

    def roof(self, rows: NDArray[np.int64], bodies: Bodies) -> NDArray[np.int16]:
        """The nearest roof (m,) to shelter under: home, workplace or an inn that is not known to be shut."""
        return _nearest_open(rows, self._roofs, self.shut, self._town.x, self._town.y, bodies.x, bodies.y)

    def fire_low(self, rows: NDArray[np.int64], now: Moment) -> Floats:
        """How much the fire at home wants wood, 0..1; nothing in warm weather."""
        bitter = np.clip((FIRE_BELOW_C - now.weather.temperature_c) / FIRE_SPAN_C, 0.0, 1.0)
        if bitter == 0.0:
            return np.zeros(len(rows))
        burnt = np.clip((now.minutes - self.fed[self.household[rows]]) / FIRE_LASTS_MIN, 0.0, 1.0)
        return np.where(burnt < 0.5, 0.0, burnt * (0.5 + 0.5 * bitter))

    def think_of_today(self, row: int, now: Moment, block: int) -> None:
        """Choose anew whom to visit and which place to go and see, as things stand now."""
        rng = stream(self._minds.seed, "whom", row, now.day + 1_000_000, block)
        self.friend[row] = self._friend(row, rng)
        self.new_place[row] = self._new_place(row, now, rng)

    def look_further(self, row: int, now: Moment) -> None:
        """Choose the next place to go and see, where the last one has been seen."""
        self.new_place[row] = self._new_place(row, now, stream(self._minds.seed, "further", row, now.tick))

    def _friend(self, row: int, rng: np.random.Generator) -> int:
        relations = self._minds.relations
        known = relations.known(row)
        known = known[self.home[known] != self.home[row]]
        if len(known) == 0:
            return -1
        worth = (
            relations.affinity[row, known] + 0.3 * relations.familiarity[row, known] + rng.normal(0, 0.1, len(known))
        )
        best = int(np.argmax(worth))
        return int(known[best]) if relations.affinity[row, int(known[best])] > FRIEND else -1

    def _new_place(self, row: int, now: Moment, rng: np.random.Generator) -> int:
        """Somewhere one has not been for long, nearer places rather, the curious farther ones, too."""
        if len(self._outings) == 0:
            return -1
        ago = np.minimum(now.day - self.been[row, self._outings], LATELY_DAYS)
        walk = self._town.walk_min[self.home[row], self._outings]
        way = WAY_PER_MIN * (UNDAUNTED - self.traits["openness"][row]) * walk
        worth = ago / LATELY_DAYS - way + rng.normal(0, WHIM, len(self._outings))
        worth[self.shut[row, self._outings]] = -np.inf
        return int(self._outings[np.argmax(worth)])

    def freeze(self) -> Plain:
        """What changes, by name."""
        return taken(self, _CHANGING)

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, _CHANGING, state)

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """What the future depends on, as arrays."""
        return {name.lstrip("_"): getattr(self, name) for name in _CHANGING}


@compiled
def _nearest_open(
    rows: NDArray[np.int64],
    roofs: NDArray[np.int16],
    shut: NDArray[np.bool_],
    town_x: Floats,
    town_y: Floats,
    x: Floats,
    y: Floats,
) -> NDArray[np.int16]:
    """The nearest (m,) of each one's `roofs` (n, k) that is not shut, the first of them where all are."""
    nearest = np.empty(rows.size, np.int16)
    for k in range(rows.size):
        row, least = rows[k], np.inf
        nearest[k] = roofs[row, 0]
        for roof in roofs[row]:
            dx, dy = town_x[roof] - x[row], town_y[roof] - y[row]
            if not shut[row, roof] and dx * dx + dy * dy < least:
                nearest[k], least = roof, dx * dx + dy * dy
    return nearest


_CHANGING = (
    "rain_until",
    "needy",
    "needy_place",
    "needy_until",
    "needy_fact",
    "helped_fact",
    "host",
    "gathering_place",
    "gathering_from",
    "gathering_to",
    "company_from",
    "shut",
    "friend",
    "new_place",
    "been",
    "fed",
    "_read",
)
