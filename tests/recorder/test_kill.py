"""Kill the writing process at any moment: all that was given a second of ticks before is in the file, as it was given.

What else may come between a writer and its file: a full disk, a folder without leave, another writer.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recorder.container import SessionError
from recorder.reader import Session
from recorder.recover import recover
from recorder.writer import PENDING_FRAMES, SessionWriter
from tests.recorder import synthetic
from tests.recorder.originals import Pieces, lost, opened, pieces

CASES = int(os.environ.get("HAMLET_DAMAGE_CASES", "60"))  # 1000 for the figures in the notes
ROOT = Path(__file__).parents[2]
KILLS = max(6, CASES // 5)
GIVEN = ("tick", "line", "frame", "keyframe", "wording")  # what the writer counts once a call has come back
RATE = 8
LONGEST_S = 0.6  # of writing before the kill
SEGMENT_BYTES = 60_000  # so that some are killed while they turn the page


def write_on(path: Path, done: Any, ticks: int, pause_s: float) -> None:
    """Write a session that depends on nothing but its length, counting what the writer has taken."""
    rng = np.random.default_rng(1)
    header, valley = synthetic.header(tick_rate=RATE), synthetic.scenery(rng)
    with SessionWriter(path, header, valley, synthetic.cast(), segment_bytes=SEGMENT_BYTES) as writer:
        for tick in range(ticks):
            said = (synthetic.utterance(tick // 7, tick),) if tick % 7 == 0 else ()
            writer.snapshot(synthetic.snapshot(rng, tick, said=said))
            done[0] = tick + 1
            done[1] += len(said)
            if said:
                writer.wording({"key": [0, tick, 0], "arrival_tick": tick, "text": said[0].text})
                done[4] += 1
            if tick % 5 == 0:
                writer.frame(tick, "a", synthetic.POSE, synthetic.images(tick, 32, 24))
                done[2] += 1
            if tick % 40 == 39:
                writer.keyframe(tick, *synthetic.state(tick, 80))
                done[3] += 1
            if pause_s:
                time.sleep(pause_s)


@pytest.fixture(scope="module")
def meant(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Pieces]:
    """All pieces of the session that nobody killed, of at least so many ticks."""
    made: dict[int, Pieces] = {}

    def pieces_of(ticks: int) -> Pieces:
        if not made or ticks > max(made):
            length = max(1000, 2 * ticks)
            path = tmp_path_factory.mktemp("meant") / "killed.hamlet"
            write_on(path, [0] * len(GIVEN), length, 0.0)
            with Session.open(path) as session:
                made[length], _ = pieces(session)
        return made[max(made)]

    return pieces_of


def test_kills_cost_at_most_a_second(tmp_path: Path, meant: Callable[[int], Pieces]) -> None:
    bare = multiprocessing.get_context("forkserver")  # its children come from a process without threads
    bare.set_forkserver_preload(["tests.recorder.test_kill"])
    chance = random.Random(2)
    sums: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "killed.hamlet"
        counts = np.memmap(folder / "counts", np.int64, "w+", shape=(len(GIVEN),))
        process = bare.Process(target=count_and_write, args=(path, folder / "counts", chance.choice((0.0, 0.002))))
        process.start()
        while not path.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, LONGEST_S) ** 2 / LONGEST_S)  # more of them early, when the file is begun
        process.kill()
        process.join()
        given = dict(zip(GIVEN, map(int, counts), strict=True))
        sums["kills"] += 1
        session = opened(path)
        if session is None:
            assert given["tick"] == 0, f"{given} were given, and nothing can be opened"
            sums["before anything was written"] += 1
            continue
        with session:
            left, refused = pieces(session)
            lost(meant(len(session.ticks)), left)
            assert not refused and not session.complete and not session.being_written
            sums["segments"] += len(session.segments)
        recovery = recover(path, folder / "new.hamlet")
        with Session.open(folder / "new.hamlet") as again:
            saved, refused = pieces(again)
            assert again.complete and not refused
            lost(meant(len(again.ticks)), saved)
            more = {key[1:3] for key in saved.keys() - left.keys()}  # the frame that was half-written
            assert len(more) <= 1 and all(saved[key] == left[key] for key in left)
        sums["recovered without loss"] += not recovery.lost
        for loss in recovery.lost:  # one thing half-written
            assert loss.what in ("frame", "segment") or loss.note.startswith("the file ends in"), loss
        there = Counter(key[0] for key in left)
        missing = Counter({name: max(0, given[name] - there[name]) for name in GIVEN})
        assert missing["tick"] < RATE, f"{given} were given, {there} are there"
        assert missing["line"] <= 2 and missing["wording"] <= 2 and missing["keyframe"] <= 1
        assert missing["frame"] <= PENDING_FRAMES + 1
        sums.update(missing)
        most |= missing
        sums["given ticks"] += given["tick"]
        shutil.rmtree(folder)
    print(f"in all {dict(sums)}; at most {dict(most)}")


def count_and_write(path: Path, counts: Path, pause_s: float) -> None:
    """Write on and on; the counts lie in a file that outlives a kill."""
    write_on(path, np.memmap(counts, np.int64, "r+", shape=(len(GIVEN),)), 10**9, pause_s)


FULL = """
import resource, signal, sys
from pathlib import Path
from recorder.container import SessionError
from tests.recorder.test_kill import write_on
limit = int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
done = [0] * 5
try:
    write_on(Path(sys.argv[1]), done, 10**9, 0.0)
