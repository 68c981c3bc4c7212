"""Figures of a surface: concavity, Hack's exponent, hypsometry, the ratios of Horton, spectral slope and pits.

Any surface will do, an eroded one or noise: the same steps measure both. Water leaves over all four edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from world.compiled import compiled
from world.land.hydrology import accumulate, priority_flood

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

FLAT_RISE_M = 1e-5  # per cell over filled hollows, so that flow over them is defined
FILLED_M = 1e-2  # what had to be filled deeper has no slope of its own
CHANNEL_M2 = 10_000.0  # channels begin about here in soil-mantled hills (Montgomery & Dietrich 1988: 0.1-10 ha)
CHANNEL_CELLS = 100  # and need so many cells to be told from slopes
REACH_M = 60.0  # slopes are taken over so much of the channel, as contour intervals do on maps (Wobus et al. 2006)
BINS_PER_DECADE = 5
FEWEST_IN_BIN = 8
CONCAVITIES = np.round(np.arange(0.0, 1.0001, 0.025), 3)  # tried for chi


@dataclass(frozen=True, eq=False)
class Drainage:
    """Where the water of a surface goes; flat arrays, one entry per cell."""

    heights: Floats  # hollows filled
    cell_m: float
    columns: int
    receivers: Ints
    order: Ints  # each cell after its receiver
    area_m2: Floats
    length_m: Floats  # to the receiver, 0 at outlets
    hollow: Flags  # filled

    @property
    def channel_m2(self) -> float:
        """Drainage area from which on there is a channel."""
        return max(CHANNEL_M2, CHANNEL_CELLS * self.cell_m**2)

    @property
    def channel(self) -> Flags:
        """Cells that a stream runs through."""
        return self.area_m2 >= self.channel_m2


def drain(heights: Floats, cell_m: float) -> Drainage:
    """Route the water of a surface (rows, cols) to its edges: hollows filled, steepest of eight neighbours."""
    edge = np.zeros(heights.shape, dtype=np.bool_)
    edge[0, :] = edge[-1, :] = edge[:, 0] = edge[:, -1] = True
    filled = priority_flood(np.ascontiguousarray(heights, dtype=np.float64), edge, FLAT_RISE_M)
    receivers = _steepest(filled, edge)
    order = np.argsort(filled, axis=None, kind="stable")  # water runs down
    area = accumulate(receivers, order, np.full(heights.size, cell_m * cell_m))
    columns = heights.shape[1]
    step = np.abs(receivers - np.arange(heights.size))
    length = np.where(step == 0, 0.0, np.where((step == 1) | (step == columns), 1.0, np.sqrt(2.0))) * cell_m
    hollow = (filled - heights).ravel() > FILLED_M
    return Drainage(filled.ravel(), cell_m, columns, receivers, order, area, length, hollow)


def _steepest(surface: Floats, outlets: Flags) -> Ints:
    """Flat index of the lowest of eight neighbours by slope; outlets drain to themselves."""
    rows, columns = surface.shape
    own = np.arange(surface.size).reshape(surface.shape)
    receivers = own.copy()
    steepest = np.zeros(surface.shape)
    for north in (-1, 0, 1):
        for east in (-1, 0, 1):
            if north == east == 0:
                continue
            here = np.s_[max(-north, 0) : rows - max(north, 0), max(-east, 0) : columns - max(east, 0)]
            there = np.s_[max(north, 0) : rows - max(-north, 0), max(east, 0) : columns - max(-east, 0)]
            fall = (surface[here] - surface[there]) / np.hypot(north, east)
            better = fall > steepest[here]
            steepest[here][better] = fall[better]
            receivers[here][better] = own[there][better]
    receivers[outlets] = own[outlets]
    return receivers.ravel()


def slope_and_area(drainage: Drainage, ignore: Flags | None = None) -> tuple[Floats, Floats]:
    """Drainage area in m2 and slope of the reach below every channel cell, without hollows and cells to `ignore`."""
    water = drainage.hollow if ignore is None else drainage.hollow | ignore.ravel()
    area, slope = _reaches(
        drainage.heights,
        drainage.receivers,
        drainage.area_m2,
        drainage.length_m,
        np.flatnonzero(drainage.channel & ~water),
        water,
        max(REACH_M, 3.0 * drainage.cell_m),
    )
    found = slope > 0.0
    return area[found], slope[found]


@compiled
def _reaches(
    heights: Floats, receivers: Ints, area: Floats, length: Floats, starts: Ints, stop: Flags, reach_m: float
) -> tuple[Floats, Floats]:
    """Geometric mean of the area along the reach below each start, and its slope; slope 0 where it ends too early."""
    areas, slopes = np.zeros(starts.size), np.zeros(starts.size)
    for k in range(starts.size):
        cell = starts[k]
        run, logs = 0.0, 0.0
        while run < reach_m:
            below = receivers[cell]
            if below == cell or stop[below]:
                break
            run += length[cell]
            logs += np.log(area[cell]) * length[cell]
            cell = below
        if run >= reach_m:
            areas[k] = np.exp(logs / run)
            slopes[k] = (heights[starts[k]] - heights[cell]) / run
    return areas, slopes


def binned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Median of log10 y in bins of log10 x, as (centres, medians); bins with few points are left out."""
    lx, ly = np.log10(x), np.log10(y)
    number = np.floor(lx * BINS_PER_DECADE).astype(np.int64)
    centres, medians = [], []
    for each in np.unique(number):
        members = number == each
        if int(members.sum()) >= FEWEST_IN_BIN:
            centres.append(float(np.median(lx[members])))
            medians.append(float(np.median(ly[members])))
    return np.array(centres), np.array(medians)


