"""Seeded simplex noise on the lattice: the irregularity that erosion then gives a reason."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from opensimplex import OpenSimplex, internals

from world.compiled import keep_code
from world.streams import stream

Floats = NDArray[np.float64]

for _function in vars(internals).values():
    keep_code(_function)


def fractal(
    axis_x: Floats, axis_y: Floats, wavelength_m: float, octaves: int, seed: int, name: str, gain: float = 0.5
) -> Floats:
    """Sum of simplex octaves over the lattice of the two axes, (len(axis_y), len(axis_x)), roughly within -1..1.

    Each octave halves the wavelength and multiplies the amplitude by `gain`; octaves have independent seeds and
    shifted origins, so that no lattice artefact lines up.
    """
    rng = stream(seed, "noise:" + name)
    total = np.zeros((len(axis_y), len(axis_x)))
    amplitude, weight = 1.0, 0.0
    for octave in range(octaves):
        source = OpenSimplex(int(rng.integers(1 << 31)))
        shift_x, shift_y = rng.uniform(0.0, 1000.0, 2)
        scale = 2.0**octave / wavelength_m
        total += amplitude * source.noise2array(axis_x * scale + shift_x, axis_y * scale + shift_y)
        weight += amplitude
        amplitude *= gain
    return total / weight
