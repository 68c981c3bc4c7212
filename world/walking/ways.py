"""Travel time to goals over uneven ground, and the direction of the quickest way, by marching."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Flags = NDArray[np.bool_]

FLAT_WALK_M_S = 5.036742125 / 3.6  # Tobler 1993 on the level: 6 exp(-3.5 x 0.05) km/h
TOBLER_DECAY, TOBLER_BEST = 3.5, 0.05  # of the same: how fast slopes cost, and the descent on which one is fastest
BUCKETS = (
    1024  # of the queue; later arrivals wait in the last one and are looked at too early, which costs no exactness
)
IMPROVED_S = 1e-6  # an arrival earlier by less than this is no news


def tobler_factor(slope: Floats) -> Floats:
    """Walking speed on a slope (rise over run in walking direction) relative to the level (Tobler 1993)."""
    result: Floats = np.exp(-TOBLER_DECAY * (np.abs(slope + TOBLER_BEST) - TOBLER_BEST))
    return result


def slope_cost(heights: Floats, cell_m: float) -> Floats32:
    """Metres on the level that take as long as the step to the neighbour north, south, east, west; (rows, cols, 4)."""
    cost = np.full((*heights.shape, 4), cell_m, np.float32)
    north, east = np.diff(heights, axis=0) / cell_m, np.diff(heights, axis=1) / cell_m
    cost[:-1, :, 0] = cell_m / tobler_factor(north)
    cost[1:, :, 1] = cell_m / tobler_factor(-north)
    cost[:, :-1, 2] = cell_m / tobler_factor(east)
    cost[:, 1:, 3] = cell_m / tobler_factor(-east)
    return cost


def travel_time(
    pace: Floats, heights: Floats, passable: Flags, cell_m: float, row: int, col: int, start: int = -1
) -> Floats:
    """Seconds from every cell to the goal cell (row, col); inf where there is no way.

    `pace` is seconds per metre on the level; slopes cost after Tobler 1993 in the direction walked. With `start`, the
    flat index of a cell, only what is needed to come from there is sure to be found. See `march`.
    """
    time = np.full(pace.shape, np.inf)
    if passable[row, col]:
        time[row, col] = 0.0
        march(time, slope_cost(heights, cell_m), pace.astype(np.float32), passable, start)
    return time


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
def march(time: Floats, cost: Floats32, pace: Floats32, passable: Flags, start: int) -> None:
    """Spread the finite times over all passable cells, in place.

    The upwind eikonal scheme of fast marching (Sethian 1996), so that times in the open do not follow the lattice's
    eight directions, solved with a bucket queue (Yatziv et al. 2006) in which a cell comes up again whenever its time
    improves: the result is the scheme's one fixed point, whatever the order. Only edge neighbours meet, so no way
    squeezes between two touching walls. With `start` >= 0, a flat index, it ends when that cell's time is settled.
    """
    rows, cols = time.shape
    flat, flat_pace, open_here = time.ravel(), pace.ravel(), passable.ravel()
    sides = cost.reshape(rows * cols, 4)
    after = np.full(rows * cols, -1, dtype=np.int32)
    before = np.full(rows * cols, -1, dtype=np.int32)
    bucket = np.full(rows * cols, -1, dtype=np.int32)  # where a cell waits, -1 if it does not
    heads = np.full(BUCKETS, -1, dtype=np.int32)
    least, first, waiting = np.inf, np.inf, 0
    for i in range(rows * cols):
        if open_here[i]:
            for side in range(4):
                least = min(least, np.float64(flat_pace[i]) * np.float64(sides[i, side]))
        first = min(first, flat[i])
    if not first + least < np.inf:
        return
    width = 0.7 * least
    now = int(first / width)
    for i in range(rows * cols):
        if flat[i] < np.inf:
            slot = min(int(flat[i] / width), now + BUCKETS - 1) % BUCKETS
            after[i], bucket[i] = heads[slot], slot
            if heads[slot] >= 0:
                before[heads[slot]] = i
            heads[slot] = i
            waiting += 1
    while waiting > 0:
        here = heads[now % BUCKETS]
        if here < 0:
            now += 1
            if start >= 0 and flat[start] < now * width:
                break
            continue
        heads[now % BUCKETS] = after[here]
        if after[here] >= 0:
            before[after[here]] = -1
        bucket[here] = -1
        waiting -= 1
        r, c, reached = here // cols, here % cols, flat[here]
        for side in range(4):
            nr = r + (1 if side == 0 else (-1 if side == 1 else 0))
            nc = c + (1 if side == 2 else (-1 if side == 3 else 0))
            if nr < 0 or nc < 0 or nr >= rows or nc >= cols:
                continue
            n = nr * cols + nc
            if not open_here[n] or flat[n] <= reached:
                continue
            tx, fx, ty, fy = np.inf, 1.0, np.inf, 1.0
            slow = np.float64(flat_pace[n])
            if nc + 1 < cols and flat[n + 1] < np.inf:
                tx, fx = flat[n + 1], slow * np.float64(sides[n, 2])
            if nc > 0 and flat[n - 1] < np.inf:
                crossing = slow * np.float64(sides[n, 3])
                if flat[n - 1] + crossing < tx + fx:
                    tx, fx = flat[n - 1], crossing
            if nr + 1 < rows and flat[n + cols] < np.inf:
                ty, fy = flat[n + cols], slow * np.float64(sides[n, 0])
            if nr > 0 and flat[n - cols] < np.inf:
                crossing = slow * np.float64(sides[n, 1])
                if flat[n - cols] + crossing < ty + fy:
                    ty, fy = flat[n - cols], crossing
            arrival = _meet(tx, fx, ty, fy)
            if arrival >= flat[n] - IMPROVED_S:
                continue
            flat[n] = arrival
            slot = min(max(int(arrival / width), now), now + BUCKETS - 1) % BUCKETS
            if bucket[n] == slot:
                continue
            if bucket[n] >= 0:
                if before[n] >= 0:
                    after[before[n]] = after[n]
                else:
                    heads[bucket[n]] = after[n]
                if after[n] >= 0:
                    before[after[n]] = before[n]
            else:
                waiting += 1
            after[n], before[n], bucket[n] = heads[slot], -1, slot
            if heads[slot] >= 0:
                before[heads[slot]] = n
            heads[slot] = n


@compiled
def downhill(time: Floats32, r: int, c: int) -> tuple[float, float]:
    """Unit direction (east, north) of the quickest way from a cell; zero at the goal and where there is none."""
    rows, cols = time.shape
    here = np.float64(time[r, c])
    if here == np.inf:
        return 0.0, 0.0
    dx, dy, best_x, best_y = 0.0, 0.0, here, here
    for step in (-1, 1):
        if 0 <= c + step < cols and np.float64(time[r, c + step]) < best_x:
            best_x = np.float64(time[r, c + step])
            dx = step * (here - best_x)
        if 0 <= r + step < rows and np.float64(time[r + step, c]) < best_y:
            best_y = np.float64(time[r + step, c])
            dy = step * (here - best_y)
    length = np.sqrt(dx * dx + dy * dy)
    if length > 0.0:
        return dx / length, dy / length
    return 0.0, 0.0


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
