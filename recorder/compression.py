"""Zstandard (RFC 8878) under limits: bytes that depend on the input alone, memory that depends on the limit alone.

A stream is exactly one frame that states the size of its content. It carries no checksum and names no dictionary:
the records of a session have checksums of their own.
"""

from __future__ import annotations

import threading
import zlib

import zstandard

ZSTD_LEVEL = 3  # the reference implementation's own default
SMALL = 128 << 10  # bytes; the window of the small compressor
MAX_RATIO = 1 << 15  # of content to frame: the shortest block has 4 bytes and makes 128 KiB (section 3.1.1.2)
MIN_WINDOW, MAX_WINDOW = 1 << 10, 1 << 31  # bytes the library lets one choose between


def zstd_compress(data: bytes | memoryview, level: int | None = None) -> bytes:
    """One zstd frame; a function of the data and the level alone.

    Safe from many threads at once: compressors must not be shared, so each thread has its own, and they run without the
    GIL. To make one for each call took as long as to compress a second of a small village.

    Args:
        data: to be compressed.
        level: of the reference implementation; None suits the small records of a session.
    """
    made: dict[str, zstandard.ZstdCompressor] = _compressors.__dict__
    name = f"level {ZSTD_LEVEL if level is None else level}"
    if level is None and memoryview(data).nbytes <= SMALL:
        name = "small"
    if name not in made:
        made[name] = _compressor(name, level)
    return bytes(made[name].compress(data))


def _compressor(name: str, level: int | None) -> zstandard.ZstdCompressor:
    if name != "small":
        level = ZSTD_LEVEL if level is None else level
        return zstandard.ZstdCompressor(level=level, write_content_size=True, write_checksum=False)
    # The strategy of level 3 with tables of 24 KB, which a simulation between two records does not drive out of the
    # processor's caches: half the time in a run, and not a byte more on chunks and keyframes.
    parameters = zstandard.ZstdCompressionParameters(
        window_log=17,
        hash_log=12,
        chain_log=11,
        search_log=1,
        min_match=4,
        strategy=zstandard.STRATEGY_DFAST,
        write_content_size=True,
        write_checksum=False,
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
