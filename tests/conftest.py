"""What all tests share: a cache of their own, so that they leave the user's alone, and a virtual screen."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("hamlet", deadline=None)  # the machines that run this are shared
settings.load_profile("hamlet")
os.environ["HAMLET_CACHE"] = str(Path(__file__).parents[1] / ".pytest_cache" / "valleys")


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
