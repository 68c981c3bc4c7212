"""What one record holds: plain values as msgpack bytes and back, under explicit limits."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from recorder.container import SessionError

MAX_ITEMS = 1 << 20  # entries of one msgpack array or map, and of all of one payload together


def plain(value: Any) -> Any:
    """The value in the types msgpack knows: numpy scalars and enums unwrapped, sequences as lists, dates as text."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value


def known_value(value: Any) -> Any:
    """What msgpack does not know by itself, in the types it knows."""
    known = plain(value)
    if known is value:
        raise TypeError(f"{type(value).__name__} is not a value of the format")
    return known


def pack(value: Any, known: Callable[[Any], Any] = known_value) -> bytes:
    """The msgpack bytes of a value made of maps, sequences, numbers, text and bytes.

    Args:
        value: to be packed.
        known: gives what msgpack does not know in types it knows.

    Raises:
        SessionError: the value holds something that cannot be stored, such as an object or an integer above 64 bits.
    """
    try:
        return bytes(msgpack.packb(value, default=known, use_bin_type=True, unicode_errors="surrogatepass"))
    except (TypeError, ValueError, OverflowError) as error:
        raise SessionError(f"This value cannot be stored in a session: {error}.") from error


class _Budget:
    """Counts what a payload unpacks to, so that few bytes cannot become many objects."""

    def __init__(self, items: int) -> None:
        self._left = items

    def take(self, value: Any) -> Any:
        """A list or map that was just unpacked, or ValueError if there were too many before it."""
        self._left -= 1 + len(value)
        if self._left < 0:
            raise ValueError(f"it holds more than {MAX_ITEMS} entries")
        return value


def unpack(data: bytes) -> Any:
    """The value behind msgpack bytes, under explicit limits.

    Raises:
        ValueError: the bytes are not one whole msgpack value within the limits.
    """
    size = len(data)
    items = min(size, MAX_ITEMS)
    budget = _Budget(MAX_ITEMS)
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=False,
            unicode_errors="surrogatepass",
            list_hook=budget.take,
            object_hook=budget.take,
            max_str_len=size,
            max_bin_len=size,
            max_array_len=items,
            max_map_len=items,
            max_ext_len=0,
        )
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
