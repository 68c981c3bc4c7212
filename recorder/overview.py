"""A session at a glance: what it spans, what it holds of each kind, and what that weighs.

Sizes come from the heads of the records; images and state are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from recorder.catalogue import NONSENSE
from recorder.container import CRC, MAX_PAYLOAD, RECORD, CorruptSession, Gap, RecordHead, RecordType
from recorder.moments import local_time
from recorder.reader import Session
from recorder.record_reader import RecordReader

STATE_AND_LANGUAGE = (RecordType.CHUNK, RecordType.KEYFRAME, RecordType.UTTERANCE, RecordType.WORDING)
AGENT_HOUR_BYTES = 6_000_000  # what state and language of one villager may take for one hour of world time
SECONDS_PER_HOUR = 3600


@dataclass
class Weight:
    """How many records of one kind there are, and how many bytes they take with their heads and checksums."""

    records: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Count one more."""
        self.records += 1
        self.bytes += size


@dataclass
class CameraView:
    """What one camera recorded."""

    frames: int = 0
    sizes: list[tuple[int, int]] = field(default_factory=list)  # width, height in pixels; usually one
    modalities: dict[str, Weight] = field(default_factory=dict)  # by name: how many images and their bytes


@dataclass
class Overview:
    """A session at a glance."""

    path: str
    id: str
    run: str
    format: str  # major.minor
    state: str  # complete, being written, cut off or damaged
    damage: list[str]
    scenario: str
    seed: int | None
    model: str
    created: str
    start: str  # local date-time of the first recorded tick
    tick_rate: int
    ticks: list[tuple[int, int]]  # first and last tick of every stretch without gaps
    world_s: float  # recorded world time
    villagers: list[str]
    lines: int
    lines_by_model: int | None  # None where a line cannot be read
    wordings: int
    keyframes: int
    surfaces: int
    cameras: dict[str, CameraView]
    segments: list[tuple[str, int]]  # file, bytes
    weights: dict[str, Weight]  # by kind of record
    bytes: int  # of all files
    agent_hour_bytes: float | None  # of state and language; None where no time was recorded
    origin: dict[str, Any]
    counterfactual: Any
    interventions: list[Any]

    def to_plain(self) -> dict[str, Any]:
        """The same as maps, lists, numbers and text."""
        return asdict(self)


def overview(session: Session) -> Overview:
    """Look a session over.

    Raises:
        CorruptSession: its cast or a record of a frame cannot be read.
    """
    weights: dict[str, Weight] = {}
    cameras: dict[str, CameraView] = {}
    damage = [str(each) for each in session.damage]
    formats = set()
    files = []
    for path in session.segments:
        records = RecordReader(path)
        try:
            formats.add(f"{records.major}.{records.minor}")
            files.append((str(path), records.size))
            _weigh(records, weights, cameras)
        finally:
            records.close()
    header = session.header
    try:
        by_model: int | None = sum(line.source == "model" for line in session.lines())
    except CorruptSession as error:
        by_model = None
        damage.append(str(error))
    scenario, model = header.get("scenario"), header.get("model")
    hours = len(session.ticks) / session.tick_rate / SECONDS_PER_HOUR * len(session.cast.personas)
    steady = sum(weights[kind.name.lower()].bytes for kind in STATE_AND_LANGUAGE if kind.name.lower() in weights)
    begins = local_time(header, session.ticks[0]) if session.ticks else None
    return Overview(
        path=str(session.path),
        id=str(header.get("id", "")),
        run=str(header.get("run", "")),
        format=", ".join(sorted(formats)),
        state="damaged" if damage else state_of(session),
        damage=damage,
        scenario=str(scenario.get("name", "")) if isinstance(scenario, dict) else "",
        seed=header.get("seed"),
        model=str(model.get("name", "")) if isinstance(model, dict) else "",
        created=str(header.get("created", "")),
        start=begins.isoformat() if begins else "",
        tick_rate=session.tick_rate,
        ticks=[(stretch[0], stretch[-1]) for stretch in session.ticks.stretches],
        world_s=len(session.ticks) / session.tick_rate,
        villagers=[str(persona.get("name", "")) for persona in session.cast.personas],
        lines=weights.get("utterance", Weight()).records,
        lines_by_model=by_model,
        wordings=weights.get("wording", Weight()).records,
        keyframes=len(session.keyframes),
        surfaces=len(session.surfaces),
        cameras=cameras,
        segments=files,
        weights=dict(sorted(weights.items(), key=lambda item: -item[1].bytes)),
        bytes=sum(size for _, size in files),
        agent_hour_bytes=steady / hours if hours else None,
        origin=dict(header.get("origin") or {}),
        counterfactual=header.get("counterfactual"),
        interventions=list(header.get("interventions") or []),
    )


def state_of(session: Session) -> str:
    """Whether a session is complete, being written, cut off or damaged, as far as it shows without reading it all."""
    if session.damage:
        return "damaged"
    if session.complete:
        return "complete"
    return "being written" if session.being_written else "cut off"


def _weigh(records: RecordReader, weights: dict[str, Weight], cameras: dict[str, CameraView]) -> None:
    """Add what one file holds."""
    images: dict[int, int] = {}  # offset of an image since the last frame -> its bytes
    allowed = records.allowance
    for head in _heads(records):
        size = RECORD.size + head.length + CRC.size
        weights.setdefault(_kind(head.type), Weight()).add(size)
        if head.type == RecordType.BLOB:
            images[head.offset] = size
        if head.type == RecordType.FRAME:
            allowed -= _enter_frame(records, head, images, cameras, min(allowed, MAX_PAYLOAD))
            images = {}


def _heads(records: RecordReader) -> Iterator[RecordHead]:
    return (met for met in records.walk() if not isinstance(met, Gap))


def _kind(number: int) -> str:
    try:
        return RecordType(number).name.lower()
    except ValueError:
        return f"unknown type {number}"


def _enter_frame(
    records: RecordReader, head: RecordHead, images: dict[int, int], cameras: dict[str, CameraView], limit: int
) -> int:
    """Count one frame, and give back to how many bytes its record decompressed, of at most `limit`."""
    spent = 0
    try:
        payload = records.payload(head, limit)
        spent = len(payload)
        value = records.unpacked(head, payload)
        camera, (width, height) = str(value["camera"]), value["size"]
        blobs = {str(name): int(offset) for name, offset in value["blobs"].items()}
    except CorruptSession:
        return spent  # it is weighed with the others; session.damage or `verify` tells of it
    except NONSENSE as error:
        raise CorruptSession(records.path, head.offset, f"a FRAME record makes no sense, {error!r}") from error
    view = cameras.setdefault(camera, CameraView())
    view.frames += 1
    view.sizes += [(width, height)] if (width, height) not in view.sizes else []
    for name, offset in blobs.items():
        if offset in images:
            view.modalities.setdefault(name, Weight()).add(images[offset])
    return spent
