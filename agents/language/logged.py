"""The voice of a replay: says again, tick by tick, what the log of a session holds. No model is needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from agents.acts import SpeechPlan
from agents.language.voice import Wording


class LoggedVoice:
    """Gives each logged wording back at the tick at which it once arrived.

    `stretches` are the ticks of which the log tells, where it does not tell of all: a recording may be cut.

    Raises ValueError if two logged wordings share a key.
    """

    def __init__(self, wordings: Iterable[Wording], stretches: Sequence[range] = ()) -> None:
        self._by_key: dict[tuple[int, int, int], Wording] = {}
        for wording in wordings:
            if wording.key in self._by_key:
                raise ValueError(f"the language log holds two wordings for {_who(wording.key)}")
            self._by_key[wording.key] = wording
        self._waiting: dict[int, list[Wording]] = defaultdict(list)
        # Words are answered in the order of their requests. So a request is missing from a whole log exactly if one
        # made later was answered after this one was due, before the log has a gap; otherwise the session, or this
        # piece of it, ended before its words came.
        self._stretches = tuple(stretches)
        self._log = tuple((wording.key[1], wording.arrival_tick) for wording in self._by_key.values())

    def submit(self, plan: SpeechPlan) -> None:
        """Look a plan's words up.

        Raises:
            LookupError: the log holds none although the session went on: this is not the run that was logged.
        """
        wording = self._by_key.get(plan.key)
        if wording is not None:
            self._waiting[wording.arrival_tick].append(wording)
        elif any(
            requested > plan.key[1] and self._end(plan.key[1]) > arrived > plan.due_tick
            for requested, arrived in self._log
        ):
            raise LookupError(f"the language log holds no words for {_who(plan.key)}: this is another run")

    def _end(self, tick: int) -> float:
        """The tick after the stretch in which a tick lies."""
        return next((stretch.stop for stretch in self._stretches if tick in stretch), float("inf"))

    def due(self, tick: int) -> list[Wording]:
        """The wordings that arrived at this tick, ordered by key."""
        return sorted(self._waiting.pop(tick, []), key=lambda wording: wording.key)

    def close(self) -> None:
        """Forget the log."""
        self._by_key.clear()
        self._waiting.clear()


def _who(key: tuple[int, int, int]) -> str:
    agent, tick, call = key
    return f"agent {agent} at tick {tick} (call {call})"
