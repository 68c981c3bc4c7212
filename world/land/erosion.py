"""Rivers cut and slopes creep: a landscape-evolution model that turns uplift into ridges and side valleys."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from world.compiled import compiled
from world.land.hydrology import accumulate, downstream_order, priority_flood, steepest_receivers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

AREA_EXPONENT = 0.45  # concavity m/n with n = 1; the median of mountain rivers is 0.425 (Gailleton et al. 2021)
ERODIBILITY = 1.0e-4  # m^0.1 per year
DIFFUSIVITY_M2_A = 0.014  # hillslope creep, of the order measured on soil-mantled hills (0.001-0.1)
STEP_YEARS = 2000.0
ROUTING_EPSILON_M = 1e-5  # rise per cell over filled flats, small against any real slope


@compiled
def stream_power_step(
    heights: Floats, receivers: Ints, order: Ints, area: Floats, cell_m: float, columns: int, factor: float
) -> None:
    """One implicit step of dz/dt = -K A^m S in place, downstream cells first (Braun & Willett 2013, eq. 22, n = 1).

    `heights` and `area` are flat; `factor` is K times the time step. Stable for any step length.
    """
    diagonal = cell_m * np.sqrt(2.0)
    for k in range(order.size):
        cell = order[k]
        receiver = receivers[cell]
        if receiver == cell:
            continue
        straight = abs(receiver - cell) == 1 or abs(receiver - cell) == columns
        length = cell_m if straight else diagonal
        weight = factor * area[cell] ** AREA_EXPONENT / length
        if heights[receiver] < heights[cell]:
            heights[cell] = (heights[cell] + weight * heights[receiver]) / (1.0 + weight)


def evolve(heights: Floats, uplift_m_a: Floats, base: Flags, cell_m: float, steps: int) -> Floats:
    """The landscape after `steps` time steps of uplift, stream-power incision and hillslope diffusion.

    `base` cells keep their height: they are the river that carries everything away. The map's edges are divides.
    Diffusion over one step is the exact heat kernel, a Gaussian of variance 2 D dt.
    """
    z = heights.copy()
    fixed = heights[base]
    sigma_cells = math.sqrt(2.0 * DIFFUSIVITY_M2_A * STEP_YEARS) / cell_m
    cell_area = np.full(z.size, cell_m * cell_m)
    for _ in range(steps):
        z += uplift_m_a * STEP_YEARS
        z[base] = fixed
        surface = priority_flood(z, base, ROUTING_EPSILON_M)
        receivers = steepest_receivers(surface, base)
        order = downstream_order(receivers)
        area = accumulate(receivers, order, cell_area)
        z = surface.copy()  # sediment fills the hollows, as it does within a time step of this length
        flat = z.ravel()
        stream_power_step(flat, receivers, order, area, cell_m, z.shape[1], ERODIBILITY * STEP_YEARS)
        z = gaussian_filter(z, sigma_cells, mode="nearest")
        z[base] = fixed
    return z
