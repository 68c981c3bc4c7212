"""What people open after a capture, opened again with other software."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from assets.palette import LABEL_COLOURS, Part, SemanticClass
from recorder import falsecolour, lettering
from recorder.annotate import class_lookup, instance_table, visible_villagers
from recorder.container import SessionError
from recorder.dialogue import cues, write_dialogue, write_srt
from recorder.loose import write_frames
from recorder.reader import Session
from recorder.schema import CameraPose
from recorder.sheet import write_contact_sheet
from recorder.video import captioned, write_video
from recorder.writer import SessionWriter
from tests.boxes import visible_boxes
from tests.recorder import synthetic


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    path = tmp_path_factory.mktemp("products") / "s.hamlet"
    synthetic.write_session(path, every=4, size=(160, 120), cameras=("square", "lane"))
    return Session.open(path)


def test_video_shows_every_line_at_its_time(session: Session, tmp_path: Path) -> None:
    path = write_video(session, "square", tmp_path / "v.mp4", 8)
    plain = {ref.tick: session.frame(ref.tick, "square", "rgb") for ref in session.frames("square")}
    pictures: list[Any] = []
    said: list[Any] = []
    with av.open(str(path)) as container:
        video, speech = container.streams.video[0], container.streams.subtitles[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height, video.average_rate) == (640, 480, 8)
        assert speech.codec_context.name == "mov_text"
        assert float(container.duration) / 1e6 == pytest.approx(6.0, abs=0.01)
        for packet in container.demux(video, speech):
            if packet.stream is speech and packet.size > 2:
                text = bytes(packet)[2:].decode()
                said.append((float(packet.pts * packet.time_base), float(packet.duration * packet.time_base), text))
            elif packet.stream is video:
                pictures += [(frame.time, frame.to_ndarray(format="rgb24")) for frame in packet.decode()]
    assert len(pictures) == 48 and [time for time, _ in pictures] == [n / 8 for n in range(48)]
    assert said == [(cue.start_s, pytest.approx(cue.end_s - cue.start_s, abs=0.002), cue.text) for cue in cues(session)]
    assert said[0][0] == 4 / 16 and said[0][2].startswith("Mira: Good morning, Tomas.")
    big = np.asarray(Image.fromarray(plain[0]).resize((640, 480), Image.Resampling.LANCZOS)).astype(int)
    third = (slice(360, 470), slice(100, 540))
    silent, talking = pictures[0][1].astype(int), pictures[4][1].astype(int)
    assert np.abs(silent[third] - big[third]).mean() < 6
    assert (talking[third] > 220).all(axis=-1).sum() > 400 and talking[third].mean() < silent[third].mean() - 15
    assert np.abs(silent[100:300, 300:] - big[100:300, 300:]).mean() < 6


def test_frames_are_held_until_the_next(tmp_path: Path) -> None:
    path = tmp_path / "s.hamlet"
    synthetic.write_session(path, ticks=40, every=16, size=(64, 48))
    with Session.open(path) as session:
        made = write_video(session, "square", tmp_path / "v.mp4", 16)
        with pytest.raises(SessionError, match="no rgb frames of camera 'roof'"):
            write_video(session, "roof", tmp_path / "w.mp4", 16)
        with pytest.raises(SessionError, match="cannot be written"):
            write_video(session, "square", tmp_path / "missing" / "v.mp4", 16)
    with av.open(str(made)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 48  # frames at 0, 1 and 2 s, the last one held for 1 s


def test_odd_sizes_become_even(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "s.hamlet", ticks=2, every=1, size=(501, 485))
    with Session.open(tmp_path / "s.hamlet") as session:
        made = write_video(session, "square", tmp_path / "v.mp4", 16)
    with av.open(str(made)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (500, 484)
        assert sum(1 for _ in container.decode(video=0)) == 2


def test_captions_without_dejavu(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    lettering.font.cache_clear()
    monkeypatch.setattr(lettering, "FAMILY", "NoSuchFont")
    plain: Any = lettering.font(20)
    assert plain.getname()[0] != "DejaVu Sans"
    assert lettering.legible("Åsa – 世 fine", plain) == "Asa - ? fine"
    ref = next(ref for ref in session.frames("square") if ref.tick == 8)
    picture = captioned(session, ref, [synthetic.utterance(2, 8)])
    lettering.font.cache_clear()
    assert (picture[330:470, 100:540] > 220).all(axis=-1).sum() > 400


@settings(deadline=None)
@given(st.text(max_size=80), st.integers(30, 400))
def test_wrapping_keeps_every_letter_and_the_width(text: str, width: int) -> None:
    face = lettering.font(14)
    lines = lettering.wrap(text, face, width)
    assert "".join("".join(line.split()) for line in lines) == "".join(text.split())
    assert lettering.legible("Åsa – “naïve” · °C", face) == "Åsa – “naïve” · °C"
    assert all(lettering.text_width(line, face) <= width for line in lines if len(line) > 1)


def test_contact_sheet_shows_everything(session: Session, tmp_path: Path) -> None:
    path = write_contact_sheet(session, tmp_path / "sheet.png")
    sheet = Image.open(path)
    pixels = np.asarray(sheet.convert("RGB"))
    assert sheet.width == 36 * 2 + 6 * 312 - 12 and sheet.height > 1500
    assert pixels.std() > 30 and len(np.unique(pixels @ np.array([1, 256, 65536]))) > 2000
    for expected in (LABEL_COLOURS[SemanticClass.VILLAGER], falsecolour.NOT_VALID, (128, 128, 255)):
        assert (pixels == np.array(expected)).all(axis=-1).sum() > 500


def test_contact_sheet_has_a_column_for_every_modality(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    seen = synthetic.images(0)
    height, width = seen["depth"].shape
    parts = np.repeat(np.arange(max(Part) + 1, dtype=np.uint8), -(-height * width // (max(Part) + 1)))
    still = {"back_flow": np.zeros((height, width, 2), np.float32), "back_flow_valid": np.zeros((height, width), bool)}
    more = {"part": parts[: height * width].reshape(height, width), "albedo": seen["rgb"], **still}
    with SessionWriter(tmp_path / "s.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        writer.frame(0, "a", synthetic.POSE, {**seen, **more})
    with Session.open(tmp_path / "s.hamlet") as session:
        pixels = np.asarray(Image.open(write_contact_sheet(session, tmp_path / "sheet.png")).convert("RGB"))
    assert pixels.shape[1] == 36 * 2 + 9 * 312 - 12
    left, right = (falsecolour.PART_COLOURS[part] for part in (Part.HAND_LEFT, Part.HAND_RIGHT))
    assert all((pixels == colour).all(axis=-1).sum() > 500 for colour in (left, right, falsecolour.NOT_VALID))
    assert len(np.unique(falsecolour.PART_COLOURS, axis=0)) == len(Part) and left.sum() < right.sum()


def test_contact_sheet_of_few_modalities(tmp_path: Path) -> None:
    path = tmp_path / "s.hamlet"
    synthetic.write_session(path, ticks=1, every=0)
    with Session.open(path) as empty, pytest.raises(SessionError, match="no frames"):
        write_contact_sheet(empty, tmp_path / "sheet.png")
    other = tmp_path / "t.hamlet"
    rng = np.random.default_rng(0)
    with SessionWriter(other, synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        writer.frame(0, "a", synthetic.POSE, {"rgb": synthetic.images(0)["rgb"]})
    with Session.open(other) as one:
        assert Image.open(write_contact_sheet(one, tmp_path / "sheet.png")).width >= 900
        assert write_video(one, "a", tmp_path / "v.mp4", 8).stat().st_size > 0


def test_frames_of_any_shape_make_a_video(tmp_path: Path) -> None:
    """Small frames are enlarged, but never beyond what the encoder takes."""
    rng = np.random.default_rng(0)
    with SessionWriter(tmp_path / "s.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        for camera, (width, height) in {"wide": (2000, 16), "tall": (17, 300), "odd": (641, 479)}.items():
            writer.frame(0, camera, synthetic.POSE, {"rgb": np.zeros((height, width, 3), np.uint8)})
    with Session.open(tmp_path / "s.hamlet") as session:
        for camera in session.cameras:
            assert write_video(session, camera, tmp_path / f"{camera}.mp4", 8).stat().st_size > 0


def test_dialogue_is_all_there(session: Session, tmp_path: Path) -> None:
    text = write_dialogue(session, tmp_path / "d.txt").read_text("utf-8")
    flat = " ".join(text.split())
    for line in session.lines():
        assert " ".join(line.text.split()) in flat
    assert "Mira and Tomas: Mill Lane 3; Sun 4 May 2025, 07:30; cloudy, 10 °C, wind 4 m/s" in text
    assert "07:30:01  Tomas" in text and "[tell, weather; model]" in text and "Jorun, 51, shepherd" in text
    srt = write_srt(session, tmp_path / "d.srt").read_text("utf-8")
    assert srt.startswith("1\n00:00:00,250 --> 00:00:01,750\nMira: Good morning")
    made = cues(session)
    assert all(a.end_s <= b.start_s for a, b in pairwise(made))


def test_loose_frames_hold_the_same_numbers(session: Session, tmp_path: Path) -> None:
    folder = write_frames(session, tmp_path / "frames")
    records = [json.loads(line) for line in (folder / "cameras.jsonl").read_text().splitlines()]
    assert len(records) == 48 and records[2]["tick"] == 4
    record = records[-1]
    for modality, name in record["files"].items():
        image = session.frame(record["tick"], record["camera"], modality)
        if name.endswith(".npy"):
            assert np.array_equal(np.load(folder / name, allow_pickle=False), image)
        else:
            read = np.asarray(Image.open(folder / name))
            read = read.astype(np.uint32) @ [1, 256, 65536] if modality == "instance" else read
            assert np.array_equal(read, image)
    assert record["files"]["depth"] == "lane/depth/00000092.npy"
    K, R = np.array(record["K"]), np.array(record["rotation_world_from_camera"])
    point = np.array(record["position"]) + 7 * R[:, 2] + 0.5 * R[:, 0]
    pose = session.pose(record["tick"], "lane")
    pixels, depth = pose.project(point[None], (160, 120))
    assert (*pixels[0], depth[0]) == pytest.approx((K[0, 2] + K[0, 0] / 14, K[1, 2], 7))
    said = [json.loads(line) for line in (folder / "utterances.jsonl").read_text().splitlines()]
    assert [line["text"] for line in said] == [line.text for line in session.lines()]
    assert said[1]["speaker_name"] == "Tomas" and said[1]["positions"]["0"] == [1.0, 2.0, 0.5]


def test_camera_names_stay_inside_the_folder(tmp_path: Path) -> None:
    synthetic.write_session(tmp_path / "s.hamlet", ticks=1, every=1, cameras=("../../up",))
    with Session.open(tmp_path / "s.hamlet") as session:
        write_frames(session, tmp_path / "out" / "frames")
    assert {path.name for path in tmp_path.iterdir()} == {"s.hamlet", "out"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["frames"]


@settings(deadline=None)
@given(hnp.arrays(np.uint32, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 4)))
def test_boxes_against_counting(ids: np.ndarray) -> None:
    boxes = visible_boxes(ids)
    counts = Counter(ids.reshape(-1).tolist())
    assert boxes["id"].tolist() == sorted(set(counts) - {0})
    for box in boxes:
        inside = ids[box["y"] : box["y"] + box["h"], box["x"] : box["x"] + box["w"]] == box["id"]
        assert inside.sum() == box["pixels"] == counts[int(box["id"])]
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def test_ids_have_classes_and_names(session: Session) -> None:
    table = instance_table(session.scenery, session.cast)
    assert (table[16].semantic, table[17].semantic, table[18].semantic) == (3, SemanticClass.BUSH, SemanticClass.ROCK)
    assert (table[19].name, table[20].semantic) == ("Mill Lane 3", SemanticClass.WELL)
    assert table[34].name == "Åsa" and table[2].semantic is SemanticClass.WATER
    lookup = class_lookup(session.scenery, session.cast)
    images = synthetic.images(0)
    assert np.array_equal(lookup[images["instance"]], images["semantic"])
    seen = visible_villagers(images["instance"], session.cast)
    assert list(seen) == [0, 1, 2, 3] and seen[0] == (images["instance"] == 32).sum()


def test_a_camera_looking_north_sees_east_on_the_right() -> None:
    pose = CameraPose((0, 0, 1), np.pi / 2, 0.0, np.pi / 2)
    pixels, depth = pose.project(np.array([[5.0, 10.0, 6.0], [0.0, -10.0, 1.0]]), (200, 100))
    assert pixels[0] == pytest.approx((125, 25)) and np.isnan(pixels[1]).all()
    assert depth == pytest.approx((10, -10))


def test_motion_to_the_right_is_red_and_still_is_white() -> None:
    flow = np.array([[[3.0, 0], [0, 0], [0, -3], [9, 9]]], np.float32)
    red, white, up, unknown = falsecolour.flow_colours(flow, np.array([[True, True, True, False]]), 3.0)[0].astype(int)
    assert red[0] > 240 and red[1] < 10 and red[2] < 10
    assert white.min() > 240 and tuple(unknown) == tuple(falsecolour.NOT_VALID)
    assert up[1] > 240 and up[0] < 130 and up[2] < 10


def test_a_contact_sheet_shows_every_camera_and_frames_of_any_proportions(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes = {f"c{k}": (64, 48) for k in range(9)} | {"sweep": (8192, 1), "post": (16, 4096)}
    with SessionWriter(tmp_path / "s.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        for number, (camera, (width, height)) in enumerate(sizes.items()):
            paint = np.array([255, 20 * number, 0], np.uint8)
            writer.frame(0, camera, synthetic.POSE, {"rgb": np.tile(paint, (height, width, 1))})
    with Session.open(tmp_path / "s.hamlet") as session:
        sheet = np.asarray(Image.open(write_contact_sheet(session, tmp_path / "sheet.png")).convert("RGB"))
    assert sheet.shape[0] < 12 * 700
    colours = sheet @ np.array([1, 256, 65536], np.int32)
    shown = [colours == 255 + 256 * 20 * number for number in range(len(sizes))]
    boxes = [[int(np.ptp(axis)) + 1 for axis in np.nonzero(each)] for each in shown]
    assert boxes == [*[[225, 300]] * 9, [1, 300], [600, 2]]
