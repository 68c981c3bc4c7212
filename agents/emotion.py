"""Mood and arousal: pushed by what happens, drawn back to what one is by nature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.needs import Needs
from world.state import Plain, put_back, taken
from world.view import Floats, Weather

MOOD_MEMORY_S = 25 * 60.0  # a push fades to a third in this time; judgement between minutes (emotion) and hours (mood)
AROUSAL_MEMORY_S = 4 * 60.0
NEED_WEIGHT = 0.5  # urgent needs pull the mood down by at most this
RAIN_WEIGHT = 0.15
SUN_WEIGHT = 0.10

# Appraisals: the push that one event gives to (mood, arousal), before the person's nature bends it; judgement.
KIND_WORD = 0.03
COLD_WORD = -0.10
GOOD_NEWS = 0.15
BAD_NEWS = -0.20
HELP = 0.08


@dataclass
class Emotions:
    """Columns: mood -1 low .. 1 high, arousal 0 calm .. 1 stirred; one entry per villager."""

    mood: Floats
    arousal: Floats
    nature: Floats  # the mood one returns to
    reactivity: Floats  # factor on every push

    def freeze(self) -> Plain:
        """Mood and arousal; the rest is for life."""
        return taken(self, ("mood", "arousal"))

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, ("mood", "arousal"), state)

    @classmethod
    def from_traits(cls, extraversion: Floats, neuroticism: Floats) -> Emotions:
        """Extraverts rest higher, neurotics lower and react more (Costa & McCrae 1980)."""
        nature = 0.15 + 0.5 * (extraversion - 0.5) - 0.6 * (neuroticism - 0.5)
        return cls(nature.copy(), np.zeros_like(nature), nature, 0.6 + 0.8 * neuroticism)

    def push(self, row: int, amount: float) -> None:
        """Appraise one event of the given worth for one villager: the nearer to the pole, the less it still moves."""
        mood = float(self.mood[row])
        worth = amount * float(self.reactivity[row]) * (1.0 - mood if amount > 0 else 1.0 + mood)
        self.mood[row] = min(1.0, max(-1.0, mood + worth))
        self.arousal[row] = min(1.0, float(self.arousal[row]) + abs(worth))

    def advance(self, dt_s: float, needs: Needs, weather: Weather, outdoors: Floats) -> None:
        """Let `dt_s` seconds pass: the mood drifts to its nature, lowered by pressing needs, lifted by sun outside."""
        pressing = np.maximum.reduce([needs.hunger, needs.fatigue, needs.cold, needs.loneliness])
        sky = SUN_WEIGHT * (1.0 - 2.0 * weather.cloud) - RAIN_WEIGHT * weather.raining
        rest = self.nature - NEED_WEIGHT * np.maximum(0.0, pressing - 0.5) * 2.0 + sky * outdoors
        self.mood += (rest - self.mood) * -np.expm1(-dt_s / MOOD_MEMORY_S)
        self.arousal *= np.exp(-dt_s / AROUSAL_MEMORY_S)
        np.clip(self.mood, -1.0, 1.0, out=self.mood)


def mood_word(mood: float, arousal: float, fatigue: float, neuroticism: float) -> str:
    """One of cheerful, calm, tired, worried, low, irritated: the mood as it shows in speech."""
    if mood < -0.15:
        if arousal > 0.15 and neuroticism < 0.6:
            return "irritated"
        return "worried" if neuroticism > 0.5 else "low"
    if fatigue > 0.7:
        return "tired"
    return "cheerful" if mood > 0.25 else "calm"
