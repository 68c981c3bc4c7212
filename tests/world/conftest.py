"""Valleys that the tests of the world share; each is generated once per run, into a cache of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from world.grid import Grid
from world.land.config import LandConfig
from world.land.terrain import Terrain, make_terrain
from world.world import World, WorldConfig


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAMLET_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def world(own_cache: None) -> World:
    return World(WorldConfig(seed=7, size_m=1024.0, villagers=30))


@pytest.fixture(scope="session")
def terrain() -> Terrain:
    return make_terrain(Grid(257, 4.0), 3, LandConfig(), 1000.0, 0.3)
