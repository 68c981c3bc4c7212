"""The air over the map: how height and slopes bend what blows, falls and condenses over a coarse lattice.

After MicroMet (Liston & Elder 2006), with cold pools and valley fog added.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from world.grid import bilinear
from world.sky.normals import knots_of, through_the_year

Floats = NDArray[np.float64]

NODES = 33  # of the lattice along one side
LAPSE_C_KM = np.array([4.4, 5.9, 7.1, 7.8, 8.1, 8.2, 8.1, 8.1, 7.7, 6.8, 5.5, 4.7])
"""Of air temperature from January in the northern half (Liston & Elder 2006, table 1, after Kunkel 1989)."""
VAPOUR_PER_KM = np.array([0.41, 0.42, 0.40, 0.39, 0.38, 0.36, 0.33, 0.33, 0.36, 0.37, 0.40, 0.40])
RAIN_PER_KM = np.array([0.35, 0.35, 0.35, 0.30, 0.25, 0.20, 0.20, 0.20, 0.20, 0.25, 0.30, 0.35])
MAGNUS_B, MAGNUS_C = 17.502, 240.97  # of their dew points (Buck 1981)
SLOPE_WEIGHT = CURVE_WEIGHT = 0.5  # gamma_s and gamma_c of their equation 16
GENTLE_SLOPE, GENTLE_CURVE = 0.15, 0.04  # relief below this bends the wind in proportion; judgement
UPSLOPE_S_M = 0.10  # rain gained per m/s of wind and slope it climbs; what blows down a lee loses as much; judgement
UPSLOPE_LENGTH_M = 500.0  # the rain of one slope falls on the next few hundred metres, too
UPSLOPE_MOST = 0.3
POOL_C, POOL_DEPTH_M = 4.0, 50.0  # a clear calm night's warmth above the cold air in the valley; judgement
FOG_EDGE_M = 12.0  # over which the top of a fog thins
CURVE_LENGTH_M = 300.0  # about half the distance from crest to valley


@dataclass(frozen=True)
class AirField:
    """The air a little above the ground at the nodes of a lattice; arrays (NODES, NODES), rows go north."""

    origin: tuple[float, float]  # world x, y of [0, 0]
    cell_m: float
    temperature_c: Floats
    humidity: Floats
    wind_east_m_s: Floats
    wind_north_m_s: Floats
    rain_mm_h: Floats
    snow_mm_h: Floats
    cloud: Floats
    fog: Floats  # density 0..1

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.flags.writeable = False


@dataclass(frozen=True)
class Relief:
    """The shape of the map's ground as coarsely as the air feels it."""

    heights: Floats  # (NODES, NODES) metres above the datum
    origin: tuple[float, float]
    cell_m: float
    village: tuple[float, float] = (0.0, 0.0)

    @property
    def village_m(self) -> float:
        """Height of the village above the datum."""
        x, y = (np.array([v]) for v in self.village)
        return float(bilinear(self.heights, self.origin, self.cell_m, x, y)[0])

    def mesh(self) -> tuple[Floats, Floats]:
        """Positions of the nodes east and north of the village."""
        east = self.origin[0] + np.arange(NODES) * self.cell_m - self.village[0]
        north = self.origin[1] + np.arange(NODES) * self.cell_m - self.village[1]
        x, y = np.meshgrid(east, north)
        return x, y


def flat(size_m: float = 2048.0) -> Relief:
    """Level ground at the datum."""
    return Relief(np.zeros((NODES, NODES)), (-size_m / 2.0, -size_m / 2.0), size_m / (NODES - 1))


def relief_of(
    heights: NDArray[np.float32] | Floats, origin: tuple[float, float], cell_m: float, buildings: NDArray[np.void]
) -> Relief:
    """The relief of a map: means of the cells round each node; the village is where most of its buildings are."""
    village = (float(np.median(buildings["x"])), float(np.median(buildings["y"]))) if len(buildings) else (0.0, 0.0)
    size = (heights.shape[0] - 1) * cell_m
    node_m = size / (NODES - 1)
    smooth = ndimage.uniform_filter(heights.astype(np.float64), max(1, round(node_m / cell_m)), mode="nearest")
    axis = np.arange(NODES) * node_m
    x, y = np.meshgrid(origin[0] + axis, origin[1] + axis)
    return Relief(bilinear(smooth, origin, cell_m, x, y), origin, node_m, village)


def _of_latitude(table: Floats, latitude: float) -> Floats:
    """A table of the northern half's months as knots for either half."""
    return knots_of(table[(np.arange(12) + (0 if latitude >= 0 else 6)) % 12])


