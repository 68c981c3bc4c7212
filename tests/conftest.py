"""What all tests share: an order, a cache of their own that leaves the user's alone, and a virtual screen."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("hamlet", deadline=None)  # the machines that run this are shared
settings.load_profile("hamlet")

CACHE = Path(__file__).parents[1] / ".pytest_cache" / "valleys"
STALE_S = 86400.0  # age at which a valley is most likely that of sources that are no more
os.environ["HAMLET_CACHE"] = str(CACHE)


def pytest_configure(config: pytest.Config) -> None:
    """Remove old valleys, before any worker is there to read them."""
    if not hasattr(config, "workerinput"):
        CACHE.mkdir(parents=True, exist_ok=True)
        for valley in CACHE.glob("*.bin"):
            if time.time() - valley.stat().st_mtime > STALE_S:
                valley.unlink(missing_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker is left alone with one of them at the end.

    The very first compiles the world for all; those that can do without its machine code are next, and need not wait.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    compiled = {item.path for item in items if "machine_code" in getattr(item, "fixturenames", ())}
    first = min(slow & compiled, default=None)
    items.sort(key=lambda item: (item.path != first, item.path not in slow, item.path in slow & compiled))


@pytest.fixture(scope="session")
def machine_code() -> None:
    """Compiled loops on disk, of world, walkers and boxes: by the first process of a run that asks, awaited by others.

    Whoever draws for a capture measures boxes: three processes at once would each compile the same.
    """
    from agents.language.templates import TemplateVoice
    from engine.annotations import annotate
    from engine.scenario import build
    from engine.simulation import Simulation
    from recorder.schema import CameraPose

    small = {"seed": 5, "world": {"size_m": 256}, "village": {"villagers": 3}, "weather": {"opening": "rain"}}
    with (CACHE / "compiling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = Simulation(build({"name": "small", **small}, "test"), TemplateVoice())
        for _ in range(20):
            run.step()
        person = run.snapshot.villagers[0]
        beside = CameraPose((person["x"] - 4.0, person["y"], person["z"] + 1.5), 0.0, 0.0, 1.0)
        images = {"instance": np.zeros((36, 48), np.uint32), "depth": np.full((36, 48), np.inf, np.float32)}
        annotate(run.scenery, run.cast, run.snapshot, beside, images, 0.0)


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The DISPLAY of a virtual screen; the X server picks a free number and writes it to the pipe."""
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb: make tests installs it")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as announced:
        number = announced.readline().strip()  # to its end: the server dies if it cannot write the whole line
    yield f":{number}"
    server.terminate()
    server.wait()
