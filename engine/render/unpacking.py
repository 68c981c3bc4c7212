"""Targets taken apart into images, each in one walk: numpy would go through the memory once for every step of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.rasteriser import compiled

Channel = NDArray[np.float32]  # (H, W), of the four of a target
ID_BITS = 24  # of a pixel of the target of ids; above them stands the part


@compiled
def colours_of(target: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours (H, W, 3) of a target (H, W, 4): drivers take four times as long to leave the fourth out."""
    height, width = target.shape[0], target.shape[1]
    made = np.empty((height, width, 3), np.uint8)
    for y in range(height):
        row, out = target[y].reshape(-1), made[y].reshape(-1)
        for x in range(width):
            out[3 * x], out[3 * x + 1], out[3 * x + 2] = row[4 * x], row[4 * x + 1], row[4 * x + 2]
    return made


@compiled
def depth_of(channel: Channel) -> NDArray[np.float32]:
    """Depth (H, W) in metres, infinite where the target holds the 0 of no surface."""
    made = np.empty(channel.shape, np.float32)
    for y in range(channel.shape[0]):
        for x in range(channel.shape[1]):
            depth = channel[y, x]
            made[y, x] = np.float32(np.inf) if depth == 0 else depth
    return made


@compiled
def _marks(rest: np.float32) -> np.uint8:
    """What is added to the third component of a normal, in fours; see engine.render.programs."""
    return np.uint8(rest * np.float32(0.25) + np.float32(0.5))


@compiled
def normals_of(east: Channel, north: Channel, rest: Channel) -> NDArray[np.float32]:
    """Normals (H, W, 3)."""
    height, width = rest.shape
    made = np.empty((height, width, 3), np.float32)
    for y in range(height):
        for x in range(width):
            made[y, x, 0], made[y, x, 1] = east[y, x], north[y, x]
            made[y, x, 2] = rest[y, x] - np.float32(4) * np.float32(_marks(rest[y, x]))
    return made


@compiled
def flow_of(right: Channel, down: Channel, rest: Channel, bit: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Flow (H, W, 2), and where it is valid (H, W): where this bit of the marks is set."""
    height, width = rest.shape
    made, valid = np.empty((height, width, 2), np.float32), np.empty((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            made[y, x, 0], made[y, x, 1] = right[y, x], down[y, x]
            valid[y, x] = _marks(rest[y, x]) >> bit & 1
    return made, valid


@compiled
def labels_of(
    ident: NDArray[np.uint32], classes: NDArray[np.uint8]
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.uint8]]:
    """Instance, semantic and part (H, W) of the pixels of the target of ids.

    Raises:
        IndexError: an id is none of those whose classes are known.
    """
    shape = ident.shape
    instance, semantic, part = np.empty(shape, np.uint32), np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    for y in range(shape[0]):
        for x in range(shape[1]):
            number = ident[y, x] & np.uint32((1 << ID_BITS) - 1)
            if number >= len(classes):
                raise IndexError("an id that was drawn has no class")
            instance[y, x], semantic[y, x], part[y, x] = number, classes[number], ident[y, x] >> ID_BITS
    return instance, semantic, part
