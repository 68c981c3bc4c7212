"""The window and what lies over it; needs a display, which Xvfb is enough for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.render.hud import TAIL_PX, rounded

SHOW = """
import numpy as np
from panda3d.core import PNMImage
from engine.render.hud import Bubble, Overlay
from engine.render.stage import Stage
from tests.engine.render import valleys as V
scenery, cast, villagers = V.valley(65, 40, 3)
stage = Stage(scenery, cast, (160, 120), ("rgb", "instance"), window_title="Hamlet")
pose = V.looking((-9.0, -7.0, 14.0), (3.0, 3.0, 12.6))
now = V.snapshot(villagers)
def seen():
    stage.show(now, pose, overlay)
    stage.show(now, pose, overlay)
    image = PNMImage()
    stage.window.get_screenshot(image)
    return np.array([[image.get_gray(x, y) if image.is_grayscale() else sum(image.get_xel(x, y)) / 3
                      for x in range(160)] for y in range(120)]) * 255
overlay = Overlay()
bare = seen()
rendered = stage.render(now, pose)["rgb"].mean(axis=-1)
overlay = Overlay((Bubble("Mira", "Good morning.", (3.0, 3.0, 12.6)),), ("09:30",), "Esc leaves")
written = seen()
print(abs(bare - rendered).mean(), (abs(written - bare) > 30).mean())
stage.close()
"""


def test_the_window_shows_what_the_capture_sees_and_the_overlay_on_top(display: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    difference, covered = map(float, run.stdout.split()[-2:])
    assert difference < 1.0  # the same picture, the same way up
    assert 0.02 < covered < 0.8


def test_a_bubble_is_inside_its_box_and_its_tail_points_down() -> None:
    outline, fan = rounded(80.0, 40.0, 20.0)
    body = outline[1:-3]
    assert body.min() >= -1e-9 and (body <= np.array([80.0, 40.0]) + 1e-9).all()
    assert outline[:, 1].min() == -TAIL_PX and outline[outline[:, 1].argmin(), 0] == 20.0
    a, b, c = (outline[fan[:, k]] for k in range(3))
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    expected = 80 * 40 - (4 - np.pi) * 9.0**2 + TAIL_PX * (TAIL_PX + 0.5) / 2
    assert np.abs(areas).sum() == pytest.approx(expected, rel=0.01)