class Terrain:
    """What the relief does to the air, worked out once."""

    def __init__(self, relief: Relief, latitude: float) -> None:
        self.relief = relief
        self.village_m = relief.village_m
        self.over_village_m = relief.heights - self.village_m
        self.x, self.y = relief.mesh()
        self._north: Floats = np.asarray(np.gradient(relief.heights, relief.cell_m, axis=0))  # rise over run
        self._east: Floats = np.asarray(np.gradient(relief.heights, relief.cell_m, axis=1))
        broad = ndimage.gaussian_filter(relief.heights, UPSLOPE_LENGTH_M / relief.cell_m, mode="nearest")
        self._climb_north: Floats = np.asarray(np.gradient(broad, relief.cell_m, axis=0))
        self._climb_east: Floats = np.asarray(np.gradient(broad, relief.cell_m, axis=1))
        self._slope = np.arctan(np.hypot(self._north, self._east))
        self._curvature = _scaled(_curvature(relief.heights, relief.cell_m), GENTLE_CURVE)
        self._lapse, self._vapour, self._rain = (
            _of_latitude(table, latitude) for table in (LAPSE_C_KM, VAPOUR_PER_KM, RAIN_PER_KM)
        )

    def lapse_c_m(self, day: date) -> float:
        """Cooling with height in K per metre."""
        return through_the_year(self._lapse, day) / 1000.0

    def dew_lapse_c_m(self, day: date) -> float:
        """Fall of the dew point with height in K per metre (their equation 8)."""
        return through_the_year(self._vapour, day) / 1000.0 * MAGNUS_C / MAGNUS_B

    def temperature(self, datum_c: float, day: date, pool: float) -> Floats:
        """Air temperature at the nodes; `pool` 0..1 is how far the night's cold has run together in the valley."""
        z = np.maximum(self.relief.heights, -POOL_DEPTH_M)
        warmer = POOL_C * pool * (1.0 - np.exp(-np.maximum(self.over_village_m, 0.0) / POOL_DEPTH_M))
        result: Floats = datum_c - self.lapse_c_m(day) * z + warmer
        return result

    def precipitation_factor(self, day: date, east_m_s: float, north_m_s: float) -> Floats:
        """Rain at the nodes over that at the village: more with height and where the wind rises."""
        chi = through_the_year(self._rain, day) / 1000.0
        lift = np.clip(chi * self.over_village_m, -0.5, 0.5)
        upslope = UPSLOPE_S_M * (east_m_s * self._climb_east + north_m_s * self._climb_north)
        result: Floats = (1.0 + lift) / (1.0 - lift) * (1.0 + np.clip(upslope, -UPSLOPE_MOST, UPSLOPE_MOST))
        return result

    def wind(self, east_m_s: float, north_m_s: float) -> tuple[Floats, Floats]:
        """Wind at the nodes, east and north: faster on crests and windward slopes, turned by them (equations 15-18)."""
        towards = np.arctan2(north_m_s, east_m_s)
        uphill = np.arctan2(self._north, self._east)
        slope = _scaled(self._slope * np.cos(uphill - towards), GENTLE_SLOPE)
        weight = 1.0 + SLOPE_WEIGHT * slope + CURVE_WEIGHT * self._curvature
        turned = towards - 0.225 * slope * np.sin(2.0 * (uphill - towards))
        speed = np.hypot(east_m_s, north_m_s) * weight
        return speed * np.cos(turned), speed * np.sin(turned)

    def fog(self, density: float, top_m: float) -> Floats:
        """Density of the fog at the nodes; `top_m` above the datum."""
        result: Floats = density * np.clip((top_m - self.relief.heights) / FOG_EDGE_M + 0.5, 0.0, 1.0)
        return result


def _curvature(heights: Floats, cell_m: float) -> Floats:
    """How far a node stands above its surroundings, as a slope (equation 13)."""
    step = max(1, round(CURVE_LENGTH_M / cell_m))
    padded = np.pad(heights, step, mode="edge")
    total = np.zeros_like(heights)
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        distance = 2.0 * step * cell_m * np.hypot(dy, dx)
        there = padded[step + dy * step :, step + dx * step :][: len(heights), : len(heights)]
        back = padded[step - dy * step :, step - dx * step :][: len(heights), : len(heights)]
        total += (heights - 0.5 * (there + back)) / (0.5 * distance)
    return total / 4.0


def _scaled(values: Floats, gentle: float) -> Floats:
    """Between -0.5 and 0.5 by the largest, as MicroMet wants it, or by `gentle` where all are smaller than that."""
    largest = max(float(np.max(np.abs(values))), gentle)
    result: Floats = 0.5 * values / largest
    return result
