"""The ground people walk on, as it is in dry weather: a lattice of 1 m round the village, a coarse one over the map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from assets.palette import BuildingKind, GroundCover, Species
from world.compiled import compiled
from world.grid import bilinear, slope_of
from world.valley import Valley
from world.view import Floats
from world.village.footprints import Footprint
from world.walking.ways import FLAT_WALK_M_S, Flags, Floats32, slope_cost

Ints = NDArray[np.int64]
Codes = NDArray[np.uint8]

NEAR_MARGIN_M = 35.0  # ground in fine cells kept around the outermost place or deck
STEEPEST_WALK = math.tan(math.radians(35.0))
WALL_MARGIN_CELLS = 0.75  # more than half a cell's diagonal: no point of a free cell is inside a wall
TRUNK_HEIGHT_M = 6.0  # trees taller than this have a trunk one walks round
POCKET_CELLS = 60
PARAPET_M = 0.55  # of the deck's edge, and so far beside it, that nobody walks on
COARSE_M = 6.0  # map cells wider than this are cut into eight fine ones a side, others into four: about 1 m

COVER_PACE = {  # time per metre relative to a good path; Soule & Goldman 1972, terrain factors, rounded
    GroundCover.GRASS: 1.25,
    GroundCover.MEADOW: 1.3,
    GroundCover.FOREST_FLOOR: 1.5,
    GroundCover.ROCK: 1.8,
    GroundCover.SAND: 1.6,
    GroundCover.MUD: 1.8,
    GroundCover.PATH: 1.0,
    GroundCover.FIELD: 1.9,
    GroundCover.SQUARE: 1.0,
}


@dataclass(frozen=True)
class Lattice:
    """Square cells one can stand in; values belong to cell centres, rows go north."""

    origin: tuple[float, float]  # world x, y of the centre of cell (0, 0)
    cell_m: float
    solid: Flags  # (rows, cols) neither wall, trunk, rock nor cliff: one can stand here when it is dry
    cover: Codes  # (rows, cols) GroundCover
    pace: Floats32  # (rows, cols) seconds per metre on the level, dry
    slope: Floats32  # (rows, cols, 4) of ways.slope_cost

    def cell(self, x: Floats, y: Floats) -> tuple[Flags, Ints, Ints]:
        """Whether points lie on the lattice, and the row and column of the nearest cell."""
        rows, cols = self.solid.shape
        col = np.floor((x - self.origin[0]) / self.cell_m + 0.5).astype(np.int64)
        row = np.floor((y - self.origin[1]) / self.cell_m + 0.5).astype(np.int64)
        inside = (row >= 0) & (col >= 0) & (row < rows) & (col < cols)
        return inside, np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1)


@dataclass(frozen=True)
class Ground:
    """Both lattices. The fine one fills whole cells of the coarse one, and every place and deck lies on it."""

    valley: Valley
    near: Lattice
    far: Lattice  # its cells are the valley's samples; what it says of the cells under the fine lattice is not used
    box: tuple[int, int, int, int]  # first and past-the-last row, first and past-the-last column of these cells
    split: int  # fine cells along a coarse one, even, so that each lies between four samples
    decked: Flags  # fine cells on a deck: passable whatever the water below

    def is_near(self, x: Floats, y: Floats) -> Flags:
        """True for points on the fine lattice."""
        return self.near.cell(x, y)[0]


def survey(valley: Valley) -> Ground:
    """The ground of a valley, before any weather."""
    xs, ys = (np.array([getattr(p, axis) for p in valley.places], dtype=np.float64) for axis in "xy")
    ends = np.concatenate([deck_corners(valley), np.stack([xs, ys], axis=1)])
    rows, cols = valley.heights.shape
    (x0, y0), cell = valley.origin, valley.cell_m
    (west, south), (east, north) = ends.min(axis=0) - NEAR_MARGIN_M, ends.max(axis=0) + NEAR_MARGIN_M
    low_row, high_row = max(1, math.floor((south - y0) / cell)), min(rows - 1, math.ceil((north - y0) / cell) + 1)
    low_col, high_col = max(1, math.floor((west - x0) / cell)), min(cols - 1, math.ceil((east - x0) / cell) + 1)
    box = (low_row, high_row, low_col, high_col)
    split = 4 if cell < COARSE_M else 8
    near, decked = _near(valley, box, split)
    return Ground(valley, near, _far(valley), box, split, decked)


def _near(valley: Valley, box: tuple[int, int, int, int], split: int) -> tuple[Lattice, Flags]:
    low_row, high_row, low_col, high_col = box
    cell = valley.cell_m / split
    origin = (
        valley.origin[0] + (low_col - 0.5) * valley.cell_m + cell / 2,
        valley.origin[1] + (low_row - 0.5) * valley.cell_m + cell / 2,
    )
    x, y = np.meshgrid(
        origin[0] + np.arange((high_col - low_col) * split) * cell,
        origin[1] + np.arange((high_row - low_row) * split) * cell,
    )
    cover = cover_at(valley, x, y).astype(np.uint8)
    heights, decked = deck_height(valley, x, y)
    solid = open_ground(valley, x, y, cell) | decked
    for row, d in enumerate(valley.decks):
        across, along = beside_deck(valley, row, x, y)
        parapet = np.abs(across - float(d["width_m"]) / 2) <= PARAPET_M
        solid &= ~(parapet & (along <= float(d["length_m"]) / 2))
    decked &= solid
    cover[decked] = GroundCover.PATH
    lattice = Lattice(
        origin,
        cell,
        without_pockets(solid),
        cover,
        (np.take(cover_table(COVER_PACE), cover) / FLAT_WALK_M_S).astype(np.float32),
        slope_cost(heights, cell),
    )
    return lattice, decked


def _far(valley: Valley) -> Lattice:
    heights = valley.heights.astype(np.float64)
    solid = slope_of(heights, valley.cell_m) < STEEPEST_WALK
    pace = (np.take(cover_table(COVER_PACE), valley.cover) / FLAT_WALK_M_S).astype(np.float32)
    return Lattice(valley.origin, valley.cell_m, solid, valley.cover, pace, slope_cost(heights, valley.cell_m))


def cover_table(values: dict[GroundCover, float]) -> Floats:
    """The values as an array indexed by GroundCover."""
    return np.array([values[c] for c in GroundCover])


def cover_at(valley: Valley, x: Floats, y: Floats) -> Ints:
    """GroundCover of the nearest sample."""
    rows, cols = valley.cover.shape
    col = np.clip(np.rint((x - valley.origin[0]) / valley.cell_m), 0, cols - 1).astype(np.int64)
    row = np.clip(np.rint((y - valley.origin[1]) / valley.cell_m), 0, rows - 1).astype(np.int64)
    return valley.cover[row, col].astype(np.int64)


def footprints(valley: Valley) -> list[Footprint]:
    """Footprints of the valley's buildings, in their order; bridges, which come last, are no obstacle."""
    return [
        Footprint(float(b["x"]), float(b["y"]), float(b["yaw"]), float(b["width_m"]), float(b["depth_m"]))
        for b in valley.buildings[valley.buildings["kind"] != BuildingKind.BRIDGE]
    ]


