"""What the records of a session hold, from plain values to the types of the schema.

A value that is not what it should be raises one of `catalogue.NONSENSE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.columns import array_from_plain, layout_from_plain, steps_from_plain, table_from_plain
from recorder.schema import BUILDING_STATE, Beams, CameraPose, Detail, Event, Scenery, Surroundings, Utterance
from recorder.slow import SlowPart

Layouts = dict[str, np.dtype[np.void]]


@dataclass(frozen=True)
class Chunk:
    """Some ticks in a row, in the columns that were recorded."""

    first: int
    environment: NDArray[np.void]  # (ticks,)
    villagers: NDArray[np.void]  # (ticks, n)
    buildings: NDArray[np.void]  # (ticks, n); n is 0 where their state is not known
    surface: int | None  # the tick of the one they have; None where there is none
    events: list[tuple[Event, ...]]
    hashes: list[dict[str, bytes]]


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def scenery(value: dict[str, Any]) -> Scenery:
    """The valley."""
    known = [item.name for item in fields(Scenery) if item.default is MISSING or value.get(item.name) is not None]
    parts = {name: value[name] for name in known}
    for name, part in parts.items():
        if isinstance(part, dict) and name not in ("surroundings", "detail"):
            parts[name] = _frozen(table_from_plain(part) if "fields" in part else array_from_plain(part))
    if "surroundings" in parts:
        parts["surroundings"] = _surroundings(parts["surroundings"])
    if "detail" in parts:
        parts["detail"] = _detail(parts["detail"])
    return Scenery(**{**parts, "origin": _point(parts["origin"]), "places": tuple(parts["places"])})


def _surroundings(value: dict[str, Any]) -> Surroundings:
    return Surroundings(_frozen(array_from_plain(value["heights"])), _point(value["origin"]), float(value["cell_m"]))


def _detail(value: dict[str, Any]) -> Detail:
    roughness, tile = (_frozen(array_from_plain(value[name])) for name in ("roughness", "tile"))
    return Detail(roughness, tile, int(value["per_cell"]), float(value["scale_m"]))


def _point(value: Any) -> tuple[float, float]:
    east, north = value
    return float(east), float(north)


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
    buildings = np.zeros((count, 0), BUILDING_STATE)
    if "buildings" in value:
        buildings = _frozen(steps_from_plain(value["buildings"], layouts["buildings"]))
    if environment.shape != (count,) or any(t.shape[:1] != (count,) or t.ndim != 2 for t in (villagers, buildings)):
        raise ValueError("columns of another length")
    events = [Event(int(tick), str(kind), dict(data)) for tick, kind, data in value["events"]]
    ends = list(accumulate((int(n) for n in value["event_counts"]), initial=0))
    grouped = [tuple(events[start:end]) for start, end in pairwise(ends)]
    hashes = [_hashes(row, value.get("rooms")) for row in value["hashes"]]
    if len(grouped) != count or len(hashes) != count or ends[-1] != len(events):
        raise ValueError("events or hashes of another length")
    return Chunk(int(value["first"]), environment, villagers, buildings, surface_in(value), grouped, hashes)


def surface_in(value: Mapping[str, Any]) -> int | None:
    """The tick of the surface that the ticks of a chunk have."""
    return None if value.get("surface") is None else int(value["surface"])


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


def since(value: Mapping[str, Any]) -> dict[str, int]:
    """The slow parts that a keyframe means."""
    return {str(name): int(tick) for name, tick in value.get("slow", {}).items()}


def slow_part(value: dict[str, Any], name: str, since: int) -> SlowPart:
    """A slow part, which must be this one; its arrays are shared between keyframes, and nobody can change them."""
    if (value["name"], value["since"]) != (name, since):
        raise ValueError("another part stands here")
    whole = state(value["value"])
    _freeze(whole)
    return SlowPart(name, since, whole)


def _freeze(value: Any) -> None:
    if isinstance(value, np.ndarray):
        _frozen(value)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _freeze(item)


def image(value: dict[str, Any], tick: int, camera: str, modality: str) -> dict[str, Any]:
    """An encoded image, which must be that of this frame."""
    if (value["tick"], value["camera"], value["modality"]) != (tick, camera, modality):
        raise ValueError("another image stands here")
    return {name: value[name] for name in ("encoding", "dtype", "shape", "data")}


def frame_table(value: dict[str, Any], tick: int, camera: str, name: str) -> NDArray[np.void]:
    """A table, which must be that of this frame."""
    if (value["tick"], value["camera"], value["name"]) != (tick, camera, name):
        raise ValueError("another table stands here")
    table = table_from_plain(value["table"])
    if table.ndim != 1:
        raise ValueError(f"a table of shape {table.shape}")
    return table


def frame(value: dict[str, Any], tick: int, camera: str) -> tuple[dict[str, Any], dict[str, int], dict[str, int]]:
    """The fields of a FrameRef, and where its images and its tables lie: modality or name -> offset."""
    if (value["tick"], value["camera"]) != (tick, camera):
        raise ValueError("another frame stands here")
    pose, (width, height) = value["pose"], value["size"]
    x, y, z = pose["position"]
    seen_from = CameraPose(
        (x, y, z),
        pose["yaw"],
        pose["pitch"],
        pose["fov_y"],
        pose.get("lens", "pinhole"),
        tuple(pose.get("distortion", ())),
        pose.get("exposure_ev", 0.0),
        None if pose.get("beams") is None else Beams(**pose["beams"]),
    )
    about = {"tick": tick, "camera": camera, "pose": seen_from, "width": int(width), "height": int(height)}
    images, tables = (
        {str(name): int(offset) for name, offset in places.items()}
        for places in (value["blobs"], value.get("tables", {}))
    )
    return about, images, tables
