"""Travel time to a goal over uneven ground, and the direction of the quickest way, by fast marching."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Flags = NDArray[np.bool_]

FLAT_WALK_M_S = 5.036742125 / 3.6  # Tobler 1993 on the level: 6 exp(-3.5 x 0.05) km/h


def tobler_factor(slope: Floats) -> Floats:
    """Walking speed on a slope (rise over run in walking direction) relative to the level (Tobler 1993)."""
    result: Floats = np.exp(-3.5 * (np.abs(slope + 0.05) - 0.05))
    return result


@compiled
def _crossing_time(pace: float, rise: float, cell_m: float) -> float:
    # Seconds from one cell to the next: Tobler's factor of the slope walked, on top of the pace of the cover.
    return float(pace * cell_m * np.exp(3.5 * (abs(rise / cell_m + 0.05) - 0.05)))


@compiled
def _meet(tx: float, fx: float, ty: float, fy: float) -> float:
    # Solves ((t - tx) / fx)^2 + ((t - ty) / fy)^2 = 1, the eikonal equation with the two upwind neighbours.
    if tx == np.inf:
        return ty + fy
    if ty == np.inf:
        return tx + fx
    a, b = 1.0 / (fx * fx), 1.0 / (fy * fy)
    half = a * tx + b * ty
    inner = half * half - (a + b) * (a * tx * tx + b * ty * ty - 1.0)
    if inner >= 0.0:
        t = (half + np.sqrt(inner)) / (a + b)
        if t >= tx and t >= ty:
            return float(t)
    return float(min(tx + fx, ty + fy))


@compiled
def travel_time(
    pace: Floats, heights: Floats, passable: Flags, cell_m: float, row: int, col: int, start: int = -1
) -> Floats:
    """Seconds from every cell to the goal cell (row, col); inf where there is no way.

    With `start`, the flat index of a cell, only what is needed to come from there is found, the rest stays inf.

    Fast marching (Sethian 1996): Dijkstra's order with the upwind eikonal update, so that times in the open do not
    follow the lattice's eight directions. `pace` is seconds per metre on the level; slopes cost after Tobler 1993 in
    the direction walked. Only edge neighbours meet, so no way squeezes between two touching walls.
    """
    rows, cols = pace.shape
    time = np.full((rows, cols), np.inf)
    done = np.zeros((rows, cols), dtype=np.bool_)
    if not passable[row, col]:
        return time
    time[row, col] = 0.0
    heap = [(0.0, row * cols + col)]
    while len(heap) > 0:
        _, index = heapq.heappop(heap)
        r, c = index // cols, index % cols
        if done[r, c]:
            continue
        done[r, c] = True
        if index == start:
            break
        for side in range(4):
            nr = r + (1 if side == 0 else (-1 if side == 1 else 0))
            nc = c + (1 if side == 2 else (-1 if side == 3 else 0))
            if nr < 0 or nc < 0 or nr >= rows or nc >= cols or done[nr, nc] or not passable[nr, nc]:
                continue
            tx, fx, ty, fy = np.inf, 1.0, np.inf, 1.0
            for step in (-1, 1):
                if 0 <= nc + step < cols and done[nr, nc + step]:
                    cost = _crossing_time(pace[nr, nc], heights[nr, nc + step] - heights[nr, nc], cell_m)
                    if time[nr, nc + step] + cost < tx + fx:
                        tx, fx = time[nr, nc + step], cost
                if 0 <= nr + step < rows and done[nr + step, nc]:
                    cost = _crossing_time(pace[nr, nc], heights[nr + step, nc] - heights[nr, nc], cell_m)
                    if time[nr + step, nc] + cost < ty + fy:
                        ty, fy = time[nr + step, nc], cost
            arrival = _meet(tx, fx, ty, fy)
            if arrival < time[nr, nc]:
                time[nr, nc] = arrival
                heapq.heappush(heap, (arrival, nr * cols + nc))
    return time


@compiled
def descent(time: Floats) -> tuple[Floats32, Floats32]:
    """Unit direction (east, north) of the quickest way in every cell; zero at the goal and where there is none."""
    rows, cols = time.shape
    east = np.zeros((rows, cols), dtype=np.float32)
    north = np.zeros((rows, cols), dtype=np.float32)
    for r in range(rows):
        for c in range(cols):
            here = time[r, c]
            if here == np.inf:
                continue
            dx, dy, best_x, best_y = 0.0, 0.0, here, here
            for step in (-1, 1):
                if 0 <= c + step < cols and time[r, c + step] < best_x:
                    best_x = time[r, c + step]
                    dx = step * (here - best_x)
                if 0 <= r + step < rows and time[r + step, c] < best_y:
                    best_y = time[r + step, c]
                    dy = step * (here - best_y)
            length = np.sqrt(dx * dx + dy * dy)
            if length > 0.0:
                east[r, c] = dx / length
                north[r, c] = dy / length
    return east, north


@compiled
def descend(time: Floats, row: int, col: int) -> NDArray[np.int64]:
    """Cells (k, 2) as row, column from a start to the goal, each step to the quickest of the eight neighbours."""
    rows, cols = time.shape
    limit = rows * cols
    path = np.empty((limit, 2), dtype=np.int64)
    path[0, 0], path[0, 1] = row, col
    count = 1
    while time[row, col] > 0.0 and count < limit:
        best, nr, nc = 0.0, row, col
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                r, c = row + dr, col + dc
                if r < 0 or c < 0 or r >= rows or c >= cols or (dr == 0 and dc == 0):
                    continue
                if dr != 0 and dc != 0 and (time[row, c] == np.inf or time[r, col] == np.inf):
                    continue
                gain = (time[row, col] - time[r, c]) / np.sqrt(float(dr * dr + dc * dc))
                if gain > best:
                    best, nr, nc = gain, r, c
        if best <= 0.0:
            break
        row, col = nr, nc
        path[count, 0], path[count, 1] = row, col
        count += 1
    return path[:count]
