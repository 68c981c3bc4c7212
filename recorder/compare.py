"""Where two recordings of a village differ first, and in how much.

What is compared is what was recorded, not how it lies in the file: columns by their bits, so that a NaN equals itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from recorder.container import pack
from recorder.images import decode_image
from recorder.moments import name_of
from recorder.reader import Session
from recorder.schema import ENVIRONMENT_COLUMNS, VILLAGER_COLUMNS, Cast, Column, Event, Snapshot, Utterance
from recorder.writer import scenery_to_plain

LINEAGE = ("id", "run", "created", "origin", "segment")  # of a header: where a recording comes from, not what it holds
DESCRIPTION = ("schema_version", "channels", "columns")  # of a header: how to read the records, by who wrote the file
SHOWN_CHARACTERS = 60  # of a value in a sentence
MISSING = "nothing"
K = TypeVar("K")


@dataclass(frozen=True)
class Difference:
    """One value that two recordings do not share."""

    tick: int
    room: str  # world, agents, language, events, frames, ticks, keyframes or the name of a hash
    entity: str  # villager, camera or line; empty where there is none
    field: str
    found: str  # in words
    expected: str

    def __str__(self) -> str:
        where = ": ".join(part for part in (f"tick {self.tick}", self.room, self.entity) if part)
        return f"{where}: {self.field} {self.found} instead of {self.expected}"


def differences(found: Snapshot, expected: Snapshot, cast: Cast) -> Iterator[Difference]:
    """What differs between two snapshots of a tick: the weather, the villagers, events, lines, then hashes."""
    if _alike(found, expected):
        return
    yield from weather_differences(found, expected)
    yield from villager_differences(found, expected, cast)
    yield from _event_differences(found.tick, found.events, expected.events)
    yield from line_differences(found.tick, found.utterances, expected.utterances, cast)
    yield from hash_differences(found, expected)


def _alike(one: Snapshot, other: Snapshot) -> bool:
    columns = ((one.environment, other.environment), (one.villagers, other.villagers))
    return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in columns) and (
        (one.events, one.utterances, one.hashes) == (other.events, other.utterances, other.hashes)
    )


def weather_differences(found: Snapshot, expected: Snapshot) -> Iterator[Difference]:
    """Fields of the environment that differ."""
    for name, one, other in _unlike_columns(found.environment, expected.environment):
        column = _column(ENVIRONMENT_COLUMNS, name)
        yield Difference(found.tick, "world", "", name, _words(column, one, ()), _words(column, other, ()))


def villager_differences(found: Snapshot, expected: Snapshot, cast: Cast) -> Iterator[Difference]:
    """Fields of villagers that differ, villager by villager."""
    if found.villagers.shape != expected.villagers.shape:
        yield Difference(found.tick, "agents", "", "villagers", str(len(found.villagers)), str(len(expected.villagers)))
        return
    for name, one, other in _unlike_columns(found.villagers, expected.villagers):
        column = _column(VILLAGER_COLUMNS, name)
        for row in range(len(found.villagers)):
            here, there = (_words(column, side, row) for side in (one, other))
            if one is None or other is None or one[row].tobytes() != other[row].tobytes():
                yield Difference(found.tick, "agents", name_of(cast, row), name, here, there)


def hash_differences(found: Snapshot, expected: Snapshot) -> Iterator[Difference]:
    """Rooms whose state differs; `total` only where no room of its own does."""
    rooms = [name for name in {**found.hashes, **expected.hashes} if name != "total"]
    differing = [name for name in rooms if found.hashes.get(name) != expected.hashes.get(name)]
    if not differing and found.hashes.get("total") != expected.hashes.get("total"):
        differing = ["total"]
    for name in differing:
        here, there = (side.hashes[name].hex()[:8] if name in side.hashes else MISSING for side in (found, expected))
        yield Difference(found.tick, name, "", "hash", here, there)


def _unlike_columns(
    found: NDArray[np.void], expected: NDArray[np.void]
) -> Iterator[tuple[str, NDArray[Any] | None, NDArray[Any] | None]]:
    names = dict.fromkeys((*(found.dtype.names or ()), *(expected.dtype.names or ())))
    for name in names:
        one, other = (side[name] if name in (side.dtype.names or ()) else None for side in (found, expected))
        if one is None or other is None or one.dtype != other.dtype or one.tobytes() != other.tobytes():
            yield name, one, other


def _column(columns: Sequence[Column], name: str) -> Column:
    return next((column for column in columns if column.name == name), Column(name, "", ""))


def _words(column: Column, values: NDArray[Any] | None, row: int | tuple[()]) -> str:
    """A value as a person reads it: `walk` for an activity, `12.31` for a position."""
    if values is None:
        return MISSING
    value = values[row]
    if column.names and np.ndim(value) == 0 and 0 <= int(value) < len(column.names):
        return column.names[int(value)]
    return str(value)


def _event_differences(tick: int, found: Sequence[Event], expected: Sequence[Event]) -> Iterator[Difference]:
    for number in range(max(len(found), len(expected))):
        one, other = (side[number] if number < len(side) else None for side in (found, expected))
        if one is not None and other is not None and one.kind == other.kind:
            for name, here, there in state_differences(_plain(one.data), _plain(other.data)):
                yield Difference(tick, "events", one.kind, name, here, there)
        elif one is not other:
            here, there = (MISSING if side is None else side.kind for side in (one, other))
            yield Difference(tick, "events", "", f"event {number + 1}", here, there)


def line_differences(
    tick: int, found: Sequence[Utterance], expected: Sequence[Utterance], cast: Cast
) -> Iterator[Difference]:
    """Lines of a tick that differ in some field, or that one side lacks."""
    here, there = ({line.id: line for line in side} for side in (found, expected))
    for number in dict.fromkeys((*here, *there)):
        one, other = here.get(number), there.get(number)
        speaker = name_of(cast, (one or other).speaker)  # type: ignore[union-attr]
        if one is None or other is None:
            here_said, there_said = (MISSING if line is None else repr(_short(line.text)) for line in (one, other))
            yield Difference(tick, "language", speaker, f"line {number}", here_said, there_said)
            continue
        for item in fields(Utterance):
            mine, its = getattr(one, item.name), getattr(other, item.name)
            if _plain(mine) != _plain(its):
                yield Difference(tick, "language", speaker, item.name, _short(repr(mine)), _short(repr(its)))


def _plain(value: Any) -> Any:
    """Free-form values with sequences of one kind, as they come back from a file."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"


