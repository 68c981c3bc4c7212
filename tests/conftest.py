"""What all tests share: an order, a cache of their own that leaves the user's alone, and a virtual screen."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from world.folder import folder

settings.register_profile("hamlet", deadline=None)  # the machines that run this are shared
settings.load_profile("hamlet")


def installed() -> Path | None:
    """The folder in which `make install` left machine code, if there may be one."""
    try:
        return folder()
    except OSError:
        return None


CACHE = Path(__file__).parents[1] / ".pytest_cache" / "valleys"
STALE_S = 86400.0  # age at which a valley is most likely that of sources that are no more
INSTALLED = installed()
os.environ["HAMLET_CACHE"] = str(CACHE)


def pytest_configure(config: pytest.Config) -> None:
    """Remove old valleys and bring the installation's machine code, before any worker is there to read them."""
    if not hasattr(config, "workerinput"):
        CACHE.mkdir(parents=True, exist_ok=True)
        for valley in CACHE.glob("*.bin"):
            if time.time() - valley.stat().st_mtime > STALE_S:
                valley.unlink(missing_ok=True)
        from world.compiled import CODE

        if INSTALLED and (INSTALLED / CODE.name).is_dir() and not CODE.exists():
            shutil.copytree(INSTALLED / CODE.name, CODE)


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
    """Machine code of a run on disk: that of the installation, or made by the first process of a run that asks."""
    from engine.machine_code import MADE, make

    with (CACHE / "compiling").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not MADE.exists():
            make()


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
