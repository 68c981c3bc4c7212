"""The narrow interface between acts and lines: a voice takes speech plans and gives wordings back when they are due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agents.acts import SpeechPlan


@dataclass(frozen=True)
class Wording:
    """The words found for one speech plan, and how they were found."""

    key: tuple[int, int, int]  # of the SpeechPlan
    text: str
    draft: str  # what the phrases alone would say
    source: str  # "model" or "template"
    arrival_tick: int
    prompt: str = ""
    raw: tuple[str, ...] = ()  # the model's candidates, before the guards
    rejections: tuple[str, ...] = ()  # why candidates fell
    seed: int = 0
    model_sha256: str = ""


class Voice(Protocol):
    """Finds words for acts. Lockstep voices answer exactly at the due tick; live ones when they can, never earlier."""

    def submit(self, plan: SpeechPlan) -> None:
        """Ask for the wording of a plan. Never blocks."""
        ...

    def due(self, tick: int) -> list[Wording]:
        """The wordings that reach the simulation at this tick, ordered by key. A lockstep voice blocks for them."""
        ...

    def close(self) -> None:
        """Release the model or worker; the voice cannot be used afterwards."""
        ...
