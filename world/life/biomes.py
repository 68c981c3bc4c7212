"""Which kinds of plants a climate lets grow, as continuous shares: Whittaker's diagram without its hard edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from assets.palette import Species
from world.grid import smoothstep
from world.life.year import LAPSE_C_M, Normals, daily_warmth, degree_days, water_supply

Floats = NDArray[np.float64]

FEWEST_LEVELS, LEVELS_APART_M = 5, 60.0  # heights at which the climate is worked out; places lie between
LEAST_SPAN_M = 10.0
UPSLOPE_HELP = 0.75  # how far water from upslope and from the river makes up for missing rain
RIDGE_LOSS = 0.15
MOIST, DRY_RIDGE = 0.45, 0.18  # topographic wetness above and below which that happens


class PlantType(IntEnum):
    """What shares the ground of a cell."""

    BOREAL_CONIFER = 0
    TEMPERATE_BROADLEAF = 1
    PIONEER = 2  # birch, aspen, larch
    EVERGREEN_SCRUB = 3  # mediterranean oak, olive, maquis
    TROPICAL_BROADLEAF = 4
    SAVANNA_TREE = 5
    DESERT_SHRUB = 6
    GRASS = 7
    TUNDRA = 8
    BARE = 9


TREES = (
    PlantType.BOREAL_CONIFER,
    PlantType.TEMPERATE_BROADLEAF,
    PlantType.PIONEER,
    PlantType.EVERGREEN_SCRUB,
    PlantType.TROPICAL_BROADLEAF,
    PlantType.SAVANNA_TREE,
)

DRAWN: dict[PlantType, dict[Species, float]] = {
    PlantType.BOREAL_CONIFER: {Species.CONIFER: 1.0},
    PlantType.TEMPERATE_BROADLEAF: {Species.BROADLEAF: 1.0},
    PlantType.PIONEER: {Species.BIRCH: 1.0},
    PlantType.EVERGREEN_SCRUB: {Species.BROADLEAF: 1.0},
    PlantType.TROPICAL_BROADLEAF: {Species.BROADLEAF: 0.82, Species.PALM: 0.18},
    PlantType.SAVANNA_TREE: {Species.ACACIA: 0.85, Species.PALM: 0.15},
}
"""The trees that are drawn for each type, as shares of it."""


@dataclass(frozen=True)
class Bioclimate:
    """What decides who can live somewhere; arrays of one shape."""

    coldest_c: Floats  # mean of the coldest month
    warmest_c: Floats
    degree_days_0: Floats  # K d of the year above 0
    degree_days_5: Floats
    water: Floats  # actual over potential evaporation, 0..1


def bioclimate(climate: Normals, lift_m: Floats, moisture: Floats | float = 0.3) -> Bioclimate:
    """The bioclimate at heights above the datum, with each place's topographic wetness 0..1."""
    lift = np.asarray(lift_m, dtype=np.float64)
    low, high = (float(lift.min()), float(lift.max())) if lift.size else (0.0, 0.0)
    high = max(high, low + LEAST_SPAN_M)
    levels = np.linspace(low, high, max(FEWEST_LEVELS, math.ceil((high - low) / LEVELS_APART_M) + 1))
    warmth = daily_warmth(climate, levels)
    water = water_supply(climate, levels)
    months = climate.temperature_c

    def at(values: Floats) -> Floats:
        return np.interp(lift, levels, values)

    cooling = -LAPSE_C_M * lift
    wet = np.asarray(moisture, dtype=np.float64)
    missing = (1.0 - at(water)) * (1.0 - UPSLOPE_HELP * smoothstep(MOIST, 1.0, wet))
    drained = 1.0 - RIDGE_LOSS * (1.0 - smoothstep(0.0, DRY_RIDGE, wet))
    return Bioclimate(
        coldest_c=months.min() + cooling,
        warmest_c=months.max() + cooling,
        degree_days_0=at(degree_days(warmth, 0.0)),
        degree_days_5=at(degree_days(warmth, 5.0)),
        water=(1.0 - missing) * drained,
    )


