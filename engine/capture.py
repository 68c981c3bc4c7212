"""Capture: a run without a screen, in lockstep, recorded with its frames, and turned into things one can look at."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from agents.language.voice import Voice
from engine import cameras
from engine.clock import Clock, LockstepClock
from engine.provenance import Model, header
from engine.render.stage import Stage
from engine.scenario import Scenario
from engine.simulation import Simulation
from engine.voice import lost_words
from recorder.container import SessionError
from recorder.dialogue import write_dialogue, write_srt
from recorder.loose import write_frames
from recorder.reader import Session
from recorder.schema import CameraPose, Snapshot
from recorder.sheet import moments, write_contact_sheet
from recorder.video import write_video
from recorder.writer import SessionWriter

SESSION_FILE = "session.hamlet"
CONTACT_SHEET, DIALOGUE, SUBTITLES, FRAMES = "contact_sheet.png", "dialogue.txt", "dialogue.srt", "frames"


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


class OutputError(ValueError):
    """The output folder cannot be used; the message says why and what to do."""


class Capture:
    """One capture into a folder: `run()` steps it to its end, `products()` makes what people open.

    Raises:
        OutputError: if the folder already holds what a capture makes, or cannot be written.
    """

    def __init__(self, scenario: Scenario, out: Path, voice: Voice, model: Model) -> None:
        self.scenario, self.out, self.model = scenario, out, model
        self.clock: Clock = LockstepClock()
        self.path = prepare_folder(out, tuple(f"{camera.name}.mp4" for camera in scenario.camera))
        self.simulation = Simulation(scenario, voice)
        self._rigs = cameras.rigs(scenario, self.simulation.scenery)
        self._stage = Stage(
            self.simulation.scenery,
            self.simulation.cast,
            scenario.capture.size,
            scenario.capture.modalities,
            tick_rate=scenario.world.tick_rate,
        )
        self._writer = SessionWriter(
            self.path, header(scenario, model, datetime.now(UTC)), self.simulation.scenery, self.simulation.cast
        )
        self._pending: tuple[Snapshot, dict[str, CameraPose]] | None = None
        self._progress = Progress(0, scenario.ticks, 0, 0, 0)

    def run(self) -> Iterator[Progress]:
        """Step to the end, yielding after every tick; Ctrl-C ends it after the tick at hand, with all recorded."""
        simulation, started = self.simulation, time.monotonic()
        try:
            with self._writer, _interrupts() as interrupted:
                self._record(simulation.snapshot)
                while simulation.tick < self.scenario.ticks and not interrupted:
                    for _ in range(self.clock.due(time.monotonic_ns())):
                        self._record(simulation.step())
                    yield self._progress
                self._draw_pending(None, None)
                lost = lost_words(simulation.voice)
                self._progress = replace(
                    self._progress, stopped=bool(interrupted), lost_lines=lost.lines, lost_reason=lost.reason
                )
                self._writer.close({**asdict(self._progress), "wall_s": round(time.monotonic() - started, 3)})
        finally:
            self._stage.close()
            simulation.voice.close()
        yield self._progress

    def _record(self, snapshot: Snapshot) -> None:
        for wording in self.simulation.wordings:
            self._writer.wording(asdict(wording))
        self._writer.snapshot(snapshot)
        if snapshot.tick % self.scenario.ticks_per_frame == 0:
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
        if self._pending is None:
            return
        snapshot, poses = self._pending
        for name, pose in poses.items():
            after = None if following_poses is None else following_poses[name]
            images = self._stage.render(snapshot, pose, following, after)
            self._writer.frame(snapshot.tick, name, pose, images)
        self._progress = replace(self._progress, frames=self._progress.frames + len(poses))
        self._pending = None

    def products(self, loose_frames: bool = False) -> Iterator[tuple[str, Path]]:
        """Make the videos, the contact sheet, the texts and the loose frames; yields each as it is done.

        Loose frames are those of the contact sheet's moments, or all of them. Each product appears under its name only
        when it is whole.
        """
        with Session.open(self.path) as session:
            yield "session", self.path
            if "rgb" in session.modalities:
                for name in session.cameras:
                    video = partial(write_video, session, name, fps=self.scenario.capture.fps)
                    yield f"video, camera {name}", self._whole(video, f"{name}.mp4")
            yield "contact sheet", self._whole(partial(write_contact_sheet, session), CONTACT_SHEET)
            yield "dialogue", self._whole(partial(write_dialogue, session), DIALOGUE)
            yield "subtitles", self._whole(partial(write_srt, session), SUBTITLES)
            chosen = None if loose_frames else moments(session)
            frames = partial(write_frames, session, frames=chosen)
            yield "all frames as files" if loose_frames else "some frames as files", self._whole(frames, FRAMES)

    def _whole(self, write: Callable[[Path], Path], name: str) -> Path:
        unfinished = self.out / f".unfinished-{name}"
        try:
            return write(unfinished).replace(self.out / name)
        except OSError as error:
            _remove(unfinished)
            raise OutputError(
                f"{self.out / name} cannot be written: {error.strerror}; the recording {self.path} is whole."
            ) from None
        except SessionError as error:
            _remove(unfinished)
            raise OutputError(f"{self.out / name} cannot be made: {error}") from None
        except KeyboardInterrupt:
            _remove(unfinished)
            raise


def _remove(path: Path) -> None:
    """Remove a file or a folder, whether it is there or not."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def prepare_folder(out: Path, videos: tuple[str, ...] = ()) -> Path:
    """Make the folder and return the path its session will have.

    Raises:
        OutputError: if it holds a session or a file that the capture would replace, or cannot be written.
    """
    path = out / SESSION_FILE
    try:
        if path.exists():
            raise OutputError(f"{path} is a recording already: name another folder with --out, or remove it first.")
        for name in (*videos, CONTACT_SHEET, DIALOGUE, SUBTITLES, FRAMES):
            if (out / name).exists():
                raise OutputError(
                    f"{out / name} is there already and would be replaced: name another folder with --out."
                )
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror}): name another folder with --out.") from None
    return path


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect Ctrl-C and SIGTERM instead of dying of them; a second one ends the process the usual way."""
    received: list[int] = []
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _frame: object) -> None:
        received.append(number)
        for each, handler in previous.items():
            signal.signal(each, handler)

    for number in previous:
        signal.signal(number, note)
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
