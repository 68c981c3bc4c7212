"""What Hamlet needs from the operating system, and the command that brings it. Standard library only.

Run as `python3 -m engine.system` before anything is installed: prints what is missing and the command that mends it;
with `--fix` it runs that command when it may (root on a Debian-like system). What only the tests need does not stop
anything unless `--tests` is given.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Need:
    """One thing the system must have: how it shows, why, and the Debian packages that bring it."""

    name: str
    present: bool
    why: str
    packages: tuple[str, ...]
    only_tests: bool = False


def needs() -> tuple[Need, ...]:
    """Everything Hamlet and its tests need from the system, with what is there now."""
    return (
        Need(
            "Python 3.11 or newer with venv",
            sys.version_info >= (3, 11) and importlib.util.find_spec("ensurepip") is not None,
            "runs Hamlet",
            ("python3-venv",),
        ),
        Need("C++ compiler", any(map(shutil.which, ("g++", "c++", "clang++"))), "builds llama.cpp", ("g++",)),
        Need("make", shutil.which("make") is not None, "builds llama.cpp, runs the targets", ("make",)),
        Need(
            "OpenGL and EGL libraries",
            all(map(ctypes.util.find_library, ("EGL", "GL", "X11"))),
            "Panda3D draws through them",
            ("libegl1", "libgl1", "libx11-6"),
        ),
        Need("OpenGL driver", _has_gl_driver(), "a GPU's, or Mesa's in software", ("libgl1-mesa-dri", "libegl-mesa0")),
        Need("DejaVu fonts", _has_font(), "subtitles and captions in pictures", ("fonts-dejavu-core",)),
        Need(
            "Xvfb and xdotool",
            all(map(shutil.which, ("Xvfb", "xdotool"))),
            "the tests open the window on a virtual screen",
            ("xvfb", "xdotool"),
            only_tests=True,
        ),
    )


def _has_gl_driver() -> bool:
    vendors = [Path(root) / "glvnd/egl_vendor.d" for root in ("/usr/share", "/etc", "/usr/local/share")]
    return any(any(folder.glob("*.json")) for folder in vendors if folder.is_dir())


def _has_font() -> bool:
    folders = ("/usr/share/fonts", "/usr/local/share/fonts")
    return any(any(Path(folder).rglob("DejaVuSans.ttf")) for folder in folders if Path(folder).is_dir())


def remedy(missing: tuple[Need, ...]) -> list[str]:
    """The command that installs what is missing on Debian and Ubuntu, as arguments."""
    packages = [package for need in missing for package in need.packages]
    return ["apt-get", "install", "--yes", "--no-install-recommends", *packages]


def main(arguments: list[str]) -> int:
    """Print what is missing; with --fix install it where allowed. Returns 0 when nothing that matters is missing."""
    missing = _missing()
    if not missing:
        print("system: everything Hamlet needs is there")
        return 0
    for need in missing:
        print(f"system: missing: {need.name} ({need.why})")
    command = remedy(missing)
    if "--fix" in arguments and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"system: running: {' '.join(command)}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)  # noqa: S607
        subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
        missing = _missing()
        for need in missing:
            print(f"system: still missing: {need.name}")
    else:
        print(f"system: mend it with:  sudo apt-get update && sudo {' '.join(command)}")
    return int(any("--tests" in arguments or not need.only_tests for need in missing))


def _missing() -> tuple[Need, ...]:
    return tuple(need for need in needs() if not need.present)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
