"""Appends checked records to a new file.

Every record goes to the operating system in one write of complete bytes, so a killed process costs only what it had
not yet handed over.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import zlib
from pathlib import Path

from recorder.compression import zstd_compress
from recorder.container import (
    CRC,
    END_MAGIC,
    FLAG_ZSTD,
    HEAD,
    HEAD_COPIES,
    MAGIC,
    MAJOR,
    MAX_PAYLOAD,
    MINOR,
    RECORD,
    TRAILER,
    RecordType,
    SessionError,
)


class RecordWriter:
    """Appends records to a new file. An existing file is never touched."""

    def __init__(self, path: Path, sync: bytes) -> None:
        self.path = path
        self._sync = sync
        self._sequence = 0
        self._pending = [self._file_head()] * HEAD_COPIES[MAJOR]
        self._size = HEAD.size * HEAD_COPIES[MAJOR]
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor: int | None = os.open(path, flags, 0o644)
        except FileExistsError as error:
            raise SessionError(
                f"{path} already exists; a session is never overwritten, choose another name."
            ) from error
        except OSError as error:
            raise SessionError(f"{path} cannot be written: {error.strerror}.") from error
        with contextlib.suppress(OSError):  # only tells readers that it is being written; some file systems cannot
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _file_head(self) -> bytes:
        head = HEAD.pack(MAGIC, MAJOR, MINOR, self._sync, 0)[: -CRC.size]
        return head + CRC.pack(zlib.crc32(head))

    @property
    def closed(self) -> bool:
        """True once nothing more can be written."""
        return self._descriptor is None

    @property
    def size(self) -> int:
        """Bytes of the file with everything appended so far."""
        return self._size

    def append(self, kind: RecordType, payload: bytes, *, compress: bool, flush: bool = True) -> int:
        """Add one record and return its offset; with `flush` false it waits to go out in one write with the next.

        Raises:
            SessionError: the disk refuses the bytes, the payload is too large, or the file was closed.
        """
        if self.closed:
            raise SessionError(f"{self.path} was closed; nothing more can be written to it.")
        flags = FLAG_ZSTD if compress else 0
        if len(payload) > MAX_PAYLOAD:
            raise SessionError(f"{self.path}: a record of {len(payload)} bytes is above the limit of {MAX_PAYLOAD}.")
        body = zstd_compress(payload) if compress else payload
        head = RECORD.pack(self._sync, kind, flags, 0, self._sequence, len(body), 0)[: -CRC.size]
        offset = self._size
        self._pending += [head, CRC.pack(zlib.crc32(head)), body, CRC.pack(zlib.crc32(body))]
        self._size += RECORD.size + len(body) + CRC.size
        self._sequence += 1
        if flush:
            self.flush()
        return offset

    def flush(self) -> None:
        """Hand everything pending to the operating system in one write."""
        data = b"".join(self._pending)
        self._pending = []
        if not data or self._descriptor is None:
            return
        start = self._size - len(data)
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            self._give_up(start)
            raise SessionError(f"{self.path} cannot be written any further: {error.strerror}.") from error
        if written < len(data):
            self._give_up(start)
            raise SessionError(f"{self.path} cannot be written any further: the disk is full.")

    def sync(self) -> None:
        """Make the operating system bring what was written to the disk.

        Raises:
            SessionError: it says it could not.
        """
        if self._descriptor is None:
            return
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise SessionError(f"{self.path} may not have reached the disk: {error.strerror}.") from error

    def _give_up(self, whole: int) -> None:
        """Cut a half-written record off, so the file ends with whole ones, and close it."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with contextlib.suppress(OSError):  # a disk that refuses even this: a reader steps over the half record
            os.ftruncate(descriptor, whole)
        with contextlib.suppress(OSError):  # the error that led here is the one to tell
            os.close(descriptor)

    def finish(self, end_offset: int) -> None:
        """Write what is pending and the trailer that points at the END record, reach the disk, close."""
        offset = struct.pack("<Q", end_offset)
        self._pending.append(TRAILER.pack(end_offset, zlib.crc32(offset), END_MAGIC))
        self._size += TRAILER.size
        self.flush()
        self.abandon()

    def abandon(self) -> None:
        """Close the file without an end marker; what was written stays readable."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.fsync(descriptor)
        except OSError as error:
            raise SessionError(f"{self.path} may not have reached the disk: {error.strerror}.") from error
        finally:
            os.close(descriptor)
