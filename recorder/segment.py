"""Writes one file of a session: the preamble twice, then records as they come, the index in parts and at the end."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder import encode
from recorder.catalogue import Catalogue, ChunkPlace, Place, SlowPlace
from recorder.container import RecordType, SessionError
from recorder.payload import pack
from recorder.record_writer import RecordWriter
from recorder.schema import Snapshot, Surface
from recorder.slow import SlowPart
from recorder.surfaces import SurfaceEncoder

PART_CHUNKS = 15  # after so many without a keyframe, which brings the index along, it comes alone
COPIES = 2  # of header, scenery and cast: one flipped bit must not cost a whole session


def segment_path(path: Path, number: int) -> Path:
    """The file of a session's segment: `session.hamlet`, `session.001.hamlet`, ..."""
    return path if number == 0 else path.with_name(f"{path.stem}.{number:03d}{path.suffix}")


def later_segments(path: Path) -> list[Path]:
    """The files that lie beside a session's first one with the names of its further segments, in order."""
    pattern = re.compile(rf"{re.escape(path.stem)}\.(\d{{3,}}){re.escape(path.suffix)}")
    named = ((pattern.fullmatch(other.name), other) for other in path.parent.glob(f"*{escape(path.suffix)}"))
    return [other for _, other in sorted((int(match[1]), other) for match, other in named if match)]


def check_new(target: Path) -> None:
    """Raise SessionError unless a session can be made under this name: nothing has it, and its folder is there."""
    if target.is_dir():
        raise SessionError(f"{target} is a folder; name the new session's file, such as {target / 'piece.hamlet'}.")
    for path in (target, *later_segments(target)):
        if path.exists() or path.is_symlink():
            raise SessionError(f"{path} already exists; a session is never overwritten, choose another name.")
    if not target.parent.is_dir():
        raise SessionError(f"{target} cannot be written: there is no folder {target.parent}.")


class Segment:
    """One file being written.

    Raises:
        SessionError: the file exists, or cannot be written.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], scenery: bytes, cast: bytes) -> None:
        opening = {
            RecordType.HEADER: pack(dict(header)),
            RecordType.SCENERY: scenery,
            RecordType.CAST: cast,
        }
        self.path = path
        self.catalogue = Catalogue()
        self._fresh = Catalogue()  # entries since the last part of the index
        self._part = 0  # offset of that part
        self._surfaces: set[int] = set()  # that are in this file, by tick
        self._slow: set[tuple[str, int]] = set()
        self._encoder = SurfaceEncoder()
        self._records = RecordWriter(path, hashlib.sha256(opening[RecordType.HEADER]).digest()[:16])
        try:
            for kind, payload in [*opening.items()] * COPIES:
                offset = self._records.append(kind, payload, compress=True, flush=False)
                self._fresh.preamble.append(Place(kind, offset))
            self._records.flush()
        except BaseException:
            path.unlink(missing_ok=True)  # made just now, and nothing is recorded in it
            raise

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._records.size

    @property
    def closed(self) -> bool:
        """True once nothing more can be written."""
        return self._records.closed

    def chunk(self, ticks: list[Snapshot]) -> None:
        """Write ticks that follow each other, and their surface where this file has it not yet."""
        if ticks[0].surface is not None:
            self.surface(ticks[0].surface)
        self.packed_chunk(ticks[0].tick, len(ticks), pack(encode.chunk(ticks)))

    def packed_chunk(self, first: int, count: int, payload: bytes) -> None:
        """Write a chunk as another session with the same columns in its header holds it."""
        offset = self._records.append(RecordType.CHUNK, payload, compress=True)
        self._fresh.chunks.append(ChunkPlace(first, count, offset))
        if len(self._fresh.chunks) >= PART_CHUNKS:
            self.part()

    def utterance(self, tick: int, payload: bytes) -> None:
        """Write one packed utterance."""
        self._fresh.utterances.append(Place(tick, self._records.append(RecordType.UTTERANCE, payload, compress=True)))

    def wording(self, tick: int, payload: bytes) -> None:
        """Write one packed entry of the language log."""
        self._fresh.wordings.append(Place(tick, self._records.append(RecordType.WORDING, payload, compress=True)))

    def surface(self, surface: Surface) -> None:
        """Write a surface, unless this file has it."""
        if surface.tick in self._surfaces:
            return
        payload = pack(self._encoder.encode(surface))
        offset = self._records.append(RecordType.SURFACE, payload, compress=False)  # its maps are
        self._surfaces.add(surface.tick)
        self._fresh.surfaces.append(Place(surface.tick, offset))

    def slow_part(self, part: SlowPart) -> None:
        """Write a slow part of keyframes, unless this file has it."""
        if part.key in self._slow:
            return
        payload = pack(encode.slow_part(part), encode.state_value)
        offset = self._records.append(RecordType.SLOW, payload, compress=True)
        self._slow.add(part.key)
        self._fresh.slow.append(SlowPlace(part.name, part.since, offset))

    def keyframe(self, tick: int, state: Mapping[str, Any], slow: Sequence[SlowPart] = ()) -> None:
        """Write the state behind a tick with those of its slow parts that this file has not yet; the index so far."""
        for part in slow:
            self.slow_part(part)
        since = {part.name: part.since for part in slow}
        self.packed_keyframe(tick, pack(encode.keyframe(tick, state, since), encode.state_value))

    def packed_keyframe(self, tick: int, payload: bytes) -> None:
        """Write a keyframe as another session holds it, then the index so far."""
        self._fresh.keyframes.append(Place(tick, self._records.append(RecordType.KEYFRAME, payload, compress=True)))
        self.part()

    def part(self) -> None:
        """Append what was indexed since the last part, so that a file that is never closed opens without a walk."""
        payload = pack({**self._fresh.to_plain(), "previous": self._part})
        self._part = self._records.append(RecordType.PART, payload, compress=True)
        self.catalogue.extend(self._fresh)
        self._fresh = Catalogue()

    def frame(
        self,
        about: Mapping[str, Any],
        encoded: Mapping[str, Mapping[str, Any]],
        tables: Mapping[str, NDArray[np.void]],
    ) -> None:
        """Write the images and the tables of one frame, then the record that names them."""
        tick, camera = about["tick"], about["camera"]
        blobs = {}
        for name, image in encoded.items():
            payload = pack(encode.image(tick, camera, name, about["pose"], image))
            blobs[name] = self._records.append(RecordType.BLOB, payload, compress=False)
        places = {}
        for name, table in tables.items():
            payload = pack(encode.frame_table(tick, camera, name, table))
            places[name] = self._records.append(RecordType.TABLE, payload, compress=True)
        offset = self._records.append(RecordType.FRAME, pack(encode.frame(about, blobs, places)), compress=False)
        self._fresh.add_frame(tick, camera, list(blobs), offset)

    def sync(self) -> None:
        """Reach the disk."""
        self._records.sync()

    def close(self, summary: Mapping[str, Any], *, last: bool) -> None:
        """Write the whole index and the end marker, reach the disk and close."""
        self.catalogue.extend(self._fresh)
        self._fresh = Catalogue()
        index = self._records.append(RecordType.INDEX, pack(self.catalogue.to_plain()), compress=True, flush=False)
        closing = pack({"index": index, "last": last, "summary": dict(summary)})
        self._records.finish(self._records.append(RecordType.END, closing, compress=False, flush=False))

    def abandon(self) -> None:
        """Close the file without an end marker; what was written stays readable."""
        self._records.abandon()
