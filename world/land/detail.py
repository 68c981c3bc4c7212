"""The relief below the samples of the ground, about 1 m apart: hummocks and stones of one tile, as rough as the place.

Ground height is the bilinear ground plus roughness times tile, each bilinear between its own samples; the tile repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from assets.palette import GroundCover
from world.grid import Floats, bilinear, slope_of
from world.streams import stream

TILE = 128  # samples along the side: longer than one sees it drawn, and small in a session
FINE_M = 1.0  # wanted spacing of the tile's samples
ROUGHEST_M = 0.25  # of the highest hummock on the roughest ground
SCALE_M = ROUGHEST_M / 255 / 127  # of a product of the two codes

# Power of the roughness of natural ground falls with about the square of the frequency (Sayles & Thomas 1978); waves
# longer than 20 m belong to the samples of the ground, those below 2.5 m would be lost between those of the tile.
LONGEST_M, SHORTEST_M = 20.0, 2.5
STONES = 65  # of the tile, each one or two samples wide
STONE_HEIGHTS = (1.0, 2.2)  # over the deviation of the waves
HIGHEST = 3.0  # deviations, 127 in the tile: what stands higher, one sample in some hundred, is cut flat

HUMMOCK_M = {  # of the highest hummock on the level
    GroundCover.GRASS: 0.10,
    GroundCover.MEADOW: 0.13,
    GroundCover.FOREST_FLOOR: 0.19,
    GroundCover.ROCK: 0.22,
    GroundCover.SAND: 0.06,
    GroundCover.MUD: 0.05,
    GroundCover.PATH: 0.0,
    GroundCover.FIELD: 0.04,
    GroundCover.SQUARE: 0.0,
}
TRODDEN_M = 0.04  # at most, beside a path
STEEP = 0.6  # slope at which ground is half as rough again as on the level


@dataclass(frozen=True)
class Detail:
    """Hummocks and stones over the samples of the ground."""

    roughness: NDArray[np.uint8]  # (rows, cols) on the lattice of the heights
    tile: NDArray[np.int8]  # (n, n), periodic; its sample (0, 0) lies on that of the heights
    per_cell: int  # steps of the tile along a cell of the heights
    scale_m: float  # metres of height per unit of roughness times tile

    def __post_init__(self) -> None:
        self.roughness.flags.writeable = self.tile.flags.writeable = False

    def at(self, origin: tuple[float, float], cell_m: float, x: Floats, y: Floats) -> Floats:
        """Metres over the bilinear ground; `origin` and `cell_m` of the heights."""
        rough = bilinear(self.roughness, origin, cell_m, x, y)
        rows, cols = self.roughness.shape
        u = np.clip((np.asarray(x, dtype=np.float64) - origin[0]) / cell_m, 0.0, cols - 1.0) * self.per_cell
        v = np.clip((np.asarray(y, dtype=np.float64) - origin[1]) / cell_m, 0.0, rows - 1.0) * self.per_cell
        col, row = np.floor(u), np.floor(v)
        fu, fv = u - col, v - row
        n = len(self.tile)
        c, r = col.astype(np.int64) % n, row.astype(np.int64) % n
        east, north = (c + 1) % n, (r + 1) % n
        south = self.tile[r, c] * (1.0 - fu) + self.tile[r, east] * fu
        top = self.tile[north, c] * (1.0 - fu) + self.tile[north, east] * fu
        result: Floats = rough * (south * (1.0 - fv) + top * fv) * self.scale_m
        return result


def make_detail(
    heights: Floats, cell_m: float, cover: NDArray[np.uint8], level: NDArray[np.bool_], seed: int
) -> Detail:
    """The small relief of a map: none where it is `level` (water, building plots, decks) and none at the edge."""
    per_cell = max(1, round(cell_m / FINE_M))
    return Detail(roughness_of(heights, cell_m, cover, level), make_tile(seed), per_cell, SCALE_M)


def roughness_of(
    heights: Floats, cell_m: float, cover: NDArray[np.uint8], level: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Roughness codes (rows, cols), 255 for ROUGHEST_M; cells that touch `level` ones or a square have none, either."""
    metres = np.array([HUMMOCK_M[kind] for kind in GroundCover])[cover]
    metres = metres * (1.0 + 0.5 * np.minimum(slope_of(heights, cell_m) / STEEP, 1.0))
    beside_path = maximum_filter(cover == GroundCover.PATH, 3)
    metres = np.where(beside_path, np.minimum(metres, TRODDEN_M), metres)
    metres[maximum_filter(level | (cover == GroundCover.SQUARE), 3) | (cover == GroundCover.PATH)] = 0.0
    metres[[0, -1]] = 0.0
    metres[:, [0, -1]] = 0.0
    return np.rint(np.clip(metres / ROUGHEST_M, 0.0, 1.0) * 255).astype(np.uint8)


def make_tile(seed: int) -> NDArray[np.int8]:
    """The periodic tile (TILE, TILE) of this seed: about zero on average, 127 where it is highest."""
    rng = stream(seed, "detail")
    waves = np.fft.rfft2(rng.standard_normal((TILE, TILE)))
    per_m = np.hypot(np.fft.fftfreq(TILE, FINE_M)[:, None], np.fft.rfftfreq(TILE, FINE_M)[None, :])
    kept = (per_m >= 1 / LONGEST_M) & (per_m <= 1 / SHORTEST_M)
    ground = np.fft.irfft2(np.where(kept, waves / np.maximum(per_m, 1 / LONGEST_M), 0.0), (TILE, TILE))
    ground = ground / ground.std()
    offset = np.arange(-3, 4)
    for _ in range(STONES):
        row, col = rng.uniform(0, TILE, 2)
        width, height = rng.uniform(0.7, 1.2), rng.uniform(*STONE_HEIGHTS)
        r, c = int(row) + offset, int(col) + offset
        bump = np.exp(-(((r - row)[:, None] / width) ** 2 + ((c - col)[None, :] / width) ** 2) / 2)
        ground[np.ix_(r % TILE, c % TILE)] += height * bump
    ground = (ground - ground.mean()) / ground.std()
    tile: NDArray[np.int8] = np.rint(np.clip(ground / HIGHEST, -1.0, 1.0) * 127).astype(np.int8)
    return tile
