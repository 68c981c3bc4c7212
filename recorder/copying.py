"""How a new session is made of old ones: it appears when it is whole; ticks are copied with what goes with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recorder.container import SessionError
from recorder.decode import arrival
from recorder.reader import Session
from recorder.schema import Snapshot
from recorder.segment import check_new, later_segments, segment_path
from recorder.slow import Since
from recorder.today import as_recorded
from recorder.writer import SessionWriter

State = tuple[dict[str, Any], Since]  # of a keyframe: the whole of it, and which parts of it are slow


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Where to write a session that is to have the name `target` once it is whole; on an error nothing is left of it.

    Raises:
        SessionError: the name is taken, there is no such folder, another is writing there, or the disk refuses.
    """
    check_new(target)
    unfinished = target.with_name(f".unfinished-{target.name}")
    if unfinished.exists():
        raise SessionError(f"{unfinished} is in the way: another command is writing it, or was killed; then remove it.")
    try:
        yield unfinished
        check_new(target)
        for number in reversed(range(len(later_segments(unfinished)) + 1)):  # the first file last: then it is there
            segment_path(unfinished, number).rename(segment_path(target, number))
    except OSError as error:
        raise SessionError(f"{target} cannot be written: {error.strerror}.") from error
    except SessionError as error:
        if type(error) is not SessionError or str(unfinished) not in str(error):
            raise
        raise SessionError(str(error).replace(str(unfinished), str(target))) from error  # the name that was typed
    finally:
        for left in (unfinished, *later_segments(unfinished)):
            left.unlink(missing_ok=True)


class TickCopier:
    """Writes recorded ticks into another session: before each the words that had reached it, behind it its keyframe.

    Columns that the new session does not have, as one that is made of an older session, are left out.

    Args:
        writer: of the new session.
        words: entries of a language log, in any order.
        state: gives the state behind a tick; None where there is none.
    """

    def __init__(
        self,
        writer: SessionWriter,
        words: Iterable[Mapping[str, Any]],
        state: Callable[[int], State | None],
    ) -> None:
        self.wordings = self.keyframes = 0  # written
        self._writer, self._state = writer, state
        self._words = deque(sorted(words, key=arrival))

    def write(self, snapshot: Snapshot) -> None:
        """Write the next tick.

        Raises:
            SessionError: as SessionWriter.snapshot.
        """
        while self._words and arrival(self._words[0]) <= snapshot.tick:
            self._next_word()
        self._writer.snapshot(as_recorded(snapshot, self._writer.columns))
        state = self._state(snapshot.tick)
        if state is not None:
            self._writer.keyframe(snapshot.tick, *state)
            self.keyframes += 1

    def finish(self) -> None:
        """Write the words that no tick written had seen yet."""
        while self._words:
            self._next_word()

    def _next_word(self) -> None:
        self._writer.wording(self._words.popleft())
        self.wordings += 1


def states_of(session: Session) -> Callable[[int], State | None]:
    """The state behind a tick of a session; None where it has no keyframe."""
    kept = frozenset(session.keyframes)
    return lambda tick: session.keyframe_parts(tick) if tick in kept else None
