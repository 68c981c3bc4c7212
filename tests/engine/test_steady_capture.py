"""A long capture needs no more memory than a short one, in any of its processes, and drops no frame."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import theilslopes

from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.provenance import Model
from engine.scenario import build
from recorder.reader import Session

FRAMES, SETTLED = 320, 140
# That a process may grow by: 2 are measured, its index and what it sees for the first time, and up to 9 where much else
# runs; to keep its frames would take 20 as they are stored and 60 as they are drawn.
KIB_PER_FRAME = 12.0
SCENARIO: dict[str, Any] = {
    "name": "steady",
    "world": {"size_m": 256, "tick_rate": 4},
    "village": {"villagers": 1},
    "capture": {
        "fps": 4.0,
        "size": (128, 96),
        "modalities": ("rgb", "depth", "instance"),
        "quality": "truth",
    },
    "camera": [{"name": "overlook", "kind": "orbit", "distance_m": 30.0, "height_m": 12.0, "period_s": 30.0}],
}


def resident_kib(pid: int) -> int:
    """Memory of a process that is not shared with files, KiB."""
    with Path(f"/proc/{pid}/status").open(encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("RssAnon")).split()[1])


def steady(folder: Path, frames: int, workers: int) -> dict[int, list[tuple[int, int]]]:
    """Captures so many frames; by process, (frames so far, KiB) every now and then."""
    capture = {**SCENARIO["capture"], "duration": (frames - 1) / 4}
    job = Capture(
        build({**SCENARIO, "capture": capture}, "test"), folder, TemplateVoice(), Model("none", ""), workers=workers
    )
    taken: dict[int, list[tuple[int, int]]] = {}
    last = 0
    for progress in job.run():
        if progress.frames >= last + 20 and progress.frames < frames - 10 * workers:
            last = progress.frames
            drawing = [process.pid for process in multiprocessing.active_children()]
            for pid in (os.getpid(), *(pid for pid in drawing if pid is not None)):
                taken.setdefault(pid, []).append((last, resident_kib(pid)))
    with Session.open(folder) as session:
        assert [frame.tick for frame in session.frames()] == list(range(frames)), "in order, none dropped"
    return taken


@pytest.mark.slow
@pytest.mark.usefixtures("machine_code")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_does_not_grow_with_the_frames(tmp_path: Path) -> None:
    taken = steady(tmp_path, FRAMES, 1)
    assert len(taken) == 2
    for pid, memory in taken.items():
        frames, kib = np.array([each for each in memory if each[0] >= SETTLED]).T
        assert len(frames) > 8
        slope = theilslopes(kib, frames).slope  # a single step, when an allocator grows for good, counts for nothing
        what = "the capture" if pid == os.getpid() else "a drawing process"
        assert slope < KIB_PER_FRAME, f"{what} grows by {slope:.2f} KiB a frame"
