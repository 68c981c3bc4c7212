"""What other records cannot do without, wherever in a damaged session it still is: surfaces, parts of keyframes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from recorder import decode
from recorder.catalogue import NONSENSE
from recorder.container import CorruptSession, RecordHead, RecordType
from recorder.ground import Ground, Where
from recorder.losses import Loss
from recorder.payload import unpack
from recorder.remains import Remains
from recorder.schema import Surface
from recorder.slow import Since, SlowPart
from recorder.surfaces import Maps

Key = tuple[str, int]  # of a slow part: name, since


class Whole:
    """Finds in all files of a session what each of them repeats.

    Args:
        source: the session.
        files: what is left of its files, by their numbers.
    """

    def __init__(self, source: Path, files: Mapping[int, Remains]) -> None:
        self._files = files
        self._places: dict[int, list[Where]] = {}
        self._heads: dict[Where, RecordHead] = {}
        for number, remains in files.items():
            for tick, head in remains.surfaces.items():
                self._places.setdefault(tick, []).append((number, head.offset))
                self._heads[number, head.offset] = head
        self._ground = Ground(source, self._places, self._decoded, lambda: self._lattice)
        self._slow: dict[str, SlowPart] = {}  # the last one read of each name

    def _decoded(self, place: Where, kind: RecordType, make: Callable[[Any], Maps]) -> Maps:
        records, head = self._files[place[0]].records, self._heads[place]
        try:
            return make(records.content(head))
        except NONSENSE as error:
            what = f"a {kind.name} record makes no sense, {error!r}"
            raise CorruptSession(records.path, head.offset, what) from error

    @cached_property
    def _lattice(self) -> tuple[int, ...]:
        kept = (remains.preamble.get(RecordType.SCENERY) for remains in self._files.values())
        return decode.scenery(unpack(next(filter(None, kept)))).heights.shape

    @cached_property
    def surfaces(self) -> frozenset[int]:
        """Ticks of those that can be read, with all that they lean on."""
        return frozenset(tick for tick in sorted(self._places) if self._readable(tick))

    def _readable(self, tick: int) -> bool:
        try:
            self._ground.surface(tick)
        except (CorruptSession, StopIteration):  # without a scenery there is nothing to recover
            return False
        return True

    def surface(self, tick: int) -> Surface:
        """One of `surfaces`."""
        return self._ground.surface(tick)

    @cached_property
    def slow(self) -> frozenset[Key]:
        """Slow parts that can be read."""
        return frozenset(key for remains in self._files.values() for key in remains.slow)

    def has_all(self, since: Since) -> bool:
        """Whether a keyframe has all of its slow parts."""
        return all(key in self.slow for key in since.items())

    def slow_part(self, name: str, since: int) -> SlowPart:
        """One of `slow`."""
        if name not in self._slow or self._slow[name].since != since:
            remains = next(remains for remains in self._files.values() if (name, since) in remains.slow)
            content = remains.records.content(remains.slow[name, since])
            self._slow[name] = decode.slow_part(content, name, since)
        return self._slow[name]

    def still_lost(self, told: Iterable[Loss]) -> Iterator[Loss]:
        """Losses of single files without what another file repeats."""
        once: set[Loss] = set()
        for loss in told:
            repeated = (loss.what == "surface" and loss.first in self.surfaces) or (
                loss.what == "slow part" and (loss.note, loss.first) in self.slow
            )
            if loss.what in ("surface", "slow part") and loss.first is not None:
                repeated = repeated or loss in once
                once.add(loss)
            if not repeated:
                yield loss

    def dependent(self) -> Iterator[Loss]:
        """What is whole itself and lost with something else: keyframes with a slow part, surfaces with their bases."""
        for remains in self._files.values():
            for tick, since in remains.since.items():
                lacks = [
                    f"{name} since tick {began}" for name, began in since.items() if (name, began) not in self.slow
                ]
                if lacks:
                    yield Loss("keyframe", tick, note=f"lost with its {', '.join(lacks)}")
        for tick in sorted(self._places.keys() - self.surfaces):
            yield Loss("surface", tick, note="lost with one that it leans on")
