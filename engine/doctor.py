"""The doctor: tries everything Hamlet needs on this machine and says what was found and what mends it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from agents.acts import Act, Fact, Persona, SpeechPlan, Topic
from assets.palette import BuildingKind, GroundCover
from engine import system
from recorder.schema import (
    BUILDING,
    ENVIRONMENT,
    FIRST_FREE_ID,
    LOOKS,
    PLANT,
    TERRAIN_ID,
    VILLAGER,
    CameraPose,
    Cast,
    Scenery,
    Snapshot,
)

SIZE = (160, 120)
HOUSE_ID = FIRST_FREE_ID
DEPTH_TOLERANCE = 1e-5  # relative, off silhouettes


@dataclass(frozen=True)
class Finding:
    """One thing examined: whether it is well, whether Hamlet needs it, what was found, what mends it."""

    name: str
    well: bool
    needed: bool
    found: str
    remedy: str = ""


def examine(model: str) -> Iterator[Finding]:
    """Examine the system, the packages, the renderer, the model and the disk, one finding at a time."""
    for need in system.needs():
        mend = f"sudo {' '.join(system.remedy((need,)))}"
        yield Finding(need.name, need.present, not need.only_tests, need.why, "" if need.present else mend)
    for package in ("panda3d", "numpy", "scipy", "numba", "opensimplex", "msgpack", "pydantic", "pillow", "av"):
        yield _package(package)
    yield _tried("graphics device", _graphics_device, "see the OpenGL lines above, or choose with HAMLET_DEVICE")
    yield _tried("known scene", _draw_known_scene, "see the OpenGL lines above")
    if model == "none":
        yield Finding("language model", True, False, "none asked for: the templates word every act")
    else:
        yield _package("llama-cpp-python")
        yield _tried("language model", lambda: _say_a_line(model), "or run with --model none")
    yield _tried("recording", _record_a_tick, "free some disk space, or make the folder writable")


def _package(name: str) -> Finding:
    try:
        return Finding(f"package {name}", True, True, version(name))
    except PackageNotFoundError:
        return Finding(f"package {name}", False, True, "not installed", "make install")


def _tried(name: str, trial: Callable[[], str], remedy: str) -> Finding:
    """The finding of a trial that raises when something is wrong: here any error is a finding."""
    try:
        return Finding(name, True, True, trial())
    except Exception as error:
        return Finding(name, False, True, f"{error}", remedy)


def known_scenery() -> Scenery:
    """A flat meadow at height zero, 256 m wide, with one house 24 m north of its middle."""
    side = 65
    house = np.zeros(1, BUILDING)
    house["id"], house["kind"] = HOUSE_ID, int(BuildingKind.HOUSE)
    house["y"], house["width_m"], house["depth_m"] = 24.0, 8.0, 6.0
    house["wall_height_m"], house["roof_height_m"] = 3.0, 2.5
    house["wall_rgb"], house["roof_rgb"] = (220, 210, 190), (150, 74, 52)
    flat = np.zeros((side, side), np.float32)
    return Scenery(
        cell_m=4.0,
        origin=(-128.0, -128.0),
        heights=flat,
        water_depth=flat,
        cover=np.full((side, side), int(GroundCover.PATH), np.uint8),
        moisture=flat,
        plants=np.zeros(0, PLANT),
        buildings=house,
        places=(),
        latitude=47.0,
        longitude=11.0,
    )


def known_snapshot() -> Snapshot:
    """Noon, clear, nobody there."""
    environment = np.zeros((), ENVIRONMENT)
    environment["sun_elevation"], environment["visibility_m"], environment["temperature_c"] = 1.0, 40_000.0, 15.0
    return Snapshot(0, environment, np.zeros(0, VILLAGER))


def _graphics_device() -> str:
    """Which driver draws on which device, what else there is, and how pixels leave it."""
    from engine.render.devices import choose, listed, wanted  # noqa: PLC0415
    from engine.render.graphics import ReadBack, open_context  # noqa: PLC0415 (its own failure is a finding)

    devices, wish = listed(), wanted()
    context = open_context()
    gsg = context.host.get_gsg()
    chosen = choose(wish, devices)
    those = ", ".join(map(str, devices)) or "none that EGL lists"
    how = "chosen by the driver" if chosen is None else f"device {chosen.index}"
    read = "directly" if ReadBack(context).direct else "the slow way (OpenGL older than 4.5)"
    return (
        f"{gsg.get_driver_renderer()}, OpenGL {gsg.get_driver_version()}, {how} (--device {wish}); devices: {those}; "
        f"pixels are read {read}"
    )


def _draw_known_scene() -> str:
    from engine.render.stage import Stage  # noqa: PLC0415 (its own failure is a finding)

    pose = CameraPose((0.0, 0.0, 6.0), yaw=np.pi / 2, pitch=-0.2, fov_y=1.0)
    stage = Stage(known_scenery(), Cast(np.zeros(0, LOOKS), ()), SIZE)
    try:
        began = time.perf_counter()
        images = stage.render(known_snapshot(), pose)
        taken = time.perf_counter() - began
    finally:
        stage.close()
    width, height = SIZE
    ids = images["instance"]
    unknown = set(np.unique(ids).tolist()) - {0, TERRAIN_ID, HOUSE_ID}
    if unknown or not (ids == HOUSE_ID).any():
        raise ValueError(f"instance ids are wrong: {sorted(unknown)} do not exist")
    rows = (np.arange(height) + 0.5 - height / 2) / pose.intrinsics(width, height)[1, 1]
    # A ray (u, v, 1) in the camera falls by sin(pitch) - v cos(pitch) per metre of depth.
    fall = -(np.sin(pose.pitch) - rows * np.cos(pose.pitch))
    expected = np.where(fall > 0, pose.position[2] / np.where(fall > 0, fall, 1), np.inf)
    ground = ids == TERRAIN_ID
    wanted = np.broadcast_to(expected[:, None], ground.shape)[ground]
    error = np.abs(images["depth"][ground] / wanted - 1).max()
    if not error < DEPTH_TOLERANCE:
        raise ValueError(f"depth is off by {error:.1e} of its value on flat ground")
    return f"depth within {error:.0e}, ids exact, {taken * 1000:.0f} ms for the first frame"


def _say_a_line(model: str) -> str:
    from engine.voice import open_voice  # noqa: PLC0415

    plan = _greeting()
    voice, which = open_voice(model, lockstep=True)
    try:
        began = time.perf_counter()
        voice.submit(plan)
        wording = voice.due(plan.due_tick)[0]
    finally:
        voice.close()
    return f"{which.name} says: {wording.text} ({wording.source}, {time.perf_counter() - began:.1f} s)"


def _greeting() -> SpeechPlan:
    """One villager tells another that the mill wheel is cracked."""
    someone = Persona(0, "Mira", 34, "woman", "miller", 0.5, 0.5, 0.6, 0.6, 0.4, "", "warm, talkative", 0, 0)
    fact = Fact(0, Topic.NEWS, "mill_wheel_cracked", -1, 0, 0, 540, source="seen")
    return SpeechPlan(
        speaker=someone,
        listener=replace(someone, row=1, name="Tomas", gender="man", trade="baker"),
        act=Act.TELL,
        topic=Topic.NEWS,
        fact=fact,
        subject_name="",
        place_name="the mill",
        mood="worried",
        affinity=0.3,
        familiarity=0.6,
        weather="cold rain",
        day_part="morning",
        here="the square",
        history=(),
        memory="",
        recent_lines=(),
        known_names=("Mira", "Tomas"),
        key=(0, 16, 0),
        due_tick=32,
        seed=1,
    )


def _record_a_tick() -> str:
    from recorder.reader import Session  # noqa: PLC0415
    from recorder.writer import SessionWriter  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.hamlet"
        with SessionWriter(path, {"tick_rate": 16}, known_scenery(), Cast(np.zeros(0, LOOKS), ())) as writer:
            writer.snapshot(known_snapshot())
        with Session.open(path) as session:
            if list(session.ticks) != [0] or not session.complete:
                raise ValueError("a session just written does not read back")
    return "a session written and read back"
