"""The timeline of a recording: what it holds along its time, and how that lies on a bar of so many pixels."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

STRIP_PX = 12.0  # from the sides and the bottom of the window to the strip
INSET_PX = 12.0  # from the sides of the strip to the bar
HEIGHT_PX = 46.0  # of the strip: the clock, the bar above it, speech on top
BIN_PX = 3.0  # speech is counted over so many pixels
LOUDNESS = 0.75  # power of the count: one line is still seen where many talk elsewhere, and crowds still differ
TICK_PX = 14.0  # marks of time are at least so far apart
STEPS_S = (1, 5, 10, 30, 60, 300, 600, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)


@dataclass(frozen=True, eq=False)
class Timeline:
    """What a recording holds along its time; two are the same only if they are one object."""

    start: datetime  # local time of tick 0
    tick_rate: int
    first: int  # tick
    last: int
    gaps: tuple[range, ...]  # ticks between the first and the last that cannot be shown, in order
    spoken: NDArray[np.int64]  # tick at which each line begins, ascending

    def holds(self, tick: int) -> bool:
        """Whether a tick between the first and the last can be shown."""
        number = bisect_right(self.gaps, tick, key=lambda gap: gap.start) - 1
        return number < 0 or tick not in self.gaps[number]

    def clock(self, tick: int) -> str:
        """Local time of a tick, with its day where the recording goes on over midnight."""
        begin, end, then = (self.start + timedelta(seconds=t / self.tick_rate) for t in (self.first, self.last, tick))
        return f"{then:%H:%M:%S}" if begin.date() == end.date() else f"{then:%a} {then.day} {then:%b, %H:%M:%S}"


@dataclass(frozen=True)
class Bar:
    """A timeline laid along the bottom of a window `width` pixels wide; x goes right, y up, from the lower left."""

    timeline: Timeline
    width: int

    @property
    def left(self) -> float:
        """Where the first tick lies."""
        return STRIP_PX + INSET_PX

    @property
    def right(self) -> float:
        """Where the last tick lies."""
        return max(self.width - self.left, self.left + 1.0)

    def x(self, tick: float) -> float:
        """Where a tick lies."""
        span = max(self.timeline.last - self.timeline.first, 1)
        return self.left + (tick - self.timeline.first) / span * (self.right - self.left)

    def tick(self, x: float) -> int:
        """The tick that lies nearest to x, of those between the first and the last; it may lie in a gap."""
        share = min(max((x - self.left) / (self.right - self.left), 0.0), 1.0)
        return self.timeline.first + round(share * (self.timeline.last - self.timeline.first))

    def under(self, x: float, y: float) -> bool:
        """Whether a point lies on the strip."""
        return STRIP_PX <= x <= self.width - STRIP_PX and STRIP_PX <= y <= STRIP_PX + HEIGHT_PX

    def speech(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Edges (n + 1,) of n equal parts of the bar, and how much is said in each (n,): 0 none, 1 the most anywhere.

        What counts is the number of lines that begin there.
        """
        edges = np.linspace(self.left, self.right, max(round((self.right - self.left) / BIN_PX), 1) + 1)
        places = np.array([self.x(tick) for tick in (self.timeline.first, self.timeline.last)])
        spoken = np.interp(self.timeline.spoken, (self.timeline.first, self.timeline.last), places)
        counts, _ = np.histogram(spoken, edges)
        return edges, (counts / max(counts.max(), 1)) ** LOUDNESS

    def marks(self) -> list[float]:
        """Where full seconds, minutes or hours of local time lie, at the finest step that is not crowded."""
        line = self.timeline
        pixels_per_s = (self.right - self.left) * line.tick_rate / max(line.last - line.first, 1)
        step = next((step for step in STEPS_S if step * pixels_per_s >= TICK_PX), STEPS_S[-1])
        midnight = line.start.replace(hour=0, minute=0, second=0, microsecond=0)
        offset = (line.start - midnight).total_seconds()
        first, last = (offset + tick / line.tick_rate for tick in (line.first, line.last))
        numbers = range(int(-(-first // step)), int(last // step) + 1)
        return [self.x((number * step - offset) * line.tick_rate) for number in numbers]
