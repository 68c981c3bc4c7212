"""A session cut or flipped anywhere gives back all but what was hit; recovery writes just that and says the rest."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from agents.language.templates import TemplateVoice
from engine.capture import Capture
from engine.provenance import Model
from engine.scenario import load
from recorder import recover as recovering
from recorder.container import HEAD, Gap, RecordHead, RecordType, SessionError
from recorder.reader import Session
from recorder.record_reader import RecordReader
from recorder.recover import Recovery, recover
from recorder.segment import later_segments
from recorder.surfaces import GROUP
from recorder.writer import SessionWriter
from tests.engine.here import drawn_here
from tests.recorder import synthetic
from tests.recorder.originals import Pieces, lost, opened, pieces

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine_code")]
CORPUS = Path(__file__).parent / "corpus"
CASES = int(os.environ.get("HAMLET_DAMAGE_CASES", "60"))  # 1000 for the figures in the notes
PATIENCE_S = 60  # no reading of these small files may take so long, on however busy a machine
SCENARIO = """
seed = 5
[place]
start = 2026-06-12T12:00:00
[world]
size_m = 512
tick_rate = 8
[village]
villagers = 8
talkativeness = 5.0
[language]
model = "none"
[capture]
duration = "24s"
fps = 0.5
size = "48x36"
modalities = ["rgb", "depth", "instance"]
quality = "truth"
[[camera]]
name = "overlook"
kind = "orbit"
"""


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, Pieces]]:
    """Real sessions: a capture made now, and those of every format there was."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "village.toml").write_text(SCENARIO)
    village = load(str(folder / "village.toml"))
    capture = Capture(village, folder / "run", TemplateVoice(), Model("none", ""), workers=1)
    with drawn_here():
        assert [*capture.run()][-1].frames > 0
    paths = {"captured": capture.path, **{path.stem: path for path in CORPUS.glob("v1-*.hamlet")}}
    found = {}
    for name, path in sorted(paths.items()):
        with Session.open(path) as session:
            whole, refused = pieces(session)
        assert not refused
        found[name] = path.read_bytes(), whole
    kinds = {key[0] for key in found["captured"][1]}
    assert kinds == {
        "header",
        "scenery",
        "cast",
        "tick",
        "line",
        "wording",
        "keyframe",
        "surface",
        "frame",
        "image",
        "table",
    }
    return found


