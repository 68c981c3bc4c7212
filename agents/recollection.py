"""What makes a memory fit a cue: words in common, and scores made comparable. Deterministic, and without a network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from agents.acts import Fact
from world.compiled import compiled
from world.view import Floats

WORDS = 6  # of an episode that are kept; what is spoken of is named in fewer
_WORD = re.compile(r"[a-z]+")
COMMON = frozenset(
    _WORD.findall(
        "a an and at before by for from her his how i in is it its my of off on one our she so than that the their "
        "them then there they this to two until up was we were what when where who will with you your"
    )
)
"""Words that tell nothing apart."""


@lru_cache(maxsize=4096)
def telling_words(text: str) -> tuple[int, ...]:
    """The first words of a text that tell something, as numbers: at most WORDS."""
    words = dict.fromkeys(_stem(w) for w in _WORD.findall(text.lower()) if w not in COMMON)
    return tuple(crc32(word.encode()) or 1 for word in words)[:WORDS]


def word_numbers(text: str) -> NDArray[np.uint32]:
    """The first words of a text that tell something, as (WORDS,) numbers; 0 where there are fewer."""
    numbers = np.zeros(WORDS, np.uint32)
    found = telling_words(text)
    numbers[: len(found)] = found
    return numbers


def fact_words(fact: Fact) -> str:
    """The words that a fact is about, from its kind and its details."""
    said: Iterable[Any] = (fact.details[name] for name in sorted(fact.details))
    return " ".join([*(text for text in said if isinstance(text, str)), fact.kind.replace("_", " ")])


def word_fit(words: NDArray[np.uint32], cue: Iterable[int]) -> Floats:
    """How well the words (m, WORDS) of some memories fit those of a cue: 0 for none in common, 1 for all.

    BM25 (Robertson & Zaragoza 2009) where every word stands once and all texts are equally long: the sum of the
    inverse document frequencies of the words in common, over that of all words of the cue.
    """
    total, fit = 0.0, np.zeros(len(words))
    for number in cue:
        has = _having(words, number)
        holding = int(np.count_nonzero(has))
        weight = float(np.log1p((len(words) - holding + 0.5) / (holding + 0.5)))
        fit += weight * has
        total += weight
    return fit / total


@compiled
def _having(words: NDArray[np.uint32], number: int) -> NDArray[np.bool_]:
    """Memories (m,) that have a word."""
    has = np.zeros(words.shape[0], np.bool_)
    for i in range(words.shape[0]):
        for word in words[i]:
            has[i] |= word == number
    return has


def scaled(values: NDArray[Any], least_range: float) -> Floats:
    """Values from 0 (the least of them) to 1 (the greatest); where they span less than `least_range`, less than 1."""
    if not len(values):
        return np.zeros(0)
    low, high = float(np.minimum.reduce(values)), float(np.maximum.reduce(values))
    return (values.astype(np.float64) - low) / max(high - low, least_range)


def _stem(word: str) -> str:
    """Plurals and singulars as one."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
