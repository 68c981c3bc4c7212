"""A reader of session files written from recorder/FORMAT.md alone; it shares no code with Hamlet.

`Session` reads a whole session into memory, record by record, over any damage; `File.index` goes by the index.
Numbers in brackets are sections of the page.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import zstandard

HEADER, SCENERY, CAST, CHUNK, UTTERANCE, WORDING, BLOB, FRAME, INDEX, END, KEYFRAME, PART, SURFACE, SLOW = range(1, 15)
TABLE = 15
ENTRIES = {  # of an index: what is listed of which kind
    CHUNK: ("chunks", "first", "count"),
    UTTERANCE: ("utterances", "start_tick"),
    WORDING: ("wordings", "arrival_tick"),
    KEYFRAME: ("keyframes", "tick"),
    FRAME: ("frames", "tick", "camera"),
    SURFACE: ("surfaces", "tick"),
    SLOW: ("slow", "since", "name"),
}
Record = tuple[int, int, Any]  # offset, kind, content
Places = dict[str, list[list[Any]]]


def crc(data: bytes) -> bytes:
    return struct.pack("<I", zlib.crc32(data))


class File:
    """The records of one file [3, 4, 10, 12]."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        heads = (data[at : at + 32] for at in (0, 32))
        head = next((each for each in heads if each[:8] == b"\x89HAMLET\n" and crc(each[:28]) == each[28:]), b"")
        if not head:  # both are lost: the first record begins with the sync mark
            places = (at for at in range(len(data) - 31) if crc(data[at : at + 28]) == data[at + 28 : at + 32])
            head = bytes([0] * 8 + [2, 0, 0, 0]) + data[(at := next(places)) : at + 16]
        self.major, _, self.sync = struct.unpack_from("<HH16s", head, 8)
        assert self.major <= 2, "a newer format"
        self.lost: list[tuple[int, int]] = []  # of a walk: first and one past the last number of what is not there

    def head(self, at: int) -> tuple[int, int, int, int] | None:
        """Kind, compression, number and end of the record at an offset."""
        head = self.data[at : at + 32]
        if len(head) < 32 or head[:16] != self.sync or crc(head[:28]) != head[28:]:
            return None
        kind, compression, _, number, length = struct.unpack_from("<BBHII", head, 16)
        return (kind, compression, number, at + 36 + length) if at + 36 + length <= len(self.data) else None

    def content(self, at: int) -> dict[str, Any] | None:
        """The map in the record at an offset."""
        if (head := self.head(at)) is None:
            return None
        body, check = self.data[at + 32 : head[3] - 4], self.data[head[3] - 4 : head[3]]
        if crc(body) != check:
            return None
        plain = body if head[1] == 0 else zlib.decompress(body) if head[1] == 1 else zstandard.decompress(body)
        found: dict[str, Any] = msgpack.unpackb(plain, strict_map_key=False, unicode_errors="surrogatepass")
        return found

    def search(self, at: int, number: int) -> int:
        """The next record that is not numbered below; the end of the file where there is none."""
        while (at := self.data.find(self.sync, at + 1)) >= 0:
            if (head := self.head(at)) and head[2] >= number:
                return at
        return len(self.data)

    def records(self, at: int = 0, number: int = 0) -> Iterator[Record]:
        """Every whole record, from one on that has a number."""
        self.lost, at = [], at or (32 if self.major == 1 else 64)
        while at < len(self.data):
            head, value = self.head(at), self.content(at)
            if head and head[2] < number:
                head = None
            if head and head[2] > number:
                self.lost.append((number, head[2]))
            if head and value:
                yield at, head[0], value
                if head[0] == END:
                    return
                at, number = head[3], head[2] + 1
            elif head:  # its payload alone is damaged; there may be others inside it
                self.lost.append((head[2], head[2] + 1))
                at, number = self.search(at, head[2] + 1), head[2] + 1
            else:
                at = self.search(at, number)

    def index(self) -> Places:
        """Where everything is: by the INDEX, or by the PARTs there are and what comes after the last."""
        end, check, magic = struct.unpack("<Q4s4s", self.data[-16:])
        if magic == b"HEND" and check == crc(self.data[-16:-8]) and (closing := self.content(end)):
            return listed(self.content(closing["index"]) or {})
        at, head = len(self.data), None
        while at > 0 and not (head and head[0] == PART):
            at = self.data.rfind(self.sync, 0, at + 15)
            head = self.head(at)
        parts = [places(self.records(head[3], head[2] + 1) if head else self.records())]
        while at > 0 and (part := self.content(at)):
            parts, at = [listed(part), *parts], part["previous"]
        return {name: [row for part in parts for row in part[name]] for name in parts[0]}


