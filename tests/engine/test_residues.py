"""Machine code makes the same residues as the record's own, whatever an image holds, and leaves the same ones out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.residues import fast_residues
from recorder.images import FORMS, encode_image, residues_of

PATIENT = settings(deadline=None)  # the first of each kind compiles
SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=9)
ODD = [0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345, 1, 0x80000001, 0x47000000, 0xC7000000, 0xC6FFFE00]
FLOATS = sorted(name for name, form in FORMS.items() if form.differences and form.image == "<f4")


def same(form: str, image: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        mine, theirs = fast_residues(form, image), residues_of(form, image)
    if mine is None or theirs is None:
        return mine is theirs
    return mine.dtype == theirs.dtype and np.array_equal(mine, theirs)


@PATIENT
@given(
    st.sampled_from(FLOATS), hnp.arrays(np.uint32, SHAPES, elements=st.sampled_from(ODD) | st.integers(0, 2**32 - 1))
)
def test_of_any_bits(form: str, bits: np.ndarray) -> None:
    assert same(form, bits.view(np.float32))


@PATIENT
@given(
    st.sampled_from(FLOATS),
    hnp.arrays(np.int32, SHAPES, elements=st.integers(-32770, 32770)),
    st.integers(0, 13),
    st.sampled_from([1, -1]),
)
def test_of_whole_steps(form: str, steps: np.ndarray, n: int, sign: int) -> None:
    assert same(form, steps.astype(np.float32) / np.float32(sign * (1 << n)))


@PATIENT
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 70), st.just(3))))
def test_of_colours(image: np.ndarray) -> None:
    assert same("colour", image)


@pytest.mark.parametrize("modality", ["rgb", "depth", "normal", "flow", "instance", "anything"])
def test_an_image_is_stored_in_the_same_bytes(modality: str) -> None:
    rng = np.random.default_rng(5)
    image = {
        "rgb": rng.integers(0, 256, (37, 51, 3), np.uint8),
        "depth": 1 / np.linspace(0.0, 0.3, 37 * 51, dtype=np.float32).reshape(37, 51).clip(1e-3),
        "normal": (rng.integers(-2048, 2049, (37, 51, 3)) / 2048).astype(np.float32),
        "flow": (rng.integers(-90000, 90000, (37, 51, 2)) / 256).astype(np.float32),  # more than 16 bits hold
        "instance": rng.integers(0, 900, (37, 51), np.uint32),
        "anything": rng.normal(size=(37, 51, 2)).astype(np.float32),
    }[modality]
    assert encode_image(modality, image, fast_residues) == encode_image(modality, image)
