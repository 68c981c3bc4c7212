"""A run's snapshots are frozen, and replay notices whatever differs from the recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.language.templates import TemplateVoice
from engine.provenance import Model, header
from engine.redraw import redraw
from engine.render.graphics import RenderError
from engine.render.stage import Stage
from engine.resimulation import Divergence, resimulate
from engine.scenario import Scenario, build
from engine.simulation import Simulation
from recorder.reader import Session
from recorder.schema import CameraPose, Snapshot
from recorder.writer import SessionWriter

pytestmark = pytest.mark.usefixtures("machine_code")
POSE = CameraPose((0.0, -30.0, 40.0), 1.5, -0.6, 0.9)
TICKS = 24

Change = Callable[[Snapshot], Snapshot]


def small() -> Scenario:
    return build(
        {
            "name": "t",
            "seed": 5,
            "world": {"size_m": 512},
            "village": {"villagers": 4},
            "capture": {"size": "64x48", "modalities": "rgb,depth,instance"},
        },
        "t",
    )


def record(path: Path, change: Change = lambda snapshot: snapshot, spoiled: tuple[str, ...] = ()) -> Path:
    """A recording of a second and a half; `change` falsifies snapshots, `spoiled` a modality in a frame for each."""
    simulation = Simulation(small(), TemplateVoice())
    stamp = header(simulation.scenario, Model("none", ""), datetime(2026, 1, 1, tzinfo=UTC))
    with SessionWriter(path, stamp, simulation.scenery, simulation.cast) as writer:
        writer.snapshot(change(simulation.snapshot))
        if spoiled:
            true = drawn(simulation)
        for name in spoiled:
            images = {modality: image.copy() for modality, image in true.items()}
            if name in images:
                images[name][20, 30] += 1
            writer.frame(0, name, POSE, images)
        while simulation.tick < TICKS:
            snapshot = simulation.step()
            for wording in simulation.wordings:
                writer.wording(asdict(wording))
            writer.snapshot(change(snapshot))
    return path


def drawn(simulation: Simulation) -> dict[str, Any]:
    """The first frame."""
    capture = simulation.scenario.capture
    try:
        stage = Stage(simulation.scenery, simulation.cast, capture.size, capture.modalities)
    except RenderError as error:
        pytest.skip(f"no headless OpenGL here: {error}")
    images = stage.render(simulation.snapshot, POSE)
    stage.close()
    return images


def test_what_the_engine_hands_out_cannot_be_changed() -> None:
    simulation = Simulation(small(), TemplateVoice())
    snapshot = simulation.step()
    scenery, cast = simulation.scenery, simulation.cast
    columns = (snapshot.villagers, snapshot.environment, cast.looks, scenery.plants, scenery.buildings)
    for array in (*columns, scenery.heights, scenery.water_depth, scenery.cover, scenery.moisture):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    x = snapshot.villagers["x"].copy()
    for _ in range(TICKS):
        simulation.step()
    assert np.array_equal(snapshot.villagers["x"], x), "an old snapshot moved with the village"


def test_a_true_recording_is_repeated_tick_by_tick(tmp_path: Path) -> None:
    with Session.open(record(tmp_path / "s.hamlet")) as session:
        assert list(resimulate(session)) == [(tick, None) for tick in range(TICKS + 1)]


@pytest.mark.parametrize("room", ["world", "agents"])
def test_the_first_tick_and_the_room_that_differ_are_named(tmp_path: Path, room: str) -> None:
    def change(snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, hashes={**snapshot.hashes, room: bytes(16)}) if snapshot.tick >= 9 else snapshot

    with Session.open(record(tmp_path / "s.hamlet", change)) as session:
        found = list(resimulate(session))
    assert found[:-1] == [(tick, None) for tick in range(9)]
    assert found[-1] == (9, Divergence(9, (room,)))


def test_a_recording_without_hashes_is_not_taken_for_a_true_one(tmp_path: Path) -> None:
    with Session.open(record(tmp_path / "s.hamlet", lambda snapshot: replace(snapshot, hashes={}))) as session:
        assert list(resimulate(session)) == [(0, Divergence(0, ("agents", "world", "total")))]


def test_one_pixel_that_differs_is_noticed(tmp_path: Path) -> None:
    """Four cameras, three of which lie by one pixel."""
    with Session.open(record(tmp_path / "s.hamlet", spoiled=("nothing", "rgb", "depth", "instance"))) as session:
        assert {(ref.tick, ref.camera, names) for ref, names in redraw(session)} == {
            (0, "nothing", ()),
            (0, "rgb", ("rgb",)),
            (0, "depth", ("depth",)),
            (0, "instance", ("instance",)),
        }