except SessionError as error:
    print(done[0], error)
"""


@pytest.mark.parametrize("limit", [3, 40_000])
def test_a_file_that_may_not_grow(tmp_path: Path, limit: int, meant: Callable[[int], Pieces]) -> None:
    path = tmp_path / "full.hamlet"
    said = written_until_full(path, limit)
    assert re.fullmatch(rf"\d+ {re.escape(str(path))} cannot be written any further: .*\.\n", said), said
    session = opened(path)
    if session is None:
        assert not path.exists(), "an empty file was left behind"
        return
    with session:
        left, refused = pieces(session)
        lost(meant(len(session.ticks)), left)
        assert not refused and not session.complete and path.stat().st_size <= limit
        assert sum(key[0] == "tick" for key in left) + RATE > int(said.split()[0])
    lost_ones = recover(path, tmp_path / "new.hamlet").lost
    assert {loss.what for loss in lost_ones} <= {"frame"} and len(lost_ones) <= 1, "what was half-written"


def test_a_full_disk(tmp_path: Path, meant: Callable[[int], Pieces]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        path = disk / "full.hamlet"
        said = written_until_full(path, 0)
        assert "cannot be written any further: No space left on device." in said or "the disk is full." in said
        assert [each.name for each in disk.iterdir() if each.stat().st_size == 0] == []
        with Session.open(path) as session:
            left, refused = pieces(session)
            lost(meant(len(session.ticks)), left)
            assert not refused and len(session.ticks) + RATE > int(said.split()[0])
        with pytest.raises(SessionError, match=r"cannot be written"):
            recover(path, disk / "new.hamlet")
        assert not (disk / "new.hamlet").exists() and not list(disk.glob(".*"))
    finally:
        subprocess.run(["umount", disk], check=True)


def written_until_full(path: Path, limit: int) -> str:
    done = subprocess.run(
        [sys.executable, "-c", FULL, path, str(limit)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_a_second_writer_and_a_folder_without_leave(tmp_path: Path) -> None:
    path = tmp_path / "one.hamlet"
    rng = np.random.default_rng(0)
    header, valley = synthetic.header(), synthetic.scenery(rng)
    with SessionWriter(path, header, valley, synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        with pytest.raises(
            SessionError, match=r"^\S+one.hamlet already exists; a session is never overwritten, choose"
        ):
            SessionWriter(path, header, valley, synthetic.cast())
        with Session.open(path) as session:
            assert session.being_written
    with Session.open(path) as session:
        assert session.complete and len(session.ticks) == 1 and not session.being_written
    for place in (tmp_path / "nowhere" / "a.hamlet", Path("/proc/a.hamlet"), path / "a.hamlet"):
        with pytest.raises(SessionError, match=r"^\S+ cannot be written: [A-Z][a-z ]+\.$"):
            SessionWriter(place, header, valley, synthetic.cast())
        with pytest.raises(SessionError, match=r"^\S+ cannot be written: [A-Za-z][^\n]+\.$"):
            recover(path, place)
