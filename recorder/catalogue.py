"""Where everything in one file of a session lies: kept by the writer, stored as it goes and at the end, rebuilt by a
walk over the records where that is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recorder.columns import array_from_plain, array_to_plain
from recorder.container import CRC, MAX_PAYLOAD, RECORD, CorruptSession, Gap, RecordHead, RecordType
from recorder.payload import unpack
from recorder.record_reader import RecordReader

PREAMBLE = (RecordType.HEADER, RecordType.SCENERY, RecordType.CAST)
ENTERED = (
    RecordType.CHUNK,
    RecordType.UTTERANCE,
    RecordType.WORDING,
    RecordType.KEYFRAME,
    RecordType.FRAME,
    RecordType.SURFACE,
    RecordType.SLOW,
    RecordType.END,
)  # records that a walk looks into
INDEXED_SINCE_MAJOR = 2  # indexes of the first format lack the ticks of what was said
LAST_TICK = 1 << 53  # beyond it the time of a tick is no longer exact
CHUNK_TICKS = 1 << 20  # more are never in one chunk: it takes an entry of a list for each
INDEX_OVERHEAD = 64 << 10  # bytes of an index beyond its entries: names of its parts, of cameras and modalities
PLACES = ("preamble", "utterances", "wordings", "keyframes", "surfaces")  # of a catalogue: lists of records with a tick
SINCE_MINOR_1 = ("surfaces",)  # indexes of minor version 0 lack them
NONSENSE = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError)  # of a decoded record


class ChunkPlace(NamedTuple):
    """The ticks one chunk holds and where it lies."""

    first: int
    length: int  # ticks
    offset: int


class Place(NamedTuple):
    """A record that belongs to a tick."""

    tick: int
    offset: int


class SlowPlace(NamedTuple):
    """A slow part of keyframes."""

    name: str
    since: int  # tick
    offset: int


@dataclass
class Catalogue:
    """Offsets of all records one may ask for, in file order."""

    preamble: list[Place] = field(default_factory=list)  # RecordType of HEADER, SCENERY, CAST in place of the tick
    chunks: list[ChunkPlace] = field(default_factory=list)
    utterances: list[Place] = field(default_factory=list)
    wordings: list[Place] = field(default_factory=list)
    keyframes: list[Place] = field(default_factory=list)
    surfaces: list[Place] = field(default_factory=list)
    slow: list[SlowPlace] = field(default_factory=list)
    cameras: list[str] = field(default_factory=list)  # in order of their first frame
    modalities: list[str] = field(default_factory=list)
    frames: dict[tuple[int, str], int] = field(default_factory=dict)  # (tick, camera) -> offset

    def add_frame(self, tick: int, camera: str, modalities: list[str], offset: int) -> None:
        """Note a frame that is wholly in the file."""
        self.cameras += [camera] if camera not in self.cameras else []
        self.modalities += [name for name in modalities if name not in self.modalities]
        self.frames[tick, camera] = offset

    def add_chunk(self, chunk: ChunkPlace) -> None:
        """Note a chunk that lies behind those noted before.

        Raises:
            ValueError: its ticks are none, too many, or not behind those before.
        """
        last = self.chunks[-1] if self.chunks else None
        free = 0 if last is None else last.first + last.length
        if not (free <= chunk.first and 1 <= chunk.length <= CHUNK_TICKS and chunk.first + chunk.length <= LAST_TICK):
            raise ValueError(f"a chunk of {chunk.length} ticks from {chunk.first} on where tick {free} may follow")
        self.chunks.append(chunk)

    def extend(self, later: Catalogue) -> None:
        """Append what lies further on in the file.

        Raises:
            ValueError: the chunks do not follow each other.
        """
        for chunk in later.chunks:
            self.add_chunk(chunk)
        for name in (*PLACES, "slow"):
            getattr(self, name).extend(getattr(later, name))
        self.cameras += [name for name in later.cameras if name not in self.cameras]
        self.modalities += [name for name in later.modalities if name not in self.modalities]
        self.frames |= later.frames

    def to_plain(self) -> dict[str, Any]:
        """The content of an INDEX record."""
        number = {name: i for i, name in enumerate(self.cameras)}
        frames = [(tick, number[camera], offset) for (tick, camera), offset in self.frames.items()]
        parts = list(dict.fromkeys(place.name for place in self.slow))
        slow = [(place.since, parts.index(place.name), place.offset) for place in self.slow]
        return {
            **{name: array_to_plain(_rows(getattr(self, name), 2)) for name in PLACES},
            "chunks": array_to_plain(_rows(self.chunks, 3)),
            "slow": array_to_plain(_rows(slow, 3)),
            "slow_parts": parts,
            "cameras": self.cameras,
            "modalities": self.modalities,
            "frames": array_to_plain(_rows(frames, 3)),
        }


def _rows(rows: list[Any], width: int) -> NDArray[np.int64]:
    return np.array(rows, np.int64).reshape(-1, width)


def catalogue_from_plain(value: Any, size: int) -> Catalogue:
    """The catalogue behind an INDEX or PART record of a file of `size` bytes.

    Raises:
        ValueError, KeyError, TypeError, IndexError: it is not one, or holds more than the file can.
    """
    cameras = [str(name) for name in value["cameras"]]
    catalogue = Catalogue(
        cameras=cameras,
        modalities=[str(name) for name in value["modalities"]],
        frames={(tick, cameras[number]): offset for tick, number, offset in _entries(value["frames"], 3, size)},
    )
    for name in PLACES:
        if name in value or name not in SINCE_MINOR_1:
            getattr(catalogue, name).extend(Place(*row) for row in _entries(value[name], 2, size))
    for row in _entries(value["chunks"], 3, size):
        catalogue.add_chunk(ChunkPlace(*row))
    parts = [str(name) for name in value.get("slow_parts", ())]
    for since, number, offset in _entries(value["slow"], 3, size) if "slow" in value else ():
        catalogue.slow.append(SlowPlace(parts[number], since, offset))
    return catalogue


def _entries(value: Any, width: int, size: int) -> list[list[int]]:
    """The rows of one array of an index; each names a record of its own, so there cannot be more than fit the file."""
    rows = array_from_plain(value)
    if rows.dtype != np.int64 or rows.ndim != 2 or rows.shape[1] != width:
        raise ValueError(f"an index with an array of {rows.dtype} and shape {rows.shape}")
    if len(rows) * (RECORD.size + CRC.size) > size:
        raise ValueError(f"an index of {len(rows)} records in {size} bytes")
    if rows.size and rows.min() < -1:
        raise ValueError("an index with negative places")
    entries: list[list[int]] = rows.tolist()
    return entries


@dataclass(frozen=True)
class Layout:
    """A catalogue and how it was come by."""

    catalogue: Catalogue
    closed: bool  # the writer ended the file
    last: bool  # and no segment follows it
    scanned: bool  # no usable index: every record was visited
    summary: dict[str, Any]
    gaps: tuple[Gap, ...] = ()  # damage met on the way; with an index it shows only when it is read


def find_layout(records: RecordReader) -> Layout:
    """The layout by the index at the end of the file; by the parts of it written so far and a walk over what follows
    them where the file was not closed; by a walk over all records where those are damaged.
    """
    if records.major >= INDEXED_SINCE_MAJOR:
        for attempt in (_by_index, _by_parts):
            try:
                layout = attempt(records)
            except (CorruptSession, *NONSENSE):
                continue  # an index is a convenience: the walk below finds the same, and damage with it
            if layout is not None:
                return layout
    return _walked(records, Catalogue(), records.start, 0, scanned=True)


def _by_index(records: RecordReader) -> Layout | None:
    end = records.end_offset()
    if end is None:
        return None
    closing = records.value(end, RecordType.END)
    index = records.value(int(closing["index"]), RecordType.INDEX, min(records.size + INDEX_OVERHEAD, MAX_PAYLOAD))
    catalogue = catalogue_from_plain(index, records.size)
    return Layout(catalogue, True, bool(closing["last"]), False, dict(closing["summary"]))


def _by_parts(records: RecordReader) -> Layout | None:
    last = records.last(RecordType.PART)
    if last is None:
        return None
    parts: list[Catalogue] = []
    offset, allowed = last.offset, 4 * records.size + INDEX_OVERHEAD  # all parts together describe one file
    while offset:
        head = records.head(offset)
        if head is None or head.type != RecordType.PART:
            raise ValueError("a part of the index is missing")
        payload = records.payload(head, min(allowed, MAX_PAYLOAD))
        allowed -= len(payload) + head.length
        value = unpack(payload)
        if int(value["previous"]) >= offset:
            raise ValueError("parts of the index do not lead back")
        parts.append(catalogue_from_plain(value, records.size))
        _check_place(records, parts[-1])
        offset = int(value["previous"])
    catalogue = Catalogue()
    for part in reversed(parts):
        catalogue.extend(part)
    return _walked(records, catalogue, last.end, last.sequence + 1, scanned=False)


def _check_place(records: RecordReader, part: Catalogue) -> None:
    """Raise ValueError where bytes were lost or put in before the last chunk of a part: its offsets are wrong then."""
    if part.chunks:
        head = records.head(part.chunks[-1].offset)
        if head is None or head.type != RecordType.CHUNK:
            raise ValueError("no chunk stands where a part of the index says")


def _walked(records: RecordReader, catalogue: Catalogue, offset: int, sequence: int, *, scanned: bool) -> Layout:
    gaps: list[Gap] = []
    closing: dict[str, Any] | None = None
    allowed = records.allowance
    for met in records.walk(offset, sequence):
        if isinstance(met, Gap):
            gaps.append(met)
            continue
        try:
            payload = records.payload(met, min(allowed, MAX_PAYLOAD)) if met.type in ENTERED else b""
            allowed -= len(payload)
            found = enter(catalogue, records, met, payload)
        except CorruptSession as error:
            gaps.append(Gap(met.offset, met.end, met.sequence, met.sequence + 1, error.what))
            continue
        closing = found if found is not None else closing
    last = closing is not None and bool(closing.get("last", True))  # in the first format there are no segments
    summary = {} if closing is None else dict(closing["summary"])
    return Layout(catalogue, closing is not None, last, scanned, summary, tuple(gaps))


def enter(
    catalogue: Catalogue, records: RecordReader, head: RecordHead, payload: bytes | None = None
) -> dict[str, Any] | None:
    """Note one record in a catalogue; gives back the content of the END record.

    Raises:
        CorruptSession: the record is damaged, or its content makes no sense.
    """
    kind, offset = head.type, head.offset
    if kind in PREAMBLE:
        catalogue.preamble.append(Place(kind, offset))
        return None
    named = {
        RecordType.UTTERANCE: ("start_tick", catalogue.utterances),
        RecordType.WORDING: ("arrival_tick", catalogue.wordings),
        RecordType.KEYFRAME: ("tick", catalogue.keyframes),
        RecordType.SURFACE: ("tick", catalogue.surfaces),
    }
    if kind not in ENTERED:
        return None
    payload = records.payload(head) if payload is None else payload
    try:
        value = unpack(payload)
        if kind == RecordType.CHUNK:
            catalogue.add_chunk(ChunkPlace(int(value["first"]), int(value["count"]), offset))
        elif kind == RecordType.FRAME:
            names = [str(name) for name in value["blobs"]]
            catalogue.add_frame(int(value["tick"]), str(value["camera"]), names, offset)
        elif kind == RecordType.SLOW:
            catalogue.slow.append(SlowPlace(str(value["name"]), int(value["since"]), offset))
        elif kind == RecordType.END:
            return {**value, "summary": dict(value["summary"])}
        else:
            name, places = named[RecordType(kind)]
            places.append(Place(int(value.get(name, -1)), offset))
    except NONSENSE as error:
        what = f"a {RecordType(kind).name} record makes no sense, {error!r}"
        raise CorruptSession(records.path, offset, what) from error
    return None
