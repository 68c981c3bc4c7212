"""The places of a valley as those who plan see them: how far apart they are, and which are worth a walk."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from math import exp

import numpy as np

from world.view import Place

WALK_M_PER_MIN = 70.0  # a day is planned with an easy pace
EASY_WALK_MIN = 3.0  # trips for their own sake thin out with the way as exp(-way / this) (Wilson 1967)
OUTINGS = ("bench", "bridge", "shore", "wood", "field", "mill", "barn", "chapel", "forge", "school", "well", "market")


class Town:
    """Distances between places, and draws among them that are made fast by remembering their odds."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = tuple(places)
        self.x = np.array([p.x for p in places])
        self.y = np.array([p.y for p in places])
        self.walk_min = np.hypot(self.x[:, None] - self.x, self.y[:, None] - self.y) / WALK_M_PER_MIN
        self.roofed = np.array([p.building >= 0 and p.kind != "well" for p in places])
        self._kinds = Counter(p.kind for p in places)
        self._odds: dict[tuple[int, int, int], tuple[list[int], list[float]]] = {}

    def of(self, *kinds: str) -> list[int]:
        """Ids of all places of these kinds, in the order of the kinds."""
        return [p.id for kind in kinds for p in self.places if p.kind == kind]

    def nearest(self, kind: str, origin: int, otherwise: int) -> int:
        """The nearest place of a kind."""
        return min(self.of(kind), key=lambda q: float(self.walk_min[origin, q]), default=otherwise)

    def draw(self, weights: Mapping[str, float], rng: np.random.Generator, origin: int, not_here: int = -1) -> int:
        """One of the places, nearer ones rather; those of one kind share its weight: three benches seat no more.

        `weights` by kind must be one of the module's tables, which do not change. Returns -1 if there is none.
        """
        key = (id(weights), origin, not_here)
        if key not in self._odds:
            options = [q for q in self.places if q.kind in weights and q.id != not_here]
            worth = [
                weights[q.kind] / self._kinds[q.kind] * exp(-float(self.walk_min[origin, q.id]) / EASY_WALK_MIN)
                for q in options
            ]
            self._odds[key] = [q.id for q in options], np.cumsum(np.array(worth, float)).tolist()
        ids, total = self._odds[key]
        return ids[bisect_right(total, rng.random() * total[-1])] if ids else -1
