"""Verification: reads all of a session and checks it, and puts every keyframe back; or runs the recording again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, pairwise
from typing import TypeVar

from engine.resimulation import Recording, unlike_columns, unlike_rooms
from engine.scenario import ScenarioError
from recorder.catalogue import INDEXED_SINCE_MAJOR, Catalogue, enter, find_layout
from recorder.container import MAX_PAYLOAD, CorruptSession, Gap, SessionError
from recorder.decode import arrival
from recorder.payload import pack
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.schema import Snapshot, Utterance
from recorder.today import as_recorded

HASH_BYTES = 16
T = TypeVar("T")


@dataclass(frozen=True)
class Stage:
    """One part of an examination."""

    name: str
    total: int | None  # steps; None where nobody knows before
    run: Callable[[], Iterator[None]]


@dataclass
class Examination:
    """Reads a session from end to end. Run the stages in order; `findings` then says all that is wrong.

    `notes` are things to know that are no damage, such as a gap or an unfinished file.
    """

    session: Session
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: int = 0
    images: int = 0
    keyframes: int = 0  # put back into a simulation

    def stages(self) -> list[Stage]:
        """What is to be done."""
        session = self.session
        return [
            Stage("reading every record", None, self._records),
            Stage("checking every tick", len(session.ticks), self._ticks),
            Stage("checking what was said", None, self._language),
            Stage("decoding every image", len(session.frames()), self._frames),
            Stage("putting keyframes back", len(session.keyframes), self._keyframes),
        ]

    def _wrong(self, what: str) -> None:
        if what not in self.findings:
            self.findings.append(what)

    def _records(self) -> Iterator[None]:
        """Every checksum, every payload, and the index against what is there."""
        for damage in self.session.damage:
            if damage.end == damage.offset:  # a file or its end is missing; what is wrong inside one shows below
                self._wrong(f"{damage}.")
        for path in self.session.segments:
            records = RecordReader(path)
            try:
                yield from self._one_file(records)
            finally:
                records.close()

    def _one_file(self, records: RecordReader) -> Iterator[None]:
        layout, found = find_layout(records), Catalogue()
        allowed = records.allowance
        before = len(self.findings)
        for met in records.walk():
            if isinstance(met, Gap):
                self._gap(records, met, closed=layout.closed)
                continue
            self.records += 1
            try:
                payload = records.payload(met, min(allowed, MAX_PAYLOAD))
                allowed -= len(payload)
                records.unpacked(met, payload)
                enter(found, records, met, payload)
            except CorruptSession as error:
                self._wrong(str(error))
            yield
        if records.major < INDEXED_SINCE_MAJOR or len(self.findings) > before:
            return  # no index, or one that rightly tells of records that cannot be read any more
        if layout.scanned and layout.closed:
            self._wrong(f"{records.path}: its index cannot be read.")
        indexed, there = layout.catalogue.to_plain(), found.to_plain()
        for name in there:
            if pack(indexed[name]) != pack(there[name]):
                self._wrong(f"{records.path}: the index has other {name} than the records.")

    def _gap(self, records: RecordReader, gap: Gap, *, closed: bool) -> None:
        if gap.after is None and not closed:
            self.notes.append(f"{records.path} was cut off at byte {gap.offset:,}; all before it is whole.")
        else:
            self._wrong(f"{records.path} is damaged at byte {gap.offset}: {gap.why}.")

    def _ticks(self) -> Iterator[None]:
        """Order, gaps, and what every snapshot says."""
        session = self.session
        stretches = session.ticks.stretches
        for before, after in pairwise(stretches):
            self.notes.append(f"Nothing is recorded from tick {before[-1] + 1} to {after[0] - 1}.")
        people, buildings = len(session.cast.personas), len(session.scenery.buildings)
        if len(session.cast.looks) != people:
            self._wrong(f"{session.path}: {len(session.cast.looks)} villagers have looks, {people} a persona.")
        for tick in session.ticks:
            snapshot = self._read(partial(session.snapshot, tick, whole=True))
            for what in _wrong_in(snapshot, people, buildings) if snapshot is not None else ():
                self._wrong(f"{session.path}: tick {tick}: {what}.")
            yield

    def _read(self, get: Callable[[], T]) -> T | None:
        """What `get` gives; None, and a finding, where it cannot be read."""
        try:
            return get()
        except SessionError as error:
            self._wrong(str(error))
            return None

    def _language(self) -> Iterator[None]:
        """Every line and wording: rows that exist, ticks that are there, numbers used once."""
        session, path = self.session, self.session.path
        people, known = len(session.cast.personas), set()
        for line in self._read(session.lines) or []:
            if line.id in known:
                self._wrong(f"{path}: two lines have the number {line.id}.")
            known.add(line.id)
            for what in _wrong_in_line(line, people):
                self._wrong(f"{path}: line {line.id}, at tick {line.start_tick}: {what}.")
            if line.start_tick not in session.ticks:
                self._outside(line)
            yield
        asked = set()
        for word in self._read(session.wordings) or []:
            key = tuple(word.get("key", ()))
            if key and (not isinstance(key[0], int) or not 0 <= key[0] < people):
                self._wrong(
                    f"{path}: words that arrived at tick {arrival(word)} are of row {key[0]}; it does not exist."
                )
            if key and key in asked:
                self._wrong(f"{path}: the language log holds two wordings for {key}.")
            asked.add(key)
            yield

    def _outside(self, line: Utterance) -> None:
        ticks = self.session.ticks
        under_way = bool(ticks) and line.start_tick < ticks[0] < line.end_tick
        cut_off = not self.session.complete and (not ticks or line.start_tick > ticks[-1])
        where = f"line {line.id} begins at tick {line.start_tick}, which is not recorded"
        if under_way or cut_off or len(ticks.stretches) > 1:
            self.notes.append(f"{where[0].upper()}{where[1:]}.")
        else:
            self._wrong(f"{self.session.path}: {where}.")

    def _frames(self) -> Iterator[None]:
        """Every image and table decodes, every image has its frame's size, and every frame its snapshot."""
        session = self.session
        frames = session.frames()
        for number in range(len(frames)):
            ref = self._read(partial(frames.__getitem__, number))
            yield
            if ref is None:
                continue
            where = f"{session.path}: camera {ref.camera}, tick {ref.tick}"
            if ref.tick not in session.ticks:
                self._wrong(f"{where}: the frame has no snapshot.")
            self._read(ref.annotations)
            for name in ref.modalities:
                image = self._read(partial(ref.image, name))
                self.images += image is not None
                if image is not None and image.shape[:2] != (ref.height, ref.width):
                    self._wrong(f"{where}: {name} is {image.shape[1]}x{image.shape[0]}, not {ref.width}x{ref.height}.")

    def _keyframes(self) -> Iterator[None]:
        """Every keyframe, put back into a simulation, gives what was recorded at its tick."""
        session = self.session
        if not session.keyframes:
            return
        try:
            recording = Recording(session)
            recording.begun()  # which needs what the scenario names, such as a station's file, and is no damage
        except (SessionError, ScenarioError) as error:
            self.notes.append(f"The keyframes were read but not put back: {error}")
            for tick in session.keyframes:
                self._read(partial(session.keyframe, tick))
                yield
            return
        for tick in session.keyframes:
            yield
            try:
                what = self._put_back(recording, tick)
            except CorruptSession as error:
                self._wrong(str(error))
                continue
            self.keyframes += not what
            if what:
                self._wrong(f"{session.path}: keyframe of tick {tick}: {what}.")

    def _put_back(self, recording: Recording, tick: int) -> str:
        """What is wrong with a keyframe; nothing if all is well. Raises CorruptSession if it cannot be read."""
        session = self.session
        try:
            found = as_recorded(recording.resumed(tick).snapshot, session.columns)
            if found.tick != tick:
                return f"it holds the state of tick {found.tick}"
            recorded = session.snapshot(tick, whole=True) if tick in session.ticks else None
        except (LookupError, TypeError, ValueError) as error:
            return str(error).rstrip(".")
        if recorded is None:
            return ""
        recorded = as_recorded(recorded, session.columns)
        rooms = unlike_rooms(found, recorded)
        return unlike_columns(found, recorded, session) or (
            f"put back, the hash of {', '.join(rooms)} is another" if rooms else ""
        )


