"""What the records of a session hold, from plain values to the types of the schema.

A value that is not what it should be raises one of `catalogue.NONSENSE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import array_from_plain, layout_from_plain, steps_from_plain, table_from_plain
from recorder.schema import CameraPose, Event, Scenery, Utterance

Layouts = dict[str, np.dtype[np.void]]


@dataclass(frozen=True)
class Chunk:
    """Some ticks in a row."""

    first: int
    environment: NDArray[np.void]  # (ticks,)
    villagers: NDArray[np.void]  # (ticks, n)
    events: list[tuple[Event, ...]]
    hashes: list[dict[str, bytes]]


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def scenery(value: dict[str, Any]) -> Scenery:
    """The valley."""
    parts = {item.name: value[item.name] for item in fields(Scenery)}
    for name, part in parts.items():
        if isinstance(part, dict):
            parts[name] = _frozen(table_from_plain(part) if "fields" in part else array_from_plain(part))
    east, north = parts["origin"]
    return Scenery(**{**parts, "origin": (float(east), float(north)), "places": tuple(parts["places"])})


def layouts(header: dict[str, Any]) -> Layouts:
    """The columns of the tables in chunks, by the table's name; the first format named them in every chunk."""
    return {str(name): layout_from_plain(value) for name, value in header.get("columns", {}).items()}


def chunk(value: dict[str, Any], layouts: Layouts) -> Chunk:
    """Some ticks in a row; columns, events and hashes must be of one length."""
    count = int(value["count"])
    environment, villagers = (
        _frozen(table_from_plain(table) if "fields" in table else steps_from_plain(table, layouts[name]))
        for name, table in (("environment", value["environment"]), ("villagers", value["villagers"]))
    )
    if environment.shape != (count,) or villagers.shape[:1] != (count,) or villagers.ndim != 2:
        raise ValueError("columns of another length")
    events = [Event(int(tick), str(kind), dict(data)) for tick, kind, data in value["events"]]
    ends = list(accumulate((int(n) for n in value["event_counts"]), initial=0))
    grouped = [tuple(events[start:end]) for start, end in pairwise(ends)]
    hashes = [_hashes(row, value.get("rooms")) for row in value["hashes"]]
    if len(grouped) != count or len(hashes) != count or ends[-1] != len(events):
        raise ValueError("events or hashes of another length")
    return Chunk(int(value["first"]), environment, villagers, grouped, hashes)


def _hashes(row: Any, rooms: list[Any] | None) -> dict[str, bytes]:
    if rooms is None:  # the first format named the rooms anew at every tick
        return {str(room): bytes(digest) for room, digest in row.items()}
    return {str(room): bytes(digest) for room, digest in zip(rooms, row, strict=True) if digest}


def state(value: Any) -> Any:
    """A keyframe's state with its arrays, as the writer was given it."""
    if isinstance(value, list):
        return [state(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"array"}:
        return array_from_plain(value["array"])
    if value.keys() == {"table"}:
        return table_from_plain(value["table"])
    return {key: state(item) for key, item in value.items()}


def utterance(value: dict[str, Any]) -> Utterance:
    """One line with its truth; fields that a newer Hamlet added are left out."""
    parts = {item.name: value[item.name] for item in fields(Utterance) if item.name in value}
    for name in ("listeners", "overhearers", "raw", "rejections"):
        parts[name] = tuple(parts[name])
    parts["positions"] = {row: tuple(place) for row, place in parts["positions"].items()}
    parts["sees"] = {row: tuple(rows) for row, rows in parts["sees"].items()}
    return Utterance(**parts)


def arrival(wording: Mapping[str, Any]) -> int:
    """The tick at which logged words reached the simulation; -1 where the log does not say."""
    return int(wording.get("arrival_tick", -1))


def line(value: dict[str, Any], tick: int) -> Utterance:
    """One line, which must begin at the tick that the index says."""
    said = utterance(value)
    if said.start_tick != tick:
        raise ValueError("another line stands here")
    return said


def wording(value: dict[str, Any], tick: int) -> dict[str, Any]:
    """An entry of the language log, which must have arrived at the tick that the index says."""
    if arrival(value) != tick:
        raise ValueError("other words stand here")
    return dict(value)


def keyframe(value: dict[str, Any], tick: int) -> dict[str, Any]:
    """The state of a keyframe, which must be that of this tick."""
    if value["tick"] != tick:
        raise ValueError("another keyframe stands here")
    return dict(state(value["state"]))


def image(value: dict[str, Any], tick: int, camera: str, modality: str) -> dict[str, Any]:
    """An encoded image, which must be that of this frame."""
    if (value["tick"], value["camera"], value["modality"]) != (tick, camera, modality):
        raise ValueError("another image stands here")
    return {name: value[name] for name in ("encoding", "dtype", "shape", "data")}


def frame(value: dict[str, Any], tick: int, camera: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The fields of a FrameRef, and where the images lie: modality -> offset."""
    if (value["tick"], value["camera"]) != (tick, camera):
        raise ValueError("another frame stands here")
    pose, (width, height) = value["pose"], value["size"]
    x, y, z = pose["position"]
    seen_from = CameraPose((x, y, z), pose["yaw"], pose["pitch"], pose["fov_y"])
    about = {"tick": tick, "camera": camera, "pose": seen_from, "width": int(width), "height": int(height)}
    return about, {str(name): int(offset) for name, offset in value["blobs"].items()}
