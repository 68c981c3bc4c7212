"""Pictures through a lens: straight views of what the lens sees, bent into one picture after they are drawn.

A distorted picture is made of one straight view a little wider, a fisheye's of up to six that look along the axes of
the world, turned with the camera. Labels, normals and paints are those of the nearest pixel. Depth is read between
pixels: its reciprocal is linear over a plane, so that a plane's depth comes out exact; where four neighbours lie on
no plane, it is the nearest one's. The picture is blended between pixels. Flow is followed through both lenses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.schema import CameraPose

Floats = NDArray[np.float64]
Images = dict[str, NDArray[Any]]
Poses = tuple[CameraPose, CameraPose | None, CameraPose | None]  # of the frame, the one after it, the one before
Draw = Callable[[Poses], Images]

MARGIN_PX = 2.0  # that straight views are wider than what is taken of them
PLANE = 1e-3  # how far the reciprocal depths of four neighbours on a plane may be from agreeing, of their largest
ROUNDING = 1e-6  # the same from the rounding of depths alone
AXES = ((0.0, 0.0), (np.pi / 2, 0.0), (-np.pi / 2, 0.0), (np.pi, 0.0), (0.0, np.pi / 2), (0.0, -np.pi / 2))
FLOWS = (("flow", 1), ("back_flow", 2))  # and which of the poses each leads to


@dataclass(frozen=True)
class Patch:
    """The part of a picture through a lens that is taken from one straight view, pixel by pixel."""

    turn: Callable[[CameraPose], CameraPose]  # from a pose of the camera to that of the view
    view: CameraPose  # where the view is drawn from
    mine: NDArray[np.intp]  # (n,) pixels of the picture, counted row by row
    own: Floats  # (n, 3) their rays in the frame of the view
    place: Floats  # (n, 2) where those fall in the view, with pixel centres at whole numbers
    row: NDArray[np.intp]  # (n,) nearest pixel there, whose label they show
    column: NDArray[np.intp]  # (n,)


def through_lens(draw: Draw, poses: Poses, size: tuple[int, int]) -> Images:
    """What a camera with a lens sees: the modalities of `draw`, which draws straight views of the same size.

    Args:
        draw: draws from pinhole poses.
        poses: the camera, and where it is in the frames that flow leads to; None where there is none.
        size: width and height of the pictures in pixels.
    """
    made: Images = {}
    for patch in patches(poses[0], size):
        view = patch.view, poses[1] and patch.turn(poses[1]), poses[2] and patch.turn(poses[2])
        _take(made, draw(view), poses, view, patch, size)
    width, height = size
    return {name: image.reshape(height, width, *image.shape[1:]) for name, image in made.items()}


@lru_cache(maxsize=1)  # what draws a frame asks first, what counts what it shows asks again
def patches(pose: CameraPose, size: tuple[int, int]) -> list[Patch]:
    """The straight views, of the size of the picture, that a picture through the lens of a camera is made of."""
    rays = _rays(pose.lens, pose.distortion, pose.fov_y, size)
    turns = _straight(pose, rays, size)
    views = [turn(pose) for turn in turns]
    world = rays @ pose.rotation().T
    nearest = np.argmax([world @ view.rotation()[:, 2] for view in views], axis=0)
    lit = np.isfinite(rays).all(axis=1)
    made = []
    for number, (turn, view) in enumerate(zip(turns, views, strict=True)):
        mine = np.flatnonzero(lit & (nearest == number))
        if mine.size:
            own = rays[mine] @ (view.rotation().T @ pose.rotation()).T  # from the camera's frame to the view's
            focal = float(view.intrinsics(*size)[0, 0])
            made.append(Patch(turn, view, mine, own, *places(own, focal, size)))
    return made


@lru_cache(maxsize=8)
def _rays(lens: str, distortion: tuple[float, ...], fov_y: float, size: tuple[int, int]) -> Floats:
    """Rays (H * W, 3) through the pixel centres, in the camera frame."""
    width, height = size
    v, u = np.mgrid[0:height, 0:width] + 0.5
    pose = CameraPose((0.0, 0.0, 0.0), 0.0, 0.0, fov_y, lens, distortion)
    return pose.rays(np.column_stack([u.ravel(), v.ravel()]), size)


def _straight(pose: CameraPose, rays: Floats, size: tuple[int, int]) -> list[Callable[[CameraPose], CameraPose]]:
    """For each straight view that is needed, how it turns a pose of the camera into its own."""
    width, height = size
    if pose.lens == "brown":
        reach = np.abs(rays[:, :2] / rays[:, 2:]).max(axis=0)
        half = max(float(reach[1]), float(reach[0]) * height / width) * (1 + 2 * MARGIN_PX / height)
        return [lambda at: _pinhole(at, at.yaw, at.pitch, 2 * float(np.arctan(half)))]
    half = max(1.0, height / width) * (1 + 2 * MARGIN_PX / min(size))

    def looking(turn: float, pitch: float) -> Callable[[CameraPose], CameraPose]:
        return lambda at: _pinhole(at, at.yaw + turn, pitch, 2 * float(np.arctan(half)))

    return [looking(turn, pitch) for turn, pitch in AXES]


def _pinhole(at: CameraPose, yaw: float, pitch: float, fov_y: float) -> CameraPose:
    return replace(at, yaw=yaw, pitch=pitch, fov_y=fov_y, lens="pinhole", distortion=())


def _take(made: Images, drawn: Images, poses: Poses, view: Poses, patch: Patch, size: tuple[int, int]) -> None:
    """Fill in the pixels of a patch of the images from its straight view."""
    width, height = size
    mine, own, place, row, column = patch.mine, patch.own, patch.place, patch.row, patch.column
    ahead = _rays(poses[0].lens, poses[0].distortion, poses[0].fov_y, size)[mine, 2]
    level = level_places(drawn["depth"], place) if "depth" in drawn else np.zeros(len(mine), np.bool_)
    for name, image in drawn.items():
        blank = np.inf if name == "depth" else 0
        flat = made.setdefault(name, np.full((height * width, *image.shape[2:]), blank, image.dtype))
        match name:
            case "rgb":
                flat[mine] = np.round(between(image.astype(np.float64), place)).astype(np.uint8)
            case "depth":
                flat[mine] = depth_between(image, place, row, column, level) / own[:, 2] * ahead
            case "flow" | "back_flow" | "flow_valid" | "back_flow_valid":
                pass
            case _:
                flat[mine] = image[row, column]
    for name, which in FLOWS:
        if name in drawn and poses[which] is not None and drawn[f"{name}_valid"].any():
            whole = np.column_stack([column, row]).astype(np.float64)
            _follow(made, drawn, name, poses, view, which, mine, np.where(level[:, None], place, whole), size)


def places(own: Floats, focal: float, size: tuple[int, int]) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Where rays (n, 3) in a straight view's frame fall in its picture.

    Returns:
        places (n, 2), with pixel centres at whole numbers; the nearest row (n,) and column (n,).
    """
    width, height = size
    place = own[:, :2] / own[:, 2:] * focal + (width / 2, height / 2) - 0.5
    column = np.clip(np.round(place[:, 0]), 0, width - 1).astype(np.intp)
    row = np.clip(np.round(place[:, 1]), 0, height - 1).astype(np.intp)
    return place, row, column


