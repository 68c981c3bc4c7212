"""Who sees whom, as the minds have it, against what a camera in their eyes shows."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from agents.language.templates import TemplateVoice
from agents.perception import seen_by, sight_range
from engine.render.graphics import RenderError, open_context
from engine.render.stage import Stage
from engine.scenario import load
from engine.sight import look
from engine.simulation import Simulation

SIZE = (96, 96)
EYES_PER_HEIGHT, FACE_AHEAD_M = 0.936, 0.15  # eyes above the soles over body height (Drillis & Contini 1966)
AGREED = 0.9  # of pairs at least; most others are hidden by people or trunks, which a mind sees past
LEAST_SHARE = 0.1  # of a figure's own pixels that must show for it to count as seen


def test_minds_see_whom_their_eyes_show():
    try:
        open_context()
    except RenderError as error:
        pytest.skip(f"no headless OpenGL here: {error}")
    simulation = Simulation(load("valley", {"village.villagers": 24, "world.size_m": 512.0}), TemplateVoice())
    stage = Stage(simulation.scenery, simulation.cast, SIZE, ("instance",), quality="truth")
    rng = np.random.default_rng(4)
    said, shown = [], []
    for _ in range(2):
        for _ in range(16 * 40):
            simulation.step()
        rows, bodies, view = simulation.snapshot.villagers, simulation.society.bodies, simulation.world.view()
        out = np.flatnonzero(rows["indoors"] == 0)
        a, b = (each.ravel() for each in np.meshgrid(out, out))
        gap = np.hypot(rows["x"][a] - rows["x"][b], rows["y"][a] - rows["y"][b])
        near = np.flatnonzero((a != b) & (gap < sight_range(view)) & (gap > 1.0))
        for k in rng.permutation(near)[:36]:
            observer, other = int(a[k]), int(b[k])
            eye, face = (_eyes(simulation, row) for row in (observer, other))
            towards = (face - eye) / np.linalg.norm(face - eye)
            pose = look(
                eye + towards * FACE_AHEAD_M, face - (0, 0, 0.7), float(np.degrees(2 * np.arctan(1.2 / gap[k])))
            )
            number = simulation.cast.looks["id"][other]
            shown.append((stage.render(simulation.snapshot, pose)["instance"] == number).sum())
            alone = deepcopy(bodies)  # with the other, and turned to it: lines of sight count
            alone.heading[observer] = np.arctan2(towards[1], towards[0])
            alone.indoors[np.setdiff1d(np.arange(len(alone)), (observer, other))] = True
            said.append(other in seen_by(np.array([observer]), alone, view)[0])
    told, pixels = np.array(said), np.array(shown)
    typical = np.median(pixels[pixels > 0])
    agree = told == (pixels > LEAST_SHARE * typical)
    assert len(agree) >= 60
    assert 0.05 < told.mean() < 0.95  # both occur
    assert agree.mean() >= AGREED
    assert told[pixels > 0.8 * typical].mean() > 0.9  # nobody overlooks who is in full view


def _eyes(simulation, row):
    at = simulation.snapshot.villagers[row]
    height = EYES_PER_HEIGHT * float(simulation.cast.looks["height_m"][row])
    return np.array([float(at["x"]), float(at["y"]), float(at["z"]) + height])
