"""Figures of plants: crowded stands thin as real ones do, and what grows stands where the Earth has it.

Against Yoda's and Reineke's lines, Whittaker's diagram, the tree lines of the world, the woody cover of African
savannas, and the pace at which spring climbs mountains.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assets.palette import GroundCover, Species
from world.life.biomes import Bioclimate, bioclimate, biome_weights, tree_shares, woody_cover
from world.life.seasons import Seasons
from world.life.stands import STEP_A, THICKEST, TRAITS, Stand, even_aged_plot, mass_of
from world.life.year import LAPSE_C_M, MonthlyNormals, Normals, daily_warmth
from world.scorecard.card import Chart, Metric, Series, Value
from world.scorecard.subject import Subject
from world.sky.climate import climate_of

Floats = NDArray[np.float64]
Plot = Callable[[Species, int], Stand]
Cover = Callable[[Bioclimate], Floats]

PLOT_SIDE, PLOT_SPACING_M, PLOT_YEARS = 40, 1.5, 200
SQUARE_METRES = 1e4  # of a hectare
YOUNG_CM, OLD_SHARE = 8.0, 0.65  # crowns touch from this stem on; from this share of the thickest on age thins, too
STILL = 0.3  # decline of ln density below which nothing thins
LOW_WOODY = 0.1  # cover at which the last trees stand
MOIST_GROUND = 0.4  # topographic wetness from which trees drink more than rain
SEASON_C = 0.9  # daily mean above which roots grow (Korner & Paulsen 2004)
CLIMB_M = 300.0

# Mean of the year and least rain at which each kind forms woods, read off Whittaker 1975, fig. 4.10, with a margin of
# 3 K and a fifth: (coldest, warmest, rain in mm at the coldest, rain in mm at the warmest).
ENVELOPES: dict[Species, tuple[float, float, float, float]] = {
    Species.CONIFER: (-13.0, 16.0, 120.0, 500.0),
    Species.BROADLEAF: (-3.0, 30.0, 250.0, 700.0),
    Species.BIRCH: (-13.0, 16.0, 120.0, 500.0),
    Species.PALM: (13.0, 32.0, 250.0, 500.0),
    Species.ACACIA: (13.0, 32.0, 200.0, 300.0),
}


def plots(subject: Subject, plot: Plot) -> Value:
    """Exponent of mean mass over density, with the commonest tree of the valley."""
    found = thinned(subject, plot)
    if found is None:
        return None
    count, mass, _ = found
    return exponent(count, mass)


def reineke(subject: Subject, plot: Plot) -> Value:
    """Exponent of density over the stem of mean basal area."""
    found = thinned(subject, plot)
    if found is None:
        return None
    count, _, stem = found
    return float(np.polyfit(np.log(stem), np.log(count), 1)[0])


def thinned(subject: Subject, plot: Plot) -> tuple[Floats, Floats, Floats] | None:
    """Trees per hectare, mean mass in kg and mean stem in cm of a plot while it thins; None where no tree grows."""
    shares = tree_shares(biome_weights(bioclimate(climate(subject), np.zeros(1))))[:, 0]
    if shares.sum() <= 0.0:
        return None
    species = Species(int(shares.argmax()))
    return course(plot(species, subject.seed))


def course(stand: Stand) -> tuple[Floats, Floats, Floats]:
    """Trees per hectare, mean mass and mean stem of a stand over the years in which crowding thins it."""
    hectares = len(stand.x) * stand.spacing_m**2 / SQUARE_METRES
    rows = []
    for _ in range(0, PLOT_YEARS, STEP_A):
        stand.advance(STEP_A)
        living = stand.living
        stems = stand.stem_cm[living]
        size = math.sqrt(float((stems * stems).mean())) if len(stems) else 0.0
        if len(stems) and YOUNG_CM < size < OLD_SHARE * THICKEST[stand.species[living[0]]]:
            rows.append((len(stems) / hectares, float(mass_of(stems).mean()), size))
    count, mass, stem = np.array(rows).T
    return count, mass, stem


def exponent(count: Floats, mass: Floats) -> float:
    """Slope of ln mass over ln density; minus infinity where mass grows and nothing thins."""
    if np.ptp(np.log(count)) < STILL:
        return -math.inf
    return float(np.polyfit(np.log(count), np.log(mass), 1)[0])


def competing_plot(species: Species, seed: int) -> Stand:
    """The model's own."""
    return even_aged_plot(species, PLOT_SIDE, PLOT_SPACING_M, seed)


def lonely_plot(species: Species, seed: int) -> Stand:
    """The same without anybody shading anybody."""
    return even_aged_plot(species, PLOT_SIDE, PLOT_SPACING_M, seed, competing=False)


