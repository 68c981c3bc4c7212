"""Lights that people make: lit windows, forges, lanterns at doors and in hands. The nearest light what is about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from assets.meshes.mesh import Mesh
from engine.render.frame import LAMPS, Frame

Floats = NDArray[np.float64]

APART_M = 1.6  # panes nearer to each other shine as one window
BEFORE_M = 1.0  # so far before its wall a window's light is thought to stand: a pane is wide, a point is not
PANE_M2 = 0.8  # of a window of strength 1
STRONGEST = 2.2
LANTERN = 1.5  # strength of a lantern in the hand,
HAND_M = (0.42, 0.19, 0.80)  # which is before, beside and above the feet
REACH_M = 15.0  # beyond which a lamp lights nothing
AHEAD_M = 12.0  # lamps are the nearer the closer they are to a place so far before the eye
FADE_M = 6.0  # over which the last ones that are drawn go out
FARTHEST_M = 140.0


def window_lights(mesh: Mesh) -> Floats:
    """Where the panes of a mesh in the world frame shine from: rows (n, 4) of x, y, z and strength."""
    shines = (mesh.glow[mesh.triangles] > 127).all(axis=1)
    if not shines.any():
        return np.zeros((0, 4))
    corners = mesh.positions[mesh.triangles[shines]].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1) / 2
    whole = area > 1e-6
    corners, area = corners[whole], area[whole]
    out = mesh.normals[mesh.triangles[shines]][whole].astype(np.float64).mean(axis=1)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    middle = corners.mean(axis=1)
    near = np.concatenate([middle, out * 3 * APART_M], axis=1)  # panes of two walls are never one
    group = fcluster(linkage(near, "single"), APART_M, "distance") if len(near) > 1 else np.ones(1, int)
    made = []
    for each in range(1, int(group.max()) + 1):
        mine = group == each
        weight = area[mine] / area[mine].sum()
        at = weight @ (middle[mine] + out[mine] * BEFORE_M)
        made.append([*at, min(area[mine].sum() / PANE_M2, STRONGEST)])
    return np.array(made)


def lanterns(villagers: NDArray[np.void]) -> Floats:
    """The lanterns that these VILLAGER rows carry out of doors: rows (n, 4) of x, y, z and strength."""
    if "lantern" not in (villagers.dtype.names or ()):
        return np.zeros((0, 4))
    carried = villagers[(villagers["lantern"] > 0) & (villagers["indoors"] == 0)]
    cos, sin = np.cos(carried["heading"].astype(float)), np.sin(carried["heading"].astype(float))
    before, beside, above = HAND_M
    x = carried["x"] + before * cos - beside * sin
    y = carried["y"] + before * sin + beside * cos
    return np.stack([x, y, carried["z"] + above, np.full(len(carried), LANTERN)], axis=1).astype(np.float64)


class Lamps:
    """The windows of a scenery; `shine` picks which lamps the next draw is lit by."""

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        found = [window_lights(mesh) for mesh in meshes]
        self._windows = np.concatenate([np.zeros((0, 4)), *found])
        self._house = np.repeat(np.arange(len(found)), [len(rows) for rows in found])

    def shine(
        self,
        frame: Frame,
        lit: NDArray[np.bool_],
        villagers: NDArray[np.void],
        eye: Floats,
        forward: Floats,
        dark: bool,
    ) -> None:
        """Put the lamps nearest to what an eye looks at into the frame: none unless it is dark.

        Args:
            frame: the inputs of the shaders.
            lit: of each building, whether its windows shine.
            villagers: VILLAGER rows, some with lanterns.
            eye: position in the world.
            forward: unit vector along the optical axis.
            dark: whether lamps are seen at all.
        """
        rows = np.zeros((LAMPS, 4))
        if dark:
            lamps = np.concatenate([self._windows[lit[self._house]], lanterns(villagers)])
            away = np.linalg.norm(lamps[:, :3] - (eye + forward * AHEAD_M), axis=1)
            order = np.argsort(away, kind="stable")
            limit = min(float(away[order[LAMPS]]) if len(order) > LAMPS else FARTHEST_M, FARTHEST_M)
            nearest = order[:LAMPS]
            fading = np.clip((limit - away[nearest]) / FADE_M, 0.0, 1.0)
            chosen = nearest[fading > 0]
            rows[: len(chosen), :3] = lamps[chosen, :3] - eye
            rows[: len(chosen), 3] = lamps[chosen, 3] * fading[fading > 0]
        frame.lamps(rows, int((rows[:, 3] > 0).sum()))
