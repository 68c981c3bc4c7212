"""One modality of one frame as bytes and back, exactly: numbers, less what their row foretells, compressed.

A row of a picture mostly goes on as it began. So each number has its left neighbour's taken away (or, where values run
in straight lines, that is done twice), and what remains is small. How a modality becomes numbers for which this holds
is its *form*; FORMS is the whole list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import byte_count, checked_dtype, checked_shape, dtype_name, unshuffle
from recorder.compression import Kind, inflate, zstd_compress, zstd_decompress
from recorder.png import decode_png
from recorder.residues import residues, sums

ID_LIMIT = 1 << 24  # instance ids fit the three channels of a PNG: R + 256 G + 65536 B
PICTURES = ("rgb", "albedo")
NUMBERED = ("semantic", "part")
LABELS = ("instance", "semantic", "part", "flow_valid", "back_flow_valid")
NOISY = ("colour", "reciprocal", "line")  # forms of images in which hardly anything comes twice
FINEST_STEP = 12  # float images in whole steps of 1, 1/2, ... 1/4096 are stored as the number of steps
PROBE_ROWS = 8  # of an image, in which it usually shows that a form does not fit


Blocks = Callable[[NDArray[Any]], NDArray[Any] | None]
Residues = Callable[[str, NDArray[Any]], NDArray[np.uint8] | None]


@dataclass(frozen=True)
class Form:
    """What the numbers of an image mean, and how often each has its left neighbour's taken away."""

    differences: int
    numbers: Blocks  # of some rows of an image; None where they would not lead back
    values: Callable[[NDArray[Any]], NDArray[Any]]  # of numbers
    number: str = ""  # their type; empty: as the image
    image: str = ""  # the one type of image there can be; empty: any


def _same(numbers: NDArray[Any]) -> NDArray[Any]:
    return numbers


