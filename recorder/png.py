"""PNG with numpy and zlib alone: 8-bit grey and RGB, every row with the Up filter, which undoes as one running sum.

The bytes are ordinary PNG that any program opens. The reader here only promises to read what the writer here made;
it exists so that a session opens without an image library.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from recorder.columns import byte_count
from recorder.compression import inflate

SIGNATURE = b"\x89PNG\r\n\x1a\n"
IHDR = struct.Struct(">IIBBBBB")  # width, height, bit depth, colour type, compression, filter, interlace
COLOUR_TYPE = {1: 0, 3: 2}  # channels -> PNG colour type
FILTER_UP = 2
COMPRESSION_LEVEL = 1  # frames are many: a third faster than level 3 for 5 % more bytes


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """PNG bytes of an image (H, W) or (H, W, 3), uint8, row 0 at the top."""
    height, width = image.shape[:2]
    channels = 1 if image.ndim == 2 else image.shape[2]
    rows = np.ascontiguousarray(image).reshape(height, width * channels)
    filtered = np.empty((height, 1 + width * channels), np.uint8)
    filtered[:, 0] = FILTER_UP
    filtered[:1, 1:] = rows[:1]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    head = IHDR.pack(width, height, 8, COLOUR_TYPE[channels], 0, 0, 0)
    body = zlib.compress(filtered.tobytes(), COMPRESSION_LEVEL)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def decode_png(data: bytes) -> NDArray[np.uint8]:
    """The image (H, W) or (H, W, 3) behind `encode_png`.

    Raises:
        ValueError: the bytes are not a PNG as `encode_png` makes them.
    """
    if data[:8] != SIGNATURE or data[12:16] != b"IHDR" or data[37:41] != b"IDAT" or len(data) < 57:
        raise ValueError("the bytes are not a PNG of this format")
    width, height, depth, colour, *rest = IHDR.unpack(data[16:29])
    if depth != 8 or colour not in (0, 2) or any(rest):
        raise ValueError("the PNG is not 8-bit grey or RGB")
    channels = 1 if colour == 0 else 3
    size = byte_count(np.dtype(np.uint8), (height, 1 + width * channels))
    (length,) = struct.unpack(">I", data[33:37])
    rows = np.frombuffer(inflate(data[41 : 41 + length], size), np.uint8)
    if rows.size != size:
        raise ValueError("the PNG holds fewer rows than it claims")
    rows = rows.reshape(height, 1 + width * channels)
    if (rows[:, 0] != FILTER_UP).any():
        raise ValueError("the PNG uses row filters this reader does not know")
    image = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8)
    return image.reshape((height, width) if channels == 1 else (height, width, 3))
