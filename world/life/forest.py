"""Where trees may stand close: groves on the slopes, strips along the water, open ground round the village."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.grid import slope_of, smoothstep
from world.land.river import REFERENCE_SIZE_M
from world.land.terrain import Terrain
from world.life.biomes import TREES, PlantType, bioclimate, biome_weights
from world.life.year import Normals
from world.noise import fractal
from world.village.settlement import Settlement

Floats = NDArray[np.float64]

GROVE_WAVELENGTH_M = 260.0
STEEPEST_FOREST = 0.85  # rise over run that still holds soil for trees
CLOSED_CANOPY = 0.5  # density from which the ground is forest floor
WILD_HELP = 0.22  # groves spread where nobody could farm: taiga and rain forest
DRY_LOSS = 0.45  # and shrink to the moist places where rain does not sustain closed forest
WOOD_NEEDS = 0.25  # of woody cover, for the village to keep a wood


def forest_density(terrain: Terrain, settlement: Settlement, seed: int, climate: Normals) -> Floats:
    """0 open .. 1 closed canopy at every sample.

    Trees want moisture and soil: groves come from noise pushed by moisture and slope, thin out on the highest and the
    steepest ground, and leave the broad floor, which people graze and mow, almost open. How far they spread follows
    from what climate and soil sustain; beyond the tree line and in deserts there are none. The village's own wood
    stands where the settlement put it.
    """
    grid = terrain.grid
    weights = valley_weights(terrain, climate)
    woody = weights[: len(TREES)].sum(axis=0)
    wild = weights[PlantType.BOREAL_CONIFER] * (1 - smoothstep(0.1, 0.4, weights[PlantType.TEMPERATE_BROADLEAF]))
    wild = wild + weights[PlantType.TROPICAL_BROADLEAF]
    groves = fractal(grid.axis, grid.axis, GROVE_WAVELENGTH_M, 3, seed, "groves", 0.55)
    slope = slope_of(terrain.heights, grid.cell_m)
    relief = max(float(terrain.above_river.max()), 1.0)
    on_slopes = smoothstep(0.07, 0.22, slope) * (1 - smoothstep(0.7, STEEPEST_FOREST, slope))
    high = smoothstep(0.72, 0.95, terrain.above_river / relief)
    push = -0.40 + 0.42 * on_slopes + 0.25 * (terrain.moisture - 0.35) - 0.3 * high
    push += WILD_HELP * wild - DRY_LOSS * (1 - woody)
    density = smoothstep(-0.02, 0.30, groves + push)
    x, y = grid.mesh()
    (wx, wy), radius = settlement.wood, settlement.wood_radius_m
    edges = fractal(grid.axis, grid.axis, 1.6 * radius, 2, seed, "wood")
    ragged = np.hypot(x - wx, y - wy) * (1.0 + 0.35 * edges)
    density = np.maximum(density, 1.0 - smoothstep(0.75 * radius, radius, ragged))
    density *= smoothstep(0.0, WOOD_NEEDS, woody)
    cx, cy = settlement.plan.centre
    clearing = smoothstep(settlement.plan.radius_m + 5.0, settlement.plan.radius_m + 40.0, np.hypot(x - cx, y - cy))
    density = density * clearing
    return np.where(terrain.water_depth > 0, 0.0, density)


def valley_weights(terrain: Terrain, climate: Normals) -> Floats:
    """Shares of the plant types (PlantType, n, n) that climate, height and soil moisture let grow at every sample."""
    return biome_weights(bioclimate(climate, terrain.heights, terrain.moisture))


def thinning(size_m: float) -> float:
    """Share of the trees that are kept on maps larger than the reference, so that their number stays drawable."""
    return min(1.0, REFERENCE_SIZE_M / size_m)
