"""Feelings that come and go, and the mood they leave: pushed by what happens, drawn back to what one is by nature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.appraisal import Appraisal, Feeling, feelings
from agents.needs import Needs
from world.compiled import compiled
from world.state import Plain, put_back, taken
from world.view import Floats, Weather

MOOD_MEMORY_S = 25 * 60.0  # a push fades to a third in this time; judgement between minutes (emotion) and hours (mood)
AROUSAL_MEMORY_S = 4 * 60.0
NEED_WEIGHT = 0.5  # urgent needs pull the mood down by at most this
RAIN_WEIGHT = 0.15
SUN_WEIGHT = 0.10
SHOWN = 0.08  # a feeling weaker than this does not show in words or face; judgement
MOOD_GAIN = 0.8  # of a feeling's pleasure on the mood; judgement
UNEASE = 0.25  # need for safety from which it is felt as fear: more than the dark of any evening; judgement

# Pleasure and arousal of each feeling: ALMA (Gebhard 2005, table 2), rows in the order of Feeling.
PLEASURE_AROUSAL = np.array(
    [
        (0.4, 0.2),
        (-0.4, -0.2),
        (0.2, 0.2),
        (-0.64, 0.60),
        (0.2, -0.3),
        (-0.3, 0.1),
        (0.4, 0.3),
        (-0.3, 0.1),
        (0.5, 0.3),
        (-0.3, -0.1),
        (0.4, 0.2),
        (-0.51, 0.59),
        (0.40, 0.16),
        (-0.4, 0.2),
        (-0.4, -0.2),
        (-0.2, -0.3),
    ]
)
_PUSHES = PLEASURE_AROUSAL.tolist()
# Minutes in which a feeling fades to a third. Sadness lasts longest, shame and fear pass soon, hope and joy stay
# between (order after Verduyn & Lavrijsen 2015, table 1; the minutes are judgement).
FADING_MIN = np.array([12, 30, 15, 5, 6, 15, 10, 4, 8, 10, 10, 8, 15, 10, 6, 12.0])

FEAR, RELIEF = int(Feeling.FEAR), int(Feeling.RELIEF)
_CHANGING = ("mood", "arousal", "intensity", "dread")


@dataclass
class Emotions:
    """Columns: mood -1 low .. 1 high, arousal 0 calm .. 1 stirred; one entry per villager."""

    mood: Floats
    arousal: Floats
    nature: Floats  # the mood one returns to
    reactivity: Floats  # factor on every push, and on feelings that hurt
    gladness: Floats  # factor on feelings that please
    intensity: NDArray[np.float32]  # (n, Feeling), 0..1
    dread: Floats  # what the need for safety came to when it was last looked at
    felt: bool = True  # False: nothing moves anybody, and moods stay level

    def freeze(self) -> Plain:
        """What changes; the rest is for life."""
        return taken(self, _CHANGING)

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave. Raises ValueError if it does not fit."""
        put_back(self, _CHANGING, state)

    @classmethod
    def from_traits(cls, extraversion: Floats, neuroticism: Floats, *, felt: bool = True) -> Emotions:
        """Extraverts rest higher and neurotics lower (Costa & McCrae 1980).

        Extraverts react more to what pleases, neurotics to what hurts (Larsen & Ketelaar 1991).
        """
        n = len(extraversion)
        nature = (0.15 + 0.5 * (extraversion - 0.5) - 0.6 * (neuroticism - 0.5)) * felt
        reactivity, gladness = 0.6 + 0.8 * neuroticism, 0.8 + 0.4 * extraversion
        intensity = np.zeros((n, len(Feeling)), np.float32)
        return cls(nature.copy(), np.zeros(n), nature, reactivity, gladness, intensity, np.zeros(n), felt)

    def appraise(self, row: int, event: Appraisal | None, weight: float = 1.0) -> None:
        """Let one villager take in what happened: feelings rise, and push mood and arousal. None moves nobody.

        A feeling that is there already rises by less, as two chances add up.
        """
        if event is None or not self.felt:
            return
        pleasure = arousal = 0.0
        for feeling, stirred in feelings(event).items():
            pleases, stirs = _PUSHES[feeling]
            nature = float(self.gladness[row] if pleases > 0 else self.reactivity[row])
            strength = min(1.0, stirred * nature * weight)
            present = float(self.intensity[row, feeling])
            self.intensity[row, feeling] = present + (1.0 - present) * strength
            pleasure += pleases * strength
            arousal += stirs * strength
        self._move(row, MOOD_GAIN * pleasure)
        self.arousal[row] = min(1.0, max(0.0, float(self.arousal[row]) + arousal))

    def _move(self, row: int, worth: float) -> None:
        """The nearer the mood is to the pole, the less it still moves towards it."""
        mood = float(self.mood[row])
        self.mood[row] = min(1.0, max(-1.0, mood + worth * (1.0 - mood if worth > 0 else 1.0 + mood)))

    def advance(self, dt_s: float, needs: Needs, weather: Weather, outdoors: Floats) -> None:
        """Let `dt_s` seconds pass: feelings fade, and the mood drifts to its nature.

        Pressing needs lower it, sun outside lifts it; danger is felt as fear, and as relief when it is over.
        """
        if not self.felt:
            return
        sky = SUN_WEIGHT * (1.0 - 2.0 * weather.cloud) - RAIN_WEIGHT * weather.raining
        pressing = needs.hunger, needs.fatigue, needs.cold, needs.loneliness, needs.danger
        columns = self.mood, self.arousal, self.nature, self.intensity, self.dread
        settling, calming = -np.expm1(-dt_s / MOOD_MEMORY_S), np.exp(-dt_s / AROUSAL_MEMORY_S)
        fading = np.exp(-dt_s / (60.0 * FADING_MIN)).astype(np.float32)
        _advance(columns, pressing, outdoors, sky, settling, calming, fading)

    def strongest(self, row: int) -> str:
        """The feeling that is strongest now, as OCC calls it ("joy", "anger"); "" where none shows."""
        mine = self.intensity[row]
        best = int(mine.argmax())
        return Feeling(best).name.lower() if mine[best] >= SHOWN else ""

    def shown(self) -> NDArray[np.uint8]:
        """The strongest feeling of everybody, (n,): its number in Feeling plus one, 0 where none shows."""
        best = self.intensity.argmax(axis=1)
        shows = self.intensity[np.arange(len(best)), best] >= SHOWN
        return np.where(shows, best + 1, 0).astype(np.uint8)

    def pace(self, rows: NDArray[np.int64]) -> Floats:
        """Factor on the walking speed of `rows`: low spirits drag, fear and anger hurry.

        Sad walkers are about a tenth slower (Michalak et al. 2009); the weights of fear and anger are judgement.
        """
        hurry = 0.2 * self.intensity[rows, Feeling.FEAR] + 0.08 * self.intensity[rows, Feeling.ANGER]
        pace: Floats = np.clip(1.0 + 0.1 * self.mood[rows] + hurry, 0.85, 1.25)
        return pace


