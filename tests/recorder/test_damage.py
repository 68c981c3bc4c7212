"""Cut anywhere, flip any bit, forge any record: what comes back was written, or it is missing, or it is an error."""

from __future__ import annotations

import os
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest

from recorder.columns import array_from_plain, array_to_plain, checked_dtype
from recorder.compression import inflate, zstd_compress
from recorder.container import (
    CRC,
    FLAG_ZSTD,
    HEAD,
    MAGIC,
    RECORD,
    TRAILER,
    CorruptSession,
    Gap,
    RecordHead,
    RecordType,
    SessionError,
)
from recorder.images import decode_image
from recorder.payload import unpack
from recorder.png import encode_png
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.writer import SessionWriter
from tests.recorder import synthetic
from tests.recorder.originals import Pieces, lost, opened, pieces

SYNC = bytes(range(16))
CHUNK_TICKS = 3  # of the small session
CASES = int(os.environ.get("HAMLET_DAMAGE_CASES", "60"))  # 1000: every byte of the small session


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Pieces]:
    """A closed session of everything there is, in few bytes, and all its pieces."""
    path = tmp_path_factory.mktemp("small") / "s.hamlet"
    rng = np.random.default_rng(5)
    with SessionWriter(path, synthetic.header(tick_rate=6), synthetic.scenery(rng), synthetic.cast(2)) as writer:
        for tick in range(10, 19):
            said = (synthetic.utterance(tick - 11, tick),) if tick in (11, 14) else ()
            writer.snapshot(replace(synthetic.snapshot(rng, tick, 2, said), surface=synthetic.surface(tick, 6)))
            if tick in (11, 14, 17):
                writer.wording({"key": [0, tick, 0], "arrival_tick": tick, "text": f"words of {tick}"})
                images = synthetic.images(tick, 6, 4)
                writer.frame(tick, "a", synthetic.POSE, {name: images[name] for name in ("rgb", "depth")})
            if tick in (12, 15):
                writer.keyframe(tick, *synthetic.state(tick, 15))
        writer.close({"figures": 3})
    with Session.open(path) as session:
        whole, refused = pieces(session)
    assert refused == 0 and len(whole) == 3 + 9 + 2 + 2 + 3 + 3 + 6 + 3
    return path.read_bytes(), whole


def some_of(count: int) -> list[int]:
    """Numbers below a count: all of them if so many cases were asked for, else some by chance."""
    return list(range(count)) if CASES >= 1000 else sorted(random.Random(CASES).sample(range(count), 2 * CASES))


def records(path: Path) -> list[RecordHead]:
    reader = RecordReader(path)
    heads = [met for met in reader.walk() if not isinstance(met, Gap)]
    reader.close()
    return heads


