"""Lines of sight between people: over the ground, past buildings, and through leaves, which shorten sight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.palette import Species
from world.compiled import compiled
from world.copying import CopiedAlike
from world.life.canopy import crown_radius
from world.life.stands import SHADE_LOSS
from world.valley import Valley
from world.view import Floats, Onlookers
from world.walking.crowd import Ints, cells_for, hashed
from world.walking.underfoot import between, fixed

STEP_CELLS = 0.5  # of a ground cell between samples of the ray
GRAZING_M = 0.02  # the ground must rise this much over the ray to hide, so that feet on a slope are not hidden by it
CELL_M = 8.0  # of the lattice that says which crowns and houses are near a ray
FEW = 64  # in a village of no more one looks at everybody
PEOPLE_CELL_M = 10.0  # of the table that people are looked up in
BARE_SHARE = 0.15  # of what leaves hide is hidden by twigs alone: wood area index 0.7 beside a leaf area index of 5
CLEAR_TAU = 8.0  # optical depth behind which nobody is seen at any distance

CROWN = {  # lowest and highest of the crown in shares of the height, as the plants are drawn; whether leaves fall
    Species.CONIFER: (0.09, 1.0, False),
    Species.BROADLEAF: (0.34, 1.0, True),
    Species.BIRCH: (0.42, 1.0, True),
    Species.BUSH: (0.0, 1.0, True),
    Species.PALM: (0.8, 1.0, False),
    Species.ACACIA: (0.6, 1.0, True),
    Species.CACTUS: (0.0, 1.0, False),
}

Hiding = tuple[Any, ...]
People = tuple[Any, ...]


@dataclass
class Hides(CopiedAlike):
    """What stands between people, as machine code takes it; leaves are those of full summer."""

    hiding: Hiding
    _people: People | None = None  # as they stood when somebody last looked: many look in one tick

    def seen(self, onlookers: Onlookers, leaf_cover: float) -> tuple[NDArray[np.int16], Floats]:
        """Whom observers see; see `WorldView.in_sight`. `leaf_cover` is the season's, 0..1."""
        o = onlookers
        where = o.x, o.y, o.eyes, o.heading, o.hidden
        least = math.cos(o.field_of_view / 2)
        rows = np.ascontiguousarray(o.observers)
        reach = o.reach_m, least, o.tried, o.most
        if len(o.x) <= FEW:
            return seen_by_few(self.hiding, _leaves(leaf_cover), rows, where, *reach)
        if self._people is None or not stand_as(self._people, o.x, o.y, o.hidden):
            self._people = standing(o.x, o.y, o.hidden)
        return seen_by(self.hiding, _leaves(leaf_cover), rows, where, self._people, *reach)

    def depth(self, a: Floats, b: Floats, leaf_cover: float | None) -> Floats:
        """Optical depth between points (n, 3): of leaves, unless None, and inf where ground or a house is between."""
        return depths(self.hiding, -1.0 if leaf_cover is None else _leaves(leaf_cover), a, b)


def _leaves(cover: float) -> float:
    return BARE_SHARE + (1.0 - BARE_SHARE) * cover


def hides_in(valley: Valley) -> Hides:
    """Ground, houses and crowns of a valley."""
    return hides_among(valley.heights, valley.origin, valley.cell_m, building_boxes(valley), crowns_of(valley))


def hides_among(
    heights: NDArray[np.float32], origin: tuple[float, float], cell_m: float, boxes: Floats, crowns: Floats
) -> Hides:
    """Ground on a lattice, `boxes` (k, 8) as of `building_boxes`, and `crowns` (k, 7) as of `crowns_of`."""
    rows, cols = (math.ceil((n - 1) * cell_m / CELL_M) + 1 for n in heights.shape)
    in_boxes = listed(boxes[:, 0], boxes[:, 1], np.hypot(boxes[:, 4], boxes[:, 5]), origin, rows, cols)
    in_crowns = listed(crowns[:, 0], crowns[:, 1], crowns[:, 2], origin, rows, cols)
    numbers, lattice = np.array([*origin, cell_m]), np.array([rows, cols])
    return Hides(tuple(fixed(p) for p in (heights, numbers, boxes, *in_boxes, crowns, *in_crowns, lattice)))


