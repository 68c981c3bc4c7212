"""The land: does it look eroded, beside noise of the same relief and spectrum, and beside simplex noise?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

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
LONGEST_M, SHORTEST_M = 1024.0, 16.0  # wavelengths between which spectra are measured
TYPICAL_CONCAVITY = 0.425  # median of mountain rivers (Gailleton et al. 2021)


@dataclass(frozen=True, eq=False)
class Ground:
    """A surface under test: the ground with its standing water, and how it drains."""

    surface: Floats
    water: Flags
    cell_m: float
    drainage: Drainage


Figure = Callable[[Ground], Value]


def land(subject: Subject) -> Ground:
    """The world's own ground."""

    def make() -> Ground:
        valley = subject.valley
        surface = valley.heights.astype(np.float64) + valley.water_depth
        return Ground(surface, valley.water_depth > 0.0, valley.cell_m, drain(surface, valley.cell_m))

    return subject.shared("land", make)


def lookalikes(subject: Subject) -> tuple[Ground, Ground]:
    """Fourier noise and simplex noise with the relief of the world's own ground."""

    def make() -> tuple[Ground, Ground]:
        own = land(subject)
        noises = (
            fourier_noise(own.surface, subject.rng("lookalike")),
            simplex_noise(own.surface, own.cell_m, subject.seed),
        )
        first, second = (
            Ground(noise, np.zeros(noise.shape, np.bool_), own.cell_m, drain(noise, own.cell_m)) for noise in noises
        )
        return first, second

    return subject.shared("lookalikes", make)


def _metric(
    key: str, name: str, accepted: tuple[float, float], source: str, figure: Figure, unit: str = "", hard: bool = False
) -> Metric:
    """A figure of the ground; its baseline is that noise which comes nearer to being accepted."""

    def baseline(subject: Subject) -> Value:
        values = [value for value in map(figure, lookalikes(subject)) if value is not None]
        low, high = accepted
        return min(values, key=lambda value: max(low - value, value - high, 0.0), default=None)

    return Metric(
        key=key,
        name=name,
        group="terrain",
        unit=unit,
        accepted=accepted,
        source=source,
        measure=lambda subject: figure(land(subject)),
        baseline=baseline,
        against="noise",
        hard=hard,
    )


def _horton(number: int) -> Figure:
    def figure(ground: Ground) -> Value:
        ratios = landform.horton_ratios(ground.drainage)
        return None if ratios is None else ratios[number]

    return figure


def _spectral_break(ground: Ground) -> Value:
    """How much steeper the spectrum is below the length of hillslopes than above."""
    fine = landform.spectral_slope(ground.surface, ground.cell_m, SHORTEST_M, HILLSLOPE_M)
    coarse = landform.spectral_slope(ground.surface, ground.cell_m, HILLSLOPE_M, LONGEST_M)
    return None if fine is None or coarse is None else fine - coarse


def _hollows(ground: Ground) -> float:
    """Per cent of the ground that lies in closed hollows without water."""
    return 100.0 * float((ground.drainage.hollow & ~ground.water.ravel()).mean())


def _pits(ground: Ground) -> float:
    return 100.0 * float(landform.pits(ground.surface, ground.water).mean())


