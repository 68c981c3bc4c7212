"""What the records of a session hold, from the types of the schema to plain values: the way back from `decode.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import array_to_plain, steps_to_plain, table_to_plain
from recorder.payload import known_value
from recorder.schema import Cast, Detail, Scenery, Snapshot, Surroundings, Utterance
from recorder.slow import Since, SlowPart


def scenery(value: Scenery) -> dict[str, Any]:
    """The valley."""
    parts = {item.name: getattr(value, item.name) for item in fields(value)}
    return {name: _part(part) for name, part in parts.items() if part is not None}


def _part(part: Any) -> Any:
    if isinstance(part, Surroundings | Detail):
        return {item.name: _part(getattr(part, item.name)) for item in fields(part)}
    return _array(part) if isinstance(part, np.ndarray) else part


def _array(array: NDArray[Any]) -> dict[str, Any]:
    return table_to_plain(array) if array.dtype.names else array_to_plain(array)


def cast(value: Cast) -> dict[str, Any]:
    """The villagers."""
    return {"looks": table_to_plain(value.looks), "personas": value.personas}


def chunk(ticks: Sequence[Snapshot]) -> dict[str, Any]:
    """Some ticks in a row, with as many buildings and the same surface."""
    first = ticks[0]
    land: dict[str, Any] = {} if first.surface is None else {"surface": first.surface.tick}
    if len(first.buildings):
        land["buildings"] = steps_to_plain(_rows([snapshot.buildings for snapshot in ticks]))
    rooms = sorted(set().union(*(snapshot.hashes for snapshot in ticks)))
    return {
        "first": first.tick,
        "count": len(ticks),
        "environment": steps_to_plain(_rows([snapshot.environment for snapshot in ticks])),
        "villagers": steps_to_plain(_rows([snapshot.villagers for snapshot in ticks])),
        **land,
        "events": [[event.tick, event.kind, event.data] for snapshot in ticks for event in snapshot.events],
        "event_counts": [len(snapshot.events) for snapshot in ticks],
        "rooms": rooms,
        "hashes": [[snapshot.hashes.get(room, b"") for room in rooms] for snapshot in ticks],
    }


def _rows(tables: list[NDArray[np.void]]) -> NDArray[np.void]:
    """Tables of one type one above the other, like np.stack, which looks at every field of every table."""
    rows = np.frombuffer(b"".join(table.tobytes() for table in tables), tables[0].dtype)
    return rows.reshape(len(tables), *tables[0].shape)


def utterance(value: Utterance) -> dict[str, Any]:
    """One line with its truth."""
    return {item.name: getattr(value, item.name) for item in fields(value)}


def keyframe(tick: int, state: Mapping[str, Any], slow: Since) -> dict[str, Any]:
    """The state behind a tick without its slow parts; pack it with `state_value`, which knows its arrays."""
    return {"tick": tick, "state": state, **({"slow": dict(slow)} if slow else {})}


def slow_part(part: SlowPart) -> dict[str, Any]:
    """A slow part of keyframes; pack it with `state_value`."""
    return {"name": part.name, "since": part.since, "value": part.value}


def state_value(value: Any) -> Any:
    """What a keyframe holds beside plain values: an array becomes {"array": ...}, a structured one {"table": ...}."""
    if isinstance(value, np.ndarray):
        return {"table" if value.dtype.names else "array": _array(value)}
    return known_value(value)


def image(tick: int, camera: str, modality: str, pose: Mapping[str, Any], encoded: Mapping[str, Any]) -> dict[str, Any]:
    """One image; it tells from where it was seen, in case the record of its frame is lost."""
    return {"tick": tick, "camera": camera, "modality": modality, "pose": pose, **encoded}


def frame_table(tick: int, camera: str, name: str, value: NDArray[np.void]) -> dict[str, Any]:
    """One table of a frame."""
    return {"tick": tick, "camera": camera, "name": name, "table": table_to_plain(value)}


def frame(about: Mapping[str, Any], blobs: Mapping[str, int], tables: Mapping[str, int]) -> dict[str, Any]:
    """One frame, and where its images and tables lie: modality or name -> offset."""
    return {**about, "blobs": blobs, **({"tables": tables} if tables else {})}
