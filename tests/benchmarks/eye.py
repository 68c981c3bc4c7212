"""The eye: where the time of a frame goes, what one pass and a second thread save, how captures gain from processes.

Ways of drawing take turns, so that a noisy moment hits them all; times are medians.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from panda3d.core import GraphicsOutput
from rich.console import Console
from rich.table import Table

from agents.language.templates import TemplateVoice
from engine.annotations import annotate
from engine.capture import Capture
from engine.drawing import Shot, render
from engine.processes import cores
from engine.provenance import Model
from engine.render.graphics import Context, extracted, gl_function, open_context
from engine.render.stage import Stage
from engine.residues import fast_residues
from engine.scenario import MODALITIES, QUALITIES, load
from engine.sight import look
from engine.simulation import Simulation
from recorder.images import encode_image

SIZES = ((256, 256), (512, 512), (640, 480))
TICKS_APART = 8  # frames of two a second
TURNS, WARM_UP = 9, 2
CAMERA = "bench"
CAPTURED = {"capture.duration": 15.0, "capture.fps": 4.0, "capture.size": "640x480", "capture.quality": "fast"}
PARTS, PROCESSOR = ("draw", "read back", "annotate", "encode"), "processor"
ROUND = 8  # frames one after the other


@dataclass(frozen=True)
class Scene:
    """A market square at noon, seen from a camera that moves."""

    simulation: Simulation
    shot: Shot
    tick_ms: float

    def annotate(self, images: Mapping[str, NDArray[Any]]) -> None:
        """Make the tables of the shot's frame, where its images tell them."""
        if not {"depth", "instance"} <= images.keys():
            return
        simulation, snapshot = self.simulation, self.shot.snapshot
        time_s = snapshot.tick / simulation.scenario.world.tick_rate
        annotate(simulation.scenery, simulation.cast, snapshot, self.shot.poses[CAMERA], images, time_s)


def encode(images: Mapping[str, NDArray[Any]]) -> None:
    """Make bytes of all images."""
    for name, image in images.items():
        encode_image(name, image, fast_residues)


def scene() -> Scene:
    """The shipped valley after some ticks, which are timed."""
    simulation = Simulation(load("valley"), TemplateVoice())
    square = next(place for place in simulation.scenery.places if place["name"] == "the square")
    target = np.array([square["x"], square["y"], float(simulation.scenery.buildings["z"].mean())])
    snapshots, ticks = [], []
    for _ in range(3):
        for _ in range(TICKS_APART):
            began = time.perf_counter()
            simulation.step()
            ticks.append(time.perf_counter() - began)
        snapshots.append(simulation.snapshot)
    poses = [{CAMERA: look(target + np.array([-60.0 + step, -35.0, 30.0]), target, 46)} for step in range(3)]
    shot = Shot(snapshots[1], poses[1], snapshots[2], poses[2], snapshots[0], poses[0])
    return Scene(simulation, shot, statistics.median(ticks) * 1000)


def staged(scene: Scene, size: tuple[int, int], modalities: tuple[str, ...], quality: str) -> Stage:
    """A stage of the scene."""
    return Stage(scene.simulation.scenery, scene.simulation.cast, size, modalities, quality=quality)


@contextmanager
def drawing(context: Context, then: Callable[[], None]) -> Iterator[None]:
    """Does something whenever the context has drawn."""
    own = context.draw

    def draw() -> None:
        own()
        then()

    context.draw = draw  # type: ignore[method-assign]
    try:
        yield
    finally:
        del context.draw


