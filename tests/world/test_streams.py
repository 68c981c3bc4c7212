"""Streams are those of numpy's own seed sequence, word for word."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from world.streams import seed_words, stream

NUMBERS = st.one_of(st.integers(0, 2**33), st.integers(0, 2**200))


def numpys(seed: int, name: str, indices: list[int]) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(zlib.crc32(name.encode()), *indices))


@settings(max_examples=200, deadline=None)
@given(NUMBERS, st.text(max_size=12), st.lists(NUMBERS, max_size=5))
def test_words_and_draws_are_those_of_numpys_seed_sequence(seed: int, name: str, indices: list[int]) -> None:
    assert seed_words(seed, name, *indices).tolist() == numpys(seed, name, indices).generate_state(8).tolist()
    theirs = np.random.default_rng(numpys(seed, name, indices))
    assert stream(seed, name, *indices).normal(size=3).tolist() == theirs.normal(size=3).tolist()


def test_children_of_a_stream_are_numpys_and_differ() -> None:
    ours = [child.random() for child in stream(7, "a", 3).spawn(2) + stream(7, "a", 3).spawn(1)]
    theirs = [child.random() for child in np.random.default_rng(numpys(7, "a", [3])).spawn(2)]
    assert ours == [*theirs, theirs[0]]
    rng = stream(7, "a", 3)
    assert rng.spawn(1)[0].random() != rng.spawn(1)[0].random()


def test_negative_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        stream(7, "a", -1)
