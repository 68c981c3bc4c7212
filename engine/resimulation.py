"""Runs a recording again from its scenario and its language log, without a model, and compares every hash."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agents.language.voice import Voice
from engine.interventions import Intervention
from engine.provenance import package_versions
from engine.recorded import recorded_interventions, recorded_scenario
from engine.scenario import Scenario
from engine.simulation import Simulation
from engine.voice import logged_voice
from recorder.container import SessionError
from recorder.differences import differences, state_differences, villager_differences, weather_differences
from recorder.reader import Session
from recorder.schema import Snapshot
from recorder.today import as_recorded

ROOM_OF_STATE = {"world": "world", "agents": "agents"}  # first key of a keyframe's state -> room; others: engine


@dataclass(frozen=True)
class Divergence:
    """The first tick whose state differs from the recording, the rooms that differ, and in which value."""

    tick: int
    rooms: tuple[str, ...]
    what: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.what or f"tick {self.tick}: the hash of {', '.join(self.rooms)} is another"


class Recording:
    """What is needed to run a session's scenario again.

    Raises:
        SessionError: nothing was recorded, the session does not say of what scenario, or its words make no sense.
        ScenarioError: this version cannot run the recorded scenario.
    """

    def __init__(self, session: Session) -> None:
        if not session.ticks:
            raise SessionError(f"{session.path} ends before its first tick; there is nothing to verify.")
        if session.header.get("counterfactual"):
            raise SessionError(
                f"{session.path} shows recorded ticks under another sky, which nobody lived; run the recording again "
                "that it was rendered from."
            )
        self.session = session
        self.scenario: Scenario = recorded_scenario(session)
        self.interventions: tuple[Intervention, ...] = recorded_interventions(session)
        self._log = session.wordings()
        self.voice()

    def voice(self) -> Voice:
        """A voice that repeats the language log from its beginning."""
        try:
            return logged_voice(self._log, self.session.ticks.stretches)
        except (KeyError, TypeError, ValueError) as error:
            path = self.session.path
            raise SessionError(f"{path} has a language log this version cannot read ({error}).") from None

    @cached_property
    def _village(self) -> Simulation:
        """The run at tick 0, made once: the ways through a valley take most of the time."""
        return Simulation(self.scenario, self.voice(), self.interventions)

    def begun(self) -> Simulation:
        """The run at tick 0."""
        simulation = copy.deepcopy(self._village)
        simulation.voice = self.voice()
        return simulation

    def resumed(self, tick: int) -> Simulation:
        """The run at a keyframe.

        Raises:
            ValueError: the state in it does not fit this version.
            LookupError: words that were waited for are not in the log.
        """
        simulation = self.begun()
        simulation.thaw(self.session.keyframe(tick))
        return simulation


def resimulate(session: Session) -> Iterator[tuple[int, Divergence | None]]:
    """Step the recording's scenario again, without a model, yielding each tick and its divergence.

    Begins at tick 0, or where the session begins later, at its last keyframe before; ticks before its first keyframe
    are then left out. Behind a gap it goes on from the last keyframe before the gap's end, if there is one. Besides
    the hashes it compares what was recorded: columns, events, lines and the states in keyframes. Ends after the first
    divergence, or at the recording's last tick.

    Raises:
        SessionError: nothing was recorded, or the session does not say of what scenario, or its words make no sense.
        ScenarioError: this version cannot run the recorded scenario.
    """
    recording = Recording(session)
    keyframes = session.keyframes
    simulation: Simulation | None = None
    for stretch in session.ticks.stretches:
        starts = [tick for tick in keyframes if tick <= stretch[0] and (simulation is None or tick > simulation.tick)]
        inside = [tick for tick in keyframes if tick in stretch]
        if starts and stretch[0] > 0:
            simulation = _resumed(recording, starts[-1])
        elif simulation is None and stretch[0] > 0 and inside:
            simulation = _resumed(recording, inside[0])
        elif simulation is None:
            simulation = recording.begun()
        for tick in stretch:
            if tick < simulation.tick:
                continue
            divergence = _stepped(simulation, session, tick)
            yield tick, divergence
            if divergence:
                return


def _resumed(recording: Recording, tick: int) -> Simulation:
    try:
        return recording.resumed(tick)
    except (ValueError, LookupError, TypeError) as error:
        path = recording.session.path
        raise SessionError(f"{path} cannot be run again from its keyframe at tick {tick}: {error}.") from None


def _stepped(simulation: Simulation, session: Session, tick: int) -> Divergence | None:
    """Go on to a tick, and say how it differs from the recorded one."""
    resumed = simulation.tick == tick > 0
    try:
        while simulation.tick < tick:
            simulation.step()
    except LookupError as error:
        return Divergence(simulation.tick + 1, ("language",), f"tick {simulation.tick + 1}: language: {error}")
    recorded = as_recorded(session.snapshot(tick, whole=True), session.columns)
    found = as_recorded(simulation.snapshot, session.columns)
    rooms = unlike_rooms(found, recorded)
    if rooms:
        what = unlike_columns(found, recorded, session) or _unlike_later(simulation, session)
        return Divergence(tick, rooms, f"tick {tick}: {what}" if what else "")
    if not resumed:  # the snapshot of a state put back tells no events and no lines
        first = next(iter(differences(found, recorded, session.cast)), None)
        if first is not None:
            return Divergence(tick, (first.room,), str(first))
    if tick in session.keyframes:
        return unlike_state(simulation.freeze(), session, tick)
    return None


def unlike_rooms(found: Snapshot, recorded: Snapshot) -> tuple[str, ...]:
    """The rooms whose state has another hash than was recorded."""
    return tuple(room for room, digest in found.hashes.items() if recorded.hashes.get(room) != digest)


def unlike_columns(found: Snapshot, recorded: Snapshot, session: Session) -> str:
    """The first column of a room that differs; nothing where all agree."""
    unlike = [*weather_differences(found, recorded), *villager_differences(found, recorded, session.cast)]
    return str(unlike[0]).split(": ", 1)[1] + _more(len(unlike) - 1) if unlike else ""


def _more(count: int) -> str:
    return f", and {count} more values" if count > 1 else ", and one more value" if count else ""


def _unlike_later(simulation: Simulation, session: Session) -> str:
    """The entry of the next keyframe that differs: hashes cover more than the columns show."""
    due = min((tick for tick in session.keyframes if tick >= simulation.tick), default=None)
    if due is None:
        return ""
    try:
        while simulation.tick < due:
            simulation.step()
    except LookupError:
        return ""
    later = unlike_state(simulation.freeze(), session, due)
    return f"the recorded values agree, the state does not; {later.what}" if later else ""


def unlike_state(found: Mapping[str, Any], session: Session, tick: int) -> Divergence | None:
    """How a state differs from that of a recorded keyframe."""
    unlike = list(state_differences(found, session.keyframe(tick), session.cast))
    if not unlike:
        return None
    path, here, there = unlike[0]
    room = ROOM_OF_STATE.get(path.split(".")[0].split("[")[0], "engine")
    what = f"keyframe of tick {tick}: {path} {here} instead of {there}{_more(len(unlike) - 1)}"
    return Divergence(tick, (room,), what)


def other_versions(session: Session) -> str:
    """In which versions this Hamlet differs from the one that recorded; a likely reason for a divergence."""
    recorded, here = session.header.get("versions"), package_versions()
    if not isinstance(recorded, dict):
        return ""
    unlike = [
        f"{name} {here.get(name, 'not installed')} instead of {recorded.get(name, 'one it does not name')}"
        for name in dict.fromkeys((*recorded, "code"))
        if recorded.get(name) != here.get(name)
    ]
    return ", ".join(unlike)