def fitted_slope(x: Floats, y: Floats) -> float | None:
    """Slope of the least-squares line, or None with fewer than three points."""
    return float(np.polyfit(x, y, 1)[0]) if x.size >= 3 else None


def concavity(drainage: Drainage, ignore: Flags | None = None) -> float | None:
    """Theta of S = ks A^-theta (Flint 1974), by regression of the binned medians of slope on area."""
    slope = fitted_slope(*binned(*slope_and_area(drainage, ignore)))
    return None if slope is None else -slope


def chi_concavity(drainage: Drainage, ignore: Flags | None = None) -> float | None:
    """Theta for which the profiles of all streams of a basin fall together over chi (Perron & Royden 2013).

    The one with the highest correlation of height and chi within basins, over the channel cells of the map.
    """
    water = drainage.hollow if ignore is None else drainage.hollow | ignore.ravel()
    channel = drainage.channel & ~water
    best, found = -2.0, None
    for theta in CONCAVITIES:
        chi, rise, root = _chi(
            drainage.heights,
            drainage.receivers,
            drainage.order,
            drainage.area_m2,
            drainage.length_m,
            channel,
            drainage.channel_m2,
            float(theta),
        )
        inside = channel & (rise > 0.0)
        if int(inside.sum()) < 10 * FEWEST_IN_BIN:
            return None
        score = _correlation_within(chi[inside], rise[inside], root[inside])
        if score > best:
            best, found = score, float(theta)
    return found


@compiled
def _chi(
    heights: Floats,
    receivers: Ints,
    order: Ints,
    area: Floats,
    length: Floats,
    channel: Flags,
    reference_m2: float,
    theta: float,
) -> tuple[Floats, Floats, Ints]:
    """Chi, rise and the cell of the mouth of each channel cell, counted from where its channel begins downstream."""
    chi, rise, root = np.zeros(order.size), np.zeros(order.size), np.arange(order.size)
    for k in range(order.size):
        cell = order[k]
        below = receivers[cell]
        if not channel[cell] or below == cell or not channel[below]:
            continue
        chi[cell] = chi[below] + length[cell] * (reference_m2 / area[cell]) ** theta
        rise[cell] = rise[below] + heights[cell] - heights[below]
        root[cell] = root[below]
    return chi, rise, root


def _correlation_within(x: Floats, y: Floats, group: Ints) -> float:
    """Correlation of x and y after each group's own means are taken away."""
    _, member = np.unique(group, return_inverse=True)
    count = np.bincount(member)
    x = x - (np.bincount(member, x) / count)[member]
    y = y - (np.bincount(member, y) / count)[member]
    scale = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / scale if scale > 0.0 else -1.0


def length_and_area(drainage: Drainage) -> tuple[Floats, Floats]:
    """Drainage area in m2 and length in m of the longest stream through every channel cell, to its lower end."""
    longest = _longest(drainage.receivers, drainage.order, drainage.length_m) + drainage.length_m
    channel = drainage.channel & (drainage.length_m > 0.0)
    return drainage.area_m2[channel], longest[channel]


@compiled
def _longest(receivers: Ints, order: Ints, length: Floats) -> Floats:
    longest = np.zeros(order.size)
    for k in range(order.size - 1, -1, -1):
        cell = order[k]
        below = receivers[cell]
        if below != cell:
            longest[below] = max(longest[below], longest[cell] + length[cell])
    return longest


def hack_exponent(drainage: Drainage) -> float | None:
    """H of L = c A^h (Hack 1957), by regression of the binned medians."""
    return fitted_slope(*binned(*length_and_area(drainage)))


