"""Writes a session while it happens: what is older than one second of ticks is in the file, whatever comes next.

What is small is packed, compressed and written by the simulation's thread itself: to wake another and to wait for the
interpreter's lock takes longer. What may take its time (frames, which other threads encode, surfaces, slow parts of
keyframes, reaching the disk, a new file) is left to a thread that keeps the order. Nothing is dropped: where the disk
or the encoders are slower than the simulation, the simulation waits.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recorder import encode
from recorder.catalogue import LAST_TICK
from recorder.columns import layout_from_plain
from recorder.container import SessionError
from recorder.decode import arrival
from recorder.header import session_header
from recorder.images import encode_image
from recorder.payload import pack
from recorder.schema import CameraPose, Cast, Scenery, Snapshot, Surface, Utterance
from recorder.segment import Segment, later_segments, segment_path
from recorder.slow import Since, SlowPart, taken_out
from recorder.surfaces import MAPS
from recorder.today import TABLES

CHUNK_BYTES = 256 << 10  # raw state gathered before a chunk is written, even if its time is not over
SEGMENT_BYTES = 1 << 30  # a file above this is closed and the next one begun
PENDING_FRAMES = 4  # frames handed over and not yet written; each may be some tens of megabytes
KEYFRAME_S = 5.0  # whoever runs the simulation gives its whole state this often
SYNC_S = 5.0  # the disk is reached this often, for the day the power fails


class SessionWriter:
    """Appends to one new session; use it as a context manager.

    A clean exit closes the session; an exception leaves it without end marker, whole up to the last tick given. What is
    handed over must not be changed afterwards. An error of the disk is raised by the next call.

    Args:
        path: the file to create; it must not exist, and its folder must.
        header: what the session says about itself, plain values; `tick_rate` (ticks per second) is required. `id` is
            made from the rest where it is not given.
        scenery: the valley, stored in every segment.
        cast: the villagers, stored in every segment.
        segment_bytes: size above which a new file is begun.

    Raises:
        SessionError: a file exists, the folder cannot be written, or the header cannot be stored.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        header: Mapping[str, Any],
        scenery: Scenery,
        cast: Cast,
        *,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.path = Path(path)
        tick_rate = header.get("tick_rate")
        if not isinstance(tick_rate, int) or tick_rate < 1:
            raise SessionError(
                f"{self.path}: the header's tick_rate is {tick_rate!r}; a whole number above 0 is needed."
            )
        self.header = session_header(header)
        self.last_tick: int | None = None
        self._first_tick: int | None = None
        self._second = tick_rate
        self._people, self._buildings = len(cast.looks), len(scenery.buildings)
        self._lattice = scenery.heights.shape
        self.columns = _layouts(self.path, self.header["columns"])
        self._types: tuple[np.dtype[Any] | None, ...] = (None,) * len(TABLES)  # of the last snapshot
        self._surface: Surface | None = None
        self._latest = -1  # tick of the last surface there was
        self._maps: dict[str, NDArray[np.float32]] = {}  # of that
        self._slow: dict[str, SlowPart] = {}
        self._behind = 0  # ticks until what took its time before them is sure to be written
        self._gathered: list[Snapshot] = []
        self._gathered_bytes = 0
        self._said: set[int] = set()
        self._frames: set[tuple[int, str]] = set()
        self._closed = False
        for stale in later_segments(self.path):
            raise SessionError(f"{stale} already exists; a session is never overwritten, choose another name.")
        self._scribe = _Scribe(self.path, self.header, scenery, cast, segment_bytes)
        self._encoders = ThreadPoolExecutor()  # compression lets go of the interpreter: modalities go side by side

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif not self._closed:
            self._closed = True
            self._write_chunk()
            self._scribe.abandon()
            self._encoders.shutdown()

    def snapshot(self, snapshot: Snapshot) -> None:
        """Record one tick with its utterances; ticks only go forward, and a gap between them begins a new chunk.

        Raises:
            SessionError: the tick lies before the last one, the columns are not those of the header, the surface is no
                later state of this valley's ground, or the disk refuses.
        """
        self._check()
        if self.last_tick is not None and snapshot.tick <= self.last_tick:
            raise SessionError(f"{self.path}: tick {snapshot.tick} was given after tick {self.last_tick}.")
        shapes = snapshot.villagers.shape, snapshot.environment.shape
        if shapes != ((self._people,), ()) or snapshot.buildings.shape not in ((0,), (self._buildings,)):
            raise SessionError(
                f"{self.path}: tick {snapshot.tick} has villagers {shapes[0]}, environment {shapes[1]} and buildings "
                f"{snapshot.buildings.shape}; ({self._people},), () and ({self._buildings},) were expected."
            )
        self._check_columns(snapshot)
        if snapshot.surface is not self._surface:
            self._new_surface(snapshot.tick, snapshot.surface)
        if self._gathered and len(snapshot.buildings) != len(self._gathered[-1].buildings):
            self._write_chunk()
        if self._gathered and snapshot.tick != self._gathered[-1].tick + 1:
            self._write_chunk()
        for utterance in snapshot.utterances:
            self._utterance(utterance)
        self._gathered.append(snapshot)
        self._gathered_bytes += snapshot.villagers.nbytes + snapshot.environment.nbytes + snapshot.buildings.nbytes
        self._first_tick = snapshot.tick if self._first_tick is None else self._first_tick
        self.last_tick = snapshot.tick
        # Behind what takes its time half a second may be on its way while the next is gathered: a kill costs no more
        # than a second.
        most = max(1, self._second // 2) if self._frames or self._behind else self._second
        if len(self._gathered) >= most or self._gathered_bytes >= CHUNK_BYTES:
            self._write_chunk()
        if self._behind:
            self._behind -= 1
            if not self._behind and not self._frames:
                self._scribe.catch_up()

    def _check_columns(self, snapshot: Snapshot) -> None:
        state = snapshot.buildings.dtype if len(snapshot.buildings) else None
        types = snapshot.environment.dtype, snapshot.villagers.dtype, state
        if all(mine is before for mine, before in zip(types, self._types, strict=True)):
            return  # to compare them field by field is slow
        for name, found in zip(TABLES, types, strict=True):
            if found is not None and found != self.columns.get(name):
                raise SessionError(f"{self.path}: tick {snapshot.tick} has other columns than the header says.")
        self._types = types

    def _new_surface(self, tick: int, surface: Surface | None) -> None:
        """Let the following ticks have another surface; each chunk has one."""
        if surface is not None and not self._known(tick, surface):
            self._write_chunk()
            self._take_time(lambda segment: segment.surface(surface))
        elif surface is None:
            self._write_chunk()
        self._surface = surface

    def _known(self, tick: int, surface: Surface) -> bool:
        """Whether this surface, in another object, is the one that the ticks before have."""
        what = f"{self.path}: tick {tick}: the surface of tick {surface.tick}"
        maps = {name: getattr(surface, name) for name in MAPS}
        for name, values in maps.items():
            if values.shape != self._lattice or values.dtype != np.float32:
                raise SessionError(
                    f"{what} has {name} {values.shape} of {values.dtype}; {self._lattice} of float32 was expected."
                )
        if not 0 <= surface.tick <= min(tick, LAST_TICK):
            raise SessionError(f"{what} cannot be shown then.")
        if surface.tick < self._latest:
            raise SessionError(f"{what} was given after that of tick {self._latest}.")
        if surface.tick > self._latest:
            self._latest, self._maps = surface.tick, maps
            return False
        if any(not np.array_equal(mine.view("u4"), self._maps[name].view("u4")) for name, mine in maps.items()):
            raise SessionError(f"{what} is not the one that was given before.")
        return self._surface is not None

    def _take_time(self, work: Callable[[Segment], None]) -> None:
        """Leave something to the thread; all ticks given before must be on their way already."""
        self._scribe.hand_over(work)
        self._behind = self._second

    def _utterance(self, utterance: Utterance) -> None:
        if utterance.id in self._said:
            raise SessionError(f"{self.path}: two utterances have the id {utterance.id}.")
        payload = pack(encode.utterance(utterance))
        self._said.add(utterance.id)
        self._scribe.do(lambda segment: segment.utterance(utterance.start_tick, payload))

    def wording(self, wording: Mapping[str, Any]) -> None:
        """Log words that reached the simulation: at least key, arrival tick, text and source, so replay needs no model.

        Raises:
            SessionError: a value cannot be stored, or the disk refuses.
        """
        self._check()
        payload, tick = pack(dict(wording)), arrival(wording)
        self._scribe.do(lambda segment: segment.wording(tick, payload))

    def keyframe(self, tick: int, state: Mapping[str, Any], slow: Since | None = None) -> None:
        """Record the whole state behind the last tick given, from which a run can go on.

        Args:
            tick: the last tick given.
            state: maps with text keys, lists, numbers, text, None, bytes and arrays.
            slow: parts of it that are large and rarely change, such as `world/land` for state["world"]["land"], and
                the tick since when each is as it is; what stays the same object is stored once. They must never be
                changed afterwards.

        Raises:
            SessionError: it is another tick, a slow part is missing or not what it was, or the disk refuses.
        """
        self._check()
        if tick != self.last_tick:
            raise SessionError(f"{self.path}: a keyframe of tick {tick} was given after tick {self.last_tick}.")
        self._write_chunk()
        self._keyframe(tick, state, slow or {})

    def carried_keyframe(self, tick: int, state: Mapping[str, Any], slow: Since | None = None) -> None:
        """Record a keyframe of a tick before the first, from which a piece cut out of a session can be run again."""
        self._check()
        if self.last_tick is not None:
            raise SessionError(f"{self.path}: a keyframe of an earlier tick {tick} must come before all ticks.")
        self._keyframe(tick, state, slow or {})

    def _keyframe(self, tick: int, state: Mapping[str, Any], slow: Since) -> None:
        what = f"{self.path}: the keyframe of tick {tick}"
        try:
            rest, parts = taken_out(state, slow)
        except (KeyError, TypeError, ValueError) as error:
            raise SessionError(f"{what} has no slow part {', '.join(slow)} ({error!r}).") from None
        fresh = False
        for part in parts:
            if not 0 <= part.since <= LAST_TICK:
                raise SessionError(f"{what}: its {part.name} would be since tick {part.since}.")
            known = self._slow.get(part.name)
            if known is not None and known.key == part.key and known.value is not part.value:
                self._check_same(known, part, what)
            fresh |= known is None or known.key != part.key
            self._slow[part.name] = part

        def write(segment: Segment) -> None:
            segment.keyframe(tick, rest, parts)

        self._take_time(write) if fresh else self._scribe.do(write)

    def _check_same(self, known: SlowPart, part: SlowPart, what: str) -> None:
        one, other = (pack(each.value, encode.state_value) for each in (known, part))
        if one != other:
            raise SessionError(f"{what}: its {part.name} is not what it was since tick {part.since}.")

    def frame(
        self,
        tick: int,
        camera: str,
        pose: CameraPose,
        images: Mapping[str, NDArray[Any]],
        tables: Mapping[str, NDArray[np.void]] | None = None,
    ) -> None:
        """Write what one camera saw at a recorded tick: each modality a record, then the frame record that names them.

        Args:
            tick: of a snapshot given before; its chunk is in the file before the frame is.
            camera: name of the camera.
            pose: of the camera.
            images: modality -> (H, W) or (H, W, channels), all of one size.
            tables: what is in the frame, by name, such as those of schema.Annotations: structured arrays (n,).

        Raises:
            SessionError: no snapshot of the tick, frame written before, images of several sizes, something that is no
                table, or the disk refuses.
        """
        sizes = {image.shape[:2] for image in images.values()}
        encoding = {name: self._encoders.submit(encode_image, name, image) for name, image in images.items()}
        self._frame(
            tick, camera, pose, sizes, lambda: {name: job.result() for name, job in encoding.items()}, tables or {}
        )

    def encoded_frame(
        self,
        tick: int,
        camera: str,
        pose: CameraPose,
        encoded: Mapping[str, Mapping[str, Any]],
        tables: Mapping[str, NDArray[np.void]] | None = None,
    ) -> None:
        """Write a frame whose images another process encoded, or another session holds: modality -> `encode_image`.

        Raises:
            SessionError: as frame().
        """
        sizes = {tuple(image["shape"][:2]) for image in encoded.values()}
        self._frame(tick, camera, pose, sizes, lambda: encoded, tables or {})

    def _frame(
        self,
        tick: int,
        camera: str,
        pose: CameraPose,
        sizes: set[tuple[int, ...]],
        encoded: Callable[[], Mapping[str, Mapping[str, Any]]],
        tables: Mapping[str, NDArray[np.void]],
    ) -> None:
        self._check()
        what = f"{self.path}: the frame of camera {camera!r} at tick {tick}"
        if self._first_tick is None or self.last_tick is None or not self._first_tick <= tick <= self.last_tick:
            raise SessionError(f"{what} has no snapshot; give the snapshot first.")
        if (tick, camera) in self._frames:
            raise SessionError(f"{what} was written before.")
        if len(sizes) != 1:
            raise SessionError(f"{what} has images of sizes {sorted(sizes)}; one size was expected.")
        for name, table in tables.items():
            if not table.dtype.names or table.ndim != 1:
                raise SessionError(
                    f"{what} has {name} {table.shape} of {table.dtype}; rows with columns were expected."
                )
        self._frames.add((tick, camera))
        if self._gathered and tick >= self._gathered[0].tick:
            self._write_chunk()
        height, width = sizes.pop()
        about = {"tick": tick, "camera": camera, "pose": asdict(pose), "size": [width, height]}

        def write(segment: Segment) -> None:
            try:
                segment.frame(about, encoded(), tables)
            except ValueError as error:
                raise SessionError(f"{what} cannot be stored: {error}.") from error

        self._scribe.hand_over(write, self._scribe.frames)

    def _write_chunk(self) -> None:
        if self._gathered:
            ticks, self._gathered, self._gathered_bytes = self._gathered, [], 0
            self._scribe.do(lambda segment: segment.chunk(ticks), self._scribe.chunks)

    def _check(self) -> None:
        if self._closed:
            raise SessionError(f"{self.path} was closed; nothing more can be written to it.")
        self._scribe.check()

    def close(self, summary: Mapping[str, Any] | None = None) -> None:
        """Write what is gathered, the index and the end marker, and reach the disk. Closing twice is allowed.

        Args:
            summary: figures of the run, kept in the end record.

        Raises:
            SessionError: the summary cannot be stored, or the disk refuses.
        """
        if self._closed:
            return
        closing = dict(summary or {})
        pack(closing)
        self._closed = True
        try:
            self._write_chunk()
            self._scribe.close(closing)
        finally:
            self._encoders.shutdown()


def _layouts(path: Path, columns: Any) -> dict[str, np.dtype[np.void]]:
    try:
        layouts = {str(name): layout_from_plain(value) for name, value in columns.items()}
        return {name: layouts[name] for name in TABLES if name in layouts or name != "buildings"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SessionError(
            f"{path}: the header's columns are no list of names, types and shapes ({error!r})."
        ) from None


class _Scribe:
    """Does the writing in the order in which it comes, with the segment of the moment: at once, or on its thread."""

    def __init__(self, path: Path, header: Mapping[str, Any], scenery: Scenery, cast: Cast, segment_bytes: int) -> None:
        self.path = path
        self.chunks = threading.Semaphore(1)  # on their way
        self.frames = threading.Semaphore(PENDING_FRAMES)
        self._header = header
        self._scenery = pack(encode.scenery(scenery))
        self._cast = pack(encode.cast(cast))
        self._segment_bytes = segment_bytes
        self._number = 0
        self._segment = self._begin()
        self._failure: BaseException | None = None
        self._synced = time.monotonic()
        self._handed = self._done = 0  # works given to the thread, and over
        self._work: queue.SimpleQueue[tuple[Callable[[Segment], None], threading.Semaphore | None] | None]
        self._work = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"writing {path.name}", daemon=True)
        self._thread.start()

    def _begin(self) -> Segment:
        header = {**self._header, "segment": self._number}
        return Segment(segment_path(self.path, self._number), header, self._scenery, self._cast)

    def do(self, work: Callable[[Segment], None], places: threading.Semaphore | None = None) -> None:
        """Do small work at once, or hand it over where some is on its way before it."""
        if self._handed > self._done or self._segment.size >= self._segment_bytes:
            self.hand_over(work, places)
        else:
            self._perform(work)
        if time.monotonic() - self._synced > SYNC_S:
            self._synced = time.monotonic()
            self.hand_over(Segment.sync)

    def hand_over(self, work: Callable[[Segment], None], places: threading.Semaphore | None = None) -> None:
        """Leave work to the thread, waiting for a place where only so much of its kind may be on its way."""
        if places is not None:
            places.acquire()
        self._handed += 1
        self._work.put((work, places))

    def catch_up(self) -> None:
        """Wait until all chunks handed over, and what was handed over before them, are written."""
        with self.chunks:
            pass

    def check(self) -> None:
        """Raise what went wrong since the last call."""
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            work, places = item
            try:
                self._perform(work)
            finally:
                self._done += 1
                if places is not None:
                    places.release()

    def _perform(self, work: Callable[[Segment], None]) -> None:
        if self._failure is not None:
            return
        try:
            if self._segment.size >= self._segment_bytes:
                self._segment.close({}, last=False)
                self._number += 1
                self._segment = self._begin()
            work(self._segment)
        except BaseException as error:
            self._failure = error
            self._segment.abandon()

    def _finish(self) -> None:
        self._work.put(None)
        self._thread.join()

    def close(self, summary: Mapping[str, Any]) -> None:
        """Do what was handed over, then end the session."""
        self._finish()
        self.check()
        self._segment.close(summary, last=True)

    def abandon(self) -> None:
        """Do what was handed over, then leave the session without an end marker."""
        self._finish()
        self._segment.abandon()
