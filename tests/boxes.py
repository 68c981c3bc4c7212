"""Boxes of what an image of ids shows, counted with numpy alone: what the tables of frames are held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BOX = np.dtype([("id", "<u4"), ("x", "<i4"), ("y", "<i4"), ("w", "<i4"), ("h", "<i4"), ("pixels", "<i4")])


def visible_boxes(instance: NDArray[np.uint32]) -> NDArray[np.void]:
    """The tight box of every visible instance, as BOX rows ordered by id.

    Args:
        instance: (H, W) ids; 0 is no instance.
    """
    rows, cols = np.nonzero(instance)
    ids, inverse, pixels = np.unique(instance[rows, cols], return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.concatenate([[0], np.cumsum(pixels)[:-1]]).astype(np.intp)
    boxes = np.zeros(len(ids), BOX)
    if not len(ids):
        return boxes
    boxes["id"], boxes["pixels"] = ids, pixels
    for low, size, values in (("x", "w", cols[order]), ("y", "h", rows[order])):
        boxes[low] = np.minimum.reduceat(values, starts)
        boxes[size] = np.maximum.reduceat(values, starts) - boxes[low] + 1
    return boxes
