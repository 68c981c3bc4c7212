"""Randomness by name: every draw comes from a generator found again by its name and indices, so none is state."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str, *indices: int) -> np.random.Generator:
    """A fresh generator for one named purpose; the same arguments always give the same numbers.

    `indices` (non-negative) tell rows, ticks or turns apart. Because a stream is made where it is used and dropped
    afterwards, a society holds no generator state that a snapshot would have to keep.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), *indices)))


def speech_seed(seed: int, row: int, tick: int, call: int) -> int:
    """Seed (31 bits) of one wording request; below 2^31, so never the 0xFFFFFFFF that means random to llama.cpp."""
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(b"speech"), row, tick, call))
    return int(sequence.generate_state(1)[0]) >> 1
