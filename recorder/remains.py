"""What is left of one file of a session, whatever happened to it: every whole record, and what it knows of others."""

from __future__ import annotations

import contextlib
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recorder import decode
from recorder.catalogue import (
    INDEX_OVERHEAD,
    INDEXED_SINCE_MAJOR,
    LAST_TICK,
    NONSENSE,
    PREAMBLE,
    Catalogue,
    ChunkPlace,
    catalogue_from_plain,
)
from recorder.columns import table_from_plain
from recorder.container import (
    CRC,
    HEAD,
    MAJOR,
    MAX_PAYLOAD,
    RECORD,
    CorruptSession,
    Gap,
    OtherFile,
    RecordHead,
    RecordType,
)
from recorder.payload import unpack
from recorder.record_reader import SEARCH_BYTES, RecordReader
from recorder.surfaces import base_of

Step = tuple[Any, ...]  # (RecordType, ...) of something to be written again
FrameKey = tuple[int, str]  # tick, camera


@dataclass
class Remains:
    """All whole records of one file."""

    records: RecordReader
    preamble: dict[int, bytes] = field(default_factory=dict)  # payloads by type
    header: dict[str, Any] = field(default_factory=dict)
    columns: decode.Layouts = field(default_factory=dict)  # of the tables in chunks
    steps: dict[Step, RecordHead] = field(default_factory=dict)  # in file order
    chunks: list[tuple[ChunkPlace, int]] = field(default_factory=list)  # and the number of the record
    said: list[tuple[int, int]] = field(default_factory=list)  # tick, id
    words: list[int] = field(default_factory=list)  # ticks
    keyframes: dict[int, int] = field(default_factory=dict)  # tick -> number of the record
    since: dict[int, dict[str, int]] = field(default_factory=dict)  # tick of a keyframe -> its slow parts
    surfaces: dict[int, RecordHead] = field(default_factory=dict)  # by tick
    shown: dict[int, int] = field(default_factory=dict)  # first tick of a chunk -> tick of its surface
    slow: dict[tuple[str, int], RecordHead] = field(default_factory=dict)  # slow parts by name and tick
    parts: list[int] = field(default_factory=list)  # numbers of the records that are parts of the index
    frames: dict[FrameKey, tuple[dict[str, Any], list[str], list[str]]] = field(
        default_factory=dict
    )  # record, names of images, of tables
    images: dict[FrameKey, dict[str, RecordHead]] = field(default_factory=dict)
    tables: dict[FrameKey, dict[str, RecordHead]] = field(default_factory=dict)  # of frames
    catalogues: list[Catalogue] = field(default_factory=list)  # parts of the index, or all of it
    indexed: bool = False  # all of it
    end: dict[str, Any] | None = None
    end_sequence: int | None = None
    gaps: list[Gap] = field(default_factory=list)


def examine(path: Path, header: dict[str, Any] | None = None) -> Remains:
    """Read every byte of a file and keep what is whole.

    Args:
        path: of the file.
        header: of another file of the session, for one whose own header is lost.

    Raises:
        SessionError: it is no file of a session, or one of a newer format, or nothing of it can be made out.
    """
    try:
        records = RecordReader(path)
    except (CorruptSession, OtherFile):
        head = _head_by_its_records(path)
        if head is None:
            raise
        records = RecordReader(path, head)
    remains = Remains(records, columns=decode.layouts(header or {}))
    allowed = records.allowance
    try:
        for met in records.walk(whole=True):
            if isinstance(met, Gap):
                remains.gaps.append(met)
                continue
            try:
                about_the_file = met.type in (RecordType.INDEX, RecordType.PART)
                limit = records.size + INDEX_OVERHEAD if about_the_file else MAX_PAYLOAD
                payload = records.payload(met, min(limit, allowed, MAX_PAYLOAD))
                allowed -= len(payload)
                _keep(remains, met, unpack(payload))
            except (CorruptSession, *NONSENSE) as error:
                remains.gaps.append(
                    Gap(met.offset, met.end, met.sequence, met.sequence + 1, f"no sense in it, {error!r}", met.type)
                )
    except BaseException:
        records.close()
        raise
    return remains


