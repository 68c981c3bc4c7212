"""Named random streams and hashed positions: every random number of the world and of its people comes from here."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISpawnableSeedSequence
from numpy.typing import NDArray

POOL = 4  # words to which a seed is padded before what is behind it
WORD = 0xFFFFFFFF


def stream(seed: int, name: str, *indices: int) -> np.random.Generator:
    """A fresh generator for one named purpose, independent of every other name and index.

    `indices` (non-negative) tell rows, ticks or turns apart. A stream is made where it is used and dropped afterwards,
    so nothing holds generator state that a snapshot would have to keep.
    """
    seeded: Any = _Seeded(seed, name, indices)  # numpy's types know of its own seed sequence only
    return np.random.Generator(np.random.PCG64(seeded))


def seed_words(seed: int, name: str, *indices: int) -> NDArray[np.uint32]:
    """The first eight words that `numpy.random.SeedSequence(seed, spawn_key=(crc32(name), *indices))` generates.

    A quarter of its time, which counts where every turn of a talk draws from streams of its own.
    """
    words = _words_of(seed)
    words += [0] * (POOL - len(words))
    words.append(zlib.crc32(name.encode()))
    for index in indices:
        words += _words_of(index)
    return _mixing()(np.array(words, np.int64))


def hashed_unit(column: NDArray[np.int64], row: NDArray[np.int64], seed: int, name: str) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1) that depend only on the integer position, the seed and the name.

    Mixing by the finaliser of MurmurHash3 (Appleby 2011), so that neighbours are uncorrelated.
    """
    salt = np.uint64(zlib.crc32(name.encode()) ^ ((seed * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF))
    mixed = column.astype(np.uint64) * np.uint64(0x8DA6B343) + row.astype(np.uint64) * np.uint64(0xD8163841) + salt
    for factor in (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)):
        mixed = (mixed ^ (mixed >> np.uint64(33))) * factor
    mixed ^= mixed >> np.uint64(33)
    return (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)


class _Seeded(ISpawnableSeedSequence):
    """What `seed_words` gives, as the generators of numpy take it; who spawns gets numpy's own children."""

    def __init__(self, seed: int, name: str, indices: tuple[int, ...]) -> None:
        self._made_of = seed, name, indices
        self._parent: np.random.SeedSequence | None = None

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        seed, name, indices = self._made_of
        words: NDArray[Any] = seed_words(seed, name, *indices).view(dtype)
        return words[:n_words]

    def spawn(self, n_children: int) -> list[Any]:
        if self._parent is None:
            seed, name, indices = self._made_of
            self._parent = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), *indices))
        return self._parent.spawn(n_children)


@cache
def _mixing() -> Callable[[NDArray[np.int64]], NDArray[np.uint32]]:
    from world.mixing import mixed  # noqa: PLC0415 - half a second to load, and not every command draws

    return mixed


def _words_of(number: int) -> list[int]:
    """A number in words of 32 bits, the lowest first. Raises ValueError if it is negative."""
    if number < 0:
        raise ValueError(f"streams are told apart by numbers from nought up, not by {number}")
    number = int(number)
    words = [number & WORD]
    while number := number >> 32:
        words.append(number & WORD)
    return words
