"""How much of an image each thing would cover if nothing hid it, and the boxes round what it covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.rasteriser import GRID, Floats, Ints, measure, visible
from recorder.schema import CameraPose


@dataclass(frozen=True)
class Meshes:
    """Meshes in frames of their own, one after the other: mesh k has the corners first_point[k]:first_point[k + 1]."""

    points: Floats  # (V, 3) metres
    sway: Floats  # (V,) 0..1, how far wind moves it
    gone: Floats  # (V,) 0 never; else the share of leaves kept below which this one is gone
    triangles: Ints  # (T, 3) corners of their own mesh, counter-clockwise seen from outside
    first_point: Ints  # (M + 1,)
    first_triangle: Ints  # (M + 1,)
    two_sided: NDArray[np.bool_]  # (M,) whether its triangles are drawn from behind, too


@dataclass(frozen=True)
class Things:
    """Things in the world, each of several meshes: thing k has the pieces first_piece[k]:first_piece[k + 1]."""

    ids: NDArray[np.uint32]  # (n,) in the instance images
    yaw: Floats  # (n,) of their own frames, in which their boxes are tight
    first_piece: Ints  # (n + 1,)
    mesh: Ints  # (P,) which one of the meshes
    place: Floats  # (P, 3, 4) affine, world from mesh
    lean: Floats  # (P, 3) how far what sways most leans east and north in metres, and the phase of the gusts
    kept: Floats  # (P,) share of leaves kept


@dataclass(frozen=True)
class Coverage:
    """What things cover of an image, in the order of the things. Boxes are columns x, y, w, h in pixels."""

    visible: Ints  # (n, 4) of the pixels that show it; zeros where none does
    amodal: Ints  # (n, 4) of all pixels of the image it would cover
    whole: Ints  # (n, 4) of all pixels of the plane, beyond the image's border too
    pixels: Ints  # (n, 3) counts of the three
    low: Floats  # (n, 3) corner of its box in its own frame: turned by the yaw, but not moved
    high: Floats  # (n, 3)


def coverage(things: Things, meshes: Meshes, instance: NDArray[np.uint32], pose: CameraPose, near_m: float) -> Coverage:
    """Measure what each thing covers in the image that a pinhole camera took.

    Args:
        things: what to measure; their ids must differ.
        meshes: what they are made of.
        instance: (H, W) ids of what is visible.
        pose: the camera of that image.
        near_m: what lies nearer along the optical axis is not drawn.

    Returns:
        Counts inside the image are exact. Beyond its border they are for things up to GRID pixels across; larger ones
        are counted on every second, fourth, ... pixel of the plane. A pixel that shows a thing counts as covered by it.
    """
    n, (height, width) = len(things.ids), instance.shape
    corners = np.diff(meshes.first_point)[things.mesh] if len(things.mesh) else np.zeros(0, np.int64)
    per_thing = np.add.reduceat(corners, things.first_piece[:-1]) if n else corners
    boxes = np.zeros((3, n, 4), np.int64)
    pixels = np.zeros((n, 3), np.int64)
    bounds = np.zeros((2, n, 3))
    K = pose.intrinsics(width, height)
    row_of = np.full(int(things.ids.max(initial=0)) + 1, -1, np.int32)
    row_of[things.ids] = np.arange(n, dtype=np.int32)
    visible(instance, row_of, boxes[0], pixels)
    measure(
        things.first_piece,
        things.mesh,
        things.place,
        things.lean,
        things.kept,
        np.stack([np.cos(things.yaw), np.sin(things.yaw)], axis=1),
        meshes.points,
        meshes.sway,
        meshes.gone,
        meshes.triangles,
        meshes.first_point,
        meshes.first_triangle,
        meshes.two_sided,
        np.ascontiguousarray(pose.rotation().T),
        np.asarray(pose.position, np.float64),
        (K[0, 0], K[0, 2], K[1, 2], near_m),
        instance,
        things.ids,
        np.zeros((int(per_thing.max(initial=0)), 5)),
        np.zeros((height, width), np.int32),
        np.zeros((GRID, GRID), np.int32),
        boxes,
        pixels,
        bounds,
    )
    for box in boxes:  # from first and last to first and size
        box[:, 2:] = np.where(box[:, 2:] >= box[:, :2], box[:, 2:] - box[:, :2] + 1, 0)
        box[box[:, 2] == 0] = 0
    return Coverage(boxes[0], boxes[1], boxes[2], pixels, bounds[0], bounds[1])