def _keep(remains: Remains, head: RecordHead, value: Any) -> None:
    """Note one whole record; what does not decode raises."""
    kind = head.type
    if kind in PREAMBLE:
        _keep_preamble(remains, head, value)
    elif kind == RecordType.CHUNK:
        decode.chunk(value, remains.columns)
        place = ChunkPlace(int(value["first"]), int(value["count"]), head.offset)
        order = Catalogue(chunks=[chunk for chunk, _ in remains.chunks[-1:]])
        order.add_chunk(place)
        shown = decode.surface_in(value)
        if shown is not None:
            remains.shown[place.first] = _tick(shown)
        remains.chunks.append((place, head.sequence))
        remains.steps[kind, place.first] = head
    elif kind == RecordType.UTTERANCE:
        line = decode.utterance(value)
        remains.said.append((_tick(line.start_tick), int(line.id)))
        remains.steps[kind, line.id] = head
    elif kind == RecordType.WORDING:
        remains.words.append(_tick({**value}.get("arrival_tick", -1)))
        remains.steps[kind, head.sequence] = head
    elif kind == RecordType.KEYFRAME:
        dict(decode.state(value["state"]))
        remains.since[_tick(value["tick"])] = {name: _tick(tick) for name, tick in decode.since(value).items()}
        remains.keyframes[_tick(value["tick"])] = head.sequence
        remains.steps[kind, value["tick"]] = head
    elif kind == RecordType.SURFACE:
        base_of(value)
        remains.surfaces.setdefault(_tick(value["tick"]), head)
        remains.steps.setdefault((kind, value["tick"]), head)
    elif kind == RecordType.SLOW:
        decode.state(value["value"])
        remains.slow.setdefault((str(value["name"]), _tick(value["since"])), head)
        remains.steps.setdefault((kind, str(value["name"]), value["since"]), head)
    elif kind in (RecordType.BLOB, RecordType.TABLE, RecordType.FRAME):
        _keep_frame(remains, head, value)
    elif kind in (RecordType.INDEX, RecordType.PART):
        _keep_index(remains, head, value)
    elif kind == RecordType.END:
        remains.end, remains.end_sequence = {**value, "summary": dict(value["summary"])}, head.sequence


def _tick(value: Any) -> int:
    if not isinstance(value, int) or not -1 <= value <= LAST_TICK:
        raise ValueError(f"{value!r} is not a tick")
    return value


def _keep_preamble(remains: Remains, head: RecordHead, value: Any) -> None:
    if head.type == RecordType.HEADER:
        remains.columns = decode.layouts(value)
        remains.header = remains.header or dict(value)
    elif head.type == RecordType.SCENERY:
        decode.scenery(value)
    else:
        table_from_plain(value["looks"])
    remains.preamble.setdefault(head.type, remains.records.payload(head))


def _keep_frame(remains: Remains, head: RecordHead, value: Any) -> None:
    key = _tick(value["tick"]), str(value["camera"])
    if head.type == RecordType.BLOB:
        decode.image(value, *key, str(value["modality"]))
        remains.images.setdefault(key, {})[str(value["modality"])] = head
    elif head.type == RecordType.TABLE:
        decode.frame_table(value, *key, str(value["name"]))
        remains.tables.setdefault(key, {})[str(value["name"])] = head
    else:
        _, blobs, tables = decode.frame(value, *key)
        about = {name: value[name] for name in ("tick", "camera", "pose", "size")}
        remains.frames[key] = about, list(blobs), list(tables)
    remains.steps.pop((RecordType.FRAME, *key), None)  # it is written where its last record stands
    remains.steps[RecordType.FRAME, *key] = head


