from __future__ import annotations

import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recorder.columns import array_from_plain, array_to_plain, table_from_plain, table_to_plain
from recorder.container import SessionError
from recorder.differences import surface_alike
from recorder.payload import pack, unpack
from recorder.reader import Session
from recorder.schema import (
    BUILDING,
    BUILDING_STATE,
    ENVIRONMENT,
    LOOKS,
    PLANT,
    VILLAGER,
    Event,
    Snapshot,
    Surface,
    Utterance,
)
from recorder.today import TABLES
from recorder.writer import SessionWriter
from tests.recorder import synthetic

PATIENT = settings(deadline=None)  # the machine may be busy
NUMBERS = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="<"),
    hnp.unsigned_integer_dtypes(endianness=">"),
    hnp.floating_dtypes(sizes=(16, 32, 64)),
)
TEXT = st.text(st.characters(), max_size=12)  # any code point, lone surrogates too
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=6,
)


def same_snapshot(a: Snapshot, b: Snapshot) -> bool:
    columns = all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in TABLES)
    columns = columns and surface_alike(a.surface, b.surface)
    rest = (a.tick, a.events, a.utterances, a.hashes) == (b.tick, b.events, b.utterances, b.hashes)
    return columns and rest


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.hamlet"
    given = synthetic.write_session(path)
    with Session.open(path) as session:
        assert session.complete and not session.scanned
        assert session.ticks == range(96)
        assert all(same_snapshot(a, b) for a, b in zip(session.snapshots(), given, strict=True))
        assert (
            session.snapshot(50).villagers.dtype == VILLAGER and session.snapshot(50).environment.dtype == ENVIRONMENT
        )
        assert session.snapshot(50).environment.shape == ()
        assert session.lines() == [line for snapshot in given for line in snapshot.utterances]
        assert list(session.events()) == [event for snapshot in given for event in snapshot.events]
        assert [wording["key"][1] for wording in session.wordings()] == [4, 28, 52, 76]
        assert session.header["seed"] == 7 and session.summary == {"utterances": 4}
        assert session.cameras == ("square",) and [ref.tick for ref in session.frames()] == list(range(0, 96, 16))
        for ref in session.frames("square"):
            for modality, image in synthetic.images(ref.tick).items():
                back = session.frame(ref.tick, "square", modality)
                assert back.dtype == image.dtype and np.array_equal(back, image)
        valley, wanted = session.scenery, synthetic.scenery(np.random.default_rng(3))
        assert np.array_equal(valley.heights, wanted.heights) and valley.places == wanted.places
        assert valley.plants.dtype == wanted.plants.dtype and np.array_equal(valley.buildings, wanted.buildings)
        assert session.cast.personas == synthetic.cast().personas
        assert np.array_equal(session.cast.looks, synthetic.cast().looks)


