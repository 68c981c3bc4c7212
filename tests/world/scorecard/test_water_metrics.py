"""Each check of the water passes on the real model and fails on a broken one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.world.water.doubles import CLIMATE, vale
from world.config import WorldConfig
from world.scorecard import water
from world.water.channels import channels_of
from world.water.column import usual_year
from world.water.live_water import Bed, LiveWater
from world.world import valley_of

BY_KEY = {metric.key: metric for metric in water.METRICS}


class Leaky(LiveWater):
    """Loses a hundred-thousandth of its water each second."""

    def step(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            super().step()
            self.depth[:] *= 1.0 - 1e-5


class Restless(LiveWater):
    """Takes the ground for a little rough where it is not."""

    def __init__(self, bed: Bed, depth: NDArray[np.float64]) -> None:
        bumps = 0.01 * np.random.default_rng(0).random(bed.heights.shape)
        super().__init__(replace(bed, heights=bed.heights + bumps, sill=bed.sill + bumps), depth)


class Slow(LiveWater):
    """Rubs more than it should."""

    def __init__(self, bed: Bed, depth: NDArray[np.float64]) -> None:
        super().__init__(replace(bed, roughness=1.2 * bed.roughness + 0.02), depth)


def test_floods_keep_their_water_and_a_leak_is_found() -> None:
    assert BY_KEY["flood_mass"].accepts(water.flood_error(vale()))
    assert not BY_KEY["flood_mass"].accepts(water.flood_error(vale(), Leaky))


def test_the_middle_of_a_map_is_its_middle_and_its_flood_keeps_its_water() -> None:
    valley = valley_of(WorldConfig(seed=5, size_m=512.0, villagers=4))
    middle = water.middle_of(valley, 256.0)
    rows, cols = middle.heights.shape
    assert (rows - 1) * middle.cell_m == pytest.approx(256.0, abs=8.0) and rows == cols == len(middle.cover)
    col, row = (round((own - whole) / valley.cell_m) for own, whole in zip(middle.origin, valley.origin, strict=True))
    assert np.array_equal(middle.heights, valley.heights[row : row + rows, col : col + cols])
    assert abs(middle.origin[0] + (cols - 1) / 2 * middle.cell_m) <= middle.cell_m  # the map's middle is 0, 0
    assert middle.inflows.size == 0
    assert BY_KEY["flood_mass"].accepts(water.flood_error(middle))
    assert water.middle_of(valley, 4096.0).heights.shape == valley.heights.shape


def test_lakes_rest_and_bumps_or_missing_beds_are_found() -> None:
    assert BY_KEY["lake_at_rest"].accepts(water.unrest(vale()))
    assert not BY_KEY["lake_at_rest"].accepts(water.unrest(vale(), Restless))
    assert not BY_KEY["lake_at_rest"].accepts(water.unrest(vale(), bedless=True))


def test_the_dam_breaks_as_ritter_says_and_friction_is_found() -> None:
    assert BY_KEY["dam_break"].accepts(water.dam_error_cm())
    assert not BY_KEY["dam_break"].accepts(water.dam_error_cm(lambda bed, depth: Slow(bed, depth + 0.06)))


def test_uniform_flow_has_mannings_depth_and_friction_is_found() -> None:
    assert BY_KEY["manning"].accepts(water.manning_error())
    assert not BY_KEY["manning"].accepts(water.manning_error(Slow))


def test_exponents_are_those_of_the_channels_given() -> None:
    flow = np.geomspace(0.003, 3.0, 400)
    found = water.exponents(flow, 10.0 * flow**0.5, 0.4 * flow**0.4)
    assert found == pytest.approx((0.5, 0.4, 0.1), abs=0.01)
    for key, value in zip(("width_exponent", "depth_exponent", "speed_exponent"), found, strict=True):
        assert BY_KEY[key].accepts(value)
    canals = water.exponents(flow, np.full(400, 5.0), 0.4 * flow**0.6)
    assert not BY_KEY["width_exponent"].accepts(canals[0])
    assert not BY_KEY["depth_exponent"].accepts(canals[1])
    assert not BY_KEY["speed_exponent"].accepts(canals[2])


def test_reaches_need_streams_of_different_size() -> None:
    assert water.reaches(vale(), channels_of(vale())) is None


def test_a_years_evaporation_lies_on_fus_curve_and_a_soil_that_holds_nothing_is_found() -> None:
    pet = float(CLIMATE.pet_mm.sum())
    assert water.fu_ratio(0.01) == pytest.approx(0.01, rel=0.02) and water.fu_ratio(50.0) == pytest.approx(
        1.0, abs=0.01
    )
    year, barren = usual_year(CLIMATE), usual_year(CLIMATE, water.BARE_MM, planted=0.0)
    gap, barren_gap = water.budyko_gap(year, pet), water.budyko_gap(barren, pet)
    assert gap is not None and barren_gap is not None
    assert BY_KEY["budyko"].accepts(gap) and not BY_KEY["budyko"].accepts(barren_gap)
    assert all(BY_KEY["month_water"].accepts(m.water.error) for m in year)
    assert all(BY_KEY["month_energy"].accepts(m.energy.error) for m in year)
    lost = replace(year[3].water, evaporated=year[3].water.evaporated * 0.9)
    assert not BY_KEY["month_water"].accepts(lost.error)
    cold = replace(year[6].energy, latent=year[6].energy.latent * 0.9)
    assert not BY_KEY["month_energy"].accepts(cold.error)