def climate(subject: Subject) -> Normals:
    """The climate of the world under test."""
    return subject.shared("climate of plants", lambda: climate_of(subject.config.climate))


def misplaced(species: NDArray[np.integer], warmth_c: Floats, rain_mm: float, moist: NDArray[np.bool_]) -> float:
    """Share of trees in per cent that stand outside the envelope of their kind; moist ground excuses lack of rain."""
    outside = np.zeros(len(species), dtype=np.bool_)
    for kind, (coldest, warmest, least_cold, least_warm) in ENVELOPES.items():
        needed = np.interp(warmth_c, (coldest, warmest), (least_cold, least_warm))
        wrong = (warmth_c < coldest) | (warmth_c > warmest) | ((rain_mm < needed) & ~moist)
        outside |= (species == kind) & wrong
    return 100.0 * float(outside.mean()) if len(outside) else 0.0


def outside_envelope(subject: Subject, shuffled: bool = False) -> Value:
    """`misplaced` of the valley's trees, or of as many of any kind."""
    valley, here = subject.valley, climate(subject)
    plants = valley.plants[np.isin(valley.plants["species"], [int(s) for s in TRAITS])]
    if not len(plants):
        return None if not shuffled else 0.0
    species = plants["species"].astype(np.int64)
    if shuffled:
        species = subject.rng("any tree").choice([int(s) for s in TRAITS], len(plants))
    col = np.rint((plants["x"] - valley.origin[0]) / valley.cell_m).astype(np.int64)
    row = np.rint((plants["y"] - valley.origin[1]) / valley.cell_m).astype(np.int64)
    moist = valley.moisture[row, col] > MOIST_GROUND
    warmth = float(here.temperature_c.mean()) - LAPSE_C_M * plants["z"].astype(np.float64)
    return misplaced(species, warmth, float(here.rain_mm.sum()), moist)


def closure(subject: Subject, shuffled: bool = False) -> Value:
    """Mean canopy over the forest floor; None where there is no forest."""
    crowns, forest = subject.valley.canopy, subject.valley.cover == GroundCover.FOREST_FLOOR
    if not forest.any():
        return None
    if shuffled:
        crowns = subject.rng("crowns anywhere").permutation(crowns.ravel()).reshape(crowns.shape)
    return float(crowns[forest].mean())


def made_up(mean_c: float, swing_c: float, rain_mm: float) -> MonthlyNormals:
    """A climate of even rain and a sinusoidal year; potential evaporation of Oudin et al. 2005 with mean radiation."""
    wave = np.cos(2 * np.pi * np.arange(12) / 12)
    temperature = mean_c - swing_c * wave
    radiation_mm_d = 11.0 - 0.28 * max(25.0 - mean_c, 0.0)  # of evaporating water: 11 at the equator, 4 at the poles
    evaporation = np.maximum(temperature + 5.0, 0.0) / 100.0 * max(radiation_mm_d, 3.0) * 30.4
    return MonthlyNormals(temperature, np.full(12, rain_mm / 12.0), evaporation)


def savanna_excess(cover: Cover) -> float:
    """How far woody cover goes beyond the bound of Sankaran et al. 2005 where rain is 100 to 650 mm, at most.

    The bound for Africa: 0.14 (rain in mm - 101) per cent.
    """
    rains = np.arange(100.0, 651.0, 50.0)
    found = [float(cover(bioclimate(made_up(25.0, 3.0, rain), np.zeros(1)))[0]) for rain in rains]
    return float((np.array(found) - 0.0014 * np.maximum(rains - 101.0, 0.0)).max())


def tree_line_c(here: Normals, cover: Cover) -> Value:
    """Mean temperature of the growing season at the height where the climate's last trees stand."""
    lift = np.linspace(-1000.0, 6000.0, 701)
    woody = cover(bioclimate(here, lift))
    if woody.max() < LOW_WOODY:
        return None
    warmth = daily_warmth(here, lift[woody >= LOW_WOODY].max())
    season = warmth[warmth > SEASON_C]
    return float(season.mean()) if season.size else 0.0


def water_alone(b: Bioclimate) -> Floats:
    """Woody cover that heeds no cold."""
    return np.asarray(b.water > 0.3, dtype=np.float64)


def half_cover(b: Bioclimate) -> Floats:
    """The same woody cover everywhere."""
    return np.full(b.water.shape, 0.5)


