"""The mixing of numpy's seed sequence in machine code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from world.compiled import compiled

POOL = 4  # words that entropy is mixed into
WORD = 0xFFFFFFFF
# Constants of O'Neill's `seed_seq_fe` (2015), on which numpy's is modelled.
FIRST_IN, NEXT_IN = 0x43B0D7E5, 0x931E8875
FIRST_OUT, NEXT_OUT = 0x8B51F9DD, 0x58F38DED
JOIN_OLD, JOIN_NEW = 0xCA01F9DD, 0x4973F715


@compiled
def mixed(entropy: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Eight words drawn from a pool into which at least POOL words of entropy were mixed."""
    pool = np.empty(POOL, np.int64)
    factor = FIRST_IN
    for i in range(POOL):
        pool[i], factor = _hash(int(entropy[i]), factor, NEXT_IN)
    for source in range(POOL):
        for target in range(POOL):
            if source != target:
                value, factor = _hash(int(pool[source]), factor, NEXT_IN)
                pool[target] = _joined(int(pool[target]), value)
    for source in range(POOL, entropy.size):
        for target in range(POOL):
            value, factor = _hash(int(entropy[source]), factor, NEXT_IN)
            pool[target] = _joined(int(pool[target]), value)
    words = np.empty(2 * POOL, np.uint32)
    factor = FIRST_OUT
    for i in range(2 * POOL):
        words[i], factor = _hash(int(pool[i % POOL]), factor, NEXT_OUT)
    return words


@compiled
def _hash(value: int, factor: int, multiplier: int) -> tuple[int, int]:
    """A word hashed, and the factor for the next one."""
    value = (value ^ factor) & WORD
    factor = (factor * multiplier) & WORD
    value = (value * factor) & WORD
    return value ^ value >> 16, factor


@compiled
def _joined(one: int, other: int) -> int:
    mixed = (JOIN_OLD * one - JOIN_NEW * other) & WORD
    return mixed ^ mixed >> 16
