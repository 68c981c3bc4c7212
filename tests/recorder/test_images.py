"""Images come back bit for bit whatever they hold, are what FORMAT.md says, and hostile ones take no memory."""

from __future__ import annotations

import io
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from recorder.columns import shuffle
from recorder.compression import zstd_compress
from recorder.images import FORMS, decode_image, encode_image
from recorder.png import decode_png, encode_png
from recorder.reader import Session

CORPUS = Path(__file__).parent / "corpus" / "v1-valley.hamlet"
PATIENT = settings(deadline=None)  # the machine may be busy
MODALITIES = st.sampled_from(["depth", "normal", "flow", "flow_valid", "anything"])
NUMBERS = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="<"),
    hnp.unsigned_integer_dtypes(endianness=">"),
    hnp.floating_dtypes(sizes=(16, 32, 64)),
)
SHAPES = hnp.array_shapes(min_dims=2, max_dims=3, max_side=9)
ODD = np.array([0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345, 0x7F800001, 1, 0x80000001], np.uint32)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def back(modality: str, image: np.ndarray) -> np.ndarray:
    return decode_image(encode_image(modality, image))


def naive(value: dict[str, Any]) -> np.ndarray:
    """A reader in integers and fractions, value by value, from the words of FORMAT.md."""
    name, shape = value["encoding"], (*value["shape"], 1)[:3]
    raw = zstandard.decompress(value["data"])
    if name == "values":
        return np.frombuffer(raw, value["dtype"]).reshape(value["shape"])
    kind = {"half": "<f2", "steps": "<i2", "wide": "<i4"}.get(name.split("-")[0], value["dtype"])
    size = np.dtype(kind).itemsize
    count = len(raw) // size
    numbers = [int.from_bytes(raw[i::count], "little") for i in range(count)]
    numbers = [n // 2 if n % 2 == 0 else -(n // 2) - 1 for n in numbers]
    channels, width = shape[2], shape[1]
    for _ in range(2 if name in ("line", "reciprocal") else 1):
        for i in range(count):
            if i // channels % width > 0:
                numbers[i] += numbers[i - channels]
    bits = b"".join((n % 256**size).to_bytes(size, "little") for n in numbers)
    image = np.frombuffer(bits, kind).reshape(value["shape"])
    if name == "colour":
        red, green, blue = (image[..., k].astype(int) for k in range(3))
        return np.stack([(red + green) % 256, green, (blue + green) % 256], axis=-1).astype(np.uint8)
    if name == "reciprocal":
        inverse = [float("inf") if n == 0 else float(Fraction(1) / Fraction(float(n))) for n in image.ravel()]
        return np.array(inverse, np.float32).reshape(image.shape)
    if "steps" in name:
        per_unit = int(name.rsplit("-", 1)[1])
        floats = [-(-1 - int(n)) / per_unit if n < 0 else int(n) / per_unit for n in image.ravel()]
        floats = [-0.0 if n == -1 else x for n, x in zip(image.ravel(), floats, strict=True)]
        return np.array(floats, np.float32).reshape(image.shape)
    return image.astype(value["dtype"])


@PATIENT
@given(MODALITIES, hnp.arrays(NUMBERS, SHAPES))
def test_whatever_it_holds_comes_back_bit_for_bit(modality: str, image: np.ndarray) -> None:
    assert same(back(modality, image), image.astype(image.dtype.newbyteorder("<")))


@PATIENT
@given(MODALITIES, hnp.arrays(np.uint32, SHAPES, elements=st.sampled_from(ODD.tolist()) | st.integers(0, 2**32 - 1)))
def test_odd_floats_keep_every_bit(modality: str, bits: np.ndarray) -> None:
    image = bits.view(np.float32)
    assert same(back(modality, image), image)


@PATIENT
@given(
    st.integers(0, 16),
    hnp.arrays(np.int64, SHAPES, elements=st.integers(-40000, 40000) | st.just(2**24)),
    st.sampled_from([1, -1]),
)
def test_steps_keep_the_sign_of_zero(n: int, steps: np.ndarray, sign: int) -> None:
    image = steps.astype(np.float32) / np.float32(sign * (1 << n))
    value = encode_image("flow", image)
    assert same(decode_image(value), image) and same(naive(value), image)
    assert "steps" in value["encoding"] or n > 12


@PATIENT
@given(hnp.arrays(np.uint8, st.sampled_from([(1, 1, 3), (4, 1, 3), (1, 9, 3), (6, 7, 3)])))
def test_colours_come_back(image: np.ndarray) -> None:
    value = encode_image("rgb", image)
    assert same(decode_image(value), image) and same(naive(value), image)


@PATIENT
@given(
    MODALITIES | st.just("rgb"),
    hnp.arrays(np.float32, SHAPES, elements=st.sampled_from([0.0, -0.0, 0.25, -3.5, 100.0, 0.1, 1e9])),
    st.integers(1, 500),
)
def test_the_blocks_of_rows_do_not_show(modality: str, image: np.ndarray, block_bytes: int) -> None:
    image = np.resize(image, (*image.shape[:2], 3)).astype(np.uint8) if modality == "rgb" else image
    whole = encode_image(modality, image)
    with patch("recorder.residues.BLOCK_BYTES", block_bytes):
        assert encode_image(modality, image) == whole
    assert same(decode_image(whole), image)


@PATIENT
@given(hnp.arrays(np.uint32, (4, 5), elements=st.integers(0, 2**24 - 1)))
def test_ids_come_back(ids: np.ndarray) -> None:
    assert same(back("instance", ids), ids)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def with_one(image: np.ndarray, value: float) -> np.ndarray:
    """The image with one value changed, in a row that a glance at some rows may miss."""
    changed = image.copy()
    changed.reshape(len(image), -1)[len(image) // 2, -1] = value
    return changed


SMOOTH = np.linspace(0.01, 0.03, 40 * 30, dtype=np.float64).reshape(40, 30)
SEEN = np.float32(1) / SMOOTH.astype(np.float32)
CASES = {
    "depth as renderers make it": ("depth", SEEN, "reciprocal"),
    "sky": ("depth", with_one(SEEN, np.inf), "reciprocal"),
    "depth with nan": ("depth", with_one(SEEN, np.nan), "line"),
    "depth out of reach of a reciprocal": ("depth", with_one(SEEN, 1e-42), "line"),
    "depth in 64 bits": ("depth", 1 / SMOOTH, "line"),
    "depth that is no reciprocal": ("depth", np.abs(noise(30, 40)) + np.float32(1), "line"),
    "flow": ("flow", np.rint(noise(30, 40, 2) * 256) / np.float32(256), "steps-256"),
    "no flow": ("flow", np.zeros((30, 40, 2), np.float32), "steps-1"),
    "flow far out of the picture": ("flow", with_one(np.zeros((30, 40, 2), np.float32), -40000.5), "wide-steps-2"),
    "flow into infinity": ("flow", with_one(np.zeros((30, 40, 2), np.float32), np.inf), "half"),
    "flow in finer steps": ("flow", with_one(np.zeros((30, 40, 2), np.float32), 1 / 8192), "half"),
    "flow beyond counting": ("flow", with_one(np.zeros((30, 40, 2), np.float32), 2.0**31), "left"),
    "flow with nan": ("flow", with_one(np.zeros((30, 40, 2), np.float32), np.nan), "left"),
    "normals in 16 bits": ("normal", noise(30, 40, 3).astype(np.float16).astype(np.float32), "half"),
    "normals in 32 bits": ("normal", noise(30, 40, 3), "left"),
    "normals in 16 bits but for one": ("normal", with_one(noise(30, 40, 3).astype(np.float16), 0.1), "half"),
    "integers": ("heat", np.arange(30, dtype=np.int16).reshape(5, 6), "left"),
    "truth": ("flow_valid", noise(30, 40) > 0, "values"),
    "classes": ("semantic", np.arange(30, dtype=np.uint8).reshape(5, 6), "values"),
    "ids": ("instance", np.arange(30, dtype=np.uint16).reshape(5, 6), "values"),
    "colours": ("rgb", np.arange(90, dtype=np.uint8).reshape(5, 6, 3), "colour"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_image_takes_the_form_that_suits_it_and_reads_as_the_page_says(case: str) -> None:
    modality, image, form = CASES[case]
    image = image.astype(np.float32) if image.dtype == np.float16 else image
    value = encode_image(modality, image)
    assert value["encoding"] == form and set(value) == {"encoding", "dtype", "shape", "data"}
    assert same(decode_image(value), image) and same(naive(value), image)


def test_the_memory_layout_of_an_image_does_not_matter() -> None:
    image = noise(12, 14, 3).astype(np.float16).astype(np.float32)
    for view in (image[::2, 1::3], image[::-1, ::-1], image.transpose(1, 0, 2), np.asfortranarray(image)):
        assert encode_image("normal", view) == encode_image("normal", view.copy(order="C"))
        assert same(back("normal", view), view)
    assert encode_image("x", image.astype(">f4")) == encode_image("x", image)


def test_what_is_read_belongs_to_the_reader() -> None:
    for modality, image, _ in CASES.values():
        decoded = back(modality, image.astype(np.float32) if image.dtype == np.float16 else image)
        decoded[0, 0] = 1
        assert decoded.flags.c_contiguous


def test_threads_make_the_bytes_that_one_thread_makes() -> None:
    jobs = [(modality, image) for modality, image, _ in CASES.values() if image.dtype != np.float16] * 3
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(encode_image, *zip(*jobs, strict=True))) == [encode_image(*job) for job in jobs]


def test_rendered_frames_take_fewer_bytes_than_in_the_first_format() -> None:
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    with Session.open(CORPUS) as session:
        for ref in session.frames():
            for name in ref.modalities:
                image = session.frame(ref.tick, ref.camera, name)
                value = encode_image(name, image)
                assert same(decode_image(value), image)
                before[name] = before.get(name, 0) + len(session.encoded_frame(ref.tick, ref.camera, name)["data"])
                after[name] = after.get(name, 0) + len(value["data"])
    assert set(after) == {"rgb", "instance", "semantic", "normal", "depth", "flow", "flow_valid"}
    for name in set(after) - {"flow_valid"}:  # so small in these small frames that the headers of streams tell
        assert after[name] < before[name]
    assert sum(after.values()) < 0.9 * sum(before.values())


@PATIENT
@given(hnp.arrays(st.sampled_from([np.uint8, np.int32, np.float32, np.float64]), SHAPES))
def test_planes_of_the_first_format_are_read(image: np.ndarray) -> None:
    about = {"dtype": image.dtype.str, "shape": list(image.shape)}
    for encoding, stored in (("plane", image), ("plane-half", (image != 0).astype(np.float16))):
        bits = stored.view(f"u{stored.itemsize}")
        steps = np.diff(bits, axis=1, prepend=np.zeros_like(bits[:, :1]))
        value = {**about, "encoding": encoding, "data": zlib.compress(shuffle(steps))}
        assert same(decode_image(value), stored.astype(image.dtype))


@PATIENT
@given(hnp.arrays(np.uint8, st.sampled_from([(1, 1), (5, 3), (4, 7, 3), (1, 9, 3)])))
def test_png_is_what_pillow_reads(image: np.ndarray) -> None:
    data = encode_png(image)
    assert np.array_equal(decode_png(data), image)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), image)


@pytest.mark.parametrize(
    ("modality", "image"),
    [
        ("rgb", np.zeros((4, 5), np.uint8)),
        ("rgb", np.zeros((4, 5, 4), np.uint8)),
        ("rgb", np.zeros((4, 5, 3), np.float32)),
        ("semantic", np.zeros((4, 5, 1), np.uint8)),
        ("semantic", np.zeros((4, 5), np.uint16)),
        ("instance", np.zeros((4, 5), np.int32)),
        ("instance", np.full((4, 5), 1 << 24, np.uint32)),
        ("depth", np.zeros((4, 0), np.float32)),
        ("depth", np.zeros(5, np.float32)),
        ("depth", np.zeros((2, 2, 2, 2), np.float32)),
        ("depth", np.zeros((2, 2), np.complex64)),
    ],
)
def test_what_is_no_image_is_refused(modality: str, image: np.ndarray) -> None:
    with pytest.raises(ValueError):
        encode_image(modality, image)


GOOD = encode_image("depth", SEEN)
BOMB = zstd_compress(bytes(64 << 20))
HOSTILE: dict[str, dict[str, Any]] = {
    "unknown encoding": {"encoding": "future"},
    "encoding that is no text": {"encoding": ["line"]},
    "more content than pixels": {"data": BOMB},
    "less content than pixels": {"data": zstd_compress(bytes(100))},
    "no content": {"data": zstd_compress(b"")},
    "broken stream": {"data": GOOD["data"][:-1]},
    "data that are text": {"data": "line"},
    "more pixels than a record holds": {"shape": [1 << 20, 1 << 20]},
    "many pixels": {"shape": [1 << 13, 1 << 13]},
    "no pixels": {"shape": [0, 5], "data": zstd_compress(b"")},
    "one dimension": {"shape": [SEEN.size]},
    "half of integers": {"encoding": "half", "dtype": "<i4"},
    "steps of 64 bits": {"encoding": "steps-256", "dtype": "<f8"},
    "steps finer than there are": {"encoding": "steps-8192"},
    "reciprocal of integers": {"encoding": "reciprocal", "dtype": "<i4"},
    "colours of floats": {"encoding": "colour"},
    "colours without channels": {"encoding": "colour", "dtype": "|u1", "shape": [40, 120]},
    "colours with four channels": {"encoding": "colour", "dtype": "|u1", "shape": [40, 30, 4]},
    "truth that is neither": {
        "encoding": "values",
        "dtype": "|b1",
        "shape": [2, 2],
        "data": zstd_compress(b"\0\1\1\2"),
    },
    "truth in steps": {"encoding": "left", "dtype": "|b1", "shape": [1, 2], "data": zstd_compress(b"\4\4")},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_images_are_errors_and_take_no_memory(case: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError):
            decode_image({**GOOD, **HOSTILE[case]})
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_the_limit_holds_for_the_image_not_only_for_its_numbers() -> None:
    with pytest.raises(ValueError, match="above the limit"):
        decode_image({**GOOD, "encoding": "half", "shape": [1 << 13, 1 << 14]})


@PATIENT
@given(st.sampled_from(sorted(FORMS)), st.binary(min_size=24, max_size=24))
def test_any_numbers_make_some_image(form: str, content: bytes) -> None:
    """No content upsets a reader: what an encoder would not write has a meaning all the same."""
    dtype = FORMS[form].image or "<f4"
    size = np.dtype(FORMS[form].number or dtype).itemsize
    shape = [2, 4, 3] if form == "colour" else [2, 12 // size]
    value = {"encoding": form, "dtype": dtype, "shape": shape, "data": zstd_compress(content)}
    assert decode_image(value).shape == tuple(shape)
