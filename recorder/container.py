"""The file under a session: checked records, appended one after the other. FORMAT.md describes the bytes.

`record_writer.py` writes them, `record_reader.py` reads them, `payload.py` says what they may hold.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

MAGIC = b"\x89HAMLET\n"  # the high bit and the newline betray transfers that mangle bytes, as in PNG
MAJOR = 2
MINOR = 2  # 1: SURFACE and SLOW records, the state of buildings; 2: TABLE records, of frames
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
    SURFACE = 13
    SLOW = 14
    TABLE = 15


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