@PATIENT
@given(hnp.arrays(NUMBERS, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
def test_arrays_come_back_bit_for_bit(array: np.ndarray) -> None:
    back = array_from_plain(unpack(pack(array_to_plain(array))))
    assert back.dtype == array.dtype.newbyteorder("<") and back.shape == array.shape
    assert back.tobytes() == array.astype(back.dtype).tobytes()


@PATIENT
@given(st.sampled_from([PLANT, BUILDING, LOOKS, VILLAGER, ENVIRONMENT]), st.integers(0, 2**32), st.integers(0, 4))
def test_tables_come_back_bit_for_bit(dtype: np.dtype, seed: int, rows: int) -> None:
    table = synthetic.random_table(np.random.default_rng(seed), dtype, (rows, 2))
    back = table_from_plain(unpack(pack(table_to_plain(table))))
    assert back.dtype == dtype and back.shape == (rows, 2) and back.tobytes() == table.tobytes()


@PATIENT
@given(PLAIN)
def test_free_values_come_back(value: Any) -> None:
    assert unpack(pack(value)) == value


def surface_of_any(rng: np.random.Generator, tick: int) -> Surface:
    """Maps of steps, of any numbers, or of any bits."""
    maps = [rng.integers(0, 9, (5, 7)) / 32, rng.normal(0, 1e6, (5, 7)), np.zeros((5, 7))]
    bits = rng.integers(0, 1 << 32, (5, 7), np.uint32).view(np.float32)
    water, snow, wet = (each.astype(np.float32) for each in maps)
    return Surface(tick, water, snow, wet, bits)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, 2**32), st.lists(st.tuples(TEXT, PLAIN.map(lambda v: {"value": v})), max_size=2)),
        max_size=40,
    ),
    st.lists(TEXT, max_size=5),
    st.integers(0, 2**40),
)
def test_any_session_comes_back(
    tmp_path: Path, ticks: list[tuple[int, list[tuple[str, Any]]]], texts: list[str], first: int
) -> None:
    path = tmp_path / "any.hamlet"
    path.unlink(missing_ok=True)
    rng = np.random.default_rng(0)
    lines = [replace(synthetic.utterance(i, first + i), text=text, raw=(text,)) for i, text in enumerate(texts)]
    written = []
    before, grown = None, -1
    with SessionWriter(path, synthetic.header(tick_rate=5), synthetic.scenery(rng), synthetic.cast(3)) as writer:
        for number, (seed, happened) in enumerate(ticks):
            tick = first + number
            row = np.random.default_rng(seed)
            snapshot = Snapshot(
                tick,
                synthetic.random_table(row, ENVIRONMENT, ()),
                synthetic.random_table(row, VILLAGER, (3,)),
                tuple(Event(tick, kind, data) for kind, data in happened),
                tuple(lines[number : number + 1]),
                synthetic.random_table(row, BUILDING_STATE, (2,))[: 2 * row.integers(2)],
                surface_of_any(row, tick - tick % 3) if row.integers(2) and grown < tick - tick % 3 else before,
                {"total": row.bytes(16)},
            )
            before, grown = snapshot.surface, -1 if snapshot.surface is None else snapshot.surface.tick
            writer.snapshot(snapshot)
            written.append(snapshot)
    with Session.open(path) as session:
        assert session.complete and len(session.ticks) == len(ticks)
        assert all(same_snapshot(a, b) for a, b in zip(session.snapshots(), written, strict=True))


def make(path: Path, **header: object) -> SessionWriter:
    return SessionWriter(
        path, synthetic.header(**header), synthetic.scenery(np.random.default_rng(0)), synthetic.cast()
    )


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.hamlet"
    first = make(path)
    before = path.read_bytes()
    with pytest.raises(SessionError, match=r"a\.hamlet already exists"):
        make(path)
    first.close()
    with pytest.raises(SessionError, match="already exists"):
        make(path)
    assert path.read_bytes().startswith(before)
    with pytest.raises(SessionError, match="was closed"):
        first.snapshot(synthetic.snapshot(np.random.default_rng(0), 0))
    first.close()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for path in (tmp_path / "missing" / "a.hamlet", tmp_path / "file" / "a.hamlet"):
        with pytest.raises(SessionError, match=r"a\.hamlet cannot be written: ") as refused:
            make(path)
        assert str(refused.value).count(".") <= 2 and "\n" not in str(refused.value)
    with pytest.raises(SessionError, match="cannot be opened"):
        Session.open(tmp_path / "missing")


FULL_DISK = """
import resource, signal, sys, numpy as np
from recorder.container import SessionError
from recorder.differences import surface_alike
from recorder.writer import SessionWriter
from tests.recorder import synthetic
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
rng = np.random.default_rng(1)
writer = SessionWriter(sys.argv[1], synthetic.header(), synthetic.scenery(rng), synthetic.cast())
try:
    for tick in range(10**6):
        writer.snapshot(synthetic.snapshot(rng, tick))
except SessionError as error:
    print(tick, error)
"""


def test_a_full_disk_leaves_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "full.hamlet"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    tick, _, sentence = done.stdout.partition(" ")
    assert str(path) in sentence and "cannot be written any further" in sentence
    with Session.open(path) as session:
        assert not session.complete and len(session.ticks) > int(tick) - 2 * synthetic.TICK_RATE
        assert session.snapshot(session.ticks[-1]).hashes["total"]


