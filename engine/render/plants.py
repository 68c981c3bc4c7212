"""Trees, bushes and rocks: every one its own instance, its level of detail chosen by how large it appears.

Deciduous ones are drawn in full leaf, thinning or bare; each turns and sheds in its own time.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath, Vec4

from assets.palette import Species
from engine.render.crowns import BARE, BARE_BELOW, FULL, STATES, THIN, THIN_BELOW, WOOD, crown
from engine.render.geometry import SURFACE_FORMAT, Batch, TexelBuffer, geom, node
from engine.render.lying import Lying
from engine.render.season import Season
from engine.render.sensors import Floats, in_view

DETAIL_RANGE = (9.0, 30.0)  # nearer than this many heights: full detail; nearer than the second: middle
SHADOW_DETAIL, FAR_SHADOW_DETAIL = 1, 2
TINT_LIMIT = 0.999  # the tint is the fraction of a number whose whole part says other things
BLOOMS = {Species.BROADLEAF: 0.30, Species.BUSH: 0.55}  # share of those that blossom in spring, fruit and thorn
FRUIT_TREE_M = 9.0  # lower broadleaf trees may bear fruit


def plant_rows(plants: NDArray[np.void]) -> NDArray[np.float32]:
    """What the shader wants of each PLANT: (n, 8) place, height, cos and sin of the yaw, mark + tint, id.

    The mark is a whole number: 1 for a plant that flowers in spring, and twice the level of the snow on it.
    """
    rows = np.empty((len(plants), 8), np.float32)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = plants["x"], plants["y"], plants["z"], plants["height_m"]
    rows[:, 4], rows[:, 5] = np.cos(plants["yaw"]), np.sin(plants["yaw"])
    rows[:, 6], rows[:, 7] = np.clip(plants["tint"], 0.0, TINT_LIMIT) + blooms(plants), plants["id"]
    return rows


def blooms(plants: NDArray[np.void]) -> NDArray[np.bool_]:
    """Which plants blossom: some low broadleaf trees and many bushes, by their tint."""
    luck = (plants["tint"].astype(np.float64) * 17.3) % 1.0
    made = np.zeros(len(plants), np.bool_)
    for species, share in BLOOMS.items():
        made |= (plants["species"] == species) & (luck < share)
    low = (plants["species"] != Species.BROADLEAF) | (plants["height_m"] < FRUIT_TREE_M)
    return np.asarray(made & low)


class Plants:
    """Plants by species, detail and leaf; `select` picks what a camera sees, `cast` what the shadow map needs."""

    def __init__(self, plants: NDArray[np.void]) -> None:
        self.path, self.casters = NodePath("plants"), NodePath("plant casters")
        self._rows = plant_rows(plants)
        self._marks = self._rows[:, 6].copy()
        self._species = plants["species"]
        self._sheds = np.isin(self._species, [int(s) for s in WOOD])
        self._hold = ((np.clip(plants["tint"], 0, TINT_LIMIT).astype(np.float32) * np.float32(13.7)) % 1).astype(float)
        self._state = np.zeros(len(plants), np.int8)
        self._season: Season | None = None
        self._centres = self._rows[:, :3] + self._rows[:, 3:4] * np.array([0, 0, 0.5], np.float32)
        self._radii = self._rows[:, 3] * 0.75
        self._seen, self._cast = (TexelBuffer(name, 2 * len(plants)) for name in ("plants", "plant casters"))
        self._batches: dict[tuple[int, int, int], Batch] = {}  # by species, detail, state of leaf
        self._casting: dict[tuple[int, int, int], Batch] = {}

    def _batch(self, kind: int, detail: int, state: int, buffer: TexelBuffer, parent: NodePath) -> Batch:
        vertices, triangles = crown(Species(kind), detail, state)
        made = node(geom(vertices, triangles, SURFACE_FORMAT), Species(kind).name.lower(), "plant")
        if state != FULL:
            made.set_two_sided(True)  # twigs and single leaves are thin
        wood = WOOD.get(Species(kind))
        for name, colour in (("turned_first", wood and wood.first), ("turned_last", wood and wood.last)):
            share = (*(v / 255 for v in colour), 1.0) if colour else (0.0, 0.0, 0.0, 0.0)
            made.set_shader_input(name, Vec4(*share))
        made.reparent_to(parent, (kind * 3 + detail) * len(STATES) + state)  # drawn in this order, whenever made
        return Batch(made, buffer)

    def grow(self, season: Season, lying: Lying, laid: bool) -> None:
        """Give the plants this season's leaves and, where it has been laid anew, the snow on them."""
        if season != self._season:
            self._season = season
            kept = np.clip(1.5 * season.leaf_cover - 0.5 * self._hold, 0.0, 1.0)
            state = np.where(kept < BARE_BELOW, BARE, np.where(kept < THIN_BELOW, THIN, FULL))
            self._state = np.where(self._sheds, state, FULL).astype(np.int8)
        if laid and len(self._rows):
            self._rows[:, 6] = self._marks + 2 * lying.snow_levels(self._rows[:, 0], self._rows[:, 1])

    def select(self, eye: Floats, planes: tuple[Floats, Floats]) -> None:
        """Choose what is drawn from this eye inside these frustum planes."""
        if not len(self._rows):
            return
        away = np.linalg.norm(self._centres - eye, axis=1)
        detail = np.searchsorted(DETAIL_RANGE, away / self._rows[:, 3], side="right")
        seen = np.flatnonzero(in_view(self._centres, self._radii, planes))
        seen = seen[np.argsort(away[seen], kind="stable")]  # near ones first: what they hide costs no shading
        self._show(seen, detail[seen], self._batches, self._seen, self.path)

    def cast(self, holds: Callable[..., NDArray[np.bool_]], near: Callable[..., NDArray[np.bool_]]) -> None:
        """Choose what throws a shadow; `holds(points, radii)` says what may, and `near` what of it is seen closely."""
        if len(self._rows):
            casting = np.flatnonzero(holds(self._centres, self._radii))
            closely = near(self._centres[casting], self._radii[casting])
            detail = np.where(closely, SHADOW_DETAIL, FAR_SHADOW_DETAIL)
            self._show(casting, detail, self._casting, self._cast, self.casters)

    def _show(
        self,
        picked: NDArray[np.intp],
        detail: NDArray[np.integer],
        batches: dict[tuple[int, int, int], Batch],
        buffer: TexelBuffer,
        parent: NodePath,
    ) -> None:
        states = len(STATES)
        group = (self._species[picked].astype(np.int64) * 3 + detail) * states + self._state[picked]
        order = np.argsort(group, kind="stable")
        kinds, counts = np.unique(group, return_counts=True)
        buffer.write(self._rows[picked[order]].reshape(-1, 4))
        shown, base = set(), 0
        for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
            key = kind // states // 3, kind // states % 3, kind % states
            if key not in batches:
                batches[key] = self._batch(*key, buffer, parent)
            batches[key].count(count, base)
            shown.add(key)
            base += count
        for key, batch in batches.items():
            if key not in shown:
                batch.count(0)
