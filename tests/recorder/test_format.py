"""A second reader, written from FORMAT.md with nothing of Hamlet's, must find the same session, whole or damaged."""

from __future__ import annotations

import re
import struct
from dataclasses import asdict, fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recorder
from recorder.images import decode_image
from recorder.reader import Session
from recorder.schema import LOOKS, Snapshot, Utterance
from recorder.surfaces import MAPS
from recorder.today import as_recorded
from recorder.writer import SessionWriter
from tests.recorder import second_reader as second
from tests.recorder import synthetic

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.hamlet"))
PAGE = (Path(recorder.__file__).parent / "FORMAT.md").read_text()
EXAMPLES = [
    bytes.fromhex("".join(line[6:] for line in block.splitlines()))
    for block in re.findall(r"```hex\n(.*?)```", PAGE, re.DOTALL)
]
STATE = {"n": 3, "deep": [{"field": np.arange(6.0).reshape(2, 3)}, None], "people": np.ones(2, LOOKS), "raw": b"\0"}


def state(tick: int) -> tuple[dict[str, Any], dict[str, int]]:
    """What is written at a keyframe: a state, and which parts of it are slow."""
    whole, slow = synthetic.state(tick)
    return {**STATE, **whole}, slow


class Cut(Exception):  # noqa: N818 - not an error
    """What happens to a writer in the middle."""


def images(tick: int) -> dict[str, np.ndarray]:
    """Images that take every encoding between them."""
    rng = np.random.default_rng(tick)
    noise, pixels = rng.normal(size=(6, 8)), synthetic.images(tick, 8, 6)
    odd = {
        "eighths": (np.rint(noise * 80) / 8 * np.float32(-1)).astype("<f4"),
        "finest": (np.rint(noise * 999) / 4096).astype("<f4"),
        "wide": (np.rint(noise * 2**20) / 256).astype("<f4"),
        "halves": (noise * 1e-3).astype("<f2").astype("<f4"),
        "singles": np.where(noise > 1, np.nan, noise).astype("<f4"),
        "doubles": rng.normal(size=(6, 8, 2)),
        "longs": rng.integers(-(2**63), 2**63 - 1, (6, 8)),
        "truth": noise > 0,
        "normal": (np.rint(noise * 0) * -1.0).astype("<f4"),
    }
    return {**pixels, "depth": noise.astype("<f4") if tick % 2 else pixels["depth"], **odd}


def write(path: Path, ticks: int = 60, *, whole: bool = True, segment_bytes: int = 1 << 30) -> list[Snapshot]:
    """A session with everything in it, and what was given to it."""
    rng = np.random.default_rng(8)
    given = []
    try:
        with SessionWriter(
            path, synthetic.header(), synthetic.scenery(rng), synthetic.cast(), segment_bytes=segment_bytes
        ) as writer:
            for tick in range(3, 3 + ticks):
                said = (synthetic.utterance(tick, tick),) if tick % 8 == 4 else ()
                given.append(synthetic.snapshot(rng, tick, said=said))
                writer.snapshot(given[-1])
                if said:
                    writer.wording({"key": (0, tick, 0), "arrival_tick": tick, "text": "a \ud800", "source": "model"})
                if tick % 20 == 3:
                    writer.keyframe(tick, *state(tick))
                if tick % 13 == 3:
                    writer.frame(tick, f"camera {tick % 2}", synthetic.POSE, images(tick), synthetic.tables(tick - 3))
            if not whole:
                raise Cut
            writer.close({"utterances": 3})
    except Cut:
        pass
    return given


def same(found: Any, wanted: Any) -> bool:
    """Whether two values are equal to the last bit; the tables of the second reader are maps of columns."""
    if isinstance(wanted, np.ndarray) and wanted.dtype.names:
        return list(found) == list(wanted.dtype.names) and all(same(found[name], wanted[name]) for name in found)
    if isinstance(wanted, (np.ndarray, np.generic)):
        found, wanted = np.asarray(found), np.asarray(wanted)
        return (found.dtype, found.shape, found.tobytes()) == (wanted.dtype, wanted.shape, wanted.tobytes())
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, (list, tuple)):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return bool(found == wanted)


