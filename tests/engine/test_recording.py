"""What a run gives at each tick is in its session, and the land's large copy is there once for many keyframes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from engine.recording import record_tick, slow_parts
from engine.simulation import Simulation
from recorder.reader import Session
from recorder.writer import KEYFRAME_S, SessionWriter
from tests.recorder import synthetic

RATE = 4
EVERY = round(KEYFRAME_S * RATE)


def test_only_the_land_is_slow() -> None:
    assert slow_parts({"world": {"land": {"tick": 40, "x": 1}, "sky": {}}, "agents": {}}) == {"world/land": 40}
    assert slow_parts({"world": {"sky": {}}, "agents": {}}) == {}


def test_the_lands_copy_is_stored_once_and_is_in_every_keyframe(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    copies: dict[int, dict[str, Any]] = {since: {"tick": since, "state": rng.random(4000)} for since in (0, 4 * EVERY)}

    def frozen(tick: int) -> dict[str, Any]:
        return {"tick": tick, "world": {"land": copies[0 if tick < 4 * EVERY else 4 * EVERY], "tick": tick}}

    path, ticks = tmp_path / "s.hamlet", 6 * EVERY + 1
    scenario = SimpleNamespace(world=SimpleNamespace(tick_rate=RATE))
    with SessionWriter(path, {"tick_rate": RATE}, synthetic.scenery(rng), synthetic.cast()) as writer:
        for tick in range(ticks):
            state = frozen(tick)
            given = SimpleNamespace(
                scenario=scenario, snapshot=synthetic.snapshot(rng, tick), wordings=(), freeze=lambda state=state: state
            )
            record_tick(writer, cast(Simulation, given))
    assert path.stat().st_size < 2.5 * sum(each["state"].nbytes for each in copies.values())
    with Session.open(path) as session:
        assert session.ticks == range(ticks) and session.keyframes == list(range(0, ticks, EVERY))
        for tick in session.keyframes:
            found, wanted = session.keyframe(tick), frozen(tick)
            assert np.array_equal(found["world"]["land"]["state"], wanted["world"]["land"]["state"])
            assert found["world"]["tick"] == tick
            assert session.keyframe_parts(tick)[1] == {"world/land": wanted["world"]["land"]["tick"]}
        assert len(session._slow) == 2
