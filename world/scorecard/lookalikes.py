"""Surfaces that only look like a valley: noise with the relief of the land it is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.grid import Grid
from world.noise import fractal

Floats = NDArray[np.float64]

OCTAVES = 8
RINGS_PER_DECADE = 12  # of wavenumber, over which the spectrum is averaged


def fourier_noise(like: Floats, rng: np.random.Generator) -> Floats:
    """A Gaussian field with the radial power spectrum and the variance of a surface (n, n), by Fourier synthesis.

    Everything that depends on scale alone is the land's own; what is lost is where things are: streams that meet.
    """
    n = like.shape[0]
    wavenumber = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
    power = np.abs(np.fft.rfft2(_tapered(like))) ** 2
    ring = np.floor(np.log10(np.maximum(wavenumber * n, 1.0)) * RINGS_PER_DECADE).astype(np.int64)
    inside = wavenumber > 0.0
    count = np.maximum(np.bincount(ring[inside]), 1)
    level = np.bincount(ring[inside], power[inside]) / count
    centre = np.bincount(ring[inside], wavenumber[inside]) / count
    known = level > 0.0
    amplitude = np.zeros_like(wavenumber)
    amplitude[inside] = np.exp(0.5 * np.interp(np.log(wavenumber[inside]), np.log(centre[known]), np.log(level[known])))
    return _scaled(np.fft.irfft2(amplitude * np.fft.rfft2(rng.standard_normal((n, n))), s=(n, n)), like)


def simplex_noise(like: Floats, cell_m: float, seed: int) -> Floats:
    """Eight octaves of simplex noise, each of half the wavelength and amplitude of the last, with the same variance."""
    grid = Grid(like.shape[0], cell_m)
    return _scaled(fractal(grid.axis, grid.axis, grid.size_m, OCTAVES, seed, "lookalike"), like)


def _tapered(surface: Floats) -> Floats:
    """Without its plane of best fit, fading to zero at the edges."""
    n = surface.shape[0]
    place = np.arange(n) - (n - 1) / 2.0
    level = surface - surface.mean()
    level = level - (level.mean(axis=0) @ place) / (place @ place) * place[None, :]
    level = level - (level.mean(axis=1) @ place) / (place @ place) * place[:, None]
    window = np.hanning(n)
    result: Floats = level * window[:, None] * window[None, :]
    return result


def _scaled(field: Floats, like: Floats) -> Floats:
    result: Floats = float(like.mean()) + (field - field.mean()) * (float(like.std()) / float(field.std()))
    return result
