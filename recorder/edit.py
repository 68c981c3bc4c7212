"""New sessions out of old ones: a piece cut out, pieces joined. Images are copied as they lie, never decoded.

The new session appears under its name only when it is whole; what is there is never overwritten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder.compare import frame_differences, valley_differences
from recorder.container import SessionError
from recorder.copying import State, TickCopier, appearing
from recorder.decode import arrival
from recorder.differences import MISSING, differences, state_differences
from recorder.header import DESCRIPTION, DRAWN, LINEAGE, copied_header, id_of, origin, run_of
from recorder.payload import pack
from recorder.reader import Session
from recorder.schema import Snapshot, Utterance
from recorder.ticks import Ticks
from recorder.writer import SessionWriter

# Keys of a header in which sessions of one run may differ: what was drawn, and by which versions.
MAY_DIFFER = (*LINEAGE, *DESCRIPTION, *DRAWN, "versions", "conventions")


@dataclass
class Copied:
    """How much is in the new session so far."""

    ticks: int = 0
    lines: int = 0
    wordings: int = 0
    keyframes: int = 0
    frames: int = 0
    left_out: int = 0  # frames whose tick is not recorded


def cut(session: Session, target: Path, span: range) -> Generator[Copied, None, None]:
    """Write the ticks of a range with everything said and seen in them; yields how far it is.

    The last keyframe at or before the first tick comes along, and the words from it on, so that the piece can be run
    again. Closed before its end, it leaves nothing.

    Raises:
        SessionError: the session holds none of the ticks, the target is there, or the disk refuses.
        CorruptSession: something to be copied is damaged.
    """
    ticks = Ticks(range(max(s.start, span.start), min(s.stop, span.stop)) for s in session.ticks.stretches)
    if not ticks:
        raise SessionError(f"{session.path} holds {session.ticks}; none of them lies in {span.start}:{span.stop}.")
    carried = max((tick for tick in session.keyframes if tick <= ticks[0]), default=ticks[0])
    since = ticks[0] if carried == ticks[0] else carried + 1
    header = copied_header(session.header, session.columns)
    header["run"] = run_of(session.header)
    header["origin"] = origin("cut", id_of(session.header), [session.header], ticks=[ticks[0], ticks[-1]])
    plan = _Plan(
        sources=[session],
        ticks=ticks,
        header=header,
        carried=[carried] if carried < ticks[0] else [],
        wordings=[word for word in session.wordings() if since <= arrival(word) < span.stop],
        loose=[line for line in session.lines() if line.start_tick in span and line.start_tick not in session.ticks],
    )
    yield from _written(plan, target)


def merge(sessions: Sequence[Session], target: Path) -> Generator[Copied, None, None]:
    """Write all that sessions of one run hold, once each; yields how far it is.

    Where several hold a tick, a line, a word, a keyframe or an image, they must agree. Ticks that none holds stay
    gaps. What was drawn may differ: the frames of all of them come together.

    Raises:
        SessionError: they are of several runs or do not agree, the target is there, or the disk refuses.
        CorruptSession: something to be copied is damaged.
    """
    first = sessions[0]
    for other in sessions[1:]:
        _check_kin(first, other)
    ticks = Ticks(_union(stretch for session in sessions for stretch in session.ticks.stretches))
    if not ticks:
        raise SessionError(f"{first.path} and the others hold no tick at all; there is nothing to merge.")
    spans = [[session.ticks[0], session.ticks[-1]] if session.ticks else [] for session in sessions]
    headers = [session.header for session in sessions]
    header = _merged_header(sessions)
    header["run"] = run_of(first.header)
    header["origin"] = origin("merge", [id_of(each) for each in headers], headers, ticks=spans)
    known = {tick for session in sessions for tick in session.keyframes}
    plan = _Plan(
        sources=sessions,
        ticks=ticks,
        header=header,
        carried=sorted(tick for tick in known if tick not in ticks),
        wordings=_merged_words(sessions),
        loose=[line for each in sessions for line in each.lines() if line.start_tick not in each.ticks],
    )
    yield from _written(plan, target)


def _check_kin(first: Session, other: Session) -> None:
    """Raise SessionError unless both are of one run."""
    if run_of(first.header) != run_of(other.header):
        raise SessionError(f"{other.path} is of another run than {first.path}; only pieces of one run can be merged.")
    for key in dict.fromkeys((*first.header, *other.header)):
        if key in MAY_DIFFER:
            continue
        if pack(first.header.get(key)) != pack(other.header.get(key)):
            raise SessionError(
                f"{other.path} has another '{key}' in its header than {first.path}; they cannot be merged."
            )
    for part in valley_differences(first, other):
        raise SessionError(f"{other.path} has another {part} than {first.path}; they cannot be merged.")


def _merged_header(sessions: Sequence[Session]) -> dict[str, Any]:
    """The header of the first, with the cameras and modalities of all."""
    filled = next(session for session in sessions if session.ticks)
    header = copied_header(sessions[0].header, filled.columns)
    for key in ("cameras", "modalities"):
        values = [item for session in sessions for item in session.header.get(key) or []]
        if values:
            header[key] = list({pack(item): item for item in values}.values())
    return header


def _union(stretches: Iterable[range]) -> Iterator[range]:
    """The same ticks as stretches in order that do not overlap."""
    reached = 0
    for stretch in sorted(stretches, key=lambda stretch: (stretch.start, stretch.stop)):
        if stretch.stop > reached:
            yield range(max(stretch.start, reached), stretch.stop)
            reached = stretch.stop


def _merged_words(sessions: Sequence[Session]) -> list[dict[str, Any]]:
    """The language logs as one."""
    words: dict[tuple[int, bytes], dict[str, Any]] = {}
    for session in sessions:
        for word in session.wordings():
            named = (arrival(word), pack(word.get("key", word)))
            if pack(words.setdefault(named, word)) != pack(word):
                raise SessionError(
                    f"{session.path}: tick {named[0]}: other words were logged than in {sessions[0].path}."
                )
    return list(words.values())


@dataclass(frozen=True)
class _Plan:
    """What is to be written."""

    sources: Sequence[Session]
    ticks: Ticks
    header: dict[str, Any]
    carried: list[int]  # keyframes of ticks that are not written
    wordings: list[dict[str, Any]]
    loose: list[Utterance]  # lines that begin at ticks their session does not hold

    def holders(self, tick: int) -> list[Session]:
        return [session for session in self.sources if tick in session.ticks]

    @cached_property
    def _keepers(self) -> dict[int, list[Session]]:
        """Who has a keyframe, by tick."""
        having: dict[int, list[Session]] = {}
        for session in self.sources:
            for tick in session.keyframes:
                having.setdefault(tick, []).append(session)
        return having

    def keyframe(self, tick: int) -> State | None:
        """The state behind a tick, on which all who have it agree."""
        having = self._keepers.get(tick, [])
        states = [session.keyframe_parts(tick) for session in having]
        for session, state in zip(having[1:], states[1:], strict=True):
            for path, here, there in state_differences(state[0], states[0][0], session.cast):
                raise SessionError(
                    f"{session.path}: tick {tick}: keyframe: {path} {here} instead of {there} in {having[0].path}."
                )
        return states[0] if states else None

    def frames(self) -> dict[int, dict[str, list[Session]]]:
        """Who has a frame, by tick and camera."""
        having: dict[int, dict[str, list[Session]]] = {}
        for session in self.sources:
            for ref in session.frames():
                having.setdefault(ref.tick, {}).setdefault(ref.camera, []).append(session)
        return having


def _written(plan: _Plan, target: Path) -> Generator[Copied, None, None]:
    source = plan.sources[0]
    copied = Copied()
    with appearing(target) as path, SessionWriter(path, plan.header, source.scenery, source.recorded_cast) as writer:
        for _ in _copy(plan, writer, copied):
            yield copied
        writer.close(asdict(copied))
    yield copied


def _copy(plan: _Plan, writer: SessionWriter, copied: Copied) -> Iterator[None]:
    """Write tick by tick; a frame follows its tick by a second, so that it does not break a chunk of ticks up."""
    frames = plan.frames()
    late = deque(sorted(tick for tick in frames if tick in plan.ticks))
    copied.left_out = sum(
        len(cameras)
        for tick, cameras in frames.items()
        if plan.ticks[0] <= tick <= plan.ticks[-1] and tick not in plan.ticks
    )
    said: dict[int, bytes] = {}  # lines by id
    for tick in plan.carried:
        state = plan.keyframe(tick)
        if state is not None:
            writer.carried_keyframe(tick, *state)
    copier = TickCopier(writer, plan.wordings, plan.keyframe)
    for tick in plan.ticks:
        snapshot = _agreed(plan, tick, said)
        copier.write(snapshot)
        if tick == plan.ticks[-1]:
            copier.finish()
        copied.ticks += 1
        copied.lines += len(snapshot.utterances)
        copied.wordings, copied.keyframes = copier.wordings, len(plan.carried) + copier.keyframes
        while late and (late[0] <= tick - writer.header["tick_rate"] or tick == plan.ticks[-1]):
            drawn = late.popleft()
            for camera, having in frames[drawn].items():
                _copy_frame(having, writer, drawn, camera)
                copied.frames += 1
                yield
        yield


def _agreed(plan: _Plan, tick: int, said: dict[int, bytes]) -> Snapshot:
    """The snapshot on which all who hold the tick agree, with the lines of all of them that were not written yet."""
    holders = plan.holders(tick)
    snapshots = [session.snapshot(tick, whole=True) for session in holders]
    for session, other in zip(holders[1:], snapshots[1:], strict=True):
        unsaid, there = (replace(side, utterances=()) for side in (other, snapshots[0]))
        for difference in differences(unsaid, there, session.cast):
            raise SessionError(f"{session.path}: {difference} in {holders[0].path}; they cannot be merged.")
    loose = [line for line in plan.loose if line.start_tick <= tick or tick == plan.ticks[-1]]
    fresh: list[Utterance] = []
    for line in (*loose, *(line for snapshot in snapshots for line in snapshot.utterances)):
        content = pack(asdict(line))
        if line.id not in said:
            said[line.id] = content
            fresh.append(line)
        elif said[line.id] != content:
            raise SessionError(f"Line {line.id}, at tick {line.start_tick}, is not the same in all of the sessions.")
    return replace(snapshots[0], utterances=tuple(fresh))


def _copy_frame(having: Sequence[Session], writer: SessionWriter, tick: int, camera: str) -> None:
    """Write a frame with the images and tables of all who have it; what several have must agree."""
    first = having[0]
    images: dict[str, Mapping[str, Any]] = {}
    tables: dict[str, NDArray[np.void]] = {}
    for session in having:
        for name in session.frame_ref(tick, camera).modalities:
            images.setdefault(name, session.encoded_frame(tick, camera, name))
        tables = {**session.annotations(tick, camera), **tables}
        for difference in frame_differences(session, first, tick, camera) if session is not first else ():
            if MISSING not in (difference.found, difference.expected):
                raise SessionError(f"{session.path}: {difference} in {first.path}; they cannot be merged.")
    writer.encoded_frame(tick, camera, first.frame_ref(tick, camera).pose, images, tables)