@compiled
def _advance(
    columns: tuple[Floats, Floats, Floats, NDArray[np.float32], Floats],
    needs: tuple[Floats, Floats, Floats, Floats, Floats],
    outdoors: Floats,
    sky: float,
    settling: float,
    calming: float,
    fading: NDArray[np.float32],
) -> None:
    """`Emotions.advance` of everybody: moods go a step of the way to where they rest, the others fade by factors."""
    mood, arousal, nature, intensity, dread = columns
    hunger, fatigue, cold, loneliness, danger = needs
    for i in range(mood.size):
        pressing = max(hunger[i], fatigue[i], cold[i], loneliness[i], danger[i])
        rest = nature[i] - NEED_WEIGHT * max(0.0, pressing - 0.5) * 2.0 + sky * outdoors[i]
        mood[i] = min(max(mood[i] + (rest - mood[i]) * settling, -1.0), 1.0)
        arousal[i] *= calming
        for k in range(fading.size):
            intensity[i, k] *= fading[k]
        feared = max(0.0, danger[i] - UNEASE) / (1.0 - UNEASE)
        intensity[i, FEAR] = max(np.float64(intensity[i, FEAR]), feared)
        over = np.float64(np.float32(1.0) - intensity[i, RELIEF]) * max(0.0, dread[i] - feared)
        intensity[i, RELIEF] = np.float64(intensity[i, RELIEF]) + over
        dread[i] = feared


def mood_word(mood: float, arousal: float, fatigue: float, neuroticism: float) -> str:
    """One of cheerful, calm, tired, worried, low, irritated: the mood as it shows in speech."""
    if mood < -0.15:
        if arousal > 0.15 and neuroticism < 0.6:
            return "irritated"
        return "worried" if neuroticism > 0.5 else "low"
    if fatigue > 0.7:
        return "tired"
    return "cheerful" if mood > 0.25 else "calm"