class Timed:
    """Times frames in their parts; a driver draws when it likes, so it is made to finish before pixels are read."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        finish = gl_function("glFinish")
        assert finish is not None
        self._finish = finish

    def frame(self, stage: Stage) -> dict[str, float]:
        """Milliseconds of every one of PARTS, and those of the processor in all threads."""
        marks, busy = [time.perf_counter()], time.process_time()

        def drawn() -> None:
            self._finish()
            marks[1:] = [time.perf_counter()]

        with drawing(stage.context, drawn):
            images = render(stage, self._scene.shot, CAMERA)
        marks.append(time.perf_counter())
        self._scene.annotate(images)
        marks.append(time.perf_counter())
        encode(images)
        marks.append(time.perf_counter())
        parts = {part: (b - a) * 1000 for part, (a, b) in zip(PARTS, pairwise(marks), strict=True)}
        return {**parts, PROCESSOR: (time.process_time() - busy) * 1000}


def medians(ways: dict[str, Callable[[], dict[str, float]]]) -> dict[str, dict[str, float]]:
    """By way and part, milliseconds; the ways take turns, and the first turns only warm up."""
    turns = [{name: way() for name, way in ways.items()} for _ in range(WARM_UP + TURNS)][WARM_UP:]
    return {
        name: {part: statistics.median(turn[name][part] for turn in turns) for part in turns[0][name]} for name in ways
    }


def parts(out: Console, scene: Scene) -> None:
    """Where the time goes, by size and quality, with all modalities and with rgb alone."""
    title = (
        "The frame in parts, ms (drivers draw when pixels are asked for, and here when told; processor: all threads)"
    )
    shown = Table(title=title, title_justify="left", padding=0)  # twelve columns
    for column in (
        "size",
        "quality",
        "modalities",
        "a tick",
        *PARTS,
        PROCESSOR,
        "read / frame",
        "frames/s",
        "all / rgb",
    ):
        shown.add_column(column, justify="right")
    timed = Timed(scene)
    for size in SIZES:
        stages = {
            (quality, what): staged(scene, size, names, quality)
            for quality in QUALITIES
            for what, names in (("rgb", ("rgb",)), ("all", MODALITIES))
        }
        taken = medians({" ".join(key): partial(timed.frame, stage) for key, stage in stages.items()})
        for (quality, what), stage in stages.items():
            stage.close()
            frame = taken[f"{quality} {what}"]
            drawn = frame["draw"] + frame["read back"]
            alone = taken[f"{quality} rgb"]
            shown.add_row(
                "x".join(map(str, size)),
                quality,
                what,
                f"{scene.tick_ms:.1f}",
                *(f"{frame[part]:.1f}" for part in (*PARTS, PROCESSOR)),
                f"{frame['read back'] / drawn:.1%}",
                f"{1000 / sum(frame[part] for part in PARTS):.1f}",
                f"{drawn / (alone['draw'] + alone['read back']):.2f}",
            )
    out.print(shown)


def one_pass(out: Console, scene: Scene) -> None:
    """All modalities in one pass against one camera for each, and against a step of the engine for each sensor."""
    shown = Table(title="One pass against the other ways, ms to draw and read (fast)", title_justify="left")
    columns = ("size", "rgb", "all", "one camera each", "engine step each", "all / rgb", "each / all", "step / all")
    for column in columns:
        shown.add_column(column, justify="right")
    for size in SIZES:
        taken = _ways(scene, size)
        row = [taken[way]["frame"] for way in ("rgb", "all", "each", "step")]
        rgb, together, each, step = row
        shown.add_row(
            "x".join(map(str, size)),
            *(f"{value:.1f}" for value in row),
            *(f"{ratio:.2f}" for ratio in (together / rgb, each / together, step / together)),
        )
    out.print(shown)


def _ways(scene: Scene, size: tuple[int, int]) -> dict[str, dict[str, float]]:
    alone, together = (staged(scene, size, names, "fast") for names in (("rgb",), MODALITIES))
    sensors = {name: staged(scene, size, (name,), "fast") for name in MODALITIES}
    stepped = Stepped(sensors, scene.shot)
    taken = medians(
        {
            "rgb": lambda: whole(lambda: render(alone, scene.shot, CAMERA)),
            "all": lambda: whole(lambda: render(together, scene.shot, CAMERA)),
            "each": lambda: whole(lambda: [render(stage, scene.shot, CAMERA) for stage in sensors.values()]),
            "step": lambda: whole(stepped.frame),
        }
    )
    for stage in (alone, together, *sensors.values()):
        stage.close()
    return taken


def whole(work: Callable[[], object]) -> dict[str, float]:
    """The milliseconds that something takes."""
    began = time.perf_counter()
    work()
    return {"frame": (time.perf_counter() - began) * 1000}


class Stepped:
    """As MetaDrive's sensors do: each has a buffer, and is read by stepping the engine, which draws the buffers of all.

    Pixels leave by Panda3D's own copy. What the world needs to get ready for a frame is not counted here.
    """

    def __init__(self, sensors: dict[str, Stage], shot: Shot) -> None:
        self._sensors = sensors
        self._context = next(iter(sensors.values())).context
        self._outputs: list[GraphicsOutput] = []
        for stage in sensors.values():
            with drawing(self._context, self._note):
                render(stage, shot, CAMERA)

    def _note(self) -> None:
        engine = self._context.engine
        outputs = [engine.get_window(number) for number in range(engine.get_num_windows())]
        self._outputs += [output for output in outputs if output.is_active()]

    def frame(self) -> None:
        """One frame of all sensors."""
        for output in self._outputs:
            output.set_active(True)
        for stage in self._sensors.values():
            self._context.draw()
            *_, texture = stage._view.textures.values()  # the picture, or what else a sensor has beside one
            extracted(self._context, texture)
        for output in self._outputs:
            output.set_active(False)


def overlapped(out: Console, scene: Scene) -> None:
    """A thread that annotates and encodes while the next frame is drawn, as in a drawing process, against none."""
    title = "One process, 640x480, all modalities, fast: ms a frame, one thing after the other or two at once"
    shown = Table(title=title, title_justify="left")
    for column in ("one after the other", "finished meanwhile", "after / meanwhile"):
        shown.add_column(column, justify="right")
    stage = staged(scene, (640, 480), MODALITIES, "fast")

    def finish(images: Mapping[str, NDArray[Any]]) -> None:
        scene.annotate(images)
        encode(images)

    def after() -> None:
        for _ in range(ROUND):
            finish(render(stage, scene.shot, CAMERA))

    def meanwhile() -> None:
        with ThreadPoolExecutor(1) as finisher:
            last: Future[None] | None = None
            for _ in range(ROUND):
                images = render(stage, scene.shot, CAMERA)
                if last is not None:
                    last.result()
                last = finisher.submit(finish, images)

    taken = medians({"after": lambda: whole(after), "meanwhile": lambda: whole(meanwhile)})
    stage.close()
    one, two = (taken[way]["frame"] / ROUND for way in ("after", "meanwhile"))
    shown.add_row(f"{one:.1f}", f"{two:.1f}", f"{one / two:.2f}")
    out.print(shown)


@dataclass(frozen=True)
class Paced:
    """What a capture did while all its processes drew."""

    frames: int
    wall_s: float
    processor_s: float  # of all its processes and their threads


def captures(out: Console) -> None:
    """Whole captures, by number of cores and of drawing processes: frames a second while all of them draw.

    The first is one process on one core, which linear growth is counted from; as many processes as cores, with one
    thread of the rasteriser each, show how captures grow with both. One process keeps more than one core busy even so,
    as it draws, rasterises and encodes side by side. The last has a thread for every core, as `hamlet capture
    --workers 1` gives it. How close they come to what the cores can do is what `cores busy` tells; the rest is the
    price of a frame, in milliseconds of a processor.
    """
    title = "Captures of 640x480, all modalities, fast (4 frames a second of the village)"
    shown = Table(title=title, title_justify="left")
    columns = (
        "cores",
        "workers",
        "GL threads each",
        "frames/s",
        "x one core",
        "share of linear",
        "processor ms a frame",
        "cores busy",
        "waits for",
    )
    for column in columns:
        shown.add_column(column, justify="right")
    first, most = 0.0, cores()
    for used, workers, threads in dict.fromkeys(((1, 1, 1), (most, 1, 1), (most, most, 1), (most, 1, most))):
        scenario, voice = load("valley", CAPTURED), TemplateVoice()
        os.environ["LP_NUM_THREADS"] = str(threads)
        try:
            with tempfile.TemporaryDirectory() as folder, _on_cores(used):
                capture = Capture(scenario, Path(folder), voice, Model("none", ""), workers=workers)
                paced = _paced(capture, 8 * workers)
        finally:
            del os.environ["LP_NUM_THREADS"]
        rate = paced.frames / paced.wall_s
        first = first or rate
        shown.add_row(
            f"{used}",
            f"{workers}",
            f"{threads}",
            f"{rate:.2f}",
            f"{rate / first:.2f}",
            f"{rate / first / used:.0%}",
            f"{1000 * paced.processor_s / paced.frames:.0f}",
            f"{paced.processor_s / paced.wall_s:.2f} of {used}",
            capture.waits.longest(),
        )
    out.print(shown)


@contextmanager
def _on_cores(count: int) -> Iterator[None]:
    """Runs on so many cores only, with all processes that are started here."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(own)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)


def _paced(capture: Capture, warm_up: int) -> Paced:
    """Runs a capture; what it did between its first frames and the moment when no more are given to be drawn."""
    marks: list[tuple[int, float, float]] = []
    for progress in capture.run():
        drawing = active_children()
        if drawing and progress.frames >= warm_up and (not marks or progress.frames > marks[-1][0]):
            marks[1:] = [(progress.frames, time.perf_counter(), _processor_s(drawing))]
    (frames, began, used), (last, ended, used_then) = marks
    return Paced(last - frames, ended - began, used_then - used)


def _processor_s(others: list[BaseProcess]) -> float:
    """Seconds of the processor that this process and others have used, as Linux counts them."""
    used = time.process_time()
    for process in others:
        fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # in its user's and the system's code
    return used


def eye(out: Console) -> None:
    """Print what draws, then every table."""
    gsg = open_context().host.get_gsg()
    out.print(f"The eye draws with {gsg.get_driver_renderer()}, OpenGL {gsg.get_driver_version()}\n")
    made = scene()
    parts(out, made)
    one_pass(out, made)
    overlapped(out, made)
    captures(out)
