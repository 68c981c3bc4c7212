"""Crowds: walkers who go round each other and round what they cannot walk on, and never through either.

Everyone looks at the same moment and then all step at once, so that the order of rows changes nothing. Each walker
chooses a direction among turns off the way (the heuristics of Moussaid, Helbing & Theraulaz 2011: the detour that
leaves least of the way undone), walks as fast as the gap ahead allows, and steps no farther than its share of the
gaps to its neighbours (buffered Voronoi cells, Zhou et al. 2017), which is why no two come to overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled
from world.view import Floats

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

WALK_SPEED_M_S, WALK_SPREAD_M_S = 1.34, 0.26  # free walking speed and its spread (Weidmann 1993)
SIGHT_M = 4.0  # to neighbours that are heeded
HORIZON_M = 10.0  # of one's own way that is looked at (Moussaid et al. 2011: 8 to 10 m)
NEIGHBOURS = 16  # the nearest, of those
TURNS = np.radians([0.0, -12.0, 12.0, -26.0, 26.0, -42.0, 42.0, -62.0, 62.0, -88.0, 88.0])  # the right comes first
TURN_COS, TURN_SIN = np.cos(TURNS), np.sin(TURNS)
LEFT_IS_DEARER_M2 = 0.05  # in the measure of undone way: who meets passes on the right
HEADWAY_S = 0.8  # time in which one could walk the gap to the person ahead
REACTION_S = 0.25  # in which the velocity follows what is wanted
LOOK_AHEAD_M = (0.4, 0.9, 1.6)  # where the ground is looked at along every turn
PERSONAL_M = 0.12  # clearance people make room for
ROOM_M_S = 0.35  # how fast they do, at contact
YIELDING = 0.9  # by so much more does the one who is behind make room, and the one who is ahead less
MEETING_M = 3.0  # within which those who come the other way are given the left
KEEP_RIGHT = 0.5  # slope at which one bears to the right of somebody met face to face
AHEAD_SHARE = 0.8  # of a gap for the one who is ahead; the other has the rest


class Floor(Protocol):
    """What says where steps may end: a `WorldView`, a `Navigation`."""

    def may_step(self, xa: Floats, ya: Floats, xb: Floats, yb: Floats) -> Flags: ...


@dataclass(frozen=True)
class Crowd:
    """Walkers as columns: metres, metres per second. Radii are half the breadth that others keep off."""

    x: Floats
    y: Floats
    vx: Floats
    vy: Floats
    radius: Floats

    def __len__(self) -> int:
        return len(self.x)


def advance(crowd: Crowd, way: Floats, speed: Floats, floor: Floor, dt: float) -> Crowd:
    """The crowd `dt` seconds later.

    `way` (n, 2) holds the unit directions wanted, zero for who stands, and `speed` (n,) what one walks alone there.
    Who does not overlap does not come to, and nobody steps where the floor lets nobody.
    """
    found, gaps = neighbours(crowd)
    wanted, room = velocities(crowd, way, speed, found, floor)
    reacting = min(1.0, dt / REACTION_S)
    vx = crowd.vx + (wanted[0] + room[0] - crowd.vx) * reacting
    vy = crowd.vy + (wanted[1] + room[1] - crowd.vy) * reacting
    step_x, step_y = within_bounds(crowd, way, found, gaps, vx * dt, vy * dt, True)
    held = ~floor.may_step(crowd.x, crowd.y, crowd.x + step_x, crowd.y + step_y)
    # At a wall: one's own way without making room, then along an axis of the lattice, then not at all.
    for along_x, along_y in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)):
        if not held.any():
            break
        own_x, own_y = wanted[0] * (dt * along_x), wanted[1] * (dt * along_y)
        slid = within_bounds(crowd, way, found, gaps, own_x, own_y, False)
        step_x, step_y = np.where(held, slid[0], step_x), np.where(held, slid[1], step_y)
        held &= ~floor.may_step(crowd.x, crowd.y, crowd.x + step_x, crowd.y + step_y)
    return Crowd(crowd.x + step_x, crowd.y + step_y, step_x / dt, step_y / dt, crowd.radius)


def velocities(crowd: Crowd, way: Floats, speed: Floats, found: Ints, floor: Floor) -> tuple[Floats, Floats]:
    """What walkers want, seeing who and what is near them: velocities (2, n) on their way, and those making room."""
    clear = np.full((len(crowd), len(TURNS)), HORIZON_M)
    going = (way != 0.0).any(axis=1) & (speed > 0.0)
    ahead = going.copy()
    for away in LOOK_AHEAD_M:
        ahead &= floor.may_step(crowd.x, crowd.y, crowd.x + way[:, 0] * away, crowd.y + way[:, 1] * away)
    busy = np.flatnonzero(going & (~ahead | (found[:, 0] >= 0)))
    if len(busy):
        ex, ey = way[busy, 0][:, None], way[busy, 1][:, None]
        ux, uy = ex * TURN_COS - ey * TURN_SIN, ex * TURN_SIN + ey * TURN_COS
        clear[busy] = _ground_ahead(crowd.x[busy], crowd.y[busy], ux, uy, floor)
    everybody = np.arange(len(crowd))
    return wanted_among(crowd.x, crowd.y, crowd.vx, crowd.vy, crowd.radius, way, speed, found, clear, everybody)


def _ground_ahead(x: Floats, y: Floats, ux: Floats, uy: Floats, floor: Floor) -> Floats:
    """Metres of free ground along each of some directions (m, turns), as far as one looks."""
    at_x, at_y = np.broadcast_to(x[:, None], ux.shape).ravel(), np.broadcast_to(y[:, None], ux.shape).ravel()
    clear, before = np.full(ux.shape, HORIZON_M), 0.0
    for away in reversed(LOOK_AHEAD_M):
        free = floor.may_step(at_x, at_y, at_x + ux.ravel() * away, at_y + uy.ravel() * away).reshape(ux.shape)
        before = max((a for a in LOOK_AHEAD_M if a < away), default=0.0)
        clear = np.where(free, clear, before)
    return clear


def neighbours(crowd: Crowd) -> tuple[Ints, Floats]:
    """Rows (n, NEIGHBOURS) of the nearest others within sight, nearest first, -1 where there are fewer, and the gaps.

    Others as near as each other come in the order of where they stand, not of their rows.
    """
    return nearest(crowd.x, crowd.y, crowd.radius, np.arange(len(crowd)), cells_for(len(crowd)))


def within_bounds(
    crowd: Crowd, way: Floats, found: Ints, gaps: Floats, step_x: Floats, step_y: Floats, slide: bool
) -> tuple[Floats, Floats]:
    """Steps cut down to each walker's share of the gaps; with `slide`, led past others instead of stopped by them."""
    return bounded(crowd.x, crowd.y, way, found, gaps, step_x, step_y, slide, np.arange(len(crowd)))


