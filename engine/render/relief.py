"""The ground near the eye, at the spacing of the scenery's detail: which squares of it are drawn so, and with what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.render.geometry import SURFACE
from recorder.schema import Detail, Scenery

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Block = tuple[int, int]  # row and column of a square

BLOCK = 8  # cells along the side of a square
REACH_M = 48.0  # squares nearer than this are drawn finely: 8 % of a frame's time; with 64 m it is 11 %


def between(values: NDArray[np.generic], row: Floats, col: Floats) -> Floats:
    """Values (rows, cols, ...) at fractional rows and columns, bilinear; points outside read the nearest edge."""
    rows, cols = values.shape[:2]
    row, col = np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1)
    r = np.minimum(row.astype(np.intp), rows - 2)
    c = np.minimum(col.astype(np.intp), cols - 2)
    v, u = ((at - low).reshape(*row.shape, *[1] * (values.ndim - 2)) for at, low in ((row, r), (col, c)))
    a, b, d, e = (values[r + i, c + j].astype(np.float64) for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    return np.asarray((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + e * u) * v)


def on_triangles(corners: tuple[Floats, Floats, Floats, Floats], u: Floats, v: Floats) -> Floats:
    """Heights inside cells cut from south-west to north-east; their corners south-west, -east, north-west, -east."""
    a, b, d, e = corners
    return np.asarray(np.where(u > v, a + u * (b - a) + v * (e - b), a + v * (d - a) + u * (e - d)))


class Relief:
    """The fine lattice of a scenery, `detail.per_cell` steps along each cell, square by square."""

    def __init__(self, scenery: Scenery, detail: Detail) -> None:
        self._heights, self._detail, self._cell_m = scenery.heights, detail, scenery.cell_m
        rows, cols = scenery.heights.shape
        starts = np.arange(0, rows - 1, BLOCK), np.arange(0, cols - 1, BLOCK)
        self._rough = np.zeros((len(starts[0]), len(starts[1])), np.bool_)
        self._low, self._high = np.zeros((*self._rough.shape, 3)), np.zeros((*self._rough.shape, 3))
        for i, j in np.ndindex(self._rough.shape):
            piece = self.cells((i, j))
            self._rough[i, j] = detail.roughness[piece].any()
            h = scenery.heights[piece]
            for corner, r, c, z in ((self._low, 0, 0, h.min()), (self._high, h.shape[0] - 1, h.shape[1] - 1, h.max())):
                x, y = (np.array([j, i]) * BLOCK + (c, r)) * scenery.cell_m + scenery.origin
                corner[i, j] = x, y, z

    @staticmethod
    def cells(block: Block) -> tuple[slice, slice]:
        """Rows and columns of the samples of a square, its rim included."""
        return np.s_[block[0] * BLOCK : (block[0] + 1) * BLOCK + 1, block[1] * BLOCK : (block[1] + 1) * BLOCK + 1]

    def near(self, eye: Floats) -> frozenset[Block]:
        """The squares that are drawn finely from this eye: those within reach that are not smooth."""
        away = np.maximum(np.maximum(self._low - eye, eye - self._high), 0.0)
        found = np.nonzero(self._rough & (np.linalg.norm(away, axis=-1) < REACH_M))
        return frozenset(zip(*(at.tolist() for at in found), strict=True))

    def heights(self, row: Ints, col: Ints) -> Floats:
        """Ground height at points of the fine lattice."""
        steps = self._detail.per_cell
        return between(self._heights, row / steps, col / steps) + self._hummock(row, col)

    def drawn(self, row: Floats, col: Floats) -> Floats:
        """Height of the triangles drawn near the eye, at fractional rows and columns of the scenery's samples."""
        rows, cols = self._heights.shape
        row, col = np.clip(row, 0, rows - 1), np.clip(col, 0, cols - 1)
        up, along = self._rough.shape
        block = np.minimum(row.astype(np.intp) // BLOCK, up - 1), np.minimum(col.astype(np.intp) // BLOCK, along - 1)
        steps = np.where(self._rough[block], self._detail.per_cell, 1)
        r, c = (np.minimum(at * steps, (n - 1) * steps - 0.5).astype(np.intp) for at, n in ((row, rows), (col, cols)))
        to_fine = self._detail.per_cell // steps
        corners = [self.heights((r + i) * to_fine, (c + j) * to_fine) for i, j in ((0, 0), (0, 1), (1, 0), (1, 1))]
        a, b, d, e = corners
        return on_triangles((a, b, d, e), col * steps - c, row * steps - r)

    def _hummock(self, row: Ints, col: Ints) -> Floats:
        detail, n = self._detail, len(self._detail.tile)
        rough = between(detail.roughness, row / detail.per_cell, col / detail.per_cell)
        return np.asarray(rough * detail.tile[row % n, col % n] * detail.scale_m)

    def vertices(self, coarse: NDArray[np.void], block: Block) -> NDArray[np.void]:
        """Vertices (rows, cols) SURFACE of a square on the fine lattice, from those (rows, cols) of all the map.

        Normals lean by the slope of the hummocks from the smooth ones of the samples, so no cell shows as a facet.
        """
        steps, piece = self._detail.per_cell, coarse[self.cells(block)]
        rows, cols = ((n - 1) * steps + 1 for n in piece.shape)
        row, col = np.meshgrid(np.arange(-1, rows + 1), np.arange(-1, cols + 1), indexing="ij")
        first = np.array(block) * BLOCK * steps
        bump = self._hummock(row + first[0], col + first[1])
        inner = np.s_[1:-1, 1:-1]
        at = row[inner] / steps, col[inner] / steps
        made = np.zeros((rows, cols), SURFACE)
        made["position"] = between(piece["position"], *at)
        made["position"][..., 2] = self.heights(row[inner] + first[0], col[inner] + first[1])
        lean = between(piece["normal"], *at)
        lean /= lean[..., 2:]
        apart = 2 * self._cell_m / steps
        lean[..., 0] -= (bump[1:-1, 2:] - bump[1:-1, :-2]) / apart
        lean[..., 1] -= (bump[2:, 1:-1] - bump[:-2, 1:-1]) / apart
        made["normal"] = lean / np.linalg.norm(lean, axis=-1, keepdims=True)
        for name in ("colour", "extra"):
            made[name] = np.rint(between(piece[name], *at))
        made["ident"] = piece["ident"][0, 0]
        return made
