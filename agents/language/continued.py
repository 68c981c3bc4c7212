"""The voice of a fork: repeats the log of the run it comes from where the plans are the same, and asks for the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from agents.acts import SpeechPlan
from agents.language.templates import draft
from agents.language.voice import Voice, Wording


class ContinuedVoice:
    """Says what the parent's log has for the same plan (same key, same draft) and asks the live voice for the rest.

    So two runs that differ by one change differ in their words only where the change has reached.
    """

    def __init__(self, log: Iterable[Wording], live: Voice) -> None:
        self.live = live
        self._log = {wording.key: wording for wording in log}
        self._waiting: dict[tuple[int, int, int], Wording] = {}

    def submit(self, plan: SpeechPlan) -> None:
        """Look a plan's words up, or ask the live voice for them."""
        logged = self._log.get(plan.key)
        if logged is None or logged.draft != draft(plan).text:
            self.live.submit(plan)
        else:
            self._waiting[plan.key] = replace(logged, arrival_tick=max(logged.arrival_tick, plan.due_tick))

    def due(self, tick: int) -> list[Wording]:
        """The wordings that reach the simulation at this tick, ordered by key."""
        ready = [key for key, wording in self._waiting.items() if wording.arrival_tick <= tick]
        words = [self._waiting.pop(key) for key in ready] + list(self.live.due(tick))
        return sorted(words, key=lambda wording: wording.key)

    def close(self) -> None:
        """Forget the log and close the live voice."""
        self._log.clear()
        self._waiting.clear()
        self.live.close()
