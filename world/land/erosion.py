"""Rivers cut, slopes creep and slip: a landscape-evolution model that turns uplift into ridges and side valleys."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter

from world.compiled import compiled
from world.land.config import LandConfig
from world.land.hydrology import accumulate, downstream_order, priority_flood, steepest_receivers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

AREA_EXPONENT = 0.425  # concavity m/n with n = 1: the median of mountain rivers (Gailleton et al. 2021)
STEEPNESS = 6.0  # S A^0.425 in m^0.85 at 0.4 mm/a, hardness 1 and 1 m of rain: low mountains (7-200 is observed)
STEEPNESS_RANGE = (2.1, 28.0)  # beyond, landslides and debris flows keep pace with any uplift
REFERENCE_UPLIFT_MM_A, REFERENCE_RAIN_MM_A = 0.4, 1000.0
DRIEST_MM_A = 20.0  # even deserts are shaped by floods
STEEPNESS_EXPONENT = (
    0.5  # steepness ~ (uplift hardness)^(1/n) with n about 2: thresholds (Lague 2014; Harel et al. 2016)
)
DIFFUSIVITY_M2_A = 0.015  # hillslope creep, of the order measured on soil-mantled hills (0.001-0.1)
SHEET_AREA_M2, SHEET_SPREAD_CELLS = 5000.0, 2.5  # water from less than this runs in sheets that spread, not in rills
SHEET_WIDTH_M = 8.0  # of sheet flow that cuts like a stream of its own
REPOSE = 0.73  # rise over run at which slopes slip, 36 degrees
CHANNEL_HEAD_M = 30.0  # from the divide, where slopes give way to channels
ROUTING_EPSILON_M = 1e-5  # rise per cell over filled flats, small against any real slope


@dataclass(frozen=True)
class Rates:
    """How fast the land of a scenario rises and wears, per year."""

    uplift_m_a: float
    steepness: float  # m^0.85, slope times drainage area to the power of the concavity where both are in balance

    @property
    def erodibility(self) -> float:
        """K of dz/dt = U - K A^m S, in m^0.15 per year, for the area weighted with relative rain."""
        return self.uplift_m_a / self.steepness


def rates_of(land: LandConfig, rain_mm_a: float) -> Rates:
    """Uplift and steepness of a scenario; `rain_mm_a` is today's climate, used where the land names none of its own."""
    rain = max(land.rain_mm_a if land.rain_mm_a is not None else rain_mm_a, DRIEST_MM_A) / REFERENCE_RAIN_MM_A
    push = land.uplift_mm_a / REFERENCE_UPLIFT_MM_A * land.hardness
    steepness = STEEPNESS * push**STEEPNESS_EXPONENT * rain**-AREA_EXPONENT
    return Rates(land.uplift_mm_a * 1e-3, min(max(steepness, STEEPNESS_RANGE[0]), STEEPNESS_RANGE[1]))


@dataclass(frozen=True)
class Country:
    """What the model needs to know of a piece of land besides its heights; arrays are (n, n) or flat (n * n)."""

    cell_m: float
    uplift_m_a: Floats
    erodibility: Floats  # flat
    supply: Floats  # flat: area of the cell times its relative rain, and what enters from outside, m2
    diagonal: Floats  # see steepest_receivers
    base: Flags  # cells that keep their height and take all water: what carries it away
    held: Flags  # cells that keep their height while water runs over them: the floor a river lays down
    ceiling: Floats  # what swinging rivers have left of the foot of the slopes; inf elsewhere
    repose: Floats  # flat