def tick_of(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "environment": {name: snapshot.environment[name] for name in snapshot.environment.dtype.names or ()},
        "villagers": snapshot.villagers,
        **({"buildings": snapshot.buildings} if len(snapshot.buildings) else {}),
        "surface": None if snapshot.surface is None else snapshot.surface.tick,
        "events": [[event.tick, event.kind, event.data] for event in snapshot.events],
        "hashes": snapshot.hashes,
    }


def line_of(line: Utterance) -> dict[str, Any]:
    return {item.name: getattr(line, item.name) for item in fields(Utterance)}


def check(found: second.Session, given: list[Snapshot]) -> None:
    assert same(found.ticks, {snapshot.tick: tick_of(snapshot) for snapshot in given})
    lines = [line for snapshot in given for line in snapshot.utterances]
    assert same(found.said[second.UTTERANCE], [line_of(line) for line in lines])
    assert [word["arrival_tick"] for word in found.said[second.WORDING]] == [line.start_tick for line in lines]
    assert {word["text"] for word in found.said[second.WORDING]} <= {"a \ud800"}
    assert same(found.keyframes, {s.tick: state(s.tick)[0] for s in given if s.tick % 20 == 3})
    surfaces = {s.surface.tick: s.surface for s in given if s.surface is not None}
    assert {tick: found.surface(tick).keys() for tick in found.maps} == {tick: MAPS.keys() for tick in surfaces}
    assert all(same(found.surface(tick), {n: getattr(each, n) for n in MAPS}) for tick, each in surfaces.items())
    assert {tick for tick, _ in found.frames} == {s.tick for s in given if s.tick % 13 == 3}
    for (tick, _), (frame, seen) in found.frames.items():
        assert frame["size"] == [8, 6] and same(frame["pose"], asdict(synthetic.POSE))
        assert same(seen, images(tick))
    assert same(found.tables, {key: synthetic.tables(key[0] - 3) for key in found.frames})


def records(file: second.File) -> list[tuple[int, int]]:
    """Offset and kind of each record that is whole."""
    return [(at, kind) for at, kind, _ in file.records()]


@pytest.mark.parametrize("whole", [True, False])
def test_it_finds_the_same(tmp_path: Path, whole: bool) -> None:
    given = write(tmp_path / "a.b.hamlet", whole=whole, segment_bytes=30_000)
    found = second.Session(tmp_path / "a.b.hamlet")
    check(found, given)
    assert found.complete == whole and len(found.files) > 1
    assert [next(file.records())[2]["segment"] for file in found.files] == list(range(len(found.files)))
    assert all(file.index() == second.places(file.records()) for file in found.files)
    rng = np.random.default_rng(8)
    scenery = {**found.first[second.SCENERY]}
    for name in ("heights", "water_depth", "cover", "moisture"):
        scenery[name] = second.array(scenery[name])
    for name in ("plants", "buildings"):
        scenery[name] = second.table(scenery[name])
    far = scenery["surroundings"]
    scenery["surroundings"] = {**far, "heights": second.array(far["heights"])}
    fine = scenery["detail"]
    scenery["detail"] = {**fine, **{name: second.array(fine[name]) for name in ("roughness", "tile")}}
    wanted = vars(synthetic.scenery(rng))
    assert same(scenery, wanted | {name: vars(wanted[name]) for name in ("surroundings", "detail")})
    assert same(second.table(found.first[second.CAST]["looks"]), synthetic.cast().looks)
    assert found.first[second.CAST]["personas"] == list(synthetic.cast().personas)


def test_it_has_read_every_encoding_of_the_page(tmp_path: Path) -> None:
    write(tmp_path / "a.hamlet")
    blobs = [
        value["encoding"]
        for path in (tmp_path / "a.hamlet", *CORPUS)
        for _, kind, value in second.File(path.read_bytes()).records()
        if kind == second.BLOB
    ]
    told = re.findall(r"^\| `([a-z0-9N-]+)` \|", PAGE[PAGE.index("## 8.") : PAGE.index("## 9.")], re.MULTILINE)
    assert {re.sub(r"steps-\d+", "steps-N", name) for name in blobs} == set(told) - {
        "encoding",
        "size",
        "pose",
        "blobs",
        "tables",
    }


