"""Captures with bad luck: a lost model, a full disk, a killed process, Ctrl-C. Nothing hidden, nothing half there."""

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

import engine.products
from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.products import OutputError
from engine.provenance import Model
from engine.render.graphics import RenderError
from engine.scenario import ScenarioError, build
from engine.voice import lost_words
from recorder.container import SessionError
from recorder.reader import Session
from tests.engine.here import drawn_here
from tests.engine.typed import hamlet
from tests.test_walls import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
SCENARIO: dict[str, Any] = {
    "name": "unlucky",
    "seed": 5,
    "world": {"size_m": 256},
    "village": {"villagers": 4},
    "capture": {"duration": 1.0, "fps": 1.0, "size": (32, 24), "modalities": ("rgb",), "quality": "truth"},
}


class LostVoice(TemplateVoice):
    fallbacks = 3
    failure = "the model's process ended (signal 9)"


def captured(folder, voice, scenario=None):
    capture = Capture(scenario or build(SCENARIO, "test"), folder, voice, Model("some.gguf", "abc"), workers=1)
    with drawn_here():
        *_, last = capture.run()
    return capture, last


def test_lines_the_model_lost_are_counted_in_the_recording(tmp_path):
    voice = LostVoice()
    capture, last = captured(tmp_path, voice)
    assert (last.lost_lines, last.lost_reason) == (3, LostVoice.failure)
    with Session.open(capture.path) as session:
        assert session.summary["lost_lines"] == 3
        assert session.summary["lost_reason"] == LostVoice.failure
    assert "3 lines were" in str(lost_words(voice))
    assert LostVoice.failure in str(lost_words(voice))
    assert not lost_words(TemplateVoice())


@pytest.mark.parametrize(
    ("blow", "felt"), [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left on device"), OutputError)]
)
def test_a_product_that_was_not_finished_is_not_there(tmp_path, monkeypatch, blow, felt):
    def half(_session, path, **_options):
        path.mkdir()
        (path / "some").write_bytes(b"half")
        raise blow

    monkeypatch.setattr(engine.products, "write_frames", half)
    capture, _ = captured(tmp_path, TemplateVoice())
    with pytest.raises(felt):
        list(capture.products())
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"session.hamlet", "director.mp4", "contact_sheet.png", "dialogue.txt", "dialogue.srt"}
    assert Session.open(capture.path).complete


@pytest.mark.parametrize("before", ["nothing", "a folder", "a file in it"])
def test_a_camera_that_cannot_stand_anywhere_leaves_nothing_behind(tmp_path, before):
    out = tmp_path / "runs" / "moon"
    if before != "nothing":
        out.mkdir(parents=True)
    if before == "a file in it":
        (out / "notes.txt").write_text("mine")
    was = sorted(tmp_path.rglob("*"))
    scenario = build({**SCENARIO, "camera": [{"name": "up", "kind": "orbit", "at": "the moon"}]}, "test")
    with pytest.raises(ScenarioError, match="the moon"):
        captured(out, TemplateVoice(), scenario)
    assert sorted(tmp_path.rglob("*")) == was


LONG = """
seed = 5
[world]
size_m = 256
[village]
villagers = 4
[capture]
duration = "1h"
fps = 4
size = "64x48"
modalities = "all"
quality = "truth"
[[camera]]
name = "overlook"
kind = "orbit"
"""
FILE_BYTES = 1 << 20  # to which a file may grow, where the disk is full


