"""New frames from an old session: its recorded ticks drawn again, from other cameras, larger, under another sky.

Needs neither the model nor the generator of the valley: scenery, cast and snapshots are in the session.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.counterfactual import Counterfactual, Override
from engine.drawing import Shot, Studio, drawn, seen
from engine.interrupts import interrupts
from engine.products import prepare_folder, products
from engine.provenance import package_versions
from engine.scenario import MODALITIES, Scenario, build, load
from recorder.copying import State, TickCopier, states_of
from recorder.header import DRAWN, copied_header, id_of, origin, run_of
from recorder.lens import reaches
from recorder.reader import Session
from recorder.schema import CameraPose, Snapshot
from recorder.writer import SessionWriter

if TYPE_CHECKING:
    from engine.cameras import Rig


class RerenderError(ValueError):
    """The wanted frames cannot be drawn; the message says why and what to do."""


@dataclass(frozen=True)
class Order:
    """Which frames to make; None is as it was recorded."""

    cameras: tuple[str, ...] | Path | None = None  # names, or a TOML file with [[camera]] tables
    size: tuple[int, int] | str | None = None
    fps: float | None = None
    modalities: tuple[str, ...] | str | None = None
    quality: str | None = None
    ticks: range | None = None
    override: Override = field(default_factory=Override)


@dataclass(frozen=True)
class Progress:
    """How far a re-render is."""

    frames: int
    of_frames: int
    stopped: bool = False


class RecordedRig:
    """Stands where the camera stood when it was recorded."""

    def __init__(self, session: Session, camera: str) -> None:
        self._session, self._camera = session, camera

    def pose(self, snapshot: Snapshot) -> CameraPose:
        """The recorded pose."""
        return self._session.pose(snapshot.tick, self._camera)


@dataclass(frozen=True)
class _Cameras:
    """What moves the cameras, the ticks at which they see something, and how the header describes them."""

    rigs: dict[str, Rig]
    ticks: frozenset[int]
    described: list[dict[str, Any]]


class Rerender:
    """One re-render into a folder: `run()` draws it, `products()` makes what people open.

    Args:
        session: the recording; it stays open until `run()` is over.
        out: the folder of the new session.
        order: which frames to make.
        workers: how many processes draw.

    Raises:
        RerenderError: there is nothing to draw, or nothing of what is wanted.
        ScenarioError: the cameras, their rate, size or modalities cannot be.
        OutputError: the folder already holds what would be made, or cannot be written.
    """

    def __init__(self, session: Session, out: Path, order: Order, workers: int) -> None:
        if not session.ticks:
            raise RerenderError(f"{session.path} ends before its first tick; there is nothing to draw.")
        self._session, self._workers = session, workers
        recorded = _frame_ticks(session)
        self._view = _view(session, order, recorded)
        self._cameras = _cameras(session, order.cameras, self._view, recorded)
        wanted = order.ticks if order.ticks is not None else range(session.ticks[0], session.ticks[-1] + 1)
        self._ticks = [tick for tick in session.ticks if tick in wanted]
        self.frames = sum(tick in wanted for tick in self._cameras.ticks) * len(self._cameras.rigs)
        if not self.frames:
            raise RerenderError(
                f"{session.path}: no frame falls into ticks {wanted.start}:{wanted.stop}; at "
                f"{self._view.capture.fps:g} frames per second only every tick that {self._view.ticks_per_frame} "
                "divides has one."
            )
        self._counterfactual = Counterfactual(order.override, session, self._ticks[0]) if order.override else None
        self.path = prepare_folder(out, self._cameras.rigs)

    def run(self) -> Iterator[Progress]:
        """Draw to the end, yielding after every tick drawn; Ctrl-C ends it after the frames under way."""
        session, capture, started = self._session, self._view.capture, time.monotonic()
        studio = Studio(session.path, capture.size, capture.modalities, capture.quality)
        workers = min(self._workers, self.frames // len(self._cameras.rigs))  # one tick is drawn by one process
        progress = Progress(0, self.frames)
        yield progress
        writer = SessionWriter(self.path, self._header(), session.scenery, session.recorded_cast)
        with writer, interrupts() as interrupted:
            for shot, views in drawn(self._shots(writer, interrupted), studio, workers):
                for camera, view in views.items():
                    writer.encoded_frame(shot.snapshot.tick, camera, shot.poses[camera], view.images, view.tables)
                progress = replace(progress, frames=progress.frames + len(views))
                yield progress
            progress = replace(progress, stopped=bool(interrupted))
            writer.close({**asdict(progress), "wall_s": round(time.monotonic() - started, 3)})
        yield progress

    def products(self, loose_frames: bool = False) -> Iterator[tuple[str, Path]]:
        """Make what people open; see engine.products."""
        return products(self.path, self._view.capture.fps, loose_frames)

    def _shots(self, writer: SessionWriter, interrupted: Sequence[int]) -> Iterator[Shot]:
        """Write the state of every wanted tick, and give what to draw of it, one frame late: flow leads to the next.

        Rigs see every frame's snapshot from the session's start, and so stand where a live capture's would. Flow leads
        to frames beyond the wanted ticks as well, as it did when they were captured.
        """
        first, last = self._ticks[0], self._ticks[-1]
        # Earlier words too: with them the scenario can be run again without a model, up to these ticks.
        copier = TickCopier(writer, self._session.wordings(), self._states())
        every = self._view.ticks_per_frame
        pending: Shot | None = None  # the frame before the one at hand, where it is wanted
        last_seen: tuple[Snapshot, dict[str, CameraPose]] | None = None  # the frame before it, wanted or not
        for tick in self._session.ticks:
            wanted = first <= tick <= last
            if interrupted or (tick > last and pending is None):
                return
            if not wanted and tick not in self._cameras.ticks:
                continue
            snapshot = self._snapshot(tick)
            if wanted:
                copier.write(snapshot)
            if tick in self._cameras.ticks:
                poses = {name: rig.pose(snapshot) for name, rig in self._cameras.rigs.items()}
                drawn_of = seen(snapshot)
                if pending is not None:
                    leads = tick == pending.snapshot.tick + every
                    yield replace(pending, following=drawn_of, following_poses=poses) if leads else pending
                pending = None
                if wanted:
                    led = last_seen is not None and tick == last_seen[0].tick + every
                    before, before_poses = last_seen if last_seen is not None and led else (None, None)
                    pending = Shot(drawn_of, poses, before=before, before_poses=before_poses)
                last_seen = drawn_of, poses
        if pending is not None:
            yield pending

    def _states(self) -> Callable[[int], State | None]:
        return states_of(self._session) if self._counterfactual is None else lambda _: None  # nobody lived under it

    def _snapshot(self, tick: int) -> Snapshot:
        """The recorded tick, under another sky where one is wanted; the first holds the lines that are under way."""
        snapshot = self._session.snapshot(tick, whole=True)
        if tick == self._ticks[0]:
            begun = (line for line in self._session.lines() if line.start_tick < tick < line.end_tick)
            snapshot = replace(snapshot, utterances=(*begun, *snapshot.utterances))
        return snapshot if self._counterfactual is None else self._counterfactual.of(snapshot)

    def _header(self) -> dict[str, Any]:
        parent, capture = self._session.header, self._view.capture
        header = copied_header(parent, self._session.columns, DRAWN)
        header |= {
            "run": run_of(parent),
            "cameras": self._cameras.described,
            "capture_rate": capture.fps,
            "size": list(capture.size),
            "modalities": list(capture.modalities),
            "quality": capture.quality,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "origin": origin(
                "render",
                id_of(parent),
                [parent],
                ticks=[self._ticks[0], self._ticks[-1]],
                cameras=list(self._cameras.rigs),
                versions=package_versions(),
            ),
        }
        if self._counterfactual is None:
            return header
        del header["run"]  # under another sky it is another run, not to be merged with the recorded one
        return header | self._counterfactual.header()


def _frame_ticks(session: Session) -> dict[str, set[int]]:
    """By camera, the ticks of its recorded frames."""
    ticks: dict[str, set[int]] = {}
    for ref in session.frames():
        ticks.setdefault(ref.camera, set()).add(ref.tick)
    return ticks


def _recorded_step(session: Session, recorded: dict[str, set[int]]) -> int | None:
    """Ticks from one recorded frame to the next; None where nothing tells."""
    rate = session.header.get("capture_rate")
    if isinstance(rate, int | float) and rate > 0:
        return round(session.tick_rate / rate)
    gaps = [b - a for ticks in recorded.values() for a, b in pairwise(sorted(ticks))]
    return min(gaps, default=None)


def _view(session: Session, order: Order, recorded: dict[str, set[int]]) -> Scenario:
    """Rate, size, modalities and quality as wanted or else as recorded, checked as a scenario's are."""
    shown = next((frame for frame in session.frames() if frame.pose.lens != "lidar"), None)
    capture = _as_captured(session)
    step = _recorded_step(session, recorded)
    known = {
        "fps": session.tick_rate / step if step else capture.get("fps"),
        "size": capture.get("size") if shown is None else (shown.width, shown.height),
        "modalities": [name for name in session.modalities if name in MODALITIES] or capture.get("modalities") or None,
        "quality": capture.get("quality"),
    }
    wanted = {"fps": order.fps, "size": order.size, "modalities": order.modalities, "quality": order.quality}
    chosen = known | {key: value for key, value in wanted.items() if value is not None}
    view = _scenario(session, {"capture": {key: value for key, value in chosen.items() if value is not None}})
    if not view.capture.modalities:
        raise RerenderError(
            "Modalities 'none' leave nothing to draw: name some, or leave them out for the recorded ones."
        )
    return view