def listed(
    x: Floats, y: Floats, radius: Floats, origin: tuple[float, float], rows: int, cols: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Which discs reach into which cell of a lattice: the first entry of each cell, (rows * cols + 1,), and entries."""
    low_col, high_col, low_row, high_row = (
        np.clip(np.floor((at + way * radius - edge) / CELL_M), 0, most - 1).astype(np.int64)
        for at, edge, most in ((x, origin[0], cols), (y, origin[1], rows))
        for way in (-1, 1)
    )
    wide = high_col - low_col + 1
    count = wide * (high_row - low_row + 1)
    disc = np.repeat(np.arange(len(x)), count)
    nth = np.arange(len(disc)) - np.repeat(np.cumsum(count) - count, count)
    cell = (low_row[disc] + nth // wide[disc]) * cols + low_col[disc] + nth % wide[disc]
    order = np.argsort(cell, kind="stable")
    first = np.searchsorted(cell[order], np.arange(rows * cols + 1))
    return first.astype(np.int32), disc[order].astype(np.int32)


def crowns_of(valley: Valley) -> Floats:
    """(k, 7): x, y, radius, bottom and top, extinction per metre, and whether leaves fall.

    A crown hides as its leaves do: 5 m2 over every m2 under it, of which half meets a ray from any side (Monsi & Saeki
    1953), here spread evenly from its bottom to its top.
    """
    plants = valley.plants[np.isin(valley.plants["species"], [int(s) for s in CROWN])]
    traits = np.array([CROWN.get(s, (0.0, 1.0, False)) for s in Species], dtype=np.float64)
    low, high, falls = traits[plants["species"]].T
    height, foot = plants["height_m"].astype(np.float64), plants["z"].astype(np.float64)
    thin = SHADE_LOSS / np.maximum((high - low) * height, 0.1)
    columns = (plants["x"], plants["y"], crown_radius(plants), foot + low * height, foot + high * height, thin, falls)
    return np.stack(columns, axis=1).astype(np.float64)


def building_boxes(valley: Valley) -> Floats:
    """(k, 8) boxes of a valley's buildings for `box_hides`, up to half the roof; wells and stalls hide nobody."""
    b = valley.buildings
    tall = b[b["wall_height_m"] > 2.5]
    yaw = tall["yaw"].astype(np.float64)
    return np.stack(
        [
            tall["x"],
            tall["y"],
            np.cos(yaw),
            np.sin(yaw),
            tall["width_m"] / 2,
            tall["depth_m"] / 2,
            tall["z"] - 1.0,
            tall["z"] + tall["wall_height_m"] + tall["roof_height_m"] / 2,
        ],
        axis=1,
    ).astype(np.float64)


@compiled
def standing(x: Floats, y: Floats, hidden: NDArray[np.bool_]) -> People:
    """Where people stand, and a table in which those who can be seen are looked up: rows, x and y, and `hashed`."""
    shown = 0
    for i in range(x.size):
        shown += not hidden[i]
    rows, seen_x, seen_y = np.empty(shown, np.int64), np.empty(shown), np.empty(shown)
    shown = 0
    for i in range(x.size):
        if not hidden[i]:
            rows[shown], seen_x[shown], seen_y[shown] = i, x[i], y[i]
            shown += 1
    col, row, first, order = hashed(seen_x, seen_y, PEOPLE_CELL_M, cells_for(shown))
    return x.copy(), y.copy(), hidden.copy(), rows, seen_x, seen_y, col, row, first, order


@compiled
def stand_as(people: People, x: Floats, y: Floats, hidden: NDArray[np.bool_]) -> bool:
    """Whether people stand where they stood, the same ones hidden."""
    was_x, was_y, was_hidden = people[0], people[1], people[2]
    if was_x.size != x.size:
        return False
    moved = 0
    for i in range(x.size):
        moved += was_x[i] != x[i] or was_y[i] != y[i] or was_hidden[i] != hidden[i]
    return moved == 0


@compiled
def seen_by(
    hiding: Hiding,
    leaves: float,
    observers: Ints,
    where: tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]],
    people: People,
    reach: float,
    least_cos: float,
    tried: int,
    most: int,
) -> tuple[NDArray[np.int16], Floats]:
    """`Hides.seen`: of the nearest `tried` before each observer, up to `most` that are not hidden."""
    all_x, all_y, _, heading, hidden = where
    _, _, _, rows, x, y, col, row, first, order = people
    cells = first.size - 1
    seen, gaps = np.empty((observers.size, most), np.int16), np.empty((observers.size, most))
    seen[:], gaps[:] = -1, np.inf
    near, away = np.empty(tried, np.int64), np.empty(tried)
    for o in range(observers.size):
        me = observers[o]
        if hidden[me]:
            continue
        count = 0
        ex, ey = math.cos(heading[me]), math.sin(heading[me])
        c0, r0 = math.floor(all_x[me] / PEOPLE_CELL_M), math.floor(all_y[me] / PEOPLE_CELL_M)
        for ring in range(int(reach / PEOPLE_CELL_M) + 2):
            limit = reach if count < tried else min(reach, away[tried - 1])
            if (ring - 1) * PEOPLE_CELL_M > limit:
                break
            for r in range(r0 - ring, r0 + ring + 1):
                stride = 1 if abs(r - r0) == ring else max(2 * ring, 1)
                for c in range(c0 - ring, c0 + ring + 1, stride):
                    key = (c * 73856093 ^ r * 19349663) & (cells - 1)
                    for at in range(first[key], first[key + 1]):
                        j = order[at]
                        if col[j] != c or row[j] != r or rows[j] == me:
                            continue
                        dx, dy = x[j] - all_x[me], y[j] - all_y[me]
                        gap = math.sqrt(dx * dx + dy * dy)
                        if (
                            gap > reach
                            or dx * ex + dy * ey < least_cos * gap
                            or (count == tried and gap >= away[tried - 1])
                        ):
                            continue
                        slot = min(count, tried - 1)
                        while slot > 0 and away[slot - 1] > gap:
                            away[slot], near[slot] = away[slot - 1], near[slot - 1]
                            slot -= 1
                        away[slot], near[slot] = gap, rows[j]
                        count = min(count + 1, tried)
        not_hidden(hiding, leaves, where, me, near[:count], away, reach, seen[o], gaps[o])
    return seen, gaps


