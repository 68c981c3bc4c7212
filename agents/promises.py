"""The ledger of promises: made with words, carried out by bodies, and settled by where people were, never by texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from agents.acts import Proposal
from agents.bodies import Bodies
from agents.memory import mixed
from agents.moment import Moment
from agents.needs import stormy
from world.state import Plain, check_rows, columns_of, part, plain, put_back, rows_of, taken, typed
from world.view import Place

CHECK_S = 5.0  # promises whose hour has come are looked at this often
LEAD_MIN = 15.0  # a promise is thought of so long before its hour, unless the walk is known
BESIDE_M = 8.0  # within this of somebody one is with that one; judgement
AT_PLACE_M = 4.0  # beyond a place's own radius one is still at it
# How long the doer must have been there, in minutes, and never more than half of the window; judgement.
STAY_MIN = {"help": 5.0, "bring": 0.2, "attend": 3.0, "meet": 2.0}
KINDS = tuple(STAY_MIN)


class Ending(StrEnum):
    """How a promise can end; each ends in exactly one of these."""

    KEPT = "kept"  # the doer was there within the hour
    BROKEN = "broken"  # the hour is over and the doer was not there
    RELEASED = "released"  # let off, hindered by storm or a closed place, or the other one was not there either


@dataclass
class Promise:
    """One promise that may still be carried out, and what has been seen of it so far."""

    proposal: Proposal
    made: int  # tick
    there_s: float = 0.0  # how long the doer has been where it should be
    other_there: bool = False  # the beneficiary was seen there
    hindered: bool = False  # storm, or a place that was closed
    kept: bool = False

    @property
    def start(self) -> int:
        """Minutes since the midnight before the scenario's start."""
        return self.proposal.day * 1440 + self.proposal.minute

    @property
    def end(self) -> int:
        return self.start + self.proposal.minutes


@dataclass(frozen=True)
class Settled:
    """A promise that has ended. `reason` says why, where it was not kept."""

    proposal: Proposal
    ending: Ending
    reason: str = ""  # "let off", "storm", "closed", "nobody there"; "" for kept and broken ones


LEDGER = np.dtype(
    [
        ("id", "<i8"),
        ("kind", "u1"),  # index into KINDS
        ("doer", "<i2"),
        ("beneficiary", "<i2"),
        ("place", "<i2"),
        ("day", "<i4"),
        ("minute", "<i2"),
        ("minutes", "<i4"),
        ("fact", "<i4"),
        ("made", "<i8"),
        ("there_s", "<f8"),
        ("other_there", "?"),
        ("hindered", "?"),
        ("kept", "?"),
    ]
)