def _as_captured(session: Session) -> dict[str, Any]:
    """What the header says of frames, or else its scenario: forks, and captures without frames, have none yet."""
    scenario = session.header.get("scenario")
    told = dict(scenario.get("capture") or {}) if isinstance(scenario, dict) else {}
    return told | {key: session.header[key] for key in ("size", "modalities", "quality") if session.header.get(key)}


def _described(session: Session) -> dict[str, dict[str, Any]]:
    """By name, the cameras that the header describes, or else its scenario."""
    scenario = session.header.get("scenario")
    parts = session.header.get("cameras") or (scenario.get("camera") if isinstance(scenario, dict) else None) or ()
    return {part["name"]: part for part in parts if isinstance(part, dict)}


def _scenario(session: Session, parts: dict[str, Any], about: str = "") -> Scenario:
    return build({"name": "render", **_frame_of(session), **parts}, f"{session.path}{about}")


def _frame_of(session: Session) -> dict[str, Any]:
    """What cameras and rates are checked against."""
    return {"world": {"tick_rate": session.tick_rate}, "village": {"villagers": max(1, len(session.cast.looks))}}


def _cameras(
    session: Session, wanted: tuple[str, ...] | Path | None, view: Scenario, recorded: dict[str, set[int]]
) -> _Cameras:
    """Recorded cameras where their recorded poses are enough for the rate; else set up as they, or a file, say."""
    grid = frozenset(tick for tick in session.ticks if tick % view.ticks_per_frame == 0)
    if isinstance(wanted, Path):
        return _rigged(session, _file_cameras(wanted, session, view), grid)
    parts = _described(session)
    known = tuple(dict.fromkeys((*session.cameras, *parts)))
    if not known:
        raise RerenderError(f"{session.path} knows no camera: describe some in a file, --cameras cameras.toml.")
    names = wanted or session.cameras or known
    for name in names:
        if name not in known:
            raise RerenderError(f"{session.path} has no camera '{name}'; it has {', '.join(known)}.")
    step = _recorded_step(session, recorded)
    _check_lenses(session, names, view.capture.size)
    if all(name in recorded for name in names) and step and view.ticks_per_frame % step == 0:
        ticks = grid.intersection(*(recorded[name] for name in names))
        described = [parts[name] for name in names if name in parts]
        return _Cameras({name: RecordedRig(session, name) for name in names}, ticks, described)
    for name in names:
        if name not in parts:
            raise RerenderError(
                f"{session.path} does not say how camera '{name}' moves between its frames: leave out --fps, or "
                "describe cameras in a file, --cameras cameras.toml."
            )
    run = session.header.get("scenario")
    drawn_from = {key: run[key] for key in ("seed", "randomise") if isinstance(run, dict) and key in run}
    described = [parts[name] for name in names]
    taken = {"fps": view.capture.fps, "size": view.capture.size}  # a director composes for the size
    parts_of_run = {**drawn_from, "camera": described, "capture": taken}
    return _rigged(session, _scenario(session, parts_of_run, ", recorded cameras"), grid)