def _keep_index(remains: Remains, head: RecordHead, value: Any) -> None:
    if remains.records.major < INDEXED_SINCE_MAJOR:
        return
    remains.catalogues.append(catalogue_from_plain(value, remains.records.size))
    if head.type == RecordType.PART:
        remains.parts.append(head.sequence)
    else:
        remains.indexed = True


def frame_of(remains: Remains, key: FrameKey) -> dict[str, Any] | None:
    """The record of a frame without its images, made again from one of its images where it is lost.

    None where the images do not tell from where they were seen, as those of the first format.
    """
    if key in remains.frames:
        return remains.frames[key][0]
    for head in remains.images.get(key, {}).values():
        with contextlib.suppress(CorruptSession, *NONSENSE):
            value = remains.records.content(head)
            about = {"tick": key[0], "camera": key[1], "pose": value["pose"], "size": list(value["shape"][1::-1])}
            decode.frame({**about, "blobs": {}}, *key)
            return about
    return None


def indexed_losses(remains: Remains) -> Iterator[tuple[RecordType, Any]]:
    """What the index or another record names and no whole record holds: (CHUNK, its place), (UTTERANCE, tick), ..."""
    whole = Catalogue()
    for part in remains.catalogues:
        for name in ("chunks", "utterances", "wordings", "keyframes", "surfaces", "slow"):
            known = dict.fromkeys([*getattr(whole, name), *getattr(part, name)])
            setattr(whole, name, list(known))
        whole.frames |= part.frames
    found = {chunk.first for chunk, _ in remains.chunks}
    yield from ((RecordType.CHUNK, place) for place in sorted(whole.chunks) if place.first not in found)
    for kind, places, ticks in (
        (RecordType.UTTERANCE, whole.utterances, [tick for tick, _ in remains.said]),
        (RecordType.WORDING, whole.wordings, remains.words),
        (RecordType.KEYFRAME, whole.keyframes, list(remains.keyframes)),
    ):
        missing = Counter(place.tick for place in places) - Counter(ticks)
        yield from ((kind, tick) for tick in sorted(missing.elements()))
    yield from ((RecordType.FRAME, key) for key in whole.frames if key not in remains.frames)
    meant = [each for since in remains.since.values() for each in since.items()]  # by the keyframes that are left
    needed = dict.fromkeys([*((part.name, part.since) for part in whole.slow), *meant])
    yield from ((RecordType.SLOW, key) for key in needed if key not in remains.slow)
    shown = dict.fromkeys([*(place.tick for place in whole.surfaces), *remains.shown.values()])
    yield from ((RecordType.SURFACE, tick) for tick in sorted(shown) if tick not in remains.surfaces)


def _head_by_its_records(path: Path) -> tuple[int, bytes] | None:
    """Major version and sync mark of a file whose head is lost: any whole record header tells them."""
    with path.open("rb") as file:
        offset = 0
        while window := file.read(SEARCH_BYTES):
            more = file.read(RECORD.size)
            file.seek(offset + len(window))
            data = window + more
            for at in _like_headers(data):
                header = data[at : at + RECORD.size]
                if zlib.crc32(header[: -CRC.size]) == int.from_bytes(header[-CRC.size :], "little"):
                    return (1 if offset + at == HEAD.size else MAJOR), header[:16]
            offset += len(window)
    return None


def _like_headers(data: bytes) -> list[int]:
    """Where a record header may begin, by its type, flags, reserved bytes and length."""
    values = np.frombuffer(data, np.uint8)
    count = len(values) - RECORD.size + 1
    if count <= 0:
        return []
    kind, flags, low, high, long = (values[at : at + count] for at in (16, 17, 18, 19, 27))
    right = (kind >= 1) & (kind <= max(RecordType)) & (flags <= 2) & (low == 0) & (high == 0)
    return np.flatnonzero(right & (long <= MAX_PAYLOAD >> 24)).tolist()
