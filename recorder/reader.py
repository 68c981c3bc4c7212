"""Opens a session and gives back, exactly, what was recorded: tick by tick, without loading the file.

Needs numpy and msgpack only.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate, pairwise
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from recorder.catalogue import Layout, find_layout
from recorder.columns import array_from_plain, table_from_plain
from recorder.container import CorruptSession, RecordReader, RecordType, SessionError
from recorder.images import decode_image
from recorder.schema import SCHEMA_VERSION, CameraPose, Cast, Event, Scenery, Snapshot, Utterance

T = TypeVar("T")


@dataclass(frozen=True)
class FrameRef:
    """One frame of one camera, without its images."""

    tick: int
    camera: str
    pose: CameraPose
    width: int  # pixels
    height: int
    modalities: tuple[str, ...]


@dataclass(frozen=True)
class _Chunk:
    first: int
    environment: NDArray[np.void]  # (ticks,)
    villagers: NDArray[np.void]  # (ticks, n)
    events: list[tuple[Event, ...]]
    hashes: list[dict[str, bytes]]


class Session:
    """A recorded session. Damage is an error that names the byte; a file cut off by a kill opens up to its last record.

    Sequences inside free-form values (header, events, facts, personas, wordings) come back as lists.
    """

    def __init__(self, records: RecordReader, layout: Layout) -> None:
        self._records = records
        self._layout = layout
        self._catalogue = layout.catalogue
        self._starts = [chunk.first for chunk in self._catalogue.chunks]
        self._chunk: tuple[int, _Chunk] | None = None
        self.path = records.path
        self.complete = layout.complete  # False: the writer was killed, the tail is missing
        self.scanned = layout.scanned  # True: there was no usable index, all records were visited
        self.summary = layout.summary
        self.header: dict[str, Any] = self._fixed(RecordType.HEADER, dict)
        version, rate = self.header.get("schema_version"), self.header.get("tick_rate")
        if not isinstance(rate, int) or rate < 1:
            raise SessionError(f"{self.path} has the tick rate {rate!r}; a whole number above 0 is needed.")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise SessionError(f"{self.path} has schema {version}; this Hamlet reads up to {SCHEMA_VERSION}.")

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Session:
        """Open a session file.

        Raises:
            SessionError: it is not a session, is from a newer Hamlet, or ends before its header does.
            CorruptSession: it is damaged.
        """
        records = RecordReader(Path(path))
        try:
            return cls(records, find_layout(records))
        except BaseException:
            records.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._records.close()

    def _decoded(self, offset: int, kind: RecordType, decode: Callable[[Any], T]) -> T:
        value = self._records.value(offset, kind)
        try:
            return decode(value)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            what = f"a {kind.name} record makes no sense, {error!r}"
            raise CorruptSession(self.path, offset, what) from error

    def _fixed(self, kind: RecordType, decode: Callable[[Any], T]) -> T:
        offset = self._catalogue.fixed.get(kind)
        if offset is None:
            raise SessionError(f"{self.path} ends before its {kind.name.lower()}; nothing was recorded in it.")
        return self._decoded(offset, kind, decode)

    @cached_property
    def scenery(self) -> Scenery:
        """The valley."""
        return self._fixed(RecordType.SCENERY, _scenery)

    @cached_property
    def cast(self) -> Cast:
        """The villagers, in the order of the rows of every snapshot."""
        return self._fixed(
            RecordType.CAST, lambda value: Cast(table_from_plain(value["looks"]), tuple(value["personas"]))
        )

    @property
    def tick_rate(self) -> int:
        """Ticks per world second."""
        return int(self.header["tick_rate"])

    @property
    def ticks(self) -> range:
        """All recorded ticks."""
        chunks = self._catalogue.chunks
        return range(chunks[0].first, chunks[-1].first + chunks[-1].count) if chunks else range(0)

    def snapshot(self, tick: int) -> Snapshot:
        """The snapshot of a tick.

        Raises:
            SessionError: the tick was not recorded.
        """
        if tick not in self.ticks:
            raise SessionError(f"{self.path} has no tick {tick}; it holds {_span(self.ticks)}.")
        chunk = self._chunk_at(bisect_right(self._starts, tick) - 1)
        row = tick - chunk.first
        said = tuple(self._utterances_by_tick.get(tick, ()))
        return Snapshot(
            tick, chunk.environment[row, ...], chunk.villagers[row], chunk.events[row], said, dict(chunk.hashes[row])
        )

    def at(self, time_s: float) -> Snapshot:
        """The snapshot of the last tick at or before so many world seconds after tick 0.

        Raises:
            SessionError: nothing was recorded at that time.
        """
        return self.snapshot(math.floor(time_s * self.tick_rate + 1e-9))

    def _chunk_at(self, number: int) -> _Chunk:
        if self._chunk is None or self._chunk[0] != number:
            place = self._catalogue.chunks[number]
            chunk = self._decoded(place.offset, RecordType.CHUNK, _chunk)
            if (chunk.first, len(chunk.villagers)) != (place.first, place.count):
                raise CorruptSession(self.path, place.offset, "the chunk does not hold the ticks the index says")
            self._chunk = (number, chunk)
        return self._chunk[1]

    def snapshots(self) -> Iterator[Snapshot]:
        """All snapshots in order."""
        return (self.snapshot(tick) for tick in self.ticks)

    def events(self) -> Iterator[Event]:
        """All events in order."""
        return (event for tick in self.ticks for event in self.snapshot(tick).events)

    @cached_property
    def _utterances(self) -> list[Utterance]:
        offsets = self._catalogue.utterances
        return [self._decoded(offset, RecordType.UTTERANCE, _utterance) for offset in offsets]

    @cached_property
    def _utterances_by_tick(self) -> dict[int, list[Utterance]]:
        by_tick: dict[int, list[Utterance]] = {}
        for utterance in self._utterances:
            by_tick.setdefault(utterance.start_tick, []).append(utterance)
        return by_tick

    def lines(self) -> list[Utterance]:
        """All utterances in the order they were written; after a kill, one may be newer than the last tick."""
        return list(self._utterances)

    def wordings(self) -> list[dict[str, Any]]:
        """The language log, in the order in which the words arrived."""
        return [self._decoded(offset, RecordType.WORDING, dict) for offset in self._catalogue.wordings]

    @property
    def cameras(self) -> tuple[str, ...]:
        """Cameras that have frames."""
        return tuple(self._catalogue.cameras)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Modalities that frames have."""
        return tuple(self._catalogue.modalities)

    def frames(self, camera: str | None = None) -> Iterator[FrameRef]:
        """All frames in the order they were written, of one camera or of all."""
        for tick, name in list(self._catalogue.frames):
            if camera in (None, name):
                yield self._frame(tick, name)[0]

    def pose(self, tick: int, camera: str) -> CameraPose:
        """The pose of a camera in one of its frames.

        Raises:
            SessionError: there is no such frame.
        """
        return self._frame(tick, camera)[0].pose

    def frame(self, tick: int, camera: str, modality: str) -> NDArray[Any]:
        """One image, exactly as it was written.

        Raises:
            SessionError: there is no such frame, or it lacks the modality.
        """
        return self._blob(tick, camera, modality, lambda value: decode_image(_matching(value, tick, camera, modality)))

    def encoded_frame(self, tick: int, camera: str, modality: str) -> dict[str, Any]:
        """One image as it lies in the file, for SessionWriter.encoded_frame.

        Raises:
            SessionError: there is no such frame, or it lacks the modality.
        """
        return self._blob(tick, camera, modality, lambda value: _matching(value, tick, camera, modality))

    def _blob(self, tick: int, camera: str, modality: str, decode: Callable[[Any], T]) -> T:
        ref, blobs = self._frame(tick, camera)
        if modality not in blobs:
            has = ", ".join(ref.modalities)
            raise SessionError(
                f"{self.path}: the frame of {camera!r} at tick {tick} has no {modality!r}, it has {has}."
            )
        return self._decoded(blobs[modality], RecordType.BLOB, decode)

    def _frame(self, tick: int, camera: str) -> tuple[FrameRef, dict[str, int]]:
        offset = self._catalogue.frames.get((tick, camera))
        if offset is None:
            raise SessionError(f"{self.path} has no frame of camera {camera!r} at tick {tick}.")
        return self._decoded(offset, RecordType.FRAME, lambda value: _frame_ref(value, tick, camera))


