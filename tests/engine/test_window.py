"""The real window on a virtual screen, driven by a keyboard and judged by what it shows."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import uniform_filter

from engine.render.stage import Stage
from engine.sight import Surroundings
from engine.sources import RecordedSource
from engine.timeline import Bar
from engine.viewpoints import Viewpoint
from recorder.reader import Session
from tests.engine.typed import hamlet
from tests.test_walls import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("machine_code"),
    pytest.mark.skipif(shutil.which("xdotool") is None, reason="needs xdotool: make tests installs it"),
]
SIZE = (800, 600)
SCENARIO = """
seed = 5
[place]
start = 2026-06-12T10:30:00
[world]
size_m = 512
[village]
villagers = 6
talkativeness = 5.0
[capture]
duration = "25s"
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    folder = tmp_path_factory.mktemp("window")
    (folder / "small.toml").write_text(SCENARIO)
    arguments = ["--model", "none", "--modalities", "none", "--out", folder / "run"]
    assert hamlet("capture", folder / "small.toml", *arguments).returncode == 0
    return folder / "run" / "session.hamlet"


class OpenWindow:
    """A hamlet window on the virtual screen, in a folder of its own for its pictures."""

    def __init__(self, display, folder, *arguments):
        self.folder = folder
        self.environment = {**os.environ, "DISPLAY": display, "PYTHONPATH": str(ROOT)}
        code = "from engine.cli import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments), "--size", f"{SIZE[0]}x{SIZE[1]}"],
            cwd=folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.xdotool("search", "--sync", "--onlyvisible", "--name", "Hamlet", timeout=120)
        self.xdotool("mousemove", str(SIZE[0] // 2), str(SIZE[1] // 2))
        self.picture()  # keys pressed before the first frame go astray

    def xdotool(self, *arguments, timeout=20):
        subprocess.run(["xdotool", *arguments], env=self.environment, check=True, capture_output=True, timeout=timeout)

    def press(self, *keys):
        """Press keys one by one; the tick and the picture (H, W, 3) after the last.

        After each key P is pressed and its picture awaited: a slow machine would take keys that wait in one queue for
        the repeats of a key held down.
        """
        for key in keys:
            self.xdotool("key", key)
            shown = self.picture()
        return shown

    def picture(self):
        """Press P; the tick and the picture (H, W, 3) it saves."""
        before = set(self.folder.glob("hamlet-*.png"))
        for _ in range(6):
            self.xdotool("key", "p")
            deadline = time.monotonic() + 15
            while time.monotonic() < deadline:
                assert self.process.poll() is None, self.process.communicate()[1]
                if new := set(self.folder.glob("hamlet-*.png")) - before:
                    path = max(new)
                    with Image.open(path) as image:
                        return int(path.stem.split("-")[1]), np.asarray(image.convert("RGB")).astype(int)
                time.sleep(0.05)
        raise AssertionError("P saved no picture")

    def close(self):
        self.xdotool("key", "Escape")
        _, complaint = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, complaint


def test_a_recording_shows_the_speaker_and_the_bubble_and_answers_keys(display, recording, tmp_path):
    session = Session.open(recording)
    people = len(session.cast.personas)
    longest = sorted(session.lines(), key=lambda line: line.start_tick - line.end_tick)[:12]
    line = min(longest, key=lambda line: line.speaker or people)  # as few Tabs as there may be
    tick = (line.start_tick + line.end_tick) // 2
    window = OpenWindow(display, tmp_path, "replay", recording, "--paused", "--at", f"{tick / session.tick_rate}s")
    shown, spoken = window.press(*["Tab"] * (people if line.speaker == 0 else line.speaker), "h")
    assert shown == tick
    _, silent = window.press("b")
    assert window.press("period")[0] == tick + 1
    bar = Bar(RecordedSource(session).timeline, SIZE[0])
    x = round(bar.left + (bar.right - bar.left) * (0.23 if tick > session.ticks[-1] / 2 else 0.77))
    window.xdotool("mousemove", str(x), str(SIZE[1] - 35), "click", "1")
    clicked, elsewhere = window.picture()
    assert clicked == bar.tick(x), "a click on the timeline goes there"
    window.xdotool("key", "End")
    assert window.press("comma")[0] == session.ticks[-1] - 10 * session.tick_rate
    _, orbit = window.press("2")
    window.close()

    paper, left = (np.abs(each - np.array([252, 248, 240])).max(axis=-1) < 8 for each in (spoken, silent))
    assert (paper & ~left).sum() > 1500, "no bubble, or B did not take it away"
    assert np.abs(orbit - silent).mean() > 5, "2 did not change the view"

    # The speaker is where a headless rendering of the same moment has them, pixel by pixel.
    view = Viewpoint(Surroundings(session.scenery), np.zeros(3), villager=line.speaker)
    view.switch("follow", session.snapshot(tick))
    stage = Stage(session.scenery, session.cast, SIZE, ("rgb", "instance"), tick_rate=session.tick_rate)
    expected = stage.render(session.snapshot(tick), view.pose(session.snapshot(tick)))
    there = session.snapshot(clicked)
    expected_elsewhere = stage.render(there, view.pose(there))["rgb"].astype(int)
    stage.close()
    body = expected["instance"] == session.cast.looks["id"][line.speaker]
    assert body.sum() > 800
    assert np.median(unlike(silent, expected["rgb"])[body]) <= 4

    # Where the click led, all is as at that tick, between the panel and the timeline; above all what differs by then.
    difference = unlike(elsewhere, expected_elsewhere)
    between = slice(150, -70)
    moved = unlike(expected_elsewhere, expected["rgb"]) > 12
    assert moved[between].sum() > 500
    assert (difference[between] <= 6).mean() > 0.95
    assert (difference[between][moved[between]] <= 6).mean() > 0.85
    assert difference[-54:-20, 30:-30].mean() > 20, "no timeline"


def unlike(one, other):
    """How far two pictures are apart, away from single pixels: a window's edges are not smoothed, a frame's are."""
    size = (5, 5, 1)
    return np.abs(uniform_filter(one.astype(float), size) - uniform_filter(other.astype(float), size)).max(axis=-1)


def test_the_live_window_opens_flies_and_closes(display, tmp_path):
    (tmp_path / "small.toml").write_text(SCENARIO)
    window = OpenWindow(display, tmp_path, "watch", tmp_path / "small.toml", "--model", "none")
    tick, before = window.press("1", "space")
    window.xdotool("keydown", "w")
    time.sleep(1.5)
    window.xdotool("keyup", "w")
    later, after = window.picture()
    window.close()
    assert later == tick, "space did not pause"
    assert np.abs(after - before).mean() > 5, "W did not move the camera"
    assert before[:60].mean(axis=(0, 1))[2] > before[-160:].mean(axis=(0, 1))[2], "the sky is above the ground"