def places(records: Iterable[Record]) -> Places:
    """What an index of these records says, with the cameras by name."""
    rows: Places = {"preamble": [], **{name: [] for name, *_ in ENTRIES.values()}}
    for at, kind, value in records:
        name, *keys = ENTRIES.get(kind, ("preamble",))
        if kind in (HEADER, SCENERY, CAST, *ENTRIES):
            rows[name].append([*([value[key] for key in keys] or [kind]), at])
    return rows


def listed(index: dict[str, Any]) -> Places:
    rows = {name: array(index[name]).tolist() if name in index else [] for name in places([])}
    for name, names in (("frames", "cameras"), ("slow", "slow_parts")):
        rows[name] = [[tick, index[names][number], at] for tick, number, at in rows[name]]
    return rows


def unshuffled(data: bytes, dtype: str, shape: list[int]) -> Any:
    planes = np.frombuffer(data, np.uint8).reshape(np.dtype(dtype).itemsize, -1)
    return np.frombuffer(planes.T.tobytes(), dtype).reshape(shape)


def array(value: Any) -> Any:
    return unshuffled(value["data"], value["dtype"], value["shape"])


def table(value: Any) -> dict[str, Any]:
    return {name: array(column) for name, column in value["fields"]}


def steps(value: Any, columns: Any) -> dict[str, Any]:
    """A table of a CHUNK [7, 15]."""
    if "fields" in value:
        return table(value)
    row = np.dtype([(name, dtype, tuple(shape)) for name, dtype, shape in columns])
    data = np.frombuffer(value["steps"], np.uint8).reshape(row.itemsize, -1, value["shape"][0])
    rows = np.frombuffer(np.cumsum(data, axis=2, dtype=np.uint8).T.tobytes(), row).reshape(value["shape"])
    return {name: rows[name] for name in row.names or ()}


def state(value: Any) -> Any:
    """The state of a KEYFRAME [9]."""
    if isinstance(value, list):
        return [state(item) for item in value]
    if isinstance(value, dict) and list(value) in (["array"], ["table"]):
        return array(value["array"]) if "array" in value else table(value["table"])
    return {key: state(item) for key, item in value.items()} if isinstance(value, dict) else value


def surface(value: Any, before: dict[int, Any]) -> dict[str, Any]:
    """Each map of a SURFACE as its scale and its numbers [7]; `before` are those of earlier ticks."""
    maps = {}
    for name, each in value["maps"].items():
        steps = unshuffled(zstandard.decompress(each["data"]), "<u2" if each["scale"] else "<u4", value["shape"])
        steps = (steps >> 1) ^ -(steps & 1)
        base = before[value["base"]][name][1] if each["leans"] else 0
        maps[name] = each["scale"], base + (steps if each["leans"] else np.cumsum(steps, axis=0, dtype=steps.dtype))
    return maps


def heights(scale: int, numbers: Any) -> Any:
    """The values of a map."""
    return numbers / np.float32(scale) if scale else numbers.view("<f4")


def image(value: Any) -> Any:
    """The image of a BLOB [8]."""
    name, data, dtype, shape = value["encoding"], value["data"], value["dtype"], value["shape"]
    if name == "png":
        return png(data, shape)
    if name == "png-id24":
        return (png(data, [*shape, 3]) @ [1, 256, 65536]).astype(dtype)
    name, _, n = name.rpartition("-") if name[-1].isdigit() else (name, "", "")
    data = zlib.decompress(data) if name.startswith("plane") else zstandard.decompress(data)
    if name == "values":
        return np.frombuffer(data, dtype).reshape(shape)
    kind = np.dtype({"steps": "<i2", "wide-steps": "<i4", "half": "<f2", "plane-half": "<f2"}.get(name, dtype))
    bits = unshuffled(data, f"<u{kind.itemsize}", shape)
    bits = bits if name.startswith("plane") else (bits >> 1) ^ -(bits & 1)
    for _ in range(2 if name in ("line", "reciprocal") else 1):
        bits = np.cumsum(bits, axis=1, dtype=bits.dtype)
    numbers = bits.view(kind)
    if name == "colour":
        return numbers + numbers[..., 1:2] * np.array([1, 0, 1], np.uint8)
    if name == "reciprocal":
        with np.errstate(divide="ignore"):
            return np.float32(1) / numbers
    if n:
        return np.where(numbers == -1, -0.0, (numbers + (numbers < 0)) / int(n)).astype(dtype)
    return numbers.astype(dtype)


