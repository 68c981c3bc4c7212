"""The bones of many figures at once: angles in, frames out, one batch of rotations for everybody and every bone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.meshes.figure import BONES, JOINTS, SIDES

Floats = NDArray[np.float64]

REST = np.array([JOINTS[bone] for bone in BONES])
_TREE: dict[str, str] = {
    "chest": "hips",
    "upper_leg": "hips",
    "skirt": "hips",
    "head": "chest",
    "upper_arm": "chest",
    "cloak": "chest",
    "lower_leg": "upper_leg",
    "lower_arm": "upper_arm",
    "foot": "lower_leg",
    "jaw": "head",
    "lid": "head",
    "brow": "head",
    "smile": "head",
    "hand": "lower_arm",
}  # whose joint hangs on whose; level by level
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("chest", "upper_leg", "skirt"),
    ("head", "upper_arm", "cloak", "lower_leg"),
    ("lower_arm", "foot", "jaw", "lid", "brow", "smile"),
    ("hand",),
)
_TURNS_WITH_PARENT = ("upper_arm", "lower_arm", "hand", "jaw", "lid", "brow", "smile")


def rows_of(name: str) -> list[int]:
    """Rows of a bone, or of both its sides, left first."""
    return [BONES[name]] if name in BONES else [BONES[f"{name}_{side}"] for side in SIDES]


def _level(names: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    bones, parents, with_parent = [], [], []
    for name in names:
        mine, its = rows_of(name), rows_of(_TREE[name])
        bones += mine
        parents += its if len(its) == len(mine) else its * len(mine)
        with_parent += [name in _TURNS_WITH_PARENT] * len(mine)
    return np.array(bones), np.array(parents), np.array(with_parent)


_PLACE: dict[str, int | slice] = {
    name: rows[0] if len(rows := rows_of(name)) == 1 else slice(rows[0], rows[1] + 1)
    for name in (*_TREE, "hips", "hem")
}  # both sides of a pair stand side by side
_ORDER = tuple(_level(names) for names in _LEVELS)


def turned(yaw: Floats, roll: Floats, lift: Floats) -> Floats:
    """Rotations (..., 3, 3): a lift of x towards z, then a turn of y towards z, then one of x towards y."""
    (cz, cx, cl), (sz, sx, sl) = np.cos((yaw, roll, lift)), np.sin((yaw, roll, lift))
    made = np.empty((*cz.shape, 3, 3))
    made[..., 0, 0], made[..., 0, 1], made[..., 0, 2] = cz * cl + sz * sx * sl, -sz * cx, -cz * sl + sz * sx * cl
    made[..., 1, 0], made[..., 1, 1], made[..., 1, 2] = sz * cl - cz * sx * sl, cz * cx, -sz * sl - cz * sx * cl
    made[..., 2, 0], made[..., 2, 1], made[..., 2, 2] = cx * sl, sx, cx * cl
    return made


class Bones:
    """The bones of n figures in the body frame: feet at the origin, x forward, sizes of the adult."""

    def __init__(self, n: int) -> None:
        self.angles = np.zeros((n, len(BONES), 3))  # yaw, roll and lift; of arms and face against the parent's
        self.shift = np.zeros((n, len(BONES), 3))  # of a joint in its parent's frame
        self.scale = np.ones((n, len(BONES), 3))  # about the joint, along the bone's own axes
        self.pivot = np.broadcast_to(REST, (n, len(BONES), 3)).copy()  # where it turns, in the model frame
        self.turn = np.empty((n, len(BONES), 3, 3))
        self.at = np.zeros((n, len(BONES), 3))

    def angle(
        self, bone: str, yaw: Floats | None = None, roll: Floats | None = None, lift: Floats | None = None
    ) -> None:
        """Turn a bone by angles (n,), or both sides of a pair by angles (n, 2)."""
        rows = _PLACE[bone]
        for k, value in enumerate((yaw, roll, lift)):
            if value is not None:
                self.angles[:, rows, k] = value

    def widen(self, bone: str, x: Floats, y: Floats) -> None:
        """Scale a bone, or both sides of a pair, across."""
        rows = _PLACE[bone]
        paired = isinstance(rows, slice)
        self.scale[:, rows, 0] = x[:, None] if paired else x
        self.scale[:, rows, 1] = y[:, None] if paired else y

    def solve(self, hips: Floats) -> None:
        """Turns and joints of all bones from the angles and the place of the hips (n, 3)."""
        local = turned(*np.moveaxis(self.angles, 2, 0))
        self.turn[:] = local
        self.at[:, BONES["hips"]] = hips
        reach = self.pivot + self.shift
        for bones, parents, with_parent in _ORDER:
            above = self.turn[:, parents]
            if with_parent.any():
                mine = bones[with_parent]
                self.turn[:, mine] = above[:, with_parent] @ local[:, mine]
            arm = reach[:, bones] - self.pivot[:, parents]
            self.at[:, bones] = self.at[:, parents] + (above @ arm[..., None])[..., 0]

    def in_world(self, place: Floats, heading: Floats, size: Floats) -> Floats:
        """World-from-model frames (n, B, 3, 4) of figures at a place (n, 3), turned by a heading (n,), scaled (n,)."""
        n = len(heading)
        linear = self.turn * self.scale[:, :, None, :]
        offset = self.at - (linear @ self.pivot[..., None])[..., 0]
        world = turned(heading, np.zeros(n), np.zeros(n)) * size[:, None, None]
        frames = np.empty((n, len(BONES), 3, 4))
        local = np.concatenate([linear, offset[..., None]], axis=3)
        flat = local.swapaxes(1, 2).reshape(n, 3, 4 * len(BONES))
        frames[:] = (world @ flat).reshape(n, 3, len(BONES), 4).swapaxes(1, 2)
        frames[..., 3] += place[:, None, :]
        return frames
