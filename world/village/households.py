"""What goes on in the buildings as seen from outside: doors, lamps, hearths, and water over the threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from assets.palette import BuildingKind as Kind
from world.columns import BUILDING_STATE
from world.grid import bilinear
from world.streams import hashed_unit
from world.view import Floats, Surface, Weather

Flags = NDArray[np.bool_]

LAMPS_BELOW = math.radians(1.5)  # height of the sun at which one lights a lamp indoors; judgement
JITTER_HOURS = 0.6  # households keep their own hours, so far from the village's, each way
HEATED_BELOW_C, BITTER_C = 12.0, 2.0  # outdoors: a fire while awake; a fire all day and night
OPEN_ABOVE_C = 17.0  # a door stands open in weather as warm and dry as this
COLD_SHUT_C = 6.0

# Hours of the day in local solar time; in all of them judgement, after the round of a village of about 1850.
WAKING = {Kind.HOUSE: (5.4, 21.6), Kind.INN: (5.0, 23.4)}
COOKING = {
    Kind.HOUSE: ((5.6, 7.2), (10.8, 12.4), (16.8, 18.8)),
    Kind.INN: ((5.2, 23.0),),
    Kind.BAKERY: ((3.2, 10.5),),
    Kind.FORGE: ((6.8, 18.2),),
}
LIT = {
    Kind.HOUSE: ((5.4, 21.6),),
    Kind.INN: ((5.0, 23.4),),
    Kind.BAKERY: ((3.0, 19.0),),
    Kind.FORGE: ((6.8, 18.2),),
    Kind.MILL: ((6.5, 18.5),),
    Kind.CHAPEL: ((6.5, 7.5), (17.5, 19.0)),
    Kind.SCHOOL: ((7.6, 16.2),),
}
AT_WORK = {
    Kind.INN: ((6.5, 23.0),),
    Kind.BAKERY: ((5.5, 17.5),),
    Kind.FORGE: ((6.9, 18.0),),
    Kind.MILL: ((6.8, 18.0),),
    Kind.CHAPEL: ((6.5, 19.5),),
    Kind.SCHOOL: ((7.6, 12.0), (13.0, 16.0)),
    Kind.BARN: ((5.5, 19.0),),
}
HEATED = (Kind.HOUSE, Kind.INN, Kind.SCHOOL)
HEATED_HOURS = {Kind.SCHOOL: ((7.2, 16.0),)}


class Households:
    """The buildings of one valley, whose state follows from the hour, the weather and the water on the ground."""

    def __init__(self, buildings: NDArray[np.void], seed: int) -> None:
        """`buildings` are columns.BUILDINGS."""
        kinds = [Kind(int(kind)) for kind in buildings["kind"]]
        rows = np.arange(len(buildings), dtype=np.int64)
        self._late = (2.0 * hashed_unit(rows, rows * 0, seed, "household") - 1.0) * JITTER_HOURS
        self._cooking, self._lit, self._at_work = (_hours(kinds, spans) for spans in (COOKING, LIT, AT_WORK))
        self._awake = _hours(kinds, {kind: (span,) for kind, span in WAKING.items()})
        self._heated_hours = _hours(kinds, HEATED_HOURS)
        self._warmed = np.array([kind in HEATED and kind not in HEATED_HOURS for kind in kinds], dtype=np.bool_)
        self._houses = np.array([kind == Kind.HOUSE for kind in kinds], dtype=np.bool_)
        self._airy = self._houses & (hashed_unit(rows, rows * 0 + 1, seed, "household") < 0.5)
        yaw, half = buildings["yaw"].astype(np.float64), buildings["depth_m"].astype(np.float64) / 2
        self._door_x = buildings["x"] + np.sin(yaw) * half
        self._door_y = buildings["y"] - np.cos(yaw) * half
        self._floor = buildings["z"].astype(np.float64)
        self._stands_in_water = np.array([kind == Kind.BRIDGE for kind in kinds], dtype=np.bool_)
        self._over: tuple[Surface, Floats] | None = None  # the water over the thresholds, which stays with its surface

    def at(
        self,
        local: datetime,
        sun_elevation: float,
        weather: Weather,
        surface: Surface,
        heights: NDArray[np.float32],
        origin: tuple[float, float],
        cell_m: float,
    ) -> NDArray[np.void]:
        """The state of every building, columns.BUILDING_STATE.

        Args:
            local: local solar date and time.
            sun_elevation: radians.
            weather: of the moment.
            surface: the water on the ground.
            heights: of the ground on the same lattice, m.
            origin: world x, y of its first sample.
            cell_m: its spacing.
        """
        made = np.zeros(len(self._late), BUILDING_STATE)
        own = (local.hour + local.minute / 60.0 + local.second / 3600.0 - self._late) % 24.0
        if sun_elevation < LAMPS_BELOW:
            made["lamp"] = _within(own, self._lit)
        else:
            made["door"] = self._open(own, weather)
        made["hearth"] = _within(own, self._cooking) | self._heated(own, weather.temperature_c)
        if self._over is None or self._over[0] is not surface:
            self._over = surface, self._flooded(surface, heights, origin, cell_m)
        made["water_m"] = self._over[1]
        return made

    def _heated(self, hour: Floats, temperature_c: float) -> Flags:
        if temperature_c >= HEATED_BELOW_C:
            return np.zeros(len(hour), dtype=np.bool_)
        fires = _within(hour, self._heated_hours)
        return fires | (self._warmed if temperature_c < BITTER_C else self._warmed & _within(hour, self._awake))

    def _open(self, hour: Floats, weather: Weather) -> Flags:
        if weather.raining or weather.temperature_c < COLD_SHUT_C:
            return np.zeros(len(hour), dtype=np.bool_)
        open_ = _within(hour, self._at_work) & ~self._houses
        return open_ | (self._airy & _within(hour, self._awake)) if weather.temperature_c > OPEN_ABOVE_C else open_

    def _flooded(
        self, surface: Surface, heights: NDArray[np.float32], origin: tuple[float, float], cell_m: float
    ) -> Floats:
        depth = bilinear(surface.water_m, origin, cell_m, self._door_x, self._door_y)
        level = bilinear(heights, origin, cell_m, self._door_x, self._door_y) + depth
        over = np.maximum(level - self._floor, 0.0)
        return np.where((depth > 0.0) & ~self._stands_in_water, over, 0.0)


def _hours(kinds: Sequence[Kind], spans: Mapping[Kind, Sequence[tuple[float, float]]]) -> tuple[Floats, Floats]:
    """When the spans of each building begin and end, (spans, buildings) both; those it has not end as they begin."""
    most = max(len(some) for some in spans.values())
    table = np.zeros((2, most, len(kinds)))
    for column, kind in enumerate(kinds):
        for row, span in enumerate(spans.get(kind, ())):
            table[:, row, column] = span
    return table[0], table[1]


def _within(hour: Floats, spans: tuple[Floats, Floats]) -> Flags:
    """Whose hour (buildings,) lies in one of its spans."""
    begins, ends = spans
    within: Flags = np.any((begins <= hour) & (hour < ends), axis=0)
    return within
