"""The restlessness of the air: smooth noises of time that can be read at any moment without reading those before."""

from __future__ import annotations

import math

import numpy as np

from world.streams import hashed_unit

NOISES = ("temperature", "humidity", "pressure", "wind", "direction", "cloud", "rate", "gust")
MEMORY_S = np.array([5400.0, 7200.0, 21600.0, 2400.0, 7200.0, 3600.0, 600.0, 25.0])  # seconds that each remembers
SLOWER, SLOW_SHARE = 4.0, 0.6  # a second, slower wave under each, and its weight (0.6^2 + 0.8^2 = 1)
MOST = 3.5  # standard deviations


class Gusts:
    """Standard normal noises by name, of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        periods = np.concatenate([MEMORY_S, SLOWER * MEMORY_S])
        self._periods = periods
        self._rows = np.repeat(np.arange(len(periods), dtype=np.int64), 4)

    def at(self, seconds: float) -> dict[str, float]:
        """Values of all noises at a moment; each is straight between knots and has variance 1 throughout."""
        position = seconds / self._periods
        knot = np.floor(position).astype(np.int64)
        share = position - knot
        columns = (2 * knot[:, None] + np.array([0, 1, 2, 3])).ravel()
        unit = hashed_unit(columns, self._rows, self._seed, "gusts").reshape(-1, 2, 2)
        # Box & Muller 1958; a knot has two uniform numbers
        normal = np.sqrt(-2.0 * np.log(1.0 - unit[:, :, 0])) * np.cos(2.0 * math.pi * unit[:, :, 1])
        value = normal[:, 0] * (1.0 - share) + normal[:, 1] * share
        value /= np.sqrt(share**2 + (1.0 - share) ** 2)
        count = len(NOISES)
        total = math.sqrt(1.0 - SLOW_SHARE**2) * value[:count] + SLOW_SHARE * value[count:]
        return dict(zip(NOISES, np.clip(total, -MOST, MOST).tolist(), strict=True))
