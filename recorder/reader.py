"""Opens a session and gives back, exactly, what was recorded: tick by tick, without loading the file.

Needs numpy, msgpack and zstandard only.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import accumulate, chain, pairwise
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from recorder.catalogue import NONSENSE, Layout, find_layout
from recorder.columns import array_from_plain, table_from_plain
from recorder.container import CorruptSession, RecordReader, RecordType, SessionError
from recorder.images import decode_image
from recorder.schema import SCHEMA_VERSION, CameraPose, Cast, Event, Scenery, Snapshot, Utterance
from recorder.segment import later_segments

SESSION_FILE = "session.hamlet"  # in the folder of a run
Where = tuple[int, int]  # number of the file among those open, offset in it
T = TypeVar("T")


@dataclass(frozen=True)
class FrameRef:
    """One frame of one camera; its images are read when they are asked for."""

    tick: int
    camera: str
    pose: CameraPose
    width: int  # pixels
    height: int
    modalities: tuple[str, ...]
    modality: str | None = None  # the one that was asked for
    session: Session | None = field(default=None, repr=False, compare=False)

    @property
    def time_s(self) -> float:
        """World seconds since tick 0."""
        return self.tick / self._home.tick_rate

    def image(self, modality: str | None = None) -> NDArray[Any]:
        """One modality, (height, width) or (height, width, channels), exactly as it was written.

        Args:
            modality: its name; the one that frames() was asked for if None.

        Raises:
            SessionError: the frame lacks it, or none was named.
        """
        name = modality or self.modality
        if name is None:
            raise SessionError(f"name a modality: the frame has {', '.join(self.modalities)}.")
        return self._home.frame(self.tick, self.camera, name)

    @property
    def _home(self) -> Session:
        if self.session is None:
            raise SessionError("This frame was not read from a session.")
        return self.session


@dataclass(frozen=True)
class _Segment:
    """One open file of a session."""

    records: RecordReader
    layout: Layout

    @classmethod
    def open(cls, path: Path) -> _Segment:
        records = RecordReader(path)
        try:
            return cls(records, find_layout(records))
        except OSError as error:
            records.close()
            raise SessionError(f"{path} cannot be read: {error.strerror}.") from error
        except BaseException:
            records.close()
            raise

    def damage(self) -> Iterator[Damage]:
        """What is missing in the middle; a record cut off at the end of an unfinished file is no damage."""
        for gap in self.layout.gaps:
            if gap.after is not None or self.layout.closed:
                missing = None if gap.after is None else gap.after - gap.first
                yield Damage(self.records.path, gap.offset, gap.end, missing, gap.why)


@dataclass(frozen=True)
class _Chunk:
    first: int
    environment: NDArray[np.void]  # (ticks,)
    villagers: NDArray[np.void]  # (ticks, n)
    events: list[tuple[Event, ...]]
    hashes: list[dict[str, bytes]]


class Ticks(Sequence[int]):
    """Recorded ticks in order: stretches without gaps, usually one."""

    def __init__(self, stretches: Iterable[range]) -> None:
        self.stretches: tuple[range, ...] = tuple(_joined(stretches))
        self._ends = list(accumulate(map(len, self.stretches)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __contains__(self, tick: object) -> bool:
        return any(tick in stretch for stretch in self.stretches)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self.stretches)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        position = operator.index(index) + (len(self) if index < 0 else 0)
        if not 0 <= position < len(self):
            raise IndexError(f"there are {len(self)} recorded ticks")
        number = bisect_right(self._ends, position)
        return self.stretches[number][position - self._ends[number]]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, range):
            return self.stretches == ((other,) if other else ())
        return isinstance(other, Ticks) and self.stretches == other.stretches

    def __hash__(self) -> int:
        return hash(self.stretches)

    def __repr__(self) -> str:
        return f"Ticks({list(self.stretches)})"

    def __str__(self) -> str:
        spans = ", ".join(f"{stretch[0]} to {stretch[-1]}" for stretch in self.stretches)
        return f"ticks {spans}" if spans else "no tick at all"


def _joined(stretches: Iterable[range]) -> list[range]:
    joined: list[range] = []
    for stretch in stretches:
        if joined and joined[-1].stop == stretch.start:
            joined[-1] = range(joined[-1].start, stretch.stop)
        elif stretch:
            joined.append(stretch)
    return joined


@dataclass(frozen=True)
class Damage:
    """A part of a session that cannot be read."""

    path: Path
    offset: int
    end: int
    records: int | None  # how many records are missing; None where nobody knows
    why: str

    def __str__(self) -> str:
        if self.end == self.offset:
            return f"{self.path}, byte {self.offset:,}: {self.why}"
        return f"{self.path}, bytes {self.offset:,} to {self.end - 1:,}: {self.why}"


class Session:
    """A recorded session, read piece by piece: memory does not grow with its length.

    Every checksum is verified on every read, and damage is an error that names the byte. A session cut off by a kill
    opens up to its last whole record. Where there is no index, damage is stepped over and told in `damage`; what was
    lost is then missing, never wrong. Sequences inside free-form values (header, events, facts, personas, wordings)
    come back as lists. Sessions may be pickled and shared with forked processes.
    """

    def __init__(self, segments: Sequence[_Segment]) -> None:
        self._segments = segments
        self.path = segments[0].records.path
        self.complete = segments[-1].layout.last  # False: the writer was killed, the tail is missing
        self.scanned = any(segment.layout.scanned for segment in segments)  # no usable index: all records were visited
        self.summary = segments[-1].layout.summary
        self.damage = tuple(damage for segment in segments for damage in segment.damage())
        self.header: dict[str, Any] = self._preamble(RecordType.HEADER, dict)
        self._check_segments()
        self._index()
        version, rate = self.header.get("schema_version"), self.header.get("tick_rate")
        if not isinstance(rate, int) or rate < 1:
            raise SessionError(f"{self.path} has the tick rate {rate!r}; a whole number above 0 is needed.")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise SessionError(f"{self.path} has schema {version}; this Hamlet reads up to {SCHEMA_VERSION}.")
        self._chunk: tuple[int, _Chunk] | None = None

    def _check_segments(self) -> None:
        """One session's files, and which of them are missing."""
        due = int(self.header.get("segment", 0))
        for number in range(1, len(self._segments)):
            path = self._segments[number].records.path
            header = self._preamble(RecordType.HEADER, dict, number)
            if header.get("id") != self.header.get("id"):
                raise SessionError(f"{path} belongs to another session than {self.path}; move it away.")
            found = int(header.get("segment", 0))
            if found != due + 1:
                self.damage += (Damage(path, 0, 0, None, f"segments {due + 1} to {found - 1} are missing before it"),)
            due = found

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
        self._words = [(n, p.offset) for n, part in numbered for p in part.wordings]
        self._keyframes = {p.tick: (n, p.offset) for n, part in numbered for p in part.keyframes}
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
        segments: list[_Segment] = []
        try:
            for file in _files(Path(path)):
                segments.append(_Segment.open(file))
                if segments[-1].layout.last:
                    break
            return cls(segments)
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

    def _decoded(self, place: Where, kind: RecordType, decode: Callable[[Any], T]) -> T:
        records, offset = self._at(place), place[1]
        value = records.value(offset, kind)
        try:
            return decode(value)
        except NONSENSE as error:
            what = f"a {kind.name} record makes no sense, {error!r}"
            raise CorruptSession(records.path, offset, what) from error

    def _preamble(self, kind: RecordType, decode: Callable[[Any], T], start: int = 0) -> T:
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
                return self._decoded(place, kind, decode)
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
        return self._preamble(RecordType.SCENERY, _scenery)

    @cached_property
    def cast(self) -> Cast:
        """The villagers, in the order of the rows of every snapshot."""
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

    def snapshot(self, tick: int) -> Snapshot:
        """The snapshot of a tick.

        Raises:
            SessionError: the tick was not recorded, or was lost.
        """
        if tick not in self.ticks:
            raise SessionError(f"{self.path} has no tick {tick}; it holds {self.ticks}.")
        chunk = self._chunk_at(bisect_right(self._starts, tick) - 1)
        row = tick - chunk.first
        said = tuple(self._decoded(place, RecordType.UTTERANCE, _utterance) for place in self._said_at.get(tick, ()))
        return Snapshot(
            tick, chunk.environment[row, ...], chunk.villagers[row], chunk.events[row], said, dict(chunk.hashes[row])
        )

    @cached_property
    def _said_at(self) -> dict[int, list[Where]]:
        places: dict[int, list[Where]] = {}
        for tick, place in self._said:
            places.setdefault(tick, []).append(place)
        return places

    def _chunk_at(self, number: int) -> _Chunk:
        if self._chunk is None or self._chunk[0] != number:
            first, count, place = self._chunks[number]
            chunk = self._decoded(place, RecordType.CHUNK, _chunk)
            if (chunk.first, len(chunk.villagers)) != (first, count):
                raise CorruptSession(self._at(place).path, place[1], "the chunk does not hold the ticks the index says")
            self._chunk = (number, chunk)
        return self._chunk[1]

    def snapshots(self) -> Iterator[Snapshot]:
        """All snapshots in order."""
        return (self.snapshot(tick) for tick in self.ticks)

    def events(self) -> Iterator[Event]:
        """All events in order."""
        return (event for snapshot in self.snapshots() for event in snapshot.events)

    def lines(self) -> list[Utterance]:
        """All utterances in the order they were written; after a kill, one may be newer than the last tick."""
        return [self._decoded(place, RecordType.UTTERANCE, _utterance) for _, place in self._said]

    def wordings(self) -> list[dict[str, Any]]:
        """The language log, in the order in which the words arrived."""
        return [self._decoded(place, RecordType.WORDING, dict) for place in self._words]

    @property
    def keyframes(self) -> list[int]:
        """Ticks whose whole state is recorded, from which a run can go on."""
        return list(self._keyframes)

    def keyframe(self, tick: int) -> dict[str, Any]:
        """The whole state behind a tick, as it was given to the writer; sequences come back as lists.

        Raises:
            SessionError: there is none for this tick.
        """
        place = self._keyframes.get(tick)
        if place is None:
            raise SessionError(f"{self.path} has no keyframe at tick {tick}.")
        return self._decoded(place, RecordType.KEYFRAME, lambda value: dict(_state(value["state"])))

    def frames(self, camera: str | None = None, modality: str | None = None) -> Frames:
        """The frames of one camera or of all, in the order they were written, read one by one as they are asked for.

        Args:
            camera: its name; all cameras if None.
            modality: only frames that have it, and what `frame.image()` gives without an argument.
        """
        return Frames(self, [key for key in self._frames if camera in (None, key[1])], modality)

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
        segment, _ = self._frames[tick, camera]
        return self._decoded((segment, blobs[modality]), RecordType.BLOB, decode)

    def _frame(self, tick: int, camera: str) -> tuple[FrameRef, dict[str, int]]:
        place = self._frames.get((tick, camera))
        if place is None:
            raise SessionError(f"{self.path} has no frame of camera {camera!r} at tick {tick}.")
        return self._decoded(place, RecordType.FRAME, lambda value: _frame_ref(value, tick, camera, self))


