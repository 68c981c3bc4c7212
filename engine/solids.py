"""What each villager, building and plant is made of at a tick, in the triangles the renderer draws of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.palette import SemanticClass, Species
from engine.coverage import Meshes, Things
from engine.rasteriser import Floats, Ints, shown, skinned
from engine.render.buildings import building_mesh
from engine.render.crowns import BARE, BARE_BELOW, FULL, THIN, THIN_BELOW, WOOD, crown
from engine.render.figures import bodies, placed
from engine.render.plants import DETAIL_RANGE, TINT_LIMIT
from engine.render.season import season
from engine.render.sensors import frustum, in_view
from engine.render.weather import sway
from recorder.annotate import class_lookup
from recorder.schema import CameraPose, Cast, Scenery, Snapshot

LEAF_STIFFNESS = 0.02  # of what sways, as a share of a plant's height: as surface.vert has it
BODY_M = 2.8  # radius of the sphere round a body's middle that holds it and what it carries, a fishing rod, too
BODY_MIDDLE_M = 0.9


@dataclass(frozen=True)
class _Piece:
    """One mesh as the arrays of `Meshes`."""

    points: Floats
    sway: Floats
    gone: Floats
    triangles: Ints
    two_sided: bool


@dataclass(frozen=True)
class Sight:
    """The villagers and buildings that may be in a camera's view, and the plants that are."""

    things: Things  # ordered by id
    meshes: Meshes  # until the next ones are asked for: those are written in their place
    people: NDArray[np.intp]  # rows of the cast
    frames: Floats  # of their bones, as engine.render.figures.placed has them


class _Shelf:
    """Meshes that stay, and behind them those that come and go, in arrays with room: the former are large."""

    def __init__(self, kept: Meshes) -> None:
        self._kept = kept
        self._reserve(0, 0)

    def _reserve(self, points: int, triangles: int) -> None:
        kept = self._kept
        self._points, self._sway, self._gone = (_padded(each, points) for each in (kept.points, kept.sway, kept.gone))
        self._triangles = _padded(kept.triangles, triangles)

    def with_these(self, made: list[tuple[Floats, NDArray[np.uint32]]]) -> Meshes:
        """The meshes that stay and these, of points and triangles, which do not sway."""
        kept = self._kept
        point = kept.first_point[-1] + _ends([points for points, _ in made])
        triangle = kept.first_triangle[-1] + _ends([triangles for _, triangles in made])
        if point[-1] > len(self._points) or triangle[-1] > len(self._triangles):
            self._reserve(2 * (point[-1] - point[0]), 2 * (triangle[-1] - triangle[0]))
        for k, (points, triangles) in enumerate(made):
            self._points[point[k] : point[k + 1]] = points
            self._triangles[triangle[k] : triangle[k + 1]] = triangles
        return Meshes(
            points=self._points[: point[-1]],
            sway=self._sway[: point[-1]],
            gone=self._gone[: point[-1]],
            triangles=self._triangles[: triangle[-1]],
            first_point=np.concatenate([kept.first_point, point[1:]]),
            first_triangle=np.concatenate([kept.first_triangle, triangle[1:]]),
            two_sided=np.concatenate([kept.two_sided, np.zeros(len(made), np.bool_)]),
        )


