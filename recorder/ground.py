"""The surfaces of a session that is read: each over those it leans on, of which the last few are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from recorder.container import CorruptSession, RecordType
from recorder.schema import Surface
from recorder.surfaces import LONGEST_WAY, Maps, base_of, maps_from_plain, surface_of

Where = tuple[int, int]  # number of the file among those open, offset in it
KEPT = 8  # maps: more than the way from any surface that Hamlet writes to a whole one
SHOWN = 2  # surfaces: of a tick and of the next one drawn
K = TypeVar("K")
V = TypeVar("V")


class Ground:
    """Gives the surfaces of a session by their ticks. A surface asked for again is the same object.

    Args:
        path: of the session, for what cannot be found.
        places: of the records of each surface, by tick; where one is damaged, the next is read.
        decoded: reads a record: its place, its kind, and what makes of its content what is wanted.
        shape: of the valley's lattice, which is that of every map.
    """

    def __init__(
        self,
        path: Path,
        places: Mapping[int, Sequence[Where]],
        decoded: Callable[[Where, RecordType, Callable[[Any], Maps]], Maps],
        shape: Callable[[], tuple[int, ...]],
    ) -> None:
        self._path, self._places, self._decoded, self._shape = path, places, decoded, shape
        self._read: OrderedDict[int, Maps] = OrderedDict()
        self._shown: OrderedDict[int, Surface] = OrderedDict()

    def surface(self, tick: int) -> Surface:
        """The surface of a tick.

        Raises:
            CorruptSession: it is lost, or one that it leans on is.
        """
        if tick not in self._shown:
            _keep(self._shown, tick, surface_of(tick, self._maps(tick, 0)), SHOWN)
        self._shown.move_to_end(tick)
        return self._shown[tick]

    def before(self, tick: int) -> Surface | None:
        """The last surface before a tick that can be read."""
        for earlier in sorted((each for each in self._places if each < tick), reverse=True):
            try:
                return self.surface(earlier)
            except CorruptSession:
                continue
        return None

    def _maps(self, tick: int, way: int) -> Maps:
        if tick not in self._read:
            _keep(self._read, tick, self._found(tick, way), KEPT)
        self._read.move_to_end(tick)
        return self._read[tick]

    def _found(self, tick: int, way: int) -> Maps:
        lost = CorruptSession(self._path, 0, f"the surface of tick {tick} is lost")
        for number, place in enumerate(self._places.get(tick, ())):
            try:
                return self._decoded(place, RecordType.SURFACE, partial(self._made, tick=tick, way=way))
            except CorruptSession as error:
                lost = lost if number else error
        raise lost

    def _made(self, value: Any, tick: int, way: int) -> Maps:
        if value["tick"] != tick:
            raise ValueError("another surface stands here")
        base = base_of(value)
        if way > LONGEST_WAY:
            raise ValueError(f"more than {LONGEST_WAY} surfaces lean on each other")
        return maps_from_plain(value, {} if base is None else self._maps(base, way + 1), self._shape())


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