class Frames(Sequence["FrameRef"]):
    """Frames of a session, each read when it is asked for."""

    def __init__(self, session: Session, keys: list[tuple[int, str]], modality: str | None) -> None:
        self._session = session
        self._modality = modality
        self._keys = keys
        if modality is not None:
            self._keys = [key for key in keys if modality in session._frame(*key)[0].modalities]

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> FrameRef: ...

    @overload
    def __getitem__(self, index: slice) -> Frames: ...

    def __getitem__(self, index: int | slice) -> FrameRef | Frames:
        if isinstance(index, slice):
            part = Frames(self._session, self._keys[index], None)
            part._modality = self._modality
            return part
        return replace(self._session._frame(*self._keys[index])[0], modality=self._modality)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    elif (path / SESSION_FILE).exists():
        path = path / SESSION_FILE
        yield path
    else:
        found = sorted(path.glob("*.hamlet"))
        firsts = [each for each in found if not any(each in later_segments(other) for other in found)]
        if len(firsts) != 1:
            names = ", ".join(each.name for each in firsts) or "none"
            raise SessionError(f"{path} is a folder without {SESSION_FILE}; name the session in it ({names}).")
        path = firsts[0]
        yield path
    yield from later_segments(path)


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
    hashes = [_hashes(row, value.get("rooms")) for row in value["hashes"]]
    if len(grouped) != count or len(hashes) != count or ends[-1] != len(events):
        raise ValueError("events or hashes of another length")
    return _Chunk(int(value["first"]), environment, villagers, grouped, hashes)


