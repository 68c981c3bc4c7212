"""How villagers stand to those they know: directed columns, moved by acts, deeds and hearsay, and bent by nature."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.acquaintance import CIRCLE, Circles, Column, Rows
from agents.acts import Act, Persona
from agents.memory import mixed
from world.state import Plain, check_rows, column, columns_of, part, put_back, rows_of, taken
from world.streams import stream
from world.view import Floats

AFFINITY_STEP = {
    Act.GREET: 0.004,
    Act.TELL: 0.004,
    Act.ASK: 0.004,
    Act.ANSWER: 0.004,
    Act.ACKNOWLEDGE: 0.002,
    Act.AGREE: 0.010,
    Act.DOUBT: -0.025,
    Act.OFFER: 0.020,
    Act.REQUEST: -0.002,
    Act.INVITE: 0.020,
    Act.PROMISE: 0.015,
    Act.REFUSE: -0.020,
    Act.THANK: 0.012,
    Act.APOLOGISE: 0.030,
    Act.PRAISE: 0.030,
    Act.BLAME: -0.060,
    Act.GOSSIP: 0.006,
    Act.WARN: 0.010,
    Act.TEACH: 0.012,
    Act.JOKE: 0.010,
    Act.CLOSE: 0.0,
}
"""What the hearer of an act gains in affinity for its speaker, before nature bends it; judgement: a day of meeting now
and then moves two strangers by about 0.1."""

TRUST_STEP = {
    Act.TELL: 0.003,
    Act.ANSWER: 0.004,
    Act.OFFER: 0.010,
    Act.AGREE: 0.003,
    Act.DOUBT: -0.012,
    Act.THANK: 0.003,
    Act.APOLOGISE: 0.015,
    Act.WARN: 0.006,
    Act.TEACH: 0.004,
    Act.GOSSIP: -0.001,  # who talks of others will talk of me
}
RESPECT_STEP = {Act.TEACH: 0.015, Act.WARN: 0.004, Act.APOLOGISE: 0.008, Act.BLAME: -0.010}
FAMILIARITY_PER_TURN = 0.004
WARMTH_WEIGHT = 0.6  # how far natures that fit or clash bend a step of affinity; judgement
# Talk of the Town (Ryan 2018, social_sim_config.py): increment = compatibility + 0.25 own extraversion
# + 0.25 the other's agreeableness. Here the same sum, centred on the village's mean, scales the step of an act.
EXTRAVERSION_SHARE = 0.25
AGREEABLENESS_SHARE = 0.25
TRAIT_DISTANCE = 0.18 * 2.0**0.5  # typical distance of two traits of a spread of 0.18 (persona.TRAIT_SPREAD)

NEVER = -(1 << 40)  # the tick of what never was
STRANGER = {"familiarity": 0.0, "affinity": 0.0, "trust": 0.45, "respect": 0.5, "debt": 0.0}
SAME = {"familiarity": 0.4, "affinity": 0.1, "trust": 0.5, "respect": 0.5, "debt": 0.0}  # to all, where none differ
LIMITS = {"familiarity": (0, 1), "affinity": (-1, 1), "trust": (0, 1), "respect": (0, 1), "debt": (-1, 1)}
FEELINGS = tuple(STRANGER)
NEIGHBOURS = 40  # known on either side along the row of houses, in a village larger than a circle
FAR_SHARE = 0.2  # of these who live somewhere else instead: the rewiring of Watts & Strogatz 1998
COLLEAGUES = 30  # at most so many who share a workplace know each other from the start
GLANCE = 0.02  # who is known less may be displaced by a face that is merely seen; judgement

BOND = np.dtype(
    [
        ("a", "<i2"),
        ("b", "<i2"),
        *((name, "<f4") for name in FEELINGS),
        ("talked_at", "<i8"),
        ("seen_place", "<i2"),
        ("seen_tick", "<i8"),
    ]
)
_STORED = tuple(name for name in BOND.names or () if name not in ("a", "b"))


class Relationships:
    """Columns over acquaintances: `column[a, b]` is how a stands to b.

    Familiarity, trust and respect lie within 0..1, affinity and debt (how much a feels it owes b) within -1..1;
    `talked_at` is the tick of the pair's last talk, `seen_place` and `seen_tick` where and when a last took note of b
    (place -1 and NEVER for never). Strangers are all alike: STRANGER. Who knows as many as one can forgets the least
    close for a newcomer.
    """

    def __init__(self, circles: Circles, natures: Floats, *, differ: bool = True) -> None:
        """`natures` (n, 5): Big Five in the order of persona.TRAITS; without `differ` everybody is SAME to all."""
        start = STRANGER if differ else SAME
        self.circles = circles
        self.differ = differ
        self.familiarity, self.affinity, self.trust, self.respect, self.debt = (
            Column(circles, np.float32, start[name]) for name in FEELINGS
        )
        self._limited = [(getattr(self, name).values, *LIMITS[name]) for name in FEELINGS]
        self.talked_at = Column(circles, np.int64, NEVER)
        self.seen_place = Column(circles, np.int16, -1)
        self.seen_tick = Column(circles, np.int64, NEVER)
        self.digest: NDArray[np.uint64] = np.zeros(circles.villagers, np.uint64)
        self._natures: list[list[float]] = natures.tolist()
        self._moved = Column(circles, np.bool_, False)  # entries that are no longer what they were at the start
        self._mixed: NDArray[np.bool_] = np.zeros(circles.villagers, bool)  # rows in which other people stand now

    @classmethod
    def among(
        cls, personas: Sequence[Persona], seed: int, *, differ: bool = True, circle: int = CIRCLE
    ) -> Relationships:
        """How things stand when the scenario starts: households and families are close, others more or less."""
        n = len(personas)
        natures = np.array(
            [(p.openness, p.conscientiousness, p.extraversion, p.agreeableness, p.neuroticism) for p in personas]
        )
        circles = Circles(n, circle)
        if not circles.whole:
            circles.fill(*_acquainted(personas, seed, circles.capacity))
        made = cls(circles, natures, differ=differ)
        if not differ:
            return made
        a, slot = np.nonzero(circles.held)
        b = circles.others[a, slot].astype(np.int64)
        start = _first_feelings(personas, seed, a, b, _fit(natures[a], natures[b]))
        for name, values in start.items():
            getattr(made, name).values[a, slot] = values
        return made

    def known(self, row: int) -> NDArray[np.int64]:
        """Rows of those this villager knows, ascending."""
        return self.circles.known(row)

    def between(self, a: int, b: int) -> dict[str, float]:
        """All that a holds of b, by the names in FEELINGS."""
        slot = self.circles.slot(a, b)
        if slot < 0:
            return {name: getattr(self, name)[a, b] for name in FEELINGS}
        return {name: values.item(a, slot) for name, (values, _, _) in zip(FEELINGS, self._limited, strict=True)}

    def warmth(self, a: int, b: int) -> float:
        """How a's nature and b's bend what a gains from b's acts, -1..1."""
        openness, _, extraversion, agreeableness, _ = self._natures[a]
        their_openness, _, their_extraversion, their_agreeableness, _ = self._natures[b]
        apart = (openness - their_openness) ** 2 + (extraversion - their_extraversion) ** 2
        apart += (agreeableness - their_agreeableness) ** 2
        fit = max(-1.0, 1.0 - sqrt(apart / 3.0) / TRAIT_DISTANCE)
        drawn = fit + EXTRAVERSION_SHARE * (extraversion - 0.5) + AGREEABLENESS_SHARE * (their_agreeableness - 0.5)
        return min(1.0, max(-1.0, drawn))

    def hear(self, listener: int, speaker: int, act: Act, worth: float = 0.0, weight: float = 1.0) -> None:
        """Move what the listener holds of the speaker by one act; `worth` adds affinity for welcome news or help.

        Kind acts count for more between natures that fit, and unkind ones for less; `weight` is less than one for
        those to whom the words were not addressed.
        """
        self.move(
            listener,
            speaker,
            familiarity=weight * FAMILIARITY_PER_TURN,
            affinity=weight * (AFFINITY_STEP[act] + worth),
            trust=weight * TRUST_STEP.get(act, 0.0),
            respect=weight * RESPECT_STEP.get(act, 0.0),
        )

    def move(
        self,
        a: int,
        b: int,
        *,
        familiarity: float = 0.0,
        affinity: float = 0.0,
        trust: float = 0.0,
        respect: float = 0.0,
        debt: float = 0.0,
    ) -> None:
        """Change what a holds of b by some steps, and make them acquainted.

        Affinity is bent by the warmth between the two natures, and moves the less the nearer it is to the pole that it
        moves to; so does familiarity. Every column stays within its limits.
        """
        if not self.differ or a == b:
            return
        slot = self._acquaint(a, b)
        if affinity:
            warmth = self.warmth(a, b)
            affinity *= 1.0 + WARMTH_WEIGHT * warmth if affinity > 0 else 1.0 - WARMTH_WEIGHT * warmth
            now = self.affinity.values.item(a, slot)
            affinity *= min(1.0, 1.0 - now if affinity > 0 else 1.0 + now)
        familiarity *= 1.0 - self.familiarity.values.item(a, slot)
        at, folded = (a, slot), []
        for (values, low, high), step in zip(self._limited, (familiarity, affinity, trust, respect, debt), strict=True):
            values[at] = min(high, max(low, values.item(at) + step))
            folded.append(round(1e6 * values.item(at)))
        self._moved.values[a, slot] = True
        self.digest[a] = mixed(int(self.digest[a]), b, *folded)

    def met(self, a: int, b: int, tick: int) -> None:
        """Note that two have just talked, for both."""
        for one, other in ((a, b), (b, a)):
            slot = self._acquaint(one, other)
            self.talked_at.values[one, slot] = tick
            self._moved.values[one, slot] = True
            self.digest[one] = mixed(int(self.digest[one]), other, tick)

    def sighted(self, a: int, b: int, place: int, tick: int) -> bool:
        """Note where and when a took note of b. False if b is a stranger for whom a's mind has no room."""
        slot = self.circles.slot(a, b)
        if slot < 0:
            full = int(self.circles.count[a]) == self.circles.capacity
            if a == b or (full and float(self.familiarity.values[a].min()) >= GLANCE):
                return False
            slot = self._acquaint(a, b)
        self.seen_place.values[a, slot], self.seen_tick.values[a, slot] = place, tick
        self._moved.values[a, slot] = True
        self.digest[a] = mixed(int(self.digest[a]), b, place, tick)
        return True

    def _acquaint(self, a: int, b: int) -> int:
        """The slot of b in a's circle; where there is no room, the least close leaves it."""
        slot = self.circles.slot(a, b)
        if slot >= 0:
            return slot
        slot = self.circles.admit(a, b, int(np.argmin(self._closeness(a))))
        self._mixed[a] = self._moved.values[a] = True
        return slot

    def _closeness(self, a: int) -> Floats:
        """How much each acquaintance matters to a: known, liked or disliked, owed or owing."""
        close: Floats = (
            self.familiarity.values[a]
            + 0.5 * np.abs(self.affinity.values[a])
            + 0.5 * np.abs(self.debt.values[a])
            + 0.25 * np.abs(self.trust.values[a] - STRANGER["trust"])
        )
        return close

    def freeze(self) -> Plain:
        """The entries that moved since the start, which follows from the scenario; rows with newcomers in full."""
        a, slot = np.nonzero(self.circles.held & self._moved.values)
        bonds = np.zeros(len(a), BOND)
        bonds["a"], bonds["b"] = a, self.circles.others[a, slot]
        for name in _STORED:
            bonds[name] = getattr(self, name).values[a, slot]
        return taken(self, ("digest",)) | {"bonds": columns_of(bonds), "mixed": self._mixed.copy()}

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave onto the start. Raises ValueError if it does not fit."""
        put_back(self, ("digest",), state)
        mixed_rows = column(part(state, "mixed"), "mixed", np.dtype(bool))
        bonds = rows_of(part(state, "bonds"), BOND)
        a, b = bonds["a"].astype(np.int64), bonds["b"].astype(np.int64)
        check_rows("bonds", self.circles.villagers, a, b)
        if mixed_rows.shape != self._mixed.shape:
            raise ValueError(f"the state's 'mixed' has the shape {mixed_rows.shape}, not {self._mixed.shape}")
        self._mixed = mixed_rows
        if mixed_rows.any():
            self._repeople(mixed_rows, a, b)
        slots, known = self.circles.slots(a, b)
        if not known.all():
            raise ValueError("the state's 'bonds' hold people who do not know each other")
        for name in _STORED:
            getattr(self, name).values[a, slots] = bonds[name]
        self._moved.values[a, slots] = True
        self._moved.values[mixed_rows] = True

    def _repeople(self, changed: NDArray[np.bool_], a: Rows, b: Rows) -> None:
        """Put other people into the circles of some rows."""
        stay, slot = np.nonzero((self.circles.others < self.circles.villagers) & ~changed[:, None])
        come = changed[a]
        rows = np.concatenate([stay, a[come]])
        others = np.concatenate([self.circles.others[stay, slot], b[come]])
        if np.bincount(rows, minlength=self.circles.villagers).max(initial=0) > self.circles.capacity:
            raise ValueError("the state's 'bonds' hold more people than one can know")
        order = np.lexsort([others, rows])
        self.circles.fill(rows[order], others[order])
        for each in self.circles.columns:
            each.values[changed] = each.stranger


def _fit(own: Floats, other: Floats) -> Floats:
    """How well natures (m, 5) fit, -1..1: likeness in openness, extraversion and agreeableness.

    Talk of the Town (Ryan 2018) moves charge by the distance in the same three traits; half the village is above zero.
    """
    distance = np.sqrt(((own - other)[:, [0, 2, 3]] ** 2).mean(axis=1))
    fit: Floats = np.clip(1.0 - distance / TRAIT_DISTANCE, -1.0, 1.0)
    return fit


def _first_feelings(
    personas: Sequence[Persona], seed: int, a: Rows, b: Rows, fit: Floats
) -> dict[str, NDArray[np.floating[Any]]]:
    """Familiarity, affinity, trust and respect of `a` for `b`, both directions of a pair equally familiar."""
    n = len(personas)
    rng = stream(seed, "relationships")
    _, of_pair = np.unique(np.minimum(a, b) * n + np.maximum(a, b), return_inverse=True)
    drawn = rng.beta(2.0, 3.0, (2, int(of_pair.max(initial=-1)) + 1)).mean(axis=0)
    familiarity = drawn[of_pair]
    noise = rng.normal(size=(3, len(a)))
    affinity = np.clip(0.05 + 0.25 * fit + 0.15 * noise[0], -0.6, 0.7)
    trust = np.clip(0.5 + 0.3 * affinity + 0.05 * noise[1], 0.0, 1.0)
    skill, age = np.array([p.skill for p in personas]), np.array([p.age for p in personas])
    respect = 0.5 + 0.3 * (skill[b] - 0.5) + 0.002 * np.clip(age[b] - age[a], -30, 30) + 0.05 * noise[2]
    close = _kin(personas, a, b)
    familiarity = np.where(close, np.maximum(familiarity, 0.9), familiarity)
    affinity = np.where(close, np.maximum(affinity, 0.3), affinity)
    trust = np.where(close, np.maximum(trust, 0.6), trust)
    return {"familiarity": familiarity, "affinity": affinity, "trust": trust, "respect": np.clip(respect, 0.0, 1.0)}


def _kin(personas: Sequence[Persona], a: Rows, b: Rows) -> NDArray[np.bool_]:
    """True where two live under one roof or are family."""
    n = len(personas)
    homes = np.array([p.home for p in personas])
    family = np.array([p.row * n + other for p in personas for other, _ in p.family], np.int64)
    kin: NDArray[np.bool_] = (homes[a] == homes[b]) | np.isin(a * n + b, family)
    return kin


def _acquainted(personas: Sequence[Persona], seed: int, capacity: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Who knows whom at the start of a village larger than a circle: directed pairs, ascending.

    A small world (Watts & Strogatz 1998) along the row of houses, and families and colleagues. Acquaintance is mutual,
    but for those few of whom somebody knows more than one can.
    """
    n = len(personas)
    rng = stream(seed, "acquainted")
    along = np.argsort([p.home for p in personas], kind="stable")
    reach = min(NEIGHBOURS, capacity // 3)
    place = np.repeat(np.arange(n), reach)
    other = along[(place + np.tile(np.arange(1, reach + 1), n)) % n]
    far = rng.random(len(other)) < FAR_SHARE
    other = np.where(far, rng.integers(0, n, len(other)), other)
    ones, others = [along[place]], [other]
    works: dict[int, list[int]] = {}
    for p in personas:
        works.setdefault(p.workplace, []).append(p.row)
        ones.append(np.full(len(p.family), p.row))
        others.append(np.array([row for row, _ in p.family], np.int64))
    for rows in works.values():
        for at in range(0, len(rows), COLLEAGUES):
            group = np.array(rows[at : at + COLLEAGUES])
            ones.append(np.repeat(group, len(group)))
            others.append(np.tile(group, len(group)))
    one, other = np.concatenate(ones), np.concatenate(others)
    a, b = np.concatenate([one, other]), np.concatenate([other, one])
    pairs = np.unique((a * n + b)[a != b])
    a, b = pairs // n, pairs % n
    # Whoever would know too many drops some by lot, never those close to home.
    rank = np.lexsort([np.where(_kin(personas, a, b), -1.0, rng.random(len(a))), a])
    starts = np.searchsorted(a, np.arange(n))
    kept = np.sort(rank[(np.arange(len(a)) - starts[a[rank]]) < capacity])
    return a[kept], b[kept]
