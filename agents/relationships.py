"""How villagers stand to each other: directed familiarity, affinity and trust, moved by acts and bent by nature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.acts import Act, Persona
from agents.memory import mixed
from agents.persona import compatibility
from world.state import Plain, check_rows, columns_of, part, put_back, rows_of, taken
from world.streams import stream

AFFINITY_STEP = {
    Act.GREET: 0.004,
    Act.TELL: 0.004,
    Act.ASK: 0.004,
    Act.ANSWER: 0.004,
    Act.ACKNOWLEDGE: 0.002,
    Act.AGREE: 0.010,
    Act.DOUBT: -0.025,
    Act.OFFER: 0.020,
    Act.THANK: 0.012,
    Act.CLOSE: 0.0,
}
"""What the hearer of an act gains in affinity for its speaker, before nature bends it; judgement: a day of meeting now
and then moves two strangers by about 0.1."""

TRUST_STEP = {
    Act.TELL: 0.003,
    Act.ANSWER: 0.004,
    Act.OFFER: 0.010,
    Act.AGREE: 0.003,
    Act.DOUBT: -0.012,
    Act.THANK: 0.003,
}
FAMILIARITY_PER_TURN = 0.004
# Talk of the Town (Ryan 2018, social_sim_config.py): increment = compatibility + 0.25 own extraversion
# + 0.25 the other's agreeableness. Here the same sum, centred on the village's mean, scales the step of an act.
EXTRAVERSION_SHARE = 0.25
AGREEABLENESS_SHARE = 0.25


BOND = np.dtype([("a", "<i2"), ("b", "<i2"), ("familiarity", "<f4"), ("affinity", "<f4"), ("trust", "<f4")])


@dataclass
class Relationships:
    """Matrices (n, n): entry [a, b] is how a stands to b. Familiarity and trust 0..1, affinity -1..1."""

    familiarity: NDArray[np.float32]
    affinity: NDArray[np.float32]
    trust: NDArray[np.float32]
    warmth: NDArray[np.float32]  # fixed factor of a's nature and b's on what a gains from b's acts
    digest: NDArray[np.uint64]
    moved: NDArray[np.bool_]  # entries that are no longer what they were at the start

    def freeze(self) -> Plain:
        """The entries that moved since the start, which follows from the scenario."""
        a, b = np.nonzero(self.moved)
        bonds = np.zeros(len(a), BOND)
        bonds["a"], bonds["b"] = a, b
        for name in ("familiarity", "affinity", "trust"):
            bonds[name] = getattr(self, name)[a, b]
        return taken(self, ("digest",)) | {"bonds": columns_of(bonds)}

    def thaw(self, state: Plain) -> None:
        """Put back what `freeze` gave onto the start. Raises ValueError if it does not fit."""
        put_back(self, ("digest",), state)
        bonds = rows_of(part(state, "bonds"), BOND)
        pairs = bonds["a"], bonds["b"]
        check_rows("bonds", len(self.digest), *pairs)
        for name in ("familiarity", "affinity", "trust"):
            getattr(self, name)[pairs] = bonds[name]
        self.moved[pairs] = True

    @classmethod
    def among(cls, personas: Sequence[Persona], seed: int) -> Relationships:
        """How things stand when the scenario starts: households are close, the rest know each other more or less."""
        n = len(personas)
        rng = stream(seed, "relationships")
        familiarity = rng.beta(2.0, 3.0, (n, n))
        familiarity = (familiarity + familiarity.T) / 2
        fit = compatibility(personas)
        affinity = np.clip(0.05 + 0.25 * fit + 0.15 * rng.normal(size=(n, n)), -0.6, 0.7)
        trust = np.clip(0.5 + 0.3 * affinity + 0.05 * rng.normal(size=(n, n)), 0.0, 1.0)
        homes = np.array([p.home for p in personas])
        household = homes[:, None] == homes[None]
        familiarity = np.where(household, np.maximum(familiarity, 0.9), familiarity)
        affinity = np.where(household, np.maximum(affinity, 0.3), affinity)
        for matrix in (familiarity, affinity, trust):
            np.fill_diagonal(matrix, 0.0)
        own = np.array([p.extraversion for p in personas])[:, None] - 0.5
        other = np.array([p.agreeableness for p in personas])[None, :] - 0.5
        warmth = np.clip(fit + EXTRAVERSION_SHARE * own + AGREEABLENESS_SHARE * other, -1.0, 1.0)
        single = [m.astype(np.float32) for m in (familiarity, affinity, trust, warmth)]
        return cls(single[0], single[1], single[2], single[3], np.zeros(n, np.uint64), np.zeros((n, n), bool))

    def hear(self, listener: int, speaker: int, act: Act, worth: float = 0.0) -> None:
        """Move what the listener holds of the speaker by one act; `worth` adds affinity for welcome news or help.

        Kind acts count for more between natures that fit, and unkind ones for less.
        """
        self.moved[listener, speaker] = True
        step = AFFINITY_STEP[act] + worth
        warmth = float(self.warmth[listener, speaker])
        step *= 1.0 + 0.6 * warmth if step > 0 else 1.0 - 0.6 * warmth
        room = 1.0 - abs(float(self.affinity[listener, speaker]))
        self._move(self.affinity, listener, speaker, step * room, -1.0)
        self._move(self.trust, listener, speaker, TRUST_STEP.get(act, 0.0), 0.0)
        gain = FAMILIARITY_PER_TURN * (1.0 - float(self.familiarity[listener, speaker]))
        self._move(self.familiarity, listener, speaker, gain, 0.0)
        values = (round(1e6 * float(m[listener, speaker])) for m in (self.familiarity, self.affinity, self.trust))
        self.digest[listener] = mixed(int(self.digest[listener]), speaker, *values)

    @staticmethod
    def _move(matrix: NDArray[np.float32], a: int, b: int, step: float, floor: float) -> None:
        matrix[a, b] = min(1.0, max(floor, float(matrix[a, b]) + step))
