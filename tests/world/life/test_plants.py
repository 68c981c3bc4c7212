"""Plants stand where they can, at places that never move, and go on growing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.palette import GroundCover, Species
from tests.world.life import climates
from tests.world.life.climates import Place
from tests.world.life.hand_made import hand_made
from world.columns import PLANTS
from world.grid import Grid, bilinear
from world.life.canopy import canopy, crown_radius, heights_after, is_tree
from world.life.cover import ground_cover
from world.life.forest import forest_density
from world.life.plants import grow, hashed_places
from world.life.stands import TRAITS

Grown = tuple[np.ndarray, np.ndarray, np.ndarray]

DIGEST = """
from tests.world.life.test_plants import digest
print(digest(192.0))
"""


def grown(place: Place, size_m: float = 512.0, seed: int = 4) -> Grown:
    terrain, settlement = hand_made(size_m)
    density = forest_density(terrain, settlement, seed, place)
    cover = ground_cover(terrain, settlement, density, seed, place)
    return grow(terrain, settlement, cover, density, seed, place), cover, density


def digest(size_m: float) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in grown(climates.BERN, size_m))).hexdigest()


@pytest.fixture(scope="module")
def bern() -> Grown:
    return grown(climates.BERN)


def counted(plants: np.ndarray) -> dict[Species, int]:
    return {species: int((plants["species"] == species).sum()) for species in Species}


def test_two_processes_one_without_machine_code_grow_the_same() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "77"}
    other = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env=environment,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == digest(192.0)


def test_places_depend_on_seed_and_square_alone() -> None:
    small, large = (hashed_places(Grid(n, 4.0), 4.0, 9, "tree") for n in (65, 65))
    assert all(np.array_equal(a, b) for a, b in zip(small, large, strict=True))
    _, _, x, y = small
    assert not np.array_equal(x, hashed_places(Grid(65, 4.0), 4.0, 10, "tree")[2])
    gap = np.hypot(np.diff(x.reshape(64, 64), axis=1), np.diff(y.reshape(64, 64), axis=1))
    assert gap.min() > 4.0 * 0.3


def test_the_ground_decides_what_stands_on_it(bern: Grown) -> None:
    plants, cover, _ = bern
    terrain, settlement = hand_made()
    x, y = plants["x"].astype(float), plants["y"].astype(float)
    assert bilinear(terrain.water_depth, terrain.grid.origin, 4.0, x, y).max() == 0.0
    assert settlement.plan.footprints[0].distance(x, y).min() > 4.0
    assert settlement.fields[0].distance(x, y).min() > 0.0
    assert plants["z"] == pytest.approx(bilinear(settlement.heights, terrain.grid.origin, 4.0, x, y), abs=1e-3)
    trees = plants[is_tree(plants)]
    by_water = np.abs(trees["x"]) < 40
    birch = trees["species"] == Species.BIRCH
    assert birch[by_water].mean() > 2 * birch[np.abs(trees["x"]) > 120].mean()
    high = {s: np.median(trees["z"][trees["species"] == s]) for s in (Species.CONIFER, Species.BROADLEAF)}
    assert high[Species.CONIFER] > high[Species.BROADLEAF]
    assert (cover[terrain.water_depth == 0] == GroundCover.FOREST_FLOOR).mean() > 0.1
    assert plants.dtype == PLANTS


def test_climates_clothe_the_same_slopes_differently(bern: Grown) -> None:
    temperate = counted(bern[0])
    boreal = counted(grown(climates.ROVANIEMI)[0])
    savanna = counted(grown(climates.TAMALE)[0])
    desert, desert_cover, _ = grown(climates.TUCSON)
    barren, barren_cover, _ = grown(climates.VOSTOK)
    assert min(temperate[s] for s in (Species.CONIFER, Species.BROADLEAF, Species.BIRCH)) > 5
    assert boreal[Species.CONIFER] > 5 * max(boreal[Species.BROADLEAF], 1) and boreal[Species.PALM] == 0
    assert savanna[Species.ACACIA] > 20 and savanna[Species.CONIFER] == savanna[Species.BIRCH] == 0
    dry = counted(desert)
    assert dry[Species.CACTUS] > 10 and dry[Species.BUSH] > 3 * temperate[Species.BUSH]
    assert dry[Species.PALM] > 0  # along the river
    assert (desert_cover == GroundCover.SAND).mean() > 0.2
    assert set(np.unique(barren["species"])) == {int(Species.ROCK)}
    assert not np.isin(barren_cover, (GroundCover.MEADOW, GroundCover.FOREST_FLOOR)).any()


def test_the_drier_the_fewer_crowns() -> None:
    def covered(rain: float) -> float:
        place = Place(9.4, climates.TAMALE.temperature_c, climates.TAMALE.rain_mm * rain, climates.TAMALE.pet_mm)
        plants, _, density = grown(place, 384.0)
        return float(canopy(plants, hand_made(384.0)[0].grid, density).mean())

    shares = [covered(rain) for rain in (0.1, 0.4, 1.0, 2.5)]
    assert shares == sorted(shares) and shares[-1] > 5 * shares[0]


def test_canopy_is_closed_in_the_forest_and_open_beside_it(bern: Grown) -> None:
    plants, _, density = bern
    shade = canopy(plants, hand_made()[0].grid, density)
    assert shade.min() >= 0.0 and shade.max() < 1.0
    assert shade[density > 0.9].mean() > 0.45
    assert shade[density < 0.01].mean() < 0.1


def test_canopy_of_one_crown_has_its_area() -> None:
    grid = Grid(65, 4.0)
    one = np.zeros(1, PLANTS)
    one["species"], one["x"], one["y"], one["height_m"], one["tallest_m"] = Species.CONIFER, 3.0, -5.0, 20.0, 24.0
    cover = canopy(one, grid, np.zeros((65, 65)))
    layers = -np.log1p(-cover).sum() * 16.0
    assert layers == pytest.approx(np.pi * crown_radius(one)[0] ** 2, rel=1e-3)


def test_plants_grow_on_and_keep_their_rows(bern: Grown) -> None:
    plants, _, _ = bern
    now, soon, later = (heights_after(plants, years) for years in (0, 10, 80))
    assert now == pytest.approx(plants["height_m"])
    assert len(soon) == len(later) == len(plants)
    living = later > 0
    assert (soon[living] >= now[living] - 1e-9).all() and (later[living] >= soon[living] - 1e-9).all()
    assert (later <= plants["tallest_m"] + 1e-6).all()
    tree = is_tree(plants)
    assert 0.0 < (later[tree] == 0).mean() < 0.8
    assert ((later == 0) >= (soon == 0)).all()  # nobody rises from the dead
    assert later[~tree] == pytest.approx(now[~tree])
    young = plants[tree & (plants["height_m"] < 5.0)][:1]
    free = TRAITS[Species(int(young["species"][0]))].tallest_m
    assert 0.0 < float(heights_after(young, 10)[0] - young["height_m"][0]) < 0.1 * free * 10


@given(
    latitude=st.floats(-90, 90),
    mean=st.floats(-75, 40),
    swing=st.floats(0, 30),
    rain=st.floats(0, 700),
    slope=st.floats(0, 1.2),
)
@settings(max_examples=12, deadline=None)
def test_no_climate_breaks_growth(latitude: float, mean: float, swing: float, rain: float, slope: float) -> None:
    wave = np.cos(2 * np.pi * np.arange(12) / 12)
    place = climates.place(latitude, (mean - swing * wave).tolist(), [rain] * 12)
    terrain, settlement = hand_made(256.0, slope)
    density = forest_density(terrain, settlement, 1, place)
    cover = ground_cover(terrain, settlement, density, 1, place)
    plants = grow(terrain, settlement, cover, density, 1, place)
    assert 0.0 <= density.min() <= density.max() <= 1.0
    for name in ("x", "y", "z", "height_m", "tallest_m", "pace", "tint"):
        assert np.isfinite(plants[name]).all()
    assert (plants["height_m"] > 0).all()
    assert (plants["height_m"] <= plants["tallest_m"] + 1e-4).all()
    shade = canopy(plants, terrain.grid, density)
    assert np.isfinite(shade).all() and shade.min() >= 0.0 and shade.max() <= 1.0
