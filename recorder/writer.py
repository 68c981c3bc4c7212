"""Writes a session while it happens: what is older than one second of ticks is in the file, whatever comes next."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recorder.catalogue import Catalogue, ChunkPlace
from recorder.columns import array_to_plain, table_to_plain
from recorder.container import RecordType, RecordWriter, SessionError, pack
from recorder.images import encode_image
from recorder.schema import SCHEMA_VERSION, CameraPose, Cast, Scenery, Snapshot, Utterance

CHUNK_BYTES = 256 << 10  # raw state gathered before a chunk is written, even if its second is not over


class SessionWriter:
    """Appends to one new session file; use it as a context manager.

    A clean exit closes the session; an exception leaves it without end marker, whole up to the last tick given.

    Args:
        path: the file to create; it must not exist, and its folder must.
        header: what the session says about itself, plain values; `tick_rate` (ticks per second) is required.
        scenery: the valley, stored once.
        cast: the villagers, stored once.

    Raises:
        SessionError: the file exists, its folder cannot be written, or the header cannot be stored.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        header: Mapping[str, Any],
        scenery: Scenery,
        cast: Cast,
    ) -> None:
        self.path = Path(path)
        tick_rate = header.get("tick_rate")
        if not isinstance(tick_rate, int) or tick_rate < 1:
            raise SessionError(
                f"{self.path}: the header's tick_rate is {tick_rate!r}; a whole number above 0 is needed."
            )
        self.last_tick: int | None = None
        self._tick_rate = tick_rate
        self._people = len(cast.looks)
        self._gathered: list[Snapshot] = []
        self._gathered_bytes = 0
        self._said: dict[int, int] = {}  # utterance id -> checksum of its record
        self._catalogue = Catalogue()
        self._encoders = ThreadPoolExecutor()  # zlib lets go of the interpreter: modalities compress side by side
        self._begin(dict(header), scenery, cast)

    def _begin(self, header: dict[str, Any], scenery: Scenery, cast: Cast) -> None:
        opening = {
            RecordType.HEADER: pack({"schema_version": SCHEMA_VERSION, **header}),
            RecordType.SCENERY: pack(scenery_to_plain(scenery)),
            RecordType.CAST: pack({"looks": table_to_plain(cast.looks), "personas": cast.personas}),
        }
        sync = hashlib.sha256(opening[RecordType.HEADER]).digest()[:16]
        self._records = RecordWriter(self.path, sync)
        try:
            for kind, payload in opening.items():
                self._catalogue.fixed[kind] = self._records.append(kind, payload, compress=True, flush=False)
            self._records.flush()
        except BaseException:
            self.path.unlink(missing_ok=True)  # made just now, and nothing is recorded in it
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._records.closed:
            return
        if error is None:
            self.close()
        else:
            self._write_chunk()
            self._records.abandon()
            self._encoders.shutdown()

    def snapshot(self, snapshot: Snapshot) -> None:
        """Record one tick; ticks follow each other without gaps. Its utterances are written at once.

        Raises:
            SessionError: the tick does not follow the last one, the columns do not fit, or the disk refuses.
        """
        if self._records.closed:
            raise SessionError(f"{self.path} was closed; nothing more can be written to it.")
        if self.last_tick is not None and snapshot.tick != self.last_tick + 1:
            raise SessionError(f"{self.path}: tick {snapshot.tick} was given after tick {self.last_tick}.")
        if snapshot.villagers.shape != (self._people,) or snapshot.environment.shape != ():
            raise SessionError(
                f"{self.path}: tick {snapshot.tick} has villagers {snapshot.villagers.shape} and environment "
                f"{snapshot.environment.shape}; ({self._people},) and () were expected."
            )
        for utterance in snapshot.utterances:
            self.utterance(utterance)
        self._gathered.append(snapshot)
        self._gathered_bytes += snapshot.villagers.nbytes + snapshot.environment.nbytes
        self.last_tick = snapshot.tick
        if len(self._gathered) >= self._tick_rate or self._gathered_bytes >= CHUNK_BYTES:
            self._write_chunk()

    def utterance(self, utterance: Utterance) -> None:
        """Write one utterance now; one that is already in the session is not written twice.

        Raises:
            SessionError: another utterance has the same id, or the disk refuses.
        """
        payload = pack({item.name: getattr(utterance, item.name) for item in fields(utterance)})
        checksum = zlib.crc32(payload)
        if utterance.id in self._said:
            if self._said[utterance.id] != checksum:
                raise SessionError(f"{self.path}: two different utterances have the id {utterance.id}.")
            return
        offset = self._records.append(RecordType.UTTERANCE, payload, compress=True)
        self._said[utterance.id] = checksum
        self._catalogue.utterances.append(offset)

    def wording(self, wording: Mapping[str, Any]) -> None:
        """Log words that reached the simulation: at least key, arrival tick, text and source, so replay needs no model.

        Raises:
            SessionError: a value cannot be stored, or the disk refuses.
        """
        offset = self._records.append(RecordType.WORDING, pack(dict(wording)), compress=True)
        self._catalogue.wordings.append(offset)

    def frame(self, tick: int, camera: str, pose: CameraPose, images: Mapping[str, NDArray[Any]]) -> None:
        """Write what one camera saw at a recorded tick: each modality a record, then the frame record that names them.

        Args:
            tick: of a snapshot given before; its chunk is in the file before the frame is.
            camera: name of the camera.
            pose: of the camera.
            images: modality -> (H, W) or (H, W, channels), all of one size.

        Raises:
            SessionError: no snapshot of the tick, frame written before, image malformed, or the disk refuses.
        """
        try:
            encoded = dict(zip(images, self._encoders.map(encode_image, images, images.values()), strict=True))
        except ValueError as error:
            raise SessionError(
                f"{self.path}: the frame of camera {camera!r} at tick {tick} cannot be stored: {error}."
            ) from error
        self.encoded_frame(tick, camera, pose, encoded)

    def encoded_frame(self, tick: int, camera: str, pose: CameraPose, encoded: Mapping[str, dict[str, Any]]) -> None:
        """Write a frame whose images another process encoded, or another session holds: modality -> `encode_image`.

        Raises:
            SessionError: no snapshot of the tick, frame written before, images of several sizes, or the disk refuses.
        """
        about = f"{self.path}: the frame of camera {camera!r} at tick {tick}"
        if not self._knows(tick):
            raise SessionError(f"{about} has no snapshot; give the snapshot first.")
        if (tick, camera) in self._catalogue.frames:
            raise SessionError(f"{about} was written before.")
        sizes = {tuple(value["shape"][:2]) for value in encoded.values()}
        if len(sizes) != 1:
            raise SessionError(f"{about} has images of sizes {sorted(sizes)}; one size was expected.")
        if self._gathered and tick >= self._gathered[0].tick:
            self._write_chunk()
        blobs = {}
        for name, value in encoded.items():
            payload = pack({"tick": tick, "camera": camera, "modality": name, **value})
            blobs[name] = self._records.append(RecordType.BLOB, payload, compress=False)
        height, width = sizes.pop()
        frame = {"tick": tick, "camera": camera, "pose": asdict(pose), "size": [width, height], "blobs": blobs}
        offset = self._records.append(RecordType.FRAME, pack(frame), compress=False)
        self._catalogue.add_frame(tick, camera, list(blobs), offset)

    def _knows(self, tick: int) -> bool:
        first = self._catalogue.chunks[0].first if self._catalogue.chunks else None
        if first is None and self._gathered:
            first = self._gathered[0].tick
        return first is not None and self.last_tick is not None and first <= tick <= self.last_tick

    def _write_chunk(self) -> None:
        if not self._gathered:
            return
        ticks = self._gathered
        payload = pack(
            {
                "first": ticks[0].tick,
                "count": len(ticks),
                "environment": table_to_plain(np.stack([snapshot.environment for snapshot in ticks])),
                "villagers": table_to_plain(np.stack([snapshot.villagers for snapshot in ticks])),
                "events": [[event.tick, event.kind, event.data] for snapshot in ticks for event in snapshot.events],
                "event_counts": [len(snapshot.events) for snapshot in ticks],
                "hashes": [snapshot.hashes for snapshot in ticks],
            }
        )
        offset = self._records.append(RecordType.CHUNK, payload, compress=True)
        self._catalogue.chunks.append(ChunkPlace(ticks[0].tick, len(ticks), offset))
        self._gathered, self._gathered_bytes = [], 0

    def close(self, summary: Mapping[str, Any] | None = None) -> None:
        """Write what is gathered, the index and the end marker, and reach the disk. Closing twice is allowed.

        Args:
            summary: figures of the run, kept in the end record.

        Raises:
            SessionError: the summary cannot be stored, or the disk refuses.
        """
        if self._records.closed:
            return
        self._write_chunk()
        index_payload = pack(self._catalogue.to_plain())
        closing = dict(summary or {})
        pack(closing)
        index = self._records.append(RecordType.INDEX, index_payload, compress=True, flush=False)
        end_payload = pack({"index": index, "summary": closing})
        end = self._records.append(RecordType.END, end_payload, compress=False, flush=False)
        self._records.finish(end)
        self._encoders.shutdown()


def scenery_to_plain(scenery: Scenery) -> dict[str, Any]:
    """The valley as a map that msgpack can hold."""
    value: dict[str, Any] = {}
    for item in fields(scenery):
        part = getattr(scenery, item.name)
        if isinstance(part, np.ndarray):
            part = table_to_plain(part) if part.dtype.names else array_to_plain(part)
        value[item.name] = part
    return value
