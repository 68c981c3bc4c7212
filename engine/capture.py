"""Capture: a run without a screen, in lockstep, recorded with its frames, and turned into things one can look at."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agents.language.voice import Voice
from engine import cameras
from engine.clock import Clock, LockstepClock
from engine.interrupts import interrupts
from engine.products import prepare_folder, products
from engine.provenance import Model, header
from engine.recording import record_tick
from engine.render.stage import Stage
from engine.scenario import Scenario
from engine.simulation import Simulation
from engine.voice import lost_words
from recorder.schema import CameraPose, Snapshot
from recorder.writer import SessionWriter


@dataclass(frozen=True)
class Progress:
    """How far a capture is."""

    tick: int
    ticks: int
    frames: int
    utterances: int
    worded_by_model: int
    stopped: bool = False
    lost_lines: int = 0  # that the model was to word and could not
    lost_reason: str = ""


class Capture:
    """One capture into a folder: `run()` steps it to its end, `products()` makes what people open.

    Raises:
        OutputError: if the folder already holds what a capture makes, or cannot be written.
    """

    def __init__(self, scenario: Scenario, out: Path, voice: Voice, model: Model) -> None:
        self.scenario, self.out, self.model = scenario, out, model
        self.clock: Clock = LockstepClock()
        self.path = prepare_folder(out, (camera.name for camera in scenario.camera))
        self.simulation = Simulation(scenario, voice)
        self._rigs = cameras.rigs(scenario, self.simulation.scenery)
        self._stage = _stage(self.simulation) if scenario.capture.modalities else None
        self._writer = SessionWriter(
            self.path,
            header(scenario, model, datetime.now(UTC)),
            self.simulation.scenery,
            self.simulation.cast,
            segment_bytes=scenario.capture.segment_mib << 20,
        )
        self._pending: tuple[Snapshot, dict[str, CameraPose]] | None = None
        self._progress = Progress(0, scenario.ticks, 0, 0, 0)

    def run(self) -> Iterator[Progress]:
        """Step to the end, yielding after every tick; Ctrl-C ends it after the tick at hand, with all recorded."""
        simulation, started = self.simulation, time.monotonic()
        try:
            with self._writer, interrupts() as interrupted:
                self._record()
                while simulation.tick < self.scenario.ticks and not interrupted:
                    for _ in range(self.clock.due(time.monotonic_ns())):
                        simulation.step()
                        self._record()
                    yield self._progress
                self._draw_pending(None, None)
                lost = lost_words(simulation.voice)
                self._progress = replace(
                    self._progress, stopped=bool(interrupted), lost_lines=lost.lines, lost_reason=lost.reason
                )
                self._writer.close({**asdict(self._progress), "wall_s": round(time.monotonic() - started, 3)})
        finally:
            if self._stage is not None:
                self._stage.close()
            simulation.voice.close()
        yield self._progress

    def _record(self) -> None:
        record_tick(self._writer, self.simulation)
        snapshot = self.simulation.snapshot
        if self._stage is not None and snapshot.tick % self.scenario.ticks_per_frame == 0:
            poses = {name: rig.pose(snapshot) for name, rig in self._rigs.items()}
            self._draw_pending(snapshot, poses)
            self._pending = (snapshot, poses)
        by_model = sum(utterance.source == "model" for utterance in snapshot.utterances)
        self._progress = replace(
            self._progress,
            tick=snapshot.tick,
            utterances=self._progress.utterances + len(snapshot.utterances),
            worded_by_model=self._progress.worded_by_model + by_model,
        )

    def _draw_pending(self, following: Snapshot | None, following_poses: dict[str, CameraPose] | None) -> None:
        """Draw the frame before this one: its forward flow needs to know what comes next."""
        if self._pending is None or self._stage is None:
            return
        snapshot, poses = self._pending
        for name, pose in poses.items():
            after = None if following_poses is None else following_poses[name]
            images = self._stage.render(snapshot, pose, following, after)
            self._writer.frame(snapshot.tick, name, pose, images)
        self._progress = replace(self._progress, frames=self._progress.frames + len(poses))
        self._pending = None

    def products(self, loose_frames: bool = False) -> Iterator[tuple[str, Path]]:
        """Make what people open; see engine.products."""
        return products(self.path, self.scenario.capture.fps, loose_frames)


def _stage(simulation: Simulation) -> Stage:
    capture, world = simulation.scenario.capture, simulation.scenario.world
    return Stage(simulation.scenery, simulation.cast, capture.size, capture.modalities, tick_rate=world.tick_rate)
