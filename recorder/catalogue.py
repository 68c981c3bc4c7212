"""Where everything in a session file lies: kept by the writer, stored at the end, rebuilt by a scan after a kill."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from recorder.columns import array_from_plain, array_to_plain
from recorder.container import CorruptSession, RecordReader, RecordType, unpack

REQUIRED = (RecordType.HEADER, RecordType.SCENERY, RecordType.CAST)


@dataclass(frozen=True)
class ChunkPlace:
    """The ticks one chunk holds and where it lies."""

    first: int
    count: int
    offset: int


@dataclass
class Catalogue:
    """Offsets of all records one may ask for."""

    fixed: dict[int, int] = field(default_factory=dict)  # RecordType of HEADER, SCENERY, CAST -> offset
    chunks: list[ChunkPlace] = field(default_factory=list)
    utterances: list[int] = field(default_factory=list)
    wordings: list[int] = field(default_factory=list)
    cameras: list[str] = field(default_factory=list)  # in order of their first frame
    modalities: list[str] = field(default_factory=list)
    frames: dict[tuple[int, str], int] = field(default_factory=dict)  # (tick, camera) -> FRAME record, in file order

    def add_frame(self, tick: int, camera: str, modalities: list[str], offset: int) -> None:
        """Note a frame that is wholly in the file."""
        if camera not in self.cameras:
            self.cameras.append(camera)
        self.modalities += [name for name in modalities if name not in self.modalities]
        self.frames[tick, camera] = offset

    def to_plain(self) -> dict[str, Any]:
        """The content of the INDEX record."""
        number = {name: i for i, name in enumerate(self.cameras)}
        frames = [(tick, number[camera], offset) for (tick, camera), offset in self.frames.items()]
        chunks = [(chunk.first, chunk.count, chunk.offset) for chunk in self.chunks]
        return {
            "fixed": self.fixed,
            "chunks": array_to_plain(np.array(chunks, np.int64).reshape(-1, 3)),
            "utterances": array_to_plain(np.array(self.utterances, np.int64)),
            "wordings": array_to_plain(np.array(self.wordings, np.int64)),
            "cameras": self.cameras,
            "modalities": self.modalities,
            "frames": array_to_plain(np.array(frames, np.int64).reshape(-1, 3)),
        }


def catalogue_from_plain(value: Any) -> Catalogue:
    """The catalogue behind an INDEX record.

    Raises:
        ValueError, KeyError, TypeError, IndexError: it is not one.
    """
    cameras = [str(name) for name in value["cameras"]]
    frames = {
        (int(tick), cameras[int(number)]): int(offset) for tick, number, offset in array_from_plain(value["frames"])
    }
    return Catalogue(
        fixed={int(kind): int(offset) for kind, offset in value["fixed"].items()},
        chunks=[ChunkPlace(int(a), int(b), int(c)) for a, b, c in array_from_plain(value["chunks"])],
        utterances=[int(offset) for offset in array_from_plain(value["utterances"])],
        wordings=[int(offset) for offset in array_from_plain(value["wordings"])],
        cameras=cameras,
        modalities=[str(name) for name in value["modalities"]],
        frames=frames,
    )


@dataclass(frozen=True)
class Layout:
    """A catalogue and how it was come by."""

    catalogue: Catalogue
    complete: bool  # the writer closed the session
    scanned: bool  # no usable index: every record was visited
    summary: dict[str, Any]


def find_layout(records: RecordReader) -> Layout:
    """The layout by the index at the end of the file, or by a scan where there is none.

    Raises:
        CorruptSession: a scan was needed and a record in the middle of the file is damaged.
    """
    end = records.end_offset()
    if end is not None:
        try:
            closing = records.value(end, RecordType.END)
            catalogue = catalogue_from_plain(records.value(int(closing["index"]), RecordType.INDEX))
            layout = Layout(catalogue, complete=True, scanned=False, summary=dict(closing["summary"]))
        except (CorruptSession, ValueError, KeyError, TypeError, IndexError):
            return _scan(records)  # told to the caller by `scanned`; damage elsewhere is still found
        _check_order(records, layout.catalogue)
        return layout
    return _scan(records)


def _scan(records: RecordReader) -> Layout:
    catalogue = Catalogue()
    complete, summary = False, {}
    for head in records.heads():
        if head.type in REQUIRED:
            catalogue.fixed[head.type] = head.offset
        elif head.type == RecordType.UTTERANCE:
            catalogue.utterances.append(head.offset)
        elif head.type == RecordType.WORDING:
            catalogue.wordings.append(head.offset)
        elif head.type in (RecordType.CHUNK, RecordType.FRAME, RecordType.END):
            try:
                value = unpack(records.payload(head))
                if head.type == RecordType.CHUNK:
                    catalogue.chunks.append(ChunkPlace(int(value["first"]), int(value["count"]), head.offset))
                elif head.type == RecordType.FRAME:
                    names = [str(name) for name in value["blobs"]]
                    catalogue.add_frame(int(value["tick"]), str(value["camera"]), names, head.offset)
                else:
                    complete, summary = True, dict(value["summary"])
            except (ValueError, KeyError, TypeError) as error:
                what = f"a {RecordType(head.type).name} record makes no sense, {error!r}"
                raise CorruptSession(records.path, head.offset, what) from error
    _check_order(records, catalogue)
    return Layout(catalogue, complete, True, summary)


def _check_order(records: RecordReader, catalogue: Catalogue) -> None:
    for before, after in pairwise(catalogue.chunks):
        if after.first != before.first + before.count:
            what = f"tick {after.first} follows tick {before.first + before.count - 1}"
            raise CorruptSession(records.path, after.offset, what)
