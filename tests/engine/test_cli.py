"""Bad input to every command: one sentence, exit code 2, no traceback, nothing left behind."""

import subprocess
import sys
from pathlib import Path

import pytest

HAMLET = [sys.executable, "-c", "from engine.cli import main; main()"]
ROOT = Path(__file__).parent.parent.parent


def hamlet(*arguments, cwd=None, **options):
    return subprocess.run(
        [*HAMLET, *map(str, arguments)], cwd=cwd or ROOT, capture_output=True, text=True, timeout=120, **options
    )


def assert_refused(done, *parts):
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    sentence = " ".join(done.stderr.split())
    for part in parts:
        assert part in sentence


def test_help_names_the_commands_and_their_options():
    done = hamlet("--help")
    assert done.returncode == 0
    for command in ("watch", "capture", "replay", "doctor"):
        assert command in done.stdout
    assert "--modalities" in hamlet("capture", "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["atlantis"], ["atlantis", "valley"]),
        (["valley", "--fps", "3"], ["capture.fps", "3", "1, 2, 4, 8, 16"]),
        (["valley", "--duration", "soon"], ["capture.duration", "soon", "5min"]),
        (["valley", "--size", "640"], ["capture.size", "640x480"]),
        (["valley", "--modalities", "rgb,smell"], ["smell", "depth"]),
        (["valley", "--seed", "-4"], ["--seed"]),
        (["valley", "--model", "no/such.gguf"], ["no/such.gguf"]),
    ],
)
def test_capture_refuses_bad_input_and_leaves_nothing(tmp_path, arguments, parts):
    out = tmp_path / "out"
    assert_refused(hamlet("capture", *arguments, "--out", out), *parts)
    assert not out.exists() or not list(out.iterdir())


def test_capture_refuses_a_file_that_is_no_model(tmp_path):
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"GGUF" + b"\0" * 64)
    assert_refused(hamlet("capture", "valley", "--model", fake, "--out", tmp_path / "out"), "fake.gguf")


def test_capture_never_writes_over_a_recording(tmp_path):
    recording = tmp_path / "session.hamlet"
    recording.write_bytes(b"precious")
    assert_refused(hamlet("capture", "valley", "--model", "none", "--out", tmp_path), "session.hamlet", "--out")
    assert recording.read_bytes() == b"precious"


def test_capture_refuses_a_folder_that_is_a_file(tmp_path):
    occupied = tmp_path / "out"
    occupied.write_text("a file")
    assert_refused(hamlet("capture", "valley", "--model", "none", "--out", occupied), str(occupied), "--out")


@pytest.mark.parametrize("content", [None, b"", b"not a session", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_replay_refuses_what_is_no_session(tmp_path, content):
    path = tmp_path / "session.hamlet"
    if content is not None:
        path.write_bytes(content)
    assert_refused(hamlet("replay", path, "--headless"), "session.hamlet")


def test_watch_without_a_display_says_what_to_do():
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "DISPLAY": ":9999"}  # a screen that is not there
    done = hamlet("watch", "valley", "--model", "none", env=environment)
    assert_refused(done, "DISPLAY", "capture")
