"""Verification: runs a recording again from its scenario and its language log and compares every hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.scenario import build
from engine.simulation import Simulation
from engine.voice import logged_voice
from recorder.container import SessionError
from recorder.reader import Session


@dataclass(frozen=True)
class Divergence:
    """The first tick whose state differs from the recording, and the rooms that differ."""

    tick: int
    rooms: tuple[str, ...]


def resimulate(session: Session) -> Iterator[tuple[int, Divergence | None]]:
    """Step the recording's scenario again, without a model, yielding each tick and its divergence.

    Ends after the first divergence, or at the recording's last tick.

    Raises:
        SessionError: nothing was recorded, or the session does not say of what scenario, or its words make no sense.
        ScenarioError: this version cannot run the recorded scenario.
    """
    if not session.ticks:
        raise SessionError(f"{session.path} ends before its first tick; there is nothing to verify.")
    recorded_scenario = session.header.get("scenario")
    if not isinstance(recorded_scenario, dict):
        raise SessionError(f"{session.path} does not hold the scenario it was made from; it cannot be run again.")
    scenario = build(recorded_scenario, f"{session.path}, recorded scenario")
    try:
        voice = logged_voice(session.wordings())
    except (KeyError, TypeError) as error:
        raise SessionError(f"{session.path} has a language log this version cannot read ({error}).") from None
    simulation = Simulation(scenario, voice)
    for recorded in session.snapshots():
        while simulation.tick < recorded.tick:
            simulation.step()
        found = simulation.snapshot.hashes
        rooms = tuple(room for room, digest in found.items() if recorded.hashes.get(room) != digest)
        yield recorded.tick, Divergence(recorded.tick, rooms) if rooms else None
        if rooms:
            return