@compiled
def seen_by_few(
    hiding: Hiding,
    leaves: float,
    observers: Ints,
    where: tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]],
    reach: float,
    least_cos: float,
    tried: int,
    most: int,
) -> tuple[NDArray[np.int16], Floats]:
    """`seen_by` without a table of people: everybody is looked at."""
    x, y, _, heading, hidden = where
    seen, gaps = np.empty((observers.size, most), np.int16), np.empty((observers.size, most))
    seen[:], gaps[:] = -1, np.inf
    near, away = np.empty(tried, np.int64), np.empty(tried)
    for o in range(observers.size):
        me = observers[o]
        if hidden[me]:
            continue
        count = 0
        ex, ey = math.cos(heading[me]), math.sin(heading[me])
        for other in range(x.size):
            dx, dy = x[other] - x[me], y[other] - y[me]
            gap = math.sqrt(dx * dx + dy * dy)
            if hidden[other] or other == me or gap > reach or dx * ex + dy * ey < least_cos * gap:
                continue
            slot = count
            while slot > 0 and (
                away[slot - 1] > gap or (away[slot - 1] == gap and earlier(x, y, me, other, near[slot - 1]))
            ):
                if slot < tried:
                    away[slot], near[slot] = away[slot - 1], near[slot - 1]
                slot -= 1
            if slot < tried:
                away[slot], near[slot] = gap, other
                count = min(count + 1, tried)
        not_hidden(hiding, leaves, where, me, near[:count], away, reach, seen[o], gaps[o])
    return seen, gaps


