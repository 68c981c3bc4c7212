"""What can be mapped of a world: each layer with its values, its unit and its colours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_opening, maximum_filter

from assets.palette import GroundCover
from world.config import WorldConfig
from world.land.terrain import Terrain
from world.life.biomes import PlantType, bioclimate, biome_weights
from world.nature import Nature
from world.sky.climate import climate_of
from world.sky.field import AirField, relief_of
from world.sky.field import Terrain as Relief
from world.sky.normals import MONTH_DAYS, Climate
from world.sky.weather import Sky
from world.valley import Valley, lattice, terrain_of
from world.view import Surface
from world.village.site import suitability
from world.world import valley_of

Floats = NDArray[np.float64]

STILL_WATER, ORDINARY_WATER = "#5c99bf", "#b3bec4"
COARSE_RATE = 1  # ticks per second while nobody lives in the world: the land has steps of its own
STRIDE_S = 60
LEAST_WATER_M, LEAST_SNOW_M = 0.01, 0.005  # less is not drawn
LEAST_FLOW_L_S, LEAST_DRAINAGE_L_S = 0.02, 1e-3
LAKE_CELLS = 7  # water as broad as this is no river


class Mapped:
    """A world to draw, made as far as the layers ask for.

    Args:
        config: what it is made from.
        at_s: the moment of the run at which what changes is drawn. Without one, rain and temperature are those of a
            mean year, and what lies on the ground is that of the first moment.
    """

    def __init__(self, config: WorldConfig, at_s: float | None = None) -> None:
        self.config = replace(config, tick_rate=COARSE_RATE)
        self.at_s = at_s

    @cached_property
    def valley(self) -> Valley:
        """The finished valley."""
        return valley_of(self.config)

    @cached_property
    def climate(self) -> Climate:
        """The usual year."""
        return climate_of(self.config.climate)

    @cached_property
    def terrain(self) -> Terrain:
        """The ground before anybody settled on it."""
        return terrain_of(lattice(self.config.size_m), self.config.seed, self.climate, self.config.land)

    def steps(self) -> Iterator[float]:
        """Let the time up to the moment pass; yields how many seconds have."""
        end = round((self.at_s or 0.0) * COARSE_RATE)
        while (tick := self._nature.now.tick) < end:
            yield self._nature.advance(min(tick + STRIDE_S * COARSE_RATE, end)).tick / COARSE_RATE

    @cached_property
    def _begun(self) -> tuple[Nature, Surface]:
        """Nature, which goes on to the moment, and what lay on the ground before it did."""
        nature = Nature(self.config, self.valley)
        return nature, nature.now.surface

    @property
    def _nature(self) -> Nature:
        return self._begun[0]

    @property
    def first(self) -> Surface:
        """What lay on the ground at the first moment."""
        return self._begun[1]

    @property
    def surface(self) -> Surface:
        """What lies on the ground at the moment, as last published."""
        for _ in self.steps():
            pass
        return self._nature.now.surface

    @property
    def air(self) -> AirField:
        """The air over the map at the moment."""
        config, valley = self.config, self.valley
        relief = relief_of(valley.heights, valley.origin, valley.cell_m, valley.buildings)
        sky = Sky(config.weather, self.climate, config.seed, config.start, config.longitude, relief)
        return sky.field(self.at_s or 0.0)

    @cached_property
    def relief(self) -> Relief:
        """What the relief does to the air."""
        valley = self.valley
        return Relief(relief_of(valley.heights, valley.origin, valley.cell_m, valley.buildings), self.climate.latitude)


@dataclass(frozen=True)
class Layer:
    """One map and how it is drawn.

    The values (rows, cols) are of any lattice over the whole map, rows go north. Those of classes are their numbers,
    or shares (classes, rows, cols), whose colours are mixed.
    """

    key: str
    title: str
    unit: str
    values: Callable[[Mapped], Floats]
    colours: str | tuple[str, ...]  # a colour map of matplotlib, or its colours from low to high
    low: float | None = None  # of the scale; the values' own if None
    high: float | None = None
    log: bool = False
    hidden_below: float | None = None  # lower values leave the bare relief
    classes: tuple[tuple[str, str], ...] = ()  # names and colours
    moment: bool = False  # whether it changes while the run goes on
    water: bool = True  # rivers and lakes are drawn over it
    ordinary: str = STILL_WATER  # colour of rivers and lakes where the layer draws nothing
    shaded: float = 0.55  # how strongly the relief shows
    village: bool = False  # whether its houses are drawn
    close: bool = False  # whether the map shows no more than the village and what is round it
    nothing: str = ""  # what is said where all is hidden


RELIEF = ("#5d8a6b", "#8fab72", "#c2c184", "#ddcda0", "#ebdfca", "#f8f5f1")  # lighter with height
WATERS = ("#d9ecf2", "#7fc0d6", "#2f86b3", "#134e84", "#0a2350")
SNOWS = ("#b9cfe4", "#d9e6f2", "#f2f7fb", "#ffffff")

COVERS = {
    GroundCover.GRASS: ("grass", "#b5c98a"),
    GroundCover.MEADOW: ("meadow", "#dbe3a4"),
    GroundCover.FOREST_FLOOR: ("wood", "#3f6b4a"),
    GroundCover.ROCK: ("rock", "#8d8a88"),
    GroundCover.SAND: ("sand", "#ecdcae"),
    GroundCover.MUD: ("mud", "#7a5c45"),
    GroundCover.PATH: ("path", "#c99a6b"),
    GroundCover.FIELD: ("field", "#e0b84c"),
    GroundCover.SQUARE: ("square", "#d07f5a"),
}
PLANTS = {
    PlantType.BOREAL_CONIFER: ("boreal conifers", "#2b4f4a"),
    PlantType.TEMPERATE_BROADLEAF: ("temperate broadleaves", "#5a8f4f"),
    PlantType.PIONEER: ("birch and aspen", "#a3bf6b"),
    PlantType.EVERGREEN_SCRUB: ("evergreen scrub", "#7f7b3a"),
    PlantType.TROPICAL_BROADLEAF: ("tropical broadleaves", "#0f6b3c"),
    PlantType.SAVANNA_TREE: ("savanna trees", "#c9a44a"),
    PlantType.DESERT_SHRUB: ("desert shrub", "#d9b38c"),
    PlantType.GRASS: ("grass", "#d8dd9a"),
    PlantType.TUNDRA: ("tundra", "#9fb3b0"),
    PlantType.BARE: ("bare", "#c4bcb4"),
}


def lakes(valley: Valley) -> NDArray[np.bool_]:
    """Where water is too broad for a river."""
    lake: NDArray[np.bool_] = binary_opening(valley.water_depth > 0.0, np.ones((LAKE_CELLS, LAKE_CELLS)))
    return lake


def _flow(mapped: Mapped) -> Floats:
    """Mean flow in litres per second in channels, drawn a little wider than they are; none in lakes."""
    valley = mapped.valley
    lake = lakes(valley)
    channel = ((valley.channel_width_m > 0.0) | (valley.water_depth > 0.0)) & ~lake
    flow = np.where(channel, 1000.0 * valley.discharge_m3_s.astype(np.float64), 0.0)
    wider: Floats = np.where(lake, 0.0, maximum_filter(flow, footprint=[[0, 1, 0], [1, 1, 1], [0, 1, 0]]))
    return wider


def _drainage(mapped: Mapped) -> Floats:
    """Mean flow in litres per second through every cell; none in lakes, where no cell has a share of its own."""
    flow = 1000.0 * mapped.valley.discharge_m3_s.astype(np.float64)
    through: Floats = np.where(lakes(mapped.valley), 0.0, np.maximum(flow, LEAST_DRAINAGE_L_S))
    return through


def _rain(mapped: Mapped) -> Floats:
    """Rain and snow of the mean year in mm; of the moment in mm/h."""
    if mapped.at_s is not None:
        return mapped.air.rain_mm_h + mapped.air.snow_mm_h
    climate, total = mapped.climate, 0.0
    for month in range(12):
        wind = climate.wind_m_s[month]
        east, north = wind * np.cos(climate.prevailing_towards), wind * np.sin(climate.prevailing_towards)
        factor = mapped.relief.precipitation_factor(_mid(month), float(east), float(north))
        total = total + climate.rain_mm[month] * factor
    return np.asarray(total, dtype=np.float64)


def _temperature(mapped: Mapped) -> Floats:
    """Mean of the year in degrees; of the moment."""
    if mapped.at_s is not None:
        return mapped.air.temperature_c
    months = [mapped.relief.temperature(float(mapped.climate.temperature_c[m]), _mid(m), 0.0) for m in range(12)]
    mean: Floats = np.average(months, axis=0, weights=MONTH_DAYS)
    return mean


def _mid(month: int) -> date:
    return date(2001, month + 1, 15)


def _plant_types(mapped: Mapped) -> Floats:
    """Shares of the types of plants (types, rows, cols)."""
    valley = mapped.valley
    lift = np.maximum(valley.heights.astype(np.float64), 0.0)
    return biome_weights(bioclimate(mapped.climate, lift, valley.moisture.astype(np.float64)))


def _flood(mapped: Mapped) -> Floats:
    """Depth of water above that of the run's first moment, when streams have their ordinary flow."""
    return np.asarray(mapped.surface.water_m, dtype=np.float64) - mapped.first.water_m


