"""Plant types stand where Whittaker's diagram and the map of the Earth have them."""

from __future__ import annotations

import numpy as np
import pytest

from assets.palette import Species
from tests.world.life import climates
from tests.world.life.climates import Place
from world.life.biomes import TREES, PlantType, bioclimate, biome_weights, tree_shares, woody_cover


def weights(place: Place, lift_m: float = 0.0, moisture: float = 0.3) -> np.ndarray:
    return biome_weights(bioclimate(place, np.array([lift_m]), np.array([moisture])))[:, 0]


@pytest.mark.parametrize(
    ("place", "first"),
    [
        ("ROVANIEMI", PlantType.BOREAL_CONIFER),
        ("HELSINKI", PlantType.BOREAL_CONIFER),
        ("BERN", PlantType.TEMPERATE_BROADLEAF),
        ("ROME", PlantType.EVERGREEN_SCRUB),
        ("MANAUS", PlantType.TROPICAL_BROADLEAF),
        ("TAMALE", PlantType.SAVANNA_TREE),
        ("TUCSON", PlantType.DESERT_SHRUB),
        ("TASHKENT", PlantType.GRASS),
        ("BARROW", PlantType.TUNDRA),
        ("TAMANRASSET", PlantType.BARE),
        ("VOSTOK", PlantType.BARE),
    ],
)
def test_known_places_have_their_vegetation(place: str, first: PlantType) -> None:
    assert PlantType(int(weights(getattr(climates, place)).argmax())) == first


@pytest.mark.parametrize("name", sorted(climates.ALL))
def test_shares_add_up_and_are_none_below_nothing(name: str) -> None:
    lift, moisture = np.meshgrid(np.linspace(-400, 3000, 30), np.linspace(0, 1, 11))
    shares = biome_weights(bioclimate(climates.ALL[name], lift, moisture))
    assert shares.min() >= 0.0
    assert shares.sum(axis=0) == pytest.approx(np.ones(lift.shape))


def test_shares_change_little_by_little() -> None:
    for place in climates.ALL.values():
        along = np.linspace(0.0, 2500.0, 2501)
        up = biome_weights(bioclimate(place, along, np.full(along.shape, 0.3)))
        assert np.abs(np.diff(up, axis=1)).max() < 0.02


def test_the_tree_line_of_the_alps_lies_near_2000_m() -> None:
    lift = np.linspace(0.0, 3000.0, 301)
    woody = woody_cover(bioclimate(climates.BERN, lift, np.full(301, 0.3)))
    line = 565.0 + lift[woody > 0.1].max()  # Bern lies at 565 m
    assert 1700.0 < line < 2300.0
    assert weights(climates.BERN, 1000.0)[PlantType.BOREAL_CONIFER] > 0.6
    assert weights(climates.BERN, 2600.0)[: len(TREES)].sum() == 0.0


def test_rivers_run_green_through_deserts() -> None:
    dry, wet = weights(climates.TUCSON), weights(climates.TUCSON, moisture=0.9)
    assert dry[: len(TREES)].sum() < 0.05
    assert wet[: len(TREES)].sum() > 0.6


def test_trees_that_are_drawn_fit_their_country() -> None:
    def drawn(place: Place) -> np.ndarray:
        return tree_shares(weights(place)[:, None])[:, 0]

    assert drawn(climates.ROVANIEMI)[[Species.CONIFER, Species.BIRCH]].sum() == pytest.approx(1.0)
    assert drawn(climates.MANAUS)[[Species.CONIFER, Species.BIRCH, Species.ACACIA]].sum() < 0.05
    assert drawn(climates.TAMALE).argmax() == Species.ACACIA
    assert drawn(climates.VOSTOK).sum() == 0.0
