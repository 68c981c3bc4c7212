"""The frames of a session as a sequence; each is read when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from recorder.container import SessionError
from recorder.schema import RANGE, Frame

if TYPE_CHECKING:
    from recorder.reader import Session


@dataclass(frozen=True)
class FrameRef(Frame):
    """One frame in a session; its images are read when they are asked for."""

    modality: str | None = None  # the one that was asked for
    session: Session | None = field(default=None, repr=False, compare=False)

    @property
    def time_s(self) -> float:
        """World seconds since tick 0."""
        return self.tick / self._home.tick_rate

    def image(self, modality: str | None = None) -> NDArray[Any]:
        """One modality, (height, width) or (height, width, channels), exactly as it was written.

        Args:
            modality: its name, `range` for metres along the rays; the one that frames() was asked for if None.

        Raises:
            SessionError: the frame lacks it, or none was named.
        """
        name = modality or self.modality
        if name is None:
            raise SessionError(f"name a modality: the frame has {', '.join(self.modalities)}.")
        return self._home.frame(self.tick, self.camera, name)

    def annotations(self) -> dict[str, NDArray[np.void]]:
        """The tables of the frame by name: boxes, boxes_3d, keypoints; see schema.Annotations.

        Raises:
            SessionError: one cannot be read.
        """
        return self._home.annotations(self.tick, self.camera)

    @property
    def _home(self) -> Session:
        if self.session is None:
            raise SessionError("This frame was not read from a session.")
        return self.session


class Frames(Sequence["FrameRef"]):
    """Frames of a session, each read when it is asked for."""

    def __init__(self, session: Session, keys: list[tuple[int, str]], modality: str | None) -> None:
        self._session = session
        self._modality = modality
        self._keys = keys
        if modality is not None:
            stored = "depth" if modality == RANGE else modality
            self._keys = [key for key in keys if stored in session.frame_ref(*key).modalities]

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
        return replace(self._session.frame_ref(*self._keys[index]), modality=self._modality)
