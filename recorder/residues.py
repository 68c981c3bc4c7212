"""What remains of the numbers of an image when each has its left neighbour's taken away, as bytes, and the way back.

The way there goes through an image by blocks of rows that stay in the processor's near caches: each step of it alone,
over a whole image, would wait for the memory. FORMAT.md, section 8, says in what order the bytes lie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import unshuffle

BLOCK_BYTES = 1 << 18  # of an image at once: smaller ones are more calls of numpy, larger ones leave the caches
BYTE = 8  # bits


def residues(
    image: NDArray[Any], numbers: Callable[[NDArray[Any]], NDArray[Any] | None], differences: int
) -> NDArray[np.uint8] | None:
    """The differences of an image's numbers, zigzag, shuffled: first bytes of all, then second bytes, ...

    Args:
        image: (H, W) or (H, W, channels).
        numbers: of some of its rows; None where they have none.
        differences: how often each number has its left neighbour's taken away.

    Returns:
        (bytes of a number, values of the image), or None where some rows have no numbers.
    """
    made: NDArray[np.uint8] | None = None
    height, done = max(1, BLOCK_BYTES * len(image) // image.nbytes), 0
    for top in range(0, len(image), height):
        block = numbers(image[top : top + height])
        if block is None:
            return None
        made = np.empty((block.itemsize, image.size), np.uint8) if made is None else made
        steps = _zigzag(_differences(block.view(f"<i{block.itemsize}"), differences))
        _split(steps.reshape(-1), made[:, done : done + steps.size])
        done += steps.size
    return made


def _differences(block: NDArray[np.signedinteger[Any]], times: int) -> NDArray[np.signedinteger[Any]]:
    for _ in range(times):
        less = np.empty_like(block)
        less[:, :1] = block[:, :1]
        np.subtract(block[:, 1:], block[:, :-1], out=less[:, 1:])
        block = less
    return block


def _zigzag(steps: NDArray[np.signedinteger[Any]]) -> NDArray[np.unsignedinteger[Any]]:
    """0, -1, 1, -2, ... become 0, 1, 2, 3, ..., in place: the high bytes of small steps are all 0."""
    sign = steps >> steps.dtype.type(BYTE * steps.itemsize - 1)
    np.add(steps, steps, out=steps)
    np.bitwise_xor(steps, sign, out=steps)
    return steps.view(f"<u{steps.itemsize}")


def _split(values: NDArray[np.unsignedinteger[Any]], planes: NDArray[np.uint8]) -> None:
    """First bytes of all values into the first plane, and so on; changes the values."""
    for number, plane in enumerate(planes):
        if number:
            np.right_shift(values, values.dtype.type(BYTE), out=values)
        np.copyto(plane, values, casting="unsafe")  # the low byte: seven times faster than to step over the others


def sums(content: bytes, number: np.dtype[Any], shape: tuple[int, ...], differences: int) -> NDArray[Any]:
    """The numbers (shape) behind `residues`.

    Raises:
        ValueError: the bytes do not fit the shape.
    """
    bits = unshuffle(content, f"<u{number.itemsize}", shape)
    odd = bits & 1
    bits >>= 1
    bits ^= np.negative(odd, out=odd)
    for _ in range(differences):
        bits = np.cumsum(bits, axis=1, dtype=bits.dtype)
    return bits.view(number)
