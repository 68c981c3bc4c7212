"""Trees thin themselves as real ones do, and grow the same way whoever asks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assets.palette import Species
from world.life.stands import (
    STEP_A,
    THICKEST,
    TRAITS,
    crowding,
    even_aged_plot,
    free_growth,
    height_of,
    mass_of,
    stem_of,
    top_height,
)

DIGEST = """
import hashlib
from assets.palette import Species
from world.life.stands import even_aged_plot
stand = even_aged_plot(Species.CONIFER, 12, 1.5, 5)
stand.reseeding = True
stand.advance(60)
total = hashlib.sha256()
for column in (stand.stem_cm, stand.species, stand.vigour):
    total.update(column.tobytes())
print(total.hexdigest())
"""


def thinning_curve(species: Species, competing: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Trees per hectare, mean mass and mean stem of a plot over the years in which crowns touch."""
    stand = even_aged_plot(species, 40, 1.5, 3, competing)
    rows = []
    for _ in range(0, 200, STEP_A):
        stand.advance(STEP_A)
        stems = stand.stem_cm[stand.living]
        rows.append((len(stems) / (40 * 1.5) ** 2 * 1e4, mass_of(stems).mean(), np.sqrt((stems**2).mean())))
    count, mass, stem = np.array(rows).T
    crowded = (stem > 8.0) & (stem < 0.65 * THICKEST[species])
    return count[crowded], mass[crowded], stem[crowded]


@pytest.mark.parametrize("species", [Species.CONIFER, Species.BROADLEAF])
def test_crowded_stands_thin_along_yodas_and_reinekes_lines(species: Species) -> None:
    count, mass, stem = thinning_curve(species, competing=True)
    assert count[0] / count[-1] > 5
    assert np.polyfit(np.log(count), np.log(mass), 1)[0] == pytest.approx(-1.5, abs=0.2)
    assert np.polyfit(np.log(stem), np.log(count), 1)[0] == pytest.approx(-1.605, abs=0.25)


def test_without_competition_nothing_thins() -> None:
    count, _, _ = thinning_curve(Species.CONIFER, competing=False)
    assert count[0] / count[-1] < 1.3


def test_crowding_is_nothing_alone_and_half_under_an_equal_on_the_same_spot() -> None:
    lattice = np.array([[0, 1]])
    row, col = np.zeros(2, np.int64), np.arange(2)
    places = np.arange(2)
    y = np.zeros(2)

    def shade(apart: float, heights: tuple[float, float], radii: tuple[float, float] = (3.0, 3.0)) -> np.ndarray:
        x, h, r = np.array([0.0, apart]), np.array(heights), np.array(radii)
        return crowding(places, r, h, places + 2, lattice, row, col, x, y, r, h)

    assert shade(6.1, (10.0, 10.0)).tolist() == [0.0, 0.0]
    assert shade(0.0, (10.0, 10.0)) == pytest.approx([0.5, 0.5])
    assert shade(0.0, (10.0, 20.0)) == pytest.approx([1.0, 0.0])
    assert shade(0.0, (10.0, 20.0), (3.0, 1.5)) == pytest.approx([0.25, 0.0])  # a small crown covers a quarter
    assert shade(3.0, (10.0, 10.0))[0] == pytest.approx(0.5 * 0.391, abs=0.07)  # the lens of two equal circles


def test_height_and_stem_are_each_others_inverse() -> None:
    for species in TRAITS:
        kind = np.full(20, int(species))
        stems = np.linspace(1.5, THICKEST[species], 20)
        for quality in (0.1, 1.0):
            poor = np.full(20, quality)
            back = stem_of(height_of(stems, kind, poor), kind, top_height(kind, poor))
            assert back == pytest.approx(stems, rel=1e-6)


def test_free_growth_is_that_of_trees_and_ends() -> None:
    for species, traits in TRAITS.items():
        stems = np.linspace(1.5, traits.thickest_cm, 200)
        growth = free_growth(stems, np.full(200, int(species)))
        assert 0.3 < growth.max() < 1.2  # cm a year: rings of 1.5 to 6 mm
        assert growth[-1] == pytest.approx(0.0, abs=1e-9)


def test_the_same_stand_in_another_process_without_machine_code() -> None:
    root = Path(__file__).parents[3]
    runs = []
    for jit in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": jit, "PYTHONHASHSEED": jit}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST], env=environment, cwd=root, capture_output=True, text=True, check=True
        )
        runs.append(done.stdout)
    assert runs[0] == runs[1]
