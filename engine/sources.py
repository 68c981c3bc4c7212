"""Where the window's snapshots come from: a live simulation, or a recording."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from engine.simulation import Simulation
from recorder.container import SessionError
from recorder.reader import Session
from recorder.schema import Cast, Scenery, Snapshot, Utterance


class Source(Protocol):
    """Gives snapshots one tick at a time, and what to know to draw them."""

    scenery: Scenery
    cast: Cast
    tick_rate: int
    start: datetime

    def current(self) -> Snapshot: ...

    def advance(self) -> Snapshot | None:
        """The next tick's snapshot, or None at the end of a recording."""
        ...

    def jump(self, ticks: int) -> Snapshot | None:
        """The snapshot `ticks` away in a recording; None where one cannot jump."""
        ...

    def lines(self) -> list[Utterance]:
        """The utterances under way at the current tick."""
        ...


class LiveSource:
    """A simulation as it happens."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.scenery, self.cast = simulation.scenery, simulation.cast
        self.tick_rate = simulation.scenario.world.tick_rate
        self.start = simulation.scenario.place.start
        self._lines: list[Utterance] = []

    def current(self) -> Snapshot:
        """The tick at hand."""
        return self._simulation.snapshot

    def advance(self) -> Snapshot | None:
        """Step the simulation."""
        snapshot = self._simulation.step()
        self._lines = [line for line in self._lines if line.end_tick > snapshot.tick]
        self._lines += snapshot.utterances
        return snapshot

    def jump(self, ticks: int) -> Snapshot | None:
        """A live village cannot jump."""
        return None

    def lines(self) -> list[Utterance]:
        """What is being said now."""
        return list(self._lines)


class RecordedSource:
    """A recording; needs no model and no world.

    Raises:
        SessionError: nothing was recorded in it, or it does not say when it begins.
    """

    def __init__(self, session: Session) -> None:
        if not session.ticks:
            raise SessionError(f"{session.path} ends before its first tick; there is nothing to show.")
        self._session = session
        scenario = session.header.get("scenario")
        self.name = str(scenario.get("name", "")) if isinstance(scenario, dict) else session.path.name
        self.scenery, self.cast, self.tick_rate = session.scenery, session.cast, session.tick_rate
        self.start = _start(session)
        self._utterances = session.lines()
        self._tick = session.ticks[0]

    def current(self) -> Snapshot:
        """The snapshot at the playhead."""
        return self._session.snapshot(self._tick)

    def advance(self) -> Snapshot | None:
        """Move the playhead one tick."""
        if self._tick + 1 not in self._session.ticks:
            return None
        self._tick += 1
        return self.current()

    def jump(self, ticks: int) -> Snapshot | None:
        """Move the playhead, at most to either end."""
        span = self._session.ticks
        self._tick = min(max(self._tick + ticks, span[0]), span[-1])
        return self.current()

    def lines(self) -> list[Utterance]:
        """What is being said at the playhead."""
        return [line for line in self._utterances if line.start_tick <= self._tick < line.end_tick]


def _start(session: Session) -> datetime:
    start = session.header.get("start")
    try:
        return datetime.fromisoformat(start)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise SessionError(f"{session.path} does not say when it begins: its header has start = {start!r}.") from None


def local_time(source: Source, tick: int) -> datetime:
    """Local solar date-time of a tick."""
    return source.start + timedelta(seconds=tick / source.tick_rate)
