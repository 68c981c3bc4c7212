"""What the day's round asks of each villager now: rounds made a day at a time, read a block at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.intents import Intent
from agents.minds import Minds, Moment
from agents.outlook import Outlook
from agents.rounds import Block, Day, FieldWork, Round, day_round, field_work
from agents.town import Town
from world.state import Plain, put_back, taken
from world.view import Floats, Season

NIGHT_MIN = 180  # over the first hours after midnight people come to their new round in turns
NOT_YET = -(1 << 20)  # day of a round that was never made


class Itinerary:
    """Columns (n,): what is asked, where, in which block, and until when in minutes of the run."""

    def __init__(self, minds: Minds, town: Town, weekday: int, outlook: Outlook) -> None:
        n = len(minds.personas)
        self.intent: NDArray[np.int8] = np.full(n, Intent.SLEEP, np.int8)
        self.place: NDArray[np.int16] = np.array([p.home for p in minds.personas], np.int16)
        self.other: NDArray[np.int16] = np.full(n, -1, np.int16)
        self.block: NDArray[np.int16] = np.zeros(n, np.int16)
        self.until: Floats = np.full(n, -np.inf)
        self.day: NDArray[np.int32] = np.full(n, NOT_YET, np.int32)  # of the round that holds
        self.work: NDArray[np.int8] = np.zeros(n, np.int8)  # what the fields asked for when it was made
        self._weekday = weekday  # of the scenario's start
        self._minds, self._town, self._outlook = minds, town, outlook
        self._rounds: dict[int, Round] = {}

    def refresh(self, rows: NDArray[np.int64], now: Moment, season: Season) -> None:
        """Let those whose block is over look at what comes next."""
        for row in rows[self.until[rows] <= now.minutes].tolist():
            if self.day[row] != now.day:
                self.day[row], self.work[row] = now.day, field_work(season)
                self._rounds.pop(row, None)
            round_ = self.round(row)
            index = round_.index(now.clock_min)
            block = round_.blocks[index]
            end = round_.ends(index)
            # The night's last block reaches into the next day: not everybody plans on the stroke of midnight.
            over_night = (row * 7919) % NIGHT_MIN if end >= 1440.0 else 0
            self.until[row] = now.day * 1440.0 + end + over_night
            self._outlook.think_of_today(row, now, index)
            self.intent[row], self.block[row], self.other[row] = block.intent, index, -1
            self.place[row] = block.place if block.place >= 0 else self._where(row, block)

    def round(self, row: int) -> Round:
        """The round of a villager on the day for which it last planned."""
        if row not in self._rounds:
            number = int(self.day[row])
            day = Day(number, (self._weekday + number) % 7, FieldWork(int(self.work[row])))
            self._rounds[row] = day_round(self._minds.personas[row], self._town, self._minds.seed, day)
        return self._rounds[row]

    def late(self, row: int, now: Moment) -> Block | None:
        """The block before the present one, for who should be on the way from there to the present one; else None."""
        round_, index = self.round(row), int(self.block[row])
        before = round_.blocks[max(0, index - 1)]
        if index == 0 or before.place < 0:
            return None
        walk = self._town.walk_min[before.place, self.place[row]]
        return before if now.clock_min - round_.starts[index] < walk else None

    def calls_it_off(self, row: int, intent: Intent) -> None:
        """Ask a villager to rest at home for the rest of the block, if this is what it was asked for."""
        if self.intent[row] == intent:
            self.intent[row], self.place[row], self.other[row] = Intent.REST, self._outlook.home[row], -1

    def _where(self, row: int, block: Block) -> int:
        """The place of a block that leaves it open; home where there is nobody to visit and nothing to see."""
        home = int(self._outlook.home[row])
        if block.intent == Intent.VISIT:
            friend = int(self._outlook.friend[row])
            self.other[row] = friend
            self.intent[row] = Intent.VISIT if friend >= 0 else Intent.REST
            return int(self._outlook.home[friend]) if friend >= 0 else home
        new_place = int(self._outlook.new_place[row])
        self.intent[row] = Intent.EXPLORE if new_place >= 0 else Intent.REST
        return new_place if new_place >= 0 else home

    def freeze(self) -> Plain:
        """What is asked of everybody; the rounds themselves follow from day and season."""
        return taken(self, _CHANGING)

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, _CHANGING, state)
        if not np.isin(self.intent, [*Intent]).all() or not np.isin(self.work, [*FieldWork]).all():
            raise ValueError("the state's rounds name what no villager can be about")
        self._rounds = {}

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """What the future depends on, as arrays."""
        return {f"asked_{name}": getattr(self, name) for name in _CHANGING}


_CHANGING = ("intent", "place", "other", "block", "until", "day", "work")
