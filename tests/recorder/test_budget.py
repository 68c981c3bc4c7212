"""What the record promises in bytes: of disk for an hour of one villager's life, of memory while the disk is slow."""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from agents.language.templates import TemplateVoice
from engine.recording import record_tick
from engine.scenario import load
from engine.simulation import Simulation
from recorder.container import Gap, RecordType
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.record_writer import RecordWriter
from recorder.writer import PENDING_FRAMES, SessionWriter
from tests.recorder import synthetic

MB_PER_AGENT_HOUR = 6
TICK_RATE = 16
ONCE = {RecordType.HEADER, RecordType.SCENERY, RecordType.CAST}  # per segment, not per hour


@pytest.mark.parametrize("villagers", [2, 4])
def test_an_hour_of_a_villager_is_at_most_six_megabytes(tmp_path: Path, villagers: int) -> None:
    changes = {"world.size_m": 512.0, "village.villagers": villagers, "village.talkativeness": 5.0}
    simulation = Simulation(load("valley", changes), TemplateVoice())
    path = tmp_path / "a.hamlet"
    with SessionWriter(path, {"tick_rate": TICK_RATE}, simulation.scenery, simulation.cast) as writer:
        for _ in range(60 * TICK_RATE):
            simulation.step()
            record_tick(writer, simulation)
    stored: Counter[int] = Counter()
    for head in RecordReader(path).walk():
        assert not isinstance(head, Gap)
        stored[head.type] += head.end - head.offset
    assert stored[RecordType.CHUNK] and stored[RecordType.KEYFRAME], "state and keyframes are in it"
    lasting = sum(size for kind, size in stored.items() if kind not in ONCE)
    assert lasting / 1e6 <= MB_PER_AGENT_HOUR * villagers / 60


def test_a_slow_disk_drops_nothing_and_fills_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = RecordWriter.flush

    def slow(self: RecordWriter) -> None:
        time.sleep(0.002)
        quick(self)

    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)  # a frame that cannot be made smaller
    ticks, every = 320, 4
    monkeypatch.setattr(RecordWriter, "flush", slow)
    with SessionWriter(tmp_path / "a.hamlet", synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        tracemalloc.start()
        given = [synthetic.snapshot(np.random.default_rng(0), 0)]
        held = tracemalloc.get_traced_memory()[0]
        for tick in range(ticks):
            given = [synthetic.snapshot(np.random.default_rng(tick), tick)]
            writer.snapshot(given[0])
            if tick % every == 0:
                writer.frame(tick, "a", synthetic.POSE, {"rgb": noise ^ np.uint8(tick % 256)})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # Each frame on its way is held as pixels, and while it is encoded and written a few times more.
    assert peak - held < (PENDING_FRAMES + 2) * 6 * noise.nbytes < ticks / every * noise.nbytes
    with Session.open(tmp_path / "a.hamlet") as session:
        assert session.ticks == range(ticks) and session.complete
        assert [ref.tick for ref in session.frames()] == list(range(0, ticks, every))
        for tick in range(0, ticks, 37):
            wanted = synthetic.snapshot(np.random.default_rng(tick), tick)
            assert session.snapshot(tick).villagers.tobytes() == wanted.villagers.tobytes()
        for tick in range(0, ticks, 64):
            assert np.array_equal(session.frame(tick, "a", "rgb"), noise ^ np.uint8(tick % 256))
