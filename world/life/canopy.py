"""Crowns over the ground, and how the plants of a valley go on growing while it runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from assets.palette import Species
from world.grid import Grid, bilinear
from world.life.plants import LARGEST_FINE_M, drawn_share
from world.life.stands import BREAST_M, OLD_AGE, OLD_AGE_POWER, THICKEST, TRAITS, crown_of, free_growth, stem_of
from world.streams import hashed_unit

Floats = NDArray[np.float64]

BUSH_WIDTH, CACTUS_WIDTH = 0.8, 0.2  # radius over height
NEIGHBOURS_M = 5.0  # how far from an instance the trees stand for which it stands too
COARSE_STANDS_FOR = 2.0  # 230 trees per hectare of closed forest, 110 where places are 8 m apart
CENTIMETRES = 100.0  # positions are told apart by whole centimetres


def is_tree(plants: NDArray[np.void]) -> NDArray[np.bool_]:
    """True for what grows by the stand model."""
    return np.isin(plants["species"], [int(s) for s in TRAITS])


def crown_radius(plants: NDArray[np.void]) -> Floats:
    """Radius of every plant's crown in metres; 0 for rocks."""
    species = plants["species"].astype(np.int64)
    height, top = plants["height_m"].astype(np.float64), plants["tallest_m"].astype(np.float64)
    radius = np.zeros(len(plants))
    tree = is_tree(plants)
    radius[tree] = crown_of(stem_of(height[tree], species[tree], top[tree]), species[tree])
    radius[species == Species.BUSH] = BUSH_WIDTH * height[species == Species.BUSH]
    radius[species == Species.CACTUS] = CACTUS_WIDTH * height[species == Species.CACTUS]
    return radius


def canopy(plants: NDArray[np.void], grid: Grid, density: Floats) -> Floats:
    """Share of the sky that crowns cover over every sample, (n, n) 0..1, from PLANTS and forest density.

    Crowns are squares of their own area, and lie over each other at random: cover = 1 - exp(-sum of areas). Where
    only some of the trees are instances, each stands for those that are left out.
    """
    radius = crown_radius(plants)
    half = np.sqrt(np.pi) / 2 * radius / grid.cell_m  # in cells
    x, y = plants["x"].astype(np.float64), plants["y"].astype(np.float64)
    thick = bilinear(density, grid.origin, grid.cell_m, x, y)
    share = np.where(is_tree(plants), unseen(grid.size_m) / drawn_share(thick, grid.size_m), 1.0)
    u, v = (x - grid.origin[0]) / grid.cell_m, (y - grid.origin[1]) / grid.cell_m
    col, row = np.rint(u).astype(np.int64), np.rint(v).astype(np.int64)
    reach = int(np.ceil(half.max(initial=0.0) + 0.5))
    layers = np.zeros(grid.n * grid.n)
    for dr in range(-reach, reach + 1):
        tall = _overlap(v, half, row + dr)
        for dc in range(-reach, reach + 1):
            area = tall * _overlap(u, half, col + dc) * share
            inside = (area > 0) & (row + dr >= 0) & (row + dr < grid.n) & (col + dc >= 0) & (col + dc < grid.n)
            cell = (row[inside] + dr) * grid.n + col[inside] + dc
            layers += np.bincount(cell, area[inside], minlength=layers.size)
    spread = gaussian_filter(layers.reshape(grid.n, grid.n), NEIGHBOURS_M / grid.cell_m)
    result: Floats = 1.0 - np.exp(-np.maximum(spread, 0.0))
    return result


def unseen(size_m: float) -> float:
    """Trees that one of the stand model stands for: on large maps its places are too far apart for closed forest."""
    return COARSE_STANDS_FOR if size_m > LARGEST_FINE_M else 1.0


def _overlap(centre: Floats, half: Floats, cell: NDArray[np.int64]) -> Floats:
    """Length that centre +- half and cell +- 0.5 have in common."""
    common = np.minimum(centre + half, cell + 0.5) - np.maximum(centre - half, cell - 0.5)
    result: Floats = np.maximum(common, 0.0)
    return result


def heights_after(plants: NDArray[np.void], years: int) -> Floats:
    """Heights in metres of PLANTS so many years on; 0 for a tree that has died, whose id and place stay.

    Growth goes on at the pace that light and ground leave each tree; who dies of age is drawn by its position and the
    year, so the same valley ages the same way however often it is asked.
    """
    heights = plants["height_m"].astype(np.float64)
    tree = np.flatnonzero(is_tree(plants))
    species, top = plants["species"][tree].astype(np.int64), plants["tallest_m"][tree].astype(np.float64)
    pace = plants["pace"][tree].astype(np.float64)
    east, north = (np.rint(plants[axis][tree].astype(np.float64) * CENTIMETRES).astype(np.int64) for axis in "xy")
    stem = stem_of(heights[tree], species, top)
    oldest = np.array([TRAITS[s].oldest_a if s in TRAITS else 1.0 for s in Species])[species]
    alive = np.ones(len(tree), dtype=np.bool_)
    for year in range(1, years + 1):
        stem = stem + pace * free_growth(stem, species)
        risk = OLD_AGE * (stem / THICKEST[species]) ** OLD_AGE_POWER / oldest
        alive &= hashed_unit(east, north, 0, f"falls:{year}") >= risk
    share = np.minimum(stem / THICKEST[species], 1.0)
    grown = np.maximum(heights[tree], BREAST_M + (top - BREAST_M) * share * (2.0 - share)) if years else heights[tree]
    heights[tree] = np.where(alive, grown, 0.0)
    return heights
