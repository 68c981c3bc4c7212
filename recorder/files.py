"""The files of a session: which they are, how each was opened, and what in them cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recorder.catalogue import Layout, find_layout
from recorder.container import RecordType, SessionError
from recorder.record_reader import RecordReader
from recorder.segment import later_segments

SESSION_FILE = "session.hamlet"  # in the folder of a run


@dataclass(frozen=True)
class OpenFile:
    """One open file of a session."""

    records: RecordReader
    layout: Layout

    @classmethod
    def open(cls, path: Path, *, begun: bool = False) -> OpenFile:
        """Open one file.

        Args:
            path: of the file.
            begun: it must say of itself whose it is, which a file that was being begun when its writer was killed does
                not.

        Raises:
            SessionError: it is not a file of a session, or does not say whose.
        """
        records = RecordReader(path)
        try:
            file = cls(records, find_layout(records))
            if begun and RecordType.HEADER not in [place.tick for place in file.layout.catalogue.preamble]:
                raise SessionError(f"{path} has no header; nothing was recorded in it.")
            return file
        except BaseException:
            records.close()
            raise

    def damage(self) -> Iterator[Damage]:
        """What is missing in the middle; a record cut off at the end of an unfinished file is no damage."""
        for gap in self.layout.gaps:
            if gap.after is not None or self.layout.closed:
                missing = None if gap.after is None else gap.after - gap.first
                yield Damage(self.records.path, gap.offset, gap.end, missing, gap.why)


@dataclass(frozen=True)
class Damage:
    """A part of a session that cannot be read."""

    path: Path
    offset: int
    end: int
    records: int | None  # how many records are missing; None where nobody knows
    why: str

    def __str__(self) -> str:
        if self.end == self.offset:
            return f"{self.path}, byte {self.offset:,}: {self.why}"
        return f"{self.path}, bytes {self.offset:,} to {self.end - 1:,}: {self.why}"


def session_files(path: Path) -> Iterator[Path]:
    """The files that a path may mean: itself and its further segments, or those of the one session in a folder."""
    if not path.is_dir():
        yield path
    elif (path / SESSION_FILE).exists():
        path = path / SESSION_FILE
        yield path
    elif later_segments(path / SESSION_FILE):  # the first is lost
        path = path / SESSION_FILE
    else:
        found = sorted(path.glob("[!.]*.hamlet"))  # one with a dot is not whole yet
        firsts = [each for each in found if not any(each in later_segments(other) for other in found)]
        if len(firsts) != 1:
            if not firsts:
                raise SessionError(f"{path} is a folder without a session in it.")
            names = ", ".join(each.name for each in firsts)
            raise SessionError(f"{path} is a folder without {SESSION_FILE}; name the session in it ({names}).")
        path = firsts[0]
        yield path
    yield from later_segments(path)
