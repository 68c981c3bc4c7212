"""Zstandard under limits: whole streams come back, every other stream is an error and never memory."""

from __future__ import annotations

import contextlib
import resource
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from recorder.compression import EMPTY, Kind, zstd_compress, zstd_decompress

TEXT = b"the mill, the well, the square; " * 400
MAGIC = struct.pack("<I", 0xFD2FB528)
MIB = 1 << 20


def frame(content_size: int, blocks: bytes, window: int | None = None) -> bytes:
    """A frame by hand (RFC 8878, 3.1.1): 8 bytes of content size and, unless a single segment, a window byte."""
    return MAGIC + (b"\xe0" if window is None else bytes([0xC0, window])) + struct.pack("<Q", content_size) + blocks


def run_length(size: int, last: bool) -> bytes:
    """A block that repeats one byte."""
    return struct.pack("<I", size << 3 | 1 << 1 | last)[:3] + b"x"


@given(st.binary(max_size=5000), st.sampled_from(list(Kind)))
def test_content_comes_back_and_other_libraries_read_it(data: bytes, kind: Kind) -> None:
    stream = zstd_compress(data, kind)
    assert zstd_decompress(stream, len(data)) == data
    assert pa.decompress(stream, len(data), codec="zstd", asbytes=True) == data


def test_views_and_arrays_are_taken_as_their_bytes() -> None:
    numbers = np.arange(1000, dtype=np.uint8)
    stream = zstd_compress(numbers.data)
    assert zstd_decompress(memoryview(stream), 1000) == numbers.tobytes()


def test_threads_make_the_bytes_that_one_thread_makes() -> None:
    blocks = [np.random.default_rng(seed).integers(0, 9, 40_000, np.uint8).tobytes() for seed in range(16)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(zstd_compress, blocks)) == [zstd_compress(block) for block in blocks]


def test_the_limit_is_the_largest_content_allowed() -> None:
    stream = zstd_compress(TEXT)
    assert zstd_decompress(stream, len(TEXT)) == TEXT
    with pytest.raises(ValueError, match=f"more than {len(TEXT) - 1} bytes"):
        zstd_decompress(stream, len(TEXT) - 1)


@pytest.mark.parametrize("extra", [b"\0", TEXT, zstd_compress(TEXT), EMPTY, b"\x50\x2a\x4d\x18\0\0\0\0"])
@pytest.mark.parametrize("data", [b"", TEXT])
def test_nothing_may_follow_the_frame(data: bytes, extra: bytes) -> None:
    with pytest.raises(ValueError):
        zstd_decompress(zstd_compress(data) + extra, MIB)


@pytest.mark.parametrize("data", [b"", b"a", TEXT])
def test_a_frame_cut_anywhere_is_unfinished(data: bytes) -> None:
    stream = zstd_compress(data)
    for length in range(len(stream)):
        with pytest.raises(ValueError):
            zstd_decompress(stream[:length], MIB)


@given(st.integers(0, 8 * len(zstd_compress(TEXT)) - 1))
def test_a_flipped_bit_is_an_error_or_other_bytes_within_the_limit(bit: int) -> None:
    stream = bytearray(zstd_compress(TEXT))
    stream[bit // 8] ^= 1 << bit % 8
    with contextlib.suppress(ValueError):
        assert len(zstd_decompress(bytes(stream), len(TEXT))) <= len(TEXT)


@given(st.binary(max_size=200))
def test_no_bytes_after_the_magic_number_do_harm(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert len(zstd_decompress(MAGIC + data, 1000)) <= 1000


HOSTILE = {
    "states nothing, holds 64 MiB": MAGIC + b"\0\x88" + run_length(1 << 17, False) * 511 + run_length(1 << 17, True),
    "states less than it holds": frame(1000, run_length(1 << 17, False) * 511 + run_length(1 << 17, True)),
    "states nothing at all, holds 64 MiB": frame(0, run_length(1 << 17, False) * 511 + run_length(1 << 17, True)),
    "states more than it holds": frame(64 * MIB, run_length(1 << 17, True)),
    "states more than any frame could hold": frame(1 << 62, run_length(1 << 17, True)),
    "asks for a window of 1 GiB": frame(1000, run_length(1000, False), window=20 << 3),
    "needs a dictionary": MAGIC + b"\x23" + struct.pack("<I", 77) + b"\x05" + run_length(5, True),
    "is to be skipped": struct.pack("<II", 0x184D2A50, 5) + b"hello",
    "is no frame": b"\x78\x9c" + TEXT,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("limit", [1000, MIB])
def test_hostile_frames_are_errors(name: str, limit: int) -> None:
    with pytest.raises(ValueError):
        zstd_decompress(HOSTILE[name], limit)


def test_a_frame_made_by_hand_is_read() -> None:
    """So the hostile ones above fail for what is wrong with them, not for how they are put together."""
    assert zstd_decompress(frame(3000, run_length(1000, False) + run_length(2000, True)), 3000) == b"x" * 3000
    assert zstd_decompress(frame(5, run_length(5, True), window=0), 5) == b"x" * 5


def test_hostile_frames_take_no_memory() -> None:
    """In a process of its own, because what the library allocates is seen in resident memory alone."""
    script = (
        "import sys\n"
        "from tests.recorder.test_compression import HOSTILE, MIB, peak\n"
        "from recorder.compression import zstd_compress, zstd_decompress\n"
        "zstd_decompress(zstd_compress(bytes(MIB)), MIB)\n"
        "before = peak()\n"
        "for stream in HOSTILE.values():\n"
        "    for limit in (1000, MIB):\n"
        "        try:\n"
        "            zstd_decompress(stream, limit)\n"
        "        except ValueError:\n"
        "            continue\n"
        "        sys.exit('a hostile frame was read')\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 4 * MIB


def peak() -> int:
    """The most memory this process ever had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def test_streams_of_unknown_size_are_refused_though_the_library_would_read_them() -> None:
    encoder = zstandard.ZstdCompressor().compressobj()
    stream = encoder.compress(TEXT) + encoder.flush()
    assert zstandard.ZstdDecompressor().decompress(stream, max_output_size=len(TEXT)) == TEXT
    with pytest.raises(ValueError, match="does not state"):
        zstd_decompress(stream, MIB)
