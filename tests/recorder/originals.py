"""Everything a session gives, piece by piece, so that what is left of a damaged one can be held against the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np

from recorder.container import CorruptSession, SessionError
from recorder.payload import pack
from recorder.reader import Session
from recorder.surfaces import MAPS
from recorder.today import TABLES

Key = tuple[Any, ...]  # kind, then what tells it from others of its kind
Pieces = dict[Key, bytes]
OWN = ("id", "run", "segment", "origin")  # what a session says of itself rather than of the run


def pieces(session: Session) -> tuple[Pieces, int]:
    """All that can be read, by kind and key, and how many pieces are known to the session but damaged."""
    found: Pieces = {}
    refused = 0
    for key, read in _readers(session):
        try:
            found[key] = read()
        except SessionError as error:
            assert any(str(path) in str(error) for path in session.segments)
            refused += 1
    for what, texts in (("line", _lines(session)), ("wording", _wordings(session))):
        if texts is None:
            refused += 1
        else:
            assert len({key for key, _ in texts}) == len(texts)
            found.update(((what, key), text) for key, text in texts)
    return found, refused


def lost(whole: Pieces, left: Pieces) -> Counter[str]:
    """How many pieces of each kind are missing; AssertionError where one is not what it was."""
    for key, value in left.items():
        assert whole.get(key) == value, f"{key} was never written so"
    return Counter(key[0] for key in whole if key not in left)


def _readers(session: Session) -> Iterator[tuple[Key, Callable[[], bytes]]]:
    yield ("header",), lambda: pack({name: value for name, value in session.header.items() if name not in OWN})
    yield ("scenery",), lambda: _arrays({**vars(session.scenery), **_far(session)})
    yield ("cast",), lambda: _arrays(vars(session.cast))
    for tick in session.ticks:
        yield ("tick", tick), partial(_columns, session, tick)
    for tick in session.surfaces:
        yield ("surface", tick), partial(_surface, session, tick)
    for tick in session.keyframes:
        yield ("keyframe", tick), partial(_keyframe, session, tick)
    for key in session._frames:
        yield from _images(session, *key)


def _far(session: Session) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for part in ("surroundings", "detail"):
        held = getattr(session.scenery, part)
        made |= {part: None} | ({} if held is None else {f"{part} {name}": value for name, value in vars(held).items()})
    return made


def _surface(session: Session, tick: int) -> bytes:
    surface = session.surface(tick)
    return _arrays({name: getattr(surface, name) for name in MAPS})


def _images(session: Session, tick: int, camera: str) -> Iterator[tuple[Key, Callable[[], bytes]]]:
    try:
        ref = session.frame_ref(tick, camera)
    except CorruptSession as error:
        yield ("frame", tick, camera), partial(_fail, error)
        return
    yield ("frame", tick, camera), lambda: pack([asdict(ref.pose), ref.width, ref.height])
    for name in ref.modalities:
        yield ("image", tick, camera, name), partial(_image, session, tick, camera, name)
    for name in ref.tables:
        yield ("table", tick, camera, name), partial(_table, session, tick, camera, name)


def _image(session: Session, tick: int, camera: str, name: str) -> bytes:
    return pack(session.encoded_frame(tick, camera, name))


def _table(session: Session, tick: int, camera: str, name: str) -> bytes:
    return _arrays({name: session.annotations(tick, camera)[name]})


def _keyframe(session: Session, tick: int) -> bytes:
    return pack(_flat(session.keyframe(tick)))


def _fail(error: Exception) -> bytes:
    raise error


def _columns(session: Session, tick: int) -> bytes:
    """A tick without what was said in it: that lies in records of its own."""
    snapshot = session.snapshot(tick)
    events = [[event.tick, event.kind, event.data] for event in snapshot.events]
    tables = [getattr(snapshot, name).tobytes() for name in TABLES]
    return pack([*tables, events, sorted(snapshot.hashes.items())])


def _lines(session: Session) -> list[tuple[int, bytes]] | None:
    try:
        return [(line.id, pack(asdict(line))) for line in session.lines()]
    except CorruptSession:
        return None


def _wordings(session: Session) -> list[tuple[Any, bytes]] | None:
    try:
        return [(tuple(wording["key"]), pack(wording)) for wording in session.wordings()]
    except CorruptSession:
        return None


def _flat(state: Any) -> Any:
    """A keyframe's state with its arrays as bytes."""
    if isinstance(state, np.ndarray):
        return [str(state.dtype), state.shape, state.tobytes()]
    if isinstance(state, dict):
        return {key: _flat(value) for key, value in state.items()}
    return [_flat(value) for value in state] if isinstance(state, list) else state


def _arrays(parts: dict[str, Any]) -> bytes:
    return pack([value.tobytes() if isinstance(value, np.ndarray) else value for value in parts.values()])


def opened(path: Any) -> Session | None:
    """The session, or None where it is refused, which must be with a sentence."""
    try:
        return Session.open(path)
    except SessionError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
        return None