def depth_between(
    depth: NDArray[np.float32],
    place: Floats,
    row: NDArray[np.intp],
    column: NDArray[np.intp],
    level: NDArray[np.bool_],
) -> Floats:
    """Planar depth at places: between pixels where they are level, else the nearest pixel's; inf where none is."""
    inverse = 1.0 / depth.astype(np.float64)
    found = np.where(level, between(inverse, place), inverse[row, column])
    with np.errstate(divide="ignore"):
        return np.where(found > 0, 1.0 / found, np.inf)


def _corners(place: Floats, width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]:
    left = np.clip(np.floor(place[:, 0]), 0, width - 2).astype(np.intp)
    top = np.clip(np.floor(place[:, 1]), 0, height - 2).astype(np.intp)
    return left, top, np.clip(place[:, 0] - left, 0.0, 1.0), np.clip(place[:, 1] - top, 0.0, 1.0)


def between(image: Floats, place: Floats) -> Floats:
    """Bilinear between pixels."""
    left, top, s, t = _corners(place, image.shape[1], image.shape[0])
    shape = (-1, *[1] * (image.ndim - 2))
    s, t = s.reshape(shape), t.reshape(shape)
    upper = image[top, left] * (1 - s) + image[top, left + 1] * s
    lower = image[top + 1, left] * (1 - s) + image[top + 1, left + 1] * s
    return np.asarray(upper * (1 - t) + lower * t)


