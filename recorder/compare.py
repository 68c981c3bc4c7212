"""Whether two sessions hold the same, and if not, where they differ first and in how much.

What is compared is what was recorded, not how it lies in the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from recorder import encode
from recorder.decode import arrival
from recorder.differences import MISSING, Difference, differences, line_differences, state_differences
from recorder.header import DESCRIPTION, LINEAGE
from recorder.images import decode_image
from recorder.payload import pack
from recorder.reader import Session
from recorder.schema import Cast, Snapshot
from recorder.today import as_recorded

K = TypeVar("K")


@dataclass
class Tally:
    """How often something differs, and where first."""

    count: int
    first: Difference


@dataclass
class Comparison:
    """What two sessions do not share. What only one of them holds is counted; `first` is a value that both hold."""

    first: Difference | None = None  # at the lowest tick
    ticks: int = 0  # that both have
    same_ticks: int = 0  # of those, before the first that differs in state, events, language or hashes
    differing_ticks: int = 0
    only_here: int = 0  # ticks
    only_there: int = 0
    fields: dict[tuple[str, str], Tally] = field(default_factory=dict)  # (room, field) -> values that differ
    lines: int = 0  # at shared ticks that differ, or that one lacks
    wordings: int = 0
    frames: dict[str, Tally] = field(default_factory=dict)  # modality, table or `pose` -> frames of both unlike in it
    frames_only_here: int = 0
    frames_only_there: int = 0
    keyframes: int = 0  # of both that differ
    keyframes_only_here: int = 0
    keyframes_only_there: int = 0
    valley: list[str] = field(default_factory=list)  # parts of scenery and cast
    header: list[str] = field(default_factory=list)  # keys, but for those apart
    apart: list[str] = field(default_factory=list)  # keys of LINEAGE and DESCRIPTION: no difference of content

    @property
    def same(self) -> bool:
        """Whether both hold the same."""
        counts = (self.only_here, self.only_there, self.frames_only_here, self.frames_only_there)
        kept = (self.keyframes_only_here, self.keyframes_only_there, self.keyframes, self.lines, self.wordings)
        return self.first is None and not any((*counts, *kept, self.fields, self.frames, self.valley, self.header))

    def note(self, difference: Difference) -> None:
        """Keep the difference of the lowest tick."""
        if self.first is None or difference.tick < self.first.tick:
            self.first = difference


def compare(here: Session, there: Session) -> Iterator[Comparison]:
    """Compare two sessions tick by tick, then their frames; yields the same comparison, further each time.

    Raises:
        CorruptSession: a record of either cannot be read.
    """
    result = Comparison()
    _compare_opening(result, here, there)
    for tick in here.ticks:
        if tick not in there.ticks:
            result.only_here += 1
            continue
        result.ticks += 1
        mine, its = (as_recorded(side.snapshot(tick, whole=True), side.columns) for side in (here, there))
        _compare_tick(result, mine, its, here.cast)
        result.same_ticks += not result.differing_ticks
        yield result
    result.only_there = len(there.ticks) - result.ticks
    _compare_language(result, here, there)
    _compare_keyframes(result, here, there)
    for _ in _compare_frames(result, here, there):
        yield result
    yield result


def _count(tallies: dict[K, Tally], key: K, difference: Difference) -> None:
    tally = tallies.setdefault(key, Tally(0, difference))
    tally.count += 1


def _compare_tick(result: Comparison, here: Snapshot, there: Snapshot, cast: Cast) -> None:
    found = list(differences(here, there, cast))
    for difference in found:
        result.note(difference)
        if difference.room != "language":
            _count(result.fields, (difference.room, difference.field), difference)
    result.differing_ticks += bool(found)


def _compare_opening(result: Comparison, here: Session, there: Session) -> None:
    for key in dict.fromkeys((*here.header, *there.header)):
        if key not in here.header or key not in there.header or pack(here.header[key]) != pack(there.header[key]):
            (result.apart if key in (*LINEAGE, *DESCRIPTION) else result.header).append(key)
    result.valley = valley_differences(here, there)


def valley_differences(here: Session, there: Session) -> list[str]:
    """The parts of scenery and cast that differ, by name."""
    mine, its = encode.scenery(here.scenery), encode.scenery(there.scenery)
    names = dict.fromkeys((*mine, *its))
    unlike = [f"scenery.{name}" for name in names if pack(mine.get(name)) != pack(its.get(name))]
    looks, others = here.recorded_cast.looks, there.recorded_cast.looks
    if looks.dtype != others.dtype or looks.tobytes() != others.tobytes():
        unlike.append("cast.looks")
    return unlike + ["cast.personas"] * (pack(here.cast.personas) != pack(there.cast.personas))


def _compare_language(result: Comparison, here: Session, there: Session) -> None:
    mine, its = ({line.id: line for line in side.lines()} for side in (here, there))
    for number in {**mine, **its}:
        one, other = mine.get(number), its.get(number)
        line = one or other
        if line is None or _explained(line.start_tick, *((here, there) if one else (there, here)), one and other):
            continue
        found, expected = ([said] if said is not None else [] for said in (one, other))
        unlike = next(line_differences(line.start_tick, found, expected, here.cast), None)
        if unlike is not None:
            result.lines += 1
            result.note(unlike)
    words = [[(arrival(word), pack(word)) for word in side.wordings()] for side in (here, there)]
    result.wordings = max(
        sum(not _explained(tick, here, there, None) for tick, _ in (Counter(words[0]) - Counter(words[1])).elements()),
        sum(not _explained(tick, there, here, None) for tick, _ in (Counter(words[1]) - Counter(words[0])).elements()),
    )


def _explained(tick: int, holder: Session, other: Session, in_both: object) -> bool:
    """Whether the other session lacks something because it lacks the whole tick."""
    return not in_both and tick in holder.ticks and tick not in other.ticks


def _compare_keyframes(result: Comparison, here: Session, there: Session) -> None:
    mine, its = set(here.keyframes), set(there.keyframes)
    result.keyframes_only_here, result.keyframes_only_there = len(mine - its), len(its - mine)
    for tick in sorted(mine & its):
        unlike = next(state_differences(here.keyframe(tick), there.keyframe(tick), here.cast), None)
        if unlike is not None:
            result.keyframes += 1
            result.note(Difference(tick, "keyframes", "", *unlike))


def _compare_frames(result: Comparison, here: Session, there: Session) -> Iterator[None]:
    mine, its = (dict.fromkeys((ref.tick, ref.camera) for ref in side.frames()) for side in (here, there))
    result.frames_only_here, result.frames_only_there = len(mine.keys() - its), len(its.keys() - mine)
    for key in mine:
        if key in its:
            for difference in frame_differences(here, there, *key):
                _count(result.frames, difference.field, difference)
                result.note(difference)
            yield


def frame_differences(here: Session, there: Session, tick: int, camera: str) -> Iterator[Difference]:
    """How a frame differs: its pose, its size, its images, its tables."""
    one, other = here.frame_ref(tick, camera), there.frame_ref(tick, camera)
    if one.pose != other.pose:
        yield Difference(tick, "frames", camera, "pose", str(one.pose), str(other.pose))
    for name in dict.fromkeys((*one.modalities, *other.modalities)):
        if name in one.modalities and name in other.modalities:
            unlike = _unlike_images(here.encoded_frame(tick, camera, name), there.encoded_frame(tick, camera, name))
        else:
            recorded, lacking = ("recorded", MISSING) if name in one.modalities else (MISSING, "recorded")
            unlike = recorded, lacking
        if unlike is not None:
            yield Difference(tick, "frames", camera, name, *unlike)
    yield from _table_differences(here, there, tick, camera)


def _table_differences(here: Session, there: Session, tick: int, camera: str) -> Iterator[Difference]:
    """How the tables of a frame differ."""
    mine, its = (side.annotations(tick, camera) for side in (here, there))
    for name in dict.fromkeys((*mine, *its)):
        if name not in mine or name not in its:
            recorded, lacking = ("recorded", MISSING) if name in mine else (MISSING, "recorded")
            yield Difference(tick, "frames", camera, name, recorded, lacking)
            continue
        if mine[name].dtype != its[name].dtype:
            yield Difference(tick, "frames", camera, name, str(mine[name].dtype), str(its[name].dtype))
            continue
        for where, found, expected in islice(state_differences({name: mine[name]}, {name: its[name]}), 1):
            yield Difference(tick, "frames", camera, name, f"{where} {found}", expected)


def _unlike_images(one: dict[str, Any], other: dict[str, Any]) -> tuple[str, str] | None:
    """How an image differs, in words; bytes packed by another version of a library may mean the same image."""
    if one == other:
        return None
    found, expected = decode_image(one), decode_image(other)
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return f"{found.dtype} {found.shape}", f"{expected.dtype} {expected.shape}"
    bits = f"<u{found.dtype.itemsize}"
    unlike = (found.view(bits) != expected.view(bits)).reshape(*found.shape[:2], -1).any(axis=2)
    if not unlike.any():
        return None
    row, column = (int(at[0]) for at in np.nonzero(unlike))
    where = f"at row {row}, column {column}, the first of {int(unlike.sum())} pixels that differ"
    return f"{_pixel(found[row, column])}", f"{_pixel(expected[row, column])} {where}"


def _pixel(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if np.ndim(value) else str(value)
