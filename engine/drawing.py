"""Frames drawn by other processes: each has its own graphics context, and gives frames as they are stored.

Live captures and re-renders both draw here, so that a frame is the same bytes whenever it is drawn, by whichever
process, and however many there are.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.processes import cores, end_with_parent, unheard
from engine.render.graphics import RenderError
from engine.render.stage import Stage
from recorder.container import SessionError
from recorder.images import encode_image
from recorder.reader import Session
from recorder.schema import CameraPose, Cast, Scenery, Snapshot, Surface
from recorder.surfaces import SurfaceEncoder, maps_from_plain, surface_of

SHOTS_AHEAD = 3  # per process: one is finished, one drawn, and one waits there while frames are written
SHOTS_AT_ONCE = 2  # in a process: one is annotated and encoded while the next is drawn
PIPE_BYTES = 1 << 20  # the most that Linux lets everybody ask for
SURFACES_HELD = 8  # a shot has three at most, and each lies for half a minute


@dataclass(frozen=True)
class Studio:
    """What every drawing process needs to know."""

    session: Path  # whose scenery and cast are drawn; it may be one that is being written
    size: tuple[int, int]
    modalities: tuple[str, ...]
    quality: str = "fine"
    threads: int = 1  # that each may keep busy


@dataclass(frozen=True)
class Taken:
    """What one camera saw at one tick, as a session stores it."""

    images: dict[str, dict[str, Any]]  # modality -> as recorder.images.encode_image makes it
    tables: dict[str, NDArray[np.void]]  # what is in the picture, by name of the table


@dataclass(frozen=True)
class Shot:
    """One tick to draw from some cameras, with the frame after it and the one before; None where there is none."""

    snapshot: Snapshot
    poses: Mapping[str, CameraPose]
    following: Snapshot | None = None
    following_poses: Mapping[str, CameraPose] | None = None
    before: Snapshot | None = None
    before_poses: Mapping[str, CameraPose] | None = None

    @property
    def surfaces(self) -> tuple[Surface | None, ...]:
        """Those of its snapshots, of itself first."""
        snapshots = self.snapshot, self.following, self.before
        return tuple(None if each is None else each.surface for each in snapshots)

    def changed(self, change: Callable[[Snapshot], Snapshot]) -> Shot:
        """The shot with each of its snapshots changed."""
        following, before = (each and change(each) for each in (self.following, self.before))
        return replace(self, snapshot=change(self.snapshot), following=following, before=before)


def seen(snapshot: Snapshot) -> Snapshot:
    """What is drawn of a tick: not its words, and not its hashes."""
    return replace(snapshot, utterances=(), hashes={})


@dataclass(frozen=True)
class Parcel:
    """A shot on its way to a drawing process: its surfaces are encoded, large as they are and mostly those before."""

    shot: Shot
    ticks: tuple[int | None, ...]  # of the surfaces of its snapshots
    surfaces: dict[int, bytes]  # by tick


class Packer:
    """Makes parcels of shots, and encodes a surface once."""

    def __init__(self) -> None:
        self.surfaces: dict[int, bytes] = {}  # by tick, encoded

    def pack(self, shot: Shot) -> Parcel:
        """The shot as it travels."""
        lying = {surface.tick: surface for surface in shot.surfaces if surface is not None}
        for tick, surface in lying.items():
            if tick not in self.surfaces:
                _make_room(self.surfaces)
                self.surfaces[tick] = pickle.dumps(SurfaceEncoder().encode(surface))
        bare = shot.changed(lambda snapshot: replace(seen(snapshot), surface=None))
        ticks = tuple(None if surface is None else surface.tick for surface in shot.surfaces)
        return Parcel(bare, ticks, {tick: self.surfaces[tick] for tick in lying})


class Unpacker:
    """Makes shots of parcels; a surface stays one object as long as it lies, by which a stage knows it again."""

    def __init__(self, lattice: tuple[int, ...]) -> None:
        self._lattice = lattice
        self.surfaces: dict[int, Surface] = {}  # by tick

    def unpack(self, parcel: Parcel) -> Shot:
        """The shot that was packed."""
        for tick, encoded in parcel.surfaces.items():
            if tick not in self.surfaces:
                _make_room(self.surfaces)
                maps = maps_from_plain(pickle.loads(encoded), {}, self._lattice)  # noqa: S301 - the parent's own bytes
                self.surfaces[tick] = surface_of(tick, maps)
        own, following, before = (None if tick is None else self.surfaces[tick] for tick in parcel.ticks)
        shot = parcel.shot
        return replace(
            shot,
            snapshot=replace(shot.snapshot, surface=own),
            following=shot.following and replace(shot.following, surface=following),
            before=shot.before and replace(shot.before, surface=before),
        )


def _make_room(held: dict[int, Any]) -> None:
    """Forget what came first, where many are held."""
    while len(held) >= SURFACES_HELD:
        del held[next(iter(held))]


class Drawers:
    """Drawing processes: shots go in as they come, frames come out in the same order. Use it as a context manager.

    At most SHOTS_AHEAD shots for each process are under way: who gives more waits until the first of them is drawn.

    Args:
        studio: what they draw, and how.
        workers: how many there are.
    """

    def __init__(self, studio: Studio, workers: int) -> None:
        self.waited_s = 0.0  # for frames that were not drawn yet
        share = max(1, cores() // workers)
        self._packer = Packer()
        self._under_way: deque[tuple[Shot, _Drawer, int]] = deque()
        with unheard():
            self._drawers = [_Drawer(replace(studio, threads=share)) for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor(len(self._drawers)) as ends:  # all at once: each waits for the shot at hand
            list(ends.map(_Drawer.stop, self._drawers))

    def give(self, shot: Shot) -> list[tuple[Shot, dict[str, Taken]]]:
        """Have a shot drawn; returns the shots that are drawn, oldest first, with what each camera saw.

        Raises:
            RenderError: nothing can be drawn here, or a drawing process ended.
        """
        drawn = self._take(SHOTS_AHEAD * len(self._drawers) - 1)
        drawer = min(self._drawers, key=lambda each: each.owes)
        self._under_way.append((shot, drawer, drawer.draw(self._packer.pack(shot))))
        return drawn

    def rest(self) -> list[tuple[Shot, dict[str, Taken]]]:
        """Wait for all shots under way.

        Raises:
            RenderError: as give().
        """
        return self._take(0)

    def _take(self, most: int) -> list[tuple[Shot, dict[str, Taken]]]:
        """Those done, and the oldest of the others until no more than `most` are under way."""
        drawn = []
        while self._under_way and (len(self._under_way) > most or self._under_way[0][1].has(self._under_way[0][2])):
            shot, drawer, number = self._under_way.popleft()
            began = time.monotonic()
            drawn.append((shot, drawer.taken(number)))
            self.waited_s += time.monotonic() - began
        return drawn


class _Drawer:
    """One drawing process, seen from the one that gives it work.

    Frames come back through a pipe of their own, whenever the process has finished one: it may be drawing the next by
    then, and a thread here takes them, so that neither waits for the other.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._given = self._fetched = 0
        self._outcomes: dict[int, dict[str, Taken] | BaseException] = {}  # by number of the shot
        self._gone = False
        self._news = threading.Condition()
        context = get_context("spawn")
        self._frames, far_end = context.Pipe(duplex=False)
        _widen(far_end.fileno())
        self._pool = ProcessPoolExecutor(1, context, _begin, (studio.threads, far_end))
        self._pool.submit(os.getpid)  # starts the process
        far_end.close()  # so that the pipe ends with the process
        self._taker = threading.Thread(target=self._receive, name="frames", daemon=True)
        self._taker.start()

    @property
    def owes(self) -> int:
        """Shots that were given and not fetched yet."""
        return self._given - self._fetched

    def draw(self, parcel: Parcel) -> int:
        """Have a shot drawn; gives its number."""
        number = self._given
        try:
            future = self._pool.submit(_draw, self._studio, number, parcel)
        except BrokenProcessPool:
            raise _lost() from None
        self._given += 1
        future.add_done_callback(partial(self._refused, number))
        return number

    def has(self, number: int) -> bool:
        """Whether it is known what became of a shot."""
        with self._news:
            return self._gone or number in self._outcomes

    def taken(self, number: int) -> dict[str, Taken]:
        """What each camera saw; waits for it."""
        with self._news:
            self._news.wait_for(lambda: self._gone or number in self._outcomes)
            outcome = self._outcomes.pop(number, None)
        self._fetched += 1
        if outcome is None or isinstance(outcome, BrokenProcessPool):
            raise _lost()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def _refused(self, number: int, future: Future[None]) -> None:
        """Keep why a shot could not be drawn."""
        if not future.cancelled() and (error := future.exception()) is not None:
            self._keep(number, error)

    def _keep(self, number: int, outcome: dict[str, Taken] | BaseException) -> None:
        with self._news:
            self._outcomes[number] = outcome
            self._news.notify_all()

    def _receive(self) -> None:
        """Take frames until the process has ended."""
        while True:
            try:
                number, outcome = pickle.loads(self._frames.recv_bytes())  # noqa: S301 - our own process's
            except (EOFError, OSError):  # half a frame where it was killed while it sent one
                break
            self._keep(number, outcome)
        with self._news:
            self._gone = True
            self._news.notify_all()

    def stop(self) -> None:
        """Have the process end when it is done with the shot at hand, and wait for that."""
        self._pool.shutdown(cancel_futures=True)
        self._taker.join()
        self._frames.close()


