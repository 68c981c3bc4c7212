"""Grass, flowers and crops near the eye, placed by the ground they stand on: a function of scenery and camera alone.

Each tuft has a reach of its own and shrinks to nothing before it, so nothing pops as the camera moves.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath, Vec4

from assets.meshes.mesh import Mesh
from assets.meshes.plants import crop_tuft, flower, grass_tuft
from assets.palette import GroundCover
from engine.render.geometry import SURFACE_FORMAT, Batch, TexelBuffer, geom, node, surface
from engine.render.ground import furrow_angles
from engine.render.lying import Lying
from engine.render.programs import SNOW_DEPTH_RANGE_M, SNOW_LEVELS
from engine.render.relief import Relief, on_triangles
from engine.render.season import Season
from engine.render.sensors import Floats, in_view
from recorder.schema import CROP_ID, GRASS_ID, Scenery

PATCH_M = 8.0  # side of the squares that are planted together
REACH_M = 62.0  # farthest tuft
NEAR_REACH_M = 16.0  # reach of the least important tuft
CROP_NEAR_REACH_M = 36.0  # a field reads as a field from farther than a blade as a blade
SPACING_M = 0.5  # of the jittered grid of grass
ROW_M = 2 * np.pi / 5.2  # between furrows: the ground shader's wavelength
ALONG_ROW_M = 0.42
CAPACITY = 24000  # tufts of a kind
FLOWER_SHARE = 0.06  # of the tufts of a meadow
GRASS, FLOWER, CROP = 0, 1, 2  # kinds of tufts
TALLEST_M = (0.42, 0.40, 0.90)  # of a tuft of size 1: deeper snow buries it
REACH_CODE = 128  # a tuft's reach is below this; multiples of it carry the level of the snow
SUMMER_FLOWERS = 0.4  # share of the meadow's flowers that stand outside the time of blossom
BARE_FIELD_M = 0.02  # lower crops are not drawn
PLANTED = {
    GroundCover.GRASS: 0.75,
    GroundCover.MEADOW: 1.0,
    GroundCover.FOREST_FLOOR: 0.22,
    GroundCover.SAND: 0.04,
    GroundCover.MUD: 0.15,
}  # share of the grid that carries grass


def _stands(kind: int, rows: NDArray[np.float32], season: Season) -> NDArray[np.bool_]:
    """Which tufts (n, 8) of a kind the season lets stand: flowers come and go, one by one; crops are cut."""
    if kind == FLOWER:
        share = season.grass_green * (SUMMER_FLOWERS + (1 - SUMMER_FLOWERS) * season.blossom)
        return np.asarray((rows[:, 3] * np.float32(97.3)) % 1 < share)
    return np.full(len(rows), kind != CROP or season.crop_height_m > BARE_FIELD_M)


class Grass:
    """The small plants round the eye."""

    def __init__(self, scenery: Scenery, colours: NDArray[np.uint8]) -> None:
        self._colours = colours  # (rows, cols, 3) sRGB of the ground
        self.path = NodePath("grass")
        self._scenery, self._heights = scenery, scenery.heights.astype(np.float64)
        self._relief = None if scenery.detail is None else Relief(scenery, scenery.detail)
        self._angles = furrow_angles(scenery.cover)
        self._taken = _footprints(scenery)
        self._patch = lru_cache(maxsize=2048)(self._planted)
        self._buffers, self._batches = [], []
        kinds: tuple[tuple[Mesh, int, tuple[float, float, float]], ...] = (
            (grass_tuft(), GRASS_ID, (0.75, 0.0, 0.0)),
            (flower(), GRASS_ID, (0.15, 0.0, 1.0)),
            (crop_tuft(), CROP_ID, (0.1, 1.0, 0.0)),
        )  # mesh, id, and: how much of its colour is the soil's, 1 for a crop, 1 for a flower
        for mesh, ident, traits in kinds:
            buffer = TexelBuffer("tufts", 2 * CAPACITY)
            made = node(geom(surface(mesh, ident), mesh.triangles, SURFACE_FORMAT), "tufts", "tuft")
            made.set_two_sided(True)
            made.set_shader_input("tuft", Vec4(*traits, 0.0))
            made.reparent_to(self.path)
            self._buffers.append(buffer)
            self._batches.append(Batch(made, buffer, 0))

    def select(self, eye: Floats, planes: tuple[Floats, Floats], season: Season, lying: Lying) -> None:
        """Choose the tufts drawn from this eye inside these frustum planes: those that the season lets stand."""
        first = np.floor((eye[:2] - REACH_M) / PATCH_M).astype(int)
        last = np.floor((eye[:2] + REACH_M) / PATCH_M).astype(int)
        j, i = np.meshgrid(np.arange(first[1], last[1] + 1), np.arange(first[0], last[0] + 1), indexing="ij")
        cells = np.stack([i.reshape(-1), j.reshape(-1)], axis=1)
        centres = np.c_[(cells + 0.5) * PATCH_M, self._level((cells + 0.5) * PATCH_M)]
        near = np.linalg.norm(centres - eye, axis=1) < REACH_M + PATCH_M
        cells = cells[near & in_view(centres, PATCH_M * 1.2, planes)]
        patches = [self._patch(int(a), int(b)) for a, b in cells]
        for kind, (buffer, batch) in enumerate(zip(self._buffers, self._batches, strict=True)):
            rows = np.concatenate([patch[kind] for patch in patches]) if patches else np.zeros((0, 8), np.float32)
            if len(rows):
                away = np.hypot(rows[:, 0] - eye[0], rows[:, 1] - eye[1])
                near = (away < rows[:, 7]) & in_view(rows[:, :3], 0.8, planes)
                rows = rows[near & _stands(kind, rows, season)][:CAPACITY]
                if lying.snowy:
                    level = lying.snow_levels(rows[:, 0], rows[:, 1])
                    rows[:, 7] += np.float32(REACH_CODE) * level
                    rows = rows[level * (SNOW_DEPTH_RANGE_M / SNOW_LEVELS) < TALLEST_M[kind] * rows[:, 3]]
                buffer.write(rows.reshape(-1, 4))
            batch.count(len(rows))

    def _cell(self, points: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        s = self._scenery
        at = np.rint((points - np.asarray(s.origin)) / s.cell_m).astype(np.intp)
        rows, cols = s.heights.shape
        return np.clip(at[:, 1], 0, rows - 1), np.clip(at[:, 0], 0, cols - 1)

    def _height(self, points: Floats) -> Floats:
        """Ground height at points (n, 2), on the very triangles the terrain is drawn with."""
        if self._relief is None:
            return self._level(points)
        at = (points - np.asarray(self._scenery.origin)) / self._scenery.cell_m
        return self._relief.drawn(at[:, 1], at[:, 0])

    def _level(self, points: Floats) -> Floats:
        """Ground height at points (n, 2) without the detail, on the triangles drawn without it."""
        s = self._scenery
        rows, cols = s.heights.shape
        at = (points - np.asarray(s.origin)) / s.cell_m
        c = np.clip(np.floor(at[:, 0]).astype(int), 0, cols - 2)
        r = np.clip(np.floor(at[:, 1]).astype(int), 0, rows - 2)
        u, v = np.clip(at[:, 0] - c, 0, 1), np.clip(at[:, 1] - r, 0, 1)
        h = self._heights
        return on_triangles((h[r, c], h[r, c + 1], h[r + 1, c], h[r + 1, c + 1]), u, v)

    def _inside(self, points: Floats) -> NDArray[np.bool_]:
        west, south, east, north = self._scenery.extent
        x, y = points[:, 0], points[:, 1]
        return (x > west) & (x < east) & (y > south) & (y < north)

    def _planted(self, i: int, j: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        rng = np.random.default_rng(np.random.SeedSequence(74, spawn_key=(i % 2**32, j % 2**32)))
        points, luck = self._jittered(i, j, rng)
        r, c = self._cell(points)
        cover = self._scenery.cover[r, c]
        wanted = np.zeros(len(points))
        for kind, share in PLANTED.items():
            wanted[cover == kind] = share
        wanted *= 0.5 + 0.5 * self._scenery.moisture[r, c]
        free = self._free(points, r, c)
        grows = free & (luck < wanted)
        blooms = grows & (cover == GroundCover.MEADOW) & (rng.random(len(points)) < FLOWER_SHARE)
        crops = self._crop_points(i, j)
        return (
            self._rows(points[grows & ~blooms], rng, (0.5, 1.0)),
            self._rows(points[blooms], rng, (0.7, 1.1)),
            self._rows(crops, rng, (0.8, 1.2), CROP_NEAR_REACH_M),
        )

    @staticmethod
    def _jittered(i: int, j: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        side = int(PATCH_M / SPACING_M)
        v, u = np.mgrid[0:side, 0:side]
        grid = np.stack([u.reshape(-1), v.reshape(-1)], axis=1) + rng.random((side * side, 2))
        return np.array([i, j]) * PATCH_M + grid * (PATCH_M / side), rng.random(side * side)

    def _free(self, points: Floats, r: NDArray[np.intp], c: NDArray[np.intp]) -> NDArray[np.bool_]:
        dry = self._scenery.water_depth[r, c] <= 0.0
        return self._inside(points) & dry & ~self._taken[r, c]

    def _crop_points(self, i: int, j: int) -> Floats:
        centre = (np.array([[i, j]]) + 0.5) * PATCH_M
        r, c = self._cell(centre)
        angle = float(self._angles[r[0], c[0]]) * np.pi
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        reach = PATCH_M * 0.75
        a = np.arange(
            np.floor((centre @ along - reach) / ALONG_ROW_M).item(), (centre @ along + reach).item() / ALONG_ROW_M
        )
        b = np.arange(np.floor((centre @ across - reach) / ROW_M).item(), (centre @ across + reach).item() / ROW_M)
        k, m = np.meshgrid(a, b, indexing="ij")
        points = k.reshape(-1, 1) * ALONG_ROW_M * along + (m.reshape(-1, 1) + 0.25) * ROW_M * across
        here = (np.floor(points / PATCH_M) == (i, j)).all(axis=1) & self._inside(points)
        points = points[here]
        r, c = self._cell(points)
        return np.asarray(points[(self._scenery.cover[r, c] == GroundCover.FIELD) & self._free(points, r, c)])

    def _soil(self, points: Floats) -> NDArray[np.float32]:
        """The ground's colour as one float: three bytes, which a float32 holds exactly."""
        r, c = self._cell(points)
        rgb = self._colours[r, c].astype(np.float32)
        return np.asarray(rgb[:, 0] + rgb[:, 1] * np.float32(256) + rgb[:, 2] * np.float32(65536))

    def _rows(
        self, points: Floats, rng: np.random.Generator, sizes: tuple[float, float], least_m: float = NEAR_REACH_M
    ) -> NDArray[np.float32]:
        n = len(points)
        rows = np.empty((n, 8), np.float32)
        yaw, rank = rng.uniform(0, 2 * np.pi, n), rng.random(n)
        rows[:, :2], rows[:, 2] = points, self._height(points) - 0.03
        rows[:, 3] = rng.uniform(*sizes, n)
        rows[:, 4], rows[:, 5], rows[:, 6] = np.cos(yaw), np.sin(yaw), self._soil(points)
        rows[:, 7] = least_m + (REACH_M - least_m) * rank**1.5
        return rows


def _footprints(scenery: Scenery) -> NDArray[np.bool_]:
    """Cells under buildings, where nothing grows."""
    rows, cols = scenery.heights.shape
    taken = np.zeros((rows, cols), np.bool_)
    x = scenery.origin[0] + np.arange(cols) * scenery.cell_m
    y = scenery.origin[1] + np.arange(rows) * scenery.cell_m
    margin = 0.5 * scenery.cell_m + 0.4
    for b in scenery.buildings:
        dx, dy = x[None, :] - b["x"], y[:, None] - b["y"]
        cos, sin = np.cos(b["yaw"]), np.sin(b["yaw"])
        along, across = np.abs(dx * cos + dy * sin), np.abs(-dx * sin + dy * cos)
        taken |= (along < b["width_m"] / 2 + margin) & (across < b["depth_m"] / 2 + margin)
    return taken
