"""Buildings, merged by neighbourhood with their ids in the vertices: few draws, and nothing lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from panda3d.core import NodePath

from assets.meshes.buildings import building
from assets.meshes.mesh import Mesh
from assets.palette import BuildingKind
from engine.render.geometry import SURFACE_FORMAT, geom, node, surface

NEIGHBOURHOOD_M = 48.0


def building_mesh(row: NDArray[np.void]) -> Mesh:
    """The mesh of one BUILDING row, in the world frame."""
    local = building(
        BuildingKind(int(row["kind"])),
        float(row["width_m"]),
        float(row["depth_m"]),
        float(row["wall_height_m"]),
        float(row["roof_height_m"]),
        tuple(int(v) for v in row["wall_rgb"]),
        tuple(int(v) for v in row["roof_rgb"]),
        int(row["id"]) % 8,
    )
    cos, sin = np.cos(float(row["yaw"])), np.sin(float(row["yaw"]))
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return local.transformed(turn, (float(row["x"]), float(row["y"]), float(row["z"])))


def merged(parts: list[tuple[Mesh, int]]) -> NodePath:
    """One node of several meshes in the world frame, each with its instance id."""
    vertices = [surface(mesh, ident) for mesh, ident in parts]
    starts = np.cumsum([0, *(len(v) for v in vertices)])
    triangles = [mesh.triangles + np.uint32(start) for (mesh, _), start in zip(parts, starts, strict=False)]
    return node(geom(np.concatenate(vertices), np.concatenate(triangles), SURFACE_FORMAT), "solid", "solid")


def buildings_path(buildings: NDArray[np.void]) -> NodePath:
    """The nodes of all buildings."""
    path = NodePath("buildings")
    groups: dict[tuple[int, int], list[tuple[Mesh, int]]] = {}
    for row in buildings:
        cell = (int(row["x"] // NEIGHBOURHOOD_M), int(row["y"] // NEIGHBOURHOOD_M))
        groups.setdefault(cell, []).append((building_mesh(row), int(row["id"])))
    for cell in sorted(groups):
        merged(groups[cell]).reparent_to(path)
    return path
