"""The machine code of a run, made before the first needs it: `python -m engine.machine_code`.

Numba compiles what is called; so a small village lives through two rainy minutes, and pictures are measured and stored.
"""

from __future__ import annotations

import time
from contextlib import suppress
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.language.templates import TemplateVoice
from engine.annotations import annotate
from engine.render.unpacking import colours_of, depth_of, flow_of, labels_of, normals_of
from engine.residues import fast_residues
from engine.scenario import Scenario, build
from engine.simulation import Simulation
from recorder.images import encode_image
from recorder.schema import CameraPose
from world.compiled import CODE
from world.view import Onlookers
from world.walking.sight import FEW

MADE = CODE / "made"  # is there when all was made
TICKS = 240  # until somebody has walked, talked, seen and remembered
PICTURE = 36, 48  # rows and columns


def village() -> Scenario:
    """Eight talkative people at noon, in the rain."""
    return build(
        {
            "name": "machine_code",
            "seed": 5,
            "place": {"start": "2026-06-12T12:50:00"},
            "world": {"size_m": 256, "tick_rate": 2},
            "village": {"villagers": 8, "talkativeness": 5.0},
            "weather": {"opening": "rain"},
        },
        "machine code",
    )


def make() -> None:
    """Compile what runs and captures call, or read it where it is kept; kept beside valleys, see `world.compiled`."""
    run = Simulation(village(), TemplateVoice())
    for _ in range(TICKS):
        run.step()
    person = run.snapshot.villagers[0]
    beside = CameraPose((person["x"] - 4.0, person["y"], person["z"] + 1.5), 0.0, 0.0, 1.0)
    images = {"instance": np.zeros(PICTURE, np.uint32), "depth": np.full(PICTURE, np.inf, np.float32)}
    annotate(run.scenery, run.cast, run.snapshot, beside, images, 0.0)
    _store_a_picture()
    _look_round_in_a_crowd(run)
    with suppress(OSError):  # of which world.compiled has told
        MADE.parent.mkdir(parents=True, exist_ok=True)
        MADE.touch()


def _store_a_picture() -> None:
    """Take the targets of a drawn frame apart, and make of its images what a session holds."""
    target, ids = np.zeros((*PICTURE, 4), np.float32), np.zeros((*PICTURE, 4), np.uint8)
    one, two, three, four = (target[..., k] for k in range(4))
    labels_of(ids.view("<u4")[..., 0], np.zeros(1, np.uint8))
    flow, _ = flow_of(one, two, four, 0)
    images: dict[str, NDArray[Any]] = {"rgb": colours_of(ids), "depth": depth_of(one), "flow": flow}
    images["normal"] = normals_of(two, three, four)
    for name, image in images.items():
        encode_image(name, image, fast_residues)


def _look_round_in_a_crowd(run: Simulation) -> None:
    """More people than the village has, who find each other another way."""
    n = FEW + 1
    x, y, eyes, heading = np.arange(float(n)), np.zeros(n), np.full(n, 1.6), np.zeros(n)
    run.world.view().in_sight(Onlookers(np.arange(n), x, y, eyes, heading, np.zeros(n, bool), 60.0, pi, 8, 4))


def main() -> None:
    """Make it, and say how long it took and where it is."""
    began = time.monotonic()
    make()
    kept = f"kept in {CODE}" if MADE.exists() else "and not kept: each process makes its own"
    print(f"machine code: made in {time.monotonic() - began:.0f} s, {kept}")


if __name__ == "__main__":
    main()
