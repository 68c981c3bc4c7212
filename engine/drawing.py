"""Frames drawn by several processes at once: each has its own graphics context, and gives images as they are stored."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from engine.processes import cores, end_with_parent, unheard
from engine.render.graphics import RenderError
from engine.render.stage import Stage
from recorder.container import SessionError
from recorder.images import encode_image
from recorder.reader import Session
from recorder.schema import CameraPose, Snapshot

SHOTS_AHEAD = 2  # per process, so that none waits for the next shot while images are written

Ticks = tuple[int | None, int | None]  # of the surfaces of a shot's two snapshots
Images = dict[str, dict[str, Any]]  # modality -> as recorder.images.encode_image makes it


@dataclass(frozen=True)
class Studio:
    """What every drawing process needs to know."""

    session: Path  # whose scenery and cast are drawn
    size: tuple[int, int]
    modalities: tuple[str, ...]
    ground: bool = True  # and whose surfaces: false under another sky


@dataclass(frozen=True)
class Shot:
    """One tick to draw from some cameras, and the tick and poses its flow leads to; None where it leads nowhere."""

    snapshot: Snapshot
    poses: Mapping[str, CameraPose]
    following: Snapshot | None = None
    following_poses: Mapping[str, CameraPose] | None = None

    def sent(self) -> tuple[Shot, Ticks]:
        """The shot as it goes to a drawing process: without its surfaces, large and mostly those of the shot before.

        These are named by their ticks, for the process to take from the session.
        """
        snapshot, following = (each and replace(each, surface=None) for each in (self.snapshot, self.following))
        assert snapshot is not None
        return replace(self, snapshot=snapshot, following=following), (_tick(self.snapshot), _tick(self.following))

    def received(self, session: Session, surfaces: Ticks) -> Shot:
        """The shot that was sent, with its surfaces again."""
        ground, following_ground = (None if tick is None else session.surface(tick) for tick in surfaces)
        following = self.following and replace(self.following, surface=following_ground)
        return replace(self, snapshot=replace(self.snapshot, surface=ground), following=following)


def _tick(snapshot: Snapshot | None) -> int | None:
    return None if snapshot is None or snapshot.surface is None else snapshot.surface.tick


def drawn(shots: Iterator[Shot], studio: Studio, workers: int) -> Iterator[tuple[Shot, dict[str, Images]]]:
    """Every shot with its images by camera, in order, whichever process drew them.

    At most SHOTS_AHEAD shots for each process are under way, and the shots are taken only as they are needed.

    Raises:
        RenderError: nothing can be drawn here, or a drawing process ended.
    """
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (max(1, cores() // workers),))
    under_way: deque[tuple[Shot, Future[dict[str, Images]]]] = deque()
    try:
        with unheard():
            for _ in range(workers):
                pool.submit(os.getpid)  # starts one process each
        for shot in shots:
            sent, surfaces = shot.sent() if studio.ground else (shot, None)
            under_way.append((shot, pool.submit(_draw, studio, sent, surfaces)))
            if len(under_way) > SHOTS_AHEAD * workers:
                yield _next(under_way)
        while under_way:
            yield _next(under_way)
    except BrokenProcessPool:
        raise RenderError(
            f"A drawing process ended before its frame was drawn: memory may be short; take fewer than {workers} "
            "workers or smaller frames."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _next(under_way: deque[tuple[Shot, Future[dict[str, Images]]]]) -> tuple[Shot, dict[str, Images]]:
    shot, future = under_way.popleft()
    return shot, future.result()


def _begin(threads: int) -> None:
    """Make a process ready to draw, in its share of the cores."""
    os.environ.setdefault("LP_NUM_THREADS", str(threads))  # Mesa's rasteriser would take all cores in each process
    end_with_parent()  # nothing is lost with it, as the parent alone writes


def stage_of(session: Session, size: tuple[int, int], modalities: tuple[str, ...]) -> Stage:
    """What draws a recording.

    Raises:
        SessionError: its scenery or cast make no sense; other programs write sessions, too.
        RenderError: nothing can be drawn here.
    """
    try:
        return Stage(session.scenery, session.cast, size, modalities, tick_rate=session.tick_rate)
    except SessionError:
        raise
    except (ValueError, LookupError) as error:
        raise SessionError(f"{session.path} cannot be drawn: {error}.") from None


@lru_cache(maxsize=1)
def _opened(studio: Studio) -> tuple[Session, Stage]:
    session = Session.open(studio.session)  # as long as the process lives: surfaces are read as they come
    return session, stage_of(session, studio.size, studio.modalities)


def _draw(studio: Studio, sent: Shot, surfaces: Ticks | None) -> dict[str, Images]:
    """In a drawing process: the images of a shot, encoded; `surfaces` are those that were not sent along."""
    session, stage = _opened(studio)
    shot = sent if surfaces is None else sent.received(session, surfaces)
    images = {}
    for camera, pose in shot.poses.items():
        next_pose = None if shot.following_poses is None else shot.following_poses[camera]
        drawn_images = stage.render(shot.snapshot, pose, shot.following, next_pose)
        images[camera] = {name: encode_image(name, image) for name, image in drawn_images.items()}
    return images