class Promises:
    """All promises of the village. Those that are kept stay until their hour is over, so that people stay as well."""

    def __init__(self, villagers: int, tick_rate: int) -> None:
        self.digest: NDArray[np.uint64] = np.zeros(1, np.uint64)
        self.kept: NDArray[np.int64] = np.zeros(villagers, np.int64)  # how many each one has kept so far
        self.broken: NDArray[np.int64] = np.zeros(villagers, np.int64)
        self.released: NDArray[np.int64] = np.zeros(villagers, np.int64)
        self._rate = tick_rate
        self._promises: dict[int, Promise] = {}
        self._of: dict[int, list[int]] = {}  # doer -> ids
        self._fresh: list[int] = []  # made since the last step
        self._settled: list[Settled] = []  # let off since the last step
        self._declined: dict[tuple[int, int], None] = {}  # doer and fact of invitations that were refused
        self._next_id = 0
        self._next_start = np.inf  # minutes at which the next promise may have to be looked at

    def make(self, proposal: Proposal, tick: int) -> int:
        """A promise to do what is proposed; returns its id. Promising the same again changes nothing.

        Raises:
            ValueError: nobody can promise that: an unknown kind, no time for it, or something for oneself.
        """
        if proposal.kind not in STAY_MIN or proposal.minutes <= 0 or proposal.doer == proposal.beneficiary:
            raise ValueError(f"this cannot be promised: {proposal}")
        for ident in self._of.get(proposal.doer, ()):
            if replace(self._promises[ident].proposal, promise=proposal.promise, what=proposal.what) == proposal:
                return ident
        self._next_id += 1
        ident = self._next_id
        promise = Promise(replace(proposal, promise=ident), tick)
        self._enter(ident, promise)
        self._fresh.append(ident)
        p = proposal
        self._fold(ident, p.doer, p.beneficiary, p.place, p.day, p.minute, p.minutes, KINDS.index(p.kind), tick)
        return ident

    def decline(self, proposal: Proposal) -> None:
        """The doer will not do what it was invited to."""
        self._declined[proposal.doer, proposal.fact] = None
        self._fold(-1, proposal.doer, proposal.fact)

    def has_declined(self, row: int, fact: int) -> bool:
        """Whether a villager has refused to come to the gathering of a fact."""
        return (row, fact) in self._declined

    def how_many_declined(self, fact: int) -> int:
        """How many have refused to come to the gathering of a fact."""
        return sum(other == fact for _, other in self._declined)

    def owed(self, row: int) -> list[Proposal]:
        """What a villager has promised and not yet kept, in the order in which it was promised."""
        mine = (self._promises[ident] for ident in self._of.get(row, ()))
        return [promise.proposal for promise in mine if not promise.kept]

    def now_due(self, row: int, day: int, minute: float, lead_min: float = LEAD_MIN) -> list[Proposal]:
        """What a villager should now be about: promises whose hour is on or begins within `lead_min`, soonest first.

        A promise that has just been kept stays until its hour is over: who came to help goes on helping.
        """
        if row not in self._of:
            return []
        now = day * 1440 + minute
        mine = [self._promises[ident] for ident in self._of[row]]
        due = [p for p in mine if p.start - lead_min <= now < p.end and not (p.kept and p.proposal.kind == "bring")]
        return [p.proposal for p in sorted(due, key=lambda p: (p.start, p.proposal.promise))]

    def call_away(
        self, row: int, now: Moment, bodies: Bodies, places: Sequence[Place], lead_min: float = LEAD_MIN
    ) -> bool:
        """Whether a villager should now go for the sake of its word: a promise is due that it is not at already."""
        due = self.now_due(row, now.day, now.clock_min, lead_min)
        return not all(_carried_out(p, places[p.place], bodies) for p in due)

    def clashes(self, proposal: Proposal) -> bool:
        """Whether the doer has promised something else for the same time."""
        start = proposal.day * 1440 + proposal.minute
        mine = (self._promises[ident] for ident in self._of.get(proposal.doer, ()))
        return any(p.start < start + proposal.minutes and start < p.end for p in mine)

    def owed_to(self, row: int) -> list[Proposal]:
        """What others have promised a villager and not yet kept."""
        return [p.proposal for p in self._promises.values() if p.proposal.beneficiary == row and not p.kept]

    def between(self, doer: int, beneficiary: int) -> list[Proposal]:
        """What one villager still owes another one by promise."""
        return [p for p in self.owed(doer) if p.beneficiary == beneficiary]

    def release(self, ident: int) -> None:
        """The beneficiary lets the doer off. Raises KeyError if there is no such promise that is still open."""
        if self._promises[ident].kept:
            raise KeyError(f"promise {ident} has been kept already")
        self._end(ident, Ending.RELEASED, "let off")

    def step(
        self, now: Moment, bodies: Bodies, places: Sequence[Place], closed: Collection[int] = ()
    ) -> tuple[list[Proposal], list[Settled]]:
        """Look where people are; returns what was promised and what has ended since the step before.

        To be called at every tick: looking takes place every CHECK_S seconds, and only while some promise is on.
        """
        if now.tick % max(1, round(CHECK_S * self._rate)) == 0 and now.minutes >= self._next_start:
            self._look(now, bodies, places, closed)
        if not self._fresh and not self._settled:
            return [], []
        made = [self._promises[ident].proposal for ident in self._fresh if ident in self._promises]
        settled = self._settled
        self._fresh, self._settled = [], []
        return made, settled

    def _look(self, now: Moment, bodies: Bodies, places: Sequence[Place], closed: Collection[int]) -> None:
        storm = stormy(now.weather)
        for ident, promise in list(self._promises.items()):
            if now.minutes < promise.start:
                continue
            if promise.kept:
                if now.minutes >= promise.end:
                    self._drop(ident)
                continue
            p = promise.proposal
            place = places[p.place]
            promise.other_there |= _at(p.beneficiary, place, bodies)
            promise.hindered |= storm or p.place in closed
            promise.there_s += CHECK_S * _carried_out(p, place, bodies)
            if promise.there_s >= 60.0 * min(STAY_MIN[p.kind], p.minutes / 2):
                promise.kept = True
                self._note(promise, Ending.KEPT, "")
            elif now.minutes >= promise.end:
                self._end(ident, *_failure(promise, storm))
        self._next_start = min((promise.start for promise in self._promises.values()), default=np.inf)

    def _end(self, ident: int, ending: Ending, reason: str) -> None:
        self._note(self._promises[ident], ending, reason)
        self._drop(ident)

    def _note(self, promise: Promise, ending: Ending, reason: str) -> None:
        p = promise.proposal
        {Ending.KEPT: self.kept, Ending.BROKEN: self.broken, Ending.RELEASED: self.released}[ending][p.doer] += 1
        self._settled.append(Settled(p, ending, reason))
        self._fold(p.promise, tuple(Ending).index(ending))

    def _enter(self, ident: int, promise: Promise) -> None:
        self._promises[ident] = promise
        self._of.setdefault(promise.proposal.doer, []).append(ident)
        self._next_start = min(self._next_start, promise.start)

    def _drop(self, ident: int) -> None:
        doer = self._promises.pop(ident).proposal.doer
        self._of[doer].remove(ident)
        if not self._of[doer]:
            del self._of[doer]

    def _fold(self, *values: int) -> None:
        self.digest[0] = mixed(int(self.digest[0]), *values)

    def freeze(self) -> Plain:
        """The promises that are not over, and how many each one has kept, broken and been released from."""
        rows = np.zeros(len(self._promises), LEDGER)
        for at, (ident, promise) in enumerate(self._promises.items()):
            p = promise.proposal
            place = (KINDS.index(p.kind), p.doer, p.beneficiary, p.place, p.day, p.minute, p.minutes, p.fact)
            seen = (promise.made, promise.there_s, promise.other_there, promise.hindered, promise.kept)
            rows[at] = (ident, *place, *seen)
        return taken(self, ("digest", "kept", "broken", "released", "_next_id")) | {
            "settled": [plain(settled) for settled in self._settled],
            "ledger": columns_of(rows),
            "what": [promise.proposal.what for promise in self._promises.values()],
            "fresh": np.array(self._fresh, np.int64),
            "declined": np.array(list(self._declined), np.int64).reshape(-1, 2),
        }

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("digest", "kept", "broken", "released", "_next_id"), state)
        rows, what = rows_of(part(state, "ledger"), LEDGER), part(state, "what")
        check_rows("ledger", len(self.kept), rows["doer"], rows["beneficiary"])
        if not isinstance(what, list) or len(what) != len(rows) or (rows["kind"] >= len(KINDS)).any():
            raise ValueError("the state's 'ledger' of promises does not fit its words or kinds")
        self._promises, self._of = {}, {}
        self._settled = typed(part(state, "settled"), list[Settled], "settled")
        self._next_start = np.inf
        for row, words in zip(rows.tolist(), what, strict=True):
            ident, kind, doer, beneficiary, place, day, minute, minutes, fact, *seen = row
            proposal = Proposal(KINDS[kind], doer, beneficiary, place, day, minute, minutes, str(words), fact, ident)
            self._enter(ident, Promise(proposal, *seen))
        self._fresh = [int(ident) for ident in part(state, "fresh")]
        declined = part(state, "declined")
        if not isinstance(declined, np.ndarray) or declined.ndim != 2 or declined.shape[1] != 2:
            raise ValueError("the state's 'declined' is no table of villagers and facts")
        self._declined = {(int(row), int(fact)): None for row, fact in declined}


