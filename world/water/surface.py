"""The land surface of a running valley: water, snow, warmth and wetness of every cell, and their books."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world.background import background
from world.compiled import compiled
from world.land.hydrology import runoff_mm_a
from world.sky.normals import Climate
from world.state import Plain, column, part, put_back, taken
from world.view import Surface
from world.water.basin import ALBEDO as COVER_ALBEDO
from world.water.basin import PLANTED as COVER_PLANTED
from world.water.basin import SATURATED_MM_H, Basin
from world.water.catchment import Catchment
from world.water.channels import Channels, channels_of
from world.water.forcing import Air, forcing_of, sun_towards
from world.water.ground import (
    AIR,
    ALBEDO,
    AZIMUTHS,
    CANOPY,
    CARRIED,
    DEEP,
    DEEP_MM_H,
    DENSITY,
    EAST_SLOPE,
    EVAPORATED,
    GROUND,
    GROUND_MOST,
    ICE,
    LATENT,
    MELTED,
    NET,
    NORTH_SLOPE,
    PLANTED,
    RAIN,
    RAINED,
    ROOT,
    ROOT_MOST,
    SATURATED,
    SEEPS_IN,
    SENSIBLE,
    SKY_VIEW,
    SNOW,
    SNOWED,
    SNOWFALL,
    STORED,
    STORES,
    SURFACE,
    TOP,
    TOTALS,
    TRAITS,
    UNDERFLOW,
)
from world.water.horizon import sky_view, skylines
from world.water.ledger import EnergyLedger, WaterLedger
from world.water.live_water import CALMS_S, LiveWater
from world.water.second import GROUND_STEP_S, rows_of, step_land
from world.water.snow import SETTLED_KG_M3
from world.water.soil import TOP_MM

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EPSILON_S = 1e-9
SPIN_UP_S, SPIN_UP_CALMS_S = 900, 20.0  # the flow of a mean day settles in the bed before the start
POROSITY, ROOTS_REACH_M, DRAINABLE = 0.42, 0.9, 0.08
LEAST_ROOT_MM, LEAST_GROUND_MM = 20.0, 20.0  # cracks in bare rock
SEEPS_AT_ONCE_H, SEEPS_TWICE_AT_M, SLOWEST_SEEP_H = 24.0, 50.0, 24.0 * 40  # travel to the stream; judgement
SOAKED_BELOW_M = 0.25  # ground less than this above its stream's level is full of water
USUAL_WETNESS = 0.3  # of the topsoil, where nothing else is said
WATER_STEP_M, SNOW_STEP_M, ICE_STEP_M, WETNESS_STEPS = 0.01, 0.005, 0.01, 32.0  # what is published is rounded to


@dataclass(frozen=True)
class Sunrise:
    """Where on Earth the valley lies, and when the run begins (local mean solar time)."""

    start: datetime
    latitude: float
    longitude: float


class LandSurface:
    """Everything that lies on the ground, runs over it and soaks into it, in strides of whole seconds from the start.

    A stride that has begun is stepped in the background: within it `digest` and `second` are of its beginning, and all
    else waits until it is stepped, and is of its end. Nothing that comes meanwhile could change it: the sky is read
    once a minute, and no stride goes over a minute's end.
    """

    _STATE = ("second", "_bank", "_entering_m3", "_entered_m3", "_initial_m3", "_totals", "_stores")

    def __init__(
        self,
        basin: Basin,
        air: Air,
        climate: Climate,
        sunrise: Sunrise,
        wetness: float = USUAL_WETNESS,
        snow_m: float = 0.0,
        settled: Plain | None = None,
        stride_s: int = 1,
    ) -> None:
        """Lay a mean day's water into the valley, and wetness (0..1 of what the topsoil holds) and settled snow.

        `settled` is what the attribute of this
        name says of another land on the same basin in the same climate; without it the flow settles here, which
        takes seconds. `stride_s` divides a minute.
        """
        if GROUND_STEP_S % stride_s:
            raise ValueError(f"strides of {stride_s} s do not divide {GROUND_STEP_S} s")
        self.basin, self._air, self._sunrise = basin, air, sunrise
        self._ways = channels_of(basin)
        self.second = 0
        self.stride_s = stride_s
        recharge_mm_h = recharge(climate)
        self._horizon = skylines(self._ways.ground, basin.cell_m, AZIMUTHS)
        self._traits = traits_of(basin, self._ways, sky_view(self._horizon, self._ways.ground.shape), recharge_mm_h)
        self._minute, self._forcing, self._sun = -1, np.zeros((0, 0, 0)), np.zeros(4)
        self._look_up(0)
        self._stores = opening_stores(self._traits, self._ways, climate, recharge_mm_h, wetness, snow_m, self._air_c())
        rows, cols = self._ways.ground.shape
        self._streams = np.flatnonzero(self._ways.wet.ravel())
        self._bank = np.zeros(rows * cols)
        inflows = basin.inflows
        self._above = Catchment(
            inflows["area_m2"],
            inflows["discharge_m3_s"],
            climate.annual_rain_mm,
            1000.0 * snow_m * SETTLED_KG_M3 / 1000.0,
        )
        self._mouths = mouths(self._ways, inflows)
        self._entering_m3 = inflows["discharge_m3_s"].astype(np.float64)  # each second
        self._entered_m3 = 0.0
        self._totals = np.zeros(TOTALS)
        self._water = LiveWater(self._ways.bed, self._ways.depth)
        self._chain = b""
        self._begun = False  # the next stride
        self._apart: Future[None] | None = None  # its work
        if settled is None:
            self._spin_up(recharge_mm_h)
        else:
            self._water.thaw(part(settled, "water"))
            put_back(self, ("_bank",), part(settled, "springs"))
        self.settled: Plain = {"water": self._water.freeze(), "springs": taken(self, ("_bank",))}
        self._initial_m3 = self._stored_m3()
        self._sealed = self._seal()

    def advance(self, seconds: float) -> None:
        """Come to this moment after the start: end all strides before it, and begin the one it is in."""
        whole = math.floor(seconds + EPSILON_S)
        while self.second + self.stride_s <= whole:
            if not self._begun:
                self._begin()()
            self._end()
        if seconds - self.second > EPSILON_S and not self._begun:
            self._apart = background.begin(self._begin())
            self._begun = True

    def published(self, tick: int) -> Surface:
        """What lies on the ground at the end of a stride, rounded to what a recording keeps."""
        self._wait()
        maps = rounded(
            self._ways.ground, self._ways.bed.heights, self._water.depth, self._stores[SNOW], self._stores[DENSITY],
            self._stores[TOP], self._stores[ICE],
        )  # fmt: skip
        maps.flags.writeable = False
        return Surface(tick, maps[0], maps[1], maps[2], maps[3])

    @property
    def water(self) -> LiveWater:
        """The water on the ground; its maps may be written."""
        self._wait()
        return self._water

    @property
    def surface_c(self) -> Floats:
        """Temperature of the ground's, snow's or water's surface, (rows, cols)."""
        self._wait()
        surface: Floats = self._stores[SURFACE]
        return surface

    @property
    def outflow_m3_s(self) -> float:
        """Water that leaves the map at present."""
        east, north, cell = self.water.east, self.water.north, self.basin.cell_m
        return float(east[:, -1].sum() - east[:, 0].sum() + north[-1].sum() - north[0].sum()) * cell

    @property
    def inflow_m3_s(self) -> float:
        """Water that streams bring onto the map at present."""
        return float(self._entering_m3.sum())

    @property
    def water_ledger(self) -> WaterLedger:
        """The books of water since the start."""
        self._wait()
        t = self._totals
        return WaterLedger(
            initial=self._initial_m3,
            rain=float(t[RAINED]),
            snow=float(t[SNOWED]),
            inflow=self._entered_m3,
            outflow=self._water.left_m3 + float(t[UNDERFLOW]),
            evaporated=float(t[EVAPORATED]),
            stored=self._stored_m3(),
        )

    @property
    def energy_ledger(self) -> EnergyLedger:
        """The books of energy since the start."""
        self._wait()
        return EnergyLedger(*(float(self._totals[k]) for k in (NET, SENSIBLE, LATENT, STORED, MELTED, CARRIED)))

    def digest(self) -> bytes:
        """Sixteen bytes that follow from all that happened up to the end of the last stride.

        With each a part of the land goes into them, in turns.
        """
        return self._sealed

    def freeze(self) -> Plain:
        """All that changes, as plain values. Raises RuntimeError within a stride."""
        if self._begun:
            raise RuntimeError("the land can be frozen at the end of a stride only")
        state = taken(self, self._STATE)
        chain = np.frombuffer(self._chain, dtype=np.uint8).copy()
        return state | {"water": self._water.freeze(), "above": self._above.freeze(), "chain": chain}

    def thaw(self, state: Plain) -> None:
        """Stand where `freeze` was taken. Raises ValueError if the state does not fit."""
        self._wait()
        put_back(self, self._STATE, state)
        self._water.thaw(part(state, "water"))
        self._above.thaw(part(state, "above"))
        self._chain = column(part(state, "chain"), "chain", np.dtype(np.uint8)).tobytes()
        self._minute, self._begun = -1, False
        self._sealed = self._seal()

    def __getstate__(self) -> dict[str, Any]:
        """What copies of this are made of: its attributes, once nobody works on them."""
        self._wait()
        return self.__dict__

    def _begin(self) -> Callable[[], None]:
        """Read the sky for the next stride, and take in what streams bring; returns the work that is left of it."""
        second = self.second
        self._look_up(second)
        if second % GROUND_STEP_S == 0:
            self._step_catchment()
        row, col, share = self._mouths
        entering = share @ self._entering_m3
        self._entered_m3 += self.stride_s * float(self._entering_m3.sum())
        scale = (self._forcing.shape[1] - 1) / (self._ways.ground.shape[1] - 1)
        ground = self._stores, self._traits, self._ways.drains_to, self._horizon, self._bank, self._totals
        step = partial(
            step_land, second, self.stride_s, ground, (self._forcing, scale, self._sun), self._streams,
            (row, col, entering), *self._water.at_hand(),
        )  # fmt: skip

        def work() -> None:
            step()
            self._chain = self._link()

        return work

    def _link(self) -> bytes:
        """The next link of the chain, which knows of a stride that was just stepped."""
        rows = self._ways.ground.shape[0]
        first, last = rows_of(self.second, rows)[0], rows_of(self.second + self.stride_s - 1, rows)[1]
        # Every change of a store also goes into the totals; so the stores themselves take turns.
        hashed = hashlib.blake2b(self._chain + self._totals.tobytes(), digest_size=16)
        hashed.update(self._stores[self.second // GROUND_STEP_S % STORES, first:last].data)
        hashed.update(self._water.rows(first, last).data)
        return hashed.digest()

    def _wait(self) -> None:
        """Wait until the stride that has begun is stepped. Raises what went wrong there, each time it is asked."""
        if self._apart is not None:
            self._apart.result()
            self._apart = None

    def _end(self) -> None:
        """Bring the stride that has begun to its end."""
        self._wait()
        self._begun = False
        self._water.second += self.stride_s
        self.second += self.stride_s
        self._sealed = self._seal()

    def _seal(self) -> bytes:
        hashed = hashlib.blake2b(self._chain, digest_size=16)
        hashed.update(
            self._totals.tobytes() + np.array([self.second, self._water.left_m3, self._water.fell_m3]).tobytes()
        )
        return hashed.digest()

    def _step_catchment(self) -> None:
        at = self.basin.inflows
        rows, cols = self._ways.ground.shape
        nodes = self._forcing.shape[1] - 1
        r = np.rint(at["row"] * (nodes / (rows - 1))).astype(np.int64)
        c = np.rint(at["col"] * (nodes / (cols - 1))).astype(np.int64)
        rain, snow, air = (self._forcing[k, r, c] for k in (RAIN, SNOWFALL, AIR))
        self._entering_m3 = self._above.step(rain, snow, air, float(GROUND_STEP_S)) / GROUND_STEP_S

    def _look_up(self, second: int) -> None:
        """Read the air and the sun of this minute, unless they are at hand."""
        minute = second // GROUND_STEP_S
        if minute == self._minute:
            return
        at = float(minute * GROUND_STEP_S)
        where = self._sunrise
        self._sun, elevation = sun_towards(where.start, at, where.latitude, where.longitude)
        self._forcing = forcing_of(self._air.field(at), elevation)
        self._minute = minute

    def _air_c(self) -> Floats:
        """Air temperature over every cell, from the nearest node."""
        rows, cols = self._ways.ground.shape
        nodes = self._forcing.shape[1] - 1
        r = np.rint(np.arange(rows) * (nodes / (rows - 1))).astype(np.int64)
        c = np.rint(np.arange(cols) * (nodes / (cols - 1))).astype(np.int64)
        air: Floats = self._forcing[AIR][np.ix_(r, c)]
        return air

    def _spin_up(self, recharge_mm_h: float) -> None:
        """Let the flow of a mean day settle: springs and streams bring what they bring on average."""
        springs = np.zeros(self._bank.size)
        seeping = self._stores[GROUND] / self._traits[SEEPS_IN] / 3.6e6 * self.basin.cell_m**2
        to = self._ways.drains_to
        np.add.at(springs, to[to >= 0], seeping.ravel()[to >= 0])
        springs = springs[self._streams]
        row, col, share = self._mouths
        cols = self._ways.ground.shape[1]
        self._water.calms_s = SPIN_UP_CALMS_S
        for _ in range(SPIN_UP_S):
            self._water.pour(self._streams // cols, self._streams % cols, springs)
            self._water.pour(row, col, share @ self._entering_m3)
            self._water.step()
        self._water.calms_s = CALMS_S
        self._water.left_m3 = 0.0
        self._bank[self._streams] = springs * GROUND_STEP_S

    def _stored_m3(self) -> float:
        """All water there is, m3: on the ground, in it, as snow, in the banks, and rain that is still to fall."""
        litre = self.basin.cell_m**2 / 1000.0
        in_ground = float(self._stores[[TOP, ROOT, GROUND, SNOW]].sum()) * litre
        awaited = 0.0
        stepped = self.second + self.stride_s * self._begun
        for turn in range(min(GROUND_STEP_S, stepped)):
            first, last = rows_of(turn, self._ways.ground.shape[0])
            since = (stepped - 1 - turn) % GROUND_STEP_S + 1
            awaited += float(self._water.falling[first:last].sum()) * (GROUND_STEP_S - since)
        return in_ground + float(self._bank.sum()) + self._water.volume_m3 + awaited * self.basin.cell_m**2


def recharge(climate: Climate) -> float:
    """Mean of what reaches the groundwater in mm/h: the runoff of the climate's year."""
    rain = np.array(climate.annual_rain_mm)
    return float(runoff_mm_a(rain, float(climate.pet_mm.sum()))) / 8766.0


def traits_of(basin: Basin, ways: Channels, view: Floats, recharge_mm_h: float) -> Floats:
    """What every cell is like, (TRAITS, rows, cols); see `ground`."""
    traits = np.zeros((TRAITS, *ways.ground.shape))
    soil = np.maximum(basin.soil_m.astype(np.float64), 0.0)
    land = ~ways.wet
    traits[SATURATED] = SATURATED_MM_H[basin.cover]
    traits[ROOT_MOST] = np.where(land, LEAST_ROOT_MM + 1000.0 * POROSITY * np.minimum(soil, ROOTS_REACH_M), 0.0)
    traits[GROUND_MOST] = np.where(land, LEAST_GROUND_MM + 1000.0 * DRAINABLE * soil, 0.0)
    away = ways.away_m.reshape(ways.ground.shape)
    seeps = np.minimum(SEEPS_AT_ONCE_H * (1.0 + away / SEEPS_TWICE_AT_M) ** 2, SLOWEST_SEEP_H)
    # Where more rains than such ground can pass on, it has found quicker ways: it is half full in the mean.
    quickest = 0.5 * traits[GROUND_MOST] / max(recharge_mm_h, 1e-9)
    traits[SEEPS_IN] = np.where(land, np.minimum(seeps, np.maximum(quickest, 1.0)), SEEPS_AT_ONCE_H)
    traits[SEEPS_IN][soaked_banks(ways)] = SLOWEST_SEEP_H  # nothing draws the water out of ground as low as the stream
    traits[ALBEDO], traits[PLANTED] = COVER_ALBEDO[basin.cover], COVER_PLANTED[basin.cover]
    traits[CANOPY] = np.clip(basin.canopy.astype(np.float64), 0.0, 1.0)
    traits[NORTH_SLOPE], traits[EAST_SLOPE] = np.gradient(ways.ground + ways.depth, basin.cell_m)
    traits[SKY_VIEW] = view
    return traits


def soaked_banks(ways: Channels) -> NDArray[np.bool_]:
    """Land so little above the stream it drains to that the groundwater stands at the surface, (rows, cols)."""
    level = (ways.bed.heights + ways.depth).ravel()
    to = ways.drains_to
    above = ways.ground.ravel() - level[np.maximum(to, 0)]
    soaked = (to >= 0) & (above < SOAKED_BELOW_M)
    found: NDArray[np.bool_] = soaked.reshape(ways.ground.shape) & ~ways.wet
    return found


def opening_stores(
    traits: Floats, ways: Channels, climate: Climate, recharge_mm_h: float, wetness: float, snow_m: float, air_c: Floats
) -> Floats:
    """What every cell holds at the start, (STORES, rows, cols): soil that drains as much as is usual, and the rest."""
    stores = np.zeros((STORES, *ways.ground.shape))
    land = ~ways.wet
    usual = max(0.25, min(0.9, (recharge_mm_h / DEEP_MM_H) ** 0.1))
    stores[TOP] = np.where(land, wetness * TOP_MM, TOP_MM)
    stores[ROOT] = usual * traits[ROOT_MOST]
    stores[GROUND] = np.minimum(recharge_mm_h * traits[SEEPS_IN], 0.9 * traits[GROUND_MOST])
    banks = soaked_banks(ways)
    stores[TOP][banks] = TOP_MM
    stores[ROOT][banks], stores[GROUND][banks] = traits[ROOT_MOST][banks], traits[GROUND_MOST][banks]
    stores[SNOW] = np.where(land, snow_m * SETTLED_KG_M3, 0.0)
    stores[DENSITY] = SETTLED_KG_M3
    stores[SURFACE] = np.where(stores[SNOW] > 0.0, np.minimum(air_c, 0.0), air_c)
    stores[SURFACE] = np.where(ways.depth > 0.0, np.maximum(stores[SURFACE], 0.1), stores[SURFACE])
    stores[DEEP] = 0.5 * (air_c + climate.annual_temperature_c)
    return stores


def mouths(ways: Channels, inflows: NDArray[np.void]) -> tuple[Ints, Ints, Floats]:
    """Where streams enter: rows and columns, each cell once, and the share of each stream there, (cells, streams).

    A stream enters over the wet cells beside its own.
    """
    rows, cols = ways.ground.shape
    found: list[tuple[int, int, int, float]] = []
    for number, inflow in enumerate(inflows):
        r, c = int(inflow["row"]), int(inflow["col"])
        along = (0, 1) if r in (0, rows - 1) else (1, 0)
        cells = [(r, c)]
        for sign in (1, -1):
            step = sign
            while True:
                nr, nc = r + step * along[0], c + step * along[1]
                if not (0 <= nr < rows and 0 <= nc < cols and ways.depth[nr, nc] > 0.0):
                    break
                cells.append((nr, nc))
                step += sign
        weights = np.array([max(float(ways.depth[cell]), 1e-3) for cell in cells])
        weights /= weights.sum()
        found += [(*cell, number, float(w)) for cell, w in zip(cells, weights, strict=True)]
    cells_of = sorted({(r, c) for r, c, _, _ in found})
    number_of = {cell: k for k, cell in enumerate(cells_of)}
    share = np.zeros((len(cells_of), len(inflows)))
    for r, c, stream, weight in found:
        share[number_of[r, c], stream] += weight
    at = np.array(cells_of, dtype=np.int64).reshape(-1, 2)
    return at[:, 0].copy(), at[:, 1].copy(), share


@compiled
def rounded(
    ground: Floats, bed: Floats, depth: Floats, snow: Floats, density: Floats, top: Floats, ice: Floats
) -> NDArray[np.float32]:
    """Water, snow depth, wetness and ice (4, rows, cols) as they are published."""
    rows, cols = depth.shape
    maps = np.zeros((4, rows, cols), dtype=np.float32)
    for r in range(rows):
        for c in range(cols):
            water = bed[r, c] + depth[r, c] - ground[r, c]
            if water > 0.0:
                maps[0, r, c] = round(water / WATER_STEP_M) * WATER_STEP_M
            if snow[r, c] > 0.0:
                maps[1, r, c] = round(snow[r, c] / density[r, c] / SNOW_STEP_M) * SNOW_STEP_M
            wetness = 1.0 if water > 0.0 else min(1.0, top[r, c] / TOP_MM)
            maps[2, r, c] = round(wetness * WETNESS_STEPS) / WETNESS_STEPS
            if ice[r, c] > 0.0:
                maps[3, r, c] = round(ice[r, c] / ICE_STEP_M) * ICE_STEP_M
    return maps