def biome_weights(b: Bioclimate) -> Floats:
    """Shares of the plant types (PlantType, ...) at every place, summing to 1.

    Limits of cold, warmth and water after Prentice et al. 1992 (BIOME1, table 1), each softened over a few degrees
    or a quarter of its value; trees take what water and warmth allow, the rest falls to grass, shrubs, tundra and
    bare ground.
    """
    cold, water, warmth = b.coldest_c, b.water, b.degree_days_5
    share = np.zeros((len(PlantType), *np.broadcast_shapes(cold.shape, water.shape)))
    moist = smoothstep(0.45, 0.75, water)
    cool_summer = 1 - smoothstep(20.0, 27.0, b.warmest_c)
    mild_summer = 1 - smoothstep(25.0, 31.0, b.warmest_c)
    share[PlantType.BOREAL_CONIFER] = (
        smoothstep(-45.0, -35.0, cold)
        * (1 - smoothstep(-2.0, 5.0, cold))
        * smoothstep(300.0, 700.0, warmth)
        * smoothstep(0.3, 0.6, water)
        * cool_summer
    )
    share[PlantType.TEMPERATE_BROADLEAF] = (
        smoothstep(-15.0, -5.0, cold)
        * (1 - smoothstep(12.0, 17.0, cold))
        * smoothstep(900.0, 1700.0, warmth)
        * moist
        * mild_summer
    )
    share[PlantType.PIONEER] = (
        0.3
        * cool_summer
        * (1 - smoothstep(3.0, 9.0, cold))
        * smoothstep(250.0, 500.0, warmth)
        * smoothstep(0.3, 0.6, water)
    )
    share[PlantType.EVERGREEN_SCRUB] = (
        smoothstep(2.0, 7.0, cold)
        * (1 - smoothstep(13.0, 18.0, cold))
        * smoothstep(0.2, 0.4, water)
        * (1 - 0.8 * smoothstep(0.65, 0.85, water))
    )
    share[PlantType.TROPICAL_BROADLEAF] = smoothstep(13.5, 17.5, cold) * smoothstep(0.6, 0.85, water)
    share[PlantType.SAVANNA_TREE] = (
        smoothstep(9.0, 16.0, cold) * smoothstep(0.18, 0.4, water) * (1 - smoothstep(0.65, 0.9, water))
    )
    fitting = share[: len(TREES)].sum(axis=0)
    woody = woody_cover(b) * smoothstep(0.0, 0.3, fitting)
    share[: len(TREES)] *= woody / np.maximum(fitting, 1e-9)
    growing = smoothstep(100.0, 500.0, b.degree_days_0)
    share[PlantType.GRASS] = smoothstep(0.1, 0.4, water) * smoothstep(300.0, 700.0, b.degree_days_5) * growing
    share[PlantType.DESERT_SHRUB] = smoothstep(0.02, 0.12, water) * (1 - smoothstep(0.2, 0.45, water)) * growing
    share[PlantType.TUNDRA] = (
        smoothstep(20.0, 200.0, b.degree_days_0) * (1 - smoothstep(300.0, 700.0, warmth)) * smoothstep(0.2, 0.5, water)
    )
    low = share[PlantType.DESERT_SHRUB : PlantType.BARE]
    share[PlantType.BARE] = np.maximum(1.0 - low.max(axis=0), 0.0)
    floor = share[PlantType.DESERT_SHRUB :]
    floor *= (1.0 - woody) / floor.sum(axis=0)
    return share


def woody_cover(b: Bioclimate) -> Floats:
    """The most crown cover that water and warmth sustain, 0..1.

    Rises with water from nothing in deserts to closed forest, as in Sankaran et al. 2005 for savannas; falls to
    nothing beyond the tree line, which lies where the growing season offers some 350 K d (Prentice et al. 1992).
    """
    enough = 0.65 + 0.25 * smoothstep(8.0, 16.0, b.coldest_c)  # fire and the dry season keep warm country open longer
    t = np.clip((b.water - 0.12) / (enough - 0.12), 0.0, 1.0)
    result: Floats = t * t * (3 - 2 * t) * smoothstep(280.0, 650.0, b.degree_days_5)
    return result


def tree_shares(weights: Floats) -> Floats:
    """Shares of the species (Species, ...) among the trees of every place, from `biome_weights`; 0 where none grow."""
    shares = np.zeros((len(Species), *weights.shape[1:]))
    for kind, drawn in DRAWN.items():
        for species, part in drawn.items():
            shares[species] += part * weights[kind]
    total = shares.sum(axis=0)
    result: Floats = np.where(total > 0.0, shares / np.maximum(total, 1e-12), 0.0)
    return result
