"""Figures of plants: each passes on the model and fails on a model that is broken in that respect."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assets.palette import GroundCover, Species
from tests.world.life import climates
from tests.world.life.climates import Place
from world.columns import PLANTS
from world.life.biomes import woody_cover
from world.life.stands import even_aged_plot
from world.life.year import MonthlyNormals
from world.scorecard import life
from world.scorecard.card import Metric
from world.streams import stream

METRIC: dict[str, Metric] = {metric.key: metric for metric in life.METRICS}


def subject(place: Place, valley: Any = None) -> Any:
    config = SimpleNamespace(latitude=place.latitude)
    return SimpleNamespace(
        config=config,
        seed=7,
        valley=valley,
        shared=lambda name, make: place,
        rng=lambda name, *indices: stream(7, name, *indices),
    )


def valley_of(species: list[Species], high_m: float = 0.0, moisture: float = 0.2) -> Any:
    plants = np.zeros(len(species), PLANTS)
    plants["species"], plants["z"] = species, high_m
    return SimpleNamespace(
        plants=plants, origin=(0.0, 0.0), cell_m=4.0, moisture=np.full((4, 4), moisture, dtype=np.float32)
    )


@pytest.mark.parametrize("key", ["self_thinning", "reineke"])
@pytest.mark.parametrize("place", [climates.BERN, climates.ROVANIEMI, climates.TAMALE])
def test_crowded_stands_pass_and_lonely_ones_fail(key: str, place: Place) -> None:
    metric = METRIC[key]
    assert metric.baseline is not None
    assert metric.accepts(metric.measure(subject(place)) or 0.0)
    assert not metric.accepts(metric.baseline(subject(place)) or 0.0)


def test_stands_that_die_at_random_fail() -> None:
    """Trees that die at a steady rate whatever their neighbours do are no self-thinning, however many die."""
    stand = even_aged_plot(Species.CONIFER, 40, 1.5, 1, competing=False)
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(30):
        stand.advance(5)
        stand.stem_cm[rng.random(len(stand.stem_cm)) < 0.02] = 0.0
        stems = stand.stem_cm[stand.living]
        rows.append((len(stems), float((stems**2.5).mean())))
    count, mass = np.array(rows[5:]).T
    assert not METRIC["self_thinning"].accepts(life.exponent(count, mass))


def test_where_no_tree_grows_there_is_nothing_to_thin() -> None:
    assert METRIC["self_thinning"].measure(subject(climates.VOSTOK)) is None
    assert METRIC["reineke"].measure(subject(climates.BARROW)) is None


def test_trees_of_the_wrong_country_are_found() -> None:
    metric = METRIC["whittaker"]
    right = [Species.CONIFER, Species.BROADLEAF, Species.BIRCH] * 20
    assert metric.measure(subject(climates.BERN, valley_of(right))) == 0.0
    assert metric.measure(subject(climates.BERN, valley_of([Species.PALM, *right]))) == pytest.approx(100 / 61)
    assert metric.measure(subject(climates.MANAUS, valley_of([Species.CONIFER]))) == 100.0
    assert metric.measure(subject(climates.BERN, valley_of([Species.BROADLEAF], high_m=2500.0))) == 100.0
    assert metric.measure(subject(climates.TUCSON, valley_of([Species.BROADLEAF]))) == 100.0
    assert metric.measure(subject(climates.TUCSON, valley_of([Species.BROADLEAF], moisture=0.8))) == 0.0  # by the river
    assert metric.baseline is not None
    assert not metric.accepts(metric.baseline(subject(climates.BERN, valley_of(right))) or 0.0)


def test_forest_without_crowns_fails() -> None:
    cover = np.full((20, 20), GroundCover.GRASS, np.uint8)
    cover[:6] = GroundCover.FOREST_FLOOR
    crowns = np.where(cover == GroundCover.FOREST_FLOOR, 0.7, 0.02)
    metric = METRIC["closure"]
    land = subject(climates.BERN, SimpleNamespace(cover=cover, canopy=crowns))
    assert metric.accepts(metric.measure(land) or 0.0)
    assert metric.baseline is not None and not metric.accepts(metric.baseline(land) or 0.0)
    assert not metric.accepts(
        metric.measure(subject(climates.BERN, SimpleNamespace(cover=cover, canopy=0 * crowns))) or 0.0
    )
    bare = SimpleNamespace(cover=np.zeros((4, 4), np.uint8), canopy=np.zeros((4, 4)))
    assert metric.measure(subject(climates.VOSTOK, bare)) is None


@pytest.mark.parametrize("name", ["BERN", "HELSINKI", "ROVANIEMI", "ROME", "MANAUS", "QUITO", "TASHKENT"])
def test_tree_lines_lie_where_the_season_is_that_warm(name: str) -> None:
    metric, place = METRIC["tree_line"], getattr(climates, name)
    assert metric.accepts(metric.measure(subject(place)) or 0.0)
    assert metric.baseline is not None and not metric.accepts(metric.baseline(subject(place)) or 0.0)
    assert not metric.accepts(life.tree_line_c(place, lambda b: (b.warmest_c > 2.0).astype(np.float64)) or 0.0)


def test_savannas_with_too_many_trees_fail() -> None:
    metric = METRIC["savanna"]
    assert metric.accepts(life.savanna_excess(woody_cover))
    assert not metric.accepts(life.savanna_excess(life.half_cover))
    assert not metric.accepts(life.savanna_excess(lambda b: np.minimum(3.0 * woody_cover(b), 1.0)))


def test_spring_climbs_mountains_and_not_by_the_calendar() -> None:
    metric = METRIC["spring_climb"]
    for place in (climates.BERN, climates.HELSINKI, climates.CHILLAN_TURNED):
        assert metric.accepts(metric.measure(subject(place)) or 0.0)
    assert metric.measure(subject(climates.MANAUS)) is None
    bern = climates.BERN
    steep = MonthlyNormals(bern.temperature_c * 0.4 + 5.0, bern.rain_mm, bern.pet_mm)  # a spring that hardly warms
    assert not metric.accepts(life.spring_climb(steep, 47.0) or 0.0)


def test_charts_are_drawn() -> None:
    thinning, year = life.charts(subject(climates.BERN))
    assert {series.kind for series in thinning.series} == {"points", "reference", "baseline"}
    assert all(len(series.x) == len(series.y) == 365 for series in year.series)
    assert len(life.charts(subject(climates.VOSTOK))) == 1
