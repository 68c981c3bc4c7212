"""In which values two moments or two states of a village differ, in words: tick, room, villager, field, both values.

Columns are compared by their bits, so that a NaN equals itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.moments import name_of
from recorder.payload import pack
from recorder.schema import (
    BUILDING_STATE_COLUMNS,
    ENVIRONMENT_COLUMNS,
    VILLAGER_COLUMNS,
    Cast,
    Column,
    Event,
    Snapshot,
    Surface,
    Utterance,
)
from recorder.surfaces import MAPS
from recorder.today import TABLES

SHOWN_CHARACTERS = 60  # of a value in a sentence
MISSING = "nothing"
PAIRS = 2  # of surfaces last compared: many ticks have the same


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
    """What differs between two snapshots of a tick: weather, buildings, ground, villagers, events, lines, hashes."""
    if _alike(found, expected):
        return
    yield from weather_differences(found, expected)
    yield from _building_differences(found, expected)
    yield from surface_differences(found, expected)
    yield from villager_differences(found, expected, cast)
    yield from _event_differences(found.tick, found.events, expected.events)
    yield from line_differences(found.tick, found.utterances, expected.utterances, cast)
    yield from hash_differences(found, expected)


def _alike(one: Snapshot, other: Snapshot) -> bool:
    columns = ((getattr(one, name), getattr(other, name)) for name in TABLES)
    return (
        surface_alike(one.surface, other.surface)
        and all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in columns)
        and ((one.events, one.utterances, one.hashes) == (other.events, other.utterances, other.hashes))
    )


@lru_cache(PAIRS)
def surface_alike(one: Surface | None, other: Surface | None) -> bool:
    """Whether two surfaces are of the same tick and the same in every bit."""
    if one is None or other is None:
        return one is other
    return one is other or (one.tick == other.tick and not any(True for _ in _unlike_maps(one, other)))


def _unlike_maps(one: Surface, other: Surface) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    for name in MAPS:
        mine, its = getattr(one, name), getattr(other, name)
        if mine.shape != its.shape or not np.array_equal(mine.view("u4"), its.view("u4")):
            yield name, mine, its


def weather_differences(found: Snapshot, expected: Snapshot) -> Iterator[Difference]:
    """Fields of the environment that differ."""
    for name, one, other in _unlike_columns(found.environment, expected.environment):
        column = _column(ENVIRONMENT_COLUMNS, name)
        yield Difference(found.tick, "world", "", name, _words(column, one, ()), _words(column, other, ()))


def _building_differences(found: Snapshot, expected: Snapshot) -> Iterator[Difference]:
    if found.buildings.shape != expected.buildings.shape:
        here, there = (str(len(side.buildings)) for side in (found, expected))
        yield Difference(found.tick, "world", "", "buildings", here, there)
        return
    for name, one, other in _unlike_columns(found.buildings, expected.buildings):
        column = _column(BUILDING_STATE_COLUMNS, name)
        for row in range(len(found.buildings)):
            if one is None or other is None or one[row].tobytes() != other[row].tobytes():
                here, there = (_words(column, side, row) for side in (one, other))
                yield Difference(found.tick, "world", f"building {row}", name, here, there)


def surface_differences(found: Snapshot, expected: Snapshot) -> Iterator[Difference]:
    """Maps of the ground that differ, and in which cell first."""
    one, other = found.surface, expected.surface
    if surface_alike(one, other):
        return
    if one is None or other is None or one.tick != other.tick:
        here, there = (MISSING if side is None else f"of tick {side.tick}" for side in (one, other))
        yield Difference(found.tick, "world", "", "surface", here, there)
        return
    for name, mine, its in _unlike_maps(one, other):
        if mine.shape != its.shape:
            yield Difference(found.tick, "world", "", name, f"of shape {mine.shape}", f"{its.shape}")
            continue
        unlike = mine.view("u4") != its.view("u4")
        row, column = (int(at[0]) for at in np.nonzero(unlike))
        where = f"at row {row}, column {column}, the first of {int(unlike.sum())} cells that differ"
        yield Difference(found.tick, "world", "", name, str(mine[row, column]), f"{its[row, column]} {where}")


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
