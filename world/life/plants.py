"""Trees, bushes, cacti and rocks, where they grow or lie; every one at a position that depends on nothing else."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from assets.palette import GroundCover, Species
from world.columns import PLANTS
from world.grid import Grid, bilinear, slope_of, smoothstep
from world.land.terrain import Terrain
from world.life.biomes import PlantType, bioclimate, biome_weights, tree_shares, woody_cover
from world.life.forest import thinning
from world.life.stands import STEP_A, Stand, top_height
from world.life.year import Normals
from world.noise import fractal
from world.streams import hashed_unit
from world.village.settlement import Settlement

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TREE_SPACING_M = 4.0  # one place for a tree per square of this side, on maps up to LARGEST_FINE_M
LARGEST_FINE_M = 4096.0  # larger maps have places twice as far apart
LOW_SPACING_M = 7.0  # the same for bushes, cacti and rocks
JITTER = 0.32  # of the spacing, each way: neighbours stay at least a third of the spacing apart
SPIN_UP_A = 200
OLDEST_PATCH_A, YOUNGEST_PATCH_A, PATCH_WAVELENGTH_M = 195.0, 45.0, 210.0  # since fire, storm or axe cleared it
GARDEN_TREES_A = (25.0, 70.0)  # years ago they were planted
FRINGE = 1.5  # how fast a forest thins out towards its edge
OPEN_KEEP = 0.0011  # share of the places that are taken on open ground: grazing lets few seedlings live
GARDEN_KEEP, RIVERSIDE_KEEP = 0.02, 0.03  # round the houses, where people plant, and along the water
SCATTERED_KEEP = 0.05  # in open woodland and savanna
BUSH_KEEP, ROCK_KEEP, CACTUS_KEEP = 0.012, 0.006, 0.012
SHRUBLAND_KEEP = 0.11
LEAST_TREE_M = 2.6  # smaller ones stand in the grass unseen
DRAWN = 0.42  # of the trees of closed forest
CROWDED = 0.4  # density from which trees touch each other
UNDERSTOREY = 0.4  # trees of less vigour stand unseen under others
ROOTED_M = (0.1, 0.8)  # depth of soil from which roots find hold, and from which more makes no difference
APART_M = 2.0  # between a trunk and a bush or rock
CLEAR_OF_WALLS_M, CLEAR_OF_PATHS_M, CLEAR_OF_BEDS_M = 4.0, 3.0, 1.5
OPEN_COVERS = (GroundCover.PATH, GroundCover.FIELD, GroundCover.SQUARE)
LOW_HEIGHTS_M = {Species.BUSH: (0.8, 2.2), Species.ROCK: (0.4, 1.8), Species.CACTUS: (1.0, 4.5)}
FROST_FREE_C = (1.0, 6.0)  # coldest month between which cacti begin to survive


def grow(
    terrain: Terrain,
    settlement: Settlement,
    cover: NDArray[np.uint8],
    density: Floats,
    seed: int,
    climate: Normals,
) -> NDArray[np.void]:
    """All plants and rocks as PLANTS, from south to north."""
    stand = woodland(terrain, settlement, cover, density, seed, climate)
    stand.advance(SPIN_UP_A)
    thick = bilinear(density, terrain.grid.origin, terrain.grid.cell_m, stand.x, stand.y)
    trees = drawn_trees(stand, drawn_share(thick, terrain.grid.size_m))
    low = low_plants(terrain, settlement, cover, density, seed, climate)
    if len(trees) and len(low):
        trunks = np.stack([trees["x"], trees["y"]], axis=1)
        away, _ = cKDTree(trunks).query(np.stack([low["x"], low["y"]], axis=1))
        low = low[away > APART_M]
    plants = np.concatenate([trees, low])
    plants["z"] = bilinear(
        settlement.heights,
        terrain.grid.origin,
        terrain.grid.cell_m,
        plants["x"].astype(np.float64),
        plants["y"].astype(np.float64),
    )
    return plants[np.lexsort((plants["x"], plants["y"]))]


class Ground:
    """What candidate places find where they lie."""

    def __init__(self, terrain: Terrain, settlement: Settlement, climate: Normals, x: Floats, y: Floats) -> None:
        self.x, self.y, self.grid = x, y, terrain.grid
        self.moisture = self.read(terrain.moisture)
        self.above = self.read(terrain.above_river) / max(float(terrain.above_river.max()), 1.0)
        self.slope = self.read(slope_of(settlement.heights, self.grid.cell_m))
        self.soil = self.read(terrain.soil_m)
        self.bioclimate = bioclimate(climate, self.read(terrain.heights), self.moisture)
        self.weights = biome_weights(self.bioclimate)
        cx, cy = settlement.plan.centre
        radius = settlement.plan.radius_m
        self.gardens = 1 - smoothstep(radius, radius + 50.0, np.hypot(x - cx, y - cy))
        self.to_river = self.read(terrain.river_distance)

    def read(self, values: Floats) -> Floats:
        """The values of a map at the places."""
        return bilinear(values, self.grid.origin, self.grid.cell_m, self.x, self.y)


def hashed_places(grid: Grid, spacing_m: float, seed: int, name: str) -> tuple[Ints, Ints, Floats, Floats]:
    """Column, row, x and y of jittered positions, one per square of a side, row by row from the south."""
    count = int(grid.size_m / spacing_m)
    col, row = (a.ravel() for a in np.meshgrid(np.arange(count, dtype=np.int64), np.arange(count, dtype=np.int64)))
    margin = (grid.size_m - count * spacing_m) / 2
    east, north = (2 * hashed_unit(col, row, seed, f"{name} {way}") - 1 for way in ("east", "north"))
    x = grid.origin[0] + margin + (col + 0.5 + JITTER * east) * spacing_m
    y = grid.origin[1] + margin + (row + 0.5 + JITTER * north) * spacing_m
    return col, row, x, y


def woodland(
    terrain: Terrain, settlement: Settlement, cover: NDArray[np.uint8], density: Floats, seed: int, climate: Normals
) -> Stand:
    """The places of a valley where trees can stand, as a stand in its first year, still bare."""
    grid = terrain.grid
    spacing = TREE_SPACING_M if grid.size_m <= LARGEST_FINE_M else 2 * TREE_SPACING_M
    col, row, x, y = hashed_places(grid, spacing, seed, "tree")
    ground = Ground(terrain, settlement, climate, x, y)
    woody = woody_cover(ground.bioclimate)
    riverside = np.exp(-(((ground.to_river - 16.0) / 9.0) ** 2))
    scattered = SCATTERED_KEEP * 4.0 * woody * (1 - woody) + OPEN_KEEP
    share = (
        ground.read(density) ** FRINGE
        + (scattered + RIVERSIDE_KEEP * riverside + GARDEN_KEEP * ground.gardens) * woody**0.5
    )
    share *= (woody > 0.0) * (1 - smoothstep(0.75, 0.95, ground.slope))
    draw = hashed_unit(col, row, seed, "tree place")
    kept = np.flatnonzero(draw < share)
    kept = kept[free_ground(terrain, settlement, cover, x[kept], y[kept])]
    col, row, x, y = col[kept], row[kept], x[kept], y[kept]
    ground = Ground(terrain, settlement, climate, x, y)
    lattice = np.full((int(grid.size_m / spacing),) * 2, -1, dtype=np.int64)
    lattice[row, col] = np.arange(len(kept))
    return Stand(
        lattice=lattice,
        row=row,
        col=col,
        spacing_m=spacing,
        x=x,
        y=y,
        quality=site_quality(ground),
        chances=np.cumsum(species_chances(ground), axis=0).T.copy(),
        opened_a=cleared_years(ground, col, row, seed),
        seed=seed,
    )


def site_quality(ground: Ground) -> Floats:
    """0..1: how well trees grow for water, warmth and depth of soil."""
    warm = 0.35 + 0.65 * smoothstep(400.0, 1500.0, ground.bioclimate.degree_days_5)
    deep = 0.4 + 0.6 * smoothstep(*ROOTED_M, ground.soil)
    result: Floats = (0.15 + 0.85 * woody_cover(ground.bioclimate)) * warm * deep
    return result


def species_chances(ground: Ground) -> Floats:
    """Shares of the species (Species, places) among the seedlings.

    What the climate allows, moved by the ground: birches or palms by the water, conifers the more the higher and
    the steeper, broadleaves where the soil is deep.
    """
    weights = ground.weights.copy()
    high = smoothstep(0.10, 0.55, ground.above)
    weights[PlantType.BOREAL_CONIFER] *= 0.12 + 2.4 * high
    weights[PlantType.TEMPERATE_BROADLEAF] *= 1.3 - 0.9 * high
    by_water = np.exp(-((ground.to_river / 32.0) ** 2))
    weights[PlantType.PIONEER] *= 0.7 + 14.0 * by_water
    shares = tree_shares(weights)
    dry_country = weights[PlantType.SAVANNA_TREE] + weights[PlantType.DESERT_SHRUB]
    oasis = by_water * np.minimum(dry_country, 1.0) * smoothstep(8.0, 13.0, ground.bioclimate.coldest_c)
    shares = shares * (1 - 0.7 * oasis)
    shares[Species.PALM] += 0.7 * oasis
    total = shares.sum(axis=0)
    shares[Species.BROADLEAF] += total <= 0.0
    result: Floats = shares / shares.sum(axis=0)
    return result


def cleared_years(ground: Ground, col: Ints, row: Ints, seed: int) -> Floats:
    """Year of the stand model from which seedlings may come: patches of one age, and young trees round the houses."""
    axis = ground.grid.axis
    patches = ground.read(fractal(axis, axis, PATCH_WAVELENGTH_M, 2, seed, "ages"))
    middle, half = (OLDEST_PATCH_A + YOUNGEST_PATCH_A) / 2, (OLDEST_PATCH_A - YOUNGEST_PATCH_A) / 2
    age = np.clip(middle + 1.6 * half * patches, YOUNGEST_PATCH_A, OLDEST_PATCH_A)
    low, high = GARDEN_TREES_A
    planted = low + (high - low) * hashed_unit(col, row, seed, "planted")
    age += (np.minimum(planted, age) - age) * smoothstep(0.0, 0.6, ground.gardens)
    return SPIN_UP_A - np.maximum(age, 2.0 * STEP_A)


def drawn_share(density: Floats, size_m: float) -> Floats:
    """Share of the trees at places of this density that are instances of the valley.

    All that stand free; of those in closed forest fewer, since the drawn crowns are wider than crowded ones are and
    close the canopy sooner; and fewer of all on maps larger than the reference.
    """
    result: Floats = (1.0 - (1.0 - DRAWN) * smoothstep(0.0, CROWDED, density)) * thinning(size_m)
    return result


def drawn_trees(stand: Stand, share: Floats) -> NDArray[np.void]:
    """The trees of a stand that are instances of the valley, as PLANTS without ground height.

    Of those that stand wholly under others none, of the others the share given for each place of the stand.
    """
    living = stand.living
    heights = stand.heights_m[living]
    luck = hashed_unit(stand.col[living], stand.row[living], stand.seed, "drawn")
    chosen = (luck < share[living]) & (heights > LEAST_TREE_M) & (stand.vigour[living] > UNDERSTOREY)
    living, heights = living[chosen], heights[chosen]
    trees = np.zeros(len(living), PLANTS)
    trees["species"] = stand.species[living]
    trees["x"], trees["y"], trees["height_m"] = stand.x[living], stand.y[living], heights
    trees["tallest_m"] = top_height(stand.species[living], stand.quality[living])
    trees["pace"] = stand.pace[living]
    dress(trees, stand.col[living], stand.row[living], stand.seed)
    return trees


def dress(plants: NDArray[np.void], col: Ints, row: Ints, seed: int) -> None:
    """Turn every plant its own way and give it a tint of its own."""
    plants["yaw"] = 2 * math.pi * hashed_unit(col, row, seed, "yaw")
    plants["tint"] = hashed_unit(col, row, seed, "tint")


def low_plants(
    terrain: Terrain, settlement: Settlement, cover: NDArray[np.uint8], density: Floats, seed: int, climate: Normals
) -> NDArray[np.void]:
    """Bushes, cacti and rocks as PLANTS without ground height; one draw per place decides which of them it is."""
    grid = terrain.grid
    col, row, x, y = hashed_places(grid, LOW_SPACING_M, seed, "low")
    ground = Ground(terrain, settlement, climate, x, y)
    thick, keep = ground.read(density), thinning(grid.size_m)
    shrubland = ground.weights[PlantType.DESERT_SHRUB] + 0.6 * ground.weights[PlantType.EVERGREEN_SCRUB]
    living = 1.0 - np.minimum(ground.weights[PlantType.BARE] + 0.9 * ground.weights[PlantType.TUNDRA], 1.0)
    bush_share = BUSH_KEEP * (0.4 + ground.moisture + 3.0 * thick * (1 - thick) + 2.0 * ground.gardens) * living
    bush_share = (bush_share + SHRUBLAND_KEEP * shrubland * (1 - thick)) * keep
    rock_share = ROCK_KEEP * (0.1 + 6.0 * smoothstep(0.45, 0.8, ground.slope)) * keep
    rock_share += ROCK_KEEP * 1.5 * ground.weights[PlantType.BARE] * keep
    frost_free = smoothstep(*FROST_FREE_C, ground.bioclimate.coldest_c)
    hot = smoothstep(22.0, 28.0, ground.bioclimate.warmest_c)
    cactus_share = CACTUS_KEEP * ground.weights[PlantType.DESERT_SHRUB] * frost_free * hot * keep
    draw = hashed_unit(col, row, seed, "what")
    bounds = np.cumsum([bush_share, rock_share, cactus_share], axis=0)
    kept = np.flatnonzero(draw < bounds[-1])
    kept = kept[free_ground(terrain, settlement, cover, x[kept], y[kept])]
    kinds = np.array([Species.BUSH, Species.ROCK, Species.CACTUS])
    species = kinds[(draw[kept] >= bounds[:2, kept]).sum(axis=0)]
    low, high = (np.array([LOW_HEIGHTS_M.get(s, (0.0, 0.0))[k] for s in Species])[species] for k in (0, 1))
    plants = np.zeros(len(kept), PLANTS)
    plants["species"], plants["x"], plants["y"] = species, x[kept], y[kept]
    plants["height_m"] = low + (high - low) * hashed_unit(col[kept], row[kept], seed, "height") ** 1.3
    plants["tallest_m"] = plants["height_m"]
    dress(plants, col[kept], row[kept], seed)
    return plants


def free_ground(terrain: Terrain, settlement: Settlement, cover: NDArray[np.uint8], x: Floats, y: Floats) -> Flags:
    """True where nothing is in the way of roots: no water, path, field, bed, square, wall, bridge or place to stand."""
    grid = terrain.grid
    taken = np.isin(cover, [int(c) for c in OPEN_COVERS]).astype(np.float64)
    free = bilinear(taken, grid.origin, grid.cell_m, x, y) < 0.05
    free &= bilinear(terrain.water_depth, grid.origin, grid.cell_m, x, y) == 0.0
    walls = settlement.plan.footprints + ([] if settlement.bridge is None else [settlement.bridge.deck])
    beds = [parcel.garden for parcel in settlement.parcels if parcel.garden is not None]
    for shapes, margin in ((walls, CLEAR_OF_WALLS_M), (beds, CLEAR_OF_BEDS_M)):
        for shape in shapes:
            reach = math.hypot(shape.width, shape.depth) / 2 + margin
            near = np.flatnonzero(np.hypot(x - shape.x, y - shape.y) < reach)
            free[near] &= shape.distance(x[near], y[near]) > margin
    for place in settlement.places:
        free &= np.hypot(x - place.x, y - place.y) > CLEAR_OF_PATHS_M
    return free
