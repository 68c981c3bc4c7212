"""Valleys that the tests of the world share."""

from __future__ import annotations

import pytest

from world.grid import Grid
from world.land.config import LandConfig
from world.land.terrain import Terrain, make_terrain
from world.world import World, WorldConfig


@pytest.fixture(scope="session", autouse=True)
def compiled(machine_code: None) -> None:
    """Machine code for whatever is tested here."""


@pytest.fixture(scope="session")
def world() -> World:
    return World(WorldConfig(seed=7, size_m=1024.0, villagers=30))


@pytest.fixture(scope="session")
def terrain() -> Terrain:
    return make_terrain(Grid(257, 4.0), 3, LandConfig(), 1000.0, 0.3)
