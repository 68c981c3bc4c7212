"""What a session holds as plain JSON values, one after the other: what `hamlet session cat` writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from recorder.channels import as_json, json_value
from recorder.decode import arrival
from recorder.reader import Session
from recorder.schema import Snapshot

Record = dict[str, Any]
IN_TICKS = ("environment", "villagers", "buildings", "hashes")


def records(session: Session, kinds: Collection[str], span: range | None = None) -> Iterator[Record]:
    """Records of the given kinds, kind by kind, each with its kind under `record`.

    Args:
        session: where they are.
        kinds: some of KINDS.
        span: ticks they must belong to: utterances by their start, wordings by their arrival. None: all.

    Raises:
        CorruptSession: one of them cannot be read.
    """
    for kind, every in KINDS.items():
        if kind in kinds:
            for record in every(session, span):
                yield {"record": kind, **record}


def _header(session: Session, span: range | None) -> Iterator[Record]:
    yield json_value(session.header)


def _ticks(session: Session, span: range | None) -> Iterator[Record]:
    for snapshot in _snapshots(session, span):
        yield {
            "tick": snapshot.tick,
            "time_s": snapshot.tick / session.tick_rate,
            "surface_tick": None if snapshot.surface is None else snapshot.surface.tick,
            **{part: as_json(part, getattr(snapshot, part)) for part in IN_TICKS},
        }


def _snapshots(session: Session, span: range | None) -> Iterator[Snapshot]:
    return (session.snapshot(tick) for tick in session.ticks if span is None or tick in span)


def _events(session: Session, span: range | None) -> Iterator[Record]:
    for snapshot in _snapshots(session, span):
        for event in snapshot.events:
            yield as_json("events", event)


def _utterances(session: Session, span: range | None) -> Iterator[Record]:
    for line in session.lines():
        if span is None or line.start_tick in span:
            yield as_json("utterances", line)


def _wordings(session: Session, span: range | None) -> Iterator[Record]:
    for word in session.wordings():
        if span is None or arrival(word) in span:
            yield as_json("wordings", word)


def _frames(session: Session, span: range | None) -> Iterator[Record]:
    for ref in session.frames():
        if span is None or ref.tick in span:
            tables = as_json("annotations", ref.annotations())
            yield {**as_json("frames", ref), "time_s": ref.time_s, **({"annotations": tables} if tables else {})}


def _surfaces(session: Session, span: range | None) -> Iterator[Record]:
    for tick in session.surfaces:
        if span is None or tick in span:
            yield as_json("surface", session.surface(tick))


def _keyframes(session: Session, span: range | None) -> Iterator[Record]:
    for tick in session.keyframes:
        if span is None or tick in span:
            yield {"tick": tick, "state": json_value(session.keyframe(tick))}


KINDS: dict[str, Callable[[Session, range | None], Iterator[Record]]] = {
    "header": _header,
    "ticks": _ticks,
    "events": _events,
    "utterances": _utterances,
    "wordings": _wordings,
    "frames": _frames,
    "surfaces": _surfaces,
    "keyframes": _keyframes,
}