def png(data: bytes, shape: list[int]) -> Any:
    start = data.index(b"IDAT")
    rows = np.frombuffer(zlib.decompressobj().decompress(data[start + 4 :]), np.uint8).reshape(shape[0], -1)
    assert (rows[:, 0] == 2).all()  # the Up filter
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(shape)


class Session:
    """All of a session: `ticks` by number, `frames` {(tick, camera): (FRAME, images)}, `keyframes` by tick, ..."""

    def __init__(self, path: Path) -> None:
        self.files: list[File] = []
        self.first: dict[int, Any] = {}  # of each kind: the HEADER, the SCENERY, the CAST
        self.ticks: dict[int, dict[str, Any]] = {}
        self.frames: dict[tuple[int, str], tuple[Any, dict[str, Any]]] = {}
        self.tables: dict[tuple[int, str], dict[str, Any]] = {}  # of frames, by name
        self.keyframes: dict[int, Any] = {}
        self.maps: dict[int, Any] = {}  # of surfaces, as `surface` gives them
        self.slow: dict[tuple[str, int], Any] = {}
        self.said: dict[int, list[Any]] = {UTTERANCE: [], WORDING: []}
        images: dict[tuple[Any, ...], Any] = {}
        self.complete, part = False, path
        while part.exists() and not self.complete:
            self.files.append(File(part.read_bytes()))
            part = path.with_name(f"{path.stem}.{len(self.files):03d}.hamlet")
            for _, kind, value in self.files[-1].records():
                self.first.setdefault(kind, value)
                if kind == CHUNK:
                    self.ticks |= self.chunk(value)
                elif kind in self.said:
                    self.said[kind].append(value)
                elif kind == KEYFRAME:
                    self.keyframes[value["tick"]] = self.whole(value)
                elif kind == SURFACE:
                    self.maps[value["tick"]] = surface(value, self.maps)
                elif kind == SLOW:
                    self.slow[value["name"], value["since"]] = state(value["value"])
                elif kind == BLOB:
                    images[value["tick"], value["camera"], value["modality"]] = image(value)
                elif kind == TABLE:
                    images[value["tick"], value["camera"], value["name"], "table"] = table(value["table"])
                elif kind == FRAME:
                    key = value["tick"], value["camera"]
                    self.frames[key] = value, {m: images[*key, m] for m in value["blobs"] if (*key, m) in images}
                    named = ((name, (*key, name, "table")) for name in value.get("tables", {}))
                    self.tables[key] = {name: images[at] for name, at in named if at in images}
                elif kind == END:
                    self.complete = value.get("last", True)

    def surface(self, tick: int) -> dict[str, Any]:
        """The maps of the surface that is of a tick."""
        return {name: heights(*each) for name, each in self.maps[tick].items()}

    def whole(self, value: Any) -> Any:
        """The state of a KEYFRAME with its slow parts [9]."""
        found = state(value["state"])
        for name, since in value.get("slow", {}).items():
            *path, last = name.split("/")
            inner = found
            for key in path:
                inner = inner[key]
            inner[last] = self.slow[name, since]
        return found

    def chunk(self, value: Any) -> dict[int, dict[str, Any]]:
        """What each tick of a CHUNK holds [7]."""
        columns, events, ticks = self.first[HEADER].get("columns", {}), iter(value["events"]), {}
        names = [name for name in ("environment", "villagers", "buildings") if name in value]
        tables = {name: steps(value[name], columns.get(name)) for name in names}
        for row, (count, digests) in enumerate(zip(value["event_counts"], value["hashes"], strict=True)):
            hashes = dict(zip(value["rooms"], digests, strict=True)) if "rooms" in value else digests
            ticks[value["first"] + row] = {
                **{name: {field: rows[row] for field, rows in table.items()} for name, table in tables.items()},
                "surface": value.get("surface"),
                "events": [next(events) for _ in range(count)],
                "hashes": {room: digest for room, digest in hashes.items() if digest},
            }
        return ticks
