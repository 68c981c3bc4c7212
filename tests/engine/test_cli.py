"""Bad input to every command: one sentence, exit code 2, no traceback, nothing left behind."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from engine import cli, entry, terminal
from recorder.container import CorruptSession
from recorder.writer import SessionWriter
from tests.engine.typed import hamlet, hamlet_process
from tests.recorder.synthetic import cast, scenery, snapshot


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
        (["valley", "--model", "~nobody-here/such.gguf"], ["~nobody-here", "home directory"]),
        (["valley", "--model", "x" * 5000], ["xxx", "too long"]),
    ],
)
def test_capture_refuses_bad_input_and_leaves_nothing(tmp_path, arguments, parts):
    out = tmp_path / "out"
    assert_refused(hamlet("capture", *arguments, "--out", out), *parts)
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize(
    "command",
    [
        ("capture", "valley"),
        ("render", "session.hamlet"),
        ("fork", "session.hamlet", "--at", "0s", "--set", "weather=storm"),
        ("session", "cut", "session.hamlet", "--ticks", "0:1"),
        ("session", "merge", "a.hamlet", "b.hamlet"),
        ("session", "recover", "session.hamlet"),
        ("study", "rumour"),
        ("world", "map"),
    ],
)
@pytest.mark.parametrize("nothing", ["", " "])
def test_an_output_without_a_name_is_not_the_current_folder(tmp_path, monkeypatch, command, nothing):
    monkeypatch.chdir(tmp_path)
    assert_refused(hamlet(*command, "--out", nothing), "--out", "names nothing")
    assert not list(tmp_path.iterdir())


def test_capture_refuses_a_file_that_is_no_model(tmp_path):
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"GGUF" + b"\0" * 64)
    assert_refused(hamlet_process("capture", "valley", "--model", fake, "--out", tmp_path / "out"), "fake.gguf")


def test_capture_never_writes_over_a_recording(tmp_path):
    recording = tmp_path / "session.hamlet"
    recording.write_bytes(b"precious")
    assert_refused(hamlet("capture", "valley", "--model", "none", "--out", tmp_path), "session.hamlet", "--out")
    assert recording.read_bytes() == b"precious"


def test_capture_refuses_a_folder_that_is_a_file(tmp_path):
    occupied = tmp_path / "out"
    occupied.write_text("a file")
    assert_refused(hamlet("capture", "valley", "--model", "none", "--out", occupied), str(occupied), "--out")


@pytest.mark.parametrize("name", ["overlook.mp4", "contact_sheet.png", "dialogue.txt", "dialogue.srt", "frames/x"])
def test_capture_never_writes_over_what_is_there(tmp_path, name):
    there = tmp_path / name
    there.parent.mkdir(exist_ok=True)
    there.write_bytes(b"precious")
    done = hamlet("capture", "valley", "--model", "none", "--out", tmp_path)
    assert_refused(done, str(tmp_path / name.split("/")[0]), "--out")
    assert there.read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == [name.split("/")[0]]


@pytest.mark.parametrize("option", [["--at", "nonsense"], ["--at", "-5s"], ["--size", "huge"], ["--size", "1x1"]])
def test_replay_names_the_option_that_is_wrong(tmp_path, option):
    assert_refused(hamlet("replay", tmp_path, *option), *option)


def test_watch_names_the_option_that_is_wrong():
    assert_refused(hamlet("watch", "--size", "huge"), "--size", "huge", "640x480")


def test_replay_says_when_the_recording_ends_before_the_asked_moment(tmp_path):
    record(tmp_path, {"start": "2026-06-12T09:30:00"}, ticks=33)
    assert_refused(hamlet("replay", tmp_path, "--at", "1h"), "--at 1h", "beyond the end", "0 s to 2 s")


@pytest.mark.parametrize(
    ("header", "ticks", "option", "part"),
    [
        ({}, 2, "--verify", "does not hold the scenario"),
        ({"scenario": {"name": "old", "moons": 2}}, 2, "--verify", "moons: unknown key"),
        ({"scenario": {"name": "whole"}}, 0, "--verify", "nothing to verify"),
        ({}, 2, "--headless", "no frames"),
        ({}, 0, "--paused", "nothing to show"),
        ({}, 2, "--paused", "when it begins"),
    ],
)
def test_replay_says_what_a_foreign_recording_lacks(tmp_path, header, ticks, option, part):
    record(tmp_path, header, ticks)
    assert_refused(hamlet("replay", tmp_path, option), "session.hamlet", part)


def record(folder, header, ticks):
    rng = np.random.default_rng(1)
    with SessionWriter(folder / "session.hamlet", {"tick_rate": 16, **header}, scenery(rng), cast()) as writer:
        for tick in range(ticks):
            writer.snapshot(snapshot(rng, tick))


@pytest.mark.parametrize("content", [None, b"", b"not a session", b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_replay_refuses_what_is_no_session(tmp_path, content):
    path = tmp_path / "session.hamlet"
    if content is not None:
        path.write_bytes(content)
    assert_refused(hamlet("replay", path, "--headless"), "session.hamlet")


def test_watch_without_a_display_says_what_to_do():
    done = hamlet_process("watch", "valley", "--model", "none", DISPLAY=":9999")  # a screen that is not there
    assert_refused(done, "DISPLAY", "capture")


@pytest.mark.parametrize("number", entry.STOPS)
def test_what_ctrl_c_tidies_up_sigterm_does_too(monkeypatch, number):
    before = {each: signal.getsignal(each) for each in entry.STOPS}
    monkeypatch.setattr(cli, "main", lambda: os.kill(os.getpid(), number))
    try:
        with pytest.raises(KeyboardInterrupt):
            entry.main()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_ctrl_c_before_a_command_begins_ends_without_a_traceback(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == terminal.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_damage_met_on_the_way_names_what_helps(monkeypatch, capsys):
    def met():
        raise CorruptSession(Path("some.hamlet"), 12, "a record is gone")

    monkeypatch.setattr(cli, "app", met)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    sentence = capsys.readouterr().err
    assert ended.value.code == 2 and sentence.count("\n") == 1
    assert "some.hamlet" in sentence and "hamlet session recover" in sentence


def test_progress_is_for_people_alone(capsys):
    with terminal.progress() as bar, terminal.busy("Waiting ..."):
        bar.add_task("counting", total=3, note="one")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")