@contextmanager
def alarm() -> Iterator[None]:
    """Fails where something hangs."""

    def fail(*_: object) -> None:
        raise AssertionError(f"it took more than {PATIENCE_S} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(PATIENCE_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Tally:
    """What many cases cost."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.opened: Counter[str] = Counter()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.most: Counter[tuple[str, str]] = Counter()
        self.lossless: Counter[str] = Counter()

    def add(self, kind: str, gone: Counter[Any] | None, recovery: Recovery | None, did_open: bool) -> None:
        self.cases[kind] += 1
        self.opened[kind] += did_open
        self.lossless[kind] += recovery is not None and not recovery.lost
        for what, count in (gone or {}).items():
            self.lost[kind, what] += count
            self.most[kind, what] = max(self.most[kind, what], count)

    def __str__(self) -> str:
        lines = []
        for kind, cases in self.cases.items():
            costs = (
                f"{what} {self.lost[key] / cases:.2f} (at most {self.most[key]})"
                for key in sorted(self.lost)
                for what in key[1:]
                if key[0] == kind
            )
            lines.append(f"{kind}: {cases} cases, {self.opened[kind]} opened, {self.lossless[kind]} recovered without "
                         f"loss; lost on average: {', '.join(costs) or 'nothing'}")  # fmt: skip
        return "\n".join(lines)


def through_both(path: Path, whole: Pieces) -> tuple[Counter[Any] | None, Recovery | None, bool]:
    """Reads a damaged session as it is, recovers it, and reads that; returns what recovery could not save."""
    before = path.read_bytes()
    target = path.with_name("recovered.hamlet")
    target.unlink(missing_ok=True)
    with alarm():
        session = opened(path)
        left: Pieces = {}
        if session is not None:
            with session:
                left, _ = pieces(session)
                lost(whole, left)
        try:
            recovery = recover(path, target)
        except SessionError as error:
            assert str(error).endswith("there is nothing to recover.") or session is None
            assert not target.exists() and not {("header",), ("scenery",), ("cast",)} <= left.keys()
            return None, None, session is not None
        with Session.open(target) as recovered:
            saved, refused = pieces(recovered)
            assert recovered.complete and not recovered.scanned and not recovered.damage and not refused
            assert recovered.header["origin"]["lost"] == [loss.to_plain() for loss in recovery.lost]
    assert path.read_bytes() == before and sorted(path.parent.iterdir()) == sorted({path, target})
    gone = lost(whole, saved)
    assert not left.keys() - saved.keys(), "what could be read was not recovered"
    hit = {key for key in gone if gone[key]}
    assert bool(recovery.lost) or not hit, f"{gone} went without a word"
    told = told_of(recovery)
    if not any(loss.what == "record" for loss in recovery.lost):
        for key in whole.keys() - saved.keys():
            assert key[0] in told or (key[0] == "image" and "frame" in told), f"{key} is lost, and not named: {told}"
    assert recovery.kept["ticks"] == sum(key[0] == "tick" for key in saved)
    return gone, recovery, session is not None


def told_of(recovery: Recovery) -> set[str]:
    names = {"ticks": "tick", "utterance": "line"}
    return {names.get(loss.what, loss.what) for loss in recovery.lost}


def test_single_flips(sessions: dict[str, tuple[bytes, Pieces]], tmp_path: Path) -> None:
    """One bit costs one record: at most a chunk, a line, a keyframe, an image, or a surface with those that lean on it;
    of the first format, a frame.
    """
    tally = Tally()

    @seed(20260612)
    @settings(max_examples=max(5, CASES * 2 // 5), deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from(["captured"] * 3 + sorted(sessions)), st.floats(0, 1, exclude_max=True), st.integers(0, 7))
    def flip(name: str, where: float, bit: int) -> None:
        data, whole = sessions[name]
        at = int(where * len(data))
        path = tmp_path / "flipped.hamlet"
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        gone, recovery, did_open = through_both(path, whole)
        first_format = name.startswith("v1")
        tally.add("flip, first format" if first_format else "flip", gone, recovery, did_open)
        if gone is None:
            assert first_format, "one bit cost a whole session"
            return
        assert gone["tick"] <= 16 and gone["line"] + gone["wording"] + gone["keyframe"] <= 1 and gone["frame"] <= 1
        assert gone["image"] <= (7 if first_format else 1) and not gone["header"] | gone["scenery"] | gone["cast"]
        kinds = ("tick", "line", "wording", "keyframe", "image", "surface")
        assert sum(bool(gone[kind]) for kind in kinds) <= 1 and gone["surface"] <= GROUP

    flip()
    print(tally)


def test_truncations(sessions: dict[str, tuple[bytes, Pieces]], tmp_path: Path) -> None:
    """A cut costs what lay behind it, and at most the one record it went through."""
    tally = Tally()
    ends = {name: ends_of(tmp_path, data) for name, (data, _) in sessions.items()}

    @seed(20260613)
    @settings(max_examples=max(5, CASES * 2 // 5), deadline=None, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from(["captured"] * 3 + sorted(sessions)), st.floats(0, 1, exclude_max=True))
    def cut(name: str, where: float) -> None:
        data, whole = sessions[name]
        size = int(where * len(data))
        path = tmp_path / "cut.hamlet"
        path.write_bytes(data[:size])
        gone, recovery, did_open = through_both(path, whole)
        if recovery is None:
            assert size < ends[name][RecordType.CAST][0]
            return
        due = sum(end <= size for end in ends[name][RecordType.CHUNK])
        kept = len(ends[name][RecordType.CHUNK]) - due
        assert recovery.kept["frames"] >= sum(end <= size for end in ends[name].get(RecordType.FRAME, []))
        assert gone is not None and (gone["tick"] == 0) == (kept == 0)
        behind = Counter(dict.fromkeys(gone, 0))
        tally.add("cut: beyond what lay behind it", behind, recovery, did_open)

    cut()
    print(tally)


def ends_of(folder: Path, data: bytes) -> dict[int, list[int]]:
    path = folder / "whole.hamlet"
    path.write_bytes(data)
    reader = RecordReader(path)
    ends: dict[int, list[int]] = {}
    for head in reader.walk():
        if isinstance(head, RecordHead):
            ends.setdefault(head.type, []).append(head.end)
    reader.close()
    path.unlink()
    return ends


def write(path: Path, ticks: int = 64, **more: Any) -> None:
    rng = np.random.default_rng(3)
    with SessionWriter(path, synthetic.header(tick_rate=8), synthetic.scenery(rng), synthetic.cast(), **more) as writer:
        for tick in range(ticks):
            said = (synthetic.utterance(tick // 8, tick),) if tick % 8 == 4 else ()
            writer.snapshot(synthetic.snapshot(rng, tick, said=said))
            if tick % 8 == 0:
                writer.frame(tick, "a", synthetic.POSE, synthetic.images(tick, 16, 12))
            if tick % 16 == 0:
                writer.keyframe(tick, *synthetic.state(tick))
            if said:
                writer.wording({"key": [0, tick, 0], "arrival_tick": tick, "text": said[0].text})
        writer.close({"figures": 5})


def hit(path: Path, kind: RecordType, number: int, at: int = 40) -> RecordHead:
    """Damage one record of a kind; `at` below 32 hits its header."""
    reader = RecordReader(path)
    heads = [met for met in reader.walk() if not isinstance(met, Gap) and met.type == kind]
    reader.close()
    data = bytearray(path.read_bytes())
    data[heads[number].offset + at] ^= 0x10
    path.write_bytes(data)
    return heads[number]


@pytest.mark.parametrize("at", [3, 40])
@pytest.mark.parametrize("closed", [True, False])
def test_every_loss_is_named(tmp_path: Path, at: int, closed: bool) -> None:
    path, target = tmp_path / "a.hamlet", tmp_path / "b.hamlet"
    write(path)
    with Session.open(path) as session:
        whole, _ = pieces(session)
    hit(path, RecordType.CHUNK, 3, at)
    hit(path, RecordType.UTTERANCE, 2, at)
    hit(path, RecordType.WORDING, 1, at)
    hit(path, RecordType.KEYFRAME, 1, at)
    hit(path, RecordType.BLOB, 9, at)
    hit(path, RecordType.FRAME, 3, at)
    if not closed:
        reader = RecordReader(path)
        os.truncate(path, next(h.offset for h in reader.walk() if isinstance(h, RecordHead) and h.type == 9))
        reader.close()
    recovery = recover(path, target)
    with Session.open(target) as recovered:
        saved, refused = pieces(recovered)
        assert recovered.summary == ({"figures": 5} if closed else {})
    gone = lost(whole, saved)
    assert not refused and gone == {"tick": 4, "line": 1, "wording": 1, "keyframe": 1, "image": 1}
    told = {(loss.what, loss.first, loss.last, loss.modality) for loss in recovery.lost}
    chunk = min(key[1] for key in whole.keys() - saved.keys() if key[0] == "tick")
    named = {("ticks", chunk, chunk + 3, ""), ("utterance", 20, None, ""), ("wording", 12, None, ""),
             ("keyframe", 16, None, ""), ("image", 8, None, "instance")}  # fmt: skip
    image = next(key for key in whole.keys() - saved.keys() if key[0] == "image")
    named = {(*each[:3], image[3]) if each[0] == "image" else each for each in named}
    assert told == named if closed else {loss[0] for loss in named} <= {loss[0] for loss in told} | {"record"}
    assert recovery.lost_bytes > 0 and recovery.complete == closed and "Lost in" in str(recovery)


def test_an_unfinished_session_is_closed(tmp_path: Path) -> None:
    path, target = tmp_path / "a.hamlet", tmp_path / "b.hamlet"
    rng = np.random.default_rng(0)
    with pytest.raises(ZeroDivisionError), SessionWriter(
        path, synthetic.header(), synthetic.scenery(rng), synthetic.cast()
    ) as writer:  # fmt: skip
        for tick in range(20):
            writer.snapshot(synthetic.snapshot(rng, tick))
        raise ZeroDivisionError
    recovery = recover(path, target)
    assert recovery.lost == () and not recovery.complete and "Nothing was lost" in str(recovery)
    with Session.open(path) as before, Session.open(target) as after:
        assert after.complete and pieces(after)[0] == pieces(before)[0]
        assert after.header["run"] == before.header["run"] and after.header["id"] != before.header["id"]
        assert after.header["origin"] == {"kind": "recover", "of": before.header["id"], "complete": False, "lost": []}
    again = recover(target, tmp_path / "c.hamlet")
    assert again.complete and not again.lost


def test_segments_are_joined_and_missing_ones_named(tmp_path: Path) -> None:
    folder = tmp_path / "from"
    folder.mkdir()
    path = folder / "a.hamlet"
    write(path, 200, segment_bytes=40_000)
    parts = later_segments(path)
    assert len(parts) >= 4
    with Session.open(path) as session:
        whole, _ = pieces(session)
    recovery = recover(folder, tmp_path / "all.hamlet")
    with Session.open(tmp_path / "all.hamlet") as session:
        assert pieces(session)[0] == whole and not recovery.lost and len(session.segments) == 1
    data = bytearray(path.read_bytes())
    data[: HEAD.size * 2] = bytes(HEAD.size * 2)  # the first sector of the disk
    hit(parts[2], RecordType.HEADER, 0)
    hit(parts[2], RecordType.HEADER, 1)
    path.write_bytes(data)
    parts[1].unlink()
    parts[-1].write_bytes(b"")
    recovery = recover(path, tmp_path / "rest.hamlet")
    with Session.open(tmp_path / "rest.hamlet") as session:
        assert lost(whole, pieces(session)[0])["tick"] > 0
    told = {loss.first: loss for loss in recovery.lost if loss.what == "segment"}
    assert set(told) == {2, len(parts)} and told[len(parts)].note == "empty"


def test_a_file_that_is_there_twice_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path / "from"
    folder.mkdir()
    path = folder / "session.hamlet"
    write(path, 200, segment_bytes=40_000)
    one, two = later_segments(path)[:2]
    with Session.open(two) as session:
        ticks = list(session.ticks)
    two.write_bytes(one.read_bytes())
    recovery = recover(path, tmp_path / "rest.hamlet")
    assert [str(loss) for loss in recovery.lost] == [
        "segment 2 (segment 1 is there once more instead)",
        f"ticks {ticks[0]} to {ticks[-1]}",
    ]
    with Session.open(tmp_path / "rest.hamlet") as session:
        assert not set(ticks) & set(session.ticks) and len(session.ticks) == 200 - len(ticks)


def test_a_session_without_its_first_file_is_recovered_by_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "from"
    folder.mkdir()
    write(folder / "session.hamlet", 200, segment_bytes=40_000)
    with Session.open(folder) as session:
        every = len(session.ticks)
    with Session.open(later_segments(folder / "session.hamlet")[0]) as session:
        first = session.ticks[0]
    (folder / "session.hamlet").unlink()
    recovery = recover(folder, tmp_path / "rest.hamlet")
    assert "segment 0" in [str(loss) for loss in recovery.lost]
    with Session.open(tmp_path / "rest.hamlet") as session:
        assert list(session.ticks) == list(range(first, every))


def test_a_lost_head_is_found_by_the_records(tmp_path: Path) -> None:
    path = tmp_path / "a.hamlet"
    write(path)
    with Session.open(path) as session:
        whole, _ = pieces(session)
    data = path.read_bytes()
    path.write_bytes(bytes(512) + data[512:])
    assert opened(path) is None
    recovery = recover(path, tmp_path / "b.hamlet")
    with Session.open(tmp_path / "b.hamlet") as session:
        assert pieces(session)[0] == whole and not recovery.lost


def test_nothing_is_harmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, target = tmp_path / "a.hamlet", tmp_path / "b.hamlet"
    write(path)
    for taken in (target, tmp_path / "b.001.hamlet"):
        taken.write_bytes(b"mine")
        with pytest.raises(SessionError, match="already exists"):
            recover(path, target)
        assert taken.read_bytes() == b"mine"
        taken.unlink()
    with pytest.raises(SessionError, match="cannot be written: there is no folder"):
        recover(path, tmp_path / "nowhere" / "b.hamlet")
    for junk in (b"", b"RIFF....AVI " * 20, bytes(1 << 16)):
        (tmp_path / "junk.hamlet").write_bytes(junk)
        with pytest.raises(SessionError):
            recover(tmp_path / "junk.hamlet", target)
    (tmp_path / "junk.hamlet").unlink()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(recovering, "_copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        recover(path, target)
    assert list(tmp_path.iterdir()) == [path], "something was left behind"


@pytest.mark.parametrize("at", [3, 40])
def test_a_part_of_the_index_is_no_loss(tmp_path: Path, at: int) -> None:
    """It comes behind every fifteenth chunk, or a keyframe; a line there is one."""
    path, unclosed = tmp_path / "a.hamlet", tmp_path / "unclosed.hamlet"
    rng = np.random.default_rng(4)
    writer = SessionWriter(path, synthetic.header(tick_rate=2), synthetic.scenery(rng), synthetic.cast())
    for tick in range(100):
        said = (synthetic.utterance(0, tick),) if tick == 31 else ()  # the chunk before it is the fifteenth
        writer.snapshot(synthetic.snapshot(rng, tick, said=said))
        if tick == 69:
            writer.keyframe(tick, {"tick": tick})
    writer.wording({"key": [0, 99, 0], "arrival_tick": 99, "text": "none"})
    unclosed.write_bytes(path.read_bytes())
    writer.close()
    with Session.open(unclosed) as session:
        whole, _ = pieces(session)
    for number in range(3):  # behind 15 chunks, 30 chunks, the keyframe
        damaged, target = tmp_path / f"{number}.hamlet", tmp_path / f"{number}-new.hamlet"
        damaged.write_bytes(unclosed.read_bytes())
        hit(damaged, RecordType.PART, number, at)
        assert recover(damaged, target).lost == ()
        with Session.open(target) as session:
            assert pieces(session)[0] == whole
    hit(unclosed, RecordType.PART, 0, at)
    hit(unclosed, RecordType.UTTERANCE, 0, at)
    assert [loss.count for loss in recover(unclosed, tmp_path / "line-lost.hamlet").lost] == [1]


def test_a_session_being_written_is_left_to_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.hamlet"
    rng = np.random.default_rng(0)
    with SessionWriter(path, synthetic.header(), synthetic.scenery(rng), synthetic.cast()) as writer:
        writer.snapshot(synthetic.snapshot(rng, 0))
        with pytest.raises(SessionError, match="is still being written; stop its writer first"):
            recover(path, tmp_path / "b.hamlet")
    assert recover(path, tmp_path / "b.hamlet").lost == ()
