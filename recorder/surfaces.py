"""What lies on the ground as bytes: maps of whole numbers, as steps from cell to cell or from an earlier surface.

Rain and thaw move few cells by little in half a minute, so steps in time are a fraction of a whole surface. They make
a shallow tree: of sixteen surfaces in a row the first is whole, and the others lead to it over at most four. So any is
read quickly, and damage to one takes few others with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import byte_count, checked_shape, shuffle, unshuffle
from recorder.compression import Kind, zstd_compress, zstd_decompress
from recorder.schema import Surface

MAPS = {"water_m": 100, "snow_m": 200, "wetness": 32, "ice_m": 100}  # steps to one, as the world rounds what it shows
COUNTED, BITS = "<u2", "<u4"  # number types: of values that are so many steps; of the bits of any others
GROUP = 16  # surfaces of which the first is whole
LONGEST_WAY = 64  # from a surface to a whole one; a reader goes no further


@dataclass(frozen=True)
class Numbers:
    """One map as unsigned whole numbers."""

    scale: int  # steps to one; 0: the numbers are the bits of the values
    values: NDArray[Any]


Maps = dict[str, Numbers]


def counted(array: NDArray[np.float32], scale: int) -> Numbers:
    """The numbers of a map: steps where every value is a step to the last bit, else the values' bits."""
    array = np.ascontiguousarray(array, "<f4")
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.rint(array.astype(np.float64) * scale)
        inside = (steps >= 0) & (steps <= np.iinfo(COUNTED).max)
    numbers = Numbers(scale, np.where(inside, steps, 0).astype(COUNTED))
    if np.array_equal(values(numbers).view(BITS), array.view(BITS)):
        return numbers
    return Numbers(0, array.view(BITS))


def values(numbers: Numbers) -> NDArray[np.float32]:
    """The map behind its numbers."""
    if numbers.scale == 0:
        return numbers.values.view("<f4")
    return np.asarray(numbers.values / np.float32(numbers.scale))


class SurfaceEncoder:
    """Makes the surfaces of one file plain, in their order; each may lean on those before it."""

    def __init__(self) -> None:
        self._number = 0  # in its group
        self._bases: dict[int, tuple[int, Maps]] = {}  # by number: tick and maps of those that others may lean on

    def encode(self, surface: Surface) -> dict[str, Any]:
        """The content of a SURFACE record."""
        number, base = self._number, self._number & (self._number - 1)
        now = {name: counted(getattr(surface, name), scale) for name, scale in MAPS.items()}
        tick, before = self._bases[base] if number else (None, {})
        maps = {name: _plain(numbers, before.get(name)) for name, numbers in now.items()}
        leans = any(each["leans"] for each in maps.values())
        self._number = (number + 1) % GROUP
        self._bases = {each: held for each, held in self._bases.items() if each in _way(number)}
        self._bases[number] = surface.tick, now
        rows, columns = surface.water_m.shape
        return {
            "tick": surface.tick,
            **({"base": tick} if leans else {}),
            "shape": [rows, columns],
            "maps": maps,
        }


def _way(number: int) -> set[int]:
    """The numbers that a surface leans on, over all its bases."""
    way = set()
    while number:
        number &= number - 1
        way.add(number)
    return way


def _plain(numbers: Numbers, base: Numbers | None) -> dict[str, Any]:
    """One map, as steps from its base or northwards, whichever is shorter."""
    made = []
    if base is not None and base.scale == numbers.scale and base.values.shape == numbers.values.shape:
        made.append((True, _packed(numbers.values - base.values)))
    if not made or len(made[0][1]) > numbers.values.size // 8:  # else a whole one would hardly be shorter
        northwards = numbers.values.copy()
        northwards[1:] -= numbers.values[:-1]
        made.append((False, _packed(northwards)))
    leans, data = min(made, key=lambda each: len(each[1]))
    return {"scale": numbers.scale, "leans": leans, "data": data}


def _packed(steps: NDArray[Any]) -> bytes:
    """Wrapped-around steps, small ones of either sign as small numbers."""
    signed = steps.view(f"<i{steps.itemsize}")
    return zstd_compress(shuffle(((signed << 1) ^ (signed >> (8 * steps.itemsize - 1))).view(steps.dtype)), Kind.MAP)


def base_of(value: Mapping[str, Any]) -> int | None:
    """The tick of the surface that a record leans on; None for a whole one.

    Raises:
        ValueError: it would not lie before it.
    """
    if not any(bool(each["leans"]) for each in value["maps"].values()):
        return None
    base = int(value["base"])
    if not 0 <= base < int(value["tick"]):
        raise ValueError("a surface that leans on a later one")
    return base


def maps_from_plain(value: Mapping[str, Any], base: Maps, limit: tuple[int, ...]) -> Maps:
    """The maps in a SURFACE record.

    Args:
        value: its content.
        base: the maps of the surface it leans on; empty for a whole one.
        limit: the shape that the maps must have.

    Raises:
        ValueError, KeyError, TypeError: it does not hold maps of this shape, or leans on what is not there.
    """
    shape = checked_shape(value["shape"])
    if shape != limit or len(shape) != 2:
        raise ValueError(f"a surface of shape {shape} on ground of shape {limit}")
    return {name: _numbers(value["maps"][name], base.get(name), shape) for name in MAPS}


def _numbers(value: Mapping[str, Any], base: Numbers | None, shape: tuple[int, ...]) -> Numbers:
    scale = int(value["scale"])
    if not 0 <= scale <= np.iinfo(COUNTED).max:
        raise ValueError(f"a map of {scale} steps to one")
    dtype = COUNTED if scale else BITS
    size = byte_count(np.dtype(dtype), shape)
    steps = unshuffle(zstd_decompress(value["data"], size), dtype, shape)
    steps = (steps >> 1) ^ (0 - (steps & 1))
    if not value["leans"]:
        return Numbers(scale, np.add.accumulate(steps, axis=0, dtype=dtype))
    if base is None or base.scale != scale:
        raise ValueError("a map leans on one of another kind")
    return Numbers(scale, steps + base.values)


def surface_of(tick: int, maps: Maps) -> Surface:
    """The surface of a tick, which nobody can change."""
    arrays = {name: values(numbers) for name, numbers in maps.items()}
    for array in arrays.values():
        array.flags.writeable = False
    return Surface(tick, **arrays)