def _check_lenses(session: Session, names: Sequence[str], size: tuple[int, int]) -> None:
    """Refuse a size whose corners the lens of a recorded camera does not reach."""
    for name in names:
        for lens, distortion, fov_y in {(f.pose.lens, f.pose.distortion, f.pose.fov_y) for f in session.frames(name)}:
            if lens != "lidar" and not reaches(lens, distortion, fov_y, size):
                recorded = session.frames(name)[0]
                raise RerenderError(
                    f"{session.path}: camera '{name}' would be black in places at {size[0]}x{size[1]}: its lens "
                    f"'{lens}' does not reach them; take a size of its own proportions, {recorded.width}x"
                    f"{recorded.height}, or other cameras."
                )


def _rigged(session: Session, scenario: Scenario, grid: frozenset[int]) -> _Cameras:
    from engine.cameras import rigs  # noqa: PLC0415 - recorded poses need no rig, and rigs need the world's ground

    described = [part.model_dump(mode="json") for part in scenario.camera]
    return _Cameras(rigs(scenario, session.scenery, session.cast), grid, described)


def _file_cameras(path: Path, session: Session, view: Scenario) -> Scenario:
    """The cameras of a TOML file; it may be a whole scenario, of which only these are used."""
    if not path.is_file():
        raise RerenderError(f"There is no file {path} to take cameras from.")
    overrides = {f"{table}.{key}": value for table, part in _frame_of(session).items() for key, value in part.items()}
    scenario = load(str(path), {**overrides, "capture.fps": view.capture.fps, "capture.size": list(view.capture.size)})
    if "camera" not in scenario.model_fields_set:
        raise RerenderError(
            f"{path} describes no camera: write [[camera]] above the keys of each, as scenarios have it."
        )
    return scenario
