"""Verification: runs a recording again from its scenario and its language log and compares every hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.scenario import build
from engine.simulation import Simulation
from engine.voice import logged_voice
from recorder.reader import Session


@dataclass(frozen=True)
class Divergence:
    """The first tick whose state differs from the recording, and the rooms that differ."""

    tick: int
    rooms: tuple[str, ...]


def resimulate(session: Session) -> Iterator[tuple[int, Divergence | None]]:
    """Step the recording's scenario again, without a model, yielding each tick and its divergence.

    Ends after the first divergence, or at the recording's last tick.
    """
    scenario = build(session.header["scenario"], str(session.path))
    simulation = Simulation(scenario, logged_voice(session.wordings()))
    for recorded in session.snapshots():
        while simulation.tick < recorded.tick:
            simulation.step()
        found = simulation.snapshot.hashes
        rooms = tuple(room for room, digest in recorded.hashes.items() if found.get(room) != digest)
        yield recorded.tick, Divergence(recorded.tick, rooms) if rooms else None
        if rooms:
            return
