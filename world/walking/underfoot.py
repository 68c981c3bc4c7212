"""What is under a foot at one point, in machine code: whether one may stand and step there, how high and how fast.

`floor` is the tuple that `floor_of` makes, `footing` that of `footing_of`; both are of one publication of the surface.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.view import Floats, Surface
from world.walking.footing import (
    DEEPEST_SINK_CM,
    ICE_CARRIES_M,
    ICE_FACTOR,
    MUD_TABLE,
    SINK_PER_CM,
    THIN_SNOW,
    THIN_SNOW_M,
    WADING_M,
)
from world.walking.ground import Ground, Lattice, clear_line
from world.walking.ways import TOBLER_BEST, TOBLER_DECAY, Flags

Floor = tuple[Flags, Flags, Flags, Flags, Flags, Flags, Flags, Flags, Floats]
Footing = tuple[Any, ...]

NOTHING_SHUT = np.zeros((0, 0), np.bool_)
SMOOTH = np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.int8)


def fixed(array: NDArray[Any]) -> NDArray[Any]:
    """The array as machine code takes it: in rows and read-only, whatever it was, so that one kind of code serves."""
    kept = np.ascontiguousarray(array).view()
    kept.flags.writeable = False
    return kept


def frame_of(lattice: Lattice) -> tuple[float, float, float]:
    """World x, y of the centre of a lattice's cell (0, 0), and the side of its cells."""
    return lattice.origin[0], lattice.origin[1], lattice.cell_m


def floor_of(
    ground: Ground, near_open: Flags, far_open: Flags, closing: tuple[Flags, Flags, Flags] | None = None
) -> Floor:
    """Where one can stand: on the fine and on the coarse lattice; when it is dry, too; and what is closed.

    `closing` holds, on the fine lattice, what is shut, and what would be open and what solid ground if nothing were.
    """
    low_row, high_row, low_col, high_col = ground.box
    around = far_open.copy()
    around[low_row:high_row, low_col:high_col] = True
    shut, inner_open, inner_solid = closing or (NOTHING_SHUT, NOTHING_SHUT, NOTHING_SHUT)
    flags = (near_open, far_open, around, ground.near.solid, ground.far.solid, shut, inner_open, inner_solid)
    frame = np.array([*frame_of(ground.near), *frame_of(ground.far)])
    a, b, c, d, e, f, g, h = (fixed(each) for each in flags)
    return a, b, c, d, e, f, g, h, fixed(frame)


def footing_of(ground: Ground, surface: Surface) -> Footing:
    """Heights of ground and decks, and what lies on them."""
    valley = ground.valley
    d = valley.decks
    yaw = d["yaw"].astype(np.float64)
    decks = np.stack(
        [d["x"], d["y"], np.cos(yaw), np.sin(yaw), d["width_m"] / 2, d["length_m"] / 2, d["z"]], axis=1
    ).astype(np.float64)
    detail = valley.detail
    relief = (detail.roughness, detail.tile) if detail is not None else SMOOTH
    scale = (float(detail.per_cell), detail.scale_m) if detail is not None else (1.0, 0.0)
    numbers = np.array([*valley.origin, valley.cell_m, *scale])
    maps = (surface.water_m, surface.snow_m, surface.wetness, surface.ice_m)
    arrays = (valley.heights, *relief, decks, *maps, valley.cover, MUD_TABLE, numbers)
    return tuple(fixed(array) for array in arrays)


@compiled
def flag_at(near: Flags, far: Flags, frame: Floats, x: float, y: float) -> bool:
    """The fine lattice's flag at a point where there is one, else the coarse one's, false off the map."""
    col, row = math.floor((x - frame[0]) / frame[2] + 0.5), math.floor((y - frame[1]) / frame[2] + 0.5)
    if 0 <= row < near.shape[0] and 0 <= col < near.shape[1]:
        return bool(near[row, col])
    col, row = math.floor((x - frame[3]) / frame[5] + 0.5), math.floor((y - frame[4]) / frame[5] + 0.5)
    if 0 <= row < far.shape[0] and 0 <= col < far.shape[1]:
        return bool(far[row, col])
    return False


@compiled
def is_shut(floor: Floor, x: float, y: float) -> bool:
    """Whether a point lies on closed ground."""
    shut, frame = floor[5], floor[8]
    col, row = math.floor((x - frame[0]) / frame[2] + 0.5), math.floor((y - frame[1]) / frame[2] + 0.5)
    return bool(0 <= row < shut.shape[0] and 0 <= col < shut.shape[1] and shut[row, col])


