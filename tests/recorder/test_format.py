"""A second reader, written from FORMAT.md with nothing of Hamlet's, must find the same session."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import zstandard

from recorder.schema import ENVIRONMENT, VILLAGER
from tests.recorder import synthetic


def records(data: bytes) -> list[tuple[int, int, Any]]:
    magic, major, _, sync, crc = struct.unpack_from("<8sHH16sI", data)
    assert magic == b"\x89HAMLET\n" and major == 2 and crc == zlib.crc32(data[:28])
    found: list[tuple[int, int, Any]] = []
    assert data[32:64] == data[:32]
    at = 64
    while at + 32 <= len(data):
        mark, kind, flags, _, number, length, crc = struct.unpack_from("<16sBBHIII", data, at)
        if mark != sync or at + 36 + length > len(data):
            break
        body = data[at + 32 : at + 32 + length]
        assert crc == zlib.crc32(data[at : at + 28]) and number == len(found)
        assert struct.unpack_from("<I", data, at + 32 + length)[0] == zlib.crc32(body)
        found.append(
            (at, kind, msgpack.unpackb(zstandard.decompress(body) if flags & 2 else body, strict_map_key=False))
        )
        at += 36 + length
    return found


def array(value: Any) -> np.ndarray:
    dtype = np.dtype(value["dtype"])
    planes = np.frombuffer(value["data"], np.uint8).reshape(dtype.itemsize, -1)
    return np.frombuffer(planes.T.tobytes(), dtype).reshape(value["shape"])


def columns(table: Any, layout: Any) -> dict[str, np.ndarray]:
    row = np.dtype([(name, dtype, tuple(own)) for name, dtype, own in layout])
    count, *rest = table["shape"]
    steps = np.frombuffer(table["steps"], np.uint8).reshape(row.itemsize, -1, count)
    rows = np.frombuffer(np.cumsum(steps, axis=2, dtype=np.uint8).T.tobytes(), row).reshape(count, *rest)
    return {name: rows[name] for name, _, _ in layout}


def image(value: Any) -> np.ndarray:
    name, data = value["encoding"].split("-")[0], zstandard.decompress(value["data"])
    if name == "values":
        return np.frombuffer(data, value["dtype"]).reshape(value["shape"])
    kind = np.dtype({"half": "<f2", "steps": "<i2"}.get(name, value["dtype"]))
    steps = array({**value, "dtype": f"<u{kind.itemsize}", "data": data})
    steps = steps >> 1 ^ -(steps & 1)
    for _ in range(2 if name in ("line", "reciprocal") else 1):
        steps = np.add.accumulate(steps, axis=1, dtype=steps.dtype)
    numbers = steps.view(kind)
    if name == "colour":
        return numbers + numbers[..., 1:2] * np.array([1, 0, 1], np.uint8)
    if name == "reciprocal":
        return np.float32(1) / numbers
    if name == "steps":
        return (np.where(numbers < 0, numbers + 1, numbers) / int(value["encoding"][6:])).astype(np.float32)
    return numbers.astype(value["dtype"])


def test_a_second_reader_finds_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.hamlet"
    given = synthetic.write_session(path)
    data = path.read_bytes()
    found = records(data)
    by_kind = {kind: [value for _, type_, value in found if type_ == kind] for kind in range(1, 11)}
    ticks = 0
    for chunk in by_kind[4]:
        people, weather = (
            columns(chunk[name], by_kind[1][0]["columns"][name]) for name in ("villagers", "environment")
        )
        assert tuple(people) == VILLAGER.names and tuple(weather) == ENVIRONMENT.names
        events = iter(chunk["events"])
        for row in range(chunk["count"]):
            snapshot = given[chunk["first"] + row]
            assert all(np.array_equal(people[name][row], snapshot.villagers[name]) for name in people)
            assert all(weather[name][row] == snapshot.environment[name] for name in weather)
            assert dict(zip(chunk["rooms"], chunk["hashes"][row], strict=True)) == snapshot.hashes
            said = [next(events) for _ in range(chunk["event_counts"][row])]
            assert said == [[event.tick, event.kind, event.data] for event in snapshot.events]
            ticks += 1
    assert ticks == len(given)
    lines = [line for snapshot in given for line in snapshot.utterances]
    assert [(u["id"], u["text"], u["start_tick"], u["seed"]) for u in by_kind[5]] == [
        (line.id, line.text, line.start_tick, line.seed) for line in lines
    ]
    at = {offset: value for offset, _, value in found}
    assert len(by_kind[8]) == 6
    for frame in by_kind[8]:
        wanted = synthetic.images(frame["tick"])
        blobs = {name: at[offset] for name, offset in frame["blobs"].items()}
        assert set(blobs) == set(wanted)
        for name, blob in blobs.items():
            assert np.array_equal(image(blob), wanted[name])
    end, crc, magic = struct.unpack("<QI4s", data[-16:])
    assert magic == b"HEND" and crc == zlib.crc32(data[-16:-8]) and at[end]["summary"] == {"utterances": 4}
    index = at[at[end]["index"]]
    assert array(index["frames"])[:, 2].tolist() == [offset for offset, kind, _ in found if kind == 8]
