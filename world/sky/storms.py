"""When and where the rain of a day falls: a front's band that passes over the map, or showers that drift across it.

The showers are clusters of cells (after the Neyman-Scott processes of Rodriguez-Iturbe, Cox & Isham 1987) that move
with the wind; the amounts at the village are those of the day. Seconds count from local midnight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from world.sky.daily import Day
from world.streams import stream

Floats = NDArray[np.float64]

DAY_S = 86_400.0
CELL_MM = 3.0  # rain of one cell, about: a strong shower leaves 2 to 10 mm
MOST_CELLS = 14
CELL_RADIUS_M = (1800.0, 4500.0)  # half width of a convective cell's rain
CELL_PEAK_MM_H = 110.0  # what a cell would bring beyond it falls from the cloud deck round it
AFTERNOON_S, AFTERNOON_SPREAD_S = 15.8 * 3600.0, 2.2 * 3600.0  # of showers over land
BESIDES = 2.5  # cells that pass beside the village for each that hits it: as many to the width of ground
BESIDE_M = 6000.0
STEERING_LEAST_M_S, STEERING_RATIO = 4.5, 1.3  # the wind aloft that carries rain, from that at the ground
TRAILING_SHARE = 0.3  # of a day of heavy showers, as even rain round them (Houze 1997: 0.25 to 0.6)
STEP_S = 120.0
TEXTURE_WAVES = 16
TEXTURE_M = (1500.0, 14_000.0)  # wavelengths in the rain of fronts
TEXTURE_LIFE_S = 1500.0  # in which the pattern changes while it drifts
TEXTURE_DRIFT_M_S = 9.0
PATCHES = 0.35  # strength of the texture in even rain: standard deviation of its logarithm


@dataclass(frozen=True)
class Texture:
    """Light and heavy patches of even rain that drift over the map: a field of mean 0 and variance 1.

    Its seconds count from the midnight before day 0 of the calendar.
    """

    waves: Floats  # (n, 5): east and north wave numbers, own frequency, phase, amplitude

    def at(self, x: Floats, y: Floats, seconds: Floats | float) -> Floats:
        """Values at positions, all of one shape; seconds may be a number."""
        total = np.zeros(np.broadcast(x, seconds).shape)
        for east, north, frequency, phase, amplitude in self.waves:
            total += amplitude * np.cos(east * x + north * y - frequency * seconds + phase)
        return total

    def here(self, seconds: float) -> float:
        """The value at the village."""
        _, _, frequency, phase, amplitude = self.waves.T
        return float(np.sum(amplitude * np.cos(phase - frequency * seconds)))


def texture(seed: int, towards: float) -> Texture:
    """The texture of a run, drifting in a direction."""
    draw = stream(seed, "rain texture")
    length = np.exp(draw.uniform(math.log(TEXTURE_M[0]), math.log(TEXTURE_M[1]), TEXTURE_WAVES))
    angle = draw.uniform(0.0, 2.0 * np.pi, TEXTURE_WAVES)
    east, north = 2.0 * np.pi / length * np.cos(angle), 2.0 * np.pi / length * np.sin(angle)
    drift = TEXTURE_DRIFT_M_S * (east * math.cos(towards) + north * math.sin(towards))
    own = draw.normal(0.0, 1.0 / TEXTURE_LIFE_S, TEXTURE_WAVES)
    amplitude = length**0.5
    amplitude *= math.sqrt(2.0 / float(np.sum(amplitude**2)))
    phase = draw.uniform(0.0, 2.0 * np.pi, TEXTURE_WAVES)
    return Texture(np.column_stack([east, north, drift + own, phase, amplitude]))


def patchy(texture_value: Floats, strength: float) -> Floats:
    """The factor, of mean 1, that a texture makes of rain; bounded, since its tails are not."""
    clipped = np.clip(texture_value, -2.5, 2.5)
    result: Floats = np.exp(strength * clipped - strength**2 / 2.0)
    return result


@dataclass(frozen=True)
class Storms:
    """The rain of one day."""

    begins_s: float  # of the front's band, at the village
    ends_s: float
    scale_mm_h: float  # 0 without a band
    waves: tuple[float, float, float, float]  # two periods in seconds and their phases
    slow_east: float  # seconds per metre by which the band comes later to the east ...
    slow_north: float  # ... and to the north
    cells: Floats  # (n, 7): second of passing, x and y then, velocity east and north, radius, peak in mm/h

    def band_mm_h(self, east_m: Floats, north_m: Floats, seconds: Floats | float) -> Floats:
        """Rain of the band without its texture; positions relative to the village."""
        if self.scale_mm_h <= 0.0:
            return np.zeros(np.broadcast(east_m, seconds).shape)
        at = seconds - self.slow_east * east_m - self.slow_north * north_m
        return self.scale_mm_h * self._envelope(at)

    def _envelope(self, at: Floats | float) -> Floats:
        share = np.clip((at - self.begins_s) / (self.ends_s - self.begins_s), 0.0, 1.0)
        first, second, phase, other = self.waves
        swing = 1.0 + 0.45 * np.sin(2.0 * np.pi * at / first + phase) + 0.25 * np.sin(2.0 * np.pi * at / second + other)
        result: Floats = np.sin(np.pi * share) ** 2 * swing
        return result

    def showers_mm_h(self, x: Floats, y: Floats, seconds: float) -> Floats:
        """Rain of the cells at positions relative to the village."""
        total = np.zeros(np.shape(x))
        for east, north, radius, peak in self.overhead(seconds):
            nearness = 1.0 - ((x - east) ** 2 + (y - north) ** 2) / radius**2
            total += peak * np.maximum(nearness, 0.0) ** 2
        return total

    def overhead(self, seconds: float) -> list[tuple[float, float, float, float]]:
        """Where the cells are that are near at this second: east, north, radius, peak."""
        found = []
        for passes, x, y, east, north, radius, peak in self.cells.tolist():
            since = seconds - passes
            speed = math.hypot(east, north)
            if abs(since) * speed < radius + 2.0 * BESIDE_M:
                found.append((x + east * since, y + north * since, radius, peak))
        return found


NO_STORMS = Storms(0.0, DAY_S, 0.0, (9000.0, 3000.0, 0.0, 0.0), 0.0, 0.0, np.zeros((0, 7)))


def storms_of(day: Day, seed: int, prevailing: float, pattern: Texture) -> Storms:
    """How the rain of a day falls; at the village it adds up to the day's."""
    if day.rain_mm <= 0.0:
        return NO_STORMS
    draw = stream(seed, "storms", day.ordinal)
    speed = STEERING_LEAST_M_S + STEERING_RATIO * day.wind_m_s
    towards = prevailing + day.direction
    wet_mm, cells = day.rain_mm, np.zeros((0, 7))
    if day.showers:
        trailing = TRAILING_SHARE * wet_mm if wet_mm > 5.0 * CELL_MM else 0.0
        cells, fallen = _showers(draw, wet_mm - trailing, speed, towards)
        wet_mm = max(0.0, wet_mm - fallen)
    band = draw.random(6)
    length = min(19.0, 2.5 + 2.0 * math.sqrt(wet_mm) + 4.0 * band[0]) * 3600.0
    begins = band[1] * (DAY_S - length)
    if day.showers:
        begins = min(DAY_S - length, max(0.0, AFTERNOON_S - 0.5 * length))
    waves = (7200.0 + 5400.0 * band[2], 2000.0 + 1800.0 * band[3], 2.0 * math.pi * band[4], 2.0 * math.pi * band[5])
    shape = Storms(
        begins, begins + length, 1.0, waves, math.cos(towards) / speed, math.sin(towards) / speed, np.zeros((0, 7))
    )
    seconds = np.arange(0.5 * STEP_S, DAY_S, STEP_S)
    nowhere = np.zeros_like(seconds)
    patches = patchy(pattern.at(nowhere, nowhere, day.ordinal * DAY_S + seconds), PATCHES)
    unscaled_mm = float(np.sum(shape.band_mm_h(nowhere, nowhere, seconds) * patches)) * STEP_S / 3600.0
    scale = wet_mm / unscaled_mm if wet_mm > 1e-3 else 0.0
    return Storms(begins, begins + length, scale, waves, shape.slow_east, shape.slow_north, cells)