@compiled
def may_step(floor: Floor, xa: float, ya: float, xb: float, yb: float) -> bool:
    """Whether a step from one point to another may be taken; see WorldView.

    Onto ground where one can stand; who is in water that rose may go on through it; who is on closed ground, over it.
    """
    near, far, _, near_solid, far_solid, _, inner, inner_solid, frame = floor
    if flag_at(near, far, frame, xb, yb):
        return True
    if flag_at(near_solid, far_solid, frame, xb, yb) and caught(near, far, near_solid, far_solid, frame, xa, ya):
        return True
    if not is_shut(floor, xa, ya):
        return False
    if flag_at(inner, far, frame, xb, yb):
        return True
    deep = flag_at(inner_solid, far_solid, frame, xb, yb)
    return deep and caught(inner, far, inner_solid, far_solid, frame, xa, ya)


@compiled
def caught(near: Flags, far: Flags, near_solid: Flags, far_solid: Flags, frame: Floats, x: float, y: float) -> bool:
    """Whether one is in water that rose over ground where one could stand."""
    return flag_at(near_solid, far_solid, frame, x, y) and not flag_at(near, far, frame, x, y)


@compiled
def clear_between(floor: Floor, xa: float, ya: float, xb: float, yb: float) -> bool:
    """Whether the straight line between two points stays on cells one can stand on."""
    near, around, frame = floor[0], floor[2], floor[8]
    rows, cols = near.shape
    ua, va = (xa - frame[0]) / frame[2] + 0.5, (ya - frame[1]) / frame[2] + 0.5
    ub, vb = (xb - frame[0]) / frame[2] + 0.5, (yb - frame[1]) / frame[2] + 0.5
    if min(ua, ub, va, vb) >= 0.0 and max(ua, ub) < cols and max(va, vb) < rows:
        return clear_line(near, ua, va, ub, vb)
    far_a = (xa - frame[3]) / frame[5] + 0.5, (ya - frame[4]) / frame[5] + 0.5
    far_b = (xb - frame[3]) / frame[5] + 0.5, (yb - frame[4]) / frame[5] + 0.5
    if not clear_line(around, far_a[0], far_a[1], far_b[0], far_b[1]):
        return False
    # The part of the line that lies on the fine lattice (Liang & Barsky 1984).
    enter, leave = 0.0, 1.0
    for start, end, most in ((ua, ub, float(cols)), (va, vb, float(rows))):
        way = 1e-12 if end == start else end - start
        low, high = -start / way, (most - start) / way
        enter, leave = max(enter, min(low, high)), min(leave, max(low, high))
    if enter >= leave:
        return True
    last_u, last_v = cols - 1e-9, rows - 1e-9
    return clear_line(
        near,
        min(max(ua + enter * (ub - ua), 0.0), last_u),
        min(max(va + enter * (vb - va), 0.0), last_v),
        min(max(ua + leave * (ub - ua), 0.0), last_u),
        min(max(va + leave * (vb - va), 0.0), last_v),
    )


@compiled
def between(values: NDArray[Any], x0: float, y0: float, cell_m: float, x: float, y: float) -> float:
    """The value between samples, bilinear; a point outside reads the nearest edge."""
    rows, cols = values.shape
    u, v = min(max((x - x0) / cell_m, 0.0), cols - 1.0), min(max((y - y0) / cell_m, 0.0), rows - 1.0)
    col, row = min(int(u), cols - 2), min(int(v), rows - 2)
    fu, fv = u - col, v - row
    south = np.float64(values[row, col]) * (1.0 - fu) + np.float64(values[row, col + 1]) * fu
    north = np.float64(values[row + 1, col]) * (1.0 - fu) + np.float64(values[row + 1, col + 1]) * fu
    return float(south * (1.0 - fv) + north * fv)


@compiled
def level_at(footing: Footing, x: float, y: float) -> tuple[float, bool]:
    """Height of deck or level ground, the one of the two that is higher, and whether it is a deck's."""
    heights, decks, numbers = footing[0], footing[3], footing[10]
    height, decked = between(heights, numbers[0], numbers[1], numbers[2], x, y), False
    for k in range(decks.shape[0]):
        dx, dy = x - decks[k, 0], y - decks[k, 1]
        across, along = dx * decks[k, 2] + dy * decks[k, 3], dy * decks[k, 2] - dx * decks[k, 3]
        if abs(across) <= decks[k, 4] and abs(along) <= decks[k, 5]:
            height, decked = max(height, decks[k, 6]), True
    return height, decked


