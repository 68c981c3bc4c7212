"""Columns that follow each other in time, stored as their steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.columns import layout_from_plain, layout_to_plain, steps_from_plain, steps_to_plain
from recorder.container import SessionError
from recorder.payload import pack, unpack
from recorder.schema import BUILDING, ENVIRONMENT, LOOKS, PLANT, VILLAGER
from recorder.writer import SessionWriter
from tests.recorder import synthetic


@settings(deadline=None)
@given(
    st.sampled_from([PLANT, BUILDING, LOOKS, VILLAGER, ENVIRONMENT]),
    st.integers(0, 2**32),
    st.lists(st.integers(0, 4), min_size=1, max_size=2),
)
def test_any_bits_come_back(dtype: np.dtype, seed: int, shape: list[int]) -> None:
    table = synthetic.random_table(np.random.default_rng(seed), dtype, tuple(shape))
    layout = layout_from_plain(unpack(pack(layout_to_plain(dtype))))
    back = steps_from_plain(unpack(pack(steps_to_plain(table))), layout)
    assert back.dtype == dtype and back.shape == table.shape and back.tobytes() == table.tobytes()


def test_steps_of_another_length_are_refused() -> None:
    table = np.zeros((3, 2), VILLAGER)
    whole = unpack(pack(steps_to_plain(table)))
    for steps in (whole["steps"][:-1], whole["steps"] + b"\0", b""):
        with pytest.raises(ValueError, match="bytes"):
            steps_from_plain({**whole, "steps": steps}, VILLAGER)


def test_what_changes_steadily_is_stored_as_zeros() -> None:
    table = np.zeros(9, [("tick", "<i4")])
    table["tick"] = 1000 + np.arange(9)
    assert steps_to_plain(table)["steps"] == bytes([1000 & 255, *[1] * 8, 1000 >> 8]) + bytes(26)


def test_only_the_columns_of_the_schema_are_taken(tmp_path) -> None:
    rng = np.random.default_rng(0)
    given_tick = synthetic.snapshot(rng, 0)
    villagers = given_tick.villagers.astype([("x", "<f8"), *VILLAGER.descr[1:]])
    with SessionWriter(tmp_path / "a.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        with pytest.raises(SessionError, match="other columns"):
            writer.snapshot(type(given_tick)(0, given_tick.environment, villagers))
        writer.snapshot(given_tick)
