"""Climates of known places as monthly normals (rounded from the WMO normals 1961-1990), January first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MIDDLE = np.array([15, 46, 74, 105, 135, 166, 196, 227, 258, 288, 319, 349])


@dataclass(frozen=True)
class Place:
    latitude: float
    temperature_c: NDArray[np.float64]
    rain_mm: NDArray[np.float64]
    pet_mm: NDArray[np.float64]

    @property
    def annual_rain_mm(self) -> float:
        return float(self.rain_mm.sum())

    @property
    def annual_temperature_c(self) -> float:
        return float(self.temperature_c.mean())


def place(latitude: float, temperature: list[float], rain: list[float], swing: float = 10.0) -> Place:
    """Evaporation by Hargreaves & Samani 1985 from extraterrestrial radiation and the daily swing."""
    phi = np.radians(np.clip(latitude, -89.0, 89.0))
    tilt = 0.409 * np.sin(2 * np.pi * MIDDLE / 365 - 1.39)
    edge = np.arccos(np.clip(-np.tan(phi) * np.tan(tilt), -1, 1))
    ra = 37.6 * (edge * np.sin(phi) * np.sin(tilt) + np.cos(phi) * np.cos(tilt) * np.sin(edge))
    t = np.array(temperature, dtype=float)
    pet = 0.0023 * 0.408 * ra * np.maximum(t + 17.8, 0) * np.sqrt(swing) * MONTH_DAYS
    return Place(latitude, t, np.array(rain, dtype=float), pet)


BERN = place(
    47.0, [-1, 0.7, 4.3, 8, 12.3, 15.5, 18, 17.2, 14, 9, 3.7, 0], [66, 58, 70, 84, 108, 121, 104, 113, 84, 73, 81, 67]
)
HELSINKI = place(
    60.3,
    [-6.9, -6.8, -3, 2.9, 10, 14.9, 16.6, 15, 10, 5.3, 0.2, -4.3],
    [41, 31, 34, 37, 35, 44, 73, 80, 73, 73, 72, 58],
    8,
)
ROVANIEMI = place(
    66.5,
    [-13, -11.8, -6.8, -0.4, 6.6, 13, 15.2, 12.4, 7, 1, -6, -11],
    [42, 34, 36, 31, 36, 59, 69, 72, 54, 55, 49, 42],
    9,
)
YAKUTSK = place(
    62.0, [-41, -36, -22, -6, 7, 15.8, 18.8, 15, 6, -8, -28, -39], [9, 7, 6, 10, 18, 36, 42, 38, 28, 17, 15, 10], 12
)
BARROW = place(71.3, [-26, -28, -26, -18, -7, 1, 4, 3, -1, -10, -18, -24], [5, 4, 4, 5, 4, 8, 24, 25, 15, 13, 7, 5], 6)
VOSTOK = place(-78.5, [-32, -44, -58, -65, -66, -65, -67, -68, -66, -57, -43, -32], [1] * 12, 8)
ROME = place(
    41.9,
    [8, 9, 10.9, 13.2, 17.2, 21, 23.9, 24, 21.1, 16.9, 12.1, 9.4],
    [80, 75, 65, 60, 43, 30, 15, 25, 60, 105, 110, 90],
)
ATHENS = place(
    38.0,
    [9.3, 9.8, 11.7, 15.5, 20.2, 24.6, 27, 26.6, 23.3, 18.3, 14.4, 11.1],
    [48, 41, 41, 24, 16, 8, 5, 5, 10, 50, 60, 66],
)
MANAUS = place(
    -3.1,
    [26.1, 26, 26.1, 26.3, 26.3, 26.4, 26.5, 27, 27.5, 27.6, 27.3, 26.7],
    [260, 288, 314, 300, 256, 114, 88, 58, 83, 126, 183, 217],
)
TAMALE = place(
    9.4,
    [27.8, 30, 31, 30.4, 28.9, 27.2, 26.2, 25.9, 26.2, 27.5, 28, 27.4],
    [3, 8, 40, 80, 110, 140, 160, 190, 200, 90, 10, 4],
    11,
)
TAMANRASSET = place(
    22.8, [12.8, 15, 18.5, 23, 26.8, 29, 28.8, 28.3, 26.6, 22.6, 17.5, 13.9], [2, 2, 2, 3, 6, 7, 4, 9, 9, 3, 2, 2], 14
)
TUCSON = place(
    32.1, [11, 12.8, 15, 19, 24, 29, 30.5, 29.5, 27.5, 21.5, 15, 11], [22, 18, 18, 7, 5, 6, 60, 55, 37, 27, 17, 26], 16
)
TASHKENT = place(
    41.3, [0.5, 2, 8, 15, 20, 25.5, 27.5, 25.5, 20, 13, 8, 3], [53, 64, 69, 60, 40, 11, 4, 2, 5, 29, 43, 56], 13
)
QUITO = place(
    -0.2,
    [13.5, 13.6, 13.7, 13.7, 13.8, 13.7, 13.6, 13.8, 13.8, 13.6, 13.5, 13.5],
    [83, 110, 145, 170, 110, 45, 25, 28, 80, 125, 110, 95],
    11,
)
HOBART = place(
    -42.9,
    [16.5, 16.5, 15.2, 12.7, 10.5, 8.4, 8, 9, 10.6, 12.2, 13.7, 15.2],
    [46, 39, 45, 52, 47, 52, 53, 53, 52, 61, 55, 57],
)
CHILLAN_TURNED = Place(
    -47.0, *(np.roll(v, 6) for v in (BERN.temperature_c, BERN.rain_mm, BERN.pet_mm))
)  # Bern in the south

ALL = {name.lower(): value for name, value in list(globals().items()) if isinstance(value, Place)}
