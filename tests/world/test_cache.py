"""The cache of valleys: what is read is what was kept, whoever was killed while keeping it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from world import cache
from world.columns import BUILDINGS, DECKS, PLANTS
from world.compiled import compiled
from world.folder import folder as folder_of_all
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


def test_what_is_no_longer_used_is_swept_and_what_is_not_ours_stays(folder: Path) -> None:
    """Even where somebody names their home folder for the cache."""
    part, old = f"valley-{'a' * 40}-x_1y2z3w.part", f"water-{'b' * 40}.bin"
    theirs = ("photos-of-the-valley.bin", "film.part", "valley-notes.bin", "code-of-mine/thesis.txt")
    for name in (part, old, f"code-{'0' * 16}/deep/f.code", *theirs):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"something")
    for path in folder.iterdir():
        os.utime(path, (1.0, 1.0))
    at_work, used = folder / f"valley-{'c' * 40}-abcdefgh.part", f"valley-{'d' * 40}.bin"
    at_work.write_bytes(b"half")
    cache.store("d" * 40, plain_valley(1.0, 20))
    os.utime(folder / used, (1.0, 1.0))
    assert cache.load("d" * 40) is not None  # which counts as use
    cache.store("other", plain_valley(1.0, 20))
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert left == {*theirs, at_work.name, used, "valley-other.bin"}


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "folder"])
def test_a_damaged_valley_is_as_good_as_none(folder: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    valley, path = plain_valley(1.0, 20), folder / "valley-some.bin"
    cache.store("some", valley)
    content = bytearray(path.read_bytes())
    if damage == "folder":
        path.unlink()
        path.mkdir()
    for at in range(0, len(content), len(content) // 25):
        if damage != "folder":
            path.write_bytes(damaged(bytes(content), damage, at))
        assert cache.load("some") is None
    assert str(path) in caplog.text and "made anew" in caplog.text


def damaged(content: bytes, damage: str, at: int) -> bytes:
    if damage == "flipped":
        return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]
    return content[:at] if damage == "truncated" else b""


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a few bytes; one that pytest writes its dots to may not, either."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_and_leaves_nothing_behind(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    valley = plain_valley(1.0, 40)
    with full_disk():
        cache.store("some", valley)
    assert f"cannot keep the valley in {folder}" in caplog.text
    assert not list(folder.iterdir()) and cache.load("some") is None


def test_a_cache_that_is_a_file_is_told_and_does_not_matter(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "file").touch()
    monkeypatch.setenv("HAMLET_CACHE", str(folder / "file"))
    assert cache.load("some") is None
    cache.store("some", plain_valley(1.0, 20))
    assert "cannot keep the valley" in caplog.text


def test_an_interrupted_writer_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cache.store("some", plain_valley(1.0, 20))
    assert not list(folder.iterdir())


def test_the_folder_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    for named, where in (("", tmp_path / ".cache" / "hamlet"), ("~/valleys", tmp_path / "valleys"), ("v", Path("v"))):
        monkeypatch.setenv("HAMLET_CACHE", named)
        assert folder_of_all() == where
    monkeypatch.setenv("HAMLET_CACHE", "~nobody_of_this_name/valleys")
    with pytest.raises(OSError, match="name one with HAMLET_CACHE"):
        folder_of_all()


def triple(number: float) -> float:
    return 3.0 * number


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    if numba.config.DISABLE_JIT:
        pytest.skip("nothing is compiled")
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "code"))
    monkeypatch.setattr("world.compiled.unkept", set())
    return tmp_path / "code"


def hits(function: Any) -> int:
    return sum(function.stats.cache_hits.values())


def test_machine_code_is_kept_for_each_kind_of_argument(code: Path) -> None:
    first: Any = compiled(triple)
    assert (first(2.0), first(2)) == (6.0, 6.0)
    second: Any = compiled(triple)
    assert (second(2), second(2.0), hits(first), hits(second)) == (6.0, 6.0, 0, 2)
    assert len([path for path in code.rglob("*") if path.is_file()]) == 2
    second._cache.flush()
    third: Any = compiled(triple)
    assert (third(2.0), hits(third)) == (6.0, 0)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_damaged_machine_code_is_made_anew(code: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    compiled(triple)(2.0)
    (path,) = (path for path in code.rglob("*") if path.is_file())
    content = path.read_bytes()
    for at in (3, 20, len(content) // 2, len(content) - 1):
        path.write_bytes(damaged(bytes(content), damage, at))
        again: Any = compiled(triple)
        assert (again(2.0), hits(again)) == (6.0, 0)
        assert f"{path} is damaged" in caplog.text
        healed: Any = compiled(triple)
        assert (healed(2.0), hits(healed)) == (6.0, 1)
        caplog.clear()


def test_machine_code_that_cannot_be_kept_is_told_once(code: Path, caplog: pytest.LogCaptureFixture) -> None:
    code.write_text("a file where the folder should be")
    assert [compiled(triple)(number) for number in (2.0, 3)] == [6.0, 9.0]
    assert caplog.text.count("cannot keep machine code") == 1


def test_machine_code_on_a_full_disk_is_told_once(code: Path, caplog: pytest.LogCaptureFixture) -> None:
    with full_disk():
        assert [compiled(triple)(number) for number in (2.0, 3)] == [6.0, 9.0]
    assert caplog.text.count("cannot keep machine code") == 1
    assert not [path for path in code.rglob("*") if path.is_file()]


STORE_OFTEN = """
import sys
from tests.world.test_cache import plain_valley
from world import cache
for _ in range(20):
    cache.store("some", plain_valley(float(sys.argv[1]), 300))
    assert cache.load("some") is not None
"""


def test_two_writers_at_once_leave_the_file_of_one(folder: Path) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "HAMLET_CACHE": str(folder)}
    writers = [
        subprocess.Popen([sys.executable, "-c", STORE_OFTEN, str(level)], env=environment, cwd=root)
        for level in (0.0, 1.0)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    found = cache.load("some")
    assert found is not None and any(same(found, plain_valley(level, 300)) for level in (0.0, 1.0))
    assert [path.name for path in folder.glob("*-some*")] == ["valley-some.bin"]


def test_the_key_changes_with_every_input() -> None:
    inputs = [7, 2048.0, 12, 47.0, LandConfig(), 1000.0, 0.3]
    others = [8, 1024.0, 13, 46.0, LandConfig(hardness=1.1), 999.0, 0.31]
    keys = {cache.key(*inputs)}
    for k, other in enumerate(others):
        keys.add(cache.key(*inputs[:k], other, *inputs[k + 1 :]))
    assert len(keys) == len(inputs) + 1
    assert cache.key(*inputs) in keys
