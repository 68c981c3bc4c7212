"""Capture: a run without a screen, in lockstep, recorded with its frames, and turned into things one can look at."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agents.acts import SpeechPlan
from agents.language.phrases import phrase_book
from agents.language.voice import Voice, Wording
from engine import cameras
from engine.clock import Clock, LockstepClock
from engine.drawing import Drawers, Shot, Studio, Taken, seen
from engine.interrupts import interrupts
from engine.processes import cores
from engine.products import nothing_left, prepare_folder, products
from engine.provenance import Model, header
from engine.recording import record_tick
from engine.render.graphics import pipe_of
from engine.scenario import Scenario
from engine.simulation import Simulation
from engine.voice import lost_words
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


@dataclass(frozen=True)
class Waits:
    """Where the time of a run went so far, seconds of the wall's clock."""

    drawing: float  # until frames were drawn that many others wait for
    words: float  # until the model had worded what was due
    disk: float  # until there was room for more on its way there
    village: float  # its life itself

    def longest(self) -> str:
        """What the run would be faster without."""
        return max(vars(self), key=lambda name: float(vars(self)[name]))


class Capture:
    """One capture into a folder: `run()` steps it to its end, `products()` makes what people open.

    This process lives the village and writes; others draw. The run waits for whichever is behind, and drops nothing.

    Args:
        scenario: what is captured.
        out: folder of the recording.
        voice: words the acts; it is closed when the run is over.
        model: what is recorded of the voice.
        workers: how many processes draw; by default one for each core.

    Raises:
        OutputError: if the folder already holds what a capture makes, or cannot be written.
        RenderError: nothing can be drawn here.
    """

    def __init__(
        self, scenario: Scenario, out: Path, voice: Voice, model: Model, *, workers: int | None = None
    ) -> None:
        self.scenario, self.out, self.model = scenario, out, model
        self.clock: Clock = LockstepClock()
        with nothing_left(out):
            self.path = prepare_folder(out, (camera.name for camera in scenario.camera))
            if scenario.capture.modalities:
                pipe_of(windowed=False)  # a missing driver is told before the valley is made for it
            self._voice = _TimedVoice(voice)
            self.simulation = Simulation(scenario, self._voice)
            self._rigs = cameras.rigs(scenario, self.simulation.scenery, self.simulation.cast)
            self._writer = SessionWriter(
                self.path,
                header(scenario, model, datetime.now(UTC)),
                self.simulation.scenery,
                self.simulation.cast,
                segment_bytes=scenario.capture.segment_mib << 20,
            )
        self._workers = min(
            workers or cores(), 1 + scenario.ticks // scenario.ticks_per_frame
        )  # a tick is drawn by one
        self._drawers: Drawers | None = None
        self._pending: Shot | None = None
        self._writing_s = 0.0
        self._began = time.monotonic()
        self._progress = Progress(0, scenario.ticks, 0, 0, 0)

    def run(self) -> Iterator[Progress]:
        """Step to the end, yielding after every tick; Ctrl-C ends it after the tick at hand, with all recorded.

        Raises:
            SessionError: the disk refuses; what was recorded before is there.
            RenderError: nothing can be drawn here, or a drawing process ended; likewise.
        """
        simulation, capture, self._began = self.simulation, self.scenario.capture, time.monotonic()
        try:
            gc.freeze()  # or all of the valley is looked through for garbage whenever a little more has been made
            with self._writer, ExitStack() as drawing, interrupts() as interrupted:
                if capture.modalities:
                    studio = Studio(self.path, capture.size, capture.modalities, capture.quality)
                    self._drawers = drawing.enter_context(Drawers(studio, self._workers))
                phrase_book()  # while those processes start: the first line that is said would wait for it
                self._record()
                while simulation.tick < self.scenario.ticks and not interrupted:
                    for _ in range(self.clock.due(time.monotonic_ns())):
                        simulation.step()
                        self._record()
                    yield self._progress
                self._draw_last()
                lost = lost_words(self._voice.inner)
                self._progress = replace(
                    self._progress, stopped=bool(interrupted), lost_lines=lost.lines, lost_reason=lost.reason
                )
                self._writer.close({**asdict(self._progress), "wall_s": round(time.monotonic() - self._began, 3)})
        finally:
            gc.unfreeze()
            simulation.voice.close()
        yield self._progress

    @property
    def waits(self) -> Waits:
        """Where the time has gone since the run began."""
        drawing = 0.0 if self._drawers is None else self._drawers.waited_s
        waited = drawing + self._voice.waited_s + self._writing_s
        return Waits(drawing, self._voice.waited_s, self._writing_s, time.monotonic() - self._began - waited)

    def _record(self) -> None:
        began = time.monotonic()
        record_tick(self._writer, self.simulation)
        self._writing_s += time.monotonic() - began
        snapshot = self.simulation.snapshot
        if self._drawers is not None and snapshot.tick % self.scenario.ticks_per_frame == 0:
            self._photograph(self._drawers)
        by_model = sum(utterance.source == "model" for utterance in snapshot.utterances)
        self._progress = replace(
            self._progress,
            tick=snapshot.tick,
            utterances=self._progress.utterances + len(snapshot.utterances),
            worded_by_model=self._progress.worded_by_model + by_model,
        )

    def _photograph(self, drawers: Drawers) -> None:
        """Have the frame before this one drawn, as its flow needs to know what comes next, and keep this one."""
        snapshot, last = seen(self.simulation.snapshot), self._pending
        poses = {name: rig.pose(self.simulation.snapshot) for name, rig in self._rigs.items()}
        if last is None:
            self._pending = Shot(snapshot, poses)
            return
        self._pending = Shot(snapshot, poses, before=last.snapshot, before_poses=last.poses)
        self._write(drawers.give(replace(last, following=snapshot, following_poses=poses)))

    def _draw_last(self) -> None:
        """The last frame, which nothing follows, and all that are under way."""
        if self._drawers is not None and self._pending is not None:
            self._write(self._drawers.give(self._pending))
            self._write(self._drawers.rest())

    def _write(self, drawn: list[tuple[Shot, dict[str, Taken]]]) -> None:
        began = time.monotonic()
        for shot, views in drawn:
            for camera, view in views.items():
                self._writer.encoded_frame(shot.snapshot.tick, camera, shot.poses[camera], view.images, view.tables)
            self._progress = replace(self._progress, frames=self._progress.frames + len(views))
        self._writing_s += time.monotonic() - began

    def products(self, loose_frames: bool = False) -> Iterator[tuple[str, Path]]:
        """Make what people open; see engine.products."""
        return products(self.path, self.scenario.capture.fps, loose_frames)


class _TimedVoice:
    """A voice that knows how long the run has waited for its words."""

    def __init__(self, inner: Voice) -> None:
        self.inner, self.waited_s = inner, 0.0

    def submit(self, plan: SpeechPlan) -> None:
        self.inner.submit(plan)

    def due(self, tick: int) -> list[Wording]:
        began = time.monotonic()
        try:
            return self.inner.due(tick)
        finally:
            self.waited_s += time.monotonic() - began

    def close(self) -> None:
        self.inner.close()
