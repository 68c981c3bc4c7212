"""The running world: same seed same bytes, a cache that never lies, ticks that tell what turned."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from world.land.config import Effort
from world.sky.climate import ClimateConfig, climate_of
from world.sky.weather import WeatherOpening
from world.valley import ARRAYS, Valley, lattice, make_valley
from world.world import World, WorldConfig

pytestmark = pytest.mark.slow
SMALL = WorldConfig(seed=5, size_m=256.0, villagers=4)
CHEAP = Effort(64, 1, 3, (1, 1, 1), 1)

DIGEST = """
from tests.world.test_world import digest, small_valley
print(digest(small_valley()))
"""


def small_valley() -> Valley:
    return make_valley(5, 256.0, 3, climate_of(ClimateConfig()), effort=CHEAP)


def digest(valley: Valley) -> str:
    total = hashlib.sha256()
    for name in ARRAYS:
        total.update(getattr(valley, name).tobytes())
    total.update(valley.surroundings.heights.tobytes())
    total.update(repr(valley.places).encode())
    return total.hexdigest()


def test_two_processes_one_without_machine_code_make_the_same_bytes() -> None:
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONHASHSEED": "77"}
    root = Path(__file__).parents[2]
    other = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == digest(small_valley())


@pytest.fixture
def cheaply_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Worlds are generated quickly, where it is what is kept of them that is looked at."""
    monkeypatch.setattr("world.world.make_valley", partial(make_valley, effort=CHEAP))


def test_a_damaged_cache_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cheaply_made: None) -> None:
    monkeypatch.setenv("HAMLET_CACHE", str(tmp_path))
    fresh = World(SMALL).valley
    (file,) = tmp_path.glob("valley-*.bin")
    whole = file.read_bytes()
    assert digest(World(SMALL).valley) == digest(fresh)
    for broken in (b"", whole[:-1], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]):
        file.write_bytes(broken)
        assert digest(World(SMALL).valley) == digest(fresh)
        assert file.read_bytes() == whole  # mended


def test_the_cache_is_read_not_regenerated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cheaply_made: None) -> None:
    monkeypatch.setenv("HAMLET_CACHE", str(tmp_path))
    fresh = World(SMALL).valley
    monkeypatch.setattr("world.world.make_valley", lambda *_: pytest.fail("generated again"))
    assert digest(World(SMALL).valley) == digest(fresh)
    with pytest.raises(pytest.fail.Exception):
        World(replace(SMALL, seed=6))


def test_a_folder_that_cannot_be_written_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cheaply_made: None
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("HAMLET_CACHE", str(tmp_path / "file"))
    assert len(World(SMALL).valley.places) > 5


def test_states_repeat_tick_by_tick() -> None:
    config = replace(SMALL, weather=WeatherOpening("rain"))
    a, b = World(config), World(config)
    for _ in range(400):
        a.step()
        b.step()
    assert a.state().keys() == b.state().keys()
    for name, value in a.state().items():
        assert value.tobytes() == b.state()[name].tobytes(), name
    assert a.tick == 400 and a.local_time == config.start.replace(second=25)


def test_events_tell_of_rain_and_sunset() -> None:
    config = replace(
        SMALL,
        tick_rate=1,
        start=datetime.fromisoformat("2026-09-18T17:20"),
        weather=WeatherOpening("overcast", "storm", 0.25, 0.5),
    )
    world = World(config)
    told: list[tuple[int, str]] = []
    for _ in range(4000):
        told += [(world.tick, kind) for kind, _ in world.step()]
    kinds = [kind for _, kind in told]
    assert kinds.count("rain_starts") == 1 and kinds.count("sunset") == 1 and "rain_stops" not in kinds
    started = {kind: tick for tick, kind in told}
    assert 900 <= started["rain_starts"] <= 2700
    assert world.view().weather.rain_mm_h > 3 and world.view().weather.ground_wetness > 0.5
    assert world.view().sun_elevation < 0


def test_weather_and_sun_pass_through_the_view(world: World) -> None:
    view = world.view()
    assert view.tick == world.tick == 0
    assert 0 < view.sun_elevation < np.pi / 2
    assert np.cos(view.sun_azimuth) > 0  # half past nine: in the east
    assert view.weather.describe() in ("sunshine", "broken cloud")


def test_every_size_gets_a_lattice_that_divides_it() -> None:
    for size in (256.0, 600.0, 777.7, 2048.0, 4096.0, 8192.0):
        grid = lattice(size)
        assert grid.size_m == pytest.approx(size) and (grid.n - 1) % 16 == 0
        assert 3.0 < grid.cell_m < 9.0
    assert (lattice(2048.0).n, lattice(2048.0).cell_m) == (513, 4.0)
