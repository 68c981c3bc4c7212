"""The same stream in two containers: Hamlet's session and MCAP, written and read by python `mcap` as its users would.

For MCAP: one channel per kind with a JSON Schema or numpy's own type as schema. A tick's villagers and weather are one
message each, the array's bytes as they lie in memory (nothing is faster to pack); hashes, events, utterances, wordings
and encoded images are msgpack. Times are the simulation's. `CHUNK` is the library's default of 1 MiB with zstd;
`SAFE_CHUNK` is what one chooses who fears a crash: smaller chunks, and the file's buffer handed on after every tick.
Everything read is checked (`validate_crcs=True`), as Hamlet always does, save where the table says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import msgpack
import numpy as np
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Channel, Message
from mcap.stream_reader import StreamReader
from mcap.writer import Writer

from recorder import encode
from recorder.channels import channels
from recorder.columns import table_to_plain
from recorder.container import SessionError
from recorder.payload import plain
from recorder.reader import Session
from recorder.schema import ENVIRONMENT, VILLAGER, CameraPose, Cast, Scenery, Snapshot
from recorder.writer import SessionWriter

TICK_RATE = 16
TICK_NS = 10**9 // TICK_RATE
CHUNK = 1 << 20
SAFE_CHUNK = 16 << 10  # about a second of twelve villagers
Encoded = Mapping[str, Mapping[str, Any]]  # modality -> what encode_image gives


@dataclass(frozen=True)
class Tick:
    """All that is recorded at one tick."""

    snapshot: Snapshot
    wordings: tuple[dict[str, Any], ...] = ()
    frames: tuple[tuple[str, CameraPose, Encoded], ...] = ()  # camera, pose, images


@dataclass(frozen=True)
class Stream:
    """A run in memory."""

    scenery: Scenery
    cast: Cast
    ticks: list[Tick]

    @property
    def parts(self) -> tuple[Scenery, Cast]:
        """What stands at the beginning of the file."""
        return self.scenery, self.cast


class Recording(Protocol):
    """A file being written."""

    def tick(self, tick: Tick) -> None: ...

    def close(self) -> None: ...


class Container(Protocol):
    """A way to write a stream into a file and to read it again."""

    name: str

    def record(self, path: Path, stream: Stream) -> Recording: ...

    def read(self, path: Path) -> Iterator[Any]:
        """Everything in the file, value by value."""
        ...

    def seeker(self, path: Path) -> Callable[[int], Any]:
        """Opens the file: a function that gives all of one tick but its frames."""
        ...

    def survivors(self, path: Path) -> int:
        """Ticks that can be read from a file whose writer was killed."""
        ...


class HamletRecording:
    """A session being written."""

    def __init__(self, path: Path, stream: Stream) -> None:
        self._writer = SessionWriter(path, {"tick_rate": TICK_RATE}, stream.scenery, stream.cast)

    def tick(self, tick: Tick) -> None:
        for wording in tick.wordings:
            self._writer.wording(wording)
        self._writer.snapshot(tick.snapshot)
        for camera, pose, images in tick.frames:
            self._writer.encoded_frame(tick.snapshot.tick, camera, pose, images)

    def close(self) -> None:
        self._writer.close()


class Hamlet:
    """The session file."""

    name = "Hamlet"

    def record(self, path: Path, stream: Stream) -> Recording:
        return HamletRecording(path, stream)

    def read(self, path: Path) -> Iterator[Any]:
        with Session.open(path) as session:
            if session.damage:
                raise SessionError(str(session.damage[0]))
            yield from (session.header, session.scenery, session.cast)
            yield from session.snapshots()
            yield from session.wordings()
            for ref in session.frames():
                yield [session.encoded_frame(ref.tick, ref.camera, modality) for modality in ref.modalities]

    def seeker(self, path: Path) -> Callable[[int], Any]:
        return Session.open(path).snapshot

    def survivors(self, path: Path) -> int:
        with Session.open(path) as session:
            return sum(1 for _ in session.snapshots())


class McapRecording:
    """An MCAP file being written."""

    def __init__(self, path: Path, stream: Stream, chunk_size: int) -> None:
        self._file = path.open("wb")
        self._flush = chunk_size < CHUNK
        self._writer = Writer(self._file, chunk_size=chunk_size)
        self._writer.start()
        tables = {"villagers": VILLAGER, "environment": ENVIRONMENT}
        self._channels = {}
        for name, schema in channels().items():
            encoding, data = (
                ("numpy", repr(tables[name].descr)) if name in tables else ("jsonschema", json.dumps(schema))
            )
            number = self._writer.register_schema(name, encoding, data.encode())
            self._channels[name] = self._writer.register_channel(name, "numpy" if name in tables else "msgpack", number)
        cast = {"looks": table_to_plain(stream.cast.looks), "personas": plain(stream.cast.personas)}
        self._put("scenery", 0, msgpack.packb(plain(encode.scenery(stream.scenery))))
        self._put("cast", 0, msgpack.packb(cast))

    def _put(self, channel: str, tick: int, data: bytes) -> None:
        time = tick * TICK_NS
        self._writer.add_message(self._channels[channel], log_time=time, publish_time=time, data=data)

    def tick(self, tick: Tick) -> None:
        snapshot = tick.snapshot
        now = snapshot.tick
        for wording in tick.wordings:
            self._put("wordings", now, msgpack.packb(wording))
        for utterance in snapshot.utterances:
            self._put("utterances", now, msgpack.packb(plain(asdict(utterance))))
        for event in snapshot.events:
            self._put("events", now, msgpack.packb(plain(asdict(event))))
        self._put("hashes", now, msgpack.packb(snapshot.hashes))
        self._put("environment", now, snapshot.environment.tobytes())
        self._put("villagers", now, snapshot.villagers.tobytes())
        for camera, pose, images in tick.frames:
            self._put("frames", now, msgpack.packb({"camera": camera, "pose": asdict(pose), "images": images}))
        if self._flush:
            self._file.flush()

    def close(self) -> None:
        self._writer.finish()
        self._file.close()


class Mcap:
    """MCAP by the python package."""

    def __init__(self, name: str, chunk_size: int, *, checked: bool = True) -> None:
        self.name = name
        self._chunk_size = chunk_size
        self._checked = checked

    def record(self, path: Path, stream: Stream) -> Recording:
        return McapRecording(path, stream, self._chunk_size)

    def read(self, path: Path) -> Iterator[Any]:
        with path.open("rb") as file:
            for _, channel, message in make_reader(file, validate_crcs=self._checked).iter_messages():
                yield message.log_time, _decoded(channel, message)

    def seeker(self, path: Path) -> Callable[[int], Any]:
        reader = make_reader(path.open("rb"), validate_crcs=self._checked)
        reader.get_summary()

        def seek(tick: int) -> list[Any]:
            topics = ("villagers", "environment", "hashes", "events", "utterances")
            found = reader.iter_messages(topics, starting_at=tick * TICK_NS, ending_before=(tick + 1) * TICK_NS)
            return [_decoded(channel, message) for _, channel, message in found]

        return seek

    def survivors(self, path: Path) -> int:
        """By a walk over the records until the reader gives up: there is no index, and no recovery in the package."""
        ticks = set()
        villagers = -1
        with path.open("rb") as file:
            try:
                for record in StreamReader(file, validate_crcs=True).records:
                    if isinstance(record, Channel) and record.topic == "villagers":
                        villagers = record.id
                    elif isinstance(record, Message) and record.channel_id == villagers:
                        ticks.add(record.log_time)
            except McapError:
                return len(ticks)  # the file ends inside a record
        return len(ticks)

    @classmethod
    def default(cls) -> Self:
        return cls("mcap, default", CHUNK)

    @classmethod
    def safe(cls) -> Self:
        return cls("mcap, 16 KiB chunks", SAFE_CHUNK)


def _decoded(channel: Channel, message: Message) -> Any:
    if channel.topic == "villagers":
        return np.frombuffer(message.data, VILLAGER)
    if channel.topic == "environment":
        return np.frombuffer(message.data, ENVIRONMENT)
    return msgpack.unpackb(message.data, strict_map_key=False)
