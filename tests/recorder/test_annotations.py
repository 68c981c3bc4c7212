"""Tables stay with their frame: written, read, compared, cut, merged, recovered; and metres along the rays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorder.compare import compare
from recorder.container import CorruptSession, Gap, RecordType, SessionError
from recorder.edit import cut, merge
from recorder.listing import records
from recorder.loose import write_frames
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.recover import recover
from recorder.schema import CameraPose, Frame
from recorder.writer import SessionWriter
from tests.recorder import synthetic

CORPUS = Path(__file__).parent / "corpus"
NAMES = ("boxes", "boxes_3d", "keypoints")


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    synthetic.write_session(tmp_path / "a.hamlet", 48)
    return tmp_path / "a.hamlet"


def written(path: Path, tables: dict[str, np.ndarray] | None, images: tuple[str, ...] = ("rgb", "depth")) -> Path:
    """A session of one tick with one frame."""
    rng = np.random.default_rng(1)
    with SessionWriter(path, synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        seen = {name: image for name, image in synthetic.images(0).items() if name in images}
        writer.frame(0, "square", synthetic.POSE, seen, tables)
    return path


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> bool:
    return list(found) == list(wanted) and all(
        found[name].dtype == wanted[name].dtype and found[name].tobytes() == wanted[name].tobytes() for name in wanted
    )


def test_tables_come_back_with_their_frame(recorded: Path) -> None:
    with Session.open(recorded) as session:
        for ref in session.frames("square"):
            assert same(session.annotations(ref.tick, "square"), synthetic.tables(ref.tick))
            assert same(ref.annotations(), synthetic.tables(ref.tick)) and ref.tables == NAMES
        assert len(session.annotations(0, "square")["boxes"]) == 0 < len(session.annotations(16, "square")["boxes"])
        with pytest.raises(SessionError, match="no frame of camera 'lane' at tick 16"):
            session.annotations(16, "lane")


def test_frames_may_have_none(tmp_path: Path) -> None:
    with Session.open(written(tmp_path / "b.hamlet", None)) as session:
        assert session.annotations(0, "square") == {} and session.frames()[0].tables == ()
    for path in CORPUS.glob("v*.hamlet"):
        with Session.open(path) as old:
            assert path.name.startswith("v2-2") or all(ref.annotations() == {} for ref in old.frames())


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((2, 2), synthetic.tables(1)["boxes"].dtype)])
def test_what_is_no_table_is_refused(tmp_path: Path, wrong: np.ndarray) -> None:
    with pytest.raises(SessionError, match=r"has boxes \(.*rows with columns were expected"):
        written(tmp_path / "b.hamlet", {"boxes": wrong})


def test_a_frame_says_how_far_things_are_along_the_rays(recorded: Path) -> None:
    with Session.open(recorded) as session:
        ref = session.frames("square", "range")[1]
        depth, along = ref.image("depth"), ref.image()
        assert along.dtype == np.float32 and along.shape == depth.shape and np.isinf(along[np.isinf(depth)]).all()
        seen = np.isfinite(depth)
        away = ref.pose.unproject(np.where(seen, depth, 0.0)) - np.asarray(ref.pose.position)
        np.testing.assert_allclose(along[seen], np.linalg.norm(away, axis=2)[seen], rtol=1e-6)
        assert (along[seen] >= depth[seen]).all() and "range" not in ref.modalities
    middle = CameraPose((0.0, 0.0, 0.0), 0.0, 0.0, np.pi / 2).ranges(np.full((3, 3), 2.0, np.float32))
    np.testing.assert_allclose(
        middle, 2 * np.sqrt([[17 / 9, 13 / 9, 17 / 9], [13 / 9, 1, 13 / 9], [17 / 9, 13 / 9, 17 / 9]])
    )


def test_range_needs_depth(tmp_path: Path) -> None:
    with Session.open(written(tmp_path / "b.hamlet", None, ("rgb",))) as session:
        assert len(session.frames(modality="range")) == 0
        with pytest.raises(SessionError, match="has no 'depth'"):
            session.frame(0, "square", "range")


def test_a_differing_table_is_told_by_its_value(tmp_path: Path) -> None:
    tables = synthetic.tables(5)
    other = {name: table.copy() for name, table in tables.items()}
    other["boxes_3d"]["yaw"][2] = 0.125
    del other["boxes"]
    one, two = written(tmp_path / "one.hamlet", tables), written(tmp_path / "two.hamlet", other)
    with Session.open(one) as here, Session.open(two) as there, Session.open(one) as again:
        *_, result = compare(here, there)
        assert set(result.frames) == {"boxes", "boxes_3d"} and not result.same
        told = str(result.frames["boxes_3d"].first)
        assert told.startswith("tick 0: frames: square: boxes_3d boxes_3d.yaw[2] ") and told.endswith(
            "instead of 0.125"
        )
        assert str(result.frames["boxes"].first) == "tick 0: frames: square: boxes recorded instead of nothing"
        *_, result = compare(here, again)
        assert result.same


def test_pieces_take_their_tables_along_and_put_them_together_again(recorded: Path, tmp_path: Path) -> None:
    with Session.open(recorded) as session:
        for name, span in (("first", range(20)), ("second", range(20, 48))):
            *_, copied = cut(session, tmp_path / f"{name}.hamlet", span)
            assert copied.frames
    with Session.open(tmp_path / "first.hamlet") as first, Session.open(tmp_path / "second.hamlet") as second:
        assert same(second.annotations(32, "square"), synthetic.tables(32))
        *_, _ = merge([first, second], tmp_path / "both.hamlet")
    with Session.open(tmp_path / "both.hamlet") as both, Session.open(recorded) as session:
        *_, result = compare(both, session)
        assert result.same and same(both.annotations(16, "square"), synthetic.tables(16))


def test_frames_that_disagree_in_a_table_cannot_be_merged(tmp_path: Path) -> None:
    paths = []
    for number, tables in enumerate((synthetic.tables(5), synthetic.tables(6), {"more": synthetic.tables(7)["boxes"]})):
        paths.append(tmp_path / f"{number}.hamlet")
        rng = np.random.default_rng(1)
        header = synthetic.header(run="ab" * 16)
        with SessionWriter(paths[-1], header, synthetic.scenery(rng), synthetic.cast()) as writer:
            writer.snapshot(synthetic.snapshot(rng, 0))
            writer.frame(0, "square", synthetic.POSE, {"rgb": synthetic.images(0)["rgb"]}, tables)
    one, two, three = (Session.open(path) for path in paths)
    with one, two, three:
        with pytest.raises(SessionError, match=r"tick 0: frames: square: boxes boxes\.x\[0\].*they cannot be merged"):
            *_, _ = merge([one, two], tmp_path / "wrong.hamlet")
        *_, _ = merge([one, three], tmp_path / "right.hamlet")
    with Session.open(tmp_path / "right.hamlet") as both:
        assert set(both.annotations(0, "square")) == {*NAMES, "more"}


def test_a_damaged_table_costs_itself_alone(recorded: Path, tmp_path: Path) -> None:
    reader = RecordReader(recorded)
    heads = [met for met in reader.walk() if not isinstance(met, Gap) and met.type == RecordType.TABLE]
    reader.close()
    assert len(heads) == 9
    data = bytearray(recorded.read_bytes())
    data[heads[4].offset + 40] ^= 8
    recorded.write_bytes(data)
    with Session.open(recorded) as session:
        with pytest.raises(CorruptSession, match="checksum"):
            session.annotations(16, "square")
        assert session.frame(16, "square", "rgb").any() and same(
            session.annotations(32, "square"), synthetic.tables(32)
        )
    recovery = recover(recorded, tmp_path / "whole.hamlet")
    assert [str(loss) for loss in recovery.lost] == ["boxes_3d of camera 'square' at tick 16"]
    assert recovery.kept["tables"] == 8 and recovery.kept["frames"] == 3
    wanted = synthetic.tables(16)
    del wanted["boxes_3d"]
    with Session.open(tmp_path / "whole.hamlet") as session:
        assert same(session.annotations(16, "square"), wanted)
        assert same(session.annotations(32, "square"), synthetic.tables(32)) and len(session.frames()) == 3


def test_a_lost_frame_is_made_again_with_its_tables(recorded: Path, tmp_path: Path) -> None:
    reader = RecordReader(recorded)
    heads = [met for met in reader.walk() if not isinstance(met, Gap) and met.type == RecordType.FRAME]
    reader.close()
    data = bytearray(recorded.read_bytes())
    data[heads[1].offset + 40] ^= 8
    recorded.write_bytes(data)
    assert not recover(recorded, tmp_path / "whole.hamlet").lost
    with Session.open(tmp_path / "whole.hamlet") as session:
        assert same(session.annotations(16, "square"), synthetic.tables(16))


def test_loose_files_have_a_line_for_each_frame(recorded: Path, tmp_path: Path) -> None:
    with Session.open(recorded) as session:
        folder = write_frames(session, tmp_path / "loose")
        listed = list(records(session, ["frames"]))
    lines = [json.loads(line) for line in (folder / "annotations.jsonl").read_text().splitlines()]
    assert [line["tick"] for line in lines] == [0, 16, 32] and [each["annotations"] for each in listed] == [
        {name: line[name] for name in NAMES} for line in lines
    ]
    table = synthetic.tables(16)
    assert [row["id"] for row in lines[1]["boxes"]] == table["boxes"]["id"].tolist()
    assert lines[1]["keypoints"][0]["sight"] == table["keypoints"]["sight"][0].tolist()
    assert lines[1]["keypoints"][0]["pixels"][3] == ["NaN", "NaN"]


def test_a_frame_as_json_names_its_tables(recorded: Path) -> None:
    with Session.open(recorded) as session:
        ref = session.frames()[0]
        assert isinstance(ref, Frame) and next(records(session, ["frames"]))["tables"] == list(NAMES)


def test_parts_and_albedo_are_pictures_among_loose_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    seen = {"part": rng.integers(0, 27, (6, 8), np.uint8), "albedo": rng.integers(0, 256, (6, 8, 3), np.uint8)}
    pose = replace(synthetic.POSE, lens="brown", distortion=(-0.1, 0.02))
    with SessionWriter(tmp_path / "b.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        writer.frame(0, "square", pose, seen)
    with Session.open(tmp_path / "b.hamlet") as session:
        folder = write_frames(session, tmp_path / "loose")
    for name, image in seen.items():
        assert np.array_equal(np.asarray(Image.open(folder / "square" / name / "00000000.png")), image)
    [camera] = [json.loads(line) for line in (folder / "cameras.jsonl").read_text().splitlines()]
    assert (camera["lens"], camera["distortion"]) == ("brown", [-0.1, 0.02])
    assert json.loads((folder / "parts.json").read_text())["20"] == "roof"
    assert (folder / "annotations.jsonl").read_text() == ""
