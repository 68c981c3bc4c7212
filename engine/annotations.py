"""What a frame shows, as tables: boxes with how much is hidden, boxes in the world, key points of people.

Made of the images of the frame and of the geometry they were drawn from; nothing is drawn for it. On boxes and their
three shares see recorder.schema.BOX_2D_COLUMNS, after Unity Perception's OcclusionLabeler.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.meshes.figure import ADULT_M
from engine.coverage import Coverage, Things, coverage
from engine.rasteriser import Floats
from engine.render.figures import key_points
from engine.render.sensors import NEAR_M
from engine.solids import solids_of
from recorder.schema import BOX_2D, BOX_3D, KEYPOINTS, SIGHT_NAMES, CameraPose, Cast, Scenery, Snapshot

NEEDED = ("depth", "instance")  # images of which the tables are made
OUTSIDE, HIDDEN, VISIBLE = range(len(SIGHT_NAMES))

# How far below the surface seen there a key point of an adult may lie and still count as visible, in COCO's order:
# joints lie inside the body, under hair and clothes. On the far side of the body they lie deeper.
FLESH_M = np.array(
    [0.06, 0.06, 0.06, 0.08, 0.08, 0.14, 0.14, 0.10, 0.10, 0.08, 0.08, 0.20, 0.20, 0.13, 0.13, 0.12, 0.12]
)


def annotate(
    scenery: Scenery,
    cast: Cast,
    snapshot: Snapshot,
    pose: CameraPose,
    images: Mapping[str, NDArray[Any]],
    time_s: float,
) -> dict[str, NDArray[np.void]]:
    """The tables `boxes`, `boxes_3d` and `keypoints` of recorder.schema.Annotations for one frame of a pinhole camera.

    There is a row for every plant with a visible pixel, and for every villager out of doors and every building that has
    one or would, were nothing in front. Ground, water, grass and crops are no single things and have none.

    Args:
        scenery: what was drawn.
        cast: who was drawn.
        snapshot: the tick that was drawn.
        pose: the camera.
        images: of that camera at that tick; of them depth and instance.
        time_s: of the tick, as the renderer had it.

    Raises:
        KeyError: depth or instance is not among the images.
    """
    instance, depth = np.ascontiguousarray(images["instance"]), images["depth"]
    solids = solids_of(scenery, cast)
    sight = solids.in_sight(snapshot, pose, instance, time_s)
    things = sight.things
    found = coverage(things, sight.meshes, instance, pose, NEAR_M)
    rows = np.flatnonzero(found.pixels[:, 1])
    semantic = solids.semantic(things.ids)
    people = solids.villager_rows(things.ids[rows])
    where = key_points(cast.looks, sight.frames[np.searchsorted(sight.people, people)], people)
    flesh = np.multiply.outer(cast.looks["height_m"][people].astype(np.float64) / ADULT_M, FLESH_M)
    return {
        "boxes": boxes(things.ids, semantic, found)[rows],
        "boxes_3d": boxes_3d(things, semantic, found)[rows],
        "keypoints": keypoints(cast.looks["id"][people], where, flesh, instance, depth, pose),
    }


def boxes(ids: NDArray[np.uint32], semantic: NDArray[np.uint8], found: Coverage) -> NDArray[np.void]:
    """Rows BOX_2D (n,) of things measured in an image."""
    made = np.zeros(len(ids), BOX_2D)
    made["id"], made["semantic"] = ids, semantic
    for prefix, box in (("", found.visible), ("amodal_", found.amodal), ("whole_", found.whole)):
        for side, values in zip("xywh", box.T, strict=True):
            made[prefix + side] = values
    for name, counts in zip(("pixels", "amodal_pixels", "whole_pixels"), found.pixels.T, strict=True):
        made[name] = counts
    for share, part, of in (
        ("percent_visible", "pixels", "whole_pixels"),
        ("percent_in_frame", "amodal_pixels", "whole_pixels"),
        ("visibility_in_frame", "pixels", "amodal_pixels"),
    ):
        made[share] = made[part] / np.maximum(made[of], 1)
    return made


def boxes_3d(things: Things, semantic: NDArray[np.uint8], found: Coverage) -> NDArray[np.void]:
    """Rows BOX_3D (n,): the box of each thing as it is drawn, tight along the axes of its own frame."""
    made = np.zeros(len(things.ids), BOX_3D)
    made["id"], made["semantic"], made["yaw"] = things.ids, semantic, things.yaw
    along, across, up = ((found.low + found.high) / 2).T
    cos, sin = np.cos(things.yaw), np.sin(things.yaw)
    made["x"], made["y"], made["z"] = cos * along - sin * across, sin * along + cos * across, up
    made["length_m"], made["width_m"], made["height_m"] = (found.high - found.low).T
    return made


def corners(boxes: NDArray[np.void]) -> Floats:
    """The eight corners (n, 8, 3) of BOX_3D rows in the world."""
    signs = np.array(np.meshgrid((-0.5, 0.5), (-0.5, 0.5), (-0.5, 0.5), indexing="ij"), np.float64).reshape(3, 8)
    along, across, up = (signs[k] * boxes[name][:, None] for k, name in enumerate(("length_m", "width_m", "height_m")))
    yaw = boxes["yaw"].astype(np.float64)[:, None]
    cos, sin = np.cos(yaw), np.sin(yaw)
    away = np.stack([cos * along - sin * across, sin * along + cos * across, up], axis=2)
    centre = np.stack([boxes[name].astype(np.float64) for name in "xyz"], axis=1)
    made: Floats = centre[:, None] + away
    return made


def keypoints(
    ids: NDArray[np.uint32],
    where: Floats,
    flesh: Floats,
    instance: NDArray[np.uint32],
    depth: NDArray[np.float32],
    pose: CameraPose,
) -> NDArray[np.void]:
    """Rows KEYPOINTS (n,) of people whose key points lie at `where` (n, 17, 3) in the world.

    A point is visible where the pixel that holds it shows this person, and no surface more than `flesh` (n, 17) metres
    in front of the point. It is hidden where it is inside the image otherwise, and outside where it is not.
    """
    height, width = instance.shape
    made = np.zeros(len(ids), KEYPOINTS)
    pixels, away = pose.project(where.reshape(-1, 3), (width, height))
    made["id"], made["world"] = ids, where
    made["pixels"], made["depth"] = pixels.reshape(-1, 17, 2), away.reshape(-1, 17)
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0) & (pixels < (width, height))).all(axis=1) & (away >= NEAR_M)
    column, row = np.where(inside[:, None], pixels, 0).astype(np.intp).T
    shown = inside & (instance[row, column] == np.repeat(ids, where.shape[1]))
    shown &= depth[row, column] > away - flesh.reshape(-1)
    made["sight"] = np.where(shown, VISIBLE, np.where(inside, HIDDEN, OUTSIDE)).reshape(-1, 17)
    return made