def level_places(depth: NDArray[np.float32], place: Floats) -> NDArray[np.bool_]:
    """Where the four pixels round a place lie on one plane, so that values may be read between them.

    Four pixels to either side of an upright or a level edge agree as if on a plane, too steep for it to go on.
    """
    inverse = 1.0 / depth.astype(np.float64)
    height, width = depth.shape
    left, top, _, _ = _corners(place, width, height)
    a, b, c, d = (inverse[top + y, left + x] for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)))
    most, least = np.maximum.reduce([a, b, c, d]), np.minimum.reduce([a, b, c, d])
    rounding = ROUNDING * most
    flat = (least > 0) & (np.abs(a + d - b - c) <= PLANE * (most - least) + rounding)
    before, after = inverse[top, np.maximum(left - 1, 0)], inverse[top, np.minimum(left + 2, width - 1)]
    above, below = inverse[np.maximum(top - 1, 0), left], inverse[np.minimum(top + 2, height - 1), left]
    return np.asarray(flat & _goes_on(before, a, b, after, rounding) & _goes_on(above, a, c, below, rounding))


def _goes_on(before: Floats, here: Floats, there: Floats, after: Floats, rounding: Floats) -> NDArray[np.bool_]:
    """Whether what rises from here to there rises at least half as much before or after, as a plane would: no edge."""
    step = there - here
    beside = np.maximum((here - before) * np.sign(step), (after - there) * np.sign(step))
    return np.asarray(beside >= np.abs(step) / 2 - 4 * rounding)


def _follow(
    made: Images,
    drawn: Images,
    name: str,
    poses: Poses,
    view: Poses,
    which: int,
    mine: NDArray[np.intp],
    place: Floats,
    size: tuple[int, int],
) -> None:
    """Flow through the lens: from where a place of the view lies in the picture to where it lands in the other one."""
    width, height = size
    after, view_after = poses[which], view[which]
    assert after is not None and view_after is not None
    known = between(drawn[f"{name}_valid"].astype(np.float64), place) == 1.0
    here = place[known]
    there = here + between(drawn[name].astype(np.float64), here)
    start = _seen_by(poses[0], view[0].rays(here + 0.5, size) @ view[0].rotation().T, size)
    landing = _seen_by(after, view_after.rays(there + 0.5, size) @ view_after.rotation().T, size)
    moved = landing - start  # nan on the rim of what the lens sees, where either lies beyond it
    inside = np.all((landing >= 0) & (landing < (width, height)) & np.isfinite(moved), axis=1)
    target = mine[known]
    made[name][target] = np.where(np.isfinite(moved), moved, 0.0)
    made[f"{name}_valid"][target] = inside


def _seen_by(pose: CameraPose, world_rays: Floats, size: tuple[int, int]) -> Floats:
    """Where rays of the world fall in the picture of a camera."""
    return pose.project(world_rays + np.asarray(pose.position), size)[0]