def _less_green(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Red and blue less green, modulo 256: light and shade change all three alike."""
    flat = np.ascontiguousarray(colours).reshape(-1)
    of_red, of_blue = _masks(flat.size)
    green = np.empty_like(flat)  # under each red and each blue; to step over every third byte takes four times as long
    np.bitwise_and(flat[1:], of_red[:-1], out=green[:-1])
    green[-1:] = 0
    green[1:] |= flat[:-1] & of_blue[1:]
    np.subtract(flat, green, out=green)
    return green.reshape(colours.shape)


@lru_cache(4)
def _masks(size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Ones in every bit of each red, and of each blue."""
    red, blue = (np.resize(np.array(mask, np.uint8), size) for mask in ((255, 0, 0), (0, 0, 255)))
    return red, blue


def _plus_green(numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if numbers.ndim != 3 or numbers.shape[2] != 3:
        raise ValueError(f"an image of shape {numbers.shape} has no red, green and blue")
    numbers[..., 0] += numbers[..., 1]
    numbers[..., 2] += numbers[..., 1]
    return numbers


def _halves(image: NDArray[np.float32]) -> NDArray[np.float16] | None:
    """The image in 16-bit floats, None if they cannot hold it: infinity may stand in it, nan may not."""
    half = image.astype(np.float16)
    return half if np.array_equal(_widened(half), image) else None


def _widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    return halves.astype(np.float32)


def _reciprocals(image: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """1 / image, None if that does not lead back.

    The inverse depth of a plane is linear in the image (perspective; Blinn 1992, "Hyperbolic interpolation"), which is
    why renderers interpolate it and depth is read from its reciprocal: straight lines again.
    """
    inverse = _reciprocal(image)
    return inverse if np.array_equal(_reciprocal(inverse), image) else None


def _reciprocal(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return np.float32(1) / numbers


def _steps(n: int, number: str, image: NDArray[np.float32]) -> NDArray[Any] | None:
    """The image as numbers of steps of 2^-n, None where it is none of whole ones, or of more than the type holds.

    Negative values stand one step lower than they are, so that -1 is the negative zero and no bit is lost.
    """
    scaled = image * np.float32(1 << n)
    steps = scaled.astype(number)
    if not np.array_equal(steps, scaled) or int(steps.min()) == np.iinfo(number).min:
        return None
    steps -= np.signbit(image).view(np.int8)
    return steps


def _from_steps(n: int, steps: NDArray[Any]) -> NDArray[np.float32]:
    sign = steps >> 8 * steps.itemsize - 1
    image: NDArray[np.float32] = (steps ^ sign).astype(np.float32)
    image *= np.float32(2.0**-n)
    image.view(np.int32)[...] |= sign.astype(np.int32) << 31
    return image


def _stepped(n: int, number: str) -> Form:
    return Form(1, partial(_steps, n, number), partial(_from_steps, n), number, "<f4")


FORMS = {
    "values": Form(0, _same, _same),
    "left": Form(1, _same, _same),
    "line": Form(2, _same, _same),
    "colour": Form(1, _less_green, _plus_green, image="|u1"),
    "half": Form(1, _halves, _widened, "<f2", "<f4"),
    "reciprocal": Form(2, _reciprocals, _reciprocal, image="<f4"),
    **{f"steps-{1 << n}": _stepped(n, "<i2") for n in range(FINEST_STEP + 1)},
    **{f"wide-steps-{1 << n}": _stepped(n, "<i4") for n in range(FINEST_STEP + 1)},
}
STEPS_FORM = "steps-"  # with 1, 2, 4, ... behind it: how many make 1
STEPS = [f"{width}steps-{1 << n}" for n in range(FINEST_STEP + 1) for width in ("", "wide-")]  # coarse ones first


def residues_of(form: str, image: NDArray[Any]) -> NDArray[np.uint8] | None:
    """The residues of the numbers that a form (a name in FORMS) makes of an image; None where it does not fit."""
    return residues(image, FORMS[form].numbers, FORMS[form].differences)


def encode_image(modality: str, image: NDArray[Any], residues_of: Residues = residues_of) -> dict[str, Any]:
    """A map with `encoding`, `dtype`, `shape` and `data`; the same bytes for the same image.

    Args:
        modality: `rgb`, `albedo`, `semantic`, `part` and `instance` must be of their type and shape; with any
            other name, anything goes.
        image: (H, W) or (H, W, channels).
        residues_of: the function of that name, or one that gives the same and is faster.

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
    image = np.ascontiguousarray(image, dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # such numbers do not lead back, and that is looked at
        probe = image[:: max(1, len(image) // PROBE_ROWS)]
        name, data = next(_fitting(_forms(modality, probe), probe, image, residues_of))
    return {"encoding": name, "dtype": dtype, "shape": list(image.shape), "data": data}


def _forms(modality: str, probe: NDArray[Any]) -> list[str]:
    """The forms that may suit an image, of which some rows are given, best first; the last one fits every image."""
    if modality in PICTURES:
        return ["colour"]
    if modality in LABELS:
        return ["values"]
    if modality == "depth":
        return ["reciprocal", "line"] if probe.dtype == np.float32 else ["line"]
    return [*STEPS[2 * _coarsest(probe) :], "half", "left"] if probe.dtype == np.float32 else ["left"]


def _coarsest(image: NDArray[np.float32]) -> int:
    """The least n up to FINEST_STEP for which all values are whole multiples of 2^-n; where there is none, any."""
    steps = image * np.float32(1 << FINEST_STEP)
    if not np.abs(steps).max() < 1 << 31:  # or there is no number
        return 0
    bits = int(np.bitwise_or.reduce(steps.astype(np.int32), axis=None))
    zeros = (bits & -bits).bit_length() - 1 if bits else FINEST_STEP  # at the end of all of them
    return FINEST_STEP - min(FINEST_STEP, zeros)


def _fitting(
    names: list[str], probe: NDArray[Any], image: NDArray[Any], residues_of: Residues
) -> Iterator[tuple[str, bytes]]:
    """The forms among these that lead back to the image, with its numbers as bytes."""
    for name in names:
        form = FORMS[name]
        if form.differences == 0:
            yield name, zstd_compress(image.reshape(-1).view(np.uint8).data, Kind.NUMBERS)
        elif form.numbers(probe) is not None:
            planes = residues_of(name, image)
            if planes is not None:
                yield name, zstd_compress(planes.data, Kind.NOISE if name in NOISY else Kind.NUMBERS)


def _decompressed(data: bytes, form: Form, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if form.image and form.image != dtype.str:
        raise ValueError(f"an image of {dtype.str} stands where {form.image} should")
    byte_count(dtype, shape)  # the image may be larger than its numbers
    number = np.dtype(form.number) if form.number else dtype
    content = zstd_decompress(data, byte_count(number, shape))
    if form.differences == 0:
        return np.frombuffer(bytearray(content), dtype).reshape(shape)
    return form.values(sums(content, number, shape, form.differences))


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
