"""The cache of valleys: what is read is what was kept, whoever was killed while keeping it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from world import cache
from world.columns import BUILDINGS, DECKS, PLANTS
from world.land.config import LandConfig
from world.land.detail import Detail
from world.land.terrain import INFLOWS, Surroundings
from world.valley import ARRAYS, MAPS, Valley
from world.view import Place

SIDE = 1400  # a file of some 60 MB takes long enough to be killed in

STORE_FOREVER = """
from tests.world.test_cache import plain_valley
from world import cache
valley = plain_valley(1.0)
print("ready", flush=True)
while True:
    cache.store("some", valley)
"""


def plain_valley(level: float, side: int = SIDE) -> Valley:
    maps: dict[str, Any] = {
        name: np.full((side, side), level, np.uint8 if name == "cover" else np.float32) for name in MAPS
    }
    columns = {"plants": PLANTS, "buildings": BUILDINGS, "inflows": INFLOWS, "decks": DECKS}
    tables: dict[str, Any] = {name: np.ones(3, dtype) for name, dtype in columns.items()}
    return Valley(
        cell_m=4.0,
        origin=(-10.0, -20.0),
        surroundings=Surroundings(np.full((9, 9), level, np.float32), (-30.0, -40.0), 32.0),
        places=(Place(0, "market", "the square", 1.0, 2.0, -1, 5.0),),
        **maps,
        **tables,
        detail=Detail(np.full((side, side), 3, np.uint8), np.arange(64, dtype=np.int8).reshape(8, 8), 4, 1e-5),
    )


def same(a: Valley, b: Valley) -> bool:
    arrays = all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in ARRAYS)
    around = np.array_equal(a.surroundings.heights, b.surroundings.heights)
    rest = (a.cell_m, a.origin, a.places, a.surroundings.origin, a.surroundings.cell_m) == (
        b.cell_m,
        b.origin,
        b.places,
        b.surroundings.origin,
        b.surroundings.cell_m,
    )
    return arrays and around and rest and detailed(a) == detailed(b)


def detailed(valley: Valley) -> tuple[object, ...] | None:
    fine = valley.detail
    if fine is None:
        return None
    return fine.roughness.tobytes(), fine.tile.tobytes(), fine.per_cell, fine.scale_m


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HAMLET_CACHE", str(tmp_path))
    return tmp_path


def test_what_is_read_is_what_was_kept() -> None:
    valley = plain_valley(2.5, 40)
    assert cache.load("other") is None
    cache.store("other", valley)
    found = cache.load("other")
    assert found is not None and same(found, valley)
    assert found.detail is not None and not found.detail.roughness.flags.writeable
    cache.store("smooth", replace(valley, detail=None))
    smooth = cache.load("smooth")
    assert smooth is not None and smooth.detail is None and not same(smooth, valley)
    assert not found.heights.flags.writeable and not found.surroundings.heights.flags.writeable


def test_a_writer_killed_in_the_middle_leaves_the_old_file_or_none(folder: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "HAMLET_CACHE": str(folder)}
    old, new = plain_valley(0.0), plain_valley(1.0)
    torn = 0
    for attempt in range(12):
        path = folder / "valley-some.bin"
        path.unlink(missing_ok=True)
        if attempt % 2 == 0:
            cache.store("some", old)
        for left in folder.glob("*.part"):
            left.unlink()
        writer = subprocess.Popen(
            [sys.executable, "-c", STORE_FOREVER], env=environment, cwd=root, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        until = time.monotonic() + 60
        while not list(folder.glob("*.part")) and time.monotonic() < until:
            pass
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        found = cache.load("some")
        assert found is None or same(found, old) or same(found, new)
        torn += bool(list(folder.glob("*.part")))
        if torn:
            break
    assert torn  # it was killed while writing, and nobody was told a half
    cache.store("some", new)
    found = cache.load("some")
    assert found is not None and same(found, new)


def test_parts_of_killed_writers_are_swept_and_those_at_work_left(folder: Path) -> None:
    dead, alive = folder / "valley-dead.part", folder / "valley-alive.part"
    dead.write_bytes(b"half")
    alive.write_bytes(b"half")
    os.utime(dead, (1.0, 1.0))
    cache.store("other", plain_valley(1.0, 20))
    assert not dead.exists() and alive.exists()


def test_the_key_changes_with_every_input() -> None:
    inputs = [7, 2048.0, 12, 47.0, LandConfig(), 1000.0, 0.3]
    others = [8, 1024.0, 13, 46.0, LandConfig(hardness=1.1), 999.0, 0.31]
    keys = {cache.key(*inputs)}
    for k, other in enumerate(others):
        keys.add(cache.key(*inputs[:k], other, *inputs[k + 1 :]))
    assert len(keys) == len(inputs) + 1
    assert cache.key(*inputs) in keys
