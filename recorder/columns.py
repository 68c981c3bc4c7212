"""Arrays as bytes: numpy arrays and structured columns, byte-shuffled so that zlib finds their regularity."""

from __future__ import annotations

import math
import re
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.container import MAX_PAYLOAD

DTYPE_NAME = re.compile(r"[<|](b1|[iu][1248]|f[248])")  # what may stand in a file: little-endian numbers and booleans
MAX_DIMENSIONS = 8
LAYOUTS = 16  # tables of different columns that are in use at the same time


@cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """The little-endian name of a number type, such as `<f4`.

    Raises:
        ValueError: the type is not a boolean, integer or float that a session can hold.
    """
    name = dtype.newbyteorder("<").str
    if not DTYPE_NAME.fullmatch(name):
        raise ValueError(f"arrays of {dtype} cannot be stored")
    return name


def shuffle(array: NDArray[Any]) -> bytes:
    """First bytes of all values, then second bytes, ...: little-endian, C order."""
    flat = np.ascontiguousarray(array, dtype=dtype_name(array.dtype)).reshape(-1)
    return flat.view(np.uint8).reshape(flat.size, flat.dtype.itemsize).T.tobytes()


def unshuffle(data: bytes, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array whose shuffled bytes are given; owns its memory.

    Raises:
        ValueError: the type is not allowed, or the number of bytes does not fit the shape.
    """
    kind = checked_dtype(dtype)
    count = byte_count(kind, shape) // kind.itemsize
    if len(data) != count * kind.itemsize:
        raise ValueError(f"{len(data)} bytes do not make an array of {dtype} and shape {shape}")
    planes = np.frombuffer(data, np.uint8).reshape(kind.itemsize, count)
    values = np.empty((count, kind.itemsize), np.uint8)
    for byte in range(kind.itemsize):  # a third of the time of a transposed copy
        values[:, byte] = planes[byte]
    return values.view(kind).reshape(shape)


def checked_dtype(name: object) -> np.dtype[Any]:
    """The number type of a name read from a file.

    Raises:
        ValueError: the name is not one of the types a session may hold.
    """
    if not isinstance(name, str) or not DTYPE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a number type of the format")
    return np.dtype(name)


def checked_shape(shape: object) -> tuple[int, ...]:
    """A shape read from a file.

    Raises:
        ValueError: it is not a short list of sizes.
    """
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise ValueError(f"{shape!r} is not a shape")
    if any(not isinstance(size, int) or size < 0 for size in shape):
        raise ValueError(f"{shape!r} is not a shape")
    return tuple(shape)


def byte_count(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    """Bytes of an array, refused above the limit of one record.

    Raises:
        ValueError: the array would be larger than a record may be.
    """
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_PAYLOAD:
        raise ValueError(f"an array of {dtype.str} and shape {shape} is above the limit of {MAX_PAYLOAD} bytes")
    return size


def array_to_plain(array: NDArray[Any]) -> dict[str, Any]:
    """An array of numbers as a map that msgpack can hold."""
    return {"dtype": dtype_name(array.dtype), "shape": list(array.shape), "data": shuffle(array)}


def array_from_plain(value: Any) -> NDArray[Any]:
    """The array behind `array_to_plain`.

    Raises:
        ValueError: type, shape and bytes do not agree.
    """
    return unshuffle(value["data"], value["dtype"], checked_shape(value["shape"]))


def table_to_plain(table: NDArray[np.void]) -> dict[str, Any]:
    """A structured array, one column per field; every column has the table's shape plus the field's own."""
    names = table.dtype.names or ()
    return {"shape": list(table.shape), "fields": [[name, array_to_plain(table[name])] for name in names]}


def table_from_plain(value: Any) -> NDArray[np.void]:
    """The structured array behind `table_to_plain`, with the fields the file has, in its order.

    Raises:
        ValueError: a column does not fit the table.
    """
    shape = checked_shape(value["shape"])
    columns = {str(name): array_from_plain(column) for name, column in value["fields"]}
    for name, column in columns.items():
        if column.shape[: len(shape)] != shape:
            raise ValueError(f"column {name!r} of shape {column.shape} does not fit a table of shape {shape}")
    table = np.zeros(shape, np.dtype([(name, c.dtype.str, c.shape[len(shape) :]) for name, c in columns.items()]))
    for name, column in columns.items():
        table[name] = column
    return table


def layout_to_plain(dtype: np.dtype[np.void]) -> list[list[Any]]:
    """The fields of a structured type as [name, number type, shape of one value]."""
    return [[name, dtype_name(dtype[name].base), list(dtype[name].shape)] for name in dtype.names or ()]


def layout_from_plain(value: Any) -> np.dtype[np.void]:
    """The structured type behind `layout_to_plain`.

    Raises:
        ValueError: a field's number type or shape is not allowed, or two have one name.
    """
    return np.dtype([(str(name), checked_dtype(number), checked_shape(shape)) for name, number, shape in value])


def steps_to_plain(table: NDArray[np.void]) -> dict[str, Any]:
    """A structured array whose rows follow each other in time, as how each of its bytes differs from the row before.

    Bytes wrap around, so nothing is lost. Names and types are not in it: a table of few rows would be mostly those.
    Differences of whole numbers took a tenth fewer bytes, and five times as long: a chunk is small, and the calls of
    numpy cost more than the work they do.
    """
    rows = np.ascontiguousarray(table, _stored(table.dtype))
    bytes_ = rows.view(np.uint8).reshape(len(rows), math.prod(rows.shape[1:]), rows.dtype.itemsize)
    steps = bytes_.copy()
    steps[1:] -= bytes_[:-1]
    return {"shape": list(table.shape), "steps": steps.transpose(2, 1, 0).tobytes()}


@lru_cache(LAYOUTS)
def _stored(dtype: np.dtype[np.void]) -> np.dtype[np.void]:
    """The type with little-endian numbers and no bytes between its fields."""
    return layout_from_plain(layout_to_plain(dtype))


def steps_from_plain(value: Any, layout: np.dtype[np.void]) -> NDArray[np.void]:
    """The structured array behind `steps_to_plain`.

    Raises:
        ValueError: shape and bytes do not fit the layout.
    """
    shape, data = checked_shape(value["shape"]), value["steps"]
    if not shape or len(data) != byte_count(layout, shape):
        raise ValueError(f"{len(data)} bytes do not make a table of shape {shape}")
    steps = np.frombuffer(data, np.uint8).reshape(layout.itemsize, math.prod(shape[1:]), shape[0])
    rows = np.add.accumulate(steps.transpose(2, 1, 0), axis=0, dtype=np.uint8)
    return np.ascontiguousarray(rows).view(layout).reshape(shape)