class Solids:
    """The things of a valley whose geometry is known, ready to be placed at any tick.

    Args:
        scenery: buildings and plants.
        cast: villagers.
    """

    def __init__(self, scenery: Scenery, cast: Cast) -> None:
        self.scenery, self.cast = scenery, cast
        self.classes = class_lookup(scenery, cast)
        plants = scenery.plants
        self._foot = np.stack([plants[name].astype(np.float64) for name in ("x", "y", "z")], axis=1)
        self._tall = plants["height_m"].astype(np.float64)
        self._centres = self._foot + self._tall[:, None] * (0.0, 0.0, 0.5)
        tint = np.clip(plants["tint"], 0.0, TINT_LIMIT).astype(np.float32)
        self._hold = ((tint * np.float32(13.7)) % 1).astype(np.float64)
        self._sheds = np.isin(plants["species"], [int(species) for species in WOOD])
        self._pieces: list[_Piece] = []
        self._crowns: dict[tuple[int, int, int], int] = {}  # species, detail, state of leaf -> piece
        spheres = []
        for row in scenery.buildings:
            mesh = building_mesh(row)
            points = mesh.positions.astype(np.float64)
            self._add(points, mesh.triangles)
            middle = (points.min(axis=0) + points.max(axis=0)) / 2
            spheres.append((*middle, np.linalg.norm(points - middle, axis=1).max(initial=0)))
        self._spheres = np.array(spheres, np.float64).reshape(-1, 4)
        self._shelf: _Shelf | None = None

    def _add(
        self,
        points: NDArray[np.floating],
        triangles: NDArray[np.integer],
        sways: Floats | None = None,
        gone: Floats | None = None,
        two_sided: bool = False,
    ) -> int:
        """Keep a mesh; gives its number."""
        still = np.zeros(len(points))
        made = points.astype(np.float64), still if sways is None else sways, still if gone is None else gone
        self._pieces.append(_Piece(*made, triangles.astype(np.int64), two_sided))
        self._shelf = None
        return len(self._pieces) - 1

    def _crown(self, species: int, detail: int, state: int) -> int:
        key = species, detail, state
        if key not in self._crowns:
            vertices, triangles = crown(Species(species), detail, state)
            extra = vertices["extra"] / 255.0
            self._crowns[key] = self._add(vertices["position"], triangles, extra[:, 1], extra[:, 2], state != FULL)
        return self._crowns[key]

    def in_sight(self, snapshot: Snapshot, pose: CameraPose, instance: NDArray[np.uint32], time_s: float) -> Sight:
        """What a camera may see of these things.

        Args:
            snapshot: the tick.
            pose: the camera.
            instance: (H, W) ids that its image shows.
            time_s: of the tick.
        """
        height, width = instance.shape
        planes = frustum(pose, (width, height))
        if pose.lens != "pinhole":  # it may see wider than its focal length says
            planes = planes[0][:1], planes[1][:1]
        villagers = snapshot.villagers
        middles = np.stack([villagers["x"], villagers["y"], villagers["z"] + BODY_MIDDLE_M], axis=1).astype(np.float64)
        out = (villagers["indoors"] == 0) & in_view(middles, BODY_M, planes)
        people, houses = np.flatnonzero(out), np.flatnonzero(in_view(self._spheres[:, :3], self._spheres[:, 3], planes))
        seen = shown(instance, len(self.classes) - 1)
        plants = np.flatnonzero(seen[self.scenery.plants["id"]])
        mesh, place, lean, kept = self._plants(plants, snapshot, pose, time_s)
        buildings, n = self.scenery.buildings, len(people) + len(houses)
        still = np.tile(np.eye(3, 4), (n, 1, 1))
        ids = [self.cast.looks["id"][people], buildings["id"][houses], self.scenery.plants["id"][plants]]
        yaw = [villagers["heading"][people], buildings["yaw"][houses], self.scenery.plants["yaw"][plants]]
        every = np.concatenate(ids).astype(np.uint32)
        order = np.argsort(every, kind="stable")
        frames = placed(self.cast.looks, villagers, time_s, people)
        made = [
            (skinned(body.mesh.positions, body.bones, body.weight, bones), body.mesh.triangles)
            for body, bones in bodies(self.cast.looks, villagers, frames, people, np.asarray(pose.position, np.float64))
        ]
        figures = len(self._pieces) + np.arange(len(people))
        things = Things(
            ids=every[order],
            yaw=np.concatenate(yaw).astype(np.float64)[order],
            first_piece=np.arange(len(every) + 1),
            mesh=np.concatenate([figures, houses, mesh])[order],
            place=np.concatenate([still, place])[order],
            lean=np.concatenate([np.zeros((n, 3)), lean])[order],
            kept=np.concatenate([np.ones(n), kept])[order],
        )
        if self._shelf is None:
            self._shelf = _Shelf(_joined(self._pieces))
        return Sight(things, self._shelf.with_these(made), people, frames)

    def _plants(
        self, rows: NDArray[np.intp], snapshot: Snapshot, pose: CameraPose, time_s: float
    ) -> tuple[Ints, Floats, Floats, Floats]:
        """Mesh, place, lean and leaves kept of plants, as engine.render.plants and surface.vert have them."""
        plants = self.scenery.plants[rows]
        far = np.linalg.norm(self._centres[rows] - np.asarray(pose.position), axis=1)
        detail = np.searchsorted(DETAIL_RANGE, far / self._tall[rows], side="right")
        kept = np.clip(1.5 * season(snapshot.environment).leaf_cover - 0.5 * self._hold[rows], 0.0, 1.0)
        state = np.where(kept < BARE_BELOW, BARE, np.where(kept < THIN_BELOW, THIN, FULL))
        state = np.where(self._sheds[rows], state, FULL)
        kinds = zip(plants["species"].tolist(), detail.tolist(), state.tolist(), strict=True)
        mesh = np.array([self._crown(*kind) for kind in kinds], np.int64)
        cos, sin = (turned(plants["yaw"].astype(np.float64)) * self._tall[rows] for turned in (np.cos, np.sin))
        place = np.zeros((len(rows), 3, 4))
        place[:, 0, 0], place[:, 0, 1], place[:, 1, 0], place[:, 1, 1] = cos, -sin, sin, cos
        place[:, 2, 2], place[:, :, 3] = self._tall[rows], self._foot[rows]
        east, north, phase, _ = sway(snapshot.environment, time_s)
        stiff = LEAF_STIFFNESS * self._tall[rows]
        return mesh, place, np.stack([east * stiff, north * stiff, np.full(len(rows), phase)], axis=1), kept

    def semantic(self, ids: NDArray[np.uint32]) -> NDArray[np.uint8]:
        """Class of each id."""
        return self.classes[ids]

    def villager_rows(self, ids: NDArray[np.uint32]) -> NDArray[np.intp]:
        """Rows of the cast of those of the ids that are villagers, in the order of the ids."""
        people = ids[self.classes[ids] == SemanticClass.VILLAGER]
        order = np.argsort(self.cast.looks["id"], kind="stable")
        return np.asarray(order[np.searchsorted(self.cast.looks["id"][order], people)])


