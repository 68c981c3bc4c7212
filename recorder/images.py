"""One modality of one frame as bytes and back, exactly: numbers, less what their row foretells, compressed.

A row of a picture mostly goes on as it began. So each number has its left neighbour's taken away (or, where values run
in straight lines, that is done twice), and what remains is small. How a modality becomes numbers for which this holds
is its *form*; FORMS is the whole list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import byte_count, checked_dtype, checked_shape, dtype_name, shuffle, unshuffle
from recorder.compression import inflate, zstd_compress, zstd_decompress
from recorder.png import decode_png

ID_LIMIT = 1 << 24  # instance ids fit the three channels of a PNG: R + 256 G + 65536 B
PICTURES = ("rgb", "albedo")
NUMBERED = ("semantic", "part")
LABELS = ("instance", "semantic", "part", "flow_valid", "back_flow_valid")
LEVEL = 1  # of zstd: level 3 makes 1 % fewer bytes of a frame and takes a fifth longer
FINEST_STEP = 12  # float images in whole steps of 1, 1/2, ... 1/4096 are stored as the number of steps
SHORT_LIMIT, WIDE_LIMIT = float(1 << 15), float(1 << 31)  # steps, either way, in 16 and in 32 bits
PROBE_ROWS = 8  # of an image, in which it usually shows that a form does not fit


@dataclass(frozen=True)
class Form:
    """What the numbers of an image mean, and how often each has its left neighbour's taken away."""

    differences: int
    values: Callable[[NDArray[Any]], NDArray[Any]]  # of numbers
    number: str = ""  # their type; empty: as the image
    image: str = ""  # the one type of image there can be; empty: any


def _same(numbers: NDArray[Any]) -> NDArray[Any]:
    return numbers


