"""Drawing a recording again from its recorded state, and comparing each frame with the one recorded."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from engine.render.stage import Stage
from recorder.container import SessionError
from recorder.reader import FrameRef, Session


def redraw(session: Session) -> Iterator[tuple[FrameRef, tuple[str, ...]]]:
    """Draw every recorded frame again, yielding it with the names of the modalities in which it differs.

    Raises:
        SessionError: there are no frames.
        RenderError: nothing can be drawn here.
    """
    references = list(session.frames())
    if not references:
        raise SessionError(f"{session.path} holds no frames; there is nothing to draw again.")
    width, height = references[0].width, references[0].height
    modalities = tuple(name for name in references[0].modalities if name != "flow_valid")
    stage = Stage(session.scenery, session.cast, (width, height), modalities, tick_rate=session.tick_rate)
    try:
        for camera in session.cameras:
            for here, after in pairwise([*session.frames(camera), None]):
                if here is None:
                    continue
                images = stage.render(
                    session.at(here.tick),
                    here.pose,
                    None if after is None else session.at(after.tick),
                    None if after is None else after.pose,
                )
                differing = tuple(
                    name
                    for name, image in images.items()
                    if not np.array_equal(
                        image, session.frame(here.tick, camera, name), equal_nan=image.dtype.kind == "f"
                    )
                )
                yield here, differing
    finally:
        stage.close()
