"""Zstandard (RFC 8878) under limits: bytes that depend on the input alone, memory that depends on the limit alone.

A stream is exactly one frame that states the size of its content. It carries no checksum and names no dictionary:
the records of a session have checksums of their own.
"""

from __future__ import annotations

import threading
import zlib
from enum import Enum, auto

import zstandard

LEVELS = {
    "RECORD": 3,  # the reference implementation's own default
    "MAP": 6,  # a twentieth smaller than level 3, and still a few milliseconds for a map
}
SMALL = 128 << 10  # bytes; the window of the small compressor
PARAMETERS = {
    # The strategy of level 3 with tables of 24 KB, which a simulation between two records does not drive out of the
    # processor's caches: half the time in a run, and not a byte more on chunks and keyframes.
    "SMALL": {
        "window_log": 17, "hash_log": 12, "chain_log": 11, "min_match": 4, "strategy": zstandard.STRATEGY_DFAST,
    },
    # Images are mostly entropy, and that is coded at one speed. Level 1 with a smaller table finds as much in a tenth
    # less of the time; in pictures and depth a table of next to nothing costs 3 % of the bytes and saves another tenth.
    # Negative levels leave the entropy in: a fifth more bytes, and not faster. Level 3 makes 1 % fewer bytes and takes
    # a third longer.
    "NUMBERS": {
        "window_log": 19, "hash_log": 12, "chain_log": 6, "min_match": 7, "strategy": zstandard.STRATEGY_FAST,
    },
    "NOISE": {
        "window_log": 19, "hash_log": 6, "chain_log": 6, "min_match": 7, "strategy": zstandard.STRATEGY_FAST,
    },
}  # fmt: skip
MAX_RATIO = 1 << 15  # of content to frame: the shortest block has 4 bytes and makes 128 KiB (section 3.1.1.2)
MIN_WINDOW, MAX_WINDOW = 1 << 10, 1 << 31  # bytes the library lets one choose between


class Kind(Enum):
    """What there is to compress, which tells how."""

    RECORD = auto()
    MAP = auto()  # of what lies on the ground, once in half a minute
    NUMBERS = auto()  # of an image, of which much comes twice
    NOISE = auto()  # of an image, of which little does


def zstd_compress(data: bytes | memoryview, kind: Kind = Kind.RECORD) -> bytes:
    """One zstd frame; a function of the data and their kind alone.

    Safe from many threads at once: compressors must not be shared, so each thread has its own, and they run without the
    GIL. To make one for each call took as long as to compress a second of a small village.
    """
    made: dict[str, zstandard.ZstdCompressor] = _compressors.__dict__
    name = "SMALL" if kind is Kind.RECORD and memoryview(data).nbytes <= SMALL else kind.name
    if name not in made:
        made[name] = _compressor(name)
    return bytes(made[name].compress(data))


def _compressor(name: str) -> zstandard.ZstdCompressor:
    if name in LEVELS:
        return zstandard.ZstdCompressor(level=LEVELS[name], write_content_size=True, write_checksum=False)
    parameters = zstandard.ZstdCompressionParameters(
        search_log=1, write_content_size=True, write_checksum=False, **PARAMETERS[name]
    )
    return zstandard.ZstdCompressor(compression_params=parameters)


_compressors = threading.local()
EMPTY = zstd_compress(b"")


def zstd_decompress(data: bytes | memoryview, limit: int) -> bytes:
    """The content of one zstd frame, never more than `limit` bytes and never more memory than a few times that.

    Raises:
        ValueError: the frame is broken, unfinished, does not state its size, holds more than the limit or other than it
            states, or something follows it.
    """
    try:
        size = zstandard.get_frame_parameters(data).content_size
        if size == zstandard.CONTENTSIZE_UNKNOWN:
            raise ValueError("the zstd frame does not state the size of its content")
        if size > limit:
            raise ValueError(f"decompresses to more than {limit} bytes")
        if size == 0:  # the library looks no further than the stated size then
            if bytes(data) != EMPTY:
                raise ValueError("a zstd frame without content holds something")
            return b""
        length = memoryview(data).nbytes
        if size > length * MAX_RATIO:
            raise ValueError(f"a zstd frame of {length} bytes cannot hold the {size} it states")
        window = min(max(2 * size, MIN_WINDOW), MAX_WINDOW)  # encoders round the window up to a power of two
        return zstandard.ZstdDecompressor(max_window_size=window).decompress(
            data, max_output_size=size, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def inflate(data: bytes, limit: int) -> bytes:
    """Decompressed zlib bytes, never more than `limit`.

    Raises:
        ValueError: the stream is broken, unfinished, or larger than the limit.
    """
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(out) > limit:
        raise ValueError(f"decompresses to more than {limit} bytes")
    if not stream.eof or stream.unused_data:
        raise ValueError("the compressed bytes do not end where they should")
    return out
