"""One tick of a run into its session: the words that came, what can be seen and known, and now and then all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.simulation import Simulation
from recorder.slow import Since
from recorder.writer import KEYFRAME_S, SessionWriter

LAND = "world/land"  # waters, snow and soil: megabytes, of which the world keeps a copy every few minutes


def record_tick(writer: SessionWriter, simulation: Simulation) -> None:
    """Write the tick at which a simulation stands; every KEYFRAME_S with the whole state, from which it can go on.

    Raises:
        SessionError: as SessionWriter.snapshot.
    """
    snapshot = simulation.snapshot
    for wording in simulation.wordings:
        writer.wording(vars(wording))
    writer.snapshot(snapshot)
    if snapshot.tick % round(KEYFRAME_S * simulation.scenario.world.tick_rate) == 0:
        state = simulation.freeze()
        writer.keyframe(snapshot.tick, state, slow_parts(state))


def slow_parts(state: Mapping[str, Any]) -> Since:
    """Which parts of a frozen simulation are large and stay the same for minutes, and since what tick."""
    land = state["world"].get("land")
    return {} if land is None else {LAND: int(land["tick"])}
