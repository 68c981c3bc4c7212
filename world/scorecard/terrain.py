"""The land: does it look eroded, beside noise of the same relief and spectrum, and beside simplex noise?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from world.scorecard import landform
from world.scorecard.card import Chart, Metric, Series, Value
from world.scorecard.landform import Drainage, drain
from world.scorecard.lookalikes import fourier_noise, simplex_noise
from world.scorecard.subject import Subject

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HILLSLOPE_M = 200.0  # ridges and valleys are wider than this, hillslopes shorter (Perron et al. 2008: 170-500 m)
SHORTEST_M = 16.0  # wavelength from which spectra are measured
COUNTRY_M = 400.0  # the same in the country round the map, whose lattice is coarser
ALLUVIUM_M = 2.25  # loose cover deeper than on any slope: rivers have laid it down and cut nothing
TYPICAL_CONCAVITY = 0.425  # median of mountain rivers (Gailleton et al. 2021)


@dataclass(frozen=True, eq=False)
class Ground:
    """A surface under test with its standing water, and how it drains."""

    surface: Floats
    water: Flags
    laid: Flags  # by rivers: there they do not cut
    cell_m: float
    drainage: Drainage


Figure = Callable[[Ground], Value]
Pair = tuple[Ground, Ground]
Part = TypeVar("Part", Ground, Pair)
Grounds = tuple[Ground, Ground, Ground]  # the land, and the two noises that look like it


def on_map(subject: Subject) -> Grounds:
    """The ground of the map itself, and its lookalikes."""

    def make() -> Grounds:
        valley = subject.valley
        surface = valley.heights.astype(np.float64) + valley.water_depth
        return _grounds(surface, valley.water_depth > 0.0, valley.soil_m > ALLUVIUM_M, valley.cell_m, subject)

    return subject.shared("ground", make)


def country(subject: Subject) -> Grounds:
    """The country round the map, wide enough for whole river basins, and its lookalikes."""

    def make() -> Grounds:
        around = subject.valley.surroundings
        none = np.zeros(around.heights.shape, np.bool_)
        return _grounds(around.heights.astype(np.float64), none, none, around.cell_m, subject)

    return subject.shared("country", make)


def _grounds(surface: Floats, water: Flags, laid: Flags, cell_m: float, subject: Subject) -> Grounds:
    none = np.zeros(surface.shape, np.bool_)
    fourier = fourier_noise(surface, subject.rng("lookalike"))
    simplex = simplex_noise(surface, cell_m, subject.seed)
    return (
        Ground(surface, water, laid, cell_m, drain(surface, cell_m)),
        Ground(fourier, none, none, cell_m, drain(fourier, cell_m)),
        Ground(simplex, none, none, cell_m, drain(simplex, cell_m)),
    )


def both(subject: Subject) -> tuple[Pair, Pair, Pair]:
    """The ground of the map with the country round it, and their lookalikes."""
    near, far = on_map(subject), country(subject)
    return (near[0], far[0]), (near[1], far[1]), (near[2], far[2])


def _metric(
    key: str,
    name: str,
    accepted: tuple[float, float],
    source: str,
    where: Callable[[Subject], tuple[Part, Part, Part]],
    figure: Callable[[Part], Value],
    unit: str = "",
) -> Metric:
    """A figure of the ground; its baseline is that noise which comes nearer to being accepted."""

    def baseline(subject: Subject) -> Value:
        values = [value for value in map(figure, where(subject)[1:]) if value is not None]
        low, high = accepted
        return min(values, key=lambda value: max(low - value, value - high, 0.0), default=None)

    return Metric(
        key=key,
        name=name,
        group="terrain",
        unit=unit,
        accepted=accepted,
        source=source,
        measure=lambda subject: figure(where(subject)[0]),
        baseline=baseline,
        against="noise",
    )


def _horton(number: int) -> Figure:
    def figure(ground: Ground) -> Value:
        ratios = landform.horton_ratios(ground.drainage)
        return None if ratios is None else ratios[number]

    return figure


def _coarse_slope(ground: Ground) -> Value:
    """Spectral slope of wavelengths from those of valleys to half the country."""
    longest = ground.cell_m * ground.surface.shape[0] / 2.0
    return landform.spectral_slope(ground.surface, ground.cell_m, COUNTRY_M, longest)


def _spectral_break(pair: Pair) -> Value:
    """How much steeper the spectrum is below the length of hillslopes, on the map, than above, in the country."""
    near, far = pair
    fine = landform.spectral_slope(near.surface, near.cell_m, SHORTEST_M, HILLSLOPE_M)
    coarse = _coarse_slope(far)
    return None if fine is None or coarse is None else fine - coarse


def _hollows(ground: Ground) -> float:
    """Per cent of the ground that lies in closed hollows without water."""
    return 100.0 * float((ground.drainage.hollow & ~ground.water.ravel()).mean())


def _pits(ground: Ground) -> float:
    return 100.0 * float(landform.pits(ground.surface, ground.water).mean())


METRICS: tuple[Metric, ...] = (
    _metric(
        "concavity",
        "concavity by slope and area",
        (0.225, 0.575),
        "Gailleton et al. 2021, quartiles",
        on_map,
        lambda ground: landform.concavity(ground.drainage, ground.water | ground.laid),
    ),
    _metric(
        "concavity_chi",
        "concavity by chi",
        (0.225, 0.575),
        "Perron & Royden 2013; as above",
        country,  # chi compares the streams of whole basins, of which the map holds one or none
        lambda ground: landform.chi_concavity(ground.drainage, ground.water | ground.laid),
    ),
    _metric("hollows", "dry ground in hollows", (0.0, 0.5), "Mark 1988", on_map, _hollows, "%"),
    _metric("pits", "cells with no lower neighbour", (0.0, 0.1), "Mark 1988", on_map, _pits, "%"),
    _metric(
        "hack",
        "Hack's exponent",
        (0.5, 0.6),
        "Hack 1957; Rigon et al. 1996",
        country,
        lambda ground: landform.hack_exponent(ground.drainage),
    ),
    _metric(
        "hypsometry",
        "hypsometric integral",
        (0.3, 0.6),
        "Strahler 1952",
        country,
        lambda ground: landform.hypsometric_integral(ground.surface),
    ),
    _metric("bifurcation", "bifurcation ratio", (3.0, 5.0), "Horton 1945; Strahler 1957", country, _horton(0)),
    _metric("lengths", "ratio of stream lengths", (1.5, 3.5), "Horton 1945", country, _horton(1)),
    _metric("areas", "ratio of basin areas", (3.0, 6.0), "Schumm 1956", country, _horton(2)),
    _metric("spectrum", "spectral slope over 400 m", (1.5, 2.5), "Pelletier 1999: about 2", country, _coarse_slope),
    _metric("hillslopes", "steeper below 200 m, by", (0.5, math.inf), "Perron et al. 2008", both, _spectral_break),
)


def charts(subject: Subject) -> tuple[Chart, ...]:
    """Slope against area, lengths against areas, hypsometry and spectrum."""
    near, far = _named(on_map(subject)), _named(country(subject))
    return (_slope_area(near), _hack(far), _hypsometry(far), _spectrum(far, near))


Named = tuple[tuple[str, Ground, Literal["line", "baseline"]], ...]


def _named(grounds: Grounds) -> Named:
    own, fourier, simplex = grounds
    return (
        ("this valley", own, "line"),
        ("Fourier noise", fourier, "baseline"),
        ("simplex noise", simplex, "baseline"),
    )


def _slope_area(grounds: Named) -> Chart:
    series = []
    for name, ground, kind in grounds:
        x, y = landform.binned(*landform.slope_and_area(ground.drainage, ground.water | ground.laid))
        series.append(Series(name, 10.0**x, 10.0**y, kind))
    own = series[0]
    if own.x.size:
        middle = float(np.median(np.log(own.y) + TYPICAL_CONCAVITY * np.log(own.x)))
        series.append(Series("S ~ A^-0.425", own.x, np.exp(middle) * own.x**-TYPICAL_CONCAVITY, "reference"))
    return Chart(
        "slope_area",
        "Slope of streams against drainage area",
        "drainage area, m²",
        "slope, m/m",
        tuple(series),
        True,
        True,
        "Rivers cut until slope falls with area; noise does not know where water comes from.",
    )


def _hack(grounds: Named) -> Chart:
    series = []
    for name, ground, kind in grounds:
        x, y = landform.binned(*landform.length_and_area(ground.drainage))
        series.append(Series(name, 10.0**x, 10.0**y, kind))
    own = series[0]
    if own.x.size:
        level = float(np.median(np.log(own.y) - 0.55 * np.log(own.x)))
        series.append(Series("L ~ A^0.55", own.x, np.exp(level) * own.x**0.55, "reference"))
    return Chart(
        "hack",
        "Length of the longest stream against drainage area",
        "drainage area, m²",
        "length, m",
        tuple(series),
        True,
        True,
        "In the country round the map. Basins grow longer faster than they grow wide.",
    )


def _hypsometry(grounds: Named) -> Chart:
    share = np.linspace(0.0, 1.0, 101)
    series = []
    for name, ground, kind in grounds:
        low, high = float(ground.surface.min()), float(ground.surface.max())
        height = (np.quantile(ground.surface, 1.0 - share) - low) / max(high - low, 1e-9)
        series.append(Series(name, share, height, kind))
    return Chart(
        "hypsometry",
        "Hypsometric curve",
        "share of the area that lies higher",
        "relative height",
        tuple(series),
        note="In the country round the map. The area below the curve is the hypsometric integral.",
    )


def _spectrum(far: Named, near: Named) -> Chart:
    series = []
    for (name, ground, kind), shortest in (*((each, COUNTRY_M / 4.0) for each in far), (near[0], SHORTEST_M)):
        wavenumber, power = landform.transect_spectrum(ground.surface, ground.cell_m)
        length = 1.0 / wavenumber
        inside = (length >= shortest) & (power > 0.0)
        series.append(Series(name, length[inside], power[inside], kind))
    series[-1] = replace(series[-1], name="the map itself")
    own = series[0]
    long = own.x >= COUNTRY_M
    if long.any():
        level = float(np.median(np.log(own.y[long]) - 2.0 * np.log(own.x[long])))
        series.append(Series("P ~ wavelength²", own.x[long], np.exp(level) * own.x[long] ** 2, "reference"))
    return Chart(
        "spectrum",
        "Power spectrum of straight transects",
        "wavelength, m",
        "power, m³",
        tuple(series),
        True,
        True,
        "Land is rough down to the length of its hillslopes and smooth below.",
    )
