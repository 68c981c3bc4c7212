"""The commands `hamlet session ...`, as they are typed: what they print, what they leave, how they end."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.overview_page import format_bytes
from engine.quantities import tick_range
from recorder.channels import as_json
from recorder.overview import overview
from recorder.reader import Session
from recorder.writer import SessionWriter
from tests.engine import typed
from tests.recorder import synthetic

TICKS = 64


def hamlet(*arguments: object) -> subprocess.CompletedProcess[str]:
    return typed.hamlet("session", *arguments)


def lines_of(done: subprocess.CompletedProcess[str]) -> list[Any]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up session with two cameras and a keyframe, in a folder of its own."""
    path = tmp_path_factory.mktemp("run") / "session.hamlet"
    rng = np.random.default_rng(3)
    with SessionWriter(path, synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        for tick in range(TICKS):
            said = (synthetic.utterance(tick // 16, tick),) if tick % 16 == 4 else ()
            for line in said:
                writer.wording({"key": [line.speaker, tick, 0], "arrival_tick": tick, "text": line.text})
            writer.snapshot(synthetic.snapshot(rng, tick, said=said))
            if tick == 32:
                writer.keyframe(tick, {"tick": tick, "trust": np.arange(4.0)})
            if tick % 16 == 0:
                for camera in ("square", "lane"):
                    writer.frame(tick, camera, synthetic.POSE, synthetic.images(tick, 16, 12))
    return path


def test_info_fits_a_terminal_and_says_what_there_is(path: Path) -> None:
    done = typed.hamlet_process("session", "info", path.parent)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    words = " ".join(done.stdout.split())
    for part in (
        "a made-up morning, seed 7 complete",
        "Sun 4 May 2025, 07:30:00 to 07:30:03, 4 s",
        "0 to 63, 16 each second",
        "4: Mira, Tomas, Åsa, Jorun",
        "16x12",
        "within the 6.0 MB promised",
    ):
        assert part in words, part


def test_info_for_programs_adds_up(path: Path) -> None:
    (seen,) = lines_of(hamlet("info", "--json", path))
    assert (seen["ticks"], seen["lines"], seen["wordings"], seen["keyframes"]) == ([[0, 63]], 4, 4, 1)
    assert seen["world_s"] == 4.0 and seen["state"] == "complete" and seen["bytes"] == path.stat().st_size
    framing = 2 * 32 + 16  # heads and trailer of the file
    assert sum(weight["bytes"] for weight in seen["weights"].values()) + framing == seen["bytes"]
    assert {name: view["frames"] for name, view in seen["cameras"].items()} == {"square": 4, "lane": 4}
    images = sum(weight["bytes"] for view in seen["cameras"].values() for weight in view["modalities"].values())
    assert images == seen["weights"]["blob"]["bytes"]
    kept = sum(seen["weights"][kind]["bytes"] for kind in ("chunk", "utterance", "wording", "keyframe"))
    assert seen["agent_hour_bytes"] == pytest.approx(kept / (4 * 4 / 3600))


def test_info_tells_of_a_session_that_was_cut_off(path: Path, tmp_path: Path) -> None:
    cut_off = tmp_path / "session.hamlet"
    cut_off.write_bytes(path.read_bytes()[:-300])
    with Session.open(cut_off) as session:
        assert overview(session).state == "cut off"
        last = session.ticks[-1]
    words = " ".join(hamlet("info", cut_off).stdout.split())
    assert f"cut off after tick {last}; all before that is there" in words and f"ticks 0 to {last}," in words
    told = hamlet("verify", cut_off)
    assert told.returncode == 0 and f"is whole up to tick {last}, after which it was cut off" in told.stdout


def test_cat_gives_back_the_whole_session(path: Path) -> None:
    records = lines_of(hamlet("cat", path))
    kinds = Counter(record["record"] for record in records)
    by_kind: dict[str, list[Any]] = {kind: [] for kind in kinds}
    for record in records:
        by_kind[record.pop("record")].append(record)
    with Session.open(path) as session:
        assert by_kind["header"] == [json.loads(json.dumps(session.header))]
        for record, snapshot in zip(by_kind["ticks"], session.snapshots(), strict=True):
            assert record["tick"] == snapshot.tick and record["time_s"] == snapshot.tick / 16
            assert record["hashes"] == {room: digest.hex() for room, digest in snapshot.hashes.items()}
            for name in snapshot.villagers.dtype.names or ():
                column = np.array([row[name] for row in record["villagers"]], snapshot.villagers.dtype[name])
                assert np.array_equal(column, snapshot.villagers[name])
            for name in snapshot.environment.dtype.names or ():
                assert record["environment"][name] == snapshot.environment[name]
        assert by_kind["events"] == [as_json("events", event) for event in session.events()]
        assert by_kind["utterances"] == json.loads(
            json.dumps([as_json("utterances", each) for each in session.lines()])
        )
        assert by_kind["wordings"] == session.wordings()
        assert [(ref["tick"], ref["camera"]) for ref in by_kind["frames"]] == [
            (ref.tick, ref.camera) for ref in session.frames()
        ]
        assert by_kind["keyframes"] == [{"tick": 32, "state": {"tick": 32, "trust": [0.0, 1.0, 2.0, 3.0]}}]


@pytest.mark.parametrize(
    ("ticks", "numbers"),
    [("10:14", range(10, 14)), ("3s:", range(48, 64)), (":0.25s", range(4)), ("0s:2", range(2))],
)
def test_cat_takes_ticks_and_times(path: Path, ticks: str, numbers: range) -> None:
    records = lines_of(hamlet("cat", path, "--what", "ticks", "--ticks", ticks))
    assert [record["tick"] for record in records] == list(numbers)


def test_cat_stops_where_nobody_reads_on(path: Path) -> None:
    process = subprocess.Popen(
        [*typed.HAMLET, "session", "cat", str(path)], cwd=typed.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    assert json.loads(process.stdout.readline())["record"] == "header"
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(60) == 0
    process.stderr.close()


def test_cut_merge_and_diff_as_typed(path: Path, tmp_path: Path) -> None:
    a, b, both = (tmp_path / name for name in ("a.hamlet", "b.hamlet", "both.hamlet"))
    done = hamlet("cut", path, "--ticks", ":2s", "--out", a)
    assert done.returncode == 0 and "32 ticks, 2 lines, 4 frames, no keyframes" in done.stdout
    done = hamlet("cut", path, "--ticks", "40:", "--out", b)
    assert "24 ticks, 1 line, 2 frames, 1 keyframe" in done.stdout
    done = hamlet("merge", b, a, "--out", both)
    assert done.returncode == 0 and "ticks 0 to 31, 40 to 63" in done.stdout
    done = hamlet("diff", both, path)
    assert done.returncode == 1
    assert "All they share is the same: 56 ticks" in done.stdout
    assert "Only in B: 8 ticks, 2 frames." in done.stdout
    done = hamlet("diff", path.parent, path)
    assert done.returncode == 0 and "The same: 64 ticks, 4 lines, 8 frames." in done.stdout


def test_diff_says_where_first(path: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    other = tmp_path / "other.hamlet"
    with (
        Session.open(path) as session,
        SessionWriter(other, synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer,
    ):
        for snapshot in session.snapshots():
            if snapshot.tick >= 20:
                rows = snapshot.villagers.copy()
                rows["activity"][1] = 3
                writer.snapshot(replace(snapshot, villagers=rows, utterances=(), hashes={}))
            else:
                writer.snapshot(snapshot)
    done = hamlet("diff", other, path)
    assert done.returncode == 1
    words = " ".join(done.stdout.split())
    assert "The same up to tick 19 (1 s), different from tick 20 on." in words
    assert "First difference: tick 20: agents: Tomas: activity" in words
    assert "agents: activity 44 values, first at tick 20, Tomas" in words and "language 3 lines" in words
    assert "Only in B: 8 frames, 1 keyframe." in words


def test_verify_as_typed(path: Path, tmp_path: Path) -> None:
    done = hamlet("verify", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is whole" in done.stdout and "64 ticks, 4 lines, 56 images" in done.stdout
    assert "The keyframes were read but not put back" in " ".join(done.stdout.split())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    bad = tmp_path / "bad.hamlet"
    bad.write_bytes(data)
    done = hamlet("verify", bad)
    assert done.returncode == 1 and "wrong" in done.stderr and "damaged at byte" in done.stdout
    assert bad.read_bytes() == data, "it only reads"


def test_recover_as_typed(path: Path, tmp_path: Path) -> None:
    bad, whole = tmp_path / "bad.hamlet", tmp_path / "whole.hamlet"
    with Session.open(path) as session:
        _, (_, offset) = session._said[1]
    data = bytearray(path.read_bytes())
    data[offset + 40 : offset + 80] = bytes(40)
    bad.write_bytes(data)
    done = hamlet("recover", bad, "--out", whole)
    assert done.returncode == 3 and "Lost" in done.stdout and "utterance at tick 20" in done.stdout
    assert hamlet("verify", whole).returncode == 0
    assert hamlet("recover", path, "--out", tmp_path / "same.hamlet").returncode == 0
    bad.write_bytes(data[:100])
    done = hamlet("recover", bad, "--out", tmp_path / "none.hamlet")
    assert done.returncode == 1 and "nothing to recover" in done.stderr
    assert not (tmp_path / "none.hamlet").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["info", "{missing}"], "cannot be opened"),
        (["verify", "{path}", "--mode", "fast"], "choose from state or resim"),
        (["cat", "{path}", "--what", "smells"], "'smells' is not known"),
        (["cat", "{path}", "--ticks", "9"], "is no range"),
        (["cut", "{path}", "--ticks", "60:900", "--out", "{new}"], "the recording holds ticks 0 to 63"),
        (["cut", "{path}", "--ticks", "5:9", "--out", "{path}"], "already exists"),
        (["merge", "{path}", "--out", "{new}"], "two or more"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(path: Path, tmp_path: Path, arguments: list[str], part: str) -> None:
    names = {"path": path, "missing": tmp_path / "missing.hamlet", "new": tmp_path / "new.hamlet"}
    done = hamlet(*(argument.format(**names) for argument in arguments))
    assert done.returncode == 2
    assert part in done.stderr and done.stderr.startswith("hamlet: ") and done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_ranges() -> None:
    ticks = range(100, 200)
    assert tick_range("120:1min", ticks, 3) == range(120, 180)
    assert tick_range(":", ticks, 3) == ticks
    for text in ("100:100", "99:120", "150:201", "a:b", "1:2:3", ""):
        with pytest.raises(ValueError, match=r"range|recording|duration"):
            tick_range(text, ticks, 3)


def test_bytes_in_words() -> None:
    assert [format_bytes(count) for count in (0, 999, 1000, 1234567, 5e9, 2e12)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.2 MB",
        "5.0 GB",
        "2000.0 GB",
    ]


def test_a_scenery_that_nobody_can_draw_is_one_sentence(path: Path) -> None:
    done = typed.hamlet("replay", path, "--headless")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert str(path) in done.stderr and "cannot be drawn" in done.stderr and "building" in done.stderr


def test_an_output_nobody_listens_to_is_no_error(path: Path) -> None:
    command = shlex.join([*typed.HAMLET, "session", "info", "--json", str(path)])
    done = subprocess.run(f"{command} >&-", shell=True, cwd=typed.ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