def test_what_does_not_belong_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with make(tmp_path / "a.hamlet") as writer:
        with pytest.raises(SessionError, match="give the snapshot first"):
            writer.frame(0, "a", synthetic.POSE, synthetic.images(0))
        writer.snapshot(synthetic.snapshot(rng, 0))
        with pytest.raises(SessionError, match="tick 0 was given after tick 0"):
            writer.snapshot(synthetic.snapshot(rng, 0))
        with pytest.raises(SessionError, match="villagers"):
            writer.snapshot(synthetic.snapshot(rng, 1, people=3))
        with pytest.raises(SessionError, match="one size"):
            writer.frame(0, "a", synthetic.POSE, {"x": np.zeros((2, 2)), "y": np.zeros((2, 3))})
        with pytest.raises(SessionError, match="cannot be stored"):
            writer.wording({"text": object()})
        writer.frame(0, "a", synthetic.POSE, synthetic.images(0))
        with pytest.raises(SessionError, match="written before"):
            writer.frame(0, "a", synthetic.POSE, synthetic.images(0))
        line = synthetic.utterance(0, 1)
        writer.snapshot(synthetic.snapshot(rng, 1, said=(line,)))
        with pytest.raises(SessionError, match="two utterances have the id 0"):
            writer.snapshot(synthetic.snapshot(rng, 2, said=(replace(line, text="no"),)))
        with pytest.raises(SessionError, match="a keyframe of tick 0 was given after tick 1"):
            writer.keyframe(0, {})
    with pytest.raises(SessionError, match="tick_rate"):
        make(tmp_path / "b.hamlet", tick_rate=0)
    with Session.open(tmp_path / "a.hamlet") as session:
        assert session.lines() == [line] and len(list(session.frames())) == 1
        with pytest.raises(SessionError, match="no tick 2; it holds ticks 0 to 1"):
            session.snapshot(2)
        with pytest.raises(SessionError, match="has no 'thermal'"):
            session.frame(0, "a", "thermal")


def test_what_cannot_be_encoded_ends_the_session_with_a_sentence(tmp_path: Path) -> None:
    writer = make(tmp_path / "a.hamlet")
    writer.snapshot(synthetic.snapshot(np.random.default_rng(0), 0))
    writer.frame(0, "a", synthetic.POSE, {"instance": np.full((2, 2), 1 << 24, np.uint32)})
    with pytest.raises(SessionError, match=r"camera 'a' at tick 0 cannot be stored: .*ids end below"):
        writer.close()
    with Session.open(tmp_path / "a.hamlet") as session:
        assert session.ticks == range(1) and not session.complete and not session.frames()


def test_an_exception_leaves_an_incomplete_but_whole_session(tmp_path: Path) -> None:
    path = tmp_path / "a.hamlet"
    with pytest.raises(KeyError), make(path) as writer:
        writer.snapshot(synthetic.snapshot(np.random.default_rng(0), 0))
        raise KeyError
    with Session.open(path) as session:
        assert not session.complete and session.ticks == range(1)


def test_a_frame_never_comes_before_its_snapshot(tmp_path: Path) -> None:
    with make(tmp_path / "a.hamlet") as writer:
        for tick in range(3):
            writer.snapshot(synthetic.snapshot(np.random.default_rng(0), tick))
        writer.frame(1, "a", synthetic.POSE, synthetic.images(1))
        writer.close()
        with Session.open(tmp_path / "a.hamlet") as session:
            assert session.ticks == range(3) and [ref.tick for ref in session.frames()] == [1]


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "a.hamlet")
    synthetic.write_session(tmp_path / "b.hamlet")
    assert zlib.crc32((tmp_path / "a.hamlet").read_bytes()) == zlib.crc32((tmp_path / "b.hamlet").read_bytes())


READ_ONLY = """
import sys
for name in ("PIL", "av", "scipy", "panda3d", "llama_cpp", "pydantic"):
    sys.modules[name] = None
from recorder.reader import Session
with Session.open(sys.argv[1]) as session:
    images = [session.frame(ref.tick, ref.camera, name).sum() for ref in session.frames() for name in ref.modalities]
    print(len(list(session.snapshots())), len(images), session.cast.personas[2]["name"], session.scenery.heights.shape)
"""


def test_reading_needs_numpy_and_msgpack_only(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "a.hamlet")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", READ_ONLY, str(tmp_path / "a.hamlet")], capture_output=True, check=True
    )
    assert done.stdout.decode().split(maxsplit=3) == ["96", "42", "Åsa", "(5, 7)\n"]


def test_snapshots_cannot_be_changed(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "a.hamlet")
    with Session.open(tmp_path / "a.hamlet") as session, pytest.raises(ValueError, match="read-only"):
        session.snapshot(3).villagers["x"] = 0


def test_every_field_of_an_utterance_survives(tmp_path: Path) -> None:
    line = synthetic.utterance(1, 0)
    with make(tmp_path / "a.hamlet") as writer:
        writer.snapshot(synthetic.snapshot(np.random.default_rng(0), 0, said=(line,)))
    with Session.open(tmp_path / "a.hamlet") as session:
        (back,) = session.lines()
    assert back == line and isinstance(back, Utterance) and isinstance(back.positions[0], tuple)