def spring_climb(here: Normals, latitude: float) -> Value:
    """Days by which leaves come out later for every 100 m; None where winter does not bare the trees."""
    out = []
    for lift in (0.0, CLIMB_M):
        higher = MonthlyNormals(here.temperature_c - LAPSE_C_M * lift, here.rain_mm, here.pet_mm)
        cover = Seasons(higher, latitude).days[:, 0]
        if cover.min() > 0.1 or cover.max() < 0.9:
            return None
        start = int(cover.argmin()) if latitude >= 0 else 182
        year = np.roll(cover, -start)
        before = np.flatnonzero(year < 0.5)
        rise = int(np.flatnonzero((year[:-1] < 0.5) & (year[1:] >= 0.5))[0])
        out.append(rise + (0.5 - year[rise]) / (year[rise + 1] - year[rise]) + start * (before.size > 0))
    return float(out[1] - out[0]) / (CLIMB_M / 100.0)


METRICS: tuple[Metric, ...] = (
    Metric(
        key="self_thinning",
        name="mean mass over density of a crowded stand, exponent",
        group="life",
        unit="",
        accepted=(-1.7, -1.3),
        source="Yoda et al. 1963: -3/2",
        measure=lambda subject: plots(subject, competing_plot),
        baseline=lambda subject: plots(subject, lonely_plot),
        against="no competition",
    ),
    Metric(
        key="reineke",
        name="density over stem of a crowded stand, exponent",
        group="life",
        unit="",
        accepted=(-1.855, -1.355),
        source="Reineke 1933: -1.605",
        measure=lambda subject: reineke(subject, competing_plot),
        baseline=lambda subject: reineke(subject, lonely_plot),
        against="no competition",
    ),
    Metric(
        key="whittaker",
        name="trees outside the climates of their kind",
        group="life",
        unit="%",
        accepted=(0.0, 0.0),
        source="Whittaker 1975",
        measure=outside_envelope,
        baseline=lambda subject: outside_envelope(subject, shuffled=True),
        against="trees of any kind",
        hard=True,
    ),
    Metric(
        key="closure",
        name="crown cover of the forest",
        group="life",
        unit="",
        accepted=(0.4, 0.95),
        source="FAO 2000: closed forest from 0.4",
        measure=closure,
        baseline=lambda subject: closure(subject, shuffled=True),
        against="the same crowns anywhere",
    ),
    Metric(
        key="tree_line",
        name="mean of the growing season at the tree line",
        group="life",
        unit="degC",
        accepted=(5.1, 8.3),
        source="Korner & Paulsen 2004: 6.7 +- 0.8, twice",
        measure=lambda subject: tree_line_c(climate(subject), woody_cover),
        baseline=lambda subject: tree_line_c(climate(subject), water_alone),
        against="no cold limit",
        per_seed=False,
    ),
    Metric(
        key="savanna",
        name="woody cover beyond what rain allows",
        group="life",
        unit="",
        accepted=(-1.0, 0.05),
        source="Sankaran et al. 2005",
        measure=lambda subject: savanna_excess(woody_cover),
        baseline=lambda subject: savanna_excess(half_cover),
        against="half everywhere",
        per_seed=False,
    ),
    Metric(
        key="spring_climb",
        name="delay of leaves with height",
        group="life",
        unit="d/100 m",
        accepted=(1.5, 4.5),
        source="Hopkins 1920: 3.3; Vitasse et al. 2018: 2.2 to 3.5",
        measure=lambda subject: spring_climb(climate(subject), subject.config.latitude),
        per_seed=False,
    ),
)


def charts(subject: Subject) -> tuple[Chart, ...]:
    """How a crowded stand thins, and the year of the valley's plants."""
    drawn = []
    found, lonely = (thinned(subject, plot) for plot in (competing_plot, lonely_plot))
    if found is not None and lonely is not None:
        count, mass, _ = found
        line = mass[0] * (count / count[0]) ** -1.5
        series = (
            Series("stand", count, mass, "points"),
            Series("Yoda's -3/2", count, line, "reference"),
            Series("no competition", lonely[0], lonely[1], "baseline"),
        )
        note = "As the trees grow, the crowded stand runs from the lower right to the upper left."
        drawn.append(Chart("thinning", "Self-thinning", "trees per ha", "mean mass, kg", series, True, True, note=note))
    days = Seasons(climate(subject), subject.config.latitude).days
    day = np.arange(len(days), dtype=np.float64)
    names = ("leaves", "turned leaves", "blossom", "green of grass", "height of grain, m", "ripeness of grain")
    year = tuple(Series(name, day, days[:, column]) for column, name in enumerate(names))
    drawn.append(Chart("year", "The year of the plants", "day of the year", "share", year))
    return tuple(drawn)
