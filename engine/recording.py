"""One tick of a run into its session: the words that came, what can be seen and known, and now and then all of it."""

from __future__ import annotations

from engine.simulation import Simulation
from recorder.writer import KEYFRAME_S, SessionWriter


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
        writer.keyframe(snapshot.tick, simulation.freeze())
