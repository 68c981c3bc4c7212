"""Opens a session and gives back, exactly, what was recorded: tick by tick, without loading the file.

Needs numpy, msgpack and zstandard only.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import pairwise
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from recorder import decode
from recorder.catalogue import NONSENSE
from recorder.columns import table_from_plain
from recorder.container import CorruptSession, RecordType, SessionError
from recorder.files import Damage, OpenFile, session_files
from recorder.frames import FrameRef, Frames
from recorder.ground import Ground, Where
from recorder.images import decode_image
from recorder.record_reader import RecordReader
from recorder.schema import RANGE, SCHEMA_VERSION, CameraPose, Cast, Event, Scenery, Snapshot, Surface, Utterance
from recorder.slow import Since, SlowPart, put_in
from recorder.ticks import Ticks
from recorder.today import TABLES, as_today

if TYPE_CHECKING:
    import pyarrow

T = TypeVar("T")


class Session:
    """A recorded session, read piece by piece: memory does not grow with its length.

    Every checksum is verified on every read, and damage is an error that names the byte. A session cut off by a kill
    opens up to its last whole record. Where there is no index, damage is stepped over and told in `damage`; what was
    lost is then missing, never wrong. Sequences inside free-form values (header, events, facts, personas, wordings)
    come back as lists. Sessions may be pickled and shared with forked processes.
    """

    def __init__(self, segments: Sequence[OpenFile], unreadable: Iterable[Damage] = ()) -> None:
        self._segments = segments
        self.path = segments[0].records.path
        self.complete = segments[-1].layout.last  # False: the writer was killed, the tail is missing
        self.scanned = any(segment.layout.scanned for segment in segments)  # no usable index: all records were visited
        self.summary = segments[-1].layout.summary
        self.damage = (*(damage for segment in segments for damage in segment.damage()), *unreadable)
        self.header: dict[str, Any]
        self.header, self._number, self._layouts = self._preamble(RecordType.HEADER, _header)
        self._check_segments()
        self._index()
        version, rate = self.header.get("schema_version"), self.header.get("tick_rate")
        if not isinstance(rate, int) or rate < 1:
            raise SessionError(f"{self.path} has the tick rate {rate!r}; a whole number above 0 is needed.")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise SessionError(f"{self.path} has schema {version}; this Hamlet reads up to {SCHEMA_VERSION}.")
        self._chunk: tuple[int, decode.Chunk] | None = None
        self._ground = Ground(self.path, self._surfaces, self._decoded, lambda: self.scenery.heights.shape)
        self._slow_read: dict[str, SlowPart] = {}  # the last one of each name

    def _check_segments(self) -> None:
        """One session's files, and which of them are missing."""
        first = self._segments[0]
        own_header = RecordType.HEADER in [place.tick for place in first.layout.catalogue.preamble]
        due = self._number if own_header else self._number - 1  # else the next one's header is read
        if len(self._segments) > 1 and due > 0:
            self.damage += (Damage(self.path, 0, 0, None, f"{_segments(0, due - 1)} missing before it"),)
        for number in range(1, len(self._segments)):
            path, before = self._segments[number].records.path, self._segments[number - 1]
            if not before.layout.closed:
                cut, size = before.records.path, before.records.size
                self.damage += (Damage(cut, size, size, None, "it was cut off, and more was recorded after it"),)
            header, found, _ = self._preamble(RecordType.HEADER, _header, number)
            if header.get("id") != self.header.get("id"):
                raise SessionError(f"{path} belongs to another session than {self.path}; move it away.")
            if found != due + 1:
                self.damage += (Damage(path, 0, 0, None, f"{_segments(due + 1, found - 1)} missing before it"),)
            due = found
        last = self._segments[-1]
        alone = bool(self.header.get("segment"))  # somebody opened a later segment by its own name
        if last.layout.closed and not last.layout.last and not alone:
            path, size = last.records.path, last.records.size
            self.damage += (Damage(path, size, size, None, f"segment {due + 1}, which follows it, is missing"),)

    def _index(self) -> None:
        """Merge what the segments hold; a place is now (number of the segment, offset)."""
        numbered = [(number, segment.layout.catalogue) for number, segment in enumerate(self._segments)]
        self._chunks = [(c.first, c.length, (n, c.offset)) for n, part in numbered for c in part.chunks]
        for (first, count, _), (following, _, place) in pairwise(self._chunks):
            if following < first + count:
                raise CorruptSession(
                    self._at(place).path, place[1], f"tick {following} follows tick {first + count - 1}"
                )
        self._starts = [first for first, _, _ in self._chunks]
        self._said = [(p.tick, (n, p.offset)) for n, part in numbered for p in part.utterances]
        self._words = [(p.tick, (n, p.offset)) for n, part in numbered for p in part.wordings]
        self._keyframes = {p.tick: (n, p.offset) for n, part in numbered for p in part.keyframes}
        self._surfaces: dict[int, list[Where]] = {}  # a segment repeats what it takes to be read alone
        self._slow: dict[tuple[str, int], list[Where]] = {}
        for number, part in numbered:
            for surface in part.surfaces:
                self._surfaces.setdefault(surface.tick, []).append((number, surface.offset))
            for slow in part.slow:
                self._slow.setdefault((slow.name, slow.since), []).append((number, slow.offset))
        self._frames = {key: (n, offset) for n, part in numbered for key, offset in part.frames.items()}
        self.ticks = Ticks(range(first, first + count) for first, count, _ in self._chunks)
        self.cameras = tuple(dict.fromkeys(name for _, part in numbered for name in part.cameras))
        self.modalities = tuple(dict.fromkeys(name for _, part in numbered for name in part.modalities))

    @classmethod
    def open(cls, path: str | PathLike[str]) -> Session:
        """Open a session by its first file, with all its segments, or by the folder it lies in.

        A later segment's file opens that segment alone.

        Raises:
            SessionError: it is not a session, is from a newer Hamlet, or ends before its header does.
            CorruptSession: it is damaged where nothing can be read without it.
        """
        segments: list[OpenFile] = []
        unreadable: list[Damage] = []
        try:
            for file in session_files(Path(path)):
                try:
                    segments.append(OpenFile.open(file, begun=bool(segments)))
                except SessionError as error:
                    if not segments:
                        raise
                    unreadable.append(Damage(file, 0, 0, None, f"this segment cannot be read: {error}"))
                if segments[-1].layout.last:
                    break
            return cls(segments, unreadable)
        except BaseException:
            for segment in segments:
                segment.records.close()
            raise

    def __reduce__(self) -> tuple[Any, ...]:
        return Session.open, (self.path,)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the files."""
        for segment in self._segments:
            segment.records.close()

    @property
    def segments(self) -> tuple[Path, ...]:
        """The files of the session."""
        return tuple(segment.records.path for segment in self._segments)

    @property
    def being_written(self) -> bool:
        """True while a writer has the last file open."""
        return self._segments[-1].records.being_written()

    def _at(self, place: Where) -> RecordReader:
        return self._segments[place[0]].records

    def _decoded(self, place: Where, kind: RecordType, make: Callable[[Any], T]) -> T:
        records, offset = self._at(place), place[1]
        value = records.value(offset, kind)
        try:
            return make(value)
        except NONSENSE as error:
            what = f"a {kind.name} record makes no sense, {error!r}"
            raise CorruptSession(records.path, offset, what) from error

    def _preamble(self, kind: RecordType, make: Callable[[Any], T], start: int = 0) -> T:
        """What a record of the preamble holds, from the first of its copies that is whole."""
        places = [
            (number, place.offset)
            for number, segment in enumerate(self._segments[start:], start)
            for place in segment.layout.catalogue.preamble
            if place.tick == kind
        ]
        first_error: CorruptSession | None = None
        for place in places:
            try:
                return self._decoded(place, kind, make)
            except CorruptSession as error:
                first_error = first_error or error
        if first_error is not None:
            raise first_error
        if self.damage:
            raise CorruptSession(self.path, self.damage[0].offset, f"its {kind.name.lower()} is lost")
        raise SessionError(f"{self.path} ends before its {kind.name.lower()}; nothing was recorded in it.")

    @cached_property
    def scenery(self) -> Scenery:
        """The valley."""
        return self._preamble(RecordType.SCENERY, decode.scenery)

    @cached_property
    def cast(self) -> Cast:
        """The villagers, in the order of the rows of every snapshot; their looks in the columns of today's schema."""
        recorded = self.recorded_cast
        return Cast(as_today("looks", recorded.looks), recorded.personas)

    @cached_property
    def recorded_cast(self) -> Cast:
        """The villagers with those columns of looks alone that the session holds: what a copy of it is to hold."""
        return self._preamble(
            RecordType.CAST, lambda value: Cast(table_from_plain(value["looks"]), tuple(value["personas"]))
        )

    @property
    def tick_rate(self) -> int:
        """Ticks per world second."""
        return int(self.header["tick_rate"])

    def at(self, time_s: float) -> Snapshot:
        """The snapshot of the last tick recorded at or before so many world seconds after tick 0.

        Raises:
            SessionError: nothing was recorded then.
        """
        tick = math.floor(time_s * self.tick_rate + 1e-9)
        if not self.ticks or not self.ticks[0] <= tick <= self.ticks[-1]:
            raise SessionError(f"{self.path} has nothing at {time_s:g} s; it holds {self._span_s()}.")
        number = bisect_right(self._starts, tick) - 1
        first, count, _ = self._chunks[number]
        return self.snapshot(min(tick, first + count - 1))

    def _span_s(self) -> str:
        rate = self.tick_rate
        return f"{self.ticks[0] / rate:g} s to {self.ticks[-1] / rate:g} s" if self.ticks else str(self.ticks)

    @cached_property
    def columns(self) -> dict[str, np.dtype[np.void]]:
        """The columns that were recorded, of each table; the first format names them in its chunks."""
        if self._layouts or not self._chunks:
            return dict(self._layouts)
        _, _, place = self._chunks[0]
        chunk = self._decoded(place, RecordType.CHUNK, lambda value: decode.chunk(value, self._layouts))
        return {"environment": chunk.environment.dtype, "villagers": chunk.villagers.dtype}

    def snapshot(self, tick: int, *, whole: bool = False) -> Snapshot:
        """The snapshot of a tick, in the columns of today's schema.

        Columns that were not recorded, as in older sessions, are as `schema.Column.absent` says; `today.as_recorded`
        leaves them out. Where the surface is lost, the one before it stands in, and `damage` says so.

        Args:
            tick: a recorded one.
            whole: nothing may stand in for what is lost.

        Raises:
            SessionError: the tick was not recorded, or was lost.
            CorruptSession: `whole`, and its surface is lost.
        """
        if tick not in self.ticks:
            raise SessionError(f"{self.path} has no tick {tick}; it holds {self.ticks}.")
        chunk = self._chunk_at(bisect_right(self._starts, tick) - 1)
        row = tick - chunk.first
        return Snapshot(
            tick=tick,
            environment=chunk.environment[row, ...],
            villagers=chunk.villagers[row],
            events=chunk.events[row],
            utterances=tuple(self._line(tick, place) for place in self._said_at.get(tick, ())),
            buildings=chunk.buildings[row],
            surface=None if chunk.surface is None else self._surface(chunk.surface, whole=whole),
            hashes=dict(chunk.hashes[row]),
        )

    @property
    def surfaces(self) -> list[int]:
        """Ticks since when the ground lay as a surface says, in order."""
        return sorted(self._surfaces)

    def surface(self, tick: int) -> Surface:
        """The surface that is of a tick; `snapshot` gives the one that a tick has.

        Raises:
            SessionError: there is none.
            CorruptSession: it is lost.
        """
        if tick not in self._surfaces:
            raise SessionError(f"{self.path} has no surface of tick {tick}.")
        return self._ground.surface(tick)

    def _surface(self, tick: int, *, whole: bool) -> Surface | None:
        try:
            return self._ground.surface(tick)
        except CorruptSession as error:
            if whole:
                raise
            stand_in = self._ground.before(tick)
            instead = "nothing stands" if stand_in is None else f"that of tick {stand_in.tick} stands"
            why = f"the surface of tick {tick} is lost, and {instead} in for it: {error.what}"
            told = Damage(error.path, error.offset, error.offset, 1, why)
            self.damage += () if told in self.damage else (told,)
            return stand_in

    @cached_property
    def _said_at(self) -> dict[int, list[Where]]:
        places: dict[int, list[Where]] = {}
        for tick, place in self._said:
            places.setdefault(tick, []).append(place)
        return places

    def _chunk_at(self, number: int) -> decode.Chunk:
        """A chunk, in the columns of today's schema."""
        if self._chunk is None or self._chunk[0] != number:
            first, count, place = self._chunks[number]
            chunk = self._decoded(place, RecordType.CHUNK, lambda value: decode.chunk(value, self._layouts))
            if (chunk.first, len(chunk.villagers)) != (first, count):
                raise CorruptSession(self._at(place).path, place[1], "the chunk does not hold the ticks the index says")
            tables: dict[str, Any] = {name: as_today(name, getattr(chunk, name)) for name in TABLES}
            self._chunk = (number, replace(chunk, **tables))
        return self._chunk[1]

    def snapshots(self) -> Iterator[Snapshot]:
        """All snapshots in order."""
        return (self.snapshot(tick) for tick in self.ticks)

    def events(self) -> Iterator[Event]:
        """All events in order."""
        return (event for snapshot in self.snapshots() for event in snapshot.events)

    def lines(self) -> list[Utterance]:
        """All utterances in the order they were written; after a kill, one may be newer than the last tick.

        Raises:
            CorruptSession: one that the index names cannot be read: better none than silently fewer. `recover` makes a
                session of those that are left; `snapshot` and `lines_between` read only what they are asked for.
        """
        return [self._line(tick, place) for tick, place in self._said]

    def _line(self, tick: int, place: Where) -> Utterance:
        return self._decoded(place, RecordType.UTTERANCE, partial(decode.line, tick=tick))

    @cached_property
    def _said_in_order(self) -> list[tuple[int, Where]]:
        return sorted(self._said)

    @cached_property
    def spoken_ticks(self) -> list[int]:
        """The tick at which each utterance begins, in order; known without reading any of them."""
        return [tick for tick, _ in self._said_in_order]

    def lines_between(self, first: int, last: int) -> list[Utterance]:
        """The utterances that begin at ticks from `first` to `last`, both included, in order; only these are read."""
        begin, end = bisect_left(self.spoken_ticks, first), bisect_right(self.spoken_ticks, last)
        places = self._said_in_order[begin:end]
        return [self._line(tick, place) for tick, place in places]

    def utterances(self) -> pyarrow.Table:
        """All utterances as a pyarrow.Table, one row each; see recorder.tables for its columns.

        Raises:
            SessionError: pyarrow is not installed.
        """
        from recorder.tables import utterance_table  # noqa: PLC0415 - only tables want pyarrow

        spoken = (self._line(tick, place) for tick, place in self._said)
        return utterance_table(spoken, self.cast, self.tick_rate)

    def wordings(self) -> list[dict[str, Any]]:
        """The language log, in the order in which the words arrived.

        Raises:
            CorruptSession: an entry cannot be read; without it a run would go on otherwise than it went.
        """
        return [
            self._decoded(place, RecordType.WORDING, partial(decode.wording, tick=tick)) for tick, place in self._words
        ]

    @property
    def keyframes(self) -> list[int]:
        """Ticks whose whole state is recorded, from which a run can go on, in order."""
        return sorted(self._keyframes)

    def keyframe(self, tick: int) -> dict[str, Any]:
        """The whole state behind a tick, as it was given to the writer; sequences come back as lists.

        Arrays in its slow parts are shared with other keyframes, and cannot be changed.

        Raises:
            SessionError: there is none for this tick.
            CorruptSession: it is damaged, or a slow part of it is.
        """
        return self.keyframe_parts(tick)[0]

    def keyframe_parts(self, tick: int) -> tuple[dict[str, Any], Since]:
        """The whole state behind a tick, and which parts of it are slow, as SessionWriter.keyframe takes them.

        Raises:
            SessionError, CorruptSession: as `keyframe`.
        """
        place = self._keyframes.get(tick)
        if place is None:
            raise SessionError(f"{self.path} has no keyframe at tick {tick}.")
        return self._decoded(place, RecordType.KEYFRAME, partial(self._whole_state, tick=tick))

    def _whole_state(self, value: dict[str, Any], tick: int) -> tuple[dict[str, Any], Since]:
        state, since = decode.keyframe(value, tick), decode.since(value)
        for name, began in since.items():
            try:
                put_in(state, self._slow_part(name, began))
            except CorruptSession as error:
                what = f"the keyframe of tick {tick} is lost with its {name} since tick {began}: {error.what}"
                raise CorruptSession(error.path, error.offset, what) from None
        return state, since

    def _slow_part(self, name: str, since: int) -> SlowPart:
        known = self._slow_read.get(name)
        if known is not None and known.since == since:
            return known
        lost = CorruptSession(self.path, 0, "it is not there")
        for number, place in enumerate(self._slow.get((name, since), ())):
            make = partial(decode.slow_part, name=name, since=since)
            try:
                self._slow_read[name] = self._decoded(place, RecordType.SLOW, make)
            except CorruptSession as error:
                lost = lost if number else error
            else:
                return self._slow_read[name]
        raise lost

    def frames(self, camera: str | None = None, modality: str | None = None) -> Frames:
        """The frames of one camera or of all, in the order they were written, read one by one as they are asked for.

        Args:
            camera: its name; all cameras if None.
            modality: only frames that have it (`range`: the depth), and what `frame.image()` gives without an
                argument.
        """
        return Frames(self, [key for key in self._frames if camera in (None, key[1])], modality)

    def pose(self, tick: int, camera: str) -> CameraPose:
        """The pose of a camera in one of its frames.

        Raises:
            SessionError: there is no such frame.
        """
        return self.frame_ref(tick, camera).pose

    def frame(self, tick: int, camera: str, modality: str) -> NDArray[Any]:
        """One image, exactly as it was written; `range`, which never is, made of the depth.

        Raises:
            SessionError: there is no such frame, or it lacks the modality.
        """
        if modality == RANGE:
            return self.pose(tick, camera).ranges(self.frame(tick, camera, "depth"))
        return self._blob(
            tick, camera, modality, lambda value: decode_image(decode.image(value, tick, camera, modality))
        )

    def encoded_frame(self, tick: int, camera: str, modality: str) -> dict[str, Any]:
        """One image as it lies in the file, for SessionWriter.encoded_frame.

        Raises:
            SessionError: there is no such frame, or it lacks the modality.
        """
        return self._blob(tick, camera, modality, lambda value: decode.image(value, tick, camera, modality))

    def _blob(self, tick: int, camera: str, modality: str, make: Callable[[Any], T]) -> T:
        _, blobs, _ = self._frame(tick, camera)
        if modality not in blobs:
            has = ", ".join(blobs)
            raise SessionError(
                f"{self.path}: the frame of {camera!r} at tick {tick} has no {modality!r}, it has {has}."
            )
        segment, _ = self._frames[tick, camera]
        return self._decoded((segment, blobs[modality]), RecordType.BLOB, make)

    def frame_ref(self, tick: int, camera: str) -> FrameRef:
        """One frame, without its images.

        Raises:
            SessionError: there is no such frame.
        """
        about, blobs, tables = self._frame(tick, camera)
        return FrameRef(**about, modalities=tuple(blobs), tables=tuple(tables), session=self)

    def annotations(self, tick: int, camera: str) -> dict[str, NDArray[np.void]]:
        """The tables of a frame by name, as schema.Annotations describes them; none where none were written.

        Raises:
            SessionError: there is no such frame.
            CorruptSession: one of its tables cannot be read.
        """
        _, _, tables = self._frame(tick, camera)
        return {name: self._table(tick, camera, name, offset) for name, offset in tables.items()}

    def _table(self, tick: int, camera: str, name: str, offset: int) -> NDArray[np.void]:
        segment, _ = self._frames[tick, camera]
        make = partial(decode.frame_table, tick=tick, camera=camera, name=name)
        return self._decoded((segment, offset), RecordType.TABLE, make)

    def _frame(self, tick: int, camera: str) -> tuple[dict[str, Any], dict[str, int], dict[str, int]]:
        place = self._frames.get((tick, camera))
        if place is None:
            raise SessionError(f"{self.path} has no frame of camera {camera!r} at tick {tick}.")
        return self._decoded(place, RecordType.FRAME, lambda value: decode.frame(value, tick, camera))


def _header(value: Any) -> tuple[dict[str, Any], int, decode.Layouts]:
    """The header, which file of its session this is, and the columns of the file's chunks."""
    header = dict(value)
    number = header.get("segment", 0)
    if not isinstance(number, int):
        raise ValueError(f"a segment with the number {number!r}")
    return header, number, decode.layouts(header)


def _segments(first: int, last: int) -> str:
    return f"segment {first} is" if first == last else f"segments {first} to {last} are"
