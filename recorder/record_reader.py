"""Reads the records of one file by offset or in order, and finds them again behind any damage.

Every checksum is verified on every read.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recorder.compression import inflate, zstd_decompress
from recorder.container import (
    CRC,
    END_MAGIC,
    FIRST_MAJOR,
    FLAG_ZLIB,
    FLAG_ZSTD,
    HEAD,
    HEAD_COPIES,
    MAGIC,
    MAJOR,
    MAX_PAYLOAD,
    RECORD,
    TRAILER,
    CorruptSession,
    Gap,
    OtherFile,
    RecordHead,
    RecordType,
    SessionError,
)
from recorder.payload import unpack

WALK_RATIO = 1000  # of what a walk decompresses to the size of the file; even a village asleep stays far below
SEARCH_BYTES = 1 << 20  # window in which a sync mark is searched


class RecordReader:
    """Reads records by offset or in order, checking every byte it returns. May be shared between threads and forks.

    Args:
        path: an ordinary file.
        head: major version and the mark that begins the records, where those are known although the file's head is
            lost.

    Raises:
        SessionError: it cannot be opened, is no session, or one of a newer format.
        CorruptSession: its head is damaged.
    """

    def __init__(self, path: Path, head: tuple[int, bytes] | None = None) -> None:
        self.path = path
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_BINARY", 0))  # a pipe must not wait
        except (OSError, ValueError) as error:
            raise SessionError(f"{path} cannot be opened: {getattr(error, 'strerror', error)}.") from error
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            os.close(descriptor)
            raise SessionError(f"{path} cannot be opened: it is not an ordinary file.")
        self._file = os.fdopen(descriptor, "rb", buffering=0)
        self.size = about.st_size
        try:
            self.major, self.minor, self._sync = (head[0], 0, head[1]) if head else self._read_file_head()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    @property
    def start(self) -> int:
        """Offset of the first record."""
        return HEAD.size * HEAD_COPIES[self.major]

    def being_written(self) -> bool:
        """True while a writer has the file open."""
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks: nobody can tell
            return False
        fcntl.flock(self._file.fileno(), fcntl.LOCK_UN)
        return False

    def _read(self, offset: int, size: int) -> bytes:
        parts: list[bytes] = []
        try:
            while size > 0 and (part := os.pread(self._file.fileno(), size, offset)):
                parts.append(part)
                size -= len(part)
                offset += len(part)
        except OSError as error:
            raise SessionError(f"{self.path} cannot be read at byte {offset}: {error.strerror}.") from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_file_head(self) -> tuple[int, int, bytes]:
        data = self._read(0, 2 * HEAD.size)
        copies = [data[at : at + HEAD.size] for at in (0, HEAD.size)]
        whole = [copy for copy in copies if len(copy) == HEAD.size and zlib.crc32(copy[: -CRC.size]) == _crc_of(copy)]
        whole = [copy for copy in whole if copy.startswith(MAGIC)]
        if whole:
            _, major, minor, sync, _ = HEAD.unpack(whole[0])
            if major > MAJOR:
                raise SessionError(
                    f"{self.path} is a session of format {major}; this Hamlet reads up to {MAJOR}, a newer one is "
                    "needed."
                )
            if major < FIRST_MAJOR:
                raise CorruptSession(self.path, 8, f"there is no format {major}")
            if any(sync.startswith(sync[shift:]) for shift in range(1, len(sync) // 2)):
                raise CorruptSession(self.path, 12, "its sync mark repeats itself")  # would be found all over the file
            return major, minor, bytes(sync)
        if not data or not any(copy and MAGIC.startswith(copy[: len(MAGIC)]) for copy in copies):
            empty = "it is empty" if not data else "it begins with other bytes"
            raise OtherFile(f"{self.path} is not a Hamlet session: {empty}.")
        if len(data) < HEAD.size:
            raise SessionError(f"{self.path} ends inside its first {HEAD.size} bytes; nothing was recorded in it.")
        raise CorruptSession(self.path, 0, "the checksum of the file's head does not match")

    def head(self, offset: int) -> RecordHead | None:
        """The record header at an offset; None where the file ends before the record does.

        Raises:
            CorruptSession: the bytes there are not a record header of this file.
        """
        data = self._read(offset, RECORD.size) if self.start <= offset < self.size else b""
        if len(data) < RECORD.size:
            return None
        head = self._parsed_head(data, offset)
        return head if head.end <= self.size else None

    def _parsed_head(self, data: bytes, offset: int) -> RecordHead:
        sync, kind, flags, _, sequence, length, crc = RECORD.unpack(data)
        if zlib.crc32(data[: -CRC.size]) != crc:
            raise CorruptSession(self.path, offset, "the checksum of a record header does not match")
        if sync != self._sync:
            raise CorruptSession(self.path, offset, "a record of another session stands here")
        if length > MAX_PAYLOAD:
            raise CorruptSession(self.path, offset, f"a record claims {length} bytes, above the limit of {MAX_PAYLOAD}")
        return RecordHead(offset, kind, flags, sequence, length)

    def walk(self, offset: int | None = None, sequence: int = 0, *, whole: bool = False) -> Iterator[RecordHead | Gap]:
        """All records in order from an offset on, and the gaps between them, in time linear in the size of the file.

        Behind damage the next sync mark with a right header is searched. Where the file ends inside a record, that is
        the last gap.

        Args:
            offset: of a record; the first one if None.
            sequence: number of the record there.
            whole: give only records whose payload is whole too, and search for others inside one that is not, in case
                bytes were taken out of it; otherwise only headers are read.
        """
        offset = self.start if offset is None else offset
        in_vain = 0  # bytes of damaged payloads; records laid over each other must not be read again and again
        while offset < self.size:
            head, why = self._met(offset)
            resume, kind = offset + 1, None
            if head is not None and head.sequence < sequence:
                head, why = None, "a record is out of order"
            if head is not None:
                if head.sequence > sequence:
                    yield Gap(offset, offset, sequence, head.sequence, "records are missing")
                sequence = head.sequence
                why = self._payload_damage(head) if whole else ""
                if not why:
                    yield head
                    if head.type == RecordType.END:
                        return
                    offset, sequence = head.end, sequence + 1
                    continue
                in_vain += head.length
                resume, kind = (resume if in_vain <= 2 * self.size else head.end), head.type
            following = self._search(resume, sequence + (kind is not None))
            end, after = (following.offset, following.sequence) if following else (self.size, None)
            yield Gap(offset, end, sequence, after, why, kind)
            if following is None:
                return
            offset, sequence = following.offset, following.sequence

    def _met(self, offset: int) -> tuple[RecordHead | None, str]:
        """The record header at an offset, or why there is none."""
        try:
            head = self.head(offset)
        except CorruptSession as error:
            return None, error.what
        return head, "" if head else "the file ends inside a record"

    def _payload_damage(self, head: RecordHead) -> str:
        """What is wrong with a payload, empty for nothing."""
        try:
            self._stored(head)
        except CorruptSession as error:
            return error.what
        return ""

    def _search(self, offset: int, sequence: int) -> RecordHead | None:
        """The first record from an offset on whose header is whole and whose number is at least `sequence`."""
        while (offset := self._next_data(offset)) < self.size:
            window = self._read(offset, SEARCH_BYTES + RECORD.size - 1)
            at = window.find(self._sync)
            while at >= 0:
                head = self._head_in(window, at, offset)
                if head is not None and head.sequence >= sequence:
                    return head
                at = window.find(self._sync, at + 1)
            offset += SEARCH_BYTES
        return None

    def last(self, kind: RecordType) -> RecordHead | None:
        """The last record of a type whose header is whole, searched from the end of the file backwards."""
        end = self.size
        while end > self.start:
            begin = max(self.start, end - SEARCH_BYTES)
            window = self._read(begin, end - begin + RECORD.size - 1) if self._next_data(begin) < end else b""
            at = window.rfind(self._sync)
            while at >= 0:
                head = self._head_in(window, at, begin)
                if head is not None and head.type == kind:
                    return head
                at = window.rfind(self._sync, 0, at + len(self._sync) - 1)
            end = begin
        return None

    def _head_in(self, window: bytes, at: int, offset: int) -> RecordHead | None:
        """The header of a record that ends within the file, at a place in a window that begins at an offset."""
        data = window[at : at + RECORD.size]
        if len(data) < RECORD.size or zlib.crc32(data[: -CRC.size]) != _crc_of(data):
            return None
        try:
            head = self._parsed_head(data, offset + at)
        except CorruptSession:
            return None
        return head if head.end <= self.size else None

    def _next_data(self, offset: int) -> int:
        """The first byte from an offset on that does not lie in a hole of the file; its size where there is none."""
        try:
            return os.lseek(self._file.fileno(), offset, os.SEEK_DATA)
        except OSError as error:
            return self.size if error.errno == errno.ENXIO else offset  # some file systems know no holes

    def payload(self, head: RecordHead, limit: int = MAX_PAYLOAD) -> bytes:
        """The checked and decompressed payload of a record, of at most `limit` bytes.

        Raises:
            CorruptSession: the checksum does not match or the payload breaks a limit.
        """
        if head.length > limit:
            raise CorruptSession(self.path, head.offset, f"a record of {head.length} bytes is above the limit {limit}")
        body = self._stored(head)
        decompress = {0: None, FLAG_ZLIB: inflate, FLAG_ZSTD: zstd_decompress}
        if head.flags not in decompress:
            raise CorruptSession(self.path, head.offset, f"a record has unknown flags {head.flags:#04x}")
        try:
            undo = decompress[head.flags]
            return body if undo is None else undo(body, limit)
        except ValueError as error:
            raise CorruptSession(self.path, head.offset, f"a record does not decompress, {error}") from error

    def _stored(self, head: RecordHead) -> bytes:
        data = self._read(head.offset + RECORD.size, head.length + CRC.size)
        if len(data) < head.length + CRC.size:
            raise CorruptSession(self.path, head.offset, "the record is cut off")
        body = data[: head.length]
        if zlib.crc32(body) != _crc_of(data):
            raise CorruptSession(self.path, head.offset, "the checksum of a record does not match")
        return body

    @property
    def allowance(self) -> int:
        """Bytes that all records together may decompress to in a walk."""
        return MAX_PAYLOAD + WALK_RATIO * self.size

    def content(self, head: RecordHead, limit: int = MAX_PAYLOAD) -> Any:
        """The unpacked payload of a record, of at most `limit` bytes.

        Raises:
            CorruptSession: it is damaged.
        """
        return self.unpacked(head, self.payload(head, limit))

    def unpacked(self, head: RecordHead, payload: bytes) -> Any:
        """What the payload of a record, read before, says.

        Raises:
            CorruptSession: it does not unpack within the limits.
        """
        try:
            return unpack(payload)
        except ValueError as error:
            raise CorruptSession(self.path, head.offset, f"a record does not unpack, {error}") from error

    def value(self, offset: int, kind: RecordType, limit: int = MAX_PAYLOAD) -> Any:
        """The unpacked payload of the record of a given type at an offset.

        Raises:
            CorruptSession: there is no such record there, or it is damaged.
        """
        head = self.head(offset)
        if head is None or head.type != kind:
            raise CorruptSession(self.path, offset, f"no whole {kind.name} record stands where one should")
        return self.content(head, limit)

    def end_offset(self) -> int | None:
        """Offset of the END record as the trailer tells it; None where there is no whole trailer."""
        data = self._read(self.size - TRAILER.size, TRAILER.size) if self.size >= self.start + TRAILER.size else b""
        if len(data) < TRAILER.size:
            return None
        offset, crc, magic = TRAILER.unpack(data)
        if magic != END_MAGIC or zlib.crc32(data[:8]) != crc:
            return None
        return int(offset)


def _crc_of(data: bytes) -> int:
    """The CRC in the last four bytes."""
    return int(CRC.unpack(data[-CRC.size :])[0])