def deck_corners(valley: Valley) -> Floats:
    """World x, y (4 x decks, 2) of the corners of all decks."""
    d = valley.decks
    c, s = np.cos(d["yaw"].astype(np.float64)), np.sin(d["yaw"].astype(np.float64))
    u, v = (np.outer([-0.5, 0.5, 0.5, -0.5], d["width_m"]), np.outer([-0.5, -0.5, 0.5, 0.5], d["length_m"]))
    return np.stack([(d["x"] + u * c - v * s).ravel(), (d["y"] + u * s + v * c).ravel()], axis=1)


def deck_height(valley: Valley, x: Floats, y: Floats) -> tuple[Floats, Flags]:
    """Height of deck or level ground, the one of the two that is higher, and where it is a deck."""
    height, decked = valley.level_at(x, y), np.zeros(np.shape(x), dtype=np.bool_)
    for row, d in enumerate(valley.decks):
        across, along = beside_deck(valley, row, x, y)
        on = (across <= float(d["width_m"]) / 2) & (along <= float(d["length_m"]) / 2)
        height, decked = np.where(on, np.maximum(height, float(d["z"])), height), decked | on
    return height, decked


def beside_deck(valley: Valley, row: int, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Metres of points from the middle line of a deck, and along it from its middle."""
    d = valley.decks[row]
    dx, dy = x - float(d["x"]), y - float(d["y"])
    c, s = math.cos(float(d["yaw"])), math.sin(float(d["yaw"]))
    return np.abs(dx * c + dy * s), np.abs(dy * c - dx * s)


def open_ground(valley: Valley, x: Floats, y: Floats, cell_m: float) -> Flags:
    """True at the centres (rows, cols) of fine cells where no wall, trunk, rock or cliff is."""
    steep = slope_of(np.asarray(valley.heights, dtype=np.float64), valley.cell_m)
    open_here = bilinear(steep, valley.origin, valley.cell_m, x, y) < STEEPEST_WALK
    margin = WALL_MARGIN_CELLS * cell_m
    for f in footprints(valley):
        reach = math.hypot(f.width, f.depth) / 2 + 2 * margin
        row, col = (f.y - y[0, 0]) / cell_m, (f.x - x[0, 0]) / cell_m
        cells = math.ceil(reach / cell_m)
        block = np.s_[
            max(0, int(row) - cells) : max(0, int(row) + cells + 2),
            max(0, int(col) - cells) : max(0, int(col) + cells + 2),
        ]
        open_here[block] &= f.distance(x[block], y[block]) > margin
    plants = valley.plants
    hard = (plants["species"] == Species.ROCK) | (
        (plants["species"] != Species.BUSH) & (plants["height_m"] > TRUNK_HEIGHT_M)
    )
    rows, cols = x.shape
    col = np.rint((plants["x"][hard].astype(np.float64) - x[0, 0]) / cell_m).astype(np.int64)
    row = np.rint((plants["y"][hard].astype(np.float64) - y[0, 0]) / cell_m).astype(np.int64)
    inside = (row >= 0) & (col >= 0) & (row < rows) & (col < cols)
    open_here[row[inside], col[inside]] = False
    return open_here


def without_pockets(passable: Flags) -> Flags:
    """Without the few cells between trunks and walls that one cannot get to or out of."""
    part_of, count = label(passable)  # of edge neighbours, as ways are
    size = np.bincount(part_of.ravel(), minlength=count + 1)
    edge = np.concatenate([part_of[0], part_of[-1], part_of[:, 0], part_of[:, -1]])
    size[edge] = POCKET_CELLS
    large: Flags = size[part_of] >= POCKET_CELLS
    return passable & large


@compiled
def clear_line(passable: Flags, xa: float, ya: float, xb: float, yb: float) -> bool:
    """True where every cell that a segment crosses is passable; in cells, of which (0, 0) is [0, 1) x [0, 1).

    Grid traversal of Amanatides & Woo 1987.
    """
    rows, cols = passable.shape
    c, r = int(np.floor(xa)), int(np.floor(ya))
    end_c, end_r = int(np.floor(xb)), int(np.floor(yb))
    dx, dy = xb - xa, yb - ya
    step_c, step_r = (1 if dx > 0 else -1), (1 if dy > 0 else -1)
    next_c = np.inf if dx == 0.0 else ((c + (1 if dx > 0 else 0)) - xa) / dx
    next_r = np.inf if dy == 0.0 else ((r + (1 if dy > 0 else 0)) - ya) / dy
    wide_c = np.inf if dx == 0.0 else abs(1.0 / dx)
    wide_r = np.inf if dy == 0.0 else abs(1.0 / dy)
    good = 0 <= r < rows and 0 <= c < cols and passable[r, c]
    for _ in range(abs(end_c - c) + abs(end_r - r)):
        if not good:
            break
        if next_c < next_r:
            c += step_c
            next_c += wide_c
        else:
            r += step_r
            next_r += wide_r
        good = 0 <= r < rows and 0 <= c < cols and passable[r, c]
    return bool(good)
