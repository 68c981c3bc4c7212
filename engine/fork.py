"""Forks: what would have happened. From one tick of a recording on, the same village goes on with one change.

The recording is not touched. Two new sessions are made, twins that name each other: the factual one repeats the
recording, the counterfactual one is the same up to the fork and is lived anew from there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.language.voice import Voice
from engine.interventions import Intervention
from engine.products import OutputError
from engine.provenance import Model
from engine.recorded import recorded_interventions, recorded_scenario
from engine.recording import record_tick
from engine.scenario import ScenarioError
from engine.simulation import Simulation
from engine.voice import continued_voice
from recorder.container import SessionError
from recorder.copying import TickCopier, states_of
from recorder.files import SESSION_FILE
from recorder.header import DRAWN, copied_header, digest, id_of, origin, run_of
from recorder.reader import Session
from recorder.schema import Snapshot
from recorder.writer import SessionWriter

FACTUAL, COUNTERFACTUAL = "factual", "counterfactual"


@dataclass(frozen=True)
class Progress:
    """How far a fork is."""

    tick: int
    role: str  # which twin this tick was written to
    lines: int  # spoken so far in that twin


class Fork:
    """A pair of twins from one recording; `run()` writes them.

    Args:
        parent: the recording.
        at: the last tick that the twins share.
        last: the last tick of both.
        changes: made before the world steps to tick `at` + 1.
        out: a folder in which `factual/` and `counterfactual/` are made.

    Raises:
        SessionError: the ticks were not recorded, or the recording cannot be gone on from.
        ScenarioError: a change names what there is not, or this version cannot run the recorded scenario.
        OutputError: the folder cannot be used.
    """

    def __init__(self, parent: Session, at: int, last: int, changes: Sequence[Intervention], out: Path) -> None:
        for tick in (at, last):
            if tick not in parent.ticks:
                raise SessionError(f"{parent.path} has no tick {tick}; it holds {parent.ticks}.")
        if parent.header.get("counterfactual"):
            raise SessionError(
                f"{parent.path} is a rendering under another sky, which nobody lived; fork the recording "
                "it was made of."
            )
        if last <= at:
            raise SessionError(f"The fork would end at tick {last}, which is not after tick {at}, where it begins.")
        self.parent, self.at, self.last, self.changes = parent, at, last, tuple(changes)
        self.scenario = recorded_scenario(parent)
        self.paths = {role: _free(out / role) / SESSION_FILE for role in (FACTUAL, COUNTERFACTUAL)}
        self._ids = twin_ids(parent, at, self.changes)

    @property
    def model(self) -> str:
        """What words the acts after the fork: the model of the recording, unless that is the change."""
        named = [change.model for change in (*recorded_interventions(self.parent), *self.changes) if change.model]
        return named[-1] if named else self.scenario.language.model

    def run(self, live: Voice, model: Model) -> Iterator[Progress]:
        """Write both twins, yielding after every tick; the live voice words what the recording has no words for.

        Raises:
            SessionError: this version does not live the recorded ticks again as they were, or the disk refuses.
        """
        simulation = self._resumed(live)  # which finds what cannot be, before there is any file
        try:
            yield from self._write(FACTUAL, simulation, model)
            yield from self._write(COUNTERFACTUAL, simulation, model)
        finally:
            simulation.voice.close()

    def _resumed(self, live: Voice) -> Simulation:
        """The run at the tick of the fork, found again from the last keyframe before it."""
        parent, at = self.parent, self.at
        log = parent.wordings()
        if any(change.model for change in self.changes):
            log = [words for words in log if words["key"][1] <= at]  # asked for before the fork; then the other speaks
        voice = continued_voice(log, live)
        given = (*recorded_interventions(parent), *self.changes)
        starts = [tick for tick in parent.keyframes if tick <= at]
        try:
            if starts:
                simulation = Simulation.resume(self.scenario, voice, parent.keyframe(max(starts)), given)
            else:
                simulation = Simulation(self.scenario, voice, given)
        except ScenarioError:
            raise
        except (ValueError, KeyError, TypeError) as error:
            raise SessionError(f"{parent.path} cannot be gone on from: {error}.") from None
        while simulation.tick < at:
            simulation.step()
        if simulation.snapshot.hashes != parent.snapshot(at).hashes:
            station = self.scenario.climate.station
            changed = f", or {station} is another file now" if station and Path(station).is_absolute() else ""
            raise SessionError(
                f"{parent.path} cannot be forked: this version of Hamlet lives tick {at} otherwise than it was "
                f"recorded{changed}; 'hamlet session verify --mode resim' says from where on."
            )
        return simulation

    def _write(self, role: str, simulation: Simulation, model: Model) -> Iterator[Progress]:
        parent = self.parent
        shared = self.last if role == FACTUAL else self.at
        lines = 0
        _make(self.paths[role].parent)
        with SessionWriter(self.paths[role], self._header(role, model), parent.scenery, parent.recorded_cast) as writer:
            for snapshot in self._copied(writer, shared):
                lines += len(snapshot.utterances)
                yield Progress(snapshot.tick, role, lines)
            while role == COUNTERFACTUAL and simulation.tick < self.last:
                snapshot = simulation.step()
                record_tick(writer, simulation)
                lines += len(snapshot.utterances)
                yield Progress(snapshot.tick, role, lines)
            writer.close({"tick": self.last, "utterances": lines})

    def _copied(self, writer: SessionWriter, until: int) -> Iterator[Snapshot]:
        """Copy the recording's ticks, words and keyframes up to a tick."""
        copier = TickCopier(writer, self.parent.wordings(), states_of(self.parent))
        for tick in self.parent.ticks:
            if tick > until:
                return
            snapshot = self.parent.snapshot(tick, whole=True)
            copier.write(snapshot)
            yield snapshot

    def _header(self, role: str, model: Model) -> dict[str, Any]:
        parent = self.parent
        other = COUNTERFACTUAL if role == FACTUAL else FACTUAL
        header = copied_header(parent.header, parent.columns, DRAWN)
        header |= {
            "id": self._ids[role],
            "run": run_of(parent.header),
            "origin": origin(
                "fork",
                id_of(parent.header),
                [parent.header],
                role=role,
                at=self.at,
                twin=self._ids[other],
                changes=[change.plain() for change in self.changes],
            ),
        }
        if role == COUNTERFACTUAL:
            lived = [*recorded_interventions(parent), *self.changes]
            header |= {"run": self._ids[role], "interventions": [change.plain() for change in lived]}
            header |= {"model": {"name": model.name, "sha256": model.sha256}}
        return header


def twin_ids(parent: Session, at: int, changes: Sequence[Intervention]) -> dict[str, str]:
    """The ids of both twins: the same fork of the same recording always has the same."""
    about = [id_of(parent.header), at, [change.plain() for change in changes]]
    return {role: digest(about, role) for role in (FACTUAL, COUNTERFACTUAL)}


def _free(path: Path) -> Path:
    """The same folder, if it is empty or can be made."""
    try:
        if path.exists() and any(path.iterdir()):
            raise OutputError(f"{path} is there already: name another folder with --out.")
        there = next(above for above in (path, *path.absolute().parents) if above.exists())
    except OSError as error:
        raise _no_folder(path, error) from None
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "is no folder" if not there.is_dir() else "may not be written to"
        raise OutputError(f"{path} cannot be made ({there} {why}): name another folder with --out.")
    return path


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _no_folder(path, error) from None


def _no_folder(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be made ({error.strerror}): name another folder with --out.")
