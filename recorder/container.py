"""The file under a session: checked records, appended one after the other, found again behind any damage.

Every record goes to the operating system in one write of complete bytes, so a killed process costs only what it had
not yet handed over. Every checksum is verified on every read. FORMAT.md describes the bytes.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from recorder.compression import zstd_compress, zstd_decompress

MAGIC = b"\x89HAMLET\n"  # the high bit and the newline betray transfers that mangle bytes, as in PNG
MAJOR = 2
MINOR = 0
FIRST_MAJOR = 1  # its files have one head, no PART and no KEYFRAME
HEAD_COPIES = {1: 1, 2: 2}  # a second copy of the head, so that one flipped bit cannot hide the sync mark
END_MAGIC = b"HEND"
HEAD = struct.Struct("<8sHH16sI")  # magic, major, minor, sync, CRC32 of the bytes before it
RECORD = struct.Struct("<16sBBHIII")  # sync, type, flags, reserved, sequence, length, CRC32 of the bytes before it
TRAILER = struct.Struct("<QI4s")  # offset of the END record, CRC32 of that offset, END_MAGIC
CRC = struct.Struct("<I")
FLAG_ZLIB = 1
FLAG_ZSTD = 2
MAX_PAYLOAD = 256 << 20  # bytes; a length above this is damage or malice, not a record
MAX_ITEMS = 1 << 20  # entries of one msgpack array or map, and of all of one payload together
WALK_RATIO = 1000  # of what a walk decompresses to the size of the file; even a village asleep stays far below
SEARCH_BYTES = 1 << 20  # window in which a sync mark is searched


class RecordType(IntEnum):
    """What a record holds. Numbers are stored in files: never renumber, only append."""

    HEADER = 1
    SCENERY = 2
    CAST = 3
    CHUNK = 4
    UTTERANCE = 5
    WORDING = 6
    BLOB = 7
    FRAME = 8
    INDEX = 9
    END = 10
    KEYFRAME = 11
    PART = 12


class SessionError(Exception):
    """A session that cannot be written or read, said in one sentence for the person at the keyboard."""


class OtherFile(SessionError):  # noqa: N818 - named for the person who reads it
    """A file that does not begin as a session does."""


class CorruptSession(SessionError):  # noqa: N818 - named for the person who reads it
    """Bytes that were changed after they were written; the sentence names the file and the offset."""

    def __init__(self, path: Path, offset: int, what: str) -> None:
        super().__init__(f"{path} is damaged at byte {offset}: {what}.")
        self.path = path
        self.offset = offset
        self.what = what

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.offset, self.what)


def plain(value: Any) -> Any:
    """The value in the types msgpack knows: numpy scalars and enums unwrapped, sequences as lists, dates as text."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value


def known_value(value: Any) -> Any:
    """What msgpack does not know by itself, in the types it knows."""
    known = plain(value)
    if known is value:
        raise TypeError(f"{type(value).__name__} is not a value of the format")
    return known


def pack(value: Any, known: Callable[[Any], Any] = known_value) -> bytes:
    """The msgpack bytes of a value made of maps, sequences, numbers, text and bytes.

    Args:
        value: to be packed.
        known: gives what msgpack does not know in types it knows.

    Raises:
        SessionError: the value holds something that cannot be stored, such as an object or an integer above 64 bits.
    """
    try:
        return bytes(msgpack.packb(value, default=known, use_bin_type=True, unicode_errors="surrogatepass"))
    except (TypeError, ValueError, OverflowError) as error:
        raise SessionError(f"This value cannot be stored in a session: {error}.") from error


class _Budget:
    """Counts what a payload unpacks to, so that few bytes cannot become many objects."""

    def __init__(self, items: int) -> None:
        self._left = items

    def take(self, value: Any) -> Any:
        """A list or map that was just unpacked, or ValueError if there were too many before it."""
        self._left -= 1 + len(value)
        if self._left < 0:
            raise ValueError(f"it holds more than {MAX_ITEMS} entries")
        return value


def unpack(data: bytes) -> Any:
    """The value behind msgpack bytes, under explicit limits.

    Raises:
        ValueError: the bytes are not one whole msgpack value within the limits.
    """
    size = len(data)
    items = min(size, MAX_ITEMS)
    budget = _Budget(MAX_ITEMS)
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=False,
            unicode_errors="surrogatepass",
            list_hook=budget.take,
            object_hook=budget.take,
            max_str_len=size,
            max_bin_len=size,
            max_array_len=items,
            max_map_len=items,
            max_ext_len=0,
        )
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise ValueError(str(error) or type(error).__name__) from error


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


@dataclass(frozen=True)
class RecordHead:
    """The checked header of one record."""

    offset: int
    type: int
    flags: int
    sequence: int
    length: int

    @property
    def end(self) -> int:
        """First byte after the record."""
        return self.offset + RECORD.size + self.length + CRC.size


@dataclass(frozen=True)
class Gap:
    """Bytes of a file in which no whole record was found, and the records known to be missing there."""

    offset: int
    end: int
    first: int  # sequence number of the first record missing
    after: int | None  # sequence number of the record behind the gap; None where the file ends in it
    why: str
    kind: int | None = None  # type of the first record missing, where its header is still whole


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
        try:
            return unpack(self.payload(head, limit))
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
