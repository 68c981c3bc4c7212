"""Which parts of a mind a scenario leaves out, so that an experiment shows what each is worth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ablation:
    """Parts of the mind that are there; False leaves one out for everybody and for the whole run."""

    memory: bool = True  # without: nothing heard or seen is kept, neither episodes nor facts learned from others
    emotion: bool = True  # without: nothing that happens moves anybody, and moods stay level
    relationships: bool = True  # without: everybody is the same acquaintance to everybody, for ever
    weather: bool = True  # without: villagers feel and heed a mild dry day, whatever falls on them
