"""A session in several files is one session; each file can be read alone, and a missing one is told."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from recorder.container import SessionError
from recorder.reader import Session
from recorder.schema import Snapshot
from recorder.ticks import Ticks
from recorder.writer import SessionWriter
from tests.recorder import synthetic

TICKS = 200
LIMIT = 26_000  # bytes; the preamble alone takes about a third


def write(path: Path) -> list[Snapshot]:
    rng = np.random.default_rng(4)
    given = []
    with SessionWriter(
        path, synthetic.header(), synthetic.scenery(rng), synthetic.cast(), segment_bytes=LIMIT
    ) as writer:
        for tick in range(TICKS):
            said = (synthetic.utterance(tick, tick),) if tick % 9 == 0 else ()
            given.append(synthetic.snapshot(rng, tick, said=said))
            writer.snapshot(given[-1])
            if tick % 80 == 0:
                state, slow = synthetic.state(tick, 160)
                writer.keyframe(tick, {**state, "x": np.arange(tick, tick + 3), "names": ["a", None, 1.5]}, slow)
            if tick % 50 == 0:
                writer.frame(tick, "a", synthetic.POSE, synthetic.images(tick, 32, 24))
        writer.close({"done": True})
    return given


def test_segments_are_one_session(tmp_path: Path) -> None:
    given = write(tmp_path / "s.hamlet")
    with Session.open(tmp_path / "s.hamlet") as session:
        assert len(session.segments) > 3 and session.complete and not session.damage and not session.scanned
        assert all(path.stat().st_size < 2 * LIMIT for path in session.segments)
        assert session.ticks == range(TICKS) and session.summary == {"done": True}
        for snapshot, wanted in zip(session.snapshots(), given, strict=True):
            assert snapshot.villagers.tobytes() == wanted.villagers.tobytes() and snapshot.hashes == wanted.hashes
        assert session.lines() == [line for snapshot in given for line in snapshot.utterances]
        assert session.keyframes == [0, 80, 160]
        state = session.keyframe(80)
        assert state["x"].tolist() == [80, 81, 82] and state["names"] == ["a", None, 1.5]
        assert np.array_equal(state["world"]["land"]["depth"], synthetic.land(0)["depth"])
        for frame in session.frames("a", "depth"):
            assert np.array_equal(frame.image(), synthetic.images(frame.tick, 32, 24)["depth"])
        with pickle.loads(pickle.dumps(session)) as again:
            assert again.snapshot(150).villagers.tobytes() == given[150].villagers.tobytes()


def test_every_segment_opens_alone(tmp_path: Path) -> None:
    write(tmp_path / "s.hamlet")
    with Session.open(tmp_path / "s.hamlet") as session:
        paths, seen = session.segments, []
    for number, path in enumerate(paths[1:], 1):
        with Session.open(path) as part:
            assert part.header["segment"] == number and part.segments == (path,)
            assert np.array_equal(part.scenery.heights, synthetic.scenery(np.random.default_rng(4)).heights)
            seen += list(part.ticks)
    assert seen == list(range(seen[0], TICKS))


def test_a_missing_segment_is_told(tmp_path: Path) -> None:
    given = write(tmp_path / "s.hamlet")
    (tmp_path / "s.002.hamlet").unlink()
    with Session.open(tmp_path) as session:
        assert len(session.ticks.stretches) == 2 and "segment 2 is missing before it" in str(session.damage[0])
        before, after = session.ticks.stretches
        assert session.snapshot(after[0]).hashes == given[after[0]].hashes
        assert session.at(after[0] / session.tick_rate - 0.01).tick == before[-1]
        with pytest.raises(SessionError, match=f"no tick {before[-1] + 1}; it holds ticks 0 to {before[-1]}, "):
            session.snapshot(before[-1] + 1)


def test_a_missing_last_segment_is_told(tmp_path: Path) -> None:
    write(tmp_path / "s.hamlet")
    with Session.open(tmp_path) as session:
        session.segments[-1].unlink()
    with Session.open(tmp_path) as session:
        assert not session.complete and "which follows it, is missing" in str(session.damage[0])
        assert 0 < len(session.ticks) < TICKS


def test_a_missing_first_segment_is_told(tmp_path: Path) -> None:
    given = write(tmp_path / "session.hamlet")
    (tmp_path / "session.hamlet").unlink()
    with Session.open(tmp_path) as session:
        assert "segment 0 is missing before it" in str(session.damage[0])
        assert session.ticks[-1] == TICKS - 1 and session.complete
        assert session.snapshot(session.ticks[0]).hashes == given[session.ticks[0]].hashes


@pytest.mark.parametrize(("number", "size"), [(0, 100), (0, -200), (2, -200)])
def test_a_file_cut_off_before_others_is_damage(tmp_path: Path, number: int, size: int) -> None:
    write(tmp_path / "s.hamlet")
    with Session.open(tmp_path) as session:
        path = session.segments[number]
    data = path.read_bytes()
    path.write_bytes(data[:size])
    with Session.open(tmp_path) as session:
        told = [str(damage) for damage in session.damage]
        assert any(str(path) in each and "cut off, and more was recorded after it" in each for each in told), told
        assert not any("missing" in each for each in told)


def test_a_segment_of_another_session_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    write(tmp_path / "one" / "s.hamlet")
    with SessionWriter(
        tmp_path / "two" / "s.hamlet",
        synthetic.header(seed=8),
        synthetic.scenery(np.random.default_rng(0)),
        synthetic.cast(),
        segment_bytes=LIMIT,
    ) as writer:
        for tick in range(TICKS):
            writer.snapshot(synthetic.snapshot(np.random.default_rng(tick), tick))
    (tmp_path / "two" / "s.001.hamlet").replace(tmp_path / "one" / "s.001.hamlet")
    with pytest.raises(SessionError, match=r"s\.001\.hamlet belongs to another session"):
        Session.open(tmp_path / "one")


def test_nothing_that_stands_in_the_way_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "s.001.hamlet").write_bytes(b"somebody's")
    with pytest.raises(SessionError, match=r"s\.001\.hamlet already exists"):
        write(tmp_path / "s.hamlet")
    assert not (tmp_path / "s.hamlet").exists() and (tmp_path / "s.001.hamlet").read_bytes() == b"somebody's"


def test_ticks_are_a_sequence_with_gaps() -> None:
    ticks = Ticks([range(3, 6), range(6, 8), range(20, 20), range(10, 12)])
    assert (
        list(ticks) == [3, 4, 5, 6, 7, 10, 11] and len(ticks) == 7 and ticks.stretches == (range(3, 8), range(10, 12))
    )
    assert [ticks[i] for i in range(-7, 7)] == list(ticks) * 2 and ticks[2:6] == [5, 6, 7, 10]
    assert 7 in ticks and 8 not in ticks and str(ticks) == "ticks 3 to 7, 10 to 11"
    assert (
        Ticks([range(4)]) == range(4) and Ticks([]) == range(0) and not Ticks([]) and str(Ticks([])) == "no tick at all"
    )
    with pytest.raises(IndexError):
        ticks[7]
