"""Buildings, merged by neighbourhood with their ids in the vertices: few draws, and nothing lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from assets.meshes.buildings import building
from assets.meshes.mesh import Mesh
from assets.palette import BuildingKind
from engine.render.geometry import SURFACE, SURFACE_FORMAT, geom, node, surface, vertices_of

Floats = NDArray[np.float64]

NEIGHBOURHOOD_M = 48.0
HEARTH_LIT = frozenset({BuildingKind.FORGE})  # what glows in them is the fire, not a lamp
CASTING_M2 = 0.08  # smaller triangles throw no shadow where the map's texels are a decimetre wide
BACKING_M2 = 0.5  # triangles of at least this area stand for what lies on them
CLOSE_M = 0.25  # what is no farther out than this, two texels of the map, lies on them
ALIKE = 0.9  # cosine of the angle between what lies on a triangle and that triangle, at least
STACK_BAND_M = 0.12  # how far below its highest point a building's mesh still is the mouth of a chimney
STACK_APART_M = 1.2  # mouths nearer to each other are one


def building_mesh(row: NDArray[np.void]) -> Mesh:
    """The mesh of one BUILDING row, in the world frame.

    Raises:
        ValueError: there is no such kind, or no mesh for it.
    """
    kind = BuildingKind(int(row["kind"]))
    try:
        local = building(
            kind,
            float(row["width_m"]),
            float(row["depth_m"]),
            float(row["wall_height_m"]),
            float(row["roof_height_m"]),
            tuple(int(v) for v in row["wall_rgb"]),
            tuple(int(v) for v in row["roof_rgb"]),
            int(row["id"]) % 8,
        )
    except KeyError as error:
        raise ValueError(f"There is no mesh for a {kind.name.lower()} (building kind {int(kind)}).") from error
    cos, sin = np.cos(float(row["yaw"])), np.sin(float(row["yaw"]))
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return local.transformed(turn, (float(row["x"]), float(row["y"]), float(row["z"])))


def merged(parts: list[tuple[Mesh, int]]) -> NodePath:
    """One node of several meshes in the world frame, each with its instance id."""
    vertices = [surface(mesh, ident) for mesh, ident in parts]
    for rows in vertices:
        rows["extra"][:, 3] = 255  # what glows is lit until it is known otherwise
    starts = np.cumsum([0, *(len(v) for v in vertices)])
    triangles = [mesh.triangles + np.uint32(start) for (mesh, _), start in zip(parts, starts, strict=False)]
    return node(geom(np.concatenate(vertices), np.concatenate(triangles), SURFACE_FORMAT), "solid", "solid")


def caster(meshes: list[Mesh]) -> NodePath:
    """What throws the shadows of these meshes: few large triangles, on as few vertices as they need."""
    corners = np.concatenate([casting(mesh) for mesh in meshes]).reshape(-1, 3)
    _, first, packed = np.unique(corners.view("V12"), return_index=True, return_inverse=True)
    vertices = np.zeros(len(first), SURFACE)
    vertices["position"] = corners[first]
    return node(geom(vertices, packed.reshape(-1, 3).astype(np.uint32), SURFACE_FORMAT), "caster", "solid")


def casting(mesh: Mesh) -> NDArray[np.float32]:
    """Corners (n, 3, 3) of triangles that throw a building's shadow: the large ones that lie on no larger one.

    Undersides are turned to the light: a soffit stands for the shingles over it, as a wall does for its timbers.
    """
    made = mesh.positions[mesh.triangles]
    _, area, up = _facing(made)
    under = (up[:, 2] < 0) & (area > BACKING_M2)
    made = np.concatenate([made[area > CASTING_M2], made[under][:, ::-1]])
    a, area, normal = _facing(made)
    middle = made.astype(np.float64).mean(axis=1)
    backed = np.zeros(len(made), np.bool_)
    for k in np.flatnonzero(area > BACKING_M2).tolist():
        away = middle - a[k]
        out = away @ normal[k]
        near = (area < area[k]) & (normal @ normal[k] > ALIKE) & (out >= 0) & (out < CLOSE_M)
        backed[near] |= _inside(away[near], made[k].astype(np.float64) - a[k], normal[k])
    return made[~backed]


def _facing(corners: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
    """First corners (n, 3), areas (n,) and unit normals (n, 3) of triangles (n, 3, 3)."""
    a, b, c = np.moveaxis(corners.astype(np.float64), 1, 0)
    across = np.cross(b - a, c - a)
    twice = np.linalg.norm(across, axis=1)
    return a, twice / 2, across / np.maximum(twice, 1e-12)[:, None]


def _inside(points: Floats, corners: Floats, normal: Floats) -> NDArray[np.bool_]:
    """Which points (n, 3) lie over a triangle (3, 3) of this normal."""
    following = np.roll(corners, -1, axis=0)
    sides = [np.cross(b - a, points - a) @ normal >= 0 for a, b in zip(corners, following, strict=True)]
    return np.asarray(np.all(sides, axis=0))


def chimney_mouths(mesh: Mesh) -> NDArray[np.float64]:
    """Where smoke leaves a building (n, 3): its mesh's highest points, those of one stack taken together."""
    high = mesh.positions[mesh.positions[:, 2] > mesh.positions[:, 2].max() - STACK_BAND_M].astype(np.float64)
    mouths: list[NDArray[np.float64]] = []
    while len(high):
        near = np.hypot(*(high[:, :2] - high[0, :2]).T) < STACK_APART_M
        mouths.append(high[near].mean(axis=0))
        high = high[~near]
    return np.array(mouths)