def _less_green(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Red and blue less green, modulo 256: light and shade change all three alike."""
    numbers = colours.copy()
    numbers[..., 0] -= colours[..., 1]
    numbers[..., 2] -= colours[..., 1]
    return numbers


def _plus_green(numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if numbers.ndim != 3 or numbers.shape[2] != 3:
        raise ValueError(f"an image of shape {numbers.shape} has no red, green and blue")
    numbers[..., 0] += numbers[..., 1]
    numbers[..., 2] += numbers[..., 1]
    return numbers


def _halves(image: NDArray[np.float32]) -> NDArray[np.float16] | None:
    """The image in 16-bit floats, None if they cannot hold it: infinity may stand in it, nan may not."""
    with np.errstate(over="ignore", invalid="ignore"):
        for part in (_probe(image), image):
            half = part.astype(np.float16)
            if not np.array_equal(_widened(half), part):
                return None
    return half


def _widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    return halves.astype(np.float32)


def _reciprocals(image: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """1 / image, None if that does not lead back.

    The inverse depth of a plane is linear in the image (perspective; Blinn 1992, "Hyperbolic interpolation"), which is
    why renderers interpolate it and depth is read from its reciprocal: straight lines again.
    """
    for part in (_probe(image), image):
        inverse = _reciprocal(part)
        if not np.array_equal(_reciprocal(inverse), part):
            return None
    return inverse


def _reciprocal(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.float32(1) / numbers


def _steps(image: NDArray[np.float32]) -> tuple[str, NDArray[Any]] | None:
    """The image in whole steps, as coarse as can be, with the name of that form; None where FINEST_STEP is too coarse.

    Negative values stand one step lower than they are, so that -1 is the negative zero and no bit is lost.
    """
    probe = _probe(image)
    if not _is_whole(probe, FINEST_STEP):
        return None
    n = next((n for n in range(FINEST_STEP + 1) if _is_whole(probe, n) and _is_whole(image, n)), None)
    if n is None:
        return None
    scaled = _scaled(image, n)
    most = max(-float(scaled.min()), float(scaled.max()))
    if most >= WIDE_LIMIT:
        return None
    form, number = ("steps", np.int16) if most < SHORT_LIMIT else ("wide-steps", np.int32)
    steps = scaled.astype(number)
    np.add(steps, image.view(np.int32) >> 31, out=steps, casting="unsafe")
    return f"{form}-{1 << n}", steps


def _scaled(image: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        return image * np.float32(1 << n)


def _is_whole(image: NDArray[np.float32], n: int) -> bool:
    """Whether all values are whole multiples of 2^-n; infinity is, nan is not."""
    scaled = _scaled(image, n)
    return np.array_equal(np.rint(scaled), scaled)


def _from_steps(n: int, steps: NDArray[Any]) -> NDArray[np.float32]:
    sign = steps >> 8 * steps.itemsize - 1
    image: NDArray[np.float32] = (steps ^ sign).astype(np.float32)
    image *= np.float32(2.0**-n)
    image.view(np.int32)[...] |= sign.astype(np.int32) << 31
    return image


def _probe(image: NDArray[Any]) -> NDArray[Any]:
    return image[:: max(1, len(image) // PROBE_ROWS)]


FORMS = {
    "values": Form(0, _same),
    "left": Form(1, _same),
    "line": Form(2, _same),
    "colour": Form(1, _plus_green, image="|u1"),
    "half": Form(1, _widened, "<f2", "<f4"),
    "reciprocal": Form(2, _reciprocal, image="<f4"),
    **{f"steps-{1 << n}": Form(1, partial(_from_steps, n), "<i2", "<f4") for n in range(FINEST_STEP + 1)},
    **{f"wide-steps-{1 << n}": Form(1, partial(_from_steps, n), "<i4", "<f4") for n in range(FINEST_STEP + 1)},
}


def encode_image(modality: str, image: NDArray[Any]) -> dict[str, Any]:
    """A map with `encoding`, `dtype`, `shape` and `data`; the same bytes for the same image.

    Args:
        modality: `rgb`, `albedo`, `semantic`, `part` and `instance` must be of their type and shape; with any
            other name, anything goes.
        image: (H, W) or (H, W, channels).

    Raises:
        ValueError: the array does not have the type or shape of its modality.
    """
    if image.ndim not in (2, 3):
        raise ValueError(f"an image has shape (H, W) or (H, W, channels), not {image.shape}")
    if image.size == 0:
        raise ValueError(f"an image of shape {image.shape} has no pixels")
    if modality in PICTURES and (image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3):
        raise ValueError(f"{modality} must be uint8 (H, W, 3), not {image.dtype} {image.shape}")
    if modality in NUMBERED and (image.dtype != np.uint8 or image.ndim != 2):
        raise ValueError(f"{modality} must be uint8 (H, W), not {image.dtype} {image.shape}")
    if modality == "instance":
        _check_ids(image)
    dtype = dtype_name(image.dtype)
    name, numbers = _as_form(modality, np.ascontiguousarray(image, dtype))
    data = _compressed(numbers, FORMS[name].differences)
    return {"encoding": name, "dtype": dtype, "shape": list(image.shape), "data": data}


def _as_form(modality: str, image: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    """The form that suits the image best, by name, and its numbers."""
    if modality in PICTURES:
        return "colour", _less_green(image)
    if modality in LABELS:
        return "values", image
    if modality == "depth":
        inverse = _reciprocals(image) if image.dtype == np.float32 else None
        return ("line", image) if inverse is None else ("reciprocal", inverse)
    if image.dtype == np.float32:
        if (steps := _steps(image)) is not None:
            return steps
        if (halves := _halves(image)) is not None:
            return "half", halves
    return "left", image


def _compressed(numbers: NDArray[Any], differences: int) -> bytes:
    if differences == 0:
        return zstd_compress(numbers.tobytes(), LEVEL)
    steps = numbers.view(f"<i{numbers.itemsize}").copy()
    for _ in range(differences):
        steps[:, 1:] -= steps[:, :-1]
    sign = steps >> 8 * steps.itemsize - 1
    steps <<= 1  # 0, -1, 1, -2, ... become 0, 1, 2, 3, ...: the high bytes of small steps are all 0
    steps ^= sign
    return zstd_compress(shuffle(steps), LEVEL)


def _decompressed(data: bytes, form: Form, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if form.image and form.image != dtype.str:
        raise ValueError(f"an image of {dtype.str} stands where {form.image} should")
    byte_count(dtype, shape)  # the image may be larger than its numbers
    number = np.dtype(form.number) if form.number else dtype
    content = zstd_decompress(data, byte_count(number, shape))
    if form.differences == 0:
        return np.frombuffer(bytearray(content), dtype).reshape(shape)
    bits = unshuffle(content, f"<u{number.itemsize}", shape)
    odd = bits & 1
    bits >>= 1
    bits ^= np.negative(odd, out=odd)
    for _ in range(form.differences):
        bits = np.cumsum(bits, axis=1, dtype=bits.dtype)
    return form.values(bits.view(number))


def _check_ids(ids: NDArray[Any]) -> None:
    if ids.dtype.kind != "u" or ids.ndim != 2:
        raise ValueError(f"instance must be unsigned integers (H, W), not {ids.dtype} {ids.shape}")
    if ids.size and int(ids.max()) >= ID_LIMIT:
        raise ValueError(f"instance holds the id {int(ids.max())}; ids end below {ID_LIMIT}")


def packed_ids(ids: NDArray[Any]) -> NDArray[np.uint8]:
    """Ids (H, W) as the three channels of a PNG: R + 256 G + 65536 B.

    Raises:
        ValueError: an id does not fit, or the image is not one of unsigned integers.
    """
    _check_ids(ids)
    wide = ids.astype(np.uint32)
    return np.stack([wide & 255, (wide >> 8) & 255, wide >> 16], axis=-1).astype(np.uint8)


def decode_image(value: Any) -> NDArray[Any]:
    """The array behind `encode_image`, with the type and shape it was given in, bit for bit.

    Raises:
        ValueError: the map does not describe an image of this format.
    """
    encoding, data = value["encoding"], value["data"]
    dtype, shape = checked_dtype(value["dtype"]), checked_shape(value["shape"])
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(f"an image has shape (H, W) or (H, W, channels), not {shape}")
    if not isinstance(data, bytes):
        raise ValueError("the data of an image are bytes")
    form = FORMS.get(encoding) if isinstance(encoding, str) else None
    image = _decompressed(data, form, dtype, shape) if form else _first_format(encoding, data, dtype, shape)
    if dtype == np.bool_ and image.view(np.uint8).max() > 1:
        raise ValueError("a truth value is neither 0 nor 1")
    return image


def _first_format(encoding: str, data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """An image as files of format 1 hold it, and what is cut out of them."""
    if encoding in ("plane", "plane-half"):
        number = dtype if encoding == "plane" else np.dtype("<f2")
        bits = f"<u{number.itemsize}"
        steps = unshuffle(inflate(data, byte_count(number, shape)), bits, shape)
        return np.cumsum(steps, axis=1, dtype=bits).view(number).astype(dtype, copy=False)
    if encoding == "png":
        image: NDArray[Any] = decode_png(data)
    elif encoding == "png-id24":
        image = decode_png(data).astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
    else:
        raise ValueError(f"images encoded as {encoding!r} are not known")
    if image.shape != shape:
        raise ValueError(f"an image of shape {image.shape} stands where {shape} should")
    return image.astype(dtype, copy=False)