def _widen(pipe: int) -> None:
    """Let a pipe hold most of a frame, if the system can: its parts would wait for each other's interpreter locks."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux alone
        with contextlib.suppress(OSError):  # more than the system allows
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _lost() -> RenderError:
    return RenderError(
        "A drawing process ended before its frame was drawn: memory may be short; take fewer --workers or a smaller "
        "--size."
    )


def drawn(shots: Iterable[Shot], studio: Studio, workers: int) -> Iterator[tuple[Shot, dict[str, Taken]]]:
    """Every shot with what each camera saw, in order, whichever process drew them; shots are taken as needed.

    Raises:
        RenderError: nothing can be drawn here, or a drawing process ended.
    """
    with Drawers(studio, workers) as drawers:
        for shot in shots:
            yield from drawers.give(shot)
        yield from drawers.rest()


_frames: Connection | None = None  # in a drawing process: where its frames go


def _begin(threads: int, frames: Connection) -> None:
    """Make a process ready to draw, in its share of the cores."""
    global _frames  # noqa: PLW0603 - a pool gives it to each process once
    _frames = frames
    os.environ.setdefault("LP_NUM_THREADS", str(threads))  # Mesa's rasteriser would take all cores in each process
    end_with_parent()  # nothing is lost with it, as the parent alone writes


def stage_of(session: Session, size: tuple[int, int], modalities: tuple[str, ...], quality: str) -> Stage:
    """What draws a recording.

    Raises:
        SessionError: its scenery or cast make no sense; other programs write sessions, too.
        RenderError: nothing can be drawn here.
    """
    try:
        return Stage(session.scenery, session.cast, size, modalities, quality=quality, tick_rate=session.tick_rate)
    except SessionError:
        raise
    except (ValueError, LookupError) as error:
        raise SessionError(f"{session.path} cannot be drawn: {error}.") from None


def render(stage: Stage, shot: Shot, camera: str) -> dict[str, NDArray[Any]]:
    """The images of one camera of a shot."""
    following_pose = None if shot.following_poses is None else shot.following_poses[camera]
    before_pose = None if shot.before_poses is None else shot.before_poses[camera]
    return stage.render(shot.snapshot, shot.poses[camera], shot.following, following_pose, shot.before, before_pose)


@dataclass(frozen=True)
class _Easel:
    """What a drawing process has ready."""

    stage: Stage
    scenery: Scenery
    cast: Cast
    tick_rate: int
    unpacker: Unpacker
    finisher: ThreadPoolExecutor  # one thread, for the frames in their order while the next ones are drawn
    places: threading.Semaphore  # for shots that are drawn or finished: their images are large


@lru_cache(maxsize=1)
def _easel(studio: Studio) -> _Easel:
    with Session.open(studio.session) as session:
        stage = stage_of(session, studio.size, studio.modalities, studio.quality)
        return _Easel(
            stage,
            session.scenery,
            session.cast,
            session.tick_rate,
            Unpacker(session.scenery.heights.shape),
            ThreadPoolExecutor(1, "finishing"),
            threading.Semaphore(SHOTS_AT_ONCE),
        )


def _draw(studio: Studio, number: int, parcel: Parcel) -> None:
    """In a drawing process: draw a shot from all its cameras, and leave it to the other thread to finish and send it.

    This one mostly waits for the driver, without the interpreter's lock. More threads to encode were slower: they took
    the cores from the driver's own while all wait for the picture.
    """
    easel = _easel(studio)
    shot = easel.unpacker.unpack(parcel)
    easel.places.acquire()
    finishing = {}
    try:
        for camera in shot.poses:
            images = render(easel.stage, shot, camera)
            finishing[camera] = easel.finisher.submit(_finished, easel, shot, camera, images)
            del images
    except BaseException:
        easel.places.release()
        raise
    easel.finisher.submit(_send, easel, number, finishing)


def _finished(easel: _Easel, shot: Shot, camera: str, images: Mapping[str, NDArray[Any]]) -> Taken:
    """What a camera saw, ready to be stored."""
    from engine.residues import fast_residues  # noqa: PLC0415 - compiled loops, who only gives shots needs none

    return Taken(
        {name: encode_image(name, image, fast_residues) for name, image in images.items()},
        _tables(easel, shot, camera, images),
    )


def _send(easel: _Easel, number: int, finishing: Mapping[str, Future[Taken]]) -> None:
    """Send what became of a shot to the process that gave it."""
    assert _frames is not None
    outcome: dict[str, Taken] | BaseException
    try:
        outcome = {camera: job.result() for camera, job in finishing.items()}
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # an error's own trace does not travel
        outcome = error
    try:
        _frames.send_bytes(pickle.dumps((number, outcome), pickle.HIGHEST_PROTOCOL))
    finally:
        easel.places.release()


def _tables(easel: _Easel, shot: Shot, camera: str, images: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.void]]:
    """What is in the picture; nothing without the images that tell."""
    from engine.annotations import NEEDED, annotate  # noqa: PLC0415 - compiled loops, as above

    if not images.keys() >= set(NEEDED):
        return {}
    time_s = shot.snapshot.tick / easel.tick_rate
    return annotate(easel.scenery, easel.cast, shot.snapshot, shot.poses[camera], images, time_s)
