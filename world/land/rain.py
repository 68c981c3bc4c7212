"""Rain over hills: more where the wind climbs, less behind (Smith & Barstad 2004, linear theory)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftfreq, ifft2

Floats = NDArray[np.float64]

WIND_M_S = 10.0
UPLIFT_SENSITIVITY = 0.004  # kg/m3, condensation per metre of ascent near 5 degC
DELAY_S = 300.0  # for drops to form, and again to fall: shallow cloud (200-2000 s are used)
MOIST_LAYER_M = 2500.0
MOIST_STABILITY = 0.005  # 1/s
BACKGROUND_MM_H = 1.5  # while it rains
DRIEST, WETTEST = 0.4, 2.5  # relative to the mean
PADDING = 0.5  # of the side, level ground round the region against the transform's wrapping


def orographic_rain(heights: Floats, cell_m: float, wind_towards: float) -> Floats:
    """Rain relative to its mean over the map, same shape as `heights`, for a prevailing wind (radians)."""
    rows, cols = heights.shape
    pad = int(PADDING * max(rows, cols))
    ground = np.pad(heights - heights.mean(), pad, mode="linear_ramp", end_values=0.0)
    kx = 2 * math.pi * fftfreq(ground.shape[1], cell_m)[None, :]
    ky = 2 * math.pi * fftfreq(ground.shape[0], cell_m)[:, None]
    sigma = WIND_M_S * (math.cos(wind_towards) * kx + math.sin(wind_towards) * ky)
    safe = np.where(sigma == 0.0, 1e-9, sigma)
    vertical = np.sqrt((MOIST_STABILITY**2 - safe**2 + 0j) / safe**2 * (kx**2 + ky**2))
    vertical = np.where(vertical.imag == 0.0, vertical * np.sign(safe), vertical)
    delays = (1.0 + 1j * sigma * DELAY_S) ** 2
    transfer = UPLIFT_SENSITIVITY * 1j * sigma / ((1.0 - 1j * vertical * MOIST_LAYER_M) * delays)
    extra = np.real(ifft2(transfer * fft2(ground)))[pad : pad + rows, pad : pad + cols] * 3600.0
    relative = np.clip(1.0 + extra / BACKGROUND_MM_H, DRIEST, WETTEST)
    result: Floats = relative / relative.mean()
    return result
