"""What a session says about itself before its first tick: where it came from and how to read its numbers."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from engine.scenario import Scenario

CONVENTIONS = {
    "world frame": "metres, right-handed, x east, y north, z up",
    "heading": "radians, counter-clockwise from east",
    "camera frame": "OpenCV: x right, y down, z forward; K in pixels, pixel centres at +0.5",
    "images": "row 0 at the top; rgb is uint8 sRGB",
    "depth": "float32 metres along the optical axis (planar); inf where there is no surface",
    "instance": "ids below 2^24, 0 = nothing, stable through the session; class by table lookup",
    "semantic": "uint8, assets.palette.SemanticClass",
    "normal": "world frame, unit length; 0 where there is no surface",
    "part": "uint8, assets.palette.Part; 0 where a thing has no parts",
    "flow": "forward, pixels (right, down) to the next captured frame; flow_valid says where it lands in the image",
    "back_flow": "pixels (right, down) to where the captured frame before had the point; back_flow_valid likewise",
    "albedo": "uint8 sRGB, diffuse reflectance as lit, wet and snowed on; 0 where there is no surface",
    "boxes": "x, y, w, h in pixels",
    "weather": "mm/h, m/s, degC, Pa, m visibility, 0..1 cloud fraction",
    "time": "tick (integer); time_s = tick / tick_rate; local solar date-time = start + time_s",
}
PACKAGES = (
    "hamlet-valley",
    "numpy",
    "scipy",
    "numba",
    "opensimplex",
    "panda3d",
    "llama-cpp-python",
    "msgpack",
    "zstandard",
)
ROOMS = ("assets", "world", "agents", "engine")  # whose files decide what happens in a run


@dataclass(frozen=True)
class Model:
    """Which weights word the acts; sha256 is empty where the templates speak."""

    name: str
    sha256: str


def header(scenario: Scenario, model: Model, created: datetime) -> dict[str, Any]:
    """The header of a recording: the whole scenario, the model, versions and conventions."""
    capture = scenario.capture
    return {
        "scenario": scenario.model_dump(mode="json"),
        "seed": scenario.seed,
        "tick_rate": scenario.world.tick_rate,
        "start": scenario.place.start.isoformat(),
        "model": {"name": model.name, "sha256": model.sha256},
        "versions": package_versions(),
        "conventions": CONVENTIONS,
        "cameras": [camera.model_dump(mode="json") for camera in scenario.camera],
        "capture_rate": capture.fps,
        "size": list(capture.size),
        "modalities": list(capture.modalities),
        "quality": capture.quality,
        "created": created.isoformat(timespec="seconds"),
    }


def package_versions() -> dict[str, str]:
    """Versions of Python, of Hamlet's own files, and of the packages that shape a session, of those installed."""
    versions = {"python": platform.python_version(), "code": code_digest()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@cache
def code_digest() -> str:
    """16 hexadecimal digits that change with every file of the rooms: tells two states of one version apart."""
    digest = hashlib.sha256()
    for room in ROOMS:
        folder = Path(str(files(room)))
        for path in sorted(
            each for each in folder.rglob("*") if each.suffix in (".py", ".toml", ".glsl", ".vert", ".frag")
        ):
            digest.update(path.relative_to(folder.parent).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
