"""Drawing a recording again from its recorded state, and comparing each frame with the one recorded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from engine.drawing import stage_of
from engine.render.stage import Stage
from recorder.container import SessionError
from recorder.frames import FrameRef
from recorder.reader import Session

MOTION = ("flow", "back_flow")  # lead to the frame after, and to the one before; each with its validity
VALID = "_valid"
LIDAR = ((1, 1), ())  # size and modalities of the stage: a lidar has views of its own


def redraw(session: Session) -> Iterator[tuple[FrameRef, tuple[str, ...]]]:
    """Draw every recorded frame again, yielding it with the names of the modalities in which it differs.

    Where a recording was cut off, cut or drawn in part, the flow of some frames led to frames that are not there, and
    is not compared.

    Raises:
        SessionError: there are no frames, or what was recorded cannot be drawn.
        RenderError: nothing can be drawn here.
    """
    if not session.frames():
        raise SessionError(f"{session.path} holds no frames; there is nothing to draw again.")
    stages = _Stages(session)
    try:
        for camera in session.cameras:
            frames = [frame for frame in session.frames(camera) if frame.tick in session.ticks]  # the state may be lost
            step = min((b.tick - a.tick for a, b in pairwise(frames)), default=0)
            for earlier, here, later in zip([None, *frames[:-1]], frames, [*frames[1:], None], strict=True):
                after = later if later is not None and later.tick == here.tick + step else None
                before = earlier if earlier is not None and earlier.tick == here.tick - step else None
                images = stages.of(here).render(
                    session.snapshot(here.tick),
                    here.pose,
                    None if after is None else session.snapshot(after.tick),
                    None if after is None else after.pose,
                    None if before is None else session.snapshot(before.tick),
                    None if before is None else before.pose,
                )
                unknown = [
                    each
                    for name, frame in zip(MOTION, (after, before), strict=True)
                    if frame is None and _led(session, here, name)
                    for each in (name, name + VALID)
                ]
                differing = tuple(
                    name
                    for name, image in images.items()
                    if name not in unknown
                    and not np.array_equal(
                        image, session.frame(here.tick, camera, name), equal_nan=image.dtype.kind == "f"
                    )
                )
                yield here, differing
    finally:
        stages.close()


class _Stages:
    """What draws frames as they were recorded; a merged session has them in several sizes and modalities."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kind: tuple[tuple[int, int], tuple[str, ...]] | None = None
        self._stage: Stage | None = None

    def of(self, frame: FrameRef) -> Stage:
        """The stage for a frame's size and modalities; the one before is over then."""
        size, names = (frame.width, frame.height), tuple(n for n in frame.modalities if not n.endswith(VALID))
        if frame.pose.lens == "lidar":
            size, names = LIDAR
        if self._stage is None or self._kind != (size, names):
            self.close()
            self._kind, self._stage = (size, names), self._begin(size, names)
        return self._stage

    def _begin(self, size: tuple[int, int], names: tuple[str, ...]) -> Stage:
        return stage_of(self._session, size, names, str(self._session.header.get("quality", "fine")))

    def close(self) -> None:
        """End the one there is."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None


def _led(session: Session, end: FrameRef, motion: str) -> bool:
    """True where the flow of a frame at an end of a recording did lead somewhere when it was drawn."""
    valid = motion + VALID
    return valid in end.modalities and bool(session.frame(end.tick, end.camera, valid).any())