def hypsometric_integral(heights: Floats) -> float:
    """Mean height over the range of heights: the elevation-relief ratio (Pike & Wilson 1971)."""
    low, high = float(heights.min()), float(heights.max())
    return (float(heights.mean()) - low) / (high - low) if high > low else 0.5


def horton_ratios(drainage: Drainage) -> tuple[float, float, float] | None:
    """Ratios of number, length and area of streams from one Strahler order to the next, each the mean over orders.

    By regression of the logarithms over the orders (Horton 1945, Schumm 1956). None with fewer than three orders.
    The highest order is left out of the lengths: the map cuts its streams off.
    """
    count, length, area = _streams(
        drainage.receivers, drainage.order, drainage.area_m2, drainage.length_m, drainage.channel
    )
    top = int(np.flatnonzero(count)[-1]) if count.any() else 0
    if top < 3:
        return None
    orders = np.arange(1, top + 1, dtype=np.float64)
    number = count[1 : top + 1]
    bifurcation = 10.0 ** -np.polyfit(orders, np.log10(number), 1)[0]
    lengths = 10.0 ** np.polyfit(orders[:-1], np.log10(length[1:top] / number[:-1]), 1)[0]
    areas = 10.0 ** np.polyfit(orders[:-1], np.log10(area[1:top] / number[:-1]), 1)[0]
    return float(bifurcation), float(lengths), float(areas)


@compiled
def _streams(
    receivers: Ints, order: Ints, area: Floats, length: Floats, channel: Flags
) -> tuple[Floats, Floats, Floats]:
    """Number, total length and total drainage area of the streams of each Strahler order, as arrays by order."""
    strahler = np.zeros(order.size, dtype=np.int64)
    highest = np.zeros(order.size, dtype=np.int64)  # among the donors seen so far
    meeting = np.zeros(order.size, dtype=np.int64)  # how many donors have it
    for k in range(order.size - 1, -1, -1):
        cell = order[k]
        if not channel[cell]:
            continue
        own = highest[cell]
        if own == 0:
            own = 1
        elif meeting[cell] >= 2:
            own += 1
        strahler[cell] = own
        below = receivers[cell]
        if below == cell:
            continue
        if own > highest[below]:
            highest[below], meeting[below] = own, 1
        elif own == highest[below]:
            meeting[below] += 1
    count, total, basin = np.zeros(32), np.zeros(32), np.zeros(32)
    for k in range(order.size):
        cell = order[k]
        own = strahler[cell]
        if own == 0:
            continue
        total[own] += length[cell]
        below = receivers[cell]
        if below == cell or strahler[below] != own:  # a stream ends where it joins a higher one or leaves the map
            count[own] += 1.0
            basin[own] += area[cell]
    return count, total, basin


def transect_spectrum(heights: Floats, cell_m: float) -> tuple[Floats, Floats]:
    """Wavenumber in cycles per metre and mean power of straight transects, west to east and south to north.

    Each transect has its trend removed and is tapered by a Hann window.
    """
    n = min(heights.shape)
    place = np.arange(n) - (n - 1) / 2.0
    window = np.hanning(n)
    power = np.zeros(n // 2 + 1)
    for rows in (heights[:n, :n], heights[:n, :n].T):
        level = rows - rows.mean(axis=1, keepdims=True)
        trend = (level @ place) / (place @ place)
        power += (np.abs(np.fft.rfft((level - trend[:, None] * place) * window)) ** 2).mean(axis=0)
    power *= cell_m / float(window @ window)  # one-sided: the mean of both directions, twice
    wavenumber: Floats = np.fft.rfftfreq(n, cell_m)[1:].astype(np.float64)
    return wavenumber, power[1:]


def spectral_slope(heights: Floats, cell_m: float, shortest_m: float, longest_m: float) -> float | None:
    """Beta of P ~ k^-beta between two wavelengths, each octave of wavenumbers weighing the same."""
    wavenumber, power = transect_spectrum(heights, cell_m)
    inside = (wavenumber >= 1.0 / longest_m) & (wavenumber <= 1.0 / shortest_m) & (power > 0.0)
    k, p = np.log10(wavenumber[inside]), np.log10(power[inside])
    if k.size < 3:
        return None
    return -float(np.polyfit(k, p, 1, w=np.sqrt(1.0 / wavenumber[inside]))[0])


def pits(heights: Floats, water: Flags) -> Flags:
    """Cells inside the map that none of their eight neighbours lies below, standing water apart."""
    lowest = minimum_filter(heights, footprint=[[1, 1, 1], [1, 0, 1], [1, 1, 1]], mode="nearest")
    found: Flags = (heights <= lowest) & ~water
    found[0, :] = found[-1, :] = found[:, 0] = found[:, -1] = False
    return found
