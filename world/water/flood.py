"""When a flood is one: water on ground in and round the village that is dry on a mean day."""

from __future__ import annotations

from typing import Any

import numpy as np

from world.valley import Valley
from world.view import Surface

DEEP_M = 0.05  # less is a puddle
BEGINS, ENDS = 0.02, 0.005  # share of the dry ground; apart, so that a flood near one of them does not flicker
ROUND_M = 150.0  # round the outermost place that has a building


class Flood:
    """Whether the village's ground is flooded."""

    def __init__(self, valley: Valley) -> None:
        xy = np.array([(place.x, place.y) for place in valley.places if place.building >= 0])
        (west, south), (east, north) = xy.min(axis=0) - ROUND_M, xy.max(axis=0) + ROUND_M
        rows, cols = valley.heights.shape
        x = valley.origin[0] + np.arange(cols) * valley.cell_m
        y = valley.origin[1] + np.arange(rows) * valley.cell_m
        near = np.outer((y >= south) & (y <= north), (x >= west) & (x <= east))
        self._dry = near & (valley.water_depth == 0.0)
        self._cell_m2 = valley.cell_m**2
        self.high = False

    def turns(self, surface: Surface) -> list[tuple[str, dict[str, Any]]]:
        """What a new surface tells: `flood` with its area, or `flood_recedes`."""
        under = int(np.count_nonzero(surface.water_m[self._dry] > DEEP_M))
        share = under / max(int(np.count_nonzero(self._dry)), 1)
        if not self.high and share > BEGINS:
            self.high = True
            return [("flood", {"area_m2": under * self._cell_m2})]
        if self.high and share < ENDS:
            self.high = False
            return [("flood_recedes", {})]
        return []
