"""Draws the villagers: one instanced draw per body part, posed for this frame, the following one and the one before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from assets.meshes.figure import figure_parts
from engine.render.figures import colours, pose
from engine.render.geometry import SURFACE_FORMAT, Batch, TexelBuffer, geom, node, surface
from engine.render.sensors import Floats, in_view

SLOTS = 6
POSE_TEXELS = 9  # of a body part: three rows of its matrix now, in the following frame and in the one before
BODY_M = 1.3  # radius of the sphere round a body's middle that holds it, arms out


class People:
    """The cast on stage."""

    def __init__(self, looks: NDArray[np.void]) -> None:
        self.path = NodePath("people")
        self._looks = looks
        n = len(looks)
        meshes = figure_parts()
        self._poses = TexelBuffer("poses", max(POSE_TEXELS * n * len(meshes), 1))
        self._worn = TexelBuffer("worn colours", max(SLOTS * n, 1))
        self._texels = np.zeros((len(meshes), n, POSE_TEXELS, 4), np.float32)
        self._colours = np.ones((n, SLOTS, 4), np.float32)
        if n:
            self._colours[:, :, :3] = colours(looks)
            self._colours[:, 0, 3] = looks["id"]
        self._batches = []
        for part, mesh in enumerate(meshes if n else ()):
            made = node(geom(surface(mesh, 0), mesh.triangles, SURFACE_FORMAT), "part", "figure")
            made.set_shader_input("slot_colours", self._worn.texture)
            made.reparent_to(self.path)
            self._batches.append(Batch(made, self._poses, part * n))

    def place(
        self,
        villagers: NDArray[np.void],
        time_s: float,
        following: NDArray[np.void] | None,
        following_s: float,
        before: NDArray[np.void] | None,
        before_s: float,
        planes: tuple[Floats, Floats],
        holds: Callable[..., NDArray[np.bool_]],
    ) -> None:
        """Pose everyone the camera sees or whose shadow it may see, with where they move to and where they were."""
        n = len(self._looks)
        if not n:
            return
        middle = np.stack([villagers["x"], villagers["y"], villagers["z"] + np.float32(0.9)], axis=1)
        shown = np.flatnonzero((in_view(middle, BODY_M, planes) | holds(middle, BODY_M)) & (villagers["indoors"] == 0))
        now = pose(self._looks, villagers, time_s)
        next_ = now if following is None else pose(self._looks, following, following_s)
        previous = now if before is None else pose(self._looks, before, before_s)
        count = len(shown)
        self._texels[:, :count, :3] = now[shown].swapaxes(0, 1)
        self._texels[:, :count, 3:6] = next_[shown].swapaxes(0, 1)
        self._texels[:, :count, 6:] = previous[shown].swapaxes(0, 1)
        self._poses.write(self._texels.reshape(-1, 4))
        self._worn.write(self._colours[shown].reshape(-1, 4))
        worn = (np.abs(now[shown][..., :3]).sum(axis=(2, 3)) > 0).any(axis=0) if count else np.zeros(len(self._batches))
        for batch, is_worn in zip(self._batches, worn, strict=True):
            batch.count(count if is_worn else 0)
