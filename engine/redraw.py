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

FLOW = ("flow", "flow_valid")


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
            for here, following in zip(frames, [*frames[1:], None], strict=True):
                after = following if following is not None and following.tick == here.tick + step else None
                images = stages.of(here).render(
                    session.snapshot(here.tick),
                    here.pose,
                    None if after is None else session.snapshot(after.tick),
                    None if after is None else after.pose,
                )
                unknown_next = after is None and _led_on(session, here)
                differing = tuple(
                    name
                    for name, image in images.items()
                    if not (unknown_next and name in FLOW)
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
        size, names = (frame.width, frame.height), tuple(name for name in frame.modalities if name != "flow_valid")
        if self._stage is None or self._kind != (size, names):
            self.close()
            self._kind, self._stage = (size, names), stage_of(self._session, size, names)
        return self._stage

    def close(self) -> None:
        """End the one there is."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None


def _led_on(session: Session, last: FrameRef) -> bool:
    """True where the flow of a frame that nothing follows here did lead somewhere when it was drawn."""
    return "flow_valid" in last.modalities and bool(session.frame(last.tick, last.camera, "flow_valid").any())
