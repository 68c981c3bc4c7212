"""One modality of one frame as bytes and back, exactly: PNG for what people look at, shuffled planes for numbers."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import byte_count, checked_dtype, checked_shape, dtype_name, shuffle, unshuffle
from recorder.container import inflate
from recorder.png import decode_png, encode_png

ID_LIMIT = 1 << 24  # instance ids fit the three channels of a PNG: R + 256 G + 65536 B
PLANE_COMPRESSION_LEVEL = 1  # on shuffled float32 depth higher levels gain under 3 % and take four times as long


def encode_image(modality: str, image: NDArray[Any]) -> dict[str, Any]:
    """A map with `encoding`, `dtype`, `shape` and `data`.

    Args:
        modality: `rgb`, `semantic` and `instance` become PNG, any other name a plane of numbers.
        image: (H, W) or (H, W, channels).

    Raises:
        ValueError: the array does not have the type or shape of its modality.
    """
    if image.ndim not in (2, 3):
        raise ValueError(f"an image has shape (H, W) or (H, W, channels), not {image.shape}")
    if image.size == 0:
        raise ValueError(f"an image of shape {image.shape} has no pixels")
    about = {"dtype": dtype_name(image.dtype), "shape": list(image.shape)}
    if modality == "rgb":
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"rgb must be uint8 (H, W, 3), not {image.dtype} {image.shape}")
        return {**about, "encoding": "png", "data": encode_png(image)}
    if modality == "semantic":
        if image.dtype != np.uint8 or image.ndim != 2:
            raise ValueError(f"semantic must be uint8 (H, W), not {image.dtype} {image.shape}")
        return {**about, "encoding": "png", "data": encode_png(image)}
    if modality == "instance":
        return {**about, "encoding": "png-id24", "data": encode_png(packed_ids(image))}
    narrow = _as_half(image)
    if narrow is not None:
        return {**about, "encoding": "plane-half", "data": _compressed(narrow)}
    return {**about, "encoding": "plane", "data": _compressed(image)}


def _as_half(image: NDArray[Any]) -> NDArray[np.float16] | None:
    """The image with 16 bits where not one bit of it is lost, as with normals read from a 16-bit target."""
    if image.dtype != np.float32:
        return None
    with np.errstate(over="ignore"):
        for part in (image[:: max(1, len(image) // 8)], image):  # a few rows usually tell
            half = part.astype(np.float16)
            if half.astype(np.float32).tobytes() != part.tobytes():
                return None
    return half


def _compressed(image: NDArray[Any]) -> bytes:
    """Each value less its left neighbour, as unsigned integers: a third fewer bytes of depth and normals, no slower."""
    bits = np.ascontiguousarray(image, dtype_name(image.dtype)).view(f"<u{image.itemsize}")
    steps = bits.copy()
    steps[:, 1:] -= bits[:, :-1]
    return zlib.compress(shuffle(steps), PLANE_COMPRESSION_LEVEL)


def _decompressed(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if len(shape) not in (2, 3):
        raise ValueError(f"a plane has shape (H, W) or (H, W, channels), not {shape}")
    bits = np.dtype(f"<u{dtype.itemsize}")
    steps = unshuffle(inflate(data, byte_count(dtype, shape)), bits.str, shape)
    return np.cumsum(steps, axis=1, dtype=bits).view(dtype)


def packed_ids(ids: NDArray[Any]) -> NDArray[np.uint8]:
    """Ids (H, W) as the three channels of a PNG: R + 256 G + 65536 B.

    Raises:
        ValueError: an id does not fit, or the image is not one of unsigned integers.
    """
    if ids.dtype.kind != "u" or ids.ndim != 2:
        raise ValueError(f"instance must be unsigned integers (H, W), not {ids.dtype} {ids.shape}")
    if ids.size and int(ids.max()) >= ID_LIMIT:
        raise ValueError(f"instance holds the id {int(ids.max())}; ids end below {ID_LIMIT}")
    wide = ids.astype(np.uint32)
    return np.stack([wide & 255, (wide >> 8) & 255, wide >> 16], axis=-1).astype(np.uint8)


def decode_image(value: Any) -> NDArray[Any]:
    """The array behind `encode_image`, with the type and shape it was given in.

    Raises:
        ValueError: the map does not describe an image of this format.
    """
    encoding, data = value["encoding"], value["data"]
    dtype, shape = checked_dtype(value["dtype"]), checked_shape(value["shape"])
    if encoding == "plane":
        return _decompressed(data, dtype, shape)
    if encoding == "plane-half":
        return _decompressed(data, np.dtype("<f2"), shape).astype(dtype)
    if encoding == "png":
        image: NDArray[Any] = decode_png(data)
    elif encoding == "png-id24":
        image = decode_png(data).astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
    else:
        raise ValueError(f"images encoded as {encoding!r} are not known")
    if image.shape != shape:
        raise ValueError(f"an image of shape {image.shape} stands where {shape} should")
    return image.astype(dtype, copy=False)