@compiled
def earlier(x: Floats, y: Floats, me: int, one: int, other: int) -> bool:
    """Which of two as far from a third comes first, as `seen_by` goes through people: by where they stand, not by rows.

    By rings of cells round the third, in these from south and west, and within a cell from west and south.
    """
    c0, r0 = math.floor(x[me] / PEOPLE_CELL_M), math.floor(y[me] / PEOPLE_CELL_M)
    c1, r1 = math.floor(x[one] / PEOPLE_CELL_M), math.floor(y[one] / PEOPLE_CELL_M)
    c2, r2 = math.floor(x[other] / PEOPLE_CELL_M), math.floor(y[other] / PEOPLE_CELL_M)
    first = max(abs(c1 - c0), abs(r1 - r0)), r1, c1, x[one], y[one]
    return first < (max(abs(c2 - c0), abs(r2 - r0)), r2, c2, x[other], y[other])


@compiled
def not_hidden(
    hiding: Hiding,
    leaves: float,
    where: tuple[Floats, Floats, Floats, Floats, NDArray[np.bool_]],
    me: int,
    near: Ints,
    away: Floats,
    reach: float,
    seen: NDArray[np.int16],
    gaps: Floats,
) -> None:
    """Put those of the nearest that nothing hides into `seen` and `gaps`, as many as there is room for."""
    x, y, eyes = where[0], where[1], where[2]
    found = 0
    for k in range(near.size):
        if found == seen.size:
            break
        other = near[k]
        depth = depth_between(hiding, leaves, x[me], y[me], eyes[me], x[other], y[other], eyes[other])
        if away[k] <= reach * math.exp(-depth):
            seen[found], gaps[found] = other, away[k]
            found += 1


@compiled
def depth_between(
    hiding: Hiding, leaves: float, xa: float, ya: float, za: float, xb: float, yb: float, zb: float
) -> float:
    """Optical depth of what stands between two points: of leaves, and inf where ground or a house is in the way.

    `leaves` is the share that is there of what falls in autumn; where it is negative, crowns are not looked at. Walks
    over the lattice's cells as in Amanatides & Woo 1987; of a crown each cell counts the part within it.
    """
    heights, numbers, boxes, box_first, box_list, crowns, crown_first, crown_list, lattice = hiding
    rows, cols = lattice[0], lattice[1]
    dx, dy, dz = xb - xa, yb - ya, zb - za
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    u, v = (xa - numbers[0]) / CELL_M, (ya - numbers[1]) / CELL_M
    c, r = math.floor(u), math.floor(v)
    step_c, step_r = (1 if dx > 0.0 else -1), (1 if dy > 0.0 else -1)
    wide_c = np.inf if dx == 0.0 else CELL_M / abs(dx)
    wide_r = np.inf if dy == 0.0 else CELL_M / abs(dy)
    next_c = np.inf if dx == 0.0 else ((c + 1 - u) if dx > 0.0 else (u - c)) * wide_c
    next_r = np.inf if dy == 0.0 else ((r + 1 - v) if dy > 0.0 else (v - r)) * wide_r
    depth, began = 0.0, 0.0
    while began < 1.0:
        ends = min(next_c, next_r, 1.0)
        if 0 <= r < rows and 0 <= c < cols:
            cell = r * cols + c
            for at in range(box_first[cell], box_first[cell + 1]):
                if box_hides(boxes, box_list[at], xa, ya, za, dx, dy, dz):
                    return float(np.inf)
            for at in range(crown_first[cell], crown_first[cell + 1] if leaves >= 0.0 else 0):
                k = crown_list[at]
                share = crown_share(crowns, k, xa, ya, za, dx, dy, dz, began, ends)
                if share > 0.0:
                    depth += share * length * crowns[k, 5] * (leaves if crowns[k, 6] > 0.0 else 1.0)
            if depth > CLEAR_TAU:
                return float(np.inf)
        began = ends
        if next_c < next_r:
            c += step_c
            next_c += wide_c
        else:
            r += step_r
            next_r += wide_r
    return float(np.inf) if ground_hides(heights, numbers, xa, ya, za, dx, dy, dz) else depth


