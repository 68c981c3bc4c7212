"""What rain and fog leave of a laser's light on its way to a surface and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.render.light import FOG_SOFT_M, air
from recorder.schema import Beams

Floats = NDArray[np.float64]

RAIN_PER_M, RAIN_POWER = 0.01, 0.6  # extinction by rain of R mm/h is 0.01 R^0.6 per metre (Goodin et al. 2019)
LASER_NM, VISIBLE_NM = 905.0, 550.0
KIM_KM, KIM_POWER = (0.5, 1.0, 6.0), (0.0, 0.5, 1.3)  # visibility, and how extinction falls with wavelength
"""Kim, McArthur & Korevaar 2001, "Comparison of laser beam propagation at 785 nm and 1550 nm in fog and haze": in fog
of less than 500 m extinction is that of visible light, in haze that of Kruse et al. 1962."""


def transmitted(
    metres: Floats, height_m: float, climb: Floats, beams: Beams, environment: NDArray[np.void]
) -> NDArray[np.float64]:
    """Share of the light that is left after the way there and back; 1 where a beam meets nothing.

    Args:
        metres: to what the beams meet, of any shape.
        height_m: of the lidar, above the map's datum.
        climb: sine of the elevation of each beam, of the same shape.
        beams: say what weakens them.
        environment: of the tick.
    """
    way = np.where(np.isfinite(metres), metres, 0.0)
    depth = np.zeros(way.shape)
    if beams.rain:
        depth += RAIN_PER_M * float(environment["rain_mm_h"]) ** RAIN_POWER * way
    if beams.fog:
        depth += fog_per_m(environment) * _in_fog(way, height_m, climb, air(environment).top_m)
    return np.asarray(np.exp(-2.0 * depth))


def fog_per_m(environment: NDArray[np.void]) -> float:
    """Extinction of the laser's light by the fog layer, where it is full; 0 where there is none."""
    power = np.interp(float(environment["visibility_m"]) / 1000.0, KIM_KM, KIM_POWER)
    return float(air(environment).fog_per_m * (LASER_NM / VISIBLE_NM) ** -power)


def _in_fog(way: Floats, height_m: float, climb: Floats, top_m: float) -> Floats:
    """Metres of the way in fog, less where it thins towards its top: the layer that the pictures show, without waves.

    Its density is 1 up to FOG_SOFT_M under the top and falls evenly to 0 at it (common.glsl, fog_column).
    """

    def column(height: Floats) -> Floats:
        above = np.clip((height - (top_m - FOG_SOFT_M)) / FOG_SOFT_M, 0.0, 1.0)
        return np.minimum(height, top_m - FOG_SOFT_M) + FOG_SOFT_M * (above - 0.5 * above**2)

    level = np.abs(climb) * way < 1e-3  # such a beam stays where it is
    start, end = np.full(way.shape, height_m), height_m + climb * way
    density = 1.0 - np.clip((start - (top_m - FOG_SOFT_M)) / FOG_SOFT_M, 0.0, 1.0)
    return np.where(level, density * way, (column(end) - column(start)) / np.where(level, 1.0, climb))
