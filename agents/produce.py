"""What work brings forth: loaves, planks, flour and whatever else the trades make, and sheaves at harvest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.acts import Persona
from agents.bodies import Bodies
from agents.intentions import Intentions
from agents.intents import Intent
from agents.population import trade_row
from assets.palette import Activity
from world.state import Plain, put_back, taken
from world.view import Floats, Place, Weather

UNSKILLED, SKILLED = 0.4, 1.6  # factors on what one makes in an hour, for skill 0 and 1; judgement
WET_SHARE = 0.4  # of outdoor work that gets done in rain or snow
FALLING_MM_H = 0.2  # from here on it is wet, see Weather.raining
HELP_SHARE = 0.5  # what a helping neighbour adds
SHEAVES_PER_H = 8.0
BATCH_H = 0.75  # so much is told of at once, in hours of middling work

Events = list[tuple[str, dict[str, Any]]]


class Produce:
    """Tallies (n,) of the day: what everybody has made in its trade, and the sheaves it has brought in."""

    def __init__(self, personas: Sequence[Persona], places: Sequence[Place]) -> None:
        n = len(personas)
        trades = [trade_row(p.trade) for p in personas]
        self.made: Floats = np.zeros(n)
        self.sheaves: Floats = np.zeros(n)
        self.day = 0
        self.what = tuple(str(t.get("makes", "")) for t in trades)
        self._per_h = np.array([float(t.get("per_hour", 0.0)) for t in trades])
        self._outdoors = np.array([bool(t.get("outdoors", False)) for t in trades])
        self._skill = UNSKILLED + (SKILLED - UNSKILLED) * np.array([p.skill for p in personas])
        self._workplace = np.array([p.workplace for p in personas])
        self._square = np.array([q.kind == "market" for q in places])

    def step(self, dt_s: float, intentions: Intentions, bodies: Bodies, weather: Weather, day: int) -> Events:
        """Let `dt_s` seconds of work pass; returns what has come to a whole batch since the step before."""
        if day != self.day:
            self.day = day
            self.made[:] = self.sheaves[:] = 0.0
        busy = (bodies.activity == Activity.WORK) & intentions.arrived
        # At a stall one sells what was made at home; traders alone have their trade there.
        away = self._square[intentions.place] & (intentions.place != self._workplace)
        working = busy & (intentions.intent == Intent.WORK) & ~away
        harvesting = busy & (intentions.intent == Intent.HARVEST)
        if not (working | harvesting).any():
            return []
        wet = WET_SHARE if weather.rain_mm_h + weather.snow_mm_h > FALLING_MM_H else 1.0
        rate = (
            self._per_h
            * self._skill
            * np.where(self._outdoors, wet, 1.0)
            * (1.0 + HELP_SHARE * self._helpers(busy, intentions))
        )
        events = self._add(self.made, np.where(working, rate, 0.0) * dt_s / 3600.0, self._per_h, self.what)
        cut = np.where(harvesting, SHEAVES_PER_H * wet, 0.0) * dt_s / 3600.0
        sheaves = ("sheaves",) * len(cut)
        return events + self._add(self.sheaves, cut, np.full(len(cut), SHEAVES_PER_H), sheaves)

    @staticmethod
    def _helpers(busy: NDArray[np.bool_], intentions: Intentions) -> Floats:
        """How many (n,) work beside each one for its sake."""
        count = np.zeros(len(busy))
        helped = intentions.other[busy & (intentions.intent == Intent.HELP)]
        np.add.at(count, helped[helped >= 0].astype(np.int64), 1.0)
        return count

    @staticmethod
    def _add(tally: Floats, more: Floats, per_h: Floats, what: Sequence[str]) -> Events:
        batch = np.maximum(1.0, np.round(per_h * BATCH_H))
        before = np.floor(tally / batch)
        tally += more
        events: Events = []
        for row in np.flatnonzero(np.floor(tally / batch) > before).tolist():
            data = {"villager": row, "what": what[row], "count": int(batch[row]), "today": int(tally[row])}
            events.append(("makes", data))
        return events

    def freeze(self) -> Plain:
        """The tallies of the day."""
        return taken(self, ("made", "sheaves", "day"))

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("made", "sheaves", "day"), state)

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """What the future depends on, as arrays."""
        return {"made": self.made, "sheaves": self.sheaves}
