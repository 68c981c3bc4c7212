"""How much of an image each thing would cover if nothing hid it, and the boxes round what it covers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.rasteriser import GRID, Floats, Ints, measure, measure_taken, triangles_in_world, visible
from engine.render.optics import patches
from recorder.schema import CameraPose

Columns = tuple[Ints, Ints, Floats, Floats, Floats, Floats, Floats, Floats, Floats, Ints, Ints, Ints, NDArray[np.bool_]]
STRAIGHT_PX = 8.0  # pieces of edges longer than that are not taken for straight in the picture of a lens
BOX_POINTS, ROOM = 4, 0.05  # points along each edge of a box; share of its image that an edge may bend out between
MOST_PIECES, MOST_BEYOND = 16, 2  # of an edge; of one beyond the border of the image
_ALONG = CameraPose((0.0, 0.0, 0.0), 0.0, 0.0, np.pi / 2)  # a pinhole at the origin


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
    """Measure what each thing covers in an image.

    Args:
        things: what to measure; their ids must differ.
        meshes: what they are made of.
        instance: (H, W) ids of what is visible.
        pose: the camera of that image.
        near_m: what lies nearer along the optical axis is not drawn.

    Returns:
        Counts inside the image are exact. Beyond its border they are for things up to GRID pixels across; larger ones
        are counted on every second, fourth, ... pixel of the plane. A pixel that shows a thing counts as covered by it.
        Through a lens that bends, they are counted inside the image in the straight views that it is made of. Beyond
        its border edges are broken into straight pieces, and `whole` ends where the lens sees no more.
    """
    if pose.lens == "pinhole":
        return _measured(things, meshes, instance, pose, near_m)
    inside = _taken(things, meshes, instance, pose, near_m)
    beyond = np.flatnonzero(~_within(inside, things.yaw, pose, instance.shape, near_m))
    some = _some(things, beyond)
    bent = _measured(*_bent(some, meshes, pose, instance.shape, near_m), instance, _ALONG, 0.5)
    return _with_beyond(inside, beyond, bent)


def _within(found: Coverage, yaw: Floats, pose: CameraPose, shape: tuple[int, ...], near_m: float) -> NDArray[np.bool_]:
    """Which things surely lie inside the image (n,): points all over the box round each do, with room to spare."""
    side = np.linspace(0.0, 1.0, BOX_POINTS)
    share = np.array([p for p in itertools.product(side, repeat=3) if min(p) == 0.0 or max(p) == 1.0])
    own = found.low[:, None] + (found.high - found.low)[:, None] * share
    cos, sin = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, y = cos * own[..., 0] - sin * own[..., 1], sin * own[..., 0] + cos * own[..., 1]
    height, width = shape
    pixels, depth = pose.project(np.stack([x, y, own[..., 2]], axis=2).reshape(-1, 3), (width, height))
    pixels[depth < near_m] = np.nan
    pixels = pixels.reshape(-1, len(share), 2)
    low, high = pixels.min(axis=1), pixels.max(axis=1)  # nan where a point is not seen
    room = 2.0 + ROOM * (high - low).max(axis=1, initial=0.0)[:, None]
    return np.asarray((low > room).all(axis=1) & (high < (width, height) - room).all(axis=1))


def _some(things: Things, rows: NDArray[np.intp]) -> Things:
    """A few of the things."""
    starts, counts = things.first_piece[rows], np.diff(things.first_piece)[rows]
    first = np.concatenate([[0], np.cumsum(counts)])
    pieces = np.arange(first[-1]) + np.repeat(starts - first[:-1], counts)
    picked = (column[pieces] for column in (things.mesh, things.place, things.lean, things.kept))
    return Things(things.ids[rows], things.yaw[rows], first, *picked)


def _with_beyond(inside: Coverage, rows: NDArray[np.intp], bent: Coverage) -> Coverage:
    """What is counted inside the image, and of the other count, of some rows, that which lies beyond its border."""
    beyond = bent.pixels[:, 2] - bent.pixels[:, 1]
    first = np.minimum(inside.amodal[rows, :2], bent.whole[:, :2])
    last = np.maximum(*(box[:, :2] + box[:, 2:] for box in (inside.amodal[rows], bent.whole)))
    held = np.where(inside.pixels[rows, 1:2] > 0, np.concatenate([first, last - first], axis=1), bent.whole)
    whole, pixels = inside.amodal.copy(), inside.pixels.copy()
    whole[rows] = np.where((beyond > 0)[:, None], held, whole[rows])
    pixels[:, 2] = pixels[:, 1]
    pixels[rows, 2] += beyond
    return replace(inside, whole=whole, pixels=pixels)


def _taken(things: Things, meshes: Meshes, instance: NDArray[np.uint32], pose: CameraPose, near_m: float) -> Coverage:
    """What is covered inside the image of a camera with a lens, on the pixels of the views that it is taken from."""
    n, (height, width) = len(things.ids), instance.shape
    views = patches(pose, (width, height))
    taken = np.full(height * width, -1, np.int64)
    for number, patch in enumerate(views):
        taken[patch.mine] = (number * height + patch.row) * width + patch.column
    boxes, pixels, bounds = np.zeros((2, n, 4), np.int64), np.zeros((n, 3), np.int64), np.zeros((2, n, 3))
    visible(instance, _row_of(things.ids), boxes[0], pixels)
    K = views[0].view.intrinsics(width, height)
    measure_taken(
        *_columns(things, meshes),
        np.stack([patch.view.rotation().T for patch in views]),
        np.asarray(pose.position, np.float64),
        (K[0, 0], K[0, 2], K[1, 2], near_m),
        taken.reshape(height, width),
        instance,
        things.ids,
        np.zeros((_most_corners(things, meshes), 5)),
        np.zeros((len(views), height, width), np.int32),
        boxes[0],
        boxes[1],
        pixels,
        bounds,
    )
    _first_and_size(boxes)
    return Coverage(boxes[0], boxes[1], boxes[1], pixels, bounds[0], bounds[1])


def _measured(
    things: Things, meshes: Meshes, instance: NDArray[np.uint32], pose: CameraPose, near_m: float
) -> Coverage:
    """What is covered in the image of a pinhole camera."""
    n, (height, width) = len(things.ids), instance.shape
    boxes = np.zeros((3, n, 4), np.int64)
    pixels = np.zeros((n, 3), np.int64)
    bounds = np.zeros((2, n, 3))
    K = replace(pose, lens="pinhole", distortion=()).intrinsics(width, height)
    visible(instance, _row_of(things.ids), boxes[0], pixels)
    measure(
        *_columns(things, meshes),
        np.ascontiguousarray(pose.rotation().T),
        np.asarray(pose.position, np.float64),
        (K[0, 0], K[0, 2], K[1, 2], near_m),
        instance,
        things.ids,
        np.zeros((_most_corners(things, meshes), 5)),
        np.zeros((height, width), np.int32),
        np.zeros((GRID, GRID), np.int32),
        boxes,
        pixels,
        bounds,
    )
    _first_and_size(boxes)
    return Coverage(boxes[0], boxes[1], boxes[2], pixels, bounds[0], bounds[1])


def _row_of(ids: NDArray[np.uint32]) -> NDArray[np.int32]:
    """The row of each id, to index with ids; -1 of others."""
    found = np.full(int(ids.max(initial=0)) + 1, -1, np.int32)
    found[ids] = np.arange(len(ids), dtype=np.int32)
    return found


def _columns(things: Things, meshes: Meshes) -> Columns:
    """Things and meshes as the compiled loops take them."""
    return (
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
    )


def _most_corners(things: Things, meshes: Meshes) -> int:
    """Of the thing that has most."""
    corners = np.diff(meshes.first_point)[things.mesh] if len(things.mesh) else np.zeros(0, np.int64)
    per_thing = np.add.reduceat(corners, things.first_piece[:-1]) if len(things.ids) else corners
    return int(per_thing.max(initial=0))


def _first_and_size(boxes: Ints) -> None:
    """Make boxes (b, n, 4) of first and last column and row those of first and size, in place."""
    for box in boxes:
        box[:, 2:] = np.where(box[:, 2:] >= box[:, :2], box[:, 2:] - box[:, :2] + 1, 0)
        box[box[:, 2] == 0] = 0


def _bent(
    things: Things, meshes: Meshes, pose: CameraPose, shape: tuple[int, ...], near_m: float
) -> tuple[Things, Meshes]:
    """The same things as a lens shows them: flat, at distance 1 from a pinhole at the origin that looks east."""
    height, width = shape
    corners, of, kind = triangles_in_world(
        things.first_piece,
        things.mesh,
        things.place,
        things.lean,
        things.kept,
        meshes.points,
        meshes.sway,
        meshes.gone,
        meshes.triangles,
        meshes.first_point,
        meshes.first_triangle,
    )
    away = corners - np.asarray(pose.position)
    facing = np.einsum("ni,ni->n", np.cross(away[:, 1] - away[:, 0], away[:, 2] - away[:, 0]), away[:, 0]) < 0
    ahead = (away @ pose.rotation()[:, 2] >= near_m).any(axis=1)
    front = ahead & (facing | meshes.two_sided[kind])
    corners, of = corners[front], of[front]
    cuts = _cuts(corners, pose, (width, height), near_m)
    flat, owner = [np.zeros((0, 3, 2))], [of[:0]]
    for cut in np.unique(cuts):
        rows = np.flatnonzero(cuts == cut)
        pieces = np.einsum("pjk,nki->npji", _quarters(int(cut)), corners[rows]).reshape(-1, 3, 3)
        seen, whole = _projected(pieces, pose, (width, height), near_m)
        flat.append(seen[whole])
        owner.append(np.repeat(of[rows], cut * cut)[whole])
    triangles, of = np.concatenate(flat), np.concatenate(owner)
    order = np.argsort(of, kind="stable")
    K = _ALONG.intrinsics(width, height)
    ray = (triangles[order] - K[:2, 2]) / K[0, 0]
    points = np.stack([np.ones(ray.shape[:2]), -ray[..., 0], -ray[..., 1]], axis=2).reshape(-1, 3)
    n, still = len(things.ids), np.zeros(len(points))
    starts = np.searchsorted(of[order], np.arange(n + 1))
    every = np.arange(n + 1)
    return (
        Things(
            things.ids,
            np.zeros(n),
            every,
            every[:-1],
            np.tile(np.eye(3, 4), (n, 1, 1)),
            np.zeros((n, 3)),
            np.ones(n),
        ),
        Meshes(
            points,
            still,
            still,
            np.arange(len(points)).reshape(-1, 3) - np.repeat(3 * starts[:-1], np.diff(starts))[:, None],
            3 * starts,
            starts,
            np.ones(n, np.bool_),
        ),
    )


def _cuts(corners: Floats, pose: CameraPose, size: tuple[int, int], near_m: float) -> Ints:
    """In how many pieces edges of triangles (n, 3, 3) are cut: a power of two, coarse where all is out of the image."""
    pixels, whole = _projected(corners, pose, size, near_m)
    long_px = np.linalg.norm(pixels - np.roll(pixels, 1, axis=1), axis=2).max(axis=1)
    long_m = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    away_m = np.linalg.norm(corners - np.asarray(pose.position), axis=2).min(axis=1)
    guess_px = pose.intrinsics(*size)[0, 0] * long_m / np.maximum(away_m, near_m)  # of those that are not wholly seen
    outside = np.asarray((pixels < 0).all(axis=1) | (pixels > np.array(size)).all(axis=1))
    most = np.where(whole & outside.any(axis=1), MOST_BEYOND, MOST_PIECES)
    wanted = np.minimum(np.where(whole, long_px, guess_px) / STRAIGHT_PX, most)
    return np.asarray(2 ** np.ceil(np.log2(np.maximum(wanted, 1.0))).astype(np.int64))


def _projected(
    corners: Floats, pose: CameraPose, size: tuple[int, int], near_m: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Pixels (n, 3, 2) of triangles (n, 3, 3) in the world, and which of them the lens sees wholly."""
    pixels, depth = pose.project(corners.reshape(-1, 3), size)
    pixels[depth < near_m] = np.nan
    pixels = pixels.reshape(-1, 3, 2)
    return pixels, np.asarray(np.isfinite(pixels).all(axis=(1, 2)))


@lru_cache
def _quarters(cut: int) -> Floats:
    """Corners (cut * cut, 3, 3) of the like triangles that cutting each edge into so many makes, as shares of three."""
    made = []
    for a in range(cut):
        for b in range(cut - a):
            made.append([(a, b), (a + 1, b), (a, b + 1)])
            if a + b < cut - 1:
                made.append([(a + 1, b), (a + 1, b + 1), (a, b + 1)])
    share = np.array(made, np.float64) / cut
    return np.concatenate([1 - share.sum(axis=2, keepdims=True), share], axis=2)