def _suitability(mapped: Mapped) -> Floats:
    return suitability(mapped.terrain, mapped.config.latitude)


LAYERS: dict[str, Layer] = {
    layer.key: layer
    for layer in (
        Layer("heights", "Heights", "m above the datum", lambda m: m.valley.heights.astype(np.float64), RELIEF),
        Layer(
            "hillshade", "Relief", "", lambda m: m.valley.heights.astype(np.float64), ("#f4f1ea", "#f4f1ea"), shaded=1.0
        ),
        Layer(
            "rivers",
            "Rivers and lakes",
            "mean flow, l/s",
            _flow,
            WATERS[1:],
            low=LEAST_FLOW_L_S,
            log=True,
            hidden_below=LEAST_FLOW_L_S,
            water=False,
            shaded=0.35,
            nothing="no stream runs",
        ),
        Layer(
            "drainage",
            "Drainage",
            "mean flow through each cell, l/s",
            _drainage,
            WATERS,
            low=LEAST_DRAINAGE_L_S,
            log=True,
            hidden_below=LEAST_DRAINAGE_L_S,
            water=False,
            shaded=0.0,
        ),
        Layer(
            "hardness",
            "Hardness of the rock",
            "relative to sandstone",
            lambda m: m.terrain.hardness,
            "cividis",
            shaded=0.35,
        ),
        Layer(
            "soil", "Soil", "depth over the rock, m", lambda m: m.valley.soil_m.astype(np.float64), "YlOrBr", low=0.0
        ),
        Layer(
            "biomes",
            "Plants that the climate favours",
            "colours mixed by share",
            _plant_types,
            (),
            classes=tuple(PLANTS[kind] for kind in PlantType),
            shaded=0.35,
        ),
        Layer(
            "cover",
            "Ground cover",
            "",
            lambda m: m.valley.cover.astype(np.float64),
            (),
            classes=tuple(COVERS[kind] for kind in GroundCover),
            shaded=0.35,
        ),
        Layer(
            "canopy",
            "Crown cover",
            "share of the ground",
            lambda m: m.valley.canopy.astype(np.float64),
            "YlGn",
            low=0.0,
            high=1.0,
        ),
        Layer(
            "suitability",
            "Where people would settle",
            "suitability, 0 to 1",
            _suitability,
            "viridis",
            low=0.0,
            high=1.0,
            shaded=0.3,
            village=True,
        ),
        Layer(
            "ways",
            "The village and its ways",
            "",
            lambda m: m.valley.cover.astype(np.float64),
            (),
            classes=tuple(COVERS[kind] for kind in GroundCover),
            shaded=0.2,
            village=True,
            close=True,
        ),
        Layer("rain", "Rain and snow", "mm", _rain, "YlGnBu", shaded=0.25),
        Layer("temperature", "Temperature", "°C", _temperature, "inferno", shaded=0.25),
        Layer(
            "moisture",
            "Soil moisture",
            "0 dry to 1 saturated",
            lambda m: m.surface.wetness.astype(np.float64),
            "YlGnBu",
            low=0.0,
            high=1.0,
            moment=True,
            shaded=0.3,
        ),
        Layer(
            "snow",
            "Lying snow",
            "cm",
            lambda m: 100.0 * m.surface.snow_m.astype(np.float64),
            SNOWS,
            low=0.0,
            hidden_below=100.0 * LEAST_SNOW_M,
            moment=True,
            nothing="no snow lies",
        ),
        Layer(
            "flood",
            "Flood",
            "m above the ordinary level",
            _flood,
            WATERS[1:],
            low=0.0,
            hidden_below=LEAST_WATER_M,
            moment=True,
            water=False,
            ordinary=ORDINARY_WATER,
            shaded=0.35,
            village=True,
            nothing="nothing is flooded",
        ),
    )
}
"""Every layer by its key, in the order in which a sheet shows them."""
