"""Whither one walks from a point to reach a goal, in machine code: down the fields of travel time, round corners.

`ways` is the tuple that `Navigation` keeps: the fields of now and of before, which goals use which, and ways out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.view import Floats
from world.walking.fields import FAR, JOINED, NEAR
from world.walking.ground import Ints, clear_line
from world.walking.underfoot import Floor, caught
from world.walking.ways import FLAT_WALK_M_S, Flags, Floats32, downhill

Led = tuple[Any, ...]

ARRIVED_M = 0.7
STRAIGHT_CELLS = 3.5  # so near to a goal, and in sight of it, one simply goes to it
LOOK_AHEAD_CELLS = 0.45
LOST_CELLS = 3  # so far one who stands where ways do not begin looks for one
FIELDS_PER_TICK = 1  # so many goals get ways over changed ground each tick; the others keep the old ones until then
NONE, REFUGE = -1, 3  # what is missing to say which way: nothing, the ways out of water; else a kind of field


@compiled
def asks(ways: Led) -> None:
    """Count a question to the fields of now and of before, by which those not asked for longest are told."""
    ways[0][4][0] += 1
    ways[1][4][0] += 1


@compiled
def way_at(floor: Floor, ways: Led, goal: int, x: float, y: float, tick: int) -> tuple[float, float, int]:
    """Unit direction of the best way from a point to a goal, zero where none is or it is reached; and what is missing.

    Those who were pushed into walls, and those whom water caught, are led to where one can stand.
    """
    near, far, _, near_solid, far_solid, _, _, _, frame = floor
    fields, before, since, goals, pushed, free_row, free_col, near_refuge, far_refuge = ways
    rows, cols = near.shape
    v, u = math.floor((y - frame[1]) / frame[2] + 0.5), math.floor((x - frame[0]) / frame[2] + 0.5)
    inside = 0 <= v < rows and 0 <= u < cols
    row, col = min(max(v, 0), rows - 1), min(max(u, 0), cols - 1)
    if inside and pushed[row, col]:
        out_x, out_y = frame[0] + free_col[row, col] * frame[2] - x, frame[1] + free_row[row, col] * frame[2] - y
        length = max(math.sqrt(out_x * out_x + out_y * out_y), 1e-9)
        return out_x / length, out_y / length, NONE
    if caught(near, far, near_solid, far_solid, frame, x, y):
        if near_refuge.size == 0:
            return 0.0, 0.0, REFUGE
        time, solid, corner = (near_refuge, near_solid, 0) if inside else (far_refuge, far_solid, 3)
        way_x, way_y = lead(time, solid, frame[corner:], np.inf, np.inf, x, y)
        return way_x, way_y, NONE
    near_times, far_times, slots, used, asked = fields if tick > since + goal // FIELDS_PER_TICK else before
    goal_x, goal_y = goals[goal, 0], goals[goal, 1]
    if inside:
        used[NEAR, goal] = asked[0]
        if slots[NEAR, goal] < 0:
            return 0.0, 0.0, NEAR
        time = near_times[slots[NEAR, goal]]
        if time[row, col] == np.inf and near[row, col]:
            r, c = nearby(time, near, row, col)
            if time[r, c] == np.inf:
                used[JOINED, goal] = asked[0]
                if slots[JOINED, goal] < 0:
                    return 0.0, 0.0, JOINED
                time = near_times[slots[JOINED, goal]]
        way_x, way_y = lead(time, near, frame, goal_x, goal_y, x, y)
        leaves = (row == 0 or row == rows - 1 or col == 0 or col == cols - 1) and time[row, col] < np.inf
        if way_x != 0.0 or way_y != 0.0 or not leaves:
            return way_x, way_y, NONE
    used[FAR, goal] = asked[0]
    if slots[FAR, goal] < 0:
        return 0.0, 0.0, FAR
    way_x, way_y = lead(far_times[slots[FAR, goal]], far, frame[3:], goal_x, goal_y, x, y)
    return way_x, way_y, NONE


@compiled
def ways_at(floor: Floor, ways: Led, goal: Ints, x: Floats, y: Floats, tick: int) -> tuple[Floats, Ints]:
    """`way_at` of many: directions (n, 2), and (k, 2) the kinds of fields and goals that are missing."""
    asks(ways)
    way, missing, count = np.zeros((x.size, 2)), np.empty((x.size, 2), np.int64), 0
    for i in range(x.size):
        way[i, 0], way[i, 1], kind = way_at(floor, ways, goal[i], x[i], y[i], tick)
        if kind != NONE:
            missing[count, 0], missing[count, 1] = kind, goal[i]
            count += 1
    return way, missing[:count]


@compiled
def nearby(time: Floats32, passable: Flags, row: int, col: int) -> tuple[int, int]:
    """From open ground that was blocked when ways were found: the cell to go to, the same one if there is none."""
    rows, cols = time.shape
    best, best_r, best_c = np.inf, row, col
    if not passable[row, col]:
        return best_r, best_c
    for r in range(max(row - LOST_CELLS, 0), min(row + LOST_CELLS + 1, rows)):
        for c in range(max(col - LOST_CELLS, 0), min(col + LOST_CELLS + 1, cols)):
            if time[r, c] == np.inf or not clear_line(passable, col + 0.5, row + 0.5, c + 0.5, r + 0.5):
                continue
            away = float((r - row) * (r - row) + (c - col) * (c - col))
            if away < best:
                best, best_r, best_c = away, r, c
    return best_r, best_c


@compiled
def times(time: Floats32, passable: Flags, row: Ints, col: Ints, cell_m: float) -> Floats:
    """Times of some cells; of one that was blocked when ways were found, that of a cell nearby and the walk there."""
    seconds = np.empty(row.size)
    for k in range(row.size):
        r, c = row[k], col[k]
        seconds[k] = time[r, c]
        if time[r, c] == np.inf:
            to_r, to_c = nearby(time, passable, r, c)
            away = np.sqrt(float((r - to_r) * (r - to_r) + (c - to_c) * (c - to_c)))
            seconds[k] = np.float64(time[to_r, to_c]) + away * cell_m / FLAT_WALK_M_S
    return seconds


@compiled
def lead(
    time: Floats32, passable: Flags, frame: NDArray[np.float64], goal_x: float, goal_y: float, x: float, y: float
) -> tuple[float, float]:
    """Unit direction of the quickest way from a point on a lattice, whose frame this is (see `underfoot.frame_of`).

    The directions of the four cells around a point are blended. Where they part (behind a house, say) the blend would
    point nowhere: the cell's own is kept. A step that would end in a blocked cell slides along it instead: first
    the cell's own direction, then one axis of it.
    """
    height, width = time.shape
    cell_m = frame[2]
    goal_u, goal_v = (goal_x - frame[0]) / cell_m, (goal_y - frame[1]) / cell_m
    u, v = (x - frame[0]) / cell_m, (y - frame[1]) / cell_m
    left = math.sqrt((goal_u - u) * (goal_u - u) + (goal_v - v) * (goal_v - v))
    if left * cell_m < ARRIVED_M:
        return 0.0, 0.0
    if left < STRAIGHT_CELLS and clear_line(passable, u + 0.5, v + 0.5, goal_u + 0.5, goal_v + 0.5):
        return (goal_u - u) / left, (goal_v - v) / left
    own_r, own_c = math.floor(v + 0.5), math.floor(u + 0.5)
    if own_r < 0 or own_c < 0 or own_r >= height or own_c >= width:
        return 0.0, 0.0
    if time[own_r, own_c] == np.inf:
        r, c = nearby(time, passable, own_r, own_c)
        length = math.sqrt((c - u) * (c - u) + (r - v) * (r - v))
        if (r != own_r or c != own_c) and length > 0.0:
            return (c - u) / length, (r - v) / length
        return 0.0, 0.0
    own_x, own_y = downhill(time, own_r, own_c)
    bu, bv = min(max(u, 0.0), width - 1.001), min(max(v, 0.0), height - 1.001)
    c0, r0 = int(bu), int(bv)
    fu, fv = bu - c0, bv - r0
    dx, dy = 0.0, 0.0
    for corner in range(4):
        side_x, side_y = corner % 2, corner // 2
        weight = (fu if side_x == 1 else 1.0 - fu) * (fv if side_y == 1 else 1.0 - fv)
        there_x, there_y = downhill(time, r0 + side_y, c0 + side_x)
        dx += weight * there_x
        dy += weight * there_y
    if dx * own_x + dy * own_y < 0.5:
        dx, dy = own_x, own_y
    for trial in range(4):
        length = math.sqrt(dx * dx + dy * dy)
        if length == 0.0:
            break
        ahead_c = math.floor(u + dx / length * LOOK_AHEAD_CELLS + 0.5)
        ahead_r = math.floor(v + dy / length * LOOK_AHEAD_CELLS + 0.5)
        off = ahead_r < 0 or ahead_c < 0 or ahead_r >= height or ahead_c >= width
        if off or passable[ahead_r, ahead_c]:
            return dx / length, dy / length
        if trial == 0:
            dx, dy = own_x, own_y
        elif trial == 1:
            dx, dy = own_x, 0.0
        else:
            dx, dy = 0.0, own_y
    # Where all ends in a wall, one stands: the next cells will do.
    return own_x, own_y