METRICS: tuple[Metric, ...] = (
    _metric(
        "concavity",
        "concavity of streams, slope and area",
        (0.225, 0.575),
        "Gailleton et al. 2021, quartiles",
        lambda ground: landform.concavity(ground.drainage, ground.water),
    ),
    _metric(
        "concavity_chi",
        "concavity of streams, chi",
        (0.225, 0.575),
        "Perron & Royden 2013; range as above",
        lambda ground: landform.chi_concavity(ground.drainage, ground.water),
    ),
    _metric(
        "hollows",
        "dry ground in closed hollows",
        (0.0, 0.5),
        "Mark 1988: rare where rivers cut",
        _hollows,
        "%",
    ),
    _metric("pits", "cells without a lower neighbour", (0.0, 0.1), "Mark 1988", _pits, "%"),
    _metric(
        "hack",
        "Hack's exponent",
        (0.45, 0.6),
        "Hack 1957; Rigon et al. 1996",
        lambda ground: landform.hack_exponent(ground.drainage),
    ),
    _metric(
        "hypsometry",
        "hypsometric integral",
        (0.3, 0.6),
        "Strahler 1952; Pike & Wilson 1971",
        lambda ground: landform.hypsometric_integral(ground.surface),
    ),
    _metric("bifurcation", "bifurcation ratio", (3.0, 5.0), "Horton 1945; Strahler 1957", _horton(0)),
    _metric("lengths", "stream length ratio", (1.5, 3.5), "Horton 1945", _horton(1)),
    _metric("areas", "stream area ratio", (3.0, 6.0), "Schumm 1956", _horton(2)),
    _metric(
        "spectrum",
        "spectral slope of transects over 200 m",
        (1.5, 2.5),
        "Pelletier 1999: near 2",
        lambda ground: landform.spectral_slope(ground.surface, ground.cell_m, HILLSLOPE_M, LONGEST_M),
    ),
    _metric(
        "hillslopes",
        "spectrum steeper below 200 m, by",
        (0.5, math.inf),
        "Perron et al. 2008",
        _spectral_break,
    ),
)


def charts(subject: Subject) -> tuple[Chart, ...]:
    """Slope against area, profiles over chi, lengths against areas, hypsometry and spectrum."""
    own, (fourier, simplex) = land(subject), lookalikes(subject)
    grounds = (("this valley", own), ("Fourier noise", fourier), ("simplex noise", simplex))
    return (_slope_area(grounds), _hack(grounds), _hypsometry(grounds), _spectrum(grounds))


Grounds = tuple[tuple[str, Ground], ...]


def _slope_area(grounds: Grounds) -> Chart:
    series = []
    for name, ground in grounds:
        x, y = landform.binned(*landform.slope_and_area(ground.drainage, ground.water))
        series.append(Series(name, 10.0**x, 10.0**y, "line" if ground is grounds[0][1] else "baseline"))
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


def _hack(grounds: Grounds) -> Chart:
    x, y = landform.binned(*landform.length_and_area(grounds[0][1].drainage))
    level = float(np.median(y - 0.55 * x)) if x.size else 0.0
    return Chart(
        "hack",
        "Length of the longest stream against drainage area",
        "drainage area, m²",
        "length, m",
        (
            Series(grounds[0][0], 10.0**x, 10.0**y, "line"),
            Series("L ~ A^0.55", 10.0**x, 10.0 ** (level + 0.55 * x), "reference"),
        ),
        True,
        True,
        "Noise passes this as well: any tree of streams does.",
    )


def _hypsometry(grounds: Grounds) -> Chart:
    share = np.linspace(0.0, 1.0, 101)
    series = []
    for name, ground in grounds:
        low, high = float(ground.surface.min()), float(ground.surface.max())
        height = (np.quantile(ground.surface, 1.0 - share) - low) / max(high - low, 1e-9)
        series.append(Series(name, share, height, "line" if ground is grounds[0][1] else "baseline"))
    return Chart(
        "hypsometry",
        "Hypsometric curve",
        "share of the area that lies higher",
        "relative height",
        tuple(series),
        note="The area below the curve is the hypsometric integral.",
    )


def _spectrum(grounds: Grounds) -> Chart:
    series = []
    for name, ground in grounds:
        wavenumber, power = landform.transect_spectrum(ground.surface, ground.cell_m)
        length = 1.0 / wavenumber
        inside = (length >= SHORTEST_M) & (power > 0.0)
        series.append(Series(name, length[inside], power[inside], "line" if ground is grounds[0][1] else "baseline"))
    own = series[0]
    long = own.x >= HILLSLOPE_M
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