def test_it_reads_the_first_format_as_hamlet_does() -> None:
    for path in CORPUS:
        found = second.Session(path)
        with Session.open(path) as session:
            recorded = [as_recorded(snapshot, session.columns) for snapshot in session.snapshots()]
            assert same(found.ticks, {snapshot.tick: tick_of(snapshot) for snapshot in recorded})
            assert same(found.said[second.UTTERANCE], [line_of(line) for line in session.lines()])
            assert found.said[second.WORDING] == session.wordings() and found.complete == session.complete
            assert list(found.frames) == [(frame.tick, frame.camera) for frame in session.frames()]
            for (tick, camera), (_, seen) in found.frames.items():
                assert same(seen, {name: session.frame(tick, camera, name) for name in seen})
                assert same(found.tables[tick, camera], session.annotations(tick, camera))


def test_the_total_hash_is_what_the_page_says() -> None:
    for tick, found in second.Session(next(path for path in CORPUS if path.stem == "v1-valley")).ticks.items():
        hashes = {**found["hashes"]}
        total = hashes.pop("total")
        parts = (tick.to_bytes(8, "little"), *(hashes[room] for room in sorted(hashes)))
        assert total == blake2b(b"".join(parts), digest_size=16).digest()


def test_damage_costs_the_record_it_hits(tmp_path: Path) -> None:
    write(tmp_path / "a.hamlet", 12)
    data = (tmp_path / "a.hamlet").read_bytes()
    every = records(second.File(data))
    ends = [*(at for at, _ in every[1:]), len(data) - 16]

    def found(start: int, put_in: bytes, stop: int) -> tuple[list[int], list[tuple[int, int]]]:
        file = second.File(data[:start] + put_in + data[stop:])
        return [kind for _, kind in records(file)], file.lost

    kinds = [kind for _, kind in every]
    for number, ((at, _), end) in enumerate(zip(every, ends, strict=True)):
        without = [*kinds[:number], *kinds[number + 1 :]]
        for place in (at + 3, at + 25, at + 33, end - 2):  # sync mark, length, payload, its checksum
            seen, lost = found(place, bytes([data[place] ^ 16]), place + 1)
            assert seen == without
            assert lost == [(number, number + 1)] or (number == len(kinds) - 1 and not lost)
        assert found(at + 34, b"", at + 40)[0] == without  # bytes taken out of it
        assert found(at, b"put in before it", at)[0] == kinds


@pytest.mark.parametrize(("put_in", "at"), [(b"?" * 64, 0), (b"", 64), (b"put in", 64), (b"put in", 9000)])
def test_what_shifts_or_hides_the_records_costs_none(tmp_path: Path, put_in: bytes, at: int) -> None:
    given = write(tmp_path / "a.hamlet", 12)
    data = (tmp_path / "a.hamlet").read_bytes()
    (tmp_path / "a.hamlet").write_bytes(data[:at] + put_in + data[64 if at == 0 else at :])
    check(second.Session(tmp_path / "a.hamlet"), given)


def test_the_examples_on_the_page_are_true() -> None:
    start, chunk, ground, blob = EXAMPLES
    file = second.File(start)
    [(at, kind, header)] = file.records()
    assert (at, kind, len(start)) == (64, second.HEADER, 294)
    assert struct.unpack_from("<I", start, 0x58) == (194,) and "0xc2 = 194 bytes" in PAGE
    columns = second.steps({"shape": [3, 2], "steps": chunk}, header["columns"]["villagers"])
    assert columns["x"].T.tolist() == [[1.0, 1.5, 1.75], [2.0] * 3]
    assert columns["activity"].T.tolist() == [[0, 0, 3], [1, 1, 0]]
    maps = second.surface({"shape": [2, 3], "maps": {"m": {"scale": 100, "leans": False, "data": ground}}}, {})
    assert same(second.heights(*maps["m"]), np.array([[0, 0.5, 0], [0.01, 0.49, 0]], np.float32))
    wanted = np.array([[0.5, 0.5, -0.0], [1.0, -0.5, 0.0]], np.float32)
    value = {"encoding": "steps-2", "dtype": "<f4", "shape": [2, 3], "data": blob}
    assert same(second.image(value), wanted) and same(decode_image(value), wanted)
