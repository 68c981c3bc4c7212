"""What work brings forth: loaves, planks, flour and whatever else the trades make, and sheaves at harvest."""

from __future__ import annotations

import math
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
from world.compiled import compiled
from world.state import Plain, put_back, taken
from world.view import Floats, Place, Weather

UNSKILLED, SKILLED = 0.4, 1.6  # factors on what one makes in an hour, for skill 0 and 1; judgement
WET_SHARE = 0.4  # of outdoor work that gets done in rain or snow
FALLING_MM_H = 0.2  # from here on it is wet, see Weather.raining
HELP_SHARE = 0.5  # what a helping neighbour adds
SHEAVES_PER_H = 8.0
BATCH_H = 0.75  # so much is told of at once, in hours of middling work
SHEAF_BATCH = max(1.0, round(SHEAVES_PER_H * BATCH_H))

HELP, WORK, HARVEST, AT_WORK = int(Intent.HELP), int(Intent.WORK), int(Intent.HARVEST), int(Activity.WORK)

Flags = NDArray[np.bool_]
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
        self._batch = np.maximum(1.0, np.round(self._per_h * BATCH_H))
        self._outdoors = np.array([bool(t.get("outdoors", False)) for t in trades])
        self._skill = UNSKILLED + (SKILLED - UNSKILLED) * np.array([p.skill for p in personas])
        self._workplace = np.array([p.workplace for p in personas])
        self._square = np.array([q.kind == "market" for q in places])

    def step(self, dt_s: float, intentions: Intentions, bodies: Bodies, weather: Weather, day: int) -> Events:
        """Let `dt_s` seconds of work pass; returns what has come to a whole batch since the step before."""
        if day != self.day:
            self.day = day
            self.made[:] = self.sheaves[:] = 0.0
        wet = WET_SHARE if weather.rain_mm_h + weather.snow_mm_h > FALLING_MM_H else 1.0
        trade = self._per_h, self._skill, self._outdoors, self._batch, self._workplace
        doing = intentions.intent, intentions.place, intentions.other, intentions.arrived, bodies.activity
        made, cut = _worked(self.made, self.sheaves, trade, doing, self._square, wet, dt_s)
        events = [self._batch_of(row, self.what[row], self._batch[row], self.made[row]) for row in made.tolist()]
        return events + [self._batch_of(row, "sheaves", SHEAF_BATCH, self.sheaves[row]) for row in cut.tolist()]

    @staticmethod
    def _batch_of(row: int, what: str, batch: float, today: float) -> tuple[str, dict[str, Any]]:
        return "makes", {"villager": row, "what": what, "count": int(batch), "today": int(today)}

    def freeze(self) -> Plain:
        """The tallies of the day."""
        return taken(self, ("made", "sheaves", "day"))

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("made", "sheaves", "day"), state)

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """What the future depends on, as arrays."""
        return {"made": self.made, "sheaves": self.sheaves}


@compiled
def _worked(
    made: Floats,
    sheaves: Floats,
    trade: tuple[Floats, Floats, Flags, Floats, NDArray[np.int64]],
    doing: tuple[NDArray[np.int8], NDArray[np.int16], NDArray[np.int16], Flags, NDArray[np.uint8]],
    square: Flags,
    wet: float,
    dt_s: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add to the tallies what is made and cut in `dt_s` seconds; rows that have a batch more of either now."""
    per_h, skill, outdoors, batch, workplace = trade
    intent, place, other, arrived, activity = doing
    helpers = np.zeros(made.size)  # how many work beside each one for its sake
    for i in range(made.size):
        if intent[i] == HELP and arrived[i] and activity[i] == AT_WORK and other[i] >= 0:
            helpers[other[i]] += 1.0
    makers, cutters = np.empty(made.size, np.int64), np.empty(made.size, np.int64)
    most_made, most_cut = 0, 0
    for i in range(made.size):
        if not arrived[i] or activity[i] != AT_WORK:
            continue
        # At a stall one sells what was made at home; traders alone have their trade there.
        if intent[i] == WORK and (not square[place[i]] or place[i] == workplace[i]):
            before = math.floor(made[i] / batch[i])
            rate = per_h[i] * skill[i] * (wet if outdoors[i] else 1.0) * (1.0 + HELP_SHARE * helpers[i])
            made[i] += rate * dt_s / 3600.0
            if math.floor(made[i] / batch[i]) > before:
                makers[most_made] = i
                most_made += 1
        elif intent[i] == HARVEST:
            before = math.floor(sheaves[i] / SHEAF_BATCH)
            sheaves[i] += SHEAVES_PER_H * wet * dt_s / 3600.0
            if math.floor(sheaves[i] / SHEAF_BATCH) > before:
                cutters[most_cut] = i
                most_cut += 1
    return makers[:most_made], cutters[:most_cut]