def _showers(draw: np.random.Generator, wet_mm: float, speed: float, towards: float) -> tuple[Floats, float]:
    """Cells (n, 7), and what they leave at the village."""
    hits = int(min(MOST_CELLS, max(1, round(wet_mm / CELL_MM * draw.uniform(0.6, 1.4)))))
    clusters = 1 + int(draw.integers(0, max(1, min(5, hits))))
    middle = np.clip(draw.normal(AFTERNOON_S, AFTERNOON_SPREAD_S, clusters), 2.0 * 3600.0, 22.0 * 3600.0)
    beside = round(BESIDES * hits)
    count = hits + beside
    shares = draw.dirichlet(np.full(hits, 1.5))
    radius = draw.uniform(*CELL_RADIUS_M, count)
    passes = middle[draw.integers(0, clusters, count)] + draw.normal(0.0, 1500.0, count)
    passes = np.clip(passes, 3600.0, DAY_S - 3600.0)
    miss = draw.uniform(-0.8, 0.8, count) * radius
    side = np.where(draw.random(count) < 0.5, -1.0, 1.0)
    miss[hits:] = (side * (radius + draw.uniform(0.0, BESIDE_M, count)))[hits:]
    # The rain that a cell (1 - r^2)^2 leaves along a line at distance b from its middle: 16/15 R (1 - b^2)^(5/2) P / v.
    reach = np.maximum(1.0 - (miss / radius) ** 2, 0.0) ** 2.5 * radius * 16.0 / 15.0 / speed / 3600.0
    peak = np.empty(count)
    peak[:hits] = np.minimum(shares * wet_mm / reach[:hits], CELL_PEAK_MM_H)
    peak[hits:] = peak[draw.integers(0, hits, beside)] if beside else 0.0
    east, north = math.cos(towards), math.sin(towards)
    cells = np.column_stack(
        [passes, -north * miss, east * miss, np.full(count, speed * east), np.full(count, speed * north), radius, peak]
    )
    return cells, float(np.sum(peak[:hits] * reach[:hits]))
