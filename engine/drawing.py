"""Frames drawn by other processes: each has its own graphics context, and gives frames as they are stored.

Live captures and re-renders both draw here, so that a frame is the same bytes whenever it is drawn, by whichever
process, and however many there are.
"""

from __future__ import annotations

import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
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

SHOTS_AHEAD = 2  # per process, so that none waits for the next shot while frames are written
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
        self._studio, self._workers = replace(studio, threads=share), workers
        self._packer = Packer()
        self._under_way: deque[tuple[Shot, Future[dict[str, Taken]]]] = deque()
        self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (share,))
        with unheard():
            for _ in range(workers):
                self._pool.submit(os.getpid)  # starts one process each

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def give(self, shot: Shot) -> list[tuple[Shot, dict[str, Taken]]]:
        """Have a shot drawn; returns the shots that are drawn, oldest first, with what each camera saw.

        Raises:
            RenderError: nothing can be drawn here, or a drawing process ended.
        """
        drawn = self._take(SHOTS_AHEAD * self._workers - 1)
        try:
            self._under_way.append((shot, self._pool.submit(_draw, self._studio, self._packer.pack(shot))))
        except BrokenProcessPool:
            raise _lost() from None
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
        while self._under_way and (len(self._under_way) > most or self._under_way[0][1].done()):
            shot, future = self._under_way.popleft()
            began = time.monotonic()
            try:
                drawn.append((shot, future.result()))
            except BrokenProcessPool:
                raise _lost() from None
            self.waited_s += time.monotonic() - began
        return drawn


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


def _begin(threads: int) -> None:
    """Make a process ready to draw, in its share of the cores."""
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
    encoders: ThreadPoolExecutor  # compression lets go of the interpreter: modalities go side by side


@lru_cache(maxsize=1)
def _easel(studio: Studio) -> _Easel:
    with Session.open(studio.session) as session:
        stage = stage_of(session, studio.size, studio.modalities, studio.quality)
        unpacker, encoders = Unpacker(session.scenery.heights.shape), ThreadPoolExecutor(studio.threads)
        return _Easel(stage, session.scenery, session.cast, session.tick_rate, unpacker, encoders)


def _draw(studio: Studio, parcel: Parcel) -> dict[str, Taken]:
    """In a drawing process: what each camera of a shot saw, ready to be stored."""
    easel = _easel(studio)
    shot = easel.unpacker.unpack(parcel)
    taken = {}
    for camera in shot.poses:
        images = render(easel.stage, shot, camera)
        encoding = {name: easel.encoders.submit(encode_image, name, image) for name, image in images.items()}
        tables = _tables(easel, shot, camera, images)
        taken[camera] = Taken({name: job.result() for name, job in encoding.items()}, tables)
    return taken


def _tables(easel: _Easel, shot: Shot, camera: str, images: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.void]]:
    """What is in the picture; nothing without the images that tell."""
    from engine.annotations import NEEDED, annotate  # noqa: PLC0415 - compiled loops, who only gives shots needs none

    if not images.keys() >= set(NEEDED):
        return {}
    time_s = shot.snapshot.tick / easel.tick_rate
    return annotate(easel.scenery, easel.cast, shot.snapshot, shot.poses[camera], images, time_s)
