"""A plain valley whose ways can be worked out on paper: level grass without a building, and what lies on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from assets.palette import GroundCover
from world.columns import BUILDINGS, DECKS, PLANTS
from world.land.terrain import INFLOWS, Surroundings
from world.valley import MAPS, Valley
from world.view import Place, Surface

CELL_M = 4.0


def plain(cells: int = 97, places: tuple[tuple[float, float], ...] = ((0.0, 0.0),), decks: tuple = ()) -> Valley:
    """A level square of grass with places, and decks given as tuples of columns.DECKS."""
    maps: dict[str, Any] = {name: np.zeros((cells, cells), np.float32) for name in MAPS}
    maps["cover"] = np.full((cells, cells), GroundCover.GRASS, np.uint8)
    edge = -(cells - 1) * CELL_M / 2
    return Valley(
        cell_m=CELL_M,
        origin=(edge, edge),
        **maps,
        inflows=np.zeros(0, INFLOWS),
        surroundings=Surroundings(np.zeros((3, 3), np.float32), (4 * edge, 4 * edge), -4 * edge),
        plants=np.zeros(0, PLANTS),
        buildings=np.zeros(0, BUILDINGS),
        places=tuple(Place(i, "field", f"place {i}", x, y, -1, 5.0) for i, (x, y) in enumerate(places)),
        decks=np.array(list(decks), DECKS),
    )


def lying(valley: Valley, tick: int = 0, **what: np.ndarray | float) -> Surface:
    """A surface on which this much water, snow, wetness or ice lies, everywhere or map by map."""
    maps = {"water": valley.water_depth, "snow": 0.0, "wetness": 0.0, "ice": 0.0} | what
    shape = valley.heights.shape
    return Surface(tick, *(np.broadcast_to(np.asarray(m), shape).astype(np.float32) for m in maps.values()))


def band(valley: Valley, west: float, east: float, depth: float, gap: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Water of a depth between two meridians, but not between the two parallels of the gap."""
    axis = valley.origin[0] + np.arange(valley.heights.shape[0]) * valley.cell_m
    x, y = np.meshgrid(axis, axis)
    return np.where((x >= west) & (x <= east) & ~((y > gap[0]) & (y < gap[1])), depth, 0.0)
