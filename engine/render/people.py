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


@dataclass
class _Faces:
    """The heads of one level of detail: a mesh, and of each face in use what its vertices are."""

    batch: Batch
    buffer: TexelBuffer
    shown: tuple[int, ...] = ()  # rows whose faces are in the buffer, in order


class People:
    """The cast on stage."""

    def __init__(self, looks: NDArray[np.void]) -> None:
        self.path = NodePath("people")
        self._looks = looks
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
        shown, level = self._seen(villagers, eye, planes, holds)
        texels = np.zeros((len(shown), len(BONES), BONE_TEXELS, 4), np.float32)
        moments = ((villagers, time_s), (following, following_s), (before, before_s))
        for k, (rows, at) in enumerate(moments):
            texels[:, :, 3 * k : 3 * k + 3] = texels[:, :, :3] if rows is None else self._posed(rows, at, shown)
        self._bones.write(texels.reshape(-1, 4))
        self._worn.write(self._colours[shown].reshape(-1, 4))
        self._dress(worn(self._looks[shown], villagers[shown]), level, shown)

    def _seen(
        self,
        villagers: NDArray[np.void],
        eye: Floats,
        planes: tuple[Floats, Floats],
        holds: Callable[..., NDArray[np.bool_]],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows to be drawn, and the level of detail of each: by the distance from the camera alone."""
        middle = np.stack([villagers["x"], villagers["y"], villagers["z"] + np.float32(MIDDLE_M)], axis=1)
        outdoors = villagers["indoors"] == 0
        shown = np.flatnonzero((in_view(middle, LONG_M, planes) | holds(middle, BODY_M)) & outdoors)
        return shown, levels(villagers[shown], eye)

    def _posed(self, villagers: NDArray[np.void], time_s: float, shown: NDArray[np.int64]) -> NDArray[np.float32]:
        """The frames of those shown; a moment that was posed for the frame before is not posed again."""
        key = (time_s, shown.tobytes(), villagers.tobytes())
        if key not in self._moments:
            while len(self._moments) >= MOMENTS:
                del self._moments[next(iter(self._moments))]
            self._moments[key] = pose(self._looks, villagers, time_s, shown)
        return self._moments[key]

    def _dress(self, has: NDArray[np.bool_], level: NDArray[np.int64], shown: NDArray[np.int64]) -> None:
        """Tell every piece who wears it."""
        wearers: list[NDArray[np.intp]] = []
        face_of: list[NDArray[np.intp]] = []
        drawn: dict[Batch, tuple[int, int]] = {}  # how many wear it, and where they begin
        base = 0
        for near in range(LEVELS):
            rows = np.flatnonzero(level == near)
            if not len(rows):
                continue
            heads, wears = self._heads[near], has[rows]
            self._fill(heads, near, tuple(shown[rows].tolist()))
            pieces = np.flatnonzero(wears.any(axis=0))
            number, who = np.nonzero(wears.T)
            drawn[heads.batch] = len(rows), base
            starts = base + len(rows) + np.searchsorted(number, pieces)
            counts = np.bincount(number, minlength=wears.shape[1])[pieces]
            for kind, count, start in zip(pieces.tolist(), counts.tolist(), starts.tolist(), strict=True):
                drawn[self._batch(kind, near)] = count, start
            wearers += [rows, rows[who]]
            face_of += [np.arange(len(rows)), np.zeros(len(who), np.intp)]
            base += len(rows) + len(who)
        for batch in (*self._pieces.values(), *(each.batch for each in self._heads)):
            batch.count(*drawn.get(batch, (0, 0)))
        if wearers:
            texels = np.zeros((base, 4), np.float32)
            texels[:, 0], texels[:, 1] = np.concatenate(wearers), np.concatenate(face_of)
            self._wearers.write(texels)

    def _batch(self, number: int, level: int) -> Batch:
        if (number, level) not in self._pieces:
            made = piece(PIECES[number], level)
            self._pieces[number, level] = self._drawn(made, self._nobodys, 0)
        return self._pieces[number, level]

    def _head(self, level: int) -> _Faces:
        made = head(Face(), level)
        buffer = TexelBuffer("faces", FACE_TEXELS * len(made.mesh.positions))
        return _Faces(self._drawn(made, buffer, len(made.mesh.positions)), buffer)

    def _drawn(self, made: Piece, own: TexelBuffer, length: int) -> Batch:
        vertices = surface(made.mesh, 0)
        vertices["ident"][:, :2] = made.bones
        vertices["ident"][:, 2] = np.rint(made.weight * 255)
        path = node(geom(vertices, made.mesh.triangles, SURFACE_FORMAT), "piece", "figure")
        for name, buffer in (("slot_colours", self._worn), ("wearers", self._wearers), ("faces", own)):
            path.set_shader_input(name, buffer.texture)
        counted = PTA_int.empty_array(1)
        counted[0] = length
        path.set_shader_input("face_length", counted)
        path.reparent_to(self.path)
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
