"""What recorder.residues makes of the images of a frame, to the byte, in machine code: in one walk along each row.

The record knows no machine code, so who draws frames gives it this. Forms that no drawn image takes are left to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.rasteriser import compiled
from recorder.images import STEPS_FORM, residues_of

Planes = NDArray[np.uint8]  # (bytes of a number, values of the image)
LIMIT = np.float32(32768)  # of steps in 16 bits


def fast_residues(form: str, image: NDArray[Any]) -> Planes | None:
    """As recorder.images.residues_of, which it calls where it knows no better.

    Args:
        form: one of recorder.images.FORMS.
        image: (H, W) or (H, W, channels), in C order.
    """
    if form == "colour":
        return _of_colours(image.reshape(len(image), -1))
    if form == "reciprocal" and image.ndim == 2:
        planes, leads_back = _of_reciprocals(image)
        return planes if leads_back else None
    if form.startswith(STEPS_FORM):
        rows = image.reshape(len(image), -1)
        channels = rows.shape[1] // image.shape[1]
        planes, leads_back = _of_steps(rows, np.float32(form.removeprefix(STEPS_FORM)), channels)
        return planes if leads_back else None
    return residues_of(form, image)


@compiled
def _of_colours(rows: NDArray[np.uint8]) -> Planes:
    """Of red and blue less green, and of green, less the left neighbour's."""
    height, width = rows.shape
    made = np.empty((1, height, width), np.uint8)
    less = np.zeros(width, np.uint8)
    for y in range(height):
        row, out = rows[y], made[0, y]
        less[:3] = row[:3]
        for x in range(width - 3):
            less[x + 3] = row[x + 3] - row[x]
        for x in range(width // 3):
            green = less[3 * x + 1]
            red, blue = np.int8(less[3 * x] - green), np.int8(less[3 * x + 2] - green)
            out[3 * x] = np.uint8((red << 1) ^ (red >> 7))
            out[3 * x + 1] = np.uint8((green << 1) ^ (np.int8(green) >> 7))
            out[3 * x + 2] = np.uint8((blue << 1) ^ (blue >> 7))
    return made.reshape(1, -1)


@compiled
def _of_steps(rows: NDArray[np.float32], scale: np.float32, channels: int) -> tuple[Planes, bool]:
    """Of numbers of steps in 16 bits, less the left neighbour's of the same channel; False where they lead nowhere."""
    height, width = rows.shape
    made = np.empty((2, height, width), np.uint8)
    steps = np.zeros(channels + width, np.int16)  # before the first pixel stands 0
    here, before = steps[channels:], steps[:width]
    strays = np.int32(0)
    for y in range(height):
        row, bits, low, high = rows[y], rows[y].view(np.int32), made[0, y], made[1, y]
        for x in range(width):
            scaled = row[x] * scale
            held = scaled if -LIMIT < scaled < LIMIT else np.float32(0.5)  # what is no number, too
            whole = np.int32(held)
            strays |= np.int32(np.float32(whole) != held)
            here[x] = np.int16(whole + (bits[x] >> 31))  # the sign's bit is that of -0.0, too
        for x in range(width):
            step = np.int16(here[x] - before[x])
            folded = np.uint16((step << 1) ^ (step >> 15))
            low[x], high[x] = np.uint8(folded), np.uint8(folded >> 8)
    return made.reshape(2, -1), strays == 0


@compiled
def _of_reciprocals(image: NDArray[np.float32]) -> tuple[Planes, bool]:
    """Of the bits of 1 / number, less those of a straight line through the two to the left; False as above."""
    height, width = image.shape
    made = np.empty((4, height, width), np.uint8)
    inverse = np.zeros(2 + width, np.float32)  # before the first pixel stands 0, twice
    here, bits = inverse[2:], inverse.view(np.int32)
    strays = np.int32(0)
    for y in range(height):
        row, first, second, third, fourth = image[y], made[0, y], made[1, y], made[2, y], made[3, y]
        for x in range(width):
            here[x] = np.float32(1) / row[x]
            strays |= np.int32((np.float32(1) / here[x]) != row[x])
        for x in range(width):
            step = np.int32(bits[x + 2] - 2 * bits[x + 1] + bits[x])
            folded = np.uint32((step << 1) ^ (step >> 31))
            first[x], second[x] = np.uint8(folded), np.uint8(folded >> 8)
            third[x], fourth[x] = np.uint8(folded >> 16), np.uint8(folded >> 24)
    return made.reshape(4, -1), strays == 0
