"""What the rivers find: rock of uneven hardness in folded beds, rising unevenly."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from world.noise import fractal
from world.streams import stream

Floats = NDArray[np.float64]

BED_SHARE = 0.16  # thickness of a bed, of the region's side
FOLD_SHARE = 0.5  # how far folds shift a bed
BED_CONTRAST, PATCH_CONTRAST = 0.45, 0.3  # of the logarithm of hardness
UPLIFT_CONTRAST = 0.45  # of the uplift rate between ridges and troughs


def hardness_of(axis_x: Floats, axis_y: Floats, region_m: float, seed: int) -> Floats:
    """Resistance of the rock relative to its mean, (len(axis_y), len(axis_x)): beds that strike across, and patches."""
    rng = stream(seed, "beds")
    strike, phase = float(rng.uniform(0.0, math.pi)), float(rng.uniform(0.0, 2 * math.pi))
    fold = fractal(axis_x, axis_y, 0.55 * region_m, 2, seed, "folds")
    patch = fractal(axis_x, axis_y, 0.2 * region_m, 3, seed, "patches")
    across = axis_x[None, :] * math.cos(strike) + axis_y[:, None] * math.sin(strike)
    bed = np.sin(2 * math.pi * (across / region_m + FOLD_SHARE * fold) / (2 * BED_SHARE) + phase)
    # beds change within a short distance: the sine is squared off
    bed = np.tanh(2.0 * bed) / math.tanh(2.0)
    result: Floats = np.exp(BED_CONTRAST * bed + PATCH_CONTRAST * patch)
    return result


def uplift_of(axis_x: Floats, axis_y: Floats, region_m: float, seed: int) -> Floats:
    """Uplift relative to its mean, (len(axis_y), len(axis_x)): ranges that rise faster than the troughs between."""
    rng = stream(seed, "ranges")
    strike = float(rng.uniform(0.0, math.pi))
    c, s = math.cos(strike), math.sin(strike)
    # ranges are longer than wide: noise is read on axes that are stretched along the strike
    along = fractal(axis_x, axis_y, 0.6 * region_m, 2, seed, "lift")
    across = axis_x[None, :] * c + axis_y[:, None] * s
    wave = np.sin(2 * math.pi * (across / (0.55 * region_m) + 0.4 * along) + float(rng.uniform(0.0, 2 * math.pi)))
    result: Floats = 1.0 + UPLIFT_CONTRAST * (0.6 * wave + 0.7 * along)
    return np.maximum(result, 0.25)
