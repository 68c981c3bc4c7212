"""Makes a whole, closed session of what is left of a damaged or unfinished one, and says exactly what was lost.

The source is only read. Values are those of the source, bit for bit; nothing is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from recorder import decode
from recorder.container import CorruptSession, RecordHead, RecordType, SessionError
from recorder.copying import appearing
from recorder.files import SESSION_FILE, session_files
from recorder.header import SAID_ANEW, digest, id_of, origin, run_of
from recorder.losses import NAMES, Loss, losses
from recorder.payload import pack
from recorder.remains import Remains, Step, examine, frame_of
from recorder.segment import Segment, check_new, later_segments, segment_path
from recorder.whole import Whole
from recorder.writer import SEGMENT_BYTES

TOLD_IN_HEADER = 1000  # losses; of more, the header says how many


class NothingToRecover(SessionError):  # noqa: N818 - named for the person who reads it
    """So little is left that no session can be made of it."""


@dataclass(frozen=True)
class Recovery:
    """What became of a session that was recovered."""

    source: Path
    target: Path
    of: str  # id of the source
    complete: bool  # the source had been closed by its writer
    kept: dict[str, int]  # how many of each kind the new session holds
    lost: tuple[Loss, ...]
    lost_bytes: int  # in which no whole record was found

    def lines(self) -> list[str]:
        """For people, without a full stop at the end of a line."""
        kept = ", ".join(f"{n:,} {what if n > 1 else what.removesuffix('s')}" for what, n in self.kept.items() if n)
        lines = [f"{self.target} holds {kept or 'the valley and its people alone'}"]
        if self.lost:
            where = f" in {self.lost_bytes:,} damaged bytes" if self.lost_bytes else ""
            return [*lines, f"Lost{where}:", *(f"  {loss}" for loss in self.lost)]
        return [*lines, f"Nothing was lost; {self.source} {'was whole' if self.complete else 'had not been closed'}"]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def to_plain(self) -> dict[str, Any]:
        """The same in types that JSON has."""
        return {
            "source": str(self.source),
            "target": str(self.target),
            "of": self.of,
            "complete": self.complete,
            "kept": self.kept,
            "lost": [loss.to_plain() for loss in self.lost],
            "lost_bytes": self.lost_bytes,
        }


def recover(source: str | PathLike[str], target: str | PathLike[str]) -> Recovery:
    """Write every whole record of a session, with all its segments, to a new session.

    Args:
        source: its first file, or its folder; never touched.
        target: the file to make; it appears when it is whole, and not at all on an error.

    Raises:
        NothingToRecover: no copy of something without which there is no session is left.
        SessionError: the source is still being written, or the target exists or cannot be
            written.
    """
    source, target = Path(source), Path(target)
    check_new(target)
    files, lost = _examined(source)
    try:
        if any(remains.records.being_written() for remains in files.values()):
            raise SessionError(f"{source} is still being written; stop its writer first.")
        before = None
        for number, remains in files.items():
            if before is not None:
                torn = files[before].end is None or number > before + 1
                lost += _between(files[before], remains, lost) if torn else []
            lost += losses(remains, None if before is None else files[before])
            before = number
        whole = Whole(source, files)
        lost = [*whole.still_lost(lost), *whole.dependent()]
        header = _header(source, files)
        recovery = Recovery(
            source,
            target,
            id_of(header),
            _is_last(files[max(files)]),
            _kept(files, whole),
            tuple(lost),
            sum(gap.end - gap.offset for remains in files.values() for gap in remains.gaps),
        )
        _write(recovery, files, whole)
        return recovery
    finally:
        for remains in files.values():
            remains.records.close()


def _between(before: Remains, after: Remains, told: list[Loss]) -> list[Loss]:
    """The ticks between two files of which the first was cut off, or after which others are missing."""
    if not before.chunks or not after.chunks:
        return []
    last, following = before.chunks[-1][0], after.chunks[0][0]
    first, end = last.first + last.length, following.first
    known = any(loss.what == "ticks" and loss.first is not None and first <= loss.first < end for loss in told)
    return [Loss("ticks", first, end - 1)] if first < end and not known else []


def _is_last(remains: Remains) -> bool:
    return remains.end is not None and bool(remains.end.get("last", True))


def _examined(source: Path) -> tuple[dict[int, Remains], list[Loss]]:
    """The files of the session by their numbers, in order, and those that are missing or cannot be read."""
    files: dict[int, Remains] = {}
    lost: dict[int, Loss] = {}
    paths = list(session_files(source))
    first_lost = source.is_dir() and paths[0] in later_segments(source / SESSION_FILE)
    for path in paths:
        number = 0 if path == paths[0] and not first_lost else int(path.stem.rpartition(".")[2])
        try:
            remains = _examine(path, files)
        except SessionError as error:
            if len(paths) == 1:
                raise
            lost[number] = Loss("segment", number, note=error.what if isinstance(error, CorruptSession) else "empty")
            continue
        stated = remains.header.get("segment")
        stated = stated if isinstance(stated, int) else number
        if stated in files:
            remains.records.close()
            lost[number] = Loss("segment", number, note=f"segment {stated} is there once more instead")
            continue
        files[stated] = remains
        if _is_last(remains):
            break
    if not files:
        raise NothingToRecover(f"{source}: none of its files can be read; there is nothing to recover.")
    last = files[max(files)]
    follows = last.end is not None and not _is_last(last)
    due = range(0 if first_lost else min(files), max(files) + (2 if follows else 1))
    lost.update({number: Loss("segment", number) for number in due if number not in {*files, *lost}})
    return dict(sorted(files.items())), [lost[number] for number in sorted(lost)]


def _examine(path: Path, files: Mapping[int, Remains]) -> Remains:
    """One file more of a session."""
    header = next((other.header for other in files.values() if other.header), {})
    remains = examine(path, header)
    if remains.header and header and remains.header.get("id") != header.get("id"):
        remains.records.close()
        raise CorruptSession(path, 0, "it belongs to another session")
    return remains


def _header(source: Path, files: Mapping[int, Remains]) -> dict[str, Any]:
    found = next((remains.header for remains in files.values() if remains.header), None)
    if found is None:
        raise NothingToRecover(f"{source}: every copy of its header is lost; there is nothing to recover.")
    return found


def _preamble(source: Path, files: Mapping[int, Remains], kind: RecordType) -> bytes:
    found = next((remains.preamble[kind] for remains in files.values() if kind in remains.preamble), None)
    if found is None:
        raise NothingToRecover(f"{source}: every copy of its {kind.name.lower()} is lost; there is nothing to recover.")
    return found


def _can_be_written(remains: Remains, step: Step, whole: Whole) -> bool:
    kind, *rest = step
    if kind == RecordType.KEYFRAME:
        return whole.has_all(remains.since[int(rest[0])])
    if kind == RecordType.SURFACE:
        return rest[0] in whole.surfaces
    if kind != RecordType.FRAME:
        return True
    key = int(rest[0]), str(rest[1])
    return bool(remains.images.get(key)) and frame_of(remains, key) is not None


def _kept(files: Mapping[int, Remains], whole: Whole) -> dict[str, int]:
    kept: Counter[RecordType] = Counter()
    for remains in files.values():
        kept.update(RecordType(step[0]) for step in remains.steps if _can_be_written(remains, step, whole))
    ticks = sum(chunk.length for remains in files.values() for chunk, _ in remains.chunks)
    named = {f"{name}s": kept[kind] for kind, name in NAMES.items() if kind != RecordType.CHUNK}
    named["surfaces"], named["slow parts"] = len(whole.surfaces), len(whole.slow)
    for name, records in (("images", "images"), ("tables", "tables")):
        named[name] = sum(len(each) for remains in files.values() for each in getattr(remains, records).values())
    return {"ticks": ticks, **named}


def _new_header(recovery: Recovery, header: Mapping[str, Any]) -> dict[str, Any]:
    told = [loss.to_plain() for loss in recovery.lost[:TOLD_IN_HEADER]]
    more = len(recovery.lost) - len(told)
    told += [{"what": "more", "count": more}] if more else []
    kept = {name: value for name, value in header.items() if name not in SAID_ANEW}
    made = origin("recover", recovery.of, [header], complete=recovery.complete, lost=told)
    whole = {**kept, "segment": 0, "origin": made}
    return {"id": digest(whole), **whole, "run": run_of(header)}


def _write(recovery: Recovery, files: Mapping[int, Remains], whole: Whole) -> None:
    """Write the new session."""
    source = recovery.source
    header = _new_header(recovery, _header(source, files))
    scenery, cast = (_preamble(source, files, kind) for kind in (RecordType.SCENERY, RecordType.CAST))
    with appearing(recovery.target) as path:
        number, segment = 0, Segment(path, header, scenery, cast)
        try:
            for remains in files.values():
                for step, head in remains.steps.items():
                    if segment.size >= SEGMENT_BYTES:
                        segment.close({}, last=False)
                        number += 1
                        segment = Segment(segment_path(path, number), {**header, "segment": number}, scenery, cast)
                    if _can_be_written(remains, step, whole):
                        _copy(segment, remains, step, head, whole)
            end = files[max(files)].end
            segment.close({} if end is None else end["summary"], last=True)
        except BaseException:
            segment.abandon()
            raise


def _copy(segment: Segment, remains: Remains, step: Step, head: RecordHead, whole: Whole) -> None:
    """Write one thing as the source holds it, and before it what it cannot do without."""
    kind, *rest = step
    if kind == RecordType.FRAME:
        key = int(rest[0]), str(rest[1])
        about = frame_of(remains, key)
        images = {
            name: decode.image(remains.records.content(image), *key, name)
            for name, image in remains.images[key].items()
        }
        tables = {
            name: decode.frame_table(remains.records.content(table), *key, name)
            for name, table in remains.tables.get(key, {}).items()
        }
        segment.frame(about or {}, images, tables)
        return
    if kind == RecordType.SURFACE:
        segment.surface(whole.surface(int(rest[0])))
        return
    payload = remains.records.payload(head)
    value = remains.records.content(head)
    if kind == RecordType.CHUNK:
        shown = remains.shown.get(int(value["first"]))
        if shown in whole.surfaces:
            segment.surface(whole.surface(shown))
        elif shown is not None:  # it is lost, and nothing is put in its place
            value = {key: each for key, each in value.items() if key != "surface"}
            payload = pack(value)
        segment.packed_chunk(int(value["first"]), int(value["count"]), _rooms_named_once(value, payload))
    elif kind == RecordType.UTTERANCE:
        segment.utterance(int(value["start_tick"]), payload)
    elif kind == RecordType.WORDING:
        segment.wording(decode.arrival(value), payload)
    elif kind == RecordType.SLOW:
        segment.slow_part(whole.slow_part(str(rest[0]), int(rest[1])))
    else:
        for name, since in remains.since[int(value["tick"])].items():
            segment.slow_part(whole.slow_part(name, since))
        segment.packed_keyframe(int(value["tick"]), payload)


def _rooms_named_once(value: dict[str, Any], payload: bytes) -> bytes:
    """A chunk with its hashes as the second format has them; the first named the rooms anew at every tick."""
    if "rooms" in value:
        return payload
    rooms = sorted(set().union(*value["hashes"]))
    return pack(
        {**value, "rooms": rooms, "hashes": [[row.get(room, b"") for room in rooms] for row in value["hashes"]]}
    )
