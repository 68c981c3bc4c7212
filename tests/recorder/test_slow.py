"""Slow parts of keyframes are stored once, are in every keyframe, and take their keyframes with them when lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.compare import compare
from recorder.container import CorruptSession, Gap, RecordType, SessionError
from recorder.edit import cut, merge
from recorder.payload import pack
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.recover import recover
from recorder.slow import SlowPart, put_in, taken_out
from recorder.writer import SessionWriter
from tests.recorder import synthetic
from tests.recorder.test_ground import hit

TICKS = 160
EVERY = 8  # ticks from keyframe to keyframe
SINCE = 48  # ticks from slow part to slow part


def write(path: Path, ticks: int = TICKS, **more: Any) -> None:
    rng = np.random.default_rng(3)
    header = {**synthetic.header(tick_rate=8), "run": "one"}
    with SessionWriter(path, header, synthetic.scenery(rng), synthetic.cast(), **more) as writer:
        for tick in range(ticks):
            writer.snapshot(synthetic.snapshot(rng, tick))
            if tick % EVERY == 4:
                writer.keyframe(tick, *synthetic.state(tick, SINCE))


def kinds(path: Path) -> list[int]:
    reader = RecordReader(path)
    found = [met.type for met in reader.walk() if not isinstance(met, Gap)]
    reader.close()
    return found


def same_state(found: dict[str, Any], tick: int) -> bool:
    wanted, _ = synthetic.state(tick, SINCE)
    land, lived = found["world"]["land"], wanted["world"]["land"]
    assert list(found) == list(wanted) and list(found["world"]) == list(wanted["world"])
    return bool(
        land["tick"] == lived["tick"]
        and np.array_equal(land["depth"], lived["depth"])
        and np.array_equal(land["soil"]["water"], lived["soil"]["water"])
        and np.array_equal(found["field"], wanted["field"])
    )


def test_a_slow_part_is_stored_once_and_is_in_every_keyframe(tmp_path: Path) -> None:
    write(tmp_path / "s.hamlet")
    found = kinds(tmp_path / "s.hamlet")
    assert (found.count(RecordType.KEYFRAME), found.count(RecordType.SLOW)) == (TICKS // EVERY, -(-TICKS // SINCE))
    with Session.open(tmp_path / "s.hamlet") as session:
        for tick in np.random.default_rng(0).permutation(session.keyframes):
            assert same_state(session.keyframe(int(tick)), int(tick))
        state, since = session.keyframe_parts(60)
        assert since == {"world/land": 48} and state["world"]["land"]["tick"] == 48
        with pytest.raises(ValueError, match="read-only"):
            state["world"]["land"]["soil"]["water"][0] = 1


def test_a_keyframe_without_slow_parts_is_as_it_was(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with SessionWriter(tmp_path / "s.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        writer.keyframe(0, {"land": np.arange(3)})
    assert RecordType.SLOW not in kinds(tmp_path / "s.hamlet")
    with Session.open(tmp_path / "s.hamlet") as session:
        state, since = session.keyframe_parts(0)
        assert state["land"].tolist() == [0, 1, 2] and not since
        state["land"][0] = 5  # its own


def test_every_file_has_what_its_keyframes_need(tmp_path: Path) -> None:
    write(tmp_path / "s.hamlet", 400, segment_bytes=30_000)
    with Session.open(tmp_path / "s.hamlet") as session:
        paths = session.segments
        assert any(len(places) > 1 for places in session._slow.values())
    assert len(paths) > 3
    for path in paths:
        alone = tmp_path / "alone.hamlet"
        alone.write_bytes(path.read_bytes())
        with Session.open(alone) as part:
            assert all(same_state(part.keyframe(tick), tick) for tick in part.keyframes)


def test_pieces_carry_what_they_need_and_join_to_the_whole(tmp_path: Path) -> None:
    write(tmp_path / "s.hamlet")
    with Session.open(tmp_path / "s.hamlet") as whole:
        for name, span in (("a", range(57)), ("b", range(57, 100)), ("c", range(95, TICKS))):
            for _ in cut(whole, tmp_path / f"{name}.hamlet", span):
                pass
        with Session.open(tmp_path / "b.hamlet") as piece:
            assert piece.keyframes == [52, 60, 68, 76, 84, 92] and same_state(piece.keyframe(52), 52)
            assert kinds(tmp_path / "b.hamlet").count(RecordType.SLOW) == 1, "that since tick 48"
        pieces = [Session.open(tmp_path / f"{name}.hamlet") for name in "cab"]
        for _ in merge(pieces, tmp_path / "all.hamlet"):
            pass
        with Session.open(tmp_path / "all.hamlet") as again:
            *_, result = compare(again, whole)
            assert result.same, result
        assert kinds(tmp_path / "all.hamlet").count(RecordType.SLOW) == kinds(tmp_path / "s.hamlet").count(
            RecordType.SLOW
        )


@pytest.mark.parametrize("closed", [True, False])
def test_keyframes_are_lost_with_their_slow_part_and_named(tmp_path: Path, closed: bool) -> None:
    path = tmp_path / "s.hamlet"
    write(path)
    data = path.read_bytes()
    if not closed:
        path.write_bytes(data[: data.rindex(b"HEND") - 40])
    hit(path, RecordType.SLOW, 1)
    gone = [tick for tick in range(4, TICKS, EVERY) if tick - tick % SINCE == 48]
    with Session.open(path) as session:
        for tick in session.keyframes:
            if tick in gone:
                with pytest.raises(CorruptSession, match=f"keyframe of tick {tick} is lost with its world/land since"):
                    session.keyframe(tick)
            else:
                assert same_state(session.keyframe(tick), tick)
    recovery = recover(path, tmp_path / "r.hamlet")
    told = [(loss.what, loss.first) for loss in recovery.lost if loss.what != "record"]
    assert ("slow part", 48) in told and [tick for what, tick in told if what == "keyframe"] == gone
    assert "keyframe at tick 52 (lost with its world/land since tick 48)" in str(recovery)
    with Session.open(tmp_path / "r.hamlet") as session:
        assert session.keyframes == [tick for tick in range(4, TICKS, EVERY) if tick not in gone]
        assert all(same_state(session.keyframe(tick), tick) for tick in session.keyframes) and not session.damage


def test_a_slow_part_in_another_file_is_as_good(tmp_path: Path) -> None:
    write(tmp_path / "s.hamlet", 400, segment_bytes=30_000)
    with Session.open(tmp_path / "s.hamlet") as session:
        (key, places), *_ = [each for each in session._slow.items() if len(each[1]) > 1]
        first = places[0][0]
        path = session.segments[first]
        number = [each for each, there in session._slow.items() if first in dict(there)].index(key)
        every = session.keyframes
    hit(path, RecordType.SLOW, number)
    with Session.open(tmp_path / "s.hamlet") as session:
        assert all(same_state(session.keyframe(tick), tick) for tick in every)
    recovery = recover(tmp_path / "s.hamlet", tmp_path / "r.hamlet")
    assert not recovery.lost
    with Session.open(tmp_path / "r.hamlet") as session:
        assert session.keyframes == every and all(same_state(session.keyframe(tick), tick) for tick in every)


def test_what_is_no_slow_part_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    writer = SessionWriter(tmp_path / "s.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast())
    writer.snapshot(synthetic.snapshot(rng, 0))
    writer.keyframe(0, {"world": {"land": [np.arange(3)]}}, {"world/land": 0})
    writer.snapshot(synthetic.snapshot(rng, 1))
    writer.keyframe(1, {"world": {"land": [np.arange(3)]}}, {"world/land": 0})  # another object, the same part
    for state, slow, words in (
        ({"world": {"land": [np.arange(4)]}}, {"world/land": 0}, "world/land is not what it was since tick 0"),
        ({"world": {"land": 3}}, {"world/sea": 0}, "has no slow part world/sea"),
        ({"world": 3}, {"world/land": 0}, "has no slow part world/land"),
        ({"world": {"land": 3}}, {"world/land": -1}, "would be since tick -1"),
    ):
        with pytest.raises(SessionError, match=words):
            writer.keyframe(1, state, slow)
    writer.close()
    with Session.open(tmp_path / "s.hamlet") as session:
        assert session.keyframe(1)["world"]["land"][0].tolist() == [0, 1, 2]
    assert kinds(tmp_path / "s.hamlet").count(RecordType.SLOW) == 1


KEYS = st.text("abc", min_size=1, max_size=2)
MAPS = st.recursive(
    st.integers(-9, 9), lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3), max_leaves=9
)


def paths_of(state: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = state.items() if isinstance(state, dict) else ()
    return [each for key, value in inner for each in ((*path, key), *paths_of(value, (*path, key)))]


@settings(deadline=None)
@given(st.dictionaries(KEYS, MAPS, min_size=1, max_size=3), st.data())
def test_what_is_taken_out_is_put_back_where_it_was(state: dict[str, Any], data: st.DataObject) -> None:
    before = pack(state)
    apart: list[tuple[str, ...]] = []
    for path in data.draw(st.lists(st.sampled_from(paths_of(state)), max_size=3)):
        if not any(path[: len(other)] == other or other[: len(path)] == path for other in apart):
            apart.append(path)
    rest, parts = taken_out(state, {"/".join(path): number for number, path in enumerate(apart)})
    assert pack(state) == before, "the state itself is not changed"
    for part in parts:
        put_in(rest, part)
    assert pack(rest) == before and [part.since for part in parts] == list(range(len(apart)))


@pytest.mark.parametrize("state", [{}, {"world": 3}, {"world": {}}, {"world": {"land": 0}}, {"world": [None]}])
def test_a_part_has_a_place_of_its_own(state: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no place for world/land"):
        put_in(state, SlowPart("world/land", 0, {}))