def _ends(arrays: list[NDArray[Any]]) -> Ints:
    """Where the first one begins, and where each ends, one after the other."""
    return np.array([0, *accumulate(len(each) for each in arrays)], np.int64)


def _padded(array: NDArray[Any], more: int) -> NDArray[Any]:
    return np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])


def _joined(pieces: list[_Piece]) -> Meshes:
    """Meshes one after the other."""
    none = np.zeros((0, 3))
    return Meshes(
        points=np.concatenate([none, *(piece.points for piece in pieces)]),
        sway=np.concatenate([none[:, 0], *(piece.sway for piece in pieces)]),
        gone=np.concatenate([none[:, 0], *(piece.gone for piece in pieces)]),
        triangles=np.concatenate([none.astype(np.int64), *(piece.triangles for piece in pieces)]),
        first_point=_ends([piece.points for piece in pieces]),
        first_triangle=_ends([piece.triangles for piece in pieces]),
        two_sided=np.array([piece.two_sided for piece in pieces], np.bool_),
    )


class _Valley:
    """A scenery and its cast; equal only to the very same two."""

    def __init__(self, scenery: Scenery, cast: Cast) -> None:
        self.scenery, self.cast = scenery, cast

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Valley) and self.scenery is other.scenery and self.cast is other.cast

    def __hash__(self) -> int:
        return id(self.scenery)


@lru_cache(maxsize=1)
def _solids(valley: _Valley) -> Solids:
    return Solids(valley.scenery, valley.cast)


def solids_of(scenery: Scenery, cast: Cast) -> Solids:
    """The things of a valley, kept for the next frame of the same one."""
    return _solids(_Valley(scenery, cast))