def test_cut_at_every_byte(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    data, whole = small
    path = tmp_path / "cut.hamlet"
    path.write_bytes(data)
    heads = records(path)
    header_end = heads[0].end
    cast_end = heads[2].end
    before = {key[0]: len(whole) for key in whole}
    edges = {edge + step for head in heads for edge in (head.offset, head.end) for step in (-1, 0)}
    for size in sorted(edges | set(some_of(len(data) + 1)), reverse=True):
        os.truncate(path, size)
        if size < header_end:
            with pytest.raises(SessionError) as refused:
                Session.open(path)
            assert not isinstance(refused.value, CorruptSession)
            continue
        if size < cast_end:
            Session.open(path).close()
            continue
        with Session.open(path) as session:
            left, damaged = pieces(session)
            assert session.complete == (size >= len(data) - TRAILER.size) and not session.damage and damaged == 0
        lost(whole, left)
        count = {kind: sum(key[0] == kind for key in left) for kind in before}
        assert all(count[kind] <= before[kind] for kind in before)
        written = sum(head.end <= size for head in heads if head.type == RecordType.FRAME)
        assert count["frame"] == written, "every frame whose record is whole is there"
        before = count
    assert before["tick"] == 0


def test_a_flip_in_every_byte(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    data, whole = small
    path = tmp_path / "flip.hamlet"
    chance = random.Random(11)
    for at in some_of(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        session = opened(path)
        assert session is not None, f"one bit in byte {at} cost the whole session"
        with session:
            left, _ = pieces(session)
            gone = lost(whole, left)
            assert session.header["seed"] == 7
        said, images = {gone.pop(kind, 0) for kind in ("line", "wording")}, gone.pop("image", 0)
        assert max(said) <= 3 and images <= 2 and gone["frame"] <= 1 and gone["tick"] <= CHUNK_TICKS
        kinds = {kind for kind in gone if gone[kind]} | ({"image"} if images and not gone["frame"] else set())
        assert len(kinds) <= 1 and not gone["header"] and not gone["scenery"] and not gone["cast"]


def test_damage_names_the_byte(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    data, _ = small
    path = tmp_path / "chunk.hamlet"
    path.write_bytes(data)
    chunk = next(head for head in records(path) if head.type == RecordType.CHUNK)
    path.write_bytes(data[: chunk.offset + 40] + b"????" + data[chunk.offset + 44 :])
    with Session.open(path) as session, pytest.raises(CorruptSession, match=f"byte {chunk.offset}") as refused:
        session.snapshot(10)
    assert refused.value.offset == chunk.offset


def test_a_record_taken_out_is_noticed(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    data, whole = small
    path = tmp_path / "gap.hamlet"
    path.write_bytes(data)
    chunks = [head for head in records(path) if head.type == RecordType.CHUNK]
    path.write_bytes(data[: chunks[1].offset] + data[chunks[1].end :])
    with Session.open(path) as session:
        assert [damage.records for damage in session.damage][:1] == [1] and session.scanned
        left, _ = pieces(session)
        gone = lost(whole, left)
        assert 1 <= gone["tick"] <= CHUNK_TICKS


def test_bytes_taken_out_of_a_record_cost_that_record_alone(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    data, _ = small
    path = tmp_path / "short.hamlet"
    path.write_bytes(data)
    heads = records(path)
    victim = next(head for head in heads if head.type == RecordType.KEYFRAME)
    path.write_bytes(data[: victim.offset + RECORD.size + 5] + data[victim.offset + RECORD.size + 40 :])
    reader = RecordReader(path)
    met = list(reader.walk(whole=True))
    reader.close()
    (gap,) = (each for each in met if isinstance(each, Gap))
    assert (gap.first, gap.after, gap.kind) == (victim.sequence, victim.sequence + 1, RecordType.KEYFRAME)
    assert [each.sequence for each in met if isinstance(each, RecordHead)] == [
        head.sequence for head in heads if head != victim
    ]


def test_hostile_lengths() -> None:
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


class Forge:
    """Writes files whose checksums are right and whose records say what one likes."""

    def __init__(self, sync: bytes = SYNC, major: int = 2) -> None:
        head = MAGIC + struct.pack("<HH", major, 3) + sync
        self.sync, self.number = sync, 0
        self.data = (head + CRC.pack(zlib.crc32(head))) * (2 if major > 1 else 1)

    def add(self, kind: int, value: Any = None, *, body: bytes | None = None, flags: int = 0, claim: int = -1) -> int:
        """One record; returns its offset."""
        stored = msgpack.packb(value) if body is None else body
        length = len(stored) if claim < 0 else claim
        part = self.sync + struct.pack("<BBHII", kind, flags, 0, self.number, length)
        offset = len(self.data)
        self.data += part + CRC.pack(zlib.crc32(part)) + stored + CRC.pack(zlib.crc32(stored))
        self.number += 1
        return offset

    def trailer(self, offset: int) -> None:
        where = struct.pack("<Q", offset)
        self.data += TRAILER.pack(offset, zlib.crc32(where), b"HEND")

    @classmethod
    def begun(cls, **header: Any) -> Forge:
        forge = cls()
        forge.add(RecordType.HEADER, {"schema_version": 1, "tick_rate": 16, **header})
        return forge


def index(**arrays: Any) -> dict[str, Any]:
    names = {"preamble": 2, "chunks": 3, "utterances": 2, "wordings": 2, "keyframes": 2, "frames": 3}
    empty = {name: array_to_plain(np.zeros((0, width), np.int64)) for name, width in names.items()}
    return {**empty, "cameras": ["a"], "modalities": [], "previous": 0, **arrays}


def closed_with(value: Any, header: dict[str, Any] | None = None) -> bytes:
    forge = Forge.begun(**(header or {}))
    if isinstance(value, dict) and "preamble" in value and len(value["preamble"]["data"]) == 0:
        value["preamble"] = array_to_plain(np.array([[1, HEAD.size * 2]], np.int64))
    place = forge.add(RecordType.INDEX, body=zstd_compress(msgpack.packb(value)), flags=FLAG_ZSTD)
    forge.trailer(forge.add(RecordType.END, {"index": place, "last": True, "summary": {}}))
    return forge.data


def parts_of(value: Any, previous: Callable[[int], int]) -> bytes:
    forge = Forge.begun()
    for _ in range(3):
        forge.add(RecordType.PART, {**value, "previous": previous(len(forge.data))})
    return forge.data


ROWS = np.array([[5, 2, 64]], np.int64)
FORGERIES: dict[str, Callable[[], bytes]] = {
    "millions of frames": lambda: closed_with(
        index(frames={"dtype": "<i8", "shape": [1 << 20, 3], "data": bytes(24 << 20)})
    ),
    "endless rows of nothing": lambda: closed_with(index(frames={"dtype": "<i8", "shape": [1 << 60, 0], "data": b""})),
    "rows without end": lambda: closed_with(index(chunks={"dtype": "<i8", "shape": [0, 1 << 60], "data": b""})),
    "chunks backwards": lambda: closed_with(index(chunks=array_to_plain(np.vstack([ROWS, ROWS])))),
    "chunks of no ticks": lambda: closed_with(index(chunks=array_to_plain(ROWS * [1, 0, 1]))),
    "chunks of negative length": lambda: closed_with(index(chunks=array_to_plain(ROWS * [1, -1, 1]))),
    "ticks beyond counting": lambda: closed_with(index(chunks=array_to_plain(ROWS + np.array([(1 << 63) - 6, 0, 0])))),
    "another record's place": lambda: closed_with(index(chunks=array_to_plain(ROWS))),
    "frames in the header": lambda: closed_with(index(frames=array_to_plain(np.array([[0, 0, 64]])))),
    "frames nowhere": lambda: closed_with(index(frames=array_to_plain(np.array([[0, 0, 1 << 62]])))),
    "frames of no camera": lambda: closed_with(index(frames=array_to_plain(np.array([[0, 9, 64]])))),
    "keyframes in the header": lambda: closed_with(index(keyframes=array_to_plain(np.array([[0, 64]])))),
    "no index at all": lambda: closed_with(7),
    "segment of no number": lambda: closed_with(index(), {"segment": "x"}),
    "segment beyond counting": lambda: closed_with(index(), {"segment": float("inf")}),
    "columns of nothing": lambda: closed_with(index(), {"columns": 4}),
    "columns without end": lambda: closed_with(index(), {"columns": {"villagers": [["x", "<f8", [1 << 40]]]}}),
    "parts in a ring": lambda: parts_of(index(), lambda here: here),
    "parts ahead": lambda: parts_of(index(), lambda here: here + 100),
    "parts in the header": lambda: parts_of(index(), lambda here: 64),
    "parts nowhere": lambda: parts_of(index(), lambda here: -5),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused_or_harmless(tmp_path: Path, name: str) -> None:
    path = tmp_path / "forged.hamlet"
    path.write_bytes(FORGERIES[name]())
    tracemalloc.start()
    session = opened(path)
    if session is not None:
        with session:
            assert list(session.keyframes) == [] or pieces(session)[1] > 0
            left, _ = pieces(session)
            assert {key[0] for key in left} <= {"header", "line", "wording"}
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (RecordType.CHUNK, {"first": 0, "count": 3, "villagers": {}, "environment": {}}),
        (RecordType.CHUNK, {"first": 0, "count": 1 << 62, "villagers": {}, "environment": {}}),
        (RecordType.CHUNK, {"first": (1 << 64) - 1, "count": 1}),
        (RecordType.CHUNK, {"first": 0}),
        (RecordType.CHUNK, [1, 2]),
        (RecordType.FRAME, {"tick": 0, "camera": "a", "blobs": {"rgb": -7}, "pose": None, "size": [1, 1]}),
        (RecordType.FRAME, {"tick": 0, "camera": "a", "blobs": {"rgb": 2**63}, "pose": None, "size": [1, 1]}),
        (RecordType.UTTERANCE, {"id": 1}),
        (RecordType.UTTERANCE, {"start_tick": "soon"}),
        (RecordType.KEYFRAME, {"tick": 3, "state": 5}),
        (RecordType.SCENERY, {"cell_m": 1}),
        (RecordType.PART, 4),
    ],
)
def test_nonsense_with_right_checksums_is_no_value(tmp_path: Path, kind: RecordType, value: object) -> None:
    path = tmp_path / "nonsense.hamlet"
    forge = Forge.begun()
    forge.add(kind, value)
    forge.add(RecordType.WORDING, {"key": [1, 2, 3]})
    path.write_bytes(forge.data)
    with Session.open(path) as session:
        left, refused = pieces(session)
        assert {key[0] for key in left} <= {"header", "line", "wording"} and refused + len(session.damage) > 0
        assert len(session.wordings()) == 1


def test_a_record_that_claims_too_much(tmp_path: Path) -> None:
    path = tmp_path / "claims.hamlet"
    forge = Forge.begun()
    claims = forge.add(RecordType.WORDING, {"key": [0]}, claim=0xFFFFFFFF)
    forge.add(RecordType.WORDING, {"key": [1]})
    path.write_bytes(forge.data)
    with Session.open(path) as session:
        assert [wording["key"] for wording in session.wordings()] == [[1]]
        assert [(damage.offset, damage.records) for damage in session.damage] == [(claims, 1)]
        assert "claims 4294967295 bytes" in str(session.damage[0])


def test_unknown_records_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "new.hamlet"
    forge = Forge.begun(news=3)
    forge.add(200, ["from", "the", "future"])
    forge.add(RecordType.WORDING, {"text": "still here"})
    path.write_bytes(forge.data)
    with Session.open(path) as session:
        assert session.wordings() == [{"text": "still here"}] and session.header["news"] == 3


class Counted(RecordReader):
    """Counts the bytes it reads, which bounds the time it takes."""

    total = 0

    def _read(self, offset: int, size: int) -> bytes:
        data = super()._read(offset, size)
        Counted.total += len(data)
        return data


def test_records_laid_over_each_other_cost_no_more_than_a_few_readings(tmp_path: Path) -> None:
    path = tmp_path / "nested.hamlet"
    forge = Forge.begun()
    heads = b""
    for number in range(1, 3000):
        claim = (3000 - number) * RECORD.size + 100_000
        part = SYNC + struct.pack("<BBHII", RecordType.WORDING, 0, 0, number, claim)
        heads += part + CRC.pack(zlib.crc32(part))
    path.write_bytes(forge.data + heads + bytes(200_000))
    reader = Counted(path)
    for whole in (False, True):
        Counted.total = 0
        met = list(reader.walk(whole=whole))
        assert any(isinstance(each, Gap) for each in met)
        assert Counted.total < 8 * reader.size + (8 << 20)
    reader.close()


def test_many_small_bombs_are_not_all_set_off(tmp_path: Path) -> None:
    path = tmp_path / "bombs.hamlet"
    forge = Forge.begun()
    for _ in range(100):
        forge.add(RecordType.WORDING, body=zstd_compress(bytes(16 << 20)), flags=FLAG_ZSTD)
    forge.add(RecordType.WORDING, {"key": [1]})
    path.write_bytes(forge.data)
    reader = RecordReader(path)
    assert reader.allowance < 20 * (16 << 20)
    reader.close()
    with Session.open(path) as session:
        assert any("decompresses to more than" in damage.why for damage in session.damage)


def test_only_ordinary_files_are_opened(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    os.mkfifo(tmp_path / "pipe.hamlet")
    with pytest.raises(SessionError, match=r"pipe.hamlet cannot be opened: it is not an ordinary file\."):
        Session.open(tmp_path / "pipe.hamlet")
    with pytest.raises(SessionError, match="not an ordinary file"):
        Session.open("/dev/zero")
    (tmp_path / "folder.hamlet").mkdir()
    with pytest.raises(SessionError, match="without a session in it"):
        Session.open(tmp_path / "folder.hamlet")
    with pytest.raises(SessionError, match="cannot be opened"):
        Session.open(tmp_path / "no\0file.hamlet")


def test_a_hole_of_a_hundred_gigabytes_is_stepped_over(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    data, whole = small
    path = tmp_path / "sparse.hamlet"
    path.write_bytes(data[: -TRAILER.size])
    before = len(data) - TRAILER.size
    try:
        os.truncate(path, 100 << 30)
    except OSError:
        pytest.skip("this file system has no files so large")
    began = time.process_time()
    with Session.open(path) as session:
        assert lost(whole, pieces(session)[0]).total() == 0 and session.complete
    end = next(head for head in records(path) if head.type == RecordType.END)
    with path.open("r+b") as file:  # now nothing stops the search at the end
        file.seek(end.offset)
        file.write(bytes(before - end.offset))
    with Session.open(path) as session:
        assert lost(whole, pieces(session)[0]).total() == 0 and not session.complete
    assert time.process_time() - began < 60, "a hundred gigabytes were read"


def test_a_file_that_shrinks_or_grows_while_it_is_read(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    data, whole = small
    path = tmp_path / "moving.hamlet"
    path.write_bytes(data)
    with Session.open(path) as session:
        os.truncate(path, len(data) // 2)
        left, refused = pieces(session)
        assert lost(whole, left).total() > 0 and refused > 0
    path.write_bytes(data[: len(data) // 2])
    with Session.open(path) as session:
        with path.open("ab") as file:
            file.write(data[len(data) // 2 :])
        lost(whole, pieces(session)[0])


def test_newer_major_is_one_sentence(tmp_path: Path, small: tuple[bytes, Pieces]) -> None:
    path = tmp_path / "newer.hamlet"
    path.write_bytes(Forge(major=3).data + small[0][HEAD.size * 2 :])
    with pytest.raises(SessionError, match=r"^.* is a session of format 3; this Hamlet reads up to 2, a newer one"):
        Session.open(path)
    path.write_bytes(b"RIFF....AVI " * 20)
    with pytest.raises(SessionError, match="not a Hamlet session"):
        Session.open(path)


def test_a_mark_that_is_everywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "marks.hamlet"
    path.write_bytes(Forge(sync=bytes(16)).data + bytes(1 << 20))
    with pytest.raises(CorruptSession, match="sync mark repeats itself"):
        Session.open(path)


def test_a_line_taken_out_never_makes_another_stand_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "s.hamlet"
    rng = np.random.default_rng(0)
    writer = SessionWriter(path, synthetic.header(), synthetic.scenery(rng), synthetic.cast())
    lines = {tick: synthetic.utterance(tick, tick) for tick in range(40)}
    for tick, line in lines.items():
        writer.snapshot(synthetic.snapshot(rng, tick, said=(line,)))
        if tick % 10 == 9:
            writer.keyframe(tick, {"tick": tick})
    data = path.read_bytes()  # as after a kill: found by the parts of the index
    writer.close()
    records = RecordReader(path)
    said = [met for met in records.walk() if isinstance(met, RecordHead) and met.type == RecordType.UTTERANCE]
    records.close()
    for victim in (said[3], said[15], said[33]):
        path.write_bytes(data[: victim.offset] + data[victim.end :])
        with Session.open(path) as session:
            for tick, line in lines.items():
                try:
                    assert session.lines_between(tick, tick) in ([line], [])
                except CorruptSession as error:
                    assert str(path) in str(error)
            for tick in session.keyframes:
                try:
                    assert session.keyframe(tick) == {"tick": tick}
                except CorruptSession as error:
                    assert str(path) in str(error)
