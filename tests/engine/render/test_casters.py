"""What throws a building's shadow in a coarse map, against the whole building, by rays of light."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.palette import BuildingKind
from engine.render.buildings import building_mesh, casting
from recorder.schema import BUILDING

RAYS = 600


def _building(kind: BuildingKind) -> NDArray[np.void]:
    row = np.zeros((), BUILDING)
    row["id"], row["kind"], row["yaw"] = 23, kind, 0.4
    row["width_m"], row["depth_m"], row["wall_height_m"], row["roof_height_m"] = 9.0, 7.0, 3.2, 3.0
    row["wall_rgb"], row["roof_rgb"] = (220, 205, 170), (150, 60, 40)
    return row


def _stopped(
    corners: NDArray[np.floating], starts: NDArray[np.float64], along: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which rays meet the front of a triangle (Moller & Trumbore 1997)."""
    a, b, c = np.moveaxis(corners.astype(np.float64), 1, 0)
    h = np.cross(along, c - a)
    facing = ((b - a) * h).sum(axis=1)
    front = facing > 1e-9
    a, b, c, h, facing = a[front], b[front], c[front], h[front], facing[front]
    s = starts[:, None] - a
    u = (s * h).sum(axis=2) / facing
    v = np.cross(s, b - a) @ along / facing
    return np.asarray(((u >= 0) & (v >= 0) & (u + v <= 1)).any(axis=1))


@pytest.mark.parametrize("kind", [BuildingKind.HOUSE, BuildingKind.CHAPEL, BuildingKind.SCHOOL, BuildingKind.BARN])
@pytest.mark.parametrize("elevation", [12.0, 35.0, 65.0])
def test_a_few_large_triangles_throw_the_shadow_of_the_whole_building(kind: BuildingKind, elevation: float) -> None:
    mesh = building_mesh(_building(kind))
    few, whole = casting(mesh), mesh.positions[mesh.triangles]
    assert len(few) < 0.7 * len(whole)
    up, east = np.radians(elevation), 2.2
    light = np.array([np.cos(up) * np.cos(east), np.cos(up) * np.sin(east), np.sin(up)])
    side = np.cross(light, (0.0, 0.0, 1.0)) / np.cos(up)
    low, high = mesh.positions.min(axis=0).astype(np.float64), mesh.positions.max(axis=0).astype(np.float64)
    spread = np.random.default_rng(3).uniform(-0.5, 0.5, (RAYS, 2)) * np.linalg.norm(high - low)
    starts = (low + high) / 2 + spread[:, :1] * side + spread[:, 1:] * np.cross(light, side)
    shaded, told = _stopped(whole, starts, -light), _stopped(few, starts, -light)
    assert shaded.mean() > 0.15
    assert (shaded != told).mean() < 0.015
