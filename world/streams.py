"""Named random streams and hashed positions: every random number of the world and of its people comes from here."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, name: str, *indices: int) -> np.random.Generator:
    """A fresh generator for one named purpose, independent of every other name and index.

    `indices` (non-negative) tell rows, ticks or turns apart. A stream is made where it is used and dropped afterwards,
    so nothing holds generator state that a snapshot would have to keep.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), *indices)))


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
