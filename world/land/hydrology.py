"""Where water goes: filling of hollows, flow receivers, accumulation, runoff, and the size of channels."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SECONDS_PER_YEAR = 365.25 * 86400.0
WIDTH_AT_1_M3_S, DEPTH_AT_1_M3_S = 10.0, 0.4  # m of a gravel-bed stream at 1 m3/s of mean flow; its floods shape it
WIDTH_EXPONENT, DEPTH_EXPONENT = 0.5, 0.4  # Leopold & Maddock 1953, downstream hydraulic geometry
FLASH_RUNOFF = 0.02  # of the rain reaches the streams even of a desert, in floods


def runoff_mm_a(rain_mm_a: Floats, pet_mm_a: float) -> Floats:
    """Mean yearly flow off the land from rain and what the air could evaporate (Schreiber 1904): P exp(-PET / P)."""
    rain = np.maximum(rain_mm_a, 0.0)
    result: Floats = rain * np.maximum(np.exp(-pet_mm_a / np.maximum(rain, 1.0)), FLASH_RUNOFF)
    return result


def channel_width(discharge_m3_s: Floats) -> Floats:
    """Width of the channel in metres from mean flow, w ~ Q^0.5."""
    result: Floats = WIDTH_AT_1_M3_S * np.asarray(discharge_m3_s, dtype=np.float64) ** WIDTH_EXPONENT
    return result


def channel_depth(discharge_m3_s: Floats) -> Floats:
    """Depth of the water in mid-channel in metres from mean flow, d ~ Q^0.4."""
    result: Floats = DEPTH_AT_1_M3_S * np.asarray(discharge_m3_s, dtype=np.float64) ** DEPTH_EXPONENT
    return result


@compiled
def priority_flood(heights: Floats, outlets: Flags, epsilon: float) -> Floats:
    """The lowest surface above `heights` from which every cell drains to an outlet (Barnes, Lehman & Mulla 2014).

    With `epsilon` > 0 flats get that much rise per cell away from their outlet, so that flow over them is defined.
    Eight neighbours; ties are broken by cell index. Cells from which no outlet can be reached do not exist on a
    lattice with at least one outlet. Ground that rises is climbed at once and only cells from which something lower
    is left to reach wait in the queue (Zhou, Sun & Fu 2016).
    """
    rows, cols = heights.shape
    filled = heights.copy()
    closed = outlets.copy()
    climb = np.empty(rows * cols, dtype=np.int64)
    heap = [(0.0, 0)]
    heap.pop()
    for r in range(rows):
        for c in range(cols):
            if outlets[r, c]:
                heapq.heappush(heap, (heights[r, c], r * cols + c))
    while len(heap) > 0:
        index = heapq.heappop(heap)[1]
        climb[0] = index
        head, tail, popped = 0, 1, True
        while head < tail:
            cell = climb[head]
            head += 1
            r, c = cell // cols, cell % cols
            here = filled[r, c]
            waits = False
            for nr in range(max(r - 1, 0), min(r + 2, rows)):
                for nc in range(max(c - 1, 0), min(c + 2, cols)):
                    if closed[nr, nc]:
                        continue
                    if heights[nr, nc] >= here + epsilon:
                        closed[nr, nc] = True
                        climb[tail] = nr * cols + nc
                        tail += 1
                    elif popped:
                        closed[nr, nc] = True
                        filled[nr, nc] = here + epsilon
                        heapq.heappush(heap, (filled[nr, nc], nr * cols + nc))
                    else:
                        waits = True
            if waits:
                heapq.heappush(heap, (here, cell))
            popped = False
    return filled


@compiled
def steepest_receivers(surface: Floats, outlets: Flags, diagonal: Floats) -> Ints:
    """Flat index of the neighbour each cell drains to (D8, steepest descent); outlets and pits drain to themselves.

    `diagonal` (n, n) is the length of a diagonal step in cells: the square root of two for the plain rule, or drawn
    per cell (`rho8`) so that flow does not run along the lattice.
    """
    rows, cols = surface.shape
    receivers = np.empty(rows * cols, dtype=np.int64)
    for r in range(rows):
        for c in range(cols):
            best, steepest = r * cols + c, 0.0
            if not outlets[r, c]:
                for dr in range(-1, 2):
                    for dc in range(-1, 2):
                        nr, nc = r + dr, c + dc
                        if (dr == 0 and dc == 0) or nr < 0 or nc < 0 or nr >= rows or nc >= cols:
                            continue
                        fall = surface[r, c] - surface[nr, nc]
                        if dr != 0 and dc != 0:
                            fall /= diagonal[r, c]
                        if fall > steepest:
                            best, steepest = nr * cols + nc, fall
            receivers[r * cols + c] = best
    return receivers


def rho8(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Diagonal lengths in cells, 2 - r with r uniform: the mean direction of flow is then that of the slope.

    Fairfield & Leymarie 1991, Water Resources Research 27(5).
    """
    result: Floats = 2.0 - rng.random(shape)
    return result


@compiled
def downstream_order(receivers: Ints) -> Ints:
    """All cells so that each comes after its receiver: the stack of Braun & Willett 2013."""
    n = receivers.size
    first = np.zeros(n + 1, dtype=np.int64)
    for i in range(n):
        if receivers[i] != i:
            first[receivers[i] + 1] += 1
    for i in range(n):
        first[i + 1] += first[i]
    donors = np.empty(n, dtype=np.int64)
    used = np.zeros(n, dtype=np.int64)
    for i in range(n):
        receiver = receivers[i]
        if receiver != i:
            donors[first[receiver] + used[receiver]] = i
            used[receiver] += 1
    order = np.empty(n, dtype=np.int64)
    head = tail = 0
    for i in range(n):
        if receivers[i] == i:
            order[tail] = i
            tail += 1
    while head < tail:
        cell = order[head]
        head += 1
        for k in range(first[cell], first[cell + 1]):
            order[tail] = donors[k]
            tail += 1
    return order


@compiled
def accumulate(receivers: Ints, order: Ints, supply: Floats) -> Floats:
    """What passes each cell when every cell adds its `supply`: with cell areas, the drainage area."""
    total = supply.copy()
    for k in range(order.size - 1, -1, -1):
        cell = order[k]
        if receivers[cell] != cell:
            total[receivers[cell]] += total[cell]
    return total
