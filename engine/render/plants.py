"""Trees, bushes and rocks: every one its own instance, its level of detail chosen by how large it appears."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from assets.meshes.plants import plant
from assets.palette import Species
from engine.render.geometry import SURFACE_FORMAT, Batch, TexelBuffer, geom, node, surface
from engine.render.sensors import Floats, in_view

DETAIL_RANGE = (9.0, 30.0)  # nearer than this many heights: full detail; nearer than the second: middle
SHADOW_DETAIL = 1


def plant_rows(plants: NDArray[np.void]) -> NDArray[np.float32]:
    """What the shader wants of each PLANT: (n, 8) place, height, cos and sin of the yaw, tint, id."""
    rows = np.empty((len(plants), 8), np.float32)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = plants["x"], plants["y"], plants["z"], plants["height_m"]
    rows[:, 4], rows[:, 5] = np.cos(plants["yaw"]), np.sin(plants["yaw"])
    rows[:, 6], rows[:, 7] = plants["tint"], plants["id"]
    return rows


class Plants:
    """Plants by species and detail; `select` picks what a camera sees, `cast` what the shadow map needs."""

    def __init__(self, plants: NDArray[np.void]) -> None:
        self.path, self.casters = NodePath("plants"), NodePath("plant casters")
        self._rows = plant_rows(plants)
        self._species = plants["species"]
        self._centres = self._rows[:, :3] + self._rows[:, 3:4] * np.array([0, 0, 0.5], np.float32)
        self._radii = self._rows[:, 3] * 0.75
        kinds = [int(s) for s in np.unique(self._species)]
        n = len(plants)
        self._seen = TexelBuffer("plants", 2 * n * 3)
        self._cast = TexelBuffer("plant casters", 2 * n)
        self._seen_rows = np.zeros((3 * n, 8), np.float32)
        self._cast_rows = np.zeros((n, 8), np.float32)
        self._batches: list[tuple[int, int, int, Batch]] = []  # species, detail, first row, batch
        self._casting: list[tuple[int, int, Batch]] = []
        base = 0
        for kind in kinds:
            count = int((self._species == kind).sum())
            for detail in range(3):
                batch = self._batch(kind, detail, self._seen, base * 3 + detail * count, self.path)
                self._batches.append((kind, detail, base * 3 + detail * count, batch))
            self._casting.append((kind, base, self._batch(kind, SHADOW_DETAIL, self._cast, base, self.casters)))
            base += count

    @staticmethod
    def _batch(kind: int, detail: int, buffer: TexelBuffer, base: int, parent: NodePath) -> Batch:
        mesh = plant(Species(kind), detail)
        made = node(geom(surface(mesh, 0), mesh.triangles, SURFACE_FORMAT), Species(kind).name.lower(), "plant")
        made.reparent_to(parent)
        return Batch(made, buffer, base)

    def select(self, eye: Floats, planes: tuple[Floats, Floats]) -> None:
        """Choose what is drawn from this eye inside these frustum planes."""
        if not len(self._rows):
            return
        heights = np.linalg.norm(self._centres - eye, axis=1) / self._rows[:, 3]
        detail = np.searchsorted(DETAIL_RANGE, heights, side="right")
        seen = in_view(self._centres, self._radii, planes)
        for kind, level, base, batch in self._batches:
            picked = self._rows[seen & (self._species == kind) & (detail == level)]
            self._seen_rows[base : base + len(picked)] = picked
            batch.count(len(picked))
        self._seen.write(self._seen_rows.reshape(-1, 4))

    def cast(self, holds: Callable[..., NDArray[np.bool_]]) -> None:
        """Choose what throws a shadow into the shadow map; `holds(points, radii)` says what may."""
        near = holds(self._centres, self._radii)
        for kind, base, batch in self._casting:
            picked = self._rows[near & (self._species == kind)]
            self._cast_rows[base : base + len(picked)] = picked
            batch.count(len(picked))
        self._cast.write(self._cast_rows.reshape(-1, 4))
