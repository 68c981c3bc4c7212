"""Where the window's snapshots come from: a live simulation, or a recording."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

import numpy as np

from engine.quantities import format_duration
from engine.simulation import Simulation
from engine.timeline import Timeline
from recorder.container import CorruptSession, SessionError
from recorder.reader import Session
from recorder.schema import Cast, Scenery, Snapshot, Utterance
from recorder.ticks import Ticks

LONGEST_LINE_S = 60.0  # lines that began earlier are over; villagers' longest take some six seconds


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

    def lines(self) -> list[Utterance]:
        """What is being said now."""
        return list(self._lines)


class RecordedSource:
    """A recording with a playhead that goes anywhere; needs no model and no world, and holds little of the file.

    Ticks that were not recorded, or turn out unreadable, are stepped over. `timeline` is replaced when another one is
    found unreadable.

    Raises:
        SessionError: nothing was recorded in it, none of it can be read, or it does not say when it begins.
    """

    def __init__(self, session: Session) -> None:
        if not session.ticks:
            raise SessionError(f"{session.path} ends before its first tick; there is nothing to show.")
        self._session = session
        scenario = session.header.get("scenario")
        self.name = str(scenario.get("name", "")) if isinstance(scenario, dict) else session.path.name
        self.scenery, self.cast, self.tick_rate = session.scenery, session.cast, session.tick_rate
        self.start = _start(session)
        self._ticks = session.ticks
        self._spoken = np.array(session.spoken_ticks, np.int64)
        self._lost: dict[int, str] = {}  # ticks that turned out unreadable, and why
        self._begun: dict[int, list[Utterance]] = {}  # lines by the tick at which they begin, those of the last minute
        self._show_what_is_there()
        first = self._readable(range(len(self._ticks)))
        if first is None:
            raise SessionError(f"{session.path} has no tick that can be read: {self._lost[self._ticks[0]]}.")
        self._now = first
        self.condition = tuple(_condition(session, self.timeline))  # what is wrong with it as a whole

    def current(self) -> Snapshot:
        """The snapshot at the playhead."""
        return self._now

    def advance(self) -> Snapshot | None:
        """Move the playhead to the next tick that was recorded and can be read."""
        following = self._readable(range(bisect_right(self._ticks, self._now.tick), len(self._ticks)))
        self._now = following or self._now
        return following

    def seek(self, tick: int) -> Snapshot:
        """Move the playhead to the recorded tick nearest to this one; the next that can be read if that one cannot."""
        after = min(bisect_left(self._ticks, tick), len(self._ticks) - 1)
        before = max(after - 1, 0)
        nearer = before if abs(self._ticks[before] - tick) < abs(self._ticks[after] - tick) else after
        return self._move(nearer, forwards=True)

    def jump(self, ticks: int) -> Snapshot:
        """Move the playhead so far back or on, or farther where that lies in a gap; at most to either end."""
        target = self._now.tick + ticks
        if ticks > 0:
            return self._move(min(bisect_left(self._ticks, target), len(self._ticks) - 1), forwards=True)
        return self._move(max(bisect_right(self._ticks, target) - 1, 0), forwards=False)

    def lines(self) -> list[Utterance]:
        """What is being said at the playhead."""
        now = self._now.tick
        ticks = self._session.spoken_ticks
        begin = bisect_left(ticks, now - round(LONGEST_LINE_S * self.tick_rate))
        begun: dict[int, list[Utterance]] = {}
        for tick in ticks[begin : bisect_right(ticks, now)]:
            begun[tick] = self._begun[tick] if tick in self._begun else self._lines_of(tick)
        self._begun = begun
        return [line for lines in begun.values() for line in lines if line.start_tick <= now < line.end_tick]

    def missing(self, within: int) -> str:
        """Says in a few words what is missing at the playhead: in the last `within` ticks before it or just behind it.

        Empty where nothing is.
        """
        now, gaps = self._now.tick, self.timeline.gaps
        behind = bisect_right(gaps, now, key=lambda gap: gap.start)  # the playhead never stands in a gap
        if behind > 0 and now - gaps[behind - 1].stop < within:
            return self._told(gaps[behind - 1], "before this")
        if behind < len(gaps) and gaps[behind].start == now + 1:
            return self._told(gaps[behind], "after this")
        return ""

    def _told(self, gap: range, where: str) -> str:
        seconds = len(gap) / self.tick_rate
        length = f"{seconds:.2g} s" if seconds < 9.5 else format_duration(seconds)
        why = next((self._lost[tick] for tick in gap if tick in self._lost), "not in the file")
        return f"{length} missing {where}: {why}"

    def _move(self, place: int, *, forwards: bool) -> Snapshot:
        """Put the playhead on a place among the recorded ticks, or on the next one this way that can be read."""
        on, back = range(place, len(self._ticks)), range(place, -1, -1)
        first, second = (on, back) if forwards else (back, on)
        self._now = self._readable(first) or self._readable(second) or self._now
        return self._now

    def _readable(self, places: Iterable[int]) -> Snapshot | None:
        """The first snapshot that can be read at these places among the recorded ticks."""
        known, found = len(self._lost), None
        for tick in (self._ticks[place] for place in places):
            if tick in self._lost:
                continue
            try:
                found = self._session.snapshot(tick)
                break
            except SessionError as error:
                self._lost[tick] = _why(error)
        if len(self._lost) > known:
            self._show_what_is_there()
        return found

    def _lines_of(self, tick: int) -> list[Utterance]:
        try:
            return self._session.lines_between(tick, tick)
        except SessionError as error:  # then the tick's snapshot, which holds them, cannot be read either
            self._lost[tick] = _why(error)
            self._show_what_is_there()
            return []

    def _show_what_is_there(self) -> None:
        """Make the timeline anew, without the ticks that are now known to be lost."""
        between = [range(before.stop, after.start) for before, after in pairwise(self._ticks.stretches)]
        lost = [range(tick, tick + 1) for tick in self._lost]
        gaps = Ticks(sorted(between + lost, key=lambda gap: gap.start)).stretches
        first, last = self._ticks[0], self._ticks[-1]
        self.timeline = Timeline(self.start, self.tick_rate, first, last, gaps, self._spoken)


def _why(error: SessionError) -> str:
    return f"damaged at byte {error.offset:,}" if isinstance(error, CorruptSession) else "the file cannot be read"


def _condition(session: Session, timeline: Timeline) -> Iterable[str]:
    """What is wrong with a recording as a whole."""
    end = timeline.clock(timeline.last)
    if session.being_written:
        yield f"still being recorded: shown up to {end}"
    elif not session.complete:
        yield f"cut off at {end}: its end is missing"
    if session.damage:
        yield "damaged in one place" if len(session.damage) == 1 else f"damaged in {len(session.damage)} places"


def _start(session: Session) -> datetime:
    start = session.header.get("start")
    try:
        return datetime.fromisoformat(start)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise SessionError(f"{session.path} does not say when it begins: its header has start = {start!r}.") from None


def local_time(source: Source, tick: int) -> datetime:
    """Local solar date-time of a tick."""
    return source.start + timedelta(seconds=tick / source.tick_rate)
