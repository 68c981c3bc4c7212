"""Sessions of every format there ever was open for ever, and give back what was recorded in them.

`corpus/expected.json` holds what each file gave when it was new; it is only ever added to.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recorder.reader import Session
from recorder.schema import CameraPose, Snapshot
from recorder.surfaces import MAPS
from recorder.today import as_recorded

CORPUS = Path(__file__).parent / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text())


def digest(*parts: object) -> str:
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.descr}{part.shape}".encode() + part.tobytes())
        else:
            total.update(json.dumps(part, sort_keys=True, default=list).encode())
    return total.hexdigest()[:16]


def flat(state: Any) -> Any:
    """A keyframe's state with its arrays as text."""
    if isinstance(state, np.ndarray):
        return [str(state.dtype.descr), state.shape, state.tobytes().hex()]
    if isinstance(state, dict):
        return {key: flat(value) for key, value in state.items()}
    return [flat(value) for value in state] if isinstance(state, list) else state


BEAMS_SINCE = {"fog": False, "noise_m": 0.0, "divergence": 0.0, "seed": 0}
"""What a lidar's beams say since the first lidars were recorded, and what that is for those."""


def told(pose: CameraPose) -> dict[str, Any]:
    """What a pose says of itself beyond what cameras had before they had lenses."""
    of_old = {"position", "yaw", "pitch", "fov_y"}
    plain = CameraPose(pose.position, pose.yaw, pose.pitch, pose.fov_y)
    beams = asdict(pose)["beams"]
    for name in BEAMS_SINCE if beams else ():
        if beams[name] == BEAMS_SINCE[name]:
            del beams[name]
    said = asdict(pose) | {"beams": beams}
    return {name: value for name, value in said.items() if name in of_old or value != asdict(plain)[name]}


def content(path: Path) -> dict[str, Any]:
    """Everything a session holds, as digests by kind and as counts."""
    with Session.open(path) as session:
        snapshots = [as_recorded(snapshot, session.columns) for snapshot in session.snapshots()]
        frames = list(session.frames())
        arrays = [value for value in vars(session.scenery).values() if isinstance(value, np.ndarray)]
        frozen = {"keyframes": digest(*(flat(session.keyframe(tick)) for tick in session.keyframes))}
        return (
            (frozen if session.keyframes else {})
            | land(session, snapshots)
            | tables(session)
            | {
                "complete": session.complete,
                "ticks": [session.ticks[0], session.ticks[-1], len(session.ticks)],
                "cameras": list(session.cameras),
                "modalities": list(session.modalities),
                "lines": len(session.lines()),
                "frames": len(frames),
                "seed": session.header["seed"],
                "villagers": digest(*(snapshot.villagers for snapshot in snapshots)),
                "environment": digest(*(np.asarray(snapshot.environment) for snapshot in snapshots)),
                "events": digest(*([asdict(event) for event in snapshot.events] for snapshot in snapshots)),
                "hashes": digest(*({k: v.hex() for k, v in snapshot.hashes.items()} for snapshot in snapshots)),
                "spoken": digest(*(asdict(line) for line in session.lines())),
                "wordings": digest(*session.wordings()),
                "scenery": digest(*arrays, list(session.scenery.places)),
                "cast": digest(session.recorded_cast.looks, list(session.cast.personas)),
                "poses": digest(*([ref.tick, ref.camera, told(ref.pose), ref.width, ref.height] for ref in frames)),
                "images": digest(*(session.frame(r.tick, r.camera, name) for r in frames for name in r.modalities)),
            }
        )


def land(session: Session, snapshots: list[Snapshot]) -> dict[str, Any]:
    """What sessions hold since version 2.1."""
    far = session.scenery.surroundings
    if not session.surfaces or far is None:
        return {}
    surfaces = [session.surface(tick) for tick in session.surfaces]
    return {
        "buildings": digest(*(snapshot.buildings for snapshot in snapshots)),
        "surfaces": digest(*(getattr(each, name) for each in surfaces for name in MAPS), session.surfaces),
        "shown": digest(*(None if each.surface is None else each.surface.tick for each in snapshots)),
        "surroundings": digest(far.heights, far.origin, far.cell_m),
    }


def tables(session: Session) -> dict[str, Any]:
    """What frames hold since version 2.2."""
    named = [(ref.tick, ref.camera, ref.annotations()) for ref in session.frames() if ref.tables]
    rows = ((tick, camera, name, table) for tick, camera, held in named for name, table in held.items())
    return {"tables": digest(*(part for row in rows for part in row))} if named else {}


FIRSTS = sorted(path for path in CORPUS.glob("*.hamlet") if "." not in path.stem)  # others are further segments


@pytest.mark.parametrize("path", FIRSTS, ids=lambda path: path.stem)
def test_old_sessions_stay_readable(path: Path) -> None:
    assert content(path) == EXPECTED[path.name]


def test_every_session_is_expected() -> None:
    assert sorted(EXPECTED) == [path.name for path in FIRSTS]
