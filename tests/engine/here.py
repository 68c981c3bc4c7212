"""Frames drawn by the test's own process, for tests that are not about the processes that draw: each takes seconds
to begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from engine import capture, drawing
from engine.drawing import Packer, Shot, Studio, Taken


class Here:
    """Stands for Drawers: a shot is packed, unpacked, drawn and encoded as there, and is back at once."""

    def __init__(self, studio: Studio, workers: int) -> None:
        self.waited_s = 0.0
        self._studio, self._packer = studio, Packer()

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        drawing._easel(self._studio).finisher.shutdown()
        drawing._easel(self._studio).stage.close()
        drawing._easel.cache_clear()

    def give(self, shot: Shot) -> list[tuple[Shot, dict[str, Taken]]]:
        easel = drawing._easel(self._studio)
        sent = easel.unpacker.unpack(self._packer.pack(shot))
        seen = {camera: drawing.render(easel.stage, sent, camera) for camera in sent.poses}
        return [(shot, {camera: drawing._finished(easel, sent, camera, images) for camera, images in seen.items()})]

    def rest(self) -> list[tuple[Shot, dict[str, Taken]]]:
        return []


@contextmanager
def drawn_here() -> Iterator[None]:
    """Captures and re-renders draw in this process."""
    with patch.object(capture, "Drawers", Here), patch.object(drawing, "Drawers", Here):
        yield
