"""Cut anywhere, flip any bit, kill at any moment: what comes back was written, or it is an error."""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest

from recorder.columns import array_from_plain, checked_dtype
from recorder.container import HEAD, RECORD, CorruptSession, RecordType, SessionError, inflate, unpack
from recorder.images import decode_image
from recorder.png import encode_png
from recorder.reader import Session
from recorder.schema import Snapshot
from recorder.writer import SessionWriter
from tests.recorder import synthetic


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Snapshot]]:
    path = tmp_path_factory.mktemp("small") / "s.hamlet"
    rng = np.random.default_rng(5)
    given = []
    with SessionWriter(path, synthetic.header(), synthetic.scenery(rng), synthetic.cast(2)) as writer:
        for tick in range(10, 16):
            said = (synthetic.utterance(0, tick),) if tick == 12 else ()
            given.append(synthetic.snapshot(rng, tick, 2, said))
            writer.snapshot(given[-1])
            if tick in (11, 14):
                writer.wording({"key": [0, tick, 0], "text": f"words of {tick}"})
                writer.frame(tick, "a", synthetic.POSE, frame_at(tick))
    return path.read_bytes(), given


def frame_at(tick: int) -> dict[str, np.ndarray]:
    images = synthetic.images(tick, 8, 6)
    return {name: images[name] for name in ("rgb", "depth", "instance")}


def check(session: Session, given: list[Snapshot]) -> tuple[int, int, int]:
    """Compare all that the session gives with what was written; returns how much there was."""
    by_tick = {snapshot.tick: snapshot for snapshot in given}
    lines = [line for snapshot in given for line in snapshot.utterances]
    assert session.ticks == range(10, 10 + len(session.ticks))
    assert session.lines() == lines[: len(session.lines())]
    for snapshot in session.snapshots():
        wanted = by_tick[snapshot.tick]
        assert snapshot.villagers.tobytes() == wanted.villagers.tobytes()
        assert snapshot.environment.tobytes() == wanted.environment.tobytes()
        assert (snapshot.events, snapshot.hashes) == (wanted.events, wanted.hashes)
    for number, wording in enumerate(session.wordings()):
        assert wording == {"key": [0, (11, 14)[number], 0], "text": f"words of {(11, 14)[number]}"}
    frames = list(session.frames())
    for ref in frames:
        assert ref.tick in session.ticks and ref.pose == synthetic.POSE
        for name, image in frame_at(ref.tick).items():
            assert np.array_equal(session.frame(ref.tick, "a", name), image)
    if session.ticks:
        assert session.cast.personas == synthetic.cast(2).personas
        assert np.array_equal(session.scenery.heights, synthetic.scenery(np.random.default_rng(5)).heights)
    assert session.header["scenario"] == synthetic.header()["scenario"]
    return len(session.ticks), len(frames), len(session.lines())


def test_cut_at_every_byte(tmp_path: Path, small: tuple[bytes, list[Snapshot]]) -> None:
    data, given = small
    path = tmp_path / "cut.hamlet"
    path.write_bytes(data)
    header_end = HEAD.size + 36 + RECORD.unpack_from(data, HEAD.size)[5]
    before = (6, 2, 1)
    opened = 0
    for size in range(len(data), -1, -1):
        os.truncate(path, size)
        if size < header_end:
            with pytest.raises(SessionError) as refused:
                Session.open(path)
            assert not isinstance(refused.value, CorruptSession)
            continue
        with Session.open(path) as session:
            there = check(session, given)
            assert session.complete == (size >= len(data) - 16)
        assert all(a <= b for a, b in zip(there, before, strict=True))
        before = there
        opened += 1
    assert opened == len(data) - header_end + 1 and before == (0, 0, 0)


def test_flipped_bits(tmp_path: Path, small: tuple[bytes, list[Snapshot]]) -> None:
    data, given = small
    path = tmp_path / "flip.hamlet"
    chance = random.Random(11)
    refused = whole = 0
    for _ in range(800):
        at = chance.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        try:
            with Session.open(path) as session:
                check(session, given)
                whole += 1
                assert session.scanned, "only the index or the trailer can be lost without losing anything"
        except SessionError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > 500 and whole + refused == 800


def test_damage_names_the_byte(tmp_path: Path, small: tuple[bytes, list[Snapshot]]) -> None:
    data, _ = small
    with_chunk = tmp_path / "chunk.hamlet"
    with_chunk.write_bytes(data)
    with Session.open(with_chunk) as session:
        offset = session._catalogue.chunks[0].offset
    with_chunk.write_bytes(data[: offset + 40] + b"????" + data[offset + 44 :])
    with Session.open(with_chunk) as session, pytest.raises(CorruptSession, match=f"byte {offset}") as refused:
        session.snapshot(10)
    assert refused.value.offset == offset


def test_a_record_lost_from_the_middle_is_noticed(tmp_path: Path, small: tuple[bytes, list[Snapshot]]) -> None:
    data, _ = small
    path = tmp_path / "gap.hamlet"
    path.write_bytes(data)
    with Session.open(path) as session:
        first, second = session._catalogue.chunks[:2]
        following = session._records.head(first.offset)
        assert following is not None
    path.write_bytes(data[: first.offset] + data[following.end : -16])
    assert second.offset > following.end
    with pytest.raises(CorruptSession, match="follows record"):
        Session.open(path)


WRITER = """
import sys, numpy as np
from recorder.writer import SessionWriter
from tests.recorder import synthetic
rng = np.random.default_rng(1)
with SessionWriter(sys.argv[1], synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
    for tick in range(10**9):
        said = (synthetic.utterance(tick // 7, tick),) if tick % 7 == 0 else ()
        writer.snapshot(synthetic.snapshot(rng, tick, said=said))
        if tick % 40 == 0:
            writer.frame(tick, "a", synthetic.POSE, synthetic.images(tick, 32, 24))
        print(tick, flush=True)
"""