def _wrong_in(snapshot: Snapshot, people: int, buildings: int) -> Iterator[str]:
    if len(snapshot.villagers) != people:
        yield f"it has {len(snapshot.villagers)} villagers, the cast {people}"
    if len(snapshot.buildings) not in (0, buildings):
        yield f"it has the state of {len(snapshot.buildings)} buildings, the valley has {buildings}"
    if snapshot.surface is not None and snapshot.surface.tick > snapshot.tick:
        yield f"its surface is of tick {snapshot.surface.tick}"
    for event in snapshot.events:
        if event.tick != snapshot.tick:
            yield f"the event {event.kind} is of tick {event.tick}"
    for room, digest in snapshot.hashes.items():
        if len(digest) != HASH_BYTES:
            yield f"the hash of {room} has {len(digest)} bytes"
    looked_at = snapshot.villagers["look_at"] if "look_at" in (snapshot.villagers.dtype.names or ()) else ()
    for row, other in enumerate(looked_at):
        if not -1 <= other < people:
            yield f"villager {row} looks at row {other}, which does not exist"


def _wrong_in_line(line: Utterance, people: int) -> Iterator[str]:
    seen = chain.from_iterable(line.sees.values())
    rows = {line.speaker, *line.listeners, *line.overhearers, *line.positions, *line.sees, *seen}
    unknown = sorted(row for row in rows if not isinstance(row, int) or not 0 <= row < people)
    if unknown:
        yield f"it names row {unknown[0]}, which does not exist"
    if line.end_tick < line.start_tick:
        yield f"it ends at tick {line.end_tick}, before it begins"
    if line.speaker in line.listeners or line.speaker in line.overhearers:
        yield "its speaker is one of its hearers"
