"""A recording's playhead against a plain list of what was recorded; gaps and damage are stepped over and said."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sources import RecordedSource
from recorder import decode
from recorder.container import RECORD, RecordHead, RecordType, SessionError
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.writer import SessionWriter
from tests.engine.test_cli import assert_refused
from tests.engine.typed import hamlet
from tests.recorder.synthetic import TICK_RATE, cast, header, scenery, snapshot, utterance

RECORDED = [*range(32, 90), *range(100, 133), 140, *range(2000, 2040)]
SAID = {32: 20, 40: 300, 58: 4, 101: 1, 110: 60, 2000: 12, 2039: 50}  # tick -> length
LINES = [utterance(number, tick, length) for number, (tick, length) in enumerate(SAID.items())]


def write(writer, ticks=RECORDED):
    rng = np.random.default_rng(3)
    for tick in ticks:
        writer.snapshot(snapshot(rng, tick, said=tuple(line for line in LINES if line.start_tick == tick)))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("sources") / "session.hamlet"
    with SessionWriter(path, header(), scenery(np.random.default_rng(3)), cast()) as writer:
        write(writer)
        writer.close({})
    return path


@pytest.fixture(scope="module")
def source(path):
    return RecordedSource(Session.open(path))


moves = st.tuples(st.sampled_from(["seek", "jump", "advance"]), st.integers(-2500, 2500))


@given(st.lists(moves, max_size=8))
def test_the_playhead_goes_where_a_list_of_ticks_says(source, given):
    now = source.seek(RECORDED[0]).tick
    for move, ticks in given:
        if move == "advance":
            after = [tick for tick in RECORDED if tick > now]
            following = source.advance()
            assert (following.tick if following else None) == (after[0] if after else None)
            now = after[0] if after else now
        elif move == "seek":
            landed = source.seek(ticks).tick
            assert abs(landed - ticks) == min(abs(tick - ticks) for tick in RECORDED)
            now = landed
        elif ticks > 0:
            now = min((tick for tick in RECORDED if tick >= now + ticks), default=RECORDED[-1])
            assert source.jump(ticks).tick == now
        else:
            now = max((tick for tick in RECORDED if tick <= now + ticks), default=RECORDED[0])
            assert source.jump(ticks).tick == now
        assert source.current().tick == now
        assert source.lines() == [line for line in LINES if line.start_tick <= now < line.end_tick]


def test_time_that_is_missing_is_said_at_its_edges_only(source):
    said = {}
    for tick in RECORDED:
        source.seek(tick)
        if words := source.missing(2):
            said[tick] = words
    assert said == {
        89: "0.62 s missing after this: not in the file",
        **dict.fromkeys((100, 101), "0.62 s missing before this: not in the file"),
        132: "0.44 s missing after this: not in the file",
        140: "0.44 s missing before this: not in the file",
        **dict.fromkeys((2000, 2001), "1 min 56 s missing before this: not in the file"),
    }
    assert [tick for tick in range(32, 2040) if source.timeline.holds(tick)] == RECORDED


def test_only_lines_that_may_still_be_heard_are_read(path, monkeypatch):
    read, original = [], decode.utterance

    def noted(value):
        read.append(value["start_tick"])
        return original(value)

    monkeypatch.setattr(decode, "utterance", noted)
    source = RecordedSource(Session.open(path))
    read.clear()
    source.seek(2038)
    assert [line.start_tick for line in source.lines()] == []
    assert set(read) == {2000}
    source.lines()
    assert read == [2000], "what was read once is kept"


def record_heads(path):
    return [met for met in RecordReader(path).walk() if isinstance(met, RecordHead)]


def chunks(path):
    """The ticks of each chunk."""
    records = RecordReader(path)
    contents = [records.content(head) for head in record_heads(path) if head.type == RecordType.CHUNK]
    return [range(chunk["first"], chunk["first"] + chunk["count"]) for chunk in contents]


def harmed(path, folder, kind, *numbers):
    """A copy with one bit changed in some records of a kind."""
    data = bytearray(path.read_bytes())
    heads = [head for head in record_heads(path) if head.type == kind]
    for number in numbers:
        data[heads[number].offset + RECORD.size + heads[number].length // 2] ^= 4
    copy = folder / "harmed.hamlet"
    copy.write_bytes(data)
    return RecordedSource(Session.open(copy))


def test_a_damaged_chunk_is_stepped_over_and_said(path, tmp_path):
    inside = [(n, ticks) for n, ticks in enumerate(chunks(path)) if {ticks.start - 1, ticks.stop} <= set(RECORDED)]
    number, lost = inside[0]
    before, after = lost.start - 1, lost.stop
    source = harmed(path, tmp_path, RecordType.CHUNK, number)
    source.seek(before)
    assert source.missing(4) == "", "nobody knows before it is read"
    assert source.advance().tick == after
    length = f"{len(lost) / TICK_RATE:.2g} s missing"
    assert source.missing(4).startswith(f"{length} before this: damaged at byte ")
    assert [tick for tick in (before, *lost, after) if source.timeline.holds(tick)] == [before, after]
    assert source.jump(-2).tick == before, "a jump back does not land where it came from"
    assert source.missing(4).startswith(f"{length} after this: damaged at byte ")
    assert source.jump(2).tick == after
    assert source.seek(lost[-2]).tick == after
    assert source.seek(0).tick == RECORDED[0]


def test_damage_at_the_ends_leaves_the_rest(path, tmp_path):
    ticks = chunks(path)
    source = harmed(path, tmp_path, RecordType.CHUNK, 0, -1)
    assert source.current().tick == source.seek(0).tick == ticks[1].start
    assert source.seek(RECORDED[-1]).tick == source.seek(1 << 40).tick == ticks[-2][-1]
    assert source.advance() is None
    assert source.missing(1).startswith(f"{len(ticks[-1]) / TICK_RATE:.2g} s missing after this: damaged")


def test_a_damaged_line_is_missing_and_the_village_goes_on(path, tmp_path):
    source = harmed(path, tmp_path, RecordType.UTTERANCE, 1)
    source.seek(45)
    assert [line.start_tick for line in source.lines()] == [32]
    assert not source.timeline.holds(40)
    source.seek(39)
    assert source.advance().tick == 41


def test_a_recording_of_which_nothing_can_be_read_is_refused(path, tmp_path):
    with pytest.raises(SessionError, match=r"no tick that can be read: damaged at byte"):
        harmed(path, tmp_path, RecordType.CHUNK, *range(len(chunks(path))))


def begun(path):
    try:
        return bool(Session.open(path).ticks)
    except SessionError:  # its first records are not there yet
        return False


def test_what_is_wrong_with_a_recording_is_said(path, source, tmp_path):
    assert source.condition == ()

    growing = tmp_path / "growing.hamlet"
    with SessionWriter(growing, header(), scenery(np.random.default_rng(3)), cast()) as writer:
        write(writer)
        deadline = time.monotonic() + 20
        while not begun(growing) and time.monotonic() < deadline:
            time.sleep(0.02)  # the file is written behind the simulation's back
        source = RecordedSource(Session.open(growing))
        end = source.timeline.clock(source.timeline.last)
        assert source.condition == (f"still being recorded: shown up to {end}",)

    data, ticks = path.read_bytes(), chunks(path)
    heads = [head for head in record_heads(path) if head.type == RecordType.CHUNK]
    cut = tmp_path / "cut.hamlet"
    cut.write_bytes(data[: heads[-2].end + 10])
    source = RecordedSource(Session.open(cut))
    minutes, seconds = divmod(ticks[-2][-1] // TICK_RATE, 60)
    assert source.condition == (f"cut off at 07:{30 + minutes}:{seconds:02}: its end is missing",)

    holed = tmp_path / "holed.hamlet"
    holed.write_bytes(data[: heads[1].offset] + data[heads[1].end : heads[-1].end])
    source = RecordedSource(Session.open(holed))
    assert source.condition[-1] == "damaged in one place"
    assert not any(source.timeline.holds(tick) for tick in ticks[1])
    assert source.seek(ticks[1][0]).tick == ticks[0][-1]
    assert source.missing(1).endswith("after this: not in the file")


@pytest.mark.parametrize(("at", "where"), [("1s", "before the beginning"), ("3min", "beyond the end")])
def test_a_start_outside_the_recording_is_refused(path, at, where):
    assert_refused(hamlet("replay", path, "--at", at), f"--at {at}", where, "holds 2 s to 127.438 s")
