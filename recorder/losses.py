"""What a damaged file of a session once held and no longer does, as far as anything left in it can tell.

An index, whole or in parts, names what lay where; a frame names its images; the number of every record tells how many
are missing, and its header, where that is whole, of which kind one was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from recorder.catalogue import INDEXED_SINCE_MAJOR, PREAMBLE
from recorder.container import Gap, RecordType
from recorder.remains import FrameKey, Remains, frame_of, indexed_losses
from recorder.segment import PART_CHUNKS

WITHOUT_CONTENT = (*PREAMBLE, RecordType.INDEX, RecordType.PART)  # told elsewhere in the file, too
PREAMBLE_RECORDS = {1: 3, 2: 6}  # with copies, by major version
NAMES = {
    RecordType.CHUNK: "ticks",
    RecordType.UTTERANCE: "utterance",
    RecordType.WORDING: "wording",
    RecordType.KEYFRAME: "keyframe",
    RecordType.FRAME: "frame",
    RecordType.BLOB: "image",
    RecordType.TABLE: "table",
    RecordType.SURFACE: "surface",
    RecordType.SLOW: "slow part",
}


@dataclass(frozen=True)
class Loss:
    """Something that was recorded and cannot be read any more."""

    what: str  # ticks, utterance, wording, keyframe, frame, image, table, surface, slow part, summary, segment, record
    first: int | None = None  # tick; number of a segment
    last: int | None = None  # of several ticks
    camera: str = ""
    modality: str = ""  # or the name of a table
    count: int | None = 1  # None where nobody can know
    note: str = ""

    def __str__(self) -> str:
        if self.what == "ticks":
            name = _counted(self.count, "chunk of ticks", "chunks of ticks")
            if self.first is not None:
                name = f"tick {self.first}" if self.first == self.last else f"ticks {self.first} to {self.last}"
        elif self.what == "segment":
            name = f"segment {self.first}"
        elif self.camera:
            name = f"{self.modality or 'the frame'} of camera {self.camera!r} at tick {self.first}"
        else:
            name = _counted(self.count, self.what, f"{self.what}s")
            name += "" if self.first is None else f" at tick {self.first}"
        return f"{name} ({self.note})" if self.note else name

    def to_plain(self) -> dict[str, Any]:
        """What differs from the default, in types that JSON has."""
        default = vars(Loss(self.what))
        return {"what": self.what, **{name: value for name, value in vars(self).items() if value != default[name]}}


def _counted(count: int | None, one: str, many: str) -> str:
    return f"an unknown number of {many}" if count is None else f"{count:,} {one if count == 1 else many}"


def losses(remains: Remains, before: Remains | None) -> Iterator[Loss]:
    """All that is missing in a file.

    Args:
        remains: of the file.
        before: those of the file before it in the session.
    """
    named: Counter[int] = Counter()
    indexed = list(indexed_losses(remains))
    told: list[Loss] = []
    for kind, place in indexed:
        if kind == RecordType.CHUNK:
            told.append(Loss("ticks", place.first, place.first + place.length - 1))
        elif kind == RecordType.SLOW:
            told.append(Loss(NAMES[kind], place[1], note=place[0]))
        elif kind != RecordType.FRAME:
            told.append(Loss(NAMES[kind], place))
        named[kind] += kind != RecordType.FRAME
    keys = [key for kind, key in indexed if kind == RecordType.FRAME]
    for key in dict.fromkeys([*keys, *remains.images, *remains.frames]):
        told += _of_frame(remains, key, named)
    for hole in _holes(remains, before, told):
        named[RecordType.CHUNK] += 1
        told.append(hole)
    yield from told
    yield from _unnamed(remains, named)


def _of_frame(remains: Remains, key: FrameKey, named: Counter[int]) -> list[Loss]:
    tick, camera = key
    images = remains.images.get(key, {})
    if key in remains.frames:
        missing = [name for name in remains.frames[key][1] if name not in images]
        named[RecordType.BLOB] += len(missing)
        if missing and not images:
            return [Loss("frame", tick, camera=camera, note="none of its images is left")]
        tables = [name for name in remains.frames[key][2] if name not in remains.tables.get(key, {})]
        named[RecordType.TABLE] += len(tables)
        lost = [("image", name) for name in missing] + [("table", name) for name in tables]
        return [Loss(what, tick, camera=camera, modality=name) for what, name in lost]
    if images and not any(gap.after is None or gap.after > _last(remains, key) for gap in remains.gaps):
        kept = f"; kept: {', '.join(images)}" if frame_of(remains, key) else ""
        return [Loss("frame", tick, camera=camera, note=f"its writing was not finished{kept}")]
    named[RecordType.FRAME] += 1
    if frame_of(remains, key) is not None:
        return []
    return [Loss("frame", tick, camera=camera, note="its images do not tell whence they were seen" if images else "")]


def _last(remains: Remains, key: FrameKey) -> int:
    records = (*remains.images[key].values(), *remains.tables.get(key, {}).values())
    return max(head.sequence for head in records)


def _holes(remains: Remains, before: Remains | None, told: list[Loss]) -> Iterator[Loss]:
    """Ticks between whole chunks which no index names, where a record is missing between these, too."""
    if remains.indexed:
        return
    known = {tick for loss in told if loss.what == "ticks" for tick in (loss.first, loss.last)}
    chunks = [(place.first, place.first + place.length, number) for place, number in remains.chunks]
    if before is not None and before.chunks:
        place, _ = before.chunks[-1]
        chunks.insert(0, (place.first, place.first + place.length, -1))
    for (_, end, number), (first, _, following) in pairwise(chunks):
        damaged = any(number < gap.first < following for gap in remains.gaps)
        if first > end and damaged and not known & {end, first - 1}:
            yield Loss("ticks", end, first - 1)


def _unnamed(remains: Remains, named: Counter[int]) -> Iterator[Loss]:
    """Missing records of which only the kind or the number is known."""
    tail = remains.gaps[-1] if remains.gaps and remains.gaps[-1].after is None else None
    kinds = Counter(gap.kind for gap in remains.gaps if gap.kind is not None)
    begun_to_close = remains.indexed or kinds[RecordType.INDEX] or remains.records.end_offset() is not None
    if kinds[RecordType.END] or (remains.end is None and begun_to_close):
        yield Loss("summary")
    if remains.indexed:
        return
    unknown = 0
    for gap in remains.gaps:
        if gap.after is not None:
            unknown += gap.after - gap.first - len(_without_content(remains, gap))
    for kind, name in NAMES.items():
        more = max(0, kinds[kind] - named[kind])
        unknown -= max(named[kind], kinds[kind] - (tail is not None and tail.kind == kind))
        if more:
            yield Loss(name, count=more, note=_numbers_missing(remains) if kind == RecordType.UTTERANCE else "")
    if unknown > 0:
        yield Loss("record", count=unknown, note=_numbers_missing(remains))
    if tail is not None and tail.kind is None:
        yield Loss("record", count=None, note=f"the file ends in {tail.end - tail.offset:,} bytes of no whole record")


def _without_content(remains: Remains, gap: Gap) -> set[int]:
    """Numbers of the records in a gap that held nothing of their own."""
    after = gap.first if gap.after is None else gap.after
    numbers = set(range(gap.first, min(after, PREAMBLE_RECORDS[remains.records.major])))
    numbers |= {gap.first} if gap.kind in WITHOUT_CONTENT else set()
    parts = _parts(remains)
    parts |= {gap.first + 1} if gap.kind == RecordType.KEYFRAME else set()
    closing = set() if remains.end_sequence is None else {remains.end_sequence - 1}
    return numbers | {number for number in parts | closing if gap.first <= number < after}


def _parts(remains: Remains) -> set[int]:
    """Numbers of the records that are or were parts of the index: one follows every keyframe, and every so many chunks.

    Behind a gap chunks are not counted until the next part that is sure, so that nothing else is taken for one.
    """
    parts = {*remains.parts, *(number + 1 for number in remains.keyframes.values())}
    if remains.records.major < INDEXED_SINCE_MAJOR:
        return parts
    counted, since = 0, PREAMBLE_RECORDS[remains.records.major] - 1
    for number, is_part in sorted([(part, True) for part in parts] + [(chunk, False) for _, chunk in remains.chunks]):
        counted, since = (0, number) if is_part else (counted + 1, since)
        if counted == PART_CHUNKS and not any(since < gap.first <= number for gap in remains.gaps):
            parts.add(number + 1)
            counted, since = 0, number + 1
    return parts


def _numbers_missing(remains: Remains) -> str:
    """Which ids of utterances are missing between those that are left."""
    found = {number for _, number in remains.said}
    missing = [number for number in range(min(found, default=0), max(found, default=0)) if number not in found]
    shown = ", ".join(map(str, missing[:20])) + (", ..." if len(missing) > 20 else "")
    return f"no utterance is left of the numbers {shown}" if missing else ""
