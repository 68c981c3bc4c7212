"""Draws the villagers: one instanced draw per piece and level of detail, moved by its wearers' bones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath, PTA_int

from assets.meshes.figure import BONES, LEVELS, SLOTS, Piece
from assets.meshes.figure_face import Face, head
from assets.meshes.figure_pieces import PIECES, piece
from engine.render.figures import MIDDLE_M, colours, faces, levels, pose, worn
from engine.render.geometry import SURFACE_FORMAT, Batch, TexelBuffer, geom, node, surface
from engine.render.sensors import Floats, in_view

BONE_TEXELS = 9  # three rows of its matrix now, in the following frame and in the one before
FACE_TEXELS = 3  # of a vertex: place, normal, colour and its slot
MOMENTS = 13  # a frame has three, itself, the following one and the one before: those of four cameras, and one more
BODY_M = 1.3  # radius of the sphere round a body's middle that holds it, arms out
LONG_M = 2.8  # the same with a fishing rod
SHADOW_LEVEL, COARSE_SHADOW_LEVEL = 1, 2  # of detail, at least: of what throws a shadow in a fine picture, in others
FLUSH = ("hands", "tails", "apron", "vest", "sheepskin", "shawl", "hair")
"""Pieces that add nothing to a body's shadow where the map's texels are a decimetre wide."""

Wearer = tuple[int, int, int, int]  # whose row of the bones, which face, and nothing twice: a texel


@dataclass
class _Faces:
    """The heads of one level of detail: a mesh, and of each face in use what its vertices are."""

    batch: Batch
    buffer: TexelBuffer
    shown: tuple[int, ...] = ()  # rows whose faces are in the buffer, in order


class People:
    """The cast on stage under `path`, and under `casters` what of it throws shadows.

    Args:
        looks: of everybody.
        fine: whether the shadow map near the camera is fine.
    """

    def __init__(self, looks: NDArray[np.void], fine: bool) -> None:
        self.path, self.casters = NodePath("people"), NodePath("people casters")
        self._looks = looks
        self._least = SHADOW_LEVEL if fine else COARSE_SHADOW_LEVEL
        self._casts = np.array([fine or not name.startswith(FLUSH) for name in PIECES])
        n = len(looks)
        self._bones = TexelBuffer("bones", max(BONE_TEXELS * n * len(BONES), 1))
        self._worn = TexelBuffer("worn colours", max(SLOTS * n, 1))
        self._wearers = TexelBuffer("wearers", max(n, 1))
        self._colours = np.ones((n, SLOTS, 4), np.float32)
        self._moments: dict[tuple[float, bytes, bytes], NDArray[np.float32]] = {}  # posed lately, by all that tells
        self._faces: tuple[Face, ...] = faces(looks)
        if n:
            self._colours[:, :, :3] = colours(looks)
            self._colours[:, 0, 3] = looks["id"]
        self._nobodys = TexelBuffer("no faces", 1)
        self._pieces: dict[tuple[int, int], Batch] = {}  # by piece and level, made when first worn
        self._casting: dict[tuple[int, int], Batch] = {}
        self._heads = [self._head(level) for level in range(LEVELS if n else 0)]

    def place(
        self,
        villagers: NDArray[np.void],
        time_s: float,
        following: NDArray[np.void] | None,
        following_s: float,
        before: NDArray[np.void] | None,
        before_s: float,
        eye: Floats,
        planes: tuple[Floats, Floats],
        holds: Callable[..., NDArray[np.bool_]],
    ) -> None:
        """Pose everyone the camera sees or whose shadow it may see, with where they move to and where they were."""
        if not len(self._looks):
            return
        middle = np.stack([villagers["x"], villagers["y"], villagers["z"] + np.float32(MIDDLE_M)], axis=1)
        outdoors = villagers["indoors"] == 0
        seen, casting = in_view(middle, LONG_M, planes) & outdoors, holds(middle, BODY_M) & outdoors
        shown = np.flatnonzero(seen | casting)
        texels = np.zeros((len(shown), len(BONES), BONE_TEXELS, 4), np.float32)
        moments = ((villagers, time_s), (following, following_s), (before, before_s))
        for k, (rows, at) in enumerate(moments):
            texels[:, :, 3 * k : 3 * k + 3] = texels[:, :, :3] if rows is None else self._posed(rows, at, shown)
        self._bones.write(texels.reshape(-1, 4))
        self._worn.write(self._colours[shown].reshape(-1, 4))
        has, level = worn(self._looks[shown], villagers[shown]), levels(villagers[shown], eye)
        wearers = self._dress(has, np.where(seen[shown], level, LEVELS), shown)
        wearers += self._cast(has, np.where(casting[shown], np.maximum(level, self._least), LEVELS), len(wearers))
        if wearers:
            self._wearers.write(np.array(wearers, np.float32))

    def _posed(self, villagers: NDArray[np.void], time_s: float, shown: NDArray[np.int64]) -> NDArray[np.float32]:
        """The frames of those shown; a moment that was posed for the frame before is not posed again."""
        key = (time_s, shown.tobytes(), villagers.tobytes())
        if key not in self._moments:
            while len(self._moments) >= MOMENTS:
                del self._moments[next(iter(self._moments))]
            self._moments[key] = pose(self._looks, villagers, time_s, shown)
        return self._moments[key]

    def _dress(self, has: NDArray[np.bool_], level: NDArray[np.int64], shown: NDArray[np.int64]) -> list[Wearer]:
        """Tell every piece who wears it; those of no level are not seen. Gives the rows of `wearers`."""
        made: list[Wearer] = []
        for near, heads in enumerate(self._heads):
            rows = np.flatnonzero(level == near)
            heads.batch.count(len(rows), len(made))
            if len(rows):
                self._fill(heads, near, tuple(shown[rows].tolist()))
                made += [(row, face, 0, 0) for face, row in enumerate(rows.tolist())]
        return made + self._put_on(self._pieces, self.path, has, level, len(made))

    def _cast(self, has: NDArray[np.bool_], level: NDArray[np.int64], base: int) -> list[Wearer]:
        """The same for what throws shadows: with heads that are all alike, as a piece of their own."""
        every = np.column_stack([has & self._casts, np.ones(len(has), np.bool_)])
        return self._put_on(self._casting, self.casters, every, level, base)

    def _put_on(
        self,
        batches: dict[tuple[int, int], Batch],
        parent: NodePath,
        has: NDArray[np.bool_],
        level: NDArray[np.int64],
        base: int,
    ) -> list[Wearer]:
        """Tell pieces by number and level who wears them, from this row of `wearers` on."""
        made: list[Wearer] = []
        counts: dict[tuple[int, int], tuple[int, int]] = {}
        for near in range(LEVELS):
            rows = np.flatnonzero(level == near)
            own = has[rows]
            for number in np.flatnonzero(own.any(axis=0)).tolist():
                if (number, near) not in batches:
                    mesh = piece(PIECES[number], near) if number < len(PIECES) else head(Face(), near)
                    batches[number, near] = self._drawn(mesh, self._nobodys, 0, parent, (number + 1) * LEVELS + near)
                who = rows[own[:, number]].tolist()
                counts[number, near] = len(who), base + len(made)
                made += [(row, 0, 0, 0) for row in who]
        for key, batch in batches.items():
            batch.count(*counts.get(key, (0, base)))
        return made

    def _head(self, level: int) -> _Faces:
        made = head(Face(), level)
        buffer = TexelBuffer("faces", FACE_TEXELS * len(made.mesh.positions))
        return _Faces(self._drawn(made, buffer, len(made.mesh.positions), self.path, level), buffer)

    def _drawn(self, made: Piece, own: TexelBuffer, length: int, parent: NodePath, order: int) -> Batch:
        vertices = surface(made.mesh, 0)
        vertices["ident"][:, :2] = made.bones
        vertices["ident"][:, 2] = np.rint(made.weight * 255)
        path = node(geom(vertices, made.mesh.triangles, SURFACE_FORMAT), "piece", "figure")
        for name, buffer in (("slot_colours", self._worn), ("wearers", self._wearers), ("faces", own)):
            path.set_shader_input(name, buffer.texture)
        counted = PTA_int.empty_array(1)
        counted[0] = length
        path.set_shader_input("face_length", counted)
        path.reparent_to(parent, order)  # whenever made: of two pieces at one depth the first that is drawn shows
        return Batch(path, self._bones)

    def _fill(self, heads: _Faces, level: int, rows: tuple[int, ...]) -> None:
        """Put the faces of these villagers in the buffer, where others are there."""
        if heads.shown == rows:
            return
        parts = [_face_texels(head(self._faces[row], level)) for row in rows]
        heads.buffer.write(np.concatenate(parts))
        heads.shown = rows


def _face_texels(made: Piece) -> NDArray[np.float32]:
    mesh = made.mesh
    texels = np.zeros((len(mesh.positions), FACE_TEXELS, 4), np.float32)
    texels[:, 0, :3], texels[:, 1, :3] = mesh.positions, mesh.normals
    texels[:, 2, :3], texels[:, 2, 3] = mesh.colours / np.float32(255), mesh.slot
    return texels.reshape(-1, 4)
