"""What a session says about itself before its first tick: where it came from and how to read its numbers."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib import metadata
from typing import Any

from recorder.schema import SCHEMA_VERSION

CONVENTIONS = {
    "world frame": "metres, right-handed, x east, y north, z up",
    "heading": "radians, counter-clockwise from east",
    "camera frame": "OpenCV: x right, y down, z forward; K in pixels, pixel centres at +0.5",
    "images": "row 0 at the top; rgb is uint8 sRGB",
    "depth": "float32 metres along the optical axis (planar); inf where there is no surface",
    "instance": "ids below 2^24, 0 = nothing, stable through the session; class by table lookup",
    "semantic": "uint8, assets.palette.SemanticClass",
    "normal": "world frame, unit length; 0 where there is no surface",
    "flow": "forward, pixels (right, down), with a validity mask in flow_valid",
    "boxes": "x, y, w, h in pixels",
    "weather": "mm/h, m/s, degC, Pa, m visibility, 0..1 cloud fraction",
    "time": "tick (integer); time_s = tick / tick_rate; local solar date-time = start + time_s",
}
PACKAGES = ("hamlet-valley", "numpy", "msgpack", "panda3d", "scipy", "numba", "llama-cpp-python", "pillow", "av")


def session_header(
    *,
    scenario: Mapping[str, Any],
    seed: int,
    tick_rate: int,
    start: datetime | str,
    model: Mapping[str, str] | None = None,
    cameras: Sequence[Any] = (),
    capture_rate: float = 0.0,
    size: tuple[int, int] = (0, 0),
    modalities: Sequence[str] = (),
    created: datetime | str = "",
) -> dict[str, Any]:
    """The header of a session with conventions and package versions filled in.

    Args:
        scenario: the whole scenario as plain values, enough to run it again.
        seed: of the run.
        tick_rate: ticks per world second, a whole number.
        start: local solar date-time of tick 0.
        model: `name` and `sha256` of the language model; None where the phrases alone spoke.
        cameras: names or descriptions of the cameras.
        capture_rate: frames per world second, 0 where no frames are taken.
        size: width and height of the frames in pixels.
        modalities: names of the images in every frame.
        created: real date-time at which the run began.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": dict(scenario),
        "seed": seed,
        "tick_rate": tick_rate,
        "start": start if isinstance(start, str) else start.isoformat(),
        "model": dict(model or {"name": "", "sha256": ""}),
        "versions": package_versions(),
        "conventions": dict(CONVENTIONS),
        "cameras": list(cameras),
        "capture_rate": capture_rate,
        "size": list(size),
        "modalities": list(modalities),
        "created": created if isinstance(created, str) else created.isoformat(),
    }


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape a session; packages that are not installed are left out."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def local_time(header: Mapping[str, Any], tick: int) -> datetime | None:
    """Local solar date-time of a tick; None where the header has no start."""
    start = header.get("start")
    if not isinstance(start, str) or not start:
        return None
    return datetime.fromisoformat(start) + timedelta(seconds=tick / int(header["tick_rate"]))