def test_kill_costs_at_most_a_second(tmp_path: Path) -> None:
    chance = random.Random(2)
    for number in range(4):
        path = tmp_path / f"{number}.hamlet"
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.01, 0.4))
        process.kill()
        given = int(process.stdout.read().split(b"\n")[-2] or 0)
        process.wait()
        process.stdout.close()
        with Session.open(path) as session:
            assert not session.complete and session.scanned
            assert len(session.ticks) > given + 1 - synthetic.TICK_RATE
            again = np.random.default_rng(1)
            synthetic.scenery(again)
            for snapshot in session.snapshots():
                wanted = synthetic.snapshot(again, snapshot.tick)
                assert snapshot.villagers.tobytes() == wanted.villagers.tobytes() and snapshot.hashes == wanted.hashes
            assert len(session.lines()) >= (given + 6) // 7
            for ref in session.frames():
                wanted_images = synthetic.images(ref.tick, 32, 24)
                assert all(np.array_equal(session.frame(ref.tick, "a", m), wanted_images[m]) for m in ref.modalities)


def test_hostile_lengths(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(1 << 26), 9)
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than"):
        inflate(bomb, 1 << 20)
    for hostile in (b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x91" * 100_000):
        with pytest.raises(ValueError):
            unpack(hostile)
    for shape in ([1 << 40], [1 << 20, 1 << 20], [-1], "x", [1] * 50, [2.0]):
        with pytest.raises(ValueError):
            array_from_plain({"dtype": "<f4", "shape": shape, "data": b"1234"})
    for name in ("O", "<U8", "V8", "<c8", "|S4", 3, ">f4", "<f4,<f4"):
        with pytest.raises(ValueError):
            checked_dtype(name)
    huge = bytearray(encode_png(np.zeros((2, 2), np.uint8)))
    huge[16:24] = struct.pack(">II", 1 << 30, 1 << 30)
    with pytest.raises(ValueError):
        decode_image({"encoding": "png", "dtype": "|u1", "shape": [1 << 30, 1 << 30], "data": bytes(huge)})
    with pytest.raises(ValueError):
        decode_image({"encoding": "plane", "dtype": "<f4", "shape": [10, 10], "data": bomb})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_record_that_claims_too_much(tmp_path: Path) -> None:
    sync = bytes(range(16))
    head = b"\x89HAMLET\n" + struct.pack("<HH", 1, 0) + sync
    record = sync + struct.pack("<BBHII", 1, 0, 0, 0, 0xFFFFFFFF)
    path = tmp_path / "claims.hamlet"
    crc = [struct.pack("<I", zlib.crc32(part)) for part in (head, record)]
    path.write_bytes(head + crc[0] + record + crc[1] + bytes(100))
    with pytest.raises(CorruptSession, match=r"byte 32: a record claims 4294967295 bytes"):
        Session.open(path)


def forged(path: Path, changes: dict[int, Any], extra: tuple[int, Any] | None = None) -> None:
    """A session with valid checksums whose records say something else."""
    sync = bytes(16)
    head = b"\x89HAMLET\n" + struct.pack("<HH", 1, 3) + sync
    data = head + struct.pack("<I", zlib.crc32(head))
    values: list[tuple[int, Any]] = [(1, {"schema_version": 1, "tick_rate": 16, "news": 3})]
    values += [extra] if extra else []
    values += list(changes.items())
    for number, (kind, value) in enumerate(values):
        body = msgpack.packb(value)
        part = sync + struct.pack("<BBHII", kind, 0, 0, number, len(body))
        data += part + struct.pack("<I", zlib.crc32(part)) + body + struct.pack("<I", zlib.crc32(body))
    path.write_bytes(data)


def test_unknown_records_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "new.hamlet"
    forged(path, {int(RecordType.WORDING): {"text": "still here"}}, extra=(200, ["from", "the", "future"]))
    with Session.open(path) as session:
        assert session.wordings() == [{"text": "still here"}] and session.header["news"] == 3


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (RecordType.CHUNK, {"first": 0, "count": 3, "villagers": {}, "environment": {}}),
        (RecordType.CHUNK, {"first": 0}),
        (RecordType.CHUNK, [1, 2]),
        (RecordType.FRAME, {"tick": 0, "camera": "a", "blobs": {"rgb": -7}, "pose": None, "size": [1, 1]}),
        (RecordType.FRAME, {"tick": 0, "camera": "a", "blobs": {"rgb": 2**63}, "pose": None, "size": [1, 1]}),
        (RecordType.UTTERANCE, {"id": 1}),
        (RecordType.SCENERY, {"cell_m": 1}),
    ],
)
def test_nonsense_with_right_checksums_is_an_error(tmp_path: Path, kind: RecordType, value: object) -> None:
    path = tmp_path / "nonsense.hamlet"
    forged(path, {int(kind): value})
    with pytest.raises(CorruptSession), Session.open(path) as session:
        session.lines()
        session.snapshot(0) if session.ticks else None
        for ref in session.frames():
            session.frame(ref.tick, ref.camera, "rgb")
        assert session.scenery


def test_newer_major_is_one_sentence(tmp_path: Path, small: tuple[bytes, list[Snapshot]]) -> None:
    path = tmp_path / "newer.hamlet"
    path.write_bytes(small[0][:8] + struct.pack("<H", 2) + small[0][10:])
    with pytest.raises(SessionError, match="format 2; this Hamlet reads up to 1"):
        Session.open(path)
    path.write_bytes(b"RIFF....AVI " * 20)
    with pytest.raises(SessionError, match="not a Hamlet session"):
        Session.open(path)
