"""Strokes of lightning to the ground, where showers are deep and storms are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from world.streams import stream

STROKE = np.dtype([("second", "<f8"), ("x", "<f8"), ("y", "<f8"), ("peak_ka", "<f8")])
NO_STROKES: NDArray[np.void] = np.zeros(0, STROKE)
NO_STROKES.flags.writeable = False

THUNDER_MM_H = 18.0  # peak of a cell from which it is a thunderstorm
STROKES_PER_MINUTE = 0.6  # of a cell of 50 mm/h, to the ground; judgement
REACH_M = 10_000.0  # strokes of cells farther away are neither seen over the hills nor heard for long
STORM_STROKES_PER_MINUTE, STORM_REACH_M = 1.0, 3500.0  # of a forced storm round the village; judgement
COLD_C, WARM_C = -2.0, 8.0  # thundersnow is rare
MEDIAN_KA, SPREAD_KA = 31.0, 0.66  # peaks of first strokes, lognormal (Anderson & Eriksson 1980)
MOST_KA = 300.0


def strokes_of(
    cells: Sequence[tuple[float, float, float, float]],
    storm: float,
    temperature_c: float,
    seed: int,
    minute: int,
    begins_s: float,
    lasts_s: float,
) -> NDArray[np.void]:
    """The strokes of one minute in order of time.

    Args:
        cells: east, north, radius in metres and peak in mm/h of the showers that are about.
        storm: how much of a forced storm is there, 0..1 or a little more.
        temperature_c: at the ground.
        seed: of the run.
        minute: which it is; names the stream.
        begins_s: its first second.
        lasts_s: its length.
    """
    warm = min(1.0, max(0.0, (temperature_c - COLD_C) / (WARM_C - COLD_C)))
    sources = [
        (x, y, 0.45 * radius, STROKES_PER_MINUTE * min(3.0, (peak - THUNDER_MM_H) / 32.0) * warm * near)
        for x, y, radius, peak in cells
        if peak > THUNDER_MM_H and (near := 1.0 - (x * x + y * y) / REACH_M**2) > 0.0
    ]
    if storm > 0.0:
        sources.append((0.0, 0.0, STORM_REACH_M, STORM_STROKES_PER_MINUTE * min(2.0, storm) * warm))
    if not sources:
        return np.zeros(0, STROKE)
    draw = stream(seed, "lightning", minute)
    found = []
    for x, y, spread, mean in sources:
        strokes = np.zeros(int(draw.poisson(mean * lasts_s / 60.0)), STROKE)
        strokes["second"] = begins_s + lasts_s * draw.random(len(strokes))
        strokes["x"] = x + spread * draw.standard_normal(len(strokes))
        strokes["y"] = y + spread * draw.standard_normal(len(strokes))
        strokes["peak_ka"] = np.minimum(MOST_KA, MEDIAN_KA * np.exp(SPREAD_KA * draw.standard_normal(len(strokes))))
        found.append(strokes)
    strokes = np.concatenate(found)
    return strokes[np.argsort(strokes["second"], kind="stable")]
