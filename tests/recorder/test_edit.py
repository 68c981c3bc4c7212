"""Pieces cut out of a session and joined again are the session; what does not agree is refused and leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.lib.recfunctions as rfn
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder import edit
from recorder.compare import compare
from recorder.container import SessionError
from recorder.edit import Copied, cut, merge
from recorder.header import copied_header
from recorder.reader import Session
from recorder.schema import BUILDING_STATE, ENVIRONMENT, VILLAGER, Snapshot
from recorder.today import as_recorded
from recorder.writer import SessionWriter
from tests.recorder import synthetic

TICKS = 120
EVERY = 16  # ticks from keyframe to keyframe


def write(path: Path, change: tuple[int, str] | None = None, modalities: tuple[str, ...] = ("rgb", "depth")) -> Session:
    """A session of two cameras with keyframes; `change` is a tick and a column in which it is other than usual."""
    rng = np.random.default_rng(3)
    header = synthetic.header(cameras=[{"name": "square"}], modalities=list(modalities))
    with SessionWriter(path, {**header, "run": "one"}, synthetic.scenery(rng), synthetic.cast()) as writer:
        for tick in range(TICKS):
            said = (synthetic.utterance(tick // 10, tick, 25),) if tick % 10 == 7 else ()
            for line in said:
                writer.wording({"key": [line.speaker, tick, 0], "arrival_tick": tick, "text": line.text})
            writer.snapshot(changed(synthetic.snapshot(rng, tick, said=said), change))
            if tick % EVERY == 5:
                writer.keyframe(tick, *synthetic.state(tick))
            if tick % 8 == 0:
                for number, camera in enumerate(("square", "lane")):
                    images = synthetic.images(tick + number, 12, 8)
                    writer.frame(tick, camera, synthetic.POSE, {name: images[name] for name in modalities})
    return Session.open(path)


def changed(snapshot: Snapshot, change: tuple[int, str] | None) -> Snapshot:
    if change is None or change[0] != snapshot.tick:
        return snapshot
    rows = snapshot.villagers.copy()
    rows[change[1]][2] += 1
    return replace(snapshot, villagers=rows)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return write(tmp_path_factory.mktemp("whole") / "s.hamlet")


def piece(session: Session, path: Path, first: int, stop: int) -> Session:
    *_, _ = cut(session, path, range(first, stop))
    return Session.open(path)


def joined(sessions: list[Session], path: Path) -> Session:
    *_, _ = merge(sessions, path)
    return Session.open(path)


def assert_same(here: Session, there: Session) -> None:
    *_, result = compare(here, there)
    assert result.same, result


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.sets(st.integers(1, TICKS - 1), max_size=4), overlap=st.integers(0, 9), order=st.randoms())
def test_pieces_joined_again_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, whole: Session, cuts: set[int], overlap: int, order: object
) -> None:
    folder = tmp_path_factory.mktemp("pieces")
    spans = [(max(0, a - overlap), b) for a, b in pairwise([0, *sorted(cuts), TICKS])]
    pieces = [piece(whole, folder / f"{i}.hamlet", a, b) for i, (a, b) in enumerate(spans)]
    order.shuffle(pieces)  # type: ignore[attr-defined]
    again = joined(pieces, folder / "again.hamlet")
    assert_same(again, whole)
    assert again.keyframes == whole.keyframes and again.complete
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(f"{i}.hamlet" for i in range(len(spans))), "again.hamlet"]
    )


def test_a_folder_is_opened_by_what_is_whole_in_it(tmp_path: Path, whole: Session) -> None:
    piece(whole, tmp_path / "part.hamlet", 10, 20).close()
    (tmp_path / ".unfinished-more.hamlet").write_bytes(b"")
    with Session.open(tmp_path) as session:
        assert session.path.name == "part.hamlet"


def test_a_piece_holds_its_range_and_what_it_takes_to_run_it_again(tmp_path: Path, whole: Session) -> None:
    part = piece(whole, tmp_path / "part.hamlet", 50, 75)
    assert part.ticks == range(50, 75) and part.keyframes == [37, 53, 69]
    assert {ref.tick for ref in part.frames()} == {56, 64, 72}
    assert [line.start_tick for line in part.lines()] == [57, 67]
    assert [word["arrival_tick"] for word in part.wordings()] == [47, 57, 67], "from the carried keyframe on"
    assert part.keyframe(37)["world"]["land"]["soil"]["n"] == 0 and part.keyframe(53)["world"]["land"]["tick"] == 48
    assert len(part._slow) == 2, "each is stored once"
    assert part.header["origin"] == {"kind": "cut", "of": whole.header["id"], "ticks": [50, 74]}
    assert part.header["run"] == whole.header["run"] and part.header["id"] != whole.header["id"]
    for ref in part.frames():
        for name in ref.modalities:
            key = (ref.tick, ref.camera, name)
            assert part.encoded_frame(*key) == whole.encoded_frame(*key), "as it lies"
    *_, result = compare(part, whole)
    assert (result.first, result.wordings, result.lines, result.frames_only_here) == (None, 0, 0, 0), "nothing but less"
    of_piece = piece(part, tmp_path / "smaller.hamlet", 60, 62)
    assert of_piece.keyframes == [53]
    assert of_piece.header["origin"]["earlier"] == [part.header["origin"]]


def test_long_pieces_keep_their_chunks(tmp_path: Path, whole: Session) -> None:
    part = piece(whole, tmp_path / "part.hamlet", 22, 37)
    assert part.ticks == range(22, 37)
    assert len(part._chunks) < 3, "frames at 24 and 32 would break it into three"


def test_gaps_are_allowed_and_told(tmp_path: Path, whole: Session) -> None:
    pieces = [piece(whole, tmp_path / f"{a}.hamlet", a, b) for a, b in ((80, 90), (10, 20))]
    both = joined(pieces, tmp_path / "both.hamlet")
    assert both.ticks.stretches == (range(10, 20), range(80, 90))
    assert sorted(both.keyframes) == [5, 69, 85], "each piece brings the keyframe before it"
    assert both.header["origin"]["kind"] == "merge"
    assert both.header["origin"]["of"] == [each.header["id"] for each in pieces]


def test_what_does_not_agree_is_refused_and_leaves_nothing(tmp_path: Path, whole: Session) -> None:
    other = write(tmp_path / "other.hamlet", change=(33, "x"))
    with pytest.raises(SessionError, match="tick 33: agents: Åsa: x"):
        joined([whole, other], tmp_path / "both.hamlet")
    synthetic.write_session(tmp_path / "stranger.hamlet", 20, 0)
    stranger = Session.open(tmp_path / "stranger.hamlet")
    with pytest.raises(SessionError, match="of another run"):
        joined([whole, stranger], tmp_path / "both.hamlet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.hamlet", "stranger.hamlet"]


def test_frames_of_several_sessions_come_together(tmp_path: Path, whole: Session) -> None:
    drawn = write(tmp_path / "drawn.hamlet", modalities=("depth", "instance"))
    both = joined([whole, drawn], tmp_path / "both.hamlet")
    assert set(both.frame_ref(16, "lane").modalities) == {"rgb", "depth", "instance"}
    assert both.header["modalities"] == ["rgb", "depth", "instance"]
    assert both.encoded_frame(16, "lane", "instance") == drawn.encoded_frame(16, "lane", "instance")


def test_frames_that_do_not_agree_are_refused(tmp_path: Path, whole: Session) -> None:
    rng = np.random.default_rng(3)
    header = {**synthetic.header(), "run": "one"}
    with SessionWriter(tmp_path / "odd.hamlet", header, synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(whole.snapshot(0))
        writer.frame(0, "lane", synthetic.POSE, {"rgb": np.zeros((8, 12, 3), np.uint8)})
    with (
        Session.open(tmp_path / "odd.hamlet") as odd,
        pytest.raises(SessionError, match="tick 0: frames: lane: rgb"),
    ):
        joined([whole, odd], tmp_path / "both.hamlet")


def test_nothing_is_overwritten_and_a_stopped_cut_leaves_nothing(tmp_path: Path, whole: Session) -> None:
    there = tmp_path / "there.hamlet"
    there.write_bytes(b"precious")
    with pytest.raises(SessionError, match="already exists"):
        piece(whole, there, 3, 9)
    assert there.read_bytes() == b"precious"
    with pytest.raises(SessionError, match="there is no folder"):
        piece(whole, tmp_path / "no" / "such.hamlet", 3, 9)
    with pytest.raises(SessionError, match="holds ticks 0 to 119"):
        piece(whole, tmp_path / "none.hamlet", 500, 600)
    work = cut(whole, tmp_path / "stopped.hamlet", range(100))
    assert isinstance(next(work), Copied) and next(work).ticks
    assert not (tmp_path / "stopped.hamlet").exists(), "it appears when it is whole"
    work.close()
    assert [path.name for path in tmp_path.iterdir()] == ["there.hamlet"]


def test_long_sessions_come_in_segments(tmp_path: Path, whole: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit, "SessionWriter", partial(SessionWriter, segment_bytes=40_000))
    part = piece(whole, tmp_path / "part.hamlet", 0, TICKS)
    assert len(part.segments) > 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in part.segments)
    assert_same(part, whole)
    with pytest.raises(SessionError, match=r"part\.001\.hamlet already exists"):
        part.segments[0].unlink()
        piece(whole, tmp_path / "part.hamlet", 0, TICKS)


def test_sessions_of_the_first_format_can_be_cut_and_joined(tmp_path: Path) -> None:
    with Session.open(Path(__file__).parent / "corpus" / "v1-synthetic.hamlet") as old:
        pieces = [piece(old, tmp_path / f"{a}.hamlet", a, b) for a, b in ((0, 33), (33, 60))]
        assert_same(joined(pieces, tmp_path / "again.hamlet"), old)


def test_sessions_of_other_schemas_can_be_cut(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    fewer = [name for name in VILLAGER.names or () if name != "loneliness"]
    lived = []
    for tick in range(20):
        whole = synthetic.snapshot(rng, tick)
        lived.append(replace(whole, villagers=rfn.repack_fields(whole.villagers[fewer])))
    layouts = {"environment": ENVIRONMENT, "villagers": lived[0].villagers.dtype, "buildings": BUILDING_STATE}
    header = copied_header(synthetic.header(), layouts)
    with SessionWriter(tmp_path / "old.hamlet", header, synthetic.scenery(rng), synthetic.cast()) as writer:
        for snapshot in lived:
            writer.snapshot(snapshot)
        with pytest.raises(SessionError, match="other columns than the header says"):
            writer.snapshot(synthetic.snapshot(rng, 20))
    with Session.open(tmp_path / "old.hamlet") as session:
        for _ in cut(session, tmp_path / "piece.hamlet", range(5, 12)):
            pass
    with Session.open(tmp_path / "piece.hamlet") as piece:
        assert piece.ticks == range(5, 12) and piece.columns["villagers"].names == tuple(fewer)
        assert as_recorded(piece.snapshot(7), piece.columns).villagers.tobytes() == lived[7].villagers.tobytes()
        assert piece.snapshot(7).villagers.dtype == VILLAGER and not piece.snapshot(7).villagers["loneliness"].any()