@compiled
def crown_share(
    crowns: Floats, k: int, x: float, y: float, z: float, dx: float, dy: float, dz: float, began: float, ends: float
) -> float:
    """The part of a way, in shares of it and between two of these, that leads through a crown: an upright cylinder."""
    ox, oy, radius = x - crowns[k, 0], y - crowns[k, 1], crowns[k, 2]
    a, b, over = dx * dx + dy * dy, ox * dx + oy * dy, ox * ox + oy * oy - radius * radius
    if a > 0.0:
        inner = b * b - a * over
        if inner <= 0.0:
            return 0.0
        root = math.sqrt(inner)
        began, ends = max(began, (-b - root) / a), min(ends, (-b + root) / a)
    elif over > 0.0:
        return 0.0
    low, high = crowns[k, 3] - z, crowns[k, 4] - z
    if dz != 0.0:
        began, ends = max(began, min(low / dz, high / dz)), min(ends, max(low / dz, high / dz))
    elif low > 0.0 or high < 0.0:
        return 0.0
    return max(0.0, ends - began)


@compiled
def box_hides(boxes: Floats, j: int, x: float, y: float, z: float, dx: float, dy: float, dz: float) -> bool:
    """Whether a way meets a box, by the slab test; an end inside (someone in a doorway) does not count as hidden.

    `boxes` is (k, 8): centre x, y, cos and sin of yaw, half width, half depth, bottom, top.
    """
    c, s = boxes[j, 2], boxes[j, 3]
    ox, oy = x - boxes[j, 0], y - boxes[j, 1]
    enter, leave = 0.0, 1.0
    for axis in range(3):
        if axis == 0:
            start, way, low, high = ox * c + oy * s, dx * c + dy * s, -boxes[j, 4], boxes[j, 4]
        elif axis == 1:
            start, way, low, high = oy * c - ox * s, dy * c - dx * s, -boxes[j, 5], boxes[j, 5]
        else:
            start, way, low, high = z, dz, boxes[j, 6], boxes[j, 7]
        if abs(way) < 1e-12:
            if start < low or start > high:
                return False
        else:
            t0, t1 = (low - start) / way, (high - start) / way
            enter, leave = max(enter, min(t0, t1)), min(leave, max(t0, t1))
    return bool(enter < leave and enter > 0.0 and leave < 1.0)


@compiled
def ground_hides(
    heights: NDArray[np.float32], numbers: Floats, x: float, y: float, z: float, dx: float, dy: float, dz: float
) -> bool:
    """Whether the ground, bilinear between samples, rises over a way; `numbers`: x, y of the first sample, the cell."""
    samples = int(math.sqrt(dx * dx + dy * dy) / (numbers[2] * STEP_CELLS)) + 1
    for i in range(1, samples):
        t = i / samples
        ground = between(heights, numbers[0], numbers[1], numbers[2], x + dx * t, y + dy * t)
        if ground > z + dz * t + GRAZING_M:
            return True
    return False


@compiled
def depths(hiding: Hiding, leaves: float, a: Floats, b: Floats) -> Floats:
    """`depth_between` of many points, each (n, 3)."""
    depth = np.empty(a.shape[0])
    for k in range(a.shape[0]):
        depth[k] = depth_between(hiding, leaves, a[k, 0], a[k, 1], a[k, 2], b[k, 0], b[k, 1], b[k, 2])
    return depth