def state_differences(
    found: Any, expected: Any, cast: Cast | None = None, path: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Entry by entry, where two plain states differ: (path, found, expected).

    Where a list or array has an entry for each of several villagers, the villager's name stands in the path.
    """
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for key in dict.fromkeys((*found, *expected)):
            at = f"{path}.{key}" if path else str(key)
            if key not in found or key not in expected:
                here, there = (_shown(side[key]) if key in side else MISSING for side in (found, expected))
                yield at, here, there
            else:
                yield from state_differences(found[key], expected[key], cast, at)
    elif isinstance(found, np.ndarray) and isinstance(expected, np.ndarray):
        yield from _array_differences(found, expected, cast, path)
    elif isinstance(found, (list, tuple)) and isinstance(expected, (list, tuple)):
        if len(found) != len(expected):
            yield path, f"{len(found)} entries", f"{len(expected)}"
        for number, (one, other) in enumerate(zip(found, expected, strict=False)):
            yield from state_differences(one, other, cast, f"{path}[{_entry(cast, number, len(expected))}]")
    elif pack(found) != pack(expected):
        yield path, _shown(found), _shown(expected)


def _array_differences(
    found: NDArray[Any], expected: NDArray[Any], cast: Cast | None, path: str
) -> Iterator[tuple[str, str, str]]:
    if found.dtype.names and found.dtype.names == expected.dtype.names and found.shape == expected.shape:
        for name in found.dtype.names:
            yield from _array_differences(found[name], expected[name], cast, f"{path}.{name}")
        return
    if found.shape != expected.shape:
        yield path, f"of shape {found.shape}", f"{expected.shape}"
        return
    if found.dtype == expected.dtype and found.tobytes() == expected.tobytes():
        return
    floating = found.dtype.kind == "f" and expected.dtype.kind == "f"
    unlike = np.argwhere(~np.isclose(found, expected, 0, 0, equal_nan=True) if floating else found != expected)
    for index in map(tuple, unlike):
        names = [_entry(cast, int(index[0]), len(expected)), *map(str, index[1:])] if index else []
        yield f"{path}[{', '.join(names)}]" if names else path, str(found[index]), str(expected[index])


def _entry(cast: Cast | None, number: int, count: int) -> str:
    return name_of(cast, number) if cast is not None and count == len(cast.personas) > 1 else str(number)


def _shown(value: Any) -> str:
    return _short(value.hex() if isinstance(value, bytes) else repr(value))


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
    frames: dict[str, Tally] = field(default_factory=dict)  # modality or `pose` -> frames of both that differ in it
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
        _compare_tick(result, here.snapshot(tick), there.snapshot(tick), here.cast)
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
    mine, its = scenery_to_plain(here.scenery), scenery_to_plain(there.scenery)
    unlike = [f"scenery.{name}" for name in mine if pack(mine[name]) != pack(its[name])]
    if here.cast.looks.dtype != there.cast.looks.dtype or here.cast.looks.tobytes() != there.cast.looks.tobytes():
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
    words = [
        Counter(pack(word) for word in side.wordings() if not _explained(arrival(word), side, other, None))
        for side, other in ((here, there), (there, here))
    ]
    result.wordings = max((words[0] - words[1]).total(), (words[1] - words[0]).total())


def _explained(tick: int, holder: Session, other: Session, in_both: object) -> bool:
    """Whether the other session lacks something because it lacks the whole tick."""
    return not in_both and tick in holder.ticks and tick not in other.ticks


def arrival(wording: Mapping[str, Any]) -> int:
    """The tick at which logged words reached the simulation."""
    return int(wording.get("arrival_tick", -1))


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
    """How a frame differs: its pose, its size, its images."""
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