def _hashes(row: Any, rooms: list[Any] | None) -> dict[str, bytes]:
    if rooms is None:  # the first format named the rooms anew at every tick
        return {str(room): bytes(digest) for room, digest in row.items()}
    return {str(room): bytes(digest) for room, digest in zip(rooms, row, strict=True) if digest}


def _state(value: Any) -> Any:
    """A keyframe's state with its arrays, as the writer was given it."""
    if isinstance(value, list):
        return [_state(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"array"}:
        return array_from_plain(value["array"])
    if value.keys() == {"table"}:
        return table_from_plain(value["table"])
    return {key: _state(item) for key, item in value.items()}


def _utterance(value: dict[str, Any]) -> Utterance:
    parts = {item.name: value[item.name] for item in fields(Utterance) if item.name in value}
    for name in ("listeners", "overhearers", "raw", "rejections"):
        parts[name] = tuple(parts[name])
    parts["positions"] = {row: tuple(place) for row, place in parts["positions"].items()}
    parts["sees"] = {row: tuple(rows) for row, rows in parts["sees"].items()}
    return Utterance(**parts)


def _frame_ref(value: dict[str, Any], tick: int, camera: str, session: Session) -> tuple[FrameRef, dict[str, int]]:
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
        session=session,
    )
    return ref, {str(name): int(offset) for name, offset in value["blobs"].items()}


def _matching(value: dict[str, Any], tick: int, camera: str, modality: str) -> dict[str, Any]:
    if (value["tick"], value["camera"], value["modality"]) != (tick, camera, modality):
        raise ValueError("another image stands here")
    return {name: value[name] for name in ("encoding", "dtype", "shape", "data")}
