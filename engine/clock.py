"""The clock: how many ticks are due now. The window's follows real time; a headless run's is always due exactly one.

Time is the integer tick. Headless is another clock, not another loop. The accumulator counts integer nanoseconds scaled
by the tick rate, so nothing drifts: after one real second at speed 1, exactly `tick_rate` ticks have come due.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

NANOSECONDS = 1_000_000_000
MAX_FRAME_NS = NANOSECONDS // 4  # a frame longer than this is a hitch: the world waits instead of rushing to catch up
SPEEDS = (1, 2, 4, 8, 16, 32, 64)


class Clock(Protocol):
    """Says how many ticks to step now."""

    def due(self, now_ns: int) -> int: ...


class LockstepClock:
    """Headless: one tick per turn of the loop, whatever the wall clock says."""

    def due(self, now_ns: int) -> int:
        """Exactly one tick."""
        return 1


@dataclass
class WindowClock:
    """Real time into ticks, with pause, single steps and a speed factor.

    The clamps sit here and not in the loop: a hitch of a second costs at most a quarter of a second of world time, and
    at high speed no turn of the loop steps more than `most_ticks`; what is beyond is dropped.
    """

    tick_rate: int
    speed: int = 1
    paused: bool = False
    most_ticks: int | None = None
    _last_ns: int | None = None
    _accumulated: int = 0  # nanoseconds times tick_rate, below NANOSECONDS after due()
    _single_steps: int = 0

    def due(self, now_ns: int) -> int:
        """Ticks that have come due at `now_ns`, a monotonic time in nanoseconds."""
        elapsed = 0 if self._last_ns is None else min(max(now_ns - self._last_ns, 0), MAX_FRAME_NS)
        self._last_ns = now_ns
        steps, self._single_steps = self._single_steps, 0
        if self.paused:
            return steps
        self._accumulated += elapsed * self.speed * self.tick_rate
        whole, self._accumulated = divmod(self._accumulated, NANOSECONDS)
        return steps + (whole if self.most_ticks is None else min(whole, self.most_ticks))

    @property
    def alpha(self) -> float:
        """Fraction of the way from the previous tick to the current one, 0..1."""
        return 1.0 if self.paused else self._accumulated / NANOSECONDS

    def step_once(self) -> None:
        """Ask for one tick, also while paused."""
        self._single_steps += 1

    def faster(self) -> None:
        """Double the speed, up to 64."""
        self.speed = min(self.speed * 2, SPEEDS[-1])

    def slower(self) -> None:
        """Halve the speed, down to 1."""
        self.speed = max(self.speed // 2, SPEEDS[0])