def _span(ticks: range) -> str:
    return f"ticks {ticks[0]} to {ticks[-1]}" if ticks else "no tick at all"


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def _scenery(value: dict[str, Any]) -> Scenery:
    parts = {item.name: value[item.name] for item in fields(Scenery)}
    for name, part in parts.items():
        if isinstance(part, dict):
            parts[name] = _frozen(table_from_plain(part) if "fields" in part else array_from_plain(part))
    east, north = parts["origin"]
    return Scenery(**{**parts, "origin": (float(east), float(north)), "places": tuple(parts["places"])})


def _chunk(value: dict[str, Any]) -> _Chunk:
    count = int(value["count"])
    environment, villagers = (
        _frozen(table_from_plain(value["environment"])),
        _frozen(table_from_plain(value["villagers"])),
    )
    if environment.shape != (count,) or villagers.shape[:1] != (count,) or villagers.ndim != 2:
        raise ValueError("columns of another length")
    events = [Event(int(tick), str(kind), dict(data)) for tick, kind, data in value["events"]]
    ends = list(accumulate((int(n) for n in value["event_counts"]), initial=0))
    grouped = [tuple(events[start:end]) for start, end in pairwise(ends)]
    hashes = [{str(room): bytes(digest) for room, digest in row.items()} for row in value["hashes"]]
    if len(grouped) != count or len(hashes) != count or ends[-1] != len(events):
        raise ValueError("events or hashes of another length")
    return _Chunk(int(value["first"]), environment, villagers, grouped, hashes)


def _utterance(value: dict[str, Any]) -> Utterance:
    parts = {item.name: value[item.name] for item in fields(Utterance) if item.name in value}
    for name in ("listeners", "overhearers", "raw", "rejections"):
        parts[name] = tuple(parts[name])
    parts["positions"] = {row: tuple(place) for row, place in parts["positions"].items()}
    parts["sees"] = {row: tuple(rows) for row, rows in parts["sees"].items()}
    return Utterance(**parts)


def _frame_ref(value: dict[str, Any], tick: int, camera: str) -> tuple[FrameRef, dict[str, int]]:
    if (value["tick"], value["camera"]) != (tick, camera):
        raise ValueError("another frame stands here")
    pose, (width, height) = value["pose"], value["size"]
    x, y, z = pose["position"]
    ref = FrameRef(
        tick,
        camera,
        CameraPose((x, y, z), pose["yaw"], pose["pitch"], pose["fov_y"]),
        int(width),
        int(height),
        tuple(str(name) for name in value["blobs"]),
    )
    return ref, {str(name): int(offset) for name, offset in value["blobs"].items()}


def _matching(value: dict[str, Any], tick: int, camera: str, modality: str) -> dict[str, Any]:
    if (value["tick"], value["camera"], value["modality"]) != (tick, camera, modality):
        raise ValueError("another image stands here")
    return {name: value[name] for name in ("encoding", "dtype", "shape", "data")}
