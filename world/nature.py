"""Nature in one valley, whoever lives there: the sky, the land under it and the season, at any tick.

It follows from the configuration, the time and the fronts that were sent: nothing that people do comes back to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world import cache
from world.config import WorldConfig
from world.life.seasons import Seasons
from world.sky.climate import climate_of
from world.sky.field import relief_of
from world.sky.sun import Sun, sun_at, utc_of
from world.sky.weather import Sky
from world.state import Plain, column, folded, part, typed, unfolded
from world.valley import Valley
from world.view import Season, Surface, Weather
from world.water.surface import LandSurface, Sunrise

SURFACE_S = 30  # between two publications of what lies on the ground, and of the season
KEPT_S = 900  # between two copies of the land's whole state: what a keyframe goes back to, and steps on from
ROUND_M = 60.0  # round the outermost place: what counts as in and round the village


@dataclass(frozen=True)
class Now:
    """Nature at one tick."""

    tick: int
    local_time: datetime
    sun: Sun
    utc: datetime
    weather: Weather
    surface: Surface
    season: Season


class Nature:
    """Sky, land and season of one run. Time only goes forward, but for `thaw`."""

    def __init__(self, config: WorldConfig, valley: Valley) -> None:
        """Lay the opening's water and snow on a valley.

        Raises:
            KeyError: if the weather names an unknown kind.
            StationError: if the station's file cannot be read.
        """
        self._config, self._valley = config, valley
        self.climate = climate_of(config.climate)
        relief = relief_of(valley.heights, valley.origin, valley.cell_m, valley.buildings)
        self._sky = Sky(config.weather, self.climate, config.seed, config.start, config.longitude, relief)
        self._seasons = Seasons(self.climate, config.latitude)
        self._ahead = config.start - utc_of(config.start, config.longitude)  # of local time
        where = Sunrise(config.start, config.latitude, config.longitude)
        self.land = self._settled_land(where)
        self._round = village_window(valley)
        self._first: Plain = self.land.freeze()
        self._kept: tuple[int, Plain] = (0, self._first)  # tick, and the land's state then
        self._publish(0)
        self.now = self._look(0)

    def _settled_land(self, where: Sunrise) -> LandSurface:
        """The land at the beginning; that a mean day's flow settles takes seconds, so the result is kept."""
        config = self._config
        name = cache.key(*config.valley_inputs, self.climate)
        settled = cache.load_arrays("water", name)
        land = LandSurface(
            self._valley,
            self._sky,
            self.climate,
            where,
            *self._sky.opening_ground,
            settled and unfolded(settled),
            SURFACE_S,
        )
        if settled is None:
            cache.store_arrays("water", name, folded(land.settled))
        return land

    def advance(self, tick: int) -> Now:
        """Nature at this tick, which must not lie before the last."""
        rate = self._config.tick_rate
        for publication in range(self._surface.tick + SURFACE_S * rate, tick + 1, SURFACE_S * rate):
            self.land.advance(publication / rate)
            self._publish(publication)
            if publication % (KEPT_S * rate) == 0:
                self._kept = (publication, self.land.freeze())
        self.land.advance(tick / rate)
        self.now = self._look(tick)
        return self.now

    def lightning(self, tick: int) -> list[dict[str, float]]:
        """Strokes between the tick before and this one: x, y in metres, peak current in kA."""
        rate = self._config.tick_rate
        strokes = self._sky.lightning((tick - 1) / rate, tick / rate)
        if not len(strokes):
            return []
        return [{name: float(stroke[name]) for name in ("x", "y", "peak_ka")} for stroke in strokes]

    def send_front(self, kind: str, over_s: float) -> None:
        """Let another kind of weather arrive from now on. Raises KeyError for unknown kinds."""
        self._sky.send(kind, self.now.tick / self._config.tick_rate, over_s)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """All that changes, as arrays, for the state hash; the land by a digest of its history."""
        return {"land": np.frombuffer(self.land.digest(), dtype=np.uint8), **self._sky.state()}

    def freeze(self) -> Plain:
        """The sky, and the land as a digest: the land's state follows from `kept`."""
        return {"sky": self._sky.freeze(), "land": np.frombuffer(self.land.digest(), dtype=np.uint8)}

    def kept(self) -> dict[str, Any]:
        """The last copy of the land and its tick; without the copy where that is the beginning of the run."""
        tick, state = self._kept
        return {"tick": tick} if tick == 0 else {"tick": tick, "state": state}

    def thaw(self, tick: int, state: Plain, kept: Plain) -> None:
        """Stand at the tick at which `freeze` and `kept` were taken, by stepping the land on from the copy.

        Raises:
            ValueError: the state does not fit, or the land comes to another state than it had.
        """
        since = typed(part(kept, "tick"), int, "land.tick")
        before = self._sky.freeze()
        self._sky.thaw(part(state, "sky"))
        rate = self._config.tick_rate
        publication = tick - tick % (SURFACE_S * rate)
        ahead = self.land.second > tick // rate or self._surface.tick > publication
        if ahead or since != self._kept[0] or self._sky.freeze() != before:
            self.land.thaw(self._first if since == 0 else part(kept, "state"))
            self._kept = (since, self.land.freeze())
            self._publish(since)
        self.advance(tick)
        wanted = column(part(state, "land"), "land", np.dtype(np.uint8)).tobytes()
        if self.land.digest() != wanted:
            raise ValueError("the land does not come to the state it had")

    def _publish(self, tick: int) -> None:
        self._surface = self.land.published(tick)
        self._season = self._seasons.at(self._config.start + timedelta(seconds=tick / self._config.tick_rate))
        rows, cols = self._round
        self._wetness = float(self._surface.wetness[rows, cols].mean(dtype=np.float64))
        self._snow_m = float(self._surface.snow_m[rows, cols].mean(dtype=np.float64))

    def _look(self, tick: int) -> Now:
        config = self._config
        local = config.start + timedelta(seconds=tick / config.tick_rate)
        utc = local - self._ahead
        return Now(
            tick=tick,
            local_time=local,
            sun=sun_at(utc, config.latitude, config.longitude),
            utc=utc,
            weather=self._sky.at(tick / config.tick_rate, self._wetness, self._snow_m),
            surface=self._surface,
            season=self._season,
        )


def village_window(valley: Valley) -> tuple[slice, slice]:
    """Rows and columns of the map in and round the village."""
    xs = np.array([(p.x, p.y) for p in valley.places if p.building >= 0])
    (west, south), (east, north) = xs.min(axis=0) - ROUND_M, xs.max(axis=0) + ROUND_M
    x0, y0 = valley.origin
    rows, cols = valley.heights.shape
    first = [
        int(np.clip((low - start) / valley.cell_m, 0, n - 2)) for low, start, n in ((south, y0, rows), (west, x0, cols))
    ]
    last = [
        int(np.clip((high - start) / valley.cell_m, 1, n - 1))
        for high, start, n in ((north, y0, rows), (east, x0, cols))
    ]
    return slice(first[0], last[0] + 1), slice(first[1], last[1] + 1)