def _failure(promise: Promise, storm: bool) -> tuple[Ending, str]:
    """How a promise ends whose hour is over."""
    if promise.hindered:
        return Ending.RELEASED, "storm" if storm else "closed"
    return (Ending.BROKEN, "") if promise.other_there else (Ending.RELEASED, "nobody there")


def _carried_out(p: Proposal, place: Place, bodies: Bodies) -> bool:
    """Whether the doer is where it promised to be; one helps, meets and brings to a person, wherever that one is."""
    return _at(p.doer, place, bodies) or (p.kind != "attend" and _beside(p.doer, p.beneficiary, bodies))


def _at(row: int, place: Place, bodies: Bodies) -> bool:
    """Whether a villager stands or sits at a place, or is in it."""
    if bodies.indoors[row]:
        return bool(bodies.place[row] == place.id)
    away = float(np.hypot(bodies.x[row] - place.x, bodies.y[row] - place.y))
    return away <= place.radius_m + AT_PLACE_M


def _beside(one: int, other: int, bodies: Bodies) -> bool:
    if bodies.indoors[one] or bodies.indoors[other]:
        return bool(bodies.indoors[one] and bodies.indoors[other] and bodies.place[one] == bodies.place[other])
    return float(np.hypot(bodies.x[one] - bodies.x[other], bodies.y[one] - bodies.y[other])) <= BESIDE_M