@compiled
def cells_for(walkers: int) -> int:
    """Cells of the table that so many walkers are hashed into: a power of two."""
    cells = 16
    while cells <= 2 * walkers:
        cells *= 2
    return cells


@compiled
def hashed(x: Floats, y: Floats, side_m: float, cells: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Points in a table by the squares they lie in (Teschner et al. 2003): column and row of each, and for every cell
    of the table where its points begin in an order, within a cell by where they stand and not by their rows.
    """
    n = x.size
    col, row, key = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    first = np.zeros(cells + 1, dtype=np.int64)
    for i in range(n):
        col[i], row[i] = int(np.floor(x[i] / side_m)), int(np.floor(y[i] / side_m))
        key[i] = (col[i] * 73856093 ^ row[i] * 19349663) & (cells - 1)
        first[key[i] + 1] += 1
    for k in range(cells):
        first[k + 1] += first[k]
    filled = first.copy()
    order = np.empty(n, dtype=np.int64)
    for i in range(n):
        at = filled[key[i]]
        filled[key[i]] += 1
        while at > first[key[i]]:
            j = order[at - 1]
            if x[j] < x[i] or (x[j] == x[i] and y[j] <= y[i]):
                break
            order[at] = j
            at -= 1
        order[at] = i
    return col, row, first, order


@compiled
def nearest(x: Floats, y: Floats, radius: Floats, asking: Ints, cells: int) -> tuple[Ints, Floats]:
    """`neighbours` of the rows that ask, (m, NEIGHBOURS)."""
    m = asking.size
    rows = np.full((m, NEIGHBOURS), -1, dtype=np.int64)
    gaps = np.full((m, NEIGHBOURS), np.inf)
    col, row, first, order = hashed(x, y, SIGHT_M, cells)
    for who in range(m):
        i, count = asking[who], 0
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                r, c = row[i] + dr, col[i] + dc
                k = (c * 73856093 ^ r * 19349663) & (cells - 1)
                for at in range(first[k], first[k + 1]):
                    j = order[at]
                    if j == i or col[j] != c or row[j] != r:
                        continue
                    dx, dy = x[j] - x[i], y[j] - y[i]
                    square = dx * dx + dy * dy
                    if square > SIGHT_M * SIGHT_M:
                        continue
                    gap = np.sqrt(square) - radius[i] - radius[j]
                    if count == NEIGHBOURS and gap >= gaps[who, NEIGHBOURS - 1]:
                        continue
                    slot = min(count, NEIGHBOURS - 1)
                    while slot > 0 and gaps[who, slot - 1] > gap:
                        gaps[who, slot], rows[who, slot] = gaps[who, slot - 1], rows[who, slot - 1]
                        slot -= 1
                    gaps[who, slot], rows[who, slot] = gap, j
                    count = min(count + 1, NEIGHBOURS)
    return rows, gaps


@compiled
def wanted_among(
    x: Floats,
    y: Floats,
    vx: Floats,
    vy: Floats,
    radius: Floats,
    way: Floats,
    speed: Floats,
    found: Ints,
    clear: Floats,
    asking: Ints,
) -> tuple[Floats, Floats]:
    """`velocities` of the rows that ask, (2, m), who have found these and see so much clear ground along each turn."""
    m, turns = clear.shape
    wanted, room = np.zeros((2, m)), np.zeros((2, m))
    for who in range(m):
        i = asking[who]
        ex, ey, free = way[i, 0], way[i, 1], speed[i]
        meets = 0.0
        for slot in range(NEIGHBOURS):
            j = found[who, slot]
            if j < 0:
                break
            px, py = x[j] - x[i], y[j] - y[i]
            against = -(ex * way[j, 0] + ey * way[j, 1])
            away = np.sqrt(px * px + py * py)
            if against > 0.0 and px * ex + py * ey > 0.5 * away:
                meets += against * max(0.0, 1.0 - away / MEETING_M)
        aside = KEEP_RIGHT * min(meets, 2.0)
        ex, ey = ex + aside * way[i, 1], ey - aside * way[i, 0]
        length = np.sqrt(ex * ex + ey * ey)
        if length > 0.0:
            ex, ey = ex / length, ey / length
        best, best_x, best_y, best_clear = np.inf, 0.0, 0.0, 0.0
        if free > 0.0 and (ex != 0.0 or ey != 0.0):
            for turn in range(turns):
                ux, uy = ex * TURN_COS[turn] - ey * TURN_SIN[turn], ex * TURN_SIN[turn] + ey * TURN_COS[turn]
                reach = clear[who, turn]
                for slot in range(NEIGHBOURS):
                    j = found[who, slot]
                    if j < 0:
                        break
                    px, py = x[j] - x[i], y[j] - y[i]
                    wx, wy = ux * free - vx[j], uy * free - vy[j]
                    closing = px * wx + py * wy
                    if closing <= 0.0:
                        continue
                    apart = radius[i] + radius[j]
                    square, over = wx * wx + wy * wy, px * px + py * py - apart * apart
                    if over <= 0.0:
                        reach = 0.0
                        break
                    inner = closing * closing - square * over
                    if inner > 0.0:
                        reach = min(reach, free * (closing - np.sqrt(inner)) / square)
                undone = HORIZON_M * HORIZON_M + reach * reach - 2.0 * HORIZON_M * reach * TURN_COS[turn]
                if TURN_SIN[turn] > 0.0:
                    undone += LEFT_IS_DEARER_M2
                if undone < best:
                    best, best_x, best_y, best_clear = undone, ux, uy, clear[who, turn]
                if turn == 0 and reach >= HORIZON_M:
                    break
        gap, push_x, push_y = best_clear, 0.0, 0.0
        for slot in range(NEIGHBOURS):
            j = found[who, slot]
            if j < 0:
                break
            px, py = x[j] - x[i], y[j] - y[i]
            apart = radius[i] + radius[j]
            along, aside = px * best_x + py * best_y, px * best_y - py * best_x
            if along > 0.0 and abs(aside) < apart:
                gap = min(gap, along - np.sqrt(apart * apart - aside * aside))
            away = np.sqrt(px * px + py * py)
            close = PERSONAL_M - (away - apart)
            if close > 0.0 and away > 0.0:
                lead = (px * (way[i, 0] + way[j, 0]) + py * (way[i, 1] + way[j, 1])) / (2.0 * away)
                yields = 1.0 + YIELDING * min(max(2.0 * lead, -1.0), 1.0)
                push = ROOM_M_S * yields * min(1.0, close / PERSONAL_M) / away
                push_x -= push * px
                push_y -= push * py
        pace = min(free, max(gap, 0.0) / HEADWAY_S)
        wanted[0, who], wanted[1, who] = best_x * pace, best_y * pace
        pushed = np.sqrt(push_x * push_x + push_y * push_y)
        if pushed > 0.0:
            most = min(pushed, ROOM_M_S) / pushed
            room[0, who], room[1, who] = push_x * most, push_y * most
    return wanted, room


@compiled
def bounded(
    x: Floats,
    y: Floats,
    way: Floats,
    found: Ints,
    gaps: Floats,
    step_x: Floats,
    step_y: Floats,
    slide: bool,
    asking: Ints,
) -> tuple[Floats, Floats]:
    """`within_bounds` of the steps (m,) of the rows that ask."""
    to_x, to_y = step_x.copy(), step_y.copy()
    for who in range(asking.size):
        i = asking[who]
        for again in range(2):
            for slot in range(NEIGHBOURS):
                j = found[who, slot]
                if j < 0 or gaps[who, slot] > 1.0:
                    break
                px, py = x[j] - x[i], y[j] - y[i]
                away = np.sqrt(px * px + py * py)
                if away == 0.0:
                    continue
                px, py = px / away, py / away
                # The one who is ahead on the way both go has the larger share; the two shares make one gap.
                lead = (px * (way[i, 0] + way[j, 0]) + py * (way[i, 1] + way[j, 1])) / 2.0
                share = 0.5 - (AHEAD_SHARE - 0.5) * min(max(2.0 * lead, -1.0), 1.0)
                most = max(gaps[who, slot], 0.0) * share
                towards = to_x[who] * px + to_y[who] * py
                if towards <= most:
                    continue
                if slide and again == 0:
                    to_x[who] -= (towards - most) * px
                    to_y[who] -= (towards - most) * py
                else:
                    to_x[who] *= most / towards
                    to_y[who] *= most / towards
            if not slide:
                break
    return to_x, to_y