@compiled
def height_at(footing: Footing, x: float, y: float) -> float:
    """Height of what one stands on: a deck, else the ground with its hummocks and stones (see `land.detail`)."""
    height, decked = level_at(footing, x, y)
    roughness, tile, numbers = footing[1], footing[2], footing[10]
    if decked or roughness.size == 0:
        return height
    rough = between(roughness, numbers[0], numbers[1], numbers[2], x, y)
    if rough == 0.0:
        return height
    rows, cols = roughness.shape
    u = min(max((x - numbers[0]) / numbers[2], 0.0), cols - 1.0) * numbers[3]
    v = min(max((y - numbers[1]) / numbers[2], 0.0), rows - 1.0) * numbers[3]
    n = tile.shape[0]
    fu, fv = u - math.floor(u), v - math.floor(v)
    c, r = int(u) % n, int(v) % n
    east, north = (c + 1) % n, (r + 1) % n
    south = np.float64(tile[r, c]) * (1.0 - fu) + np.float64(tile[r, east]) * fu
    top = np.float64(tile[north, c]) * (1.0 - fu) + np.float64(tile[north, east]) * fu
    return float(height + rough * (south * (1.0 - fv) + top * fv) * numbers[4])


@compiled
def pace_at(footing: Footing, x: float, y: float, dx: float, dy: float) -> float:
    """Footing for a step in direction (dx, dy), 1 on a dry level path; see WorldView."""
    water_m, snow_m, wetness, ice_m, cover, mud, numbers = footing[4:]
    length = math.sqrt(dx * dx + dy * dy)
    slope, on_deck = 0.0, False
    if length > 0.0:
        half_x, half_y = 0.5 * dx / length, 0.5 * dy / length
        ahead, on_deck = level_at(footing, x + half_x, y + half_y)
        slope = ahead - level_at(footing, x - half_x, y - half_y)[0]
    else:
        on_deck = level_at(footing, x, y)[1]
    rows, cols = cover.shape
    col = min(max(math.floor((x - numbers[0]) / numbers[2] + 0.5), 0), cols - 1)
    row = min(max(math.floor((y - numbers[1]) / numbers[2] + 0.5), 0), rows - 1)
    pace = math.exp(-TOBLER_DECAY * (abs(slope + TOBLER_BEST) - TOBLER_BEST))
    snow = _snow_pace(np.float64(snow_m[row, col]))
    if on_deck:
        return pace * snow
    water = between(water_m, numbers[0], numbers[1], numbers[2], x, y)
    if water > 0.0 and ice_m[row, col] >= ICE_CARRIES_M:
        return pace * ICE_FACTOR
    dry = 1.0 - mud[cover[row, col]] * np.float64(wetness[row, col])
    return float(pace * (dry * snow * (WADING_M / (WADING_M + water))))


@compiled
def _snow_pace(depth_m: float) -> float:
    # `footing.snow_factor` of one depth
    sinking_cm = min(100.0 * depth_m * 0.5, DEEPEST_SINK_CM)
    return 1.0 / math.sqrt(1.0 + THIN_SNOW * min(1.0, depth_m / THIN_SNOW_M) + SINK_PER_CM * sinking_cm)


@compiled
def steps_allowed(floor: Floor, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
    """`may_step` of many."""
    free = np.empty(xa.size, np.bool_)
    for i in range(xa.size):
        free[i] = may_step(floor, xa[i], ya[i], xb[i], yb[i])
    return free


@compiled
def flags_at(near: Flags, far: Flags, frame: Floats, x: Floats, y: Floats) -> Flags:
    """`flag_at` of many."""
    flags = np.empty(x.size, np.bool_)
    for i in range(x.size):
        flags[i] = flag_at(near, far, frame, x[i], y[i])
    return flags


@compiled
def clear_lines(floor: Floor, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags:
    """`clear_between` of many."""
    clear = np.empty(xa.size, np.bool_)
    for i in range(xa.size):
        clear[i] = clear_between(floor, xa[i], ya[i], xb[i], yb[i])
    return clear


@compiled
def heights_at(footing: Footing, x: Floats, y: Floats) -> Floats:
    """`height_at` of many."""
    heights = np.empty(x.size)
    for i in range(x.size):
        heights[i] = height_at(footing, x[i], y[i])
    return heights


@compiled
def paces_at(footing: Footing, x: Floats, y: Floats, dx: Floats, dy: Floats) -> Floats:
    """`pace_at` of many."""
    paces = np.empty(x.size)
    for i in range(x.size):
        paces[i] = pace_at(footing, x[i], y[i], dx[i], dy[i])
    return paces