@compiled
def stream_power_step(
    heights: Floats,
    receivers: Ints,
    order: Ints,
    cut: Floats,
    cell_m: float,
    columns: int,
    repose: Floats,
    held: Flags,
) -> None:
    """One implicit step of dz/dt = -K A^m S in place, downstream cells first (Braun & Willett 2013, eq. 22, n = 1).

    `heights`, `held`, `repose` and `cut`, which is K A^m times the time step, are flat. Stable for any step length.
    Slopes beyond `repose` slip to it at once; `held` cells keep their height.
    """
    diagonal = cell_m * np.sqrt(2.0)
    for k in range(order.size):
        cell = order[k]
        receiver = receivers[cell]
        if receiver == cell or held[cell]:
            continue
        straight = abs(receiver - cell) == 1 or abs(receiver - cell) == columns
        length = cell_m if straight else diagonal
        if heights[receiver] < heights[cell]:
            weight = cut[cell] / length
            lower = (heights[cell] + weight * heights[receiver]) / (1.0 + weight)
            heights[cell] = min(lower, heights[receiver] + repose[cell] * length)


def creep(heights: Floats, variance_cells: float) -> Floats:
    """Exact solution of dz/dt = D lap z, mirrored at the edges: the cosine transform damped by the heat kernel.

    `variance_cells` is 2 D t in cells squared.
    """
    rows, cols = heights.shape
    damp = [np.exp(-0.5 * variance_cells * (np.pi * np.arange(n) / (n - 1)) ** 2) for n in (rows, cols)]
    spectrum = dctn(heights, type=1)
    result: Floats = idctn(spectrum * damp[0][:, None] * damp[1][None, :], type=1)
    return result


def spread_sheets(area: Floats, shape: tuple[int, ...], cell_m: float) -> Floats:
    """Drainage area with the part of it that is sheet flow spread sideways: single-file routing would carve rills.

    What a cell gathers on a slope grows with the cell's width; taking a fixed width of it instead lets coarse and
    fine lattices wear their slopes alike.
    """
    sheet = np.minimum(area, max(SHEET_AREA_M2, 2.0 * cell_m**2))
    spread = gaussian_filter(sheet.reshape(shape), SHEET_SPREAD_CELLS, mode="nearest").ravel()
    result: Floats = area - sheet + spread * (SHEET_WIDTH_M / cell_m)
    return result


def evolve(heights: Floats, country: Country, years: float, steps: int) -> Floats:
    """The landscape after `steps` time steps of `years` of uplift, creep, stream-power incision and landslides.

    Hollows are filled by sediment within each step, so the result has none.
    """
    z = heights.copy()
    fixed = country.base | country.held
    kept = heights[fixed]
    factor, held = country.erodibility * years, country.held.ravel()
    variance_cells = 2.0 * DIFFUSIVITY_M2_A * years / country.cell_m**2
    for _ in range(steps):
        z = creep(z + country.uplift_m_a * years, variance_cells)
        z = np.minimum(z, country.ceiling)
        z[fixed] = kept
        surface = priority_flood(z, country.base, ROUTING_EPSILON_M)
        receivers = steepest_receivers(surface, country.base, country.diagonal)
        order = downstream_order(receivers)
        area = spread_sheets(accumulate(receivers, order, country.supply), z.shape, country.cell_m)
        z = surface
        flat = z.reshape(-1)
        cut = factor * area**AREA_EXPONENT
        stream_power_step(flat, receivers, order, cut, country.cell_m, z.shape[1], country.repose, held)
    return z


def longest_step(cell_m: float, cells: float = 2.5) -> float:
    """Years after which creep has spread over so many cells; longer steps would blur what rivers cut within them."""
    reach = cells * cell_m
    return reach * reach / (2.0 * DIFFUSIVITY_M2_A)


def response_years(rates: Rates, size_m: float) -> float:
    """Years until a landscape of this size has come near its balance of uplift and erosion.

    Height of the farthest divide over the uplift rate, with the drainage area growing as (x / 1.67)^2 (Hack 1957).
    """
    share = 1.0 - 2.0 * AREA_EXPONENT
    relief = rates.steepness * (math.pow(size_m, share) - math.pow(CHANNEL_HEAD_M, share)) / share
    relief *= math.pow(1.67, 2.0 * AREA_EXPONENT)
    return relief / rates.uplift_m_a * math.sqrt(2.0)