@pytest.fixture
def endless(tmp_path):
    """Starts captures of an hour in groups of their own, as a terminal does, and ends what is left of them."""
    (tmp_path / "long.toml").write_text(LONG)
    started = []

    def start(*more, **how):
        arguments = ["capture", str(tmp_path / "long.toml"), "--out", str(tmp_path / "run"), "--model", "none", *more]
        process = subprocess.Popen(
            [sys.executable, "-c", "from engine.entry import main; main()", *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **how,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until(holds, what):
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def frames_of(folder):
    try:
        with Session.open(folder) as session:
            return len(session.frames())
    except (FileNotFoundError, SessionError):
        return 0


def group_of(process):
    """The processes of a group that still run."""
    alive = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                state, _, group = file.read().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(group) == process.pid and state != "Z":
            alive.append(int(name))
    return alive


def test_a_full_disk_ends_with_one_sentence_and_all_before_it_can_be_read(endless, tmp_path):
    def few_bytes():
        resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))

    process = endless("--workers", "1", preexec_fn=few_bytes)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 2, said
    complaint = said.strip().splitlines()
    assert len(complaint) == 1, said
    assert complaint[0].startswith("hamlet: ") and "session.hamlet cannot be written any further" in complaint[0]
    wait_until(lambda: not group_of(process), "processes outlive the capture")
    with Session.open(tmp_path / "run") as session:
        frames = list(session.frames())
        assert len(frames) > 10
        assert [frame.tick for frame in frames] == list(range(0, 4 * len(frames), 4)), "in order, none dropped"
        assert session.ticks[-1] >= frames[-1].tick
        assert all(frames[-1].image(name).shape[:2] == (48, 64) for name in frames[-1].modalities)


def test_ctrl_c_in_a_terminal_reaches_all_processes_and_ends_a_whole_session(endless, tmp_path):
    process = endless("--workers", "1")
    wait_until(lambda: frames_of(tmp_path / "run") > 4, "no frames came")
    os.killpg(process.pid, signal.SIGINT)
    said, complaint = process.communicate(timeout=120)
    assert (process.returncode, complaint) == (0, ""), complaint
    assert "Stopped early" in said
    with Session.open(tmp_path / "run") as session:
        assert session.complete
        ticks = [frame.tick for frame in session.frames()]
        assert ticks == list(range(0, session.ticks[-1] + 1, 4)), "every frame up to the last tick is there"


def test_a_killed_capture_leaves_no_process_behind_and_a_recording_that_can_be_replayed(endless, tmp_path):
    process = endless("--workers", "2")
    wait_until(lambda: frames_of(tmp_path / "run") > 1, "no frames came")
    assert len(group_of(process)) >= 3, "this one and two that draw"
    process.kill()
    wait_until(lambda: not group_of(process), "processes outlive the capture")
    with Session.open(tmp_path / "run") as left:
        assert not left.complete
        assert left.ticks[-1] >= list(left.frames())[-1].tick
    replayed = hamlet("replay", tmp_path / "run", "--verify", "--headless")
    assert replayed.returncode == 0, replayed.stderr


def test_a_drawing_process_that_dies_is_one_sentence_and_what_was_drawn_can_be_read(tmp_path):
    scenario = build({**SCENARIO, "capture": {**SCENARIO["capture"], "duration": 600.0, "fps": 8.0}}, "test")
    capture = Capture(scenario, tmp_path, TemplateVoice(), Model("none", ""), workers=2)
    with pytest.raises(RenderError, match=r"drawing process ended .* fewer --workers"):
        for progress in capture.run():
            if progress.frames > 2:
                for process in multiprocessing.active_children():
                    process.kill()
    assert not multiprocessing.active_children()
    with Session.open(capture.path) as left:
        assert not left.complete
        assert [frame.tick for frame in left.frames()] == list(range(0, 2 * len(left.frames()), 2))
        assert len(left.frames()) > 2


def test_a_device_that_is_not_there_is_said_before_anything_is_made(tmp_path, monkeypatch):
    for wish, sentence in (("63", r"no device 63 .* those there are: "), ("gpu", r"HAMLET_DEVICE: 'gpu' is no device")):
        monkeypatch.setenv("HAMLET_DEVICE", wish)
        with pytest.raises(RenderError, match=sentence):
            Capture(build(SCENARIO, "test"), tmp_path / "run", TemplateVoice(), Model("none", ""))
    assert not (tmp_path / "run" / "session.hamlet").exists()