@dataclass(frozen=True)
class _Placed:
    """Where a building's vertices lie in its neighbourhood's node."""

    piece: NodePath
    first: int
    last: int


class Buildings:
    """All buildings under `path`, which of them are lit, and under `casters` what a coarse shadow map needs of them."""

    def __init__(self, buildings: NDArray[np.void]) -> None:
        self.path, self.casters = NodePath("buildings"), NodePath("building casters")
        self._hearth_lit = np.isin(buildings["kind"], [int(kind) for kind in HEARTH_LIT])
        self.mouths: list[NDArray[np.float64]] = []
        groups: dict[tuple[int, int], list[int]] = {}
        self.meshes = meshes = [building_mesh(row) for row in buildings]
        for k, (row, mesh) in enumerate(zip(buildings, meshes, strict=True)):
            groups.setdefault((int(row["x"] // NEIGHBOURHOOD_M), int(row["y"] // NEIGHBOURHOOD_M)), []).append(k)
            self.mouths.append(chimney_mouths(mesh))
        placed: dict[int, _Placed] = {}
        for cell in sorted(groups):
            made = merged([(meshes[k], int(buildings["id"][k])) for k in groups[cell]])
            made.reparent_to(self.path)
            caster([meshes[k] for k in groups[cell]]).reparent_to(self.casters)
            first = 0
            for k in groups[cell]:
                placed[k] = _Placed(made, first, first + len(meshes[k].positions))
                first = placed[k].last
        self._placed = [placed[k] for k in range(len(buildings))]
        self.lit = np.ones(len(buildings), np.bool_)

    def light(self, states: NDArray[np.void]) -> None:
        """Light the windows of these building states (n,); where none are known, all of them, to glow at dusk."""
        known = len(states) == len(self.lit)
        lit = np.where(self._hearth_lit, states["hearth"], states["lamp"]) > 0 if known else np.ones_like(self.lit)
        for k in np.flatnonzero(lit != self.lit).tolist():
            at = self._placed[k]
            vertices_of(at.piece)["extra"][at.first : at.last, 3] = 255 * lit[k]
        self.lit = lit

    def burning(self, states: NDArray[np.void]) -> tuple[int, ...]:
        """Rows of the buildings whose chimneys smoke."""
        known = len(states) == len(self.lit)
        return tuple(np.flatnonzero(states["hearth"] > 0).tolist()) if known else ()
